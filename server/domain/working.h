/*
 * Working days of England and Wales: not Saturday, not Sunday, not a bank holiday. The bank
 * holidays are data with an end; past it nothing is guessed. Days are those of civil.h. Thread:
 * any; constants.
 */
#ifndef SENDLINE_DOMAIN_WORKING_H
#define SENDLINE_DOMAIN_WORKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum working_answer {
    WORKING_NO,
    WORKING_YES,
    WORKING_HOLIDAYS_UNKNOWN
};

enum working_answer working_day(int32_t day);

/**
 * The n-th working day after a day (which itself does not count).
 * @return false, *out untouched: the data ends before it (holidays_unknown).
 */
bool working_add(int32_t day, int n, int32_t *out);

/** First and last day that the data knows. */
int32_t working_first(void);
int32_t working_last(void);

/** The bank holidays, ascending, for tests. */
extern const char *const working_holidays[];
extern const size_t working_holiday_count;

#endif
