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

static bool is_late(const struct desk_thread *t, const char *today)
{
    return t->due_on[0] != '\0' && strcmp(t->due_on, today) < 0;
}

static bool is_due_today(const struct desk_thread *t, const char *today)
{
    return strcmp(t->due_on, today) == 0;
}

/** Does it want something of the caseworker? */
static bool waits(const struct desk_thread *t)
{
    return !t->closed && (t->unread > 0 || t->due_on[0] != '\0');
}

static bool is_shown(const struct desk_thread *t, bool all)
{
    return all || waits(t);
}

/* ---- The table ---- */

static const char *const marks[] = {[TABLE_NORMAL] = " ", [TABLE_BOLD] = "*", [TABLE_ALARM] = "!"};
static const char *const plain_marks[] = {
    [TABLE_NORMAL] = "-", [TABLE_BOLD] = "new", [TABLE_ALARM] = "due"};

static enum table_row_style style_of(const struct desk_thread *t, const char *today)
{
    if (is_late(t, today) || is_due_today(t, today)) {
        return TABLE_ALARM;
    }
    return t->unread > 0 ? TABLE_BOLD : TABLE_NORMAL;
}

static void due_words(const struct desk_thread *t, const char *today, char out[WHEN_TEXT])
{
    char day[WHEN_TEXT];

    if (t->reply == DESK_REPLY_NOT_NEEDED) {
        (void)snprintf(out, WHEN_TEXT, "not needed");
    } else if (t->due_on[0] == '\0') {
        (void)snprintf(out, WHEN_TEXT, "-");
    } else if (is_due_today(t, today)) {
        (void)snprintf(out, WHEN_TEXT, "TODAY");
    } else {
        when_on_short(t->due_on, day);
        (void)snprintf(out, WHEN_TEXT, "%.20s%s", day, is_late(t, today) ? "  LATE" : "");
    }
}

static void add_row(struct table *table, const struct out *out, const struct desk_thread *t,
                    const char *today)
{
    enum table_row_style style = style_of(t, today);
    char unread[24] = "-";
    char since[WHEN_TEXT] = "-";
    char due[WHEN_TEXT];

    if (t->unread > 0) {
        (void)snprintf(unread, sizeof(unread), "%u", t->unread);
    }
    if (t->waiting_since_at > 0) {
        if (out->plain) {
            when_iso(t->waiting_since_at, since);
        } else {
            when_short(t->waiting_since_at, since);
        }
    }
    due_words(t, today, due);
    if (out->plain && t->due_on[0] != '\0') {
        (void)snprintf(due, sizeof(due), "%s", t->due_on);
    }
    const char *cells[] = {
        out->plain ? plain_marks[style] : marks[style], t->ref, desk_name(t), unread, since, due};
    table_row(table, style, cells);
}

static void show_table(struct cli *cli, const struct desk *desk, const char *today, bool all)
{
    struct table *table = table_new(&cli->out);

    table_column(table, " ", TABLE_LEFT);
    table_column(table, "CASE", TABLE_LEFT);
    table_column(table, "FROM", TABLE_NAME);
    table_column(table, "NEW", TABLE_RIGHT);
    table_column(table, "WAITING SINCE", TABLE_LEFT);
    table_column(table, "REPLY DUE", TABLE_LEFT);
    for (size_t i = 0; i < desk->count; i++) {
        if (is_shown(&desk->threads[i], all)) {
            add_row(table, &cli->out, &desk->threads[i], today);
        }
    }
    table_print(table, &cli->out, true);
}

static void show_screen(struct cli *cli, const struct desk *desk, const char *today, bool all)
{
    struct out *out = &cli->out;
    const char *next = NULL;
    size_t with_new = 0;
    size_t waiting = 0;
    size_t due = 0;
    size_t late = 0;
    size_t shown = 0;
    char now[WHEN_TEXT];

    for (size_t i = 0; i < desk->count; i++) {
        const struct desk_thread *t = &desk->threads[i];

        shown += is_shown(t, all);
        if (waits(t)) {
            with_new += t->unread > 0;
            waiting += t->due_on[0] != '\0';
            due += is_due_today(t, today);
            late += is_late(t, today);
            next = next == NULL ? t->ref : next;
        }
    }
    SL_AUTO(str)
    char *title = sl_strf("Inbox: %s", session_name(cli->session, cli->session->staff_id));
    SL_AUTO(str) char *clean = layout_line(title);
    when_full(desk->at_s, now);
    (void)fputc('\n', out->to);
    layout_ends(out->to, clean, now, (size_t)out->width);
    (void)fputc('\n', out->to);
    if (shown > 0) {
        show_table(cli, desk, today, all);
        (void)fputc('\n', out->to);
    }
    if (next == NULL) {
        out_say(out, "  Nothing new. Every family has a reply.\n");
        return;
    }
    if (with_new > 0) {
        (void)fprintf(out->to, "  %zu conversation%s with new messages.", with_new,
                      with_new == 1 ? "" : "s");
    } else {
        (void)fprintf(out->to, "  Nothing new.  %zu famil%s for a reply.", waiting,
                      waiting == 1 ? "y waits" : "ies wait");
    }
    if (due > 0) {
        (void)fprintf(out->to, "  %zu repl%s due today.", due, due == 1 ? "y" : "ies");
    }
    if (late > 0) {
        (void)fprintf(out->to, "  %zu repl%s late.", late, late == 1 ? "y is" : "ies are");
    }
    out_say(out, "\n  ! due today or late   * new\n\nNext: sendline read %s\n", next);
}

/* ---- For scripts ---- */

static json_t *item_json(const struct desk_thread *t)
{
    static const char *const states[] = {"none", "due", "late", "not_needed"};
    SL_AUTO(str) char *id = sl_b64(t->thread, SL_ID_BYTES);
    json_t *item = sl_json_new();
    char at[WHEN_TEXT];

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
    return item;
}

static json_t *as_json(const struct desk *desk, bool all)
{
    json_t *list = sl_json_new_array();

    for (size_t i = 0; i < desk->count; i++) {
        if (is_shown(&desk->threads[i], all)) {
            sl_json_append(list, item_json(&desk->threads[i]));
        }
    }
    return list;
}

static void show(struct cli *cli, struct desk *desk)
{
    bool all = cli_has(cli, OPT_ALL);
    char today[WHEN_TEXT];

    when_today(sl_now_s(cli->clock), today);
    if (desk->count > 0) {
        qsort(desk->threads, desk->count, sizeof(*desk->threads), desk_by_due);
    }
    if (cli->out.json) {
        out_json(&cli->out, as_json(desk, all));
    } else if (cli->out.plain) {
        show_table(cli, desk, today, all);
    } else if (!cli->out.quiet) {
        show_screen(cli, desk, today, all);
    }
}

static int late_exit(const struct cli *cli, const struct desk *desk)
{
    char today[WHEN_TEXT];

    when_today(sl_now_s(cli->clock), today);
    for (size_t i = 0; cli_has(cli, OPT_EXIT_CODE) && i < desk->count; i++) {
        if (is_late(&desk->threads[i], today)) {
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
    int64_t now = sl_now_s(cli->clock);
    char day[WHEN_TEXT];
    char then[WHEN_TEXT];
    char today[WHEN_TEXT];
    char clock[WHEN_TEXT];
    int rc = desk_load_kept(cli, &desk);

    cli->fault = lost;
    if (rc != CLI_OK || desk.at_s == 0) {
        return lost.exit;
    }
    show(cli, &desk);
    when_clock(desk.at_s, clock);
    when_today(desk.at_s, then);
    when_today(now, today);
    when_day(desk.at_s, now, day);
    return fault_next(&cli->fault,
                      "This is what we had at %.8s%s%s. Messages you send are kept in your outbox "
                      "until you are online.",
                      clock, strcmp(then, today) == 0 ? "" : " on ",
                      strcmp(then, today) == 0 ? "" : day);
}

/** What waited goes first, so that the list is as it is after that. It is no reason not to show the
 * list. */
static int send_waiting(struct cli *cli, struct desk *desk)
{
    size_t sent = 0;

    if (outbox_flush(cli, desk, &sent) != CLI_OK) {
        cli_warn(cli, "not sent from your outbox: %s", cli->fault.what);
        fault_clear(&cli->fault);
    }
    if (sent == 0 || cli->session->link == NULL) {
        return CLI_OK;
    }
    desk_free(desk);
    return desk_load(cli, desk);
}

int cmd_inbox(struct cli *cli)
{
    SL_AUTO(desk) struct desk desk = {0};
    int rc = session_online(cli);

    if (rc == CLI_OK) {
        rc = desk_load(cli, &desk);
    }
    if (rc == CLI_OK) {
        rc = send_waiting(cli, &desk);
    }
    if (rc == CLI_NETWORK && cli->session != NULL && cli->session->me != NULL) {
        return show_kept(cli);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    show(cli, &desk);
    return late_exit(cli, &desk);
}
