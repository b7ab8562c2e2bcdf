#include "domain/working.h"

#include <stdlib.h>
#include <string.h>

#include "domain/civil.h"

/* From gov.uk/bank-holidays, England and Wales; substitute days where one falls on a weekend. */
const char *const working_holidays[] = {
    "2025-01-01", "2025-04-18", "2025-04-21", "2025-05-05",
    "2025-05-26", "2025-08-25", "2025-12-25", "2025-12-26", /* 2025 */
    "2026-01-01", "2026-04-03", "2026-04-06", "2026-05-04",
    "2026-05-25", "2026-08-31", "2026-12-25", "2026-12-28", /* 2026 */
    "2027-01-01", "2027-03-26", "2027-03-29", "2027-05-03",
    "2027-05-31", "2027-08-30", "2027-12-27", "2027-12-28", /* 2027 */
    "2028-01-03", "2028-04-14", "2028-04-17", "2028-05-01",
    "2028-05-29", "2028-08-28", "2028-12-25", "2028-12-26", /* 2028 */
    "2029-01-01", "2029-03-30", "2029-04-02", "2029-05-07",
    "2029-05-28", "2029-08-27", "2029-12-25", "2029-12-26",
};
const size_t working_holiday_count = sizeof(working_holidays) / sizeof(working_holidays[0]);

static int text_order(const void *key, const void *row)
{
    return strcmp(key, *(const char *const *)row);
}

int32_t working_first(void)
{
    return civil_day(2025, 1, 1);
}

int32_t working_last(void)
{
    return civil_day(2029, 12, 31);
}

enum working_answer working_day(int32_t day)
{
    char text[CIVIL_TEXT_SIZE];

    if (day < working_first() || day > working_last()) {
        return WORKING_HOLIDAYS_UNKNOWN;
    }
    if (civil_weekday(day) >= 5) {
        return WORKING_NO;
    }
    civil_text(day, text);
    return bsearch(text, working_holidays, working_holiday_count, sizeof(working_holidays[0]),
                   text_order) == NULL
               ? WORKING_YES
               : WORKING_NO;
}

bool working_add(int32_t day, int n, int32_t *out)
{
    int32_t at = day;

    while (n > 0) {
        at++;
        switch (working_day(at)) {
        case WORKING_HOLIDAYS_UNKNOWN:
            return false;
        case WORKING_YES:
            n--;
            break;
        case WORKING_NO:
            break;
        }
    }
    *out = at;
    return true;
}
