/*
 * Who is who when a service is set up: from a JSON file with passphrases in files of their own, or
 * asked for one after the other. Thread: main.
 */
#ifndef SENDLINE_CLI_PLAN_H
#define SENDLINE_CLI_PLAN_H

#include "cli.h"
#include "common/buf.h"

enum {
    PLAN_MAX_STAFF = 100,
    PLAN_MAX_TEAMS = 20,
    PLAN_OFFICERS = 2,
    PLAN_MAX_ROOTS = 2,
    PLAN_MIN_PASSPHRASE = 12
};

struct plan_person {
    char *name;               /**< owned */
    char role[12];            /**< staff: caseworker, manager or records */
    int team;                 /**< staff: index of a team, or -1 */
    struct sl_buf passphrase; /**< owned, wiped: of the one key file that this row stands for */
};

struct plan {
    struct plan_person roots[PLAN_MAX_ROOTS]; /**< the service manager, and a deputy */
    size_t root_count;
    char *teams[PLAN_MAX_TEAMS]; /**< owned */
    size_t team_count;
    struct plan_person staff[PLAN_MAX_STAFF];
    size_t staff_count;
    struct plan_person officers[PLAN_OFFICERS]; /**< who keep half of the records key each */
};

/**
 * From a file:
 *   {"manager": PERSON, "deputy": PERSON, "team": {"name"} or "teams": [{"name"}, …],
 *    "staff": [PERSON with "role" and "team", …], "records": [PERSON, PERSON]}
 * where PERSON is {"name", "passphrase_file"}; paths count from the plan's folder. A role is
 * caseworker when none is given; a caseworker's team is the only one when none is given.
 * @return CLI_OK; CLI_MISSING: a file; CLI_NOT_READY: the plan is not one, and why
 */
SL_MUST_USE int plan_read(struct plan *plan, const char *path, struct fault *fault);
/** From the person at the terminal; ends with their yes, or CLI_USAGE. */
SL_MUST_USE int plan_ask(struct plan *plan, struct cli *cli);
/** Names in form, nobody twice, teams there, passphrases long enough. */
SL_MUST_USE int plan_check(const struct plan *plan, struct fault *fault);
void plan_fini(struct plan *plan); /**< wipes */
void sl_auto_plan(struct plan *plan);

#endif
