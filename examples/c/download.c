/* Downloads an object into a file, which appears only when it is whole and checked, or writes it to
 * standard output as it arrives: download KEY FILE|-. The environment: see setup.h. */
#include <string.h>

#include "setup.h"

/* A piece of the object, borrowed for this call. While we write, the network waits. */
static int32_t on_body(void *user_data, uint64_t offset_bytes, cosffi_bytes bytes) {
    (void)offset_bytes;
    return fwrite(bytes.data, 1, bytes.len, (FILE *)user_data) == bytes.len ? COSFFI_FLOW_CONTINUE
                                                                           : COSFFI_FLOW_STOP;
}

int main(int argc, char **argv) {
    cosffi_runtime *runtime = NULL;
    cosffi_client *client = NULL;
    cosffi_transfer *transfer = NULL;
    cosffi_error *error = NULL;
    cosffi_transfer_callbacks callbacks = cosffi_transfer_callbacks_default();
    cosffi_result started = COSFFI_OK;
    int result = 1;

    if (argc != 3) return fprintf(stderr, "usage: download KEY FILE|-, see download.c\n"), 2;
    if (cosffi_runtime_new(NULL, &runtime, &error) != COSFFI_OK) return failed("runtime", error);
    client = client_from_environment(runtime);
    callbacks.user_data = stdout;

    if (client != NULL) {
        if (strcmp(argv[2], "-") == 0)
            started = cosffi_get_object(client, cosffi_str_of(argv[1]), NULL, on_body, &callbacks,
                                        &transfer, &error);
        else
            started = cosffi_download_file(client, cosffi_str_of(argv[1]), cosffi_str_of(argv[2]),
                                           NULL, &callbacks, &transfer, &error);
        if (started == COSFFI_OK && cosffi_transfer_wait(transfer, -1, &error) == COSFFI_OK) {
            const cosffi_response *response = cosffi_transfer_response(transfer);
            fprintf(stderr, "downloaded %llu bytes of type %s\n",
                    (unsigned long long)cosffi_response_size_bytes(response),
                    cosffi_response_header(response, cosffi_str_of("content-type")).data);
            result = fflush(stdout) == 0 ? 0 : 1;
        } else {
            failed("download", error);
        }
    }
    cosffi_transfer_free(transfer);
    cosffi_client_free(client);
    cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL);
    cosffi_runtime_free(runtime);
    return result;
}
