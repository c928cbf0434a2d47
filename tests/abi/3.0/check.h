/* What every C test needs: a check that says where it failed, and text comparison. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cos_ffi.h"

#define CHECK(what)                                                               \
    do {                                                                          \
        if (!(what)) {                                                            \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #what);  \
            exit(1);                                                              \
        }                                                                         \
    } while (0)

/* Prints an error before giving up, so that a failed CHECK_OK explains itself. */
#define CHECK_OK(result, error)                                                   \
    do {                                                                          \
        cosffi_result got = (result);                                             \
        if (got != COSFFI_OK) {                                                   \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__,                \
                    cosffi_result_name(got), cosffi_error_message(error).data);   \
            exit(1);                                                              \
        }                                                                         \
    } while (0)

static inline int text_is(cosffi_str text, const char *expected) {
    return text.len == strlen(expected) && memcmp(text.data, expected, text.len) == 0 &&
           text.data[text.len] == '\0';
}

static inline int text_has(cosffi_str text, const char *part) {
    return strstr(text.data, part) != NULL;
}

#endif
