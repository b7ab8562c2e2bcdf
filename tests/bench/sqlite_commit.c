/*
 * The floor that the server is measured against: rows of 1.2 KB into SQLite alone, with a
 * write-ahead log and a flush for each commit, so many rows per commit. Nothing of Sendline is in
 * it.
 *
 *   sqlite_commit [--groups 1,10,100,1000] [--seconds 2] [--folder DIR]
 *
 * Prints one line for each group: rows per commit, rows per second, microseconds per commit.
 */
#include <getopt.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    ROW_BYTES = 1200
};

static double now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void must(sqlite3 *db, int result, const char *what)
{
    if (result != SQLITE_OK && result != SQLITE_DONE) {
        (void)fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(db));
        exit(EXIT_FAILURE);
    }
}

static void run(sqlite3 *db, const char *sql)
{
    must(db, sqlite3_exec(db, sql, NULL, NULL, NULL), sql);
}

static void one_commit(sqlite3 *db, sqlite3_stmt *insert, uint8_t *row, long group)
{
    run(db, "BEGIN IMMEDIATE");
    for (long i = 0; i < group; i++) {
        row[i % ROW_BYTES]++;
        must(db, sqlite3_bind_blob(insert, 1, row, ROW_BYTES, SQLITE_STATIC), "bind");
        must(db, sqlite3_step(insert), "insert");
        must(db, sqlite3_reset(insert), "reset");
    }
    run(db, "COMMIT");
}

static void measure(const char *path, long group, double seconds)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *insert = NULL;
    uint8_t row[ROW_BYTES] = {0};
    long commits = 0;

    must(db, sqlite3_open(path, &db), path);
    run(db, "PRAGMA journal_mode = WAL");
    run(db, "PRAGMA synchronous = FULL");
    run(db, "CREATE TABLE row (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT");
    must(db, sqlite3_prepare_v2(db, "INSERT INTO row (body) VALUES (?1)", -1, &insert, NULL),
         "prepare");
    double began = now_s();
    double took = 0;
    while (took < seconds) {
        one_commit(db, insert, row, group);
        commits++;
        took = now_s() - began;
    }
    (void)printf("%ld rows a commit: %.0f rows/s, %.0f us a commit\n", group,
                 (double)(commits * group) / took, took * 1e6 / (double)commits);
    (void)fflush(stdout);
    must(db, sqlite3_finalize(insert), "finalize");
    must(db, sqlite3_close(db), "close");
}

static void remove_database(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char name[4200];

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
        (void)unlink(name);
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"groups", required_argument, NULL, 'g'},
                                            {"seconds", required_argument, NULL, 's'},
                                            {"folder", required_argument, NULL, 'f'},
                                            {NULL, 0, NULL, 0}};
    const char *groups = "1,10,100,1000";
    const char *folder = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
    double seconds = 2;
    char path[4100];
    int got = 0;

    while ((got = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (got) {
        case 'g':
            groups = optarg;
            break;
        case 's':
            seconds = strtod(optarg, NULL);
            break;
        case 'f':
            folder = optarg;
            break;
        default:
            (void)fputs("usage: sqlite_commit [--groups 1,10] [--seconds 2] [--folder DIR]\n",
                        stderr);
            return 2;
        }
    }
    int len = snprintf(path, sizeof path, "%s/sqlite-commit-%ld.db", folder, (long)getpid());
    if (len < 0 || (size_t)len >= sizeof path || seconds <= 0 || seconds > 600) {
        (void)fputs("sqlite_commit: the folder or the seconds will not do\n", stderr);
        return 2;
    }
    for (const char *at = groups; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        long group = strtol(at, NULL, 10);
        if (group < 1 || group > 100000) {
            (void)fputs("sqlite_commit: groups are 1 to 100000\n", stderr);
            return 2;
        }
        measure(path, group, seconds);
        remove_database(path);
    }
    return EXIT_SUCCESS;
}
