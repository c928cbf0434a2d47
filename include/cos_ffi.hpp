/*
 * cos_ffi.hpp - objects on Tencent Cloud COS with temporary credentials, from C++17 and later.
 *
 * A thin layer over cos_ffi.h, header only: what the C functions promise holds here too. Instead of
 * _free there are move-only classes, instead of out parameters there is Expected, instead of function
 * pointers there are lambdas.
 *
 *     auto runtime = cosffi::Runtime::create().value();   // value() throws cosffi::Exception
 *     auto client = cosffi::Client::create(runtime, options);
 *     if (!client) return report(client.error());          // or look before
 *
 * Lambdas run on the runtime's callback thread (with a Queue: inside Queue::dispatch()), are destroyed
 * after the transfer has completed, and must not throw: an exception that leaves one ends the program.
 */
#ifndef COS_FFI_HPP
#define COS_FFI_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "cos_ffi.h"

namespace cosffi {

static_assert(sizeof(cosffi_str) == sizeof(char *) + sizeof(std::size_t), "another ABI");
static_assert(sizeof(cosffi_result) == sizeof(std::int32_t), "another ABI");

/** Names with values: headers, query parameters, form fields. */
using Pairs = std::vector<std::pair<std::string, std::string>>;

namespace detail {

inline cosffi_str str(std::string_view text) noexcept { return {text.data(), text.size()}; }

inline std::string_view view(cosffi_str text) noexcept { return {text.data, text.len}; }

inline std::vector<cosffi_pair> pairs(const Pairs &from) {
    std::vector<cosffi_pair> to;
    to.reserve(from.size());
    for (const auto &[name, value] : from) to.push_back({str(name), str(value)});
    return to;
}

inline std::vector<cosffi_str> strs(const std::vector<std::string> &from) {
    std::vector<cosffi_str> to;
    to.reserve(from.size());
    for (const auto &text : from) to.push_back(str(text));
    return to;
}

template <auto Free> struct Deleter {
    template <class T> void operator()(T *handle) const noexcept { Free(handle); }
};

template <class T, auto Free> using Handle = std::unique_ptr<T, Deleter<Free>>;

} // namespace detail

/** Why something failed; see the cosffi_error functions. Copies what it says, so it may be kept. */
class Error {
  public:
    Error(cosffi_result code, std::string message) : code_(code), message_(std::move(message)) {}

    /** Copies an error that somebody else owns. */
    explicit Error(const cosffi_error *error)
        : code_(cosffi_error_code(error)), message_(detail::view(cosffi_error_message(error))),
          service_code_(detail::view(cosffi_error_service_code(error))),
          request_id_(detail::view(cosffi_error_request_id(error))),
          resource_(detail::view(cosffi_error_resource(error))),
          hint_(detail::view(cosffi_error_hint(error))),
          resume_record_(detail::view(cosffi_error_resume_record(error))),
          http_status_(cosffi_error_http_status(error)), attempts_(cosffi_error_attempts(error)),
          is_retryable_(cosffi_error_is_retryable(error) != 0) {}

    /** Copies an error and frees it. */
    static Error take(cosffi_error *error) {
        detail::Handle<cosffi_error, cosffi_error_free> owned(error);
        return Error(error);
    }

    cosffi_result code() const noexcept { return code_; }
    const char *code_name() const noexcept { return cosffi_result_name(code_); }
    const std::string &message() const noexcept { return message_; }
    const std::string &service_code() const noexcept { return service_code_; }
    const std::string &request_id() const noexcept { return request_id_; }
    const std::string &resource() const noexcept { return resource_; }
    const std::string &hint() const noexcept { return hint_; }
    /** What continues the file transfer that failed or was stopped; may be empty. */
    const std::string &resume_record() const noexcept { return resume_record_; }
    std::uint32_t http_status() const noexcept { return http_status_; }
    std::uint32_t attempts() const noexcept { return attempts_; }
    bool is_retryable() const noexcept { return is_retryable_; }

  private:
    cosffi_result code_;
    std::string message_, service_code_, request_id_, resource_, hint_,
        resume_record_;
    std::uint32_t http_status_ = 0, attempts_ = 0;
    bool is_retryable_ = false;
};

/** What value() throws. */
class Exception : public std::runtime_error {
  public:
    explicit Exception(Error error)
        : std::runtime_error(std::string(error.code_name()) + ": " + error.message()),
          error_(std::make_shared<Error>(std::move(error))) {}

    const Error &error() const noexcept { return *error_; }

  private:
    std::shared_ptr<const Error> error_; // exceptions must copy without throwing
};

/** A value or the reason why there is none. */
template <class T> class [[nodiscard]] Expected {
  public:
    Expected(T value) : content_(std::in_place_index<0>, std::move(value)) {}
    Expected(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const noexcept { return content_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    /** The value; throws Exception when there is none. */
    T &value() & { return check(), *std::get_if<0>(&content_); }
    const T &value() const & { return check(), *std::get_if<0>(&content_); }
    T value() && { return check(), std::move(*std::get_if<0>(&content_)); }

    T &operator*() & { return value(); }
    const T &operator*() const & { return value(); }
    T operator*() && { return std::move(*this).value(); }
    T *operator->() { return &value(); }
    const T *operator->() const { return &value(); }

    /** The reason; only when there is no value. */
    const Error &error() const { return std::get<1>(content_); }

  private:
    void check() const {
        if (!has_value()) throw Exception(*std::get_if<1>(&content_));
    }

    std::variant<T, Error> content_;
};

/** Success or the reason why not. */
template <> class [[nodiscard]] Expected<void> {
  public:
    Expected() = default;
    Expected(Error error) : error_(std::move(error)) {}

    bool has_value() const noexcept { return !error_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }

    /** Throws Exception on failure. */
    void value() const {
        if (error_) throw Exception(*error_);
    }

    const Error &error() const { return error_.value(); }

  private:
    std::optional<Error> error_;
};

namespace detail {

/** Calls a C function whose last parameter is the error. */
template <class Call> Expected<void> call(Call &&call) {
    cosffi_error *error = nullptr;
    if (call(&error) == COSFFI_OK) return {};
    return Error::take(error);
}

/** The same for one that makes an object. */
template <class Made, class Raw, class Call> Expected<Made> make(Call &&call) {
    Raw *raw = nullptr;
    cosffi_error *error = nullptr;
    if (call(&raw, &error) == COSFFI_OK) return Made(raw);
    return Error::take(error);
}

/** The same for one that makes text. */
template <class Call> Expected<std::string> text(Call &&call) {
    cosffi_string raw{nullptr, 0};
    cosffi_error *error = nullptr;
    if (call(&raw, &error) != COSFFI_OK) return Error::take(error);
    const std::unique_ptr<cosffi_string, Deleter<cosffi_string_free>> owned(&raw);
    return raw.data != nullptr ? std::string(raw.data, raw.len) : std::string();
}

} // namespace detail

/** A set of keys; see cosffi_credentials_new(). */
class Credentials {
  public:
    explicit Credentials(cosffi_credentials *raw) noexcept : raw_(raw) {}

    static Expected<Credentials> temporary(std::string_view secret_id, std::string_view secret_key,
                                           std::string_view session_token,
                                           std::uint64_t start_time_s,
                                           std::uint64_t expired_time_s) {
        return detail::make<Credentials, cosffi_credentials>([&](auto out, auto err) {
            return cosffi_credentials_new(detail::str(secret_id), detail::str(secret_key),
                                          detail::str(session_token), start_time_s, expired_time_s,
                                          out, err);
        });
    }

    /** Keys without an end: for servers and tests, never in an app. */
    static Expected<Credentials> permanent(std::string_view secret_id,
                                           std::string_view secret_key) {
        return temporary(secret_id, secret_key, {}, 0, 0);
    }

    static Expected<Credentials> parse_sts(std::string_view json) {
        return detail::make<Credentials, cosffi_credentials>([&](auto out, auto err) {
            return cosffi_credentials_parse_sts(detail::str(json), out, err);
        });
    }

    std::string_view session_token() const noexcept {
        return detail::view(cosffi_credentials_session_token(raw_.get()));
    }
    std::uint64_t expired_time_s() const noexcept {
        return cosffi_credentials_expired_time_s(raw_.get());
    }
    const cosffi_credentials *get() const noexcept { return raw_.get(); }

  private:
    detail::Handle<cosffi_credentials, cosffi_credentials_free> raw_;
};

/** What to sign; see cosffi_sign_options. */
struct SignRequest {
    std::string method, path;
    Pairs params, headers;
    std::uint64_t key_time_start_s = 0, key_time_end_s = 0;
};

/** The value of the Authorization header. */
inline Expected<std::string> sign_request(const Credentials &credentials,
                                          const SignRequest &request) {
    const auto params = detail::pairs(request.params), headers = detail::pairs(request.headers);
    auto options = cosffi_sign_options_default();
    options.credentials = credentials.get();
    options.method = detail::str(request.method);
    options.path = detail::str(request.path);
    options.params = params.data();
    options.params_count = params.size();
    options.headers = headers.data();
    options.headers_count = headers.size();
    options.key_time_start_s = request.key_time_start_s;
    options.key_time_end_s = request.key_time_end_s;
    return detail::text(
        [&](auto out, auto err) { return cosffi_sign_request(&options, out, err); });
}

/** What to presign; see cosffi_presign_options. */
struct PresignRequest {
    std::string method, base_url, object_key;
    Pairs params, headers;
    std::uint64_t key_time_start_s = 0, key_time_end_s = 0;
};

/** A URL that carries its own signature. */
inline Expected<std::string> presign_url(const Credentials &credentials,
                                         const PresignRequest &request) {
    const auto params = detail::pairs(request.params), headers = detail::pairs(request.headers);
    auto options = cosffi_presign_options_default();
    options.credentials = credentials.get();
    options.method = detail::str(request.method);
    options.base_url = detail::str(request.base_url);
    options.object_key = detail::str(request.object_key);
    options.params = params.data();
    options.params_count = params.size();
    options.headers = headers.data();
    options.headers_count = headers.size();
    options.key_time_start_s = request.key_time_start_s;
    options.key_time_end_s = request.key_time_end_s;
    return detail::text(
        [&](auto out, auto err) { return cosffi_presign_url(&options, out, err); });
}

/** A policy to write; see cosffi_policy_options. */
struct PolicyOptions {
    std::string bucket, region, prefix, object_key;
    bool whole_bucket = false;
    std::vector<std::string> operations;
};

/** The policy as JSON. */
inline Expected<std::string> build_policy(const PolicyOptions &from) {
    const auto operations = detail::strs(from.operations);
    auto options = cosffi_policy_options_default();
    options.bucket = detail::str(from.bucket);
    options.region = detail::str(from.region);
    options.prefix = detail::str(from.prefix);
    options.object_key = detail::str(from.object_key);
    options.whole_bucket = from.whole_bucket;
    options.operations = operations.data();
    options.operations_count = operations.size();
    return detail::text(
        [&](auto out, auto err) { return cosffi_policy_build(&options, out, err); });
}

/** The findings as JSON; see cosffi_policy_lint(). */
inline Expected<std::string> lint_policy(std::string_view policy_json) {
    return detail::text([&](auto out, auto err) {
        return cosffi_policy_lint(detail::str(policy_json), out, nullptr, err);
    });
}

/** A call to judge; see cosffi_policy_check_options. */
struct PolicyCheck {
    std::vector<std::string> identity_json;
    std::string session_json, action, resource;
    Pairs conditions;
};

/** Whether the call would be allowed. */
inline Expected<bool> check_policy(const PolicyCheck &from) {
    const auto identity = detail::strs(from.identity_json);
    const auto conditions = detail::pairs(from.conditions);
    auto options = cosffi_policy_check_options_default();
    options.identity_json = identity.data();
    options.identity_count = identity.size();
    options.session_json = detail::str(from.session_json);
    options.action = detail::str(from.action);
    options.resource = detail::str(from.resource);
    options.conditions = conditions.data();
    options.conditions_count = conditions.size();
    std::int32_t allowed = 0;
    const auto done = detail::call(
        [&](auto err) { return cosffi_policy_check(&options, &allowed, nullptr, err); });
    if (!done) return done.error();
    return allowed != 0;
}

/** Worker threads and the callback thread; see cosffi_runtime_new(). */
class Runtime {
  public:
    /** Also checks that the library is not older than this header. */
    static Expected<Runtime> create(std::uint32_t worker_threads = 0) {
        if (cosffi_abi_version() < COSFFI_ABI_VERSION) {
            return Error(COSFFI_ERROR_CONFIG, "the library is older than the header cos_ffi.h");
        }
        auto options = cosffi_runtime_options_default();
        options.worker_threads = worker_threads;
        return detail::make<Runtime, cosffi_runtime>(
            [&](auto out, auto err) { return cosffi_runtime_new(&options, out, err); });
    }

    explicit Runtime(cosffi_runtime *raw) noexcept : raw_(raw) {}

    /** Cancels what runs and waits for the end; a negative time as long as it takes. */
    Expected<void> shutdown(std::int64_t timeout_ms = -1) {
        return detail::call([&](auto err) {
            return cosffi_runtime_shutdown(raw_.get(), timeout_ms, nullptr, nullptr, err);
        });
    }

    const cosffi_runtime *get() const noexcept { return raw_.get(); }

  private:
    detail::Handle<cosffi_runtime, cosffi_runtime_free> raw_;
};

/** The ticket with which an app answers a request for credentials, once, from any thread. Destroying it
 * unanswered says that there are none. */
class CredentialRequest {
  public:
    explicit CredentialRequest(cosffi_credential_request *raw) noexcept : raw_(raw) {}

    std::string_view bucket() const noexcept {
        return detail::view(cosffi_credential_request_bucket(raw_.get()));
    }
    std::string_view region() const noexcept {
        return detail::view(cosffi_credential_request_region(raw_.get()));
    }
    std::string_view action() const noexcept {
        return detail::view(cosffi_credential_request_action(raw_.get()));
    }
    std::string_view object_key() const noexcept {
        return detail::view(cosffi_credential_request_object_key(raw_.get()));
    }
    cosffi_credential_reason reason() const noexcept {
        return cosffi_credential_request_reason(raw_.get());
    }
    std::uint64_t deadline_ms() const noexcept {
        return cosffi_credential_request_deadline_ms(raw_.get());
    }

    void complete(const Credentials &credentials) && noexcept {
        cosffi_credential_request_complete(raw_.release(), credentials.get());
    }
    void fail(cosffi_result code, std::string_view message) && noexcept {
        cosffi_credential_request_fail(raw_.release(), code, detail::str(message));
    }

  private:
    detail::Handle<cosffi_credential_request, cosffi_credential_request_free> raw_;
};

/** Where credentials come from. */
class Provider {
  public:
    using Fetch = std::function<void(CredentialRequest)>;

    explicit Provider(cosffi_provider *raw) noexcept : raw_(raw) {}

    /** Always the same ones. */
    static Expected<Provider> fixed(const Credentials &credentials) {
        return detail::make<Provider, cosffi_provider>([&](auto out, auto err) {
            return cosffi_provider_static(credentials.get(), out, err);
        });
    }

    /** Those the app fetches: `fetch` returns at once and the request is answered later. */
    static Expected<Provider> from_app(const Runtime &runtime, Fetch fetch,
                                       std::uint64_t timeout_ms = 0,
                                       std::uint64_t refresh_margin_s = 0) {
        auto callbacks = cosffi_provider_callbacks_default();
        callbacks.timeout_ms = timeout_ms;
        callbacks.refresh_margin_s = refresh_margin_s;
        callbacks.fetch = [](void *user_data, cosffi_credential_request *request) noexcept {
            (*static_cast<Fetch *>(user_data))(CredentialRequest(request));
        };
        callbacks.drop = [](void *user_data) noexcept { delete static_cast<Fetch *>(user_data); };
        callbacks.user_data = new Fetch(std::move(fetch)); // the library's from here on
        return detail::make<Provider, cosffi_provider>([&](auto out, auto err) {
            return cosffi_provider_new(runtime.get(), &callbacks, out, err);
        });
    }

    /** Those that push_credentials() was last given. */
    static Expected<Provider> pushed() {
        return detail::make<Provider, cosffi_provider>(
            [](auto out, auto err) { return cosffi_provider_push(out, err); });
    }

    /** Those the app's own server gives to its user. */
    static Expected<Provider> from_broker(std::string_view url, std::string_view bearer) {
        auto options = cosffi_broker_options_default();
        options.url = detail::str(url);
        options.bearer = detail::str(bearer);
        return from_broker(options);
    }
    static Expected<Provider> from_broker(const cosffi_broker_options &options) {
        return detail::make<Provider, cosffi_provider>(
            [&](auto out, auto err) { return cosffi_provider_broker(&options, out, err); });
    }

    /** Those STS gives to a server with permanent keys. */
    static Expected<Provider> from_sts(const cosffi_sts_options &options) {
        return detail::make<Provider, cosffi_provider>(
            [&](auto out, auto err) { return cosffi_provider_sts(&options, out, err); });
    }

    Expected<void> push_credentials(const Credentials &credentials) {
        return detail::call([&](auto err) {
            return cosffi_provider_push_credentials(raw_.get(), credentials.get(), err);
        });
    }

    /** Forgets what is at hand, e.g. when the user logs out. */
    void invalidate() noexcept { cosffi_provider_invalidate(raw_.get()); }

    const cosffi_provider *get() const noexcept { return raw_.get(); }

  private:
    detail::Handle<cosffi_provider, cosffi_provider_free> raw_;
};

/** One file of a folder's transfer; the text is borrowed as the entry is. */
struct FolderEntry {
    explicit FolderEntry(const cosffi_folder_entry *raw)
        : action(static_cast<cosffi_folder_action>(raw->action)), name(detail::view(raw->name)),
          reason(detail::view(raw->reason)), size_bytes(raw->size_bytes),
          resumed_bytes(raw->resumed_bytes) {
        if (raw->error != nullptr) error.emplace(raw->error);
    }

    cosffi_folder_action action;
    std::string_view name, reason;
    std::uint64_t size_bytes, resumed_bytes;
    /** Why it failed. */
    std::optional<Error> error;
};

/** What the service told about an object. Borrowed: from a transfer, or for one call of on_complete. */
class Response {
  public:
    explicit Response(const cosffi_response *raw) noexcept : raw_(raw) {}

    std::uint32_t status() const noexcept { return cosffi_response_status(raw_); }
    std::string_view etag() const noexcept { return detail::view(cosffi_response_etag(raw_)); }
    std::string_view request_id() const noexcept {
        return detail::view(cosffi_response_request_id(raw_));
    }
    std::string_view version_id() const noexcept {
        return detail::view(cosffi_response_version_id(raw_));
    }
    std::string_view header(std::string_view name) const noexcept {
        return detail::view(cosffi_response_header(raw_, detail::str(name)));
    }
    /** The content, where it was to be kept in memory. */
    std::string_view body() const noexcept {
        const cosffi_bytes body = cosffi_response_body(raw_);
        return {reinterpret_cast<const char *>(body.data), body.len};
    }
    std::optional<std::uint64_t> crc64() const noexcept {
        std::uint64_t value = 0;
        if (cosffi_response_crc64(raw_, &value) == 0) return std::nullopt;
        return value;
    }
    std::optional<std::uint64_t> size_bytes() const noexcept {
        const std::uint64_t size = cosffi_response_size_bytes(raw_);
        if (size == UINT64_MAX) return std::nullopt;
        return size;
    }
    std::uint64_t last_modified_s() const noexcept {
        return cosffi_response_last_modified_s(raw_);
    }
    /** Bytes of a file that an earlier transfer had done. */
    std::uint64_t resumed_bytes() const noexcept { return cosffi_response_resumed_bytes(raw_); }
    /** Why a resume record was of no use; empty when it was. */
    std::string_view restart_reason() const noexcept {
        return detail::view(cosffi_response_restart_reason(raw_));
    }
    /** What presign_object() made; a secret. */
    std::string_view url() const noexcept { return detail::view(cosffi_response_url(raw_)); }
    /** When that URL, or a form, ends. */
    std::uint64_t expired_time_s() const noexcept { return cosffi_response_expired_time_s(raw_); }

    /** An object that delete_objects() could not delete. */
    struct Failure {
        std::string_view object_key, version_id, service_code, message;
    };
    /** How many were deleted. */
    std::uint64_t deleted_count() const noexcept { return cosffi_response_deleted_count(raw_); }
    std::size_t failure_count() const noexcept { return cosffi_response_failure_count(raw_); }
    /** Below failure_count(). */
    Failure failure(std::size_t index) const {
        const cosffi_delete_failure *raw = cosffi_response_failure(raw_, index);
        if (raw == nullptr) throw std::out_of_range("Response::failure");
        return {detail::view(raw->object_key), detail::view(raw->version_id),
                detail::view(raw->service_code), detail::view(raw->message)};
    }

    /** What became of a folder; its numbers are zero for other responses. */
    cosffi_folder_report folder() const noexcept {
        const cosffi_folder_report *report = cosffi_response_folder(raw_);
        return report == nullptr ? cosffi_folder_report{} : *report;
    }
    /** A file of the folder that failed, counted from 0. */
    std::optional<FolderEntry> folder_failure(std::size_t index) const {
        const cosffi_folder_entry *raw = cosffi_response_folder_failure(raw_, index);
        if (raw == nullptr) return std::nullopt;
        return FolderEntry(raw);
    }

  private:
    const cosffi_response *raw_;
};

/** One page of a listing, borrowed for the call that is given it. */
class ListPage {
  public:
    explicit ListPage(const cosffi_list_page *raw) noexcept : raw_(raw) {}

    struct Object {
        std::string_view object_key, etag, storage_class;
        std::uint64_t size_bytes, last_modified_s;
    };

    std::size_t object_count() const noexcept { return cosffi_list_page_object_count(raw_); }
    /** Below object_count(). */
    Object object(std::size_t index) const {
        const cosffi_object_summary *raw = cosffi_list_page_object(raw_, index);
        if (raw == nullptr) throw std::out_of_range("ListPage::object");
        return {detail::view(raw->object_key), detail::view(raw->etag),
                detail::view(raw->storage_class), raw->size_bytes, raw->last_modified_s};
    }
    std::size_t prefix_count() const noexcept { return cosffi_list_page_prefix_count(raw_); }
    std::string_view prefix(std::size_t index) const noexcept {
        return detail::view(cosffi_list_page_prefix(raw_, index));
    }
    std::string_view next_marker() const noexcept {
        return detail::view(cosffi_list_page_next_marker(raw_));
    }

  private:
    const cosffi_list_page *raw_;
};

/** One page of versions, borrowed for the call that is given it. */
class VersionsPage {
  public:
    explicit VersionsPage(const cosffi_versions_page *raw) noexcept : raw_(raw) {}

    struct Version {
        std::string_view object_key, version_id, etag, storage_class;
        std::uint64_t size_bytes, last_modified_s;
        bool is_latest, is_delete_marker;
    };

    std::size_t version_count() const noexcept {
        return cosffi_versions_page_version_count(raw_);
    }
    /** Below version_count(). */
    Version version(std::size_t index) const {
        const cosffi_object_version *raw = cosffi_versions_page_version(raw_, index);
        if (raw == nullptr) throw std::out_of_range("VersionsPage::version");
        return {detail::view(raw->object_key), detail::view(raw->version_id),
                detail::view(raw->etag), detail::view(raw->storage_class),
                raw->size_bytes, raw->last_modified_s,
                raw->is_latest != 0, raw->is_delete_marker != 0};
    }
    std::size_t prefix_count() const noexcept { return cosffi_versions_page_prefix_count(raw_); }
    std::string_view prefix(std::size_t index) const noexcept {
        return detail::view(cosffi_versions_page_prefix(raw_, index));
    }
    std::string_view next_key_marker() const noexcept {
        return detail::view(cosffi_versions_page_next_key_marker(raw_));
    }
    std::string_view next_version_id_marker() const noexcept {
        return detail::view(cosffi_versions_page_next_version_id_marker(raw_));
    }

  private:
    const cosffi_versions_page *raw_;
};

/** Events of transfers for a loop of one's own; see cosffi_queue_next(). */
class Queue {
  public:
    explicit Queue(cosffi_queue *raw) noexcept : raw_(raw) {}

    static Expected<Queue> create() {
        return detail::make<Queue, cosffi_queue>(
            [](auto out, auto err) { return cosffi_queue_new(out, err); });
    }

    /** Readable while there are events; -1 where there is no such thing. */
    int wake_fd() const noexcept { return cosffi_queue_wake_fd(raw_.get()); }

    /** Takes one event and calls the lambda it is for; false when there was none in time. */
    inline Expected<bool> dispatch(std::int64_t timeout_ms = 0) const;

    const cosffi_queue *get() const noexcept { return raw_.get(); }

  private:
    detail::Handle<cosffi_queue, cosffi_queue_free> raw_;
};

/** What a transfer calls. All may be empty. */
struct Callbacks {
    /** How far it is: done and total, UINT64_MAX while that is not known. */
    std::function<void(std::uint64_t done_bytes, std::uint64_t total_bytes)> on_progress;
    /** How it ended, once. The response is borrowed for the call. */
    std::function<void(const Expected<Response> &)> on_complete;
    /** Where both are called: inside dispatch() of this queue instead of on the callback thread. */
    const Queue *queue = nullptr;
};

/** Takes a piece of content that lies at this offset. */
using BodyFn = std::function<cosffi_flow(std::uint64_t offset_bytes, std::string_view bytes)>;
/** Takes a page of a listing. */
using PageFn = std::function<cosffi_flow(const ListPage &)>;
/** Takes a page of versions. */
using VersionsPageFn = std::function<cosffi_flow(const VersionsPage &)>;
/** Hears of a file of a folder. */
using FolderEntryFn = std::function<cosffi_flow(const FolderEntry &)>;
/** Gives content: writes up to `room_bytes` and says how many in `written`. */
using ReadFn =
    std::function<cosffi_flow(char *room, std::size_t room_bytes, std::size_t &written)>;

namespace detail {

/** What user_data points to. */
struct Job {
    Callbacks callbacks;
    BodyFn on_body;
    PageFn on_page;
    ReadFn on_read;
    FolderEntryFn on_entry;
    VersionsPageFn on_versions;

    Job(Callbacks from) : callbacks(std::move(from)) {}

    static Job &of(void *user_data) noexcept { return *static_cast<Job *>(user_data); }

    void progress(std::uint64_t done, std::uint64_t total) noexcept {
        if (callbacks.on_progress) callbacks.on_progress(done, total);
    }

    void complete(const cosffi_response *response, const cosffi_error *error) noexcept {
        if (!callbacks.on_complete) return;
        if (error != nullptr) {
            callbacks.on_complete(Error(error));
        } else {
            callbacks.on_complete(Response(response));
        }
    }
};

/** The callbacks of a job, which becomes the library's. */
inline cosffi_transfer_callbacks callbacks_of(Job job) {
    auto to = cosffi_transfer_callbacks_default();
    if (job.callbacks.queue != nullptr) to.queue = job.callbacks.queue->get();
    if (job.callbacks.on_progress) {
        to.on_progress = [](void *user_data, std::uint64_t done, std::uint64_t total) noexcept {
            Job::of(user_data).progress(done, total);
        };
    }
    to.on_complete = [](void *user_data, cosffi_result, const cosffi_response *response,
                        const cosffi_error *error) noexcept {
        Job::of(user_data).complete(response, error);
    };
    to.drop = [](void *user_data) noexcept { delete static_cast<Job *>(user_data); };
    to.user_data = new Job(std::move(job));
    return to;
}

} // namespace detail

inline Expected<bool> Queue::dispatch(std::int64_t timeout_ms) const {
    cosffi_event *raw = nullptr;
    cosffi_error *error = nullptr;
    if (cosffi_queue_next(raw_.get(), timeout_ms, &raw, &error) != COSFFI_OK) {
        Error why = Error::take(error);
        if (why.code() == COSFFI_ERROR_NOT_FINISHED) return false;
        return why;
    }
    const detail::Handle<cosffi_event, cosffi_event_free> event(raw);
    detail::Job &job = detail::Job::of(cosffi_event_user_data(raw));
    switch (cosffi_event_kind(raw)) {
    case COSFFI_EVENT_PROGRESS:
        job.progress(cosffi_event_done_bytes(raw), cosffi_event_total_bytes(raw));
        break;
    case COSFFI_EVENT_COMPLETE:
        job.complete(cosffi_event_response(raw), cosffi_event_error(raw));
        break;
    default:
        break;
    }
    return true;
}

/** Work in flight. Destroying it does not stop it. */
class Transfer {
  public:
    explicit Transfer(cosffi_transfer *raw) noexcept : raw_(raw) {}

    void cancel() const noexcept { cosffi_transfer_cancel(raw_.get()); }
    /** Holds it until resume(). */
    void pause() const noexcept { cosffi_transfer_pause(raw_.get()); }
    /** Ends it and keeps what was transferred of a file. */
    void stop() const noexcept { cosffi_transfer_stop(raw_.get()); }
    /** What would continue it from here; may be empty. */
    Expected<std::string> resume_record() const {
        return detail::text([&](auto out, auto err) {
            return cosffi_transfer_resume_record(raw_.get(), out, err);
        });
    }
    /** Goes on after pause() or COSFFI_FLOW_PAUSE. */
    void resume() const noexcept { cosffi_transfer_resume(raw_.get()); }

    /** Waits for the end and gives the response, borrowed from this object. For tools and tests. */
    Expected<Response> wait(std::int64_t timeout_ms = -1) const {
        const auto done = detail::call(
            [&](auto err) { return cosffi_transfer_wait(raw_.get(), timeout_ms, err); });
        if (!done) return done.error();
        return Response(cosffi_transfer_response(raw_.get()));
    }

    /** What it is doing. */
    cosffi_transfer_state status() const noexcept { return cosffi_transfer_status(raw_.get()); }

    /** Bytes done of bytes in total, once there is something to tell. */
    std::optional<std::pair<std::uint64_t, std::uint64_t>> progress() const noexcept {
        std::uint64_t done = 0, total = 0;
        if (cosffi_transfer_progress(raw_.get(), &done, &total) == 0) return std::nullopt;
        return std::pair(done, total);
    }

    /** One more owner of the same transfer. */
    Transfer share() const noexcept {
        cosffi_transfer_retain(raw_.get());
        return Transfer(raw_.get());
    }

    cosffi_transfer *get() const noexcept { return raw_.get(); }

  private:
    detail::Handle<cosffi_transfer, cosffi_transfer_free> raw_;
};

/** Settings of a client; see cosffi_client_options. */
struct ClientOptions {
    std::string bucket, region, endpoint, ca_pem, proxy;
    std::uint64_t part_size_bytes = 0;
    std::uint32_t concurrency = 0, max_attempts = 0;
    std::uint64_t connect_timeout_ms = 0, read_timeout_ms = 0, operation_timeout_ms = 0;
    std::string custom_domain, pinned_ca_pem;
    cosffi_domain domain = COSFFI_DOMAIN_DEFAULT;
    bool backup_domain = true;
    std::uint64_t rate_limit_bytes_per_s = 0, memory_budget_bytes = 0, stall_timeout_ms = 0,
                  multipart_threshold_bytes = 0;
    /** Hears of every request sent; the attempt is borrowed for the call. */
    std::function<void(const cosffi_attempt &)> on_attempt;
};

/** Settings of an upload; see cosffi_upload_options. */
struct UploadOptions {
    std::string content_type;
    Pairs headers;
    std::uint64_t part_size_bytes = 0;
    std::uint32_t concurrency = 0;
    bool forbid_overwrite = false, content_md5 = false;
    std::string resume_folder, resume_record;
    cosffi_priority priority = COSFFI_PRIORITY_NORMAL;
    std::uint64_t rate_limit_bytes_per_s = 0;
};

/** Settings of a download; see cosffi_download_options. */
struct DownloadOptions {
    std::uint64_t part_size_bytes = 0;
    std::uint32_t concurrency = 0;
    std::string resume_folder, resume_record;
    cosffi_priority priority = COSFFI_PRIORITY_NORMAL;
    std::uint64_t rate_limit_bytes_per_s = 0;
};

/** Settings of a copy; see cosffi_copy_options. */
struct CopyOptions {
    std::string source_bucket, source_region, source_version_id, source_if_match, content_type;
    Pairs headers;
    bool replace_metadata = false, delete_source = false, forbid_overwrite = false;
    cosffi_priority priority = COSFFI_PRIORITY_NORMAL;
    std::uint64_t part_size_bytes = 0, multipart_threshold_bytes = 0;
    std::uint32_t concurrency = 0;
};

/** An object, or one version of it. */
struct ObjectId {
    std::string object_key, version_id = {};
};

/** What a URL allows; see cosffi_presign_object_options. */
struct PresignObjectOptions {
    std::uint64_t expires_s = 0;
    Pairs params, headers;
};

/** What else a request has; see cosffi_request_options. */
struct RequestOptions {
    Pairs params, headers;
    std::string body;
    bool only_once = false;
};

/** Settings of a read; see cosffi_get_options. */
struct GetOptions {
    std::uint64_t offset_bytes = 0, length_bytes = 0, memory_limit_bytes = 0;
    std::string if_match, version_id;
};

/** What to list; see cosffi_list_options. */
struct ListOptions {
    std::string prefix, delimiter, marker;
    std::uint32_t max_keys = 0;
    bool one_page = false;
};

/** Which versions to list; see cosffi_list_versions_options. */
struct ListVersionsOptions {
    std::string prefix, delimiter, key_marker, version_id_marker;
    std::uint32_t max_keys = 0;
    bool one_page = false;
};

/** How a folder is transferred; see cosffi_folder_options. */
struct FolderOptions {
    std::vector<std::string> include, exclude;
    cosffi_compare compare = COSFFI_COMPARE_NOTHING;
    bool delete_extra = false, dry_run = false, fail_fast = false;
    std::uint32_t concurrency = 0;
    cosffi_priority priority = COSFFI_PRIORITY_NORMAL;
    bool follow_symlinks = false, empty_folders = false;
    bool portable_names = false, forbid_overwrite = false;
    std::uint64_t part_size_bytes = 0;
    std::string resume_folder;
    Pairs headers;
};

/** What a form allows; see cosffi_post_form_options. */
struct PostFormOptions {
    std::uint64_t expires_s = 0, min_bytes = 0, max_bytes = 0;
    std::string key_prefix;
    Pairs fields;
};

/** Access to one bucket. Its functions may be called from several threads at once. */
class Client {
  public:
    explicit Client(cosffi_client *raw) noexcept : raw_(raw) {}

    static Expected<Client> create(const Runtime &runtime, const Provider &provider,
                                   const ClientOptions &from) {
        using OnAttempt = std::function<void(const cosffi_attempt &)>;
        auto options = cosffi_client_options_default();
        options.bucket = detail::str(from.bucket);
        options.region = detail::str(from.region);
        options.endpoint = detail::str(from.endpoint);
        options.ca_pem = detail::str(from.ca_pem);
        options.proxy = detail::str(from.proxy);
        options.provider = provider.get();
        options.part_size_bytes = from.part_size_bytes;
        options.concurrency = from.concurrency;
        options.max_attempts = from.max_attempts;
        options.connect_timeout_ms = from.connect_timeout_ms;
        options.read_timeout_ms = from.read_timeout_ms;
        options.operation_timeout_ms = from.operation_timeout_ms;
        options.custom_domain = detail::str(from.custom_domain);
        options.pinned_ca_pem = detail::str(from.pinned_ca_pem);
        options.domain = from.domain;
        options.no_backup_domain = !from.backup_domain;
        options.rate_limit_bytes_per_s = from.rate_limit_bytes_per_s;
        options.memory_budget_bytes = from.memory_budget_bytes;
        options.stall_timeout_ms = from.stall_timeout_ms;
        options.multipart_threshold_bytes = from.multipart_threshold_bytes;
        if (from.on_attempt) {
            options.on_attempt = [](void *user_data, const cosffi_attempt *attempt) noexcept {
                (*static_cast<OnAttempt *>(user_data))(*attempt);
            };
            options.on_attempt_drop = [](void *user_data) noexcept {
                delete static_cast<OnAttempt *>(user_data);
            };
            options.on_attempt_user_data = new OnAttempt(from.on_attempt);
        }
        return detail::make<Client, cosffi_client>([&](auto out, auto err) {
            return cosffi_client_new(runtime.get(), &options, out, err);
        });
    }

    Expected<Transfer> upload_file(std::string_view object_key, std::string_view path,
                                   const UploadOptions &options = {},
                                   Callbacks callbacks = {}) const {
        const Upload upload(options);
        return start(std::move(callbacks), [&](auto cb, auto out, auto err) {
            return cosffi_upload_file(raw_.get(), detail::str(object_key), detail::str(path),
                                      &upload.options, cb, out, err);
        });
    }

    Expected<Transfer> upload_fd(std::string_view object_key, int fd,
                                 const UploadOptions &options = {},
                                 Callbacks callbacks = {}) const {
        const Upload upload(options);
        return start(std::move(callbacks), [&](auto cb, auto out, auto err) {
            return cosffi_upload_fd(raw_.get(), detail::str(object_key), fd, &upload.options, cb,
                                    out, err);
        });
    }

    Expected<Transfer> upload_stream(std::string_view object_key, ReadFn on_read,
                                     const UploadOptions &options = {},
                                     Callbacks callbacks = {}) const {
        const Upload upload(options);
        const cosffi_read_fn read = [](void *user_data, std::uint8_t *room, std::size_t room_bytes,
                                       std::size_t *out_written) noexcept -> std::int32_t {
            return detail::Job::of(user_data).on_read(reinterpret_cast<char *>(room), room_bytes,
                                                      *out_written);
        };
        const cosffi_read_fn chosen = on_read ? read : nullptr;
        detail::Job job(std::move(callbacks));
        job.on_read = std::move(on_read);
        return start(std::move(job), [&](auto cb, auto out, auto err) {
            return cosffi_upload_stream(raw_.get(), detail::str(object_key), chosen,
                                        &upload.options, cb, out, err);
        });
    }

    Expected<Transfer> put_object(std::string_view object_key, std::string_view bytes,
                                  const UploadOptions &options = {},
                                  Callbacks callbacks = {}) const {
        const Upload upload(options);
        const cosffi_bytes content{reinterpret_cast<const std::uint8_t *>(bytes.data()),
                                   bytes.size()};
        return start(std::move(callbacks), [&](auto cb, auto out, auto err) {
            return cosffi_put_object(raw_.get(), detail::str(object_key), content, &upload.options,
                                     cb, out, err);
        });
    }

    Expected<Transfer> download_file(std::string_view object_key, std::string_view path,
                                     const DownloadOptions &from = {},
                                     Callbacks callbacks = {}) const {
        auto options = cosffi_download_options_default();
        options.part_size_bytes = from.part_size_bytes;
        options.concurrency = from.concurrency;
        options.resume_folder = detail::str(from.resume_folder);
        options.resume_record = detail::str(from.resume_record);
        options.priority = from.priority;
        options.rate_limit_bytes_per_s = from.rate_limit_bytes_per_s;
        return start(std::move(callbacks), [&](auto cb, auto out, auto err) {
            return cosffi_download_file(raw_.get(), detail::str(object_key), detail::str(path),
                                        &options, cb, out, err);
        });
    }

    Expected<Transfer> download_fd(std::string_view object_key, int fd, const GetOptions &from = {},
                                   Callbacks callbacks = {}) const {
        const cosffi_get_options options = get_options(from);
        return start(std::move(callbacks), [&](auto cb, auto out, auto err) {
            return cosffi_download_fd(raw_.get(), detail::str(object_key), fd, &options, cb, out,
                                      err);
        });
    }

    /** Into memory when `on_body` is empty; see Response::body(). */
    Expected<Transfer> get_object(std::string_view object_key, BodyFn on_body = {},
                                  const GetOptions &from = {}, Callbacks callbacks = {}) const {
        const cosffi_get_options options = get_options(from);
        const cosffi_body_fn body = [](void *user_data, std::uint64_t offset,
                                       cosffi_bytes bytes) noexcept -> std::int32_t {
            return detail::Job::of(user_data).on_body(
                offset, {reinterpret_cast<const char *>(bytes.data), bytes.len});
        };
        const cosffi_body_fn chosen = on_body ? body : nullptr;
        detail::Job job(std::move(callbacks));
        job.on_body = std::move(on_body);
        return start(std::move(job), [&](auto cb, auto out, auto err) {
            return cosffi_get_object(raw_.get(), detail::str(object_key), &options, chosen, cb, out,
                                     err);
        });
    }

    Expected<Transfer> list_objects(PageFn on_page, const ListOptions &from = {},
                                    Callbacks callbacks = {}) const {
        auto options = cosffi_list_options_default();
        options.prefix = detail::str(from.prefix);
        options.delimiter = detail::str(from.delimiter);
        options.marker = detail::str(from.marker);
        options.max_keys = from.max_keys;
        options.one_page = from.one_page;
        const cosffi_page_fn page = [](void *user_data,
                                       const cosffi_list_page *raw) noexcept -> std::int32_t {
            return detail::Job::of(user_data).on_page(ListPage(raw));
        };
        const cosffi_page_fn chosen = on_page ? page : nullptr;
        detail::Job job(std::move(callbacks));
        job.on_page = std::move(on_page);
        return start(std::move(job), [&](auto cb, auto out, auto err) {
            return cosffi_list_objects(raw_.get(), &options, chosen, cb, out, err);
        });
    }

    /** All versions of all objects. */
    Expected<Transfer> list_versions(VersionsPageFn on_page, const ListVersionsOptions &from = {},
                                     Callbacks callbacks = {}) const {
        auto options = cosffi_list_versions_options_default();
        options.prefix = detail::str(from.prefix);
        options.delimiter = detail::str(from.delimiter);
        options.key_marker = detail::str(from.key_marker);
        options.version_id_marker = detail::str(from.version_id_marker);
        options.max_keys = from.max_keys;
        options.one_page = from.one_page;
        const cosffi_versions_page_fn page =
            [](void *user_data, const cosffi_versions_page *raw) noexcept -> std::int32_t {
            return detail::Job::of(user_data).on_versions(VersionsPage(raw));
        };
        const cosffi_versions_page_fn chosen = on_page ? page : nullptr;
        detail::Job job(std::move(callbacks));
        job.on_versions = std::move(on_page);
        return start(std::move(job), [&](auto cb, auto out, auto err) {
            return cosffi_list_versions(raw_.get(), &options, chosen, cb, out, err);
        });
    }

    /** Every file in the folder `path`; single files that fail are in Response::folder_failure(). */
    Expected<Transfer> upload_folder(std::string_view prefix, std::string_view path,
                                     const FolderOptions &from = {}, FolderEntryFn on_entry = {},
                                     Callbacks callbacks = {}) const {
        return folder(cosffi_upload_folder, prefix, path, from, std::move(on_entry),
                      std::move(callbacks));
    }

    /** Every object below `prefix`; single objects that fail are in Response::folder_failure(). */
    Expected<Transfer> download_folder(std::string_view prefix, std::string_view path,
                                       const FolderOptions &from = {}, FolderEntryFn on_entry = {},
                                       Callbacks callbacks = {}) const {
        return folder(cosffi_download_folder, prefix, path, from, std::move(on_entry),
                      std::move(callbacks));
    }

    Expected<Transfer> head_object(std::string_view object_key, Callbacks callbacks = {}) const {
        return start(std::move(callbacks), [&](auto cb, auto out, auto err) {
            return cosffi_head_object(raw_.get(), detail::str(object_key), cb, out, err);
        });
    }

    Expected<Transfer> delete_object(std::string_view object_key, Callbacks callbacks = {}) const {
        return start(std::move(callbacks), [&](auto cb, auto out, auto err) {
            return cosffi_delete_object(raw_.get(), detail::str(object_key), cb, out, err);
        });
    }

    /** Copies, or moves, an object to `object_key` of this bucket. */
    Expected<Transfer> copy_object(std::string_view source_object_key, std::string_view object_key,
                                   const CopyOptions &from = {}, Callbacks callbacks = {}) const {
        const auto headers = detail::pairs(from.headers);
        auto options = cosffi_copy_options_default();
        options.source_bucket = detail::str(from.source_bucket);
        options.source_region = detail::str(from.source_region);
        options.source_version_id = detail::str(from.source_version_id);
        options.source_if_match = detail::str(from.source_if_match);
        options.content_type = detail::str(from.content_type);
        options.headers = headers.data();
        options.headers_count = headers.size();
        options.replace_metadata = from.replace_metadata;
        options.delete_source = from.delete_source;
        options.forbid_overwrite = from.forbid_overwrite;
        options.priority = from.priority;
        options.part_size_bytes = from.part_size_bytes;
        options.multipart_threshold_bytes = from.multipart_threshold_bytes;
        options.concurrency = from.concurrency;
        return start(std::move(callbacks), [&](auto cb, auto out, auto err) {
            return cosffi_copy_object(raw_.get(), detail::str(source_object_key),
                                      detail::str(object_key), &options, cb, out, err);
        });
    }

    /** Those that could not be deleted are in the response: Response::failure(). */
    Expected<Transfer> delete_objects(const std::vector<ObjectId> &from,
                                      Callbacks callbacks = {}) const {
        std::vector<cosffi_object_id> objects;
        objects.reserve(from.size());
        for (const auto &id : from) {
            objects.push_back({detail::str(id.object_key), detail::str(id.version_id)});
        }
        return start(std::move(callbacks), [&](auto cb, auto out, auto err) {
            return cosffi_delete_objects(raw_.get(), objects.data(), objects.size(), cb, out, err);
        });
    }

    /** Response::url() is good for `method` on one object. */
    Expected<Transfer> presign_object(std::string_view method, std::string_view object_key,
                                      const PresignObjectOptions &from,
                                      Callbacks callbacks = {}) const {
        const auto params = detail::pairs(from.params), headers = detail::pairs(from.headers);
        auto options = cosffi_presign_object_options_default();
        options.expires_s = from.expires_s;
        options.params = params.data();
        options.params_count = params.size();
        options.headers = headers.data();
        options.headers_count = headers.size();
        return start(std::move(callbacks), [&](auto cb, auto out, auto err) {
            return cosffi_presign_object(raw_.get(), detail::str(method), detail::str(object_key),
                                         &options, cb, out, err);
        });
    }

    /** Anything else; an empty key means the bucket. */
    Expected<Transfer> request(std::string_view method, std::string_view object_key,
                               const RequestOptions &from = {}, Callbacks callbacks = {}) const {
        const auto params = detail::pairs(from.params), headers = detail::pairs(from.headers);
        auto options = cosffi_request_options_default();
        options.params = params.data();
        options.params_count = params.size();
        options.headers = headers.data();
        options.headers_count = headers.size();
        options.body = {reinterpret_cast<const std::uint8_t *>(from.body.data()), from.body.size()};
        options.only_once = from.only_once;
        return start(std::move(callbacks), [&](auto cb, auto out, auto err) {
            return cosffi_request(raw_.get(), detail::str(method), detail::str(object_key),
                                  &options, cb, out, err);
        });
    }

    /** Removes what interrupted transfers left in this folder and did not continue; 0: for seven days. */
    Expected<Transfer> clean_up_stale(std::string_view resume_folder, std::uint64_t older_than_s = 0,
                                      Callbacks callbacks = {}) const {
        return start(std::move(callbacks), [&](auto cb, auto out, auto err) {
            return cosffi_clean_up_stale(raw_.get(), detail::str(resume_folder), older_than_s, cb,
                                         out, err);
        });
    }

    /** Response::body() is the form as JSON. */
    Expected<Transfer> post_form(std::string_view object_key, const PostFormOptions &from,
                                 Callbacks callbacks = {}) const {
        const auto fields = detail::pairs(from.fields);
        auto options = cosffi_post_form_options_default();
        options.expires_s = from.expires_s;
        options.min_bytes = from.min_bytes;
        options.max_bytes = from.max_bytes;
        options.key_prefix = detail::str(from.key_prefix);
        options.fields = fields.data();
        options.fields_count = fields.size();
        return start(std::move(callbacks), [&](auto cb, auto out, auto err) {
            return cosffi_post_form(raw_.get(), detail::str(object_key), &options, cb, out, err);
        });
    }

    /** Tells what happened to the app. */
    Expected<void> notify(cosffi_app_event event) const {
        return detail::call(
            [&](auto err) { return cosffi_client_notify(raw_.get(), event, err); });
    }

    const cosffi_client *get() const noexcept { return raw_.get(); }

  private:
    /** C options that point into C++ ones. */
    struct Upload {
        explicit Upload(const UploadOptions &from)
            : headers(detail::pairs(from.headers)), options(cosffi_upload_options_default()) {
            options.content_type = detail::str(from.content_type);
            options.headers = headers.data();
            options.headers_count = headers.size();
            options.part_size_bytes = from.part_size_bytes;
            options.concurrency = from.concurrency;
            options.forbid_overwrite = from.forbid_overwrite;
            options.resume_folder = detail::str(from.resume_folder);
            options.resume_record = detail::str(from.resume_record);
            options.priority = from.priority;
            options.content_md5 = from.content_md5;
            options.rate_limit_bytes_per_s = from.rate_limit_bytes_per_s;
        }
        Upload(const Upload &) = delete;
        Upload &operator=(const Upload &) = delete;

        std::vector<cosffi_pair> headers;
        cosffi_upload_options options;
    };

    static cosffi_get_options get_options(const GetOptions &from) noexcept {
        auto options = cosffi_get_options_default();
        options.offset_bytes = from.offset_bytes;
        options.length_bytes = from.length_bytes;
        options.memory_limit_bytes = from.memory_limit_bytes;
        options.if_match = detail::str(from.if_match);
        options.version_id = detail::str(from.version_id);
        return options;
    }

    template <class Start>
    Expected<Transfer> folder(Start &&begin, std::string_view prefix, std::string_view path,
                              const FolderOptions &from, FolderEntryFn on_entry,
                              Callbacks callbacks) const {
        const auto include = detail::strs(from.include), exclude = detail::strs(from.exclude);
        const auto headers = detail::pairs(from.headers);
        auto options = cosffi_folder_options_default();
        options.include = include.data();
        options.include_count = include.size();
        options.exclude = exclude.data();
        options.exclude_count = exclude.size();
        options.compare = from.compare;
        options.delete_extra = from.delete_extra;
        options.dry_run = from.dry_run;
        options.fail_fast = from.fail_fast;
        options.concurrency = from.concurrency;
        options.priority = from.priority;
        options.follow_symlinks = from.follow_symlinks;
        options.empty_folders = from.empty_folders;
        options.portable_names = from.portable_names;
        options.forbid_overwrite = from.forbid_overwrite;
        options.part_size_bytes = from.part_size_bytes;
        options.resume_folder = detail::str(from.resume_folder);
        options.headers = headers.data();
        options.headers_count = headers.size();
        const cosffi_folder_entry_fn entry =
            [](void *user_data, const cosffi_folder_entry *raw) noexcept -> std::int32_t {
            return detail::Job::of(user_data).on_entry(FolderEntry(raw));
        };
        const cosffi_folder_entry_fn chosen = on_entry ? entry : nullptr;
        detail::Job job(std::move(callbacks));
        job.on_entry = std::move(on_entry);
        return start(std::move(job), [&](auto cb, auto out, auto err) {
            return begin(raw_.get(), detail::str(prefix), detail::str(path), &options, chosen, cb,
                         out, err);
        });
    }

    template <class Call> static Expected<Transfer> start(detail::Job job, Call &&call) {
        const cosffi_transfer_callbacks callbacks = detail::callbacks_of(std::move(job));
        return detail::make<Transfer, cosffi_transfer>(
            [&](auto out, auto err) { return call(&callbacks, out, err); });
    }

    detail::Handle<cosffi_client, cosffi_client_free> raw_;
};

/** Sends the library's log lines to a lambda, from any thread; an empty one ends it. */
inline Expected<void> set_log(cosffi_log_level level,
                              std::function<void(cosffi_log_level level, std::string_view target,
                                                 std::string_view message)>
                                  log) {
    using Log = decltype(log);
    if (!log) {
        return detail::call([&](auto err) {
            return cosffi_log_set(COSFFI_LOG_OFF, nullptr, nullptr, nullptr, err);
        });
    }
    const cosffi_log_fn write = [](void *user_data, std::int32_t of, cosffi_str target,
                                   cosffi_str message) noexcept {
        (*static_cast<Log *>(user_data))(static_cast<cosffi_log_level>(of), detail::view(target),
                                         detail::view(message));
    };
    const cosffi_drop_fn drop = [](void *user_data) noexcept {
        delete static_cast<Log *>(user_data);
    };
    auto *owned = new Log(std::move(log));
    return detail::call([&](auto err) { return cosffi_log_set(level, write, owned, drop, err); });
}

} // namespace cosffi

#endif /* COS_FFI_HPP */
