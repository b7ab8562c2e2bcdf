/*
 * A thread between one entry and the next: what may be written, what must come first, what is
 * remembered, what raises the alarm. What becomes of each entry is in the vectors.
 */
#include <check.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/json.h"
#include "common/text.h"
#include "e2ee/compose.h"
#include "e2ee/manage.h"
#include "e2ee/memory.h"
#include "support/vectors.h"

enum {
    DAY_S = 24 * 3600,
    TWO_THOUSAND = 2000
};
static const int64_t t0 = 1790000000;

static struct vectors *v;
static struct sl_fake_rand fake;
static struct sl_fake_clock now;
static struct e2_identity *jane, *adam, *parent;

static void set_up(void)
{
    ck_assert_int_eq(e2_ready(NULL), SL_OK);
    v = vectors_open(SENDLINE_TEST_VECTORS "/vectors-2.json");
    sl_fake_rand_init(&fake, 7);
    sl_fake_clock_init(&now, t0 + 3600);
    jane = vectors_identity(v, "jane");
    adam = vectors_identity(v, "adam");
    parent = vectors_identity(v, "parent");
}

static void tear_down(void)
{
    e2_identity_free(jane);
    e2_identity_free(adam);
    e2_identity_free(parent);
    vectors_free(v);
}

static const uint8_t *in(const char *name)
{
    return vectors_input(v, name).data;
}

/* ---- A server that stores, and people who read and write ---- */

struct server {
    struct sl_buf *entries;
    uint32_t count;
};

static void sl_auto_server(struct server *server)
{
    for (uint32_t i = 0; i < server->count; i++) {
        sl_buf_free(&server->entries[i]);
    }
    free(server->entries);
}

static void store(struct server *server, struct sl_bytes bytes)
{
    server->entries = sl_realloc(server->entries, (server->count + 1) * sizeof(*server->entries));
    struct sl_buf *entry = &server->entries[server->count++];
    memset(entry, 0, sizeof(*entry));
    sl_buf_put(entry, bytes.data, bytes.len);
}

static struct sl_bytes vector_entry(uint32_t seq)
{
    SL_AUTO(str) char *name = sl_strf("entry.%u", seq);

    return vectors_output(v, name);
}

/* The vectors' thread, as far as this. */
static void store_to(struct server *server, uint32_t last)
{
    while (server->count < last) {
        store(server, vector_entry(server->count + 1));
    }
}

struct reader {
    struct server *server;
    struct e2_trust *trust;
    struct e2_seeds seeds;
    struct e2_thread *thread;
};

static void sl_auto_reader(struct reader *r)
{
    e2_thread_free(r->thread);
    e2_trust_free(r->trust);
    e2_seeds_free(&r->seeds);
}

static struct e2_thread_setup setup_of(const struct reader *r, const char *me)
{
    SL_AUTO(str) char *id = sl_strf("%s.id", me);

    return (struct e2_thread_setup){.thread_id = in("thread.id"),
                                    .trust = r->trust,
                                    .seeds = &r->seeds,
                                    .me = in(id),
                                    .clock = &now.clock};
}

/* Everything that the server has, and nothing more is there. */
static void catch_up(struct reader *r)
{
    struct e2_point head;

    e2_thread_head(r->thread, &head);
    for (uint32_t seq = head.seq + 1; seq <= r->server->count; seq++) {
        (void)e2_thread_take(r->thread, seq, t0 + 60 * (int64_t)seq,
                             sl_buf_bytes(&r->server->entries[seq - 1]));
    }
    (void)!e2_thread_complete(r->thread, r->server->count, NULL);
}

static void begin(struct reader *r, struct server *server, const char *me, const char *reads_as,
                  uint32_t serial)
{
    struct e2_held parcel = {.generation = 1};

    memset(r, 0, sizeof(*r));
    r->server = server;
    r->trust = vectors_trust(v, serial);
    struct e2_thread_setup setup = setup_of(r, me);
    vectors_reader(v, reads_as, &r->seeds, &setup.reader);
    if (setup.reader == E2_READ_AS_PARENT) {
        memcpy(parcel.key, in("entry1.draw1"), E2_KEY_BYTES);
        setup.held = &parcel;
        setup.held_count = 1;
    }
    r->thread = e2_thread_new(&setup);
    catch_up(r);
}

static struct e2_writer writer(const char *name, const struct e2_identity *identity)
{
    SL_AUTO(str) char *id = sl_strf("%s.id", name);

    return (struct e2_writer){
        .id = in(id), .identity = identity, .rand = &fake.rand, .clock = &now.clock};
}

/* The server takes it, and its author reads it there. */
static void post(struct reader *r, struct sl_buf *bytes)
{
    store(r->server, sl_buf_bytes(bytes));
    catch_up(r);
    const struct e2_item *item = e2_thread_item(r->thread, r->server->count - 1);
    ck_assert_msg(item->rule == 0, "%s", item->rule == 0 ? "" : item->reason);
    sl_buf_clear(bytes);
}

static json_t *text_body(const char *words)
{
    json_t *body = sl_json_new();

    sl_json_set_str(body, "body", words);
    return body;
}

static enum sl_code say(struct reader *r, const struct e2_writer *me, const char *words)
{
    SL_AUTO(json) json_t *body = text_body(words);
    SL_AUTO(buf) struct sl_buf bytes = {0};

    enum sl_code rc = e2_compose_message(r->thread, me, E2_TEXT, body, &bytes, NULL);
    if (rc == SL_OK) {
        post(r, &bytes);
    }
    return rc;
}

static const char *send_name(const struct reader *r)
{
    return e2_send_name(e2_thread_can_send(r->thread));
}

static struct e2_key_need need_of(const struct reader *r)
{
    struct e2_key_need need;

    e2_thread_key_need(r->thread, &need);
    return need;
}

/* All holder records of the file, and the rosters up to the third. */
static const struct sl_bytes *rosters(void)
{
    static struct sl_bytes list[3];

    list[0] = vectors_output(v, "roster.1");
    list[1] = vectors_output(v, "roster.2");
    list[2] = vectors_output(v, "roster.3");
    return list;
}

enum {
    HOLDERS = 6
};

static const struct sl_bytes *holders(void)
{
    static struct sl_bytes list[HOLDERS + 1];

    list[0] = vectors_output(v, "holder.jane");
    list[1] = vectors_output(v, "holder.adam");
    list[2] = vectors_output(v, "holder.team1");
    list[3] = vectors_output(v, "holder.team2");
    list[4] = vectors_output(v, "holder.other");
    list[5] = vectors_output(v, "holder.records");
    return list;
}

/* ---- Beginning, staleness, completeness ---- */

START_TEST(a_case_begins_in_one_call)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader r;
    SL_AUTO(buf) struct sl_buf key = {0};
    SL_AUTO(buf) struct sl_buf card = {0};
    SL_AUTO(json) json_t *body = sl_json_new();
    const struct e2_writer me = writer("jane", jane);
    struct e2_card title;
    struct e2_point point;

    sl_json_set_str(body, "case", "SEND-9");
    sl_json_set_str(body, "child", "Grace");
    sl_json_set_str(body, "parent", "A. Hopper");
    begin(&r, &server, "jane", "team1", 1);
    ck_assert_str_eq(send_name(&r), "no-key");
    ck_assert_int_eq(need_of(&r).why, E2_KEY_FIRST);
    ck_assert_int_eq(e2_compose_message(r.thread, &me, E2_CARD, body, &card, NULL), SL_FORBIDDEN);
    ck_assert_int_eq(e2_compose_key(r.thread, &me, NULL, NULL, &key, NULL), SL_NOT_FOUND);
    ck_assert_int_eq(e2_compose_key(r.thread, &me, in("jane.id"), NULL, &key, NULL), SL_NOT_FOUND);
    ck_assert_int_eq(e2_compose_key(r.thread, &me, in("team.id"), NULL, &key, NULL), SL_OK);
    ck_assert_int_eq(e2_thread_take(r.thread, 1, 0, sl_buf_bytes(&key)), E2_TAKEN);
    ck_assert_int_eq(e2_compose_message(r.thread, &me, E2_CARD, body, &card, NULL), SL_OK);
    ck_assert_int_eq(e2_thread_take(r.thread, 2, 0, sl_buf_bytes(&card)), E2_TAKEN);
    ck_assert(e2_thread_card(r.thread, &title));
    ck_assert_str_eq(title.child, "Grace");
    ck_assert(!title.has_continues);
    ck_assert_int_eq(need_of(&r).why, E2_KEY_FINE);
    ck_assert(e2_may_invite(r.thread, in("jane.id")) && !e2_may_invite(r.thread, in("adam.id")));

    /* What is not posted is not remembered; the answer makes it so. */
    e2_thread_checkpoint(r.thread, &point);
    ck_assert_uint_eq(point.seq, 0);
    ck_assert_int_eq(e2_thread_take(r.thread, 1, t0, sl_buf_bytes(&key)), E2_HAVE_IT);
    e2_thread_checkpoint(r.thread, &point);
    ck_assert_uint_eq(point.seq, 1);
    ck_assert(!e2_thread_item(r.thread, 1)->clock_differs);
    ck_assert_int_eq(e2_thread_take(r.thread, 2, t0, sl_buf_bytes(&card)), E2_HAVE_IT);
    ck_assert(e2_thread_item(r.thread, 1)->clock_differs);
    ck_assert_int_eq(e2_thread_item(r.thread, 1)->at, t0);
}
END_TEST

START_TEST(stale_entries_are_taken_out_and_written_again)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader r;
    SL_AUTO(buf) struct sl_buf first = {0};
    SL_AUTO(buf) struct sl_buf second = {0};
    SL_AUTO(json) json_t *body = text_body("A word");
    struct e2_writer me = writer("jane", jane);

    store_to(&server, 4);
    begin(&r, &server, "jane", "team1", 1);
    ck_assert_int_eq(e2_compose_message(r.thread, &me, E2_TEXT, body, &first, NULL), SL_OK);
    ck_assert_int_eq(e2_thread_take(r.thread, 5, 0, sl_buf_bytes(&first)), E2_TAKEN);
    e2_thread_rewind(r.thread, 4);
    ck_assert_uint_eq(e2_thread_count(r.thread), 4);
    store_to(&server, 6);
    catch_up(&r);
    me.entry_id = e2_entry_id(sl_buf_bytes(&first));
    ck_assert_int_eq(e2_compose_message(r.thread, &me, E2_TEXT, body, &second, NULL), SL_OK);
    ck_assert_mem_eq(e2_entry_id(sl_buf_bytes(&second)), me.entry_id, SL_ID_BYTES);
    ck_assert_mem_ne(first.data + SL_HEADER_BYTES, second.data + SL_HEADER_BYTES, E2_NONCE_BYTES);
    post(&r, &second);
    /* A rewind to where we are, or beyond, is none. */
    e2_thread_rewind(r.thread, 7);
    e2_thread_rewind(r.thread, 9);
    ck_assert_uint_eq(e2_thread_count(r.thread), 7);
}
END_TEST

START_TEST(nothing_is_sent_before_all_is_here)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader r;
    const struct e2_writer me = writer("jane", jane);
    struct e2_thread_setup setup;

    begin(&r, &server, "jane", "team1", 1);
    e2_thread_free(r.thread);
    setup = setup_of(&r, "jane");
    r.thread = e2_thread_new(&setup);
    ck_assert_str_eq(send_name(&r), "not-complete");
    ck_assert_int_eq(e2_thread_take(r.thread, 2, t0, vector_entry(2)), E2_GAP);
    ck_assert_int_eq(e2_thread_take(r.thread, 0, t0, vector_entry(2)), E2_GAP);
    for (uint32_t seq = 1; seq <= 3; seq++) {
        ck_assert_int_eq(e2_thread_take(r.thread, seq, t0, vector_entry(seq)), E2_TAKEN);
    }
    ck_assert_str_eq(send_name(&r), "not-complete");
    ck_assert_int_eq(say(&r, &me, "A word"), SL_FORBIDDEN);
    ck_assert_int_eq(e2_thread_complete(r.thread, 4, NULL), SL_ENTRY_STALE);
    ck_assert_int_eq(e2_thread_complete(r.thread, 3, NULL), SL_OK);
    ck_assert_str_eq(send_name(&r), "yes");
    ck_assert_int_eq(e2_thread_take(r.thread, 9, t0, vector_entry(9)), E2_GAP);
    ck_assert_str_eq(send_name(&r), "not-complete");
}
END_TEST

/* ---- Alarms and rosters ---- */

START_TEST(another_history_stops_it_and_is_not_forgotten)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader r;
    const struct e2_point known = {.seq = 5, .link = {1, 2, 3}};
    const struct e2_writer me = writer("jane", jane);
    struct sl_err err = {.code = SL_OK};
    struct e2_point point;

    store_to(&server, 4);
    begin(&r, &server, "jane", "team1", 1);
    struct e2_thread_setup setup = setup_of(&r, "jane");
    setup.checkpoint = known;
    e2_thread_free(r.thread);
    r.thread = e2_thread_new(&setup);
    catch_up(&r);
    /* The chain is shorter than what we have seen. */
    ck_assert_int_eq(e2_thread_complete(r.thread, 4, &err), SL_ENTRY_REFUSED);
    ck_assert_str_eq(err.detail, "another-history");
    ck_assert_int_eq(e2_thread_stopped(r.thread), E2_SEND_ANOTHER_HISTORY);
    ck_assert_int_eq(say(&r, &me, "A word"), SL_FORBIDDEN);
    e2_thread_checkpoint(r.thread, &point);
    ck_assert_uint_eq(point.seq, 5);
    ck_assert_mem_eq(point.link, known.link, SL_HASH_BYTES);
    e2_thread_judge_again(r.thread);
    ck_assert_int_eq(e2_thread_stopped(r.thread), E2_SEND_ANOTHER_HISTORY);
}
END_TEST

START_TEST(other_bytes_under_a_seq_that_we_have)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader r;

    store_to(&server, 6);
    begin(&r, &server, "jane", "team1", 1);
    ck_assert_int_eq(e2_thread_take(r.thread, 5, t0, vector_entry(5)), E2_HAVE_IT);
    ck_assert_int_eq(e2_thread_stopped(r.thread), E2_SEND_YES);
    ck_assert_int_eq(e2_thread_take(r.thread, 5, t0, vector_entry(6)), E2_HAVE_IT);
    ck_assert_int_eq(e2_thread_stopped(r.thread), E2_SEND_ANOTHER_HISTORY);
    ck_assert_str_eq(send_name(&r), "another-history");
}
END_TEST

START_TEST(a_newer_roster_is_walked_first)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader r;
    struct e2_point point;

    store_to(&server, 10);
    begin(&r, &server, "jane", "team2", 1);
    ck_assert_uint_eq(e2_thread_count(r.thread), 8);
    ck_assert(e2_thread_wants_roster(r.thread));
    ck_assert_str_eq(send_name(&r), "newer-roster");
    e2_thread_checkpoint(r.thread, &point);
    ck_assert_uint_eq(point.seq, 8);
    store_to(&server, 11);
    ck_assert_int_eq(e2_thread_take(r.thread, 11, t0, vector_entry(11)), E2_WAITING);
    ck_assert_int_eq(e2_trust_walk(r.trust, rosters(), 2, holders(), HOLDERS, NULL, NULL), SL_OK);
    e2_thread_judge_again(r.thread);
    ck_assert_uint_eq(e2_thread_count(r.thread), 11);
    ck_assert(!e2_thread_wants_roster(r.thread));
    catch_up(&r);
    ck_assert_str_eq(send_name(&r), "yes");
    /* The server goes back behind it: nothing may be sent at all. */
    ck_assert_int_eq(e2_trust_walk(r.trust, rosters(), 1, holders(), HOLDERS, NULL, NULL),
                     SL_ROSTER_REFUSED);
    ck_assert_str_eq(send_name(&r), "trust-alarm");
}
END_TEST

START_TEST(another_team_is_named_by_a_person)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader north;
    SL_AUTO(reader) struct reader south;
    SL_AUTO(buf) struct sl_buf key = {0};
    const struct e2_writer me = writer("jane", jane);
    struct e2_readers readers;

    store_to(&server, 5);
    begin(&north, &server, "jane", "team1", 1);
    ck_assert_int_eq(e2_compose_key(north.thread, &me, in("other.id"), NULL, &key, NULL),
                     SL_FORBIDDEN);
    e2_thread_name_team(north.thread, in("other.id"));
    ck_assert_int_eq(e2_compose_key(north.thread, &me, in("other.id"), NULL, &key, NULL), SL_OK);
    post(&north, &key);
    /* It is theirs now. */
    ck_assert_str_eq(send_name(&north), "no-key");
    ck_assert(e2_thread_readers(north.thread, &readers));
    ck_assert_str_eq(readers.team, "SEND team, south");

    begin(&south, &server, "adam", "other", 1);
    ck_assert_str_eq(e2_thread_item(south.thread, 5)->reason, "team-changed");
    e2_thread_name_team(south.thread, in("other.id"));
    ck_assert_str_eq(send_name(&south), "yes");
    const json_t *body = e2_thread_item(south.thread, 4)->body;
    ck_assert_str_eq(json_string_value(json_object_get(body, "body")), "Sent too soon");
}
END_TEST

START_TEST(a_roster_past_its_end)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader staff;
    SL_AUTO(reader) struct reader family;
    const struct e2_writer me = writer("jane", jane);

    store_to(&server, 16);
    begin(&staff, &server, "jane", "team2", 3);
    begin(&family, &server, "parent", "parent3", 3);
    sl_fake_clock_advance(&now, INT64_C(93000) * DAY_S);
    ck_assert_str_eq(send_name(&staff), "roster-expired");
    ck_assert_int_eq(say(&staff, &me, "A word"), SL_FORBIDDEN);
    /* A parent has not looked at it anew: what was read stays, and they decide themselves. */
    ck_assert_str_eq(send_name(&family), "yes");
}
END_TEST

/* ---- What must come first ---- */

/* One roster after the third: one holder is ended, and there is a second records holder. */
static void walk_fourth(struct reader *r, const char *ended)
{
    SL_AUTO(e2_identity) struct e2_identity *root2 = vectors_identity(v, "root2");
    SL_AUTO(e2_identity) struct e2_identity *fresh = e2_identity_new(&fake.rand);
    SL_AUTO(roster) struct sl_roster next = {0};
    SL_AUTO(buf) struct sl_buf bytes = {0};
    SL_AUTO(buf) struct sl_buf record = {0};
    SL_AUTO(str) char *name = sl_strf("holder.%s", ended);
    const struct sl_bytes third = rosters()[2];
    const struct sl_bytes leaver = vectors_output(v, name);
    struct sl_holder holder;
    struct sl_bytes records[HOLDERS + 1];
    uint8_t hash[SL_HASH_BYTES];

    ck_assert_int_eq(sl_roster_parse(third.data, third.len, &next, NULL), SL_OK);
    ck_assert_int_eq(e2_holder_make(&holder, SL_HOLDER_RECORDS, in("records.id"), 2, fresh,
                                    "Records office", NULL),
                     SL_OK);
    sl_holder_put(&record, &holder);
    next.serial = 4;
    next.rows = sl_realloc(next.rows, (next.row_count + 1) * sizeof(*next.rows));
    e2_roster_row_of(&holder, &next.rows[next.row_count++]);
    sl_holder_hash(leaver.data, leaver.len, hash);
    for (size_t i = 0; i < next.row_count; i++) {
        if (memcmp(next.rows[i].holder_hash, hash, SL_HASH_BYTES) == 0) {
            next.rows[i].ended = 4;
        }
    }
    ck_assert_int_eq(e2_roster_sign(&next, root2, &bytes, NULL), SL_OK);
    const struct sl_bytes list[] = {third, sl_buf_bytes(&bytes)};
    memcpy(records, holders(), HOLDERS * sizeof(*records));
    records[HOLDERS] = sl_buf_bytes(&record);
    ck_assert_int_eq(e2_trust_walk(r->trust, list, 2, records, HOLDERS + 1, NULL, NULL), SL_OK);
    e2_thread_judge_again(r->thread);
}

START_TEST(what_must_come_before_a_message)
{
    static const struct {
        uint32_t read;
        enum e2_key_why why;
    } steps[] = {{3, E2_KEY_TEAM_ENDED}, {4, E2_KEY_PARENT_KEYS},  {8, E2_KEY_PARENT_KEYS},
                 {12, E2_KEY_FINE},      {13, E2_KEY_PARENT_KEYS}, {16, E2_KEY_FINE}};
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader r;
    SL_AUTO(buf) struct sl_buf key = {0};
    const struct e2_writer me = writer("jane", jane);

    begin(&r, &server, "jane", "team2", 3);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        store_to(&server, steps[i].read);
        catch_up(&r);
        ck_assert_msg(need_of(&r).why == steps[i].why, "after %u", steps[i].read);
    }
    walk_fourth(&r, "records");
    ck_assert_int_eq(need_of(&r).why, E2_KEY_RECORDS_ENDED);
    ck_assert_int_eq(e2_compose_key(r.thread, &me, NULL, NULL, &key, NULL), SL_OK);
    post(&r, &key);
    ck_assert_int_eq(need_of(&r).why, E2_KEY_FINE);
    ck_assert_uint_eq(e2_thread_generation(r.thread), 4);
}
END_TEST

START_TEST(nobody_is_left_to_hold_it)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader r;
    SL_AUTO(buf) struct sl_buf key = {0};
    const struct e2_writer me = writer("jane", jane);

    store_to(&server, 16);
    begin(&r, &server, "jane", "team2", 3);
    walk_fourth(&r, "team2");
    ck_assert_int_eq(need_of(&r).why, E2_KEY_TEAM_ENDED);
    ck_assert_int_eq(e2_compose_key(r.thread, &me, NULL, NULL, &key, NULL), SL_NOT_FOUND);
}
END_TEST

START_TEST(who_is_ended_sends_nothing)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader r;
    SL_AUTO(buf) struct sl_buf key = {0};
    const struct e2_writer me = writer("jane", jane);

    store_to(&server, 16);
    begin(&r, &server, "jane", "team2", 3);
    walk_fourth(&r, "jane");
    ck_assert_str_eq(send_name(&r), "not-in-roster");
    ck_assert_int_eq(e2_compose_key(r.thread, &me, NULL, NULL, &key, NULL), SL_FORBIDDEN);
    ck_assert_int_eq(say(&r, &me, "A word"), SL_FORBIDDEN);
    ck_assert_int_eq(e2_compose_seen(r.thread, &me, 16, &key, NULL), SL_FORBIDDEN);
}
END_TEST

START_TEST(the_first_grant_needs_a_yes_to_the_inviter)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader r;
    SL_AUTO(reader) struct reader inviter;
    SL_AUTO(buf) struct sl_buf key = {0};
    const struct e2_writer me = writer("adam", adam);

    store_to(&server, 5);
    begin(&inviter, &server, "jane", "team1", 1);
    ck_assert(!need_of(&inviter).needs_yes);
    ck_assert_int_eq(need_of(&inviter).why, E2_KEY_PARENT_KEYS);

    begin(&r, &server, "adam", "team1", 1);
    const struct e2_key_need need = need_of(&r);
    ck_assert(need.needs_yes && !need.inviter_left);
    ck_assert_str_eq(need.inviter_name, "Jane Okafor");
    ck_assert_uint_eq(need.invite_seq, 3);
    ck_assert_uint_eq(need.invited_at, (uint64_t)t0 + 180);
    ck_assert_int_eq(e2_compose_key(r.thread, &me, NULL, NULL, &key, NULL), SL_FORBIDDEN);
    ck_assert_int_eq(e2_compose_key(r.thread, &me, NULL, in("adam.id"), &key, NULL), SL_FORBIDDEN);
    ck_assert_int_eq(e2_compose_key(r.thread, &me, NULL, need.inviter_id, &key, NULL), SL_OK);
    post(&r, &key);
    ck_assert(!need_of(&r).needs_yes);
    ck_assert_int_eq(need_of(&r).why, E2_KEY_FINE);
}
END_TEST

/* Adam invites, the parent comes in, adam lets them in; then he leaves. */
static void let_in_by_adam(struct server *server)
{
    SL_AUTO(reader) struct reader r;
    SL_AUTO(buf) struct sl_buf bytes = {0};
    const struct e2_writer me = writer("adam", adam);
    const struct e2_writer newcomer = writer("parent", parent);
    struct e2_invite invite = {0};

    (void)crypto_sign_seed_keypair(invite.accept_pk, invite.accept_sk, in("accept.seed"));
    store_to(server, 2);
    begin(&r, server, "adam", "team1", 1);
    ck_assert_int_eq(e2_compose_invite(r.thread, &me, &invite, in("parent.id"), 0, &bytes, NULL),
                     SL_FORBIDDEN);
    ck_assert_int_eq(say(&r, &me, "I can open this"), SL_OK);
    ck_assert_int_eq(e2_compose_invite(r.thread, &me, &invite, in("parent.id"), 9, &bytes, NULL),
                     SL_OK);
    post(&r, &bytes);
    ck_assert_int_eq(e2_compose_keys(r.thread, &newcomer, 4, jane->sign_sk, &bytes, NULL),
                     SL_FORBIDDEN);
    ck_assert_int_eq(e2_compose_keys(r.thread, &newcomer, 4, invite.accept_sk, &bytes, NULL),
                     SL_OK);
    post(&r, &bytes);
    ck_assert(!need_of(&r).needs_yes);
    ck_assert_int_eq(e2_compose_key(r.thread, &me, NULL, NULL, &bytes, NULL), SL_OK);
    post(&r, &bytes);
    ck_assert(!need_of(&r).needs_yes);
}

START_TEST(an_inviter_who_left_is_asked_about_again)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader r;
    SL_AUTO(buf) struct sl_buf key = {0};
    const struct e2_writer me = writer("jane", jane);

    let_in_by_adam(&server);
    begin(&r, &server, "jane", "team2", 2);
    struct e2_key_need need = need_of(&r);
    ck_assert_int_eq(need.why, E2_KEY_TEAM_ENDED);
    ck_assert(need.needs_yes && need.inviter_left);
    ck_assert_str_eq(need.inviter_name, "Adam Leigh");
    ck_assert(!e2_thread_item(r.thread, 2)->confirmed && !e2_thread_item(r.thread, 4)->confirmed);
    ck_assert_str_eq(e2_thread_item(r.thread, 4)->inviter_name, "Adam Leigh");
    ck_assert_int_eq(e2_compose_key(r.thread, &me, NULL, NULL, &key, NULL), SL_FORBIDDEN);
    ck_assert_int_eq(e2_compose_key(r.thread, &me, NULL, need.inviter_id, &key, NULL), SL_OK);
    post(&r, &key);
    /* That settles it, for this one and for what stands before it. */
    need = need_of(&r);
    ck_assert(!need.needs_yes && need.inviter_left);
    ck_assert(e2_thread_item(r.thread, 2)->confirmed && e2_thread_item(r.thread, 4)->confirmed);
}
END_TEST

/* Adam writes, and jane's rotation clears him; but then it turns out that she has left as well. */
START_TEST(two_leavers_do_not_clear_each_other)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader first;
    SL_AUTO(reader) struct reader r;
    SL_AUTO(buf) struct sl_buf key = {0};
    const struct e2_writer leaver = writer("adam", adam);
    const struct e2_writer me = writer("jane", jane);

    store_to(&server, 8);
    begin(&first, &server, "adam", "team1", 1);
    ck_assert_int_eq(say(&first, &leaver, "A word"), SL_OK);
    begin(&r, &server, "jane", "team2", 3);
    ck_assert(!e2_thread_item(r.thread, 8)->confirmed);
    ck_assert_int_eq(e2_compose_key(r.thread, &me, NULL, NULL, &key, NULL), SL_OK);
    post(&r, &key);
    ck_assert(e2_thread_item(r.thread, 8)->confirmed);
    walk_fourth(&r, "jane");
    ck_assert(!e2_thread_item(r.thread, 8)->confirmed && !e2_thread_item(r.thread, 9)->confirmed);
    ck_assert(need_of(&r).inviter_left);
}
END_TEST

/* ---- What nobody may write ---- */

START_TEST(messages_that_are_not_written)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader r;
    SL_AUTO(reader) struct reader family;
    SL_AUTO(buf) struct sl_buf bytes = {0};
    SL_AUTO(json) json_t *body = text_body("A word");
    SL_AUTO(json) json_t *empty = sl_json_new();
    const struct e2_writer me = writer("jane", jane);
    const struct e2_writer other = writer("parent", parent);
    char *much = sl_alloc(SL_MAX_PLAINTEXT_BYTES + 1);

    store_to(&server, 6);
    begin(&r, &server, "jane", "team1", 1);
    ck_assert_int_eq(e2_compose_message(r.thread, &me, E2_TEXT, empty, &bytes, NULL),
                     SL_BAD_REQUEST);
    ck_assert_int_eq(e2_compose_message(r.thread, &me, E2_NOTE, body, &bytes, NULL),
                     SL_BAD_REQUEST);
    ck_assert_int_eq(e2_compose_message(r.thread, &me, E2_CONFIRM, body, &bytes, NULL),
                     SL_BAD_REQUEST);
    ck_assert_int_eq(e2_compose_message(r.thread, &me, E2_PLAIN_UNKNOWN, body, &bytes, NULL),
                     SL_BAD_REQUEST);
    memset(much, 'x', SL_MAX_PLAINTEXT_BYTES);
    sl_json_set_str(body, "body", much);
    ck_assert_int_eq(e2_compose_message(r.thread, &me, E2_TEXT, body, &bytes, NULL), SL_TOO_BIG);
    /* The longest that there may be: {"kind":"text","body":""} is 25 bytes. */
    much[SL_MAX_PLAINTEXT_BYTES - 25] = '\0';
    sl_json_set_str(body, "body", much);
    ck_assert_int_eq(e2_compose_message(r.thread, &me, E2_TEXT, body, &bytes, NULL), SL_OK);
    ck_assert_uint_eq(bytes.len, SL_MAX_ENTRY_BYTES);
    post(&r, &bytes);
    free(much);

    /* A parent with the key, but without keys that hold. */
    begin(&family, &server, "parent", "parent2", 1);
    ck_assert_str_eq(send_name(&family), "keys-replaced");
    ck_assert_int_eq(e2_compose_parent_message(family.thread, &other, E2_TEXT, body, &bytes, NULL),
                     SL_FORBIDDEN);
    ck_assert_uint_eq(bytes.len, 0);
}
END_TEST

START_TEST(what_may_be_taken_back)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader r;
    SL_AUTO(buf) struct sl_buf bytes = {0};
    const struct e2_writer me = writer("jane", jane);
    const struct e2_writer colleague = writer("adam", adam);

    store_to(&server, 6);
    begin(&r, &server, "jane", "team1", 1);
    ck_assert_int_eq(say(&r, &me, "Sent too soon"), SL_OK);
    ck_assert_int_eq(e2_compose_retract(r.thread, &me, 0, &bytes, NULL), SL_NOT_FOUND);
    ck_assert_int_eq(e2_compose_retract(r.thread, &me, 8, &bytes, NULL), SL_NOT_FOUND);
    ck_assert_int_eq(e2_compose_retract(r.thread, &me, 1, &bytes, NULL), SL_FORBIDDEN);
    ck_assert_int_eq(e2_compose_retract(r.thread, &me, 2, &bytes, NULL), SL_FORBIDDEN);
    ck_assert_int_eq(e2_compose_retract(r.thread, &me, 5, &bytes, NULL), SL_FORBIDDEN);
    ck_assert_int_eq(e2_compose_retract(r.thread, &colleague, 7, &bytes, NULL), SL_FORBIDDEN);
    ck_assert_int_eq(e2_compose_retract(r.thread, &me, 7, &bytes, NULL), SL_OK);
    post(&r, &bytes);
    ck_assert_int_eq(e2_thread_item(r.thread, 6)->kind, E2_ITEM_TAKEN_BACK);
    ck_assert_uint_eq(e2_thread_item(r.thread, 6)->retracted_by, 8);
    ck_assert_uint_eq(json_object_size(e2_thread_item(r.thread, 6)->body), 0);
    ck_assert_int_eq(e2_compose_retract(r.thread, &me, 7, &bytes, NULL), SL_FORBIDDEN);
}
END_TEST

/* With the words go the proof that their author had the key. */
START_TEST(what_an_invitation_leans_on_is_not_taken_back)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader r;
    SL_AUTO(buf) struct sl_buf bytes = {0};
    const struct e2_writer me = writer("adam", adam);
    struct e2_invite invite = {.invite_id = {1}, .accept_pk = {2}};

    store_to(&server, 2);
    begin(&r, &server, "adam", "team1", 1);
    ck_assert_int_eq(say(&r, &me, "Before"), SL_OK);
    ck_assert_int_eq(e2_compose_invite(r.thread, &me, &invite, in("parent.id"), 9, &bytes, NULL),
                     SL_OK);
    post(&r, &bytes);
    ck_assert_int_eq(say(&r, &me, "After"), SL_OK);
    ck_assert_int_eq(e2_compose_retract(r.thread, &me, 3, &bytes, NULL), SL_FORBIDDEN);
    ck_assert_int_eq(e2_compose_retract(r.thread, &me, 5, &bytes, NULL), SL_OK);
}
END_TEST

START_TEST(invitations_that_are_not_written)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader r;
    SL_AUTO(buf) struct sl_buf bytes = {0};
    const struct e2_writer me = writer("jane", jane);
    struct e2_invite invite = {.invite_id = {1}, .accept_pk = {2}};
    struct e2_open_invite open;

    store_to(&server, 2);
    begin(&r, &server, "jane", "team1", 1);
    ck_assert(!e2_thread_open_invite(r.thread, &open));
    ck_assert_ptr_null(e2_thread_parent_id(r.thread));
    ck_assert_int_eq(e2_compose_invite(r.thread, &me, &invite, in("adam.id"), 9, &bytes, NULL),
                     SL_FORBIDDEN);
    store_to(&server, 3);
    catch_up(&r);
    ck_assert(e2_thread_open_invite(r.thread, &open));
    ck_assert_uint_eq(open.seq, 3);
    ck_assert_str_eq(open.inviter_name, "Jane Okafor");
    ck_assert_mem_eq(e2_thread_parent_id(r.thread), in("parent.id"), SL_ID_BYTES);
    ck_assert_int_eq(e2_compose_invite(r.thread, &me, &invite, in("case.id"), 9, &bytes, NULL),
                     SL_FORBIDDEN);
    ck_assert_int_eq(e2_compose_invite(r.thread, &me, &invite, in("parent.id"), 9, &bytes, NULL),
                     SL_OK);
    post(&r, &bytes);
    ck_assert(e2_thread_open_invite(r.thread, &open));
    ck_assert_uint_eq(open.seq, 4);
    ck_assert_str_eq(json_string_value(json_object_get(e2_thread_item(r.thread, 2)->body, "state")),
                     "ended");
}
END_TEST

START_TEST(notes_are_for_staff)
{
    SL_AUTO(reader) struct reader r = {.server = NULL};
    SL_AUTO(buf) struct sl_buf bytes = {0};
    SL_AUTO(json) json_t *body = text_body("Rang the school");
    const struct e2_writer me = writer("jane", jane);
    struct e2_invite invite = {.invite_id = {1}};

    r.trust = vectors_trust(v, 1);
    struct e2_thread_setup setup = setup_of(&r, "jane");
    setup.thread_id = vectors_output(v, "notes.thread_id").data;
    setup.notes = true;
    vectors_reader(v, "team1", &r.seeds, &setup.reader);
    r.thread = e2_thread_new(&setup);
    for (uint32_t seq = 1; seq <= 2; seq++) {
        SL_AUTO(str) char *name = sl_strf("notes.entry.%u", seq);
        ck_assert_int_eq(e2_thread_take(r.thread, seq, t0, vectors_output(v, name)), E2_TAKEN);
    }
    ck_assert_int_eq(e2_thread_complete(r.thread, 2, NULL), SL_OK);
    ck_assert(e2_thread_is_notes(r.thread));
    ck_assert_int_eq(e2_compose_message(r.thread, &me, E2_NOTE, body, &bytes, NULL), SL_OK);
    ck_assert_int_eq(e2_compose_invite(r.thread, &me, &invite, in("parent.id"), 9, &bytes, NULL),
                     SL_FORBIDDEN);
    ck_assert_int_eq(e2_compose_keys(r.thread, &me, 0, jane->sign_sk, &bytes, NULL), SL_FORBIDDEN);
}
END_TEST

/* ---- Seen ---- */

START_TEST(seen_is_said_once_and_not_in_answer_to_seen)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader r;
    SL_AUTO(reader) struct reader family;
    SL_AUTO(buf) struct sl_buf bytes = {0};
    const struct e2_writer me = writer("jane", jane);

    store_to(&server, 6);
    begin(&r, &server, "jane", "team1", 1);
    ck_assert_uint_eq(e2_thread_seen_by_me(r.thread), 1);
    ck_assert(!e2_thread_seen_due(r.thread, 3));
    ck_assert(e2_thread_seen_due(r.thread, 4));
    ck_assert_int_eq(e2_compose_seen(r.thread, &me, 0, &bytes, NULL), SL_BAD_REQUEST);
    ck_assert_int_eq(e2_compose_seen(r.thread, &me, 7, &bytes, NULL), SL_BAD_REQUEST);
    ck_assert_int_eq(e2_compose_seen(r.thread, &me, 2, &bytes, NULL), SL_BAD_REQUEST);
    ck_assert_int_eq(e2_compose_seen(r.thread, &me, 6, &bytes, NULL), SL_OK);
    post(&r, &bytes);
    ck_assert_uint_eq(e2_thread_seen_by_me(r.thread), 6);
    ck_assert_uint_eq(e2_thread_seen_by(r.thread, E2_SIDE_STAFF), 6);
    ck_assert(!e2_thread_seen_due(r.thread, 7));

    /* The other side need not answer it, nor the key entry of a colleague. */
    begin(&family, &server, "parent", "parent", 1);
    ck_assert(!e2_thread_seen_due(family.thread, 7));
    ck_assert_uint_eq(e2_thread_seen_by(family.thread, E2_SIDE_PARENT), 5);
    ck_assert_int_eq(say(&r, &me, "A word"), SL_OK);
    catch_up(&family);
    ck_assert(!e2_thread_seen_due(family.thread, 7));
    ck_assert(e2_thread_seen_due(family.thread, 8));
}
END_TEST

/* ---- The two sides of one thread ---- */

START_TEST(each_side_sees_itself_as_mine)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader staff;
    SL_AUTO(reader) struct reader family;
    struct e2_readers readers;
    uint8_t pk[SL_PK_BYTES];

    store_to(&server, 16);
    begin(&staff, &server, "jane", "team2", 3);
    begin(&family, &server, "parent", "parent3", 3);
    for (size_t i = 0; i < 16; i++) {
        const struct e2_item *ours = e2_thread_item(staff.thread, i);
        const struct e2_item *theirs = e2_thread_item(family.thread, i);
        ck_assert_int_eq(ours->rule, 0);
        ck_assert_int_eq(theirs->rule, 0);
        ck_assert_int_eq(ours->side, theirs->side);
        ck_assert(ours->mine == (ours->side == E2_SIDE_STAFF));
        ck_assert(theirs->mine == (theirs->side == E2_SIDE_PARENT));
        ck_assert_str_eq(ours->author_name, ours->side == E2_SIDE_STAFF ? "Jane Okafor" : "");
        ck_assert_str_eq(ours->inviter_name, ours->side == E2_SIDE_PARENT ? "Jane Okafor" : "");
        ck_assert(json_equal(ours->body, theirs->body));
    }
    ck_assert(e2_thread_readers(staff.thread, &readers));
    ck_assert_str_eq(readers.team, "SEND team, north");
    ck_assert_str_eq(readers.records, "Records office");
    ck_assert(readers.parent);
    ck_assert_uint_eq(readers.team_generation, 2);
    ck_assert_mem_eq(readers.team_id, in("team.id"), SL_ID_BYTES);
    ck_assert(e2_thread_parent_sign_pk(staff.thread, pk));
    ck_assert_uint_eq(e2_thread_parent_keys_seq(staff.thread), 13);
    ck_assert_mem_eq(e2_thread_id(staff.thread), in("thread.id"), SL_ID_BYTES);
    ck_assert_ptr_eq(e2_thread_trust(staff.thread), staff.trust);
}
END_TEST

/* ---- Memory ---- */

static void check_memory(const struct e2_memory *a, const struct e2_memory *b)
{
    ck_assert_uint_eq(a->checkpoint.seq, b->checkpoint.seq);
    ck_assert_mem_eq(a->checkpoint.link, b->checkpoint.link, SL_HASH_BYTES);
    ck_assert_int_eq(a->has_key, b->has_key);
    ck_assert_uint_eq(a->has_key ? a->key.generation : 0, b->has_key ? b->key.generation : 0);
    ck_assert_mem_eq(a->key.key, b->key.key, E2_KEY_BYTES);
    ck_assert_int_eq(a->has_card, b->has_card);
    if (a->has_card) {
        ck_assert_str_eq(a->case_ref, b->case_ref);
        ck_assert_str_eq(a->child, b->child);
        ck_assert_str_eq(a->parent, b->parent);
    }
}

START_TEST(what_is_remembered_opens_for_nobody_else)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader r;
    SL_AUTO(e2_memory) struct e2_memory memory = {0};
    SL_AUTO(e2_memory) struct e2_memory again = {0};
    SL_AUTO(e2_memory) struct e2_memory other = {0};
    SL_AUTO(buf) struct sl_buf sealed = {0};
    const uint8_t *thread_id = in("thread.id");

    store_to(&server, 16);
    begin(&r, &server, "jane", "team2", 3);
    e2_memory_of(r.thread, &memory);
    ck_assert_uint_eq(memory.checkpoint.seq, 16);
    ck_assert(memory.has_key && memory.has_card);
    ck_assert_uint_eq(memory.key.generation, 3);
    ck_assert_str_eq(memory.child, "Grace");
    e2_memory_seal(&memory, jane, in("jane.id"), thread_id, &fake.rand, &sealed);
    ck_assert_uint_eq((sealed.len - E2_AEAD_BYTES) % 256, 0);
    ck_assert_ptr_null(memmem(sealed.data, sealed.len, "Grace", 5));
    ck_assert_int_eq(
        e2_memory_open(sl_buf_bytes(&sealed), jane, in("jane.id"), thread_id, &again, NULL), SL_OK);
    check_memory(&memory, &again);
    ck_assert_int_eq(
        e2_memory_open(sl_buf_bytes(&sealed), adam, in("jane.id"), thread_id, &other, NULL),
        SL_CORRUPT);
    ck_assert_int_eq(
        e2_memory_open(sl_buf_bytes(&sealed), jane, in("adam.id"), thread_id, &other, NULL),
        SL_CORRUPT);
    ck_assert_int_eq(
        e2_memory_open(sl_buf_bytes(&sealed), jane, in("jane.id"), in("case.id"), &other, NULL),
        SL_CORRUPT);
    sealed.data[30] ^= 1;
    ck_assert_int_eq(
        e2_memory_open(sl_buf_bytes(&sealed), jane, in("jane.id"), thread_id, &other, NULL),
        SL_CORRUPT);
    ck_assert_int_eq(e2_memory_open((struct sl_bytes){sealed.data, 7}, jane, in("jane.id"),
                                    thread_id, &other, NULL),
                     SL_CORRUPT);
}
END_TEST

START_TEST(what_is_remembered_guards_the_next_run)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(server) struct server rolled_back = {0};
    SL_AUTO(reader) struct reader r;
    SL_AUTO(e2_memory) struct e2_memory memory = {0};

    store_to(&server, 6);
    begin(&r, &server, "jane", "team1", 1);
    e2_memory_of(r.thread, &memory);
    struct e2_thread_setup setup = setup_of(&r, "jane");
    setup.checkpoint = memory.checkpoint;
    setup.held = &memory.key;
    setup.held_count = memory.has_key;
    e2_thread_free(r.thread);
    r.thread = e2_thread_new(&setup);
    catch_up(&r);
    ck_assert_int_eq(e2_thread_stopped(r.thread), E2_SEND_YES);
    e2_thread_free(r.thread);
    r.thread = e2_thread_new(&setup);
    store_to(&rolled_back, 5);
    r.server = &rolled_back;
    catch_up(&r);
    ck_assert_int_eq(e2_thread_stopped(r.thread), E2_SEND_ANOTHER_HISTORY);
}
END_TEST

START_TEST(there_may_be_little_to_remember)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader r;
    SL_AUTO(e2_memory) struct e2_memory memory = {0};
    SL_AUTO(e2_memory) struct e2_memory again = {0};
    SL_AUTO(buf) struct sl_buf sealed = {0};

    begin(&r, &server, "jane", "team1", 1);
    e2_memory_of(r.thread, &memory);
    ck_assert(!memory.has_key && !memory.has_card && memory.checkpoint.seq == 0);
    e2_memory_seal(&memory, jane, in("jane.id"), in("thread.id"), &fake.rand, &sealed);
    ck_assert_int_eq(
        e2_memory_open(sl_buf_bytes(&sealed), jane, in("jane.id"), in("thread.id"), &again, NULL),
        SL_OK);
    check_memory(&memory, &again);
}
END_TEST

/* ---- A title without the thread ---- */

static enum sl_code peek(const struct reader *r, uint32_t key, uint32_t card, json_t **out)
{
    return e2_peek_card(r->trust, &r->seeds, in("thread.id"), vector_entry(key), vector_entry(card),
                        out, NULL);
}

START_TEST(a_title_from_two_entries)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader r;
    SL_AUTO(reader) struct reader stranger;
    SL_AUTO(json) json_t *card = NULL;
    SL_AUTO(json) json_t *older = NULL;
    json_t *none = NULL;

    begin(&r, &server, "jane", "team2", 3);
    begin(&stranger, &server, "jane", "other", 3);
    ck_assert_int_eq(peek(&r, 1, 2, &card), SL_OK);
    ck_assert_str_eq(json_string_value(json_object_get(card, "child")), "Grace");
    /* By the key before, which the new one carries. */
    ck_assert_int_eq(peek(&r, 9, 2, &older), SL_OK);
    ck_assert(json_equal(card, older));
    ck_assert_int_eq(peek(&r, 14, 2, &none), SL_NOT_FOUND);
    ck_assert_int_eq(peek(&stranger, 1, 2, &none), SL_NOT_FOUND);
    ck_assert_int_eq(peek(&r, 2, 2, &none), SL_ENTRY_REFUSED);
    ck_assert_int_eq(peek(&r, 1, 1, &none), SL_ENTRY_REFUSED);
    /* Words, but no card; and not from staff. */
    ck_assert_int_eq(peek(&r, 9, 10, &none), SL_ENTRY_REFUSED);
    ck_assert_int_eq(peek(&r, 1, 5, &none), SL_ENTRY_REFUSED);
    ck_assert_ptr_null(none);
}
END_TEST

START_TEST(a_title_that_somebody_altered)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader r;
    const struct sl_bytes key = vector_entry(1);
    const struct sl_bytes card = vector_entry(2);
    json_t *none = NULL;

    begin(&r, &server, "jane", "team1", 1);
    ck_assert_int_eq(e2_peek_card(r.trust, &r.seeds, in("case.id"), key, card, &none, NULL),
                     SL_ENTRY_REFUSED);
    for (size_t at = 0; at < card.len; at += 7) {
        SL_AUTO(buf) struct sl_buf bad = {0};
        sl_buf_put(&bad, card.data, card.len);
        bad.data[at] ^= 0x10;
        ck_assert_int_eq(
            e2_peek_card(r.trust, &r.seeds, in("thread.id"), key, sl_buf_bytes(&bad), &none, NULL),
            SL_ENTRY_REFUSED);
    }
    for (size_t at = 0; at < key.len; at += 7) {
        SL_AUTO(buf) struct sl_buf bad = {0};
        sl_buf_put(&bad, key.data, key.len);
        bad.data[at] ^= 0x10;
        ck_assert_int_eq(
            e2_peek_card(r.trust, &r.seeds, in("thread.id"), sl_buf_bytes(&bad), card, &none, NULL),
            SL_ENTRY_REFUSED);
    }
    ck_assert_ptr_null(none);
}
END_TEST

/* ---- Words, and speed ---- */

/* ---- What is left in memory ---- */

/* Where these bytes stand in the heap, or NULL. */
static const void *in_heap(const void *bytes, size_t n)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    SL_AUTO(str) char *line = NULL;
    size_t size = 0;
    size_t pieces = 0;
    const void *found = NULL;

    ck_assert_ptr_nonnull(maps);
    while (getline(&line, &size, maps) > 0) {
        uintptr_t from = 0;
        uintptr_t to = 0;
        if (strstr(line, "[heap]") == NULL || found != NULL ||
            sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &from, &to) != 2) {
            continue;
        }
        pieces++;
        found = memmem((const void *)from, to - from, bytes, n);
    }
    (void)fclose(maps);
    ck_assert_uint_gt(pieces, 0);
    return found;
}

/* A key as it goes through all that has to do with it: made, opened, remembered, sent in a parcel.
 */
static void use_a_key(uint8_t key[E2_KEY_BYTES])
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader r;
    SL_AUTO(buf) struct sl_buf bytes = {0};
    SL_AUTO(json) json_t *opened = NULL;
    SL_AUTO(e2_memory) struct e2_memory memory = {0};
    SL_AUTO(e2_memory) struct e2_memory again = {0};
    const uint8_t root[1][SL_PK_BYTES] = {{1}};
    const struct e2_invite invite = {.wrap = {1}};
    const struct e2_writer me = writer("jane", jane);
    struct e2_parcel_thread thread = {.generation = 2};
    const struct e2_parcel parcel = {.service = "s",
                                     .roots = root,
                                     .root_count = 1,
                                     .address = "a",
                                     .threads = &thread,
                                     .thread_count = 1};

    store_to(&server, 5);
    begin(&r, &server, "jane", "team1", 1);
    ck_assert_int_eq(e2_compose_key(r.thread, &me, NULL, NULL, &bytes, NULL), SL_OK);
    post(&r, &bytes);
    ck_assert_int_eq(say(&r, &me, "A word"), SL_OK);
    e2_thread_judge_again(r.thread);
    ck_assert(e2_thread_key(r.thread, key));
    ck_assert_ptr_nonnull(in_heap(key, E2_KEY_BYTES));
    e2_memory_of(r.thread, &memory);
    e2_memory_seal(&memory, jane, in("jane.id"), in("thread.id"), &fake.rand, &bytes);
    ck_assert_int_eq(
        e2_memory_open(sl_buf_bytes(&bytes), jane, in("jane.id"), in("thread.id"), &again, NULL),
        SL_OK);
    memcpy(thread.key, key, E2_KEY_BYTES);
    sl_buf_clear(&bytes);
    ck_assert_int_eq(e2_parcel_seal(&invite, &parcel, &fake.rand, &bytes, NULL), SL_OK);
    ck_assert_int_eq(e2_parcel_open(&invite, sl_buf_bytes(&bytes), &opened, NULL), SL_OK);
}

START_TEST(nothing_of_a_key_is_left)
{
    static uint8_t key[E2_KEY_BYTES];
    static char text[64];

    use_a_key(key);
    (void)sodium_bin2base64(text, sizeof(text), key, sizeof(key),
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    ck_assert_ptr_null(in_heap(key, sizeof(key)));
    ck_assert_ptr_null(in_heap(text, strlen(text)));
}
END_TEST

START_TEST(every_stop_has_a_name_and_a_sentence)
{
    for (unsigned a = 0; a <= E2_SEND_KEYS_REPLACED; a++) {
        ck_assert_uint_gt(strlen(e2_send_sentence((enum e2_send)a)), 10);
        for (unsigned b = 0; b < a; b++) {
            ck_assert_str_ne(e2_send_name((enum e2_send)a), e2_send_name((enum e2_send)b));
        }
    }
}
END_TEST

START_TEST(two_thousand_entries_in_good_time)
{
    SL_AUTO(server) struct server server = {0};
    SL_AUTO(reader) struct reader r;
    SL_AUTO(reader) struct reader again;
    SL_AUTO(json) json_t *body = text_body("A word");
    const struct e2_writer me = writer("jane", jane);
    struct timespec start;
    struct timespec stop;

    store_to(&server, 4);
    begin(&r, &server, "jane", "team1", 1);
    while (server.count < TWO_THOUSAND) {
        SL_AUTO(buf) struct sl_buf bytes = {0};
        ck_assert_int_eq(e2_compose_message(r.thread, &me, E2_TEXT, body, &bytes, NULL), SL_OK);
        post(&r, &bytes);
    }
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    begin(&again, &server, "jane", "team1", 1);
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &stop);
    const double seconds =
        (double)(stop.tv_sec - start.tv_sec) + (double)(stop.tv_nsec - start.tv_nsec) / 1e9;
    ck_assert_uint_eq(e2_thread_count(again.thread), TWO_THOUSAND);
    ck_assert_str_eq(send_name(&again), "yes");
    (void)printf("%d entries judged in %.0f ms\n", TWO_THOUSAND, seconds * 1000);
    /* Half a second on a desk; a bound that only a mistake can reach under a sanitizer. */
    ck_assert_msg(seconds < 10, "%.1f seconds", seconds);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("e2ee thread");
    TCase *tests = tcase_create("thread");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, a_case_begins_in_one_call);
    tcase_add_test(tests, stale_entries_are_taken_out_and_written_again);
    tcase_add_test(tests, nothing_is_sent_before_all_is_here);
    tcase_add_test(tests, another_history_stops_it_and_is_not_forgotten);
    tcase_add_test(tests, other_bytes_under_a_seq_that_we_have);
    tcase_add_test(tests, a_newer_roster_is_walked_first);
    tcase_add_test(tests, another_team_is_named_by_a_person);
    tcase_add_test(tests, a_roster_past_its_end);
    tcase_add_test(tests, what_must_come_before_a_message);
    tcase_add_test(tests, nobody_is_left_to_hold_it);
    tcase_add_test(tests, who_is_ended_sends_nothing);
    tcase_add_test(tests, the_first_grant_needs_a_yes_to_the_inviter);
    tcase_add_test(tests, an_inviter_who_left_is_asked_about_again);
    tcase_add_test(tests, two_leavers_do_not_clear_each_other);
    tcase_add_test(tests, messages_that_are_not_written);
    tcase_add_test(tests, what_may_be_taken_back);
    tcase_add_test(tests, what_an_invitation_leans_on_is_not_taken_back);
    tcase_add_test(tests, invitations_that_are_not_written);
    tcase_add_test(tests, notes_are_for_staff);
    tcase_add_test(tests, seen_is_said_once_and_not_in_answer_to_seen);
    tcase_add_test(tests, each_side_sees_itself_as_mine);
    tcase_add_test(tests, what_is_remembered_opens_for_nobody_else);
    tcase_add_test(tests, what_is_remembered_guards_the_next_run);
    tcase_add_test(tests, there_may_be_little_to_remember);
    tcase_add_test(tests, a_title_from_two_entries);
    tcase_add_test(tests, a_title_that_somebody_altered);
#ifndef SENDLINE_SANITIZED
    /* A sanitizer has a heap of its own. */
    tcase_add_test(tests, nothing_of_a_key_is_left);
#endif
    tcase_add_test(tests, every_stop_has_a_name_and_a_sentence);
    tcase_add_test(tests, two_thousand_entries_in_good_time);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
