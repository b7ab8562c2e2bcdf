/*
 * Messages that a person said yes to and that the service has not confirmed yet. Each is kept,
 * sealed, from before it is sent until its place in the conversation is known; after a lost answer
 * the same bytes are sent again. Those of one conversation go in the order in which they were
 * written.
 */
#ifndef SENDLINE_CLI_OUTBOX_H
#define SENDLINE_CLI_OUTBOX_H

#include "convo.h"

/** Keep a message. *name is its file's, owned. Needs session_need. */
SL_MUST_USE int outbox_put(struct cli *cli, const struct desk_thread *to, enum e2_plain kind,
                           const json_t *body, char **name);

/** How far sending came. */
struct outbox_run {
    size_t sent;
    int64_t at;  /**< when the service took the last one */
    char *stuck; /**< owned: the name of the first that was not taken, or NULL */
    bool unsure; /**< it may have arrived all the same */
};
void sl_auto_outbox_run(struct outbox_run *run);

/** Send what waits for one conversation, up to the first that is not taken; what was taken leaves
 * the outbox. Asks nobody. @return CLI_OK: nothing waits for it any more; else why, in the fault */
SL_MUST_USE int outbox_send(struct cli *cli, struct convo *convo, struct outbox_run *run);
/** Send all that waits. Failures are told, and leave the message where it is; only a lost
 * connection is returned. */
SL_MUST_USE int outbox_flush(struct cli *cli, const struct desk *desk, size_t *sent);

/** All that wait: owned array of {number, name, thread, ref, to, kind, body, at, entry?}, oldest
 * first. A number is a message's for as long as it waits. */
SL_MUST_USE int outbox_list(struct cli *cli, json_t **out);
/** Take one out. */
void outbox_drop(struct cli *cli, const char *name);

#endif
