/*
 * A service that begins: its keys, its first list of colleagues, the request that hands it over,
 * and the files that its people get. Thread: main; locking a key takes about half a second and 256
 * MiB.
 */
#ifndef SENDLINE_CLI_FOUNDING_H
#define SENDLINE_CLI_FOUNDING_H

#include <jansson.h>

#include "cli.h"
#include "e2ee/manage.h"
#include "plan.h"

/** Everything that is made. Holders are teams, records office, staff, in this order. */
struct founding {
    struct cli *cli;
    const struct plan *plan;
    const char *out_dir;
    const char *ca_file;    /**< borrowed; NULL: the system's authorities */
    const char *public_url; /**< borrowed */
    struct e2_identity *roots[PLAN_MAX_ROOTS];
    struct e2_identity *teams[PLAN_MAX_TEAMS];
    struct e2_identity *records;
    struct e2_identity *staff[PLAN_MAX_STAFF];
    struct sl_holder *holders; /**< owned */
    size_t holder_count;
    struct sl_roster roster;
    size_t locked; /**< key files so far */
};

/** Fresh keys for everybody in the plan. */
SL_MUST_USE int founding_keys(struct founding *f);
/** The arguments of service.init without the token, with the signed roster. *out is owned. */
SL_MUST_USE int founding_request(struct founding *f, json_t **out);
/** Every key file and every colleague's folder. */
SL_MUST_USE int founding_write(struct founding *f);
void sl_auto_founding(struct founding *f); /**< wipes */

const struct sl_holder *founding_team(const struct founding *f, size_t i);
const struct sl_holder *founding_records(const struct founding *f);
const struct sl_holder *founding_staff(const struct founding *f, size_t i);
/** Where a file or folder is; owned. */
char *founding_root_path(const struct founding *f, size_t i);
char *founding_half_path(const struct founding *f, size_t i);
char *founding_staff_path(const struct founding *f, size_t i);

#endif
