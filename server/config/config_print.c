/* The table in words. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/table.h"

enum {
    WIDTH = 78,
    INDENT = 6
};

static void put_wrapped(FILE *out, const char *text)
{
    size_t at = 0;

    while (*text != '\0') {
        size_t word = strcspn(text, " ");
        if (at == 0 || at + 1 + word > WIDTH) {
            (void)fprintf(out, "%s%*s", at == 0 ? "" : "\n", INDENT, "");
            at = INDENT;
        } else {
            (void)fputc(' ', out);
            at++;
        }
        (void)fwrite(text, 1, word, out);
        at += word;
        text += word;
        text += strspn(text, " ");
    }
    (void)fputc('\n', out);
}

static void put_flag(FILE *out, const char *key)
{
    (void)fputs("  --", out);
    for (; *key != '\0'; key++) {
        (void)fputc(*key == '_' ? '-' : *key, out);
    }
}

void config_help(FILE *out)
{
    for (size_t i = 0; i < config_row_count; i++) {
        const struct config_row *row = &config_rows[i];

        put_flag(out, row->key);
        switch (row->kind) {
        case CONFIG_KIND_STR:
            (void)fprintf(out, " TEXT   (%s)\n", *row->text == '\0' ? "not set" : row->text);
            break;
        case CONFIG_KIND_INT:
            (void)fprintf(out, " %" PRId64 "..%" PRId64 "   (%" PRId64 ")\n", row->min, row->max,
                          row->number);
            break;
        case CONFIG_KIND_BOOL:
            (void)fprintf(out, " yes|no   (%s)\n", row->number != 0 ? "yes" : "no");
            break;
        }
        put_wrapped(out, row->help);
    }
}

void config_print(const struct config *config, FILE *out)
{
    const char *base = (const char *)config;

    for (size_t i = 0; i < config_row_count; i++) {
        const struct config_row *row = &config_rows[i];
        const void *at = base + row->offset;

        switch (row->kind) {
        case CONFIG_KIND_STR: {
            const char *value = *(const char *const *)at;
            (void)fprintf(out, "%s =%s%s\n", row->key, *value == '\0' ? "" : " ", value);
            break;
        }
        case CONFIG_KIND_INT:
            (void)fprintf(out, "%s = %" PRId64 "\n", row->key, *(const int64_t *)at);
            break;
        case CONFIG_KIND_BOOL:
            (void)fprintf(out, "%s = %s\n", row->key, *(const bool *)at ? "yes" : "no");
            break;
        }
    }
}
