/* Rules 6 to 8, one function each, and the keys that they ask for. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "e2ee/thread_state.h"

static bool same_id(const uint8_t a[SL_ID_BYTES], const uint8_t b[SL_ID_BYTES])
{
    return memcmp(a, b, SL_ID_BYTES) == 0;
}

void e2_key_body_of(const struct sl_entry *entry, struct sl_key_body *out)
{
    uint8_t fixed[4 + SL_HASH_BYTES + SL_HASH_BYTES + SL_PREVIOUS_BYTES + 1];

    if (sl_key_body_parse(entry->body, out, NULL) == SL_OK) {
        return;
    }
    /* Too many grants to be right, but it still names a roster and counts as a generation. */
    memcpy(fixed, entry->body.data, sizeof(fixed));
    fixed[sizeof(fixed) - 1] = 0;
    if (sl_key_body_parse((struct sl_bytes){fixed, sizeof(fixed)}, out, NULL) != SL_OK) {
        abort(); /* its length was checked by rule 1 */
    }
}

bool e2_key_fits(const uint8_t thread_id[SL_ID_BYTES], uint32_t generation,
                 const struct sl_key_body *body, const uint8_t key[E2_KEY_BYTES])
{
    uint8_t key_id[SL_HASH_BYTES];

    e2_key_id(key_id, thread_id, generation, key);
    return memcmp(key_id, body->key_id, SL_HASH_BYTES) == 0;
}

const struct sl_grant *e2_grant_of(const struct sl_key_body *body, uint8_t kind)
{
    for (size_t i = 0; i < body->grant_count; i++) {
        if (body->grants[i].kind == kind) {
            return &body->grants[i];
        }
    }
    return NULL;
}

int e2_grant_open(const struct e2_seeds *seeds, enum e2_reader reader,
                  const struct sl_key_body *body, uint8_t key[E2_KEY_BYTES])
{
    static const uint8_t kind_of[] = {[E2_READ_AS_STAFF] = SL_HOLDER_TEAM,
                                      [E2_READ_AS_PARENT] = SL_HOLDER_PARENT,
                                      [E2_READ_AS_RECORDS] = SL_HOLDER_RECORDS};

    for (size_t i = 0; i < body->grant_count; i++) {
        const struct sl_grant *grant = &body->grants[i];
        if (grant->kind != kind_of[reader]) {
            continue;
        }
        const struct e2_identity *mine = e2_seeds_find(seeds, grant->box_pk);
        if (mine != NULL) {
            return e2_seal_open(key, mine->box_pk, mine->box_sk, grant->sealed) ? 1 : -1;
        }
    }
    return 0;
}

/*
 * Does an old key lead back to one that was taken? A key entry that was refused here may have been
 * good for others, so its key may stand between. A key fits an entry or does not, so each is looked
 * at once.
 */
static bool leads_back(const struct e2_thread *t, const uint8_t old[E2_KEY_BYTES])
{
    const struct e2_state *s = &t->state;
    bool *visited = sl_alloc(s->key_count + 1);
    uint8_t(*reached)[E2_KEY_BYTES] = sl_alloc((s->key_count + 1) * sizeof(*reached));
    size_t *below = sl_alloc((s->key_count + 1) * sizeof(*below));
    size_t count = 1;
    bool found = false;

    memcpy(reached[0], old, E2_KEY_BYTES);
    below[0] = s->key_count;
    for (size_t i = 0; i < count && !found; i++) {
        for (size_t j = 0; j < below[i] && !found; j++) {
            const struct e2_seen_key *key = &s->keys[j];
            if (visited[j] || !e2_key_fits(t->id, key->generation, &key->body, reached[i])) {
                continue;
            }
            visited[j] = true;
            found = key->taken;
            if (!found && e2_previous_open(reached[count], reached[i], t->id, key->generation,
                                           key->body.previous)) {
                below[count++] = j;
            }
        }
    }
    sodium_memzero(reached, (s->key_count + 1) * sizeof(*reached));
    free(reached);
    free(below);
    free(visited);
    return found;
}

static bool grant_fits(const struct e2_thread *t, const struct sl_grant *grant, uint32_t serial)
{
    const struct e2_state *s = &t->state;

    if (grant->kind == SL_HOLDER_PARENT) {
        return s->parent_keys.seq != 0 && s->has_parent &&
               same_id(grant->holder_id, s->parent_id) &&
               grant->holder_generation == s->parent_keys.seq &&
               memcmp(grant->box_pk, s->parent_keys.box_pk, SL_PK_BYTES) == 0;
    }
    const struct e2_person *holder =
        e2_trust_find(t->trust, grant->kind, grant->holder_id, grant->holder_generation);
    return holder != NULL && e2_person_current_at(holder, serial) &&
           memcmp(grant->box_pk, holder->holder.box_pk, SL_PK_BYTES) == 0;
}

/* Exactly one for the team, one for records, and once there is a parent one for them. */
static bool grants_complete(const struct e2_state *s, const struct sl_key_body *body)
{
    unsigned kinds[SL_HOLDER_PARENT + 1] = {0};

    for (size_t i = 0; i < body->grant_count; i++) {
        const uint8_t kind = body->grants[i].kind;
        if (kind < SL_HOLDER_TEAM || kind > SL_HOLDER_PARENT) {
            return false;
        }
        kinds[kind]++;
    }
    return kinds[SL_HOLDER_TEAM] == 1 && kinds[SL_HOLDER_RECORDS] == 1 &&
           kinds[SL_HOLDER_PARENT] == (s->parent_keys.seq != 0 ? 1U : 0U);
}

static bool team_stays(const struct e2_thread *t, const struct sl_key_body *body)
{
    const struct e2_seen_key *current = e2_state_current(&t->state);
    const struct sl_grant *team = e2_grant_of(body, SL_HOLDER_TEAM);

    if (current == NULL ||
        same_id(team->holder_id, e2_grant_of(&current->body, SL_HOLDER_TEAM)->holder_id)) {
        return true;
    }
    for (size_t i = 0; i < t->team_count; i++) {
        if (same_id(t->teams[i], team->holder_id)) {
            return true;
        }
    }
    return false;
}

static const char *rule_previous(const struct e2_thread *t, uint32_t generation,
                                 const struct sl_key_body *body, const uint8_t *key)
{
    uint8_t old[E2_KEY_BYTES];

    if (generation == 1 || t->state.current == 0) {
        /* Where every key entry so far was refused there is nothing to carry on from. */
        return sodium_is_zero(body->previous, SL_PREVIOUS_BYTES) ? NULL : "previous";
    }
    if (key == NULL) {
        return NULL;
    }
    bool ok = e2_previous_open(old, key, t->id, generation, body->previous) && leads_back(t, old);
    sodium_memzero(old, sizeof(old));
    return ok ? NULL : "previous";
}

const char *e2_rule_key(const struct e2_thread *t, const struct sl_entry *e,
                        const struct sl_key_body *body, bool *has_key, uint8_t key[E2_KEY_BYTES])
{
    const uint32_t generation = e->header.generation;

    if (body->roster_serial < t->state.last_named) {
        return "roster-older";
    }
    if (body->roster_serial == e2_trust_serial(t->trust) &&
        memcmp(body->roster_hash, e2_trust_hash(t->trust), SL_HASH_BYTES) != 0) {
        return "roster-differs";
    }
    if (!grants_complete(&t->state, body)) {
        return "grants";
    }
    for (size_t i = 0; i < body->grant_count; i++) {
        if (!grant_fits(t, &body->grants[i], body->roster_serial)) {
            return "grant-holder";
        }
    }
    if (!team_stays(t, body)) {
        return "team-changed";
    }
    const int own = e2_grant_open(t->seeds, t->reader, body, key);
    *has_key = own == 1;
    if (own == 0) {
        const uint8_t *reached = e2_ring_find(t, body->key_id);
        *has_key = reached != NULL;
        if (reached != NULL) {
            memcpy(key, reached, E2_KEY_BYTES);
        }
    }
    if (own < 0 || (*has_key && !e2_key_fits(t->id, generation, body, key))) {
        *has_key = false;
        return "own-grant";
    }
    return rule_previous(t, generation, body, *has_key ? key : NULL);
}

const char *e2_rule_invite(const struct e2_thread *t, const struct sl_entry *e,
                           const struct sl_invite_body *body)
{
    const struct e2_state *s = &t->state;

    if (!e2_state_has_shown(s, e->header.author_id)) {
        return "key-not-shown";
    }
    if (e2_trust_has_id(t->trust, body->parent_id) ||
        (s->has_parent && !same_id(s->parent_id, body->parent_id))) {
        return "parent-id";
    }
    return NULL;
}

bool e2_proof_holds(const struct e2_thread *t, const struct sl_entry *e,
                    const struct sl_keys_body *body)
{
    const struct e2_state *s = &t->state;

    if (!s->has_parent || !same_id(e->header.author_id, s->parent_id)) {
        return false;
    }
    if (body->by == 0) {
        return s->parent_keys.seq != 0 && sl_keys_proof_ok(e, body, s->parent_keys.sign_pk);
    }
    const struct e2_seen_invite *invite = e2_state_invite(s, body->by);
    return invite != NULL && sl_keys_proof_ok(e, body, invite->body.accept_pk);
}

const char *e2_rule_keys(const struct e2_thread *t, const struct sl_entry *e,
                         const struct sl_keys_body *body)
{
    if (body->by != 0) {
        const struct e2_seen_invite *invite = e2_state_invite(&t->state, body->by);
        if (invite == NULL) {
            return "invite-unknown";
        }
        if (invite->state != E2_INVITE_OPEN) {
            return invite->state == E2_INVITE_USED ? "invite-used" : "invite-ended";
        }
        const struct e2_person *inviter = e2_trust_staff(t->trust, invite->author_id);
        if (inviter == NULL || !e2_state_counts(&t->state, inviter)) {
            return "inviter-left";
        }
    }
    if (!e2_proof_holds(t, e, body)) {
        return "proof";
    }
    return e2_can_seal_to(body->box_pk) ? NULL : "box-key";
}

/* One's own type 1 that was taken here. */
static bool may_retract(const struct e2_state *s, const uint8_t author_id[SL_ID_BYTES],
                        const json_t *body)
{
    const json_int_t seq = json_integer_value(json_object_get(body, "seq"));

    if (seq < 1 || (uint64_t)seq > s->count) {
        return false;
    }
    const struct e2_own_item *item = &s->items[seq - 1];
    return item->is_message && same_id(item->shown.author_id, author_id);
}

bool e2_message_open(const uint8_t key[E2_KEY_BYTES], const struct sl_entry *e, struct sl_buf *out)
{
    SL_AUTO(buf) struct sl_buf ad = {0};
    const struct sl_bytes label = E2_LABEL("sendline-message-v1");

    sl_buf_put(&ad, label.data, label.len);
    sl_buf_put(&ad, e->header_bytes.data, e->header_bytes.len);
    if (!e2_aead_open(out, key, sl_buf_bytes(&ad), e->body)) {
        return false;
    }
    if (!e2_unpad(out, 256)) {
        sl_buf_clear(out);
        return false;
    }
    return true;
}

const char *e2_rule_message(const struct e2_thread *t, const struct sl_entry *e, enum e2_side side,
                            enum e2_plain *kind, json_t **body)
{
    SL_AUTO(secret) struct sl_buf text = {0};
    const struct e2_seen_key *current = e2_state_current(&t->state);
    SL_AUTO(json) json_t *found = NULL;

    if (current == NULL || !current->has_key) {
        return "no-key";
    }
    if (!e2_message_open(current->key, e, &text)) {
        return "does-not-open";
    }
    if (e2_plain_read(sl_buf_bytes(&text), kind, &found, NULL) != SL_OK) {
        return "plaintext";
    }
    if (!e2_plain_may_send(*kind, side, t->notes)) {
        return "may-not-send";
    }
    if (*kind == E2_RETRACT && !may_retract(&t->state, e->header.author_id, found)) {
        return "retract";
    }
    *body = sl_steal(&found);
    return NULL;
}
