#include "details.h"

#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "common/json.h"
#include "common/text.h"
#include "file.h"
#include "layout.h"

enum {
    MAX_FILE_BYTES = 65536
};

/** "[Sam Carter]: ", cleaned. Owned. */
static char *offer_of(const char *fallback)
{
    SL_AUTO(str) char *clean = layout_line(fallback);

    return sl_strf("[%s]: ", clean);
}

static int check(struct cli *cli, struct detail *d)
{
    size_t len = strlen(d->value);

    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)d->value[i] < ' ' || d->value[i] == 127) {
            return fault_set(&cli->fault, CLI_NOT_READY, "'%s' has control characters in it.",
                             d->field);
        }
    }
    if (len == 0 || len > d->max_bytes || !sl_utf8_ok(d->value, len)) {
        return fault_set(&cli->fault, CLI_NOT_READY,
                         "'%s' must be given, with at most %zu characters.", d->field,
                         d->max_bytes);
    }
    return CLI_OK;
}

static int take_file(struct cli *cli, const char *path, struct detail *details, size_t count)
{
    SL_AUTO(secret) struct sl_buf text = {0};
    SL_AUTO(json) json_t *json = NULL;
    struct sl_err err = {0};
    int rc = file_read(path, MAX_FILE_BYTES, &text, &cli->fault);

    if (rc != CLI_OK) {
        return rc;
    }
    if (sl_json_parse((const char *)text.data, text.len, 4, &json, &err) != SL_OK) {
        return fault_set(&cli->fault, CLI_NOT_READY, "%.300s is not a JSON object: %s.", path,
                         err.detail);
    }
    for (size_t i = 0; i < count && rc == CLI_OK; i++) {
        const char *value = json_string_value(json_object_get(json, details[i].field));

        if (value == NULL) {
            value = details[i].fallback;
        }
        if (value == NULL) {
            return fault_set(&cli->fault, CLI_NOT_READY, "%.300s has no \"%s\".", path,
                             details[i].field);
        }
        details[i].value = sl_strdup(value);
        rc = check(cli, &details[i]);
    }
    return rc;
}

int details_take(struct cli *cli, struct detail *details, size_t count)
{
    const char *path = cli->opts.value[OPT_FROM];
    int rc = CLI_OK;

    if (path != NULL) {
        return take_file(cli, path, details, count);
    }
    for (size_t i = 0; i < count && rc == CLI_OK; i++) {
        struct detail *d = &details[i];
        SL_AUTO(str) char *offer = d->fallback != NULL ? offer_of(d->fallback) : sl_strdup("");
        SL_AUTO(str) char *prompt = sl_strf("%-22s %s", d->prompt, offer);

        rc = ask_line(prompt, d->fallback, cli_has(cli, OPT_NO_INPUT), &d->value, &cli->fault);
        if (rc == CLI_OK) {
            rc = check(cli, d);
        }
    }
    return rc;
}

void details_free(struct detail *details, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(details[i].value);
        details[i].value = NULL;
    }
}

bool details_is_address(const char *text)
{
    const char *at = strchr(text, '@');

    return at != NULL && at > text && strchr(at + 1, '@') == NULL && strchr(at + 1, '.') != NULL &&
           at[strlen(at) - 1] != '.' && strpbrk(text, " \t,;<>()\"") == NULL;
}
