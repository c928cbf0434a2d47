/* Signing without a client, a runtime or a network: the Authorization value of a request you send
 * yourself, and a URL for somebody else.
 *
 *   COS_SECRET_ID=... COS_SECRET_KEY=... [COS_SESSION_TOKEN=...] sign photos-1250000000 ap-guangzhou cat.jpg
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cos_ffi.h"

static int print_both(const cosffi_credentials *credentials, const char *host, const char *key) {
    char path[1024], base[512];
    const uint64_t now_s = (uint64_t)time(NULL);
    cosffi_string text = {NULL, 0};
    cosffi_error *error = NULL;
    cosffi_pair headers[1];
    cosffi_sign_options sign = cosffi_sign_options_default();
    cosffi_presign_options presign = cosffi_presign_options_default();

    snprintf(path, sizeof path, "/%s", key);
    snprintf(base, sizeof base, "https://%s", host);
    headers[0].name = cosffi_str_of("host");
    headers[0].value = cosffi_str_of(host);
    sign.credentials = presign.credentials = credentials;
    sign.method = presign.method = cosffi_str_of("GET");
    sign.key_time_start_s = presign.key_time_start_s = now_s - 60;
    sign.key_time_end_s = presign.key_time_end_s = now_s + 900;
    sign.path = cosffi_str_of(path);
    sign.headers = headers;
    sign.headers_count = 1;
    presign.base_url = cosffi_str_of(base);
    presign.object_key = cosffi_str_of(key);

    if (cosffi_sign_request(&sign, &text, &error) == COSFFI_OK) {
        printf("Authorization: %s\n", text.data);
        cosffi_string_free(&text);
        if (cosffi_presign_url(&presign, &text, &error) == COSFFI_OK) {
            printf("%s\n", text.data);
            cosffi_string_free(&text);
            return 0;
        }
    }
    fprintf(stderr, "sign: %s\n", cosffi_error_message(error).data);
    cosffi_error_free(error);
    return 1;
}

int main(int argc, char **argv) {
    char host[256];
    cosffi_credentials *credentials = NULL;
    cosffi_error *error = NULL;
    int failed = 1;

    if (argc != 4) return fprintf(stderr, "usage: sign BUCKET REGION KEY, see sign.c\n"), 2;
    snprintf(host, sizeof host, "%s.cos.%s.myqcloud.com", argv[1], argv[2]);
    /* The end of the credentials is not known here: 0. */
    if (cosffi_credentials_new(cosffi_str_of(getenv("COS_SECRET_ID")),
                               cosffi_str_of(getenv("COS_SECRET_KEY")),
                               cosffi_str_of(getenv("COS_SESSION_TOKEN")), 0, 0, &credentials,
                               &error) == COSFFI_OK)
        failed = print_both(credentials, host, argv[3]);
    else
        fprintf(stderr, "sign: %s\n", cosffi_error_message(error).data);
    cosffi_error_free(error);
    cosffi_credentials_free(credentials);
    return failed;
}
