/*
 * The SQLite driver's own parts, shared by its files. Nothing outside sqlite*.c includes this.
 */
#ifndef SENDLINE_STORE_SQLITE_H
#define SENDLINE_STORE_SQLITE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/driver.h"

struct sqlite_db;

/** One prepared statement. Kept by its connection; several when a statement is used inside itself.
 */
struct sqlite_stmt {
    struct db_stmt base;
    sqlite3_stmt *handle;
    struct sqlite_stmt *next; /**< of the same id */
    enum sql_id id;
    bool used;
    bool ended; /**< no row is left */
    size_t count;
    int slot[DRIVER_MAX_PARAMETERS]; /**< SQLite's number of $1, $2 … */
};

enum sqlite_control {
    CONTROL_BEGIN_WRITE,
    CONTROL_BEGIN_READ,
    CONTROL_COMMIT,
    CONTROL_ROLLBACK,
    CONTROL_MARK,
    CONTROL_RELEASE,
    CONTROL_UNDO,
    CONTROL_COUNT
};

/** A connection. Thread: its owner. */
struct sqlite_db {
    struct db base;
    sqlite3 *handle;
    struct sqlite_stmt *statements[SQL_ID_COUNT + 1];
    sqlite3_stmt *controls[CONTROL_COUNT];
    size_t in_use; /**< statements not given back */
    uint32_t log_pages;
};

/** "SNDL": whose file this is. */
enum {
    SQLITE_APPLICATION_ID = 0x534e444c,
    SQLITE_WAIT_MS = 5000
};

struct sqlite_db *sqlite_of(struct db *db);

/** Turn SQLite's result into ours: `what` failed. Fills err; returns the code. Reads errno, which
 * whoever called SQLite has cleared before. */
enum sl_code sqlite_fail(sqlite3 *handle, int result, const char *what, struct sl_err *err);
/** sqlite3_step, with errno cleared. */
int sqlite_step(sqlite3_stmt *stmt);
/** Run a PRAGMA or control statement that is text; rows are ignored. */
enum sl_code sqlite_run(struct sqlite_db *s, const char *text, struct sl_err *err);
/** The one integer a PRAGMA answers. */
enum sl_code sqlite_pragma_int(struct sqlite_db *s, const char *text, int64_t *out,
                               struct sl_err *err);

enum sl_code sqlite_query(struct db *db, enum sql_id id, const struct driver_value *values,
                          size_t count, bool at_once, struct db_stmt **out, struct sl_err *err);
enum sl_code sqlite_next(struct db_stmt *stmt, bool *have, struct sl_err *err);
int64_t sqlite_changes(const struct db *db);
bool sqlite_is_null(const struct db_stmt *stmt, int column);
int64_t sqlite_integer(const struct db_stmt *stmt, int column);
struct sl_bytes sqlite_bytes(const struct db_stmt *stmt, int column);
const char *sqlite_text(const struct db_stmt *stmt, int column);
void sqlite_finish(struct db_stmt *stmt);
size_t sqlite_finish_all(struct db *db);
void sqlite_free_statements(struct sqlite_db *s);

enum sl_code sqlite_version(struct db *db, int *out, struct sl_err *err);
enum sl_code sqlite_migrate(struct db *db, const struct sql_migration *step, struct sl_err *err);
uint32_t sqlite_log_pages(const struct db *db);
enum sl_code sqlite_tidy(struct db *db, enum driver_tidy how, bool *clear, struct sl_err *err);
enum sl_code sqlite_backup(const char *path, const char *to, struct sl_err *err);
enum sl_code sqlite_integrity(struct db *db, struct sl_err *err);

#endif
