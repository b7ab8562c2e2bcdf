#include "item.h"

#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "layout.h"
#include "when.h"

enum {
    INDENT = 4
};

/* ---- What it is ---- */

bool item_is_visible(const struct e2_item *item, bool all)
{
    switch (item->kind) {
    case E2_ITEM_SEEN:
        return false;
    case E2_ITEM_KEY:
        return all;
    case E2_ITEM_MESSAGE:
        return all || (item->plain != E2_CARD && item->plain != E2_RETRACT);
    case E2_ITEM_INVITE:
    case E2_ITEM_KEYS:
    case E2_ITEM_TAKEN_BACK:
    case E2_ITEM_WARNING:
    default:
        return true;
    }
}

bool item_is_news(const struct e2_item *item)
{
    return item->kind == E2_ITEM_MESSAGE && item->side == E2_SIDE_PARENT &&
           item->plain != E2_RETRACT;
}

static const char *field(const struct e2_item *item, const char *name)
{
    const char *text = json_string_value(json_object_get(item->body, name));

    return text != NULL ? text : "";
}

static const char *who(const struct convo *convo, const struct e2_item *item)
{
    if (item->kind == E2_ITEM_WARNING) {
        return "-";
    }
    if (item->mine) {
        return "You";
    }
    return item->side == E2_SIDE_PARENT ? convo->name : item->author_name;
}

char *item_who(const struct convo *convo, const struct e2_item *item)
{
    return layout_line(who(convo, item));
}

/* ---- What it says ---- */

static char *message_text(const struct convo *convo, const struct e2_item *item)
{
    switch (item->plain) {
    case E2_TEXT:
        return sl_strdup(field(item, "body"));
    case E2_CARD:
        return sl_strf("[title: case %s, child %s, parent %s]", field(item, "case"),
                       field(item, "child"), field(item, "parent"));
    case E2_FILE:
        return sl_strf("[file: %s. This version of sendline cannot save it]", field(item, "name"));
    case E2_RETRACT:
        return sl_strf("%s took message %lld back.", who(convo, item),
                       (long long)json_integer_value(json_object_get(item->body, "seq")));
    case E2_PLAIN_UNKNOWN:
        return sl_strf("[a kind of message that this version of sendline does not know: %s]",
                       field(item, "name"));
    case E2_AGREED:
    case E2_CALL:
    case E2_CONFIRM:
    case E2_FORM:
    case E2_LETTER:
    case E2_NOTE:
    case E2_PROFILE:
    case E2_REASON:
    default:
        return sl_strf("[%s: this version of sendline does not show it]",
                       e2_plain_name(item->plain));
    }
}

static char *invite_text(const struct convo *convo, const struct e2_item *item)
{
    const char *state = field(item, "state");
    char day[WHEN_TEXT];

    if (strcmp(state, "open") == 0) {
        when_day(json_integer_value(json_object_get(item->body, "expires_at")),
                 sl_now_s(convo->cli->clock), day);
        return sl_strf("%s invited the family. The invitation is good until %s.", who(convo, item),
                       day);
    }
    return sl_strf("%s invited the family. The invitation %s.", who(convo, item),
                   strcmp(state, "used") == 0 ? "was used" : "has ended");
}

static char *keys_text(const struct convo *convo, const struct e2_item *item)
{
    bool by_me =
        memcmp(item->inviter_id, convo->cli->session->staff_id, sizeof(item->inviter_id)) == 0;
    const char *inviter = by_me ? "you" : item->inviter_name;

    return sl_strf("%s %s, invited by %s.%s", convo->name,
                   json_is_true(json_object_get(item->body, "again")) ? "came in again" : "came in",
                   inviter[0] != '\0' ? inviter : "somebody who is not in the list of colleagues",
                   item->confirmed ? "" : " Not confirmed: who invited them has left.");
}

char *item_text(const struct convo *convo, const struct e2_item *item)
{
    switch (item->kind) {
    case E2_ITEM_KEY:
        return sl_strf("%s made key %lld of this conversation.", who(convo, item),
                       (long long)json_integer_value(json_object_get(item->body, "generation")));
    case E2_ITEM_INVITE:
        return invite_text(convo, item);
    case E2_ITEM_KEYS:
        return keys_text(convo, item);
    case E2_ITEM_SEEN:
        return sl_strf("%s read up to here.", who(convo, item));
    case E2_ITEM_TAKEN_BACK:
        return sl_strf("%s took a message back.", who(convo, item));
    case E2_ITEM_WARNING:
        return sl_strf("WARNING: an entry was refused here (rule %d, %s). %s", item->rule,
                       item->reason, item->sentence);
    case E2_ITEM_MESSAGE:
    default:
        return message_text(convo, item);
    }
}

/* ---- On a screen ---- */

static void print_event(struct out *out, const struct convo *convo, const struct e2_item *item)
{
    bool warning = item->kind == E2_ITEM_WARNING;
    SL_AUTO(str) char *text = item_text(convo, item);
    char clock[WHEN_TEXT];

    when_clock(item->at, clock);
    SL_AUTO(str) char *dated = sl_strf("%s  %s", clock, text);
    SL_AUTO(str) char *line = layout_line(dated);
    (void)fputs(warning ? out_alarm(out) : "", out->to);
    layout_wrap(out->to, line, 2, (size_t)out->width);
    (void)fputs(warning ? out_reset(out) : "", out->to);
}

/** "10:42   Read 19:58", and the author's own clock where it is another. Owned. */
static char *times(const struct convo *convo, const struct e2_item *item)
{
    int64_t read_at = item->mine ? convo_read_at(convo, item->seq) : 0;
    char clock[WHEN_TEXT];
    char sent[WHEN_TEXT] = "";
    char read[WHEN_TEXT] = "";

    when_clock(item->at, clock);
    if (item->clock_differs) {
        when_short((int64_t)item->sent_at, sent);
    }
    if (read_at > 0) {
        struct when day = when_london(item->at);
        struct when read_day = when_london(read_at);

        if (day.day == read_day.day && read_at - item->at < 2 * 86400) {
            when_clock(read_at, read);
        } else {
            when_short(read_at, read);
        }
    }
    return sl_strf("%s%s%s%s%s%s", sent[0] != '\0' ? "their clock: " : "", sent,
                   sent[0] != '\0' ? "   " : "", clock, read[0] != '\0' ? "   Read " : "", read);
}

static void print_message(struct out *out, const struct convo *convo, const struct e2_item *item,
                          bool numbers)
{
    SL_AUTO(str) char *name = item_who(convo, item);
    SL_AUTO(str)
    char *left = sl_strf("  %s%s", name, item->confirmed ? "" : " (not confirmed)");
    SL_AUTO(str) char *right = times(convo, item);
    SL_AUTO(str) char *text = item_text(convo, item);

    (void)fputs(out_bold(out), out->to);
    layout_ends(out->to, left, right, (size_t)out->width);
    (void)fputs(out_reset(out), out->to);
    if (item->plain == E2_TEXT) {
        layout_wrap(out->to, text, INDENT, (size_t)out->width);
    } else {
        SL_AUTO(str) char *line = layout_line(text);
        layout_wrap(out->to, line, INDENT, (size_t)out->width);
    }
    if (numbers && item->mine) {
        (void)fprintf(out->to, "    (message %u)\n", item->seq);
    }
}

void item_print(struct out *out, const struct convo *convo, const struct e2_item *item,
                bool numbers)
{
    if (item->kind == E2_ITEM_MESSAGE && item->plain != E2_RETRACT) {
        print_message(out, convo, item, numbers && item->plain != E2_CARD);
    } else {
        print_event(out, convo, item);
    }
    (void)fputc('\n', out->to);
}

/* ---- For scripts ---- */

static void set_time(json_t *json, const char *name, int64_t at)
{
    char text[WHEN_TEXT];

    when_iso(at, text);
    sl_json_set_str(json, name, text);
}

json_t *item_json(const struct convo *convo, const struct e2_item *item)
{
    static const char *const kinds[] = {"message", "key",        "invite", "keys",
                                        "seen",    "taken_back", "warning"};
    json_t *json = sl_json_new();
    int64_t read_at;

    sl_json_set_int(json, "seq", item->seq);
    sl_json_set_str(json, "what", kinds[item->kind]);
    set_time(json, "at", item->at);
    if (item->kind == E2_ITEM_WARNING) {
        sl_json_set_int(json, "rule", item->rule);
        sl_json_set_str(json, "reason", item->reason);
        sl_json_set_str(json, "sentence", item->sentence);
        return json;
    }
    if (item->clock_differs) {
        set_time(json, "sent_at", (int64_t)item->sent_at);
    }
    sl_json_set_str(json, "side", item->side == E2_SIDE_PARENT ? "parent" : "staff");
    sl_json_set_str(json, "from", item->side == E2_SIDE_PARENT ? convo->name : item->author_name);
    sl_json_set_bool(json, "mine", item->mine);
    sl_json_set_bool(json, "confirmed", item->confirmed);
    if (item->kind == E2_ITEM_MESSAGE) {
        const char *kind = e2_plain_name(item->plain);

        sl_json_set_str(json, "kind", kind != NULL ? kind : "unknown");
    }
    if (item->inviter_name[0] != '\0') {
        sl_json_set_str(json, "invited_by", item->inviter_name);
    }
    read_at = item->mine && item->kind == E2_ITEM_MESSAGE ? convo_read_at(convo, item->seq) : 0;
    if (read_at > 0) {
        set_time(json, "read_at", read_at);
    }
    sl_json_set(json, "body", json_deep_copy(item->body));
    return json;
}
