/*
 * Bank holidays of England and Wales: data with an end (holidays.def), and days that were added by
 * hand, for a coronation say. Past the end nothing is guessed. Days are those of civil.h. Thread:
 * any; constants.
 */
#ifndef SENDLINE_DOMAIN_HOLIDAYS_H
#define SENDLINE_DOMAIN_HOLIDAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum holidays_answer {
    HOLIDAYS_NO,
    HOLIDAYS_YES,
    HOLIDAYS_UNKNOWN
};

/** What was added by hand. */
struct holidays {
    const int32_t *added; /**< ascending; borrowed */
    size_t added_count;
    /** From first_day to last_day the added ones are all there are beside the data; last_day before
     * first_day: they are single days, and what is known ends with the data. */
    int32_t first_day;
    int32_t last_day;
};

/** Is this day one? An added day is one wherever it lies. @param more NULL: nothing was added. */
enum holidays_answer holidays_on(const struct holidays *more, int32_t day);

/** First and last day that the data knows. */
int32_t holidays_first(void);
int32_t holidays_last(void);

/** Will it be unknown within this many days from today what is a holiday? Then somebody has to be
 * told. */
bool holidays_end_within(const struct holidays *more, int32_t today, int days);

/** The whole data by index; for tests and lists. */
size_t holidays_count(void);
int32_t holidays_at(size_t i);

#endif
