#include "convo.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/json.h"
#include "common/text.h"
#include "file.h"
#include "layout.h"

enum {
    MEMORY_MAX_BYTES = 1 << 20
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
    rc = file_read(path, MEMORY_MAX_BYTES, &sealed, &cli->fault);
    if (rc != CLI_OK) {
        return rc;
    }
    if (e2_memory_open(sl_buf_bytes(&sealed), s->me, s->staff_id, thread_id, out, &err) != SL_OK) {
        fault_set(&cli->fault, CLI_FORBIDDEN,
                  "what this computer remembers of a conversation was altered: %.300s", path);
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
    /* Another command may have come further meanwhile. */
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

/** Begin with an empty thread and what is remembered of it. */
static int begin(struct convo *convo)
{
    struct session *s = convo->cli->session;
    SL_AUTO(e2_memory) struct e2_memory memory = {0};
    int rc = recall(convo->cli, convo->thread_id, &memory);
    struct e2_thread_setup setup = {.thread_id = convo->thread_id,
                                    .trust = s->trust,
                                    .me = s->staff_id,
                                    .seeds = &s->seeds,
                                    .reader = E2_READ_AS_STAFF,
                                    .held = &memory.key,
                                    .held_count = memory.has_key,
                                    .checkpoint = memory.checkpoint,
                                    .clock = convo->cli->clock};

    if (rc != CLI_OK) {
        return rc;
    }
    e2_thread_free(convo->thread);
    convo->thread = e2_thread_new(&setup);
    convo->last_seq = 0;
    convo->walks = s->walks;
    return CLI_OK;
}

void convo_judge(struct convo *convo)
{
    if (convo->walks != convo->cli->session->walks) {
        convo->walks = convo->cli->session->walks;
        e2_thread_judge_again(convo->thread);
    }
}

static void note_prev_seq(struct convo *convo, uint32_t seq, struct sl_bytes header)
{
    struct sl_header parsed = {0};

    if (seq <= convo->last_seq) {
        return;
    }
    if (header.len < SL_HEADER_BYTES || sl_header_parse(header.data, &parsed) != SL_OK) {
        parsed.prev_seq = 0;
    }
    convo->prev_seq = sl_realloc(convo->prev_seq, (size_t)seq * sizeof(*convo->prev_seq));
    convo->prev_seq[seq - 1] = parsed.prev_seq;
    convo->last_seq = seq;
}

static bool take_whole(struct convo *convo, uint32_t seq, int64_t at, const json_t *entry)
{
    SL_AUTO(buf) struct sl_buf bytes = {0};

    if (sl_json_bytes(entry, "entry", 1, SL_MAX_ENTRY_BYTES, &bytes, NULL) != SL_OK ||
        e2_thread_take(convo->thread, seq, at, sl_buf_bytes(&bytes)) == E2_GAP) {
        return false;
    }
    note_prev_seq(convo, seq, sl_buf_bytes(&bytes));
    return true;
}

static bool take_header(struct convo *convo, uint32_t seq, int64_t at, const json_t *entry)
{
    uint8_t header[SL_HEADER_BYTES];
    uint8_t body_hash[SL_HASH_BYTES];

    if (sl_json_fixed(entry, "header", header, sizeof(header), NULL) != SL_OK ||
        sl_json_fixed(entry, "body_hash", body_hash, sizeof(body_hash), NULL) != SL_OK ||
        e2_thread_take_header(convo->thread, seq, at, header, body_hash) == E2_GAP) {
        return false;
    }
    note_prev_seq(convo, seq, (struct sl_bytes){header, sizeof(header)});
    return true;
}

bool convo_take(struct convo *convo, const json_t *entry)
{
    int64_t seq = 0;
    int64_t at = 0;

    convo_judge(convo);
    if (sl_json_int(entry, "seq", 1, UINT32_MAX, &seq, NULL) != SL_OK ||
        sl_json_int(entry, "at", 0, INT64_C(1) << 53, &at, NULL) != SL_OK) {
        return false;
    }
    return sl_json_has(entry, "entry") ? take_whole(convo, (uint32_t)seq, at, entry)
                                       : take_header(convo, (uint32_t)seq, at, entry);
}

static int left_out(struct convo *convo)
{
    fault_set(&convo->cli->fault, CLI_UNPLANNED, "the service left out entries of %s.", convo->ref);
    return fault_next(&convo->cli->fault,
                      "Run the command again. If it stays so, tell the service desk.");
}

/** One page. *last is the number of the newest entry that the service says it has. */
static int fetch_page(struct convo *convo, int64_t *last)
{
    struct cli *cli = convo->cli;
    SL_AUTO(json) json_t *answer = NULL;
    json_t *args = sl_json_new();
    json_t *entry;
    size_t i;
    struct sl_err err = {0};
    int rc;

    sl_json_set_bytes(args, "thread", convo->thread_id, SL_ID_BYTES);
    sl_json_set_int(args, "from", (int64_t)convo->last_seq + 1);
    rc = link_call(cli->session->link, "thread.entries", args, &answer, &cli->fault);
    if (rc != CLI_OK) {
        return rc;
    }
    if (sl_json_int(answer, "last_seq", 0, UINT32_MAX, last, &err) != SL_OK) {
        return fault_err(&cli->fault, &err, "the service sent entries that are none");
    }
    json_array_foreach(json_object_get(answer, "entries"), i, entry)
    {
        if (!convo_take(convo, entry)) {
            return left_out(convo);
        }
    }
    return CLI_OK;
}

static int fetch(struct convo *convo)
{
    for (;;) {
        struct sl_err err = {0};
        uint32_t before = convo->last_seq;
        int64_t last = 0;
        int rc = fetch_page(convo, &last);

        if (rc != CLI_OK) {
            return rc;
        }
        if (last < convo->last_seq) {
            /* It had more before: what it has now is judged from its beginning, by what is
             * remembered. */
            rc = begin(convo);
            if (rc != CLI_OK) {
                return rc;
            }
            continue;
        }
        if (last == convo->last_seq) {
            /* An alarm is told by convo_may_send, and by whoever shows the conversation. */
            (void)!e2_thread_complete(convo->thread, (uint32_t)last, &err);
            return CLI_OK;
        }
        if (convo->last_seq == before) {
            return left_out(convo);
        }
    }
}

int convo_refresh(struct convo *convo)
{
    int rc;

    e2_thread_rewind(convo->thread, convo->last_seq);
    rc = fetch(convo);
    if (rc == CLI_OK && e2_thread_wants_roster(convo->thread)) {
        rc = session_roster(convo->cli);
        convo_judge(convo);
    }
    return rc == CLI_OK ? convo_remember(convo) : rc;
}

/** The card says whose conversation it is, whatever the service calls it. */
static void take_name(struct convo *convo, const struct desk_thread *about)
{
    struct e2_card card;
    bool has_card = e2_thread_card(convo->thread, &card);

    free(convo->name);
    convo->name = layout_line(has_card ? card.parent : desk_name(about));
    if (has_card && strcasecmp(card.case_ref, about->ref) != 0 && !about->card_differs) {
        cli_warn(convo->cli,
                 "the service lists this conversation under %s, but its own card says %s. Go by "
                 "the card, and tell the service desk.",
                 about->ref, card.case_ref);
    }
}

int convo_open(struct cli *cli, const struct desk_thread *about, struct convo **out)
{
    SL_AUTO(convo) struct convo *convo = sl_alloc(sizeof(*convo));
    int rc;

    convo->cli = cli;
    memcpy(convo->thread_id, about->thread, SL_ID_BYTES);
    (void)snprintf(convo->ref, sizeof(convo->ref), "%s", about->ref);
    rc = begin(convo);
    if (rc == CLI_OK) {
        rc = convo_refresh(convo);
    }
    if (rc == CLI_OK) {
        take_name(convo, about);
        *out = sl_steal(&convo);
    }
    return rc;
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

    for (size_t i = seq; i < count && i < convo->last_seq; i++) {
        const struct e2_item *item = e2_thread_item(convo->thread, i);
        bool counts = item->kind == E2_ITEM_SEEN || item->kind == E2_ITEM_MESSAGE ||
                      item->kind == E2_ITEM_TAKEN_BACK;

        if (item->side == E2_SIDE_PARENT && counts && convo->prev_seq[i] >= seq) {
            return item->at;
        }
    }
    return 0;
}
