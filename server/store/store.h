/*
 * The store: one writer thread that commits many requests with one flush, a few reader threads with
 * snapshots, and migrations. Above it a request is a job; see architecture.md, "One request".
 */
#ifndef SENDLINE_STORE_STORE_H
#define SENDLINE_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/err.h"
#include "store/db.h"

struct store;

/**
 * One piece of work. Embed it; the store never frees it. Steps, each at most once:
 *
 * - check: on a reader, before a write reaches the writer: signatures and other slow proofs. May be
 *   NULL. One that fails goes straight to done.
 * - run: reads on a reader, in a snapshot; writes in the writer, inside this job's own savepoint.
 * - done: once, always. Reads on the reader; writes on the writer after COMMIT and its flush, or
 *   after this job's savepoint was undone, or with the error of the whole commit. It may free the
 *   job, and may submit others.
 *
 * Jobs of one lane are checked and run in the order given; reads of a lane wait for the checks
 * before them, not for the commits.
 */
struct store_job {
    struct store_job *next; /**< the store's */
    uint32_t lane;          /**< connection number: jobs of a lane keep their order */
    bool writes;
    /**
     * Set by `run` of a write that answers an error and wants what it wrote kept all the same: a
     * wrong code is counted although it is refused. Without it a failed run leaves nothing.
     */
    bool keep;
    enum sl_code (*check)(struct store_job *job, struct db *db, struct sl_err *err);
    enum sl_code (*run)(struct store_job *job, struct db *db, struct sl_err *err);
    void (*done)(struct store_job *job, enum sl_code code, const struct sl_err *err);
};

struct store_options {
    const char *path;   /**< database file; borrowed during store_open */
    int readers;        /**< 0: one for each core, at least 2 */
    uint32_t max_queue; /**< jobs waiting, all queues together */
    uint32_t max_group; /**< writes in one commit */
    const struct sl_clock *clock;
};

/** Counters since start, for /metrics. */
struct store_stats {
    uint64_t reads, writes, commits, rollbacks, failed_commits, busy;
    uint32_t queued;
};

/**
 * Open, migrate, start threads. SL_CORRUPT: the file is not ours, or newer than this program (err
 * says which); SL_SYSTEM: cannot open. Thread: main.
 */
SL_MUST_USE enum sl_code store_open(const struct store_options *options, struct store **out,
                                    struct sl_err *err);

/**
 * Queue a job. SL_BUSY: the queue is full; SL_STOPPING; then done is not called. Thread: any, but
 * none after store_close has returned; never blocks on disk.
 */
SL_MUST_USE enum sl_code store_submit(struct store *store, struct store_job *job,
                                      struct sl_err *err);

/**
 * Finish what is queued, then stop the threads, tidy the log away and close. Jobs that are
 * submitted meanwhile, by a done for instance, are refused. NULL is fine. Thread: main.
 */
void store_close(struct store *store);

void store_stats(struct store *store, struct store_stats *out);

/**
 * Can it save? False from a commit that failed until one that has written; asking meanwhile has the
 * writer try, so that the answer comes right without anybody's writing. Thread: any; never blocks.
 */
bool store_works(struct store *store);

/**
 * A connection outside the threads: for tests, `sendlined check` and tools. One that writes makes
 * the file (0600) if there is none, and is what store_migrate takes; a readonly one refuses writes,
 * and refuses a database of another version. ":memory:" is one that nobody shares.
 *
 * @return SL_NOT_FOUND: readonly, and there is none; SL_CORRUPT: not ours; SL_SYSTEM.
 */
SL_MUST_USE enum sl_code store_connect(const char *path, bool readonly, struct db **out,
                                       struct sl_err *err);
void store_disconnect(struct db *db);
SL_MUST_USE enum sl_code db_begin(struct db *db, struct sl_err *err);
SL_MUST_USE enum sl_code db_commit(struct db *db, struct sl_err *err);
void db_rollback(struct db *db);
/** Bring a database up to this program's version; refuses a newer one. */
SL_MUST_USE enum sl_code store_migrate(struct db *db, struct sl_err *err);
/** Online backup of a live database into a new file (0600); SL_ID_USED when it exists. Thread: any.
 */
SL_MUST_USE enum sl_code store_backup(const char *path, const char *to, struct sl_err *err);
/** The database's own integrity and foreign keys. SL_CORRUPT names the first finding. */
SL_MUST_USE enum sl_code store_integrity(struct db *db, struct sl_err *err);

#endif
