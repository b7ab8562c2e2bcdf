/* Sessions, and the calls that are about one: resume, sign_out, cookie, tab. */
#include "rpc/session.h"

#include <sodium.h>
#include <string.h>

#include "auth/auth.h"
#include "common/json.h"
#include "common/text.h"
#include "domain/idle.h"
#include "rpc/handler.h"
#include "store/seal.h"

int64_t session_idle_s(const struct rpc_call *call, unsigned role, bool own_device)
{
    const struct config *config = call->env->config;

    if (role == R_STAFF) {
        return config->staff_session_idle_minutes * 60;
    }
    return own_device ? config->own_device_idle_days * 86400 : config->session_idle_minutes * 60;
}

static enum sl_code end_rows(struct rpc_call *call, struct db_stmt *s, struct sl_err *err)
{
    bool have = false;
    enum sl_code rc = SL_OK;

    while ((rc = db_next(s, &have, err)) == SL_OK && have) {
        uint8_t id[SL_ID_BYTES];
        if (db_fixed(s, 0, id, sizeof(id))) {
            rpc_end_session(call, id);
        }
    }
    return rc;
}

enum sl_code session_end_others(struct rpc_call *call, const uint8_t account_id[SL_ID_BYTES],
                                const uint8_t except[SL_ID_BYTES], struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    enum sl_code rc = db_query(call->db, SQL_SESSIONS_END_OTHERS, &s, err, "bb", account_id,
                               (size_t)SL_ID_BYTES, except, (size_t)SL_ID_BYTES);

    return rc == SL_OK ? end_rows(call, s, err) : rc;
}

enum sl_code session_begin(struct rpc_call *call, unsigned role,
                           const uint8_t account_id[SL_ID_BYTES], bool own_device,
                           const uint8_t *token_hash, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    struct rpc_identity *who = &call->identity;

    *who = (struct rpc_identity){.role = role, .idle_s = session_idle_s(call, role, own_device)};
    memcpy(who->account_id, account_id, SL_ID_BYTES);
    sl_rand_fill(call->env->rand, who->session_id, SL_ID_BYTES);
    enum sl_code rc = db_exec(call->db, SQL_SESSION_ADD, NULL, err, "bbbiii", who->session_id,
                              (size_t)SL_ID_BYTES, account_id, (size_t)SL_ID_BYTES, token_hash,
                              (size_t)SL_HASH_BYTES, (int64_t)own_device, who->idle_s, call->now_s);
    if (rc == SL_OK) {
        rc = db_query(call->db, SQL_SESSIONS_END_OLDEST, &s, err, "bbi", account_id,
                      (size_t)SL_ID_BYTES, who->session_id, (size_t)SL_ID_BYTES,
                      (int64_t)SL_MAX_SESSIONS - 1);
    }
    if (rc == SL_OK) {
        rc = end_rows(call, s, err);
    }
    call->become = rc == SL_OK;
    return rc;
}

enum sl_code session_alive(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;
    enum sl_code rc = db_query(call->db, SQL_SESSION_GET, &s, err, "b", call->who.session_id,
                               (size_t)SL_ID_BYTES);

    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    if (!have || idle_ended(db_int(s, 3), db_int(s, 2), call->now_s)) {
        call->identity = (struct rpc_identity){.role = R_ANON};
        call->become = true;
        return sl_fail(err, SL_SESSION_ENDED, "idle too long, or ended elsewhere");
    }
    return SL_OK;
}

/* What a signed-in parent's page needs to go on after a reload. */
static enum sl_code resume_parent(struct rpc_call *call, const uint8_t account_id[SL_ID_BYTES],
                                  struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;
    enum sl_code rc =
        db_query(call->db, SQL_PARENT_GET, &s, err, "b", account_id, (size_t)SL_ID_BYTES);

    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc == SL_OK && !have) {
        return sl_fail(err, SL_CORRUPT, "a session of a parent who is not there");
    }
    if (rc == SL_OK) {
        sl_json_set_bytes(call->ok, "parent", account_id, SL_ID_BYTES);
        struct sl_bytes hash = db_bytes(s, 3);
        sl_json_set_bytes(call->ok, "vault_hash", hash.data, hash.len);
        rc = handler_set_unsealed(call, call->ok, "vault", "parent.vault", account_id,
                                  db_bytes(s, 2), err);
    }
    return rc;
}

static enum sl_code resume_staff(struct rpc_call *call, const uint8_t account_id[SL_ID_BYTES],
                                 struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    struct handler_holder holder = {0};
    bool have = false;
    enum sl_code rc = handler_holder(call->db, SL_HOLDER_STAFF, account_id, 1, &holder, err);

    if (rc == SL_OK && (!holder.found || holder.ended_serial != 0)) {
        return sl_fail(err, SL_SESSION_ENDED, "no longer in the roster");
    }
    if (rc == SL_OK) {
        rc = db_query(call->db, SQL_STAFF_GET, &s, err, "b", account_id, (size_t)SL_ID_BYTES);
    }
    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc == SL_OK && !have) {
        return sl_fail(err, SL_CORRUPT, "a session of staff who are not there");
    }
    if (rc == SL_OK) {
        sl_json_set_bytes(call->ok, "staff", account_id, SL_ID_BYTES);
        sl_json_set_str(call->ok, "role", db_text(s, 0));
        if (!db_is_null(s, 1)) {
            struct sl_bytes team = db_bytes(s, 1);
            sl_json_set_bytes(call->ok, "team", team.data, team.len);
        }
    }
    return rc;
}

static enum sl_code resume_token(const struct rpc_call *call, uint8_t token[32], struct sl_err *err)
{
    if (call->listener == RPC_STAFF_LISTENER) {
        return sl_json_fixed(call->args, "token", token, 32, err);
    }
    if (sl_json_has(call->args, "token")) {
        return sl_fail(err, SL_BAD_REQUEST, "token: parents have a cookie");
    }
    return sl_b64_fixed(call->cookie_token, strlen(call->cookie_token), token, 32)
               ? SL_OK
               : sl_fail(err, SL_SESSION_ENDED, "no session cookie");
}

struct resumed {
    uint8_t session_id[SL_ID_BYTES];
    uint8_t account_id[SL_ID_BYTES];
    bool own_device;
    int64_t idle_s;
};

static enum sl_code resume_row(struct rpc_call *call, const uint8_t hash[SL_HASH_BYTES],
                               struct resumed *out, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;
    const char *kind = call->listener == RPC_PUBLIC ? "parent" : "staff";
    enum sl_code rc =
        db_query(call->db, SQL_SESSION_BY_TOKEN, &s, err, "b", hash, (size_t)SL_HASH_BYTES);

    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    if (!have || strcmp(db_text(s, 6), kind) != 0 ||
        idle_ended(db_int(s, 4), db_int(s, 3), call->now_s)) {
        return sl_fail(err, SL_SESSION_ENDED, "no such session, or idle too long");
    }
    if (!db_fixed(s, 0, out->session_id, SL_ID_BYTES) ||
        !db_fixed(s, 1, out->account_id, SL_ID_BYTES)) {
        return sl_fail(err, SL_CORRUPT, "a session's row has a column of a wrong length");
    }
    out->own_device = db_int(s, 2) != 0;
    out->idle_s = db_int(s, 3);
    if (!db_is_null(s, 5)) {
        rc = handler_set_unsealed(call, call->ok, "tab_key", "session.tab_key", out->session_id,
                                  db_bytes(s, 5), err);
    }
    return rc;
}

enum sl_code rpc_auth_resume(struct rpc_call *call, struct sl_err *err)
{
    struct resumed found = {0};
    uint8_t token[32];
    uint8_t hash[SL_HASH_BYTES];
    int64_t cursor = 0;
    enum sl_code rc = resume_token(call, token, err);

    if (rc == SL_OK) {
        auth_token_hash(token, hash);
        sodium_memzero(token, sizeof(token));
        rc = resume_row(call, hash, &found, err);
    }
    if (rc == SL_OK) {
        rc = call->listener == RPC_PUBLIC ? resume_parent(call, found.account_id, err)
                                          : resume_staff(call, found.account_id, err);
    }
    if (rc == SL_OK) {
        rc = handler_cursor(call->db, found.account_id, &cursor, err);
    }
    if (rc == SL_OK) {
        rc = db_exec(call->db, SQL_SESSION_TOUCH, NULL, err, "bii", found.session_id,
                     (size_t)SL_ID_BYTES, call->now_s, idle_horizon(call->now_s));
    }
    if (rc != SL_OK) {
        return rc;
    }
    if (call->listener == RPC_PUBLIC) {
        sl_json_set_bool(call->ok, "own_device", found.own_device);
    }
    sl_json_set_int(call->ok, "idle_s", found.idle_s);
    sl_json_set_int(call->ok, "cursor", cursor);
    call->identity = (struct rpc_identity){
        .role = call->listener == RPC_PUBLIC ? R_PARENT : R_STAFF, .idle_s = found.idle_s};
    memcpy(call->identity.account_id, found.account_id, SL_ID_BYTES);
    memcpy(call->identity.session_id, found.session_id, SL_ID_BYTES);
    call->become = true;
    return SL_OK;
}

enum sl_code rpc_auth_sign_out(struct rpc_call *call, struct sl_err *err)
{
    enum sl_code rc = db_exec(call->db, SQL_SESSION_END, NULL, err, "b", call->who.session_id,
                              (size_t)SL_ID_BYTES);

    if (rc == SL_OK) {
        rpc_end_session(call, call->who.session_id);
        call->identity = (struct rpc_identity){.role = R_ANON};
        call->become = true;
    }
    return rc;
}

enum sl_code rpc_session_cookie(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    uint8_t ticket[32];
    uint8_t token[32];
    uint8_t hash[SL_HASH_BYTES];
    uint8_t session_id[SL_ID_BYTES];
    bool have = false;
    enum sl_code rc = sl_json_fixed(call->args, "ticket", ticket, sizeof(ticket), err);

    if (rc == SL_OK) {
        rc = auth_ticket_take(call->env->auth, ticket, session_id, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    sl_rand_fill(call->env->rand, token, sizeof(token));
    auth_token_hash(token, hash);
    rc = db_query(call->db, SQL_SESSION_TOKEN_PUT, &s, err, "bbi", session_id, sizeof(session_id),
                  hash, sizeof(hash), call->now_s);
    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc == SL_OK && !have) {
        rc = sl_fail(err, SL_TICKET_WRONG, "the session has ended meanwhile");
    }
    if (rc == SL_OK) {
        sl_json_set_bytes(call->ok, "token", token, sizeof(token));
        if (db_int(s, 0) != 0) {
            sl_json_set_int(call->ok, "max_age_s", db_int(s, 1));
        }
        rc = db_next(s, &have, err);
    }
    sodium_memzero(token, sizeof(token));
    return rc;
}

enum sl_code rpc_session_tab(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(buf) struct sl_buf sealed = {0};
    uint8_t key[32];
    int64_t changes = 0;
    enum sl_code rc = sl_json_fixed(call->args, "tab_key", key, sizeof(key), err);

    if (rc != SL_OK) {
        return rc;
    }
    seal_put(call->env->seal, "session.tab_key", call->who.session_id, key, sizeof(key), &sealed);
    sodium_memzero(key, sizeof(key));
    rc = db_exec(call->db, SQL_SESSION_TAB_PUT, &changes, err, "bb", call->who.session_id,
                 (size_t)SL_ID_BYTES, sealed.data, sealed.len);
    if (rc == SL_OK && changes == 0) {
        return sl_fail(err, SL_SESSION_ENDED, "the session has ended");
    }
    return rc;
}
