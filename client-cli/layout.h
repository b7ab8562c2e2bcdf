/*
 * Text on a screen: widths as a terminal counts them, wrapping, one-line names. Pure.
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

/** left, then right at the right edge of `width` columns (at least two spaces between), and a line
 * end. */
void layout_ends(FILE *to, const char *left, const char *right, size_t width);

/** Words of a text, and a school-year-plus-five reading age of it (Flesch-Kincaid); 0 when it is
 * too short to say. */
size_t layout_words(const char *text);
int layout_reading_age(const char *text);

#endif
