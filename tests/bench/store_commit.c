/*
 * The store alone: so many senders, each with one write of 1.2 KB under way, through a reader and
 * the writer. Beside sqlite_commit it shows what the queues and savepoints cost.
 *
 *   store_commit [--senders 50] [--seconds 2] [--folder DIR]
 *
 * Prints writes per second, the latency of an answer (p50, p99, worst), and writes per commit.
 */
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/buf.h"
#include "store/store.h"

enum {
    ROW_BYTES = 1200,
    MAX_SENDERS = 2000,
    MAX_SAMPLES = 4000000
};

struct bench;

struct sender {
    struct store_job job;
    struct bench *bench;
    int64_t began_us;
};

struct bench {
    struct store *store;
    uint64_t rows; /* the writer's */
    _Atomic int running;
    atomic_bool stop;
    uint32_t *samples_us; /* the writer's */
    size_t sample_count;
};

static int64_t now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static enum sl_code check(struct store_job *job, struct db *db, struct sl_err *err)
{
    (void)job;
    (void)db;
    (void)err;
    return SL_OK;
}

static enum sl_code run(struct store_job *job, struct db *db, struct sl_err *err)
{
    struct sender *sender = (struct sender *)job;
    static const uint8_t row[ROW_BYTES] = {1};
    char key[32];

    /* At the end of the table, as the floor's rows are. */
    (void)snprintf(key, sizeof key, "%020llu", (unsigned long long)sender->bench->rows++);
    return db_exec(db, SQL_SETTING_ADD, NULL, err, "tb", key, row, sizeof row);
}

static void done(struct store_job *job, enum sl_code code, const struct sl_err *err)
{
    struct sender *sender = (struct sender *)job;
    struct bench *bench = sender->bench;
    int64_t now = now_us();

    if (code != SL_OK) {
        (void)fprintf(stderr, "store_commit: %s\n", err->detail);
        exit(EXIT_FAILURE);
    }
    if (bench->sample_count < MAX_SAMPLES) {
        bench->samples_us[bench->sample_count++] = (uint32_t)(now - sender->began_us);
    }
    sender->began_us = now;
    if (atomic_load(&bench->stop) || store_submit(bench->store, job, NULL) != SL_OK) {
        (void)atomic_fetch_sub(&bench->running, 1);
    }
}

static int by_size(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;

    return left < right ? -1 : left > right;
}

static void measure(const char *path, int senders, double seconds)
{
    static struct sender all[MAX_SENDERS];
    struct store_options options = {.path = path, .max_queue = MAX_SENDERS, .max_group = 256};
    struct bench bench = {.samples_us = sl_alloc(MAX_SAMPLES * sizeof *bench.samples_us)};
    struct store_stats stats;
    struct sl_err err = {.code = SL_OK};

    if (store_open(&options, &bench.store, &err) != SL_OK) {
        (void)fprintf(stderr, "store_commit: %s\n", err.detail);
        exit(EXIT_FAILURE);
    }
    int64_t began = now_us();
    atomic_store(&bench.running, senders);
    for (int i = 0; i < senders; i++) {
        all[i] = (struct sender){.bench = &bench, .began_us = now_us()};
        all[i].job = (struct store_job){
            .lane = (uint32_t)i, .writes = true, .check = check, .run = run, .done = done};
        if (store_submit(bench.store, &all[i].job, &err) != SL_OK) {
            (void)fprintf(stderr, "store_commit: %s\n", err.detail);
            exit(EXIT_FAILURE);
        }
    }
    (void)usleep((useconds_t)(seconds * 1e6));
    atomic_store(&bench.stop, true);
    while (atomic_load(&bench.running) > 0) {
        (void)usleep(1000);
    }
    double took = (double)(now_us() - began) / 1e6;
    store_stats(bench.store, &stats);
    store_close(bench.store);
    size_t n = bench.sample_count;
    qsort(bench.samples_us, n, sizeof *bench.samples_us, by_size);
    (void)printf("%d senders: %.0f writes/s, answer p50 %u us, p99 %u us, worst %u us, "
                 "%.1f writes a commit\n",
                 senders, (double)stats.writes / took, bench.samples_us[n / 2],
                 bench.samples_us[n * 99 / 100], bench.samples_us[n - 1],
                 (double)stats.writes / (double)stats.commits);
    free(bench.samples_us);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"senders", required_argument, NULL, 'n'},
                                            {"seconds", required_argument, NULL, 's'},
                                            {"folder", required_argument, NULL, 'f'},
                                            {NULL, 0, NULL, 0}};
    const char *folder = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
    long senders = 50;
    double seconds = 2;
    int got = 0;

    while ((got = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (got) {
        case 'n':
            senders = strtol(optarg, NULL, 10);
            break;
        case 's':
            seconds = strtod(optarg, NULL);
            break;
        case 'f':
            folder = optarg;
            break;
        default:
            (void)fputs("usage: store_commit [--senders 50] [--seconds 2] [--folder DIR]\n",
                        stderr);
            return 2;
        }
    }
    if (senders < 1 || senders > MAX_SENDERS || seconds <= 0 || seconds > 600) {
        (void)fprintf(stderr, "store_commit: 1 to %d senders, up to 600 seconds\n", MAX_SENDERS);
        return 2;
    }
    SL_AUTO(str) char *path = sl_strf("%s/store-commit-%ld.db", folder, (long)getpid());
    measure(path, (int)senders, seconds);
    (void)unlink(path);
    return EXIT_SUCCESS;
}
