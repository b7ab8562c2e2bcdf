/*
 * The roster and its holders as bytes, exactly as crypto.md, and the walk from roster to roster.
 * Shared by the server (which refuses what no client would take) and the command line. Thread: one
 * owner for each struct.
 */
#ifndef SENDLINE_COMMON_ROSTER_H
#define SENDLINE_COMMON_ROSTER_H

#include "common/entry.h"

struct sl_holder {
    uint8_t kind; /**< enum sl_holder_kind 1 to 3 */
    uint8_t id[SL_ID_BYTES];
    uint32_t generation;
    uint8_t sign_pk[SL_PK_BYTES]; /**< zero unless staff */
    uint8_t box_pk[SL_PK_BYTES];
    char name[256]; /**< UTF-8, NUL-ended */
};

struct sl_roster_row {
    uint8_t holder_hash[SL_HASH_BYTES];
    uint32_t ended; /**< 0, or the serial of the roster that ended it */
};

struct sl_roster {
    uint32_t serial;
    uint64_t issued_at;
    uint64_t expires_at;
    uint8_t root_count;
    uint8_t roots[SL_MAX_ROOTS][SL_PK_BYTES];
    struct sl_roster_row *rows; /**< owned */
    size_t row_count;
    uint8_t hash[SL_HASH_BYTES]; /**< of what is signed */
};

void sl_roster_free(struct sl_roster *roster); /**< frees what it owns and zeroes it */
void sl_auto_roster(struct sl_roster *roster);

/** Parse the signed bytes and the signature behind them. Does not check the signature. */
SL_MUST_USE enum sl_code sl_roster_parse(const void *bytes, size_t len, struct sl_roster *out,
                                         struct sl_err *err);
/** Did one of the roots sign these bytes? */
bool sl_roster_signed_by(const void *bytes, size_t len, const uint8_t (*roots)[SL_PK_BYTES],
                         size_t root_count);
/** What is signed, without the signature. Appends. */
void sl_roster_put(struct sl_buf *out, const struct sl_roster *roster);

SL_MUST_USE enum sl_code sl_holder_parse(const void *bytes, size_t len, struct sl_holder *out,
                                         struct sl_err *err);
void sl_holder_put(struct sl_buf *out, const struct sl_holder *holder);
void sl_holder_hash(const void *bytes, size_t len, uint8_t out[SL_HASH_BYTES]);

/**
 * Is `next` one that may follow `before` (NULL: it is the first that anyone sees)? Signed by a root
 * of `before`, a higher serial, rows all kept in their order, `ended` only set and never to another
 * value, validity at most 92 days. @return SL_OK; SL_ROSTER_REFUSED with the reason.
 */
SL_MUST_USE enum sl_code sl_roster_follows(const struct sl_roster *before,
                                           const struct sl_roster *next, const void *next_bytes,
                                           size_t next_len, struct sl_err *err);

/** The row of a holder's hash, or NULL. */
const struct sl_roster_row *sl_roster_row_of(const struct sl_roster *roster,
                                             const uint8_t hash[SL_HASH_BYTES]);
/** ended is 0 or > serial. */
bool sl_roster_row_current_at(const struct sl_roster_row *row, uint32_t serial);

#endif
