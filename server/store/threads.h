/*
 * The store's threads. A job comes to the reader of its lane; a write goes on from there to the
 * writer. Only store/ includes this.
 *
 *   store_submit ─► reader (check, reads) ─► writer (group commit) ─► tidier (moves the log)
 *
 * Locks: a thread holds at most one of these at a time.
 */
#ifndef SENDLINE_STORE_THREADS_H
#define SENDLINE_STORE_THREADS_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/driver.h"
#include "store/store.h"

/** Jobs in the order they came, and whoever waits for them. Thread: any, under its lock. */
struct queue {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct store_job *first;
    struct store_job *last;
    bool waiting; /**< its one taker */
    bool closed;  /**< takes no more; what is in it is still done */
};

void queue_init(struct queue *q);
void queue_fini(struct queue *q);
/** False when closed. */
SL_MUST_USE bool queue_put(struct queue *q, struct store_job *job);
/** Up to `max` jobs as a list; waits for the first. NULL: closed and empty. */
struct store_job *queue_take(struct queue *q, uint32_t max);
void queue_close(struct queue *q);

/** Thread: its own, but for the queue and `pending`. */
struct reader {
    struct store *store;
    struct queue queue;
    /** Queued or under way here. 0 means that whatever came before is with the writer already. */
    _Atomic uint32_t pending;
    struct db *db;
    pthread_t thread;
    bool started;
};

/** What came of one job of a group. */
struct outcome {
    struct store_job *job;
    enum sl_code code;
    struct sl_err err;
};

/** Thread: its own, but for the queue. */
struct writer {
    struct store *store;
    struct queue queue;
    struct db *db;
    struct outcome *outcomes; /**< max_group of them */
    uint32_t tidied_pages;    /**< of the log, when the tidier was last woken */
    uint32_t tried_pages;     /**< of the log, when it was last to begin anew */
    pthread_t thread;
    bool started;
};

/** Moves the log into the database while the writer goes on. Thread: its own; wanted, stop: lock.
 */
struct tidier {
    struct store *store;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool wanted;
    bool stop;
    struct db *db;
    pthread_t thread;
    bool started;
};

/** A write of the store's own, to see whether it can save again. */
struct probe {
    struct store_job job;
    struct store *store;
    atomic_bool under_way;
};

struct store {
    const struct driver *driver;
    const struct sl_clock *clock;
    uint32_t max_queue;
    uint32_t max_group;
    size_t reader_count;
    struct reader *readers;
    struct writer writer;
    struct tidier tidier;
    atomic_bool stopping;
    atomic_bool works; /**< the last commit that had something to write has succeeded */
    struct probe probe;
    _Atomic uint32_t queued;
    _Atomic uint64_t reads;
    _Atomic uint64_t writes;
    _Atomic uint64_t commits;
    _Atomic uint64_t rollbacks;
    _Atomic uint64_t failed_commits;
    _Atomic uint64_t busy;
};

void *reader_main(void *arg); /**< struct reader */
void *writer_main(void *arg); /**< struct writer */
void *tidier_main(void *arg); /**< struct tidier */
void tidier_wake(struct tidier *tidier);
void probe_send(struct probe *probe);

/** The job leaves the store: call its done. */
void store_finish(struct store *store, struct store_job *job, enum sl_code code,
                  const struct sl_err *err);
/** Statements that a job has not given back are given back, and told of. */
void store_check_forgotten(struct db *db);

#endif
