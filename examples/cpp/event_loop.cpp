// A program with a loop of its own: event_loop PREFIX < NAMES. It reads names from standard input, stores a
// small object for each, and hears of the results in the same poll() that waits for input; there is no other
// thread of the program's. The environment: see setup.hpp.
#include <poll.h>
#include <unistd.h>

#include "setup.hpp"

int main(int argc, char **argv) {
    if (argc != 2) return std::fprintf(stderr, "usage: event_loop PREFIX, see event_loop.cpp\n"), 2;
    return guarded("event_loop", [&] {
        const auto runtime = cosffi::Runtime::create().value();
        const auto queue = cosffi::Queue::create().value();
        const auto client = client_from_environment(runtime);
        int running = 0, bad = 0;

        const auto start = [&](const std::string &name) {
            const std::string key = argv[1] + name;
            cosffi::Callbacks callbacks;
            callbacks.queue = &queue; // so this runs inside dispatch() below
            callbacks.on_complete = [&, key](const cosffi::Expected<cosffi::Response> &result) {
                std::printf("%s: %s\n", key.c_str(),
                            result ? "COSFFI_OK" : result.error().code_name());
                bad += !result;
                running--;
            };
            static_cast<void>(client.put_object(key, name, {}, std::move(callbacks)).value());
            running++;
        };

        std::string input;
        pollfd on[2] = {{STDIN_FILENO, POLLIN, 0}, {queue.wake_fd(), POLLIN, 0}};
        // poll() ignores descriptors below zero: that is how the input ends.
        while (on[0].fd >= 0 || running > 0) {
            if (poll(on, 2, -1) < 0) return 1;
            if (on[1].revents != 0) {
                while (queue.dispatch().value()) {
                }
            }
            if (on[0].fd < 0 || on[0].revents == 0) continue;
            char buffer[4096];
            const ssize_t got = read(STDIN_FILENO, buffer, sizeof buffer);
            if (got <= 0) {
                on[0].fd = -1;
                continue;
            }
            input.append(buffer, static_cast<std::size_t>(got));
            for (std::size_t end; (end = input.find('\n')) != std::string::npos;) {
                if (end > 0) start(input.substr(0, end));
                input.erase(0, end + 1);
            }
        }
        return bad > 0 ? 1 : 0;
    });
}
