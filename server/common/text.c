#include "common/text.h"

#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

char *sl_b64(const void *data, size_t len)
{
    size_t size = sodium_base64_encoded_len(len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *out = sl_alloc(size);

    return sodium_bin2base64(out, size, data, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void sl_b64_put(struct sl_buf *out, const void *data, size_t len)
{
    size_t size = sodium_base64_encoded_len(len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);

    sl_buf_reserve(out, size);
    (void)sodium_bin2base64((char *)out->data + out->len, size, data, len,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    out->len += size - 1; /* without the NUL */
}

/* libsodium's decoder refuses padding, bits left over at the end, and bytes outside the alphabet;
 * but where char is signed, version 1.0.18 takes some of those above 127 for digits.
 */
static bool all_ascii(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (((unsigned char)text[i] & 0x80U) != 0) {
            return false;
        }
    }
    return true;
}

static bool decode(const char *text, size_t len, uint8_t *out, size_t cap, size_t *got)
{
    const char *end = NULL;

    if (len % 4 == 1 || !all_ascii(text, len)) {
        return false;
    }
    return sodium_base642bin(out, cap, text, len, NULL, got, &end,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
           end == text + len;
}

/* Each digit's value plus one; 0 is no digit. */
static const uint8_t digits[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

/*
 * By table, since entries come by the thousand and libsodium's decoder, which takes the same time
 * whatever the bytes, takes ten times as long. What is long is public or sealed; short secrets go
 * through sl_b64_fixed.
 */
bool sl_b64_get(const char *text, size_t len, struct sl_buf *out)
{
    const unsigned char *at = (const unsigned char *)text;
    uint32_t bits = 0;
    unsigned count = 0; /* of bits that are in no byte yet */

    if (len % 4 == 1) {
        return false;
    }
    sl_buf_reserve(out, len / 4 * 3 + 3);
    uint8_t *to = out->data + out->len;
    for (size_t i = 0; i < len; i++) {
        const uint8_t digit = digits[at[i]];
        if (digit == 0) {
            return false;
        }
        bits = bits << 6 | (digit - 1U);
        count += 6;
        if (count >= 8) {
            count -= 8;
            *to++ = (uint8_t)(bits >> count);
        }
    }
    if ((bits & ((1U << count) - 1U)) != 0) {
        return false;
    }
    out->len = (size_t)(to - out->data);
    return true;
}

bool sl_b64_fixed(const char *text, size_t len, uint8_t *out, size_t n)
{
    uint8_t small[256];
    size_t got = 0;

    if (n > sizeof small || len != (n * 8 + 5) / 6) {
        return false;
    }
    bool ok = decode(text, len, small, n, &got) && got == n;
    if (ok) {
        memcpy(out, small, n);
    }
    sodium_memzero(small, sizeof small);
    return ok;
}

char *sl_hex(const void *data, size_t len)
{
    char *out = sl_alloc(len * 2 + 1);

    return sodium_bin2hex(out, len * 2 + 1, data, len);
}

bool sl_utf8_ok(const char *s, size_t len)
{
    const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)s;
    size_t left = len;

    while (left > 0) {
        utf8proc_int32_t point = -1;
        utf8proc_ssize_t n = utf8proc_iterate(at, (utf8proc_ssize_t)left, &point);
        if (n <= 0 || point == 0) {
            return false;
        }
        at += n;
        left -= (size_t)n;
    }
    return true;
}

size_t sl_utf8_count(const char *s, size_t len)
{
    size_t count = 0;

    for (size_t i = 0; i < len; i++) {
        count += ((unsigned char)s[i] & 0xc0U) != 0x80U;
    }
    return count;
}

/* Embeddings, overrides and isolates can make a line read as something that nobody wrote. */
static bool reorders(utf8proc_int32_t point)
{
    return (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

static bool is_control(utf8proc_int32_t point)
{
    return (point < 0x20 && point != '\n' && point != '\t') || (point >= 0x7f && point < 0xa0);
}

char *sl_clean(const char *s, size_t len)
{
    struct sl_buf out = {0};
    size_t at = 0;

    sl_buf_reserve(&out, len + 1);
    while (at < len) {
        utf8proc_int32_t point = -1;
        utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s + at,
                                              (utf8proc_ssize_t)(len - at), &point);
        if (n <= 0) {
            sl_buf_put_str(&out, "\xef\xbf\xbd");
            at++;
            continue;
        }
        if (point == '\r') {
            if (at + 1 >= len || s[at + 1] != '\n') {
                sl_buf_put_u8(&out, '\n');
            }
        } else if (!is_control(point) && !reorders(point)) {
            sl_buf_put(&out, s + at, (size_t)n);
        }
        at += (size_t)n;
    }
    sl_buf_put_u8(&out, 0);
    return (char *)out.data;
}

void sl_html_put(struct sl_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            sl_buf_put_str(out, "&amp;");
            break;
        case '<':
            sl_buf_put_str(out, "&lt;");
            break;
        case '>':
            sl_buf_put_str(out, "&gt;");
            break;
        case '"':
            sl_buf_put_str(out, "&quot;");
            break;
        case '\'':
            sl_buf_put_str(out, "&#39;");
            break;
        default:
            sl_buf_put(out, text, 1);
            break;
        }
    }
}

void sl_lower(char *s)
{
    for (; *s != '\0'; s++) {
        if (*s >= 'A' && *s <= 'Z') {
            *s = (char)(*s - 'A' + 'a');
        }
    }
}

enum {
    WORD_MAX = 40,
    NEAR_ENOUGH = 2
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Damerau's distance with neighbours swapped counted once: "inbxo" is one slip away from "inbox".
 */
static size_t edits(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t d[WORD_MAX + 1][WORD_MAX + 1];

    for (size_t i = 0; i <= a_len; i++) {
        for (size_t j = 0; j <= b_len; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            size_t change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            d[i][j] = least(change, least(d[i - 1][j], d[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
            }
        }
    }
    return d[a_len][b_len];
}

const char *sl_nearest(const char *word, const char *const *words)
{
    const char *best = NULL;
    size_t best_edits = NEAR_ENOUGH + 1;
    size_t len = strlen(word);

    if (len > WORD_MAX) {
        return NULL;
    }
    for (size_t i = 0; words[i] != NULL; i++) {
        size_t other = strlen(words[i]);
        if (other > WORD_MAX) {
            continue;
        }
        size_t n = edits(word, len, words[i], other);
        if (n < best_edits && n < other) {
            best = words[i];
            best_edits = n;
        }
    }
    return best;
}
