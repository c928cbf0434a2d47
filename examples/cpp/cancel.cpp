// Cancels an upload: at Ctrl-C, or after some bytes: cancel FILE KEY [BYTES]. Whatever happens, the transfer
// completes once, and nothing is left on the service. The environment: see setup.hpp.
#include <atomic>
#include <csignal>

#include "setup.hpp"

static volatile std::sig_atomic_t interrupted;

int main(int argc, char **argv) {
    if (argc < 3) return std::fprintf(stderr, "usage: cancel FILE KEY [BYTES], see cancel.cpp\n"), 2;
    std::signal(SIGINT, [](int) { interrupted = 1; });
    return guarded("cancel", [&] {
        const std::uint64_t limit = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : UINT64_MAX;
        auto runtime = cosffi::Runtime::create().value();
        const auto client = client_from_environment(runtime);
        std::atomic<bool> enough{false};
        cosffi::UploadOptions options;
        options.part_size_bytes = 1 << 20;
        cosffi::Callbacks callbacks;
        callbacks.on_progress = [&](std::uint64_t done, std::uint64_t) { enough = done >= limit; };
        callbacks.on_complete = [](const cosffi::Expected<cosffi::Response> &result) {
            std::fprintf(stderr, "completed with %s\n",
                         result ? "COSFFI_OK" : result.error().code_name());
        };
        const auto transfer = client.upload_file(argv[2], argv[1], options, callbacks).value();
        auto result = transfer.wait(0);
        while (!result && result.error().code() == COSFFI_ERROR_NOT_FINISHED) {
            if (interrupted || enough) transfer.cancel();
            result = transfer.wait(10);
        }
        std::puts(result ? "COSFFI_OK" : result.error().code_name());
        // Waits for the clean-up too: the parts that were sent are removed.
        runtime.shutdown().value();
        return result || result.error().code() == COSFFI_ERROR_CANCELLED ? 0 : 1;
    });
}
