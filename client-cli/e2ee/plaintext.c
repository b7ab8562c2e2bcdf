#include "e2ee/plaintext.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "e2ee/fields.h"

#define END                                                                                        \
    {                                                                                              \
        NULL, E2_T_S, false, false, NULL                                                           \
    }
#define MUST(name, type)                                                                           \
    {                                                                                              \
        name, type, false, false, NULL                                                             \
    }
#define MAY(name, type)                                                                            \
    {                                                                                              \
        name, type, true, false, NULL                                                              \
    }
#define LIST(name, type)                                                                           \
    {                                                                                              \
        name, type, false, true, NULL                                                              \
    }
#define OBJECTS(name, table)                                                                       \
    {                                                                                              \
        name, E2_T_OBJECT, false, true, table                                                      \
    }

static const struct e2_field fields_agreed[] = {MAY("booking", E2_T_B16), LIST("points", E2_T_S),
                                                END};
static const struct e2_field fields_call[] = {
    MUST("booking", E2_T_B16),    MUST("at", E2_T_I),
    MUST("topic", E2_T_S),        LIST("questions", E2_T_S),
    MUST("phone", E2_T_S),        MUST("safe", E2_T_BOOL),
    MUST("voicemail", E2_T_BOOL), LIST("needs", E2_T_S),
    LIST("joins", E2_T_S),        END};
static const struct e2_field fields_card[] = {MUST("case", E2_T_S), MUST("child", E2_T_S),
                                              MUST("parent", E2_T_S), MAY("continues", E2_T_B16),
                                              END};
static const struct e2_field fields_confirm[] = {MUST("seq", E2_T_I), END};
static const struct e2_field fields_file[] = {
    MUST("blob", E2_T_B16), MUST("key", E2_T_B32),  MUST("name", E2_T_S), MUST("type", E2_T_S),
    MUST("size", E2_T_I),   MUST("hash", E2_T_B32), MAY("alt", E2_T_S),   END};
static const struct e2_field fields_answer[] = {MUST("id", E2_T_S), MUST("q", E2_T_S),
                                                MUST("a", E2_T_S), END};
static const struct e2_field fields_form[] = {MUST("form", E2_T_S), MUST("version", E2_T_I),
                                              OBJECTS("answers", fields_answer), END};
static const struct e2_field fields_letter[] = {MUST("event", E2_T_S), MUST("body", E2_T_S),
                                                MAY("file", E2_T_I), END};
static const struct e2_field fields_note[] = {MUST("body", E2_T_S), MAY("booking", E2_T_B16), END};
static const struct e2_field fields_hours[] = {LIST("days", E2_T_I), MUST("from", E2_T_S),
                                               MUST("to", E2_T_S), END};
static const struct e2_field fields_profile[] = {
    MUST("phone", E2_T_S),   OBJECTS("hours", fields_hours), MUST("voicemail", E2_T_BOOL),
    MUST("wording", E2_T_S), MUST("confirmed_on", E2_T_S),   END};
static const struct e2_field fields_reason[] = {MUST("about", E2_T_S), MAY("ref", E2_T_B16),
                                                MUST("body", E2_T_S), END};
static const struct e2_field fields_retract[] = {MUST("seq", E2_T_I), END};
static const struct e2_field fields_text[] = {MUST("body", E2_T_S), MAY("re", E2_T_I), END};

static const struct e2_field fields_thread[] = {MUST("id", E2_T_B16),   MUST("generation", E2_T_I),
                                                MUST("key", E2_T_B32),  MUST("seq", E2_T_I),
                                                MUST("link", E2_T_B32), END};
static const struct e2_field fields_parcel[] = {MUST("service", E2_T_S),
                                                LIST("roots", E2_T_B32),
                                                MUST("serial", E2_T_I),
                                                MUST("address", E2_T_S),
                                                MUST("parent", E2_T_B16),
                                                OBJECTS("threads", fields_thread),
                                                END};
static const struct e2_field fields_vault[] = {
    MUST("seed", E2_T_B32), MUST("service", E2_T_S),           LIST("roots", E2_T_B32),
    MUST("serial", E2_T_I), OBJECTS("threads", fields_thread), END};

enum who {
    BY_STAFF = 1,
    BY_PARENT = 2,
    BY_EITHER = 3
};

static const struct kind_row {
    const char *name;
    enum who by;
    bool notes_only;
    const struct e2_field *fields;
} kinds[E2_PLAIN_COUNT] = {
    [E2_AGREED] = {"agreed", BY_STAFF, false, fields_agreed},
    [E2_CALL] = {"call", BY_EITHER, false, fields_call},
    [E2_CARD] = {"card", BY_STAFF, false, fields_card},
    [E2_CONFIRM] = {"confirm", BY_PARENT, false, fields_confirm},
    [E2_FILE] = {"file", BY_EITHER, false, fields_file},
    [E2_FORM] = {"form", BY_PARENT, false, fields_form},
    [E2_LETTER] = {"letter", BY_STAFF, false, fields_letter},
    [E2_NOTE] = {"note", BY_STAFF, true, fields_note},
    [E2_PROFILE] = {"profile", BY_PARENT, false, fields_profile},
    [E2_REASON] = {"reason", BY_STAFF, false, fields_reason},
    [E2_RETRACT] = {"retract", BY_EITHER, false, fields_retract},
    [E2_TEXT] = {"text", BY_EITHER, false, fields_text},
};

static const struct e2_field *const objects[] = {
    [E2_PARCEL] = fields_parcel, [E2_VAULT] = fields_vault};

const char *e2_plain_name(enum e2_plain kind)
{
    return kind < E2_PLAIN_COUNT ? kinds[kind].name : NULL;
}

enum e2_plain e2_plain_of(const char *name)
{
    for (unsigned i = 0; i < E2_PLAIN_COUNT; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return (enum e2_plain)i;
        }
    }
    return E2_PLAIN_UNKNOWN;
}

bool e2_plain_may_send(enum e2_plain kind, enum e2_side side, bool notes)
{
    if (kind >= E2_PLAIN_COUNT) {
        return true; /* unknown to us: it is named, not shown */
    }
    const unsigned wanted = side == E2_SIDE_STAFF ? BY_STAFF : BY_PARENT;
    return (kinds[kind].by & wanted) != 0 && (!kinds[kind].notes_only || notes);
}

/* At most 64 code points of a name that nobody vouches for. */
static json_t *unknown_body(const char *name)
{
    SL_AUTO(str) char *safe = sl_clean(name, strlen(name));
    size_t at = 0;

    for (size_t points = 0; safe[at] != '\0'; at++) {
        points += ((unsigned char)safe[at] & 0xc0U) != 0x80U;
        if (points > 64) {
            break;
        }
    }
    json_t *body = sl_json_new();
    sl_json_set(body, "name", json_stringn(safe, at));
    return body;
}

enum sl_code e2_plain_read(struct sl_bytes text, enum e2_plain *kind, json_t **body,
                           struct sl_err *err)
{
    const char *where = "";

    if (text.len > SL_MAX_PLAINTEXT_BYTES) {
        return sl_fail(err, SL_ENTRY_REFUSED, "plaintext of %zu bytes", text.len);
    }
    SL_AUTO(json) json_t *json = e2_json_read(text);
    if (json == NULL) {
        return sl_fail(err, SL_ENTRY_REFUSED, "not JSON as we take it");
    }
    /* jansson keeps the order in which members were written. */
    void *first = json_object_iter(json);
    if (first == NULL || strcmp(json_object_iter_key(first), "kind") != 0 ||
        !json_is_string(json_object_iter_value(first))) {
        return sl_fail(err, SL_ENTRY_REFUSED, "kind is not first");
    }
    const char *name = json_string_value(json_object_iter_value(first));
    const enum e2_plain found = e2_plain_of(name);
    if (found == E2_PLAIN_UNKNOWN) {
        *kind = found;
        *body = unknown_body(name);
        return SL_OK;
    }
    json_t *made = e2_fields(kinds[found].fields, json, true, &where);
    if (made == NULL) {
        return sl_fail(err, SL_ENTRY_REFUSED, "%s: field %s", kinds[found].name, where);
    }
    *kind = found;
    *body = made;
    return SL_OK;
}

static enum sl_code put_json(const json_t *json, size_t max, struct sl_buf *out, struct sl_err *err)
{
    size_t len = 0;
    char *text = sl_json_text(json, &len);
    const bool fits = len <= max;

    if (fits) {
        sl_buf_put(out, text, len);
    }
    /* Parcels have keys in them, and messages the keys of files. */
    sodium_memzero(text, len);
    free(text);
    return fits ? SL_OK : sl_fail(err, SL_TOO_BIG, "%zu bytes, limit %zu", len, max);
}

enum sl_code e2_plain_write(enum e2_plain kind, const json_t *body, struct sl_buf *out,
                            struct sl_err *err)
{
    const char *where = "";

    if (kind >= E2_PLAIN_COUNT) {
        return sl_fail(err, SL_BAD_REQUEST, "kind: not one of this version");
    }
    SL_AUTO(json) json_t *fields = e2_fields(kinds[kind].fields, body, false, &where);
    if (fields == NULL) {
        return sl_fail(err, SL_BAD_REQUEST, "%s: field %s", kinds[kind].name, where);
    }
    SL_AUTO(json) json_t *whole = sl_json_new();
    sl_json_set_str(whole, "kind", kinds[kind].name);
    if (json_object_update(whole, fields) != 0) {
        abort(); /* jansson ran out of memory */
    }
    return put_json(whole, SL_MAX_PLAINTEXT_BYTES, out, err);
}

enum sl_code e2_object_read(enum e2_object which, struct sl_bytes text, json_t **out,
                            struct sl_err *err)
{
    const char *where = "";
    SL_AUTO(json) json_t *json = e2_json_read(text);
    json_t *made = json == NULL ? NULL : e2_fields(objects[which], json, false, &where);

    if (made == NULL) {
        return sl_fail(err, SL_CORRUPT, "not of its form: %s", where);
    }
    *out = made;
    return SL_OK;
}

enum sl_code e2_object_write(enum e2_object which, const json_t *body, struct sl_buf *out,
                             struct sl_err *err)
{
    const char *where = "";
    SL_AUTO(json) json_t *fields = e2_fields(objects[which], body, false, &where);

    if (fields == NULL) {
        return sl_fail(err, SL_BAD_REQUEST, "field %s", where);
    }
    return put_json(fields, SL_MAX_VAULT_BYTES, out, err);
}
