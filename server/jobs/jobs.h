/*
 * Periodic work: one thread and a table of jobs, each of which runs its statements through the
 * store like any request. Thread: start and stop from main.
 */
#ifndef SENDLINE_JOBS_JOBS_H
#define SENDLINE_JOBS_JOBS_H

#include <stdint.h>

#include "common/clock.h"
#include "common/err.h"
#include "store/store.h"

struct jobs;
struct outbox;

struct jobs_options {
    struct store *store;
    const struct outbox *outbox; /**< NULL: nobody is told of anything */
    const struct sl_clock *clock;
    /** A session was idle too long and is deleted: end its connections. May be NULL. Thread: the
     * store's writer. */
    void (*session_ended)(void *ctx, const uint8_t session_id[16]);
    void *ctx;
};

SL_MUST_USE enum sl_code jobs_start(const struct jobs_options *options, struct jobs **out,
                                    struct sl_err *err);
/** Waits for what is under way. Before store_close; NULL is fine. */
void jobs_stop(struct jobs *jobs);
/** Run every job once, now, on the calling thread's wait: for tests. */
void jobs_run_all(struct jobs *jobs);

#endif
