#include "inviting.h"

#include <sodium.h>
#include <string.h>

#include "common/json.h"
#include "when.h"

enum {
    STALE_TRIES = 12,
    CLOSING_HOUR = 17
};

void sl_auto_inviting(struct inviting *in)
{
    for (size_t i = 0; i < in->count; i++) {
        convo_free(in->convos[i]);
    }
    json_decref(in->info);
    sl_auto_e2_invite(&in->invite);
    memset(in, 0, sizeof(*in));
}

int64_t inviting_expiry(int64_t now_s)
{
    int64_t most = now_s + (int64_t)SL_INVITE_MAX_DAYS * 86400;
    int64_t day = most;

    for (;;) {
        struct when w = when_london(day);
        int64_t begin = when_day_start(w.year, w.month, w.day);
        int64_t at = begin + CLOSING_HOUR * 3600;

        /* Where the clocks change on that day, the hour is out by one. */
        at += (CLOSING_HOUR - when_london(at).hour) * 3600;
        if (at <= most) {
            return at;
        }
        day = begin - 1;
    }
}

int inviting_start(struct inviting *in, struct cli *cli, const struct desk *desk,
                   const struct desk_thread *about, const uint8_t *parent_id)
{
    int rc = link_call(cli->session->link, "service.info", sl_json_new(), &in->info, &cli->fault);

    in->cli = cli;
    if (parent_id != NULL) {
        memcpy(in->parent_id, parent_id, SL_ID_BYTES);
    } else {
        sl_rand_fill(cli->rand, in->parent_id, SL_ID_BYTES);
    }
    if (rc == CLI_OK) {
        rc = convo_open(cli, about, &in->convos[in->count]);
        in->count += rc == CLI_OK;
    }
    if (rc == CLI_OK) {
        rc = convo_may_send(in->convos[0]);
    }
    for (size_t i = 0; i < desk->count && rc == CLI_OK; i++) {
        const struct desk_thread *other = &desk->threads[i];

        if (other == about || other->closed || !other->has_parent ||
            memcmp(other->parent, in->parent_id, SL_ID_BYTES) != 0 ||
            in->count == SL_MAX_THREADS_OF_PARENT) {
            continue;
        }
        rc = convo_open(cli, other, &in->convos[in->count]);
        in->count += rc == CLI_OK;
        if (rc == CLI_OK && convo_may_send(in->convos[in->count - 1]) != CLI_OK) {
            cli_warn(cli, "left out: %s", cli->fault.what);
            fault_clear(&cli->fault);
            convo_free(in->convos[--in->count]);
        }
    }
    return rc;
}

int inviting_card(const struct inviting *in, struct e2_card *card)
{
    const struct convo *convo = in->convos[0];

    if (e2_thread_card(convo->thread, card)) {
        return CLI_OK;
    }
    fault_set(&in->cli->fault, CLI_NOT_READY, "the card of %s does not open.", convo->ref);
    return fault_next(&in->cli->fault, "Look at it: sendline read %s --all --peek", convo->ref);
}

/** Does the service still give this one out? An invitation by somebody else is not in the answer,
 * and counts as open. */
static int given_out(struct cli *cli, const uint8_t invite_id[SL_ID_BYTES], bool *yes)
{
    SL_AUTO(json) json_t *answer = NULL;
    json_t *invite;
    size_t i;
    int rc = link_call(cli->session->link, "invite.list", sl_json_new(), &answer, &cli->fault);

    *yes = true;
    json_array_foreach(json_object_get(answer, "invites"), i, invite)
    {
        const char *state = json_string_value(json_object_get(invite, "state"));
        uint8_t id[SL_ID_BYTES];

        if (state != NULL && sl_json_fixed(invite, "invite", id, sizeof(id), NULL) == SL_OK &&
            memcmp(id, invite_id, sizeof(id)) == 0) {
            *yes = strcmp(state, "open") == 0;
        }
    }
    return rc;
}

int inviting_open(const struct inviting *in, int64_t *until)
{
    struct cli *cli = in->cli;
    struct e2_open_invite open;
    bool yes = false;
    int rc = CLI_OK;

    *until = 0;
    if (e2_thread_open_invite(in->convos[0]->thread, &open) &&
        (int64_t)open.expires_at > sl_now_s(cli->clock)) {
        rc = given_out(cli, open.invite_id, &yes);
        *until = yes ? (int64_t)open.expires_at : 0;
    }
    return rc;
}

/* ---- What goes before ---- */

static json_t *card_body(const struct e2_card *card, const char *parent_name)
{
    json_t *body = sl_json_new();

    sl_json_set_str(body, "case", card->case_ref);
    sl_json_set_str(body, "child", card->child);
    sl_json_set_str(body, "parent", parent_name != NULL ? parent_name : card->parent);
    if (card->has_continues) {
        sl_json_set_bytes(body, "continues", card->continues, SL_ID_BYTES);
    }
    return body;
}

/**
 * Post a card with the key as it is. A message to the family would wait for a key that is locked
 * for their newest keys too; a card must not, for it is what lets a colleague invite anew somebody
 * whose acceptance nobody agrees to.
 */
static int post_card(struct convo *convo, const json_t *body)
{
    struct cli *cli = convo->cli;
    uint8_t entry_id[SL_ID_BYTES];
    int rc = CLI_OK;

    sl_rand_fill(cli->rand, entry_id, sizeof(entry_id));
    for (int tries = 0; tries < STALE_TRIES && rc == CLI_OK; tries++) {
        SL_AUTO(buf) struct sl_buf entry = {0};
        struct e2_writer me = convo_writer(convo, entry_id);
        struct sl_err err = {0};
        json_t *args;

        if (e2_compose_message(convo->thread, &me, E2_CARD, body, &entry, &err) != SL_OK) {
            return fault_err(&cli->fault, &err, "the card cannot be made");
        }
        args = sl_json_new();
        sl_json_set_bytes(args, "thread", convo->thread_id, SL_ID_BYTES);
        sl_json_set_bytes(args, "entry", entry.data, entry.len);
        sl_json_set_str(args, "act", e2_plain_name(E2_CARD));
        rc = link_call(cli->session->link, "entry.post", args, NULL, &cli->fault);
        if (rc == CLI_OK) {
            return convo_refresh(convo);
        }
        if (cli->fault.code == SL_ENTRY_STALE) {
            fault_clear(&cli->fault);
            rc = convo_refresh(convo);
        }
    }
    return rc != CLI_OK
               ? rc
               : fault_set(&cli->fault, CLI_CONFLICT,
                           "others keep writing in %s. Try again in a minute.", convo->ref);
}

static int prepare(struct convo *convo, const char *parent_name)
{
    SL_AUTO(json) json_t *body = NULL;
    struct e2_card card;
    bool made = false;
    bool has_card = e2_thread_card(convo->thread, &card);
    int rc = convo_key(convo, false, &made);

    if (rc != CLI_OK || !has_card) {
        return rc;
    }
    /* A key entry moves what the card was borrowed from. */
    (void)e2_thread_card(convo->thread, &card);
    if (e2_may_invite(convo->thread, convo->cli->session->staff_id) &&
        (parent_name == NULL || strcmp(parent_name, card.parent) == 0)) {
        return CLI_OK;
    }
    body = card_body(&card, parent_name);
    return post_card(convo, body);
}

/* ---- The invitation ---- */

static void put_bytes(json_t *entries, const struct convo *convo, const struct sl_buf *entry)
{
    json_t *item = sl_json_new();

    sl_json_set_bytes(item, "thread", convo->thread_id, SL_ID_BYTES);
    sl_json_set_bytes(item, "entry", entry->data, entry->len);
    sl_json_append(entries, item);
}

/** The invite entry of one conversation, and what the parcel says of it: the place is that entry.
 */
static int make_entry(struct inviting *in, size_t i, const uint8_t entry_id[SL_ID_BYTES],
                      json_t *entries, struct e2_parcel_thread *out)
{
    struct cli *cli = in->cli;
    struct convo *convo = in->convos[i];
    SL_AUTO(buf) struct sl_buf entry = {0};
    struct e2_writer me = convo_writer(convo, entry_id);
    struct e2_point head;
    struct sl_err err = {0};

    if (e2_compose_invite(convo->thread, &me, &in->invite, in->parent_id, (uint64_t)in->expires_at,
                          &entry, &err) != SL_OK) {
        return fault_err(&cli->fault, &err, "the invitation cannot be made");
    }
    if (e2_thread_take(convo->thread, convo->last_seq + 1, 0, sl_buf_bytes(&entry)) != E2_TAKEN) {
        return fault_set(&cli->fault, CLI_UNPLANNED, "the invitation would break a rule of %s.",
                         convo->ref);
    }
    if (!e2_thread_key(convo->thread, out->key)) {
        return fault_set(&cli->fault, CLI_FORBIDDEN, "you do not have the key of %s.", convo->ref);
    }
    e2_thread_head(convo->thread, &head);
    memcpy(out->thread_id, convo->thread_id, SL_ID_BYTES);
    memcpy(out->link, head.link, SL_HASH_BYTES);
    out->generation = e2_thread_generation(convo->thread);
    out->seq = head.seq;
    put_bytes(entries, convo, &entry);
    return CLI_OK;
}

static int make_parcel(struct inviting *in, const struct e2_parcel_thread *threads,
                       const char *address, struct sl_buf *sealed)
{
    struct cli *cli = in->cli;
    const struct e2_trust *trust = cli->session->trust;
    const char *service = json_string_value(json_object_get(in->info, "service"));
    struct e2_parcel parcel = {.service = service != NULL ? service : "",
                               .serial = e2_trust_serial(trust),
                               .address = address,
                               .threads = threads,
                               .thread_count = in->count};
    struct sl_err err = {0};

    parcel.roots = e2_trust_roots(trust, &parcel.root_count);
    memcpy(parcel.parent_id, in->parent_id, SL_ID_BYTES);
    return e2_parcel_seal(&in->invite, &parcel, cli->rand, sealed, &err) == SL_OK
               ? CLI_OK
               : fault_err(&cli->fault, &err, "the invitation cannot be made");
}

/** One try: CLI_CONFLICT with SL_ENTRY_STALE when something newer came first. */
static int post_once(struct inviting *in, uint8_t (*entry_ids)[SL_ID_BYTES], const char *address)
{
    struct cli *cli = in->cli;
    struct e2_parcel_thread threads[SL_MAX_THREADS_OF_PARENT];
    SL_AUTO(buf) struct sl_buf parcel = {0};
    json_t *args = sl_json_new();
    json_t *entries = sl_json_new_array();
    int rc = CLI_OK;

    sl_json_set(args, "entries", entries);
    for (size_t i = 0; i < in->count && rc == CLI_OK; i++) {
        rc = make_entry(in, i, entry_ids[i], entries, &threads[i]);
    }
    if (rc == CLI_OK) {
        rc = make_parcel(in, threads, address, &parcel);
    }
    sodium_memzero(threads, sizeof(threads));
    if (rc != CLI_OK) {
        json_decref(args);
        return rc;
    }
    sl_json_set_bytes(args, "invite", in->invite.invite_id, SL_ID_BYTES);
    sl_json_set_bytes(args, "parent", in->parent_id, SL_ID_BYTES);
    sl_json_set_bytes(args, "accept_pk", in->invite.accept_pk, SL_PK_BYTES);
    sl_json_set_int(args, "expires_at", in->expires_at);
    sl_json_set_bytes(args, "parcel", parcel.data, parcel.len);
    return link_call(cli->session->link, "invite.make", args, NULL, &cli->fault);
}

int inviting_post(struct inviting *in, const char *parent_name, const char *address)
{
    struct cli *cli = in->cli;
    uint8_t entry_ids[SL_MAX_THREADS_OF_PARENT][SL_ID_BYTES];
    struct sl_err err = {0};
    int rc = CLI_OK;

    for (size_t i = 0; i < in->count && rc == CLI_OK; i++) {
        rc = prepare(in->convos[i], i == 0 ? parent_name : NULL);
    }
    if (rc == CLI_OK && e2_invite_make(cli->rand, &in->invite, &err) != SL_OK) {
        rc = fault_err(&cli->fault, &err, "the invitation cannot be made");
    }
    in->expires_at = inviting_expiry(sl_now_s(cli->clock));
    sl_rand_fill(cli->rand, entry_ids, sizeof(entry_ids));
    for (int tries = 0; tries < STALE_TRIES && rc == CLI_OK; tries++) {
        rc = post_once(in, entry_ids, address);
        if (rc == CLI_OK || cli->fault.code != SL_ENTRY_STALE) {
            return rc;
        }
        fault_clear(&cli->fault);
        rc = CLI_OK;
        for (size_t i = 0; i < in->count && rc == CLI_OK; i++) {
            rc = convo_refresh(in->convos[i]);
        }
        for (size_t i = 0; i < in->count && rc == CLI_OK; i++) {
            rc = prepare(in->convos[i], NULL);
        }
    }
    return rc != CLI_OK ? rc
                        : fault_set(&cli->fault, CLI_CONFLICT,
                                    "others keep writing in these conversations. Try again in a "
                                    "minute.");
}
