/* Section "Credentials": both ways to make them, and every mistake. */
#include "check.h"

static cosffi_result make(const char *token, uint64_t start_s, uint64_t end_s,
                          cosffi_credentials **out) {
    return cosffi_credentials_new(cosffi_str_of("AKIDexample"), cosffi_str_of("key"),
                                  cosffi_str_of(token), start_s, end_s, out, NULL);
}

int main(void) {
    cosffi_error *error = NULL;
    cosffi_credentials *credentials = NULL;
    const cosffi_str bad = {NULL, 5}, latin1 = {"k\xe9y", 3}, nul = {"k\0y", 3};

    CHECK_OK(make("", 0, 0, &credentials), NULL);
    CHECK(text_is(cosffi_credentials_session_token(credentials), ""));
    CHECK(cosffi_credentials_expired_time_s(credentials) == 0);
    cosffi_credentials_free(credentials);

    CHECK_OK(make("token", 1700000000, 1700003600, &credentials), NULL);
    CHECK(text_is(cosffi_credentials_session_token(credentials), "token"));
    CHECK(cosffi_credentials_expired_time_s(credentials) == 1700003600);
    cosffi_credentials_free(credentials);

    /* Milliseconds, an end before the start, permanent keys with an end. */
    CHECK(make("token", 0, 1700003600000, &credentials) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(make("token", 20, 10, &credentials) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(make("", 0, 10, &credentials) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(credentials == NULL);

    CHECK(cosffi_credentials_new(cosffi_str_of("id"), bad, cosffi_str_of(""), 0, 0, &credentials,
                                 &error) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(text_is(cosffi_error_message(error), "secret_key has a length but no data"));
    cosffi_error_free(error);
    CHECK(cosffi_credentials_new(cosffi_str_of("id"), latin1, cosffi_str_of(""), 0, 0, &credentials,
                                 NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(cosffi_credentials_new(cosffi_str_of("id"), nul, cosffi_str_of(""), 0, 0, &credentials,
                                 NULL) == COSFFI_ERROR_INVALID_ARGUMENT);
    CHECK(make("token", 0, 0, NULL) == COSFFI_ERROR_INVALID_ARGUMENT);

    /* The shape of STS and the shape of an app's own server. */
    CHECK_OK(cosffi_credentials_parse_sts(
                 cosffi_str_of("{\"Response\":{\"Credentials\":{\"TmpSecretId\":\"i\",\"TmpSecretKey\":"
                               "\"k\",\"Token\":\"t1\"},\"ExpiredTime\":1700003600}}"),
                 &credentials, &error),
             error);
    CHECK(text_is(cosffi_credentials_session_token(credentials), "t1"));
    cosffi_credentials_free(credentials);
    CHECK_OK(cosffi_credentials_parse_sts(
                 cosffi_str_of("{\"credentials\":{\"tmpSecretId\":\"i\",\"tmpSecretKey\":\"k\","
                               "\"sessionToken\":\"t2\"},\"startTime\":1700000000,"
                               "\"expiredTime\":1700003600}"),
                 &credentials, &error),
             error);
    CHECK(text_is(cosffi_credentials_session_token(credentials), "t2"));
    CHECK(cosffi_credentials_expired_time_s(credentials) == 1700003600);
    cosffi_credentials_free(credentials);

    CHECK(cosffi_credentials_parse_sts(cosffi_str_of("{}"), &credentials, &error) ==
          COSFFI_ERROR_CREDENTIAL);
    cosffi_error_free(error);
    CHECK(cosffi_credentials_parse_sts(cosffi_str_of(""), &credentials, NULL) ==
          COSFFI_ERROR_INVALID_ARGUMENT);

    CHECK(text_is(cosffi_credentials_session_token(NULL), ""));
    CHECK(cosffi_credentials_expired_time_s(NULL) == 0);
    cosffi_credentials_free(NULL);
    return 0;
}
