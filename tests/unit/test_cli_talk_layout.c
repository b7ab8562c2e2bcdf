/* Text as the command line puts it on a screen: widths, wrapping, names on one line, reading age.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/text.h"
#include "layout.h"

/* What a function of layout.h wrote; owned. */
static FILE *paper(char **text, size_t *len)
{
    FILE *to = open_memstream(text, len);

    ck_assert_ptr_nonnull(to);
    return to;
}

static char *wrapped(const char *text, size_t indent, size_t width)
{
    char *out = NULL;
    size_t len = 0;
    FILE *to = paper(&out, &len);

    layout_wrap(to, text, indent, width);
    (void)fclose(to);
    return out;
}

static void expect_wrapped(const char *text, size_t indent, size_t width, const char *expected)
{
    SL_AUTO(str) char *out = wrapped(text, indent, width);

    ck_assert_str_eq(out, expected);
}

START_TEST(widths_are_a_terminals)
{
    ck_assert_uint_eq(layout_width(""), 0);
    ck_assert_uint_eq(layout_width("Sam Carter"), 10);
    ck_assert_uint_eq(layout_width("Zo\u00eb"), 3);
    /* A letter and its accent apart: one column. */
    ck_assert_uint_eq(layout_width("Zoe\u0308"), 3);
    ck_assert_uint_eq(layout_width("\u738b\u82b3"), 4);
    ck_assert_uint_eq(layout_width("\uff21"), 2);
    ck_assert_uint_eq(layout_width("\u0645\u0631\u062d\u0628\u0627"), 5);
}
END_TEST

START_TEST(names_stay_on_one_line)
{
    SL_AUTO(str) char *a = layout_line("Sam\nCarter\tof\r\nthis");
    SL_AUTO(str) char *b = layout_line("\033[31mRed\033]0;title\007 \u202eknil");

    ck_assert_str_eq(a, "Sam Carter of this");
    ck_assert_ptr_null(strchr(b, '\033'));
    ck_assert_ptr_null(strchr(b, '\007'));
    ck_assert_ptr_null(strstr(b, "\u202e"));
    ck_assert_ptr_nonnull(strstr(b, "Red"));
}
END_TEST

START_TEST(text_wraps_at_words)
{
    expect_wrapped("", 4, 40, "");
    expect_wrapped("one two three", 0, 40, "one two three\n");
    expect_wrapped("one two three four", 4, 17, "    one two three\n    four\n");
    expect_wrapped("one two three four", 4, 18, "    one two three\n    four\n");
    /* What stands at the edge is no reason for an empty line or a blank in front. */
    expect_wrapped("aaaaaaaaaa bb", 0, 10, "aaaaaaaaaa\nbb\n");
    expect_wrapped("aaaaaaaaaa     bb", 0, 10, "aaaaaaaaaa\nbb\n");
}
END_TEST

START_TEST(line_ends_are_kept)
{
    expect_wrapped("a\n\nb\n", 2, 40, "  a\n\n  b\n");
    expect_wrapped("a\r\nb\rc", 2, 40, "  a\n  b\n  c\n");
    expect_wrapped("- one\n- two", 4, 40, "    - one\n    - two\n");
}
END_TEST

START_TEST(a_word_longer_than_the_line_is_cut)
{
    expect_wrapped("https://example.example/abcdef", 0, 12, "https://exam\nple.example/\nabcdef\n");
    expect_wrapped("see https://example.example/", 0, 14, "see\nhttps://exampl\ne.example/\n");
}
END_TEST

START_TEST(wide_letters_are_cut_by_columns)
{
    /* Five of two columns each go into ten. */
    expect_wrapped("\u738b\u738b\u738b\u738b\u738b\u738b", 0, 11,
                   "\u738b\u738b\u738b\u738b\u738b\n\u738b\n");
    /* An accent stays with its letter, also at the edge. */
    expect_wrapped("aaaaaaaaae\u0301b", 0, 10, "aaaaaaaaae\u0301\nb\n");
}
END_TEST

START_TEST(right_to_left_is_left_in_its_order)
{
    const char *hello = "\u0645\u0631\u062d\u0628\u0627 \u0628\u0643\u0645";
    SL_AUTO(str) char *out = wrapped(hello, 4, 40);

    ck_assert_str_eq(out + 4, "\u0645\u0631\u062d\u0628\u0627 \u0628\u0643\u0645\n");
}
END_TEST

START_TEST(nothing_reaches_the_terminal_but_text)
{
    SL_AUTO(str)
    char *out = wrapped("\033[2J\033]52;c;aGk=\007x\x9b\x31mq \xc2\x9b"
                        "6n y\bz\u202e\u2066 \x7f!",
                        4, 60);

    for (const char *c = out; *c != '\0'; c++) {
        ck_assert_msg((unsigned char)*c >= ' ' || *c == '\n', "byte %d got through", *c);
        ck_assert_int_ne(*c, 0x7f);
    }
    ck_assert_ptr_null(strstr(out, "\xc2\x9b"));
    ck_assert_ptr_null(strstr(out, "\u202e"));
    ck_assert_ptr_null(strstr(out, "\u2066"));
}
END_TEST

START_TEST(a_line_of_a_message_cannot_look_like_ours)
{
    SL_AUTO(str) char *out = wrapped("a\n----- Friday 8 January -----\n  You   10:42\nb", 4, 60);

    for (const char *line = out; *line != '\0'; line = strchr(line, '\n') + 1) {
        ck_assert_int_eq(strncmp(line, "    ", 4), 0);
    }
}
END_TEST

START_TEST(two_ends_of_a_line)
{
    SL_AUTO(str) char *side = NULL;
    SL_AUTO(str) char *below = NULL;
    size_t len = 0;
    FILE *to = paper(&side, &len);

    layout_ends(to, "Inbox", "08:40", 14);
    layout_ends(to, "\u738b", "08:40", 9);
    layout_ends(to, "alone", "", 9);
    (void)fclose(to);
    ck_assert_str_eq(side, "Inbox    08:40\n\u738b  08:40\nalone\n");
    to = paper(&below, &len);
    layout_ends(to, "Inbox of somebody", "08:40", 20);
    (void)fclose(to);
    ck_assert_str_eq(below, "Inbox of somebody\n               08:40\n");
}
END_TEST

START_TEST(rules_reach_the_edge)
{
    SL_AUTO(str) char *out = NULL;
    size_t len = 0;
    FILE *to = paper(&out, &len);

    layout_rule(to, "== 1 new ", '=', 12);
    layout_rule(to, "", '-', 5);
    layout_rule(to, "longer than that ", '-', 5);
    (void)fclose(to);
    ck_assert_str_eq(out, "== 1 new ===\n-----\nlonger than that \n");
}
END_TEST

START_TEST(words_are_counted)
{
    ck_assert_uint_eq(layout_words(""), 0);
    ck_assert_uint_eq(layout_words("  \n "), 0);
    ck_assert_uint_eq(layout_words("one"), 1);
    ck_assert_uint_eq(layout_words("I don't know \u2014 Robin\u2019s at 9.30."), 7);
    ck_assert_uint_eq(layout_words("na\u00efve \u0645\u0631\u062d\u0628\u0627 \u738b"), 3);
}
END_TEST

START_TEST(plain_words_are_for_the_young)
{
    const char *plain =
        "I am glad it helps. I have told the psychologist that Robin worries about new people, so "
        "they will start with a game.";
    const char *hard =
        "Notwithstanding the aforementioned considerations, the local authority's determination "
        "regarding the appropriateness of statutory provision necessitates comprehensive "
        "multidisciplinary evaluation prior to the finalisation of individualised documentation.";
    int young = layout_reading_age(plain);
    int old = layout_reading_age(hard);

    ck_assert_int_ge(young, 8);
    ck_assert_int_le(young, 12);
    ck_assert_int_ge(old, 20);
    ck_assert_int_eq(layout_reading_age("Thank you. See you."), 0);
    ck_assert_int_eq(layout_reading_age(""), 0);
}
END_TEST

START_TEST(sentences_end_where_they_end)
{
    /* The same words, once in one breath: harder. */
    int short_ones = layout_reading_age("We met them. They were kind. We will call on Friday. Then "
                                        "we will write to you with the plan.");
    int one = layout_reading_age("We met them they were kind we will call on Friday then we will "
                                 "write to you with the plan");

    ck_assert_int_gt(one, short_ones);
    /* The stop in a number ends nothing, nor does the end of a line. */
    ck_assert_int_eq(
        layout_reading_age(
            "We met them at 9.30 they were kind we will call on Friday\nthen we will "
            "write to you with the plan"),
        layout_reading_age("We met them at 9 30 they were kind we will call on Friday then we will "
                           "write to you with the plan"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli_talk_layout");
    TCase *tc = tcase_create("layout");

    suite_add_tcase(suite, tc);
    tcase_add_test(tc, widths_are_a_terminals);
    tcase_add_test(tc, names_stay_on_one_line);
    tcase_add_test(tc, text_wraps_at_words);
    tcase_add_test(tc, line_ends_are_kept);
    tcase_add_test(tc, a_word_longer_than_the_line_is_cut);
    tcase_add_test(tc, wide_letters_are_cut_by_columns);
    tcase_add_test(tc, right_to_left_is_left_in_its_order);
    tcase_add_test(tc, nothing_reaches_the_terminal_but_text);
    tcase_add_test(tc, a_line_of_a_message_cannot_look_like_ours);
    tcase_add_test(tc, two_ends_of_a_line);
    tcase_add_test(tc, rules_reach_the_edge);
    tcase_add_test(tc, words_are_counted);
    tcase_add_test(tc, plain_words_are_for_the_young);
    tcase_add_test(tc, sentences_end_where_they_end);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
