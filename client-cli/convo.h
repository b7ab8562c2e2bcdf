/*
 * One conversation taken whole and judged: reading it, making its key when one is due, posting to
 * it. Thread: main.
 */
#ifndef SENDLINE_CLI_CONVO_H
#define SENDLINE_CLI_CONVO_H

#include "desk.h"
#include "e2ee/compose.h"
#include "e2ee/memory.h"
#include "e2ee/thread.h"

struct convo {
    struct cli *cli;
    uint8_t thread_id[SL_ID_BYTES];
    char ref[SL_MAX_REF_BYTES + 1];
    char *name;               /**< owned: the parent's, from the card */
    struct e2_thread *thread; /**< owned */
    uint32_t *prev_seq;       /**< owned; by seq - 1: what each entry's author had read */
    uint32_t last_seq;        /**< the last one that came from the server */
};

/** Fetch, judge, remember. Needs session_online. CLI_OK also when the thread is stopped by an
 * alarm: see convo_alarm. */
SL_MUST_USE int convo_open(struct cli *cli, const struct desk_thread *about, struct convo **out);
/** Take what is new. */
SL_MUST_USE int convo_refresh(struct convo *convo);
/** Take one entry as an event or answer brings it. False: there is a gap; refresh. */
bool convo_take(struct convo *convo, const json_t *entry);
void convo_free(struct convo *convo);
void sl_auto_convo(struct convo **convo);

/** Say in words why nothing can be sent here, if so: CLI_FORBIDDEN or CLI_NOT_READY with what to
 * do. */
SL_MUST_USE int convo_may_send(struct convo *convo);
/**
 * Make the key entry that has to come before anything is written, if one has to.
 * @param ask  a person may be asked for the yes that names the inviter; without it, when a yes is
 * needed, nothing is done and *made stays false
 */
SL_MUST_USE int convo_key(struct convo *convo, bool ask, bool *made);
/** "I have read up to here": post a seen entry if one is due. */
SL_MUST_USE int convo_seen(struct convo *convo, uint32_t up_to, bool *posted);

/**
 * Post a message. entry_id is its for good: the same message posted twice is stored once.
 *
 * @param sealed  bytes made before (kept in the outbox), sent as they are first; may be empty; what
 * was sent last is in it afterwards
 * @return CLI_OK with *seq and *at
 */
SL_MUST_USE int convo_post(struct convo *convo, const uint8_t entry_id[SL_ID_BYTES],
                           enum e2_plain kind, const json_t *body, struct sl_buf *sealed,
                           int (*keep)(void *ctx, const struct sl_buf *sealed), void *ctx,
                           int64_t *at);

/** When the parent had read this entry: the time of the first entry of theirs that says so, or 0.
 */
int64_t convo_read_at(const struct convo *convo, uint32_t seq);
/** Remember how far this thread was checked. */
SL_MUST_USE int convo_remember(struct convo *convo);
/** A writer for compose. */
struct e2_writer convo_writer(const struct convo *convo, const uint8_t *entry_id);

#endif
