/*
 * Owned byte buffers. Bound sizes first: when memory runs out these abort, and the store survives.
 * Thread: any; one owner at a time.
 */
#ifndef SENDLINE_COMMON_BUF_H
#define SENDLINE_COMMON_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "common/auto.h"
#include "common/err.h"

struct sl_buf {
    uint8_t *data; /**< owned, NULL while empty */
    size_t len;    /**< bytes */
    size_t cap;    /**< bytes */
};

/** Borrowed bytes. */
struct sl_bytes {
    const uint8_t *data;
    size_t len;
};

void *sl_alloc(size_t n);             /**< zeroed; aborts when memory is out; free() it */
void *sl_realloc(void *at, size_t n); /**< aborts when memory is out */
char *sl_strdup(const char *s);
char *sl_strndup(const char *s, size_t n);
char *sl_strf(const char *fmt, ...) SL_PRINTF(1, 2); /**< owned, free() it */

void sl_buf_reserve(struct sl_buf *b, size_t more);
void sl_buf_put(struct sl_buf *b, const void *data, size_t n);
void sl_buf_put_str(struct sl_buf *b, const char *s); /**< without the NUL */
void sl_buf_putf(struct sl_buf *b, const char *fmt, ...) SL_PRINTF(2, 3);
void sl_buf_put_u8(struct sl_buf *b, uint8_t v);
void sl_buf_put_u16(struct sl_buf *b, uint16_t v); /**< big-endian, as all of these */
void sl_buf_put_u32(struct sl_buf *b, uint32_t v);
void sl_buf_put_u64(struct sl_buf *b, uint64_t v);
void sl_buf_clear(struct sl_buf *b); /**< keeps the memory */
void sl_buf_free(struct sl_buf *b);
void sl_buf_wipe_free(struct sl_buf *b); /**< for secrets: zeroes first */
struct sl_bytes sl_buf_bytes(const struct sl_buf *b);

void sl_auto_buf(struct sl_buf *b);
void sl_auto_secret(struct sl_buf *b); /**< sl_buf_wipe_free */

/** A cursor over borrowed bytes. Reading past the end sets `bad` and gives zeros; check once at the
 * end. */
struct sl_reader {
    const uint8_t *data;
    size_t len;
    size_t at;
    int bad;
};

struct sl_reader sl_reader_of(const void *data, size_t len);
uint8_t sl_read_u8(struct sl_reader *r);
uint16_t sl_read_u16(struct sl_reader *r);
uint32_t sl_read_u32(struct sl_reader *r);
uint64_t sl_read_u64(struct sl_reader *r);
/** n bytes in place, or NULL and bad. Borrowed from what the reader reads. */
const uint8_t *sl_read_bytes(struct sl_reader *r, size_t n);
/** True when everything was read, and nothing past the end. */
int sl_reader_done(const struct sl_reader *r);

#endif
