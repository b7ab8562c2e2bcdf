#include "rpc/effects.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "rpc/events.h"
#include "rpc/handler.h"

static const char session_ended_frame[] = "{\"event\":\"session.ended\",\"data\":{}}";

enum sl_code rpc_notify(struct rpc_call *call, const uint8_t account_id[SL_ID_BYTES],
                        enum sl_event_kind kind, const uint8_t *subject_id, uint32_t seq,
                        struct sl_err *err)
{
    struct rpc_effects *effects = call->effects;
    int64_t n = 0;
    enum sl_code rc = handler_cursor(call->db, account_id, &n, err);

    n++;
    if (rc == SL_OK) {
        rc = db_exec(call->db, SQL_EVENT_ADD, NULL, err, "bitbi", account_id, (size_t)SL_ID_BYTES,
                     n, sl_event_name(kind), subject_id, (size_t)SL_ID_BYTES, (int64_t)seq);
    }
    if (rc != SL_OK) {
        return rc;
    }
    effects->events =
        sl_realloc(effects->events, (effects->event_count + 1) * sizeof(*effects->events));
    struct rpc_effect *e = &effects->events[effects->event_count++];
    *e = (struct rpc_effect){.kind = kind, .seq = seq, .n = n};
    memcpy(e->account_id, account_id, SL_ID_BYTES);
    memcpy(e->subject_id, subject_id, SL_ID_BYTES);
    return SL_OK;
}

void rpc_end_session(struct rpc_call *call, const uint8_t session_id[SL_ID_BYTES])
{
    struct rpc_effects *effects = call->effects;

    effects->ended =
        sl_realloc(effects->ended, (effects->ended_count + 1) * sizeof(*effects->ended));
    memcpy(effects->ended[effects->ended_count++], session_id, SL_ID_BYTES);
}

enum sl_code effects_compose(struct rpc_call *call, struct sl_err *err)
{
    struct rpc_effects *effects = call->effects;
    enum sl_code rc = SL_OK;

    for (size_t i = 0; i < effects->event_count && rc == SL_OK && effects->compose == NULL; i++) {
        struct rpc_effect *e = &effects->events[i];
        SL_AUTO(json) json_t *data = NULL;
        rc = events_data(call, e->account_id, sl_event_name(e->kind), e->subject_id, e->seq, &data,
                         err);
        if (rc == SL_OK) {
            SL_AUTO(json) json_t *frame = sl_json_new();
            sl_json_set_str(frame, "event", sl_event_name(e->kind));
            sl_json_set_int(frame, "n", e->n);
            sl_json_set(frame, "data", sl_steal(&data));
            e->frame = sl_json_text(frame, &e->len);
        }
    }
    return rc;
}

void effects_send(struct rpc_effects *effects, const struct rpc_port *port, uint64_t conn)
{
    for (size_t i = 0; i < effects->event_count; i++) {
        struct rpc_effect *e = &effects->events[i];
        port->push(port->ctx, e->account_id, sl_steal(&e->frame), e->len);
    }
    for (size_t i = 0; i < effects->ended_count; i++) {
        port->end_session(port->ctx, effects->ended[i], conn, sl_strdup(session_ended_frame),
                          sizeof(session_ended_frame) - 1);
    }
}

void effects_fini(struct rpc_effects *effects)
{
    for (size_t i = 0; i < effects->event_count; i++) {
        free(effects->events[i].frame);
    }
    free(effects->events);
    free(effects->ended);
    *effects = (struct rpc_effects){0};
}
