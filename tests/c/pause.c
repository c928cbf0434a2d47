/* Section "Transfers": paused and resumed, stopped and continued, by record and by folder, on a server that is
 * slow enough for that: pause ENDPOINT ID KEY FOLDER. */
#include <pthread.h>

#include "server.h"

#define MIB ((size_t)1 << 20)
#define SIZE (6 * MIB + 7)
/* When so much has moved, the first of the parts of 1 MiB, one at a time, is done. */
#define ENOUGH (2 * MIB + 1)

static cosffi_client *client;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char in[512], out[512], records[512];

typedef struct eager {
    app app;
    uint64_t stop_at;
    int paused, enough; /* `enough` under the lock */
} eager;

/* Pauses once, when something has moved; or stops there. */
static void on_progress(void *user_data, uint64_t done_bytes, uint64_t total_bytes) {
    eager *self = (eager *)user_data;
    CHECK(done_bytes <= total_bytes);
    pthread_mutex_lock(&lock);
    self->enough = done_bytes >= ENOUGH;
    pthread_mutex_unlock(&lock);
    if (self->stop_at > 0) {
        cosffi_string record = {NULL, 0};
        CHECK_OK(cosffi_transfer_resume_record(self->app.transfer, &record, NULL), NULL);
        if (record.len > 0 && done_bytes >= self->stop_at) cosffi_transfer_stop(self->app.transfer);
        cosffi_string_free(&record);
    } else if (!self->paused && done_bytes > 0) {
        self->paused = 1;
        cosffi_transfer_pause(self->app.transfer);
    }
}

static cosffi_transfer_callbacks eager_callbacks(eager *self, uint64_t stop_at) {
    cosffi_transfer_callbacks callbacks = callbacks_of(&self->app);
    memset(self, 0, sizeof *self);
    self->stop_at = stop_at;
    callbacks.on_progress = on_progress;
    return callbacks;
}

/* Ends, though it pauses itself: it is let go on whenever it is held. How often that was. */
static int finish_eager(eager *self) {
    int held = 0;
    while (cosffi_transfer_wait(self->app.transfer, 5, NULL) == COSFFI_ERROR_NOT_FINISHED) {
        if (cosffi_transfer_status(self->app.transfer) != COSFFI_TRANSFER_PAUSED) continue;
        held++;
        cosffi_transfer_resume(self->app.transfer);
    }
    CHECK(finish(&self->app) == COSFFI_OK);
    return held;
}

static void write_pattern(void) {
    FILE *file = fopen(in, "wb");
    size_t i;
    CHECK(file != NULL);
    for (i = 0; i < SIZE; i++) CHECK(putc((int)((i * i >> 5) & 0xff), file) != EOF);
    CHECK(fclose(file) == 0);
}

static int same_files(void) {
    FILE *a = fopen(in, "rb"), *b = fopen(out, "rb");
    int one = 0, other = 0;
    CHECK(a != NULL && b != NULL);
    while (one == other && one != EOF) {
        one = getc(a);
        other = getc(b);
    }
    fclose(a);
    fclose(b);
    return one == other;
}

static void start_upload(eager *self, const cosffi_transfer_callbacks *callbacks,
                         const cosffi_upload_options *options) {
    CHECK_OK(cosffi_upload_file(client, cosffi_str_of("r/file"), cosffi_str_of(in), options,
                                callbacks, &self->app.transfer, NULL),
             NULL);
}

static void start_download(eager *self, const cosffi_transfer_callbacks *callbacks,
                           const cosffi_download_options *options) {
    CHECK_OK(cosffi_download_file(client, cosffi_str_of("r/file"), cosffi_str_of(out), options,
                                  callbacks, &self->app.transfer, NULL),
             NULL);
}

static void paused(void) {
    eager self;
    cosffi_transfer_callbacks callbacks;
    do { /* until it is held before its end */
        callbacks = eager_callbacks(&self, 0);
        start_upload(&self, &callbacks, NULL);
    } while (finish_eager(&self) == 0);

    /* Paused when it has hardly begun. */
    do {
        callbacks = callbacks_of(&self.app);
        start_download(&self, &callbacks, NULL);
        cosffi_transfer_pause(self.app.transfer);
        cosffi_transfer_pause(self.app.transfer);
    } while (finish_eager(&self) == 0);
    CHECK(same_files());
    CHECK(remove(out) == 0);

    /* Cancelled while it waits. */
    for (;;) {
        callbacks = callbacks_of(&self.app);
        start_download(&self, &callbacks, NULL);
        cosffi_transfer_pause(self.app.transfer);
        if (cosffi_transfer_wait(self.app.transfer, 5, NULL) == COSFFI_ERROR_NOT_FINISHED) break;
        CHECK(finish(&self.app) == COSFFI_OK && remove(out) == 0); /* it was quicker */
    }
    cosffi_transfer_cancel(self.app.transfer);
    CHECK(finish(&self.app) == COSFFI_ERROR_CANCELLED);
}

/* Stopped in the middle; what continues it, or an empty text when it was done before. */
static cosffi_string stopped(eager *self) {
    cosffi_string record = {NULL, 0};
    cosffi_error *error = NULL;
    /* Without a record all was done, and only the last word was cut off. */
    if (cosffi_transfer_wait(self->app.transfer, -1, &error) == COSFFI_ERROR_CANCELLED &&
        cosffi_error_resume_record(error).len > 0) {
        CHECK(!text_has(cosffi_error_resume_record(error), "q-signature"));
        CHECK_OK(cosffi_transfer_resume_record(self->app.transfer, &record, NULL), NULL);
        CHECK(text_is(cosffi_error_resume_record(error), record.data));
    }
    cosffi_error_free(error);
    finish(&self->app);
    return record;
}

static uint64_t resumed_bytes(eager *self) {
    uint64_t bytes;
    cosffi_error *error = NULL;
    const cosffi_response *response;
    CHECK_OK(cosffi_transfer_wait(self->app.transfer, -1, &error), error);
    response = cosffi_transfer_response(self->app.transfer);
    bytes = cosffi_response_resumed_bytes(response);
    CHECK(text_is(cosffi_response_restart_reason(response), ""));
    CHECK(cosffi_response_size_bytes(response) == SIZE);
    CHECK(finish(&self->app) == COSFFI_OK);
    return bytes;
}

static void by_record(void) {
    eager self;
    cosffi_upload_options up = cosffi_upload_options_default();
    cosffi_download_options down = cosffi_download_options_default();
    cosffi_transfer_callbacks callbacks;
    cosffi_string record;
    up.concurrency = 1;
    do { /* until it is stopped before its end */
        callbacks = eager_callbacks(&self, ENOUGH);
        start_upload(&self, &callbacks, &up);
        record = stopped(&self);
    } while (record.len == 0);
    callbacks = callbacks_of(&self.app);
    up.resume_record = cosffi_str_of(record.data);
    start_upload(&self, &callbacks, &up);
    CHECK(resumed_bytes(&self) >= MIB);
    cosffi_string_free(&record);

    down.concurrency = 1;
    do {
        callbacks = eager_callbacks(&self, ENOUGH);
        start_download(&self, &callbacks, &down);
        record = stopped(&self);
    } while (record.len == 0);
    callbacks = callbacks_of(&self.app);
    down.resume_record = cosffi_str_of(record.data);
    start_download(&self, &callbacks, &down);
    CHECK(resumed_bytes(&self) >= MIB && same_files());
    cosffi_string_free(&record);
    CHECK(remove(out) == 0);

    /* No record at all: it begins anew and says why. */
    callbacks = callbacks_of(&self.app);
    up.resume_record = cosffi_str_of("no record");
    start_upload(&self, &callbacks, &up);
    CHECK(cosffi_transfer_wait(self.app.transfer, -1, NULL) == COSFFI_OK);
    CHECK(cosffi_response_restart_reason(cosffi_transfer_response(self.app.transfer)).len > 0);
    CHECK(finish(&self.app) == COSFFI_OK);
}

/* Until enough of it has moved, or it is over. */
static void wait_for_enough(eager *self) {
    int enough = 0;
    while (!enough &&
           cosffi_transfer_wait(self->app.transfer, 5, NULL) == COSFFI_ERROR_NOT_FINISHED) {
        pthread_mutex_lock(&lock);
        enough = self->enough;
        pthread_mutex_unlock(&lock);
    }
}

/* A shutdown in the middle, and another run of the program, which goes on by itself. */
static void by_folder(char **argv) {
    eager self;
    cosffi_upload_options up = cosffi_upload_options_default();
    cosffi_transfer_callbacks callbacks;
    cosffi_result result;
    size_t length;
    up.concurrency = 1;
    up.resume_folder = cosffi_str_of(records);
    do { /* until the shutdown comes before its end */
        cosffi_string record = {NULL, 0};
        callbacks = eager_callbacks(&self, UINT64_MAX);
        start_upload(&self, &callbacks, &up);
        wait_for_enough(&self);
        cosffi_client_free(client);
        CHECK_OK(cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL), NULL);
        CHECK_OK(cosffi_transfer_resume_record(self.app.transfer, &record, NULL), NULL);
        length = record.len;
        cosffi_string_free(&record);
        result = finish(&self.app);
        /* Without a record all was done, and only the last word was cut off. */
        CHECK(result == COSFFI_OK || result == COSFFI_ERROR_CANCELLED);
        cosffi_runtime_free(runtime);
        CHECK_OK(cosffi_runtime_new(NULL, &runtime, NULL), NULL);
        client = client_of(argv + 1);
    } while (result == COSFFI_OK || length == 0);
    callbacks = callbacks_of(&self.app);
    start_upload(&self, &callbacks, &up);
    CHECK(resumed_bytes(&self) >= MIB);
}

static void refusals(void) {
    app self;
    cosffi_string record;
    cosffi_upload_options up = cosffi_upload_options_default();
    cosffi_transfer_callbacks callbacks = callbacks_of(&self);
    const cosffi_bytes bytes = {(const uint8_t *)"x", 1};
    up.resume_folder = cosffi_str_of(records);
    CHECK(cosffi_put_object(client, cosffi_str_of("r/x"), bytes, &up, &callbacks, &self.transfer,
                            NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(self.dropped == 1);
    up.resume_folder = cosffi_str_of("/proc/no/such/place");
    CHECK(cosffi_upload_file(client, cosffi_str_of("r/x"), cosffi_str_of(in), &up, NULL, NULL,
                             NULL) == COSFFI_ERROR_LOCAL);
    CHECK(cosffi_transfer_resume_record(NULL, &record, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    cosffi_transfer_pause(NULL);
    cosffi_transfer_stop(NULL);
    /* A single request has nothing to pause, stop or continue. */
    callbacks = callbacks_of(&self);
    CHECK_OK(cosffi_put_object(client, cosffi_str_of("r/x"), bytes, NULL, &callbacks, &self.transfer,
                               NULL),
             NULL);
    cosffi_transfer_pause(self.transfer);
    CHECK_OK(cosffi_transfer_resume_record(self.transfer, &record, NULL), NULL);
    CHECK(record.data == NULL && record.len == 0);
    CHECK(finish(&self) == COSFFI_OK);
    CHECK(cosffi_error_resume_record(NULL).len == 0 && cosffi_response_resumed_bytes(NULL) == 0);
}

int main(int argc, char **argv) {
    CHECK(argc >= 5);
    snprintf(in, sizeof in, "%s/in", argv[4]);
    snprintf(out, sizeof out, "%s/out", argv[4]);
    snprintf(records, sizeof records, "%s/records", argv[4]);
    CHECK_OK(cosffi_runtime_new(NULL, &runtime, NULL), NULL);
    client = client_of(argv + 1);
    write_pattern();
    paused();
    by_record();
    by_folder(argv);
    refusals();
    cosffi_client_free(client);
    CHECK_OK(cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL), NULL);
    cosffi_runtime_free(runtime);
    printf("pause: ok\n");
    return 0;
}
