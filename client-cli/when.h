/*
 * Times as people in England read them: London's wall clock, whatever the computer's own zone is.
 * Pure.
 */
#ifndef SENDLINE_CLI_WHEN_H
#define SENDLINE_CLI_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A civil date and wall-clock time in London. */
struct when {
    int year;
    int month; /**< 1 to 12 */
    int day;   /**< 1 to 31 */
    int hour;
    int minute;
    int second;
    int weekday; /**< 0 is Sunday */
};

/** Days since 1970-01-01 of a civil date. */
int64_t when_days(int year, int month, int day);
/** London's wall clock at an instant (Unix seconds). */
struct when when_london(int64_t at_s);
/** The instant at which a civil day begins in London. */
int64_t when_day_start(int year, int month, int day);

enum {
    WHEN_TEXT = 48
};
/** "Tuesday 12 January 2027, 08:40" */
void when_full(int64_t at_s, char out[WHEN_TEXT]);
/** "Tuesday 12 January 2027" */
void when_long_day(int64_t at_s, char out[WHEN_TEXT]);
/** "Friday 8 January", with the year when it is not that of now */
void when_day(int64_t at_s, int64_t now_s, char out[WHEN_TEXT]);
/** "Fri  8 Jan 16:02" */
void when_short(int64_t at_s, char out[WHEN_TEXT]);
/** "16:02" */
void when_clock(int64_t at_s, char out[WHEN_TEXT]);
/** "2027-01-12T08:40:00Z" */
void when_iso(int64_t at_s, char out[WHEN_TEXT]);

/** A civil date "2027-01-13", checked. False when it is none. */
bool when_parse_on(const char *text, struct when *out);
/** "Wed 13 Jan" of a civil date "2027-01-13"; the text itself when it is none. */
void when_on_short(const char *on, char out[WHEN_TEXT]);
/** "Wednesday 13 January" */
void when_on_day(const char *on, char out[WHEN_TEXT]);
/** Today's civil date, "2027-01-12". */
void when_today(int64_t now_s, char out[WHEN_TEXT]);

/**
 * The start of a day that a person names: 2026-12-01, today, yesterday, a weekday (the latest,
 * today counts), or 14d or 2w ago. False when it is none of these.
 */
bool when_parse_since(const char *text, int64_t now_s, int64_t *out_s);

#endif
