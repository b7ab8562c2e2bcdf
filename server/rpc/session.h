/*
 * Sessions as rows: made by a sign-in, found by their token, ended. Private to rpc/. Thread: as the
 * step.
 */
#ifndef SENDLINE_RPC_SESSION_H
#define SENDLINE_RPC_SESSION_H

#include "rpc/rpc.h"

/** A session without a use for idle_s seconds has ended. */
int64_t session_idle_s(const struct rpc_call *call, unsigned role, bool own_device);

/**
 * Make a session, end the account's oldest beyond SL_MAX_SESSIONS, and let the connection take it
 * on.
 *
 * @param token_hash NULL: it has no token until a ticket is redeemed
 */
SL_MUST_USE enum sl_code session_begin(struct rpc_call *call, unsigned role,
                                       const uint8_t account_id[SL_ID_BYTES], bool own_device,
                                       const uint8_t *token_hash, struct sl_err *err);

/** Is the session of this call still there and used lately enough? SL_SESSION_ENDED when not. */
SL_MUST_USE enum sl_code session_alive(struct rpc_call *call, struct sl_err *err);

/** End every session of an account but one (zero: none is spared), with their connections. */
SL_MUST_USE enum sl_code session_end_others(struct rpc_call *call,
                                            const uint8_t account_id[SL_ID_BYTES],
                                            const uint8_t except[SL_ID_BYTES], struct sl_err *err);

#endif
