#include "domain/notice.h"

#include "domain/civil.h"
#include "domain/wall.h"

enum {
    REMIND_MIN = 16 * 60,
    HOUR_S = 3600,
    FIRST_PAUSE_S = 60
};

int64_t notice_day_before_at(int64_t call_at)
{
    return wall_instant(civil_london_day(call_at) - 1, REMIND_MIN);
}

int64_t notice_hour_before_at(int64_t call_at)
{
    return call_at - HOUR_S;
}

bool notice_is_quiet(const struct notice_quiet *quiet, int64_t at_s)
{
    const int minute = wall_of(at_s).minute;

    if (quiet->from_min <= quiet->to_min) {
        return minute >= quiet->from_min && minute < quiet->to_min;
    }
    return minute >= quiet->from_min || minute < quiet->to_min;
}

int64_t notice_after_quiet(const struct notice_quiet *quiet, int64_t at_s)
{
    int64_t at = at_s;

    /* Once, but for the day on which clocks go forward over all that is not quiet. */
    while (notice_is_quiet(quiet, at)) {
        at = wall_next(at + 1, quiet->to_min);
    }
    return at;
}

int64_t notice_pause_s(int tries)
{
    int64_t pause_s = FIRST_PAUSE_S;

    while (tries > 1 && pause_s < HOUR_S) {
        pause_s *= 2;
        tries--;
    }
    return pause_s < HOUR_S ? pause_s : HOUR_S;
}
