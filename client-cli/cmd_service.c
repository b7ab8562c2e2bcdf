/* service init: a service begins. Done once, by the service manager, with the token from
 * 'sendlined init'. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "command.h"
#include "common/json.h"
#include "common/text.h"
#include "e2ee/prints.h"
#include "file.h"
#include "founding.h"
#include "link.h"
#include "session.h"
#include "when.h"

static const char request_name[] = "set-up.json";
static const char notes_name[] = "what-is-what.txt";

/* ---- What is told ---- */

static void holder_print(const struct sl_holder *holder, char out[E2_TYPED_CHARS + 1])
{
    SL_AUTO(buf) struct sl_buf bytes = {0};

    sl_holder_put(&bytes, holder);
    e2_holder_print(sl_buf_bytes(&bytes), out);
}

static void put_prints(const struct founding *f, struct sl_buf *out)
{
    const struct plan *plan = f->plan;
    char print[E2_TYPED_CHARS + 1];

    for (size_t i = 0; i < plan->root_count; i++) {
        e2_root_print(f->roots[i]->sign_pk, print);
        sl_buf_putf(out, "  %s  root key of %s\n", print, plan->roots[i].name);
    }
    for (size_t i = 0; i < plan->staff_count; i++) {
        holder_print(founding_staff(f, i), print);
        sl_buf_putf(out, "  %s  %s, %s\n", print, plan->staff[i].name, plan->staff[i].role);
    }
    for (size_t i = 0; i < plan->team_count; i++) {
        holder_print(founding_team(f, i), print);
        sl_buf_putf(out, "  %s  the team, %s\n", print, plan->teams[i]);
    }
    holder_print(founding_records(f), print);
    sl_buf_putf(out, "  %s  the records office\n", print);
}

static void put_files(const struct founding *f, struct sl_buf *out)
{
    const struct plan *plan = f->plan;

    for (size_t i = 0; i < plan->root_count; i++) {
        SL_AUTO(str) char *path = founding_root_path(f, i);

        sl_buf_putf(out, "  %s\n      %s's root key: on two memory sticks, in a safe\n", path,
                    plan->roots[i].name);
    }
    for (size_t i = 0; i < PLAN_OFFICERS; i++) {
        SL_AUTO(str) char *path = founding_half_path(f, i);

        sl_buf_putf(out, "  %s\n      %s's half of the records key: offline, in another safe\n",
                    path, plan->officers[i].name);
    }
    for (size_t i = 0; i < plan->staff_count; i++) {
        SL_AUTO(str) char *path = founding_staff_path(f, i);

        sl_buf_putf(out, "  %s\n      for %s alone: ~/.config/sendline on their computer\n", path,
                    plan->staff[i].name);
    }
}

/** What to do with what was made. */
static void put_notes(const struct founding *f, struct sl_buf *out)
{
    char day[WHEN_TEXT];

    when_long_day((int64_t)f->roster.expires_at, day);
    sl_buf_putf(out,
                "The service is set up. Its list of colleagues is number 1, good until %s.\n"
                "\n"
                "Files\n",
                day);
    put_files(f, out);
    sl_buf_put_str(out, "\n"
                        "Move each to its place, then delete this folder: none stays on the "
                        "service's computer.\n"
                        "None can be made again. The passphrases are kept nowhere.\n"
                        "\n"
                        "Prints, to read to each other on the telephone: sendline who\n");
    put_prints(f, out);
}

static json_t *as_json(const struct founding *f)
{
    const struct plan *plan = f->plan;
    json_t *json = sl_json_new();
    json_t *roots = sl_json_new_array();
    json_t *staff = sl_json_new_array();
    json_t *teams = sl_json_new_array();
    json_t *records = sl_json_new_array();
    char at[WHEN_TEXT];
    char print[E2_TYPED_CHARS + 1];

    when_iso((int64_t)f->roster.expires_at, at);
    sl_json_set_int(json, "serial", f->roster.serial);
    sl_json_set_str(json, "expires", at);
    sl_json_set(json, "roots", roots);
    sl_json_set(json, "staff", staff);
    sl_json_set(json, "teams", teams);
    sl_json_set(json, "records", records);
    for (size_t i = 0; i < plan->root_count; i++) {
        json_t *row = sl_json_new();
        SL_AUTO(str) char *path = founding_root_path(f, i);

        e2_root_print(f->roots[i]->sign_pk, print);
        sl_json_set_str(row, "name", plan->roots[i].name);
        sl_json_set_bytes(row, "key", f->roots[i]->sign_pk, SL_PK_BYTES);
        sl_json_set_str(row, "print", print);
        sl_json_set_str(row, "file", path);
        sl_json_append(roots, row);
    }
    for (size_t i = 0; i < plan->staff_count; i++) {
        json_t *row = sl_json_new();
        SL_AUTO(str) char *dir = founding_staff_path(f, i);
        SL_AUTO(str) char *path = file_join(dir, "config");

        holder_print(founding_staff(f, i), print);
        sl_json_set_str(row, "name", plan->staff[i].name);
        sl_json_set_str(row, "role", plan->staff[i].role);
        sl_json_set_bytes(row, "staff", founding_staff(f, i)->id, SL_ID_BYTES);
        sl_json_set_str(row, "print", print);
        sl_json_set_str(row, "config", path);
        sl_json_append(staff, row);
    }
    for (size_t i = 0; i < plan->team_count; i++) {
        json_t *row = sl_json_new();

        holder_print(founding_team(f, i), print);
        sl_json_set_str(row, "name", plan->teams[i]);
        sl_json_set_bytes(row, "team", founding_team(f, i)->id, SL_ID_BYTES);
        sl_json_set_str(row, "print", print);
        sl_json_append(teams, row);
    }
    for (size_t i = 0; i < PLAN_OFFICERS; i++) {
        json_t *row = sl_json_new();
        SL_AUTO(str) char *path = founding_half_path(f, i);

        sl_json_set_str(row, "name", plan->officers[i].name);
        sl_json_set_str(row, "file", path);
        sl_json_append(records, row);
    }
    return json;
}

/* ---- Step by step ---- */

/** The folder must be new or empty: keys of two services in one are keys mixed up. */
static int need_empty(struct cli *cli, const char *path)
{
    DIR *dir = opendir(path);
    bool empty = true;

    if (dir == NULL) {
        return errno == ENOENT ? file_make_dir(path, &cli->fault)
                               : fault_set(&cli->fault, CLI_MISSING, "cannot look into %.400s: %s.",
                                           path, strerror(errno));
    }
    for (struct dirent *at = readdir(dir); at != NULL; at = readdir(dir)) {
        empty = empty && (strcmp(at->d_name, ".") == 0 || strcmp(at->d_name, "..") == 0);
    }
    (void)closedir(dir);
    if (!empty) {
        fault_set(&cli->fault, CLI_CONFLICT, "there is something in %.400s already.", path);
        return fault_next(&cli->fault, "Give a new folder for the keys: --out DIR");
    }
    return CLI_OK;
}

static int take_plan(struct cli *cli, struct plan *plan)
{
    const char *path = cli->opts.value[OPT_PLAN];

    if (path != NULL) {
        return plan_read(plan, path, &cli->fault);
    }
    if (!ask_possible(cli_has(cli, OPT_NO_INPUT))) {
        fault_set(&cli->fault, CLI_USAGE,
                  "this command has questions, and there is nobody to ask.");
        return fault_next(&cli->fault,
                          "Give the answers in a file: --plan FILE. See 'man sendline'.");
    }
    return plan_ask(plan, cli);
}

static const char *info_text(const json_t *info, const char *field)
{
    const char *text = json_string_value(json_object_get(info, field));

    return text != NULL ? text : "";
}

/**
 * Keys, files, and set-up.json: {"request", "result", "notes"}. Everything is on disk before the
 * service hears of it, so that a lost answer loses no key. *kept is owned.
 */
static int make_all(struct cli *cli, const json_t *info, const char *out_dir, json_t **kept)
{
    SL_AUTO(plan) struct plan plan = {0};
    SL_AUTO(json) json_t *json = sl_json_new();
    SL_AUTO(str) char *request_path = file_join(out_dir, request_name);
    SL_AUTO(str) char *notes_path = file_join(out_dir, notes_name);
    SL_AUTO(buf) struct sl_buf notes = {0};
    SL_AUTO(json) json_t *request = NULL;
    SL_AUTO(founding)
    struct founding f = {
        .cli = cli, .plan = &plan, .out_dir = out_dir, .ca_file = cli->conf.ca_file};
    int rc = need_empty(cli, out_dir);

    f.public_url = info_text(info, "public_url");
    if (rc == CLI_OK) {
        struct wire_address unused;

        /* It goes into everybody's settings. */
        rc = wire_address(f.public_url, &unused, &cli->fault);
    }
    if (rc == CLI_OK) {
        rc = take_plan(cli, &plan);
    }
    if (rc == CLI_OK) {
        rc = founding_keys(&f);
    }
    if (rc == CLI_OK) {
        rc = founding_request(&f, &request);
    }
    if (rc == CLI_OK) {
        rc = founding_write(&f);
    }
    if (rc == CLI_OK) {
        size_t len = 0;

        put_notes(&f, &notes);
        sl_buf_put_u8(&notes, '\0');
        sl_json_set(json, "request", sl_steal(&request));
        sl_json_set(json, "result", as_json(&f));
        sl_json_set_str(json, "notes", (const char *)notes.data);
        SL_AUTO(str) char *text = sl_json_text(json, &len);
        rc = file_write(notes_path, notes.data, notes.len - 1, &cli->fault);
        if (rc == CLI_OK) {
            rc = file_write(request_path, text, len, &cli->fault);
        }
    }

    if (rc == CLI_OK) {
        *kept = sl_steal(&json);
    }
    return rc;
}

/** What an earlier run made and could not hand over, or NULL. */
static int load_kept(struct cli *cli, const char *out_dir, json_t **kept)
{
    SL_AUTO(str) char *path = file_join(out_dir, request_name);
    SL_AUTO(buf) struct sl_buf text = {0};
    struct sl_err err = {0};
    int rc;

    if (!file_exists(path)) {
        return CLI_OK;
    }
    rc = file_read(path, SL_MAX_FRAME_BYTES * 2, &text, &cli->fault);
    if (rc == CLI_OK && sl_json_parse((const char *)text.data, text.len, 8, kept, &err) != SL_OK) {
        rc = fault_err(&cli->fault, &err, "what an earlier run left cannot be read");
    }
    if (rc == CLI_OK) {
        cli_note(cli, "Going on with the keys that are in %s.", out_dir);
    }
    return rc;
}

static int hand_over(struct cli *cli, struct link *link, const json_t *kept)
{
    const char *path = cli->opts.value[OPT_TOKEN_FILE];
    SL_AUTO(secret) struct sl_buf token = {0};
    json_t *args = json_copy(json_object_get(kept, "request"));
    int rc = ask_secret_file(path, &token, &cli->fault);

    if (rc != CLI_OK) {
        json_decref(args);
        return rc;
    }
    sl_json_set_str(args, "token", (const char *)token.data);
    rc = link_call(link, "service.init", args, NULL, &cli->fault);
    if (rc == CLI_FORBIDDEN && cli->fault.code == SL_TOKEN_WRONG) {
        return fault_next(&cli->fault,
                          "It is in the file that 'sendlined init' names. The keys are "
                          "kept: run this again with the right one.");
    }
    return rc;
}

static int take_settings(struct cli *cli)
{
    const char *server = cli->opts.value[OPT_SERVER];
    const char *ca_file = cli->opts.value[OPT_CA_FILE];

    if (ca_file != NULL) {
        free(cli->conf.ca_file);
        cli->conf.ca_file = sl_strdup(ca_file);
    }
    if (server != NULL) {
        free(cli->conf.server);
        cli->conf.server = sl_strdup(server);
    }
    if (cli->opts.value[OPT_TOKEN_FILE] == NULL) {
        fault_set(&cli->fault, CLI_USAGE, "setting a service up needs its one-time token.");
        return fault_next(&cli->fault,
                          "Add --token-file FILE, the file that 'sendlined init' named.");
    }
    if (cli->conf.server == NULL && ask_possible(cli_has(cli, OPT_NO_INPUT))) {
        return ask_line("Address of the staff service [https://localhost:8444]: ",
                        "https://localhost:8444", false, &cli->conf.server, &cli->fault);
    }
    return CLI_OK;
}

static int set_up(struct cli *cli, struct link *link, const char *out_dir)
{
    SL_AUTO(json) json_t *info = NULL;
    SL_AUTO(json) json_t *kept = NULL;
    SL_AUTO(str) char *request_path = file_join(out_dir, request_name);
    int rc = link_call(link, "service.info", sl_json_new(), &info, &cli->fault);

    if (rc == CLI_OK) {
        rc = load_kept(cli, out_dir, &kept);
    }
    if (rc == CLI_OK && kept == NULL) {
        if (json_is_true(json_object_get(info, "set_up"))) {
            fault_set(&cli->fault, CLI_CONFLICT,
                      "this service is set up already. Nothing was changed.");
            return fault_next(&cli->fault, "See who is in it: sendline who");
        }
        rc = make_all(cli, info, out_dir, &kept);
    }
    if (rc == CLI_OK) {
        rc = hand_over(cli, link, kept);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    (void)unlink(request_path);
    if (cli->out.json) {
        out_json(&cli->out, json_incref(json_object_get(kept, "result")));
    } else {
        out_say(&cli->out, "\n%s", json_string_value(json_object_get(kept, "notes")));
    }
    return CLI_OK;
}

int cmd_service_init(struct cli *cli)
{
    const char *out_dir = cli_has(cli, OPT_OUT) ? cli->opts.value[OPT_OUT] : "sendline-keys";
    struct wire_address address;
    struct link *link = NULL;
    int rc = take_settings(cli);

    if (rc == CLI_OK) {
        rc = session_connect(cli, &address, &link);
    }
    if (rc == CLI_OK) {
        rc = set_up(cli, link, out_dir);
    }
    link_free(link);
    return rc;
}
