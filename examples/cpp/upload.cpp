// Uploads a file of any size, with progress: upload FILE KEY. The environment: see setup.hpp.
#include "setup.hpp"

int main(int argc, char **argv) {
    if (argc != 3) return std::fprintf(stderr, "usage: upload FILE KEY, see upload.cpp\n"), 2;
    return guarded("upload", [&] {
        const auto runtime = cosffi::Runtime::create().value();
        const auto client = client_from_environment(runtime);

        cosffi::UploadOptions options;
        options.content_type = "application/octet-stream";
        cosffi::Callbacks callbacks;
        callbacks.on_progress = [](std::uint64_t done, std::uint64_t total) {
            std::fprintf(stderr, "\r%llu of %llu bytes", static_cast<unsigned long long>(done),
                         static_cast<unsigned long long>(total));
        };
        const auto transfer = client.upload_file(argv[2], argv[1], options, callbacks).value();
        // A program with a user interface returns to its loop here; this one waits.
        const auto response = transfer.wait().value();
        std::printf("uploaded %llu bytes, ETag %s\n",
                    static_cast<unsigned long long>(response.size_bytes().value_or(0)),
                    std::string(response.etag()).c_str());
        return 0;
    });
}
