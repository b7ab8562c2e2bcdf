/* May I write in a thread, and what must come first. */
#include <string.h>

#include "e2ee/thread_state.h"

enum e2_send e2_thread_stopped(const struct e2_thread *t)
{
    if (t->lost) {
        return E2_SEND_ANOTHER_HISTORY;
    }
    return t->state.differ ? E2_SEND_HISTORIES_DIFFER : E2_SEND_YES;
}

/* What holds for staff alone: a parent has no place in the roster, and decides themselves about one
 * past its end. */
static enum e2_send staff_may(const struct e2_thread *t)
{
    const struct e2_person *me = t->has_me ? e2_trust_staff(t->trust, t->me) : NULL;

    if (me == NULL || me->ended != 0) {
        return E2_SEND_NOT_IN_ROSTER;
    }
    return e2_trust_expired(t->trust, sl_now_s(t->clock)) ? E2_SEND_ROSTER_EXPIRED : E2_SEND_YES;
}

static enum e2_send parent_may(const struct e2_thread *t)
{
    const struct e2_parent_keys *keys = &t->state.parent_keys;
    const struct e2_identity *mine = keys->seq == 0 ? NULL : e2_seeds_find(t->seeds, keys->box_pk);

    return mine != NULL && memcmp(mine->sign_pk, keys->sign_pk, SL_PK_BYTES) == 0
               ? E2_SEND_YES
               : E2_SEND_KEYS_REPLACED;
}

enum e2_send e2_thread_can_send(const struct e2_thread *t)
{
    const struct e2_seen_key *current = e2_state_current(&t->state);
    enum e2_send send = e2_thread_stopped(t);

    if (send != E2_SEND_YES) {
        return send;
    }
    if (!t->complete) {
        return E2_SEND_NOT_COMPLETE;
    }
    if (t->waiting) {
        return t->waiting_why;
    }
    if (e2_trust_alarm(t->trust) != E2_ALARM_NONE) {
        return E2_SEND_TRUST_ALARM;
    }
    send = t->reader == E2_READ_AS_PARENT ? parent_may(t) : staff_may(t);
    if (send != E2_SEND_YES) {
        return send;
    }
    return current != NULL && current->has_key ? E2_SEND_YES : E2_SEND_NO_KEY;
}

static bool has_ended(const struct e2_thread *t, const struct sl_key_body *body, uint8_t kind)
{
    const struct sl_grant *grant = e2_grant_of(body, kind);
    const struct e2_person *holder =
        e2_trust_find(t->trust, kind, grant->holder_id, grant->holder_generation);

    return holder == NULL || holder->ended != 0;
}

static enum e2_key_why why_new_key(const struct e2_thread *t)
{
    const struct e2_seen_key *current = e2_state_current(&t->state);

    if (current == NULL) {
        return E2_KEY_FIRST;
    }
    const struct sl_grant *parent = e2_grant_of(&current->body, SL_HOLDER_PARENT);
    if (t->state.parent_keys.seq != (parent == NULL ? 0 : parent->holder_generation)) {
        return E2_KEY_PARENT_KEYS;
    }
    if (has_ended(t, &current->body, SL_HOLDER_TEAM)) {
        return E2_KEY_TEAM_ENDED;
    }
    return has_ended(t, &current->body, SL_HOLDER_RECORDS) ? E2_KEY_RECORDS_ENDED : E2_KEY_FINE;
}

void e2_thread_key_need(const struct e2_thread *t, struct e2_key_need *out)
{
    const struct e2_parent_keys *keys = &t->state.parent_keys;
    const struct e2_seen_invite *invite =
        keys->seq == 0 ? NULL : e2_state_invite(&t->state, keys->invite_seq);

    memset(out, 0, sizeof(*out));
    out->why = why_new_key(t);
    out->inviter_name = "";
    if (invite == NULL) {
        return;
    }
    const struct e2_person *inviter = e2_trust_staff(t->trust, invite->author_id);
    memcpy(out->inviter_id, invite->author_id, SL_ID_BYTES);
    out->inviter_name = e2_staff_name(t, invite->author_id);
    out->inviter_left = inviter == NULL || inviter->ended != 0;
    out->invite_seq = invite->seq;
    out->invited_at = invite->sent_at;
    out->needs_yes = (!keys->granted || !e2_thread_confirmed(t, invite->author_id)) &&
                     !(t->has_me && memcmp(t->me, invite->author_id, SL_ID_BYTES) == 0);
}
