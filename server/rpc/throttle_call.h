/*
 * Throttling a try to sign in: by what is tried, and by where it comes from. Private to rpc/.
 * Thread: as the step.
 */
#ifndef SENDLINE_RPC_THROTTLE_CALL_H
#define SENDLINE_RPC_THROTTLE_CALL_H

#include "auth/auth.h"
#include "rpc/rpc.h"

/** SL_RATE_LIMITED with retry_after_s in call->extra. */
SL_MUST_USE enum sl_code throttle_call_try(struct rpc_call *call, enum auth_throttle kind,
                                           const void *key, size_t key_len, struct sl_err *err);
/** It succeeded: it does not count. */
void throttle_call_back(struct rpc_call *call, enum auth_throttle kind, const void *key,
                        size_t key_len);

#endif
