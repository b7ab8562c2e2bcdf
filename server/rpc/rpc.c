/*
 * The dispatcher: what a frame is, who may call what and how often, and on to the store. What
 * happens to a request after that is in request.c.
 */
#include "rpc/rpc.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "rpc/handler.h"
#include "rpc/request.h"
#include "rpc/touch.h"

enum {
    MAX_IN_FLIGHT = 256, /* frames of one connection that wait for their answers */
    MAX_STRIKES = 32,    /* bad frames and refused floods before the connection is closed */
    MILLI = 1000,        /* of a call's allowance */
    CALL_BYTES = 16384   /* a frame costs one call more for each of these */
};

/* A frame taken apart. */
struct frame {
    json_t *json; /* owned, until it is a request's */
    json_t *args; /* in it */
    struct request_from from;
    const struct rpc_route *route;
    int64_t retry_after_s; /* 0: nothing to say */
};

/* ---- Making ---- */

enum sl_code rpc_new(const struct rpc_env *env, struct store *store, const struct rpc_port *port,
                     struct rpc **out, struct sl_err *err)
{
    char host[HANDLER_HOST_SIZE];
    struct rpc *rpc = sl_alloc(sizeof(*rpc));

    rpc->env = *env;
    rpc->store = store;
    rpc->port = port;
    rpc->count = count_new(env->clock);
    /* Better now than at the first sign-in. */
    for (int l = RPC_PUBLIC; l <= RPC_STAFF_LISTENER; l++) {
        const struct rpc_call call = {.env = &rpc->env, .listener = (enum rpc_listener)l};
        enum sl_code rc = handler_host(&call, host, err);
        if (rc != SL_OK) {
            rpc_free(rpc);
            return rc;
        }
    }
    *out = rpc;
    return SL_OK;
}

void rpc_free(struct rpc *rpc)
{
    if (rpc == NULL) {
        return;
    }
    count_free(rpc->count);
    free(rpc);
}

void rpc_conn_init(struct rpc *rpc, struct rpc_conn *conn, uint64_t id, int loop,
                   enum rpc_listener listener, const char *peer)
{
    const int64_t now_ms = sl_mono_ms(rpc->env.clock);

    *conn = (struct rpc_conn){
        .id = id,
        .loop = loop,
        .listener = listener,
        .who = {.role = R_ANON},
        .used_ms = now_ms,
        .tokens_milli = rpc->env.config->calls_burst * MILLI,
        .tokens_at_ms = now_ms,
    };
    (void)snprintf(conn->peer, sizeof(conn->peer), "%s", peer);
}

void rpc_conn_answered(struct rpc_conn *conn, const struct rpc_identity *who)
{
    conn->in_flight--;
    if (who != NULL) {
        conn->who = *who;
        conn->touched_ms = conn->used_ms; /* the call that made it so has saved it */
    }
}

/* ---- A frame ---- */

static void sl_auto_frame(struct frame *f)
{
    json_decref(f->json);
}

/* The id first, so that whatever is wrong with the rest can be answered. */
static enum sl_code read_frame(struct frame *f, struct sl_err *err)
{
    const char *name = NULL;

    f->from.nameless =
        sl_json_int(f->json, "id", 0, (INT64_C(1) << 53) - 1, &f->from.id, NULL) != SL_OK;
    if (!sl_json_has(f->json, "args")) {
        sl_json_set(f->json, "args", sl_json_new());
    }
    f->args = json_object_get(f->json, "args");
    if (f->from.nameless || sl_json_str(f->json, "call", 1, 64, &name, NULL) != SL_OK ||
        handler_only(f->json, "id:int call:str args:object", NULL) != SL_OK ||
        !json_is_object(f->args)) {
        return sl_fail(err, SL_BAD_FRAME, "not {id, call, args}");
    }
    f->route = rpc_route_of(name);
    /* What the HTTP side calls has no name here. */
    return f->route != NULL && f->route->who != R_HTTP
               ? SL_OK
               : sl_fail(err, SL_UNKNOWN_CALL, "no call of this name");
}

/* Take what the frame costs from the connection's allowance. */
static enum sl_code take_allowance(const struct rpc *rpc, struct rpc_conn *conn, struct frame *f,
                                   size_t len, int64_t now_ms, struct sl_err *err)
{
    const struct config *config = rpc->env.config;
    const int64_t most = config->calls_burst * MILLI;
    const int64_t calls = (f->route == NULL ? 1 : f->route->cost) + (int64_t)(len / CALL_BYTES);
    const int64_t earned = (now_ms - conn->tokens_at_ms) * config->calls_per_second;
    /* Anything may be called by a connection that has all it may have. */
    const int64_t price = calls * MILLI < most ? calls * MILLI : most;

    conn->tokens_at_ms = now_ms;
    conn->tokens_milli = conn->tokens_milli + earned < most ? conn->tokens_milli + earned : most;
    if (conn->tokens_milli < price) {
        int64_t missing_s = (price - conn->tokens_milli) / (config->calls_per_second * MILLI);
        f->retry_after_s = missing_s + 1;
        return sl_fail(err, SL_RATE_LIMITED, "over the connection's allowance");
    }
    if (conn->in_flight > MAX_IN_FLIGHT) {
        f->retry_after_s = 1;
        return sl_fail(err, SL_RATE_LIMITED, "too many calls wait for their answers");
    }
    conn->tokens_milli -= price;
    return SL_OK;
}

/* An invitee has no session in the database: what they opened lasts as long as they use it. */
static void forget_idle_invitee(struct rpc_conn *conn, int64_t now_ms)
{
    if (conn->who.role == R_INVITEE && now_ms - conn->used_ms > conn->who.idle_s * MILLI) {
        conn->who = (struct rpc_identity){.role = R_ANON};
    }
}

static enum sl_code may_call(const struct rpc_conn *conn, const struct frame *f, struct sl_err *err)
{
    if ((f->route->who & conn->who.role) != 0) {
        return SL_OK;
    }
    return conn->who.role == R_ANON ? sl_fail(err, SL_NOT_SIGNED_IN, "not signed in")
                                    : sl_fail(err, SL_FORBIDDEN, "not a call of theirs");
}

static enum sl_code submit(struct rpc *rpc, const struct rpc_conn *conn, struct frame *f,
                           struct sl_err *err)
{
    enum sl_code rc = handler_only(f->args, f->route->args, err);

    if (rc != SL_OK) {
        return rc;
    }
    struct request *r = request_new(rpc, f->route, &f->from, sl_steal(&f->json), f->args);
    r->call.who = conn->who;
    r->call.listener = conn->listener;
    memcpy(r->peer, conn->peer, sizeof(r->peer));
    memcpy(r->cookie_token, conn->cookie_token, sizeof(r->cookie_token));
    rc = request_submit(r, (uint32_t)conn->id, err);
    if (rc != SL_OK) {
        request_free(r);
    }
    return rc;
}

static bool refuse(struct rpc *rpc, struct rpc_conn *conn, const struct frame *f,
                   const struct sl_err *err)
{
    json_t *extra = sl_json_new();

    if (f->retry_after_s > 0) {
        sl_json_set_int(extra, "retry_after_s", f->retry_after_s);
    }
    if (err->code == SL_BAD_FRAME || err->code == SL_RATE_LIMITED) {
        conn->strikes++;
    }
    request_refuse(rpc, f->route, &f->from, extra, err);
    return conn->strikes < MAX_STRIKES;
}

bool rpc_frame(struct rpc *rpc, struct rpc_conn *conn, const char *text, size_t len)
{
    SL_AUTO(frame)
    struct frame f = {.from = {.loop = conn->loop, .conn = conn->id, .nameless = true}};
    const int64_t now_ms = sl_mono_ms(rpc->env.clock);
    struct sl_err err = {.code = SL_OK};

    if (conn->strikes >= MAX_STRIKES) {
        return false; /* being closed */
    }
    conn->in_flight++;
    forget_idle_invitee(conn, now_ms);
    enum sl_code rc = sl_json_parse(text, len, SL_MAX_JSON_DEPTH, &f.json, &err);
    if (rc == SL_OK) {
        rc = read_frame(&f, &err);
    }
    if (rc == SL_OK || rc == SL_UNKNOWN_CALL) {
        enum sl_code allowed = take_allowance(rpc, conn, &f, len, now_ms, &err);
        rc = allowed == SL_OK ? rc : allowed;
    }
    if (rc == SL_OK) {
        rc = may_call(conn, &f, &err);
    }
    if (rc == SL_OK) {
        rc = submit(rpc, conn, &f, &err);
    }
    if (rc != SL_OK) {
        return refuse(rpc, conn, &f, &err);
    }
    conn->strikes -= conn->strikes > 0 ? 1 : 0;
    conn->used_ms = now_ms;
    touch_session(rpc, conn);
    return true;
}

/* ---- From inside ---- */

void rpc_internal(struct rpc *rpc, const char *name, json_t *take_args, const char *peer,
                  void (*done)(void *ctx, json_t *take_answer), void *ctx)
{
    const struct request_from from = {.done = done, .ctx = ctx};
    const struct rpc_route *route = rpc_route_of(name);
    struct sl_err err = {.code = SL_OK};
    enum sl_code rc = route != NULL && route->who == R_HTTP
                          ? handler_only(take_args, route->args, &err)
                          : sl_fail(&err, SL_UNKNOWN_CALL, "no call from inside");

    if (rc != SL_OK) {
        json_decref(take_args);
        request_refuse(rpc, route, &from, NULL, &err);
        return;
    }
    struct request *r = request_new(rpc, route, &from, take_args, take_args);
    r->call.who.role = R_HTTP;
    (void)snprintf(r->peer, sizeof(r->peer), "%s", peer);
    if (request_submit(r, 0, &err) != SL_OK) {
        request_free(r);
        request_refuse(rpc, route, &from, NULL, &err);
    }
}

void rpc_metrics(struct rpc *rpc, struct sl_buf *out)
{
    count_put(rpc->count, out);
    sl_buf_putf(out, "# TYPE sendline_requests_waiting gauge\nsendline_requests_waiting %lld\n",
                (long long)atomic_load(&rpc->waiting));
}
