#include "domain/holidays.h"

#include <stdlib.h>

#include "domain/civil.h"

/** Year, month and day as one number that sorts: 20260525. */
#define DATE_NUMBER(year, month, day) ((year)*10000 + (month)*100 + (day))

static const int32_t known[] = {
#define HOLIDAY(year, month, day) DATE_NUMBER(year, month, day),
#include "domain/holidays.def"
};

enum {
    KNOWN_COUNT = sizeof(known) / sizeof(known[0])
};

static int number_order(const void *key, const void *row)
{
    int32_t a = *(const int32_t *)key;
    int32_t b = *(const int32_t *)row;

    return (a > b) - (a < b);
}

static bool is_known(int32_t day)
{
    int year = 0;
    int month = 0;
    int day_of_month = 0;

    civil_date(day, &year, &month, &day_of_month);
    int32_t number = DATE_NUMBER(year, month, day_of_month);
    return bsearch(&number, known, KNOWN_COUNT, sizeof(known[0]), number_order) != NULL;
}

int32_t holidays_first(void)
{
    return civil_day(known[0] / 10000, 1, 1);
}

int32_t holidays_last(void)
{
    return civil_day(known[KNOWN_COUNT - 1] / 10000, 12, 31);
}

static bool is_added(const struct holidays *more, int32_t day)
{
    return more->added_count > 0 &&
           bsearch(&day, more->added, more->added_count, sizeof(day), number_order) != NULL;
}

enum holidays_answer holidays_on(const struct holidays *more, int32_t day)
{
    if (more != NULL && is_added(more, day)) {
        return HOLIDAYS_YES;
    }
    if (day >= holidays_first() && day <= holidays_last()) {
        return is_known(day) ? HOLIDAYS_YES : HOLIDAYS_NO;
    }
    return more != NULL && day >= more->first_day && day <= more->last_day ? HOLIDAYS_NO
                                                                           : HOLIDAYS_UNKNOWN;
}

bool holidays_end_within(const struct holidays *more, int32_t today, int days)
{
    for (int32_t day = today; day <= today + days; day++) {
        if (holidays_on(more, day) == HOLIDAYS_UNKNOWN) {
            return true;
        }
    }
    return false;
}

size_t holidays_count(void)
{
    return KNOWN_COUNT;
}

int32_t holidays_at(size_t i)
{
    int32_t number = known[i];

    return civil_day(number / 10000, number / 100 % 100, number % 100);
}
