/*
 * Settings: one table (config.def) of key, type, default, range and help. From the file, then the
 * environment (SENDLINE_KEY), then flags (--key); --help and --check-config are made from the
 * table. Constant after loading (a SIGHUP loads a new one for what may change while running).
 * Thread: any, read-only.
 */
#ifndef SENDLINE_CONFIG_CONFIG_H
#define SENDLINE_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"

struct config {
#define CONFIG_STR(key, fallback, max, help) char *key;
#define CONFIG_INT(key, fallback, min, max, help) int64_t key;
#define CONFIG_BOOL(key, fallback, help) bool key;
#include "config/config.def"
};

/**
 * Read file, environment and flags, each over the one before.
 *
 * File: `key = value` lines; blank lines and those that begin with # are skipped; a key once.
 * Environment: SENDLINE_KEY; other names with this prefix are left alone, unless they are within
 * two letters of a key. Flags: `--key value`, `--key=value`, with hyphens or underscores, never
 * shortened.
 *
 * @param file may be NULL
 * @param env  NULL-ended, may be NULL
 * @param argv argv[0] is skipped; the rest is flags of the table and nothing else
 * @return SL_OK and *out owned; SL_BAD_REQUEST with file, line, key and what to write instead.
 * Thread: main (getopt_long).
 */
SL_MUST_USE enum sl_code config_load(const char *file, char *const *env, int argc,
                                     char *const *argv, struct config **out, struct sl_err *err);
void config_free(struct config *config);
/** The defaults, for tests. Owned. */
struct config *config_defaults(void);
/** Every key with its default, range and sentence. */
void config_help(FILE *out);
/** Every key as it stands, in the file's own form. */
void config_print(const struct config *config, FILE *out);

#endif
