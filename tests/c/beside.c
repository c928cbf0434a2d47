/* A second Rust library in the same program: neither is in the other's way. */
#include "check.h"

uint64_t stranger_count(uint64_t of);

int main(void) {
    cosffi_runtime *runtime = NULL;
    CHECK(stranger_count(1000) == 1000);
    CHECK_OK(cosffi_runtime_new(NULL, &runtime, NULL), NULL);
    CHECK(stranger_count(7) == 7);
    CHECK_OK(cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL), NULL);
    cosffi_runtime_free(runtime);
    printf("beside: ok\n");
    return 0;
}
