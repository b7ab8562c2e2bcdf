#include "e2ee/manage.h"

#include <sodium.h>
#include <string.h>

#include "common/text.h"

enum {
    VALIDITY_S = 92 * 24 * 3600
};

enum sl_code e2_holder_make(struct sl_holder *out, uint8_t kind, const uint8_t id[SL_ID_BYTES],
                            uint32_t generation, const struct e2_identity *identity,
                            const char *name, struct sl_err *err)
{
    struct sl_holder made = {.kind = kind, .generation = generation};
    const size_t len = strlen(name);

    if (kind < SL_HOLDER_STAFF || kind > SL_HOLDER_RECORDS || generation == 0 ||
        (kind == SL_HOLDER_STAFF && generation != 1)) {
        return sl_fail(err, SL_BAD_REQUEST, "no holder of kind %u and generation %u", kind,
                       generation);
    }
    if (len == 0 || len > SL_MAX_NAME_BYTES || !sl_utf8_ok(name, len)) {
        return sl_fail(err, SL_BAD_REQUEST, "a name is text of 1 to %d bytes", SL_MAX_NAME_BYTES);
    }
    SL_AUTO(str) char *safe = sl_clean(name, len);
    if (strcmp(safe, name) != 0 || strpbrk(name, "\n\t") != NULL) {
        return sl_fail(err, SL_BAD_REQUEST, "a name has no control characters");
    }
    memcpy(made.id, id, SL_ID_BYTES);
    memcpy(made.box_pk, identity->box_pk, SL_PK_BYTES);
    if (kind == SL_HOLDER_STAFF) {
        memcpy(made.sign_pk, identity->sign_pk, SL_PK_BYTES);
    }
    memcpy(made.name, name, len);
    *out = made;
    return SL_OK;
}

void e2_roster_row_of(const struct sl_holder *holder, struct sl_roster_row *out)
{
    SL_AUTO(buf) struct sl_buf bytes = {0};

    sl_holder_put(&bytes, holder);
    sl_holder_hash(bytes.data, bytes.len, out->holder_hash);
    out->ended = 0;
}

enum sl_code e2_roster_sign(const struct sl_roster *roster, const struct e2_identity *root,
                            struct sl_buf *out, struct sl_err *err)
{
    SL_AUTO(buf) struct sl_buf bytes = {0};
    uint8_t signature[SL_SIG_BYTES];

    if (roster->serial == 0 || roster->root_count == 0 || roster->root_count > SL_MAX_ROOTS ||
        roster->row_count > SL_MAX_ROSTER_ROWS) {
        return sl_fail(err, SL_BAD_REQUEST, "roster %u with %u roots and %zu rows", roster->serial,
                       roster->root_count, roster->row_count);
    }
    if (roster->expires_at < roster->issued_at ||
        roster->expires_at - roster->issued_at > VALIDITY_S) {
        return sl_fail(err, SL_BAD_REQUEST, "a roster is valid for at most 92 days");
    }
    sl_roster_put(&bytes, roster);
    (void)crypto_sign_detached(signature, NULL, bytes.data, bytes.len, root->sign_sk);
    sl_buf_put(out, bytes.data, bytes.len);
    sl_buf_put(out, signature, sizeof(signature));
    return SL_OK;
}
