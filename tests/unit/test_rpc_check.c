/* `sendlined check`: each kind of damage is found, and named. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "rpc/chain_check.h"
#include "support/world.h"

static struct world *w;
static struct rpc_conn *desk, *home;
static struct world_person parent;
static struct world_thread t;

static void set_up(void)
{
    w = world_founded();
    desk = world_staff(w, 0);
    home = world_family(w, desk, &w->staff[0], "A 1", &t, &parent);
    world_post(w, home, &t, &parent, "text");
    world_post(w, desk, &t, &w->staff[0], "text");
    world_post(w, home, &t, &parent, "text");
}

static void tear_down(void)
{
    world_free(w);
}

static enum sl_code check_now(char said[200], struct sl_err *err)
{
    struct db *db = NULL;
    SL_AUTO(file) FILE *out = tmpfile();

    *err = (struct sl_err){.code = SL_OK};
    world_settle(w);
    ck_assert_int_eq(store_connect(w->path, true, &db, err), SL_OK);
    enum sl_code rc = chain_check(db, out, err);
    store_disconnect(db);
    rewind(out);
    said[0] = '\0';
    (void)!fgets(said, 200, out);
    return rc;
}

/* The check must find something in this thread, and say this. */
static void finds(const char *what)
{
    char said[200];
    struct sl_err err;
    SL_AUTO(str) char *id = sl_hex(t.id, SL_ID_BYTES);

    ck_assert_int_eq(check_now(said, &err), SL_CORRUPT);
    ck_assert_msg(strstr(err.detail, what) != NULL, "%s does not say: %s", err.detail, what);
    ck_assert_ptr_nonnull(strstr(err.detail, id));
    ck_assert_str_eq(said, "");
}

START_TEST(a_whole_database_is_counted)
{
    char said[200];
    struct sl_err err;
    struct world_thread second;
    SL_AUTO(buf) struct sl_buf back = {0};

    world_case(w, desk, &w->staff[0], "A 2", &second);
    world_message(w, &t, &parent, &back);
    json_t *args = world_post_args(&t, &back, "retract");
    (void)json_object_set_new(args, "drop", json_integer(t.seq));
    json_decref(world_ok(w, home, "entry.post", args));
    ck_assert_int_eq(check_now(said, &err), SL_OK);
    ck_assert_str_eq(said,
                     "2 threads with 10 entries, 14 events of 2 accounts: every chain holds.\n");
}
END_TEST

static const struct {
    const char *damage;
    const char *says;
} damages[] = {
    {"DELETE FROM entry WHERE seq = 6", "entry 6: is missing"},
    {"DELETE FROM entry WHERE seq = 1", "entry 1: is missing"},
    {"DELETE FROM entry WHERE seq = 7", "entry 6: is not the end"},
    {"UPDATE thread SET last_seq = 6", "entry 7: is not the end"},
    {"UPDATE thread SET last_link = zeroblob(32)", "entry 7: is not the end"},
    {"UPDATE entry SET link = zeroblob(32) WHERE seq = 3", "entry 3: does not follow"},
    {"UPDATE entry SET link = x'00' WHERE seq = 3", "entry 3: does not follow"},
    /* One bit of the body, the signature, the header. */
    {"UPDATE entry SET bytes = CAST(substr(bytes, 1, 150) || x'5a' || substr(bytes, 152) AS "
     "BLOB) WHERE seq = 5",
     "entry 5: does not follow"},
    {"UPDATE entry SET bytes = CAST(substr(bytes, 1, length(bytes) - 1) || x'5a' AS BLOB) "
     "WHERE seq = 5",
     "entry 5: does not follow"},
    {"UPDATE entry SET bytes = CAST(substr(bytes, 1, 60) || x'5a' || substr(bytes, 62) AS "
     "BLOB) WHERE seq = 5",
     "entry 5: does not follow"},
    {"UPDATE entry SET bytes = CAST(substr(bytes, 1, 5) || x'5a5b' || substr(bytes, 8) AS "
     "BLOB) WHERE seq = 5",
     "entry 5: is of another thread"},
    {"UPDATE entry SET bytes = substr(bytes, 1, 200) WHERE seq = 5", "entry 5: is not an entry"},
    {"UPDATE entry SET bytes = x'' WHERE seq = 5", "entry 5: is not an entry"},
    {"UPDATE entry SET bytes = (SELECT bytes FROM entry WHERE seq = 5) WHERE seq = 7",
     "entry 7: does not follow"},
    /* Two entries change places. */
    {"UPDATE entry SET seq = CASE seq WHEN 5 THEN 106 ELSE 105 END WHERE seq IN (5, 6);"
     "UPDATE entry SET seq = seq - 100 WHERE seq > 100",
     "entry 5: does not follow"},
    {"UPDATE entry SET header = substr(bytes, 1, 98), body_hash = zeroblob(32), bytes = NULL "
     "WHERE seq = 5",
     "entry 5: does not follow"},
    {"UPDATE entry SET header = substr(bytes, 1, 97), body_hash = zeroblob(32), bytes = NULL "
     "WHERE seq = 5",
     "entry 5: is not an entry"},
    {"UPDATE entry SET header = substr(bytes, 1, 98), body_hash = x'01', bytes = NULL "
     "WHERE seq = 5",
     "entry 5: is not an entry"},
};
enum {
    DAMAGES = sizeof damages / sizeof damages[0]
};

START_TEST(damage_is_found)
{
    world_settle(w);
    world_sql(w, damages[_i].damage);
    finds(damages[_i].says);
}
END_TEST

START_TEST(events_that_are_not_numbered_on_are_found)
{
    static const char *const gaps[] = {
        "DELETE FROM event WHERE n = 1",
        "DELETE FROM event WHERE n = 3",
        "UPDATE event SET n = n + 1 WHERE n = (SELECT max(n) FROM event)",
    };
    char said[200];
    struct sl_err err;

    for (size_t i = 0; i < sizeof gaps / sizeof gaps[0]; i++) {
        tear_down();
        set_up();
        world_settle(w);
        world_sql(w, gaps[i]);
        ck_assert_int_eq(check_now(said, &err), SL_CORRUPT);
        ck_assert_ptr_nonnull(strstr(err.detail, "events, numbered"));
        ck_assert_ptr_nonnull(strstr(err.detail, "account "));
    }
}
END_TEST

START_TEST(a_thread_of_nothing_must_remember_nothing)
{
    world_settle(w);
    world_sql(w, "DELETE FROM entry");
    finds("entry 0: is not the end");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rpc_check");
    TCase *tests = tcase_create("check");

    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_whole_database_is_counted);
    tcase_add_loop_test(tests, damage_is_found, 0, DAMAGES);
    tcase_add_test(tests, events_that_are_not_numbered_on_are_found);
    tcase_add_test(tests, a_thread_of_nothing_must_remember_nothing);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
