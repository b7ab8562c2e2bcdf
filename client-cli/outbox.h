/*
 * Messages that a person said yes to and that the service has not confirmed yet. Each is kept,
 * sealed, from before it is sent until its place in the conversation is known; after a lost answer
 * the same bytes are sent again.
 */
#ifndef SENDLINE_CLI_OUTBOX_H
#define SENDLINE_CLI_OUTBOX_H

#include "convo.h"

/** Keep a message. *name is its file's, owned. Needs session_need. */
SL_MUST_USE int outbox_put(struct cli *cli, const struct desk_thread *to, enum e2_plain kind,
                           const json_t *body, char **name);
/** Send one; it leaves the outbox when the service has it. @return CLI_OK with *at */
SL_MUST_USE int outbox_send(struct cli *cli, const char *name, struct convo *convo, int64_t *at);
/** All that wait: owned array of {name, thread, ref, to, kind, body, at, entry?}, oldest first. */
SL_MUST_USE int outbox_list(struct cli *cli, json_t **out);
/** Send all that wait. Failures are told, and leave the message where it is; only a lost connection
 * is returned. */
SL_MUST_USE int outbox_flush(struct cli *cli, const struct desk *desk, int *sent);

#endif
