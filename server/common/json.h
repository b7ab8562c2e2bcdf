/*
 * Bounded JSON: parsing that refuses what the protocol refuses, and getters that name the field.
 *
 * Getters return SL_OK, or SL_BAD_REQUEST with the field's name in the detail ("thread: 16 bytes of
 * base64url"); outputs are untouched then. Strings are borrowed from the object. Thread: one owner.
 */
#ifndef SENDLINE_COMMON_JSON_H
#define SENDLINE_COMMON_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

/**
 * Parse one JSON object. Refused: duplicate names, nulls in objects, NUL or bad UTF-8 in strings,
 * numbers that are not integers within ±2^53, more than max_depth levels, anything after the
 * object.
 *
 * @param max_depth levels, the object itself is one
 * @return SL_OK and *out owned; SL_BAD_FRAME.
 */
SL_MUST_USE enum sl_code sl_json_parse(const char *text, size_t len, size_t max_depth, json_t **out,
                                       struct sl_err *err);

/** Compact text; owned. */
char *sl_json_text(const json_t *json, size_t *len);

SL_MUST_USE enum sl_code sl_json_str(const json_t *obj, const char *field, size_t min_bytes,
                                     size_t max_bytes, const char **out, struct sl_err *err);
SL_MUST_USE enum sl_code sl_json_int(const json_t *obj, const char *field, int64_t min, int64_t max,
                                     int64_t *out, struct sl_err *err);
SL_MUST_USE enum sl_code sl_json_bool(const json_t *obj, const char *field, bool *out,
                                      struct sl_err *err);
/** Exactly n bytes in base64url. */
SL_MUST_USE enum sl_code sl_json_fixed(const json_t *obj, const char *field, uint8_t *out, size_t n,
                                       struct sl_err *err);
/** min to max bytes in base64url, appended to the (empty) buffer. */
SL_MUST_USE enum sl_code sl_json_bytes(const json_t *obj, const char *field, size_t min_bytes,
                                       size_t max_bytes, struct sl_buf *out, struct sl_err *err);
/** An array of min to max members; borrowed. */
SL_MUST_USE enum sl_code sl_json_array(const json_t *obj, const char *field, size_t min, size_t max,
                                       json_t **out, struct sl_err *err);
SL_MUST_USE enum sl_code sl_json_object(const json_t *obj, const char *field, json_t **out,
                                        struct sl_err *err);
/** Is the field there? Optional fields: ask first. */
bool sl_json_has(const json_t *obj, const char *field);

/** Setters that abort when memory is out. */
void sl_json_set_bytes(json_t *obj, const char *field, const void *data,
                       size_t n); /**< base64url */
void sl_json_set_int(json_t *obj, const char *field, int64_t value);
void sl_json_set_str(json_t *obj, const char *field, const char *value);
void sl_json_set_bool(json_t *obj, const char *field, bool value);
void sl_json_set(json_t *obj, const char *field, json_t *take_value);
void sl_json_append(json_t *array, json_t *take_value);
json_t *sl_json_new(void); /**< an empty object */
json_t *sl_json_new_array(void);

#endif
