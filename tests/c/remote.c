/* Sections "Providers of credentials" and "Objects": credentials from STS, from the app's own server and
 * pushed by the app, and a form: remote ENDPOINT ID KEY FOLDER BROKER TOKEN. */
#include "server.h"

static char **args;

static cosffi_client *client_by(const cosffi_provider *provider) {
    cosffi_client *made = NULL;
    cosffi_client_options options = cosffi_client_options_default();
    options.bucket = cosffi_str_of("demo-1250000000");
    options.region = cosffi_str_of("ap-guangzhou");
    options.endpoint = cosffi_str_of(args[1]);
    options.provider = provider;
    CHECK_OK(cosffi_client_new(runtime, &options, &made, NULL), NULL);
    return made;
}

/* Puts to a key by a provider, which goes first. */
static cosffi_result put_by(cosffi_provider *provider, const char *key) {
    app self;
    cosffi_client *client = client_by(provider);
    cosffi_transfer_callbacks callbacks = callbacks_of(&self);
    const cosffi_bytes bytes = {(const uint8_t *)"x", 1};
    cosffi_result result;
    cosffi_provider_free(provider);
    CHECK_OK(cosffi_put_object(client, cosffi_str_of(key), bytes, NULL, &callbacks, &self.transfer,
                               NULL),
             NULL);
    result = finish(&self);
    cosffi_client_free(client);
    return result;
}

static cosffi_credentials *keys(void) {
    cosffi_credentials *made = NULL;
    CHECK_OK(cosffi_credentials_new(cosffi_str_of(args[2]), cosffi_str_of(args[3]),
                                    cosffi_str_of(""), 0, 0, &made, NULL),
             NULL);
    return made;
}

static void from_sts(void) {
    cosffi_provider *provider = NULL;
    cosffi_credentials *own = keys();
    cosffi_error *error = NULL;
    cosffi_string policy;
    const cosffi_str upload = cosffi_str_of("upload");
    cosffi_policy_options may = cosffi_policy_options_default();
    cosffi_sts_options options = cosffi_sts_options_default();

    may.bucket = cosffi_str_of("demo-1250000000");
    may.region = cosffi_str_of("ap-guangzhou");
    may.prefix = cosffi_str_of("p/");
    may.operations = &upload;
    may.operations_count = 1;
    CHECK_OK(cosffi_policy_build(&may, &policy, NULL), NULL);

    options.credentials = own;
    options.endpoint = cosffi_str_of(args[1]);
    CHECK(cosffi_provider_sts(&options, &provider, &error) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(provider == NULL && text_has(cosffi_error_message(error), "policy_json"));
    cosffi_error_free(error);
    options.policy_json = cosffi_str_of(policy.data);
    options.duration_s = 900;
    CHECK_OK(cosffi_provider_sts(&options, &provider, &error), error);
    CHECK(put_by(provider, "p/federated") == COSFFI_OK);
    CHECK_OK(cosffi_provider_sts(&options, &provider, &error), error);
    CHECK(put_by(provider, "elsewhere") == COSFFI_ERROR_ACCESS_DENIED);

    options.role_arn = cosffi_str_of("qcs::cam::uin/100000000001:roleName/uploader");
    options.session_name = cosffi_str_of("test");
    CHECK_OK(cosffi_provider_sts(&options, &provider, &error), error);
    CHECK(put_by(provider, "p/by-role") == COSFFI_OK);
    options.duration_s = 1;
    options.role_arn = cosffi_str_of("nobody");
    CHECK_OK(cosffi_provider_sts(&options, &provider, &error), error);
    CHECK(put_by(provider, "p/by-role") == COSFFI_ERROR_CREDENTIAL);

    options.policy_json = cosffi_str_of("{}");
    CHECK(cosffi_provider_sts(&options, &provider, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    options.credentials = NULL;
    CHECK(cosffi_provider_sts(&options, &provider, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_provider_sts(NULL, &provider, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    cosffi_string_free(&policy);
    cosffi_credentials_free(own);
}

static void from_a_broker(void) {
    cosffi_provider *provider = NULL;
    cosffi_broker_options options = cosffi_broker_options_default();
    options.url = cosffi_str_of(args[5]);
    options.bearer = cosffi_str_of(args[6]);
    CHECK_OK(cosffi_provider_broker(&options, &provider, NULL), NULL);
    CHECK(put_by(provider, "users/alice/by-broker") == COSFFI_OK);
    options.bearer = cosffi_str_of("mallory");
    CHECK_OK(cosffi_provider_broker(&options, &provider, NULL), NULL);
    CHECK(put_by(provider, "users/alice/by-broker") == COSFFI_ERROR_CREDENTIAL);
    options.url = cosffi_str_of("ftp://here");
    CHECK(cosffi_provider_broker(&options, &provider, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    options.url = cosffi_str_of("");
    CHECK(cosffi_provider_broker(&options, &provider, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_provider_broker(NULL, &provider, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
}

static void pushed(void) {
    app self;
    cosffi_provider *provider = NULL, *fixed = NULL;
    cosffi_credentials *own = keys();
    cosffi_client *client;
    cosffi_transfer_callbacks callbacks = callbacks_of(&self);
    const cosffi_bytes bytes = {(const uint8_t *)"x", 1};
    CHECK_OK(cosffi_provider_push(&provider, NULL), NULL);
    client = client_by(provider);
    CHECK_OK(cosffi_put_object(client, cosffi_str_of("p/pushed"), bytes, NULL, &callbacks,
                               &self.transfer, NULL),
             NULL);
    CHECK(cosffi_transfer_wait(self.transfer, 50, NULL) == COSFFI_ERROR_NOT_FINISHED);
    CHECK_OK(cosffi_provider_push_credentials(provider, own, NULL), NULL);
    CHECK(finish(&self) == COSFFI_OK);
    /* Forgotten: the next one waits again. */
    cosffi_provider_invalidate(provider);
    callbacks = callbacks_of(&self);
    CHECK_OK(cosffi_head_object(client, cosffi_str_of("p/pushed"), &callbacks, &self.transfer, NULL),
             NULL);
    CHECK(cosffi_transfer_wait(self.transfer, 50, NULL) == COSFFI_ERROR_NOT_FINISHED);
    cosffi_transfer_cancel(self.transfer);
    CHECK(finish(&self) == COSFFI_ERROR_CANCELLED);

    CHECK(cosffi_provider_push_credentials(provider, NULL, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_provider_push_credentials(NULL, own, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK_OK(cosffi_provider_static(own, &fixed, NULL), NULL);
    CHECK(cosffi_provider_push_credentials(fixed, own, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_provider_push(NULL, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    cosffi_provider_free(fixed);
    cosffi_provider_free(provider);
    cosffi_client_free(client);
    cosffi_credentials_free(own);
}

static void a_form(void) {
    app self;
    cosffi_client *client = client_of(args + 1);
    cosffi_transfer_callbacks callbacks = callbacks_of(&self);
    cosffi_post_form_options options = cosffi_post_form_options_default();
    cosffi_pair field;
    char json[4096];
    cosffi_bytes body;

    field.name = cosffi_str_of("Content-Type");
    field.value = cosffi_str_of("image/png");
    options.expires_s = 600;
    options.max_bytes = 1000000;
    options.key_prefix = cosffi_str_of("avatars/");
    options.fields = &field;
    options.fields_count = 1;
    CHECK_OK(cosffi_post_form(client, cosffi_str_of("avatars/7.png"), &options, &callbacks,
                              &self.transfer, NULL),
             NULL);
    CHECK(cosffi_transfer_wait(self.transfer, -1, NULL) == COSFFI_OK);
    body = cosffi_response_body(cosffi_transfer_response(self.transfer));
    CHECK(body.len > 0 && body.len < sizeof json);
    memcpy(json, body.data, body.len);
    json[body.len] = '\0';
    CHECK(strstr(json, "[\"key\",\"avatars/7.png\"]") != NULL);
    CHECK(strstr(json, "[\"Content-Type\",\"image/png\"]") != NULL);
    CHECK(strstr(json, "[\"policy\",\"") != NULL && strstr(json, "[\"q-signature\",\"") != NULL);
    CHECK(strstr(json, "\"expired_time_s\":") != NULL && strstr(json, "\"url\":\"http") != NULL);
    CHECK(finish(&self) == COSFFI_OK && self.status == 0);

    callbacks = callbacks_of(&self);
    field.name = cosffi_str_of("q-ak");
    CHECK_OK(cosffi_post_form(client, cosffi_str_of("a"), &options, &callbacks, &self.transfer, NULL),
             NULL);
    CHECK(finish(&self) == COSFFI_ERROR_CONFIG);
    options.min_bytes = options.max_bytes + 1;
    CHECK(cosffi_post_form(client, cosffi_str_of("a"), &options, NULL, NULL, NULL) ==
          COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_post_form(client, cosffi_str_of("a"), NULL, NULL, NULL, NULL) ==
          COSFFI_ERROR_INVALID_ARGUMENT);
    cosffi_client_free(client);
}

int main(int argc, char **argv) {
    CHECK(argc == 7);
    args = argv;
    CHECK_OK(cosffi_runtime_new(NULL, &runtime, NULL), NULL);
    from_sts();
    from_a_broker();
    pushed();
    a_form();
    CHECK_OK(cosffi_runtime_shutdown(runtime, -1, NULL, NULL, NULL), NULL);
    cosffi_runtime_free(runtime);
    printf("remote: ok\n");
    return 0;
}
