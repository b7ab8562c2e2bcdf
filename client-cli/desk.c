#include "desk.h"

#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/json.h"
#include "common/text.h"
#include "e2ee/thread.h"
#include "layout.h"
#include "when.h"

static const char *const reply_states[] = {"none", "due", "late", "not_needed"};

void desk_free(struct desk *desk)
{
    for (size_t i = 0; i < desk->count; i++) {
        free(desk->threads[i].parent_name);
        free(desk->threads[i].child);
    }
    free(desk->threads);
    memset(desk, 0, sizeof(*desk));
}

void sl_auto_desk(struct desk *desk)
{
    desk_free(desk);
}

const char *desk_name(const struct desk_thread *thread)
{
    return thread->parent_name[0] != '\0' ? thread->parent_name : "not named yet";
}

void desk_take_reply(struct desk_thread *thread, const json_t *json)
{
    json_t *reply = json_object_get(json, "reply");
    const char *state = json_string_value(json_object_get(reply, "state"));
    const char *due = json_string_value(json_object_get(reply, "due_on"));
    struct when day;

    if (sl_json_has(json, "unread")) {
        thread->unread = (uint32_t)json_integer_value(json_object_get(json, "unread"));
    }
    if (reply == NULL) {
        return;
    }
    thread->reply = DESK_REPLY_NONE;
    for (int i = 0; state != NULL && i < 4; i++) {
        if (strcmp(state, reply_states[i]) == 0) {
            thread->reply = (enum desk_reply)i;
        }
    }
    thread->waiting_since_at = json_integer_value(json_object_get(reply, "waiting_since_at"));
    thread->reply_seq = (uint32_t)json_integer_value(json_object_get(reply, "seq"));
    (void)snprintf(thread->due_on, sizeof(thread->due_on), "%s",
                   due != NULL && when_parse_on(due, &day) ? due : "");
}

static int take_item(struct cli *cli, const json_t *item, struct desk_thread *out)
{
    struct sl_err err = {0};
    const char *ref = NULL;
    int64_t last_seq = 0;

    memset(out, 0, sizeof(*out));
    if (sl_json_fixed(item, "thread", out->thread, SL_ID_BYTES, &err) != SL_OK ||
        sl_json_fixed(item, "case", out->case_id, SL_ID_BYTES, &err) != SL_OK ||
        sl_json_str(item, "ref", 1, SL_MAX_REF_BYTES, &ref, &err) != SL_OK ||
        sl_json_int(item, "last_seq", 0, UINT32_MAX, &last_seq, &err) != SL_OK) {
        return fault_err(&cli->fault, &err, "the service sent a conversation that is none");
    }
    SL_AUTO(str) char *clean = layout_line(ref);
    (void)snprintf(out->ref, sizeof(out->ref), "%.*s", SL_MAX_REF_BYTES, clean);
    out->last_seq = (uint32_t)last_seq;
    out->has_parent = sl_json_fixed(item, "parent", out->parent, SL_ID_BYTES, NULL) == SL_OK;
    (void)!sl_json_fixed(item, "caseworker", out->caseworker, SL_ID_BYTES, NULL);
    out->accepted = json_is_true(json_object_get(item, "accepted"));
    out->created_at = json_integer_value(json_object_get(item, "created_at"));
    out->last_at = json_integer_value(json_object_get(item, "last_at"));
    out->closed = sl_json_has(item, "closed_at");
    desk_take_reply(out, item);
    return CLI_OK;
}

/* ---- Names ---- */

/** What stands for a card in the cache: its place, and a hash of its bytes. */
static char *card_mark(const json_t *card)
{
    const char *entry = json_string_value(json_object_get(card, "entry"));
    uint8_t sum[16];

    if (entry == NULL) {
        return NULL;
    }
    (void)crypto_generichash(sum, sizeof(sum), (const uint8_t *)entry, strlen(entry), NULL, 0);
    SL_AUTO(str) char *text = sl_b64(sum, sizeof(sum));
    return sl_strf("%lld:%s", (long long)json_integer_value(json_object_get(card, "seq")), text);
}

static json_t *open_card(const struct session *s, const json_t *item,
                         const uint8_t thread[SL_ID_BYTES])
{
    SL_AUTO(buf) struct sl_buf key = {0};
    SL_AUTO(buf) struct sl_buf card = {0};
    json_t *out = NULL;

    if (sl_json_bytes(json_object_get(item, "key"), "entry", 1, SL_MAX_ENTRY_BYTES, &key, NULL) !=
            SL_OK ||
        sl_json_bytes(json_object_get(item, "card"), "entry", 1, SL_MAX_ENTRY_BYTES, &card, NULL) !=
            SL_OK ||
        e2_peek_card(s->trust, &s->seeds, thread, sl_buf_bytes(&key), sl_buf_bytes(&card), &out,
                     NULL) != SL_OK) {
        return NULL;
    }
    return out;
}

static void take_card(struct desk_thread *thread, const json_t *card)
{
    const char *parent = json_string_value(json_object_get(card, "parent"));
    const char *child = json_string_value(json_object_get(card, "child"));
    const char *ref = json_string_value(json_object_get(card, "case"));

    free(thread->parent_name);
    free(thread->child);
    thread->parent_name = layout_line(parent != NULL ? parent : "");
    thread->child = layout_line(child != NULL ? child : "");
    thread->card_differs = ref != NULL && strcasecmp(ref, thread->ref) != 0;
}

static void name_thread(const struct session *s, struct desk_thread *thread, const json_t *item,
                        json_t *cards, bool *changed)
{
    SL_AUTO(str) char *id = sl_b64(thread->thread, SL_ID_BYTES);
    SL_AUTO(str) char *mark = card_mark(json_object_get(item, "card"));
    json_t *kept = json_object_get(cards, id);
    const char *kept_mark = json_string_value(json_object_get(kept, "mark"));
    json_t *card;

    if (mark == NULL || (kept_mark != NULL && strcmp(mark, kept_mark) == 0)) {
        take_card(thread, kept);
        return;
    }
    card = open_card(s, item, thread->thread);
    if (card == NULL) {
        /* It opens when the whole conversation is read; until then the last name is as good as any.
         */
        take_card(thread, kept);
        return;
    }
    sl_json_set_str(card, "mark", mark);
    sl_json_set(cards, id, card);
    *changed = true;
    take_card(thread, card);
}

/* ---- The list ---- */

static int take_page(struct cli *cli, const json_t *answer, json_t *cards, bool *changed,
                     struct desk *desk)
{
    json_t *list = json_object_get(answer, "threads");
    size_t n = json_array_size(list);
    json_t *item;
    size_t i;

    desk->threads = sl_realloc(desk->threads, (desk->count + n + 1) * sizeof(*desk->threads));
    json_array_foreach(list, i, item)
    {
        struct desk_thread *thread = &desk->threads[desk->count];
        int rc = take_item(cli, item, thread);

        if (rc != CLI_OK) {
            return rc;
        }
        name_thread(cli->session, thread, item, cards, changed);
        desk->count++;
    }
    return CLI_OK;
}

/** Remember the list without its entries, for a day without a connection. */
static int keep(struct cli *cli, json_t *pages, const struct desk *desk, const json_t *cards,
                bool cards_changed)
{
    struct session *s = cli->session;
    SL_AUTO(json) json_t *kept = sl_json_new();
    int rc = state_lock(&s->state, &cli->fault);

    if (rc != CLI_OK) {
        return rc;
    }
    if (cards_changed) {
        rc = state_save(&s->state, "cards", cards, &cli->fault);
    }
    sl_json_set_int(kept, "at", desk->at_s);
    sl_json_set(kept, "threads", json_incref(pages));
    if (rc == CLI_OK) {
        rc = state_save(&s->state, "desk", kept, &cli->fault);
    }
    state_unlock(&s->state);
    return rc;
}

int desk_load(struct cli *cli, struct desk *out)
{
    struct session *s = cli->session;
    SL_AUTO(desk) struct desk desk = {0};
    SL_AUTO(json) json_t *cards = NULL;
    SL_AUTO(json) json_t *pages = sl_json_new_array();
    SL_AUTO(json) json_t *after = NULL;
    bool changed = false;
    int rc = state_load(&s->state, "cards", &cards, &cli->fault);

    for (bool more = true; more && rc == CLI_OK;) {
        SL_AUTO(json) json_t *answer = NULL;
        json_t *args = sl_json_new();
        json_t *item;
        size_t i;

        sl_json_set_bool(args, "cards", true);
        if (after != NULL) {
            sl_json_set(args, "after", json_incref(after));
        }
        rc = link_call(s->link, "thread.list", args, &answer, &cli->fault);
        if (rc != CLI_OK) {
            break;
        }
        rc = take_page(cli, answer, cards, &changed, &desk);
        if (desk.cursor == 0) {
            /* The first page's: what happens between the pages comes again as an event, and is
             * known by its number. */
            desk.cursor = json_integer_value(json_object_get(answer, "cursor"));
        }
        more = json_is_true(json_object_get(answer, "more"));
        json_decref(after);
        after = json_incref(json_object_get(answer, "after"));
        more = more && after != NULL;
        json_array_foreach(json_object_get(answer, "threads"), i, item)
        {
            (void)json_object_del(item, "key");
            (void)json_object_del(item, "card");
            sl_json_append(pages, json_incref(item));
        }
    }
    desk.at_s = sl_now_s(cli->clock);
    if (rc == CLI_OK) {
        rc = keep(cli, pages, &desk, cards, changed);
    }
    if (rc == CLI_OK) {
        *out = desk;
        memset(&desk, 0, sizeof(desk));
    }
    return rc;
}

int desk_load_kept(struct cli *cli, struct desk *out)
{
    struct session *s = cli->session;
    SL_AUTO(desk) struct desk desk = {0};
    SL_AUTO(json) json_t *kept = NULL;
    SL_AUTO(json) json_t *cards = NULL;
    bool changed = false;
    int rc = state_load(&s->state, "desk", &kept, &cli->fault);

    if (rc == CLI_OK) {
        rc = state_load(&s->state, "cards", &cards, &cli->fault);
    }
    if (rc == CLI_OK) {
        rc = take_page(cli, kept, cards, &changed, &desk);
    }
    if (rc == CLI_OK) {
        desk.at_s = json_integer_value(json_object_get(kept, "at"));
        *out = desk;
        memset(&desk, 0, sizeof(desk));
    }
    return rc;
}

struct desk_thread *desk_by_id(const struct desk *desk, const uint8_t thread[SL_ID_BYTES])
{
    for (size_t i = 0; i < desk->count; i++) {
        if (memcmp(desk->threads[i].thread, thread, SL_ID_BYTES) == 0) {
            return &desk->threads[i];
        }
    }
    return NULL;
}

/* ---- Finding ---- */

bool desk_ref_matches(const char *ref, const char *text)
{
    const char *dash = strrchr(ref, '-');

    if (strcasecmp(ref, text) == 0) {
        return true;
    }
    /* The number alone, without the letters before it. */
    return dash != NULL && isdigit((unsigned char)text[0]) != 0 && strcasecmp(dash + 1, text) == 0;
}

/** A case that is not among mine: somebody else's, or nobody's. */
static int not_mine(struct cli *cli, const struct desk *desk, const char *text)
{
    SL_AUTO(json) json_t *answer = NULL;
    const char **words = sl_alloc((desk->count + 1) * sizeof(*words));
    SL_AUTO(str) char *upper = sl_strdup(text);
    struct fault unused = {0};
    const char *near;
    json_t *item;
    size_t i;

    if (cli->session->link != NULL &&
        link_call(cli->session->link, "case.list", sl_json_new(), &answer, &unused) == CLI_OK) {
        json_array_foreach(json_object_get(answer, "cases"), i, item)
        {
            const char *ref = json_string_value(json_object_get(item, "ref"));
            uint8_t worker[SL_ID_BYTES];

            if (ref != NULL && desk_ref_matches(ref, text) &&
                sl_json_fixed(item, "caseworker", worker, sizeof(worker), NULL) == SL_OK &&
                memcmp(worker, cli->session->staff_id, SL_ID_BYTES) != 0) {
                free(words);
                fault_set(&cli->fault, CLI_FORBIDDEN,
                          "%s is not one of your cases. Its caseworker is %s.", ref,
                          session_name(cli->session, worker));
                return fault_next(&cli->fault, "Ask them, or your service manager.");
            }
        }
    }
    for (char *c = upper; *c != '\0'; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    for (i = 0; i < desk->count; i++) {
        const char *dash = strrchr(desk->threads[i].ref, '-');

        /* A number alone is near to a number. */
        words[i] =
            dash != NULL && isdigit((unsigned char)text[0]) != 0 ? dash + 1 : desk->threads[i].ref;
    }
    near = sl_nearest(upper, words);
    fault_set(&cli->fault, CLI_MISSING, "there is no case %.60s in your caseload.", upper);
    for (i = 0; near != NULL && i < desk->count; i++) {
        if (words[i] == near) {
            fault_next(&cli->fault, "Did you mean %s (%s)? To see all your cases: sendline cases",
                       desk->threads[i].ref, desk_name(&desk->threads[i]));
        }
    }
    if (near == NULL) {
        fault_next(&cli->fault, "To see all your cases: sendline cases");
    }
    free(words);
    return CLI_MISSING;
}

enum desk_match desk_match(const struct desk *desk, const char *text, struct desk_thread **out,
                           long *count)
{
    SL_AUTO(str) char *ref = sl_strdup(text);
    char *colon = strchr(ref, ':');
    long wanted = 0;
    bool exact = false;

    *out = NULL;
    *count = 0;
    if (colon != NULL) {
        *colon = '\0';
        wanted = strtol(colon + 1, NULL, 10);
    }
    for (size_t i = 0; i < desk->count; i++) {
        exact = exact || strcasecmp(desk->threads[i].ref, ref) == 0;
    }
    for (size_t i = 0; i < desk->count; i++) {
        struct desk_thread *at = &desk->threads[i];

        if (exact ? strcasecmp(at->ref, ref) != 0 : !desk_ref_matches(at->ref, ref)) {
            continue;
        }
        if (*out != NULL && strcmp((*out)->ref, at->ref) != 0) {
            return DESK_OTHER_CASES;
        }
        (*count)++;
        if (*out == NULL || *count == wanted) {
            *out = at;
        }
    }
    if (*out == NULL) {
        return DESK_NONE;
    }
    if (colon != NULL ? wanted >= 1 && wanted <= *count : *count == 1) {
        return DESK_ONE;
    }
    return DESK_WHICH;
}

int desk_find(struct cli *cli, const struct desk *desk, const char *text, struct desk_thread **out)
{
    SL_AUTO(str) char *ref = sl_strndup(text, strcspn(text, ":"));
    struct desk_thread *found = NULL;
    long count = 0;

    switch (desk_match(desk, text, &found, &count)) {
    case DESK_NONE:
        return not_mine(cli, desk, ref);
    case DESK_OTHER_CASES:
        fault_set(&cli->fault, CLI_USAGE, "you have more than one case of number %.60s.", ref);
        return fault_next(&cli->fault, "Write the whole reference, for example %s.", found->ref);
    case DESK_WHICH:
        fault_set(&cli->fault, CLI_USAGE, "%s has %ld conversation%s.", found->ref, count,
                  count == 1 ? "" : "s");
        return fault_next(&cli->fault,
                          "Say which: %s:1 to %s:%ld. See who they are with: sendline inbox --all",
                          found->ref, found->ref, count);
    case DESK_ONE:
        break;
    }
    if (found->card_differs) {
        cli_warn(cli,
                 "the service lists this conversation under %s, but its own card names another "
                 "case. Check the card before you write, and tell the service desk.",
                 found->ref);
    }
    *out = found;
    return CLI_OK;
}

int desk_by_due(const void *a, const void *b)
{
    const struct desk_thread *x = a;
    const struct desk_thread *y = b;
    int order;

    if ((x->due_on[0] == '\0') != (y->due_on[0] == '\0')) {
        return x->due_on[0] == '\0' ? 1 : -1;
    }
    order = strcmp(x->due_on, y->due_on);
    if (order == 0 && (x->unread > 0) != (y->unread > 0)) {
        order = x->unread > 0 ? -1 : 1;
    }
    if (order == 0 && x->waiting_since_at != y->waiting_since_at) {
        order = x->waiting_since_at < y->waiting_since_at ? -1 : 1;
    }
    return order != 0 ? order : strcmp(x->ref, y->ref);
}
