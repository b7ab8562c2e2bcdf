#include "common/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

static const int64_t integer_bound = INT64_C(1) << 53;

/* What jansson takes and the protocol does not: nulls in objects, reals, large integers, deep
 * nesting. */
static const char *objection(const json_t *value, size_t depth)
{
    if (json_is_real(value)) {
        return "numbers are whole";
    }
    if (json_is_integer(value)) {
        json_int_t v = json_integer_value(value);
        return v > -integer_bound && v < integer_bound ? NULL : "a number is out of range";
    }
    if (!json_is_object(value) && !json_is_array(value)) {
        return NULL;
    }
    if (depth == 0) {
        return "nested too deeply";
    }
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            const char *why = objection(json_array_get(value, i), depth - 1);
            if (why != NULL) {
                return why;
            }
        }
        return NULL;
    }
    const char *name = NULL;
    json_t *member = NULL;
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
    {
        const char *why = json_is_null(member) ? "null in an object" : objection(member, depth - 1);
        if (why != NULL) {
            return why;
        }
    }
    return NULL;
}

enum sl_code sl_json_parse(const char *text, size_t len, size_t max_depth, json_t **out,
                           struct sl_err *err)
{
    json_error_t bad;
    SL_AUTO(json) json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &bad);

    if (json == NULL) {
        return sl_fail(err, SL_BAD_FRAME, "not JSON, at byte %d", bad.position);
    }
    if (!json_is_object(json)) {
        return sl_fail(err, SL_BAD_FRAME, "not an object");
    }
    const char *why = objection(json, max_depth);
    if (why != NULL) {
        return sl_fail(err, SL_BAD_FRAME, "%s", why);
    }
    *out = sl_steal(&json);
    return SL_OK;
}

char *sl_json_text(const json_t *json, size_t *len)
{
    char *text = json_dumps(json, JSON_COMPACT);

    if (text == NULL) {
        abort(); /* our own objects are valid, so memory is out */
    }
    if (len != NULL) {
        *len = strlen(text);
    }
    return text;
}

static enum sl_code wrong(struct sl_err *err, const char *field, const char *what)
{
    return sl_fail(err, SL_BAD_REQUEST, "%s: %s", field, what);
}

enum sl_code sl_json_str(const json_t *obj, const char *field, size_t min_bytes, size_t max_bytes,
                         const char **out, struct sl_err *err)
{
    const json_t *value = json_object_get(obj, field);

    if (!json_is_string(value)) {
        return wrong(err, field, value == NULL ? "missing" : "not a string");
    }
    size_t len = json_string_length(value);
    if (len < min_bytes || len > max_bytes) {
        return sl_fail(err, SL_BAD_REQUEST, "%s: %zu to %zu bytes", field, min_bytes, max_bytes);
    }
    *out = json_string_value(value);
    return SL_OK;
}

enum sl_code sl_json_int(const json_t *obj, const char *field, int64_t min, int64_t max,
                         int64_t *out, struct sl_err *err)
{
    const json_t *value = json_object_get(obj, field);

    if (!json_is_integer(value)) {
        return wrong(err, field, value == NULL ? "missing" : "not a whole number");
    }
    int64_t v = json_integer_value(value);
    if (v < min || v > max) {
        return sl_fail(err, SL_BAD_REQUEST, "%s: %" PRId64 " to %" PRId64, field, min, max);
    }
    *out = v;
    return SL_OK;
}

enum sl_code sl_json_bool(const json_t *obj, const char *field, bool *out, struct sl_err *err)
{
    const json_t *value = json_object_get(obj, field);

    if (!json_is_boolean(value)) {
        return wrong(err, field, value == NULL ? "missing" : "not true or false");
    }
    *out = json_is_true(value);
    return SL_OK;
}

enum sl_code sl_json_fixed(const json_t *obj, const char *field, uint8_t *out, size_t n,
                           struct sl_err *err)
{
    const json_t *value = json_object_get(obj, field);

    if (!json_is_string(value)) {
        return wrong(err, field, value == NULL ? "missing" : "not a string");
    }
    if (!sl_b64_fixed(json_string_value(value), json_string_length(value), out, n)) {
        return sl_fail(err, SL_BAD_REQUEST, "%s: %zu bytes of base64url", field, n);
    }
    return SL_OK;
}

enum sl_code sl_json_bytes(const json_t *obj, const char *field, size_t min_bytes, size_t max_bytes,
                           struct sl_buf *out, struct sl_err *err)
{
    const json_t *value = json_object_get(obj, field);

    if (!json_is_string(value)) {
        return wrong(err, field, value == NULL ? "missing" : "not a string");
    }
    size_t len = json_string_length(value);
    size_t bytes = len / 4 * 3 + (len % 4 == 0 ? 0 : len % 4 - 1);
    size_t before = out->len;
    if (bytes < min_bytes || bytes > max_bytes) {
        return sl_fail(err, SL_BAD_REQUEST, "%s: %zu to %zu bytes", field, min_bytes, max_bytes);
    }
    if (!sl_b64_get(json_string_value(value), len, out)) {
        out->len = before;
        return wrong(err, field, "not base64url");
    }
    return SL_OK;
}

enum sl_code sl_json_array(const json_t *obj, const char *field, size_t min, size_t max,
                           json_t **out, struct sl_err *err)
{
    json_t *value = json_object_get(obj, field);

    if (!json_is_array(value)) {
        return wrong(err, field, value == NULL ? "missing" : "not an array");
    }
    if (json_array_size(value) < min || json_array_size(value) > max) {
        return sl_fail(err, SL_BAD_REQUEST, "%s: %zu to %zu members", field, min, max);
    }
    *out = value;
    return SL_OK;
}

enum sl_code sl_json_object(const json_t *obj, const char *field, json_t **out, struct sl_err *err)
{
    json_t *value = json_object_get(obj, field);

    if (!json_is_object(value)) {
        return wrong(err, field, value == NULL ? "missing" : "not an object");
    }
    *out = value;
    return SL_OK;
}

bool sl_json_has(const json_t *obj, const char *field)
{
    return json_object_get(obj, field) != NULL;
}

/* A value that jansson would not take is a bug of ours or means that memory is out. */
static json_t *must(json_t *value)
{
    if (value == NULL) {
        abort();
    }
    return value;
}

void sl_json_set(json_t *obj, const char *field, json_t *take_value)
{
    if (json_object_set_new(obj, field, must(take_value)) != 0) {
        abort();
    }
}

void sl_json_set_bytes(json_t *obj, const char *field, const void *data, size_t n)
{
    SL_AUTO(str) char *text = sl_b64(data, n);
    sl_json_set(obj, field, json_string_nocheck(text));
}

void sl_json_set_int(json_t *obj, const char *field, int64_t value)
{
    sl_json_set(obj, field, json_integer(value));
}

void sl_json_set_str(json_t *obj, const char *field, const char *value)
{
    sl_json_set(obj, field, json_string(value));
}

void sl_json_set_bool(json_t *obj, const char *field, bool value)
{
    sl_json_set(obj, field, json_boolean(value));
}

void sl_json_append(json_t *array, json_t *take_value)
{
    if (json_array_append_new(array, must(take_value)) != 0) {
        abort();
    }
}

json_t *sl_json_new(void)
{
    return must(json_object());
}

json_t *sl_json_new_array(void)
{
    return must(json_array());
}
