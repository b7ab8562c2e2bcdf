/* The caseload: which case a text names, and which conversation comes first. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "desk.h"

static struct desk_thread thread_of(const char *ref)
{
    struct desk_thread t = {0};

    (void)snprintf(t.ref, sizeof(t.ref), "%s", ref);
    return t;
}

static struct desk_thread waiting(const char *ref, const char *due_on, int64_t since,
                                  uint32_t unread)
{
    struct desk_thread t = thread_of(ref);

    (void)snprintf(t.due_on, sizeof(t.due_on), "%s", due_on);
    t.waiting_since_at = since;
    t.unread = unread;
    return t;
}

START_TEST(a_case_as_people_write_it)
{
    ck_assert(desk_ref_matches("EHC-2041", "EHC-2041"));
    ck_assert(desk_ref_matches("EHC-2041", "ehc-2041"));
    ck_assert(desk_ref_matches("EHC-2041", "2041"));
    ck_assert(desk_ref_matches("2041", "2041"));
    ck_assert(desk_ref_matches("N/EHC-2041b", "2041B"));
    ck_assert(!desk_ref_matches("EHC-2041", "041"));
    ck_assert(!desk_ref_matches("EHC-2041", "204"));
    ck_assert(!desk_ref_matches("EHC-2041", "EHC"));
    ck_assert(!desk_ref_matches("EHC-abc", "abc"));
    ck_assert(!desk_ref_matches("EHC-2041", ""));
}
END_TEST

START_TEST(one_several_or_none)
{
    struct desk_thread threads[] = {thread_of("EHC-2041"), thread_of("EHC-1764"),
                                    thread_of("EHC-2041"), thread_of("SEN-1764"),
                                    thread_of("1900"),     thread_of("EHC-1900")};
    struct desk desk = {.threads = threads, .count = 6};
    struct desk_thread *found = NULL;
    long count = 0;

    ck_assert_int_eq(desk_match(&desk, "EHC-9999", &found, &count), DESK_NONE);
    ck_assert_ptr_null(found);
    ck_assert_int_eq(desk_match(&desk, "sen-1764", &found, &count), DESK_ONE);
    ck_assert_ptr_eq(found, &threads[3]);
    /* A number that two cases have. */
    ck_assert_int_eq(desk_match(&desk, "1764", &found, &count), DESK_OTHER_CASES);
    ck_assert_ptr_nonnull(found);
    /* A whole reference goes before another's number. */
    ck_assert_int_eq(desk_match(&desk, "1900", &found, &count), DESK_ONE);
    ck_assert_ptr_eq(found, &threads[4]);
    /* Two parents, two conversations. */
    ck_assert_int_eq(desk_match(&desk, "2041", &found, &count), DESK_WHICH);
    ck_assert_int_eq(count, 2);
    ck_assert_int_eq(desk_match(&desk, "2041:2", &found, &count), DESK_ONE);
    ck_assert_ptr_eq(found, &threads[2]);
    ck_assert_int_eq(desk_match(&desk, "EHC-2041:1", &found, &count), DESK_ONE);
    ck_assert_ptr_eq(found, &threads[0]);
    ck_assert_int_eq(desk_match(&desk, "2041:3", &found, &count), DESK_WHICH);
    ck_assert_int_eq(desk_match(&desk, "2041:0", &found, &count), DESK_WHICH);
    ck_assert_int_eq(desk_match(&desk, "2041:x", &found, &count), DESK_WHICH);
    ck_assert_int_eq(desk_match(&desk, "SEN-1764:2", &found, &count), DESK_WHICH);
}
END_TEST

START_TEST(what_is_due_first_comes_first)
{
    struct desk_thread threads[] = {
        waiting("EHC-5", "", 0, 0),
        waiting("EHC-4", "", 0, 2),
        waiting("EHC-3", "2027-01-14", 50, 1),
        waiting("EHC-2", "2027-01-12", 90, 1),
        waiting("EHC-1", "2027-01-12", 10, 0),
        waiting("EHC-0", "2027-01-12", 20, 3),
        waiting("EHC-00", "2027-01-12", 20, 3),
    };
    static const char *const order[] = {"EHC-0", "EHC-00", "EHC-2", "EHC-1",
                                        "EHC-3", "EHC-4",  "EHC-5"};

    qsort(threads, 7, sizeof(threads[0]), desk_by_due);
    for (size_t i = 0; i < 7; i++) {
        ck_assert_str_eq(threads[i].ref, order[i]);
    }
}
END_TEST

START_TEST(what_the_service_says_of_a_reply)
{
    SL_AUTO(json)
    json_t *json = json_pack("{s:i, s:{s:s, s:s, s:i, s:i}}", "unread", 3, "reply", "state", "late",
                             "due_on", "2027-01-12", "waiting_since_at", 1799743200, "seq", 7);
    SL_AUTO(json) json_t *nothing = json_pack("{s:{s:s}}", "reply", "state", "none");
    SL_AUTO(json)
    json_t *unknown =
        json_pack("{s:{s:s, s:s}}", "reply", "state", "paused", "due_on", "2027\u2013 soon");
    struct desk_thread t = thread_of("EHC-2041");

    desk_take_reply(&t, json);
    ck_assert_uint_eq(t.unread, 3);
    ck_assert_int_eq(t.reply, DESK_REPLY_LATE);
    ck_assert_str_eq(t.due_on, "2027-01-12");
    ck_assert_uint_eq(t.reply_seq, 7);
    desk_take_reply(&t, nothing);
    ck_assert_uint_eq(t.unread, 3);
    ck_assert_int_eq(t.reply, DESK_REPLY_NONE);
    ck_assert_str_eq(t.due_on, "");
    desk_take_reply(&t, json);
    desk_take_reply(&t, unknown);
    ck_assert_int_eq(t.reply, DESK_REPLY_NONE);
    ck_assert_str_eq(t.due_on, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli_desk");
    TCase *tests = tcase_create("desk");
    SRunner *runner = srunner_create(suite);

    suite_add_tcase(suite, tests);
    tcase_add_test(tests, a_case_as_people_write_it);
    tcase_add_test(tests, one_several_or_none);
    tcase_add_test(tests, what_is_due_first_comes_first);
    tcase_add_test(tests, what_the_service_says_of_a_reply);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
