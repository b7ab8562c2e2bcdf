/* Periodic jobs: idle sessions end, at the right time, all of them, and somebody is told. */
#include <check.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "jobs/jobs.h"
#include "support/world.h"

static struct world *w;
static struct jobs *jobs;
static atomic_int told;
static uint8_t last_told[SL_ID_BYTES];

static void on_ended(void *ctx, const uint8_t session_id[16])
{
    ck_assert_ptr_eq(ctx, &told);
    memcpy(last_told, session_id, sizeof last_told);
    atomic_fetch_add(&told, 1);
}

static struct jobs *start(void (*session_ended)(void *ctx, const uint8_t session_id[16]))
{
    struct jobs_options options = {
        .store = w->store,
        .clock = &w->clock.clock,
        .session_ended = session_ended,
        .ctx = &told,
    };
    struct jobs *out = NULL;
    struct sl_err err = {.code = SL_OK};

    ck_assert_int_eq(jobs_start(&options, &out, &err), SL_OK);
    return out;
}

static void set_up(void)
{
    w = world_founded();
    told = 0;
    jobs = start(on_ended);
}

static void tear_down(void)
{
    jobs_stop(jobs);
    world_free(w);
}

static int64_t sessions(void)
{
    return world_number(w, "SELECT count(*) FROM session");
}

START_TEST(an_idle_session_ends_and_is_told_of_once)
{
    struct rpc_conn *desk = world_staff(w, 0);
    uint8_t session_id[SL_ID_BYTES];

    memcpy(session_id, desk->who.session_id, SL_ID_BYTES);
    jobs_run_all(jobs);
    ck_assert_int_eq(sessions(), 1);
    world_advance(w, 12 * 3600 + 59);
    jobs_run_all(jobs);
    ck_assert_int_eq(sessions(), 1);
    ck_assert_int_eq(told, 0);
    world_advance(w, 1);
    jobs_run_all(jobs);
    ck_assert_int_eq(sessions(), 0);
    ck_assert_int_eq(told, 1);
    ck_assert_mem_eq(last_told, session_id, SL_ID_BYTES);
    jobs_run_all(jobs);
    ck_assert_int_eq(told, 1);
}
END_TEST

START_TEST(what_the_job_ends_a_call_would_have_found_ended)
{
    struct rpc_conn *desk = world_staff(w, 0);

    world_advance(w, 12 * 3600 + 59);
    ck_assert_str_eq(world_try(w, desk, "account.get", NULL), "ok");
    world_settle(w);
    world_advance(w, 12 * 3600 + 60);
    ck_assert_str_eq(world_try(w, desk, "account.get", NULL), "session_ended");
    jobs_run_all(jobs);
    ck_assert_int_eq(sessions(), 0);
}
END_TEST

START_TEST(each_session_has_its_own_time)
{
    struct world_person parent;
    struct world_thread t;

    (void)world_family(w, world_staff(w, 0), &w->staff[0], "A 1", &t, &parent); /* 30 minutes */
    ck_assert_int_eq(sessions(), 2);
    world_advance(w, 31 * 60);
    jobs_run_all(jobs);
    ck_assert_int_eq(sessions(), 1);
    world_advance(w, 12 * 3600);
    jobs_run_all(jobs);
    ck_assert_int_eq(sessions(), 0);
}
END_TEST

START_TEST(more_than_one_turn_takes)
{
    SL_AUTO(str) char *id = sl_hex(w->staff[0].id, SL_ID_BYTES);
    SL_AUTO(str)
    char *sql = sl_strf("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
                        "1700) INSERT INTO session (session_id, account_id, own_device, idle_s, "
                        "created_at, used_at) SELECT randomblob(16), x'%s', 0, 60, 0, 0 FROM n",
                        id);

    world_sql(w, sql);
    jobs_run_all(jobs);
    ck_assert_int_eq(sessions(), 0);
    ck_assert_int_eq(told, 1700);
}
END_TEST

START_TEST(nobody_need_be_told)
{
    struct jobs *quiet = start(NULL);

    (void)world_staff(w, 0);
    world_advance(w, 13 * 3600);
    jobs_run_all(quiet);
    ck_assert_int_eq(sessions(), 0);
    jobs_stop(quiet);
    jobs_stop(NULL);
}
END_TEST

START_TEST(a_store_that_stops_is_no_fault)
{
    (void)world_staff(w, 0);
    world_advance(w, 13 * 3600);
    world_begin_stop(w);
    jobs_run_all(jobs); /* put off, and comes back */
    ck_assert_int_eq(told, 0);
    world_end_stop(w);
}
END_TEST

START_TEST(starting_and_stopping_waits_for_nothing)
{
    for (int i = 0; i < 50; i++) {
        jobs_stop(start(on_ended));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("jobs");
    TCase *tests = tcase_create("jobs");

    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, an_idle_session_ends_and_is_told_of_once);
    tcase_add_test(tests, what_the_job_ends_a_call_would_have_found_ended);
    tcase_add_test(tests, each_session_has_its_own_time);
    tcase_add_test(tests, more_than_one_turn_takes);
    tcase_add_test(tests, nobody_need_be_told);
    tcase_add_test(tests, a_store_that_stops_is_no_fault);
    tcase_add_test(tests, starting_and_stopping_waits_for_nothing);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
