#include "store/db.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "store/driver.h"
#include "store/store.h"

static enum sl_code take_values(enum sql_id id, const char *types, va_list args,
                                struct driver_value *values, size_t *count, struct sl_err *err)
{
    size_t n = 0;

    for (const char *at = types == NULL ? "" : types; *at != '\0'; at++, n++) {
        if (n == DRIVER_MAX_PARAMETERS) {
            return sl_fail(err, SL_SYSTEM, "%s: more than %d parameters", sql_statements[id].name,
                           DRIVER_MAX_PARAMETERS);
        }
        struct driver_value *v = &values[n];
        *v = (struct driver_value){.type = DRIVER_NULL};
        switch (*at) {
        case 'b':
        case 'B':
            v->data = va_arg(args, const void *);
            v->len = va_arg(args, size_t);
            if (v->data != NULL && (*at == 'b' || v->len > 0)) {
                v->type = DRIVER_BYTES;
            }
            break;
        case 'i':
            v->integer = va_arg(args, int64_t);
            v->type = DRIVER_INT;
            break;
        case 't':
            v->data = va_arg(args, const char *);
            if (v->data != NULL) {
                v->len = strlen(v->data);
                v->type = DRIVER_TEXT;
            }
            break;
        case 'n':
            break;
        default:
            return sl_fail(err, SL_SYSTEM, "%s: no parameter is of type '%c'",
                           sql_statements[id].name, *at);
        }
    }
    *count = n;
    return SL_OK;
}

static enum sl_code query(struct db *db, enum sql_id id, bool at_once, struct db_stmt **out,
                          struct sl_err *err, const char *types, va_list args)
{
    struct driver_value values[DRIVER_MAX_PARAMETERS];
    size_t count = 0;

    if ((int)id < 0 || id >= SQL_ID_COUNT) {
        return sl_fail(err, SL_SYSTEM, "there is no statement %d", (int)id);
    }
    if (db->grouped && !db->driver->in_transaction(db)) {
        return sl_fail(err, SL_SYSTEM, "%s: the transaction has ended", sql_statements[id].name);
    }
    enum sl_code rc = take_values(id, types, args, values, &count, err);
    if (rc != SL_OK) {
        return rc;
    }
    return db->driver->query(db, id, values, count, at_once, out, err);
}

enum sl_code db_query(struct db *db, enum sql_id id, struct db_stmt **out, struct sl_err *err,
                      const char *types, ...)
{
    va_list args;

    va_start(args, types);
    enum sl_code rc = query(db, id, false, out, err, types, args);
    va_end(args);
    return rc;
}

enum sl_code db_next(struct db_stmt *stmt, bool *have, struct sl_err *err)
{
    return stmt->db->driver->next(stmt, have, err);
}

enum sl_code db_exec(struct db *db, enum sql_id id, int64_t *changes, struct sl_err *err,
                     const char *types, ...)
{
    SL_AUTO(stmt) struct db_stmt *stmt = NULL;
    bool have = false;
    va_list args;

    va_start(args, types);
    enum sl_code rc = query(db, id, true, &stmt, err, types, args);
    va_end(args);
    if (rc == SL_OK) {
        assert(stmt != NULL);
        rc = db_next(stmt, &have, err);
    }
    if (rc == SL_OK && have) {
        rc = sl_fail(err, SL_SYSTEM, "%s gives rows: use db_query", sql_statements[id].name);
    }
    if (rc == SL_OK && changes != NULL) {
        *changes = db->driver->changes(db);
    }
    return rc;
}

int64_t db_int(const struct db_stmt *stmt, int column)
{
    return stmt->db->driver->integer(stmt, column);
}

bool db_is_null(const struct db_stmt *stmt, int column)
{
    return stmt->db->driver->is_null(stmt, column);
}

struct sl_bytes db_bytes(const struct db_stmt *stmt, int column)
{
    return stmt->db->driver->bytes(stmt, column);
}

const char *db_text(const struct db_stmt *stmt, int column)
{
    return stmt->db->driver->text(stmt, column);
}

bool db_fixed(const struct db_stmt *stmt, int column, uint8_t *out, size_t n)
{
    struct sl_bytes bytes = db_bytes(stmt, column);

    if (bytes.len != n || db_is_null(stmt, column)) {
        memset(out, 0, n);
        return false;
    }
    if (n > 0) {
        memcpy(out, bytes.data, n);
    }
    return true;
}

void db_done(struct db_stmt *stmt)
{
    if (stmt != NULL) {
        stmt->db->driver->finish(stmt);
    }
}

void sl_auto_stmt(struct db_stmt **at)
{
    db_done(*at);
    *at = NULL;
}

enum sl_code db_begin(struct db *db, struct sl_err *err)
{
    return db->driver->begin(db, err);
}

enum sl_code db_commit(struct db *db, struct sl_err *err)
{
    return db->driver->commit(db, err);
}

void db_rollback(struct db *db)
{
    db->driver->rollback(db);
}

const struct driver *driver_of(const char *path)
{
    /* A second driver will be told by its scheme, "postgresql:". */
    (void)path;
    return &driver_sqlite;
}
