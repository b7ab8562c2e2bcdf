/* The table, its defaults, and how one value is taken. */
#include "config/config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/log.h"
#include "common/text.h"
#include "config/table.h"

const struct config_row config_rows[] = {
#define CONFIG_STR(name, fallback, most, sentence)                                                 \
    {.key = #name,                                                                                 \
     .kind = CONFIG_KIND_STR,                                                                      \
     .offset = offsetof(struct config, name),                                                      \
     .text = (fallback),                                                                           \
     .max = (most),                                                                                \
     .help = (sentence)},
#define CONFIG_INT(name, fallback, least, most, sentence)                                          \
    {.key = #name,                                                                                 \
     .kind = CONFIG_KIND_INT,                                                                      \
     .offset = offsetof(struct config, name),                                                      \
     .number = (fallback),                                                                         \
     .min = (least),                                                                               \
     .max = (most),                                                                                \
     .help = (sentence)},
#define CONFIG_BOOL(name, fallback, sentence)                                                      \
    {.key = #name,                                                                                 \
     .kind = CONFIG_KIND_BOOL,                                                                     \
     .offset = offsetof(struct config, name),                                                      \
     .number = (fallback),                                                                         \
     .max = 1,                                                                                     \
     .help = (sentence)},
#include "config/config.def"
};

enum {
    ROWS = sizeof config_rows / sizeof config_rows[0]
};

const size_t config_row_count = ROWS;

size_t config_find(const char *key)
{
    size_t i = 0;

    while (i < ROWS && strcmp(config_rows[i].key, key) != 0) {
        i++;
    }
    return i;
}

const char *config_nearest(const char *key)
{
    const char *keys[ROWS + 1];

    for (size_t i = 0; i < ROWS; i++) {
        keys[i] = config_rows[i].key;
    }
    keys[ROWS] = NULL;
    return sl_nearest(key, keys);
}

char **config_str_at(struct config *config, const struct config_row *row)
{
    return (char **)(void *)((char *)config + row->offset);
}

int64_t *config_int_at(struct config *config, const struct config_row *row)
{
    return (int64_t *)(void *)((char *)config + row->offset);
}

bool *config_bool_at(struct config *config, const struct config_row *row)
{
    return (bool *)(void *)((char *)config + row->offset);
}

/* ---- What a value must look like beyond its type ---- */

static bool is_given(const char *value)
{
    return *value != '\0';
}

static bool is_level(const char *value)
{
    enum sl_log_level level = SL_LOG_INFO;

    return sl_log_level_of(value, &level);
}

/* As a browser sends it in Origin: no path, no slash at the end. */
static bool is_origin(const char *value)
{
    static const char scheme[] = "https://";

    if (strncmp(value, scheme, sizeof scheme - 1) != 0) {
        return false;
    }
    value += sizeof scheme - 1;
    size_t len = strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789.-[]:");
    return len > 0 && value[len] == '\0';
}

struct form {
    const char *key;
    bool (*ok)(const char *value);
    const char *want;
};

static const struct form forms[] = {
    {"council_name", is_given, "a name"},
    {"data_dir", is_given, "a folder"},
    {"log_level", is_level, "error, warn, info or debug"},
    {"outside_key_file", is_given, "a file"},
    {"public_url", is_origin, "https://name or https://name:port, in small letters"},
    {"service_name", is_given, "a name"},
    {"staff_url", is_origin, "https://name or https://name:port, in small letters"},
};

static bool has_control(const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;
        if (c < 0x20 || c == 0x7f) {
            return true;
        }
    }
    return false;
}

static enum sl_code set_str(char **at, const struct config_row *row, const char *value,
                            const char *where, struct sl_err *err)
{
    size_t len = strlen(value);

    if (len > (size_t)row->max) {
        return sl_fail(err, SL_BAD_REQUEST, "%s: %s: at most %" PRId64 " bytes, not %zu", where,
                       row->key, row->max, len);
    }
    if (!sl_utf8_ok(value, len) || has_control(value)) {
        return sl_fail(err, SL_BAD_REQUEST, "%s: %s: one line of UTF-8 text", where, row->key);
    }
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(forms[i].key, row->key) == 0 && !forms[i].ok(value)) {
            return sl_fail(err, SL_BAD_REQUEST, "%s: %s: write %s", where, row->key, forms[i].want);
        }
    }
    free(*at);
    *at = sl_strdup(value);
    return SL_OK;
}

static enum sl_code set_int(int64_t *at, const struct config_row *row, const char *value,
                            const char *where, struct sl_err *err)
{
    char *end = NULL;
    size_t digits = strspn(value + (*value == '-'), "0123456789");

    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (digits == 0 || *end != '\0' || errno != 0 || number < row->min || number > row->max) {
        return sl_fail(err, SL_BAD_REQUEST,
                       "%s: %s: a whole number from %" PRId64 " to %" PRId64 ", not '%.20s'", where,
                       row->key, row->min, row->max, value);
    }
    *at = number;
    return SL_OK;
}

static enum sl_code set_bool(bool *at, const struct config_row *row, const char *value,
                             const char *where, struct sl_err *err)
{
    bool yes = strcmp(value, "yes") == 0;

    if (!yes && strcmp(value, "no") != 0) {
        return sl_fail(err, SL_BAD_REQUEST, "%s: %s: yes or no, not '%.20s'", where, row->key,
                       value);
    }
    *at = yes;
    return SL_OK;
}

enum sl_code config_set(struct config *config, const struct config_row *row, const char *value,
                        const char *where, struct sl_err *err)
{
    switch (row->kind) {
    case CONFIG_KIND_STR:
        return set_str(config_str_at(config, row), row, value, where, err);
    case CONFIG_KIND_INT:
        return set_int(config_int_at(config, row), row, value, where, err);
    case CONFIG_KIND_BOOL:
        break;
    }
    return set_bool(config_bool_at(config, row), row, value, where, err);
}

struct config *config_defaults(void)
{
    struct config *config = sl_alloc(sizeof *config);

    for (size_t i = 0; i < ROWS; i++) {
        const struct config_row *row = &config_rows[i];
        switch (row->kind) {
        case CONFIG_KIND_STR:
            *config_str_at(config, row) = sl_strdup(row->text);
            break;
        case CONFIG_KIND_INT:
            *config_int_at(config, row) = row->number;
            break;
        case CONFIG_KIND_BOOL:
            *config_bool_at(config, row) = row->number != 0;
            break;
        }
    }
    return config;
}

void config_free(struct config *config)
{
    if (config == NULL) {
        return;
    }
    for (size_t i = 0; i < ROWS; i++) {
        if (config_rows[i].kind == CONFIG_KIND_STR) {
            free(*config_str_at(config, &config_rows[i]));
        }
    }
    free(config);
}
