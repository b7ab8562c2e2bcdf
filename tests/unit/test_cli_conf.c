/* Settings of the command line, and the files that answer questions: details and plans. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "conf.h"
#include "details.h"
#include "plan.h"
#include "support/folder.h"
#include "wire.h"

static char *folder;

static void setup(void)
{
    folder = folder_new();
    (void)unsetenv("SENDLINE_CONFIG");
    (void)unsetenv("SENDLINE_SERVER");
    (void)setenv("HOME", folder, 1);
    (void)unsetenv("XDG_CONFIG_HOME");
    (void)unsetenv("XDG_STATE_HOME");
}

static void teardown(void)
{
    folder_remove(folder);
}

/** A file of the folder; owned path. */
static char *written(const char *name, const char *text)
{
    char *path = folder_file(folder, name);

    folder_write(path, text, strlen(text), 0600);
    return path;
}

/* ---- Settings ---- */

START_TEST(settings_from_a_file)
{
    SL_AUTO(str)
    char *path = written("config", "# mine\n\n  server =  https://a.example:8444 \n"
                                   "key_file=keys/key\nca_file = /etc/ca.crt\r\n"
                                   "editor = vi -e = x");
    SL_AUTO(str) char *key = sl_strf("%s/keys/key", folder);
    struct conf conf;
    struct fault fault = {0};

    ck_assert_int_eq(conf_load(&conf, path, &fault), CLI_OK);
    ck_assert_str_eq(conf.server, "https://a.example:8444");
    ck_assert_str_eq(conf.key_file, key);
    ck_assert_str_eq(conf.ca_file, "/etc/ca.crt");
    ck_assert_str_eq(conf.editor, "vi -e = x");
    ck_assert_ptr_null(conf.pager);
    conf_free(&conf);
}
END_TEST

START_TEST(environment_goes_before_the_file)
{
    SL_AUTO(str)
    char *path = written("config", "server = https://a.example\nserver = https://b.example\n");
    struct conf conf;
    struct fault fault = {0};

    ck_assert_int_eq(conf_load(&conf, path, &fault), CLI_OK);
    ck_assert_str_eq(conf.server, "https://b.example");
    conf_free(&conf);
    (void)setenv("SENDLINE_SERVER", "https://c.example", 1);
    (void)setenv("SENDLINE_CONFIG", path, 1);
    ck_assert_int_eq(conf_load(&conf, NULL, &fault), CLI_OK);
    ck_assert_str_eq(conf.server, "https://c.example");
    conf_free(&conf);
}
END_TEST

START_TEST(nothing_set_has_places_of_its_own)
{
    SL_AUTO(str) char *key = sl_strf("%s/.config/sendline/key", folder);
    SL_AUTO(str) char *state = sl_strf("%s/.local/state/sendline", folder);
    struct conf conf;
    struct fault fault = {0};

    ck_assert_int_eq(conf_load(&conf, NULL, &fault), CLI_OK);
    ck_assert_str_eq(conf.key_file, key);
    ck_assert_str_eq(conf.state_dir, state);
    conf_free(&conf);
}
END_TEST

START_TEST(wrong_settings_are_named_with_their_line)
{
    SL_AUTO(str) char *typo = written("typo", "# one\nserfer = x\n");
    SL_AUTO(str) char *bare = written("bare", "server\n");
    SL_AUTO(str) char *gone = folder_file(folder, "gone");
    struct conf conf;
    struct fault fault = {0};

    ck_assert_int_eq(conf_load(&conf, typo, &fault), CLI_USAGE);
    ck_assert_ptr_nonnull(
        strstr(fault.what, "line 2: there is no setting 'serfer'. Did you mean 'server'?"));
    conf_free(&conf);
    ck_assert_int_eq(conf_load(&conf, bare, &fault), CLI_USAGE);
    ck_assert_ptr_nonnull(strstr(fault.what, "line 1: write key = value"));
    conf_free(&conf);
    ck_assert_int_eq(conf_load(&conf, gone, &fault), CLI_MISSING);
    conf_free(&conf);
}
END_TEST

START_TEST(addresses_of_a_service)
{
    static const char *const wrong[] = {
        "",
        "sendline.example",
        "http://sendline.example",
        "https://",
        "https://:8444",
        "https://a.example:0",
        "https://a.example:65536",
        "https://a.example:",
        "https://a.example: 8444",
        "https://a.example:-1",
        "https://a.example:8444/staff",
        "https://a.example/#i=x",
        "https://a b.example",
        "https://user@a.example",
        "https://a.example\nroots = x",
        "https://a\033[2J.example",
        "https://[::1",
        "https://[a.example]",
    };
    struct wire_address address;
    struct fault fault = {0};

    ck_assert_int_eq(wire_address("https://Sendline.Example", &address, &fault), CLI_OK);
    ck_assert_str_eq(address.host, "sendline.example");
    ck_assert_int_eq(address.port, 443);
    ck_assert(!address.numeric);
    ck_assert_int_eq(wire_address("https://127.0.0.1:8444/", &address, &fault), CLI_OK);
    ck_assert_int_eq(address.port, 8444);
    ck_assert(address.numeric);
    ck_assert_int_eq(wire_address("https://[::1]:8444", &address, &fault), CLI_OK);
    ck_assert_str_eq(address.host, "::1");
    ck_assert(address.numeric);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert_msg(wire_address(wrong[i], &address, &fault) == CLI_USAGE, "'%s' was taken",
                      wrong[i]);
    }
}
END_TEST

/* ---- Details ---- */

enum {
    CASE,
    CHILD,
    DETAILS
};

static int details_from(const char *path, struct detail d[DETAILS], struct fault *fault)
{
    struct cli cli = {0};
    int rc;

    d[CASE] = (struct detail){"case", "Case", NULL, 10, NULL};
    d[CHILD] = (struct detail){"child", "Child", "R.C.", 10, NULL};
    cli.opts.value[OPT_FROM] = path;
    rc = details_take(&cli, d, DETAILS);
    *fault = cli.fault;
    return rc;
}

START_TEST(details_from_a_file)
{
    static const struct {
        const char *text;
        int exit;
        const char *what;
    } wrong[] = {
        {"{\"child\": \"R.C.\"}", CLI_NOT_READY, "has no \"case\""},
        {"{\"case\": \"\"}", CLI_NOT_READY, "'case' must be given"},
        {"{\"case\": 7}", CLI_NOT_READY, "has no \"case\""},
        {"{\"case\": \"01234567890\"}", CLI_NOT_READY, "at most 10"},
        {"{\"case\": \"a\\u001b[2J\"}", CLI_NOT_READY, "control characters"},
        {"{\"case\": \"a\\nb\"}", CLI_NOT_READY, "control characters"},
        {"[\"case\"]", CLI_NOT_READY, "is not a JSON object"},
        {"{\"case\": \"a\", \"case\": \"b\"}", CLI_NOT_READY, "is not a JSON object"},
    };
    SL_AUTO(str) char *right = written("right", "{\"case\": \"EHC-2041\", \"other\": 1}");
    struct detail d[DETAILS];
    struct fault fault = {0};

    ck_assert_int_eq(details_from(right, d, &fault), CLI_OK);
    ck_assert_str_eq(d[CASE].value, "EHC-2041");
    ck_assert_str_eq(d[CHILD].value, "R.C.");
    details_free(d, DETAILS);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        SL_AUTO(str) char *path = written("wrong", wrong[i].text);

        ck_assert_int_eq(details_from(path, d, &fault), wrong[i].exit);
        ck_assert_msg(strstr(fault.what, wrong[i].what) != NULL, "%s: %s", wrong[i].text,
                      fault.what);
        details_free(d, DETAILS);
    }
    ck_assert_int_eq(details_from("/nowhere/file", d, &fault), CLI_MISSING);
}
END_TEST

START_TEST(addresses)
{
    static const char *const wrong[] = {"",
                                        "sam",
                                        "@mail.example",
                                        "sam@mail",
                                        "sam@mail.",
                                        "s am@mail.example",
                                        "sam@@mail.example",
                                        "Sam <sam@mail.example>"};

    ck_assert(details_is_address("sam.carter@mail.example"));
    ck_assert(details_is_address("s+x@a.b.example"));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert_msg(!details_is_address(wrong[i]), "'%s' was taken", wrong[i]);
    }
}
END_TEST

/* ---- Plans ---- */

static void passphrase(const char *name, const char *text)
{
    SL_AUTO(str) char *path = written(name, text);

    ck_assert_int_eq(access(path, R_OK), 0);
}

#define PERSON(name) "{\"name\": \"" name "\", \"passphrase_file\": \"long\"}"
#define MANAGER "\"manager\": " PERSON("Alex Morgan")
#define TEAM "\"team\": {\"name\": \"SEND team\"}"
#define STAFF "\"staff\": [" PERSON("Jordan Ellis") "]"
#define RECORDS "\"records\": [" PERSON("Robin Field") ", " PERSON("Toni Hale") "]"
#define PLAN(a, b, c, d) "{" a ", " b ", " c ", " d "}"

static int plan_from(const char *text, struct plan *plan, struct fault *fault)
{
    SL_AUTO(str) char *path = written("plan", text);

    passphrase("long", "twelve and more\nnot this line\n");
    passphrase("short", "eleven char\n");
    memset(plan, 0, sizeof(*plan));
    return plan_read(plan, path, fault);
}

START_TEST(a_plan)
{
    SL_AUTO(plan) struct plan plan = {0};
    struct fault fault = {0};

    ck_assert_int_eq(plan_from(PLAN(MANAGER, TEAM, STAFF, RECORDS), &plan, &fault), CLI_OK);
    ck_assert_uint_eq(plan.root_count, 1);
    ck_assert_str_eq(plan.roots[0].name, "Alex Morgan");
    ck_assert_uint_eq(plan.roots[0].passphrase.len, 15);
    ck_assert_str_eq((const char *)plan.roots[0].passphrase.data, "twelve and more");
    ck_assert_str_eq(plan.teams[0], "SEND team");
    ck_assert_str_eq(plan.staff[0].role, "caseworker");
    ck_assert_int_eq(plan.staff[0].team, 0);
    ck_assert_str_eq(plan.officers[1].name, "Toni Hale");
}
END_TEST

START_TEST(several_teams_and_roles)
{
    SL_AUTO(plan) struct plan plan = {0};
    struct fault fault = {0};
    int rc = plan_from(
        "{" MANAGER ", \"deputy\": " PERSON(
            "Blake Lowe") ", " RECORDS ", \"teams\": [{\"name\": \"North\"}, {\"name\": "
                          "\"South\"}], \"staff\": ["
                          "{\"name\": \"A\", \"passphrase_file\": \"long\", \"team\": \"South\"},"
                          "{\"name\": \"B\", \"passphrase_file\": \"long\", \"role\": \"manager\"},"
                          "{\"name\": \"C\", \"passphrase_file\": \"long\", \"role\": \"records\","
                          " \"team\": \"North\"}]}",
        &plan, &fault);

    ck_assert_msg(rc == CLI_OK, "%s", fault.what);
    ck_assert_uint_eq(plan.root_count, 2);
    ck_assert_int_eq(plan.staff[0].team, 1);
    ck_assert_int_eq(plan.staff[1].team, -1);
    ck_assert_str_eq(plan.staff[1].role, "manager");
    ck_assert_int_eq(plan.staff[2].team, 0);
}
END_TEST

START_TEST(plans_that_are_none)
{
    static const struct {
        const char *text;
        int exit;
        const char *what;
    } wrong[] = {
        {"[]", CLI_NOT_READY, "is not a JSON object"},
        {PLAN(TEAM, STAFF, RECORDS, "\"x\": 1"), CLI_NOT_READY, "manager has no \"name\""},
        {PLAN(MANAGER, STAFF, RECORDS, "\"x\": 1"), CLI_NOT_READY, "give a \"team\""},
        {"{" MANAGER ", " TEAM ", \"teams\": [{\"name\": \"B\"}], " STAFF ", " RECORDS "}",
         CLI_NOT_READY, "give a \"team\""},
        {PLAN(MANAGER, TEAM, "\"staff\": []", RECORDS), CLI_NOT_READY, "\"staff\" is a list"},
        {PLAN(MANAGER, TEAM, STAFF, "\"records\": [" PERSON("One") "]"), CLI_NOT_READY,
         "\"records\" is a list of two"},
        {PLAN(MANAGER, TEAM, "\"staff\": [{\"name\": \"A\"}]", RECORDS), CLI_NOT_READY,
         "staff[0] has no \"passphrase_file\""},
        {PLAN(MANAGER, TEAM,
              "\"staff\": [{\"name\": \"A\", \"passphrase_file\": \"long\", \"role\": \"chief\"}]",
              RECORDS),
         CLI_NOT_READY, "the role in staff[0]"},
        {PLAN(MANAGER, TEAM,
              "\"staff\": [{\"name\": \"A\", \"passphrase_file\": \"long\", \"team\": \"West\"}]",
              RECORDS),
         CLI_NOT_READY, "staff[0] needs the name of a team"},
        {PLAN(MANAGER, TEAM, "\"staff\": [" PERSON("A") ", " PERSON("a") "]", RECORDS),
         CLI_NOT_READY, "a is there twice"},
        {PLAN(MANAGER, TEAM, "\"staff\": [" PERSON("A\\u001b[31m") "]", RECORDS), CLI_NOT_READY,
         "is not a name"},
        {PLAN("\"manager\": {\"name\": \"A\", \"passphrase_file\": \"short\"}", TEAM, STAFF,
              RECORDS),
         CLI_NOT_READY, "shorter than 12"},
        {PLAN("\"manager\": {\"name\": \"A\", \"passphrase_file\": \"gone\"}", TEAM, STAFF,
              RECORDS),
         CLI_MISSING, "cannot open"},
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        SL_AUTO(plan) struct plan plan = {0};
        struct fault fault = {0};

        ck_assert_msg(plan_from(wrong[i].text, &plan, &fault) == wrong[i].exit, "%s: %s",
                      wrong[i].text, fault.what);
        ck_assert_msg(strstr(fault.what, wrong[i].what) != NULL, "%s: %s", wrong[i].text,
                      fault.what);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli_conf");
    TCase *tests = tcase_create("conf");
    SRunner *runner = srunner_create(suite);

    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, settings_from_a_file);
    tcase_add_test(tests, environment_goes_before_the_file);
    tcase_add_test(tests, nothing_set_has_places_of_its_own);
    tcase_add_test(tests, wrong_settings_are_named_with_their_line);
    tcase_add_test(tests, addresses_of_a_service);
    tcase_add_test(tests, details_from_a_file);
    tcase_add_test(tests, addresses);
    tcase_add_test(tests, a_plan);
    tcase_add_test(tests, several_teams_and_roles);
    tcase_add_test(tests, plans_that_are_none);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
