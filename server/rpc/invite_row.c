#include "rpc/invite_row.h"

#include <string.h>

#include "common/json.h"

enum column {
    C_PARENT,
    C_INVITER,
    C_ACCEPT_PK,
    C_PARCEL,
    C_REQUEST_HASH,
    C_ACCEPT_HASH,
    C_MADE_AT,
    C_EXPIRES_AT,
    C_STATE,
    C_TRIES
};

void invite_row_fini(struct invite_row *row)
{
    sl_buf_free(&row->parcel);
}

void sl_auto_invite_row(struct invite_row *row)
{
    invite_row_fini(row);
}

enum sl_code invite_row_load(struct db *db, const uint8_t id[SL_ID_BYTES], struct invite_row *out,
                             bool *found, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;
    enum sl_code rc = db_query(db, SQL_INVITE_GET, &s, err, "b", id, (size_t)SL_ID_BYTES);

    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc != SL_OK || !have) {
        *found = false;
        return rc;
    }
    struct invite_row row = {0};
    memcpy(row.invite.id, id, SL_ID_BYTES);
    if (!db_fixed(s, C_PARENT, row.invite.parent_id, SL_ID_BYTES) ||
        !db_fixed(s, C_INVITER, row.inviter_id, SL_ID_BYTES) ||
        !db_fixed(s, C_ACCEPT_PK, row.invite.accept_pk, SL_PK_BYTES) ||
        !db_fixed(s, C_REQUEST_HASH, row.request_hash, SL_HASH_BYTES) ||
        (!db_is_null(s, C_ACCEPT_HASH) &&
         !db_fixed(s, C_ACCEPT_HASH, row.accept_hash, SL_HASH_BYTES)) ||
        strlen(db_text(s, C_STATE)) >= sizeof(row.state)) {
        return sl_fail(err, SL_CORRUPT, "an invitation's row has a column of a wrong length");
    }
    memcpy(row.state, db_text(s, C_STATE), strlen(db_text(s, C_STATE)));
    row.invite.expires_at = db_int(s, C_EXPIRES_AT);
    row.made_at = db_int(s, C_MADE_AT);
    row.tries = db_int(s, C_TRIES);
    struct sl_bytes parcel = db_bytes(s, C_PARCEL);
    sl_buf_put(&row.parcel, parcel.data, parcel.len);
    *out = row;
    *found = true;
    return SL_OK;
}

const char *invite_row_state(const char *state, int64_t expires_at, int64_t now_s)
{
    return strcmp(state, "open") == 0 && expires_at <= now_s ? "expired" : state;
}

enum sl_code invite_row_refuse(struct rpc_call *call, const char *reason, struct sl_err *err)
{
    sl_json_set_str(call->extra, "reason", reason);
    return sl_fail(err, SL_INVITE_ENDED, "%s", reason);
}

enum sl_code invite_row_still_open(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(invite_row) struct invite_row row = {0};
    bool found = false;
    enum sl_code rc = invite_row_load(call->db, call->who.invite_id, &row, &found, err);

    if (rc != SL_OK) {
        return rc;
    }
    const char *state =
        found ? invite_row_state(row.state, row.invite.expires_at, call->now_s) : "unknown";
    return strcmp(state, "open") == 0 ? SL_OK : invite_row_refuse(call, state, err);
}
