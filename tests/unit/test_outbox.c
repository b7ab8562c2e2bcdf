/* The queue of notices: what is kept, when it is looked at, what a carrier's answer makes of it. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/buf.h"
#include "common/rand.h"
#include "domain/civil.h"
#include "domain/wall.h"
#include "jobs/jobs.h"
#include "outbox/outbox.h"
#include "outbox/room.h"
#include "store/seal.h"
#include "store/store.h"
#include "support/disk.h"
#include "support/folder.h"

enum {
    MINUTE_S = 60,
    HOUR_S = 3600,
    DAY_S = 86400,
    MAX_MAILS = 400
};

/* ---- A carrier that does as it is told ---- */

struct sink {
    struct carrier carrier;
    enum carrier_answer answer;
    size_t refuse_first; /* so many of the next ones get `answer`, then all are taken */
    size_t asked;
    size_t count;
    char *to[MAX_MAILS];
    char *subject[MAX_MAILS];
    uint8_t id[MAX_MAILS][SL_ID_BYTES];
    bool text;
    void (*before)(void); /* runs while the notice is on its way */
};

static enum carrier_answer sink_send(struct carrier *carrier, const struct mail *mail,
                                     char reason[CARRIER_REASON_SIZE])
{
    struct sink *sink = (struct sink *)(void *)carrier;

    sink->asked++;
    if (sink->before != NULL) {
        sink->before();
    }
    if (sink->answer != CARRIER_SENT && sink->refuse_first > 0) {
        sink->refuse_first--;
        (void)snprintf(reason, CARRIER_REASON_SIZE, "told to");
        return sink->answer;
    }
    ck_assert_uint_lt(sink->count, MAX_MAILS);
    ck_assert_int_eq(mail->html == NULL, sink->text);
    sink->to[sink->count] = sl_strdup(mail->to);
    sink->subject[sink->count] = sl_strdup(mail->subject);
    memcpy(sink->id[sink->count], mail->id, SL_ID_BYTES);
    sink->count++;
    return CARRIER_SENT;
}

static void sink_empty(struct sink *sink)
{
    for (size_t i = 0; i < sink->count; i++) {
        free(sink->to[i]);
        free(sink->subject[i]);
    }
    sink->count = 0;
    sink->asked = 0;
}

static void sink_free(struct carrier *carrier)
{
    sink_empty((struct sink *)(void *)carrier);
    free(carrier);
}

static const struct carrier_kind sink_kind = {"sink", sink_send, sink_free};

static struct sink *sink_new(bool text)
{
    struct sink *sink = sl_alloc(sizeof *sink);

    sink->carrier.kind = &sink_kind;
    sink->text = text;
    return sink;
}

/* ---- A world ---- */

static char *folder;
static char *path;
static struct config *config;
static struct store *store;
static struct db *db; /* beside the store: what handlers would do */
static struct seal *seal;
static struct sl_fake_clock clock_;
static struct sl_fake_rand rand_;
static struct outbox_options options;
static struct outbox *outbox;
static struct sink *email;
static struct sink *text;
static struct sl_err err;

static const uint8_t sam[SL_ID_BYTES] = "sam............";
static const uint8_t kit[SL_ID_BYTES] = "kit............";
static const uint8_t staff[SL_ID_BYTES] = "jordan.........";
static const uint8_t team[SL_ID_BYTES] = "team...........";
static const uint8_t thread_1[SL_ID_BYTES] = "thread 1.......";
static const uint8_t thread_2[SL_ID_BYTES] = "thread 2.......";

#define OK(call)                                                                                   \
    do {                                                                                           \
        enum sl_code code_ = (call);                                                               \
        ck_assert_msg(code_ == SL_OK, "%s: %s", #call, err.detail);                                \
    } while (0)

static int64_t now(void)
{
    return sl_now_s(&clock_.clock);
}

static void advance(int64_t seconds)
{
    sl_fake_clock_advance(&clock_, seconds * 1000);
}

static void add_parent(const uint8_t id[SL_ID_BYTES], const char *address)
{
    SL_AUTO(buf) struct sl_buf sealed = {0};
    uint8_t hash[SL_HASH_BYTES];

    seal_lookup(seal, "parent.address", address, strlen(address), hash);
    seal_put(seal, "parent.address", id, address, strlen(address), &sealed);
    OK(db_exec(db, SQL_PARENT_PUT, NULL, &err, "bbbbbb", id, (size_t)SL_ID_BYTES, hash, sizeof hash,
               sealed.data, sealed.len, "auth", (size_t)4, "vault", (size_t)5, hash, sizeof hash));
}

static void add_account(const uint8_t id[SL_ID_BYTES], const char *kind)
{
    OK(db_exec(db, SQL_ACCOUNT_ADD, NULL, &err, "bti", id, (size_t)SL_ID_BYTES, kind, now()));
}

static void add_thread(const uint8_t id[SL_ID_BYTES], const char *ref)
{
    uint8_t zero[SL_HASH_BYTES] = {0};

    OK(db_exec(db, SQL_CASE_ADD, NULL, &err, "bttbbi", id, (size_t)SL_ID_BYTES, ref, ref, team,
               (size_t)SL_ID_BYTES, staff, (size_t)SL_ID_BYTES, now()));
    OK(db_exec(db, SQL_THREAD_ADD, NULL, &err, "bbib", id, (size_t)SL_ID_BYTES, id,
               (size_t)SL_ID_BYTES, now(), zero, sizeof zero));
}

/* The parent has looked at the conversation. */
static void seen(const uint8_t id[SL_ID_BYTES], int64_t seq)
{
    uint8_t zero[SL_HASH_BYTES] = {0};

    OK(db_exec(db, SQL_THREAD_ADVANCE, NULL, &err, "biibiiiiiiii", id, (size_t)SL_ID_BYTES, seq,
               now(), zero, sizeof zero, (int64_t)0, (int64_t)0, seq, (int64_t)0, (int64_t)0,
               (int64_t)0, (int64_t)0, (int64_t)0));
}

static void open_store(void)
{
    const struct store_options how = {
        .path = path, .readers = 1, .max_queue = 100, .max_group = 10, .clock = &clock_.clock};

    OK(store_open(&how, &store, &err));
    options.store = store;
}

static void open_outbox(void)
{
    email = sink_new(false);
    text = sink_new(true);
    outbox = outbox_with(&options, &email->carrier, &text->carrier);
}

static void set_up(void)
{
    SL_AUTO(str) char *key = NULL;

    folder = folder_new();
    path = folder_file(folder, "sendline.db");
    key = folder_file(folder, "key");
    config = config_defaults();
    /* Noon in winter: not quiet. */
    sl_fake_clock_init(&clock_, wall_instant(civil_day(2026, 12, 1), 720));
    sl_fake_rand_init(&rand_, 1);
    OK(seal_make_file(key, &rand_.rand, &err));
    OK(seal_open_file(key, &rand_.rand, &seal, &err));
    options = (struct outbox_options){
        .config = config, .clock = &clock_.clock, .rand = &rand_.rand, .seal = seal};
    open_store();
    OK(store_connect(path, false, &db, &err));
    add_account(sam, "parent");
    add_account(kit, "parent");
    add_account(staff, "staff");
    OK(db_exec(db, SQL_STAFF_ADD, NULL, &err, "btb", staff, (size_t)SL_ID_BYTES, "caseworker", team,
               (size_t)SL_ID_BYTES));
    add_parent(sam, "sam@mail.example");
    add_parent(kit, "kit@mail.example");
    add_thread(thread_1, "A-1");
    add_thread(thread_2, "A-2");
    open_outbox();
}

static void tear_down(void)
{
    disk_set_mode(DISK_GOOD);
    outbox_stop(outbox);
    store_disconnect(db);
    store_close(store);
    outbox_free(outbox);
    seal_free(seal);
    config_free(config);
    free(path);
    folder_remove(folder);
}

static void message(const uint8_t parent[SL_ID_BYTES], const uint8_t thread[SL_ID_BYTES],
                    uint32_t seen_seq)
{
    OK(outbox_new_message(outbox, db, parent, thread, seen_seq, &err));
}

/* Anything that goes out at once. */
static void add(enum notice_kind kind, int64_t mark)
{
    const struct notice notice = {
        .kind = kind, .account_id = sam, .subject_id = thread_1, .mark = mark};

    OK(outbox_add(outbox, db, &notice, &err));
}

static void choose(const struct notice_choice *choice)
{
    OK(outbox_choose(outbox, db, sam, choice, &err));
}

/* Rounds until nothing is due. */
static void run(void)
{
    while (outbox_round(outbox)) {
    }
}

static size_t given_up(char reason[64])
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    size_t count = 0;
    bool have = false;

    OK(db_query(db, SQL_OUTBOX_GIVEN_UP, &s, &err, "ii", (int64_t)0, (int64_t)100));
    for (;;) {
        OK(db_next(s, &have, &err));
        if (!have) {
            return count;
        }
        (void)snprintf(reason, 64, "%s", db_text(s, 5));
        count++;
    }
}

/* ---- New messages ---- */

START_TEST(one_notice_until_it_is_read)
{
    message(sam, thread_1, 3);
    message(sam, thread_1, 3);
    run();
    ck_assert_uint_eq(email->count, 0); /* some time for whoever is looking */
    advance(2 * MINUTE_S);
    run();
    message(sam, thread_1, 3);
    advance(DAY_S);
    run();
    ck_assert_uint_eq(email->count, 1);
    ck_assert_str_eq(email->to[0], "sam@mail.example");
    ck_assert_str_eq(email->subject[0], "You have a new message");
    /* The other conversation has its own, and so has the other parent. */
    message(sam, thread_2, 3);
    message(kit, thread_1, 3);
    advance(2 * MINUTE_S);
    run();
    ck_assert_uint_eq(email->count, 3);
    /* Read, and another one. */
    seen(thread_1, 5);
    message(sam, thread_1, 5);
    advance(2 * MINUTE_S);
    run();
    ck_assert_uint_eq(email->count, 4);
}
END_TEST

START_TEST(what_is_read_meanwhile_is_not_told)
{
    message(sam, thread_1, 3);
    seen(thread_1, 4);
    advance(HOUR_S);
    run();
    ck_assert_uint_eq(email->asked, 0);
    message(sam, thread_1, 4);
    advance(2 * MINUTE_S);
    run();
    ck_assert_uint_eq(email->count, 1);
}
END_TEST

START_TEST(the_address_is_read_when_it_is_sent)
{
    message(sam, thread_1, 3);
    add_parent(sam, "another@mail.example");
    advance(2 * MINUTE_S);
    run();
    ck_assert_uint_eq(email->count, 1);
    ck_assert_str_eq(email->to[0], "another@mail.example");
}
END_TEST

/* ---- Failures ---- */

START_TEST(pauses_grow_and_after_a_day_it_is_given_up)
{
    int64_t pause = 60;
    char reason[64] = "";
    size_t tries = 0;
    const int64_t began = now();

    email->answer = CARRIER_LATER;
    email->refuse_first = 1000;
    add(NOTICE_BOOKING_CANCELLED, 1);
    config->quiet_from_hour = config->quiet_to_hour;
    for (;;) {
        run();
        ck_assert_uint_eq(email->asked, ++tries);
        if (now() + pause >= began + DAY_S) {
            break;
        }
        advance(pause - 1);
        run();
        ck_assert_uint_eq(email->asked, tries);
        advance(1);
        pause = pause * 2 < HOUR_S ? pause * 2 : HOUR_S;
    }
    ck_assert_uint_gt(tries, 25);
    sl_fake_clock_init(&clock_, began + DAY_S - 1);
    run();
    ck_assert_uint_eq(given_up(reason), 0);
    advance(1);
    run();
    ck_assert_uint_eq(email->asked, tries);
    ck_assert_uint_eq(given_up(reason), 1);
    ck_assert_str_eq(reason, "told to");
    advance(DAY_S);
    run();
    ck_assert_uint_eq(email->asked, tries);
}
END_TEST

START_TEST(what_was_given_up_is_told_when_it_happens_again)
{
    char reason[64];

    email->answer = CARRIER_NEVER;
    email->refuse_first = 1;
    message(sam, thread_1, 3);
    advance(2 * MINUTE_S);
    run();
    ck_assert_uint_eq(given_up(reason), 1);
    message(sam, thread_1, 3);
    advance(2 * MINUTE_S);
    run();
    ck_assert_uint_eq(email->count, 1);
    ck_assert_uint_eq(given_up(reason), 0);
}
END_TEST

START_TEST(what_can_never_be_sent_is_given_up_at_once)
{
    char reason[64] = "";

    email->answer = CARRIER_NEVER;
    email->refuse_first = 1;
    add(NOTICE_BOOKING_MADE, 1);
    add(NOTICE_BOOKING_MADE, 2);
    run();
    ck_assert_uint_eq(email->asked, 2);
    ck_assert_uint_eq(email->count, 1);
    ck_assert_uint_eq(given_up(reason), 1);
    ck_assert_str_eq(reason, "told to");
    add_parent(sam, "no address");
    add(NOTICE_BOOKING_MADE, 3);
    run();
    ck_assert_uint_eq(email->asked, 2);
    ck_assert_uint_eq(given_up(reason), 2);
    ck_assert_str_eq(reason, "no_address");
}
END_TEST

START_TEST(one_try_for_all_when_the_carrier_is_down)
{
    email->answer = CARRIER_DOWN;
    email->refuse_first = 1000;
    for (int i = 0; i < 30; i++) {
        add(NOTICE_BOOKING_MADE, i);
    }
    run();
    ck_assert_uint_eq(email->asked, 1);
    run();
    ck_assert_uint_eq(email->asked, 1);
    advance(60);
    run();
    ck_assert_uint_eq(email->asked, 2);
    /* Texts go another way. */
    choose(&(struct notice_choice){.channel = CHANNEL_TEXT, .mobile = "07700 900 143"});
    add(NOTICE_BOOKING_MOVED, 1);
    run();
    ck_assert_uint_eq(text->count, 1);
    choose(&(struct notice_choice){.channel = CHANNEL_EMAIL});
    email->answer = CARRIER_SENT;
    advance(120);
    run();
    ck_assert_uint_eq(email->count, 30);
}
END_TEST

START_TEST(more_than_a_batch)
{
    for (int i = 0; i < 230; i++) {
        add(NOTICE_BOOKING_MADE, i);
    }
    run();
    ck_assert_uint_eq(email->count, 230);
    for (size_t i = 1; i < email->count; i++) {
        ck_assert_int_ne(memcmp(email->id[i], email->id[i - 1], SL_ID_BYTES), 0);
    }
}
END_TEST

/* ---- Crashes and disks ---- */

static void fill_disk(void)
{
    disk_set_mode(DISK_NO_WRITES);
}

START_TEST(sent_and_not_saved_goes_out_again_after_a_pause)
{
    email->before = fill_disk;
    add(NOTICE_BOOKING_MADE, 1);
    run();
    ck_assert_uint_eq(email->count, 1);
    disk_set_mode(DISK_GOOD);
    email->before = NULL;
    run();
    ck_assert_uint_eq(email->count, 1);
    advance(60);
    run();
    ck_assert_uint_eq(email->count, 2);
    ck_assert_mem_eq(email->id[0], email->id[1], SL_ID_BYTES);
    advance(DAY_S);
    run();
    ck_assert_uint_eq(email->count, 2);
}
END_TEST

START_TEST(a_full_disk_sends_nothing)
{
    add(NOTICE_BOOKING_MADE, 1);
    disk_set_mode(DISK_NO_WRITES);
    for (int i = 0; i < 5; i++) {
        run();
        advance(HOUR_S);
    }
    ck_assert_uint_eq(email->asked, 0);
    disk_set_mode(DISK_GOOD);
    run();
    ck_assert_uint_eq(email->count, 1);
}
END_TEST

START_TEST(a_stop_and_a_start_lose_nothing)
{
    add(NOTICE_BOOKING_MADE, 1);
    add(NOTICE_BOOKING_MADE, 2);
    email->answer = CARRIER_LATER;
    email->refuse_first = 1;
    run();
    ck_assert_uint_eq(email->count, 1);
    outbox_stop(outbox);
    store_close(store);
    outbox_free(outbox);
    open_store();
    open_outbox();
    run();
    ck_assert_uint_eq(email->count, 0);
    advance(60);
    run();
    ck_assert_uint_eq(email->count, 1);
}
END_TEST

static void stop_now(void)
{
    atomic_store(&outbox->stop, true);
}

START_TEST(a_stop_breaks_off_and_keeps_the_rest)
{
    char reason[64];

    for (int i = 0; i < 3; i++) {
        add(NOTICE_BOOKING_MADE, i);
    }
    email->before = stop_now;
    email->answer = CARRIER_STOPPED;
    email->refuse_first = 1;
    run();
    ck_assert_uint_eq(email->asked, 1);
    ck_assert_uint_eq(given_up(reason), 0);
    atomic_store(&outbox->stop, false);
    email->before = NULL;
    advance(60);
    run();
    ck_assert_uint_eq(email->count, 3);
}
END_TEST

static atomic_bool told;

static void tell(void)
{
    atomic_store(&told, true);
}

START_TEST(the_thread_sends_and_ends)
{
    atomic_store(&told, false);
    email->before = tell;
    add(NOTICE_BOOKING_MADE, 1);
    OK(outbox_start(outbox, &err));
    for (int i = 0; i < 1000 && !atomic_load(&told); i++) {
        struct timespec wait = {.tv_nsec = 10000000};
        (void)nanosleep(&wait, NULL);
    }
    ck_assert(atomic_load(&told));
    outbox_stop(outbox);
    ck_assert_uint_eq(email->count, 1);
    outbox_stop(outbox);
    /* A thread that has nothing to do ends at once, too. */
    atomic_store(&outbox->stop, false);
    OK(outbox_start(outbox, &err));
    outbox_stop(outbox);
}
END_TEST

/* ---- What people want ---- */

START_TEST(each_kind_can_be_turned_off_but_cancellations)
{
    for (size_t i = 0; i < NOTICE_COUNT; i++) {
        const enum notice_kind kind = (enum notice_kind)i;
        ck_assert_int_eq(notice_of(notice_name(kind)), kind);
        if (notice_optional(kind)) {
            OK(outbox_turn(db, sam, kind, false, &err));
        } else {
            ck_assert_int_eq(outbox_turn(db, sam, kind, false, &err), SL_FORBIDDEN);
        }
        add(kind, 1);
    }
    ck_assert_int_eq(notice_of("nothing"), NOTICE_COUNT);
    ck_assert(!notice_optional(NOTICE_BOOKING_CANCELLED));
    ck_assert(notice_optional(NOTICE_NEW_MESSAGE));
    run();
    /* Cancelled, renewed, roster. */
    ck_assert_uint_eq(email->count, 3);
    OK(outbox_turn(db, sam, NOTICE_BOOKING_MADE, true, &err));
    add(NOTICE_BOOKING_MADE, 2);
    run();
    ck_assert_uint_eq(email->count, 4);
}
END_TEST

START_TEST(no_notices_but_cancellations)
{
    choose(&(struct notice_choice){.channel = CHANNEL_NONE});
    add(NOTICE_BOOKING_MADE, 1);
    add(NOTICE_BOOKING_CANCELLED, 1);
    run();
    ck_assert_uint_eq(email->count, 1);
    ck_assert_str_eq(email->subject[0], "Your phone call is cancelled");
}
END_TEST

START_TEST(by_text)
{
    const struct notice_choice choice = {.channel = CHANNEL_TEXT, .mobile = "+44 7700 900143"};

    choose(&choice);
    add(NOTICE_CALL_SOON, 1);
    run();
    ck_assert_uint_eq(text->count, 1);
    ck_assert_uint_eq(email->count, 0);
    ck_assert_str_eq(text->to[0], "+44 7700 900143");
    /* Where texts are not set up they get mail. */
    sink_free(sl_steal(&outbox->text));
    add(NOTICE_CALL_SOON, 2);
    run();
    ck_assert_uint_eq(email->count, 1);
    /* Where there are only texts, somebody without a number is not told. */
    struct carrier *only_email = sl_steal(&outbox->email);
    char reason[64];
    text = sink_new(true);
    outbox->text = &text->carrier;
    OK(outbox_new_message(outbox, db, kit, thread_1, 1, &err));
    add(NOTICE_CALL_SOON, 3);
    advance(2 * MINUTE_S);
    run();
    ck_assert_uint_eq(text->count, 1);
    ck_assert_uint_eq(given_up(reason), 0);
    outbox->email = only_email;

    static const char *const wrong[] = {
        "", "07700", "07700 900 143x", "0+7700 900 143", "++447700900143", "077009001430770090014"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const struct notice_choice bad = {.channel = CHANNEL_TEXT, .mobile = wrong[i]};
        ck_assert_int_eq(outbox_choose(outbox, db, sam, &bad, &err), SL_BAD_REQUEST);
    }
    ck_assert_int_eq(
        outbox_choose(outbox, db, sam, &(struct notice_choice){.channel = CHANNEL_TEXT}, &err),
        SL_BAD_REQUEST);
}
END_TEST

START_TEST(quiet_hours_wait)
{
    /* The settings' hours, 20:00 to 08:00. */
    advance(10 * HOUR_S);
    add(NOTICE_BOOKING_MADE, 1);
    add(NOTICE_ACCOUNT_RENEWED, 1); /* no hour is quiet enough for that */
    run();
    ck_assert_uint_eq(email->count, 1);
    advance(10 * HOUR_S - 1);
    run();
    ck_assert_uint_eq(email->count, 1);
    advance(1);
    run();
    ck_assert_uint_eq(email->count, 2);
    /* Their own: 08:00 to 09:00. */
    choose(&(struct notice_choice){.quiet = {.from_min = 480, .to_min = 540}});
    add(NOTICE_BOOKING_MADE, 2);
    run();
    ck_assert_uint_eq(email->count, 2);
    advance(HOUR_S);
    run();
    ck_assert_uint_eq(email->count, 3);
    advance(12 * HOUR_S);
    add(NOTICE_BOOKING_MADE, 3);
    run();
    ck_assert_uint_eq(email->count, 4);
}
END_TEST

START_TEST(reminders_are_for_before)
{
    struct notice soon = {
        .kind = NOTICE_CALL_SOON,
        .account_id = sam,
        .subject_id = thread_1,
        .due_at = now() + DAY_S,
        .until_at = now() + DAY_S + HOUR_S,
    };
    char reason[64] = "";

    OK(outbox_add(outbox, db, &soon, &err));
    advance(DAY_S - 1);
    run();
    ck_assert_uint_eq(email->count, 0);
    advance(1);
    run();
    ck_assert_uint_eq(email->count, 1);
    /* The server was down over it: nobody is reminded of what was. */
    soon.mark = 1;
    soon.due_at = now() + 60;
    soon.until_at = now() + HOUR_S;
    OK(outbox_add(outbox, db, &soon, &err));
    advance(HOUR_S);
    run();
    ck_assert_uint_eq(email->count, 1);
    ck_assert_uint_eq(given_up(reason), 0);
    /* The mail was down until then: staff are told. */
    soon.mark = 2;
    soon.due_at = now();
    soon.until_at = now() + HOUR_S;
    OK(outbox_add(outbox, db, &soon, &err));
    email->answer = CARRIER_DOWN;
    email->refuse_first = 1;
    run();
    advance(HOUR_S);
    run();
    ck_assert_uint_eq(email->count, 1);
    ck_assert_uint_eq(given_up(reason), 1);
    /* Cancelled. */
    soon.mark = 3;
    soon.until_at = 0;
    OK(outbox_add(outbox, db, &soon, &err));
    OK(outbox_drop(outbox, db, NOTICE_CALL_TOMORROW, thread_1, &err));
    OK(outbox_drop(outbox, db, NOTICE_CALL_SOON, thread_2, &err));
    OK(outbox_drop(outbox, db, NOTICE_CALL_SOON, thread_1, &err));
    run();
    ck_assert_uint_eq(email->count, 1);
}
END_TEST

/* ---- Causes ---- */

START_TEST(a_renewed_account_is_told_to_the_address_before)
{
    static const uint8_t invite[SL_ID_BYTES] = "invite.........";

    OK(outbox_account_renewed(outbox, db, sam, invite, &err));
    OK(outbox_account_renewed(outbox, db, staff, invite, &err)); /* no parent: nobody to tell */
    add_parent(sam, "new@mail.example");
    /* Even if they want none. */
    choose(&(struct notice_choice){.channel = CHANNEL_NONE});
    run();
    ck_assert_uint_eq(email->count, 1);
    ck_assert_str_eq(email->to[0], "sam@mail.example");
    ck_assert_str_eq(email->subject[0], "Your account was set up again");
}
END_TEST

static void jobs_once(void)
{
    const struct jobs_options how = {.store = store, .outbox = outbox, .clock = &clock_.clock};
    struct jobs *jobs = NULL;

    OK(jobs_start(&how, &jobs, &err));
    jobs_run_all(jobs);
    jobs_stop(jobs);
}

static void add_roster(int64_t serial, int64_t expires_at)
{
    uint8_t hash[SL_HASH_BYTES] = {0};

    OK(db_exec(db, SQL_ROSTER_ADD, NULL, &err, "ibbii", serial, "bytes", (size_t)5, hash,
               sizeof hash, expires_at, now()));
}

START_TEST(the_roster_runs_out)
{
    free(config->root_alert_addresses);
    config->root_alert_addresses = sl_strdup("root@council.example, deputy@council.example");
    OK(outbox_roster_ending(outbox, db, &err)); /* there is none yet */
    add_roster(1, now() + 15 * DAY_S);
    OK(outbox_roster_ending(outbox, db, &err));
    run();
    ck_assert_uint_eq(email->count, 0);
    /* Twice a day for five weeks, also after the end. */
    for (int day = 0; day < 36 * 2; day++) {
        advance(12 * HOUR_S);
        jobs_once();
        run();
    }
    ck_assert_uint_eq(email->count, 2U * 6U);
    ck_assert_str_eq(email->to[0][0] == 'r' ? email->to[1] : email->to[0],
                     "deputy@council.example");
    ck_assert_str_eq(email->subject[0], "The staff list needs a new signature");
    sink_empty(email);
    add_roster(2, now() + 90 * DAY_S);
    OK(outbox_roster_ending(outbox, db, &err));
    run();
    ck_assert_uint_eq(email->count, 0);
}
END_TEST

/* ---- Without, and damaged ---- */

START_TEST(nothing_set_up_keeps_nothing)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    struct outbox *none = NULL;
    bool have = true;

    OK(outbox_new(&options, &none, &err));
    OK(outbox_new_message(none, db, sam, thread_1, 1, &err));
    OK(outbox_new_message(NULL, db, sam, thread_1, 1, &err));
    OK(outbox_account_renewed(none, db, sam, thread_1, &err));
    OK(outbox_roster_ending(NULL, db, &err));
    OK(outbox_drop(NULL, db, NOTICE_CALL_SOON, thread_1, &err));
    OK(outbox_start(none, &err));
    OK(outbox_start(NULL, &err));
    outbox_stop(none);
    outbox_stop(NULL);
    outbox_free(none);
    outbox_free(NULL);
    OK(db_query(db, SQL_OUTBOX_DUE, &s, &err, "ii", INT64_MAX, (int64_t)10));
    OK(db_next(s, &have, &err));
    ck_assert(!have);
}
END_TEST

START_TEST(a_damaged_row_does_not_stop_the_others)
{
    char reason[64] = "";
    uint8_t hash[SL_HASH_BYTES] = "x";

    OK(db_exec(db, SQL_PARENT_PUT, NULL, &err, "bbbbbb", sam, (size_t)SL_ID_BYTES, hash,
               sizeof hash, "junk", (size_t)4, "auth", (size_t)4, "vault", (size_t)5, hash,
               sizeof hash));
    add(NOTICE_BOOKING_MADE, 1);
    message(kit, thread_1, 0);
    advance(2 * MINUTE_S);
    run();
    ck_assert_uint_eq(email->count, 1);
    ck_assert_str_eq(email->to[0], "kit@mail.example");
    ck_assert_uint_eq(given_up(reason), 1);
    ck_assert_str_eq(reason, "damaged");
}
END_TEST

START_TEST(no_address_is_left_in_the_database)
{
    static const uint8_t invite[SL_ID_BYTES] = "invite.........";
    size_t len = 0;

    choose(&(struct notice_choice){.channel = CHANNEL_TEXT, .mobile = "07700900143"});
    OK(outbox_account_renewed(outbox, db, sam, invite, &err));
    message(sam, thread_1, 1);
    SL_AUTO(str) char *wal = folder_file(folder, "sendline.db-wal");
    for (int i = 0; i < 2; i++) {
        const char *const files[] = {path, wal};
        for (size_t f = 0; f < 2; f++) {
            SL_AUTO(str) char *bytes = folder_read(files[f], &len);
            ck_assert_ptr_null(memmem(bytes, len, "sam@mail", 8));
            ck_assert_ptr_null(memmem(bytes, len, "07700900143", 11));
        }
        advance(2 * MINUTE_S);
        run();
    }
    ck_assert_uint_eq(email->count + text->count, 2);
}
END_TEST

START_TEST(what_is_settled_is_forgotten_after_a_quarter)
{
    char reason[64];

    email->answer = CARRIER_NEVER;
    email->refuse_first = 1;
    add(NOTICE_BOOKING_MADE, 1);
    run();
    ck_assert_uint_eq(given_up(reason), 1);
    advance(89 * DAY_S);
    run();
    ck_assert_uint_eq(given_up(reason), 1);
    advance(2 * DAY_S);
    run();
    ck_assert_uint_eq(given_up(reason), 0);
}
END_TEST

START_TEST(metrics)
{
    SL_AUTO(buf) struct sl_buf out = {0};

    add(NOTICE_BOOKING_MADE, 1);
    email->answer = CARRIER_LATER;
    email->refuse_first = 1;
    run();
    advance(60);
    run();
    outbox_metrics(outbox, &out);
    sl_buf_put_u8(&out, '\0');
    ck_assert_ptr_nonnull(strstr((char *)out.data, "sendline_notices_sent_total 1\n"));
    ck_assert_ptr_nonnull(strstr((char *)out.data, "sendline_notices_failed_total 1\n"));
    ck_assert_ptr_nonnull(strstr((char *)out.data, "sendline_notices_given_up_total 0\n"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("outbox");
    TCase *tests = tcase_create("outbox");

    disk_install();
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, one_notice_until_it_is_read);
    tcase_add_test(tests, what_is_read_meanwhile_is_not_told);
    tcase_add_test(tests, the_address_is_read_when_it_is_sent);
    tcase_add_test(tests, pauses_grow_and_after_a_day_it_is_given_up);
    tcase_add_test(tests, what_was_given_up_is_told_when_it_happens_again);
    tcase_add_test(tests, what_can_never_be_sent_is_given_up_at_once);
    tcase_add_test(tests, one_try_for_all_when_the_carrier_is_down);
    tcase_add_test(tests, more_than_a_batch);
    tcase_add_test(tests, sent_and_not_saved_goes_out_again_after_a_pause);
    tcase_add_test(tests, a_full_disk_sends_nothing);
    tcase_add_test(tests, a_stop_and_a_start_lose_nothing);
    tcase_add_test(tests, a_stop_breaks_off_and_keeps_the_rest);
    tcase_add_test(tests, the_thread_sends_and_ends);
    tcase_add_test(tests, each_kind_can_be_turned_off_but_cancellations);
    tcase_add_test(tests, no_notices_but_cancellations);
    tcase_add_test(tests, by_text);
    tcase_add_test(tests, quiet_hours_wait);
    tcase_add_test(tests, reminders_are_for_before);
    tcase_add_test(tests, a_renewed_account_is_told_to_the_address_before);
    tcase_add_test(tests, the_roster_runs_out);
    tcase_add_test(tests, nothing_set_up_keeps_nothing);
    tcase_add_test(tests, a_damaged_row_does_not_stop_the_others);
    tcase_add_test(tests, no_address_is_left_in_the_database);
    tcase_add_test(tests, what_is_settled_is_forgotten_after_a_quarter);
    tcase_add_test(tests, metrics);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
