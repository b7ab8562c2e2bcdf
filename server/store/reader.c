/*
 * Readers: reads, and the checks that writes must pass. Jobs that waited together share a snapshot:
 * it begins after all of them were submitted, so each sees whatever was acknowledged before it.
 */
#include "store/threads.h"

enum {
    TOGETHER = 64 /* jobs in one snapshot, so that it does not grow old */
};

/* @return what the job's steps on a reader come to. */
static enum sl_code steps(struct reader *r, struct store_job *job, struct sl_err *err)
{
    enum sl_code rc = r->db->driver->in_transaction(r->db) ? SL_OK : db_begin(r->db, err);

    if (rc == SL_OK && job->check != NULL) {
        rc = job->check(job, r->db, err);
    }
    if (rc == SL_OK && !job->writes) {
        rc = job->run(job, r->db, err);
    }
    store_check_forgotten(r->db);
    return rc;
}

static void handle(struct reader *r, struct store_job *job)
{
    struct sl_err err = {.code = SL_OK};
    enum sl_code rc = SL_OK;
    bool writes = job->writes;

    /* A write without a check is here only to keep its place. */
    if (!writes || job->check != NULL) {
        rc = steps(r, job, &err);
    }
    if (writes && rc == SL_OK) {
        if (queue_put(&r->store->writer.queue, job)) {
            return;
        }
        rc = sl_fail(&err, SL_STOPPING, "the writer has stopped");
    }
    if (!writes) {
        atomic_fetch_add_explicit(&r->store->reads, 1, memory_order_relaxed);
    }
    store_finish(r->store, job, rc, &err);
}

void *reader_main(void *arg)
{
    struct reader *r = arg;

    for (;;) {
        struct store_job *job = queue_take(&r->queue, TOGETHER);
        if (job == NULL) {
            return NULL;
        }
        while (job != NULL) {
            struct store_job *next = job->next;
            handle(r, job);
            (void)atomic_fetch_sub(&r->pending, 1);
            job = next;
        }
        /* A snapshot has nothing to lose: its end cannot change what was read. */
        db_rollback(r->db);
    }
}
