/* reply: words from an editor or a file, shown once more, asked about, kept in the outbox, sent.
 * From the moment there are words they are in a draft or in the outbox, whatever happens. */
#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "command.h"
#include "common/json.h"
#include "common/text.h"
#include "editor.h"
#include "file.h"
#include "layout.h"
#include "outbox.h"
#include "when.h"

enum {
    MAX_FILE_BYTES = 64 * 1024,
    EASY_AGE = 11 /**< what most families read with ease */
};

struct reply {
    struct cli *cli;
    const struct desk_thread *to;
    struct convo *convo; /**< NULL: offline */
    char *name;          /**< owned, one line: the parent's */
    struct sl_buf text;  /**< a NUL behind it, not counted */
    char *draft_name;    /**< owned */
    char *draft;         /**< owned: what the draft was when we came; "" for none */
    bool typed;          /**< in the editor, from the draft on */
    bool kept;           /**< the words are in the draft */
};

static const char *words_of(const struct reply *r)
{
    return (const char *)r->text.data;
}

/* ---- Told to stop ---- */

/* What a signal finds is on the disk already, so saying so is all there is to do. */
static void stopped(int number, const char *words, size_t len)
{
    (void)!write(STDERR_FILENO, words, len);
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void stopped_before(int number)
{
    static const char words[] = "\nStopped. Nothing was sent; your draft is kept.\n";

    stopped(number, words, sizeof(words) - 1);
}

static void stopped_while_sending(int number)
{
    static const char words[] =
        "\nStopped while sending. The message is in your outbox; your next command sends it, once."
        "\n";

    stopped(number, words, sizeof(words) - 1);
}

static void on_stop(void (*handler)(int number))
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = handler, .sa_flags = (int)SA_RESETHAND};
    struct sigaction was;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        /* What we were started to ignore (nohup) stays ignored. */
        if (sigaction(numbers[i], NULL, &was) == 0 && was.sa_handler != SIG_IGN) {
            (void)sigaction(numbers[i], &action, NULL);
        }
    }
}

/* ---- Drafts ---- */

/** Did these words go out since they were kept? Then somebody stopped us before we could say so. */
static bool went_out(const struct reply *r, const char *body, int64_t kept_at)
{
    size_t count = r->convo != NULL ? e2_thread_count(r->convo->thread) : 0;

    for (size_t i = count; i > 0; i--) {
        const struct e2_item *item = e2_thread_item(r->convo->thread, i - 1);
        const char *words = json_string_value(json_object_get(item->body, "body"));

        if (item->mine && item->kind == E2_ITEM_MESSAGE && item->plain == E2_TEXT &&
            (int64_t)item->sent_at >= kept_at && strcmp(words, body) == 0) {
            return true;
        }
    }
    return false;
}

static int load_draft(struct reply *r)
{
    SL_AUTO(json) json_t *draft = NULL;
    int rc = state_load(&r->cli->session->state, r->draft_name, &draft, &r->cli->fault);
    const char *body = json_string_value(json_object_get(draft, "body"));

    if (body != NULL && went_out(r, body, json_integer_value(json_object_get(draft, "at")))) {
        state_remove(&r->cli->session->state, r->draft_name);
        body = NULL;
    }
    r->draft = sl_strdup(body != NULL ? body : "");
    return rc;
}

static int save_draft(struct reply *r, const char *body)
{
    SL_AUTO(json) json_t *draft = sl_json_new();

    sl_json_set_str(draft, "body", body);
    sl_json_set_int(draft, "at", sl_now_s(r->cli->clock));
    return state_save(&r->cli->session->state, r->draft_name, draft, &r->cli->fault);
}

/** Words that did not come from the draft go behind it: it is somebody's unfinished message. */
static int keep(struct reply *r)
{
    SL_AUTO(str) char *both = NULL;
    size_t had = strlen(r->draft);
    int rc;

    if (r->text.len == 0) {
        return CLI_OK;
    }
    if (r->typed || had == 0) {
        both = sl_strdup(words_of(r));
    } else if (had >= r->text.len && strcmp(r->draft + had - r->text.len, words_of(r)) == 0) {
        both = sl_strdup(r->draft);
    } else {
        both = sl_strf("%s\n\n%s", r->draft, words_of(r));
    }
    rc = save_draft(r, both);
    r->kept = rc == CLI_OK;
    return rc;
}

/** The words are on their way: the draft is what it was before, or gone. */
static int let_go(struct reply *r)
{
    r->kept = false;
    if (!r->typed && r->draft[0] != '\0' && strcmp(r->draft, words_of(r)) != 0) {
        return save_draft(r, r->draft);
    }
    state_remove(&r->cli->session->state, r->draft_name);
    return CLI_OK;
}

/** Keep the words before the fault that stops them is told, and say that they are kept. @return the
 * fault's exit code */
static int keep_and_fail(struct reply *r)
{
    struct fault *fault = &r->cli->fault;
    struct fault why = *fault;
    size_t len;

    if (!r->kept && keep(r) != CLI_OK) {
        return fault->exit;
    }
    *fault = why;
    len = strlen(fault->what);
    if (r->kept && strstr(fault->what, "draft is kept") == NULL) {
        (void)snprintf(fault->what + len, sizeof(fault->what) - len, " Your draft is kept.");
    }
    return fault->exit;
}

static int draft_saved(struct reply *r)
{
    struct cli *cli = r->cli;

    if (cli->out.json) {
        json_t *json = sl_json_new();

        sl_json_set_str(json, "case", r->to->ref);
        sl_json_set_str(json, "state", "draft");
        out_json(&cli->out, json);
    }
    cli_did(cli, "Draft saved. Go on with it: sendline reply %s", r->to->ref);
    return CLI_OK;
}

/* ---- The words ---- */

/** What is shown is what is sent: no control characters, line ends of one kind, nothing but words
 * at the ends. False: it was no text; what is left of it can be shown all the same. */
static bool tidy(struct sl_buf *text)
{
    SL_AUTO(str) char *clean = sl_clean((const char *)text->data, text->len);
    bool ok = sl_utf8_ok((const char *)text->data, text->len);
    size_t len = strlen(clean);

    while (len > 0 && isspace((unsigned char)clean[len - 1]) != 0) {
        clean[--len] = '\0';
    }
    sl_buf_clear(text);
    sl_buf_put_str(text, clean + strspn(clean, "\n"));
    sl_buf_put_u8(text, 0);
    text->len--;
    explicit_bzero(clean, len);
    return ok;
}

static int take_words(struct reply *r)
{
    struct cli *cli = r->cli;
    size_t chars;

    if (!tidy(&r->text)) {
        fault_set(&cli->fault, CLI_NOT_READY,
                  "the message is not text in UTF-8. Nothing was sent.");
        return keep_and_fail(r);
    }
    chars = sl_utf8_count(words_of(r), r->text.len);
    if (chars > SL_MAX_MESSAGE_CHARS) {
        fault_set(&cli->fault, CLI_NOT_READY,
                  "the message has %zu characters. The most is %d. Nothing was sent.", chars,
                  SL_MAX_MESSAGE_CHARS);
        fault_next(&cli->fault, "Shorten it, or send it in two: sendline reply %s", r->to->ref);
        return keep_and_fail(r);
    }
    return CLI_OK;
}

static int edit(struct reply *r)
{
    int rc;
    int words;

    cli_note(r->cli, "Opening your editor. Save and close to go on. An empty message cancels.");
    r->kept = false;
    rc = editor_run(r->cli->conf.editor, &r->text, &r->cli->fault);
    if (rc == CLI_OK) {
        return take_words(r);
    }
    struct fault why = r->cli->fault;
    words = take_words(r);
    r->cli->fault = why;
    return words == CLI_OK ? keep_and_fail(r) : rc;
}

/** The file that the words come from, "-" for standard input; NULL: the editor. */
static const char *file_of(const struct cli *cli)
{
    const char *file = cli->opts.value[OPT_FILE];

    return file == NULL && cli->opts.arg_count > 1 ? "-" : file;
}

static int take_text(struct reply *r)
{
    struct cli *cli = r->cli;
    const char *file = file_of(cli);
    int rc = load_draft(r);

    if (rc != CLI_OK) {
        return rc;
    }
    if (file != NULL) {
        rc = file_read(file, MAX_FILE_BYTES, &r->text, &cli->fault);
        return rc == CLI_OK ? take_words(r) : rc;
    }
    if (!ask_possible(cli_has(cli, OPT_NO_INPUT))) {
        fault_set(&cli->fault, CLI_USAGE, "there is nobody to type a message.");
        return fault_next(&cli->fault, "Take it from a file: sendline reply %s --file FILE --yes",
                          r->to->ref);
    }
    if (r->draft[0] != '\0') {
        cli_note(cli, "Going on with your draft.");
        sl_buf_put_str(&r->text, r->draft);
    }
    r->typed = true;
    return edit(r);
}

/** Nothing can be sent, and why is in the fault. Nobody is asked to type then; words that come all
 * the same are kept. @return the fault's exit code */
static int cannot_send(struct reply *r)
{
    struct fault why = r->cli->fault;
    int rc = file_of(r->cli) != NULL ? take_text(r) : CLI_OK;

    if (rc != CLI_OK) {
        return rc;
    }
    r->cli->fault = why;
    return r->text.len > 0 ? keep_and_fail(r) : why.exit;
}

/* ---- The question ---- */

static void preview(const struct reply *r)
{
    struct cli *cli = r->cli;
    size_t width = (size_t)cli->out.width;
    size_t words = layout_words(words_of(r));
    int age = layout_reading_age(words_of(r));
    bool show_age =
        age > 0 && (cli->conf.reading_age == NULL || strcmp(cli->conf.reading_age, "false") != 0);
    uint32_t unread = r->to->unread;

    (void)fprintf(stderr, "\nTo      %s, %s\n", r->name, r->to->ref);
    layout_rule(stderr, "", '-', width);
    layout_wrap(stderr, words_of(r), 0, width);
    layout_rule(stderr, "", '-', width);
    (void)fprintf(stderr, "%zu word%s.", words, words == 1 ? "" : "s");
    if (show_age) {
        (void)fprintf(stderr, " Reading age about %d.%s", age,
                      age > EASY_AGE ? " Short sentences and everyday words help." : "");
    }
    if (unread > 0) {
        (void)fprintf(stderr,
                      "\n%u new message%s here %s not read yet. Sending says that you have read "
                      "%s.",
                      unread, unread == 1 ? "" : "s", unread == 1 ? "is" : "are",
                      unread == 1 ? "it" : "them");
    }
    (void)fputs("\n\n", stderr);
}

static int nobody_to_ask(struct reply *r)
{
    fault_set(&r->cli->fault, CLI_USAGE, "this needs a yes. Nothing was sent.");
    fault_next(&r->cli->fault, "Add --yes to send without asking, or --draft to save only.");
    return keep_and_fail(r);
}

/** The answer: y, d or n, after as much editing as it takes; n also when the words were all taken
 * out. */
static int ask(struct reply *r, char *letter)
{
    struct cli *cli = r->cli;
    SL_AUTO(str)
    char *question = sl_strf("Send to %s? [y]es, [e]dit, [d]raft, [N]o: ", r->name);
    int rc;

    for (;;) {
        preview(r);
        on_stop(stopped_before);
        rc = ask_letter(question, "yedn", "", false, letter, &cli->fault);
        on_stop(SIG_DFL);
        if (rc != CLI_OK) {
            return keep_and_fail(r);
        }
        if (*letter != 'e') {
            return CLI_OK;
        }
        /* Also words out of a file are the draft once they were in the editor. */
        rc = edit(r);
        if (rc == CLI_OK) {
            rc = keep(r);
        }
        if (rc != CLI_OK) {
            return rc;
        }
        if (r->text.len == 0) {
            *letter = 'n';
            return CLI_OK;
        }
    }
}

/** Nothing is left of a message that was typed: then nothing is left of its draft. */
static int emptied(struct reply *r)
{
    if (r->typed && r->draft[0] != '\0') {
        state_remove(&r->cli->session->state, r->draft_name);
        cli_did(r->cli, "An empty message: nothing was sent, and your draft is thrown away.");
    } else {
        cli_did(r->cli, "An empty message: nothing was sent.");
    }
    return CLI_OK;
}

/* ---- Sending ---- */

static void report(struct reply *r, const char *state, int64_t at)
{
    struct cli *cli = r->cli;
    char clock[WHEN_TEXT];

    if (cli->out.json) {
        json_t *json = sl_json_new();

        sl_json_set_str(json, "case", r->to->ref);
        sl_json_set_str(json, "state", state);
        if (at > 0) {
            when_iso(at, clock);
            sl_json_set_str(json, "at", clock);
        }
        out_json(&cli->out, json);
    } else if (at > 0) {
        when_clock(at, clock);
        cli_did(cli, "Sent to %s, %s, at %s.", r->name, r->to->ref, clock);
    }
}

/** Why is in the fault; what it means for the message is added. */
static int waits_in_outbox(struct reply *r)
{
    struct fault *fault = &r->cli->fault;
    SL_AUTO(str) char *why = sl_strdup(fault->what);

    report(r, "waiting", 0);
    fault_set(fault, fault->exit,
              "%.300s\nYour message is kept in your outbox. It is locked, and is sent when you are "
              "next online.",
              why);
    return fault_next(fault, "Next: sendline outbox              see or cancel what is waiting");
}

static void progress(const struct reply *r, const char *words)
{
    if (isatty(STDERR_FILENO) == 1 && !r->cli->out.quiet && !r->cli->out.json) {
        (void)fputs(words, stderr);
    }
}

/** What the service did not take does not wait: it is a draft again. What it may have, or what
 * stands behind another message, waits. */
static int not_sent(struct reply *r, const struct outbox_run *run, const char *name, int rc)
{
    bool ours = run->stuck != NULL && strcmp(run->stuck, name) == 0;

    if (rc == CLI_NETWORK || run->unsure || !ours) {
        return waits_in_outbox(r);
    }
    outbox_drop(r->cli, name);
    return keep_and_fail(r);
}

static int send_words(struct reply *r)
{
    struct cli *cli = r->cli;
    SL_AUTO(json) json_t *body = sl_json_new();
    SL_AUTO(str) char *name = NULL;
    SL_AUTO(outbox_run) struct outbox_run run = {0};
    int rc;

    sl_json_set_str(body, "body", words_of(r));
    rc = outbox_put(cli, r->to, E2_TEXT, body, &name);
    if (rc != CLI_OK) {
        return keep_and_fail(r);
    }
    on_stop(stopped_while_sending);
    rc = let_go(r);
    if (rc == CLI_OK && r->convo == NULL) {
        on_stop(SIG_DFL);
        fault_set(&cli->fault, CLI_NETWORK, "no connection.");
        return waits_in_outbox(r);
    }
    progress(r, "Locking and sending ... ");
    if (rc == CLI_OK) {
        rc = outbox_send(cli, r->convo, &run);
    }
    on_stop(SIG_DFL);
    progress(r, rc == CLI_OK ? "done\n" : rc == CLI_NETWORK ? "no connection\n" : "not sent\n");
    if (rc != CLI_OK) {
        return not_sent(r, &run, name, rc);
    }
    report(r, "sent", run.at);
    return CLI_OK;
}

static int not_accepted(struct reply *r)
{
    struct cli *cli = r->cli;
    struct e2_open_invite open;
    char day[WHEN_TEXT];

    if (r->convo != NULL && e2_thread_open_invite(r->convo->thread, &open)) {
        when_day((int64_t)open.expires_at, sl_now_s(cli->clock), day);
        fault_set(&cli->fault, CLI_NOT_READY,
                  "%s has not accepted the invitation for %s (good until %s). Your message cannot "
                  "be locked for someone with no key.",
                  r->name, r->to->ref, day);
        fault_next(&cli->fault, "Next: sendline invite %s --again    makes a new one", r->to->ref);
    } else {
        fault_set(&cli->fault, CLI_NOT_READY,
                  "there is nobody in %s to read this yet. Your message cannot be locked for "
                  "someone with no key.",
                  r->to->ref);
        fault_next(&cli->fault, "Next: sendline invite %s%s", r->to->ref,
                   r->to->has_parent ? " --again" : "");
    }
    return keep_and_fail(r);
}

static bool has_come_in(const struct reply *r)
{
    return r->convo != NULL ? e2_thread_parent_keys_seq(r->convo->thread) != 0 : r->to->accepted;
}

/** The yes, with which the words leave the draft; otherwise all is said and done, and *send stays
 * false. */
static int decide(struct reply *r, bool *send)
{
    struct cli *cli = r->cli;
    char letter = 'y';
    int rc = CLI_OK;

    if (!cli_has(cli, OPT_YES)) {
        if (!ask_possible(cli_has(cli, OPT_NO_INPUT))) {
            return nobody_to_ask(r);
        }
        rc = ask(r, &letter);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    if (letter == 'd') {
        return draft_saved(r);
    }
    if (letter == 'n') {
        cli_did(cli, "Nothing was sent.%s", r->text.len > 0 ? " Your draft is kept." : "");
        return r->text.len > 0 ? CLI_OK : emptied(r);
    }
    if (r->convo != NULL && (rc = convo_ready(r->convo, true)) != CLI_OK) {
        return keep_and_fail(r);
    }
    *send = true;
    return CLI_OK;
}

static int run(struct reply *r)
{
    bool send = false;
    int rc;

    if (r->convo != NULL && convo_may_send(r->convo) != CLI_OK) {
        return cannot_send(r);
    }
    rc = take_text(r);
    if (rc != CLI_OK) {
        return rc;
    }
    if (r->text.len == 0) {
        return emptied(r);
    }
    /* From here on no accident takes them. */
    rc = keep(r);
    if (rc == CLI_OK && cli_has(r->cli, OPT_DRAFT)) {
        return draft_saved(r);
    }
    if (rc == CLI_OK && !has_come_in(r)) {
        return not_accepted(r);
    }
    if (rc == CLI_OK) {
        rc = decide(r, &send);
    }
    return rc == CLI_OK && send ? send_words(r) : rc;
}

static int check_words(struct cli *cli)
{
    if (cli->opts.arg_count > 1 && strcmp(cli->opts.args[1], "-") != 0) {
        fault_set(&cli->fault, CLI_USAGE, "words on the command line stay in your shell history.");
        return fault_next(&cli->fault,
                          "Use your editor (no option) or: sendline reply %.40s --file message.txt",
                          cli->opts.args[0]);
    }
    return CLI_OK;
}

/** Who it goes to, once that is known; everything else needs the person's key. */
static int begin(struct reply *r, const struct desk *desk)
{
    struct desk_thread *about = NULL;
    int rc = desk_find(r->cli, desk, r->cli->opts.args[0], &about);

    if (rc == CLI_OK) {
        SL_AUTO(str) char *hex = sl_hex(about->thread, SL_ID_BYTES);

        r->to = about;
        r->draft_name = sl_strf("draft-%s", hex);
        r->name = layout_line(desk_name(about));
    }
    return rc;
}

static int begin_online(struct reply *r, struct desk *desk)
{
    struct cli *cli = r->cli;
    size_t sent = 0;
    int rc = session_online(cli);

    if (rc == CLI_OK) {
        rc = desk_load(cli, desk);
    }
    if (rc == CLI_OK) {
        rc = outbox_flush(cli, desk, &sent);
    }
    if (rc == CLI_OK) {
        rc = begin(r, desk);
    }
    if (rc == CLI_OK) {
        rc = convo_open(cli, r->to, &r->convo);
    }
    if (rc == CLI_OK) {
        free(r->name);
        r->name = sl_strdup(r->convo->name);
    }
    return rc;
}

static void end(struct reply *r)
{
    sl_buf_wipe_free(&r->text);
    convo_free(r->convo);
    free(r->name);
    free(r->draft_name);
    free(r->draft);
    *r = (struct reply){.cli = r->cli};
}

/** By what was so when the service was last reached. */
static int begin_offline(struct reply *r, struct desk *desk)
{
    struct cli *cli = r->cli;
    struct fault lost = cli->fault;
    int rc;

    session_offline(cli->session);
    end(r);
    desk_free(desk);
    rc = desk_load_kept(cli, desk);
    if (rc == CLI_OK && desk->at_s == 0) {
        cli->fault = lost;
        return lost.exit;
    }
    fault_clear(&cli->fault);
    if (rc == CLI_OK) {
        rc = begin(r, desk);
    }
    if (rc == CLI_OK) {
        cli_note(cli,
                 "You are offline. What you write is kept, and sent when you are next online.");
    }
    return rc;
}

int cmd_reply(struct cli *cli)
{
    SL_AUTO(desk) struct desk desk = {0};
    struct reply r = {.cli = cli};
    int rc = check_words(cli);

    if (rc == CLI_OK) {
        rc = begin_online(&r, &desk);
        if (rc == CLI_NETWORK && cli->session != NULL && cli->session->me != NULL) {
            rc = begin_offline(&r, &desk);
        }
        if (rc == CLI_OK) {
            rc = run(&r);
        } else if (r.to != NULL) {
            rc = cannot_send(&r);
        }
    }
    end(&r);
    return rc;
}
