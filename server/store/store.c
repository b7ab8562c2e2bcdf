#include "store/store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "store/migrate.h"
#include "store/threads.h"

enum {
    DEFAULT_MAX_QUEUE = 4096,
    DEFAULT_MAX_GROUP = 256,
    MAX_READERS = 64
};

/* ---- Tools ---- */

enum sl_code store_connect(const char *path, bool readonly, struct db **out, struct sl_err *err)
{
    struct db *db = NULL;

    enum sl_code rc =
        driver_of(path)->open(path, readonly ? DRIVER_READER : DRIVER_WRITER, &db, err);
    if (rc != SL_OK) {
        return rc;
    }
    if (readonly) {
        /* A writer is about to migrate; a reader's statements need this program's schema. */
        rc = migrate_check(db, sql_migration_count, err);
        if (rc != SL_OK) {
            db->driver->close(db);
            return rc;
        }
    }
    *out = db;
    return SL_OK;
}

void store_disconnect(struct db *db)
{
    if (db != NULL) {
        db->driver->close(db);
    }
}

enum sl_code store_backup(const char *path, const char *to, struct sl_err *err)
{
    return driver_of(path)->backup(path, to, err);
}

enum sl_code store_integrity(struct db *db, struct sl_err *err)
{
    return db->driver->integrity(db, err);
}

/* ---- What the threads share ---- */

void store_finish(struct store *store, struct store_job *job, enum sl_code code,
                  const struct sl_err *err)
{
    struct sl_err own = *err;

    if (own.code != code) {
        (void)sl_fail(&own, code, "%s", sl_code_name(code));
    }
    (void)atomic_fetch_sub(&store->queued, 1);
    job->done(job, code, &own);
}

void store_check_forgotten(struct db *db)
{
    size_t forgotten = db->driver->finish_all(db);

    if (forgotten > 0) {
        sl_log(SL_LOG_ERROR, "statements_forgotten", "count=%zu", forgotten);
    }
}

/* ---- Jobs ---- */

/* True when the job is with a thread. */
static bool place(struct store *store, struct store_job *job)
{
    struct reader *r = &store->readers[job->lane % store->reader_count];

    /* Nothing under way here: what came before in this lane is with the writer, so a write that
     * needs no check may follow at once. */
    if (job->writes && job->check == NULL && atomic_load(&r->pending) == 0) {
        return queue_put(&store->writer.queue, job);
    }
    (void)atomic_fetch_add(&r->pending, 1);
    if (queue_put(&r->queue, job)) {
        return true;
    }
    (void)atomic_fetch_sub(&r->pending, 1);
    return false;
}

enum sl_code store_submit(struct store *store, struct store_job *job, struct sl_err *err)
{
    if (atomic_load(&store->stopping)) {
        return sl_fail(err, SL_STOPPING, "the store is closing");
    }
    if (atomic_fetch_add(&store->queued, 1) >= store->max_queue) {
        (void)atomic_fetch_sub(&store->queued, 1);
        atomic_fetch_add_explicit(&store->busy, 1, memory_order_relaxed);
        return sl_fail(err, SL_BUSY, "%u jobs wait already", store->max_queue);
    }
    if (!place(store, job)) {
        (void)atomic_fetch_sub(&store->queued, 1);
        return sl_fail(err, SL_STOPPING, "the store is closing");
    }
    return SL_OK;
}

void store_stats(struct store *store, struct store_stats *out)
{
    *out = (struct store_stats){
        .reads = atomic_load(&store->reads),
        .writes = atomic_load(&store->writes),
        .commits = atomic_load(&store->commits),
        .rollbacks = atomic_load(&store->rollbacks),
        .failed_commits = atomic_load(&store->failed_commits),
        .busy = atomic_load(&store->busy),
        .queued = atomic_load(&store->queued),
    };
}

bool store_works(struct store *store)
{
    bool works = atomic_load(&store->works);

    if (!works) {
        probe_send(&store->probe);
    }
    return works;
}

/* ---- Opening and closing ---- */

static struct store *new_store(const struct store_options *options)
{
    struct store *store = sl_alloc(sizeof *store);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    long readers = options->readers > 0 ? options->readers : (cores < 2 ? 2 : cores);

    store->driver = driver_of(options->path);
    store->clock = options->clock != NULL ? options->clock : sl_clock_system();
    store->max_queue = options->max_queue > 0 ? options->max_queue : DEFAULT_MAX_QUEUE;
    store->max_group = options->max_group > 0 ? options->max_group : DEFAULT_MAX_GROUP;
    store->reader_count = (size_t)(readers > MAX_READERS ? MAX_READERS : readers);
    store->readers = sl_alloc(store->reader_count * sizeof *store->readers);
    for (size_t i = 0; i < store->reader_count; i++) {
        store->readers[i].store = store;
        queue_init(&store->readers[i].queue);
    }
    atomic_init(&store->works, true);
    store->probe.store = store;
    store->writer.store = store;
    store->writer.outcomes = sl_alloc(store->max_group * sizeof *store->writer.outcomes);
    queue_init(&store->writer.queue);
    store->tidier.store = store;
    (void)pthread_mutex_init(&store->tidier.lock, NULL);
    (void)pthread_cond_init(&store->tidier.wake, NULL);
    return store;
}

static enum sl_code connect_all(struct store *store, const char *path, struct sl_err *err)
{
    enum sl_code rc = store->driver->open(path, DRIVER_WRITER, &store->writer.db, err);

    if (rc == SL_OK) {
        rc = store_migrate(store->writer.db, err);
    }
    if (rc == SL_OK) {
        rc = store->driver->open(path, DRIVER_WRITER, &store->tidier.db, err);
    }
    for (size_t i = 0; rc == SL_OK && i < store->reader_count; i++) {
        rc = store_connect(path, true, &store->readers[i].db, err);
    }
    return rc;
}

static enum sl_code start(pthread_t *thread, bool *started, void *(*body)(void *), void *arg,
                          const char *name, struct sl_err *err)
{
    int sys = pthread_create(thread, NULL, body, arg);

    if (sys != 0) {
        return sl_fail(err, SL_SYSTEM, "start a %s thread: %s", name, strerrordesc_np(sys));
    }
    *started = true;
    (void)pthread_setname_np(*thread, name);
    return SL_OK;
}

static enum sl_code start_all(struct store *store, struct sl_err *err)
{
    struct tidier *tidier = &store->tidier;
    struct writer *writer = &store->writer;

    enum sl_code rc =
        start(&tidier->thread, &tidier->started, tidier_main, tidier, "sl-tidier", err);
    if (rc == SL_OK) {
        rc = start(&writer->thread, &writer->started, writer_main, writer, "sl-writer", err);
    }
    for (size_t i = 0; rc == SL_OK && i < store->reader_count; i++) {
        struct reader *r = &store->readers[i];
        rc = start(&r->thread, &r->started, reader_main, r, "sl-reader", err);
    }
    return rc;
}

enum sl_code store_open(const struct store_options *options, struct store **out, struct sl_err *err)
{
    struct store *store = new_store(options);

    enum sl_code rc = connect_all(store, options->path, err);
    if (rc == SL_OK) {
        rc = start_all(store, err);
    }
    if (rc != SL_OK) {
        store_close(store);
        return rc;
    }
    *out = store;
    return SL_OK;
}

/* In the order in which work flows, so that each still takes what the one before hands on. */
static void stop_all(struct store *store)
{
    atomic_store(&store->stopping, true);
    for (size_t i = 0; i < store->reader_count; i++) {
        queue_close(&store->readers[i].queue);
    }
    for (size_t i = 0; i < store->reader_count; i++) {
        if (store->readers[i].started) {
            (void)pthread_join(store->readers[i].thread, NULL);
        }
    }
    queue_close(&store->writer.queue);
    if (store->writer.started) {
        (void)pthread_join(store->writer.thread, NULL);
    }
    (void)pthread_mutex_lock(&store->tidier.lock);
    store->tidier.stop = true;
    (void)pthread_cond_signal(&store->tidier.wake);
    (void)pthread_mutex_unlock(&store->tidier.lock);
    if (store->tidier.started) {
        (void)pthread_join(store->tidier.thread, NULL);
    }
}

static void disconnect_all(struct store *store)
{
    struct sl_err err = {.code = SL_OK};
    bool clear = false;

    for (size_t i = 0; i < store->reader_count; i++) {
        store_disconnect(store->readers[i].db);
    }
    store_disconnect(store->tidier.db);
    if (store->writer.db != NULL && store->writer.started &&
        store->driver->tidy(store->writer.db, DRIVER_TIDY_CLOSE, &clear, &err) != SL_OK) {
        sl_log_err(SL_LOG_WARN, "tidy_failed", &err);
    }
    store_disconnect(store->writer.db);
}

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    stop_all(store);
    disconnect_all(store);
    for (size_t i = 0; i < store->reader_count; i++) {
        queue_fini(&store->readers[i].queue);
    }
    queue_fini(&store->writer.queue);
    (void)pthread_mutex_destroy(&store->tidier.lock);
    (void)pthread_cond_destroy(&store->tidier.wake);
    free(store->writer.outcomes);
    free(store->readers);
    free(store);
}
