/* Plain HTTP, no TLS, no redirects: an app uses the HTTP client it already has instead. */
#define _POSIX_C_SOURCE 200809L
#include "http_post.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* "http://host:port/path" in its parts; 0 when it is something else. */
static int split(const char *url, char host[256], char port[16], const char **path) {
    const char *colon, *slash;
    if (strncmp(url, "http://", 7) != 0) return 0;
    url += 7;
    slash = strchr(url, '/');
    colon = strchr(url, ':');
    if (slash == NULL || colon == NULL || colon > slash) return 0;
    if (colon - url >= 256 || slash - colon > 15) return 0;
    memcpy(host, url, (size_t)(colon - url));
    host[colon - url] = '\0';
    memcpy(port, colon + 1, (size_t)(slash - colon - 1));
    port[slash - colon - 1] = '\0';
    *path = slash;
    return 1;
}

static int connect_to(const char *host, const char *port) {
    struct addrinfo hints, *found = NULL, *at;
    int fd = -1;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(host, port, &hints, &found) != 0) return -1;
    for (at = found; at != NULL && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
        if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

static int send_all(int fd, const char *text, size_t length) {
    while (length > 0) {
        ssize_t sent = send(fd, text, length, MSG_NOSIGNAL);
        if (sent <= 0) return 0;
        text += sent;
        length -= (size_t)sent;
    }
    return 1;
}

/* Reads until the server closes the connection, which "Connection: close" asks it to do. */
static char *read_all(int fd) {
    size_t length = 0, room = 4096;
    char *text = malloc(room), *larger;
    while (text != NULL) {
        ssize_t got = recv(fd, text + length, room - length - 1, 0);
        if (got <= 0) break;
        length += (size_t)got;
        if (room - length > 1) continue;
        larger = realloc(text, room *= 2);
        if (larger == NULL) free(text);
        text = larger;
    }
    if (text != NULL) text[length] = '\0';
    return text;
}

char *http_post(const char *url, const char *bearer, const char *json) {
    char host[256], port[16], head[2048], *answer, *body, *result = NULL;
    const char *path;
    int fd, length;
    if (!split(url, host, port, &path)) return NULL;
    length = snprintf(head, sizeof head,
                      "POST %s HTTP/1.1\r\nHost: %s:%s\r\nAuthorization: Bearer %s\r\n"
                      "Content-Type: application/json\r\nContent-Length: %lu\r\n"
                      "Connection: close\r\n\r\n",
                      path, host, port, bearer, (unsigned long)strlen(json));
    if (length < 0 || (size_t)length >= sizeof head) return NULL;
    fd = connect_to(host, port);
    if (fd < 0) return NULL;
    answer = send_all(fd, head, (size_t)length) && send_all(fd, json, strlen(json)) ? read_all(fd)
                                                                                     : NULL;
    close(fd);
    body = answer != NULL ? strstr(answer, "\r\n\r\n") : NULL;
    if (body != NULL && (result = malloc(strlen(body + 4) + 1)) != NULL) strcpy(result, body + 4);
    free(answer);
    return result;
}
