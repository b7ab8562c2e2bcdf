/* watch: new messages as they come. Every event of the account is taken once and in its order, by
 * its number; after a lost connection the service is asked for what was missed. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "common/json.h"
#include "common/text.h"
#include "item.h"
#include "layout.h"
#include "outbox.h"
#include "when.h"

enum {
    TICK_MS = 500, /**< how soon a reading mark that is due is looked at again */
    QUIET_MS = 15000,
    OPEN_MAX = 32, /**< conversations kept open; the one unused longest makes room */
    WAIT_FIRST_MS = 500,
    WAIT_MOST_MS = 30000
};

/** A conversation that something happened in. */
struct seat {
    struct convo *convo; /**< owned */
    bool key_due;        /**< the family came in: they have no key yet */
    bool alarmed;        /**< the alarm was told */
};

struct watch {
    struct cli *cli;
    struct desk desk;
    int64_t cursor;              /**< number of the last event that was taken */
    struct seat seats[OPEN_MAX]; /**< the one used last is the first */
    size_t seat_count;
    bool one; /**< a single conversation, with its words */
    uint8_t only[SL_ID_BYTES];
    uint32_t shown_to; /**< of that one */
    int64_t last_day;
    bool over; /**< nobody reads what is told any more */
};

/* ---- Conversations ---- */

static void clear_seats(struct watch *w)
{
    for (size_t i = 0; i < w->seat_count; i++) {
        convo_free(w->seats[i].convo);
    }
    w->seat_count = 0;
}

/** To the front, so that the last one is the one to go. */
static struct seat *to_front(struct watch *w, size_t i)
{
    struct seat seat = w->seats[i];

    memmove(&w->seats[1], &w->seats[0], i * sizeof(w->seats[0]));
    w->seats[0] = seat;
    return &w->seats[0];
}

/** The conversation as it is now. *fresh: it was opened just now, so everything is in it. */
static int seat_of(struct watch *w, const struct desk_thread *about, struct seat **out, bool *fresh)
{
    struct convo *convo = NULL;
    int rc;

    *fresh = false;
    for (size_t i = 0; i < w->seat_count; i++) {
        if (memcmp(w->seats[i].convo->thread_id, about->thread, SL_ID_BYTES) == 0) {
            *out = to_front(w, i);
            convo_judge((*out)->convo);
            return CLI_OK;
        }
    }
    rc = convo_open(w->cli, about, &convo);
    if (rc != CLI_OK) {
        return rc;
    }
    if (w->seat_count == OPEN_MAX) {
        convo_free(w->seats[--w->seat_count].convo);
    }
    w->seats[w->seat_count] = (struct seat){.convo = convo};
    *out = to_front(w, w->seat_count++);
    *fresh = true;
    return CLI_OK;
}

static int reload(struct watch *w)
{
    struct desk desk = {0};
    int rc = desk_load(w->cli, &desk);

    if (rc == CLI_OK) {
        desk_free(&w->desk);
        w->desk = desk;
    }
    return rc;
}

/* ---- Telling ---- */

/** What is told is on its way at once. A reader that went away has seen enough. */
static int flush(struct watch *w)
{
    if (fflush(w->cli->out.to) == 0 && ferror(w->cli->out.to) == 0) {
        return CLI_OK;
    }
    if (errno == EPIPE) {
        w->over = true;
        clearerr(w->cli->out.to);
        return CLI_OK;
    }
    return fault_set(&w->cli->fault, CLI_UNPLANNED, "the result could not be written: %s.",
                     strerror(errno));
}

static void tell_json(struct watch *w, const struct desk_thread *about, const struct convo *convo,
                      const struct e2_item *item)
{
    SL_AUTO(json) json_t *json = item_json(convo, item);
    SL_AUTO(str) char *id = sl_b64(about->thread, SL_ID_BYTES);

    sl_json_set_str(json, "case", about->ref);
    sl_json_set_str(json, "thread", id);
    sl_json_set_int(json, "unread", about->unread);
    if (about->due_on[0] != '\0') {
        sl_json_set_str(json, "reply_due", about->due_on);
    }
    if (!w->one) {
        (void)json_object_del(json, "body");
    }
    (void)json_dumpf(json, w->cli->out.to, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER);
    (void)fputc('\n', w->cli->out.to);
}

static void tell_line(struct watch *w, const struct desk_thread *about, int64_t at, bool alarm,
                      const char *text)
{
    struct out *out = &w->cli->out;
    SL_AUTO(str) char *line = layout_line(text);
    char when[WHEN_TEXT];

    if (out->plain) {
        when_iso(at, when);
        (void)fprintf(out->to, "%s\t%s\t%s\n", when, about->ref, line);
        return;
    }
    when_clock(at, when);
    (void)fprintf(out->to, "%s%s  %s  %s%s\n", alarm ? out_alarm(out) : "", when, about->ref, line,
                  alarm ? out_reset(out) : "");
}

static bool is_retract(const struct e2_item *item)
{
    return item->kind == E2_ITEM_MESSAGE && item->plain == E2_RETRACT;
}

/** One line without words; owned; NULL for what need not be told. */
static char *headline(const struct desk_thread *about, const struct convo *convo,
                      const struct e2_item *item)
{
    char day[WHEN_TEXT];

    if (item_is_news(item)) {
        when_on_day(about->due_on, day);
        return sl_strf("%s wrote. %u new.%s%s%s", convo->name, about->unread,
                       about->due_on[0] != '\0' ? " Reply due " : "", day,
                       about->due_on[0] != '\0' ? "." : "");
    }
    if (is_retract(item) && !item->mine) {
        return item_text(convo, item);
    }
    return item->kind == E2_ITEM_KEYS || item->kind == E2_ITEM_WARNING ? item_text(convo, item)
                                                                       : NULL;
}

static void tell_words(struct watch *w, const struct convo *convo, const struct e2_item *item)
{
    struct out *out = &w->cli->out;
    struct when at = when_london(item->at);
    int64_t day = when_days(at.year, at.month, at.day);
    char text[WHEN_TEXT];

    /* What goes without saying on a page that is read at once is news here. */
    if (!item_is_visible(item, false) && !is_retract(item) &&
        !(item->kind == E2_ITEM_SEEN && !item->mine)) {
        return;
    }
    if (day != w->last_day) {
        w->last_day = day;
        when_day(item->at, sl_now_s(w->cli->clock), text);
        SL_AUTO(str) char *head = sl_strf("----- %s ", text);
        layout_rule(out->to, head, '-', (size_t)out->width);
        (void)fputc('\n', out->to);
    }
    item_print(out, convo, item, false);
}

static int tell(struct watch *w, const struct desk_thread *about, struct seat *seat,
                const struct e2_item *item)
{
    enum e2_send stopped = e2_thread_stopped(seat->convo->thread);

    if (w->cli->out.json) {
        tell_json(w, about, seat->convo, item);
    } else if (w->one && !w->cli->out.plain) {
        tell_words(w, seat->convo, item);
    } else {
        SL_AUTO(str)
        char *text = w->one ? item_text(seat->convo, item) : headline(about, seat->convo, item);

        if (text != NULL) {
            tell_line(w, about, item->at, item->kind == E2_ITEM_WARNING, text);
        }
    }
    if (stopped != E2_SEND_YES && !seat->alarmed) {
        seat->alarmed = true;
        cli_warn(w->cli, "%s: %s", about->ref, e2_send_sentence(stopped));
    }
    return flush(w);
}

/* ---- Events ---- */

static bool is_watched(const struct watch *w, const uint8_t thread_id[SL_ID_BYTES])
{
    return !w->one || memcmp(w->only, thread_id, SL_ID_BYTES) == 0;
}

/** Everything that can fail comes before anything is told, so that an event that has to be taken
 * again was not told before. */
static int on_entry(struct watch *w, const json_t *data)
{
    uint8_t thread_id[SL_ID_BYTES];
    struct desk_thread *about = NULL;
    struct seat *seat = NULL;
    bool fresh = false;
    int64_t seq = 0;
    int rc;

    if (sl_json_fixed(data, "thread", thread_id, sizeof(thread_id), NULL) != SL_OK ||
        sl_json_int(data, "seq", 1, UINT32_MAX, &seq, NULL) != SL_OK || !is_watched(w, thread_id)) {
        return CLI_OK;
    }
    about = desk_by_id(&w->desk, thread_id);
    if (about == NULL) {
        return CLI_OK;
    }
    desk_take_reply(about, data);
    rc = seat_of(w, about, &seat, &fresh);
    if (rc == CLI_OK && !fresh && seq > seat->convo->last_seq) {
        rc = convo_take(seat->convo, data) && !e2_thread_wants_roster(seat->convo->thread)
                 ? convo_remember(seat->convo)
                 : convo_refresh(seat->convo);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    if ((size_t)seq > e2_thread_count(seat->convo->thread)) {
        cli_warn(w->cli, "%s: %s", about->ref, e2_send_sentence(E2_SEND_NEWER_ROSTER));
        return CLI_OK;
    }
    if (w->one && seq <= w->shown_to) {
        return CLI_OK;
    }
    w->shown_to = (uint32_t)seq;
    const struct e2_item *item = e2_thread_item(seat->convo->thread, (size_t)seq - 1);
    seat->key_due = seat->key_due || item->kind == E2_ITEM_KEYS;
    return tell(w, about, seat, item);
}

static int on_changed(struct watch *w, const json_t *data)
{
    uint8_t thread_id[SL_ID_BYTES];
    struct desk_thread *about = NULL;

    if (sl_json_fixed(data, "thread", thread_id, sizeof(thread_id), NULL) == SL_OK) {
        about = desk_by_id(&w->desk, thread_id);
    }
    if (about != NULL) {
        desk_take_reply(about, data);
    }
    return CLI_OK;
}

static int on_new_thread(struct watch *w, const json_t *data)
{
    (void)data;
    return reload(w);
}

/** An invitation that was used shows as the keys entry that came of it. */
static const struct {
    const char *event;
    int (*take)(struct watch *w, const json_t *data);
} kinds[] = {
    {"entry.new", on_entry},
    {"thread.changed", on_changed},
    {"thread.new", on_new_thread},
};

static int take_event(struct watch *w, const json_t *event, int64_t n)
{
    const char *name = json_string_value(json_object_get(event, "event"));
    int rc = CLI_OK;

    for (size_t i = 0; name != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].event, name) == 0) {
            rc = kinds[i].take(w, json_object_get(event, "data"));
        }
    }
    if (rc == CLI_OK) {
        w->cursor = n;
    }
    return rc;
}

/** A service that was put back from a copy has a lower number than we: what it has is where we go
 * on, and each conversation is judged anew by what is remembered of it. */
static int go_back(struct watch *w, int64_t cursor)
{
    cli_warn(w->cli, "the service is further back than it was. Watching from there.");
    clear_seats(w);
    w->cursor = cursor;
    return reload(w);
}

/** What was missed, in order. */
static int catch_up(struct watch *w)
{
    struct cli *cli = w->cli;

    for (bool more = true; more;) {
        SL_AUTO(json) json_t *answer = NULL;
        json_t *args = sl_json_new();
        json_t *event;
        struct sl_err err = {0};
        int64_t cursor = 0;
        size_t i;
        int rc;

        sl_json_set_int(args, "after", w->cursor);
        rc = link_call(cli->session->link, "sync", args, &answer, &cli->fault);
        if (rc == CLI_OK &&
            sl_json_int(answer, "cursor", 0, INT64_C(1) << 53, &cursor, &err) != SL_OK) {
            rc = fault_err(&cli->fault, &err, "the service's list of events is none");
        }
        if (rc == CLI_OK && cursor < w->cursor) {
            return go_back(w, cursor);
        }
        json_array_foreach(json_object_get(answer, "events"), i, event)
        {
            int64_t n = 0;

            if (rc == CLI_OK && sl_json_int(event, "n", 1, INT64_C(1) << 53, &n, NULL) == SL_OK &&
                n > w->cursor) {
                rc = take_event(w, event, n);
            }
        }
        if (rc != CLI_OK) {
            return rc;
        }
        more = json_is_true(json_object_get(answer, "more")) && w->cursor == cursor;
    }
    return CLI_OK;
}

static int session_ended(struct watch *w)
{
    session_offline(w->cli->session);
    fault_set(&w->cli->fault, CLI_NETWORK, "the session has ended.");
    return CLI_NETWORK;
}

static int on_event(struct watch *w, const json_t *event)
{
    const char *name = json_string_value(json_object_get(event, "event"));
    int64_t n = 0;

    if (name != NULL && strcmp(name, "session.ended") == 0) {
        return session_ended(w);
    }
    if (sl_json_int(event, "n", 1, INT64_C(1) << 53, &n, NULL) != SL_OK || n <= w->cursor) {
        return CLI_OK;
    }
    return n == w->cursor + 1 ? take_event(w, event, n) : catch_up(w);
}

/* ---- What watching does ---- */

static int give_key(struct watch *w, struct seat *seat)
{
    struct cli *cli = w->cli;
    struct e2_key_need need = {0};
    bool made = false;
    int rc = convo_key(seat->convo, false, &made);

    if (rc == CLI_NETWORK) {
        return rc;
    }
    seat->key_due = false;
    if (rc != CLI_OK) {
        cli_warn(cli, "%s: no key was made for %s. %s", seat->convo->ref, seat->convo->name,
                 cli->fault.what);
        fault_clear(&cli->fault);
        return CLI_OK;
    }
    e2_thread_key_need(seat->convo->thread, &need);
    if (made) {
        cli_note(cli, "%s: made a key for %s.", seat->convo->ref, seat->convo->name);
    } else if (need.why == E2_KEY_PARENT_KEYS && need.needs_yes) {
        cli_note(cli,
                 "%s: %s came in by an invitation from %s. You are asked by: sendline reply %s",
                 seat->convo->ref, seat->convo->name, need.inviter_name, seat->convo->ref);
    }
    return CLI_OK;
}

/** Between events: keys for families who came in, and the mark that says what was shown. */
static int between(struct watch *w)
{
    int rc = CLI_OK;

    for (size_t i = 0; rc == CLI_OK && i < w->seat_count; i++) {
        struct seat *seat = &w->seats[i];
        bool posted = false;

        convo_judge(seat->convo);
        if (seat->key_due) {
            rc = give_key(w, seat);
        }
        if (rc == CLI_OK && w->one && !cli_has(w->cli, OPT_PEEK)) {
            rc = convo_seen(seat->convo, w->shown_to, &posted);
        }
    }
    return rc;
}

/** How long to wait for the next event: a mark that came too early for its ten seconds goes soon.
 */
static int wait_for(const struct watch *w)
{
    bool due = w->one && w->seat_count > 0 && !cli_has(w->cli, OPT_PEEK) &&
               e2_thread_seen_due(w->seats[0].convo->thread, w->shown_to);

    return due ? TICK_MS : QUIET_MS;
}

/* ---- The connection ---- */

static int get_online(struct watch *w)
{
    size_t sent = 0;
    int rc = session_online(w->cli);

    if (rc == CLI_OK) {
        rc = outbox_flush(w->cli, &w->desk, &sent);
    }
    return rc == CLI_OK ? catch_up(w) : rc;
}

/** Somebody at this computer has locked the key: then that is meant for us too. */
static int check_lock(struct watch *w)
{
    SL_AUTO(json) json_t *kept = NULL;
    struct session *s = w->cli->session;
    int rc = state_load(&s->state, "session", &kept, &w->cli->fault);

    if (rc == CLI_OK && json_object_size(kept) == 0) {
        fault_set(&w->cli->fault, CLI_FORBIDDEN, "your key was locked, so nothing is watched.");
        rc = fault_next(&w->cli->fault, "Next: sendline unlock");
    }
    return rc;
}

static void wait_ms(struct watch *w, int64_t *ms)
{
    uint16_t spread = 0;
    int64_t now = *ms;
    struct timespec pause;

    /* Not everybody at the same moment after the service was away. */
    sl_rand_fill(w->cli->rand, &spread, sizeof(spread));
    now += now * spread / UINT16_MAX / 2;
    pause = (struct timespec){(time_t)(now / 1000), (long)(now % 1000) * 1000000};
    (void)nanosleep(&pause, NULL);
    *ms = *ms * 2 < WAIT_MOST_MS ? *ms * 2 : WAIT_MOST_MS;
}

static int come_back(struct watch *w)
{
    struct cli *cli = w->cli;
    int64_t ms = WAIT_FIRST_MS;
    char clock[WHEN_TEXT];
    int rc;

    when_clock(sl_now_s(cli->clock), clock);
    cli_note(cli, "%s  Trying again: %s", clock, cli->fault.what);
    do {
        session_offline(cli->session);
        fault_clear(&cli->fault);
        wait_ms(w, &ms);
        rc = check_lock(w);
        if (rc == CLI_OK) {
            rc = get_online(w);
        }
    } while (rc == CLI_NETWORK);
    if (rc == CLI_OK) {
        when_clock(sl_now_s(cli->clock), clock);
        cli_note(cli, "%s  Connected again.", clock);
    }
    return rc;
}

/** Until Ctrl-C, or something that trying again does not mend. */
static int go_on(struct watch *w)
{
    int rc = CLI_OK;

    while (rc == CLI_OK && !w->over) {
        SL_AUTO(json) json_t *event = NULL;

        rc = link_event(w->cli->session->link, wait_for(w), &event, &w->cli->fault);
        if (rc == CLI_OK && event != NULL) {
            rc = on_event(w, event);
        }
        if (rc == CLI_OK) {
            rc = between(w);
        }
        if (rc == CLI_NETWORK) {
            rc = come_back(w);
        }
    }
    return rc;
}

/* ---- Beginning ---- */

/** What is new in the one conversation is the first to be shown. */
static int begin_one(struct watch *w)
{
    struct desk_thread *about = NULL;
    struct seat *seat = NULL;
    bool fresh = false;
    int rc = desk_find(w->cli, &w->desk, w->cli->opts.args[0], &about);

    if (rc == CLI_OK) {
        rc = seat_of(w, about, &seat, &fresh);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    w->one = true;
    memcpy(w->only, about->thread, SL_ID_BYTES);
    w->shown_to = (uint32_t)e2_thread_count(seat->convo->thread);
    seat->key_due = true;
    cli_note(w->cli, "Watching %s, %s. Ctrl-C ends it.", about->ref, seat->convo->name);
    bool begun = false;
    uint32_t seen = e2_thread_seen_by_me(seat->convo->thread);
    for (uint32_t i = seen; rc == CLI_OK && i < w->shown_to; i++) {
        const struct e2_item *item = e2_thread_item(seat->convo->thread, i);

        begun = begun || item_is_news(item);
        if (begun) {
            rc = tell(w, about, seat, item);
        }
    }
    return rc;
}

static int begin(struct watch *w)
{
    size_t sent = 0;
    int rc = session_online(w->cli);

    if (rc == CLI_OK) {
        rc = desk_load(w->cli, &w->desk);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    w->cursor = w->desk.cursor;
    if (w->cli->opts.arg_count > 0) {
        rc = begin_one(w);
    } else {
        cli_note(w->cli, "Watching %zu conversation%s. Ctrl-C ends it.", w->desk.count,
                 w->desk.count == 1 ? "" : "s");
    }
    return rc == CLI_OK ? outbox_flush(w->cli, &w->desk, &sent) : rc;
}

/** All that was told is written, and all that is remembered is on the disk, at every moment. */
static void on_stop(int number)
{
    (void)number;
    /* The terminal shows ^C, and what comes next begins a line. */
    (void)!write(STDERR_FILENO, "\n", 1);
    _exit(CLI_OK);
}

int cmd_watch(struct cli *cli)
{
    struct watch w = {.cli = cli, .last_day = -1};
    struct sigaction stop = {.sa_handler = on_stop};
    int rc = begin(&w);

    if (rc == CLI_OK) {
        (void)sigaction(SIGINT, &stop, NULL);
        rc = go_on(&w);
    }
    clear_seats(&w);
    desk_free(&w.desk);
    return rc;
}
