/* Sections "Text" and "Version". */
#include "check.h"

int main(void) {
    cosffi_string empty = {NULL, 0};
    cosffi_str text = cosffi_str_of("abc");

    CHECK(cosffi_abi_version() == COSFFI_ABI_VERSION);
    CHECK(strchr(cosffi_version_string(), '.') != NULL);

    CHECK(text.len == 3 && text.data[2] == 'c');
    CHECK(cosffi_str_of(NULL).len == 0);

    /* Freeing nothing is fine; freeing something is in sign.c. */
    cosffi_string_free(NULL);
    cosffi_string_free(&empty);
    CHECK(empty.data == NULL && empty.len == 0);
    return 0;
}
