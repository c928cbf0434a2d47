/* What programs do wrong, all in one place: each is refused, or stood, and never a crash. What needs a callback
 * runs against a port that takes connections and never answers, and one that refuses them. */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

static cosffi_client *client;
static cosffi_credentials *credentials;
static cosffi_provider *provider;

static const char bad_utf8[] = {'a', (char)0xff, 'b'};
static const char with_nul[] = {'a', '\0', 'b'};

static cosffi_str text_of(const char *data, size_t len) {
    cosffi_str text;
    text.data = data;
    text.len = len;
    return text;
}

static int listening(int backlog, uint16_t *port) {
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(fd >= 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &length) == 0);
    CHECK(backlog == 0 || listen(fd, backlog) == 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static cosffi_client *client_at(uint16_t port) {
    char endpoint[64];
    cosffi_client *made = NULL;
    cosffi_client_options options = cosffi_client_options_default();
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%u", (unsigned)port);
    options.bucket = cosffi_str_of("demo-1250000000");
    options.region = cosffi_str_of("ap-guangzhou");
    options.endpoint = cosffi_str_of(endpoint);
    options.provider = provider;
    options.max_attempts = 1;
    CHECK_OK(cosffi_client_new(runtime, &options, &made, NULL), NULL);
    return made;
}

/* Text of every kind that is none, in every place of one function each. */
static void texts(void) {
    static const struct {
        const char *data;
        size_t len;
    } bad[] = {{bad_utf8, 3}, {with_nul, 3}, {NULL, 1}, {"x", SIZE_MAX}, {"x", SIZE_MAX / 2 + 1}};
    size_t i;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const cosffi_str text = text_of(bad[i].data, bad[i].len);
        const cosffi_str good = cosffi_str_of("k");
        cosffi_bytes bytes;
        cosffi_credentials *made = NULL;
        cosffi_string string;
        cosffi_upload_options upload = cosffi_upload_options_default();
        cosffi_get_options get = cosffi_get_options_default();
        cosffi_list_options list = cosffi_list_options_default();
        cosffi_client_options options = cosffi_client_options_default();
        cosffi_client *none = NULL;
        cosffi_error *error = NULL;
#define REFUSED(call)                                          \
    do {                                                       \
        CHECK((call) == COSFFI_ERROR_INVALID_ARGUMENT);        \
        CHECK(cosffi_error_message(error).len > 0);            \
        cosffi_error_free(error);                              \
    } while (0)
        REFUSED(cosffi_credentials_new(text, good, good, 0, 0, &made, &error));
        REFUSED(cosffi_credentials_new(good, text, good, 0, 0, &made, &error));
        REFUSED(cosffi_credentials_new(good, good, text, 0, 0, &made, &error));
        REFUSED(cosffi_credentials_parse_sts(text, &made, &error));
        REFUSED(cosffi_policy_lint(text, &string, NULL, &error));
        REFUSED(cosffi_head_object(client, text, NULL, NULL, &error));
        REFUSED(cosffi_delete_object(client, text, NULL, NULL, &error));
        REFUSED(cosffi_get_object(client, text, NULL, NULL, NULL, NULL, &error));
        REFUSED(cosffi_upload_file(client, text, good, NULL, NULL, NULL, &error));
        REFUSED(cosffi_upload_file(client, good, text, NULL, NULL, NULL, &error));
        REFUSED(cosffi_download_file(client, good, text, NULL, NULL, NULL, &error));
        upload.content_type = text;
        REFUSED(cosffi_upload_file(client, good, good, &upload, NULL, NULL, &error));
        get.if_match = text;
        REFUSED(cosffi_get_object(client, good, &get, NULL, NULL, NULL, &error));
        list.prefix = text;
        REFUSED(cosffi_list_objects(client, &list, NULL, NULL, NULL, &error));
        options.provider = provider;
        options.bucket = text;
        options.region = good;
        REFUSED(cosffi_client_new(runtime, &options, &none, &error));
        CHECK(cosffi_response_header(NULL, text).len == 0);
        if (bad[i].len > 3 || bad[i].data == NULL) {
            bytes.data = (const uint8_t *)bad[i].data;
            bytes.len = bad[i].len;
            REFUSED(cosffi_put_object(client, good, bytes, NULL, NULL, NULL, &error));
        }
    }
}

/* Sizes of structs that no header ever had, counts that no list has, numbers that are no enum. */
static void numbers(void) {
    static const size_t sizes[] = {0, 1, sizeof(size_t) - 1, 4097, SIZE_MAX};
    size_t i;
    cosffi_string string;
    cosffi_pair pair;
    cosffi_sign_options sign = cosffi_sign_options_default();
    app self;
    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        cosffi_runtime_options runtime_options = cosffi_runtime_options_default();
        cosffi_client_options client_options = cosffi_client_options_default();
        cosffi_upload_options upload = cosffi_upload_options_default();
        cosffi_download_options download = cosffi_download_options_default();
        cosffi_provider_callbacks fetch = cosffi_provider_callbacks_default();
        cosffi_transfer_callbacks callbacks = callbacks_of(&self);
        cosffi_runtime *no_runtime = NULL;
        cosffi_client *no_client = NULL;
        cosffi_provider *no_provider = NULL;
        const cosffi_str good = cosffi_str_of("k");
        runtime_options.struct_size = client_options.struct_size = upload.struct_size =
            download.struct_size = fetch.struct_size = callbacks.struct_size = sign.struct_size =
                sizes[i];
        CHECK(cosffi_runtime_new(&runtime_options, &no_runtime, NULL) ==
              COSFFI_ERROR_INVALID_ARGUMENT);
        CHECK(cosffi_client_new(runtime, &client_options, &no_client, NULL) ==
              COSFFI_ERROR_INVALID_ARGUMENT);
        CHECK(cosffi_provider_new(runtime, &fetch, &no_provider, NULL) ==
              COSFFI_ERROR_INVALID_ARGUMENT);
        CHECK(cosffi_upload_file(client, good, good, &upload, NULL, NULL, NULL) ==
              COSFFI_ERROR_INVALID_ARGUMENT);
        CHECK(cosffi_download_file(client, good, good, &download, NULL, NULL, NULL) ==
              COSFFI_ERROR_INVALID_ARGUMENT);
        CHECK(cosffi_head_object(client, good, &callbacks, NULL, NULL) ==
              COSFFI_ERROR_INVALID_ARGUMENT);
        /* Callbacks of a size we cannot read are not called either. */
        CHECK(self.dropped == 0);
        CHECK(cosffi_sign_request(&sign, &string, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    }
    sign = cosffi_sign_options_default();
    pair.name = pair.value = cosffi_str_of("x");
    sign.credentials = credentials;
    sign.method = cosffi_str_of("GET");
    sign.path = cosffi_str_of("/");
    sign.headers = &pair;
    sign.headers_count = SIZE_MAX;
    CHECK(cosffi_sign_request(&sign, &string, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    sign.headers = NULL;
    sign.headers_count = 1;
    CHECK(cosffi_sign_request(&sign, &string, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(strcmp(cosffi_result_name(INT32_MIN), "COSFFI_ERROR_UNKNOWN") == 0);
    CHECK(cosffi_log_set(INT32_MAX, NULL, NULL, NULL, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_client_notify(client, INT32_MIN, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
}

/* Where it can be seen, freeing twice does nothing. */
static void freed_twice(void) {
    cosffi_string string = {NULL, 0};
    cosffi_string_free(&string);
    CHECK_OK(cosffi_policy_lint(cosffi_str_of("x"), &string, NULL, NULL), NULL);
    cosffi_string_free(&string);
    CHECK(string.data == NULL && string.len == 0);
    cosffi_string_free(&string);
    cosffi_string_free(NULL);
    cosffi_credentials_free(NULL);
    cosffi_provider_free(NULL);
    cosffi_client_free(NULL);
    cosffi_transfer_free(NULL);
    cosffi_error_free(NULL);
    cosffi_event_free(NULL);
    cosffi_queue_free(NULL);
    cosffi_credential_request_free(NULL);
    cosffi_runtime_free(NULL);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
static int inside, may_return;

static void wait_for(int *what) {
    pthread_mutex_lock(&lock);
    while (!*what) pthread_cond_wait(&moved, &lock);
    pthread_mutex_unlock(&lock);
}

static void tell(int *what) {
    pthread_mutex_lock(&lock);
    *what = 1;
    pthread_cond_broadcast(&moved);
    pthread_mutex_unlock(&lock);
}

static void blocks(void *user_data, cosffi_result result, const cosffi_response *response,
                   const cosffi_error *error) {
    app_complete(user_data, result, response, error);
    tell(&inside);
    wait_for(&may_return);
}

/* A callback that blocks holds up other callbacks, and nothing else: transfers start, end on the network,
 * are cancelled; a shutdown waits for it or gives up in time. */
static void a_callback_that_blocks(void) {
    app first, second;
    uint16_t port;
    int closed = listening(0, &port);
    cosffi_client *refused = client_at(port);
    cosffi_transfer_callbacks callbacks = callbacks_of(&first);
    callbacks.on_complete = blocks;
    CHECK_OK(cosffi_head_object(refused, cosffi_str_of("k"), &callbacks, &first.transfer, NULL), NULL);
    wait_for(&inside);
    callbacks = callbacks_of(&second);
    CHECK_OK(cosffi_head_object(refused, cosffi_str_of("k"), &callbacks, &second.transfer, NULL),
             NULL);
    cosffi_transfer_cancel(second.transfer);
    CHECK(cosffi_transfer_wait(second.transfer, 50, NULL) == COSFFI_ERROR_NOT_FINISHED);
    CHECK(cosffi_transfer_wait(first.transfer, 0, NULL) == COSFFI_ERROR_NOT_FINISHED);
    CHECK(second.complete == 0);
    tell(&may_return);
    CHECK(finish(&first) == COSFFI_ERROR_NETWORK);
    finish(&second);
    cosffi_client_free(refused);
    close(closed);
}

/* Everything of its own is freed by the callback itself, and new work is started by it. */
static void frees_everything(void *user_data, cosffi_result result,
                             const cosffi_response *response, const cosffi_error *error) {
    app *self = (app *)user_data;
    cosffi_client *own = (cosffi_client *)self->more;
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
    app_complete(user_data, result, response, error);
    CHECK(cosffi_transfer_wait(self->transfer, -1, NULL) == COSFFI_ERROR_WRONG_THREAD);
    CHECK(cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL) == COSFFI_ERROR_WRONG_THREAD);
    cosffi_transfer_cancel(self->transfer);
    cosffi_transfer_pause(self->transfer);
    CHECK_OK(cosffi_head_object(own, cosffi_str_of("again"), NULL, NULL, NULL), NULL);
    cosffi_transfer_free(self->transfer);
    cosffi_client_free(own);
}

static void freed_inside(void) {
    app self;
    uint16_t port;
    int closed = listening(0, &port);
    cosffi_client *own = client_at(port);
    cosffi_transfer *watched;
    cosffi_transfer_callbacks callbacks = callbacks_of(&self);
    self.more = own;
    callbacks.on_complete = frees_everything;
    /* The callback frees the reference that it finds in `self`, once this thread has another. */
    pthread_mutex_lock(&lock);
    CHECK_OK(cosffi_head_object(own, cosffi_str_of("k"), &callbacks, &self.transfer, NULL), NULL);
    watched = self.transfer;
    cosffi_transfer_retain(watched);
    pthread_mutex_unlock(&lock);
    CHECK(cosffi_transfer_wait(watched, -1, NULL) == COSFFI_ERROR_NETWORK);
    CHECK(self.complete == 1 && self.dropped == 1);
    cosffi_transfer_free(watched);
    close(closed);
}

int main(void) {
    uint16_t port;
    int silent;
    CHECK_OK(cosffi_runtime_new(NULL, &runtime, NULL), NULL);
    CHECK_OK(cosffi_credentials_new(cosffi_str_of("id"), cosffi_str_of("key"), cosffi_str_of(""), 0,
                                    0, &credentials, NULL),
             NULL);
    CHECK_OK(cosffi_provider_static(credentials, &provider, NULL), NULL);
    silent = listening(16, &port);
    client = client_at(port);
    texts();
    numbers();
    freed_twice();
    a_callback_that_blocks();
    freed_inside();
    cosffi_client_free(client);
    cosffi_provider_free(provider);
    cosffi_credentials_free(credentials);
    CHECK_OK(cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL), NULL);
    cosffi_runtime_free(runtime);
    close(silent);
    return 0;
}
