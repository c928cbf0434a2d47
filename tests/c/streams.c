/* Sections "Objects" and "Listing": content in memory, both ways as a stream, through descriptors; pages
 * of a listing. streams ENDPOINT ID KEY FOLDER. */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "server.h"

#define SIZE ((3u << 20) + 11)

static cosffi_client *client;
static uint8_t content[SIZE];

/* What a stream test does with each piece. */
typedef struct stream {
    app app;
    size_t done, calls;
    int32_t answer;   /* of the first call */
    int32_t then;     /* of all others */
    size_t at_once;   /* bytes given per call, upwards */
    int from_thread;  /* another thread lets it go on, maybe before the pause is told */
    pthread_t resumer;
    int has_resumer;
} stream;

static void *resume_it(void *argument) {
    stream *self = (stream *)argument;
    cosffi_transfer_resume(self->app.transfer);
    return NULL;
}

static int32_t answer(stream *self) {
    if (self->calls++ > 0) return self->then;
    if (self->answer == COSFFI_FLOW_PAUSE && self->from_thread) {
        CHECK(pthread_create(&self->resumer, NULL, resume_it, self) == 0);
        self->has_resumer = 1;
    }
    return self->answer;
}

static int32_t on_body(void *user_data, uint64_t offset_bytes, cosffi_bytes bytes) {
    stream *self = (stream *)user_data;
    CHECK(self->app.complete == 0 && bytes.len > 0);
    CHECK(offset_bytes == self->done && self->done + bytes.len <= SIZE);
    CHECK(memcmp(content + self->done, bytes.data, bytes.len) == 0);
    self->done += bytes.len;
    return answer(self);
}

static stream *streamed(size_t start, int32_t first, int32_t then, int from_thread,
                        cosffi_transfer_callbacks *callbacks) {
    static stream self;
    *callbacks = callbacks_of(&self.app);
    memset(&self, 0, sizeof self);
    self.done = start;
    self.answer = first;
    self.then = then;
    self.from_thread = from_thread;
    return &self;
}

static cosffi_result ended(stream *self) {
    cosffi_result result = finish(&self->app);
    if (self->has_resumer) CHECK(pthread_join(self->resumer, NULL) == 0);
    return result;
}

static void get(cosffi_transfer_callbacks *callbacks, stream *self, const char *key,
                const cosffi_get_options *options) {
    CHECK_OK(cosffi_get_object(client, cosffi_str_of(key), options, on_body, callbacks,
                               &self->app.transfer, NULL),
             NULL);
}

static void into_memory(void) {
    app self;
    cosffi_transfer_callbacks callbacks = callbacks_of(&self);
    cosffi_get_options options = cosffi_get_options_default();
    cosffi_bytes body;
    const cosffi_response *response;

    CHECK_OK(cosffi_get_object(client, cosffi_str_of("s/big"), NULL, NULL, &callbacks,
                               &self.transfer, NULL),
             NULL);
    CHECK(cosffi_transfer_wait(self.transfer, -1, NULL) == COSFFI_OK);
    response = cosffi_transfer_response(self.transfer);
    body = cosffi_response_body(response);
    CHECK(body.len == SIZE && memcmp(body.data, content, SIZE) == 0);
    CHECK(cosffi_response_status(response) == 200 && cosffi_response_size_bytes(response) == SIZE);
    CHECK(finish(&self) == COSFFI_OK && self.progress >= 1);

    /* A range; its length may go beyond the end. */
    callbacks = callbacks_of(&self);
    options.offset_bytes = SIZE - 5;
    options.length_bytes = 100;
    CHECK_OK(cosffi_get_object(client, cosffi_str_of("s/big"), &options, NULL, &callbacks,
                               &self.transfer, NULL),
             NULL);
    CHECK(cosffi_transfer_wait(self.transfer, -1, NULL) == COSFFI_OK);
    response = cosffi_transfer_response(self.transfer);
    body = cosffi_response_body(response);
    CHECK(body.len == 5 && memcmp(body.data, content + SIZE - 5, 5) == 0);
    CHECK(cosffi_response_status(response) == 206 && cosffi_response_size_bytes(response) == SIZE);
    CHECK(finish(&self) == COSFFI_OK && self.status == 206);

    callbacks = callbacks_of(&self);
    options = cosffi_get_options_default();
    options.memory_limit_bytes = 1000;
    CHECK_OK(cosffi_get_object(client, cosffi_str_of("s/big"), &options, NULL, &callbacks,
                               &self.transfer, NULL),
             NULL);
    CHECK(finish(&self) == COSFFI_ERROR_LOCAL);

    callbacks = callbacks_of(&self);
    options = cosffi_get_options_default();
    options.if_match = cosffi_str_of("\"another\"");
    CHECK_OK(cosffi_get_object(client, cosffi_str_of("s/big"), &options, NULL, &callbacks,
                               &self.transfer, NULL),
             NULL);
    CHECK(finish(&self) == COSFFI_ERROR_PRECONDITION);

    callbacks = callbacks_of(&self);
    options.offset_bytes = UINT64_MAX;
    options.length_bytes = 1;
    CHECK(cosffi_get_object(client, cosffi_str_of("s/big"), &options, NULL, &callbacks,
                            &self.transfer, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(self.dropped == 1 && self.transfer == NULL);
    CHECK(cosffi_response_body(NULL).len == 0 && cosffi_response_status(NULL) == 0);
}

static void in_pieces(void) {
    cosffi_transfer_callbacks callbacks;
    cosffi_get_options options = cosffi_get_options_default();
    stream *self = streamed(0, COSFFI_FLOW_CONTINUE, COSFFI_FLOW_CONTINUE, 0, &callbacks);
    get(&callbacks, self, "s/big", NULL);
    CHECK(ended(self) == COSFFI_OK && self->done == SIZE && self->calls > 1);

    /* Paused, and let go on from outside; nothing comes meanwhile. */
    self = streamed(0, COSFFI_FLOW_PAUSE, COSFFI_FLOW_CONTINUE, 0, &callbacks);
    get(&callbacks, self, "s/big", NULL);
    CHECK(cosffi_transfer_wait(self->app.transfer, 50, NULL) == COSFFI_ERROR_NOT_FINISHED);
    while (cosffi_transfer_wait(self->app.transfer, 10, NULL) == COSFFI_ERROR_NOT_FINISHED) {
        cosffi_transfer_resume(self->app.transfer);
    }
    CHECK(ended(self) == COSFFI_OK && self->done == SIZE);

    /* The wish to go on may come while the function still runs. */
    self = streamed(0, COSFFI_FLOW_PAUSE, COSFFI_FLOW_CONTINUE, 1, &callbacks);
    get(&callbacks, self, "s/big", NULL);
    CHECK(ended(self) == COSFFI_OK && self->done == SIZE);

    /* Cancelled while it waits. */
    self = streamed(0, COSFFI_FLOW_PAUSE, COSFFI_FLOW_CONTINUE, 0, &callbacks);
    get(&callbacks, self, "s/big", NULL);
    CHECK(cosffi_transfer_wait(self->app.transfer, 50, NULL) == COSFFI_ERROR_NOT_FINISHED);
    cosffi_transfer_cancel(self->app.transfer);
    CHECK(ended(self) == COSFFI_ERROR_CANCELLED && self->done < SIZE);

    self = streamed(100, COSFFI_FLOW_CONTINUE, COSFFI_FLOW_CONTINUE, 0, &callbacks);
    options.offset_bytes = 100;
    get(&callbacks, self, "s/big", &options);
    CHECK(ended(self) == COSFFI_OK && self->done == SIZE);

    self = streamed(0, COSFFI_FLOW_STOP, COSFFI_FLOW_CONTINUE, 0, &callbacks);
    get(&callbacks, self, "s/big", NULL);
    CHECK(ended(self) == COSFFI_ERROR_CANCELLED && self->calls == 1);
    self = streamed(0, 77, COSFFI_FLOW_CONTINUE, 0, &callbacks);
    get(&callbacks, self, "s/big", NULL);
    CHECK(ended(self) == COSFFI_ERROR_INVALID_ARGUMENT && self->calls == 1);
    self = streamed(0, COSFFI_FLOW_END, COSFFI_FLOW_CONTINUE, 0, &callbacks);
    get(&callbacks, self, "s/big", NULL);
    CHECK(ended(self) == COSFFI_ERROR_INVALID_ARGUMENT);
    self = streamed(0, COSFFI_FLOW_CONTINUE, COSFFI_FLOW_CONTINUE, 0, &callbacks);
    get(&callbacks, self, "s/nothing", NULL);
    CHECK(ended(self) == COSFFI_ERROR_NOT_FOUND && self->calls == 0);
    cosffi_transfer_resume(NULL);
}

static int32_t on_read(void *user_data, uint8_t *room, size_t room_bytes, size_t *out_written) {
    stream *self = (stream *)user_data;
    size_t left = SIZE - self->done;
    size_t now = self->at_once < room_bytes ? self->at_once : room_bytes;
    CHECK(self->app.complete == 0 && *out_written == 0);
    if (now > left) now = left;
    memcpy(room, content + self->done, now);
    *out_written = now;
    self->done += now;
    if (self->done == SIZE) return COSFFI_FLOW_END;
    return answer(self);
}

static int32_t on_read_too_much(void *user_data, uint8_t *room, size_t room_bytes,
                                size_t *out_written) {
    (void)user_data;
    (void)room;
    *out_written = room_bytes + 1;
    return COSFFI_FLOW_CONTINUE;
}

static cosffi_result upload(stream *self, cosffi_transfer_callbacks *callbacks, size_t at_once,
                            cosffi_read_fn how) {
    self->at_once = at_once;
    CHECK_OK(cosffi_upload_stream(client, cosffi_str_of("s/up"), how, NULL, callbacks,
                                  &self->app.transfer, NULL),
             NULL);
    return ended(self);
}

static void upwards(void) {
    cosffi_transfer_callbacks callbacks;
    stream *self;
    size_t at_once;

    for (at_once = 4097; at_once <= SIZE; at_once *= 7) {
        self = streamed(0, COSFFI_FLOW_CONTINUE, COSFFI_FLOW_CONTINUE, 0, &callbacks);
        CHECK(upload(self, &callbacks, at_once, on_read) == COSFFI_OK && self->done == SIZE);
        self = streamed(0, COSFFI_FLOW_PAUSE, COSFFI_FLOW_CONTINUE, 1, &callbacks);
        CHECK(upload(self, &callbacks, at_once, on_read) == COSFFI_OK);
        self = streamed(0, COSFFI_FLOW_CONTINUE, COSFFI_FLOW_CONTINUE, 0, &callbacks);
        get(&callbacks, self, "s/up", NULL);
        CHECK(ended(self) == COSFFI_OK && self->done == SIZE);
    }
    /* An empty stream is an empty object. */
    self = streamed(SIZE, 0, 0, 0, &callbacks);
    CHECK(upload(self, &callbacks, 1, on_read) == COSFFI_OK);

    self = streamed(0, COSFFI_FLOW_STOP, 0, 0, &callbacks);
    CHECK(upload(self, &callbacks, 100, on_read) == COSFFI_ERROR_CANCELLED);
    self = streamed(0, COSFFI_FLOW_CONTINUE, 0, 0, &callbacks);
    CHECK(upload(self, &callbacks, 0, on_read) == COSFFI_ERROR_INVALID_ARGUMENT);
    self = streamed(0, 0, 0, 0, &callbacks);
    CHECK(upload(self, &callbacks, 0, on_read_too_much) == COSFFI_ERROR_INVALID_ARGUMENT);
    self = streamed(0, 0, 0, 0, &callbacks);
    CHECK(cosffi_upload_stream(client, cosffi_str_of("s/up"), NULL, NULL, &callbacks,
                               &self->app.transfer, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(self->app.dropped == 1);
}

static void through_descriptors(const char *folder) {
    char path[512];
    static uint8_t back[SIZE + 1];
    app self;
    cosffi_transfer_callbacks callbacks = callbacks_of(&self);
    cosffi_get_options options = cosffi_get_options_default();
    int fd, ends[2];
    snprintf(path, sizeof path, "%s/fd", folder);
    fd = open(path, O_CREAT | O_RDWR | O_TRUNC, 0600);
    CHECK(fd >= 0 && write(fd, content, SIZE) == (ssize_t)SIZE);

    /* Closed at once: the library has its own copy. Its position (the end) does not matter. */
    CHECK_OK(cosffi_upload_fd(client, cosffi_str_of("s/fd"), fd, NULL, &callbacks, &self.transfer,
                              NULL),
             NULL);
    CHECK(close(fd) == 0);
    CHECK(finish(&self) == COSFFI_OK);

    fd = open(path, O_RDWR | O_TRUNC);
    CHECK(fd >= 0);
    callbacks = callbacks_of(&self);
    CHECK_OK(cosffi_download_fd(client, cosffi_str_of("s/fd"), fd, NULL, &callbacks,
                                &self.transfer, NULL),
             NULL);
    CHECK(finish(&self) == COSFFI_OK && self.status == 200);
    CHECK(pread(fd, back, sizeof back, 0) == (ssize_t)SIZE && memcmp(back, content, SIZE) == 0);
    CHECK(close(fd) == 0 && remove(path) == 0);

    CHECK(pipe(ends) == 0);
    callbacks = callbacks_of(&self);
    options.offset_bytes = 7;
    options.length_bytes = 1000;
    CHECK_OK(cosffi_download_fd(client, cosffi_str_of("s/fd"), ends[1], &options, &callbacks,
                                &self.transfer, NULL),
             NULL);
    CHECK(close(ends[1]) == 0);
    CHECK(finish(&self) == COSFFI_OK && self.status == 206);
    CHECK(read(ends[0], back, sizeof back) == 1000 && memcmp(back, content + 7, 1000) == 0);
    CHECK(read(ends[0], back, sizeof back) == 0);

    /* No descriptor, a closed one, and one that cannot be written to. The number of the closed one is so high that
     * nothing of the library's was given it meanwhile. */
    fd = fcntl(ends[0], F_DUPFD, 200);
    CHECK(fd >= 200 && close(fd) == 0 && close(ends[0]) == 0);
    callbacks = callbacks_of(&self);
    CHECK(cosffi_upload_fd(client, cosffi_str_of("s/fd"), -1, NULL, &callbacks, &self.transfer,
                           NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    callbacks = callbacks_of(&self);
    CHECK(cosffi_download_fd(client, cosffi_str_of("s/fd"), fd, NULL, &callbacks,
                             &self.transfer, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(self.dropped == 1);
    fd = open("/dev/null", O_RDONLY);
    callbacks = callbacks_of(&self);
    CHECK_OK(cosffi_download_fd(client, cosffi_str_of("s/fd"), fd, NULL, &callbacks,
                                &self.transfer, NULL),
             NULL);
    CHECK(finish(&self) == COSFFI_ERROR_LOCAL);
    close(fd);
}

typedef struct listing {
    app app;
    int pages, answer;
    char keys[256], prefixes[256], marker[64];
} listing;

static void add(char *room, cosffi_str text) {
    strcat(room, text.data);
    strcat(room, " ");
}

static int32_t on_page(void *user_data, const cosffi_list_page *page) {
    listing *self = (listing *)user_data;
    size_t i;
    for (i = 0; i < cosffi_list_page_object_count(page); i++) {
        const cosffi_object_summary *object = cosffi_list_page_object(page, i);
        CHECK(object->size_bytes == 1 && object->last_modified_s > 1500000000);
        CHECK(object->etag.data[0] == '"' && text_is(object->storage_class, "STANDARD"));
        add(self->keys, object->object_key);
    }
    CHECK(cosffi_list_page_object(page, i) == NULL);
    for (i = 0; i < cosffi_list_page_prefix_count(page); i++) {
        add(self->prefixes, cosffi_list_page_prefix(page, i));
    }
    CHECK(cosffi_list_page_prefix(page, i).len == 0);
    snprintf(self->marker, sizeof self->marker, "%s", cosffi_list_page_next_marker(page).data);
    self->pages++;
    return self->answer;
}

static cosffi_result list(listing *self, const cosffi_list_options *options, int32_t answer) {
    cosffi_transfer_callbacks callbacks = callbacks_of(&self->app);
    memset(self, 0, sizeof *self);
    self->answer = answer;
    CHECK_OK(cosffi_list_objects(client, options, on_page, &callbacks, &self->app.transfer, NULL),
             NULL);
    return finish(&self->app);
}

static void pages(void) {
    static const char *const keys[] = {"l/1", "l/2", "l/a/3", "l/b/4", "l/b/5"};
    listing self;
    cosffi_list_options options = cosffi_list_options_default();
    cosffi_transfer_callbacks callbacks;
    size_t i;
    for (i = 0; i < sizeof keys / sizeof keys[0]; i++) put(client, keys[i], "x", 1);

    options.prefix = cosffi_str_of("l/");
    options.max_keys = 2;
    CHECK(list(&self, &options, COSFFI_FLOW_CONTINUE) == COSFFI_OK);
    CHECK(self.pages == 3 && strcmp(self.keys, "l/1 l/2 l/a/3 l/b/4 l/b/5 ") == 0);
    CHECK(self.prefixes[0] == '\0' && self.marker[0] == '\0');

    options.one_page = 1;
    CHECK(list(&self, &options, COSFFI_FLOW_CONTINUE) == COSFFI_OK);
    CHECK(self.pages == 1 && strcmp(self.keys, "l/1 l/2 ") == 0 && self.marker[0] != '\0');
    options.marker = cosffi_str_of("l/2");
    CHECK(list(&self, &options, COSFFI_FLOW_CONTINUE) == COSFFI_OK);
    CHECK(strcmp(self.keys, "l/a/3 l/b/4 ") == 0);

    options = cosffi_list_options_default();
    options.prefix = cosffi_str_of("l/");
    options.delimiter = cosffi_str_of("/");
    CHECK(list(&self, &options, COSFFI_FLOW_CONTINUE) == COSFFI_OK);
    CHECK(strcmp(self.keys, "l/1 l/2 ") == 0 && strcmp(self.prefixes, "l/a/ l/b/ ") == 0);

    options.max_keys = 1;
    CHECK(list(&self, &options, COSFFI_FLOW_STOP) == COSFFI_ERROR_CANCELLED && self.pages == 1);
    options.max_keys = 1001;
    callbacks = callbacks_of(&self.app);
    CHECK(cosffi_list_objects(client, &options, on_page, &callbacks, NULL, NULL) ==
          COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_list_objects(client, NULL, NULL, NULL, NULL, NULL) ==
          COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_list_page_object_count(NULL) == 0 && cosffi_list_page_prefix_count(NULL) == 0);
}

int main(int argc, char **argv) {
    size_t i;
    CHECK(argc >= 5);
    for (i = 0; i < SIZE; i++) content[i] = (uint8_t)(i * i >> 5);
    CHECK_OK(cosffi_runtime_new(NULL, &runtime, NULL), NULL);
    client = client_of(argv + 1);
    put(client, "s/big", content, SIZE);
    into_memory();
    in_pieces();
    upwards();
    through_descriptors(argv[4]);
    pages();
    cosffi_client_free(client);
    CHECK_OK(cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL), NULL);
    cosffi_runtime_free(runtime);
    printf("streams: ok\n");
    return 0;
}
