/*
 * cos_ffi.h - objects on Tencent Cloud COS with temporary credentials, from C and C++.
 *
 * Written by `make header` from the sources of the library; do not edit.
 *
 * In short (docs/c-api.md has the whole page):
 *  - A function that can fail returns a cosffi_result. Its last parameter, `err`, may be NULL;
 *    otherwise `*err` becomes NULL on success or an error that you free with cosffi_error_free().
 *  - An output is written only on COSFFI_OK; pointers are set to NULL first.
 *  - What a `_new` function gives you is yours until the `_free` function of the same name; `_free`
 *    takes NULL. Everything passed in is copied during the call.
 *  - A pointer to const may be used by several threads at once.
 *  - Options structs begin with `struct_size`; make them with the cosffi_..._default() functions at
 *    the end of this file. Zero is the default of every field.
 *  - Callbacks come from the one callback thread of the runtime, never from inside the call that
 *    started the work. They must return normally: no exceptions, no longjmp.
 *  - No panic of the library crosses the border; it becomes COSFFI_ERROR_PANIC.
 */


#ifndef COS_FFI_H
#define COS_FFI_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/**
 * The ABI this header describes. It grows by one when functions, codes or fields are added; it
 * never takes anything away.
 */
#define COSFFI_ABI_VERSION 1

/**
 * What a call came to. The numbers are part of the ABI: they are never changed nor reused, only
 * added to, so treat a number you do not know as a failure.
 */
enum cosffi_result
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /** It worked. */
    COSFFI_OK = 0,
    /** An argument is NULL, out of range, not UTF-8, or contradicts another. */
    COSFFI_ERROR_INVALID_ARGUMENT = 1,
    /** A bug in this library was caught at the border. Please report it. */
    COSFFI_ERROR_PANIC = 2,
    /** The transfer was cancelled, by the app or because its runtime was shut down. */
    COSFFI_ERROR_CANCELLED = 3,
    /** The runtime was shut down or freed before the call. */
    COSFFI_ERROR_SHUT_DOWN = 4,
    /** The process was forked after the runtime started; its threads are not in this process. */
    COSFFI_ERROR_FORKED = 5,
    /** The function would wait for the very thread it was called on (the callback thread). */
    COSFFI_ERROR_WRONG_THREAD = 6,
    /** The time given to a wait is over; what was waited for goes on. */
    COSFFI_ERROR_NOT_FINISHED = 7,
    /** A setting does not make sense: bucket, region, endpoint, certificate, limits. */
    COSFFI_ERROR_CONFIG = 8,
    /** No usable credentials: the provider failed, did not answer in time, or they are over. */
    COSFFI_ERROR_CREDENTIAL = 9,
    /** The service refused or failed; see cosffi_error_service_code(). */
    COSFFI_ERROR_SERVICE = 10,
    /** The service says these credentials may not do this. */
    COSFFI_ERROR_ACCESS_DENIED = 11,
    /** The service knows no such object, bucket or upload. */
    COSFFI_ERROR_NOT_FOUND = 12,
    /** The service could not be reached, or the connection broke. */
    COSFFI_ERROR_NETWORK = 13,
    /** The service did not answer in the time configured. */
    COSFFI_ERROR_TIMEOUT = 14,
    /** A local file could not be read or written. */
    COSFFI_ERROR_LOCAL = 15,
    /** What arrived is not what was sent (length or checksum). */
    COSFFI_ERROR_INTEGRITY = 16,
    /** A condition of the request, such as "only if it does not exist", was not met. */
    COSFFI_ERROR_PRECONDITION = 17,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum cosffi_result cosffi_result;
#else
typedef int32_t cosffi_result;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/** Why credentials are asked for. */
enum cosffi_credential_reason
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /** There are none yet. */
    COSFFI_REASON_FIRST = 0,
    /** Those at hand end soon or have ended. */
    COSFFI_REASON_EXPIRING = 1,
    /** The service refused those at hand. */
    COSFFI_REASON_REJECTED = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum cosffi_credential_reason cosffi_credential_reason;
#else
typedef int32_t cosffi_credential_reason;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/** How much is said. Each level includes those before it. */
enum cosffi_log_level
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /** Nothing. */
    COSFFI_LOG_OFF = 0,
    /** What failed for good. */
    COSFFI_LOG_ERROR = 1,
    /** What was odd but overcome. */
    COSFFI_LOG_WARN = 2,
    /** What happened. */
    COSFFI_LOG_INFO = 3,
    /** Each request. */
    COSFFI_LOG_DEBUG = 4,
    /** Everything. */
    COSFFI_LOG_TRACE = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum cosffi_log_level cosffi_log_level;
#else
typedef int32_t cosffi_log_level;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/** Access to one bucket: connections, credentials, limits. Use one per bucket and keep it. */
typedef struct cosffi_client cosffi_client;

/**
 * A request for credentials, owned by the app until it answers: with
 * cosffi_credential_request_complete(), _fail() or _free(), exactly one of them, once.
 */
typedef struct cosffi_credential_request cosffi_credential_request;

/**
 * A set of keys, permanent or temporary. Immutable; its secret parts are wiped from memory when
 * the last user of them is gone.
 */
typedef struct cosffi_credentials cosffi_credentials;

/** Why a call or a transfer failed. Holds no secret, no token, no signature and no signed URL. */
typedef struct cosffi_error cosffi_error;

/** Gives credentials to clients: fixed ones, or those the app fetches from its own server. */
typedef struct cosffi_provider cosffi_provider;

/** The answer to a transfer that went well. */
typedef struct cosffi_response cosffi_response;

/**
 * Threads that do the work, and the one thread all callbacks come from.
 *
 * Several runtimes may live in one process; most programs need one.
 */
typedef struct cosffi_runtime cosffi_runtime;

/** An upload, a download or a single request that was started. Freeing it does not stop it. */
typedef struct cosffi_transfer cosffi_transfer;

/** Owned text, NUL-terminated. Give it back with cosffi_string_free(), never with free(). */
typedef struct cosffi_string {
    /** The text; NULL when nothing was written. */
    char *data;
    /** Bytes, without the NUL at the end. */
    size_t len;
} cosffi_string;

/**
 * Borrowed UTF-8 text: `len` bytes at `data`. `{NULL, 0}` is "not given" where that is allowed.
 *
 * Text given to a function is read during the call and copied; it needs no NUL at the end.
 * Text that a function returns is followed by a NUL byte that `len` does not count, and lives as
 * long as the object it was asked from.
 */
typedef struct cosffi_str {
    /** First byte; may be NULL only when `len` is 0. */
    const char *data;
    /** Bytes, without any NUL at the end. */
    size_t len;
} cosffi_str;

/** Settings of a runtime. Zero means default everywhere. */
typedef struct cosffi_runtime_options {
    /** sizeof(cosffi_runtime_options) when the program was compiled. */
    size_t struct_size;
    /**
     * Threads that do the work, 1 to 64. Default: one per processor, at most 4. One is enough for
     * an app extension.
     */
    uint32_t worker_threads;
    /** Must be 0. */
    uint32_t reserved;
} cosffi_runtime_options;

/** Tells that a runtime has called the app for the last time. */
typedef void (*cosffi_shutdown_fn)(void *user_data);

/** Asks the app for credentials. It returns at once and answers later, from any thread. */
typedef void (*cosffi_fetch_fn)(void *user_data, cosffi_credential_request *request);

/** Tells the app that its `user_data` will not be used any more. */
typedef void (*cosffi_drop_fn)(void *user_data);

/** The app's own source of credentials. */
typedef struct cosffi_provider_callbacks {
    /** sizeof(cosffi_provider_callbacks) when the program was compiled. */
    size_t struct_size;
    /** Handed to each function; never looked at. */
    void *user_data;
    /**
     * Asks for credentials: called on the callback thread, one request at a time for one provider.
     * It returns at once; the request is the app's and is answered later from any thread. Required.
     */
    cosffi_fetch_fn fetch;
    /**
     * `user_data` is not needed any more: called once, on the callback thread, when the provider and
     * all its clients are freed; after the runtime has ended, on the thread that frees the last one.
     */
    cosffi_drop_fn drop;
    /** How long an answer is waited for. Default: 30,000. */
    uint64_t timeout_ms;
    /**
     * How long before the end of the credentials new ones are asked for; never more than a quarter of
     * their life. Default: 300.
     */
    uint64_t refresh_margin_s;
} cosffi_provider_callbacks;

/** A name with a value: a header or a query parameter, as plain text without any escaping. */
typedef struct cosffi_pair {
    /** The name, in any case. */
    cosffi_str name;
    /** The value; may be empty. */
    cosffi_str value;
} cosffi_pair;

/** What to sign. */
typedef struct cosffi_sign_options {
    /** sizeof(cosffi_sign_options) when the program was compiled. */
    size_t struct_size;
    /** Whose signature. Required. */
    const cosffi_credentials *credentials;
    /** "GET", "PUT" and so on. Required. */
    cosffi_str method;
    /** The path, decoded, beginning with "/". Required. */
    cosffi_str path;
    /** The query parameters, decoded; all that will be sent. */
    const cosffi_pair *params;
    /** How many there are. */
    size_t params_count;
    /** The headers to sign, values exactly as sent; sign at least "host". */
    const cosffi_pair *headers;
    /** How many there are. */
    size_t headers_count;
    /** From when the signature is good, Unix seconds. Required. */
    uint64_t key_time_start_s;
    /** Until when, Unix seconds. Required. */
    uint64_t key_time_end_s;
} cosffi_sign_options;

/** What to presign. */
typedef struct cosffi_presign_options {
    /** sizeof(cosffi_presign_options) when the program was compiled. */
    size_t struct_size;
    /** Whose signature. Required. */
    const cosffi_credentials *credentials;
    /** "GET", "PUT" and so on: the URL is good for this method only. Required. */
    cosffi_str method;
    /**
     * Scheme and host the URL is for, e.g. "https://photos-1250000000.cos.ap-guangzhou.myqcloud.com";
     * a port and a path before the key are possible. Required.
     */
    cosffi_str base_url;
    /** The object key, decoded, without a leading "/". Empty for the bucket itself. */
    cosffi_str object_key;
    /** Further query parameters, decoded. */
    const cosffi_pair *params;
    /** How many there are. */
    size_t params_count;
    /** Headers that the user of the URL must send exactly so, besides Host. */
    const cosffi_pair *headers;
    /** How many there are. */
    size_t headers_count;
    /** From when the URL is good, Unix seconds. Required. */
    uint64_t key_time_start_s;
    /** Until when, Unix seconds. Required. The URL ends with the credentials if they end first. */
    uint64_t key_time_end_s;
} cosffi_presign_options;

/** Settings of a client. Zero and empty mean default. */
typedef struct cosffi_client_options {
    /** sizeof(cosffi_client_options) when the program was compiled. */
    size_t struct_size;
    /** The bucket with its appid, e.g. "photos-1250000000". Required. */
    cosffi_str bucket;
    /** Its region, e.g. "ap-guangzhou". Required. */
    cosffi_str region;
    /**
     * "scheme://host[:port]" to connect to instead of the bucket's own host, whose name is still sent
     * and signed: a gateway or an emulator.
     */
    cosffi_str endpoint;
    /** Where credentials come from. Required. */
    const cosffi_provider *provider;
    /** Bytes per part of an upload or download, 1 MiB to 5 GiB. Default: 8 MiB. */
    uint64_t part_size_bytes;
    /** Requests in flight at most, for all files of this client together, 1 to 1024. Default: 8. */
    uint32_t concurrency;
    /** Requests sent at most for one call, 1 means never repeat. Default: 5. */
    uint32_t max_attempts;
    /** For making a connection. Default: 10,000. */
    uint64_t connect_timeout_ms;
    /** For an answer to begin, and between two pieces of it. Default: 60,000. */
    uint64_t read_timeout_ms;
    /** For one call with all its attempts; a transfer is many calls. Default: no limit. */
    uint64_t operation_timeout_ms;
    /** Certificates (PEM) to trust besides the built-in roots. */
    cosffi_str ca_pem;
    /** A forward proxy, "http://[user:password@]host:port". The environment is not looked at. */
    cosffi_str proxy;
} cosffi_client_options;

/** Settings of one upload. Zero and empty mean default. */
typedef struct cosffi_upload_options {
    /** sizeof(cosffi_upload_options) when the program was compiled. */
    size_t struct_size;
    /** The object's content type. */
    cosffi_str content_type;
    /** Further headers of the object: cache-control, x-cos-storage-class, x-cos-meta-* and so on. */
    const cosffi_pair *headers;
    /** How many there are. */
    size_t headers_count;
    /** Bytes per part, when a file goes in parts. Default: the client's. */
    uint64_t part_size_bytes;
    /** Not 0: fail with PRECONDITION instead of replacing an object that has the key. */
    uint32_t forbid_overwrite;
    /** Parts in flight at most; the client's own limit holds as well. Default: the client's. */
    uint32_t concurrency;
} cosffi_upload_options;

/**
 * How far a transfer is: bytes done of bytes in total, both absolute. `total_bytes` is UINT64_MAX
 * while it is not known. At most about ten calls per second; the last value comes before
 * completion.
 */
typedef void (*cosffi_progress_fn)(void *user_data, uint64_t done_bytes, uint64_t total_bytes);

/**
 * The end of a transfer. On COSFFI_OK `response` is set and `error` is NULL, otherwise the other
 * way round; both are borrowed and end with this call.
 */
typedef void (*cosffi_complete_fn)(void *user_data,
                                   cosffi_result result,
                                   const cosffi_response *response,
                                   const cosffi_error *error);

/**
 * What a transfer calls, always on the callback thread of its runtime, one at a time, and never
 * from inside the function that started it:
 *
 * 1. `on_progress`, any number of times;
 * 2. `on_complete`, exactly once, also after a cancel and at shutdown;
 * 3. `drop`, exactly once; `user_data` is not used after that.
 *
 * When the start fails, `drop` is called before the starting function returns, and nothing else.
 * Each function may be NULL.
 */
typedef struct cosffi_transfer_callbacks {
    /** sizeof(cosffi_transfer_callbacks) when the program was compiled. */
    size_t struct_size;
    /** Handed to each function; never looked at. */
    void *user_data;
    /** How far it is. */
    cosffi_progress_fn on_progress;
    /** How it ended. */
    cosffi_complete_fn on_complete;
    /** `user_data` is not needed any more. */
    cosffi_drop_fn drop;
} cosffi_transfer_callbacks;

/** Settings of one download. Zero means default. */
typedef struct cosffi_download_options {
    /** sizeof(cosffi_download_options) when the program was compiled. */
    size_t struct_size;
    /** Bytes per range fetched. Default: the client's part size. */
    uint64_t part_size_bytes;
    /** Ranges in flight at most; the client's own limit holds as well. Default: the client's. */
    uint32_t concurrency;
    /** Must be 0. */
    uint32_t reserved;
} cosffi_download_options;

/** Borrowed bytes, read and copied during the call they are given to. */
typedef struct cosffi_bytes {
    /** First byte; may be NULL only when `len` is 0. */
    const uint8_t *data;
    /** Bytes. */
    size_t len;
} cosffi_bytes;

/** Takes one line. `level` is a cosffi_log_level; the texts are borrowed for the call. */
typedef void (*cosffi_log_fn)(void *user_data,
                              int32_t level,
                              cosffi_str target,
                              cosffi_str message);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/* ==== Result codes ============================================================================ */

/**
 * The name of a result code, e.g. "COSFFI_ERROR_CANCELLED"; "COSFFI_ERROR_UNKNOWN" for a number
 * this version does not know.
 *
 * Ownership: static text, never freed.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
const char *cosffi_result_name(int32_t result);

/* ==== Text ==================================================================================== */

/**
 * Frees text this library gave out and sets it to `{NULL, 0}`, so that a second call does nothing.
 *
 * Ownership: takes the text, not the struct around it. NULL and `{NULL, 0}` are fine.
 * Threads: any, one at a time for one string.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
void cosffi_string_free(cosffi_string *string);

/* ==== Version ================================================================================= */

/**
 * The ABI of the library that is linked or loaded. A program is fine with any number that is not
 * smaller than the COSFFI_ABI_VERSION it was compiled with.
 *
 * Ownership: none.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
uint32_t cosffi_abi_version(void);

/**
 * The version of the library as text, e.g. "0.1.0".
 *
 * Ownership: static text, never freed.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
const char *cosffi_version_string(void);

/* ==== Errors ================================================================================== */

/**
 * The result code that came with the error; COSFFI_OK for NULL.
 *
 * Ownership: borrows `error`.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_result cosffi_error_code(const cosffi_error *error);

/**
 * The HTTP status of the last answer, 0 when there was none.
 *
 * Ownership: borrows `error`; NULL is fine.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
uint32_t cosffi_error_http_status(const cosffi_error *error);

/**
 * The service's own error code, e.g. "AccessDenied"; empty when the service did not answer.
 *
 * Ownership: borrowed from `error`, valid until it is freed; NULL is fine.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_error_service_code(const cosffi_error *error);

/**
 * What went wrong, for people; the service's own message where it gave one.
 *
 * Ownership: borrowed from `error`, valid until it is freed; NULL is fine.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_error_message(const cosffi_error *error);

/**
 * The service's id of the failed request (`x-cos-request-id`): the first thing its support asks
 * for. Empty when the service did not answer.
 *
 * Ownership: borrowed from `error`, valid until it is freed; NULL is fine.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_error_request_id(const cosffi_error *error);

/**
 * What the failed request was about (bucket, key or file); never a URL with a signature.
 *
 * Ownership: borrowed from `error`, valid until it is freed; NULL is fine.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_error_resource(const cosffi_error *error);

/**
 * What to try next, for people; empty when there is no good advice.
 *
 * Ownership: borrowed from `error`, valid until it is freed; NULL is fine.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_error_hint(const cosffi_error *error);

/**
 * 1 when the same call may well work later, else 0. The library has already retried what it could.
 *
 * Ownership: borrows `error`; NULL is fine.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
int32_t cosffi_error_is_retryable(const cosffi_error *error);

/**
 * How many times the failed request was sent; 0 when it never left.
 *
 * Ownership: borrows `error`; NULL is fine.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
uint32_t cosffi_error_attempts(const cosffi_error *error);

/**
 * Frees an error that was handed out through a `cosffi_error **`. An error borrowed in a
 * callback is not yours to free.
 *
 * Ownership: takes `error`; NULL is fine.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
void cosffi_error_free(cosffi_error *error);

/* ==== Runtime ================================================================================= */

/**
 * Starts a runtime: its worker threads and its callback thread.
 *
 * Ownership: `*out` is yours; end it with cosffi_runtime_free(). `options` is read during the call;
 * NULL means all defaults.
 * Threads: any.
 * Errors: INVALID_ARGUMENT; LOCAL when threads cannot be started. `*out` is then NULL.
 * Since: 0.1 (ABI 1).
 */
cosffi_result cosffi_runtime_new(const cosffi_runtime_options *options,
                                 cosffi_runtime **out,
                                 cosffi_error **err);

/**
 * Refuses new work, cancels transfers in flight (their `on_complete` and `drop` still come), ends
 * all threads, and waits up to `timeout_ms` for that; a negative time waits as long as it takes, 0
 * not at all. What was not finished in time goes on in the background.
 *
 * `on_done(user_data)` may be NULL. It is called exactly once, on the callback thread, after every
 * other callback, whether or not the wait was long enough, and possibly before this function returns.
 *
 * Ownership: borrows `runtime`, which still has to be freed.
 * Threads: any except the callback thread.
 * Errors: NOT_FINISHED when the time was over first (with 0: always OK); WRONG_THREAD on the
 * callback thread; SHUT_DOWN when `on_done` is given but shutdown had begun before, so that
 * `on_done` is never called; FORKED. A further call without `on_done` waits again.
 * Since: 0.1 (ABI 1).
 */
cosffi_result cosffi_runtime_shutdown(const cosffi_runtime *runtime,
                                      int64_t timeout_ms,
                                      cosffi_shutdown_fn on_done,
                                      void *user_data,
                                      cosffi_error **err);

/**
 * Frees a runtime. If it was not shut down, that begins now, without waiting: transfers in flight
 * are cancelled and their callbacks still come, after this function has returned. A program that
 * wants to know when the last callback is over calls cosffi_runtime_shutdown() first.
 *
 * Ownership: takes `runtime`; NULL is fine. Clients and transfers may be freed before or after.
 * Threads: any, also inside a callback. In a forked child it does nothing.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
void cosffi_runtime_free(cosffi_runtime *runtime);

/* ==== Credentials ============================================================================= */

/**
 * Makes credentials of their parts. `start_time_s` and `expired_time_s` are Unix seconds, 0 when
 * not known. With an empty `session_token` they are permanent keys, which belong on servers and in
 * tests, never in an app, and both times must be 0.
 *
 * Ownership: `*out` is yours; end it with cosffi_credentials_free(). The text is copied.
 * Threads: any.
 * Errors: INVALID_ARGUMENT, also for keys with blanks in them and times in milliseconds.
 * Since: 0.1 (ABI 1).
 */
cosffi_result cosffi_credentials_new(cosffi_str secret_id,
                                     cosffi_str secret_key,
                                     cosffi_str session_token,
                                     uint64_t start_time_s,
                                     uint64_t expired_time_s,
                                     cosffi_credentials **out,
                                     cosffi_error **err);

/**
 * Reads credentials from JSON: the reply of STS, of the official STS helper libraries, or of an
 * app's own token server (`Token`, `sessionToken` and the other usual spellings).
 *
 * Ownership: `*out` is yours; end it with cosffi_credentials_free(). The text is not kept.
 * Threads: any.
 * Errors: CREDENTIAL with the service's code and message when the JSON is an error or is not what
 * it should be; INVALID_ARGUMENT when the text is empty or not UTF-8.
 * Since: 0.1 (ABI 1).
 */
cosffi_result cosffi_credentials_parse_sts(cosffi_str json,
                                           cosffi_credentials **out,
                                           cosffi_error **err);

/**
 * The session token, for the header `x-cos-security-token` of requests you send yourself. Empty
 * for permanent keys. Treat it as a secret: do not log it.
 *
 * Ownership: borrowed from `credentials`, valid until they are freed; NULL is fine.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_credentials_session_token(const cosffi_credentials *credentials);

/**
 * When the credentials end, Unix seconds; 0 for permanent keys and where it is not known.
 *
 * Ownership: borrows `credentials`; NULL is fine.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
uint64_t cosffi_credentials_expired_time_s(const cosffi_credentials *credentials);

/**
 * Frees credentials. Providers made of them keep what they need.
 *
 * Ownership: takes `credentials`; NULL is fine.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
void cosffi_credentials_free(cosffi_credentials *credentials);

/* ==== Providers of credentials ================================================================ */

/**
 * A provider that asks the app, keeps what it gets and asks again before that ends or when the
 * service refuses it. All clients and transfers share one request at a time; until the end of the old
 * credentials nobody waits.
 *
 * Ownership: `*out` is yours; end it with cosffi_provider_free(). `callbacks` is read during the call.
 * `user_data` is the provider's until its `drop`, which a call that fails makes before it returns.
 * Threads: any; `fetch` and `drop` come on the callback thread of `runtime`.
 * How often: `fetch` once per request for credentials, `drop` once.
 * Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED.
 * Since: 0.1 (ABI 1).
 */
cosffi_result cosffi_provider_new(const cosffi_runtime *runtime,
                                  const cosffi_provider_callbacks *callbacks,
                                  cosffi_provider **out,
                                  cosffi_error **err);

/**
 * Forgets the credentials at hand, e.g. when the user logs out: the next request asks the app anew.
 * Does nothing for fixed credentials.
 *
 * Ownership: borrows `provider`; NULL is fine.
 * Threads: any, also inside a callback.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
void cosffi_provider_invalidate(const cosffi_provider *provider);

/**
 * A provider that always gives the same credentials.
 *
 * Ownership: `*out` is yours; end it with cosffi_provider_free(). `credentials` are copied.
 * Threads: any.
 * Errors: INVALID_ARGUMENT.
 * Since: 0.1 (ABI 1).
 */
cosffi_result cosffi_provider_static(const cosffi_credentials *credentials,
                                     cosffi_provider **out,
                                     cosffi_error **err);

/**
 * Frees a provider. Clients made with it keep what they need; the `drop` of its callbacks runs when
 * the last of them is gone too.
 *
 * Ownership: takes `provider`; NULL is fine.
 * Threads: any, also inside a callback.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
void cosffi_provider_free(cosffi_provider *provider);

/**
 * The bucket the credentials are for, e.g. "photos-1250000000"; empty when not known.
 *
 * Ownership: borrowed from `request`, valid until it is answered; NULL is fine.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_credential_request_bucket(const cosffi_credential_request *request);

/**
 * The region of that bucket, e.g. "ap-guangzhou"; empty when not known.
 *
 * Ownership: borrowed from `request`, valid until it is answered; NULL is fine.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_credential_request_region(const cosffi_credential_request *request);

/**
 * The action about to be made, e.g. "name/cos:PutObject"; empty when not known.
 *
 * Ownership: borrowed from `request`, valid until it is answered; NULL is fine.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_credential_request_action(const cosffi_credential_request *request);

/**
 * The object key or key prefix the credentials are for; empty when not known.
 *
 * Ownership: borrowed from `request`, valid until it is answered; NULL is fine.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_credential_request_object_key(const cosffi_credential_request *request);

/**
 * Why they are asked for; COSFFI_REASON_FIRST for NULL.
 *
 * Ownership: borrows `request`.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_credential_reason cosffi_credential_request_reason(const cosffi_credential_request *request);

/**
 * Until when an answer is waited for, Unix milliseconds; a later one is ignored.
 *
 * Ownership: borrows `request`; 0 for NULL.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
uint64_t cosffi_credential_request_deadline_ms(const cosffi_credential_request *request);

/**
 * Answers with credentials. After the deadline, or when nobody waits any more, nothing happens.
 *
 * Ownership: takes `request`, also on errors; `credentials` are copied and still yours.
 * Threads: any, also from inside the fetch callback.
 * Errors: INVALID_ARGUMENT when either is NULL; the request has then failed.
 * Since: 0.1 (ABI 1).
 */
cosffi_result cosffi_credential_request_complete(cosffi_credential_request *request,
                                                 const cosffi_credentials *credentials);

/**
 * Answers that there are no credentials, and why. The code COSFFI_ERROR_NETWORK or
 * COSFFI_ERROR_TIMEOUT means "try again later", COSFFI_ERROR_ACCESS_DENIED "this user may not", any
 * other is final as well. The message ends up in cosffi_error_message(); put no secret in it.
 *
 * Ownership: takes `request`, also on errors; the text is copied.
 * Threads: any, also from inside the fetch callback.
 * Errors: INVALID_ARGUMENT when `request` is NULL or the message is not UTF-8; the request has then
 * failed without a message.
 * Since: 0.1 (ABI 1).
 */
cosffi_result cosffi_credential_request_fail(cosffi_credential_request *request,
                                             int32_t code,
                                             cosffi_str message);

/**
 * Gives a request back without an answer: it fails at once, so that nobody waits for nothing.
 *
 * Ownership: takes `request`; NULL is fine.
 * Threads: any, also from inside the fetch callback.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
void cosffi_credential_request_free(cosffi_credential_request *request);

/* ==== Signing without a client ================================================================ */

/**
 * Computes the value of the `Authorization` header of a request that you send yourself. When the
 * credentials carry a session token, the header `x-cos-security-token` is signed as well; send it
 * with cosffi_credentials_session_token() as its value.
 *
 * Ownership: `*out` is yours; end it with cosffi_string_free(). `options` is read during the call.
 * Threads: any; the function has no state.
 * Errors: INVALID_ARGUMENT with what is wrong.
 * Since: 0.1 (ABI 1).
 */
cosffi_result cosffi_sign_request(const cosffi_sign_options *options,
                                  cosffi_string *out,
                                  cosffi_error **err);

/**
 * Makes a URL that carries its own signature, for a browser or for somebody else. When the
 * credentials carry a session token it becomes part of the URL, which is then as secret as they are.
 *
 * Ownership: `*out` is yours; end it with cosffi_string_free(). `options` is read during the call.
 * Threads: any; the function has no state.
 * Errors: INVALID_ARGUMENT with what is wrong, also when the credentials end before the URL begins.
 * Since: 0.1 (ABI 1).
 */
cosffi_result cosffi_presign_url(const cosffi_presign_options *options,
                                 cosffi_string *out,
                                 cosffi_error **err);

/* ==== Client ================================================================================== */

/**
 * Makes a client. Opens no connection and asks for no credentials yet.
 *
 * Ownership: `*out` is yours; end it with cosffi_client_free(). `options` and its text are copied;
 * the runtime and the provider may be freed first (a freed runtime starts no more transfers).
 * Threads: any.
 * Errors: INVALID_ARGUMENT; CONFIG naming the option; SHUT_DOWN; FORKED.
 * Since: 0.1 (ABI 1).
 */
cosffi_result cosffi_client_new(const cosffi_runtime *runtime,
                                const cosffi_client_options *options,
                                cosffi_client **out,
                                cosffi_error **err);

/**
 * Frees a client. Transfers in flight keep what they need and go on.
 *
 * Ownership: takes `client`; NULL is fine.
 * Threads: any, also inside a callback. In a forked child it does nothing.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
void cosffi_client_free(cosffi_client *client);

/* ==== Objects ================================================================================= */

/**
 * Uploads a file of any size: small ones in one request, larger ones in parts, several at a time.
 * The service's checksum of the whole is compared with ours. Credentials are asked for with each
 * request, so the transfer may outlive any of them. What a failed or cancelled upload had sent is
 * removed.
 *
 * Ownership: `*out_transfer` is yours; end it with cosffi_transfer_free(); `out_transfer` may be
 * NULL. All text is copied; the file must not change until completion. `user_data` is the transfer's
 * until its `drop`.
 * Threads: any, also inside a callback; callbacks come on the callback thread.
 * How often: see cosffi_transfer_callbacks.
 * Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED; all others arrive in `on_complete`, among them LOCAL
 * when the file cannot be read.
 * Since: 0.1 (ABI 1).
 */
cosffi_result cosffi_upload_file(const cosffi_client *client,
                                 cosffi_str object_key,
                                 cosffi_str path,
                                 const cosffi_upload_options *options,
                                 const cosffi_transfer_callbacks *callbacks,
                                 cosffi_transfer **out_transfer,
                                 cosffi_error **err);

/**
 * Downloads an object into a file, replacing a file of that name: ranges in parallel, all of one
 * version, into a temporary file beside it. `path` appears, or changes, only when everything is there
 * and its checksum is right; after a failure or a cancel nothing is left.
 *
 * Ownership: as cosffi_upload_file().
 * Threads: any, also inside a callback; callbacks come on the callback thread.
 * How often: see cosffi_transfer_callbacks.
 * Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED; all others arrive in `on_complete`, among them LOCAL
 * when the file cannot be written and INTEGRITY when the content is not the object's.
 * Since: 0.1 (ABI 1).
 */
cosffi_result cosffi_download_file(const cosffi_client *client,
                                   cosffi_str object_key,
                                   cosffi_str path,
                                   const cosffi_download_options *options,
                                   const cosffi_transfer_callbacks *callbacks,
                                   cosffi_transfer **out_transfer,
                                   cosffi_error **err);

/**
 * Stores bytes as one object, replacing what has the key. For files use cosffi_upload_file().
 *
 * Ownership: `*out_transfer` is yours; end it with cosffi_transfer_free(); `out_transfer` may be
 * NULL. The bytes and all text are copied. `user_data` is the transfer's until its `drop`.
 * Threads: any, also inside a callback; callbacks come on the callback thread.
 * How often: see cosffi_transfer_callbacks.
 * Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED; all others arrive in `on_complete`.
 * Since: 0.1 (ABI 1).
 */
cosffi_result cosffi_put_object(const cosffi_client *client,
                                cosffi_str object_key,
                                cosffi_bytes bytes,
                                const cosffi_upload_options *options,
                                const cosffi_transfer_callbacks *callbacks,
                                cosffi_transfer **out_transfer,
                                cosffi_error **err);

/**
 * Asks for an object's properties without its content; see cosffi_response_header().
 *
 * Ownership: as cosffi_put_object().
 * Threads: any, also inside a callback; callbacks come on the callback thread.
 * How often: see cosffi_transfer_callbacks; there is no progress.
 * Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED; all others arrive in `on_complete`, NOT_FOUND among
 * them. The service gives no reason for a refusal; after HTTP 403 the client asks for the object's
 * first byte to learn it.
 * Since: 0.1 (ABI 1).
 */
cosffi_result cosffi_head_object(const cosffi_client *client,
                                 cosffi_str object_key,
                                 const cosffi_transfer_callbacks *callbacks,
                                 cosffi_transfer **out_transfer,
                                 cosffi_error **err);

/**
 * Deletes an object. Deleting what does not exist goes well.
 *
 * Ownership: as cosffi_put_object().
 * Threads: any, also inside a callback; callbacks come on the callback thread.
 * How often: see cosffi_transfer_callbacks; there is no progress.
 * Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED; all others arrive in `on_complete`.
 * Since: 0.1 (ABI 1).
 */
cosffi_result cosffi_delete_object(const cosffi_client *client,
                                   cosffi_str object_key,
                                   const cosffi_transfer_callbacks *callbacks,
                                   cosffi_transfer **out_transfer,
                                   cosffi_error **err);

/* ==== Transfers =============================================================================== */

/**
 * Asks a transfer to stop. It still completes, once, as every transfer does: with
 * COSFFI_ERROR_CANCELLED, or with what it had come to before. An unfinished download leaves no file
 * under its name.
 *
 * Ownership: borrows `transfer`; NULL is fine.
 * Threads: any, also inside a callback.
 * Errors: none; any number of times, also after completion. In a forked child it does nothing.
 * Since: 0.1 (ABI 1).
 */
void cosffi_transfer_cancel(const cosffi_transfer *transfer);

/**
 * Waits until a transfer is over and its last callback has returned, and gives its result: for
 * tools and tests. Waits up to `timeout_ms`; a negative time means as long as it takes.
 *
 * Ownership: borrows `transfer`, which its callbacks may free meanwhile. `*err` is yours, a copy of
 * the transfer's error.
 * Threads: any except the callback thread.
 * Errors: those of the transfer; NOT_FINISHED when the time was over first (the transfer goes on);
 * WRONG_THREAD on the callback thread; FORKED.
 * Since: 0.1 (ABI 1).
 */
cosffi_result cosffi_transfer_wait(const cosffi_transfer *transfer,
                                   int64_t timeout_ms,
                                   cosffi_error **err);

/**
 * The response of a transfer that is over and went well, else NULL.
 *
 * Ownership: borrowed from `transfer`, valid until the last reference to it is freed.
 * Threads: any.
 * Errors: NULL, also for NULL.
 * Since: 0.1 (ABI 1).
 */
const cosffi_response *cosffi_transfer_response(const cosffi_transfer *transfer);

/**
 * One more reference, for one more owner; each is ended with cosffi_transfer_free().
 *
 * Ownership: borrows `transfer`; NULL is fine.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
void cosffi_transfer_retain(const cosffi_transfer *transfer);

/**
 * Ends a reference. The transfer itself goes on, and its callbacks still come; to stop it, cancel it
 * first.
 *
 * Ownership: takes one reference; NULL is fine.
 * Threads: any, also inside a callback of this very transfer.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
void cosffi_transfer_free(const cosffi_transfer *transfer);

/* ==== Responses =============================================================================== */

/**
 * The object's tag with its quotes, as the service sent it.
 *
 * Ownership: borrowed from `response`, valid as long as that; NULL is fine.
 * Threads: any.
 * Errors: empty when there is none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_response_etag(const cosffi_response *response);

/**
 * The id of the last request (`x-cos-request-id`).
 *
 * Ownership: borrowed from `response`, valid as long as that; NULL is fine.
 * Threads: any.
 * Errors: empty when there is none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_response_request_id(const cosffi_response *response);

/**
 * The version of the object, in buckets with versioning.
 *
 * Ownership: borrowed from `response`, valid as long as that; NULL is fine.
 * Threads: any.
 * Errors: empty when there is none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_response_version_id(const cosffi_response *response);

/**
 * The CRC-64 of the whole object (`x-cos-hash-crc64ecma`), written to `*out_crc64`.
 *
 * Ownership: borrows `response`; NULL is fine, also for `out_crc64`.
 * Threads: any.
 * Errors: returns 1 when it is known, else 0 and writes 0.
 * Since: 0.1 (ABI 1).
 */
int32_t cosffi_response_crc64(const cosffi_response *response, uint64_t *out_crc64);

/**
 * The size of the whole object in bytes; UINT64_MAX when the answer does not tell.
 *
 * Ownership: borrows `response`; NULL is fine.
 * Threads: any.
 * Errors: UINT64_MAX for NULL.
 * Since: 0.1 (ABI 1).
 */
uint64_t cosffi_response_size_bytes(const cosffi_response *response);

/**
 * When the object was written, Unix seconds; 0 when the answer does not tell.
 *
 * Ownership: borrows `response`; NULL is fine.
 * Threads: any.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
uint64_t cosffi_response_last_modified_s(const cosffi_response *response);

/**
 * A header of the answer to cosffi_head_object() or cosffi_download_file(), in any case of letters: content-type, cache-control,
 * content-disposition, content-encoding, x-cos-storage-class, and x-cos-meta-* of your own.
 *
 * Ownership: borrowed from `response`, valid as long as that; NULL is fine.
 * Threads: any.
 * Errors: empty when there is no such header or `name` is not text.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_response_header(const cosffi_response *response,
                                         cosffi_str name);

/* ==== Log ===================================================================================== */

/**
 * Sends the library's log lines to `log`, or nowhere when it is NULL. Lines hold no secret, token or
 * signature. Replaces what was set before, whose `drop` runs when its last call is over. One setting
 * for the whole process.
 *
 * `log` is called from any thread, several at once; it must be quick and must not wait for the
 * library. `drop` may be NULL.
 *
 * Ownership: `user_data` is the library's until its `drop`, also when this call fails.
 * Threads: any.
 * How often: one call per line.
 * Errors: INVALID_ARGUMENT for a level that does not exist; CONFIG when the program has a Rust log
 * collector of its own.
 * Since: 0.1 (ABI 1).
 */
cosffi_result cosffi_log_set(int32_t level,
                             cosffi_log_fn log,
                             void *user_data,
                             cosffi_drop_fn drop,
                             cosffi_error **err);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

/* ==== Helpers, compiled into your program ===================================================== */

/** Borrows a C string; NULL becomes the empty text. */
static inline cosffi_str cosffi_str_of(const char *text) {
    cosffi_str str;
    str.data = text;
    str.len = text != NULL ? strlen(text) : 0;
    return str;
}

/** A cosffi_runtime_options with its size set and every field at its default. */
static inline cosffi_runtime_options cosffi_runtime_options_default(void) {
    cosffi_runtime_options value;
    memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    return value;
}

/** A cosffi_sign_options with its size set and every field at its default. */
static inline cosffi_sign_options cosffi_sign_options_default(void) {
    cosffi_sign_options value;
    memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    return value;
}

/** A cosffi_presign_options with its size set and every field at its default. */
static inline cosffi_presign_options cosffi_presign_options_default(void) {
    cosffi_presign_options value;
    memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    return value;
}

/** A cosffi_client_options with its size set and every field at its default. */
static inline cosffi_client_options cosffi_client_options_default(void) {
    cosffi_client_options value;
    memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    return value;
}

/** A cosffi_upload_options with its size set and every field at its default. */
static inline cosffi_upload_options cosffi_upload_options_default(void) {
    cosffi_upload_options value;
    memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    return value;
}

/** A cosffi_download_options with its size set and every field at its default. */
static inline cosffi_download_options cosffi_download_options_default(void) {
    cosffi_download_options value;
    memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    return value;
}

/** A cosffi_transfer_callbacks with its size set and every field at its default. */
static inline cosffi_transfer_callbacks cosffi_transfer_callbacks_default(void) {
    cosffi_transfer_callbacks value;
    memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    return value;
}

/** A cosffi_provider_callbacks with its size set and every field at its default. */
static inline cosffi_provider_callbacks cosffi_provider_callbacks_default(void) {
    cosffi_provider_callbacks value;
    memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    return value;
}

#endif  /* COS_FFI_H */
