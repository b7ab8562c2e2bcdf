/*
 * The acceptance rules of crypto.md that the server can judge, on a thread's row as it stands.
 * Private to rpc/. Thread: as the step.
 */
#ifndef SENDLINE_RPC_RULES_H
#define SENDLINE_RPC_RULES_H

#include "rpc/post.h"

/** Out of date? SL_ENTRY_STALE with last_seq, last_link and newest_generation in call->extra. */
SL_MUST_USE enum sl_code rules_stale(struct rpc_call *call, const struct post *post,
                                     const struct thread_state *t,
                                     const uint8_t prev_link[SL_HASH_BYTES], uint32_t own_seq,
                                     struct sl_err *err);

/** Rules 1 and 3 to 8. SL_ENTRY_REFUSED with the rule in call->extra. */
SL_MUST_USE enum sl_code rules_judge(struct rpc_call *call, struct post *post,
                                     const struct thread_state *t, struct sl_err *err);

/**
 * The key that this entry's signature must hold under.
 *
 * @param parent_pk the parent's newest key in the thread; NULL: there is none
 * @param found false: nobody's
 */
SL_MUST_USE enum sl_code rules_sign_pk(struct rpc_call *call, const struct post *post,
                                       const uint8_t *parent_pk, uint8_t out[SL_PK_BYTES],
                                       bool *found, struct sl_err *err);

#endif
