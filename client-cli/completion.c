/* Bash completion, made from the tables of commands and options; and the cases that it offers. */
#include <sodium.h>
#include <string.h>

#include "command.h"
#include "desk.h"
#include "keyring.h"

static bool takes_value(enum opt_id id)
{
    return opt_row(id)->value != NULL;
}

static bool takes_path(enum opt_id id)
{
    const char *value = opt_row(id)->value;

    return value != NULL && (strcmp(value, "FILE") == 0 || strcmp(value, "DIR") == 0);
}

/** "--config | --file": the long names of which this is true. */
static void print_pattern(FILE *to, bool (*is)(enum opt_id id))
{
    const char *between = "";

    for (int i = 0; i < OPT_COUNT; i++) {
        if (is((enum opt_id)i)) {
            (void)fprintf(to, "%s--%s", between, opt_row((enum opt_id)i)->name);
            between = " | ";
        }
    }
}

/** The first words of all commands, each once. */
static void print_first_words(FILE *to)
{
    for (size_t i = 0; i < command_count; i++) {
        const char *name = commands[i].name;
        size_t len = strcspn(name, " ");
        bool before = false;

        for (size_t k = 0; k < i; k++) {
            before = before || (strncmp(commands[k].name, name, len) == 0 &&
                                (commands[k].name[len] == ' ' || commands[k].name[len] == '\0'));
        }
        if (!before) {
            (void)fprintf(to, "%.*s ", (int)len, name);
        }
    }
}

/** What may follow words: the verbs of a noun, then the options of the command that they name. */
static void print_branch(FILE *to, const char *words)
{
    size_t len = strlen(words);
    const struct command *command = NULL;

    (void)fprintf(to, "    '%s '*) list='", words);
    for (size_t i = 0; i < command_count; i++) {
        if (strncmp(commands[i].name, words, len) == 0 && commands[i].name[len] == ' ') {
            (void)fprintf(to, "%s ", commands[i].name + len + 1);
        }
        if (strcmp(commands[i].name, words) == 0) {
            command = &commands[i];
        }
    }
    if (command != NULL && strcmp(command->name, "completion") == 0) {
        (void)fputs("bash ", to);
    }
    for (const struct opt_use *use = command != NULL ? command->options : NULL;
         use != NULL && use->id != OPT_COUNT; use++) {
        (void)fprintf(to, "--%s ", opt_row(use->id)->name);
    }
    (void)fprintf(to, "'%s ;;\n",
                  command != NULL && strstr(command->args, "CASE") != NULL ? " cases=yes" : "");
}

void command_completion(struct out *out)
{
    FILE *to = out->to;

    (void)fputs("# Bash completion for sendline. Made by: sendline completion bash\n"
                "_sendline() {\n"
                "    local cur=${COMP_WORDS[COMP_CWORD]} words='' list='' cases='' word i\n"
                "    COMPREPLY=()\n"
                "    case ${COMP_WORDS[COMP_CWORD - 1]} in\n"
                "    ",
                to);
    print_pattern(to, takes_path);
    (void)fputs(")\n"
                "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
                "        return\n"
                "        ;;\n"
                "    esac\n"
                "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                "        case ${COMP_WORDS[i]} in\n"
                "        ",
                to);
    print_pattern(to, takes_value);
    (void)fputs(") ((i++)) ;;\n"
                "        -*) ;;\n"
                "        *) words+=\"${COMP_WORDS[i]} \" ;;\n"
                "        esac\n"
                "    done\n"
                "    case $words in\n"
                "    '') list='",
                to);
    print_first_words(to);
    (void)fputs("' ;;\n", to);
    /* Two words first: they begin with one. */
    for (int two = 1; two >= 0; two--) {
        for (size_t i = 0; i < command_count; i++) {
            if ((strchr(commands[i].name, ' ') != NULL) == (two == 1)) {
                print_branch(to, commands[i].name);
            }
        }
    }
    print_branch(to, "service");
    (void)fputs("    esac\n"
                "    [[ -z $cases ]] || list+=$(sendline completion cases 2> /dev/null)\n"
                "    list+=' ",
                to);
    for (int i = 0; i < OPT_COMMON_COUNT; i++) {
        (void)fprintf(to, "--%s ", opt_row((enum opt_id)i)->name);
    }
    (void)fputs("'\n"
                "    for word in $list; do\n"
                "        [[ $word != \"$cur\"* ]] || COMPREPLY+=(\"$word\")\n"
                "    done\n"
                "}\n"
                "complete -F _sendline sendline\n",
                to);
}

/** What a shell may be given as a word: it would expand some others, and run them. */
static bool is_plain_word(const char *text)
{
    size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./");

    return len > 0 && text[len] == '\0' && text[0] != '-';
}

/**
 * A key press must never ask a question or wait for the network: what is remembered, as long as the
 * key is unlocked, and nothing otherwise.
 */
static void print_cases(struct cli *cli)
{
    SL_AUTO(desk) struct desk desk = {0};
    uint8_t who[SL_ID_BYTES];
    uint8_t seed[E2_SEED_BYTES];
    bool unlocked = session_key_owner(cli, who) == CLI_OK && keyring_get(who, seed);

    sodium_memzero(seed, sizeof(seed));
    if (unlocked && session_need(cli) == CLI_OK && desk_load_kept(cli, &desk) == CLI_OK) {
        for (size_t i = 0; i < desk.count; i++) {
            if (is_plain_word(desk.threads[i].ref)) {
                (void)fprintf(cli->out.to, "%s\n", desk.threads[i].ref);
            }
        }
    }
    fault_clear(&cli->fault);
}

int cmd_completion(struct cli *cli)
{
    const char *what = cli->opts.args[0];

    if (strcmp(what, "bash") == 0) {
        command_completion(&cli->out);
        return CLI_OK;
    }
    if (strcmp(what, "cases") == 0) {
        print_cases(cli);
        return CLI_OK;
    }
    fault_set(&cli->fault, CLI_USAGE, "there is completion for bash only.");
    return fault_next(&cli->fault, "Use it: source <(sendline completion bash)");
}
