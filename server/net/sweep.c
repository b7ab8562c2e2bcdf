/*
 * Twice a second: what libwebsockets does not tell us about.
 */
#include <poll.h>
#include <string.h>

#include "common/log.h"
#include "net/loop.h"

static void kill_conn(struct net_conn *conn)
{
    lws_set_timeout(conn->wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
}

/*
 * While an answer is under way libwebsockets does not read, and does not stop asking whether there
 * is anything to read either: a client that sends on, or hangs up half, makes the loop spin.
 */
static bool spins(const struct net_conn *conn)
{
    struct pollfd p = {.fd = lws_get_socket_fd(conn->wsi), .events = POLLIN | POLLRDHUP};

    return conn->http->sent > 0 && poll(&p, 1, 0) == 1 &&
           (p.revents & (POLLIN | POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

static void sweep_http(struct net_conn *conn, int64_t now_ms)
{
    uint64_t times = 0;
    struct net *net = conn->loop->net;
    bool late =
        !conn->http->ready && !conn->http->called && now_ms - conn->http->since_ms > NET_BODY_MS;

    if (!late && !spins(conn)) {
        return;
    }
    kill_conn(conn);
    if (net_calm_due(&net->calm_stall, now_ms, &times)) {
        sl_log(SL_LOG_INFO, "stalled request cut", "times=%llu", (unsigned long long)times);
    }
}

static bool is_idle(const struct net_conn *conn, int64_t now_ms)
{
    return now_ms - conn->rpc.used_ms > conn->rpc.who.idle_s * 1000;
}

/* A session's idle time is counted over all its connections here; the others are asked only when
 * this one is idle, or thousands of one session would each ask thousands. */
static bool session_is_idle(struct net_conn *conn, int64_t now_ms)
{
    bool idle = is_idle(conn, now_ms);
    struct net_conn *other = !idle || conn->by_session.at == NULL
                                 ? NULL
                                 : net_first_of_session(conn->loop, conn->rpc.who.session_id);

    for (; idle && other != NULL; other = other->by_session.next) {
        idle = memcmp(other->rpc.who.session_id, conn->rpc.who.session_id, SL_ID_BYTES) != 0 ||
               is_idle(other, now_ms);
    }
    return idle;
}

static void sweep_socket(struct net_conn *conn, int64_t now_ms)
{
    if (conn->in_since_ms != 0 && now_ms - conn->in_since_ms > NET_FRAME_MS) {
        net_close(conn, LWS_CLOSE_STATUS_POLICY_VIOLATION);
    }
    /* The next call would be told that the session has ended; events must end with it. */
    if (conn->rpc.who.idle_s > 0 && session_is_idle(conn, now_ms)) {
        net_close(conn, LWS_CLOSE_STATUS_NORMAL);
    }
}

void net_sweep(struct net_loop *loop)
{
    int64_t now_ms = net_now_ms(loop->net);

    for (struct net_conn *conn = loop->all; conn != NULL; conn = conn->all_next) {
        if (conn->http != NULL) {
            sweep_http(conn, now_ms);
        } else if (conn->open && conn->closing == 0) {
            sweep_socket(conn, now_ms);
        }
    }
}
