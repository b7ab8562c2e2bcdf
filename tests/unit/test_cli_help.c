/* The table of commands, and what is made from it or must agree with it: help, completion, man
 * page. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "common/buf.h"
#include "layout.h"

enum {
    NARROW = 80
};

/** What a function printed; owned. */
static char *printed(void (*print)(struct out *out), int width)
{
    char *text = NULL;
    size_t len = 0;
    struct out out = {.width = width, .to = open_memstream(&text, &len)};

    print(&out);
    ck_assert_int_eq(fclose(out.to), 0);
    return text;
}

static char *help_of(const struct command *command, int width)
{
    char *text = NULL;
    size_t len = 0;
    struct out out = {.width = width, .to = open_memstream(&text, &len)};

    command_help(&out, command);
    ck_assert_int_eq(fclose(out.to), 0);
    return text;
}

static void expect_fits(const char *text, const char *what)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        SL_AUTO(str) char *line = sl_strndup(text, len);

        ck_assert_msg(layout_width(line) <= NARROW, "%s is %zu columns wide: %s", what,
                      layout_width(line), line);
        text += len + (text[len] == '\n');
    }
}

/* ---- The table ---- */

START_TEST(every_command_is_whole)
{
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = &commands[i];
        SL_AUTO(str) char *begin = sl_strf("sendline %s", c->name);

        ck_assert_msg(c->summary != NULL && c->examples != NULL && c->args != NULL, "%s", c->name);
        ck_assert_msg(c->run != NULL, "%s has no function", c->name);
        ck_assert_msg(c->summary[strlen(c->summary) - 1] != '.', "%s", c->summary);
        ck_assert_msg(strstr(c->examples, begin) != NULL, "no example of %s", c->name);
        ck_assert_msg(c->min_args <= c->max_args && c->max_args <= OPT_MAX_ARGS, "%s", c->name);
        ck_assert_msg((c->max_args == 0) == (c->args[0] == '\0'), "%s and its words", c->name);
        for (size_t k = 0; k < i; k++) {
            ck_assert_msg(strcmp(commands[k].name, c->name) != 0, "%s twice", c->name);
        }
        /* A command without a group is found by its noun. */
        ck_assert_msg(c->group != NULL || strchr(c->name, ' ') != NULL, "%s", c->name);
    }
}
END_TEST

START_TEST(groups_are_together)
{
    for (size_t i = 1; i < command_count; i++) {
        for (size_t k = 0; k + 1 < i && commands[i].group != NULL; k++) {
            bool apart = commands[k].group != NULL &&
                         strcmp(commands[k].group, commands[i].group) == 0 &&
                         commands[i - 1].group != NULL &&
                         strcmp(commands[i - 1].group, commands[i].group) != 0;

            ck_assert_msg(!apart, "%s stands away from its group", commands[i].name);
        }
    }
}
END_TEST

START_TEST(options_are_sorted_and_the_commands_own)
{
    for (size_t i = 0; i < command_count; i++) {
        const struct opt_use *use = commands[i].options;

        for (; use != NULL && use->id != OPT_COUNT; use++) {
            ck_assert_msg(use->id >= OPT_COMMON_COUNT, "%s lists a common option",
                          commands[i].name);
            ck_assert_msg(use[1].id == OPT_COUNT || use[1].id > use->id, "%s: --%s",
                          commands[i].name, opt_row(use->id)->name);
        }
    }
}
END_TEST

START_TEST(words_find_commands)
{
    static const char *const cases[] = {"cases", "EHC-2041"};
    static const char *const cases_add[] = {"cases", "add"};
    static const char *const case_words[] = {"case", "add"};
    static const char *const service[] = {"service", "init"};
    int used = 0;

    ck_assert_str_eq(command_of(cases, 2, &used)->name, "cases");
    ck_assert_int_eq(used, 1);
    ck_assert_str_eq(command_of(cases_add, 2, &used)->name, "cases add");
    ck_assert_int_eq(used, 2);
    ck_assert_ptr_null(command_of(case_words, 2, &used));
    ck_assert_ptr_null(command_of(service, 1, &used));
    ck_assert_str_eq(command_of(service, 2, &used)->name, "service init");
    ck_assert(command_noun("service"));
    ck_assert(!command_noun("serv"));
    ck_assert(!command_noun("inbox"));
    ck_assert_str_eq(command_near("inbx"), "inbox");
    ck_assert_str_eq(command_near("repyl"), "reply");
    ck_assert_ptr_null(command_near("handover"));
}
END_TEST

/* ---- Help ---- */

START_TEST(help_names_everything_and_fits)
{
    SL_AUTO(str) char *all = printed(command_help_all, NARROW);

    expect_fits(all, "the help");
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = &commands[i];
        SL_AUTO(str) char *help = help_of(c, NARROW);

        if (c->group != NULL) {
            ck_assert_msg(strstr(all, c->summary) != NULL, "%s is not in the help", c->name);
        }
        expect_fits(help, c->name);
        for (const struct opt_use *use = c->options; use != NULL && use->id != OPT_COUNT; use++) {
            SL_AUTO(str) char *option = sl_strf("--%s", opt_row(use->id)->name);

            ck_assert_msg(strstr(help, option) != NULL, "%s is not in the help of %s", option,
                          c->name);
        }
        ck_assert_ptr_nonnull(strstr(help, "\nExamples\n"));
    }
}
END_TEST

START_TEST(a_noun_shows_its_verbs)
{
    SL_AUTO(str) char *cases = NULL;
    static const char *const words[] = {"cases"};
    int used = 0;

    cases = help_of(command_of(words, 1, &used), NARROW);
    ck_assert_ptr_nonnull(strstr(cases, "cases add"));
}
END_TEST

/* ---- Completion ---- */

START_TEST(completion_has_every_command_and_option)
{
    SL_AUTO(str) char *script = printed(command_completion, NARROW);

    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = &commands[i];
        SL_AUTO(str) char *branch = sl_strf("    '%s '*) list='", c->name);
        char *at = strstr(script, branch);

        ck_assert_msg(at != NULL, "%s is not completed", c->name);
        SL_AUTO(str) char *line = sl_strndup(at, strcspn(at, "\n"));
        for (const struct opt_use *use = c->options; use != NULL && use->id != OPT_COUNT; use++) {
            SL_AUTO(str) char *option = sl_strf("--%s ", opt_row(use->id)->name);

            ck_assert_msg(strstr(line, option) != NULL, "%s: no %s", c->name, option);
        }
        ck_assert_msg((strstr(line, "cases=yes") != NULL) == (strstr(c->args, "CASE") != NULL),
                      "%s", line);
    }
    for (int i = 0; i < OPT_COMMON_COUNT; i++) {
        SL_AUTO(str) char *option = sl_strf("--%s ", opt_row((enum opt_id)i)->name);

        ck_assert_ptr_nonnull(strstr(script, option));
    }
}
END_TEST

START_TEST(completion_lets_the_shell_expand_nothing)
{
    SL_AUTO(str) char *script = printed(command_completion, NARROW);

    /* Its list of words is expanded, commands in it too. */
    ck_assert_ptr_null(strstr(script, "compgen -W"));
    ck_assert_ptr_null(strstr(script, "eval"));
}
END_TEST

/* ---- The man page ---- */

/** A line of roff as it reads: macro, quotes and escapes away. Owned. */
static char *plain(const char *line)
{
    SL_AUTO(buf) struct sl_buf out = {0};
    bool joined = strncmp(line, ".BI ", 4) == 0 || strncmp(line, ".BR ", 4) == 0;
    bool quoted = false;

    for (const char *c = line[0] == '.' ? line + strcspn(line, " ") + 1 : line; *c != '\0'; c++) {
        if (strncmp(c, "\\fI", 3) == 0 || strncmp(c, "\\fP", 3) == 0) {
            c += 2;
        } else if (*c == '"') {
            quoted = !quoted;
        } else if (*c != '\\' && (*c != ' ' || quoted || !joined)) {
            sl_buf_put_u8(&out, (uint8_t)*c);
        }
    }
    return sl_strndup(out.len > 0 ? (const char *)out.data : "", out.len);
}

struct page {
    char *section;
    struct sl_buf tags; /**< a line each: "COMMANDS|reply CASE|--draft" */
};

/** The page's tagged paragraphs, each with what it stands in. */
static void read_page(struct page *page)
{
    SL_AUTO(str) char *last = sl_strdup("");
    SL_AUTO(str) char *outer = sl_strdup("");
    FILE *file = fopen(TESTS_DIR "/../client-cli/sendline.1", "re");
    char line[512];
    bool tag = false;
    int depth = 0;

    ck_assert_ptr_nonnull(file);
    page->section = sl_strdup("");
    while (fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        SL_AUTO(str) char *text = plain(line);

        if (strncmp(line, ".SH ", 4) == 0) {
            free(page->section);
            page->section = sl_steal(&text);
        } else if (strncmp(line, ".RS", 3) == 0) {
            depth++;
            free(outer);
            outer = sl_strdup(last);
        } else if (strncmp(line, ".RE", 3) == 0) {
            depth--;
        } else if (tag) {
            sl_buf_putf(&page->tags, "%s|%s|%s\n", page->section, depth > 0 ? outer : text,
                        depth > 0 ? text : "");
            free(last);
            last = sl_steal(&text);
        }
        tag = strncmp(line, ".TP", 3) == 0;
    }
    ck_assert_int_eq(fclose(file), 0);
    sl_buf_put_u8(&page->tags, '\0');
}

static void option_tag(enum opt_id id, struct sl_buf *out)
{
    const struct opt_row *row = opt_row(id);

    if (row->letter != 0) {
        sl_buf_putf(out, "-%c, ", row->letter);
    }
    sl_buf_putf(out, "--%s%s%s", row->name, row->value != NULL ? " " : "",
                row->value != NULL ? row->value : "");
}

/** Every tag that the page must have, in the tables' words. */
static void expected_tags(struct sl_buf *out)
{
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = &commands[i];
        SL_AUTO(str)
        char *usage = sl_strf("%s%s%s", c->name, c->args[0] != '\0' ? " " : "", c->args);

        sl_buf_putf(out, "COMMANDS|%s|\n", usage);
        for (const struct opt_use *use = c->options; use != NULL && use->id != OPT_COUNT; use++) {
            sl_buf_putf(out, "COMMANDS|%s|", usage);
            option_tag(use->id, out);
            sl_buf_put_str(out, "\n");
        }
    }
    for (int i = 0; i < OPT_COMMON_COUNT; i++) {
        sl_buf_put_str(out, "OPTIONS FOR EVERY COMMAND|");
        option_tag((enum opt_id)i, out);
        sl_buf_put_str(out, "|\n");
    }
#define CONF(key, is_path, help) sl_buf_put_str(out, "CONFIGURATION|" #key "|\n");
#include "conf.def"
    sl_buf_put_u8(out, '\0');
}

/** Is each line of `some` in `all`, but for sections that the tables know nothing of? */
static void expect_lines_in(const char *some, const char *all, const char *what)
{
    while (*some != '\0') {
        size_t len = strcspn(some, "\n");
        SL_AUTO(str) char *line = sl_strf("%.*s\n", (int)len, some);
        const char *at = strstr(all, line);
        bool other = strncmp(line, "FILES|", 6) == 0 || strncmp(line, "EXIT STATUS|", 12) == 0;

        while (at != NULL && at != all && at[-1] != '\n') {
            at = strstr(at + 1, line);
        }
        ck_assert_msg(other || at != NULL, "%s: %s", what, line);
        some += len + (some[len] == '\n');
    }
}

START_TEST(the_man_page_agrees_with_the_tables)
{
    SL_AUTO(buf) struct sl_buf expected = {0};
    struct page page = {0};

    read_page(&page);
    expected_tags(&expected);
    expect_lines_in((const char *)expected.data, (const char *)page.tags.data,
                    "not in the man page");
    expect_lines_in((const char *)page.tags.data, (const char *)expected.data,
                    "in the man page alone");
    free(page.section);
    sl_buf_free(&page.tags);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli_help");
    TCase *tests = tcase_create("help");
    SRunner *runner = srunner_create(suite);

    suite_add_tcase(suite, tests);
    tcase_add_test(tests, every_command_is_whole);
    tcase_add_test(tests, groups_are_together);
    tcase_add_test(tests, options_are_sorted_and_the_commands_own);
    tcase_add_test(tests, words_find_commands);
    tcase_add_test(tests, help_names_everything_and_fits);
    tcase_add_test(tests, a_noun_shows_its_verbs);
    tcase_add_test(tests, completion_has_every_command_and_option);
    tcase_add_test(tests, completion_lets_the_shell_expand_nothing);
    tcase_add_test(tests, the_man_page_agrees_with_the_tables);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
