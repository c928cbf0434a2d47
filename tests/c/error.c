/* Section "Errors": every accessor takes NULL, and a real error answers them all. */
#include "check.h"

int main(void) {
    cosffi_error *error = NULL;
    cosffi_credentials *credentials = (cosffi_credentials *)&error;

    CHECK(cosffi_error_code(NULL) == COSFFI_OK);
    CHECK(cosffi_error_http_status(NULL) == 0);
    CHECK(text_is(cosffi_error_service_code(NULL), ""));
    CHECK(text_is(cosffi_error_message(NULL), ""));
    CHECK(text_is(cosffi_error_request_id(NULL), ""));
    CHECK(text_is(cosffi_error_resource(NULL), ""));
    CHECK(text_is(cosffi_error_hint(NULL), ""));
    CHECK(cosffi_error_is_retryable(NULL) == 0);
    CHECK(cosffi_error_attempts(NULL) == 0);
    cosffi_error_free(NULL);

    /* The service's own words, as STS sends them. */
    CHECK(cosffi_credentials_parse_sts(
              cosffi_str_of("{\"Response\":{\"Error\":{\"Code\":\"AuthFailure.SecretIdNotFound\","
                            "\"Message\":\"no such id\"},\"RequestId\":\"r-1\"}}"),
              &credentials, &error) == COSFFI_ERROR_CREDENTIAL);
    CHECK(credentials == NULL);
    CHECK(error != NULL);
    CHECK(cosffi_error_code(error) == COSFFI_ERROR_CREDENTIAL);
    CHECK(text_is(cosffi_error_service_code(error), "AuthFailure.SecretIdNotFound"));
    CHECK(text_is(cosffi_error_message(error), "no such id"));
    CHECK(text_is(cosffi_error_request_id(error), "r-1"));
    CHECK(cosffi_error_is_retryable(error) == 0);
    cosffi_error_free(error);
    return 0;
}
