/*
 * An invitation from the caseworker's side: an entry in each conversation with the parent that
 * opens here, the parcel with their keys, and the call that posts it all together. Thread: main.
 */
#ifndef SENDLINE_CLI_INVITING_H
#define SENDLINE_CLI_INVITING_H

#include "convo.h"
#include "e2ee/invite.h"

struct inviting {
    struct cli *cli;
    uint8_t parent_id[SL_ID_BYTES];
    struct convo *convos[SL_MAX_THREADS_OF_PARENT]; /**< owned; the first is the one asked for */
    size_t count;
    json_t *info; /**< owned: what the service says of itself */
    struct e2_invite invite;
    int64_t expires_at;
};

/**
 * Open the conversations.
 *
 * @param about  the one to invite to
 * @param parent_id  whom; NULL: somebody new
 */
SL_MUST_USE int inviting_start(struct inviting *in, struct cli *cli, const struct desk *desk,
                               const struct desk_thread *about, const uint8_t *parent_id);
/** Is there an invitation that can still be accepted? *until is its end, or 0. */
SL_MUST_USE int inviting_open(const struct inviting *in, int64_t *until);
/** The title of the conversation asked for. */
SL_MUST_USE int inviting_card(const struct inviting *in, struct e2_card *card);
/**
 * Make the invitation and post it. Before it goes what has to: a key where one is due and nobody
 * has to be asked, a card where I have not shown that I have the key, or when the name is another.
 */
SL_MUST_USE int inviting_post(struct inviting *in, const char *parent_name, const char *address);
void sl_auto_inviting(struct inviting *in); /**< wipes */

/** Pure: the last five o'clock in London that an invitation made now may reach. */
int64_t inviting_expiry(int64_t now_s);

#endif
