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
#define COSFFI_ABI_VERSION 4

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

/** What a transfer is doing. Treat a number that you do not know as in progress. */
enum cosffi_transfer_state
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /** There is none: the answer for NULL. */
    COSFFI_TRANSFER_NONE = 0,
    /** It works, or waits for its turn. */
    COSFFI_TRANSFER_IN_PROGRESS = 1,
    /** It waits for cosffi_transfer_resume() after cosffi_transfer_pause(); nothing is in flight. */
    COSFFI_TRANSFER_PAUSED = 2,
    /** It went well. */
    COSFFI_TRANSFER_COMPLETED = 3,
    /** It was cancelled or stopped, or its runtime was shut down. */
    COSFFI_TRANSFER_CANCELLED = 4,
    /** It failed. */
    COSFFI_TRANSFER_FAILED = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum cosffi_transfer_state cosffi_transfer_state;
#else
typedef int32_t cosffi_transfer_state;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/** What an event tells. Skip kinds that you do not know. */
enum cosffi_event_type
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /** Nothing: the answer for NULL. */
    COSFFI_EVENT_NONE = 0,
    /** The transfer has come further. */
    COSFFI_EVENT_PROGRESS = 1,
    /** The transfer is over; its last event. Freeing it runs the `drop` of its callbacks. */
    COSFFI_EVENT_COMPLETE = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum cosffi_event_type cosffi_event_type;
#else
typedef int32_t cosffi_event_type;
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

/**
 * What a function that takes or gives content answers. Any other number ends the transfer with
 * COSFFI_ERROR_INVALID_ARGUMENT.
 */
enum cosffi_flow
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /** Go on. */
    COSFFI_FLOW_CONTINUE = 0,
    /** Wait until cosffi_transfer_resume(), which may come before the function has returned. */
    COSFFI_FLOW_PAUSE = 1,
    /** Cancel the transfer. */
    COSFFI_FLOW_STOP = 2,
    /** The content ends here; only for functions that give content. */
    COSFFI_FLOW_END = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum cosffi_flow cosffi_flow;
#else
typedef int32_t cosffi_flow;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/** What may happen to an app. */
enum cosffi_app_event
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /** It goes to the background: connections that are idle would be dead when it comes back. */
    COSFFI_APP_BACKGROUND = 1,
    /** It comes back: what waits before a repetition tries at once, on new connections. */
    COSFFI_APP_FOREGROUND = 2,
    /** The network is another, e.g. mobile data instead of Wi-Fi: the same. */
    COSFFI_APP_NETWORK_CHANGED = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum cosffi_app_event cosffi_app_event;
#else
typedef int32_t cosffi_app_event;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/** How bad a finding of cosffi_policy_lint() is. */
enum cosffi_severity
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /** There are no findings. */
    COSFFI_SEVERITY_NONE = 0,
    /** Worth knowing. */
    COSFFI_SEVERITY_NOTE = 1,
    /** Works, but probably not as meant. */
    COSFFI_SEVERITY_WARNING = 2,
    /** Will be refused, or allows what it must not. */
    COSFFI_SEVERITY_ERROR = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum cosffi_severity cosffi_severity;
#else
typedef int32_t cosffi_severity;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Who goes first when the client's requests in flight are all taken: a request of a higher priority
 * always goes before one of a lower, which may thus wait as long as there is more important work.
 */
enum cosffi_priority
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /** Unless told otherwise. */
    COSFFI_PRIORITY_NORMAL = 0,
    /** Behind everything else: backups, prefetching. */
    COSFFI_PRIORITY_LOW = 1,
    /** Before everything else: what somebody is waiting for. */
    COSFFI_PRIORITY_HIGH = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum cosffi_priority cosffi_priority;
#else
typedef int32_t cosffi_priority;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/** The service's domains. */
enum cosffi_domain
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /** `<bucket>.cos.<region>.myqcloud.com`, the classic one. */
    COSFFI_DOMAIN_DEFAULT = 0,
    /** `<bucket>.cos.<region>.tencentcos.cn`, the newer one. */
    COSFFI_DOMAIN_TENCENTCOS = 1,
    /** `<bucket>.cos-internal.<region>.tencentcos.cn`, inside Tencent's network only. */
    COSFFI_DOMAIN_INTERNAL = 2,
    /** `<bucket>.cos.accelerate.myqcloud.com`; acceleration must be on for the bucket. */
    COSFFI_DOMAIN_ACCELERATE = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum cosffi_domain cosffi_domain;
#else
typedef int32_t cosffi_domain;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/** What counts as the same on both sides of a folder's transfer, and is left alone. */
enum cosffi_compare
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /** Nothing: every file is transferred. */
    COSFFI_COMPARE_NOTHING = 0,
    /**
     * The same size, and the source is not newer, in whole seconds. An object's time is when it was written
     * to the bucket; downloads give it to the file. Both clocks must be about right.
     */
    COSFFI_COMPARE_SIZE_AND_TIME = 1,
    /** The same size and CRC-64: reads local files and asks for each object's properties. */
    COSFFI_COMPARE_CHECKSUM = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum cosffi_compare cosffi_compare;
#else
typedef int32_t cosffi_compare;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What was done with one file of a folder; in a dry run, what would be. Treat a number that you do not know
 * as something that was done.
 */
enum cosffi_folder_action
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /** Something newer than this library. */
    COSFFI_FOLDER_OTHER = 0,
    /** Sent to the bucket. */
    COSFFI_FOLDER_UPLOAD = 1,
    /** Fetched from the bucket. */
    COSFFI_FOLDER_DOWNLOAD = 2,
    /** A folder was made, or the object that stands for one. */
    COSFFI_FOLDER_MAKE_FOLDER = 3,
    /** Deleted, as the source has no such file. */
    COSFFI_FOLDER_DELETE = 4,
    /** Both sides have the same. */
    COSFFI_FOLDER_UNCHANGED = 5,
    /** Left out: a symbolic link, a socket and the like. */
    COSFFI_FOLDER_SKIP = 6,
    /** It failed. */
    COSFFI_FOLDER_FAIL = 7,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum cosffi_folder_action cosffi_folder_action;
#else
typedef int32_t cosffi_folder_action;
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

/** Something that happened to one transfer. Until it is freed, what it tells stays valid. */
typedef struct cosffi_event cosffi_event;

/** One page of a listing, borrowed during cosffi_page_fn. */
typedef struct cosffi_list_page cosffi_list_page;

/** Gives credentials to clients: fixed ones, or those the app fetches from its own server. */
typedef struct cosffi_provider cosffi_provider;

/**
 * Events of transfers, taken out by the program's own threads when they like.
 *
 * Give it to transfers in `cosffi_transfer_callbacks.queue`. Their progress and completion arrive here,
 * and functions that have to answer (such as cosffi_body_fn) are called inside cosffi_queue_next(), on
 * the thread that called it.
 */
typedef struct cosffi_queue cosffi_queue;

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

/** One page of versions, borrowed during cosffi_versions_page_fn. */
typedef struct cosffi_versions_page cosffi_versions_page;

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

/** Where the app's own server is. Zero and empty mean default. */
typedef struct cosffi_broker_options {
    /** sizeof(cosffi_broker_options) when the program was compiled. */
    size_t struct_size;
    /** The server, "https://host[:port][/path]"; without a path, /v1/credentials is asked. Required. */
    cosffi_str url;
    /** The login token of the app's user, sent as "Authorization: Bearer ...". */
    cosffi_str bearer;
    /** For one answer. Default: 15,000. */
    uint64_t timeout_ms;
    /** How long before the end of the credentials new ones are asked for. Default: 300. */
    uint64_t refresh_margin_s;
    /** Certificates (PEM) to trust besides the built-in roots. */
    cosffi_str ca_pem;
    /** A forward proxy, "http://[user:password@]host:port". The environment is not looked at. */
    cosffi_str proxy;
} cosffi_broker_options;

/** What to ask STS for. Zero and empty mean default. */
typedef struct cosffi_sts_options {
    /** sizeof(cosffi_sts_options) when the program was compiled. */
    size_t struct_size;
    /** The server's own keys. Required. */
    const cosffi_credentials *credentials;
    /** The role to assume, "qcs::cam::uin/...:roleName/...". Empty: a federation token instead. */
    cosffi_str role_arn;
    /** A name for the session, seen in audit logs. Default: "cos-ffi". */
    cosffi_str session_name;
    /**
     * What the credentials may do, as JSON; see cosffi_policy_build(). Required without a role; with one,
     * empty means all that the role may do.
     */
    cosffi_str policy_json;
    /** How long the credentials live, seconds. Default: 1,800. */
    uint64_t duration_s;
    /** The external id that the role's owner demands. */
    cosffi_str external_id;
    /** The region STS is asked in. Default: "ap-guangzhou". */
    cosffi_str region;
    /** "scheme://host[:port]" to connect to instead of the service: a gateway or an emulator. */
    cosffi_str endpoint;
    /** For one answer. Default: 10,000. */
    uint64_t timeout_ms;
    /** How long before the end of the credentials new ones are asked for. Default: 300. */
    uint64_t refresh_margin_s;
    /** Certificates (PEM) to trust besides the built-in roots. */
    cosffi_str ca_pem;
    /** A forward proxy, "http://[user:password@]host:port". The environment is not looked at. */
    cosffi_str proxy;
} cosffi_sts_options;

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

/**
 * A policy to write: operations on a part of a bucket. Give exactly one of `prefix`, `object_key` and
 * `whole_bucket`.
 */
typedef struct cosffi_policy_options {
    /** sizeof(cosffi_policy_options) when the program was compiled. */
    size_t struct_size;
    /** The bucket with its appid. Required. */
    cosffi_str bucket;
    /** Its region. Required. */
    cosffi_str region;
    /** All keys that begin with this: "users/ada/". */
    cosffi_str prefix;
    /** This key only. */
    cosffi_str object_key;
    /** Not 0: every key. Ask for it only when you mean it. */
    uint32_t whole_bucket;
    /** Must be 0. */
    uint32_t reserved;
    /**
     * What may be done: "upload", "download", "list", "delete", "form-upload", "append", "list-uploads",
     * "copy", "tag", "acl", "restore", "head-bucket". At least one.
     */
    const cosffi_str *operations;
    /** How many there are. */
    size_t operations_count;
} cosffi_policy_options;

/** A call to judge. */
typedef struct cosffi_policy_check_options {
    /** sizeof(cosffi_policy_check_options) when the program was compiled. */
    size_t struct_size;
    /** The policies of the CAM user or role, as JSON. None: the account's own keys, which may everything. */
    const cosffi_str *identity_json;
    /** How many there are. */
    size_t identity_count;
    /** The policy inside the temporary credentials, as JSON. Empty: none. */
    cosffi_str session_json;
    /** The action, e.g. "name/cos:PutObject". Required. */
    cosffi_str action;
    /**
     * The resource, e.g. "qcs::cos:ap-guangzhou:uid/1250000000:photos-1250000000/users/ada/1.jpg".
     * Required.
     */
    cosffi_str resource;
    /** What conditions are compared with, e.g. "qcs:ip" = "10.0.0.1". */
    const cosffi_pair *conditions;
    /** How many there are. */
    size_t conditions_count;
} cosffi_policy_check_options;

/**
 * One request that was sent, repetitions included. Holds no secret and no object key. Later versions may
 * add fields at the end; use it by pointer only.
 */
typedef struct cosffi_attempt {
    /** What was asked, e.g. "PutObject". */
    cosffi_str operation;
    /** The HTTP method. */
    cosffi_str method;
    /** The host that was asked. */
    cosffi_str host;
    /** The service's code, when it refused. */
    cosffi_str service_code;
    /** What it came to: a cosffi_result. */
    int32_t result;
    /** The HTTP status; 0 when no answer came. */
    uint32_t http_status;
    /** From 1; above 1 for repetitions. */
    uint32_t attempt;
    /** 0. */
    uint32_t reserved;
    /** Waiting for credentials, microseconds. */
    uint64_t credential_us;
    /** From then to the first byte of the answer (or until it was given up), microseconds. */
    uint64_t first_byte_us;
    /** Reading the content, microseconds. */
    uint64_t body_us;
    /** Bytes of the request's content. */
    uint64_t sent_bytes;
    /** Bytes of the answer's content. */
    uint64_t received_bytes;
} cosffi_attempt;

/**
 * Hears of every request sent. `attempt` is borrowed for the call. Called on the callback thread; quick
 * is good, because other callbacks wait.
 */
typedef void (*cosffi_metrics_fn)(void *user_data, const cosffi_attempt *attempt);

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
    /** Hears of every request sent, with what it took. NULL for none. */
    cosffi_metrics_fn on_attempt;
    /** Handed to `on_attempt`; never looked at. */
    void *on_attempt_user_data;
    /**
     * `on_attempt_user_data` is not needed any more: called once, on the callback thread, when the client
     * and its transfers are gone; after the runtime has ended, on the thread that lets go last. When
     * cosffi_client_new() fails, before it returns.
     */
    cosffi_drop_fn on_attempt_drop;
    /** A domain of your own that leads to the bucket, "https://files.example.com". (ABI 3) */
    cosffi_str custom_domain;
    /** Certificates (PEM) to trust and no others: to pin a root. (ABI 3) */
    cosffi_str pinned_ca_pem;
    /** Which of the service's domains to use, a cosffi_domain. Default: COSFFI_DOMAIN_DEFAULT. (ABI 3) */
    int32_t domain;
    /** Not 0: a bucket whose own domain does not answer is not asked at the service's second one. (ABI 3) */
    uint32_t no_backup_domain;
    /**
     * Bytes of content per second at most, everything this client sends and receives together. Default:
     * no limit. (ABI 3)
     */
    uint64_t rate_limit_bytes_per_s;
    /**
     * Bytes that all uploads of streams together hold at most; a larger part goes alone. Default:
     * 40 MiB. (ABI 3)
     */
    uint64_t memory_budget_bytes;
    /** An upload's connection that took no byte for this long is cut. Default: 30,000. (ABI 3) */
    uint64_t stall_timeout_ms;
    /** Files of at least this many bytes go in parts. Default: those larger than one part. (ABI 3) */
    uint64_t multipart_threshold_bytes;
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
    /**
     * A folder for resume records, made if it is missing: an upload of the same file to the same key goes
     * on where an earlier one ended, however that was. Files only.
     */
    cosffi_str resume_folder;
    /**
     * Go on where this ends: what cosffi_error_resume_record() or cosffi_transfer_resume_record() gave. If
     * it does not fit any more, the upload begins anew. Files only.
     */
    cosffi_str resume_record;
    /** Who goes first, a cosffi_priority. Default: COSFFI_PRIORITY_NORMAL. Not for cosffi_put_object(). (ABI 3) */
    int32_t priority;
    /**
     * Not 0: sends Content-MD5 too, for those whose rules ask for it; the content is then read twice.
     * CRC-64 is compared anyway. (ABI 3)
     */
    uint32_t content_md5;
    /**
     * Bytes per second at most, all requests of this upload together; the client's own limit holds as
     * well. Default: no limit. Not for cosffi_put_object(). (ABI 3)
     */
    uint64_t rate_limit_bytes_per_s;
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
    /**
     * Where progress and completion go as events instead of the two functions above, which are then
     * not called; see cosffi_queue_next(). NULL for callbacks.
     */
    const cosffi_queue *queue;
} cosffi_transfer_callbacks;

/** Settings of one download. Zero means default. */
typedef struct cosffi_download_options {
    /** sizeof(cosffi_download_options) when the program was compiled. */
    size_t struct_size;
    /** Bytes per piece; one request may fetch several. Default: the client's part size. */
    uint64_t part_size_bytes;
    /** Requests in flight at most; the client's own limit holds as well. Default: the client's. */
    uint32_t concurrency;
    /** Must be 0. */
    uint32_t reserved;
    /**
     * A folder for resume records, made if it is missing: a download of the same object to the same file
     * goes on where an earlier one ended, however that was.
     */
    cosffi_str resume_folder;
    /**
     * Go on where this ends: what cosffi_error_resume_record() or cosffi_transfer_resume_record() gave. If
     * it does not fit any more, the download begins anew.
     */
    cosffi_str resume_record;
    /**
     * Bytes per second at most, all requests of this download together; the client's own limit holds as
     * well. Default: no limit. (ABI 3)
     */
    uint64_t rate_limit_bytes_per_s;
    /** Who goes first, a cosffi_priority. Default: COSFFI_PRIORITY_NORMAL. (ABI 3) */
    int32_t priority;
    /** Must be 0. (ABI 3) */
    uint32_t reserved2;
} cosffi_download_options;

/** Borrowed bytes, read and copied during the call they are given to. */
typedef struct cosffi_bytes {
    /** First byte; may be NULL only when `len` is 0. */
    const uint8_t *data;
    /** Bytes. */
    size_t len;
} cosffi_bytes;

/** Settings of one read. Zero and empty mean default. */
typedef struct cosffi_get_options {
    /** sizeof(cosffi_get_options) when the program was compiled. */
    size_t struct_size;
    /** The first byte to read. Default: the beginning. */
    uint64_t offset_bytes;
    /** How many bytes to read at most. Default: to the end. */
    uint64_t length_bytes;
    /** Read only if the object still has this tag, else fail with PRECONDITION. */
    cosffi_str if_match;
    /** The version to read, in buckets with versioning. Default: the newest. */
    cosffi_str version_id;
    /**
     * The most to keep in memory; more fails with LOCAL before anything is kept. Default: 64 MiB. Not
     * used when pieces go to a function.
     */
    uint64_t memory_limit_bytes;
} cosffi_get_options;

/**
 * Takes the next piece of an object's content, which lies at `offset_bytes` of the object and is
 * borrowed for the call; answers with a cosffi_flow. Called on the callback thread, one at a time for
 * one transfer; the next piece is fetched when it has returned.
 */
typedef int32_t (*cosffi_body_fn)(void *user_data, uint64_t offset_bytes, cosffi_bytes bytes);

/**
 * Gives the next bytes of a stream: writes up to `room_bytes` to `room`, says in `*out_written` how many
 * (it is 0 before), and answers with a cosffi_flow: COSFFI_FLOW_END with the last of them,
 * COSFFI_FLOW_PAUSE when there are no more at the moment. COSFFI_FLOW_CONTINUE needs at least one byte.
 * Called on the callback thread, one at a time for one transfer, when the network can take more.
 */
typedef int32_t (*cosffi_read_fn)(void *user_data,
                                  uint8_t *room,
                                  size_t room_bytes,
                                  size_t *out_written);

/** Settings of one copy. Zero and empty mean default. */
typedef struct cosffi_copy_options {
    /** sizeof(cosffi_copy_options) when the program was compiled. */
    size_t struct_size;
    /** The bucket to copy from, with its appid. Default: the client's. */
    cosffi_str source_bucket;
    /** Its region. Default: the client's. */
    cosffi_str source_region;
    /** The version to copy, in buckets with versioning. Default: the newest. */
    cosffi_str source_version_id;
    /** Copy only if the source still has this tag, else fail with PRECONDITION. */
    cosffi_str source_if_match;
    /** The copy's content type; only with `replace_metadata`. */
    cosffi_str content_type;
    /**
     * Further headers of the copy: x-cos-storage-class and so on; with `replace_metadata` also
     * cache-control and x-cos-meta-*.
     */
    const cosffi_pair *headers;
    /** How many there are. */
    size_t headers_count;
    /**
     * Not 0: the copy has the content type and metadata given here, and none of the source's. Needed to
     * copy an object onto itself.
     */
    uint32_t replace_metadata;
    /** Not 0: a move. The source is deleted when the copy is complete, if it is still what was copied. */
    uint32_t delete_source;
    /** Not 0: fail with PRECONDITION instead of replacing an object that has the key. */
    uint32_t forbid_overwrite;
    /** Who goes first, a cosffi_priority. Default: COSFFI_PRIORITY_NORMAL. */
    int32_t priority;
    /** Bytes per part, when a copy goes in parts, 1 MiB to 5 GiB. Default: 256 MiB. */
    uint64_t part_size_bytes;
    /** From which size on a copy goes in parts. Default: above 5 GiB. */
    uint64_t multipart_threshold_bytes;
    /** Parts in flight at most; the client's own limit holds as well. Default: the client's. */
    uint32_t concurrency;
    /** Must be 0. */
    uint32_t reserved;
} cosffi_copy_options;

/** What the transfer of a folder achieved. Later versions may add fields at the end; use it by pointer only. */
typedef struct cosffi_folder_report {
    /** Files transferred; in a dry run, those that would be. */
    uint64_t transferred;
    /** Their bytes. */
    uint64_t transferred_bytes;
    /** Of them, those that an earlier, interrupted transfer had moved. */
    uint64_t resumed_bytes;
    /** Files left as they are because both sides have the same. */
    uint64_t unchanged;
    /** Files or objects deleted at the target; in a dry run, those that would be. */
    uint64_t deleted;
    /** Left out: symbolic links, sockets and the like. */
    uint64_t skipped;
    /** Files that could not be transferred or deleted, or have no place on the other side. */
    uint64_t failed;
} cosffi_folder_report;

/** One file of a folder's transfer. Later versions may add fields at the end; use it by pointer only. */
typedef struct cosffi_folder_entry {
    /** Its name relative to the folder, with slashes. */
    cosffi_str name;
    /** Why it was left out; else empty. */
    cosffi_str reason;
    /** Why it failed; else NULL. Borrowed, as the entry is: do not free it. */
    const cosffi_error *error;
    /** Its size. */
    uint64_t size_bytes;
    /** Of them, those that an earlier, interrupted transfer had moved. */
    uint64_t resumed_bytes;
    /** What was done, a cosffi_folder_action. */
    int32_t action;
    /** 0 so far. */
    uint32_t reserved;
} cosffi_folder_entry;

/**
 * Settings of one transfer of a folder. Zero and empty mean default.
 *
 * In patterns `*` and `?` stand for characters of one name, `**` for any number of folders, `[ab]` for one
 * of the characters. A pattern without a slash (but at its end) fits at any depth, one with a slash from the
 * folder on; one that fits a folder fits everything below it.
 */
typedef struct cosffi_folder_options {
    /** sizeof(cosffi_folder_options) when the program was compiled. */
    size_t struct_size;
    /** Only files that one of these patterns fits. Default: all. */
    const cosffi_str *include;
    /** How many there are. */
    size_t include_count;
    /** No files that one of these patterns fits, whatever is included. */
    const cosffi_str *exclude;
    /** How many there are. */
    size_t exclude_count;
    /** What is left alone, a cosffi_compare. Default: COSFFI_COMPARE_NOTHING, nothing. */
    int32_t compare;
    /**
     * Not 0: deletes at the target what the source does not have, below the target's folder only. What is
     * filtered out, left out, or could not be read at the source stays.
     */
    uint32_t delete_extra;
    /** Not 0: finds out and tells what would be done, and changes nothing on either side. */
    uint32_t dry_run;
    /** Not 0: ends with the first file that fails, and its error. Otherwise the others go on. */
    uint32_t fail_fast;
    /** Files in flight at most; the client's own limit holds as well. Default: the client's. */
    uint32_t concurrency;
    /** Who goes first, a cosffi_priority. Default: COSFFI_PRIORITY_NORMAL. */
    int32_t priority;
    /**
     * Not 0: takes what symbolic links lead to, also outside the folder. Default: they are left out. For
     * uploads.
     */
    uint32_t follow_symlinks;
    /** Not 0: an object "folder/" without content for each empty folder. For uploads. */
    uint32_t empty_folders;
    /** Not 0: takes only names that every system can hold. Default: what this one can hold. For downloads. */
    uint32_t portable_names;
    /** Not 0: a file that is there already fails with LOCAL instead of being replaced. For downloads. */
    uint32_t forbid_overwrite;
    /** Bytes per part of large files. Default: the client's. */
    uint64_t part_size_bytes;
    /**
     * A folder for resume records, made if it is missing: another call goes on with large files where this
     * one ended, however that was.
     */
    cosffi_str resume_folder;
    /** Further headers of every upload or request for an object; all are signed. */
    const cosffi_pair *headers;
    /** How many there are. */
    size_t headers_count;
} cosffi_folder_options;

/**
 * Hears of each file of a folder that is done with, borrowed for the call; answers with a cosffi_flow. Called
 * on the callback thread, one at a time for one transfer, in the order in which files are done with. Files go
 * on meanwhile; while 1,000 of them wait to be told, no further one is begun.
 */
typedef int32_t (*cosffi_folder_entry_fn)(void *user_data, const cosffi_folder_entry *entry);

/** An object, or one version of it. */
typedef struct cosffi_object_id {
    /** Its key. Required. */
    cosffi_str object_key;
    /** The version, in buckets with versioning. Empty: the newest, which leaves a delete marker there. */
    cosffi_str version_id;
} cosffi_object_id;

/**
 * An object that could not be deleted, in the service's words. Later versions may add fields at the end;
 * use it by pointer only.
 */
typedef struct cosffi_delete_failure {
    /** Its key. */
    cosffi_str object_key;
    /** Its version, when one was named. */
    cosffi_str version_id;
    /** The service's code, e.g. "AccessDenied". */
    cosffi_str service_code;
    /** The service's message. */
    cosffi_str message;
} cosffi_delete_failure;

/** What a URL allows. Zero and empty mean default. */
typedef struct cosffi_presign_object_options {
    /** sizeof(cosffi_presign_object_options) when the program was compiled. */
    size_t struct_size;
    /** How long the URL is good, seconds; it ends with the credentials if they end first. Required. */
    uint64_t expires_s;
    /** Further query parameters, decoded: response-content-disposition, versionId and so on. */
    const cosffi_pair *params;
    /** How many there are. */
    size_t params_count;
    /** Headers that the user of the URL must send exactly so, besides Host. */
    const cosffi_pair *headers;
    /** How many there are. */
    size_t headers_count;
} cosffi_presign_object_options;

/** What a form allows. Zero and empty mean default. */
typedef struct cosffi_post_form_options {
    /** sizeof(cosffi_post_form_options) when the program was compiled. */
    size_t struct_size;
    /** How long the form is good, seconds; it ends with the credentials if they end first. Required. */
    uint64_t expires_s;
    /** Lets the holder choose any key that begins with this; the form's own key is a suggestion then. */
    cosffi_str key_prefix;
    /** The fewest bytes the file may have. */
    uint64_t min_bytes;
    /** The most bytes the file may have. Default: what the service takes. */
    uint64_t max_bytes;
    /** Further fields that the holder cannot change: Content-Type, x-cos-meta-*, success_action_status. */
    const cosffi_pair *fields;
    /** How many there are. */
    size_t fields_count;
} cosffi_post_form_options;

/** What else a request has. Zero and empty mean none. */
typedef struct cosffi_request_options {
    /** sizeof(cosffi_request_options) when the program was compiled. */
    size_t struct_size;
    /**
     * Query parameters, decoded; an empty value sends the bare name. The first one chooses what is asked:
     * "tagging", "acl", "versioning" and so on.
     */
    const cosffi_pair *params;
    /** How many there are. */
    size_t params_count;
    /** Headers; they are signed too. */
    const cosffi_pair *headers;
    /** How many there are. */
    size_t headers_count;
    /** The content, e.g. an XML document. */
    cosffi_bytes body;
    /**
     * Not 0: after a lost answer the request is never sent again, because doing it twice would do harm.
     * A POST never is.
     */
    uint32_t only_once;
    /** Must be 0. */
    uint32_t reserved;
} cosffi_request_options;

/** What to list. Zero and empty mean default. */
typedef struct cosffi_list_options {
    /** sizeof(cosffi_list_options) when the program was compiled. */
    size_t struct_size;
    /** Only keys that begin with this. */
    cosffi_str prefix;
    /** Rolls up keys that hold this text after the prefix: "/" gives one folder level. */
    cosffi_str delimiter;
    /** Begins after this key: what cosffi_list_page_next_marker() said. */
    cosffi_str marker;
    /** Entries per page, 1 to 1,000. Default: 1,000. */
    uint32_t max_keys;
    /** Not 0: ends after one page. */
    uint32_t one_page;
} cosffi_list_options;

/**
 * Takes a page of a listing, borrowed for the call; answers with a cosffi_flow. Called on the callback
 * thread, one at a time for one transfer; the next page is asked for when it has returned.
 */
typedef int32_t (*cosffi_page_fn)(void *user_data, const cosffi_list_page *page);

/** One object of a listing. Later versions may add fields at the end; use it by pointer only. */
typedef struct cosffi_object_summary {
    /** Its key. */
    cosffi_str object_key;
    /** Its tag, with quotes. */
    cosffi_str etag;
    /** How it is kept, e.g. "STANDARD". */
    cosffi_str storage_class;
    /** Its size. */
    uint64_t size_bytes;
    /** When it was written, Unix seconds; 0 when not known. */
    uint64_t last_modified_s;
} cosffi_object_summary;

/** Which versions to list. Zero and empty mean default. */
typedef struct cosffi_list_versions_options {
    /** sizeof(cosffi_list_versions_options) when the program was compiled. */
    size_t struct_size;
    /** Only keys that begin with this. */
    cosffi_str prefix;
    /** Rolls up keys that hold this text after the prefix: "/" gives one folder level. */
    cosffi_str delimiter;
    /** Begins after this key: what cosffi_versions_page_next_key_marker() said. */
    cosffi_str key_marker;
    /** And after this version of it; only with `key_marker`. */
    cosffi_str version_id_marker;
    /** Entries per page, 1 to 1,000. Default: 1,000. */
    uint32_t max_keys;
    /** Not 0: ends after one page. */
    uint32_t one_page;
} cosffi_list_versions_options;

/**
 * Takes a page of versions, borrowed for the call; answers with a cosffi_flow. Called on the callback thread,
 * one at a time for one transfer; the next page is asked for when it has returned.
 */
typedef int32_t (*cosffi_versions_page_fn)(void *user_data, const cosffi_versions_page *page);

/**
 * One version of an object, or the mark that it was deleted. Later versions of the library may add fields at
 * the end; use it by pointer only.
 */
typedef struct cosffi_object_version {
    /** The object's key. */
    cosffi_str object_key;
    /** The version; "null" or empty for what was written while versioning was off. */
    cosffi_str version_id;
    /** Its tag, with quotes; empty for a delete marker. */
    cosffi_str etag;
    /** How it is kept, e.g. "STANDARD". */
    cosffi_str storage_class;
    /** Its size. */
    uint64_t size_bytes;
    /** When it was written, Unix seconds; 0 when not known. */
    uint64_t last_modified_s;
    /** 1: the newest of its key; else 0. */
    uint32_t is_latest;
    /** 1: says that the object was deleted, and has no content; else 0. */
    uint32_t is_delete_marker;
} cosffi_object_version;

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
 * How often: any number of times.
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
 * How often: any number of times; the second time does nothing.
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
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
uint32_t cosffi_abi_version(void);

/**
 * The version of the library as text, e.g. "0.1.0".
 *
 * Ownership: static text, never freed.
 * Threads: any.
 * How often: any number of times.
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
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_result cosffi_error_code(const cosffi_error *error);

/**
 * The HTTP status of the last answer, 0 when there was none.
 *
 * Ownership: borrows `error`; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
uint32_t cosffi_error_http_status(const cosffi_error *error);

/**
 * The service's own error code, e.g. "AccessDenied"; empty when the service did not answer.
 *
 * Ownership: borrowed from `error`, valid until it is freed; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_error_service_code(const cosffi_error *error);

/**
 * What went wrong, for people; the service's own message where it gave one.
 *
 * Ownership: borrowed from `error`, valid until it is freed; NULL is fine.
 * Threads: any.
 * How often: any number of times.
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
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_error_request_id(const cosffi_error *error);

/**
 * What the failed request was about (bucket, key or file); never a URL with a signature.
 *
 * Ownership: borrowed from `error`, valid until it is freed; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_error_resource(const cosffi_error *error);

/**
 * What to try next, for people; empty when there is no good advice.
 *
 * Ownership: borrowed from `error`, valid until it is freed; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_error_hint(const cosffi_error *error);

/**
 * What continues the upload or download that failed or was stopped, where something was kept of it: text
 * for `resume_record` of its options. It holds no secret and no path. Else empty.
 *
 * Ownership: borrowed from `error`, valid until it is freed; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 2).
 */
cosffi_str cosffi_error_resume_record(const cosffi_error *error);

/**
 * 1 when the same call may well work later, else 0. The library has already retried what it could.
 *
 * Ownership: borrows `error`; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
int32_t cosffi_error_is_retryable(const cosffi_error *error);

/**
 * How many times the failed request was sent; 0 when it never left.
 *
 * Ownership: borrows `error`; NULL is fine.
 * Threads: any.
 * How often: any number of times.
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
 * How often: once for each error; NULL any number of times.
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
 * How often: any number of times: several runtimes may live at once; most programs need one.
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
 * How often: any number of times; the first call begins it, and only that one may give `on_done`.
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
 * How often: once for each; NULL any number of times.
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
 * How often: any number of times.
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
 * How often: any number of times.
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
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_credentials_session_token(const cosffi_credentials *credentials);

/**
 * When the credentials end, Unix seconds; 0 for permanent keys and where it is not known.
 *
 * Ownership: borrows `credentials`; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
uint64_t cosffi_credentials_expired_time_s(const cosffi_credentials *credentials);

/**
 * Frees credentials. Providers made of them keep what they need.
 *
 * Ownership: takes `credentials`; NULL is fine.
 * Threads: any.
 * How often: once for each; NULL any number of times.
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
 * Forgets the credentials at hand, e.g. when the user logs out: the next request asks anew, or waits for
 * the next push.
 * Does nothing for fixed credentials.
 *
 * Ownership: borrows `provider`; NULL is fine.
 * Threads: any, also inside a callback.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
void cosffi_provider_invalidate(const cosffi_provider *provider);

/**
 * A provider that always gives the same credentials.
 *
 * Ownership: `*out` is yours; end it with cosffi_provider_free(). `credentials` are copied.
 * Threads: any.
 * How often: any number of times.
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
 * How often: once for each; NULL any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
void cosffi_provider_free(cosffi_provider *provider);

/**
 * A provider that has what cosffi_provider_push_credentials() was last given. Until the first time, and
 * after the service has refused them, requests wait: set `operation_timeout_ms` of the client, or cancel.
 *
 * Ownership: `*out` is yours; end it with cosffi_provider_free().
 * Threads: any.
 * How often: any number of times.
 * Errors: INVALID_ARGUMENT.
 * Since: 0.1 (ABI 2).
 */
cosffi_result cosffi_provider_push(cosffi_provider **out,
                                   cosffi_error **err);

/**
 * Gives a provider made by cosffi_provider_push() its next credentials; requests that wait go on.
 *
 * Ownership: borrows `provider`; `credentials` are copied.
 * Threads: any, also inside a callback.
 * How often: any number of times.
 * Errors: INVALID_ARGUMENT, also for another kind of provider.
 * Since: 0.1 (ABI 2).
 */
cosffi_result cosffi_provider_push_credentials(const cosffi_provider *provider,
                                               const cosffi_credentials *credentials,
                                               cosffi_error **err);

/**
 * A provider that asks the app's own server, such as cos-broker, by itself, keeps what it gets and asks
 * again before that ends or when the service refuses it. An app with its own HTTP client and login uses
 * cosffi_provider_new() instead.
 *
 * Ownership: `*out` is yours; end it with cosffi_provider_free(). `options` and its text are copied.
 * Threads: any. It asks on the worker threads of the client that needs credentials.
 * How often: any number of times.
 * Errors: INVALID_ARGUMENT naming the option. What the server says arrives with the transfers, as
 * CREDENTIAL.
 * Since: 0.1 (ABI 2).
 */
cosffi_result cosffi_provider_broker(const cosffi_broker_options *options,
                                     cosffi_provider **out,
                                     cosffi_error **err);

/**
 * A provider for programs on servers that hold permanent keys: it asks STS for temporary ones, keeps them
 * and asks again before they end. Never put permanent keys into an app.
 *
 * Ownership: `*out` is yours; end it with cosffi_provider_free(). `options` and its text are copied.
 * Threads: any. It asks on the worker threads of the client that needs credentials.
 * How often: any number of times.
 * Errors: INVALID_ARGUMENT naming the option, or what is wrong with the policy. What STS says arrives with
 * the transfers, as CREDENTIAL.
 * Since: 0.1 (ABI 2).
 */
cosffi_result cosffi_provider_sts(const cosffi_sts_options *options,
                                  cosffi_provider **out,
                                  cosffi_error **err);

/**
 * The bucket the credentials are for, e.g. "photos-1250000000"; empty when not known.
 *
 * Ownership: borrowed from `request`, valid until it is answered; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_credential_request_bucket(const cosffi_credential_request *request);

/**
 * The region of that bucket, e.g. "ap-guangzhou"; empty when not known.
 *
 * Ownership: borrowed from `request`, valid until it is answered; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_credential_request_region(const cosffi_credential_request *request);

/**
 * The action about to be made, e.g. "name/cos:PutObject"; empty when not known.
 *
 * Ownership: borrowed from `request`, valid until it is answered; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_credential_request_action(const cosffi_credential_request *request);

/**
 * The object key or key prefix the credentials are for; empty when not known.
 *
 * Ownership: borrowed from `request`, valid until it is answered; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_credential_request_object_key(const cosffi_credential_request *request);

/**
 * Why they are asked for; COSFFI_REASON_FIRST for NULL.
 *
 * Ownership: borrows `request`.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
cosffi_credential_reason cosffi_credential_request_reason(const cosffi_credential_request *request);

/**
 * Until when an answer is waited for, Unix milliseconds; a later one is ignored.
 *
 * Ownership: borrows `request`; 0 for NULL.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
uint64_t cosffi_credential_request_deadline_ms(const cosffi_credential_request *request);

/**
 * Answers with credentials. After the deadline, or when nobody waits any more, nothing happens.
 *
 * Ownership: takes `request`, also on errors; `credentials` are copied and still yours.
 * Threads: any, also from inside the fetch callback.
 * How often: once for each request, and then none of the others.
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
 * How often: once for each request, and then none of the others.
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
 * How often: once for each request, and then none of the others; NULL any number of times.
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
 * How often: any number of times.
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
 * How often: any number of times.
 * Errors: INVALID_ARGUMENT with what is wrong, also when the credentials end before the URL begins.
 * Since: 0.1 (ABI 1).
 */
cosffi_result cosffi_presign_url(const cosffi_presign_options *options,
                                 cosffi_string *out,
                                 cosffi_error **err);

/* ==== Policies ================================================================================ */

/**
 * Writes the policy that allows these operations there and nothing else, as JSON without blanks.
 *
 * Ownership: `*out` is yours; end it with cosffi_string_free(). `options` is read during the call.
 * Threads: any; the function has no state.
 * How often: any number of times.
 * Errors: INVALID_ARGUMENT with what is wrong.
 * Since: 0.1 (ABI 2).
 */
cosffi_result cosffi_policy_build(const cosffi_policy_options *options,
                                  cosffi_string *out,
                                  cosffi_error **err);

/**
 * Looks a policy over before STS does: what it would refuse, and what allows too much or too little.
 * `*out` is a JSON array of findings, each with "line", "rule", "severity", "explanation", and "corrected"
 * where there is a better text for the bytes of "span"; `*out_worst` is a cosffi_severity.
 *
 * Ownership: `*out` is yours; end it with cosffi_string_free(); `out` and `out_worst` may be NULL.
 * Threads: any; the function has no state.
 * How often: any number of times.
 * Errors: INVALID_ARGUMENT when the text is empty or not UTF-8. Text that is no policy is a finding.
 * Since: 0.1 (ABI 2).
 */
cosffi_result cosffi_policy_lint(cosffi_str policy_json,
                                 cosffi_string *out,
                                 int32_t *out_worst,
                                 cosffi_error **err);

/**
 * Judges whether a call would be allowed: denied unless allowed, any deny wins, and with temporary
 * credentials both sides must allow. `*out_allowed` is 1 or 0, `*out_reason` why: "allowed",
 * "explicit-deny", "no-allow-in-identity", "no-allow-in-session".
 *
 * Ownership: `*out_reason` is yours; end it with cosffi_string_free(); it may be NULL. `options` is read
 * during the call.
 * Threads: any; the function has no state.
 * How often: any number of times.
 * Errors: INVALID_ARGUMENT when something is missing or is no policy; `*out_allowed` is then 0.
 * Since: 0.1 (ABI 2).
 */
cosffi_result cosffi_policy_check(const cosffi_policy_check_options *options,
                                  int32_t *out_allowed,
                                  cosffi_string *out_reason,
                                  cosffi_error **err);

/* ==== Client ================================================================================== */

/**
 * Makes a client. Opens no connection and asks for no credentials yet.
 *
 * Ownership: `*out` is yours; end it with cosffi_client_free(). `options` and its text are copied;
 * the runtime and the provider may be freed first (a freed runtime starts no more transfers).
 * Threads: any.
 * How often: any number of times; best once for each bucket, because connections are kept.
 * Errors: INVALID_ARGUMENT; CONFIG naming the option; SHUT_DOWN; FORKED.
 * Since: 0.1 (ABI 1).
 */
cosffi_result cosffi_client_new(const cosffi_runtime *runtime,
                                const cosffi_client_options *options,
                                cosffi_client **out,
                                cosffi_error **err);

/**
 * Tells a client what happened to the app; `event` is a cosffi_app_event. Idle connections are closed;
 * unless the app goes to the background, requests that wait before they are repeated go at once.
 * Requests under way are left alone: a connection that died under them ends by its time-out and is then
 * repeated.
 *
 * Ownership: borrows `client`.
 * Threads: any, also inside a callback.
 * How often: any number of times.
 * Errors: INVALID_ARGUMENT for NULL or an unknown event; FORKED.
 * Since: 0.1 (ABI 2).
 */
cosffi_result cosffi_client_notify(const cosffi_client *client,
                                   int32_t event,
                                   cosffi_error **err);

/**
 * Frees a client. Transfers in flight keep what they need and go on.
 *
 * Ownership: takes `client`; NULL is fine.
 * Threads: any, also inside a callback. In a forked child it does nothing.
 * How often: once for each; NULL any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
void cosffi_client_free(cosffi_client *client);

/* ==== Objects ================================================================================= */

/**
 * Uploads a file of any size: small ones in one request, larger ones in parts, several at a time.
 * The service's checksum of the whole is compared with ours. Credentials are asked for with each
 * request, so the transfer may outlive any of them. What a failed or cancelled upload had sent is
 * removed, unless `options` have a resume folder or record: then only a cancel removes it.
 *
 * Ownership: `*out_transfer` is yours; end it with cosffi_transfer_free(); `out_transfer` may be
 * NULL. All text is copied; the file must not change until completion. `user_data` is the transfer's
 * until its `drop`.
 * Threads: any, also inside a callback; callbacks come on the callback thread.
 * How often: see cosffi_transfer_callbacks.
 * Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED; all others arrive in `on_complete`, among them LOCAL
 * when the file cannot be read. LOCAL when the resume folder cannot be made.
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
 * and its checksum is right; after a failure or a cancel nothing is left, unless `options` have a resume
 * folder or record: then only a cancel removes the temporary file.
 *
 * Ownership: as cosffi_upload_file().
 * Threads: any, also inside a callback; callbacks come on the callback thread.
 * How often: see cosffi_transfer_callbacks.
 * Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED; all others arrive in `on_complete`, among them LOCAL
 * when the file cannot be written and INTEGRITY when the content is not the object's. LOCAL when the
 * resume folder cannot be made.
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

/**
 * Reads an object or a range of it: into memory (see cosffi_response_body()) when `on_body` is NULL,
 * otherwise piece by piece to `on_body`, in order, nothing held but the piece at hand. The checksum of a
 * whole object is compared at the end: pieces may have been given out when it turns out wrong. After a
 * broken connection it goes on where it was.
 *
 * Ownership: `*out_transfer` is yours; end it with cosffi_transfer_free(); `out_transfer` may be
 * NULL. All text is copied. `user_data` of `callbacks` is also that of `on_body`, and the transfer's until
 * its `drop`.
 * Threads: any, also inside a callback; callbacks come on the callback thread.
 * How often: `on_body` once per piece; see cosffi_transfer_callbacks.
 * Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED; all others arrive in `on_complete`, among them NOT_FOUND,
 * INTEGRITY, CANCELLED after COSFFI_FLOW_STOP, and LOCAL when it is too much for memory.
 * Since: 0.1 (ABI 2).
 */
cosffi_result cosffi_get_object(const cosffi_client *client,
                                cosffi_str object_key,
                                const cosffi_get_options *options,
                                cosffi_body_fn on_body,
                                const cosffi_transfer_callbacks *callbacks,
                                cosffi_transfer **out_transfer,
                                cosffi_error **err);

/**
 * Uploads what `on_read` gives, to its end, whose place need not be known. What fits into one part goes
 * in one request, more in parts; parts are kept in memory until they have arrived, at most the
 * concurrency and one more of them. For files use cosffi_upload_file().
 *
 * Ownership: `*out_transfer` is yours; end it with cosffi_transfer_free(); `out_transfer` may be
 * NULL. All text is copied. `user_data` of `callbacks` is also that of `on_read`, and the transfer's until
 * its `drop`.
 * Threads: any, also inside a callback; callbacks come on the callback thread.
 * How often: `on_read` until COSFFI_FLOW_END; see cosffi_transfer_callbacks.
 * Errors: INVALID_ARGUMENT (also when `on_read` is NULL), SHUT_DOWN, FORKED; all others arrive in
 * `on_complete`, among them CANCELLED after COSFFI_FLOW_STOP.
 * Since: 0.1 (ABI 2).
 */
cosffi_result cosffi_upload_stream(const cosffi_client *client,
                                   cosffi_str object_key,
                                   cosffi_read_fn on_read,
                                   const cosffi_upload_options *options,
                                   const cosffi_transfer_callbacks *callbacks,
                                   cosffi_transfer **out_transfer,
                                   cosffi_error **err);

/**
 * As cosffi_upload_file(), from a regular file that is open for reading. It is read at positions from
 * its beginning to its end; its own position neither matters nor moves.
 *
 * Ownership: as cosffi_upload_file(). The descriptor is duplicated; yours may be closed at once.
 * Threads: any, also inside a callback; callbacks come on the callback thread.
 * How often: see cosffi_transfer_callbacks.
 * Errors: INVALID_ARGUMENT, also for a descriptor that is not open and on systems without
 * descriptors; otherwise as cosffi_upload_file(), LOCAL when it is not a regular file.
 * Since: 0.1 (ABI 2).
 */
cosffi_result cosffi_upload_fd(const cosffi_client *client,
                               cosffi_str object_key,
                               int32_t fd,
                               const cosffi_upload_options *options,
                               const cosffi_transfer_callbacks *callbacks,
                               cosffi_transfer **out_transfer,
                               cosffi_error **err);

/**
 * Reads an object or a range of it and writes it to a descriptor from its position on: a file, a pipe,
 * a socket. Pieces are written in order as they arrive; what a failure or a cancel leaves there is the
 * program's to remove. For a file that appears whole or not at all use cosffi_download_file().
 *
 * Ownership: as cosffi_get_object(). The descriptor is duplicated; yours may be closed at once.
 * Threads: any, also inside a callback; callbacks come on the callback thread.
 * How often: see cosffi_transfer_callbacks.
 * Errors: INVALID_ARGUMENT, also for a descriptor that is not open and on systems without
 * descriptors; otherwise as cosffi_get_object(), LOCAL when writing fails. A cancel takes effect
 * between two writes.
 * Since: 0.1 (ABI 2).
 */
cosffi_result cosffi_download_fd(const cosffi_client *client,
                                 cosffi_str object_key,
                                 int32_t fd,
                                 const cosffi_get_options *options,
                                 const cosffi_transfer_callbacks *callbacks,
                                 cosffi_transfer **out_transfer,
                                 cosffi_error **err);

/**
 * Copies an object to `object_key` of the client's bucket, or moves it, without moving its bytes through
 * here: up to 5 GiB in one request, above that in parts. The copy has the source's metadata unless
 * `options` replace them; its storage class and access rule are those of a new object. The checksums of
 * both are compared.
 *
 * Ownership: as cosffi_put_object(); `options` may be NULL.
 * Threads: any, also inside a callback; callbacks come on the callback thread.
 * How often: see cosffi_transfer_callbacks.
 * Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED; all others arrive in `on_complete`, among them NOT_FOUND,
 * PRECONDITION when the source changes meanwhile, and whatever keeps a moved source from being deleted.
 * Since: 0.1 (ABI 3).
 */
cosffi_result cosffi_copy_object(const cosffi_client *client,
                                 cosffi_str source_object_key,
                                 cosffi_str object_key,
                                 const cosffi_copy_options *options,
                                 const cosffi_transfer_callbacks *callbacks,
                                 cosffi_transfer **out_transfer,
                                 cosffi_error **err);

/**
 * What cosffi_upload_folder() or cosffi_download_folder() achieved: look at `failed`.
 *
 * Ownership: borrowed from `response`, valid as long as that; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: NULL for other responses.
 * Since: 0.1 (ABI 4).
 */
const cosffi_folder_report *cosffi_response_folder(const cosffi_response *response);

/**
 * A file of the folder that failed, counted from 0, in the order of names. The first 1,000 are kept; all are
 * counted.
 *
 * Ownership: borrowed from `response`, valid as long as that; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: NULL when there are not so many, and for other responses.
 * Since: 0.1 (ABI 4).
 */
const cosffi_folder_entry *cosffi_response_folder_failure(const cosffi_response *response,
                                                                 size_t index);

/**
 * Uploads every file in the folder `path` and below it. The key is the prefix, a slash, and the file's path
 * with slashes; an empty `prefix` is the whole bucket. Many files go at a time, small ones in one request
 * each, large ones as cosffi_upload_file() does; the folder is read as it is sent, in constant memory. Single
 * files that fail do not end it: look at cosffi_response_folder().
 *
 * Ownership: as cosffi_upload_file(). `user_data` of `callbacks` is also that of `on_entry`, which may be
 * NULL, and the transfer's until its `drop`.
 * Threads: any, also inside a callback; callbacks come on the callback thread.
 * How often: `on_entry` once per file, before completion, and not after a cancel; see
 * cosffi_transfer_callbacks. Progress has a total when the folder is read to its end.
 * Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED, LOCAL when the resume folder cannot be made; all others arrive
 * in `on_complete`: LOCAL when the folder cannot be read, CONFIG for a pattern that is none, whatever all
 * other files would meet too, such as refused credentials, and with `fail_fast` any failure.
 * Since: 0.1 (ABI 4).
 */
cosffi_result cosffi_upload_folder(const cosffi_client *client,
                                   cosffi_str prefix,
                                   cosffi_str path,
                                   const cosffi_folder_options *options,
                                   cosffi_folder_entry_fn on_entry,
                                   const cosffi_transfer_callbacks *callbacks,
                                   cosffi_transfer **out_transfer,
                                   cosffi_error **err);

/**
 * Downloads every object below `prefix` ("photos" means "photos/"; empty is the whole bucket) into the folder
 * `path`, which is made if need be. Objects whose keys end with a slash become folders; files get the time at
 * which the object was written. No file is written outside the folder or through a symbolic link in it:
 * objects that have no place there fail by name. Each file appears only when it is complete and verified.
 * Single files that fail do not end it: look at cosffi_response_folder().
 *
 * Ownership: as cosffi_upload_folder().
 * Threads: any, also inside a callback; callbacks come on the callback thread.
 * How often: as cosffi_upload_folder().
 * Errors: as cosffi_upload_folder(), with LOCAL when the folder cannot be made.
 * Since: 0.1 (ABI 4).
 */
cosffi_result cosffi_download_folder(const cosffi_client *client,
                                     cosffi_str prefix,
                                     cosffi_str path,
                                     const cosffi_folder_options *options,
                                     cosffi_folder_entry_fn on_entry,
                                     const cosffi_transfer_callbacks *callbacks,
                                     cosffi_transfer **out_transfer,
                                     cosffi_error **err);

/**
 * Deletes any number of objects, 1,000 in each request. Objects that the service refuses one by one are
 * no error: look at cosffi_response_failure_count(). Deleting what does not exist goes well.
 *
 * Ownership: as cosffi_put_object(); the list of `objects_count` ids and its text are copied.
 * Threads: any, also inside a callback; callbacks come on the callback thread.
 * How often: see cosffi_transfer_callbacks; there is no progress.
 * Errors: INVALID_ARGUMENT, also for an empty list; SHUT_DOWN, FORKED; all others arrive in
 * `on_complete`, when a request fails as a whole; those before it stay done.
 * Since: 0.1 (ABI 3).
 */
cosffi_result cosffi_delete_objects(const cosffi_client *client,
                                    const cosffi_object_id *objects,
                                    size_t objects_count,
                                    const cosffi_transfer_callbacks *callbacks,
                                    cosffi_transfer **out_transfer,
                                    cosffi_error **err);

/**
 * How many objects cosffi_delete_objects() deleted, or how many uploads and files
 * cosffi_clean_up_stale() removed; 0 for other responses.
 *
 * Ownership: borrows `response`; 0 for NULL.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 3).
 */
uint64_t cosffi_response_deleted_count(const cosffi_response *response);

/**
 * How many objects cosffi_delete_objects() could not delete; 0 for other responses.
 *
 * Ownership: borrows `response`; 0 for NULL.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 3).
 */
size_t cosffi_response_failure_count(const cosffi_response *response);

/**
 * An object that could not be deleted, counted from 0.
 *
 * Ownership: borrowed from `response`, valid as long as that; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: NULL when there are not so many.
 * Since: 0.1 (ABI 3).
 */
const cosffi_delete_failure *cosffi_response_failure(const cosffi_response *response,
                                                            size_t index);

/**
 * Makes a URL that lets its holder do `method` ("GET", "PUT" and so on) to one object, with the
 * client's credentials: cosffi_response_url() and cosffi_response_expired_time_s() of the response. A
 * program that has the credentials itself can use cosffi_presign_url() instead. Nothing is sent but what
 * the provider of credentials sends. The URL names the bucket's own host and is a secret until it ends.
 *
 * Ownership: as cosffi_put_object().
 * Threads: any, also inside a callback; callbacks come on the callback thread.
 * How often: see cosffi_transfer_callbacks; there is no progress.
 * Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED; all others arrive in `on_complete`, among them CONFIG and
 * CREDENTIAL.
 * Since: 0.1 (ABI 3).
 */
cosffi_result cosffi_presign_object(const cosffi_client *client,
                                    cosffi_str method,
                                    cosffi_str object_key,
                                    const cosffi_presign_object_options *options,
                                    const cosffi_transfer_callbacks *callbacks,
                                    cosffi_transfer **out_transfer,
                                    cosffi_error **err);

/**
 * Signs a form with which a web page uploads one file as `object_key`, without any other permission;
 * "${filename}" in the key stands for the file's name. Nothing is sent but what the provider of
 * credentials sends. The response's body (cosffi_response_body()) is JSON for the page: "url", where
 * the form goes as multipart/form-data; "fields", an array of [name, value] in order, before the file,
 * which is named "file"; "expired_time_s". It is a secret until then.
 *
 * Ownership: as cosffi_put_object().
 * Threads: any, also inside a callback; callbacks come on the callback thread.
 * How often: see cosffi_transfer_callbacks; there is no progress.
 * Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED; all others arrive in `on_complete`, among them CONFIG for a
 * field that forms cannot have, and CREDENTIAL.
 * Since: 0.1 (ABI 2).
 */
cosffi_result cosffi_post_form(const cosffi_client *client,
                               cosffi_str object_key,
                               const cosffi_post_form_options *options,
                               const cosffi_transfer_callbacks *callbacks,
                               cosffi_transfer **out_transfer,
                               cosffi_error **err);

/**
 * Sends any request to the bucket, or to one of its objects: for what this library has no function for,
 * such as tags, access rules, versions, restoring. It is signed, repeated and judged like all others. The
 * response has the status, every header, and the content, at most 32 MiB of it, in cosffi_response_body().
 *
 * Ownership: as cosffi_put_object(); an empty `object_key` means the bucket, `options` may be NULL.
 * Threads: any, also inside a callback; callbacks come on the callback thread.
 * How often: see cosffi_transfer_callbacks; there is no progress.
 * Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED; all others arrive in `on_complete`.
 * Since: 0.1 (ABI 3).
 */
cosffi_result cosffi_request(const cosffi_client *client,
                             cosffi_str method,
                             cosffi_str object_key,
                             const cosffi_request_options *options,
                             const cosffi_transfer_callbacks *callbacks,
                             cosffi_transfer **out_transfer,
                             cosffi_error **err);

/**
 * Removes what is left of file transfers that were begun with this `resume_folder`, were interrupted and
 * have not been continued for `older_than_s` seconds (0: seven days): parts of uploads to the client's
 * bucket, and partly downloaded files. Nothing that runs is touched. Good once in a while, such as when an
 * app starts. cosffi_response_deleted_count() tells how many were removed.
 *
 * Ownership: as cosffi_put_object().
 * Threads: any, also inside a callback; callbacks come on the callback thread.
 * How often: see cosffi_transfer_callbacks; there is no progress.
 * Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED, LOCAL when the folder cannot be made; all others arrive in
 * `on_complete`: the first that kept something from being removed, which is tried again the next time.
 * Since: 0.1 (ABI 3).
 */
cosffi_result cosffi_clean_up_stale(const cosffi_client *client,
                                    cosffi_str resume_folder,
                                    uint64_t older_than_s,
                                    const cosffi_transfer_callbacks *callbacks,
                                    cosffi_transfer **out_transfer,
                                    cosffi_error **err);

/* ==== Listing ================================================================================= */

/**
 * Lists a bucket's objects in key order, page by page; only one page is held at a time.
 *
 * Ownership: `*out_transfer` is yours; end it with cosffi_transfer_free(); `out_transfer` may be
 * NULL. All text is copied. `user_data` of `callbacks` is also that of `on_page`, and the transfer's until
 * its `drop`.
 * Threads: any, also inside a callback; callbacks come on the callback thread.
 * How often: `on_page` once per page, at least once; see cosffi_transfer_callbacks; there is no progress.
 * Errors: INVALID_ARGUMENT (also when `on_page` is NULL), SHUT_DOWN, FORKED; all others arrive in
 * `on_complete`, among them CANCELLED after COSFFI_FLOW_STOP.
 * Since: 0.1 (ABI 2).
 */
cosffi_result cosffi_list_objects(const cosffi_client *client,
                                  const cosffi_list_options *options,
                                  cosffi_page_fn on_page,
                                  const cosffi_transfer_callbacks *callbacks,
                                  cosffi_transfer **out_transfer,
                                  cosffi_error **err);

/**
 * How many objects the page has.
 *
 * Ownership: borrows `page`; 0 for NULL.
 * Threads: that of the cosffi_page_fn that was given the page.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 2).
 */
size_t cosffi_list_page_object_count(const cosffi_list_page *page);

/**
 * An object of the page, counted from 0, in key order.
 *
 * Ownership: borrowed from `page`; NULL is fine.
 * Threads: that of the cosffi_page_fn that was given the page.
 * How often: any number of times.
 * Errors: NULL when there are not so many.
 * Since: 0.1 (ABI 2).
 */
const cosffi_object_summary *cosffi_list_page_object(const cosffi_list_page *page,
                                                            size_t index);

/**
 * How many rolled-up prefixes ("folders") the page has; 0 without a delimiter.
 *
 * Ownership: borrows `page`; 0 for NULL.
 * Threads: that of the cosffi_page_fn that was given the page.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 2).
 */
size_t cosffi_list_page_prefix_count(const cosffi_list_page *page);

/**
 * A rolled-up prefix of the page, counted from 0, with the delimiter at its end.
 *
 * Ownership: borrowed from `page`; NULL is fine.
 * Threads: that of the cosffi_page_fn that was given the page.
 * How often: any number of times.
 * Errors: empty when there are not so many.
 * Since: 0.1 (ABI 2).
 */
cosffi_str cosffi_list_page_prefix(const cosffi_list_page *page, size_t index);

/**
 * Where the next page begins, for a later listing; empty on the last page.
 *
 * Ownership: borrowed from `page`; NULL is fine.
 * Threads: that of the cosffi_page_fn that was given the page.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 2).
 */
cosffi_str cosffi_list_page_next_marker(const cosffi_list_page *page);

/**
 * Lists every version of a bucket's objects, page by page; only one page is held at a time. Needs
 * name/cos:GetBucketObjectVersions.
 *
 * Ownership: as cosffi_list_objects().
 * Threads: any, also inside a callback; callbacks come on the callback thread.
 * How often: `on_page` once per page, at least once; see cosffi_transfer_callbacks; there is no progress.
 * Errors: INVALID_ARGUMENT (also when `on_page` is NULL), SHUT_DOWN, FORKED; all others arrive in
 * `on_complete`, among them CANCELLED after COSFFI_FLOW_STOP.
 * Since: 0.1 (ABI 4).
 */
cosffi_result cosffi_list_versions(const cosffi_client *client,
                                   const cosffi_list_versions_options *options,
                                   cosffi_versions_page_fn on_page,
                                   const cosffi_transfer_callbacks *callbacks,
                                   cosffi_transfer **out_transfer,
                                   cosffi_error **err);

/**
 * How many versions the page has.
 *
 * Ownership: borrows `page`; 0 for NULL.
 * Threads: that of the cosffi_versions_page_fn that was given the page.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 4).
 */
size_t cosffi_versions_page_version_count(const cosffi_versions_page *page);

/**
 * A version of the page, counted from 0: in key order, the newest of each key first.
 *
 * Ownership: borrowed from `page`; NULL is fine.
 * Threads: that of the cosffi_versions_page_fn that was given the page.
 * How often: any number of times.
 * Errors: NULL when there are not so many.
 * Since: 0.1 (ABI 4).
 */
const cosffi_object_version *cosffi_versions_page_version(const cosffi_versions_page *page,
                                                                 size_t index);

/**
 * How many rolled-up prefixes ("folders") the page has; 0 without a delimiter.
 *
 * Ownership: borrows `page`; 0 for NULL.
 * Threads: that of the cosffi_versions_page_fn that was given the page.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 4).
 */
size_t cosffi_versions_page_prefix_count(const cosffi_versions_page *page);

/**
 * A rolled-up prefix of the page, counted from 0, with the delimiter at its end.
 *
 * Ownership: borrowed from `page`; NULL is fine.
 * Threads: that of the cosffi_versions_page_fn that was given the page.
 * How often: any number of times.
 * Errors: empty when there are not so many.
 * Since: 0.1 (ABI 4).
 */
cosffi_str cosffi_versions_page_prefix(const cosffi_versions_page *page,
                                              size_t index);

/**
 * The key after which the next page begins, for a later listing; empty on the last page.
 *
 * Ownership: borrowed from `page`; NULL is fine.
 * Threads: that of the cosffi_versions_page_fn that was given the page.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 4).
 */
cosffi_str cosffi_versions_page_next_key_marker(const cosffi_versions_page *page);

/**
 * The version of that key after which the next page begins; empty on the last page.
 *
 * Ownership: borrowed from `page`; NULL is fine.
 * Threads: that of the cosffi_versions_page_fn that was given the page.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 4).
 */
cosffi_str cosffi_versions_page_next_version_id_marker(const cosffi_versions_page *page);

/* ==== Transfers =============================================================================== */

/**
 * Asks a transfer to stop. It still completes, once, as every transfer does: with
 * COSFFI_ERROR_CANCELLED, or with what it had come to before. An unfinished download leaves no file
 * under its name.
 *
 * Ownership: borrows `transfer`; NULL is fine.
 * Threads: any, also inside a callback.
 * How often: any number of times.
 * Errors: none; any number of times, also after completion. In a forked child it does nothing.
 * Since: 0.1 (ABI 1).
 */
void cosffi_transfer_cancel(const cosffi_transfer *transfer);

/**
 * Holds an upload or download of a file, or an upload of a stream, until cosffi_transfer_resume(): its
 * requests in flight are given up and sent again then. Other transfers are single requests and go on.
 *
 * Ownership: borrows `transfer`; NULL is fine.
 * Threads: any, also inside a callback.
 * How often: any number of times.
 * Errors: none; any number of times, also after completion. In a forked child it does nothing.
 * Since: 0.1 (ABI 2).
 */
void cosffi_transfer_pause(const cosffi_transfer *transfer);

/**
 * Ends an upload or download of a file and keeps what was transferred: it completes with
 * COSFFI_ERROR_CANCELLED, and cosffi_error_resume_record() continues it. Other transfers are cancelled.
 *
 * Ownership: borrows `transfer`; NULL is fine.
 * Threads: any, also inside a callback.
 * How often: any number of times.
 * Errors: none; any number of times, also after completion. In a forked child it does nothing.
 * Since: 0.1 (ABI 2).
 */
void cosffi_transfer_stop(const cosffi_transfer *transfer);

/**
 * What would continue an upload or download of a file from where it is now, in this or another process:
 * text for `resume_record` of its options. It holds no secret and no path. `*out` stays {NULL, 0} while
 * there is nothing to continue: small files, and other transfers, begin anew.
 *
 * Ownership: borrows `transfer`; `*out` is yours; end it with cosffi_string_free().
 * Threads: any, also inside a callback.
 * How often: any number of times.
 * Errors: INVALID_ARGUMENT, FORKED.
 * Since: 0.1 (ABI 2).
 */
cosffi_result cosffi_transfer_resume_record(const cosffi_transfer *transfer,
                                            cosffi_string *out,
                                            cosffi_error **err);

/**
 * Lets a transfer go on that was paused, or whose function answered COSFFI_FLOW_PAUSE. It may come before
 * that function has returned, from another thread: the pause is then none. A transfer that does not wait
 * is not changed.
 *
 * Ownership: borrows `transfer`; NULL is fine.
 * Threads: any, also inside a callback.
 * How often: any number of times.
 * Errors: none. In a forked child it does nothing.
 * Since: 0.1 (ABI 2).
 */
void cosffi_transfer_resume(const cosffi_transfer *transfer);

/**
 * Waits until a transfer is over and its last callback has returned, and gives its result: for
 * tools and tests. Waits up to `timeout_ms`; a negative time means as long as it takes. Of a transfer
 * with a queue it returns when the completion is in there.
 *
 * Ownership: borrows `transfer`, which its callbacks may free meanwhile. `*err` is yours, a copy of
 * the transfer's error.
 * Threads: any except the callback thread.
 * How often: any number of times.
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
 * How often: any number of times.
 * Errors: NULL, also for NULL.
 * Since: 0.1 (ABI 1).
 */
const cosffi_response *cosffi_transfer_response(const cosffi_transfer *transfer);

/**
 * One more reference, for one more owner; each is ended with cosffi_transfer_free().
 *
 * Ownership: borrows `transfer`; NULL is fine.
 * Threads: any.
 * How often: any number of times, each matched by one cosffi_transfer_free().
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
 * How often: once for each reference: that of the start, and one for each cosffi_transfer_retain().
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
void cosffi_transfer_free(const cosffi_transfer *transfer);

/**
 * What a transfer is doing at this moment. The last three states are final, and are told when the last
 * callback has returned, or the completion is in the queue.
 *
 * Ownership: borrows `transfer`; COSFFI_TRANSFER_NONE for NULL.
 * Threads: any, also inside a callback.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 3).
 */
cosffi_transfer_state cosffi_transfer_status(const cosffi_transfer *transfer);

/**
 * How far a transfer is at this moment: bytes done of bytes in total, UINT64_MAX while that is not known.
 * For programs that would rather look than be told.
 *
 * Ownership: borrows `transfer`; NULL is fine, also for `out_done_bytes` and `out_total_bytes`.
 * Threads: any, also inside a callback.
 * How often: any number of times.
 * Errors: returns 1 when there is something to tell, else 0 and writes 0 and UINT64_MAX: before the first
 * byte, for NULL, and for transfers that have no progress. In a forked child it is 0.
 * Since: 0.1 (ABI 3).
 */
int32_t cosffi_transfer_progress(const cosffi_transfer *transfer,
                                 uint64_t *out_done_bytes,
                                 uint64_t *out_total_bytes);

/* ==== Queue of events ========================================================================= */

/**
 * Makes a queue of events. It belongs to no runtime: transfers of several may share it.
 *
 * Ownership: `*out` is yours; end it with cosffi_queue_free().
 * Threads: any.
 * How often: any number of times.
 * Errors: INVALID_ARGUMENT.
 * Since: 0.1 (ABI 2).
 */
cosffi_result cosffi_queue_new(cosffi_queue **out, cosffi_error **err);

/**
 * Takes the next event, waiting for one up to `timeout_ms`; a negative time waits as long as it takes,
 * 0 not at all. Functions of transfers that have to answer are called in here, on this thread; those
 * of one transfer never two at a time. Events of one transfer come out in their order; with several
 * threads one may hold its progress while another has its completion already.
 *
 * Ownership: borrows `queue`; `*out_event` is yours; end it with cosffi_event_free().
 * Threads: any, several at once; not from inside a function that it calls.
 * How often: until COSFFI_ERROR_NOT_FINISHED, whenever the wake descriptor is readable.
 * Errors: NOT_FINISHED when there was no event in time; WRONG_THREAD inside a function that it called;
 * INVALID_ARGUMENT; FORKED. `*out_event` is then NULL.
 * Since: 0.1 (ABI 2).
 */
cosffi_result cosffi_queue_next(const cosffi_queue *queue,
                                int64_t timeout_ms,
                                cosffi_event **out_event,
                                cosffi_error **err);

/**
 * A file descriptor that is readable while the queue has events: for poll(), epoll, kqueue and event
 * loops. Do not read from it, write to it or close it.
 *
 * Ownership: borrowed from `queue`, valid until that is freed.
 * Threads: any.
 * How often: any number of times.
 * Errors: -1 when there is none: for NULL, on systems without pipes, when the process has no
 * descriptors left.
 * Since: 0.1 (ABI 2).
 */
int32_t cosffi_queue_wake_fd(const cosffi_queue *queue);

/**
 * Frees a queue with the events in it. Transfers that use it go on, but nothing is heard of them any
 * more: functions that have to answer are not called, which cancels those transfers; `drop` still runs,
 * on any thread.
 *
 * Ownership: takes `queue`; NULL is fine. No thread may be inside cosffi_queue_next(). Events taken
 * before stay valid.
 * Threads: any. In a forked child it does nothing.
 * How often: once for each queue; NULL any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 2).
 */
void cosffi_queue_free(cosffi_queue *queue);

/**
 * What the event tells; COSFFI_EVENT_NONE for NULL.
 *
 * Ownership: borrows `event`.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 2).
 */
cosffi_event_type cosffi_event_kind(const cosffi_event *event);

/**
 * The `user_data` of the transfer's callbacks: which transfer it is about.
 *
 * Ownership: yours as it always was; NULL for NULL.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 2).
 */
void *cosffi_event_user_data(const cosffi_event *event);

/**
 * Bytes done, of a progress event; else 0.
 *
 * Ownership: borrows `event`; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 2).
 */
uint64_t cosffi_event_done_bytes(const cosffi_event *event);

/**
 * Bytes in total, of a progress event, UINT64_MAX while not known; else 0.
 *
 * Ownership: borrows `event`; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 2).
 */
uint64_t cosffi_event_total_bytes(const cosffi_event *event);

/**
 * What the transfer came to, of a completion; COSFFI_OK of other events.
 *
 * Ownership: borrows `event`; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 2).
 */
cosffi_result cosffi_event_result(const cosffi_event *event);

/**
 * The response, of a completion that went well; else NULL.
 *
 * Ownership: borrowed from `event`, valid until it is freed; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 2).
 */
const cosffi_response *cosffi_event_response(const cosffi_event *event);

/**
 * The error, of a completion that did not go well; else NULL.
 *
 * Ownership: borrowed from `event`, valid until it is freed; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 2).
 */
const cosffi_error *cosffi_event_error(const cosffi_event *event);

/**
 * Frees an event. With the completion of a transfer, and all its events before, the `drop` of its
 * callbacks runs in here.
 *
 * Ownership: takes `event`; NULL is fine.
 * Threads: any.
 * How often: once for each; NULL any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 2).
 */
void cosffi_event_free(cosffi_event *event);

/* ==== Responses =============================================================================== */

/**
 * The object's tag with its quotes, as the service sent it.
 *
 * Ownership: borrowed from `response`, valid as long as that; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: empty when there is none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_response_etag(const cosffi_response *response);

/**
 * The HTTP status of the answer, such as 200 or 206; 0 after uploads and downloads of files, which are
 * any number of requests.
 *
 * Ownership: borrows `response`; 0 for NULL.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 2).
 */
uint32_t cosffi_response_status(const cosffi_response *response);

/**
 * Bytes of a file that an earlier transfer had done, so that this one did not do them again.
 *
 * Ownership: borrows `response`; 0 for NULL.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 2).
 */
uint64_t cosffi_response_resumed_bytes(const cosffi_response *response);

/**
 * Why a resume record was of no use, so that the file was transferred from its beginning:
 * "record_damaged", "other_transfer", "settings_changed", "source_changed", "object_changed",
 * "upload_gone", "temporary_file_gone" and others. Empty when it was of use, or when there was none.
 *
 * Ownership: borrowed from `response`, valid as long as that; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 2).
 */
cosffi_str cosffi_response_restart_reason(const cosffi_response *response);

/**
 * The content: of an object that cosffi_get_object() was asked to keep in memory, of the answer to
 * cosffi_request(), the JSON of cosffi_post_form(); else nothing.
 *
 * Ownership: borrowed from `response`, valid as long as that; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 2).
 */
cosffi_bytes cosffi_response_body(const cosffi_response *response);

/**
 * The id of the last request (`x-cos-request-id`).
 *
 * Ownership: borrowed from `response`, valid as long as that; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: empty when there is none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_response_request_id(const cosffi_response *response);

/**
 * The version of the object, in buckets with versioning.
 *
 * Ownership: borrowed from `response`, valid as long as that; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: empty when there is none.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_response_version_id(const cosffi_response *response);

/**
 * The CRC-64 of the whole object (`x-cos-hash-crc64ecma`), written to `*out_crc64`.
 *
 * Ownership: borrows `response`; NULL is fine, also for `out_crc64`.
 * Threads: any.
 * How often: any number of times.
 * Errors: returns 1 when it is known, else 0 and writes 0.
 * Since: 0.1 (ABI 1).
 */
int32_t cosffi_response_crc64(const cosffi_response *response, uint64_t *out_crc64);

/**
 * The size of the whole object in bytes; UINT64_MAX when the answer does not tell.
 *
 * Ownership: borrows `response`; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: UINT64_MAX for NULL.
 * Since: 0.1 (ABI 1).
 */
uint64_t cosffi_response_size_bytes(const cosffi_response *response);

/**
 * When the object was written, Unix seconds; 0 when the answer does not tell.
 *
 * Ownership: borrows `response`; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 1).
 */
uint64_t cosffi_response_last_modified_s(const cosffi_response *response);

/**
 * A header of the answer to cosffi_head_object(), cosffi_get_object() or a download, in any case of
 * letters: content-type, cache-control, content-disposition, content-encoding, content-language,
 * expires, x-cos-storage-class, and x-cos-meta-* of your own; any header of the answer to
 * cosffi_request().
 *
 * Ownership: borrowed from `response`, valid as long as that; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: empty when there is no such header or `name` is not text.
 * Since: 0.1 (ABI 1).
 */
cosffi_str cosffi_response_header(const cosffi_response *response,
                                         cosffi_str name);

/**
 * The URL that cosffi_presign_object() made; else empty. A secret until it ends.
 *
 * Ownership: borrowed from `response`, valid as long as that; NULL is fine.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 3).
 */
cosffi_str cosffi_response_url(const cosffi_response *response);

/**
 * When the URL of cosffi_presign_object() or the form of cosffi_post_form() ends, Unix seconds; else 0.
 *
 * Ownership: borrows `response`; 0 for NULL.
 * Threads: any.
 * How often: any number of times.
 * Errors: none.
 * Since: 0.1 (ABI 3).
 */
uint64_t cosffi_response_expired_time_s(const cosffi_response *response);

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

/** Borrows `len` bytes of any kind. */
static inline cosffi_bytes cosffi_bytes_of(const void *data, size_t len) {
    cosffi_bytes bytes;
    bytes.data = (const uint8_t *)data;
    bytes.len = len;
    return bytes;
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

/** A cosffi_get_options with its size set and every field at its default. */
static inline cosffi_get_options cosffi_get_options_default(void) {
    cosffi_get_options value;
    memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    return value;
}

/** A cosffi_list_options with its size set and every field at its default. */
static inline cosffi_list_options cosffi_list_options_default(void) {
    cosffi_list_options value;
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

/** A cosffi_broker_options with its size set and every field at its default. */
static inline cosffi_broker_options cosffi_broker_options_default(void) {
    cosffi_broker_options value;
    memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    return value;
}

/** A cosffi_sts_options with its size set and every field at its default. */
static inline cosffi_sts_options cosffi_sts_options_default(void) {
    cosffi_sts_options value;
    memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    return value;
}

/** A cosffi_policy_options with its size set and every field at its default. */
static inline cosffi_policy_options cosffi_policy_options_default(void) {
    cosffi_policy_options value;
    memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    return value;
}

/** A cosffi_policy_check_options with its size set and every field at its default. */
static inline cosffi_policy_check_options cosffi_policy_check_options_default(void) {
    cosffi_policy_check_options value;
    memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    return value;
}

/** A cosffi_post_form_options with its size set and every field at its default. */
static inline cosffi_post_form_options cosffi_post_form_options_default(void) {
    cosffi_post_form_options value;
    memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    return value;
}

/** A cosffi_copy_options with its size set and every field at its default. */
static inline cosffi_copy_options cosffi_copy_options_default(void) {
    cosffi_copy_options value;
    memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    return value;
}

/** A cosffi_presign_object_options with its size set and every field at its default. */
static inline cosffi_presign_object_options cosffi_presign_object_options_default(void) {
    cosffi_presign_object_options value;
    memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    return value;
}

/** A cosffi_request_options with its size set and every field at its default. */
static inline cosffi_request_options cosffi_request_options_default(void) {
    cosffi_request_options value;
    memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    return value;
}

/** A cosffi_folder_options with its size set and every field at its default. */
static inline cosffi_folder_options cosffi_folder_options_default(void) {
    cosffi_folder_options value;
    memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    return value;
}

/** A cosffi_list_versions_options with its size set and every field at its default. */
static inline cosffi_list_versions_options cosffi_list_versions_options_default(void) {
    cosffi_list_versions_options value;
    memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    return value;
}

#endif  /* COS_FFI_H */
