/* Section "Providers of credentials": the app's own fetch, with every way to answer it. Requests go to
 * a port nobody listens on, so that a transfer with credentials ends with NETWORK. */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

enum answer { COMPLETE, COMPLETE_ELSEWHERE, FAIL, GIVE_BACK, NULL_CREDENTIALS, KEEP };

typedef struct app {
    enum answer answer;
    int fetched, dropped;
    cosffi_credential_reason reason;
    cosffi_credential_request *kept;
    cosffi_credentials *credentials;
    pthread_t thread, elsewhere;
} app;

static void *complete_elsewhere(void *argument) {
    app *self = (app *)argument;
    CHECK_OK(cosffi_credential_request_complete(self->kept, self->credentials), NULL);
    return NULL;
}

static void fetch(void *user_data, cosffi_credential_request *request) {
    app *self = (app *)user_data;
    self->fetched++;
    self->thread = pthread_self();
    self->reason = cosffi_credential_request_reason(request);
    CHECK(text_is(cosffi_credential_request_bucket(request), "demo-1250000000"));
    CHECK(text_is(cosffi_credential_request_region(request), "ap-guangzhou"));
    CHECK(text_is(cosffi_credential_request_object_key(request), "k"));
    CHECK(text_has(cosffi_credential_request_action(request), "DeleteObject"));
    CHECK(cosffi_credential_request_deadline_ms(request) > 1600000000000);
    switch (self->answer) {
    case COMPLETE:
        CHECK_OK(cosffi_credential_request_complete(request, self->credentials), NULL);
        break;
    case COMPLETE_ELSEWHERE:
        self->kept = request;
        CHECK(pthread_create(&self->elsewhere, NULL, complete_elsewhere, self) == 0);
        break;
    case FAIL:
        CHECK_OK(cosffi_credential_request_fail(request, COSFFI_ERROR_ACCESS_DENIED,
                                                cosffi_str_of("user is locked")),
                 NULL);
        break;
    case GIVE_BACK:
        cosffi_credential_request_free(request);
        break;
    case NULL_CREDENTIALS:
        CHECK(cosffi_credential_request_complete(request, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
        break;
    case KEEP:
        self->kept = request;
        break;
    }
}

static void on_drop(void *user_data) { ((app *)user_data)->dropped++; }

static cosffi_runtime *runtime;
static cosffi_provider *provider;
static cosffi_client *client;
static uint16_t port;

static void open_with(app *self, enum answer answer, uint64_t timeout_ms) {
    char endpoint[64];
    cosffi_error *error = NULL;
    cosffi_provider_callbacks callbacks = cosffi_provider_callbacks_default();
    cosffi_client_options options = cosffi_client_options_default();
    memset(self, 0, sizeof *self);
    self->answer = answer;
    CHECK_OK(cosffi_credentials_new(cosffi_str_of("id"), cosffi_str_of("key"), cosffi_str_of("token"), 0,
                                    4000000000, &self->credentials, NULL),
             NULL);
    callbacks.user_data = self;
    callbacks.fetch = fetch;
    callbacks.drop = on_drop;
    callbacks.timeout_ms = timeout_ms;
    CHECK_OK(cosffi_runtime_new(NULL, &runtime, NULL), NULL);
    CHECK_OK(cosffi_provider_new(runtime, &callbacks, &provider, &error), error);
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%u", (unsigned)port);
    options.bucket = cosffi_str_of("demo-1250000000");
    options.region = cosffi_str_of("ap-guangzhou");
    options.endpoint = cosffi_str_of(endpoint);
    options.provider = provider;
    options.max_attempts = 1;
    CHECK_OK(cosffi_client_new(runtime, &options, &client, &error), error);
}

static cosffi_result request(const char *says) {
    cosffi_transfer *transfer = NULL;
    cosffi_error *error = NULL;
    cosffi_result result;
    CHECK_OK(cosffi_delete_object(client, cosffi_str_of("k"), NULL, &transfer, NULL), NULL);
    result = cosffi_transfer_wait(transfer, -1, &error);
    if (!text_has(cosffi_error_message(error), says)) {
        fprintf(stderr, "%s: %s\n", cosffi_result_name(result), cosffi_error_message(error).data);
        exit(1);
    }
    cosffi_error_free(error);
    cosffi_transfer_free(transfer);
    return result;
}

static void close_all(app *self) {
    CHECK(self->dropped == 0);
    cosffi_provider_free(provider);
    cosffi_client_free(client);
    CHECK_OK(cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL), NULL);
    CHECK(self->dropped == 1);
    CHECK(self->fetched == 0 || !pthread_equal(self->thread, pthread_self()));
    cosffi_runtime_free(runtime);
    cosffi_credentials_free(self->credentials);
}

static void answers(void) {
    app self;
    open_with(&self, COMPLETE, 0);
    CHECK(request("") == COSFFI_ERROR_NETWORK);
    CHECK(self.fetched == 1 && self.reason == COSFFI_REASON_FIRST);
    /* The next request uses what is there, until the app says that it is no good. */
    CHECK(request("") == COSFFI_ERROR_NETWORK);
    CHECK(self.fetched == 1);
    cosffi_provider_invalidate(provider);
    CHECK(request("") == COSFFI_ERROR_NETWORK);
    CHECK(self.fetched == 2 && self.reason == COSFFI_REASON_REJECTED);
    close_all(&self);

    open_with(&self, COMPLETE_ELSEWHERE, 0);
    CHECK(request("") == COSFFI_ERROR_NETWORK);
    CHECK(self.fetched == 1);
    CHECK(pthread_join(self.elsewhere, NULL) == 0);
    close_all(&self);

    open_with(&self, FAIL, 0);
    CHECK(request("user is locked") == COSFFI_ERROR_CREDENTIAL);
    close_all(&self);

    open_with(&self, GIVE_BACK, 0);
    CHECK(request("without an answer") == COSFFI_ERROR_CREDENTIAL);
    close_all(&self);

    open_with(&self, NULL_CREDENTIALS, 0);
    CHECK(request("without an answer") == COSFFI_ERROR_CREDENTIAL);
    close_all(&self);
}

/* Opens, and lets one request run into its time limit with the ticket in the app's hands. A limit that
 * is over before the app is even told is too short for this machine: then it is tried with a longer one. */
static void time_out(app *self) {
    uint64_t timeout_ms;
    for (timeout_ms = 1;; timeout_ms *= 4) {
        open_with(self, KEEP, timeout_ms);
        CHECK(request("did not answer") == COSFFI_ERROR_CREDENTIAL);
        if (self->kept != NULL) return;
        close_all(self);
    }
}

static void a_late_answer_is_ignored(void) {
    app self;
    time_out(&self);
    CHECK(self.fetched == 1);
    CHECK_OK(cosffi_credential_request_complete(self.kept, self.credentials), NULL);
    close_all(&self);
    /* The runtime is gone, the ticket is still the app's. */
    time_out(&self);
    close_all(&self);
    cosffi_credential_request_free(self.kept);
}

static void refusals(void) {
    app self;
    cosffi_provider_callbacks callbacks = cosffi_provider_callbacks_default();
    memset(&self, 0, sizeof self);
    callbacks.user_data = &self;
    callbacks.drop = on_drop;
    CHECK_OK(cosffi_runtime_new(NULL, &runtime, NULL), NULL);
    CHECK(cosffi_provider_new(runtime, &callbacks, &provider, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(self.dropped == 1 && provider == NULL);
    callbacks.fetch = fetch;
    CHECK(cosffi_provider_new(NULL, &callbacks, &provider, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_provider_new(runtime, &callbacks, NULL, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(self.dropped == 3);
    CHECK(cosffi_provider_new(runtime, NULL, &provider, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    cosffi_provider_invalidate(NULL);
    cosffi_provider_free(NULL);
    CHECK_OK(cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL), NULL);
    CHECK(cosffi_provider_new(runtime, &callbacks, &provider, NULL) == COSFFI_ERROR_SHUT_DOWN);
    CHECK(self.dropped == 4);
    cosffi_runtime_free(runtime);

    CHECK(cosffi_credential_request_complete(NULL, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_credential_request_fail(NULL, 0, cosffi_str_of("")) == COSFFI_ERROR_INVALID_ARGUMENT);
    cosffi_credential_request_free(NULL);
    CHECK(cosffi_credential_request_reason(NULL) == COSFFI_REASON_FIRST);
    CHECK(cosffi_credential_request_deadline_ms(NULL) == 0);
}

int main(void) {
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(fd >= 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &length) == 0);
    port = ntohs(address.sin_port);
    answers();
    a_late_answer_is_ignored();
    refusals();
    close(fd);
    return 0;
}
