/* Schema versions, the log, backups and integrity of SQLite. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/auto.h"
#include "store/newfile.h"
#include "store/sqlite.h"

/* How long a writer may wait for readers so that the log can begin anew. */
enum {
    TIDY_WAIT_MS = 20
};

enum sl_code sqlite_version(struct db *db, int *out, struct sl_err *err)
{
    int64_t version = 0;
    enum sl_code rc = sqlite_pragma_int(sqlite_of(db), "PRAGMA user_version", &version, err);

    if (rc == SL_OK) {
        *out = (int)version;
    }
    return rc;
}

static enum sl_code check_foreign_keys(struct sqlite_db *s, struct sl_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(s->handle, "PRAGMA foreign_key_check", -1, &stmt, NULL);

    if (result == SQLITE_OK) {
        result = sqlite_step(stmt);
    }
    enum sl_code rc = SL_OK;
    if (result == SQLITE_ROW) {
        rc = sl_fail(err, SL_CORRUPT, "row %lld of %s names a row of %s that is not there",
                     (long long)sqlite3_column_int64(stmt, 1),
                     (const char *)sqlite3_column_text(stmt, 0),
                     (const char *)sqlite3_column_text(stmt, 2));
    } else if (result != SQLITE_DONE) {
        rc = sqlite_fail(s->handle, result, "check foreign keys", err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* Inside the transaction of a step. */
static enum sl_code take_step(struct sqlite_db *s, const struct sql_migration *step,
                              struct sl_err *err)
{
    SL_AUTO(str) char *mark = sl_strf("PRAGMA user_version = %d", step->version);
    SL_AUTO(str) char *what = sl_strf("migration %d %s", step->version, step->name);
    int version = 0;

    enum sl_code rc = sqlite_version(&s->base, &version, err);
    if (rc != SL_OK || version >= step->version) {
        return rc;
    }
    if (version != step->version - 1) {
        return sl_fail(err, SL_SYSTEM, "%s does not follow version %d", what, version);
    }
    errno = 0;
    int result = sqlite3_exec(s->handle, step->text, NULL, NULL, NULL);
    if (result != SQLITE_OK) {
        return sqlite_fail(s->handle, result, what, err);
    }
    if (sqlite3_get_autocommit(s->handle) != 0) {
        return sl_fail(err, SL_SYSTEM, "%s ends its own transaction", what);
    }
    rc = check_foreign_keys(s, err);
    return rc == SL_OK ? sqlite_run(s, mark, err) : rc;
}

enum sl_code sqlite_migrate(struct db *db, const struct sql_migration *step, struct sl_err *err)
{
    struct sqlite_db *s = sqlite_of(db);

    /* A table that others refer to can only be made anew with the keys off; they are checked before
     * the commit instead. Inside a transaction this PRAGMA would do nothing. */
    enum sl_code rc = sqlite_run(s, "PRAGMA foreign_keys = OFF", err);
    if (rc == SL_OK) {
        rc = db->driver->begin(db, err);
    }
    if (rc == SL_OK) {
        rc = take_step(s, step, err);
        if (rc == SL_OK) {
            rc = db->driver->commit(db, err);
        }
        if (rc != SL_OK) {
            db->driver->rollback(db);
        }
    }
    enum sl_code again = sqlite_run(s, "PRAGMA foreign_keys = ON", rc == SL_OK ? err : NULL);
    return rc == SL_OK ? again : rc;
}

uint32_t sqlite_log_pages(const struct db *db)
{
    return ((const struct sqlite_db *)db)->log_pages;
}

enum sl_code sqlite_tidy(struct db *db, enum driver_tidy how, bool *clear, struct sl_err *err)
{
    static const int modes[] = {
        [DRIVER_TIDY_BESIDE] = SQLITE_CHECKPOINT_PASSIVE,
        [DRIVER_TIDY_ANEW] = SQLITE_CHECKPOINT_RESTART,
        [DRIVER_TIDY_CLOSE] = SQLITE_CHECKPOINT_TRUNCATE,
    };
    struct sqlite_db *s = sqlite_of(db);
    int in_log = 0;
    int moved = 0;

    if (how == DRIVER_TIDY_ANEW) {
        (void)sqlite3_busy_timeout(s->handle, TIDY_WAIT_MS);
    }
    errno = 0;
    int result = sqlite3_wal_checkpoint_v2(s->handle, NULL, modes[how], &in_log, &moved);
    (void)sqlite3_busy_timeout(s->handle, SQLITE_WAIT_MS);
    if (result != SQLITE_OK && (result & 0xff) != SQLITE_BUSY) {
        return sqlite_fail(s->handle, result, "move the log into the database", err);
    }
    *clear = result == SQLITE_OK && in_log == moved;
    if (*clear && how != DRIVER_TIDY_BESIDE) {
        s->log_pages = 0;
    }
    return SL_OK;
}

static enum sl_code copy(struct sqlite_db *from, sqlite3 *to, struct sl_err *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from->handle, "main");

    if (backup == NULL) {
        return sqlite_fail(to, sqlite3_errcode(to), "begin the backup", err);
    }
    /* In one step, so from one snapshot: a write-ahead log lets everybody else go on meanwhile. */
    errno = 0;
    int result = sqlite3_backup_step(backup, -1);
    int finished = sqlite3_backup_finish(backup);
    if (result != SQLITE_DONE) {
        return sqlite_fail(to, finished == SQLITE_OK ? result : finished, "copy to the backup",
                           err);
    }
    return finished == SQLITE_OK ? SL_OK : sqlite_fail(to, finished, "finish the backup", err);
}

static enum sl_code copy_to_part(struct sqlite_db *from, const char *part, struct sl_err *err)
{
    sqlite3 *to = NULL;
    errno = 0;
    int result = sqlite3_open_v2(part, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    enum sl_code rc = SL_OK;

    if (result != SQLITE_OK) {
        rc = sqlite_fail(to, result, "open the backup", err);
    } else {
        (void)sqlite3_extended_result_codes(to, 1);
        rc = copy(from, to, err);
    }
    result = sqlite3_close(to);
    if (rc == SL_OK && result != SQLITE_OK) {
        rc = sqlite_fail(NULL, result, "close the backup", err);
    }
    return rc;
}

static enum sl_code make_part(const char *part, struct sl_err *err)
{
    /* Left by a backup that was killed; a whole one has another name. */
    if (unlink(part) != 0 && errno != ENOENT) {
        return sl_fail_errno(err, "remove %s", part);
    }
    SL_AUTO(fd) int fd = open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return fd >= 0 ? SL_OK : sl_fail_errno(err, "make %s", part);
}

enum sl_code sqlite_backup(const char *path, const char *to, struct sl_err *err)
{
    SL_AUTO(str) char *part = sl_strf("%s.part", to);
    struct db *from = NULL;

    if (access(to, F_OK) == 0) {
        return sl_fail(err, SL_ID_USED, "%s exists already", to);
    }
    enum sl_code rc = driver_sqlite.open(path, DRIVER_READER, &from, err);
    if (rc != SL_OK) {
        return rc;
    }
    rc = make_part(part, err);
    if (rc == SL_OK) {
        rc = copy_to_part(sqlite_of(from), part, err);
        if (rc == SL_OK) {
            rc = newfile_publish(part, to, err);
        }
        if (rc != SL_OK) {
            (void)unlink(part);
        }
    }
    driver_sqlite.close(from);
    return rc;
}

enum sl_code sqlite_integrity(struct db *db, struct sl_err *err)
{
    struct sqlite_db *s = sqlite_of(db);
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(s->handle, "PRAGMA integrity_check(1)", -1, &stmt, NULL);

    if (result == SQLITE_OK) {
        result = sqlite_step(stmt);
    }
    enum sl_code rc = SL_OK;
    if (result != SQLITE_ROW) {
        rc = sqlite_fail(s->handle, result, "check integrity", err);
    } else {
        const char *found = (const char *)sqlite3_column_text(stmt, 0);
        if (found == NULL || sqlite3_stricmp(found, "ok") != 0) {
            rc = sl_fail(err, SL_CORRUPT, "integrity: %s", found == NULL ? "no answer" : found);
        }
    }
    (void)sqlite3_finalize(stmt);
    return rc == SL_OK ? check_foreign_keys(s, err) : rc;
}
