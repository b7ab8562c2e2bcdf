/*
 * tests/vectors/vectors.json: 74 exact outputs, made again from the inputs, and 28 entries that
 * must be refused. The JavaScript half is held to the same file.
 */
#include <check.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "e2ee/account.h"
#include "e2ee/auth.h"
#include "e2ee/compose.h"
#include "e2ee/file.h"
#include "e2ee/keyfile.h"
#include "e2ee/manage.h"
#include "support/vectors.h"
#include "support/view.h"

enum {
    VECTORS = 74,
    REFUSALS = 28,
    DAY_S = 24 * 3600,
    VALID_S = 92 * DAY_S,
    FILE_BYTES = 70000
};
static const int64_t t0 = 1790000000;

static struct vectors *v;
static json_t *made; /* what this code makes of the inputs: name to hex */

static void put(const char *name, const void *bytes, size_t n)
{
    vectors_put(made, name, bytes, n);
}

static void put_buf(const char *name, const struct sl_buf *buf)
{
    put(name, buf->data, buf->len);
}

static const uint8_t *in(const char *name)
{
    return vectors_input(v, name).data;
}

/* An input that is text; with a NUL behind it. Owned. */
static char *text_in(const char *name)
{
    const struct sl_bytes bytes = vectors_input(v, name);

    return sl_strndup((const char *)bytes.data, bytes.len);
}

static struct e2_identity *who(const char *name)
{
    uint8_t seed[E2_SEED_BYTES];

    if (strcmp(name, "records") != 0) {
        return vectors_identity(v, name);
    }
    e2_records_join(in("records.half_a"), in("records.half_b"), seed);
    return e2_identity_of(seed);
}

static void make_identities(void)
{
    static const char *const names[] = {"root",    "jane",  "adam",  "parent",
                                        "parent2", "team1", "team2", "records"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        SL_AUTO(e2_identity) struct e2_identity *one = who(names[i]);
        SL_AUTO(str) char *sign = sl_strf("%s.sign_pk", names[i]);
        SL_AUTO(str) char *box = sl_strf("%s.box_pk", names[i]);
        SL_AUTO(str) char *lock = sl_strf("%s.lock", names[i]);
        put(sign, one->sign_pk, SL_PK_BYTES);
        put(box, one->box_pk, SL_PK_BYTES);
        put(lock, one->lock, E2_KEY_BYTES);
    }
    SL_AUTO(e2_identity) struct e2_identity *records = who("records");
    put("records.seed", records->seed, E2_SEED_BYTES);
}

static void make_holder(const char *who_is, uint8_t kind, const char *id, uint32_t generation,
                        const char *label, struct sl_roster_row *row)
{
    SL_AUTO(e2_identity) struct e2_identity *identity = who(who_is);
    SL_AUTO(str) char *id_name = sl_strf("%s.id", id);
    SL_AUTO(str) char *label_name = sl_strf("%s.name", label);
    SL_AUTO(str) char *name = text_in(label_name);
    SL_AUTO(str) char *vector = sl_strf("holder.%s", who_is);
    SL_AUTO(buf) struct sl_buf bytes = {0};
    struct sl_holder holder;

    ck_assert_int_eq(e2_holder_make(&holder, kind, in(id_name), generation, identity, name, NULL),
                     SL_OK);
    sl_holder_put(&bytes, &holder);
    put_buf(vector, &bytes);
    e2_roster_row_of(&holder, row);
    if (strcmp(who_is, "jane") == 0) {
        char print[E2_TYPED_CHARS + 1];
        e2_holder_print(sl_buf_bytes(&bytes), print);
        put("print.jane", print, E2_TYPED_CHARS);
    }
}

static void make_roster(uint32_t serial, int64_t issued_at, struct sl_roster_row *rows,
                        size_t row_count)
{
    SL_AUTO(e2_identity) struct e2_identity *root = who("root");
    SL_AUTO(str) char *name = sl_strf("roster.%u", serial);
    SL_AUTO(str) char *hash_name = sl_strf("roster.%u.hash", serial);
    SL_AUTO(roster) struct sl_roster parsed = {0};
    SL_AUTO(buf) struct sl_buf bytes = {0};
    struct sl_roster roster = {.serial = serial,
                               .issued_at = (uint64_t)issued_at,
                               .expires_at = (uint64_t)issued_at + VALID_S,
                               .root_count = 1,
                               .rows = rows,
                               .row_count = row_count};

    memcpy(roster.roots[0], root->sign_pk, SL_PK_BYTES);
    ck_assert_int_eq(e2_roster_sign(&roster, root, &bytes, NULL), SL_OK);
    put_buf(name, &bytes);
    ck_assert_int_eq(sl_roster_parse(bytes.data, bytes.len, &parsed, NULL), SL_OK);
    put(hash_name, parsed.hash, SL_HASH_BYTES);
}

static void make_rosters(void)
{
    struct sl_roster_row jane, adam, team1, team2, records;

    make_holder("jane", SL_HOLDER_STAFF, "jane", 1, "jane", &jane);
    make_holder("adam", SL_HOLDER_STAFF, "adam", 1, "adam", &adam);
    make_holder("team1", SL_HOLDER_TEAM, "team", 1, "team", &team1);
    make_holder("team2", SL_HOLDER_TEAM, "team", 2, "team", &team2);
    make_holder("records", SL_HOLDER_RECORDS, "records", 1, "records", &records);
    struct sl_roster_row first[] = {jane, adam, team1, records};
    make_roster(1, t0, first, 4);
    adam.ended = 2;
    team1.ended = 2;
    struct sl_roster_row second[] = {jane, adam, team1, records, team2};
    make_roster(2, t0 + 900, second, 5);
}

static void make_team(void)
{
    static const char *const eph[] = {"eph.team1", NULL};
    static const char *const nonce[] = {"nonce.team2", NULL};
    SL_AUTO(e2_trust) struct e2_trust *trust = vectors_trust(v, 1);
    SL_AUTO(e2_identity) struct e2_identity *team1 = who("team1");
    SL_AUTO(e2_identity) struct e2_identity *team2 = who("team2");
    struct vectors_rand rand;
    uint8_t sealed[SL_SEALED_KEY_BYTES];
    uint8_t previous[SL_PREVIOUS_BYTES];

    vectors_rand_init(&rand, v, eph);
    ck_assert_int_eq(e2_team_seal(trust, team1, in("jane.id"), &rand.rand, sealed, NULL), SL_OK);
    vectors_rand_end(&rand);
    put("team1.sealed_to_jane", sealed, sizeof(sealed));
    vectors_rand_init(&rand, v, nonce);
    e2_previous(previous, team2->lock, in("team.id"), 2, team1->seed, &rand.rand);
    vectors_rand_end(&rand);
    put("team2.previous", previous, sizeof(previous));
}

/* Sample text that is no whole parcel: what the sealing of one does with it. */
static void make_parcel(const struct e2_invite *invite)
{
    static const char *const nonce[] = {"nonce.parcel", NULL};
    const struct sl_bytes label = E2_LABEL("sendline-parcel-v1");
    const struct sl_bytes json = vectors_input(v, "parcel.json");
    SL_AUTO(buf) struct sl_buf ad = {0};
    SL_AUTO(buf) struct sl_buf text = {0};
    SL_AUTO(buf) struct sl_buf out = {0};
    struct vectors_rand rand;

    sl_buf_put(&ad, label.data, label.len);
    sl_buf_put(&ad, invite->invite_id, SL_ID_BYTES);
    sl_buf_put(&text, json.data, json.len);
    e2_pad(&text, 1024);
    vectors_rand_init(&rand, v, nonce);
    e2_aead(&out, invite->wrap, sl_buf_bytes(&ad), sl_buf_bytes(&text), &rand.rand);
    put_buf("parcel", &out);
}

static void make_invite(struct e2_invite *invite)
{
    SL_AUTO(str) char *code = text_in("invite.code");
    SL_AUTO(buf) struct sl_buf both = {0};
    uint8_t seed[E2_KEY_BYTES];
    char typed[E2_TYPED_CHARS + 1];

    e2_typed(in("invite.secret"), typed);
    put("invite.typed", typed, E2_TYPED_CHARS);
    ck_assert_int_eq(e2_invite_derive(in("invite.secret"), code, invite, NULL), SL_OK);
    sl_buf_put(&both, in("invite.secret"), E2_TYPED_RAW);
    sl_buf_put_str(&both, code);
    ck_assert_int_eq(e2_argon2id(seed, sl_buf_bytes(&both), invite->invite_id, NULL), SL_OK);
    put("invite.id", invite->invite_id, SL_ID_BYTES);
    put("invite.seed", seed, sizeof(seed));
    put("invite.accept_pk", invite->accept_pk, SL_PK_BYTES);
    put("invite.wrap", invite->wrap, E2_KEY_BYTES);
    make_parcel(invite);
}

static void make_auth(const char *name, const uint8_t sign_sk[64], enum e2_purpose purpose,
                      const uint8_t *extra)
{
    SL_AUTO(str) char *host = text_in("host");
    uint8_t signature[SL_SIG_BYTES];

    ck_assert_int_eq(e2_auth_sign(sign_sk, purpose, host, in("challenge"), extra, signature, NULL),
                     SL_OK);
    put(name, signature, sizeof(signature));
}

static void make_account(const struct e2_invite *invite)
{
    static const char *const vault_nonce[] = {"nonce.vault", NULL};
    static const char *const tab_nonce[] = {"nonce.tab", NULL};
    SL_AUTO(str) char *service = text_in("service");
    SL_AUTO(str) char *address = text_in("address");
    SL_AUTO(str) char *password = text_in("password");
    SL_AUTO(str) char *normal = e2_address_normal(address);
    SL_AUTO(e2_password_keys) struct e2_password_keys keys = {0};
    SL_AUTO(e2_identity) struct e2_identity *jane = who("jane");
    SL_AUTO(buf) struct sl_buf vault = {0};
    SL_AUTO(buf) struct sl_buf tab = {0};
    struct vectors_rand rand;
    uint8_t salt[E2_SALT_BYTES];
    uint8_t extra[32];

    put("address.normal", normal, strlen(normal));
    e2_password_salt(salt, service, normal);
    put("password.salt", salt, sizeof(salt));
    ck_assert_int_eq(e2_password_derive(service, address, password, &keys, NULL), SL_OK);
    put("password.master", keys.master, E2_KEY_BYTES);
    put("password.auth_pk", keys.auth_pk, SL_PK_BYTES);
    put("password.vault_key", keys.vault_key, E2_KEY_BYTES);
    vectors_rand_init(&rand, v, vault_nonce);
    e2_vault_seal(keys.vault_key, in("parent.id"), vectors_input(v, "vault.json"), &rand.rand,
                  &vault);
    put_buf("vault", &vault);
    vectors_rand_init(&rand, v, tab_nonce);
    e2_tab_seal(in("tab.key"), in("parent.id"), vectors_input(v, "vault.json"), &rand.rand, &tab);
    put_buf("tab", &tab);
    make_auth("auth.signin", keys.auth_sk, E2_FOR_PARENT, NULL);
    make_auth("auth.staff", jane->sign_sk, E2_FOR_STAFF, NULL);
    make_auth("auth.invitee", invite->accept_sk, E2_FOR_INVITEE, NULL);
    sl_auth_change_extra(keys.auth_pk, vault.data, vault.len, extra);
    make_auth("auth.change", keys.auth_sk, E2_FOR_CHANGE, extra);
}

static void make_keyfile(void)
{
    static const char *const names[] = {"keyfile.salt", "nonce.keyfile", NULL};
    struct e2_keyfile file = {.kind = E2_KEYFILE_STAFF};
    SL_AUTO(buf) struct sl_buf out = {0};
    struct vectors_rand rand;

    memcpy(file.id, in("jane.id"), SL_ID_BYTES);
    memcpy(file.seed, in("jane.seed"), E2_SEED_BYTES);
    vectors_rand_init(&rand, v, names);
    ck_assert_int_eq(e2_keyfile_seal(&file, vectors_input(v, "passphrase"), &rand.rand, &out, NULL),
                     SL_OK);
    vectors_rand_end(&rand);
    put_buf("keyfile", &out);
}

static void make_file(void)
{
    static const char *const head[] = {"file.head", NULL};
    SL_AUTO(buf) struct sl_buf content = {0};
    SL_AUTO(buf) struct sl_buf blob = {0};
    struct e2_file_sealer sealer;
    struct vectors_rand rand;
    uint8_t hash[SL_HASH_BYTES];

    for (unsigned i = 0; i < FILE_BYTES; i++) {
        sl_buf_put_u8(&content, (uint8_t)(7 * i + (i >> 8)));
    }
    vectors_rand_init(&rand, v, head);
    e2_file_seal_start(&sealer, in("file.key"), &rand.rand, &blob);
    e2_file_seal_chunk(&sealer, (struct sl_bytes){content.data, E2_CHUNK_BYTES}, false, &blob);
    e2_file_seal_chunk(
        &sealer,
        (struct sl_bytes){content.data + E2_CHUNK_BYTES, FILE_BYTES - (size_t)E2_CHUNK_BYTES}, true,
        &blob);
    e2_file_seal_end(&sealer, hash);
    ck_assert_uint_eq(blob.len, e2_blob_bytes(FILE_BYTES));
    put("file.hash", hash, sizeof(hash));
    put("file.first", blob.data, 64);
    put("file.last", blob.data + blob.len - 32, 32);
}

/* ---- The thread, written by those whose entries it has ---- */

static void take_up(struct vectors_pen *pen, uint32_t read, const char *author, const char *reader,
                    uint32_t serial, const char *const *draws)
{
    SL_AUTO(str) char *id = sl_strf("entry%u.id", read + 1);
    const struct vectors_place place = {.read = read,
                                        .author = author,
                                        .reader = reader,
                                        .serial = serial,
                                        .first_key = in("thread.key1"),
                                        .entry_id = in(id),
                                        .draws = draws};

    vectors_take_up(pen, v, &place);
}

static void lay_down(struct vectors_pen *pen, const struct sl_buf *entry)
{
    ck_assert_mem_eq(e2_entry_id(sl_buf_bytes(entry)), pen->me.entry_id, SL_ID_BYTES);
    vectors_lay_down(pen, entry, made);
}

static void make_key(uint32_t n, const char *reader, uint32_t serial, const char *const *rand)
{
    SL_AUTO(buf) struct sl_buf entry = {0};
    struct sl_err err = {.code = SL_OK};
    struct vectors_pen pen;

    take_up(&pen, n, "jane", reader, serial, rand);
    const enum sl_code rc =
        e2_compose_key(pen.thread, &pen.me, n == 0 ? in("team.id") : NULL, NULL, &entry, &err);
    ck_assert_msg(rc == SL_OK, "%s", err.detail);
    lay_down(&pen, &entry);
}

/* The JSON is sample text, so it is sealed as it is. */
static void make_message(uint32_t n, const char *author, const char *reader)
{
    SL_AUTO(str) char *nonce = sl_strf("nonce.entry%u", n + 1);
    SL_AUTO(str) char *json = sl_strf("entry%u.json", n + 1);
    const char *const rand[] = {nonce, NULL};
    SL_AUTO(buf) struct sl_buf body = {0};
    SL_AUTO(buf) struct sl_buf entry = {0};
    struct sl_header header;
    uint8_t key[E2_KEY_BYTES];
    struct vectors_pen pen;

    take_up(&pen, n, author, reader, 1, rand);
    ck_assert(e2_thread_key(pen.thread, key));
    e2_compose_header(pen.thread, &pen.me, SL_ENTRY_MESSAGE, &header);
    e2_compose_seal(&header, key, vectors_input(v, json), pen.me.rand, &body);
    e2_compose_sign(&header, sl_buf_bytes(&body), pen.identity->sign_sk, &entry);
    lay_down(&pen, &entry);
}

/* Written by new keys, read by the old ones. */
static void make_keys(uint32_t n, const char *author, uint32_t by, const uint8_t prove_sk[64])
{
    SL_AUTO(buf) struct sl_buf entry = {0};
    struct vectors_pen pen;

    take_up(&pen, n, author, "parent", 1, NULL);
    ck_assert_int_eq(e2_compose_keys(pen.thread, &pen.me, by, prove_sk, &entry, NULL), SL_OK);
    lay_down(&pen, &entry);
}

static void make_invite_entry(const struct e2_invite *invite)
{
    SL_AUTO(buf) struct sl_buf entry = {0};
    struct sl_entry given;
    struct sl_invite_body body;
    const struct sl_bytes vector = vectors_output(v, "entry.3");
    struct vectors_pen pen;

    /* 28 days from the hour of the thread: the one number that the inputs do not have. */
    ck_assert_int_eq(sl_entry_parse(vector.data, vector.len, &given, NULL), SL_OK);
    ck_assert_int_eq(sl_invite_body_parse(given.body, &body, NULL), SL_OK);
    take_up(&pen, 2, "jane", "team1", 1, NULL);
    ck_assert(e2_may_invite(pen.thread, in("jane.id")));
    ck_assert_int_eq(e2_compose_invite(pen.thread, &pen.me, invite, in("parent.id"),
                                       body.expires_at, &entry, NULL),
                     SL_OK);
    lay_down(&pen, &entry);
}

static void make_seen(void)
{
    SL_AUTO(buf) struct sl_buf entry = {0};
    struct vectors_pen pen;

    take_up(&pen, 9, "parent2", "parent2", 2, NULL);
    ck_assert_int_eq(e2_compose_seen(pen.thread, &pen.me, 9, &entry, NULL), SL_OK);
    lay_down(&pen, &entry);
}

static void make_thread(const struct e2_invite *invite)
{
    static const char *const first[] = {"thread.key1", "eph.1a", "eph.1b", NULL};
    static const char *const second[] = {"thread.key2", "nonce.key2", "eph.6a",
                                         "eph.6b",      "eph.6c",     NULL};
    static const char *const third[] = {"thread.key3", "nonce.key3", "eph.9a",
                                        "eph.9b",      "eph.9c",     NULL};
    SL_AUTO(e2_identity) struct e2_identity *parent = who("parent");
    uint8_t link[SL_HASH_BYTES];

    sl_link_first(in("thread.id"), link);
    put("link.0", link, sizeof(link));
    make_key(0, "team1", 1, first);
    make_message(1, "jane", "team1");
    make_invite_entry(invite);
    make_keys(3, "parent", 3, invite->accept_sk);
    make_message(4, "parent", "parent");
    make_key(5, "team1", 1, second);
    make_message(6, "jane", "team1");
    make_keys(7, "parent2", 0, parent->sign_sk);
    make_key(8, "team2", 2, third);
    make_seen();
}

static void set_up(void)
{
    SL_AUTO(e2_invite) struct e2_invite invite = {0};

    ck_assert_int_eq(e2_ready(NULL), SL_OK);
    v = vectors_open(SENDLINE_TEST_VECTORS "/vectors.json");
    made = sl_json_new();
    make_identities();
    make_rosters();
    make_team();
    make_invite(&invite);
    make_account(&invite);
    make_keyfile();
    make_file();
    make_thread(&invite);
}

static void tear_down(void)
{
    json_decref(made);
    vectors_free(v);
}

START_TEST(there_are_as_many_as_there_should_be)
{
    ck_assert_uint_eq(json_object_size(json_object_get(vectors_json(v), "vectors")), VECTORS);
    ck_assert_uint_eq(json_object_size(json_object_get(vectors_json(v), "refuse")), REFUSALS);
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

/* "roster after reader rule entry…": all are taken but the last, which that rule refuses. */
START_TEST(a_refusal)
{
    void *at = vectors_at(json_object_get(vectors_json(v), "refuse"), _i);
    const char *name = json_object_iter_key(at);
    SL_AUTO(str) char *line = sl_strdup(json_string_value(json_object_iter_value(at)));
    char *rest = NULL;
    const uint32_t serial = (uint32_t)strtoul(strtok_r(line, " ", &rest), NULL, 10);
    const uint32_t after = (uint32_t)strtoul(strtok_r(NULL, " ", &rest), NULL, 10);
    const char *reader = strtok_r(NULL, " ", &rest);
    const int rule = (int)strtol(strtok_r(NULL, " ", &rest), NULL, 10);
    SL_AUTO(e2_trust) struct e2_trust *trust = vectors_trust(v, serial);
    SL_AUTO(e2_seeds) struct e2_seeds seeds = {0};
    struct sl_fake_clock clock;
    struct e2_thread_setup setup = {.thread_id = in("thread.id"), .trust = trust, .seeds = &seeds};
    uint32_t seq = 0;

    sl_fake_clock_init(&clock, t0 + 3600);
    setup.clock = &clock.clock;
    vectors_reader(v, reader, &seeds, &setup.reader);
    setup.me = in(setup.reader == E2_READ_AS_STAFF ? "jane.id" : "parent.id");
    SL_AUTO(e2_thread) struct e2_thread *thread = e2_thread_new(&setup);
    while (seq < after) {
        SL_AUTO(str) char *entry = sl_strf("entry.%u", ++seq);
        ck_assert_int_eq(e2_thread_take(thread, seq, t0, vectors_output(v, entry)), E2_TAKEN);
    }
    const char *hex = strtok_r(NULL, " ", &rest);
    ck_assert_ptr_nonnull(hex);
    while (hex != NULL) {
        const char *next = strtok_r(NULL, " ", &rest);
        const enum e2_verdict verdict = e2_thread_take(thread, ++seq, t0, vectors_hex(v, hex));
        const struct e2_item *item = e2_thread_item(thread, seq - 1);
        SL_AUTO(str) char *is = view_verdict(item);
        ck_assert_msg(verdict == (next == NULL ? E2_REFUSED : E2_TAKEN), "%s: %s", name, is);
        ck_assert_msg(item->rule == (next == NULL ? rule : 0), "%s: %s", name, is);
        ck_assert_int_eq(item->kind == E2_ITEM_WARNING, next == NULL);
        hex = next;
    }
    /* A warning is nobody's words. */
    ck_assert_str_eq(e2_thread_item(thread, seq - 1)->author_name, "");
    ck_assert_uint_eq(json_object_size(e2_thread_item(thread, seq - 1)->body), 0);
    ck_assert_str_ne(e2_thread_item(thread, seq - 1)->sentence, "");
}
END_TEST

/* ---- The other way ---- */

START_TEST(what_was_sealed_opens)
{
    SL_AUTO(e2_trust) struct e2_trust *trust = vectors_trust(v, 2);
    SL_AUTO(e2_identity) struct e2_identity *jane = who("jane");
    SL_AUTO(e2_keyfile) struct e2_keyfile file = {0};
    SL_AUTO(e2_seeds) struct e2_seeds seeds = {0};
    SL_AUTO(str) char *typed = NULL;
    SL_AUTO(buf) struct sl_buf json = {0};
    const struct sl_bytes vault = vectors_input(v, "vault.json");
    uint8_t raw[E2_TYPED_RAW];

    ck_assert_int_eq(e2_team_open(trust, jane, in("team.id"), 1,
                                  vectors_output(v, "team1.sealed_to_jane").data, &seeds, NULL),
                     SL_OK);
    e2_seeds_add(&seeds, who("team2"));
    ck_assert_int_eq(e2_team_open_previous(trust, in("team.id"), 2,
                                           vectors_output(v, "team2.previous").data, &seeds, NULL),
                     SL_OK);
    ck_assert_uint_eq(seeds.count, 2);
    ck_assert_mem_eq(seeds.items[0]->seed, in("team1.seed"), E2_SEED_BYTES);
    ck_assert_int_eq(
        e2_keyfile_open(vectors_output(v, "keyfile"), vectors_input(v, "passphrase"), &file, NULL),
        SL_OK);
    ck_assert_mem_eq(file.seed, in("jane.seed"), E2_SEED_BYTES);
    const struct sl_bytes text = vectors_output(v, "invite.typed");
    typed = sl_strndup((const char *)text.data, text.len);
    ck_assert_int_eq(e2_typed_read(typed, raw), -1);
    ck_assert_mem_eq(raw, in("invite.secret"), E2_TYPED_RAW);
    ck_assert(e2_vault_open(vectors_output(v, "password.vault_key").data, in("parent.id"),
                            vectors_output(v, "vault"), &json));
    ck_assert_uint_eq(json.len, vault.len);
    ck_assert_mem_eq(json.data, vault.data, vault.len);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("e2ee vectors");
    TCase *tests = tcase_create("vectors");

    /* Once for all: it takes two seconds to stretch what there is to stretch. */
    tcase_add_unchecked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, there_are_as_many_as_there_should_be);
    tcase_add_loop_test(tests, a_vector, 0, VECTORS);
    tcase_add_loop_test(tests, a_refusal, 0, REFUSALS);
    tcase_add_test(tests, what_was_sealed_opens);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
