/* What clients write into the heads of requests, and operators into settings about addresses. The
 * first byte says which. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "net/addr.h"
#include "net/loop.h"
#include "net/web.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void cookie(const char *text)
{
    char value[48];

    net_cookie(text, NET_COOKIE, value, sizeof value);
    assert(strlen(value) < sizeof value && strchr(value, ';') == NULL);
    if (value[0] != '\0') {
        SL_AUTO(str) char *pair = sl_strf(NET_COOKIE "=%s", value);
        assert(strstr(text, pair) != NULL);
    }
}

static void forwarded(const char *text)
{
    static struct net_proxies proxies;
    struct net_addr found;
    struct net_addr again;
    char written[NET_ADDR_TEXT];

    if (proxies.n == 0) {
        assert(net_proxies_parse("10.0.0.1, 2001:db8::1", &proxies, NULL) == SL_OK);
    }
    if (net_forwarded(&proxies, text, &found)) {
        assert(!net_proxies_has(&proxies, &found));
        net_addr_text(&found, written);
        assert(net_addr_parse(written, &again) && memcmp(&found, &again, sizeof found) == 0);
        struct net_addr network = net_addr_network(&found);
        again = net_addr_network(&network);
        assert(memcmp(&network, &again, sizeof network) == 0);
    }
}

static void proxies(const char *text)
{
    struct net_proxies list;
    struct sl_err err;

    if (net_proxies_parse(text, &list, &err) == SL_OK) {
        assert(list.n <= strlen(text) / 2 + 1);
        net_proxies_fini(&list);
    } else {
        assert(err.code == SL_BAD_REQUEST);
    }
}

static void listen_address(const char *text)
{
    struct sockaddr_storage at;
    struct sockaddr_storage again;
    socklen_t len = 0;
    char written[80];
    struct sl_err err;

    if (net_listen_parse(text, &at, &len, &err) == SL_OK) {
        net_listen_text(&at, written, sizeof written);
        assert(net_listen_parse(written, &again, &len, &err) == SL_OK);
        assert(net_listen_port(&at) == net_listen_port(&again));
    } else {
        assert(err.code == SL_BAD_REQUEST);
    }
}

static void url(const char *text)
{
    struct net_url parsed;
    struct net_url again;
    struct sl_err err;

    if (net_url_parse(text, &parsed, &err) == SL_OK) {
        SL_AUTO(str) char *authority = net_url_authority(&parsed);
        SL_AUTO(str) char *written = sl_strf("https://%s", authority);
        assert(strchr(authority, '/') == NULL && strchr(authority, '@') == NULL);
        assert(net_url_parse(written, &again, &err) == SL_OK);
        assert(strcmp(parsed.host, again.host) == 0 && parsed.port == again.port);
    } else {
        assert(err.code == SL_BAD_REQUEST);
    }
}

static void coding(const char *text)
{
    static const struct web_file all = {.body = {{.len = 3}, {.len = 2}, {.len = 1}}};
    static const struct web_file plain = {.body = {{.len = 3}}};

    (void)web_coding_of(&all, text);
    assert(web_coding_of(&plain, text) == WEB_PLAIN);
    if (web_coding_of(&all, text) == WEB_PLAIN) {
        assert(strcmp(text, "gzip") != 0 && strcmp(text, "br") != 0);
    }
}

static void etag(const char *text)
{
    if (web_etag_matches(text, "\"0123abcd\"")) {
        assert(strstr(text, "\"0123abcd\"") != NULL || strchr(text, '*') != NULL);
    }
}

static void page(const char *text)
{
    static struct config *config;
    SL_AUTO(buf) struct sl_buf out = {NULL, 0, 0};
    struct sl_err err;

    if (config == NULL) {
        config = config_defaults();
    }
    if (web_fill(text, strlen(text), config, &out, &err) == SL_OK) {
        assert(strstr(text, "{{") != NULL || out.len == strlen(text));
    } else {
        assert(err.code == SL_BAD_REQUEST);
    }
}

static void (*const readers[])(const char *text) = {cookie, forwarded, proxies, listen_address,
                                                    url,    coding,    etag,    page};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0) {
        /* Headers come as strings of their own: without NUL, and reading past the end is seen. */
        SL_AUTO(str) char *text = sl_strndup((const char *)data + 1, size - 1);
        readers[data[0] % (sizeof readers / sizeof *readers)](text);
    }
    return 0;
}
