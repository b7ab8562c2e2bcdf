/*
 * An identity: everything that one 32-byte seed gives. In guarded memory that is wiped when freed.
 * Thread: one owner; reading from any once it is made.
 */
#ifndef SENDLINE_E2EE_IDENTITY_H
#define SENDLINE_E2EE_IDENTITY_H

#include "e2ee/prim.h"

struct e2_identity {
    uint8_t seed[E2_SEED_BYTES];
    uint8_t sign_pk[SL_PK_BYTES];
    uint8_t sign_sk[64];
    uint8_t box_pk[SL_PK_BYTES];
    uint8_t box_sk[E2_KEY_BYTES];
    uint8_t lock[E2_KEY_BYTES];   /**< teams: wraps the seed of the generation before */
    uint8_t drafts[E2_KEY_BYTES]; /**< seals what stays on this computer */
};

/** The identity of a seed; owned. The caller wipes its copy of the seed. */
struct e2_identity *e2_identity_of(const uint8_t seed[E2_SEED_BYTES]);
/** A new one from fresh randomness; owned. */
struct e2_identity *e2_identity_new(const struct sl_rand *rand);
void e2_identity_free(struct e2_identity *id); /**< NULL is fine */
void sl_auto_e2_identity(struct e2_identity **id);

/** The records seed in two halves: a is random, b = seed XOR a. */
void e2_records_split(const uint8_t seed[E2_SEED_BYTES], const struct sl_rand *rand,
                      uint8_t a[E2_SEED_BYTES], uint8_t b[E2_SEED_BYTES]);
void e2_records_join(const uint8_t a[E2_SEED_BYTES], const uint8_t b[E2_SEED_BYTES],
                     uint8_t seed[E2_SEED_BYTES]);

#endif
