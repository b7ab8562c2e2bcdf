/* Help, made from the tables of commands and options; and which command words name. */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "common/text.h"
#include "layout.h"

enum {
    NAME_BYTES = 64
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

/** A name and what it is, in two columns; the second is wrapped. */
static void print_row(struct out *out, const char *name, size_t column, const char *text)
{
    char *wrapped = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&wrapped, &len);
    size_t start = 2 + column + 2;

    if (memory == NULL) {
        abort();
    }
    layout_wrap(memory, text, start, (size_t)out->width);
    (void)fclose(memory);
    (void)fprintf(out->to, "  %-*s  %s", (int)column, name, wrapped + start);
    free(wrapped);
}

static void option_name(enum opt_id id, char name[NAME_BYTES])
{
    const struct opt_row *row = opt_row(id);
    char letter[8] = "    ";

    if (row->letter != 0) {
        (void)snprintf(letter, sizeof(letter), "-%c, ", row->letter);
    }
    (void)snprintf(name, NAME_BYTES, "%s--%s%s%s", letter, row->name, row->value != NULL ? " " : "",
                   row->value != NULL ? row->value : "");
}

static size_t option_column(const struct opt_use *uses)
{
    char name[NAME_BYTES];
    size_t column = 0;

    for (int i = 0; i < OPT_COMMON_COUNT; i++) {
        option_name((enum opt_id)i, name);
        column = strlen(name) > column ? strlen(name) : column;
    }
    for (; uses != NULL && uses->id != OPT_COUNT; uses++) {
        option_name(uses->id, name);
        column = strlen(name) > column ? strlen(name) : column;
    }
    return column;
}

static void print_options(struct out *out, const struct opt_use *uses)
{
    size_t column = option_column(uses);
    char name[NAME_BYTES];

    for (const struct opt_use *use = uses; use != NULL && use->id != OPT_COUNT; use++) {
        option_name(use->id, name);
        print_row(out, name, column, use->help != NULL ? use->help : opt_row(use->id)->help);
    }
    for (int i = 0; i < OPT_COMMON_COUNT; i++) {
        option_name((enum opt_id)i, name);
        print_row(out, name, column, opt_row((enum opt_id)i)->help);
    }
}

static void command_usage(const struct command *c, char name[NAME_BYTES])
{
    (void)snprintf(name, NAME_BYTES, "%s%s%s", c->name, c->args[0] != '\0' ? " " : "", c->args);
}

static size_t command_column(void)
{
    char name[NAME_BYTES];
    size_t column = 0;

    for (size_t i = 0; i < command_count; i++) {
        command_usage(&commands[i], name);
        column = strlen(name) > column ? strlen(name) : column;
    }
    return column;
}

void command_help_all(struct out *out)
{
    FILE *to = out->to;
    const char *group = "";
    char name[NAME_BYTES];

    (void)fputs("\nSendline: private messages between families and SEND caseworkers.\n\n"
                "Usage: sendline <command> [options]\n",
                to);
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = &commands[i];

        if (c->group == NULL) {
            continue;
        }
        if (strcmp(group, c->group) != 0) {
            group = c->group;
            (void)fprintf(to, "\n%s\n", group);
        }
        command_usage(c, name);
        print_row(out, name, command_column(), c->summary);
    }
    (void)fputs("\nOptions for every command\n", to);
    print_options(out, NULL);
    (void)fputs("\nExamples\n"
                "  sendline inbox\n"
                "  sendline read EHC-2041\n"
                "  sendline reply EHC-2041 --file letter.txt\n"
                "\n'sendline <command> --help' tells you more. 'man sendline' has everything.\n\n",
                to);
}

/** The commands that begin with this noun and go on. */
static size_t print_verbs(struct out *out, const char *noun, const char *title)
{
    size_t len = strlen(noun);
    size_t count = 0;

    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = &commands[i];
        char name[NAME_BYTES];

        if (strncmp(c->name, noun, len) != 0 || c->name[len] != ' ') {
            continue;
        }
        (void)fputs(count == 0 ? title : "", out->to);
        command_usage(c, name);
        print_row(out, name, command_column(), c->summary);
        count++;
    }
    return count;
}

void command_help(struct out *out, const struct command *command)
{
    FILE *to = out->to;

    (void)fprintf(to, "\n%s.\n\nUsage: sendline %s%s%s [options]\n", command->summary,
                  command->name, command->args[0] != '\0' ? " " : "", command->args);
    if (command->about != NULL) {
        (void)fputc('\n', to);
        layout_wrap(to, command->about, 0, (size_t)out->width);
    }
    (void)fputs("\nOptions\n", to);
    print_options(out, command->options);
    (void)print_verbs(out, command->name, "\nSee also\n");
    (void)fputs("\nExamples\n", to);
    layout_wrap(to, command->examples, 2, 200);
    (void)fputc('\n', to);
}

void command_help_noun(struct out *out, const char *noun)
{
    (void)print_verbs(out, noun, "\n");
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
