/*
 * Bringing a database up to a version, step by step. Thread: the connection's.
 */
#ifndef SENDLINE_STORE_MIGRATE_H
#define SENDLINE_STORE_MIGRATE_H

#include <stddef.h>

#include "store/driver.h"

/** Each step in a transaction of its own. SL_CORRUPT when the database is newer than the steps. */
SL_MUST_USE enum sl_code migrate_with(struct db *db, const struct sql_migration *steps,
                                      size_t count, struct sl_err *err);

/** Is the database of exactly this version? SL_CORRUPT says what to do. */
SL_MUST_USE enum sl_code migrate_check(struct db *db, size_t count, struct sl_err *err);

#endif
