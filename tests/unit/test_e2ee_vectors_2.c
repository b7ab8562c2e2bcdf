/*
 * tests/vectors/vectors-2.json: what the first file leaves open, made again from the inputs, and
 * threads with what there is to say of them. The JavaScript half is held to the same file.
 */
#include <check.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "e2ee/account.h"
#include "e2ee/compose.h"
#include "e2ee/manage.h"
#include "support/vectors.h"
#include "support/view.h"

enum {
    VECTORS = 64,
    THREADS = 168,
    VALID_S = 92 * 24 * 3600,
    DAY_28_S = 28 * 24 * 3600
};
static const int64_t t0 = 1790000000;

static struct vectors *v;
static json_t *made;

static void put(const char *name, const void *bytes, size_t n)
{
    vectors_put(made, name, bytes, n);
}

static const uint8_t *in(const char *name)
{
    return vectors_input(v, name).data;
}

static struct sl_bytes out(const char *name)
{
    return vectors_output(v, name);
}

/* ---- Rosters ---- */

static void make_holder(const char *who, uint8_t kind, const char *id_of, uint32_t generation,
                        uint32_t ended, struct sl_roster_row *row)
{
    SL_AUTO(str) char *vector = sl_strf("holder.%s", who);
    SL_AUTO(str) char *id = sl_strf("%s.id", id_of);
    SL_AUTO(e2_identity) struct e2_identity *identity = vectors_identity(v, who);
    SL_AUTO(buf) struct sl_buf bytes = {0};
    const struct sl_bytes given = out(vector);
    struct sl_holder parsed;
    struct sl_holder holder;

    /* The name is the one thing that no input has. */
    ck_assert_int_eq(sl_holder_parse(given.data, given.len, &parsed, NULL), SL_OK);
    ck_assert_int_eq(e2_holder_make(&holder, kind, in(id), generation, identity, parsed.name, NULL),
                     SL_OK);
    sl_holder_put(&bytes, &holder);
    put(vector, bytes.data, bytes.len);
    e2_roster_row_of(&holder, row);
    row->ended = ended;
}

static void make_roster(uint32_t serial, const struct sl_roster_row *rows, size_t count)
{
    SL_AUTO(e2_identity) struct e2_identity *root = vectors_identity(v, "root");
    SL_AUTO(e2_identity) struct e2_identity *root2 = vectors_identity(v, "root2");
    SL_AUTO(str) char *name = sl_strf("roster.%u", serial);
    SL_AUTO(str) char *hash_name = sl_strf("roster.%u.hash", serial);
    SL_AUTO(buf) struct sl_buf bytes = {0};
    SL_AUTO(roster) struct sl_roster parsed = {0};
    SL_AUTO(roster)
    struct sl_roster roster = {.serial = serial,
                               .issued_at = (uint64_t)t0 + serial,
                               .expires_at = (uint64_t)t0 + serial + VALID_S,
                               .root_count = 1,
                               .rows = sl_alloc(count * sizeof(*rows)),
                               .row_count = count};

    memcpy(roster.rows, rows, count * sizeof(*rows));
    for (size_t i = 0; i < count; i++) {
        roster.rows[i].ended = rows[i].ended <= serial ? rows[i].ended : 0;
    }
    /* The second hands over to another root, who signs the third. */
    memcpy(roster.roots[0], serial == 1 ? root->sign_pk : root2->sign_pk, SL_PK_BYTES);
    ck_assert_int_eq(e2_roster_sign(&roster, serial < 3 ? root : root2, &bytes, NULL), SL_OK);
    put(name, bytes.data, bytes.len);
    ck_assert_int_eq(sl_roster_parse(bytes.data, bytes.len, &parsed, NULL), SL_OK);
    put(hash_name, parsed.hash, SL_HASH_BYTES);
}

static void make_rosters(void)
{
    struct sl_roster_row rows[6];

    make_holder("jane", SL_HOLDER_STAFF, "jane", 1, 0, &rows[0]);
    make_holder("adam", SL_HOLDER_STAFF, "adam", 1, 2, &rows[1]);
    make_holder("team1", SL_HOLDER_TEAM, "team", 1, 2, &rows[2]);
    make_holder("records", SL_HOLDER_RECORDS, "records", 1, 0, &rows[3]);
    make_holder("other", SL_HOLDER_TEAM, "other", 1, 0, &rows[4]);
    make_holder("team2", SL_HOLDER_TEAM, "team", 2, 0, &rows[5]);
    for (uint32_t serial = 1; serial <= 3; serial++) {
        make_roster(serial, rows,
                    serial == 1 ? 5 : 6); /* the team's second generation comes with the second */
    }
}

/* ---- The two threads, each entry by who has read what was before it ---- */

enum {
    MOST_DRAWS = 6
};

/* One step of a thread: an author, what they read as, and the roster of the day. */
struct step {
    const char *author, *reader;
    uint32_t serial;
    uint8_t type;
    uint32_t number; /* by, of keys; up to where, of seen */
    const char *prove;
};

static const struct step main_steps[] = {
    {"jane", "team1", 1, SL_ENTRY_KEY, 0, NULL},
    {"jane", "team1", 1, SL_ENTRY_MESSAGE, 0, NULL},
    {"jane", "team1", 1, SL_ENTRY_INVITE, 0, NULL},
    {"parent", "parent", 1, SL_ENTRY_KEYS, 3, NULL},
    {"parent", "parent", 1, SL_ENTRY_MESSAGE, 0, NULL},
    {"parent", "parent", 1, SL_ENTRY_MESSAGE, 0, NULL},
    {"jane", "team1", 1, SL_ENTRY_SEEN, 6, NULL},
    {"parent2", "parent", 1, SL_ENTRY_KEYS, 0, "parent"},
    {"jane", "team2", 2, SL_ENTRY_KEY, 0, NULL},
    {"jane", "team2", 2, SL_ENTRY_MESSAGE, 0, NULL},
    {"jane", "team2", 2, SL_ENTRY_INVITE, 0, NULL},
    {"jane", "team2", 2, SL_ENTRY_INVITE, 0, NULL},
    {"parent3", "parent2", 2, SL_ENTRY_KEYS, 12, NULL},
    {"jane", "team2", 3, SL_ENTRY_KEY, 0, NULL},
    {"parent3", "parent3", 3, SL_ENTRY_MESSAGE, 0, NULL},
    {"jane", "team2", 3, SL_ENTRY_SEEN, 15, NULL},
};
static const struct step notes_steps[] = {
    {"jane", "team1", 1, SL_ENTRY_KEY, 0, NULL},
    {"jane", "team1", 1, SL_ENTRY_MESSAGE, 0, NULL},
};

static void accept_pair(uint8_t pk[SL_PK_BYTES], uint8_t sk[64])
{
    (void)crypto_sign_seed_keypair(pk, sk, in("accept.seed"));
}

static enum sl_code write_message(const struct vectors_pen *pen, const struct step *step,
                                  const char *json_name, struct sl_buf *entry)
{
    const struct sl_bytes text = vectors_input(v, json_name);
    SL_AUTO(json) json_t *body = json_loadb((const char *)text.data, text.len, 0, NULL);
    const char *kind = json_string_value(json_object_get(body, "kind"));

    ck_assert_ptr_nonnull(kind);
    if (strcmp(step->author, "jane") != 0) {
        return e2_compose_parent_message(pen->thread, &pen->me, e2_plain_of(kind), body, entry,
                                         NULL);
    }
    return e2_compose_message(pen->thread, &pen->me, e2_plain_of(kind), body, entry, NULL);
}

static enum sl_code write_invite(const struct vectors_pen *pen, struct sl_buf *entry)
{
    struct e2_invite invite = {0};

    sl_rand_fill(pen->me.rand, invite.invite_id, SL_ID_BYTES);
    accept_pair(invite.accept_pk, invite.accept_sk);
    return e2_compose_invite(pen->thread, &pen->me, &invite, in("parent.id"),
                             (uint64_t)t0 + DAY_28_S, entry, NULL);
}

static enum sl_code write_keys(const struct vectors_pen *pen, const struct step *step,
                               struct sl_buf *entry)
{
    SL_AUTO(e2_identity)
    struct e2_identity *old = step->prove == NULL ? NULL : vectors_identity(v, step->prove);
    uint8_t pk[SL_PK_BYTES];
    uint8_t sk[64];

    accept_pair(pk, sk);
    return e2_compose_keys(pen->thread, &pen->me, step->number, old == NULL ? sk : old->sign_sk,
                           entry, NULL);
}

static enum sl_code write_step(const struct vectors_pen *pen, const struct step *step,
                               const char *json_name, struct sl_buf *entry)
{
    switch ((enum sl_entry_type)step->type) {
    case SL_ENTRY_MESSAGE:
        return write_message(pen, step, json_name, entry);
    case SL_ENTRY_KEY:
        return e2_compose_key(pen->thread, &pen->me, in("team.id"), NULL, entry, NULL);
    case SL_ENTRY_INVITE:
        return write_invite(pen, entry);
    case SL_ENTRY_KEYS:
        return write_keys(pen, step, entry);
    case SL_ENTRY_SEEN:
        break;
    }
    return e2_compose_seen(pen->thread, &pen->me, step->number, entry, NULL);
}

static void make_entry(const char *thread, const struct step *step, uint32_t read)
{
    const char *prefix = thread == NULL ? "" : thread;
    char *draws[MOST_DRAWS + 1] = {NULL};
    size_t count = 0;
    SL_AUTO(str) char *json_name = sl_strf("%sentry%u.json", prefix, read + 1);
    SL_AUTO(buf) struct sl_buf entry = {0};
    struct vectors_pen pen;

    for (;;) {
        char *draw = sl_strf("%sentry%u.draw%zu", prefix, read + 1, count + 1);
        if (count == MOST_DRAWS || !sl_json_has(json_object_get(vectors_json(v), "inputs"), draw)) {
            free(draw);
            break;
        }
        draws[count++] = draw;
    }
    const struct vectors_place place = {.thread = thread,
                                        .read = read,
                                        .author = step->author,
                                        .reader = step->reader,
                                        .serial = step->serial,
                                        .first_key = in("entry1.draw1"),
                                        .draws = (const char *const *)draws};
    vectors_take_up(&pen, v, &place);
    ck_assert_int_eq(write_step(&pen, step, json_name, &entry), SL_OK);
    vectors_lay_down(&pen, &entry, made);
    for (size_t i = 0; i < count; i++) {
        free(draws[i]);
    }
}

static void make_threads(void)
{
    uint8_t notes_id[SL_ID_BYTES];
    uint8_t link[SL_HASH_BYTES];

    sl_link_first(in("thread.id"), link);
    put("link.0", link, sizeof(link));
    for (uint32_t i = 0; i < sizeof(main_steps) / sizeof(main_steps[0]); i++) {
        make_entry(NULL, &main_steps[i], i);
    }
    e2_notes_thread_id(notes_id, in("case.id"));
    put("notes.thread_id", notes_id, sizeof(notes_id));
    sl_link_first(notes_id, link);
    put("notes.link.0", link, sizeof(link));
    for (uint32_t i = 0; i < sizeof(notes_steps) / sizeof(notes_steps[0]); i++) {
        make_entry("notes.", &notes_steps[i], i);
    }
}

static void make_remainder(void)
{
    const struct sl_bytes bytes = out("entry.5");
    struct sl_entry entry;
    uint8_t hash[SL_HASH_BYTES];

    ck_assert_int_eq(sl_entry_parse(bytes.data, bytes.len, &entry, NULL), SL_OK);
    sl_body_hash(&entry, hash);
    put("entry.5.body_hash", hash, sizeof(hash));
    sl_digest(entry.header_bytes.data, hash, hash);
    put("entry.5.digest", hash, sizeof(hash));
}

/* ---- Boxes ---- */

static void make_parcel(void)
{
    static const char *const nonce[] = {"nonce.parcel", NULL};
    SL_AUTO(e2_identity) struct e2_identity *root = vectors_identity(v, "root");
    SL_AUTO(e2_invite) struct e2_invite invite = {0};
    SL_AUTO(buf) struct sl_buf sealed = {0};
    struct e2_parcel_thread thread = {.generation = 1, .seq = 3};
    struct e2_parcel parcel = {.service = "send.example.gov.uk",
                               .roots = (const uint8_t(*)[SL_PK_BYTES])root->sign_pk,
                               .root_count = 1,
                               .serial = 1,
                               .address = "a.hopper@example.org",
                               .threads = &thread,
                               .thread_count = 1};
    struct vectors_rand rand;

    memcpy(invite.wrap, in("invite.wrap"), E2_KEY_BYTES);
    memcpy(invite.invite_id, in("invite.id"), SL_ID_BYTES);
    memcpy(thread.thread_id, in("thread.id"), SL_ID_BYTES);
    memcpy(thread.key, in("entry1.draw1"), E2_KEY_BYTES);
    memcpy(thread.link, out("link.3").data, SL_HASH_BYTES);
    memcpy(parcel.parent_id, in("parent.id"), SL_ID_BYTES);
    vectors_rand_init(&rand, v, nonce);
    ck_assert_int_eq(e2_parcel_seal(&invite, &parcel, &rand.rand, &sealed, NULL), SL_OK);
    put("parcel", sealed.data, sealed.len);
}

static void make_boxes(void)
{
    static const char *const vault_nonce[] = {"nonce.vault", NULL};
    static const char *const tab_nonce[] = {"nonce.tab", NULL};
    static const char *const draft_nonce[] = {"nonce.draft", NULL};
    const struct sl_bytes draft_label = E2_LABEL("sendline-draft-v1");
    SL_AUTO(e2_identity) struct e2_identity *parent = vectors_identity(v, "parent");
    SL_AUTO(buf) struct sl_buf vault = {0};
    SL_AUTO(buf) struct sl_buf tab = {0};
    SL_AUTO(buf) struct sl_buf ad = {0};
    SL_AUTO(buf) struct sl_buf draft = {0};
    struct vectors_rand rand;

    vectors_rand_init(&rand, v, vault_nonce);
    e2_vault_seal(in("vault.key"), in("parent.id"), vectors_input(v, "vault.json"), &rand.rand,
                  &vault);
    put("vault", vault.data, vault.len);
    vectors_rand_init(&rand, v, tab_nonce);
    e2_tab_seal(in("tab.key"), in("parent.id"), vectors_input(v, "tab.json"), &rand.rand, &tab);
    put("tab", tab.data, tab.len);
    /* Drafts are the browser's own; their key is every identity's. */
    put("draft.key", parent->drafts, E2_KEY_BYTES);
    sl_buf_put(&ad, draft_label.data, draft_label.len);
    sl_buf_put(&ad, in("parent.id"), SL_ID_BYTES);
    sl_buf_put(&ad, in("thread.id"), SL_ID_BYTES);
    vectors_rand_init(&rand, v, draft_nonce);
    e2_aead(&draft, parent->drafts, sl_buf_bytes(&ad), vectors_input(v, "draft.json"), &rand.rand);
    put("draft", draft.data, draft.len);
}

static void make_tombstone(void)
{
    const struct sl_bytes label = E2_LABEL("sendline-tombstone-v1");
    SL_AUTO(e2_identity) struct e2_identity *jane = vectors_identity(v, "jane");
    SL_AUTO(buf) struct sl_buf text = {0};
    uint8_t signature[SL_SIG_BYTES];

    sl_buf_put(&text, label.data, label.len);
    sl_buf_put(&text, in("thread.id"), SL_ID_BYTES);
    sl_buf_put_u32(&text, 16);
    sl_buf_put(&text, out("link.16").data, SL_HASH_BYTES);
    sl_buf_put_u64(&text, (uint64_t)t0 + 3600);
    put("tombstone.signed", text.data, text.len);
    (void)crypto_sign_detached(signature, NULL, text.data, text.len, jane->sign_sk);
    sl_buf_put(&text, signature, sizeof(signature));
    put("tombstone", text.data, text.len);
}

static void set_up(void)
{
    ck_assert_int_eq(e2_ready(NULL), SL_OK);
    v = vectors_open(SENDLINE_TEST_VECTORS "/vectors-2.json");
    made = sl_json_new();
    make_rosters();
    make_threads();
    make_remainder();
    make_parcel();
    make_boxes();
    make_tombstone();
}

static void tear_down(void)
{
    json_decref(made);
    vectors_free(v);
}

START_TEST(there_are_as_many_as_there_should_be)
{
    ck_assert_uint_eq(json_object_size(json_object_get(vectors_json(v), "vectors")), VECTORS);
    ck_assert_uint_eq(json_object_size(json_object_get(vectors_json(v), "judge")), THREADS);
}
END_TEST

START_TEST(a_vector)
{
    void *at = vectors_at(json_object_get(vectors_json(v), "vectors"), _i);
    const char *name = json_object_iter_key(at);
    const char *got = json_string_value(json_object_get(made, name));

    ck_assert_msg(got != NULL, "nothing makes %s", name);
    ck_assert_msg(strcmp(got, json_string_value(json_object_iter_value(at))) == 0, "%s: %s", name,
                  got);
}
END_TEST

/* ---- Threads ---- */

struct reading {
    struct e2_trust *trust;
    struct e2_seeds seeds;
    struct sl_fake_clock clock;
    struct e2_held held;
    uint8_t team[SL_ID_BYTES];
    struct e2_thread *thread;
};

static const char *text_of(const json_t *object, const char *field)
{
    const char *text = json_string_value(json_object_get(object, field));

    ck_assert_msg(text != NULL, "no %s", field);
    return text;
}

static uint32_t number_of(const json_t *object, const char *field)
{
    ck_assert_msg(json_is_integer(json_object_get(object, field)), "no %s", field);
    return (uint32_t)json_integer_value(json_object_get(object, field));
}

static void begin_reading(struct reading *r, const json_t *given)
{
    const json_t *held = json_object_get(given, "held");
    const json_t *checkpoint = json_object_get(given, "checkpoint");
    const bool notes = sl_json_has(given, "thread");
    struct e2_thread_setup setup = {.notes = notes};
    SL_AUTO(str) char *me = sl_strf("%s.id", text_of(given, "me"));

    memset(r, 0, sizeof(*r));
    r->trust = vectors_trust(v, number_of(given, "roster"));
    vectors_reader(v, text_of(given, "reader"), &r->seeds, &setup.reader);
    sl_fake_clock_init(&r->clock, json_integer_value(json_object_get(given, "now")));
    setup.thread_id = notes ? out("notes.thread_id").data : in("thread.id");
    setup.trust = r->trust;
    setup.seeds = &r->seeds;
    setup.clock = &r->clock.clock;
    setup.me = in(setup.reader == E2_READ_AS_PARENT ? "parent.id" : me);
    if (held != NULL) {
        r->held.generation = (uint32_t)json_integer_value(json_array_get(held, 0));
        memcpy(r->held.key, vectors_hex(v, json_string_value(json_array_get(held, 1))).data,
               E2_KEY_BYTES);
        setup.held = &r->held;
        setup.held_count = 1;
    }
    if (checkpoint != NULL) {
        setup.checkpoint.seq = number_of(checkpoint, "seq");
        memcpy(setup.checkpoint.link, vectors_hex(v, text_of(checkpoint, "link")).data,
               SL_HASH_BYTES);
    }
    if (sl_json_has(given, "team")) {
        memcpy(r->team, vectors_hex(v, text_of(given, "team")).data, SL_ID_BYTES);
        setup.teams = (const uint8_t(*)[SL_ID_BYTES])r->team;
        setup.team_count = 1;
    }
    r->thread = e2_thread_new(&setup);
}

static void end_reading(struct reading *r)
{
    e2_thread_free(r->thread);
    e2_trust_free(r->trust);
    e2_seeds_free(&r->seeds);
}

static void read_all(struct reading *r, const json_t *given)
{
    const json_t *entries = json_object_get(given, "entries");
    const json_t *one = NULL;
    const char *prefix = sl_json_has(given, "thread") ? "notes." : "";
    uint32_t seq = 0;
    size_t i = 0;

    while (seq < number_of(given, "after")) {
        SL_AUTO(str) char *name = sl_strf("%sentry.%u", prefix, ++seq);
        (void)e2_thread_take(r->thread, seq, t0, out(name));
    }
    json_array_foreach(entries, i, one)
    {
        const struct sl_bytes first = vectors_hex(v, json_string_value(json_array_get(one, 0)));
        const char *hash = json_string_value(json_array_get(one, 1));
        seq++;
        if (hash != NULL) {
            (void)e2_thread_take_header(r->thread, seq, t0, first.data, vectors_hex(v, hash).data);
        } else {
            (void)e2_thread_take(r->thread, seq, t0, first);
        }
    }
    (void)!e2_thread_complete(r->thread, seq, NULL);
}

/* What there is to say, as far as the file has it. */
static json_t *said(const struct reading *r)
{
    static const char *const fields[] = {"send", "wants_roster", "asks",
                                         "seen", "invite",       "next_generation"};
    SL_AUTO(json) json_t *whole = view_of(r->thread);
    json_t *brief = sl_json_new();
    json_t *items = sl_json_new_array();
    const json_t *title = json_object_get(whole, "title");
    const json_t *one = NULL;
    size_t i = 0;

    json_array_foreach(json_object_get(whole, "items"), i, one)
    {
        sl_json_append(items, json_incref(json_object_get(one, "is")));
    }
    sl_json_set(brief, "items", items);
    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        sl_json_set(brief, fields[i], json_incref(json_object_get(whole, fields[i])));
    }
    sl_json_set_str(brief, "title", json_is_object(title) ? text_of(title, "child") : "");
    return brief;
}

static void compare(const char *name, const json_t *want, const json_t *got)
{
    SL_AUTO(str) char *wanted = json_dumps(want, JSON_COMPACT | JSON_SORT_KEYS);
    SL_AUTO(str) char *given = json_dumps(got, JSON_COMPACT | JSON_SORT_KEYS);

    ck_assert_msg(strcmp(wanted, given) == 0, "%s:\n%s, not\n%s", name, given, wanted);
}

START_TEST(a_thread)
{
    void *at = vectors_at(json_object_get(vectors_json(v), "judge"), _i);
    const char *name = json_object_iter_key(at);
    const json_t *given = json_object_iter_value(at);
    struct reading r;

    begin_reading(&r, given);
    read_all(&r, given);
    SL_AUTO(json) json_t *brief = said(&r);
    compare(name, json_object_get(given, "want"), brief);
    for (size_t i = 0; i < e2_thread_count(r.thread); i++) {
        const struct e2_item *item = e2_thread_item(r.thread, i);
        ck_assert_msg(item->rule == 0 || strlen(item->sentence) > 20, "%s", item->reason);
    }
    /* One by one has come to this; all at once comes to the same. */
    SL_AUTO(json) json_t *live = view_of(r.thread);
    e2_thread_judge_again(r.thread);
    SL_AUTO(json) json_t *again = view_of(r.thread);
    compare(name, live, again);
    end_reading(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("e2ee vectors 2");
    TCase *tests = tcase_create("vectors");

    tcase_add_unchecked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, there_are_as_many_as_there_should_be);
    tcase_add_loop_test(tests, a_vector, 0, VECTORS);
    tcase_add_loop_test(tests, a_thread, 0, THREADS);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
