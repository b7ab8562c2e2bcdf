/*
 * Civil dates in Europe/London. A day is a number: days since 1970-01-01, as the calendar on the
 * wall has them. Summer time as it has been since 1996: from the last Sunday of March to that of
 * October, both at 01:00 UTC. Thread: any; no state.
 */
#ifndef SENDLINE_DOMAIN_CIVIL_H
#define SENDLINE_DOMAIN_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

enum {
    CIVIL_TEXT_SIZE = 11 /**< "2026-11-21" and NUL */
};

/** The day of a proleptic Gregorian date; month and day must exist. */
int32_t civil_day(int year, int month, int day);
void civil_date(int32_t day, int *year, int *month, int *day_of_month);
/** 0 Monday to 6 Sunday. */
int civil_weekday(int32_t day);

/** "YYYY-MM-DD". Years 0 to 9999. */
void civil_text(int32_t day, char out[CIVIL_TEXT_SIZE]);
/** False, and *out untouched, for anything but a date that exists in that form. */
bool civil_parse(const char *text, int32_t *out);

/** The day on London's wall at an instant (Unix seconds). */
int32_t civil_london_day(int64_t at_s);
/** The instant at which that day begins in London. */
int64_t civil_london_start(int32_t day);

#endif
