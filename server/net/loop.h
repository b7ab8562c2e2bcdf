/*
 * What the files of net/ share: the server's network side, one loop, one connection. Not for
 * others.
 *
 * A connection belongs to the loop that accepted it, and nothing of it is touched by another
 * thread: whatever comes from elsewhere comes through the loop's mailbox.
 */
#ifndef SENDLINE_NET_LOOP_H
#define SENDLINE_NET_LOOP_H

#include <ev.h>
#include <libwebsockets.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "net/addr.h"
#include "net/limits.h"
#include "net/mail.h"
#include "net/net.h"
#include "net/tls.h"
#include "net/web.h"

#define NET_LISTENERS 2
#define NET_COOKIE "__Host-sendline"
#define NET_MAX_BODY_BYTES 4096U
/** One TLS record, and what is written at once. */
#define NET_CHUNK_BYTES 16000U
#define NET_TX_PACKET_BYTES 16384U
#define NET_RX_BYTES 2048U
#define NET_SERV_BUF_BYTES 32768U
/** What libwebsockets reads of a request's head; more than this and it hangs up without a word. */
#define NET_HEADER_BYTES 16384U
/** What we take of it, so that there is room for saying that it is too much. */
#define NET_MAX_HEAD_BYTES 8192
#define NET_MAX_PATH_BYTES 2048
/** No ClientHello, no request, no progress: closed after this. */
#define NET_PATIENCE_S 10
/** A frame that has begun must be whole within this. */
#define NET_FRAME_MS 60000
/** An answer over HTTP that nobody reads any further. */
#define NET_HTTP_STALL_S 20
/** A request's body must be whole within this. */
#define NET_BODY_MS 30000

struct net_loop;

/* A frame that waits to be sent. */
struct net_out {
    struct net_out *next;
    struct net_frame *frame;
};

/** A place in a list of a map; `at` is what points here, NULL while in no list. */
struct net_link {
    struct net_conn *next;
    struct net_conn **at;
};

/** One HTTP request being answered. Only while it lasts. */
struct net_http {
    struct sl_buf posted; /* a body that arrives */
    struct sl_buf head;   /* status line and headers */
    struct sl_buf own;    /* a body made for this answer */
    const uint8_t *body;  /* in `own` or in the web app's memory */
    size_t body_len;
    size_t sent;       /* of head and body together */
    bool without_body; /* HEAD, 204, 304 */
    bool close;        /* afterwards */
    bool ready;        /* the answer is there */
    bool called;       /* rpc/ works on it */
    bool refused;      /* answered before its body was read */
    int64_t since_ms;  /* monotonic: when the request came */
    enum {
        NET_POST_NONE,
        NET_POST_SESSION,
        NET_POST_SESSION_END
    } post;
};

/** One accepted socket. Thread: its loop. */
struct net_conn {
    struct net_loop *loop;
    struct lws *wsi;
    enum rpc_listener listener;
    struct net_addr socket_addr; /* who holds the other end: a client, or a proxy */
    struct net_addr addr;        /* the client */
    bool counted;                /* addr is counted in the limits */
    bool adopting;
    bool destroyed;

    struct rpc_conn rpc;
    bool open;        /* a WebSocket, established */
    uint16_t closing; /* close code, once nothing waits to be sent; 0: not closing */

    struct net_link by_id, by_account, by_session;
    struct net_conn *all_next, **all_at;

    /* Out */
    struct net_out *out, **out_last;
    size_t out_bytes; /* waiting, all frames */
    size_t out_at;    /* already sent of the first */
    bool out_begun;   /* a piece of the first is on the wire */

    /* In */
    struct sl_buf in;
    int64_t heard_ms;    /* monotonic: when libwebsockets was last told that it is alive */
    int64_t in_since_ms; /* monotonic; 0: between frames */

    struct net_http *http;
};

struct net_map {
    struct net_conn **buckets;
    size_t mask;
    uint8_t hash_key[16];
};

/** Counters since start; written by the loop, read by /metrics on any loop. */
struct net_stats {
    _Atomic uint64_t accepted[NET_LISTENERS];
    _Atomic uint64_t opened[NET_LISTENERS];
    _Atomic int64_t open[NET_LISTENERS];
    _Atomic uint64_t refused_total, refused_address, refused_upgrades;
    _Atomic uint64_t frames_in, frames_out, bytes_in, bytes_out;
    _Atomic uint64_t pushes, cut, http[6]; /* by hundreds of the status */
};

/** What a virtual host of libwebsockets stands for. */
struct net_vhost {
    struct net_loop *loop;
    enum rpc_listener listener;
};

/** Thread: its own, but for box, stats and wake. */
struct net_loop {
    struct net *net;
    int index;
    pthread_t thread;
    bool started;

    struct ev_loop *ev;
    ev_async wake;
    ev_timer calm; /* accepting starts again */
    ev_timer finish;
    ev_io accept[NET_LISTENERS];
    int fds[NET_LISTENERS];
    struct lws_context *lws;
    lws_sorted_usec_list_t beat;
    struct lws_vhost *vhosts[NET_LISTENERS];
    struct net_vhost vhost_of[NET_LISTENERS];
    SSL_CTX *ssl[NET_LISTENERS]; /* borrowed from the vhosts */

    struct net_mailbox box;
    struct net_map by_id, by_account, by_session;
    struct net_conn *all;
    size_t conns;
    struct net_stats stats;

    bool quiet;     /* stopping: nothing new */
    bool finishing; /* last frames, then out */
    int64_t finish_by_ms;
    int64_t settled_ms; /* when nothing was left to send; 0: not yet */
    uint8_t *scratch;   /* LWS_PRE + NET_CHUNK_BYTES */
};

struct net_listener {
    const char *name; /* "public", "staff" */
    struct sockaddr_storage at;
    socklen_t at_len;
    char text[80];   /* address and port, as bound */
    char *authority; /* Host of the address that people use */
    char *numeric;   /* Host by number, for probes on the machine */
    char *origin;
    bool client_certificates;
};

/** Constant after net_start, but for the atomics and `tls` (thread: main). */
struct net {
    struct net_options options;
    const struct config *config;
    const struct sl_clock *clock;
    struct rpc *rpc;
    struct rpc_port port;
    struct net_listener listeners[NET_LISTENERS];
    struct net_tls *tls;
    SSL_CTX *outgoing; /* for connections to others: there are none */
    struct net_proxies proxies;
    struct net_limits *limits;
    struct web *web;
    struct net_loop *loops;
    int n_loops;
    lws_retry_bo_t pings;
    atomic_uint_least64_t next_conn;
    atomic_bool stopping;
    sem_t done; /* loops that have done what main waits for */
    struct net_calm calm_total, calm_address, calm_fds, calm_cut, calm_upgrade, calm_stall;
};

/* map.c: connections by id, account and session */
void net_map_init(struct net_map *map, size_t most);
void net_map_fini(struct net_map *map);
void net_index(struct net_conn *conn);    /* by its id */
void net_unindex(struct net_conn *conn);  /* from all maps */
void net_identify(struct net_conn *conn); /* anew, by who it is now */
struct net_conn *net_conn_of(struct net_loop *loop, uint64_t id);
/* The first that may be it, then on through by_account.next: compare the ids. */
struct net_conn *net_first_of_account(struct net_loop *loop, const uint8_t id[SL_ID_BYTES]);
struct net_conn *net_first_of_session(struct net_loop *loop, const uint8_t id[SL_ID_BYTES]);

/* accept.c: sockets */
enum sl_code net_bind(struct net *net, struct sl_err *err);
enum sl_code net_listen(struct net_loop *loop, struct sl_err *err);
void net_unlisten(struct net_loop *loop);
void net_conn_gone(struct net_conn *conn); /* libwebsockets has destroyed it: free everything */

/* loop.c */
enum sl_code net_loop_init(struct net_loop *loop, struct net *net, int index, struct sl_err *err);
enum sl_code net_loop_start(struct net_loop *loop, struct sl_err *err);
void net_loop_post(struct net_loop *loop, struct net_mail *take_mail); /* thread: any */
void net_loop_fini(struct net_loop *loop);
int64_t net_now_ms(const struct net *net); /* monotonic */
/* A virtual host has its SSL_CTX: set it up, and remember it for reloads. 0 or 1, as libwebsockets.
 */
int net_loop_take_ssl(struct lws_vhost *vhost, SSL_CTX *ctx);

/* ws.c */
int net_ws_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len);
/* Queue a frame; a connection that does not read is cut. Never inside its own callback. */
void net_send(struct net_conn *conn, struct net_frame *frame);
/* Close with this code when everything queued is sent, or after a few seconds. */
void net_close(struct net_conn *conn, uint16_t code);
void net_drop_out(struct net_conn *conn);
/* An upgrade: all that has to be right before it is answered. 0, or the refusal's HTTP status. */
int net_upgrade_refusal(struct net_conn *conn);

/* http.c */
int net_http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                      size_t len);
/* A header as text; NULL when it did not come, or is longer than size or has a NUL in it. */
const char *net_header(struct lws *wsi, enum lws_token_indexes token, char *out, size_t size);
bool net_host_is_ours(const struct net_conn *conn);
/* 414 or 431 for a request whose address or head is too long, else 0. */
int net_head_refusal(struct lws *wsi);

/* answer.c: between begin and finish come the headers of the one answer */
void net_answer_begin(struct net_http *http, int status);
void net_answer_finish(struct net_conn *conn, int status);
void net_answer_text(struct net_conn *conn, int status, const char *type, const char *text);
void net_answer_plain(struct net_conn *conn, int status, const char *text);
void net_answer_file(struct net_conn *conn, const struct web_file *file, int status);
/* The same, and close: whatever the request's body is. For 405 the text is what is allowed. */
void net_refuse(struct net_conn *conn, int status, const char *text);
int net_answer_writable(struct net_conn *conn);
void net_count_answer(struct net_conn *conn, int status);
void net_http_free(struct net_http *http);

/* post.c: a body comes; it is whole; rpc/ has answered */
int net_post_body(struct net_conn *conn, const void *data, size_t len);
int net_post_whole(struct net_conn *conn);
void net_post_called(struct net_conn *conn, const json_t *answer);

/* head.c: what every answer carries */
void net_head_begin(struct sl_buf *out, int status);
void net_head_put(struct sl_buf *out, const char *name, const char *value);
void net_head_end(struct sl_buf *out, size_t body_len, bool has_body, bool close);
extern const struct lws_protocol_vhost_options *const net_security_headers;
/* The same as lines, for the answer to an upgrade. */
void net_security_lines(struct sl_buf *out);

/* sweep.c: twice a second, what no event tells */
void net_sweep(struct net_loop *loop);

/* metrics.c */
void net_metrics(struct net *net, struct sl_buf *out);

/* cookie.c: the value of a cookie in a Cookie header, "" when it is not there or too long */
void net_cookie(const char *header, const char *name, char *out, size_t size);

#endif
