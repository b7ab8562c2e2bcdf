/* The store: jobs through readers and the writer, group commit, and what happens when disks fail.
 */
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "store/sqlite.h"
#include "store/store.h"
#include "support/disk.h"
#include "support/folder.h"

static char *folder;
static char *path;
static struct store *store;

/* A job that adds or reads one setting, and what came of it. */
struct task {
    struct store_job job;
    char key[32];
    char value[32];
    enum sl_code answer;   /* of run, after it has written */
    int64_t check_wait_us; /* how long the check takes */
    struct gate *gate;     /* run waits for it */
    uint64_t flushes_at_run;
    uint64_t flushes_at_done;
    int64_t run_order;
    int64_t done_us;
    bool found;
    bool resubmits;
    enum sl_code resubmitted;
    enum sl_code code;
    char detail[160];
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool finished;
};

/* Closed until somebody opens it. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool open;
    bool reached;
};

static _Atomic int64_t order;

static int64_t now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void sleep_us(int64_t us)
{
    struct timespec wait = {.tv_sec = us / 1000000, .tv_nsec = (us % 1000000) * 1000};

    (void)nanosleep(&wait, NULL);
}

static void gate_init(struct gate *gate)
{
    *gate = (struct gate){.open = false};
    (void)pthread_mutex_init(&gate->lock, NULL);
    (void)pthread_cond_init(&gate->wake, NULL);
}

static void gate_pass(struct gate *gate)
{
    (void)pthread_mutex_lock(&gate->lock);
    gate->reached = true;
    (void)pthread_cond_broadcast(&gate->wake);
    while (!gate->open) {
        (void)pthread_cond_wait(&gate->wake, &gate->lock);
    }
    (void)pthread_mutex_unlock(&gate->lock);
}

static void gate_await(struct gate *gate)
{
    (void)pthread_mutex_lock(&gate->lock);
    while (!gate->reached) {
        (void)pthread_cond_wait(&gate->wake, &gate->lock);
    }
    (void)pthread_mutex_unlock(&gate->lock);
}

static void gate_open(struct gate *gate)
{
    (void)pthread_mutex_lock(&gate->lock);
    gate->open = true;
    (void)pthread_cond_broadcast(&gate->wake);
    (void)pthread_mutex_unlock(&gate->lock);
}

static enum sl_code task_check(struct store_job *job, struct db *db, struct sl_err *err)
{
    struct task *task = (struct task *)job;

    (void)db;
    if (task->check_wait_us > 0) {
        sleep_us(task->check_wait_us);
    }
    return strcmp(task->value, "forged") == 0 ? sl_fail(err, SL_SIGNATURE_WRONG, "forged") : SL_OK;
}

static enum sl_code look(struct task *task, struct db *db, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;

    enum sl_code rc = db_query(db, SQL_SETTING_GET, &s, err, "t", task->key);
    return rc == SL_OK ? db_next(s, &task->found, err) : rc;
}

static enum sl_code task_read(struct store_job *job, struct db *db, struct sl_err *err)
{
    struct task *task = (struct task *)job;

    task->run_order = atomic_fetch_add(&order, 1);
    enum sl_code rc = look(task, db, err);
    if (rc == SL_OK && task->gate != NULL) {
        gate_pass(task->gate);
        rc = look(task, db, err);
    }
    return rc;
}

static enum sl_code task_write(struct store_job *job, struct db *db, struct sl_err *err)
{
    struct task *task = (struct task *)job;

    if (task->gate != NULL) {
        gate_pass(task->gate);
    }
    task->run_order = atomic_fetch_add(&order, 1);
    task->flushes_at_run = disk_flushes();
    enum sl_code rc =
        db_exec(db, SQL_SETTING_ADD, NULL, err, "tb", task->key, task->value, strlen(task->value));
    return rc == SL_OK && task->answer != SL_OK ? sl_fail(err, task->answer, "as asked") : rc;
}

static void task_done(struct store_job *job, enum sl_code code, const struct sl_err *err)
{
    struct task *task = (struct task *)job;

    if (task->resubmits) {
        static struct store_job never;
        task->resubmitted = store_submit(store, &never, NULL);
    }
    (void)pthread_mutex_lock(&task->lock);
    task->flushes_at_done = disk_flushes();
    task->done_us = now_us();
    task->code = code;
    (void)snprintf(task->detail, sizeof task->detail, "%s", err->detail);
    ck_assert_int_eq(err->code, code);
    task->finished = true;
    (void)pthread_cond_signal(&task->wake);
    (void)pthread_mutex_unlock(&task->lock);
}

static void task_init(struct task *task, uint32_t lane, bool writes, const char *key,
                      const char *value)
{
    *task = (struct task){.job = {.lane = lane,
                                  .writes = writes,
                                  .run = writes ? task_write : task_read,
                                  .done = task_done}};
    (void)snprintf(task->key, sizeof task->key, "%s", key);
    (void)snprintf(task->value, sizeof task->value, "%s", value);
    (void)pthread_mutex_init(&task->lock, NULL);
    (void)pthread_cond_init(&task->wake, NULL);
}

static void submit(struct task *task)
{
    struct sl_err err = {.code = SL_OK};

    ck_assert_msg(store_submit(store, &task->job, &err) == SL_OK, "%s", err.detail);
}

static enum sl_code await(struct task *task)
{
    (void)pthread_mutex_lock(&task->lock);
    while (!task->finished) {
        (void)pthread_cond_wait(&task->wake, &task->lock);
    }
    (void)pthread_mutex_unlock(&task->lock);
    return task->code;
}

static enum sl_code write_one(const char *key)
{
    struct task task;

    task_init(&task, 1, true, key, "value");
    submit(&task);
    return await(&task);
}

static bool is_there(const char *key)
{
    struct task task;

    task_init(&task, 1, false, key, "");
    submit(&task);
    ck_assert_int_eq(await(&task), SL_OK);
    return task.found;
}

static void open_store(uint32_t max_queue, uint32_t max_group)
{
    struct store_options options = {
        .path = path, .readers = 3, .max_queue = max_queue, .max_group = max_group};
    struct sl_err err = {.code = SL_OK};

    ck_assert_msg(store_open(&options, &store, &err) == SL_OK, "%s", err.detail);
}

static void close_store(void)
{
    store_close(store);
    store = NULL;
}

static void set_up(void)
{
    disk_install();
    folder = folder_new();
    path = folder_file(folder, "sendline.db");
    open_store(4096, 256);
}

static void tear_down(void)
{
    disk_set_mode(DISK_GOOD);
    disk_set_flush_ms(0);
    close_store();
    free(path);
    folder_remove(folder);
}

START_TEST(a_write_is_seen_by_the_next_read)
{
    ck_assert(!is_there("a"));
    ck_assert_int_eq(write_one("a"), SL_OK);
    ck_assert(is_there("a"));
    ck_assert_int_eq(write_one("a"), SL_ID_USED);
    close_store();
    open_store(0, 0);
    ck_assert(is_there("a"));
}
END_TEST

START_TEST(a_failed_check_never_reaches_the_writer)
{
    struct task task;

    task_init(&task, 5, true, "a", "forged");
    task.job.check = task_check;
    submit(&task);
    ck_assert_int_eq(await(&task), SL_SIGNATURE_WRONG);
    ck_assert_str_eq(task.detail, "forged");
    ck_assert(!is_there("a"));
}
END_TEST

/* Holds the writer in one job until the rest of a group has gathered behind it. */
static void hold_writer(struct task *holder, struct gate *gate)
{
    gate_init(gate);
    task_init(holder, 1, true, "holder", "value");
    holder->gate = gate;
    submit(holder);
    gate_await(gate);
}

START_TEST(one_failure_in_a_group_fails_alone)
{
    struct task holder;
    struct gate gate;
    struct task tasks[5];
    struct store_stats before;
    struct store_stats after;
    static const enum sl_code answers[] = {SL_OK, SL_FORBIDDEN, SL_INVITE_WRONG_CODE, SL_OK, SL_OK};

    hold_writer(&holder, &gate);
    store_stats(store, &before);
    for (int i = 0; i < 5; i++) {
        SL_AUTO(str) char *key = sl_strf("key-%d", i == 4 ? 0 : i);
        task_init(&tasks[i], (uint32_t)i, true, key, "value");
        tasks[i].answer = answers[i];
        tasks[i].job.keep = i == 2;
        submit(&tasks[i]);
    }
    gate_open(&gate);
    ck_assert_int_eq(await(&holder), SL_OK);
    ck_assert_int_eq(await(&tasks[0]), SL_OK);
    ck_assert_int_eq(await(&tasks[1]), SL_FORBIDDEN);
    ck_assert_str_eq(tasks[1].detail, "as asked");
    ck_assert_int_eq(await(&tasks[2]), SL_INVITE_WRONG_CODE);
    ck_assert_int_eq(await(&tasks[3]), SL_OK);
    ck_assert_int_eq(await(&tasks[4]), SL_ID_USED);
    store_stats(store, &after);
    ck_assert_uint_eq(after.commits - before.commits, 2); /* the holder's, and one for all */
    ck_assert_uint_eq(after.rollbacks - before.rollbacks, 2);
    ck_assert(is_there("key-0"));
    ck_assert(!is_there("key-1"));
    ck_assert(is_there("key-2")); /* it said: keep */
    ck_assert(is_there("key-3"));
}
END_TEST

START_TEST(groups_are_bounded)
{
    struct task holder;
    struct gate gate;
    struct task tasks[25];
    struct store_stats before;
    struct store_stats after;

    close_store();
    open_store(100, 10);
    hold_writer(&holder, &gate);
    store_stats(store, &before);
    for (int i = 0; i < 25; i++) {
        SL_AUTO(str) char *key = sl_strf("key-%d", i);
        task_init(&tasks[i], (uint32_t)i, true, key, "value");
        submit(&tasks[i]);
    }
    gate_open(&gate);
    for (int i = 0; i < 25; i++) {
        ck_assert_int_eq(await(&tasks[i]), SL_OK);
    }
    store_stats(store, &after);
    ck_assert_uint_eq(after.commits - before.commits, 4);
    ck_assert_uint_eq(after.writes - before.writes, 26);
}
END_TEST

START_TEST(a_lane_keeps_its_order)
{
    enum {
        N = 60,
        LANES = 4
    };
    static struct task tasks[N];

    for (int i = 0; i < N; i++) {
        SL_AUTO(str) char *key = sl_strf("key-%d", i);
        int place = i / LANES;
        task_init(&tasks[i], (uint32_t)(i % LANES), place % 3 != 2, key, "value");
        if (place % 3 == 0) { /* slow ones first: others would overtake them if they could */
            tasks[i].job.check = task_check;
            tasks[i].check_wait_us = 2000;
        }
        submit(&tasks[i]);
    }
    for (int i = 0; i < N; i++) {
        ck_assert_int_eq(await(&tasks[i]), SL_OK);
    }
    for (int i = LANES; i < N; i++) {
        const struct task *task = &tasks[i];
        for (int earlier = i - LANES; earlier >= 0; earlier -= LANES) {
            /* Writes among each other, and reads among each other. */
            if (tasks[earlier].job.writes == task->job.writes) {
                ck_assert_int_lt(tasks[earlier].run_order, task->run_order);
            }
        }
    }
}
END_TEST

START_TEST(a_full_queue_says_so)
{
    struct task holder;
    struct gate gate;
    struct task tasks[4];
    struct store_stats stats;
    struct sl_err err = {.code = SL_OK};

    close_store();
    open_store(4, 10);
    hold_writer(&holder, &gate);
    for (int i = 0; i < 4; i++) {
        SL_AUTO(str) char *key = sl_strf("key-%d", i);
        task_init(&tasks[i], 1, true, key, "value");
        ck_assert_int_eq(store_submit(store, &tasks[i].job, &err), i < 3 ? SL_OK : SL_BUSY);
    }
    store_stats(store, &stats);
    ck_assert_uint_eq(stats.queued, 4);
    ck_assert_uint_eq(stats.busy, 1);
    gate_open(&gate);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(await(&tasks[i]), SL_OK);
    }
    ck_assert_int_eq(write_one("key-3"), SL_OK);
    store_stats(store, &stats);
    ck_assert_uint_eq(stats.queued, 0);
}
END_TEST

static void *close_in_thread(void *arg)
{
    (void)arg;
    store_close(store);
    return NULL;
}

START_TEST(closing_finishes_what_is_queued_and_takes_no_more)
{
    enum {
        N = 100
    };
    static struct task tasks[N];
    struct task holder;
    struct task late;
    struct gate gate;
    pthread_t closer;
    struct stat st;

    hold_writer(&holder, &gate);
    for (int i = 0; i < N; i++) {
        SL_AUTO(str) char *key = sl_strf("key-%d", i);
        task_init(&tasks[i], (uint32_t)i, true, key, "value");
        tasks[i].job.check = i % 2 == 0 ? task_check : NULL;
        tasks[i].resubmits = true;
        submit(&tasks[i]);
    }
    ck_assert_int_eq(pthread_create(&closer, NULL, close_in_thread, NULL), 0);
    task_init(&late, 1, false, "key-0", "");
    while (store_submit(store, &late.job, NULL) == SL_OK) { /* until it begins to close */
        (void)await(&late);
        task_init(&late, 1, false, "key-0", "");
    }
    gate_open(&gate);
    ck_assert_int_eq(pthread_join(closer, NULL), 0);
    store = NULL;
    for (int i = 0; i < N; i++) {
        ck_assert(tasks[i].finished);
        ck_assert_int_eq(tasks[i].code, SL_OK);
        ck_assert_int_eq(tasks[i].resubmitted, SL_STOPPING);
    }
    SL_AUTO(str) char *log = sl_strf("%s-wal", path);
    ck_assert_int_ne(stat(log, &st), 0); /* all of it is in the database */
    open_store(0, 0);
    ck_assert(is_there("key-99"));
    store_close(NULL);
}
END_TEST

START_TEST(readers_cannot_write)
{
    struct task task;

    task_init(&task, 1, false, "a", "value");
    task.job.run = task_write;
    submit(&task);
    ck_assert_int_eq(await(&task), SL_SYSTEM);
    task_init(&task, 1, true, "a", "value");
    task.job.check = task_write;
    submit(&task);
    ck_assert_int_eq(await(&task), SL_SYSTEM);
    ck_assert(!is_there("a"));
}
END_TEST

START_TEST(a_read_sees_one_moment)
{
    struct gate gate;
    struct task reader;
    struct task writer;

    gate_init(&gate);
    task_init(&reader, 1, false, "a", "");
    reader.gate = &gate; /* looks before it and after it */
    submit(&reader);
    gate_await(&gate);
    task_init(&writer, 2, true, "a", "value");
    submit(&writer);
    ck_assert_int_eq(await(&writer), SL_OK); /* a reader holds no writer up */
    gate_open(&gate);
    ck_assert_int_eq(await(&reader), SL_OK);
    ck_assert(!reader.found);
    ck_assert(is_there("a"));
}
END_TEST

START_TEST(nothing_is_answered_before_its_flush)
{
    enum {
        N = 200
    };
    static struct task tasks[N];

    for (int i = 0; i < N; i++) {
        SL_AUTO(str) char *key = sl_strf("key-%d", i);
        task_init(&tasks[i], (uint32_t)i, true, key, "value");
        tasks[i].job.check = task_check;
        submit(&tasks[i]);
    }
    for (int i = 0; i < N; i++) {
        ck_assert_int_eq(await(&tasks[i]), SL_OK);
        ck_assert_uint_gt(tasks[i].flushes_at_done, tasks[i].flushes_at_run);
    }
}
END_TEST

START_TEST(a_full_disk_fails_all_and_recovers)
{
    static const enum disk_mode modes[] = {DISK_NO_WRITES, DISK_NO_GROWTH, DISK_QUOTA,
                                           DISK_NO_FLUSH};
    enum {
        N = 20,
        MODES = 4
    };
    static struct task tasks[MODES][N];

    ck_assert_int_eq(write_one("before"), SL_OK);
    for (int m = 0; m < MODES; m++) {
        disk_set_mode(modes[m]);
        int failed = 0;
        for (int i = 0; i < N; i++) {
            SL_AUTO(str) char *key = sl_strf("key-%d-%d", m, i);
            task_init(&tasks[m][i], (uint32_t)i, true, key, "value");
            submit(&tasks[m][i]);
        }
        for (int i = 0; i < N; i++) {
            if (await(&tasks[m][i]) != SL_OK) {
                ck_assert_msg(tasks[m][i].code ==
                                  (modes[m] == DISK_NO_FLUSH ? SL_SYSTEM : SL_STORAGE_FULL),
                              "%s", tasks[m][i].detail);
                failed++;
            }
        }
        /* A log that began anew may have room on a disk that is full. */
        ck_assert_msg(modes[m] == DISK_NO_GROWTH || failed == N, "%d failed", failed);
        ck_assert(is_there("before"));
        disk_set_mode(DISK_GOOD);
        for (int i = 0; i < N; i++) {
            ck_assert_int_eq(is_there(tasks[m][i].key), tasks[m][i].code == SL_OK);
            if (tasks[m][i].code != SL_OK) {
                ck_assert_int_eq(write_one(tasks[m][i].key), SL_OK);
            }
        }
    }
    close_store();
    open_store(0, 0);
    for (int m = 0; m < MODES; m++) {
        for (int i = 0; i < N; i++) {
            ck_assert(is_there(tasks[m][i].key));
        }
    }
}
END_TEST

/* True once store_works says so; each asking has the store try. */
static bool works_within_a_second(void)
{
    for (int i = 0; i < 1000 && !store_works(store); i++) {
        sleep_us(1000);
    }
    return store_works(store);
}

START_TEST(a_store_that_cannot_save_says_so_until_it_can)
{
    struct store_stats before;
    struct store_stats after;
    struct task nothing;

    ck_assert(store_works(store));
    disk_set_mode(DISK_NO_FLUSH);
    ck_assert_int_eq(write_one("lost"), SL_SYSTEM);
    /* A write that changes nothing is committed, and says nothing about the disk. Nobody has asked
     * yet: a probe in its group would take it along. */
    task_init(&nothing, 1, true, "key", "");
    nothing.job.run = task_read;
    submit(&nothing);
    ck_assert_int_eq(await(&nothing), SL_OK);
    ck_assert(!works_within_a_second());

    disk_set_mode(DISK_GOOD);
    ck_assert(works_within_a_second());
    ck_assert(is_there("probe"));
    /* From here on asking costs nothing. */
    store_stats(store, &before);
    ck_assert(store_works(store));
    ck_assert_int_eq(write_one("kept"), SL_OK);
    store_stats(store, &after);
    ck_assert_uint_eq(after.commits, before.commits + 1);
}
END_TEST

/* Let the database end the transaction by itself, as it does when it is full in mid-statement. */
static enum sl_code limited_run(struct store_job *job, struct db *db, struct sl_err *err)
{
    enum sl_code rc = sqlite_run(sqlite_of(db), "PRAGMA max_page_count = 1", err);
    SL_AUTO(str) char *big = sl_alloc(100001);

    memset(big, 'x', 100000);
    if (rc == SL_OK) {
        rc = db_exec(db, SQL_SETTING_ADD, NULL, err, "tb", "big", big, strlen(big));
    }
    (void)sqlite_run(sqlite_of(db), "PRAGMA max_page_count = 1000000", NULL);
    struct task *task = (struct task *)job;
    if (task->answer == SL_OK) {
        return rc;
    }
    /* A handler that overlooks the error must not write outside the transaction. */
    rc = db_exec(db, SQL_SETTING_ADD, NULL, err, "tb", "outside", "x", (size_t)1);
    ck_assert_int_eq(rc, SL_SYSTEM);
    return SL_OK;
}

START_TEST(a_broken_transaction_fails_the_whole_group)
{
    for (int overlooks = 0; overlooks < 2; overlooks++) {
        struct task holder;
        struct task after;
        struct task breaker;
        struct gate gate;
        struct store_stats stats;
        enum sl_code expected = overlooks == 0 ? SL_STORAGE_FULL : SL_SYSTEM;

        ck_assert_int_eq(write_one(overlooks == 0 ? "first" : "second"), SL_OK);
        gate_init(&gate);
        struct task blocker;
        task_init(&blocker, 1, true, overlooks == 0 ? "third" : "fourth", "value");
        blocker.gate = &gate;
        submit(&blocker);
        gate_await(&gate);
        task_init(&holder, 1, true, "holder", "value");
        submit(&holder);
        task_init(&breaker, 2, true, "breaker", "value");
        breaker.job.run = limited_run;
        breaker.answer = overlooks == 0 ? SL_OK : SL_BUSY;
        submit(&breaker);
        task_init(&after, 3, true, "after", "value");
        submit(&after);
        gate_open(&gate);
        ck_assert_int_eq(await(&blocker), SL_OK);
        ck_assert_int_eq(await(&holder), expected);
        ck_assert_int_eq(await(&breaker), expected);
        ck_assert_int_eq(await(&after), expected);
        ck_assert(!is_there("holder"));
        ck_assert(!is_there("big"));
        ck_assert(!is_there("after"));
        ck_assert(!is_there("outside"));
        ck_assert(is_there("third"));
        store_stats(store, &stats);
        ck_assert_uint_eq(stats.failed_commits, (uint64_t)overlooks + 1);
    }
    ck_assert_int_eq(write_one("holder"), SL_OK);
}
END_TEST

/* Writers that each send one, wait for the answer, and send the next. */
struct sender {
    pthread_t thread;
    int number;
    int count;
    int64_t worst_us;
};

static void *send_all(void *arg)
{
    struct sender *sender = arg;

    for (int i = 0; i < sender->count; i++) {
        struct task task;
        SL_AUTO(str) char *key = sl_strf("%d-%d", sender->number, i);
        task_init(&task, (uint32_t)sender->number, true, key, "value");
        task.job.check = task_check;
        int64_t began = now_us();
        submit(&task);
        ck_assert_int_eq(await(&task), SL_OK);
        if (task.done_us - began > sender->worst_us) {
            sender->worst_us = task.done_us - began;
        }
    }
    return NULL;
}

static void send_from(struct sender *senders, int n, int count)
{
    for (int i = 0; i < n; i++) {
        senders[i] = (struct sender){.number = i, .count = count};
        ck_assert_int_eq(pthread_create(&senders[i].thread, NULL, send_all, &senders[i]), 0);
    }
    for (int i = 0; i < n; i++) {
        ck_assert_int_eq(pthread_join(senders[i].thread, NULL), 0);
    }
}

START_TEST(fifty_senders_share_flushes)
{
    struct sender senders[50];

    disk_set_flush_ms(2);
    uint64_t before = disk_flushes();
    send_from(senders, 50, 20);
    uint64_t flushes = disk_flushes() - before;
    ck_assert_msg(flushes <= 500, "%llu flushes for 1000 messages", (unsigned long long)flushes);
}
END_TEST

START_TEST(one_sender_alone_waits_for_nobody)
{
    enum {
        FLUSH_MS = 20,
        N = 20
    };
    struct task tasks[N];
    int within = 0;

    disk_set_flush_ms(FLUSH_MS);
    for (int i = 0; i < N; i++) {
        SL_AUTO(str) char *key = sl_strf("key-%d", i);
        task_init(&tasks[i], 1, true, key, "value");
        tasks[i].job.check = task_check;
        int64_t began = now_us();
        submit(&tasks[i]);
        ck_assert_int_eq(await(&tasks[i]), SL_OK);
        within += tasks[i].done_us - began <= (int64_t)FLUSH_MS * 1500;
    }
    /* The median: a busy machine may delay a few. */
    ck_assert_msg(within > N / 2, "only %d of %d within 1.5 flushes", within, (int)N);
}
END_TEST

static enum sl_code run_big(struct store_job *job, struct db *db, struct sl_err *err)
{
    struct task *task = (struct task *)job;
    char value[20000];

    memset(value, 'x', sizeof value);
    return db_exec(db, SQL_SETTING_PUT, NULL, err, "tb", task->key, value, sizeof value);
}

START_TEST(the_log_stays_bounded)
{
    enum {
        N = 40,
        ROUNDS = 300
    };
    static struct task tasks[N];
    SL_AUTO(str) char *log = sl_strf("%s-wal", path);
    off_t largest = 0;

    /* About 250 MB through the log, always with the next group waiting. */
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < N; i++) {
            SL_AUTO(str) char *key = sl_strf("key-%d", i);
            if (round > 0) {
                ck_assert_int_eq(await(&tasks[i]), SL_OK);
            }
            task_init(&tasks[i], (uint32_t)i, true, key, "");
            tasks[i].job.run = run_big;
            submit(&tasks[i]);
        }
        struct stat st;
        ck_assert_int_eq(stat(log, &st), 0);
        largest = st.st_size > largest ? st.st_size : largest;
    }
    for (int i = 0; i < N; i++) {
        ck_assert_int_eq(await(&tasks[i]), SL_OK);
    }
    ck_assert_msg(largest < 48L * 1024 * 1024, "the log grew to %lld bytes", (long long)largest);
}
END_TEST

/* ---- kill -9 ---- */

/* The program's other life: writes, and tells on its standard output what was acknowledged. */
static void told(struct store_job *job, enum sl_code code, const struct sl_err *err)
{
    struct task *task = (struct task *)job;
    SL_AUTO(str) char *line = sl_strf("%s\n", task->key);

    (void)err;
    if (code != SL_OK || write(STDOUT_FILENO, line, strlen(line)) < 0) {
        _exit(1);
    }
    free(task);
}

static int write_until_killed(const char *database)
{
    struct store_options options = {.path = database, .readers = 2, .max_queue = 200};
    struct sl_err err = {.code = SL_OK};

    if (store_open(&options, &store, &err) != SL_OK) {
        return 1;
    }
    for (uint32_t i = 0;; i++) {
        struct task *task = sl_alloc(sizeof *task);
        SL_AUTO(str) char *key = sl_strf("k%u", i);
        task_init(task, i, true, key, "value");
        task->job.check = task_check;
        task->job.done = told;
        while (store_submit(store, &task->job, &err) == SL_BUSY) {
            sleep_us(100);
        }
    }
}

static void kill_after(int64_t us, struct sl_buf *acked)
{
    int out[2];
    char part[4096];
    ssize_t n = 0;

    ck_assert_int_eq(pipe(out), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)dup2(out[1], STDOUT_FILENO);
        (void)execl("/proc/self/exe", "test_store", "--write", path, (char *)NULL);
        _exit(127);
    }
    (void)close(out[1]);
    ck_assert_int_gt(read(out[0], part, 1), 0); /* it is under way */
    sl_buf_put(acked, part, 1);
    int64_t until = now_us() + us;
    while (now_us() < until && (n = read(out[0], part, sizeof part)) > 0) {
        sl_buf_put(acked, part, (size_t)n);
    }
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    while ((n = read(out[0], part, sizeof part)) > 0) {
        sl_buf_put(acked, part, (size_t)n);
    }
    (void)close(out[0]);
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
}

START_TEST(nothing_acknowledged_dies_with_the_process)
{
    struct sl_err err = {.code = SL_OK};

    for (int64_t us = 20000; us <= 320000; us *= 4) {
        SL_AUTO(buf) struct sl_buf acked = {0};
        struct db *db = NULL;
        int count = 0;

        close_store();
        folder_remove(folder);
        free(path);
        folder = folder_new();
        path = folder_file(folder, "sendline.db");
        kill_after(us, &acked);
        ck_assert_int_eq(store_connect(path, true, &db, &err), SL_OK);
        ck_assert_msg(store_integrity(db, &err) == SL_OK, "%s", err.detail);
        store_disconnect(db);
        open_store(0, 0);
        sl_buf_put_u8(&acked, 0);
        char *rest = NULL;
        char *end = strrchr((char *)acked.data, '\n'); /* the last line may be cut short */
        ck_assert_ptr_nonnull(end);
        *end = '\0';
        for (char *key = strtok_r((char *)acked.data, "\n", &rest); key != NULL;
             key = strtok_r(NULL, "\n", &rest)) {
            ck_assert_msg(is_there(key), "%s was acknowledged and is lost", key);
            count++;
        }
        ck_assert_int_gt(count, 0);
    }
}
END_TEST

START_TEST(a_store_that_cannot_open_leaves_nothing_behind)
{
    struct store_options options = {.path = "/nonexistent/folder/a.db"};
    struct store *none = NULL;
    struct sl_err err = {.code = SL_OK};

    ck_assert_int_eq(store_open(&options, &none, &err), SL_SYSTEM);
    ck_assert_ptr_null(none);
    options.path = ":memory:"; /* nobody could share it */
    ck_assert_int_ne(store_open(&options, &none, &err), SL_OK);
    ck_assert_ptr_null(none);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--write") == 0) {
        return write_until_killed(argv[2]);
    }
    Suite *suite = suite_create("store");
    TCase *tests = tcase_create("store");

    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_write_is_seen_by_the_next_read);
    tcase_add_test(tests, a_failed_check_never_reaches_the_writer);
    tcase_add_test(tests, one_failure_in_a_group_fails_alone);
    tcase_add_test(tests, groups_are_bounded);
    tcase_add_test(tests, a_lane_keeps_its_order);
    tcase_add_test(tests, a_full_queue_says_so);
    tcase_add_test(tests, closing_finishes_what_is_queued_and_takes_no_more);
    tcase_add_test(tests, readers_cannot_write);
    tcase_add_test(tests, a_read_sees_one_moment);
    tcase_add_test(tests, nothing_is_answered_before_its_flush);
    tcase_add_test(tests, a_full_disk_fails_all_and_recovers);
    tcase_add_test(tests, a_store_that_cannot_save_says_so_until_it_can);
    tcase_add_test(tests, a_broken_transaction_fails_the_whole_group);
    tcase_add_test(tests, fifty_senders_share_flushes);
    tcase_add_test(tests, one_sender_alone_waits_for_nobody);
    tcase_add_test(tests, the_log_stays_bounded);
    tcase_add_test(tests, nothing_acknowledged_dies_with_the_process);
    tcase_add_test(tests, a_store_that_cannot_open_leaves_nothing_behind);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
