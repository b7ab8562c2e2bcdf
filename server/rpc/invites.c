/* Invitations as staff make, list and end them. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "rpc/handler.h"
#include "rpc/invite_row.h"
#include "store/seal.h"

/* A caseworker's clock may be a little ahead of ours. */
enum {
    EXPIRY_SLACK_S = 3600,
    LIST_MAX = 2000
};

struct making {
    struct post_invite invite;
    struct sl_buf parcel;
    uint8_t request_hash[SL_HASH_BYTES];
    struct post *posts;
    size_t count;
};

static void free_making(void *prepared)
{
    struct making *m = prepared;

    for (size_t i = 0; i < m->count; i++) {
        post_fini(&m->posts[i]);
    }
    free(m->posts);
    sl_buf_free(&m->parcel);
    free(m);
}

static void hash_request(struct making *m)
{
    SL_AUTO(buf) struct sl_buf all = {0};

    sl_buf_put(&all, m->invite.parent_id, SL_ID_BYTES);
    sl_buf_put(&all, m->invite.accept_pk, SL_PK_BYTES);
    sl_buf_put_u64(&all, (uint64_t)m->invite.expires_at);
    sl_buf_put_u32(&all, (uint32_t)m->parcel.len);
    sl_buf_put(&all, m->parcel.data, m->parcel.len);
    for (size_t i = 0; i < m->count; i++) {
        sl_buf_put(&all, m->posts[i].thread_id, SL_ID_BYTES);
        sl_buf_put_u32(&all, (uint32_t)m->posts[i].bytes.len);
        sl_buf_put(&all, m->posts[i].bytes.data, m->posts[i].bytes.len);
    }
    handler_hash(all.data, all.len, m->request_hash);
}

static enum sl_code parse_making(struct rpc_call *call, struct making *m, struct sl_err *err)
{
    enum sl_code rc = sl_json_fixed(call->args, "invite", m->invite.id, SL_ID_BYTES, err);

    if (rc == SL_OK) {
        rc = sl_json_fixed(call->args, "parent", m->invite.parent_id, SL_ID_BYTES, err);
    }
    if (rc == SL_OK) {
        rc = sl_json_fixed(call->args, "accept_pk", m->invite.accept_pk, SL_PK_BYTES, err);
    }
    if (rc == SL_OK) {
        rc = sl_json_int(call->args, "expires_at", 1, INT64_C(1) << 53, &m->invite.expires_at, err);
    }
    if (rc == SL_OK) {
        rc = sl_json_bytes(call->args, "parcel", 1, SL_MAX_PARCEL_BYTES, &m->parcel, err);
    }
    if (rc == SL_OK) {
        rc = post_parse_list(call->args, SL_MAX_THREADS_OF_PARENT, &m->posts, &m->count, err);
    }
    return rc;
}

/* One invite entry in each thread. */
static enum sl_code threads_differ(const struct making *m, struct sl_err *err)
{
    for (size_t i = 0; i < m->count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (memcmp(m->posts[i].thread_id, m->posts[j].thread_id, SL_ID_BYTES) == 0) {
                return sl_fail(err, SL_BAD_REQUEST, "entries: two in one thread");
            }
        }
    }
    return SL_OK;
}

enum sl_code rpc_invite_make_check(struct rpc_call *call, struct sl_err *err)
{
    struct making *m = sl_alloc(sizeof(*m));

    call->prepared = m;
    call->free_prepared = free_making;
    enum sl_code rc = parse_making(call, m, err);
    if (rc == SL_OK) {
        rc = threads_differ(m, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    hash_request(m);
    for (size_t i = 0; i < m->count && rc == SL_OK; i++) {
        struct post *post = &m->posts[i];
        post->author_id = call->who.account_id;
        post->side = THREAD_STAFF;
        post->types = 1U << SL_ENTRY_INVITE;
        post->invite = &m->invite;
        rc = post_check(call, post, err);
    }
    return rc;
}

/* Count rows of a statement that gives one number. */
static enum sl_code one_number(struct db_stmt *s, int64_t *out, struct sl_err *err)
{
    bool have = false;
    enum sl_code rc = db_next(s, &have, err);

    *out = rc == SL_OK && have ? db_int(s, 0) : 0;
    return rc;
}

static enum sl_code check_bounds(struct rpc_call *call, const struct making *m, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *open = NULL;
    SL_AUTO(stmt) struct db_stmt *threads = NULL;
    int64_t count = 0;
    enum sl_code rc = db_query(call->db, SQL_INVITES_OPEN_COUNT, &open, err, "bi",
                               call->who.account_id, (size_t)SL_ID_BYTES, call->now_s);

    if (rc == SL_OK) {
        rc = one_number(open, &count, err);
    }
    if (rc == SL_OK && count > SL_MAX_OPEN_INVITES) {
        return sl_fail(err, SL_TOO_MANY, "open invitations of one member of staff");
    }
    if (rc == SL_OK) {
        rc = db_query(call->db, SQL_THREAD_PARENT_COUNT, &threads, err, "b", m->invite.parent_id,
                      (size_t)SL_ID_BYTES);
    }
    if (rc == SL_OK) {
        rc = one_number(threads, &count, err);
    }
    if (rc == SL_OK && count > SL_MAX_THREADS_OF_PARENT) {
        return sl_fail(err, SL_TOO_MANY, "threads of one parent");
    }
    return rc;
}

static enum sl_code write_invite(struct rpc_call *call, const struct making *m, struct sl_err *err)
{
    SL_AUTO(buf) struct sl_buf sealed = {0};

    seal_put(call->env->seal, "invite.parcel", m->invite.id, m->parcel.data, m->parcel.len,
             &sealed);
    enum sl_code rc =
        db_exec(call->db, SQL_INVITES_END_OF_PARENT, NULL, err, "bib", m->invite.parent_id,
                (size_t)SL_ID_BYTES, call->now_s, m->invite.id, (size_t)SL_ID_BYTES);
    if (rc == SL_OK) {
        rc = db_exec(call->db, SQL_INVITE_ADD, NULL, err, "bbbbbbii", m->invite.id,
                     (size_t)SL_ID_BYTES, m->invite.parent_id, (size_t)SL_ID_BYTES,
                     call->who.account_id, (size_t)SL_ID_BYTES, m->invite.accept_pk,
                     (size_t)SL_PK_BYTES, sealed.data, sealed.len, m->request_hash,
                     (size_t)SL_HASH_BYTES, call->now_s, m->invite.expires_at);
    }
    for (size_t i = 0; i < m->count && rc == SL_OK; i++) {
        rc = db_exec(call->db, SQL_INVITE_THREAD_ADD, NULL, err, "bbi", m->invite.id,
                     (size_t)SL_ID_BYTES, m->posts[i].thread_id, (size_t)SL_ID_BYTES,
                     (int64_t)m->posts[i].seq);
    }
    return rc;
}

/* The same request again finds its entries; any other under this id is another. */
static enum sl_code make_again(struct rpc_call *call, struct making *m,
                               const struct invite_row *row, struct sl_err *err)
{
    enum sl_code rc = SL_OK;

    if (memcmp(row->request_hash, m->request_hash, SL_HASH_BYTES) != 0 ||
        memcmp(row->inviter_id, call->who.account_id, SL_ID_BYTES) != 0) {
        return sl_fail(err, SL_ID_USED, "another invitation has this id");
    }
    for (size_t i = 0; i < m->count && rc == SL_OK; i++) {
        rc = post_run(call, &m->posts[i], err);
    }
    return rc;
}

static enum sl_code make_new(struct rpc_call *call, struct making *m, struct sl_err *err)
{
    enum sl_code rc = SL_OK;

    if (m->invite.expires_at <= call->now_s) {
        return sl_fail(err, SL_BAD_REQUEST, "expires_at: in the past");
    }
    if (m->invite.expires_at > call->now_s + SL_INVITE_MAX_DAYS * INT64_C(86400) + EXPIRY_SLACK_S) {
        return sl_fail(err, SL_BAD_REQUEST, "expires_at: later than an invitation may be good for");
    }
    for (size_t i = 0; i < m->count && rc == SL_OK; i++) {
        rc = post_run(call, &m->posts[i], err);
        if (rc == SL_OK && m->posts[i].repeated) {
            rc = sl_fail(err, SL_ENTRY_ID_USED, "an entry of an earlier invitation");
        }
    }
    if (rc == SL_OK) {
        rc = write_invite(call, m, err);
    }
    if (rc == SL_OK) {
        rc = check_bounds(call, m, err);
    }
    for (size_t i = 0; i < m->count && rc == SL_OK; i++) {
        rc = post_notify(call, &m->posts[i], err);
    }
    return rc;
}

enum sl_code rpc_invite_make(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(invite_row) struct invite_row row = {0};
    struct making *m = call->prepared;
    bool found = false;
    enum sl_code rc = invite_row_load(call->db, m->invite.id, &row, &found, err);

    if (rc == SL_OK) {
        rc = found ? make_again(call, m, &row, err) : make_new(call, m, err);
    }
    if (rc == SL_OK) {
        sl_json_set_bytes(call->ok, "invite", m->invite.id, SL_ID_BYTES);
        sl_json_set(call->ok, "results", post_results(m->posts, m->count));
    }
    return rc;
}

/* ---- invite.list ---- */

enum {
    L_INVITE,
    L_PARENT,
    L_MADE,
    L_EXPIRES,
    L_STATE,
    L_TRIES,
    L_OPENED,
    L_USED,
    L_ENDED
};

static enum sl_code list_threads(struct rpc_call *call, json_t *item, struct sl_bytes invite_id,
                                 struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    json_t *refs = sl_json_new_array();
    json_t *threads = sl_json_new_array();
    bool have = false;
    enum sl_code rc =
        db_query(call->db, SQL_INVITE_THREADS, &s, err, "b", invite_id.data, invite_id.len);

    sl_json_set(item, "refs", refs);
    sl_json_set(item, "threads", threads);
    while (rc == SL_OK && (rc = db_next(s, &have, err)) == SL_OK && have) {
        struct sl_bytes id = db_bytes(s, 0);
        SL_AUTO(str) char *text = sl_b64(id.data, id.len);
        sl_json_append(threads, json_string(text));
        sl_json_append(refs, json_string(db_text(s, 2)));
    }
    return rc;
}

static void set_time(json_t *item, const char *field, int64_t at)
{
    if (at != 0) {
        sl_json_set_int(item, field, at);
    }
}

enum sl_code rpc_invite_list(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    json_t *list = sl_json_new_array();
    size_t bytes = 0;
    bool have = false;
    enum sl_code rc = db_query(call->db, SQL_INVITES_OF_STAFF, &s, err, "bi", call->who.account_id,
                               (size_t)SL_ID_BYTES, (int64_t)LIST_MAX);

    sl_json_set(call->ok, "invites", list);
    /* The newest that fit: whoever has more than that has other worries. */
    while (rc == SL_OK && bytes < HANDLER_PAGE_BYTES && (rc = db_next(s, &have, err)) == SL_OK &&
           have) {
        json_t *item = sl_json_new();
        sl_json_append(list, item);
        struct sl_bytes id = db_bytes(s, L_INVITE);
        sl_json_set_bytes(item, "invite", id.data, id.len);
        struct sl_bytes parent = db_bytes(s, L_PARENT);
        sl_json_set_bytes(item, "parent", parent.data, parent.len);
        sl_json_set_int(item, "made_at", db_int(s, L_MADE));
        sl_json_set_int(item, "expires_at", db_int(s, L_EXPIRES));
        sl_json_set_str(item, "state",
                        invite_row_state(db_text(s, L_STATE), db_int(s, L_EXPIRES), call->now_s));
        sl_json_set_int(item, "tries_left", SL_INVITE_TRIES - db_int(s, L_TRIES));
        set_time(item, "opened_at", db_int(s, L_OPENED));
        set_time(item, "used_at", db_int(s, L_USED));
        set_time(item, "ended_at", db_int(s, L_ENDED));
        rc = list_threads(call, item, db_bytes(s, L_INVITE), err);
        bytes += 320 + json_array_size(json_object_get(item, "threads")) * (SL_MAX_REF_BYTES + 32);
    }
    return rc;
}

/* ---- invite.end ---- */

static enum sl_code may_end(struct rpc_call *call, const struct invite_row *row, bool *may,
                            struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;

    *may = memcmp(row->inviter_id, call->who.account_id, SL_ID_BYTES) == 0;
    if (*may) {
        return SL_OK;
    }
    enum sl_code rc =
        db_query(call->db, SQL_INVITE_THREADS, &s, err, "b", row->invite.id, (size_t)SL_ID_BYTES);
    while (rc == SL_OK && (rc = db_next(s, &have, err)) == SL_OK && have) {
        struct sl_bytes caseworker = db_bytes(s, 3);
        *may = *may || (caseworker.len == SL_ID_BYTES &&
                        memcmp(caseworker.data, call->who.account_id, SL_ID_BYTES) == 0);
    }
    return rc;
}

enum sl_code rpc_invite_end(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(invite_row) struct invite_row row = {0};
    uint8_t id[SL_ID_BYTES];
    bool found = false;
    bool may = false;
    enum sl_code rc = sl_json_fixed(call->args, "invite", id, sizeof(id), err);

    if (rc == SL_OK) {
        rc = invite_row_load(call->db, id, &row, &found, err);
    }
    if (rc == SL_OK && found) {
        rc = may_end(call, &row, &may, err);
    }
    if (rc == SL_OK && !may) {
        return sl_fail(err, SL_NOT_FOUND, "no invitation of theirs");
    }
    if (rc == SL_OK && strcmp(row.state, "used") == 0) {
        return invite_row_refuse(call, "used", err);
    }
    if (rc == SL_OK) {
        rc = db_exec(call->db, SQL_INVITE_END, NULL, err, "bi", id, sizeof(id), call->now_s);
    }
    return rc;
}
