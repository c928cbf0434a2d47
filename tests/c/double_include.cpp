// The header is C++ too, may be included twice, and its helpers compile there.
#include "cos_ffi.h"
#include "cos_ffi.h"

int main() {
    cosffi_runtime_options options = cosffi_runtime_options_default();
    cosffi_runtime *runtime = nullptr;
    cosffi_error *error = nullptr;
    cosffi_result result = cosffi_runtime_new(&options, &runtime, &error);
    cosffi_runtime_shutdown(runtime, -1, nullptr, nullptr, nullptr);
    cosffi_runtime_free(runtime);
    return result == COSFFI_OK ? 0 : 1;
}
