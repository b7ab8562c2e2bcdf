/* The waiting list and its offers, a call on its day, reminders and quiet hours. */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "domain/call.h"
#include "domain/civil.h"
#include "domain/notice.h"
#include "domain/waiting.h"
#include "domain/wall.h"
#include "support/dice.h"

enum {
    MINUTE_S = 60,
    HOUR_S = 3600,
    DAY_S = 86400
};

static struct sl_err err;

static int64_t instant(const char *date, const char *time)
{
    int32_t day = 0;
    int minute = 0;

    ck_assert_msg(civil_parse(date, &day) && wall_parse(time, &minute), "%s %s", date, time);
    return wall_instant(day, minute);
}

/* ---- The list ---- */

START_TEST(the_order_of_the_list)
{
    struct waiting list[] = {
        {.joined_at = 300, .order = 1},
        {.joined_at = 100, .order = 5},
        {.joined_at = 900, .order = 2, .affected = true},
        {.joined_at = 100, .order = 4},
        {.joined_at = 800, .order = 3, .affected = true},
    };
    static const int64_t want[] = {3, 2, 4, 5, 1};

    qsort(list, 5, sizeof(list[0]), waiting_order);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_int_eq(list[i].order, want[i]);
    }
}
END_TEST

static struct waiting_plan plan(const char *now, const char *slot, const struct waiting *list,
                                size_t count)
{
    const struct waiting_rules rules = waiting_rules_usual();

    return waiting_plan_for(instant("2026-12-02", slot), list, count, &rules,
                            instant("2026-12-02", now));
}

START_TEST(an_offer_holds_two_hours_or_half_the_time)
{
    const struct waiting one = {.notice_s = 0};
    struct waiting_plan p = plan("10:00", "16:00", &one, 1);

    ck_assert_int_eq(p.step, WAITING_OFFER);
    ck_assert_uint_eq(p.who, 0);
    ck_assert_int_eq(p.until_at, instant("2026-12-02", "12:00"));
    p = plan("10:00", "14:00", &one, 1);
    ck_assert_int_eq(p.until_at, instant("2026-12-02", "12:00"));
    p = plan("10:00", "13:00", &one, 1);
    ck_assert_int_eq(p.until_at, instant("2026-12-02", "11:30"));
    p = plan("10:00", "10:01", &one, 1);
    ck_assert_int_eq(p.until_at, instant("2026-12-02", "10:00") + 30);
    p = plan("10:00", "10:00", &one, 1);
    ck_assert_int_eq(p.step, WAITING_OPEN);
}
END_TEST

START_TEST(the_first_who_can_get_ready)
{
    struct waiting list[] = {
        {.notice_s = 3 * DAY_S},
        {.notice_s = 2 * HOUR_S},
        {.notice_s = HOUR_S},
    };

    ck_assert_uint_eq(plan("10:00", "12:00", list, 3).who, 1);
    ck_assert_uint_eq(plan("10:01", "12:00", list, 3).who, 2);
    ck_assert_int_eq(plan("11:01", "12:00", list, 3).step, WAITING_OPEN);
    list[1].asked = true;
    ck_assert_uint_eq(plan("10:00", "12:00", list, 3).who, 2);
    ck_assert_int_eq(plan("10:00", "12:00", list, 0).step, WAITING_OPEN);
}
END_TEST

START_TEST(offers_are_made_by_day)
{
    const struct waiting one = {.notice_s = 2 * HOUR_S};
    struct waiting_plan p = plan("07:59", "14:00", &one, 1);

    ck_assert_int_eq(p.step, WAITING_KEEP);
    ck_assert_int_eq(p.until_at, instant("2026-12-02", "08:00"));
    ck_assert_int_eq(plan("08:00", "14:00", &one, 1).step, WAITING_OFFER);
    ck_assert_int_eq(plan("19:59", "23:00", &one, 1).step, WAITING_OFFER);
    /* At eight in the morning it is too late for this one: for everybody at once. */
    ck_assert_int_eq(plan("20:00", "23:00", &one, 1).step, WAITING_OPEN);
    ck_assert_int_eq(plan("03:00", "09:59", &one, 1).step, WAITING_OPEN);
    ck_assert_int_eq(plan("03:00", "10:00", &one, 1).step, WAITING_KEEP);
    /* Over midnight, and over the night in which the clocks change. */
    const struct waiting_rules rules = waiting_rules_usual();
    p = waiting_plan_for(instant("2026-10-26", "10:00"), &one, 1, &rules,
                         instant("2026-10-24", "21:00"));
    ck_assert_int_eq(p.step, WAITING_KEEP);
    ck_assert_int_eq(p.until_at, instant("2026-10-25", "08:00"));
    ck_assert_int_eq(p.until_at - instant("2026-10-24", "21:00"), 12 * HOUR_S);
}
END_TEST

START_TEST(an_offer_that_expires_at_the_very_second_it_is_accepted)
{
    ck_assert(waiting_offer_holds(1000, 999));
    ck_assert(!waiting_offer_holds(1000, 1000));
    ck_assert(!waiting_offer_holds(1000, 1001));
}
END_TEST

/* Nobody on the list is passed over, no offer outlives its slot, and none is made at night. */
START_TEST(every_plan_keeps_the_rules)
{
    enum {
        MANY = 8
    };
    const struct waiting_rules rules = waiting_rules_usual();
    const int64_t from = civil_london_start(civil_day(2024, 1, 1));

    for (uint64_t round = 0; round < 20000; round++) {
        struct dice dice = dice_of(round);
        struct waiting list[MANY];
        const int64_t now = from + dice_between(&dice, 0, 17 * 365 * 24 * 60) * (int64_t)MINUTE_S;
        const int64_t slot = now + dice_between(&dice, -60, 3 * 24 * 60) * MINUTE_S;
        for (size_t i = 0; i < MANY; i++) {
            list[i] = (struct waiting){
                .affected = dice_once_in(&dice, 4),
                .joined_at = now - dice_between(&dice, 0, 5),
                .order = (int64_t)i,
                .notice_s = dice_between(&dice, 0, 48) * HOUR_S,
                .asked = dice_once_in(&dice, 3),
            };
        }
        qsort(list, MANY, sizeof(list[0]), waiting_order);
        const struct waiting_plan p = waiting_plan_for(slot, list, MANY, &rules, now);
        const int minute = wall_of(now).minute;
        const bool by_day = minute >= 480 && minute < 1200;
#define HOLDS(what) ck_assert_msg((what), "seed %" PRIu64 ": %s", dice.seed, #what)
        const int64_t offer_at = p.step == WAITING_KEEP ? p.until_at : now;
        switch (p.step) {
        case WAITING_OFFER:
            HOLDS(by_day);
            HOLDS(p.until_at > now && p.until_at - now <= 2 * HOUR_S);
            HOLDS((p.until_at - now) * 2 <= slot - now);
            break;
        case WAITING_KEEP:
            HOLDS(!by_day);
            HOLDS(wall_of(p.until_at).minute == 480 && p.until_at % MINUTE_S == 0);
            HOLDS(p.until_at > now && p.until_at - now <= 13 * HOUR_S);
            break;
        case WAITING_OPEN:
            for (size_t i = 0; i < MANY && by_day; i++) {
                HOLDS(list[i].asked || slot - now < list[i].notice_s || slot - now < 2);
            }
            continue;
        }
        HOLDS(!list[p.who].asked && slot - offer_at >= list[p.who].notice_s);
        for (size_t i = 0; i < p.who; i++) {
            HOLDS(list[i].asked || slot - offer_at < list[i].notice_s);
            HOLDS(waiting_order(&list[i], &list[p.who]) < 0);
        }
#undef HOLDS
    }
}
END_TEST

/* ---- A call on its day ---- */

enum {
    START = 1000000
};

START_TEST(three_attempts_five_minutes_apart)
{
    struct call call = {.start_at = START, .outcome = CALL_NO_OUTCOME};

    for (int i = 0; i < CALL_ATTEMPTS; i++) {
        const int64_t due = START + i * 300;
        call.attempts = i;
        ck_assert_int_eq(call_attempt_due(&call), due);
        ck_assert_int_eq(call_check_attempt(&call, due - 1, &err), SL_CALL_TOO_EARLY);
        ck_assert_int_eq(call_check_attempt(&call, due, &err), SL_OK);
        ck_assert_int_eq(call_check_outcome(&call, CALL_NO_ANSWER, due, &err), SL_OUTCOME_WRONG);
    }
    call.attempts = CALL_ATTEMPTS;
    ck_assert_int_eq(call_check_attempt(&call, START + 900, &err), SL_OUTCOME_WRONG);
    ck_assert_int_eq(call_check_outcome(&call, CALL_NO_ANSWER, START + 600, &err), SL_OK);
    call.outcome = CALL_DONE;
    call.attempts = 1;
    ck_assert_int_eq(call_check_attempt(&call, START + 900, &err), SL_OUTCOME_WRONG);
}
END_TEST

START_TEST(outcomes_fit_the_time_and_the_attempts)
{
    static const struct {
        enum call_outcome before;
        int attempts;
        enum call_outcome wanted;
        int64_t at; /* from the start */
        enum sl_code want;
    } rows[] = {
        {CALL_NO_OUTCOME, 0, CALL_DONE, -1, SL_CALL_TOO_EARLY},
        {CALL_NO_OUTCOME, 0, CALL_DONE, 0, SL_OK},
        {CALL_NO_OUTCOME, 2, CALL_DONE, 700, SL_OK},
        {CALL_NO_OUTCOME, 0, CALL_COUNCIL_MISSED, -1, SL_CALL_TOO_EARLY},
        {CALL_NO_OUTCOME, 0, CALL_COUNCIL_MISSED, 0, SL_OK},
        {CALL_NO_OUTCOME, 1, CALL_COUNCIL_MISSED, 900, SL_OUTCOME_WRONG},
        {CALL_NO_OUTCOME, 3, CALL_NO_ANSWER, -1, SL_CALL_TOO_EARLY},
        {CALL_NO_OUTCOME, 0, CALL_CANCELLED, -1, SL_OK},
        {CALL_NO_OUTCOME, 0, CALL_MOVED, -1, SL_OK},
        {CALL_NO_OUTCOME, 0, CALL_CANCELLED, 0, SL_CALL_STARTED},
        {CALL_NO_OUTCOME, 0, CALL_MOVED, 0, SL_CALL_STARTED},
        {CALL_NO_OUTCOME, 0, CALL_NO_OUTCOME, 0, SL_OUTCOME_WRONG},
        {CALL_DONE, 0, CALL_COUNCIL_MISSED, 900, SL_OK},
        {CALL_COUNCIL_MISSED, 0, CALL_DONE, 900, SL_OK},
        {CALL_CANCELLED, 0, CALL_DONE, 900, SL_OUTCOME_WRONG},
        {CALL_MOVED, 0, CALL_CANCELLED, -1, SL_OUTCOME_WRONG},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct call call = {
            .start_at = START, .attempts = rows[i].attempts, .outcome = rows[i].before};
        enum sl_code got = call_check_outcome(&call, rows[i].wanted, START + rows[i].at, &err);
        ck_assert_msg(got == rows[i].want, "row %zu: %s", i, sl_code_name(got));
    }
}
END_TEST

START_TEST(nobody_rang)
{
    struct call call = {.start_at = START, .outcome = CALL_NO_OUTCOME};

    ck_assert_int_eq(call_check_nobody_rang(&call, START + 299, &err), SL_CALL_TOO_EARLY);
    ck_assert_int_eq(call_check_nobody_rang(&call, START + 300, &err), SL_OK);
    ck_assert(!call_disagrees(&call));
    call.outcome = CALL_COUNCIL_MISSED;
    ck_assert_int_eq(call_check_nobody_rang(&call, START + DAY_S, &err), SL_OK);
    ck_assert(!call_disagrees(&call));
    call.outcome = CALL_DONE;
    ck_assert(call_disagrees(&call));
    call.outcome = CALL_NO_ANSWER;
    ck_assert(call_disagrees(&call));
    call.outcome = CALL_MOVED;
    ck_assert_int_eq(call_check_nobody_rang(&call, START + DAY_S, &err), SL_OUTCOME_WRONG);
    ck_assert(!call_disagrees(&call));
}
END_TEST

START_TEST(what_follows_from_an_outcome)
{
    const struct call late = {.start_at = instant("2026-10-24", "16:00")};

    ck_assert(call_puts_first(CALL_COUNCIL_MISSED, true));
    ck_assert(call_puts_first(CALL_CANCELLED, true));
    ck_assert(!call_puts_first(CALL_CANCELLED, false));
    ck_assert(!call_puts_first(CALL_NO_ANSWER, true));
    ck_assert(!call_puts_first(CALL_MOVED, true));
    ck_assert_int_eq(call_ask_outcome_at(&late, 480), instant("2026-10-25", "08:00"));
    for (int i = CALL_DONE; i <= CALL_NO_OUTCOME; i++) {
        ck_assert_int_eq(call_outcome_of(call_outcome_name((enum call_outcome)i)), i);
    }
    ck_assert_int_eq(call_outcome_of("no answer"), CALL_NO_OUTCOME);
}
END_TEST

/* ---- Notices ---- */

START_TEST(reminders)
{
    ck_assert_int_eq(notice_day_before_at(instant("2026-12-02", "10:00")),
                     instant("2026-12-01", "16:00"));
    ck_assert_int_eq(notice_day_before_at(instant("2026-12-01", "00:10")),
                     instant("2026-11-30", "16:00"));
    /* Across a clock change it is 16:00 all the same, and an hour is an hour. */
    ck_assert_int_eq(notice_day_before_at(instant("2026-10-25", "10:00")),
                     instant("2026-10-24", "16:00"));
    ck_assert_int_eq(instant("2026-10-25", "10:00") - instant("2026-10-24", "16:00"), 19 * HOUR_S);
    ck_assert_int_eq(notice_hour_before_at(instant("2027-03-28", "02:30")),
                     instant("2027-03-28", "00:30"));
}
END_TEST

START_TEST(quiet_hours)
{
    const struct notice_quiet night = {.from_min = 1200, .to_min = 480};
    const struct notice_quiet noon = {.from_min = 720, .to_min = 780};
    const struct notice_quiet none = {.from_min = 480, .to_min = 480};

    ck_assert(notice_is_quiet(&night, instant("2026-12-01", "20:00")));
    ck_assert(!notice_is_quiet(&night, instant("2026-12-01", "19:59")));
    ck_assert(notice_is_quiet(&night, instant("2026-12-01", "07:59")));
    ck_assert(!notice_is_quiet(&night, instant("2026-12-01", "08:00")));
    ck_assert_int_eq(notice_after_quiet(&night, instant("2026-12-01", "21:00")),
                     instant("2026-12-02", "08:00"));
    ck_assert_int_eq(notice_after_quiet(&night, instant("2026-12-01", "12:00")),
                     instant("2026-12-01", "12:00"));
    ck_assert_int_eq(notice_after_quiet(&noon, instant("2026-12-01", "12:00")),
                     instant("2026-12-01", "13:00"));
    ck_assert(!notice_is_quiet(&noon, instant("2026-12-01", "13:00")));
    for (int minute = 0; minute < WALL_DAY_MIN; minute++) {
        ck_assert(!notice_is_quiet(&none, wall_instant(20000, minute)));
    }
}
END_TEST

START_TEST(quiet_hours_end_as_soon_as_they_can)
{
    for (uint64_t round = 0; round < 3000; round++) {
        struct dice dice = dice_of(round);
        const struct notice_quiet quiet = {.from_min = dice_between(&dice, 0, 1439),
                                           .to_min = dice_between(&dice, 0, 1439)};
        /* Around the changes of clocks more often than not. */
        const int32_t day = civil_day(dice_between(&dice, 2024, 2040),
                                      dice_once_in(&dice, 2) ? 3 : 10, dice_between(&dice, 24, 31));
        const int64_t now = civil_london_start(day) + dice_between(&dice, 0, 1500) * MINUTE_S;
        const int64_t after = notice_after_quiet(&quiet, now);
        ck_assert_msg(!notice_is_quiet(&quiet, after), "seed %" PRIu64, dice.seed);
        for (int64_t at = now; at < after; at += MINUTE_S) {
            ck_assert_msg(notice_is_quiet(&quiet, at), "seed %" PRIu64 " at %" PRId64, dice.seed,
                          at);
        }
    }
}
END_TEST

START_TEST(pauses_grow_to_an_hour)
{
    static const int64_t want[] = {60, 60, 120, 240, 480, 960, 1920, 3600, 3600};

    for (int i = 0; i < 9; i++) {
        ck_assert_int_eq(notice_pause_s(i), want[i]);
    }
    ck_assert_int_eq(notice_pause_s(1000000), 3600);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("waiting");
    TCase *list = tcase_create("list");
    TCase *call = tcase_create("call");
    TCase *notices = tcase_create("notices");

    tcase_set_timeout(list, 60);
    tcase_add_test(list, the_order_of_the_list);
    tcase_add_test(list, an_offer_holds_two_hours_or_half_the_time);
    tcase_add_test(list, the_first_who_can_get_ready);
    tcase_add_test(list, offers_are_made_by_day);
    tcase_add_test(list, an_offer_that_expires_at_the_very_second_it_is_accepted);
    tcase_add_test(list, every_plan_keeps_the_rules);
    suite_add_tcase(suite, list);
    tcase_add_test(call, three_attempts_five_minutes_apart);
    tcase_add_test(call, outcomes_fit_the_time_and_the_attempts);
    tcase_add_test(call, nobody_rang);
    tcase_add_test(call, what_follows_from_an_outcome);
    suite_add_tcase(suite, call);
    tcase_set_timeout(notices, 60);
    tcase_add_test(notices, reminders);
    tcase_add_test(notices, quiet_hours);
    tcase_add_test(notices, quiet_hours_end_as_soon_as_they_can);
    tcase_add_test(notices, pauses_grow_to_an_hour);
    suite_add_tcase(suite, notices);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
