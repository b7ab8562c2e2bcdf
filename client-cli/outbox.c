#include "outbox.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "when.h"

int outbox_put(struct cli *cli, const struct desk_thread *to, enum e2_plain kind,
               const json_t *body, char **name)
{
    SL_AUTO(json) json_t *item = sl_json_new();
    uint8_t id[SL_ID_BYTES];
    int64_t now = sl_now_s(cli->clock);
    int rc;

    sl_rand_fill(cli->rand, id, sizeof(id));
    SL_AUTO(str) char *hex = sl_hex(id, sizeof(id));
    /* The time leads, so that names in order are messages in order. */
    SL_AUTO(str) char *made = sl_strf("outbox-%012lld-%s", (long long)now, hex);
    sl_json_set_bytes(item, "id", id, sizeof(id));
    sl_json_set_bytes(item, "thread", to->thread, SL_ID_BYTES);
    sl_json_set_str(item, "ref", to->ref);
    sl_json_set_str(item, "to", desk_name(to));
    sl_json_set_str(item, "kind", e2_plain_name(kind));
    sl_json_set(item, "body", json_deep_copy(body));
    sl_json_set_int(item, "at", now);
    rc = state_save(&cli->session->state, made, item, &cli->fault);
    if (rc == CLI_OK) {
        *name = sl_steal(&made);
    }
    return rc;
}

struct keeping {
    struct cli *cli;
    const char *name;
    json_t *item;
};

/** The bytes as they are about to be sent, so that a second try sends the same. */
static int keep_sealed(void *ctx, const struct sl_buf *sealed)
{
    struct keeping *keeping = ctx;

    sl_json_set_bytes(keeping->item, "entry", sealed->data, sealed->len);
    return state_save(&keeping->cli->session->state, keeping->name, keeping->item,
                      &keeping->cli->fault);
}

int outbox_send(struct cli *cli, const char *name, struct convo *convo, int64_t *at)
{
    SL_AUTO(json) json_t *item = NULL;
    SL_AUTO(buf) struct sl_buf sealed = {0};
    struct keeping keeping = {.cli = cli, .name = name};
    uint8_t id[SL_ID_BYTES];
    struct sl_err err = {0};
    const char *kind;
    int rc = state_load(&cli->session->state, name, &item, &cli->fault);

    if (rc != CLI_OK) {
        return rc;
    }
    if (sl_json_fixed(item, "id", id, sizeof(id), &err) != SL_OK) {
        return fault_err(&cli->fault, &err, "a message in the outbox is damaged");
    }
    if (sl_json_has(item, "entry") &&
        sl_json_bytes(item, "entry", 1, SL_MAX_ENTRY_BYTES, &sealed, &err) != SL_OK) {
        return fault_err(&cli->fault, &err, "a message in the outbox is damaged");
    }
    keeping.item = item;
    kind = json_string_value(json_object_get(item, "kind"));
    rc = convo_post(convo, id, e2_plain_of(kind != NULL ? kind : ""), json_object_get(item, "body"),
                    &sealed, keep_sealed, &keeping, at);
    if (rc == CLI_OK) {
        state_remove(&cli->session->state, name);
    }
    return rc;
}

int outbox_list(struct cli *cli, json_t **out)
{
    SL_AUTO(json) json_t *names = state_names(&cli->session->state, "outbox-");
    SL_AUTO(json) json_t *list = sl_json_new_array();
    json_t *name;
    size_t i;

    json_array_foreach(names, i, name)
    {
        json_t *item = NULL;
        int rc = state_load(&cli->session->state, json_string_value(name), &item, &cli->fault);

        if (rc != CLI_OK) {
            return rc;
        }
        if (json_object_size(item) == 0) {
            /* Another command has sent it a moment ago. */
            json_decref(item);
            continue;
        }
        sl_json_set_str(item, "name", json_string_value(name));
        sl_json_append(list, item);
    }
    *out = sl_steal(&list);
    return CLI_OK;
}

int outbox_flush(struct cli *cli, const struct desk *desk, int *sent)
{
    SL_AUTO(json) json_t *list = NULL;
    json_t *item;
    size_t i;
    int rc = outbox_list(cli, &list);

    *sent = 0;
    if (rc != CLI_OK) {
        return rc;
    }
    json_array_foreach(list, i, item)
    {
        uint8_t thread[SL_ID_BYTES];
        const char *ref = json_string_value(json_object_get(item, "ref"));
        const struct desk_thread *about = NULL;
        SL_AUTO(convo) struct convo *convo = NULL;
        char clock[WHEN_TEXT];
        int64_t at = 0;

        if (sl_json_fixed(item, "thread", thread, sizeof(thread), NULL) == SL_OK) {
            about = desk_by_id(desk, thread);
        }
        if (about == NULL) {
            cli_warn(cli,
                     "a message in your outbox is for %s, which is not among your cases any more. "
                     "It stays there.",
                     ref != NULL ? ref : "a case");
            continue;
        }
        rc = convo_open(cli, about, &convo);
        if (rc == CLI_OK) {
            rc = outbox_send(cli, json_string_value(json_object_get(item, "name")), convo, &at);
        }
        if (rc == CLI_NETWORK) {
            return rc;
        }
        if (rc != CLI_OK) {
            cli_warn(cli, "not sent from your outbox (%s): %s", about->ref, cli->fault.what);
            fault_clear(&cli->fault);
            continue;
        }
        (*sent)++;
        when_clock(at, clock);
        cli_note(cli, "Sent from your outbox at %s: %s, %s.", clock, convo->name, about->ref);
    }
    return CLI_OK;
}
