/*
 * Entries to post, each made for one place in the chain: the thread's head. When the server says
 * entry_stale, take what is new and make it again with the same entry id. Appends the whole entry
 * to `out`.
 *
 * All need e2_thread_can_send (a key entry does without a key of its own to go on from where there
 * is none yet, a seen entry without a key at all); they return SL_FORBIDDEN with the reason's name
 * otherwise.
 * Thread: one owner; the thread is only read.
 */
#ifndef SENDLINE_E2EE_COMPOSE_H
#define SENDLINE_E2EE_COMPOSE_H

#include "e2ee/invite.h"
#include "e2ee/thread.h"

struct e2_writer {
    const uint8_t *id; /**< 16 bytes */
    const struct e2_identity *identity;
    const struct sl_rand *rand;
    const struct sl_clock *clock;
    const uint8_t *entry_id; /**< 16 bytes to use again after entry_stale; NULL: a fresh one (read
                                it from the header with e2_entry_id) */
};

/** entry_id of an entry that was composed. Borrowed from it. */
const uint8_t *e2_entry_id(struct sl_bytes entry);

/** A message: kind and the fields of its table. @return SL_OK; SL_FORBIDDEN; SL_BAD_REQUEST: the
 * body is not of its table, or staff may not send the kind; SL_TOO_BIG. */
SL_MUST_USE enum sl_code e2_compose_message(const struct e2_thread *t, const struct e2_writer *me,
                                            enum e2_plain kind, const json_t *body,
                                            struct sl_buf *out, struct sl_err *err);

/** Take one's own message back. A card may not be: an invitation may lean on it, and would fall
 * with its body. */
SL_MUST_USE enum sl_code e2_compose_retract(const struct e2_thread *t, const struct e2_writer *me,
                                            uint32_t seq, struct sl_buf *out, struct sl_err *err);

/**
 * The next generation of the thread's key (or the first): for the team, the records officers and
 * the parent's newest keys, as the newest roster has them.
 *
 * @param team_id      the team; NULL: the one that has it. Needed for the first. Another one than
 * before was named to the thread (e2_thread_name_team).
 * @param yes_to       inviter_id of e2_thread_key_need after a person said yes to that name; NULL:
 * nobody was asked
 * @return SL_OK; SL_FORBIDDEN: needs_yes and yes_to is not that inviter; or see above;
 * SL_NOT_FOUND: no such team or no records holder that is current.
 */
SL_MUST_USE enum sl_code e2_compose_key(const struct e2_thread *t, const struct e2_writer *me,
                                        const uint8_t *team_id, const uint8_t *yes_to,
                                        struct sl_buf *out, struct sl_err *err);

/** Have I shown the key in this generation, so that my invitation counts? If not, post a card
 * first. */
bool e2_may_invite(const struct e2_thread *t, const uint8_t staff_id[SL_ID_BYTES]);
/** An invite entry. @return SL_FORBIDDEN also when e2_may_invite says no, or parent_id is another
 * than before. */
SL_MUST_USE enum sl_code e2_compose_invite(const struct e2_thread *t, const struct e2_writer *me,
                                           const struct e2_invite *invite,
                                           const uint8_t parent_id[SL_ID_BYTES],
                                           uint64_t expires_at, struct sl_buf *out,
                                           struct sl_err *err);

/** "I have read everything up to here." @return SL_OK; SL_BAD_REQUEST: not an entry here, or below
 * one of mine. */
SL_MUST_USE enum sl_code e2_compose_seen(const struct e2_thread *t, const struct e2_writer *me,
                                         uint32_t up_to, struct sl_buf *out, struct sl_err *err);

/* ---- The parent's side: tests alone use it here ---- */

/** A keys entry, signed with the new identity. `by`: seq of the invite, proved with its accept key,
 * or 0 and the old sign key (64 bytes). me->identity is the new one, me->id the parent's id.
 * @return SL_FORBIDDEN also when nobody would take it. */
SL_MUST_USE enum sl_code e2_compose_keys(const struct e2_thread *t, const struct e2_writer *me,
                                         uint32_t by, const uint8_t prove_sk[64],
                                         struct sl_buf *out, struct sl_err *err);
/** A message by a parent: e2_compose_message without the questions about staff. */
SL_MUST_USE enum sl_code e2_compose_parent_message(const struct e2_thread *t,
                                                   const struct e2_writer *me, enum e2_plain kind,
                                                   const json_t *body, struct sl_buf *out,
                                                   struct sl_err *err);

/* ---- The last step, for vectors and for tests that make what nobody may ---- */

/** Fill in a header for the thread's head: type, author, entry id, clock, generation, prev. */
void e2_compose_header(const struct e2_thread *t, const struct e2_writer *me, uint8_t type,
                       struct sl_header *out);
/** header ‖ body ‖ signature. */
void e2_compose_sign(const struct sl_header *header, struct sl_bytes body,
                     const uint8_t sign_sk[64], struct sl_buf *out);
/** aead(thread_key, "sendline-message-v1" ‖ header, pad(256, json)); appends the body. */
void e2_compose_seal(const struct sl_header *header, const uint8_t key[E2_KEY_BYTES],
                     struct sl_bytes json, const struct sl_rand *rand, struct sl_buf *body);

#endif
