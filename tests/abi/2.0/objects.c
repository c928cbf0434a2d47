/* Sections "Objects", "Transfers" and "Responses" against a server: objects ENDPOINT ID KEY FOLDER. */
#define _POSIX_C_SOURCE 200809L
#include <unistd.h>

#include "check.h"

typedef struct app {
    int progress, complete, dropped;
    uint64_t done_bytes, total_bytes;
    cosffi_result result;
    uint64_t crc64, size_bytes;
    char etag[128], content_type[64], color[64], service_code[64];
    uint32_t http_status;
    uint64_t last_modified_s;
    cosffi_transfer *cancel; /* cancelled at each progress */
} app;

static void keep(char *room, size_t size, cosffi_str text) {
    snprintf(room, size, "%s", text.data);
    CHECK(strlen(text.data) == text.len);
}

static void on_progress(void *user_data, uint64_t done_bytes, uint64_t total_bytes) {
    app *self = (app *)user_data;
    CHECK(self->complete == 0);
    CHECK(done_bytes >= self->done_bytes && done_bytes <= total_bytes);
    self->done_bytes = done_bytes;
    self->total_bytes = total_bytes;
    self->progress++;
    cosffi_transfer_cancel(self->cancel);
}

static void on_complete(void *user_data, cosffi_result result, const cosffi_response *response,
                        const cosffi_error *error) {
    app *self = (app *)user_data;
    self->complete++;
    self->result = result;
    self->size_bytes = cosffi_response_size_bytes(response);
    self->last_modified_s = cosffi_response_last_modified_s(response);
    CHECK(result != COSFFI_OK || cosffi_response_request_id(response).len > 0);
    CHECK(text_is(cosffi_response_version_id(response), ""));
    cosffi_response_crc64(response, &self->crc64);
    keep(self->etag, sizeof self->etag, cosffi_response_etag(response));
    keep(self->content_type, sizeof self->content_type,
         cosffi_response_header(response, cosffi_str_of("Content-Type")));
    keep(self->color, sizeof self->color,
         cosffi_response_header(response, cosffi_str_of("x-cos-meta-color")));
    keep(self->service_code, sizeof self->service_code, cosffi_error_service_code(error));
    self->http_status = cosffi_error_http_status(error);
    if (result != COSFFI_OK) {
        CHECK(cosffi_error_message(error).len > 0);
        CHECK(!text_has(cosffi_error_message(error), "q-signature"));
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
static cosffi_client *client;
static char in[512], out[512], missing[512];

static cosffi_client *client_of(const char *endpoint, const char *id, const char *key) {
    cosffi_credentials *credentials = NULL;
    cosffi_provider *provider = NULL;
    cosffi_client *made = NULL;
    cosffi_error *error = NULL;
    cosffi_client_options options = cosffi_client_options_default();
    CHECK_OK(cosffi_credentials_new(cosffi_str_of(id), cosffi_str_of(key), cosffi_str_of(""), 0, 0,
                                    &credentials, NULL),
             NULL);
    CHECK_OK(cosffi_provider_static(credentials, &provider, NULL), NULL);
    options.bucket = cosffi_str_of("demo-1250000000");
    options.region = cosffi_str_of("ap-guangzhou");
    options.endpoint = cosffi_str_of(endpoint);
    options.provider = provider;
    options.part_size_bytes = 1 << 20;
    options.concurrency = 4;
    CHECK_OK(cosffi_client_new(runtime, &options, &made, &error), error);
    cosffi_provider_free(provider);
    cosffi_credentials_free(credentials);
    return made;
}

/* Waits for a transfer, checks the laws, frees it. */
static cosffi_result finish(app *self, cosffi_transfer *transfer) {
    cosffi_result result = cosffi_transfer_wait(transfer, -1, NULL);
    CHECK(self->complete == 1 && self->dropped == 1 && self->result == result);
    CHECK((cosffi_transfer_response(transfer) != NULL) == (result == COSFFI_OK));
    CHECK(self->progress == 0 || result != COSFFI_OK || self->done_bytes == self->total_bytes);
    cosffi_transfer_free(transfer);
    return result;
}

static cosffi_result head(app *self, const cosffi_client *by, const char *key) {
    cosffi_transfer_callbacks callbacks = callbacks_of(self);
    cosffi_transfer *transfer = NULL;
    CHECK_OK(cosffi_head_object(by, cosffi_str_of(key), &callbacks, &transfer, NULL), NULL);
    return finish(self, transfer);
}

static cosffi_result upload(app *self, const char *path, const cosffi_upload_options *options) {
    cosffi_transfer_callbacks callbacks = callbacks_of(self);
    cosffi_transfer *transfer = NULL;
    CHECK_OK(cosffi_upload_file(client, cosffi_str_of("c/file"), cosffi_str_of(path), options,
                                &callbacks, &transfer, NULL),
             NULL);
    return finish(self, transfer);
}

static cosffi_result download(app *self, const char *key, const char *path, int cancel) {
    cosffi_transfer_callbacks callbacks = callbacks_of(self);
    cosffi_download_options options = cosffi_download_options_default();
    cosffi_transfer *transfer = NULL;
    /* Written before the first callback comes. */
    cosffi_transfer **started = cancel ? &self->cancel : &transfer;
    options.concurrency = 2;
    CHECK_OK(cosffi_download_file(client, cosffi_str_of(key), cosffi_str_of(path), &options,
                                  &callbacks, started, NULL),
             NULL);
    return finish(self, *started);
}

static size_t write_pattern(const char *path, size_t size) {
    FILE *file = fopen(path, "wb");
    uint32_t state = 1;
    size_t i;
    CHECK(file != NULL);
    for (i = 0; i < size; i++) {
        state = state * 1664525u + 1013904223u;
        CHECK(putc((int)(state >> 24), file) != EOF);
    }
    CHECK(fclose(file) == 0);
    return size;
}

static int same_files(const char *left, const char *right) {
    FILE *a = fopen(left, "rb"), *b = fopen(right, "rb");
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

static void up_and_down(size_t size) {
    app up, asked, down;
    cosffi_pair meta;
    cosffi_upload_options options = cosffi_upload_options_default();

    write_pattern(in, size);
    meta.name = cosffi_str_of("x-cos-meta-color");
    meta.value = cosffi_str_of("blue");
    options.content_type = cosffi_str_of("text/x-pattern");
    options.headers = &meta;
    options.headers_count = 1;
    CHECK(upload(&up, in, &options) == COSFFI_OK);
    CHECK(up.size_bytes == size && up.etag[0] == '"');
    CHECK(head(&asked, client, "c/file") == COSFFI_OK);
    CHECK(asked.size_bytes == size && asked.crc64 == up.crc64);
    CHECK(strcmp(asked.etag, up.etag) == 0);
    CHECK(strcmp(asked.content_type, "text/x-pattern") == 0);
    CHECK(strcmp(asked.color, "blue") == 0);
    CHECK(asked.last_modified_s > 1500000000);
    CHECK(download(&down, "c/file", out, 0) == COSFFI_OK);
    CHECK(down.size_bytes == size && down.crc64 == up.crc64);
    CHECK(strcmp(down.color, "blue") == 0);
    CHECK(same_files(in, out));
    CHECK(remove(out) == 0);
}

static void refusals(const char *endpoint, const char *id) {
    app self;
    cosffi_client *wrong;
    cosffi_upload_options once = cosffi_upload_options_default();

    CHECK(upload(&self, missing, NULL) == COSFFI_ERROR_LOCAL);
    once.forbid_overwrite = 1;
    CHECK(upload(&self, in, &once) == COSFFI_ERROR_PRECONDITION);
    CHECK(strcmp(self.service_code, "FileAlreadyExists") == 0);
    CHECK(download(&self, "c/nothing", out, 0) == COSFFI_ERROR_NOT_FOUND);
    CHECK(self.http_status == 404 && access(out, F_OK) != 0);
    CHECK(download(&self, "c/file", "/nowhere/at/all", 0) == COSFFI_ERROR_LOCAL);
    wrong = client_of(endpoint, id, "not-the-key");
    CHECK(head(&self, wrong, "c/file") == COSFFI_ERROR_ACCESS_DENIED);
    CHECK(strcmp(self.service_code, "SignatureDoesNotMatch") == 0 && self.http_status == 403);
    cosffi_client_free(wrong);
}

static void bytes_and_delete(void) {
    app self;
    cosffi_transfer_callbacks callbacks = callbacks_of(&self);
    cosffi_transfer *transfer = NULL;
    const cosffi_bytes nothing = {NULL, 0};
    CHECK_OK(cosffi_put_object(client, cosffi_str_of("c/empty"), nothing, NULL, &callbacks, &transfer,
                               NULL),
             NULL);
    CHECK(finish(&self, transfer) == COSFFI_OK && self.size_bytes == 0);
    CHECK(head(&self, client, "c/empty") == COSFFI_OK && self.size_bytes == 0);
    callbacks = callbacks_of(&self);
    CHECK_OK(cosffi_delete_object(client, cosffi_str_of("c/empty"), &callbacks, &transfer, NULL), NULL);
    CHECK(finish(&self, transfer) == COSFFI_OK);
    CHECK(head(&self, client, "c/empty") == COSFFI_ERROR_NOT_FOUND);
}

/* A cancel from inside a callback: either it comes in time and nothing is left, or it is too late. */
static void cancel_inside(void) {
    app self;
    cosffi_result result = download(&self, "c/file", out, 1);
    CHECK(result == COSFFI_OK || result == COSFFI_ERROR_CANCELLED);
    CHECK((access(out, F_OK) == 0) == (result == COSFFI_OK));
    remove(out);
}

int main(int argc, char **argv) {
    CHECK(argc >= 5);
    snprintf(in, sizeof in, "%s/in", argv[4]);
    snprintf(out, sizeof out, "%s/out", argv[4]);
    snprintf(missing, sizeof missing, "%s/missing", argv[4]);
    CHECK_OK(cosffi_runtime_new(NULL, &runtime, NULL), NULL);
    client = client_of(argv[1], argv[2], argv[3]);
    up_and_down(0);
    up_and_down(1);
    up_and_down((5u << 20) + 3);
    refusals(argv[1], argv[2]);
    bytes_and_delete();
    cancel_inside();
    cosffi_client_free(client);
    CHECK_OK(cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL), NULL);
    cosffi_runtime_free(runtime);
    printf("objects: ok\n");
    return 0;
}
