/*
 * Text: base64url, hex, UTF-8, and what may be shown on a terminal. Thread: any; no state.
 */
#ifndef SENDLINE_COMMON_TEXT_H
#define SENDLINE_COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/** base64url without padding. Owned string. */
char *sl_b64(const void *data, size_t len);
/** Append to a buffer. */
void sl_b64_put(struct sl_buf *out, const void *data, size_t len);
/** Strict base64url without padding: false on any other byte, a bad length or stray bits. Appends
 * to out. */
SL_MUST_USE bool sl_b64_get(const char *text, size_t len, struct sl_buf *out);
/** Exactly n bytes, else false and out untouched. */
SL_MUST_USE bool sl_b64_fixed(const char *text, size_t len, uint8_t *out, size_t n);

/** Lower-case hex. Owned string. */
char *sl_hex(const void *data, size_t len);

/** Valid UTF-8 without NUL and surrogates? */
bool sl_utf8_ok(const char *s, size_t len);
/** Number of code points of valid UTF-8. */
size_t sl_utf8_count(const char *s, size_t len);

/**
 * What may be shown to a person: control characters (C0 but \n and \t, DEL, C1), and the
 * bidirectional overrides and isolates, taken out; \r\n and \r become \n. Bad UTF-8 becomes U+FFFD.
 * Owned string.
 */
char *sl_clean(const char *s, size_t len);

/** Append text as HTML has it, also between quotes: & < > " ' become references. */
void sl_html_put(struct sl_buf *out, const char *text);

/** ASCII lower-case in place. */
void sl_lower(char *s);

/** The word of `words` (NULL-ended) nearest to `word`, at most two edits away, or NULL. For "Did
 * you mean". */
const char *sl_nearest(const char *word, const char *const *words);

#endif
