#include "rpc/events.h"

#include <inttypes.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "rpc/handler.h"

enum {
    C_SEQ,
    C_AT,
    C_BYTES,
    C_HEADER,
    C_BODY_HASH,
    C_ACT
};

static enum sl_code entry_new(struct rpc_call *call, const struct thread_state *t,
                              enum thread_side side, uint32_t seq, json_t *data, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;
    enum sl_code rc =
        db_query(call->db, SQL_ENTRY_AT, &s, err, "bi", t->id, (size_t)SL_ID_BYTES, (int64_t)seq);

    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    if (!have) {
        return sl_fail(err, SL_CORRUPT, "an event names entry %" PRIu32 ", which is not there",
                       seq);
    }
    thread_set_row(data, s);
    if (!db_is_null(s, C_ACT)) {
        sl_json_set_str(data, "act", db_text(s, C_ACT));
    }
    thread_set_view(call, data, t, side);
    return SL_OK;
}

static enum sl_code invite_used(struct rpc_call *call, const uint8_t *invite_id, json_t *data,
                                struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *invite = NULL;
    SL_AUTO(stmt) struct db_stmt *threads = NULL;
    bool have = false;
    enum sl_code rc =
        db_query(call->db, SQL_INVITE_GET, &invite, err, "b", invite_id, (size_t)SL_ID_BYTES);

    if (rc == SL_OK) {
        rc = db_next(invite, &have, err);
    }
    if (rc == SL_OK) {
        rc = db_query(call->db, SQL_INVITE_THREADS, &threads, err, "b", invite_id,
                      (size_t)SL_ID_BYTES);
    }
    if (rc != SL_OK) {
        return rc;
    }
    sl_json_set_bytes(data, "invite", invite_id, SL_ID_BYTES);
    if (have) {
        struct sl_bytes parent = db_bytes(invite, 0);
        sl_json_set_bytes(data, "parent", parent.data, parent.len);
    }
    json_t *list = sl_json_new_array();
    sl_json_set(data, "threads", list);
    while ((rc = db_next(threads, &have, err)) == SL_OK && have) {
        struct sl_bytes id = db_bytes(threads, 0);
        SL_AUTO(str) char *text = sl_b64(id.data, id.len);
        sl_json_append(list, json_string(text));
    }
    return rc;
}

static enum sl_code thread_event(struct rpc_call *call, const uint8_t account_id[SL_ID_BYTES],
                                 const char *kind, const uint8_t *thread_id, uint32_t seq,
                                 json_t **data, struct sl_err *err)
{
    struct thread_state t;
    enum thread_side side = THREAD_PARENT;
    bool found = false;
    enum sl_code rc = thread_load(call->db, thread_id, &t, &found, err);

    if (rc != SL_OK) {
        return rc;
    }
    if (found && thread_side_of(&t, account_id, &side) &&
        strcmp(kind, sl_event_name(SL_EV_THREAD_NEW)) == 0) {
        *data = thread_item(call, &t, side);
        rc = thread_set_entry(call, *data, "key", t.id, t.key_seq, err);
        return rc == SL_OK ? thread_set_entry(call, *data, "card", t.id, t.card_seq, err) : rc;
    }
    *data = sl_json_new();
    sl_json_set_bytes(*data, "thread", thread_id, SL_ID_BYTES);
    if (!found || !thread_side_of(&t, account_id, &side)) {
        /* It was theirs when it happened; the number stays, so that numbers have no gaps. */
        sl_json_set_bool(*data, "gone", true);
        return SL_OK;
    }
    if (strcmp(kind, sl_event_name(SL_EV_ENTRY_NEW)) == 0) {
        return entry_new(call, &t, side, seq, *data, err);
    }
    sl_json_set_int(*data, "unread", thread_unread(&t, side));
    sl_json_set(*data, "reply", thread_reply_json(call, &t));
    return SL_OK;
}

enum sl_code events_data(struct rpc_call *call, const uint8_t account_id[SL_ID_BYTES],
                         const char *kind, const uint8_t *subject_id, uint32_t seq, json_t **out,
                         struct sl_err *err)
{
    SL_AUTO(json) json_t *data = NULL;
    enum sl_code rc = SL_OK;

    if (strcmp(kind, sl_event_name(SL_EV_INVITE_USED)) == 0) {
        data = sl_json_new();
        rc = invite_used(call, subject_id, data, err);
    } else {
        rc = thread_event(call, account_id, kind, subject_id, seq, &data, err);
    }
    if (rc == SL_OK) {
        *out = sl_steal(&data);
    }
    return rc;
}

void events_entry_put(const struct rpc_call *call, const struct thread_state *t, uint32_t seq,
                      int64_t at, const char *entry_b64, const char *act, struct sl_buf *out)
{
    sl_buf_reserve(out, strlen(entry_b64) + 384);
    sl_buf_put_str(out, "\"thread\":\"");
    sl_b64_put(out, t->id, SL_ID_BYTES);
    sl_buf_putf(out, "\",\"seq\":%" PRIu32 ",\"at\":%" PRId64 ",\"entry\":\"", seq, at);
    sl_buf_put_str(out, entry_b64);
    if (act != NULL) {
        sl_buf_putf(out, "\",\"act\":\"%s", act);
    }
    sl_buf_put_str(out, "\",\"reply\":");
    thread_reply_put(call, t, out);
}

char *events_entry_frame(const struct sl_buf *entry, const struct thread_state *t,
                         enum thread_side side, int64_t n, size_t *len)
{
    const enum thread_side other = side == THREAD_PARENT ? THREAD_STAFF : THREAD_PARENT;
    struct sl_buf out = {0};

    sl_buf_reserve(&out, entry->len + 256);
    sl_buf_putf(&out,
                "{\"event\":\"%s\",\"n\":%" PRId64 ",\"data\":{\"unread\":%" PRId64
                ",\"own_seen_seq\":%" PRIu32 ",\"other_seen_seq\":%" PRIu32 ",",
                sl_event_name(SL_EV_ENTRY_NEW), n, thread_unread(t, side), t->member[side].seen_seq,
                t->seen_seq[other]);
    sl_buf_put(&out, entry->data, entry->len);
    sl_buf_put_str(&out, "}}");
    *len = out.len;
    sl_buf_put_u8(&out, '\0');
    return (char *)out.data;
}

enum sl_code rpc_sync(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    int64_t after = 0;
    int64_t limit = SL_MAX_EVENTS_PAGE;
    int64_t newest = 0;
    bool have = false;
    size_t bytes = 0;
    enum sl_code rc = sl_json_int(call->args, "after", 0, INT64_C(1) << 53, &after, err);

    if (rc == SL_OK && sl_json_has(call->args, "limit")) {
        rc = sl_json_int(call->args, "limit", 1, SL_MAX_EVENTS_PAGE, &limit, err);
    }
    if (rc == SL_OK) {
        rc = handler_cursor(call->db, call->who.account_id, &newest, err);
    }
    if (rc == SL_OK) {
        rc = db_query(call->db, SQL_EVENTS_AFTER, &s, err, "bii", call->who.account_id,
                      (size_t)SL_ID_BYTES, after, limit);
    }
    if (rc != SL_OK) {
        return rc;
    }
    json_t *list = sl_json_new_array();
    sl_json_set(call->ok, "events", list);
    int64_t last = after;
    while (bytes < HANDLER_PAGE_BYTES && (rc = db_next(s, &have, err)) == SL_OK && have) {
        SL_AUTO(json) json_t *data = NULL;
        uint8_t subject[SL_ID_BYTES];
        if (!db_fixed(s, 2, subject, sizeof(subject))) {
            return sl_fail(err, SL_CORRUPT, "an event names something of a wrong length");
        }
        rc = events_data(call, call->who.account_id, db_text(s, 1), subject, (uint32_t)db_int(s, 3),
                         &data, err);
        if (rc != SL_OK) {
            return rc;
        }
        const json_t *entry = json_object_get(data, "entry");
        bytes += 1024 + (entry != NULL ? json_string_length(entry) : 0);
        last = db_int(s, 0);
        json_t *event = sl_json_new();
        sl_json_set_int(event, "n", last);
        sl_json_set_str(event, "event", db_text(s, 1));
        sl_json_set(event, "data", sl_steal(&data));
        sl_json_append(list, event);
    }
    /* A client that is ahead of a database restored from a backup learns it by a lower cursor. */
    sl_json_set_int(call->ok, "cursor", last < newest ? last : newest);
    sl_json_set_bool(call->ok, "more", last < newest);
    return rc;
}
