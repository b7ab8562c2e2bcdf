/*
 * A thread's entries as bytes, exactly as crypto.md: the header, the clear bodies, digest and
 * chain. Shared by the server (which checks what it can) and the command line. No secrets here.
 * Thread: any; no state.
 */
#ifndef SENDLINE_COMMON_ENTRY_H
#define SENDLINE_COMMON_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/proto.h"

enum {
    SL_ID_BYTES = 16,
    SL_HASH_BYTES = 32,
    SL_PK_BYTES = 32,
    SL_SIG_BYTES = 64,
    SL_HEADER_BYTES = 98,
    SL_PREVIOUS_BYTES = 72,
    SL_SEALED_KEY_BYTES = 80, /**< crypto_box_seal of 32 bytes */
    SL_MESSAGE_BODY_MIN = 296,
    SL_MESSAGE_BODY_MAX = 16680
};

enum sl_entry_type {
    SL_ENTRY_MESSAGE = 1,
    SL_ENTRY_KEY,
    SL_ENTRY_INVITE,
    SL_ENTRY_KEYS,
    SL_ENTRY_SEEN
};
enum sl_holder_kind {
    SL_HOLDER_STAFF = 1,
    SL_HOLDER_TEAM = 2,
    SL_HOLDER_RECORDS = 3,
    SL_HOLDER_PARENT = 4
};

struct sl_header {
    uint8_t version;
    uint8_t type;
    uint8_t thread_id[SL_ID_BYTES];
    uint8_t author_id[SL_ID_BYTES];
    uint8_t entry_id[SL_ID_BYTES];
    uint64_t sent_at; /**< Unix seconds, the author's clock */
    uint32_t generation;
    uint32_t prev_seq;
    uint8_t prev_link[SL_HASH_BYTES];
};

/** An entry taken apart; the pointers are borrowed from the bytes given. */
struct sl_entry {
    struct sl_header header;
    struct sl_bytes header_bytes; /**< 98 */
    struct sl_bytes body;
    const uint8_t *signature; /**< 64 */
};

struct sl_grant {
    uint8_t kind; /**< 2 team, 3 records, 4 parent */
    uint8_t holder_id[SL_ID_BYTES];
    uint32_t holder_generation; /**< for the parent: seq of their keys entry */
    uint8_t box_pk[SL_PK_BYTES];
    uint8_t sealed[SL_SEALED_KEY_BYTES];
};

struct sl_key_body {
    uint32_t roster_serial;
    uint8_t roster_hash[SL_HASH_BYTES];
    uint8_t key_id[SL_HASH_BYTES];
    uint8_t previous[SL_PREVIOUS_BYTES];
    uint8_t grant_count;
    struct sl_grant grants[SL_MAX_GRANTS];
};

struct sl_invite_body {
    uint8_t invite_id[SL_ID_BYTES];
    uint8_t parent_id[SL_ID_BYTES];
    uint8_t accept_pk[SL_PK_BYTES];
    uint64_t expires_at;
};

struct sl_keys_body {
    uint32_t by; /**< seq of the invite entry, or 0: by the old keys */
    uint8_t sign_pk[SL_PK_BYTES];
    uint8_t box_pk[SL_PK_BYTES];
    uint8_t proof[SL_SIG_BYTES];
};

/**
 * Take an entry apart: rule 1 as far as bytes go (version, known type, the lengths that the type
 * allows).
 * @return SL_OK; SL_ENTRY_REFUSED with the reason in err. `bytes` must outlive *out.
 */
SL_MUST_USE enum sl_code sl_entry_parse(const void *bytes, size_t len, struct sl_entry *out,
                                        struct sl_err *err);
SL_MUST_USE enum sl_code sl_header_parse(const uint8_t bytes[SL_HEADER_BYTES],
                                         struct sl_header *out);
SL_MUST_USE enum sl_code sl_key_body_parse(struct sl_bytes body, struct sl_key_body *out,
                                           struct sl_err *err);
SL_MUST_USE enum sl_code sl_invite_body_parse(struct sl_bytes body, struct sl_invite_body *out,
                                              struct sl_err *err);
SL_MUST_USE enum sl_code sl_keys_body_parse(struct sl_bytes body, struct sl_keys_body *out,
                                            struct sl_err *err);

void sl_header_put(struct sl_buf *out, const struct sl_header *header);
void sl_key_body_put(struct sl_buf *out, const struct sl_key_body *body);
void sl_invite_body_put(struct sl_buf *out, const struct sl_invite_body *body);
void sl_keys_body_put(struct sl_buf *out, const struct sl_keys_body *body);

/** What the author signs: "sendline-entry-v1" ‖ header ‖ body. Appends. */
void sl_entry_signed_put(struct sl_buf *out, const void *header, const void *body, size_t body_len);
/** Does the entry's signature hold under sign_pk? 61 µs. */
bool sl_entry_signature_ok(const struct sl_entry *entry, const uint8_t sign_pk[SL_PK_BYTES]);
/** Appends what a keys entry's proof signs: "sendline-accept-v1" ‖ thread ‖ parent ‖ by ‖ pks. */
void sl_keys_proof_put(struct sl_buf *out, const uint8_t thread_id[SL_ID_BYTES],
                       const uint8_t parent_id[SL_ID_BYTES], const struct sl_keys_body *body);
/** Does a keys entry's proof hold under pk (the accept key, or the old sign key)? */
bool sl_keys_proof_ok(const struct sl_entry *entry, const struct sl_keys_body *body,
                      const uint8_t pk[SL_PK_BYTES]);

/** hash(32, "sendline-body-v1" ‖ body ‖ signature) */
void sl_body_hash(const struct sl_entry *entry, uint8_t out[SL_HASH_BYTES]);
/** digest(n) from header and body hash. */
void sl_digest(const uint8_t header[SL_HEADER_BYTES], const uint8_t body_hash[SL_HASH_BYTES],
               uint8_t out[SL_HASH_BYTES]);
/** link(0) of a thread. */
void sl_link_first(const uint8_t thread_id[SL_ID_BYTES], uint8_t out[SL_HASH_BYTES]);
/** link(n) from link(n-1) and digest(n). out may be before. */
void sl_link_next(const uint8_t thread_id[SL_ID_BYTES], uint32_t n,
                  const uint8_t before[SL_HASH_BYTES], const uint8_t digest[SL_HASH_BYTES],
                  uint8_t out[SL_HASH_BYTES]);

/** What is signed to sign in: purpose 1 parent, 2 staff, 3 invitee, 4 new password. extra may be
 * NULL: zeros. */
void sl_auth_signed_put(struct sl_buf *out, uint8_t purpose, const char *host,
                        const uint8_t challenge[32], const uint8_t extra[32]);
/** hash(32, "sendline-change-v1" ‖ new auth_pk ‖ new vault) */
void sl_auth_change_extra(const uint8_t auth_pk[32], const void *vault, size_t vault_len,
                          uint8_t out[32]);

#endif
