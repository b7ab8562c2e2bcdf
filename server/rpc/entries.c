/* entry.post: the busiest call. */
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "rpc/effects.h"
#include "rpc/events.h"
#include "rpc/handler.h"
#include "rpc/post.h"

static void free_post(void *prepared)
{
    post_fini(prepared);
    free(prepared);
}

static enum sl_code parse_act(const json_t *args, struct post *post, struct sl_err *err)
{
    const char *word = NULL;
    int64_t drop = 0;
    const bool message = post->well_formed && post->entry.header.type == SL_ENTRY_MESSAGE;
    enum sl_code rc = SL_OK;

    if (sl_json_has(args, "act")) {
        rc = sl_json_str(args, "act", 1, 20, &word, err);
        if (rc != SL_OK) {
            return rc;
        }
        post->act = sl_act_of(word);
        if (post->act == SL_ACT_COUNT || !message) {
            return sl_fail(err, SL_BAD_REQUEST, "act: %s",
                           message ? "not an act" : "messages alone have one");
        }
    } else if (message) {
        return sl_fail(err, SL_BAD_REQUEST, "act: missing");
    }
    if (sl_json_has(args, "drop") != (post->act == SL_ACT_RETRACT)) {
        return sl_fail(err, SL_BAD_REQUEST, "drop: goes with the act retract, and only with it");
    }
    if (post->act == SL_ACT_RETRACT) {
        rc = sl_json_int(args, "drop", 1, UINT32_MAX, &drop, err);
        post->drop_seq = (uint32_t)drop;
    }
    return rc;
}

enum sl_code rpc_entry_post_check(struct rpc_call *call, struct sl_err *err)
{
    struct post *post = sl_alloc(sizeof(*post));

    call->prepared = post;
    call->free_prepared = free_post;
    post->act = SL_ACT_COUNT;
    post->author_id = call->who.account_id;
    post->side = call->who.role == R_STAFF ? THREAD_STAFF : THREAD_PARENT;
    post->types = 1U << SL_ENTRY_MESSAGE | 1U << SL_ENTRY_SEEN |
                  (post->side == THREAD_STAFF ? 1U << SL_ENTRY_KEY : 0U);
    enum sl_code rc = post_parse(call->args, post, err);
    if (rc == SL_OK) {
        rc = parse_act(call->args, post, err);
    }
    return rc == SL_OK ? post_check(call, post, err) : rc;
}

/* After the commit, so that the writer does not hold its transaction for it. */
static void compose(struct rpc_call *call)
{
    SL_AUTO(buf) struct sl_buf text = {0};
    const struct post *post = call->prepared;
    const char *entry = json_string_value(json_object_get(call->args, "entry"));
    const char *act = post->act == SL_ACT_COUNT ? NULL : sl_act_row(post->act)->name;

    events_entry_put(call, &post->state, post->seq, post->at, entry, act, &text);
    for (size_t i = 0; i < call->effects->event_count; i++) {
        struct rpc_effect *e = &call->effects->events[i];
        enum thread_side side = THREAD_PARENT;
        (void)thread_side_of(&post->state, e->account_id, &side);
        e->frame = events_entry_frame(&text, &post->state, side, e->n, &e->len);
    }
}

enum sl_code rpc_entry_post(struct rpc_call *call, struct sl_err *err)
{
    struct post *post = call->prepared;
    enum sl_code rc = post_run(call, post, err);

    if (rc == SL_OK && !post->repeated) {
        rc = post_notify(call, post, err);
        call->effects->compose = compose;
    }
    if (rc == SL_OK) {
        post_set_result(call->ok, post);
    }
    return rc;
}
