/* The service itself: service.info, service.init. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "common/json.h"
#include "common/roster.h"
#include "common/text.h"
#include "rpc/handler.h"
#include "rpc/throttle_call.h"
#include "store/seal.h"

enum {
    MAX_HOLDERS = 200, /* of a service that begins; more come with later rosters */
    MAX_HOLDER_BYTES = 512,
    MAX_ROSTER_BYTES = 512 + SL_MAX_ROOTS * SL_PK_BYTES + SL_MAX_ROSTER_ROWS * 36,
    MAX_TOKEN_BYTES = 128
};

static enum sl_code newest_roster(struct db *db, bool *found, uint8_t hash[SL_HASH_BYTES],
                                  struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    enum sl_code rc = db_query(db, SQL_ROSTER_NEWEST, &s, err, "");

    if (rc == SL_OK) {
        rc = db_next(s, found, err);
    }
    if (rc == SL_OK && *found && !db_fixed(s, 1, hash, SL_HASH_BYTES)) {
        return sl_fail(err, SL_CORRUPT, "a roster's hash has a wrong length");
    }
    return rc;
}

/* ---- service.info ---- */

enum sl_code rpc_service_info(struct rpc_call *call, struct sl_err *err)
{
    const struct config *config = call->env->config;
    uint8_t hash[SL_HASH_BYTES];
    bool set_up = false;
    enum sl_code rc = newest_roster(call->db, &set_up, hash, err);

    if (rc == SL_OK) {
        sl_json_set_str(call->ok, "service", config->service_name);
        sl_json_set_str(call->ok, "council", config->council_name);
        sl_json_set_str(call->ok, "phone", config->contact_phone);
        sl_json_set_str(call->ok, "public_url", config->public_url);
        sl_json_set_str(call->ok, "version", SENDLINE_VERSION);
        sl_json_set_int(call->ok, "now_at", call->now_s);
        sl_json_set_bool(call->ok, "set_up", set_up);
    }
    return rc;
}

/* ---- service.init ---- */

struct founding_holder {
    struct sl_buf record; /* as it came: what the roster hashes */
    uint8_t hash[SL_HASH_BYTES];
    struct sl_holder holder;
    uint32_t ended;
};

struct founding_staff {
    uint8_t id[SL_ID_BYTES];
    const char *role; /* borrowed from the arguments */
    bool has_team;
    uint8_t team_id[SL_ID_BYTES];
};

struct founding_seed {
    uint8_t team_id[SL_ID_BYTES];
    uint32_t generation;
    uint8_t staff_id[SL_ID_BYTES];
    uint8_t sealed[SL_SEALED_KEY_BYTES];
};

struct founding {
    struct sl_buf roster_bytes;
    struct sl_roster roster;
    struct founding_holder *holders;
    size_t holder_count;
    struct founding_staff *staff;
    size_t staff_count;
    struct founding_seed *seeds;
    size_t seed_count;
};

static void free_founding(void *prepared)
{
    struct founding *f = prepared;

    for (size_t i = 0; i < f->holder_count; i++) {
        sl_buf_free(&f->holders[i].record);
    }
    free(f->holders);
    free(f->staff);
    free(f->seeds);
    sl_roster_free(&f->roster);
    sl_buf_free(&f->roster_bytes);
    free(f);
}

/* Who knows what `sendlined init` wrote into the data folder may found the service. */
static enum sl_code check_token(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    const char *token = NULL;
    uint8_t hash[SL_HASH_BYTES];
    uint8_t stored[SL_HASH_BYTES];
    bool have = false;
    enum sl_code rc = sl_json_str(call->args, "token", 1, MAX_TOKEN_BYTES, &token, err);

    if (rc == SL_OK) {
        rc = throttle_call_try(call, AUTH_SET_UP, call->peer, strlen(call->peer), err);
    }
    if (rc == SL_OK) {
        rc = db_query(call->db, SQL_SETTING_GET, &s, err, "t", "setup_token_hash");
    }
    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    auth_setup_token_hash(token, hash);
    if (!have || !db_fixed(s, 0, stored, sizeof(stored)) ||
        sodium_memcmp(hash, stored, sizeof(hash)) != 0) {
        return sl_fail(err, SL_TOKEN_WRONG, "set-up token");
    }
    throttle_call_back(call, AUTH_SET_UP, call->peer, strlen(call->peer));
    return SL_OK;
}

static enum sl_code parse_roster(struct rpc_call *call, struct founding *f, struct sl_err *err)
{
    enum sl_code rc =
        sl_json_bytes(call->args, "roster", 1, MAX_ROSTER_BYTES, &f->roster_bytes, err);

    if (rc == SL_OK) {
        rc = sl_roster_parse(f->roster_bytes.data, f->roster_bytes.len, &f->roster, err);
    }
    if (rc == SL_OK) {
        rc = sl_roster_follows(NULL, &f->roster, f->roster_bytes.data, f->roster_bytes.len, err);
    }
    if (rc == SL_OK && f->roster.expires_at <= (uint64_t)call->now_s) {
        rc = sl_fail(err, SL_ROSTER_REFUSED, "it has expired");
    }
    return rc;
}

static enum sl_code parse_holder(const json_t *text, const struct sl_roster *roster,
                                 struct founding_holder *h, struct sl_err *err)
{
    if (!json_is_string(text) || json_string_length(text) > MAX_HOLDER_BYTES ||
        !sl_b64_get(json_string_value(text), json_string_length(text), &h->record)) {
        return sl_fail(err, SL_BAD_REQUEST, "holders: members are base64url");
    }
    enum sl_code rc = sl_holder_parse(h->record.data, h->record.len, &h->holder, err);
    if (rc != SL_OK) {
        return rc;
    }
    sl_holder_hash(h->record.data, h->record.len, h->hash);
    const struct sl_roster_row *row = sl_roster_row_of(roster, h->hash);
    if (row == NULL) {
        return sl_fail(err, SL_ROSTER_REFUSED, "a holder that is not in it");
    }
    h->ended = row->ended;
    return SL_OK;
}

static bool same_holder(const struct sl_holder *a, const struct sl_holder *b)
{
    return a->kind == b->kind && a->generation == b->generation &&
           memcmp(a->id, b->id, SL_ID_BYTES) == 0;
}

/* Each row of the roster has its record here, once; rows are unique, so counting them does. */
static enum sl_code parse_holders(struct rpc_call *call, struct founding *f, struct sl_err *err)
{
    json_t *list = NULL;
    enum sl_code rc = sl_json_array(call->args, "holders", 1, MAX_HOLDERS, &list, err);

    if (rc != SL_OK) {
        return rc;
    }
    f->holder_count = json_array_size(list);
    f->holders = sl_alloc(f->holder_count * sizeof(*f->holders));
    for (size_t i = 0; i < f->holder_count && rc == SL_OK; i++) {
        rc = parse_holder(json_array_get(list, i), &f->roster, &f->holders[i], err);
        for (size_t j = 0; j < i && rc == SL_OK; j++) {
            if (same_holder(&f->holders[i].holder, &f->holders[j].holder)) {
                rc = sl_fail(err, SL_ROSTER_REFUSED, "one holder twice");
            }
        }
    }
    return rc == SL_OK && f->holder_count != f->roster.row_count
               ? sl_fail(err, SL_ROSTER_REFUSED, "not one record for each row")
               : rc;
}

static bool is_current(const struct founding *f, enum sl_holder_kind kind,
                       const uint8_t id[SL_ID_BYTES], uint32_t generation)
{
    for (size_t i = 0; i < f->holder_count; i++) {
        const struct founding_holder *h = &f->holders[i];
        if (h->holder.kind == kind && h->holder.generation == generation && h->ended == 0 &&
            memcmp(h->holder.id, id, SL_ID_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static enum sl_code parse_member(const json_t *obj, const struct founding *f,
                                 struct founding_staff *member, struct sl_err *err)
{
    static const char *const roles[] = {"caseworker", "manager", "records"};
    bool known = false;
    enum sl_code rc = sl_json_fixed(obj, "staff", member->id, SL_ID_BYTES, err);

    if (rc == SL_OK) {
        rc = sl_json_str(obj, "role", 1, 20, &member->role, err);
    }
    for (size_t i = 0; rc == SL_OK && i < sizeof(roles) / sizeof(roles[0]); i++) {
        known = known || strcmp(member->role, roles[i]) == 0;
    }
    if (rc == SL_OK && !known) {
        rc = sl_fail(err, SL_BAD_REQUEST, "staff: no such role");
    }
    member->has_team = sl_json_has(obj, "team");
    if (rc == SL_OK && member->has_team) {
        rc = sl_json_fixed(obj, "team", member->team_id, SL_ID_BYTES, err);
    }
    if (rc == SL_OK && (!is_current(f, SL_HOLDER_STAFF, member->id, 1) ||
                        (member->has_team && !is_current(f, SL_HOLDER_TEAM, member->team_id, 1)))) {
        rc = sl_fail(err, SL_BAD_REQUEST, "staff: nobody of the roster");
    }
    return rc;
}

static enum sl_code parse_seed(const json_t *obj, const struct founding *f,
                               struct founding_seed *seed, struct sl_err *err)
{
    int64_t generation = 0;
    enum sl_code rc = sl_json_fixed(obj, "team", seed->team_id, SL_ID_BYTES, err);

    if (rc == SL_OK) {
        rc = sl_json_int(obj, "generation", 1, UINT32_MAX, &generation, err);
    }
    if (rc == SL_OK) {
        rc = sl_json_fixed(obj, "staff", seed->staff_id, SL_ID_BYTES, err);
    }
    if (rc == SL_OK) {
        rc = sl_json_fixed(obj, "sealed", seed->sealed, sizeof(seed->sealed), err);
    }
    seed->generation = (uint32_t)generation;
    if (rc == SL_OK && (!is_current(f, SL_HOLDER_TEAM, seed->team_id, seed->generation) ||
                        !is_current(f, SL_HOLDER_STAFF, seed->staff_id, 1))) {
        rc = sl_fail(err, SL_BAD_REQUEST, "team_seeds: nobody of the roster");
    }
    return rc;
}

static enum sl_code parse_staff(struct rpc_call *call, struct founding *f, struct sl_err *err)
{
    json_t *list = NULL;
    enum sl_code rc = sl_json_array(call->args, "staff", 1, MAX_HOLDERS, &list, err);

    if (rc != SL_OK) {
        return rc;
    }
    f->staff_count = json_array_size(list);
    f->staff = sl_alloc(f->staff_count * sizeof(*f->staff));
    for (size_t i = 0; i < f->staff_count && rc == SL_OK; i++) {
        rc = handler_member(list, i, "staff:b16 role:word team:b16?", err);
        if (rc == SL_OK) {
            rc = parse_member(json_array_get(list, i), f, &f->staff[i], err);
        }
    }
    return rc;
}

static enum sl_code parse_seeds(struct rpc_call *call, struct founding *f, struct sl_err *err)
{
    json_t *list = NULL;
    enum sl_code rc = sl_json_array(call->args, "team_seeds", 0, MAX_HOLDERS, &list, err);

    if (rc != SL_OK) {
        return rc;
    }
    f->seed_count = json_array_size(list);
    f->seeds = sl_alloc((f->seed_count + 1) * sizeof(*f->seeds));
    for (size_t i = 0; i < f->seed_count && rc == SL_OK; i++) {
        rc = handler_member(list, i, "team:b16 generation:int staff:b16 sealed:b80", err);
        if (rc == SL_OK) {
            rc = parse_seed(json_array_get(list, i), f, &f->seeds[i], err);
        }
    }
    return rc;
}

enum sl_code rpc_service_init_check(struct rpc_call *call, struct sl_err *err)
{
    struct founding *f = sl_alloc(sizeof(*f));

    call->prepared = f;
    call->free_prepared = free_founding;
    enum sl_code rc = handler_need_listener(call, RPC_STAFF_LISTENER, err);
    if (rc == SL_OK) {
        rc = check_token(call, err);
    }
    if (rc == SL_OK) {
        rc = parse_roster(call, f, err);
    }
    if (rc == SL_OK) {
        rc = parse_holders(call, f, err);
    }
    if (rc == SL_OK) {
        rc = parse_staff(call, f, err);
    }
    return rc == SL_OK ? parse_seeds(call, f, err) : rc;
}

static enum sl_code write_holders(struct rpc_call *call, const struct founding *f,
                                  struct sl_err *err)
{
    enum sl_code rc = SL_OK;

    for (size_t i = 0; i < f->holder_count && rc == SL_OK; i++) {
        SL_AUTO(buf) struct sl_buf sealed = {0};
        const struct founding_holder *h = &f->holders[i];
        seal_put(call->env->seal, "holder.record", h->holder.id, h->record.data, h->record.len,
                 &sealed);
        rc = db_exec(call->db, SQL_HOLDER_ADD, NULL, err, "bibibbbii", h->hash,
                     (size_t)SL_HASH_BYTES, (int64_t)h->holder.kind, h->holder.id,
                     (size_t)SL_ID_BYTES, (int64_t)h->holder.generation, h->holder.sign_pk,
                     (size_t)SL_PK_BYTES, h->holder.box_pk, (size_t)SL_PK_BYTES, sealed.data,
                     sealed.len, (int64_t)f->roster.serial, (int64_t)h->ended);
    }
    return rc;
}

static enum sl_code write_staff(struct rpc_call *call, const struct founding *f, struct sl_err *err)
{
    enum sl_code rc = SL_OK;

    for (size_t i = 0; i < f->staff_count && rc == SL_OK; i++) {
        const struct founding_staff *member = &f->staff[i];
        rc = db_exec(call->db, SQL_ACCOUNT_ADD, NULL, err, "bti", member->id, (size_t)SL_ID_BYTES,
                     "staff", call->now_s);
        if (rc == SL_OK) {
            rc = db_exec(call->db, SQL_STAFF_ADD, NULL, err, "btb", member->id, (size_t)SL_ID_BYTES,
                         member->role, member->has_team ? member->team_id : NULL,
                         (size_t)SL_ID_BYTES);
        }
    }
    for (size_t i = 0; i < f->seed_count && rc == SL_OK; i++) {
        const struct founding_seed *seed = &f->seeds[i];
        rc = db_exec(call->db, SQL_TEAM_SEED_ADD, NULL, err, "bibb", seed->team_id,
                     (size_t)SL_ID_BYTES, (int64_t)seed->generation, seed->staff_id,
                     (size_t)SL_ID_BYTES, seed->sealed, sizeof(seed->sealed));
    }
    return rc == SL_ID_USED ? sl_fail(err, SL_BAD_REQUEST, "staff, team_seeds: one twice") : rc;
}

enum sl_code rpc_service_init(struct rpc_call *call, struct sl_err *err)
{
    const struct founding *f = call->prepared;
    uint8_t hash[SL_HASH_BYTES];
    bool set_up = false;
    enum sl_code rc = newest_roster(call->db, &set_up, hash, err);

    if (rc == SL_OK && set_up && memcmp(hash, f->roster.hash, sizeof(hash)) != 0) {
        return sl_fail(err, SL_SET_UP_ALREADY, "there is a roster");
    }
    if (rc == SL_OK && !set_up) {
        rc = db_exec(call->db, SQL_ROSTER_ADD, NULL, err, "ibbii", (int64_t)f->roster.serial,
                     f->roster_bytes.data, f->roster_bytes.len, f->roster.hash,
                     (size_t)SL_HASH_BYTES, (int64_t)f->roster.expires_at, call->now_s);
        if (rc == SL_OK) {
            rc = write_holders(call, f, err);
        }
        if (rc == SL_OK) {
            rc = write_staff(call, f, err);
        }
    }
    if (rc == SL_OK) {
        sl_json_set_int(call->ok, "serial", f->roster.serial);
    }
    return rc;
}
