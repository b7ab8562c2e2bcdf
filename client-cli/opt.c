#include "opt.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

static const struct opt_row rows[OPT_COUNT] = {
#define OPT(symbol, letter, name, value, help) [symbol] = {letter, name, value, help},
#include "opt.def"
};

/** Options that people will try and that we do not have on purpose: words in arguments stay in
 * shell history. */
static const struct {
    const char *name;
    const char *what;
    const char *next;
} refused[] = {
    {"message", "there is no --message option: words here would stay in your shell history.",
     "Use your editor (no option) or: sendline reply CASE --file message.txt"},
    {"email", "there is no --email option: personal details here would stay in your shell history.",
     "Answer the questions (no option) or: sendline invite CASE --from details.json"},
    {"name", "there is no --name option: personal details here would stay in your shell history.",
     "Answer the questions (no option) or use: --from details.json"},
    {"password",
     "there is no --password option: it would stay in your shell history and show in process "
     "lists.",
     "Type it when you are asked, or use: --password-file FILE"},
};

const struct opt_row *opt_row(enum opt_id id)
{
    return &rows[id];
}

/** The common options and the command's, as ids. */
static size_t known_ids(const struct opt_use *uses, enum opt_id ids[OPT_COUNT])
{
    size_t n = 0;

    for (; n < OPT_COMMON_COUNT; n++) {
        ids[n] = (enum opt_id)n;
    }
    for (; uses != NULL && uses->id != OPT_COUNT; uses++) {
        ids[n++] = uses->id;
    }
    return n;
}

static int refuse_name(const char *name, size_t len, const enum opt_id *ids, size_t count,
                       struct fault *fault)
{
    const char *words[OPT_COUNT + 1] = {NULL};
    char typed[64];
    const char *near;

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (strlen(refused[i].name) == len && strncmp(refused[i].name, name, len) == 0) {
            fault_set(fault, CLI_USAGE, "%s", refused[i].what);
            return fault_next(fault, "%s", refused[i].next);
        }
    }
    for (size_t i = 0; i < count; i++) {
        words[i] = rows[ids[i]].name;
    }
    len = len < sizeof(typed) ? len : sizeof(typed) - 1;
    memcpy(typed, name, len);
    typed[len] = '\0';
    near = sl_nearest(typed, words);
    if (near != NULL) {
        fault_set(fault, CLI_USAGE, "there is no option --%s here. Did you mean --%s?", typed,
                  near);
    } else {
        fault_set(fault, CLI_USAGE, "there is no option --%s here.", typed);
    }
    return fault_next(fault, "See the options with --help.");
}

/** getopt_long takes abbreviations and we do not: every long name typed must be one of ours, in
 * full. */
static int check_names(int argc, char **argv, int from, const enum opt_id *ids, size_t count,
                       bool stop_at_word, struct fault *fault)
{
    for (int i = from; i < argc; i++) {
        const char *name = argv[i] + 2;
        const struct opt_row *row = NULL;
        size_t len;

        if (strcmp(argv[i], "--") == 0) {
            return CLI_OK;
        }
        if (strncmp(argv[i], "--", 2) != 0) {
            if (stop_at_word && argv[i][0] != '-') {
                return CLI_OK;
            }
            /* -f FILE: the value is not an option's name. */
            for (size_t k = 0; k < count && argv[i][0] == '-' && argv[i][1] != '\0'; k++) {
                if (rows[ids[k]].letter == argv[i][1] && rows[ids[k]].value != NULL &&
                    argv[i][2] == '\0') {
                    i++;
                    break;
                }
            }
            continue;
        }
        len = strcspn(name, "=");
        for (size_t k = 0; k < count; k++) {
            if (strlen(rows[ids[k]].name) == len && strncmp(rows[ids[k]].name, name, len) == 0) {
                row = &rows[ids[k]];
            }
        }
        if (row == NULL) {
            return refuse_name(name, len, ids, count, fault);
        }
        if (row->value != NULL && name[len] == '\0') {
            i++;
        }
    }
    return CLI_OK;
}

static int refuse(int got, int argc, char **argv, const enum opt_id *ids, size_t count,
                  struct fault *fault)
{
    const char *typed = optind > 0 && optind <= argc ? argv[optind - 1] : "";

    if (got == ':') {
        for (size_t k = 0; k < count; k++) {
            if (optopt == 1000 + (int)ids[k] || (optopt != 0 && optopt == rows[ids[k]].letter)) {
                fault_set(fault, CLI_USAGE, "--%s needs a value: --%s %s", rows[ids[k]].name,
                          rows[ids[k]].name, rows[ids[k]].value);
                return fault_next(fault, "See the options with --help.");
            }
        }
    }
    if (optopt >= 1000) {
        fault_set(fault, CLI_USAGE, "--%s takes no value.", rows[optopt - 1000].name);
    } else if (optopt > ' ' && optopt < 127) {
        fault_set(fault, CLI_USAGE, "there is no option -%c here.", optopt);
    } else {
        fault_set(fault, CLI_USAGE, "'%.60s' is not an option here.", typed);
    }
    return fault_next(fault, "See the options with --help.");
}

static int take_words(struct opts *opts, int argc, char **argv, struct fault *fault)
{
    for (int i = optind; i < argc; i++) {
        if (opts->arg_count == OPT_MAX_ARGS) {
            return fault_set(fault, CLI_USAGE, "there are too many words on the command line.");
        }
        opts->args[opts->arg_count++] = argv[i];
    }
    return CLI_OK;
}

int opt_parse(struct opts *opts, int argc, char **argv, int *at, const struct opt_use *uses,
              bool stop_at_word, struct fault *fault)
{
    enum opt_id ids[OPT_COUNT];
    size_t count = known_ids(uses, ids);
    struct option longs[OPT_COUNT + 1] = {{0}};
    char shorts[3 * OPT_COUNT + 4];
    size_t s = 0;
    int got;
    int rc = check_names(argc, argv, *at, ids, count, stop_at_word, fault);

    if (rc != CLI_OK) {
        return rc;
    }
    if (stop_at_word) {
        shorts[s++] = '+';
    }
    shorts[s++] = ':';
    for (size_t i = 0; i < count; i++) {
        const struct opt_row *row = &rows[ids[i]];

        longs[i] = (struct option){row->name, row->value != NULL ? required_argument : no_argument,
                                   NULL, 1000 + (int)ids[i]};
        if (row->letter != 0) {
            shorts[s++] = row->letter;
            if (row->value != NULL) {
                shorts[s++] = ':';
            }
        }
    }
    shorts[s] = '\0';
    /* 0 makes glibc start afresh; it then begins at argv[1], so the words before *at are hidden
     * from it. */
    argc -= *at - 1;
    argv += *at - 1;
    opterr = 0;
    optind = 0;
    while ((got = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        enum opt_id id = OPT_COUNT;

        if (got == '?' || got == ':') {
            return refuse(got, argc, argv, ids, count, fault);
        }
        for (size_t i = 0; i < count; i++) {
            if (got == 1000 + (int)ids[i] || got == rows[ids[i]].letter) {
                id = ids[i];
            }
        }
        if (id != OPT_COUNT) {
            opts->value[id] = rows[id].value != NULL ? optarg : "";
        }
    }
    if (stop_at_word) {
        *at += optind - 1;
        return CLI_OK;
    }
    return take_words(opts, argc, argv, fault);
}

bool opt_duration(const char *text, long *seconds)
{
    char *end = NULL;
    long n;
    long unit;

    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    n = strtol(text, &end, 10);
    if (n < 1 || n > 100000 || end[0] == '\0' || end[1] != '\0') {
        return false;
    }
    switch (*end) {
    case 's':
        unit = 1;
        break;
    case 'm':
        unit = 60;
        break;
    case 'h':
        unit = 3600;
        break;
    case 'd':
        unit = 86400;
        break;
    default:
        return false;
    }
    *seconds = n * unit;
    return true;
}
