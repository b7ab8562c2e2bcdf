#include "e2ee/account.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "common/text.h"
#include "e2ee/prints.h"

enum {
    VAULT_BLOCK = 1024
};
static const char context[] = "SLpasswd";

static char *nfkc(const char *text)
{
    utf8proc_uint8_t *out = NULL;

    if (!sl_utf8_ok(text, strlen(text)) ||
        utf8proc_map((const utf8proc_uint8_t *)text, 0, &out,
                     UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT) <
            0) {
        return NULL;
    }
    return (char *)out;
}

char *e2_address_normal(const char *address)
{
    SL_AUTO(str) char *text = nfkc(address);

    if (text == NULL) {
        return NULL;
    }
    const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text;
    size_t start = 0;
    size_t end = 0;
    bool begun = false;
    for (size_t i = 0; text[i] != '\0';) {
        utf8proc_int32_t point = 0;
        const utf8proc_ssize_t n = utf8proc_iterate(at + i, -1, &point);
        const size_t step = n > 0 ? (size_t)n : 1;
        if (!e2_is_space(point)) {
            start = begun ? start : i;
            begun = true;
            end = i + step;
        }
        i += step;
    }
    char *out = sl_strndup(text + start, end - start);
    sl_lower(out);
    return out;
}

void e2_password_salt(uint8_t out[E2_SALT_BYTES], const char *service, const char *normal_address)
{
    const uint8_t zero = 0;
    const struct sl_bytes parts[] = {
        E2_LABEL("sendline-salt-v1"),
        {(const uint8_t *)service, strlen(service)},
        {&zero, 1},
        {(const uint8_t *)normal_address, strlen(normal_address)},
    };

    e2_hash(out, E2_SALT_BYTES, parts, 4);
}

void sl_auto_e2_password_keys(struct e2_password_keys *keys)
{
    sodium_memzero(keys, sizeof(*keys));
}

enum sl_code e2_password_derive(const char *service, const char *address, const char *password,
                                struct e2_password_keys *out, struct sl_err *err)
{
    SL_AUTO(e2_password_keys) struct e2_password_keys made = {0};
    SL_AUTO(str) char *normal = e2_address_normal(address);
    char *text = nfkc(password);
    uint8_t salt[E2_SALT_BYTES];
    uint8_t part[E2_KEY_BYTES];

    if (normal == NULL || text == NULL) {
        free(text);
        return sl_fail(err, SL_BAD_REQUEST, "address and password are text");
    }
    e2_password_salt(salt, service, normal);
    enum sl_code rc =
        e2_argon2id(made.master, (struct sl_bytes){(const uint8_t *)text, strlen(text)}, salt, err);
    sodium_memzero(text, strlen(text));
    free(text);
    if (rc != SL_OK) {
        return rc;
    }
    e2_kdf(part, made.master, 1, context);
    (void)crypto_sign_seed_keypair(made.auth_pk, made.auth_sk, part);
    sodium_memzero(part, sizeof(part));
    e2_kdf(made.vault_key, made.master, 2, context);
    *out = made;
    return SL_OK;
}

static void ad_of(struct sl_buf *ad, struct sl_bytes label, const uint8_t parent_id[SL_ID_BYTES])
{
    sl_buf_put(ad, label.data, label.len);
    sl_buf_put(ad, parent_id, SL_ID_BYTES);
}

void e2_vault_seal(const uint8_t vault_key[E2_KEY_BYTES], const uint8_t parent_id[SL_ID_BYTES],
                   struct sl_bytes json, const struct sl_rand *rand, struct sl_buf *out)
{
    SL_AUTO(buf) struct sl_buf ad = {0};
    SL_AUTO(secret) struct sl_buf text = {0};

    sl_buf_reserve(&text, json.len + VAULT_BLOCK);
    sl_buf_put(&text, json.data, json.len);
    e2_pad(&text, VAULT_BLOCK);
    ad_of(&ad, E2_LABEL("sendline-vault-v1"), parent_id);
    e2_aead(out, vault_key, sl_buf_bytes(&ad), sl_buf_bytes(&text), rand);
}

bool e2_vault_open(const uint8_t vault_key[E2_KEY_BYTES], const uint8_t parent_id[SL_ID_BYTES],
                   struct sl_bytes vault, struct sl_buf *json)
{
    SL_AUTO(buf) struct sl_buf ad = {0};
    SL_AUTO(secret) struct sl_buf text = {0};

    ad_of(&ad, E2_LABEL("sendline-vault-v1"), parent_id);
    if (!e2_aead_open(&text, vault_key, sl_buf_bytes(&ad), vault) ||
        !e2_unpad(&text, VAULT_BLOCK)) {
        return false;
    }
    sl_buf_put(json, text.data, text.len);
    return true;
}

void e2_tab_seal(const uint8_t tab_key[E2_KEY_BYTES], const uint8_t parent_id[SL_ID_BYTES],
                 struct sl_bytes json, const struct sl_rand *rand, struct sl_buf *out)
{
    SL_AUTO(buf) struct sl_buf ad = {0};

    ad_of(&ad, E2_LABEL("sendline-tab-v1"), parent_id);
    e2_aead(out, tab_key, sl_buf_bytes(&ad), json, rand);
}

bool e2_tab_open(const uint8_t tab_key[E2_KEY_BYTES], const uint8_t parent_id[SL_ID_BYTES],
                 struct sl_bytes tab, struct sl_buf *json)
{
    SL_AUTO(buf) struct sl_buf ad = {0};

    ad_of(&ad, E2_LABEL("sendline-tab-v1"), parent_id);
    return e2_aead_open(json, tab_key, sl_buf_bytes(&ad), tab);
}
