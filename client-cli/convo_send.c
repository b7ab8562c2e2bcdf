/* Writing to a conversation: what has to come before, posting, and posting again what was stale. */
#include <string.h>
#include <strings.h>
#include <time.h>

#include "ask.h"
#include "common/json.h"
#include "common/text.h"
#include "convo.h"
#include "when.h"

enum {
    STALE_TRIES = 12,
    SEEN_EVERY_S = 10
};

void sl_auto_convo_message(struct convo_message *message)
{
    sl_buf_free(&message->sealed);
}

struct e2_writer convo_writer(const struct convo *convo, const uint8_t *entry_id)
{
    const struct session *s = convo->cli->session;

    return (struct e2_writer){.id = s->staff_id,
                              .identity = s->me,
                              .rand = convo->cli->rand,
                              .clock = convo->cli->clock,
                              .entry_id = entry_id};
}

int convo_may_send(struct convo *convo)
{
    struct cli *cli = convo->cli;
    enum e2_send send = e2_thread_can_send(convo->thread);
    bool alarm = e2_thread_stopped(convo->thread) != E2_SEND_YES;
    int rc = session_may_send(cli);

    if (rc != CLI_OK || send == E2_SEND_YES) {
        return rc;
    }
    return fault_set(&cli->fault, alarm ? CLI_FORBIDDEN : CLI_NOT_READY, "%s: %s", convo->ref,
                     e2_send_sentence(send));
}

static int too_busy(struct convo *convo)
{
    fault_set(&convo->cli->fault, CLI_CONFLICT, "others keep writing in %s.", convo->ref);
    return fault_next(&convo->cli->fault, "Try again in a minute.");
}

/* ---- Posting ---- */

/** A short pause when the service holds the conversation for somebody's key entry. */
static void hold(const struct link *link)
{
    int64_t wait = 0;

    if (sl_json_int(link_error(link), "retry_after_ms", 1, 6000, &wait, NULL) == SL_OK) {
        struct timespec pause = {(time_t)(wait / 1000), (long)(wait % 1000) * 1000000};

        (void)nanosleep(&pause, NULL);
    }
}

/**
 * Post bytes.
 * @return CLI_OK; else the fault, with its code when the service has answered that it did not take
 * them. SL_ENTRY_STALE: something newer came first.
 */
static int post(struct convo *convo, struct sl_bytes entry, enum e2_plain act, int64_t drop,
                json_t **answer)
{
    struct cli *cli = convo->cli;
    json_t *args = sl_json_new();
    int rc;

    sl_json_set_bytes(args, "thread", convo->thread_id, SL_ID_BYTES);
    sl_json_set_bytes(args, "entry", entry.data, entry.len);
    if (act < E2_PLAIN_COUNT) {
        sl_json_set_str(args, "act", e2_plain_name(act));
    }
    if (drop > 0) {
        sl_json_set_int(args, "drop", drop);
    }
    rc = link_call(cli->session->link, "entry.post", args, answer, &cli->fault);
    if (rc != CLI_OK && cli->fault.code == SL_ENTRY_STALE) {
        hold(cli->session->link);
    }
    return rc;
}

/** Take an own entry into the conversation, where the service says that it put it. */
static int take_posted(struct convo *convo, struct sl_bytes entry, const json_t *answer,
                       int64_t *at)
{
    struct cli *cli = convo->cli;
    SL_AUTO(json) json_t *own = sl_json_new();
    struct sl_err err = {0};
    int64_t seq = 0;

    if (sl_json_int(answer, "seq", 1, UINT32_MAX, &seq, &err) != SL_OK ||
        sl_json_int(answer, "at", 1, INT64_C(1) << 53, at, &err) != SL_OK) {
        return fault_err(&cli->fault, &err, "the service's answer has no place in it");
    }
    sl_json_set_int(own, "seq", seq);
    sl_json_set_int(own, "at", *at);
    sl_json_set_bytes(own, "entry", entry.data, entry.len);
    if (seq != (int64_t)convo->last_seq + 1 || !convo_take(convo, own)) {
        /* Others wrote meanwhile, and ours still holds: all of it in order. */
        return convo_refresh(convo);
    }
    (void)!e2_thread_complete(convo->thread, (uint32_t)seq, &err);
    return convo_remember(convo);
}

static int compose_failed(struct convo *convo, enum sl_code code, const struct sl_err *err)
{
    struct cli *cli = convo->cli;
    int rc = convo_may_send(convo);

    if (rc != CLI_OK) {
        return rc;
    }
    if (code == SL_TOO_BIG) {
        return fault_set(&cli->fault, CLI_NOT_READY, "the message is too long. Nothing was sent.");
    }
    if (code == SL_NOT_FOUND) {
        fault_set(&cli->fault, CLI_NOT_READY,
                  "the list of colleagues has no key of the team or of the records office that "
                  "%s could be locked for. Nothing was sent.",
                  convo->ref);
        return fault_next(&cli->fault, "Tell your service manager.");
    }
    if (code == SL_FORBIDDEN) {
        return fault_set(&cli->fault, CLI_FORBIDDEN, "%s: %s.", convo->ref, err->detail);
    }
    return fault_err(&cli->fault, err, "the entry cannot be made");
}

/* ---- The key ---- */

static const char *inviter_of(const struct e2_key_need *need)
{
    return need->inviter_name[0] != '\0' ? need->inviter_name
                                         : "somebody who is not in the list of colleagues";
}

/** --confirm NAME: a yes in advance, to this name alone. */
static int confirmed(struct convo *convo, const struct e2_key_need *need, const char *name)
{
    struct cli *cli = convo->cli;

    if (need->inviter_name[0] != '\0' && strcasecmp(name, need->inviter_name) == 0) {
        return CLI_OK;
    }
    fault_set(&cli->fault, CLI_USAGE, "%s came in by an invitation from %s, not from '%.60s'.",
              convo->name, inviter_of(need), name);
    return fault_next(&cli->fault, "Ask your colleague before you agree to it. Nothing was sent.");
}

/** The yes that names the inviter: by a person, or by --confirm with that very name. */
static int ask_inviter(struct convo *convo, const struct e2_key_need *need, bool ask, bool *yes)
{
    struct cli *cli = convo->cli;
    const char *confirm = cli->opts.value[OPT_CONFIRM];
    char day[WHEN_TEXT];
    int rc;

    *yes = false;
    if (confirm != NULL) {
        rc = confirmed(convo, need, confirm);
        *yes = rc == CLI_OK;
        return rc;
    }
    if (!ask) {
        return CLI_OK;
    }
    SL_AUTO(str)
    char *flag = sl_strf("Once you have checked with them, add: --confirm '%s'", inviter_of(need));
    if (!ask_possible(cli_has(cli, OPT_NO_INPUT))) {
        fault_set(&cli->fault, CLI_USAGE,
                  "%s came in by an invitation from %s, and that needs a yes from a person.",
                  convo->name, inviter_of(need));
        return fault_next(&cli->fault, "%s", flag);
    }
    when_day((int64_t)need->invited_at, sl_now_s(cli->clock), day);
    SL_AUTO(str)
    char *question =
        sl_strf("%s came in by an invitation from %s%s,\nmade on %s. Is that right, "
                "and shall what you write be locked for them?",
                convo->name, inviter_of(need),
                need->inviter_left && need->inviter_name[0] != '\0' ? " (who has left)" : "", day);
    return ask_yes(question, flag, false, yes, &cli->fault);
}

int convo_key(struct convo *convo, bool ask, bool *made)
{
    struct cli *cli = convo->cli;
    uint8_t entry_id[SL_ID_BYTES];
    struct e2_key_need need = {0};
    bool yes = false;

    *made = false;
    sl_rand_fill(cli->rand, entry_id, sizeof(entry_id));
    for (int tries = 0; tries < STALE_TRIES; tries++) {
        SL_AUTO(buf) struct sl_buf entry = {0};
        SL_AUTO(json) json_t *answer = NULL;
        struct e2_writer me = convo_writer(convo, entry_id);
        uint8_t agreed_to[SL_ID_BYTES];
        struct sl_err err = {0};
        enum sl_code code;
        int64_t at = 0;
        int rc;

        memcpy(agreed_to, need.inviter_id, sizeof(agreed_to));
        e2_thread_key_need(convo->thread, &need);
        if (need.why == E2_KEY_FINE) {
            return CLI_OK;
        }
        rc = convo_may_send(convo);
        if (rc == CLI_OK && need.needs_yes &&
            !(yes && memcmp(agreed_to, need.inviter_id, sizeof(agreed_to)) == 0)) {
            rc = ask_inviter(convo, &need, ask, &yes);
            if (rc == CLI_OK && !yes) {
                return CLI_OK;
            }
        }
        if (rc != CLI_OK) {
            return rc;
        }
        code = e2_compose_key(convo->thread, &me, NULL, yes ? need.inviter_id : NULL, &entry, &err);
        if (code != SL_OK) {
            return compose_failed(convo, code, &err);
        }
        rc = post(convo, sl_buf_bytes(&entry), E2_PLAIN_UNKNOWN, 0, &answer);
        if (rc == CLI_OK) {
            *made = true;
            return take_posted(convo, sl_buf_bytes(&entry), answer, &at);
        }
        if (cli->fault.code != SL_ENTRY_STALE) {
            return rc;
        }
        fault_clear(&cli->fault);
        rc = convo_refresh(convo);
        if (rc != CLI_OK) {
            return rc;
        }
    }
    return too_busy(convo);
}

int convo_ready(struct convo *convo, bool ask)
{
    struct cli *cli = convo->cli;
    struct e2_key_need need = {0};
    bool made = false;
    int rc = convo_may_send(convo);

    if (rc == CLI_OK) {
        rc = convo_key(convo, ask, &made);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    e2_thread_key_need(convo->thread, &need);
    if (need.why == E2_KEY_FINE) {
        return CLI_OK;
    }
    fault_set(&cli->fault, CLI_NOT_READY,
              "%s came in by an invitation from %s, and nobody here has agreed to that. Nothing "
              "was sent.",
              convo->name, inviter_of(&need));
    return ask ? fault_next(&cli->fault,
                            "Check with them. If it is not right, invite the family yourself: "
                            "sendline invite %s --again",
                            convo->ref)
               : fault_next(&cli->fault, "You are asked by: sendline reply %s", convo->ref);
}

/* ---- Reading marks ---- */

/**
 * Where a reading mark may stand: at what was shown, or at an entry of mine behind it, as long as
 * nothing of the other side lies between. 0: nowhere.
 */
static uint32_t mark_at(const struct convo *convo, uint32_t shown)
{
    size_t count = e2_thread_count(convo->thread);
    uint32_t own = 0;

    for (size_t i = shown; i < count; i++) {
        own = e2_thread_item(convo->thread, i)->mine ? (uint32_t)i + 1 : own;
    }
    for (size_t i = shown; i < own; i++) {
        const struct e2_item *item = e2_thread_item(convo->thread, i);

        if (item->kind != E2_ITEM_WARNING && item->kind != E2_ITEM_SEEN &&
            item->side == E2_SIDE_PARENT) {
            return 0;
        }
    }
    return own > shown ? own : shown;
}

/** Did I post a reading mark within the last seconds, here or on another computer? */
static bool marked_lately(const struct convo *convo)
{
    int64_t now = sl_now_s(convo->cli->clock);

    for (size_t i = e2_thread_count(convo->thread); i > 0; i--) {
        const struct e2_item *item = e2_thread_item(convo->thread, i - 1);

        if (item->mine && item->kind == E2_ITEM_SEEN) {
            int64_t sent = (int64_t)item->sent_at;
            return sent <= now && now - sent < SEEN_EVERY_S;
        }
    }
    return false;
}

int convo_seen(struct convo *convo, uint32_t up_to, bool *posted)
{
    struct cli *cli = convo->cli;
    uint8_t entry_id[SL_ID_BYTES];

    *posted = false;
    sl_rand_fill(cli->rand, entry_id, sizeof(entry_id));
    for (int tries = 0; tries < STALE_TRIES; tries++) {
        SL_AUTO(buf) struct sl_buf entry = {0};
        SL_AUTO(json) json_t *answer = NULL;
        struct e2_writer me = convo_writer(convo, entry_id);
        uint32_t place = mark_at(convo, up_to);
        struct sl_err err = {0};
        int64_t at = 0;
        int rc;

        if (place == 0 || !e2_thread_seen_due(convo->thread, place) || marked_lately(convo) ||
            e2_thread_can_send(convo->thread) != E2_SEND_YES) {
            return CLI_OK;
        }
        if (e2_compose_seen(convo->thread, &me, place, &entry, &err) != SL_OK) {
            return fault_err(&cli->fault, &err, "the reading mark cannot be made");
        }
        rc = post(convo, sl_buf_bytes(&entry), E2_PLAIN_UNKNOWN, 0, &answer);
        if (rc == CLI_OK) {
            *posted = true;
            return take_posted(convo, sl_buf_bytes(&entry), answer, &at);
        }
        if (cli->fault.code != SL_ENTRY_STALE) {
            return rc;
        }
        fault_clear(&cli->fault);
        rc = convo_refresh(convo);
        if (rc != CLI_OK) {
            return rc;
        }
    }
    /* So busy a conversation is marked the next time. */
    return CLI_OK;
}

/* ---- Messages ---- */

/** Is an entry of this id here already? Then its bytes arrived, and only the answer was lost. */
static bool has_entry(const struct convo *convo, const uint8_t entry_id[SL_ID_BYTES], int64_t *at)
{
    for (size_t i = e2_thread_count(convo->thread); i > 0; i--) {
        const struct e2_item *item = e2_thread_item(convo->thread, i - 1);

        if (item->mine && item->kind != E2_ITEM_WARNING &&
            memcmp(item->entry_id, entry_id, SL_ID_BYTES) == 0) {
            *at = item->at;
            return true;
        }
    }
    return false;
}

/** Lock the message for the conversation as it stands now, and have it kept. */
static int seal(struct convo *convo, struct convo_message *message)
{
    struct e2_writer me = convo_writer(convo, message->entry_id);
    struct sl_err err = {0};
    enum sl_code code = e2_compose_message(convo->thread, &me, message->kind, message->body,
                                           &message->sealed, &err);

    if (code != SL_OK) {
        return compose_failed(convo, code, &err);
    }
    return message->keep != NULL ? message->keep(message->ctx, &message->sealed) : CLI_OK;
}

/** Once: what is locked already, or locked now. */
static int post_once(struct convo *convo, struct convo_message *message, json_t **answer)
{
    struct cli *cli = convo->cli;
    int64_t drop =
        message->kind == E2_RETRACT ? json_integer_value(json_object_get(message->body, "seq")) : 0;
    int rc = convo_ready(convo, false);

    if (rc == CLI_OK && message->sealed.len == 0) {
        rc = seal(convo, message);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    message->unsure = true;
    rc = post(convo, sl_buf_bytes(&message->sealed), message->kind, drop, answer);
    message->unsure = rc != CLI_OK && cli->fault.code == SL_OK;
    return rc;
}

int convo_post(struct convo *convo, struct convo_message *message, int64_t *at)
{
    struct cli *cli = convo->cli;

    for (int tries = 0; tries < STALE_TRIES; tries++) {
        SL_AUTO(json) json_t *answer = NULL;
        int rc;

        if (has_entry(convo, message->entry_id, at)) {
            message->unsure = false;
            return CLI_OK;
        }
        rc = post_once(convo, message, &answer);
        if (rc == CLI_OK) {
            /* It is stored, also when what came with it cannot be fetched now. */
            message->unsure = true;
            rc = take_posted(convo, sl_buf_bytes(&message->sealed), answer, at);
            if (rc == CLI_OK && !has_entry(convo, message->entry_id, at)) {
                rc =
                    fault_set(&cli->fault, CLI_UNPLANNED,
                              "the service says that it has your message, but it does not stand in "
                              "%s.",
                              convo->ref);
            }
            return rc;
        }
        if (cli->fault.code != SL_ENTRY_STALE && cli->fault.code != SL_ENTRY_ID_USED) {
            return rc;
        }
        bool used = cli->fault.code == SL_ENTRY_ID_USED;
        fault_clear(&cli->fault);
        sl_buf_clear(&message->sealed);
        rc = convo_refresh(convo);
        if (rc == CLI_OK && used && !has_entry(convo, message->entry_id, at)) {
            rc = fault_set(&cli->fault, CLI_UNPLANNED,
                           "the service has other bytes under this message's number.");
        }
        if (rc != CLI_OK) {
            return rc;
        }
    }
    return too_busy(convo);
}
