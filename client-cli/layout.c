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
        /* No room for both: the right one gets a line of its own, at the same edge. */
        if (used + 2 > width) {
            (void)fputc('\n', to);
            used -= layout_width(left);
        }
        pad(to, used < width ? width - used : 0);
        (void)fputs(right, to);
    }
    (void)fputc('\n', to);
}

void layout_rule(FILE *to, const char *head, char c, size_t width)
{
    (void)fputs(head, to);
    for (size_t i = layout_width(head); i < width; i++) {
        (void)fputc(c, to);
    }
    (void)fputc('\n', to);
}

/* ---- Reading age ---- */

struct tally {
    size_t words;
    size_t sentences;
    size_t syllables;
};

static bool is_letter(utf8proc_int32_t c)
{
    switch ((int)utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return true;
    default:
        return c == '\'' || c == 0x2019;
    }
}

static bool is_vowel(char c)
{
    return c != '\0' && strchr("aeiouyAEIOUY", c) != NULL;
}

/** Vowel sounds of an English word: a silent e at the end, or before its d, is none. */
static size_t syllables_of(const char *word, size_t len)
{
    size_t count = 0;

    for (size_t i = 0; i < len; i++) {
        count += is_vowel(word[i]) && (i == 0 || !is_vowel(word[i - 1]));
    }
    if (len > 2 && word[len - 1] == 'e' && !is_vowel(word[len - 2]) && word[len - 2] != 'l') {
        count--;
    }
    if (len > 3 && word[len - 1] == 'd' && word[len - 2] == 'e' && !is_vowel(word[len - 3]) &&
        strchr("dt", word[len - 3]) == NULL) {
        count--;
    }
    return count > 0 ? count : 1;
}

/** Does a sentence end before `at`? After a full stop that is not inside a number or a name, and at
 * an empty line. */
static bool ends_sentence(const char *text, const char *at)
{
    if (*at == '\n') {
        return at[1] == '\n' || at[1] == '\0';
    }
    return at > text && strchr(".?!", at[-1]) != NULL && strchr(" \t\"')", *at) != NULL;
}

static struct tally tally_of(const char *text)
{
    struct tally all = {0};
    const char *word = NULL;
    bool open = false;

    for (const char *at = text;;) {
        utf8proc_int32_t c = 0;
        utf8proc_ssize_t n =
            utf8proc_iterate((const utf8proc_uint8_t *)at, (utf8proc_ssize_t)strnlen(at, 4), &c);
        bool letter = *at != '\0' && n > 0 && is_letter(c);

        if (letter && word == NULL) {
            word = at;
            all.words++;
            open = true;
        } else if (!letter && word != NULL) {
            all.syllables += syllables_of(word, (size_t)(at - word));
            word = NULL;
        }
        if (open && (*at == '\0' || ends_sentence(text, at))) {
            all.sentences++;
            open = false;
        }
        if (*at == '\0') {
            return all;
        }
        at += n > 0 ? n : 1;
    }
}

size_t layout_words(const char *text)
{
    return tally_of(text).words;
}

int layout_reading_age(const char *text)
{
    struct tally all = tally_of(text);
    double age;

    if (all.words < 10) {
        return 0;
    }
    age = 0.39 * (double)all.words / (double)all.sentences +
          11.8 * (double)all.syllables / (double)all.words - 15.59 + 5;
    return age < 5 ? 5 : age > 25 ? 25 : (int)(age + 0.5);
}
