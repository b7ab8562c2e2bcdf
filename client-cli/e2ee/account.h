/*
 * A parent's password and vault. The command line has no use for them: the vectors hold them, and
 * tests play the parent with them. Thread: any; deriving takes a quarter of a second and 64 MiB.
 */
#ifndef SENDLINE_E2EE_ACCOUNT_H
#define SENDLINE_E2EE_ACCOUNT_H

#include "e2ee/identity.h"

/** NFKC, trimmed as ECMAScript does, A–Z lowered. Owned. NULL: not UTF-8. */
char *e2_address_normal(const char *address);
/** hash(16, "sendline-salt-v1" ‖ service ‖ 0 ‖ address) */
void e2_password_salt(uint8_t out[E2_SALT_BYTES], const char *service, const char *normal_address);

struct e2_password_keys {
    uint8_t master[E2_KEY_BYTES];
    uint8_t auth_pk[SL_PK_BYTES];
    uint8_t auth_sk[64];
    uint8_t vault_key[E2_KEY_BYTES];
};
void sl_auto_e2_password_keys(struct e2_password_keys *keys); /**< wipes */
SL_MUST_USE enum sl_code e2_password_derive(const char *service, const char *address,
                                            const char *password, struct e2_password_keys *out,
                                            struct sl_err *err);

/** aead(vault_key, "sendline-vault-v1" ‖ parent_id, pad(1024, JSON)); appends. */
void e2_vault_seal(const uint8_t vault_key[E2_KEY_BYTES], const uint8_t parent_id[SL_ID_BYTES],
                   struct sl_bytes json, const struct sl_rand *rand, struct sl_buf *out);
SL_MUST_USE bool e2_vault_open(const uint8_t vault_key[E2_KEY_BYTES],
                               const uint8_t parent_id[SL_ID_BYTES], struct sl_bytes vault,
                               struct sl_buf *json);
/** aead(tab_key, "sendline-tab-v1" ‖ parent_id, JSON); appends. */
void e2_tab_seal(const uint8_t tab_key[E2_KEY_BYTES], const uint8_t parent_id[SL_ID_BYTES],
                 struct sl_bytes json, const struct sl_rand *rand, struct sl_buf *out);
SL_MUST_USE bool e2_tab_open(const uint8_t tab_key[E2_KEY_BYTES],
                             const uint8_t parent_id[SL_ID_BYTES], struct sl_bytes tab,
                             struct sl_buf *json);

#endif
