/* Section "Log": lines arrive until they are turned off; drop comes once for each setting. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>

#include "check.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int lines, dropped;

static void on_line(void *user_data, int32_t level, cosffi_str target, cosffi_str message) {
    pthread_mutex_lock(&lock);
    CHECK(user_data == &lines);
    CHECK(level >= COSFFI_LOG_ERROR && level <= COSFFI_LOG_TRACE);
    CHECK(strncmp(target.data, "cos_", 4) == 0);
    CHECK(message.len > 0);
    CHECK(!text_has(message, "planted-secret"));
    lines++;
    pthread_mutex_unlock(&lock);
}

static void on_drop(void *user_data) {
    CHECK(user_data == &lines);
    dropped++;
}

/* A transfer that fails: it has something to say at the finest level. */
static void work(void) {
    cosffi_runtime *runtime = NULL;
    cosffi_credentials *credentials = NULL;
    cosffi_provider *provider = NULL;
    cosffi_client *client = NULL;
    cosffi_transfer *transfer = NULL;
    cosffi_client_options options = cosffi_client_options_default();
    CHECK_OK(cosffi_runtime_new(NULL, &runtime, NULL), NULL);
    CHECK_OK(cosffi_credentials_new(cosffi_str_of("id"), cosffi_str_of("planted-secret"),
                                    cosffi_str_of(""), 0, 0, &credentials, NULL),
             NULL);
    CHECK_OK(cosffi_provider_static(credentials, &provider, NULL), NULL);
    options.bucket = cosffi_str_of("demo-1250000000");
    options.region = cosffi_str_of("ap-guangzhou");
    options.endpoint = cosffi_str_of("http://127.0.0.1:1");
    options.provider = provider;
    options.max_attempts = 1;
    CHECK_OK(cosffi_client_new(runtime, &options, &client, NULL), NULL);
    CHECK_OK(cosffi_delete_object(client, cosffi_str_of("k"), NULL, &transfer, NULL), NULL);
    CHECK(cosffi_transfer_wait(transfer, -1, NULL) == COSFFI_ERROR_NETWORK);
    cosffi_transfer_free(transfer);
    cosffi_client_free(client);
    cosffi_provider_free(provider);
    cosffi_credentials_free(credentials);
    CHECK_OK(cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL), NULL);
    cosffi_runtime_free(runtime);
}

int main(void) {
    cosffi_error *error = NULL;
    int heard;
    CHECK(cosffi_log_set(99, on_line, &lines, on_drop, &error) == COSFFI_ERROR_INVALID_ARGUMENT);
    cosffi_error_free(error);
    CHECK(dropped == 1);
    CHECK_OK(cosffi_log_set(COSFFI_LOG_TRACE, on_line, &lines, on_drop, &error), error);
    work();
    CHECK(lines > 0);
    heard = lines;
    CHECK_OK(cosffi_log_set(COSFFI_LOG_OFF, NULL, NULL, NULL, &error), error);
    CHECK(dropped == 2);
    work();
    CHECK(lines == heard);
    return 0;
}
