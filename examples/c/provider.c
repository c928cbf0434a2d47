/* An app's own source of credentials: it asks its server with its own HTTP client and login, on a thread of
 * its own, and answers the library's request from there: provider KEY TEXT.
 *
 *   COS_BROKER_URL=http://127.0.0.1:8080/v1/credentials COS_BROKER_BEARER=...   and see setup.h
 */
#include <pthread.h>
#include <string.h>

#include "http_post.h"
#include "setup.h"

/* On a thread of the app: may take its time. */
static void *ask_our_server(void *argument) {
    cosffi_credential_request *request = (cosffi_credential_request *)argument;
    cosffi_credentials *credentials = NULL;
    cosffi_error *error = NULL;
    char *json = http_post(getenv("COS_BROKER_URL"), getenv("COS_BROKER_BEARER"), "{}");
    fprintf(stderr, "asked for %s in %s\n", cosffi_credential_request_action(request).data,
            cosffi_credential_request_bucket(request).data);
    if (json == NULL) {
        /* NETWORK says that it may be tried again. */
        cosffi_credential_request_fail(request, COSFFI_ERROR_NETWORK,
                                       cosffi_str_of("our server did not answer"));
    } else if (cosffi_credentials_parse_sts(cosffi_str_of(json), &credentials, &error) == COSFFI_OK) {
        cosffi_credential_request_complete(request, credentials);
    } else {
        cosffi_credential_request_fail(request, COSFFI_ERROR_ACCESS_DENIED,
                                       cosffi_error_message(error));
    }
    cosffi_error_free(error);
    cosffi_credentials_free(credentials);
    free(json);
    return NULL;
}

/* On the callback thread: must return at once. The request is ours until it is answered. */
static void fetch(void *user_data, cosffi_credential_request *request) {
    pthread_t thread;
    (void)user_data;
    if (pthread_create(&thread, NULL, ask_our_server, request) == 0)
        pthread_detach(thread);
    else
        cosffi_credential_request_free(request); /* fails it, so that nobody waits for nothing */
}

int main(int argc, char **argv) {
    cosffi_runtime *runtime = NULL;
    cosffi_provider *provider = NULL;
    cosffi_client *client = NULL;
    cosffi_transfer *transfer = NULL;
    cosffi_error *error = NULL;
    cosffi_provider_callbacks callbacks = cosffi_provider_callbacks_default();
    int result = 1;

    if (argc != 3 || getenv("COS_BROKER_URL") == NULL || getenv("COS_BROKER_BEARER") == NULL)
        return fprintf(stderr, "usage: provider KEY TEXT, see provider.c\n"), 2;
    if (cosffi_runtime_new(NULL, &runtime, &error) != COSFFI_OK) return failed("runtime", error);
    callbacks.fetch = fetch;
    if (cosffi_provider_new(runtime, &callbacks, &provider, &error) != COSFFI_OK)
        failed("provider", error);
    else
        client = client_with(runtime, provider);

    if (client != NULL) {
        const cosffi_bytes text = cosffi_bytes_of(argv[2], strlen(argv[2]));
        if (cosffi_put_object(client, cosffi_str_of(argv[1]), text, NULL, NULL, &transfer,
                              &error) == COSFFI_OK &&
            cosffi_transfer_wait(transfer, -1, &error) == COSFFI_OK) {
            printf("stored %u bytes\n", (unsigned)text.len);
            result = 0;
        } else {
            failed("put", error);
        }
    }
    cosffi_transfer_free(transfer);
    cosffi_client_free(client);
    cosffi_provider_free(provider);
    cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL);
    cosffi_runtime_free(runtime);
    return result;
}
