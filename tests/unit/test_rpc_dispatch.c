/* The dispatcher: frames, who may call what, how often, and that everything is answered once. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "common/text.h"
#include "support/folder.h"
#include "support/world.h"

static struct world *w;

static void set_up(void)
{
    w = world_founded();
}

static void tear_down(void)
{
    world_free(w);
}

static json_t *frame_answer(struct rpc_conn *conn, const char *text, size_t len)
{
    (void)world_frame(w, conn, text, len);
    json_t *answer = world_next(w, conn);
    ck_assert_msg(answer != NULL, "no answer to %s", text);
    ck_assert_ptr_null(world_next(w, conn));
    return answer;
}

/* ---- Frames ---- */

static const struct bad {
    const char *text;
    bool named; /* its id can be read, and comes back */
} bad_frames[] = {
    {"", false},
    {"null", false},
    {"7", false},
    {"[]", false},
    {"{", false},
    {"{}", false},
    {"\"id\"", false},
    {"{\"id\":7}", true},
    {"{\"call\":\"service.info\"}", false},
    {"{\"id\":\"7\",\"call\":\"service.info\"}", false},
    {"{\"id\":null,\"call\":\"service.info\"}", false},
    {"{\"id\":-1,\"call\":\"service.info\"}", false},
    {"{\"id\":7.5,\"call\":\"service.info\"}", false},
    {"{\"id\":7e0,\"call\":\"service.info\"}", false},
    {"{\"id\":9007199254740992,\"call\":\"service.info\"}", false},
    {"{\"id\":99999999999999999999,\"call\":\"service.info\"}", false},
    {"{\"id\":7,\"call\":7}", true},
    {"{\"id\":7,\"call\":\"\"}", true},
    {"{\"id\":7,\"call\":[\"service.info\"]}", true},
    {"{\"id\":7,\"call\":\"service.info\",\"args\":null}", false},
    {"{\"id\":7,\"call\":\"service.info\",\"args\":[]}", true},
    {"{\"id\":7,\"call\":\"service.info\",\"args\":\"\"}", true},
    {"{\"id\":7,\"call\":\"service.info\",\"more\":1}", true},
    {"{\"id\":7,\"id\":8,\"call\":\"service.info\"}", false},
    {"{\"id\":7,\"call\":\"service.info\",\"args\":{\"a\":1,\"a\":2}}", false},
    {"{\"id\":7,\"call\":\"service.info\",\"args\":{\"a\":[[[[[[[[]]]]]]]]}}", false},
    {"{\"id\":7,\"call\":\"service.info\",\"args\":{\"a\":1.5}}", false},
    {"{\"id\":7,\"call\":\"service.info\",\"args\":{\"a\":\"\\u0000\"}}", false},
    {"{\"id\":7,\"call\":\"service.info\",\"args\":{\"a\":\"\\ud800\"}}", false},
    {"{\"id\":7,\"call\":\"service.info\",\"args\":{\"a\":\"\xff\"}}", false},
    {"{\"id\":7,\"call\":\"service.info\"} {}", false},
    {"{\"id\":7,\"call\":\"service.info\"}x", false},
    {"{'id':7,'call':'service.info'}", false},
};
enum {
    BAD_FRAMES = sizeof bad_frames / sizeof bad_frames[0]
};

START_TEST(a_bad_frame_is_answered_by_name_and_changes_nothing)
{
    const struct bad *bad = &bad_frames[_i];
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);

    (void)world_wrote(w);
    SL_AUTO(json) json_t *answer = frame_answer(conn, bad->text, strlen(bad->text));
    ck_assert_str_eq(world_code(answer), "bad_frame");
    const json_t *id = json_object_get(answer, "id");
    ck_assert(bad->named ? json_integer_value(id) == 7 : json_is_null(id));
    ck_assert(!world_wrote(w));
    /* The connection goes on. */
    ck_assert_str_eq(world_try(w, conn, "service.info", NULL), "ok");
}
END_TEST

START_TEST(a_frame_with_a_nul_or_none_at_its_end)
{
    static const char text[] = "{\"id\":7,\"call\":\"service.info\"}\0{\"id\":8";
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);
    SL_AUTO(json) json_t *nul = frame_answer(conn, text, sizeof text - 1);

    ck_assert_str_eq(world_code(nul), "bad_frame");
    /* Not NUL-ended in memory: only len counts. */
    const size_t len = strlen(text);
    char *exact = sl_alloc(len);
    memcpy(exact, text, len);
    ck_assert(world_frame(w, conn, exact, len));
    free(exact);
    SL_AUTO(json) json_t *answer = world_answer(w, conn, 7);
    ck_assert_str_eq(world_code(answer), "ok");
}
END_TEST

START_TEST(an_error_is_code_and_sentence_and_no_more)
{
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);
    SL_AUTO(json)
    json_t *answer = world_call(w, conn, "auth.challenge", world_args("x", json_integer(1), NULL));
    const json_t *error = json_object_get(answer, "error");

    ck_assert_str_eq(world_code(answer), "bad_request");
    ck_assert_str_eq(json_string_value(json_object_get(error, "message")),
                     sl_code_sentence(SL_BAD_REQUEST));
    ck_assert_uint_eq(json_object_size(error), 2);
    ck_assert_uint_eq(json_object_size(answer), 2);
}
END_TEST

START_TEST(calls_that_are_not_there)
{
    static const char *const names[] = {"auth",       "auth.",          "entry.postx",
                                        "ENTRY.POST", "session.cookie", "zzz"};
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ck_assert_str_eq(world_try(w, conn, names[i], NULL), "unknown_call");
    }
    char name[66];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    ck_assert_str_eq(world_try(w, conn, name, NULL), "bad_frame");
}
END_TEST

/* ---- Routes and roles ---- */

START_TEST(routes_are_sorted_and_whole)
{
    for (size_t i = 0; i < rpc_route_count; i++) {
        const struct rpc_route *r = &rpc_routes[i];
        ck_assert(i == 0 || strcmp(rpc_routes[i - 1].name, r->name) < 0);
        ck_assert_ptr_eq(rpc_route_of(r->name), r);
        ck_assert(r->run != NULL);
        ck_assert((r->mode == SL_CALL_CHECKED) == (r->check != NULL));
        ck_assert_int_ge(r->cost, 1);
        ck_assert_uint_ne(r->who, 0);
    }
}
END_TEST

START_TEST(who_may_not_call_is_told_so_and_changes_nothing)
{
    struct world_thread t;
    struct world_person parent;
    struct world_person other = world_new_parent(w);
    struct rpc_conn *desk = world_staff(w, 0);
    struct rpc_conn *conns[] = {
        world_connect(w, RPC_PUBLIC),
        world_connect(w, RPC_STAFF_LISTENER),
        NULL,
        world_family(w, desk, &w->staff[0], "A 1", &t, &parent),
        desk,
    };
    struct world_invite invite = world_new_invite(w, &other);
    struct world_thread second;

    world_case(w, desk, &w->staff[0], "A 2", &second);
    json_decref(
        world_ok(w, desk, "invite.make", world_make_args(w, &second, &w->staff[0], &invite)));
    conns[2] = world_open(w, &invite);
    (void)world_wrote(w);
    for (size_t c = 0; c < sizeof conns / sizeof conns[0]; c++) {
        unsigned role = conns[c]->who.role;
        for (size_t i = 0; i < rpc_route_count; i++) {
            const struct rpc_route *r = &rpc_routes[i];
            if ((r->who & role) == 0) {
                const char *expected = r->who == R_HTTP ? "unknown_call"
                                       : role == R_ANON ? "not_signed_in"
                                                        : "forbidden";
                ck_assert_msg(strcmp(world_try(w, conns[c], r->name, NULL), expected) == 0,
                              "%s as %u", r->name, role);
            }
        }
    }
    ck_assert(!world_wrote(w));
}
END_TEST

START_TEST(who_signs_in_where)
{
    struct world_thread t;
    struct world_person parent;
    struct rpc_conn *desk = world_staff(w, 0);
    struct rpc_conn *public = world_connect(w, RPC_PUBLIC);
    struct rpc_conn *staff = world_connect(w, RPC_STAFF_LISTENER);

    (void)world_family(w, desk, &w->staff[0], "A 1", &t, &parent);
    json_t *args = world_args("staff", world_b64(w->staff[0].id, SL_ID_BYTES), NULL);
    world_sign_in(w, public, args, 2, w->staff[0].sign_sk, NULL);
    ck_assert_str_eq(world_try(w, public, "auth.staff", args), "forbidden");
    args = world_args("address", json_string(parent.address), NULL);
    world_sign_in(w, staff, args, 1, parent.auth_sk, NULL);
    ck_assert_str_eq(world_try(w, staff, "auth.parent", args), "forbidden");
    ck_assert_uint_eq(public->who.role, R_ANON);
    ck_assert_uint_eq(staff->who.role, R_ANON);
}
END_TEST

/* ---- How often ---- */

START_TEST(a_connection_has_an_allowance)
{
    w->config->calls_burst = 10;
    w->config->calls_per_second = 2;
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);
    struct rpc_conn *other = world_connect(w, RPC_PUBLIC);

    for (int i = 0; i < 10; i++) {
        ck_assert_str_eq(world_try(w, conn, "service.info", NULL), "ok");
    }
    SL_AUTO(json) json_t *over = world_call(w, conn, "service.info", NULL);
    ck_assert_str_eq(world_code(over), "rate_limited");
    ck_assert_int_eq(
        json_integer_value(json_object_get(json_object_get(over, "error"), "retry_after_s")), 1);
    /* An unknown name costs as well, and another connection has its own. */
    ck_assert_str_eq(world_try(w, conn, "zzz", NULL), "rate_limited");
    ck_assert_str_eq(world_try(w, other, "service.info", NULL), "ok");
    sl_fake_clock_advance(&w->clock, 500);
    ck_assert_str_eq(world_try(w, conn, "service.info", NULL), "ok");
    ck_assert_str_eq(world_try(w, conn, "service.info", NULL), "rate_limited");
    /* Never more than there may be at once. */
    world_advance(w, 3600);
    for (int i = 0; i < 5; i++) {
        ck_assert_str_eq(world_try(w, conn, "auth.challenge", NULL), "ok"); /* costs 2 */
    }
    ck_assert_str_eq(world_try(w, conn, "service.info", NULL), "rate_limited");
}
END_TEST

START_TEST(a_large_frame_costs_more)
{
    w->config->calls_burst = 20;
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);
    SL_AUTO(str) char *blanks = sl_alloc(10 * 16384 + 1);

    memset(blanks, ' ', 10 * 16384);
    SL_AUTO(str) char *text = sl_strf("{\"id\":7,\"call\":\"service.info\"%s}", blanks);
    (void)world_frame(w, conn, text, strlen(text));
    SL_AUTO(json) json_t *first = world_answer(w, conn, 7);
    ck_assert_str_eq(world_code(first), "ok"); /* 11 of 20 */
    (void)world_frame(w, conn, text, strlen(text));
    SL_AUTO(json) json_t *second = world_answer(w, conn, 7);
    ck_assert_str_eq(world_code(second), "rate_limited");
    ck_assert_str_eq(world_try(w, conn, "service.info", NULL), "ok");
}
END_TEST

START_TEST(who_floods_is_closed)
{
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);
    int answers = 0;
    bool open = true;

    for (int i = 0; i < 31; i++) {
        ck_assert(world_frame(w, conn, "x", 1));
    }
    ck_assert(!world_frame(w, conn, "x", 1));
    for (json_t *a = world_next(w, conn); a != NULL; a = world_next(w, conn)) {
        answers++;
        json_decref(a);
    }
    ck_assert_int_eq(answers, 32);
    ck_assert_uint_eq(conn->in_flight, 0);
    /* What still comes while it is being closed is not even answered. */
    ck_assert(!world_frame(w, conn, "{\"id\":1,\"call\":\"service.info\"}", 30));
    world_settle(w);
    ck_assert_ptr_null(world_next(w, conn));
    /* A good call forgives a bad one. */
    struct rpc_conn *other = world_connect(w, RPC_PUBLIC);
    for (int i = 0; i < 200 && open; i++) {
        open = world_frame(w, other, "x", 1);
        json_decref(world_next(w, other));
        ck_assert_str_eq(world_try(w, other, "service.info", NULL), "ok");
    }
    ck_assert(open);
}
END_TEST

START_TEST(so_many_may_be_under_way_and_no_more)
{
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);
    int limited = 0;
    int ok = 0;

    struct world_hold *hold = world_hold(w, conn->id);
    for (int i = 0; i < 270; i++) {
        (void)world_send(w, conn, "service.info", NULL);
    }
    ck_assert_uint_eq(conn->in_flight, 270);
    world_release(hold);
    world_settle(w);
    for (json_t *a = world_next(w, conn); a != NULL; a = world_next(w, conn)) {
        limited += strcmp(world_code(a), "rate_limited") == 0;
        ok += strcmp(world_code(a), "ok") == 0;
        json_decref(a);
    }
    ck_assert_int_eq(ok, 256);
    ck_assert_int_eq(limited, 14);
    ck_assert_uint_eq(conn->in_flight, 0);
    ck_assert_str_eq(world_try(w, conn, "service.info", NULL), "ok");
}
END_TEST

START_TEST(a_full_queue_is_said_and_forgotten)
{
    struct world_hold *holds[2] = {world_hold(w, 0), world_hold(w, 1)};
    struct rpc_conn *conns[20];
    int busy = 0;
    int ok = 0;

    for (size_t c = 0; c < 20; c++) {
        conns[c] = world_connect(w, RPC_PUBLIC);
        for (int i = 0; i < 250; i++) {
            (void)world_send(w, conns[c], "service.info", NULL);
        }
    }
    world_release(holds[0]);
    world_release(holds[1]);
    world_settle(w);
    for (size_t c = 0; c < 20; c++) {
        for (json_t *a = world_next(w, conns[c]); a != NULL; a = world_next(w, conns[c])) {
            busy += strcmp(world_code(a), "busy") == 0;
            ok += strcmp(world_code(a), "ok") == 0;
            json_decref(a);
        }
        ck_assert_uint_eq(conns[c]->in_flight, 0);
    }
    ck_assert_int_eq(ok + busy, 5000);
    ck_assert_int_eq(ok, 4096 - 2);
    ck_assert_str_eq(world_try(w, conns[0], "service.info", NULL), "ok");
}
END_TEST

START_TEST(a_store_that_stops_is_said)
{
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);

    world_begin_stop(w);
    ck_assert_str_eq(world_try(w, conn, "service.info", NULL), "stopping");
    SL_AUTO(json)
    json_t *inside =
        world_inside_call(w, "session.cookie", world_args("ticket", world_random(w, 32), NULL));
    ck_assert_str_eq(world_code(inside), "stopping");
    world_end_stop(w);
    ck_assert_uint_eq(conn->in_flight, 0);
}
END_TEST

/* ---- Order ---- */

START_TEST(writes_of_a_connection_keep_their_order)
{
    enum {
        COUNT = 60
    };
    struct world_thread t;
    struct world_person parent;
    struct rpc_conn *conn = world_family(w, world_staff(w, 0), &w->staff[0], "A 1", &t, &parent);
    int64_t ids[COUNT];
    int64_t first = t.seq + 1;

    for (size_t i = 0; i < COUNT; i++) {
        SL_AUTO(buf) struct sl_buf entry = {0};
        world_message(w, &t, &parent, &entry);
        ids[i] = world_send(w, conn, "entry.post", world_post_args(&t, &entry, "text"));
        world_took(&t, &entry);
    }
    for (size_t i = 0; i < COUNT; i++) {
        SL_AUTO(json) json_t *answer = world_answer(w, conn, ids[i]);
        ck_assert_str_eq(world_code(answer), "ok");
        ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(answer, "ok"), "seq")),
                         first + (int64_t)i);
    }
}
END_TEST

/* ---- From inside ---- */

START_TEST(calls_from_inside_are_bounded_too)
{
    SL_AUTO(json) json_t *other = world_inside_call(w, "service.info", sl_json_new());
    SL_AUTO(json) json_t *none = world_inside_call(w, "zzz", sl_json_new());
    SL_AUTO(json)
    json_t *more = world_inside_call(w, "session.cookie", world_args("x", json_integer(1), NULL));
    SL_AUTO(json)
    json_t *wrong =
        world_inside_call(w, "session.cookie", world_args("ticket", json_integer(1), NULL));

    ck_assert_str_eq(world_code(other), "unknown_call");
    ck_assert_str_eq(world_code(none), "unknown_call");
    ck_assert_str_eq(world_code(more), "bad_request");
    ck_assert_str_eq(world_code(wrong), "bad_request");
}
END_TEST

/* ---- Metrics and the log ---- */

START_TEST(ends_of_calls_are_counted)
{
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);
    SL_AUTO(buf) struct sl_buf out = {0};

    (void)world_try(w, conn, "auth.challenge", NULL);
    (void)world_try(w, conn, "auth.challenge", NULL);
    (void)world_try(w, conn, "auth.challenge", world_args("x", json_integer(1), NULL));
    (void)world_try(w, conn, "zzz", NULL);
    (void)world_frame(w, conn, "x", 1);
    world_settle(w);
    rpc_metrics(w->rpc, &out);
    sl_buf_put_u8(&out, 0);
    const char *text = (const char *)out.data;
    ck_assert_ptr_nonnull(
        strstr(text, "\nsendline_requests_total{call=\"auth.challenge\",code=\"ok\"} 2\n"));
    ck_assert_ptr_nonnull(strstr(
        text, "\nsendline_requests_total{call=\"auth.challenge\",code=\"bad_request\"} 1\n"));
    ck_assert_ptr_nonnull(
        strstr(text, "\nsendline_requests_total{call=\"none\",code=\"unknown_call\"} 1\n"));
    ck_assert_ptr_nonnull(
        strstr(text, "\nsendline_requests_total{call=\"none\",code=\"bad_frame\"} 1\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nsendline_requests_waiting 0\n"));
    ck_assert_ptr_null(strstr(text, "zzz"));
}
END_TEST

/* Run something with standard error in a file, and give what was said. */
static char *what_is_said(void (*act)(struct rpc_conn *conn), struct rpc_conn *conn)
{
    SL_AUTO(str) char *folder = folder_new();
    SL_AUTO(str) char *path = folder_file(folder, "stderr");
    int was = dup(STDERR_FILENO);
    SL_AUTO(fd) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    ck_assert_int_ge(was, 0);
    ck_assert_int_ge(dup2(fd, STDERR_FILENO), 0);
    act(conn);
    ck_assert_int_ge(dup2(was, STDERR_FILENO), 0);
    (void)close(was);
    char *text = folder_read(path, NULL);
    folder_remove(sl_steal(&folder));
    return text;
}

static size_t lines_with(const char *text, const char *what)
{
    size_t count = 0;

    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what)) {
        count++;
    }
    return count;
}

static void fail_often(struct rpc_conn *conn)
{
    for (int i = 0; i < 5; i++) {
        ck_assert_str_eq(world_try(w, conn, "vault.get", NULL), "internal_data");
    }
    world_advance(w, 2);
    ck_assert_str_eq(world_try(w, conn, "vault.get", NULL), "internal_data");
    ck_assert_str_eq(
        world_try(w, conn, "auth.challenge", world_args("secret", json_integer(1), NULL)),
        "bad_request");
}

START_TEST(faults_of_ours_are_logged_and_others_are_not)
{
    struct world_thread t;
    struct world_person parent;
    struct rpc_conn *conn = world_family(w, world_staff(w, 0), &w->staff[0], "A 1", &t, &parent);

    world_sql(w, "UPDATE parent SET vault = x'0102'");
    SL_AUTO(str) char *said = what_is_said(fail_often, conn);
    ck_assert_uint_eq(lines_with(said, "\n"), 2);
    ck_assert_uint_eq(lines_with(said, "error call_failed call=vault.get "), 2);
    ck_assert_uint_eq(lines_with(said, "times=1 code=internal_data"), 1);
    ck_assert_uint_eq(lines_with(said, "times=5 code=internal_data"), 1);
    ck_assert_ptr_null(strstr(said, "secret"));
    ck_assert_ptr_null(strstr(said, parent.address));
}
END_TEST

static void ask_for_too_much(struct rpc_conn *conn)
{
    SL_AUTO(json) json_t *answer = world_call(w, conn, "vault.get", NULL);

    ck_assert_str_eq(world_code(answer), "internal");
}

START_TEST(an_answer_larger_than_any_may_be_is_a_fault)
{
    struct world_thread t;
    struct world_person parent;
    struct rpc_conn *conn = world_family(w, world_staff(w, 0), &w->staff[0], "A 1", &t, &parent);
    SL_AUTO(buf) struct sl_buf sealed = {0};
    SL_AUTO(buf) struct sl_buf clear = {0};

    sl_buf_reserve(&clear, 800000);
    memset(clear.data, 1, 800000);
    seal_put(w->seal, "parent.vault", parent.id, clear.data, 800000, &sealed);
    SL_AUTO(str) char *hex = sl_hex(sealed.data, sealed.len);
    SL_AUTO(str) char *sql = sl_strf("UPDATE parent SET vault = x'%s'", hex);
    world_sql(w, sql);
    SL_AUTO(str) char *said = what_is_said(ask_for_too_much, conn);
    ck_assert_ptr_nonnull(strstr(said, "an answer of 10"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rpc_dispatch");
    TCase *tests = tcase_create("dispatch");

    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, a_bad_frame_is_answered_by_name_and_changes_nothing, 0, BAD_FRAMES);
    tcase_add_test(tests, a_frame_with_a_nul_or_none_at_its_end);
    tcase_add_test(tests, an_error_is_code_and_sentence_and_no_more);
    tcase_add_test(tests, calls_that_are_not_there);
    tcase_add_test(tests, routes_are_sorted_and_whole);
    tcase_add_test(tests, who_may_not_call_is_told_so_and_changes_nothing);
    tcase_add_test(tests, who_signs_in_where);
    tcase_add_test(tests, a_connection_has_an_allowance);
    tcase_add_test(tests, a_large_frame_costs_more);
    tcase_add_test(tests, who_floods_is_closed);
    tcase_add_test(tests, so_many_may_be_under_way_and_no_more);
    tcase_add_test(tests, a_full_queue_is_said_and_forgotten);
    tcase_add_test(tests, a_store_that_stops_is_said);
    tcase_add_test(tests, writes_of_a_connection_keep_their_order);
    tcase_add_test(tests, calls_from_inside_are_bounded_too);
    tcase_add_test(tests, ends_of_calls_are_counted);
    tcase_add_test(tests, faults_of_ours_are_logged_and_others_are_not);
    tcase_add_test(tests, an_answer_larger_than_any_may_be_is_a_fault);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
