/* Surgeries: wall time against the system's own, bank holidays, what may be opened, clashes. */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/proto.h"
#include "domain/civil.h"
#include "domain/holidays.h"
#include "domain/surgery.h"
#include "domain/wall.h"
#include "domain/working.h"

static struct sl_err err;

enum {
    TUESDAYS = 1U << 1,
    THURSDAYS = 1U << 3,
    HOUR = 60
};

static int32_t day(const char *text)
{
    int32_t out = 0;

    ck_assert_msg(civil_parse(text, &out), "%s", text);
    return out;
}

static int minute(const char *text)
{
    int out = 0;

    ck_assert_msg(wall_parse(text, &out), "%s", text);
    return out;
}

/* ---- Wall time ---- */

/* The C library's idea of London, from a rule and not from a file. */
static struct tm system_wall(int64_t at)
{
    struct tm tm = {0};
    time_t t = (time_t)at;

    ck_assert_ptr_nonnull(localtime_r(&t, &tm));
    return tm;
}

static void use_london(void)
{
    (void)setenv("TZ", "GMT0BST,M3.5.0/1,M10.5.0", 1);
    tzset();
}

START_TEST(the_wall_is_the_systems)
{
    const int64_t from = civil_london_start(civil_day(2024, 1, 1));
    const int64_t to = civil_london_start(civil_day(2041, 1, 1));

    for (int64_t at = from; at < to; at += 3600) {
        const struct tm want = system_wall(at);
        const struct wall got = wall_of(at);
        ck_assert_int_eq(got.day, civil_day(want.tm_year + 1900, want.tm_mon + 1, want.tm_mday));
        ck_assert_int_eq(got.minute, want.tm_hour * HOUR + want.tm_min);
        /* And back: itself, or the first of two. */
        const int64_t back = wall_instant(got.day, got.minute);
        ck_assert_msg(back == at || (back == at - 3600 && want.tm_isdst == 0 &&
                                     system_wall(back).tm_isdst == 1),
                      "%" PRId64 " came back as %" PRId64, at, back);
    }
}
END_TEST

START_TEST(a_day_of_wall_times_never_goes_back)
{
    for (int32_t d = civil_day(2024, 1, 1); d <= civil_day(2040, 12, 31); d++) {
        int64_t before = wall_instant(d, 0);
        ck_assert_int_eq(before, civil_london_start(d));
        for (int m = 15; m <= WALL_DAY_MIN; m += 15) {
            int64_t at = wall_instant(d, m);
            ck_assert_int_ge(at, before);
            before = at;
        }
        ck_assert_int_eq(before, civil_london_start(d + 1));
    }
}
END_TEST

START_TEST(a_time_that_does_not_exist_is_the_first_that_does)
{
    for (int year = 2024; year <= 2040; year++) {
        int32_t d = civil_day(year, 3, 31);
        while (civil_weekday(d) != 6) {
            d--;
        }
        const int64_t changed = wall_instant(d, 2 * HOUR);
        for (int m = HOUR; m < 2 * HOUR; m++) {
            ck_assert_int_eq(wall_instant(d, m), changed);
        }
        ck_assert_int_eq(changed - wall_instant(d, HOUR - 1), 60);
        ck_assert_int_eq(wall_instant(d, 2 * HOUR + 1) - changed, 60);
    }
}
END_TEST

START_TEST(a_time_that_happens_twice_is_the_first)
{
    for (int year = 2024; year <= 2040; year++) {
        int32_t d = civil_day(year, 10, 31);
        while (civil_weekday(d) != 6) {
            d--;
        }
        const int64_t first = wall_instant(d, HOUR + 30);
        ck_assert_int_eq(system_wall(first).tm_isdst, 1);
        ck_assert_int_eq(wall_of(first).minute, HOUR + 30);
        ck_assert_int_eq(wall_of(first + 3600).minute, HOUR + 30);
        ck_assert_int_eq(wall_instant(d, 2 * HOUR) - wall_instant(d, 2 * HOUR - 1), 3660);
        ck_assert_int_eq(wall_next(first, HOUR + 30), first);
        ck_assert_int_eq(wall_next(first + 1, HOUR + 30), first + 3600);
        ck_assert_int_eq(wall_next(first + 3601, HOUR + 30), wall_instant(d + 1, HOUR + 30));
    }
}
END_TEST

START_TEST(wall_times_as_text)
{
    static const char *const refused[] = {"",      "1:00",   "24:01", "12:60", "12:5",
                                          "12-05", "12:055", "ab:cd", "-1:00", "12:0x"};
    char text[WALL_TEXT_SIZE];
    int out = -1;

    for (int m = 0; m <= WALL_DAY_MIN; m++) {
        wall_text(m, text);
        ck_assert_int_eq(minute(text), m);
    }
    ck_assert_int_eq(minute("24:00"), WALL_DAY_MIN);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        ck_assert_msg(!wall_parse(refused[i], &out), "took %s", refused[i]);
        ck_assert_int_eq(out, -1);
    }
}
END_TEST

START_TEST(spans_are_half_open)
{
    const struct span a = {100, 200};

    ck_assert(!span_overlaps(a, (struct span){200, 300}));
    ck_assert(!span_overlaps(a, (struct span){0, 100}));
    ck_assert(span_overlaps(a, (struct span){199, 300}));
    ck_assert(span_overlaps(a, (struct span){0, 101}));
    ck_assert(span_overlaps(a, (struct span){120, 130}));
    ck_assert(!span_overlaps(a, (struct span){150, 150}));
}
END_TEST

/* ---- Bank holidays ---- */

START_TEST(the_data_is_whole)
{
    const int years = 5;

    ck_assert_uint_eq(holidays_count(), 8U * (unsigned)years);
    for (size_t i = 0; i < holidays_count(); i++) {
        const int32_t d = holidays_at(i);
        ck_assert(i == 0 || holidays_at(i - 1) < d);
        ck_assert_int_lt(civil_weekday(d), 5);
        ck_assert_int_eq(holidays_on(NULL, d), HOLIDAYS_YES);
        ck_assert_int_eq(working_day(d), WORKING_NO);
    }
    /* Easter Monday 2026, and the substitutes of a Christmas at a weekend. */
    ck_assert_int_eq(holidays_on(NULL, day("2026-04-06")), HOLIDAYS_YES);
    ck_assert_int_eq(holidays_on(NULL, day("2027-12-27")), HOLIDAYS_YES);
    ck_assert_int_eq(holidays_on(NULL, day("2027-12-28")), HOLIDAYS_YES);
    ck_assert_int_eq(holidays_on(NULL, day("2027-12-25")), HOLIDAYS_NO);
    ck_assert_int_eq(holidays_on(NULL, day("2026-04-07")), HOLIDAYS_NO);
}
END_TEST

START_TEST(past_the_end_nothing_is_guessed)
{
    const int32_t added[] = {day("2027-06-07"), day("2031-05-05")};
    const struct holidays more = {.added = added, .added_count = 2, .last_day = -1};
    const struct holidays year = {
        .added = added,
        .added_count = 2,
        .first_day = day("2030-01-01"),
        .last_day = day("2030-12-31"),
    };

    ck_assert_int_eq(holidays_last(), day("2029-12-31"));
    ck_assert_int_eq(holidays_on(NULL, holidays_last()), HOLIDAYS_NO);
    ck_assert_int_eq(holidays_on(NULL, holidays_last() + 1), HOLIDAYS_UNKNOWN);
    ck_assert_int_eq(holidays_on(NULL, holidays_first() - 1), HOLIDAYS_UNKNOWN);
    ck_assert_int_eq(holidays_on(&more, day("2027-06-07")), HOLIDAYS_YES);
    ck_assert_int_eq(holidays_on(&more, day("2027-06-08")), HOLIDAYS_NO);
    ck_assert_int_eq(holidays_on(&more, day("2031-05-05")), HOLIDAYS_YES);
    ck_assert_int_eq(holidays_on(&more, day("2031-05-06")), HOLIDAYS_UNKNOWN);
    ck_assert_int_eq(holidays_on(&year, day("2030-01-01")), HOLIDAYS_NO);
    ck_assert_int_eq(holidays_on(&year, day("2031-01-01")), HOLIDAYS_UNKNOWN);
    ck_assert_int_eq(holidays_on(&year, day("2031-05-05")), HOLIDAYS_YES);
    ck_assert(!holidays_end_within(NULL, day("2029-01-01"), 364));
    ck_assert(holidays_end_within(NULL, day("2029-01-01"), 365));
    ck_assert(!holidays_end_within(&year, day("2029-01-01"), 365));
    ck_assert(holidays_end_within(&year, day("2030-12-01"), 31));
}
END_TEST

/* ---- What may be opened ---- */

static int64_t now;

static void at(const char *date, const char *time)
{
    now = wall_instant(day(date), minute(time));
}

static struct surgery single(const char *date, const char *from, const char *to)
{
    return (struct surgery){
        .first_day = day(date),
        .last_day = day(date),
        .from_min = minute(from),
        .to_min = minute(to),
        .slot_min = 15,
        .gap_min = 5,
    };
}

static struct surgery weekly(unsigned weekdays, const char *first, const char *last,
                             const char *from, const char *to)
{
    struct surgery s = single(first, from, to);

    s.series = true;
    s.weekdays = weekdays;
    s.last_day = day(last);
    return s;
}

static void assert_check(struct surgery s, enum sl_code want)
{
    enum sl_code got = surgery_check(&s, now, &err);

    ck_assert_msg(got == want, "%s, not %s (%s)", sl_code_name(got), sl_code_name(want),
                  err.detail);
    /* Users are told what to do. */
    ck_assert(got == SL_OK || strlen(sl_code_sentence(got)) > 20);
}

START_TEST(bad_surgeries_have_a_name)
{
    struct surgery s;

    at("2026-11-21", "12:00");
    assert_check(single("2026-12-01", "10:00", "12:00"), SL_OK);
    assert_check(weekly(TUESDAYS, "2026-12-01", "2026-12-01", "10:00", "10:15"), SL_OK);
    /* End before start, no time at all, no room, half a day and more. */
    assert_check(single("2026-12-01", "12:00", "10:00"), SL_TIMES_WRONG);
    assert_check(single("2026-12-01", "10:00", "10:00"), SL_TIMES_WRONG);
    assert_check(single("2026-12-01", "10:00", "10:14"), SL_TIMES_WRONG);
    assert_check(single("2026-12-01", "06:00", "18:00"), SL_OK);
    assert_check(single("2026-12-01", "06:00", "18:01"), SL_TIMES_WRONG);
    assert_check(single("2026-12-01", "23:00", "24:00"), SL_OK);
    s = single("2026-12-01", "10:00", "12:00");
    s.from_min = -1;
    assert_check(s, SL_TIMES_WRONG);
    s.from_min = 1400;
    s.to_min = WALL_DAY_MIN + 20;
    assert_check(s, SL_TIMES_WRONG);
    /* Slots and gaps. */
    s = single("2026-12-01", "10:00", "12:00");
    s.slot_min = 0;
    assert_check(s, SL_SLOT_WRONG);
    s.slot_min = 4;
    assert_check(s, SL_SLOT_WRONG);
    s.slot_min = 61;
    assert_check(s, SL_SLOT_WRONG);
    s.slot_min = 60;
    s.gap_min = 0;
    assert_check(s, SL_OK);
    s.gap_min = -1;
    assert_check(s, SL_SLOT_WRONG);
    s.gap_min = 61;
    assert_check(s, SL_SLOT_WRONG);
    /* Dates. */
    assert_check(single("1900-01-01", "10:00", "12:00"), SL_DATES_WRONG);
    assert_check(single("9999-12-31", "10:00", "12:00"), SL_DATES_WRONG);
    assert_check(single("2026-11-20", "10:00", "12:00"), SL_DATES_WRONG);
    assert_check(single("2028-11-21", "10:00", "12:00"), SL_OK);
    assert_check(single("2028-11-22", "10:00", "12:00"), SL_DATES_WRONG);
    assert_check(weekly(TUESDAYS, "2026-12-08", "2026-12-01", "10:00", "12:00"), SL_DATES_WRONG);
    assert_check(weekly(TUESDAYS, "2026-12-01", "9999-12-01", "10:00", "12:00"), SL_DATES_WRONG);
    s = single("2026-12-01", "10:00", "12:00");
    s.last_day++;
    assert_check(s, SL_DATES_WRONG);
    /* Days of the week. */
    assert_check(weekly(0, "2026-12-01", "2026-12-31", "10:00", "12:00"), SL_DAYS_WRONG);
    assert_check(weekly(0x80, "2026-12-01", "2026-12-31", "10:00", "12:00"), SL_DAYS_WRONG);
    assert_check(weekly(TUESDAYS, "2026-12-02", "2026-12-07", "10:00", "12:00"), SL_DAYS_WRONG);
    assert_check(weekly(TUESDAYS, "2026-12-02", "2026-12-08", "10:00", "12:00"), SL_OK);
    /* Today: what is left of it. */
    assert_check(single("2026-11-21", "10:00", "12:00"), SL_SLOT_PAST);
    assert_check(single("2026-11-21", "10:00", "12:01"), SL_OK);
    assert_check(weekly(1U << 5, "2026-11-21", "2026-12-31", "10:00", "12:00"), SL_OK);
}
END_TEST

START_TEST(today_is_londons)
{
    /* 23:30 UTC in July is tomorrow in London. */
    now = wall_instant(day("2026-07-02"), 30);
    ck_assert_int_eq(now % 86400, 84600);
    assert_check(single("2026-07-01", "22:00", "24:00"), SL_DATES_WRONG);
    assert_check(single("2026-07-02", "10:00", "12:00"), SL_OK);
}
END_TEST

START_TEST(a_series_skips_bank_holidays)
{
    const struct surgery s =
        weekly(SURGERY_EVERY_DAY, "2026-12-01", "2030-06-30", "10:00", "12:00");
    const struct surgery one = single("2026-12-25", "10:00", "12:00");
    const int32_t added[] = {day("2026-12-07")};
    const struct holidays more = {.added = added, .added_count = 1, .last_day = -1};

    ck_assert_int_eq(surgery_on(&s, NULL, day("2026-12-24")), SURGERY_HELD);
    ck_assert_int_eq(surgery_on(&s, NULL, day("2026-12-25")), SURGERY_NOT_HELD);
    ck_assert_int_eq(surgery_on(&s, NULL, day("2026-12-28")), SURGERY_NOT_HELD);
    ck_assert_int_eq(surgery_on(&s, NULL, day("2026-12-07")), SURGERY_HELD);
    ck_assert_int_eq(surgery_on(&s, &more, day("2026-12-07")), SURGERY_NOT_HELD);
    ck_assert_int_eq(surgery_on(&s, NULL, day("2026-11-30")), SURGERY_NOT_HELD);
    ck_assert_int_eq(surgery_on(&s, NULL, day("2029-12-31")), SURGERY_HELD);
    ck_assert_int_eq(surgery_on(&s, NULL, day("2030-01-01")), SURGERY_HOLIDAYS_UNKNOWN);
    /* Somebody asked for that very day. */
    ck_assert_int_eq(surgery_on(&one, NULL, day("2026-12-25")), SURGERY_HELD);
}
END_TEST

/* ---- Clashes ---- */

START_TEST(clashes_are_named)
{
    const struct surgery open[] = {
        weekly(TUESDAYS | THURSDAYS, "2026-12-01", "2027-03-31", "10:00", "12:00"),
        single("2026-12-04", "14:00", "16:00"),
    };
    struct surgery_clash clash = {0};
    struct surgery wanted[2];

    at("2026-11-21", "12:00");
    /* They touch. */
    wanted[0] = weekly(TUESDAYS, "2026-12-01", "2027-03-31", "12:00", "13:00");
    wanted[1] = weekly(TUESDAYS, "2026-12-01", "2027-03-31", "09:00", "10:00");
    ck_assert_int_eq(surgery_check_all(wanted, 2, open, 2, NULL, now, &clash, &err), SL_OK);
    ck_assert_ptr_null(clash.wanted);
    /* Other days, other weeks. */
    wanted[0] = weekly(1U << 2, "2026-12-01", "2027-03-31", "10:00", "12:00");
    wanted[1] = weekly(TUESDAYS, "2027-04-01", "2027-06-30", "10:00", "12:00");
    ck_assert_int_eq(surgery_check_all(wanted, 2, open, 2, NULL, now, &clash, &err), SL_OK);
    /* One minute. */
    wanted[0] = single("2026-12-03", "11:59", "13:00");
    ck_assert_int_eq(surgery_check_all(wanted, 1, open, 2, NULL, now, &clash, &err),
                     SL_SURGERY_CLASH);
    ck_assert_ptr_eq(clash.wanted, &wanted[0]);
    ck_assert_ptr_eq(clash.other, &open[0]);
    ck_assert_int_eq(clash.day, day("2026-12-03"));
    ck_assert_str_eq(err.detail, "on 2026-12-03");
    /* Among themselves. */
    wanted[0] = single("2026-12-02", "10:00", "12:00");
    wanted[1] = weekly(1U << 2, "2026-12-01", "2027-03-31", "11:00", "13:00");
    ck_assert_int_eq(surgery_check_all(wanted, 2, open, 2, NULL, now, &clash, &err),
                     SL_SURGERY_CLASH);
    ck_assert_ptr_eq(clash.wanted, &wanted[1]);
    ck_assert_ptr_eq(clash.other, &wanted[0]);
    /* On a bank holiday the series is not held, so there is room. */
    wanted[0] = single("2027-01-01", "10:00", "12:00");
    ck_assert_int_eq(civil_weekday(wanted[0].first_day), 4);
    const struct surgery fridays = weekly(1U << 4, "2026-12-11", "2027-03-31", "10:00", "12:00");
    ck_assert_int_eq(surgery_check_all(wanted, 1, &fridays, 1, NULL, now, &clash, &err), SL_OK);
    wanted[0] = single("2027-01-08", "10:00", "12:00");
    ck_assert_int_eq(surgery_check_all(wanted, 1, &fridays, 1, NULL, now, &clash, &err),
                     SL_SURGERY_CLASH);
}
END_TEST

START_TEST(four_hundred_surgeries_are_too_many)
{
    struct surgery *many = calloc(400, sizeof(*many));
    struct surgery_clash clash = {0};

    ck_assert_ptr_nonnull(many);
    at("2026-11-21", "12:00");
    for (int i = 0; i < 400; i++) {
        many[i] = single("2026-12-01", "10:00", "12:00");
        many[i].first_day += i;
        many[i].last_day += i;
    }
    ck_assert_int_eq(surgery_check_all(many, 400, NULL, 0, NULL, now, &clash, &err), SL_TOO_MANY);
    ck_assert_int_eq(
        surgery_check_all(many, 1, many + 1, SL_MAX_SURGERIES, NULL, now, &clash, &err),
        SL_TOO_MANY);
    ck_assert_int_eq(
        surgery_check_all(many, 1, many + 1, SL_MAX_SURGERIES - 1, NULL, now, &clash, &err), SL_OK);
    ck_assert_int_eq(surgery_check_all(many, SL_MAX_SURGERIES, NULL, 0, NULL, now, &clash, &err),
                     SL_OK);
    free(many);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("surgery");
    TCase *tests = tcase_create("surgery");

    use_london();
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, the_wall_is_the_systems);
    tcase_add_test(tests, a_day_of_wall_times_never_goes_back);
    tcase_add_test(tests, a_time_that_does_not_exist_is_the_first_that_does);
    tcase_add_test(tests, a_time_that_happens_twice_is_the_first);
    tcase_add_test(tests, wall_times_as_text);
    tcase_add_test(tests, spans_are_half_open);
    tcase_add_test(tests, the_data_is_whole);
    tcase_add_test(tests, past_the_end_nothing_is_guessed);
    tcase_add_test(tests, bad_surgeries_have_a_name);
    tcase_add_test(tests, today_is_londons);
    tcase_add_test(tests, a_series_skips_bank_holidays);
    tcase_add_test(tests, clashes_are_named);
    tcase_add_test(tests, four_hundred_surgeries_are_too_many);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
