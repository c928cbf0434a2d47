/* What the C tests against a server share: one runtime, clients, and a record of what callbacks said. */
#ifndef SERVER_H
#define SERVER_H

#include "check.h"

typedef struct app {
    int progress, complete, dropped;
    cosffi_result result;
    uint32_t status;
    cosffi_transfer *transfer;
    void *more; /* the test's own */
} app;

static cosffi_runtime *runtime;

static inline void app_progress(void *user_data, uint64_t done_bytes, uint64_t total_bytes) {
    app *self = (app *)user_data;
    CHECK(self->complete == 0 && self->dropped == 0);
    CHECK(done_bytes <= total_bytes);
    self->progress++;
}

static inline void app_complete(void *user_data, cosffi_result result,
                                const cosffi_response *response, const cosffi_error *error) {
    app *self = (app *)user_data;
    CHECK(self->complete == 0 && self->dropped == 0);
    CHECK((response == NULL) == (result != COSFFI_OK) && cosffi_error_code(error) == result);
    self->complete++;
    self->result = result;
    self->status = cosffi_response_status(response);
}

static inline void app_drop(void *user_data) {
    app *self = (app *)user_data;
    CHECK(self->dropped == 0);
    self->dropped++;
}

static inline cosffi_transfer_callbacks callbacks_of(app *self) {
    cosffi_transfer_callbacks callbacks = cosffi_transfer_callbacks_default();
    memset(self, 0, sizeof *self);
    callbacks.user_data = self;
    callbacks.on_progress = app_progress;
    callbacks.on_complete = app_complete;
    callbacks.drop = app_drop;
    return callbacks;
}

/* Waits for the transfer of `self`, checks the laws, frees it. */
static inline cosffi_result finish(app *self) {
    cosffi_result result = cosffi_transfer_wait(self->transfer, -1, NULL);
    CHECK(self->complete == 1 && self->dropped == 1 && self->result == result);
    cosffi_transfer_free(self->transfer);
    return result;
}

/* ENDPOINT ID KEY, the arguments of every such test. */
static inline cosffi_client *client_of(char **argv) {
    cosffi_credentials *credentials = NULL;
    cosffi_provider *provider = NULL;
    cosffi_client *made = NULL;
    cosffi_error *error = NULL;
    cosffi_client_options options = cosffi_client_options_default();
    CHECK_OK(cosffi_credentials_new(cosffi_str_of(argv[1]), cosffi_str_of(argv[2]),
                                    cosffi_str_of(""), 0, 0, &credentials, NULL),
             NULL);
    CHECK_OK(cosffi_provider_static(credentials, &provider, NULL), NULL);
    options.bucket = cosffi_str_of("demo-1250000000");
    options.region = cosffi_str_of("ap-guangzhou");
    options.endpoint = cosffi_str_of(argv[0]);
    options.provider = provider;
    options.part_size_bytes = 1 << 20;
    options.concurrency = 4;
    CHECK_OK(cosffi_client_new(runtime, &options, &made, &error), error);
    cosffi_provider_free(provider);
    cosffi_credentials_free(credentials);
    return made;
}

static inline void put(cosffi_client *client, const char *key, const void *data, size_t size) {
    app self;
    cosffi_transfer_callbacks callbacks = callbacks_of(&self);
    cosffi_bytes bytes;
    bytes.data = (const uint8_t *)data;
    bytes.len = size;
    CHECK_OK(cosffi_put_object(client, cosffi_str_of(key), bytes, NULL, &callbacks, &self.transfer,
                               NULL),
             NULL);
    CHECK(finish(&self) == COSFFI_OK && self.status == 200);
}

#endif
