/*
 * Sockets of our own: libwebsockets' listeners ignore the address in an IPv6 build, cannot share a
 * port between loops, and burn the processor when files run out.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/log.h"
#include "net/loop.h"

#define BACKLOG 1024
#define ACCEPT_AT_ONCE 64
#define CALM_S 0.5
/* Above this, what is unsent stays with us, where it is counted, and not in the kernel. */
#define UNSENT_BYTES 131072

static const char *const option_names[NET_LISTENERS] = {"public_listen", "staff_listen"};

static enum sl_code set_flag(int fd, int level, int name, int value, struct sl_err *err)
{
    return setsockopt(fd, level, name, &value, sizeof value) == 0
               ? SL_OK
               : sl_fail_errno(err, "socket option %d", name);
}

static enum sl_code bind_one(struct net_listener *listener, const char *option, bool share,
                             int *out, struct sl_err *err)
{
    int family = listener->at.ss_family;
    SL_AUTO(fd) int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return sl_fail_errno(err, "socket for %s", option);
    }
    enum sl_code rc = set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1, err);
    if (rc == SL_OK && share) {
        rc = set_flag(fd, SOL_SOCKET, SO_REUSEPORT, 1, err);
    }
    if (rc == SL_OK && family == AF_INET6) {
        rc = set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    if (bind(fd, (const struct sockaddr *)&listener->at, listener->at_len) != 0) {
        char text[80];
        net_listen_text(&listener->at, text, sizeof text);
        return errno == EADDRINUSE
                   ? sl_fail(err, SL_ID_USED, "%s: %s is in use by another program", option, text)
                   : sl_fail_errno(err, "%s: %s", option, text);
    }
    /* Port 0 became a real one, which the other loops share. */
    if (getsockname(fd, (struct sockaddr *)&listener->at, &listener->at_len) != 0) {
        return sl_fail_errno(err, "%s", option);
    }
    *out = fd;
    fd = -1;
    return SL_OK;
}

enum sl_code net_bind(struct net *net, struct sl_err *err)
{
    bool share = net->n_loops > 1;
    enum sl_code rc = SL_OK;

    for (int l = 0; l < NET_LISTENERS && rc == SL_OK; l++) {
        struct net_listener *listener = &net->listeners[l];
        if (share && net_listen_port(&listener->at) != 0) {
            /* Sharing would let a second server of the same user in: ask without it first. */
            int probe = -1;
            rc = bind_one(listener, option_names[l], false, &probe, err);
            if (probe >= 0) {
                (void)close(probe);
            }
        }
        for (int i = 0; i < net->n_loops && rc == SL_OK; i++) {
            rc = bind_one(listener, option_names[l], share, &net->loops[i].fds[l], err);
        }
        net_listen_text(&listener->at, listener->text, sizeof listener->text);
    }
    return rc;
}

static void refuse(struct net_loop *loop, int fd, struct net_calm *calm, const char *event,
                   size_t limit)
{
    uint64_t times = 0;

    (void)close(fd);
    if (net_calm_due(calm, net_now_ms(loop->net), &times)) {
        sl_log(SL_LOG_WARN, event, "limit=%zu refused=%llu", limit, (unsigned long long)times);
    }
}

static void link_conn(struct net_conn *conn)
{
    struct net_loop *loop = conn->loop;

    conn->all_at = &loop->all;
    conn->all_next = loop->all;
    if (loop->all != NULL) {
        loop->all->all_at = &conn->all_next;
    }
    loop->all = conn;
    loop->conns++;
    net_index(conn);
}

static void adopt(struct net_loop *loop, enum rpc_listener listener, int fd,
                  const struct net_addr *addr, bool counted)
{
    struct net_conn *conn = sl_alloc(sizeof *conn);
    lws_adopt_desc_t how;
    int on = 1;
    int unsent = UNSENT_BYTES;

    conn->loop = loop;
    conn->listener = listener;
    conn->socket_addr = *addr;
    conn->addr = *addr;
    conn->counted = counted;
    conn->out_last = &conn->out;
    conn->rpc.id = atomic_fetch_add(&loop->net->next_conn, 1);
    link_conn(conn);
    atomic_fetch_add(&loop->stats.accepted[listener], 1);
    /* Both only make it better; a socket that is gone already says so at the first read. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);

    memset(&how, 0, sizeof how);
    how.vh = loop->vhosts[listener];
    how.type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP | LWS_ADOPT_ALLOW_SSL;
    how.fd.sockfd = fd;
    how.opaque = conn;
    conn->adopting = true;
    struct lws *wsi = lws_adopt_descriptor_vhost_via_info(&how);
    conn->adopting = false;
    if (wsi == NULL) {
        net_conn_gone(conn);
        return;
    }
    conn->wsi = wsi;
}

static void admit(struct net_loop *loop, enum rpc_listener listener, int fd,
                  const struct net_addr *addr)
{
    struct net *net = loop->net;

    if (!net_limits_take(net->limits)) {
        atomic_fetch_add(&loop->stats.refused_total, 1);
        refuse(loop, fd, &net->calm_total, "too many connections",
               (size_t)net->config->connections);
        return;
    }
    /* All clients of a proxy have its address: theirs are counted when they upgrade. */
    bool counted = !net_proxies_has(&net->proxies, addr);
    if (counted && !net_limits_take_address(net->limits, addr)) {
        net_limits_give(net->limits);
        atomic_fetch_add(&loop->stats.refused_address, 1);
        refuse(loop, fd, &net->calm_address, "too many connections from one address",
               (size_t)net->config->connections_per_address);
        return;
    }
    adopt(loop, listener, fd, addr, counted);
}

static void pause_accepting(struct net_loop *loop, int error)
{
    uint64_t times = 0;

    for (int l = 0; l < NET_LISTENERS; l++) {
        ev_io_stop(loop->ev, &loop->accept[l]);
    }
    ev_timer_set(&loop->calm, CALM_S, 0.);
    ev_timer_start(loop->ev, &loop->calm);
    if (net_calm_due(&loop->net->calm_fds, net_now_ms(loop->net), &times)) {
        sl_log(SL_LOG_ERROR, "cannot accept connections", "error=\"%s\" times=%llu",
               strerrordesc_np(error), (unsigned long long)times);
    }
}

static void on_accept(struct ev_loop *ev, ev_io *watcher, int revents)
{
    struct net_loop *loop = watcher->data;
    enum rpc_listener listener = (enum rpc_listener)(watcher - loop->accept);

    (void)ev;
    (void)revents;
    for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
        struct sockaddr_storage from;
        socklen_t from_len = sizeof from;
        memset(&from, 0, sizeof from);
        int fd =
            accept4(watcher->fd, (struct sockaddr *)&from, &from_len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            struct net_addr addr;
            net_addr_of(&from, &addr);
            admit(loop, listener, fd, &addr);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            pause_accepting(loop, errno);
            return;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        }
        /* The rest is the trouble of that one connection. */
    }
}

static void on_calm(struct ev_loop *ev, ev_timer *timer, int revents)
{
    struct net_loop *loop = timer->data;

    (void)revents;
    for (int l = 0; l < NET_LISTENERS && !loop->quiet; l++) {
        ev_io_start(ev, &loop->accept[l]);
    }
}

enum sl_code net_listen(struct net_loop *loop, struct sl_err *err)
{
    ev_timer_init(&loop->calm, on_calm, CALM_S, 0.);
    loop->calm.data = loop;
    for (int l = 0; l < NET_LISTENERS; l++) {
        if (listen(loop->fds[l], BACKLOG) != 0) {
            return errno == EADDRINUSE
                       ? sl_fail(err, SL_ID_USED, "%s: %s is in use by another program",
                                 option_names[l], loop->net->listeners[l].text)
                       : sl_fail_errno(err, "%s", option_names[l]);
        }
        ev_io_init(&loop->accept[l], on_accept, loop->fds[l], EV_READ);
        loop->accept[l].data = loop;
        ev_io_start(loop->ev, &loop->accept[l]);
    }
    return SL_OK;
}

void net_unlisten(struct net_loop *loop)
{
    ev_timer_stop(loop->ev, &loop->calm);
    for (int l = 0; l < NET_LISTENERS; l++) {
        if (loop->fds[l] >= 0) {
            ev_io_stop(loop->ev, &loop->accept[l]);
            (void)close(loop->fds[l]);
            loop->fds[l] = -1;
        }
    }
}

void net_conn_gone(struct net_conn *conn)
{
    struct net_loop *loop = conn->loop;

    if (!conn->destroyed) {
        conn->destroyed = true;
        net_unindex(conn);
        *conn->all_at = conn->all_next;
        if (conn->all_next != NULL) {
            conn->all_next->all_at = conn->all_at;
        }
        loop->conns--;
        if (conn->open) {
            atomic_fetch_sub(&loop->stats.open[conn->listener], 1);
        }
        net_limits_give(loop->net->limits);
        if (conn->counted) {
            net_limits_give_address(loop->net->limits, &conn->addr);
        }
        net_drop_out(conn);
        sl_buf_free(&conn->in);
        net_http_free(conn->http);
        conn->http = NULL;
    }
    /* Adoption looks at it once more. */
    if (!conn->adopting) {
        free(conn);
    }
}
