/*
 * Logs: one line of key=value for each event, on standard error (journald keeps it). Never content,
 * addresses, tokens or keys: log ids of things, counts, codes and durations. The level is the one
 * mutable file state. Thread: any; a line is one write.
 *
 *   sl_log(SL_LOG_INFO, "listening", "port=%d listener=%s", port, "public");
 *   → 2026-11-21T19:50:03.123Z info listening port=8443 listener=public
 */
#ifndef SENDLINE_COMMON_LOG_H
#define SENDLINE_COMMON_LOG_H

#include <stdbool.h>

#include "common/err.h"

enum sl_log_level {
    SL_LOG_ERROR,
    SL_LOG_WARN,
    SL_LOG_INFO,
    SL_LOG_DEBUG
};

void sl_log_set_level(enum sl_log_level level);
/** False when the word names no level. */
bool sl_log_level_of(const char *word, enum sl_log_level *out);
void sl_log(enum sl_log_level level, const char *event, const char *fmt, ...) SL_PRINTF(3, 4);
/** An error with its code, errno and detail (quoted). */
void sl_log_err(enum sl_log_level level, const char *event, const struct sl_err *err);

#endif
