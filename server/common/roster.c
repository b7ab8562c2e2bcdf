#include "common/roster.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

static const char label_roster[] = "sendline-roster-v1";
static const char label_holder[] = "sendline-holder-v1";

enum {
    ROSTER_MAX_SECONDS = 92 * 24 * 3600
};

void sl_roster_free(struct sl_roster *roster)
{
    if (roster == NULL) {
        return;
    }
    free(roster->rows);
    memset(roster, 0, sizeof(*roster));
}

void sl_auto_roster(struct sl_roster *roster)
{
    sl_roster_free(roster);
}

static bool label_read(struct sl_reader *r, const char *label, size_t n)
{
    const uint8_t *at = sl_read_bytes(r, n);

    return at != NULL && memcmp(at, label, n) == 0;
}

static int row_order(const void *a, const void *b)
{
    return memcmp(a, b, SL_HASH_BYTES);
}

/* Two rows for one holder could say two things about it. */
static bool rows_unique(const struct sl_roster *roster)
{
    uint8_t(*sorted)[SL_HASH_BYTES] = sl_alloc(roster->row_count * SL_HASH_BYTES + 1);
    bool unique = true;

    for (size_t i = 0; i < roster->row_count; i++) {
        memcpy(sorted[i], roster->rows[i].holder_hash, SL_HASH_BYTES);
    }
    qsort(sorted, roster->row_count, SL_HASH_BYTES, row_order);
    for (size_t i = 1; i < roster->row_count && unique; i++) {
        unique = memcmp(sorted[i - 1], sorted[i], SL_HASH_BYTES) != 0;
    }
    free(sorted);
    return unique;
}

static enum sl_code rows_read(struct sl_reader *r, struct sl_roster *out, struct sl_err *err)
{
    const size_t count = sl_read_u16(r);

    if (r->bad || count > SL_MAX_ROSTER_ROWS) {
        return sl_fail(err, SL_ROSTER_REFUSED, "%zu rows", count);
    }
    out->rows = sl_alloc((count + 1) * sizeof(*out->rows));
    out->row_count = count;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *hash = sl_read_bytes(r, SL_HASH_BYTES);
        if (hash != NULL) {
            memcpy(out->rows[i].holder_hash, hash, SL_HASH_BYTES);
        }
        out->rows[i].ended = sl_read_u32(r);
        if (out->rows[i].ended > out->serial) {
            return sl_fail(err, SL_ROSTER_REFUSED, "row %zu ended by a later roster", i);
        }
    }
    return SL_OK;
}

enum sl_code sl_roster_parse(const void *bytes, size_t len, struct sl_roster *out,
                             struct sl_err *err)
{
    SL_AUTO(roster) struct sl_roster made = {0};
    struct sl_reader r = sl_reader_of(bytes, len);

    if (!label_read(&r, label_roster, sizeof(label_roster))) {
        return sl_fail(err, SL_ROSTER_REFUSED, "no roster");
    }
    made.serial = sl_read_u32(&r);
    made.issued_at = sl_read_u64(&r);
    made.expires_at = sl_read_u64(&r);
    made.root_count = sl_read_u8(&r);
    if (r.bad || made.serial == 0 || made.root_count == 0 || made.root_count > SL_MAX_ROOTS) {
        return sl_fail(err, SL_ROSTER_REFUSED, "serial %u with %u roots", made.serial,
                       made.root_count);
    }
    for (size_t i = 0; i < made.root_count; i++) {
        const uint8_t *pk = sl_read_bytes(&r, SL_PK_BYTES);
        if (pk != NULL) {
            memcpy(made.roots[i], pk, SL_PK_BYTES);
        }
    }
    enum sl_code rc = rows_read(&r, &made, err);
    if (rc != SL_OK) {
        return rc;
    }
    (void)sl_read_bytes(&r, SL_SIG_BYTES);
    if (!sl_reader_done(&r)) {
        return sl_fail(err, SL_ROSTER_REFUSED, "roster of %zu bytes", len);
    }
    if (!rows_unique(&made)) {
        return sl_fail(err, SL_ROSTER_REFUSED, "two rows for one holder");
    }
    (void)crypto_generichash(made.hash, SL_HASH_BYTES, bytes, len - SL_SIG_BYTES, NULL, 0);
    *out = made;
    memset(&made, 0, sizeof(made));
    return SL_OK;
}

bool sl_roster_signed_by(const void *bytes, size_t len, const uint8_t (*roots)[SL_PK_BYTES],
                         size_t root_count)
{
    const uint8_t *at = bytes;

    if (len <= SL_SIG_BYTES) {
        return false;
    }
    for (size_t i = 0; i < root_count; i++) {
        if (crypto_sign_verify_detached(at + len - SL_SIG_BYTES, at, len - SL_SIG_BYTES,
                                        roots[i]) == 0) {
            return true;
        }
    }
    return false;
}

void sl_roster_put(struct sl_buf *out, const struct sl_roster *roster)
{
    sl_buf_put(out, label_roster, sizeof(label_roster));
    sl_buf_put_u32(out, roster->serial);
    sl_buf_put_u64(out, roster->issued_at);
    sl_buf_put_u64(out, roster->expires_at);
    sl_buf_put_u8(out, roster->root_count);
    for (size_t i = 0; i < roster->root_count; i++) {
        sl_buf_put(out, roster->roots[i], SL_PK_BYTES);
    }
    sl_buf_put_u16(out, (uint16_t)roster->row_count);
    for (size_t i = 0; i < roster->row_count; i++) {
        sl_buf_put(out, roster->rows[i].holder_hash, SL_HASH_BYTES);
        sl_buf_put_u32(out, roster->rows[i].ended);
    }
}

enum sl_code sl_holder_parse(const void *bytes, size_t len, struct sl_holder *out,
                             struct sl_err *err)
{
    struct sl_reader r = sl_reader_of(bytes, len);
    struct sl_holder made = {0};

    if (!label_read(&r, label_holder, sizeof(label_holder))) {
        return sl_fail(err, SL_ROSTER_REFUSED, "no holder");
    }
    made.kind = sl_read_u8(&r);
    const uint8_t *id = sl_read_bytes(&r, SL_ID_BYTES);
    made.generation = sl_read_u32(&r);
    const uint8_t *sign_pk = sl_read_bytes(&r, SL_PK_BYTES);
    const uint8_t *box_pk = sl_read_bytes(&r, SL_PK_BYTES);
    const size_t name_len = sl_read_u8(&r);
    const uint8_t *name = sl_read_bytes(&r, name_len);
    if (!sl_reader_done(&r) || id == NULL || sign_pk == NULL || box_pk == NULL) {
        return sl_fail(err, SL_ROSTER_REFUSED, "holder of %zu bytes", len);
    }
    memcpy(made.id, id, SL_ID_BYTES);
    memcpy(made.sign_pk, sign_pk, SL_PK_BYTES);
    memcpy(made.box_pk, box_pk, SL_PK_BYTES);
    if (name_len > 0 && name != NULL) {
        memcpy(made.name, name, name_len);
    }
    if (made.kind < SL_HOLDER_STAFF || made.kind > SL_HOLDER_RECORDS) {
        return sl_fail(err, SL_ROSTER_REFUSED, "holder of kind %u", made.kind);
    }
    const bool staff = made.kind == SL_HOLDER_STAFF;
    if (staff && made.generation != 1) {
        return sl_fail(err, SL_ROSTER_REFUSED, "staff of generation %u", made.generation);
    }
    if (staff == (sodium_is_zero(made.sign_pk, SL_PK_BYTES) != 0)) {
        return sl_fail(err, SL_ROSTER_REFUSED, "staff sign, and nobody else");
    }
    if (!sl_utf8_ok(made.name, name_len)) {
        return sl_fail(err, SL_ROSTER_REFUSED, "the name is not text");
    }
    *out = made;
    return SL_OK;
}

void sl_holder_put(struct sl_buf *out, const struct sl_holder *holder)
{
    const size_t name_len = strlen(holder->name);

    sl_buf_put(out, label_holder, sizeof(label_holder));
    sl_buf_put_u8(out, holder->kind);
    sl_buf_put(out, holder->id, SL_ID_BYTES);
    sl_buf_put_u32(out, holder->generation);
    sl_buf_put(out, holder->sign_pk, SL_PK_BYTES);
    sl_buf_put(out, holder->box_pk, SL_PK_BYTES);
    sl_buf_put_u8(out, (uint8_t)name_len);
    sl_buf_put(out, holder->name, name_len);
}

void sl_holder_hash(const void *bytes, size_t len, uint8_t out[SL_HASH_BYTES])
{
    (void)crypto_generichash(out, SL_HASH_BYTES, bytes, len, NULL, 0);
}

static enum sl_code rows_follow(const struct sl_roster *before, const struct sl_roster *next,
                                struct sl_err *err)
{
    for (size_t i = 0; i < before->row_count; i++) {
        const struct sl_roster_row *old = &before->rows[i];
        const struct sl_roster_row *row = i < next->row_count ? &next->rows[i] : NULL;
        if (row == NULL || memcmp(row->holder_hash, old->holder_hash, SL_HASH_BYTES) != 0) {
            row = sl_roster_row_of(next, old->holder_hash);
        }
        if (row == NULL) {
            return sl_fail(err, SL_ROSTER_REFUSED, "row %zu was removed", i);
        }
        if (row->ended != old->ended && (old->ended != 0 || row->ended <= before->serial)) {
            return sl_fail(err, SL_ROSTER_REFUSED, "the end of row %zu was changed", i);
        }
    }
    return SL_OK;
}

enum sl_code sl_roster_follows(const struct sl_roster *before, const struct sl_roster *next,
                               const void *next_bytes, size_t next_len, struct sl_err *err)
{
    const struct sl_roster *signer = before != NULL ? before : next;

    if (!sl_roster_signed_by(next_bytes, next_len, signer->roots, signer->root_count)) {
        return sl_fail(err, SL_ROSTER_REFUSED, "not signed by a root");
    }
    if (next->expires_at < next->issued_at ||
        next->expires_at - next->issued_at > ROSTER_MAX_SECONDS) {
        return sl_fail(err, SL_ROSTER_REFUSED, "valid for more than 92 days");
    }
    if (before == NULL) {
        return SL_OK;
    }
    if (next->serial <= before->serial) {
        return sl_fail(err, SL_ROSTER_REFUSED, "serial %u after %u", next->serial, before->serial);
    }
    return rows_follow(before, next, err);
}

const struct sl_roster_row *sl_roster_row_of(const struct sl_roster *roster,
                                             const uint8_t hash[SL_HASH_BYTES])
{
    const struct sl_roster_row *rows = roster->rows;

    for (size_t i = 0; rows != NULL && i < roster->row_count; i++) {
        if (memcmp(rows[i].holder_hash, hash, SL_HASH_BYTES) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

bool sl_roster_row_current_at(const struct sl_roster_row *row, uint32_t serial)
{
    return row->ended == 0 || row->ended > serial;
}
