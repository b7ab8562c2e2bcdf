/* Options: any order, no abbreviations, suggestions, and the refusal of secrets on the command
 * line. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "opt.h"

static const struct opt_use uses[] = {
    {OPT_FILE, NULL}, {OPT_YES, NULL}, {OPT_SINCE, NULL}, OPT_END};

/** argv as a person would type it. */
struct typed {
    char *words[12];
    int count;
    int at;
};

static struct typed type(const char *a, const char *b, const char *c, const char *d)
{
    const char *given[] = {"sendline", a, b, c, d};
    struct typed out = {.at = 1};

    for (int i = 0; i < 5 && given[i] != NULL; i++) {
        out.words[out.count++] = strdup(given[i]);
    }
    return out;
}

static void untype(struct typed *typed)
{
    for (int i = 0; i < typed->count; i++) {
        free(typed->words[i]);
    }
}

static void expect_refused(const char *a, const char *b, const char *what)
{
    struct typed typed = type(a, b, NULL, NULL);
    struct opts opts = {0};
    struct fault fault = {0};

    ck_assert_int_eq(opt_parse(&opts, typed.count, typed.words, &typed.at, uses, false, &fault),
                     CLI_USAGE);
    ck_assert_msg(strstr(fault.what, what) != NULL, "%s: '%s'", a, fault.what);
    ck_assert_msg(fault.next[0] != '\0', "%s: no next step", a);
    untype(&typed);
}

START_TEST(options_and_words_in_any_order)
{
    struct typed typed = type("EHC-2041", "--yes", "-f", "letter.txt");
    struct opts opts = {0};
    struct fault fault = {0};

    ck_assert_int_eq(opt_parse(&opts, typed.count, typed.words, &typed.at, uses, false, &fault),
                     CLI_OK);
    ck_assert_int_eq(opts.arg_count, 1);
    ck_assert_str_eq(opts.args[0], "EHC-2041");
    ck_assert(opt_has(&opts, OPT_YES));
    ck_assert_str_eq(opts.value[OPT_FILE], "letter.txt");
    ck_assert(!opt_has(&opts, OPT_SINCE));
    untype(&typed);
}
END_TEST

START_TEST(a_value_may_look_like_an_option_and_a_dash_is_a_word)
{
    struct typed typed = type("--file=--yes", "--", "--json", "-");
    struct opts opts = {0};
    struct fault fault = {0};

    ck_assert_int_eq(opt_parse(&opts, typed.count, typed.words, &typed.at, uses, false, &fault),
                     CLI_OK);
    ck_assert_str_eq(opts.value[OPT_FILE], "--yes");
    ck_assert(!opt_has(&opts, OPT_JSON));
    ck_assert_int_eq(opts.arg_count, 2);
    ck_assert_str_eq(opts.args[0], "--json");
    ck_assert_str_eq(opts.args[1], "-");
    untype(&typed);
}
END_TEST

START_TEST(common_options_stop_at_the_command)
{
    struct typed typed = type("--config", "here", "reply", "--yes");
    struct opts opts = {0};
    struct fault fault = {0};

    ck_assert_int_eq(opt_parse(&opts, typed.count, typed.words, &typed.at, NULL, true, &fault),
                     CLI_OK);
    ck_assert_str_eq(opts.value[OPT_CONFIG], "here");
    ck_assert_int_eq(typed.at, 3);
    ck_assert_int_eq(opts.arg_count, 0);
    untype(&typed);
}
END_TEST

START_TEST(wrong_ones_are_named)
{
    expect_refused("--since", NULL, "--since needs a value");
    expect_refused("-f", NULL, "--file needs a value");
    expect_refused("--yes=1", NULL, "--yes takes no value");
    expect_refused("--fle", NULL, "Did you mean --file?");
    expect_refused("--nonsense", NULL, "there is no option --nonsense");
    expect_refused("-x", NULL, "there is no option -x");
    /* Not of this command, though of another. */
    expect_refused("--again", NULL, "there is no option --again");
    /* No abbreviations: scripts have to survive the next option. */
    expect_refused("--sinc", "2026-12-01", "Did you mean --since?");
}
END_TEST

START_TEST(secrets_are_refused)
{
    expect_refused("--message", "Hello Sam", "no --message option");
    expect_refused("--message=Hello Sam", NULL, "no --message option");
    expect_refused("--password", "x", "no --password option");
    expect_refused("--email", "x", "no --email option");
    expect_refused("--name", "x", "no --name option");
}
END_TEST

START_TEST(the_table_is_sound)
{
    for (int i = 0; i < OPT_COUNT; i++) {
        const struct opt_row *row = opt_row((enum opt_id)i);

        ck_assert_msg(row->name != NULL && row->help != NULL, "option %d", i);
        for (int k = 0; k < i; k++) {
            const struct opt_row *other = opt_row((enum opt_id)k);

            ck_assert_msg(strcmp(row->name, other->name) != 0, "--%s twice", row->name);
            ck_assert_msg(row->letter == 0 || row->letter != other->letter, "-%c twice",
                          row->letter);
        }
        if (i > OPT_COMMON_COUNT) {
            ck_assert_msg(strcmp(opt_row((enum opt_id)(i - 1))->name, row->name) < 0,
                          "--%s is out of order", row->name);
        }
    }
}
END_TEST

START_TEST(lengths_of_time)
{
    static const char *const wrong[] = {"", "4", "h", "-1h", "0h", "1.5h", "4hh", "4 h", "999999h"};
    long seconds = 0;

    ck_assert(opt_duration("90s", &seconds));
    ck_assert_int_eq(seconds, 90);
    ck_assert(opt_duration("30m", &seconds));
    ck_assert_int_eq(seconds, 1800);
    ck_assert(opt_duration("8h", &seconds));
    ck_assert_int_eq(seconds, 28800);
    ck_assert(opt_duration("2d", &seconds));
    ck_assert_int_eq(seconds, 172800);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert_msg(!opt_duration(wrong[i], &seconds), "'%s' was taken", wrong[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli_opt");
    TCase *tests = tcase_create("opt");
    SRunner *runner = srunner_create(suite);

    suite_add_tcase(suite, tests);
    tcase_add_test(tests, options_and_words_in_any_order);
    tcase_add_test(tests, a_value_may_look_like_an_option_and_a_dash_is_a_word);
    tcase_add_test(tests, common_options_stop_at_the_command);
    tcase_add_test(tests, wrong_ones_are_named);
    tcase_add_test(tests, secrets_are_refused);
    tcase_add_test(tests, the_table_is_sound);
    tcase_add_test(tests, lengths_of_time);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
