#include "e2ee/fields.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"

enum {
    MAX_DEPTH = 2048
};

static bool no_nulls(const json_t *value, size_t depth)
{
    const json_t *one = NULL;
    size_t i = 0;

    if (depth > MAX_DEPTH) {
        return false;
    }
    if (json_is_array(value)) {
        json_array_foreach(value, i, one)
        {
            if (!no_nulls(one, depth + 1)) {
                return false;
            }
        }
        return true;
    }
    if (!json_is_object(value)) {
        return true;
    }
    /* jansson's iterators take a pointer that they do not write through. */
    json_t *object = (json_t *)(uintptr_t)value;
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        one = json_object_iter_value(at);
        if (json_is_null(one) || !no_nulls(one, depth + 1)) {
            return false;
        }
    }
    return true;
}

json_t *e2_json_read(struct sl_bytes text)
{
    json_t *json = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, NULL);

    if (json != NULL && (!json_is_object(json) || !no_nulls(json, 1))) {
        json_decref(json);
        json = NULL;
    }
    return json;
}

static json_t *string_of(const json_t *value, bool clean)
{
    if (!json_is_string(value)) {
        return NULL;
    }
    const char *text = json_string_value(value);
    const size_t len = json_string_length(value);
    if (!sl_utf8_ok(text, len)) {
        return NULL; /* only one of ours to write can be so; jansson refuses it when reading */
    }
    if (!clean) {
        return json_stringn(text, len);
    }
    SL_AUTO(str) char *safe = sl_clean(text, len);
    return json_string(safe);
}

static json_t *bytes_of(const json_t *value, size_t n)
{
    uint8_t raw[SL_HASH_BYTES];

    if (!json_is_string(value) ||
        !sl_b64_fixed(json_string_value(value), json_string_length(value), raw, n)) {
        return NULL;
    }
    sodium_memzero(raw, sizeof(raw));
    return json_stringn(json_string_value(value), json_string_length(value));
}

static json_t *one_of(const struct e2_field *field, const json_t *value, bool clean,
                      const char **where)
{
    switch (field->type) {
    case E2_T_S:
        return string_of(value, clean);
    case E2_T_I:
        if (!json_is_integer(value) || json_integer_value(value) < 0 ||
            json_integer_value(value) >= ((json_int_t)1 << 53)) {
            return NULL;
        }
        return json_integer(json_integer_value(value));
    case E2_T_B16:
        return bytes_of(value, 16);
    case E2_T_B32:
        return bytes_of(value, 32);
    case E2_T_BOOL:
        return json_is_boolean(value) ? json_boolean(json_is_true(value)) : NULL;
    case E2_T_OBJECT:
        return json_is_object(value) ? e2_fields(field->table, value, clean, where) : NULL;
    }
    return NULL;
}

static json_t *list_of(const struct e2_field *field, const json_t *value, bool clean,
                       const char **where)
{
    const json_t *one = NULL;
    size_t i = 0;

    if (!json_is_array(value)) {
        return NULL;
    }
    SL_AUTO(json) json_t *list = sl_json_new_array();
    json_array_foreach(value, i, one)
    {
        json_t *member = one_of(field, one, clean, where);
        if (member == NULL) {
            return NULL;
        }
        sl_json_append(list, member);
    }
    return sl_steal(&list);
}

json_t *e2_fields(const struct e2_field *table, const json_t *from, bool clean, const char **where)
{
    SL_AUTO(json) json_t *out = sl_json_new();

    for (const struct e2_field *field = table; field->name != NULL; field++) {
        const json_t *value = json_object_get(from, field->name);
        if (value == NULL && field->optional) {
            continue;
        }
        json_t *made = NULL;
        if (value != NULL) {
            made = field->list ? list_of(field, value, clean, where)
                               : one_of(field, value, clean, where);
        }
        if (made == NULL) {
            *where = field->name;
            return NULL;
        }
        sl_json_set(out, field->name, made);
    }
    return sl_steal(&out);
}

void e2_set_secret(json_t *obj, const char *field, const uint8_t *data, size_t n)
{
    char *text = sl_b64(data, n);

    sl_json_set_str(obj, field, text);
    sodium_memzero(text, strlen(text));
    free(text);
}
