/*
 * Settings: the file named by --config, else SENDLINE_CONFIG, else
 * $XDG_CONFIG_HOME/sendline/config.
 */
#ifndef SENDLINE_CLI_CONF_H
#define SENDLINE_CLI_CONF_H

#include "fault.h"

/** Owned strings; NULL: not set. */
struct conf {
#define CONF(key, is_path, help) char *key;
#include "conf.def"
};

/**
 * @param file  path given by --config, or NULL
 * @return CLI_OK; CLI_USAGE with file and line; CLI_MISSING when a named file is not there
 */
SL_MUST_USE int conf_load(struct conf *conf, const char *file, struct fault *fault);
void conf_free(struct conf *conf);

#endif
