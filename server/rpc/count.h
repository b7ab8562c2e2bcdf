/*
 * How often each call came to which end: for /metrics, and for the log where the fault is ours.
 * Private to rpc/. Thread: any.
 */
#ifndef SENDLINE_RPC_COUNT_H
#define SENDLINE_RPC_COUNT_H

#include "rpc/rpc.h"

struct count;

struct count *count_new(const struct sl_clock *clock); /**< owned */
void count_free(struct count *count);                  /**< NULL is fine */

/**
 * One more end of a call. Of internal errors the detail is logged, for each call at most one line a
 * second with how many there were.
 *
 * @param route NULL: a frame that named no call
 */
void count_end(struct count *count, const struct rpc_route *route, enum sl_code code,
               const struct sl_err *err);

/** Append sendline_requests_total. */
void count_put(struct count *count, struct sl_buf *out);

#endif
