/*
 * A request on its way: from the frame that was taken to the one answer it gets. Private to rpc/.
 *
 * It is a job of the store. Its steps run on the store's threads; the answer and whatever else the
 * request does to the world come after the commit.
 */
#ifndef SENDLINE_RPC_REQUEST_H
#define SENDLINE_RPC_REQUEST_H

#include "rpc/count.h"
#include "rpc/effects.h"

/** Thread: constant but for the counters, which any thread may change. */
struct rpc {
    struct rpc_env env;
    struct store *store;
    const struct rpc_port *port;
    struct count *count;
    _Atomic int64_t waiting; /**< requests with the store */
};

/** Where an answer goes: a frame of a connection, or whoever called from inside. */
struct request_from {
    int loop;
    uint64_t conn; /**< 0: from inside */
    int64_t id;    /**< the frame's */
    bool nameless; /**< the frame had no id: the answer's is null */
    void (*done)(void *ctx, json_t *take_answer);
    void *ctx;
};

/** Thread: whoever has it; it is handed on, never shared. */
struct request {
    struct store_job job; /**< first, so that the job is the request */
    struct rpc *rpc;
    const struct rpc_route *route;
    struct request_from from;
    struct rpc_call call;
    struct rpc_effects effects;
    json_t *frame; /**< owned: what came, with the arguments in it */
    char peer[46];
    char cookie_token[48];
};

/**
 * Owned; who, listener, peer and cookie are the caller's to fill.
 *
 * @param take_frame  handed over whole: nothing of it is shared with the loop
 * @param args        in it; an object
 */
struct request *request_new(struct rpc *rpc, const struct rpc_route *route,
                            const struct request_from *from, json_t *take_frame, json_t *args);
void request_free(struct request *request);

/**
 * Give it to the store, which answers it.
 * @return SL_OK: it is gone. SL_BUSY, SL_STOPPING: it is still the caller's, and not answered.
 */
SL_MUST_USE enum sl_code request_submit(struct request *request, uint32_t lane, struct sl_err *err);

/** Answer what never became a request. take_extra: fields beside code and message; may be NULL. */
void request_refuse(struct rpc *rpc, const struct rpc_route *route, const struct request_from *from,
                    json_t *take_extra, const struct sl_err *err);

#endif
