/* Rosters and holders from the wire, and which roster may follow which. Signatures would stop
 * everything but the corpus, so what is made of the input is signed here. */
#include <assert.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/roster.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t seed[crypto_sign_SEEDBYTES] = {9};

/* Any bytes as they are. */
static void look_at_bytes(const uint8_t *data, size_t size)
{
    SL_AUTO(roster) struct sl_roster roster = {0};
    SL_AUTO(buf) struct sl_buf again = {NULL, 0, 0};
    struct sl_holder holder;
    struct sl_err err = {.code = SL_OK};

    if (sl_roster_parse(data, size, &roster, &err) == SL_OK) {
        sl_roster_put(&again, &roster);
        assert(again.len + SL_SIG_BYTES == size && memcmp(again.data, data, again.len) == 0);
    } else {
        assert(err.code == SL_ROSTER_REFUSED && roster.rows == NULL);
    }
    sl_buf_clear(&again);
    if (sl_holder_parse(data, size, &holder, &err) == SL_OK) {
        sl_holder_put(&again, &holder);
        assert(again.len == size && memcmp(again.data, data, size) == 0);
    }
}

/* A signed roster out of a few bytes: small numbers and few holders, so that they meet. */
static void make(struct sl_reader *r, const uint8_t *pk, const uint8_t *sk, struct sl_buf *out)
{
    struct sl_roster roster = {
        .serial = sl_read_u8(r), .issued_at = sl_read_u32(r), .root_count = 1 + sl_read_u8(r) % 2};
    uint8_t signature[SL_SIG_BYTES];

    roster.expires_at = roster.issued_at + sl_read_u32(r);
    memcpy(roster.roots[sl_read_u8(r) % roster.root_count], pk, SL_PK_BYTES);
    roster.row_count = sl_read_u8(r) % 8;
    roster.rows = sl_alloc((roster.row_count + 1) * sizeof *roster.rows);
    for (size_t i = 0; i < roster.row_count; i++) {
        roster.rows[i].holder_hash[0] = sl_read_u8(r) % 8;
        roster.rows[i].ended = sl_read_u8(r);
    }
    sl_roster_put(out, &roster);
    (void)crypto_sign_detached(signature, NULL, out->data, out->len, sk);
    sl_buf_put(out, signature, sizeof signature);
    sl_roster_free(&roster);
}

/* What has followed: everybody is still there, and nobody has come back. */
static void check_followed(const struct sl_roster *before, const struct sl_roster *next)
{
    assert(next->serial > before->serial);
    assert(next->expires_at >= next->issued_at);
    for (size_t i = 0; i < before->row_count; i++) {
        const struct sl_roster_row *old = &before->rows[i];
        const struct sl_roster_row *row = sl_roster_row_of(next, old->holder_hash);
        assert(row != NULL);
        assert(row->ended == old->ended || (old->ended == 0 && row->ended > before->serial));
        for (uint32_t serial = 0; serial <= before->serial; serial++) {
            assert(sl_roster_row_current_at(row, serial) == sl_roster_row_current_at(old, serial));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t pk[crypto_sign_PUBLICKEYBYTES];
    uint8_t sk[crypto_sign_SECRETKEYBYTES];
    struct sl_reader r = sl_reader_of(data, size);
    SL_AUTO(buf) struct sl_buf first = {NULL, 0, 0};
    SL_AUTO(buf) struct sl_buf second = {NULL, 0, 0};
    SL_AUTO(roster) struct sl_roster before = {0};
    SL_AUTO(roster) struct sl_roster next = {0};

    look_at_bytes(data, size);
    (void)crypto_sign_seed_keypair(pk, sk, seed);
    make(&r, pk, sk, &first);
    make(&r, pk, sk, &second);
    if (sl_roster_parse(first.data, first.len, &before, NULL) == SL_OK &&
        sl_roster_parse(second.data, second.len, &next, NULL) == SL_OK &&
        sl_roster_follows(&before, &next, second.data, second.len, NULL) == SL_OK) {
        check_followed(&before, &next);
        /* Nobody else's signature does. */
        second.data[second.len - 1] ^= 1;
        assert(sl_roster_follows(&before, &next, second.data, second.len, NULL) ==
               SL_ROSTER_REFUSED);
    }
    return 0;
}
