/* reply: words from an editor or a file, shown once more, asked about, kept in the outbox, sent. */
#include <ctype.h>
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
    MAX_FILE_BYTES = 64 * 1024
};

struct reply {
    struct cli *cli;
    const struct desk_thread *to;
    struct convo *convo; /**< NULL: offline */
    struct sl_buf text;
    char *draft_name; /**< owned */
};

static const char *name_of(const struct reply *r)
{
    return r->convo != NULL ? r->convo->name : desk_name(r->to);
}

/* ---- Drafts ---- */

static int load_draft(struct reply *r)
{
    SL_AUTO(json) json_t *draft = NULL;
    const char *body;
    int rc = state_load(&r->cli->session->state, r->draft_name, &draft, &r->cli->fault);

    body = json_string_value(json_object_get(draft, "body"));
    if (rc == CLI_OK && body != NULL) {
        sl_buf_put_str(&r->text, body);
        cli_note(r->cli, "Going on with your draft.");
    }
    return rc;
}

static int save_draft(struct reply *r)
{
    SL_AUTO(json) json_t *draft = sl_json_new();

    sl_json_set_str(draft, "body", (const char *)r->text.data);
    sl_json_set_int(draft, "at", sl_now_s(r->cli->clock));
    return state_save(&r->cli->session->state, r->draft_name, draft, &r->cli->fault);
}

/** Keep the words before the fault that stops them is told. @return the fault's exit code */
static int keep_and_fail(struct reply *r)
{
    struct fault fault = r->cli->fault;
    int rc = r->text.len > 0 && sl_utf8_ok((const char *)r->text.data, r->text.len) ? save_draft(r)
                                                                                    : CLI_OK;

    if (rc == CLI_OK) {
        r->cli->fault = fault;
    }
    return r->cli->fault.exit;
}

/* ---- The words ---- */

/** Line ends as one kind, nothing but words at the ends, a NUL behind. */
static void tidy(struct sl_buf *text)
{
    size_t start = 0;
    size_t len = 0;

    for (size_t i = 0; i < text->len; i++) {
        if (text->data[i] != '\r') {
            text->data[len++] = text->data[i];
        }
    }
    while (len > 0 && isspace(text->data[len - 1]) != 0) {
        len--;
    }
    while (start < len &&
           (text->data[start] == '\n' || (text->data[start] == ' ' && start + 1 == len))) {
        start++;
    }
    if (start > 0) {
        memmove(text->data, text->data + start, len - start);
    }
    text->len = len - start;
    sl_buf_put_u8(text, 0);
    text->len--;
}

static int check_text(struct reply *r)
{
    struct cli *cli = r->cli;
    size_t chars;

    if (memchr(r->text.data, 0, r->text.len) != NULL ||
        !sl_utf8_ok((const char *)r->text.data, r->text.len)) {
        return fault_set(&cli->fault, CLI_NOT_READY,
                         "the message is not text in UTF-8. Nothing was sent.");
    }
    chars = sl_utf8_count((const char *)r->text.data, r->text.len);
    if (chars > SL_MAX_MESSAGE_CHARS) {
        fault_set(
            &cli->fault, CLI_NOT_READY,
            "the message has %zu characters. The most is %d. Nothing was sent; your draft is kept.",
            chars, SL_MAX_MESSAGE_CHARS);
        fault_next(&cli->fault, "Shorten it, or send it in two: sendline reply %s", r->to->ref);
        return keep_and_fail(r);
    }
    return CLI_OK;
}

static int edit(struct reply *r)
{
    int rc;

    cli_note(r->cli, "Opening your editor. Save and close to go on. An empty message cancels.");
    rc = editor_run(r->cli->conf.editor, &r->text, &r->cli->fault);
    if (rc == CLI_OK) {
        tidy(&r->text);
    }
    return rc;
}

static int take_text(struct reply *r)
{
    struct cli *cli = r->cli;
    const char *file = cli->opts.value[OPT_FILE];
    int rc;

    if (file == NULL && cli->opts.arg_count > 1 && strcmp(cli->opts.args[1], "-") == 0) {
        file = "-";
    }
    if (file != NULL) {
        rc = file_read(file, MAX_FILE_BYTES, &r->text, &cli->fault);
        if (rc == CLI_OK) {
            tidy(&r->text);
        }
        return rc;
    }
    if (!ask_possible(cli_has(cli, OPT_NO_INPUT))) {
        fault_set(&cli->fault, CLI_USAGE, "there is nobody to type a message.");
        return fault_next(&cli->fault, "Take it from a file: sendline reply %s --file FILE --yes",
                          r->to->ref);
    }
    rc = load_draft(r);
    return rc == CLI_OK ? edit(r) : rc;
}

/* ---- The question ---- */

static void preview(const struct reply *r)
{
    struct cli *cli = r->cli;
    const char *text = (const char *)r->text.data;
    size_t words = layout_words(text);
    int age = layout_reading_age(text);
    bool show_age = cli->conf.reading_age == NULL || strcmp(cli->conf.reading_age, "false") != 0;
    uint32_t unread = r->to->unread;

    (void)fprintf(stderr, "\nTo      %s, %s\n", name_of(r), r->to->ref);
    for (int i = 0; i < cli->out.width; i++) {
        (void)fputc('-', stderr);
    }
    (void)fputc('\n', stderr);
    layout_wrap(stderr, text, 0, (size_t)cli->out.width);
    for (int i = 0; i < cli->out.width; i++) {
        (void)fputc('-', stderr);
    }
    (void)fprintf(stderr, "\n%zu word%s.", words, words == 1 ? "" : "s");
    if (show_age && age > 0) {
        (void)fprintf(stderr, " Reading age about %d.", age);
    }
    (void)fputc('\n', stderr);
    if (unread > 0) {
        (void)fprintf(
            stderr, "%u new message%s here %s not read yet. Sending says that you have read %s.\n",
            unread, unread == 1 ? "" : "s", unread == 1 ? "is" : "are",
            unread == 1 ? "it" : "them");
    }
    (void)fputc('\n', stderr);
}

/** *send: go on; otherwise all is said and done. */
static int confirm(struct reply *r, bool *send)
{
    struct cli *cli = r->cli;
    SL_AUTO(str) char *question = sl_strf("Send to %s? [y]es, [e]dit, [d]raft, [N]o: ", name_of(r));
    SL_AUTO(str) char *clean = layout_line(question);
    int rc;

    *send = cli_has(cli, OPT_YES);
    while (!*send) {
        char letter = 'n';

        if (!ask_possible(cli_has(cli, OPT_NO_INPUT))) {
            fault_set(&cli->fault, CLI_USAGE,
                      "this needs a yes. Nothing was sent; your draft is kept.");
            fault_next(&cli->fault, "Add --yes to send without asking, or --draft to save only.");
            return keep_and_fail(r);
        }
        preview(r);
        rc = ask_letter(clean, "yedn", "", false, &letter, &cli->fault);
        if (rc == CLI_OK && letter == 'e') {
            rc = edit(r);
            if (rc == CLI_OK && r->text.len > 0) {
                rc = check_text(r);
                if (rc == CLI_OK) {
                    continue;
                }
            }
        }
        if (rc != CLI_OK) {
            return keep_and_fail(r);
        }
        if (letter == 'y') {
            *send = true;
        } else if (letter == 'd') {
            rc = save_draft(r);
            if (rc == CLI_OK) {
                cli_did(cli, "Draft saved. Go on with it: sendline reply %s", r->to->ref);
            }
            return rc;
        } else {
            rc = r->text.len > 0 ? save_draft(r) : CLI_OK;
            if (rc == CLI_OK) {
                cli_did(cli, "Nothing was sent.%s", r->text.len > 0 ? " Your draft is kept." : "");
            }
            return rc;
        }
    }
    return CLI_OK;
}

/* ---- Sending ---- */

static void report_sent(struct reply *r, int64_t at)
{
    struct cli *cli = r->cli;
    char clock[WHEN_TEXT];

    if (cli->out.json) {
        json_t *json = sl_json_new();

        when_iso(at, clock);
        sl_json_set_str(json, "case", r->to->ref);
        sl_json_set_str(json, "state", "sent");
        sl_json_set_str(json, "at", clock);
        out_json(&cli->out, json);
        return;
    }
    when_clock(at, clock);
    cli_did(cli, "Sent to %s, %s, at %s.", name_of(r), r->to->ref, clock);
}

static int kept_in_outbox(struct reply *r)
{
    struct cli *cli = r->cli;

    if (cli->out.json) {
        json_t *json = sl_json_new();

        sl_json_set_str(json, "case", r->to->ref);
        sl_json_set_str(json, "state", "waiting");
        out_json(&cli->out, json);
    }
    fault_set(&cli->fault, CLI_NETWORK,
              "no connection. Your message is kept in your outbox. It is locked, and is sent when "
              "you are next "
              "online.");
    return fault_next(&cli->fault,
                      "Next: sendline outbox              see or cancel what is waiting");
}

static int send_text(struct reply *r)
{
    struct cli *cli = r->cli;
    SL_AUTO(json) json_t *body = sl_json_new();
    SL_AUTO(str) char *name = NULL;
    int64_t at = 0;
    int rc;

    sl_json_set_str(body, "body", (const char *)r->text.data);
    rc = outbox_put(cli, r->to, E2_TEXT, body, &name);
    if (rc != CLI_OK) {
        return keep_and_fail(r);
    }
    state_remove(&cli->session->state, r->draft_name);
    if (r->convo == NULL) {
        return kept_in_outbox(r);
    }
    if (isatty(2) && !cli->out.quiet && !cli->out.json) {
        (void)fputs("Locking and sending ... ", stderr);
    }
    rc = outbox_send(cli, name, r->convo, &at);
    if (isatty(2) && !cli->out.quiet && !cli->out.json) {
        (void)fputs(rc == CLI_OK        ? "done\n"
                    : rc == CLI_NETWORK ? "no connection\n"
                                        : "not sent\n",
                    stderr);
    }
    if (rc == CLI_NETWORK) {
        return kept_in_outbox(r);
    }
    if (rc != CLI_OK) {
        /* It was not taken, so it does not wait: it is a draft again. */
        state_remove(&cli->session->state, name);
        return keep_and_fail(r);
    }
    report_sent(r, at);
    return CLI_OK;
}

static int not_accepted(struct reply *r)
{
    struct cli *cli = r->cli;
    char day[WHEN_TEXT];
    struct e2_open_invite open;

    if (r->convo != NULL && e2_thread_open_invite(r->convo->thread, &open)) {
        when_day((int64_t)open.expires_at, sl_now_s(cli->clock), day);
        fault_set(&cli->fault, CLI_NOT_READY,
                  "%s has not accepted the invitation for %s yet (it is good until %s). Nothing "
                  "was sent; your "
                  "draft is kept.",
                  name_of(r), r->to->ref, day);
        fault_next(&cli->fault, "Next: sendline invite %s --again    makes a new one", r->to->ref);
    } else {
        fault_set(&cli->fault, CLI_NOT_READY,
                  "there is nobody in %s to read this yet. Nothing was sent; your draft is kept.",
                  r->to->ref);
        fault_next(&cli->fault, "Next: sendline invite %s%s", r->to->ref,
                   r->to->has_parent ? " --again" : "");
    }
    return keep_and_fail(r);
}

static int run(struct reply *r)
{
    struct cli *cli = r->cli;
    bool send = false;
    int rc = CLI_OK;

    if (r->convo != NULL && e2_thread_stopped(r->convo->thread) != E2_SEND_YES) {
        return convo_may_send(r->convo);
    }
    rc = take_text(r);
    if (rc != CLI_OK) {
        return rc;
    }
    if (r->text.len == 0) {
        cli_did(cli, "An empty message: nothing was sent.");
        return CLI_OK;
    }
    rc = check_text(r);
    if (rc == CLI_OK && cli_has(cli, OPT_DRAFT)) {
        rc = save_draft(r);
        if (rc == CLI_OK) {
            cli_did(cli, "Draft saved. Go on with it: sendline reply %s", r->to->ref);
        }
        return rc;
    }
    if (rc == CLI_OK && !r->to->accepted) {
        return not_accepted(r);
    }
    if (rc == CLI_OK) {
        rc = confirm(r, &send);
    }
    return rc == CLI_OK && send ? send_text(r) : rc;
}

int cmd_reply(struct cli *cli)
{
    SL_AUTO(desk) struct desk desk = {0};
    struct reply r = {.cli = cli};
    struct desk_thread *about = NULL;
    bool offline = false;
    int sent = 0;
    int rc = session_online(cli);

    if (cli->opts.arg_count > 1 && strcmp(cli->opts.args[1], "-") != 0) {
        fault_set(&cli->fault, CLI_USAGE, "words on the command line stay in your shell history.");
        return fault_next(&cli->fault,
                          "Use your editor (no option) or: sendline reply %.40s --file message.txt",
                          cli->opts.args[0]);
    }
    if (rc == CLI_OK) {
        rc = desk_load(cli, &desk);
    }
    if (rc == CLI_NETWORK && cli->session != NULL && cli->session->me != NULL) {
        struct fault lost = cli->fault;

        session_offline(cli->session);
        offline = true;
        rc = desk_load_kept(cli, &desk);
        if (rc == CLI_OK && desk.at_s == 0) {
            cli->fault = lost;
            return lost.exit;
        }
    }
    if (rc == CLI_OK && !offline) {
        rc = outbox_flush(cli, &desk, &sent);
    }
    if (rc == CLI_OK) {
        rc = desk_find(cli, &desk, cli->opts.args[0], &about);
    }
    if (rc == CLI_OK && !offline) {
        rc = convo_open(cli, about, &r.convo);
    }
    if (rc == CLI_OK) {
        SL_AUTO(str) char *hex = sl_hex(about->thread, SL_ID_BYTES);

        r.to = about;
        r.draft_name = sl_strf("draft-%s", hex);
        if (offline) {
            cli_note(cli,
                     "You are offline. What you write is kept, and sent when you are next online.");
        }
        rc = run(&r);
    }
    sl_buf_wipe_free(&r.text);
    convo_free(r.convo);
    free(r.draft_name);
    return rc;
}
