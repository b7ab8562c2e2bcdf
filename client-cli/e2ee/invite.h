/*
 * Invitations: secret and code, the keys that come from them, the parcel. Thread: any; making and
 * deriving take about a quarter of a second and 64 MiB.
 */
#ifndef SENDLINE_E2EE_INVITE_H
#define SENDLINE_E2EE_INVITE_H

#include <jansson.h>

#include "e2ee/prints.h"

enum {
    E2_CODE_DIGITS = 12
};

struct e2_invite {
    uint8_t secret[E2_TYPED_RAW];  /**< in the link or the typed form */
    char code[E2_CODE_DIGITS + 1]; /**< goes another way */
    uint8_t invite_id[SL_ID_BYTES];
    uint8_t accept_pk[SL_PK_BYTES];
    uint8_t accept_sk[64];
    uint8_t wrap[E2_KEY_BYTES];
};
/** Wipes it. */
void sl_auto_e2_invite(struct e2_invite *invite);

/** A new one. @return SL_OK; SL_SYSTEM: not the memory. */
SL_MUST_USE enum sl_code e2_invite_make(const struct sl_rand *rand, struct e2_invite *out,
                                        struct sl_err *err);
/** The keys of a secret and a code. */
SL_MUST_USE enum sl_code e2_invite_derive(const uint8_t secret[E2_TYPED_RAW], const char *code,
                                          struct e2_invite *out, struct sl_err *err);

/** "https://HOST/#i=…" ; owned. `public_url` without a slash at its end. */
char *e2_invite_link(const char *public_url, const uint8_t secret[E2_TYPED_RAW]);
/* The typed form of the secret is e2_typed(invite.secret, …) in prints.h. */

/** One thread in a parcel: the key is e2_thread_key, seq and link e2_thread_head. */
struct e2_parcel_thread {
    uint8_t thread_id[SL_ID_BYTES];
    uint32_t generation;
    uint8_t key[E2_KEY_BYTES];
    uint32_t seq;
    uint8_t link[SL_HASH_BYTES];
};

struct e2_parcel {
    const char *service; /**< the fixed name of the service, service.info */
    const uint8_t (*roots)[SL_PK_BYTES];
    size_t root_count;
    uint32_t serial;     /**< of the roster that the caseworker goes by: e2_trust_serial */
    const char *address; /**< the parent's e-mail address as the caseworker has it */
    uint8_t parent_id[SL_ID_BYTES];
    const struct e2_parcel_thread *threads;
    size_t thread_count;
};

/** aead(wrap, "sendline-parcel-v1" ‖ invite_id, pad(1024, JSON)); appends. @return SL_OK;
 * SL_BAD_REQUEST; SL_TOO_BIG. */
SL_MUST_USE enum sl_code e2_parcel_seal(const struct e2_invite *invite,
                                        const struct e2_parcel *parcel, const struct sl_rand *rand,
                                        struct sl_buf *out, struct sl_err *err);
/** The parent's side; tests. *json owned, the table's fields. SL_SIGNATURE_WRONG: does not open. */
SL_MUST_USE enum sl_code e2_parcel_open(const struct e2_invite *invite, struct sl_bytes parcel,
                                        json_t **json, struct sl_err *err);

#endif
