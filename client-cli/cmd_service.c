/* service init: the first keys of a service, its first list of colleagues, and a folder with what
 * each of them needs. Done once, by the service manager, with the token from 'sendlined init'. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "command.h"
#include "common/json.h"
#include "common/text.h"
#include "e2ee/keyfile.h"
#include "e2ee/manage.h"
#include "e2ee/prints.h"
#include "e2ee/team.h"
#include "file.h"
#include "link.h"
#include "plan.h"
#include "session.h"
#include "when.h"

enum {
    CONNECT_MS = 10000,
    VALID_S = 90 * 24 * 3600,
    MAX_CA_BYTES = 1 << 20,
    HOLDERS = PLAN_MAX_TEAMS + 1 + PLAN_MAX_STAFF
};

static const char records_name[] = "Records office";
static const char request_name[] = "set-up.json";
static const char notes_name[] = "what-is-what.txt";

/** Everything that is made. Holders: teams, records, staff, in this order. */
struct making {
    struct cli *cli;
    const struct plan *plan;
    const char *out_dir;
    const char *ca_file;    /**< borrowed; NULL: the system's authorities */
    const char *public_url; /**< borrowed, of the service's own answer */
    struct e2_identity *roots[PLAN_MAX_ROOTS];
    struct e2_identity *teams[PLAN_MAX_TEAMS];
    struct e2_identity *records;
    struct e2_identity *staff[PLAN_MAX_STAFF];
    struct sl_holder *holders; /**< owned */
    size_t holder_count;
    struct sl_roster roster;
    size_t locked; /**< key files so far */
};

static void making_fini(struct making *m)
{
    for (size_t i = 0; i < PLAN_MAX_ROOTS; i++) {
        e2_identity_free(m->roots[i]);
    }
    for (size_t i = 0; i < PLAN_MAX_TEAMS; i++) {
        e2_identity_free(m->teams[i]);
    }
    for (size_t i = 0; i < PLAN_MAX_STAFF; i++) {
        e2_identity_free(m->staff[i]);
    }
    e2_identity_free(m->records);
    sl_roster_free(&m->roster);
    free(m->holders);
}

static const struct sl_holder *team_holder(const struct making *m, size_t i)
{
    return &m->holders[i];
}

static const struct sl_holder *records_holder(const struct making *m)
{
    return &m->holders[m->plan->team_count];
}

static const struct sl_holder *staff_holder(const struct making *m, size_t i)
{
    return &m->holders[m->plan->team_count + 1 + i];
}

/* ---- Keys and the roster ---- */

static int make_holder(struct making *m, uint8_t kind, const char *name, struct e2_identity **key)
{
    struct cli *cli = m->cli;
    struct sl_holder *holder = &m->holders[m->holder_count++];
    uint8_t id[SL_ID_BYTES];
    struct sl_err err = {0};

    *key = e2_identity_new(cli->rand);
    sl_rand_fill(cli->rand, id, sizeof(id));
    if (e2_holder_make(holder, kind, id, 1, *key, name, &err) != SL_OK) {
        return fault_err(&cli->fault, &err, "a key cannot be made");
    }
    return CLI_OK;
}

static int make_keys(struct making *m)
{
    const struct plan *plan = m->plan;
    int rc = CLI_OK;

    m->holders = sl_alloc(HOLDERS * sizeof(*m->holders));
    for (size_t i = 0; i < plan->root_count; i++) {
        m->roots[i] = e2_identity_new(m->cli->rand);
    }
    for (size_t i = 0; i < plan->team_count && rc == CLI_OK; i++) {
        rc = make_holder(m, SL_HOLDER_TEAM, plan->teams[i], &m->teams[i]);
    }
    if (rc == CLI_OK) {
        rc = make_holder(m, SL_HOLDER_RECORDS, records_name, &m->records);
    }
    for (size_t i = 0; i < plan->staff_count && rc == CLI_OK; i++) {
        rc = make_holder(m, SL_HOLDER_STAFF, plan->staff[i].name, &m->staff[i]);
    }
    return rc;
}

static void make_roster(struct making *m)
{
    int64_t now = sl_now_s(m->cli->clock);
    struct sl_roster *roster = &m->roster;

    roster->serial = 1;
    roster->issued_at = (uint64_t)now;
    roster->expires_at = (uint64_t)now + VALID_S;
    roster->root_count = (uint8_t)m->plan->root_count;
    for (size_t i = 0; i < m->plan->root_count; i++) {
        memcpy(roster->roots[i], m->roots[i]->sign_pk, SL_PK_BYTES);
    }
    roster->row_count = m->holder_count;
    roster->rows = sl_alloc(m->holder_count * sizeof(*roster->rows));
    for (size_t i = 0; i < m->holder_count; i++) {
        e2_roster_row_of(&m->holders[i], &roster->rows[i]);
    }
}

/* ---- The request ---- */

static json_t *staff_rows(const struct making *m)
{
    json_t *list = sl_json_new_array();

    for (size_t i = 0; i < m->plan->staff_count; i++) {
        const struct plan_person *person = &m->plan->staff[i];
        json_t *row = sl_json_new();

        sl_json_set_bytes(row, "staff", staff_holder(m, i)->id, SL_ID_BYTES);
        sl_json_set_str(row, "role", person->role);
        if (person->team >= 0) {
            sl_json_set_bytes(row, "team", team_holder(m, (size_t)person->team)->id, SL_ID_BYTES);
        }
        sl_json_append(list, row);
    }
    return list;
}

static int seal_seeds(struct making *m, json_t *list)
{
    struct cli *cli = m->cli;

    for (size_t i = 0; i < m->plan->staff_count; i++) {
        int team = m->plan->staff[i].team;
        uint8_t sealed[SL_SEALED_KEY_BYTES];
        struct sl_err err = {0};
        json_t *row;

        if (team < 0) {
            continue;
        }
        if (e2_team_seal_first(m->teams[team], staff_holder(m, i), cli->rand, sealed, &err) !=
            SL_OK) {
            return fault_err(&cli->fault, &err, "the team's key cannot be shared");
        }
        row = sl_json_new();
        sl_json_set_bytes(row, "team", team_holder(m, (size_t)team)->id, SL_ID_BYTES);
        sl_json_set_int(row, "generation", 1);
        sl_json_set_bytes(row, "staff", staff_holder(m, i)->id, SL_ID_BYTES);
        sl_json_set_bytes(row, "sealed", sealed, sizeof(sealed));
        sl_json_append(list, row);
    }
    return CLI_OK;
}

/** The arguments of service.init without the token. Owned. */
static int make_request(struct making *m, json_t **out)
{
    struct cli *cli = m->cli;
    SL_AUTO(json) json_t *request = sl_json_new();
    SL_AUTO(buf) struct sl_buf roster = {0};
    json_t *holders = sl_json_new_array();
    json_t *seeds = sl_json_new_array();
    struct sl_err err = {0};

    sl_json_set(request, "holders", holders);
    sl_json_set(request, "staff", staff_rows(m));
    sl_json_set(request, "team_seeds", seeds);
    make_roster(m);
    if (e2_roster_sign(&m->roster, m->roots[0], &roster, &err) != SL_OK) {
        return fault_err(&cli->fault, &err, "the list of colleagues cannot be signed");
    }
    sl_json_set_bytes(request, "roster", roster.data, roster.len);
    for (size_t i = 0; i < m->holder_count; i++) {
        SL_AUTO(buf) struct sl_buf bytes = {0};

        sl_holder_put(&bytes, &m->holders[i]);
        SL_AUTO(str) char *text = sl_b64(bytes.data, bytes.len);
        sl_json_append(holders, json_string(text));
    }
    int rc = seal_seeds(m, seeds);
    if (rc == CLI_OK) {
        *out = sl_steal(&request);
    }
    return rc;
}

/* ---- Files ---- */

/** "Jordan Ellis" as "jordan-ellis"; letters that are not ASCII are left out. Owned. */
static char *slug_of(const char *name)
{
    SL_AUTO(buf) struct sl_buf out = {0};

    for (const char *c = name; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x80 && isalnum((unsigned char)*c) != 0) {
            sl_buf_put_u8(&out, (uint8_t)tolower((unsigned char)*c));
        } else if (out.len > 0 && out.data[out.len - 1] != '-') {
            sl_buf_put_u8(&out, '-');
        }
    }
    while (out.len > 0 && out.data[out.len - 1] == '-') {
        out.len--;
    }
    return sl_strndup(out.len > 0 ? (const char *)out.data : "", out.len);
}

/** Where a person's file or folder goes: the number tells two names apart that look alike. Owned.
 */
static char *path_of(const struct making *m, const char *kind, const char *name, size_t number,
                     const char *end)
{
    SL_AUTO(str) char *slug = slug_of(name);

    return sl_strf("%s/%s%zu%s%s%s", m->out_dir, kind, number + 1, slug[0] != '\0' ? "-" : "", slug,
                   end);
}

static char *root_path(const struct making *m, size_t i)
{
    return path_of(m, "root-", m->plan->roots[i].name, i, ".key");
}

static char *half_path(const struct making *m, size_t i)
{
    return path_of(m, "records-", m->plan->officers[i].name, i, ".key");
}

static char *staff_path(const struct making *m, size_t i)
{
    return path_of(m, "staff-", m->plan->staff[i].name, i, "");
}

static int write_key(struct making *m, const char *path, const struct e2_keyfile *file,
                     const struct plan_person *person)
{
    struct cli *cli = m->cli;
    SL_AUTO(buf) struct sl_buf bytes = {0};
    struct sl_err err = {0};
    size_t all = m->plan->root_count + PLAN_OFFICERS + m->plan->staff_count;

    cli_note(cli, "Locking key %zu of %zu: %s", ++m->locked, all, person->name);
    if (e2_keyfile_seal(file, sl_buf_bytes(&person->passphrase), cli->rand, &bytes, &err) !=
            SL_OK ||
        e2_keyfile_write(path, sl_buf_bytes(&bytes), &err) != SL_OK) {
        return fault_err(&cli->fault, &err, "a key file cannot be written");
    }
    return CLI_OK;
}

static int write_roots(struct making *m)
{
    int rc = CLI_OK;

    for (size_t i = 0; i < m->plan->root_count && rc == CLI_OK; i++) {
        SL_AUTO(e2_keyfile) struct e2_keyfile file = {.kind = E2_KEYFILE_ROOT};
        SL_AUTO(str) char *path = root_path(m, i);

        memcpy(file.seed, m->roots[i]->seed, E2_SEED_BYTES);
        rc = write_key(m, path, &file, &m->plan->roots[i]);
    }
    return rc;
}

static int write_halves(struct making *m)
{
    uint8_t halves[PLAN_OFFICERS][E2_SEED_BYTES];
    int rc = CLI_OK;

    e2_records_split(m->records->seed, m->cli->rand, halves[0], halves[1]);
    for (size_t i = 0; i < PLAN_OFFICERS && rc == CLI_OK; i++) {
        SL_AUTO(e2_keyfile) struct e2_keyfile file = {.kind = E2_KEYFILE_RECORDS_HALF};
        SL_AUTO(str) char *path = half_path(m, i);

        memcpy(file.id, records_holder(m)->id, SL_ID_BYTES);
        memcpy(file.seed, halves[i], E2_SEED_BYTES);
        rc = write_key(m, path, &file, &m->plan->officers[i]);
    }
    sodium_memzero(halves, sizeof(halves));
    return rc;
}

static void put_roots(const struct making *m, struct sl_buf *out)
{
    for (size_t i = 0; i < m->plan->root_count; i++) {
        sl_buf_put_str(out, i > 0 ? "," : "");
        sl_b64_put(out, m->roots[i]->sign_pk, SL_PK_BYTES);
    }
}

static int write_conf(struct making *m, const char *dir, const char *name)
{
    struct cli *cli = m->cli;
    SL_AUTO(buf) struct sl_buf text = {0};
    SL_AUTO(str) char *path = file_join(dir, "config");

    sl_buf_putf(&text, "# Sendline: the settings of %s. 'man sendline' has them all.\n", name);
    sl_buf_putf(&text, "server = %s\npublic_url = %s\n", cli->conf.server, m->public_url);
    if (m->ca_file != NULL) {
        sl_buf_put_str(&text, "ca_file = ca.crt\n");
    }
    sl_buf_put_str(&text, "key_file = key\nstate_dir = state\nroots = ");
    put_roots(m, &text);
    sl_buf_put_str(&text, "\n");
    return file_write(path, text.data, text.len, &cli->fault);
}

static int write_staff(struct making *m, size_t i)
{
    struct cli *cli = m->cli;
    SL_AUTO(e2_keyfile) struct e2_keyfile file = {.kind = E2_KEYFILE_STAFF};
    SL_AUTO(str) char *dir = staff_path(m, i);
    SL_AUTO(str) char *key = file_join(dir, "key");
    SL_AUTO(str) char *ca = file_join(dir, "ca.crt");
    int rc = file_make_dir(dir, &cli->fault);

    memcpy(file.id, staff_holder(m, i)->id, SL_ID_BYTES);
    memcpy(file.seed, m->staff[i]->seed, E2_SEED_BYTES);
    if (rc == CLI_OK && m->ca_file != NULL) {
        SL_AUTO(buf) struct sl_buf pem = {0};

        rc = file_read(m->ca_file, MAX_CA_BYTES, &pem, &cli->fault);
        if (rc == CLI_OK) {
            rc = file_write(ca, pem.data, pem.len, &cli->fault);
        }
    }
    if (rc == CLI_OK) {
        rc = write_conf(m, dir, m->plan->staff[i].name);
    }
    return rc == CLI_OK ? write_key(m, key, &file, &m->plan->staff[i]) : rc;
}

/* ---- What is told ---- */

static void holder_print(const struct sl_holder *holder, char out[E2_TYPED_CHARS + 1])
{
    SL_AUTO(buf) struct sl_buf bytes = {0};

    sl_holder_put(&bytes, holder);
    e2_holder_print(sl_buf_bytes(&bytes), out);
}

static void put_prints(const struct making *m, struct sl_buf *out)
{
    const struct plan *plan = m->plan;
    char print[E2_TYPED_CHARS + 1];

    for (size_t i = 0; i < plan->root_count; i++) {
        e2_root_print(m->roots[i]->sign_pk, print);
        sl_buf_putf(out, "  %s  root key of %s\n", print, plan->roots[i].name);
    }
    for (size_t i = 0; i < plan->staff_count; i++) {
        holder_print(staff_holder(m, i), print);
        sl_buf_putf(out, "  %s  %s, %s\n", print, plan->staff[i].name, plan->staff[i].role);
    }
    for (size_t i = 0; i < plan->team_count; i++) {
        holder_print(team_holder(m, i), print);
        sl_buf_putf(out, "  %s  the team, %s\n", print, plan->teams[i]);
    }
    holder_print(records_holder(m), print);
    sl_buf_putf(out, "  %s  the records office\n", print);
}

static void put_files(const struct making *m, struct sl_buf *out)
{
    const struct plan *plan = m->plan;

    for (size_t i = 0; i < plan->root_count; i++) {
        SL_AUTO(str) char *path = root_path(m, i);

        sl_buf_putf(out, "  %s\n      %s's root key: on two memory sticks, in a safe\n", path,
                    plan->roots[i].name);
    }
    for (size_t i = 0; i < PLAN_OFFICERS; i++) {
        SL_AUTO(str) char *path = half_path(m, i);

        sl_buf_putf(out, "  %s\n      %s's half of the records key: offline, in another safe\n",
                    path, plan->officers[i].name);
    }
    for (size_t i = 0; i < plan->staff_count; i++) {
        SL_AUTO(str) char *path = staff_path(m, i);

        sl_buf_putf(out, "  %s\n      for %s alone: ~/.config/sendline on their computer\n", path,
                    plan->staff[i].name);
    }
}

/** What to do with what was made. */
static void put_notes(const struct making *m, struct sl_buf *out)
{
    char day[WHEN_TEXT];

    when_long_day((int64_t)m->roster.expires_at, day);
    sl_buf_putf(out,
                "The service is set up. Its list of colleagues is number 1, good until %s.\n"
                "\n"
                "Files\n",
                day);
    put_files(m, out);
    sl_buf_put_str(out, "\n"
                        "Move each to its place, then delete this folder: none stays on the "
                        "service's computer.\n"
                        "None can be made again. The passphrases are kept nowhere.\n"
                        "\n"
                        "Prints, to read to each other on the telephone: sendline who\n");
    put_prints(m, out);
}

static json_t *as_json(const struct making *m)
{
    const struct plan *plan = m->plan;
    json_t *json = sl_json_new();
    json_t *roots = sl_json_new_array();
    json_t *staff = sl_json_new_array();
    json_t *teams = sl_json_new_array();
    json_t *records = sl_json_new_array();
    char at[WHEN_TEXT];
    char print[E2_TYPED_CHARS + 1];

    when_iso((int64_t)m->roster.expires_at, at);
    sl_json_set_int(json, "serial", m->roster.serial);
    sl_json_set_str(json, "expires", at);
    sl_json_set(json, "roots", roots);
    sl_json_set(json, "staff", staff);
    sl_json_set(json, "teams", teams);
    sl_json_set(json, "records", records);
    for (size_t i = 0; i < plan->root_count; i++) {
        json_t *row = sl_json_new();
        SL_AUTO(str) char *path = root_path(m, i);

        e2_root_print(m->roots[i]->sign_pk, print);
        sl_json_set_str(row, "name", plan->roots[i].name);
        sl_json_set_bytes(row, "key", m->roots[i]->sign_pk, SL_PK_BYTES);
        sl_json_set_str(row, "print", print);
        sl_json_set_str(row, "file", path);
        sl_json_append(roots, row);
    }
    for (size_t i = 0; i < plan->staff_count; i++) {
        json_t *row = sl_json_new();
        SL_AUTO(str) char *dir = staff_path(m, i);
        SL_AUTO(str) char *path = file_join(dir, "config");

        holder_print(staff_holder(m, i), print);
        sl_json_set_str(row, "name", plan->staff[i].name);
        sl_json_set_str(row, "role", plan->staff[i].role);
        sl_json_set_bytes(row, "staff", staff_holder(m, i)->id, SL_ID_BYTES);
        sl_json_set_str(row, "print", print);
        sl_json_set_str(row, "config", path);
        sl_json_append(staff, row);
    }
    for (size_t i = 0; i < plan->team_count; i++) {
        json_t *row = sl_json_new();

        holder_print(team_holder(m, i), print);
        sl_json_set_str(row, "name", plan->teams[i]);
        sl_json_set_bytes(row, "team", team_holder(m, i)->id, SL_ID_BYTES);
        sl_json_set_str(row, "print", print);
        sl_json_append(teams, row);
    }
    for (size_t i = 0; i < PLAN_OFFICERS; i++) {
        json_t *row = sl_json_new();
        SL_AUTO(str) char *path = half_path(m, i);

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

static int write_all(struct making *m)
{
    int rc = write_roots(m);

    if (rc == CLI_OK) {
        rc = write_halves(m);
    }
    for (size_t i = 0; i < m->plan->staff_count && rc == CLI_OK; i++) {
        rc = write_staff(m, i);
    }
    return rc;
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
    json_t *request = NULL;
    struct making m = {.cli = cli, .plan = &plan, .out_dir = out_dir, .ca_file = cli->conf.ca_file};
    int rc = need_empty(cli, out_dir);

    m.public_url = info_text(info, "public_url");
    if (rc == CLI_OK) {
        struct wire_address unused;

        /* It goes into everybody's settings. */
        rc = wire_address(m.public_url, &unused, &cli->fault);
    }
    if (rc == CLI_OK) {
        rc = take_plan(cli, &plan);
    }
    if (rc == CLI_OK) {
        rc = make_keys(&m);
    }
    if (rc == CLI_OK) {
        rc = make_request(&m, &request);
    }
    if (rc == CLI_OK) {
        rc = write_all(&m);
    }
    if (rc == CLI_OK) {
        size_t len = 0;

        put_notes(&m, &notes);
        sl_buf_put_u8(&notes, '\0');
        sl_json_set(json, "request", request);
        sl_json_set(json, "result", as_json(&m));
        sl_json_set_str(json, "notes", (const char *)notes.data);
        SL_AUTO(str) char *text = sl_json_text(json, &len);
        rc = file_write(notes_path, notes.data, notes.len - 1, &cli->fault);
        if (rc == CLI_OK) {
            rc = file_write(request_path, text, len, &cli->fault);
        }
    }
    making_fini(&m);
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
