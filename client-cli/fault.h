/*
 * What went wrong, for the person at the terminal: what happened, and what to do next. Filled where
 * it is known, shown once, in main. The exit codes are those of every command.
 */
#ifndef SENDLINE_CLI_FAULT_H
#define SENDLINE_CLI_FAULT_H

#include <stdbool.h>

#include "common/err.h"

enum cli_exit {
    CLI_OK = 0,
    CLI_UNPLANNED = 1, /**< a problem we did not plan for */
    CLI_USAGE = 2,     /**< the command was typed wrong */
    CLI_MISSING = 3,   /**< no such case, file or colleague */
    CLI_FORBIDDEN = 4, /**< not allowed, or the key is locked */
    CLI_NETWORK = 5,   /**< no connection; safe to try again */
    CLI_NOT_READY = 6, /**< the file, message or person is not ready */
    CLI_CONFLICT = 7,  /**< someone else changed it first */
    CLI_LATE = 10      /**< inbox --exit-code: a reply is late */
};

struct fault {
    int exit;          /**< enum cli_exit; CLI_OK: nothing happened */
    enum sl_code code; /**< what the server or a library said, or SL_OK */
    char what[640];
    char next[640];
};

/** Say what happened; an earlier fault is replaced. @return exit, so that `return fault_set(…)`
 * reads. */
int fault_set(struct fault *fault, int exit, const char *fmt, ...) SL_PRINTF(3, 4);
/** Say what to do next. @return the exit code set before. */
int fault_next(struct fault *fault, const char *fmt, ...) SL_PRINTF(2, 3);
/** A library's error that nobody planned for. */
int fault_err(struct fault *fault, const struct sl_err *err, const char *doing);
void fault_clear(struct fault *fault);

#endif
