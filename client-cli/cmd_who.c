/* who: the list of colleagues, and who can read a case. unlock, lock: the key kept for a while. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "common/json.h"
#include "common/text.h"
#include "convo.h"
#include "e2ee/prints.h"
#include "keyring.h"
#include "when.h"

enum {
    UNLOCK_S = 4 * 3600,
    UNLOCK_MAX_S = 24 * 3600
};

struct colleague {
    const struct e2_person *person;
    const char *role; /**< static; "" when it is none that we know */
    char team[SL_MAX_NAME_BYTES + 1];
};

/** The service's word for a role, if it is one. */
static const char *role_of(const json_t *item)
{
    static const char *const roles[] = {"caseworker", "manager", "records"};
    const char *role = json_string_value(json_object_get(item, "role"));

    for (size_t i = 0; role != NULL && i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcmp(role, roles[i]) == 0) {
            return roles[i];
        }
    }
    return "";
}

static void fill(const struct cli *cli, const json_t *list, struct colleague *c)
{
    json_t *item;
    size_t i;

    json_array_foreach(json_object_get(list, "staff"), i, item)
    {
        uint8_t id[SL_ID_BYTES];

        if (sl_json_fixed(item, "staff", id, sizeof(id), NULL) != SL_OK ||
            memcmp(id, c->person->holder.id, sizeof(id)) != 0) {
            continue;
        }
        c->role = role_of(item);
        if (sl_json_fixed(item, "team", id, sizeof(id), NULL) == SL_OK) {
            const struct e2_person *team = e2_trust_team(cli->session->trust, id);

            (void)snprintf(c->team, sizeof(c->team), "%.*s", SL_MAX_NAME_BYTES,
                           team != NULL ? team->holder.name : "");
        }
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct colleague *)a)->person->holder.name,
                  ((const struct colleague *)b)->person->holder.name);
}

static void show_colleagues(struct cli *cli, const struct colleague *list, size_t count)
{
    struct table *table = table_new(&cli->out);
    size_t root_count = 0;
    const uint8_t(*roots)[SL_PK_BYTES] = e2_trust_roots(cli->session->trust, &root_count);
    char day[WHEN_TEXT];

    table_column(table, "NAME", TABLE_LEFT);
    table_column(table, "ROLE", TABLE_LEFT);
    table_column(table, "TEAM", TABLE_LEFT);
    table_column(table, "PRINT OF THEIR KEY", TABLE_LEFT);
    for (size_t i = 0; i < count; i++) {
        SL_AUTO(buf) struct sl_buf bytes = {0};
        char print[E2_TYPED_CHARS + 1];

        sl_holder_put(&bytes, &list[i].person->holder);
        e2_holder_print(sl_buf_bytes(&bytes), print);
        const char *cells[] = {list[i].person->holder.name,
                               list[i].role[0] != '\0' ? list[i].role : "-",
                               list[i].team[0] != '\0' ? list[i].team : "-", print};
        table_row(table, TABLE_NORMAL, cells);
    }
    when_day(e2_trust_expires_at(cli->session->trust), sl_now_s(cli->clock), day);
    out_say(&cli->out, "\nColleagues: list %u, good until %s\n",
            e2_trust_serial(cli->session->trust), day);
    table_print(table, &cli->out, true);
    out_say(&cli->out, "\n  The list is signed with");
    for (size_t i = 0; i < root_count; i++) {
        char print[E2_TYPED_CHARS + 1];

        e2_root_print(roots[i], print);
        out_say(&cli->out, "  %s", print);
    }
    out_say(&cli->out, "\nRead prints to each other on the telephone: they are the same on every "
                       "computer.\n");
}

static json_t *colleagues_json(const struct colleague *list, size_t count)
{
    json_t *out = sl_json_new_array();

    for (size_t i = 0; i < count; i++) {
        SL_AUTO(buf) struct sl_buf bytes = {0};
        SL_AUTO(str) char *id = sl_b64(list[i].person->holder.id, SL_ID_BYTES);
        char print[E2_TYPED_CHARS + 1];
        json_t *item = sl_json_new();

        sl_holder_put(&bytes, &list[i].person->holder);
        e2_holder_print(sl_buf_bytes(&bytes), print);
        sl_json_set_str(item, "staff", id);
        sl_json_set_str(item, "name", list[i].person->holder.name);
        sl_json_set_str(item, "role", list[i].role);
        sl_json_set_str(item, "team", list[i].team);
        sl_json_set_str(item, "print", print);
        sl_json_append(out, item);
    }
    return out;
}

static int who_all(struct cli *cli)
{
    const struct session *s = cli->session;
    SL_AUTO(json) json_t *answer = NULL;
    size_t count = 0;
    size_t n = 0;
    const struct e2_person *people = e2_trust_people(s->trust, &count);
    struct colleague *list;
    int rc = link_call(s->link, "staff.list", sl_json_new(), &answer, &cli->fault);

    if (rc != CLI_OK) {
        return rc;
    }
    list = sl_alloc((count + 1) * sizeof(*list));
    for (size_t i = 0; i < count; i++) {
        if (people[i].holder.kind == SL_HOLDER_STAFF && people[i].ended == 0) {
            list[n].person = &people[i];
            list[n].role = "";
            fill(cli, answer, &list[n++]);
        }
    }
    qsort(list, n, sizeof(*list), by_name);
    if (cli->out.json) {
        out_json(&cli->out, colleagues_json(list, n));
    } else {
        show_colleagues(cli, list, n);
    }
    free(list);
    return CLI_OK;
}

/** Who can read one conversation, by what was checked here, not by what the service says. */
static int who_case(struct cli *cli)
{
    SL_AUTO(desk) struct desk desk = {0};
    SL_AUTO(convo) struct convo *convo = NULL;
    struct desk_thread *about = NULL;
    struct e2_readers readers = {0};
    int rc = desk_load(cli, &desk);

    if (rc == CLI_OK) {
        rc = desk_find(cli, &desk, cli->opts.args[0], &about);
    }
    if (rc == CLI_OK) {
        rc = convo_open(cli, about, &convo);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    if (!e2_thread_readers(convo->thread, &readers)) {
        return fault_set(&cli->fault, CLI_NOT_READY, "%s has no key yet.", about->ref);
    }
    if (cli->out.json) {
        json_t *json = sl_json_new();

        sl_json_set_str(json, "case", about->ref);
        sl_json_set_str(json, "team", readers.team);
        sl_json_set_str(json, "records", readers.records);
        if (readers.parent) {
            sl_json_set_str(json, "parent", convo->name);
        }
        out_json(&cli->out, json);
        return CLI_OK;
    }
    if (cli->out.plain) {
        SL_AUTO(str) char *team = sl_strf("team\t%s\nrecords\t%s\n", readers.team, readers.records);
        (void)fputs(team, cli->out.to);
        if (readers.parent) {
            (void)fprintf(cli->out.to, "parent\t%s\n", convo->name);
        }
        return CLI_OK;
    }
    out_say(&cli->out, "\nWhat is written in %s now can be unlocked by", about->ref);
    if (readers.parent) {
        out_say(&cli->out, "  %s", convo->name);
    }
    out_say(&cli->out, "  colleagues of %s\n  %s, with both officers' keys together\n",
            readers.team, readers.records);
    return CLI_OK;
}

int cmd_who(struct cli *cli)
{
    int rc = session_online(cli);

    if (rc != CLI_OK) {
        return rc;
    }
    return cli->opts.arg_count > 0 ? who_case(cli) : who_all(cli);
}

static void tell_key(struct cli *cli, int64_t until)
{
    json_t *json = sl_json_new();
    char at[WHEN_TEXT];

    sl_json_set_bool(json, "unlocked", until > 0);
    if (until > 0) {
        when_iso(until, at);
        sl_json_set_str(json, "until", at);
    }
    out_json(&cli->out, json);
}

int cmd_unlock(struct cli *cli)
{
    uint8_t who[SL_ID_BYTES];
    uint8_t seed[E2_SEED_BYTES];
    const char *text = cli->opts.value[OPT_FOR];
    long seconds = UNLOCK_S;
    char clock[WHEN_TEXT];
    int why = 0;
    int rc;
    bool kept;

    if (text != NULL && (!opt_duration(text, &seconds) || seconds > UNLOCK_MAX_S)) {
        fault_set(&cli->fault, CLI_USAGE, "--for takes a time up to 24h, and '%.40s' is none.",
                  text);
        return fault_next(&cli->fault, "Example: sendline unlock --for 4h");
    }
    rc = session_open_key(cli, who, seed);
    if (rc != CLI_OK) {
        return rc;
    }
    kept = keyring_put(who, seed, seconds, &why);
    sodium_memzero(seed, sizeof(seed));
    if (!kept) {
        fault_set(&cli->fault, CLI_NOT_READY, "this computer has no kernel keyring for you (%s).",
                  strerror(why));
        return fault_next(&cli->fault,
                          "Your password is right. You are asked for it with each command, or give "
                          "--password-file.");
    }
    if (cli->out.json) {
        tell_key(cli, sl_now_s(cli->clock) + seconds);
    }
    when_clock(sl_now_s(cli->clock) + seconds, clock);
    cli_did(cli,
            "Your key is unlocked until %s, on this computer only. It is gone after a restart.\n\n"
            "Next: sendline inbox\n      sendline lock       when you leave",
            clock);
    return CLI_OK;
}

int cmd_lock(struct cli *cli)
{
    uint8_t who[SL_ID_BYTES];
    uint8_t seed[E2_SEED_BYTES];
    bool was;
    int rc = session_key_owner(cli, who);

    if (rc != CLI_OK) {
        return rc;
    }
    was = keyring_get(who, seed);
    sodium_memzero(seed, sizeof(seed));
    if (was) {
        /* The session on the service ends too, where it can be reached with the key that is about
         * to go. */
        if (session_online(cli) != CLI_OK || session_sign_out(cli) != CLI_OK) {
            cli_note(cli, "The service could not be told: your session there ends by itself. (%s)",
                     cli->fault.what);
            fault_clear(&cli->fault);
        }
        if (!keyring_drop(who)) {
            fault_set(&cli->fault, CLI_UNPLANNED, "the kernel does not give your key up.");
            return fault_next(&cli->fault, "It ends by itself after its time, or with a restart.");
        }
    }
    if (cli->out.json) {
        tell_key(cli, 0);
    }
    cli_did(cli,
            was ? "Locked. Your password is asked for next time." : "Your key was locked already.");
    return CLI_OK;
}
