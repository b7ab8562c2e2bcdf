#include "e2ee/file.h"

#include <string.h>

static const char label[] = "sendline-blob-v1";

uint64_t e2_blob_bytes(uint64_t file_bytes)
{
    const uint64_t chunks = file_bytes == 0 ? 1 : (file_bytes - 1) / E2_CHUNK_BYTES + 1;

    return E2_FILE_HEAD_BYTES + chunks * E2_SEALED_CHUNK_BYTES;
}

static void hash_start(crypto_generichash_state *hash, const uint8_t head[E2_FILE_HEAD_BYTES])
{
    (void)crypto_generichash_init(hash, NULL, 0, SL_HASH_BYTES);
    (void)crypto_generichash_update(hash, (const unsigned char *)label, sizeof(label));
    (void)crypto_generichash_update(hash, head, E2_FILE_HEAD_BYTES);
}

void e2_file_seal_start(struct e2_file_sealer *s, const uint8_t key[E2_KEY_BYTES],
                        const struct sl_rand *rand, struct sl_buf *out)
{
    uint8_t head[E2_FILE_HEAD_BYTES];

    sl_rand_fill(rand, head, sizeof(head));
    /* Pushing, libsodium would choose the head by itself; pulling with ours makes the same state.
     */
    (void)crypto_secretstream_xchacha20poly1305_init_pull(&s->stream, head, key);
    hash_start(&s->hash, head);
    sl_buf_put(out, head, sizeof(head));
}

void e2_file_seal_chunk(struct e2_file_sealer *s, struct sl_bytes chunk, bool last,
                        struct sl_buf *out)
{
    uint8_t whole[E2_CHUNK_BYTES] = {0};
    const size_t n = chunk.len < E2_CHUNK_BYTES ? chunk.len : E2_CHUNK_BYTES;

    if (n != 0) {
        memcpy(whole, chunk.data, n);
    }
    sl_buf_reserve(out, E2_SEALED_CHUNK_BYTES);
    uint8_t *at = out->data + out->len;
    (void)crypto_secretstream_xchacha20poly1305_push(
        &s->stream, at, NULL, whole, sizeof(whole), NULL, 0,
        last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
             : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
    (void)crypto_generichash_update(&s->hash, at, E2_SEALED_CHUNK_BYTES);
    out->len += E2_SEALED_CHUNK_BYTES;
    sodium_memzero(whole, sizeof(whole));
}

void e2_file_seal_end(struct e2_file_sealer *s, uint8_t hash[SL_HASH_BYTES])
{
    (void)crypto_generichash_final(&s->hash, hash, SL_HASH_BYTES);
    sodium_memzero(s, sizeof(*s));
}

enum sl_code e2_file_open_start(struct e2_file_opener *o, const uint8_t key[E2_KEY_BYTES],
                                uint64_t size, const uint8_t hash[SL_HASH_BYTES],
                                const uint8_t head[E2_FILE_HEAD_BYTES], struct sl_err *err)
{
    if (size > E2_FILE_MAX_BYTES) {
        return sl_fail(err, SL_TOO_BIG, "a file has at most %d bytes", E2_FILE_MAX_BYTES);
    }
    memset(o, 0, sizeof(*o));
    if (crypto_secretstream_xchacha20poly1305_init_pull(&o->stream, head, key) != 0) {
        return sl_fail(err, SL_SIGNATURE_WRONG, "not the head of a file");
    }
    o->size = size;
    memcpy(o->want, hash, SL_HASH_BYTES);
    hash_start(&o->hash, head);
    return SL_OK;
}

enum sl_code e2_file_open_chunk(struct e2_file_opener *o, struct sl_bytes sealed,
                                struct sl_buf *out, struct sl_err *err)
{
    SL_AUTO(secret) struct sl_buf whole = {0};
    unsigned char tag = 0;

    if (o->ended || sealed.len != E2_SEALED_CHUNK_BYTES) {
        return sl_fail(err, SL_SIGNATURE_WRONG, "the file was cut or lengthened");
    }
    sl_buf_reserve(&whole, E2_CHUNK_BYTES);
    (void)crypto_generichash_update(&o->hash, sealed.data, sealed.len);
    if (crypto_secretstream_xchacha20poly1305_pull(&o->stream, whole.data, NULL, &tag, sealed.data,
                                                   sealed.len, NULL, 0) != 0) {
        return sl_fail(err, SL_SIGNATURE_WRONG, "the file was altered");
    }
    whole.len = E2_CHUNK_BYTES;
    const uint64_t left = o->size - o->done;
    const size_t n = left < E2_CHUNK_BYTES ? (size_t)left : E2_CHUNK_BYTES;
    const bool last = n == left;
    if (tag != (last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
                     : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE) ||
        (n < E2_CHUNK_BYTES && !sodium_is_zero(whole.data + n, E2_CHUNK_BYTES - n))) {
        return sl_fail(err, SL_SIGNATURE_WRONG, "the file ends elsewhere than it should");
    }
    sl_buf_put(out, whole.data, n);
    o->done += n;
    o->ended = last;
    return SL_OK;
}

enum sl_code e2_file_open_end(struct e2_file_opener *o, struct sl_err *err)
{
    uint8_t hash[SL_HASH_BYTES];

    (void)crypto_generichash_final(&o->hash, hash, sizeof(hash));
    const bool ok = o->ended && sodium_memcmp(hash, o->want, sizeof(hash)) == 0;
    sodium_memzero(o, sizeof(*o));
    if (!ok) {
        return sl_fail(err, SL_SIGNATURE_WRONG, "the file is not the one that the message names");
    }
    return SL_OK;
}
