/*
 * Personal columns: sealed under a key in a file kept apart from the database and its backups ("the
 * outside key"). Sealed: e-mail addresses, staff names (holder records), auth keys, vaults,
 * parcels, tab keys, one-time-code secrets. Thread: any; constant after opening.
 */
#ifndef SENDLINE_STORE_SEAL_H
#define SENDLINE_STORE_SEAL_H

#include "common/buf.h"
#include "common/rand.h"

struct seal;

/** Make a new key file, mode 0600. SL_ID_USED when there is one. */
SL_MUST_USE enum sl_code seal_make_file(const char *path, const struct sl_rand *rand,
                                        struct sl_err *err);
/** SL_NOT_FOUND: no such file; SL_FORBIDDEN: others can read it; SL_CORRUPT: not a key file. */
SL_MUST_USE enum sl_code seal_open_file(const char *path, const struct sl_rand *rand,
                                        struct seal **out, struct sl_err *err);
void seal_free(struct seal *seal); /**< wipes */

/** Seal bytes for one column of one row; `where` ("parent.vault") and row id are bound in. Appends
 * to out. */
void seal_put(const struct seal *seal, const char *where, const uint8_t row_id[16],
              const void *data, size_t len, struct sl_buf *out);
/** Open; SL_CORRUPT when it does not open there. Appends to out. */
SL_MUST_USE enum sl_code seal_get(const struct seal *seal, const char *where,
                                  const uint8_t row_id[16], const void *sealed, size_t len,
                                  struct sl_buf *out, struct sl_err *err);
/** Keyed hash for look-ups of what is sealed. */
void seal_lookup(const struct seal *seal, const char *where, const void *data, size_t len,
                 uint8_t out[32]);

#endif
