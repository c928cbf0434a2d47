/* Uploads a file of any size, with progress: upload FILE KEY. The environment: see setup.h. */
#include "setup.h"

static void on_progress(void *user_data, uint64_t done_bytes, uint64_t total_bytes) {
    (void)user_data;
    fprintf(stderr, "\r%llu of %llu bytes", (unsigned long long)done_bytes,
            (unsigned long long)total_bytes);
}

int main(int argc, char **argv) {
    cosffi_runtime *runtime = NULL;
    cosffi_client *client = NULL;
    cosffi_transfer *transfer = NULL;
    cosffi_error *error = NULL;
    cosffi_upload_options options = cosffi_upload_options_default();
    cosffi_transfer_callbacks callbacks = cosffi_transfer_callbacks_default();
    int result = 1;

    if (argc != 3) return fprintf(stderr, "usage: upload FILE KEY, see upload.c\n"), 2;
    if (cosffi_runtime_new(NULL, &runtime, &error) != COSFFI_OK) return failed("runtime", error);
    client = client_from_environment(runtime);
    callbacks.on_progress = on_progress;
    options.content_type = cosffi_str_of("application/octet-stream");

    if (client != NULL) {
        /* A program with a user interface returns to its loop here; this one waits. */
        if (cosffi_upload_file(client, cosffi_str_of(argv[2]), cosffi_str_of(argv[1]), &options,
                               &callbacks, &transfer, &error) == COSFFI_OK &&
            cosffi_transfer_wait(transfer, -1, &error) == COSFFI_OK) {
            const cosffi_response *response = cosffi_transfer_response(transfer);
            printf("uploaded %llu bytes, ETag %s\n",
                   (unsigned long long)cosffi_response_size_bytes(response),
                   cosffi_response_etag(response).data);
            result = 0;
        } else {
            failed("upload", error);
        }
    }
    cosffi_transfer_free(transfer);
    cosffi_client_free(client);
    cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL);
    cosffi_runtime_free(runtime);
    return result;
}
