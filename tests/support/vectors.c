#include "support/vectors.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"

struct vectors {
    json_t *json;
    uint8_t **decoded; /* owned */
    size_t decoded_count;
};

static _Noreturn void wrong(const char *what, const char *name)
{
    (void)fprintf(stderr, "vectors: %s: %s\n", what, name);
    abort();
}

struct vectors *vectors_open(const char *path)
{
    struct vectors *v = sl_alloc(sizeof(*v));

    v->json = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    if (v->json == NULL) {
        wrong("cannot read", path);
    }
    return v;
}

void vectors_free(struct vectors *v)
{
    if (v == NULL) {
        return;
    }
    for (size_t i = 0; i < v->decoded_count; i++) {
        free(v->decoded[i]);
    }
    free(v->decoded);
    json_decref(v->json);
    free(v);
}

const json_t *vectors_json(const struct vectors *v)
{
    return v->json;
}

struct sl_bytes vectors_hex(struct vectors *v, const char *hex)
{
    const size_t len = strlen(hex) / 2;
    uint8_t *bytes = sl_alloc(len + 1);
    size_t got = 0;

    if (sodium_hex2bin(bytes, len, hex, strlen(hex), NULL, &got, NULL) != 0 || got != len) {
        wrong("not hex", hex);
    }
    v->decoded = sl_realloc(v->decoded, (v->decoded_count + 1) * sizeof(*v->decoded));
    v->decoded[v->decoded_count++] = bytes;
    return (struct sl_bytes){bytes, len};
}

static struct sl_bytes named(struct vectors *v, const char *section, const char *name)
{
    const char *hex = json_string_value(json_object_get(json_object_get(v->json, section), name));

    if (hex == NULL) {
        wrong(section, name);
    }
    return vectors_hex(v, hex);
}

struct sl_bytes vectors_input(struct vectors *v, const char *name)
{
    return named(v, "inputs", name);
}

struct sl_bytes vectors_output(struct vectors *v, const char *name)
{
    return named(v, "vectors", name);
}

struct e2_identity *vectors_identity(struct vectors *v, const char *name)
{
    SL_AUTO(str) char *seed = sl_strf("%s.seed", name);

    return e2_identity_of(vectors_input(v, seed).data);
}

enum {
    MOST_ROSTERS = 8,
    MOST_HOLDERS = 16
};

struct e2_trust *vectors_trust(struct vectors *v, uint32_t serial)
{
    SL_AUTO(e2_identity) struct e2_identity *root = vectors_identity(v, "root");
    struct sl_bytes rosters[MOST_ROSTERS];
    struct sl_bytes holders[MOST_HOLDERS];
    size_t holder_count = 0;
    const char *name = NULL;
    json_t *value = NULL;
    struct sl_err err = {.code = SL_OK};

    for (uint32_t i = 0; i < serial && i < MOST_ROSTERS; i++) {
        SL_AUTO(str) char *roster = sl_strf("roster.%u", i + 1);
        rosters[i] = vectors_output(v, roster);
    }
    json_object_foreach(json_object_get(v->json, "vectors"), name, value)
    {
        if (strncmp(name, "holder.", 7) == 0 && holder_count < MOST_HOLDERS) {
            holders[holder_count++] = vectors_hex(v, json_string_value(value));
        }
    }
    struct e2_trust *trust = e2_trust_new((const uint8_t(*)[SL_PK_BYTES])root->sign_pk, 1, 1);
    if (e2_trust_walk(trust, rosters, serial, holders, holder_count, NULL, &err) != SL_OK) {
        wrong("rosters", err.detail);
    }
    return trust;
}

void vectors_reader(struct vectors *v, const char *name, struct e2_seeds *seeds,
                    enum e2_reader *reader)
{
    *reader = strncmp(name, "parent", 6) == 0 ? E2_READ_AS_PARENT
              : strcmp(name, "records") == 0  ? E2_READ_AS_RECORDS
                                              : E2_READ_AS_STAFF;
    e2_seeds_add(seeds, vectors_identity(v, name));
    if (strcmp(name, "team2") == 0) {
        e2_seeds_add(seeds, vectors_identity(v, "team1"));
    }
}

static void fill(void *ctx, void *out, size_t n)
{
    struct vectors_rand *rand = ctx;

    if (*rand->names == NULL) {
        wrong("randomness", "more than was foreseen");
    }
    const struct sl_bytes next = vectors_input(rand->v, *rand->names);
    if (next.len != n) {
        wrong("randomness of another length", *rand->names);
    }
    memcpy(out, next.data, n);
    rand->names++;
}

void vectors_rand_init(struct vectors_rand *rand, struct vectors *v, const char *const *names)
{
    *rand = (struct vectors_rand){.rand = {.fill = fill, .ctx = rand}, .v = v, .names = names};
}

void vectors_rand_end(const struct vectors_rand *rand)
{
    if (*rand->names != NULL) {
        wrong("randomness that nobody asked for", *rand->names);
    }
}

void vectors_put(json_t *made, const char *name, const void *bytes, size_t n)
{
    SL_AUTO(str) char *hex = sl_hex(bytes, n);

    sl_json_set_str(made, name, hex);
}

void *vectors_at(const json_t *object, int i)
{
    /* jansson's iterators take a pointer that they do not write through. */
    json_t *from = (json_t *)(uintptr_t)object;
    void *at = json_object_iter(from);

    while (i-- > 0 && at != NULL) {
        at = json_object_iter_next(from, at);
    }
    if (at == NULL) {
        wrong("fewer members", "than asked for");
    }
    return at;
}

/* ---- Writing ---- */

enum {
    FIRST_ENTRY_AT = 1790000000,
    APART_S = 60
};

static int64_t sent_at(uint32_t seq)
{
    return FIRST_ENTRY_AT + APART_S * (int64_t)seq;
}

static void read_entries(struct vectors_pen *pen, struct vectors *v, uint32_t read)
{
    struct sl_err err = {.code = SL_OK};

    for (uint32_t seq = 1; seq <= read; seq++) {
        SL_AUTO(str) char *name = sl_strf("%sentry.%u", pen->prefix, seq);
        (void)e2_thread_take(pen->thread, seq, sent_at(seq), vectors_output(v, name));
    }
    if (e2_thread_complete(pen->thread, read, &err) != SL_OK) {
        wrong("the thread", err.detail);
    }
    /* Older keys may come with the newest, so it is asked at the end. */
    for (uint32_t i = 0; i < read; i++) {
        const struct e2_item *item = e2_thread_item(pen->thread, i);
        if (item->rule != 0) {
            wrong("an entry was refused", item->reason);
        }
    }
}

void vectors_take_up(struct vectors_pen *pen, struct vectors *v, const struct vectors_place *place)
{
    static const char *const nothing[] = {NULL};
    const bool parent = strncmp(place->author, "parent", 6) == 0;
    SL_AUTO(str) char *author_id = sl_strf("%s.id", parent ? "parent" : place->author);
    struct e2_held held = {.generation = 1};
    struct e2_thread_setup setup = {.held = &held, .held_count = place->first_key != NULL};

    memset(pen, 0, sizeof(*pen));
    pen->prefix = place->thread != NULL ? place->thread : "";
    pen->trust = vectors_trust(v, place->serial);
    pen->identity = vectors_identity(v, place->author);
    vectors_reader(v, place->reader, &pen->seeds, &setup.reader);
    sl_fake_clock_init(&pen->clock, sent_at(place->read + 1));
    vectors_rand_init(&pen->rand, v, place->draws != NULL ? place->draws : nothing);
    if (place->first_key != NULL) {
        memcpy(held.key, place->first_key, E2_KEY_BYTES);
    }
    setup.notes = place->thread != NULL;
    setup.thread_id = setup.notes ? vectors_output(v, "notes.thread_id").data
                                  : vectors_input(v, "thread.id").data;
    setup.trust = pen->trust;
    setup.seeds = &pen->seeds;
    setup.me = vectors_input(v, author_id).data;
    setup.clock = &pen->clock.clock;
    pen->thread = e2_thread_new(&setup);
    pen->me = (struct e2_writer){.id = setup.me,
                                 .identity = pen->identity,
                                 .rand = &pen->rand.rand,
                                 .clock = &pen->clock.clock,
                                 .entry_id = place->entry_id};
    read_entries(pen, v, place->read);
}

static void put_key_id(const struct vectors_pen *pen, json_t *made)
{
    uint8_t key[E2_KEY_BYTES];
    uint8_t key_id[SL_HASH_BYTES];
    const uint32_t generation = e2_thread_generation(pen->thread);
    SL_AUTO(str) char *name = sl_strf("%skey_id.%u", pen->prefix, generation);

    if (e2_thread_key(pen->thread, key)) {
        e2_key_id(key_id, e2_thread_id(pen->thread), generation, key);
        vectors_put(made, name, key_id, sizeof(key_id));
    }
}

void vectors_lay_down(struct vectors_pen *pen, const struct sl_buf *entry, json_t *made)
{
    struct e2_point head;

    vectors_rand_end(&pen->rand);
    e2_thread_head(pen->thread, &head);
    SL_AUTO(str) char *entry_name = sl_strf("%sentry.%u", pen->prefix, head.seq + 1);
    SL_AUTO(str) char *link_name = sl_strf("%slink.%u", pen->prefix, head.seq + 1);
    vectors_put(made, entry_name, entry->data, entry->len);
    if (e2_thread_take(pen->thread, head.seq + 1, 0, sl_buf_bytes(entry)) != E2_TAKEN) {
        wrong("an entry of one's own was refused", entry_name);
    }
    e2_thread_head(pen->thread, &head);
    vectors_put(made, link_name, head.link, SL_HASH_BYTES);
    put_key_id(pen, made);
    e2_thread_free(pen->thread);
    e2_trust_free(pen->trust);
    e2_seeds_free(&pen->seeds);
    e2_identity_free(pen->identity);
}
