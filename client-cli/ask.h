/*
 * Questions, asked on the terminal itself, so that standard input can carry a message. Never with
 * --no-input.
 */
#ifndef SENDLINE_CLI_ASK_H
#define SENDLINE_CLI_ASK_H

#include "common/buf.h"
#include "fault.h"

/** Is there a person to ask? */
bool ask_possible(bool no_input);

/** A line without echo. @return CLI_OK with the line (no line end, NUL after it, not counted);
 * CLI_USAGE: nobody there */
SL_MUST_USE int ask_secret(const char *prompt, bool no_input, struct sl_buf *out,
                           struct fault *fault);
/** The first line of a file (or "-"), as a password. */
SL_MUST_USE int ask_secret_file(const char *path, struct sl_buf *out, struct fault *fault);
/** A line; `fallback` (may be NULL) for an empty one. Owned. */
SL_MUST_USE int ask_line(const char *prompt, const char *fallback, bool no_input, char **out,
                         struct fault *fault);
/**
 * One letter of `letters` (lower-case); an empty line is the last of them. `flag` is named when
 * nobody can be asked.
 */
SL_MUST_USE int ask_letter(const char *prompt, const char *letters, const char *flag, bool no_input,
                           char *out, struct fault *fault);
/** yes or no; no is the default. */
SL_MUST_USE int ask_yes(const char *question, const char *flag, bool no_input, bool *yes,
                        struct fault *fault);

#endif
