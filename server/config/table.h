/*
 * config.def as rows, and the parts of loading that tests and the fuzzer reach. Only config/ and
 * they include this. Thread: any; constants.
 */
#ifndef SENDLINE_CONFIG_TABLE_H
#define SENDLINE_CONFIG_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "config/config.h"

enum config_kind {
    CONFIG_KIND_STR,
    CONFIG_KIND_INT,
    CONFIG_KIND_BOOL
};

struct config_row {
    const char *key;
    enum config_kind kind;
    size_t offset;    /**< in struct config */
    const char *text; /**< default of a string */
    int64_t number;   /**< default of a number or a switch */
    int64_t min;      /**< of a number */
    int64_t max;      /**< of a number; of a string: bytes */
    const char *help;
};

enum {
    CONFIG_MAX_FILE_BYTES = 65536
};

extern const struct config_row config_rows[];
extern const size_t config_row_count;

/** The index of a key, or config_row_count. */
size_t config_find(const char *key);
/** The key nearest to a wrong one, or NULL. */
const char *config_nearest(const char *key);

/** Set one key; `where` begins the error. SL_BAD_REQUEST says what to write instead. */
SL_MUST_USE enum sl_code config_set(struct config *config, const struct config_row *row,
                                    const char *value, const char *where, struct sl_err *err);

/** The text of a file called `name`. On failure config holds what came before the bad line. */
SL_MUST_USE enum sl_code config_read_text(struct config *config, const char *name, const char *text,
                                          size_t len, struct sl_err *err);

char **config_str_at(struct config *config, const struct config_row *row);
int64_t *config_int_at(struct config *config, const struct config_row *row);
bool *config_bool_at(struct config *config, const struct config_row *row);

#endif
