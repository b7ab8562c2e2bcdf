#include "e2ee/prim.h"

#include <jansson.h>
#include <malloc.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    ARGON_OPS = 3,
    ARGON_BYTES = 64 * 1024 * 1024,
    ARGON_FILE_BYTES = 256 * 1024 * 1024
};

static void wipe_and_free(void *at)
{
    if (at != NULL) {
        sodium_memzero(at, malloc_usable_size(at));
        free(at);
    }
}

enum sl_code e2_ready(struct sl_err *err)
{
    if (sodium_init() < 0) {
        return sl_fail(err, SL_SYSTEM, "libsodium does not start");
    }
    json_set_alloc_funcs(malloc, wipe_and_free);
    return SL_OK;
}

void *e2_grow_secret(void *take_at, size_t have, size_t want)
{
    void *grown = sl_alloc(want);

    if (take_at != NULL) {
        memcpy(grown, take_at, have);
        sodium_memzero(take_at, have);
        free(take_at);
    }
    return grown;
}

void e2_hash(uint8_t *out, size_t n, const struct sl_bytes *parts, size_t count)
{
    crypto_generichash_state state;

    /* These fail only for lengths out of bounds, and n is a constant everywhere. */
    (void)crypto_generichash_init(&state, NULL, 0, n);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len != 0) {
            (void)crypto_generichash_update(&state, parts[i].data, parts[i].len);
        }
    }
    (void)crypto_generichash_final(&state, out, n);
    sodium_memzero(&state, sizeof(state));
}

void e2_kdf(uint8_t out[E2_KEY_BYTES], const uint8_t key[E2_KEY_BYTES], uint64_t i,
            const char ctx[8])
{
    (void)crypto_kdf_derive_from_key(out, E2_KEY_BYTES, i, ctx, key);
}

void e2_aead(struct sl_buf *out, const uint8_t key[E2_KEY_BYTES], struct sl_bytes ad,
             struct sl_bytes message, const struct sl_rand *rand)
{
    const size_t sealed = message.len + E2_AEAD_BYTES;

    sl_buf_reserve(out, sealed);
    uint8_t *at = out->data + out->len;
    sl_rand_fill(rand, at, E2_NONCE_BYTES);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(at + E2_NONCE_BYTES, NULL, message.data,
                                                     message.len, ad.data, ad.len, NULL, at, key);
    out->len += sealed;
}

bool e2_aead_open(struct sl_buf *out, const uint8_t key[E2_KEY_BYTES], struct sl_bytes ad,
                  struct sl_bytes sealed)
{
    if (sealed.len < E2_AEAD_BYTES) {
        return false;
    }
    const size_t n = sealed.len - E2_AEAD_BYTES;
    sl_buf_reserve(out, n + 1);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            out->data + out->len, NULL, NULL, sealed.data + E2_NONCE_BYTES,
            sealed.len - E2_NONCE_BYTES, ad.data, ad.len, sealed.data, key) != 0) {
        return false;
    }
    out->len += n;
    return true;
}

/* crypto_box_seal spelled out, so that its ephemeral pair comes from the given randomness. */
static void seal_nonce(uint8_t nonce[crypto_box_NONCEBYTES], const uint8_t epk[SL_PK_BYTES],
                       const uint8_t pk[SL_PK_BYTES])
{
    const struct sl_bytes parts[] = {{epk, SL_PK_BYTES}, {pk, SL_PK_BYTES}};

    e2_hash(nonce, crypto_box_NONCEBYTES, parts, 2);
}

bool e2_seal(uint8_t out[SL_SEALED_KEY_BYTES], const uint8_t pk[SL_PK_BYTES],
             const uint8_t secret[E2_KEY_BYTES], const struct sl_rand *rand)
{
    uint8_t seed[crypto_box_SEEDBYTES];
    uint8_t epk[SL_PK_BYTES];
    uint8_t esk[crypto_box_SECRETKEYBYTES];
    uint8_t nonce[crypto_box_NONCEBYTES];
    uint8_t sealed[SL_SEALED_KEY_BYTES];

    sl_rand_fill(rand, seed, sizeof(seed));
    (void)crypto_box_seed_keypair(epk, esk, seed);
    seal_nonce(nonce, epk, pk);
    memcpy(sealed, epk, SL_PK_BYTES);
    bool ok = crypto_box_easy(sealed + SL_PK_BYTES, secret, E2_KEY_BYTES, nonce, pk, esk) == 0;
    if (ok) {
        memcpy(out, sealed, sizeof(sealed));
    }
    sodium_memzero(seed, sizeof(seed));
    sodium_memzero(esk, sizeof(esk));
    return ok;
}

bool e2_seal_open(uint8_t out[E2_KEY_BYTES], const uint8_t pk[SL_PK_BYTES],
                  const uint8_t sk[E2_KEY_BYTES], const uint8_t sealed[SL_SEALED_KEY_BYTES])
{
    uint8_t opened[E2_KEY_BYTES];
    bool ok = crypto_box_seal_open(opened, sealed, SL_SEALED_KEY_BYTES, pk, sk) == 0;

    if (ok) {
        memcpy(out, opened, sizeof(opened));
    }
    sodium_memzero(opened, sizeof(opened));
    return ok;
}

bool e2_can_seal_to(const uint8_t pk[SL_PK_BYTES])
{
    /* libsodium refuses a point of small order whatever the other half is. */
    uint8_t sk[crypto_box_SECRETKEYBYTES];
    uint8_t shared[crypto_box_BEFORENMBYTES];

    memset(sk, 1, sizeof(sk));
    return crypto_box_beforenm(shared, pk, sk) == 0;
}

static enum sl_code argon2id(uint8_t out[E2_KEY_BYTES], struct sl_bytes secret,
                             const uint8_t salt[E2_SALT_BYTES], size_t memory, struct sl_err *err)
{
    uint8_t key[E2_KEY_BYTES];

    if (crypto_pwhash(key, sizeof(key), (const char *)secret.data, secret.len, salt, ARGON_OPS,
                      memory, crypto_pwhash_ALG_ARGON2ID13) != 0) {
        return sl_fail(err, SL_SYSTEM, "not enough memory: %zu MiB are needed", memory >> 20);
    }
    memcpy(out, key, sizeof(key));
    sodium_memzero(key, sizeof(key));
    return SL_OK;
}

enum sl_code e2_argon2id(uint8_t out[E2_KEY_BYTES], struct sl_bytes secret,
                         const uint8_t salt[E2_SALT_BYTES], struct sl_err *err)
{
    return argon2id(out, secret, salt, ARGON_BYTES, err);
}

enum sl_code e2_argon2id_file(uint8_t out[E2_KEY_BYTES], struct sl_bytes secret,
                              const uint8_t salt[E2_SALT_BYTES], struct sl_err *err)
{
    return argon2id(out, secret, salt, ARGON_FILE_BYTES, err);
}

void e2_pad(struct sl_buf *buf, size_t block)
{
    size_t padded = 0;

    if (buf->cap - buf->len < block) {
        buf->data = e2_grow_secret(buf->data, buf->len, buf->len + block);
        buf->cap = buf->len + block;
    }
    /* It fails only when there is no room for it. */
    (void)sodium_pad(&padded, buf->data, buf->len, block, buf->len + block);
    buf->len = padded;
}

bool e2_unpad(struct sl_buf *buf, size_t block)
{
    size_t plain = 0;

    if (sodium_unpad(&plain, buf->data, buf->len, block) != 0) {
        return false;
    }
    buf->len = plain;
    return true;
}

static void be32(uint8_t out[4], uint32_t v)
{
    out[0] = (uint8_t)(v >> 24);
    out[1] = (uint8_t)(v >> 16);
    out[2] = (uint8_t)(v >> 8);
    out[3] = (uint8_t)v;
}

void e2_key_id(uint8_t out[SL_HASH_BYTES], const uint8_t thread_id[SL_ID_BYTES],
               uint32_t generation, const uint8_t key[E2_KEY_BYTES])
{
    uint8_t number[4];

    be32(number, generation);
    const struct sl_bytes parts[] = {
        E2_LABEL("sendline-key-v1"), {thread_id, SL_ID_BYTES}, {number, 4}, {key, E2_KEY_BYTES}};
    e2_hash(out, SL_HASH_BYTES, parts, 4);
}

static void previous_ad(struct sl_buf *ad, const uint8_t id[SL_ID_BYTES], uint32_t generation)
{
    const struct sl_bytes label = E2_LABEL("sendline-previous-v1");

    sl_buf_put(ad, label.data, label.len);
    sl_buf_put(ad, id, SL_ID_BYTES);
    sl_buf_put_u32(ad, generation);
}

void e2_previous(uint8_t out[SL_PREVIOUS_BYTES], const uint8_t key[E2_KEY_BYTES],
                 const uint8_t id[SL_ID_BYTES], uint32_t generation,
                 const uint8_t old[E2_KEY_BYTES], const struct sl_rand *rand)
{
    SL_AUTO(buf) struct sl_buf ad = {0};
    SL_AUTO(buf) struct sl_buf sealed = {0};

    previous_ad(&ad, id, generation);
    e2_aead(&sealed, key, sl_buf_bytes(&ad), (struct sl_bytes){old, E2_KEY_BYTES}, rand);
    memcpy(out, sealed.data, SL_PREVIOUS_BYTES);
}

bool e2_previous_open(uint8_t old[E2_KEY_BYTES], const uint8_t key[E2_KEY_BYTES],
                      const uint8_t id[SL_ID_BYTES], uint32_t generation,
                      const uint8_t previous[SL_PREVIOUS_BYTES])
{
    SL_AUTO(buf) struct sl_buf ad = {0};
    SL_AUTO(secret) struct sl_buf opened = {0};

    previous_ad(&ad, id, generation);
    if (!e2_aead_open(&opened, key, sl_buf_bytes(&ad),
                      (struct sl_bytes){previous, SL_PREVIOUS_BYTES})) {
        return false;
    }
    memcpy(old, opened.data, E2_KEY_BYTES);
    return true;
}

void e2_notes_thread_id(uint8_t out[SL_ID_BYTES], const uint8_t case_id[SL_ID_BYTES])
{
    const struct sl_bytes parts[] = {E2_LABEL("sendline-notes-v1"), {case_id, SL_ID_BYTES}};

    e2_hash(out, SL_ID_BYTES, parts, 2);
}
