#include "e2ee/identity.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const char context[] = "SLident_";

struct e2_identity *e2_identity_of(const uint8_t seed[E2_SEED_BYTES])
{
    uint8_t part[E2_KEY_BYTES];
    struct e2_identity *id = sodium_malloc(sizeof(*id));

    if (id == NULL) {
        abort(); /* as sl_alloc does: an identity is small */
    }
    memcpy(id->seed, seed, E2_SEED_BYTES);
    e2_kdf(part, seed, 1, context);
    (void)crypto_sign_seed_keypair(id->sign_pk, id->sign_sk, part);
    e2_kdf(part, seed, 2, context);
    (void)crypto_box_seed_keypair(id->box_pk, id->box_sk, part);
    sodium_memzero(part, sizeof(part));
    e2_kdf(id->lock, seed, 3, context);
    e2_kdf(id->drafts, seed, 4, context);
    (void)sodium_mprotect_readonly(id);
    return id;
}

struct e2_identity *e2_identity_new(const struct sl_rand *rand)
{
    uint8_t seed[E2_SEED_BYTES];

    sl_rand_fill(rand, seed, sizeof(seed));
    struct e2_identity *id = e2_identity_of(seed);
    sodium_memzero(seed, sizeof(seed));
    return id;
}

void e2_identity_free(struct e2_identity *id)
{
    sodium_free(id); /* wipes; NULL is fine */
}

void sl_auto_e2_identity(struct e2_identity **id)
{
    e2_identity_free(*id);
}

void e2_records_join(const uint8_t a[E2_SEED_BYTES], const uint8_t b[E2_SEED_BYTES],
                     uint8_t seed[E2_SEED_BYTES])
{
    for (size_t i = 0; i < E2_SEED_BYTES; i++) {
        seed[i] = a[i] ^ b[i];
    }
}

void e2_records_split(const uint8_t seed[E2_SEED_BYTES], const struct sl_rand *rand,
                      uint8_t a[E2_SEED_BYTES], uint8_t b[E2_SEED_BYTES])
{
    sl_rand_fill(rand, a, E2_SEED_BYTES);
    e2_records_join(seed, a, b);
}
