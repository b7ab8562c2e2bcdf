#include "outbox.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "when.h"

static const char prefix[] = "outbox-";

/* ---- What waits ---- */

static int64_t number_of(const char *name)
{
    return strtoll(name + sizeof(prefix) - 1, NULL, 10);
}

/** The number after the last: messages go in the order of their numbers. */
static char *next_name(const struct session *s)
{
    SL_AUTO(json) json_t *names = state_names(&s->state, prefix);
    size_t count = json_array_size(names);
    const char *last = count > 0 ? json_string_value(json_array_get(names, count - 1)) : NULL;

    return sl_strf("%s%08lld", prefix, (long long)(last != NULL ? number_of(last) + 1 : 1));
}

int outbox_put(struct cli *cli, const struct desk_thread *to, enum e2_plain kind,
               const json_t *body, char **name)
{
    struct session *s = cli->session;
    SL_AUTO(json) json_t *item = sl_json_new();
    SL_AUTO(str) char *made = NULL;
    uint8_t id[SL_ID_BYTES];
    int rc = state_lock(&s->state, &cli->fault);

    if (rc != CLI_OK) {
        return rc;
    }
    sl_rand_fill(cli->rand, id, sizeof(id));
    sl_json_set_bytes(item, "id", id, sizeof(id));
    sl_json_set_bytes(item, "thread", to->thread, SL_ID_BYTES);
    sl_json_set_str(item, "ref", to->ref);
    sl_json_set_str(item, "to", desk_name(to));
    sl_json_set_str(item, "kind", e2_plain_name(kind));
    sl_json_set(item, "body", json_deep_copy(body));
    sl_json_set_int(item, "at", sl_now_s(cli->clock));
    made = next_name(s);
    rc = state_save(&s->state, made, item, &cli->fault);
    state_unlock(&s->state);
    if (rc == CLI_OK) {
        *name = sl_steal(&made);
    }
    return rc;
}

void outbox_drop(struct cli *cli, const char *name)
{
    state_remove(&cli->session->state, name);
}

int outbox_list(struct cli *cli, json_t **out)
{
    SL_AUTO(json) json_t *names = state_names(&cli->session->state, prefix);
    SL_AUTO(json) json_t *list = sl_json_new_array();
    json_t *name;
    size_t i;

    json_array_foreach(names, i, name)
    {
        SL_AUTO(json) json_t *item = NULL;
        const char *text = json_string_value(name);
        int rc = state_load(&cli->session->state, text, &item, &cli->fault);

        if (rc != CLI_OK) {
            return rc;
        }
        if (json_object_size(item) == 0) {
            /* Another command has sent it a moment ago. */
            continue;
        }
        sl_json_set_str(item, "name", text);
        sl_json_set_int(item, "number", number_of(text));
        sl_json_append(list, sl_steal(&item));
    }
    *out = sl_steal(&list);
    return CLI_OK;
}

/* ---- Sending ---- */

void sl_auto_outbox_run(struct outbox_run *run)
{
    free(run->stuck);
}

struct keeping {
    struct cli *cli;
    json_t *item;
};

/** The bytes as they are about to be sent, so that a second try sends the same. */
static int keep_sealed(void *ctx, const struct sl_buf *sealed)
{
    struct keeping *keeping = ctx;
    SL_AUTO(json) json_t *kept = json_copy(keeping->item);

    sl_json_set_bytes(kept, "entry", sealed->data, sealed->len);
    (void)json_object_del(kept, "name");
    (void)json_object_del(kept, "number");
    return state_save(&keeping->cli->session->state,
                      json_string_value(json_object_get(keeping->item, "name")), kept,
                      &keeping->cli->fault);
}

static int send_one(struct cli *cli, struct convo *convo, json_t *item, struct outbox_run *run)
{
    SL_AUTO(convo_message) struct convo_message message = {0};
    struct keeping keeping = {.cli = cli, .item = item};
    const char *kind = json_string_value(json_object_get(item, "kind"));
    uint8_t id[SL_ID_BYTES];
    struct sl_err err = {0};
    int rc;

    if (sl_json_fixed(item, "id", id, sizeof(id), &err) != SL_OK ||
        (sl_json_has(item, "entry") &&
         sl_json_bytes(item, "entry", 1, SL_MAX_ENTRY_BYTES, &message.sealed, &err) != SL_OK)) {
        return fault_err(&cli->fault, &err, "a message in the outbox is damaged");
    }
    message.entry_id = id;
    message.kind = e2_plain_of(kind != NULL ? kind : "");
    message.body = json_object_get(item, "body");
    message.keep = keep_sealed;
    message.ctx = &keeping;
    rc = convo_post(convo, &message, &run->at);
    run->unsure = message.unsure;
    return rc;
}

static bool is_for(const json_t *item, const uint8_t thread_id[SL_ID_BYTES])
{
    uint8_t id[SL_ID_BYTES];

    return sl_json_fixed(item, "thread", id, sizeof(id), NULL) == SL_OK &&
           memcmp(id, thread_id, sizeof(id)) == 0;
}

int outbox_send(struct cli *cli, struct convo *convo, struct outbox_run *run)
{
    SL_AUTO(json) json_t *list = NULL;
    json_t *item;
    size_t i;
    int rc = outbox_list(cli, &list);

    json_array_foreach(list, i, item)
    {
        const char *name = json_string_value(json_object_get(item, "name"));

        if (!is_for(item, convo->thread_id)) {
            continue;
        }
        rc = send_one(cli, convo, item, run);
        if (rc != CLI_OK) {
            run->stuck = sl_strdup(name);
            break;
        }
        run->sent++;
        outbox_drop(cli, name);
    }
    return rc;
}

/** One conversation of the list. A lost connection is the only failure that is returned. */
static int flush_one(struct cli *cli, const struct desk_thread *about, size_t *sent)
{
    SL_AUTO(convo) struct convo *convo = NULL;
    SL_AUTO(outbox_run) struct outbox_run run = {0};
    char clock[WHEN_TEXT];
    int rc = convo_open(cli, about, &convo);

    if (rc == CLI_OK) {
        rc = outbox_send(cli, convo, &run);
    }
    *sent += run.sent;
    if (run.sent > 0) {
        when_clock(run.at, clock);
        cli_note(cli, "Sent from your outbox at %s: %zu message%s to %s, %s.", clock, run.sent,
                 run.sent == 1 ? "" : "s", convo->name, convo->ref);
    }
    if (rc != CLI_OK && rc != CLI_NETWORK) {
        cli_warn(cli, "not sent from your outbox (%s): %s", about->ref, cli->fault.what);
        if (cli->fault.next[0] != '\0') {
            cli_warn(cli, "%s", cli->fault.next);
        }
        fault_clear(&cli->fault);
        rc = CLI_OK;
    }
    return rc;
}

static bool is_first_for(const json_t *list, size_t i, const uint8_t thread_id[SL_ID_BYTES])
{
    for (size_t k = 0; k < i; k++) {
        if (is_for(json_array_get(list, k), thread_id)) {
            return false;
        }
    }
    return true;
}

int outbox_flush(struct cli *cli, const struct desk *desk, size_t *sent)
{
    SL_AUTO(json) json_t *list = NULL;
    json_t *item;
    size_t i;
    int rc = outbox_list(cli, &list);

    *sent = 0;
    json_array_foreach(list, i, item)
    {
        uint8_t thread_id[SL_ID_BYTES];
        const struct desk_thread *about = NULL;

        if (sl_json_fixed(item, "thread", thread_id, sizeof(thread_id), NULL) == SL_OK) {
            if (!is_first_for(list, i, thread_id)) {
                continue;
            }
            about = desk_by_id(desk, thread_id);
        }
        if (about == NULL) {
            cli_warn(cli,
                     "a message in your outbox is for %s, which is not among your cases any more. "
                     "It stays there: sendline outbox",
                     json_string_value(json_object_get(item, "ref")));
            continue;
        }
        rc = flush_one(cli, about, sent);
        if (rc != CLI_OK) {
            return rc;
        }
    }
    return rc;
}
