/* inbox: who has written, and by when a reply is due. No message text, no child's name: screens are
 * seen by others. */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "common/json.h"
#include "common/text.h"
#include "desk.h"
#include "layout.h"
#include "outbox.h"
#include "when.h"

static const char *mark_of(const struct desk_thread *t, const char *today)
{
    if (t->reply == DESK_REPLY_LATE || (t->due_on[0] != '\0' && strcmp(t->due_on, today) <= 0)) {
        return "!";
    }
    return t->unread > 0 ? "*" : " ";
}

static void due_words(const struct desk_thread *t, const char *today, char out[WHEN_TEXT])
{
    char day[WHEN_TEXT];

    if (t->reply == DESK_REPLY_NOT_NEEDED) {
        (void)snprintf(out, WHEN_TEXT, "not needed");
    } else if (t->due_on[0] == '\0') {
        (void)snprintf(out, WHEN_TEXT, "-");
    } else if (strcmp(t->due_on, today) == 0) {
        (void)snprintf(out, WHEN_TEXT, "TODAY");
    } else {
        when_on_short(t->due_on, day);
        (void)snprintf(out, WHEN_TEXT, "%.20s%s", day,
                       t->reply == DESK_REPLY_LATE || strcmp(t->due_on, today) < 0 ? " LATE" : "");
    }
}

static void show_table(struct cli *cli, const struct desk *desk, const char *today, bool all)
{
    struct table *table = table_new(&cli->out);

    table_column(table, " ", TABLE_LEFT);
    table_column(table, "CASE", TABLE_LEFT);
    table_column(table, "FROM", TABLE_LEFT);
    table_column(table, "NEW", TABLE_RIGHT);
    table_column(table, "WAITING SINCE", TABLE_LEFT);
    table_column(table, "REPLY DUE", TABLE_LEFT);
    for (size_t i = 0; i < desk->count; i++) {
        const struct desk_thread *t = &desk->threads[i];
        const char *mark = mark_of(t, today);
        char unread[24] = "-";
        char since[WHEN_TEXT] = "-";
        char due[WHEN_TEXT];

        if (!all && t->unread == 0 && t->due_on[0] == '\0') {
            continue;
        }
        if (t->unread > 0) {
            (void)snprintf(unread, sizeof(unread), "%u", t->unread);
        }
        if (t->waiting_since_at > 0) {
            when_short(t->waiting_since_at, since);
        }
        due_words(t, today, due);
        if (cli->out.plain) {
            /* Scripts read these: dates as in JSON, and no symbols. */
            if (t->waiting_since_at > 0) {
                when_iso(t->waiting_since_at, since);
            }
            (void)snprintf(due, sizeof(due), "%s", t->due_on[0] != '\0' ? t->due_on : "-");
            mark = *mark == '!' ? "late" : *mark == '*' ? "new" : "-";
        }
        const char *cells[] = {mark, t->ref, desk_name(t), unread, since, due};
        table_row(table,
                  *mark == '!'   ? TABLE_ALARM
                  : *mark == '*' ? TABLE_BOLD
                                 : TABLE_NORMAL,
                  cells);
    }
    table_print(table, &cli->out, true);
}

static json_t *as_json(const struct desk *desk, bool all)
{
    json_t *list = sl_json_new_array();

    for (size_t i = 0; i < desk->count; i++) {
        const struct desk_thread *t = &desk->threads[i];
        static const char *const states[] = {"none", "due", "late", "not_needed"};
        SL_AUTO(str) char *id = sl_b64(t->thread, SL_ID_BYTES);
        char at[WHEN_TEXT];
        json_t *item;

        if (!all && t->unread == 0 && t->due_on[0] == '\0') {
            continue;
        }
        item = sl_json_new();
        sl_json_set_str(item, "case", t->ref);
        sl_json_set_str(item, "thread", id);
        sl_json_set_str(item, "from", t->parent_name);
        sl_json_set_int(item, "new", t->unread);
        sl_json_set_str(item, "reply", states[t->reply]);
        if (t->waiting_since_at > 0) {
            when_iso(t->waiting_since_at, at);
            sl_json_set_str(item, "waiting_since", at);
        }
        if (t->due_on[0] != '\0') {
            sl_json_set_str(item, "reply_due", t->due_on);
        }
        if (t->last_at > 0) {
            when_iso(t->last_at, at);
            sl_json_set_str(item, "last", at);
        }
        sl_json_set_bool(item, "accepted", t->accepted);
        sl_json_append(list, item);
    }
    return list;
}

static void show(struct cli *cli, struct desk *desk)
{
    struct out *out = &cli->out;
    bool all = cli_has(cli, OPT_ALL);
    const char *next = NULL;
    size_t with_new = 0;
    size_t today_due = 0;
    size_t late = 0;
    size_t shown = 0;
    char today[WHEN_TEXT];
    char now[WHEN_TEXT];

    when_today(sl_now_s(cli->clock), today);
    qsort(desk->threads, desk->count, sizeof(*desk->threads), desk_by_due);
    if (out->json) {
        out_json(out, as_json(desk, all));
        return;
    }
    if (out->plain) {
        show_table(cli, desk, today, all);
        return;
    }
    for (size_t i = 0; i < desk->count; i++) {
        const struct desk_thread *t = &desk->threads[i];

        with_new += t->unread > 0;
        today_due += t->due_on[0] != '\0' && strcmp(t->due_on, today) == 0;
        late += t->due_on[0] != '\0' && strcmp(t->due_on, today) < 0;
        shown += all || t->unread > 0 || t->due_on[0] != '\0';
        if (next == NULL && (t->unread > 0 || t->due_on[0] != '\0')) {
            next = t->ref;
        }
    }
    SL_AUTO(str)
    char *title = sl_strf("Inbox: %s", session_name(cli->session, cli->session->staff_id));
    when_full(desk->at_s, now);
    (void)fputc('\n', out->to);
    layout_ends(out->to, title, now, (size_t)out->width);
    (void)fputc('\n', out->to);
    if (shown == 0) {
        out_say(out, "  Nothing new. Every family has a reply.\n");
        return;
    }
    show_table(cli, desk, today, all);
    (void)fprintf(out->to, "\n  %zu conversation%s with new messages.", with_new,
                  with_new == 1 ? "" : "s");
    if (today_due > 0) {
        (void)fprintf(out->to, "  %zu repl%s due today.", today_due, today_due == 1 ? "y" : "ies");
    }
    if (late > 0) {
        (void)fprintf(out->to, "  %zu repl%s late.", late, late == 1 ? "y is" : "ies are");
    }
    (void)fputs("\n  ! due today or late   * new\n\n", out->to);
    if (next != NULL) {
        (void)fprintf(out->to, "Next: sendline read %s\n\n", next);
    }
}

static int late_exit(const struct cli *cli, const struct desk *desk)
{
    char today[WHEN_TEXT];

    when_today(sl_now_s(cli->clock), today);
    for (size_t i = 0; cli_has(cli, OPT_EXIT_CODE) && i < desk->count; i++) {
        if (desk->threads[i].due_on[0] != '\0' && strcmp(desk->threads[i].due_on, today) < 0) {
            return CLI_LATE;
        }
    }
    return CLI_OK;
}

/** No connection: what was so when there was one. */
static int show_kept(struct cli *cli)
{
    SL_AUTO(desk) struct desk desk = {0};
    struct fault lost = cli->fault;
    char at[WHEN_TEXT];

    if (desk_load_kept(cli, &desk) != CLI_OK || desk.at_s == 0) {
        cli->fault = lost;
        return lost.exit;
    }
    show(cli, &desk);
    when_full(desk.at_s, at);
    cli->fault = lost;
    return fault_next(
        &cli->fault,
        "This is what we had on %s. Messages you send are kept in your outbox until you are "
        "online.",
        at);
}

int cmd_inbox(struct cli *cli)
{
    SL_AUTO(desk) struct desk desk = {0};
    int sent = 0;
    int rc = session_online(cli);

    if (rc == CLI_OK) {
        rc = desk_load(cli, &desk);
    }
    if (rc == CLI_NETWORK && cli->session != NULL && cli->session->me != NULL) {
        return show_kept(cli);
    }
    if (rc == CLI_OK) {
        rc = outbox_flush(cli, &desk, &sent);
    }
    if (rc == CLI_OK && sent > 0) {
        desk_free(&desk);
        rc = desk_load(cli, &desk);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    show(cli, &desk);
    return late_exit(cli, &desk);
}
