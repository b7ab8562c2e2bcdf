/* The parts of net/ without a socket: addresses, bounds, cookies, heads, the web app's table, maps
 * and post. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/buf.h"
#include "net/addr.h"
#include "net/limits.h"
#include "net/loop.h"
#include "net/mail.h"
#include "net/web.h"
#include "support/folder.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- Addresses ---- */

static const char *round_trip(const char *text)
{
    static char out[NET_ADDR_TEXT];
    struct net_addr addr;

    if (!net_addr_parse(text, &addr)) {
        return NULL;
    }
    net_addr_text(&addr, out);
    return out;
}

START_TEST(addresses_are_read_and_written)
{
    static const struct {
        const char *text, *written;
    } good[] = {
        {"127.0.0.1", "127.0.0.1"},
        {"::ffff:127.0.0.1", "127.0.0.1"}, /* the same address */
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"::1", "::1"},
    };
    static const char *const bad[] = {"",          "1.2.3",     "1.2.3.4.5",    "1.2.3.4:5",
                                      "localhost", "[::1]",     "::g",          "1.2.3.4 ",
                                      "01.2.3.4",  "1.2.3.4/8", "fe80::1%eth0", "256.1.1.1"};

    for (size_t i = 0; i < COUNT(good); i++) {
        ck_assert_str_eq(round_trip(good[i].text), good[i].written);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        ck_assert_msg(round_trip(bad[i]) == NULL, "took %s", bad[i]);
    }
}
END_TEST

START_TEST(a_line_is_one_address)
{
    static const struct {
        const char *one, *other;
        bool same;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true},
        {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct net_addr one;
        struct net_addr other;
        ck_assert(net_addr_parse(cases[i].one, &one) && net_addr_parse(cases[i].other, &other));
        struct net_addr a = net_addr_network(&one);
        struct net_addr b = net_addr_network(&other);
        ck_assert_int_eq(memcmp(&a, &b, sizeof a) == 0, cases[i].same);
    }
}
END_TEST

START_TEST(this_machine_is_known)
{
    static const struct {
        const char *text;
        bool loopback;
    } cases[] = {{"127.0.0.1", true},  {"127.255.0.9", true},      {"::1", true},
                 {"128.0.0.1", false}, {"::ffff:127.0.0.1", true}, {"::2", false},
                 {"10.0.0.127", false}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct net_addr addr;
        ck_assert(net_addr_parse(cases[i].text, &addr));
        ck_assert_msg(net_addr_is_loopback(&addr) == cases[i].loopback, "%s", cases[i].text);
    }
}
END_TEST

START_TEST(where_to_listen)
{
    static const char *const good[] = {"127.0.0.1:8443", "0.0.0.0:0", "[::1]:65535", "[::]:443"};
    static const char *const bad[] = {"",
                                      ":8443",
                                      "127.0.0.1",
                                      "127.0.0.1:",
                                      "localhost:8443",
                                      "127.0.0.1:65536",
                                      "127.0.0.1:-1",
                                      "::1:8443",
                                      "[::1]",
                                      "[::1:8443",
                                      "127.0.0.1:84x",
                                      "127.0.0.1: 80",
                                      "[]:80",
                                      "127.0.0.1:+80",
                                      "127.0.0.1:000080"};
    struct sockaddr_storage at;
    socklen_t len = 0;
    struct sl_err err;
    char text[80];

    for (size_t i = 0; i < COUNT(good); i++) {
        ck_assert_int_eq(net_listen_parse(good[i], &at, &len, &err), SL_OK);
        net_listen_text(&at, text, sizeof text);
        ck_assert_str_eq(text, good[i]);
    }
    ck_assert_int_eq(net_listen_port(&at), 443);
    for (size_t i = 0; i < COUNT(bad); i++) {
        ck_assert_msg(net_listen_parse(bad[i], &at, &len, &err) == SL_BAD_REQUEST, "took %s",
                      bad[i]);
        ck_assert_msg(strstr(err.detail, "write 127.0.0.1:8443") != NULL, "%s", err.detail);
    }
}
END_TEST

START_TEST(who_is_behind_the_proxy)
{
    static const struct {
        const char *header, *client;
    } cases[] = {
        {"203.0.113.9", "203.0.113.9"},
        {" 203.0.113.9 ", "203.0.113.9"},
        {"198.51.100.1, 203.0.113.9", "203.0.113.9"},
        {"198.51.100.1,203.0.113.9,10.0.0.2,10.0.0.1", "203.0.113.9"},
        {"nonsense, 203.0.113.9", "203.0.113.9"}, /* what stands left was written by anybody */
        {"203.0.113.9, nonsense", NULL},
        {"203.0.113.9,", NULL},
        {"10.0.0.1, 10.0.0.2", NULL},
        {"", NULL},
        {",", NULL},
        {"203.0.113.9:80", NULL},
    };
    struct net_proxies proxies;
    struct sl_err err;

    ck_assert_int_eq(net_proxies_parse("10.0.0.1, 10.0.0.2", &proxies, &err), SL_OK);
    ck_assert_uint_eq(proxies.n, 2);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct net_addr client;
        char text[NET_ADDR_TEXT] = "";
        bool found = net_forwarded(&proxies, cases[i].header, &client);
        if (found) {
            net_addr_text(&client, text);
        }
        ck_assert_msg(found == (cases[i].client != NULL), "%s", cases[i].header);
        ck_assert_str_eq(text, cases[i].client == NULL ? "" : cases[i].client);
    }
    net_proxies_fini(&proxies);
    ck_assert_int_eq(net_proxies_parse("", &proxies, &err), SL_OK);
    ck_assert_uint_eq(proxies.n, 0);
    net_proxies_fini(&proxies);
    ck_assert_int_eq(net_proxies_parse("10.0.0.1, proxy.example", &proxies, &err), SL_BAD_REQUEST);
    ck_assert_ptr_nonnull(strstr(err.detail, "proxy.example"));
    ck_assert_int_eq(net_proxies_parse("10.0.0.1,,", &proxies, &err), SL_BAD_REQUEST);
}
END_TEST

START_TEST(our_own_addresses)
{
    static const struct {
        const char *url, *authority;
    } good[] = {
        {"https://send.example", "send.example"},
        {"https://send.example/", "send.example"},
        {"https://Send.Example:8443", "send.example:8443"},
        {"https://send.example:443/", "send.example"},
        {"https://[::1]:8443", "[::1]:8443"},
    };
    static const char *const bad[] = {"",
                                      "send.example",
                                      "http://send.example",
                                      "https://",
                                      "https:///",
                                      "https://:8443",
                                      "https://send.example/path",
                                      "https://send.example?x",
                                      "https://user@send.example",
                                      "https://send.example:",
                                      "https://send.example:99999",
                                      "https://[::1",
                                      "https://[::1]8443"};
    struct net_url url;
    struct sl_err err;

    for (size_t i = 0; i < COUNT(good); i++) {
        ck_assert_msg(net_url_parse(good[i].url, &url, &err) == SL_OK, "%s", good[i].url);
        SL_AUTO(str) char *authority = net_url_authority(&url);
        ck_assert_str_eq(authority, good[i].authority);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        ck_assert_msg(net_url_parse(bad[i], &url, &err) == SL_BAD_REQUEST, "took %s", bad[i]);
    }
}
END_TEST

/* ---- Bounds ---- */

START_TEST(connections_are_counted)
{
    struct net_limits *limits = net_limits_new(4, 2);
    struct net_addr a;
    struct net_addr neighbour;
    struct net_addr b;

    ck_assert(net_addr_parse("2001:db8::1", &a) && net_addr_parse("2001:db8::2", &neighbour) &&
              net_addr_parse("192.0.2.1", &b));
    for (int i = 0; i < 4; i++) {
        ck_assert(net_limits_take(limits));
    }
    ck_assert(!net_limits_take(limits));
    ck_assert_uint_eq(net_limits_open(limits), 4);
    net_limits_give(limits);
    ck_assert(net_limits_take(limits));

    ck_assert(net_limits_take_address(limits, &a));
    ck_assert(net_limits_take_address(limits, &neighbour));
    ck_assert(!net_limits_take_address(limits, &a));
    ck_assert(net_limits_take_address(limits, &b));
    net_limits_give_address(limits, &neighbour);
    ck_assert(net_limits_take_address(limits, &a));
    net_limits_give_address(limits, &a);
    net_limits_give_address(limits, &a);
    net_limits_give_address(limits, &a); /* one too many does nothing */
    ck_assert(net_limits_take_address(limits, &a));
    net_limits_free(limits);
    net_limits_free(NULL);
}
END_TEST

START_TEST(many_addresses_are_counted_apart)
{
    struct net_limits *limits = net_limits_new(100, 1);
    struct net_addr addr;

    memset(&addr, 0, sizeof addr);
    for (int i = 0; i < 5000; i++) {
        addr.bytes[2] = (uint8_t)(i >> 8);
        addr.bytes[3] = (uint8_t)i;
        ck_assert(net_limits_take_address(limits, &addr));
        ck_assert(!net_limits_take_address(limits, &addr));
    }
    for (int i = 0; i < 5000; i++) {
        addr.bytes[2] = (uint8_t)(i >> 8);
        addr.bytes[3] = (uint8_t)i;
        net_limits_give_address(limits, &addr);
        ck_assert(net_limits_take_address(limits, &addr));
    }
    net_limits_free(limits);
}
END_TEST

START_TEST(the_log_is_kept_calm)
{
    struct net_calm calm = {.next_ms = 0};
    uint64_t times = 0;
    int said = 0;

    for (int64_t ms = 1000; ms < 1000 + 3 * 60000; ms += 100) {
        if (net_calm_due(&calm, ms, &times)) {
            ck_assert_uint_eq(times, said == 0 ? 1 : 600);
            said++;
        }
    }
    ck_assert_int_eq(said, 3);
}
END_TEST

/* ---- Cookies and heads ---- */

START_TEST(a_cookie_is_found)
{
    static const struct {
        const char *header, *value;
    } cases[] = {
        {"", ""},
        {"a=b", "b"},
        {"a=", ""},
        {"a", ""},
        {"x=y; a=b; c=d", "b"},
        {"x=y;a=b", "b"},
        {"x=y; a=b=c", "b=c"},
        {"aa=no; xa=no; A=no; a=b", "b"},
        {"a=first; a=second", "first"},
        {";;; ;a=b;", "b"},
        {"a=1234567890123456", ""}, /* longer than there is room for */
        {"a=123456789012345", "123456789012345"},
        {"x=\"a=no\"; a=b", "b"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[16] = "before";
        net_cookie(cases[i].header, "a", out, sizeof out);
        ck_assert_str_eq(out, cases[i].value);
    }
}
END_TEST

START_TEST(a_head_has_what_every_answer_needs)
{
    SL_AUTO(buf) struct sl_buf head = {NULL, 0, 0};

    net_head_begin(&head, 404);
    net_head_put(&head, "content-type", "text/plain");
    net_head_end(&head, 12, true, true);
    sl_buf_put_u8(&head, 0);
    const char *text = (const char *)head.data;
    ck_assert_int_eq(strncmp(text, "HTTP/1.1 404 Not Found\r\n", 24), 0);
    ck_assert_ptr_nonnull(strstr(text, "\r\ncontent-type: text/plain\r\n"));
    ck_assert_ptr_nonnull(strstr(text, "\r\nconnection: close\r\n\r\n"));
    for (const struct lws_protocol_vhost_options *at = net_security_headers; at != NULL;
         at = at->next) {
        SL_AUTO(str) char *line = sl_strf("\r\n%s %s\r\n", at->name, at->value);
        ck_assert_msg(strstr(text, line) != NULL, "%s", line);
        ck_assert_msg(strchr(at->name, ':') == at->name + strlen(at->name) - 1, "%s", at->name);
    }
    sl_buf_clear(&head);
    net_head_begin(&head, 204);
    net_head_end(&head, 0, false, false);
    sl_buf_put_u8(&head, 0);
    ck_assert_ptr_null(strstr((const char *)head.data, "content-length"));
    ck_assert_ptr_null(strstr((const char *)head.data, "connection"));
}
END_TEST

/* ---- The web app ---- */

static char *folder;

static void write_web(const char *name, const char *text)
{
    SL_AUTO(str) char *path = folder_file(folder, name);
    folder_write(path, text, strlen(text), 0600);
}

static void set_up_folder(void)
{
    folder = folder_new();
}

static void tear_down_folder(void)
{
    folder_remove(folder);
}

static enum sl_code load(const char *manifest, struct web **out, struct sl_err *err)
{
    struct config *config = config_defaults();

    write_web("manifest.json", manifest);
    enum sl_code rc = web_load(folder, config, out, err);
    config_free(config);
    return rc;
}

START_TEST(files_and_routes_are_found)
{
    static const char manifest[] =
        "{\"files\":["
        "{\"path\":\"/\",\"file\":\"i\",\"type\":\"text/html\",\"template\":true,"
        "\"routes\":[\"/messages\",\"/messages/*\",\"/a\"]},"
        "{\"path\":\"/z.js\",\"file\":\"z\",\"type\":\"text/javascript\",\"immutable\":true},"
        "{\"path\":\"/404\",\"file\":\"n\",\"type\":\"text/html\"}]}";
    static const struct {
        const char *path, *found;
    } cases[] = {
        {"/", "/"},
        {"/z.js", "/z.js"},
        {"/404", "/404"},
        {"/messages", "/"},
        {"/messages/", NULL},
        {"/messages/x", "/"},
        {"/messages/x/y", "/"},
        {"/messagesx", NULL},
        {"/a", "/"},
        {"/a/b", NULL},
        {"/messages/x.js", NULL},
        {"", NULL},
        {"/Z.js", NULL},
        {"/z.js/", NULL},
        {"/i", NULL},
    };
    struct web *web = NULL;
    struct sl_err err;

    write_web("i", "<title>{{council_name}}</title>");
    write_web("z", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz");
    write_web("z.gz", "shorter");
    write_web("z.br", "this one is longer than the plain one, so it is not used");
    write_web("n", "nothing");
    ck_assert_msg(load(manifest, &web, &err) == SL_OK, "%s", err.detail);
    ck_assert_uint_eq(web_count(web), 3);
    ck_assert_str_eq(web_not_found(web)->path, "/404");
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct web_file *file = web_find(web, cases[i].path);
        ck_assert_msg((file == NULL) == (cases[i].found == NULL), "%s", cases[i].path);
        ck_assert_str_eq(file == NULL ? "" : file->path, file == NULL ? "" : cases[i].found);
    }
    const struct web_file *script = web_find(web, "/z.js");
    ck_assert(script->immutable);
    ck_assert_uint_eq(script->body[WEB_GZIP].len, 7);
    ck_assert_uint_eq(script->body[WEB_BR].len, 0);
    ck_assert_str_ne(script->etag[WEB_PLAIN], script->etag[WEB_GZIP]);
    const struct web_file *page = web_find(web, "/");
    ck_assert(!page->immutable);
    ck_assert_mem_eq(page->body[WEB_PLAIN].data, "<title>Anyshire Council</title>", 31);
    web_free(web);
}
END_TEST

START_TEST(a_manifest_that_is_none_is_refused)
{
    static const struct {
        const char *manifest;
        enum sl_code code;
    } cases[] = {
        {"", SL_CORRUPT},
        {"{}", SL_CORRUPT},
        {"[]", SL_CORRUPT},
        {"[1]", SL_CORRUPT},
        {"[{\"path\":\"/\"}]", SL_CORRUPT},
        {"[{\"path\":\"x\",\"file\":\"i\",\"type\":\"a/b\"}]", SL_CORRUPT},
        {"[{\"path\":\"/\",\"file\":\"/etc/passwd\",\"type\":\"a/b\"}]", SL_CORRUPT},
        {"[{\"path\":\"/\",\"file\":\"../i\",\"type\":\"a/b\"}]", SL_CORRUPT},
        {"[{\"path\":\"/\",\"file\":\"i\",\"type\":\"a/b\\r\\nx: y\"}]", SL_CORRUPT},
        {"[{\"path\":\"/\",\"file\":\"missing\",\"type\":\"a/b\"}]", SL_NOT_FOUND},
        {"[{\"path\":\"/\",\"file\":\".\",\"type\":\"a/b\"}]", SL_CORRUPT},
        {"[{\"path\":\"/\",\"file\":\"i\",\"type\":\"a/b\",\"routes\":[\"x\"]}]", SL_CORRUPT},
        {"[{\"path\":\"/\",\"file\":\"i\",\"type\":\"a/b\"},"
         "{\"path\":\"/\",\"file\":\"i\",\"type\":\"a/b\"}]",
         SL_CORRUPT},
        {"[{\"path\":\"/\",\"file\":\"bad\",\"type\":\"a/b\",\"template\":true}]", SL_BAD_REQUEST},
    };
    struct config *config = config_defaults();
    struct web *web = NULL;
    struct sl_err err;

    write_web("i", "i");
    write_web("bad", "{{tls_key_file}}");
    for (size_t i = 0; i < COUNT(cases); i++) {
        ck_assert_msg(load(cases[i].manifest, &web, &err) == cases[i].code, "%s: %s",
                      cases[i].manifest, err.detail);
        ck_assert_ptr_null(web);
    }
    ck_assert_int_eq(web_load("/nowhere/at/all", config, &web, &err), SL_NOT_FOUND);
    ck_assert_int_eq(web_load("", config, &web, &err), SL_OK);
    ck_assert_ptr_null(web_find(web, "/"));
    ck_assert_ptr_null(web_not_found(web));
    web_free(web);
    web_free(NULL);
    config_free(config);
}
END_TEST

START_TEST(pages_are_filled_and_escaped)
{
    static const struct {
        const char *page, *filled;
    } cases[] = {
        {"", ""},
        {"no variable { }", "no variable { }"},
        {"{{council_name}}", "A &amp; &lt;B&gt; &quot;C&quot; &#39;D&#39;"},
        {"in {{reply_working_days}} days, {{reply_working_days}}", "in 5 days, 5"},
        {"}}{{team_name}}{", "}}SEND team{"},
        {"{{}}", NULL},
        {"{{council_name", NULL},
        {"{{ council_name }}", NULL},
        {"{{data_dir}}", NULL}, /* a setting, and nobody's business */
        {"{{council_namex}}", NULL},
    };
    struct config *config = config_defaults();
    struct sl_err err;

    free(config->council_name);
    config->council_name = sl_strdup("A & <B> \"C\" 'D'");
    for (size_t i = 0; i < COUNT(cases); i++) {
        SL_AUTO(buf) struct sl_buf out = {NULL, 0, 0};
        enum sl_code rc = web_fill(cases[i].page, strlen(cases[i].page), config, &out, &err);
        ck_assert_msg(rc == (cases[i].filled == NULL ? SL_BAD_REQUEST : SL_OK), "%s",
                      cases[i].page);
        if (rc == SL_OK) {
            sl_buf_put_u8(&out, 0);
            ck_assert_str_eq((const char *)out.data, cases[i].filled);
        }
    }
    config_free(config);
}
END_TEST

START_TEST(the_best_coding_is_chosen)
{
    static const struct {
        const char *accepted;
        enum web_coding coding;
    } cases[] = {
        {NULL, WEB_PLAIN},
        {"", WEB_PLAIN},
        {"gzip", WEB_GZIP},
        {"gzip, deflate, br", WEB_BR},
        {"br;q=0", WEB_PLAIN},
        {"br;q=0.000, gzip", WEB_GZIP},
        {"br; q=0.001", WEB_BR},
        {"br;q=1.0;x=y", WEB_BR},
        {"brotli, gzipped, x-gzip", WEB_PLAIN},
        {"GZIP", WEB_GZIP},
        {"identity;q=0, *", WEB_PLAIN},
        {" ,,gzip\t;q=0.5", WEB_GZIP},
    };
    struct web_file file = {.body = {{.len = 9}, {.len = 5}, {.len = 4}}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        ck_assert_msg(web_coding_of(&file, cases[i].accepted) == cases[i].coding, "%s",
                      cases[i].accepted);
    }
    file.body[WEB_BR].len = 0;
    ck_assert_int_eq(web_coding_of(&file, "gzip, br"), WEB_GZIP);
}
END_TEST

START_TEST(entity_tags_match)
{
    static const struct {
        const char *header;
        bool matches;
    } cases[] = {
        {"", false},
        {"\"abc\"", true},
        {"W/\"abc\"", true},
        {"\"x\", \"abc\"", true},
        {"\"x\",W/\"abc\",\"y\"", true},
        {"*", true},
        {"\"abcd\"", false},
        {"abc", false},
        {"\"ab\"", false},
        {"\"*\"", false},
        {", , ,", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        ck_assert_msg(web_etag_matches(cases[i].header, "\"abc\"") == cases[i].matches, "%s",
                      cases[i].header);
    }
}
END_TEST

/* ---- Maps ---- */

enum {
    CONNS = 200
};

static size_t count_of_account(struct net_loop *loop, const uint8_t id[SL_ID_BYTES])
{
    size_t n = 0;

    for (struct net_conn *at = net_first_of_account(loop, id); at != NULL;
         at = at->by_account.next) {
        n += memcmp(at->rpc.who.account_id, id, SL_ID_BYTES) == 0;
    }
    return n;
}

static size_t count_of_session(struct net_loop *loop, const uint8_t id[SL_ID_BYTES])
{
    size_t n = 0;

    for (struct net_conn *at = net_first_of_session(loop, id); at != NULL;
         at = at->by_session.next) {
        n += memcmp(at->rpc.who.session_id, id, SL_ID_BYTES) == 0;
    }
    return n;
}

START_TEST(connections_are_found_by_who_they_are)
{
    static struct net_loop loop;
    static struct net_conn conns[CONNS];
    uint8_t account[SL_ID_BYTES] = {0};
    uint8_t session[SL_ID_BYTES] = {0};

    memset(&loop, 0, sizeof loop);
    memset(conns, 0, sizeof conns);
    /* Fewer buckets than connections, so that lists are shared. */
    net_map_init(&loop.by_id, 1);
    net_map_init(&loop.by_account, 1);
    net_map_init(&loop.by_session, 1);
    for (uint64_t i = 0; i < CONNS; i++) {
        conns[i].loop = &loop;
        conns[i].rpc.id = i + 1;
        net_index(&conns[i]);
        net_identify(&conns[i]); /* nobody yet */
    }
    ck_assert_uint_eq(count_of_account(&loop, account), 0);
    for (size_t i = 0; i < CONNS; i++) {
        conns[i].rpc.who.account_id[0] = (uint8_t)(1 + i % 4);
        conns[i].rpc.who.session_id[0] = (uint8_t)(1 + i % 50);
        net_identify(&conns[i]);
        net_identify(&conns[i]); /* again changes nothing */
    }
    account[0] = 2;
    session[0] = 7;
    ck_assert_uint_eq(count_of_account(&loop, account), CONNS / 4);
    ck_assert_uint_eq(count_of_session(&loop, session), CONNS / 50);
    for (size_t i = 0; i < CONNS; i++) {
        ck_assert_ptr_eq(net_conn_of(&loop, i + 1), &conns[i]);
        if (i % 2 == 0) {
            net_unindex(&conns[i]);
        }
    }
    ck_assert_ptr_null(net_conn_of(&loop, CONNS + 1));
    ck_assert_ptr_null(net_conn_of(&loop, 1));
    ck_assert_uint_eq(count_of_account(&loop, account), CONNS / 4);
    account[0] = 1;
    ck_assert_uint_eq(count_of_account(&loop, account), 0);
    for (size_t i = 1; i < CONNS; i += 2) {
        memset(&conns[i].rpc.who, 0, sizeof conns[i].rpc.who); /* signed out */
        net_identify(&conns[i]);
        ck_assert_ptr_eq(net_conn_of(&loop, i + 1), &conns[i]);
        net_unindex(&conns[i]);
        net_unindex(&conns[i]); /* again changes nothing */
    }
    account[0] = 2;
    ck_assert_uint_eq(count_of_account(&loop, account), 0);
    net_map_fini(&loop.by_id);
    net_map_fini(&loop.by_account);
    net_map_fini(&loop.by_session);
}
END_TEST

/* ---- Post ---- */

enum {
    SENDERS = 4,
    LETTERS = 2000
};

struct sender {
    struct net_mailbox *box;
    _Atomic int *wakes;
    uint64_t number;
};

static void *send_letters(void *ctx)
{
    struct sender *sender = ctx;

    for (uint64_t i = 0; i < LETTERS; i++) {
        struct net_mail *mail = net_mail_new(NET_REPLY, sender->number * LETTERS + i);
        mail->frame = net_frame_new(sl_strdup("text"), 4);
        if (net_mailbox_put(sender->box, mail)) {
            (*sender->wakes)++;
        }
    }
    return NULL;
}

START_TEST(post_arrives_whole_and_in_order)
{
    struct net_mailbox box;
    struct sender senders[SENDERS];
    pthread_t threads[SENDERS];
    _Atomic int wakes = 0;
    uint64_t next[SENDERS] = {0};
    int got = 0;
    int taken = 0;

    net_mailbox_init(&box);
    ck_assert_ptr_null(net_mailbox_take(&box));
    for (size_t i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){&box, &wakes, i};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, send_letters, &senders[i]), 0);
    }
    while (got < SENDERS * LETTERS) {
        struct net_mail *mail = net_mailbox_take(&box);
        taken += mail != NULL;
        while (mail != NULL) {
            struct net_mail *after = mail->next;
            uint64_t sender = mail->conn / LETTERS;
            ck_assert_uint_lt(sender, SENDERS);
            ck_assert_uint_eq(mail->conn % LETTERS, next[sender]++);
            net_mail_free(mail);
            got++;
            mail = after;
        }
    }
    for (size_t i = 0; i < SENDERS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    /* One wake-up for everything that came before the box was looked into. */
    ck_assert_int_eq(wakes, taken);
    /* What nobody takes is freed. */
    (void)net_mailbox_put(&box, net_mail_new(NET_CLOSE, 1));
    net_mailbox_fini(&box);
}
END_TEST

START_TEST(a_frame_for_many_is_kept_until_the_last)
{
    struct net_frame *frame = net_frame_new(sl_strdup("event"), 5);
    struct net_frame *second = net_frame_ref(frame);

    net_frame_unref(frame);
    ck_assert_str_eq(second->text, "event");
    net_frame_unref(second);
    net_frame_unref(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net");
    TCase *plain = tcase_create("plain");
    TCase *files = tcase_create("web");

    if (sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    suite_add_tcase(suite, plain);
    tcase_set_timeout(plain, 60);
    tcase_add_test(plain, addresses_are_read_and_written);
    tcase_add_test(plain, a_line_is_one_address);
    tcase_add_test(plain, this_machine_is_known);
    tcase_add_test(plain, where_to_listen);
    tcase_add_test(plain, who_is_behind_the_proxy);
    tcase_add_test(plain, our_own_addresses);
    tcase_add_test(plain, connections_are_counted);
    tcase_add_test(plain, many_addresses_are_counted_apart);
    tcase_add_test(plain, the_log_is_kept_calm);
    tcase_add_test(plain, a_cookie_is_found);
    tcase_add_test(plain, a_head_has_what_every_answer_needs);
    tcase_add_test(plain, pages_are_filled_and_escaped);
    tcase_add_test(plain, the_best_coding_is_chosen);
    tcase_add_test(plain, entity_tags_match);
    tcase_add_test(plain, connections_are_found_by_who_they_are);
    tcase_add_test(plain, post_arrives_whole_and_in_order);
    tcase_add_test(plain, a_frame_for_many_is_kept_until_the_last);
    suite_add_tcase(suite, files);
    tcase_set_timeout(files, 60);
    tcase_add_checked_fixture(files, set_up_folder, tear_down_folder);
    tcase_add_test(files, files_and_routes_are_found);
    tcase_add_test(files, a_manifest_that_is_none_is_refused);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
