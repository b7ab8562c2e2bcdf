/*
 * What an account is told: each event once, in order, the same by push and by sync; what is unread;
 * and the reply promise, the same on both sides.
 */
#include <check.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "support/world.h"

static struct world *w;
static struct rpc_conn *desk, *home;
static struct world_person *worker;
static struct world_person parent;
static struct world_thread t;

static void set_up(void)
{
    w = world_founded();
    worker = &w->staff[0];
    desk = world_staff(w, 0);
    home = world_family(w, desk, worker, "A 1", &t, &parent);
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

static json_t *sync_from(struct rpc_conn *conn, int64_t after)
{
    return world_ok(w, conn, "sync", world_args("after", json_integer(after), NULL));
}

static int64_t cursor_of(struct rpc_conn *conn)
{
    SL_AUTO(json) json_t *ok = sync_from(conn, 0);

    return int_at(ok, "cursor");
}

/* What this account has been pushed since the last time must be what sync says after `*cursor`:
 * the same events, once, numbered on without a gap. @return the number of events. */
static size_t the_same_both_ways(struct rpc_conn *conn, const struct world_person *who,
                                 int64_t *cursor)
{
    SL_AUTO(json) json_t *pushed = world_pushes(w, who->id);
    SL_AUTO(json) json_t *ok = sync_from(conn, *cursor);
    const json_t *events = json_object_get(ok, "events");
    size_t count = json_array_size(events);

    ck_assert_uint_eq(json_array_size(pushed), count);
    for (size_t i = 0; i < count; i++) {
        const json_t *event = json_array_get(events, i);
        ck_assert_int_eq(int_at(event, "n"), *cursor + 1 + (int64_t)i);
        if (json_equal(event, json_array_get(pushed, i)) == 0) {
            SL_AUTO(str) char *a = sl_json_text(event, NULL);
            SL_AUTO(str) char *b = sl_json_text(json_array_get(pushed, i), NULL);
            ck_abort_msg("synced %s, pushed %s", a, b);
        }
    }
    *cursor += (int64_t)count;
    ck_assert_int_eq(int_at(ok, "cursor"), *cursor);
    return count;
}

static void post_entry(struct rpc_conn *conn, const struct sl_buf *entry, json_t *take_args)
{
    json_decref(world_ok(w, conn, "entry.post", take_args));
    world_took(&t, entry);
}

static void seen(struct rpc_conn *conn, const struct world_person *by)
{
    struct sl_header h = world_header(w, &t, by, SL_ENTRY_SEEN);
    SL_AUTO(buf) struct sl_buf entry = {0};

    world_sign(&h, "", 0, by, &entry);
    post_entry(conn, &entry, world_post_args(&t, &entry, NULL));
}

/* ---- Events ---- */

START_TEST(both_sides_are_told_the_same_by_push_and_by_sync)
{
    int64_t mine = 0;
    int64_t theirs = 0;
    SL_AUTO(buf) struct sl_buf key = {0};
    SL_AUTO(buf) struct sl_buf back = {0};

    /* Of its making the parent is told one thing, and the caseworker everything. */
    ck_assert_uint_eq(the_same_both_ways(home, &parent, &mine), 1);
    json_decref(world_pushes(w, worker->id));
    theirs = cursor_of(desk);
    world_post(w, home, &t, &parent, "text");
    ck_assert_uint_eq(the_same_both_ways(home, &parent, &mine), 1);
    ck_assert_uint_eq(the_same_both_ways(desk, worker, &theirs), 1);
    world_advance(w, 60);
    world_post(w, desk, &t, worker, "file");
    seen(home, &parent);
    world_post(w, home, &t, &parent, "form");
    world_message(w, &t, &parent, &back);
    json_t *args = world_post_args(&t, &back, "retract");
    sl_json_set_int(args, "drop", t.seq);
    /* What the rows say now is what sync says: so one at a time, from here on. */
    json_decref(world_pushes(w, parent.id));
    json_decref(world_pushes(w, worker->id));
    mine = cursor_of(home);
    theirs = cursor_of(desk);
    post_entry(home, &back, args);
    ck_assert_uint_eq(the_same_both_ways(home, &parent, &mine), 1);
    ck_assert_uint_eq(the_same_both_ways(desk, worker, &theirs), 1);
    world_key_entry(w, &t, worker, &key);
    post_entry(desk, &key, world_post_args(&t, &key, NULL));
    ck_assert_uint_eq(the_same_both_ways(home, &parent, &mine), 1);
    ck_assert_uint_eq(the_same_both_ways(desk, worker, &theirs), 1);
    seen(desk, worker);
    ck_assert_uint_eq(the_same_both_ways(home, &parent, &mine), 1);
    ck_assert_uint_eq(the_same_both_ways(desk, worker, &theirs), 1);
    world_post(w, home, &t, &parent, "text");
    ck_assert_uint_eq(the_same_both_ways(home, &parent, &mine), 1);
    ck_assert_uint_eq(the_same_both_ways(desk, worker, &theirs), 1);
    json_decref(world_ok(
        w, desk, "thread.no_reply_needed",
        world_args("thread", world_b64(t.id, SL_ID_BYTES), "seq", json_integer(t.seq), NULL)));
    ck_assert_uint_eq(the_same_both_ways(home, &parent, &mine), 1);
    ck_assert_uint_eq(the_same_both_ways(desk, worker, &theirs), 1);
}
END_TEST

START_TEST(a_new_case_and_an_accepted_invitation_are_told_too)
{
    struct world_thread second;
    struct world_person other = world_new_parent(w);
    SL_AUTO(buf) struct sl_buf entry = {0};
    int64_t cursor = cursor_of(desk);
    int64_t zero = 0;

    json_decref(world_pushes(w, worker->id));
    world_case(w, desk, worker, "A 2", &second);
    ck_assert_uint_eq(the_same_both_ways(desk, worker, &cursor), 1);
    struct world_invite invite = world_invite(w, desk, worker, &second, &other);
    ck_assert_uint_eq(the_same_both_ways(desk, worker, &cursor), 1);
    struct rpc_conn *conn = world_open(w, &invite);
    ck_assert_uint_eq(the_same_both_ways(desk, worker, &cursor), 0);
    json_decref(world_ok(w, conn, "invite.accept",
                         world_accept_args(w, conn, &second, &other, &invite, &entry)));
    ck_assert_uint_eq(the_same_both_ways(desk, worker, &cursor), 2); /* keys, and invite.used */
    ck_assert_uint_eq(the_same_both_ways(conn, &other, &zero), 1);
    SL_AUTO(json) json_t *ok = sync_from(conn, 0);
    const json_t *first = json_array_get(json_object_get(ok, "events"), 0);
    ck_assert_str_eq(text_at(first, "event"), "thread.new");
    const json_t *data = json_object_get(first, "data");
    ck_assert_int_eq(int_at(json_object_get(data, "key"), "seq"), 1);
    ck_assert_int_eq(int_at(json_object_get(data, "card"), "seq"), 2);
    SL_AUTO(json) json_t *told = sync_from(desk, cursor - 1);
    const json_t *used = json_array_get(json_object_get(told, "events"), 0);
    ck_assert_str_eq(text_at(used, "event"), "invite.used");
    SL_AUTO(str) char *id = sl_b64(invite.id, SL_ID_BYTES);
    ck_assert_str_eq(text_at(json_object_get(used, "data"), "invite"), id);
}
END_TEST

START_TEST(what_fails_is_told_to_nobody)
{
    SL_AUTO(buf) struct sl_buf entry = {0};
    int64_t cursor = cursor_of(desk);

    json_decref(world_pushes(w, worker->id));
    json_decref(world_pushes(w, parent.id));
    world_message(w, &t, &parent, &entry);
    entry.data[entry.len - 1] ^= 1;
    ck_assert_str_eq(world_try(w, home, "entry.post", world_post_args(&t, &entry, "text")),
                     "entry_refused");
    SL_AUTO(json) json_t *pushed = world_pushes(w, worker->id);
    ck_assert_uint_eq(json_array_size(pushed), 0);
    ck_assert_int_eq(cursor_of(desk), cursor);
}
END_TEST

START_TEST(who_is_no_part_of_it_is_told_nothing)
{
    struct world_person other;
    struct world_thread theirs;
    struct rpc_conn *colleague = world_staff(w, 1);
    struct rpc_conn *neighbour = world_family(w, colleague, &w->staff[1], "B 1", &theirs, &other);

    json_decref(world_pushes(w, other.id));
    json_decref(world_pushes(w, w->staff[1].id));
    world_post(w, home, &t, &parent, "text");
    SL_AUTO(json) json_t *to_other = world_pushes(w, other.id);
    SL_AUTO(json) json_t *to_colleague = world_pushes(w, w->staff[1].id);
    ck_assert_uint_eq(json_array_size(to_other), 0);
    ck_assert_uint_eq(json_array_size(to_colleague), 0);
    ck_assert_int_eq(cursor_of(neighbour), 1);
}
END_TEST

START_TEST(catching_up_goes_page_by_page_and_ends)
{
    int64_t cursor = cursor_of(home);
    size_t events = 0;
    bool more = true;

    for (int i = 0; i < 7; i++) {
        world_post(w, home, &t, &parent, "text");
    }
    for (int pages = 0; more; pages++) {
        ck_assert_int_lt(pages, 4);
        SL_AUTO(json)
        json_t *ok =
            world_ok(w, home, "sync",
                     world_args("after", json_integer(cursor), "limit", json_integer(3), NULL));
        size_t n = json_array_size(json_object_get(ok, "events"));
        events += n;
        cursor += (int64_t)n;
        ck_assert_int_eq(int_at(ok, "cursor"), cursor);
        more = json_is_true(json_object_get(ok, "more"));
    }
    ck_assert_uint_eq(events, 7);
}
END_TEST

START_TEST(large_pages_are_cut_and_go_on)
{
    int64_t cursor = cursor_of(home);
    size_t events = 0;
    int pages = 0;
    bool more = true;

    for (int i = 0; i < 60; i++) {
        SL_AUTO(buf) struct sl_buf entry = {0};
        struct sl_header h = world_header(w, &t, &parent, SL_ENTRY_MESSAGE);
        uint8_t body[SL_MESSAGE_BODY_MAX];
        world_fill(w, body, sizeof body);
        world_sign(&h, body, sizeof body, &parent, &entry);
        post_entry(home, &entry, world_post_args(&t, &entry, "text"));
    }
    for (; more; pages++) {
        SL_AUTO(json)
        json_t *answer =
            world_call(w, home, "sync", world_args("after", json_integer(cursor), NULL));
        size_t len = 0;
        free(sl_json_text(answer, &len));
        ck_assert_uint_le(len, SL_MAX_REPLY_BYTES);
        const json_t *ok = json_object_get(answer, "ok");
        events += json_array_size(json_object_get(ok, "events"));
        cursor = int_at(ok, "cursor");
        more = json_is_true(json_object_get(ok, "more"));
    }
    ck_assert_uint_eq(events, 60);
    ck_assert_int_gt(pages, 1);
    /* Entries in the same way. */
    int64_t from = 1;
    for (pages = 0; from <= t.seq; pages++) {
        SL_AUTO(json)
        json_t *page = world_ok(
            w, home, "thread.entries",
            world_args("thread", world_b64(t.id, SL_ID_BYTES), "from", json_integer(from), NULL));
        const json_t *entries = json_object_get(page, "entries");
        ck_assert_uint_gt(json_array_size(entries), 0);
        for (size_t i = 0; i < json_array_size(entries); i++) {
            ck_assert_int_eq(int_at(json_array_get(entries, i), "seq"), from++);
        }
    }
    ck_assert_int_gt(pages, 1);
}
END_TEST

START_TEST(the_newest_page_comes_in_order)
{
    SL_AUTO(json)
    json_t *page =
        world_ok(w, home, "thread.entries",
                 world_args("thread", world_b64(t.id, SL_ID_BYTES), "last", json_integer(3), NULL));
    const json_t *entries = json_object_get(page, "entries");

    ck_assert_uint_eq(json_array_size(entries), 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(int_at(json_array_get(entries, i), "seq"), t.seq - 2 + (int64_t)i);
    }
}
END_TEST

START_TEST(a_client_ahead_of_a_restored_database_learns_it)
{
    int64_t cursor = cursor_of(home);
    SL_AUTO(json) json_t *ok = sync_from(home, cursor + 100);

    ck_assert_int_eq(int_at(ok, "cursor"), cursor);
    ck_assert(json_is_false(json_object_get(ok, "more")));
    ck_assert_uint_eq(json_array_size(json_object_get(ok, "events")), 0);
}
END_TEST

START_TEST(a_thread_that_went_to_a_colleague_keeps_its_numbers)
{
    int64_t cursor = cursor_of(desk);
    SL_AUTO(str) char *hex = sl_hex(w->staff[1].id, SL_ID_BYTES);
    SL_AUTO(str) char *sql = sl_strf("UPDATE case_file SET caseworker_id = x'%s'", hex);

    world_sql(w, sql);
    SL_AUTO(json) json_t *ok = sync_from(desk, 0);
    const json_t *events = json_object_get(ok, "events");
    ck_assert_uint_eq(json_array_size(events), (size_t)cursor);
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        const json_t *data = json_object_get(event, "data");
        ck_assert_int_eq(int_at(event, "n"), (int64_t)i + 1);
        ck_assert(strcmp(text_at(event, "event"), "invite.used") == 0 ||
                  json_is_true(json_object_get(data, "gone")));
        ck_assert_ptr_null(json_object_get(data, "entry"));
    }
}
END_TEST

START_TEST(many_writers_at_once_leave_no_gap)
{
    enum {
        EACH = 40
    };
    struct world_person other;
    struct world_thread theirs;
    struct rpc_conn *neighbour = world_family(w, desk, worker, "A 2", &theirs, &other);
    int64_t ids[2][EACH];
    int64_t cursor = cursor_of(desk);

    json_decref(world_pushes(w, worker->id));
    for (size_t i = 0; i < EACH; i++) {
        SL_AUTO(buf) struct sl_buf one = {0};
        SL_AUTO(buf) struct sl_buf two = {0};
        world_message(w, &t, &parent, &one);
        world_message(w, &theirs, &other, &two);
        ids[0][i] = world_send(w, home, "entry.post", world_post_args(&t, &one, "text"));
        ids[1][i] = world_send(w, neighbour, "entry.post", world_post_args(&theirs, &two, "text"));
        world_took(&t, &one);
        world_took(&theirs, &two);
    }
    for (size_t i = 0; i < EACH; i++) {
        SL_AUTO(json) json_t *one = world_answer(w, home, ids[0][i]);
        SL_AUTO(json) json_t *two = world_answer(w, neighbour, ids[1][i]);
        ck_assert_str_eq(world_code(one), "ok");
        ck_assert_str_eq(world_code(two), "ok");
    }
    SL_AUTO(json) json_t *pushed = world_pushes(w, worker->id);
    ck_assert_uint_eq(json_array_size(pushed), 2 * EACH);
    for (size_t i = 0; i < 2 * EACH; i++) {
        ck_assert_int_eq(int_at(json_array_get(pushed, i), "n"), cursor + 1 + (int64_t)i);
    }
}
END_TEST

/* ---- Lists ---- */

static json_t *only_thread(struct rpc_conn *conn)
{
    SL_AUTO(json) json_t *ok = world_ok(w, conn, "thread.list", NULL);

    ck_assert_uint_eq(json_array_size(json_object_get(ok, "threads")), 1);
    return json_incref(json_array_get(json_object_get(ok, "threads"), 0));
}

static void shows(struct rpc_conn *conn, int64_t unread, int64_t own_seen, int64_t other_seen)
{
    SL_AUTO(json) json_t *item = only_thread(conn);

    ck_assert_int_eq(int_at(item, "unread"), unread);
    ck_assert_int_eq(int_at(item, "own_seen_seq"), own_seen);
    ck_assert_int_eq(int_at(item, "other_seen_seq"), other_seen);
}

START_TEST(unread_is_what_the_other_side_wrote_and_one_has_not_seen)
{
    shows(home, 0, 0, 1); /* the card said that its author had seen the key entry */
    world_post(w, home, &t, &parent, "text");
    world_post(w, home, &t, &parent, "confirm");
    shows(home, 0, t.seq - 1, 1);
    shows(desk, 2, 1, t.seq - 1);
    /* Written before the last was seen: that one stays unread. */
    struct world_thread before = t;
    world_post(w, home, &t, &parent, "text");
    SL_AUTO(buf) struct sl_buf crossing = {0};
    world_message(w, &before, worker, &crossing);
    post_entry(desk, &crossing, world_post_args(&t, &crossing, "text"));
    shows(desk, 1, before.seq, t.seq - 2);
    shows(home, 1, t.seq - 2, before.seq);
    seen(desk, worker);
    shows(desk, 0, t.seq - 1, t.seq - 3);
    /* Titles, keys and what is taken back are nothing to read. */
    world_post(w, desk, &t, worker, "card");
    SL_AUTO(buf) struct sl_buf key = {0};
    world_key_entry(w, &t, worker, &key);
    post_entry(desk, &key, world_post_args(&t, &key, NULL));
    shows(home, 1, t.seq - 5, t.seq - 2);
}
END_TEST

START_TEST(a_list_is_paged_and_tells_where_events_begin)
{
    for (int i = 0; i < 4; i++) {
        struct world_thread more;
        SL_AUTO(str) char *ref = sl_strf("A %d", 10 + i);
        world_case(w, desk, worker, ref, &more);
    }
    SL_AUTO(json)
    json_t *ok = world_ok(w, desk, "thread.list", world_args("cards", json_true(), NULL));
    const json_t *threads = json_object_get(ok, "threads");
    ck_assert_uint_eq(json_array_size(threads), 5);
    ck_assert_int_eq(int_at(ok, "cursor"), cursor_of(desk));
    ck_assert(json_is_false(json_object_get(ok, "more")));
    for (size_t i = 0; i < 5; i++) {
        const json_t *item = json_array_get(threads, i);
        (void)text_at(json_object_get(item, "key"), "entry");
        (void)text_at(json_object_get(item, "card"), "entry");
    }
    /* From the second on. */
    SL_AUTO(json)
    json_t *rest = world_ok(
        w, desk, "thread.list",
        world_args("after", json_string(text_at(json_array_get(threads, 1), "thread")), NULL));
    ck_assert_uint_eq(json_array_size(json_object_get(rest, "threads")), 3);
    ck_assert_str_eq(text_at(json_array_get(json_object_get(rest, "threads"), 0), "thread"),
                     text_at(json_array_get(threads, 2), "thread"));
}
END_TEST

START_TEST(cases_of_the_team_say_whom_to_ask)
{
    struct rpc_conn *colleague = world_staff(w, 1);
    struct rpc_conn *stranger = world_staff(w, 2);
    struct world_thread theirs;
    struct world_thread elsewhere;

    world_case(w, colleague, &w->staff[1], "B 1", &theirs);
    world_case(w, stranger, &w->staff[2], "C 1", &elsewhere);
    SL_AUTO(json) json_t *ok = world_ok(w, desk, "case.list", NULL);
    const json_t *cases = json_object_get(ok, "cases");
    ck_assert_uint_eq(json_array_size(cases), 2);
    ck_assert(json_is_false(json_object_get(ok, "more")));
    const json_t *own = json_array_get(cases, 0);
    const json_t *other = json_array_get(cases, 1);
    ck_assert_str_eq(text_at(own, "ref"), "A 1");
    ck_assert_uint_eq(json_array_size(json_object_get(own, "threads")), 1);
    ck_assert_str_eq(text_at(other, "ref"), "B 1");
    ck_assert_ptr_null(json_object_get(other, "threads"));
    SL_AUTO(json)
    json_t *rest = world_ok(w, desk, "case.list", world_args("after", json_string("a1"), NULL));
    ck_assert_uint_eq(json_array_size(json_object_get(rest, "cases")), 1);
}
END_TEST

START_TEST(a_case_is_added_once_and_its_reference_is_its_own)
{
    struct world_thread second;
    json_t *args = world_case_args(w, &second, worker, "EHC 2041");
    SL_AUTO(json) json_t *first = world_ok(w, desk, "case.add", json_deep_copy(args));
    int64_t cursor = cursor_of(desk);

    (void)world_wrote(w);
    SL_AUTO(json) json_t *again = world_ok(w, desk, "case.add", json_deep_copy(args));
    ck_assert(json_equal(first, again));
    ck_assert(!world_wrote(w));
    ck_assert_int_eq(cursor_of(desk), cursor);
    /* The same id with another reference, thread, entry or caseworker is another case. */
    json_t *other = json_deep_copy(args);
    sl_json_set_str(other, "ref", "EHC 2042");
    ck_assert_str_eq(world_try(w, desk, "case.add", other), "id_used");
    ck_assert_str_eq(world_try(w, world_staff(w, 1), "case.add", json_deep_copy(args)), "id_used");
    struct world_thread third;
    json_t *fresh = world_case_args(w, &third, worker, "EHC 2042");
    sl_json_set(fresh, "case", json_deep_copy(json_object_get(args, "case")));
    ck_assert_str_eq(world_try(w, desk, "case.add", fresh), "id_used");
    SL_AUTO(buf) struct sl_buf card = {0};
    struct world_thread at_one = second;
    at_one.seq = 1;
    json_t *changed = json_deep_copy(args);
    json_t *entries = json_object_get(changed, "entries");
    world_message(w, &at_one, worker, &card);
    (void)json_array_set_new(entries, 1, world_entry_args(&at_one, &card));
    ck_assert_str_ne(world_try(w, desk, "case.add", changed), "ok");
    /* However it is written. */
    ck_assert_str_eq(world_try(w, desk, "case.add", world_case_args(w, &third, worker, "ehc2041")),
                     "ref_used");
    json_decref(args);
    /* A case's staff notes have an id of their own, which no family's thread may take. */
    args = world_case_args(w, &third, worker, "EHC 2043");
    static const char label[] = "sendline-notes-v1";
    SL_AUTO(buf) struct sl_buf text = {0};
    uint8_t notes[SL_ID_BYTES];
    sl_buf_put(&text, label, sizeof label);
    sl_buf_put(&text, third.case_id, SL_ID_BYTES);
    (void)crypto_generichash(notes, sizeof notes, text.data, text.len, NULL, 0);
    sl_json_set_bytes(args, "thread", notes, sizeof notes);
    json_t *list = json_object_get(args, "entries");
    for (size_t i = 0; i < 2; i++) {
        sl_json_set_bytes(json_array_get(list, i), "thread", notes, sizeof notes);
    }
    ck_assert_str_eq(world_try(w, desk, "case.add", args), "id_used");
}
END_TEST

/* ---- The reply promise ---- */

/* Both sides must be shown the same. due_on "": none. */
static void promise(const char *state, const char *due_on, int64_t seq)
{
    SL_AUTO(json) json_t *mine = only_thread(home);
    SL_AUTO(json) json_t *theirs = only_thread(desk);
    const json_t *reply = json_object_get(mine, "reply");

    ck_assert(json_equal(reply, json_object_get(theirs, "reply")));
    ck_assert_str_eq(text_at(reply, "state"), state);
    const char *due = json_string_value(json_object_get(reply, "due_on"));
    ck_assert_str_eq(due != NULL ? due : "", due_on);
    ck_assert_int_eq(json_integer_value(json_object_get(reply, "seq")), seq);
}

START_TEST(a_parents_message_is_answered_within_five_working_days)
{
    promise("none", "", 0);
    world_post(w, home, &t, &parent, "text"); /* on a Wednesday */
    promise("due", "2025-12-03", t.seq);
    world_advance(w, 2 * 86400);
    home = world_parent(w, &parent);
    desk = world_staff(w, 0);
    world_post(w, home, &t, &parent, "file");
    promise("due", "2025-12-03", t.seq); /* from the oldest */
    world_post(w, desk, &t, worker, "text");
    promise("none", "", 0);
    world_post(w, home, &t, &parent, "form"); /* on a Friday */
    promise("due", "2025-12-05", t.seq);
}
END_TEST

START_TEST(past_the_end_of_the_day_it_is_late)
{
    world_post(w, home, &t, &parent, "text");
    home = world_connect(w, RPC_PUBLIC);
    json_t *args =
        world_args("address", json_string(parent.address), "own_device", json_true(), NULL);
    world_sign_in(w, home, args, 1, parent.auth_sk, NULL);
    json_decref(world_ok(w, home, "auth.parent", args));
    world_advance(w, 8 * 86400 - 1); /* 3 December, 23:59:59 */
    desk = world_staff(w, 0);
    promise("due", "2025-12-03", t.seq);
    world_advance(w, 1);
    promise("late", "2025-12-03", t.seq);
}
END_TEST

START_TEST(only_what_asks_starts_it_and_only_what_answers_ends_it)
{
    world_post(w, home, &t, &parent, "call");
    world_post(w, home, &t, &parent, "confirm");
    world_post(w, home, &t, &parent, "profile");
    world_post(w, desk, &t, worker, "text");
    promise("none", "", 0);
    world_post(w, home, &t, &parent, "text");
    int64_t asked = t.seq;
    world_post(w, desk, &t, worker, "card");
    world_post(w, desk, &t, worker, "agreed");
    world_post(w, desk, &t, worker, "letter");
    world_post(w, desk, &t, worker, "reason");
    world_post(w, desk, &t, worker, "call");
    seen(desk, worker);
    promise("due", "2025-12-03", asked);
    world_post(w, desk, &t, worker, "file");
    promise("none", "", 0);
}
END_TEST

START_TEST(an_answer_ends_what_its_author_had_seen)
{
    world_post(w, home, &t, &parent, "text");
    struct world_thread before = t;
    world_advance(w, 86400);
    home = world_parent(w, &parent);
    desk = world_staff(w, 0);
    world_post(w, home, &t, &parent, "confirm"); /* does not wait */
    world_post(w, home, &t, &parent, "text");
    world_post(w, home, &t, &parent, "text");
    int64_t newest = t.seq;
    SL_AUTO(buf) struct sl_buf answer = {0};
    world_message(w, &before, worker, &answer);
    post_entry(desk, &answer, world_post_args(&t, &answer, "text"));
    promise("due", "2025-12-04", newest); /* from the second day on */
    world_post(w, desk, &t, worker, "text");
    promise("none", "", 0);
}
END_TEST

START_TEST(no_reply_needed_is_said_of_what_was_seen)
{
    world_post(w, home, &t, &parent, "text");
    json_t *args =
        world_args("thread", world_b64(t.id, SL_ID_BYTES), "seq", json_integer(t.seq), NULL);
    int64_t marked = t.seq;

    /* The parent cannot say it, nor can anybody of what is not the newest. */
    ck_assert_str_eq(world_try(w, home, "thread.no_reply_needed", json_deep_copy(args)),
                     "forbidden");
    SL_AUTO(json) json_t *ok = world_ok(w, desk, "thread.no_reply_needed", json_deep_copy(args));
    ck_assert_str_eq(text_at(json_object_get(ok, "reply"), "state"), "not_needed");
    promise("not_needed", "", marked);
    (void)world_wrote(w);
    SL_AUTO(json) json_t *again = world_ok(w, desk, "thread.no_reply_needed", json_deep_copy(args));
    ck_assert(json_equal(ok, again));
    ck_assert(!world_wrote(w));
    world_post(w, home, &t, &parent, "text");
    promise("due", "2025-12-03", t.seq);
    SL_AUTO(json) json_t *stale = world_call(w, desk, "thread.no_reply_needed", args);
    ck_assert_str_eq(world_code(stale), "entry_stale");
    ck_assert_int_eq(int_at(json_object_get(stale, "error"), "last_seq"), t.seq);
    promise("due", "2025-12-03", t.seq);
}
END_TEST

START_TEST(what_was_marked_does_not_wait_again)
{
    struct world_thread before = t;

    world_post(w, home, &t, &parent, "text");
    json_decref(world_ok(
        w, desk, "thread.no_reply_needed",
        world_args("thread", world_b64(t.id, SL_ID_BYTES), "seq", json_integer(t.seq), NULL)));
    world_advance(w, 86400);
    home = world_parent(w, &parent);
    desk = world_staff(w, 0);
    world_post(w, home, &t, &parent, "text");
    int64_t waits = t.seq;
    /* Written before either was seen. */
    SL_AUTO(buf) struct sl_buf crossing = {0};
    world_message(w, &before, worker, &crossing);
    post_entry(desk, &crossing, world_post_args(&t, &crossing, "text"));
    promise("due", "2025-12-04", waits);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rpc_events");
    TCase *tests = tcase_create("events");

    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, both_sides_are_told_the_same_by_push_and_by_sync);
    tcase_add_test(tests, a_new_case_and_an_accepted_invitation_are_told_too);
    tcase_add_test(tests, what_fails_is_told_to_nobody);
    tcase_add_test(tests, who_is_no_part_of_it_is_told_nothing);
    tcase_add_test(tests, catching_up_goes_page_by_page_and_ends);
    tcase_add_test(tests, large_pages_are_cut_and_go_on);
    tcase_add_test(tests, the_newest_page_comes_in_order);
    tcase_add_test(tests, a_client_ahead_of_a_restored_database_learns_it);
    tcase_add_test(tests, a_thread_that_went_to_a_colleague_keeps_its_numbers);
    tcase_add_test(tests, many_writers_at_once_leave_no_gap);
    tcase_add_test(tests, unread_is_what_the_other_side_wrote_and_one_has_not_seen);
    tcase_add_test(tests, a_list_is_paged_and_tells_where_events_begin);
    tcase_add_test(tests, cases_of_the_team_say_whom_to_ask);
    tcase_add_test(tests, a_case_is_added_once_and_its_reference_is_its_own);
    tcase_add_test(tests, a_parents_message_is_answered_within_five_working_days);
    tcase_add_test(tests, past_the_end_of_the_day_it_is_late);
    tcase_add_test(tests, only_what_asks_starts_it_and_only_what_answers_ends_it);
    tcase_add_test(tests, an_answer_ends_what_its_author_had_seen);
    tcase_add_test(tests, no_reply_needed_is_said_of_what_was_seen);
    tcase_add_test(tests, what_was_marked_does_not_wait_again);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
