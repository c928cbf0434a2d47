/* The whole flow from C: credentials from the app's own server, then upload, download, compare, and
 * a refusal outside the prefix the server has granted.
 *
 *   COS_BROKER_URL=http://127.0.0.1:8080 COS_BROKER_BEARER=... \
 *       flow demo-1250000000 ap-guangzhou http://127.0.0.1:9000 users/alice/ cat.jpg
 *
 * "-" as the third argument means the real service. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cos_ffi.h"
#include "http_post.h"

/* ---- credentials: the library asks, we ask our server, and answer when it has answered ---- */

/* Runs on a thread of its own, because the callback thread must not be kept waiting. */
static void *ask_server(void *argument) {
    cosffi_credential_request *request = argument;
    cosffi_credentials *credentials = NULL;
    cosffi_error *error = NULL;
    char url[512], *json;
    snprintf(url, sizeof url, "%s/v1/credentials", getenv("COS_BROKER_URL"));
    json = http_post(url, getenv("COS_BROKER_BEARER"), "{}");
    if (json == NULL) {
        cosffi_credential_request_fail(request, COSFFI_ERROR_NETWORK,
                                       cosffi_str_of("our server does not answer"));
    } else if (cosffi_credentials_parse_sts(cosffi_str_of(json), &credentials, &error) == COSFFI_OK) {
        cosffi_credential_request_complete(request, credentials);
    } else {
        cosffi_credential_request_fail(request, COSFFI_ERROR_CREDENTIAL, cosffi_error_message(error));
    }
    free(json);
    cosffi_credentials_free(credentials);
    cosffi_error_free(error);
    return NULL;
}

static void fetch(void *user_data, cosffi_credential_request *request) {
    pthread_t thread;
    (void)user_data;
    if (pthread_create(&thread, NULL, ask_server, request) != 0)
        cosffi_credential_request_free(request); /* fails it, so that nobody waits */
    else
        pthread_detach(thread);
}

/* ---- transfers: progress and completion arrive on the callback thread ---- */

static void on_progress(void *user_data, uint64_t done, uint64_t total) {
    if (isatty(2))
        fprintf(stderr, "\r%s: %" PRIu64 " of %" PRIu64 " bytes ", (char *)user_data, done, total);
}

static void on_complete(void *user_data, cosffi_result result, const cosffi_response *response,
                        const cosffi_error *error) {
    if (isatty(2)) fprintf(stderr, "\n");
    if (result == COSFFI_OK)
        printf("%s: %" PRIu64 " bytes, request %s\n", (const char *)user_data,
               cosffi_response_size_bytes(response), cosffi_response_request_id(response).data);
    else
        printf("%s: %s: %s %s\n", (const char *)user_data, cosffi_result_name(result),
               cosffi_error_service_code(error).data, cosffi_error_message(error).data);
}

static cosffi_transfer_callbacks named(const char *name) {
    cosffi_transfer_callbacks callbacks = cosffi_transfer_callbacks_default();
    callbacks.user_data = (void *)name;
    callbacks.on_progress = on_progress;
    callbacks.on_complete = on_complete;
    return callbacks;
}

/* Waits for a transfer that was started; a start that failed says why itself. */
static cosffi_result finish(cosffi_result result, cosffi_transfer *transfer, cosffi_error *error) {
    if (error != NULL) printf("cannot start: %s\n", cosffi_error_message(error).data);
    if (result == COSFFI_OK) result = cosffi_transfer_wait(transfer, -1, NULL);
    cosffi_transfer_free(transfer);
    cosffi_error_free(error);
    return result;
}

static int same_files(const char *left, const char *right) {
    FILE *a = fopen(left, "rb"), *b = fopen(right, "rb");
    int one = 0, other = 0;
    while (a != NULL && b != NULL && one == other && one != EOF) one = getc(a), other = getc(b);
    if (a != NULL) fclose(a);
    if (b != NULL) fclose(b);
    return a != NULL && b != NULL && one == other;
}

static int run(const cosffi_client *client, const char *prefix, const char *file) {
    char key[1024], copy[1024];
    const cosffi_bytes hello = cosffi_bytes_of("hello", 5);
    cosffi_transfer_callbacks up = named("upload"), down = named("download"), out = named("outside");
    cosffi_transfer *transfer = NULL;
    cosffi_error *error = NULL;
    cosffi_result result;

    snprintf(key, sizeof key, "%sflow.bin", prefix);
    snprintf(copy, sizeof copy, "%s.copy", file);
    result = cosffi_upload_file(client, cosffi_str_of(key), cosffi_str_of(file), NULL, &up, &transfer,
                                &error);
    if (finish(result, transfer, error) != COSFFI_OK) return 1;
    result = cosffi_download_file(client, cosffi_str_of(key), cosffi_str_of(copy), NULL, &down,
                                  &transfer, &error);
    if (finish(result, transfer, error) != COSFFI_OK) return 1;
    if (!same_files(file, copy)) return printf("compare: the files differ\n"), 1;
    remove(copy);
    printf("compare: same\n");
    result = cosffi_put_object(client, cosffi_str_of("not-mine/x"), hello, NULL, &out, &transfer, &error);
    return finish(result, transfer, error) == COSFFI_ERROR_ACCESS_DENIED ? 0 : 1;
}

int main(int argc, char **argv) {
    cosffi_runtime *runtime = NULL;
    cosffi_provider *provider = NULL;
    cosffi_client *client = NULL;
    cosffi_error *error = NULL;
    cosffi_provider_callbacks credentials = cosffi_provider_callbacks_default();
    cosffi_client_options options = cosffi_client_options_default();
    int failed = 1;

    if (argc != 6 || getenv("COS_BROKER_URL") == NULL || getenv("COS_BROKER_BEARER") == NULL)
        return fprintf(stderr, "usage: flow BUCKET REGION ENDPOINT|- PREFIX FILE, see flow.c\n"), 2;
    credentials.fetch = fetch;
    options.bucket = cosffi_str_of(argv[1]);
    options.region = cosffi_str_of(argv[2]);
    if (strcmp(argv[3], "-") != 0) options.endpoint = cosffi_str_of(argv[3]);
    if (cosffi_runtime_new(NULL, &runtime, &error) == COSFFI_OK &&
        cosffi_provider_new(runtime, &credentials, &provider, &error) == COSFFI_OK) {
        options.provider = provider;
        if (cosffi_client_new(runtime, &options, &client, &error) == COSFFI_OK)
            failed = run(client, argv[4], argv[5]);
    }
    if (error != NULL) printf("setup: %s\n", cosffi_error_message(error).data);
    cosffi_error_free(error);
    cosffi_client_free(client);
    cosffi_provider_free(provider);
    if (runtime != NULL) cosffi_runtime_shutdown(runtime, 10000, NULL, NULL, NULL);
    cosffi_runtime_free(runtime);
    printf("flow: %s\n", failed ? "failed" : "ok");
    return failed;
}
