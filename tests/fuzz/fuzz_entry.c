/* An entry from the wire: refused by name, or taken apart into pieces that cover it exactly and go
 * together again as the same bytes. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct sl_buf *made, struct sl_bytes from)
{
    assert(made->len == from.len);
    assert(from.len == 0 || memcmp(made->data, from.data, from.len) == 0);
}

static void look_at_body(struct sl_bytes body)
{
    static struct sl_key_body key;
    struct sl_invite_body invite;
    struct sl_keys_body keys;
    struct sl_err err = {.code = SL_OK};
    SL_AUTO(buf) struct sl_buf again = {NULL, 0, 0};

    if (sl_key_body_parse(body, &key, &err) == SL_OK) {
        assert(key.grant_count <= SL_MAX_GRANTS);
        sl_key_body_put(&again, &key);
        same(&again, body);
    } else {
        assert(err.code == SL_ENTRY_REFUSED);
    }
    sl_buf_clear(&again);
    if (sl_invite_body_parse(body, &invite, &err) == SL_OK) {
        sl_invite_body_put(&again, &invite);
        same(&again, body);
    }
    sl_buf_clear(&again);
    if (sl_keys_body_parse(body, &keys, &err) == SL_OK) {
        sl_keys_body_put(&again, &keys);
        same(&again, body);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t pk[SL_PK_BYTES] = {1};
    struct sl_entry entry;
    struct sl_err err = {.code = SL_OK};
    SL_AUTO(buf) struct sl_buf header = {NULL, 0, 0};
    uint8_t hash[SL_HASH_BYTES];

    look_at_body((struct sl_bytes){data, size});
    if (sl_entry_parse(data, size, &entry, &err) != SL_OK) {
        assert(err.code == SL_ENTRY_REFUSED && err.detail[0] != '\0');
        return 0;
    }
    assert(size <= SL_MAX_ENTRY_BYTES || entry.header.type == SL_ENTRY_KEY);
    assert(entry.header_bytes.data == data && entry.header_bytes.len == SL_HEADER_BYTES);
    assert(entry.body.data == data + SL_HEADER_BYTES);
    assert(entry.signature == entry.body.data + entry.body.len);
    assert(SL_HEADER_BYTES + entry.body.len + SL_SIG_BYTES == size);
    sl_header_put(&header, &entry.header);
    same(&header, entry.header_bytes);
    look_at_body(entry.body);
    assert(!sl_entry_signature_ok(&entry, pk));
    sl_body_hash(&entry, hash);
    sl_digest(data, hash, hash);
    sl_link_next(entry.header.thread_id, entry.header.prev_seq, entry.header.prev_link, hash, hash);
    return 0;
}
