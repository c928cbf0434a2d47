/* What the generated table of NULLs (crates/cos-ffi/tests/nulls.rs) calls the functions with: one good value for every
 * type and name of a parameter. Nobody answers at the client's address, so what is started only waits to be cancelled. */
#ifndef NULLS_H
#define NULLS_H

#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

#define TEXT(name, value) static const cosffi_str name = {value, sizeof(value) - 1}
TEXT(secret_id, "id");
TEXT(secret_key, "key");
TEXT(session_token, "token");
TEXT(json, "{\"Credentials\":{\"TmpSecretId\":\"id\",\"TmpSecretKey\":\"key\",\"Token\":\"t\"},"
           "\"ExpiredTime\":4000000000}");
TEXT(policy_json, "{\"version\":\"2.0\",\"statement\":[]}");
TEXT(method, "GET");
TEXT(object_key, "k");
TEXT(source_object_key, "from");
TEXT(prefix, "p/");
static cosffi_str resume_folder; /* the program's argument */
static cosffi_str path;          /* beside it */

static cosffi_client *client;
static cosffi_credentials *credentials;
static cosffi_provider *provider; /* by push */
static cosffi_queue *queue;
static cosffi_transfer *transfer; /* over, with an error */
static cosffi_object_id objects[1];
static int32_t fd;
static const int64_t timeout_ms = 0;
static const cosffi_bytes bytes = {(const uint8_t *)"x", 1};

static cosffi_runtime_options runtime_options;
static cosffi_client_options client_options;
static cosffi_sign_options sign_options;
static cosffi_presign_options presign_options;
static cosffi_presign_object_options presign_object_options;
static cosffi_policy_options policy_options;
static cosffi_policy_check_options policy_check_options;
static cosffi_post_form_options post_form_options;
static cosffi_upload_options upload_options;
static cosffi_download_options download_options;
static cosffi_get_options get_options;
static cosffi_list_options list_options;
static cosffi_list_versions_options list_versions_options;
static cosffi_folder_options folder_options;
static cosffi_copy_options copy_options;
static cosffi_request_options request_options;
static cosffi_broker_options broker_options;
static cosffi_sts_options sts_options;
static cosffi_provider_callbacks provider_callbacks;

/* What the calls write. */
static cosffi_error *error;
static cosffi_string string;
static int32_t out_int32;
static cosffi_runtime *out_runtime;
static cosffi_client *out_client;
static cosffi_credentials *out_credentials;
static cosffi_provider *out_provider;
static cosffi_queue *out_queue;
static cosffi_event *out_event;
static cosffi_transfer *out_transfer;

#define MOST_CALLS 1000
static int seats[MOST_CALLS], calls; /* the user data of each call, counting its drops */

static void on_drop(void *user_data) { __atomic_fetch_add((int *)user_data, 1, __ATOMIC_SEQ_CST); }

static int drops(int call) { return __atomic_load_n(&seats[call], __ATOMIC_SEQ_CST); }

static cosffi_transfer_callbacks callbacks;

/* The next call's own user data. */
static void take_seat(void) {
    CHECK(calls < MOST_CALLS);
    callbacks.user_data = &seats[calls++];
}

static int32_t on_body(void *user_data, uint64_t offset, cosffi_bytes piece) {
    (void)user_data;
    (void)offset;
    (void)piece;
    return COSFFI_FLOW_STOP;
}

static int32_t on_page(void *user_data, const cosffi_list_page *page) {
    (void)user_data;
    (void)page;
    return COSFFI_FLOW_STOP;
}

static int32_t on_versions(void *user_data, const cosffi_versions_page *page) {
    (void)user_data;
    (void)page;
    return COSFFI_FLOW_STOP;
}

static int32_t on_entry(void *user_data, const cosffi_folder_entry *entry) {
    (void)user_data;
    (void)entry;
    return COSFFI_FLOW_CONTINUE;
}

static int32_t on_read(void *user_data, uint8_t *room, size_t room_bytes, size_t *out_written) {
    (void)user_data;
    (void)room;
    (void)room_bytes;
    (void)out_written;
    return COSFFI_FLOW_END;
}

static void fetch(void *user_data, cosffi_credential_request *request) {
    (void)user_data;
    cosffi_credential_request_free(request);
}

static void log_line(void *user_data, int32_t level, cosffi_str target, cosffi_str message) {
    (void)user_data;
    (void)level;
    (void)target;
    (void)message;
}

static void on_done(void *user_data) { (void)user_data; }

static uint16_t silent_port(void) {
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
    CHECK(listen(listener, 64) == 0);
    return ntohs(address.sin_port);
}

static void set_up(const char *folder) {
    static char endpoint[64], file[600];
    static cosffi_str operations[1];
    cosffi_provider *fixed = NULL;
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%u", (unsigned)silent_port());
    resume_folder = cosffi_str_of(folder);
    snprintf(file, sizeof file, "%s-file", folder);
    path = cosffi_str_of(file);
    fd = open("/dev/null", O_RDWR);
    CHECK(fd >= 0);
    objects[0].object_key = object_key;
    objects[0].version_id = cosffi_str_of("");
    CHECK_OK(cosffi_runtime_new(NULL, &runtime, NULL), NULL);
    CHECK_OK(cosffi_queue_new(&queue, NULL), NULL);
    CHECK_OK(cosffi_credentials_new(secret_id, secret_key, cosffi_str_of(""), 0, 0, &credentials,
                                    NULL),
             NULL);
    CHECK_OK(cosffi_provider_push(&provider, NULL), NULL);
    CHECK_OK(cosffi_provider_static(credentials, &fixed, NULL), NULL);
    runtime_options = cosffi_runtime_options_default();
    client_options = cosffi_client_options_default();
    client_options.bucket = cosffi_str_of("demo-1250000000");
    client_options.region = cosffi_str_of("ap-guangzhou");
    client_options.endpoint = cosffi_str_of(endpoint);
    client_options.provider = fixed;
    client_options.max_attempts = 1;
    CHECK_OK(cosffi_client_new(runtime, &client_options, &client, NULL), NULL);
    client_options.provider = provider;
    cosffi_provider_free(fixed);
    sign_options = cosffi_sign_options_default();
    sign_options.credentials = credentials;
    sign_options.method = method;
    sign_options.path = cosffi_str_of("/");
    sign_options.key_time_start_s = 1700000000;
    sign_options.key_time_end_s = 1700003600;
    presign_options = cosffi_presign_options_default();
    presign_options.credentials = credentials;
    presign_options.method = method;
    presign_options.base_url = cosffi_str_of("https://example.com");
    presign_options.key_time_start_s = 1700000000;
    presign_options.key_time_end_s = 1700003600;
    presign_object_options = cosffi_presign_object_options_default();
    presign_object_options.expires_s = 60;
    operations[0] = cosffi_str_of("upload");
    policy_options = cosffi_policy_options_default();
    policy_options.bucket = client_options.bucket;
    policy_options.region = client_options.region;
    policy_options.prefix = cosffi_str_of("users/");
    policy_options.operations = operations;
    policy_options.operations_count = 1;
    policy_check_options = cosffi_policy_check_options_default();
    policy_check_options.action = cosffi_str_of("name/cos:GetObject");
    policy_check_options.resource =
        cosffi_str_of("qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/k");
    post_form_options = cosffi_post_form_options_default();
    post_form_options.expires_s = 60;
    upload_options = cosffi_upload_options_default();
    download_options = cosffi_download_options_default();
    get_options = cosffi_get_options_default();
    list_options = cosffi_list_options_default();
    list_versions_options = cosffi_list_versions_options_default();
    folder_options = cosffi_folder_options_default();
    copy_options = cosffi_copy_options_default();
    request_options = cosffi_request_options_default();
    broker_options = cosffi_broker_options_default();
    broker_options.url = cosffi_str_of(endpoint);
    sts_options = cosffi_sts_options_default();
    sts_options.credentials = credentials;
    sts_options.policy_json = policy_json;
    provider_callbacks = cosffi_provider_callbacks_default();
    provider_callbacks.fetch = fetch;
    callbacks = cosffi_transfer_callbacks_default();
    callbacks.drop = on_drop;
    take_seat();
    CHECK_OK(cosffi_head_object(client, object_key, &callbacks, &transfer, NULL), NULL);
    cosffi_transfer_cancel(transfer);
    CHECK(cosffi_transfer_wait(transfer, -1, NULL) == COSFFI_ERROR_CANCELLED);
}

/* After each call: the result that the table says, an error exactly when it failed, outputs exactly when it did not;
 * and a start that failed has dropped its data already. */
static void check(const char *what, cosffi_result got, cosffi_result expected, int has_err,
                  int has_data) {
    int is_ok = got == COSFFI_OK;
    if (got != expected) {
        fprintf(stderr, "%s: %s instead of %s: %s\n", what, cosffi_result_name(got),
                cosffi_result_name(expected), cosffi_error_message(error).data);
        exit(1);
    }
    if (has_err) {
        CHECK((error == NULL) == is_ok);
        CHECK(cosffi_error_code(error) == got);
        CHECK(is_ok || cosffi_error_message(error).len > 0);
    }
    if (!is_ok) {
        CHECK(out_runtime == NULL && out_client == NULL && out_credentials == NULL);
        CHECK(out_provider == NULL && out_queue == NULL && out_event == NULL);
        CHECK(out_transfer == NULL && string.data == NULL);
    }
    if (has_data && !is_ok && drops(calls - 1) != 1) {
        fprintf(stderr, "%s: failed with %d drops\n", what, drops(calls - 1));
        exit(1);
    }
    if (!has_data) calls--;
    cosffi_transfer_cancel(out_transfer);
    cosffi_transfer_free(out_transfer);
    cosffi_event_free(out_event);
    cosffi_queue_free(out_queue);
    cosffi_client_free(out_client);
    cosffi_provider_free(out_provider);
    cosffi_credentials_free(out_credentials);
    cosffi_runtime_free(out_runtime);
    cosffi_string_free(&string);
    cosffi_error_free(error);
    error = NULL;
    out_transfer = NULL;
    out_event = NULL;
    out_queue = NULL;
    out_client = NULL;
    out_provider = NULL;
    out_credentials = NULL;
    out_runtime = NULL;
}

static void tear_down(void) {
    cosffi_transfer_free(transfer);
    cosffi_client_free(client);
    cosffi_provider_free(provider);
    cosffi_credentials_free(credentials);
    cosffi_queue_free(queue);
    CHECK_OK(cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL), NULL);
    cosffi_runtime_free(runtime);
    while (calls > 0) CHECK(drops(--calls) == 1);
    close(fd);
}

#endif
