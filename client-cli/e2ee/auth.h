/*
 * Answers to a challenge: sign(key, "sendline-auth-v1" ‖ purpose ‖ host ‖ challenge ‖ extra).
 * Thread: any.
 */
#ifndef SENDLINE_E2EE_AUTH_H
#define SENDLINE_E2EE_AUTH_H

#include "e2ee/identity.h"

enum e2_purpose {
    E2_FOR_PARENT = 1,
    E2_FOR_STAFF = 2,
    E2_FOR_INVITEE = 3,
    E2_FOR_CHANGE = 4
};

/**
 * @param sign_sk    64 bytes: the staff identity's sign_sk for E2_FOR_STAFF
 * @param host       name in the server's address without port; lower-cased here
 * @param extra      32 bytes, or NULL for zeros (all but E2_FOR_CHANGE)
 * @return SL_OK; SL_BAD_REQUEST: the host is empty, too long or not ASCII.
 */
SL_MUST_USE enum sl_code e2_auth_sign(const uint8_t sign_sk[64], enum e2_purpose purpose,
                                      const char *host, const uint8_t challenge[32],
                                      const uint8_t *extra, uint8_t out[SL_SIG_BYTES],
                                      struct sl_err *err);

#endif
