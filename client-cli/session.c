#include "session.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "common/json.h"
#include "common/text.h"
#include "e2ee/auth.h"
#include "e2ee/keyfile.h"
#include "file.h"
#include "keyring.h"
#include "when.h"

enum {
    CONNECT_MS = 10000
};

const char *session_name(const struct session *session, const uint8_t staff_id[SL_ID_BYTES])
{
    const struct e2_person *person = e2_trust_staff(session->trust, staff_id);

    return person != NULL ? person->holder.name : "somebody who is not in the roster";
}

int session_password(struct cli *cli, const char *prompt, struct sl_buf *out)
{
    const char *file = cli->opts.value[OPT_PASSWORD_FILE];

    if (file == NULL) {
        file = cli->conf.password_file;
    }
    if (file != NULL) {
        return ask_secret_file(file, out, &cli->fault);
    }
    return ask_secret(prompt, cli_has(cli, OPT_NO_INPUT), out, &cli->fault);
}

/* ---- The key ---- */

static int read_key_file(struct cli *cli, struct sl_buf *bytes)
{
    struct sl_err err = {0};
    enum sl_code code = e2_keyfile_read(cli->conf.key_file, bytes, &err);

    if (code == SL_NOT_FOUND) {
        fault_set(&cli->fault, CLI_MISSING, "there is no key in %.400s.", cli->conf.key_file);
        return fault_next(
            &cli->fault,
            "Use your own configuration: sendline --config FILE, or the setting 'key_file'.");
    }
    if (code == SL_FORBIDDEN) {
        fault_set(&cli->fault, CLI_FORBIDDEN, "your key is not safe: %s.", err.detail);
        return fault_next(&cli->fault, "Make it yours alone: chmod 600 '%.400s'",
                          cli->conf.key_file);
    }
    if (code != SL_OK) {
        return fault_set(&cli->fault, CLI_NOT_READY, "%.400s is not a key file.",
                         cli->conf.key_file);
    }
    return CLI_OK;
}

int session_key_owner(struct cli *cli, uint8_t who[SL_ID_BYTES])
{
    SL_AUTO(buf) struct sl_buf bytes = {0};
    struct sl_err err = {0};
    uint8_t kind = 0;
    int rc = read_key_file(cli, &bytes);

    if (rc != CLI_OK) {
        return rc;
    }
    if (e2_keyfile_head(sl_buf_bytes(&bytes), &kind, who, &err) != SL_OK ||
        kind != E2_KEYFILE_STAFF) {
        return fault_set(&cli->fault, CLI_NOT_READY, "%.400s is not the key of a member of staff.",
                         cli->conf.key_file);
    }
    return CLI_OK;
}

int session_open_key(struct cli *cli, uint8_t who[SL_ID_BYTES], uint8_t seed[E2_SEED_BYTES])
{
    SL_AUTO(buf) struct sl_buf bytes = {0};
    SL_AUTO(secret) struct sl_buf password = {0};
    SL_AUTO(e2_keyfile) struct e2_keyfile file = {0};
    struct sl_err err = {0};
    enum sl_code code;
    int rc = session_key_owner(cli, who);

    if (rc == CLI_OK) {
        rc = read_key_file(cli, &bytes);
    }
    if (rc == CLI_OK) {
        rc = session_password(cli, "Password for your key: ", &password);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    code = e2_keyfile_open(sl_buf_bytes(&bytes), sl_buf_bytes(&password), &file, &err);
    if (code == SL_SIGN_IN_FAILED) {
        fault_set(&cli->fault, CLI_FORBIDDEN, "that password does not open your key.");
        return fault_next(
            &cli->fault,
            "Try again. A forgotten one cannot be found out: ask your service manager for "
            "a new key.");
    }
    if (code != SL_OK) {
        return fault_err(&cli->fault, &err, "your key cannot be opened");
    }
    memcpy(seed, file.seed, E2_SEED_BYTES);
    return CLI_OK;
}

/* ---- Trust ---- */

static int first_trust(struct cli *cli, struct e2_trust **out)
{
    uint8_t roots[SL_MAX_ROOTS][SL_PK_BYTES];
    size_t count = 0;
    const char *at = cli->conf.roots;

    while (at != NULL && *at != '\0' && count < SL_MAX_ROOTS) {
        size_t len = strcspn(at, ", ");

        if (len > 0 && !sl_b64_fixed(at, len, roots[count++], SL_PK_BYTES)) {
            return fault_set(&cli->fault, CLI_USAGE, "the setting 'roots' is not a list of keys.");
        }
        at += len + strspn(at + len, ", ");
    }
    if (count == 0) {
        fault_set(&cli->fault, CLI_USAGE,
                  "this computer does not know whom to trust: 'roots' is not set.");
        return fault_next(&cli->fault,
                          "Use the configuration that came with your key: sendline --config FILE");
    }
    *out = e2_trust_new((const uint8_t(*)[SL_PK_BYTES])roots, count, 1);
    return CLI_OK;
}

static int load_trust(struct cli *cli)
{
    struct session *s = cli->session;
    SL_AUTO(json) json_t *saved = NULL;
    struct sl_err err = {0};
    int rc = state_load(&s->state, "trust", &saved, &cli->fault);
    size_t len = 0;

    if (rc != CLI_OK) {
        return rc;
    }
    if (json_object_size(saved) == 0) {
        return first_trust(cli, &s->trust);
    }
    SL_AUTO(str) char *text = sl_json_text(saved, &len);
    if (e2_trust_load(text, len, &s->trust, &err) != SL_OK) {
        return fault_err(&cli->fault, &err,
                         "what this computer remembers of the roster is damaged");
    }
    return CLI_OK;
}

static int save_trust(struct cli *cli)
{
    struct session *s = cli->session;
    size_t len = 0;
    SL_AUTO(str) char *text = e2_trust_save(s->trust, &len);
    SL_AUTO(json) json_t *json = NULL;
    SL_AUTO(json) json_t *before = NULL;
    struct sl_err err = {0};
    int rc = state_lock(&s->state, &cli->fault);

    if (rc != CLI_OK) {
        return rc;
    }
    rc = state_load(&s->state, "trust", &before, &cli->fault);
    if (rc == CLI_OK && sl_json_parse(text, len, 12, &json, &err) != SL_OK) {
        rc = fault_err(&cli->fault, &err, "the roster cannot be remembered");
    }
    if (rc == CLI_OK && json_equal(before, json) == 0) {
        /* Two commands at once: the one with the older roster does not win. */
        json_int_t seen = json_integer_value(json_object_get(before, "serial"));

        if (seen <= (json_int_t)e2_trust_serial(s->trust)) {
            rc = state_save(&s->state, "trust", json, &cli->fault);
        }
    }
    state_unlock(&s->state);
    return rc;
}

static void tell_trust(struct cli *cli)
{
    const struct session *s = cli->session;
    int64_t now = sl_now_s(cli->clock);
    const struct e2_person *const *added;
    char day[WHEN_TEXT];
    size_t count = 0;

    if (e2_trust_expired(s->trust, now)) {
        cli_warn(cli, "the list of colleagues has run out. Nothing can be sent until the service "
                      "manager signs a new "
                      "one.");
    } else if (e2_trust_ends_soon(s->trust, now)) {
        when_day(e2_trust_expires_at(s->trust), now, day);
        cli_warn(
            cli,
            "the list of colleagues runs out on %s. Ask the service manager to sign a new one.",
            day);
    }
    added = e2_trust_added(s->trust, &count);
    for (size_t i = 0; i < count; i++) {
        cli_note(cli, "New in the list of colleagues: %s", added[i]->holder.name);
    }
}

/** An array of base64url strings as borrowed bytes in one buffer. */
static int take_list(struct cli *cli, const json_t *answer, const char *field, struct sl_buf *store,
                     struct sl_bytes **out, size_t *count)
{
    json_t *list = json_object_get(answer, field);
    size_t n = json_array_size(list);
    size_t *ends = sl_alloc((n + 1) * sizeof(*ends));
    bool ok = json_is_array(list);

    for (size_t i = 0; ok && i < n; i++) {
        json_t *item = json_array_get(list, i);

        ok = json_is_string(item) &&
             sl_b64_get(json_string_value(item), json_string_length(item), store);
        ends[i] = store->len;
    }
    if (!ok) {
        free(ends);
        return fault_set(&cli->fault, CLI_UNPLANNED, "the service sent a roster that is none.");
    }
    *out = sl_alloc((n + 1) * sizeof(**out));
    for (size_t i = 0; i < n; i++) {
        size_t start = i > 0 ? ends[i - 1] : 0;

        (*out)[i] = (struct sl_bytes){store->data + start, ends[i] - start};
    }
    *count = n;
    free(ends);
    return CLI_OK;
}

static int walk(struct cli *cli, const json_t *answer)
{
    struct session *s = cli->session;
    SL_AUTO(buf) struct sl_buf roster_bytes = {0};
    SL_AUTO(buf) struct sl_buf holder_bytes = {0};
    struct sl_bytes *rosters = NULL;
    struct sl_bytes *holders = NULL;
    size_t roster_count = 0;
    size_t holder_count = 0;
    struct sl_err err = {0};
    int rc = take_list(cli, answer, "rosters", &roster_bytes, &rosters, &roster_count);

    s->walks++;
    if (rc == CLI_OK) {
        rc = take_list(cli, answer, "holders", &holder_bytes, &holders, &holder_count);
    }
    if (rc == CLI_OK && e2_trust_walk(s->trust, rosters, roster_count, holders, holder_count,
                                      s->staff_id, &err) != SL_OK) {
        const char *sentence = e2_alarm_sentence(e2_trust_alarm(s->trust));

        s->alarm = true;
        if (!e2_trust_has_roster(s->trust)) {
            rc = fault_set(&cli->fault, CLI_FORBIDDEN, "%s", sentence);
        } else {
            cli_warn(cli, "%s", sentence);
        }
    }
    free(rosters);
    free(holders);
    if (rc == CLI_OK && !s->alarm) {
        tell_trust(cli);
        rc = save_trust(cli);
    }
    return rc;
}

static json_t *since_args(const struct session *s)
{
    json_t *args = sl_json_new();

    sl_json_set_int(args, "serial", e2_trust_since(s->trust));
    return args;
}

int session_roster(struct cli *cli)
{
    SL_AUTO(json) json_t *answer = NULL;
    int rc = link_call(cli->session->link, "roster.since", since_args(cli->session), &answer,
                       &cli->fault);

    return rc == CLI_OK ? walk(cli, answer) : rc;
}

int session_may_send(struct cli *cli)
{
    const struct session *s = cli->session;

    if (s->alarm) {
        fault_set(&cli->fault, CLI_FORBIDDEN,
                  "nothing is sent while the list of colleagues is in doubt.");
        return fault_next(&cli->fault,
                          "Tell your service manager what is said above, by telephone.");
    }
    if (e2_trust_expired(s->trust, sl_now_s(cli->clock))) {
        fault_set(&cli->fault, CLI_FORBIDDEN,
                  "the list of colleagues has run out. Nothing can be sent.");
        return fault_next(&cli->fault,
                          "Ask the service manager to sign a new one. Your draft is kept.");
    }
    return CLI_OK;
}

/* ---- Team seeds ---- */

static int open_seeds(struct cli *cli, const json_t *answer)
{
    struct session *s = cli->session;
    json_t *teams = json_object_get(answer, "teams");
    json_t *team;
    size_t i;

    json_array_foreach(teams, i, team)
    {
        uint8_t id[SL_ID_BYTES];
        uint8_t sealed[SL_SEALED_KEY_BYTES];
        int64_t generation = 0;
        struct sl_err err = {0};
        json_t *previous = json_object_get(team, "previous");
        json_t *row;
        size_t k;

        if (sl_json_fixed(team, "team", id, sizeof(id), &err) != SL_OK ||
            sl_json_int(team, "generation", 1, UINT32_MAX, &generation, &err) != SL_OK ||
            sl_json_fixed(team, "sealed", sealed, sizeof(sealed), &err) != SL_OK) {
            return fault_err(&cli->fault, &err, "the service sent team keys that are none");
        }
        if (e2_team_open(s->trust, s->me, id, (uint32_t)generation, sealed, &s->seeds, &err) !=
            SL_OK) {
            cli_warn(cli, "the key of your team from the service is not the one in the list of "
                          "colleagues. It is not "
                          "used. Tell your service manager, by telephone.");
            s->alarm = true;
            continue;
        }
        json_array_foreach(previous, k, row)
        {
            uint8_t sealed_previous[SL_PREVIOUS_BYTES];

            if (sl_json_int(row, "generation", 2, UINT32_MAX, &generation, &err) != SL_OK ||
                sl_json_fixed(row, "previous", sealed_previous, sizeof(sealed_previous), &err) !=
                    SL_OK ||
                e2_team_open_previous(s->trust, id, (uint32_t)generation, sealed_previous,
                                      &s->seeds, &err) != SL_OK) {
                cli_warn(cli,
                         "an older key of your team does not open. Old messages may stay locked.");
            }
        }
    }
    return CLI_OK;
}

/* ---- Signing in ---- */

static void take_account(struct session *s, const json_t *answer)
{
    s->has_team = sl_json_fixed(answer, "team", s->team_id, sizeof(s->team_id), NULL) == SL_OK;
}

static int sign_in(struct cli *cli)
{
    struct session *s = cli->session;
    SL_AUTO(json) json_t *answer = NULL;
    SL_AUTO(json) json_t *signed_in = NULL;
    SL_AUTO(json) json_t *keep = NULL;
    json_t *args = sl_json_new();
    uint8_t challenge[32];
    uint8_t signature[SL_SIG_BYTES];
    struct sl_err err = {0};
    int rc = link_call(s->link, "auth.challenge", sl_json_new(), &answer, &cli->fault);

    if (rc == CLI_OK &&
        sl_json_fixed(answer, "challenge", challenge, sizeof(challenge), &err) != SL_OK) {
        rc = fault_err(&cli->fault, &err, "the service sent no challenge");
    }
    if (rc == CLI_OK && e2_auth_sign(s->me->sign_sk, E2_FOR_STAFF, s->server.host, challenge, NULL,
                                     signature, &err) != SL_OK) {
        rc = fault_err(&cli->fault, &err, "cannot sign in");
    }
    if (rc != CLI_OK) {
        json_decref(args);
        return rc;
    }
    sl_json_set_bytes(args, "staff", s->staff_id, sizeof(s->staff_id));
    sl_json_set_bytes(args, "challenge", challenge, sizeof(challenge));
    sl_json_set_bytes(args, "signature", signature, sizeof(signature));
    rc = link_call(s->link, "auth.staff", args, &signed_in, &cli->fault);
    if (rc != CLI_OK) {
        if (cli->fault.code == SL_SIGN_IN_FAILED) {
            fault_set(&cli->fault, CLI_FORBIDDEN, "%s does not know your key.", s->server.host);
            return fault_next(
                &cli->fault,
                "Check 'server' and 'key_file' in your configuration, and ask your service "
                "manager whether you are in the list of colleagues.");
        }
        return rc;
    }
    take_account(s, signed_in);
    keep = sl_json_new();
    sl_json_set(keep, "token", json_incref(json_object_get(signed_in, "token")));
    sl_json_set_str(keep, "server", cli->conf.server);
    return state_save(&s->state, "session", keep, &cli->fault);
}

static int resume(struct cli *cli, bool *done)
{
    struct session *s = cli->session;
    SL_AUTO(json) json_t *kept = NULL;
    SL_AUTO(json) json_t *answer = NULL;
    json_t *args;
    const char *server;
    int rc = state_load(&s->state, "session", &kept, &cli->fault);

    *done = false;
    server = json_string_value(json_object_get(kept, "server"));
    if (rc != CLI_OK || server == NULL || strcmp(server, cli->conf.server) != 0) {
        return rc;
    }
    args = sl_json_new();
    sl_json_set(args, "token", json_incref(json_object_get(kept, "token")));
    rc = link_call(s->link, "auth.resume", args, &answer, &cli->fault);
    if (rc == CLI_OK) {
        take_account(s, answer);
        *done = true;
    } else if (cli->fault.code == SL_SESSION_ENDED || cli->fault.code == SL_NOT_SIGNED_IN) {
        fault_clear(&cli->fault);
        rc = CLI_OK;
    }
    return rc;
}

int session_need(struct cli *cli)
{
    struct session *s;
    uint8_t seed[E2_SEED_BYTES];
    int rc;

    if (cli->session != NULL) {
        return CLI_OK;
    }
    s = sl_alloc(sizeof(*s));
    s->state.lock_fd = -1;
    cli->session = s;
    rc = session_key_owner(cli, s->staff_id);
    if (rc == CLI_OK && !keyring_get(s->staff_id, seed)) {
        rc = session_open_key(cli, s->staff_id, seed);
    }
    if (rc == CLI_OK) {
        s->me = e2_identity_of(seed);
        sodium_memzero(seed, sizeof(seed));
        rc = state_open(&s->state, cli->conf.state_dir, s->staff_id, s->me->drafts, cli->rand,
                        &cli->fault);
    }
    if (rc == CLI_OK) {
        rc = load_trust(cli);
    }
    if (rc != CLI_OK) {
        sodium_memzero(seed, sizeof(seed));
        session_free(cli->session);
        cli->session = NULL;
    }
    return rc;
}

int session_connect(struct cli *cli, struct wire_address *address, struct link **out)
{
    struct wire *wire = NULL;
    int rc;

    if (cli->conf.server == NULL) {
        fault_set(&cli->fault, CLI_USAGE, "the address of the service is not set.");
        return fault_next(&cli->fault,
                          "Set 'server' in your configuration, or use: sendline --config FILE");
    }
    rc = wire_address(cli->conf.server, address, &cli->fault);
    if (rc == CLI_OK) {
        rc = wire_open(&cli->conf, address, CONNECT_MS, &wire, &cli->fault);
    }
    if (rc == CLI_OK) {
        *out = link_new(wire, cli->clock);
    }
    return rc;
}

int session_online(struct cli *cli)
{
    struct session *s;
    SL_AUTO(json) json_t *rosters = NULL;
    SL_AUTO(json) json_t *keys = NULL;
    int64_t roster_id;
    int64_t keys_id;
    bool resumed = false;
    int rc = session_need(cli);

    if (rc != CLI_OK || cli->session->link != NULL) {
        return rc;
    }
    s = cli->session;
    rc = session_connect(cli, &s->server, &s->link);
    if (rc == CLI_OK) {
        rc = resume(cli, &resumed);
    }
    if (rc == CLI_OK && !resumed) {
        rc = sign_in(cli);
    }
    if (rc == CLI_OK) {
        link_begin(s->link, "roster.since", since_args(s), &roster_id);
        link_begin(s->link, "team.keys", sl_json_new(), &keys_id);
        rc = link_wait(s->link, roster_id, &rosters, &cli->fault);
        if (rc == CLI_OK) {
            rc = link_wait(s->link, keys_id, &keys, &cli->fault);
        }
    }
    if (rc == CLI_OK) {
        rc = walk(cli, rosters);
    }
    if (rc == CLI_OK) {
        rc = open_seeds(cli, keys);
    }
    if (rc != CLI_OK) {
        session_offline(s);
    }
    return rc;
}

int session_sign_out(struct cli *cli)
{
    struct session *s = cli->session;
    int rc = link_call(s->link, "auth.sign_out", sl_json_new(), NULL, &cli->fault);

    state_remove(&s->state, "session");
    session_offline(s);
    return rc;
}

void session_offline(struct session *session)
{
    link_free(session->link);
    session->link = NULL;
}

void session_free(struct session *session)
{
    if (session == NULL) {
        return;
    }
    session_offline(session);
    e2_seeds_free(&session->seeds);
    e2_trust_free(session->trust);
    e2_identity_free(session->me);
    state_close(&session->state);
    sodium_memzero(session, sizeof(*session));
    free(session);
}
