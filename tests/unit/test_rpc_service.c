/* Founding a service, once, by whoever has its token; and what it says of itself and its people. */
#include <check.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "support/world.h"

static struct world *w;
static struct rpc_conn *conn;

static void set_up(void)
{
    w = world_new();
    conn = world_connect(w, RPC_STAFF_LISTENER);
}

static void tear_down(void)
{
    world_free(w);
}

static json_t *founding(const char *token)
{
    json_t *args = world_founding(w);

    sl_json_set_str(args, "token", token);
    return args;
}

/* It must be refused, and change nothing. */
static void refused(json_t *take_args, const char *code)
{
    (void)world_wrote(w);
    ck_assert_str_eq(world_try(w, conn, "service.init", take_args), code);
    ck_assert(!world_wrote(w));
}

/* The roster of args, changed and signed anew. */
static void sign_roster(json_t *args, const uint8_t sk[64])
{
    SL_AUTO(buf) struct sl_buf bytes = {0};
    uint8_t signature[SL_SIG_BYTES];

    sl_roster_put(&bytes, &w->roster);
    (void)crypto_sign_detached(signature, NULL, bytes.data, bytes.len, sk);
    sl_buf_put(&bytes, signature, sizeof signature);
    sl_json_set_bytes(args, "roster", bytes.data, bytes.len);
}

START_TEST(before_it_nobody_signs_in_and_it_says_so)
{
    SL_AUTO(json) json_t *info = world_ok(w, conn, "service.info", NULL);
    json_t *args = world_args("staff", world_random(w, 16), NULL);
    uint8_t pk[32];
    uint8_t sk[64];

    ck_assert(json_is_false(json_object_get(info, "set_up")));
    (void)crypto_sign_keypair(pk, sk);
    world_sign_in(w, conn, args, 2, sk, NULL);
    ck_assert_str_eq(world_try(w, conn, "auth.staff", args), "not_set_up");
}
END_TEST

START_TEST(a_service_is_founded_once)
{
    json_t *args = founding("token");
    SL_AUTO(json) json_t *first = world_ok(w, conn, "service.init", json_deep_copy(args));

    ck_assert_int_eq(json_integer_value(json_object_get(first, "serial")), 1);
    SL_AUTO(json) json_t *info = world_ok(w, conn, "service.info", NULL);
    ck_assert(json_is_true(json_object_get(info, "set_up")));
    ck_assert_str_eq(json_string_value(json_object_get(info, "service")), w->config->service_name);
    for (size_t i = 0; i < WORLD_STAFF; i++) {
        ck_assert_uint_eq(world_staff(w, i)->who.role, R_STAFF);
    }
    /* The answer was lost: the same again. Another is too late. */
    (void)world_wrote(w);
    SL_AUTO(json) json_t *again = world_ok(w, conn, "service.init", args);
    ck_assert(json_equal(first, again));
    ck_assert(!world_wrote(w));
    refused(founding("token"), "set_up_already");
}
END_TEST

START_TEST(without_the_token_nothing_is_founded)
{
    struct rpc_conn *public = world_connect(w, RPC_PUBLIC);
    int limited = 0;

    ck_assert_str_eq(world_try(w, public, "service.init", founding("token")), "forbidden");
    for (int i = 0; i < 12; i++) {
        const char *code = world_try(w, conn, "service.init", founding("tokem"));
        limited += strcmp(code, "rate_limited") == 0;
        ck_assert(strcmp(code, "token_wrong") == 0 || strcmp(code, "rate_limited") == 0);
    }
    ck_assert_int_eq(limited, 2);
    world_advance(w, 300);
    ck_assert_str_eq(world_try(w, conn, "service.init", founding("token")), "ok");
}
END_TEST

START_TEST(a_service_without_a_token_is_founded_by_nobody)
{
    world_sql(w, "DELETE FROM setting");
    refused(founding("token"), "token_wrong");
}
END_TEST

START_TEST(the_roster_is_one_that_clients_would_take)
{
    json_t *args = founding("token");
    uint8_t pk[32];
    uint8_t sk[64];

    (void)crypto_sign_keypair(pk, sk);
    sign_roster(args, sk);
    refused(args, "roster_refused"); /* by nobody's root */
    args = founding("token");
    w->roster.issued_at = WORLD_START_S - 90 * INT64_C(86400);
    w->roster.expires_at = WORLD_START_S;
    sign_roster(args, w->root_sk);
    refused(args, "roster_refused"); /* over */
    args = founding("token");
    w->roster.expires_at = w->roster.issued_at + 93 * UINT64_C(86400);
    sign_roster(args, w->root_sk);
    refused(args, "roster_refused"); /* good for too long */
    args = founding("token");
    w->roster.row_count--;
    sign_roster(args, w->root_sk);
    refused(args, "roster_refused"); /* a holder that is not in it */
    args = founding("token");
    (void)json_array_remove(json_object_get(args, "holders"), 0);
    refused(args, "roster_refused"); /* a row without its holder */
    args = founding("token");
    json_t *holders = json_object_get(args, "holders");
    (void)json_array_set_new(holders, 0, json_deep_copy(json_array_get(holders, 1)));
    refused(args, "roster_refused"); /* one twice */
    args = founding("token");
    holders = json_object_get(args, "holders");
    (void)json_array_set_new(holders, 0, json_integer(1));
    refused(args, "bad_request");
}
END_TEST

/* Change a field of the first member of a list of the arguments. */
static json_t *with(const char *list, const char *field, json_t *take_value)
{
    json_t *args = founding("token");
    json_t *member = json_array_get(json_object_get(args, list), 0);

    if (take_value == NULL) {
        (void)json_object_del(member, field);
    } else {
        sl_json_set(member, field, take_value);
    }
    return args;
}

START_TEST(staff_and_seeds_are_of_the_roster)
{
    refused(with("staff", "staff", world_random(w, 16)), "bad_request");
    refused(with("staff", "staff", NULL), "bad_request");
    refused(with("staff", "role", json_string("king")), "bad_request");
    refused(with("staff", "role", NULL), "bad_request");
    refused(with("staff", "team", world_random(w, 16)), "bad_request");
    refused(with("staff", "more", json_integer(1)), "bad_request");
    refused(with("team_seeds", "team", world_random(w, 16)), "bad_request");
    refused(with("team_seeds", "staff", world_random(w, 16)), "bad_request");
    refused(with("team_seeds", "generation", json_integer(2)), "bad_request");
    refused(with("team_seeds", "sealed", world_random(w, 79)), "bad_request");
    refused(with("team_seeds", "more", json_integer(1)), "bad_request");
    json_t *args = founding("token");
    json_t *staff = json_object_get(args, "staff");
    sl_json_append(staff, json_deep_copy(json_array_get(staff, 0)));
    refused(args, "bad_request");
    args = founding("token");
    json_t *seeds = json_object_get(args, "team_seeds");
    sl_json_append(seeds, json_deep_copy(json_array_get(seeds, 0)));
    refused(args, "bad_request");
    args = founding("token");
    (void)json_array_clear(json_object_get(args, "staff"));
    refused(args, "bad_request");
    /* A manager need not be of a team. */
    ck_assert_str_eq(world_try(w, conn, "service.init", with("staff", "team", NULL)), "ok");
}
END_TEST

START_TEST(rosters_holders_staff_and_team_keys_come_as_they_were_given)
{
    json_t *args = founding("token");
    json_decref(world_ok(w, conn, "service.init", json_deep_copy(args)));
    struct rpc_conn *desk = world_staff(w, 1);
    SL_AUTO(json)
    json_t *since = world_ok(w, desk, "roster.since", world_args("serial", json_integer(0), NULL));
    const json_t *rosters = json_object_get(since, "rosters");
    const json_t *holders = json_object_get(since, "holders");

    ck_assert_int_eq(json_integer_value(json_object_get(since, "newest_serial")), 1);
    ck_assert_uint_eq(json_array_size(rosters), 1);
    ck_assert(json_equal(json_array_get(rosters, 0), json_object_get(args, "roster")));
    const json_t *given = json_object_get(args, "holders");
    ck_assert_uint_eq(json_array_size(holders), json_array_size(given));
    for (size_t i = 0; i < json_array_size(given); i++) {
        bool found = false;
        for (size_t j = 0; j < json_array_size(holders); j++) {
            found = found || json_equal(json_array_get(given, i), json_array_get(holders, j));
        }
        ck_assert(found);
    }
    SL_AUTO(json)
    json_t *none = world_ok(w, desk, "roster.since", world_args("serial", json_integer(1), NULL));
    ck_assert_uint_eq(json_array_size(json_object_get(none, "rosters")), 0);

    SL_AUTO(json) json_t *staff = world_ok(w, desk, "staff.list", NULL);
    ck_assert_uint_eq(json_array_size(json_object_get(staff, "staff")), WORLD_STAFF);
    SL_AUTO(json) json_t *keys = world_ok(w, desk, "team.keys", NULL);
    ck_assert_uint_eq(json_array_size(json_object_get(keys, "teams")), 1);
    const json_t *team = json_array_get(json_object_get(keys, "teams"), 0);
    const json_t *seed = json_array_get(json_object_get(args, "team_seeds"), 1);
    ck_assert(json_equal(json_object_get(team, "sealed"), json_object_get(seed, "sealed")));
    ck_assert(json_equal(json_object_get(team, "team"), json_object_get(seed, "team")));
    json_decref(args);
}
END_TEST

START_TEST(nobody_without_a_team_adds_cases)
{
    json_decref(world_ok(w, conn, "service.init", with("staff", "team", NULL)));
    struct rpc_conn *desk = world_staff(w, 0);
    struct world_thread t;

    ck_assert_str_eq(world_try(w, desk, "case.add", world_case_args(w, &t, &w->staff[0], "A 1")),
                     "forbidden");
    SL_AUTO(json) json_t *cases = world_ok(w, desk, "case.list", NULL);
    ck_assert_uint_eq(json_array_size(json_object_get(cases, "cases")), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rpc_service");
    TCase *tests = tcase_create("service");

    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, before_it_nobody_signs_in_and_it_says_so);
    tcase_add_test(tests, a_service_is_founded_once);
    tcase_add_test(tests, without_the_token_nothing_is_founded);
    tcase_add_test(tests, a_service_without_a_token_is_founded_by_nobody);
    tcase_add_test(tests, the_roster_is_one_that_clients_would_take);
    tcase_add_test(tests, staff_and_seeds_are_of_the_roster);
    tcase_add_test(tests, rosters_holders_staff_and_team_keys_come_as_they_were_given);
    tcase_add_test(tests, nobody_without_a_team_adds_cases);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
