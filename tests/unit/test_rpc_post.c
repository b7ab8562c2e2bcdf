/*
 * Posting entries: the answers in the order that crypto.md promises, each of the eight rules that
 * the server can judge, held threads, messages taken back.
 */
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

static int64_t int_of(const json_t *obj, const char *field)
{
    const json_t *value = json_object_get(obj, field);

    ck_assert_msg(json_is_integer(value), "%s is not there", field);
    return json_integer_value(value);
}

static void bytes_are(const json_t *obj, const char *field, const void *bytes, size_t len)
{
    SL_AUTO(str) char *expected = sl_b64(bytes, len);
    const char *text = json_string_value(json_object_get(obj, field));

    ck_assert_msg(text != NULL, "%s is not there", field);
    ck_assert_str_eq(text, expected);
}

static const char *try_post(struct rpc_conn *conn, const struct sl_buf *entry, const char *act)
{
    return world_try(w, conn, "entry.post", world_post_args(&t, entry, act));
}

/* It must be refused by this rule, and change nothing. */
static void refused(struct rpc_conn *conn, const char *call, json_t *take_args, int rule)
{
    (void)world_wrote(w);
    SL_AUTO(json) json_t *answer = world_call(w, conn, call, take_args);
    const json_t *error = json_object_get(answer, "error");

    ck_assert_str_eq(world_code(answer), "entry_refused");
    ck_assert_int_eq(int_of(error, "rule"), rule);
    ck_assert(!world_wrote(w));
}

static void post_refused(struct rpc_conn *conn, const struct sl_buf *entry, const char *act,
                         int rule)
{
    refused(conn, "entry.post", world_post_args(&t, entry, act), rule);
}

/* It must be out of date, say what is newest, and change nothing. */
static void stale(struct rpc_conn *conn, const struct sl_buf *entry, const char *act)
{
    (void)world_wrote(w);
    SL_AUTO(json)
    json_t *answer = world_call(w, conn, "entry.post", world_post_args(&t, entry, act));
    const json_t *error = json_object_get(answer, "error");

    ck_assert_str_eq(world_code(answer), "entry_stale");
    ck_assert_int_eq(int_of(error, "last_seq"), t.seq);
    bytes_are(error, "last_link", t.link, SL_HASH_BYTES);
    bytes_are(error, "thread", t.id, SL_ID_BYTES);
    ck_assert_int_eq(int_of(error, "newest_generation"), t.generation);
    ck_assert(!world_wrote(w));
}

/* ---- What is right ---- */

START_TEST(a_message_is_numbered_chained_and_kept)
{
    SL_AUTO(buf) struct sl_buf entry = {0};

    world_advance(w, 60);
    world_message(w, &t, &parent, &entry);
    SL_AUTO(json)
    json_t *ok = world_ok(w, home, "entry.post", world_post_args(&t, &entry, "text"));
    world_took(&t, &entry);
    ck_assert_int_eq(int_of(ok, "seq"), t.seq);
    ck_assert_int_eq(int_of(ok, "at"), WORLD_START_S + 60);
    bytes_are(ok, "link", t.link, SL_HASH_BYTES);
    SL_AUTO(json)
    json_t *page =
        world_ok(w, desk, "thread.entries",
                 world_args("thread", world_b64(t.id, SL_ID_BYTES), "last", json_integer(1), NULL));
    const json_t *last = json_array_get(json_object_get(page, "entries"), 0);
    bytes_are(last, "entry", entry.data, entry.len);
    ck_assert_int_eq(int_of(last, "seq"), t.seq);
    ck_assert_int_eq(int_of(page, "last_seq"), t.seq);
    bytes_are(page, "last_link", t.link, SL_HASH_BYTES);
}
END_TEST

START_TEST(the_largest_message_is_taken)
{
    SL_AUTO(buf) struct sl_buf entry = {0};
    struct sl_header h = world_header(w, &t, &parent, SL_ENTRY_MESSAGE);
    uint8_t body[SL_MESSAGE_BODY_MAX];

    world_fill(w, body, sizeof body);
    world_sign(&h, body, sizeof body, &parent, &entry);
    ck_assert_uint_eq(entry.len, SL_MAX_ENTRY_BYTES);
    ck_assert_str_eq(try_post(home, &entry, "text"), "ok");
}
END_TEST

START_TEST(messages_may_cross)
{
    SL_AUTO(buf) struct sl_buf mine = {0};
    SL_AUTO(buf) struct sl_buf theirs = {0};

    /* Both written before either was seen. */
    world_message(w, &t, &parent, &mine);
    world_message(w, &t, worker, &theirs);
    ck_assert_str_eq(try_post(home, &mine, "text"), "ok");
    ck_assert_str_eq(try_post(desk, &theirs, "text"), "ok");
}
END_TEST

START_TEST(a_seen_entry_and_a_new_key)
{
    SL_AUTO(buf) struct sl_buf seen = {0};
    SL_AUTO(buf) struct sl_buf key = {0};
    struct sl_header h = world_header(w, &t, &parent, SL_ENTRY_SEEN);

    world_sign(&h, "", 0, &parent, &seen);
    ck_assert_str_eq(try_post(home, &seen, NULL), "ok");
    world_took(&t, &seen);
    world_key_entry(w, &t, worker, &key);
    ck_assert_str_eq(try_post(desk, &key, NULL), "ok");
    world_took(&t, &key);
    world_post(w, home, &t, &parent, "text");
    world_post(w, desk, &t, worker, "letter");
}
END_TEST

/* ---- The same bytes again ---- */

START_TEST(the_same_again_gets_its_first_answer_whatever_has_happened)
{
    SL_AUTO(buf) struct sl_buf entry = {0};
    SL_AUTO(buf) struct sl_buf key = {0};

    world_message(w, &t, &parent, &entry);
    SL_AUTO(json)
    json_t *first = world_ok(w, home, "entry.post", world_post_args(&t, &entry, "text"));
    world_took(&t, &entry);
    struct world_thread after = t;
    for (int turn = 0; turn < 4; turn++) {
        ck_assert_str_eq(world_try(w, home, "account.get", NULL), "ok"); /* uses the session */
        json_decref(world_pushes(w, parent.id));
        json_decref(world_pushes(w, worker->id));
        (void)world_wrote(w);
        SL_AUTO(json)
        json_t *again = world_ok(w, home, "entry.post", world_post_args(&t, &entry, "text"));
        ck_assert(json_equal(first, again));
        ck_assert(!world_wrote(w));
        SL_AUTO(json) json_t *pushed = world_pushes(w, worker->id);
        ck_assert_uint_eq(json_array_size(pushed), 0);
        world_advance(w, 600);
        if (turn == 0) { /* then it would be stale */
            world_post(w, home, &t, &parent, "text");
        } else if (turn == 1) { /* and of an old generation */
            world_key_entry(w, &t, worker, &key);
            ck_assert_str_eq(try_post(desk, &key, NULL), "ok");
            world_took(&t, &key);
        } else if (turn == 2) { /* and the thread is closed */
            world_sql(w, "UPDATE thread SET closed_at = 1");
        }
    }
    /* Said to be something else in clear, it is the same entry all the same. */
    SL_AUTO(json)
    json_t *other = world_ok(w, home, "entry.post", world_post_args(&after, &entry, "file"));
    ck_assert(json_equal(first, other));
}
END_TEST

START_TEST(other_bytes_under_a_used_id)
{
    SL_AUTO(buf) struct sl_buf first = {0};
    SL_AUTO(buf) struct sl_buf second = {0};
    SL_AUTO(buf) struct sl_buf theirs = {0};
    uint8_t body[SL_MESSAGE_BODY_MIN] = {1};

    world_message(w, &t, &parent, &first);
    ck_assert_str_eq(try_post(home, &first, "text"), "ok");
    world_took(&t, &first);
    struct sl_header h;
    ck_assert_int_eq(sl_header_parse(first.data, &h), SL_OK);
    /* Out of date as well, and the thread is closed: the id comes first. */
    world_sql(w, "UPDATE thread SET closed_at = 1");
    world_sign(&h, body, sizeof body, &parent, &second);
    ck_assert_str_eq(try_post(home, &second, "text"), "entry_id_used");
    /* Even with a signature that does not hold; and by the other side, whose own bytes differ. */
    second.data[second.len - 1] ^= 1;
    ck_assert_str_eq(try_post(home, &second, "text"), "entry_id_used");
    ck_assert_str_eq(try_post(desk, &first, "text"), "entry_id_used");
    world_sql(w, "UPDATE thread SET closed_at = 0");
    struct sl_header of_staff = world_header(w, &t, worker, SL_ENTRY_MESSAGE);
    memcpy(of_staff.entry_id, h.entry_id, SL_ID_BYTES);
    world_sign(&of_staff, body, sizeof body, worker, &theirs);
    ck_assert_str_eq(try_post(desk, &theirs, "text"), "entry_id_used");
}
END_TEST

START_TEST(the_same_id_in_another_thread_is_another_entry)
{
    struct world_thread second;
    SL_AUTO(buf) struct sl_buf first = {0};
    SL_AUTO(buf) struct sl_buf other = {0};
    uint8_t body[SL_MESSAGE_BODY_MIN] = {1};
    struct sl_header h;

    world_case(w, desk, worker, "A 2", &second);
    world_message(w, &t, worker, &first);
    ck_assert_str_eq(try_post(desk, &first, "text"), "ok");
    ck_assert_int_eq(sl_header_parse(first.data, &h), SL_OK);
    struct sl_header next = world_header(w, &second, worker, SL_ENTRY_MESSAGE);
    memcpy(next.entry_id, h.entry_id, SL_ID_BYTES);
    world_sign(&next, body, sizeof body, worker, &other);
    ck_assert_str_eq(world_try(w, desk, "entry.post", world_post_args(&second, &other, "text")),
                     "ok");
}
END_TEST

/* ---- Closed, and who has no part ---- */

START_TEST(a_closed_thread_takes_nothing_and_says_so_before_anything_is_judged)
{
    SL_AUTO(buf) struct sl_buf entry = {0};

    world_message(w, &t, &parent, &entry);
    entry.data[entry.len - 1] ^= 1;
    world_post(w, desk, &t, worker, "text");
    world_sql(w, "UPDATE thread SET closed_at = 1");
    ck_assert_str_eq(try_post(home, &entry, "text"), "closed");
    SL_AUTO(json)
    json_t *page =
        world_ok(w, home, "thread.entries",
                 world_args("thread", world_b64(t.id, SL_ID_BYTES), "from", json_integer(1), NULL));
    ck_assert_uint_eq(json_array_size(json_object_get(page, "entries")), t.seq);
}
END_TEST

START_TEST(strangers_learn_nothing_of_a_thread)
{
    struct world_person other;
    struct world_thread theirs;
    struct rpc_conn *colleague = world_staff(w, 1);
    struct rpc_conn *neighbour = world_family(w, colleague, &w->staff[1], "B 1", &theirs, &other);
    struct {
        struct rpc_conn *conn;
        const struct world_person *person;
    } strangers[] = {{colleague, &w->staff[1]}, {neighbour, &other}};
    struct world_thread nowhere = t;

    nowhere.id[0] ^= 1;
    for (size_t i = 0; i < 2; i++) {
        SL_AUTO(buf) struct sl_buf entry = {0};
        world_message(w, &t, strangers[i].person, &entry);
        ck_assert_str_eq(try_post(strangers[i].conn, &entry, "text"), "not_found");
        ck_assert_str_eq(world_try(w, strangers[i].conn, "entry.post",
                                   world_post_args(&nowhere, &entry, "text")),
                         "not_found");
        ck_assert_str_eq(world_try(w, strangers[i].conn, "thread.entries",
                                   world_args("thread", world_b64(t.id, SL_ID_BYTES), "from",
                                              json_integer(1), NULL)),
                         "not_found");
    }
    ck_assert_str_eq(
        world_try(w, colleague, "thread.no_reply_needed",
                  world_args("thread", world_b64(t.id, SL_ID_BYTES), "seq", json_integer(1), NULL)),
        "not_found");
}
END_TEST

START_TEST(a_parent_who_has_not_accepted_has_no_part)
{
    struct world_thread second;
    SL_AUTO(buf) struct sl_buf entry = {0};

    world_case(w, desk, worker, "A 2", &second);
    (void)world_invite(w, desk, worker, &second, &parent);
    world_message(w, &second, &parent, &entry);
    ck_assert_str_eq(world_try(w, home, "entry.post", world_post_args(&second, &entry, "text")),
                     "not_found");
    ck_assert_str_eq(world_try(w, home, "thread.entries",
                               world_args("thread", world_b64(second.id, SL_ID_BYTES), "from",
                                          json_integer(1), NULL)),
                     "not_found");
}
END_TEST

/* ---- Out of date ---- */

START_TEST(what_is_out_of_date_is_told_what_is_newest)
{
    SL_AUTO(buf) struct sl_buf ahead = {0};
    SL_AUTO(buf) struct sl_buf forked = {0};
    SL_AUTO(buf) struct sl_buf behind = {0};
    SL_AUTO(buf) struct sl_buf key = {0};
    SL_AUTO(buf) struct sl_buf old = {0};
    uint8_t body[SL_MESSAGE_BODY_MIN] = {1};
    struct world_thread before = t;

    world_post(w, home, &t, &parent, "text");
    struct sl_header h = world_header(w, &t, &parent, SL_ENTRY_MESSAGE);
    h.prev_seq++;
    world_sign(&h, body, sizeof body, &parent, &ahead);
    stale(home, &ahead, "text");
    h = world_header(w, &t, &parent, SL_ENTRY_MESSAGE);
    h.prev_link[0] ^= 1;
    world_sign(&h, body, sizeof body, &parent, &forked);
    stale(home, &forked, "text");
    world_message(w, &before, &parent, &behind); /* below their own last */
    stale(home, &behind, "text");
    world_key_entry(w, &before, worker, &key); /* not the end */
    stale(desk, &key, NULL);
    world_advance(w, 20); /* nothing is held any more */
    h = world_header(w, &t, worker, SL_ENTRY_MESSAGE);
    h.generation++;
    world_sign(&h, body, sizeof body, worker, &old);
    stale(desk, &old, "text");
}
END_TEST

START_TEST(a_link_in_the_middle_is_looked_up)
{
    struct world_thread before = t;
    SL_AUTO(buf) struct sl_buf late = {0};
    SL_AUTO(buf) struct sl_buf forked = {0};
    uint8_t body[SL_MESSAGE_BODY_MIN] = {1};

    for (int i = 0; i < 3; i++) {
        world_post(w, home, &t, &parent, "text");
    }
    struct sl_header h = world_header(w, &before, worker, SL_ENTRY_MESSAGE);
    h.prev_link[31] ^= 1;
    world_sign(&h, body, sizeof body, worker, &forked);
    stale(desk, &forked, "text");
    world_message(w, &before, worker, &late);
    ck_assert_str_eq(try_post(desk, &late, "text"), "ok");
    world_took(&t, &late);
    /* From before the beginning: a new member's first word. */
    struct world_thread begin = t;
    SL_AUTO(buf) struct sl_buf first = {0};
    begin.seq = 0;
    sl_link_first(t.id, begin.link);
    world_message(w, &begin, worker, &first);
    stale(desk, &first, "text"); /* below their own last */
}
END_TEST

START_TEST(out_of_date_comes_before_refused)
{
    struct world_thread before = t;
    SL_AUTO(buf) struct sl_buf entry = {0};

    world_post(w, home, &t, &parent, "text");
    world_message(w, &before, &parent, &entry);
    entry.data[entry.len - 1] ^= 1;
    stale(home, &entry, "card"); /* not theirs either */
}
END_TEST

START_TEST(of_two_rotations_at_once_one_is_out_of_date)
{
    SL_AUTO(buf) struct sl_buf one = {0};
    SL_AUTO(buf) struct sl_buf two = {0};

    world_key_entry(w, &t, worker, &one);
    world_key_entry(w, &t, worker, &two);
    int64_t first = world_send(w, desk, "entry.post", world_post_args(&t, &one, NULL));
    int64_t second = world_send(w, desk, "entry.post", world_post_args(&t, &two, NULL));
    SL_AUTO(json) json_t *a = world_answer(w, desk, first);
    SL_AUTO(json) json_t *b = world_answer(w, desk, second);
    ck_assert_str_eq(world_code(a), "ok");
    ck_assert_str_eq(world_code(b), "entry_stale");
}
END_TEST

/* ---- Held threads ---- */

static int64_t held_ms(struct rpc_conn *conn, const struct world_person *author)
{
    SL_AUTO(buf) struct sl_buf entry = {0};

    world_message(w, &t, author, &entry);
    SL_AUTO(json)
    json_t *answer = world_call(w, conn, "entry.post", world_post_args(&t, &entry, "text"));
    if (strcmp(world_code(answer), "ok") == 0) {
        world_took(&t, &entry);
        return 0;
    }
    ck_assert_str_eq(world_code(answer), "entry_stale");
    return int_of(json_object_get(answer, "error"), "retry_after_ms");
}

static void stale_key(bool signed_right)
{
    struct world_thread before = t;
    SL_AUTO(buf) struct sl_buf key = {0};

    world_post(w, home, &t, &parent, "text");
    world_key_entry(w, &before, worker, &key);
    if (!signed_right) {
        key.data[key.len - 1] ^= 1;
    }
    ck_assert_str_eq(try_post(desk, &key, NULL), "entry_stale");
}

START_TEST(a_stale_key_entry_holds_the_thread_for_others_until_it_comes)
{
    SL_AUTO(buf) struct sl_buf key = {0};

    stale_key(true);
    ck_assert_int_eq(held_ms(home, &parent), 5000);
    sl_fake_clock_advance(&w->clock, 2000);
    ck_assert_int_eq(held_ms(home, &parent), 3000);
    world_key_entry(w, &t, worker, &key);
    ck_assert_str_eq(try_post(desk, &key, NULL), "ok");
    world_took(&t, &key);
    ck_assert_int_eq(held_ms(home, &parent), 0);
}
END_TEST

START_TEST(its_author_goes_on_in_a_held_thread)
{
    stale_key(true);
    ck_assert_int_eq(held_ms(desk, worker), 0);
    ck_assert_int_eq(held_ms(home, &parent), 5000);
}
END_TEST

START_TEST(a_hold_ends_and_does_not_come_back_at_once)
{
    stale_key(true);
    ck_assert_int_eq(held_ms(home, &parent), 5000);
    sl_fake_clock_advance(&w->clock, 5000);
    ck_assert_int_eq(held_ms(home, &parent), 0);
    stale_key(true);
    ck_assert_int_eq(held_ms(home, &parent), 0);
    sl_fake_clock_advance(&w->clock, 5000);
    stale_key(true);
    ck_assert_int_eq(held_ms(home, &parent), 5000);
}
END_TEST

START_TEST(nobody_is_held_for_what_is_not_signed)
{
    stale_key(false);
    ck_assert_int_eq(held_ms(home, &parent), 0);
}
END_TEST

START_TEST(the_same_again_is_answered_in_a_held_thread)
{
    struct world_thread before = t;
    SL_AUTO(buf) struct sl_buf entry = {0};
    SL_AUTO(buf) struct sl_buf key = {0};

    world_message(w, &t, &parent, &entry);
    ck_assert_str_eq(try_post(home, &entry, "text"), "ok");
    world_took(&t, &entry);
    world_key_entry(w, &before, worker, &key);
    ck_assert_str_eq(try_post(desk, &key, NULL), "entry_stale");
    ck_assert_str_eq(try_post(home, &entry, "text"), "ok");
}
END_TEST

/* ---- Rule 1 ---- */

START_TEST(rule_1_what_is_no_entry)
{
    SL_AUTO(buf) struct sl_buf good = {0};
    SL_AUTO(buf) struct sl_buf shorter = {0};
    SL_AUTO(buf) struct sl_buf longer = {0};
    SL_AUTO(buf) struct sl_buf elsewhere = {0};
    uint8_t body[SL_MESSAGE_BODY_MAX + 1] = {1};
    struct sl_header h = world_header(w, &t, &parent, SL_ENTRY_MESSAGE);

    world_sign(&h, body, SL_MESSAGE_BODY_MIN - 1, &parent, &shorter);
    post_refused(home, &shorter, NULL, 1);
    world_sign(&h, body, SL_MESSAGE_BODY_MAX + 1, &parent, &longer);
    ck_assert_str_eq(try_post(home, &longer, NULL), "bad_request"); /* larger than any entry */
    world_message(w, &t, &parent, &good);
    SL_AUTO(buf) struct sl_buf cut = {0};
    sl_buf_put(&cut, good.data, 100);
    post_refused(home, &cut, NULL, 1);
    good.data[0] = 2;
    post_refused(home, &good, NULL, 1);
    good.data[0] = 1;
    good.data[1] = 6;
    post_refused(home, &good, NULL, 1);
    good.data[1] = 0;
    post_refused(home, &good, NULL, 1);
    h.thread_id[0] ^= 1;
    world_sign(&h, body, SL_MESSAGE_BODY_MIN, &parent, &elsewhere);
    post_refused(home, &elsewhere, "text", 1);
}
END_TEST

/* ---- Rules 3 and 4 ---- */

START_TEST(rule_3_who_says_to_be_somebody_else)
{
    SL_AUTO(buf) struct sl_buf theirs = {0};
    SL_AUTO(buf) struct sl_buf left = {0};

    world_message(w, &t, worker, &theirs);
    post_refused(home, &theirs, "text", 3);
    world_message(w, &t, worker, &left);
    world_sql(w, "UPDATE holder SET ended_serial = 1 WHERE kind = 1");
    post_refused(desk, &left, "text", 3);
}
END_TEST

START_TEST(rule_4_a_signature_that_does_not_hold)
{
    SL_AUTO(buf) struct sl_buf bent = {0};
    SL_AUTO(buf) struct sl_buf other = {0};
    struct world_person thief = world_new_parent(w);
    uint8_t body[SL_MESSAGE_BODY_MIN] = {1};
    struct sl_header h = world_header(w, &t, &parent, SL_ENTRY_MESSAGE);

    world_message(w, &t, &parent, &bent);
    for (size_t at = 98; at < bent.len; at += 37) {
        bent.data[at] ^= 1;
        post_refused(home, &bent, "text", 4);
        bent.data[at] ^= 1;
    }
    bent.data[50] ^= 1; /* sent_at, in the header */
    post_refused(home, &bent, "text", 4);
    world_sign(&h, body, sizeof body, &thief, &other);
    post_refused(home, &other, "text", 4);
}
END_TEST

/* ---- Rule 5 ---- */

START_TEST(rule_5_types_have_their_side_and_their_call)
{
    SL_AUTO(buf) struct sl_buf key = {0};
    SL_AUTO(buf) struct sl_buf invite_entry = {0};
    SL_AUTO(buf) struct sl_buf by_staff = {0};
    SL_AUTO(buf) struct sl_buf keys = {0};
    struct world_invite invite = world_new_invite(w, &parent);

    world_key_entry(w, &t, &parent, &key);
    post_refused(home, &key, NULL, 5);
    world_invite_entry(w, &t, &parent, &invite, &invite_entry);
    post_refused(home, &invite_entry, NULL, 5);
    world_invite_entry(w, &t, worker, &invite, &by_staff); /* not without an invitation */
    post_refused(desk, &by_staff, NULL, 7);
    world_keys_entry(w, &t, &parent, &invite, &keys);
    post_refused(home, &keys, NULL, 7);
}
END_TEST

START_TEST(rule_5_a_thread_begins_with_a_key)
{
    struct world_thread fresh;
    SL_AUTO(buf) struct sl_buf message = {0};
    SL_AUTO(buf) struct sl_buf second = {0};
    json_t *args = world_case_args(w, &fresh, worker, "A 2");
    json_t *entries = json_object_get(args, "entries");

    fresh.seq = 0;
    fresh.generation = 0;
    sl_link_first(fresh.id, fresh.link);
    world_message(w, &fresh, worker, &message);
    (void)json_array_set_new(entries, 0, world_entry_args(&fresh, &message));
    refused(desk, "case.add", json_deep_copy(args), 5);
    fresh.generation = 1; /* a key entry of generation 2 */
    world_key_entry(w, &fresh, worker, &second);
    (void)json_array_set_new(entries, 0, world_entry_args(&fresh, &second));
    refused(desk, "case.add", args, 5);
}
END_TEST

/* ---- Rule 6 ---- */

static void key_refused(const struct sl_key_body *body, int rule)
{
    struct sl_header h = world_header(w, &t, worker, SL_ENTRY_KEY);
    SL_AUTO(buf) struct sl_buf bytes = {0};
    SL_AUTO(buf) struct sl_buf entry = {0};

    sl_key_body_put(&bytes, body);
    world_sign(&h, bytes.data, bytes.len, worker, &entry);
    post_refused(desk, &entry, NULL, rule);
}

enum {
    TEAM,
    RECORDS,
    PARENT
};

START_TEST(rule_6_the_roster_named)
{
    struct sl_key_body body = world_key_body(w, &t);

    body.roster_serial = 2;
    key_refused(&body, 6);
    body = world_key_body(w, &t);
    body.roster_hash[0] ^= 1;
    key_refused(&body, 6);
    /* Older than the last one named, although the server knows it. */
    body = world_key_body(w, &t);
    world_sql(w, "UPDATE thread SET roster_serial = 2");
    key_refused(&body, 6);
}
END_TEST

START_TEST(rule_6_one_grant_each)
{
    struct sl_key_body body = world_key_body(w, &t);

    for (int without = TEAM; without <= PARENT; without++) {
        body = world_key_body(w, &t);
        body.grants[without] = body.grants[PARENT];
        body.grant_count = 2;
        key_refused(&body, 6);
        body = world_key_body(w, &t);
        body.grants[3] = body.grants[without];
        body.grant_count = 4;
        key_refused(&body, 6);
    }
    body = world_key_body(w, &t);
    body.grant_count = 0;
    key_refused(&body, 6);
    struct sl_header h = world_header(w, &t, worker, SL_ENTRY_KEY);
    SL_AUTO(buf) struct sl_buf bytes = {0};
    SL_AUTO(buf) struct sl_buf entry = {0};
    body = world_key_body(w, &t);
    sl_key_body_put(&bytes, &body);
    bytes.data[140] = 9; /* more than the most, all of them there */
    for (int i = 0; i < 6; i++) {
        sl_buf_put(&bytes, (const uint8_t[133]){0}, 133);
    }
    world_sign(&h, bytes.data, bytes.len, worker, &entry);
    post_refused(desk, &entry, NULL, 6);
}
END_TEST

START_TEST(rule_6_grants_go_to_who_is_current)
{
    struct sl_key_body body = world_key_body(w, &t);
    const struct world_holder *other_team = &w->teams[1];

    memcpy(body.grants[TEAM].holder_id, other_team->id, SL_ID_BYTES);
    memcpy(body.grants[TEAM].box_pk, other_team->box_pk, SL_PK_BYTES);
    key_refused(&body, 6); /* somebody's team, but not the case's */
    for (int i = TEAM; i <= PARENT; i++) {
        body = world_key_body(w, &t);
        body.grants[i].box_pk[0] ^= 1;
        key_refused(&body, 6);
        body = world_key_body(w, &t);
        body.grants[i].holder_id[0] ^= 1;
        key_refused(&body, 6);
        body = world_key_body(w, &t);
        body.grants[i].holder_generation++;
        key_refused(&body, 6);
    }
    body = world_key_body(w, &t);
    body.grants[TEAM].kind = SL_HOLDER_STAFF;
    memcpy(body.grants[TEAM].holder_id, worker->id, SL_ID_BYTES);
    memcpy(body.grants[TEAM].box_pk, worker->box_pk, SL_PK_BYTES);
    key_refused(&body, 6);
    body = world_key_body(w, &t);
    body.grants[TEAM].kind = 5;
    key_refused(&body, 6);
    body = world_key_body(w, &t);
    body.grants[TEAM].kind = 0;
    key_refused(&body, 6);
    body = world_key_body(w, &t);
    world_sql(w, "UPDATE holder SET ended_serial = 1 WHERE kind = 3");
    key_refused(&body, 6);
    world_sql(w, "UPDATE holder SET ended_serial = 0, added_serial = 2 WHERE kind = 3");
    key_refused(&body, 6);
    /* Ended by a later roster than the one that is named: current in that one. */
    world_sql(w, "UPDATE holder SET ended_serial = 2, added_serial = 1 WHERE kind = 3");
    struct sl_header h = world_header(w, &t, worker, SL_ENTRY_KEY);
    SL_AUTO(buf) struct sl_buf bytes = {0};
    SL_AUTO(buf) struct sl_buf entry = {0};
    sl_key_body_put(&bytes, &body);
    world_sign(&h, bytes.data, bytes.len, worker, &entry);
    ck_assert_str_eq(try_post(desk, &entry, NULL), "ok");
}
END_TEST

START_TEST(rule_6_no_parent_no_grant)
{
    struct world_thread second;
    SL_AUTO(buf) struct sl_buf bytes = {0};
    SL_AUTO(buf) struct sl_buf entry = {0};

    world_case(w, desk, worker, "A 2", &second);
    struct sl_key_body body = world_key_body(w, &second);
    body.grants[2] = (struct sl_grant){.kind = SL_HOLDER_PARENT};
    body.grant_count = 3;
    sl_key_body_put(&bytes, &body);
    struct sl_header h = world_header(w, &second, worker, SL_ENTRY_KEY);
    world_sign(&h, bytes.data, bytes.len, worker, &entry);
    refused(desk, "entry.post", world_post_args(&second, &entry, NULL), 6);
}
END_TEST

START_TEST(rule_6_previous_is_there_but_in_the_first)
{
    struct sl_key_body body = world_key_body(w, &t);

    memset(body.previous, 0, sizeof body.previous);
    key_refused(&body, 6);
    struct world_thread fresh;
    json_t *args = world_case_args(w, &fresh, worker, "A 2");
    fresh.seq = 0;
    fresh.generation = 0;
    sl_link_first(fresh.id, fresh.link);
    body = world_key_body(w, &fresh);
    body.previous[0] = 1;
    struct sl_header h = world_header(w, &fresh, worker, SL_ENTRY_KEY);
    SL_AUTO(buf) struct sl_buf bytes = {0};
    SL_AUTO(buf) struct sl_buf entry = {0};
    sl_key_body_put(&bytes, &body);
    world_sign(&h, bytes.data, bytes.len, worker, &entry);
    (void)json_array_set_new(json_object_get(args, "entries"), 0, world_entry_args(&fresh, &entry));
    refused(desk, "case.add", args, 6);
}
END_TEST

/* ---- Rule 8 ---- */

START_TEST(rule_8_acts_have_their_side)
{
    static const struct {
        const char *act;
        bool parent, staff;
    } rows[] = {
        {"agreed", false, true},  {"call", true, true},   {"card", false, true},
        {"confirm", true, false}, {"file", true, true},   {"form", true, false},
        {"letter", false, true},  {"note", false, false}, {"profile", true, false},
        {"reason", false, true},  {"text", true, true},
    };
    ck_assert_uint_eq(sizeof rows / sizeof rows[0] + 1, SL_ACT_COUNT); /* and retract */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        SL_AUTO(buf) struct sl_buf mine = {0};
        SL_AUTO(buf) struct sl_buf theirs = {0};
        world_message(w, &t, &parent, &mine);
        if (rows[i].parent) {
            ck_assert_str_eq(try_post(home, &mine, rows[i].act), "ok");
            world_took(&t, &mine);
        } else {
            post_refused(home, &mine, rows[i].act, 8);
        }
        world_message(w, &t, worker, &theirs);
        if (rows[i].staff) {
            ck_assert_str_eq(try_post(desk, &theirs, rows[i].act), "ok");
            world_took(&t, &theirs);
        } else {
            post_refused(desk, &theirs, rows[i].act, 8);
        }
    }
}
END_TEST

/* ---- Taken back ---- */

static json_t *retract(const struct world_person *author, int64_t seq, struct sl_buf *entry)
{
    world_message(w, &t, author, entry);
    json_t *args = world_post_args(&t, entry, "retract");
    sl_json_set_int(args, "drop", seq);
    return args;
}

START_TEST(rule_8_only_an_own_message_is_taken_back)
{
    static const int64_t others[] = {1, 2, 3, 4, 6, 99}; /* key, card, invite, keys, theirs, none */

    world_post(w, home, &t, &parent, "text");
    world_post(w, desk, &t, worker, "text");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        SL_AUTO(buf) struct sl_buf entry = {0};
        refused(home, "entry.post", retract(&parent, others[i], &entry), 8);
    }
}
END_TEST

/* Is it anywhere in the files of the database? */
static bool on_disk(const void *bytes, size_t len)
{
    static const char *const ends[] = {"", "-wal"};
    bool found = false;

    world_sql(w, "PRAGMA wal_checkpoint(TRUNCATE)");
    for (size_t i = 0; i < 2; i++) {
        SL_AUTO(str) char *path = sl_strf("%s%s", w->path, ends[i]);
        size_t size = 0;
        SL_AUTO(str) char *all = folder_read(path, &size);
        found = found || (size >= len && memmem(all, size, bytes, len) != NULL);
    }
    return found;
}

START_TEST(of_a_message_taken_back_only_header_and_hash_stay)
{
    SL_AUTO(buf) struct sl_buf entry = {0};
    SL_AUTO(buf) struct sl_buf back = {0};
    SL_AUTO(buf) struct sl_buf once_more = {0};
    struct sl_entry parsed;
    uint8_t hash[SL_HASH_BYTES];

    world_message(w, &t, &parent, &entry);
    SL_AUTO(json)
    json_t *first = world_ok(w, home, "entry.post", world_post_args(&t, &entry, "text"));
    world_took(&t, &entry);
    const int64_t seq = t.seq;
    ck_assert(on_disk(entry.data + 98, 64));
    json_decref(world_ok(w, home, "entry.post", retract(&parent, seq, &back)));
    world_took(&t, &back);
    ck_assert(!on_disk(entry.data + 98, 64));

    ck_assert_int_eq(sl_entry_parse(entry.data, entry.len, &parsed, NULL), SL_OK);
    sl_body_hash(&parsed, hash);
    SL_AUTO(json)
    json_t *page = world_ok(w, desk, "thread.entries",
                            world_args("thread", world_b64(t.id, SL_ID_BYTES), "from",
                                       json_integer(seq), "limit", json_integer(1), NULL));
    const json_t *row = json_array_get(json_object_get(page, "entries"), 0);
    ck_assert_ptr_null(json_object_get(row, "entry"));
    bytes_are(row, "header", entry.data, SL_HEADER_BYTES);
    bytes_are(row, "body_hash", hash, sizeof hash);
    /* The same bytes still get their answer, others under the id still do not. */
    SL_AUTO(json)
    json_t *again = world_ok(w, home, "entry.post", world_post_args(&t, &entry, "text"));
    ck_assert(json_equal(first, again));
    entry.data[entry.len - 1] ^= 1;
    ck_assert_str_eq(try_post(home, &entry, "text"), "entry_id_used");
    /* Twice is once. */
    json_decref(world_ok(w, home, "entry.post", retract(&parent, seq, &once_more)));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rpc_post");
    TCase *tests = tcase_create("post");

    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_message_is_numbered_chained_and_kept);
    tcase_add_test(tests, the_largest_message_is_taken);
    tcase_add_test(tests, messages_may_cross);
    tcase_add_test(tests, a_seen_entry_and_a_new_key);
    tcase_add_test(tests, the_same_again_gets_its_first_answer_whatever_has_happened);
    tcase_add_test(tests, other_bytes_under_a_used_id);
    tcase_add_test(tests, the_same_id_in_another_thread_is_another_entry);
    tcase_add_test(tests, a_closed_thread_takes_nothing_and_says_so_before_anything_is_judged);
    tcase_add_test(tests, strangers_learn_nothing_of_a_thread);
    tcase_add_test(tests, a_parent_who_has_not_accepted_has_no_part);
    tcase_add_test(tests, what_is_out_of_date_is_told_what_is_newest);
    tcase_add_test(tests, a_link_in_the_middle_is_looked_up);
    tcase_add_test(tests, out_of_date_comes_before_refused);
    tcase_add_test(tests, of_two_rotations_at_once_one_is_out_of_date);
    tcase_add_test(tests, a_stale_key_entry_holds_the_thread_for_others_until_it_comes);
    tcase_add_test(tests, its_author_goes_on_in_a_held_thread);
    tcase_add_test(tests, a_hold_ends_and_does_not_come_back_at_once);
    tcase_add_test(tests, nobody_is_held_for_what_is_not_signed);
    tcase_add_test(tests, the_same_again_is_answered_in_a_held_thread);
    tcase_add_test(tests, rule_1_what_is_no_entry);
    tcase_add_test(tests, rule_3_who_says_to_be_somebody_else);
    tcase_add_test(tests, rule_4_a_signature_that_does_not_hold);
    tcase_add_test(tests, rule_5_types_have_their_side_and_their_call);
    tcase_add_test(tests, rule_5_a_thread_begins_with_a_key);
    tcase_add_test(tests, rule_6_the_roster_named);
    tcase_add_test(tests, rule_6_one_grant_each);
    tcase_add_test(tests, rule_6_grants_go_to_who_is_current);
    tcase_add_test(tests, rule_6_no_parent_no_grant);
    tcase_add_test(tests, rule_6_previous_is_there_but_in_the_first);
    tcase_add_test(tests, rule_8_acts_have_their_side);
    tcase_add_test(tests, rule_8_only_an_own_message_is_taken_back);
    tcase_add_test(tests, of_a_message_taken_back_only_header_and_hash_stay);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
