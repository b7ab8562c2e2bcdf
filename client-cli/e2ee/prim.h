/*
 * libsodium under the names of the design: hash, kdf, aead, seal, sign, argon2id, pad. The
 * constants of version 1 are in prim.c and nowhere else; nothing takes one as a parameter.
 * Randomness is passed in.
 *
 * A label is given as a string literal through E2_LABEL, with the NUL that ends it. Thread: any; no
 * state.
 */
#ifndef SENDLINE_E2EE_PRIM_H
#define SENDLINE_E2EE_PRIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/entry.h"
#include "common/err.h"
#include "common/rand.h"

enum {
    E2_KEY_BYTES = 32,
    E2_SEED_BYTES = 32,
    E2_NONCE_BYTES = 24,
    E2_AEAD_BYTES = 40, /**< what aead adds: nonce and tag */
    E2_SALT_BYTES = 16
};

/** The bytes of a label literal, NUL and all. */
#define E2_LABEL(text) ((struct sl_bytes){(const uint8_t *)(text), sizeof(text)})

/** Start libsodium, and have jansson wipe what it frees: keys are JSON on their way into parcels
 * and memories. Call once before anything else. @return SL_OK; SL_SYSTEM. */
SL_MUST_USE enum sl_code e2_ready(struct sl_err *err);

/** hash(n, parts one after the other); n is 16 or 32. */
void e2_hash(uint8_t *out, size_t n, const struct sl_bytes *parts, size_t count);
/** realloc() for secrets: what was there before is wiped. Frees nothing of NULL. */
void *e2_grow_secret(void *take_at, size_t have, size_t want);
/** kdf(key, i, ctx); ctx is 8 characters. */
void e2_kdf(uint8_t out[E2_KEY_BYTES], const uint8_t key[E2_KEY_BYTES], uint64_t i,
            const char ctx[8]);

/** aead(key, ad, message): appends nonce and ciphertext. */
void e2_aead(struct sl_buf *out, const uint8_t key[E2_KEY_BYTES], struct sl_bytes ad,
             struct sl_bytes message, const struct sl_rand *rand);
/** Opens into `out` (appends). False: it does not open, and out is as it was. */
SL_MUST_USE bool e2_aead_open(struct sl_buf *out, const uint8_t key[E2_KEY_BYTES],
                              struct sl_bytes ad, struct sl_bytes sealed);

/** seal(pk, 32 bytes), the ephemeral pair from `rand`. False: nothing can be sealed to this key. */
SL_MUST_USE bool e2_seal(uint8_t out[SL_SEALED_KEY_BYTES], const uint8_t pk[SL_PK_BYTES],
                         const uint8_t secret[E2_KEY_BYTES], const struct sl_rand *rand);
SL_MUST_USE bool e2_seal_open(uint8_t out[E2_KEY_BYTES], const uint8_t pk[SL_PK_BYTES],
                              const uint8_t sk[E2_KEY_BYTES],
                              const uint8_t sealed[SL_SEALED_KEY_BYTES]);
/** Not one of the few points of small order. */
bool e2_can_seal_to(const uint8_t pk[SL_PK_BYTES]);

/** argon2id(p, salt): ops 3, 64 MiB. SL_SYSTEM when there is not the memory. */
SL_MUST_USE enum sl_code e2_argon2id(uint8_t out[E2_KEY_BYTES], struct sl_bytes secret,
                                     const uint8_t salt[E2_SALT_BYTES], struct sl_err *err);
/** The stronger form for key files: ops 3, 256 MiB. */
SL_MUST_USE enum sl_code e2_argon2id_file(uint8_t out[E2_KEY_BYTES], struct sl_bytes secret,
                                          const uint8_t salt[E2_SALT_BYTES], struct sl_err *err);

/** pad(block, what is in the buffer), in place. */
void e2_pad(struct sl_buf *buf, size_t block);
/** False: it was not padded so. */
SL_MUST_USE bool e2_unpad(struct sl_buf *buf, size_t block);

/** key_id = hash(32, "sendline-key-v1" ‖ thread_id ‖ generation ‖ thread_key) */
void e2_key_id(uint8_t out[SL_HASH_BYTES], const uint8_t thread_id[SL_ID_BYTES],
               uint32_t generation, const uint8_t key[E2_KEY_BYTES]);
/** previous = aead(k, "sendline-previous-v1" ‖ id ‖ new generation, old): of a thread or a team. */
void e2_previous(uint8_t out[SL_PREVIOUS_BYTES], const uint8_t key[E2_KEY_BYTES],
                 const uint8_t id[SL_ID_BYTES], uint32_t generation,
                 const uint8_t old[E2_KEY_BYTES], const struct sl_rand *rand);
SL_MUST_USE bool e2_previous_open(uint8_t old[E2_KEY_BYTES], const uint8_t key[E2_KEY_BYTES],
                                  const uint8_t id[SL_ID_BYTES], uint32_t generation,
                                  const uint8_t previous[SL_PREVIOUS_BYTES]);
/** The id of the staff-notes thread of a case: hash(16, "sendline-notes-v1" ‖ case_id). */
void e2_notes_thread_id(uint8_t out[SL_ID_BYTES], const uint8_t case_id[SL_ID_BYTES]);

#endif
