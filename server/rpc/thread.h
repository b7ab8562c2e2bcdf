/*
 * A thread as its row stands, and what each side of it is shown. Private to rpc/. Thread: as the
 * step.
 */
#ifndef SENDLINE_RPC_THREAD_H
#define SENDLINE_RPC_THREAD_H

#include "domain/reply.h"
#include "rpc/rpc.h"

/** What one author has written and seen. */
struct thread_member {
    uint32_t own_seq;
    uint32_t seen_seq;
    int64_t seen_count; /**< of the other side's messages to read, up to seen_seq */
};

enum thread_side {
    THREAD_PARENT,
    THREAD_STAFF
};

struct thread_state {
    uint8_t id[SL_ID_BYTES];
    uint8_t case_id[SL_ID_BYTES];
    char ref[SL_MAX_REF_BYTES + 1];
    uint8_t team_id[SL_ID_BYTES];
    uint8_t caseworker_id[SL_ID_BYTES];
    bool has_parent; /**< an invitation named one */
    uint8_t parent_id[SL_ID_BYTES];
    int64_t created_at;
    int64_t accepted_at; /**< 0: no parent's keys yet */
    int64_t closed_at;
    uint32_t last_seq;
    int64_t last_at;
    uint8_t last_link[SL_HASH_BYTES];
    uint32_t generation;
    uint32_t key_seq;
    uint32_t card_seq;
    uint32_t roster_serial;
    uint32_t parent_keys_seq;
    uint8_t parent_sign_pk[SL_PK_BYTES];
    uint8_t parent_box_pk[SL_PK_BYTES];
    int64_t count[2];     /**< messages to read that each side has written */
    uint32_t seen_seq[2]; /**< what somebody of each side has seen */
    struct reply_facts reply;
    struct thread_member member[2]; /**< the parent; the caseworker */
};

/** Take the current row of a "thread state" statement apart. */
SL_MUST_USE enum sl_code thread_of_row(const struct db_stmt *s, struct thread_state *out,
                                       struct sl_err *err);
/** *found false: there is none. */
SL_MUST_USE enum sl_code thread_load(struct db *db, const uint8_t id[SL_ID_BYTES],
                                     struct thread_state *out, bool *found, struct sl_err *err);

/** May this account see the thread, and on which side does it stand? The parent once they have
 * accepted; the caseworker. */
bool thread_side_of(const struct thread_state *t, const uint8_t account_id[SL_ID_BYTES],
                    enum thread_side *out);

int64_t thread_unread(const struct thread_state *t, enum thread_side side);

/** {"state", "waiting_since_at", "due_on", "seq"}: owned. */
json_t *thread_reply_json(const struct rpc_call *call, const struct thread_state *t);
/** The same as text, appended: for frames that are composed by hand. */
void thread_reply_put(const struct rpc_call *call, const struct thread_state *t,
                      struct sl_buf *out);
/** unread, reply, own_seen_seq, other_seen_seq into obj. */
void thread_set_view(const struct rpc_call *call, json_t *obj, const struct thread_state *t,
                     enum thread_side side);
/** An item of thread.list, without key and card: owned. */
json_t *thread_item(const struct rpc_call *call, const struct thread_state *t,
                    enum thread_side side);
/** Put {seq, at, entry} of one entry into obj under field; nothing when seq is 0. */
SL_MUST_USE enum sl_code thread_set_entry(const struct rpc_call *call, json_t *obj,
                                          const char *field, const uint8_t thread_id[SL_ID_BYTES],
                                          uint32_t seq, struct sl_err *err);
/** The columns seq, at, bytes, header, body_hash (0 to 4) of a row into obj. */
void thread_set_row(json_t *obj, const struct db_stmt *s);

#endif
