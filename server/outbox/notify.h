/*
 * The token of GOV.UK Notify: a JWT, HS256. Private to outbox/; apart, so that it can be tested.
 * Thread: any; pure functions.
 */
#ifndef SENDLINE_OUTBOX_NOTIFY_H
#define SENDLINE_OUTBOX_NOTIFY_H

#include <stdint.h>

#include "common/err.h"

/** A key as Notify gives it, NAME-SERVICE-SECRET, taken apart. */
struct notify_key {
    char service[37];
    char secret[37];
};

SL_MUST_USE enum sl_code notify_key_parse(const char *text, size_t len, struct notify_key *out,
                                          struct sl_err *err);
/** A token for this moment; Notify takes it within 30 seconds. Owned. */
char *notify_token(const struct notify_key *key, int64_t now_s);

#endif
