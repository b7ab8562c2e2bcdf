/* Who is who: roster.since, staff.list, team.keys. */
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "rpc/handler.h"
#include "rpc/invite_row.h"
#include "store/seal.h"

/* Rosters in one answer; the holder records beside them are the larger part. A client asks on from
 * the last. */
enum {
    ROSTER_PAGE_BYTES = 65536
};

static void append_bytes(json_t *list, const void *data, size_t len)
{
    SL_AUTO(str) char *text = sl_b64(data, len);
    sl_json_append(list, json_string_nocheck(text));
}

static enum sl_code set_rosters(struct rpc_call *call, int64_t after, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    json_t *list = sl_json_new_array();
    size_t bytes = 0;
    bool have = false;
    enum sl_code rc = db_query(call->db, SQL_ROSTERS_SINCE, &s, err, "i", after);

    sl_json_set(call->ok, "rosters", list);
    while (rc == SL_OK && bytes < ROSTER_PAGE_BYTES && (rc = db_next(s, &have, err)) == SL_OK &&
           have) {
        struct sl_bytes roster = db_bytes(s, 1);
        append_bytes(list, roster.data, roster.len);
        bytes += roster.len;
    }
    return rc;
}

static enum sl_code set_holders(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    json_t *list = sl_json_new_array();
    bool have = false;
    enum sl_code rc = db_query(call->db, SQL_HOLDERS_ALL, &s, err, "");

    sl_json_set(call->ok, "holders", list);
    while (rc == SL_OK && (rc = db_next(s, &have, err)) == SL_OK && have) {
        SL_AUTO(buf) struct sl_buf record = {0};
        struct sl_bytes sealed = db_bytes(s, 1);
        uint8_t id[SL_ID_BYTES];
        if (!db_fixed(s, 0, id, sizeof(id))) {
            return sl_fail(err, SL_CORRUPT, "a holder's id has a wrong length");
        }
        rc = seal_get(call->env->seal, "holder.record", id, sealed.data, sealed.len, &record, err);
        if (rc == SL_OK) {
            append_bytes(list, record.data, record.len);
        }
    }
    return rc;
}

enum sl_code rpc_roster_since(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    int64_t after = 0;
    bool have = false;
    enum sl_code rc = sl_json_int(call->args, "serial", 0, UINT32_MAX, &after, err);

    if (rc == SL_OK && call->who.role == R_INVITEE) {
        rc = invite_row_still_open(call, err);
    }
    if (rc == SL_OK) {
        rc = set_rosters(call, after, err);
    }
    if (rc == SL_OK) {
        rc = set_holders(call, err);
    }
    if (rc == SL_OK) {
        rc = db_query(call->db, SQL_ROSTER_NEWEST, &s, err, "");
    }
    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc == SL_OK) {
        sl_json_set_int(call->ok, "newest_serial", have ? db_int(s, 0) : 0);
    }
    return rc;
}

enum sl_code rpc_staff_list(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    json_t *list = sl_json_new_array();
    bool have = false;
    enum sl_code rc = db_query(call->db, SQL_STAFF_ALL, &s, err, "");

    sl_json_set(call->ok, "staff", list);
    while (rc == SL_OK && (rc = db_next(s, &have, err)) == SL_OK && have) {
        json_t *item = sl_json_new();
        sl_json_append(list, item);
        struct sl_bytes id = db_bytes(s, 0);
        sl_json_set_bytes(item, "staff", id.data, id.len);
        sl_json_set_str(item, "role", db_text(s, 1));
        if (!db_is_null(s, 2)) {
            struct sl_bytes team = db_bytes(s, 2);
            sl_json_set_bytes(item, "team", team.data, team.len);
        }
    }
    return rc;
}

static enum sl_code set_previous(struct rpc_call *call, json_t *item, struct sl_bytes team,
                                 struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    json_t *list = sl_json_new_array();
    bool have = false;
    enum sl_code rc = db_query(call->db, SQL_TEAM_PREVIOUS_OF, &s, err, "b", team.data, team.len);

    sl_json_set(item, "previous", list);
    while (rc == SL_OK && (rc = db_next(s, &have, err)) == SL_OK && have) {
        json_t *row = sl_json_new();
        sl_json_append(list, row);
        sl_json_set_int(row, "generation", db_int(s, 0));
        struct sl_bytes previous = db_bytes(s, 1);
        sl_json_set_bytes(row, "previous", previous.data, previous.len);
    }
    return rc;
}

enum sl_code rpc_team_keys(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    json_t *list = sl_json_new_array();
    bool have = false;
    enum sl_code rc = db_query(call->db, SQL_TEAM_SEEDS_OF, &s, err, "b", call->who.account_id,
                               (size_t)SL_ID_BYTES);

    sl_json_set(call->ok, "teams", list);
    while (rc == SL_OK && (rc = db_next(s, &have, err)) == SL_OK && have) {
        json_t *item = sl_json_new();
        sl_json_append(list, item);
        struct sl_bytes team = db_bytes(s, 0);
        sl_json_set_bytes(item, "team", team.data, team.len);
        sl_json_set_int(item, "generation", db_int(s, 1));
        struct sl_bytes sealed = db_bytes(s, 2);
        sl_json_set_bytes(item, "sealed", sealed.data, sealed.len);
        rc = set_previous(call, item, team, err);
    }
    return rc;
}
