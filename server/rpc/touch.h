/*
 * Saving now and then that a session is in use. Private to rpc/. Thread: the connection's loop.
 */
#ifndef SENDLINE_RPC_TOUCH_H
#define SENDLINE_RPC_TOUCH_H

#include "rpc/request.h"

/** The connection has just been used: save it, unless that was done within IDLE_SAVED_EVERY_S. */
void touch_session(struct rpc *rpc, struct rpc_conn *conn);

#endif
