#include "e2ee/compose.h"

#include <sodium.h>
#include <string.h>

#include "common/json.h"
#include "e2ee/thread_state.h"

enum {
    MESSAGE_BLOCK = 256,
    ENTRY_ID_AT = 1 + 1 + SL_ID_BYTES + SL_ID_BYTES
};

const uint8_t *e2_entry_id(struct sl_bytes entry)
{
    return entry.data + ENTRY_ID_AT;
}

/* ---- The last step ---- */

void e2_compose_header(const struct e2_thread *t, const struct e2_writer *me, uint8_t type,
                       struct sl_header *out)
{
    struct e2_point head;

    e2_thread_head(t, &head);
    memset(out, 0, sizeof(*out));
    out->version = 1;
    out->type = type;
    memcpy(out->thread_id, t->id, SL_ID_BYTES);
    memcpy(out->author_id, me->id, SL_ID_BYTES);
    if (me->entry_id != NULL) {
        memcpy(out->entry_id, me->entry_id, SL_ID_BYTES);
    } else {
        sl_rand_fill(me->rand, out->entry_id, SL_ID_BYTES);
    }
    out->sent_at = (uint64_t)sl_now_s(me->clock);
    out->generation = type == SL_ENTRY_KEY ? e2_thread_next_generation(t) : e2_thread_generation(t);
    out->prev_seq = head.seq;
    memcpy(out->prev_link, head.link, SL_HASH_BYTES);
}

void e2_compose_sign(const struct sl_header *header, struct sl_bytes body,
                     const uint8_t sign_sk[64], struct sl_buf *out)
{
    SL_AUTO(buf) struct sl_buf text = {0};
    SL_AUTO(buf) struct sl_buf head = {0};
    uint8_t signature[SL_SIG_BYTES];

    sl_header_put(&head, header);
    sl_entry_signed_put(&text, head.data, body.data, body.len);
    (void)crypto_sign_detached(signature, NULL, text.data, text.len, sign_sk);
    sl_buf_put(out, head.data, head.len);
    sl_buf_put(out, body.data, body.len);
    sl_buf_put(out, signature, sizeof(signature));
}

void e2_compose_seal(const struct sl_header *header, const uint8_t key[E2_KEY_BYTES],
                     struct sl_bytes json, const struct sl_rand *rand, struct sl_buf *body)
{
    SL_AUTO(buf) struct sl_buf ad = {0};
    SL_AUTO(secret) struct sl_buf text = {0};
    const struct sl_bytes label = E2_LABEL("sendline-message-v1");

    /* At once as large as it gets, so that growing leaves no copy of the words behind. */
    sl_buf_reserve(&text, json.len + MESSAGE_BLOCK);
    sl_buf_put(&text, json.data, json.len);
    e2_pad(&text, MESSAGE_BLOCK);
    sl_buf_put(&ad, label.data, label.len);
    sl_header_put(&ad, header);
    e2_aead(body, key, sl_buf_bytes(&ad), sl_buf_bytes(&text), rand);
}

/* ---- Messages ---- */

static enum sl_code may_send(const struct e2_thread *t, struct sl_err *err)
{
    const enum e2_send send = e2_thread_can_send(t);

    return send == E2_SEND_YES ? SL_OK : sl_fail(err, SL_FORBIDDEN, "%s", e2_send_name(send));
}

/*
 * Does an invitation lean on this message? Its author showed the key with what they wrote before
 * inviting, and once the server has dropped the body nobody sees that any more.
 */
static bool holds_an_invite(const struct e2_thread *t, uint32_t seq)
{
    for (size_t i = seq; i < t->state.count; i++) {
        const struct e2_item *item = &t->state.items[i].shown;
        if (item->kind == E2_ITEM_KEY) {
            return false;
        }
        if (item->kind == E2_ITEM_INVITE && item->mine) {
            return true;
        }
    }
    return false;
}

static enum sl_code may_take_back(const struct e2_thread *t, const struct e2_writer *me,
                                  const json_t *body, struct sl_err *err)
{
    const json_int_t seq = json_integer_value(json_object_get(body, "seq"));

    if (seq < 1 || (uint64_t)seq > t->state.count) {
        return sl_fail(err, SL_NOT_FOUND, "there is no entry %lld", (long long)seq);
    }
    const struct e2_own_item *own = &t->state.items[seq - 1];
    if (!own->is_message || memcmp(own->shown.author_id, me->id, SL_ID_BYTES) != 0) {
        return sl_fail(err, SL_FORBIDDEN, "entry %lld is no message of one's own", (long long)seq);
    }
    if (own->shown.kind == E2_ITEM_TAKEN_BACK) {
        return sl_fail(err, SL_FORBIDDEN, "entry %lld is taken back already", (long long)seq);
    }
    if (own->shown.plain == E2_CARD || holds_an_invite(t, (uint32_t)seq)) {
        return sl_fail(err, SL_FORBIDDEN, "an invitation leans on entry %lld", (long long)seq);
    }
    return SL_OK;
}

static enum sl_code compose_message(const struct e2_thread *t, const struct e2_writer *me,
                                    enum e2_side side, enum e2_plain kind, const json_t *body,
                                    struct sl_buf *out, struct sl_err *err)
{
    SL_AUTO(secret) struct sl_buf json = {0};
    SL_AUTO(buf) struct sl_buf sealed = {0};
    struct sl_header header;

    enum sl_code rc = may_send(t, err);
    if (rc == SL_OK && kind < E2_PLAIN_COUNT && !e2_plain_may_send(kind, side, t->notes)) {
        rc = sl_fail(err, SL_BAD_REQUEST, "%s: not from this side, or not here",
                     e2_plain_name(kind));
    }
    if (rc == SL_OK) {
        rc = e2_plain_write(kind, body, &json, err);
    }
    if (rc == SL_OK && kind == E2_RETRACT) {
        rc = may_take_back(t, me, body, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    e2_compose_header(t, me, SL_ENTRY_MESSAGE, &header);
    e2_compose_seal(&header, e2_state_current(&t->state)->key, sl_buf_bytes(&json), me->rand,
                    &sealed);
    e2_compose_sign(&header, sl_buf_bytes(&sealed), me->identity->sign_sk, out);
    return SL_OK;
}

enum sl_code e2_compose_message(const struct e2_thread *t, const struct e2_writer *me,
                                enum e2_plain kind, const json_t *body, struct sl_buf *out,
                                struct sl_err *err)
{
    return compose_message(t, me, E2_SIDE_STAFF, kind, body, out, err);
}

enum sl_code e2_compose_parent_message(const struct e2_thread *t, const struct e2_writer *me,
                                       enum e2_plain kind, const json_t *body, struct sl_buf *out,
                                       struct sl_err *err)
{
    return compose_message(t, me, E2_SIDE_PARENT, kind, body, out, err);
}

enum sl_code e2_compose_retract(const struct e2_thread *t, const struct e2_writer *me, uint32_t seq,
                                struct sl_buf *out, struct sl_err *err)
{
    SL_AUTO(json) json_t *body = sl_json_new();

    sl_json_set_int(body, "seq", seq);
    return e2_compose_message(t, me, E2_RETRACT, body, out, err);
}

enum sl_code e2_compose_seen(const struct e2_thread *t, const struct e2_writer *me, uint32_t up_to,
                             struct sl_buf *out, struct sl_err *err)
{
    struct sl_header header;
    const enum e2_send send = e2_thread_can_send(t);

    if (send != E2_SEND_YES && send != E2_SEND_NO_KEY) {
        return sl_fail(err, SL_FORBIDDEN, "%s", e2_send_name(send));
    }
    if (up_to == 0 || up_to > t->state.count || up_to < e2_state_last_taken(&t->state, me->id) ||
        e2_state_current(&t->state) == NULL) {
        return sl_fail(err, SL_BAD_REQUEST, "nothing can be seen up to entry %u", up_to);
    }
    e2_compose_header(t, me, SL_ENTRY_SEEN, &header);
    header.prev_seq = up_to;
    memcpy(header.prev_link, t->links[up_to], SL_HASH_BYTES);
    e2_compose_sign(&header, (struct sl_bytes){NULL, 0}, me->identity->sign_sk, out);
    return SL_OK;
}

/* ---- Keys ---- */

static void grant_to_holder(struct sl_key_body *body, const struct sl_holder *holder)
{
    struct sl_grant *grant = &body->grants[body->grant_count++];

    grant->kind = holder->kind;
    memcpy(grant->holder_id, holder->id, SL_ID_BYTES);
    grant->holder_generation = holder->generation;
    memcpy(grant->box_pk, holder->box_pk, SL_PK_BYTES);
}

static void grant_to_parent(struct sl_key_body *body, const struct e2_state *s)
{
    struct sl_grant *grant = &body->grants[body->grant_count++];

    grant->kind = SL_HOLDER_PARENT;
    memcpy(grant->holder_id, s->parent_id, SL_ID_BYTES);
    grant->holder_generation = s->parent_keys.seq;
    memcpy(grant->box_pk, s->parent_keys.box_pk, SL_PK_BYTES);
}

/* The team that is to have the thread: the one named, or the one that has it. */
static const struct e2_person *team_of(const struct e2_thread *t, const uint8_t *team_id)
{
    const struct e2_seen_key *current = e2_state_current(&t->state);

    if (team_id == NULL && current != NULL) {
        team_id = e2_grant_of(&current->body, SL_HOLDER_TEAM)->holder_id;
    }
    return team_id == NULL ? NULL : e2_trust_team(t->trust, team_id);
}

static enum sl_code may_change_key(const struct e2_thread *t, const uint8_t *yes_to,
                                   struct sl_err *err)
{
    struct e2_key_need need;
    const enum e2_send send = e2_thread_can_send(t);

    /* Where there is no key yet there is none to go on from. */
    if (send != E2_SEND_YES && !(send == E2_SEND_NO_KEY && t->state.current == 0)) {
        return sl_fail(err, SL_FORBIDDEN, "%s", e2_send_name(send));
    }
    if (t->state.counted >= UINT32_MAX) {
        return sl_fail(err, SL_FORBIDDEN, "the generations are used up");
    }
    e2_thread_key_need(t, &need);
    if (need.needs_yes && (yes_to == NULL || memcmp(yes_to, need.inviter_id, SL_ID_BYTES) != 0)) {
        return sl_fail(err, SL_FORBIDDEN, "nobody said yes to the inviter");
    }
    return SL_OK;
}

static bool seal_grants(struct sl_key_body *body, const uint8_t key[E2_KEY_BYTES],
                        const struct sl_rand *rand)
{
    for (size_t i = 0; i < body->grant_count; i++) {
        struct sl_grant *grant = &body->grants[i];
        if (!e2_seal(grant->sealed, grant->box_pk, key, rand)) {
            return false;
        }
    }
    return true;
}

enum sl_code e2_compose_key(const struct e2_thread *t, const struct e2_writer *me,
                            const uint8_t *team_id, const uint8_t *yes_to, struct sl_buf *out,
                            struct sl_err *err)
{
    const struct e2_seen_key *current = e2_state_current(&t->state);
    const struct e2_person *team = team_of(t, team_id);
    const struct e2_person *records = e2_trust_records(t->trust);
    SL_AUTO(buf) struct sl_buf bytes = {0};
    struct sl_key_body body = {0};
    struct sl_entry entry = {0};
    uint8_t key[E2_KEY_BYTES];

    enum sl_code rc = may_change_key(t, yes_to, err);
    if (rc != SL_OK) {
        return rc;
    }
    if (team == NULL || records == NULL) {
        return sl_fail(err, SL_NOT_FOUND, "no current %s",
                       team == NULL ? "team" : "records holder");
    }
    sl_rand_fill(me->rand, key, sizeof(key));
    e2_compose_header(t, me, SL_ENTRY_KEY, &entry.header);
    const uint32_t generation = entry.header.generation;
    body.roster_serial = e2_trust_serial(t->trust);
    memcpy(body.roster_hash, e2_trust_hash(t->trust), SL_HASH_BYTES);
    e2_key_id(body.key_id, t->id, generation, key);
    if (current != NULL) {
        e2_previous(body.previous, key, t->id, generation, current->key, me->rand);
    }
    grant_to_holder(&body, &team->holder);
    grant_to_holder(&body, &records->holder);
    if (t->state.parent_keys.seq != 0) {
        grant_to_parent(&body, &t->state);
    }
    bool has_key = false;
    const char *reason = seal_grants(&body, key, me->rand)
                             ? e2_rule_key(t, &entry, &body, &has_key, key)
                             : "box-key";
    sodium_memzero(key, sizeof(key));
    if (reason != NULL) {
        return sl_fail(err, SL_FORBIDDEN, "%s", reason);
    }
    sl_key_body_put(&bytes, &body);
    e2_compose_sign(&entry.header, sl_buf_bytes(&bytes), me->identity->sign_sk, out);
    return SL_OK;
}

/* ---- Coming in ---- */

bool e2_may_invite(const struct e2_thread *t, const uint8_t staff_id[SL_ID_BYTES])
{
    return e2_state_has_shown(&t->state, staff_id);
}

enum sl_code e2_compose_invite(const struct e2_thread *t, const struct e2_writer *me,
                               const struct e2_invite *invite, const uint8_t parent_id[SL_ID_BYTES],
                               uint64_t expires_at, struct sl_buf *out, struct sl_err *err)
{
    SL_AUTO(buf) struct sl_buf bytes = {0};
    struct sl_invite_body body = {.expires_at = expires_at};
    struct sl_entry entry = {0};

    enum sl_code rc = may_send(t, err);
    if (rc != SL_OK) {
        return rc;
    }
    memcpy(body.invite_id, invite->invite_id, SL_ID_BYTES);
    memcpy(body.parent_id, parent_id, SL_ID_BYTES);
    memcpy(body.accept_pk, invite->accept_pk, SL_PK_BYTES);
    e2_compose_header(t, me, SL_ENTRY_INVITE, &entry.header);
    const char *reason = t->notes ? "type" : e2_rule_invite(t, &entry, &body);
    if (reason != NULL) {
        return sl_fail(err, SL_FORBIDDEN, "%s", reason);
    }
    sl_invite_body_put(&bytes, &body);
    e2_compose_sign(&entry.header, sl_buf_bytes(&bytes), me->identity->sign_sk, out);
    return SL_OK;
}

enum sl_code e2_compose_keys(const struct e2_thread *t, const struct e2_writer *me, uint32_t by,
                             const uint8_t prove_sk[64], struct sl_buf *out, struct sl_err *err)
{
    SL_AUTO(buf) struct sl_buf bytes = {0};
    SL_AUTO(buf) struct sl_buf text = {0};
    struct sl_keys_body body = {.by = by};
    struct sl_entry entry = {0};

    /* Who comes in has no keys that hold yet, and perhaps no key. */
    const enum e2_send send = e2_thread_can_send(t);
    if (send != E2_SEND_YES && send != E2_SEND_KEYS_REPLACED && send != E2_SEND_NO_KEY) {
        return sl_fail(err, SL_FORBIDDEN, "%s", e2_send_name(send));
    }
    memcpy(body.sign_pk, me->identity->sign_pk, SL_PK_BYTES);
    memcpy(body.box_pk, me->identity->box_pk, SL_PK_BYTES);
    sl_keys_proof_put(&text, t->id, me->id, &body);
    (void)crypto_sign_detached(body.proof, NULL, text.data, text.len, prove_sk);
    e2_compose_header(t, me, SL_ENTRY_KEYS, &entry.header);
    const char *reason =
        t->notes || e2_state_current(&t->state) == NULL ? "type" : e2_rule_keys(t, &entry, &body);
    if (reason != NULL) {
        return sl_fail(err, SL_FORBIDDEN, "%s", reason);
    }
    sl_keys_body_put(&bytes, &body);
    e2_compose_sign(&entry.header, sl_buf_bytes(&bytes), me->identity->sign_sk, out);
    return SL_OK;
}
