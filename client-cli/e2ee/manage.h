/*
 * What a root key holder makes: holder records and rosters. Thread: any; no state.
 *
 *   struct sl_holder jane; e2_holder_make(&jane, SL_HOLDER_STAFF, id, 1, identity, "Jordan Ellis",
 * &err) struct e2_roster_draft draft = {.serial = 1, …}; e2_roster_sign(&draft, root, &out, &err)
 */
#ifndef SENDLINE_E2EE_MANAGE_H
#define SENDLINE_E2EE_MANAGE_H

#include "common/roster.h"
#include "e2ee/identity.h"

/** @return SL_OK; SL_BAD_REQUEST: no such kind, staff of another generation than 1, a name that is
 * empty, too long (SL_MAX_NAME_BYTES) or has control characters. sign_pk is set for staff alone. */
SL_MUST_USE enum sl_code e2_holder_make(struct sl_holder *out, uint8_t kind,
                                        const uint8_t id[SL_ID_BYTES], uint32_t generation,
                                        const struct e2_identity *identity, const char *name,
                                        struct sl_err *err);

/** A new member of a team's or the records officers' record bytes: sl_holder_put, then
 * sl_holder_hash for the row. */
void e2_roster_row_of(const struct sl_holder *holder, struct sl_roster_row *out);

/** Sign a roster: appends its bytes and the signature. The root must be among its roots unless it
 * hands over.
 *  @return SL_OK; SL_BAD_REQUEST: no roots, too many rows, or valid for more than 92 days. */
SL_MUST_USE enum sl_code e2_roster_sign(const struct sl_roster *roster,
                                        const struct e2_identity *root, struct sl_buf *out,
                                        struct sl_err *err);

#endif
