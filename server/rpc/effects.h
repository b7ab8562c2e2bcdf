/*
 * What a request does to the world after its commit: events to push, sessions to end. Private to
 * rpc/. Thread: the step's.
 */
#ifndef SENDLINE_RPC_EFFECTS_H
#define SENDLINE_RPC_EFFECTS_H

#include "rpc/rpc.h"

struct rpc_effect {
    uint8_t account_id[SL_ID_BYTES];
    enum sl_event_kind kind;
    uint8_t subject_id[SL_ID_BYTES];
    uint32_t seq;
    int64_t n;   /**< its number in the account's events */
    char *frame; /**< owned; NULL until it is composed */
    size_t len;
};

struct rpc_effects {
    struct rpc_effect *events; /**< owned */
    size_t event_count;
    uint8_t (*ended)[SL_ID_BYTES]; /**< sessions; owned */
    size_t ended_count;
    /**
     * A handler that has everything at hand composes its frames here, after the commit, and keeps
     * the writer free. Else they are made from the rows before it.
     */
    void (*compose)(struct rpc_call *call);
};

/** Give frames to the events that have none yet, from the rows. */
SL_MUST_USE enum sl_code effects_compose(struct rpc_call *call, struct sl_err *err);
/** Hand everything to the port. */
void effects_send(struct rpc_effects *effects, const struct rpc_port *port, uint64_t conn);
void effects_fini(struct rpc_effects *effects);

#endif
