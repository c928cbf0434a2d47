// A URL that lets somebody else read one object for a quarter of an hour: presign KEY. No network, no client.
// The environment: see setup.hpp.
#include <ctime>

#include "setup.hpp"

int main(int argc, char **argv) {
    if (argc != 2) return std::fprintf(stderr, "usage: presign KEY, see presign.cpp\n"), 2;
    return guarded("presign", [&] {
        const auto now_s = static_cast<std::uint64_t>(std::time(nullptr));
        cosffi::PresignRequest request;
        request.method = "GET";
        request.base_url = "https://" + environment("COS_BUCKET") + ".cos." +
                           environment("COS_REGION") + ".myqcloud.com";
        request.object_key = argv[1];
        request.key_time_start_s = now_s - 60;
        request.key_time_end_s = now_s + 900;
        // As secret as the credentials until it ends.
        std::puts(cosffi::presign_url(credentials_from_environment(), request).value().c_str());
        return 0;
    });
}
