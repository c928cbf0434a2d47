/* Section "Signing without a client": the published example, a presigned URL, every mistake. */
#include "check.h"

static cosffi_pair pair(const char *name, const char *value) {
    cosffi_pair made;
    made.name = cosffi_str_of(name);
    made.value = cosffi_str_of(value);
    return made;
}

static cosffi_credentials *keys(const char *id, const char *key, const char *token,
                                uint64_t end_s) {
    cosffi_credentials *credentials = NULL;
    CHECK_OK(cosffi_credentials_new(cosffi_str_of(id), cosffi_str_of(key), cosffi_str_of(token), 0,
                                    end_s, &credentials, NULL),
             NULL);
    return credentials;
}

/* The PUT example of document 436/7778. */
static void published_example(void) {
    cosffi_error *error = NULL;
    cosffi_string out = {NULL, 0};
    cosffi_credentials *credentials =
        keys("AKIDQjz3ltompVjBni5LitkWHFlFpwkn9U5q", "BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz", "", 0);
    cosffi_pair headers[] = {
        pair("Date", "Thu, 16 May 2019 06:45:51 GMT"),
        pair("Host", "examplebucket-1250000000.cos.ap-beijing.myqcloud.com"),
        pair("Content-Type", "text/plain"),
        pair("Content-Length", "13"),
        pair("Content-MD5", "mQ/fVh815F3k6TAUm8m0eg=="),
        pair("x-cos-acl", "private"),
        pair("x-cos-grant-read", "uin=\"100000000011\""),
    };
    cosffi_sign_options options = cosffi_sign_options_default();
    options.credentials = credentials;
    options.method = cosffi_str_of("PUT");
    options.path = cosffi_str_of("/exampleobject(\xe8\x85\xbe\xe8\xae\xaf\xe4\xba\x91)");
    options.headers = headers;
    options.headers_count = sizeof headers / sizeof headers[0];
    options.key_time_start_s = 1557989151;
    options.key_time_end_s = 1557996351;
    CHECK_OK(cosffi_sign_request(&options, &out, &error), error);
    CHECK(out.len == strlen(out.data));
    CHECK(strcmp(out.data,
                 "q-sign-algorithm=sha1&q-ak=AKIDQjz3ltompVjBni5LitkWHFlFpwkn9U5q"
                 "&q-sign-time=1557989151;1557996351&q-key-time=1557989151;1557996351"
                 "&q-header-list=content-length;content-md5;content-type;date;host;x-cos-acl;"
                 "x-cos-grant-read&q-url-param-list="
                 "&q-signature=3b8851a11a569213c17ba8fa7dcf2abec6935172") == 0);
    cosffi_string_free(&out);
    CHECK(out.data == NULL && out.len == 0);
    cosffi_string_free(&out);

    /* The path must begin with a slash; the window must be one; nothing may be missing. */
    options.path = cosffi_str_of("x");
    CHECK(cosffi_sign_request(&options, &out, &error) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(out.data == NULL);
    cosffi_error_free(error);
    options.path = cosffi_str_of("/x");
    options.key_time_end_s = options.key_time_start_s;
    CHECK(cosffi_sign_request(&options, &out, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    options.key_time_end_s = 1557996351;
    options.headers = NULL;
    CHECK(cosffi_sign_request(&options, &out, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    options.headers_count = 0;
    CHECK(cosffi_sign_request(&options, NULL, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_sign_request(NULL, &out, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    options.credentials = NULL;
    CHECK(cosffi_sign_request(&options, &out, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    cosffi_credentials_free(credentials);
}

static void tokens_are_signed(void) {
    cosffi_string out = {NULL, 0};
    cosffi_credentials *credentials = keys("id", "key", "the-token", 1557990000);
    cosffi_sign_options sign = cosffi_sign_options_default();
    cosffi_presign_options presign = cosffi_presign_options_default();
    cosffi_pair param = pair("response-content-type", "text/plain");

    sign.credentials = credentials;
    sign.method = cosffi_str_of("GET");
    sign.path = cosffi_str_of("/a");
    sign.key_time_start_s = 1557989151;
    sign.key_time_end_s = 1557996351;
    CHECK_OK(cosffi_sign_request(&sign, &out, NULL), NULL);
    CHECK(strstr(out.data, "q-header-list=x-cos-security-token&") != NULL);
    cosffi_string_free(&out);

    presign.credentials = credentials;
    presign.method = cosffi_str_of("GET");
    presign.base_url = cosffi_str_of("https://b-1250000000.cos.ap-beijing.myqcloud.com");
    presign.object_key = cosffi_str_of("a b/\xe4\xb8\xad.txt");
    presign.params = &param;
    presign.params_count = 1;
    presign.key_time_start_s = 1557989151;
    presign.key_time_end_s = 1557996351;
    CHECK_OK(cosffi_presign_url(&presign, &out, NULL), NULL);
    CHECK(strstr(out.data, "https://b-1250000000.cos.ap-beijing.myqcloud.com/"
                           "a%20b/%E4%B8%AD.txt?response-content-type=text%2Fplain") == out.data);
    CHECK(strstr(out.data, "x-cos-security-token=the-token") != NULL);
    /* The URL ends with the credentials. */
    CHECK(strstr(out.data, "q-sign-time=1557989151%3B1557990000") != NULL);
    CHECK(strstr(out.data, "q-header-list=host&") != NULL);
    cosffi_string_free(&out);

    presign.base_url = cosffi_str_of("b-1250000000.cos.ap-beijing.myqcloud.com");
    CHECK(cosffi_presign_url(&presign, &out, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    presign.base_url = cosffi_str_of("https://h");
    presign.key_time_start_s = 1557990001;
    CHECK(cosffi_presign_url(&presign, &out, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_presign_url(NULL, &out, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    cosffi_credentials_free(credentials);
}

int main(void) {
    published_example();
    tokens_are_signed();
    return 0;
}
