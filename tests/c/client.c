/* Section "Client": what it refuses, and that its parts may be freed in any order. */
#include "check.h"

static cosffi_runtime *runtime;
static cosffi_provider *provider;

static cosffi_result try_options(cosffi_client_options options, const char *says) {
    cosffi_client *client = NULL;
    cosffi_error *error = NULL;
    cosffi_result result = cosffi_client_new(runtime, &options, &client, &error);
    if (result != COSFFI_OK) {
        CHECK(client == NULL);
        if (!text_has(cosffi_error_message(error), says)) {
            fprintf(stderr, "unexpected message: %s\n", cosffi_error_message(error).data);
            exit(1);
        }
    }
    cosffi_error_free(error);
    cosffi_client_free(client);
    return result;
}

static cosffi_client_options good(void) {
    cosffi_client_options options = cosffi_client_options_default();
    options.bucket = cosffi_str_of("demo-1250000000");
    options.region = cosffi_str_of("ap-guangzhou");
    options.provider = provider;
    return options;
}

int main(void) {
    cosffi_credentials *credentials = NULL;
    cosffi_client *client = NULL;
    cosffi_client_options options;

    CHECK_OK(cosffi_runtime_new(NULL, &runtime, NULL), NULL);
    CHECK_OK(cosffi_credentials_new(cosffi_str_of("id"), cosffi_str_of("key"), cosffi_str_of(""), 0,
                                    0, &credentials, NULL),
             NULL);
    CHECK(cosffi_provider_static(NULL, &provider, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_provider_static(credentials, NULL, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK_OK(cosffi_provider_static(credentials, &provider, NULL), NULL);
    cosffi_credentials_free(credentials);

    CHECK(try_options(good(), "") == COSFFI_OK);
    options = good();
    options.bucket = cosffi_str_of("no-appid");
    CHECK(try_options(options, "bucket") == COSFFI_ERROR_CONFIG);
    options = good();
    options.region = cosffi_str_of("");
    CHECK(try_options(options, "region") == COSFFI_ERROR_INVALID_ARGUMENT);
    options = good();
    options.endpoint = cosffi_str_of("not a url");
    CHECK(try_options(options, "endpoint") == COSFFI_ERROR_CONFIG);
    options = good();
    options.part_size_bytes = 1;
    CHECK(try_options(options, "part_size") == COSFFI_ERROR_CONFIG);
    options = good();
    options.concurrency = UINT32_MAX;
    CHECK(try_options(options, "concurrency") == COSFFI_ERROR_CONFIG);
    options = good();
    options.ca_pem = cosffi_str_of("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----");
    CHECK(try_options(options, "ca_pem") == COSFFI_ERROR_CONFIG);
    options = good();
    options.provider = NULL;
    CHECK(try_options(options, "provider") == COSFFI_ERROR_INVALID_ARGUMENT);
    options = good();
    CHECK(cosffi_client_new(NULL, &options, &client, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_client_new(runtime, NULL, &client, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_client_new(runtime, &options, NULL, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);

    /* Provider and runtime go first; the client then starts nothing. */
    CHECK_OK(cosffi_client_new(runtime, &options, &client, NULL), NULL);
    cosffi_provider_free(provider);
    cosffi_provider_free(NULL);
    CHECK_OK(cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL), NULL);
    CHECK(cosffi_delete_object(client, cosffi_str_of("k"), NULL, NULL, NULL) ==
          COSFFI_ERROR_SHUT_DOWN);
    cosffi_client_free(client);
    options.provider = NULL;
    CHECK(cosffi_client_new(runtime, &options, &client, NULL) == COSFFI_ERROR_SHUT_DOWN);
    CHECK(client == NULL);
    cosffi_client_free(NULL);
    cosffi_runtime_free(runtime);
    return 0;
}
