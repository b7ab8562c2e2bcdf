#include "e2ee/invite.h"

#include <sodium.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "e2ee/fields.h"
#include "e2ee/plaintext.h"

enum {
    PARCEL_BLOCK = 1024
};
static const char context[] = "SLinvite";

void sl_auto_e2_invite(struct e2_invite *invite)
{
    sodium_memzero(invite, sizeof(*invite));
}

static void random_code(const struct sl_rand *rand, char out[E2_CODE_DIGITS + 1])
{
    size_t have = 0;

    while (have < E2_CODE_DIGITS) {
        uint8_t byte = 0;
        sl_rand_fill(rand, &byte, 1);
        /* From 250 on the digits 0 to 5 would be a little likelier than the rest. */
        if (byte < 250) {
            out[have++] = (char)('0' + byte % 10);
        }
    }
    out[E2_CODE_DIGITS] = '\0';
}

enum sl_code e2_invite_derive(const uint8_t secret[E2_TYPED_RAW], const char *code,
                              struct e2_invite *out, struct sl_err *err)
{
    SL_AUTO(e2_invite) struct e2_invite made = {0};
    uint8_t text[E2_TYPED_RAW + E2_CODE_DIGITS];
    uint8_t seed[E2_KEY_BYTES];
    uint8_t part[E2_KEY_BYTES];

    if (strlen(code) != E2_CODE_DIGITS || strspn(code, "0123456789") != E2_CODE_DIGITS) {
        return sl_fail(err, SL_BAD_REQUEST, "a code has twelve digits");
    }
    memcpy(made.secret, secret, E2_TYPED_RAW);
    memcpy(made.code, code, E2_CODE_DIGITS + 1);
    const struct sl_bytes parts[] = {E2_LABEL("sendline-invite-v1"), {secret, E2_TYPED_RAW}};
    e2_hash(made.invite_id, SL_ID_BYTES, parts, 2);
    memcpy(text, secret, E2_TYPED_RAW);
    memcpy(text + E2_TYPED_RAW, code, E2_CODE_DIGITS);
    enum sl_code rc = e2_argon2id(seed, (struct sl_bytes){text, sizeof(text)}, made.invite_id, err);
    if (rc == SL_OK) {
        e2_kdf(part, seed, 1, context);
        (void)crypto_sign_seed_keypair(made.accept_pk, made.accept_sk, part);
        e2_kdf(made.wrap, seed, 2, context);
        *out = made;
    }
    sodium_memzero(text, sizeof(text));
    sodium_memzero(seed, sizeof(seed));
    sodium_memzero(part, sizeof(part));
    return rc;
}

enum sl_code e2_invite_make(const struct sl_rand *rand, struct e2_invite *out, struct sl_err *err)
{
    uint8_t secret[E2_TYPED_RAW];
    char code[E2_CODE_DIGITS + 1];

    sl_rand_fill(rand, secret, sizeof(secret));
    random_code(rand, code);
    enum sl_code rc = e2_invite_derive(secret, code, out, err);
    sodium_memzero(secret, sizeof(secret));
    sodium_memzero(code, sizeof(code));
    return rc;
}

char *e2_invite_link(const char *public_url, const uint8_t secret[E2_TYPED_RAW])
{
    SL_AUTO(str) char *text = sl_b64(secret, E2_TYPED_RAW);

    return sl_strf("%s/#i=%s", public_url, text);
}

static json_t *thread_json(const struct e2_parcel_thread *thread)
{
    json_t *json = sl_json_new();

    sl_json_set_bytes(json, "id", thread->thread_id, SL_ID_BYTES);
    sl_json_set_int(json, "generation", thread->generation);
    e2_set_secret(json, "key", thread->key, E2_KEY_BYTES);
    sl_json_set_int(json, "seq", thread->seq);
    sl_json_set_bytes(json, "link", thread->link, SL_HASH_BYTES);
    return json;
}

static json_t *parcel_json(const struct e2_parcel *parcel)
{
    json_t *json = sl_json_new();
    json_t *roots = sl_json_new_array();
    json_t *threads = sl_json_new_array();

    for (size_t i = 0; i < parcel->root_count; i++) {
        SL_AUTO(str) char *text = sl_b64(parcel->roots[i], SL_PK_BYTES);
        sl_json_append(roots, json_string(text));
    }
    for (size_t i = 0; i < parcel->thread_count; i++) {
        sl_json_append(threads, thread_json(&parcel->threads[i]));
    }
    sl_json_set_str(json, "service", parcel->service);
    sl_json_set(json, "roots", roots);
    sl_json_set_int(json, "serial", parcel->serial);
    sl_json_set_str(json, "address", parcel->address);
    sl_json_set_bytes(json, "parent", parcel->parent_id, SL_ID_BYTES);
    sl_json_set(json, "threads", threads);
    return json;
}

static void parcel_ad(struct sl_buf *ad, const uint8_t invite_id[SL_ID_BYTES])
{
    const struct sl_bytes label = E2_LABEL("sendline-parcel-v1");

    sl_buf_put(ad, label.data, label.len);
    sl_buf_put(ad, invite_id, SL_ID_BYTES);
}

enum sl_code e2_parcel_seal(const struct e2_invite *invite, const struct e2_parcel *parcel,
                            const struct sl_rand *rand, struct sl_buf *out, struct sl_err *err)
{
    SL_AUTO(buf) struct sl_buf ad = {0};
    SL_AUTO(secret) struct sl_buf text = {0};

    if (!sl_utf8_ok(parcel->service, strlen(parcel->service)) ||
        !sl_utf8_ok(parcel->address, strlen(parcel->address))) {
        return sl_fail(err, SL_BAD_REQUEST, "service and address are text");
    }
    if (parcel->root_count == 0 || parcel->thread_count == 0) {
        return sl_fail(err, SL_BAD_REQUEST, "a parcel has roots and threads");
    }
    SL_AUTO(json) json_t *json = parcel_json(parcel);
    enum sl_code rc = e2_object_write(E2_PARCEL, json, &text, err);
    if (rc != SL_OK) {
        return rc;
    }
    e2_pad(&text, PARCEL_BLOCK);
    if (text.len + E2_AEAD_BYTES > SL_MAX_PARCEL_BYTES) {
        return sl_fail(err, SL_TOO_BIG, "a parcel of %zu bytes", text.len);
    }
    parcel_ad(&ad, invite->invite_id);
    e2_aead(out, invite->wrap, sl_buf_bytes(&ad), sl_buf_bytes(&text), rand);
    return SL_OK;
}

enum sl_code e2_parcel_open(const struct e2_invite *invite, struct sl_bytes parcel, json_t **json,
                            struct sl_err *err)
{
    SL_AUTO(buf) struct sl_buf ad = {0};
    SL_AUTO(secret) struct sl_buf text = {0};

    parcel_ad(&ad, invite->invite_id);
    if (!e2_aead_open(&text, invite->wrap, sl_buf_bytes(&ad), parcel) ||
        !e2_unpad(&text, PARCEL_BLOCK)) {
        return sl_fail(err, SL_SIGNATURE_WRONG, "the parcel does not open");
    }
    return e2_object_read(E2_PARCEL, sl_buf_bytes(&text), json, err);
}
