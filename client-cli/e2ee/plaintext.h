/*
 * What may stand inside a message: the kinds of the table in crypto.md, read strictly, and made
 * safe to show.
 *
 * JSON is an object with `kind` first, at most 16 KiB, valid UTF-8, no NUL, no lone surrogates, no
 * duplicate names, no nulls in objects. Fields that the table does not name are ignored (whatever
 * numbers are in them) and dropped. Integers are 0 to 2^53 - 1. All text is cleaned of control
 * characters and of what turns text around. Thread: any; no state.
 */
#ifndef SENDLINE_E2EE_PLAINTEXT_H
#define SENDLINE_E2EE_PLAINTEXT_H

#include <jansson.h>

#include "e2ee/prim.h"

enum e2_side {
    E2_SIDE_STAFF,
    E2_SIDE_PARENT
};

enum e2_plain {
    E2_AGREED,
    E2_CALL,
    E2_CARD,
    E2_CONFIRM,
    E2_FILE,
    E2_FORM,
    E2_LETTER,
    E2_NOTE,
    E2_PROFILE,
    E2_REASON,
    E2_RETRACT,
    E2_TEXT,
    E2_PLAIN_COUNT,
    E2_PLAIN_UNKNOWN =
        E2_PLAIN_COUNT /**< a kind that this version does not know: named, not shown */
};

/** "text"; also the `act` of entry.post. Static; NULL for E2_PLAIN_UNKNOWN. */
const char *e2_plain_name(enum e2_plain kind);
enum e2_plain e2_plain_of(const char *name);
bool e2_plain_may_send(enum e2_plain kind, enum e2_side side, bool notes);

/**
 * Read a plaintext (unpadded). @return SL_OK: *kind, and *body owned: an object of the table's
 * fields alone, cleaned
 * (`kind` is not in it); of an unknown kind {"name": its name, at most 64 code points}.
 * SL_ENTRY_REFUSED: not one.
 */
SL_MUST_USE enum sl_code e2_plain_read(struct sl_bytes text, enum e2_plain *kind, json_t **body,
                                       struct sl_err *err);

/**
 * Write one: `kind` first, then the table's fields in their order, others left out. Appends JSON to
 * `out`, unpadded.
 * @return SL_OK; SL_BAD_REQUEST: a field is missing or of another type (named in err); SL_TOO_BIG.
 */
SL_MUST_USE enum sl_code e2_plain_write(enum e2_plain kind, const json_t *body, struct sl_buf *out,
                                        struct sl_err *err);

/** The same reader for parcel, vault and tab: the table's fields alone, text not cleaned; `kind`
 * plays no part. */
enum e2_object {
    E2_PARCEL,
    E2_VAULT
};
SL_MUST_USE enum sl_code e2_object_read(enum e2_object which, struct sl_bytes text, json_t **out,
                                        struct sl_err *err);
SL_MUST_USE enum sl_code e2_object_write(enum e2_object which, const json_t *body,
                                         struct sl_buf *out, struct sl_err *err);

#endif
