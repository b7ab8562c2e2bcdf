#include "support/view.h"

#include <stdlib.h>

#include "common/json.h"
#include "common/text.h"

static const char *kind_of(const struct e2_item *item)
{
    switch (item->kind) {
    case E2_ITEM_MESSAGE:
        return item->plain == E2_PLAIN_UNKNOWN ? "unknown" : e2_plain_name(item->plain);
    case E2_ITEM_KEY:
        return "key";
    case E2_ITEM_INVITE:
        return "invite";
    case E2_ITEM_KEYS:
        return "keys";
    case E2_ITEM_SEEN:
        return "seen";
    case E2_ITEM_TAKEN_BACK:
        return "taken-back";
    case E2_ITEM_WARNING:
        break;
    }
    return "warning";
}

char *view_verdict(const struct e2_item *item)
{
    if (item->kind == E2_ITEM_WARNING) {
        return sl_strf("%d %s", item->rule, item->reason);
    }
    return sl_strf("%s%s", kind_of(item), item->confirmed ? "" : "?");
}

static void set_hex(json_t *obj, const char *field, const uint8_t *bytes, size_t n)
{
    SL_AUTO(str) char *text = bytes == NULL ? sl_strdup("") : sl_hex(bytes, n);

    sl_json_set_str(obj, field, text);
}

/* The clock of the other half ends here. */
static int64_t clock_of(uint64_t at)
{
    const uint64_t most = (UINT64_C(1) << 53) - 1;

    return (int64_t)(at < most ? at : most);
}

static json_t *item_of(const struct e2_item *item)
{
    SL_AUTO(str) char *is = view_verdict(item);
    json_t *json = sl_json_new();

    sl_json_set_str(json, "is", is);
    if (item->kind == E2_ITEM_WARNING) {
        return json;
    }
    set_hex(json, "id", item->entry_id, SL_ID_BYTES);
    set_hex(json, "author", item->author_id, SL_ID_BYTES);
    sl_json_set_str(json, "side", item->side == E2_SIDE_STAFF ? "staff" : "parent");
    sl_json_set_str(json, "name", item->author_name);
    sl_json_set_bool(json, "mine", item->mine);
    sl_json_set_int(json, "sent_at", clock_of(item->sent_at));
    sl_json_set_int(json, "at", item->at);
    sl_json_set(json, "body", json_deep_copy(item->body));
    sl_json_set_int(json, "retracted_by", item->retracted_by);
    sl_json_set_str(json, "inviter", item->kind == E2_ITEM_KEYS ? item->inviter_name : "");
    return json;
}

static json_t *point_of(const struct e2_point *point)
{
    json_t *json = sl_json_new();

    sl_json_set_int(json, "seq", point->seq);
    set_hex(json, "link", point->link, SL_HASH_BYTES);
    return json;
}

static json_t *title_of(const struct e2_thread *t)
{
    struct e2_card card;

    if (!e2_thread_card(t, &card)) {
        return json_null();
    }
    SL_AUTO(str) char *continues = sl_b64(card.continues, SL_ID_BYTES);
    json_t *json = sl_json_new();
    sl_json_set_str(json, "case", card.case_ref);
    sl_json_set_str(json, "child", card.child);
    sl_json_set_str(json, "parent", card.parent);
    sl_json_set_str(json, "continues", card.has_continues ? continues : "");
    return json;
}

static json_t *readers_of(const struct e2_thread *t)
{
    struct e2_readers readers;

    if (!e2_thread_readers(t, &readers)) {
        return json_null();
    }
    json_t *json = sl_json_new();
    sl_json_set_str(json, "team", readers.team);
    sl_json_set_str(json, "records", readers.records);
    sl_json_set_bool(json, "parent", readers.parent);
    return json;
}

static json_t *inviter_of(const struct e2_key_need *need)
{
    if (need->invite_seq == 0) {
        return json_null();
    }
    json_t *json = sl_json_new();
    sl_json_set_str(json, "name", need->inviter_name);
    sl_json_set_int(json, "seq", need->invite_seq);
    sl_json_set_int(json, "at", clock_of(need->invited_at));
    return json;
}

static void put_points(const struct e2_thread *t, json_t *json)
{
    struct e2_point head;
    struct e2_point checkpoint;

    e2_thread_head(t, &head);
    e2_thread_checkpoint(t, &checkpoint);
    sl_json_set(json, "head", point_of(&head));
    sl_json_set(json, "checkpoint", checkpoint.seq == 0 ? json_null() : point_of(&checkpoint));
}

static void put_keys(const struct e2_thread *t, json_t *json)
{
    uint8_t key[E2_KEY_BYTES];
    const bool has_key = e2_thread_key(t, key);

    set_hex(json, "parent", e2_thread_parent_id(t), SL_ID_BYTES);
    sl_json_set_int(json, "parent_keys", e2_thread_parent_keys_seq(t));
    sl_json_set_int(json, "generation", e2_thread_generation(t));
    sl_json_set_int(json, "next_generation", e2_thread_next_generation(t));
    set_hex(json, "key", has_key ? key : NULL, E2_KEY_BYTES);
}

json_t *view_of(const struct e2_thread *t)
{
    json_t *json = sl_json_new();
    json_t *items = sl_json_new_array();
    json_t *seen = sl_json_new();
    struct e2_key_need need;
    struct e2_open_invite invite = {0};

    for (size_t i = 0; i < e2_thread_count(t); i++) {
        sl_json_append(items, item_of(e2_thread_item(t, i)));
    }
    e2_thread_key_need(t, &need);
    (void)e2_thread_open_invite(t, &invite);
    sl_json_set_int(seen, "staff", e2_thread_seen_by(t, E2_SIDE_STAFF));
    sl_json_set_int(seen, "parent", e2_thread_seen_by(t, E2_SIDE_PARENT));
    sl_json_set(json, "items", items);
    sl_json_set_str(json, "send", e2_send_name(e2_thread_can_send(t)));
    sl_json_set_bool(json, "wants_roster", e2_thread_wants_roster(t));
    sl_json_set(json, "inviter", inviter_of(&need));
    sl_json_set_bool(json, "asks", need.needs_yes);
    sl_json_set(json, "title", title_of(t));
    sl_json_set(json, "readers", readers_of(t));
    sl_json_set(json, "seen", seen);
    sl_json_set_int(json, "invite", invite.seq);
    put_keys(t, json);
    put_points(t, json);
    return json;
}
