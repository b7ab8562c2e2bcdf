#include "out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libsmartcols.h>

#include "common/buf.h"
#include "common/text.h"
#include "layout.h"

int out_columns(int fd)
{
    struct winsize size;

    if (isatty(fd) != 1) {
        return 0;
    }
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_col > OUT_WIDTH) {
        return OUT_WIDTH;
    }
    return size.ws_col;
}

void out_text(FILE *to, int columns, const char *text)
{
    if (columns > 0) {
        SL_AUTO(str) char *line = sl_strf("%s\n", text);
        layout_wrap(to, line, 0, (size_t)columns);
    } else {
        SL_AUTO(str) char *clean = sl_clean(text, strlen(text));
        (void)fprintf(to, "%s\n", clean);
    }
}

void out_init(struct out *out, struct out_flags flags)
{
    const char *term = getenv("TERM");
    const char *no_color = getenv("NO_COLOR");
    struct winsize size;
    int columns = out_columns(STDOUT_FILENO);

    memset(out, 0, sizeof(*out));
    out->to = stdout;
    out->tty = isatty(STDOUT_FILENO) == 1;
    out->plain = flags.plain;
    out->json = flags.json;
    out->quiet = flags.quiet;
    out->color = out->tty && !flags.plain && !flags.json && !flags.no_color &&
                 (no_color == NULL || no_color[0] == '\0') && term != NULL &&
                 strcmp(term, "dumb") != 0;
    out->width = columns > 0 ? columns : OUT_WIDTH;
    out->rows = 24;
    if (columns > 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0) {
        out->rows = size.ws_row;
    }
}

void out_page(struct out *out)
{
    if (out->to == stdout && out->tty && !out->json && !out->plain) {
        FILE *memory = open_memstream(&out->kept, &out->kept_len);

        out->to = memory != NULL ? memory : stdout;
    }
}

static int count_lines(const char *text, size_t len)
{
    int lines = 0;

    for (size_t i = 0; i < len; i++) {
        lines += text[i] == '\n';
    }
    return lines;
}

static bool show_kept(struct out *out, const char *pager)
{
    FILE *to;
    int status;

    (void)fclose(out->to);
    out->to = stdout;
    if (pager[0] == '\0' || count_lines(out->kept, out->kept_len) < out->rows) {
        return fwrite(out->kept, 1, out->kept_len, stdout) == out->kept_len;
    }
    (void)fflush(stdout);
    to = popen(pager, "w");
    if (to == NULL) {
        return fwrite(out->kept, 1, out->kept_len, stdout) == out->kept_len;
    }
    /* A person who leaves the pager early has seen enough: that is no failure. */
    (void)fwrite(out->kept, 1, out->kept_len, to);
    status = pclose(to);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        return fwrite(out->kept, 1, out->kept_len, stdout) == out->kept_len;
    }
    return true;
}

bool out_finish(struct out *out, const char *pager)
{
    bool ok = true;

    errno = 0;
    if (out->to != stdout) {
        ok = show_kept(out, pager);
    }
    free(out->kept);
    out->kept = NULL;
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        ok = errno == EPIPE;
    }
    return ok;
}

const char *out_bold(const struct out *out)
{
    return out->color ? "\033[1m" : "";
}

const char *out_alarm(const struct out *out)
{
    return out->color ? "\033[1;31m" : "";
}

const char *out_reset(const struct out *out)
{
    return out->color ? "\033[0m" : "";
}

void out_say(struct out *out, const char *fmt, ...)
{
    SL_AUTO(str) char *text = NULL;
    va_list args;

    if (out->json || out->plain || out->quiet) {
        return;
    }
    va_start(args, fmt);
    if (vasprintf(&text, fmt, args) < 0) {
        abort();
    }
    va_end(args);
    out_text(out->to, out->tty ? out->width : 0, text);
}

void out_rule(struct out *out, char c)
{
    if (out->json || out->plain || out->quiet) {
        return;
    }
    for (int i = 0; i < out->width; i++) {
        (void)fputc(c, out->to);
    }
    (void)fputc('\n', out->to);
}

void out_json(struct out *out, json_t *take_json)
{
    SL_AUTO(json) json_t *json = take_json;

    (void)json_dumpf(json, out->to, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER);
    (void)fputc('\n', out->to);
}

/* ---- Tables ---- */

struct table {
    struct libscols_table *scols; /**< NULL with --plain */
    size_t columns;
    struct sl_buf text; /**< with --plain */
    const struct out *out;
};

struct table *table_new(const struct out *out)
{
    struct table *table = sl_alloc(sizeof(*table));

    table->out = out;
    if (!out->plain) {
        table->scols = scols_new_table();
        if (table->scols == NULL) {
            abort();
        }
        (void)scols_table_set_column_separator(table->scols, "  ");
        (void)scols_table_enable_maxout(table->scols, 0);
        (void)scols_table_enable_colors(table->scols, out->color);
        /* Only the screen cuts: what goes to a file is whole. */
        (void)scols_table_set_termforce(table->scols,
                                        out->tty ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
        if (out->tty) {
            (void)scols_table_set_termwidth(table->scols, (size_t)out->width - 2);
        }
    }
    return table;
}

void table_column(struct table *table, const char *title, enum table_column side)
{
    table->columns++;
    if (table->scols != NULL) {
        static const int flags[] = {[TABLE_LEFT] = 0,
                                    [TABLE_RIGHT] = SCOLS_FL_RIGHT,
                                    [TABLE_NAME] = SCOLS_FL_TRUNC | SCOLS_FL_NOEXTREMES};

        (void)scols_table_new_column(table->scols, title, 0, flags[side]);
    }
}

void table_row(struct table *table, enum table_row_style style, const char *const *cells)
{
    struct libscols_line *line = NULL;

    if (table->scols != NULL) {
        line = scols_table_new_line(table->scols, NULL);
        if (line == NULL) {
            abort();
        }
        if (style != TABLE_NORMAL && table->out->color) {
            (void)scols_line_set_color(line, style == TABLE_ALARM ? "\033[1;31m" : "\033[1m");
        }
    }
    for (size_t i = 0; i < table->columns; i++) {
        SL_AUTO(str) char *clean = layout_line(cells[i] != NULL ? cells[i] : "");

        if (line != NULL) {
            (void)scols_line_set_data(line, i, clean);
        } else {
            sl_buf_putf(&table->text, "%s%s", i > 0 ? "\t" : "", clean);
        }
    }
    if (line == NULL) {
        sl_buf_put_str(&table->text, "\n");
    }
}

void table_print(struct table *take_table, struct out *out, bool headings)
{
    if (take_table->scols == NULL) {
        (void)fwrite(take_table->text.data, 1, take_table->text.len, out->to);
    } else {
        char *text = NULL;

        (void)scols_table_enable_noheadings(take_table->scols, !headings);
        if (scols_print_table_to_string(take_table->scols, &text) == 0 && text != NULL) {
            for (const char *line = text; *line != '\0';) {
                size_t len = strcspn(line, "\n");
                size_t end = len;

                while (end > 0 && line[end - 1] == ' ') {
                    end--;
                }
                (void)fprintf(out->to, "  %.*s\n", (int)end, line);
                line += len + (line[len] == '\n');
            }
        }
        free(text);
        scols_unref_table(take_table->scols);
    }
    sl_buf_free(&take_table->text);
    free(take_table);
}
