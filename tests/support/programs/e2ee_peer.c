/*
 * The encryption of the command line for the tests of the web app: one JSON request a line on
 * standard input, one JSON answer a line on standard output. Bytes are base64url. What a request
 * leaves out that it needs ends the program.
 *
 *     judge     a thread as somebody reads it: everything there is to say (support/view.h)
 *     write     the next entry of a thread
 *     walk      rosters from a state of trust
 *     holder, roster                       make and sign
 *     plain     read the text of a message
 *     typed, untyped                       the form that people type
 *     seal, unseal, previous, unprevious   a team's seed, to a person and to its next generation
 *     parcel, unparcel, vault, unvault, file, unfile, keyfile, unkeyfile
 *     password, auth                       what a password gives; a signed answer
 *
 * Randomness is seeded by the field `random` where there is one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/json.h"
#include "common/text.h"
#include "e2ee/account.h"
#include "e2ee/auth.h"
#include "e2ee/compose.h"
#include "e2ee/file.h"
#include "e2ee/keyfile.h"
#include "e2ee/manage.h"
#include "support/view.h"

enum {
    MOST_ROSTERS = 8,
    MOST_HOLDERS = 32,
    MOST_HELD = 8,
    MOST_TEAMS = 4,
    MOST_BYTES = 1 << 20
};

/* ---- What a request must have ---- */

static _Noreturn void die(const char *what, const char *field)
{
    (void)fprintf(stderr, "e2ee_peer: %s: %s\n", field, what);
    exit(EXIT_FAILURE);
}

static void fixed(const json_t *from, const char *field, uint8_t *out, size_t n)
{
    struct sl_err err = {.code = SL_OK};

    if (sl_json_fixed(from, field, out, n, &err) != SL_OK) {
        die(err.detail, field);
    }
}

static void bytes(const json_t *from, const char *field, struct sl_buf *out)
{
    struct sl_err err = {.code = SL_OK};

    if (sl_json_bytes(from, field, 0, MOST_BYTES, out, &err) != SL_OK) {
        die(err.detail, field);
    }
}

static const char *text(const json_t *from, const char *field)
{
    const char *found = json_string_value(json_object_get(from, field));

    if (found == NULL) {
        die("a string", field);
    }
    return found;
}

static int64_t number(const json_t *from, const char *field)
{
    if (!json_is_integer(json_object_get(from, field))) {
        die("an integer", field);
    }
    return json_integer_value(json_object_get(from, field));
}

/* Zero when it is not there. */
static int64_t number_or_0(const json_t *from, const char *field)
{
    return json_integer_value(json_object_get(from, field));
}

static bool yes(const json_t *from, const char *field)
{
    return json_is_true(json_object_get(from, field));
}

/* A list of byte strings; owned by the struct. */
struct list {
    struct sl_buf items[MOST_HOLDERS];
    struct sl_bytes bytes[MOST_HOLDERS];
    size_t count;
};

static void sl_auto_list(struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        sl_buf_free(&list->items[i]);
    }
}

static void get_list(const json_t *from, const char *field, struct list *out)
{
    const json_t *array = json_object_get(from, field);
    const json_t *one = NULL;
    size_t i = 0;

    if (json_array_size(array) > MOST_HOLDERS) {
        die("too many", field);
    }
    json_array_foreach(array, i, one)
    {
        if (!sl_b64_get(json_string_value(one), json_string_length(one), &out->items[i])) {
            die("base64url", field);
        }
        out->bytes[i] = sl_buf_bytes(&out->items[i]);
        out->count = i + 1;
    }
}

static const struct sl_rand *random_of(const json_t *request, struct sl_fake_rand *fake)
{
    sl_fake_rand_init(fake, (uint64_t)number(request, "random"));
    return &fake->rand;
}

/* ---- Answers ---- */

static json_t *error(enum sl_code code, const struct sl_err *err)
{
    json_t *json = sl_json_new();

    sl_json_set_str(json, "error", sl_code_name(code));
    sl_json_set_str(json, "detail", err->detail);
    return json;
}

static json_t *answer_bytes(const char *field, const void *data, size_t n)
{
    json_t *json = sl_json_new();

    sl_json_set_bytes(json, field, data, n);
    return json;
}

static json_t *answer_buf(const struct sl_buf *buf)
{
    return answer_bytes("bytes", buf->data, buf->len);
}

static json_t *opened(bool ok, const struct sl_buf *buf)
{
    json_t *json = ok ? answer_buf(buf) : sl_json_new();

    sl_json_set_bool(json, "opens", ok);
    return json;
}

/* ---- Trust ---- */

static struct e2_trust *trust_of(const json_t *request)
{
    SL_AUTO(list) struct list roots = {0};
    uint8_t pks[SL_MAX_ROOTS][SL_PK_BYTES];

    get_list(request, "roots", &roots);
    for (size_t i = 0; i < roots.count && i < SL_MAX_ROOTS; i++) {
        memcpy(pks[i], roots.items[i].data, SL_PK_BYTES);
    }
    return e2_trust_new((const uint8_t(*)[SL_PK_BYTES])pks, roots.count,
                        (uint32_t)number(request, "serial"));
}

static enum sl_code walk(struct e2_trust *trust, const json_t *request, struct sl_err *err)
{
    SL_AUTO(list) struct list rosters = {0};
    SL_AUTO(list) struct list holders = {0};

    get_list(request, "rosters", &rosters);
    get_list(request, "holders", &holders);
    return e2_trust_walk(trust, rosters.bytes, rosters.count, holders.bytes, holders.count, NULL,
                         err);
}

static json_t *do_walk(const json_t *request)
{
    SL_AUTO(e2_trust) struct e2_trust *trust = trust_of(request);
    struct sl_err err = {.code = SL_OK};
    json_t *json = sl_json_new();
    json_t *names = sl_json_new_array();
    size_t count = 0;

    (void)!walk(trust, request, &err);
    const struct e2_person *people = e2_trust_people(trust, &count);
    for (size_t i = 0; i < count; i++) {
        SL_AUTO(str)
        char *line = sl_strf("%u %u %u %s", people[i].holder.kind, people[i].holder.generation,
                             people[i].ended, people[i].holder.name);
        sl_json_append(names, json_string(line));
    }
    sl_json_set_str(json, "alarm", e2_alarm_name(e2_trust_alarm(trust)));
    sl_json_set_int(json, "serial", e2_trust_has_roster(trust) ? e2_trust_serial(trust) : 0);
    sl_json_set_int(json, "missing",
                    e2_trust_has_roster(trust) ? (int64_t)e2_trust_missing(trust) : 0);
    sl_json_set(json, "people", names);
    return json;
}

static void seed_identity(const json_t *from, const char *field, struct e2_identity **out)
{
    uint8_t seed[E2_SEED_BYTES];

    fixed(from, field, seed, sizeof(seed));
    *out = e2_identity_of(seed);
}

static json_t *do_holder(const json_t *request)
{
    SL_AUTO(e2_identity) struct e2_identity *identity = NULL;
    SL_AUTO(buf) struct sl_buf out = {0};
    struct sl_holder holder;
    struct sl_err err = {.code = SL_OK};
    char print[E2_TYPED_CHARS + 1];
    uint8_t id[SL_ID_BYTES];

    seed_identity(request, "seed", &identity);
    fixed(request, "id", id, sizeof(id));
    enum sl_code rc = e2_holder_make(&holder, (uint8_t)number(request, "kind"), id,
                                     (uint32_t)number(request, "generation"), identity,
                                     text(request, "name"), &err);
    if (rc != SL_OK) {
        return error(rc, &err);
    }
    sl_holder_put(&out, &holder);
    json_t *json = answer_buf(&out);
    e2_holder_print(sl_buf_bytes(&out), print);
    sl_json_set_str(json, "print", print);
    return json;
}

static json_t *do_roster(const json_t *request)
{
    SL_AUTO(e2_identity) struct e2_identity *root = NULL;
    SL_AUTO(list) struct list holders = {0};
    SL_AUTO(buf) struct sl_buf out = {0};
    struct sl_roster_row rows[MOST_HOLDERS] = {0};
    struct sl_roster roster = {.serial = (uint32_t)number(request, "serial"),
                               .issued_at = (uint64_t)number(request, "issued_at"),
                               .expires_at = (uint64_t)number(request, "expires_at"),
                               .root_count = 1,
                               .rows = rows};
    struct sl_err err = {.code = SL_OK};

    seed_identity(request, "root", &root);
    get_list(request, "holders", &holders);
    memcpy(roster.roots[0], root->sign_pk, SL_PK_BYTES);
    for (size_t i = 0; i < holders.count; i++) {
        sl_holder_hash(holders.bytes[i].data, holders.bytes[i].len, rows[i].holder_hash);
        rows[i].ended =
            (uint32_t)json_integer_value(json_array_get(json_object_get(request, "ended"), i));
    }
    roster.row_count = holders.count;
    enum sl_code rc = e2_roster_sign(&roster, root, &out, &err);
    return rc == SL_OK ? answer_buf(&out) : error(rc, &err);
}

/* ---- Threads ---- */

struct reading {
    struct e2_trust *trust;
    struct e2_seeds seeds;
    struct sl_fake_clock clock;
    uint8_t id[SL_ID_BYTES];
    uint8_t me[SL_ID_BYTES];
    struct e2_held held[MOST_HELD];
    uint8_t teams[MOST_TEAMS][SL_ID_BYTES];
    struct e2_thread *thread;
};

static void end_reading(struct reading *r)
{
    e2_thread_free(r->thread);
    e2_trust_free(r->trust);
    e2_seeds_free(&r->seeds);
}

static enum e2_reader reader_of(const char *name)
{
    if (strcmp(name, "parent") == 0) {
        return E2_READ_AS_PARENT;
    }
    return strcmp(name, "records") == 0 ? E2_READ_AS_RECORDS : E2_READ_AS_STAFF;
}

static void get_keys(struct reading *r, const json_t *request, struct e2_thread_setup *setup)
{
    SL_AUTO(list) struct list seeds = {0};
    SL_AUTO(list) struct list teams = {0};
    const json_t *one = NULL;
    size_t i = 0;

    get_list(request, "seeds", &seeds);
    for (i = 0; i < seeds.count; i++) {
        e2_seeds_add(&r->seeds, e2_identity_of(seeds.items[i].data));
    }
    get_list(request, "teams", &teams);
    for (i = 0; i < teams.count && i < MOST_TEAMS; i++) {
        memcpy(r->teams[i], teams.items[i].data, SL_ID_BYTES);
    }
    setup->teams = (const uint8_t(*)[SL_ID_BYTES])r->teams;
    setup->team_count = i;
    json_array_foreach(json_object_get(request, "held"), i, one)
    {
        if (i < MOST_HELD) {
            r->held[i].generation = (uint32_t)number(one, "generation");
            fixed(one, "key", r->held[i].key, E2_KEY_BYTES);
            setup->held_count = i + 1;
        }
    }
    setup->held = r->held;
}

static void take(struct reading *r, uint32_t seq, const json_t *one)
{
    const int64_t at = number(one, "at");
    uint8_t header[SL_HEADER_BYTES];
    uint8_t hash[SL_HASH_BYTES];
    SL_AUTO(buf) struct sl_buf entry = {0};

    if (sl_json_has(one, "entry")) {
        bytes(one, "entry", &entry);
        (void)e2_thread_take(r->thread, seq, at, sl_buf_bytes(&entry));
        return;
    }
    fixed(one, "header", header, sizeof(header));
    fixed(one, "body_hash", hash, sizeof(hash));
    (void)e2_thread_take_header(r->thread, seq, at, header, hash);
}

static void begin_reading(struct reading *r, const json_t *request)
{
    const json_t *checkpoint = json_object_get(request, "checkpoint");
    const json_t *entries = json_object_get(request, "entries");
    const json_t *one = NULL;
    struct e2_thread_setup setup = {.notes = yes(request, "notes"),
                                    .reader = reader_of(text(request, "reader"))};
    struct sl_err err = {.code = SL_OK};
    size_t i = 0;

    memset(r, 0, sizeof(*r));
    r->trust = trust_of(request);
    if (walk(r->trust, request, &err) != SL_OK) {
        die(err.detail, "rosters");
    }
    sl_fake_clock_init(&r->clock, number(request, "now"));
    fixed(request, "thread", r->id, SL_ID_BYTES);
    fixed(request, "me", r->me, SL_ID_BYTES);
    get_keys(r, request, &setup);
    setup.thread_id = r->id;
    setup.trust = r->trust;
    setup.me = r->me;
    setup.seeds = &r->seeds;
    setup.clock = &r->clock.clock;
    if (checkpoint != NULL) {
        setup.checkpoint.seq = (uint32_t)number(checkpoint, "seq");
        fixed(checkpoint, "link", setup.checkpoint.link, SL_HASH_BYTES);
    }
    r->thread = e2_thread_new(&setup);
    json_array_foreach(entries, i, one)
    {
        take(r, (uint32_t)i + 1, one);
    }
    (void)!e2_thread_complete(r->thread, (uint32_t)json_array_size(entries), NULL);
}

/* One by one as they come, and all over again: the same must be said of both. */
static json_t *do_judge(const json_t *request)
{
    struct reading r;

    begin_reading(&r, request);
    json_t *live = view_of(r.thread);
    e2_thread_judge_again(r.thread);
    SL_AUTO(json) json_t *again = view_of(r.thread);
    sl_json_set_bool(live, "same_again", json_equal(live, again));
    end_reading(&r);
    return live;
}

static enum sl_code write_message(struct reading *r, const struct e2_writer *me,
                                  const json_t *request, struct sl_buf *out, struct sl_err *err)
{
    const enum e2_plain kind = e2_plain_of(text(request, "kind"));
    const json_t *body = json_object_get(request, "body");

    return strcmp(text(request, "reader"), "parent") == 0
               ? e2_compose_parent_message(r->thread, me, kind, body, out, err)
               : e2_compose_message(r->thread, me, kind, body, out, err);
}

static enum sl_code write_key(struct reading *r, const struct e2_writer *me, const json_t *request,
                              struct sl_buf *out, struct sl_err *err)
{
    uint8_t team[SL_ID_BYTES];
    struct e2_key_need need;
    const bool named = sl_json_has(request, "team");

    if (named) {
        fixed(request, "team", team, sizeof(team));
    }
    e2_thread_key_need(r->thread, &need);
    return e2_compose_key(r->thread, me, named ? team : NULL,
                          yes(request, "yes") ? need.inviter_id : NULL, out, err);
}

static enum sl_code write_invite(struct reading *r, const struct e2_writer *me,
                                 const json_t *request, struct sl_buf *out, struct sl_err *err)
{
    struct e2_invite invite = {0};
    uint8_t parent_id[SL_ID_BYTES];

    fixed(request, "invite_id", invite.invite_id, SL_ID_BYTES);
    fixed(request, "accept_pk", invite.accept_pk, SL_PK_BYTES);
    fixed(request, "parent_id", parent_id, SL_ID_BYTES);
    return e2_compose_invite(r->thread, me, &invite, parent_id,
                             (uint64_t)number(request, "expires_at"), out, err);
}

static enum sl_code write_keys(struct reading *r, const struct e2_writer *me, const json_t *request,
                               struct sl_buf *out, struct sl_err *err)
{
    uint8_t sk[64];

    fixed(request, "prove", sk, sizeof(sk));
    return e2_compose_keys(r->thread, me, (uint32_t)number(request, "by"), sk, out, err);
}

static enum sl_code write_seen(struct reading *r, const struct e2_writer *me, const json_t *request,
                               struct sl_buf *out, struct sl_err *err)
{
    return e2_compose_seen(r->thread, me, (uint32_t)number(request, "up_to"), out, err);
}

static const struct {
    const char *what;
    enum sl_code (*write)(struct reading *r, const struct e2_writer *me, const json_t *request,
                          struct sl_buf *out, struct sl_err *err);
} writes[] = {{"message", write_message},
              {"key", write_key},
              {"invite", write_invite},
              {"keys", write_keys},
              {"seen", write_seen}};

static json_t *do_write(const json_t *request)
{
    SL_AUTO(e2_identity) struct e2_identity *identity = NULL;
    SL_AUTO(buf) struct sl_buf out = {0};
    struct sl_fake_rand fake;
    struct sl_err err = {.code = SL_OK};
    enum sl_code rc = SL_UNKNOWN_CALL;
    struct reading r;

    begin_reading(&r, request);
    seed_identity(request, "author", &identity);
    const struct e2_writer me = {.id = r.me,
                                 .identity = identity,
                                 .rand = random_of(request, &fake),
                                 .clock = &r.clock.clock};
    for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
        if (strcmp(writes[i].what, text(request, "what")) == 0) {
            rc = writes[i].write(&r, &me, request, &out, &err);
        }
    }
    end_reading(&r);
    return rc == SL_OK ? answer_buf(&out) : error(rc, &err);
}

/* ---- Text ---- */

static json_t *do_plain(const json_t *request)
{
    SL_AUTO(buf) struct sl_buf in = {0};
    enum e2_plain kind = E2_PLAIN_UNKNOWN;
    struct sl_err err = {.code = SL_OK};
    json_t *body = NULL;

    bytes(request, "text", &in);
    enum sl_code rc = e2_plain_read(sl_buf_bytes(&in), &kind, &body, &err);
    if (rc != SL_OK) {
        return error(rc, &err);
    }
    json_t *json = sl_json_new();
    sl_json_set_str(json, "kind", kind == E2_PLAIN_UNKNOWN ? "unknown" : e2_plain_name(kind));
    sl_json_set(json, "body", body);
    return json;
}

static json_t *do_typed(const json_t *request)
{
    uint8_t raw[E2_TYPED_RAW];
    char typed[E2_TYPED_CHARS + 1];
    json_t *json = sl_json_new();

    fixed(request, "raw", raw, sizeof(raw));
    e2_typed(raw, typed);
    sl_json_set_str(json, "typed", typed);
    return json;
}

static json_t *do_untyped(const json_t *request)
{
    uint8_t raw[E2_TYPED_RAW] = {0};
    const int group = e2_typed_read(text(request, "typed"), raw);
    json_t *json = sl_json_new();

    sl_json_set_int(json, "group", group);
    if (group < 0) {
        sl_json_set_bytes(json, "raw", raw, sizeof(raw));
    }
    return json;
}

/* ---- Boxes ---- */

static json_t *do_seal(const json_t *request)
{
    struct sl_fake_rand fake;
    uint8_t pk[SL_PK_BYTES];
    uint8_t secret[E2_KEY_BYTES];
    uint8_t sealed[SL_SEALED_KEY_BYTES];

    fixed(request, "pk", pk, sizeof(pk));
    fixed(request, "secret", secret, sizeof(secret));
    const bool ok = e2_seal(sealed, pk, secret, random_of(request, &fake));
    const struct sl_buf out = {.data = sealed, .len = ok ? sizeof(sealed) : 0};
    return opened(ok, &out);
}

static json_t *do_unseal(const json_t *request)
{
    SL_AUTO(e2_identity) struct e2_identity *identity = NULL;
    uint8_t secret[E2_KEY_BYTES] = {0};
    uint8_t sealed[SL_SEALED_KEY_BYTES];

    seed_identity(request, "seed", &identity);
    fixed(request, "bytes", sealed, sizeof(sealed));
    const bool ok = e2_seal_open(secret, identity->box_pk, identity->box_sk, sealed);
    const struct sl_buf out = {.data = secret, .len = sizeof(secret)};
    return opened(ok, &out);
}

static json_t *do_previous(const json_t *request)
{
    struct sl_fake_rand fake;
    uint8_t key[E2_KEY_BYTES];
    uint8_t old[E2_KEY_BYTES];
    uint8_t id[SL_ID_BYTES];
    uint8_t previous[SL_PREVIOUS_BYTES];

    fixed(request, "key", key, sizeof(key));
    fixed(request, "old", old, sizeof(old));
    fixed(request, "id", id, sizeof(id));
    e2_previous(previous, key, id, (uint32_t)number(request, "generation"), old,
                random_of(request, &fake));
    return answer_bytes("bytes", previous, sizeof(previous));
}

static json_t *do_unprevious(const json_t *request)
{
    uint8_t key[E2_KEY_BYTES];
    uint8_t old[E2_KEY_BYTES] = {0};
    uint8_t id[SL_ID_BYTES];
    uint8_t previous[SL_PREVIOUS_BYTES];

    fixed(request, "key", key, sizeof(key));
    fixed(request, "id", id, sizeof(id));
    fixed(request, "bytes", previous, sizeof(previous));
    const bool ok =
        e2_previous_open(old, key, id, (uint32_t)number(request, "generation"), previous);
    const struct sl_buf out = {.data = old, .len = sizeof(old)};
    return opened(ok, &out);
}

static void invite_of(const json_t *request, struct e2_invite *out)
{
    struct sl_err err = {.code = SL_OK};
    uint8_t secret[E2_TYPED_RAW];

    fixed(request, "secret", secret, sizeof(secret));
    if (e2_invite_derive(secret, text(request, "code"), out, &err) != SL_OK) {
        die(err.detail, "code");
    }
}

static json_t *do_parcel(const json_t *request)
{
    SL_AUTO(e2_invite) struct e2_invite invite = {0};
    SL_AUTO(buf) struct sl_buf out = {0};
    struct sl_fake_rand fake;
    uint8_t root[1][SL_PK_BYTES];
    struct e2_parcel_thread thread = {.generation = (uint32_t)number(request, "generation"),
                                      .seq = (uint32_t)number(request, "seq")};
    struct e2_parcel parcel = {.service = text(request, "service"),
                               .roots = (const uint8_t(*)[SL_PK_BYTES])root,
                               .root_count = 1,
                               .serial = (uint32_t)number(request, "serial"),
                               .address = text(request, "address"),
                               .threads = &thread,
                               .thread_count = 1};
    struct sl_err err = {.code = SL_OK};

    invite_of(request, &invite);
    fixed(request, "root", root[0], SL_PK_BYTES);
    fixed(request, "parent", parcel.parent_id, SL_ID_BYTES);
    fixed(request, "thread", thread.thread_id, SL_ID_BYTES);
    fixed(request, "key", thread.key, E2_KEY_BYTES);
    fixed(request, "link", thread.link, SL_HASH_BYTES);
    enum sl_code rc = e2_parcel_seal(&invite, &parcel, random_of(request, &fake), &out, &err);
    if (rc != SL_OK) {
        return error(rc, &err);
    }
    json_t *json = answer_buf(&out);
    sl_json_set_bytes(json, "invite_id", invite.invite_id, SL_ID_BYTES);
    sl_json_set_bytes(json, "accept_pk", invite.accept_pk, SL_PK_BYTES);
    return json;
}

static json_t *do_unparcel(const json_t *request)
{
    SL_AUTO(e2_invite) struct e2_invite invite = {0};
    SL_AUTO(buf) struct sl_buf in = {0};
    struct sl_err err = {.code = SL_OK};
    json_t *parcel = NULL;

    invite_of(request, &invite);
    bytes(request, "bytes", &in);
    enum sl_code rc = e2_parcel_open(&invite, sl_buf_bytes(&in), &parcel, &err);
    return rc == SL_OK ? parcel : error(rc, &err);
}

static json_t *do_vault(const json_t *request)
{
    SL_AUTO(buf) struct sl_buf in = {0};
    SL_AUTO(buf) struct sl_buf out = {0};
    struct sl_fake_rand fake;
    uint8_t key[E2_KEY_BYTES];
    uint8_t parent[SL_ID_BYTES];

    fixed(request, "key", key, sizeof(key));
    fixed(request, "parent", parent, sizeof(parent));
    bytes(request, "text", &in);
    e2_vault_seal(key, parent, sl_buf_bytes(&in), random_of(request, &fake), &out);
    return answer_buf(&out);
}

static json_t *do_unvault(const json_t *request)
{
    SL_AUTO(buf) struct sl_buf in = {0};
    SL_AUTO(buf) struct sl_buf out = {0};
    uint8_t key[E2_KEY_BYTES];
    uint8_t parent[SL_ID_BYTES];

    fixed(request, "key", key, sizeof(key));
    fixed(request, "parent", parent, sizeof(parent));
    bytes(request, "bytes", &in);
    return opened(e2_vault_open(key, parent, sl_buf_bytes(&in), &out), &out);
}

static json_t *do_file(const json_t *request)
{
    SL_AUTO(buf) struct sl_buf in = {0};
    SL_AUTO(buf) struct sl_buf out = {0};
    struct e2_file_sealer sealer;
    struct sl_fake_rand fake;
    uint8_t key[E2_KEY_BYTES];
    uint8_t hash[SL_HASH_BYTES];
    size_t at = 0;

    fixed(request, "key", key, sizeof(key));
    sl_buf_reserve(&in, 1); /* an empty file is one chunk too */
    bytes(request, "content", &in);
    e2_file_seal_start(&sealer, key, random_of(request, &fake), &out);
    do {
        const size_t n = in.len - at < E2_CHUNK_BYTES ? in.len - at : E2_CHUNK_BYTES;
        e2_file_seal_chunk(&sealer, (struct sl_bytes){in.data + at, n}, at + n == in.len, &out);
        at += n;
    } while (at < in.len);
    e2_file_seal_end(&sealer, hash);
    json_t *json = answer_buf(&out);
    sl_json_set_bytes(json, "hash", hash, sizeof(hash));
    return json;
}

static enum sl_code open_file(const json_t *request, const struct sl_buf *blob, struct sl_buf *out,
                              struct sl_err *err)
{
    struct e2_file_opener opener;
    uint8_t key[E2_KEY_BYTES];
    uint8_t hash[SL_HASH_BYTES];

    fixed(request, "key", key, sizeof(key));
    fixed(request, "hash", hash, sizeof(hash));
    if (blob->len < E2_FILE_HEAD_BYTES) {
        return sl_fail(err, SL_SIGNATURE_WRONG, "no head");
    }
    enum sl_code rc =
        e2_file_open_start(&opener, key, (uint64_t)number(request, "size"), hash, blob->data, err);
    for (size_t at = E2_FILE_HEAD_BYTES; rc == SL_OK && at < blob->len;) {
        const size_t left = blob->len - at;
        const size_t n = left < E2_SEALED_CHUNK_BYTES ? left : E2_SEALED_CHUNK_BYTES;
        rc = e2_file_open_chunk(&opener, (struct sl_bytes){blob->data + at, n}, out, err);
        at += n;
    }
    return rc == SL_OK ? e2_file_open_end(&opener, err) : rc;
}

static json_t *do_unfile(const json_t *request)
{
    SL_AUTO(buf) struct sl_buf in = {0};
    SL_AUTO(buf) struct sl_buf out = {0};
    struct sl_err err = {.code = SL_OK};

    bytes(request, "bytes", &in);
    return opened(open_file(request, &in, &out, &err) == SL_OK, &out);
}

static json_t *do_keyfile(const json_t *request)
{
    SL_AUTO(buf) struct sl_buf passphrase = {0};
    SL_AUTO(buf) struct sl_buf out = {0};
    struct e2_keyfile file = {.kind = (uint8_t)number(request, "kind")};
    struct sl_fake_rand fake;
    struct sl_err err = {.code = SL_OK};

    fixed(request, "id", file.id, SL_ID_BYTES);
    fixed(request, "seed", file.seed, E2_SEED_BYTES);
    bytes(request, "passphrase", &passphrase);
    enum sl_code rc =
        e2_keyfile_seal(&file, sl_buf_bytes(&passphrase), random_of(request, &fake), &out, &err);
    return rc == SL_OK ? answer_buf(&out) : error(rc, &err);
}

static json_t *do_unkeyfile(const json_t *request)
{
    SL_AUTO(buf) struct sl_buf passphrase = {0};
    SL_AUTO(buf) struct sl_buf in = {0};
    SL_AUTO(e2_keyfile) struct e2_keyfile file = {0};
    struct sl_err err = {.code = SL_OK};

    bytes(request, "passphrase", &passphrase);
    bytes(request, "bytes", &in);
    enum sl_code rc = e2_keyfile_open(sl_buf_bytes(&in), sl_buf_bytes(&passphrase), &file, &err);
    return rc == SL_OK ? answer_bytes("seed", file.seed, E2_SEED_BYTES) : error(rc, &err);
}

static json_t *do_password(const json_t *request)
{
    SL_AUTO(e2_password_keys) struct e2_password_keys keys = {0};
    SL_AUTO(str) char *normal = e2_address_normal(text(request, "address"));
    struct sl_err err = {.code = SL_OK};

    enum sl_code rc = e2_password_derive(text(request, "service"), text(request, "address"),
                                         text(request, "password"), &keys, &err);
    if (rc != SL_OK) {
        return error(rc, &err);
    }
    json_t *json = answer_bytes("auth_pk", keys.auth_pk, SL_PK_BYTES);
    sl_json_set_bytes(json, "vault_key", keys.vault_key, E2_KEY_BYTES);
    sl_json_set_str(json, "address", normal);
    return json;
}

static json_t *do_auth(const json_t *request)
{
    SL_AUTO(e2_identity) struct e2_identity *identity = NULL;
    struct sl_err err = {.code = SL_OK};
    uint8_t challenge[32];
    uint8_t signature[SL_SIG_BYTES];

    seed_identity(request, "seed", &identity);
    fixed(request, "challenge", challenge, sizeof(challenge));
    enum sl_code rc =
        e2_auth_sign(identity->sign_sk, (enum e2_purpose)number_or_0(request, "purpose"),
                     text(request, "host"), challenge, NULL, signature, &err);
    return rc == SL_OK ? answer_bytes("bytes", signature, sizeof(signature)) : error(rc, &err);
}

static const struct {
    const char *name;
    json_t *(*run)(const json_t *request); /* owned answer */
} commands[] = {
    {"judge", do_judge},     {"write", do_write},         {"walk", do_walk},
    {"holder", do_holder},   {"roster", do_roster},       {"plain", do_plain},
    {"typed", do_typed},     {"untyped", do_untyped},     {"seal", do_seal},
    {"unseal", do_unseal},   {"previous", do_previous},   {"unprevious", do_unprevious},
    {"parcel", do_parcel},   {"unparcel", do_unparcel},   {"vault", do_vault},
    {"unvault", do_unvault}, {"file", do_file},           {"unfile", do_unfile},
    {"keyfile", do_keyfile}, {"unkeyfile", do_unkeyfile}, {"password", do_password},
    {"auth", do_auth},
};

static json_t *answer(const char *line, size_t len)
{
    SL_AUTO(json) json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    const char *name = text(request, "do");

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return commands[i].run(request);
        }
    }
    die("no such request", name);
}

int main(void)
{
    SL_AUTO(str) char *line = NULL;
    size_t size = 0;
    ssize_t len = 0;

    if (e2_ready(NULL) != SL_OK) {
        die("does not start", "libsodium");
    }
    while ((len = getline(&line, &size, stdin)) > 0) {
        SL_AUTO(json) json_t *json = answer(line, (size_t)len);
        SL_AUTO(str) char *out = sl_json_text(json, NULL);
        (void)puts(out);
        (void)fflush(stdout);
    }
    return EXIT_SUCCESS;
}
