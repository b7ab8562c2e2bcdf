#include "e2ee/memory.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "e2ee/fields.h"

enum {
    MEMORY_BLOCK = 256
};

static const struct e2_field key_fields[] = {{"generation", E2_T_I, false, false, NULL},
                                             {"key", E2_T_B32, false, false, NULL},
                                             {NULL, E2_T_S, false, false, NULL}};
static const struct e2_field card_fields[] = {{"case", E2_T_S, false, false, NULL},
                                              {"child", E2_T_S, false, false, NULL},
                                              {"parent", E2_T_S, false, false, NULL},
                                              {NULL, E2_T_S, false, false, NULL}};
static const struct e2_field memory_fields[] = {{"seq", E2_T_I, false, false, NULL},
                                                {"link", E2_T_B32, false, false, NULL},
                                                {"current", E2_T_OBJECT, true, false, key_fields},
                                                {"card", E2_T_OBJECT, true, false, card_fields},
                                                {NULL, E2_T_S, false, false, NULL}};

void e2_memory_fini(struct e2_memory *memory)
{
    free(memory->case_ref);
    free(memory->child);
    free(memory->parent);
    sodium_memzero(memory, sizeof(*memory));
}

void sl_auto_e2_memory(struct e2_memory *memory)
{
    e2_memory_fini(memory);
}

void e2_memory_of(const struct e2_thread *t, struct e2_memory *out)
{
    struct e2_card card;

    memset(out, 0, sizeof(*out));
    e2_thread_checkpoint(t, &out->checkpoint);
    out->has_key = e2_thread_key(t, out->key.key);
    out->key.generation = e2_thread_generation(t);
    out->has_card = e2_thread_card(t, &card);
    if (out->has_card) {
        out->case_ref = sl_strdup(card.case_ref);
        out->child = sl_strdup(card.child);
        out->parent = sl_strdup(card.parent);
    }
}

static json_t *json_of(const struct e2_memory *memory)
{
    json_t *json = sl_json_new();

    sl_json_set_int(json, "seq", memory->checkpoint.seq);
    sl_json_set_bytes(json, "link", memory->checkpoint.link, SL_HASH_BYTES);
    if (memory->has_key) {
        json_t *current = sl_json_new();
        sl_json_set_int(current, "generation", memory->key.generation);
        e2_set_secret(current, "key", memory->key.key, E2_KEY_BYTES);
        sl_json_set(json, "current", current);
    }
    if (memory->has_card) {
        json_t *card = sl_json_new();
        sl_json_set_str(card, "case", memory->case_ref);
        sl_json_set_str(card, "child", memory->child);
        sl_json_set_str(card, "parent", memory->parent);
        sl_json_set(json, "card", card);
    }
    return json;
}

static void ad_of(struct sl_buf *ad, const uint8_t staff_id[SL_ID_BYTES],
                  const uint8_t thread_id[SL_ID_BYTES])
{
    const struct sl_bytes label = E2_LABEL("sendline-memory-v1");

    sl_buf_put(ad, label.data, label.len);
    sl_buf_put(ad, staff_id, SL_ID_BYTES);
    sl_buf_put(ad, thread_id, SL_ID_BYTES);
}

void e2_memory_seal(const struct e2_memory *memory, const struct e2_identity *me,
                    const uint8_t staff_id[SL_ID_BYTES], const uint8_t thread_id[SL_ID_BYTES],
                    const struct sl_rand *rand, struct sl_buf *out)
{
    SL_AUTO(json) json_t *json = json_of(memory);
    SL_AUTO(buf) struct sl_buf ad = {0};
    SL_AUTO(secret) struct sl_buf text = {0};
    size_t len = 0;
    char *plain = sl_json_text(json, &len);

    sl_buf_reserve(&text, len + MEMORY_BLOCK);
    sl_buf_put(&text, plain, len);
    sodium_memzero(plain, len);
    free(plain);
    e2_pad(&text, MEMORY_BLOCK);
    ad_of(&ad, staff_id, thread_id);
    e2_aead(out, me->drafts, sl_buf_bytes(&ad), sl_buf_bytes(&text), rand);
}

static char *text_of(const json_t *obj, const char *field)
{
    return sl_strdup(json_string_value(json_object_get(obj, field)));
}

/* e2_fields has checked every field; what it cannot know is that these two fit 32 bits. */
static bool read_into(const json_t *json, struct e2_memory *out)
{
    const json_t *current = json_object_get(json, "current");
    const json_t *card = json_object_get(json, "card");
    int64_t seq = 0;
    int64_t generation = 0;

    if (sl_json_int(json, "seq", 0, UINT32_MAX, &seq, NULL) != SL_OK ||
        sl_json_fixed(json, "link", out->checkpoint.link, SL_HASH_BYTES, NULL) != SL_OK) {
        return false;
    }
    out->checkpoint.seq = (uint32_t)seq;
    if (current != NULL) {
        if (sl_json_int(current, "generation", 1, UINT32_MAX, &generation, NULL) != SL_OK ||
            sl_json_fixed(current, "key", out->key.key, E2_KEY_BYTES, NULL) != SL_OK) {
            return false;
        }
        out->has_key = true;
        out->key.generation = (uint32_t)generation;
    }
    if (card != NULL) {
        out->has_card = true;
        out->case_ref = text_of(card, "case");
        out->child = text_of(card, "child");
        out->parent = text_of(card, "parent");
    }
    return true;
}

enum sl_code e2_memory_open(struct sl_bytes sealed, const struct e2_identity *me,
                            const uint8_t staff_id[SL_ID_BYTES],
                            const uint8_t thread_id[SL_ID_BYTES], struct e2_memory *out,
                            struct sl_err *err)
{
    SL_AUTO(buf) struct sl_buf ad = {0};
    SL_AUTO(secret) struct sl_buf text = {0};
    SL_AUTO(json) json_t *json = NULL;
    SL_AUTO(json) json_t *fields = NULL;
    const char *where = "";
    struct e2_memory made = {0};

    ad_of(&ad, staff_id, thread_id);
    if (!e2_aead_open(&text, me->drafts, sl_buf_bytes(&ad), sealed) ||
        !e2_unpad(&text, MEMORY_BLOCK)) {
        return sl_fail(err, SL_CORRUPT, "what is remembered of a conversation does not open");
    }
    json = e2_json_read(sl_buf_bytes(&text));
    fields = json == NULL ? NULL : e2_fields(memory_fields, json, false, &where);
    if (fields == NULL || !read_into(fields, &made)) {
        e2_memory_fini(&made);
        return sl_fail(err, SL_CORRUPT, "what is remembered of a conversation is damaged: %s",
                       where);
    }
    *out = made;
    sodium_memzero(&made, sizeof(made));
    return SL_OK;
}
