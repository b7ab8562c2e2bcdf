/* What a thread was given: entries, links, checkpoints. The judging is in thread_judge.c. */
#include "e2ee/thread.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "e2ee/thread_state.h"

static void *copied(const void *from, size_t n)
{
    void *to = sl_alloc(n + 1);

    if (n != 0) {
        memcpy(to, from, n);
    }
    return to;
}

struct e2_thread *e2_thread_new(const struct e2_thread_setup *setup)
{
    struct e2_thread *t = sl_alloc(sizeof(*t));

    memcpy(t->id, setup->thread_id, SL_ID_BYTES);
    t->trust = setup->trust;
    t->has_me = setup->me != NULL;
    if (t->has_me) {
        memcpy(t->me, setup->me, SL_ID_BYTES);
    }
    t->seeds = setup->seeds;
    t->reader = setup->reader;
    t->held = copied(setup->held, setup->held_count * sizeof(*t->held));
    t->held_count = setup->held_count;
    t->checkpoint = setup->checkpoint;
    t->teams = copied(setup->teams, setup->team_count * sizeof(*t->teams));
    t->team_count = setup->team_count;
    t->notes = setup->notes;
    t->clock = setup->clock;
    t->links = sl_alloc(sizeof(*t->links));
    sl_link_first(t->id, t->links[0]);
    return t;
}

void e2_thread_free(struct e2_thread *t)
{
    if (t == NULL) {
        return;
    }
    for (size_t i = 0; i < t->stored_count; i++) {
        sl_buf_free(&t->stored[i].bytes);
    }
    e2_state_fini(&t->state);
    sodium_memzero(t->held, t->held_count * sizeof(*t->held));
    if (t->ring != NULL) {
        sodium_memzero(t->ring, t->ring_count * sizeof(*t->ring));
    }
    free(t->held);
    free(t->ring);
    free(t->teams);
    free(t->stored);
    free(t->links);
    free(t);
}

void sl_auto_e2_thread(struct e2_thread **t)
{
    e2_thread_free(*t);
}

/* Every entry has a place in the chain, however badly it is made: too short to have a header, it is
 * hashed as far as it goes. */
static void next_link(const struct e2_thread *t, uint32_t seq, bool whole, struct sl_bytes bytes,
                      uint8_t out[SL_HASH_BYTES])
{
    uint8_t body_hash[SL_HASH_BYTES];
    uint8_t digest[SL_HASH_BYTES];
    const size_t head = bytes.len < SL_HEADER_BYTES ? bytes.len : SL_HEADER_BYTES;
    /* Of an empty entry there is nothing to point into. */
    const struct sl_bytes rest = {head == 0 ? NULL : bytes.data + head, bytes.len - head};

    if (whole) {
        const struct sl_bytes parts[] = {E2_LABEL("sendline-body-v1"), rest};
        e2_hash(body_hash, sizeof(body_hash), parts, 2);
    } else {
        memcpy(body_hash, rest.data, SL_HASH_BYTES);
    }
    const struct sl_bytes parts[] = {
        E2_LABEL("sendline-digest-v1"), {bytes.data, head}, {body_hash, SL_HASH_BYTES}};
    e2_hash(digest, sizeof(digest), parts, 3);
    sl_link_next(t->id, seq, t->links[seq - 1], digest, out);
}

static void check_remembered(struct e2_thread *t, uint32_t seq)
{
    if (t->checkpoint.seq == seq && memcmp(t->checkpoint.link, t->links[seq], SL_HASH_BYTES) != 0) {
        t->lost = true;
    }
}

static void append(struct e2_thread *t, int64_t at, bool whole, struct sl_bytes bytes,
                   const uint8_t link[SL_HASH_BYTES])
{
    if (t->stored_count == t->stored_cap) {
        t->stored_cap = t->stored_cap == 0 ? 64 : t->stored_cap * 2;
        t->stored = sl_realloc(t->stored, t->stored_cap * sizeof(*t->stored));
        t->links = sl_realloc(t->links, (t->stored_cap + 1) * sizeof(*t->links));
    }
    struct e2_stored *stored = &t->stored[t->stored_count++];
    memset(stored, 0, sizeof(*stored));
    stored->at = at;
    stored->whole = whole;
    sl_buf_put(&stored->bytes, bytes.data, bytes.len);
    memcpy(t->links[t->stored_count], link, SL_HASH_BYTES);
}

static bool step(struct e2_thread *t)
{
    if (e2_judge(t) == E2_OUT_WAITING) {
        t->waiting = true;
        return false;
    }
    return true;
}

/* One pass; true when a message without a body turned out to have no retract, so that another is
 * needed. */
static bool judge_pass(struct e2_thread *t)
{
    bool again = false;

    e2_state_fini(&t->state);
    t->waiting = false;
    e2_ring_fill(t);
    while (t->state.count < t->stored_count && step(t)) {
    }
    for (size_t i = 0; i < t->state.count; i++) {
        const struct e2_item *item = &t->state.items[i].shown;
        if (item->kind == E2_ITEM_TAKEN_BACK && item->retracted_by == 0) {
            t->stored[i].unbacked = true;
            again = true;
        }
    }
    return again;
}

static void judge_all(struct e2_thread *t)
{
    for (size_t i = 0; i < t->stored_count; i++) {
        t->stored[i].unbacked = false;
    }
    while (judge_pass(t)) {
    }
    e2_judge_marks(t, 0);
}

void e2_thread_judge_again(struct e2_thread *t)
{
    judge_all(t);
}

static bool any_unbacked(const struct e2_thread *t)
{
    for (size_t i = 0; i < t->stored_count; i++) {
        if (t->stored[i].unbacked) {
            return true;
        }
    }
    return false;
}

static bool is_unread(const struct e2_seen_key *key)
{
    return key->taken && !key->has_key;
}

/* Does the newest entry, a key entry taken or not, lead to the key of an older one that could not
 * be opened? */
static bool opens_older(struct e2_thread *t)
{
    const struct sl_buf *newest = &t->stored[t->stored_count - 1].bytes;
    const struct e2_state *s = &t->state;
    bool filled = false;

    if (newest->len < SL_HEADER_BYTES || newest->data[1] != SL_ENTRY_KEY) {
        return false;
    }
    for (size_t i = 0; i < s->key_count; i++) {
        if (!is_unread(&s->keys[i])) {
            continue;
        }
        if (!filled) {
            e2_ring_fill(t);
            filled = true;
        }
        if (e2_ring_find(t, s->keys[i].body.key_id) != NULL) {
            return true;
        }
    }
    return false;
}

static enum e2_verdict verdict_of(const struct e2_thread *t, uint32_t seq)
{
    if (seq > t->state.count) {
        return E2_WAITING;
    }
    return t->state.items[seq - 1].shown.rule == 0 ? E2_TAKEN : E2_REFUSED;
}

static enum e2_verdict take(struct e2_thread *t, uint32_t seq, int64_t at, bool whole,
                            struct sl_bytes bytes)
{
    uint8_t link[SL_HASH_BYTES];

    if (seq == 0 || seq > t->stored_count + 1) {
        t->complete = false;
        return E2_GAP;
    }
    next_link(t, seq, whole, bytes, link);
    if (seq <= t->stored_count) {
        if (memcmp(link, t->links[seq], SL_HASH_BYTES) != 0) {
            t->lost = true;
        } else if (t->stored[seq - 1].at == 0 && at != 0) {
            /* One of ours that was posted: from now on it counts as the server's. */
            t->stored[seq - 1].at = at;
            if (seq <= t->state.count) {
                e2_item_set_at(&t->state.items[seq - 1].shown, at);
            }
        }
        return E2_HAVE_IT;
    }
    append(t, at, whole, bytes, link);
    check_remembered(t, seq);
    const bool waiting = t->waiting;
    const size_t before = t->state.current;
    if (!waiting) {
        (void)step(t);
    }
    /* A retract may vouch for a message without a body. */
    const bool vouches = !waiting && (any_unbacked(t) || !whole);
    if (vouches || opens_older(t)) {
        judge_all(t);
    } else {
        e2_judge_marks(t, t->state.current != before ? 0 : seq - 1);
    }
    return verdict_of(t, seq);
}

enum e2_verdict e2_thread_take(struct e2_thread *t, uint32_t seq, int64_t at, struct sl_bytes entry)
{
    return take(t, seq, at, true, entry);
}

enum e2_verdict e2_thread_take_header(struct e2_thread *t, uint32_t seq, int64_t at,
                                      const uint8_t header[SL_HEADER_BYTES],
                                      const uint8_t body_hash[SL_HASH_BYTES])
{
    uint8_t both[SL_HEADER_BYTES + SL_HASH_BYTES];

    memcpy(both, header, SL_HEADER_BYTES);
    memcpy(both + SL_HEADER_BYTES, body_hash, SL_HASH_BYTES);
    return take(t, seq, at, false, (struct sl_bytes){both, sizeof(both)});
}

enum sl_code e2_thread_complete(struct e2_thread *t, uint32_t last_seq, struct sl_err *err)
{
    if (last_seq > t->stored_count) {
        t->complete = false;
        return sl_fail(err, SL_ENTRY_STALE, "%zu of %u entries are here", t->stored_count,
                       last_seq);
    }
    t->complete = true;
    if (t->checkpoint.seq > t->stored_count) {
        t->lost = true;
    }
    const enum e2_send stopped = e2_thread_stopped(t);
    if (stopped != E2_SEND_YES) {
        return sl_fail(err, SL_ENTRY_REFUSED, "%s", e2_send_name(stopped));
    }
    return SL_OK;
}

void e2_thread_rewind(struct e2_thread *t, uint32_t seq)
{
    if (seq >= t->stored_count) {
        return;
    }
    while (t->stored_count > seq) {
        sl_buf_free(&t->stored[--t->stored_count].bytes);
    }
    judge_all(t);
}

void e2_thread_name_team(struct e2_thread *t, const uint8_t team_id[SL_ID_BYTES])
{
    t->teams = sl_realloc(t->teams, (t->team_count + 1) * sizeof(*t->teams));
    memcpy(t->teams[t->team_count++], team_id, SL_ID_BYTES);
    judge_all(t);
}
