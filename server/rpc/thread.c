#include "rpc/thread.h"

#include <inttypes.h>
#include <string.h>

#include "common/json.h"
#include "domain/civil.h"

enum column {
    C_THREAD,
    C_CASE,
    C_REF,
    C_TEAM,
    C_CASEWORKER,
    C_PARENT,
    C_CREATED,
    C_ACCEPTED,
    C_CLOSED,
    C_LAST_SEQ,
    C_LAST_AT,
    C_LAST_LINK,
    C_GENERATION,
    C_KEY_SEQ,
    C_CARD_SEQ,
    C_ROSTER,
    C_KEYS_SEQ,
    C_SIGN_PK,
    C_BOX_PK,
    C_PARENT_COUNT,
    C_STAFF_COUNT,
    C_PARENT_SEEN,
    C_STAFF_SEEN,
    C_WAITING,
    C_WAITING_SINCE,
    C_WAITING_LAST,
    C_NOT_NEEDED,
    C_PARENT_MEMBER,
    C_STAFF_MEMBER = C_PARENT_MEMBER + 3
};

static uint32_t u32(const struct db_stmt *s, int column)
{
    return (uint32_t)db_int(s, column);
}

static struct thread_member member_at(const struct db_stmt *s, int column)
{
    return (struct thread_member){
        .own_seq = u32(s, column),
        .seen_seq = u32(s, column + 1),
        .seen_count = db_int(s, column + 2),
    };
}

static bool ids_of_row(const struct db_stmt *s, struct thread_state *t)
{
    t->has_parent = !db_is_null(s, C_PARENT);
    return db_fixed(s, C_THREAD, t->id, SL_ID_BYTES) &&
           db_fixed(s, C_CASE, t->case_id, SL_ID_BYTES) &&
           db_fixed(s, C_TEAM, t->team_id, SL_ID_BYTES) &&
           db_fixed(s, C_CASEWORKER, t->caseworker_id, SL_ID_BYTES) &&
           db_fixed(s, C_LAST_LINK, t->last_link, SL_HASH_BYTES) &&
           (!t->has_parent || db_fixed(s, C_PARENT, t->parent_id, SL_ID_BYTES)) &&
           (u32(s, C_KEYS_SEQ) == 0 || (db_fixed(s, C_SIGN_PK, t->parent_sign_pk, SL_PK_BYTES) &&
                                        db_fixed(s, C_BOX_PK, t->parent_box_pk, SL_PK_BYTES)));
}

enum sl_code thread_of_row(const struct db_stmt *s, struct thread_state *out, struct sl_err *err)
{
    struct thread_state t = {0};
    const char *ref = db_text(s, C_REF);

    if (!ids_of_row(s, &t) || strlen(ref) > SL_MAX_REF_BYTES) {
        return sl_fail(err, SL_CORRUPT, "a thread's row has a column of a wrong length");
    }
    memcpy(t.ref, ref, strlen(ref));
    t.created_at = db_int(s, C_CREATED);
    t.accepted_at = db_int(s, C_ACCEPTED);
    t.closed_at = db_int(s, C_CLOSED);
    t.last_seq = u32(s, C_LAST_SEQ);
    t.last_at = db_int(s, C_LAST_AT);
    t.generation = u32(s, C_GENERATION);
    t.key_seq = u32(s, C_KEY_SEQ);
    t.card_seq = u32(s, C_CARD_SEQ);
    t.roster_serial = u32(s, C_ROSTER);
    t.parent_keys_seq = u32(s, C_KEYS_SEQ);
    t.count[THREAD_PARENT] = db_int(s, C_PARENT_COUNT);
    t.count[THREAD_STAFF] = db_int(s, C_STAFF_COUNT);
    t.seen_seq[THREAD_PARENT] = u32(s, C_PARENT_SEEN);
    t.seen_seq[THREAD_STAFF] = u32(s, C_STAFF_SEEN);
    t.reply = (struct reply_facts){
        .waiting_seq = u32(s, C_WAITING),
        .waiting_since_at = db_int(s, C_WAITING_SINCE),
        .waiting_last_seq = u32(s, C_WAITING_LAST),
        .not_needed_seq = u32(s, C_NOT_NEEDED),
    };
    t.member[THREAD_PARENT] = member_at(s, C_PARENT_MEMBER);
    t.member[THREAD_STAFF] = member_at(s, C_STAFF_MEMBER);
    *out = t;
    return SL_OK;
}

enum sl_code thread_load(struct db *db, const uint8_t id[SL_ID_BYTES], struct thread_state *out,
                         bool *found, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;
    enum sl_code rc = db_query(db, SQL_THREAD_STATE, &s, err, "b", id, (size_t)SL_ID_BYTES);

    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc == SL_OK && have) {
        rc = thread_of_row(s, out, err);
    }
    if (rc == SL_OK) {
        *found = have;
    }
    return rc;
}

bool thread_side_of(const struct thread_state *t, const uint8_t account_id[SL_ID_BYTES],
                    enum thread_side *out)
{
    if (memcmp(t->caseworker_id, account_id, SL_ID_BYTES) == 0) {
        *out = THREAD_STAFF;
        return true;
    }
    if (t->accepted_at != 0 && t->has_parent &&
        memcmp(t->parent_id, account_id, SL_ID_BYTES) == 0) {
        *out = THREAD_PARENT;
        return true;
    }
    return false;
}

static enum thread_side other(enum thread_side side)
{
    return side == THREAD_PARENT ? THREAD_STAFF : THREAD_PARENT;
}

int64_t thread_unread(const struct thread_state *t, enum thread_side side)
{
    return t->count[other(side)] - t->member[side].seen_count;
}

void thread_reply_put(const struct rpc_call *call, const struct thread_state *t, struct sl_buf *out)
{
    struct reply_view view =
        reply_view_of(&t->reply, call->now_s, (int)call->env->config->reply_working_days);
    char due_on[CIVIL_TEXT_SIZE];

    sl_buf_putf(out, "{\"state\":\"%s\"", reply_state_name(view.state));
    if (view.waiting_since_at != 0) {
        sl_buf_putf(out, ",\"waiting_since_at\":%" PRId64, view.waiting_since_at);
    }
    if (view.due_known) {
        civil_text(view.due_day, due_on);
        sl_buf_putf(out, ",\"due_on\":\"%s\"", due_on);
    }
    if (view.seq != 0) {
        sl_buf_putf(out, ",\"seq\":%" PRIu32, view.seq);
    }
    sl_buf_put_u8(out, '}');
}

json_t *thread_reply_json(const struct rpc_call *call, const struct thread_state *t)
{
    struct reply_view view =
        reply_view_of(&t->reply, call->now_s, (int)call->env->config->reply_working_days);
    json_t *obj = sl_json_new();
    char due_on[CIVIL_TEXT_SIZE];

    sl_json_set_str(obj, "state", reply_state_name(view.state));
    if (view.waiting_since_at != 0) {
        sl_json_set_int(obj, "waiting_since_at", view.waiting_since_at);
    }
    if (view.due_known) {
        civil_text(view.due_day, due_on);
        sl_json_set_str(obj, "due_on", due_on);
    }
    if (view.seq != 0) {
        sl_json_set_int(obj, "seq", view.seq);
    }
    return obj;
}

void thread_set_view(const struct rpc_call *call, json_t *obj, const struct thread_state *t,
                     enum thread_side side)
{
    sl_json_set_int(obj, "unread", thread_unread(t, side));
    sl_json_set(obj, "reply", thread_reply_json(call, t));
    sl_json_set_int(obj, "own_seen_seq", t->member[side].seen_seq);
    sl_json_set_int(obj, "other_seen_seq", t->seen_seq[other(side)]);
}

json_t *thread_item(const struct rpc_call *call, const struct thread_state *t,
                    enum thread_side side)
{
    json_t *obj = sl_json_new();

    sl_json_set_bytes(obj, "thread", t->id, SL_ID_BYTES);
    sl_json_set_bytes(obj, "case", t->case_id, SL_ID_BYTES);
    sl_json_set_str(obj, "ref", t->ref);
    if (t->has_parent) {
        sl_json_set_bytes(obj, "parent", t->parent_id, SL_ID_BYTES);
    }
    sl_json_set_bytes(obj, "team", t->team_id, SL_ID_BYTES);
    sl_json_set_bytes(obj, "caseworker", t->caseworker_id, SL_ID_BYTES);
    sl_json_set_int(obj, "created_at", t->created_at);
    sl_json_set_bool(obj, "accepted", t->accepted_at != 0);
    sl_json_set_int(obj, "last_seq", t->last_seq);
    sl_json_set_int(obj, "last_at", t->last_at);
    sl_json_set_int(obj, "generation", t->generation);
    thread_set_view(call, obj, t, side);
    if (t->closed_at != 0) {
        sl_json_set_int(obj, "closed_at", t->closed_at);
    }
    return obj;
}

void thread_set_row(json_t *obj, const struct db_stmt *s)
{
    sl_json_set_int(obj, "seq", db_int(s, 0));
    sl_json_set_int(obj, "at", db_int(s, 1));
    if (!db_is_null(s, 2)) {
        struct sl_bytes bytes = db_bytes(s, 2);
        sl_json_set_bytes(obj, "entry", bytes.data, bytes.len);
        return;
    }
    struct sl_bytes header = db_bytes(s, 3);
    sl_json_set_bytes(obj, "header", header.data, header.len);
    struct sl_bytes hash = db_bytes(s, 4);
    sl_json_set_bytes(obj, "body_hash", hash.data, hash.len);
}

enum sl_code thread_set_entry(const struct rpc_call *call, json_t *obj, const char *field,
                              const uint8_t thread_id[SL_ID_BYTES], uint32_t seq,
                              struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;

    if (seq == 0) {
        return SL_OK;
    }
    enum sl_code rc = db_query(call->db, SQL_ENTRY_AT, &s, err, "bi", thread_id,
                               (size_t)SL_ID_BYTES, (int64_t)seq);
    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc == SL_OK && have) {
        json_t *entry = sl_json_new();
        thread_set_row(entry, s);
        sl_json_set(obj, field, entry);
    }
    return rc;
}
