/*
 * Working days of England and Wales: not Saturday, not Sunday, not a bank holiday (holidays.h; past
 * the end of that data nothing is guessed). Days are those of civil.h. Thread: any; constants.
 */
#ifndef SENDLINE_DOMAIN_WORKING_H
#define SENDLINE_DOMAIN_WORKING_H

#include <stdbool.h>
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

#endif
