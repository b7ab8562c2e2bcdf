/*
 * POST /session: the ticket of a sign-in for the session's cookie, and /session/end, which clears
 * it.
 */
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "net/loop.h"

static void answer_cookie(struct net_conn *conn, const char *token, int64_t max_age_s)
{
    struct net_http *http = conn->http;
    SL_AUTO(str)
    char *age = max_age_s >= 0 ? sl_strf("; Max-Age=%lld", (long long)max_age_s) : sl_strdup("");
    SL_AUTO(str)
    char *cookie =
        sl_strf("%s=%s; Path=/; Secure; HttpOnly; SameSite=Strict%s", NET_COOKIE, token, age);

    net_answer_begin(http, 204);
    net_head_put(&http->head, "set-cookie", cookie);
    net_head_put(&http->head, "cache-control", "no-store");
    net_answer_finish(conn, 204);
}

static void answer_error(struct net_conn *conn, enum sl_code code)
{
    static const struct {
        enum sl_code code;
        int status;
    } rows[] = {
        {SL_BAD_REQUEST, 400},  {SL_BAD_FRAME, 400}, {SL_BUSY, 503},         {SL_FORBIDDEN, 403},
        {SL_RATE_LIMITED, 429}, {SL_STOPPING, 503},  {SL_TICKET_WRONG, 403},
    };
    int status = 500;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].code == code) {
            status = rows[i].status;
        }
    }
    SL_AUTO(str)
    char *text = sl_strf("{\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}", sl_code_name(code),
                         sl_code_sentence(code));
    net_answer_text(conn, status, "application/json", text);
}

struct call_back {
    struct net_loop *loop;
    uint64_t conn;
};

/* From whichever thread finished the call. */
static void on_answered(void *ctx, json_t *take_answer)
{
    struct call_back *back = ctx;
    struct net_mail *mail = net_mail_new(NET_HTTP_DONE, back->conn);

    mail->answer = take_answer;
    net_loop_post(back->loop, mail);
    free(back);
}

static void call_session_cookie(struct net_conn *conn, const char *ticket)
{
    struct call_back *back = sl_alloc(sizeof *back);
    json_t *args = sl_json_new();
    char peer[NET_ADDR_TEXT];
    struct net_addr network = net_addr_network(&conn->addr);

    net_addr_text(&network, peer);
    back->loop = conn->loop;
    back->conn = conn->rpc.id;
    sl_json_set_str(args, "ticket", ticket);
    conn->http->called = true;
    rpc_internal(conn->loop->net->rpc, "session.cookie", args, peer, on_answered, back);
}

static void on_posted(struct net_conn *conn)
{
    struct net_http *http = conn->http;
    SL_AUTO(json) json_t *body = NULL;
    const char *ticket = NULL;

    if (http->post == NET_POST_SESSION_END) {
        answer_cookie(conn, "", 0);
        return;
    }
    if (sl_json_parse(http->posted.data == NULL ? "" : (const char *)http->posted.data,
                      http->posted.len, 2, &body, NULL) != SL_OK ||
        sl_json_str(body, "ticket", 1, 64, &ticket, NULL) != SL_OK) {
        answer_error(conn, SL_BAD_REQUEST);
        return;
    }
    call_session_cookie(conn, ticket);
}

static bool is_token(const char *text)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return text != NULL && text[0] != '\0' && strlen(text) < 64 &&
           text[strspn(text, alphabet)] == '\0';
}

void net_post_called(struct net_conn *conn, const json_t *answer)
{
    const json_t *ok = json_object_get(answer, "ok");
    const json_t *error = json_object_get(answer, "error");
    const char *token = json_string_value(json_object_get(ok, "token"));
    const json_t *age = json_object_get(ok, "max_age_s");

    if (conn->http == NULL || !conn->http->called || conn->http->ready) {
        return;
    }
    if (is_token(token)) {
        answer_cookie(conn, token, json_is_integer(age) ? (int64_t)json_integer_value(age) : -1);
        return;
    }
    const char *code = json_string_value(json_object_get(error, "code"));
    answer_error(conn, code == NULL ? SL_SYSTEM : sl_code_of(code));
}

int net_post_body(struct net_conn *conn, const void *data, size_t len)
{
    struct net_http *http = conn->http;

    if (http == NULL || http->called) {
        return -1;
    }
    if (http->refused) {
        return 0;
    }
    if (http->posted.len + len > NET_MAX_BODY_BYTES) {
        return -1; /* more than it said */
    }
    sl_buf_put(&http->posted, data, len);
    return 0;
}

int net_post_whole(struct net_conn *conn)
{
    struct net_http *http = conn->http;

    /* libwebsockets says so again for anything that a client sends after it. */
    if (http == NULL || http->called) {
        return -1;
    }
    lws_set_timeout(conn->wsi, PENDING_TIMEOUT_HTTP_CONTENT, NET_HTTP_STALL_S);
    if (http->refused) {
        http->ready = true;
        (void)lws_callback_on_writable(conn->wsi);
        return 0;
    }
    if (http->ready) {
        return -1;
    }
    on_posted(conn);
    return 0;
}
