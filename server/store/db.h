/*
 * One connection to the database, whichever it is. Nothing above store/ knows that it is SQLite.
 *
 * Statements are named in sql/queries and come as enum sql_id; parameters are $1, $2 … in order. A
 * statement is borrowed from its connection, and given back with db_done (SL_AUTO(stmt) does it).
 * Thread: one at a time.
 *
 *     SL_AUTO(stmt) struct db_stmt *s = NULL;
 *     rc = db_query(db, SQL_THREAD_BY_ID, &s, err, "b", thread_id, (size_t)16);
 *     if (rc == SL_OK) rc = db_next(s, &have, err);
 *     if (rc == SL_OK && have) last_seq = db_int(s, 0);
 */
#ifndef SENDLINE_STORE_DB_H
#define SENDLINE_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "sql_gen.h"

struct db;
struct db_stmt;

/**
 * Begin a named statement and bind its parameters.
 *
 * @param types one letter for each parameter: b bytes (const void *, size_t; a NULL pointer binds
 * NULL), B the same but empty is NULL, i int64_t, t text (const char *, NULL binds NULL), n NULL
 * (no argument)
 * @return SL_OK and *out borrowed until db_done; SL_SYSTEM, SL_CORRUPT.
 */
SL_MUST_USE enum sl_code db_query(struct db *db, enum sql_id id, struct db_stmt **out,
                                  struct sl_err *err, const char *types, ...);

/** The next row. *have is false at the end. SL_ID_USED when a unique rule is broken,
 * SL_STORAGE_FULL. */
SL_MUST_USE enum sl_code db_next(struct db_stmt *stmt, bool *have, struct sl_err *err);

/** Run a statement that gives no rows. *changes (may be NULL) is the number of rows changed. */
SL_MUST_USE enum sl_code db_exec(struct db *db, enum sql_id id, int64_t *changes,
                                 struct sl_err *err, const char *types, ...);

/** Columns of the current row, from 0. Bytes and text are borrowed until the next db_next or
 * db_done. */
int64_t db_int(const struct db_stmt *stmt, int column); /**< 0 for NULL */
bool db_is_null(const struct db_stmt *stmt, int column);
struct sl_bytes db_bytes(const struct db_stmt *stmt, int column);
const char *db_text(const struct db_stmt *stmt, int column); /**< "" for NULL */
/** Copy exactly n bytes; false (and out zeroed) when the column has another length. */
bool db_fixed(const struct db_stmt *stmt, int column, uint8_t *out, size_t n);

void db_done(struct db_stmt *stmt); /**< NULL is fine */
void sl_auto_stmt(struct db_stmt **at);

#endif
