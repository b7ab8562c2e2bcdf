/*
 * Files: secretstream over chunks of 64 KiB, the last zero-filled and tagged FINAL. Sealed and
 * opened as a stream, so that 25 MiB need not be in memory. Blob: 24 bytes of header, then chunks
 * of 65,553 bytes; an empty file is one. Thread: one owner.
 *
 * Opening checks tags as it goes, and length and hash at the end: write to a temporary file, and
 * give it its name only when e2_file_open_end says SL_OK.
 */
#ifndef SENDLINE_E2EE_FILE_H
#define SENDLINE_E2EE_FILE_H

#include <sodium.h>

#include "e2ee/prim.h"

enum {
    E2_CHUNK_BYTES = 65536,
    E2_SEALED_CHUNK_BYTES = E2_CHUNK_BYTES + 17,
    E2_FILE_HEAD_BYTES = 24,
    E2_FILE_MAX_BYTES = 25 * 1024 * 1024
};

/** Bytes of the blob of a file. */
uint64_t e2_blob_bytes(uint64_t file_bytes);

struct e2_file_sealer {
    crypto_secretstream_xchacha20poly1305_state stream;
    crypto_generichash_state hash;
};
/** Starts; appends the head. */
void e2_file_seal_start(struct e2_file_sealer *s, const uint8_t key[E2_KEY_BYTES],
                        const struct sl_rand *rand, struct sl_buf *out);
/** One chunk: E2_CHUNK_BYTES, or for the last one 0 to that. Appends. */
void e2_file_seal_chunk(struct e2_file_sealer *s, struct sl_bytes chunk, bool last,
                        struct sl_buf *out);
/** hash(32, "sendline-blob-v1" ‖ blob); wipes the state. */
void e2_file_seal_end(struct e2_file_sealer *s, uint8_t hash[SL_HASH_BYTES]);

struct e2_file_opener {
    crypto_secretstream_xchacha20poly1305_state stream;
    crypto_generichash_state hash;
    uint64_t size; /**< of the file, from the message */
    uint64_t done; /**< bytes of it that were given out */
    bool ended;
    uint8_t want[SL_HASH_BYTES];
};
/** @return SL_OK; SL_TOO_BIG; SL_SIGNATURE_WRONG: no such head. */
SL_MUST_USE enum sl_code e2_file_open_start(struct e2_file_opener *o,
                                            const uint8_t key[E2_KEY_BYTES], uint64_t size,
                                            const uint8_t hash[SL_HASH_BYTES],
                                            const uint8_t head[E2_FILE_HEAD_BYTES],
                                            struct sl_err *err);
/** One sealed chunk; appends what is the file's own. @return SL_OK; SL_SIGNATURE_WRONG: altered,
 * cut, out of order, past its end or not zero-filled. */
SL_MUST_USE enum sl_code e2_file_open_chunk(struct e2_file_opener *o, struct sl_bytes sealed,
                                            struct sl_buf *out, struct sl_err *err);
/** @return SL_OK: length, last tag and hash are right; SL_SIGNATURE_WRONG. Wipes the state. */
SL_MUST_USE enum sl_code e2_file_open_end(struct e2_file_opener *o, struct sl_err *err);

#endif
