/* Settings: the table, the three places that they come from, and what is said about wrong ones. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "config/config.h"
#include "config/table.h"

static char *make_file(const char *text)
{
    char *path = sl_strdup("/tmp/sendline-config-XXXXXX");
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(close(fd), 0);
    return path;
}

/* What is said about a file; "" when it is taken. */
static const char *said_of(const char *text)
{
    static struct sl_err err;
    struct config *config = config_defaults();

    err = (struct sl_err){.code = SL_OK};
    enum sl_code rc = config_read_text(config, "sendline.conf", text, strlen(text), &err);
    ck_assert_int_eq(rc, rc == SL_OK ? SL_OK : SL_BAD_REQUEST);
    config_free(config);
    return rc == SL_OK ? "" : err.detail;
}

START_TEST(the_table_holds_its_own_defaults)
{
    struct config *config = config_defaults();

    for (size_t i = 0; i < config_row_count; i++) {
        const struct config_row *row = &config_rows[i];
        struct sl_err err = {.code = SL_OK};
        char value[32];
        const char *text = row->text;
        if (row->kind == CONFIG_KIND_INT) {
            (void)snprintf(value, sizeof value, "%lld", (long long)row->number);
            text = value;
        } else if (row->kind == CONFIG_KIND_BOOL) {
            text = row->number != 0 ? "yes" : "no";
        }
        enum sl_code rc = config_set(config, row, text, "default", &err);
        ck_assert_msg(rc == SL_OK, "%s: %s", row->key, err.detail);
        ck_assert_msg(config_find(row->key) == i, "%s is there twice", row->key);
        ck_assert_msg(row->help[0] != '\0', "%s has no help", row->key);
        ck_assert_uint_eq(strspn(row->key, "abcdefghijklmnopqrstuvwxyz0123456789_"),
                          strlen(row->key));
    }
    config_free(config);
}
END_TEST

START_TEST(later_places_win)
{
    SL_AUTO(str)
    char *path = make_file("# ours\n\n  max_queue = 100 \r\nmax_group=7\nteam_name = The team # 2\n"
                           "contact_email =\n");
    char *env[] = {(char[]){"SENDLINE_MAX_QUEUE=200"}, (char[]){"SENDLINE_LOOPS= 2 "},
                   (char[]){"SENDLINE_CONFIG=/etc/x"}, (char[]){"HOME=/"}, NULL};
    char *argv[] = {(char[]){"sendlined"},       (char[]){"--max-queue"}, (char[]){"300"},
                    (char[]){"--data_dir=/a=b"}, (char[]){"--readers=3"}, NULL};
    struct config *config = NULL;
    struct sl_err err = {.code = SL_OK};

    enum sl_code rc = config_load(path, env, 5, argv, &config, &err);
    ck_assert_msg(rc == SL_OK, "%s", err.detail);
    ck_assert_int_eq(config->max_queue, 300);
    ck_assert_int_eq(config->max_group, 7);
    ck_assert_int_eq(config->loops, 2);
    ck_assert_int_eq(config->readers, 3);
    ck_assert_str_eq(config->team_name, "The team # 2");
    ck_assert_str_eq(config->contact_email, "");
    ck_assert_str_eq(config->data_dir, "/a=b");
    ck_assert_str_eq(config->log_level, "info");
    config_free(config);
    (void)unlink(path);
}
END_TEST

START_TEST(wrong_files_are_named)
{
    static const struct {
        const char *text;
        const char *said;
    } rows[] = {
        {"", ""},
        {"\xef\xbb\xbfloops = 2", ""},
        {"loops = 2\nmax_gruop = 3\n",
         "sendline.conf:2: there is no setting 'max_gruop'; did you mean max_group?"},
        {"zzzzzzzzzzzz = 3", "sendline.conf:1: there is no setting 'zzzzzzzzzzzz'"},
        {" = 3", "sendline.conf:1: there is no setting ''"},
        {"\n\nloops 2", "sendline.conf:3: write 'key = value'"},
        {"loops = 2\n\nloops = 2\n", "sendline.conf:3: loops is set on line 1 already"},
        {"loops = 0", "sendline.conf:1: loops: a whole number from 1 to 64, not '0'"},
        {"loops = 65", "sendline.conf:1: loops: a whole number from 1 to 64, not '65'"},
        {"loops = 2x", "sendline.conf:1: loops: a whole number from 1 to 64, not '2x'"},
        {"loops = +2", "sendline.conf:1: loops: a whole number from 1 to 64, not '+2'"},
        {"loops = -", "sendline.conf:1: loops: a whole number from 1 to 64, not '-'"},
        {"loops =", "sendline.conf:1: loops: a whole number from 1 to 64, not ''"},
        {"loops = 99999999999999999999",
         "sendline.conf:1: loops: a whole number from 1 to 64, not '99999999999999999999'"},
        {"accessibility_prepared_on = 2026-11-211",
         "sendline.conf:1: accessibility_prepared_on: at most 10 bytes, not 11"},
        {"team_name = \xff", "sendline.conf:1: team_name: one line of UTF-8 text"},
        {"team_name = a\x1b[2J", "sendline.conf:1: team_name: one line of UTF-8 text"},
        {"log_level = loud", "sendline.conf:1: log_level: write error, warn, info or debug"},
        {"data_dir =", "sendline.conf:1: data_dir: write a folder"},
        {"public_url = https://localhost:8443/",
         "sendline.conf:1: public_url: write https://name or https://name:port, in small letters"},
        {"public_url = http://localhost",
         "sendline.conf:1: public_url: write https://name or https://name:port, in small letters"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_str_eq(said_of(rows[i].text), rows[i].said);
    }
}
END_TEST

START_TEST(files_that_are_none)
{
    struct config *config = config_defaults();
    struct sl_err err = {.code = SL_OK};
    char *big = sl_alloc(CONFIG_MAX_FILE_BYTES + 1);

    memset(big, '\n', CONFIG_MAX_FILE_BYTES + 1);
    ck_assert_int_eq(config_read_text(config, "a", big, CONFIG_MAX_FILE_BYTES, &err), SL_OK);
    ck_assert_int_eq(config_read_text(config, "a", big, CONFIG_MAX_FILE_BYTES + 1, &err),
                     SL_BAD_REQUEST);
    ck_assert_str_eq(err.detail, "a: larger than 65536 bytes");
    ck_assert_int_eq(config_read_text(config, "a", "loops = 2\0", 10, &err), SL_BAD_REQUEST);
    ck_assert_str_eq(err.detail, "a: not a text file");
    free(big);
    config_free(config);

    struct config *none = NULL;
    ck_assert_int_eq(config_load("/nonexistent/sendline.conf", NULL, 0, NULL, &none, &err),
                     SL_BAD_REQUEST);
    ck_assert_str_eq(err.detail, "/nonexistent/sendline.conf: No such file or directory");
    ck_assert_int_eq(config_load("/", NULL, 0, NULL, &none, &err), SL_BAD_REQUEST);
    ck_assert_ptr_null(none);
}
END_TEST

static const char *said_of_env(const char *entry)
{
    static struct sl_err err;
    SL_AUTO(str) char *copy = sl_strdup(entry);
    char *env[] = {copy, NULL};
    struct config *config = NULL;

    enum sl_code rc = config_load(NULL, env, 0, NULL, &config, &err);
    config_free(config);
    return rc == SL_OK ? "" : err.detail;
}

START_TEST(wrong_variables_are_named)
{
    ck_assert_str_eq(said_of_env("SENDLINE_SOMETHING_ELSE=1"), "");
    ck_assert_str_eq(said_of_env("SENDLINE_CONFIG=1"), "");
    ck_assert_str_eq(said_of_env("SENDLINE_"), "");
    ck_assert_str_eq(said_of_env("SENDLINE_LOOPS=many"),
                     "SENDLINE_LOOPS: loops: a whole number from 1 to 64, not 'many'");
    ck_assert_str_eq(said_of_env("SENDLINE_MAX_QUEU=1"),
                     "SENDLINE_MAX_QUEU: there is no setting 'max_queu'; did you mean max_queue?");
}
END_TEST

static const char *said_of_flags(const char *one, const char *two)
{
    static struct sl_err err;
    SL_AUTO(str) char *first = sl_strdup(one);
    SL_AUTO(str) char *second = sl_strdup(two == NULL ? "" : two);
    char *argv[] = {(char[]){"sendlined"}, first, two == NULL ? NULL : second, NULL};
    struct config *config = NULL;

    enum sl_code rc = config_load(NULL, NULL, two == NULL ? 2 : 3, argv, &config, &err);
    config_free(config);
    return rc == SL_OK ? "" : err.detail;
}

START_TEST(wrong_flags_are_named)
{
    ck_assert_str_eq(said_of_flags("--loops", "2"), "");
    ck_assert_str_eq(said_of_flags("--", NULL), "");
    ck_assert_str_eq(said_of_flags("--loops", NULL), "--loops needs a value");
    ck_assert_str_eq(said_of_flags("--loop", "2"),
                     "flags: there is no setting 'loop'; did you mean loops?");
    ck_assert_str_eq(said_of_flags("--max", "2"), "flags: there is no setting 'max'");
    ck_assert_str_eq(said_of_flags("-l", "2"), "flags: there is no setting 'l'");
    ck_assert_str_eq(said_of_flags("loops", "2"), "'loops' is not a flag");
    ck_assert_str_eq(said_of_flags("--max-group=0", NULL),
                     "--max-group: max_group: a whole number from 1 to 10000, not '0'");
    ck_assert_str_eq(said_of_flags("--data-dir=", NULL), "--data-dir: data_dir: write a folder");
}
END_TEST

static char *printed(void (*print)(const struct config *config, FILE *out),
                     const struct config *config)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    ck_assert_ptr_nonnull(out);
    print(config, out);
    ck_assert_int_eq(fclose(out), 0);
    return text;
}

static void print_help(const struct config *config, FILE *out)
{
    (void)config;
    config_help(out);
}

START_TEST(what_is_printed_can_be_read)
{
    struct config *config = config_defaults();
    struct config *again = config_defaults();
    struct sl_err err = {.code = SL_OK};

    config->loops = 9;
    free(config->team_name);
    config->team_name = sl_strdup("Équipe = SEND");
    SL_AUTO(str) char *text = printed(config_print, config);
    ck_assert_msg(config_read_text(again, "printed", text, strlen(text), &err) == SL_OK, "%s",
                  err.detail);
    SL_AUTO(str) char *second = printed(config_print, again);
    ck_assert_str_eq(text, second);
    ck_assert_int_eq(again->loops, 9);
    ck_assert_str_eq(again->team_name, "Équipe = SEND");
    config_free(config);
    config_free(again);
}
END_TEST

START_TEST(help_has_every_key_and_fits)
{
    SL_AUTO(str) char *text = printed(print_help, NULL);

    for (size_t i = 0; i < config_row_count; i++) {
        SL_AUTO(str) char *flag = sl_strf("  --%s ", config_rows[i].key);
        for (char *at = flag + 4; *at != '\0'; at++) {
            *at = *at == '_' ? '-' : *at;
        }
        ck_assert_msg(strstr(text, flag) != NULL, "help lacks %s", flag);
    }
    for (const char *line = text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        ck_assert_msg(len <= 80, "too long: %.*s", (int)len, line);
        line += len + 1;
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *tests = tcase_create("config");

    tcase_add_test(tests, the_table_holds_its_own_defaults);
    tcase_add_test(tests, later_places_win);
    tcase_add_test(tests, wrong_files_are_named);
    tcase_add_test(tests, files_that_are_none);
    tcase_add_test(tests, wrong_variables_are_named);
    tcase_add_test(tests, wrong_flags_are_named);
    tcase_add_test(tests, what_is_printed_can_be_read);
    tcase_add_test(tests, help_has_every_key_and_fits);
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
