/* The smallest useful program: stores its argument as an object, over TLS. `make size` weighs it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cos_ffi.h"

int main(int argc, char **argv) {
    cosffi_runtime *runtime = NULL;
    cosffi_credentials *credentials = NULL;
    cosffi_provider *provider = NULL;
    cosffi_client *client = NULL;
    cosffi_transfer *transfer = NULL;
    cosffi_client_options options = cosffi_client_options_default();
    cosffi_bytes bytes;
    cosffi_result result;
    if (argc != 3) return 2;
    options.bucket = cosffi_str_of(getenv("COS_BUCKET"));
    options.region = cosffi_str_of(getenv("COS_REGION"));
    options.endpoint = cosffi_str_of(getenv("COS_ENDPOINT"));
    bytes.data = (const uint8_t *)argv[2];
    bytes.len = strlen(argv[2]);
    cosffi_credentials_new(cosffi_str_of(getenv("COS_SECRET_ID")),
                           cosffi_str_of(getenv("COS_SECRET_KEY")),
                           cosffi_str_of(getenv("COS_SESSION_TOKEN")), 0, 0, &credentials, NULL);
    cosffi_provider_static(credentials, &provider, NULL);
    options.provider = provider;
    if (cosffi_runtime_new(NULL, &runtime, NULL) != COSFFI_OK ||
        cosffi_client_new(runtime, &options, &client, NULL) != COSFFI_OK ||
        cosffi_put_object(client, cosffi_str_of(argv[1]), bytes, NULL, NULL, &transfer, NULL) !=
            COSFFI_OK)
        return 1;
    result = cosffi_transfer_wait(transfer, -1, NULL);
    puts(cosffi_result_name(result));
    cosffi_transfer_free(transfer);
    cosffi_client_free(client);
    cosffi_provider_free(provider);
    cosffi_credentials_free(credentials);
    cosffi_runtime_free(runtime);
    return result != COSFFI_OK;
}
