/* Section "Objects", whole folders both ways, against a server: folders ENDPOINT ID KEY FOLDER. */
#define _POSIX_C_SOURCE 200809L
#include <sys/stat.h>
#include <unistd.h>

#include "server.h"

static cosffi_client *client;
static char in[600], out[600];

static cosffi_str str(const char *text) { return cosffi_str_of(text); }

/* What on_entry heard; app.more of the transfer's callbacks. */
typedef struct heard {
    int actions[COSFFI_FOLDER_FAIL + 1];
    int calls, last_flow;
    int32_t answer; /* to the first call; all others go on */
    cosffi_transfer *cancels;
    char names[512];
} heard;

static int32_t on_entry(void *user_data, const cosffi_folder_entry *entry) {
    app *self = (app *)user_data;
    heard *all = (heard *)self->more;
    CHECK(self->complete == 0 && self->dropped == 0);
    CHECK(entry->action > COSFFI_FOLDER_OTHER && entry->action <= COSFFI_FOLDER_FAIL);
    CHECK((entry->error != NULL) == (entry->action == COSFFI_FOLDER_FAIL));
    CHECK((entry->reason.len > 0) == (entry->action == COSFFI_FOLDER_SKIP));
    CHECK(entry->name.len > 0 && entry->name.data[entry->name.len] == '\0');
    CHECK(entry->resumed_bytes == 0 && entry->reserved == 0);
    all->actions[entry->action]++;
    if (strlen(all->names) + entry->name.len + 2 < sizeof all->names) {
        strcat(all->names, " ");
        strcat(all->names, entry->name.data);
    }
    if (all->cancels != NULL) cosffi_transfer_cancel(all->cancels);
    return all->calls++ == 0 ? all->answer : COSFFI_FLOW_CONTINUE;
}

static void write_file(const char *below, const char *name, size_t size) {
    char path[1300];
    size_t i;
    FILE *file;
    snprintf(path, sizeof path, "%s/%s", below, name);
    file = fopen(path, "wb");
    CHECK(file != NULL);
    for (i = 0; i < size; i++) fputc((int)(i * i >> 7 & 0xff), file);
    CHECK(fclose(file) == 0);
}

static long size_of(const char *below, const char *name) {
    char path[1300];
    struct stat is;
    snprintf(path, sizeof path, "%s/%s", below, name);
    return stat(path, &is) == 0 ? (long)is.st_size : -1;
}

static void remove_at(const char *below, const char *name) {
    char path[1300];
    snprintf(path, sizeof path, "%s/%s", below, name);
    remove(path);
}

static app self;
static heard all;

static cosffi_transfer_callbacks fresh(void) {
    cosffi_transfer_callbacks callbacks = callbacks_of(&self);
    memset(&all, 0, sizeof all);
    self.more = &all;
    return callbacks;
}

static void start_up(const char *prefix, const cosffi_folder_options *options) {
    cosffi_transfer_callbacks callbacks = fresh();
    cosffi_error *error = NULL;
    CHECK_OK(cosffi_upload_folder(client, str(prefix), str(in), options, on_entry, &callbacks,
                                  &self.transfer, &error),
             error);
}

static cosffi_result done(void) {
    cosffi_result result = cosffi_transfer_wait(self.transfer, -1, NULL);
    CHECK(self.complete == 1 && self.dropped == 1 && self.result == result);
    return result;
}

static cosffi_result up(const char *prefix, const cosffi_folder_options *options) {
    start_up(prefix, options);
    return done();
}

static cosffi_result down(const char *prefix, const cosffi_folder_options *options) {
    cosffi_transfer_callbacks callbacks = fresh();
    cosffi_error *error = NULL;
    CHECK_OK(cosffi_download_folder(client, str(prefix), str(out), options, on_entry, &callbacks,
                                    &self.transfer, &error),
             error);
    return done();
}

static const cosffi_folder_report *report(void) {
    const cosffi_response *response = cosffi_transfer_response(self.transfer);
    const cosffi_folder_report *is = cosffi_response_folder(response);
    CHECK(response != NULL && is != NULL);
    CHECK(cosffi_response_size_bytes(response) == is->transferred_bytes);
    CHECK(cosffi_response_resumed_bytes(response) == is->resumed_bytes);
    return is;
}

static void free_transfer(void) {
    cosffi_transfer_free(self.transfer);
    self.transfer = NULL;
}

static int exists(const char *key) {
    app asked;
    cosffi_transfer_callbacks callbacks = callbacks_of(&asked);
    cosffi_result result;
    CHECK_OK(cosffi_head_object(client, str(key), &callbacks, &asked.transfer, NULL), NULL);
    result = finish(&asked);
    CHECK(result == COSFFI_OK || result == COSFFI_ERROR_NOT_FOUND);
    return result == COSFFI_OK;
}

static void upwards(void) {
    const cosffi_str photos[] = {{"*.jpg", 5}, {"b/large", 7}};
    const cosffi_str drafts[] = {{"drafts", 6}};
    cosffi_pair headers[1];
    cosffi_folder_options options = cosffi_folder_options_default();

    /* Told and not done. */
    options.dry_run = 1;
    CHECK(up("t", &options) == COSFFI_OK);
    CHECK(report()->transferred == 5 && report()->transferred_bytes == 3 + 5 + 7 + (3 << 20) + 2);
    CHECK(report()->skipped == 1 && report()->failed == 0 && report()->unchanged == 0);
    CHECK(all.actions[COSFFI_FOLDER_UPLOAD] == 5 && all.actions[COSFFI_FOLDER_SKIP] == 1);
    CHECK(strstr(all.names, " b/drafts/e.txt") != NULL && strstr(all.names, " link") != NULL);
    free_transfer();
    CHECK(!exists("t/a.txt"));

    /* Some of it, with a header of our own. */
    options = cosffi_folder_options_default();
    options.include = photos;
    options.include_count = 2;
    headers[0].name = str("x-cos-meta-color");
    headers[0].value = str("red");
    options.headers = headers;
    options.headers_count = 1;
    options.part_size_bytes = 1 << 20;
    options.concurrency = 2;
    options.priority = COSFFI_PRIORITY_LOW;
    CHECK(up("t", &options) == COSFFI_OK);
    CHECK(report()->transferred == 2 && report()->transferred_bytes == 5 + (3 << 20));
    CHECK(self.progress >= 1);
    free_transfer();
    CHECK(exists("t/b/c.jpg") && exists("t/b/large") && !exists("t/a.txt"));
    {
        app asked;
        cosffi_transfer_callbacks callbacks = callbacks_of(&asked);
        CHECK_OK(cosffi_head_object(client, str("t/b/c.jpg"), &callbacks, &asked.transfer, NULL),
                 NULL);
        CHECK(cosffi_transfer_wait(asked.transfer, -1, NULL) == COSFFI_OK);
        CHECK(text_is(cosffi_response_header(cosffi_transfer_response(asked.transfer),
                                             str("x-cos-meta-color")),
                      "red"));
        CHECK(cosffi_response_folder(cosffi_transfer_response(asked.transfer)) == NULL);
        CHECK(cosffi_response_folder_failure(cosffi_transfer_response(asked.transfer), 0) == NULL);
        cosffi_transfer_free(asked.transfer);
    }

    /* The rest but one; what is there stays as it is; what only the bucket has goes. */
    put(client, "t/gone", "x", 1);
    put(client, "t/b/drafts/kept", "x", 1);
    options = cosffi_folder_options_default();
    options.exclude = drafts;
    options.exclude_count = 1;
    options.compare = COSFFI_COMPARE_CHECKSUM;
    options.delete_extra = 1;
    options.empty_folders = 1;
    CHECK(up("t/", &options) == COSFFI_OK);
    CHECK(report()->transferred == 2 && report()->unchanged == 2 && report()->deleted == 1);
    CHECK(all.actions[COSFFI_FOLDER_UNCHANGED] == 2 && all.actions[COSFFI_FOLDER_DELETE] == 1);
    CHECK(all.actions[COSFFI_FOLDER_MAKE_FOLDER] == 1);
    free_transfer();
    CHECK(exists("t/a.txt") && exists("t/b/d.txt") && exists("t/empty/") && !exists("t/gone"));
    CHECK(!exists("t/b/drafts/e.txt") && exists("t/b/drafts/kept"));

    /* By size and time everything that is there is the same. */
    options = cosffi_folder_options_default();
    options.compare = COSFFI_COMPARE_SIZE_AND_TIME;
    options.follow_symlinks = 1;
    CHECK(up("t", &options) == COSFFI_OK);
    CHECK(report()->unchanged == 4 && report()->transferred == 2 && report()->skipped == 0);
    free_transfer();
    CHECK(exists("t/b/drafts/e.txt") && exists("t/link"));
}

static void downwards(void) {
    cosffi_folder_options options = cosffi_folder_options_default();
    const cosffi_folder_entry *failure;
    char records[700];

    /* Keys without a place in a folder fail by name; everything else is there. */
    put(client, "t/../../out", "gotcha", 6);
    snprintf(records, sizeof records, "%s-records", out);
    options.resume_folder = str(records);
    options.portable_names = 1;
    CHECK(down("t", &options) == COSFFI_OK);
    CHECK(report()->transferred == 7 && report()->failed == 1);
    CHECK(all.actions[COSFFI_FOLDER_DOWNLOAD] == 7 && all.actions[COSFFI_FOLDER_FAIL] == 1);
    failure = cosffi_response_folder_failure(cosffi_transfer_response(self.transfer), 0);
    CHECK(failure != NULL && failure->action == COSFFI_FOLDER_FAIL);
    CHECK(text_is(failure->name, "../../out") && cosffi_error_message(failure->error).len > 0);
    CHECK(cosffi_error_code(failure->error) != COSFFI_OK);
    CHECK(cosffi_response_folder_failure(cosffi_transfer_response(self.transfer), 1) == NULL);
    free_transfer();
    CHECK(size_of(out, "b/large") == 3 << 20 && size_of(out, "a.txt") == 3);
    CHECK(size_of(out, "../../out") == -1 && size_of(out, "empty") >= 0);
    remove(records);

    /* Nothing new. */
    options = cosffi_folder_options_default();
    options.compare = COSFFI_COMPARE_SIZE_AND_TIME;
    CHECK(down("t", &options) == COSFFI_OK);
    CHECK(report()->unchanged == 7 && report()->transferred == 0 && report()->failed == 1);
    free_transfer();

    /* Not over what is there: one by one, or the first ends it. */
    options = cosffi_folder_options_default();
    options.forbid_overwrite = 1;
    CHECK(down("t", &options) == COSFFI_OK);
    CHECK(report()->transferred == 0 && report()->failed == 8);
    failure = cosffi_response_folder_failure(cosffi_transfer_response(self.transfer), 1);
    CHECK(text_is(failure->name, "a.txt"));
    CHECK(cosffi_error_code(failure->error) == COSFFI_ERROR_LOCAL);
    free_transfer();
    options.fail_fast = 1;
    CHECK(down("t", &options) == COSFFI_ERROR_LOCAL ||
          self.result == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(all.actions[COSFFI_FOLDER_FAIL] >= 1);
    CHECK(cosffi_transfer_status(self.transfer) == COSFFI_TRANSFER_FAILED);
    free_transfer();
}

/* What the app answers, and what is done to the transfer meanwhile. */
static void steered(void) {
    cosffi_folder_options options = cosffi_folder_options_default();
    cosffi_transfer_callbacks callbacks;
    int i;
    options.dry_run = 1;

    /* More than may wait while the app does not go on. */
    for (i = 0; i < 1100; i++) {
        char name[32];
        snprintf(name, sizeof name, "many%d", i);
        write_file(in, name, 0);
    }
    callbacks = fresh();
    all.answer = COSFFI_FLOW_PAUSE;
    CHECK_OK(cosffi_upload_folder(client, str("s"), str(in), &options, on_entry, &callbacks,
                                  &self.transfer, NULL),
             NULL);
    CHECK(cosffi_transfer_wait(self.transfer, 300, NULL) == COSFFI_ERROR_NOT_FINISHED);
    do cosffi_transfer_resume(self.transfer);
    while (cosffi_transfer_wait(self.transfer, 20, NULL) == COSFFI_ERROR_NOT_FINISHED);
    CHECK(done() == COSFFI_OK && report()->transferred == 1105 && all.calls == 1106);
    free_transfer();
    for (i = 0; i < 1100; i++) {
        char name[32];
        snprintf(name, sizeof name, "many%d", i);
        remove_at(in, name);
    }

    callbacks = fresh();
    all.answer = COSFFI_FLOW_STOP;
    CHECK_OK(cosffi_upload_folder(client, str("s"), str(in), &options, on_entry, &callbacks,
                                  &self.transfer, NULL),
             NULL);
    CHECK(done() == COSFFI_ERROR_CANCELLED && all.calls == 1);
    free_transfer();
    callbacks = fresh();
    all.answer = 9;
    CHECK_OK(cosffi_upload_folder(client, str("s"), str(in), &options, on_entry, &callbacks,
                                  &self.transfer, NULL),
             NULL);
    CHECK(done() == COSFFI_ERROR_INVALID_ARGUMENT && all.calls == 1);
    free_transfer();

    /* Held, looked at, and gone on with. */
    start_up("s", NULL);
    cosffi_transfer_pause(self.transfer);
    while (cosffi_transfer_status(self.transfer) != COSFFI_TRANSFER_PAUSED &&
           cosffi_transfer_wait(self.transfer, 5, NULL) == COSFFI_ERROR_NOT_FINISHED) {
    }
    cosffi_transfer_resume(self.transfer);
    CHECK(done() == COSFFI_OK && report()->transferred == 5);
    free_transfer();
    /* Stopped, and cancelled. */
    start_up("s", NULL);
    cosffi_transfer_stop(self.transfer);
    CHECK(done() == COSFFI_ERROR_CANCELLED || self.result == COSFFI_OK);
    free_transfer();
    start_up("s", NULL);
    cosffi_transfer_cancel(self.transfer);
    CHECK(done() == COSFFI_ERROR_CANCELLED || self.result == COSFFI_OK);
    free_transfer();
    {
        static app early;
        static heard first;
        callbacks = callbacks_of(&early);
        memset(&first, 0, sizeof first);
        early.more = &first;
        first.answer = COSFFI_FLOW_STOP;
        CHECK_OK(cosffi_upload_folder(client, str("s"), str(in), NULL, on_entry, &callbacks,
                                      &early.transfer, NULL),
                 NULL);
        CHECK(finish(&early) == COSFFI_ERROR_CANCELLED && first.calls == 1);
    }
}

/* The same with events: on_entry runs inside cosffi_queue_next(). */
static void with_a_queue(void) {
    cosffi_queue *queue = NULL;
    cosffi_event *event = NULL;
    cosffi_transfer_callbacks callbacks = fresh();
    CHECK_OK(cosffi_queue_new(&queue, NULL), NULL);
    callbacks.queue = queue;
    CHECK_OK(cosffi_download_folder(client, str("t"), str(out), NULL, on_entry, &callbacks,
                                    &self.transfer, NULL),
             NULL);
    for (;;) {
        cosffi_event_type kind;
        CHECK_OK(cosffi_queue_next(queue, -1, &event, NULL), NULL);
        kind = cosffi_event_kind(event);
        if (kind == COSFFI_EVENT_COMPLETE) {
            CHECK(cosffi_event_result(event) == COSFFI_OK);
            CHECK(cosffi_response_folder(cosffi_event_response(event))->transferred == 7);
        }
        cosffi_event_free(event);
        if (kind == COSFFI_EVENT_COMPLETE) break;
    }
    CHECK(all.calls == 9 && all.actions[COSFFI_FOLDER_MAKE_FOLDER] == 1 && self.dropped == 1);
    free_transfer();
    cosffi_queue_free(queue);
}

static void refused(void) {
    const cosffi_str empty[] = {{"", 0}};
    const cosffi_str no_pattern[] = {{"[", 1}};
    cosffi_folder_options options = cosffi_folder_options_default();
    cosffi_transfer_callbacks callbacks = fresh();
#define REFUSED(start) CHECK(start(client, str("r"), str(in), &options, NULL, &callbacks,          \
                                   &self.transfer, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);        \
    CHECK(self.dropped == 1 && self.complete == 0 && self.transfer == NULL);                       \
    options = cosffi_folder_options_default();                                                     \
    callbacks = fresh()
    options.compare = 3;
    REFUSED(cosffi_upload_folder);
    options.priority = -1;
    REFUSED(cosffi_download_folder);
    options.include = empty;
    options.include_count = 1;
    REFUSED(cosffi_upload_folder);
    options.exclude = empty;
    options.exclude_count = SIZE_MAX;
    REFUSED(cosffi_upload_folder);
    options.headers_count = 1;
    REFUSED(cosffi_download_folder);
    options.portable_names = 1;
    REFUSED(cosffi_upload_folder);
    options.forbid_overwrite = 1;
    REFUSED(cosffi_upload_folder);
    options.follow_symlinks = 1;
    REFUSED(cosffi_download_folder);
    options.empty_folders = 1;
    REFUSED(cosffi_download_folder);
    options.struct_size = 3;
    REFUSED(cosffi_upload_folder);

    /* What only the transfer finds out. */
    options.include = no_pattern;
    options.include_count = 1;
    CHECK(up("r", &options) == COSFFI_ERROR_CONFIG);
    free_transfer();
    callbacks = fresh();
    CHECK_OK(cosffi_upload_folder(client, str("r"), str("/no/such/folder"), NULL, NULL, &callbacks,
                                  &self.transfer, NULL),
             NULL);
    CHECK(done() == COSFFI_ERROR_LOCAL);
    free_transfer();
    CHECK(cosffi_response_folder(NULL) == NULL && cosffi_response_folder_failure(NULL, 0) == NULL);
}

static void clean_up(void) {
    static const char *const files[] = {"a.txt",   "b/c.jpg", "b/d.txt", "b/drafts/e.txt", "b/large",
                                        "link",    "b/drafts/kept", "b/drafts", "b", "empty"};
    static const char *const prefixes[] = {"t", "s"};
    size_t i, j;
    for (i = 0; i < sizeof files / sizeof *files; i++) {
        remove_at(in, files[i]);
        remove_at(out, files[i]);
        for (j = 0; j < 2; j++) {
            char key[64];
            snprintf(key, sizeof key, "%s/%s%s", prefixes[j], files[i],
                     strcmp(files[i], "empty") == 0 ? "/" : "");
            CHECK_OK(cosffi_delete_object(client, str(key), NULL, &self.transfer, NULL), NULL);
            CHECK_OK(cosffi_transfer_wait(self.transfer, -1, NULL), NULL);
            free_transfer();
        }
    }
    CHECK_OK(cosffi_delete_object(client, str("t/../../out"), NULL, &self.transfer, NULL), NULL);
    CHECK_OK(cosffi_transfer_wait(self.transfer, -1, NULL), NULL);
    free_transfer();
    CHECK(rmdir(in) == 0 && rmdir(out) == 0);
}

int main(int argc, char **argv) {
    char path[700];
    CHECK(argc >= 5);
    snprintf(in, sizeof in, "%s/folders-in", argv[4]);
    snprintf(out, sizeof out, "%s/folders-out", argv[4]);
    CHECK(mkdir(in, 0700) == 0);
    snprintf(path, sizeof path, "%s/b", in);
    CHECK(mkdir(path, 0700) == 0);
    snprintf(path, sizeof path, "%s/b/drafts", in);
    CHECK(mkdir(path, 0700) == 0);
    snprintf(path, sizeof path, "%s/empty", in);
    CHECK(mkdir(path, 0700) == 0);
    snprintf(path, sizeof path, "%s/link", in);
    CHECK(symlink("a.txt", path) == 0);
    write_file(in, "a.txt", 3);
    write_file(in, "b/c.jpg", 5);
    write_file(in, "b/d.txt", 7);
    write_file(in, "b/large", 3 << 20);
    write_file(in, "b/drafts/e.txt", 2);

    CHECK_OK(cosffi_runtime_new(NULL, &runtime, NULL), NULL);
    client = client_of(argv + 1);
    upwards();
    downwards();
    steered();
    with_a_queue();
    refused();
    clean_up();
    cosffi_client_free(client);
    CHECK_OK(cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL), NULL);
    cosffi_runtime_free(runtime);
    puts("folders: ok");
    return 0;
}
