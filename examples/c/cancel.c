/* Cancels an upload: at Ctrl-C, or after some bytes: cancel FILE KEY [BYTES]. Whatever happens, the transfer
 * completes once, and nothing is left on the service. The environment: see setup.h. */
#include <signal.h>
#include <string.h>

#include "setup.h"

typedef struct upload {
    cosffi_transfer *transfer;
    uint64_t limit_bytes;
} upload;

static volatile sig_atomic_t interrupted;

static void on_signal(int number) {
    (void)number;
    interrupted = 1; /* a signal handler may do no more than this */
}

/* A transfer may be cancelled from inside its own callbacks, and from any thread. */
static void on_progress(void *user_data, uint64_t done_bytes, uint64_t total_bytes) {
    upload *self = (upload *)user_data;
    (void)total_bytes;
    if (done_bytes >= self->limit_bytes) cosffi_transfer_cancel(self->transfer);
}

static void on_complete(void *user_data, cosffi_result result, const cosffi_response *response,
                        const cosffi_error *error) {
    (void)user_data;
    (void)response;
    (void)error;
    fprintf(stderr, "completed with %s\n", cosffi_result_name(result));
}

int main(int argc, char **argv) {
    upload self;
    cosffi_runtime *runtime = NULL;
    cosffi_client *client = NULL;
    cosffi_error *error = NULL;
    cosffi_result result = COSFFI_ERROR_CONFIG;
    cosffi_transfer_callbacks callbacks = cosffi_transfer_callbacks_default();
    cosffi_upload_options options = cosffi_upload_options_default();

    if (argc < 3) return fprintf(stderr, "usage: cancel FILE KEY [BYTES], see cancel.c\n"), 2;
    if (cosffi_runtime_new(NULL, &runtime, &error) != COSFFI_OK) return failed("runtime", error);
    client = client_from_environment(runtime);
    signal(SIGINT, on_signal);
    self.transfer = NULL;
    self.limit_bytes = argc > 3 ? strtoull(argv[3], NULL, 10) : UINT64_MAX;
    callbacks.user_data = &self;
    callbacks.on_progress = on_progress;
    callbacks.on_complete = on_complete;
    options.part_size_bytes = 1 << 20;

    /* `self.transfer` is written before the first callback can come. */
    if (client != NULL &&
        cosffi_upload_file(client, cosffi_str_of(argv[2]), cosffi_str_of(argv[1]), &options,
                           &callbacks, &self.transfer, &error) != COSFFI_OK)
        failed("upload", error);
    if (self.transfer != NULL) {
        while ((result = cosffi_transfer_wait(self.transfer, 100, NULL)) ==
               COSFFI_ERROR_NOT_FINISHED) {
            if (interrupted) cosffi_transfer_cancel(self.transfer);
        }
    }
    printf("%s\n", cosffi_result_name(result));
    cosffi_transfer_free(self.transfer);
    cosffi_client_free(client);
    /* Waits for the clean-up too: the parts that were sent are removed. */
    cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL);
    cosffi_runtime_free(runtime);
    return result == COSFFI_OK || result == COSFFI_ERROR_CANCELLED ? 0 : 1;
}
