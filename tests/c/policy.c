/* Section "Policies": written, looked over, judged. */
#include "check.h"

#define RESOURCE "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/users/ada/"

static cosffi_policy_options good(const cosffi_str *operations, size_t count) {
    cosffi_policy_options options = cosffi_policy_options_default();
    options.bucket = cosffi_str_of("demo-1250000000");
    options.region = cosffi_str_of("ap-guangzhou");
    options.prefix = cosffi_str_of("users/ada/");
    options.operations = operations;
    options.operations_count = count;
    return options;
}

static int32_t judged(const char *identity, const char *session, const char *action,
                      const char *key, const char *reason) {
    char resource[256];
    int32_t allowed = 7;
    cosffi_str identities[1];
    cosffi_string why;
    cosffi_error *error = NULL;
    cosffi_policy_check_options options = cosffi_policy_check_options_default();
    snprintf(resource, sizeof resource, "%s%s", RESOURCE, key);
    identities[0] = cosffi_str_of(identity);
    options.identity_json = identities;
    options.identity_count = identity != NULL;
    options.session_json = cosffi_str_of(session);
    options.action = cosffi_str_of(action);
    options.resource = cosffi_str_of(resource);
    CHECK_OK(cosffi_policy_check(&options, &allowed, &why, &error), error);
    CHECK(strcmp(why.data, reason) == 0);
    cosffi_string_free(&why);
    CHECK_OK(cosffi_policy_check(&options, &allowed, NULL, NULL), NULL);
    return allowed;
}

static void build_and_check(void) {
    cosffi_str operations[2];
    cosffi_string json, none;
    cosffi_error *error = NULL;
    cosffi_policy_options options;
    operations[0] = cosffi_str_of("upload");
    operations[1] = cosffi_str_of("list");
    options = good(operations, 2);
    CHECK_OK(cosffi_policy_build(&options, &json, &error), error);
    CHECK(strstr(json.data, "users/ada/*") != NULL && strstr(json.data, "UploadPart") != NULL);

    CHECK(judged(json.data, NULL, "name/cos:PutObject", "1.jpg", "allowed") == 1);
    CHECK(judged(json.data, NULL, "name/cos:DeleteObject", "1.jpg", "no-allow-in-identity") == 0);
    CHECK(judged(NULL, json.data, "name/cos:PutObject", "1.jpg", "allowed") == 1);
    CHECK(judged(NULL, json.data, "name/cos:DeleteObject", "1.jpg", "no-allow-in-session") == 0);
    CHECK(judged(NULL, NULL, "name/cos:DeleteObject", "1.jpg", "allowed") == 1);
    cosffi_string_free(&json);

    options.object_key = cosffi_str_of("one");
    CHECK(cosffi_policy_build(&options, &none, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(none.data == NULL);
    options.prefix = cosffi_str_of("");
    CHECK_OK(cosffi_policy_build(&options, &json, NULL), NULL);
    cosffi_string_free(&json);
    options.object_key = cosffi_str_of("");
    CHECK(cosffi_policy_build(&options, &none, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    options.whole_bucket = 1;
    CHECK_OK(cosffi_policy_build(&options, &json, NULL), NULL);
    cosffi_string_free(&json);
    operations[1] = cosffi_str_of("everything");
    CHECK(cosffi_policy_build(&options, &none, &error) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(text_has(cosffi_error_message(error), "everything"));
    CHECK(text_has(cosffi_error_hint(error), "upload"));
    cosffi_error_free(error);
    operations[1] = cosffi_str_of("");
    CHECK(cosffi_policy_build(&options, &none, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    options = good(NULL, 0);
    CHECK(cosffi_policy_build(&options, &none, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    options = good(NULL, 3);
    CHECK(cosffi_policy_build(&options, &none, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    options = good(operations, (size_t)-1);
    CHECK(cosffi_policy_build(&options, &none, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_policy_build(NULL, &none, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
}

static void lint(void) {
    cosffi_string found;
    int32_t worst = 7;
    cosffi_str operation = cosffi_str_of("download");
    cosffi_policy_options options = good(&operation, 1);
    cosffi_string json;
    CHECK_OK(cosffi_policy_build(&options, &json, NULL), NULL);
    CHECK_OK(cosffi_policy_lint(cosffi_str_of(json.data), &found, &worst, NULL), NULL);
    CHECK(strcmp(found.data, "[]") == 0 && worst == COSFFI_SEVERITY_NONE);
    cosffi_string_free(&found);
    cosffi_string_free(&json);
    CHECK_OK(cosffi_policy_lint(cosffi_str_of("{\"version\":\"2.0\",\"statement\":[{\"effect\":\"allow\","
                                              "\"action\":\"*\",\"resource\":\"*\"}]}"),
                                &found, &worst, NULL),
             NULL);
    CHECK(strstr(found.data, "wildcard-action") != NULL && worst == COSFFI_SEVERITY_ERROR);
    cosffi_string_free(&found);
    CHECK_OK(cosffi_policy_lint(cosffi_str_of("no JSON"), NULL, &worst, NULL), NULL);
    CHECK(worst == COSFFI_SEVERITY_ERROR);
    CHECK_OK(cosffi_policy_lint(cosffi_str_of("no JSON"), NULL, NULL, NULL), NULL);
    CHECK(cosffi_policy_lint(cosffi_str_of(""), &found, &worst, NULL) ==
          COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(found.data == NULL && worst == 0);
}

static void check_refuses(void) {
    int32_t allowed = 7;
    cosffi_str identity = cosffi_str_of("no JSON");
    cosffi_policy_check_options options = cosffi_policy_check_options_default();
    CHECK(cosffi_policy_check(&options, &allowed, NULL, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(allowed == 0);
    options.action = cosffi_str_of("name/cos:PutObject");
    options.resource = cosffi_str_of(RESOURCE);
    CHECK(cosffi_policy_check(&options, NULL, NULL, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    options.identity_json = &identity;
    options.identity_count = 1;
    allowed = 7;
    CHECK(cosffi_policy_check(&options, &allowed, NULL, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(allowed == 0);
    CHECK(cosffi_policy_check(NULL, &allowed, NULL, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
}

int main(void) {
    build_and_check();
    lint();
    check_refuses();
    return 0;
}
