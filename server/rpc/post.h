/*
 * Posting an entry into a thread: what the server checks of the eight rules of crypto.md, and what
 * it writes.
 *
 * Two steps. post_check, on a reader, does what costs time: it takes the entry apart and verifies
 * its signature with the key that it sees. post_run, in the writer, decides everything on the rows
 * as they are then, and verifies again only if the key has changed meanwhile. Private to rpc/.
 * Thread: as the step.
 */
#ifndef SENDLINE_RPC_POST_H
#define SENDLINE_RPC_POST_H

#include "rpc/thread.h"

/** What an invite or keys entry must agree with; else NULL in struct post. */
struct post_invite {
    uint8_t id[SL_ID_BYTES];
    uint8_t parent_id[SL_ID_BYTES];
    uint8_t accept_pk[SL_PK_BYTES];
    int64_t expires_at;
};

struct post {
    uint8_t thread_id[SL_ID_BYTES];
    struct sl_buf bytes;      /**< owned: the entry as it came */
    struct sl_entry entry;    /**< borrows from bytes */
    enum sl_act act;          /**< SL_ACT_COUNT: none */
    uint32_t drop_seq;        /**< a message to take back, or 0 */
    unsigned types;           /**< bits 1 << type: what this call may post */
    const uint8_t *author_id; /**< who must have written it; borrowed */
    enum thread_side side;    /**< the author's */
    const struct post_invite *invite;

    bool well_formed;   /**< rule 1, as far as the bytes go */
    bool usable_box_pk; /**< keys entry: rule 7, "one that can be sealed to" */
    bool verified;
    uint8_t verified_pk[SL_PK_BYTES]; /**< the signature holds under this */

    uint32_t seq; /**< the answer */
    int64_t at;
    uint8_t link[SL_HASH_BYTES];
    bool repeated;   /**< the same bytes were there: nothing was written, nobody is told */
    bool first_keys; /**< the parent's first keys in this thread: it is new to them */
    struct thread_state state; /**< afterwards */
};

void post_fini(struct post *post);

/** {thread, entry} of obj into post, which is zeroed but for what the caller set. */
SL_MUST_USE enum sl_code post_parse(const json_t *obj, struct post *post, struct sl_err *err);
/**
 * The members of "entries": an array of owned posts. At least one, at most `max`.
 * @return SL_OK; SL_BAD_REQUEST
 */
SL_MUST_USE enum sl_code post_parse_list(const json_t *args, size_t max, struct post **out,
                                         size_t *count, struct sl_err *err);

/** The slow proofs, with what this snapshot knows; whatever it cannot find is left to post_run. */
SL_MUST_USE enum sl_code post_check(struct rpc_call *call, struct post *post, struct sl_err *err);

/**
 * Decide and write. In this order: the same bytes again, entry_id_used, closed, entry_stale,
 * entry_refused; call->extra names the thread, and is filled for the last two. Does not tell
 * anybody: post_notify.
 */
SL_MUST_USE enum sl_code post_run(struct rpc_call *call, struct post *post, struct sl_err *err);

/** entry.new to the thread's parent and caseworker; to the parent a notice, too, if it is to be
 * read. */
SL_MUST_USE enum sl_code post_notify(struct rpc_call *call, const struct post *post,
                                     struct sl_err *err);

/** seq, at, link into obj. */
void post_set_result(json_t *obj, const struct post *post);
/** [{thread, seq, at, link}] of many posts: owned. */
json_t *post_results(const struct post *posts, size_t count);

/** SL_ENTRY_REFUSED, naming the rule in call->extra. */
enum sl_code post_refuse(struct rpc_call *call, int rule, struct sl_err *err, const char *why);

#endif
