/* Whatever a frame holds, it is refused or is an object whose fields the getters give within their
 * bounds; and what was taken comes out as the same text when it is put in again. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    DEPTH = 8
};

static void look_at(const json_t *object, const char *field)
{
    const char *text = NULL;
    int64_t number = 7;
    bool flag = true;
    uint8_t id[16] = {1};
    json_t *inner = NULL;
    SL_AUTO(buf) struct sl_buf bytes = {NULL, 0, 0};
    struct sl_err err;

    if (sl_json_str(object, field, 1, 64, &text, &err) == SL_OK) {
        size_t len = strlen(text);
        assert(len >= 1 && len <= 64 && sl_utf8_ok(text, len));
    } else {
        assert(text == NULL && err.code == SL_BAD_REQUEST);
    }
    if (sl_json_int(object, field, -5, 5, &number, &err) == SL_OK) {
        assert(number >= -5 && number <= 5);
    } else {
        assert(number == 7);
    }
    if (sl_json_bytes(object, field, 1, 40, &bytes, &err) == SL_OK) {
        SL_AUTO(str) char *again = sl_b64(bytes.data, bytes.len);
        assert(bytes.len >= 1 && bytes.len <= 40);
        assert(strcmp(again, json_string_value(json_object_get(object, field))) == 0);
        assert((bytes.len == 16) == (sl_json_fixed(object, field, id, 16, &err) == SL_OK));
    } else {
        assert(bytes.len == 0);
    }
    if (sl_json_bool(object, field, &flag, &err) != SL_OK) {
        assert(flag);
    }
    if (sl_json_array(object, field, 1, 3, &inner, &err) == SL_OK) {
        assert(json_array_size(inner) >= 1 && json_array_size(inner) <= 3);
    }
    if (sl_json_object(object, field, &inner, &err) == SL_OK) {
        assert(json_is_object(inner));
    }
}

static size_t depth_of(const json_t *value)
{
    size_t deepest = 0;
    const char *name = NULL;
    json_t *member = NULL;

    for (size_t i = 0; i < json_array_size(value); i++) {
        size_t depth = depth_of(json_array_get(value, i));
        deepest = depth > deepest ? depth : deepest;
    }
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
    {
        size_t depth = depth_of(member);
        deepest = depth > deepest ? depth : deepest;
        assert(!json_is_null(member) && sl_utf8_ok(name, strlen(name)));
    }
    return deepest + (json_is_object(value) || json_is_array(value) ? 1 : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(json) json_t *json = NULL;
    SL_AUTO(json) json_t *again = NULL;
    struct sl_err err;
    size_t len = 0;

    if (sl_json_parse((const char *)data, size, DEPTH, &json, &err) != SL_OK) {
        assert(json == NULL && err.code == SL_BAD_FRAME);
        return 0;
    }
    assert(depth_of(json) <= DEPTH);
    const char *name = NULL;
    json_t *member = NULL;
    json_object_foreach(json, name, member)
    {
        look_at(json, name);
    }
    look_at(json, "missing");
    SL_AUTO(str) char *text = sl_json_text(json, &len);
    assert(sl_json_parse(text, len, DEPTH, &again, &err) == SL_OK && json_equal(json, again));
    return 0;
}
