/*
 * One entry at a time: which of the eight rules refuses it, if any, and what it changes if none
 * does. A refused entry changes nothing but the chain, which thread.c keeps, and the count of
 * generations.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "e2ee/thread_state.h"

/* A rule's number and word; rule 0: nothing is wrong. */
struct refusal {
    int rule;
    const char *reason;
};

static const struct refusal fine = {0, NULL};

enum {
    CLOCKS_DIFFER_S = 600
};

/* An entry taken apart, with what the rules ask of it again and again. */
struct parsed {
    uint32_t seq;
    bool has_header;
    bool whole;
    struct sl_entry entry; /* of a message without a body, header and header_bytes alone */
    const struct e2_person *staff;
    bool known; /* somebody rule 3 lets count */
    enum e2_side side;
    const uint8_t *sign_pk; /* NULL: the parent has no keys yet */
    bool is_key, is_keys;
    struct sl_key_body key_body;
    struct sl_keys_body keys_body;
};

static bool same_id(const uint8_t a[SL_ID_BYTES], const uint8_t b[SL_ID_BYTES])
{
    return memcmp(a, b, SL_ID_BYTES) == 0;
}

static bool id_used(const struct e2_state *s, const uint8_t entry_id[SL_ID_BYTES])
{
    for (size_t i = 0; i < s->count; i++) {
        const struct e2_item *item = &s->items[i].shown;
        if (item->rule == 0 && same_id(item->entry_id, entry_id)) {
            return true;
        }
    }
    return false;
}

static struct refusal refuse(int rule, const char *reason)
{
    return (struct refusal){rule, reason};
}

/* Rule 1: form. Fills p->entry. */
static struct refusal rule_form(const struct e2_thread *t, struct parsed *p)
{
    const struct e2_stored *stored = &t->stored[p->seq - 1];
    const uint8_t *bytes = stored->bytes.data;
    struct sl_header *header = &p->entry.header;

    p->whole = stored->whole;
    if (stored->bytes.len < SL_HEADER_BYTES + (stored->whole ? (size_t)SL_SIG_BYTES : 0)) {
        return refuse(1, "length");
    }
    if (bytes[0] != 1) {
        return refuse(1, "version");
    }
    if (sl_header_parse(bytes, header) != SL_OK ||
        (t->notes && (header->type == SL_ENTRY_INVITE || header->type == SL_ENTRY_KEYS))) {
        return refuse(1, "type");
    }
    p->has_header = true;
    p->entry.header_bytes = (struct sl_bytes){bytes, SL_HEADER_BYTES};
    if (!same_id(header->thread_id, t->id)) {
        return refuse(1, "thread");
    }
    if (!p->whole && (header->type != SL_ENTRY_MESSAGE || stored->unbacked)) {
        return refuse(1, "body-withheld");
    }
    if (p->whole && sl_entry_parse(bytes, stored->bytes.len, &p->entry, NULL) != SL_OK) {
        return refuse(1, "length");
    }
    return id_used(&t->state, header->entry_id) ? refuse(1, "entry-id-used") : fine;
}

/* Rule 2: place. */
static struct refusal rule_place(const struct e2_thread *t, const struct parsed *p)
{
    const struct sl_header *header = &p->entry.header;

    if (header->prev_seq >= p->seq) {
        return refuse(2, "prev-seq");
    }
    if (memcmp(header->prev_link, t->links[header->prev_seq], SL_HASH_BYTES) != 0) {
        return refuse(2, "prev-link");
    }
    if (header->prev_seq < e2_state_last_taken(&t->state, header->author_id)) {
        return refuse(2, "own-order");
    }
    const bool alone = header->type == SL_ENTRY_KEY || header->type == SL_ENTRY_INVITE ||
                       header->type == SL_ENTRY_KEYS;
    return alone && header->prev_seq != p->seq - 1 ? refuse(2, "not-next") : fine;
}

/* Rule 3: author. Fills staff, known, side and sign_pk. */
static struct refusal rule_author(const struct e2_thread *t, struct parsed *p)
{
    const struct e2_state *s = &t->state;
    const struct sl_header *header = &p->entry.header;

    p->staff = e2_trust_staff(t->trust, header->author_id);
    if (p->staff != NULL) {
        const bool ended_here =
            p->is_key && p->staff->ended != 0 && p->key_body.roster_serial >= p->staff->ended;
        if (ended_here || !e2_state_counts(s, p->staff)) {
            return refuse(3, "left");
        }
        p->known = true;
        p->side = E2_SIDE_STAFF;
        p->sign_pk = p->staff->holder.sign_pk;
        return fine;
    }
    if (s->has_parent && same_id(header->author_id, s->parent_id)) {
        p->known = true;
        p->side = E2_SIDE_PARENT;
        p->sign_pk = s->parent_keys.seq != 0 ? s->parent_keys.sign_pk : NULL;
        return fine;
    }
    return refuse(3, "unknown-author");
}

/* Rule 4: signature. A taken-back message has none: its author's retract, whose signed prev_link
 * covers the header, stands for it. */
static struct refusal rule_signature(const struct parsed *p)
{
    if (!p->whole) {
        return fine;
    }
    const uint8_t *pk = p->is_keys ? p->keys_body.sign_pk : p->sign_pk;
    if (pk == NULL) {
        return refuse(4, "no-keys");
    }
    return sl_entry_signature_ok(&p->entry, pk) ? fine : refuse(4, "signature");
}

/* Rule 5: side and generation. */
static struct refusal rule_side(const struct e2_state *s, const struct parsed *p)
{
    const struct sl_header *header = &p->entry.header;
    const bool staff_only = header->type == SL_ENTRY_KEY || header->type == SL_ENTRY_INVITE;

    if (p->seq == 1 && header->type != SL_ENTRY_KEY) {
        return refuse(5, "not-key-first");
    }
    if ((staff_only && p->side != E2_SIDE_STAFF) ||
        (header->type == SL_ENTRY_KEYS && p->side != E2_SIDE_PARENT)) {
        return refuse(5, "side");
    }
    if (header->type == SL_ENTRY_KEY) {
        return header->generation == s->counted + 1 ? fine : refuse(5, "generation");
    }
    const struct e2_seen_key *current = e2_state_current(s);
    return current != NULL && header->generation == current->generation ? fine
                                                                        : refuse(5, "generation");
}

void e2_item_set_at(struct e2_item *item, int64_t at)
{
    const uint64_t theirs = at > 0 ? (uint64_t)at : 0;
    const uint64_t apart = item->sent_at > theirs ? item->sent_at - theirs : theirs - item->sent_at;

    item->at = at;
    /* What is too short for a header has no clock. */
    item->clock_differs = theirs != 0 && item->sent_at != 0 && apart >= CLOCKS_DIFFER_S;
}

static struct e2_own_item *new_item(struct e2_thread *t, const struct parsed *p)
{
    struct e2_state *s = &t->state;

    if (s->count == s->cap) {
        s->cap = s->cap == 0 ? 64 : s->cap * 2;
        s->items = sl_realloc(s->items, s->cap * sizeof(*s->items));
    }
    struct e2_own_item *own = &s->items[s->count++];
    memset(own, 0, sizeof(*own));
    struct e2_item *item = &own->shown;
    item->seq = p->seq;
    item->plain = E2_PLAIN_UNKNOWN;
    item->author_name = "";
    item->inviter_name = "";
    if (p->has_header) {
        const struct sl_header *header = &p->entry.header;
        memcpy(item->entry_id, header->entry_id, SL_ID_BYTES);
        memcpy(item->author_id, header->author_id, SL_ID_BYTES);
        item->sent_at = header->sent_at;
    }
    e2_item_set_at(item, t->stored[p->seq - 1].at);
    own->body = sl_json_new();
    item->body = own->body;
    return own;
}

static void set_body(struct e2_own_item *own, json_t *take_body)
{
    json_decref(own->body);
    own->body = take_body;
    own->shown.body = take_body;
}

static enum e2_outcome warn(struct e2_thread *t, const struct parsed *p, struct refusal why)
{
    struct e2_item *item = &new_item(t, p)->shown;

    item->kind = E2_ITEM_WARNING;
    item->rule = why.rule;
    item->reason = why.reason;
    item->sentence = e2_reason_sentence(why.reason);
    return E2_OUT_REFUSED;
}

/* ---- What a taken entry changes ---- */

static void remember_author(struct e2_state *s, const uint8_t author_id[SL_ID_BYTES], uint32_t seq)
{
    for (size_t i = 0; i < s->author_count; i++) {
        if (same_id(s->authors[i].author_id, author_id)) {
            s->authors[i].seq = seq;
            return;
        }
    }
    s->authors = sl_realloc(s->authors, (s->author_count + 1) * sizeof(*s->authors));
    memcpy(s->authors[s->author_count].author_id, author_id, SL_ID_BYTES);
    s->authors[s->author_count++].seq = seq;
}

static void remember_shown(struct e2_state *s, const uint8_t author_id[SL_ID_BYTES])
{
    if (e2_state_has_shown(s, author_id)) {
        return;
    }
    s->shown_key = sl_realloc(s->shown_key, (s->shown_count + 1) * sizeof(*s->shown_key));
    memcpy(s->shown_key[s->shown_count++], author_id, SL_ID_BYTES);
}

static void put_inviter(const struct e2_thread *t, struct e2_item *item)
{
    const struct e2_seen_invite *invite =
        e2_state_invite(&t->state, t->state.parent_keys.invite_seq);

    if (invite == NULL) {
        return;
    }
    memcpy(item->inviter_id, invite->author_id, SL_ID_BYTES);
    item->inviter_name = e2_staff_name(t, invite->author_id);
}

static void take_any(struct e2_thread *t, const struct parsed *p, struct e2_item *item)
{
    struct e2_state *s = &t->state;
    const struct sl_header *header = &p->entry.header;

    item->side = p->side;
    item->mine = t->has_me && same_id(t->me, header->author_id);
    if (p->side == E2_SIDE_STAFF) {
        item->author_name = p->staff->holder.name;
    } else {
        put_inviter(t, item);
    }
    remember_author(s, header->author_id, p->seq);
    if (header->type != SL_ENTRY_MESSAGE && header->type != SL_ENTRY_SEEN) {
        return;
    }
    if (header->prev_seq > s->seen_by[p->side]) {
        s->seen_by[p->side] = header->prev_seq;
    }
    if (item->mine && header->prev_seq > s->seen_by_me) {
        s->seen_by_me = header->prev_seq;
    }
}

static void end_invite(struct e2_state *s, struct e2_seen_invite *invite, enum e2_invite_state to)
{
    invite->state = to;
    sl_json_set_str(s->items[invite->seq - 1].body, "state",
                    to == E2_INVITE_USED ? "used" : "ended");
}

static void take_key(struct e2_thread *t, struct parsed *p, struct e2_seen_key *key,
                     struct e2_own_item *own)
{
    struct e2_state *s = &t->state;
    const struct sl_key_body *body = &key->body;

    key->taken = true;
    s->current = (size_t)(key - s->keys) + 1;
    s->last_named = body->roster_serial;
    s->shown_count = 0;
    remember_shown(s, p->entry.header.author_id);
    /* What a leaver adds, with a server that lets it in late, settles nothing. */
    if (p->staff->ended == 0) {
        s->settled = body->roster_serial;
        s->parent_keys.granted = s->parent_keys.seq != 0;
    }
    own->shown.kind = E2_ITEM_KEY;
    sl_json_set_int(own->body, "generation", key->generation);
    sl_json_set_int(own->body, "roster_serial", body->roster_serial);
    sl_json_set_str(own->body, "team", e2_grant_name(t, body, SL_HOLDER_TEAM));
    sl_json_set_str(own->body, "records", e2_grant_name(t, body, SL_HOLDER_RECORDS));
    sl_json_set_bool(own->body, "parent", e2_grant_of(body, SL_HOLDER_PARENT) != NULL);
}

static void take_invite(struct e2_thread *t, const struct parsed *p,
                        const struct sl_invite_body *body, struct e2_own_item *own)
{
    struct e2_state *s = &t->state;
    struct e2_seen_invite *open = e2_state_open_invite(s);

    if (open != NULL) {
        end_invite(s, open, E2_INVITE_ENDED);
    }
    s->has_parent = true;
    memcpy(s->parent_id, body->parent_id, SL_ID_BYTES);
    s->invites = sl_realloc(s->invites, (s->invite_count + 1) * sizeof(*s->invites));
    struct e2_seen_invite *invite = &s->invites[s->invite_count++];
    *invite = (struct e2_seen_invite){
        .seq = p->seq, .sent_at = p->entry.header.sent_at, .body = *body, .state = E2_INVITE_OPEN};
    memcpy(invite->author_id, p->entry.header.author_id, SL_ID_BYTES);
    own->shown.kind = E2_ITEM_INVITE;
    const uint64_t most = (UINT64_C(1) << 53) - 1;
    sl_json_set_bytes(own->body, "invite_id", body->invite_id, SL_ID_BYTES);
    sl_json_set_int(own->body, "expires_at",
                    (int64_t)(body->expires_at < most ? body->expires_at : most));
    sl_json_set_str(own->body, "state", "open");
}

static void take_keys(struct e2_thread *t, const struct parsed *p, struct e2_own_item *own)
{
    struct e2_state *s = &t->state;
    const struct sl_keys_body *body = &p->keys_body;
    struct e2_seen_invite *invite = body->by == 0 ? NULL : e2_state_invite(s, body->by);

    sl_json_set_int(own->body, "by", body->by);
    sl_json_set_bool(own->body, "again", s->parent_keys.seq != 0);
    if (invite != NULL) {
        end_invite(s, invite, E2_INVITE_USED);
        s->parent_keys.invite_seq = invite->seq;
        s->parent_keys.granted = false;
    }
    /* By the old keys: nobody invited anew, so the inviter on record stays, and so does the
     * question whether keys of that invitation were ever let in. */
    struct e2_seen_invite *open = e2_state_open_invite(s);
    if (open != NULL) {
        end_invite(s, open, E2_INVITE_ENDED);
    }
    s->parent_keys.seq = p->seq;
    memcpy(s->parent_keys.sign_pk, body->sign_pk, SL_PK_BYTES);
    memcpy(s->parent_keys.box_pk, body->box_pk, SL_PK_BYTES);
    own->shown.kind = E2_ITEM_KEYS;
}

/* A message that was taken back is not shown any more, whether or not the server still has it. */
static void take_back(struct e2_state *s, const json_t *retract, uint32_t by)
{
    struct e2_own_item *own = &s->items[json_integer_value(json_object_get(retract, "seq")) - 1];

    own->shown.kind = E2_ITEM_TAKEN_BACK;
    own->shown.plain = E2_PLAIN_UNKNOWN;
    own->shown.retracted_by = by;
    set_body(own, sl_json_new());
}

static struct e2_seen_key *keep_key(struct e2_state *s, const struct parsed *p)
{
    s->keys = e2_grow_secret(s->keys, s->key_count * sizeof(*s->keys),
                             (s->key_count + 1) * sizeof(*s->keys));
    struct e2_seen_key *key = &s->keys[s->key_count++];
    memset(key, 0, sizeof(*key));
    key->seq = p->seq;
    key->generation = p->entry.header.generation;
    key->body = p->key_body;
    return key;
}

/* ---- Rules 6 to 8, for an entry that is in its place and signed ---- */

static enum e2_outcome content_key(struct e2_thread *t, struct parsed *p)
{
    bool has_key = false;
    uint8_t opened[E2_KEY_BYTES] = {0};
    const char *reason = e2_rule_key(t, &p->entry, &p->key_body, &has_key, opened);
    struct e2_seen_key *key = keep_key(&t->state, p);

    if (reason == NULL) {
        key->has_key = has_key;
        memcpy(key->key, opened, E2_KEY_BYTES);
    }
    sodium_memzero(opened, sizeof(opened));
    if (reason != NULL) {
        return warn(t, p, refuse(6, reason));
    }
    struct e2_own_item *own = new_item(t, p);
    take_key(t, p, key, own);
    take_any(t, p, &own->shown);
    return E2_OUT_TAKEN;
}

static enum e2_outcome content_invite(struct e2_thread *t, struct parsed *p)
{
    struct sl_invite_body body;
    const char *reason = "length";

    if (sl_invite_body_parse(p->entry.body, &body, NULL) == SL_OK) {
        reason = e2_rule_invite(t, &p->entry, &body);
    }
    if (reason != NULL) {
        return warn(t, p, refuse(7, reason));
    }
    struct e2_own_item *own = new_item(t, p);
    take_invite(t, p, &body, own);
    take_any(t, p, &own->shown);
    return E2_OUT_TAKEN;
}

static enum e2_outcome content_keys(struct e2_thread *t, struct parsed *p)
{
    const char *reason = e2_rule_keys(t, &p->entry, &p->keys_body);

    if (reason != NULL) {
        return warn(t, p, refuse(7, reason));
    }
    struct e2_own_item *own = new_item(t, p);
    take_keys(t, p, own);
    take_any(t, p, &own->shown);
    return E2_OUT_TAKEN;
}

static enum e2_outcome content_seen(struct e2_thread *t, struct parsed *p)
{
    struct e2_own_item *own = new_item(t, p);

    own->shown.kind = E2_ITEM_SEEN;
    sl_json_set_int(own->body, "up_to", p->entry.header.prev_seq);
    take_any(t, p, &own->shown);
    return E2_OUT_TAKEN;
}

static enum e2_outcome content_message(struct e2_thread *t, struct parsed *p)
{
    enum e2_plain plain = E2_PLAIN_UNKNOWN;
    json_t *body = NULL;
    const char *reason = NULL;

    if (p->whole) {
        reason = e2_rule_message(t, &p->entry, p->side, &plain, &body);
    }
    if (reason != NULL) {
        return warn(t, p, refuse(8, reason));
    }
    struct e2_own_item *own = new_item(t, p);
    own->is_message = true;
    own->shown.plain = plain;
    own->shown.kind = p->whole ? E2_ITEM_MESSAGE : E2_ITEM_TAKEN_BACK;
    if (p->whole) {
        set_body(own, body);
        remember_shown(&t->state, p->entry.header.author_id);
    }
    take_any(t, p, &own->shown);
    if (plain == E2_RETRACT) {
        take_back(&t->state, body, p->seq);
    }
    return E2_OUT_TAKEN;
}

static enum e2_outcome content(struct e2_thread *t, struct parsed *p)
{
    switch ((enum sl_entry_type)p->entry.header.type) {
    case SL_ENTRY_MESSAGE:
        return content_message(t, p);
    case SL_ENTRY_KEY:
        return content_key(t, p);
    case SL_ENTRY_INVITE:
        return content_invite(t, p);
    case SL_ENTRY_KEYS:
        return content_keys(t, p);
    case SL_ENTRY_SEEN:
        return content_seen(t, p);
    }
    return warn(t, p, refuse(1, "type"));
}

/* A parent takes no new key entry under a roster that is past its end. */
static bool frozen(const struct e2_thread *t, uint32_t seq)
{
    return t->reader == E2_READ_AS_PARENT && seq > t->checkpoint.seq &&
           e2_trust_expired(t->trust, sl_now_s(t->clock));
}

static bool must_wait(struct e2_thread *t, const struct parsed *p, bool in_order)
{
    if (p->key_body.roster_serial > e2_trust_serial(t->trust)) {
        t->waiting_why = E2_SEND_NEWER_ROSTER;
        return true;
    }
    if (in_order && frozen(t, p->seq)) {
        t->waiting_why = E2_SEND_ROSTER_EXPIRED;
        return true;
    }
    return false;
}

static bool elsewhere(struct refusal place)
{
    return place.rule != 0 &&
           (strcmp(place.reason, "prev-link") == 0 || strcmp(place.reason, "prev-seq") == 0);
}

static void parse_bodies(struct parsed *p)
{
    p->is_key = p->whole && p->entry.header.type == SL_ENTRY_KEY;
    p->is_keys = p->whole && p->entry.header.type == SL_ENTRY_KEYS;
    if (p->is_key) {
        e2_key_body_of(&p->entry, &p->key_body);
    }
    if (p->is_keys && sl_keys_body_parse(p->entry.body, &p->keys_body, NULL) != SL_OK) {
        abort(); /* rule 1 has checked its length */
    }
}

enum e2_outcome e2_judge(struct e2_thread *t)
{
    struct e2_state *s = &t->state;
    struct parsed p = {.seq = (uint32_t)s->count + 1};
    struct refusal form = rule_form(t, &p);

    if (form.rule != 0) {
        return warn(t, &p, form);
    }
    parse_bodies(&p);
    const struct refusal place = rule_place(t, &p);
    const struct refusal author = rule_author(t, &p);
    const struct refusal signature = p.known ? rule_signature(&p) : author;
    const bool stranger = !p.known && strcmp(author.reason, "unknown-author") == 0;
    s->wants_roster = s->wants_roster || stranger;
    /* A keys entry vouches for its own signature, so only the proof in it shows whose it is. */
    const bool proper =
        p.whole && signature.rule == 0 && (!p.is_keys || e2_proof_holds(t, &p.entry, &p.keys_body));
    s->differ = s->differ || (proper && elsewhere(place));

    struct refusal refused = place.rule != 0 ? place : signature;
    if (refused.rule == 0) {
        refused = rule_side(s, &p);
    }
    if (p.is_key && place.rule == 0 && (refused.rule == 0 || stranger) &&
        must_wait(t, &p, refused.rule == 0)) {
        return E2_OUT_WAITING;
    }
    if (p.is_key && signature.rule == 0 && p.entry.header.generation > s->counted) {
        /* Counted from here on, whatever else is wrong with it: a bad one costs a number only. */
        s->counted = p.entry.header.generation;
    }
    if (refused.rule != 0) {
        if (p.is_key && signature.rule == 0) {
            (void)keep_key(s, &p);
        }
        return warn(t, &p, refused);
    }
    return content(t, &p);
}
