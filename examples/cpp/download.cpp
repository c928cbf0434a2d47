// Downloads an object into a file, which appears only when it is whole and checked, or writes it to standard
// output as it arrives: download KEY FILE|-. The environment: see setup.hpp.
#include "setup.hpp"

int main(int argc, char **argv) {
    if (argc != 3) return std::fprintf(stderr, "usage: download KEY FILE|-, see download.cpp\n"), 2;
    return guarded("download", [&] {
        const auto runtime = cosffi::Runtime::create().value();
        const auto client = client_from_environment(runtime);
        // A piece is borrowed for the call. While we write, the network waits.
        const auto on_body = [](std::uint64_t, std::string_view bytes) {
            return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size()
                       ? COSFFI_FLOW_CONTINUE
                       : COSFFI_FLOW_STOP;
        };
        const auto transfer = std::string_view(argv[2]) == "-"
                                  ? client.get_object(argv[1], on_body).value()
                                  : client.download_file(argv[1], argv[2]).value();
        const auto response = transfer.wait().value();
        std::fprintf(stderr, "downloaded %llu bytes of type %s\n",
                     static_cast<unsigned long long>(response.size_bytes().value_or(0)),
                     std::string(response.header("content-type")).c_str());
        return std::fflush(stdout) == 0 ? 0 : 1;
    });
}
