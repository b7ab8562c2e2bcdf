/* Invitations as the invited use them: invite.open, invite.accept. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "common/json.h"
#include "common/text.h"
#include "outbox/outbox.h"
#include "rpc/handler.h"
#include "rpc/invite_row.h"
#include "rpc/session.h"
#include "rpc/throttle_call.h"
#include "store/seal.h"

enum {
    PURPOSE_INVITEE = 3,
    PURPOSE_CHANGE = 4
};

/* ---- invite.open ---- */

struct opening {
    uint8_t invite_id[SL_ID_BYTES];
    bool right; /* the signature holds: they have the link and the code */
};

enum sl_code rpc_invite_open_check(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(invite_row) struct invite_row row = {0};
    struct opening *o = sl_alloc(sizeof(*o));
    uint8_t challenge[32];
    uint8_t signature[SL_SIG_BYTES];
    char host[HANDLER_HOST_SIZE];
    bool found = false;

    call->prepared = o;
    enum sl_code rc = handler_need_listener(call, RPC_PUBLIC, err);
    if (rc == SL_OK) {
        rc = sl_json_fixed(call->args, "invite", o->invite_id, SL_ID_BYTES, err);
    }
    if (rc == SL_OK) {
        rc = sl_json_fixed(call->args, "challenge", challenge, sizeof(challenge), err);
    }
    if (rc == SL_OK) {
        rc = sl_json_fixed(call->args, "signature", signature, sizeof(signature), err);
    }
    if (rc == SL_OK) {
        rc = handler_host(call, host, err);
    }
    if (rc == SL_OK) {
        rc = throttle_call_try(call, AUTH_INVITE, o->invite_id, sizeof(o->invite_id), err);
    }
    if (rc == SL_OK) {
        rc = auth_challenge_take(call->env->auth, challenge, err);
    }
    if (rc == SL_OK) {
        rc = invite_row_load(call->db, o->invite_id, &row, &found, err);
    }
    if (rc == SL_OK) {
        /* An invitation's accept key never changes, so what holds here holds in the writer. */
        o->right = auth_signature_ok(call->env->auth, PURPOSE_INVITEE, host, challenge, NULL,
                                     signature, found ? row.invite.accept_pk : NULL);
    }
    return rc;
}

/* Counted for good, though an error is answered. */
static enum sl_code count_wrong_code(struct rpc_call *call, const struct opening *o,
                                     struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;
    enum sl_code rc = db_query(call->db, SQL_INVITE_COUNT_TRY, &s, err, "bii", o->invite_id,
                               (size_t)SL_ID_BYTES, (int64_t)SL_INVITE_TRIES, call->now_s);

    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    int64_t left = rc == SL_OK && have ? SL_INVITE_TRIES - db_int(s, 0) : 0;
    if (rc == SL_OK && have) {
        rc = db_next(s, &have, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    sl_json_set_int(call->extra, "tries_left", left);
    call->keep = true;
    return sl_fail(err, SL_INVITE_WRONG_CODE, "the signature does not hold");
}

static enum sl_code set_threads(struct rpc_call *call, const uint8_t id[SL_ID_BYTES],
                                struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    json_t *threads = sl_json_new_array();
    bool have = false;
    enum sl_code rc = db_query(call->db, SQL_INVITE_THREADS, &s, err, "b", id, (size_t)SL_ID_BYTES);

    sl_json_set(call->ok, "threads", threads);
    while (rc == SL_OK && (rc = db_next(s, &have, err)) == SL_OK && have) {
        struct sl_bytes thread = db_bytes(s, 0);
        SL_AUTO(str) char *text = sl_b64(thread.data, thread.len);
        sl_json_append(threads, json_string(text));
    }
    return rc;
}

enum sl_code rpc_invite_open(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(invite_row) struct invite_row row = {0};
    const struct opening *o = call->prepared;
    bool found = false;
    enum sl_code rc = invite_row_load(call->db, o->invite_id, &row, &found, err);

    if (rc != SL_OK) {
        return rc;
    }
    const char *state =
        found ? invite_row_state(row.state, row.invite.expires_at, call->now_s) : "unknown";
    if (strcmp(state, "open") != 0) {
        return invite_row_refuse(call, state, err);
    }
    if (!o->right) {
        return count_wrong_code(call, o, err);
    }
    rc = db_exec(call->db, SQL_INVITE_OPENED, NULL, err, "bi", o->invite_id, (size_t)SL_ID_BYTES,
                 call->now_s);
    if (rc == SL_OK) {
        rc = handler_set_unsealed(call, call->ok, "parcel", "invite.parcel", o->invite_id,
                                  sl_buf_bytes(&row.parcel), err);
    }
    if (rc == SL_OK) {
        sl_json_set_bytes(call->ok, "parent", row.invite.parent_id, SL_ID_BYTES);
        sl_json_set_bytes(call->ok, "inviter", row.inviter_id, SL_ID_BYTES);
        sl_json_set_int(call->ok, "made_at", row.made_at);
        sl_json_set_int(call->ok, "expires_at", row.invite.expires_at);
        rc = set_threads(call, o->invite_id, err);
    }
    if (rc == SL_OK) {
        call->identity = (struct rpc_identity){.role = R_INVITEE,
                                               .idle_s = session_idle_s(call, R_PARENT, false)};
        memcpy(call->identity.invite_id, o->invite_id, SL_ID_BYTES);
        call->become = true;
        throttle_call_back(call, AUTH_INVITE, o->invite_id, sizeof(o->invite_id));
    }
    return rc;
}

/* ---- invite.accept ---- */

struct accepting {
    struct post_invite invite; /* as the check found it; it never changes */
    uint8_t challenge[32];
    uint8_t signature[SL_SIG_BYTES];
    char *address;
    uint8_t address_hash[SL_HASH_BYTES];
    uint8_t auth_pk[SL_PK_BYTES];
    struct sl_buf vault;
    bool own_device;
    bool adds;                       /* to an account that keeps its keys and password */
    uint8_t replaces[SL_HASH_BYTES]; /* then: the vault that this one is made from */
    struct post *posts;
    size_t count;
    uint8_t hash[SL_HASH_BYTES]; /* of all that was asked */
};

static void free_accepting(void *prepared)
{
    struct accepting *a = prepared;

    for (size_t i = 0; i < a->count; i++) {
        post_fini(&a->posts[i]);
    }
    free(a->posts);
    free(a->address);
    sl_buf_wipe_free(&a->vault);
    free(a);
}

static enum sl_code parse_accepting(struct rpc_call *call, struct accepting *a, struct sl_err *err)
{
    enum sl_code rc =
        sl_json_fixed(call->args, "challenge", a->challenge, sizeof(a->challenge), err);

    if (rc == SL_OK) {
        rc = sl_json_fixed(call->args, "signature", a->signature, sizeof(a->signature), err);
    }
    if (rc == SL_OK) {
        rc = handler_address(call->args, &a->address, err);
    }
    if (rc == SL_OK) {
        rc = sl_json_fixed(call->args, "auth_pk", a->auth_pk, sizeof(a->auth_pk), err);
    }
    if (rc == SL_OK) {
        rc = sl_json_bytes(call->args, "vault", 1, SL_MAX_VAULT_BYTES, &a->vault, err);
    }
    if (rc == SL_OK && sl_json_has(call->args, "own_device")) {
        rc = sl_json_bool(call->args, "own_device", &a->own_device, err);
    }
    a->adds = sl_json_has(call->args, "replaces");
    if (rc == SL_OK && a->adds) {
        rc = sl_json_fixed(call->args, "replaces", a->replaces, sizeof(a->replaces), err);
    }
    if (rc == SL_OK) {
        rc = post_parse_list(call->args, SL_MAX_THREADS_OF_PARENT, &a->posts, &a->count, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    seal_lookup(call->env->seal, "parent.address", a->address, strlen(a->address), a->address_hash);
    SL_AUTO(secret) struct sl_buf all = {0};
    sl_buf_put(&all, a->address_hash, sizeof(a->address_hash));
    sl_buf_put(&all, a->auth_pk, sizeof(a->auth_pk));
    sl_buf_put_u32(&all, (uint32_t)a->vault.len);
    sl_buf_put(&all, a->vault.data, a->vault.len);
    for (size_t i = 0; i < a->count; i++) {
        sl_buf_put(&all, a->posts[i].thread_id, SL_ID_BYTES);
        sl_buf_put_u32(&all, (uint32_t)a->posts[i].bytes.len);
        sl_buf_put(&all, a->posts[i].bytes.data, a->posts[i].bytes.len);
    }
    handler_hash(all.data, all.len, a->hash);
    return SL_OK;
}

enum sl_code rpc_invite_accept_check(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(invite_row) struct invite_row row = {0};
    struct accepting *a = sl_alloc(sizeof(*a));
    uint8_t extra[32];
    char host[HANDLER_HOST_SIZE];
    bool found = false;

    call->prepared = a;
    call->free_prepared = free_accepting;
    enum sl_code rc = parse_accepting(call, a, err);
    if (rc == SL_OK) {
        rc = handler_host(call, host, err);
    }
    if (rc == SL_OK) {
        rc = invite_row_load(call->db, call->who.invite_id, &row, &found, err);
    }
    if (rc == SL_OK && !found) {
        return invite_row_refuse(call, "unknown", err);
    }
    if (rc == SL_OK) {
        a->invite = row.invite;
        rc = auth_challenge_take(call->env->auth, a->challenge, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    sl_auth_change_extra(a->auth_pk, a->vault.data, a->vault.len, extra);
    if (!auth_signature_ok(call->env->auth, PURPOSE_CHANGE, host, a->challenge, extra, a->signature,
                           a->invite.accept_pk)) {
        return sl_fail(err, SL_SIGNATURE_WRONG, "of the acceptance");
    }
    for (size_t i = 0; i < a->count && rc == SL_OK; i++) {
        struct post *post = &a->posts[i];
        post->author_id = a->invite.parent_id;
        post->side = THREAD_PARENT;
        post->types = 1U << SL_ENTRY_KEYS;
        post->invite = &a->invite;
        rc = post_check(call, post, err);
    }
    return rc;
}

/* One keys entry for each thread of the invitation, and for no other. */
static enum sl_code every_thread_once(struct rpc_call *call, const struct accepting *a,
                                      struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    size_t threads = 0;
    bool have = false;
    enum sl_code rc =
        db_query(call->db, SQL_INVITE_THREADS, &s, err, "b", a->invite.id, (size_t)SL_ID_BYTES);

    while (rc == SL_OK && (rc = db_next(s, &have, err)) == SL_OK && have) {
        struct sl_bytes id = db_bytes(s, 0);
        bool there = false;
        for (size_t i = 0; i < a->count && id.len == SL_ID_BYTES; i++) {
            there = there || memcmp(a->posts[i].thread_id, id.data, SL_ID_BYTES) == 0;
        }
        if (!there) {
            return sl_fail(err, SL_BAD_REQUEST, "entries: one for each thread of the invitation");
        }
        threads++;
    }
    /* Each of them, and as many as there are: none twice, and no others. */
    if (rc == SL_OK && threads != a->count) {
        return sl_fail(err, SL_BAD_REQUEST, "entries: one for each thread of the invitation");
    }
    return rc;
}

static enum sl_code address_free(struct rpc_call *call, const struct accepting *a,
                                 struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;
    enum sl_code rc = db_query(call->db, SQL_PARENT_BY_ADDRESS, &s, err, "b", a->address_hash,
                               sizeof(a->address_hash));

    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc == SL_OK && have) {
        struct sl_bytes id = db_bytes(s, 0);
        if (id.len != SL_ID_BYTES || memcmp(id.data, a->invite.parent_id, SL_ID_BYTES) != 0) {
            return sl_fail(err, SL_ADDRESS_USED, "another account has the address");
        }
    }
    return rc;
}

/* The account that the parent has already. */
struct account {
    bool there;
    bool same_password;
    uint8_t vault_hash[SL_HASH_BYTES];
};

static enum sl_code account_before(struct rpc_call *call, const struct accepting *a,
                                   struct account *out, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    SL_AUTO(secret) struct sl_buf pk = {0};
    enum sl_code rc =
        db_query(call->db, SQL_PARENT_GET, &s, err, "b", a->invite.parent_id, (size_t)SL_ID_BYTES);

    if (rc == SL_OK) {
        rc = db_next(s, &out->there, err);
    }
    if (rc != SL_OK || !out->there) {
        return rc;
    }
    if (!db_fixed(s, 3, out->vault_hash, sizeof(out->vault_hash))) {
        return sl_fail(err, SL_CORRUPT, "a vault's hash has a wrong length");
    }
    struct sl_bytes sealed = db_bytes(s, 1);
    rc = seal_get(call->env->seal, "parent.auth_pk", a->invite.parent_id, sealed.data, sealed.len,
                  &pk, err);
    out->same_password = rc == SL_OK && pk.len == SL_PK_BYTES &&
                         sodium_memcmp(pk.data, a->auth_pk, SL_PK_BYTES) == 0;
    return rc;
}

/* Was the parent in one of the invitation's threads before it? */
static bool knows_them(const struct accepting *a)
{
    for (size_t i = 0; i < a->count; i++) {
        if (!a->posts[i].first_keys) {
            return true;
        }
    }
    return false;
}

/*
 * What an acceptance may do to an account. Adding threads keeps password, keys and sessions, and
 * must have the newest vault. Anything else is a new beginning: then one of their own caseworkers
 * has invited them, not somebody who has nothing to do with them yet.
 */
static enum sl_code may_write(struct rpc_call *call, const struct accepting *a,
                              const struct account *account, struct sl_err *err)
{
    if (a->adds && (!account->there || !account->same_password)) {
        return sl_fail(err, SL_FORBIDDEN, "adds to another account");
    }
    if (a->adds && memcmp(account->vault_hash, a->replaces, sizeof(a->replaces)) != 0) {
        sl_json_set_bytes(call->extra, "vault_hash", account->vault_hash, SL_HASH_BYTES);
        return sl_fail(err, SL_VAULT_CONFLICT, "replaces another than the newest");
    }
    return !a->adds && account->there && !knows_them(a)
               ? sl_fail(err, SL_FORBIDDEN, "a new beginning by a stranger")
               : SL_OK;
}

static enum sl_code write_account(struct rpc_call *call, const struct accepting *a,
                                  struct sl_err *err)
{
    static const uint8_t nobody[SL_ID_BYTES];
    SL_AUTO(buf) struct sl_buf address = {0};
    SL_AUTO(buf) struct sl_buf auth_pk = {0};
    SL_AUTO(buf) struct sl_buf vault = {0};
    const uint8_t *id = a->invite.parent_id;
    uint8_t vault_hash[SL_HASH_BYTES];
    struct account account = {0};
    enum sl_code rc = account_before(call, a, &account, err);

    if (rc == SL_OK) {
        rc = may_write(call, a, &account, err);
    }
    if (rc == SL_OK && !account.there) {
        rc = db_exec(call->db, SQL_ACCOUNT_ADD, NULL, err, "bti", id, (size_t)SL_ID_BYTES, "parent",
                     call->now_s);
    }
    const bool renewed = account.there && !a->adds;
    if (rc == SL_OK && renewed) {
        /* As long as the address is the one before. */
        rc = outbox_account_renewed(call->env->outbox, call->db, id, a->invite.id, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    handler_hash(a->vault.data, a->vault.len, vault_hash);
    seal_put(call->env->seal, "parent.address", id, a->address, strlen(a->address), &address);
    seal_put(call->env->seal, "parent.auth_pk", id, a->auth_pk, sizeof(a->auth_pk), &auth_pk);
    seal_put(call->env->seal, "parent.vault", id, a->vault.data, a->vault.len, &vault);
    rc = db_exec(call->db, SQL_PARENT_PUT, NULL, err, "bbbbbb", id, (size_t)SL_ID_BYTES,
                 a->address_hash, sizeof(a->address_hash), address.data, address.len, auth_pk.data,
                 auth_pk.len, vault.data, vault.len, vault_hash, sizeof(vault_hash));
    return rc == SL_OK && renewed ? session_end_others(call, id, nobody, err) : rc;
}

static enum sl_code tell(struct rpc_call *call, const struct accepting *a,
                         const struct invite_row *row, struct sl_err *err)
{
    enum sl_code rc = SL_OK;

    for (size_t i = 0; i < a->count && rc == SL_OK; i++) {
        const struct post *post = &a->posts[i];
        const bool first = post->first_keys;
        rc = rpc_notify(call, post->state.caseworker_id, SL_EV_ENTRY_NEW, post->thread_id,
                        post->seq, err);
        if (rc == SL_OK) {
            rc = rpc_notify(call, a->invite.parent_id, first ? SL_EV_THREAD_NEW : SL_EV_ENTRY_NEW,
                            post->thread_id, first ? 0 : post->seq, err);
        }
    }
    return rc == SL_OK ? rpc_notify(call, row->inviter_id, SL_EV_INVITE_USED, a->invite.id, 0, err)
                       : rc;
}

static enum sl_code accept_now(struct rpc_call *call, struct accepting *a,
                               const struct invite_row *row, struct sl_err *err)
{
    const char *state = invite_row_state(row->state, row->invite.expires_at, call->now_s);

    if (strcmp(state, "open") != 0) {
        return invite_row_refuse(call, state, err);
    }
    enum sl_code rc = every_thread_once(call, a, err);
    if (rc == SL_OK) {
        rc = address_free(call, a, err);
    }
    for (size_t i = 0; i < a->count && rc == SL_OK; i++) {
        rc = post_run(call, &a->posts[i], err);
    }
    if (rc == SL_OK) {
        rc = write_account(call, a, err);
    }
    if (rc == SL_OK) {
        rc = db_exec(call->db, SQL_INVITE_USED, NULL, err, "bib", a->invite.id, (size_t)SL_ID_BYTES,
                     call->now_s, a->hash, sizeof(a->hash));
    }
    return rc == SL_OK ? tell(call, a, row, err) : rc;
}

/* The answer was lost: the same again finds what it wrote, as long as its password is the newest.
 */
static enum sl_code accept_again(struct rpc_call *call, struct accepting *a, struct sl_err *err)
{
    struct account account = {0};
    enum sl_code rc = account_before(call, a, &account, err);

    if (rc == SL_OK && !account.same_password) {
        return invite_row_refuse(call, "used", err);
    }
    for (size_t i = 0; i < a->count && rc == SL_OK; i++) {
        rc = post_run(call, &a->posts[i], err);
    }
    return rc;
}

enum sl_code rpc_invite_accept(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(invite_row) struct invite_row row = {0};
    struct accepting *a = call->prepared;
    uint8_t vault_hash[SL_HASH_BYTES];
    uint8_t ticket[32];
    bool found = false;
    enum sl_code rc = invite_row_load(call->db, a->invite.id, &row, &found, err);

    if (rc != SL_OK || !found) {
        return rc == SL_OK ? invite_row_refuse(call, "unknown", err) : rc;
    }
    if (strcmp(row.state, "used") == 0 && memcmp(row.accept_hash, a->hash, sizeof(a->hash)) == 0) {
        rc = accept_again(call, a, err);
    } else {
        rc = accept_now(call, a, &row, err);
    }
    if (rc == SL_OK) {
        rc = session_begin(call, R_PARENT, a->invite.parent_id, a->own_device, NULL, err);
    }
    if (rc == SL_OK) {
        auth_ticket_make(call->env->auth, call->identity.session_id, ticket);
        handler_hash(a->vault.data, a->vault.len, vault_hash);
        sl_json_set_bytes(call->ok, "parent", a->invite.parent_id, SL_ID_BYTES);
        sl_json_set_bytes(call->ok, "ticket", ticket, sizeof(ticket));
        sl_json_set_bytes(call->ok, "vault_hash", vault_hash, sizeof(vault_hash));
        sl_json_set_int(call->ok, "idle_s", call->identity.idle_s);
        sl_json_set(call->ok, "results", post_results(a->posts, a->count));
    }
    return rc;
}
