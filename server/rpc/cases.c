/* Cases: case.add, case.list. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "rpc/handler.h"
#include "rpc/post.h"

static const char label_notes[] = "sendline-notes-v1";

enum {
    ENTRIES = 2, /* the first key entry and the card */
    PAGE = 1000  /* cases in one answer */
};

struct adding {
    uint8_t case_id[SL_ID_BYTES];
    uint8_t thread_id[SL_ID_BYTES];
    const char *ref; /* borrowed from the arguments */
    char *ref_key;
    struct post *posts;
    size_t count;
};

static void free_adding(void *prepared)
{
    struct adding *a = prepared;

    for (size_t i = 0; i < a->count; i++) {
        post_fini(&a->posts[i]);
    }
    free(a->posts);
    free(a->ref_key);
    free(a);
}

/* A reference as it is written (ref may be NULL), and as it is compared: no blanks, A-Z lower. */
static enum sl_code parse_ref(const json_t *args, const char *field, const char **ref, char **key,
                              struct sl_err *err)
{
    const char *text = NULL;
    size_t len = 0;
    enum sl_code rc = sl_json_str(args, field, 1, SL_MAX_REF_BYTES, &text, err);

    if (rc != SL_OK) {
        return rc;
    }
    /* A reference goes into file names, letters and terminals: nothing that does not show. */
    SL_AUTO(str) char *clean = sl_clean(text, strlen(text));
    if (strcmp(clean, text) != 0 || strpbrk(text, "\n\t") != NULL) {
        return sl_fail(err, SL_BAD_REQUEST, "%s: characters that do not show", field);
    }
    if (text[0] == ' ' || text[strlen(text) - 1] == ' ') {
        return sl_fail(err, SL_BAD_REQUEST, "%s: blanks around it", field);
    }
    for (const char *c = text; *c != '\0'; c++) {
        if (*c != ' ') {
            clean[len++] = *c;
        }
    }
    clean[len] = '\0';
    sl_lower(clean);
    *key = sl_steal(&clean);
    if (ref != NULL) {
        *ref = text;
    }
    return SL_OK;
}

static enum sl_code parse_adding(struct rpc_call *call, struct adding *a, struct sl_err *err)
{
    enum sl_code rc = sl_json_fixed(call->args, "case", a->case_id, SL_ID_BYTES, err);

    if (rc == SL_OK) {
        rc = parse_ref(call->args, "ref", &a->ref, &a->ref_key, err);
    }
    if (rc == SL_OK) {
        rc = sl_json_fixed(call->args, "thread", a->thread_id, SL_ID_BYTES, err);
    }
    if (rc == SL_OK) {
        rc = post_parse_list(call->args, ENTRIES, &a->posts, &a->count, err);
    }
    if (rc == SL_OK && a->count != ENTRIES) {
        rc = sl_fail(err, SL_BAD_REQUEST, "entries: a key entry and a card");
    }
    for (size_t i = 0; i < a->count && rc == SL_OK; i++) {
        if (memcmp(a->posts[i].thread_id, a->thread_id, SL_ID_BYTES) != 0) {
            rc = sl_fail(err, SL_BAD_REQUEST, "entries: of another thread");
        }
    }
    return rc;
}

enum sl_code rpc_case_add_check(struct rpc_call *call, struct sl_err *err)
{
    struct adding *a = sl_alloc(sizeof(*a));

    call->prepared = a;
    call->free_prepared = free_adding;
    enum sl_code rc = parse_adding(call, a, err);
    if (rc != SL_OK) {
        return rc;
    }
    a->posts[0].types = 1U << SL_ENTRY_KEY;
    a->posts[1].types = 1U << SL_ENTRY_MESSAGE;
    a->posts[1].act = SL_ACT_CARD;
    for (size_t i = 0; i < a->count && rc == SL_OK; i++) {
        a->posts[i].author_id = call->who.account_id;
        a->posts[i].side = THREAD_STAFF;
        rc = post_check(call, &a->posts[i], err);
    }
    return rc;
}

/* The thread of a case's staff notes has this id; no family's may. */
static bool is_notes_thread(const struct adding *a)
{
    uint8_t notes[SL_ID_BYTES];
    crypto_generichash_state state;

    (void)crypto_generichash_init(&state, NULL, 0, sizeof(notes));
    (void)crypto_generichash_update(&state, (const unsigned char *)label_notes,
                                    sizeof(label_notes));
    (void)crypto_generichash_update(&state, a->case_id, SL_ID_BYTES);
    (void)crypto_generichash_final(&state, notes, sizeof(notes));
    return memcmp(notes, a->thread_id, sizeof(notes)) == 0;
}

enum known {
    KNOWN_NEW,
    KNOWN_SAME,
    KNOWN_OTHER
};

/* Is the case there already, by its id, with the same reference, caseworker and thread? */
static enum sl_code look_up(struct rpc_call *call, const struct adding *a, enum known *out,
                            struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    struct thread_state t;
    bool have_case = false;
    bool have_thread = false;
    enum sl_code rc =
        db_query(call->db, SQL_CASE_GET, &s, err, "b", a->case_id, (size_t)SL_ID_BYTES);

    if (rc == SL_OK) {
        rc = db_next(s, &have_case, err);
    }
    if (rc == SL_OK) {
        rc = thread_load(call->db, a->thread_id, &t, &have_thread, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    *out = KNOWN_OTHER;
    if (!have_case && !have_thread) {
        *out = KNOWN_NEW;
    } else if (have_case && have_thread && strcmp(db_text(s, 0), a->ref) == 0 &&
               memcmp(t.case_id, a->case_id, SL_ID_BYTES) == 0 &&
               memcmp(t.caseworker_id, call->who.account_id, SL_ID_BYTES) == 0) {
        *out = KNOWN_SAME;
    }
    return SL_OK;
}

static enum sl_code team_of_caller(struct rpc_call *call, uint8_t team_id[SL_ID_BYTES],
                                   struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;
    enum sl_code rc =
        db_query(call->db, SQL_STAFF_GET, &s, err, "b", call->who.account_id, (size_t)SL_ID_BYTES);

    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc == SL_OK && (!have || !db_fixed(s, 1, team_id, SL_ID_BYTES))) {
        return sl_fail(err, SL_FORBIDDEN, "not of a team");
    }
    return rc;
}

static enum sl_code ref_free(struct rpc_call *call, const struct adding *a, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;
    enum sl_code rc = db_query(call->db, SQL_CASE_BY_REF, &s, err, "t", a->ref_key);

    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    return rc == SL_OK && have ? sl_fail(err, SL_REF_USED, "another case has it") : rc;
}

static enum sl_code add_rows(struct rpc_call *call, const struct adding *a, struct sl_err *err)
{
    uint8_t team_id[SL_ID_BYTES];
    uint8_t link[SL_HASH_BYTES];
    enum sl_code rc = team_of_caller(call, team_id, err);

    if (rc == SL_OK) {
        rc = ref_free(call, a, err);
    }
    if (rc == SL_OK) {
        rc = db_exec(call->db, SQL_CASE_ADD, NULL, err, "bttbbi", a->case_id, (size_t)SL_ID_BYTES,
                     a->ref, a->ref_key, team_id, sizeof(team_id), call->who.account_id,
                     (size_t)SL_ID_BYTES, call->now_s);
    }
    if (rc == SL_OK) {
        sl_link_first(a->thread_id, link);
        rc = db_exec(call->db, SQL_THREAD_ADD, NULL, err, "bbib", a->thread_id, (size_t)SL_ID_BYTES,
                     a->case_id, (size_t)SL_ID_BYTES, call->now_s, link, sizeof(link));
    }
    return rc;
}

enum sl_code rpc_case_add(struct rpc_call *call, struct sl_err *err)
{
    struct adding *a = call->prepared;
    enum known known = KNOWN_NEW;
    enum sl_code rc = look_up(call, a, &known, err);

    if (rc == SL_OK && (known == KNOWN_OTHER || is_notes_thread(a))) {
        return sl_fail(err, SL_ID_USED, "the id of another case or thread");
    }
    if (rc == SL_OK && known == KNOWN_NEW) {
        rc = add_rows(call, a, err);
    }
    for (size_t i = 0; i < a->count && rc == SL_OK; i++) {
        rc = post_run(call, &a->posts[i], err);
        if (rc == SL_OK && known == KNOWN_SAME && !a->posts[i].repeated) {
            return sl_fail(err, SL_ID_USED, "the case began with other entries");
        }
    }
    if (rc == SL_OK && known == KNOWN_NEW) {
        rc = rpc_notify(call, call->who.account_id, SL_EV_THREAD_NEW, a->thread_id, 0, err);
    }
    if (rc == SL_OK) {
        sl_json_set_bytes(call->ok, "case", a->case_id, SL_ID_BYTES);
        sl_json_set_bytes(call->ok, "thread", a->thread_id, SL_ID_BYTES);
        sl_json_set(call->ok, "results", post_results(a->posts, a->count));
    }
    return rc;
}

/* ---- case.list ---- */

static enum sl_code list_threads(struct rpc_call *call, json_t *item, struct sl_bytes case_id,
                                 struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    json_t *threads = sl_json_new_array();
    bool have = false;
    enum sl_code rc =
        db_query(call->db, SQL_THREADS_OF_CASE, &s, err, "b", case_id.data, case_id.len);

    sl_json_set(item, "threads", threads);
    while (rc == SL_OK && (rc = db_next(s, &have, err)) == SL_OK && have) {
        struct sl_bytes id = db_bytes(s, 0);
        SL_AUTO(str) char *text = sl_b64(id.data, id.len);
        sl_json_append(threads, json_string(text));
    }
    return rc;
}

/* Of a colleague's case only what tells whom to ask. */
static enum sl_code list_case(struct rpc_call *call, json_t *list, const struct db_stmt *s,
                              struct sl_err *err)
{
    json_t *item = sl_json_new();
    struct sl_bytes id = db_bytes(s, 0);
    struct sl_bytes team = db_bytes(s, 2);
    struct sl_bytes caseworker = db_bytes(s, 3);

    sl_json_append(list, item);
    sl_json_set_bytes(item, "case", id.data, id.len);
    sl_json_set_str(item, "ref", db_text(s, 1));
    sl_json_set_bytes(item, "team", team.data, team.len);
    sl_json_set_bytes(item, "caseworker", caseworker.data, caseworker.len);
    sl_json_set_int(item, "created_at", db_int(s, 4));
    return caseworker.len == SL_ID_BYTES &&
                   memcmp(caseworker.data, call->who.account_id, SL_ID_BYTES) == 0
               ? list_threads(call, item, id, err)
               : SL_OK;
}

enum sl_code rpc_case_list(struct rpc_call *call, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    SL_AUTO(str) char *after = NULL;
    json_t *list = sl_json_new_array();
    size_t count = 0;
    bool have = false;
    enum sl_code rc = SL_OK;

    sl_json_set(call->ok, "cases", list);
    if (sl_json_has(call->args, "after")) {
        rc = parse_ref(call->args, "after", NULL, &after, err);
    }
    if (rc == SL_OK) {
        rc = db_query(call->db, SQL_CASES_OF_TEAM, &s, err, "bti", call->who.account_id,
                      (size_t)SL_ID_BYTES, after != NULL ? after : "", (int64_t)PAGE + 1);
    }
    while (rc == SL_OK && (rc = db_next(s, &have, err)) == SL_OK && have && count < PAGE) {
        rc = list_case(call, list, s, err);
        count++;
    }
    sl_json_set_bool(call->ok, "more", have);
    return rc;
}
