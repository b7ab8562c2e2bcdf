#include "conf.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/text.h"
#include "file.h"

static const struct conf_row {
    const char *key;
    bool is_path;
    size_t at;
} rows[] = {
#define CONF(key, is_path, help) {#key, is_path, offsetof(struct conf, key)},
#include "conf.def"
};
enum {
    ROWS = sizeof(rows) / sizeof(rows[0])
};

static char **slot(struct conf *conf, const struct conf_row *row)
{
    return (char **)((char *)conf + row->at);
}

static void set(struct conf *conf, const struct conf_row *row, const char *dir, const char *value)
{
    char **at = slot(conf, row);

    free(*at);
    *at = row->is_path && value[0] != '\0' ? file_join(dir, value) : sl_strdup(value);
}

static char *trim(char *s)
{
    char *end;

    while (isspace((unsigned char)*s) != 0) {
        s++;
    }
    end = s + strlen(s);
    while (end > s && isspace((unsigned char)end[-1]) != 0) {
        end--;
    }
    *end = '\0';
    return s;
}

static int read_line(struct conf *conf, char *line, const char *path, int number, const char *dir,
                     struct fault *fault)
{
    const char *words[ROWS + 1] = {NULL};
    char *at = trim(line);
    char *equals = strchr(at, '=');
    const char *near;

    if (*at == '\0' || *at == '#') {
        return CLI_OK;
    }
    if (equals == NULL) {
        return fault_set(fault, CLI_USAGE, "%.300s, line %d: write key = value.", path, number);
    }
    *equals = '\0';
    at = trim(at);
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].key, at) == 0) {
            set(conf, &rows[i], dir, trim(equals + 1));
            return CLI_OK;
        }
        words[i] = rows[i].key;
    }
    near = sl_nearest(at, words);
    return fault_set(fault, CLI_USAGE, "%.300s, line %d: there is no setting '%.60s'.%s%s%s", path,
                     number, at, near != NULL ? " Did you mean '" : "", near != NULL ? near : "",
                     near != NULL ? "'?" : "");
}

static int read_file(struct conf *conf, const char *path, struct fault *fault)
{
    SL_AUTO(buf) struct sl_buf text = {0};
    SL_AUTO(str) char *dir = file_dir(path);
    SL_AUTO(str) char *real = realpath(dir, NULL);
    int rc = file_read(path, 65536, &text, fault);
    char *line;
    int number = 1;

    if (rc != CLI_OK) {
        return rc;
    }
    sl_buf_put_u8(&text, 0);
    line = (char *)text.data;
    while (rc == CLI_OK && line != NULL) {
        char *next = strchr(line, '\n');

        if (next != NULL) {
            *next++ = '\0';
        }
        rc = read_line(conf, line, path, number++, real != NULL ? real : dir, fault);
        line = next;
    }
    return rc;
}

static char *xdg(const char *name, const char *fallback)
{
    const char *dir = getenv(name);
    const char *home = getenv("HOME");

    if (dir != NULL && dir[0] == '/') {
        return sl_strf("%s/sendline", dir);
    }
    return sl_strf("%s/%s/sendline", home != NULL ? home : "", fallback);
}

/** SENDLINE_ and the key in capitals. Owned. */
static char *variable_of(const struct conf_row *row)
{
    char *name = sl_strf("SENDLINE_%s", row->key);

    for (char *c = name; *c != '\0'; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    return name;
}

static void from_environment(struct conf *conf)
{
    for (size_t i = 0; i < ROWS; i++) {
        SL_AUTO(str) char *name = variable_of(&rows[i]);
        const char *value = getenv(name);

        if (value != NULL && value[0] != '\0') {
            set(conf, &rows[i], ".", value);
        }
    }
}

int conf_load(struct conf *conf, const char *file, struct fault *fault)
{
    SL_AUTO(str) char *dir = xdg("XDG_CONFIG_HOME", ".config");
    SL_AUTO(str) char *standard = sl_strf("%s/config", dir);
    const char *named = file != NULL ? file : getenv("SENDLINE_CONFIG");
    const char *path = named != NULL && named[0] != '\0' ? named : standard;
    int rc = CLI_OK;

    memset(conf, 0, sizeof(*conf));
    if (path != standard || file_exists(path)) {
        rc = read_file(conf, path, fault);
    }
    from_environment(conf);
    if (conf->key_file == NULL) {
        conf->key_file = sl_strf("%s/key", dir);
    }
    if (conf->state_dir == NULL) {
        conf->state_dir = xdg("XDG_STATE_HOME", ".local/state");
    }
    return rc;
}

void conf_free(struct conf *conf)
{
    for (size_t i = 0; i < ROWS; i++) {
        free(*slot(conf, &rows[i]));
    }
    memset(conf, 0, sizeof(*conf));
}
