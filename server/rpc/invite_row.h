/*
 * An invitation as its row stands. Private to rpc/. Thread: as the step.
 */
#ifndef SENDLINE_RPC_INVITE_ROW_H
#define SENDLINE_RPC_INVITE_ROW_H

#include "rpc/post.h"

struct invite_row {
    struct post_invite invite;
    uint8_t inviter_id[SL_ID_BYTES];
    uint8_t request_hash[SL_HASH_BYTES];
    uint8_t accept_hash[SL_HASH_BYTES]; /**< zero until it is used */
    struct sl_buf parcel;               /**< sealed; owned */
    int64_t made_at;
    int64_t tries;
    char state[16]; /**< as stored: open, used, ended, wrong_codes */
};

void invite_row_fini(struct invite_row *row);
/** The clean-up of SL_AUTO(invite_row). */
void sl_auto_invite_row(struct invite_row *row);

SL_MUST_USE enum sl_code invite_row_load(struct db *db, const uint8_t id[SL_ID_BYTES],
                                         struct invite_row *out, bool *found, struct sl_err *err);
/** "open", "used", "ended", "expired" or "wrong_codes". Static, or borrowed from state. */
const char *invite_row_state(const char *state, int64_t expires_at, int64_t now_s);
/** SL_INVITE_ENDED with its reason in call->extra. */
enum sl_code invite_row_refuse(struct rpc_call *call, const char *reason, struct sl_err *err);
/** Is the invitation that this invitee has opened still open? SL_INVITE_ENDED when not. */
SL_MUST_USE enum sl_code invite_row_still_open(struct rpc_call *call, struct sl_err *err);

#endif
