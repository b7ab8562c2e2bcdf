/* Reading threads: thread.list, thread.entries; and thread.no_reply_needed. */
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "rpc/handler.h"
#include "rpc/invite_row.h"
#include "rpc/thread.h"

/* ---- thread.list ---- */

static size_t b64_len(const json_t *item, const char *field)
{
    return json_string_length(json_object_get(json_object_get(item, field), "entry"));
}

static enum sl_code list_item(struct rpc_call *call, const struct db_stmt *s, bool cards,
                              json_t *list, struct thread_state *t, size_t *bytes,
                              struct sl_err *err)
{
    const enum thread_side side = call->who.role == R_STAFF ? THREAD_STAFF : THREAD_PARENT;
    enum sl_code rc = thread_of_row(s, t, err);

    if (rc != SL_OK) {
        return rc;
    }
    json_t *item = thread_item(call, t, side);
    sl_json_append(list, item);
    if (cards) {
        rc = thread_set_entry(call, item, "key", t->id, t->key_seq, err);
        if (rc == SL_OK) {
            rc = thread_set_entry(call, item, "card", t->id, t->card_seq, err);
        }
    }
    *bytes += 768 + b64_len(item, "key") + b64_len(item, "card");
    return rc;
}

enum sl_code rpc_thread_list(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    struct thread_state t = {0};
    uint8_t after[SL_ID_BYTES] = {0};
    int64_t cursor = 0;
    size_t count = 0;
    size_t bytes = 0;
    bool cards = false;
    bool have = false;
    enum sl_code rc = SL_OK;

    if (sl_json_has(call->args, "cards")) {
        rc = sl_json_bool(call->args, "cards", &cards, err);
    }
    if (rc == SL_OK && sl_json_has(call->args, "after")) {
        rc = sl_json_fixed(call->args, "after", after, sizeof(after), err);
    }
    if (rc == SL_OK) {
        rc = handler_cursor(call->db, call->who.account_id, &cursor, err);
    }
    if (rc == SL_OK) {
        rc = db_query(call->db,
                      call->who.role == R_STAFF ? SQL_THREADS_OF_STAFF : SQL_THREADS_OF_PARENT, &s,
                      err, "bbi", call->who.account_id, (size_t)SL_ID_BYTES, after, sizeof(after),
                      (int64_t)SL_MAX_THREADS_PAGE + 1);
    }
    json_t *list = sl_json_new_array();
    sl_json_set(call->ok, "threads", list);
    while (rc == SL_OK && (rc = db_next(s, &have, err)) == SL_OK && have &&
           count < SL_MAX_THREADS_PAGE && bytes < HANDLER_PAGE_BYTES) {
        rc = list_item(call, s, cards, list, &t, &bytes, err);
        count++;
    }
    sl_json_set_int(call->ok, "cursor", cursor);
    sl_json_set_bool(call->ok, "more", have);
    if (have) {
        sl_json_set_bytes(call->ok, "after", t.id, SL_ID_BYTES);
    }
    return rc;
}

/* ---- thread.entries ---- */

/* An invitee reads the threads of the invitation. */
static enum sl_code invitee_may_read(struct rpc_call *call, const uint8_t thread_id[SL_ID_BYTES],
                                     bool *may, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;
    enum sl_code rc = invite_row_still_open(call, err);

    if (rc == SL_OK) {
        rc = db_query(call->db, SQL_INVITE_THREADS, &s, err, "b", call->who.invite_id,
                      (size_t)SL_ID_BYTES);
    }
    while (rc == SL_OK && (rc = db_next(s, &have, err)) == SL_OK && have) {
        struct sl_bytes id = db_bytes(s, 0);
        *may = *may || (id.len == SL_ID_BYTES && memcmp(id.data, thread_id, SL_ID_BYTES) == 0);
    }
    return rc;
}

static enum sl_code load_readable(struct rpc_call *call, const uint8_t thread_id[SL_ID_BYTES],
                                  struct thread_state *t, struct sl_err *err)
{
    enum thread_side side = THREAD_PARENT;
    bool found = false;
    bool may = false;
    enum sl_code rc = thread_load(call->db, thread_id, t, &found, err);

    if (rc == SL_OK && found) {
        if (call->who.role == R_INVITEE) {
            rc = invitee_may_read(call, thread_id, &may, err);
        } else {
            may = thread_side_of(t, call->who.account_id, &side);
        }
    }
    return rc == SL_OK && !may ? sl_fail(err, SL_NOT_FOUND, "no thread of theirs") : rc;
}

struct page {
    bool back; /* the newest, counted backwards */
    int64_t seq;
    int64_t limit;
};

static enum sl_code parse_page(const json_t *args, struct page *page, struct sl_err *err)
{
    enum sl_code rc = SL_OK;

    page->limit = SL_MAX_ENTRIES_PAGE;
    page->back = sl_json_has(args, "last");
    if (page->back == sl_json_has(args, "from")) {
        return sl_fail(err, SL_BAD_REQUEST, "from: either from or last");
    }
    if (page->back) {
        if (sl_json_has(args, "limit")) {
            return sl_fail(err, SL_BAD_REQUEST, "limit: last is a limit itself");
        }
        rc = sl_json_int(args, "last", 1, SL_MAX_ENTRIES_PAGE, &page->limit, err);
        page->seq = UINT32_MAX;
        return rc;
    }
    rc = sl_json_int(args, "from", 1, UINT32_MAX, &page->seq, err);
    if (rc == SL_OK && sl_json_has(args, "limit")) {
        rc = sl_json_int(args, "limit", 1, SL_MAX_ENTRIES_PAGE, &page->limit, err);
    }
    return rc;
}

static enum sl_code read_page(struct rpc_call *call, const uint8_t thread_id[SL_ID_BYTES],
                              const struct page *page, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    json_t *list = sl_json_new_array();
    size_t bytes = 0;
    bool have = false;
    enum sl_code rc = db_query(call->db, page->back ? SQL_ENTRIES_BACK : SQL_ENTRIES_FROM, &s, err,
                               "bii", thread_id, (size_t)SL_ID_BYTES, page->seq, page->limit);

    sl_json_set(call->ok, "entries", list);
    while (rc == SL_OK && bytes < HANDLER_PAGE_BYTES && (rc = db_next(s, &have, err)) == SL_OK &&
           have) {
        json_t *entry = sl_json_new();
        thread_set_row(entry, s);
        bytes += 256 + json_string_length(json_object_get(entry, "entry"));
        if (!page->back) {
            sl_json_append(list, entry);
        } else if (json_array_insert_new(list, 0, entry) != 0) {
            return sl_fail(err, SL_SYSTEM, "out of memory");
        }
    }
    return rc;
}

enum sl_code rpc_thread_entries(struct rpc_call *call, struct sl_err *err)
{
    struct thread_state t;
    struct page page = {0};
    uint8_t thread_id[SL_ID_BYTES];
    enum sl_code rc = sl_json_fixed(call->args, "thread", thread_id, sizeof(thread_id), err);

    if (rc == SL_OK) {
        rc = parse_page(call->args, &page, err);
    }
    if (rc == SL_OK) {
        rc = load_readable(call, thread_id, &t, err);
    }
    if (rc == SL_OK) {
        rc = read_page(call, thread_id, &page, err);
    }
    if (rc == SL_OK) {
        sl_json_set_int(call->ok, "last_seq", t.last_seq);
        sl_json_set_bytes(call->ok, "last_link", t.last_link, SL_HASH_BYTES);
    }
    return rc;
}

/* ---- thread.no_reply_needed ---- */

static enum sl_code mark(struct rpc_call *call, struct thread_state *t, uint32_t seq,
                         struct sl_err *err)
{
    reply_not_needed(&t->reply, seq);
    enum sl_code rc =
        db_exec(call->db, SQL_THREAD_SET_REPLY, NULL, err, "biiii", t->id, (size_t)SL_ID_BYTES,
                (int64_t)t->reply.waiting_seq, t->reply.waiting_since_at,
                (int64_t)t->reply.waiting_last_seq, (int64_t)t->reply.not_needed_seq);

    if (rc == SL_OK) {
        rc = rpc_notify(call, t->caseworker_id, SL_EV_THREAD_CHANGED, t->id, 0, err);
    }
    if (rc == SL_OK && t->accepted_at != 0) {
        rc = rpc_notify(call, t->parent_id, SL_EV_THREAD_CHANGED, t->id, 0, err);
    }
    return rc;
}

enum sl_code rpc_thread_no_reply_needed(struct rpc_call *call, struct sl_err *err)
{
    struct thread_state t;
    uint8_t thread_id[SL_ID_BYTES];
    int64_t seq = 0;
    enum sl_code rc = sl_json_fixed(call->args, "thread", thread_id, sizeof(thread_id), err);

    if (rc == SL_OK) {
        rc = sl_json_int(call->args, "seq", 1, UINT32_MAX, &seq, err);
    }
    if (rc == SL_OK) {
        rc = load_readable(call, thread_id, &t, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    if (t.reply.waiting_seq != 0 && t.reply.waiting_last_seq == seq) {
        rc = mark(call, &t, (uint32_t)seq, err);
    } else if (t.reply.waiting_seq != 0 || t.reply.not_needed_seq != seq) {
        sl_json_set_int(call->extra, "last_seq", t.last_seq);
        sl_json_set_bytes(call->extra, "last_link", t.last_link, SL_HASH_BYTES);
        sl_json_set_int(call->extra, "newest_generation", t.generation);
        return sl_fail(err, SL_ENTRY_STALE, "not the newest message that waits");
    }
    if (rc == SL_OK) {
        sl_json_set(call->ok, "reply", thread_reply_json(call, &t));
    }
    return rc;
}
