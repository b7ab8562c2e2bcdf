/* Rules without I/O: civil dates in London, working days, the reply promise, idle time. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "domain/civil.h"
#include "domain/holidays.h"
#include "domain/idle.h"
#include "domain/reply.h"
#include "domain/working.h"

static int32_t day_of(const char *text)
{
    int32_t day = 0;

    ck_assert_msg(civil_parse(text, &day), "%s", text);
    return day;
}

static void is_day(int32_t day, const char *text)
{
    char out[CIVIL_TEXT_SIZE];

    civil_text(day, out);
    ck_assert_str_eq(out, text);
}

/* ---- Civil dates ---- */

START_TEST(every_day_of_four_hundred_years_is_the_next_of_the_one_before)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int32_t day = civil_day(1900, 1, 1);
    int weekday = 0; /* a Monday */

    for (int year = 1900; year < 2300; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (int month = 1; month <= 12; month++) {
            int length = lengths[month - 1] + (month == 2 && leap ? 1 : 0);
            for (int d = 1; d <= length; d++, day++, weekday = (weekday + 1) % 7) {
                int y = 0;
                int m = 0;
                int dom = 0;
                ck_assert_int_eq(civil_day(year, month, d), day);
                civil_date(day, &y, &m, &dom);
                ck_assert(y == year && m == month && dom == d);
                ck_assert_int_eq(civil_weekday(day), weekday);
            }
        }
    }
    ck_assert_int_eq(civil_day(1970, 1, 1), 0);
    ck_assert_int_eq(civil_weekday(0), 3);
}
END_TEST

START_TEST(text_is_a_date_that_exists_or_none)
{
    static const char *const wrong[] = {
        "",           "2025-02-29", "2024-02-30", "2025-13-01", "2025-00-01",  "2025-01-00",
        "2025-04-31", "2025-1-01",  "25-01-01",   "2025/01/01", "2025-01-01 ", " 2025-01-01",
        "2025-01-0a", "+025-01-01", "2025-01-32", "1900-02-29", "2025-01-011"};
    int32_t untouched = 7;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_msg(!civil_parse(wrong[i], &untouched), "%s", wrong[i]);
    }
    ck_assert_int_eq(untouched, 7);
    is_day(day_of("2024-02-29"), "2024-02-29");
    is_day(day_of("2000-02-29"), "2000-02-29");
    is_day(day_of("0001-01-01"), "0001-01-01");
    is_day(day_of("9999-12-31"), "9999-12-31");
}
END_TEST

START_TEST(the_day_on_the_wall_in_london)
{
    static const struct {
        int64_t at;
        const char *day;
    } rows[] = {
        {1764115199, "2025-11-25"}, /* winter: as UTC */
        {1764115200, "2025-11-26"},
        {1752447599, "2025-07-13"}, /* summer: 23:59:59 is 22:59:59 UTC */
        {1752447600, "2025-07-14"},
        {1743292799, "2025-03-29"}, /* the day before the clocks go forward */
        {1743292800, "2025-03-30"},
        {1743375599, "2025-03-30"}, /* and its end, an hour earlier */
        {1743375600, "2025-03-31"},
        {1761433199, "2025-10-25"}, /* the day on which they go back begins in summer time */
        {1761433200, "2025-10-26"},
        {1761523199, "2025-10-26"}, /* and ends in winter time */
        {1761523200, "2025-10-27"},
        {-1, "1969-12-31"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        is_day(civil_london_day(rows[i].at), rows[i].day);
    }
    for (int32_t day = civil_day(2020, 1, 1); day < civil_day(2040, 1, 1); day++) {
        int64_t start = civil_london_start(day);
        ck_assert_int_eq(civil_london_day(start), day);
        ck_assert_int_eq(civil_london_day(start - 1), day - 1);
        int64_t length = civil_london_start(day + 1) - start;
        ck_assert(length == 86400 || length == 82800 || length == 90000);
    }
}
END_TEST

/* ---- Working days ---- */

static void adds(const char *from, int n, const char *to)
{
    int32_t day = 0;

    ck_assert(working_add(day_of(from), n, &day));
    is_day(day, to);
}

START_TEST(five_working_days_later)
{
    adds("2025-11-26", 5, "2025-12-03");
    adds("2025-11-28", 5, "2025-12-05"); /* a Friday */
    adds("2025-11-29", 5, "2025-12-05"); /* a Saturday */
    adds("2025-11-30", 5, "2025-12-05");
    adds("2025-11-30", 0, "2025-11-30");
    adds("2025-12-19", 5, "2025-12-30"); /* Christmas and Boxing Day */
    adds("2025-12-24", 5, "2026-01-05");
    adds("2026-12-23", 5, "2027-01-04"); /* the 28th in place of the 26th, a Saturday */
    adds("2026-04-01", 5, "2026-04-10"); /* Easter */
    adds("2028-04-13", 1, "2028-04-18");
    ck_assert_int_eq(working_day(day_of("2025-12-25")), WORKING_NO);
    ck_assert_int_eq(working_day(day_of("2025-12-27")), WORKING_NO);
    ck_assert_int_eq(working_day(day_of("2025-12-29")), WORKING_YES);
}
END_TEST

START_TEST(past_the_end_of_the_holidays_nothing_is_guessed)
{
    int32_t untouched = 7;
    int32_t last = holidays_last();

    ck_assert_int_eq(working_day(last + 1), WORKING_HOLIDAYS_UNKNOWN);
    ck_assert_int_eq(working_day(holidays_first() - 1), WORKING_HOLIDAYS_UNKNOWN);
    ck_assert(!working_add(last, 1, &untouched));
    ck_assert(!working_add(last - 3, 5, &untouched));
    ck_assert_int_eq(untouched, 7);
}
END_TEST

/* ---- The reply promise ---- */

enum {
    NOON = 1764158400 /* Wednesday 26 November 2025 */
};

static void shows(const struct reply_facts *facts, int64_t now, enum reply_state state,
                  uint32_t seq, const char *due)
{
    struct reply_view view = reply_view_of(facts, now, 5);

    ck_assert_int_eq(view.state, state);
    ck_assert_uint_eq(view.seq, seq);
    ck_assert_int_eq(view.due_known, due != NULL);
    if (due != NULL) {
        is_day(view.due_day, due);
    }
}

START_TEST(the_oldest_unanswered_message_counts)
{
    struct reply_facts facts = {0};

    shows(&facts, NOON, REPLY_NONE, 0, NULL);
    reply_started(&facts, 5, NOON);
    reply_started(&facts, 9, NOON + 3 * 86400);
    shows(&facts, NOON, REPLY_DUE, 9, "2025-12-03");
    ck_assert_int_eq(reply_view_of(&facts, NOON, 5).waiting_since_at, NOON);
    ck_assert(reply_ended(&facts, 9));
    shows(&facts, NOON, REPLY_NONE, 0, NULL);
}
END_TEST

START_TEST(it_is_due_until_the_day_is_over_in_london)
{
    struct reply_facts facts = {0};
    int64_t end = civil_london_start(day_of("2025-12-04"));

    reply_started(&facts, 5, NOON);
    shows(&facts, end - 1, REPLY_DUE, 5, "2025-12-03");
    shows(&facts, end, REPLY_LATE, 5, "2025-12-03");
    /* Written at half past midnight of a summer night, which is the day before in UTC. */
    facts = (struct reply_facts){0};
    reply_started(&facts, 1, civil_london_start(day_of("2025-07-14")) + 1800);
    shows(&facts, NOON - 10000000, REPLY_LATE, 1, "2025-07-21");
}
END_TEST

START_TEST(an_answer_settles_what_its_author_had)
{
    struct reply_facts facts = {0};

    reply_started(&facts, 5, NOON);
    reply_started(&facts, 9, NOON + 86400);
    ck_assert(!reply_ended(&facts, 7)); /* 9 came after it */
    reply_still_waiting(&facts, 9, NOON + 86400);
    shows(&facts, NOON, REPLY_DUE, 9, "2025-12-04");
    ck_assert(reply_ended(&facts, 12));
}
END_TEST

START_TEST(no_reply_needed_lasts_until_the_next_message)
{
    struct reply_facts facts = {0};

    reply_started(&facts, 5, NOON);
    reply_not_needed(&facts, 5);
    shows(&facts, NOON + 100 * 86400, REPLY_NOT_NEEDED, 5, NULL);
    reply_started(&facts, 6, NOON);
    shows(&facts, NOON, REPLY_DUE, 6, "2025-12-03");
}
END_TEST

START_TEST(where_the_holidays_end_so_does_the_date)
{
    struct reply_facts facts = {0};

    reply_started(&facts, 5, civil_london_start(holidays_last()));
    shows(&facts, NOON, REPLY_DUE, 5, NULL);
    shows(&facts, civil_london_start(holidays_last() + 100), REPLY_DUE, 5, NULL);
}
END_TEST

START_TEST(acts_are_read_start_and_end)
{
    for (int act = 0; act < SL_ACT_COUNT; act++) {
        const struct sl_act_row *row = sl_act_row((enum sl_act)act);
        bool title = act == SL_ACT_CARD || act == SL_ACT_RETRACT;
        ck_assert_int_eq(reply_act_is_read((enum sl_act)act), !title);
        ck_assert_int_eq(sl_act_of(row->name), act);
        ck_assert(row->starts == 0 || (row->who & R_PARENT) != 0);
        ck_assert(row->ends == 0 || (row->who & R_STAFF) != 0);
    }
    ck_assert_int_eq(sl_act_of("nothing"), SL_ACT_COUNT);
    ck_assert(!reply_act_is_read(SL_ACT_COUNT));
    static const enum reply_state states[] = {REPLY_NONE, REPLY_DUE, REPLY_LATE, REPLY_NOT_NEEDED};
    static const char *const names[] = {"none", "due", "late", "not_needed"};
    for (size_t i = 0; i < 4; i++) {
        ck_assert_str_eq(reply_state_name(states[i]), names[i]);
    }
}
END_TEST

/* ---- Idle time ---- */

START_TEST(idle_time_is_never_cut_short)
{
    ck_assert(!idle_ended(1000, 300, 1300));
    ck_assert(!idle_ended(1000, 300, 1359));
    ck_assert(idle_ended(1000, 300, 1360));
    ck_assert_int_eq(idle_horizon(1360), 1300);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("domain");
    TCase *tests = tcase_create("domain");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, every_day_of_four_hundred_years_is_the_next_of_the_one_before);
    tcase_add_test(tests, text_is_a_date_that_exists_or_none);
    tcase_add_test(tests, the_day_on_the_wall_in_london);
    tcase_add_test(tests, five_working_days_later);
    tcase_add_test(tests, past_the_end_of_the_holidays_nothing_is_guessed);
    tcase_add_test(tests, the_oldest_unanswered_message_counts);
    tcase_add_test(tests, it_is_due_until_the_day_is_over_in_london);
    tcase_add_test(tests, an_answer_settles_what_its_author_had);
    tcase_add_test(tests, no_reply_needed_lasts_until_the_next_message);
    tcase_add_test(tests, where_the_holidays_end_so_does_the_date);
    tcase_add_test(tests, acts_are_read_start_and_end);
    tcase_add_test(tests, idle_time_is_never_cut_short);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
