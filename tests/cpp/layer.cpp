// The C++ layer against a server: layer ENDPOINT ID KEY FOLDER BROKER TOKEN.
#include <poll.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <type_traits>

#include "cos_ffi.hpp"

#define CHECK(what)                                                                   \
    do {                                                                              \
        if (!(what)) {                                                                \
            std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #what); \
            std::exit(1);                                                             \
        }                                                                             \
    } while (0)

using namespace cosffi;

template <class T> constexpr bool move_only =
    std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
    !std::is_copy_constructible_v<T>;
static_assert(move_only<Runtime> && move_only<Client> && move_only<Transfer> && move_only<Provider>);
static_assert(move_only<Credentials> && move_only<Queue> && move_only<CredentialRequest>);
static_assert(std::is_nothrow_copy_constructible_v<Exception>);

static std::string slurp(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

static void without_a_server() {
    auto credentials = Credentials::temporary("id", "key", "token", 1000, 5000).value();
    CHECK(credentials.session_token() == "token" && credentials.expired_time_s() == 5000);
    SignRequest request;
    request.method = "GET";
    request.path = "/a b";
    request.headers = {{"Host", "example"}};
    request.key_time_start_s = 1000;
    request.key_time_end_s = 2000;
    CHECK(sign_request(credentials, request)->rfind("q-sign-algorithm=sha1&q-ak=id&", 0) == 0);
    request.path.clear();
    const auto refused = sign_request(credentials, request);
    CHECK(!refused && refused.error().code() == COSFFI_ERROR_INVALID_ARGUMENT);
    bool thrown_at_all = false;
    try {
        static_cast<void>(refused.value());
    } catch (const Exception &thrown) {
        CHECK(std::string(thrown.what()).find("COSFFI_ERROR_INVALID_ARGUMENT: ") == 0);
        CHECK(thrown.error().message() == refused.error().message());
        thrown_at_all = true;
    }
    CHECK(thrown_at_all);
    PresignRequest presign;
    presign.method = "GET";
    presign.base_url = "https://demo-1250000000.cos.ap-guangzhou.myqcloud.com";
    presign.object_key = "a b";
    presign.key_time_start_s = 1000;
    presign.key_time_end_s = 2000;
    CHECK(presign_url(credentials, presign)->find("/a%20b?") != std::string::npos);

    PolicyOptions may;
    may.bucket = "demo-1250000000";
    may.region = "ap-guangzhou";
    may.prefix = "users/ada/";
    may.operations = {"upload"};
    const std::string policy = build_policy(may).value();
    CHECK(lint_policy(policy).value() == "[]");
    PolicyCheck check;
    check.session_json = policy;
    check.action = "name/cos:PutObject";
    check.resource = "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/users/ada/1";
    CHECK(check_policy(check).value());
    check.action = "name/cos:DeleteObject";
    CHECK(!check_policy(check).value());
    check.action.clear();
    CHECK(!check_policy(check));
    CHECK(!Credentials::parse_sts("{}"));
}

/** A download that is held before its end; one that was quicker than that is begun again. */
static Transfer held_download(const Client &client, const std::string &path,
                              const DownloadOptions &options = {}) {
    for (;;) {
        auto transfer = client.download_file("y/file", path, options).value();
        transfer.pause();
        const auto waited = transfer.wait(20);
        if (!waited && waited.error().code() == COSFFI_ERROR_NOT_FINISHED) return transfer;
    }
}

static void both_ways(const Client &client, const std::string &folder) {
    std::string content(3u << 20, '\0');
    for (std::size_t i = 0; i < content.size(); i++) content[i] = static_cast<char>(i * i >> 7);
    std::ofstream(folder + "/up", std::ios::binary) << content;

    UploadOptions options;
    options.content_type = "text/plain";
    options.headers = {{"x-cos-meta-color", "blue"}};
    std::uint64_t last = 0;
    bool completed = false;
    Callbacks callbacks;
    // Written on the callback thread, read after the wait, which orders the two.
    callbacks.on_progress = [&](std::uint64_t done, std::uint64_t) { last = done; };
    callbacks.on_complete = [&](const Expected<Response> &result) {
        completed = result.has_value() && !result->etag().empty();
    };
    auto transfer = client.upload_file("y/file", folder + "/up", options, callbacks).value();
    CHECK(transfer.wait().value().size_bytes() == content.size());
    CHECK(completed && last == content.size());

    auto head = client.head_object("y/file").value();
    const Response properties = head.wait().value();
    CHECK(properties.status() == 200 && properties.header("X-Cos-Meta-Color") == "blue");
    CHECK(properties.crc64() == transfer.wait()->crc64());

    DownloadOptions resumable;
    resumable.resume_folder = folder + "/records";
    auto down = held_download(client, folder + "/down", resumable);
    down.resume();
    CHECK(down.wait()->resumed_bytes() == 0 && down.wait()->restart_reason().empty());
    CHECK(down.resume_record() && down.wait()->size_bytes() == content.size());
    auto stopped = held_download(client, folder + "/other");
    stopped.stop();
    CHECK(stopped.wait().error().code() == COSFFI_ERROR_CANCELLED);
    CHECK(stopped.wait().error().resume_record() == stopped.resume_record().value());
    auto again = held_download(client, folder + "/other");
    again.cancel();
    CHECK(again.wait().error().resume_record().empty());
    std::remove((folder + "/other").c_str());
    std::remove((folder + "/records").c_str());
    CHECK(slurp(folder + "/down") == content);
    std::remove((folder + "/up").c_str());
    std::remove((folder + "/down").c_str());

    GetOptions range;
    range.offset_bytes = 5;
    range.length_bytes = 10;
    auto some = client.get_object("y/file", {}, range).value();
    CHECK(some.wait()->body() == content.substr(5, 10) && some.wait()->status() == 206);

    // Paused by one piece, let go on by another thread.
    std::string streamed;
    std::thread other;
    std::atomic<cosffi_transfer *> raw{nullptr};
    auto whole = client
                     .get_object("y/file",
                                 [&](std::uint64_t offset, std::string_view bytes) {
                                     CHECK(offset == streamed.size());
                                     streamed += bytes;
                                     if (offset > 0) return COSFFI_FLOW_CONTINUE;
                                     other = std::thread([&] {
                                         while (raw == nullptr) std::this_thread::yield();
                                         cosffi_transfer_resume(raw);
                                     });
                                     return COSFFI_FLOW_PAUSE;
                                 })
                     .value();
    raw = whole.get();
    CHECK(whole.wait() && streamed == content);
    other.join();

    std::size_t given = 0;
    auto up = client
                  .upload_stream("y/stream",
                                 [&](char *room, std::size_t room_bytes, std::size_t &written) {
                                     written = content.copy(room, room_bytes, given);
                                     given += written;
                                     return given == content.size() ? COSFFI_FLOW_END
                                                                    : COSFFI_FLOW_CONTINUE;
                                 })
                  .value();
    CHECK(up.wait()->crc64() == properties.crc64());

    std::string keys;
    ListOptions list;
    list.prefix = "y/";
    list.max_keys = 1;
    CHECK(client
              .list_objects(
                  [&](const ListPage &page) {
                      for (std::size_t i = 0; i < page.object_count(); i++) {
                          keys.append(page.object(i).object_key) += ' ';
                      }
                      CHECK(page.prefix_count() == 0);
                      return COSFFI_FLOW_CONTINUE;
                  },
                  list)
              .value()
              .wait());
    CHECK(keys == "y/file y/stream ");
    CHECK(!client.list_objects({}));
    CHECK(client.delete_object("y/stream").value().wait()->status() == 204);
    const auto gone = client.head_object("y/stream").value().share().wait();
    CHECK(!gone && gone.error().code() == COSFFI_ERROR_NOT_FOUND);
    CHECK(gone.error().http_status() == 404 && !gone.error().request_id().empty());

    PostFormOptions form;
    form.expires_s = 60;
    auto signed_form = client.post_form("x/form", form).value();
    CHECK(signed_form.wait()->body().find("\"fields\"") != std::string_view::npos);
    CHECK(client.notify(COSFFI_APP_FOREGROUND));
}

static void by_descriptor(const Client &client) {
    std::FILE *file = std::tmpfile();
    CHECK(file != nullptr && std::fputs("through a descriptor", file) >= 0);
    std::fflush(file);
    CHECK(client.upload_fd("x/fd", fileno(file)).value().wait());
    std::FILE *back = std::tmpfile();
    CHECK(client.download_fd("x/fd", fileno(back)).value().wait());
    char text[64] = {};
    std::rewind(back);
    CHECK(std::fgets(text, sizeof text, back) != nullptr);
    CHECK(std::string(text) == "through a descriptor");
    std::fclose(file);
    std::fclose(back);
}

static void managed(const Client &client, const std::string &folder) {
    UploadOptions upload;
    upload.content_md5 = true;
    client.put_object("x/managed", "12345", upload).value().wait().value();
    CopyOptions copy;
    copy.replace_metadata = true;
    copy.content_type = "text/x-copy";
    copy.headers = {{"x-cos-meta-color", "red"}};
    copy.priority = COSFFI_PRIORITY_HIGH;
    const auto copied = client.copy_object("x/managed", "x/copy", copy).value();
    CHECK(copied.wait().value().size_bytes() == 5);
    CHECK(copied.status() == COSFFI_TRANSFER_COMPLETED);
    copied.cancel(); // has no effect any more
    CHECK(copied.status() == COSFFI_TRANSFER_COMPLETED);
    const auto head = client.head_object("x/copy").value();
    CHECK(head.wait().value().header("content-type") == "text/x-copy");
    CHECK(!head.progress());

    const auto gone = client.delete_objects({{"x/managed"}, {"x/copy"}, {"x/none"}}).value();
    CHECK(gone.wait().value().deleted_count() == 3 && gone.wait().value().failure_count() == 0);
    CHECK(!client.delete_objects({}));

    PresignObjectOptions presign;
    presign.expires_s = 60;
    presign.params = {{"response-content-type", "text/plain"}};
    const auto url = client.presign_object("GET", "x/a b", presign).value();
    CHECK(url.wait().value().url().find("/x/a%20b?") != std::string_view::npos);
    CHECK(url.wait().value().expired_time_s() > 0);

    RequestOptions request;
    request.params = {{"versioning", ""}};
    const auto versioning = client.request("GET", "", request).value();
    CHECK(versioning.wait().value().status() == 200);
    CHECK(versioning.wait().value().body().find("<Versioning") != std::string_view::npos);

    const auto cleaned = client.clean_up_stale(folder + "/none").value();
    CHECK(cleaned.wait().value().deleted_count() == 0);
    std::remove((folder + "/none").c_str());
}

static void folders_and_versions(const Client &client, const std::string &folder) {
    const std::string from = folder + "/layer-from", to = folder + "/layer-to";
    std::filesystem::create_directories(from + "/sub");
    std::ofstream(from + "/a.txt") << "12345";
    std::ofstream(from + "/sub/b.tmp") << "1";
    FolderOptions options;
    options.exclude = {"*.tmp"};
    options.compare = COSFFI_COMPARE_SIZE_AND_TIME;
    options.headers = {{"x-cos-meta-color", "red"}};
    std::string told;
    const auto up = client
                        .upload_folder("x/folder", from, options,
                                       [&](const FolderEntry &entry) {
                                           CHECK(entry.action == COSFFI_FOLDER_UPLOAD);
                                           CHECK(!entry.error && entry.reason.empty());
                                           CHECK(entry.size_bytes == 5 && entry.resumed_bytes == 0);
                                           told += entry.name;
                                           return COSFFI_FLOW_CONTINUE;
                                       })
                        .value();
    const auto report = up.wait().value().folder();
    CHECK(report.transferred == 1 && report.transferred_bytes == 5 && told == "a.txt");
    CHECK(!up.wait().value().folder_failure(0));

    std::filesystem::create_directories(to);
    std::ofstream(to + "/a.txt") << "there";
    options = FolderOptions{};
    options.forbid_overwrite = true;
    const auto down = client.download_folder("x/folder", to, options).value();
    CHECK(down.wait().value().folder().failed == 1);
    const auto failure = down.wait().value().folder_failure(0);
    CHECK(failure && failure->name == "a.txt" && failure->error->code() == COSFFI_ERROR_LOCAL);
    options.follow_symlinks = true;
    CHECK(!client.download_folder("x/folder", to, options));
    CHECK(client.head_object("x/none").value().wait().has_value() == false);
    std::filesystem::remove_all(from);
    std::filesystem::remove_all(to);

    int versions = 0, pages = 0;
    ListVersionsOptions list;
    list.prefix = "x/folder/";
    const auto listed = client
                            .list_versions(
                                [&](const VersionsPage &page) {
                                    pages++;
                                    for (std::size_t i = 0; i < page.version_count(); i++) {
                                        const auto version = page.version(i);
                                        CHECK(version.object_key == "x/folder/a.txt");
                                        CHECK(version.is_latest && !version.is_delete_marker);
                                        versions++;
                                    }
                                    CHECK(page.prefix_count() == 0 && page.prefix(0).empty());
                                    CHECK(page.next_key_marker().empty());
                                    CHECK(page.next_version_id_marker().empty());
                                    return COSFFI_FLOW_CONTINUE;
                                },
                                list)
                            .value();
    CHECK(listed.wait() && pages == 1 && versions == 1);
    CHECK(listed.wait().value().folder().transferred == 0);
    CHECK(!client.list_versions({}));
    client.delete_object("x/folder/a.txt").value().wait().value();
}

static void on_a_loop(const Client &client) {
    auto queue = Queue::create().value();
    int completed = 0;
    for (int i = 0; i < 5; i++) {
        Callbacks callbacks;
        callbacks.queue = &queue;
        callbacks.on_complete = [&completed, here = std::this_thread::get_id()](
                                    const Expected<Response> &result) {
            CHECK(result && std::this_thread::get_id() == here);
            completed++;
        };
        CHECK(client.put_object("x/loop", "content", {}, std::move(callbacks)));
    }
    pollfd ready{queue.wake_fd(), POLLIN, 0};
    while (completed < 5) {
        CHECK(poll(&ready, 1, 30000) == 1);
        while (queue.dispatch().value()) {
        }
    }
}

static void credentials_from_the_app(const Runtime &runtime, ClientOptions options, char **argv) {
    int asked = 0;
    std::thread answers;
    auto provider =
        Provider::from_app(runtime, [&](CredentialRequest request) {
            CHECK(request.bucket() == "demo-1250000000" && request.region() == "ap-guangzhou");
            CHECK(request.action() == "name/cos:PutObject" && request.object_key() == "x/own");
            CHECK(request.reason() == COSFFI_REASON_FIRST && request.deadline_ms() > 0);
            asked++;
            answers = std::thread([&argv, ticket = std::move(request)]() mutable {
                std::move(ticket).complete(Credentials::permanent(argv[2], argv[3]).value());
            });
        }).value();
    auto client = Client::create(runtime, provider, options).value();
    CHECK(client.put_object("x/own", "1").value().wait());
    CHECK(asked == 1);
    answers.join();
    // Forgotten: asked again. Not answered: no credentials.
    auto silent = Provider::from_app(runtime, [](const CredentialRequest &) {}).value();
    client = Client::create(runtime, silent, options).value();
    CHECK(client.put_object("x/own", "1").value().wait().error().code() == COSFFI_ERROR_CREDENTIAL);
    auto denied = Provider::from_app(runtime, [](CredentialRequest request) {
                      std::move(request).fail(COSFFI_ERROR_ACCESS_DENIED, "not you");
                  }).value();
    client = Client::create(runtime, denied, options).value();
    const auto refused = client.put_object("x/own", "1").value().wait();
    CHECK(refused.error().message().find("not you") != std::string::npos);

    auto pushed = Provider::pushed().value();
    pushed.push_credentials(Credentials::permanent(argv[2], argv[3]).value()).value();
    client = Client::create(runtime, pushed, options).value();
    CHECK(client.put_object("x/own", "1").value().wait());
    pushed.invalidate();

    auto broker = Provider::from_broker(argv[5], argv[6]).value();
    client = Client::create(runtime, broker, options).value();
    CHECK(client.put_object("users/alice/1", "1").value().wait());
    CHECK(!Provider::from_sts(cosffi_sts_options_default()));
}

int main(int argc, char **argv) {
    CHECK(argc == 7);
    without_a_server();
    std::atomic<int> lines{0}, attempts{0};
    CHECK(set_log(COSFFI_LOG_DEBUG, [&](cosffi_log_level level, std::string_view target,
                                        std::string_view message) {
        CHECK(level <= COSFFI_LOG_DEBUG && target.substr(0, 4) == "cos_" && !message.empty());
        lines++;
    }));
    {
        auto runtime = Runtime::create(2).value();
        auto provider = Provider::fixed(Credentials::permanent(argv[2], argv[3]).value()).value();
        ClientOptions options;
        options.bucket = "demo-1250000000";
        options.region = "ap-guangzhou";
        options.endpoint = argv[1];
        options.part_size_bytes = 1 << 20;
        options.on_attempt = [&](const cosffi_attempt &attempt) {
            CHECK(attempt.operation.len > 0);
            attempts++;
        };
        auto client = Client::create(runtime, provider, options).value();
        both_ways(client, argv[4]);
        by_descriptor(client);
        managed(client, argv[4]);
        folders_and_versions(client, argv[4]);
        on_a_loop(client);
        options.on_attempt = nullptr;
        credentials_from_the_app(runtime, options, argv);
        options.bucket = "?";
        CHECK(Client::create(runtime, provider, options).error().code() == COSFFI_ERROR_CONFIG);
        CHECK(runtime.shutdown());
        CHECK(client.head_object("x").error().code() == COSFFI_ERROR_SHUT_DOWN);
    }
    CHECK(lines > 0 && attempts > 0);
    CHECK(set_log(COSFFI_LOG_OFF, {}));
    std::printf("layer: ok\n");
    return 0;
}
