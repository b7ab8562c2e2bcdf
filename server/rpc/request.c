#include "rpc/request.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "rpc/handler.h"
#include "rpc/session.h"

struct request *request_new(struct rpc *rpc, const struct rpc_route *route,
                            const struct request_from *from, json_t *take_frame, json_t *args)
{
    struct request *r = sl_alloc(sizeof(*r));

    r->rpc = rpc;
    r->route = route;
    r->from = *from;
    r->frame = take_frame;
    r->call = (struct rpc_call){
        .env = &rpc->env,
        .args = args,
        .peer = r->peer,
        .cookie_token = r->cookie_token,
        .ok = sl_json_new(),
        .extra = sl_json_new(),
        .effects = &r->effects,
    };
    return r;
}

void request_free(struct request *r)
{
    void (*free_prepared)(void *) = r->call.free_prepared;

    if (r->call.prepared != NULL) {
        (free_prepared != NULL ? free_prepared : free)(r->call.prepared);
    }
    effects_fini(&r->effects);
    json_decref(r->call.ok);
    json_decref(r->call.extra);
    json_decref(r->frame);
    free(r);
}

/* ---- Answers ---- */

static json_t *error_answer(enum sl_code code, const json_t *extra)
{
    json_t *answer = sl_json_new();
    json_t *error = sl_json_new();

    sl_json_set(answer, "error", error);
    sl_json_set_str(error, "code", sl_code_name(code));
    sl_json_set_str(error, "message", sl_code_sentence(code));
    if (extra != NULL && json_object_update(error, (json_t *)(uintptr_t)extra) != 0) {
        abort();
    }
    return answer;
}

/* What is under ok is handed on, so that no two threads share it. */
static json_t *ok_answer(json_t *take_ok)
{
    json_t *answer = sl_json_new();

    sl_json_set(answer, "ok", take_ok);
    return answer;
}

/* {"id":7,"ok":…}: the answer, with the id before it. */
static char *frame_text(const struct request_from *from, const json_t *answer, size_t *len)
{
    SL_AUTO(json) json_t *frame = sl_json_new();

    sl_json_set(frame, "id", from->nameless ? json_null() : json_integer(from->id));
    if (json_object_update(frame, (json_t *)(uintptr_t)answer) != 0) {
        abort();
    }
    return sl_json_text(frame, len);
}

static void send_answer(struct rpc *rpc, const struct request_from *from, json_t *take_answer,
                        const struct rpc_identity *who)
{
    SL_AUTO(json) json_t *answer = take_answer;
    size_t len = 0;

    if (from->conn == 0) {
        from->done(from->ctx, sl_steal(&answer));
        return;
    }
    char *text = frame_text(from, answer, &len);
    if (len > SL_MAX_REPLY_BYTES) {
        struct sl_err err;
        (void)sl_fail(&err, SL_SYSTEM, "an answer of %zu bytes", len);
        free(text);
        count_end(rpc->count, NULL, err.code, &err);
        SL_AUTO(json) json_t *instead = error_answer(err.code, NULL);
        text = frame_text(from, instead, &len);
    }
    rpc->port->reply(rpc->port->ctx, from->loop, from->conn, text, len, who);
}

void request_refuse(struct rpc *rpc, const struct rpc_route *route, const struct request_from *from,
                    json_t *take_extra, const struct sl_err *err)
{
    SL_AUTO(json) json_t *extra = take_extra;

    count_end(rpc->count, route, err->code, err);
    send_answer(rpc, from, error_answer(err->code, extra), NULL);
}

/* ---- Steps ---- */

static struct request *request_of(struct store_job *job)
{
    return (struct request *)(void *)job;
}

static struct rpc_call *begin_step(struct request *r, struct db *db)
{
    r->call.db = db;
    r->call.now_s = sl_now_s(r->rpc->env.clock);
    return &r->call;
}

static enum sl_code check_step(struct store_job *job, struct db *db, struct sl_err *err)
{
    struct request *r = request_of(job);

    return r->route->check(begin_step(r, db), err);
}

/* A session that ended while its request waited does nothing any more. */
static enum sl_code run_step(struct store_job *job, struct db *db, struct sl_err *err)
{
    struct request *r = request_of(job);
    struct rpc_call *call = begin_step(r, db);
    enum sl_code rc =
        (call->who.role & (R_PARENT | R_STAFF)) != 0 ? session_alive(call, err) : SL_OK;

    if (rc == SL_OK) {
        rc = r->route->run(call, err);
    }
    if (rc == SL_OK) {
        rc = effects_compose(call, err);
    }
    job->keep = call->keep;
    return rc;
}

/* What failed makes nobody anything, but may end what they were. */
static const struct rpc_identity *new_identity(const struct rpc_call *call, enum sl_code code)
{
    bool becomes = call->become && (code == SL_OK || call->identity.role == R_ANON);

    return becomes ? &call->identity : NULL;
}

static void done_step(struct store_job *job, enum sl_code code, const struct sl_err *err)
{
    struct request *r = request_of(job);
    struct rpc *rpc = r->rpc;
    struct rpc_call *call = &r->call;

    count_end(rpc->count, r->route, code, err);
    send_answer(rpc, &r->from,
                code == SL_OK ? ok_answer(sl_steal(&call->ok)) : error_answer(code, call->extra),
                new_identity(call, code));
    if (code == SL_OK) {
        if (r->effects.compose != NULL) {
            r->effects.compose(call);
        }
        effects_send(&r->effects, rpc->port, r->from.conn);
    }
    request_free(r);
    (void)atomic_fetch_sub(&rpc->waiting, 1);
}

enum sl_code request_submit(struct request *r, uint32_t lane, struct sl_err *err)
{
    struct rpc *rpc = r->rpc;

    r->job = (struct store_job){
        .lane = lane,
        .writes = r->route->mode != SL_CALL_READ,
        .check = r->route->check != NULL ? check_step : NULL,
        .run = run_step,
        .done = done_step,
    };
    (void)atomic_fetch_add(&rpc->waiting, 1);
    enum sl_code rc = store_submit(rpc->store, &r->job, err);
    if (rc != SL_OK) {
        (void)atomic_fetch_sub(&rpc->waiting, 1);
    }
    return rc;
}
