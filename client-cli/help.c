/* Help and completion, both made from the tables of commands and options. */
#include <string.h>

#include "command.h"
#include "common/text.h"
#include "layout.h"

enum {
    NAME_COLUMN = 18,
    OPTION_COLUMN = 21
};

const struct command *command_of(const char *const *words, int count, int *used)
{
    const struct command *best = NULL;

    for (size_t i = 0; i < command_count; i++) {
        const char *name = commands[i].name;
        const char *space = strchr(name, ' ');
        size_t first = space != NULL ? (size_t)(space - name) : strlen(name);

        if (strlen(words[0]) != first || strncmp(words[0], name, first) != 0) {
            continue;
        }
        if (space == NULL && best == NULL) {
            best = &commands[i];
            *used = 1;
        } else if (space != NULL && count > 1 && strcmp(words[1], space + 1) == 0) {
            best = &commands[i];
            *used = 2;
            break;
        }
    }
    return best;
}

bool command_noun(const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i < command_count; i++) {
        if (strncmp(commands[i].name, word, len) == 0 && commands[i].name[len] == ' ') {
            return true;
        }
    }
    return false;
}

const char *command_near(const char *word)
{
    const char *names[64] = {NULL};
    size_t n = 0;

    for (size_t i = 0; i < command_count && n < 63; i++) {
        if (strchr(commands[i].name, ' ') == NULL) {
            names[n++] = commands[i].name;
        }
    }
    names[n] = NULL;
    return sl_nearest(word, names);
}

static void print_option(FILE *to, enum opt_id id, const char *help)
{
    const struct opt_row *row = opt_row(id);
    char name[64];
    char letter[8] = "    ";

    if (row->letter != 0) {
        (void)snprintf(letter, sizeof(letter), "-%c, ", row->letter);
    }
    (void)snprintf(name, sizeof(name), "%s--%s%s%s", letter, row->name,
                   row->value != NULL ? " " : "", row->value != NULL ? row->value : "");
    (void)fprintf(to, "  %-*s  %s\n", OPTION_COLUMN, name, help != NULL ? help : row->help);
}

static void print_common_options(FILE *to)
{
    for (int i = 0; i < OPT_COMMON_COUNT; i++) {
        print_option(to, (enum opt_id)i, NULL);
    }
}

void command_help_all(struct out *out)
{
    FILE *to = out->to;
    const char *group = "";

    (void)fputs("\nSendline: private messages between families and SEND caseworkers.\n\n"
                "Usage: sendline <command> [options]\n",
                to);
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = &commands[i];
        char name[64];

        if (c->group == NULL) {
            continue;
        }
        if (strcmp(group, c->group) != 0) {
            group = c->group;
            (void)fprintf(to, "\n%s\n", group);
        }
        (void)snprintf(name, sizeof(name), "%s%s%s", c->name, c->args[0] != '\0' ? " " : "",
                       c->args);
        (void)fprintf(to, "  %-*s  %s\n", NAME_COLUMN, name, c->summary);
    }
    (void)fputs("\nOptions for every command\n", to);
    print_common_options(to);
    (void)fputs("\nExamples\n"
                "  sendline inbox\n"
                "  sendline read EHC-2041\n"
                "  sendline reply EHC-2041 --file letter.txt\n"
                "\n'sendline <command> --help' tells you more. 'man sendline' has everything.\n\n",
                to);
}

void command_help(struct out *out, const struct command *command)
{
    FILE *to = out->to;

    (void)fprintf(to, "\n%s.\n\nUsage: sendline %s%s%s%s\n", command->summary, command->name,
                  command->args[0] != '\0' ? " " : "", command->args,
                  command->options != NULL ? " [options]" : "");
    if (command->about != NULL) {
        (void)fputc('\n', to);
        layout_wrap(to, command->about, 0, (size_t)out->width);
    }
    (void)fputs("\nOptions\n", to);
    for (const struct opt_use *use = command->options; use != NULL && use->id != OPT_COUNT; use++) {
        print_option(to, use->id, use->help);
    }
    print_common_options(to);
    (void)fputs("\nExamples\n", to);
    layout_wrap(to, command->examples, 2, 200);
    (void)fputc('\n', to);
}

void command_help_noun(struct out *out, const char *noun)
{
    size_t len = strlen(noun);

    (void)fputc('\n', out->to);
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = &commands[i];

        if (strncmp(c->name, noun, len) == 0 && (c->name[len] == ' ' || c->name[len] == '\0')) {
            (void)fprintf(out->to, "  sendline %-*s  %s\n", NAME_COLUMN, c->name, c->summary);
        }
    }
    (void)fprintf(out->to, "\n'sendline %s VERB --help' tells you more.\n\n", noun);
}

int cmd_help(struct cli *cli)
{
    const struct command *command;
    int used = 0;

    if (cli->opts.arg_count == 0) {
        command_help_all(&cli->out);
        return CLI_OK;
    }
    command = command_of(cli->opts.args, cli->opts.arg_count, &used);
    if (command != NULL && used == cli->opts.arg_count) {
        command_help(&cli->out, command);
        return CLI_OK;
    }
    if (command_noun(cli->opts.args[0]) && cli->opts.arg_count == 1) {
        command_help_noun(&cli->out, cli->opts.args[0]);
        return CLI_OK;
    }
    fault_set(&cli->fault, CLI_USAGE, "there is no help on '%.60s'.", cli->opts.args[0]);
    return fault_next(&cli->fault, "See 'sendline --help'.");
}

static void completion_options(FILE *to, const struct command *c)
{
    for (const struct opt_use *use = c->options; use != NULL && use->id != OPT_COUNT; use++) {
        (void)fprintf(to, " --%s", opt_row(use->id)->name);
    }
}

void command_completion(struct out *out)
{
    FILE *to = out->to;

    (void)fputs("# Bash completion for sendline. Made by: sendline completion bash\n"
                "_sendline() {\n"
                "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= "
                "noun= word= i\n"
                "    local options='",
                to);
    for (int i = 0; i < OPT_COMMON_COUNT; i++) {
        (void)fprintf(to, "%s--%s", i > 0 ? " " : "", opt_row((enum opt_id)i)->name);
    }
    (void)fputs("'\n    case $prev in\n    ", to);
    for (int i = 0, n = 0; i < OPT_COUNT; i++) {
        const struct opt_row *row = opt_row((enum opt_id)i);

        if (row->value != NULL &&
            (strcmp(row->value, "FILE") == 0 || strcmp(row->value, "DIR") == 0)) {
            (void)fprintf(to, "%s--%s", n++ > 0 ? " | " : "", row->name);
        }
    }
    (void)fputs(") mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;\n    esac\n"
                "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                "        word=${COMP_WORDS[i]}\n"
                "        case $word in\n"
                "        --config | --password-file) ((i++)) ;;\n"
                "        -*) ;;\n"
                "        *) if [[ -z $noun ]]; then noun=$word; command=$word;\n"
                "           elif [[ $command == \"$noun\" ]]; then command=\"$noun $word\"; fi ;;\n"
                "        esac\n"
                "    done\n"
                "    if [[ -z $noun ]]; then\n"
                "        mapfile -t COMPREPLY < <(compgen -W '",
                to);
    for (size_t i = 0; i < command_count; i++) {
        const char *name = commands[i].name;
        size_t first = strcspn(name, " ");

        if (i == 0 || strncmp(commands[i - 1].name, name, first) != 0 ||
            (commands[i - 1].name[first] != ' ' && commands[i - 1].name[first] != '\0')) {
            (void)fprintf(to, "%.*s ", (int)first, name);
        }
    }
    (void)fputs("'\"$options\" -- \"$cur\")\n        return\n    fi\n    case $command in\n", to);
    for (size_t i = 0; i < command_count; i++) {
        if (strchr(commands[i].name, ' ') != NULL) {
            (void)fprintf(to, "    '%s'*) options+='", commands[i].name);
            completion_options(to, &commands[i]);
            (void)fputs("' ;;\n", to);
        }
    }
    for (size_t i = 0; i < command_count; i++) {
        const char *name = commands[i].name;

        if (strchr(name, ' ') == NULL) {
            (void)fprintf(to, "    '%s'*) options+='", name);
            completion_options(to, &commands[i]);
            for (size_t k = 0; k < command_count; k++) {
                if (strncmp(commands[k].name, name, strlen(name)) == 0 &&
                    commands[k].name[strlen(name)] == ' ') {
                    (void)fprintf(to, " %s", commands[k].name + strlen(name) + 1);
                }
            }
            (void)fprintf(to, "'%s ;;\n",
                          strncmp(commands[i].args, "CASE", 4) == 0 ||
                                  strncmp(commands[i].args, "[CASE", 5) == 0
                              ? "\n        options+=\" $(sendline completion cases 2>/dev/null)\""
                              : "");
        }
    }
    (void)fputs("    'service'*) options+=' init' ;;\n"
                "    esac\n"
                "    mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
                "}\n"
                "complete -F _sendline sendline\n",
                to);
}
