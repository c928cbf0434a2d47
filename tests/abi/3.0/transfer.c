/* Sections "Objects" and "Transfers": the laws of callbacks, shown without a server: against a port
 * nobody listens on, and against one that takes connections and never answers. */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

/* Written on the callback thread, read after a wait, which orders the two. */
typedef struct app {
    int progress, complete, dropped;
    cosffi_result result;
    pthread_t thread;
    cosffi_transfer **transfer; /* what the start wrote, looked at in callbacks */
    int wait_refused, reenter;
    cosffi_client *client;
} app;

static void on_progress(void *user_data, uint64_t done_bytes, uint64_t total_bytes) {
    app *self = (app *)user_data;
    CHECK(self->complete == 0 && self->dropped == 0);
    CHECK(done_bytes <= total_bytes);
    self->progress++;
}

static void on_complete(void *user_data, cosffi_result result, const cosffi_response *response,
                        const cosffi_error *error) {
    app *self = (app *)user_data;
    CHECK(self->complete == 0 && self->dropped == 0);
    CHECK((response == NULL) == (result != COSFFI_OK));
    CHECK((error == NULL) == (result == COSFFI_OK));
    CHECK(cosffi_error_code(error) == result);
    self->complete++;
    self->result = result;
    self->thread = pthread_self();
    if (self->transfer != NULL) {
        /* out_transfer was written before any callback. */
        CHECK(*self->transfer != NULL);
        self->wait_refused =
            cosffi_transfer_wait(*self->transfer, -1, NULL) == COSFFI_ERROR_WRONG_THREAD;
        cosffi_transfer_cancel(*self->transfer);
        cosffi_transfer_free(*self->transfer);
    }
    if (self->reenter) {
        /* Starting from inside a callback is fine. */
        CHECK_OK(cosffi_delete_object(self->client, cosffi_str_of("again"), NULL, NULL, NULL), NULL);
    }
}

static void on_drop(void *user_data) { ((app *)user_data)->dropped++; }

static cosffi_transfer_callbacks callbacks_of(app *self) {
    cosffi_transfer_callbacks callbacks = cosffi_transfer_callbacks_default();
    memset(self, 0, sizeof *self);
    callbacks.user_data = self;
    callbacks.on_progress = on_progress;
    callbacks.on_complete = on_complete;
    callbacks.drop = on_drop;
    return callbacks;
}

static cosffi_runtime *runtime;

static cosffi_client *client_at(uint16_t port) {
    char endpoint[64];
    cosffi_credentials *credentials = NULL;
    cosffi_provider *provider = NULL;
    cosffi_client *client = NULL;
    cosffi_error *error = NULL;
    cosffi_client_options options = cosffi_client_options_default();
    CHECK_OK(cosffi_credentials_new(cosffi_str_of("id"), cosffi_str_of("key"), cosffi_str_of(""), 0,
                                    0, &credentials, NULL),
             NULL);
    CHECK_OK(cosffi_provider_static(credentials, &provider, NULL), NULL);
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%u", (unsigned)port);
    options.bucket = cosffi_str_of("demo-1250000000");
    options.region = cosffi_str_of("ap-guangzhou");
    options.endpoint = cosffi_str_of(endpoint);
    options.provider = provider;
    options.max_attempts = 1;
    CHECK_OK(cosffi_client_new(runtime, &options, &client, &error), error);
    cosffi_provider_free(provider);
    cosffi_credentials_free(credentials);
    return client;
}

/* A socket bound to a port of its own; listening, it takes connections but nobody answers. */
static int bound_socket(int listening, uint16_t *port) {
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(fd >= 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &length) == 0);
    CHECK(!listening || listen(fd, 16) == 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static cosffi_bytes bytes_of(const char *text) {
    cosffi_bytes bytes;
    bytes.data = (const uint8_t *)text;
    bytes.len = strlen(text);
    return bytes;
}

static void failed_starts_drop_at_once(cosffi_client *client) {
    app self;
    cosffi_transfer_callbacks callbacks = callbacks_of(&self);
    cosffi_transfer *transfer = (cosffi_transfer *)&self;
    cosffi_upload_options options = cosffi_upload_options_default();
    cosffi_download_options download = cosffi_download_options_default();
    const cosffi_bytes no_data = {NULL, 5};

    CHECK(cosffi_put_object(NULL, cosffi_str_of("k"), bytes_of("x"), NULL, &callbacks, &transfer,
                            NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(self.dropped == 1 && transfer == NULL);
    CHECK(cosffi_put_object(client, cosffi_str_of(""), bytes_of("x"), NULL, &callbacks, &transfer,
                            NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_put_object(client, cosffi_str_of("k"), no_data, NULL, &callbacks, &transfer,
                            NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    options.headers_count = 1;
    CHECK(cosffi_put_object(client, cosffi_str_of("k"), bytes_of("x"), &options, &callbacks,
                            &transfer, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_head_object(NULL, cosffi_str_of("k"), &callbacks, &transfer, NULL) ==
          COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_delete_object(NULL, cosffi_str_of("k"), &callbacks, &transfer, NULL) ==
          COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_upload_file(client, cosffi_str_of("k"), cosffi_str_of(""), NULL, &callbacks,
                             &transfer, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    download.reserved = 1;
    CHECK(cosffi_download_file(client, cosffi_str_of("k"), cosffi_str_of("f"), &download,
                               &callbacks, &transfer, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(self.dropped == 8 && self.complete == 0 && self.progress == 0);
}

static void a_refused_connection_completes_once(void) {
    app self;
    cosffi_transfer_callbacks callbacks = callbacks_of(&self);
    cosffi_transfer *transfer = NULL;
    cosffi_error *error = NULL;
    uint16_t port;
    int closed = bound_socket(0, &port);
    cosffi_client *client = client_at(port);

    CHECK_OK(cosffi_put_object(client, cosffi_str_of("k"), bytes_of("hello"), NULL, &callbacks,
                               &transfer, NULL),
             NULL);
    CHECK(cosffi_transfer_wait(transfer, -1, &error) == COSFFI_ERROR_NETWORK);
    CHECK(cosffi_error_code(error) == COSFFI_ERROR_NETWORK);
    CHECK(cosffi_error_is_retryable(error) == 1);
    cosffi_error_free(error);
    CHECK(self.complete == 1 && self.dropped == 1 && self.progress >= 1);
    CHECK(self.result == COSFFI_ERROR_NETWORK);
    CHECK(!pthread_equal(self.thread, pthread_self()));
    CHECK(cosffi_transfer_response(transfer) == NULL);
    /* Afterwards everything is still allowed, and changes nothing. */
    cosffi_transfer_cancel(transfer);
    CHECK(cosffi_transfer_wait(transfer, 0, NULL) == COSFFI_ERROR_NETWORK);
    cosffi_transfer_retain(transfer);
    cosffi_transfer_free(transfer);
    cosffi_transfer_free(transfer);
    CHECK(self.complete == 1 && self.dropped == 1);
    cosffi_client_free(client);
    close(closed);
}

static void cancel_and_callbacks_that_call_back(void) {
    app self, other;
    cosffi_transfer_callbacks callbacks = callbacks_of(&self), plain = callbacks_of(&other);
    cosffi_transfer *transfer = NULL, *waited = NULL;
    uint16_t port;
    int silent = bound_socket(1, &port);
    cosffi_client *client = client_at(port);

    self.transfer = &transfer;
    self.reenter = 1;
    self.client = client;
    CHECK_OK(cosffi_head_object(client, cosffi_str_of("k"), &callbacks, &transfer, NULL), NULL);
    cosffi_transfer_retain(transfer);
    waited = transfer;
    CHECK(cosffi_transfer_wait(waited, 1, NULL) == COSFFI_ERROR_NOT_FINISHED);
    CHECK(self.complete == 0);
    cosffi_transfer_cancel(waited);
    cosffi_transfer_cancel(waited);
    CHECK(cosffi_transfer_wait(waited, -1, NULL) == COSFFI_ERROR_CANCELLED);
    CHECK(self.complete == 1 && self.dropped == 1 && self.wait_refused == 1);
    cosffi_transfer_free(waited);

    /* Freed at once: it goes on, and completes at shutdown. */
    CHECK_OK(cosffi_delete_object(client, cosffi_str_of("k"), &plain, &transfer, NULL), NULL);
    cosffi_transfer_free(transfer);
    cosffi_client_free(client);
    CHECK_OK(cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL), NULL);
    CHECK(other.complete == 1 && other.dropped == 1);
    CHECK(other.result == COSFFI_ERROR_CANCELLED);
    close(silent);
}

int main(void) {
    uint16_t port;
    int fd = bound_socket(0, &port);
    cosffi_client *client;

    CHECK_OK(cosffi_runtime_new(NULL, &runtime, NULL), NULL);
    client = client_at(port);
    failed_starts_drop_at_once(client);
    cosffi_client_free(client);
    close(fd);
    a_refused_connection_completes_once();
    cancel_and_callbacks_that_call_back();

    CHECK(cosffi_transfer_wait(NULL, 0, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_transfer_response(NULL) == NULL);
    cosffi_transfer_cancel(NULL);
    cosffi_transfer_retain(NULL);
    cosffi_transfer_free(NULL);
    cosffi_runtime_free(runtime);
    return 0;
}
