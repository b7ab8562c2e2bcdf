#include "convo.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "ask.h"
#include "common/json.h"
#include "common/text.h"
#include "file.h"
#include "when.h"

enum {
    STALE_TRIES = 12
};

/* ---- What this computer remembers of it ---- */

static char *memory_path(const struct session *s, const uint8_t thread_id[SL_ID_BYTES])
{
    SL_AUTO(str) char *hex = sl_hex(thread_id, SL_ID_BYTES);

    return sl_strf("%s/thread-%s", s->state.dir, hex);
}

static int recall(struct cli *cli, const uint8_t thread_id[SL_ID_BYTES], struct e2_memory *out)
{
    const struct session *s = cli->session;
    SL_AUTO(str) char *path = memory_path(s, thread_id);
    SL_AUTO(buf) struct sl_buf sealed = {0};
    struct sl_err err = {0};
    int rc;

    if (!file_exists(path)) {
        return CLI_OK;
    }
    rc = file_read(path, 1 << 20, &sealed, &cli->fault);
    if (rc != CLI_OK) {
        return rc;
    }
    if (e2_memory_open(sl_buf_bytes(&sealed), s->me, s->staff_id, thread_id, out, &err) != SL_OK) {
        fault_set(&cli->fault, CLI_FORBIDDEN,
                  "what this computer remembers of the conversation was altered: %.300s", path);
        return fault_next(&cli->fault, "Tell the service desk before you go on. Nothing was sent.");
    }
    return CLI_OK;
}

int convo_remember(struct convo *convo)
{
    struct cli *cli = convo->cli;
    struct session *s = cli->session;
    SL_AUTO(str) char *path = memory_path(s, convo->thread_id);
    SL_AUTO(e2_memory) struct e2_memory before = {0};
    SL_AUTO(e2_memory) struct e2_memory now = {0};
    SL_AUTO(buf) struct sl_buf sealed = {0};
    int rc = state_lock(&s->state, &cli->fault);

    if (rc != CLI_OK) {
        return rc;
    }
    rc = recall(cli, convo->thread_id, &before);
    e2_memory_of(convo->thread, &now);
    if (rc == CLI_OK && now.checkpoint.seq > before.checkpoint.seq) {
        e2_memory_seal(&now, s->me, s->staff_id, convo->thread_id, cli->rand, &sealed);
        rc = file_write(path, sealed.data, sealed.len, &cli->fault);
    }
    state_unlock(&s->state);
    return rc;
}

/* ---- Fetching ---- */

bool convo_take(struct convo *convo, const json_t *entry)
{
    SL_AUTO(buf) struct sl_buf bytes = {0};
    uint8_t header[SL_HEADER_BYTES];
    uint8_t body_hash[SL_HASH_BYTES];
    struct sl_header parsed = {0};
    enum e2_verdict verdict;
    int64_t seq = 0;
    int64_t at = 0;

    if (sl_json_int(entry, "seq", 1, UINT32_MAX, &seq, NULL) != SL_OK ||
        sl_json_int(entry, "at", 0, INT64_C(1) << 53, &at, NULL) != SL_OK) {
        return false;
    }
    if (sl_json_has(entry, "entry")) {
        if (sl_json_bytes(entry, "entry", 1, SL_MAX_ENTRY_BYTES, &bytes, NULL) != SL_OK) {
            return false;
        }
        verdict = e2_thread_take(convo->thread, (uint32_t)seq, at, sl_buf_bytes(&bytes));
        if (bytes.len >= SL_HEADER_BYTES) {
            (void)!sl_header_parse(bytes.data, &parsed);
        }
    } else {
        if (sl_json_fixed(entry, "header", header, sizeof(header), NULL) != SL_OK ||
            sl_json_fixed(entry, "body_hash", body_hash, sizeof(body_hash), NULL) != SL_OK) {
            return false;
        }
        verdict = e2_thread_take_header(convo->thread, (uint32_t)seq, at, header, body_hash);
        (void)!sl_header_parse(header, &parsed);
    }
    if (verdict == E2_GAP) {
        return false;
    }
    if (seq > convo->last_seq) {
        convo->prev_seq = sl_realloc(convo->prev_seq, (size_t)seq * sizeof(*convo->prev_seq));
        convo->prev_seq[seq - 1] = parsed.prev_seq;
        convo->last_seq = (uint32_t)seq;
    }
    return true;
}

static int fetch(struct convo *convo)
{
    struct cli *cli = convo->cli;

    for (;;) {
        SL_AUTO(json) json_t *answer = NULL;
        json_t *args = sl_json_new();
        json_t *entry;
        size_t i;
        int64_t last = 0;
        struct sl_err err = {0};
        int rc;

        sl_json_set_bytes(args, "thread", convo->thread_id, SL_ID_BYTES);
        sl_json_set_int(args, "from", (int64_t)convo->last_seq + 1);
        rc = link_call(cli->session->link, "thread.entries", args, &answer, &cli->fault);
        if (rc != CLI_OK) {
            return rc;
        }
        if (sl_json_int(answer, "last_seq", 0, UINT32_MAX, &last, &err) != SL_OK) {
            return fault_err(&cli->fault, &err, "the service sent entries that are none");
        }
        json_array_foreach(json_object_get(answer, "entries"), i, entry)
        {
            if (!convo_take(convo, entry)) {
                return fault_set(&cli->fault, CLI_UNPLANNED, "the service left out entries of %s.",
                                 convo->ref);
            }
        }
        if (convo->last_seq >= last) {
            /* An alarm is told by convo_may_send and by whoever shows the thread. */
            (void)!e2_thread_complete(convo->thread, (uint32_t)last, &err);
            return CLI_OK;
        }
        if (json_array_size(json_object_get(answer, "entries")) == 0) {
            return fault_set(&cli->fault, CLI_UNPLANNED, "the service left out entries of %s.",
                             convo->ref);
        }
    }
}

int convo_refresh(struct convo *convo)
{
    struct cli *cli = convo->cli;
    int rc;

    e2_thread_rewind(convo->thread, convo->last_seq);
    rc = fetch(convo);
    if (rc == CLI_OK && e2_thread_wants_roster(convo->thread)) {
        rc = session_roster(cli);
        e2_thread_judge_again(convo->thread);
        if (rc == CLI_OK) {
            struct sl_err err;

            (void)!e2_thread_complete(convo->thread, convo->last_seq, &err);
        }
    }
    return rc == CLI_OK ? convo_remember(convo) : rc;
}

int convo_open(struct cli *cli, const struct desk_thread *about, struct convo **out)
{
    struct session *s = cli->session;
    SL_AUTO(e2_memory) struct e2_memory memory = {0};
    SL_AUTO(convo) struct convo *convo = NULL;
    struct e2_thread_setup setup = {0};
    struct e2_card card;
    int rc = recall(cli, about->thread, &memory);

    if (rc != CLI_OK) {
        return rc;
    }
    convo = sl_alloc(sizeof(*convo));
    convo->cli = cli;
    memcpy(convo->thread_id, about->thread, SL_ID_BYTES);
    (void)snprintf(convo->ref, sizeof(convo->ref), "%s", about->ref);
    setup.thread_id = convo->thread_id;
    setup.trust = s->trust;
    setup.me = s->staff_id;
    setup.seeds = &s->seeds;
    setup.reader = E2_READ_AS_STAFF;
    setup.held = memory.has_key ? &memory.key : NULL;
    setup.held_count = memory.has_key;
    setup.checkpoint = memory.checkpoint;
    setup.clock = cli->clock;
    convo->thread = e2_thread_new(&setup);
    rc = convo_refresh(convo);
    if (rc != CLI_OK) {
        return rc;
    }
    convo->name = sl_strdup(e2_thread_card(convo->thread, &card) ? card.parent : desk_name(about));
    *out = sl_steal(&convo);
    return CLI_OK;
}

void convo_free(struct convo *convo)
{
    if (convo == NULL) {
        return;
    }
    e2_thread_free(convo->thread);
    free(convo->prev_seq);
    free(convo->name);
    free(convo);
}

void sl_auto_convo(struct convo **convo)
{
    convo_free(*convo);
}

int64_t convo_read_at(const struct convo *convo, uint32_t seq)
{
    size_t count = e2_thread_count(convo->thread);

    for (size_t i = seq; i < count; i++) {
        const struct e2_item *item = e2_thread_item(convo->thread, i);

        if (item->side == E2_SIDE_PARENT &&
            (item->kind == E2_ITEM_SEEN || item->kind == E2_ITEM_MESSAGE) && i < convo->last_seq &&
            convo->prev_seq[i] >= seq) {
            return item->at;
        }
    }
    return 0;
}

/* ---- Posting ---- */

struct e2_writer convo_writer(const struct convo *convo, const uint8_t *entry_id)
{
    const struct session *s = convo->cli->session;
    struct e2_writer me = {.id = s->staff_id,
                           .identity = s->me,
                           .rand = convo->cli->rand,
                           .clock = convo->cli->clock,
                           .entry_id = entry_id};

    return me;
}

int convo_may_send(struct convo *convo)
{
    struct cli *cli = convo->cli;
    enum e2_send send = e2_thread_can_send(convo->thread);
    bool alarm = send == E2_SEND_ANOTHER_HISTORY || send == E2_SEND_HISTORIES_DIFFER;
    int rc = session_may_send(cli);

    if (rc != CLI_OK || send == E2_SEND_YES) {
        return rc;
    }
    return fault_set(&cli->fault, alarm ? CLI_FORBIDDEN : CLI_NOT_READY, "%s: %s", convo->ref,
                     e2_send_sentence(send));
}

/** A short pause when the server holds the thread for somebody's key entry. */
static void hold(const struct link *link)
{
    int64_t wait = 0;

    if (sl_json_int(link_error(link), "retry_after_ms", 1, 6000, &wait, NULL) == SL_OK) {
        struct timespec pause = {(time_t)(wait / 1000), (long)(wait % 1000) * 1000000};

        (void)nanosleep(&pause, NULL);
    }
}

/** Post bytes. *stale: something newer came first; nothing was stored. */
static int post_bytes(struct convo *convo, struct sl_bytes entry, const char *act, int64_t drop,
                      bool *stale, int64_t *at)
{
    struct cli *cli = convo->cli;
    SL_AUTO(json) json_t *answer = NULL;
    json_t *args = sl_json_new();
    int64_t seq = 0;
    struct sl_err err = {0};
    int rc;

    *stale = false;
    sl_json_set_bytes(args, "thread", convo->thread_id, SL_ID_BYTES);
    sl_json_set_bytes(args, "entry", entry.data, entry.len);
    if (act != NULL) {
        sl_json_set_str(args, "act", act);
    }
    if (drop > 0) {
        sl_json_set_int(args, "drop", drop);
    }
    rc = link_call(cli->session->link, "entry.post", args, &answer, &cli->fault);
    if (rc != CLI_OK) {
        if (cli->fault.code == SL_ENTRY_STALE) {
            *stale = true;
            hold(cli->session->link);
        }
        return rc;
    }
    if (sl_json_int(answer, "seq", 1, UINT32_MAX, &seq, &err) != SL_OK ||
        sl_json_int(answer, "at", 1, INT64_C(1) << 53, at, &err) != SL_OK) {
        return fault_err(&cli->fault, &err, "the service's answer has no place in it");
    }
    if (seq != (int64_t)convo->last_seq + 1) {
        /* Others wrote meanwhile, and ours still holds: take all of it in order. */
        return convo_refresh(convo);
    }
    SL_AUTO(json) json_t *taken = sl_json_new();
    sl_json_set_int(taken, "seq", seq);
    sl_json_set_int(taken, "at", *at);
    sl_json_set_bytes(taken, "entry", entry.data, entry.len);
    if (!convo_take(convo, taken)) {
        return convo_refresh(convo);
    }
    (void)!e2_thread_complete(convo->thread, (uint32_t)seq, &err);
    return convo_remember(convo);
}

static int compose_failed(struct convo *convo, enum sl_code code, const struct sl_err *err)
{
    struct cli *cli = convo->cli;

    if (code == SL_TOO_BIG) {
        return fault_set(&cli->fault, CLI_NOT_READY,
                         "the message is too long. Nothing was sent; your draft is kept.");
    }
    int rc = convo_may_send(convo);
    return rc != CLI_OK ? rc : fault_err(&cli->fault, err, "the entry cannot be made");
}

/** The yes that names the inviter: by a person, or by --confirm with that very name. */
static int ask_inviter(struct convo *convo, const struct e2_key_need *need, bool ask, bool *yes)
{
    struct cli *cli = convo->cli;
    const char *confirm = cli->opts.value[OPT_CONFIRM];
    char day[WHEN_TEXT];
    SL_AUTO(str)
    char *flag = sl_strf("Add --confirm '%s' once you have checked with them, or drop --no-input.",
                         need->inviter_name);
    SL_AUTO(str) char *question = NULL;

    *yes = confirm != NULL && strcasecmp(confirm, need->inviter_name) == 0;
    if (*yes || !ask) {
        return CLI_OK;
    }
    when_day((int64_t)need->invited_at, sl_now_s(cli->clock), day);
    question = sl_strf(
        "%s came in by an invitation from %s%s, on %s.\nIs that right, and shall what you write be "
        "locked for them?",
        convo->name, need->inviter_name,
        need->inviter_left ? " (who has left, or is not in the list of colleagues)" : "", day);
    if (!ask_possible(cli_has(cli, OPT_NO_INPUT))) {
        fault_set(&cli->fault, CLI_USAGE,
                  "%s came in by an invitation from %s, and that needs a yes from a person.",
                  convo->name, need->inviter_name);
        return fault_next(&cli->fault, "%s", flag);
    }
    return ask_yes(question, flag, false, yes, &cli->fault);
}

int convo_key(struct convo *convo, bool ask, bool *made)
{
    struct cli *cli = convo->cli;
    uint8_t entry_id[SL_ID_BYTES];
    struct e2_key_need need = {0};

    *made = false;
    sl_rand_fill(cli->rand, entry_id, sizeof(entry_id));
    for (int tries = 0; tries < STALE_TRIES; tries++) {
        SL_AUTO(buf) struct sl_buf entry = {0};
        struct e2_writer me = convo_writer(convo, entry_id);
        struct sl_err err = {0};
        enum sl_code code;
        bool yes = false;
        bool stale = false;
        int64_t at = 0;
        int rc;

        e2_thread_key_need(convo->thread, &need);
        if (need.why == E2_KEY_FINE) {
            return CLI_OK;
        }
        rc = convo_may_send(convo);
        if (rc == CLI_OK && need.needs_yes) {
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
        rc = post_bytes(convo, sl_buf_bytes(&entry), NULL, 0, &stale, &at);
        if (rc == CLI_OK) {
            *made = true;
            return CLI_OK;
        }
        if (!stale) {
            return rc;
        }
        fault_clear(&cli->fault);
        rc = convo_refresh(convo);
        if (rc != CLI_OK) {
            return rc;
        }
    }
    return fault_set(&cli->fault, CLI_CONFLICT, "others keep writing in %s. Try again in a minute.",
                     convo->ref);
}

int convo_seen(struct convo *convo, uint32_t up_to, bool *posted)
{
    struct cli *cli = convo->cli;
    uint8_t entry_id[SL_ID_BYTES];

    *posted = false;
    sl_rand_fill(cli->rand, entry_id, sizeof(entry_id));
    for (int tries = 0; tries < STALE_TRIES; tries++) {
        SL_AUTO(buf) struct sl_buf entry = {0};
        struct e2_writer me = convo_writer(convo, entry_id);
        struct sl_err err = {0};
        bool stale = false;
        int64_t at = 0;
        int rc;

        if (!e2_thread_seen_due(convo->thread, up_to) ||
            e2_thread_can_send(convo->thread) != E2_SEND_YES) {
            return CLI_OK;
        }
        if (e2_compose_seen(convo->thread, &me, up_to, &entry, &err) != SL_OK) {
            return fault_err(&cli->fault, &err, "the reading mark cannot be made");
        }
        rc = post_bytes(convo, sl_buf_bytes(&entry), NULL, 0, &stale, &at);
        if (rc == CLI_OK) {
            *posted = true;
            return CLI_OK;
        }
        if (!stale) {
            return rc;
        }
        fault_clear(&cli->fault);
        rc = convo_refresh(convo);
        if (rc != CLI_OK) {
            return rc;
        }
    }
    return CLI_OK;
}

/** Is an entry of this id in the thread already? Then its bytes arrived, and only the answer was
 * lost. */
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

int convo_post(struct convo *convo, const uint8_t entry_id[SL_ID_BYTES], enum e2_plain kind,
               const json_t *body, struct sl_buf *sealed,
               int (*keep)(void *ctx, const struct sl_buf *sealed), void *ctx, int64_t *at)
{
    struct cli *cli = convo->cli;
    int64_t drop = kind == E2_RETRACT ? json_integer_value(json_object_get(body, "seq")) : 0;

    for (int tries = 0; tries < STALE_TRIES; tries++) {
        bool stale = false;
        bool made = false;
        int rc;

        if (has_entry(convo, entry_id, at)) {
            return CLI_OK;
        }
        if (sealed->len == 0) {
            struct e2_writer me = convo_writer(convo, entry_id);
            struct e2_key_need need = {0};
            struct sl_err err = {0};
            enum sl_code code;

            rc = convo_may_send(convo);
            if (rc == CLI_OK) {
                rc = convo_key(convo, true, &made);
            }
            if (rc != CLI_OK) {
                return rc;
            }
            e2_thread_key_need(convo->thread, &need);
            if (need.why != E2_KEY_FINE) {
                return fault_set(&cli->fault, CLI_NOT_READY,
                                 "nothing was sent: %s's keys were not agreed to.", convo->name);
            }
            code = e2_compose_message(convo->thread, &me, kind, body, sealed, &err);
            if (code != SL_OK) {
                return compose_failed(convo, code, &err);
            }
            if (keep != NULL && (rc = keep(ctx, sealed)) != CLI_OK) {
                return rc;
            }
        }
        rc = post_bytes(convo, sl_buf_bytes(sealed), e2_plain_name(kind), drop, &stale, at);
        if (rc == CLI_OK || (!stale && cli->fault.code != SL_ENTRY_ID_USED)) {
            return rc;
        }
        fault_clear(&cli->fault);
        sl_buf_clear(sealed);
        rc = convo_refresh(convo);
        if (rc != CLI_OK) {
            return rc;
        }
        if (!stale && !has_entry(convo, entry_id, at)) {
            return fault_set(&cli->fault, CLI_UNPLANNED,
                             "the service has other bytes under this message's number.");
        }
    }
    return fault_set(&cli->fault, CLI_CONFLICT, "others keep writing in %s. Try again in a minute.",
                     convo->ref);
}
