#include "e2ee/prints.h"

#include <string.h>
#include <utf8proc.h>

static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

enum {
    GROUPS = 6,
    IN_GROUP = 4,
    WITH_CHECK = 5,
    TOO_LONG_OR_SHORT = GROUPS
};

/* Four different weights, all odd: one wrong symbol, or two neighbours swapped, always shows. */
static unsigned check_of(const uint8_t four[IN_GROUP], unsigned group)
{
    return (four[0] + 3U * four[1] + 5U * four[2] + 7U * four[3] + group) % 32U;
}

void e2_typed(const uint8_t raw[E2_TYPED_RAW], char out[E2_TYPED_CHARS + 1])
{
    uint8_t values[GROUPS * IN_GROUP];
    char *at = out;

    for (size_t i = 0; i < sizeof(values); i++) {
        const size_t bit = i * 5;
        unsigned two = (unsigned)raw[bit / 8] << 8;
        if (bit / 8 + 1 < E2_TYPED_RAW) {
            two |= raw[bit / 8 + 1];
        }
        values[i] = (uint8_t)((two >> (11 - bit % 8)) & 31U);
    }
    for (unsigned group = 0; group < GROUPS; group++) {
        const uint8_t *four = values + (size_t)group * IN_GROUP;
        if (group != 0) {
            *at++ = '-';
        }
        for (size_t i = 0; i < IN_GROUP; i++) {
            *at++ = symbols[four[i]];
        }
        *at++ = symbols[check_of(four, group)];
    }
    *at = '\0';
}

bool e2_is_space(int32_t point)
{
    return (point >= 0x09 && point <= 0x0d) || point == 0x20 || point == 0xa0 || point == 0x1680 ||
           (point >= 0x2000 && point <= 0x200a) || point == 0x2028 || point == 0x2029 ||
           point == 0x202f || point == 0x205f || point == 0x3000 || point == 0xfeff;
}

/* Hyphens and dashes as keyboards and word processors make them. */
static bool is_between(int32_t point)
{
    return e2_is_space(point) || point == '-' || (point >= 0x2010 && point <= 0x2015);
}

/* -1: no symbol. */
static int value_of(int32_t point)
{
    if (point >= 'a' && point <= 'z') {
        point += 'A' - 'a';
    }
    if (point == 'O') {
        point = '0';
    } else if (point == 'I' || point == 'L') {
        point = '1';
    }
    const char *at = point > 0 && point < 0x80 ? strchr(symbols, point) : NULL;
    return at == NULL ? -1 : (int)(at - symbols);
}

/* Symbols without what stands between them; how many there are, kept or not. */
static size_t take_symbols(const char *text, int all[GROUPS * WITH_CHECK])
{
    const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text;
    size_t count = 0;

    while (*at != '\0') {
        utf8proc_int32_t point = -1;
        const utf8proc_ssize_t n = utf8proc_iterate(at, -1, &point);
        at += n > 0 ? n : 1;
        if (n > 0 && is_between(point)) {
            continue;
        }
        if (count < GROUPS * WITH_CHECK) {
            all[count] = value_of(point);
        }
        count++;
    }
    return count;
}

int e2_typed_read(const char *text, uint8_t raw[E2_TYPED_RAW])
{
    int all[GROUPS * WITH_CHECK];
    uint8_t values[GROUPS * IN_GROUP];
    const size_t count = take_symbols(text, all);

    for (unsigned group = 0; group < GROUPS; group++) {
        const int *five = all + (size_t)group * WITH_CHECK;
        if (count < (size_t)(group + 1) * WITH_CHECK) {
            return TOO_LONG_OR_SHORT;
        }
        for (size_t i = 0; i < WITH_CHECK; i++) {
            if (five[i] < 0) {
                return (int)group;
            }
            if (i < IN_GROUP) {
                values[group * IN_GROUP + i] = (uint8_t)five[i];
            }
        }
        if (check_of(values + (size_t)group * IN_GROUP, group) != (unsigned)five[IN_GROUP]) {
            return (int)group;
        }
    }
    if (count != GROUPS * WITH_CHECK) {
        return TOO_LONG_OR_SHORT;
    }
    uint8_t made[E2_TYPED_RAW] = {0};
    for (size_t i = 0; i < sizeof(values); i++) {
        const size_t bit = i * 5;
        const unsigned two = (unsigned)values[i] << (11 - bit % 8);
        made[bit / 8] = (uint8_t)(made[bit / 8] | (two >> 8));
        if (bit / 8 + 1 < E2_TYPED_RAW) {
            made[bit / 8 + 1] = (uint8_t)(made[bit / 8 + 1] | (two & 255U));
        }
    }
    memcpy(raw, made, sizeof(made));
    return -1;
}

static void print_of(const uint8_t *data, size_t len, char out[E2_TYPED_CHARS + 1])
{
    uint8_t hash[SL_HASH_BYTES];
    const struct sl_bytes parts[] = {E2_LABEL("sendline-print-v1"), {data, len}};

    e2_hash(hash, sizeof(hash), parts, 2);
    e2_typed(hash, out);
}

void e2_holder_print(struct sl_bytes holder, char out[E2_TYPED_CHARS + 1])
{
    print_of(holder.data, holder.len, out);
}

void e2_root_print(const uint8_t root_pk[SL_PK_BYTES], char out[E2_TYPED_CHARS + 1])
{
    print_of(root_pk, SL_PK_BYTES, out);
}
