/* A thread's title from two of its entries. */
#include <sodium.h>
#include <string.h>

#include "e2ee/thread_state.h"

/* An entry of this type in this thread, signed by somebody who is or was staff. */
static bool staff_entry(const struct e2_trust *trust, const uint8_t thread_id[SL_ID_BYTES],
                        uint8_t type, struct sl_bytes bytes, struct sl_entry *out)
{
    if (sl_entry_parse(bytes.data, bytes.len, out, NULL) != SL_OK || out->header.type != type ||
        memcmp(out->header.thread_id, thread_id, SL_ID_BYTES) != 0) {
        return false;
    }
    const struct e2_person *author = e2_trust_staff(trust, out->header.author_id);
    return author != NULL && sl_entry_signature_ok(out, author->holder.sign_pk);
}

/* The keys that a key entry gives: its own, and the one before it. */
struct pair {
    uint8_t key[E2_KEY_BYTES];
    uint8_t old[E2_KEY_BYTES];
    bool has_old;
};

static bool keys_of(const struct e2_seeds *seeds, const struct sl_entry *entry, struct pair *out)
{
    struct sl_key_body body;
    const struct sl_header *header = &entry->header;

    e2_key_body_of(entry, &body);
    if (e2_grant_open(seeds, E2_READ_AS_STAFF, &body, out->key) != 1 ||
        !e2_key_fits(header->thread_id, header->generation, &body, out->key)) {
        return false;
    }
    out->has_old =
        e2_previous_open(out->old, out->key, header->thread_id, header->generation, body.previous);
    return true;
}

enum sl_code e2_peek_card(const struct e2_trust *trust, const struct e2_seeds *seeds,
                          const uint8_t thread_id[SL_ID_BYTES], struct sl_bytes key_entry,
                          struct sl_bytes card_entry, json_t **card, struct sl_err *err)
{
    SL_AUTO(secret) struct sl_buf text = {0};
    SL_AUTO(json) json_t *body = NULL;
    struct sl_entry key;
    struct sl_entry message;
    struct pair keys = {0};
    enum e2_plain kind = E2_PLAIN_UNKNOWN;

    if (!staff_entry(trust, thread_id, SL_ENTRY_KEY, key_entry, &key) ||
        !staff_entry(trust, thread_id, SL_ENTRY_MESSAGE, card_entry, &message)) {
        return sl_fail(err, SL_ENTRY_REFUSED, "not a key and a card that staff signed");
    }
    const bool opened = keys_of(seeds, &key, &keys) &&
                        (e2_message_open(keys.key, &message, &text) ||
                         (keys.has_old && e2_message_open(keys.old, &message, &text)));
    sodium_memzero(&keys, sizeof(keys));
    if (!opened) {
        return sl_fail(err, SL_NOT_FOUND, "these keys do not open the card");
    }
    if (e2_plain_read(sl_buf_bytes(&text), &kind, &body, NULL) != SL_OK || kind != E2_CARD) {
        return sl_fail(err, SL_ENTRY_REFUSED, "not a card");
    }
    *card = sl_steal(&body);
    return SL_OK;
}
