#include "plan.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ask.h"
#include "common/json.h"
#include "common/proto.h"
#include "common/text.h"
#include "file.h"
#include "layout.h"

enum {
    MAX_FILE_BYTES = 65536
};

static const char *const roles[] = {"caseworker", "manager", "records", NULL};

static void person_fini(struct plan_person *person)
{
    free(person->name);
    sl_buf_wipe_free(&person->passphrase);
}

void plan_fini(struct plan *plan)
{
    for (size_t i = 0; i < PLAN_MAX_ROOTS; i++) {
        person_fini(&plan->roots[i]);
    }
    for (size_t i = 0; i < plan->staff_count; i++) {
        person_fini(&plan->staff[i]);
    }
    for (size_t i = 0; i < PLAN_OFFICERS; i++) {
        person_fini(&plan->officers[i]);
    }
    for (size_t i = 0; i < plan->team_count; i++) {
        free(plan->teams[i]);
    }
    memset(plan, 0, sizeof(*plan));
}

void sl_auto_plan(struct plan *plan)
{
    plan_fini(plan);
}

/* ---- From a file ---- */

struct reading {
    const char *path;
    char *dir; /**< owned */
    struct fault *fault;
};

/** The text field of an object of the plan; `where` names the object. */
static int take_text(struct reading *r, const json_t *json, const char *where, const char *field,
                     const char **out)
{
    *out = json_string_value(json_object_get(json, field));
    if (*out == NULL || **out == '\0') {
        return fault_set(r->fault, CLI_NOT_READY, "%.300s: %s has no \"%s\".", r->path, where,
                         field);
    }
    return CLI_OK;
}

static int take_person(struct reading *r, const json_t *json, const char *where,
                       struct plan_person *out)
{
    const char *name = NULL;
    const char *file = NULL;
    int rc = take_text(r, json, where, "name", &name);

    if (rc == CLI_OK) {
        rc = take_text(r, json, where, "passphrase_file", &file);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    SL_AUTO(str) char *path = file_join(r->dir, file);
    out->name = sl_strdup(name);
    out->team = -1;
    return ask_secret_file(path, &out->passphrase, r->fault);
}

static int take_teams(struct reading *r, const json_t *json, struct plan *plan)
{
    json_t *one = json_object_get(json, "team");
    json_t *many = json_object_get(json, "teams");
    size_t count = json_is_array(many) ? json_array_size(many) : 1;

    if ((one == NULL) == (many == NULL) || count == 0 || count > PLAN_MAX_TEAMS) {
        return fault_set(r->fault, CLI_NOT_READY,
                         "%.300s: give a \"team\", or a list of 1 to %d \"teams\".", r->path,
                         PLAN_MAX_TEAMS);
    }
    for (size_t i = 0; i < count; i++) {
        SL_AUTO(str) char *where = one != NULL ? sl_strdup("team") : sl_strf("teams[%zu]", i);
        const char *name = NULL;
        int rc = take_text(r, one != NULL ? one : json_array_get(many, i), where, "name", &name);

        if (rc != CLI_OK) {
            return rc;
        }
        plan->teams[plan->team_count++] = sl_strdup(name);
    }
    return CLI_OK;
}

static int team_of(const struct plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->team_count; i++) {
        if (strcmp(plan->teams[i], name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/** Role and team of somebody who is in the plan already. */
static int take_work(struct reading *r, const json_t *json, const char *where,
                     const struct plan *plan, struct plan_person *out)
{
    const char *role = json_string_value(json_object_get(json, "role"));
    const char *team = json_string_value(json_object_get(json, "team"));
    bool known = role == NULL;

    for (size_t i = 0; !known && roles[i] != NULL; i++) {
        known = strcmp(roles[i], role) == 0;
    }
    if (!known) {
        return fault_set(r->fault, CLI_NOT_READY,
                         "%.300s: the role in %s is one of caseworker, manager, records.", r->path,
                         where);
    }
    (void)snprintf(out->role, sizeof(out->role), "%s", role != NULL ? role : roles[0]);
    if (team == NULL && strcmp(out->role, roles[0]) == 0 && plan->team_count == 1) {
        team = plan->teams[0];
    }
    if (team == NULL && strcmp(out->role, roles[0]) != 0) {
        return CLI_OK;
    }
    out->team = team != NULL ? team_of(plan, team) : -1;
    if (out->team < 0) {
        return fault_set(r->fault, CLI_NOT_READY,
                         "%.300s: %s needs the name of a team in \"team\".", r->path, where);
    }
    return CLI_OK;
}

static int take_staff(struct reading *r, const json_t *json, struct plan *plan)
{
    const json_t *list = json_object_get(json, "staff");
    size_t count = json_array_size(list);

    if (count == 0 || count > PLAN_MAX_STAFF) {
        return fault_set(r->fault, CLI_NOT_READY, "%.300s: \"staff\" is a list of 1 to %d people.",
                         r->path, PLAN_MAX_STAFF);
    }
    for (size_t i = 0; i < count; i++) {
        SL_AUTO(str) char *where = sl_strf("staff[%zu]", i);
        const json_t *item = json_array_get(list, i);
        struct plan_person *person = &plan->staff[plan->staff_count++];
        int rc = take_person(r, item, where, person);

        if (rc == CLI_OK) {
            rc = take_work(r, item, where, plan, person);
        }
        if (rc != CLI_OK) {
            return rc;
        }
    }
    return CLI_OK;
}

static int take_records(struct reading *r, const json_t *json, struct plan *plan)
{
    const json_t *list = json_object_get(json, "records");
    int rc = CLI_OK;

    if (json_array_size(list) != PLAN_OFFICERS) {
        return fault_set(r->fault, CLI_NOT_READY,
                         "%.300s: \"records\" is a list of two people, who keep half a key each.",
                         r->path);
    }
    for (size_t i = 0; i < PLAN_OFFICERS && rc == CLI_OK; i++) {
        SL_AUTO(str) char *where = sl_strf("records[%zu]", i);

        rc = take_person(r, json_array_get(list, i), where, &plan->officers[i]);
    }
    return rc;
}

static int take_plan(struct reading *r, const json_t *json, struct plan *plan)
{
    const json_t *deputy = json_object_get(json, "deputy");
    int rc = take_person(r, json_object_get(json, "manager"), "manager", &plan->roots[0]);

    plan->root_count = 1;
    if (rc == CLI_OK && deputy != NULL) {
        rc = take_person(r, deputy, "deputy", &plan->roots[plan->root_count++]);
    }
    if (rc == CLI_OK) {
        rc = take_teams(r, json, plan);
    }
    if (rc == CLI_OK) {
        rc = take_staff(r, json, plan);
    }
    if (rc == CLI_OK) {
        rc = take_records(r, json, plan);
    }
    return rc == CLI_OK ? plan_check(plan, r->fault) : rc;
}

int plan_read(struct plan *plan, const char *path, struct fault *fault)
{
    SL_AUTO(buf) struct sl_buf text = {0};
    SL_AUTO(json) json_t *json = NULL;
    SL_AUTO(str) char *dir = strcmp(path, "-") == 0 ? sl_strdup(".") : file_dir(path);
    struct reading r = {.path = path, .dir = dir, .fault = fault};
    struct sl_err err = {0};
    int rc = file_read(path, MAX_FILE_BYTES, &text, fault);

    if (rc != CLI_OK) {
        return rc;
    }
    if (sl_json_parse((const char *)text.data, text.len, 4, &json, &err) != SL_OK) {
        return fault_set(fault, CLI_NOT_READY, "%.300s is not a JSON object: %s.", path,
                         err.detail);
    }
    return take_plan(&r, json, plan);
}

/* ---- What a plan must be ---- */

static int check_name(const char *name, struct fault *fault)
{
    SL_AUTO(str) char *clean = layout_line(name);

    if (name[0] == '\0' || strlen(name) > SL_MAX_NAME_BYTES || strcmp(clean, name) != 0) {
        return fault_set(fault, CLI_NOT_READY,
                         "'%.60s' is not a name: 1 to %d letters, no control characters.", name,
                         SL_MAX_NAME_BYTES);
    }
    return CLI_OK;
}

static int check_people(const struct plan_person *people, size_t count, struct fault *fault)
{
    for (size_t i = 0; i < count; i++) {
        int rc = check_name(people[i].name, fault);

        if (rc != CLI_OK) {
            return rc;
        }
        if (people[i].passphrase.len < PLAN_MIN_PASSPHRASE) {
            return fault_set(fault, CLI_NOT_READY,
                             "the passphrase of %.200s is shorter than %d characters.",
                             people[i].name, PLAN_MIN_PASSPHRASE);
        }
        for (size_t k = 0; k < i; k++) {
            if (strcasecmp(people[i].name, people[k].name) == 0) {
                fault_set(fault, CLI_NOT_READY, "%.200s is there twice.", people[i].name);
                return fault_next(fault, "Tell two people of one name apart: add a middle name.");
            }
        }
    }
    return CLI_OK;
}

int plan_check(const struct plan *plan, struct fault *fault)
{
    int rc = check_people(plan->roots, plan->root_count, fault);

    if (rc == CLI_OK) {
        rc = check_people(plan->staff, plan->staff_count, fault);
    }
    if (rc == CLI_OK) {
        rc = check_people(plan->officers, PLAN_OFFICERS, fault);
    }
    for (size_t i = 0; i < plan->team_count && rc == CLI_OK; i++) {
        rc = check_name(plan->teams[i], fault);
        if (rc == CLI_OK && team_of(plan, plan->teams[i]) != (int)i) {
            rc = fault_set(fault, CLI_NOT_READY, "the team %.200s is there twice.", plan->teams[i]);
        }
    }
    return rc;
}

/* ---- From the person at the terminal ---- */

/** A passphrase, typed twice. */
static int ask_passphrase(struct cli *cli, const char *whose, struct sl_buf *out)
{
    SL_AUTO(str)
    char *prompt =
        sl_strf("  Passphrase for %s, at least %d characters: ", whose, PLAN_MIN_PASSPHRASE);

    for (;;) {
        SL_AUTO(secret) struct sl_buf again = {0};
        int rc;

        sl_buf_wipe_free(out);
        rc = ask_secret(prompt, cli_has(cli, OPT_NO_INPUT), out, &cli->fault);
        if (rc == CLI_OK && out->len < PLAN_MIN_PASSPHRASE) {
            cli_note(cli, "  That is shorter than %d characters.", PLAN_MIN_PASSPHRASE);
            continue;
        }
        if (rc == CLI_OK) {
            rc = ask_secret("  The same again: ", cli_has(cli, OPT_NO_INPUT), &again, &cli->fault);
        }
        if (rc != CLI_OK) {
            return rc;
        }
        if (again.len == out->len && memcmp(again.data, out->data, out->len) == 0) {
            return CLI_OK;
        }
        cli_note(cli, "  These two are not the same.");
    }
}

/** A name and a passphrase; an empty name, where there may be one, leaves person->name empty. */
static int ask_person(struct cli *cli, const char *prompt, const char *what, bool may_be_empty,
                      struct plan_person *person)
{
    int rc;

    person->team = -1;
    do {
        free(person->name);
        person->name = NULL;
        rc = ask_line(prompt, "", cli_has(cli, OPT_NO_INPUT), &person->name, &cli->fault);
    } while (rc == CLI_OK && person->name[0] == '\0' && !may_be_empty);
    if (rc != CLI_OK || person->name[0] == '\0') {
        return rc;
    }
    rc = check_name(person->name, &cli->fault);
    if (rc != CLI_OK) {
        return rc;
    }
    SL_AUTO(str) char *whose = sl_strf("%s's %s", person->name, what);
    return ask_passphrase(cli, whose, &person->passphrase);
}

static int ask_roots(struct cli *cli, struct plan *plan)
{
    int rc;

    cli_note(cli,
             "The list of colleagues is signed with a root key, which is kept off the service. "
             "The service manager has one; a deputy may have another.");
    rc = ask_person(cli, "Service manager's name: ", "root key", false, &plan->roots[0]);
    plan->root_count = 1;
    if (rc == CLI_OK) {
        rc = ask_person(cli, "Deputy's name (empty: none): ", "root key", true, &plan->roots[1]);
        plan->root_count = rc == CLI_OK && plan->roots[1].name[0] != '\0' ? 2 : 1;
    }
    return rc;
}

/** The manager and the deputy sign in as staff too, with another key. */
static int ask_managers(struct cli *cli, struct plan *plan)
{
    int rc = CLI_OK;

    cli_note(cli, "\nTo sign in they have another key, for every day.");
    for (size_t i = 0; i < plan->root_count && rc == CLI_OK; i++) {
        struct plan_person *person = &plan->staff[plan->staff_count++];
        SL_AUTO(str) char *whose = sl_strf("%s's everyday key", plan->roots[i].name);

        person->name = sl_strdup(plan->roots[i].name);
        person->team = -1;
        (void)snprintf(person->role, sizeof(person->role), "%s", roles[1]);
        rc = ask_passphrase(cli, whose, &person->passphrase);
    }
    return rc;
}

static int ask_team(struct cli *cli, struct plan *plan)
{
    int rc = ask_line("\nName of the team [SEND team]: ", "SEND team", cli_has(cli, OPT_NO_INPUT),
                      &plan->teams[0], &cli->fault);

    plan->team_count = 1;
    while (rc == CLI_OK && plan->staff_count < PLAN_MAX_STAFF) {
        struct plan_person *person = &plan->staff[plan->staff_count++];

        rc = ask_person(cli, "Caseworker's name (empty: that is all): ", "key", true, person);
        if (rc == CLI_OK && person->name[0] == '\0') {
            person_fini(person);
            memset(person, 0, sizeof(*person));
            plan->staff_count--;
            return rc;
        }
        person->team = 0;
        (void)snprintf(person->role, sizeof(person->role), "%s", roles[0]);
    }
    return rc;
}

static int ask_officers(struct cli *cli, struct plan *plan)
{
    int rc = CLI_OK;

    cli_note(cli, "\nFor records requests and tribunals the records office can open every "
                  "conversation. Its key is kept in two halves, which two officers have.");
    for (size_t i = 0; i < PLAN_OFFICERS && rc == CLI_OK; i++) {
        rc = ask_person(cli, i == 0 ? "First records officer's name: " : "Second one's name: ",
                        "half of the records key", false, &plan->officers[i]);
    }
    return rc;
}

int plan_ask(struct plan *plan, struct cli *cli)
{
    bool yes = cli_has(cli, OPT_YES);
    int rc = ask_roots(cli, plan);

    if (rc == CLI_OK) {
        rc = ask_managers(cli, plan);
    }
    if (rc == CLI_OK) {
        rc = ask_team(cli, plan);
    }
    if (rc == CLI_OK) {
        rc = ask_officers(cli, plan);
    }
    if (rc == CLI_OK) {
        rc = plan_check(plan, &cli->fault);
    }
    if (rc == CLI_OK && !yes) {
        rc = ask_yes("\nMake these keys and set the service up? That is done once.",
                     "Add --yes to go on without asking.", cli_has(cli, OPT_NO_INPUT), &yes,
                     &cli->fault);
    }
    if (rc == CLI_OK && !yes) {
        rc = fault_set(&cli->fault, CLI_USAGE, "stopped. Nothing was changed.");
    }
    return rc;
}
