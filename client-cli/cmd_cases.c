/* cases: the caseload; cases add: a new case with its conversation, key and card. */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "common/json.h"
#include "common/text.h"
#include "desk.h"
#include "details.h"
#include "e2ee/compose.h"
#include "when.h"

static const char *family_state(const struct desk_thread *t)
{
    return t->closed       ? "closed"
           : t->accepted   ? "in touch"
           : t->has_parent ? "invited"
                           : "not invited";
}

static int by_ref(const void *a, const void *b)
{
    return strcmp(((const struct desk_thread *)a)->ref, ((const struct desk_thread *)b)->ref);
}

static json_t *cases_json(const struct desk *desk)
{
    json_t *list = sl_json_new_array();

    for (size_t i = 0; i < desk->count; i++) {
        const struct desk_thread *t = &desk->threads[i];
        SL_AUTO(str) char *id = sl_b64(t->thread, SL_ID_BYTES);
        json_t *item = sl_json_new();
        char at[WHEN_TEXT];

        when_iso(t->created_at, at);
        sl_json_set_str(item, "case", t->ref);
        sl_json_set_str(item, "thread", id);
        sl_json_set_str(item, "family", t->parent_name);
        sl_json_set_bool(item, "invited", t->has_parent);
        sl_json_set_bool(item, "accepted", t->accepted);
        sl_json_set_str(item, "since", at);
        sl_json_append(list, item);
    }
    return list;
}

int cmd_cases(struct cli *cli)
{
    SL_AUTO(desk) struct desk desk = {0};
    struct table *table;
    char today[WHEN_TEXT];
    int rc = session_online(cli);

    if (rc == CLI_OK) {
        rc = desk_load(cli, &desk);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    if (desk.count > 1) {
        qsort(desk.threads, desk.count, sizeof(*desk.threads), by_ref);
    }
    if (cli->out.json) {
        out_json(&cli->out, cases_json(&desk));
        return CLI_OK;
    }
    if (desk.count == 0) {
        out_say(&cli->out, "You have no cases yet.\n\nNext: sendline cases add");
        return CLI_OK;
    }
    when_long_day(sl_now_s(cli->clock), today);
    out_page(&cli->out);
    out_say(&cli->out, "\nCases: %s, %s\n", session_name(cli->session, cli->session->staff_id),
            today);
    table = table_new(&cli->out);
    table_column(table, "CASE", TABLE_LEFT);
    table_column(table, "FAMILY", TABLE_NAME);
    table_column(table, "STATE", TABLE_LEFT);
    table_column(table, "SINCE", TABLE_LEFT);
    for (size_t i = 0; i < desk.count; i++) {
        const struct desk_thread *t = &desk.threads[i];
        char since[WHEN_TEXT];

        if (cli->out.plain) {
            when_iso(t->created_at, since);
        } else {
            when_day(t->created_at, sl_now_s(cli->clock), since);
        }
        const char *cells[] = {t->ref, desk_name(t), family_state(t), since};
        table_row(table, TABLE_NORMAL, cells);
    }
    table_print(table, &cli->out, true);
    out_say(&cli->out, "\n  %zu case%s.\n", desk.count, desk.count == 1 ? "" : "s");
    return CLI_OK;
}

/* ---- cases add ---- */

enum {
    D_CASE,
    D_CHILD,
    D_PARENT,
    D_COUNT
};

static void put_entry(json_t *entries, const uint8_t thread[SL_ID_BYTES],
                      const struct sl_buf *entry)
{
    json_t *item = sl_json_new();

    sl_json_set_bytes(item, "thread", thread, SL_ID_BYTES);
    sl_json_set_bytes(item, "entry", entry->data, entry->len);
    sl_json_append(entries, item);
}

/** Entry 1, the key of team and records, and entry 2, the card. */
static int make_entries(struct cli *cli, const uint8_t thread_id[SL_ID_BYTES],
                        const struct detail *d, json_t *entries)
{
    struct session *s = cli->session;
    SL_AUTO(e2_thread) struct e2_thread *thread = NULL;
    SL_AUTO(buf) struct sl_buf key = {0};
    SL_AUTO(buf) struct sl_buf card = {0};
    SL_AUTO(json) json_t *body = sl_json_new();
    struct e2_writer me = {
        .id = s->staff_id, .identity = s->me, .rand = cli->rand, .clock = cli->clock};
    struct e2_thread_setup setup = {.thread_id = thread_id,
                                    .trust = s->trust,
                                    .me = s->staff_id,
                                    .seeds = &s->seeds,
                                    .reader = E2_READ_AS_STAFF,
                                    .clock = cli->clock};
    struct sl_err err = {0};

    sl_json_set_str(body, "case", d[D_CASE].value);
    sl_json_set_str(body, "child", d[D_CHILD].value);
    sl_json_set_str(body, "parent", d[D_PARENT].value);
    thread = e2_thread_new(&setup);
    if (e2_thread_complete(thread, 0, &err) != SL_OK ||
        e2_compose_key(thread, &me, s->team_id, NULL, &key, &err) != SL_OK) {
        return fault_err(&cli->fault, &err, "the key of the conversation cannot be made");
    }
    if (e2_thread_take(thread, 1, 0, sl_buf_bytes(&key)) != E2_TAKEN ||
        e2_thread_complete(thread, 1, &err) != SL_OK ||
        e2_compose_message(thread, &me, E2_CARD, body, &card, &err) != SL_OK) {
        return fault_err(&cli->fault, &err, "the card of the conversation cannot be made");
    }
    put_entry(entries, thread_id, &key);
    put_entry(entries, thread_id, &card);
    return CLI_OK;
}

static int add(struct cli *cli, struct detail *d)
{
    struct session *s = cli->session;
    uint8_t case_id[SL_ID_BYTES];
    uint8_t thread_id[SL_ID_BYTES];
    json_t *entries = sl_json_new_array();
    json_t *args;
    int rc;

    sl_rand_fill(cli->rand, case_id, sizeof(case_id));
    sl_rand_fill(cli->rand, thread_id, sizeof(thread_id));
    rc = make_entries(cli, thread_id, d, entries);
    if (rc != CLI_OK) {
        json_decref(entries);
        return rc;
    }
    args = sl_json_new();
    sl_json_set_bytes(args, "case", case_id, sizeof(case_id));
    sl_json_set_str(args, "ref", d[D_CASE].value);
    sl_json_set_bytes(args, "thread", thread_id, sizeof(thread_id));
    sl_json_set(args, "entries", entries);
    rc = link_call(s->link, "case.add", args, NULL, &cli->fault);
    if (rc != CLI_OK) {
        if (cli->fault.code == SL_REF_USED) {
            fault_set(&cli->fault, CLI_CONFLICT, "there is a case %s already. Nothing was changed.",
                      d[D_CASE].value);
            return fault_next(&cli->fault, "See your cases: sendline cases");
        }
        return rc;
    }
    if (cli->out.json) {
        SL_AUTO(str) char *id = sl_b64(thread_id, sizeof(thread_id));
        json_t *json = sl_json_new();

        sl_json_set_str(json, "case", d[D_CASE].value);
        sl_json_set_str(json, "thread", id);
        out_json(&cli->out, json);
        return CLI_OK;
    }
    cli_did(cli, "Added %s, for the family of %s.\n\nNext: sendline invite %s", d[D_CASE].value,
            d[D_PARENT].value, d[D_CASE].value);
    return CLI_OK;
}

int cmd_cases_add(struct cli *cli)
{
    struct detail d[D_COUNT] = {
        {"case", "Case reference", NULL, SL_MAX_REF_BYTES, NULL},
        {"child", "Child's initials", NULL, SL_MAX_NAME_BYTES, NULL},
        {"parent", "Parent's name", NULL, SL_MAX_NAME_BYTES, NULL},
    };
    int rc = session_online(cli);

    if (rc == CLI_OK) {
        rc = session_may_send(cli);
    }
    if (rc == CLI_OK && !cli->session->has_team) {
        fault_set(&cli->fault, CLI_FORBIDDEN,
                  "you are in no team, so there is nobody to share a case with.");
        rc = fault_next(&cli->fault, "Ask your service manager to put you in a team.");
    }
    if (rc == CLI_OK) {
        rc = details_take(cli, d, D_COUNT);
    }
    if (rc == CLI_OK && strpbrk(d[D_CASE].value, " :/\\") != NULL) {
        rc = fault_set(&cli->fault, CLI_NOT_READY,
                       "a case reference has no spaces, colons or slashes in it.");
    }
    if (rc == CLI_OK) {
        rc = add(cli, d);
    }
    details_free(d, D_COUNT);
    return rc;
}
