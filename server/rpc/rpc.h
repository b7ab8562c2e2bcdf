/*
 * From a frame to a reply: the route table, the dispatcher, and what a handler sees.
 *
 * net/ owns connections and bytes; rpc/ owns meaning. A loop thread gives rpc_frame() a whole text
 * frame; the answer comes back later through the port, from whichever thread finished it. Handlers
 * are straight-line code with one signature, and can be called in a unit test without a socket.
 */
#ifndef SENDLINE_RPC_RPC_H
#define SENDLINE_RPC_RPC_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/entry.h"
#include "common/err.h"
#include "common/proto.h"
#include "common/rand.h"
#include "config/config.h"
#include "store/db.h"
#include "store/store.h"

struct rpc;
struct auth;
struct outbox;
struct seal;

enum rpc_listener {
    RPC_PUBLIC,
    RPC_STAFF_LISTENER
};

/** Who a connection speaks for. Copied into each request when it is dispatched. */
struct rpc_identity {
    unsigned role; /**< one of R_ANON, R_INVITEE, R_PARENT, R_STAFF, R_HTTP */
    uint8_t account_id[SL_ID_BYTES];
    uint8_t session_id[SL_ID_BYTES]; /**< zero for an invitee */
    uint8_t invite_id[SL_ID_BYTES];  /**< an invitee's */
    int64_t idle_s; /**< seconds without a request after which the session has ended */
};

/** The part of a connection that rpc/ owns. Thread: the connection's loop. */
struct rpc_conn {
    uint64_t id; /**< unique while the server runs; never 0 */
    int loop;    /**< index of the loop that owns it */
    enum rpc_listener listener;
    char peer[46];         /**< numeric address, for throttling; never logged */
    char cookie_token[48]; /**< the session cookie's value at the handshake, or "" */
    struct rpc_identity who;
    int64_t used_ms;      /**< monotonic, last request */
    int64_t tokens_milli; /**< allowance left, in thousandths of a call */
    int64_t tokens_at_ms;
    int64_t touched_ms; /**< monotonic, when used_at of the session was last saved */
    uint32_t in_flight; /**< frames taken and not yet answered */
    uint32_t strikes;   /**< bad frames and refused floods, forgiven one for each good call */
};

/** What net/ gives: how answers get back to a connection. Every function may be called from any
 * thread. */
struct rpc_port {
    void *ctx;
    /** A frame for one connection (it may be gone: then drop it). who: the connection's new
     * identity, or NULL. */
    void (*reply)(void *ctx, int loop, uint64_t conn, char *take_frame, size_t len,
                  const struct rpc_identity *who);
    /** An event for every connection of an account. */
    void (*push)(void *ctx, const uint8_t account_id[SL_ID_BYTES], char *take_frame, size_t len);
    /** Close every connection of a session but `except` (0: none), after a last frame; owned, may
     * be NULL. */
    void (*end_session)(void *ctx, const uint8_t session_id[SL_ID_BYTES], uint64_t except,
                        char *take_frame, size_t len);
};

/** What every handler may use; shared, and each part thread-safe or constant. */
struct rpc_env {
    const struct config *config;
    const struct sl_clock *clock;
    const struct sl_rand *rand;
    struct auth *auth;           /**< challenges, tickets, throttles: in memory, locked */
    const struct seal *seal;     /**< the outside key: personal columns and look-up hashes */
    const struct outbox *outbox; /**< who is told by e-mail and text; NULL: nobody */
};

/** One request. Thread: whoever runs the step. */
struct rpc_call {
    struct rpc_env *env;
    struct db *db; /**< this step's connection */
    json_t *args;  /**< an object; borrowed */
    struct rpc_identity who;
    enum rpc_listener listener;
    const char *peer;
    const char *cookie_token;
    int64_t now_s; /**< one time for the whole step */

    void *prepared;                /**< what check leaves for run; owned */
    void (*free_prepared)(void *); /**< may be NULL: free */

    json_t *ok;    /**< the answer to fill: an object, empty at first */
    json_t *extra; /**< beside code and message in an error: an object, empty at first */
    bool keep;     /**< an error is answered, and what was written is kept all the same */
    bool become;   /**< the connection takes on `identity` */
    struct rpc_identity identity;
    struct rpc_effects *effects; /**< after the commit: rpc_notify, rpc_end_session */
};

typedef enum sl_code rpc_handler(struct rpc_call *call, struct sl_err *err);

struct rpc_route {
    const char *name;
    unsigned who;
    enum sl_call_mode mode;
    int cost;
    const char
        *args; /**< what it takes, "thread:b16 from:int?"; anything else is refused (args.def) */
    rpc_handler *check; /**< CHECKED only */
    rpc_handler *run;
};
/** All routes, sorted by name; made from proto.def. */
extern const struct rpc_route rpc_routes[];
extern const size_t rpc_route_count;
const struct rpc_route *rpc_route_of(const char *name);

SL_MUST_USE enum sl_code rpc_new(const struct rpc_env *env, struct store *store,
                                 const struct rpc_port *port, struct rpc **out, struct sl_err *err);
void rpc_free(struct rpc *rpc); /**< after store_close: nothing may be under way */

void rpc_conn_init(struct rpc *rpc, struct rpc_conn *conn, uint64_t id, int loop,
                   enum rpc_listener listener, const char *peer);

/**
 * A whole text frame from a connection. Answers come through the port; a frame that cannot be
 * answered (no id) gets an answer with id null. @return false: the connection has earned to be
 * closed (bad frames, flooding). Thread: the connection's loop; never blocks.
 */
bool rpc_frame(struct rpc *rpc, struct rpc_conn *conn, const char *text, size_t len);

/**
 * A reply of rpc_frame has reached the connection's loop: every frame taken gets exactly one.
 * Counts it off and takes on the new identity (NULL: as before). Call it for each reply, before its
 * frame is sent. Thread: the connection's loop.
 */
void rpc_conn_answered(struct rpc_conn *conn, const struct rpc_identity *who);

/**
 * A call from the HTTP side (R_HTTP): session.cookie. `done` gets the whole answer, {"ok":…} or
 * {"error":…}, on any thread. take_args is owned.
 */
void rpc_internal(struct rpc *rpc, const char *name, json_t *take_args, const char *peer,
                  void (*done)(void *ctx, json_t *take_answer), void *ctx);

/**
 * Append lines of Prometheus text: sendline_requests_total by call and code, and what waits.
 * Thread: any; never blocks.
 */
void rpc_metrics(struct rpc *rpc, struct sl_buf *out);

/* ---- For handlers ---- */

/**
 * Tell an account: writes the event row (its next cursor) in this transaction, and pushes it after
 * the commit. The data of the event is made from the rows, so a push and a later sync say the same.
 *
 * @param subject_id a thread, or for SL_EV_INVITE_USED an invitation
 * @param seq the entry's, or 0
 */
SL_MUST_USE enum sl_code rpc_notify(struct rpc_call *call, const uint8_t account_id[SL_ID_BYTES],
                                    enum sl_event_kind kind, const uint8_t *subject_id,
                                    uint32_t seq, struct sl_err *err);
/** After the commit, close the connections of a session (not this one). */
void rpc_end_session(struct rpc_call *call, const uint8_t session_id[SL_ID_BYTES]);

#endif
