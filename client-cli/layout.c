#include "layout.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "common/text.h"

/** Bytes and columns of the character at `at`; bad bytes count as one column each. */
static size_t next_char(const char *at, size_t *columns)
{
    utf8proc_int32_t c = 0;
    utf8proc_ssize_t n =
        utf8proc_iterate((const utf8proc_uint8_t *)at, (utf8proc_ssize_t)strnlen(at, 4), &c);
    int width;

    if (n <= 0) {
        *columns = 1;
        return 1;
    }
    width = utf8proc_charwidth(c);
    *columns = width > 0 ? (size_t)width : 0;
    return (size_t)n;
}

size_t layout_width(const char *text)
{
    size_t width = 0;

    while (*text != '\0') {
        size_t columns;

        text += next_char(text, &columns);
        width += columns;
    }
    return width;
}

char *layout_line(const char *text)
{
    char *clean = sl_clean(text, strlen(text));

    for (char *c = clean; *c != '\0'; c++) {
        if (*c == '\n' || *c == '\t') {
            *c = ' ';
        }
    }
    return clean;
}

static void pad(FILE *to, size_t n)
{
    while (n-- > 0) {
        (void)fputc(' ', to);
    }
}

/** One line of the text: up to `room` columns, at a word's end where there is one. @return bytes
 * used */
static size_t fit(const char *text, size_t len, size_t room, size_t *show)
{
    size_t at = 0;
    size_t width = 0;
    size_t word_end = 0;

    while (at < len) {
        size_t columns;
        size_t n = next_char(text + at, &columns);

        if (width + columns > room) {
            break;
        }
        if (text[at] == ' ' && at > 0 && text[at - 1] != ' ') {
            word_end = at;
        }
        width += columns;
        at += n;
    }
    if (at >= len) {
        *show = len;
        return len;
    }
    if (text[at] == ' ') {
        word_end = at;
    }
    if (word_end == 0) {
        size_t columns;

        /* One word longer than the line: cut it, and always go on by at least one character. */
        at = at > 0 ? at : next_char(text, &columns);
        *show = at;
        return at;
    }
    *show = word_end;
    for (at = word_end; at < len && text[at] == ' '; at++) {
    }
    return at;
}

void layout_wrap(FILE *to, const char *text, size_t indent, size_t width)
{
    SL_AUTO(str) char *clean = sl_clean(text, strlen(text));
    size_t room = width > indent + 10 ? width - indent : 10;
    const char *line = clean;

    for (char *c = clean; *c != '\0'; c++) {
        if (*c == '\t') {
            *c = ' ';
        }
    }
    while (*line != '\0') {
        size_t len = strcspn(line, "\n");
        size_t left = len;
        const char *at = line;

        if (len == 0) {
            (void)fputc('\n', to);
        }
        while (left > 0) {
            size_t show;
            size_t used = fit(at, left, room, &show);

            pad(to, indent);
            (void)fprintf(to, "%.*s\n", (int)show, at);
            at += used;
            left -= used;
        }
        line += len + (line[len] == '\n');
    }
}

void layout_ends(FILE *to, const char *left, const char *right, size_t width)
{
    size_t used = layout_width(left) + layout_width(right);

    (void)fputs(left, to);
    if (*right != '\0') {
        pad(to, used + 2 <= width ? width - used : 2);
        (void)fputs(right, to);
    }
    (void)fputc('\n', to);
}

size_t layout_words(const char *text)
{
    size_t words = 0;
    bool in_word = false;

    for (; *text != '\0'; text++) {
        bool letter =
            (unsigned char)*text >= 0x80 || isalnum((unsigned char)*text) != 0 || *text == '\'';

        words += letter && !in_word;
        in_word = letter;
    }
    return words;
}

static bool is_vowel(char c)
{
    return c != '\0' && strchr("aeiouyAEIOUY", c) != NULL;
}

int layout_reading_age(const char *text)
{
    size_t words = layout_words(text);
    size_t sentences = 0;
    size_t syllables = 0;
    bool vowel = false;
    double grade;

    if (words < 10) {
        return 0;
    }
    for (const char *c = text; *c != '\0'; c++) {
        bool now = is_vowel(*c);
        bool ends_word = isalpha((unsigned char)c[0]) != 0 && isalpha((unsigned char)c[1]) == 0;

        /* A vowel sound each, but a silent e at a word's end is none. */
        syllables += now && !vowel && !(ends_word && (*c == 'e' || *c == 'E'));
        vowel = now;
        sentences += (*c == '.' || *c == '?' || *c == '!' || *c == '\n') && c > text &&
                     strchr(".?!\n", c[-1]) == NULL;
    }
    sentences = sentences > 0 ? sentences : 1;
    syllables = syllables > words ? syllables : words;
    grade =
        0.39 * (double)words / (double)sentences + 11.8 * (double)syllables / (double)words - 15.59;
    grade += 5;
    return grade < 5 ? 5 : grade > 25 ? 25 : (int)(grade + 0.5);
}
