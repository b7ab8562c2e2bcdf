/*
 * Text on a screen: widths as a terminal counts them, wrapping, one-line names; and how hard a text
 * is to read. Pure.
 */
#ifndef SENDLINE_CLI_LAYOUT_H
#define SENDLINE_CLI_LAYOUT_H

#include <stddef.h>
#include <stdio.h>

/** Columns that valid UTF-8 takes on a terminal. */
size_t layout_width(const char *text);

/** What may be shown of a name or title: cleaned as sl_clean, tabs and line ends made spaces.
 * Owned. */
char *layout_line(const char *text);

/**
 * Write text wrapped at words: each line is indented, and at most `width` columns long in all (a
 * longer word is cut). The text is cleaned first. Line ends in it are kept.
 */
void layout_wrap(FILE *to, const char *text, size_t indent, size_t width);

/** left, then right at the right edge of `width` columns, and a line end. Where they do not fit
 * side by side with two spaces between, right goes on a line of its own. */
void layout_ends(FILE *to, const char *left, const char *right, size_t width);

/** head, then c up to `width` columns, and a line end. */
void layout_rule(FILE *to, const char *head, char c, size_t width);

/** Words of a text. */
size_t layout_words(const char *text);
/** Reading age of an English text by Flesch-Kincaid (years at school and five more); 0 when it is
 * too short to say. Advice, no more. */
int layout_reading_age(const char *text);

#endif
