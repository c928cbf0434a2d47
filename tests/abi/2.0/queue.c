/* Section "Queue of events": a loop around poll(), functions called on the loop's own thread, two threads
 * at one queue, a queue that goes first. queue ENDPOINT ID KEY FOLDER. */
#define _POSIX_C_SOURCE 200809L
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server.h"

#define OBJECTS 20
#define SIZE (300 * 1024)

static cosffi_client *client;
static cosffi_queue *queue;
static uint8_t content[SIZE];
static int several; /* threads take events */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* for the seats */

typedef struct seat {
    int completed, dropped, progress, pieces;
    cosffi_result result;
    pthread_t thread;
    size_t body;
} seat;

static void on_drop(void *user_data) {
    pthread_mutex_lock(&lock);
    ((seat *)user_data)->dropped++;
    pthread_mutex_unlock(&lock);
}

static void never(void *user_data, uint64_t done_bytes, uint64_t total_bytes) {
    (void)user_data;
    (void)done_bytes;
    (void)total_bytes;
    CHECK(!"a callback was called although there is a queue");
}

static cosffi_transfer_callbacks callbacks_for(seat *self) {
    cosffi_transfer_callbacks callbacks = cosffi_transfer_callbacks_default();
    memset(self, 0, sizeof *self);
    callbacks.user_data = self;
    callbacks.on_progress = never;
    callbacks.drop = on_drop;
    callbacks.queue = queue;
    return callbacks;
}

/* Takes one event; 0 when there was none in time. */
static int take(int64_t timeout_ms) {
    cosffi_event *event = NULL;
    cosffi_error *error = NULL;
    seat *self;
    cosffi_result result = cosffi_queue_next(queue, timeout_ms, &event, &error);
    if (result == COSFFI_ERROR_NOT_FINISHED) {
        CHECK(event == NULL && cosffi_error_code(error) == result);
        cosffi_error_free(error);
        return 0;
    }
    CHECK_OK(result, error);
    self = (seat *)cosffi_event_user_data(event);
    pthread_mutex_lock(&lock);
    /* The seat is there as long as one of its events. Another thread may have its completion already. */
    CHECK(self->dropped == 0 && (several || self->completed == 0));
    switch (cosffi_event_kind(event)) {
    case COSFFI_EVENT_PROGRESS:
        CHECK(cosffi_event_done_bytes(event) <= cosffi_event_total_bytes(event));
        CHECK(cosffi_event_response(event) == NULL && cosffi_event_error(event) == NULL);
        self->progress++;
        break;
    case COSFFI_EVENT_COMPLETE:
        self->completed++;
        self->result = cosffi_event_result(event);
        CHECK((cosffi_event_response(event) != NULL) == (self->result == COSFFI_OK));
        CHECK(cosffi_error_code(cosffi_event_error(event)) == self->result);
        break;
    default:
        CHECK(!"an event of an unknown kind");
    }
    pthread_mutex_unlock(&lock);
    cosffi_event_free(event);
    if (!several) CHECK(self->dropped == self->completed);
    return 1;
}

static void put_all(seat *seats) {
    int i;
    for (i = 0; i < OBJECTS; i++) {
        char key[32];
        cosffi_bytes bytes;
        cosffi_transfer_callbacks callbacks = callbacks_for(&seats[i]);
        bytes.data = content;
        bytes.len = SIZE;
        snprintf(key, sizeof key, "q/%d", i);
        CHECK_OK(cosffi_put_object(client, cosffi_str_of(key), bytes, NULL, &callbacks, NULL, NULL),
                 NULL);
    }
}

static int all_over(const seat *seats) {
    int i;
    for (i = 0; i < OBJECTS; i++) {
        if (!seats[i].completed) return 0;
        CHECK(seats[i].result == COSFFI_OK && seats[i].progress > 0);
    }
    return 1;
}

static void a_loop_around_poll(void) {
    seat seats[OBJECTS];
    struct pollfd ready;
    ready.fd = cosffi_queue_wake_fd(queue);
    ready.events = POLLIN;
    CHECK(ready.fd >= 0 && ready.fd == cosffi_queue_wake_fd(queue));
    CHECK(poll(&ready, 1, 0) == 0);
    put_all(seats);
    while (!all_over(seats)) {
        CHECK(poll(&ready, 1, 30000) == 1);
        while (take(0)) {
        }
    }
    CHECK(poll(&ready, 1, 0) == 0);
    CHECK(!take(0) && !take(1));
}

static int32_t on_body(void *user_data, uint64_t offset_bytes, cosffi_bytes bytes) {
    seat *self = (seat *)user_data;
    cosffi_event *event = NULL;
    CHECK(self->completed == 0 && offset_bytes == self->body);
    CHECK(memcmp(content + offset_bytes, bytes.data, bytes.len) == 0);
    self->body += bytes.len;
    self->pieces++;
    self->thread = pthread_self();
    CHECK(cosffi_queue_next(queue, 0, &event, NULL) == COSFFI_ERROR_WRONG_THREAD);
    return COSFFI_FLOW_CONTINUE;
}

static void functions_run_on_the_loop(void) {
    seat self;
    cosffi_transfer_callbacks callbacks = callbacks_for(&self);
    CHECK_OK(cosffi_get_object(client, cosffi_str_of("q/1"), NULL, on_body, &callbacks, NULL, NULL),
             NULL);
    while (!self.completed) take(-1);
    CHECK(self.result == COSFFI_OK && self.body == SIZE && self.pieces > 0);
    CHECK(pthread_equal(self.thread, pthread_self()));
}

static int all_dropped(const seat *seats) {
    int i, dropped = 0;
    pthread_mutex_lock(&lock);
    for (i = 0; i < OBJECTS; i++) dropped += seats[i].dropped;
    pthread_mutex_unlock(&lock);
    return dropped == OBJECTS;
}

static void *work(void *seats) {
    while (!all_dropped((const seat *)seats)) take(20);
    return NULL;
}

static void two_threads(void) {
    seat seats[OBJECTS];
    pthread_t other;
    several = 1;
    put_all(seats);
    CHECK(pthread_create(&other, NULL, work, seats) == 0);
    work(seats);
    CHECK(pthread_join(other, NULL) == 0);
    several = 0;
    CHECK(all_over(seats));
}

static void what_is_left(void) {
    seat self, streamed;
    cosffi_transfer *transfer = NULL, *waiting = NULL;
    cosffi_transfer_callbacks callbacks = callbacks_for(&self);
    CHECK_OK(cosffi_head_object(client, cosffi_str_of("q/none"), &callbacks, &transfer, NULL), NULL);
    /* Over when the completion is in the queue; its drop waits for the event. */
    CHECK(cosffi_transfer_wait(transfer, -1, NULL) == COSFFI_ERROR_NOT_FOUND);
    CHECK(self.dropped == 0);
    callbacks = callbacks_for(&streamed);
    CHECK_OK(cosffi_get_object(client, cosffi_str_of("q/1"), NULL, on_body, &callbacks, &waiting,
                               NULL),
             NULL);
    cosffi_queue_free(queue);
    CHECK(self.dropped == 1);
    CHECK(cosffi_transfer_wait(waiting, -1, NULL) == COSFFI_ERROR_CANCELLED);
    CHECK(streamed.dropped == 1 && streamed.pieces == 0);
    cosffi_transfer_free(transfer);
    cosffi_transfer_free(waiting);
}

static void refused_after_fork(void) {
    pid_t child = fork();
    int status = 0;
    CHECK(child >= 0);
    if (child == 0) {
        cosffi_event *event = NULL;
        CHECK(cosffi_queue_next(queue, -1, &event, NULL) == COSFFI_ERROR_FORKED);
        CHECK(cosffi_queue_wake_fd(queue) == -1);
        cosffi_queue_free(queue);
        kill(getpid(), SIGKILL);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void nothing(void) {
    cosffi_event *event = NULL;
    CHECK(cosffi_queue_new(NULL, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_queue_next(NULL, 0, &event, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_queue_next(queue, 0, NULL, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_queue_wake_fd(NULL) == -1);
    cosffi_queue_free(NULL);
    cosffi_event_free(NULL);
    CHECK(cosffi_event_kind(NULL) == COSFFI_EVENT_NONE && cosffi_event_user_data(NULL) == NULL);
    CHECK(cosffi_event_result(NULL) == COSFFI_OK && cosffi_event_done_bytes(NULL) == 0);
}

int main(int argc, char **argv) {
    size_t i;
    CHECK(argc >= 5);
    for (i = 0; i < SIZE; i++) content[i] = (uint8_t)(i * i >> 5);
    CHECK_OK(cosffi_runtime_new(NULL, &runtime, NULL), NULL);
    CHECK_OK(cosffi_queue_new(&queue, NULL), NULL);
    client = client_of(argv + 1);
    nothing();
    a_loop_around_poll();
    functions_run_on_the_loop();
    two_threads();
    refused_after_fork();
    what_is_left();
    cosffi_client_free(client);
    CHECK_OK(cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL), NULL);
    cosffi_runtime_free(runtime);
    printf("queue: ok\n");
    return 0;
}
