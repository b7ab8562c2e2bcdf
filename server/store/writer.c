/*
 * The writer: whatever waits is one transaction and one flush. While it flushes, the next group
 * gathers; nobody is made to wait for company.
 */
#include "common/log.h"
#include "store/threads.h"

enum {
    /* Pages of log (4 KB each) after which the tidier is woken, and after which the writer itself
     * makes the log begin anew: under steady load it otherwise never ends, for the writer is always
     * a little ahead of the tidier. */
    TIDY_PAGES = 4000,
    ANEW_PAGES = 8000,
    SLOW_MS = 1000
};

/* Run one job in its savepoint. @return not SL_OK: the whole group has failed. */
static enum sl_code run_job(struct writer *w, struct outcome *o, struct sl_err *err)
{
    const struct driver *driver = w->store->driver;

    enum sl_code rc = driver->savepoint(w->db, DRIVER_MARK, err);
    if (rc != SL_OK) {
        return rc;
    }
    o->code = o->job->run(o->job, w->db, &o->err);
    store_check_forgotten(w->db);
    if (!driver->in_transaction(w->db)) {
        if (o->code == SL_OK) {
            return sl_fail(err, SL_SYSTEM, "the database ended the transaction");
        }
        *err = o->err;
        return o->code;
    }
    bool undo = o->code != SL_OK && !o->job->keep;
    if (undo) {
        atomic_fetch_add_explicit(&w->store->rollbacks, 1, memory_order_relaxed);
    }
    return driver->savepoint(w->db, undo ? DRIVER_UNDO : DRIVER_RELEASE, err);
}

static enum sl_code run_group(struct writer *w, size_t count, struct sl_err *err)
{
    enum sl_code rc = db_begin(w->db, err);

    if (rc != SL_OK) {
        return rc;
    }
    w->db->grouped = true;
    for (size_t i = 0; rc == SL_OK && i < count; i++) {
        rc = run_job(w, &w->outcomes[i], err);
    }
    w->db->grouped = false;
    if (rc == SL_OK) {
        rc = db_commit(w->db, err);
    }
    if (rc != SL_OK) {
        db_rollback(w->db);
    }
    return rc;
}

/* A commit that had nothing to write proves nothing. */
static void group_kept(struct writer *w, size_t count, uint32_t pages_before)
{
    struct store *store = w->store;

    atomic_fetch_add_explicit(&store->commits, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&store->writes, count, memory_order_relaxed);
    if (!atomic_load(&store->works) && store->driver->log_pages(w->db) != pages_before) {
        atomic_store(&store->works, true);
        sl_log(SL_LOG_WARN, "saving_again", "failed=%llu",
               (unsigned long long)atomic_load(&store->failed_commits));
    }
}

/* The jobs get the reason, but nobody above sees the failure as a whole: the log tells of the first
 * of a row. */
static void group_failed(struct writer *w, size_t count, enum sl_code rc, const struct sl_err *err)
{
    bool clear = false;

    atomic_fetch_add_explicit(&w->store->failed_commits, 1, memory_order_relaxed);
    if (atomic_exchange(&w->store->works, false)) {
        sl_log_err(SL_LOG_ERROR, "commit_failed", err);
    }
    for (size_t i = 0; i < count; i++) {
        w->outcomes[i].code = rc;
        w->outcomes[i].err = *err;
    }
    if (rc == SL_STORAGE_FULL) {
        /* The log has room of its own once it begins anew. If even that fails, the next group
         * tells. */
        (void)w->store->driver->tidy(w->db, DRIVER_TIDY_ANEW, &clear, NULL);
    }
}

/* After the answers, so that nobody waits for it but the next group. */
static void tidy_log(struct writer *w)
{
    struct sl_err err = {.code = SL_OK};
    uint32_t pages = w->store->driver->log_pages(w->db);
    bool clear = false;

    if (pages < w->tidied_pages) { /* it has begun anew */
        w->tidied_pages = 0;
        w->tried_pages = 0;
    }
    if (pages >= ANEW_PAGES && pages - w->tried_pages >= TIDY_PAGES) {
        w->tried_pages = pages;
        if (w->store->driver->tidy(w->db, DRIVER_TIDY_ANEW, &clear, &err) != SL_OK) {
            sl_log_err(SL_LOG_WARN, "tidy_failed", &err);
        }
    } else if (pages - w->tidied_pages >= TIDY_PAGES) {
        w->tidied_pages = pages;
        tidier_wake(&w->store->tidier);
    }
}

static size_t take_group(struct writer *w)
{
    struct store_job *job = queue_take(&w->queue, w->store->max_group);
    size_t count = 0;

    for (; job != NULL; job = job->next, count++) {
        w->outcomes[count] = (struct outcome){.job = job, .code = SL_OK};
    }
    return count;
}

void *writer_main(void *arg)
{
    struct writer *w = arg;
    size_t count = 0;

    while ((count = take_group(w)) > 0) {
        struct sl_err err = {.code = SL_OK};
        int64_t began_ms = sl_mono_ms(w->store->clock);
        uint32_t pages = w->store->driver->log_pages(w->db);
        enum sl_code rc = run_group(w, count, &err);
        int64_t took_ms = sl_mono_ms(w->store->clock) - began_ms;

        if (rc == SL_OK) {
            group_kept(w, count, pages);
        } else {
            group_failed(w, count, rc, &err);
        }
        for (size_t i = 0; i < count; i++) {
            struct outcome *o = &w->outcomes[i];
            store_finish(w->store, o->job, o->code, &o->err);
        }
        if (took_ms >= SLOW_MS) {
            sl_log(SL_LOG_WARN, "slow_commit", "ms=%lld jobs=%zu", (long long)took_ms, count);
        }
        tidy_log(w);
    }
    return NULL;
}
