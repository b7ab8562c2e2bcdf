#include "common/entry.h"

#include <sodium.h>
#include <string.h>

/* The NUL that ends a label is part of what is signed or hashed, so sizeof is the right length. */
static const char label_entry[] = "sendline-entry-v1";
static const char label_accept[] = "sendline-accept-v1";
static const char label_body[] = "sendline-body-v1";
static const char label_digest[] = "sendline-digest-v1";
static const char label_chain[] = "sendline-chain-v1";
static const char label_auth[] = "sendline-auth-v1";
static const char label_change[] = "sendline-change-v1";

enum {
    VERSION = 1,
    KEY_BODY_FIXED = 4 + SL_HASH_BYTES + SL_HASH_BYTES + SL_PREVIOUS_BYTES + 1,
    GRANT_BYTES = 1 + SL_ID_BYTES + 4 + SL_PK_BYTES + SL_SEALED_KEY_BYTES,
    INVITE_BODY = SL_ID_BYTES + SL_ID_BYTES + SL_PK_BYTES + 8,
    KEYS_BODY = 4 + SL_PK_BYTES + SL_PK_BYTES + SL_SIG_BYTES
};

static void copy_from(struct sl_reader *r, uint8_t *out, size_t n)
{
    const uint8_t *at = sl_read_bytes(r, n);

    if (at != NULL) {
        memcpy(out, at, n);
    } else {
        memset(out, 0, n);
    }
}

static bool type_known(uint8_t type)
{
    return type >= SL_ENTRY_MESSAGE && type <= SL_ENTRY_SEEN;
}

static bool body_length_ok(uint8_t type, struct sl_bytes body)
{
    switch ((enum sl_entry_type)type) {
    case SL_ENTRY_MESSAGE:
        return body.len >= SL_MESSAGE_BODY_MIN && body.len <= SL_MESSAGE_BODY_MAX;
    case SL_ENTRY_KEY:
        return body.len >= KEY_BODY_FIXED &&
               body.len == KEY_BODY_FIXED + (size_t)body.data[KEY_BODY_FIXED - 1] * GRANT_BYTES;
    case SL_ENTRY_INVITE:
        return body.len == INVITE_BODY;
    case SL_ENTRY_KEYS:
        return body.len == KEYS_BODY;
    case SL_ENTRY_SEEN:
        return body.len == 0;
    }
    return false;
}

static void header_read(const uint8_t bytes[SL_HEADER_BYTES], struct sl_header *out)
{
    struct sl_reader r = sl_reader_of(bytes, SL_HEADER_BYTES);

    out->version = sl_read_u8(&r);
    out->type = sl_read_u8(&r);
    copy_from(&r, out->thread_id, SL_ID_BYTES);
    copy_from(&r, out->author_id, SL_ID_BYTES);
    copy_from(&r, out->entry_id, SL_ID_BYTES);
    out->sent_at = sl_read_u64(&r);
    out->generation = sl_read_u32(&r);
    out->prev_seq = sl_read_u32(&r);
    copy_from(&r, out->prev_link, SL_HASH_BYTES);
}

enum sl_code sl_header_parse(const uint8_t bytes[SL_HEADER_BYTES], struct sl_header *out)
{
    if (bytes[0] != VERSION || !type_known(bytes[1])) {
        return SL_ENTRY_REFUSED;
    }
    header_read(bytes, out);
    return SL_OK;
}

enum sl_code sl_entry_parse(const void *bytes, size_t len, struct sl_entry *out, struct sl_err *err)
{
    const uint8_t *at = bytes;

    if (len < SL_HEADER_BYTES + SL_SIG_BYTES) {
        return sl_fail(err, SL_ENTRY_REFUSED, "entry of %zu bytes", len);
    }
    if (at[0] != VERSION) {
        return sl_fail(err, SL_ENTRY_REFUSED, "version %u", at[0]);
    }
    if (!type_known(at[1])) {
        return sl_fail(err, SL_ENTRY_REFUSED, "type %u", at[1]);
    }
    struct sl_bytes body = {at + SL_HEADER_BYTES, len - SL_HEADER_BYTES - SL_SIG_BYTES};
    if (!body_length_ok(at[1], body)) {
        return sl_fail(err, SL_ENTRY_REFUSED, "body of %zu bytes in type %u", body.len, at[1]);
    }
    header_read(at, &out->header);
    out->header_bytes = (struct sl_bytes){at, SL_HEADER_BYTES};
    out->body = body;
    out->signature = at + SL_HEADER_BYTES + body.len;
    return SL_OK;
}

static void grant_read(struct sl_reader *r, struct sl_grant *out)
{
    out->kind = sl_read_u8(r);
    copy_from(r, out->holder_id, SL_ID_BYTES);
    out->holder_generation = sl_read_u32(r);
    copy_from(r, out->box_pk, SL_PK_BYTES);
    copy_from(r, out->sealed, SL_SEALED_KEY_BYTES);
}

enum sl_code sl_key_body_parse(struct sl_bytes body, struct sl_key_body *out, struct sl_err *err)
{
    if (!body_length_ok(SL_ENTRY_KEY, body)) {
        return sl_fail(err, SL_ENTRY_REFUSED, "key body of %zu bytes", body.len);
    }
    /* Not a matter of length (rule 1) but of rule 6, which wants two or three. */
    if (body.data[KEY_BODY_FIXED - 1] > SL_MAX_GRANTS) {
        return sl_fail(err, SL_ENTRY_REFUSED, "%u grants", body.data[KEY_BODY_FIXED - 1]);
    }
    struct sl_reader r = sl_reader_of(body.data, body.len);
    memset(out, 0, sizeof(*out));
    out->roster_serial = sl_read_u32(&r);
    copy_from(&r, out->roster_hash, SL_HASH_BYTES);
    copy_from(&r, out->key_id, SL_HASH_BYTES);
    copy_from(&r, out->previous, SL_PREVIOUS_BYTES);
    out->grant_count = sl_read_u8(&r);
    for (size_t i = 0; i < out->grant_count; i++) {
        grant_read(&r, &out->grants[i]);
    }
    return SL_OK;
}

enum sl_code sl_invite_body_parse(struct sl_bytes body, struct sl_invite_body *out,
                                  struct sl_err *err)
{
    if (!body_length_ok(SL_ENTRY_INVITE, body)) {
        return sl_fail(err, SL_ENTRY_REFUSED, "invite body of %zu bytes", body.len);
    }
    struct sl_reader r = sl_reader_of(body.data, body.len);
    copy_from(&r, out->invite_id, SL_ID_BYTES);
    copy_from(&r, out->parent_id, SL_ID_BYTES);
    copy_from(&r, out->accept_pk, SL_PK_BYTES);
    out->expires_at = sl_read_u64(&r);
    return SL_OK;
}

enum sl_code sl_keys_body_parse(struct sl_bytes body, struct sl_keys_body *out, struct sl_err *err)
{
    if (!body_length_ok(SL_ENTRY_KEYS, body)) {
        return sl_fail(err, SL_ENTRY_REFUSED, "keys body of %zu bytes", body.len);
    }
    struct sl_reader r = sl_reader_of(body.data, body.len);
    out->by = sl_read_u32(&r);
    copy_from(&r, out->sign_pk, SL_PK_BYTES);
    copy_from(&r, out->box_pk, SL_PK_BYTES);
    copy_from(&r, out->proof, SL_SIG_BYTES);
    return SL_OK;
}

void sl_header_put(struct sl_buf *out, const struct sl_header *header)
{
    sl_buf_put_u8(out, header->version);
    sl_buf_put_u8(out, header->type);
    sl_buf_put(out, header->thread_id, SL_ID_BYTES);
    sl_buf_put(out, header->author_id, SL_ID_BYTES);
    sl_buf_put(out, header->entry_id, SL_ID_BYTES);
    sl_buf_put_u64(out, header->sent_at);
    sl_buf_put_u32(out, header->generation);
    sl_buf_put_u32(out, header->prev_seq);
    sl_buf_put(out, header->prev_link, SL_HASH_BYTES);
}

void sl_key_body_put(struct sl_buf *out, const struct sl_key_body *body)
{
    sl_buf_put_u32(out, body->roster_serial);
    sl_buf_put(out, body->roster_hash, SL_HASH_BYTES);
    sl_buf_put(out, body->key_id, SL_HASH_BYTES);
    sl_buf_put(out, body->previous, SL_PREVIOUS_BYTES);
    sl_buf_put_u8(out, body->grant_count);
    for (size_t i = 0; i < body->grant_count; i++) {
        const struct sl_grant *grant = &body->grants[i];
        sl_buf_put_u8(out, grant->kind);
        sl_buf_put(out, grant->holder_id, SL_ID_BYTES);
        sl_buf_put_u32(out, grant->holder_generation);
        sl_buf_put(out, grant->box_pk, SL_PK_BYTES);
        sl_buf_put(out, grant->sealed, SL_SEALED_KEY_BYTES);
    }
}

void sl_invite_body_put(struct sl_buf *out, const struct sl_invite_body *body)
{
    sl_buf_put(out, body->invite_id, SL_ID_BYTES);
    sl_buf_put(out, body->parent_id, SL_ID_BYTES);
    sl_buf_put(out, body->accept_pk, SL_PK_BYTES);
    sl_buf_put_u64(out, body->expires_at);
}

void sl_keys_body_put(struct sl_buf *out, const struct sl_keys_body *body)
{
    sl_buf_put_u32(out, body->by);
    sl_buf_put(out, body->sign_pk, SL_PK_BYTES);
    sl_buf_put(out, body->box_pk, SL_PK_BYTES);
    sl_buf_put(out, body->proof, SL_SIG_BYTES);
}

void sl_entry_signed_put(struct sl_buf *out, const void *header, const void *body, size_t body_len)
{
    sl_buf_put(out, label_entry, sizeof(label_entry));
    sl_buf_put(out, header, SL_HEADER_BYTES);
    sl_buf_put(out, body, body_len);
}

bool sl_entry_signature_ok(const struct sl_entry *entry, const uint8_t sign_pk[SL_PK_BYTES])
{
    SL_AUTO(buf) struct sl_buf text = {0};

    sl_entry_signed_put(&text, entry->header_bytes.data, entry->body.data, entry->body.len);
    return crypto_sign_verify_detached(entry->signature, text.data, text.len, sign_pk) == 0;
}

void sl_keys_proof_put(struct sl_buf *out, const uint8_t thread_id[SL_ID_BYTES],
                       const uint8_t parent_id[SL_ID_BYTES], const struct sl_keys_body *body)
{
    sl_buf_put(out, label_accept, sizeof(label_accept));
    sl_buf_put(out, thread_id, SL_ID_BYTES);
    sl_buf_put(out, parent_id, SL_ID_BYTES);
    sl_buf_put_u32(out, body->by);
    sl_buf_put(out, body->sign_pk, SL_PK_BYTES);
    sl_buf_put(out, body->box_pk, SL_PK_BYTES);
}

bool sl_keys_proof_ok(const struct sl_entry *entry, const struct sl_keys_body *body,
                      const uint8_t pk[SL_PK_BYTES])
{
    SL_AUTO(buf) struct sl_buf text = {0};

    sl_keys_proof_put(&text, entry->header.thread_id, entry->header.author_id, body);
    return crypto_sign_verify_detached(body->proof, text.data, text.len, pk) == 0;
}

/* libsodium's hash fails only for lengths outside its bounds, which are constants here. */
static void hash_start(crypto_generichash_state *state, size_t out_len, const char *label,
                       size_t label_len)
{
    (void)crypto_generichash_init(state, NULL, 0, out_len);
    (void)crypto_generichash_update(state, (const unsigned char *)label, label_len);
}

static void hash_add(crypto_generichash_state *state, const void *data, size_t n)
{
    if (n != 0) {
        (void)crypto_generichash_update(state, data, n);
    }
}

void sl_body_hash(const struct sl_entry *entry, uint8_t out[SL_HASH_BYTES])
{
    crypto_generichash_state state;

    hash_start(&state, SL_HASH_BYTES, label_body, sizeof(label_body));
    hash_add(&state, entry->body.data, entry->body.len);
    hash_add(&state, entry->signature, SL_SIG_BYTES);
    (void)crypto_generichash_final(&state, out, SL_HASH_BYTES);
}

void sl_digest(const uint8_t header[SL_HEADER_BYTES], const uint8_t body_hash[SL_HASH_BYTES],
               uint8_t out[SL_HASH_BYTES])
{
    crypto_generichash_state state;

    hash_start(&state, SL_HASH_BYTES, label_digest, sizeof(label_digest));
    hash_add(&state, header, SL_HEADER_BYTES);
    hash_add(&state, body_hash, SL_HASH_BYTES);
    (void)crypto_generichash_final(&state, out, SL_HASH_BYTES);
}

void sl_link_next(const uint8_t thread_id[SL_ID_BYTES], uint32_t n,
                  const uint8_t before[SL_HASH_BYTES], const uint8_t digest[SL_HASH_BYTES],
                  uint8_t out[SL_HASH_BYTES])
{
    const uint8_t number[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8),
                               (uint8_t)n};
    crypto_generichash_state state;

    hash_start(&state, SL_HASH_BYTES, label_chain, sizeof(label_chain));
    hash_add(&state, thread_id, SL_ID_BYTES);
    hash_add(&state, number, sizeof(number));
    hash_add(&state, before, SL_HASH_BYTES);
    hash_add(&state, digest, SL_HASH_BYTES);
    (void)crypto_generichash_final(&state, out, SL_HASH_BYTES);
}

void sl_link_first(const uint8_t thread_id[SL_ID_BYTES], uint8_t out[SL_HASH_BYTES])
{
    static const uint8_t zero[SL_HASH_BYTES];

    sl_link_next(thread_id, 0, zero, zero, out);
}

void sl_auth_signed_put(struct sl_buf *out, uint8_t purpose, const char *host,
                        const uint8_t challenge[32], const uint8_t extra[32])
{
    static const uint8_t zero[32];
    const size_t host_len = strlen(host);

    sl_buf_put(out, label_auth, sizeof(label_auth));
    sl_buf_put_u8(out, purpose);
    /* A DNS name has at most 253 bytes; a longer one can match no signature, whatever is cut off.
     */
    sl_buf_put_u8(out, (uint8_t)(host_len > 255 ? 255 : host_len));
    sl_buf_put(out, host, host_len > 255 ? 255 : host_len);
    sl_buf_put(out, challenge, 32);
    sl_buf_put(out, extra != NULL ? extra : zero, 32);
}

void sl_auth_change_extra(const uint8_t auth_pk[32], const void *vault, size_t vault_len,
                          uint8_t out[32])
{
    crypto_generichash_state state;

    hash_start(&state, SL_HASH_BYTES, label_change, sizeof(label_change));
    hash_add(&state, auth_pk, 32);
    hash_add(&state, vault, vault_len);
    (void)crypto_generichash_final(&state, out, SL_HASH_BYTES);
}
