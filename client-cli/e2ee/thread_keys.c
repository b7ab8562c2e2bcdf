/* What the state of a thread answers, and the keys that can be had. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "e2ee/thread_state.h"

static bool same_id(const uint8_t a[SL_ID_BYTES], const uint8_t b[SL_ID_BYTES])
{
    return memcmp(a, b, SL_ID_BYTES) == 0;
}

void e2_state_fini(struct e2_state *s)
{
    for (size_t i = 0; i < s->count; i++) {
        json_decref(s->items[i].body);
    }
    if (s->keys != NULL) {
        sodium_memzero(s->keys, s->key_count * sizeof(*s->keys));
    }
    free(s->items);
    free(s->authors);
    free(s->keys);
    free(s->shown_key);
    free(s->invites);
    memset(s, 0, sizeof(*s));
}

const struct e2_seen_key *e2_state_current(const struct e2_state *s)
{
    return s->current == 0 ? NULL : &s->keys[s->current - 1];
}

struct e2_seen_invite *e2_state_invite(const struct e2_state *s, uint32_t seq)
{
    for (size_t i = 0; i < s->invite_count; i++) {
        if (s->invites[i].seq == seq) {
            return &s->invites[i];
        }
    }
    return NULL;
}

struct e2_seen_invite *e2_state_open_invite(const struct e2_state *s)
{
    for (size_t i = 0; i < s->invite_count; i++) {
        if (s->invites[i].state == E2_INVITE_OPEN) {
            return &s->invites[i];
        }
    }
    return NULL;
}

uint32_t e2_state_last_taken(const struct e2_state *s, const uint8_t author_id[SL_ID_BYTES])
{
    for (size_t i = 0; i < s->author_count; i++) {
        if (same_id(s->authors[i].author_id, author_id)) {
            return s->authors[i].seq;
        }
    }
    return 0;
}

bool e2_state_counts(const struct e2_state *s, const struct e2_person *person)
{
    return e2_person_current_at(person, s->last_named);
}

bool e2_state_has_shown(const struct e2_state *s, const uint8_t author_id[SL_ID_BYTES])
{
    for (size_t i = 0; i < s->shown_count; i++) {
        if (same_id(s->shown_key[i], author_id)) {
            return true;
        }
    }
    return false;
}

bool e2_thread_confirmed(const struct e2_thread *t, const uint8_t staff_id[SL_ID_BYTES])
{
    const struct e2_person *person = e2_trust_staff(t->trust, staff_id);

    return person != NULL && (person->ended == 0 || t->state.settled >= person->ended);
}

void e2_judge_marks(struct e2_thread *t, size_t from)
{
    for (size_t i = from; i < t->state.count; i++) {
        struct e2_item *item = &t->state.items[i].shown;
        if (item->rule != 0) {
            continue;
        }
        /* A parent stands and falls with who invited them. */
        const uint8_t *staff = item->side == E2_SIDE_STAFF ? item->author_id : item->inviter_id;
        item->confirmed = e2_thread_confirmed(t, staff);
    }
}

const char *e2_grant_name(const struct e2_thread *t, const struct sl_key_body *body, uint8_t kind)
{
    const struct sl_grant *grant = e2_grant_of(body, kind);
    const struct e2_person *holder =
        grant == NULL ? NULL
                      : e2_trust_find(t->trust, kind, grant->holder_id, grant->holder_generation);

    return holder == NULL ? "" : holder->holder.name;
}

const char *e2_staff_name(const struct e2_thread *t, const uint8_t staff_id[SL_ID_BYTES])
{
    const struct e2_person *person = e2_trust_staff(t->trust, staff_id);

    return person == NULL ? "" : person->holder.name;
}

/* ---- The ring ---- */

const uint8_t *e2_ring_find(const struct e2_thread *t, const uint8_t key_id[SL_HASH_BYTES])
{
    for (size_t i = 0; i < t->ring_count; i++) {
        if (memcmp(t->ring[i].key_id, key_id, SL_HASH_BYTES) == 0) {
            return t->ring[i].key;
        }
    }
    return NULL;
}

static void ring_add(struct e2_thread *t, const uint8_t key_id[SL_HASH_BYTES],
                     const uint8_t key[E2_KEY_BYTES])
{
    if (e2_ring_find(t, key_id) != NULL) {
        return;
    }
    t->ring = e2_grow_secret(t->ring, t->ring_count * sizeof(*t->ring),
                             (t->ring_count + 1) * sizeof(*t->ring));
    memcpy(t->ring[t->ring_count].key_id, key_id, SL_HASH_BYTES);
    memcpy(t->ring[t->ring_count++].key, key, E2_KEY_BYTES);
}

/* What the ring needs to know of a key entry; anybody's, for nothing is believed here. */
struct candidate {
    uint32_t generation;
    struct sl_key_body body;
};

static size_t candidates_of(const struct e2_thread *t, struct candidate **out)
{
    struct candidate *list = NULL;
    size_t count = 0;

    for (size_t i = 0; i < t->stored_count; i++) {
        const struct e2_stored *stored = &t->stored[i];
        struct sl_entry entry;
        if (!stored->whole || stored->bytes.len < 2 || stored->bytes.data[1] != SL_ENTRY_KEY ||
            sl_entry_parse(stored->bytes.data, stored->bytes.len, &entry, NULL) != SL_OK) {
            continue;
        }
        list = sl_realloc(list, (count + 1) * sizeof(*list));
        list[count].generation = entry.header.generation;
        e2_key_body_of(&entry, &list[count++].body);
    }
    *out = list;
    return count;
}

static void ring_from(struct e2_thread *t, const struct candidate *list, size_t i)
{
    uint8_t key[E2_KEY_BYTES];
    uint8_t old[E2_KEY_BYTES];
    const struct candidate *one = &list[i];

    if (e2_ring_find(t, one->body.key_id) == NULL &&
        e2_grant_open(t->seeds, t->reader, &one->body, key) == 1 &&
        e2_key_fits(t->id, one->generation, &one->body, key)) {
        ring_add(t, one->body.key_id, key);
    }
    const uint8_t *have = e2_ring_find(t, one->body.key_id);
    if (have != NULL && e2_previous_open(old, have, t->id, one->generation, one->body.previous)) {
        for (size_t j = 0; j < i; j++) {
            if (e2_key_fits(t->id, list[j].generation, &list[j].body, old)) {
                ring_add(t, list[j].body.key_id, old);
            }
        }
    }
    sodium_memzero(key, sizeof(key));
    sodium_memzero(old, sizeof(old));
}

void e2_ring_fill(struct e2_thread *t)
{
    struct candidate *list = NULL;
    const size_t count = candidates_of(t, &list);

    if (t->ring != NULL) {
        sodium_memzero(t->ring, t->ring_count * sizeof(*t->ring));
    }
    t->ring_count = 0;
    for (size_t i = 0; i < t->held_count; i++) {
        uint8_t key_id[SL_HASH_BYTES];
        e2_key_id(key_id, t->id, t->held[i].generation, t->held[i].key);
        ring_add(t, key_id, t->held[i].key);
    }
    /* The newest first: an older key may be had only by way of a newer one. */
    for (size_t i = count; i > 0; i--) {
        ring_from(t, list, i - 1);
    }
    free(list);
}
