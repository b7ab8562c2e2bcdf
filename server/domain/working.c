#include "domain/working.h"

#include "domain/civil.h"
#include "domain/holidays.h"

enum working_answer working_day(int32_t day)
{
    switch (holidays_on(NULL, day)) {
    case HOLIDAYS_UNKNOWN:
        return WORKING_HOLIDAYS_UNKNOWN;
    case HOLIDAYS_YES:
        return WORKING_NO;
    case HOLIDAYS_NO:
        break;
    }
    return civil_weekday(day) >= 5 ? WORKING_NO : WORKING_YES;
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
