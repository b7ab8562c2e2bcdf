/*
 * An answer over HTTP: made whole, then written in pieces as the client takes them.
 */
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "net/loop.h"

void net_http_free(struct net_http *http)
{
    if (http == NULL) {
        return;
    }
    sl_buf_wipe_free(&http->posted);
    sl_buf_wipe_free(&http->head); /* a session's cookie */
    sl_buf_free(&http->own);
    free(http);
}

/* ---- Making answers ---- */

void net_answer_begin(struct net_http *http, int status)
{
    sl_buf_clear(&http->head);
    sl_buf_clear(&http->own);
    http->sent = 0;
    http->body = NULL;
    http->body_len = 0;
    net_head_begin(&http->head, status);
    if (status == 204 || status == 304) {
        http->without_body = true;
    }
}

void net_count_answer(struct net_conn *conn, int status)
{
    atomic_fetch_add_explicit(&conn->loop->stats.http[status / 100], 1, memory_order_relaxed);
}

void net_answer_finish(struct net_conn *conn, int status)
{
    struct net_http *http = conn->http;
    /* 204 has no body and says so by itself; an answer to HEAD and 304 name the body's length. */
    net_head_end(&http->head, http->body_len, status != 204 && status != 304, http->close);
    if (http->without_body) {
        http->body_len = 0;
    }
    http->ready = true;
    net_count_answer(conn, status);
    (void)lws_callback_on_writable(conn->wsi);
}

void net_answer_text(struct net_conn *conn, int status, const char *type, const char *text)
{
    struct net_http *http = conn->http;

    net_answer_begin(http, status);
    net_head_put(&http->head, "content-type", type);
    net_head_put(&http->head, "cache-control", "no-store");
    if (status == 405) {
        net_head_put(&http->head, "allow", text);
    }
    if (status == 426) {
        net_head_put(&http->head, "sec-websocket-version", "13");
    }
    sl_buf_put_str(&http->own, text);
    sl_buf_put_str(&http->own, "\n");
    http->body = http->own.data;
    http->body_len = http->own.len;
    net_answer_finish(conn, status);
}

void net_answer_plain(struct net_conn *conn, int status, const char *text)
{
    net_answer_text(conn, status, "text/plain; charset=utf-8", text);
}

/* A refusal of a request that may have a body: the rest of it is not worth reading. */
void net_refuse(struct net_conn *conn, int status, const char *text)
{
    conn->http->refused = true;
    conn->http->close = true;
    net_answer_plain(conn, status, text);
}

void net_answer_file(struct net_conn *conn, const struct web_file *file, int status)
{
    struct net_http *http = conn->http;
    char value[512];
    enum web_coding coding = web_coding_of(
        file, net_header(conn->wsi, WSI_TOKEN_HTTP_ACCEPT_ENCODING, value, sizeof value));
    const char *etag = file->etag[coding];
    const char *known = net_header(conn->wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH, value, sizeof value);

    if (status == 200 && known != NULL && web_etag_matches(known, etag)) {
        status = 304;
    }
    net_answer_begin(http, status);
    net_head_put(&http->head, "content-type", file->type);
    if (status != 404) {
        net_head_put(&http->head, "etag", etag);
    }
    net_head_put(&http->head, "vary", "accept-encoding");
    net_head_put(&http->head, "cache-control",
                 file->immutable && status != 404 ? "public, max-age=31536000, immutable"
                                                  : "no-cache");
    if (coding != WEB_PLAIN) {
        net_head_put(&http->head, "content-encoding", coding == WEB_BR ? "br" : "gzip");
    }
    http->body = file->body[coding].data;
    http->body_len = file->body[coding].len;
    net_answer_finish(conn, status);
}

/* ---- Getting it out ---- */

static int write_piece(struct net_conn *conn)
{
    struct net_http *http = conn->http;
    uint8_t *to = conn->loop->scratch + LWS_PRE;
    size_t total = http->head.len + http->body_len;
    size_t room = NET_CHUNK_BYTES;
    size_t n = 0;

    if (http->sent < http->head.len) {
        n = http->head.len - http->sent < room ? http->head.len - http->sent : room;
        memcpy(to, http->head.data + http->sent, n);
    }
    if (http->sent + n >= http->head.len && http->body_len > 0) {
        size_t at = http->sent + n - http->head.len;
        size_t more = http->body_len - at < room - n ? http->body_len - at : room - n;
        memcpy(to + n, http->body + at, more);
        n += more;
    }
    bool last = http->sent + n == total;
    if (lws_write(conn->wsi, to, n, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < (int)n) {
        return -1;
    }
    http->sent += n;
    atomic_fetch_add_explicit(&conn->loop->stats.bytes_out, n, memory_order_relaxed);
    return 0;
}

int net_answer_writable(struct net_conn *conn)
{
    struct net_http *http = conn->http;

    if (http == NULL || !http->ready) {
        return 0;
    }
    size_t total = http->head.len + http->body_len;
    /* Progress, not speed: a slow line gets its page as long as it takes some of it. */
    lws_set_timeout(conn->wsi, PENDING_TIMEOUT_HTTP_CONTENT, NET_HTTP_STALL_S);
    while (http->sent < total) {
        if (write_piece(conn) != 0) {
            return -1;
        }
        if (http->sent < total && lws_send_pipe_choked(conn->wsi)) {
            (void)lws_callback_on_writable(conn->wsi);
            return 0;
        }
    }
    bool close = http->close || conn->loop->quiet;
    net_http_free(http);
    conn->http = NULL;
    if (close) {
        return -1;
    }
    return lws_http_transaction_completed(conn->wsi) ? -1 : 0;
}
