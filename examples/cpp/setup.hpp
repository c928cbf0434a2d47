// What the examples share: a client of the bucket that the environment names.
//
//   COS_BUCKET=photos-1250000000 COS_REGION=ap-guangzhou COS_SECRET_ID=... COS_SECRET_KEY=...
//   [COS_SESSION_TOKEN=...] [COS_ENDPOINT=http://127.0.0.1:9000]
#ifndef SETUP_HPP
#define SETUP_HPP

#include <cstdio>
#include <cstdlib>
#include <string>

#include "cos_ffi.hpp"

inline std::string environment(const char *name) {
    const char *value = std::getenv(name);
    return value != nullptr ? value : "";
}

inline cosffi::Credentials credentials_from_environment() {
    return cosffi::Credentials::temporary(environment("COS_SECRET_ID"),
                                          environment("COS_SECRET_KEY"),
                                          environment("COS_SESSION_TOKEN"), 0, 0)
        .value();
}

inline cosffi::Client client_with(const cosffi::Runtime &runtime,
                                  const cosffi::Provider &provider) {
    cosffi::ClientOptions options;
    options.bucket = environment("COS_BUCKET");
    options.region = environment("COS_REGION");
    options.endpoint = environment("COS_ENDPOINT");
    return cosffi::Client::create(runtime, provider, options).value();
}

inline cosffi::Client client_from_environment(const cosffi::Runtime &runtime) {
    return client_with(runtime, cosffi::Provider::fixed(credentials_from_environment()).value());
}

// Runs an example in its throwing form; what goes wrong is said here.
template <class Run> int guarded(const char *name, Run &&run) {
    try {
        return run();
    } catch (const cosffi::Exception &failure) {
        const cosffi::Error &error = failure.error();
        std::fprintf(stderr, "%s: %s\n", name, failure.what());
        if (!error.request_id().empty())
            std::fprintf(stderr, "  request %s\n", error.request_id().c_str());
        if (!error.hint().empty()) std::fprintf(stderr, "  %s\n", error.hint().c_str());
        return 1;
    }
}

#endif
