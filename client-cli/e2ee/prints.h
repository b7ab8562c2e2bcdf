/*
 * The typed form of 15 bytes (Crockford base32, six groups of four and a check symbol) and the
 * prints that people read to each other. Thread: any; no state.
 */
#ifndef SENDLINE_E2EE_PRINTS_H
#define SENDLINE_E2EE_PRINTS_H

#include "common/roster.h"
#include "e2ee/prim.h"

enum {
    E2_TYPED_RAW = 15,
    E2_TYPED_CHARS = 35
};

/** "3AQZD-M5QHC-…": 35 characters and the NUL. */
void e2_typed(const uint8_t raw[E2_TYPED_RAW], char out[E2_TYPED_CHARS + 1]);

/**
 * Takes what people make of it: small letters, spaces, hyphens, dashes or none, O for 0, I and L
 * for 1.
 * @return -1: right; 0 to 5: the first group that cannot be right (count it from 1 for people); 6:
 * too long or short.
 */
int e2_typed_read(const char *text, uint8_t raw[E2_TYPED_RAW]);

/** White space and line ends of ECMAScript: what both halves leave out here, and trim off
 * addresses. */
bool e2_is_space(int32_t point);

/** The print of a holder record, read out at enrolment. */
void e2_holder_print(struct sl_bytes holder, char out[E2_TYPED_CHARS + 1]);
/** The print of a root key. */
void e2_root_print(const uint8_t root_pk[SL_PK_BYTES], char out[E2_TYPED_CHARS + 1]);

#endif
