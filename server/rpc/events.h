/*
 * Events: what an account is told, made from the rows. Private to rpc/. Thread: as the step.
 */
#ifndef SENDLINE_RPC_EVENTS_H
#define SENDLINE_RPC_EVENTS_H

#include "rpc/thread.h"

/** The data of an event as this account sees it now; owned. */
SL_MUST_USE enum sl_code events_data(struct rpc_call *call, const uint8_t account_id[SL_ID_BYTES],
                                     const char *kind, const uint8_t *subject_id, uint32_t seq,
                                     json_t **out, struct sl_err *err);

/**
 * An entry.new as text, by hand for the busiest call: the same that events_data makes. First, and
 * once, what everybody is told; then the frame of each account, with what it has seen.
 *
 * @param entry_b64 the entry as the client sent it, which is the only way to write these bytes
 */
void events_entry_put(const struct rpc_call *call, const struct thread_state *t, uint32_t seq,
                      int64_t at, const char *entry_b64, const char *act, struct sl_buf *out);
char *events_entry_frame(const struct sl_buf *entry, const struct thread_state *t,
                         enum thread_side side, int64_t n, size_t *len);

#endif
