/*
 * What the store asks of a database: the one place where they differ. A driver keeps its own struct
 * with a struct db first (and a struct db_stmt first in its statements), and this table of what it
 * does. Only store/ includes this.
 *
 * Thread: a connection belongs to one thread at a time; the tables are constant.
 */
#ifndef SENDLINE_STORE_DRIVER_H
#define SENDLINE_STORE_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "sql_gen.h"

struct db;
struct db_stmt;

enum {
    DRIVER_MAX_PARAMETERS = 32
};

enum driver_mode {
    DRIVER_WRITER, /**< may change everything; makes the database if there is none */
    DRIVER_READER  /**< refuses to change anything, by more than one means */
};

enum driver_tidy {
    DRIVER_TIDY_BESIDE, /**< move what can be moved without anybody's waiting */
    DRIVER_TIDY_ANEW,   /**< so that the log begins anew; waits for readers, but only a moment */
    DRIVER_TIDY_CLOSE   /**< and gives its space back */
};

enum driver_type {
    DRIVER_NULL,
    DRIVER_INT,
    DRIVER_BYTES,
    DRIVER_TEXT
};

/** One parameter; bytes and text are borrowed. */
struct driver_value {
    enum driver_type type;
    int64_t integer;
    const void *data;
    size_t len;
};

enum driver_savepoint {
    DRIVER_MARK,    /**< begin a part that can be undone alone */
    DRIVER_RELEASE, /**< keep it */
    DRIVER_UNDO     /**< undo it, and end the part */
};

struct driver {
    const char *name;

    /* Connections */
    enum sl_code (*open)(const char *path, enum driver_mode mode, struct db **out,
                         struct sl_err *err);
    void (*close)(struct db *db);

    /**
     * Statements. `at_once` promises that the values outlive the last `next`. A statement is given
     * back with `finish`; `finish_all` does it for those that were forgotten and counts them.
     */
    enum sl_code (*query)(struct db *db, enum sql_id id, const struct driver_value *values,
                          size_t count, bool at_once, struct db_stmt **out, struct sl_err *err);
    enum sl_code (*next)(struct db_stmt *stmt, bool *have, struct sl_err *err);
    int64_t (*changes)(const struct db *db);
    bool (*is_null)(const struct db_stmt *stmt, int column);
    int64_t (*integer)(const struct db_stmt *stmt, int column);
    struct sl_bytes (*bytes)(const struct db_stmt *stmt, int column);
    const char *(*text)(const struct db_stmt *stmt, int column);
    void (*finish)(struct db_stmt *stmt);
    size_t (*finish_all)(struct db *db);

    /** Transactions: a writer's takes the write lock at once, a reader's is a snapshot. */
    enum sl_code (*begin)(struct db *db, struct sl_err *err);
    enum sl_code (*commit)(struct db *db, struct sl_err *err); /**< SL_OK: it is on disk */
    void (*rollback)(struct db *db);
    bool (*in_transaction)(const struct db *db); /**< false when the database has ended it, too */
    enum sl_code (*savepoint)(struct db *db, enum driver_savepoint what, struct sl_err *err);

    /** Schema. `migrate` takes one step in one transaction, unless another process has. */
    enum sl_code (*version)(struct db *db, int *out, struct sl_err *err);
    enum sl_code (*migrate)(struct db *db, const struct sql_migration *step, struct sl_err *err);

    /**
     * Upkeep. `log_pages` is how much the log holds since it was begun anew; `tidy` moves it into
     * the database. That somebody else was in the way is no error: *clear says whether all is
     * moved.
     */
    uint32_t (*log_pages)(const struct db *db);
    enum sl_code (*tidy)(struct db *db, enum driver_tidy how, bool *clear, struct sl_err *err);
    enum sl_code (*backup)(const char *path, const char *to, struct sl_err *err);
    enum sl_code (*integrity)(struct db *db, struct sl_err *err);
};

/** The part of a connection that every driver has. */
struct db {
    const struct driver *driver;
    enum driver_mode mode;
    /** The store's writer, inside a group: statements outside a transaction are refused, so that
     * nothing is kept by itself after the database has ended the transaction on an error. */
    bool grouped;
};

struct db_stmt {
    struct db *db;
};

extern const struct driver driver_sqlite;

/** The driver of this path: SQLite as yet. */
const struct driver *driver_of(const char *path);

#endif
