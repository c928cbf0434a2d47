/* A program with a loop of its own: event_loop PREFIX < NAMES. It reads names from standard input, stores a
 * small object for each, and hears of the results in the same poll() that waits for input; there is no
 * other thread of the program's. The environment: see setup.h. */
#define _POSIX_C_SOURCE 200809L
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "setup.h"

static int running, bad;

static void start(const cosffi_client *client, const cosffi_queue *queue, const char *prefix,
                  const char *name) {
    cosffi_error *error = NULL;
    cosffi_transfer_callbacks callbacks = cosffi_transfer_callbacks_default();
    char *key = (char *)malloc(strlen(prefix) + strlen(name) + 1);
    if (key == NULL) return;
    strcat(strcpy(key, prefix), name);
    callbacks.user_data = key; /* comes back with each event */
    callbacks.drop = free;     /* with the last event, or at once if the start fails */
    callbacks.queue = queue;
    running++;
    if (cosffi_put_object(client, cosffi_str_of(key), cosffi_bytes_of(name, strlen(name)), NULL,
                          &callbacks, NULL, &error) != COSFFI_OK) {
        bad += failed("start", error);
        running--;
    }
}

static void take_events(const cosffi_queue *queue) {
    cosffi_event *event = NULL;
    while (cosffi_queue_next(queue, 0, &event, NULL) == COSFFI_OK) {
        if (cosffi_event_kind(event) == COSFFI_EVENT_COMPLETE) {
            printf("%s: %s\n", (const char *)cosffi_event_user_data(event),
                   cosffi_result_name(cosffi_event_result(event)));
            bad += cosffi_event_result(event) != COSFFI_OK;
            running--;
        }
        cosffi_event_free(event);
    }
}

/* Every whole line in the buffer; what is left is moved to its beginning. */
static size_t take_lines(char *buffer, size_t have, const cosffi_client *client,
                         const cosffi_queue *queue, const char *prefix) {
    char *line = buffer, *end;
    while ((end = (char *)memchr(line, '\n', have - (size_t)(line - buffer))) != NULL) {
        *end = '\0';
        if (end > line) start(client, queue, prefix, line);
        line = end + 1;
    }
    have -= (size_t)(line - buffer);
    memmove(buffer, line, have);
    return have;
}

int main(int argc, char **argv) {
    char buffer[4096];
    size_t have = 0;
    struct pollfd on[2];
    cosffi_runtime *runtime = NULL;
    cosffi_queue *queue = NULL;
    cosffi_client *client = NULL;
    cosffi_error *error = NULL;

    if (argc != 2) return fprintf(stderr, "usage: event_loop PREFIX < NAMES, see event_loop.c\n"), 2;
    if (cosffi_runtime_new(NULL, &runtime, &error) != COSFFI_OK) return failed("runtime", error);
    if (cosffi_queue_new(&queue, &error) != COSFFI_OK) return failed("queue", error);
    client = client_from_environment(runtime);
    on[0].fd = STDIN_FILENO;
    on[1].fd = cosffi_queue_wake_fd(queue);
    on[0].events = on[1].events = POLLIN;

    /* poll() ignores descriptors below zero: that is how the input ends. */
    while (client != NULL && (on[0].fd >= 0 || running > 0)) {
        if (poll(on, 2, -1) < 0) break;
        if (on[1].revents != 0) take_events(queue);
        if (on[0].fd >= 0 && on[0].revents != 0) {
            ssize_t got = read(STDIN_FILENO, buffer + have, sizeof buffer - have);
            if (got <= 0)
                on[0].fd = -1;
            else
                have = take_lines(buffer, have + (size_t)got, client, queue, argv[1]);
        }
    }
    cosffi_client_free(client);
    cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL);
    cosffi_runtime_free(runtime);
    cosffi_queue_free(queue);
    return client == NULL || bad > 0;
}
