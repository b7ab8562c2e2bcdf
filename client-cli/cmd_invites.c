/* invites: what became of the invitations that I made. invites end: one that must not be used. */
#include <string.h>

#include "ask.h"
#include "command.h"
#include "common/json.h"
#include "common/text.h"
#include "desk.h"
#include "when.h"

static bool is_open(const json_t *invite)
{
    const char *state = json_string_value(json_object_get(invite, "state"));

    return state != NULL && strcmp(state, "open") == 0;
}

/** Is it for this case? NULL: any. */
static bool is_for(const json_t *invite, const char *text)
{
    const json_t *ref;
    size_t i;

    json_array_foreach(json_object_get(invite, "refs"), i, ref)
    {
        if (text == NULL || desk_ref_matches(json_string_value(ref), text)) {
            return true;
        }
    }
    return text == NULL;
}

static const char *state_words(const json_t *invite, char out[WHEN_TEXT])
{
    static const struct {
        const char *state;
        const char *words;
    } names[] = {{"used", "accepted"},
                 {"expired", "ran out"},
                 {"ended", "ended"},
                 {"wrong_codes", "ended: five wrong codes"}};
    const char *state = json_string_value(json_object_get(invite, "state"));
    json_int_t left = json_integer_value(json_object_get(invite, "tries_left"));

    for (size_t i = 0; state != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i].state, state) == 0) {
            return names[i].words;
        }
    }
    if (left < SL_INVITE_TRIES) {
        (void)snprintf(out, WHEN_TEXT, "%lld wrong code%s", (long long)(SL_INVITE_TRIES - left),
                       SL_INVITE_TRIES - left == 1 ? "" : "s");
        return out;
    }
    return sl_json_has(invite, "opened_at") ? "opened" : "not opened yet";
}

static char *refs_of(const json_t *invite)
{
    SL_AUTO(buf) struct sl_buf text = {0};
    const json_t *ref;
    size_t i;

    json_array_foreach(json_object_get(invite, "refs"), i, ref)
    {
        sl_buf_putf(&text, "%s%s", i > 0 ? ", " : "", json_string_value(ref));
    }
    return sl_strndup(text.len > 0 ? (const char *)text.data : "", text.len);
}

/** The name of whom it invites, by a conversation of theirs. Borrowed. */
static const char *name_of(const struct desk *desk, const json_t *invite)
{
    uint8_t parent[SL_ID_BYTES];

    if (sl_json_fixed(invite, "parent", parent, sizeof(parent), NULL) == SL_OK) {
        for (size_t i = 0; i < desk->count; i++) {
            if (desk->threads[i].has_parent &&
                memcmp(desk->threads[i].parent, parent, sizeof(parent)) == 0) {
                return desk_name(&desk->threads[i]);
            }
        }
    }
    return "not among your cases";
}

static void set_time(json_t *out, const char *name, const json_t *invite, const char *field)
{
    char at[WHEN_TEXT];

    if (sl_json_has(invite, field)) {
        when_iso(json_integer_value(json_object_get(invite, field)), at);
        sl_json_set_str(out, name, at);
    }
}

static json_t *as_json(const struct desk *desk, const json_t *invite)
{
    json_t *out = sl_json_new();

    sl_json_set(out, "invite", json_incref(json_object_get(invite, "invite")));
    sl_json_set(out, "cases", json_incref(json_object_get(invite, "refs")));
    sl_json_set_str(out, "parent", name_of(desk, invite));
    sl_json_set(out, "state", json_incref(json_object_get(invite, "state")));
    sl_json_set(out, "tries_left", json_incref(json_object_get(invite, "tries_left")));
    set_time(out, "made", invite, "made_at");
    set_time(out, "expires", invite, "expires_at");
    set_time(out, "opened", invite, "opened_at");
    set_time(out, "used", invite, "used_at");
    set_time(out, "ended", invite, "ended_at");
    return out;
}

static void add_row(struct cli *cli, struct table *table, const struct desk *desk,
                    const json_t *invite)
{
    SL_AUTO(str) char *refs = refs_of(invite);
    int64_t made_at = json_integer_value(json_object_get(invite, "made_at"));
    int64_t expires_at = json_integer_value(json_object_get(invite, "expires_at"));
    char made[WHEN_TEXT];
    char ends[WHEN_TEXT];
    char words[WHEN_TEXT];

    if (cli->out.plain) {
        when_iso(made_at, made);
        when_iso(expires_at, ends);
    } else {
        when_short(made_at, made);
        when_short(expires_at, ends);
    }
    const char *cells[] = {refs, name_of(desk, invite), made, state_words(invite, words),
                           is_open(invite) || cli->out.plain ? ends : "-"};
    table_row(table, is_open(invite) ? TABLE_NORMAL : TABLE_BOLD, cells);
}

/** My invitations that this command is about. *list is owned. */
static int load(struct cli *cli, struct desk *desk, json_t **list)
{
    SL_AUTO(json) json_t *answer = NULL;
    const char *text = cli->opts.arg_count > 0 ? cli->opts.args[0] : NULL;
    json_t *invite;
    size_t i;
    int rc = session_online(cli);

    if (rc == CLI_OK) {
        rc = desk_load(cli, desk);
    }
    if (rc == CLI_OK) {
        rc = link_call(cli->session->link, "invite.list", sl_json_new(), &answer, &cli->fault);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    *list = sl_json_new_array();
    json_array_foreach(json_object_get(answer, "invites"), i, invite)
    {
        if (is_for(invite, text)) {
            sl_json_append(*list, json_incref(invite));
        }
    }
    return CLI_OK;
}

int cmd_invites(struct cli *cli)
{
    SL_AUTO(desk) struct desk desk = {0};
    SL_AUTO(json) json_t *list = NULL;
    struct table *table;
    json_t *invite;
    size_t hidden = 0;
    size_t shown = 0;
    size_t i;
    bool all = cli_has(cli, OPT_ENDED);
    int rc = load(cli, &desk, &list);

    if (rc != CLI_OK) {
        return rc;
    }
    for (i = json_array_size(list); i > 0; i--) {
        if (!all && !is_open(json_array_get(list, i - 1))) {
            (void)json_array_remove(list, i - 1);
            hidden++;
        }
    }
    shown = json_array_size(list);
    if (cli->out.json) {
        json_t *out = sl_json_new_array();

        json_array_foreach(list, i, invite)
        {
            sl_json_append(out, as_json(&desk, invite));
        }
        out_json(&cli->out, out);
        return CLI_OK;
    }
    if (shown > 0) {
        out_say(&cli->out, "\nInvitations: %s\n",
                session_name(cli->session, cli->session->staff_id));
        table = table_new(&cli->out);
        table_column(table, "CASE", TABLE_LEFT);
        table_column(table, "FOR", TABLE_NAME);
        table_column(table, "MADE", TABLE_LEFT);
        table_column(table, "STATE", TABLE_LEFT);
        table_column(table, "GOOD UNTIL", TABLE_LEFT);
        json_array_foreach(list, i, invite)
        {
            add_row(cli, table, &desk, invite);
        }
        table_print(table, &cli->out, true);
    } else {
        out_say(&cli->out, "No invitation waits.");
    }
    if (hidden > 0) {
        out_say(&cli->out, "\n  %zu more %s used or ended: sendline invites --ended", hidden,
                hidden == 1 ? "is" : "are");
    }
    return CLI_OK;
}

/** End it after a yes. *ended gets what scripts are told. */
static int end_one(struct cli *cli, const struct desk *desk, const json_t *invite, json_t *ended)
{
    SL_AUTO(str) char *refs = refs_of(invite);
    SL_AUTO(str)
    char *question = sl_strf("End the invitation of %s to %s? Link and code then open nothing.",
                             name_of(desk, invite), refs);
    bool yes = cli_has(cli, OPT_YES);
    json_t *args;
    int rc = CLI_OK;

    if (!yes) {
        rc = ask_yes(question, "Add --yes to end it without asking.", cli_has(cli, OPT_NO_INPUT),
                     &yes, &cli->fault);
    }
    if (rc == CLI_OK && !yes) {
        cli_did(cli, "Nothing was changed.");
    }
    if (rc != CLI_OK || !yes) {
        return rc;
    }
    args = sl_json_new();
    sl_json_set(args, "invite", json_incref(json_object_get(invite, "invite")));
    rc = link_call(cli->session->link, "invite.end", args, NULL, &cli->fault);
    if (rc == CLI_OK) {
        cli_did(cli, "Ended: the invitation of %s to %s.", name_of(desk, invite), refs);
        sl_json_append(ended, json_incref(json_object_get(invite, "invite")));
    } else if (cli->fault.code == SL_INVITE_ENDED) {
        fault_set(&cli->fault, CLI_CONFLICT, "%s accepted the invitation a moment ago.",
                  name_of(desk, invite));
    }
    return rc;
}

int cmd_invites_end(struct cli *cli)
{
    SL_AUTO(desk) struct desk desk = {0};
    SL_AUTO(json) json_t *list = NULL;
    SL_AUTO(json) json_t *ended = sl_json_new_array();
    json_t *invite;
    size_t open = 0;
    size_t i;
    int rc = load(cli, &desk, &list);

    if (rc != CLI_OK) {
        return rc;
    }
    json_array_foreach(list, i, invite)
    {
        if (is_open(invite) && rc == CLI_OK) {
            open++;
            rc = end_one(cli, &desk, invite, ended);
        }
    }
    if (rc == CLI_OK && open == 0) {
        fault_set(&cli->fault, CLI_MISSING, "no invitation of yours to %.60s waits.",
                  cli->opts.args[0]);
        rc = fault_next(&cli->fault, "See them: sendline invites --ended");
    }
    if (rc == CLI_OK && cli->out.json) {
        json_t *json = sl_json_new();

        sl_json_set(json, "ended", json_incref(ended));
        out_json(&cli->out, json);
    }
    return rc;
}
