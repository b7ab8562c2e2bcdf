/*
 * Results on standard output: boxes, bold and paging on a terminal; tab-separated with --plain;
 * JSON with --json. Thread: main.
 */
#ifndef SENDLINE_CLI_OUT_H
#define SENDLINE_CLI_OUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

enum {
    OUT_WIDTH = 90
};

struct out {
    FILE *to; /**< where results go: standard output, or memory while they are kept for the pager */
    bool tty; /**< standard output is a terminal */
    bool color;
    bool plain;
    bool json;
    bool quiet;
    int width; /**< columns to use, at most OUT_WIDTH */
    int rows;
    char *kept; /**< owned, for the pager */
    size_t kept_len;
};

struct out_flags {
    bool plain, json, quiet, no_color;
};

void out_init(struct out *out, struct out_flags flags);
/** Columns to use of a terminal, at most OUT_WIDTH; 0: it is none. */
int out_columns(int fd);
/** A paragraph and a line end, cleaned; wrapped when there are columns. */
void out_text(FILE *to, int columns, const char *text);
/** From here on keep what is written, and show it through the pager if it is longer than the
 * screen. */
void out_page(struct out *out);
/**
 * Write everything out. pager: command for long text on a terminal, "" for none.
 * @return false when it could not be written (a full disk; a closed pipe is no failure)
 */
bool out_finish(struct out *out, const char *pager);

/** "\033[1m" where colours are allowed, else "". */
const char *out_bold(const struct out *out);
const char *out_alarm(const struct out *out);
const char *out_reset(const struct out *out);

/** Results for people, with printf: cleaned, wrapped on a terminal, with a line end. Silent with
 * --json, --plain and --quiet. */
void out_say(struct out *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** A rule across the page. */
void out_rule(struct out *out, char c);
/** The whole result as JSON; ASCII only, so that no terminal is told anything by it. */
void out_json(struct out *out, json_t *take_json);

/* ---- Tables ---- */
struct table;
enum table_column {
    TABLE_LEFT,
    TABLE_RIGHT,
    TABLE_NAME /**< left, and cut where the screen is too narrow for all */
};
enum table_row_style {
    TABLE_NORMAL,
    TABLE_BOLD,
    TABLE_ALARM
};
enum {
    TABLE_MAX_COLUMNS = 10
};

struct table *table_new(const struct out *out);
void table_column(struct table *table, const char *title, enum table_column side);
/** As many cells as columns; each is cleaned. */
void table_row(struct table *table, enum table_row_style style, const char *const *cells);
/** Print and free. `headings` false leaves the first line out. */
void table_print(struct table *take_table, struct out *out, bool headings);

#endif
