/* Invitations: made, listed, ended, opened with few tries, accepted once; and what they may not do.
 */
#include <check.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/json.h"
#include "common/text.h"
#include "support/world.h"

static struct world *w;
static struct rpc_conn *desk;
static struct world_person *worker;
static struct world_person parent;
static struct world_thread t;
static struct world_invite invite;

static void set_up(void)
{
    w = world_founded();
    worker = &w->staff[0];
    desk = world_staff(w, 0);
    parent = world_new_parent(w);
    world_case(w, desk, worker, "A 1", &t);
    invite = world_invite(w, desk, worker, &t, &parent);
}

static void tear_down(void)
{
    world_free(w);
}

static json_t *open_call(struct rpc_conn *conn, const struct world_invite *of, bool right)
{
    return world_call(w, conn, "invite.open", world_open_args(w, conn, of, right));
}

/* invite.open must be refused; owned: the error. */
static json_t *not_opened(const struct world_invite *of, bool right, const char *code)
{
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);
    SL_AUTO(json) json_t *answer = open_call(conn, of, right);

    ck_assert_str_eq(world_code(answer), code);
    ck_assert_uint_eq(conn->who.role, R_ANON);
    return json_incref(json_object_get(answer, "error"));
}

static void ended(const struct world_invite *of, const char *reason)
{
    SL_AUTO(json) json_t *error = not_opened(of, true, "invite_ended");

    ck_assert_str_eq(json_string_value(json_object_get(error, "reason")), reason);
}

static const char *text_at(const json_t *obj, const char *field)
{
    const char *text = json_string_value(json_object_get(obj, field));

    ck_assert_msg(text != NULL, "%s is not there", field);
    return text;
}

static json_t *listed(size_t i)
{
    SL_AUTO(json) json_t *ok = world_ok(w, desk, "invite.list", NULL);

    return json_incref(json_array_get(json_object_get(ok, "invites"), i));
}

static json_t *accept_args(struct rpc_conn *conn)
{
    SL_AUTO(buf) struct sl_buf entry = {0};

    return world_accept_args(w, conn, &t, &parent, &invite, &entry);
}

/* The parent of the invitation, come in. */
static struct rpc_conn *accept(void)
{
    struct rpc_conn *conn = world_open(w, &invite);
    SL_AUTO(buf) struct sl_buf entry = {0};

    json_decref(world_ok(w, conn, "invite.accept",
                         world_accept_args(w, conn, &t, &parent, &invite, &entry)));
    t.parent = &parent;
    world_took(&t, &entry);
    return conn;
}

/* ---- Making ---- */

START_TEST(made_again_is_made_once)
{
    struct world_thread second;
    struct world_person other = world_new_parent(w);
    struct world_invite made = world_new_invite(w, &other);

    world_case(w, desk, worker, "A 2", &second);
    json_t *args = world_make_args(w, &second, worker, &made);
    SL_AUTO(json) json_t *first = world_ok(w, desk, "invite.make", json_deep_copy(args));
    (void)world_wrote(w);
    SL_AUTO(json) json_t *again = world_ok(w, desk, "invite.make", json_deep_copy(args));
    ck_assert(json_equal(first, again));
    ck_assert(!world_wrote(w));
    /* Another parcel under the same id is another invitation. */
    sl_json_set(args, "parcel", world_random(w, 1064));
    ck_assert_str_eq(world_try(w, desk, "invite.make", args), "id_used");
    ck_assert(!world_wrote(w));
}
END_TEST

START_TEST(an_entry_is_of_one_invitation)
{
    struct world_thread second;
    struct world_person other = world_new_parent(w);
    struct world_invite made = world_new_invite(w, &other);

    world_case(w, desk, worker, "A 2", &second);
    json_t *args = world_make_args(w, &second, worker, &made);
    json_decref(world_ok(w, desk, "invite.make", json_deep_copy(args)));
    made.id[0] ^= 1;
    sl_json_set_bytes(args, "invite", made.id, SL_ID_BYTES);
    ck_assert_str_eq(world_try(w, desk, "invite.make", args), "entry_id_used");
}
END_TEST

/* An invitation that must be refused by rule 7. */
static void rule_7(struct world_thread *thread, const struct world_person *by,
                   const struct world_invite *of, const char *field, const void *bytes, size_t len)
{
    struct world_thread copy = *thread;
    json_t *args = world_make_args(w, &copy, by, of);

    if (field != NULL && bytes == NULL) {
        sl_json_set_int(args, field, (int64_t)len);
    } else if (field != NULL) {
        sl_json_set_bytes(args, field, bytes, len);
    }
    struct rpc_conn *conn = by == worker ? desk : world_staff(w, 1);
    (void)world_wrote(w);
    SL_AUTO(json) json_t *answer = world_call(w, conn, "invite.make", args);
    ck_assert_str_eq(world_code(answer), "entry_refused");
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(answer, "error"), "rule")),
                     7);
    ck_assert(!world_wrote(w));
}

START_TEST(rule_7_the_entry_is_of_the_invitation)
{
    struct world_thread second;
    struct world_person other = world_new_parent(w);
    struct world_invite made = world_new_invite(w, &other);
    uint8_t id[SL_ID_BYTES] = {1};
    uint8_t pk[SL_PK_BYTES] = {1};

    world_case(w, desk, worker, "A 2", &second);
    rule_7(&second, worker, &made, "invite", id, sizeof id);
    rule_7(&second, worker, &made, "parent", id, sizeof id);
    rule_7(&second, worker, &made, "accept_pk", pk, sizeof pk);
    rule_7(&second, worker, &made, "expires_at", NULL, (size_t)made.expires_at - 1);
}
END_TEST

START_TEST(rule_7_one_parent_for_good_and_nobody_of_the_roster)
{
    struct world_thread second;
    struct world_person other = world_new_parent(w);
    struct world_invite made = world_new_invite(w, &other);

    rule_7(&t, worker, &made, NULL, NULL, 0); /* the thread is another parent's */
    world_case(w, desk, worker, "A 2", &second);
    memcpy(made.parent_id, w->staff[2].id, SL_ID_BYTES);
    rule_7(&second, worker, &made, NULL, NULL, 0);
    memcpy(made.parent_id, w->teams[1].id, SL_ID_BYTES);
    rule_7(&second, worker, &made, NULL, NULL, 0);
    memcpy(made.parent_id, w->records.id, SL_ID_BYTES);
    rule_7(&second, worker, &made, NULL, NULL, 0);
}
END_TEST

START_TEST(rule_7_who_has_not_shown_the_key_invites_nobody)
{
    struct world_invite made = world_new_invite(w, &parent);
    struct rpc_conn *colleague = world_staff(w, 1);

    /* The case is handed over: the colleague has written nothing here yet. */
    SL_AUTO(str) char *hex = sl_hex(w->staff[1].id, SL_ID_BYTES);
    SL_AUTO(str) char *sql = sl_strf("UPDATE case_file SET caseworker_id = x'%s'", hex);
    world_sql(w, sql);
    rule_7(&t, &w->staff[1], &made, NULL, NULL, 0);
    world_post(w, colleague, &t, &w->staff[1], "card");
    struct world_thread copy = t;
    json_decref(
        world_ok(w, colleague, "invite.make", world_make_args(w, &copy, &w->staff[1], &made)));
}
END_TEST

START_TEST(an_invitation_lasts_28_days_and_not_less_than_none)
{
    struct world_thread second;
    struct world_person other = world_new_parent(w);
    struct world_invite made = world_new_invite(w, &other);

    world_case(w, desk, worker, "A 2", &second);
    struct world_thread copy = second;
    made.expires_at = WORLD_START_S;
    ck_assert_str_eq(world_try(w, desk, "invite.make", world_make_args(w, &copy, worker, &made)),
                     "bad_request");
    copy = second;
    made.expires_at = WORLD_START_S + 28 * 86400 + 3601;
    ck_assert_str_eq(world_try(w, desk, "invite.make", world_make_args(w, &copy, worker, &made)),
                     "bad_request");
    copy = second;
    made.expires_at--;
    ck_assert_str_eq(world_try(w, desk, "invite.make", world_make_args(w, &copy, worker, &made)),
                     "ok");
}
END_TEST

START_TEST(one_entry_for_each_thread)
{
    struct world_thread second;
    struct world_person other = world_new_parent(w);
    struct world_invite made = world_new_invite(w, &other);

    world_case(w, desk, worker, "A 2", &second);
    json_t *args = world_make_args(w, &second, worker, &made);
    json_t *more = world_make_args(w, &second, worker, &made);
    sl_json_append(json_object_get(args, "entries"),
                   json_deep_copy(json_array_get(json_object_get(more, "entries"), 0)));
    json_decref(more);
    ck_assert_str_eq(world_try(w, desk, "invite.make", args), "bad_request");
}
END_TEST

START_TEST(colleagues_threads_are_not_theirs_to_invite_to)
{
    struct world_invite made = world_new_invite(w, &parent);
    struct rpc_conn *colleague = world_staff(w, 1);
    struct world_thread copy = t;

    ck_assert_str_eq(
        world_try(w, colleague, "invite.make", world_make_args(w, &copy, &w->staff[1], &made)),
        "not_found");
}
END_TEST

/* ---- Listing and ending ---- */

START_TEST(the_list_says_how_it_stands)
{
    SL_AUTO(json) json_t *made = listed(0);

    ck_assert_str_eq(text_at(made, "state"), "open");
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(made, "refs"), 0)), "A 1");
    ck_assert_int_eq(json_integer_value(json_object_get(made, "tries_left")), 5);
    ck_assert_ptr_null(json_object_get(made, "opened_at"));
    world_advance(w, 10);
    json_decref(not_opened(&invite, false, "invite_wrong_code"));
    struct rpc_conn *conn = world_open(w, &invite);
    SL_AUTO(json) json_t *opened = listed(0);
    ck_assert_int_eq(json_integer_value(json_object_get(opened, "opened_at")), WORLD_START_S + 10);
    ck_assert_int_eq(json_integer_value(json_object_get(opened, "tries_left")), 4);
    json_decref(world_ok(w, conn, "invite.accept", accept_args(conn)));
    SL_AUTO(json) json_t *used = listed(0);
    ck_assert_str_eq(text_at(used, "state"), "used");
    ck_assert_int_eq(json_integer_value(json_object_get(used, "used_at")), WORLD_START_S + 10);
}
END_TEST

START_TEST(an_ended_invitation_opens_nothing)
{
    json_t *args = world_args("invite", world_b64(invite.id, SL_ID_BYTES), NULL);

    ck_assert_str_eq(world_try(w, world_staff(w, 1), "invite.end", json_deep_copy(args)),
                     "not_found");
    json_decref(world_ok(w, desk, "invite.end", json_deep_copy(args)));
    ended(&invite, "ended");
    json_decref(world_ok(w, desk, "invite.end", args)); /* twice is once */
}
END_TEST

START_TEST(an_ended_invitation_shuts_who_has_opened_it)
{
    struct rpc_conn *conn = world_open(w, &invite);
    json_t *entries =
        world_args("thread", world_b64(t.id, SL_ID_BYTES), "from", json_integer(1), NULL);

    json_decref(world_ok(w, conn, "thread.entries", json_deep_copy(entries)));
    json_decref(world_ok(w, conn, "roster.since", world_args("serial", json_integer(0), NULL)));
    json_decref(world_ok(w, desk, "invite.end",
                         world_args("invite", world_b64(invite.id, SL_ID_BYTES), NULL)));
    ck_assert_str_eq(world_try(w, conn, "thread.entries", entries), "invite_ended");
    ck_assert_str_eq(
        world_try(w, conn, "roster.since", world_args("serial", json_integer(0), NULL)),
        "invite_ended");
    ck_assert_str_eq(world_try(w, conn, "invite.accept", accept_args(conn)), "invite_ended");
}
END_TEST

START_TEST(a_later_invitation_ends_the_one_before)
{
    struct rpc_conn *conn = world_open(w, &invite);
    json_t *late = accept_args(conn);
    struct world_invite later = world_invite(w, desk, worker, &t, &parent);

    ended(&invite, "ended");
    ck_assert_str_eq(world_try(w, conn, "invite.accept", late), "invite_ended");
    invite = later;
    (void)accept();
}
END_TEST

START_TEST(what_is_used_is_not_ended)
{
    (void)accept();
    SL_AUTO(json)
    json_t *answer = world_call(w, desk, "invite.end",
                                world_args("invite", world_b64(invite.id, SL_ID_BYTES), NULL));
    ck_assert_str_eq(world_code(answer), "invite_ended");
    ck_assert_str_eq(text_at(json_object_get(answer, "error"), "reason"), "used");
}
END_TEST

/* ---- Opening ---- */

START_TEST(five_wrong_answers_end_it)
{
    for (int left = 4; left >= 0; left--) {
        SL_AUTO(json) json_t *error = not_opened(&invite, false, "invite_wrong_code");
        ck_assert_int_eq(json_integer_value(json_object_get(error, "tries_left")), left);
    }
    ended(&invite, "wrong_codes");
    SL_AUTO(json) json_t *error = not_opened(&invite, false, "invite_ended");
    ck_assert_str_eq(text_at(error, "reason"), "wrong_codes");
    SL_AUTO(json) json_t *item = listed(0);
    ck_assert_str_eq(text_at(item, "state"), "wrong_codes");
}
END_TEST

START_TEST(wrong_answers_count_across_a_restart)
{
    for (int i = 0; i < 3; i++) {
        json_decref(not_opened(&invite, false, "invite_wrong_code"));
    }
    world_settle(w);
    world_restart(w);
    json_decref(not_opened(&invite, false, "invite_wrong_code"));
    json_decref(not_opened(&invite, false, "invite_wrong_code"));
    ended(&invite, "wrong_codes");
}
END_TEST

START_TEST(many_at_once_have_five_tries_too)
{
    enum {
        MANY = 9
    };
    struct rpc_conn *conns[MANY];
    int64_t ids[MANY];
    int wrong = 0;
    int over = 0;

    for (size_t i = 0; i < MANY; i++) {
        conns[i] = world_connect(w, RPC_PUBLIC);
        ids[i] =
            world_send(w, conns[i], "invite.open", world_open_args(w, conns[i], &invite, false));
    }
    for (size_t i = 0; i < MANY; i++) {
        SL_AUTO(json) json_t *answer = world_answer(w, conns[i], ids[i]);
        wrong += strcmp(world_code(answer), "invite_wrong_code") == 0;
        over += strcmp(world_code(answer), "invite_ended") == 0;
    }
    ck_assert_int_eq(wrong, 5);
    ck_assert_int_eq(over, MANY - 5);
}
END_TEST

START_TEST(an_invitation_expires)
{
    struct rpc_conn *conn = world_open(w, &invite);
    json_t *late = accept_args(conn);

    world_advance(w, 14 * 86400 - 1);
    (void)world_open(w, &invite);
    world_advance(w, 1);
    ended(&invite, "expired");
    SL_AUTO(json) json_t *answer = world_call(w, conn, "invite.accept", late);
    ck_assert_str_ne(world_code(answer), "ok");
    ck_assert_uint_eq(conn->who.role, R_ANON); /* idle for far too long as well */
    desk = world_staff(w, 0);
    SL_AUTO(json) json_t *item = listed(0);
    ck_assert_str_eq(text_at(item, "state"), "expired");
}
END_TEST

START_TEST(an_invitee_who_does_nothing_is_forgotten)
{
    struct rpc_conn *conn = world_open(w, &invite);
    json_t *entries =
        world_args("thread", world_b64(t.id, SL_ID_BYTES), "from", json_integer(1), NULL);

    for (int i = 0; i < 3; i++) {
        world_advance(w, 30 * 60);
        ck_assert_str_eq(world_try(w, conn, "thread.entries", json_deep_copy(entries)), "ok");
    }
    world_advance(w, 30 * 60 + 1);
    ck_assert_str_eq(world_try(w, conn, "thread.entries", entries), "not_signed_in");
}
END_TEST

START_TEST(what_is_not_there_looks_like_what_has_ended)
{
    struct world_invite none = world_new_invite(w, &parent);

    ended(&none, "unknown");
}
END_TEST

START_TEST(an_answer_is_for_this_invitation_and_once)
{
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);
    json_t *args = world_open_args(w, conn, &invite, true);

    /* A parent's signature by the same key is no invitee's. */
    json_t *other = world_args("invite", world_b64(invite.id, SL_ID_BYTES), NULL);
    world_sign_in(w, conn, other, 1, invite.accept_sk, NULL);
    ck_assert_str_eq(world_try(w, conn, "invite.open", other), "invite_wrong_code");
    /* Nobody answers twice with one challenge. */
    struct rpc_conn *thief = world_connect(w, RPC_PUBLIC);
    json_decref(world_ok(w, conn, "invite.open", json_deep_copy(args)));
    ck_assert_str_eq(world_try(w, thief, "invite.open", args), "challenge_used");
    struct rpc_conn *staff = world_connect(w, RPC_STAFF_LISTENER);
    ck_assert_str_eq(world_try(w, staff, "invite.open", world_open_args(w, staff, &invite, true)),
                     "forbidden");
}
END_TEST

START_TEST(guesses_are_throttled_before_they_are_looked_at)
{
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);
    struct world_invite none = world_new_invite(w, &parent);
    int limited = 0;

    for (int i = 0; i < 12; i++) {
        SL_AUTO(json) json_t *answer = open_call(conn, &none, true);
        if (strcmp(world_code(answer), "rate_limited") == 0) {
            ck_assert_int_ge(json_integer_value(json_object_get(json_object_get(answer, "error"),
                                                                "retry_after_s")),
                             1);
            limited++;
        }
    }
    ck_assert_int_eq(limited, 2);
}
END_TEST

START_TEST(an_invitee_reads_the_threads_of_the_invitation_and_no_others)
{
    struct world_thread second;
    struct rpc_conn *conn = world_open(w, &invite);

    world_case(w, desk, worker, "A 2", &second);
    ck_assert_str_eq(world_try(w, conn, "thread.entries",
                               world_args("thread", world_b64(second.id, SL_ID_BYTES), "from",
                                          json_integer(1), NULL)),
                     "not_found");
}
END_TEST

/* ---- Accepting ---- */

START_TEST(accepting_makes_an_account_and_a_session)
{
    struct rpc_conn *conn = world_open(w, &invite);
    SL_AUTO(json) json_t *ok = world_ok(w, conn, "invite.accept", accept_args(conn));

    ck_assert_uint_eq(conn->who.role, R_PARENT);
    ck_assert_mem_eq(conn->who.account_id, parent.id, SL_ID_BYTES);
    (void)text_at(ok, "ticket");
    ck_assert_int_eq(json_integer_value(json_object_get(ok, "idle_s")), 30 * 60);
    SL_AUTO(json) json_t *account = world_ok(w, conn, "account.get", NULL);
    ck_assert_str_eq(text_at(account, "address"), parent.address);
    (void)world_parent(w, &parent);
    ended(&invite, "used");
}
END_TEST

START_TEST(accepted_twice_is_accepted_once)
{
    struct rpc_conn *conn = world_open(w, &invite);
    json_t *args = accept_args(conn);
    json_t *again = json_deep_copy(args);
    uint8_t vault[1064];
    uint8_t extra[32];
    SL_AUTO(buf) struct sl_buf bytes = {0};

    /* Sent twice before an answer: a challenge for each, and the rest the same. */
    ck_assert(sl_b64_get(text_at(args, "vault"), strlen(text_at(args, "vault")), &bytes));
    memcpy(vault, bytes.data, sizeof vault);
    sl_auth_change_extra(parent.auth_pk, vault, sizeof vault, extra);
    world_sign_in(w, conn, again, 4, invite.accept_sk, extra);
    int64_t one = world_send(w, conn, "invite.accept", args);
    int64_t two = world_send(w, conn, "invite.accept", again);
    SL_AUTO(json) json_t *first = world_answer(w, conn, one);
    SL_AUTO(json) json_t *second = world_answer(w, conn, two);
    ck_assert_str_eq(world_code(first), "ok");
    ck_assert_str_eq(world_code(second), "ok");
    ck_assert(json_equal(json_object_get(json_object_get(first, "ok"), "results"),
                         json_object_get(json_object_get(second, "ok"), "results")));
    ck_assert_int_eq(world_number(w, "SELECT count(*) FROM entry WHERE type = 4"), 1);
    SL_AUTO(json) json_t *told = world_pushes(w, worker->id);
    size_t used = 0;
    for (size_t i = 0; i < json_array_size(told); i++) {
        used += strcmp(text_at(json_array_get(told, i), "event"), "invite.used") == 0;
    }
    ck_assert_uint_eq(used, 1);
}
END_TEST

START_TEST(an_acceptance_is_signed_whole)
{
    struct rpc_conn *conn = world_open(w, &invite);
    json_t *args = accept_args(conn);

    sl_json_set(args, "vault", world_random(w, 1064));
    ck_assert_str_eq(world_try(w, conn, "invite.accept", args), "signature_wrong");
    args = accept_args(conn);
    sl_json_set(args, "auth_pk", world_random(w, 32));
    ck_assert_str_eq(world_try(w, conn, "invite.accept", args), "signature_wrong");
    /* By the code, not by the keys that it brings. */
    struct world_invite by_parent = invite;
    memcpy(by_parent.accept_sk, parent.auth_sk, sizeof by_parent.accept_sk);
    SL_AUTO(buf) struct sl_buf entry = {0};
    args = world_accept_args(w, conn, &t, &parent, &by_parent, &entry);
    ck_assert_str_eq(world_try(w, conn, "invite.accept", args), "signature_wrong");
    ck_assert_str_eq(world_try(w, conn, "invite.accept", accept_args(conn)), "ok");
}
END_TEST

START_TEST(an_acceptance_is_for_every_thread_once)
{
    struct world_thread second;
    struct rpc_conn *conn = world_open(w, &invite);

    world_case(w, desk, worker, "A 2", &second);
    json_t *args = accept_args(conn);
    SL_AUTO(buf) struct sl_buf entry = {0};
    second.invite_seq = 1;
    world_keys_entry(w, &second, &parent, &invite, &entry);
    sl_json_append(json_object_get(args, "entries"), world_entry_args(&second, &entry));
    (void)world_wrote(w);
    ck_assert_str_eq(world_try(w, conn, "invite.accept", args), "bad_request");
    args = accept_args(conn);
    json_t *entries = json_object_get(args, "entries");
    sl_json_append(entries, json_deep_copy(json_array_get(entries, 0)));
    ck_assert_str_eq(world_try(w, conn, "invite.accept", args), "bad_request");
    args = accept_args(conn);
    (void)json_array_set_new(json_object_get(args, "entries"), 0,
                             world_entry_args(&second, &entry));
    ck_assert_str_eq(world_try(w, conn, "invite.accept", args), "bad_request");
    ck_assert(!world_wrote(w));
    ck_assert_uint_eq(conn->who.role, R_INVITEE);
}
END_TEST

/* An acceptance whose keys entry must be refused by rule 7, or another. */
static void keys_refused(struct rpc_conn *conn, const struct sl_buf *entry, int rule)
{
    json_t *args = accept_args(conn);

    (void)json_array_set_new(json_object_get(args, "entries"), 0, world_entry_args(&t, entry));
    (void)world_wrote(w);
    SL_AUTO(json) json_t *answer = world_call(w, conn, "invite.accept", args);
    ck_assert_str_eq(world_code(answer), "entry_refused");
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(answer, "error"), "rule")),
                     rule);
    ck_assert(!world_wrote(w));
    ck_assert_uint_eq(conn->who.role, R_INVITEE);
}

static void keys_entry(const struct sl_keys_body *body, const struct world_person *by,
                       struct sl_buf *out)
{
    struct sl_header h = world_header(w, &t, by, SL_ENTRY_KEYS);
    SL_AUTO(buf) struct sl_buf bytes = {0};

    sl_keys_body_put(&bytes, body);
    world_sign(&h, bytes.data, bytes.len, by, out);
}

static struct sl_keys_body keys_body(uint32_t by, const uint8_t box_pk[SL_PK_BYTES],
                                     const uint8_t *sk)
{
    struct sl_keys_body body = {.by = by};
    SL_AUTO(buf) struct sl_buf proof = {0};

    memcpy(body.sign_pk, parent.sign_pk, SL_PK_BYTES);
    memcpy(body.box_pk, box_pk, SL_PK_BYTES);
    sl_keys_proof_put(&proof, t.id, parent.id, &body);
    (void)crypto_sign_detached(body.proof, NULL, proof.data, proof.len, sk);
    return body;
}

START_TEST(rule_7_keys_are_by_the_invitation_and_proven)
{
    static const uint8_t small_order[SL_PK_BYTES] = {1};
    static const uint8_t zero[SL_PK_BYTES];
    struct rpc_conn *conn = world_open(w, &invite);
    const struct sl_keys_body bodies[] = {
        keys_body(t.invite_seq + 1, parent.box_pk, invite.accept_sk),
        keys_body(1, parent.box_pk, invite.accept_sk),
        keys_body(0, parent.box_pk, invite.accept_sk), /* by old keys that there are none of */
        keys_body(t.invite_seq, small_order, invite.accept_sk),
        keys_body(t.invite_seq, zero, invite.accept_sk),
        keys_body(t.invite_seq, parent.box_pk, parent.sign_sk),
    };

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        SL_AUTO(buf) struct sl_buf entry = {0};
        keys_entry(&bodies[i], &parent, &entry);
        keys_refused(conn, &entry, 7);
    }
    /* Rule 4: signed by other keys than those it brings. Rule 3: somebody else's name. */
    struct world_person other = world_new_parent(w);
    struct sl_keys_body body = keys_body(t.invite_seq, parent.box_pk, invite.accept_sk);
    SL_AUTO(buf) struct sl_buf foreign = {0};
    SL_AUTO(buf) struct sl_buf named = {0};
    struct world_person mixed = parent;
    memcpy(mixed.sign_sk, other.sign_sk, sizeof mixed.sign_sk);
    keys_entry(&body, &mixed, &foreign);
    keys_refused(conn, &foreign, 4);
    keys_entry(&body, &other, &named);
    keys_refused(conn, &named, 3);
    /* And what is no keys entry at all. */
    SL_AUTO(buf) struct sl_buf message = {0};
    world_message(w, &t, &parent, &message);
    keys_refused(conn, &message, 5);
}
END_TEST

START_TEST(keys_that_come_late_are_out_of_date)
{
    struct rpc_conn *conn = world_open(w, &invite);
    json_t *args = accept_args(conn);

    world_post(w, desk, &t, worker, "text");
    SL_AUTO(json) json_t *answer = world_call(w, conn, "invite.accept", args);
    ck_assert_str_eq(world_code(answer), "entry_stale");
    (void)text_at(json_object_get(answer, "error"), "thread");
    json_decref(world_ok(w, conn, "invite.accept", accept_args(conn)));
}
END_TEST

START_TEST(an_address_is_of_one_account)
{
    struct world_person other;
    struct world_thread theirs;
    struct rpc_conn *conn = world_open(w, &invite);

    (void)world_family(w, world_staff(w, 1), &w->staff[1], "B 1", &theirs, &other);
    json_t *args = accept_args(conn);
    sl_json_set_str(args, "address", other.address);
    (void)world_wrote(w);
    ck_assert_str_eq(world_try(w, conn, "invite.accept", args), "address_used");
    ck_assert(!world_wrote(w));
    json_decref(world_ok(w, conn, "invite.accept", accept_args(conn)));
}
END_TEST

/* ---- Coming back ---- */

START_TEST(a_forgotten_password_is_replaced_with_keys_vault_and_sessions)
{
    struct rpc_conn *before = accept();
    struct world_person fresh = world_new_parent(w);
    struct rpc_conn *other_tab = world_parent(w, &parent);
    struct world_person old = parent;

    memcpy(fresh.id, parent.id, SL_ID_BYTES);
    memcpy(fresh.address, parent.address, sizeof fresh.address);
    parent = fresh;
    invite = world_invite(w, desk, worker, &t, &parent);
    struct rpc_conn *after = accept();
    ck_assert_uint_eq(world_ends(w, before->who.session_id), 1);
    ck_assert_uint_eq(world_ends(w, other_tab->who.session_id), 1);
    ck_assert_str_eq(world_try(w, before, "vault.get", NULL), "session_ended");
    ck_assert_str_eq(world_try(w, after, "vault.get", NULL), "ok");
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);
    json_t *args = world_args("address", json_string(old.address), NULL);
    world_sign_in(w, conn, args, 1, old.auth_sk, NULL);
    ck_assert_str_eq(world_try(w, conn, "auth.parent", args), "sign_in_failed");
    (void)world_parent(w, &parent);
    /* The old keys write nothing more. */
    SL_AUTO(buf) struct sl_buf entry = {0};
    world_message(w, &t, &old, &entry);
    ck_assert_str_eq(world_try(w, after, "entry.post", world_post_args(&t, &entry, "text")),
                     "entry_refused");
    world_post(w, after, &t, &parent, "text");
}
END_TEST

START_TEST(a_sign_in_that_was_checked_before_a_new_password_came_does_not_count)
{
    (void)accept();
    struct world_person old = parent;
    struct world_person fresh = world_new_parent(w);

    memcpy(fresh.id, parent.id, SL_ID_BYTES);
    memcpy(fresh.address, parent.address, sizeof fresh.address);
    parent = fresh;
    invite = world_invite(w, desk, worker, &t, &parent);
    struct rpc_conn *conn = world_open(w, &invite);
    struct rpc_conn *thief = world_connect(w, RPC_PUBLIC);
    json_t *accept_now = accept_args(conn);
    json_t *sign_in = world_args("address", json_string(old.address), NULL);
    const struct timespec moment = {.tv_nsec = 200000000};
    world_sign_in(w, thief, sign_in, 1, old.auth_sk, NULL);
    /* Nothing is written while this is open, so both have passed their checks before either runs.
     */
    world_sql(w, "BEGIN IMMEDIATE");
    int64_t first = world_send(w, conn, "invite.accept", accept_now);
    (void)nanosleep(&moment, NULL);
    int64_t second = world_send(w, thief, "auth.parent", sign_in);
    (void)nanosleep(&moment, NULL);
    world_sql(w, "COMMIT");
    SL_AUTO(json) json_t *accepted = world_answer(w, conn, first);
    SL_AUTO(json) json_t *signed_in = world_answer(w, thief, second);
    ck_assert_str_eq(world_code(accepted), "ok");
    ck_assert_str_eq(world_code(signed_in), "sign_in_failed");
    ck_assert_uint_eq(thief->who.role, R_ANON);
}
END_TEST

START_TEST(an_old_acceptance_does_not_get_round_a_newer_password)
{
    struct rpc_conn *conn = world_open(w, &invite);
    json_t *args = accept_args(conn);
    json_t *again = json_deep_copy(args);
    uint8_t extra[32];
    SL_AUTO(buf) struct sl_buf vault = {0};

    ck_assert(sl_b64_get(text_at(args, "vault"), strlen(text_at(args, "vault")), &vault));
    sl_auth_change_extra(parent.auth_pk, vault.data, vault.len, extra);
    world_sign_in(w, conn, again, 4, invite.accept_sk, extra);
    /* A second connection that has opened it as well, and stays open. */
    struct rpc_conn *thief = world_open(w, &invite);
    SL_AUTO(buf) struct sl_buf entry = {0};
    ck_assert(sl_b64_get(
        text_at(json_array_get(json_object_get(args, "entries"), 0), "entry"),
        strlen(text_at(json_array_get(json_object_get(args, "entries"), 0), "entry")), &entry));
    json_decref(world_ok(w, conn, "invite.accept", args));
    t.parent = &parent;
    world_took(&t, &entry);
    struct world_person fresh = world_new_parent(w);
    memcpy(fresh.id, parent.id, SL_ID_BYTES);
    memcpy(fresh.address, parent.address, sizeof fresh.address);
    parent = fresh;
    invite = world_invite(w, desk, worker, &t, &parent);
    (void)accept();
    ck_assert_str_eq(world_try(w, thief, "invite.accept", again), "invite_ended");
    ck_assert_uint_ne(thief->who.role, R_PARENT);
}
END_TEST

/* A second child's thread, by the same caseworker or another. */
static struct world_thread second_child(struct rpc_conn *at, const struct world_person *by)
{
    struct world_thread second;

    world_case(w, at, by, "C 1", &second);
    invite = world_invite(w, at, by, &second, &parent);
    return second;
}

static json_t *adding_args(struct rpc_conn *conn, const struct world_thread *second,
                           const char *replaces)
{
    SL_AUTO(buf) struct sl_buf entry = {0};
    json_t *args = world_accept_args(w, conn, second, &parent, &invite, &entry);

    sl_json_set_str(args, "replaces", replaces);
    return args;
}

START_TEST(a_second_child_is_added_without_losing_anything)
{
    struct rpc_conn *home = accept();
    struct rpc_conn *colleague = world_staff(w, 1);
    SL_AUTO(json) json_t *vault = world_ok(w, home, "vault.get", NULL);
    SL_AUTO(str) char *now = sl_strdup(text_at(vault, "vault_hash"));
    struct world_thread second = second_child(colleague, &w->staff[1]);
    struct rpc_conn *conn = world_open(w, &invite);

    /* Made from a vault that somebody has replaced meanwhile. */
    json_decref(
        world_ok(w, home, "vault.save",
                 world_args("vault", world_random(w, 1064), "replaces", json_string(now), NULL)));
    SL_AUTO(json)
    json_t *conflict = world_call(w, conn, "invite.accept", adding_args(conn, &second, now));
    ck_assert_str_eq(world_code(conflict), "vault_conflict");
    const char *newest = text_at(json_object_get(conflict, "error"), "vault_hash");
    json_decref(world_ok(w, conn, "invite.accept", adding_args(conn, &second, newest)));
    /* The other tab is still signed in. */
    ck_assert_uint_eq(world_ends(w, home->who.session_id), 0);
    SL_AUTO(json) json_t *list = world_ok(w, home, "thread.list", NULL);
    ck_assert_uint_eq(json_array_size(json_object_get(list, "threads")), 2);
}
END_TEST

START_TEST(a_strangers_invitation_takes_nobodys_account_over)
{
    struct rpc_conn *home = accept();
    struct rpc_conn *colleague = world_staff(w, 1);
    struct world_person real = parent;
    struct world_thread second = second_child(colleague, &w->staff[1]);
    struct rpc_conn *conn = world_open(w, &invite);
    SL_AUTO(buf) struct sl_buf entry = {0};
    SL_AUTO(json) json_t *vault = world_ok(w, home, "vault.get", NULL);

    /* The colleague, who knows link and code, accepts in the parent's place. */
    struct world_person thief = world_new_parent(w);
    memcpy(thief.id, parent.id, SL_ID_BYTES);
    memcpy(thief.address, parent.address, sizeof thief.address);
    (void)world_wrote(w);
    ck_assert_str_eq(world_try(w, conn, "invite.accept",
                               world_accept_args(w, conn, &second, &thief, &invite, &entry)),
                     "forbidden");
    parent = thief;
    ck_assert_str_eq(world_try(w, conn, "invite.accept",
                               adding_args(conn, &second, text_at(vault, "vault_hash"))),
                     "forbidden");
    ck_assert(!world_wrote(w));
    ck_assert_str_eq(world_try(w, home, "vault.get", NULL), "ok");
    (void)world_parent(w, &real);
}
END_TEST

START_TEST(nothing_is_added_to_an_account_that_is_not_there)
{
    struct rpc_conn *conn = world_open(w, &invite);
    json_t *args = accept_args(conn);

    sl_json_set(args, "replaces", world_random(w, 32));
    ck_assert_str_eq(world_try(w, conn, "invite.accept", args), "forbidden");
    ck_assert_uint_eq(conn->who.role, R_INVITEE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rpc_invite");
    TCase *tests = tcase_create("invite");

    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, made_again_is_made_once);
    tcase_add_test(tests, an_entry_is_of_one_invitation);
    tcase_add_test(tests, rule_7_the_entry_is_of_the_invitation);
    tcase_add_test(tests, rule_7_one_parent_for_good_and_nobody_of_the_roster);
    tcase_add_test(tests, rule_7_who_has_not_shown_the_key_invites_nobody);
    tcase_add_test(tests, an_invitation_lasts_28_days_and_not_less_than_none);
    tcase_add_test(tests, one_entry_for_each_thread);
    tcase_add_test(tests, colleagues_threads_are_not_theirs_to_invite_to);
    tcase_add_test(tests, the_list_says_how_it_stands);
    tcase_add_test(tests, an_ended_invitation_opens_nothing);
    tcase_add_test(tests, an_ended_invitation_shuts_who_has_opened_it);
    tcase_add_test(tests, a_later_invitation_ends_the_one_before);
    tcase_add_test(tests, what_is_used_is_not_ended);
    tcase_add_test(tests, five_wrong_answers_end_it);
    tcase_add_test(tests, wrong_answers_count_across_a_restart);
    tcase_add_test(tests, many_at_once_have_five_tries_too);
    tcase_add_test(tests, an_invitation_expires);
    tcase_add_test(tests, an_invitee_who_does_nothing_is_forgotten);
    tcase_add_test(tests, what_is_not_there_looks_like_what_has_ended);
    tcase_add_test(tests, an_answer_is_for_this_invitation_and_once);
    tcase_add_test(tests, guesses_are_throttled_before_they_are_looked_at);
    tcase_add_test(tests, an_invitee_reads_the_threads_of_the_invitation_and_no_others);
    tcase_add_test(tests, accepting_makes_an_account_and_a_session);
    tcase_add_test(tests, accepted_twice_is_accepted_once);
    tcase_add_test(tests, an_acceptance_is_signed_whole);
    tcase_add_test(tests, an_acceptance_is_for_every_thread_once);
    tcase_add_test(tests, rule_7_keys_are_by_the_invitation_and_proven);
    tcase_add_test(tests, keys_that_come_late_are_out_of_date);
    tcase_add_test(tests, an_address_is_of_one_account);
    tcase_add_test(tests, a_forgotten_password_is_replaced_with_keys_vault_and_sessions);
    tcase_add_test(tests, a_sign_in_that_was_checked_before_a_new_password_came_does_not_count);
    tcase_add_test(tests, an_old_acceptance_does_not_get_round_a_newer_password);
    tcase_add_test(tests, a_second_child_is_added_without_losing_anything);
    tcase_add_test(tests, a_strangers_invitation_takes_nobodys_account_over);
    tcase_add_test(tests, nothing_is_added_to_an_account_that_is_not_there);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
