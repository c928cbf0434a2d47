/* Section "Client": what happens to the app has an effect, shown on a server of our own that counts its
 * connections, and what each request took is told. */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

#define ANSWER "HTTP/1.1 204 No Content\r\nx-cos-request-id: r\r\ncontent-length: 0\r\n\r\n"

typedef struct count {
    int attempts, dropped;
    uint32_t status;
    char operation[32], method[16];
} count;

static int listener, connections, sent;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Requests have no body here, so each ends with an empty line. */
static void *serve(void *argument) {
    int fd = *(int *)argument;
    char buffer[8192];
    size_t have = 0;
    free(argument);
    for (;;) {
        ssize_t got = read(fd, buffer + have, sizeof buffer - 1 - have);
        if (got <= 0) break;
        have += (size_t)got;
        buffer[have] = '\0';
        if (strstr(buffer, "\r\n\r\n") != NULL) {
            have = 0;
            CHECK(write(fd, ANSWER, strlen(ANSWER)) == (ssize_t)strlen(ANSWER));
        }
    }
    close(fd);
    return NULL;
}

static void *take_connections(void *nothing) {
    for (;;) {
        pthread_t thread;
        int *fd = (int *)malloc(sizeof *fd);
        CHECK(fd != NULL);
        *fd = accept(listener, NULL, NULL);
        if (*fd < 0) {
            free(fd);
            return nothing;
        }
        pthread_mutex_lock(&lock);
        connections++;
        pthread_mutex_unlock(&lock);
        CHECK(pthread_create(&thread, NULL, serve, fd) == 0 && pthread_detach(thread) == 0);
    }
}

static int connections_so_far(void) {
    int now;
    pthread_mutex_lock(&lock);
    now = connections;
    pthread_mutex_unlock(&lock);
    return now;
}

static void on_attempt(void *user_data, const cosffi_attempt *attempt) {
    count *self = (count *)user_data;
    CHECK(self->dropped == 0 && attempt->attempt == 1 && attempt->result == COSFFI_OK);
    CHECK(attempt->host.len > 0 && attempt->service_code.len == 0 && attempt->first_byte_us > 0);
    self->attempts++;
    self->status = attempt->http_status;
    snprintf(self->operation, sizeof self->operation, "%s", attempt->operation.data);
    snprintf(self->method, sizeof self->method, "%s", attempt->method.data);
}

static void on_count_drop(void *user_data) { ((count *)user_data)->dropped++; }

/* One request; whether it opened a connection. */
static int delete_once(cosffi_client *client) {
    app self;
    const int before = connections_so_far();
    cosffi_transfer_callbacks callbacks = callbacks_of(&self);
    CHECK_OK(cosffi_delete_object(client, cosffi_str_of("k"), &callbacks, &self.transfer, NULL),
             NULL);
    CHECK(finish(&self) == COSFFI_OK && self.status == 204);
    sent++;
    return connections_so_far() > before;
}

/* Until an idle connection is used again. It becomes one some time after its answer, so a request that is quick
 * opens another. */
static void delete_until_idle(cosffi_client *client) {
    while (delete_once(client)) {
    }
}

int main(void) {
    char endpoint[64];
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    pthread_t acceptor;
    cosffi_credentials *credentials = NULL;
    cosffi_provider *provider = NULL;
    cosffi_client *client = NULL;
    cosffi_client_options options = cosffi_client_options_default();
    count counted, refused;
    int32_t event;

    listener = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
    CHECK(listen(listener, 16) == 0);
    CHECK(pthread_create(&acceptor, NULL, take_connections, NULL) == 0);
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));

    CHECK_OK(cosffi_runtime_new(NULL, &runtime, NULL), NULL);
    CHECK_OK(cosffi_credentials_new(cosffi_str_of("id"), cosffi_str_of("key"), cosffi_str_of(""), 0,
                                    0, &credentials, NULL),
             NULL);
    CHECK_OK(cosffi_provider_static(credentials, &provider, NULL), NULL);
    memset(&counted, 0, sizeof counted);
    options.bucket = cosffi_str_of("demo-1250000000");
    options.region = cosffi_str_of("ap-guangzhou");
    options.endpoint = cosffi_str_of(endpoint);
    options.provider = provider;
    options.on_attempt = on_attempt;
    options.on_attempt_drop = on_count_drop;
    /* Refused: dropped on the callback thread, some time before it ends. */
    memset(&refused, 0, sizeof refused);
    options.on_attempt_user_data = &refused;
    options.concurrency = 9999;
    CHECK(cosffi_client_new(runtime, &options, &client, NULL) == COSFFI_ERROR_CONFIG);
    options.on_attempt_user_data = &counted;
    options.concurrency = 0;
    CHECK_OK(cosffi_client_new(runtime, &options, &client, NULL), NULL);
    cosffi_provider_free(provider);
    cosffi_credentials_free(credentials);

    CHECK_OK(cosffi_client_notify(client, COSFFI_APP_FOREGROUND, NULL), NULL);
    delete_until_idle(client);
    for (event = COSFFI_APP_BACKGROUND; event <= COSFFI_APP_NETWORK_CHANGED; event++) {
        CHECK_OK(cosffi_client_notify(client, event, NULL), NULL);
        CHECK(delete_once(client));
        delete_until_idle(client);
    }
    CHECK(cosffi_client_notify(client, 0, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_client_notify(client, 4, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_client_notify(NULL, 1, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);

    cosffi_client_free(client);
    CHECK_OK(cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL), NULL);
    cosffi_runtime_free(runtime);
    CHECK(refused.attempts == 0 && refused.dropped == 1);
    CHECK(counted.attempts == sent && counted.status == 204 && counted.dropped == 1);
    CHECK(strcmp(counted.operation, "DeleteObject") == 0 && strcmp(counted.method, "DELETE") == 0);
    shutdown(listener, SHUT_RDWR);
    CHECK(pthread_join(acceptor, NULL) == 0);
    close(listener);
    return 0;
}
