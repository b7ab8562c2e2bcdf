/*
 * The worker: looks every two seconds for what is due, and sends it one by one. A try is written
 * down before it is made.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "outbox/room.h"

enum {
    POLL_MS = 2000,
    BATCH = 50,
    FORGET_EVERY_S = 3600,
    KEEP_S = 90 * 86400 /* settled rows, for staff and so that nothing is told twice */
};

/** One notice on its way. */
struct item {
    struct outbox_row row;
    struct outbox_plan plan;
    bool claimed; /* the try is written down, so it may be made */
    enum carrier_answer answer;
    char reason[CARRIER_REASON_SIZE];
};

/** Thread: the worker; while a step runs, the store's. */
struct round {
    struct outbox *outbox;
    int64_t now_s;
    struct item items[BATCH];
    size_t count;
    const struct item *sent; /* the one that write_sent is about */
};

/* ---- The store, waited for ---- */

/** A step of a round as a job. */
struct step {
    struct store_job job; /* first, so that the job is the step */
    struct round *round;
    enum sl_code (*run)(struct round *round, struct db *db, struct sl_err *err);
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool over;
    enum sl_code code;
    struct sl_err err;
};

static enum sl_code run_step(struct store_job *job, struct db *db, struct sl_err *err)
{
    struct step *step = (struct step *)(void *)job;

    return step->run(step->round, db, err);
}

static void step_done(struct store_job *job, enum sl_code code, const struct sl_err *err)
{
    struct step *step = (struct step *)(void *)job;

    (void)pthread_mutex_lock(&step->lock);
    step->code = code;
    if (code != SL_OK) {
        step->err = *err;
    }
    step->over = true;
    (void)pthread_cond_signal(&step->wake);
    (void)pthread_mutex_unlock(&step->lock);
}

/* Run it and wait. False, and said in the log: it did not work, and nothing was changed. */
static bool do_step(struct round *round, bool writes,
                    enum sl_code (*run)(struct round *round, struct db *db, struct sl_err *err))
{
    struct step step = {
        .job = {.writes = writes, .run = run_step, .done = step_done},
        .round = round,
        .run = run,
    };

    (void)pthread_mutex_init(&step.lock, NULL);
    (void)pthread_cond_init(&step.wake, NULL);
    enum sl_code rc = store_submit(round->outbox->options.store, &step.job, &step.err);
    if (rc == SL_OK) {
        (void)pthread_mutex_lock(&step.lock);
        while (!step.over) {
            (void)pthread_cond_wait(&step.wake, &step.lock);
        }
        rc = step.code;
        (void)pthread_mutex_unlock(&step.lock);
    }
    (void)pthread_cond_destroy(&step.wake);
    (void)pthread_mutex_destroy(&step.lock);
    if (rc != SL_OK) {
        sl_log_err(SL_LOG_ERROR, "notices_not_saved", &step.err);
    }
    return rc == SL_OK;
}

/* ---- Steps ---- */

static enum sl_code read_due(struct round *round, struct db *db, struct sl_err *err)
{
    const struct outbox *o = round->outbox;
    struct outbox_row rows[BATCH];
    enum sl_code rc = outbox_rows_due(o, db, round->now_s, rows, BATCH, &round->count, err);

    for (size_t i = 0; i < round->count; i++) {
        round->items[i] = (struct item){
            .row = rows[i],
            .plan = outbox_plan_of(&rows[i], o->email != NULL, o->text != NULL, round->now_s),
        };
    }
    return rc;
}

static enum sl_code settle(struct round *round, struct db *db, const struct item *item,
                           const char *state, const char *reason, struct sl_err *err)
{
    return db_exec(db, SQL_OUTBOX_SETTLE, NULL, err, "btti", item->row.id, (size_t)SL_ID_BYTES,
                   state, reason, sl_now_s(round->outbox->options.clock));
}

static enum sl_code put_off(struct db *db, const struct item *item, int tries, const char *reason,
                            int64_t *changes, struct sl_err *err)
{
    return db_exec(db, SQL_OUTBOX_LATER, changes, err, "biit", item->row.id, (size_t)SL_ID_BYTES,
                   (int64_t)tries, item->plan.at, reason);
}

static enum sl_code write_plans(struct round *round, struct db *db, struct sl_err *err)
{
    enum sl_code rc = SL_OK;

    for (size_t i = 0; i < round->count && rc == SL_OK; i++) {
        struct item *item = &round->items[i];
        int64_t changes = 0;
        switch (item->plan.step) {
        case OUTBOX_SEND:
            rc = put_off(db, item, item->row.tries + 1, NULL, &changes, err);
            /* Dropped by a handler meanwhile: then it is not sent. */
            item->claimed = changes == 1;
            break;
        case OUTBOX_WAIT:
            rc = put_off(db, item, item->row.tries, NULL, NULL, err);
            break;
        case OUTBOX_DROP:
            rc = settle(round, db, item, "dropped", item->plan.reason, err);
            break;
        case OUTBOX_GIVE_UP:
            rc = settle(round, db, item, "given_up", item->plan.reason, err);
            break;
        }
    }
    return rc;
}

static enum sl_code write_sent(struct round *round, struct db *db, struct sl_err *err)
{
    return settle(round, db, round->sent, "sent", NULL, err);
}

static enum sl_code write_failed(struct round *round, struct db *db, struct sl_err *err)
{
    enum sl_code rc = SL_OK;

    for (size_t i = 0; i < round->count && rc == SL_OK; i++) {
        struct item *item = &round->items[i];
        if (!item->claimed) {
            continue;
        }
        switch (item->answer) {
        case CARRIER_NEVER:
            rc = settle(round, db, item, "given_up", item->reason, err);
            break;
        case CARRIER_LATER:
        case CARRIER_DOWN:
            rc = put_off(db, item, item->row.tries + 1, item->reason, NULL, err);
            break;
        case CARRIER_SENT:
        case CARRIER_STOPPED:
            break;
        }
    }
    return rc;
}

static enum sl_code forget(struct round *round, struct db *db, struct sl_err *err)
{
    return db_exec(db, SQL_OUTBOX_FORGET, NULL, err, "i", round->now_s - KEEP_S);
}

/* ---- Sending ---- */

static enum carrier_answer hand_over(struct outbox *o, struct item *item)
{
    struct carrier *carrier = item->plan.by_text ? o->text : o->email;
    struct mail mail = {.made_at = item->row.made_at};

    memcpy(mail.id, item->row.id, SL_ID_BYTES);
    if (item->plan.by_text) {
        words_text(o->options.config, item->row.kind, &mail);
        mail.to = sl_strdup(item->row.mobile);
    } else {
        words_mail(o->options.config, item->row.kind, &mail);
        mail.to = sl_strdup(item->row.email);
    }
    enum carrier_answer answer = carrier->kind->send(carrier, &mail, item->reason);
    mail_fini(&mail);
    return answer;
}

/* Send what is claimed. Once a carrier is down, the rest of its notices have failed, too. */
static bool send_all(struct round *round)
{
    struct outbox *o = round->outbox;
    const struct item *down[2] = {NULL, NULL};
    bool failed = false;

    for (size_t i = 0; i < round->count; i++) {
        struct item *item = &round->items[i];
        const struct item **is_down = &down[item->plan.by_text ? 1 : 0];
        item->answer = CARRIER_STOPPED;
        if (!item->claimed || atomic_load(&o->stop)) {
            continue;
        }
        if (*is_down != NULL) {
            item->answer = CARRIER_DOWN;
            memcpy(item->reason, (*is_down)->reason, sizeof item->reason);
        } else {
            item->answer = hand_over(o, item);
        }
        if (item->answer == CARRIER_SENT) {
            atomic_fetch_add(&o->sent, 1);
            round->sent = item;
            /* Not saved: it goes out again after its pause. */
            (void)do_step(round, true, write_sent);
            continue;
        }
        if (item->answer == CARRIER_DOWN && *is_down == NULL) {
            *is_down = item;
            sl_log(SL_LOG_WARN, "notices_do_not_go_out", "carrier=%s reason=\"%s\"",
                   (item->plan.by_text ? o->text : o->email)->kind->name, item->reason);
        }
        failed |= item->answer != CARRIER_STOPPED;
    }
    return failed;
}

/* What staff have to know is in the log as well. */
static void tell(struct round *round)
{
    struct outbox *o = round->outbox;

    for (size_t i = 0; i < round->count; i++) {
        const struct item *item = &round->items[i];
        const bool never = item->claimed && item->answer == CARRIER_NEVER;
        if (item->claimed && item->answer != CARRIER_SENT && item->answer != CARRIER_STOPPED) {
            atomic_fetch_add(&o->failed, 1);
        }
        if (never || item->plan.step == OUTBOX_GIVE_UP) {
            atomic_fetch_add(&o->given_up, 1);
            sl_log(SL_LOG_WARN, "notice_given_up", "kind=%s tries=%d reason=\"%s\"",
                   item->row.kind == NOTICE_COUNT ? "unknown" : notice_name(item->row.kind),
                   item->row.tries + (item->claimed ? 1 : 0),
                   never ? item->reason : (item->plan.reason == NULL ? "" : item->plan.reason));
        }
    }
}

static void forget_old(struct round *round)
{
    struct outbox *o = round->outbox;

    if (round->now_s - o->forgot_at >= FORGET_EVERY_S && do_step(round, true, forget)) {
        o->forgot_at = round->now_s;
    }
}

bool outbox_round(struct outbox *outbox)
{
    struct round *round = sl_alloc(sizeof *round);

    round->outbox = outbox;
    round->now_s = sl_now_s(outbox->options.clock);
    bool good = do_step(round, false, read_due);
    if (good && round->count > 0) {
        good = do_step(round, true, write_plans);
        if (good) {
            if (send_all(round)) {
                (void)do_step(round, true, write_failed);
            }
            tell(round);
        }
    } else if (good) {
        forget_old(round);
    }
    const bool more = good && round->count == BATCH && !atomic_load(&outbox->stop);
    for (size_t i = 0; i < round->count; i++) {
        outbox_row_fini(&round->items[i].row);
    }
    free(round);
    return more;
}

/* ---- The thread ---- */

static void wait_a_while(struct outbox *o)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += POLL_MS / 1000;
    (void)pthread_mutex_lock(&o->lock);
    while (!atomic_load(&o->stop) &&
           pthread_cond_timedwait(&o->wake, &o->lock, &until) != ETIMEDOUT) {
    }
    (void)pthread_mutex_unlock(&o->lock);
}

static void *work(void *arg)
{
    struct outbox *o = arg;

    while (!atomic_load(&o->stop)) {
        if (!outbox_round(o)) {
            wait_a_while(o);
        }
    }
    return NULL;
}

enum sl_code outbox_start(struct outbox *outbox, struct sl_err *err)
{
    if (outbox == NULL || (outbox->email == NULL && outbox->text == NULL)) {
        return SL_OK;
    }
    int failed = pthread_create(&outbox->thread, NULL, work, outbox);
    if (failed != 0) {
        return sl_fail(err, SL_SYSTEM, "start the outbox's thread: %s", strerrordesc_np(failed));
    }
    (void)pthread_setname_np(outbox->thread, "sl-outbox");
    outbox->started = true;
    return SL_OK;
}

void outbox_stop(struct outbox *outbox)
{
    if (outbox == NULL || !outbox->started) {
        return;
    }
    (void)pthread_mutex_lock(&outbox->lock);
    atomic_store(&outbox->stop, true);
    (void)pthread_cond_signal(&outbox->wake);
    (void)pthread_mutex_unlock(&outbox->lock);
    (void)pthread_join(outbox->thread, NULL);
    outbox->started = false;
}
