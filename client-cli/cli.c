#include "cli.h"

#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "e2ee/prim.h"
#include "file.h"
#include "session.h"
#include "when.h"

SL_PRINTF(3, 0)
static void say(FILE *to, const char *before, const char *fmt, va_list args)
{
    char text[2048];
    size_t used = (size_t)snprintf(text, sizeof(text), "%s", before);

    (void)vsnprintf(text + used, sizeof(text) - used, fmt, args);
    out_text(to, out_columns(to == stderr ? STDERR_FILENO : STDOUT_FILENO), text);
}

void cli_note(const struct cli *cli, const char *fmt, ...)
{
    va_list args;

    if (cli->out.quiet) {
        return;
    }
    va_start(args, fmt);
    say(stderr, "", fmt, args);
    va_end(args);
}

void cli_warn(const struct cli *cli, const char *fmt, ...)
{
    va_list args;

    (void)cli;
    va_start(args, fmt);
    say(stderr, "sendline: ", fmt, args);
    va_end(args);
}

void cli_did(struct cli *cli, const char *fmt, ...)
{
    va_list args;

    if (cli->out.quiet || cli->out.json || cli->out.plain) {
        return;
    }
    va_start(args, fmt);
    say(cli->out.to, "", fmt, args);
    va_end(args);
}

/** The problem that nobody planned for, in a file without messages or names. Owned path, or NULL.
 */
static char *write_report(const struct cli *cli)
{
    char at[WHEN_TEXT];
    struct when now = when_london(sl_now_s(cli->clock));
    SL_AUTO(str)
    char *name = sl_strf("report-%04d%02d%02d-%02d%02d.txt", now.year, now.month, now.day, now.hour,
                         now.minute);
    SL_AUTO(buf) struct sl_buf text = {0};
    char *path;
    struct fault unused;

    if (cli->conf.state_dir == NULL || file_make_dir(cli->conf.state_dir, &unused) != CLI_OK) {
        return NULL;
    }
    when_iso(sl_now_s(cli->clock), at);
    sl_buf_putf(&text, "sendline %s\ntime %s\ncommand %s\ncode %s\n", SENDLINE_VERSION, at,
                cli->command != NULL ? cli->command->name : "-", sl_code_name(cli->fault.code));
    path = sl_strf("%s/%s", cli->conf.state_dir, name);
    if (file_write(path, text.data, text.len, &unused) != CLI_OK) {
        free(path);
        return NULL;
    }
    return path;
}

static void report(const struct cli *cli)
{
    const struct fault *fault = &cli->fault;
    int columns = out_columns(STDERR_FILENO);
    SL_AUTO(str) char *what = sl_strf("sendline: %s", fault->what);

    (void)fflush(stdout);
    out_text(stderr, columns, what);
    if (fault->next[0] != '\0') {
        out_text(stderr, columns, fault->next);
    } else if (fault->exit == CLI_UNPLANNED) {
        SL_AUTO(str) char *path = write_report(cli);

        if (path != NULL) {
            (void)fprintf(stderr,
                          "A report is in %s\nIt has no messages or names in it. Send it to the "
                          "service desk.\n",
                          path);
        }
    }
}

static int unknown_command(struct cli *cli, const char *word)
{
    const char *near = command_near(word);

    if (near != NULL) {
        fault_set(&cli->fault, CLI_USAGE, "'%.60s' is not a command. Did you mean '%s'?", word,
                  near);
    } else {
        fault_set(&cli->fault, CLI_USAGE, "'%.60s' is not a command.", word);
    }
    return fault_next(&cli->fault, "See 'sendline --help'.");
}

static int check_args(struct cli *cli)
{
    const struct command *command = cli->command;

    if (cli->opts.arg_count < command->min_args) {
        fault_set(&cli->fault, CLI_USAGE, "'%s' needs %s: sendline %s %s", command->name,
                  command->args, command->name, command->args);
        return fault_next(&cli->fault, "See 'sendline %s --help'.", command->name);
    }
    if (cli->opts.arg_count > command->max_args) {
        fault_set(&cli->fault, CLI_USAGE, "'%.60s' is one word too many for 'sendline %s'.",
                  cli->opts.args[command->max_args], command->name);
        return fault_next(&cli->fault, "See 'sendline %s --help'.", command->name);
    }
    return CLI_OK;
}

static void start_output(struct cli *cli)
{
    struct out_flags flags = {
        .plain = cli_has(cli, OPT_PLAIN),
        .json = cli_has(cli, OPT_JSON),
        .quiet = cli_has(cli, OPT_QUIET),
        .no_color = cli_has(cli, OPT_NO_COLOR),
    };

    out_init(&cli->out, flags);
}

/** Words up to the first option, after `at`: what may be a command's name. */
static int leading_words(int argc, char **argv, int at, const char *words[2])
{
    int n = 0;

    while (n < 2 && at + n < argc && argv[at + n][0] != '-') {
        words[n] = argv[at + n];
        n++;
    }
    return n;
}

static int run(struct cli *cli, int argc, char **argv)
{
    const char *words[2] = {NULL, NULL};
    int at = 1;
    int used = 0;
    int count;
    int rc = opt_parse(&cli->opts, argc, argv, &at, NULL, true, &cli->fault);

    start_output(cli);
    if (rc != CLI_OK) {
        return rc;
    }
    if (cli_has(cli, OPT_VERSION)) {
        (void)fprintf(cli->out.to, "sendline %s\n", SENDLINE_VERSION);
        return CLI_OK;
    }
    count = leading_words(argc, argv, at, words);
    if (count == 0) {
        command_help_all(&cli->out);
        return CLI_OK;
    }
    cli->command = command_of(words, count, &used);
    if (cli->command == NULL) {
        if (!command_noun(words[0])) {
            return unknown_command(cli, words[0]);
        }
        if (count == 2) {
            fault_set(&cli->fault, CLI_USAGE, "'%s %.60s' is not a command.", words[0], words[1]);
            return fault_next(&cli->fault, "See 'sendline %s'.", words[0]);
        }
        command_help_noun(&cli->out, words[0]);
        return CLI_OK;
    }
    at += used;
    rc = opt_parse(&cli->opts, argc, argv, &at, cli->command->options, false, &cli->fault);
    start_output(cli);
    if (rc != CLI_OK) {
        return rc;
    }
    if (cli_has(cli, OPT_HELP)) {
        command_help(&cli->out, cli->command);
        return CLI_OK;
    }
    rc = check_args(cli);
    if (rc == CLI_OK) {
        rc = conf_load(&cli->conf, cli->opts.value[OPT_CONFIG], &cli->fault);
    }
    return rc == CLI_OK ? cli->command->run(cli) : rc;
}

static const char *pager_of(const struct cli *cli)
{
    const char *pager = cli->conf.pager != NULL ? cli->conf.pager : getenv("PAGER");

    if (pager != NULL) {
        return strcmp(pager, "cat") == 0 ? "" : pager;
    }
    return "less -FRX";
}

int cli_main(int argc, char **argv)
{
    struct cli cli = {.clock = sl_clock_system(), .rand = sl_rand_system()};
    int rc;

    if (e2_ready(NULL) != SL_OK) {
        (void)fprintf(stderr,
                      "sendline: the cryptographic library does not start on this computer.\n");
        return CLI_UNPLANNED;
    }
    /* Tables count columns by the locale; our words are UTF-8 wherever we run. */
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    (void)umask(077);
    rc = run(&cli, argc, argv);
    session_free(cli.session);
    cli.session = NULL;
    if (!out_finish(&cli.out, pager_of(&cli)) && rc == CLI_OK) {
        rc = fault_set(&cli.fault, CLI_UNPLANNED, "the result could not be written: %s.",
                       strerror(errno));
    }
    if (rc != CLI_OK && cli.fault.exit != CLI_OK) {
        report(&cli);
    }
    conf_free(&cli.conf);
    return rc;
}
