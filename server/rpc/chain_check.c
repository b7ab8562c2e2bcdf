#include "rpc/chain_check.h"

#include <inttypes.h>
#include <string.h>

#include "common/entry.h"
#include "common/text.h"
#include "store/store.h"

/* A thread being walked. */
struct walk {
    uint8_t thread_id[SL_ID_BYTES];
    uint32_t last_seq;
    uint8_t last_link[SL_HASH_BYTES];
    uint32_t seq; /* of the entry that was last looked at */
    uint8_t link[SL_HASH_BYTES];
};

struct totals {
    int64_t threads;
    int64_t entries;
    int64_t events;
    int64_t accounts;
};

static enum sl_code found(const struct walk *w, struct sl_err *err, const char *what)
{
    SL_AUTO(str) char *id = sl_hex(w->thread_id, SL_ID_BYTES);

    return sl_fail(err, SL_CORRUPT, "thread %s, entry %" PRIu32 ": %s", id, w->seq, what);
}

/* Header and body hash of a row: of the entry whole, or what is left of one that was taken back. */
static bool parts_of_row(const struct db_stmt *s, struct sl_bytes *header,
                         uint8_t body_hash[SL_HASH_BYTES])
{
    struct sl_entry entry;

    if (db_is_null(s, 1)) {
        *header = db_bytes(s, 2);
        return header->len == SL_HEADER_BYTES && db_fixed(s, 3, body_hash, SL_HASH_BYTES);
    }
    struct sl_bytes bytes = db_bytes(s, 1);
    if (sl_entry_parse(bytes.data, bytes.len, &entry, NULL) != SL_OK) {
        return false;
    }
    *header = entry.header_bytes;
    sl_body_hash(&entry, body_hash);
    return true;
}

static enum sl_code check_row(struct walk *w, const struct db_stmt *s, struct sl_err *err)
{
    struct sl_bytes bytes;
    struct sl_header header;
    uint8_t body_hash[SL_HASH_BYTES];
    uint8_t digest[SL_HASH_BYTES];
    uint8_t stored[SL_HASH_BYTES];

    w->seq++;
    if (db_int(s, 0) != w->seq) {
        return found(w, err, "is missing");
    }
    if (!parts_of_row(s, &bytes, body_hash) || sl_header_parse(bytes.data, &header) != SL_OK) {
        return found(w, err, "is not an entry");
    }
    if (memcmp(header.thread_id, w->thread_id, SL_ID_BYTES) != 0) {
        return found(w, err, "is of another thread");
    }
    sl_digest(bytes.data, body_hash, digest);
    sl_link_next(w->thread_id, w->seq, w->link, digest, w->link);
    if (!db_fixed(s, 4, stored, sizeof(stored)) || memcmp(stored, w->link, sizeof(stored)) != 0) {
        return found(w, err, "does not follow from the entries before it");
    }
    return SL_OK;
}

static enum sl_code check_thread(struct db *db, struct walk *w, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;
    enum sl_code rc =
        db_query(db, SQL_ENTRIES_CHAIN, &s, err, "b", w->thread_id, (size_t)SL_ID_BYTES);

    sl_link_first(w->thread_id, w->link);
    while (rc == SL_OK && (rc = db_next(s, &have, err)) == SL_OK && have) {
        rc = check_row(w, s, err);
    }
    if (rc == SL_OK &&
        (w->seq != w->last_seq || memcmp(w->link, w->last_link, SL_HASH_BYTES) != 0)) {
        rc = found(w, err, "is not the end that the thread remembers");
    }
    return rc;
}

static enum sl_code check_threads(struct db *db, struct totals *totals, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;
    enum sl_code rc = db_query(db, SQL_THREAD_ALL, &s, err, "");

    while (rc == SL_OK && (rc = db_next(s, &have, err)) == SL_OK && have) {
        struct walk w = {.last_seq = (uint32_t)db_int(s, 1)};
        if (!db_fixed(s, 0, w.thread_id, SL_ID_BYTES) ||
            !db_fixed(s, 2, w.last_link, SL_HASH_BYTES)) {
            return sl_fail(err, SL_CORRUPT, "a thread's row has a column of a wrong length");
        }
        rc = check_thread(db, &w, err);
        totals->threads++;
        totals->entries += w.seq;
    }
    return rc;
}

static enum sl_code check_events(struct db *db, struct totals *totals, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *gaps = NULL;
    SL_AUTO(stmt) struct db_stmt *all = NULL;
    bool have = false;
    enum sl_code rc = db_query(db, SQL_EVENT_GAPS, &gaps, err, "");

    if (rc == SL_OK) {
        rc = db_next(gaps, &have, err);
    }
    if (rc == SL_OK && have) {
        struct sl_bytes account = db_bytes(gaps, 0);
        SL_AUTO(str) char *id = sl_hex(account.data, account.len);
        return sl_fail(err, SL_CORRUPT,
                       "account %s: %" PRId64 " events, numbered %" PRId64 " to %" PRId64, id,
                       db_int(gaps, 1), db_int(gaps, 2), db_int(gaps, 3));
    }
    if (rc == SL_OK) {
        rc = db_query(db, SQL_EVENT_TOTALS, &all, err, "");
    }
    if (rc == SL_OK) {
        rc = db_next(all, &have, err);
    }
    if (rc == SL_OK && have) {
        totals->events = db_int(all, 0);
        totals->accounts = db_int(all, 1);
    }
    return rc;
}

enum sl_code chain_check(struct db *db, FILE *out, struct sl_err *err)
{
    struct totals totals = {0};
    /* One snapshot, so that a running server cannot move what is compared. */
    enum sl_code rc = db_begin(db, err);

    if (rc != SL_OK) {
        return rc;
    }
    rc = check_threads(db, &totals, err);
    if (rc == SL_OK) {
        rc = check_events(db, &totals, err);
    }
    db_rollback(db);
    if (rc == SL_OK) {
        (void)fprintf(out,
                      "%" PRId64 " threads with %" PRId64 " entries, %" PRId64 " events of %" PRId64
                      " accounts: every chain holds.\n",
                      totals.threads, totals.entries, totals.events, totals.accounts);
    }
    return rc;
}
