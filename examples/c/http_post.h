/* A POST in plain HTTP with POSIX sockets: enough to reach a broker on this machine. */
#ifndef HTTP_POST_H
#define HTTP_POST_H

/* Sends a POST with a JSON body to `url` ("http://host:port/path") and an Authorization header.
 * Returns the body of the answer, whatever its status, to be freed with free(), or NULL when there
 * was none. */
char *http_post(const char *url, const char *bearer, const char *json);

#endif
