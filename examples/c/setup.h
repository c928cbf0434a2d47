/* What the examples share: a runtime, and a client of the bucket that the environment names.
 *
 *   COS_BUCKET=photos-1250000000 COS_REGION=ap-guangzhou COS_SECRET_ID=... COS_SECRET_KEY=...
 *   [COS_SESSION_TOKEN=...] [COS_ENDPOINT=http://127.0.0.1:9000]
 */
#ifndef SETUP_H
#define SETUP_H

#include <stdio.h>
#include <stdlib.h>

#include "cos_ffi.h"

/* Says what failed and frees the error; 1, for exit codes. */
static inline int failed(const char *what, cosffi_error *error) {
    fprintf(stderr, "%s: %s: %s\n", what, cosffi_result_name(cosffi_error_code(error)),
            cosffi_error_message(error).data);
    if (cosffi_error_request_id(error).len > 0)
        fprintf(stderr, "  request %s\n", cosffi_error_request_id(error).data);
    if (cosffi_error_hint(error).len > 0) fprintf(stderr, "  %s\n", cosffi_error_hint(error).data);
    cosffi_error_free(error);
    return 1;
}

/* A client with credentials from `provider`. */
static inline cosffi_client *client_with(const cosffi_runtime *runtime,
                                         const cosffi_provider *provider) {
    cosffi_client *client = NULL;
    cosffi_error *error = NULL;
    cosffi_client_options options = cosffi_client_options_default();
    options.bucket = cosffi_str_of(getenv("COS_BUCKET"));
    options.region = cosffi_str_of(getenv("COS_REGION"));
    options.endpoint = cosffi_str_of(getenv("COS_ENDPOINT"));
    options.provider = provider;
    if (cosffi_client_new(runtime, &options, &client, &error) != COSFFI_OK) failed("client", error);
    return client;
}

/* A client with the keys of the environment; NULL when something is wrong, which was said. */
static inline cosffi_client *client_from_environment(const cosffi_runtime *runtime) {
    cosffi_credentials *credentials = NULL;
    cosffi_provider *provider = NULL;
    cosffi_client *client = NULL;
    cosffi_error *error = NULL;
    if (cosffi_credentials_new(cosffi_str_of(getenv("COS_SECRET_ID")),
                               cosffi_str_of(getenv("COS_SECRET_KEY")),
                               cosffi_str_of(getenv("COS_SESSION_TOKEN")), 0, 0, &credentials,
                               &error) != COSFFI_OK ||
        cosffi_provider_static(credentials, &provider, &error) != COSFFI_OK)
        failed("credentials", error);
    else
        client = client_with(runtime, provider);
    /* The client keeps what it needs. */
    cosffi_provider_free(provider);
    cosffi_credentials_free(credentials);
    return client;
}

#endif
