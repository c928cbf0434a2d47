/* Section "Objects", what is done with objects that are there, against a server: copies and moves, many deleted at
 * once, presigned URLs, requests of any kind, left-overs; and looking at transfers: manage ENDPOINT ID KEY FOLDER. */
#include "server.h"

static cosffi_client *client;
static char folder[512];

static cosffi_str str(const char *text) { return cosffi_str_of(text); }

/* Waits and checks the laws; the transfer stays, for its response. */
static cosffi_result done(app *self) {
    cosffi_result result = cosffi_transfer_wait(self->transfer, -1, NULL);
    CHECK(self->complete == 1 && self->dropped == 1 && self->result == result);
    return result;
}

static const cosffi_response *response_of(const app *self) {
    const cosffi_response *response = cosffi_transfer_response(self->transfer);
    CHECK(response != NULL);
    return response;
}

static int exists(const char *key) {
    app self;
    cosffi_transfer_callbacks callbacks = callbacks_of(&self);
    cosffi_result result;
    CHECK_OK(cosffi_head_object(client, str(key), &callbacks, &self.transfer, NULL), NULL);
    result = finish(&self);
    CHECK(result == COSFFI_OK || result == COSFFI_ERROR_NOT_FOUND);
    return result == COSFFI_OK;
}

/* What a header of an object says, written to `room`. */
static void header_of(const char *key, const char *name, char *room, size_t size) {
    app self;
    cosffi_transfer_callbacks callbacks = callbacks_of(&self);
    CHECK_OK(cosffi_head_object(client, str(key), &callbacks, &self.transfer, NULL), NULL);
    CHECK(done(&self) == COSFFI_OK);
    snprintf(room, size, "%s", cosffi_response_header(response_of(&self), str(name)).data);
    cosffi_transfer_free(self.transfer);
}

static cosffi_result copy(const char *from, const char *to, const cosffi_copy_options *options,
                          app *self) {
    cosffi_transfer_callbacks callbacks = callbacks_of(self);
    cosffi_error *error = NULL;
    CHECK_OK(cosffi_copy_object(client, str(from), str(to), options, &callbacks, &self->transfer,
                                &error),
             error);
    return done(self);
}

static void copies(void) {
    app self;
    char text[64];
    size_t i;
    uint64_t crc64 = 0;
    cosffi_pair headers[1];
    cosffi_upload_options upload = cosffi_upload_options_default();
    cosffi_copy_options options = cosffi_copy_options_default();
    cosffi_transfer_callbacks callbacks = callbacks_of(&self);
    const cosffi_bytes hello = {(const uint8_t *)"hello", 5};
    static uint8_t large[3 << 20];

    headers[0].name = str("x-cos-meta-color");
    headers[0].value = str("red");
    upload.content_type = str("text/x-first");
    upload.headers = headers;
    upload.headers_count = 1;
    upload.content_md5 = 1;
    CHECK_OK(cosffi_put_object(client, str("m/a"), hello, &upload, &callbacks, &self.transfer, NULL),
             NULL);
    CHECK(finish(&self) == COSFFI_OK);

    /* With the source's metadata. */
    CHECK(copy("m/a", "m/b", NULL, &self) == COSFFI_OK);
    CHECK(cosffi_response_size_bytes(response_of(&self)) == 5);
    CHECK(cosffi_response_crc64(response_of(&self), &crc64) == 1 && crc64 != 0);
    CHECK(cosffi_response_etag(response_of(&self)).len > 2);
    CHECK(cosffi_transfer_status(self.transfer) == COSFFI_TRANSFER_COMPLETED);
    cosffi_transfer_free(self.transfer);
    header_of("m/b", "content-type", text, sizeof text);
    CHECK(strcmp(text, "text/x-first") == 0);
    header_of("m/b", "x-cos-meta-color", text, sizeof text);
    CHECK(strcmp(text, "red") == 0 && exists("m/a"));

    /* With metadata of its own, and from a bucket that is named. */
    headers[0].value = str("blue");
    options.source_bucket = str("demo-1250000000");
    options.source_region = str("ap-guangzhou");
    options.replace_metadata = 1;
    options.content_type = str("text/x-second");
    options.headers = headers;
    options.headers_count = 1;
    options.priority = COSFFI_PRIORITY_HIGH;
    CHECK(copy("m/a", "m/b", &options, &self) == COSFFI_OK);
    cosffi_transfer_free(self.transfer);
    header_of("m/b", "content-type", text, sizeof text);
    CHECK(strcmp(text, "text/x-second") == 0);
    header_of("m/b", "x-cos-meta-color", text, sizeof text);
    CHECK(strcmp(text, "blue") == 0);

    /* Not over what is there; not of what has changed; not from nowhere. */
    options = cosffi_copy_options_default();
    options.forbid_overwrite = 1;
    CHECK(copy("m/a", "m/b", &options, &self) == COSFFI_ERROR_PRECONDITION);
    CHECK(cosffi_transfer_status(self.transfer) == COSFFI_TRANSFER_FAILED);
    cosffi_transfer_free(self.transfer);
    options = cosffi_copy_options_default();
    options.source_if_match = str("\"0123\"");
    CHECK(copy("m/a", "m/c", &options, &self) == COSFFI_ERROR_PRECONDITION);
    cosffi_transfer_free(self.transfer);
    CHECK(copy("m/none", "m/c", NULL, &self) == COSFFI_ERROR_NOT_FOUND);
    cosffi_transfer_free(self.transfer);
    options = cosffi_copy_options_default();
    options.source_bucket = str("no bucket");
    CHECK(copy("m/a", "m/c", &options, &self) == COSFFI_ERROR_CONFIG);
    cosffi_transfer_free(self.transfer);
    CHECK(!exists("m/c"));

    /* A move. */
    options = cosffi_copy_options_default();
    options.delete_source = 1;
    CHECK(copy("m/b", "m/c", &options, &self) == COSFFI_OK);
    cosffi_transfer_free(self.transfer);
    CHECK(!exists("m/b") && exists("m/c"));

    /* In parts. */
    for (i = 0; i < sizeof large; i++) large[i] = (uint8_t)(i * i >> 7);
    put(client, "m/large", large, sizeof large);
    options = cosffi_copy_options_default();
    options.multipart_threshold_bytes = 1;
    options.part_size_bytes = 1 << 20;
    options.concurrency = 2;
    CHECK(copy("m/large", "m/large2", &options, &self) == COSFFI_OK);
    CHECK(cosffi_response_size_bytes(response_of(&self)) == sizeof large);
    CHECK(self.progress >= 1);
    cosffi_transfer_free(self.transfer);

    /* Refused before anything is sent. */
    options = cosffi_copy_options_default();
    options.priority = 3;
    callbacks = callbacks_of(&self);
    CHECK(cosffi_copy_object(client, str("m/a"), str("m/c"), &options, &callbacks, &self.transfer,
                             NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    options.priority = COSFFI_PRIORITY_LOW;
    options.reserved = 1;
    CHECK(cosffi_copy_object(client, str("m/a"), str("m/c"), &options, NULL, NULL, NULL) ==
          COSFFI_ERROR_INVALID_ARGUMENT);
    options.reserved = 0;
    options.content_type = str("text/plain");
    CHECK(cosffi_copy_object(client, str("m/a"), str("m/c"), &options, NULL, NULL, NULL) ==
          COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(self.dropped == 1 && self.complete == 0 && self.transfer == NULL);

    /* Gone, so that this program can be run again. */
    CHECK_OK(cosffi_delete_object(client, str("m/c"), NULL, &self.transfer, NULL), NULL);
    CHECK_OK(cosffi_transfer_wait(self.transfer, -1, NULL), NULL);
    cosffi_transfer_free(self.transfer);
}

static void deletions(void) {
    app self;
    char keys[1203][16];
    static cosffi_object_id objects[1203];
    size_t i;
    cosffi_transfer_callbacks callbacks = callbacks_of(&self);

    /* More than one request takes; most were never there, which is fine. */
    memset(objects, 0, sizeof objects);
    for (i = 0; i < 1203; i++) {
        snprintf(keys[i], sizeof keys[i], "m/x%u", (unsigned)i);
        objects[i].object_key = str(keys[i]);
    }
    put(client, "m/x0", "x", 1);
    put(client, "m/x1202", "x", 1);
    CHECK_OK(cosffi_delete_objects(client, objects, 1203, &callbacks, &self.transfer, NULL), NULL);
    CHECK(done(&self) == COSFFI_OK && self.progress == 0);
    CHECK(cosffi_response_deleted_count(response_of(&self)) == 1203);
    CHECK(cosffi_response_failure_count(response_of(&self)) == 0);
    CHECK(cosffi_response_failure(response_of(&self), 0) == NULL);
    CHECK(cosffi_transfer_progress(self.transfer, NULL, NULL) == 0);
    cosffi_transfer_free(self.transfer);
    CHECK(!exists("m/x0") && !exists("m/x1202"));

    CHECK(cosffi_delete_objects(client, NULL, 1, NULL, NULL, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_delete_objects(client, objects, 0, NULL, NULL, NULL) ==
          COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_delete_objects(client, objects, SIZE_MAX, NULL, NULL, NULL) ==
          COSFFI_ERROR_INVALID_ARGUMENT);
    objects[7].object_key = str("");
    callbacks = callbacks_of(&self);
    CHECK(cosffi_delete_objects(client, objects, 8, &callbacks, NULL, NULL) ==
          COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(self.dropped == 1);
    CHECK(cosffi_response_deleted_count(NULL) == 0);
}

/* Credentials that may delete below m/own/ only: what they may not is told one by one. */
static void refused_one_by_one(cosffi_client *narrow) {
    app self;
    cosffi_object_id objects[2];
    const cosffi_delete_failure *failure;
    cosffi_transfer_callbacks callbacks = callbacks_of(&self);
    memset(objects, 0, sizeof objects);
    objects[0].object_key = str("users/alice/none");
    objects[1].object_key = str("users/bob/none");
    CHECK_OK(cosffi_delete_objects(narrow, objects, 2, &callbacks, &self.transfer, NULL), NULL);
    CHECK(done(&self) == COSFFI_OK);
    CHECK(cosffi_response_deleted_count(response_of(&self)) == 1);
    CHECK(cosffi_response_failure_count(response_of(&self)) == 1);
    failure = cosffi_response_failure(response_of(&self), 0);
    CHECK(failure != NULL && text_is(failure->object_key, "users/bob/none"));
    CHECK(text_is(failure->version_id, "") && text_is(failure->service_code, "AccessDenied"));
    CHECK(failure->message.len > 0);
    CHECK(cosffi_response_failure(response_of(&self), 1) == NULL);
    cosffi_transfer_free(self.transfer);
}

static void presigned(void) {
    app self;
    cosffi_pair pair;
    cosffi_presign_object_options options = cosffi_presign_object_options_default();
    cosffi_transfer_callbacks callbacks = callbacks_of(&self);
    const cosffi_response *response;

    pair.name = str("response-content-type");
    pair.value = str("text/x-other");
    options.expires_s = 600;
    options.params = &pair;
    options.params_count = 1;
    CHECK_OK(cosffi_presign_object(client, str("GET"), str("m/a b"), &options, &callbacks,
                                   &self.transfer, NULL),
             NULL);
    CHECK(done(&self) == COSFFI_OK);
    response = response_of(&self);
    CHECK(text_has(cosffi_response_url(response),
                   "://demo-1250000000.cos.ap-guangzhou.myqcloud.com/m/a%20b?"));
    CHECK(text_has(cosffi_response_url(response), "response-content-type=text%2Fx-other"));
    CHECK(text_has(cosffi_response_url(response), "q-signature="));
    CHECK(cosffi_response_expired_time_s(response) > 1700000000);
    cosffi_transfer_free(self.transfer);

    options.params_count = 0;
    options.headers = &pair;
    options.headers_count = 1;
    pair.name = str("content-type");
    callbacks = callbacks_of(&self);
    CHECK_OK(cosffi_presign_object(client, str("PUT"), str("m/up"), &options, &callbacks,
                                   &self.transfer, NULL),
             NULL);
    CHECK(done(&self) == COSFFI_OK);
    CHECK(text_has(cosffi_response_url(response_of(&self)), "q-header-list=content-type%3Bhost") ||
          text_has(cosffi_response_url(response_of(&self)), "q-header-list=content-type;host"));
    cosffi_transfer_free(self.transfer);

    options.expires_s = 0;
    CHECK(cosffi_presign_object(client, str("GET"), str("k"), &options, NULL, NULL, NULL) ==
          COSFFI_ERROR_INVALID_ARGUMENT);
    options.expires_s = 1;
    CHECK(cosffi_presign_object(client, str("NO METHOD"), str("k"), &options, NULL, NULL, NULL) ==
          COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(text_is(cosffi_response_url(NULL), "") && cosffi_response_expired_time_s(NULL) == 0);
}

static void any_request(void) {
    static const char xml[] = "<Tagging><TagSet><Tag><Key>color</Key><Value>red</Value></Tag>"
                              "</TagSet></Tagging>";
    app self;
    cosffi_pair tagging;
    cosffi_request_options options = cosffi_request_options_default();
    cosffi_transfer_callbacks callbacks = callbacks_of(&self);
    cosffi_bytes body;

    tagging.name = str("tagging");
    tagging.value = str("");
    options.params = &tagging;
    options.params_count = 1;
    options.body.data = (const uint8_t *)xml;
    options.body.len = sizeof xml - 1;
    CHECK_OK(cosffi_request(client, str("PUT"), str("m/a"), &options, &callbacks, &self.transfer,
                            NULL),
             NULL);
    CHECK(done(&self) == COSFFI_OK && self.status / 100 == 2);
    CHECK(cosffi_response_request_id(response_of(&self)).len > 0);
    CHECK(cosffi_response_header(response_of(&self), str("X-Cos-Request-Id")).len > 0);
    cosffi_transfer_free(self.transfer);

    options.body.data = NULL;
    options.body.len = 0;
    options.only_once = 1;
    callbacks = callbacks_of(&self);
    CHECK_OK(cosffi_request(client, str("GET"), str("m/a"), &options, &callbacks, &self.transfer,
                            NULL),
             NULL);
    CHECK(done(&self) == COSFFI_OK && self.status == 200);
    body = cosffi_response_body(response_of(&self));
    CHECK(body.len > 20 && memcmp(body.data, "<", 1) == 0);
    CHECK(text_has(cosffi_response_header(response_of(&self), str("content-type")), "xml"));
    cosffi_transfer_free(self.transfer);

    /* The bucket itself. */
    tagging.name = str("versioning");
    callbacks = callbacks_of(&self);
    CHECK_OK(cosffi_request(client, str("GET"), str(""), &options, &callbacks, &self.transfer, NULL),
             NULL);
    CHECK(done(&self) == COSFFI_OK);
    cosffi_transfer_free(self.transfer);
    /* The service's own words. */
    callbacks = callbacks_of(&self);
    CHECK_OK(cosffi_request(client, str("GET"), str("m/none"), NULL, &callbacks, &self.transfer,
                            NULL),
             NULL);
    CHECK(finish(&self) == COSFFI_ERROR_NOT_FOUND);
    options.reserved = 1;
    CHECK(cosffi_request(client, str("GET"), str(""), &options, NULL, NULL, NULL) ==
          COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_request(client, str(""), str(""), NULL, NULL, NULL, NULL) ==
          COSFFI_ERROR_INVALID_ARGUMENT);
}

static void left_overs(void) {
    app self;
    char records[600];
    cosffi_transfer_callbacks callbacks = callbacks_of(&self);
    snprintf(records, sizeof records, "%s/manage-records", folder);
    CHECK_OK(cosffi_clean_up_stale(client, str(records), 0, &callbacks, &self.transfer, NULL), NULL);
    CHECK(done(&self) == COSFFI_OK);
    CHECK(cosffi_response_deleted_count(response_of(&self)) == 0);
    cosffi_transfer_free(self.transfer);
    remove(records);
    CHECK(cosffi_clean_up_stale(client, str(""), 1, NULL, NULL, NULL) ==
          COSFFI_ERROR_INVALID_ARGUMENT);
}

/* Looking instead of being told, also without any callbacks; speeds and priorities are taken. */
static void looked_at(void) {
    cosffi_transfer *transfer = NULL;
    cosffi_upload_options upload = cosffi_upload_options_default();
    cosffi_download_options download = cosffi_download_options_default();
    uint64_t at = 7, of = 7;
    char path[600];
    FILE *file;

    CHECK(cosffi_transfer_status(NULL) == COSFFI_TRANSFER_NONE);
    CHECK(cosffi_transfer_progress(NULL, &at, &of) == 0 && at == 0 && of == UINT64_MAX);
    snprintf(path, sizeof path, "%s/manage-file", folder);
    download.priority = COSFFI_PRIORITY_HIGH;
    download.rate_limit_bytes_per_s = 1 << 30;
    CHECK_OK(cosffi_download_file(client, str("m/large"), str(path), &download, NULL, &transfer,
                                  NULL),
             NULL);
    CHECK_OK(cosffi_transfer_wait(transfer, -1, NULL), NULL);
    CHECK(cosffi_transfer_progress(transfer, &at, &of) == 1 && at == 3 << 20 && of == 3 << 20);
    cosffi_transfer_free(transfer);
    upload.priority = COSFFI_PRIORITY_LOW;
    upload.rate_limit_bytes_per_s = 1 << 30;
    upload.content_md5 = 1;
    CHECK_OK(cosffi_upload_file(client, str("m/large3"), str(path), &upload, NULL, &transfer, NULL),
             NULL);
    CHECK_OK(cosffi_transfer_wait(transfer, -1, NULL), NULL);
    CHECK(cosffi_transfer_status(transfer) == COSFFI_TRANSFER_COMPLETED);
    cosffi_transfer_free(transfer);

    /* As slow as asked for: it would take an hour, so it is still there to be cancelled. */
    upload.rate_limit_bytes_per_s = 1024;
    CHECK_OK(cosffi_upload_file(client, str("m/slow"), str(path), &upload, NULL, &transfer, NULL),
             NULL);
    CHECK(cosffi_transfer_wait(transfer, 200, NULL) == COSFFI_ERROR_NOT_FINISHED);
    CHECK(cosffi_transfer_status(transfer) == COSFFI_TRANSFER_IN_PROGRESS);
    cosffi_transfer_cancel(transfer);
    CHECK(cosffi_transfer_wait(transfer, -1, NULL) == COSFFI_ERROR_CANCELLED);
    CHECK(cosffi_transfer_status(transfer) == COSFFI_TRANSFER_CANCELLED);
    cosffi_transfer_free(transfer);

    file = fopen(path, "rb");
    CHECK(file != NULL);
    fclose(file);
    CHECK(remove(path) == 0);
    upload.priority = COSFFI_PRIORITY_HIGH;
    {
        const cosffi_bytes nothing = {NULL, 0};
        CHECK(cosffi_put_object(client, str("k"), nothing, &upload, NULL, NULL, NULL) ==
              COSFFI_ERROR_INVALID_ARGUMENT);
    }
    upload.priority = -1;
    CHECK(cosffi_upload_file(client, str("k"), str(path), &upload, NULL, NULL, NULL) ==
          COSFFI_ERROR_INVALID_ARGUMENT);
}

/* A client for what alice may do, with credentials that STS makes of a policy. */
static cosffi_client *narrow_client(char **argv) {
    static const char policy[] =
        "{\"version\":\"2.0\",\"statement\":[{\"effect\":\"allow\",\"action\":["
        "\"name/cos:DeleteMultipleObjects\",\"name/cos:DeleteObject\"],\"resource\":["
        "\"qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/users/alice/*\","
        "\"qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/\"]}]}";
    cosffi_credentials *own = NULL;
    cosffi_provider *provider = NULL;
    cosffi_client *made = NULL;
    cosffi_error *error = NULL;
    cosffi_sts_options sts = cosffi_sts_options_default();
    cosffi_client_options options = cosffi_client_options_default();
    CHECK_OK(cosffi_credentials_new(str(argv[1]), str(argv[2]), str(""), 0, 0, &own, NULL), NULL);
    sts.credentials = own;
    sts.policy_json = str(policy);
    sts.endpoint = str(argv[0]);
    CHECK_OK(cosffi_provider_sts(&sts, &provider, &error), error);
    options.bucket = str("demo-1250000000");
    options.region = str("ap-guangzhou");
    options.endpoint = str(argv[0]);
    options.provider = provider;
    options.rate_limit_bytes_per_s = 1 << 30;
    options.memory_budget_bytes = 1 << 20;
    options.stall_timeout_ms = 10000;
    options.multipart_threshold_bytes = 1 << 20;
    options.domain = COSFFI_DOMAIN_TENCENTCOS;
    options.no_backup_domain = 1;
    CHECK_OK(cosffi_client_new(runtime, &options, &made, &error), error);
    options.domain = 4;
    CHECK(cosffi_client_new(runtime, &options, &client, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    options.domain = COSFFI_DOMAIN_DEFAULT;
    options.pinned_ca_pem = str("no certificate");
    CHECK(cosffi_client_new(runtime, &options, &client, NULL) == COSFFI_ERROR_CONFIG);
    options.pinned_ca_pem = str("");
    options.custom_domain = str("no address");
    CHECK(cosffi_client_new(runtime, &options, &client, NULL) == COSFFI_ERROR_CONFIG);
    cosffi_provider_free(provider);
    cosffi_credentials_free(own);
    return made;
}

int main(int argc, char **argv) {
    cosffi_client *narrow;
    CHECK(argc >= 5);
    CHECK_OK(cosffi_runtime_new(NULL, &runtime, NULL), NULL);
    snprintf(folder, sizeof folder, "%s", argv[4]);
    narrow = narrow_client(argv + 1);
    client = client_of(argv + 1);
    copies();
    deletions();
    refused_one_by_one(narrow);
    presigned();
    any_request();
    left_overs();
    looked_at();
    cosffi_client_free(narrow);
    cosffi_client_free(client);
    CHECK_OK(cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL), NULL);
    cosffi_runtime_free(runtime);
    puts("manage: ok");
    return 0;
}
