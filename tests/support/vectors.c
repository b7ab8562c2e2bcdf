#include "support/vectors.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"

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
