/* read: a conversation, its warnings in their place, and what has just been read said to be read.
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "common/json.h"
#include "common/text.h"
#include "item.h"
#include "layout.h"
#include "when.h"

enum {
    RECENT_DAYS = 14
};

struct reading {
    struct cli *cli;
    struct convo *convo;
    const struct desk_thread *about;
    uint32_t seen_before; /**< what I had read when I came */
    size_t begin;         /**< the first item that is shown */
    size_t new_count;
    uint32_t shown_to; /**< the newest entry there is to show */
    bool skipped;
    bool unconfirmed;
    int64_t last_day;
};

static size_t item_count(const struct reading *r)
{
    return e2_thread_count(r->convo->thread);
}

static const struct e2_item *item_at(const struct reading *r, size_t i)
{
    return e2_thread_item(r->convo->thread, i);
}

/** By the conversation itself, not by what the service says about it. */
static bool has_come_in(const struct reading *r)
{
    return e2_thread_parent_keys_seq(r->convo->thread) != 0;
}

static bool is_new(const struct reading *r, const struct e2_item *item)
{
    return item->seq > r->seen_before && item_is_news(item);
}

/**
 * Where showing begins: --all, --since, or the last 14 days, but always from the first unread. From
 * there on everything shows, whatever time the service gives it.
 */
static void look_through(struct reading *r, int64_t since_s)
{
    bool begun = false;

    r->seen_before = e2_thread_seen_by_me(r->convo->thread);
    r->shown_to = (uint32_t)item_count(r);
    r->begin = item_count(r);
    for (size_t i = 0; i < item_count(r); i++) {
        const struct e2_item *item = item_at(r, i);

        r->new_count += is_new(r, item);
        if (!begun && (item->at >= since_s || is_new(r, item))) {
            begun = true;
            r->begin = i;
        }
    }
}

/* ---- On a screen ---- */

static void print_day(struct reading *r, int64_t at)
{
    struct out *out = &r->cli->out;
    struct when w = when_london(at);
    int64_t day = when_days(w.year, w.month, w.day);
    char text[WHEN_TEXT];

    if (day == r->last_day) {
        return;
    }
    r->last_day = day;
    when_day(at, sl_now_s(r->cli->clock), text);
    SL_AUTO(str) char *head = sl_strf("----- %s ", text);
    layout_rule(out->to, head, '-', (size_t)out->width);
    (void)fputc('\n', out->to);
}

static void print_new_rule(struct reading *r)
{
    struct out *out = &r->cli->out;
    SL_AUTO(str) char *head = sl_strf("===== %zu new ", r->new_count);

    layout_rule(out->to, head, '=', (size_t)out->width);
    (void)fputc('\n', out->to);
    r->last_day = -1;
}

/** Alarms stand over everything and, in print_end, under it. */
static void print_alarm(const struct reading *r)
{
    struct out *out = &r->cli->out;
    enum e2_send stopped = e2_thread_stopped(r->convo->thread);

    if (stopped != E2_SEND_YES) {
        SL_AUTO(str) char *line = sl_strf("ALARM: %s", e2_send_sentence(stopped));
        (void)fputs(out_alarm(out), out->to);
        layout_wrap(out->to, line, 0, (size_t)out->width);
        (void)fputs(out_reset(out), out->to);
    }
}

static void print_readers(const struct reading *r)
{
    struct out *out = &r->cli->out;
    struct e2_readers readers;

    if (!e2_thread_readers(r->convo->thread, &readers)) {
        return;
    }
    SL_AUTO(str)
    char *text = sl_strf("Can unlock: %s%syou. Colleagues of %s and of %s can when needed.",
                         readers.parent ? r->convo->name : "", readers.parent ? ", " : "",
                         readers.team, readers.records);
    SL_AUTO(str) char *line = layout_line(text);
    layout_wrap(out->to, line, 0, (size_t)out->width);
}

/** Has the family come in, and is there a question about it? */
static void print_standing(const struct reading *r)
{
    struct out *out = &r->cli->out;
    struct e2_key_need need = {0};
    SL_AUTO(str) char *line = NULL;

    e2_thread_key_need(r->convo->thread, &need);
    if (e2_thread_parent_id(r->convo->thread) == NULL) {
        line = sl_strdup("Nobody is invited yet.");
    } else if (!has_come_in(r)) {
        line = sl_strf("%s has not accepted the invitation yet.", r->convo->name);
    } else if (need.why == E2_KEY_PARENT_KEYS && need.needs_yes) {
        line = sl_strf("%s came in by an invitation from %s. You are asked about it before you "
                       "write.",
                       r->convo->name, need.inviter_name);
    }
    if (line != NULL) {
        layout_wrap(out->to, line, 0, (size_t)out->width);
    }
}

static void print_head(const struct reading *r)
{
    struct out *out = &r->cli->out;
    struct e2_card card;
    SL_AUTO(str) char *text = NULL;

    if (e2_thread_card(r->convo->thread, &card)) {
        text = sl_strf("%s  %s, parent of %s", card.case_ref, card.parent, card.child);
    } else {
        text = sl_strdup(r->about->ref);
    }
    SL_AUTO(str) char *title = layout_line(text);
    (void)fprintf(out->to, "\n%s", out_bold(out));
    layout_wrap(out->to, title, 0, (size_t)out->width);
    (void)fputs(out_reset(out), out->to);
    print_readers(r);
    print_standing(r);
    print_alarm(r);
    out_rule(out, '=');
    (void)fputc('\n', out->to);
}

static void print_items(struct reading *r)
{
    bool all = cli_has(r->cli, OPT_ALL);
    bool ruled = false;
    size_t shown = 0;

    for (size_t i = 0; i < r->begin; i++) {
        r->skipped = r->skipped || item_is_visible(item_at(r, i), all);
    }
    for (size_t i = r->begin; i < item_count(r); i++) {
        const struct e2_item *item = item_at(r, i);

        if (!item_is_visible(item, all)) {
            continue;
        }
        if (!ruled && is_new(r, item)) {
            print_new_rule(r);
            ruled = true;
        }
        print_day(r, item->at);
        item_print(&r->cli->out, r->convo, item, all);
        r->unconfirmed = r->unconfirmed || (item->kind != E2_ITEM_WARNING && !item->confirmed);
        shown++;
    }
    if (shown == 0) {
        out_say(&r->cli->out, "  No messages%s.\n", r->skipped ? " in this time" : " yet");
    }
}

static void print_thread(struct reading *r)
{
    struct out *out = &r->cli->out;

    print_head(r);
    print_items(r);
    out_rule(out, '-');
    if (item_count(r) < r->convo->last_seq) {
        out_say(out, "Newer entries wait for a newer list of colleagues. Try again in a minute.");
    }
    if (r->unconfirmed) {
        out_say(out, "Not confirmed: its author, or who invited them, has left since. A new key by "
                     "a colleague\nsettles it; sendline makes one before the next message.");
    }
    if (r->skipped) {
        out_say(out, "There are older messages: sendline read %s --all", r->about->ref);
    }
}

static void print_end(const struct reading *r)
{
    struct out *out = &r->cli->out;
    char day[WHEN_TEXT];
    char today[WHEN_TEXT];

    if (r->about->due_on[0] != '\0') {
        when_today(sl_now_s(r->cli->clock), today);
        when_on_day(r->about->due_on, day);
        out_say(out, "Reply %s %s.", strcmp(r->about->due_on, today) < 0 ? "was due" : "due",
                strcmp(r->about->due_on, today) == 0 ? "today" : day);
    } else if (r->about->reply == DESK_REPLY_NOT_NEEDED) {
        out_say(out, "You marked this as: no reply needed. %s sees that.", r->convo->name);
    }
    if (e2_thread_stopped(r->convo->thread) != E2_SEND_YES) {
        print_alarm(r);
        return;
    }
    out_say(out, "\nNext: sendline %s %s\n",
            e2_thread_parent_id(r->convo->thread) != NULL ? "reply" : "invite", r->about->ref);
}

/* ---- For scripts ---- */

static json_t *thread_json(const struct reading *r)
{
    json_t *json = sl_json_new();
    json_t *entries = sl_json_new_array();
    struct e2_card card;
    SL_AUTO(str) char *id = sl_b64(r->about->thread, SL_ID_BYTES);

    for (size_t i = r->begin; i < item_count(r); i++) {
        json_t *entry = item_json(r->convo, item_at(r, i));

        sl_json_set_bool(entry, "new", is_new(r, item_at(r, i)));
        sl_json_append(entries, entry);
    }
    sl_json_set_str(json, "case", r->about->ref);
    sl_json_set_str(json, "thread", id);
    if (e2_thread_card(r->convo->thread, &card)) {
        sl_json_set_str(json, "parent", card.parent);
        sl_json_set_str(json, "child", card.child);
    }
    sl_json_set_bool(json, "accepted", has_come_in(r));
    sl_json_set_int(json, "new", (int64_t)r->new_count);
    if (r->about->due_on[0] != '\0') {
        sl_json_set_str(json, "reply_due", r->about->due_on);
    }
    /* "yes", or why nothing can be sent: "another-history", "histories-differ", … */
    sl_json_set_str(json, "can_send", e2_send_name(e2_thread_can_send(r->convo->thread)));
    sl_json_set(json, "entries", entries);
    return json;
}

static void print_plain(const struct reading *r)
{
    for (size_t i = r->begin; i < item_count(r); i++) {
        const struct e2_item *item = item_at(r, i);
        char at[WHEN_TEXT];

        if (!item_is_visible(item, cli_has(r->cli, OPT_ALL))) {
            continue;
        }
        SL_AUTO(str) char *words = item_text(r->convo, item);
        SL_AUTO(str) char *text = layout_line(words);
        SL_AUTO(str) char *name = item_who(r->convo, item);
        when_iso(item->at, at);
        (void)fprintf(r->cli->out.to, "%u\t%s\t%s\t%s\t%s\n", item->seq, at, name,
                      is_new(r, item) ? "new" : "-", text);
    }
}

/* ---- What reading does ---- */

static int mark_read(const struct reading *r)
{
    struct out *out = &r->cli->out;
    bool posted = false;
    int rc = convo_seen(r->convo, r->shown_to, &posted);

    if (rc != CLI_OK || r->new_count == 0) {
        return rc;
    }
    if (posted) {
        out_say(out,
                "Marked as read. %s can see that you have read it.\n"
                "(Use --peek to look without telling them.)",
                r->convo->name);
    } else if (e2_thread_can_send(r->convo->thread) == E2_SEND_YES) {
        out_say(out,
                "Not marked as read yet: the last mark is only seconds old. %s sees it with your\n"
                "next look, or your reply.",
                r->convo->name);
    }
    return CLI_OK;
}

/** A parent who has just come in gets a key at the first chance, if no question hangs on it. */
static int give_key(const struct reading *r)
{
    bool made = false;
    int rc = CLI_OK;

    if (e2_thread_can_send(r->convo->thread) == E2_SEND_YES) {
        rc = convo_key(r->convo, false, &made);
    }
    if (made) {
        cli_did(r->cli, "This conversation has a new key%s%s.", has_come_in(r) ? " for " : "",
                has_come_in(r) ? r->convo->name : "");
    }
    return rc;
}

static int since_of(struct cli *cli, int64_t *since_s)
{
    const char *since = cli->opts.value[OPT_SINCE];
    int64_t now = sl_now_s(cli->clock);

    *since_s = cli_has(cli, OPT_ALL) ? 0 : now - (int64_t)RECENT_DAYS * 86400;
    if (since != NULL && !when_parse_since(since, now, since_s)) {
        fault_set(&cli->fault, CLI_USAGE, "--since takes a day, and '%.60s' is none.", since);
        return fault_next(&cli->fault, "Example: sendline read %.40s --since 2026-12-01",
                          cli->opts.args[0]);
    }
    return CLI_OK;
}

static int find(struct cli *cli, struct desk *desk, struct desk_thread **about)
{
    int rc = session_online(cli);

    if (rc == CLI_OK) {
        rc = desk_load(cli, desk);
    }
    return rc == CLI_OK ? desk_find(cli, desk, cli->opts.args[0], about) : rc;
}

int cmd_read(struct cli *cli)
{
    SL_AUTO(desk) struct desk desk = {0};
    SL_AUTO(convo) struct convo *convo = NULL;
    struct desk_thread *about = NULL;
    struct reading r = {.cli = cli, .last_day = -1};
    int64_t since_s = 0;
    int rc = since_of(cli, &since_s);

    if (rc == CLI_OK) {
        rc = find(cli, &desk, &about);
    }
    if (rc == CLI_OK) {
        rc = convo_open(cli, about, &convo);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    r.convo = convo;
    r.about = about;
    look_through(&r, since_s);
    out_page(&cli->out);
    if (cli->out.json) {
        out_json(&cli->out, thread_json(&r));
    } else if (cli->out.plain) {
        print_plain(&r);
    } else {
        print_thread(&r);
    }
    if (e2_thread_stopped(convo->thread) != E2_SEND_YES && (cli->out.json || cli->out.plain)) {
        cli_warn(cli, "%s: %s", about->ref, e2_send_sentence(e2_thread_stopped(convo->thread)));
    }
    rc = cli_has(cli, OPT_PEEK) ? CLI_OK : mark_read(&r);
    if (rc == CLI_OK && !cli_has(cli, OPT_PEEK)) {
        rc = give_key(&r);
    }
    if (!cli->out.json && !cli->out.plain) {
        print_end(&r);
    }
    return rc;
}
