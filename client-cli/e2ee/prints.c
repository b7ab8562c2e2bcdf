#include "e2ee/prints.h"

#include <string.h>

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

/* -1: no symbol; -2: to be skipped. */
static int value_of(char c)
{
    if (c >= 'a' && c <= 'z') {
        c = (char)(c - 'a' + 'A');
    }
    if (c == 'O') {
        c = '0';
    } else if (c == 'I' || c == 'L') {
        c = '1';
    } else if (c == '-' || c == ' ' || (c >= '\t' && c <= '\r')) {
        return -2;
    }
    const char *at = c == '\0' ? NULL : strchr(symbols, c);
    return at == NULL ? -1 : (int)(at - symbols);
}

int e2_typed_read(const char *text, uint8_t raw[E2_TYPED_RAW])
{
    int all[GROUPS * WITH_CHECK];
    uint8_t values[GROUPS * IN_GROUP];
    size_t count = 0;

    for (const char *c = text; *c != '\0'; c++) {
        const int v = value_of(*c);
        if (v == -2) {
            continue;
        }
        if (count == GROUPS * WITH_CHECK) {
            return TOO_LONG_OR_SHORT;
        }
        all[count++] = v;
    }
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
