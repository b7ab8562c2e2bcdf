/*
 * The table of commands: names, help, options, functions. Help, completion and the man page's check
 * come from it.
 */
#ifndef SENDLINE_CLI_COMMAND_H
#define SENDLINE_CLI_COMMAND_H

#include "cli.h"

struct command {
    const char *name;  /**< "inbox", or noun and verb: "cases add" */
    const char *args;  /**< as help shows them: "CASE", or "" */
    const char *group; /**< heading in the help; NULL: found by its noun only */
    const char *summary;
    const char *about;             /**< paragraphs, at most 90 columns; may be NULL */
    const char *examples;          /**< lines */
    const struct opt_use *options; /**< OPT_END-ended; may be NULL */
    int min_args;
    int max_args;
    int (*run)(struct cli *cli);
};

extern const struct command commands[];
extern const size_t command_count;

/**
 * The command that words name; the longest name wins. *used is the number of words that were its
 * name.
 * @return NULL: none
 */
const struct command *command_of(const char *const *words, int count, int *used);
/** The nearest name to a mistyped one, or NULL. */
const char *command_near(const char *word);
/** Is there a command that begins with this noun? */
bool command_noun(const char *word);

/** Help on standard output. */
void command_help_all(struct out *out);
void command_help(struct out *out, const struct command *command);
/** A noun alone, with its verbs. */
void command_help_noun(struct out *out, const char *noun);
/** Bash completion, made from the tables. */
void command_completion(struct out *out);

int cmd_cases(struct cli *cli);
int cmd_cases_add(struct cli *cli);
int cmd_completion(struct cli *cli);
int cmd_help(struct cli *cli);
int cmd_inbox(struct cli *cli);
int cmd_invite(struct cli *cli);
int cmd_invites(struct cli *cli);
int cmd_invites_end(struct cli *cli);
int cmd_lock(struct cli *cli);
int cmd_no_reply_needed(struct cli *cli);
int cmd_outbox(struct cli *cli);
int cmd_outbox_cancel(struct cli *cli);
int cmd_outbox_send(struct cli *cli);
int cmd_read(struct cli *cli);
int cmd_reply(struct cli *cli);
int cmd_service_init(struct cli *cli);
int cmd_take_back(struct cli *cli);
int cmd_unlock(struct cli *cli);
int cmd_watch(struct cli *cli);
int cmd_who(struct cli *cli);

#endif
