/* Connections, transactions and errors of SQLite. */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/auto.h"
#include "store/newfile.h"

/* The log keeps its blocks when it begins anew: writing over them is cheaper to flush than growing.
 * What a long reader made it grow beyond this is given back. */
#define LOG_KEPT_BYTES "67108864"

static const char *const control_text[CONTROL_COUNT] = {
    [CONTROL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [CONTROL_BEGIN_READ] = "BEGIN",
    [CONTROL_COMMIT] = "COMMIT",
    [CONTROL_ROLLBACK] = "ROLLBACK",
    [CONTROL_MARK] = "SAVEPOINT job",
    [CONTROL_RELEASE] = "RELEASE job",
    [CONTROL_UNDO] = "ROLLBACK TO job",
};

struct sqlite_db *sqlite_of(struct db *db)
{
    return (struct sqlite_db *)db;
}

/* ---- Errors ---- */

static bool is_full(int sys)
{
    return sys == ENOSPC || sys == EDQUOT || sys == EFBIG;
}

static enum sl_code code_of(int result, int sys)
{
    switch (result & 0xff) {
    case SQLITE_FULL:
        return SL_STORAGE_FULL;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return is_full(sys) ? SL_STORAGE_FULL : SL_SYSTEM;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return SL_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return SL_BUSY;
    case SQLITE_CONSTRAINT:
        return result == SQLITE_CONSTRAINT_UNIQUE || result == SQLITE_CONSTRAINT_PRIMARYKEY ||
                       result == SQLITE_CONSTRAINT_ROWID
                   ? SL_ID_USED
                   : SL_SYSTEM;
    default:
        return SL_SYSTEM;
    }
}

enum sl_code sqlite_fail(sqlite3 *handle, int result, const char *what, struct sl_err *err)
{
    int kind = result & 0xff;
    /* Otherwise it is left over from something that SQLite mended itself. sqlite3_system_errno
     * would not do: a failed commit does not set it, and nothing clears it. */
    int sys = kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN || kind == SQLITE_FULL ? errno : 0;

    enum sl_code rc =
        sl_fail(err, code_of(result, sys), "%s: %s (%d)", what,
                handle == NULL ? sqlite3_errstr(result) : sqlite3_errmsg(handle), result);
    if (err != NULL) {
        err->sys = sys;
    }
    return rc;
}

/* ---- Small statements ---- */

int sqlite_step(sqlite3_stmt *stmt)
{
    errno = 0;
    return sqlite3_step(stmt);
}

enum sl_code sqlite_run(struct sqlite_db *s, const char *text, struct sl_err *err)
{
    errno = 0;
    int result = sqlite3_exec(s->handle, text, NULL, NULL, NULL);

    return result == SQLITE_OK ? SL_OK : sqlite_fail(s->handle, result, text, err);
}

enum sl_code sqlite_pragma_int(struct sqlite_db *s, const char *text, int64_t *out,
                               struct sl_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(s->handle, text, -1, &stmt, NULL);

    if (result == SQLITE_OK) {
        result = sqlite_step(stmt);
    }
    enum sl_code rc = SL_OK;
    if (result == SQLITE_ROW) {
        *out = sqlite3_column_int64(stmt, 0);
    } else {
        rc = sqlite_fail(s->handle, result, text, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

static enum sl_code control(struct sqlite_db *s, enum sqlite_control which, struct sl_err *err)
{
    sqlite3_stmt **stmt = &s->controls[which];
    int result = SQLITE_OK;

    if (*stmt == NULL) {
        result = sqlite3_prepare_v3(s->handle, control_text[which], -1, SQLITE_PREPARE_PERSISTENT,
                                    stmt, NULL);
    }
    if (result == SQLITE_OK) {
        result = sqlite_step(*stmt);
    }
    enum sl_code rc = SL_OK;
    if (result != SQLITE_DONE) {
        rc = sqlite_fail(s->handle, result, control_text[which], err);
    }
    (void)sqlite3_reset(*stmt);
    return rc;
}

/* ---- Transactions ---- */

static enum sl_code begin(struct db *db, struct sl_err *err)
{
    return control(sqlite_of(db),
                   db->mode == DRIVER_WRITER ? CONTROL_BEGIN_WRITE : CONTROL_BEGIN_READ, err);
}

static enum sl_code commit(struct db *db, struct sl_err *err)
{
    return control(sqlite_of(db), CONTROL_COMMIT, err);
}

static bool in_transaction(const struct db *db)
{
    return sqlite3_get_autocommit(((const struct sqlite_db *)db)->handle) == 0;
}

static void rollback(struct db *db)
{
    if (in_transaction(db)) {
        /* It may fail only by having been done already, by the error that led here. */
        (void)control(sqlite_of(db), CONTROL_ROLLBACK, NULL);
    }
}

static enum sl_code savepoint(struct db *db, enum driver_savepoint what, struct sl_err *err)
{
    struct sqlite_db *s = sqlite_of(db);

    switch (what) {
    case DRIVER_MARK:
        return control(s, CONTROL_MARK, err);
    case DRIVER_UNDO: {
        enum sl_code rc = control(s, CONTROL_UNDO, err);
        if (rc != SL_OK) {
            return rc;
        }
        break;
    }
    case DRIVER_RELEASE:
        break;
    }
    return control(s, CONTROL_RELEASE, err);
}

/* ---- Opening ---- */

static void configure_library(void)
{
    /* Refused when somebody has used SQLite before us in this process: all are matters of speed.
     * Savepoints of a group stay in memory rather than in a temporary file. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, 4 * 1024 * 1024);
}

static int only_reading(void *ctx, int action, const char *first, const char *second,
                        const char *database, const char *trigger)
{
    static const char *const pragmas[] = {"application_id", "foreign_key_check", "integrity_check",
                                          "schema_version", "user_version"};

    (void)ctx;
    (void)database;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
        return SQLITE_OK;
    case SQLITE_PRAGMA:
        for (size_t i = 0; i < sizeof pragmas / sizeof pragmas[0]; i++) {
            if (strcmp(first, pragmas[i]) == 0 &&
                (second == NULL || strcmp(first, "integrity_check") == 0)) {
                return SQLITE_OK;
            }
        }
        return SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}

static int on_commit_to_log(void *ctx, sqlite3 *handle, const char *database, int pages)
{
    struct sqlite_db *s = ctx;

    (void)handle;
    (void)database;
    s->log_pages = (uint32_t)pages;
    return SQLITE_OK;
}

/* Ours, or new? Asked before anything is written: a stranger's file stays as it is. */
static enum sl_code check_owner(struct sqlite_db *s, const char *path, bool *is_new,
                                struct sl_err *err)
{
    int64_t application = 0;
    int64_t schema = 0;
    int64_t version = 0;

    enum sl_code rc = sqlite_pragma_int(s, "PRAGMA application_id", &application, err);
    if (rc == SL_OK) {
        rc = sqlite_pragma_int(s, "PRAGMA schema_version", &schema, err);
    }
    if (rc == SL_OK) {
        rc = sqlite_pragma_int(s, "PRAGMA user_version", &version, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    *is_new = application == 0 && schema == 0 && version == 0;
    if (application != SQLITE_APPLICATION_ID && !*is_new) {
        return sl_fail(err, SL_CORRUPT, "%s is the database of another program", path);
    }
    return SL_OK;
}

static enum sl_code must_be_wal(struct sqlite_db *s, bool in_memory, struct sl_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(s->handle, "PRAGMA journal_mode = WAL", -1, &stmt, NULL);

    if (result == SQLITE_OK) {
        result = sqlite_step(stmt);
    }
    enum sl_code rc = SL_OK;
    if (result != SQLITE_ROW) {
        rc = sqlite_fail(s->handle, result, "switch to a write-ahead log", err);
    } else if (!in_memory && strcmp((const char *)sqlite3_column_text(stmt, 0), "wal") != 0) {
        rc = sl_fail(err, SL_SYSTEM, "this file system cannot share memory: no write-ahead log");
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

static enum sl_code set_up_writer(struct sqlite_db *s, bool is_new, bool in_memory,
                                  struct sl_err *err)
{
    /* secure_delete: what a person takes back is gone from the file. */
    static const char pragmas[] = "PRAGMA synchronous = FULL;"
                                  "PRAGMA foreign_keys = ON;"
                                  "PRAGMA secure_delete = ON;"
                                  "PRAGMA cache_size = -16384;"
                                  "PRAGMA journal_size_limit = " LOG_KEPT_BYTES;

    enum sl_code rc = must_be_wal(s, in_memory, err);
    if (rc == SL_OK) {
        rc = sqlite_run(s, pragmas, err);
    }
    if (rc == SL_OK && is_new) {
        SL_AUTO(str) char *mark = sl_strf("PRAGMA application_id = %d", SQLITE_APPLICATION_ID);
        rc = sqlite_run(s, mark, err);
    }
    (void)sqlite3_wal_hook(s->handle, on_commit_to_log, s);
    return rc;
}

static enum sl_code set_up_reader(struct sqlite_db *s, struct sl_err *err)
{
    enum sl_code rc = sqlite_run(s, "PRAGMA query_only = ON; PRAGMA cache_size = -4096", err);

    if (rc == SL_OK) {
        (void)sqlite3_set_authorizer(s->handle, only_reading, NULL);
    }
    return rc;
}

static enum sl_code set_up(struct sqlite_db *s, const char *path, bool in_memory,
                           struct sl_err *err)
{
    bool is_new = false;

    (void)sqlite3_extended_result_codes(s->handle, 1);
    (void)sqlite3_busy_timeout(s->handle, SQLITE_WAIT_MS);
    (void)sqlite3_db_config(s->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(s->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_db_config(s->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(s->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    (void)sqlite3_limit(s->handle, SQLITE_LIMIT_ATTACHED, 0);

    enum sl_code rc = sqlite_run(s, "PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON", err);
    if (rc == SL_OK) {
        rc = check_owner(s, path, &is_new, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    return s->base.mode == DRIVER_WRITER ? set_up_writer(s, is_new, in_memory, err)
                                         : set_up_reader(s, err);
}

/* SQLite would make the file readable to all that the umask allows. O_EXCL also for another reason:
 * closing a second handle of an open database drops the locks of the first. */
static enum sl_code make_file(const char *path, struct sl_err *err)
{
    SL_AUTO(fd) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0) {
        return newfile_flush_folder(path, err);
    }
    return errno == EEXIST ? SL_OK : sl_fail_errno(err, "make database %s", path);
}

static void close_db(struct db *db)
{
    struct sqlite_db *s = sqlite_of(db);

    (void)sqlite_finish_all(db);
    sqlite_free_statements(s);
    (void)sqlite3_close_v2(s->handle);
    free(s);
}

static enum sl_code open_db(const char *path, enum driver_mode mode, struct db **out,
                            struct sl_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    bool in_memory = strcmp(path, ":memory:") == 0;
    enum sl_code rc = SL_OK;

    (void)pthread_once(&once, configure_library);
    if (mode == DRIVER_WRITER && !in_memory) {
        rc = make_file(path, err);
        if (rc != SL_OK) {
            return rc;
        }
    }
    struct sqlite_db *s = sl_alloc(sizeof *s);
    s->base.driver = &driver_sqlite;
    s->base.mode = mode;
    int flags = mode == DRIVER_WRITER ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    errno = 0;
    int result = sqlite3_open_v2(path, &s->handle, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (result != SQLITE_OK) {
        rc = errno == ENOENT ? sl_fail(err, SL_NOT_FOUND, "there is no database %s", path)
                             : sqlite_fail(s->handle, result, path, err);
    } else {
        rc = set_up(s, path, in_memory, err);
    }
    if (rc != SL_OK) {
        close_db(&s->base);
        return rc;
    }
    *out = &s->base;
    return SL_OK;
}

const struct driver driver_sqlite = {
    .name = "sqlite",
    .open = open_db,
    .close = close_db,
    .query = sqlite_query,
    .next = sqlite_next,
    .changes = sqlite_changes,
    .is_null = sqlite_is_null,
    .integer = sqlite_integer,
    .bytes = sqlite_bytes,
    .text = sqlite_text,
    .finish = sqlite_finish,
    .finish_all = sqlite_finish_all,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .in_transaction = in_transaction,
    .savepoint = savepoint,
    .version = sqlite_version,
    .migrate = sqlite_migrate,
    .log_pages = sqlite_log_pages,
    .tidy = sqlite_tidy,
    .backup = sqlite_backup,
    .integrity = sqlite_integrity,
};
