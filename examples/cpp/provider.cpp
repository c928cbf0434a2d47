// An app's own source of credentials: it asks its server with its own HTTP client and login, on a thread of its
// own, and answers the library's request from there: provider KEY TEXT.
//
//   COS_BROKER_URL=http://127.0.0.1:8080/v1/credentials COS_BROKER_BEARER=...   and see setup.hpp
#include <memory>
#include <thread>

#include "setup.hpp"

extern "C" {
#include "../c/http_post.h"
}

// On a thread of the app: may take its time.
static void ask_our_server(cosffi::CredentialRequest request) {
    std::fprintf(stderr, "asked for %s in %s\n", std::string(request.action()).c_str(),
                 std::string(request.bucket()).c_str());
    const std::unique_ptr<char, decltype(&std::free)> json(
        http_post(environment("COS_BROKER_URL").c_str(), environment("COS_BROKER_BEARER").c_str(),
                  "{}"),
        &std::free);
    if (json == nullptr) {
        // NETWORK says that it may be tried again.
        return std::move(request).fail(COSFFI_ERROR_NETWORK, "our server did not answer");
    }
    const auto credentials = cosffi::Credentials::parse_sts(json.get());
    if (credentials) return std::move(request).complete(*credentials);
    std::move(request).fail(COSFFI_ERROR_ACCESS_DENIED, credentials.error().message());
}

int main(int argc, char **argv) {
    if (argc != 3) return std::fprintf(stderr, "usage: provider KEY TEXT, see provider.cpp\n"), 2;
    return guarded("provider", [&] {
        const auto runtime = cosffi::Runtime::create().value();
        // On the callback thread: must return at once. Were the request destroyed unanswered, the transfer
        // would fail instead of waiting for nothing.
        const auto provider =
            cosffi::Provider::from_app(runtime, [](cosffi::CredentialRequest request) {
                std::thread(ask_our_server, std::move(request)).detach();
            }).value();
        const auto client = client_with(runtime, provider);
        const std::string_view text = argv[2];
        static_cast<void>(client.put_object(argv[1], text).value().wait().value());
        std::printf("stored %u bytes\n", static_cast<unsigned>(text.size()));
        return 0;
    });
}
