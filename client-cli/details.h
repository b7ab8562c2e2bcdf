/*
 * Personal details: from a JSON file (--from), or asked for one after the other. Never from
 * arguments. Thread: main.
 */
#ifndef SENDLINE_CLI_DETAILS_H
#define SENDLINE_CLI_DETAILS_H

#include <jansson.h>

#include "cli.h"

struct detail {
    const char *field; /**< name in the file */
    const char *prompt;
    const char
        *fallback; /**< offered when asking, taken when the file has none; NULL: must be given */
    size_t max_bytes;
    char *value; /**< owned, filled */
};

/** Fill every value. */
SL_MUST_USE int details_take(struct cli *cli, struct detail *details, size_t count);
void details_free(struct detail *details, size_t count);
/** Looks like an e-mail address? */
bool details_is_address(const char *text);

#endif
