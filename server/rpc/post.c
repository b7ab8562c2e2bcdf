#include "rpc/post.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "common/json.h"
#include "outbox/outbox.h"
#include "rpc/handler.h"
#include "rpc/rules.h"

static const char member_args[] = "thread:b16 entry:bytes";

void post_fini(struct post *post)
{
    sl_buf_free(&post->bytes);
}

enum sl_code post_refuse(struct rpc_call *call, int rule, struct sl_err *err, const char *why)
{
    sl_json_set_int(call->extra, "rule", rule);
    return sl_fail(err, SL_ENTRY_REFUSED, "rule %d: %s", rule, why);
}

enum sl_code post_parse(const json_t *obj, struct post *post, struct sl_err *err)
{
    enum sl_code rc = sl_json_fixed(obj, "thread", post->thread_id, SL_ID_BYTES, err);

    if (rc == SL_OK) {
        rc = sl_json_bytes(obj, "entry", 1, SL_MAX_ENTRY_BYTES, &post->bytes, err);
    }
    if (rc == SL_OK) {
        /* Malformed bytes are rule 1's business, when the thread is known. */
        post->well_formed =
            sl_entry_parse(post->bytes.data, post->bytes.len, &post->entry, NULL) == SL_OK;
    }
    return rc;
}

enum sl_code post_parse_list(const json_t *args, size_t max, struct post **out, size_t *count,
                             struct sl_err *err)
{
    json_t *list = NULL;
    enum sl_code rc = sl_json_array(args, "entries", 1, max, &list, err);

    if (rc != SL_OK) {
        return rc;
    }
    size_t n = json_array_size(list);
    struct post *posts = sl_alloc(n * sizeof(*posts));
    for (size_t i = 0; i < n && rc == SL_OK; i++) {
        posts[i].act = SL_ACT_COUNT;
        rc = handler_member(list, i, member_args, err);
        if (rc == SL_OK) {
            rc = post_parse(json_array_get(list, i), &posts[i], err);
        }
    }
    if (rc != SL_OK) {
        for (size_t i = 0; i < n; i++) {
            post_fini(&posts[i]);
        }
        free(posts);
        return rc;
    }
    *out = posts;
    *count = n;
    return SL_OK;
}

/* crypto_box_seal refuses keys of small order: multiplying by anything gives zeros. */
static bool box_pk_usable(const uint8_t pk[SL_PK_BYTES])
{
    static const uint8_t any[crypto_scalarmult_SCALARBYTES] = {9};
    uint8_t shared[crypto_scalarmult_BYTES];

    return crypto_scalarmult(shared, any, pk) == 0;
}

/* A parent's newest key in a thread. */
static enum sl_code parent_key(struct rpc_call *call, const uint8_t thread_id[SL_ID_BYTES],
                               uint8_t out[SL_PK_BYTES], bool *found, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    enum sl_code rc =
        db_query(call->db, SQL_THREAD_PARENT_KEY, &s, err, "b", thread_id, (size_t)SL_ID_BYTES);

    if (rc == SL_OK) {
        rc = db_next(s, found, err);
    }
    return rc == SL_OK && *found && !db_fixed(s, 0, out, SL_PK_BYTES)
               ? sl_fail(err, SL_CORRUPT, "a parent's key has a wrong length")
               : rc;
}

enum sl_code post_check(struct rpc_call *call, struct post *post, struct sl_err *err)
{
    struct sl_keys_body keys;
    uint8_t parent_pk[SL_PK_BYTES];
    uint8_t pk[SL_PK_BYTES];
    bool found = false;
    bool have_pk = false;
    enum sl_code rc = SL_OK;

    if (!post->well_formed) {
        return SL_OK;
    }
    if (post->entry.header.type == SL_ENTRY_KEYS &&
        sl_keys_body_parse(post->entry.body, &keys, NULL) == SL_OK) {
        post->usable_box_pk = box_pk_usable(keys.box_pk);
    }
    if (post->side == THREAD_PARENT) {
        rc = parent_key(call, post->thread_id, parent_pk, &found, err);
    }
    if (rc == SL_OK) {
        rc = rules_sign_pk(call, post, found ? parent_pk : NULL, pk, &have_pk, err);
    }
    if (rc == SL_OK && have_pk && sl_entry_signature_ok(&post->entry, pk)) {
        memcpy(post->verified_pk, pk, sizeof(pk));
        post->verified = true;
    }
    return rc;
}

static bool is_party(const struct post *post, const struct thread_state *t)
{
    enum thread_side side = THREAD_PARENT;

    if (thread_side_of(t, post->author_id, &side)) {
        return side == post->side;
    }
    return post->side == THREAD_PARENT && post->invite != NULL && t->has_parent &&
           memcmp(t->parent_id, post->author_id, SL_ID_BYTES) == 0;
}

static bool same_bytes(const struct post *post, const struct db_stmt *s)
{
    uint8_t hash[SL_HASH_BYTES];

    if (!db_is_null(s, 2)) {
        struct sl_bytes stored = db_bytes(s, 2);
        return stored.len == post->bytes.len &&
               memcmp(stored.data, post->bytes.data, stored.len) == 0;
    }
    struct sl_bytes header = db_bytes(s, 3);
    struct sl_bytes body_hash = db_bytes(s, 4);
    sl_body_hash(&post->entry, hash);
    return header.len == SL_HEADER_BYTES && body_hash.len == SL_HASH_BYTES &&
           memcmp(header.data, post->bytes.data, SL_HEADER_BYTES) == 0 &&
           memcmp(body_hash.data, hash, SL_HASH_BYTES) == 0;
}

/* Is there an entry of this id? The same bytes by the same author: its first answer. */
static enum sl_code look_for_id(struct rpc_call *call, struct post *post, bool *used,
                                struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    const struct sl_header *h = &post->entry.header;
    bool have = false;
    enum sl_code rc = db_query(call->db, SQL_ENTRY_BY_ID, &s, err, "bb", post->thread_id,
                               (size_t)SL_ID_BYTES, h->entry_id, (size_t)SL_ID_BYTES);

    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc != SL_OK || !have) {
        return rc;
    }
    *used = true;
    if (memcmp(h->author_id, post->author_id, SL_ID_BYTES) == 0 && same_bytes(post, s)) {
        post->seq = (uint32_t)db_int(s, 0);
        post->at = db_int(s, 1);
        if (!db_fixed(s, 5, post->link, SL_HASH_BYTES)) {
            return sl_fail(err, SL_CORRUPT, "a link of a wrong length");
        }
        post->repeated = true;
    }
    return SL_OK;
}

/* The chain and the counts at prev_seq. */
struct before {
    uint8_t link[SL_HASH_BYTES];
    int64_t count[2];
};

static enum sl_code look_before(struct rpc_call *call, const struct thread_state *t, uint32_t seq,
                                struct before *out, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;

    memcpy(out->count, t->count, sizeof(out->count));
    if (seq >= t->last_seq) {
        memcpy(out->link, t->last_link, SL_HASH_BYTES);
        return SL_OK;
    }
    if (seq == 0) {
        memset(out->count, 0, sizeof(out->count));
        sl_link_first(t->id, out->link);
        return SL_OK;
    }
    enum sl_code rc = db_query(call->db, SQL_ENTRY_CHAIN_AT, &s, err, "bi", t->id,
                               (size_t)SL_ID_BYTES, (int64_t)seq);
    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc == SL_OK && (!have || !db_fixed(s, 0, out->link, SL_HASH_BYTES))) {
        return sl_fail(err, SL_CORRUPT, "entry %u of a thread is not there", (unsigned)seq);
    }
    if (rc == SL_OK) {
        out->count[THREAD_PARENT] = db_int(s, 1);
        out->count[THREAD_STAFF] = db_int(s, 2);
    }
    return rc;
}

/* The parent's oldest message of a kind that waits, after what the answer's author had. */
static enum sl_code find_waiting(struct rpc_call *call, struct thread_state *t, uint32_t after,
                                 struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;
    enum sl_code rc = db_query(
        call->db, SQL_ENTRIES_WAITING, &s, err, "biib", t->id, (size_t)SL_ID_BYTES, (int64_t)after,
        (int64_t)t->reply.waiting_last_seq, t->parent_id, (size_t)SL_ID_BYTES);

    while (rc == SL_OK && (rc = db_next(s, &have, err)) == SL_OK && have) {
        enum sl_act act = sl_act_of(db_text(s, 2));
        if (act != SL_ACT_COUNT && sl_act_row(act)->starts != 0) {
            reply_still_waiting(&t->reply, (uint32_t)db_int(s, 0), db_int(s, 1));
            break;
        }
    }
    return rc;
}

static enum sl_code move_reply(struct rpc_call *call, const struct post *post,
                               struct thread_state *t, struct sl_err *err)
{
    if (post->entry.header.type != SL_ENTRY_MESSAGE) {
        return SL_OK;
    }
    const struct sl_act_row *act = sl_act_row(post->act);
    if (post->side == THREAD_PARENT && act->starts != 0) {
        reply_started(&t->reply, t->last_seq, t->last_at);
    }
    /* What waits and was not seen at all goes on waiting; what was marked before it stays marked.
     */
    if (post->side == THREAD_STAFF && act->ends != 0 &&
        !reply_ended(&t->reply, post->entry.header.prev_seq) &&
        t->reply.waiting_seq <= post->entry.header.prev_seq) {
        return find_waiting(call, t, post->entry.header.prev_seq, err);
    }
    return SL_OK;
}

static void move_seen(const struct post *post, const struct before *before, struct thread_state *t,
                      struct thread_member *m)
{
    const struct sl_header *h = &post->entry.header;
    const enum thread_side other = post->side == THREAD_PARENT ? THREAD_STAFF : THREAD_PARENT;

    m->own_seq = t->last_seq;
    if (h->type != SL_ENTRY_MESSAGE && h->type != SL_ENTRY_SEEN) {
        return;
    }
    /* Never less than before: nobody's entry names one below their own last. */
    m->seen_seq = h->prev_seq;
    m->seen_count = before->count[other];
    if (m->seen_seq > t->seen_seq[post->side]) {
        t->seen_seq[post->side] = m->seen_seq;
    }
}

static enum sl_code write_kind(struct rpc_call *call, const struct post *post,
                               struct thread_state *t, struct sl_err *err)
{
    struct sl_key_body key;
    struct sl_keys_body keys;
    enum sl_code rc = SL_OK;

    switch ((enum sl_entry_type)post->entry.header.type) {
    case SL_ENTRY_MESSAGE:
        if (post->act == SL_ACT_CARD) {
            t->card_seq = t->last_seq;
            return db_exec(call->db, SQL_THREAD_SET_CARD, NULL, err, "bi", t->id,
                           (size_t)SL_ID_BYTES, (int64_t)t->card_seq);
        }
        return SL_OK;
    case SL_ENTRY_KEY:
        rc = sl_key_body_parse(post->entry.body, &key, err);
        if (rc != SL_OK) {
            return rc;
        }
        t->generation = post->entry.header.generation;
        t->key_seq = t->last_seq;
        t->roster_serial = key.roster_serial;
        auth_unhold(call->env->auth, t->id);
        return db_exec(call->db, SQL_THREAD_SET_KEY, NULL, err, "biii", t->id, (size_t)SL_ID_BYTES,
                       (int64_t)t->generation, (int64_t)t->key_seq, (int64_t)t->roster_serial);
    case SL_ENTRY_INVITE:
        t->has_parent = true;
        memcpy(t->parent_id, post->invite->parent_id, SL_ID_BYTES);
        return db_exec(call->db, SQL_THREAD_SET_PARENT, NULL, err, "bb", t->id, (size_t)SL_ID_BYTES,
                       t->parent_id, (size_t)SL_ID_BYTES);
    case SL_ENTRY_KEYS:
        rc = sl_keys_body_parse(post->entry.body, &keys, err);
        if (rc != SL_OK) {
            return rc;
        }
        t->parent_keys_seq = t->last_seq;
        memcpy(t->parent_sign_pk, keys.sign_pk, SL_PK_BYTES);
        memcpy(t->parent_box_pk, keys.box_pk, SL_PK_BYTES);
        t->accepted_at = t->accepted_at != 0 ? t->accepted_at : t->last_at;
        return db_exec(call->db, SQL_THREAD_SET_KEYS, NULL, err, "bibbi", t->id,
                       (size_t)SL_ID_BYTES, (int64_t)t->parent_keys_seq, keys.sign_pk,
                       (size_t)SL_PK_BYTES, keys.box_pk, (size_t)SL_PK_BYTES, t->accepted_at);
    case SL_ENTRY_SEEN:
        break;
    }
    return SL_OK;
}

static enum sl_code write_drop(struct rpc_call *call, const struct post *post, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    struct sl_entry entry;
    uint8_t body_hash[SL_HASH_BYTES];
    bool have = false;
    enum sl_code rc = db_query(call->db, SQL_ENTRY_AT, &s, err, "bi", post->thread_id,
                               (size_t)SL_ID_BYTES, (int64_t)post->drop_seq);

    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc != SL_OK || !have || db_is_null(s, 2)) {
        return rc; /* taken back before */
    }
    struct sl_bytes bytes = db_bytes(s, 2);
    rc = sl_entry_parse(bytes.data, bytes.len, &entry, err);
    if (rc != SL_OK) {
        return sl_fail(err, SL_CORRUPT, "a stored entry does not parse");
    }
    sl_body_hash(&entry, body_hash);
    SL_AUTO(buf) struct sl_buf header = {0};
    sl_buf_put(&header, bytes.data, SL_HEADER_BYTES);
    db_done(sl_steal(&s));
    return db_exec(call->db, SQL_ENTRY_TAKE_BACK, NULL, err, "bibb", post->thread_id,
                   (size_t)SL_ID_BYTES, (int64_t)post->drop_seq, header.data, header.len, body_hash,
                   sizeof(body_hash));
}

static enum sl_code write_rows(struct rpc_call *call, const struct post *post,
                               const struct thread_state *t, const struct thread_member *m,
                               struct sl_err *err)
{
    const struct sl_header *h = &post->entry.header;
    const char *act = post->act == SL_ACT_COUNT ? NULL : sl_act_row(post->act)->name;
    enum sl_code rc = db_exec(
        call->db, SQL_ENTRY_ADD, NULL, err, "bibibtibbii", t->id, (size_t)SL_ID_BYTES,
        (int64_t)t->last_seq, h->entry_id, (size_t)SL_ID_BYTES, (int64_t)h->type, h->author_id,
        (size_t)SL_ID_BYTES, act, t->last_at, post->bytes.data, post->bytes.len, t->last_link,
        (size_t)SL_HASH_BYTES, t->count[THREAD_PARENT], t->count[THREAD_STAFF]);

    if (rc == SL_OK) {
        rc = db_exec(call->db, SQL_THREAD_ADVANCE, NULL, err, "biibiiiiiiii", t->id,
                     (size_t)SL_ID_BYTES, (int64_t)t->last_seq, t->last_at, t->last_link,
                     (size_t)SL_HASH_BYTES, t->count[THREAD_PARENT], t->count[THREAD_STAFF],
                     (int64_t)t->seen_seq[THREAD_PARENT], (int64_t)t->seen_seq[THREAD_STAFF],
                     (int64_t)t->reply.waiting_seq, t->reply.waiting_since_at,
                     (int64_t)t->reply.waiting_last_seq, (int64_t)t->reply.not_needed_seq);
    }
    if (rc == SL_OK) {
        rc = db_exec(call->db, SQL_MEMBER_PUT, NULL, err, "bbiii", t->id, (size_t)SL_ID_BYTES,
                     post->author_id, (size_t)SL_ID_BYTES, (int64_t)m->own_seq,
                     (int64_t)m->seen_seq, m->seen_count);
    }
    return rc;
}

/* Everything was judged: number it, chain it, write it. */
static enum sl_code write_entry(struct rpc_call *call, struct post *post, struct thread_state *t,
                                const struct before *before, struct sl_err *err)
{
    struct thread_member *m = &t->member[post->side];
    uint8_t body_hash[SL_HASH_BYTES];
    uint8_t digest[SL_HASH_BYTES];

    t->last_seq++;
    t->last_at = call->now_s;
    sl_body_hash(&post->entry, body_hash);
    sl_digest(post->entry.header_bytes.data, body_hash, digest);
    sl_link_next(t->id, t->last_seq, t->last_link, digest, t->last_link);
    if (reply_act_is_read(post->act)) {
        t->count[post->side]++;
    }
    move_seen(post, before, t, m);
    post->first_keys = post->entry.header.type == SL_ENTRY_KEYS && t->accepted_at == 0;
    enum sl_code rc = move_reply(call, post, t, err);
    if (rc == SL_OK) {
        rc = write_rows(call, post, t, m, err);
    }
    if (rc == SL_OK) {
        rc = write_kind(call, post, t, err);
    }
    if (rc == SL_OK && post->drop_seq != 0) {
        rc = write_drop(call, post, err);
    }
    if (rc == SL_OK) {
        post->seq = t->last_seq;
        post->at = t->last_at;
        memcpy(post->link, t->last_link, SL_HASH_BYTES);
        post->state = *t;
    }
    return rc;
}

static enum sl_code decide(struct rpc_call *call, struct post *post, struct sl_err *err)
{
    struct thread_state t;
    struct before before;
    bool found = false;
    bool used = false;
    enum sl_code rc = thread_load(call->db, post->thread_id, &t, &found, err);

    if (rc == SL_OK && found && post->well_formed) {
        rc = look_for_id(call, post, &used, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    if (post->repeated) {
        post->state = t;
        return SL_OK;
    }
    if (!found || !is_party(post, &t)) {
        return sl_fail(err, SL_NOT_FOUND, "no thread of theirs");
    }
    if (!post->well_formed) {
        return post_refuse(call, 1, err, "not an entry");
    }
    if (used) {
        return sl_fail(err, SL_ENTRY_ID_USED, "other bytes under this entry_id");
    }
    if (t.closed_at != 0) {
        return sl_fail(err, SL_CLOSED, "the thread is closed");
    }
    rc = look_before(call, &t, post->entry.header.prev_seq, &before, err);
    if (rc == SL_OK) {
        rc = rules_stale(call, post, &t, before.link, t.member[post->side].own_seq, err);
    }
    if (rc == SL_OK) {
        rc = rules_judge(call, post, &t, err);
    }
    return rc == SL_OK ? write_entry(call, post, &t, &before, err) : rc;
}

enum sl_code post_run(struct rpc_call *call, struct post *post, struct sl_err *err)
{
    enum sl_code rc = decide(call, post, err);

    if (rc != SL_OK) {
        /* Of several entries in one call: which. */
        sl_json_set_bytes(call->extra, "thread", post->thread_id, SL_ID_BYTES);
    }
    return rc;
}

enum sl_code post_notify(struct rpc_call *call, const struct post *post, struct sl_err *err)
{
    const struct thread_state *t = &post->state;
    enum sl_code rc = rpc_notify(call, t->caseworker_id, SL_EV_ENTRY_NEW, t->id, post->seq, err);

    if (rc == SL_OK && t->accepted_at != 0) {
        rc = rpc_notify(call, t->parent_id, SL_EV_ENTRY_NEW, t->id, post->seq, err);
    }
    if (rc == SL_OK && t->accepted_at != 0 && post->side == THREAD_STAFF &&
        reply_act_is_read(post->act)) {
        rc = outbox_new_message(call->env->outbox, call->db, t->parent_id, t->id,
                                t->seen_seq[THREAD_PARENT], err);
    }
    return rc;
}

void post_set_result(json_t *obj, const struct post *post)
{
    sl_json_set_int(obj, "seq", post->seq);
    sl_json_set_int(obj, "at", post->at);
    sl_json_set_bytes(obj, "link", post->link, SL_HASH_BYTES);
}

json_t *post_results(const struct post *posts, size_t count)
{
    json_t *list = sl_json_new_array();

    for (size_t i = 0; i < count; i++) {
        json_t *result = sl_json_new();
        sl_json_set_bytes(result, "thread", posts[i].thread_id, SL_ID_BYTES);
        post_set_result(result, &posts[i]);
        sl_json_append(list, result);
    }
    return list;
}
