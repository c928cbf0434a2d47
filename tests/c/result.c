/* Section "Result codes": the numbers are fixed, every one has a name. */
#include "check.h"

int main(void) {
    CHECK(COSFFI_OK == 0);
    CHECK(COSFFI_ERROR_INVALID_ARGUMENT == 1);
    CHECK(COSFFI_ERROR_PANIC == 2);
    CHECK(COSFFI_ERROR_CANCELLED == 3);
    CHECK(COSFFI_ERROR_SHUT_DOWN == 4);
    CHECK(COSFFI_ERROR_FORKED == 5);
    CHECK(COSFFI_ERROR_WRONG_THREAD == 6);
    CHECK(COSFFI_ERROR_NOT_FINISHED == 7);
    CHECK(COSFFI_ERROR_CONFIG == 8);
    CHECK(COSFFI_ERROR_CREDENTIAL == 9);
    CHECK(COSFFI_ERROR_SERVICE == 10);
    CHECK(COSFFI_ERROR_ACCESS_DENIED == 11);
    CHECK(COSFFI_ERROR_NOT_FOUND == 12);
    CHECK(COSFFI_ERROR_NETWORK == 13);
    CHECK(COSFFI_ERROR_TIMEOUT == 14);
    CHECK(COSFFI_ERROR_LOCAL == 15);
    CHECK(COSFFI_ERROR_INTEGRITY == 16);
    CHECK(COSFFI_ERROR_PRECONDITION == 17);
    CHECK(sizeof(cosffi_result) == 4);
    CHECK(strcmp(cosffi_result_name(COSFFI_OK), "COSFFI_OK") == 0);
    CHECK(strcmp(cosffi_result_name(17), "COSFFI_ERROR_PRECONDITION") == 0);
    CHECK(strcmp(cosffi_result_name(18), "COSFFI_ERROR_UNKNOWN") == 0);
    CHECK(strcmp(cosffi_result_name(INT32_MIN), "COSFFI_ERROR_UNKNOWN") == 0);
    return 0;
}
