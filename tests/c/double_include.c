/* The header in C, twice: nothing is said about it under the strictest warnings. */
#include "cos_ffi.h"
#include "cos_ffi.h"

int main(void) { return cosffi_abi_version() >= COSFFI_ABI_VERSION ? 0 : 1; }
