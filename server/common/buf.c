#include "common/buf.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sizes are bounded before they get here, so running out means the machine is out: the store
 * survives a crash. */
static void *must(void *at)
{
    if (at == NULL) {
        (void)fputs("out of memory\n", stderr);
        abort();
    }
    return at;
}

void *sl_alloc(size_t n)
{
    return must(calloc(1, n == 0 ? 1 : n));
}

void *sl_realloc(void *at, size_t n)
{
    return must(realloc(at, n == 0 ? 1 : n));
}

char *sl_strndup(const char *s, size_t n)
{
    return must(strndup(s, n));
}

char *sl_strdup(const char *s)
{
    return must(strdup(s));
}

char *sl_strf(const char *fmt, ...)
{
    char *out = NULL;
    va_list args;

    va_start(args, fmt);
    int n = vasprintf(&out, fmt, args);
    va_end(args);
    return must(n < 0 ? NULL : out);
}

void sl_buf_reserve(struct sl_buf *b, size_t more)
{
    if (b->cap - b->len >= more) {
        return;
    }
    size_t cap = b->cap < 64 ? 64 : b->cap;
    while (cap - b->len < more) {
        cap *= 2;
    }
    /* Not realloc: a buffer may hold a secret, and the old block must not be left behind with it.
     */
    uint8_t *data = sl_alloc(cap);
    if (b->len > 0) {
        memcpy(data, b->data, b->len);
        sodium_memzero(b->data, b->len);
    }
    free(b->data);
    b->data = data;
    b->cap = cap;
}

void sl_buf_put(struct sl_buf *b, const void *data, size_t n)
{
    if (n == 0) {
        return;
    }
    sl_buf_reserve(b, n);
    memcpy(b->data + b->len, data, n);
    b->len += n;
}

void sl_buf_put_str(struct sl_buf *b, const char *s)
{
    sl_buf_put(b, s, strlen(s));
}

void sl_buf_putf(struct sl_buf *b, const char *fmt, ...)
{
    char small[256];
    va_list args;
    va_list again;

    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(small, sizeof small, fmt, args);
    va_end(args);
    if (n < 0) {
        abort();
    }
    if ((size_t)n < sizeof small) {
        sl_buf_put(b, small, (size_t)n);
    } else {
        sl_buf_reserve(b, (size_t)n + 1);
        (void)vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

void sl_buf_put_u8(struct sl_buf *b, uint8_t v)
{
    sl_buf_put(b, &v, 1);
}

void sl_buf_put_u16(struct sl_buf *b, uint16_t v)
{
    const uint8_t bytes[2] = {(uint8_t)(v >> 8), (uint8_t)v};
    sl_buf_put(b, bytes, sizeof bytes);
}

void sl_buf_put_u32(struct sl_buf *b, uint32_t v)
{
    const uint8_t bytes[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
                              (uint8_t)v};
    sl_buf_put(b, bytes, sizeof bytes);
}

void sl_buf_put_u64(struct sl_buf *b, uint64_t v)
{
    sl_buf_put_u32(b, (uint32_t)(v >> 32));
    sl_buf_put_u32(b, (uint32_t)v);
}

void sl_buf_clear(struct sl_buf *b)
{
    b->len = 0;
}

void sl_buf_free(struct sl_buf *b)
{
    free(b->data);
    *b = (struct sl_buf){0};
}

void sl_buf_wipe_free(struct sl_buf *b)
{
    if (b->data != NULL) {
        sodium_memzero(b->data, b->cap);
    }
    sl_buf_free(b);
}

struct sl_bytes sl_buf_bytes(const struct sl_buf *b)
{
    return (struct sl_bytes){.data = b->data, .len = b->len};
}

void sl_auto_buf(struct sl_buf *b)
{
    sl_buf_free(b);
}

void sl_auto_secret(struct sl_buf *b)
{
    sl_buf_wipe_free(b);
}

struct sl_reader sl_reader_of(const void *data, size_t len)
{
    return (struct sl_reader){.data = data, .len = len};
}

const uint8_t *sl_read_bytes(struct sl_reader *r, size_t n)
{
    if (r->bad || r->len - r->at < n) {
        r->bad = 1;
        return NULL;
    }
    const uint8_t *at = r->data + r->at;
    r->at += n;
    return at;
}

static uint64_t read_be(struct sl_reader *r, size_t n)
{
    const uint8_t *at = sl_read_bytes(r, n);
    uint64_t v = 0;

    for (size_t i = 0; at != NULL && i < n; i++) {
        v = v << 8 | at[i];
    }
    return v;
}

uint8_t sl_read_u8(struct sl_reader *r)
{
    return (uint8_t)read_be(r, 1);
}

uint16_t sl_read_u16(struct sl_reader *r)
{
    return (uint16_t)read_be(r, 2);
}

uint32_t sl_read_u32(struct sl_reader *r)
{
    return (uint32_t)read_be(r, 4);
}

uint64_t sl_read_u64(struct sl_reader *r)
{
    return read_be(r, 8);
}

int sl_reader_done(const struct sl_reader *r)
{
    return !r->bad && r->at == r->len;
}
