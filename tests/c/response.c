/* Section "Responses" without one: every accessor takes NULL. Real ones are in objects.c. */
#include "check.h"

int main(void) {
    uint64_t crc64 = 7;
    CHECK(text_is(cosffi_response_etag(NULL), ""));
    CHECK(text_is(cosffi_response_request_id(NULL), ""));
    CHECK(text_is(cosffi_response_version_id(NULL), ""));
    CHECK(cosffi_response_crc64(NULL, &crc64) == 0 && crc64 == 0);
    CHECK(cosffi_response_crc64(NULL, NULL) == 0);
    CHECK(cosffi_response_size_bytes(NULL) == UINT64_MAX);
    CHECK(cosffi_response_last_modified_s(NULL) == 0);
    CHECK(text_is(cosffi_response_header(NULL, cosffi_str_of("etag")), ""));
    return 0;
}
