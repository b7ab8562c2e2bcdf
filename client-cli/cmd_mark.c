/* What is done to one conversation without a word: no reply needed, taking a message back. */
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "command.h"
#include "common/json.h"
#include "convo.h"

/** With --json: the case, and what became of it. */
static void tell(struct cli *cli, const char *ref, const char *field, json_t *take_value)
{
    SL_AUTO(json) json_t *value = take_value;

    if (cli->out.json) {
        json_t *json = sl_json_new();

        sl_json_set_str(json, "case", ref);
        sl_json_set(json, field, json_incref(value));
        out_json(&cli->out, json);
    }
}

int cmd_no_reply_needed(struct cli *cli)
{
    SL_AUTO(desk) struct desk desk = {0};
    struct desk_thread *about = NULL;
    SL_AUTO(json) json_t *answer = NULL;
    json_t *args;
    int rc = session_online(cli);

    if (rc == CLI_OK) {
        rc = desk_load(cli, &desk);
    }
    if (rc == CLI_OK) {
        rc = desk_find(cli, &desk, cli->opts.args[0], &about);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    if (about->due_on[0] == '\0') {
        cli_did(cli, "Nobody waits for a reply in %s. Nothing was changed.", about->ref);
        tell(cli, about->ref, "changed", json_false());
        return CLI_OK;
    }
    args = sl_json_new();
    sl_json_set_bytes(args, "thread", about->thread, SL_ID_BYTES);
    sl_json_set_int(args, "seq", about->reply_seq);
    rc = link_call(cli->session->link, "thread.no_reply_needed", args, &answer, &cli->fault);
    if (rc != CLI_OK) {
        if (cli->fault.code == SL_ENTRY_STALE) {
            fault_set(&cli->fault, CLI_CONFLICT,
                      "%s wrote again a moment ago. Nothing was changed.", desk_name(about));
            return fault_next(&cli->fault, "Next: sendline read %s", about->ref);
        }
        return rc;
    }
    cli_did(
        cli,
        "Marked: no reply needed in %s. %s sees that too. A new message starts the promise again.",
        about->ref, desk_name(about));
    tell(cli, about->ref, "changed", json_true());
    return CLI_OK;
}

/** Is item `seq` a text of mine that still stands? */
static int find_own(struct cli *cli, struct convo *convo, const char *text, uint32_t *seq)
{
    char *end = NULL;
    long number = strtol(text, &end, 10);
    const struct e2_item *item = NULL;

    if (*end == '\0' && number > 0 && (size_t)number <= e2_thread_count(convo->thread)) {
        item = e2_thread_item(convo->thread, (size_t)number - 1);
    }
    if (item == NULL || !item->mine || item->kind != E2_ITEM_MESSAGE || item->plain == E2_CARD ||
        item->plain == E2_RETRACT) {
        fault_set(&cli->fault, CLI_MISSING, "there is no message %.20s of yours in %s.", text,
                  convo->ref);
        return fault_next(&cli->fault, "See the numbers: sendline read %s --all --peek",
                          convo->ref);
    }
    *seq = item->seq;
    return CLI_OK;
}

int cmd_take_back(struct cli *cli)
{
    SL_AUTO(desk) struct desk desk = {0};
    SL_AUTO(convo) struct convo *convo = NULL;
    SL_AUTO(json) json_t *body = sl_json_new();
    SL_AUTO(convo_message) struct convo_message message = {.kind = E2_RETRACT};
    SL_AUTO(str) char *question = NULL;
    struct desk_thread *about = NULL;
    uint8_t entry_id[SL_ID_BYTES];
    uint32_t seq = 0;
    int64_t at = 0;
    bool yes = cli_has(cli, OPT_YES);
    int rc = session_online(cli);

    if (rc == CLI_OK) {
        rc = desk_load(cli, &desk);
    }
    if (rc == CLI_OK) {
        rc = desk_find(cli, &desk, cli->opts.args[0], &about);
    }
    if (rc == CLI_OK) {
        rc = convo_open(cli, about, &convo);
    }
    if (rc == CLI_OK) {
        rc = find_own(cli, convo, cli->opts.args[1], &seq);
    }
    if (rc == CLI_OK && !yes) {
        question =
            sl_strf("Take message %u to %s back? %s sees that there was one%s.", seq, convo->name,
                    convo->name, convo_read_at(convo, seq) > 0 ? ", and has read it already" : "");
        rc = ask_yes(question, "Add --yes to take it back without asking.",
                     cli_has(cli, OPT_NO_INPUT), &yes, &cli->fault);
    }
    if (rc == CLI_OK && !yes) {
        cli_did(cli, "Nothing was changed.");
    }
    if (rc != CLI_OK || !yes) {
        return rc;
    }
    sl_json_set_int(body, "seq", seq);
    sl_rand_fill(cli->rand, entry_id, sizeof(entry_id));
    message.entry_id = entry_id;
    message.body = body;
    rc = convo_ready(convo, true);
    if (rc == CLI_OK) {
        rc = convo_post(convo, &message, &at);
    }
    if (rc == CLI_OK) {
        cli_did(cli, "Taken back. The service has erased its words.");
        tell(cli, about->ref, "taken_back", json_integer(seq));
    }
    return rc;
}
