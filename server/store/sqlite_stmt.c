/* Statements: prepared when first used, kept, bound by name. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/sqlite.h"

/* The same statement inside itself is rare; more than this is one that nobody gives back. */
enum {
    MAX_OF_ONE_ID = 8
};

static const struct sqlite_stmt *stmt_of(const struct db_stmt *stmt)
{
    return (const struct sqlite_stmt *)stmt;
}

/* SQLite takes $1 for a name, numbered by first appearance: find where each is. */
static enum sl_code map_parameters(struct sqlite_stmt *s, struct sl_err *err)
{
    const char *name = sql_statements[s->id].name;
    int count = sqlite3_bind_parameter_count(s->handle);

    if (count > DRIVER_MAX_PARAMETERS) {
        return sl_fail(err, SL_SYSTEM, "%s: more than %d parameters", name, DRIVER_MAX_PARAMETERS);
    }
    for (int i = 0; i < count; i++) {
        char wanted[16];
        (void)snprintf(wanted, sizeof wanted, "$%d", i + 1);
        s->slot[i] = sqlite3_bind_parameter_index(s->handle, wanted);
        if (s->slot[i] == 0) {
            return sl_fail(err, SL_SYSTEM, "%s: parameters are $1 to $%d, and %s is missing", name,
                           count, wanted);
        }
    }
    s->count = (size_t)count;
    return SL_OK;
}

static enum sl_code prepare(struct sqlite_db *db, enum sql_id id, struct sqlite_stmt **out,
                            struct sl_err *err)
{
    const struct sql_statement *row = &sql_statements[id];
    struct sqlite_stmt *s = sl_alloc(sizeof *s);
    const char *tail = "";

    s->base.db = &db->base;
    s->id = id;
    int result =
        sqlite3_prepare_v3(db->handle, row->text, -1, SQLITE_PREPARE_PERSISTENT, &s->handle, &tail);
    enum sl_code rc = SL_OK;
    if (result != SQLITE_OK) {
        rc = sqlite_fail(db->handle, result, row->name, err);
    } else if (s->handle == NULL || tail[strspn(tail, " \t\r\n;")] != '\0') {
        rc = sl_fail(err, SL_SYSTEM, "%s is not one statement", row->name);
    } else {
        rc = map_parameters(s, err);
    }
    if (rc != SL_OK) {
        (void)sqlite3_finalize(s->handle);
        free(s);
        return rc;
    }
    s->next = db->statements[id];
    db->statements[id] = s;
    *out = s;
    return SL_OK;
}

static enum sl_code find(struct sqlite_db *db, enum sql_id id, struct sqlite_stmt **out,
                         struct sl_err *err)
{
    int used = 0;

    for (struct sqlite_stmt *s = db->statements[id]; s != NULL; s = s->next, used++) {
        if (!s->used) {
            *out = s;
            return SL_OK;
        }
    }
    if (used == MAX_OF_ONE_ID) {
        return sl_fail(err, SL_SYSTEM, "%s is in use %d times: is db_done missing?",
                       sql_statements[id].name, used);
    }
    return prepare(db, id, out, err);
}

static int bind_value(const struct sqlite_stmt *s, int slot, const struct driver_value *value,
                      bool at_once)
{
    sqlite3_destructor_type keep = at_once ? SQLITE_STATIC : SQLITE_TRANSIENT;

    switch (value->type) {
    case DRIVER_INT:
        return sqlite3_bind_int64(s->handle, slot, value->integer);
    case DRIVER_TEXT:
        return sqlite3_bind_text64(s->handle, slot, value->data, value->len, keep, SQLITE_UTF8);
    case DRIVER_BYTES:
        if (value->len == 0) {
            return sqlite3_bind_zeroblob(s->handle, slot, 0);
        }
        return sqlite3_bind_blob64(s->handle, slot, value->data, value->len, keep);
    case DRIVER_NULL:
        break;
    }
    return sqlite3_bind_null(s->handle, slot);
}

enum sl_code sqlite_query(struct db *db, enum sql_id id, const struct driver_value *values,
                          size_t count, bool at_once, struct db_stmt **out, struct sl_err *err)
{
    struct sqlite_db *s = sqlite_of(db);
    struct sqlite_stmt *stmt = NULL;

    enum sl_code rc = find(s, id, &stmt, err);
    if (rc != SL_OK) {
        return rc;
    }
    assert(stmt != NULL);
    if (stmt->count != count) {
        return sl_fail(err, SL_SYSTEM, "%s takes %zu parameters, not %zu", sql_statements[id].name,
                       stmt->count, count);
    }
    for (size_t i = 0; i < count; i++) {
        int result = bind_value(stmt, stmt->slot[i], &values[i], at_once);
        if (result != SQLITE_OK) {
            rc = sqlite_fail(s->handle, result, sql_statements[id].name, err);
            (void)sqlite3_clear_bindings(stmt->handle);
            return rc;
        }
    }
    stmt->used = true;
    stmt->ended = false;
    s->in_use++;
    *out = &stmt->base;
    return SL_OK;
}

enum sl_code sqlite_next(struct db_stmt *stmt, bool *have, struct sl_err *err)
{
    struct sqlite_stmt *s = (struct sqlite_stmt *)stmt;

    if (s->ended) {
        *have = false;
        return SL_OK;
    }
    int result = sqlite_step(s->handle);
    if (result == SQLITE_ROW) {
        *have = true;
        return SL_OK;
    }
    s->ended = true;
    if (result == SQLITE_DONE) {
        *have = false;
        return SL_OK;
    }
    return sqlite_fail(sqlite3_db_handle(s->handle), result, sql_statements[s->id].name, err);
}

int64_t sqlite_changes(const struct db *db)
{
    return sqlite3_changes64(((const struct sqlite_db *)db)->handle);
}

bool sqlite_is_null(const struct db_stmt *stmt, int column)
{
    return sqlite3_column_type(stmt_of(stmt)->handle, column) == SQLITE_NULL;
}

int64_t sqlite_integer(const struct db_stmt *stmt, int column)
{
    return sqlite3_column_int64(stmt_of(stmt)->handle, column);
}

struct sl_bytes sqlite_bytes(const struct db_stmt *stmt, int column)
{
    sqlite3_stmt *handle = stmt_of(stmt)->handle;
    const void *data = sqlite3_column_blob(handle, column); /* before the length: it may convert */

    return (struct sl_bytes){.data = data, .len = (size_t)sqlite3_column_bytes(handle, column)};
}

const char *sqlite_text(const struct db_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt_of(stmt)->handle, column);

    return text == NULL ? "" : (const char *)text;
}

void sqlite_finish(struct db_stmt *stmt)
{
    struct sqlite_stmt *s = (struct sqlite_stmt *)stmt;

    if (!s->used) {
        return;
    }
    /* The result repeats the error that next has told already. */
    (void)sqlite3_reset(s->handle);
    (void)sqlite3_clear_bindings(s->handle);
    s->used = false;
    sqlite_of(stmt->db)->in_use--;
}

size_t sqlite_finish_all(struct db *db)
{
    struct sqlite_db *s = sqlite_of(db);
    size_t forgotten = s->in_use;

    for (size_t id = 0; s->in_use > 0 && id < SQL_ID_COUNT; id++) {
        for (struct sqlite_stmt *stmt = s->statements[id]; stmt != NULL; stmt = stmt->next) {
            sqlite_finish(&stmt->base);
        }
    }
    return forgotten;
}

void sqlite_free_statements(struct sqlite_db *s)
{
    for (size_t id = 0; id < SQL_ID_COUNT; id++) {
        while (s->statements[id] != NULL) {
            struct sqlite_stmt *stmt = s->statements[id];
            s->statements[id] = stmt->next;
            (void)sqlite3_finalize(stmt->handle);
            free(stmt);
        }
    }
    for (size_t i = 0; i < CONTROL_COUNT; i++) {
        (void)sqlite3_finalize(s->controls[i]);
        s->controls[i] = NULL;
    }
}
