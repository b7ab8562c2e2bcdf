/* Rosters, holders and teams: what a server that may serve anything can do with them, which is
 * nothing. */
#include <check.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "e2ee/manage.h"
#include "e2ee/prints.h"
#include "e2ee/team.h"

enum {
    DAY_S = 24 * 3600,
    VALID_S = 92 * DAY_S,
    PEOPLE = 6
};
static const int64_t t0 = 1790000000;

/* Who there is: two of the staff, a team in two generations, another team, and records officers. */
enum who {
    JANE,
    ADAM,
    TEAM1,
    TEAM2,
    OTHER,
    RECORDS
};

static struct sl_fake_rand fake;
static struct e2_identity *root, *root2, *people[PEOPLE];
static struct sl_holder holders[PEOPLE];
static uint8_t ids[PEOPLE][SL_ID_BYTES];

static void make_holder(enum who who, uint8_t kind, enum who id_of, uint32_t generation,
                        const char *name)
{
    people[who] = e2_identity_new(&fake.rand);
    if (who == id_of) {
        sl_rand_fill(&fake.rand, ids[who], SL_ID_BYTES);
    } else {
        memcpy(ids[who], ids[id_of], SL_ID_BYTES);
    }
    ck_assert_int_eq(
        e2_holder_make(&holders[who], kind, ids[who], generation, people[who], name, NULL), SL_OK);
}

static void set_up(void)
{
    ck_assert_int_eq(e2_ready(NULL), SL_OK);
    sl_fake_rand_init(&fake, 3);
    root = e2_identity_new(&fake.rand);
    root2 = e2_identity_new(&fake.rand);
    make_holder(JANE, SL_HOLDER_STAFF, JANE, 1, "Jane Okafor");
    make_holder(ADAM, SL_HOLDER_STAFF, ADAM, 1, "Adam Leigh");
    make_holder(TEAM1, SL_HOLDER_TEAM, TEAM1, 1, "SEND team, north");
    make_holder(TEAM2, SL_HOLDER_TEAM, TEAM1, 2, "SEND team, north");
    make_holder(OTHER, SL_HOLDER_TEAM, OTHER, 1, "SEND team, south");
    make_holder(RECORDS, SL_HOLDER_RECORDS, RECORDS, 1, "Records office");
}

static void tear_down(void)
{
    e2_identity_free(root);
    e2_identity_free(root2);
    for (size_t i = 0; i < PEOPLE; i++) {
        e2_identity_free(people[i]);
    }
}

/* ---- Rosters ---- */

/* What is to be different about one; zero: nothing. */
struct change {
    const struct e2_identity *signer; /* NULL: root */
    const struct e2_identity *names;  /* the root that it names; NULL: root */
    int64_t later_s;                  /* issued later than it should be */
    int64_t days;                     /* 0: 92 */
    unsigned rows;                    /* how many; 0: all */
    uint32_t adam_ended;              /* 0: by the second */
    bool adam_not_ended;
};

static void sign(uint32_t serial, const struct change *change, struct sl_buf *out)
{
    static const struct change none;
    const struct change *how = change != NULL ? change : &none;
    const struct e2_identity *names = how->names != NULL ? how->names : root;
    struct sl_roster_row rows[PEOPLE];
    struct sl_roster roster = {.serial = serial,
                               .issued_at = (uint64_t)(t0 + serial + how->later_s),
                               .root_count = 1,
                               .rows = rows,
                               .row_count = how->rows != 0 ? how->rows : PEOPLE};

    for (size_t i = 0; i < PEOPLE; i++) {
        e2_roster_row_of(&holders[i], &rows[i]);
    }
    if (serial >= 2) {
        rows[ADAM].ended = how->adam_not_ended ? 0 : how->adam_ended != 0 ? how->adam_ended : 2;
        rows[TEAM1].ended = 2;
    }
    roster.expires_at = roster.issued_at + (uint64_t)(how->days != 0 ? how->days : 92) * DAY_S;
    memcpy(roster.roots[0], names->sign_pk, SL_PK_BYTES);
    /* Nobody signs one that is too long; so that it can be tried, it is signed here. */
    uint8_t signature[SL_SIG_BYTES];
    const size_t from = out->len;
    sl_roster_put(out, &roster);
    (void)crypto_sign_detached(signature, NULL, out->data + from, out->len - from,
                               (how->signer != NULL ? how->signer : root)->sign_sk);
    sl_buf_put(out, signature, sizeof(signature));
}

/* What a server serves: rosters and all holder records. */
struct served {
    struct sl_buf rosters[4];
    size_t count;
    struct sl_buf records[PEOPLE + 2];
    size_t record_count;
};

static void serve(struct served *s, uint32_t serial, const struct change *change)
{
    sign(serial, change, &s->rosters[s->count++]);
}

static void serve_record(struct served *s, const struct sl_holder *holder)
{
    sl_holder_put(&s->records[s->record_count++], holder);
}

static void sl_auto_served(struct served *s)
{
    for (size_t i = 0; i < sizeof(s->rosters) / sizeof(s->rosters[0]); i++) {
        sl_buf_free(&s->rosters[i]);
    }
    for (size_t i = 0; i < sizeof(s->records) / sizeof(s->records[0]); i++) {
        sl_buf_free(&s->records[i]);
    }
}

static enum sl_code walk(struct e2_trust *trust, struct served *s, const uint8_t *me)
{
    struct sl_bytes rosters[4];
    struct sl_bytes records[PEOPLE + 2];

    for (size_t i = 0; s->record_count == 0 && i < PEOPLE; i++) {
        sl_holder_put(&s->records[i], &holders[i]);
    }
    s->record_count = s->record_count == 0 ? PEOPLE : s->record_count;
    for (size_t i = 0; i < s->count; i++) {
        rosters[i] = sl_buf_bytes(&s->rosters[i]);
    }
    for (size_t i = 0; i < s->record_count; i++) {
        records[i] = sl_buf_bytes(&s->records[i]);
    }
    return e2_trust_walk(trust, rosters, s->count, records, s->record_count, me, NULL);
}

static struct e2_trust *trust_from(uint32_t serial)
{
    return e2_trust_new((const uint8_t(*)[SL_PK_BYTES])root->sign_pk, 1, serial);
}

/* Saved and loaded again: what the next run knows. */
static struct e2_trust *next_run(const struct e2_trust *trust)
{
    struct e2_trust *again = NULL;
    size_t len = 0;
    SL_AUTO(str) char *text = e2_trust_save(trust, &len);

    ck_assert_uint_eq(len, strlen(text));
    ck_assert_int_eq(e2_trust_load(text, len, &again, NULL), SL_OK);
    return again;
}

START_TEST(in_order)
{
    SL_AUTO(e2_trust) struct e2_trust *trust = trust_from(1);
    SL_AUTO(served) struct served s = {.count = 0};
    size_t count = 0;

    serve(&s, 1, NULL);
    serve(&s, 1, NULL);
    serve(&s, 2, NULL);
    ck_assert(!e2_trust_has_roster(trust));
    ck_assert_uint_eq(e2_trust_since(trust), 0);
    ck_assert_int_eq(walk(trust, &s, ids[JANE]), SL_OK);
    ck_assert_uint_eq(e2_trust_serial(trust), 2);
    ck_assert_uint_eq(e2_trust_since(trust), 1);
    ck_assert_uint_eq(e2_trust_missing(trust), 0);
    ck_assert_uint_eq(e2_trust_staff(trust, ids[ADAM])->ended, 2);
    ck_assert_str_eq(e2_trust_staff(trust, ids[JANE])->holder.name, "Jane Okafor");
    ck_assert_ptr_null(e2_trust_staff(trust, ids[TEAM1]));
    ck_assert(e2_trust_has_id(trust, ids[TEAM1]) && !e2_trust_has_id(trust, root->sign_pk));
    ck_assert_uint_eq(e2_trust_team(trust, ids[TEAM1])->holder.generation, 2);
    ck_assert_ptr_null(e2_trust_team(trust, ids[JANE]));
    ck_assert_ptr_eq(e2_trust_records(trust),
                     e2_trust_find(trust, SL_HOLDER_RECORDS, ids[RECORDS], 1));
    (void)e2_trust_people(trust, &count);
    ck_assert_uint_eq(count, PEOPLE);
    /* Nobody is new the first time. */
    (void)e2_trust_added(trust, &count);
    ck_assert_uint_eq(count, 0);
}
END_TEST

static const struct {
    const char *name;
    uint32_t serial; /* of the last one, after the second; 0: none is served */
    struct change change;
    bool foreign_signer;
    bool twice; /* two of this serial */
    int alter;  /* 1: a bit turned, 2: cut, 3: longer */
    enum e2_alarm alarm;
} alarms[] = {
    {"an older one", 1, {0}, false, false, 0, E2_ALARM_OLDER},
    {"two of one serial", 3, {.later_s = 77}, false, true, 0, E2_ALARM_TWO_OF_ONE_SERIAL},
    {"two of one serial, one of them foreign",
     3,
     {.later_s = 77},
     true,
     true,
     0,
     E2_ALARM_NOT_SIGNED},
    {"a foreign root", 3, {0}, true, false, 0, E2_ALARM_NOT_SIGNED},
    {"an altered one", 3, {0}, false, false, 1, E2_ALARM_NOT_SIGNED},
    {"a cut one", 3, {0}, false, false, 2, E2_ALARM_MALFORMED},
    {"a longer one", 3, {0}, false, false, 3, E2_ALARM_MALFORMED},
    {"somebody removed", 3, {.rows = PEOPLE - 1}, false, false, 0, E2_ALARM_ROWS_LOST},
    {"an end undone", 3, {.adam_not_ended = true}, false, false, 0, E2_ALARM_ROWS_LOST},
    {"an end set back", 3, {.adam_ended = 1}, false, false, 0, E2_ALARM_ROWS_LOST},
    {"an end put off", 3, {.adam_ended = 3}, false, false, 0, E2_ALARM_ROWS_LOST},
    {"93 days", 3, {.days = 93}, false, false, 0, E2_ALARM_TOO_LONG},
    {"an end before the beginning", 3, {.days = -1}, false, false, 0, E2_ALARM_TOO_LONG},
    {"no roster", 0, {0}, false, false, 0, E2_ALARM_NO_ROSTER},
};

START_TEST(an_alarm)
{
    SL_AUTO(e2_trust) struct e2_trust *trust = trust_from(2);
    SL_AUTO(served) struct served s = {.count = 0};
    struct change change = alarms[_i].change;

    if (alarms[_i].serial != 0) {
        serve(&s, 2, NULL);
        if (alarms[_i].twice) {
            serve(&s, alarms[_i].serial, NULL);
        }
        change.signer = alarms[_i].foreign_signer ? root2 : root;
        serve(&s, alarms[_i].serial, &change);
        struct sl_buf *last = &s.rosters[s.count - 1];
        last->data[60] ^= (uint8_t)(alarms[_i].alter == 1);
        last->len -= alarms[_i].alter == 2;
        if (alarms[_i].alter == 3) {
            sl_buf_put_u8(last, 0);
        }
    }
    ck_assert_int_eq(walk(trust, &s, ids[JANE]), SL_ROSTER_REFUSED);
    ck_assert_msg(e2_trust_alarm(trust) == alarms[_i].alarm, "%s: %s", alarms[_i].name,
                  e2_alarm_name(e2_trust_alarm(trust)));
    ck_assert_uint_gt(strlen(e2_alarm_sentence(e2_trust_alarm(trust))), 20);
    /* What was right before it stays. */
    ck_assert_int_eq(e2_trust_has_roster(trust), alarms[_i].serial != 0);
    ck_assert_uint_eq(e2_trust_serial(trust), alarms[_i].twice         ? 3
                                              : alarms[_i].serial != 0 ? 2
                                                                       : 0);
    /* The next walk that is right ends it. */
    SL_AUTO(served) struct served good = {.count = 0};
    serve(&good, alarms[_i].twice ? 3 : 2, NULL);
    ck_assert_int_eq(walk(trust, &good, ids[JANE]), SL_OK);
    ck_assert_int_eq(e2_trust_alarm(trust), E2_ALARM_NONE);
}
END_TEST

START_TEST(roots_hand_over_by_the_way_and_from_memory)
{
    const struct change hands_over = {.names = root2};
    const struct change after = {.signer = root2, .names = root2};
    SL_AUTO(e2_trust) struct e2_trust *trust = trust_from(1);
    SL_AUTO(served) struct served first = {.count = 0};
    SL_AUTO(served) struct served second = {.count = 0};
    SL_AUTO(served) struct served skipped = {.count = 0};
    SL_AUTO(served) struct served back = {.count = 0};
    size_t count = 0;

    serve(&skipped, 1, NULL);
    serve(&skipped, 3, &after);
    ck_assert_int_eq(walk(trust, &skipped, NULL), SL_ROSTER_REFUSED);
    ck_assert_int_eq(e2_trust_alarm(trust), E2_ALARM_NOT_SIGNED);
    serve(&first, 1, NULL);
    serve(&first, 2, &hands_over);
    ck_assert_int_eq(walk(trust, &first, NULL), SL_OK);
    ck_assert_mem_eq(e2_trust_roots(trust, &count)[0], root2->sign_pk, SL_PK_BYTES);

    /* The roster that handed over is signed by the old root; its hash is what we know it by. */
    SL_AUTO(e2_trust) struct e2_trust *later = next_run(trust);
    serve(&second, 2, &hands_over);
    serve(&second, 3, &after);
    ck_assert_int_eq(walk(later, &second, NULL), SL_OK);
    ck_assert_uint_eq(e2_trust_serial(later), 3);
    SL_AUTO(e2_trust) struct e2_trust *old_root = next_run(trust);
    serve(&back, 2, &hands_over);
    serve(&back, 3, NULL);
    ck_assert_int_eq(walk(old_root, &back, NULL), SL_ROSTER_REFUSED);
    ck_assert_int_eq(e2_trust_alarm(old_root), E2_ALARM_NOT_SIGNED);
    ck_assert_uint_eq(e2_trust_serial(old_root), 2);
}
END_TEST

START_TEST(another_roster_than_the_one_remembered)
{
    const struct change other = {.later_s = 5};
    SL_AUTO(e2_trust) struct e2_trust *trust = trust_from(1);
    SL_AUTO(served) struct served first = {.count = 0};
    SL_AUTO(served) struct served second = {.count = 0};

    serve(&first, 1, NULL);
    serve(&first, 2, NULL);
    ck_assert_int_eq(walk(trust, &first, NULL), SL_OK);
    SL_AUTO(e2_trust) struct e2_trust *later = next_run(trust);
    ck_assert(!e2_trust_has_roster(later));
    serve(&second, 2, &other);
    ck_assert_int_eq(walk(later, &second, NULL), SL_ROSTER_REFUSED);
    ck_assert_int_eq(e2_trust_alarm(later), E2_ALARM_TWO_OF_ONE_SERIAL);
    ck_assert(!e2_trust_has_roster(later));
}
END_TEST

START_TEST(a_walk_without_me_changes_nothing)
{
    SL_AUTO(e2_trust) struct e2_trust *trust = trust_from(1);
    SL_AUTO(served) struct served first = {.count = 0};
    SL_AUTO(served) struct served second = {.count = 0};

    serve(&first, 1, NULL);
    ck_assert_int_eq(walk(trust, &first, ids[ADAM]), SL_OK);
    serve(&second, 1, NULL);
    serve(&second, 2, NULL);
    ck_assert_int_eq(walk(trust, &second, ids[ADAM]), SL_ROSTER_REFUSED);
    ck_assert_int_eq(e2_trust_alarm(trust), E2_ALARM_WITHOUT_ME);
    ck_assert_uint_eq(e2_trust_serial(trust), 1);
    ck_assert_uint_eq(e2_trust_since(trust), 0);
    ck_assert_uint_eq(e2_trust_staff(trust, ids[ADAM])->ended, 0);
}
END_TEST

START_TEST(who_was_added_since_last_time)
{
    const struct change without_records = {.rows = PEOPLE - 1};
    SL_AUTO(e2_trust) struct e2_trust *trust = trust_from(1);
    SL_AUTO(served) struct served first = {.count = 0};
    SL_AUTO(served) struct served second = {.count = 0};
    size_t count = 0;

    serve(&first, 1, &without_records);
    ck_assert_int_eq(walk(trust, &first, NULL), SL_OK);
    SL_AUTO(e2_trust) struct e2_trust *later = next_run(trust);
    serve(&second, 1, &without_records);
    serve(&second, 2, NULL);
    ck_assert_int_eq(walk(later, &second, NULL), SL_OK);
    const struct e2_person *const *added = e2_trust_added(later, &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(added[0]->holder.name, "Records office");
    SL_AUTO(e2_trust) struct e2_trust *told = next_run(later);
    SL_AUTO(served) struct served third = {.count = 0};
    serve(&third, 2, NULL);
    ck_assert_int_eq(walk(told, &third, NULL), SL_OK);
    (void)e2_trust_added(told, &count);
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(expiry_is_for_the_last_alone)
{
    const struct change long_ago = {.later_s = -INT64_C(400) * DAY_S};
    SL_AUTO(e2_trust) struct e2_trust *trust = trust_from(1);
    SL_AUTO(served) struct served s = {.count = 0};

    serve(&s, 1, &long_ago);
    serve(&s, 2, NULL);
    ck_assert_int_eq(walk(trust, &s, NULL), SL_OK);
    const int64_t end = t0 + 2 + VALID_S;
    ck_assert_int_eq(e2_trust_expires_at(trust), end);
    ck_assert(!e2_trust_expired(trust, end - 1) && e2_trust_expired(trust, end));
    ck_assert(!e2_trust_ends_soon(trust, end - 14 * DAY_S - 1));
    ck_assert(e2_trust_ends_soon(trust, end - 14 * DAY_S));
}
END_TEST

START_TEST(memory_that_is_damaged)
{
    static const char *const texts[] = {
        "",
        "{}",
        "[]",
        "{\"roots\":[],\"serial\":1}",
        "{\"roots\":[\"AA\"],\"serial\":1}",
        "{\"roots\":[\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"]}",
        "{\"roots\":[\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"],\"serial\":4294967296}",
        "{\"roots\":[\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"],\"serial\":1,\"hash\":1}",
        "{\"roots\":[\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"],\"serial\":1,\"known\":[0]}"};
    struct e2_trust *trust = NULL;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_assert_msg(e2_trust_load(texts[i], strlen(texts[i]), &trust, NULL) == SL_CORRUPT, "%s",
                      texts[i]);
    }
    ck_assert_ptr_null(trust);
}
END_TEST

/* ---- Holders ---- */

START_TEST(holders_that_are_nobody)
{
    SL_AUTO(e2_trust) struct e2_trust *trust = trust_from(1);
    SL_AUTO(served) struct served s = {.count = 0};
    struct sl_holder another = holders[JANE];

    (void)strcpy(another.name, "Jane Okafor, head");
    serve(&s, 1, NULL);
    serve_record(&s, &another);
    serve_record(&s, &holders[ADAM]);
    serve_record(&s, &holders[ADAM]);
    ck_assert_int_eq(walk(trust, &s, NULL), SL_OK);
    ck_assert_ptr_null(e2_trust_staff(trust, ids[JANE]));
    ck_assert_ptr_nonnull(e2_trust_staff(trust, ids[ADAM]));
    ck_assert_uint_eq(e2_trust_missing(trust), PEOPLE - 1);
    ck_assert_ptr_null(e2_trust_records(trust));
}
END_TEST

START_TEST(two_of_one_name_are_both_nobody)
{
    SL_AUTO(e2_trust) struct e2_trust *trust = trust_from(1);
    SL_AUTO(served) struct served s = {.count = 0};
    const struct sl_holder first = holders[JANE];

    /* In place of adam there is a second jane, with a record of her own. */
    holders[ADAM] = first;
    (void)strcpy(holders[ADAM].name, "Jane Okafor, again");
    serve(&s, 1, NULL);
    ck_assert_int_eq(walk(trust, &s, NULL), SL_ROSTER_REFUSED);
    ck_assert_int_eq(e2_trust_alarm(trust), E2_ALARM_HOLDERS_CLASH);
    ck_assert_ptr_null(e2_trust_staff(trust, ids[JANE]));
    ck_assert_uint_eq(e2_trust_missing(trust), 2);
}
END_TEST

START_TEST(names_are_made_safe_to_show)
{
    SL_AUTO(e2_trust) struct e2_trust *trust = trust_from(1);
    SL_AUTO(served) struct served s = {.count = 0};

    (void)strcpy(holders[JANE].name, "Jane\xe2\x80\xaeofar\x1b[0m\r\nAdam\tL");
    serve(&s, 1, NULL);
    ck_assert_int_eq(walk(trust, &s, NULL), SL_OK);
    ck_assert_str_eq(e2_trust_staff(trust, ids[JANE])->holder.name, "Janeofar[0m Adam L");
}
END_TEST

START_TEST(holders_that_are_not_made)
{
    struct sl_holder made;
    char much[SL_MAX_NAME_BYTES + 2];
    static const char *const names[] = {"", "a\nb", "a\tb", "a\x1b[0m", "\xff", "a\xe2\x80\xae"};

    memset(much, 'x', sizeof(much));
    much[SL_MAX_NAME_BYTES + 1] = '\0';
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ck_assert_int_eq(
            e2_holder_make(&made, SL_HOLDER_STAFF, ids[JANE], 1, people[JANE], names[i], NULL),
            SL_BAD_REQUEST);
    }
    ck_assert_int_eq(e2_holder_make(&made, SL_HOLDER_STAFF, ids[JANE], 1, people[JANE], much, NULL),
                     SL_BAD_REQUEST);
    ck_assert_int_eq(e2_holder_make(&made, SL_HOLDER_STAFF, ids[JANE], 2, people[JANE], "J", NULL),
                     SL_BAD_REQUEST);
    ck_assert_int_eq(e2_holder_make(&made, SL_HOLDER_PARENT, ids[JANE], 1, people[JANE], "J", NULL),
                     SL_BAD_REQUEST);
    ck_assert_int_eq(e2_holder_make(&made, SL_HOLDER_TEAM, ids[JANE], 0, people[JANE], "J", NULL),
                     SL_BAD_REQUEST);
    much[SL_MAX_NAME_BYTES] = '\0';
    ck_assert_int_eq(e2_holder_make(&made, SL_HOLDER_TEAM, ids[JANE], 2, people[JANE], much, NULL),
                     SL_OK);
    ck_assert(sodium_is_zero(made.sign_pk, SL_PK_BYTES));
}
END_TEST

START_TEST(rosters_that_are_not_signed)
{
    struct sl_roster_row row;
    struct sl_roster roster = {.serial = 1,
                               .issued_at = (uint64_t)t0,
                               .expires_at = (uint64_t)t0 + VALID_S,
                               .root_count = 1,
                               .rows = &row,
                               .row_count = 1};
    SL_AUTO(buf) struct sl_buf out = {0};

    e2_roster_row_of(&holders[JANE], &row);
    ck_assert_int_eq(e2_roster_sign(&roster, root, &out, NULL), SL_OK);
    struct sl_roster wrong = roster;
    wrong.serial = 0;
    ck_assert_int_eq(e2_roster_sign(&wrong, root, &out, NULL), SL_BAD_REQUEST);
    wrong = roster;
    wrong.root_count = 0;
    ck_assert_int_eq(e2_roster_sign(&wrong, root, &out, NULL), SL_BAD_REQUEST);
    wrong = roster;
    wrong.row_count = SL_MAX_ROSTER_ROWS + 1;
    ck_assert_int_eq(e2_roster_sign(&wrong, root, &out, NULL), SL_BAD_REQUEST);
    wrong = roster;
    wrong.expires_at++;
    ck_assert_int_eq(e2_roster_sign(&wrong, root, &out, NULL), SL_BAD_REQUEST);
    wrong.expires_at = wrong.issued_at - 1;
    ck_assert_int_eq(e2_roster_sign(&wrong, root, &out, NULL), SL_BAD_REQUEST);
}
END_TEST

START_TEST(current_at_a_serial)
{
    const struct e2_person stays = {.ended = 0};
    const struct e2_person leaves = {.ended = 6};

    ck_assert(e2_person_current_at(&stays, 5) && e2_person_current_at(&leaves, 5));
    ck_assert(!e2_person_current_at(&leaves, 6) && !e2_person_current_at(&leaves, 7));
}
END_TEST

/* ---- Teams ---- */

static struct e2_trust *trust_of(uint32_t serial)
{
    SL_AUTO(served) struct served s = {.count = 0};
    struct e2_trust *trust = trust_from(1);

    for (uint32_t i = 1; i <= serial; i++) {
        serve(&s, i, NULL);
    }
    ck_assert_int_eq(walk(trust, &s, NULL), SL_OK);
    return trust;
}

static struct e2_identity *copy_of(enum who who)
{
    return e2_identity_of(people[who]->seed);
}

START_TEST(a_team_seed_counts_only_for_the_key_in_the_roster)
{
    SL_AUTO(e2_trust) struct e2_trust *trust = trust_of(2);
    SL_AUTO(e2_seeds) struct e2_seeds seeds = {0};
    uint8_t sealed[SL_SEALED_KEY_BYTES];
    uint8_t foreign[SL_SEALED_KEY_BYTES];

    ck_assert_int_eq(e2_team_seal(trust, people[TEAM2], ids[JANE], &fake.rand, sealed, NULL),
                     SL_OK);
    ck_assert_int_eq(e2_team_open(trust, people[JANE], ids[TEAM1], 2, sealed, &seeds, NULL), SL_OK);
    ck_assert_int_eq(e2_team_open(trust, people[JANE], ids[TEAM1], 2, sealed, &seeds, NULL), SL_OK);
    ck_assert_uint_eq(seeds.count, 1);
    ck_assert_mem_eq(e2_seeds_find(&seeds, people[TEAM2]->box_pk)->seed, people[TEAM2]->seed,
                     E2_SEED_BYTES);
    ck_assert_ptr_null(e2_seeds_find(&seeds, people[TEAM1]->box_pk));
    ck_assert_ptr_null(e2_seeds_find(NULL, people[TEAM1]->box_pk));
    /* Another generation, another team, another person, another seed. */
    ck_assert_int_eq(e2_team_open(trust, people[JANE], ids[TEAM1], 1, sealed, &seeds, NULL),
                     SL_SIGNATURE_WRONG);
    ck_assert_int_eq(e2_team_open(trust, people[JANE], ids[OTHER], 1, sealed, &seeds, NULL),
                     SL_SIGNATURE_WRONG);
    ck_assert_int_eq(e2_team_open(trust, people[JANE], ids[TEAM1], 3, sealed, &seeds, NULL),
                     SL_NOT_FOUND);
    ck_assert_int_eq(e2_team_open(trust, people[ADAM], ids[TEAM1], 2, sealed, &seeds, NULL),
                     SL_SIGNATURE_WRONG);
    ck_assert(e2_seal(foreign, people[JANE]->box_pk, people[ADAM]->seed, &fake.rand));
    ck_assert_int_eq(e2_team_open(trust, people[JANE], ids[TEAM1], 2, foreign, &seeds, NULL),
                     SL_SIGNATURE_WRONG);
    ck_assert_uint_eq(seeds.count, 1);
}
END_TEST

START_TEST(a_seed_is_sealed_to_current_staff_alone)
{
    SL_AUTO(e2_trust) struct e2_trust *trust = trust_of(2);
    uint8_t sealed[SL_SEALED_KEY_BYTES];
    struct sl_holder low = holders[JANE];

    ck_assert_int_eq(e2_team_seal(trust, people[TEAM2], ids[ADAM], &fake.rand, sealed, NULL),
                     SL_NOT_FOUND);
    ck_assert_int_eq(e2_team_seal(trust, people[TEAM2], ids[TEAM1], &fake.rand, sealed, NULL),
                     SL_NOT_FOUND);
    ck_assert_int_eq(e2_team_seal_first(people[TEAM2], &holders[JANE], &fake.rand, sealed, NULL),
                     SL_OK);
    ck_assert_int_eq(e2_team_seal_first(people[TEAM2], &holders[OTHER], &fake.rand, sealed, NULL),
                     SL_BAD_REQUEST);
    memset(low.box_pk, 0, SL_PK_BYTES);
    ck_assert_int_eq(e2_team_seal_first(people[TEAM2], &low, &fake.rand, sealed, NULL),
                     SL_BAD_REQUEST);
}
END_TEST

START_TEST(the_seed_before_comes_with_the_newest)
{
    SL_AUTO(e2_trust) struct e2_trust *trust = trust_of(2);
    SL_AUTO(e2_seeds) struct e2_seeds seeds = {0};
    uint8_t previous[SL_PREVIOUS_BYTES];
    uint8_t foreign[SL_PREVIOUS_BYTES];

    e2_previous(previous, people[TEAM2]->lock, ids[TEAM1], 2, people[TEAM1]->seed, &fake.rand);
    ck_assert_int_eq(e2_team_open_previous(trust, ids[TEAM1], 2, previous, &seeds, NULL),
                     SL_NOT_FOUND);
    e2_seeds_add(&seeds, copy_of(TEAM2));
    ck_assert_int_eq(e2_team_open_previous(trust, ids[TEAM1], 2, previous, &seeds, NULL), SL_OK);
    ck_assert_uint_eq(seeds.count, 2);
    ck_assert_ptr_nonnull(e2_seeds_find(&seeds, people[TEAM1]->box_pk));
    /* The server's own, another team's, and one that is not this team's. */
    memcpy(foreign, previous, sizeof(foreign));
    foreign[40] ^= 1;
    ck_assert_int_eq(e2_team_open_previous(trust, ids[TEAM1], 2, foreign, &seeds, NULL),
                     SL_SIGNATURE_WRONG);
    e2_previous(foreign, people[TEAM2]->lock, ids[OTHER], 2, people[TEAM1]->seed, &fake.rand);
    ck_assert_int_eq(e2_team_open_previous(trust, ids[TEAM1], 2, foreign, &seeds, NULL),
                     SL_SIGNATURE_WRONG);
    e2_previous(foreign, people[TEAM2]->lock, ids[TEAM1], 2, people[ADAM]->seed, &fake.rand);
    ck_assert_int_eq(e2_team_open_previous(trust, ids[TEAM1], 2, foreign, &seeds, NULL),
                     SL_SIGNATURE_WRONG);
    /* The newer seed again in place of the older one. */
    e2_previous(foreign, people[TEAM2]->lock, ids[TEAM1], 2, people[TEAM2]->seed, &fake.rand);
    ck_assert_int_eq(e2_team_open_previous(trust, ids[TEAM1], 2, foreign, &seeds, NULL),
                     SL_SIGNATURE_WRONG);
    ck_assert_uint_eq(seeds.count, 2);
}
END_TEST

/* ---- Prints, halves ---- */

START_TEST(prints_differ_by_who_they_are_of)
{
    char a[E2_TYPED_CHARS + 1];
    char b[E2_TYPED_CHARS + 1];
    SL_AUTO(buf) struct sl_buf first = {0};
    SL_AUTO(buf) struct sl_buf second = {0};

    sl_holder_put(&first, &holders[JANE]);
    sl_holder_put(&second, &holders[ADAM]);
    e2_holder_print(sl_buf_bytes(&first), a);
    e2_holder_print(sl_buf_bytes(&second), b);
    ck_assert_uint_eq(strlen(a), E2_TYPED_CHARS);
    ck_assert_str_ne(a, b);
    e2_root_print(root->sign_pk, a);
    e2_root_print(root2->sign_pk, b);
    ck_assert_str_ne(a, b);
}
END_TEST

START_TEST(either_half_of_records_is_nothing)
{
    uint8_t a[E2_SEED_BYTES];
    uint8_t b[E2_SEED_BYTES];
    uint8_t joined[E2_SEED_BYTES];
    const uint8_t *seed = people[RECORDS]->seed;

    e2_records_split(seed, &fake.rand, a, b);
    ck_assert_mem_ne(a, seed, E2_SEED_BYTES);
    ck_assert_mem_ne(b, seed, E2_SEED_BYTES);
    e2_records_join(a, b, joined);
    ck_assert_mem_eq(joined, seed, E2_SEED_BYTES);
    e2_records_join(b, a, joined);
    ck_assert_mem_eq(joined, seed, E2_SEED_BYTES);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("e2ee trust");
    TCase *tests = tcase_create("trust");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, in_order);
    tcase_add_loop_test(tests, an_alarm, 0, (int)(sizeof(alarms) / sizeof(alarms[0])));
    tcase_add_test(tests, roots_hand_over_by_the_way_and_from_memory);
    tcase_add_test(tests, another_roster_than_the_one_remembered);
    tcase_add_test(tests, a_walk_without_me_changes_nothing);
    tcase_add_test(tests, who_was_added_since_last_time);
    tcase_add_test(tests, expiry_is_for_the_last_alone);
    tcase_add_test(tests, memory_that_is_damaged);
    tcase_add_test(tests, holders_that_are_nobody);
    tcase_add_test(tests, two_of_one_name_are_both_nobody);
    tcase_add_test(tests, names_are_made_safe_to_show);
    tcase_add_test(tests, holders_that_are_not_made);
    tcase_add_test(tests, rosters_that_are_not_signed);
    tcase_add_test(tests, current_at_a_serial);
    tcase_add_test(tests, a_team_seed_counts_only_for_the_key_in_the_roster);
    tcase_add_test(tests, a_seed_is_sealed_to_current_staff_alone);
    tcase_add_test(tests, the_seed_before_comes_with_the_newest);
    tcase_add_test(tests, prints_differ_by_who_they_are_of);
    tcase_add_test(tests, either_half_of_records_is_nothing);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
