#include "net/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/text.h"

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_mapped(const struct net_addr *addr)
{
    return memcmp(addr->bytes, mapped_prefix, sizeof mapped_prefix) == 0;
}

static void map_v4(const struct in_addr *v4, struct net_addr *out)
{
    memcpy(out->bytes, mapped_prefix, sizeof mapped_prefix);
    memcpy(out->bytes + 12, v4, 4);
}

/* A port of 1 to 5 digits and nothing else, or -1. */
static int parse_port(const char *text)
{
    size_t len = strlen(text);
    if (len == 0 || len > 5 || strspn(text, "0123456789") != len) {
        return -1;
    }
    long port = strtol(text, NULL, 10);
    return port <= 65535 ? (int)port : -1;
}

enum sl_code net_listen_parse(const char *text, struct sockaddr_storage *out, socklen_t *len,
                              struct sl_err *err)
{
    const char *colon = strrchr(text, ':');
    char host[80] = "";
    struct sockaddr_storage at;

    memset(&at, 0, sizeof at);
    int port = colon == NULL ? -1 : parse_port(colon + 1);
    size_t host_len = colon == NULL ? 0 : (size_t)(colon - text);
    if (port < 0 || host_len == 0 || host_len >= sizeof host) {
        return sl_fail(err, SL_BAD_REQUEST,
                       "\"%.60s\" is no address to listen on; write 127.0.0.1:8443 or [::1]:8443",
                       text);
    }
    memcpy(host, text, host_len);
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
        memcpy(&at, &v4, sizeof v4);
        *len = sizeof v4;
        *out = at;
        return SL_OK;
    }
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    if (host[0] == '[' && host[host_len - 1] == ']') {
        host[host_len - 1] = '\0';
        if (inet_pton(AF_INET6, host + 1, &v6.sin6_addr) == 1) {
            memcpy(&at, &v6, sizeof v6);
            *len = sizeof v6;
            *out = at;
            return SL_OK;
        }
    }
    return sl_fail(err, SL_BAD_REQUEST,
                   "\"%.60s\" is no numeric address; write 127.0.0.1:8443 or [::1]:8443", text);
}

int net_listen_port(const struct sockaddr_storage *at)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (at->ss_family == AF_INET) {
        memcpy(&v4, at, sizeof v4);
        return ntohs(v4.sin_port);
    }
    memcpy(&v6, at, sizeof v6);
    return ntohs(v6.sin6_port);
}

void net_listen_text(const struct sockaddr_storage *at, char *out, size_t size)
{
    struct net_addr addr;
    char text[NET_ADDR_TEXT];

    net_addr_of(at, &addr);
    net_addr_text(&addr, text);
    (void)snprintf(out, size, is_mapped(&addr) ? "%s:%d" : "[%s]:%d", text, net_listen_port(at));
}

bool net_addr_parse(const char *text, struct net_addr *out)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, text, &v4) == 1) {
        map_v4(&v4, out);
        return true;
    }
    if (inet_pton(AF_INET6, text, &v6) == 1) {
        memcpy(out->bytes, &v6, sizeof out->bytes);
        return true;
    }
    return false;
}

void net_addr_of(const struct sockaddr_storage *from, struct net_addr *out)
{
    memset(out, 0, sizeof *out);
    if (from->ss_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, from, sizeof v4);
        map_v4(&v4.sin_addr, out);
    } else if (from->ss_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, from, sizeof v6);
        memcpy(out->bytes, &v6.sin6_addr, sizeof out->bytes);
    }
}

struct net_addr net_addr_network(const struct net_addr *addr)
{
    struct net_addr network = *addr;
    /* Whoever has an IPv6 line has all the addresses of its /64. */
    if (!is_mapped(addr)) {
        memset(network.bytes + 8, 0, 8);
    }
    return network;
}

void net_addr_text(const struct net_addr *addr, char out[NET_ADDR_TEXT])
{
    const char *text = is_mapped(addr) ? inet_ntop(AF_INET, addr->bytes + 12, out, NET_ADDR_TEXT)
                                       : inet_ntop(AF_INET6, addr->bytes, out, NET_ADDR_TEXT);
    if (text == NULL) {
        out[0] = '\0';
    }
}

bool net_addr_is_loopback(const struct net_addr *addr)
{
    static const uint8_t v6_loopback[16] = {[15] = 1};
    if (is_mapped(addr)) {
        return addr->bytes[12] == 127;
    }
    return memcmp(addr->bytes, v6_loopback, sizeof v6_loopback) == 0;
}

/* The next piece between commas, without blanks, copied into out; false when it does not fit. */
static bool next_piece(const char *start, size_t len, char *out, size_t size)
{
    while (len > 0 && (*start == ' ' || *start == '\t')) {
        start++;
        len--;
    }
    while (len > 0 && (start[len - 1] == ' ' || start[len - 1] == '\t')) {
        len--;
    }
    if (len >= size) {
        return false;
    }
    memcpy(out, start, len);
    out[len] = '\0';
    return true;
}

enum sl_code net_proxies_parse(const char *text, struct net_proxies *out, struct sl_err *err)
{
    struct net_proxies found = {NULL, 0};

    while (*text != '\0') {
        size_t len = strcspn(text, ",");
        char piece[NET_ADDR_TEXT];
        struct net_addr addr;
        if (!next_piece(text, len, piece, sizeof piece) || !net_addr_parse(piece, &addr)) {
            net_proxies_fini(&found);
            return sl_fail(err, SL_BAD_REQUEST, "trusted_proxies: \"%.*s\" is no numeric address",
                           (int)(len < 60 ? len : 60), text);
        }
        found.list = sl_realloc(found.list, (found.n + 1) * sizeof *found.list);
        found.list[found.n++] = addr;
        text += len;
        if (*text == ',') {
            text++;
        }
    }
    *out = found;
    return SL_OK;
}

void net_proxies_fini(struct net_proxies *proxies)
{
    free(proxies->list);
    proxies->list = NULL;
    proxies->n = 0;
}

bool net_proxies_has(const struct net_proxies *proxies, const struct net_addr *addr)
{
    for (size_t i = 0; i < proxies->n; i++) {
        if (memcmp(&proxies->list[i], addr, sizeof *addr) == 0) {
            return true;
        }
    }
    return false;
}

bool net_forwarded(const struct net_proxies *proxies, const char *header, struct net_addr *out)
{
    size_t end = strlen(header);

    for (;;) {
        size_t start = end;
        while (start > 0 && header[start - 1] != ',') {
            start--;
        }
        char piece[NET_ADDR_TEXT];
        struct net_addr addr;
        if (!next_piece(header + start, end - start, piece, sizeof piece) ||
            !net_addr_parse(piece, &addr)) {
            return false;
        }
        if (!net_proxies_has(proxies, &addr)) {
            *out = addr;
            return true;
        }
        if (start == 0) {
            return false;
        }
        end = start - 1;
    }
}

enum sl_code net_url_parse(const char *text, struct net_url *out, struct sl_err *err)
{
    static const char scheme[] = "https://";
    struct net_url url = {.port = 443};

    if (strncmp(text, scheme, sizeof scheme - 1) != 0) {
        return sl_fail(err, SL_BAD_REQUEST, "\"%.60s\" does not begin with https://", text);
    }
    const char *host = text + sizeof scheme - 1;
    size_t len = strcspn(host, "/?#@");
    if (host[len] != '\0' && strcmp(host + len, "/") != 0) {
        return sl_fail(err, SL_BAD_REQUEST, "\"%.60s\": only a host and a port, without a path",
                       text);
    }
    size_t host_len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
    if (host_len == 0 || host_len > len || host_len >= sizeof url.host) {
        return sl_fail(err, SL_BAD_REQUEST, "\"%.60s\" has no host", text);
    }
    if (host_len < len) {
        char port[8];
        if (host[host_len] != ':' ||
            !next_piece(host + host_len + 1, len - host_len - 1, port, sizeof port) ||
            (url.port = parse_port(port)) < 0) {
            return sl_fail(err, SL_BAD_REQUEST, "\"%.60s\" has a port that is none", text);
        }
    }
    memcpy(url.host, host, host_len);
    sl_lower(url.host);
    *out = url;
    return SL_OK;
}

char *net_url_authority(const struct net_url *url)
{
    return url->port == 443 ? sl_strdup(url->host) : sl_strf("%s:%d", url->host, url->port);
}
