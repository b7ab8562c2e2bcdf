/* Signing in, sessions and what an account keeps: throttles, idle time, cookies, vaults. */
#include <check.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "support/folder.h"
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
}

static void tear_down(void)
{
    world_free(w);
}

static const char *text_at(const json_t *obj, const char *field)
{
    const char *text = json_string_value(json_object_get(obj, field));

    ck_assert_msg(text != NULL, "%s is not there", field);
    return text;
}

static int64_t int_at(const json_t *obj, const char *field)
{
    ck_assert_msg(json_is_integer(json_object_get(obj, field)), "%s is not there", field);
    return json_integer_value(json_object_get(obj, field));
}

static json_t *parent_args(struct rpc_conn *conn, const char *address, const uint8_t sk[64])
{
    json_t *args = world_args("address", json_string(address), NULL);

    world_sign_in(w, conn, args, 1, sk, NULL);
    return args;
}

static json_t *staff_args(struct rpc_conn *conn, size_t i)
{
    json_t *args = world_args("staff", world_b64(w->staff[i].id, SL_ID_BYTES), NULL);

    world_sign_in(w, conn, args, 2, w->staff[i].sign_sk, NULL);
    return args;
}

/* Any call; what the one before has left to be written is written by then. */
static const char *use(struct rpc_conn *conn)
{
    world_settle(w);
    return world_try(w, conn, "account.get", NULL);
}

/* The session's cookie, for a ticket. Owned text. */
static char *cookie_for(const char *ticket)
{
    SL_AUTO(json)
    json_t *answer =
        world_inside_call(w, "session.cookie", world_args("ticket", json_string(ticket), NULL));

    ck_assert_str_eq(world_code(answer), "ok");
    return sl_strdup(text_at(json_object_get(answer, "ok"), "token"));
}

/* A parent who signs in, and whose page has its cookie. */
static char *sign_in_with_cookie(bool own_device, struct rpc_conn **conn)
{
    *conn = world_connect(w, RPC_PUBLIC);
    json_t *args = parent_args(*conn, parent.address, parent.auth_sk);
    sl_json_set_bool(args, "own_device", own_device);
    SL_AUTO(json) json_t *ok = world_ok(w, *conn, "auth.parent", args);
    return cookie_for(text_at(ok, "ticket"));
}

static const char *resume(const char *cookie)
{
    return world_try(w, world_connect_with(w, cookie), "auth.resume", NULL);
}

/* ---- Signing in ---- */

START_TEST(a_parent_signs_in_and_gets_their_vault)
{
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);
    SL_AUTO(json) json_t *kept = world_ok(w, home, "vault.get", NULL);
    SL_AUTO(json)
    json_t *ok =
        world_ok(w, conn, "auth.parent", parent_args(conn, parent.address, parent.auth_sk));
    SL_AUTO(buf) struct sl_buf vault = {0};
    uint8_t hash[SL_HASH_BYTES];

    ck_assert_str_eq(text_at(ok, "vault"), text_at(kept, "vault"));
    ck_assert(sl_b64_get(text_at(ok, "vault"), strlen(text_at(ok, "vault")), &vault));
    (void)crypto_generichash(hash, sizeof hash, vault.data, vault.len, NULL, 0);
    SL_AUTO(str) char *expected = sl_b64(hash, sizeof hash);
    ck_assert_str_eq(text_at(ok, "vault_hash"), expected);
    ck_assert_int_eq(int_at(ok, "idle_s"), 1800);
    ck_assert_uint_eq(conn->who.role, R_PARENT);
    ck_assert_mem_eq(conn->who.account_id, parent.id, SL_ID_BYTES);
}
END_TEST

START_TEST(staff_sign_in_and_get_a_token)
{
    struct rpc_conn *conn = world_connect(w, RPC_STAFF_LISTENER);
    SL_AUTO(json) json_t *ok = world_ok(w, conn, "auth.staff", staff_args(conn, 0));
    SL_AUTO(json)
    json_t *sync = world_ok(w, conn, "sync", world_args("after", json_integer(0), NULL));

    ck_assert_str_eq(text_at(ok, "role"), "manager");
    ck_assert_int_eq(int_at(ok, "idle_s"), 12 * 3600);
    ck_assert_int_eq(int_at(ok, "cursor"), int_at(sync, "cursor"));
    struct rpc_conn *later = world_connect(w, RPC_STAFF_LISTENER);
    json_decref(world_ok(w, later, "auth.resume",
                         world_args("token", json_string(text_at(ok, "token")), NULL)));
    ck_assert_uint_eq(later->who.role, R_STAFF);
    ck_assert_mem_eq(later->who.session_id, conn->who.session_id, SL_ID_BYTES);
    json_decref(world_ok(w, conn, "auth.sign_out", NULL));
    ck_assert_str_eq(use(conn), "not_signed_in");
    struct rpc_conn *after = world_connect(w, RPC_STAFF_LISTENER);
    ck_assert_str_eq(world_try(w, after, "auth.resume",
                               world_args("token", json_string(text_at(ok, "token")), NULL)),
                     "session_ended");
}
END_TEST

START_TEST(an_unknown_address_fails_like_a_wrong_password)
{
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);
    struct world_person other = world_new_parent(w);
    SL_AUTO(json)
    json_t *wrong =
        world_call(w, conn, "auth.parent", parent_args(conn, parent.address, other.auth_sk));
    SL_AUTO(json)
    json_t *unknown =
        world_call(w, conn, "auth.parent", parent_args(conn, other.address, other.auth_sk));

    ck_assert_str_eq(world_code(wrong), "sign_in_failed");
    ck_assert(json_equal(json_object_get(wrong, "error"), json_object_get(unknown, "error")));
    ck_assert_uint_eq(conn->who.role, R_ANON);
}
END_TEST

START_TEST(a_signature_says_for_what_and_where)
{
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);
    uint8_t extra[32] = {1};
    json_t *args = world_args("address", json_string(parent.address), NULL);

    world_sign_in(w, conn, args, 3, parent.auth_sk, NULL);
    ck_assert_str_eq(world_try(w, conn, "auth.parent", args), "sign_in_failed");
    args = world_args("address", json_string(parent.address), NULL);
    world_sign_in(w, conn, args, 1, parent.auth_sk, extra);
    ck_assert_str_eq(world_try(w, conn, "auth.parent", args), "sign_in_failed");
    args = parent_args(conn, parent.address, parent.auth_sk);
    free(w->config->public_url);
    w->config->public_url = sl_strdup("https://send.anyshire.example/");
    ck_assert_str_eq(world_try(w, conn, "auth.parent", args), "sign_in_failed");
}
END_TEST

START_TEST(a_challenge_works_once_for_a_minute)
{
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);
    json_t *args = parent_args(conn, parent.address, parent.auth_sk);
    json_t *again = json_deep_copy(args);
    json_t *late = parent_args(conn, parent.address, parent.auth_sk);
    struct rpc_conn *thief = world_connect(w, RPC_PUBLIC);

    json_decref(world_ok(w, conn, "auth.parent", args));
    ck_assert_str_eq(world_try(w, thief, "auth.parent", again), "challenge_used");
    world_advance(w, SL_CHALLENGE_SECONDS);
    ck_assert_str_eq(world_try(w, thief, "auth.parent", late), "challenge_used");
    late = parent_args(thief, parent.address, parent.auth_sk);
    sl_fake_clock_advance(&w->clock, SL_CHALLENGE_SECONDS * 1000 - 1);
    ck_assert_str_eq(world_try(w, thief, "auth.parent", late), "ok");
    /* One that this server did not make. */
    struct rpc_conn *other = world_connect(w, RPC_PUBLIC);
    json_t *before = parent_args(other, parent.address, parent.auth_sk);
    world_restart(w);
    ck_assert_str_eq(world_try(w, other, "auth.parent", before), "challenge_used");
}
END_TEST

START_TEST(guesses_at_one_account_are_throttled)
{
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);
    struct world_person other = world_new_parent(w);

    for (int i = 0; i < 10; i++) {
        ck_assert_str_eq(
            world_try(w, conn, "auth.parent", parent_args(conn, parent.address, other.auth_sk)),
            "sign_in_failed");
    }
    SL_AUTO(json)
    json_t *limited =
        world_call(w, conn, "auth.parent", parent_args(conn, parent.address, parent.auth_sk));
    ck_assert_str_eq(world_code(limited), "rate_limited");
    ck_assert_int_eq(int_at(json_object_get(limited, "error"), "retry_after_s"), 31);
    /* Others are not: neither another account, nor staff. */
    ck_assert_str_eq(
        world_try(w, conn, "auth.parent", parent_args(conn, other.address, other.auth_sk)),
        "sign_in_failed");
    (void)world_staff(w, 1);
    world_advance(w, 31);
    ck_assert_str_eq(
        world_try(w, conn, "auth.parent", parent_args(conn, parent.address, parent.auth_sk)), "ok");
}
END_TEST

START_TEST(guesses_from_one_address_are_throttled)
{
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);
    struct rpc_conn *elsewhere = world_connect(w, RPC_PUBLIC);
    int limited = 0;

    strcpy(elsewhere->peer, "198.51.100.7");
    for (int i = 0; i < 105; i++) {
        struct world_person nobody = world_new_parent(w);
        const char *code =
            world_try(w, conn, "auth.parent", parent_args(conn, nobody.address, nobody.auth_sk));
        limited += strcmp(code, "rate_limited") == 0;
    }
    ck_assert_int_eq(limited, 5);
    ck_assert_str_eq(world_try(w, elsewhere, "auth.parent",
                               parent_args(elsewhere, parent.address, parent.auth_sk)),
                     "ok");
}
END_TEST

START_TEST(who_succeeds_is_not_throttled)
{
    for (int i = 0; i < 25; i++) {
        struct rpc_conn *conn = world_connect(w, RPC_STAFF_LISTENER);
        ck_assert_str_eq(world_try(w, conn, "auth.staff", staff_args(conn, 1)), "ok");
    }
}
END_TEST

START_TEST(who_has_left_the_roster_is_nobody)
{
    struct rpc_conn *conn = world_connect(w, RPC_STAFF_LISTENER);
    SL_AUTO(json) json_t *ok = world_ok(w, conn, "auth.staff", staff_args(conn, 1));

    world_sql(w, "UPDATE holder SET ended_serial = 1 WHERE kind = 1");
    struct rpc_conn *other = world_connect(w, RPC_STAFF_LISTENER);
    ck_assert_str_eq(world_try(w, other, "auth.staff", staff_args(other, 1)), "sign_in_failed");
    ck_assert_str_eq(world_try(w, other, "auth.resume",
                               world_args("token", json_string(text_at(ok, "token")), NULL)),
                     "session_ended");
}
END_TEST

/* ---- Cookies ---- */

START_TEST(a_ticket_becomes_a_cookie_once_within_a_minute)
{
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);
    SL_AUTO(json)
    json_t *ok =
        world_ok(w, conn, "auth.parent", parent_args(conn, parent.address, parent.auth_sk));
    SL_AUTO(str) char *cookie = cookie_for(text_at(ok, "ticket"));
    SL_AUTO(json)
    json_t *again = world_inside_call(
        w, "session.cookie", world_args("ticket", json_string(text_at(ok, "ticket")), NULL));

    ck_assert_str_eq(world_code(again), "ticket_wrong");
    struct rpc_conn *later = world_connect_with(w, cookie);
    SL_AUTO(json) json_t *resumed = world_ok(w, later, "auth.resume", NULL);
    ck_assert_str_eq(text_at(resumed, "vault"), text_at(ok, "vault"));
    ck_assert_ptr_null(json_object_get(resumed, "tab_key"));
    ck_assert(json_is_false(json_object_get(resumed, "own_device")));
    ck_assert_mem_eq(later->who.session_id, conn->who.session_id, SL_ID_BYTES);
    /* A ticket that is fetched too late. */
    struct rpc_conn *slow = world_connect(w, RPC_PUBLIC);
    SL_AUTO(json)
    json_t *second =
        world_ok(w, slow, "auth.parent", parent_args(slow, parent.address, parent.auth_sk));
    world_advance(w, SL_TICKET_SECONDS);
    SL_AUTO(json)
    json_t *late = world_inside_call(
        w, "session.cookie", world_args("ticket", json_string(text_at(second, "ticket")), NULL));
    ck_assert_str_eq(world_code(late), "ticket_wrong");
    SL_AUTO(json)
    json_t *none =
        world_inside_call(w, "session.cookie", world_args("ticket", world_random(w, 32), NULL));
    ck_assert_str_eq(world_code(none), "ticket_wrong");
}
END_TEST

START_TEST(a_ticket_of_a_session_that_has_ended_is_none)
{
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);
    SL_AUTO(json)
    json_t *ok =
        world_ok(w, conn, "auth.parent", parent_args(conn, parent.address, parent.auth_sk));

    json_decref(world_ok(w, conn, "auth.sign_out", NULL));
    SL_AUTO(json)
    json_t *late = world_inside_call(
        w, "session.cookie", world_args("ticket", json_string(text_at(ok, "ticket")), NULL));
    ck_assert_str_eq(world_code(late), "ticket_wrong");
}
END_TEST

START_TEST(a_cookie_lasts_on_an_own_device_alone)
{
    for (int own = 0; own < 2; own++) {
        struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);
        json_t *args = parent_args(conn, parent.address, parent.auth_sk);
        sl_json_set_bool(args, "own_device", own != 0);
        SL_AUTO(json) json_t *ok = world_ok(w, conn, "auth.parent", args);
        SL_AUTO(json)
        json_t *answer = world_inside_call(
            w, "session.cookie", world_args("ticket", json_string(text_at(ok, "ticket")), NULL));
        const json_t *age = json_object_get(json_object_get(answer, "ok"), "max_age_s");
        ck_assert_int_eq(own != 0      ? json_integer_value(age)
                         : age == NULL ? -1
                                       : 0,
                         own != 0 ? 14 * 86400 : -1);
    }
}
END_TEST

START_TEST(a_cookie_is_no_token_and_nonsense_is_neither)
{
    struct rpc_conn *conn = NULL;
    SL_AUTO(str) char *cookie = sign_in_with_cookie(false, &conn);
    struct rpc_conn *staff = world_connect(w, RPC_STAFF_LISTENER);
    SL_AUTO(json) json_t *signed_in = world_ok(w, staff, "auth.staff", staff_args(staff, 0));

    ck_assert_str_eq(resume(""), "session_ended");
    ck_assert_str_eq(resume("abc"), "session_ended");
    ck_assert_str_eq(resume("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "session_ended");
    ck_assert_str_eq(resume(text_at(signed_in, "token")), "session_ended");
    struct rpc_conn *other = world_connect(w, RPC_STAFF_LISTENER);
    ck_assert_str_eq(
        world_try(w, other, "auth.resume", world_args("token", json_string(cookie), NULL)),
        "session_ended");
    ck_assert_str_eq(resume(cookie), "ok");
}
END_TEST

START_TEST(half_a_key_is_kept_with_the_session)
{
    struct rpc_conn *conn = NULL;
    SL_AUTO(str) char *cookie = sign_in_with_cookie(true, &conn);
    json_t *key = world_random(w, 32);
    SL_AUTO(str) char *expected = sl_strdup(json_string_value(key));

    json_decref(world_ok(w, conn, "session.tab", world_args("tab_key", key, NULL)));
    struct rpc_conn *later = world_connect_with(w, cookie);
    SL_AUTO(json) json_t *ok = world_ok(w, later, "auth.resume", NULL);
    ck_assert_str_eq(text_at(ok, "tab_key"), expected);
    ck_assert(json_is_true(json_object_get(ok, "own_device")));
    json_decref(world_ok(w, later, "auth.sign_out", NULL));
    ck_assert_int_eq(world_number(w, "SELECT count(*) FROM session WHERE tab_key IS NOT NULL"), 0);
}
END_TEST

/* ---- The end of a session ---- */

START_TEST(a_session_ends_when_it_is_idle_and_not_before)
{
    struct rpc_conn *conn = NULL;
    SL_AUTO(str) char *cookie = sign_in_with_cookie(false, &conn);

    for (int i = 0; i < 12; i++) {
        world_advance(w, 25 * 60);
        ck_assert_str_eq(use(conn), "ok");
    }
    /* Used again within the minute in which that is not saved: it counts as well. */
    world_advance(w, 59);
    ck_assert_str_eq(use(conn), "ok");
    world_advance(w, 30 * 60);
    ck_assert_str_eq(use(conn), "ok");
    world_advance(w, 31 * 60);
    ck_assert_str_eq(use(conn), "session_ended");
    ck_assert_uint_eq(conn->who.role, R_ANON);
    ck_assert_str_eq(use(conn), "not_signed_in");
    ck_assert_str_eq(resume(cookie), "session_ended");
}
END_TEST

START_TEST(a_session_that_has_ended_does_not_come_back_by_being_used)
{
    struct rpc_conn *conn = NULL;
    SL_AUTO(str) char *cookie = sign_in_with_cookie(false, &conn);

    world_advance(w, 31 * 60);
    ck_assert_str_eq(use(conn), "session_ended");
    world_settle(w);
    ck_assert_str_eq(resume(cookie), "session_ended");
}
END_TEST

START_TEST(one_tab_keeps_the_other_signed_in)
{
    struct rpc_conn *conn = NULL;
    SL_AUTO(str) char *cookie = sign_in_with_cookie(false, &conn);
    struct rpc_conn *other = world_connect_with(w, cookie);

    json_decref(world_ok(w, other, "auth.resume", NULL));
    for (int i = 0; i < 6; i++) {
        world_advance(w, 20 * 60);
        ck_assert_str_eq(use(conn), "ok");
    }
    ck_assert_str_eq(use(other), "ok");
}
END_TEST

START_TEST(an_own_device_and_staff_have_longer)
{
    struct rpc_conn *own = NULL;
    SL_AUTO(str) char *cookie = sign_in_with_cookie(true, &own);

    world_advance(w, 12 * 3600);
    ck_assert_str_eq(use(desk), "ok");
    world_advance(w, 12 * 3600 + 60);
    ck_assert_str_eq(use(desk), "session_ended");
    ck_assert_str_eq(use(own), "ok");
    world_advance(w, 14 * 86400);
    ck_assert_str_eq(use(own), "ok");
    world_advance(w, 14 * 86400 + 60);
    ck_assert_str_eq(use(own), "session_ended");
    ck_assert_str_eq(resume(cookie), "session_ended");
}
END_TEST

START_TEST(signing_out_ends_the_sessions_other_connections)
{
    struct rpc_conn *conn = NULL;
    SL_AUTO(str) char *cookie = sign_in_with_cookie(false, &conn);
    struct rpc_conn *other = world_connect_with(w, cookie);
    uint8_t session_id[SL_ID_BYTES];

    json_decref(world_ok(w, other, "auth.resume", NULL));
    memcpy(session_id, conn->who.session_id, SL_ID_BYTES);
    json_decref(world_ok(w, conn, "auth.sign_out", NULL));
    ck_assert_uint_eq(world_ends(w, session_id), 1);
    ck_assert_uint_eq(conn->who.role, R_ANON);
    /* Should the other not be closed in time, it is told all the same. */
    ck_assert_str_eq(use(other), "session_ended");
    ck_assert_str_eq(use(home), "ok"); /* another session of the same parent */
}
END_TEST

START_TEST(what_waits_when_a_session_ends_is_not_done)
{
    SL_AUTO(buf) struct sl_buf entry = {0};

    world_message(w, &t, &parent, &entry);
    int64_t out = world_send(w, home, "auth.sign_out", NULL);
    int64_t post = world_send(w, home, "entry.post", world_post_args(&t, &entry, "text"));
    SL_AUTO(json) json_t *signed_out = world_answer(w, home, out);
    SL_AUTO(json) json_t *posted = world_answer(w, home, post);
    ck_assert_str_eq(world_code(signed_out), "ok");
    ck_assert_str_eq(world_code(posted), "session_ended");
    ck_assert_int_eq(world_number(w, "SELECT max(seq) FROM entry"), t.seq);
}
END_TEST

START_TEST(the_oldest_session_makes_room)
{
    struct rpc_conn *conns[SL_MAX_SESSIONS];

    for (size_t i = 0; i < SL_MAX_SESSIONS - 1; i++) { /* with the one at home: all there may be */
        world_advance(w, 1);
        conns[i] = world_parent(w, &parent);
    }
    ck_assert_str_eq(use(home), "ok");
    uint8_t session_id[SL_ID_BYTES];
    memcpy(session_id, home->who.session_id, SL_ID_BYTES);
    (void)world_parent(w, &parent); /* in the same second as the last */
    ck_assert_uint_eq(world_ends(w, session_id), 1);
    ck_assert_str_eq(use(home), "session_ended");
    for (size_t i = 0; i < SL_MAX_SESSIONS - 1; i++) {
        ck_assert_str_eq(use(conns[i]), "ok");
    }
    /* Another account's are not touched. */
    ck_assert_str_eq(use(desk), "ok");
}
END_TEST

START_TEST(a_new_session_is_never_the_one_that_goes)
{
    for (size_t i = 0; i < SL_MAX_SESSIONS + 5; i++) { /* all within one second */
        ck_assert_str_eq(use(world_parent(w, &parent)), "ok");
    }
    SL_AUTO(str) char *hex = sl_hex(parent.id, SL_ID_BYTES);
    SL_AUTO(str)
    char *sql = sl_strf("SELECT count(*) FROM session WHERE account_id = x'%s'", hex);
    ck_assert_int_eq(world_number(w, sql), SL_MAX_SESSIONS);
}
END_TEST

/* ---- The vault ---- */

static json_t *save(const char *replaces, const char *vault)
{
    return world_call(
        w, home, "vault.save",
        world_args("vault", json_string(vault), "replaces", json_string(replaces), NULL));
}

START_TEST(two_tabs_do_not_overwrite_each_others_vault)
{
    SL_AUTO(json) json_t *first = world_ok(w, home, "vault.get", NULL);
    SL_AUTO(json) json_t *one = world_random(w, 1064);
    SL_AUTO(json) json_t *two = world_random(w, 1064);
    SL_AUTO(json) json_t *saved = save(text_at(first, "vault_hash"), json_string_value(one));
    SL_AUTO(json) json_t *late = save(text_at(first, "vault_hash"), json_string_value(two));

    ck_assert_str_eq(world_code(saved), "ok");
    const char *hash = text_at(json_object_get(saved, "ok"), "vault_hash");
    ck_assert_str_eq(world_code(late), "vault_conflict");
    ck_assert_str_eq(text_at(json_object_get(late, "error"), "vault_hash"), hash);
    SL_AUTO(json) json_t *now = world_ok(w, home, "vault.get", NULL);
    ck_assert_str_eq(text_at(now, "vault"), json_string_value(one));
    /* The answer was lost: the same again is the same. */
    (void)world_wrote(w);
    SL_AUTO(json) json_t *again = save(text_at(first, "vault_hash"), json_string_value(one));
    ck_assert_str_eq(text_at(json_object_get(again, "ok"), "vault_hash"), hash);
    ck_assert(!world_wrote(w));
    SL_AUTO(json) json_t *merged = save(hash, json_string_value(two));
    ck_assert_str_eq(world_code(merged), "ok");
}
END_TEST

START_TEST(an_account_is_its_own)
{
    SL_AUTO(json) json_t *mine = world_ok(w, home, "account.get", NULL);
    SL_AUTO(json) json_t *theirs = world_ok(w, desk, "account.get", NULL);

    ck_assert_str_eq(text_at(mine, "address"), parent.address);
    ck_assert_int_eq(int_at(mine, "created_at"), WORLD_START_S);
    ck_assert(json_is_false(json_object_get(mine, "own_device")));
    ck_assert_ptr_null(json_object_get(theirs, "address"));
    ck_assert_str_eq(text_at(theirs, "role"), "manager");
}
END_TEST

/* ---- On disk ---- */

static bool on_disk(const void *bytes, size_t len)
{
    size_t size = 0;

    world_settle(w);
    world_sql(w, "PRAGMA wal_checkpoint(TRUNCATE)");
    SL_AUTO(str) char *all = folder_read(w->path, &size);
    return memmem(all, size, bytes, len) != NULL;
}

START_TEST(nothing_personal_is_in_the_database_in_clear)
{
    struct rpc_conn *conn = NULL;
    SL_AUTO(str) char *cookie = sign_in_with_cookie(true, &conn);
    uint8_t token[32];
    uint8_t tab_key[32];
    SL_AUTO(buf) struct sl_buf vault = {0};
    SL_AUTO(json) json_t *kept = world_ok(w, home, "vault.get", NULL);

    world_fill(w, tab_key, sizeof tab_key);
    json_decref(world_ok(w, conn, "session.tab",
                         world_args("tab_key", world_b64(tab_key, sizeof tab_key), NULL)));
    ck_assert(sl_b64_fixed(cookie, strlen(cookie), token, sizeof token));
    ck_assert(sl_b64_get(text_at(kept, "vault"), strlen(text_at(kept, "vault")), &vault));
    ck_assert(on_disk(parent.id, SL_ID_BYTES)); /* the search finds what is there */
    ck_assert(!on_disk(token, sizeof token));
    ck_assert(!on_disk(tab_key, sizeof tab_key));
    ck_assert(!on_disk(vault.data, 64));
    ck_assert(!on_disk(parent.auth_pk, SL_PK_BYTES));
    ck_assert(!on_disk(parent.address, strlen(parent.address)));
    ck_assert(!on_disk("@families.example", 17));
    ck_assert(!on_disk("Caseworker 1", 12));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rpc_session");
    TCase *tests = tcase_create("session");

    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_parent_signs_in_and_gets_their_vault);
    tcase_add_test(tests, staff_sign_in_and_get_a_token);
    tcase_add_test(tests, an_unknown_address_fails_like_a_wrong_password);
    tcase_add_test(tests, a_signature_says_for_what_and_where);
    tcase_add_test(tests, a_challenge_works_once_for_a_minute);
    tcase_add_test(tests, guesses_at_one_account_are_throttled);
    tcase_add_test(tests, guesses_from_one_address_are_throttled);
    tcase_add_test(tests, who_succeeds_is_not_throttled);
    tcase_add_test(tests, who_has_left_the_roster_is_nobody);
    tcase_add_test(tests, a_ticket_becomes_a_cookie_once_within_a_minute);
    tcase_add_test(tests, a_ticket_of_a_session_that_has_ended_is_none);
    tcase_add_test(tests, a_cookie_lasts_on_an_own_device_alone);
    tcase_add_test(tests, a_cookie_is_no_token_and_nonsense_is_neither);
    tcase_add_test(tests, half_a_key_is_kept_with_the_session);
    tcase_add_test(tests, a_session_ends_when_it_is_idle_and_not_before);
    tcase_add_test(tests, a_session_that_has_ended_does_not_come_back_by_being_used);
    tcase_add_test(tests, one_tab_keeps_the_other_signed_in);
    tcase_add_test(tests, an_own_device_and_staff_have_longer);
    tcase_add_test(tests, signing_out_ends_the_sessions_other_connections);
    tcase_add_test(tests, what_waits_when_a_session_ends_is_not_done);
    tcase_add_test(tests, the_oldest_session_makes_room);
    tcase_add_test(tests, a_new_session_is_never_the_one_that_goes);
    tcase_add_test(tests, two_tabs_do_not_overwrite_each_others_vault);
    tcase_add_test(tests, an_account_is_its_own);
    tcase_add_test(tests, nothing_personal_is_in_the_database_in_clear);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
