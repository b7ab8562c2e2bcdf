#include "rpc/rules.h"

#include <sodium.h>
#include <string.h>

#include "auth/auth.h"
#include "common/json.h"
#include "rpc/handler.h"

static bool is_staff_type(uint8_t type)
{
    return type == SL_ENTRY_KEY || type == SL_ENTRY_INVITE;
}

static bool needs_the_end(uint8_t type)
{
    return type == SL_ENTRY_KEY || type == SL_ENTRY_INVITE || type == SL_ENTRY_KEYS;
}

static enum sl_code stale(struct rpc_call *call, const struct thread_state *t, struct sl_err *err,
                          const char *why)
{
    sl_json_set_int(call->extra, "last_seq", t->last_seq);
    sl_json_set_bytes(call->extra, "last_link", t->last_link, SL_HASH_BYTES);
    sl_json_set_int(call->extra, "newest_generation", t->generation);
    return sl_fail(err, SL_ENTRY_STALE, "%s", why);
}

enum sl_code rules_stale(struct rpc_call *call, const struct post *post,
                         const struct thread_state *t, const uint8_t prev_link[SL_HASH_BYTES],
                         uint32_t own_seq, struct sl_err *err)
{
    const struct sl_header *h = &post->entry.header;
    const char *why = NULL;

    if (h->type != SL_ENTRY_KEY) {
        int64_t held_ms = auth_held_ms(call->env->auth, t->id, post->author_id);
        if (held_ms > 0) {
            sl_json_set_int(call->extra, "retry_after_ms", held_ms);
            return stale(call, t, err, "held for a key entry");
        }
    }
    if (h->prev_seq > t->last_seq || memcmp(h->prev_link, prev_link, SL_HASH_BYTES) != 0) {
        why = "prev_link is not in the chain";
    } else if (h->prev_seq < own_seq) {
        why = "prev_seq is below the author's own last";
    } else if (needs_the_end(h->type) && h->prev_seq != t->last_seq) {
        why = "not the end of the chain";
    } else if (t->generation != 0 &&
               h->generation != t->generation + (h->type == SL_ENTRY_KEY ? 1U : 0U)) {
        why = "another generation";
    }
    if (why == NULL) {
        return SL_OK;
    }
    if (h->type == SL_ENTRY_KEY && post->verified) {
        auth_hold(call->env->auth, t->id, post->author_id);
    }
    return stale(call, t, err, why);
}

enum sl_code rules_sign_pk(struct rpc_call *call, const struct post *post, const uint8_t *parent_pk,
                           uint8_t out[SL_PK_BYTES], bool *found, struct sl_err *err)
{
    struct handler_holder holder = {0};
    struct sl_keys_body keys;

    *found = false;
    if (post->entry.header.type == SL_ENTRY_KEYS) {
        enum sl_code rc = sl_keys_body_parse(post->entry.body, &keys, err);
        if (rc == SL_OK) {
            memcpy(out, keys.sign_pk, SL_PK_BYTES);
            *found = true;
        }
        return rc;
    }
    if (post->side == THREAD_PARENT) {
        *found = parent_pk != NULL;
        if (*found) {
            memcpy(out, parent_pk, SL_PK_BYTES);
        }
        return SL_OK;
    }
    enum sl_code rc = handler_holder(call->db, SL_HOLDER_STAFF, post->author_id, 1, &holder, err);
    if (rc == SL_OK && holder.found && holder.ended_serial == 0) {
        memcpy(out, holder.sign_pk, SL_PK_BYTES);
        *found = true;
    }
    return rc;
}

/* Rule 6, one grant to a team or to records. */
static enum sl_code grant_ok(struct rpc_call *call, const struct sl_grant *grant, uint32_t serial,
                             bool *ok, struct sl_err *err)
{
    struct handler_holder holder = {0};
    enum sl_code rc = handler_holder(call->db, (enum sl_holder_kind)grant->kind, grant->holder_id,
                                     grant->holder_generation, &holder, err);

    *ok = rc == SL_OK && holder.found && holder.added_serial <= serial &&
          (holder.ended_serial == 0 || holder.ended_serial > serial) &&
          memcmp(holder.box_pk, grant->box_pk, SL_PK_BYTES) == 0;
    return rc;
}

static bool parent_grant_ok(const struct sl_grant *grant, const struct thread_state *t)
{
    return memcmp(grant->holder_id, t->parent_id, SL_ID_BYTES) == 0 &&
           grant->holder_generation == t->parent_keys_seq &&
           memcmp(grant->box_pk, t->parent_box_pk, SL_PK_BYTES) == 0;
}

static enum sl_code roster_ok(struct rpc_call *call, const struct sl_key_body *body,
                              const struct thread_state *t, bool *ok, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    uint8_t hash[SL_HASH_BYTES];
    bool have = false;
    enum sl_code rc =
        db_query(call->db, SQL_ROSTER_HASH_OF, &s, err, "i", (int64_t)body->roster_serial);

    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    *ok = rc == SL_OK && have && db_fixed(s, 0, hash, sizeof(hash)) &&
          memcmp(hash, body->roster_hash, sizeof(hash)) == 0 &&
          body->roster_serial >= t->roster_serial;
    return rc;
}

static enum sl_code judge_key(struct rpc_call *call, const struct post *post,
                              const struct thread_state *t, struct sl_err *err)
{
    struct sl_key_body body;
    unsigned seen[SL_HOLDER_PARENT + 1] = {0};
    bool ok = false;
    enum sl_code rc = sl_key_body_parse(post->entry.body, &body, err);

    if (rc != SL_OK) {
        return post_refuse(call, 6, err, "more grants than there may be");
    }
    rc = roster_ok(call, &body, t, &ok, err);
    if (rc == SL_OK && !ok) {
        return post_refuse(call, 6, err, "the roster named is unknown or older than the last");
    }
    for (size_t i = 0; rc == SL_OK && i < body.grant_count; i++) {
        const struct sl_grant *grant = &body.grants[i];
        if (grant->kind < SL_HOLDER_TEAM || grant->kind > SL_HOLDER_PARENT) {
            return post_refuse(call, 6, err, "a grant to nobody who may have one");
        }
        seen[grant->kind]++;
        if (grant->kind == SL_HOLDER_PARENT) {
            ok = t->parent_keys_seq != 0 && parent_grant_ok(grant, t);
        } else {
            rc = grant_ok(call, grant, body.roster_serial, &ok, err);
            ok = ok && (grant->kind != SL_HOLDER_TEAM ||
                        memcmp(grant->holder_id, t->team_id, SL_ID_BYTES) == 0);
        }
        if (rc == SL_OK && !ok) {
            return post_refuse(call, 6, err, "a grant to somebody else's key");
        }
    }
    if (rc != SL_OK) {
        return rc;
    }
    if (seen[SL_HOLDER_TEAM] != 1 || seen[SL_HOLDER_RECORDS] != 1 ||
        seen[SL_HOLDER_PARENT] != (t->parent_keys_seq != 0 ? 1U : 0U)) {
        return post_refuse(call, 6, err, "not one grant each");
    }
    if ((t->generation == 0) != (sodium_is_zero(body.previous, SL_PREVIOUS_BYTES) == 1)) {
        return post_refuse(call, 6, err, "previous");
    }
    return SL_OK;
}

static enum sl_code took_part(struct rpc_call *call, const struct post *post,
                              const struct thread_state *t, bool *out, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    enum sl_code rc =
        db_query(call->db, SQL_ENTRY_TOOK_PART, &s, err, "bib", t->id, (size_t)SL_ID_BYTES,
                 (int64_t)t->key_seq, post->author_id, (size_t)SL_ID_BYTES);

    return rc == SL_OK ? db_next(s, out, err) : rc;
}

static enum sl_code judge_invite(struct rpc_call *call, const struct post *post,
                                 const struct thread_state *t, struct sl_err *err)
{
    const struct post_invite *invite = post->invite;
    struct sl_invite_body body;
    bool holder = false;
    bool part = false;

    if (sl_invite_body_parse(post->entry.body, &body, err) != SL_OK) {
        return post_refuse(call, 1, err, "invite body");
    }
    if (memcmp(body.invite_id, invite->id, SL_ID_BYTES) != 0 ||
        memcmp(body.parent_id, invite->parent_id, SL_ID_BYTES) != 0 ||
        memcmp(body.accept_pk, invite->accept_pk, SL_PK_BYTES) != 0 ||
        body.expires_at != (uint64_t)invite->expires_at) {
        return post_refuse(call, 7, err, "the entry is not of this invitation");
    }
    if (t->has_parent && memcmp(t->parent_id, invite->parent_id, SL_ID_BYTES) != 0) {
        return post_refuse(call, 7, err, "another parent");
    }
    enum sl_code rc = handler_is_holder(call->db, invite->parent_id, &holder, err);
    if (rc == SL_OK) {
        rc = took_part(call, post, t, &part, err);
    }
    if (rc == SL_OK && holder) {
        return post_refuse(call, 7, err, "the parent's id is a roster holder's");
    }
    if (rc == SL_OK && !part) {
        return post_refuse(call, 7, err, "the author has not shown the key of this generation");
    }
    return rc;
}

static enum sl_code judge_keys(struct rpc_call *call, const struct post *post,
                               const struct thread_state *t, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    const struct post_invite *invite = post->invite;
    struct sl_keys_body body;
    uint32_t invite_seq = 0;
    bool have = false;

    if (sl_keys_body_parse(post->entry.body, &body, err) != SL_OK) {
        return post_refuse(call, 1, err, "keys body");
    }
    enum sl_code rc =
        db_query(call->db, SQL_INVITE_THREADS, &s, err, "b", invite->id, (size_t)SL_ID_BYTES);
    while (rc == SL_OK && (rc = db_next(s, &have, err)) == SL_OK && have) {
        struct sl_bytes id = db_bytes(s, 0);
        if (id.len == SL_ID_BYTES && memcmp(id.data, t->id, SL_ID_BYTES) == 0) {
            invite_seq = (uint32_t)db_int(s, 1);
        }
    }
    if (rc != SL_OK) {
        return rc;
    }
    if (invite_seq == 0 || body.by != invite_seq || !t->has_parent ||
        memcmp(t->parent_id, invite->parent_id, SL_ID_BYTES) != 0) {
        return post_refuse(call, 7, err, "not by this invitation");
    }
    if (!post->usable_box_pk) {
        return post_refuse(call, 7, err, "a key that nothing can be sealed to");
    }
    if (!sl_keys_proof_ok(&post->entry, &body, invite->accept_pk)) {
        return post_refuse(call, 7, err, "the proof does not hold");
    }
    return SL_OK;
}

static enum sl_code judge_message(struct rpc_call *call, const struct post *post,
                                  struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;

    if (post->act == SL_ACT_COUNT ||
        (sl_act_row(post->act)->who & (post->side == THREAD_STAFF ? R_STAFF : R_PARENT)) == 0 ||
        post->act == SL_ACT_NOTE) {
        return post_refuse(call, 8, err, "not an act of theirs here");
    }
    if (post->drop_seq == 0) {
        return SL_OK;
    }
    enum sl_code rc = db_query(call->db, SQL_ENTRY_AT, &s, err, "bi", post->thread_id,
                               (size_t)SL_ID_BYTES, (int64_t)post->drop_seq);
    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    struct sl_bytes author = have ? db_bytes(s, 7) : (struct sl_bytes){0};
    if (!have || db_int(s, 6) != SL_ENTRY_MESSAGE || author.len != SL_ID_BYTES ||
        memcmp(author.data, post->author_id, SL_ID_BYTES) != 0) {
        return post_refuse(call, 8, err, "only an own message can be taken back");
    }
    return SL_OK;
}

/* Rule 4, with the key as it is now. */
static enum sl_code judge_signature(struct rpc_call *call, struct post *post,
                                    const struct thread_state *t, struct sl_err *err)
{
    uint8_t pk[SL_PK_BYTES];
    bool found = false;
    enum sl_code rc = rules_sign_pk(call, post, t->parent_keys_seq != 0 ? t->parent_sign_pk : NULL,
                                    pk, &found, err);

    if (rc != SL_OK) {
        return rc;
    }
    if (!found) {
        return post_refuse(call, 3, err, "the author has no current key");
    }
    if (post->verified && memcmp(post->verified_pk, pk, SL_PK_BYTES) == 0) {
        return SL_OK;
    }
    return sl_entry_signature_ok(&post->entry, pk)
               ? SL_OK
               : post_refuse(call, 4, err, "the signature does not hold");
}

enum sl_code rules_judge(struct rpc_call *call, struct post *post, const struct thread_state *t,
                         struct sl_err *err)
{
    const struct sl_header *h = &post->entry.header;

    if (memcmp(h->thread_id, post->thread_id, SL_ID_BYTES) != 0) {
        return post_refuse(call, 1, err, "another thread");
    }
    if (memcmp(h->author_id, post->author_id, SL_ID_BYTES) != 0) {
        return post_refuse(call, 3, err, "somebody else is named as the author");
    }
    if ((post->types & 1U << h->type) == 0) {
        bool theirs = !is_staff_type(h->type) || post->side == THREAD_STAFF;
        return post_refuse(call, theirs && needs_the_end(h->type) ? 7 : 5, err,
                           "a type that is not posted by this call");
    }
    if (t->generation == 0 && (h->type != SL_ENTRY_KEY || h->generation != 1)) {
        return post_refuse(call, 5, err, "entry 1 is a key entry of generation 1");
    }
    enum sl_code rc = judge_signature(call, post, t, err);
    if (rc != SL_OK) {
        return rc;
    }
    switch ((enum sl_entry_type)h->type) {
    case SL_ENTRY_MESSAGE:
        return judge_message(call, post, err);
    case SL_ENTRY_KEY:
        return judge_key(call, post, t, err);
    case SL_ENTRY_INVITE:
        return judge_invite(call, post, t, err);
    case SL_ENTRY_KEYS:
        return judge_keys(call, post, t, err);
    case SL_ENTRY_SEEN:
        break;
    }
    return SL_OK;
}
