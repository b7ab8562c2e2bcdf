/* read: a conversation, its warnings in their place, and what has just been read said to be read.
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "common/json.h"
#include "common/text.h"
#include "convo.h"
#include "layout.h"
#include "when.h"

enum {
    RECENT_DAYS = 14,
    INDENT = 4
};

struct reading {
    struct cli *cli;
    struct convo *convo;
    const struct desk_thread *about;
    uint32_t seen_before; /**< what I had read when I came */
    int64_t since_s;
    uint32_t shown_to; /**< highest seq shown */
    size_t new_count;
    bool skipped;
    int64_t last_day;
};

/** Is this for eyes at all? Keys and reading marks are the machinery. */
static bool is_visible(const struct e2_item *item, bool all)
{
    return item->kind != E2_ITEM_SEEN && (all || item->kind != E2_ITEM_KEY) &&
           !(item->kind == E2_ITEM_MESSAGE &&
             (item->plain == E2_CARD || item->plain == E2_RETRACT) && !all);
}

static bool is_new(const struct reading *r, const struct e2_item *item)
{
    return item->seq > r->seen_before && !item->mine && item->side == E2_SIDE_PARENT &&
           item->kind == E2_ITEM_MESSAGE && item->plain != E2_RETRACT;
}

static const char *who(const struct reading *r, const struct e2_item *item)
{
    if (item->mine) {
        return "You";
    }
    return item->side == E2_SIDE_PARENT ? r->convo->name : item->author_name;
}

static const char *field(const struct e2_item *item, const char *name)
{
    const char *text = json_string_value(json_object_get(item->body, name));

    return text != NULL ? text : "";
}

/** What a message that is no plain text says in one line. Owned. */
static char *describe(const struct e2_item *item)
{
    switch (item->plain) {
    case E2_CARD:
        return sl_strf("[card: case %s, child %s, parent %s]", field(item, "case"),
                       field(item, "child"), field(item, "parent"));
    case E2_FILE:
        return sl_strf("[file: %s. This version of sendline cannot save it]", field(item, "name"));
    case E2_RETRACT:
        return sl_strf("[message %lld taken back]",
                       (long long)json_integer_value(json_object_get(item->body, "seq")));
    case E2_PLAIN_UNKNOWN:
        return sl_strf("[a kind of message that this version does not know: %s]",
                       field(item, "name"));
    case E2_AGREED:
    case E2_CALL:
    case E2_CONFIRM:
    case E2_FORM:
    case E2_LETTER:
    case E2_NOTE:
    case E2_PROFILE:
    case E2_REASON:
    case E2_TEXT:
    default:
        return sl_strf("[%s: this version of sendline does not show it]",
                       e2_plain_name(item->plain));
    }
}

/** A line in brackets for what is no message, or NULL. Owned. */
static char *event_line(const struct reading *r, const struct e2_item *item)
{
    char day[WHEN_TEXT];
    SL_AUTO(str) char *by = sl_strdup(item->mine ? "you" : item->author_name);

    switch (item->kind) {
    case E2_ITEM_KEY:
        return sl_strf("%s made key %lld of this conversation.",
                       item->mine ? "You" : item->author_name,
                       (long long)json_integer_value(json_object_get(item->body, "generation")));
    case E2_ITEM_INVITE:
        when_day(json_integer_value(json_object_get(item->body, "expires_at")),
                 sl_now_s(r->cli->clock), day);
        return sl_strf("Invited by %s. The invitation %s.", by,
                       strcmp(field(item, "state"), "open") == 0   ? "is not used yet"
                       : strcmp(field(item, "state"), "used") == 0 ? "was used"
                                                                   : "ended");
    case E2_ITEM_KEYS:
        return sl_strf("%s %s, invited by %s%s.", r->convo->name,
                       json_is_true(json_object_get(item->body, "again")) ? "came in again"
                                                                          : "came in",
                       memcmp(item->inviter_id, r->cli->session->staff_id, SL_ID_BYTES) == 0
                           ? "you"
                           : item->inviter_name,
                       item->confirmed ? "" : " (not confirmed)");
    case E2_ITEM_TAKEN_BACK:
        return sl_strf("%s took a message back.", who(r, item));
    case E2_ITEM_WARNING:
        return sl_strf("WARNING: an entry was refused here (rule %d, %s). %s", item->rule,
                       item->reason, item->sentence);
    case E2_ITEM_MESSAGE:
    case E2_ITEM_SEEN:
    default:
        return NULL;
    }
}

static void print_day(struct reading *r, int64_t at)
{
    struct out *out = &r->cli->out;
    struct when w = when_london(at);
    int64_t day = when_days(w.year, w.month, w.day);
    char text[WHEN_TEXT];
    SL_AUTO(str) char *head = NULL;

    if (day == r->last_day) {
        return;
    }
    r->last_day = day;
    when_day(at, sl_now_s(r->cli->clock), text);
    head = sl_strf("----- %s ", text);
    (void)fputs(head, out->to);
    for (int i = (int)layout_width(head); i < out->width; i++) {
        (void)fputc('-', out->to);
    }
    (void)fputs("\n\n", out->to);
}

static void print_item(struct reading *r, const struct e2_item *item)
{
    struct out *out = &r->cli->out;
    char clock[WHEN_TEXT];
    char read[WHEN_TEXT] = "";
    char sent[WHEN_TEXT] = "";
    SL_AUTO(str) char *event = event_line(r, item);
    SL_AUTO(str) char *left = NULL;
    SL_AUTO(str) char *right = NULL;
    int64_t read_at = 0;

    when_clock(item->at, clock);
    if (event != NULL) {
        bool warning = item->kind == E2_ITEM_WARNING;

        (void)fputs(warning ? out_alarm(out) : "", out->to);
        SL_AUTO(str) char *line = sl_strf("%s  %s", clock, event);
        layout_wrap(out->to, line, 2, (size_t)out->width);
        (void)fputs(warning ? out_reset(out) : "", out->to);
        (void)fputc('\n', out->to);
        return;
    }
    if (item->mine) {
        read_at = convo_read_at(r->convo, item->seq);
    }
    if (read_at > 0) {
        char at[WHEN_TEXT];

        when_clock(read_at, at);
        (void)snprintf(read, sizeof(read), "   Read %.8s", at);
    }
    if (item->clock_differs) {
        char at[WHEN_TEXT];

        when_short((int64_t)item->sent_at, at);
        (void)snprintf(sent, sizeof(sent), "their clock: %.30s   ", at);
    }
    left = sl_strf("  %s%s", who(r, item), item->confirmed ? "" : " (not confirmed)");
    right = sl_strf("%s%s%s", sent, clock, read);
    (void)fputs(out_bold(out), out->to);
    layout_ends(out->to, left, right, (size_t)out->width);
    (void)fputs(out_reset(out), out->to);
    if (item->plain == E2_TEXT) {
        layout_wrap(out->to, field(item, "body"), INDENT, (size_t)out->width);
    } else {
        SL_AUTO(str) char *line = describe(item);
        layout_wrap(out->to, line, INDENT, (size_t)out->width);
    }
    if (r->cli->opts.value[OPT_ALL] != NULL && item->mine && item->plain == E2_TEXT) {
        (void)fprintf(out->to, "    (message %u)\n", item->seq);
    }
    (void)fputc('\n', out->to);
}

static void print_new_rule(const struct reading *r)
{
    struct out *out = &r->cli->out;
    SL_AUTO(str) char *head = sl_strf("===== %zu new ", r->new_count);

    (void)fputs(head, out->to);
    for (int i = (int)strlen(head); i < out->width; i++) {
        (void)fputc('=', out->to);
    }
    (void)fputs("\n\n", out->to);
}

static void print_head(const struct reading *r)
{
    struct out *out = &r->cli->out;
    struct e2_card card;
    struct e2_readers readers;
    struct e2_key_need need = {0};

    (void)fputc('\n', out->to);
    (void)fputs(out_bold(out), out->to);
    if (e2_thread_card(r->convo->thread, &card)) {
        (void)fprintf(out->to, "%s  %s, parent of %s\n", card.case_ref, card.parent, card.child);
    } else {
        (void)fprintf(out->to, "%s\n", r->about->ref);
    }
    (void)fputs(out_reset(out), out->to);
    if (e2_thread_readers(r->convo->thread, &readers)) {
        (void)fprintf(out->to, "Can unlock: %s%syou and colleagues of %s, and the %s when needed\n",
                      readers.parent ? r->convo->name : "", readers.parent ? ", " : "",
                      readers.team, readers.records);
    }
    e2_thread_key_need(r->convo->thread, &need);
    if (!r->about->accepted && r->about->has_parent) {
        (void)fprintf(out->to, "%s has not accepted the invitation yet.\n", r->convo->name);
    } else if (!r->about->has_parent) {
        (void)fprintf(out->to, "Nobody is invited yet. Next: sendline invite %s\n", r->about->ref);
    }
    if (need.needs_yes) {
        (void)fprintf(
            out->to,
            "%s came in by an invitation from %s. You are asked about it before you write.\n",
            r->convo->name, need.inviter_name);
    }
    out_rule(out, '=');
    (void)fputc('\n', out->to);
}

/** Where showing begins: --all, --since, or the last 14 days, but always from the first unread. */
static int64_t begin_at(struct reading *r)
{
    size_t count = e2_thread_count(r->convo->thread);
    int64_t begin = r->since_s;

    for (size_t i = 0; i < count; i++) {
        const struct e2_item *item = e2_thread_item(r->convo->thread, i);

        if (is_new(r, item)) {
            r->new_count++;
            begin = item->at < begin ? item->at : begin;
        }
    }
    return begin;
}

static void print_thread(struct reading *r)
{
    size_t count = e2_thread_count(r->convo->thread);
    bool all = cli_has(r->cli, OPT_ALL);
    int64_t begin = begin_at(r);
    bool ruled = false;
    size_t shown = 0;

    print_head(r);
    for (size_t i = 0; i < count; i++) {
        const struct e2_item *item = e2_thread_item(r->convo->thread, i);

        r->shown_to = item->seq;
        if (!is_visible(item, all)) {
            continue;
        }
        if (item->at < begin) {
            r->skipped = true;
            continue;
        }
        if (!ruled && is_new(r, item)) {
            print_new_rule(r);
            ruled = true;
            r->last_day = -1;
        }
        print_day(r, item->at);
        print_item(r, item);
        shown++;
    }
    if (shown == 0) {
        out_say(&r->cli->out, "  No messages%s.\n", r->skipped ? " in this time" : " yet");
    }
    out_rule(&r->cli->out, '-');
    if (r->skipped) {
        out_say(&r->cli->out, "There are older messages: sendline read %s --all", r->about->ref);
    }
}

static json_t *item_json(const struct reading *r, const struct e2_item *item)
{
    static const char *const kinds[] = {"message", "key",        "invite", "keys",
                                        "seen",    "taken_back", "warning"};
    json_t *json = sl_json_new();
    char at[WHEN_TEXT];
    int64_t read_at;

    when_iso(item->at, at);
    sl_json_set_int(json, "seq", item->seq);
    sl_json_set_str(json, "what", kinds[item->kind]);
    sl_json_set_str(json, "at", at);
    if (item->clock_differs) {
        when_iso((int64_t)item->sent_at, at);
        sl_json_set_str(json, "sent_at", at);
    }
    if (item->kind == E2_ITEM_WARNING) {
        sl_json_set_int(json, "rule", item->rule);
        sl_json_set_str(json, "reason", item->reason);
        return json;
    }
    sl_json_set_str(json, "side", item->side == E2_SIDE_PARENT ? "parent" : "staff");
    sl_json_set_str(json, "from",
                    item->side == E2_SIDE_PARENT ? r->convo->name : item->author_name);
    sl_json_set_bool(json, "mine", item->mine);
    sl_json_set_bool(json, "new", is_new(r, item));
    sl_json_set_bool(json, "confirmed", item->confirmed);
    if (item->kind == E2_ITEM_MESSAGE) {
        const char *kind = e2_plain_name(item->plain);

        sl_json_set_str(json, "kind", kind != NULL ? kind : "unknown");
    }
    if (item->inviter_name != NULL && item->inviter_name[0] != '\0') {
        sl_json_set_str(json, "invited_by", item->inviter_name);
    }
    read_at = item->mine && item->kind == E2_ITEM_MESSAGE ? convo_read_at(r->convo, item->seq) : 0;
    if (read_at > 0) {
        when_iso(read_at, at);
        sl_json_set_str(json, "read_at", at);
    }
    sl_json_set(json, "body", json_deep_copy(item->body));
    return json;
}

static json_t *thread_json(struct reading *r)
{
    size_t count = e2_thread_count(r->convo->thread);
    json_t *json = sl_json_new();
    json_t *entries = sl_json_new_array();
    int64_t begin = begin_at(r);
    struct e2_card card;
    enum e2_send stopped = e2_thread_stopped(r->convo->thread);
    SL_AUTO(str) char *id = sl_b64(r->about->thread, SL_ID_BYTES);

    for (size_t i = 0; i < count; i++) {
        const struct e2_item *item = e2_thread_item(r->convo->thread, i);

        r->shown_to = item->seq;
        if (item->at >= begin) {
            sl_json_append(entries, item_json(r, item));
        }
    }
    sl_json_set_str(json, "case", r->about->ref);
    sl_json_set_str(json, "thread", id);
    if (e2_thread_card(r->convo->thread, &card)) {
        sl_json_set_str(json, "parent", card.parent);
        sl_json_set_str(json, "child", card.child);
    }
    sl_json_set_bool(json, "accepted", r->about->accepted);
    sl_json_set_int(json, "new", (int64_t)r->new_count);
    if (r->about->due_on[0] != '\0') {
        sl_json_set_str(json, "reply_due", r->about->due_on);
    }
    if (stopped != E2_SEND_YES) {
        sl_json_set_str(json, "stopped", e2_send_name(stopped));
    }
    sl_json_set(json, "entries", entries);
    return json;
}

static void print_plain(struct reading *r)
{
    size_t count = e2_thread_count(r->convo->thread);
    int64_t begin = begin_at(r);

    for (size_t i = 0; i < count; i++) {
        const struct e2_item *item = e2_thread_item(r->convo->thread, i);
        SL_AUTO(str) char *event = event_line(r, item);
        SL_AUTO(str) char *text = NULL;
        SL_AUTO(str) char *name = NULL;
        char at[WHEN_TEXT];

        r->shown_to = item->seq;
        if (!is_visible(item, cli_has(r->cli, OPT_ALL)) || item->at < begin) {
            continue;
        }
        if (event == NULL) {
            event = item->plain == E2_TEXT ? sl_strdup(field(item, "body")) : describe(item);
        }
        text = layout_line(event);
        name = layout_line(item->kind == E2_ITEM_WARNING ? "-" : who(r, item));
        when_iso(item->at, at);
        (void)fprintf(r->cli->out.to, "%u\t%s\t%s\t%s\t%s\n", item->seq, at, name,
                      is_new(r, item) ? "new" : "-", text);
    }
}

static int mark_read(struct reading *r)
{
    struct cli *cli = r->cli;
    bool posted = false;
    bool made = false;
    struct e2_key_need need = {0};
    int rc = CLI_OK;

    e2_thread_key_need(r->convo->thread, &need);
    if (e2_thread_stopped(r->convo->thread) != E2_SEND_YES) {
        cli_warn(cli, "%s: %s", r->about->ref,
                 e2_send_sentence(e2_thread_stopped(r->convo->thread)));
        return CLI_OK;
    }
    /* A parent who has just come in gets a key of their own at the first chance, if no question
     * hangs on it. */
    if (need.why == E2_KEY_PARENT_KEYS && !need.needs_yes &&
        e2_thread_can_send(r->convo->thread) == E2_SEND_YES) {
        rc = convo_key(r->convo, false, &made);
    }
    if (rc == CLI_OK && !cli_has(cli, OPT_PEEK)) {
        rc = convo_seen(r->convo, r->shown_to, &posted);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    if (made) {
        cli_did(cli, "This conversation has a new key, and %s has it too.", r->convo->name);
    }
    if (posted && r->new_count > 0) {
        cli_did(cli,
                "Marked as read. %s can see that you have read it. (Use --peek to look without "
                "telling them.)",
                r->convo->name);
    }
    return CLI_OK;
}

static void print_end(const struct reading *r)
{
    struct out *out = &r->cli->out;
    char day[WHEN_TEXT];
    char today[WHEN_TEXT];

    if (r->about->due_on[0] != '\0') {
        when_today(sl_now_s(r->cli->clock), today);
        when_on_day(r->about->due_on, day);
        out_say(out, "Reply %s %s.", strcmp(r->about->due_on, today) < 0 ? "was due" : "due", day);
    } else if (r->about->reply == DESK_REPLY_NOT_NEEDED) {
        out_say(out, "You marked this as: no reply needed. %s sees that.", r->convo->name);
    }
    out_say(out, "\nNext: sendline reply %s\n", r->about->ref);
}

int cmd_read(struct cli *cli)
{
    SL_AUTO(desk) struct desk desk = {0};
    SL_AUTO(convo) struct convo *convo = NULL;
    struct desk_thread *about = NULL;
    struct reading r = {.cli = cli, .last_day = -1};
    const char *since = cli->opts.value[OPT_SINCE];
    int64_t now = sl_now_s(cli->clock);
    int rc;

    r.since_s = cli_has(cli, OPT_ALL) ? 0 : now - (int64_t)RECENT_DAYS * 86400;
    if (since != NULL && !when_parse_since(since, now, &r.since_s)) {
        fault_set(&cli->fault, CLI_USAGE, "--since takes a day, and '%.60s' is none.", since);
        return fault_next(&cli->fault, "Example: sendline read %.40s --since 2026-12-01",
                          cli->opts.args[0]);
    }
    rc = session_online(cli);
    if (rc == CLI_OK) {
        rc = desk_load(cli, &desk);
    }
    if (rc == CLI_OK) {
        rc = desk_find(cli, &desk, cli->opts.args[0], &about);
    }
    if (rc == CLI_OK) {
        rc = convo_open(cli, about, &convo);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    r.convo = convo;
    r.about = about;
    r.seen_before = e2_thread_seen_by_me(convo->thread);
    out_page(&cli->out);
    if (cli->out.json) {
        out_json(&cli->out, thread_json(&r));
    } else if (cli->out.plain) {
        print_plain(&r);
    } else {
        print_thread(&r);
    }
    rc = mark_read(&r);
    print_end(&r);
    return rc;
}
