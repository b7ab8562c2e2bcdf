/* London's wall clock, whatever the computer's zone is, and the days that people name. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "when.h"

/* 2027-01-12 08:40:00 UTC, a Tuesday. */
static const int64_t now_s = 1799743200;

START_TEST(winter_and_summer)
{
    static const struct {
        int64_t at;
        const char *full;
    } rows[] = {
        {1799743200, "Tuesday 12 January 2027, 08:40"},
        {1814959800, "Wednesday 7 July 2027, 12:30"},
        /* The last second before the clocks go on, and the first after. */
        {1806195599, "Sunday 28 March 2027, 00:59"},
        {1806195600, "Sunday 28 March 2027, 02:00"},
        /* 01:59:59 comes twice in autumn. */
        {1824944399, "Sunday 31 October 2027, 01:59"},
        {1824944400, "Sunday 31 October 2027, 01:00"},
        {0, "Thursday 1 January 1970, 00:00"},
        {951782400, "Tuesday 29 February 2000, 00:00"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[WHEN_TEXT];

        when_full(rows[i].at, text);
        ck_assert_str_eq(text, rows[i].full);
    }
}
END_TEST

START_TEST(every_day_of_four_centuries_follows_the_one_before)
{
    int64_t expected = when_days(1970, 1, 1);
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    ck_assert_int_eq(expected, 0);
    for (int year = 1970; year < 2370; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

        for (int month = 1; month <= 12; month++) {
            int days = lengths[month - 1] + (month == 2 && leap);

            for (int day = 1; day <= days; day++) {
                ck_assert_int_eq(when_days(year, month, day), expected++);
            }
        }
    }
}
END_TEST

START_TEST(a_day_begins_at_londons_midnight)
{
    struct when w = when_london(when_day_start(2027, 7, 7));

    ck_assert_int_eq(w.day, 7);
    ck_assert_int_eq(w.hour, 0);
    /* The day on which the clocks change begins in winter time. */
    w = when_london(when_day_start(2027, 3, 28));
    ck_assert_int_eq(w.day, 28);
    ck_assert_int_eq(w.hour, 0);
    w = when_london(when_day_start(2027, 10, 31));
    ck_assert_int_eq(w.day, 31);
    ck_assert_int_eq(w.hour, 0);
}
END_TEST

START_TEST(short_forms)
{
    char text[WHEN_TEXT];

    when_short(now_s - 4 * 86400, text);
    ck_assert_str_eq(text, "Fri  8 Jan 08:40");
    when_day(now_s + 86400, now_s, text);
    ck_assert_str_eq(text, "Wednesday 13 January");
    when_day(now_s - 30 * 86400, now_s, text);
    ck_assert_str_eq(text, "Sunday 13 December 2026");
    when_clock(now_s, text);
    ck_assert_str_eq(text, "08:40");
    when_iso(now_s, text);
    ck_assert_str_eq(text, "2027-01-12T08:40:00Z");
    when_today(now_s, text);
    ck_assert_str_eq(text, "2027-01-12");
    when_on_short("2027-01-13", text);
    ck_assert_str_eq(text, "Wed 13 Jan");
    when_on_day("2027-01-13", text);
    ck_assert_str_eq(text, "Wednesday 13 January");
    when_on_short("soon", text);
    ck_assert_str_eq(text, "soon");
}
END_TEST

START_TEST(today_is_londons)
{
    char text[WHEN_TEXT];

    /* 23:30 UTC on 6 July is the 7th in London. */
    when_today(1814916600, text);
    ck_assert_str_eq(text, "2027-07-07");
}
END_TEST

START_TEST(civil_dates_are_checked)
{
    static const char *const wrong[] = {"2027-02-29", "2027-13-01", "2027-00-10", "2027-01-32",
                                        "27-01-01",   "2027/01/01", "2027-1-1",   "",
                                        "2027-01-1x", "1969-12-31", "2027-01-011"};
    struct when w;

    ck_assert(when_parse_on("2028-02-29", &w));
    ck_assert_int_eq(w.weekday, 2);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert_msg(!when_parse_on(wrong[i], &w), "%s was taken", wrong[i]);
    }
}
END_TEST

START_TEST(days_that_people_name)
{
    static const struct {
        const char *text;
        const char *from;
    } rows[] = {
        {"2026-12-01", "2026-12-01"}, {"today", "2027-01-12"},  {"yesterday", "2027-01-11"},
        {"tuesday", "2027-01-12"},    {"Monday", "2027-01-11"}, {"wed", "2027-01-06"},
        {"0d", "2027-01-12"},         {"14d", "2026-12-29"},    {"2w", "2026-12-29"},
    };
    static const char *const wrong[] = {"", "tomorrow", "14", "14x", "d", "-3d", "99999999d", "mo"};
    int64_t at = 0;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[WHEN_TEXT];

        ck_assert_msg(when_parse_since(rows[i].text, now_s, &at), "%s", rows[i].text);
        when_today(at, text);
        ck_assert_str_eq(text, rows[i].from);
        when_clock(at, text);
        ck_assert_str_eq(text, "00:00");
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert_msg(!when_parse_since(wrong[i], now_s, &at), "'%s' was taken", wrong[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli_when");
    TCase *tests = tcase_create("when");
    SRunner *runner = srunner_create(suite);

    suite_add_tcase(suite, tests);
    tcase_add_test(tests, winter_and_summer);
    tcase_add_test(tests, every_day_of_four_centuries_follows_the_one_before);
    tcase_add_test(tests, a_day_begins_at_londons_midnight);
    tcase_add_test(tests, short_forms);
    tcase_add_test(tests, today_is_londons);
    tcase_add_test(tests, civil_dates_are_checked);
    tcase_add_test(tests, days_that_people_name);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
