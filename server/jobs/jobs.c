#include "jobs/jobs.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/buf.h"
#include "common/log.h"
#include "domain/idle.h"
#include "outbox/outbox.h"

enum {
    SESSION_ID_BYTES = 16,
    ENDED_AT_ONCE = 500 /* the LIMIT of sessions_end_idle */
};

/** One run of a job. Thread: the store's while it is there; then whoever waits. */
struct turn {
    struct store_job job; /* first, so that the job is the turn */
    struct jobs *jobs;
    const struct job_row *row;
    int64_t now_s;
    uint8_t ended[ENDED_AT_ONCE][SESSION_ID_BYTES];
    size_t ended_count;
    bool again; /* there is more to do than one turn does */
    bool over;  /* under the lock */
};

struct job_row {
    const char *name;
    int64_t every_s;
    enum sl_code (*run)(struct turn *turn, struct db *db, struct sl_err *err);
    void (*done)(struct turn *turn); /* after the commit; may be NULL */
};

/** Thread: its own; stop and the turns' over: under the lock. */
struct jobs {
    struct jobs_options options;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool stop;
};

/* ---- The jobs ---- */

static enum sl_code end_idle_sessions(struct turn *turn, struct db *db, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;
    enum sl_code rc = db_query(db, SQL_SESSIONS_END_IDLE, &s, err, "ii", idle_horizon(turn->now_s),
                               (int64_t)ENDED_AT_ONCE);

    while (rc == SL_OK && (rc = db_next(s, &have, err)) == SL_OK && have) {
        if (turn->ended_count < ENDED_AT_ONCE &&
            db_fixed(s, 0, turn->ended[turn->ended_count], SESSION_ID_BYTES)) {
            turn->ended_count++;
        }
    }
    turn->again = turn->ended_count == ENDED_AT_ONCE;
    return rc;
}

static void tell_ended(struct turn *turn)
{
    const struct jobs_options *o = &turn->jobs->options;

    for (size_t i = 0; i < turn->ended_count && o->session_ended != NULL; i++) {
        o->session_ended(o->ctx, turn->ended[i]);
    }
}

static enum sl_code warn_of_roster(struct turn *turn, struct db *db, struct sl_err *err)
{
    return outbox_roster_ending(turn->jobs->options.outbox, db, err);
}

static const struct job_row rows[] = {
    {"end_idle_sessions", 60, end_idle_sessions, tell_ended},
    {"warn_of_roster", 3600, warn_of_roster, NULL},
};
enum {
    ROWS = sizeof(rows) / sizeof(rows[0])
};

/* ---- Running one ---- */

static struct turn *turn_of(struct store_job *job)
{
    return (struct turn *)(void *)job;
}

static enum sl_code run(struct store_job *job, struct db *db, struct sl_err *err)
{
    return turn_of(job)->row->run(turn_of(job), db, err);
}

static void done(struct store_job *job, enum sl_code code, const struct sl_err *err)
{
    struct turn *turn = turn_of(job);
    struct jobs *jobs = turn->jobs;

    if (code != SL_OK) {
        turn->again = false;
        sl_log(SL_LOG_ERROR, "job_failed", "job=%s code=%s errno=%d detail=\"%s\"", turn->row->name,
               sl_code_name(code), err->sys, err->detail);
    } else if (turn->row->done != NULL) {
        turn->row->done(turn);
    }
    (void)pthread_mutex_lock(&jobs->lock);
    turn->over = true;
    (void)pthread_cond_broadcast(&jobs->wake);
    (void)pthread_mutex_unlock(&jobs->lock);
}

static bool run_once(struct jobs *jobs, const struct job_row *row)
{
    struct sl_err err = {.code = SL_OK};
    struct turn *turn = sl_alloc(sizeof(*turn));

    turn->job = (struct store_job){.writes = true, .run = run, .done = done};
    turn->jobs = jobs;
    turn->row = row;
    turn->now_s = sl_now_s(jobs->options.clock);
    if (store_submit(jobs->options.store, &turn->job, &err) != SL_OK) {
        /* Busy or stopping: the next turn does it. */
        sl_log(SL_LOG_WARN, "job_put_off", "job=%s code=%s", row->name, sl_code_name(err.code));
        free(turn);
        return false;
    }
    (void)pthread_mutex_lock(&jobs->lock);
    while (!turn->over) {
        (void)pthread_cond_wait(&jobs->wake, &jobs->lock);
    }
    (void)pthread_mutex_unlock(&jobs->lock);
    bool again = turn->again;
    free(turn);
    return again;
}

static void run_row(struct jobs *jobs, const struct job_row *row)
{
    while (run_once(jobs, row)) {
    }
}

void jobs_run_all(struct jobs *jobs)
{
    for (size_t i = 0; i < ROWS; i++) {
        run_row(jobs, &rows[i]);
    }
}

/* ---- The thread ---- */

static int64_t mono_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* @return false: it is time to stop. */
static bool wait_until(struct jobs *jobs, int64_t at_s)
{
    const struct timespec until = {.tv_sec = at_s};

    (void)pthread_mutex_lock(&jobs->lock);
    while (!jobs->stop && pthread_cond_timedwait(&jobs->wake, &jobs->lock, &until) != ETIMEDOUT) {
    }
    bool go_on = !jobs->stop;
    (void)pthread_mutex_unlock(&jobs->lock);
    return go_on;
}

static void *jobs_main(void *arg)
{
    struct jobs *jobs = arg;
    int64_t due_s[ROWS];
    size_t next = 0;

    for (size_t i = 0; i < ROWS; i++) {
        due_s[i] = mono_s() + rows[i].every_s;
    }
    for (;;) {
        for (size_t i = 0; i < ROWS; i++) {
            next = due_s[i] < due_s[next] ? i : next;
        }
        if (!wait_until(jobs, due_s[next])) {
            return NULL;
        }
        run_row(jobs, &rows[next]);
        due_s[next] = mono_s() + rows[next].every_s;
    }
}

enum sl_code jobs_start(const struct jobs_options *options, struct jobs **out, struct sl_err *err)
{
    struct jobs *jobs = sl_alloc(sizeof(*jobs));
    pthread_condattr_t attr;

    jobs->options = *options;
    (void)pthread_mutex_init(&jobs->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&jobs->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    int failed = pthread_create(&jobs->thread, NULL, jobs_main, jobs);
    if (failed != 0) {
        (void)pthread_mutex_destroy(&jobs->lock);
        (void)pthread_cond_destroy(&jobs->wake);
        free(jobs);
        return sl_fail(err, SL_SYSTEM, "start the jobs' thread: %s", strerrordesc_np(failed));
    }
    (void)pthread_setname_np(jobs->thread, "sl-jobs");
    *out = jobs;
    return SL_OK;
}

void jobs_stop(struct jobs *jobs)
{
    if (jobs == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&jobs->lock);
    jobs->stop = true;
    (void)pthread_cond_broadcast(&jobs->wake);
    (void)pthread_mutex_unlock(&jobs->lock);
    (void)pthread_join(jobs->thread, NULL);
    (void)pthread_mutex_destroy(&jobs->lock);
    (void)pthread_cond_destroy(&jobs->wake);
    free(jobs);
}
