/* What signing in keeps in memory: challenges, tickets, throttles, held threads; all of it bounded.
 */
#include <check.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "auth/throttle.h"

static struct sl_fake_clock clock_;
static struct sl_fake_rand rand_;
static struct auth *auth;

static struct auth *make(void)
{
    struct auth_options options = {
        .clock = &clock_.clock,
        .rand = &rand_.rand,
        .tries_per_5_minutes = 10,
        .peer_tries_per_5_minutes = 100,
    };

    return auth_new(&options);
}

static void set_up(void)
{
    ck_assert_int_ge(sodium_init(), 0);
    sl_fake_clock_init(&clock_, 1764115200);
    sl_fake_rand_init(&rand_, 7);
    auth = make();
}

static void tear_down(void)
{
    auth_free(auth);
}

/* ---- Challenges ---- */

START_TEST(a_challenge_is_good_once_for_a_minute)
{
    uint8_t one[32];
    uint8_t two[32];
    uint8_t three[32];
    int64_t expires_at = 0;

    auth_challenge_make(auth, one, &expires_at);
    ck_assert_int_eq(expires_at, 1764115200 + 60);
    auth_challenge_make(auth, two, &expires_at);
    ck_assert_mem_ne(one, two, 32);
    ck_assert_int_eq(auth_challenge_take(auth, one, NULL), SL_OK);
    ck_assert_int_eq(auth_challenge_take(auth, one, NULL), SL_CHALLENGE_USED);
    sl_fake_clock_advance(&clock_, 59999);
    ck_assert_int_eq(auth_challenge_take(auth, one, NULL), SL_CHALLENGE_USED);
    ck_assert_int_eq(auth_challenge_take(auth, two, NULL), SL_OK);
    auth_challenge_make(auth, three, &expires_at);
    sl_fake_clock_advance(&clock_, 60000);
    ck_assert_int_eq(auth_challenge_take(auth, three, NULL), SL_CHALLENGE_USED);
}
END_TEST

START_TEST(a_challenge_is_ours_or_none)
{
    struct auth *other = make();
    uint8_t challenge[32];
    int64_t expires_at = 0;

    auth_challenge_make(other, challenge, &expires_at);
    ck_assert_int_eq(auth_challenge_take(auth, challenge, NULL), SL_CHALLENGE_USED);
    for (size_t bit = 0; bit < 256; bit++) {
        auth_challenge_make(auth, challenge, &expires_at);
        challenge[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        ck_assert_int_eq(auth_challenge_take(auth, challenge, NULL), SL_CHALLENGE_USED);
        challenge[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        ck_assert_int_eq(auth_challenge_take(auth, challenge, NULL), SL_OK);
    }
    auth_free(other);
    auth_free(NULL);
}
END_TEST

START_TEST(so_many_are_remembered_and_none_is_taken_twice)
{
    enum {
        MANY = 40000
    };
    uint8_t(*all)[32] = calloc(MANY, 32);
    int64_t expires_at = 0;
    int taken = 0;

    for (size_t i = 0; i < MANY; i++) {
        auth_challenge_make(auth, all[i], &expires_at);
        enum sl_code rc = auth_challenge_take(auth, all[i], NULL);
        ck_assert(rc == SL_OK || rc == SL_BUSY);
        taken += rc == SL_OK;
    }
    ck_assert_int_gt(taken, 30000); /* as many as there is room for, and then it says so */
    ck_assert_int_lt(taken, MANY);
    for (size_t i = 0; i < MANY; i++) { /* full: no second chance for any */
        ck_assert_int_ne(auth_challenge_take(auth, all[i], NULL), SL_OK);
    }
    /* A minute later there is room again. */
    sl_fake_clock_advance(&clock_, 60000);
    auth_challenge_make(auth, all[0], &expires_at);
    ck_assert_int_eq(auth_challenge_take(auth, all[0], NULL), SL_OK);
    free(all);
}
END_TEST

struct racer {
    const uint8_t *challenge;
    atomic_int *taken;
    pthread_barrier_t *start;
};

static void *race(void *ctx)
{
    struct racer *r = ctx;

    (void)pthread_barrier_wait(r->start);
    if (auth_challenge_take(auth, r->challenge, NULL) == SL_OK) {
        atomic_fetch_add(r->taken, 1);
    }
    return NULL;
}

START_TEST(of_many_at_once_one_takes_it)
{
    enum {
        RACERS = 4
    };
    for (int round = 0; round < 50; round++) {
        uint8_t challenge[32];
        int64_t expires_at = 0;
        atomic_int taken = 0;
        pthread_barrier_t start;
        pthread_t threads[RACERS];
        struct racer racer = {challenge, &taken, &start};
        auth_challenge_make(auth, challenge, &expires_at);
        (void)pthread_barrier_init(&start, NULL, RACERS);
        for (size_t i = 0; i < RACERS; i++) {
            ck_assert_int_eq(pthread_create(&threads[i], NULL, race, &racer), 0);
        }
        for (size_t i = 0; i < RACERS; i++) {
            (void)pthread_join(threads[i], NULL);
        }
        (void)pthread_barrier_destroy(&start);
        ck_assert_int_eq(taken, 1);
    }
}
END_TEST

/* ---- Tickets ---- */

START_TEST(a_ticket_names_its_session_once_for_a_minute)
{
    const uint8_t session[SL_ID_BYTES] = {1, 2, 3};
    uint8_t ticket[32];
    uint8_t late[32];
    uint8_t none[32] = {0};
    uint8_t got[SL_ID_BYTES] = {0};

    auth_ticket_make(auth, session, ticket);
    auth_ticket_make(auth, session, late);
    ck_assert_int_eq(auth_ticket_take(auth, none, got, NULL), SL_TICKET_WRONG);
    ck_assert_int_eq(auth_ticket_take(auth, ticket, got, NULL), SL_OK);
    ck_assert_mem_eq(got, session, SL_ID_BYTES);
    ck_assert_int_eq(auth_ticket_take(auth, ticket, got, NULL), SL_TICKET_WRONG);
    sl_fake_clock_advance(&clock_, 60000);
    ck_assert_int_eq(auth_ticket_take(auth, late, got, NULL), SL_TICKET_WRONG);
}
END_TEST

START_TEST(the_oldest_ticket_makes_room)
{
    uint8_t last[32];
    uint8_t session[SL_ID_BYTES] = {0};
    uint8_t got[SL_ID_BYTES];

    for (int i = 0; i < 20000; i++) {
        memcpy(session, &i, sizeof i);
        auth_ticket_make(auth, session, last);
        sl_fake_clock_advance(&clock_, 1);
    }
    ck_assert_int_eq(auth_ticket_take(auth, last, got, NULL), SL_OK);
    ck_assert_mem_eq(got, session, SL_ID_BYTES);
}
END_TEST

/* ---- Throttles ---- */

static enum sl_code try_it(enum auth_throttle kind, const char *key, int64_t *retry_after_s)
{
    return auth_try(auth, kind, key, strlen(key), retry_after_s, NULL);
}

START_TEST(tries_come_back_one_by_one)
{
    int64_t wait = 0;

    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(try_it(AUTH_ACCOUNT, "a", &wait), SL_OK);
    }
    ck_assert_int_eq(try_it(AUTH_ACCOUNT, "a", &wait), SL_RATE_LIMITED);
    ck_assert_int_eq(wait, 31);
    ck_assert_int_eq(try_it(AUTH_ACCOUNT, "b", &wait), SL_OK);
    ck_assert_int_eq(try_it(AUTH_INVITE, "a", &wait), SL_OK);
    /* Being refused does not make it longer. */
    sl_fake_clock_advance(&clock_, 29000);
    ck_assert_int_eq(try_it(AUTH_ACCOUNT, "a", &wait), SL_RATE_LIMITED);
    ck_assert_int_eq(wait, 2);
    sl_fake_clock_advance(&clock_, 2000);
    ck_assert_int_eq(try_it(AUTH_ACCOUNT, "a", &wait), SL_OK);
    ck_assert_int_eq(try_it(AUTH_ACCOUNT, "a", &wait), SL_RATE_LIMITED);
    /* After the window all are back, and no more than all. */
    sl_fake_clock_advance(&clock_, 3600000);
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(try_it(AUTH_ACCOUNT, "a", &wait), SL_OK);
    }
    ck_assert_int_eq(try_it(AUTH_ACCOUNT, "a", &wait), SL_RATE_LIMITED);
}
END_TEST

START_TEST(a_try_that_succeeds_is_given_back)
{
    int64_t wait = 0;

    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(try_it(AUTH_ADDRESS, "a", &wait), SL_OK);
        auth_try_back(auth, AUTH_ADDRESS, "a", 1);
    }
    /* What was never taken gives nothing. */
    auth_try_back(auth, AUTH_ADDRESS, "never", 5);
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(try_it(AUTH_ADDRESS, "a", &wait), SL_OK);
    }
    ck_assert_int_eq(try_it(AUTH_ADDRESS, "a", &wait), SL_RATE_LIMITED);
}
END_TEST

START_TEST(giving_back_never_gives_more_than_all)
{
    int64_t wait = 0;
    int got = 0;

    ck_assert_int_eq(try_it(AUTH_ADDRESS, "a", &wait), SL_OK);
    for (int i = 0; i < 100; i++) {
        auth_try_back(auth, AUTH_ADDRESS, "a", 1);
    }
    while (got < 50 && try_it(AUTH_ADDRESS, "a", &wait) == SL_OK) {
        got++;
    }
    ck_assert_int_eq(got, 10);
}
END_TEST

START_TEST(a_flood_of_keys_does_not_free_the_one_that_is_over)
{
    const uint8_t hash_key[16] = {3};
    struct throttle *throttle = throttle_new(10, 300000, hash_key);

    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(throttle_take(throttle, "victim", 6, 0), 0);
    }
    for (int i = 0; i < 100000; i++) {
        ck_assert_int_eq(throttle_take(throttle, &i, sizeof i, 0), 0);
    }
    ck_assert_int_gt(throttle_take(throttle, "victim", 6, 0), 0);
    throttle_free(throttle);
}
END_TEST

/* ---- Held threads ---- */

START_TEST(a_thread_is_held_for_all_but_one)
{
    const uint8_t thread[SL_ID_BYTES] = {1};
    const uint8_t other[SL_ID_BYTES] = {2};
    const uint8_t author[SL_ID_BYTES] = {3};
    const uint8_t somebody[SL_ID_BYTES] = {4};

    ck_assert_int_eq(auth_held_ms(auth, thread, somebody), 0);
    auth_hold(auth, thread, author);
    ck_assert_int_eq(auth_held_ms(auth, thread, somebody), 5000);
    ck_assert_int_eq(auth_held_ms(auth, thread, author), 0);
    ck_assert_int_eq(auth_held_ms(auth, other, somebody), 0);
    sl_fake_clock_advance(&clock_, 4999);
    auth_hold(auth, thread, author); /* not longer for that */
    ck_assert_int_eq(auth_held_ms(auth, thread, somebody), 1);
    sl_fake_clock_advance(&clock_, 1);
    ck_assert_int_eq(auth_held_ms(auth, thread, somebody), 0);
    auth_hold(auth, thread, somebody); /* nor by another */
    ck_assert_int_eq(auth_held_ms(auth, thread, author), 0);
    sl_fake_clock_advance(&clock_, 5000);
    auth_hold(auth, thread, somebody);
    ck_assert_int_eq(auth_held_ms(auth, thread, author), 5000);
    auth_unhold(auth, thread);
    ck_assert_int_eq(auth_held_ms(auth, thread, author), 0);
    auth_unhold(auth, other);
}
END_TEST

START_TEST(more_threads_are_held_than_there_is_room_for)
{
    const uint8_t author[SL_ID_BYTES] = {3};
    const uint8_t somebody[SL_ID_BYTES] = {4};
    uint8_t thread[SL_ID_BYTES] = {1};

    for (int i = 0; i < 100; i++) { /* all in one set */
        memcpy(thread + 4, &i, sizeof i);
        auth_hold(auth, thread, author);
        ck_assert_int_eq(auth_held_ms(auth, thread, somebody), 5000);
        sl_fake_clock_advance(&clock_, 1);
    }
}
END_TEST

/* ---- Signatures, tokens, hosts ---- */

START_TEST(a_signature_is_for_purpose_host_challenge_and_extra)
{
    uint8_t pk[32];
    uint8_t sk[64];
    uint8_t challenge[32] = {1};
    uint8_t extra[32] = {2};
    uint8_t signature[64];
    SL_AUTO(buf) struct sl_buf text = {0};

    (void)crypto_sign_keypair(pk, sk);
    sl_auth_signed_put(&text, 4, "localhost", challenge, extra);
    (void)crypto_sign_detached(signature, NULL, text.data, text.len, sk);
    ck_assert(auth_signature_ok(auth, 4, "localhost", challenge, extra, signature, pk));
    ck_assert(!auth_signature_ok(auth, 1, "localhost", challenge, extra, signature, pk));
    ck_assert(!auth_signature_ok(auth, 4, "localhosT", challenge, extra, signature, pk));
    ck_assert(!auth_signature_ok(auth, 4, "localhost", challenge, NULL, signature, pk));
    ck_assert(!auth_signature_ok(auth, 4, "localhost", extra, extra, signature, pk));
    ck_assert(!auth_signature_ok(auth, 4, "localhost", challenge, extra, signature, NULL));
    signature[0] ^= 1;
    ck_assert(!auth_signature_ok(auth, 4, "localhost", challenge, extra, signature, pk));
}
END_TEST

START_TEST(hosts_of_addresses)
{
    static const struct {
        const char *url;
        const char *host; /* NULL: none */
    } rows[] = {
        {"https://localhost:8443", "localhost"},
        {"https://LOCALHOST:8443/", "localhost"},
        {"https://send.Anyshire.example", "send.anyshire.example"},
        {"https://send.anyshire.example/path:1", "send.anyshire.example"},
        {"localhost:8443", "localhost"},
        {"https://[::1]:8443", "[::1]"},
        {"https://[::1", NULL},
        {"https://", NULL},
        {"https://:8443", NULL},
        {"", NULL},
        {"https://a-host-that-is-longer-than-there-is-room", NULL},
    };
    char host[32];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool there = auth_host_of(rows[i].url, host, sizeof host);
        ck_assert_msg(there == (rows[i].host != NULL), "%s", rows[i].url);
        if (there) {
            ck_assert_str_eq(host, rows[i].host);
        }
    }
}
END_TEST

START_TEST(hashes_of_tokens_differ_by_what_they_are_for)
{
    uint8_t token[32];
    uint8_t session[32];
    uint8_t set_up[32];

    memset(token, 'a', sizeof token);
    auth_token_hash(token, session);
    auth_setup_token_hash("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", set_up);
    ck_assert_mem_ne(session, set_up, 32);
    ck_assert_mem_ne(session, token, 32);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("auth");
    TCase *tests = tcase_create("auth");

    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_challenge_is_good_once_for_a_minute);
    tcase_add_test(tests, a_challenge_is_ours_or_none);
    tcase_add_test(tests, so_many_are_remembered_and_none_is_taken_twice);
    tcase_add_test(tests, of_many_at_once_one_takes_it);
    tcase_add_test(tests, a_ticket_names_its_session_once_for_a_minute);
    tcase_add_test(tests, the_oldest_ticket_makes_room);
    tcase_add_test(tests, tries_come_back_one_by_one);
    tcase_add_test(tests, a_try_that_succeeds_is_given_back);
    tcase_add_test(tests, giving_back_never_gives_more_than_all);
    tcase_add_test(tests, a_flood_of_keys_does_not_free_the_one_that_is_over);
    tcase_add_test(tests, a_thread_is_held_for_all_but_one);
    tcase_add_test(tests, more_threads_are_held_than_there_is_room_for);
    tcase_add_test(tests, a_signature_is_for_purpose_host_challenge_and_extra);
    tcase_add_test(tests, hosts_of_addresses);
    tcase_add_test(tests, hashes_of_tokens_differ_by_what_they_are_for);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
