/* invite: a parent or carer comes in, or comes back. The service gets neither link nor code: both
 * are shown here, once, to go two different ways. */
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "command.h"
#include "common/json.h"
#include "common/text.h"
#include "details.h"
#include "file.h"
#include "inviting.h"
#include "letter.h"
#include "qr.h"
#include "when.h"

enum {
    D_NAME,
    D_EMAIL,
    D_COUNT
};

/** What is handed on. */
struct handout {
    char *link; /**< owned, as all of these; wiped */
    char typed[E2_TYPED_CHARS + 1];
    char code[E2_CODE_DIGITS + 3]; /**< in groups of four */
    char *letter;                  /**< file; NULL: none */
};

static void sl_auto_handout(struct handout *h)
{
    if (h->link != NULL) {
        explicit_bzero(h->link, strlen(h->link));
    }
    free(h->link);
    free(h->letter);
    explicit_bzero(h, sizeof(*h));
}

/* ---- May it be made? ---- */

/** Whom: NULL for somebody new. */
static int parent_of(struct cli *cli, const struct desk *desk, const struct desk_thread *about,
                     const uint8_t **out)
{
    const char *same = cli->opts.value[OPT_SAME_AS];
    struct desk_thread *other = NULL;
    int rc;

    *out = about->has_parent ? about->parent : NULL;
    if (same == NULL) {
        return CLI_OK;
    }
    rc = desk_find(cli, desk, same, &other);
    if (rc != CLI_OK) {
        return rc;
    }
    if (!other->has_parent) {
        fault_set(&cli->fault, CLI_NOT_READY, "nobody was invited to %s yet.", other->ref);
        return fault_next(&cli->fault, "Next: sendline invite %s", other->ref);
    }
    if (about->has_parent && memcmp(about->parent, other->parent, SL_ID_BYTES) != 0) {
        return fault_set(&cli->fault, CLI_CONFLICT,
                         "%s was begun with somebody else than the parent of %s.", about->ref,
                         other->ref);
    }
    *out = other->parent;
    return CLI_OK;
}

static int may_invite(struct cli *cli, const struct desk_thread *about, const struct inviting *in)
{
    char day[WHEN_TEXT];
    int64_t until = 0;
    int rc;

    if (about->closed) {
        return fault_set(&cli->fault, CLI_NOT_READY, "%s is closed.", about->ref);
    }
    if (cli_has(cli, OPT_AGAIN)) {
        return CLI_OK;
    }
    if (about->accepted) {
        fault_set(&cli->fault, CLI_NOT_READY, "%s has accepted the invitation to %s already.",
                  desk_name(about), about->ref);
        return fault_next(&cli->fault, "A forgotten password? sendline invite %s --again",
                          about->ref);
    }
    rc = inviting_open(in, &until);
    if (rc == CLI_OK && until > 0) {
        when_day(until, sl_now_s(cli->clock), day);
        fault_set(&cli->fault, CLI_NOT_READY,
                  "%s has an invitation to %s that is good until %s. A new one ends it.",
                  desk_name(about), about->ref, day);
        rc = fault_next(&cli->fault, "Lost? sendline invite %s --again", about->ref);
    }
    return rc;
}

/** The question before anything is made. */
static int confirm(struct cli *cli, const struct desk_thread *about, const char *name, bool *yes)
{
    int rc;

    *yes = cli_has(cli, OPT_YES);
    if (*yes) {
        return CLI_OK;
    }
    if (about->accepted) {
        cli_note(cli,
                 "\nInvite %s again?\n\n"
                 "  - They set a new password, and the old one then stops working.\n"
                 "  - Their other devices are then signed out.\n"
                 "  - Their messages come back.\n"
                 "  - The conversation shows for good who invited them, and when.\n",
                 name);
    }
    rc = ask_yes(about->accepted ? "Have you checked that it is them, by telephone or in person?"
                                 : "Have you checked who they are, against the case record?",
                 "Check who they are, then add --yes.", cli_has(cli, OPT_NO_INPUT), yes,
                 &cli->fault);
    if (rc == CLI_OK && !*yes) {
        cli_did(cli, "Nothing was changed.");
    }
    return rc;
}

/* ---- The letter ---- */

static const char *info_text(const struct inviting *in, const char *field)
{
    const char *text = json_string_value(json_object_get(in->info, field));

    return text != NULL ? text : "";
}

/** Without a slash at its end. Owned. */
static char *public_url(const struct inviting *in)
{
    const char *set = in->cli->conf.public_url;
    const char *url = set != NULL ? set : info_text(in, "public_url");
    size_t len = strlen(url);

    return sl_strndup(url, len > 0 && url[len - 1] == '/' ? len - 1 : len);
}

/** The address of families goes into links and letters: from the service it may be anything. */
static int check_url(const struct inviting *in)
{
    SL_AUTO(str) char *url = public_url(in);
    struct wire_address unused;

    return wire_address(url, &unused, &in->cli->fault);
}

static int write_letter(const struct inviting *in, const struct handout *h, const char *name)
{
    struct cli *cli = in->cli;
    SL_AUTO(qr) struct qr qr = {0};
    SL_AUTO(secret) struct sl_buf pdf = {0};
    SL_AUTO(str) char *url = public_url(in);
    struct letter letter = {
        .council = info_text(in, "council"),
        .parent = name,
        .caseworker = session_name(cli->session, cli->session->staff_id),
        .public_url = url,
        .link = h->link,
        .typed = h->typed,
        .helpline = cli->conf.helpline != NULL ? cli->conf.helpline : info_text(in, "phone"),
        .now_s = sl_now_s(cli->clock),
        .expires_at = in->expires_at,
    };
    int rc;

    if (!qr_make(h->link, &qr)) {
        return fault_set(&cli->fault, CLI_UNPLANNED, "the address is too long for a QR code.");
    }
    rc = letter_make(&letter, &qr, &pdf, &cli->fault);
    return rc == CLI_OK ? file_write(h->letter, pdf.data, pdf.len, &cli->fault) : rc;
}

/** Which file: --letter, or asked for. h->letter stays NULL when none is wanted. */
static int ask_letter_file(struct cli *cli, const char *ref, struct handout *h)
{
    const char *file = cli->opts.value[OPT_LETTER];
    char how = 's';
    int rc;

    if (file != NULL) {
        h->letter = sl_strdup(file);
        return CLI_OK;
    }
    if (cli_has(cli, OPT_YES) || cli->out.json || cli->out.plain ||
        !ask_possible(cli_has(cli, OPT_NO_INPUT))) {
        return CLI_OK;
    }
    rc = ask_letter("How should it go? [l]etter to print, [S]how only: ", "ls", "", false, &how,
                    &cli->fault);
    if (rc == CLI_OK && how == 'l') {
        h->letter = sl_strf("invite-%s.pdf", ref);
    }
    return rc;
}

/* ---- Handing it on ---- */

static void show_json(const struct inviting *in, const struct handout *h, const char *name)
{
    struct cli *cli = in->cli;
    json_t *json = sl_json_new();
    char at[WHEN_TEXT];

    when_iso(in->expires_at, at);
    sl_json_set_str(json, "case", in->convos[0]->ref);
    sl_json_set_str(json, "parent", name);
    sl_json_set_bytes(json, "invite", in->invite.invite_id, SL_ID_BYTES);
    sl_json_set_str(json, "link", h->link);
    sl_json_set_str(json, "typed", h->typed);
    sl_json_set_str(json, "code", in->invite.code);
    sl_json_set_str(json, "expires", at);
    if (h->letter != NULL) {
        sl_json_set_str(json, "letter", h->letter);
    }
    out_json(&cli->out, json);
}

static void show_plain(const struct inviting *in, const struct handout *h)
{
    char at[WHEN_TEXT];

    when_iso(in->expires_at, at);
    (void)fprintf(in->cli->out.to, "link\t%s\ntyped\t%s\ncode\t%s\nexpires\t%s\n", h->link,
                  h->typed, in->invite.code, at);
}

static int show(const struct inviting *in, const struct handout *h, const char *name)
{
    struct cli *cli = in->cli;
    FILE *to = cli->out.to;
    SL_AUTO(qr) struct qr qr = {0};
    SL_AUTO(str) char *line = NULL;
    const char *ref = in->convos[0]->ref;
    char until[WHEN_TEXT];
    int rc = CLI_OK;

    when_full(in->expires_at, until);
    out_say(&cli->out, "\nInvitation ready for %s, %s. It works once, until %s.\n", name, ref,
            until);
    if (cli->out.tty && qr_make(h->link, &qr)) {
        qr_show(&qr, to, 4, cli->out.color);
        (void)fputc('\n', to);
    }
    (void)fprintf(to, "  Link      %s\n  To type   %s\n", h->link, h->typed);
    if (h->letter != NULL) {
        (void)fprintf(to, "  Letter    %s (1 page, large print)\n", h->letter);
    }
    out_say(
        &cli->out,
        "\nThey need a code too. Give it another way than the link: on the telephone, in person or "
        "in a second letter. Never write both in one place.\n");
    (void)fflush(to);
    if (cli->out.tty && !cli_has(cli, OPT_YES) && ask_possible(cli_has(cli, OPT_NO_INPUT))) {
        rc = ask_line("Press Enter to see the code, when nobody sees the link beside it. ", "",
                      false, &line, &cli->fault);
    }
    (void)fprintf(to, "  Code      %s%s%s\n\n", out_bold(&cli->out), h->code, out_reset(&cli->out));
    out_say(&cli->out,
            "Five wrong codes end the invitation. Link and code are not shown again.\n\n"
            "Next: sendline invites%*s  see whether it was used\n"
            "      sendline invites end %s  end it",
            (int)strlen(ref) + 5, "", ref);
    return rc;
}

static int hand_on(struct inviting *in, struct handout *h, const char *name)
{
    struct cli *cli = in->cli;
    SL_AUTO(str) char *url = public_url(in);
    int rc = CLI_OK;

    h->link = e2_invite_link(url, in->invite.secret);
    e2_typed(in->invite.secret, h->typed);
    (void)snprintf(h->code, sizeof(h->code), "%.4s %.4s %.4s", in->invite.code, in->invite.code + 4,
                   in->invite.code + 8);
    if (h->letter != NULL) {
        rc = write_letter(in, h, name);
    }
    if (rc != CLI_OK) {
        /* It is made, and must be shown all the same. */
        cli_warn(cli, "no letter: %s", cli->fault.what);
        fault_clear(&cli->fault);
        free(h->letter);
        h->letter = NULL;
    }
    if (cli->out.json) {
        show_json(in, h, name);
        return CLI_OK;
    }
    if (cli->out.plain) {
        show_plain(in, h);
        return CLI_OK;
    }
    return show(in, h, name);
}

static int run(struct cli *cli, struct inviting *in, const struct desk_thread *about,
               struct detail *d)
{
    SL_AUTO(handout) struct handout h = {0};
    bool yes = false;
    int rc = confirm(cli, about, d[D_NAME].value, &yes);

    if (rc != CLI_OK || !yes) {
        return rc;
    }
    rc = ask_letter_file(cli, about->ref, &h);
    if (rc == CLI_OK) {
        rc = inviting_post(in, d[D_NAME].value, d[D_EMAIL].value);
    }
    return rc == CLI_OK ? hand_on(in, &h, d[D_NAME].value) : rc;
}

static int take_details(struct cli *cli, const struct inviting *in, struct detail *d)
{
    struct e2_card card;
    int rc = inviting_card(in, &card);

    if (rc != CLI_OK) {
        return rc;
    }
    d[D_NAME].fallback = card.parent;
    rc = details_take(cli, d, D_COUNT);
    if (rc == CLI_OK && !details_is_address(d[D_EMAIL].value)) {
        rc = fault_set(&cli->fault, CLI_NOT_READY, "'%.100s' is not an e-mail address.",
                       d[D_EMAIL].value);
    }
    return rc;
}

int cmd_invite(struct cli *cli)
{
    SL_AUTO(desk) struct desk desk = {0};
    SL_AUTO(inviting) struct inviting in = {0};
    struct detail d[D_COUNT] = {
        {"name", "Parent's name", NULL, SL_MAX_NAME_BYTES, NULL},
        {"email", "E-mail, to sign in", NULL, SL_MAX_ADDRESS_BYTES, NULL},
    };
    struct desk_thread *about = NULL;
    const uint8_t *parent_id = NULL;
    int rc = session_online(cli);

    if (rc == CLI_OK) {
        rc = desk_load(cli, &desk);
    }
    if (rc == CLI_OK) {
        rc = desk_find(cli, &desk, cli->opts.args[0], &about);
    }
    if (rc == CLI_OK) {
        rc = parent_of(cli, &desk, about, &parent_id);
    }
    if (rc == CLI_OK) {
        rc = inviting_start(&in, cli, &desk, about, parent_id);
    }
    if (rc == CLI_OK) {
        rc = may_invite(cli, about, &in);
    }
    if (rc == CLI_OK) {
        rc = check_url(&in);
    }
    if (rc == CLI_OK) {
        rc = take_details(cli, &in, d);
    }
    if (rc == CLI_OK) {
        rc = run(cli, &in, about, d);
    }
    details_free(d, D_COUNT);
    return rc;
}
