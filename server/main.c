/*
 * sendlined: options, subcommands, signals.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "common/auto.h"
#include "common/buf.h"
#include "common/log.h"
#include "common/text.h"
#include "net/net.h"
#include "outbox/outbox.h"
#include "server.h"

enum {
    EXIT_USAGE = 2,
    STOP_GRACE_SECONDS = 5 /* over stop_seconds, then the process ends by itself */
};

struct command {
    const char *name;
    const char *operand; /* NULL: takes none */
    const char *help;
    enum sl_code (*run)(const struct config *config, const char *operand, struct sl_err *err);
};

struct request {
    const struct command *command;
    const char *operand;
    const char *config_file;
    bool check_config;
    int argc;    /* what is left for the settings, with a first place for the name */
    char **argv; /* owned array, borrowed strings */
};

/* ---- Commands ---- */

static enum sl_code run_init(const struct config *config, const char *operand, struct sl_err *err)
{
    (void)operand;
    return server_init(config, stdout, err);
}

static enum sl_code run_check(const struct config *config, const char *operand, struct sl_err *err)
{
    (void)operand;
    return server_check(config, stdout, err);
}

static enum sl_code run_backup(const struct config *config, const char *operand, struct sl_err *err)
{
    return server_backup(config, operand, stdout, err);
}

/* Says so and ends: what hangs now is not ours to wait for any longer. */
static void on_alarm(int signo)
{
    static const char line[] = "sendlined: the stop took too long\n";
    (void)signo;
    (void)!write(STDERR_FILENO, line, sizeof line - 1);
    _exit(EXIT_FAILURE);
}

static void expect_stop(const struct config *config, const sigset_t *set)
{
    struct sigaction late = {.sa_handler = on_alarm};

    /* From here on a second signal ends the process at once. */
    (void)sigaction(SIGALRM, &late, NULL);
    (void)alarm((unsigned)config->stop_seconds + STOP_GRACE_SECONDS);
    (void)pthread_sigmask(SIG_UNBLOCK, set, NULL);
}

static enum sl_code run_server(const struct config *config, const char *operand, struct sl_err *err)
{
    struct server *server = NULL;
    sigset_t set;
    int signo = 0;

    (void)operand;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    enum sl_code rc = server_start(config, &server, err);
    if (rc != SL_OK) {
        return rc;
    }
    for (;;) {
        if (sigwait(&set, &signo) != 0) {
            continue;
        }
        if (signo != SIGHUP) {
            break;
        }
        struct sl_err reload;
        if (server_reload(server, &reload) == SL_OK) {
            sl_log(SL_LOG_INFO, "certificate reloaded", "pid=%ld", (long)getpid());
        } else {
            sl_log_err(SL_LOG_ERROR, "certificate not reloaded", &reload);
        }
    }
    sl_log(SL_LOG_INFO, "stopping", "signal=%d", signo);
    expect_stop(config, &set);
    server_stop(server);
    sl_log(SL_LOG_INFO, "stopped", "pid=%ld", (long)getpid());
    return SL_OK;
}

static const struct command commands[] = {
    {"backup", "FILE", "copy the database into a new file, also while the server runs", run_backup},
    {"check", NULL, "is the database whole, and every thread's chain?", run_check},
    {"init", NULL, "make data folder, outside key, database and set-up token", run_init},
};
static const struct command serve = {"", NULL, "", run_server};
static const char *const command_names[] = {"backup", "check", "help", "init", NULL};

/* ---- Options ---- */

static void help(FILE *out)
{
    (void)fputs("usage: sendlined [options]          run the server\n"
                "       sendlined COMMAND [options]\n\n"
                "examples:\n"
                "  sendlined init --config /etc/sendline/sendlined.conf\n"
                "  sendlined --config /etc/sendline/sendlined.conf\n"
                "  sendlined backup /backup/sendline-monday.db --data-dir /var/lib/sendline\n"
                "  sendlined check --data-dir /var/lib/sendline\n\n"
                "commands:\n",
                out);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        const struct command *c = &commands[i];
        (void)fprintf(out, "  %-6s %-6s %s\n", c->name, c->operand == NULL ? "" : c->operand,
                      c->help);
    }
    (void)fputs("\noptions:\n"
                "  --config FILE   read settings from this file, as lines of: key = value\n"
                "  --check-config  say whether the settings are good, print them, and end\n"
                "  --version       print the version, and end\n"
                "  -h, --help      this text\n\n"
                "signals: TERM or INT stops in order, a second one at once; HUP reads certificates "
                "and revocations again.\n\n"
                "settings, from the file, then the environment (SENDLINE_KEY), then flags (--key "
                "value):\n",
                out);
    config_help(out);
}

static int usage_error(const char *what, const char *arg)
{
    (void)fprintf(stderr, "sendlined: %s%s\nTry: sendlined --help\n", what, arg);
    return EXIT_USAGE;
}

static int take_command(struct request *request, const char *word)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, word) == 0) {
            request->command = &commands[i];
            return 0;
        }
    }
    const char *nearest = sl_nearest(word, command_names);
    (void)fprintf(stderr, "sendlined: there is no command '%s'%s%s%s\nTry: sendlined --help\n",
                  word, nearest == NULL ? "" : "; did you mean ", nearest == NULL ? "" : nearest,
                  nearest == NULL ? "" : "?");
    return EXIT_USAGE;
}

/* A word that is no option: the command, or what it is done to. */
static int take_word(struct request *request, const char *word)
{
    if (request->command == &serve) {
        return take_command(request, word);
    }
    if (request->command->operand == NULL || request->operand != NULL) {
        return usage_error("this is one word too many: ", word);
    }
    request->operand = word;
    return 0;
}

/* 0: go on; otherwise the exit code, or -1 to end well. */
static int parse(int argc, char **argv, struct request *request)
{
    static const char config_flag[] = "--config=";
    int failed = 0;

    for (int i = 1; i < argc && failed == 0; i++) {
        const char *arg = argv[i];
        if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0 ||
            (strcmp(arg, "help") == 0 && request->command == &serve)) {
            help(stdout);
            return -1;
        }
        if (strcmp(arg, "--version") == 0) {
            (void)puts("sendlined " SENDLINE_VERSION);
            return -1;
        }
        if (strcmp(arg, "--check-config") == 0) {
            request->check_config = true;
        } else if (strncmp(arg, config_flag, sizeof config_flag - 1) == 0) {
            request->config_file = arg + sizeof config_flag - 1;
        } else if (strcmp(arg, "--config") == 0) {
            if (++i == argc) {
                return usage_error("--config needs a file", "");
            }
            request->config_file = argv[i];
        } else if (arg[0] != '-') {
            failed = take_word(request, arg);
        } else {
            request->argv[request->argc++] = argv[i];
            /* Every setting has a value, which may look like anything. */
            if (strchr(arg, '=') == NULL && i + 1 < argc) {
                request->argv[request->argc++] = argv[++i];
            }
        }
    }
    if (failed == 0 && request->command->operand != NULL && request->operand == NULL) {
        return usage_error("this command needs a ", request->command->operand);
    }
    return failed;
}

/* ---- The process ---- */

static void harden(void)
{
    struct rlimit none = {0, 0};

    (void)umask(077);
    (void)signal(SIGPIPE, SIG_IGN);
#ifndef SENDLINE_SANITIZED
    /* Keys in memory belong in no core file, and in no debugger of the same user. */
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#else
    (void)none;
#endif
}

static enum sl_code load_config(const struct request *request, struct config **out,
                                struct sl_err *err)
{
    enum sl_log_level level = SL_LOG_INFO;
    enum sl_code rc =
        config_load(request->config_file, environ, request->argc, request->argv, out, err);

    if (rc == SL_OK && sl_log_level_of((*out)->log_level, &level)) {
        sl_log_set_level(level);
    }
    return rc;
}

static int complain(enum sl_code rc, const struct sl_err *err)
{
    (void)fprintf(stderr, "sendlined: %s\n",
                  err->detail[0] != '\0' ? err->detail : sl_code_sentence(rc));
    return rc == SL_BAD_REQUEST ? EXIT_USAGE : EXIT_FAILURE;
}

static int run(const struct request *request)
{
    struct config *config = NULL;
    struct sl_err err = {.code = SL_OK};
    enum sl_code rc = load_config(request, &config, &err);

    if (rc == SL_OK && request->check_config) {
        rc = net_check(config, &err);
        rc = rc == SL_OK ? outbox_check(config, &err) : rc;
        if (rc == SL_OK) {
            config_print(config, stdout);
        }
    } else if (rc == SL_OK) {
        rc = request->command->run(config, request->operand, &err);
    }
    int code = rc == SL_OK ? EXIT_SUCCESS : complain(rc, &err);
    config_free(config);
    return code;
}

int main(int argc, char **argv)
{
    struct request request = {.command = &serve, .argc = 1};

    harden();
    if (sodium_init() < 0) {
        (void)fputs("sendlined: libsodium cannot start\n", stderr);
        return EXIT_FAILURE;
    }
    request.argv = sl_alloc(((size_t)argc + 2) * sizeof *request.argv);
    request.argv[0] = argc > 0 ? argv[0] : NULL;
    int code = parse(argc, argv, &request);
    if (code == 0) {
        code = run(&request);
    }
    free(request.argv);
    return code < 0 ? EXIT_SUCCESS : code;
}
