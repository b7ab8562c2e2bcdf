/* outbox: what waits to be sent. */
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "command.h"
#include "common/json.h"
#include "common/text.h"
#include "outbox.h"
#include "when.h"

static const char *text_of(const json_t *item, const char *field)
{
    return json_string_value(json_object_get(item, field));
}

static json_t *as_json(const json_t *list)
{
    json_t *out = sl_json_new_array();
    json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        json_t *row = sl_json_new();
        char at[WHEN_TEXT];

        when_iso(json_integer_value(json_object_get(item, "at")), at);
        sl_json_set_int(row, "number", json_integer_value(json_object_get(item, "number")));
        sl_json_set_str(row, "case", text_of(item, "ref"));
        sl_json_set_str(row, "to", text_of(item, "to"));
        sl_json_set_str(row, "kind", text_of(item, "kind"));
        sl_json_set_str(row, "at", at);
        sl_json_append(out, row);
    }
    return out;
}

static void show_table(struct cli *cli, const json_t *list)
{
    struct table *table = table_new(&cli->out);
    json_t *item;
    size_t i;

    table_column(table, "NO", TABLE_RIGHT);
    table_column(table, "CASE", TABLE_LEFT);
    table_column(table, "TO", TABLE_NAME);
    table_column(table, "WRITTEN", TABLE_LEFT);
    json_array_foreach(list, i, item)
    {
        int64_t made = json_integer_value(json_object_get(item, "at"));
        char number[24];
        char at[WHEN_TEXT];

        (void)snprintf(number, sizeof(number), "%lld",
                       (long long)json_integer_value(json_object_get(item, "number")));
        if (cli->out.plain) {
            when_iso(made, at);
        } else {
            when_short(made, at);
        }
        const char *cells[] = {number, text_of(item, "ref"), text_of(item, "to"), at};
        table_row(table, TABLE_NORMAL, cells);
    }
    table_print(table, &cli->out, true);
}

int cmd_outbox(struct cli *cli)
{
    SL_AUTO(json) json_t *list = NULL;
    int rc = session_need(cli);

    if (rc == CLI_OK) {
        rc = outbox_list(cli, &list);
    }
    if (rc != CLI_OK || (cli->out.quiet && !cli->out.json && !cli->out.plain)) {
        return rc;
    }
    if (cli->out.json) {
        out_json(&cli->out, as_json(list));
    } else if (json_array_size(list) == 0) {
        out_say(&cli->out, "Nothing is waiting. Everything you sent has arrived.");
    } else {
        show_table(cli, list);
        out_say(&cli->out, "\nNext: sendline outbox send\n      sendline outbox cancel %lld\n",
                (long long)json_integer_value(json_object_get(json_array_get(list, 0), "number")));
    }
    return CLI_OK;
}

int cmd_outbox_send(struct cli *cli)
{
    SL_AUTO(desk) struct desk desk = {0};
    SL_AUTO(json) json_t *left = NULL;
    size_t sent = 0;
    int rc = session_online(cli);

    if (rc == CLI_OK) {
        rc = desk_load(cli, &desk);
    }
    if (rc == CLI_OK) {
        rc = outbox_flush(cli, &desk, &sent);
    }
    if (rc == CLI_OK) {
        rc = outbox_list(cli, &left);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    if (cli->out.json) {
        json_t *json = sl_json_new();

        sl_json_set_int(json, "sent", (int64_t)sent);
        sl_json_set_int(json, "waiting", (int64_t)json_array_size(left));
        out_json(&cli->out, json);
    }
    if (json_array_size(left) > 0) {
        fault_set(&cli->fault, CLI_NOT_READY, "%zu message%s still in your outbox.",
                  json_array_size(left), json_array_size(left) == 1 ? " is" : "s are");
        return fault_next(&cli->fault, "Next: sendline outbox");
    }
    cli_did(cli, sent > 0 ? "Nothing is waiting any more." : "Nothing was waiting.");
    return CLI_OK;
}

/** The one with this number, borrowed, or NULL. */
static const json_t *find(const json_t *list, const char *text)
{
    char *end = NULL;
    long long number = strtoll(text, &end, 10);
    json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        if (*end == '\0' && json_integer_value(json_object_get(item, "number")) == number) {
            return item;
        }
    }
    return NULL;
}

int cmd_outbox_cancel(struct cli *cli)
{
    SL_AUTO(json) json_t *list = NULL;
    const json_t *item;
    bool yes = cli_has(cli, OPT_YES);
    int rc = session_need(cli);

    if (rc == CLI_OK) {
        rc = outbox_list(cli, &list);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    item = find(list, cli->opts.args[0]);
    if (item == NULL) {
        fault_set(&cli->fault, CLI_MISSING, "there is no number %.20s in your outbox.",
                  cli->opts.args[0]);
        return fault_next(&cli->fault, "See what is waiting: sendline outbox");
    }
    if (!yes) {
        SL_AUTO(str)
        char *question = sl_strf(
            "Throw away the message to %s, %s?%s", text_of(item, "to"), text_of(item, "ref"),
            sl_json_has(item, "entry")
                ? " The connection was lost while it was sent,\nso it may have arrived."
                : "");
        rc = ask_yes(question, "Add --yes to throw it away without asking.",
                     cli_has(cli, OPT_NO_INPUT), &yes, &cli->fault);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    if (yes) {
        outbox_drop(cli, text_of(item, "name"));
    }
    if (cli->out.json) {
        json_t *json = sl_json_new();

        sl_json_set_bool(json, "cancelled", yes);
        out_json(&cli->out, json);
    }
    cli_did(cli, yes ? "Thrown away." : "It still waits.");
    return CLI_OK;
}
