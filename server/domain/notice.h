/*
 * When people are told: reminders of a call, and quiet hours. Thread: any; pure functions.
 */
#ifndef SENDLINE_DOMAIN_NOTICE_H
#define SENDLINE_DOMAIN_NOTICE_H

#include <stdbool.h>
#include <stdint.h>

/** The day before at 16:00 on the wall. */
int64_t notice_day_before_at(int64_t call_at);
/** One hour before. */
int64_t notice_hour_before_at(int64_t call_at);

/** Quiet hours on the wall, over midnight where they end earlier than they begin (20:00 to 08:00).
 * The same twice: none. */
struct notice_quiet {
    int from_min; /**< minutes after midnight, 0 to 1439 */
    int to_min;
};

bool notice_is_quiet(const struct notice_quiet *quiet, int64_t at_s);
/** The first instant from at_s on that is outside. */
int64_t notice_after_quiet(const struct notice_quiet *quiet, int64_t at_s);

/** How long to wait before try number `tries` + 1: 1, 2, 4 … 60 minutes. */
int64_t notice_pause_s(int tries);

#endif
