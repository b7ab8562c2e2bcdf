/* Slots: cut from random series around holidays, leave and clock changes; and booked. */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "domain/booking.h"
#include "domain/civil.h"
#include "domain/surgery.h"
#include "domain/wall.h"
#include "support/dice.h"

enum {
    FIRST_YEAR = 2024,
    LAST_YEAR = 2040,
    ROUNDS_OF_A_YEAR = 12,
    WANTED = 14,
    LEAVES = 6,
    ADDED = 24,
    MINUTE_S = 60,
    HOUR_S = 3600
};

static int64_t instant(const char *date, const char *time)
{
    int32_t day = 0;
    int minute = 0;

    ck_assert_msg(civil_parse(date, &day) && wall_parse(time, &minute), "%s %s", date, time);
    return wall_instant(day, minute);
}

/* ---- A year of a caseworker, made at random ---- */

struct year {
    struct dice dice;
    int32_t first;
    int32_t last;
    int64_t now;
    int32_t added[ADDED];
    struct holidays holidays;
    struct span leave[LEAVES];
    struct surgery held[WANTED]; /* those that do not clash */
    size_t held_count;
    size_t refused;
};

static int day_order(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a;
    const int32_t y = *(const int32_t *)b;

    return (x > y) - (x < y);
}

static int32_t change_day(struct year *y, int month)
{
    int year = 0;
    int m = 0;
    int d = 0;

    civil_date(y->first, &year, &m, &d);
    int32_t day = civil_day(year, month, 31);
    return day - (civil_weekday(day) + 1) % 7;
}

static int32_t any_day(struct year *y)
{
    switch (dice_below(&y->dice, 6)) {
    case 0:
        return change_day(y, 3);
    case 1:
        return change_day(y, 10);
    default:
        return dice_between(&y->dice, y->first, y->last);
    }
}

static struct surgery any_surgery(struct year *y)
{
    struct surgery s = {
        .series = !dice_once_in(&y->dice, 3),
        .first_day = any_day(y),
        /* By day, or over the hours in which clocks change. */
        .from_min = dice_once_in(&y->dice, 3) ? dice_between(&y->dice, 0, 180)
                                              : dice_between(&y->dice, 480, 1080),
        .slot_min = dice_between(&y->dice, SURGERY_SLOT_LEAST, SURGERY_SLOT_MOST),
        .gap_min = dice_between(&y->dice, 0, 20),
    };
    s.to_min = s.from_min + dice_between(&y->dice, s.slot_min, 240);
    s.last_day = s.first_day;
    if (s.series) {
        s.last_day += dice_between(&y->dice, 0, y->last - s.first_day);
        s.weekdays = dice_below(&y->dice, SURGERY_EVERY_DAY) + 1;
        s.weekdays |= dice_once_in(&y->dice, 2) ? 1U << 6 : 0U;
    }
    return s;
}

static void any_year(struct year *y, int year, int round)
{
    *y = (struct year){
        .dice = dice_of((uint64_t)year * ROUNDS_OF_A_YEAR + (uint64_t)round),
        .first = civil_day(year, 1, 1),
        .last = civil_day(year, 12, 31),
    };
    struct surgery_clash clash;

    y->now = wall_instant(y->first, dice_between(&y->dice, 0, 600));
    for (size_t i = 0; i < ADDED; i++) {
        y->added[i] = dice_between(&y->dice, y->first, y->last);
    }
    qsort(y->added, ADDED, sizeof(y->added[0]), day_order);
    for (size_t i = 0; i < LEAVES; i++) {
        y->leave[i].start_at = wall_instant(any_day(y), dice_between(&y->dice, 0, 1440));
        y->leave[i].end_at = y->leave[i].start_at + dice_between(&y->dice, 0, 20 * 86400);
    }
    y->holidays = (struct holidays){.added = y->added,
                                    .added_count = ADDED,
                                    .first_day = civil_day(2024, 1, 1),
                                    .last_day = civil_day(2040, 12, 31)};
    for (int i = 0; i < WANTED; i++) {
        struct surgery s = any_surgery(y);
        if (surgery_check_all(&s, 1, y->held, y->held_count, &y->holidays, y->now, &clash, NULL) ==
            SL_OK) {
            y->held[y->held_count++] = s;
        } else {
            y->refused++;
        }
    }
}

/* The slots of all, and where each came from. */
struct made {
    struct span span;
    const struct surgery *from;
};

static int made_order(const void *a, const void *b)
{
    const struct made *x = a;
    const struct made *y = b;

    return (x->span.start_at > y->span.start_at) - (x->span.start_at < y->span.start_at);
}

static struct surgery_range range_of(const struct year *y)
{
    return (struct surgery_range){
        .first_day = y->first,
        .last_day = y->last,
        .after_at = y->now,
        .more = &y->holidays,
        .leave = y->leave,
        .leave_count = LEAVES,
    };
}

static struct made *cut_all(const struct year *y, size_t *count)
{
    const struct surgery_range range = range_of(y);
    struct made *all = NULL;

    *count = 0;
    for (size_t i = 0; i < y->held_count; i++) {
        struct surgery_slots slots;
        surgery_cut(&y->held[i], &range, &slots);
        ck_assert_int_eq(slots.unknown_from, 0);
        all = realloc(all, (*count + slots.count + 1) * sizeof(*all));
        ck_assert_ptr_nonnull(all);
        for (size_t k = 0; k < slots.count; k++) {
            all[(*count)++] = (struct made){.span = slots.slots[k], .from = &y->held[i]};
        }
        surgery_slots_fini(&slots);
    }
    qsort(all, *count, sizeof(*all), made_order);
    return all;
}

#define HOLDS(what)                                                                                \
    ck_assert_msg((what), "seed %" PRIu64 ", slot at %" PRId64 ": %s", y.dice.seed, at, #what)

START_TEST(no_two_slots_of_a_caseworker_overlap)
{
    size_t slots = 0;
    size_t refused = 0;

    for (int round = 0; round < ROUNDS_OF_A_YEAR; round++) {
        struct year y;
        any_year(&y, _i, round);
        size_t count = 0;
        struct made *all = cut_all(&y, &count);
        for (size_t i = 0; i < count; i++) {
            const struct surgery *s = all[i].from;
            const int64_t at = all[i].span.start_at;
            const struct wall wall = wall_of(at);
            HOLDS(i == 0 || all[i - 1].span.end_at <= at);
            HOLDS(all[i].span.end_at - at == s->slot_min * MINUTE_S);
            HOLDS(at > y.now);
            HOLDS(wall.day >= s->first_day && wall.day <= s->last_day);
            HOLDS(!s->series || (s->weekdays >> (unsigned)civil_weekday(wall.day) & 1U) != 0);
            HOLDS(!s->series || holidays_on(&y.holidays, wall.day) == HOLIDAYS_NO);
            HOLDS(at >= wall_instant(wall.day, s->from_min));
            HOLDS(all[i].span.end_at <= wall_instant(wall.day, s->to_min));
            for (size_t k = 0; k < LEAVES; k++) {
                HOLDS(!span_overlaps(all[i].span, y.leave[k]));
            }
        }
        free(all);
        slots += count;
        refused += y.refused;
    }
    /* The dice make something worth looking at. */
    ck_assert_uint_gt(slots, 1000);
    ck_assert_uint_gt(refused, 10);
}
END_TEST

START_TEST(none_is_missing)
{
    for (int round = 0; round < ROUNDS_OF_A_YEAR; round++) {
        struct year y;
        any_year(&y, _i, round);
        struct surgery_range range = range_of(&y);
        range.leave_count = 0;
        for (size_t i = 0; i < y.held_count; i++) {
            const struct surgery *s = &y.held[i];
            struct surgery_slots slots;
            size_t next = 0;
            surgery_cut(s, &range, &slots);
            for (int32_t day = y.first; day <= y.last; day++) {
                if (surgery_on(s, &y.holidays, day) != SURGERY_HELD) {
                    continue;
                }
                /* One after the other as long as the wall's end is not reached. */
                int64_t at = wall_instant(day, s->from_min);
                while (at + s->slot_min * MINUTE_S <= wall_instant(day, s->to_min)) {
                    if (at > y.now) {
                        HOLDS(next < slots.count && slots.slots[next].start_at == at);
                        next++;
                    }
                    at += (s->slot_min + s->gap_min) * MINUTE_S;
                }
            }
            ck_assert_uint_eq(next, slots.count);
            surgery_slots_fini(&slots);
        }
    }
}
END_TEST

START_TEST(cut_day_by_day_is_cut_at_once)
{
    for (int round = 0; round < 3; round++) {
        struct year y;
        any_year(&y, _i, round);
        for (size_t i = 0; i < y.held_count; i++) {
            struct surgery_range range = range_of(&y);
            struct surgery_slots whole;
            size_t next = 0;
            surgery_cut(&y.held[i], &range, &whole);
            for (int32_t day = y.first; day <= y.last; day++) {
                struct surgery_slots part;
                range.first_day = day;
                range.last_day = day;
                surgery_cut(&y.held[i], &range, &part);
                for (size_t k = 0; k < part.count; k++) {
                    const int64_t at = part.slots[k].start_at;
                    HOLDS(next < whole.count && whole.slots[next].start_at == at);
                    next++;
                }
                surgery_slots_fini(&part);
            }
            ck_assert_uint_eq(next, whole.count);
            surgery_slots_fini(&whole);
        }
    }
}
END_TEST

/* ---- By hand ---- */

static struct surgery tuesdays(const char *first, const char *last, const char *from,
                               const char *to)
{
    struct surgery s = {.series = true, .weekdays = 1U << 1, .slot_min = 15, .gap_min = 5};

    ck_assert(civil_parse(first, &s.first_day) && civil_parse(last, &s.last_day));
    ck_assert(wall_parse(from, &s.from_min) && wall_parse(to, &s.to_min));
    return s;
}

static struct surgery_slots cut(struct surgery s, const struct holidays *more)
{
    const struct surgery_range range = {
        .first_day = s.first_day, .last_day = s.last_day, .more = more};
    struct surgery_slots slots;

    surgery_cut(&s, &range, &slots);
    return slots;
}

START_TEST(slots_of_an_hour)
{
    struct surgery_slots slots = cut(tuesdays("2026-12-01", "2026-12-01", "10:00", "11:00"), NULL);

    ck_assert_uint_eq(slots.count, 3);
    ck_assert_int_eq(slots.slots[0].start_at, instant("2026-12-01", "10:00"));
    ck_assert_int_eq(slots.slots[1].start_at, instant("2026-12-01", "10:20"));
    ck_assert_int_eq(slots.slots[2].start_at, instant("2026-12-01", "10:40"));
    ck_assert_int_eq(slots.slots[2].end_at, instant("2026-12-01", "10:55"));
    surgery_slots_fini(&slots);
}
END_TEST

START_TEST(what_begins_now_is_past)
{
    const struct surgery s = tuesdays("2026-12-01", "2026-12-01", "10:00", "11:00");
    struct surgery_range range = {.first_day = s.first_day,
                                  .last_day = s.last_day,
                                  .after_at = instant("2026-12-01", "10:20")};
    struct surgery_slots slots;

    surgery_cut(&s, &range, &slots);
    ck_assert_uint_eq(slots.count, 1);
    surgery_slots_fini(&slots);
    range.after_at--;
    surgery_cut(&s, &range, &slots);
    ck_assert_uint_eq(slots.count, 2);
    surgery_slots_fini(&slots);
}
END_TEST

START_TEST(clock_change_inside_a_weekly_series)
{
    /* The clocks go back on 25 October 2026: ten o'clock stays ten o'clock. */
    struct surgery_slots slots = cut(tuesdays("2026-10-20", "2026-11-03", "10:00", "10:15"), NULL);

    ck_assert_uint_eq(slots.count, 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(wall_of(slots.slots[i].start_at).minute, 600);
    }
    ck_assert_int_eq(slots.slots[1].start_at - slots.slots[0].start_at, 7 * 86400 + HOUR_S);
    ck_assert_int_eq(slots.slots[2].start_at - slots.slots[1].start_at, 7 * 86400);
    surgery_slots_fini(&slots);
}
END_TEST

START_TEST(a_series_across_christmas)
{
    struct surgery daily = tuesdays("2027-12-24", "2027-12-31", "10:00", "10:15");
    static const char *const want[] = {"2027-12-24", "2027-12-29", "2027-12-30", "2027-12-31"};

    daily.weekdays = 0x1f;
    struct surgery_slots slots = cut(daily, NULL);
    ck_assert_uint_eq(slots.count, 4);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(slots.slots[i].start_at, instant(want[i], "10:00"));
    }
    surgery_slots_fini(&slots);
}
END_TEST

START_TEST(a_surgery_in_the_hour_that_is_skipped)
{
    struct surgery s = {.first_day = civil_day(2027, 3, 28), .slot_min = 15, .gap_min = 0};

    s.last_day = s.first_day;
    s.from_min = 60;
    s.to_min = 120;
    struct surgery_slots none = cut(s, NULL);
    ck_assert_uint_eq(none.count, 0);
    /* From half past midnight to half past two: two hours on the wall, one in the world. */
    s.from_min = 30;
    s.to_min = 150;
    struct surgery_slots slots = cut(s, NULL);
    ck_assert_uint_eq(slots.count, 4);
    ck_assert_int_eq(wall_of(slots.slots[1].start_at).minute, 45);
    ck_assert_int_eq(wall_of(slots.slots[2].start_at).minute, 120);
    surgery_slots_fini(&slots);
}
END_TEST

START_TEST(past_the_end_of_the_holidays_nothing_is_cut)
{
    struct surgery_slots slots = cut(tuesdays("2029-12-01", "2030-02-28", "10:00", "10:15"), NULL);
    struct surgery single = tuesdays("2030-01-08", "2030-01-08", "10:00", "10:15");

    /* 4, 11 and 18 December; the 25th is Christmas, and the next Tuesday is unknown. */
    ck_assert_uint_eq(slots.count, 3);
    ck_assert_int_eq(slots.unknown_from, civil_day(2030, 1, 1));
    surgery_slots_fini(&slots);
    single.series = false;
    slots = cut(single, NULL);
    ck_assert_uint_eq(slots.count, 1);
    ck_assert_int_eq(slots.unknown_from, 0);
    surgery_slots_fini(&slots);
}
END_TEST

START_TEST(leave_takes_what_it_touches)
{
    const struct surgery s = tuesdays("2026-12-01", "2026-12-01", "10:00", "11:00");
    struct span leave = {.start_at = instant("2026-12-01", "10:15"),
                         .end_at = instant("2026-12-01", "10:40")};
    struct surgery_range range = {
        .first_day = s.first_day, .last_day = s.last_day, .leave = &leave, .leave_count = 1};
    struct surgery_slots slots;

    surgery_cut(&s, &range, &slots);
    ck_assert_uint_eq(slots.count, 2);
    surgery_slots_fini(&slots);
    leave.start_at--;
    leave.end_at++;
    surgery_cut(&s, &range, &slots);
    ck_assert_uint_eq(slots.count, 0);
    surgery_slots_fini(&slots);
}
END_TEST

/* ---- Booking ---- */

enum {
    SLOTS = 8,
    NOTICE_S = 2 * HOUR_S
};

static struct slot slots[SLOTS];
static struct booking_mine mine[2];
static struct booking_ask ask;
static struct booking_place place;
static struct sl_err err;

/* Two surgeries beside each other, 10:00 to 11:20, slots of 15 minutes and gaps of 5, all open:
 * slots 0, 2, 4, 6 are one's and 1, 3, 5, 7 the other's. */
static void set_up(void)
{
    for (int i = 0; i < SLOTS; i++) {
        const int64_t at = instant("2026-12-01", "10:00") + i / 2 * 20 * MINUTE_S;
        slots[i] = (struct slot){
            .span = {.start_at = at, .end_at = at + 15 * MINUTE_S},
            .state = SLOT_OPEN,
            .surgery = i % 2,
            .gap_min = 5,
        };
    }
    memset(mine, 0, sizeof(mine));
    ask = (struct booking_ask){
        .now_s = instant("2026-12-01", "07:00"),
        .notice_s = NOTICE_S,
        .horizon_days = 42,
        .slots = slots,
        .slot_count = SLOTS,
        .mine = mine,
    };
}

static void assert_place(size_t slot, enum sl_code want)
{
    enum sl_code got = booking_check(&ask, slot, &place, &err);

    ck_assert_msg(got == want, "%s, not %s (%s)", sl_code_name(got), sl_code_name(want),
                  err.detail);
}

START_TEST(an_open_slot_may_be_booked)
{
    assert_place(2, SL_OK);
    ck_assert_uint_eq(place.count, 1);
    ck_assert_uint_eq(place.slot[0], 2);
}
END_TEST

START_TEST(what_is_not_open_is_taken)
{
    static const enum slot_state taken[] = {SLOT_BOOKED, SLOT_OFFERED, SLOT_BLOCKED};

    for (size_t i = 0; i < 3; i++) {
        slots[2].state = taken[i];
        assert_place(2, SL_SLOT_TAKEN);
        ask.by_staff = true;
        assert_place(2, SL_SLOT_TAKEN);
        ask.by_staff = false;
    }
    slots[2].held_for_me = true;
    slots[2].state = SLOT_OFFERED;
    assert_place(2, SL_OK);
    slots[2].state = SLOT_BOOKED;
    assert_place(2, SL_SLOT_TAKEN);
}
END_TEST

START_TEST(notice_horizon_and_the_past)
{
    ask.now_s = slots[2].span.start_at - NOTICE_S;
    assert_place(2, SL_OK);
    ask.now_s++;
    assert_place(2, SL_SLOT_TOO_SOON);
    ask.by_staff = true;
    assert_place(2, SL_OK);
    ask.now_s = slots[2].span.start_at - 1;
    assert_place(2, SL_OK);
    ask.now_s++;
    assert_place(2, SL_SLOT_PAST);
    ask.by_staff = false;
    assert_place(2, SL_SLOT_PAST);
    /* What was offered may be taken later than others could. */
    ask.now_s = slots[2].span.start_at - 60;
    slots[2].state = SLOT_OFFERED;
    slots[2].held_for_me = true;
    assert_place(2, SL_OK);

    set_up();
    ask.now_s = instant("2026-10-20", "23:59");
    assert_place(2, SL_OK);
    ask.now_s = instant("2026-10-19", "23:59");
    assert_place(2, SL_SLOT_TOO_FAR);
    ask.by_staff = true;
    assert_place(2, SL_SLOT_TOO_FAR);
}
END_TEST

START_TEST(a_parent_with_two_children)
{
    ask.mine_count = 1;
    mine[0].span = (struct span){slots[2].span.start_at - 600, slots[2].span.start_at};
    assert_place(2, SL_OK);
    mine[0].span.end_at++;
    assert_place(2, SL_CALLS_OVERLAP);
    assert_place(4, SL_OK);
    mine[0].same_case = true;
    assert_place(4, SL_BOOKED_ALREADY);
    /* That comes before all others: no other time would help. */
    slots[4].state = SLOT_BOOKED;
    assert_place(4, SL_BOOKED_ALREADY);
}
END_TEST

START_TEST(extra_time_is_two_slots_that_follow_each_other)
{
    ask.extra_time = true;
    assert_place(2, SL_OK);
    ck_assert_uint_eq(place.count, 2);
    ck_assert_uint_eq(place.slot[0], 2);
    ck_assert_uint_eq(place.slot[1], 4);
    assert_place(3, SL_OK);
    ck_assert_uint_eq(place.slot[1], 5);
    /* The last of the day, a slot of somebody else's, one after a break. */
    assert_place(6, SL_NO_EXTRA_TIME);
    slots[4].state = SLOT_BLOCKED;
    assert_place(2, SL_NO_EXTRA_TIME);
    slots[4].state = SLOT_OPEN;
    slots[4].surgery = 2;
    assert_place(2, SL_NO_EXTRA_TIME);
    slots[4].surgery = 0;
    slots[4].span.start_at++;
    assert_place(2, SL_NO_EXTRA_TIME);
    /* Another call of the parent's during the second one. */
    set_up();
    ask.extra_time = true;
    ask.mine_count = 1;
    mine[0].span = slots[4].span;
    assert_place(2, SL_CALLS_OVERLAP);
    ask.extra_time = false;
    assert_place(2, SL_OK);
}
END_TEST

START_TEST(the_next_three)
{
    struct booking_place out[BOOKING_ALTERNATIVES];

    ask.now_s = slots[1].span.start_at - NOTICE_S + 1;
    slots[3].state = SLOT_BOOKED;
    ck_assert_uint_eq(booking_next(&ask, BOOKING_ALTERNATIVES, out), 3);
    ck_assert_uint_eq(out[0].slot[0], 2);
    ck_assert_uint_eq(out[1].slot[0], 4);
    ck_assert_uint_eq(out[2].slot[0], 5);
    ask.now_s = slots[7].span.start_at - NOTICE_S;
    ck_assert_uint_eq(booking_next(&ask, BOOKING_ALTERNATIVES, out), 2);
    ask.now_s++;
    ck_assert_uint_eq(booking_next(&ask, BOOKING_ALTERNATIVES, out), 0);
    ck_assert_uint_eq(booking_next(&ask, 0, out), 0);
}
END_TEST

START_TEST(the_nearest_three)
{
    struct booking_place out[BOOKING_ALTERNATIVES];
    const int64_t wanted = slots[2].span.start_at;

    slots[2].state = SLOT_BOOKED;
    ck_assert_uint_eq(booking_nearest(&ask, wanted, BOOKING_ALTERNATIVES, out), 3);
    ck_assert_uint_eq(out[0].slot[0], 3); /* the same time with somebody else */
    ck_assert_uint_eq(out[1].slot[0], 0); /* 20 minutes before */
    ck_assert_uint_eq(out[2].slot[0], 1);
    slots[0].state = SLOT_BLOCKED;
    ck_assert_uint_eq(booking_nearest(&ask, wanted, BOOKING_ALTERNATIVES, out), 3);
    ck_assert_uint_eq(out[1].slot[0], 1);
    ck_assert_uint_eq(out[2].slot[0], 4);
    ask.extra_time = true;
    ck_assert_uint_eq(booking_nearest(&ask, wanted, BOOKING_ALTERNATIVES, out), 3);
    ck_assert_uint_eq(out[0].slot[1], 5);
}
END_TEST

static int by_distance(const void *a, const void *b)
{
    const struct span *x = a;
    const struct span *y = b;
    const int64_t wanted = ask.now_s + ask.notice_s;
    const int64_t dx = llabs(x->start_at - wanted);
    const int64_t dy = llabs(y->start_at - wanted);

    if (dx != dy) {
        return dx < dy ? -1 : 1;
    }
    return (x->start_at > y->start_at) - (x->start_at < y->start_at);
}

START_TEST(the_nearest_are_the_nearest)
{
    enum {
        MANY = 60
    };
    for (uint64_t round = 0; round < 500; round++) {
        struct dice dice = dice_of(round);
        struct slot some[MANY];
        struct span free_ones[MANY];
        struct booking_place out[BOOKING_ALTERNATIVES];
        size_t free_count = 0;
        int64_t at = ask.now_s - 3600;
        for (size_t i = 0; i < MANY; i++) {
            at += dice_between(&dice, 0, 4) * 300;
            some[i] = (struct slot){
                .span = {.start_at = at, .end_at = at + 300},
                .state = (enum slot_state)dice_below(&dice, 4),
            };
            if (some[i].state == SLOT_OPEN && at - ask.now_s >= NOTICE_S) {
                free_ones[free_count++] = some[i].span;
            }
        }
        ask.slots = some;
        ask.slot_count = MANY;
        const size_t found = booking_nearest(&ask, ask.now_s + ask.notice_s, 3, out);
        qsort(free_ones, free_count, sizeof(free_ones[0]), by_distance);
        ck_assert_msg(found == (free_count < 3 ? free_count : 3), "seed %" PRIu64, dice.seed);
        for (size_t i = 0; i < found; i++) {
            ck_assert_msg(some[out[i].slot[0]].span.start_at == free_ones[i].start_at,
                          "seed %" PRIu64, dice.seed);
        }
    }
}
END_TEST

START_TEST(until_it_starts)
{
    ck_assert(booking_may_change(1000, 999));
    ck_assert(!booking_may_change(1000, 1000));
    ck_assert_str_eq(slot_state_name(SLOT_OFFERED), "offered");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("slots");
    TCase *made = tcase_create("made at random");
    TCase *hand = tcase_create("by hand");

    tcase_set_timeout(made, 120);
    tcase_add_loop_test(made, no_two_slots_of_a_caseworker_overlap, FIRST_YEAR, LAST_YEAR + 1);
    tcase_add_loop_test(made, none_is_missing, FIRST_YEAR, LAST_YEAR + 1);
    tcase_add_loop_test(made, cut_day_by_day_is_cut_at_once, FIRST_YEAR, LAST_YEAR + 1);
    suite_add_tcase(suite, made);
    tcase_add_checked_fixture(hand, set_up, NULL);
    tcase_add_test(hand, slots_of_an_hour);
    tcase_add_test(hand, what_begins_now_is_past);
    tcase_add_test(hand, clock_change_inside_a_weekly_series);
    tcase_add_test(hand, a_series_across_christmas);
    tcase_add_test(hand, a_surgery_in_the_hour_that_is_skipped);
    tcase_add_test(hand, past_the_end_of_the_holidays_nothing_is_cut);
    tcase_add_test(hand, leave_takes_what_it_touches);
    tcase_add_test(hand, an_open_slot_may_be_booked);
    tcase_add_test(hand, what_is_not_open_is_taken);
    tcase_add_test(hand, notice_horizon_and_the_past);
    tcase_add_test(hand, a_parent_with_two_children);
    tcase_add_test(hand, extra_time_is_two_slots_that_follow_each_other);
    tcase_add_test(hand, the_next_three);
    tcase_add_test(hand, the_nearest_three);
    tcase_add_test(hand, the_nearest_are_the_nearest);
    tcase_add_test(hand, until_it_starts);
    suite_add_tcase(suite, hand);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
