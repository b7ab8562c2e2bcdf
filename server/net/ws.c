#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/buf.h"
#include "common/log.h"
#include "net/loop.h"

/** What a closed connection may take to be flushed. */
#define CLOSE_SECONDS 5
#define CHUNKS_AT_ONCE 32

/* ---- The handshake ---- */

static bool list_has(const char *list, const char *word)
{
    size_t word_len = strlen(word);

    while (*list != '\0') {
        list += strspn(list, " \t,");
        size_t len = strcspn(list, " \t,");
        if (len == word_len && strncasecmp(list, word, len) == 0) {
            return true;
        }
        list += len;
    }
    return false;
}

/* Browsers name the page's origin, and nothing else may come from one. Staff programs have none. */
static bool origin_is_ours(const struct net_conn *conn)
{
    char origin[300];
    bool there = lws_hdr_total_length(conn->wsi, WSI_TOKEN_ORIGIN) > 0;
    const char *value = net_header(conn->wsi, WSI_TOKEN_ORIGIN, origin, sizeof origin);

    if (!there) {
        return conn->listener == RPC_STAFF_LISTENER;
    }
    return value != NULL &&
           strcasecmp(value, conn->loop->net->listeners[conn->listener].origin) == 0;
}

static bool is_websocket_request(struct lws *wsi)
{
    char value[128];
    const char *at = net_header(wsi, WSI_TOKEN_CONNECTION, value, sizeof value);

    if (at == NULL || !list_has(at, "upgrade")) {
        return false;
    }
    at = net_header(wsi, WSI_TOKEN_KEY, value, sizeof value);
    /* 16 bytes in base64 */
    return at != NULL && strlen(at) == 24 && lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0;
}

/* Behind a proxy: who is it really? False when that address has too many connections. */
static bool find_client(struct net_conn *conn)
{
    struct net *net = conn->loop->net;
    char header[512];

    if (conn->counted) {
        return true;
    }
    const char *forwarded = net_header(conn->wsi, WSI_TOKEN_X_FORWARDED_FOR, header, sizeof header);
    if (forwarded != NULL) {
        (void)net_forwarded(&net->proxies, forwarded, &conn->addr);
    }
    if (net_proxies_has(&net->proxies, &conn->addr)) {
        return true; /* the proxy itself, for instance its probe */
    }
    conn->counted = net_limits_take_address(net->limits, &conn->addr);
    return conn->counted;
}

int net_upgrade_refusal(struct net_conn *conn)
{
    char value[256];
    struct lws *wsi = conn->wsi;
    const char *path = net_header(wsi, WSI_TOKEN_GET_URI, value, sizeof value);

    int too_long = net_head_refusal(wsi);
    if (too_long != 0) {
        return too_long;
    }
    if (conn->loop->quiet) {
        return 503;
    }
    if (!net_host_is_ours(conn)) {
        return 421;
    }
    if (path == NULL || strcmp(path, "/ws") != 0) {
        return 404;
    }
    if (!is_websocket_request(wsi)) {
        return 400;
    }
    const char *version = net_header(wsi, WSI_TOKEN_VERSION, value, sizeof value);
    if (version == NULL || strcmp(version, "13") != 0) {
        return 426;
    }
    if (!origin_is_ours(conn)) {
        return 403;
    }
    const char *protocol = net_header(wsi, WSI_TOKEN_PROTOCOL, value, sizeof value);
    if (protocol == NULL || strcmp(protocol, SL_SUBPROTOCOL) != 0) {
        return 400;
    }
    if (!find_client(conn)) {
        atomic_fetch_add(&conn->loop->stats.refused_address, 1);
        return 429;
    }
    return 0;
}

static void on_established(struct net_conn *conn)
{
    struct net_loop *loop = conn->loop;
    char peer[NET_ADDR_TEXT];
    char cookies[NET_MAX_HEAD_BYTES];
    struct net_addr network = net_addr_network(&conn->addr);

    net_addr_text(&network, peer);
    rpc_conn_init(loop->net->rpc, &conn->rpc, conn->rpc.id, loop->index, conn->listener, peer);
    const char *header = net_header(conn->wsi, WSI_TOKEN_HTTP_COOKIE, cookies, sizeof cookies);
    if (header != NULL) {
        net_cookie(header, NET_COOKIE, conn->rpc.cookie_token, sizeof conn->rpc.cookie_token);
    }
    conn->open = true;
    atomic_fetch_add(&loop->stats.opened[conn->listener], 1);
    atomic_fetch_add(&loop->stats.open[conn->listener], 1);
}

/* ---- Out ---- */

static void pop_out(struct net_conn *conn)
{
    struct net_out *gone = conn->out;

    conn->out = gone->next;
    if (conn->out == NULL) {
        conn->out_last = &conn->out;
    }
    conn->out_bytes -= gone->frame->len;
    conn->out_at = 0;
    conn->out_begun = false;
    net_frame_unref(gone->frame);
    free(gone);
}

void net_drop_out(struct net_conn *conn)
{
    while (conn->out != NULL) {
        pop_out(conn);
    }
}

static void cut(struct net_conn *conn)
{
    struct net_loop *loop = conn->loop;
    uint64_t times = 0;

    atomic_fetch_add(&loop->stats.cut, 1);
    if (net_calm_due(&loop->net->calm_cut, net_now_ms(loop->net), &times)) {
        sl_log(SL_LOG_WARN, "slow reader cut", "conn=%llu waiting_bytes=%zu times=%llu",
               (unsigned long long)conn->rpc.id, conn->out_bytes, (unsigned long long)times);
    }
    net_unindex(conn);
    net_drop_out(conn);
    conn->closing = 1008;
    lws_set_timeout(conn->wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
}

void net_send(struct net_conn *conn, struct net_frame *frame)
{
    /* One that is larger than the bound must still be possible, alone. */
    size_t most = (size_t)conn->loop->net->config->send_queue_bytes;

    if (!conn->open || conn->closing != 0) {
        return;
    }
    if (conn->out != NULL && conn->out_bytes + frame->len > most) {
        cut(conn);
        return;
    }
    struct net_out *out = sl_alloc(sizeof *out);
    out->frame = net_frame_ref(frame);
    *conn->out_last = out;
    conn->out_last = &out->next;
    conn->out_bytes += frame->len;
    (void)lws_callback_on_writable(conn->wsi);
}

void net_close(struct net_conn *conn, uint16_t code)
{
    if (conn->closing == 0) {
        conn->closing = code;
        lws_set_timeout(conn->wsi, PENDING_TIMEOUT_CLOSE_SEND, CLOSE_SECONDS);
        (void)lws_callback_on_writable(conn->wsi);
    }
}

/* One piece of the first frame. A piece is no larger than what goes out as one TLS record. */
static int write_piece(struct net_conn *conn)
{
    struct net_loop *loop = conn->loop;
    struct net_frame *frame = conn->out->frame;
    size_t left = frame->len - conn->out_at;
    size_t n = left < NET_CHUNK_BYTES ? left : NET_CHUNK_BYTES;
    int flags = lws_write_ws_flags(LWS_WRITE_TEXT, !conn->out_begun, n == left);

    memcpy(loop->scratch + LWS_PRE, frame->text + conn->out_at, n);
    if (lws_write(conn->wsi, loop->scratch + LWS_PRE, n, (enum lws_write_protocol)flags) < (int)n) {
        return -1;
    }
    conn->out_begun = true;
    conn->out_at += n;
    atomic_fetch_add_explicit(&loop->stats.bytes_out, n, memory_order_relaxed);
    if (conn->out_at == frame->len) {
        atomic_fetch_add_explicit(&loop->stats.frames_out, 1, memory_order_relaxed);
        pop_out(conn);
    }
    return 0;
}

static int on_writable(struct net_conn *conn)
{
    for (int i = 0; i < CHUNKS_AT_ONCE && conn->out != NULL; i++) {
        /* libwebsockets takes any amount and buffers it; what it cannot send must stay counted. */
        if (i > 0 && lws_send_pipe_choked(conn->wsi)) {
            break;
        }
        if (write_piece(conn) != 0) {
            return -1;
        }
    }
    if (conn->out != NULL) {
        (void)lws_callback_on_writable(conn->wsi);
        return 0;
    }
    if (conn->closing != 0) {
        lws_close_reason(conn->wsi, (enum lws_close_status)conn->closing, NULL, 0);
        return -1;
    }
    return 0;
}

/* ---- In ---- */

/*
 * What is under way is dropped, and what still comes is read and ignored until the client has
 * answered: a socket that is closed on unread bytes takes the reason with it.
 */
static int close_at_once(struct net_conn *conn, enum lws_close_status code)
{
    sl_buf_free(&conn->in);
    conn->in_since_ms = 0;
    net_drop_out(conn);
    net_close(conn, (uint16_t)code);
    return 0;
}

static void take_frame(struct net_conn *conn, const void *text, size_t len)
{
    struct net_loop *loop = conn->loop;

    atomic_fetch_add_explicit(&loop->stats.frames_in, 1, memory_order_relaxed);
    if (!rpc_frame(loop->net->rpc, &conn->rpc, text, len)) {
        /* Behind the answers that are under way to it. */
        net_loop_post(loop, net_mail_new(NET_CLOSE, conn->rpc.id));
    }
}

/*
 * Who talks is alive, whether or not it answers pings. Telling libwebsockets costs it a walk past
 * all other connections' timers.
 */
static void hear(struct net_conn *conn)
{
    const struct net *net = conn->loop->net;
    int64_t now_ms = net_now_ms(net);

    if (now_ms - conn->heard_ms > net->config->ping_seconds * 1000 / 8) {
        conn->heard_ms = now_ms;
        lws_validity_confirmed(conn->wsi);
    }
}

/* Frames come in pieces, down to single bytes; pieces of one frame never count as another. */
static int on_receive(struct net_conn *conn, const void *data, size_t len)
{
    struct lws *wsi = conn->wsi;
    bool first = conn->in_since_ms == 0;

    hear(conn);
    if (conn->closing != 0 || conn->loop->quiet) {
        return 0;
    }
    atomic_fetch_add_explicit(&conn->loop->stats.bytes_in, len, memory_order_relaxed);
    if (lws_frame_is_binary(wsi)) {
        return close_at_once(conn, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE);
    }
    if (conn->in.len + len + lws_remaining_packet_payload(wsi) > SL_MAX_FRAME_BYTES) {
        return close_at_once(conn, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE);
    }
    bool final = lws_is_final_fragment(wsi) != 0 && lws_remaining_packet_payload(wsi) == 0;
    if (first && final) {
        take_frame(conn, data == NULL ? "" : data, len);
        return 0;
    }
    if (first) {
        conn->in_since_ms = net_now_ms(conn->loop->net);
    }
    sl_buf_put(&conn->in, data, len);
    if (final) {
        struct sl_buf whole = conn->in;
        conn->in = (struct sl_buf){NULL, 0, 0};
        conn->in_since_ms = 0;
        take_frame(conn, whole.data == NULL ? "" : (const char *)whole.data, whole.len);
        sl_buf_free(&whole);
    }
    return 0;
}

static int add_headers(struct lws_process_html_args *args)
{
    SL_AUTO(buf) struct sl_buf lines = {NULL, 0, 0};

    net_security_lines(&lines);
    if (args->max_len < 0 || lines.len > (size_t)args->max_len) {
        return 1;
    }
    memcpy(args->p, lines.data, lines.len);
    args->p += lines.len;
    return 0;
}

int net_ws_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    struct net_conn *conn = lws_get_opaque_user_data(wsi);

    (void)user;
    switch ((int)reason) { /* a few of a hundred */
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        /* net_upgrade_refusal has looked already; `in` may be NULL. */
        return conn == NULL || in == NULL || strcmp(in, SL_SUBPROTOCOL) != 0;
    case LWS_CALLBACK_ADD_HEADERS:
        return add_headers(in);
    case LWS_CALLBACK_ESTABLISHED:
        on_established(conn);
        return 0;
    case LWS_CALLBACK_RECEIVE:
        return on_receive(conn, in, len);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return on_writable(conn);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        conn->closing = LWS_CLOSE_STATUS_NORMAL; /* what still comes is not obeyed */
        net_drop_out(conn);
        return 0;
    default:
        return 0;
    }
}
