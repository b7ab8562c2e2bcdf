/*
 * Tables of fields, and the one reader and writer for all of them: messages, parcels, vaults, tabs.
 * Inside e2ee. Thread: any; no state.
 */
#ifndef SENDLINE_E2EE_FIELDS_H
#define SENDLINE_E2EE_FIELDS_H

#include <jansson.h>

#include "e2ee/prim.h"

enum e2_type {
    E2_T_S,
    E2_T_I,
    E2_T_B16,
    E2_T_B32,
    E2_T_BOOL,
    E2_T_OBJECT
};

struct e2_field {
    const char *name; /**< NULL ends a table */
    enum e2_type type;
    bool optional;
    bool list;                    /**< an array of it */
    const struct e2_field *table; /**< of E2_T_OBJECT */
};

/**
 * JSON as both clients take it: an object, no duplicate names, no nulls in objects, valid UTF-8
 * without NUL and lone surrogates, nothing behind it. Numbers of any kind. Owned, or NULL.
 */
json_t *e2_json_read(struct sl_bytes text);

/** The fields of the table and no others, owned; NULL: one is missing or wrong (named in `where`,
 * static). */
json_t *e2_fields(const struct e2_field *table, const json_t *from, bool clean, const char **where);

/** Bytes into a field, as sl_json_set_bytes, with nothing of them left elsewhere. */
void e2_set_secret(json_t *obj, const char *field, const uint8_t *data, size_t n);

#endif
