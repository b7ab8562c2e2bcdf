/*
 * Arguments of every call, from the tables: what is missing, unknown, of a wrong type or too large
 * is refused by name, and changes nothing.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "support/world.h"

enum {
    MAX_ARGS = 8
};

static struct world *w;
static struct rpc_conn *anon[2], *invitee, *parent_conn, *desk;
static struct world_thread t, second;
static struct world_person parent, other;
static struct world_invite invite;

static void set_up(void)
{
    w = world_founded();
    desk = world_staff(w, 0);
    parent_conn = world_family(w, desk, &w->staff[0], "A 1", &t, &parent);
    world_post(w, parent_conn, &t, &parent, "text");
    other = world_new_parent(w);
    world_case(w, desk, &w->staff[0], "A 2", &second);
    invite = world_invite(w, desk, &w->staff[0], &second, &other);
    invitee = world_open(w, &invite);
    anon[RPC_PUBLIC] = world_connect(w, RPC_PUBLIC);
    anon[RPC_STAFF_LISTENER] = world_connect(w, RPC_STAFF_LISTENER);
}

static void tear_down(void)
{
    world_free(w);
}

/* ---- Who calls it, and with what that would do ---- */

static struct rpc_conn *caller_of(const struct rpc_route *r)
{
    if ((r->who & R_STAFF) != 0) {
        return desk;
    }
    if ((r->who & R_PARENT) != 0) {
        return parent_conn;
    }
    if ((r->who & R_INVITEE) != 0) {
        return invitee;
    }
    bool staff = strcmp(r->name, "auth.staff") == 0 || strcmp(r->name, "service.init") == 0 ||
                 strcmp(r->name, "auth.resume") == 0;
    return anon[staff ? RPC_STAFF_LISTENER : RPC_PUBLIC];
}

static json_t *message_entry(void)
{
    SL_AUTO(buf) struct sl_buf entry = {0};

    world_message(w, &t, &w->staff[0], &entry);
    return world_post_args(&t, &entry, "text");
}

static json_t *acceptance(struct rpc_conn *conn)
{
    SL_AUTO(buf) struct sl_buf entry = {0};

    return world_accept_args(w, conn, &second, &other, &invite, &entry);
}

/* Arguments of the right form for a call of this name. */
static json_t *good_args(const char *name)
{
    struct world_thread fresh;
    uint8_t id[SL_ID_BYTES];

    world_fill(w, id, sizeof id);
    if (strcmp(name, "auth.parent") == 0) {
        json_t *args = world_args("address", json_string(parent.address), NULL);
        world_sign_in(w, anon[RPC_PUBLIC], args, 1, parent.auth_sk, NULL);
        return args;
    }
    if (strcmp(name, "auth.staff") == 0) {
        json_t *args = world_args("staff", world_b64(w->staff[0].id, SL_ID_BYTES), NULL);
        world_sign_in(w, anon[RPC_STAFF_LISTENER], args, 2, w->staff[0].sign_sk, NULL);
        return args;
    }
    if (strcmp(name, "auth.resume") == 0) {
        return world_args("token", world_random(w, 32), NULL);
    }
    if (strcmp(name, "case.add") == 0) {
        return world_case_args(w, &fresh, &w->staff[0], "A 3");
    }
    if (strcmp(name, "entry.post") == 0) {
        return message_entry();
    }
    if (strcmp(name, "invite.accept") == 0) {
        return acceptance(invitee);
    }
    if (strcmp(name, "invite.end") == 0) {
        return world_args("invite", world_b64(id, sizeof id), NULL);
    }
    if (strcmp(name, "invite.make") == 0) {
        struct world_person third = world_new_parent(w);
        struct world_invite made = world_new_invite(w, &third);
        struct world_thread copy = second;
        return world_make_args(w, &copy, &w->staff[0], &made);
    }
    if (strcmp(name, "invite.open") == 0) {
        return world_open_args(w, anon[RPC_PUBLIC], &invite, true);
    }
    if (strcmp(name, "roster.since") == 0) {
        return world_args("serial", json_integer(0), NULL);
    }
    if (strcmp(name, "service.init") == 0) {
        json_t *args = world_founding(w);
        sl_json_set_str(args, "token", "token");
        return args;
    }
    if (strcmp(name, "session.cookie") == 0) {
        return world_args("ticket", world_random(w, 32), NULL);
    }
    if (strcmp(name, "session.tab") == 0) {
        return world_args("tab_key", world_random(w, 32), NULL);
    }
    if (strcmp(name, "sync") == 0) {
        return world_args("after", json_integer(0), NULL);
    }
    if (strcmp(name, "thread.entries") == 0) {
        return world_args("thread", world_b64(t.id, SL_ID_BYTES), "from", json_integer(1), NULL);
    }
    if (strcmp(name, "thread.no_reply_needed") == 0) {
        return world_args("thread", world_b64(t.id, SL_ID_BYTES), "seq", json_integer(t.seq), NULL);
    }
    if (strcmp(name, "vault.save") == 0) {
        return world_args("vault", world_random(w, 1064), "replaces", world_random(w, 32), NULL);
    }
    return sl_json_new();
}

static const char *answer_to(const struct rpc_route *r, json_t *take_args)
{
    if (r->who == R_HTTP) {
        SL_AUTO(json) json_t *answer = world_inside_call(w, r->name, take_args);
        return world_code(answer);
    }
    return world_try(w, caller_of(r), r->name, take_args);
}

static void refused(const struct rpc_route *r, json_t *take_args, const char *what)
{
    SL_AUTO(str) char *text = sl_json_text(take_args, NULL);
    const char *code = answer_to(r, take_args);

    ck_assert_msg(strcmp(code, "bad_request") == 0, "%s with %s: %s, %.300s", r->name, what, code,
                  text);
}

/* ---- Names and types of a call's arguments, from its "name:type name:type?" ---- */

struct arg {
    char name[32];
    char type[16];
    bool optional;
};

static size_t args_of(const struct rpc_route *r, struct arg out[MAX_ARGS])
{
    size_t count = 0;

    for (const char *at = r->args; *at != '\0'; count++) {
        size_t len = strcspn(at, " ");
        ck_assert_uint_lt(count, MAX_ARGS);
        ck_assert_int_eq(sscanf(at, "%31[a-z_]:%15[a-z0-9]", out[count].name, out[count].type), 2);
        out[count].optional = at[len - 1] == '?';
        at += len + (at[len] == ' ' ? 1 : 0);
    }
    return count;
}

static json_t *text_of(size_t n)
{
    SL_AUTO(str) char *text = sl_alloc(n + 1);

    memset(text, 'A', n);
    return json_string(text);
}

static void add(json_t *list, json_t *take)
{
    sl_json_append(list, take);
}

static json_t *one(json_t *take)
{
    json_t *list = sl_json_new_array();

    sl_json_append(list, take);
    return list;
}

/* {thread, entry} with one thing wrong, as lists. */
static void add_wrong_entries(json_t *wrong)
{
    add(wrong, sl_json_new_array());
    add(wrong, one(json_integer(1)));
    add(wrong, one(json_null()));
    add(wrong, one(sl_json_new()));
    add(wrong, one(world_args("thread", world_random(w, 16), NULL)));
    add(wrong, one(world_args("entry", world_random(w, 500), NULL)));
    add(wrong, one(world_args("thread", world_random(w, 15), "entry", world_random(w, 500), NULL)));
    add(wrong, one(world_args("thread", world_random(w, 16), "entry", json_string(""), NULL)));
    add(wrong, one(world_args("thread", world_random(w, 16), "entry",
                              text_of((SL_MAX_ENTRY_BYTES + 3) / 3 * 4), NULL)));
    add(wrong, one(world_args("thread", world_random(w, 16), "entry", world_random(w, 500), "more",
                              json_integer(1), NULL)));
    json_t *many = sl_json_new_array();
    for (int i = 0; i < 65; i++) {
        add(many, world_args("thread", world_random(w, 16), "entry", world_random(w, 3), NULL));
    }
    add(wrong, many);
}

/* Values that no argument of this type takes: an owned array. */
static json_t *wrong_of(const struct arg *arg)
{
    const char *type = arg->type;
    json_t *wrong = sl_json_new_array();
    bool text = strcmp(type, "str") == 0 || strcmp(type, "word") == 0;
    bool bytes = type[0] == 'b' && (type[1] == 'y' || (type[1] >= '0' && type[1] <= '9'));
    bool list = strcmp(type, "list") == 0 || strcmp(type, "entries") == 0;

    add(wrong, sl_json_new());
    if (!list) {
        add(wrong, sl_json_new_array());
    }
    if (strcmp(type, "bool") != 0) {
        add(wrong, json_true());
    }
    if (strcmp(type, "int") != 0) {
        add(wrong, json_integer(0));
    } else {
        add(wrong, json_integer(-1));
        if (strcmp(arg->name, "after") != 0) { /* of the events of a server that is ahead */
            add(wrong, json_integer((INT64_C(1) << 53) - 1));
        }
    }
    if (!text && !bytes) {
        add(wrong, json_string("1"));
    }
    if (text) {
        add(wrong, json_string(""));
        add(wrong, text_of(5000));
    }
    if (bytes) {
        add(wrong, json_string(""));
        add(wrong, json_string("====")); /* padding */
        add(wrong, json_string("+/+/")); /* the other alphabet */
        add(wrong, json_string("A"));    /* of no length */
        add(wrong, text_of(200000));
    }
    if (bytes && type[1] != 'y') {
        size_t n = strtoul(type + 1, NULL, 10);
        add(wrong, world_random(w, n - 1));
        add(wrong, world_random(w, n + 1));
        json_t *bits = world_random(w, n);
        SL_AUTO(str) char *stray = sl_strdup(json_string_value(bits));
        stray[strlen(stray) - 1] = '_'; /* bits that belong to no byte, where there are any */
        if (n % 3 != 0) {
            add(wrong, json_string(stray));
        }
        json_decref(bits);
    }
    if (strcmp(type, "entries") == 0) {
        add_wrong_entries(wrong);
    }
    return wrong;
}

/* ---- The tests, one for each route ---- */

START_TEST(good_arguments_are_not_refused_for_their_form)
{
    const struct rpc_route *r = &rpc_routes[_i];

    ck_assert_str_ne(answer_to(r, good_args(r->name)), "bad_request");
}
END_TEST

START_TEST(unknown_arguments_are_refused)
{
    const struct rpc_route *r = &rpc_routes[_i];
    static const char *const names[] = {"more", "", "thread:b16", "Entry", "__proto__"};

    json_t *base = good_args(r->name);
    (void)world_wrote(w);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        json_t *args = json_deep_copy(base);
        sl_json_set_int(args, names[i], 1);
        refused(r, args, names[i]);
    }
    ck_assert(!world_wrote(w));
    json_decref(base);
}
END_TEST

START_TEST(missing_arguments_are_refused)
{
    const struct rpc_route *r = &rpc_routes[_i];
    struct arg args[MAX_ARGS];
    size_t count = args_of(r, args);

    json_t *base = good_args(r->name);
    (void)world_wrote(w);
    for (size_t i = 0; i < count; i++) {
        bool needed = !args[i].optional || (strcmp(args[i].name, "act") == 0) ||
                      strcmp(args[i].name, "from") == 0;
        if (needed) {
            json_t *without = json_deep_copy(base);
            (void)json_object_del(without, args[i].name);
            refused(r, without, args[i].name);
        }
    }
    ck_assert(!world_wrote(w));
    json_decref(base);
}
END_TEST

START_TEST(wrong_arguments_are_refused)
{
    const struct rpc_route *r = &rpc_routes[_i];
    struct arg args[MAX_ARGS];
    size_t count = args_of(r, args);

    for (size_t i = 0; i < count; i++) {
        SL_AUTO(json) json_t *wrong = wrong_of(&args[i]);
        /* Anew, so that its challenge is fresh and unused. */
        json_t *base = good_args(r->name);
        (void)world_wrote(w);
        for (size_t v = 0; v < json_array_size(wrong); v++) {
            json_t *with = json_deep_copy(base);
            sl_json_set(with, args[i].name, json_deep_copy(json_array_get(wrong, v)));
            refused(r, with, args[i].name);
        }
        ck_assert(!world_wrote(w));
        json_decref(base);
    }
}
END_TEST

START_TEST(nulls_are_no_arguments)
{
    const struct rpc_route *r = &rpc_routes[_i];
    struct arg args[MAX_ARGS];
    size_t count = args_of(r, args);

    for (size_t i = 0; i < count && r->who != R_HTTP; i++) {
        json_t *with = good_args(r->name);
        sl_json_set(with, args[i].name, json_null());
        struct rpc_conn *conn = caller_of(r);
        (void)world_send(w, conn, r->name, with);
        SL_AUTO(json) json_t *answer = world_next(w, conn);
        ck_assert_str_eq(world_code(answer), "bad_frame");
    }
}
END_TEST

/* ---- What a table cannot say ---- */

START_TEST(addresses_have_a_form)
{
    static const char *const wrong[] = {"abc",     "@b.c",    "a@",      "   ",
                                        "a b@c.d", "a\n@b.c", "a@b\x7f", " @ "};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        json_t *args = good_args("auth.parent");
        sl_json_set_str(args, "address", wrong[i]);
        ck_assert_str_eq(world_try(w, anon[RPC_PUBLIC], "auth.parent", args), "bad_request");
    }
    /* How it is typed does not matter. */
    json_t *args = good_args("auth.parent");
    SL_AUTO(str) char *typed = sl_strf(" \t%s\r\n", parent.address);
    typed[2] = 'P';
    sl_json_set_str(args, "address", typed);
    ck_assert_str_eq(world_try(w, anon[RPC_PUBLIC], "auth.parent", args), "ok");
}
END_TEST

START_TEST(references_have_a_form)
{
    static const char *const wrong[] = {" A",
                                        "A ",
                                        "A\tB",
                                        "A\nB",
                                        "A\x1b[1m",
                                        "\xe2\x80\xae.A",
                                        "12345678901234567890123456789012345678901"};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        json_t *args = good_args("case.add");
        sl_json_set_str(args, "ref", wrong[i]);
        ck_assert_str_eq(world_try(w, desk, "case.add", args), "bad_request");
    }
}
END_TEST

START_TEST(what_goes_with_what)
{
    struct rpc_conn *conn = parent_conn;
    json_t *args = message_entry();

    sl_json_set_int(args, "drop", 1); /* goes with retract */
    ck_assert_str_eq(world_try(w, desk, "entry.post", args), "bad_request");
    args = message_entry();
    sl_json_set_str(args, "act", "retract");
    ck_assert_str_eq(world_try(w, desk, "entry.post", args), "bad_request");
    args = message_entry();
    sl_json_set_str(args, "act", "texts");
    ck_assert_str_eq(world_try(w, desk, "entry.post", args), "bad_request");
    /* from or last, and last is its own limit. */
    args = world_args("thread", world_b64(t.id, SL_ID_BYTES), "from", json_integer(1), "last",
                      json_integer(1), NULL);
    ck_assert_str_eq(world_try(w, conn, "thread.entries", args), "bad_request");
    args = world_args("thread", world_b64(t.id, SL_ID_BYTES), "last", json_integer(1), "limit",
                      json_integer(1), NULL);
    ck_assert_str_eq(world_try(w, conn, "thread.entries", args), "bad_request");
    args = world_args("thread", world_b64(t.id, SL_ID_BYTES), "from", json_integer(0), NULL);
    ck_assert_str_eq(world_try(w, conn, "thread.entries", args), "bad_request");
    args = world_args("thread", world_b64(t.id, SL_ID_BYTES), "last", json_integer(201), NULL);
    ck_assert_str_eq(world_try(w, conn, "thread.entries", args), "bad_request");
    args = world_args("after", json_integer(0), "limit", json_integer(201), NULL);
    ck_assert_str_eq(world_try(w, conn, "sync", args), "bad_request");
    /* A parent has a cookie. */
    args = world_args("token", world_random(w, 32), NULL);
    ck_assert_str_eq(world_try(w, anon[RPC_PUBLIC], "auth.resume", args), "bad_request");
    ck_assert_str_eq(world_try(w, anon[RPC_STAFF_LISTENER], "auth.resume", NULL), "bad_request");
}
END_TEST

START_TEST(entries_of_a_case_are_two_of_its_thread)
{
    json_t *args = good_args("case.add");
    json_t *entries = json_object_get(args, "entries");

    sl_json_append(entries, json_deep_copy(json_array_get(entries, 1)));
    ck_assert_str_eq(world_try(w, desk, "case.add", args), "bad_request");
    args = good_args("case.add");
    (void)json_array_remove(json_object_get(args, "entries"), 1);
    ck_assert_str_eq(world_try(w, desk, "case.add", args), "bad_request");
    args = good_args("case.add");
    sl_json_set(json_array_get(json_object_get(args, "entries"), 1), "thread", world_random(w, 16));
    ck_assert_str_eq(world_try(w, desk, "case.add", args), "bad_request");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rpc_args");
    TCase *tests = tcase_create("args");
    const int routes = (int)rpc_route_count;

    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, good_arguments_are_not_refused_for_their_form, 0, routes);
    tcase_add_loop_test(tests, unknown_arguments_are_refused, 0, routes);
    tcase_add_loop_test(tests, missing_arguments_are_refused, 0, routes);
    tcase_add_loop_test(tests, wrong_arguments_are_refused, 0, routes);
    tcase_add_loop_test(tests, nulls_are_no_arguments, 0, routes);
    tcase_add_test(tests, addresses_have_a_form);
    tcase_add_test(tests, references_have_a_form);
    tcase_add_test(tests, what_goes_with_what);
    tcase_add_test(tests, entries_of_a_case_are_two_of_its_thread);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
