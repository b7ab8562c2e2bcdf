/*
 * JSON out of boxes that opened: a parcel, a vault, what is remembered of a thread and of the
 * roster. Whoever sealed it had the key, and may still be an enemy: it is taken or refused, and
 * what was taken can be written again.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "common/json.h"
#include "e2ee/invite.h"
#include "e2ee/memory.h"
#include "e2ee/plaintext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sl_fake_rand fake;
static struct e2_identity *me;
static const uint8_t nobody[SL_ID_BYTES];

static void seal(const uint8_t key[E2_KEY_BYTES], const char *label, size_t label_len, size_t ids,
                 size_t block, struct sl_bytes json, struct sl_buf *out)
{
    SL_AUTO(buf) struct sl_buf ad = {0};
    SL_AUTO(buf) struct sl_buf text = {0};

    sl_buf_put(&ad, label, label_len);
    for (size_t i = 0; i < ids; i++) {
        sl_buf_put(&ad, nobody, SL_ID_BYTES);
    }
    sl_buf_put(&text, json.data, json.len);
    e2_pad(&text, block);
    e2_aead(out, key, sl_buf_bytes(&ad), sl_buf_bytes(&text), &fake.rand);
}

static void open_parcel(struct sl_bytes json)
{
    static const char label[] = "sendline-parcel-v1";
    const struct e2_invite invite = {.wrap = {1}};
    SL_AUTO(buf) struct sl_buf sealed = {0};
    SL_AUTO(buf) struct sl_buf text = {0};
    SL_AUTO(json) json_t *parcel = NULL;
    struct sl_err err = {.code = SL_OK};

    seal(invite.wrap, label, sizeof(label), 1, 1024, json, &sealed);
    if (e2_parcel_open(&invite, sl_buf_bytes(&sealed), &parcel, &err) != SL_OK) {
        assert(err.code == SL_CORRUPT && parcel == NULL);
        return;
    }
    assert(json_is_array(json_object_get(parcel, "threads")));
    const enum sl_code rc = e2_object_write(E2_PARCEL, parcel, &text, &err);
    assert(rc == SL_OK || rc == SL_TOO_BIG);
}

static void open_memory(struct sl_bytes json)
{
    static const char label[] = "sendline-memory-v1";
    SL_AUTO(e2_memory) struct e2_memory memory = {0};
    SL_AUTO(e2_memory) struct e2_memory again = {0};
    SL_AUTO(buf) struct sl_buf sealed = {0};
    SL_AUTO(buf) struct sl_buf written = {0};

    seal(me->drafts, label, sizeof(label), 2, 256, json, &sealed);
    if (e2_memory_open(sl_buf_bytes(&sealed), me, nobody, nobody, &memory, NULL) != SL_OK) {
        assert(!memory.has_card && memory.case_ref == NULL);
        return;
    }
    assert(memory.has_card == (memory.child != NULL));
    e2_memory_seal(&memory, me, nobody, nobody, &fake.rand, &written);
    assert(e2_memory_open(sl_buf_bytes(&written), me, nobody, nobody, &again, NULL) == SL_OK);
    assert(memcmp(&memory.checkpoint, &again.checkpoint, sizeof(memory.checkpoint)) == 0);
    assert(!memory.has_card || strcmp(memory.child, again.child) == 0);
}

static void load_trust(struct sl_bytes json)
{
    SL_AUTO(e2_trust) struct e2_trust *trust = NULL;
    SL_AUTO(e2_trust) struct e2_trust *again = NULL;
    size_t len = 0;

    if (e2_trust_load((const char *)json.data, json.len, &trust, NULL) != SL_OK) {
        assert(trust == NULL);
        return;
    }
    SL_AUTO(str) char *text = e2_trust_save(trust, &len);
    assert(e2_trust_load(text, len, &again, NULL) == SL_OK);
    assert(e2_trust_since(trust) == e2_trust_since(again));
}

static void read_vault(struct sl_bytes json)
{
    SL_AUTO(json) json_t *vault = NULL;

    if (e2_object_read(E2_VAULT, json, &vault, NULL) == SL_OK) {
        assert(json_is_string(json_object_get(vault, "seed")));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sl_bytes json = {data, size};

    if (me == NULL) {
        assert(e2_ready(NULL) == SL_OK);
        sl_fake_rand_init(&fake, 1);
        me = e2_identity_new(&fake.rand);
    }
    open_parcel(json);
    open_memory(json);
    load_trust(json);
    read_vault(json);
    return 0;
}
