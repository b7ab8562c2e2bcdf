#include "rpc/touch.h"

#include <stdlib.h>
#include <string.h>

#include "domain/idle.h"

struct touch {
    struct store_job job; /* first, so that the job is the touch */
    int64_t used_at;
    uint8_t session_id[SL_ID_BYTES];
};

static enum sl_code run(struct store_job *job, struct db *db, struct sl_err *err)
{
    const struct touch *t = (const struct touch *)(const void *)job;

    return db_exec(db, SQL_SESSION_TOUCH, NULL, err, "bii", t->session_id, (size_t)SL_ID_BYTES,
                   t->used_at, idle_horizon(t->used_at));
}

/* One that fails costs the session some of its idle time; the store has told of a failed commit. */
static void done(struct store_job *job, enum sl_code code, const struct sl_err *err)
{
    (void)code;
    (void)err;
    free(job);
}

void touch_session(struct rpc *rpc, struct rpc_conn *conn)
{
    if ((conn->who.role & (R_PARENT | R_STAFF)) == 0 ||
        conn->used_ms - conn->touched_ms < IDLE_SAVED_EVERY_S * INT64_C(1000)) {
        return;
    }
    struct touch *t = sl_alloc(sizeof(*t));
    t->job =
        (struct store_job){.lane = (uint32_t)conn->id, .writes = true, .run = run, .done = done};
    t->used_at = sl_now_s(rpc->env.clock);
    memcpy(t->session_id, conn->who.session_id, SL_ID_BYTES);
    if (store_submit(rpc->store, &t->job, NULL) == SL_OK) {
        conn->touched_ms = conn->used_ms;
    } else {
        free(t); /* the next call tries again */
    }
}
