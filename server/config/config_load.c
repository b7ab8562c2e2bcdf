/* Where values come from: the file, the environment, the flags. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/text.h"
#include "config/table.h"

/* Enough to tell one file from another, and leaves room for what is wrong. */
enum {
    NAME_SHOWN = 48,
    KEY_SHOWN = 40
};

/* What getopt_long answers for the first key: beyond every character. */
enum {
    FIRST_FLAG = 256
};

static const char *tail(const char *name)
{
    size_t len = strlen(name);

    return len <= NAME_SHOWN ? name : name + len - NAME_SHOWN;
}

static enum sl_code unknown(const char *where, const char *key, struct sl_err *err)
{
    const char *near = config_nearest(key);
    SL_AUTO(str) char *shown = sl_clean(key, strnlen(key, KEY_SHOWN));

    if (near != NULL) {
        return sl_fail(err, SL_BAD_REQUEST, "%s: there is no setting '%s'; did you mean %s?", where,
                       shown, near);
    }
    return sl_fail(err, SL_BAD_REQUEST, "%s: there is no setting '%s'", where, shown);
}

/* ---- The file ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts blanks off both ends, in place. */
static char *trim(char *text)
{
    while (is_space(*text)) {
        text++;
    }
    size_t len = strlen(text);
    while (len > 0 && is_space(text[len - 1])) {
        len--;
    }
    text[len] = '\0';
    return text;
}

struct lines {
    const char *name;
    unsigned number;
    unsigned *seen; /**< for each key, the line that set it */
};

static enum sl_code take_line(struct config *config, struct lines *lines, char *line,
                              struct sl_err *err)
{
    SL_AUTO(str) char *where = sl_strf("%s:%u", tail(lines->name), lines->number);
    char *text = trim(line);

    if (*text == '\0' || *text == '#') {
        return SL_OK;
    }
    char *equals = strchr(text, '=');
    if (equals == NULL) {
        return sl_fail(err, SL_BAD_REQUEST, "%s: write 'key = value'", where);
    }
    *equals = '\0';
    const char *key = trim(text);
    size_t i = config_find(key);
    if (i == config_row_count) {
        return unknown(where, key, err);
    }
    if (lines->seen[i] != 0) {
        return sl_fail(err, SL_BAD_REQUEST, "%s: %s is set on line %u already", where, key,
                       lines->seen[i]);
    }
    lines->seen[i] = lines->number;
    return config_set(config, &config_rows[i], trim(equals + 1), where, err);
}

enum sl_code config_read_text(struct config *config, const char *name, const char *text, size_t len,
                              struct sl_err *err)
{
    static const char mark[] = "\xef\xbb\xbf"; /* that some editors put before UTF-8 */
    SL_AUTO(str) char *copy = NULL;
    enum sl_code rc = SL_OK;

    if (len > CONFIG_MAX_FILE_BYTES) {
        return sl_fail(err, SL_BAD_REQUEST, "%s: larger than %d bytes", tail(name),
                       CONFIG_MAX_FILE_BYTES);
    }
    if (memchr(text, '\0', len) != NULL) {
        return sl_fail(err, SL_BAD_REQUEST, "%s: not a text file", tail(name));
    }
    copy = sl_strndup(text, len);
    unsigned *seen = sl_alloc(config_row_count * sizeof *seen);
    struct lines lines = {.name = name, .seen = seen};
    char *at = strncmp(copy, mark, sizeof mark - 1) == 0 ? copy + sizeof mark - 1 : copy;
    while (rc == SL_OK && at != NULL) {
        char *line = strsep(&at, "\n");
        lines.number++;
        rc = take_line(config, &lines, line, err);
    }
    free(seen);
    return rc;
}

static enum sl_code read_file(struct config *config, const char *name, struct sl_err *err)
{
    SL_AUTO(file) FILE *file = fopen(name, "re");
    SL_AUTO(buf) struct sl_buf text = {0};

    if (file == NULL) {
        return sl_fail(err, SL_BAD_REQUEST, "%s: %s", tail(name), strerrordesc_np(errno));
    }
    sl_buf_reserve(&text, CONFIG_MAX_FILE_BYTES + 1);
    text.len = fread(text.data, 1, CONFIG_MAX_FILE_BYTES + 1, file);
    if (ferror(file) != 0) {
        return sl_fail(err, SL_BAD_REQUEST, "%s: cannot be read", tail(name));
    }
    return config_read_text(config, name, (const char *)text.data, text.len, err);
}

/* ---- The environment ---- */

static const char prefix[] = "SENDLINE_";

static enum sl_code take_variable(struct config *config, const char *entry, struct sl_err *err)
{
    const char *equals = strchr(entry, '=');

    if (equals == NULL || strncmp(entry, prefix, sizeof prefix - 1) != 0) {
        return SL_OK;
    }
    SL_AUTO(str) char *where = sl_strndup(entry, (size_t)(equals - entry));
    SL_AUTO(str) char *key = sl_strdup(where + sizeof prefix - 1);
    SL_AUTO(str) char *value = sl_strdup(equals + 1);
    sl_lower(key);
    size_t i = config_find(key);
    if (i < config_row_count) {
        return config_set(config, &config_rows[i], trim(value), where, err);
    }
    /* Others use this prefix, too (SENDLINE_CONFIG for one): only what looks like a key that was
     * meant is an error. */
    return config_nearest(key) == NULL ? SL_OK : unknown(tail(where), key, err);
}

/* ---- The flags ---- */

/* Each key twice, with hyphens and with underscores; then the end. Owned. */
static struct option *make_options(void)
{
    struct option *options = sl_alloc((2 * config_row_count + 1) * sizeof *options);

    for (size_t i = 0; i < config_row_count; i++) {
        char *hyphens = sl_strdup(config_rows[i].key);
        for (char *at = hyphens; *at != '\0'; at++) {
            *at = *at == '_' ? '-' : *at;
        }
        options[2 * i] = (struct option){hyphens, required_argument, NULL, FIRST_FLAG + (int)i};
        options[2 * i + 1] =
            (struct option){config_rows[i].key, required_argument, NULL, FIRST_FLAG + (int)i};
    }
    return options;
}

static void free_options(struct option *options)
{
    for (size_t i = 0; i < config_row_count; i++) {
        free((void *)(uintptr_t)options[2 * i].name); /* ours, though getopt's field is const */
    }
    free(options);
}

/* The flag's own name as it was typed, with underscores. Owned. */
static char *flag_key(const char *typed)
{
    const char *name = typed + strspn(typed, "-");
    char *key = sl_strndup(name, strcspn(name, "="));

    for (char *at = key; *at != '\0'; at++) {
        *at = *at == '-' ? '_' : *at;
    }
    return key;
}

static enum sl_code take_flag(struct config *config, int got, const char *typed, struct sl_err *err)
{
    SL_AUTO(str) char *key = flag_key(typed);

    if (got == ':') {
        return sl_fail(err, SL_BAD_REQUEST, "%s needs a value", tail(typed));
    }
    /* getopt_long takes a beginning for the whole; we do not: another key may begin so tomorrow. */
    if (got < FIRST_FLAG || strcmp(key, config_rows[got - FIRST_FLAG].key) != 0) {
        return unknown("flags", key, err);
    }
    const struct config_row *row = &config_rows[got - FIRST_FLAG];
    SL_AUTO(str) char *where = sl_strndup(typed, strcspn(typed, "="));
    SL_AUTO(str) char *value = sl_strdup(optarg);
    return config_set(config, row, trim(value), where, err);
}

static enum sl_code read_flags(struct config *config, int argc, char *const *argv,
                               struct sl_err *err)
{
    struct option *options = make_options();
    enum sl_code rc = SL_OK;

    /* getopt's own state, begun anew: loading is the main thread's. */
    optind = 0;
    opterr = 0;
    while (rc == SL_OK) {
        int at = optind == 0 ? 1 : optind;
        /* NOLINTNEXTLINE(concurrency-mt-unsafe) */
        int got = getopt_long(argc, argv, "+:", options, NULL);
        if (got == -1) {
            break;
        }
        rc = take_flag(config, got, argv[at], err);
    }
    if (rc == SL_OK && optind < argc) {
        rc = sl_fail(err, SL_BAD_REQUEST, "'%.60s' is not a flag", argv[optind]);
    }
    free_options(options);
    return rc;
}

enum sl_code config_load(const char *file, char *const *env, int argc, char *const *argv,
                         struct config **out, struct sl_err *err)
{
    struct config *config = config_defaults();
    enum sl_code rc = file == NULL ? SL_OK : read_file(config, file, err);

    for (size_t i = 0; rc == SL_OK && env != NULL && env[i] != NULL; i++) {
        rc = take_variable(config, env[i], err);
    }
    if (rc == SL_OK && argc > 1) {
        rc = read_flags(config, argc, argv, err);
    }
    if (rc != SL_OK) {
        config_free(config);
        return rc;
    }
    *out = config;
    return SL_OK;
}
