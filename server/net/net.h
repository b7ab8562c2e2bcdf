/*
 * The network side of the server: two TLS listeners, WebSocket frames, the web app from memory.
 *
 *     net_new      reads certificates and web files, takes the ports; nothing is answered yet
 *     net_start    listens, one thread for each loop
 *     net_quiesce  takes no more connections, requests and frames; what is under way goes on
 *     net_stop     sends what is left, closes every connection with 1001, ends the threads
 *
 * Between net_quiesce and net_stop the store is closed, which answers what was queued.
 */
#ifndef SENDLINE_NET_NET_H
#define SENDLINE_NET_NET_H

#include "common/buf.h"
#include "common/clock.h"
#include "common/err.h"
#include "config/config.h"
#include "rpc/rpc.h"

struct net;

struct net_options {
    const struct config *config;  /**< borrowed until net_free */
    const struct sl_clock *clock; /**< the same */
    /** Called on loop threads: must not block. */
    void (*metrics)(void *ctx, struct sl_buf *out); /**< adds lines to /metrics; may be NULL */
    bool (*works)(void *ctx); /**< what /healthz says of the store; NULL: it does */
    void *ctx;
};

/**
 * Do the settings, certificates and web files make sense? Opens nothing, starts nothing.
 * The errors are those of net_new.
 */
SL_MUST_USE enum sl_code net_check(const struct config *config, struct sl_err *err);

/**
 * @return SL_OK; SL_BAD_REQUEST (a setting), SL_NOT_FOUND, SL_FORBIDDEN or SL_CORRUPT (certificate,
 *         key, web file), SL_ID_USED (a port that is in use: the detail names it), SL_SYSTEM.
 * Thread: main, before any other thread, since it sets the process's limit of open files.
 */
SL_MUST_USE enum sl_code net_new(const struct net_options *options, struct net **out,
                                 struct sl_err *err);
/** How answers get back: for rpc_new. Good from net_new to net_free. */
const struct rpc_port *net_rpc_port(struct net *net);
/** The port a listener really has. */
int net_port(const struct net *net, enum rpc_listener listener);
/** "127.0.0.1:8443". Borrowed. */
const char *net_address(const struct net *net, enum rpc_listener listener);

/** Thread: main, as all that follow. */
SL_MUST_USE enum sl_code net_start(struct net *net, struct rpc *rpc, struct sl_err *err);
/**
 * Read the certificate and key again; new connections get them, open ones go on.
 * On failure the old ones stay.
 */
SL_MUST_USE enum sl_code net_reload_certificate(struct net *net, struct sl_err *err);
void net_quiesce(struct net *net);
/** At most within_ms; what has not been read by then is cut off. */
void net_stop(struct net *net, int64_t within_ms);
void net_free(struct net *net); /**< NULL is fine; after net_stop if it was started */

#endif
