#include "domain/surgery.h"

#include <stdlib.h>

#include "common/buf.h"
#include "common/proto.h"
#include "domain/civil.h"

enum {
    MINUTE_S = 60,
    WEEK_DAYS = 7
};

/* ---- Checking ---- */

static bool weekday_chosen(const struct surgery *s, int32_t day)
{
    return !s->series || (s->weekdays >> (unsigned)civil_weekday(day) & 1U) != 0;
}

/* Does any chosen weekday fall between the dates? */
static bool has_a_day(const struct surgery *s)
{
    for (int32_t day = s->first_day; day <= s->last_day && day < s->first_day + WEEK_DAYS; day++) {
        if (weekday_chosen(s, day)) {
            return true;
        }
    }
    return false;
}

static enum sl_code check_dates(const struct surgery *s, int32_t today, struct sl_err *err)
{
    if (s->first_day < today || s->last_day > today + SURGERY_AHEAD_DAYS) {
        return sl_fail(err, SL_DATES_WRONG, "outside the two years from today");
    }
    if (s->last_day < s->first_day || (!s->series && s->last_day != s->first_day)) {
        return sl_fail(err, SL_DATES_WRONG, "the last date is %d days after the first",
                       (int)(s->last_day - s->first_day));
    }
    if (s->series && (s->weekdays & ~(unsigned)SURGERY_EVERY_DAY) != 0) {
        return sl_fail(err, SL_DAYS_WRONG, "days of the week: %#x", s->weekdays);
    }
    return has_a_day(s) ? SL_OK : sl_fail(err, SL_DAYS_WRONG, "no such day between the dates");
}

static enum sl_code check_times(const struct surgery *s, struct sl_err *err)
{
    if (s->slot_min < SURGERY_SLOT_LEAST || s->slot_min > SURGERY_SLOT_MOST || s->gap_min < 0 ||
        s->gap_min > SURGERY_GAP_MOST) {
        return sl_fail(err, SL_SLOT_WRONG, "a slot of %d minutes and a gap of %d", s->slot_min,
                       s->gap_min);
    }
    if (s->from_min < 0 || s->to_min > WALL_DAY_MIN || s->to_min <= s->from_min ||
        s->to_min - s->from_min > SURGERY_LONGEST) {
        return sl_fail(err, SL_TIMES_WRONG, "from minute %d to %d of the day", s->from_min,
                       s->to_min);
    }
    if (s->to_min - s->from_min < s->slot_min) {
        return sl_fail(err, SL_TIMES_WRONG, "%d minutes have no room for a slot of %d",
                       s->to_min - s->from_min, s->slot_min);
    }
    return SL_OK;
}

enum sl_code surgery_check(const struct surgery *s, int64_t now_s, struct sl_err *err)
{
    enum sl_code rc = check_dates(s, civil_london_day(now_s), err);

    if (rc == SL_OK) {
        rc = check_times(s, err);
    }
    if (rc == SL_OK && !s->series && wall_instant(s->last_day, s->to_min) <= now_s) {
        rc = sl_fail(err, SL_SLOT_PAST, "all of it has passed");
    }
    return rc;
}

enum surgery_day surgery_on(const struct surgery *s, const struct holidays *more, int32_t day)
{
    if (day < s->first_day || day > s->last_day || !weekday_chosen(s, day)) {
        return SURGERY_NOT_HELD;
    }
    if (!s->series) {
        return SURGERY_HELD;
    }
    switch (holidays_on(more, day)) {
    case HOLIDAYS_YES:
        return SURGERY_NOT_HELD;
    case HOLIDAYS_UNKNOWN:
        return SURGERY_HOLIDAYS_UNKNOWN;
    case HOLIDAYS_NO:
        break;
    }
    return SURGERY_HELD;
}

/* ---- Clashes ---- */

bool surgery_clashes(const struct surgery *a, const struct surgery *b, const struct holidays *more,
                     int32_t *day)
{
    int32_t first = a->first_day > b->first_day ? a->first_day : b->first_day;
    int32_t last = a->last_day < b->last_day ? a->last_day : b->last_day;

    if (a->from_min >= b->to_min || b->from_min >= a->to_min) {
        return false;
    }
    for (int32_t at = first; at <= last; at++) {
        if (surgery_on(a, more, at) != SURGERY_NOT_HELD &&
            surgery_on(b, more, at) != SURGERY_NOT_HELD) {
            *day = at;
            return true;
        }
    }
    return false;
}

static bool find_clash(const struct surgery *wanted, const struct surgery *list, size_t count,
                       const struct holidays *more, struct surgery_clash *clash)
{
    int32_t day = 0;

    for (size_t i = 0; i < count; i++) {
        if (surgery_clashes(wanted, &list[i], more, &day)) {
            *clash = (struct surgery_clash){.wanted = wanted, .other = &list[i], .day = day};
            return true;
        }
    }
    return false;
}

enum sl_code surgery_check_all(const struct surgery *wanted, size_t wanted_count,
                               const struct surgery *open, size_t open_count,
                               const struct holidays *more, int64_t now_s,
                               struct surgery_clash *clash, struct sl_err *err)
{
    char day[CIVIL_TEXT_SIZE];

    if (wanted_count > SL_MAX_SURGERIES || open_count > SL_MAX_SURGERIES - wanted_count) {
        return sl_fail(err, SL_TOO_MANY, "%zu surgeries beside %zu; at most %d", wanted_count,
                       open_count, SL_MAX_SURGERIES);
    }
    for (size_t i = 0; i < wanted_count; i++) {
        enum sl_code rc = surgery_check(&wanted[i], now_s, err);
        if (rc != SL_OK) {
            return rc;
        }
        if (find_clash(&wanted[i], open, open_count, more, clash) ||
            find_clash(&wanted[i], wanted, i, more, clash)) {
            civil_text(clash->day, day);
            return sl_fail(err, SL_SURGERY_CLASH, "on %s", day);
        }
    }
    return SL_OK;
}

/* ---- Cutting ---- */

static bool on_leave(struct span slot, const struct surgery_range *range)
{
    for (size_t i = 0; i < range->leave_count; i++) {
        if (span_overlaps(slot, range->leave[i])) {
            return true;
        }
    }
    return false;
}

/*
 * Slots follow each other in time, not on the wall: when the clocks go forward inside a surgery
 * there is an hour less of it, and no two slots at once.
 */
static void cut_day(const struct surgery *s, const struct surgery_range *range, int32_t day,
                    struct surgery_slots *out, size_t *room)
{
    const int64_t length_s = (int64_t)s->slot_min * MINUTE_S;
    const int64_t step_s = length_s + (int64_t)s->gap_min * MINUTE_S;
    const int64_t end_at = wall_instant(day, s->to_min);

    for (int64_t at = wall_instant(day, s->from_min); at + length_s <= end_at; at += step_s) {
        struct span slot = {.start_at = at, .end_at = at + length_s};
        if (at <= range->after_at || on_leave(slot, range)) {
            continue;
        }
        if (out->count == *room) {
            *room = *room == 0 ? 64 : *room * 2;
            out->slots = sl_realloc(out->slots, *room * sizeof(*out->slots));
        }
        out->slots[out->count++] = slot;
    }
}

void surgery_cut(const struct surgery *s, const struct surgery_range *range,
                 struct surgery_slots *out)
{
    int32_t first = s->first_day > range->first_day ? s->first_day : range->first_day;
    int32_t last = s->last_day < range->last_day ? s->last_day : range->last_day;
    size_t room = 0;

    *out = (struct surgery_slots){0};
    for (int32_t day = first; day <= last; day++) {
        switch (surgery_on(s, range->more, day)) {
        case SURGERY_HELD:
            cut_day(s, range, day, out, &room);
            break;
        case SURGERY_HOLIDAYS_UNKNOWN:
            out->unknown_from = day;
            return;
        case SURGERY_NOT_HELD:
            break;
        }
    }
}

void surgery_slots_fini(struct surgery_slots *slots)
{
    free(slots->slots);
    *slots = (struct surgery_slots){0};
}
