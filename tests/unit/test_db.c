/* One connection: statements, values, errors, transactions, migrations, backups, integrity. */
#include <check.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "store/driver.h"
#include "store/migrate.h"
#include "store/sqlite.h"
#include "store/store.h"
#include "support/disk.h"
#include "support/folder.h"

static char *folder;
static char *path;
static struct db *db;
static struct sl_err err;

#define OK(call)                                                                                   \
    do {                                                                                           \
        enum sl_code code_ = (call);                                                               \
        ck_assert_msg(code_ == SL_OK, "%s: %s", #call, err.detail);                                \
    } while (0)

static void connect_to(bool readonly)
{
    store_disconnect(db);
    db = NULL;
    OK(store_connect(path, readonly, &db, &err));
}

static void set_up(void)
{
    err = (struct sl_err){.code = SL_OK};
    disk_install();
    folder = folder_new();
    path = folder_file(folder, "sendline.db");
    connect_to(false);
    OK(store_migrate(db, &err));
}

static void tear_down(void)
{
    disk_set_mode(DISK_GOOD);
    store_disconnect(db);
    db = NULL;
    free(path);
    folder_remove(folder);
}

static enum sl_code add(const char *key, const char *value)
{
    return db_exec(db, SQL_SETTING_ADD, NULL, &err, "tb", key, value, strlen(value));
}

/* The value of a key; NULL when there is none. Owned. */
static char *get(const char *key)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;

    OK(db_query(db, SQL_SETTING_GET, &s, &err, "t", key));
    OK(db_next(s, &have, &err));
    if (!have) {
        return NULL;
    }
    struct sl_bytes bytes = db_bytes(s, 0);
    return sl_strndup((const char *)bytes.data, bytes.len);
}

static void assert_value(const char *key, const char *expected)
{
    SL_AUTO(str) char *value = get(key);

    if (expected == NULL) {
        ck_assert_ptr_null(value);
    } else {
        ck_assert_str_eq(value, expected);
    }
}

/* What another program would do to the file. */
static void tamper(const char *sql)
{
    sqlite3 *handle = NULL;

    ck_assert_int_eq(sqlite3_open(path, &handle), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(handle), SQLITE_OK);
}

static int64_t pragma(const char *text)
{
    int64_t value = -1;

    OK(sqlite_pragma_int(sqlite_of(db), text, &value, &err));
    return value;
}

START_TEST(connections_are_careful)
{
    struct stat st;

    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(pragma("PRAGMA application_id"), SQLITE_APPLICATION_ID);
    ck_assert_int_eq(pragma("PRAGMA user_version"), (int64_t)sql_migration_count);
    ck_assert_int_eq(pragma("PRAGMA synchronous"), 2);
    ck_assert_int_eq(pragma("PRAGMA foreign_keys"), 1);
    ck_assert_int_eq(pragma("PRAGMA trusted_schema"), 0);
    ck_assert_int_eq(pragma("PRAGMA secure_delete"), 1);
    ck_assert_int_eq(pragma("PRAGMA busy_timeout"), SQLITE_WAIT_MS);
    int defensive = 0;
    (void)sqlite3_db_config(sqlite_of(db)->handle, SQLITE_DBCONFIG_DEFENSIVE, -1, &defensive);
    ck_assert_int_eq(defensive, 1);
    SL_AUTO(str) char *log = sl_strf("%s-wal", path);
    ck_assert_int_eq(stat(log, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
}
END_TEST

/* Column types are the schema's word only in STRICT tables. */
START_TEST(every_table_is_strict)
{
    sqlite3_stmt *stmt = NULL;
    static const char sql[] =
        "SELECT name, strict FROM pragma_table_list"
        " WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'";
    int tables = 0;

    ck_assert_int_eq(sqlite3_prepare_v2(sqlite_of(db)->handle, sql, -1, &stmt, NULL), SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        ck_assert_msg(sqlite3_column_int(stmt, 1) == 1, "%s is not STRICT",
                      (const char *)sqlite3_column_text(stmt, 0));
        tables++;
    }
    ck_assert_int_eq(sqlite3_finalize(stmt), SQLITE_OK);
    ck_assert_int_gt(tables, 0);
}
END_TEST

/* The contract of sql/queries: each prepares against the schema, with $1 … $n. */
START_TEST(every_statement_prepares)
{
    static const char all[] = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";

    for (int id = 0; id < SQL_ID_COUNT; id++) {
        enum sl_code rc = SL_SYSTEM;
        for (size_t n = 0; rc != SL_OK && n <= DRIVER_MAX_PARAMETERS; n++) {
            SL_AUTO(stmt) struct db_stmt *s = NULL;
            rc = db_query(db, (enum sql_id)id, &s, &err, all + DRIVER_MAX_PARAMETERS - n);
        }
        ck_assert_msg(rc == SL_OK, "%s: %s", sql_statements[id].name, err.detail);
    }
}
END_TEST

START_TEST(parameters_are_bound_by_number)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;

    /* $3 comes first in this statement's text, then $2, then $1. */
    OK(add("a", "old"));
    OK(db_query(db, SQL_SETTING_SWAP, &s, &err, "tbb", "a", "old", (size_t)3, "new", (size_t)3));
    OK(db_next(s, &have, &err));
    ck_assert(have);
    OK(db_next(s, &have, &err));
    ck_assert(!have);
    OK(db_next(s, &have, &err)); /* and does not begin again */
    ck_assert(!have);
    assert_value("a", "new");
}
END_TEST

START_TEST(programmers_errors_are_named)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;

    ck_assert_int_eq(db_query(db, SQL_SETTING_GET, &s, &err, "tt", "a", "b"), SL_SYSTEM);
    ck_assert_str_eq(err.detail, "setting_get takes 1 parameters, not 2");
    ck_assert_int_eq(db_query(db, SQL_SETTING_GET, &s, &err, ""), SL_SYSTEM);
    ck_assert_int_eq(db_query(db, SQL_SETTING_GET, &s, &err, "x"), SL_SYSTEM);
    ck_assert_str_eq(err.detail, "setting_get: no parameter is of type 'x'");
    ck_assert_int_eq(db_query(db, SQL_ID_COUNT, &s, &err, ""), SL_SYSTEM);
    ck_assert_int_eq(db_query(db, (enum sql_id) - 1, &s, &err, ""), SL_SYSTEM);
    ck_assert_int_eq(db_query(db, SQL_SETTING_GET, &s, &err, "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"),
                     SL_SYSTEM);
    ck_assert_ptr_null(s);
    OK(add("a", "b"));
    ck_assert_int_eq(db_exec(db, SQL_SETTING_GET, NULL, &err, "t", "a"), SL_SYSTEM);
    ck_assert_str_eq(err.detail, "setting_get gives rows: use db_query");
}
END_TEST

START_TEST(values_come_back)
{
    uint8_t two[2] = {9, 9};
    bool have = false;

    OK(db_exec(db, SQL_SETTING_ADD, NULL, &err, "tb", "bytes", "a\0", (size_t)2));
    OK(db_exec(db, SQL_SETTING_ADD, NULL, &err, "tb", "empty", "", (size_t)0));
    {
        SL_AUTO(stmt) struct db_stmt *s = NULL;
        OK(db_query(db, SQL_SETTING_LIST, &s, &err, NULL));
        OK(db_next(s, &have, &err));
        ck_assert(have);
        ck_assert_str_eq(db_text(s, 0), "bytes");
        ck_assert_uint_eq(db_bytes(s, 1).len, 2);
        ck_assert(db_fixed(s, 1, two, 2));
        ck_assert_mem_eq(two, "a\0", 2);
        ck_assert(!db_fixed(s, 1, two, 1));
        ck_assert_uint_eq(two[0], 0);
        OK(db_next(s, &have, &err));
        ck_assert(have);
        ck_assert_uint_eq(db_bytes(s, 1).len, 0);
        ck_assert(!db_is_null(s, 1));
        OK(db_next(s, &have, &err));
        ck_assert(!have);
    }
    /* NULLs in each way, into a column that may not be: never taken for an empty value. */
    ck_assert_int_eq(db_exec(db, SQL_SETTING_ADD, NULL, &err, "tn", "n"), SL_SYSTEM);
    ck_assert_int_eq(db_exec(db, SQL_SETTING_ADD, NULL, &err, "tb", "n", NULL, (size_t)0),
                     SL_SYSTEM);
    ck_assert_int_eq(db_exec(db, SQL_SETTING_ADD, NULL, &err, "tB", "n", "", (size_t)0), SL_SYSTEM);
    ck_assert_int_eq(db_exec(db, SQL_SETTING_ADD, NULL, &err, "tb", NULL, "", (size_t)0),
                     SL_SYSTEM);
    /* STRICT: a number is no bytes. */
    ck_assert_int_eq(db_exec(db, SQL_SETTING_ADD, NULL, &err, "ti", "n", (int64_t)1), SL_SYSTEM);
}
END_TEST

START_TEST(values_outlive_their_owner)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;

    OK(add("key", "value"));
    SL_AUTO(str) char *key = sl_strdup("key");
    OK(db_query(db, SQL_SETTING_GET, &s, &err, "t", key));
    memset(key, 'x', 3);
    OK(db_next(s, &have, &err));
    ck_assert(have);
}
END_TEST

START_TEST(changes_are_counted_and_uniqueness_is_kept)
{
    int64_t changes = -1;

    OK(add("a", "1"));
    ck_assert_int_eq(add("a", "2"), SL_ID_USED);
    assert_value("a", "1");
    OK(db_exec(db, SQL_SETTING_DROP, &changes, &err, "t", "b"));
    ck_assert_int_eq(changes, 0);
    OK(db_exec(db, SQL_SETTING_DROP, &changes, &err, "t", "a"));
    ck_assert_int_eq(changes, 1);
    assert_value("a", NULL);
}
END_TEST

START_TEST(a_statement_works_inside_itself)
{
    SL_AUTO(stmt) struct db_stmt *outer = NULL;
    SL_AUTO(stmt) struct db_stmt *inner = NULL;
    bool have = false;

    OK(add("a", "1"));
    OK(add("b", "2"));
    OK(db_query(db, SQL_SETTING_LIST, &outer, &err, ""));
    OK(db_next(outer, &have, &err));
    OK(db_query(db, SQL_SETTING_LIST, &inner, &err, ""));
    OK(db_next(inner, &have, &err));
    OK(db_next(inner, &have, &err));
    ck_assert_str_eq(db_text(outer, 0), "a");
    ck_assert_str_eq(db_text(inner, 0), "b");
}
END_TEST

START_TEST(forgotten_statements_are_found)
{
    struct db_stmt *kept[9] = {NULL};
    int n = 0;

    while (n < 9 && db_query(db, SQL_SETTING_LIST, &kept[n], &err, "") == SL_OK) {
        n++;
    }
    ck_assert_int_eq(n, 8);
    ck_assert_str_eq(err.detail, "setting_list is in use 8 times: is db_done missing?");
    ck_assert_uint_eq(db->driver->finish_all(db), 8);
    ck_assert_uint_eq(db->driver->finish_all(db), 0);
    db_done(kept[0]); /* a second time does nothing */
    db_done(NULL);
    OK(db_query(db, SQL_SETTING_LIST, &kept[0], &err, ""));
    db_done(kept[0]);
}
END_TEST

START_TEST(transactions)
{
    OK(db_begin(db, &err));
    OK(add("a", "1"));
    db_rollback(db);
    assert_value("a", NULL);
    OK(db_begin(db, &err));
    OK(add("a", "1"));
    OK(db->driver->savepoint(db, DRIVER_MARK, &err));
    OK(add("b", "2"));
    OK(db->driver->savepoint(db, DRIVER_UNDO, &err));
    OK(db->driver->savepoint(db, DRIVER_MARK, &err));
    OK(add("c", "3"));
    OK(db->driver->savepoint(db, DRIVER_RELEASE, &err));
    OK(db_commit(db, &err));
    db_rollback(db); /* nothing to undo */
    ck_assert_int_eq(db_commit(db, &err), SL_SYSTEM);
    connect_to(false);
    assert_value("a", "1");
    assert_value("b", NULL);
    assert_value("c", "3");
}
END_TEST

START_TEST(readers_cannot_write)
{
    OK(add("a", "1"));
    connect_to(true);
    assert_value("a", "1");
    static const enum sql_id writes[] = {SQL_SETTING_ADD, SQL_SETTING_PUT};
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(db_exec(db, writes[i], NULL, &err, "tb", "b", "2", (size_t)1), SL_SYSTEM);
    }
    ck_assert_int_eq(db_exec(db, SQL_SETTING_DROP, NULL, &err, "t", "a"), SL_SYSTEM);
    static const char *const attacks[] = {
        "DELETE FROM setting",
        "CREATE TABLE x (y)",
        "CREATE TEMP TABLE x (y)",
        "PRAGMA query_only = OFF",
        "PRAGMA user_version = 9",
        "DROP TABLE setting",
        "PRAGMA writable_schema = ON",
        "VACUUM",
        "REINDEX",
        "PRAGMA journal_mode = DELETE",
        "ATTACH ':memory:' AS x",
        "PRAGMA wal_checkpoint",
    };
    for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
        ck_assert_msg(sqlite_run(sqlite_of(db), attacks[i], &err) == SL_SYSTEM, "ran %s",
                      attacks[i]);
    }
    /* Without the authorizer, the handle itself still refuses. */
    (void)sqlite3_set_authorizer(sqlite_of(db)->handle, NULL, NULL);
    OK(sqlite_run(sqlite_of(db), "PRAGMA query_only = OFF", &err));
    ck_assert_int_eq(sqlite_run(sqlite_of(db), "DELETE FROM setting", &err), SL_SYSTEM);
    assert_value("a", "1");
}
END_TEST

START_TEST(other_files_are_refused_and_left_alone)
{
    struct db *none = NULL;
    SL_AUTO(str) char *text_path = folder_file(folder, "text");
    SL_AUTO(str) char *missing = folder_file(folder, "missing");
    char text[5000];
    size_t len = 0;

    memset(text, 'x', sizeof text);
    folder_write(text_path, text, sizeof text, 0600);
    ck_assert_int_eq(store_connect(text_path, false, &none, &err), SL_CORRUPT);
    ck_assert_int_eq(store_connect(text_path, true, &none, &err), SL_CORRUPT);
    SL_AUTO(str) char *after = folder_read(text_path, &len);
    ck_assert_uint_eq(len, sizeof text);
    ck_assert_mem_eq(after, text, len);
    ck_assert_int_eq(store_connect(missing, true, &none, &err), SL_NOT_FOUND);
    ck_assert_int_ne(access(missing, F_OK), 0);
    ck_assert_int_eq(store_connect("/nonexistent/a.db", false, &none, &err), SL_SYSTEM);

    store_disconnect(db);
    db = NULL;
    tamper("PRAGMA application_id = 7");
    ck_assert_int_eq(store_connect(path, false, &none, &err), SL_CORRUPT);
    ck_assert_ptr_nonnull(strstr(err.detail, "is the database of another program"));
    ck_assert_ptr_null(none);
}
END_TEST

START_TEST(a_newer_database_is_refused_by_both_versions)
{
    struct store_options options = {.path = path};
    struct store *store = NULL;
    struct db *none = NULL;

    store_disconnect(db);
    db = NULL;
    tamper("PRAGMA user_version = 4711");
    SL_AUTO(str)
    char *want = sl_strf("the database has version 4711, this program (%s) knows versions up to "
                         "%zu: run the newer program",
                         SENDLINE_VERSION, sql_migration_count);
    ck_assert_int_eq(store_open(&options, &store, &err), SL_CORRUPT);
    ck_assert_str_eq(err.detail, want);
    ck_assert_int_eq(store_connect(path, true, &none, &err), SL_CORRUPT);
    ck_assert_str_eq(err.detail, want);
    tamper("PRAGMA user_version = 0");
    ck_assert_int_eq(store_connect(path, true, &none, &err), SL_CORRUPT);
    ck_assert_ptr_nonnull(strstr(err.detail, "the database has version 0, this program needs"));
    ck_assert_ptr_null(none);
    ck_assert_ptr_null(store);
}
END_TEST

START_TEST(migrations_are_taken_one_by_one_or_not_at_all)
{
    static const struct sql_migration steps[] = {
        {1, "one", "CREATE TABLE a (x INTEGER PRIMARY KEY) STRICT; INSERT INTO a VALUES (1), (2);"},
        {2, "two", "CREATE TABLE b (x INTEGER REFERENCES a (x)) STRICT; INSERT INTO b VALUES (1);"},
        /* A table that another refers to, made anew. */
        {3, "three",
         "CREATE TABLE c (x INTEGER PRIMARY KEY, y TEXT) STRICT; INSERT INTO c SELECT x, 'y' FROM "
         "a;"
         "DROP TABLE a; ALTER TABLE c RENAME TO a;"},
        {4, "breaks", "CREATE TABLE d (x) ; INSERT INTO nowhere VALUES (1);"},
        {4, "orphans", "CREATE TABLE d (x); DELETE FROM a WHERE x = 1;"},
        {4, "ends", "CREATE TABLE d (x); COMMIT;"},
        {6, "jumps", "CREATE TABLE d (x);"},
    };

    store_disconnect(db);
    db = NULL;
    OK(store_connect(":memory:", false, &db, &err));
    OK(migrate_with(db, steps, 2, &err));
    ck_assert_int_eq(pragma("PRAGMA user_version"), 2);
    OK(migrate_with(db, steps, 2, &err));
    OK(migrate_with(db, steps, 3, &err));
    ck_assert_int_eq(pragma("PRAGMA user_version"), 3);
    ck_assert_int_eq(pragma("SELECT count(*) FROM a WHERE y = 'y'"), 2);
    ck_assert_int_eq(pragma("PRAGMA foreign_keys"), 1);

    ck_assert_int_eq(migrate_with(db, steps, 4, &err), SL_SYSTEM);
    ck_assert_str_eq(err.detail, "migration 4 breaks: no such table: nowhere (1)");
    ck_assert_int_eq(db->driver->migrate(db, &steps[4], &err), SL_CORRUPT);
    ck_assert_str_eq(err.detail, "row 1 of b names a row of a that is not there");
    ck_assert_int_eq(db->driver->migrate(db, &steps[6], &err), SL_SYSTEM);
    ck_assert_str_eq(err.detail, "migration 6 jumps does not follow version 3");
    ck_assert_int_eq(pragma("PRAGMA user_version"), 3);
    ck_assert_int_eq(pragma("SELECT count(*) FROM sqlite_schema WHERE name = 'd'"), 0);
    ck_assert_int_eq(pragma("PRAGMA foreign_keys"), 1);
    ck_assert_int_eq(db->driver->migrate(db, &steps[5], &err), SL_SYSTEM);
    ck_assert_int_eq(pragma("PRAGMA user_version"), 3);
    /* Somebody else was faster. */
    OK(db->driver->migrate(db, &steps[1], &err));
    ck_assert_int_eq(pragma("PRAGMA user_version"), 3);
}
END_TEST

START_TEST(a_full_disk_has_a_name)
{
    static const enum disk_mode modes[] = {DISK_NO_WRITES, DISK_QUOTA};

    for (size_t i = 0; i < 2; i++) {
        disk_set_mode(modes[i]);
        ck_assert_msg(add("a", "1") == SL_STORAGE_FULL, "%s", err.detail);
        disk_set_mode(DISK_GOOD);
        assert_value("a", NULL);
    }
    disk_set_mode(DISK_NO_FLUSH);
    ck_assert_int_eq(add("a", "1"), SL_SYSTEM);
    disk_set_mode(DISK_GOOD);
    assert_value("a", NULL);
    OK(add("a", "1"));
    assert_value("a", "1");
}
END_TEST

START_TEST(another_writer_makes_it_busy)
{
    struct db *other = NULL;

    OK(store_connect(path, false, &other, &err));
    OK(db_begin(other, &err));
    (void)sqlite3_busy_timeout(sqlite_of(db)->handle, 10);
    ck_assert_int_eq(db_begin(db, &err), SL_BUSY);
    assert_value("a", NULL); /* reading goes on */
    db_rollback(other);
    store_disconnect(other);
    OK(db_begin(db, &err));
    db_rollback(db);
}
END_TEST

START_TEST(a_backup_is_whole_and_private)
{
    SL_AUTO(str) char *to = folder_file(folder, "backup.db");
    SL_AUTO(str) char *part = folder_file(folder, "backup.db.part");
    SL_AUTO(str) char *nowhere = folder_file(folder, "no/such/folder");
    struct stat st;

    for (int i = 0; i < 500; i++) {
        SL_AUTO(str) char *key = sl_strf("key-%d", i);
        OK(add(key, "value"));
    }
    folder_write(part, "left behind", 11, 0644);
    OK(store_backup(path, to, &err)); /* while db is open and its log full */
    ck_assert_int_eq(stat(to, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_int_ne(access(part, F_OK), 0);
    ck_assert_int_eq(store_backup(path, to, &err), SL_ID_USED);
    ck_assert_int_eq(store_backup(nowhere, part, &err), SL_NOT_FOUND);
    ck_assert_int_eq(store_backup(path, nowhere, &err), SL_SYSTEM);
    ck_assert_int_ne(access(part, F_OK), 0);

    OK(add("later", "value"));
    free(path);
    path = sl_steal(&to);
    connect_to(true);
    assert_value("key-499", "value");
    assert_value("later", NULL);
    OK(store_integrity(db, &err));
}
END_TEST

START_TEST(damage_is_found)
{
    size_t len = 0;

    OK(db_begin(db, &err));
    for (int i = 0; i < 2000; i++) {
        SL_AUTO(str) char *key = sl_strf("key-%d", i);
        OK(add(key, "some value"));
    }
    OK(db_commit(db, &err));
    OK(store_integrity(db, &err));
    connect_to(true);
    OK(store_integrity(db, &err));
    store_disconnect(db);
    db = NULL;
    connect_to(false); /* the last to close moves the log into the file */
    store_disconnect(db);
    db = NULL;
    SL_AUTO(str) char *bytes = folder_read(path, &len);
    char *at = memmem(bytes, len, "key-1234", 8);
    ck_assert_ptr_nonnull(at);
    at[5] = '~'; /* out of order in its index */
    folder_write(path, bytes, len, 0600);
    connect_to(true);
    ck_assert_int_eq(store_integrity(db, &err), SL_CORRUPT);
    ck_assert_ptr_nonnull(strstr(err.detail, "integrity: "));
}
END_TEST

START_TEST(what_is_dropped_is_gone_from_the_file)
{
    static const char mark[] = "marked-secret-4711";
    size_t len = 0;

    OK(add("a", mark));
    OK(add("b", "stays"));
    OK(db_exec(db, SQL_SETTING_DROP, NULL, &err, "t", "a"));
    store_disconnect(db);
    db = NULL;
    SL_AUTO(str) char *bytes = folder_read(path, &len);
    ck_assert_ptr_nonnull(memmem(bytes, len, "stays", 5));
    ck_assert_ptr_null(memmem(bytes, len, mark, sizeof mark - 1));
    connect_to(false);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("db");
    TCase *tests = tcase_create("db");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, connections_are_careful);
    tcase_add_test(tests, every_table_is_strict);
    tcase_add_test(tests, every_statement_prepares);
    tcase_add_test(tests, parameters_are_bound_by_number);
    tcase_add_test(tests, programmers_errors_are_named);
    tcase_add_test(tests, values_come_back);
    tcase_add_test(tests, values_outlive_their_owner);
    tcase_add_test(tests, changes_are_counted_and_uniqueness_is_kept);
    tcase_add_test(tests, a_statement_works_inside_itself);
    tcase_add_test(tests, forgotten_statements_are_found);
    tcase_add_test(tests, transactions);
    tcase_add_test(tests, readers_cannot_write);
    tcase_add_test(tests, other_files_are_refused_and_left_alone);
    tcase_add_test(tests, a_newer_database_is_refused_by_both_versions);
    tcase_add_test(tests, migrations_are_taken_one_by_one_or_not_at_all);
    tcase_add_test(tests, a_full_disk_has_a_name);
    tcase_add_test(tests, another_writer_makes_it_busy);
    tcase_add_test(tests, a_backup_is_whole_and_private);
    tcase_add_test(tests, damage_is_found);
    tcase_add_test(tests, what_is_dropped_is_gone_from_the_file);
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
