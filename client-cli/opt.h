/*
 * Options: getopt_long under our own tables. No abbreviations: scripts keep working when options
 * are added.
 */
#ifndef SENDLINE_CLI_OPT_H
#define SENDLINE_CLI_OPT_H

#include "fault.h"

enum opt_id {
#define OPT(symbol, letter, name, value, help) symbol,
#include "opt.def"
    OPT_COUNT
};

enum {
    OPT_MAX_ARGS = 8
};

/** An option as one command takes it. */
struct opt_use {
    enum opt_id id;
    const char *help; /**< NULL: the table's own words */
};
/** Ends a command's list of options. */
#define OPT_END                                                                                    \
    {                                                                                              \
        OPT_COUNT, NULL                                                                            \
    }

struct opt_row {
    char letter;
    const char *name;
    const char *value; /**< what the value is called, or NULL: a flag */
    const char *help;
};
/** The row of an option. Static. */
const struct opt_row *opt_row(enum opt_id id);

/** What was typed. Strings are borrowed from argv. */
struct opts {
    const char *value[OPT_COUNT]; /**< NULL: not given; flags that were given: "" */
    const char *args[OPT_MAX_ARGS];
    int arg_count;
};

/**
 * Read argv from `from` on. Common options always count; `uses` (OPT_END-ended, may be NULL) are
 * the command's own.
 *
 * @param stop_at_word stop at the first word that is no option, and leave its index in *at; else
 * take words as arguments, in any order
 * @return CLI_OK, or CLI_USAGE with the fault filled
 */
SL_MUST_USE int opt_parse(struct opts *opts, int argc, char **argv, int *at,
                          const struct opt_use *uses, bool stop_at_word, struct fault *fault);

static inline bool opt_has(const struct opts *opts, enum opt_id id)
{
    return opts->value[id] != NULL;
}

/** A length of time such as 90s, 30m, 8h or 2d, in seconds; false when it is none. */
bool opt_duration(const char *text, long *seconds);

#endif
