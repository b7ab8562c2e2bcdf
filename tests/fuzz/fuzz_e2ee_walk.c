/*
 * Rosters and holders that a server serves, walked from what is remembered, twice: by who does it
 * for the first time, and by who did it before. Rosters are made of the input and signed by one of
 * two roots.
 */
#include <assert.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "e2ee/manage.h"
#include "e2ee/trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    MOST = 6,
    PEOPLE = 8
};

static struct e2_identity *roots[2];
static struct sl_buf records[PEOPLE];

static void make_people(void)
{
    struct sl_fake_rand fake;

    assert(e2_ready(NULL) == SL_OK);
    sl_fake_rand_init(&fake, 1);
    roots[0] = e2_identity_new(&fake.rand);
    roots[1] = e2_identity_new(&fake.rand);
    for (uint8_t i = 0; i < PEOPLE; i++) {
        struct e2_identity *one = e2_identity_new(&fake.rand);
        struct sl_holder holder;
        /* Some share an id, and two of these a whole name. */
        const uint8_t id[SL_ID_BYTES] = {(uint8_t)(i / 2)};
        assert(e2_holder_make(&holder, (uint8_t)(1 + i / 3), id, 1, one, "Somebody", NULL) ==
               SL_OK);
        sl_holder_put(&records[i], &holder);
        e2_identity_free(one);
    }
}

/* A roster out of a few bytes: small numbers and few holders, so that they meet. */
static void make_roster(struct sl_reader *in, struct sl_buf *out)
{
    const uint8_t how = sl_read_u8(in);
    struct sl_roster_row rows[PEOPLE] = {{{0}, 0}};
    struct sl_roster roster = {.serial = how & 7U,
                               .root_count = 1,
                               .rows = rows,
                               .row_count = sl_read_u8(in) % (PEOPLE + 1)};
    uint8_t signature[SL_SIG_BYTES];

    roster.issued_at = sl_read_u32(in);
    roster.expires_at = roster.issued_at + sl_read_u32(in);
    memcpy(roster.roots[0], roots[(how >> 3) & 1U]->sign_pk, SL_PK_BYTES);
    for (size_t i = 0; i < roster.row_count; i++) {
        const uint8_t row = sl_read_u8(in);
        const struct sl_buf *record = &records[row % PEOPLE];
        sl_holder_hash(record->data, record->len, rows[i].holder_hash);
        rows[i].ended = row >> 4;
    }
    sl_roster_put(out, &roster);
    (void)crypto_sign_detached(signature, NULL, out->data, out->len,
                               roots[(how >> 4) & 1U]->sign_sk);
    sl_buf_put(out, signature, sizeof(signature));
    if ((how & 32U) != 0) {
        out->data[sl_read_u16(in) % out->len] ^= sl_read_u8(in);
    }
}

static void check(const struct e2_trust *trust, enum sl_code rc)
{
    size_t count = 0;
    const struct e2_person *people = e2_trust_people(trust, &count);

    assert((rc == SL_OK) == (e2_trust_alarm(trust) == E2_ALARM_NONE));
    assert(rc == SL_OK || rc == SL_ROSTER_REFUSED);
    assert(rc != SL_OK || e2_trust_has_roster(trust));
    for (size_t i = 0; i < count; i++) {
        const struct sl_holder *holder = &people[i].holder;
        /* Nobody has another's name. */
        assert(e2_trust_find(trust, holder->kind, holder->id, holder->generation) == &people[i]);
        assert(people[i].ended <= e2_trust_serial(trust));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sl_reader in = sl_reader_of(data, size);
    struct sl_buf made[MOST] = {{0}};
    struct sl_bytes rosters[MOST];
    struct sl_bytes holders[PEOPLE];
    size_t count = 0;
    size_t len = 0;

    if (roots[0] == NULL) {
        make_people();
    }
    const uint8_t start = sl_read_u8(&in);
    const uint8_t given = sl_read_u8(&in);
    const size_t split = sl_read_u8(&in) % (MOST + 1);
    while (count < MOST && in.at < in.len) {
        make_roster(&in, &made[count]);
        rosters[count] = sl_buf_bytes(&made[count]);
        count++;
    }
    size_t holder_count = 0;
    for (size_t i = 0; i < PEOPLE; i++) {
        if ((given >> i & 1U) == 0) {
            holders[holder_count++] = sl_buf_bytes(&records[i]);
        }
    }
    SL_AUTO(e2_trust)
    struct e2_trust *trust =
        e2_trust_new((const uint8_t(*)[SL_PK_BYTES])roots[0]->sign_pk, 1, start % 4);
    const size_t first = split < count ? split : count;
    check(trust, e2_trust_walk(trust, rosters, first, holders, holder_count, NULL, NULL));
    const uint32_t seen = e2_trust_serial(trust);

    /* The next run, from what was saved. */
    SL_AUTO(e2_trust) struct e2_trust *later = NULL;
    SL_AUTO(str) char *text = e2_trust_save(trust, &len);
    assert(e2_trust_load(text, len, &later, NULL) == SL_OK);
    check(later,
          e2_trust_walk(later, rosters, count, holders, holder_count, holders[0].data, NULL));
    assert(!e2_trust_has_roster(later) || e2_trust_serial(later) >= seen);
    for (size_t i = 0; i < count; i++) {
        sl_buf_free(&made[i]);
    }
    return 0;
}
