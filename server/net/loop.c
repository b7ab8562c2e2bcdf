/*
 * One loop: a libev loop of our own (libwebsockets' default asks every connection at every turn),
 * one libwebsockets context on it, its thread and its mail.
 *
 * All listeners of a context have the same port as libwebsockets sees it, and it moves connections
 * between them by what clients write into Host. So nothing here depends on a connection's virtual
 * host: net_conn knows which socket accepted it, and the virtual hosts differ in TLS alone.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/buf.h"
#include "common/log.h"
#include "net/loop.h"

/** How long clients get to answer a close, after everything was sent. */
#define CLOSE_ANSWER_MS 500
#define MAX_HEADER_POOL 2048
#define BEAT_US (LWS_US_PER_SEC / 2)

static const struct lws_protocols protocols[] = {
    {.name = "http", .callback = net_http_callback, .tx_packet_size = NET_TX_PACKET_BYTES},
    {.name = SL_SUBPROTOCOL,
     .callback = net_ws_callback,
     .rx_buffer_size = NET_RX_BYTES,
     .tx_packet_size = NET_TX_PACKET_BYTES},
    {.name = NULL},
};

int64_t net_now_ms(const struct net *net)
{
    return sl_mono_ms(net->clock);
}

/* ---- Mail ---- */

void net_loop_post(struct net_loop *loop, struct net_mail *take_mail)
{
    if (net_mailbox_put(&loop->box, take_mail)) {
        ev_async_send(loop->ev, &loop->wake);
    }
}

static void deliver_reply(struct net_loop *loop, struct net_mail *mail)
{
    struct net_conn *conn = net_conn_of(loop, mail->conn);

    if (conn == NULL || !conn->open) {
        return;
    }
    rpc_conn_answered(&conn->rpc, mail->identify ? &mail->who : NULL);
    if (mail->identify) {
        net_identify(conn);
    }
    if (mail->frame != NULL) {
        net_send(conn, mail->frame);
    }
}

static void deliver_push(struct net_loop *loop, const struct net_mail *mail)
{
    struct net_conn *conn = net_first_of_account(loop, mail->id);

    while (conn != NULL) {
        struct net_conn *next = conn->by_account.next; /* sending may cut it out of the list */
        if (memcmp(conn->rpc.who.account_id, mail->id, SL_ID_BYTES) == 0) {
            atomic_fetch_add_explicit(&loop->stats.pushes, 1, memory_order_relaxed);
            net_send(conn, mail->frame);
        }
        conn = next;
    }
}

static void deliver_end(struct net_loop *loop, const struct net_mail *mail)
{
    struct net_conn *conn = net_first_of_session(loop, mail->id);

    while (conn != NULL) {
        struct net_conn *next = conn->by_session.next;
        if (conn->rpc.id != mail->conn &&
            memcmp(conn->rpc.who.session_id, mail->id, SL_ID_BYTES) == 0) {
            if (mail->frame != NULL) {
                net_send(conn, mail->frame);
            }
            net_close(conn, LWS_CLOSE_STATUS_NORMAL);
        }
        conn = next;
    }
}

static void deliver_certificate(struct net_loop *loop, const struct net_mail *mail)
{
    for (int l = 0; l < NET_LISTENERS; l++) {
        struct sl_err err;
        if (net_tls_use(mail->tls, loop->ssl[l], l, loop->net->listeners[l].client_certificates,
                        &err) != SL_OK) {
            sl_log_err(SL_LOG_ERROR, "certificate not used", &err);
        }
    }
    (void)sem_post(&loop->net->done);
}

static void quiesce(struct net_loop *loop)
{
    loop->quiet = true;
    net_unlisten(loop);
    (void)sem_post(&loop->net->done);
}

static void finish(struct net_loop *loop, int64_t within_ms)
{
    loop->finishing = true;
    loop->finish_by_ms = net_now_ms(loop->net) + within_ms;
    for (struct net_conn *conn = loop->all; conn != NULL; conn = conn->all_next) {
        if (conn->open) {
            net_close(conn, LWS_CLOSE_STATUS_GOINGAWAY);
        }
    }
    ev_timer_start(loop->ev, &loop->finish);
}

static void deliver(struct net_loop *loop, struct net_mail *mail)
{
    struct net_conn *conn = NULL;

    switch (mail->kind) {
    case NET_REPLY:
        deliver_reply(loop, mail);
        break;
    case NET_PUSH:
        deliver_push(loop, mail);
        break;
    case NET_END_SESSION:
        deliver_end(loop, mail);
        break;
    case NET_HTTP_DONE:
        conn = net_conn_of(loop, mail->conn);
        if (conn != NULL) {
            net_post_called(conn, mail->answer);
        }
        break;
    case NET_CLOSE:
        conn = net_conn_of(loop, mail->conn);
        if (conn != NULL && conn->open) {
            net_close(conn, LWS_CLOSE_STATUS_POLICY_VIOLATION);
        }
        break;
    case NET_CERTIFICATE:
        deliver_certificate(loop, mail);
        break;
    case NET_QUIESCE:
        quiesce(loop);
        break;
    case NET_FINISH:
        finish(loop, mail->within_ms);
        break;
    }
}

static void on_wake(struct ev_loop *ev, ev_async *watcher, int revents)
{
    struct net_loop *loop = watcher->data;
    struct net_mail *mail = net_mailbox_take(&loop->box);

    (void)ev;
    (void)revents;
    while (mail != NULL) {
        struct net_mail *next = mail->next;
        deliver(loop, mail);
        net_mail_free(mail);
        mail = next;
    }
}

/*
 * libwebsockets looks at its timers when the loop has nothing else to do, which under load is
 * never, and when a timer is due that it had set then. One that is always about to be due keeps all
 * of them in time, those that we set too.
 */
static void on_beat(lws_sorted_usec_list_t *beat)
{
    struct net_loop *loop = lws_container_of(beat, struct net_loop, beat);

    net_sweep(loop);
    lws_sul_schedule(loop->lws, 0, beat, on_beat, BEAT_US);
}

/* Is everything sent? Then clients get a moment to answer the close, and that is all. */
static void on_finish(struct ev_loop *ev, ev_timer *timer, int revents)
{
    struct net_loop *loop = timer->data;
    int64_t now_ms = net_now_ms(loop->net);
    size_t waiting = 0;

    (void)revents;
    for (struct net_conn *conn = loop->all; conn != NULL; conn = conn->all_next) {
        waiting += conn->out != NULL || conn->http != NULL;
    }
    if (waiting > 0) {
        loop->settled_ms = 0;
    } else if (loop->settled_ms == 0) {
        loop->settled_ms = now_ms;
    }
    bool answered = loop->settled_ms != 0 && now_ms - loop->settled_ms >= CLOSE_ANSWER_MS;
    if (loop->conns == 0 || answered || now_ms >= loop->finish_by_ms) {
        if (waiting > 0) {
            sl_log(SL_LOG_WARN, "connections cut at the stop", "count=%zu", waiting);
        }
        ev_break(ev, EVBREAK_ALL);
    }
}

static void *run(void *ctx)
{
    struct net_loop *loop = ctx;

    on_beat(&loop->beat);
    lws_cancel_service(loop->lws); /* so that it looks at its timers for the first time */
    ev_run(loop->ev, 0);
    return NULL;
}

/* ---- Making one ---- */

int net_loop_take_ssl(struct lws_vhost *vhost, SSL_CTX *ctx)
{
    const struct net_vhost *of = lws_get_vhost_user(vhost);
    const struct net *net = of->loop->net;
    const struct net_listener *listener = &net->listeners[of->listener];
    struct sl_err err;
    enum sl_code rc = net_tls_set_up(ctx, listener->name, &err);

    if (rc == SL_OK) {
        rc = net_tls_use(net->tls, ctx, (int)of->listener, listener->client_certificates, &err);
    }
    if (rc != SL_OK) {
        sl_log_err(SL_LOG_ERROR, "TLS not set up", &err);
        return 1;
    }
    of->loop->ssl[of->listener] = ctx;
    return 0;
}

static void common_info(struct net_loop *loop, struct lws_context_creation_info *info)
{
    struct net *net = loop->net;
    int64_t pool = net->config->connections;

    memset(info, 0, sizeof *info);
    /* The UTF-8 check works only when it is the context's, not a virtual host's. */
    info->options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_LIBEV |
                    LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_VALIDATE_UTF8;
    info->port = CONTEXT_PORT_NO_LISTEN_SERVER;
    info->protocols = protocols;
    info->alpn = "http/1.1";
    info->timeout_secs = NET_PATIENCE_S;
    info->pt_serv_buf_size = NET_SERV_BUF_BYTES;
    info->max_http_header_data2 = NET_HEADER_BYTES;
    info->max_http_header_pool2 = (unsigned)(pool < MAX_HEADER_POOL ? pool : MAX_HEADER_POOL);
    info->retry_and_idle_policy = &net->pings;
    info->headers = net_security_headers;
    info->server_string = "sendline";
    /* Otherwise it makes its own, reads all the system's authorities into it and, where there is
     * more than one loop, leaks it. */
    info->provided_client_ssl_ctx = net->outgoing;
    /*
     * fd_limit_per_thread stays unset: anything below RLIMIT_NOFILE makes libwebsockets search all
     * connections for each event. The limit is set by net_new, and accepting pauses by our own
     * hand.
     */
}

static enum sl_code make_vhosts(struct net_loop *loop, struct sl_err *err)
{
    for (int l = 0; l < NET_LISTENERS; l++) {
        struct net_listener *listener = &loop->net->listeners[l];
        struct lws_context_creation_info info;
        common_info(loop, &info);
        loop->vhost_of[l] = (struct net_vhost){loop, (enum rpc_listener)l};
        info.user = &loop->vhost_of[l];
        info.vhost_name = listener->name;
        info.ssl_cipher_list = net_tls_ciphers;
        info.options |= LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;
        if (listener->client_certificates) {
            info.options |= LWS_SERVER_OPTION_REQUIRE_VALID_OPENSSL_CLIENT_CERT;
        }
        loop->vhosts[l] = lws_create_vhost(loop->lws, &info);
        if (loop->vhosts[l] == NULL || loop->ssl[l] == NULL) {
            return sl_fail(err, SL_SYSTEM, "the %s listener cannot be made", listener->name);
        }
    }
    return SL_OK;
}

enum sl_code net_loop_init(struct net_loop *loop, struct net *net, int index, struct sl_err *err)
{
    size_t most = (size_t)net->config->connections;
    struct lws_context_creation_info info;

    loop->net = net;
    loop->index = index;
    for (int l = 0; l < NET_LISTENERS; l++) {
        loop->fds[l] = -1;
    }
    net_mailbox_init(&loop->box);
    net_map_init(&loop->by_id, most);
    net_map_init(&loop->by_account, most);
    net_map_init(&loop->by_session, most);
    loop->scratch = sl_alloc(LWS_PRE + NET_CHUNK_BYTES);
    loop->ev = ev_loop_new(EVBACKEND_EPOLL);
    if (loop->ev == NULL) {
        return sl_fail_errno(err, "epoll");
    }
    ev_async_init(&loop->wake, on_wake);
    loop->wake.data = loop;
    ev_async_start(loop->ev, &loop->wake);
    ev_timer_init(&loop->finish, on_finish, 0.02, 0.02);
    loop->finish.data = loop;

    void *foreign[] = {loop->ev};
    common_info(loop, &info);
    info.foreign_loops = foreign;
    loop->lws = lws_create_context(&info);
    if (loop->lws == NULL) {
        return sl_fail(err, SL_SYSTEM,
                       "libwebsockets cannot start; is libwebsockets-evlib-ev installed?");
    }
    return make_vhosts(loop, err);
}

enum sl_code net_loop_start(struct net_loop *loop, struct sl_err *err)
{
    enum sl_code rc = net_listen(loop, err);

    if (rc != SL_OK) {
        return rc;
    }
    int failed = pthread_create(&loop->thread, NULL, run, loop);
    if (failed != 0) {
        return sl_fail(err, SL_SYSTEM, "a network thread cannot start: error %d", failed);
    }
    loop->started = true;
    return SL_OK;
}

void net_loop_fini(struct net_loop *loop)
{
    if (loop->net == NULL) {
        return;
    }
    if (loop->ev != NULL) {
        net_unlisten(loop);
        ev_timer_stop(loop->ev, &loop->finish);
        ev_async_stop(loop->ev, &loop->wake);
    }
    if (loop->lws != NULL) {
        lws_sul_cancel(&loop->beat);
        lws_context_destroy(loop->lws);
    }
    if (loop->ev != NULL) {
        ev_loop_destroy(loop->ev);
    }
    net_mailbox_fini(&loop->box);
    net_map_fini(&loop->by_id);
    net_map_fini(&loop->by_account);
    net_map_fini(&loop->by_session);
    free(loop->scratch);
}
