/* The header in C23, where its enums are types of a known size. */
#include "cos_ffi.h"

#ifdef WANT_C23
static_assert(__STDC_VERSION__ >= 202311L, "not C23");
static_assert(sizeof(cosffi_result) == sizeof(int32_t), "another ABI");
static_assert(sizeof(enum cosffi_flow) == sizeof(int32_t), "another ABI");
#endif

int main(void) {
    cosffi_result result = COSFFI_OK;
    return result == COSFFI_OK ? 0 : 1;
}
