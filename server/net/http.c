/*
 * HTTP beside the socket: which request gets which answer, and getting it out. Everything comes
 * from memory. An answer is made whole, then written in pieces from HTTP_WRITEABLE.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/json.h"
#include "common/log.h"
#include "net/loop.h"

/** A body of a refused request that is still read to its end, so that the refusal arrives. */
#define DRAIN_BYTES 65536

const char *net_header(struct lws *wsi, enum lws_token_indexes token, char *out, size_t size)
{
    int total = lws_hdr_total_length(wsi, token);

    memset(out, 0, size);
    if (total <= 0 || lws_hdr_copy(wsi, out, (int)size, token) <= 0) {
        return NULL;
    }
    /* A NUL would let one text be compared and another be meant. */
    return strlen(out) >= (size_t)total ? out : NULL;
}

bool net_host_is_ours(const struct net_conn *conn)
{
    const struct net_listener *listener = &conn->loop->net->listeners[conn->listener];
    char value[300];
    const char *host = net_header(conn->wsi, WSI_TOKEN_HOST, value, sizeof value);

    return host != NULL &&
           (strcasecmp(host, listener->authority) == 0 || strcasecmp(host, listener->numeric) == 0);
}

int net_head_refusal(struct lws *wsi)
{
    static const enum lws_token_indexes uris[] = {WSI_TOKEN_GET_URI, WSI_TOKEN_HEAD_URI,
                                                  WSI_TOKEN_POST_URI, WSI_TOKEN_HTTP_URI_ARGS};
    int total = 0;

    for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
        if (lws_hdr_total_length(wsi, uris[i]) > NET_MAX_PATH_BYTES) {
            return 414;
        }
    }
    for (int token = 0; token < WSI_TOKEN_COUNT; token++) {
        total += lws_hdr_total_length(wsi, (enum lws_token_indexes)token);
    }
    return total > NET_MAX_HEAD_BYTES ? 431 : 0;
}

/* ---- Which request gets which ---- */

static void get_web(struct net_conn *conn, const char *path)
{
    struct web *web = conn->loop->net->web;
    const struct web_file *file = NULL;

    /* The staff listener is for the command line: it has no pages. */
    if (conn->listener == RPC_PUBLIC) {
        file = web_find(web, path);
        if (file != NULL) {
            net_answer_file(conn, file, 200);
            return;
        }
        file = web_not_found(web);
    }
    if (file != NULL) {
        net_answer_file(conn, file, 404);
    } else {
        net_answer_plain(conn, 404, "There is nothing at this address.");
    }
}

static void get_metrics(struct net_conn *conn)
{
    struct net_http *http = conn->http;

    /* What a proxy passes on comes from elsewhere, though the proxy be on this machine. */
    if (!net_addr_is_loopback(&conn->socket_addr) ||
        lws_hdr_total_length(conn->wsi, WSI_TOKEN_X_FORWARDED_FOR) > 0 ||
        lws_hdr_custom_length(conn->wsi, "forwarded:", 10) > 0) {
        net_answer_plain(conn, 403, "Only from this machine.");
        return;
    }
    net_answer_begin(http, 200);
    net_head_put(&http->head, "content-type", "text/plain; version=0.0.4; charset=utf-8");
    net_head_put(&http->head, "cache-control", "no-store");
    net_metrics(conn->loop->net, &http->own);
    http->body = http->own.data;
    http->body_len = http->own.len;
    net_answer_finish(conn, 200);
}

static void get_health(struct net_conn *conn)
{
    struct net *net = conn->loop->net;
    const struct net_options *options = &net->options;

    if (atomic_load(&net->stopping)) {
        net_answer_text(conn, 503, "application/json", "{\"ok\":false,\"why\":\"stopping\"}");
    } else if (options->works != NULL && !options->works(options->ctx)) {
        /* Reading still works, so this is for whoever watches, and no reason to send nobody here.
         */
        net_answer_text(conn, 503, "application/json", "{\"ok\":false,\"why\":\"storage\"}");
    } else {
        net_answer_text(conn, 200, "application/json", "{\"ok\":true}");
    }
}

/* Is what a POST says of itself right? The refusal is made if it is not. */
static bool post_is_proper(struct net_conn *conn, long long length)
{
    const struct net_listener *listener = &conn->loop->net->listeners[conn->listener];
    char value[300];
    const char *origin = net_header(conn->wsi, WSI_TOKEN_ORIGIN, value, sizeof value);

    if (length < 0) {
        net_refuse(conn, 411, "The request has to say its length.");
        return false;
    }
    if (length > NET_MAX_BODY_BYTES) {
        net_refuse(conn, 413, "The request is too large.");
        return false;
    }
    if (origin == NULL || strcasecmp(origin, listener->origin) != 0) {
        net_refuse(conn, 403, "Requests from other places are not taken.");
        return false;
    }
    const char *type = net_header(conn->wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, value, sizeof value);
    /* A type that no form can send: a foreign page would have to ask first. */
    if (conn->http->post == NET_POST_SESSION &&
        (type == NULL || strncasecmp(type, "application/json", 16) != 0)) {
        net_refuse(conn, 415, "The request has to be application/json.");
        return false;
    }
    return true;
}

static void route_post(struct net_conn *conn, const char *path, long long length)
{
    struct net_http *http = conn->http;
    bool session = strcmp(path, "/session") == 0;
    bool session_end = strcmp(path, "/session/end") == 0;

    if (conn->listener != RPC_PUBLIC || (!session && !session_end)) {
        net_refuse(conn, 405, "GET, HEAD");
        return;
    }
    http->post = session ? NET_POST_SESSION : NET_POST_SESSION_END;
    if (!post_is_proper(conn, length)) {
        http->post = NET_POST_NONE;
    }
}

static void route_get(struct net_conn *conn, const char *path)
{
    if (strcmp(path, "/healthz") == 0) {
        get_health(conn);
        return;
    }
    if (conn->loop->quiet) {
        net_refuse(conn, 503, sl_code_sentence(SL_STOPPING)); /* the store may have gone */
    } else if (strcmp(path, "/metrics") == 0) {
        get_metrics(conn);
    } else if (!net_host_is_ours(conn)) {
        net_refuse(conn, 421, "This is not the address of this service.");
    } else if (strcmp(path, "/ws") == 0) {
        net_refuse(conn, 426, "Here is a WebSocket.");
    } else if (conn->listener == RPC_PUBLIC &&
               (strcmp(path, "/session") == 0 || strcmp(path, "/session/end") == 0)) {
        net_refuse(conn, 405, "POST");
    } else {
        get_web(conn, path);
    }
}

/* The length a request says it has: -1 none or unknown, -2 nonsense. */
static long long body_length(struct lws *wsi)
{
    char value[32];

    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0) {
        return -1;
    }
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) <= 0) {
        return -1;
    }
    const char *text = net_header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, value, sizeof value);
    if (text == NULL || strlen(text) > 15 || strspn(text, "0123456789") != strlen(text)) {
        return -2;
    }
    return strtoll(text, NULL, 10);
}

static int on_request(struct net_conn *conn, const char *path, size_t len)
{
    struct lws *wsi = conn->wsi;
    bool get = lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0;
    bool head = lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0;
    long long length = body_length(wsi);
    int too_long = net_head_refusal(wsi);
    bool chunked = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0;

    if (conn->http != NULL) {
        return -1;
    }
    conn->http = sl_alloc(sizeof *conn->http);
    conn->http->without_body = head;
    conn->http->since_ms = net_now_ms(conn->loop->net);
    lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, NET_HTTP_STALL_S);
    if (too_long != 0) {
        net_refuse(conn, too_long, "The request's head is too long.");
    } else if (strlen(path) != len || length == -2) {
        net_refuse(conn, 400, "The request is malformed.");
    } else if (get || head) {
        /* A body here would be read as the next request by someone, and not by another. */
        if (length > 0 || chunked) {
            net_refuse(conn, 400, "This request has no body.");
        } else {
            route_get(conn, path);
        }
    } else if (lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0) {
        if (conn->loop->quiet) {
            net_refuse(conn, 503, sl_code_sentence(SL_STOPPING));
        } else if (!net_host_is_ours(conn)) {
            net_refuse(conn, 421, "This is not the address of this service.");
        } else {
            route_post(conn, path, length);
        }
    } else {
        net_refuse(conn, 405, "GET, HEAD");
    }
    /* Closing on unread bytes would throw the refusal away: read a body that is not long. */
    if (conn->http->refused && length > 0 && length <= DRAIN_BYTES) {
        conn->http->ready = false;
    }
    return 0;
}

/* ---- Upgrades ---- */

/* A refusal, at once: the connection is closed when this returns. */
static void refuse_upgrade(struct net_conn *conn, int status)
{
    static const char text[] = "This WebSocket is not for you.\n";
    SL_AUTO(buf) struct sl_buf answer = {NULL, 0, 0};
    size_t pad = LWS_PRE;

    atomic_fetch_add(&conn->loop->stats.refused_upgrades, 1);
    net_count_answer(conn, status);
    net_head_begin(&answer, status);
    if (status == 426) {
        net_head_put(&answer, "sec-websocket-version", "13");
    }
    net_head_put(&answer, "content-type", "text/plain; charset=utf-8");
    net_head_put(&answer, "cache-control", "no-store");
    net_head_end(&answer, sizeof text - 1, true, true);
    sl_buf_put_str(&answer, text);
    memcpy(conn->loop->scratch + pad, answer.data, answer.len);
    /* Whether or not it arrives, the connection ends. */
    (void)lws_write(conn->wsi, conn->loop->scratch + pad, answer.len, LWS_WRITE_HTTP_FINAL);
}

/*
 * Only "websocket" goes on. libwebsockets would also take "h2c", and for any other word it has
 * answered 403 already and may have freed the headers, `in` among them: so look nothing up there.
 */
static int on_upgrade(struct net_conn *conn)
{
    char value[32];
    const char *upgrade = net_header(conn->wsi, WSI_TOKEN_UPGRADE, value, sizeof value);

    if (upgrade == NULL) {
        return -1;
    }
    if (strcasecmp(upgrade, "websocket") != 0) {
        if (strcasecmp(upgrade, "h2c") == 0) {
            refuse_upgrade(conn, 403);
        }
        return -1;
    }
    int status = net_upgrade_refusal(conn);
    if (status != 0) {
        refuse_upgrade(conn, status);
        return -1;
    }
    return 0;
}

int net_http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                      size_t len)
{
    struct net_conn *conn = NULL;

    switch ((int)reason) { /* a few of a hundred */
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
        return net_loop_take_ssl(in, user);
    case LWS_CALLBACK_OPENSSL_PERFORM_CLIENT_CERT_VERIFICATION:
        /* len is OpenSSL's verdict. Without this, libwebsockets takes certificates of anybody. */
        return len != 0 ? 0 : 1;
    case LWS_CALLBACK_HTTP:
    case LWS_CALLBACK_HTTP_BODY:
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
    case LWS_CALLBACK_HTTP_WRITEABLE:
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
    case LWS_CALLBACK_WSI_DESTROY:
        conn = lws_get_opaque_user_data(wsi);
        break;
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION: /* a WebSocket without our subprotocol */
    case LWS_CALLBACK_RAW_ADOPT: /* CONNECT: the socket would be kept without any timeout */
        return -1;
    default:
        return 0;
    }
    if (conn == NULL) {
        return 0; /* libwebsockets' own, such as its wake-up pipe */
    }
    conn->wsi = wsi;
    switch ((int)reason) {
    case LWS_CALLBACK_HTTP:
        return on_request(conn, in, len);
    case LWS_CALLBACK_HTTP_BODY:
        return net_post_body(conn, in, len);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return net_post_whole(conn);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return net_answer_writable(conn);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return on_upgrade(conn);
    default:
        net_conn_gone(conn);
        return 0;
    }
}
