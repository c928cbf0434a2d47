/* Section "Runtime": start, options of other sizes, shutdown, several at once, fork. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static void count(void *user_data) { ++*(int *)user_data; }

/* Static, so that what the forked child leaves alone is still reachable there. */
static cosffi_runtime *runtime, *second;

static void options(void) {
    cosffi_error *error = NULL;
    struct {
        cosffi_runtime_options known;
        uint64_t newer;
    } future;
    cosffi_runtime_options small = cosffi_runtime_options_default();

    /* A program compiled with an older header: only the size field exists. */
    small.struct_size = sizeof(size_t);
    small.worker_threads = 1000000;
    CHECK_OK(cosffi_runtime_new(&small, &runtime, &error), error);
    cosffi_runtime_free(runtime);

    /* A newer header: fields we do not know are fine while they are zero. */
    memset(&future, 0, sizeof future);
    future.known.struct_size = sizeof future;
    future.known.worker_threads = 1;
    CHECK_OK(cosffi_runtime_new(&future.known, &runtime, &error), error);
    cosffi_runtime_free(runtime);
    future.newer = 1;
    CHECK(cosffi_runtime_new(&future.known, &runtime, &error) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(runtime == NULL && text_has(cosffi_error_message(error), "does not know"));
    cosffi_error_free(error);

    small = cosffi_runtime_options_default();
    small.struct_size = 0;
    CHECK(cosffi_runtime_new(&small, &runtime, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    small.struct_size = SIZE_MAX;
    CHECK(cosffi_runtime_new(&small, &runtime, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    small = cosffi_runtime_options_default();
    small.worker_threads = 65;
    CHECK(cosffi_runtime_new(&small, &runtime, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_runtime_new(NULL, NULL, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
}

static void shutdown_once(void) {
    int done = 0;
    CHECK_OK(cosffi_runtime_new(NULL, &runtime, NULL), NULL);
    CHECK_OK(cosffi_runtime_new(NULL, &second, NULL), NULL);
    CHECK(cosffi_runtime_shutdown(NULL, 0, NULL, NULL, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK_OK(cosffi_runtime_shutdown(runtime, -1, count, &done, NULL), NULL);
    CHECK(done == 1);
    CHECK(cosffi_runtime_shutdown(runtime, -1, count, &done, NULL) == COSFFI_ERROR_SHUT_DOWN);
    CHECK_OK(cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL), NULL);
    CHECK(done == 1);
    cosffi_runtime_free(runtime);
    /* The other one is not concerned. */
    CHECK_OK(cosffi_runtime_shutdown(second, -1, count, &done, NULL), NULL);
    CHECK(done == 2);
    cosffi_runtime_free(second);
    cosffi_runtime_free(NULL);
}

static void refused_after_fork(void) {
    pid_t child;
    int status = 0;
    CHECK_OK(cosffi_runtime_new(NULL, &runtime, NULL), NULL);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        cosffi_error *error = NULL;
        CHECK(cosffi_runtime_shutdown(runtime, -1, NULL, NULL, &error) == COSFFI_ERROR_FORKED);
        CHECK(text_has(cosffi_error_message(error), "fork"));
        cosffi_error_free(error);
        cosffi_runtime_free(runtime);
        /* All went well. Not _exit(): valgrind would report what the parent's threads left here. */
        kill(getpid(), SIGKILL);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    CHECK_OK(cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL), NULL);
    cosffi_runtime_free(runtime);
}

int main(void) {
    options();
    shutdown_once();
    refused_after_fork();
    return 0;
}
