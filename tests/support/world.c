#include "support/world.h"

#include <pthread.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/json.h"
#include "common/log.h"
#include "common/text.h"
#include "support/folder.h"

enum {
    PATIENCE_S = 30,
    MESSAGE_BODY = SL_MESSAGE_BODY_MIN,
    VAULT_BYTES = 1064,
    MAX_PUSHES = 4096
};

/* What came through the port. */
struct came {
    struct came *next;
    enum {
        CAME_ANSWER,
        CAME_PUSH,
        CAME_END
    } kind;
    uint64_t conn;
    uint8_t id[SL_ID_BYTES];
    json_t *frame;
    bool becomes;
    struct rpc_identity who;
};

struct world_inside {
    char *folder;
    struct rpc_port port;
    struct rpc_env env;
    struct rpc_conn conns[WORLD_MAX_CONNS];
    size_t conn_count;
    int64_t next_id;
    struct world_hold *held;
    pthread_t closer;
    sqlite3 *look;                  /* beside the store */
    uint8_t content[SL_HASH_BYTES]; /* of all tables, when it was last looked at */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct came *first, **last; /* under the lock */
};

static void must(bool ok, const char *what, const char *detail)
{
    if (!ok) {
        (void)fprintf(stderr, "world: %s: %s\n", what, detail);
        abort();
    }
}

static void must_ok(enum sl_code rc, const char *what, const struct sl_err *err)
{
    must(rc == SL_OK, what, err->detail);
}

/* ---- The port ---- */

static void come(struct world_inside *in, struct came *take)
{
    (void)pthread_mutex_lock(&in->lock);
    *in->last = take;
    in->last = &take->next;
    (void)pthread_cond_broadcast(&in->wake);
    (void)pthread_mutex_unlock(&in->lock);
}

static json_t *parse_taken(char *take_text, size_t len)
{
    SL_AUTO(str) char *text = take_text;
    json_t *frame = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);

    must(frame != NULL, "a frame is not JSON", text);
    return frame;
}

static void port_reply(void *ctx, int loop, uint64_t conn, char *take_frame, size_t len,
                       const struct rpc_identity *who)
{
    struct came *c = sl_alloc(sizeof *c);

    (void)loop;
    c->kind = CAME_ANSWER;
    c->conn = conn;
    c->frame = parse_taken(take_frame, len);
    c->becomes = who != NULL;
    if (who != NULL) {
        c->who = *who;
    }
    come(ctx, c);
}

static void port_push(void *ctx, const uint8_t account_id[SL_ID_BYTES], char *take_frame,
                      size_t len)
{
    struct came *c = sl_alloc(sizeof *c);

    c->kind = CAME_PUSH;
    memcpy(c->id, account_id, SL_ID_BYTES);
    c->frame = parse_taken(take_frame, len);
    come(ctx, c);
}

static void port_end(void *ctx, const uint8_t session_id[SL_ID_BYTES], uint64_t except,
                     char *take_frame, size_t len)
{
    struct came *c = sl_alloc(sizeof *c);

    c->kind = CAME_END;
    c->conn = except;
    memcpy(c->id, session_id, SL_ID_BYTES);
    c->frame = parse_taken(take_frame, len);
    come(ctx, c);
}

static void free_came(struct came *c)
{
    json_decref(c->frame);
    free(c);
}

/* Take the first that fits out of the list. Under the lock. */
static struct came *take_fitting(struct world_inside *in,
                                 bool (*fits)(const struct came *c, const void *what),
                                 const void *what)
{
    for (struct came **at = &in->first; *at != NULL; at = &(*at)->next) {
        struct came *c = *at;
        if (fits(c, what)) {
            *at = c->next;
            if (in->last == &c->next) {
                in->last = at;
            }
            return c;
        }
    }
    return NULL;
}

/* ---- Making a world ---- */

static void open_all(struct world *w)
{
    struct world_inside *in = w->inside;
    struct sl_err err = {.code = SL_OK};
    struct store_options store = {.path = w->path, .readers = 2, .clock = &w->clock.clock};
    struct auth_options auth = {
        .clock = &w->clock.clock,
        .rand = &w->rand.rand,
        .tries_per_5_minutes = w->config->sign_ins_per_5_minutes,
        .peer_tries_per_5_minutes = w->config->sign_ins_per_address_per_5_minutes,
    };

    must_ok(store_open(&store, &w->store, &err), "store_open", &err);
    w->auth = auth_new(&auth);
    in->env = (struct rpc_env){
        .config = w->config,
        .clock = &w->clock.clock,
        .rand = &w->rand.rand,
        .auth = w->auth,
        .seal = w->seal,
    };
    must_ok(rpc_new(&in->env, w->store, &in->port, &w->rpc, &err), "rpc_new", &err);
    must(sqlite3_open(w->path, &in->look) == SQLITE_OK, "open beside", w->path);
    (void)sqlite3_busy_timeout(in->look, 5000);
}

static void close_all(struct world *w)
{
    (void)sqlite3_close(w->inside->look);
    store_close(w->store);
    rpc_free(w->rpc);
    auth_free(w->auth);
}

struct world *world_new(void)
{
    struct world *w = sl_alloc(sizeof *w);
    struct world_inside *in = sl_alloc(sizeof *in);
    struct sl_err err = {.code = SL_OK};
    uint8_t hash[SL_HASH_BYTES];

    must(sodium_init() >= 0, "libsodium", "cannot start");
    sl_log_set_level(SL_LOG_ERROR);
    w->inside = in;
    in->folder = folder_new();
    in->port = (struct rpc_port){in, port_reply, port_push, port_end};
    in->last = &in->first;
    (void)pthread_mutex_init(&in->lock, NULL);
    (void)pthread_cond_init(&in->wake, NULL);
    w->path = folder_file(in->folder, "sendline.db");
    w->config = config_defaults();
    /* The clock stands still, so nothing spent comes back. */
    w->config->calls_burst = 1000000;
    sl_fake_clock_init(&w->clock, WORLD_START_S);
    sl_fake_rand_init(&w->rand, 1);
    SL_AUTO(str) char *key = folder_file(in->folder, "outside.key");
    must_ok(seal_make_file(key, &w->rand.rand, &err), "seal_make_file", &err);
    must_ok(seal_open_file(key, &w->rand.rand, &w->seal, &err), "seal_open_file", &err);
    open_all(w);
    auth_setup_token_hash("token", hash);
    SL_AUTO(str) char *hex = sl_hex(hash, sizeof hash);
    SL_AUTO(str)
    char *sql = sl_strf("INSERT INTO setting (key, value) VALUES ('setup_token_hash', x'%s')", hex);
    world_sql(w, sql);
    return w;
}

void world_free(struct world *w)
{
    if (w == NULL) {
        return;
    }
    close_all(w);
    while (w->inside->first != NULL) {
        struct came *c = w->inside->first;
        w->inside->first = c->next;
        free_came(c);
    }
    seal_free(w->seal);
    config_free(w->config);
    sl_roster_free(&w->roster);
    folder_remove(w->inside->folder);
    free(w->path);
    free(w->inside);
    free(w);
}

void world_restart(struct world *w)
{
    close_all(w);
    open_all(w);
}

void world_advance(struct world *w, int64_t seconds)
{
    sl_fake_clock_advance(&w->clock, seconds * 1000);
}

void world_fill(struct world *w, void *out, size_t n)
{
    sl_rand_fill(&w->rand.rand, out, n);
}

static void make_sign(struct world *w, uint8_t pk[SL_PK_BYTES], uint8_t sk[64])
{
    uint8_t seed[32];

    world_fill(w, seed, sizeof seed);
    (void)crypto_sign_seed_keypair(pk, sk, seed);
}

static void make_box(struct world *w, uint8_t pk[SL_PK_BYTES])
{
    uint8_t seed[32];
    uint8_t sk[32];

    world_fill(w, seed, sizeof seed);
    (void)crypto_box_seed_keypair(pk, sk, seed);
}

/* ---- Founding ---- */

static void add_holder(struct world *w, json_t *holders, const struct sl_holder *holder)
{
    SL_AUTO(buf) struct sl_buf bytes = {0};

    sl_holder_put(&bytes, holder);
    struct sl_roster_row *row = &w->roster.rows[w->roster.row_count++];
    sl_holder_hash(bytes.data, bytes.len, row->holder_hash);
    row->ended = 0;
    sl_json_append(holders, world_b64(bytes.data, bytes.len));
}

static void make_people(struct world *w, json_t *holders)
{
    for (size_t i = 0; i < WORLD_TEAMS; i++) {
        struct sl_holder h = {.kind = SL_HOLDER_TEAM, .generation = 1};
        world_fill(w, w->teams[i].id, SL_ID_BYTES);
        make_box(w, w->teams[i].box_pk);
        memcpy(h.id, w->teams[i].id, SL_ID_BYTES);
        memcpy(h.box_pk, w->teams[i].box_pk, SL_PK_BYTES);
        (void)snprintf(h.name, sizeof h.name, "Team %zu", i + 1);
        add_holder(w, holders, &h);
    }
    struct sl_holder records = {.kind = SL_HOLDER_RECORDS, .generation = 1, .name = "Records"};
    world_fill(w, w->records.id, SL_ID_BYTES);
    make_box(w, w->records.box_pk);
    memcpy(records.id, w->records.id, SL_ID_BYTES);
    memcpy(records.box_pk, w->records.box_pk, SL_PK_BYTES);
    add_holder(w, holders, &records);
    for (size_t i = 0; i < WORLD_STAFF; i++) {
        struct sl_holder h = {.kind = SL_HOLDER_STAFF, .generation = 1};
        struct world_person *p = &w->staff[i];
        world_fill(w, p->id, SL_ID_BYTES);
        make_sign(w, p->sign_pk, p->sign_sk);
        make_box(w, p->box_pk);
        memcpy(h.id, p->id, SL_ID_BYTES);
        memcpy(h.sign_pk, p->sign_pk, SL_PK_BYTES);
        memcpy(h.box_pk, p->box_pk, SL_PK_BYTES);
        (void)snprintf(h.name, sizeof h.name, "Caseworker %zu", i + 1);
        add_holder(w, holders, &h);
    }
}

static const struct world_holder *team_of(const struct world *w, size_t staff)
{
    return &w->teams[staff < 2 ? 0 : 1];
}

json_t *world_founding(struct world *w)
{
    SL_AUTO(buf) struct sl_buf bytes = {0};
    json_t *holders = sl_json_new_array();
    json_t *staff = sl_json_new_array();
    json_t *seeds = sl_json_new_array();
    uint8_t signature[SL_SIG_BYTES];

    sl_roster_free(&w->roster);
    w->roster.serial = 1;
    w->roster.issued_at = WORLD_START_S;
    w->roster.expires_at = WORLD_START_S + 90 * INT64_C(86400);
    w->roster.root_count = 1;
    w->roster.rows = sl_alloc(16 * sizeof *w->roster.rows);
    make_sign(w, w->roster.roots[0], w->root_sk);
    make_people(w, holders);
    sl_roster_put(&bytes, &w->roster);
    (void)crypto_generichash(w->roster.hash, SL_HASH_BYTES, bytes.data, bytes.len, NULL, 0);
    (void)crypto_sign_detached(signature, NULL, bytes.data, bytes.len, w->root_sk);
    sl_buf_put(&bytes, signature, sizeof signature);
    for (size_t i = 0; i < WORLD_STAFF; i++) {
        const struct world_holder *team = team_of(w, i);
        sl_json_append(staff, world_args("staff", world_b64(w->staff[i].id, SL_ID_BYTES), "role",
                                         json_string(i == 0 ? "manager" : "caseworker"), "team",
                                         world_b64(team->id, SL_ID_BYTES), NULL));
        sl_json_append(seeds,
                       world_args("team", world_b64(team->id, SL_ID_BYTES), "generation",
                                  json_integer(1), "staff", world_b64(w->staff[i].id, SL_ID_BYTES),
                                  "sealed", world_random(w, SL_SEALED_KEY_BYTES), NULL));
    }
    return world_args("roster", world_b64(bytes.data, bytes.len), "holders", holders, "staff",
                      staff, "team_seeds", seeds, NULL);
}

struct world *world_founded(void)
{
    struct world *w = world_new();
    json_t *args = world_founding(w);

    sl_json_set_str(args, "token", "token");
    json_decref(world_ok(w, world_connect(w, RPC_STAFF_LISTENER), "service.init", args));
    return w;
}

/* ---- Connections ---- */

struct rpc_conn *world_connect(struct world *w, enum rpc_listener listener)
{
    struct world_inside *in = w->inside;

    must(in->conn_count < WORLD_MAX_CONNS, "connections", "too many");
    struct rpc_conn *conn = &in->conns[in->conn_count++];
    rpc_conn_init(w->rpc, conn, in->conn_count, 0, listener, "192.0.2.1");
    return conn;
}

struct rpc_conn *world_connect_with(struct world *w, const char *cookie)
{
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);

    (void)snprintf(conn->cookie_token, sizeof conn->cookie_token, "%s", cookie);
    return conn;
}

static bool fits_answer(const struct came *c, const void *what)
{
    const struct rpc_conn *conn = what;

    return c->kind == CAME_ANSWER && c->conn == conn->id;
}

static bool wait_more(struct world_inside *in, const struct timespec *until)
{
    return pthread_cond_timedwait(&in->wake, &in->lock, until) == 0;
}

static struct timespec patience(void)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    return until;
}

/* What the loop does with an answer. */
static json_t *deliver(struct rpc_conn *conn, struct came *c)
{
    json_t *frame = json_incref(c->frame);

    rpc_conn_answered(conn, c->becomes ? &c->who : NULL);
    free_came(c);
    return frame;
}

json_t *world_next(struct world *w, struct rpc_conn *conn)
{
    struct world_inside *in = w->inside;

    (void)pthread_mutex_lock(&in->lock);
    struct came *c = take_fitting(in, fits_answer, conn);
    (void)pthread_mutex_unlock(&in->lock);
    return c != NULL ? deliver(conn, c) : NULL;
}

struct wanted {
    uint64_t conn;
    int64_t id;
};

static bool fits_id(const struct came *c, const void *what)
{
    const struct wanted *wanted = what;

    return c->kind == CAME_ANSWER && c->conn == wanted->conn &&
           json_integer_value(json_object_get(c->frame, "id")) == wanted->id;
}

json_t *world_answer(struct world *w, struct rpc_conn *conn, int64_t id)
{
    struct world_inside *in = w->inside;
    const struct wanted wanted = {.conn = conn->id, .id = id};
    const struct timespec until = patience();
    struct came *c = NULL;

    (void)pthread_mutex_lock(&in->lock);
    while ((c = take_fitting(in, fits_id, &wanted)) == NULL && wait_more(in, &until)) {
    }
    (void)pthread_mutex_unlock(&in->lock);
    must(c != NULL, "no answer", "in time");
    return deliver(conn, c);
}

bool world_frame(struct world *w, struct rpc_conn *conn, const char *text, size_t len)
{
    return rpc_frame(w->rpc, conn, text, len);
}

int64_t world_send(struct world *w, struct rpc_conn *conn, const char *name, json_t *take_args)
{
    SL_AUTO(json) json_t *frame = sl_json_new();
    int64_t id = ++w->inside->next_id;
    size_t len = 0;

    sl_json_set_int(frame, "id", id);
    sl_json_set_str(frame, "call", name);
    if (take_args != NULL) {
        sl_json_set(frame, "args", take_args);
    }
    SL_AUTO(str) char *text = sl_json_text(frame, &len);
    (void)world_frame(w, conn, text, len);
    return id;
}

json_t *world_call(struct world *w, struct rpc_conn *conn, const char *name, json_t *take_args)
{
    return world_answer(w, conn, world_send(w, conn, name, take_args));
}

const char *world_code(const json_t *frame)
{
    const char *code = json_string_value(json_object_get(json_object_get(frame, "error"), "code"));

    return json_object_get(frame, "ok") != NULL ? "ok" : sl_code_name(sl_code_of(code));
}

json_t *world_ok(struct world *w, struct rpc_conn *conn, const char *name, json_t *take_args)
{
    SL_AUTO(json) json_t *frame = world_call(w, conn, name, take_args);
    json_t *ok = json_object_get(frame, "ok");

    if (ok == NULL) {
        SL_AUTO(str) char *text = sl_json_text(frame, NULL);
        must(false, name, text);
    }
    return json_incref(ok);
}

const char *world_try(struct world *w, struct rpc_conn *conn, const char *name, json_t *take_args)
{
    SL_AUTO(json) json_t *frame = world_call(w, conn, name, take_args);

    return world_code(frame);
}

struct inside_answer {
    struct world_inside *in;
    json_t *answer; /* under the lock */
};

static void on_inside(void *ctx, json_t *take_answer)
{
    struct inside_answer *a = ctx;

    (void)pthread_mutex_lock(&a->in->lock);
    a->answer = take_answer;
    (void)pthread_cond_broadcast(&a->in->wake);
    (void)pthread_mutex_unlock(&a->in->lock);
}

json_t *world_inside_call(struct world *w, const char *name, json_t *take_args)
{
    struct inside_answer a = {.in = w->inside};
    const struct timespec until = patience();

    rpc_internal(w->rpc, name, take_args, "192.0.2.1", on_inside, &a);
    (void)pthread_mutex_lock(&a.in->lock);
    while (a.answer == NULL && wait_more(a.in, &until)) {
    }
    (void)pthread_mutex_unlock(&a.in->lock);
    must(a.answer != NULL, "no answer from inside", name);
    return a.answer;
}

/* ---- A busy reader, a store that stops ---- */

struct world_hold {
    struct store_job job; /* first, so that the job is the hold */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool reached;
    bool go;
    bool over;
};

static void tell(struct world_hold *hold, bool *what)
{
    (void)pthread_mutex_lock(&hold->lock);
    *what = true;
    (void)pthread_cond_broadcast(&hold->wake);
    (void)pthread_mutex_unlock(&hold->lock);
}

static void wait_for(struct world_hold *hold, const bool *what)
{
    (void)pthread_mutex_lock(&hold->lock);
    while (!*what) {
        (void)pthread_cond_wait(&hold->wake, &hold->lock);
    }
    (void)pthread_mutex_unlock(&hold->lock);
}

static enum sl_code hold_run(struct store_job *job, struct db *db, struct sl_err *err)
{
    struct world_hold *hold = (struct world_hold *)(void *)job;

    (void)db;
    (void)err;
    tell(hold, &hold->reached);
    wait_for(hold, &hold->go);
    return SL_OK;
}

static void hold_done(struct store_job *job, enum sl_code code, const struct sl_err *err)
{
    struct world_hold *hold = (struct world_hold *)(void *)job;

    (void)code;
    (void)err;
    tell(hold, &hold->over);
}

struct world_hold *world_hold(struct world *w, uint64_t lane)
{
    struct world_hold *hold = sl_alloc(sizeof *hold);
    struct sl_err err = {.code = SL_OK};

    (void)pthread_mutex_init(&hold->lock, NULL);
    (void)pthread_cond_init(&hold->wake, NULL);
    hold->job = (struct store_job){.lane = (uint32_t)lane, .run = hold_run, .done = hold_done};
    must_ok(store_submit(w->store, &hold->job, &err), "hold", &err);
    wait_for(hold, &hold->reached);
    return hold;
}

void world_release(struct world_hold *take_hold)
{
    tell(take_hold, &take_hold->go);
    wait_for(take_hold, &take_hold->over);
    (void)pthread_mutex_destroy(&take_hold->lock);
    (void)pthread_cond_destroy(&take_hold->wake);
    free(take_hold);
}

static void *close_store(void *ctx)
{
    store_close(((struct world *)ctx)->store);
    return NULL;
}

void world_begin_stop(struct world *w)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);
    bool stopping = false;

    /* On the other reader than the connection's, so that this one answers. */
    w->inside->held = world_hold(w, conn->id + 1);
    must(pthread_create(&w->inside->closer, NULL, close_store, w) == 0, "close", "no thread");
    for (int i = 0; i < 10000 && !stopping; i++) {
        stopping = strcmp(world_try(w, conn, "service.info", NULL), "stopping") == 0;
        (void)nanosleep(&moment, NULL);
    }
    must(stopping, "close", "never begins");
}

void world_end_stop(struct world *w)
{
    world_release(w->inside->held);
    (void)pthread_join(w->inside->closer, NULL);
    w->store = NULL;
}

/* ---- What is over ---- */

struct last {
    struct store_job job;
    struct world_inside *in;
    bool over; /* under the lock */
};

static enum sl_code last_run(struct store_job *job, struct db *db, struct sl_err *err)
{
    (void)job;
    (void)db;
    (void)err;
    return SL_OK;
}

static void last_done(struct store_job *job, enum sl_code code, const struct sl_err *err)
{
    struct last *last = (struct last *)(void *)job;

    (void)code;
    (void)err;
    (void)pthread_mutex_lock(&last->in->lock);
    last->over = true;
    (void)pthread_cond_broadcast(&last->in->wake);
    (void)pthread_mutex_unlock(&last->in->lock);
}

/* Behind everything of both readers, and so behind everything in the writer. */
void world_settle(struct world *w)
{
    const struct timespec until = patience();
    struct last lasts[2];

    for (uint32_t lane = 0; lane < 2; lane++) {
        struct last *last = &lasts[lane];
        struct sl_err err = {.code = SL_OK};
        *last = (struct last){.in = w->inside};
        last->job =
            (struct store_job){.lane = lane, .writes = true, .run = last_run, .done = last_done};
        must_ok(store_submit(w->store, &last->job, &err), "settle", &err);
        (void)pthread_mutex_lock(&w->inside->lock);
        while (!last->over && wait_more(w->inside, &until)) {
        }
        bool over = last->over;
        (void)pthread_mutex_unlock(&w->inside->lock);
        must(over, "settle", "never");
    }
}

struct wanted_id {
    int kind;
    const uint8_t *id;
};

static bool fits_kind(const struct came *c, const void *what)
{
    const struct wanted_id *wanted = what;

    return (int)c->kind == wanted->kind && memcmp(c->id, wanted->id, SL_ID_BYTES) == 0;
}

static struct came *take_kind(struct world *w, int kind, const uint8_t id[SL_ID_BYTES])
{
    const struct wanted_id wanted = {.kind = kind, .id = id};

    (void)pthread_mutex_lock(&w->inside->lock);
    struct came *c = take_fitting(w->inside, fits_kind, &wanted);
    (void)pthread_mutex_unlock(&w->inside->lock);
    return c;
}

json_t *world_pushes(struct world *w, const uint8_t account_id[SL_ID_BYTES])
{
    json_t *list = sl_json_new_array();
    struct came *c = NULL;

    world_settle(w);
    while ((c = take_kind(w, CAME_PUSH, account_id)) != NULL) {
        sl_json_append(list, json_incref(c->frame));
        free_came(c);
    }
    return list;
}

size_t world_ends(struct world *w, const uint8_t session_id[SL_ID_BYTES])
{
    struct came *c = NULL;
    size_t count = 0;

    world_settle(w);
    while ((c = take_kind(w, CAME_END, session_id)) != NULL) {
        count++;
        free_came(c);
    }
    return count;
}

int64_t world_number(struct world *w, const char *statement)
{
    sqlite3_stmt *s = NULL;

    must(sqlite3_prepare_v2(w->inside->look, statement, -1, &s, NULL) == SQLITE_OK &&
             sqlite3_step(s) == SQLITE_ROW,
         statement, sqlite3_errmsg(w->inside->look));
    int64_t n = sqlite3_column_int64(s, 0);
    (void)sqlite3_finalize(s);
    return n;
}

void world_sql(struct world *w, const char *statement)
{
    must(sqlite3_exec(w->inside->look, statement, NULL, NULL, NULL) == SQLITE_OK, statement,
         sqlite3_errmsg(w->inside->look));
}

static void hash_rows(sqlite3 *db, const char *table, crypto_generichash_state *state)
{
    SL_AUTO(str) char *sql = sl_strf("SELECT * FROM %s", table);
    sqlite3_stmt *s = NULL;

    must(sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK, sql, sqlite3_errmsg(db));
    while (sqlite3_step(s) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(s); i++) {
            const void *bytes = sqlite3_column_blob(s, i);
            const int len[2] = {sqlite3_column_type(s, i), sqlite3_column_bytes(s, i)};
            (void)crypto_generichash_update(state, (const void *)len, sizeof len);
            if (bytes != NULL) {
                (void)crypto_generichash_update(state, bytes, (unsigned long long)len[1]);
            }
        }
    }
    (void)sqlite3_finalize(s);
}

bool world_wrote(struct world *w)
{
    sqlite3 *db = w->inside->look;
    crypto_generichash_state state;
    uint8_t now[SL_HASH_BYTES];
    sqlite3_stmt *s = NULL;

    world_settle(w);
    (void)crypto_generichash_init(&state, NULL, 0, sizeof now);
    must(sqlite3_prepare_v2(db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
                            -1, &s, NULL) == SQLITE_OK,
         "tables", sqlite3_errmsg(db));
    while (sqlite3_step(s) == SQLITE_ROW) {
        hash_rows(db, (const char *)sqlite3_column_text(s, 0), &state);
    }
    (void)sqlite3_finalize(s);
    (void)crypto_generichash_final(&state, now, sizeof now);
    bool wrote = memcmp(now, w->inside->content, sizeof now) != 0;
    memcpy(w->inside->content, now, sizeof now);
    return wrote;
}

/* ---- Arguments ---- */

json_t *world_args(const char *name, ...)
{
    json_t *args = sl_json_new();
    va_list list;

    va_start(list, name);
    for (; name != NULL; name = va_arg(list, const char *)) {
        sl_json_set(args, name, va_arg(list, json_t *));
    }
    va_end(list);
    return args;
}

json_t *world_b64(const void *data, size_t len)
{
    SL_AUTO(str) char *text = sl_b64(data, len);

    return json_string(text);
}

json_t *world_random(struct world *w, size_t n)
{
    SL_AUTO(buf) struct sl_buf bytes = {0};

    sl_buf_reserve(&bytes, n);
    world_fill(w, bytes.data, n);
    return world_b64(bytes.data, n);
}

void world_sign_in(struct world *w, struct rpc_conn *conn, json_t *args, uint8_t purpose,
                   const uint8_t sk[64], const uint8_t extra[32])
{
    SL_AUTO(json) json_t *ok = world_ok(w, conn, "auth.challenge", NULL);
    SL_AUTO(buf) struct sl_buf text = {0};
    uint8_t challenge[32];
    uint8_t signature[SL_SIG_BYTES];
    struct sl_err err = {.code = SL_OK};

    must_ok(sl_json_fixed(ok, "challenge", challenge, sizeof challenge, &err), "challenge", &err);
    sl_auth_signed_put(&text, purpose, "localhost", challenge, extra);
    (void)crypto_sign_detached(signature, NULL, text.data, text.len, sk);
    sl_json_set_bytes(args, "challenge", challenge, sizeof challenge);
    sl_json_set_bytes(args, "signature", signature, sizeof signature);
}

struct rpc_conn *world_staff(struct world *w, size_t i)
{
    struct rpc_conn *conn = world_connect(w, RPC_STAFF_LISTENER);
    json_t *args = world_args("staff", world_b64(w->staff[i].id, SL_ID_BYTES), NULL);

    world_sign_in(w, conn, args, 2, w->staff[i].sign_sk, NULL);
    json_decref(world_ok(w, conn, "auth.staff", args));
    return conn;
}

struct rpc_conn *world_parent(struct world *w, const struct world_person *parent)
{
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);
    json_t *args = world_args("address", json_string(parent->address), NULL);

    world_sign_in(w, conn, args, 1, parent->auth_sk, NULL);
    json_decref(world_ok(w, conn, "auth.parent", args));
    return conn;
}

/* ---- Entries ---- */

struct sl_header world_header(struct world *w, const struct world_thread *t,
                              const struct world_person *author, enum sl_entry_type type)
{
    struct sl_header h = {
        .version = 1,
        .type = (uint8_t)type,
        .sent_at = (uint64_t)sl_now_s(&w->clock.clock),
        .generation = t->generation + (type == SL_ENTRY_KEY ? 1 : 0),
        .prev_seq = t->seq,
    };

    memcpy(h.thread_id, t->id, SL_ID_BYTES);
    memcpy(h.author_id, author->id, SL_ID_BYTES);
    world_fill(w, h.entry_id, SL_ID_BYTES);
    memcpy(h.prev_link, t->link, SL_HASH_BYTES);
    return h;
}

void world_sign(const struct sl_header *header, const void *body, size_t len,
                const struct world_person *author, struct sl_buf *out)
{
    SL_AUTO(buf) struct sl_buf text = {0};
    uint8_t signature[SL_SIG_BYTES];

    sl_header_put(out, header);
    sl_entry_signed_put(&text, out->data, body, len);
    (void)crypto_sign_detached(signature, NULL, text.data, text.len, author->sign_sk);
    sl_buf_put(out, body, len);
    sl_buf_put(out, signature, sizeof signature);
}

void world_message(struct world *w, const struct world_thread *t, const struct world_person *author,
                   struct sl_buf *out)
{
    struct sl_header h = world_header(w, t, author, SL_ENTRY_MESSAGE);
    uint8_t body[MESSAGE_BODY];

    world_fill(w, body, sizeof body);
    world_sign(&h, body, sizeof body, author, out);
}

static void add_grant(struct world *w, struct sl_key_body *body, enum sl_holder_kind kind,
                      const uint8_t id[SL_ID_BYTES], uint32_t generation,
                      const uint8_t box_pk[SL_PK_BYTES])
{
    struct sl_grant *g = &body->grants[body->grant_count++];

    g->kind = (uint8_t)kind;
    g->holder_generation = generation;
    memcpy(g->holder_id, id, SL_ID_BYTES);
    memcpy(g->box_pk, box_pk, SL_PK_BYTES);
    world_fill(w, g->sealed, sizeof g->sealed);
}

struct sl_key_body world_key_body(struct world *w, const struct world_thread *t)
{
    struct sl_key_body body = {.roster_serial = w->roster.serial};

    memcpy(body.roster_hash, w->roster.hash, SL_HASH_BYTES);
    world_fill(w, body.key_id, sizeof body.key_id);
    if (t->generation > 0) {
        world_fill(w, body.previous, sizeof body.previous);
    }
    add_grant(w, &body, SL_HOLDER_TEAM, t->team->id, 1, t->team->box_pk);
    add_grant(w, &body, SL_HOLDER_RECORDS, w->records.id, 1, w->records.box_pk);
    if (t->keys_seq != 0) {
        add_grant(w, &body, SL_HOLDER_PARENT, t->parent->id, t->keys_seq, t->parent->box_pk);
    }
    return body;
}

void world_key_entry(struct world *w, const struct world_thread *t,
                     const struct world_person *author, struct sl_buf *out)
{
    struct sl_header h = world_header(w, t, author, SL_ENTRY_KEY);
    struct sl_key_body body = world_key_body(w, t);
    SL_AUTO(buf) struct sl_buf bytes = {0};

    sl_key_body_put(&bytes, &body);
    world_sign(&h, bytes.data, bytes.len, author, out);
}

void world_invite_entry(struct world *w, const struct world_thread *t,
                        const struct world_person *author, const struct world_invite *invite,
                        struct sl_buf *out)
{
    struct sl_header h = world_header(w, t, author, SL_ENTRY_INVITE);
    struct sl_invite_body body = {.expires_at = (uint64_t)invite->expires_at};
    SL_AUTO(buf) struct sl_buf bytes = {0};

    memcpy(body.invite_id, invite->id, SL_ID_BYTES);
    memcpy(body.parent_id, invite->parent_id, SL_ID_BYTES);
    memcpy(body.accept_pk, invite->accept_pk, SL_PK_BYTES);
    sl_invite_body_put(&bytes, &body);
    world_sign(&h, bytes.data, bytes.len, author, out);
}

void world_keys_entry(struct world *w, const struct world_thread *t,
                      const struct world_person *parent, const struct world_invite *invite,
                      struct sl_buf *out)
{
    struct sl_header h = world_header(w, t, parent, SL_ENTRY_KEYS);
    struct sl_keys_body body = {.by = t->invite_seq};
    SL_AUTO(buf) struct sl_buf proof = {0};
    SL_AUTO(buf) struct sl_buf bytes = {0};

    memcpy(body.sign_pk, parent->sign_pk, SL_PK_BYTES);
    memcpy(body.box_pk, parent->box_pk, SL_PK_BYTES);
    sl_keys_proof_put(&proof, t->id, parent->id, &body);
    (void)crypto_sign_detached(body.proof, NULL, proof.data, proof.len, invite->accept_sk);
    sl_keys_body_put(&bytes, &body);
    world_sign(&h, bytes.data, bytes.len, parent, out);
}

void world_took(struct world_thread *t, const struct sl_buf *entry)
{
    struct sl_entry e;
    uint8_t body_hash[SL_HASH_BYTES];
    uint8_t digest[SL_HASH_BYTES];
    struct sl_err err = {.code = SL_OK};

    must_ok(sl_entry_parse(entry->data, entry->len, &e, &err), "an entry of ours", &err);
    sl_body_hash(&e, body_hash);
    sl_digest(e.header_bytes.data, body_hash, digest);
    t->seq++;
    sl_link_next(t->id, t->seq, t->link, digest, t->link);
    t->generation = e.header.generation;
    t->invite_seq = e.header.type == SL_ENTRY_INVITE ? t->seq : t->invite_seq;
    t->keys_seq = e.header.type == SL_ENTRY_KEYS ? t->seq : t->keys_seq;
}

json_t *world_entry_args(const struct world_thread *t, const struct sl_buf *entry)
{
    return world_args("thread", world_b64(t->id, SL_ID_BYTES), "entry",
                      world_b64(entry->data, entry->len), NULL);
}

json_t *world_post_args(const struct world_thread *t, const struct sl_buf *entry, const char *act)
{
    json_t *args = world_entry_args(t, entry);

    if (act != NULL) {
        sl_json_set_str(args, "act", act);
    }
    return args;
}

void world_post(struct world *w, struct rpc_conn *conn, struct world_thread *t,
                const struct world_person *author, const char *act)
{
    SL_AUTO(buf) struct sl_buf entry = {0};

    world_message(w, t, author, &entry);
    json_decref(world_ok(w, conn, "entry.post", world_post_args(t, &entry, act)));
    world_took(t, &entry);
}

/* ---- Families ---- */

static json_t *one_entry(const struct world_thread *t, const struct sl_buf *entry)
{
    json_t *list = sl_json_new_array();

    sl_json_append(list, world_entry_args(t, entry));
    return list;
}

json_t *world_case_args(struct world *w, struct world_thread *t, const struct world_person *staff,
                        const char *ref)
{
    SL_AUTO(buf) struct sl_buf key = {0};
    SL_AUTO(buf) struct sl_buf card = {0};

    *t = (struct world_thread){.team = team_of(w, (size_t)(staff - w->staff))};
    world_fill(w, t->id, SL_ID_BYTES);
    world_fill(w, t->case_id, SL_ID_BYTES);
    sl_link_first(t->id, t->link);
    world_key_entry(w, t, staff, &key);
    json_t *entries = one_entry(t, &key);
    world_took(t, &key);
    world_message(w, t, staff, &card);
    sl_json_append(entries, world_entry_args(t, &card));
    world_took(t, &card);
    return world_args("case", world_b64(t->case_id, SL_ID_BYTES), "ref", json_string(ref), "thread",
                      world_b64(t->id, SL_ID_BYTES), "entries", entries, NULL);
}

void world_case(struct world *w, struct rpc_conn *conn, const struct world_person *staff,
                const char *ref, struct world_thread *out)
{
    json_decref(world_ok(w, conn, "case.add", world_case_args(w, out, staff, ref)));
}

struct world_person world_new_parent(struct world *w)
{
    struct world_person p = {0};

    world_fill(w, p.id, SL_ID_BYTES);
    make_sign(w, p.sign_pk, p.sign_sk);
    make_box(w, p.box_pk);
    make_sign(w, p.auth_pk, p.auth_sk);
    SL_AUTO(str) char *name = sl_hex(p.id, 4);
    (void)snprintf(p.address, sizeof p.address, "parent-%s@families.example", name);
    return p;
}

struct world_invite world_new_invite(struct world *w, const struct world_person *parent)
{
    struct world_invite invite = {.expires_at = sl_now_s(&w->clock.clock) + 14 * INT64_C(86400)};

    world_fill(w, invite.id, SL_ID_BYTES);
    memcpy(invite.parent_id, parent->id, SL_ID_BYTES);
    make_sign(w, invite.accept_pk, invite.accept_sk);
    return invite;
}

json_t *world_make_args(struct world *w, struct world_thread *t, const struct world_person *staff,
                        const struct world_invite *invite)
{
    SL_AUTO(buf) struct sl_buf entry = {0};

    world_invite_entry(w, t, staff, invite, &entry);
    json_t *entries = one_entry(t, &entry);
    world_took(t, &entry);
    return world_args("invite", world_b64(invite->id, SL_ID_BYTES), "parent",
                      world_b64(invite->parent_id, SL_ID_BYTES), "accept_pk",
                      world_b64(invite->accept_pk, SL_PK_BYTES), "expires_at",
                      json_integer(invite->expires_at), "parcel", world_random(w, VAULT_BYTES),
                      "entries", entries, NULL);
}

struct world_invite world_invite(struct world *w, struct rpc_conn *conn,
                                 const struct world_person *staff, struct world_thread *t,
                                 const struct world_person *parent)
{
    struct world_invite invite = world_new_invite(w, parent);

    json_decref(world_ok(w, conn, "invite.make", world_make_args(w, t, staff, &invite)));
    return invite;
}

json_t *world_open_args(struct world *w, struct rpc_conn *conn, const struct world_invite *invite,
                        bool right)
{
    json_t *args = world_args("invite", world_b64(invite->id, SL_ID_BYTES), NULL);
    uint8_t other[64];
    uint8_t pk[SL_PK_BYTES];

    make_sign(w, pk, other);
    world_sign_in(w, conn, args, 3, right ? invite->accept_sk : other, NULL);
    return args;
}

struct rpc_conn *world_open(struct world *w, const struct world_invite *invite)
{
    struct rpc_conn *conn = world_connect(w, RPC_PUBLIC);

    json_decref(world_ok(w, conn, "invite.open", world_open_args(w, conn, invite, true)));
    return conn;
}

json_t *world_accept_args(struct world *w, struct rpc_conn *conn, const struct world_thread *t,
                          const struct world_person *parent, const struct world_invite *invite,
                          struct sl_buf *entry)
{
    uint8_t vault[VAULT_BYTES];
    uint8_t extra[32];

    world_keys_entry(w, t, parent, invite, entry);
    world_fill(w, vault, sizeof vault);
    sl_auth_change_extra(parent->auth_pk, vault, sizeof vault, extra);
    json_t *args = world_args("address", json_string(parent->address), "auth_pk",
                              world_b64(parent->auth_pk, SL_PK_BYTES), "vault",
                              world_b64(vault, sizeof vault), "entries", one_entry(t, entry), NULL);
    world_sign_in(w, conn, args, 4, invite->accept_sk, extra);
    return args;
}

struct rpc_conn *world_family(struct world *w, struct rpc_conn *desk,
                              const struct world_person *staff, const char *ref,
                              struct world_thread *t, struct world_person *parent)
{
    SL_AUTO(buf) struct sl_buf entry = {0};

    *parent = world_new_parent(w);
    world_case(w, desk, staff, ref, t);
    struct world_invite invite = world_invite(w, desk, staff, t, parent);
    struct rpc_conn *conn = world_open(w, &invite);
    json_decref(
        world_ok(w, conn, "invite.accept", world_accept_args(w, conn, t, parent, &invite, &entry)));
    t->parent = parent;
    world_took(t, &entry);
    return conn;
}
