/* Signing in, and what an account keeps: auth.challenge, auth.parent, auth.staff, account.get,
 * vault.*. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "common/json.h"
#include "rpc/handler.h"
#include "rpc/session.h"
#include "rpc/throttle_call.h"
#include "store/seal.h"

enum {
    PURPOSE_PARENT = 1,
    PURPOSE_STAFF = 2
};

enum sl_code rpc_auth_challenge(struct rpc_call *call, struct sl_err *err)
{
    uint8_t challenge[32];
    int64_t expires_at = 0;

    (void)err;
    auth_challenge_make(call->env->auth, challenge, &expires_at);
    sl_json_set_bytes(call->ok, "challenge", challenge, sizeof(challenge));
    sl_json_set_int(call->ok, "expires_at", expires_at);
    return SL_OK;
}

/* The row of a parent who must be there. */
static enum sl_code parent_row(struct rpc_call *call, const uint8_t parent_id[SL_ID_BYTES],
                               struct db_stmt **s, struct sl_err *err)
{
    bool have = false;
    enum sl_code rc =
        db_query(call->db, SQL_PARENT_GET, s, err, "b", parent_id, (size_t)SL_ID_BYTES);

    if (rc == SL_OK) {
        rc = db_next(*s, &have, err);
    }
    return rc == SL_OK && !have ? sl_fail(err, SL_CORRUPT, "a parent who is not there") : rc;
}

/* ---- auth.parent ---- */

struct sign_in {
    uint8_t account_id[SL_ID_BYTES];
    uint8_t address_hash[SL_HASH_BYTES];
    uint8_t challenge[32];
    uint8_t signature[SL_SIG_BYTES];
    uint8_t pk[SL_PK_BYTES]; /* what the signature held under */
    bool own_device;
};

static enum sl_code parse_parent(struct rpc_call *call, struct sign_in *in, struct sl_err *err)
{
    SL_AUTO(str) char *address = NULL;
    enum sl_code rc = handler_need_listener(call, RPC_PUBLIC, err);

    if (rc == SL_OK) {
        rc = handler_address(call->args, &address, err);
    }
    if (rc == SL_OK) {
        rc = sl_json_fixed(call->args, "challenge", in->challenge, sizeof(in->challenge), err);
    }
    if (rc == SL_OK) {
        rc = sl_json_fixed(call->args, "signature", in->signature, sizeof(in->signature), err);
    }
    if (rc == SL_OK && sl_json_has(call->args, "own_device")) {
        rc = sl_json_bool(call->args, "own_device", &in->own_device, err);
    }
    if (rc == SL_OK) {
        seal_lookup(call->env->seal, "parent.address", address, strlen(address), in->address_hash);
    }
    return rc;
}

/* The auth key of whoever has this address; somebody made up does the same work. */
static enum sl_code auth_pk_of(struct rpc_call *call, struct sign_in *in, uint8_t pk[SL_PK_BYTES],
                               bool *known, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    SL_AUTO(secret) struct sl_buf clear = {0};
    bool have = false;
    enum sl_code rc = db_query(call->db, SQL_PARENT_BY_ADDRESS, &s, err, "b", in->address_hash,
                               sizeof(in->address_hash));

    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    if (!have) {
        SL_AUTO(buf) struct sl_buf sealed = {0};
        memset(pk, 0, SL_PK_BYTES);
        seal_put(call->env->seal, "parent.auth_pk", in->account_id, pk, SL_PK_BYTES, &sealed);
        rc = seal_get(call->env->seal, "parent.auth_pk", in->account_id, sealed.data, sealed.len,
                      &clear, err);
    } else if (!db_fixed(s, 0, in->account_id, SL_ID_BYTES)) {
        rc = sl_fail(err, SL_CORRUPT, "a parent's id has a wrong length");
    } else {
        struct sl_bytes sealed = db_bytes(s, 1);
        rc = seal_get(call->env->seal, "parent.auth_pk", in->account_id, sealed.data, sealed.len,
                      &clear, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    if (clear.data == NULL || clear.len != SL_PK_BYTES) {
        return sl_fail(err, SL_CORRUPT, "a parent's auth key has a wrong length");
    }
    memcpy(pk, clear.data, SL_PK_BYTES);
    *known = have;
    return SL_OK;
}

enum sl_code rpc_auth_parent_check(struct rpc_call *call, struct sl_err *err)
{
    struct sign_in *in = sl_alloc(sizeof(*in));
    char host[HANDLER_HOST_SIZE];
    bool known = false;

    call->prepared = in;
    enum sl_code rc = parse_parent(call, in, err);
    if (rc == SL_OK) {
        rc = handler_host(call, host, err);
    }
    if (rc == SL_OK) {
        rc = throttle_call_try(call, AUTH_ADDRESS, in->address_hash, sizeof(in->address_hash), err);
    }
    if (rc == SL_OK) {
        rc = auth_challenge_take(call->env->auth, in->challenge, err);
    }
    if (rc == SL_OK) {
        rc = auth_pk_of(call, in, in->pk, &known, err);
    }
    if (rc == SL_OK && !auth_signature_ok(call->env->auth, PURPOSE_PARENT, host, in->challenge,
                                          NULL, in->signature, known ? in->pk : NULL)) {
        rc = sl_fail(err, SL_SIGN_IN_FAILED, "no such address, or another key");
    }
    return rc;
}

enum sl_code rpc_auth_parent(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    struct sign_in *in = call->prepared;
    uint8_t account_id[SL_ID_BYTES];
    uint8_t pk[SL_PK_BYTES];
    uint8_t ticket[32];
    bool known = false;

    memcpy(account_id, in->account_id, sizeof(account_id));
    /* A password changed since the check: what was signed then does not count now. */
    enum sl_code rc = auth_pk_of(call, in, pk, &known, err);
    if (rc == SL_OK && (!known || sodium_memcmp(pk, in->pk, sizeof(pk)) != 0 ||
                        memcmp(account_id, in->account_id, sizeof(account_id)) != 0)) {
        return sl_fail(err, SL_SIGN_IN_FAILED, "the key was changed meanwhile");
    }
    if (rc == SL_OK) {
        rc = session_begin(call, R_PARENT, in->account_id, in->own_device, NULL, err);
    }
    if (rc == SL_OK) {
        rc = parent_row(call, in->account_id, &s, err);
    }
    if (rc == SL_OK) {
        sl_json_set_bytes(call->ok, "parent", in->account_id, SL_ID_BYTES);
        struct sl_bytes hash = db_bytes(s, 3);
        sl_json_set_bytes(call->ok, "vault_hash", hash.data, hash.len);
        rc = handler_set_unsealed(call, call->ok, "vault", "parent.vault", in->account_id,
                                  db_bytes(s, 2), err);
    }
    if (rc == SL_OK) {
        auth_ticket_make(call->env->auth, call->identity.session_id, ticket);
        sl_json_set_bytes(call->ok, "ticket", ticket, sizeof(ticket));
        sl_json_set_int(call->ok, "idle_s", call->identity.idle_s);
        throttle_call_back(call, AUTH_ADDRESS, in->address_hash, sizeof(in->address_hash));
    }
    return rc;
}

/* ---- auth.staff ---- */

static enum sl_code staff_key(struct rpc_call *call, const struct sign_in *in,
                              struct handler_holder *out, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool set_up = false;
    enum sl_code rc = db_query(call->db, SQL_ROSTER_NEWEST, &s, err, "");

    if (rc == SL_OK) {
        rc = db_next(s, &set_up, err);
    }
    if (rc == SL_OK && !set_up) {
        return sl_fail(err, SL_NOT_SET_UP, "no roster");
    }
    return rc == SL_OK ? handler_holder(call->db, SL_HOLDER_STAFF, in->account_id, 1, out, err)
                       : rc;
}

enum sl_code rpc_auth_staff_check(struct rpc_call *call, struct sl_err *err)
{
    struct sign_in *in = sl_alloc(sizeof(*in));
    struct handler_holder holder = {0};
    char host[HANDLER_HOST_SIZE];

    call->prepared = in;
    enum sl_code rc = handler_need_listener(call, RPC_STAFF_LISTENER, err);
    if (rc == SL_OK) {
        rc = sl_json_fixed(call->args, "staff", in->account_id, sizeof(in->account_id), err);
    }
    if (rc == SL_OK) {
        rc = sl_json_fixed(call->args, "challenge", in->challenge, sizeof(in->challenge), err);
    }
    if (rc == SL_OK) {
        rc = sl_json_fixed(call->args, "signature", in->signature, sizeof(in->signature), err);
    }
    if (rc == SL_OK) {
        rc = handler_host(call, host, err);
    }
    if (rc == SL_OK) {
        rc = throttle_call_try(call, AUTH_ACCOUNT, in->account_id, sizeof(in->account_id), err);
    }
    if (rc == SL_OK) {
        rc = auth_challenge_take(call->env->auth, in->challenge, err);
    }
    if (rc == SL_OK) {
        rc = staff_key(call, in, &holder, err);
    }
    if (rc == SL_OK &&
        !auth_signature_ok(call->env->auth, PURPOSE_STAFF, host, in->challenge, NULL, in->signature,
                           holder.found && holder.ended_serial == 0 ? holder.sign_pk : NULL)) {
        rc = sl_fail(err, SL_SIGN_IN_FAILED, "nobody of the roster, or another key");
    }
    return rc;
}

enum sl_code rpc_auth_staff(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    struct sign_in *in = call->prepared;
    struct handler_holder holder = {0};
    uint8_t token[32];
    uint8_t hash[SL_HASH_BYTES];
    int64_t cursor = 0;
    bool have = false;
    enum sl_code rc = staff_key(call, in, &holder, err);

    if (rc == SL_OK) {
        rc = db_query(call->db, SQL_STAFF_GET, &s, err, "b", in->account_id, (size_t)SL_ID_BYTES);
    }
    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc == SL_OK && (!have || !holder.found || holder.ended_serial != 0)) {
        return sl_fail(err, SL_SIGN_IN_FAILED, "left the roster meanwhile");
    }
    if (rc == SL_OK) {
        rc = handler_cursor(call->db, in->account_id, &cursor, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    sl_rand_fill(call->env->rand, token, sizeof(token));
    auth_token_hash(token, hash);
    rc = session_begin(call, R_STAFF, in->account_id, false, hash, err);
    if (rc == SL_OK) {
        sl_json_set_bytes(call->ok, "token", token, sizeof(token));
        sl_json_set_str(call->ok, "role", db_text(s, 0));
        if (!db_is_null(s, 1)) {
            struct sl_bytes team = db_bytes(s, 1);
            sl_json_set_bytes(call->ok, "team", team.data, team.len);
        }
        sl_json_set_int(call->ok, "idle_s", call->identity.idle_s);
        sl_json_set_int(call->ok, "cursor", cursor);
        throttle_call_back(call, AUTH_ACCOUNT, in->account_id, sizeof(in->account_id));
    }
    sodium_memzero(token, sizeof(token));
    return rc;
}

/* ---- What an account keeps ---- */

static enum sl_code account_of_parent(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    SL_AUTO(stmt) struct db_stmt *session = NULL;
    SL_AUTO(secret) struct sl_buf address = {0};
    bool have = false;
    enum sl_code rc = parent_row(call, call->who.account_id, &s, err);

    if (rc == SL_OK) {
        struct sl_bytes sealed = db_bytes(s, 0);
        rc = seal_get(call->env->seal, "parent.address", call->who.account_id, sealed.data,
                      sealed.len, &address, err);
    }
    if (rc == SL_OK) {
        sl_buf_put_u8(&address, '\0');
        sl_json_set_str(call->ok, "address", (const char *)address.data);
        rc = db_query(call->db, SQL_SESSION_GET, &session, err, "b", call->who.session_id,
                      (size_t)SL_ID_BYTES);
    }
    if (rc == SL_OK) {
        rc = db_next(session, &have, err);
    }
    if (rc == SL_OK) {
        sl_json_set_bool(call->ok, "own_device", have && db_int(session, 1) != 0);
    }
    return rc;
}

static enum sl_code account_of_staff(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;
    enum sl_code rc =
        db_query(call->db, SQL_STAFF_GET, &s, err, "b", call->who.account_id, (size_t)SL_ID_BYTES);

    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc == SL_OK && have) {
        sl_json_set_bytes(call->ok, "staff", call->who.account_id, SL_ID_BYTES);
        sl_json_set_str(call->ok, "role", db_text(s, 0));
        if (!db_is_null(s, 1)) {
            struct sl_bytes team = db_bytes(s, 1);
            sl_json_set_bytes(call->ok, "team", team.data, team.len);
        }
    }
    return rc;
}

enum sl_code rpc_account_get(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;
    enum sl_code rc =
        call->who.role == R_PARENT ? account_of_parent(call, err) : account_of_staff(call, err);

    if (rc == SL_OK) {
        rc = db_query(call->db, SQL_ACCOUNT_GET, &s, err, "b", call->who.account_id,
                      (size_t)SL_ID_BYTES);
    }
    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc == SL_OK && have) {
        sl_json_set_int(call->ok, "created_at", db_int(s, 1));
    }
    return rc;
}

enum sl_code rpc_vault_get(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    enum sl_code rc = parent_row(call, call->who.account_id, &s, err);

    if (rc == SL_OK) {
        struct sl_bytes hash = db_bytes(s, 3);
        sl_json_set_bytes(call->ok, "vault_hash", hash.data, hash.len);
        rc = handler_set_unsealed(call, call->ok, "vault", "parent.vault", call->who.account_id,
                                  db_bytes(s, 2), err);
    }
    return rc;
}

enum sl_code rpc_vault_save(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    SL_AUTO(buf) struct sl_buf vault = {0};
    SL_AUTO(buf) struct sl_buf sealed = {0};
    uint8_t replaces[SL_HASH_BYTES];
    uint8_t hash[SL_HASH_BYTES];
    uint8_t now[SL_HASH_BYTES];
    enum sl_code rc = sl_json_bytes(call->args, "vault", 1, SL_MAX_VAULT_BYTES, &vault, err);

    if (rc == SL_OK) {
        rc = sl_json_fixed(call->args, "replaces", replaces, sizeof(replaces), err);
    }
    if (rc == SL_OK) {
        rc = parent_row(call, call->who.account_id, &s, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    handler_hash(vault.data, vault.len, hash);
    if (!db_fixed(s, 3, now, sizeof(now))) {
        return sl_fail(err, SL_CORRUPT, "a vault's hash has a wrong length");
    }
    db_done(sl_steal(&s));
    if (memcmp(now, hash, sizeof(now)) != 0) {
        if (memcmp(now, replaces, sizeof(now)) != 0) {
            sl_json_set_bytes(call->extra, "vault_hash", now, sizeof(now));
            return sl_fail(err, SL_VAULT_CONFLICT, "replaces another than the newest");
        }
        seal_put(call->env->seal, "parent.vault", call->who.account_id, vault.data, vault.len,
                 &sealed);
        rc = db_exec(call->db, SQL_PARENT_VAULT_PUT, NULL, err, "bbb", call->who.account_id,
                     (size_t)SL_ID_BYTES, sealed.data, sealed.len, hash, sizeof(hash));
    }
    if (rc == SL_OK) {
        sl_json_set_bytes(call->ok, "vault_hash", hash, sizeof(hash));
    }
    return rc;
}
