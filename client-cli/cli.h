/*
 * One run of the command line: what was typed, where results go, the settings, and the session once
 * one is needed. A command is a function of this; it returns its exit code, and fills the fault
 * when that is not 0. Thread: main.
 */
#ifndef SENDLINE_CLI_CLI_H
#define SENDLINE_CLI_CLI_H

#include "common/clock.h"
#include "common/rand.h"
#include "conf.h"
#include "fault.h"
#include "opt.h"
#include "out.h"

struct session;
struct command;

struct cli {
    struct opts opts;
    const struct command *command;
    struct out out;
    struct fault fault;
    struct conf conf;
    const struct sl_clock *clock;
    const struct sl_rand *rand;
    struct session *session; /**< owned; NULL until session_need */
};

/** The whole program: parse, run, report. @return the exit code. */
int cli_main(int argc, char **argv);

/** Something worth knowing that is no result: to standard error, cleaned, unless --quiet. */
void cli_note(const struct cli *cli, const char *fmt, ...) SL_PRINTF(2, 3);
/** A warning: to standard error, cleaned, --quiet or not. */
void cli_warn(const struct cli *cli, const char *fmt, ...) SL_PRINTF(2, 3);
/** Something that changed: to standard output; silent with --quiet, --json and --plain. */
void cli_did(struct cli *cli, const char *fmt, ...) SL_PRINTF(2, 3);

static inline bool cli_has(const struct cli *cli, enum opt_id id)
{
    return opt_has(&cli->opts, id);
}

#endif
