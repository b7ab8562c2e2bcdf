/*
 * One conversation taken whole and judged: what there is to read, what this computer remembers of
 * it, and (convo_send.c) writing to it. Thread: main.
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
    char *name;               /**< owned, one line: the parent's, from the card */
    struct e2_thread *thread; /**< owned */
    uint32_t *prev_seq;       /**< owned; by seq - 1: what each entry's author had read */
    uint32_t last_seq;        /**< the last one that came from the server */
    unsigned walks;           /**< session->walks when this was judged */
};

/**
 * Fetch, judge, remember. Needs session_online.
 * @return CLI_OK, also when an alarm has stopped the conversation: convo_may_send says so.
 */
SL_MUST_USE int convo_open(struct cli *cli, const struct desk_thread *about, struct convo **out);
/** Take what is new. */
SL_MUST_USE int convo_refresh(struct convo *convo);
/** Take one entry as an event or an answer brings it. False: there is a gap; refresh. */
bool convo_take(struct convo *convo, const json_t *entry);
/**
 * Names and judgements by the newest roster, also where it was fetched for another conversation or
 * for a new connection. Whoever keeps conversations open calls it before showing from one; taking
 * and refreshing do it themselves.
 */
void convo_judge(struct convo *convo);
void convo_free(struct convo *convo);
void sl_auto_convo(struct convo **convo);

/** When the parent had read this entry: the time of the first entry of theirs that says so, or 0.
 */
int64_t convo_read_at(const struct convo *convo, uint32_t seq);
/** Remember how far this conversation was checked. */
SL_MUST_USE int convo_remember(struct convo *convo);

/* ---- Writing ---- */

/** Say in words why nothing can be sent here, if so: CLI_FORBIDDEN or CLI_NOT_READY with what to
 * do. */
SL_MUST_USE int convo_may_send(struct convo *convo);
/**
 * Make the key entry that has to come before anything is written, if one has to.
 *
 * @param ask a person may be asked for the yes that names the inviter. Without it, and without
 *            --confirm, nothing is done when a yes is needed, and *made stays false.
 */
SL_MUST_USE int convo_key(struct convo *convo, bool ask, bool *made);
/** Whatever has to come before a message: may I write here, and is the key right? CLI_NOT_READY
 * also when the yes that names the inviter was not given. */
SL_MUST_USE int convo_ready(struct convo *convo, bool ask);
/** "I have read up to here": post a seen entry if one is due and the last is ten seconds old. */
SL_MUST_USE int convo_seen(struct convo *convo, uint32_t up_to, bool *posted);

/** A message on its way. */
struct convo_message {
    const uint8_t *entry_id; /**< 16 bytes, its for good: posted twice, it is stored once */
    enum e2_plain kind;
    const json_t *body;
    struct sl_buf sealed; /**< owned; bytes made before are sent first as they are, and what was
                             sent last is here afterwards */
    int (*keep)(void *ctx, const struct sl_buf *sealed); /**< before bytes leave; may be NULL */
    void *ctx;
    bool unsure; /**< after a failure: the service may have it all the same, so keep the bytes */
};
void sl_auto_convo_message(struct convo_message *message); /**< frees the bytes */

/** Post it: convo_ready first, asking nobody. @return CLI_OK with the service's time in *at */
SL_MUST_USE int convo_post(struct convo *convo, struct convo_message *message, int64_t *at);

/** A writer for compose. entry_id may be NULL. */
struct e2_writer convo_writer(const struct convo *convo, const uint8_t *entry_id);

#endif
