#include "founding.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "e2ee/team.h"

enum {
    VALID_S = 90 * 24 * 3600,
    HOLDERS = PLAN_MAX_TEAMS + 1 + PLAN_MAX_STAFF
};

static const char records_name[] = "Records office";

void sl_auto_founding(struct founding *f)
{
    for (size_t i = 0; i < PLAN_MAX_ROOTS; i++) {
        e2_identity_free(f->roots[i]);
    }
    for (size_t i = 0; i < PLAN_MAX_TEAMS; i++) {
        e2_identity_free(f->teams[i]);
    }
    for (size_t i = 0; i < PLAN_MAX_STAFF; i++) {
        e2_identity_free(f->staff[i]);
    }
    e2_identity_free(f->records);
    sl_roster_free(&f->roster);
    free(f->holders);
}

const struct sl_holder *founding_team(const struct founding *f, size_t i)
{
    return &f->holders[i];
}

const struct sl_holder *founding_records(const struct founding *f)
{
    return &f->holders[f->plan->team_count];
}

const struct sl_holder *founding_staff(const struct founding *f, size_t i)
{
    return &f->holders[f->plan->team_count + 1 + i];
}

/* ---- Keys and the roster ---- */

static int make_holder(struct founding *f, uint8_t kind, const char *name, struct e2_identity **key)
{
    struct cli *cli = f->cli;
    struct sl_holder *holder = &f->holders[f->holder_count++];
    uint8_t id[SL_ID_BYTES];
    struct sl_err err = {0};

    *key = e2_identity_new(cli->rand);
    sl_rand_fill(cli->rand, id, sizeof(id));
    if (e2_holder_make(holder, kind, id, 1, *key, name, &err) != SL_OK) {
        return fault_err(&cli->fault, &err, "a key cannot be made");
    }
    return CLI_OK;
}

int founding_keys(struct founding *f)
{
    const struct plan *plan = f->plan;
    int rc = CLI_OK;

    f->holders = sl_alloc(HOLDERS * sizeof(*f->holders));
    for (size_t i = 0; i < plan->root_count; i++) {
        f->roots[i] = e2_identity_new(f->cli->rand);
    }
    for (size_t i = 0; i < plan->team_count && rc == CLI_OK; i++) {
        rc = make_holder(f, SL_HOLDER_TEAM, plan->teams[i], &f->teams[i]);
    }
    if (rc == CLI_OK) {
        rc = make_holder(f, SL_HOLDER_RECORDS, records_name, &f->records);
    }
    for (size_t i = 0; i < plan->staff_count && rc == CLI_OK; i++) {
        rc = make_holder(f, SL_HOLDER_STAFF, plan->staff[i].name, &f->staff[i]);
    }
    return rc;
}

static void make_roster(struct founding *f)
{
    int64_t now = sl_now_s(f->cli->clock);
    struct sl_roster *roster = &f->roster;

    roster->serial = 1;
    roster->issued_at = (uint64_t)now;
    roster->expires_at = (uint64_t)now + VALID_S;
    roster->root_count = (uint8_t)f->plan->root_count;
    for (size_t i = 0; i < f->plan->root_count; i++) {
        memcpy(roster->roots[i], f->roots[i]->sign_pk, SL_PK_BYTES);
    }
    roster->row_count = f->holder_count;
    roster->rows = sl_alloc(f->holder_count * sizeof(*roster->rows));
    for (size_t i = 0; i < f->holder_count; i++) {
        e2_roster_row_of(&f->holders[i], &roster->rows[i]);
    }
}

/* ---- The request ---- */

static json_t *staff_rows(const struct founding *f)
{
    json_t *list = sl_json_new_array();

    for (size_t i = 0; i < f->plan->staff_count; i++) {
        const struct plan_person *person = &f->plan->staff[i];
        json_t *row = sl_json_new();

        sl_json_set_bytes(row, "staff", founding_staff(f, i)->id, SL_ID_BYTES);
        sl_json_set_str(row, "role", person->role);
        if (person->team >= 0) {
            sl_json_set_bytes(row, "team", founding_team(f, (size_t)person->team)->id, SL_ID_BYTES);
        }
        sl_json_append(list, row);
    }
    return list;
}

static int seal_seeds(struct founding *f, json_t *list)
{
    struct cli *cli = f->cli;

    for (size_t i = 0; i < f->plan->staff_count; i++) {
        int team = f->plan->staff[i].team;
        uint8_t sealed[SL_SEALED_KEY_BYTES];
        struct sl_err err = {0};
        json_t *row;

        if (team < 0) {
            continue;
        }
        if (e2_team_seal_first(f->teams[team], founding_staff(f, i), cli->rand, sealed, &err) !=
            SL_OK) {
            return fault_err(&cli->fault, &err, "the team's key cannot be shared");
        }
        row = sl_json_new();
        sl_json_set_bytes(row, "team", founding_team(f, (size_t)team)->id, SL_ID_BYTES);
        sl_json_set_int(row, "generation", 1);
        sl_json_set_bytes(row, "staff", founding_staff(f, i)->id, SL_ID_BYTES);
        sl_json_set_bytes(row, "sealed", sealed, sizeof(sealed));
        sl_json_append(list, row);
    }
    return CLI_OK;
}

int founding_request(struct founding *f, json_t **out)
{
    struct cli *cli = f->cli;
    SL_AUTO(json) json_t *request = sl_json_new();
    SL_AUTO(buf) struct sl_buf roster = {0};
    json_t *holders = sl_json_new_array();
    json_t *seeds = sl_json_new_array();
    struct sl_err err = {0};

    sl_json_set(request, "holders", holders);
    sl_json_set(request, "staff", staff_rows(f));
    sl_json_set(request, "team_seeds", seeds);
    make_roster(f);
    if (e2_roster_sign(&f->roster, f->roots[0], &roster, &err) != SL_OK) {
        return fault_err(&cli->fault, &err, "the list of colleagues cannot be signed");
    }
    sl_json_set_bytes(request, "roster", roster.data, roster.len);
    for (size_t i = 0; i < f->holder_count; i++) {
        SL_AUTO(buf) struct sl_buf bytes = {0};

        sl_holder_put(&bytes, &f->holders[i]);
        SL_AUTO(str) char *text = sl_b64(bytes.data, bytes.len);
        sl_json_append(holders, json_string(text));
    }
    int rc = seal_seeds(f, seeds);
    if (rc == CLI_OK) {
        *out = sl_steal(&request);
    }
    return rc;
}
