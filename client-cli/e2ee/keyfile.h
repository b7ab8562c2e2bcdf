/*
 * Key files: "sendline-file-v1" ‖ kind ‖ id ‖ salt, then aead(key, head, seed), key by Argon2id
 * with 256 MiB from the passphrase (its bytes as typed; no normalisation: a key file is opened on
 * the computer where it was made). 122 bytes. Thread: any; blocks for about a second and needs 256
 * MiB.
 */
#ifndef SENDLINE_E2EE_KEYFILE_H
#define SENDLINE_E2EE_KEYFILE_H

#include "e2ee/identity.h"

enum e2_keyfile_kind {
    E2_KEYFILE_STAFF = 1,
    E2_KEYFILE_ROOT = 2,
    E2_KEYFILE_RECORDS_HALF = 3
};
enum {
    E2_KEYFILE_BYTES = 122
};

struct e2_keyfile {
    uint8_t kind; /**< enum e2_keyfile_kind */
    uint8_t
        id[SL_ID_BYTES]; /**< staff: their id; records half: the records holder's id; root: zeros */
    uint8_t seed[E2_SEED_BYTES];
};

/** Wipes the seed. */
void sl_auto_e2_keyfile(struct e2_keyfile *file);

/** The file's bytes, appended to `out`. @return SL_OK; SL_BAD_REQUEST: no such kind, root with an
 * id, no passphrase; SL_SYSTEM: not the memory. */
SL_MUST_USE enum sl_code e2_keyfile_seal(const struct e2_keyfile *file, struct sl_bytes passphrase,
                                         const struct sl_rand *rand, struct sl_buf *out,
                                         struct sl_err *err);

/** Take the head apart without a passphrase: whose file is this? @return SL_OK; SL_CORRUPT. */
SL_MUST_USE enum sl_code e2_keyfile_head(struct sl_bytes bytes, uint8_t *kind,
                                         uint8_t id[SL_ID_BYTES], struct sl_err *err);

/** @return SL_OK; SL_CORRUPT: not a key file; SL_SIGN_IN_FAILED: the passphrase does not open it;
 * SL_SYSTEM. */
SL_MUST_USE enum sl_code e2_keyfile_open(struct sl_bytes bytes, struct sl_bytes passphrase,
                                         struct e2_keyfile *out, struct sl_err *err);

/**
 * Read a key file from disk. @return SL_OK and its bytes; SL_FORBIDDEN: others than the owner may
 * read or write it, it is not a plain file, or it belongs to somebody else (the detail says which
 * and the chmod to run); SL_NOT_FOUND; SL_CORRUPT; SL_SYSTEM.
 */
SL_MUST_USE enum sl_code e2_keyfile_read(const char *path, struct sl_buf *out, struct sl_err *err);

/** Write one with mode 0600, never over another file. @return SL_OK; SL_ID_USED: there is one;
 * SL_SYSTEM. */
SL_MUST_USE enum sl_code e2_keyfile_write(const char *path, struct sl_bytes bytes,
                                          struct sl_err *err);

#endif
