/* What there is to show of a thread, where it goes on, and what to remember of it. */
#include <string.h>

#include "common/json.h"
#include "e2ee/thread_state.h"

size_t e2_thread_count(const struct e2_thread *t)
{
    return t->state.count;
}

const struct e2_item *e2_thread_item(const struct e2_thread *t, size_t i)
{
    return &t->state.items[i].shown;
}

bool e2_thread_card(const struct e2_thread *t, struct e2_card *out)
{
    for (size_t i = t->state.count; i > 0; i--) {
        const struct e2_own_item *own = &t->state.items[i - 1];
        if (own->shown.plain != E2_CARD) {
            continue;
        }
        *out = (struct e2_card){
            .case_ref = json_string_value(json_object_get(own->body, "case")),
            .child = json_string_value(json_object_get(own->body, "child")),
            .parent = json_string_value(json_object_get(own->body, "parent")),
            .seq = own->shown.seq,
        };
        out->has_continues =
            sl_json_fixed(own->body, "continues", out->continues, SL_ID_BYTES, NULL) == SL_OK;
        return true;
    }
    return false;
}

bool e2_thread_readers(const struct e2_thread *t, struct e2_readers *out)
{
    const struct e2_seen_key *current = e2_state_current(&t->state);

    if (current == NULL) {
        return false;
    }
    const struct sl_grant *team = e2_grant_of(&current->body, SL_HOLDER_TEAM);
    out->team = e2_grant_name(t, &current->body, SL_HOLDER_TEAM);
    out->records = e2_grant_name(t, &current->body, SL_HOLDER_RECORDS);
    memcpy(out->team_id, team->holder_id, SL_ID_BYTES);
    out->team_generation = team->holder_generation;
    out->parent = e2_grant_of(&current->body, SL_HOLDER_PARENT) != NULL;
    return true;
}

uint32_t e2_thread_seen_by(const struct e2_thread *t, enum e2_side side)
{
    return t->state.seen_by[side];
}

uint32_t e2_thread_seen_by_me(const struct e2_thread *t)
{
    return t->state.seen_by_me;
}

bool e2_thread_seen_due(const struct e2_thread *t, uint32_t shown)
{
    const enum e2_side other = t->reader == E2_READ_AS_PARENT ? E2_SIDE_STAFF : E2_SIDE_PARENT;

    for (size_t i = t->state.seen_by_me; i < t->state.count && i < shown; i++) {
        const struct e2_item *item = &t->state.items[i].shown;
        /* To answer a reading mark with a reading mark would never end. */
        if (item->rule == 0 && item->side == other && item->kind != E2_ITEM_SEEN) {
            return true;
        }
    }
    return false;
}

bool e2_thread_open_invite(const struct e2_thread *t, struct e2_open_invite *out)
{
    const struct e2_seen_invite *invite = e2_state_open_invite(&t->state);

    if (invite == NULL) {
        return false;
    }
    out->seq = invite->seq;
    memcpy(out->invite_id, invite->body.invite_id, SL_ID_BYTES);
    memcpy(out->inviter_id, invite->author_id, SL_ID_BYTES);
    out->inviter_name = e2_staff_name(t, invite->author_id);
    out->expires_at = invite->body.expires_at;
    return true;
}

const uint8_t *e2_thread_parent_id(const struct e2_thread *t)
{
    return t->state.has_parent ? t->state.parent_id : NULL;
}

uint32_t e2_thread_parent_keys_seq(const struct e2_thread *t)
{
    return t->state.parent_keys.seq;
}

bool e2_thread_parent_sign_pk(const struct e2_thread *t, uint8_t out[SL_PK_BYTES])
{
    if (t->state.parent_keys.seq == 0) {
        return false;
    }
    memcpy(out, t->state.parent_keys.sign_pk, SL_PK_BYTES);
    return true;
}

bool e2_thread_wants_roster(const struct e2_thread *t)
{
    return t->state.wants_roster || (t->waiting && t->waiting_why == E2_SEND_NEWER_ROSTER);
}

/* ---- Where the next entry goes on, and what to remember ---- */

void e2_thread_head(const struct e2_thread *t, struct e2_point *out)
{
    out->seq = (uint32_t)t->stored_count;
    memcpy(out->link, t->links[t->stored_count], SL_HASH_BYTES);
}

bool e2_thread_link(const struct e2_thread *t, uint32_t seq, uint8_t out[SL_HASH_BYTES])
{
    if (seq > t->stored_count) {
        return false;
    }
    memcpy(out, t->links[seq], SL_HASH_BYTES);
    return true;
}

uint32_t e2_thread_generation(const struct e2_thread *t)
{
    const struct e2_seen_key *current = e2_state_current(&t->state);

    return current == NULL ? 0 : current->generation;
}

uint32_t e2_thread_next_generation(const struct e2_thread *t)
{
    return (uint32_t)(t->state.counted + 1);
}

bool e2_thread_key(const struct e2_thread *t, uint8_t out[E2_KEY_BYTES])
{
    const struct e2_seen_key *current = e2_state_current(&t->state);

    if (current == NULL || !current->has_key) {
        return false;
    }
    memcpy(out, current->key, E2_KEY_BYTES);
    return true;
}

const uint8_t *e2_thread_id(const struct e2_thread *t)
{
    return t->id;
}

const struct e2_trust *e2_thread_trust(const struct e2_thread *t)
{
    return t->trust;
}

bool e2_thread_is_notes(const struct e2_thread *t)
{
    return t->notes;
}

void e2_thread_checkpoint(const struct e2_thread *t, struct e2_point *out)
{
    size_t seq = t->state.count;

    if (t->lost) {
        *out = t->checkpoint;
        return;
    }
    while (seq > 0 && t->stored[seq - 1].at == 0) {
        seq--;
    }
    memset(out, 0, sizeof(*out));
    if (seq > 0) {
        out->seq = (uint32_t)seq;
        memcpy(out->link, t->links[seq], SL_HASH_BYTES);
    }
}
