/*
 * Post for a loop from any thread: a list under a mutex, and one wake-up for all that arrives
 * before the loop looks. libwebsockets has no other safe way in (only lws_cancel_service is
 * thread-safe, and it calls back every protocol of every listener).
 */
#ifndef SENDLINE_NET_MAIL_H
#define SENDLINE_NET_MAIL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rpc/rpc.h"

/** A frame that may wait for many connections. */
struct net_frame {
    _Atomic unsigned refs;
    size_t len;
    char *text; /**< owned */
};

struct net_frame *net_frame_new(char *take_text, size_t len); /**< one reference */
struct net_frame *net_frame_ref(struct net_frame *frame);
void net_frame_unref(struct net_frame *frame); /**< NULL is fine */

enum net_mail_kind {
    NET_REPLY,       /**< frame to conn, and its new identity */
    NET_PUSH,        /**< frame to every connection of account `id` */
    NET_END_SESSION, /**< frame to every connection of session `id` but conn, then close */
    NET_HTTP_DONE,   /**< the answer to a connection's HTTP call */
    NET_CLOSE,       /**< close conn after what was mailed to it before */
    NET_CERTIFICATE, /**< use another certificate */
    NET_QUIESCE,
    NET_FINISH
};

struct net_mail {
    struct net_mail *next;
    enum net_mail_kind kind;
    uint64_t conn;
    uint8_t id[SL_ID_BYTES];
    struct net_frame *frame; /**< owned, may be NULL */
    bool identify;
    struct rpc_identity who;
    json_t *answer;      /**< NET_HTTP_DONE: owned */
    struct net_tls *tls; /**< NET_CERTIFICATE: owned reference */
    int64_t within_ms;   /**< NET_FINISH */
};

struct net_mailbox {
    pthread_mutex_t lock;
    struct net_mail *first, **last; /* under the lock */
};

void net_mailbox_init(struct net_mailbox *box);
void net_mailbox_fini(struct net_mailbox *box); /**< frees what nobody took */
/** @return true when the box was empty: wake its loop. Thread: any. */
bool net_mailbox_put(struct net_mailbox *box, struct net_mail *take_mail);
/** Everything, oldest first. Thread: the loop. */
struct net_mail *net_mailbox_take(struct net_mailbox *box);

struct net_mail *net_mail_new(enum net_mail_kind kind, uint64_t conn);
void net_mail_free(struct net_mail *mail); /**< one, not the list */

#endif
