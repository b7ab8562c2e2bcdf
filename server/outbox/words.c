#include "outbox/words.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/text.h"

struct words {
    const char *subject;
    const char *sentence;
    const char *action;
};

static const struct words all_words[NOTICE_COUNT] = {
#define NOTICE(symbol, name, flags, title, first, what)                                            \
    [symbol] = {.subject = (title), .sentence = (first), .action = (what)},
#include "outbox/notices.def"
};

enum {
    MAX_PARAGRAPHS = 4,
    LINE_CHARS = 76 /* of quoted-printable and of encoded words */
};

/* ---- What it says ---- */

/* Both forms of a mail are made of the same paragraphs; owned strings. */
static size_t paragraphs(const struct config *config, enum notice_kind kind,
                         char *out[MAX_PARAGRAPHS])
{
    size_t n = 0;

    out[n++] = sl_strf("%s %s", all_words[kind].sentence, all_words[kind].action);
    out[n++] = sl_strdup("There is no link in this email, so that nobody can send you a false one. "
                         "Please do not reply to it: nobody reads the replies.");
    out[n++] = sl_strf("Need help? Call %s, %s.", config->contact_phone, config->contact_hours);
    out[n++] = sl_strdup(config->council_name);
    return n;
}

static char *text_of(struct sl_buf *take)
{
    sl_buf_put_u8(take, '\0');
    return (char *)sl_steal(&take->data);
}

void words_mail(const struct config *config, enum notice_kind kind, struct mail *out)
{
    char *lines[MAX_PARAGRAPHS];
    struct sl_buf text = {0};
    struct sl_buf html = {0};
    const size_t count = paragraphs(config, kind, lines);

    sl_buf_put_str(&html, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                          "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    sl_html_put(&html, all_words[kind].subject);
    sl_buf_put_str(&html, "</title>\n</head>\n<body style=\"font: 19px/1.4 arial, sans-serif; "
                          "color: #0b0c0c; max-width: 600px; margin: 20px\">\n");
    for (size_t i = 0; i < count; i++) {
        sl_buf_putf(&text, "%s%s\n", i == 0 ? "" : "\n", lines[i]);
        sl_buf_put_str(&html, "<p>");
        sl_html_put(&html, lines[i]);
        sl_buf_put_str(&html, "</p>\n");
        free(lines[i]);
    }
    sl_buf_put_str(&html, "</body>\n</html>\n");
    out->kind = kind;
    out->subject = sl_strdup(all_words[kind].subject);
    out->text = text_of(&text);
    out->html = text_of(&html);
}

void words_text(const struct config *config, enum notice_kind kind, struct mail *out)
{
    out->kind = kind;
    out->subject = sl_strdup(all_words[kind].subject);
    out->text = sl_strf("%s: %s %s Please do not reply to this text.", config->council_name,
                        all_words[kind].sentence, all_words[kind].action);
    out->html = NULL;
}

void mail_fini(struct mail *mail)
{
    if (mail->to != NULL) {
        sodium_memzero(mail->to, strlen(mail->to));
    }
    free(mail->to);
    free(mail->subject);
    free(mail->text);
    free(mail->html);
    *mail = (struct mail){0};
}

/* ---- As it goes over the wire ---- */

static bool is_plain(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e) {
            return false;
        }
    }
    return true;
}

/*
 * A header's words: as they are, or as encoded words (RFC 2047). One of those has at most 75
 * characters and whole UTF-8 sequences; 12 and the base64 of 45 bytes are 72.
 */
static void put_words(struct sl_buf *out, const char *text)
{
    enum {
        BYTES = 45,
        BASE64 = 61
    };
    size_t len = strlen(text);

    if (is_plain(text)) {
        sl_buf_put_str(out, text);
        return;
    }
    while (len > 0) {
        size_t take = len < BYTES ? len : BYTES;
        char word[BASE64];
        while (take < len && ((unsigned char)text[take] & 0xc0U) == 0x80U) {
            take--;
        }
        (void)sodium_bin2base64(word, sizeof word, (const unsigned char *)text, take,
                                sodium_base64_VARIANT_ORIGINAL);
        text += take;
        len -= take;
        sl_buf_putf(out, "=?utf-8?b?%s?=%s", word, len > 0 ? "\r\n " : "");
    }
}

/* The name before an address: quoted, or encoded, which must not be quoted. */
static void put_name(struct sl_buf *out, const char *name)
{
    if (!is_plain(name)) {
        put_words(out, name);
        return;
    }
    sl_buf_put_u8(out, '"');
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            sl_buf_put_u8(out, '\\');
        }
        sl_buf_put_u8(out, (uint8_t)*c);
    }
    sl_buf_put_u8(out, '"');
}

/* Quoted-printable (RFC 2045), which people can read in a folder, too. */
static void put_quoted(struct sl_buf *out, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t used = 0;

    for (const char *c = text; *c != '\0'; c++) {
        const unsigned char byte = (unsigned char)*c;
        if (byte == '\n') {
            sl_buf_put_str(out, "\r\n");
            used = 0;
            continue;
        }
        /* A blank at the end of a line would be lost on the way. */
        const bool last = c[1] == '\0' || c[1] == '\n';
        const bool as_is = (byte > 0x20 && byte < 0x7f && byte != '=') || (byte == ' ' && !last);
        if (used + (as_is ? 1U : 3U) >= LINE_CHARS) {
            sl_buf_put_str(out, "=\r\n");
            used = 0;
        }
        if (as_is) {
            sl_buf_put_u8(out, byte);
            used++;
        } else {
            const char escape[] = {'=', hex[byte >> 4U], hex[byte & 15U]};
            sl_buf_put(out, escape, sizeof escape);
            used += sizeof escape;
        }
    }
}

static void put_part(struct sl_buf *out, const char *boundary, const char *type, const char *text)
{
    sl_buf_putf(out,
                "--%s\r\nContent-Type: text/%s; charset=utf-8\r\n"
                "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
                boundary, type);
    put_quoted(out, text);
}

/* Names of days and months are English whatever the locale. */
static void put_date(struct sl_buf *out, int64_t now_s)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm tm = {0};
    time_t now = (time_t)now_s;

    (void)gmtime_r(&now, &tm);
    sl_buf_putf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday,
                months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void words_compose(const struct mail *mail, const char *from, const char *council, int64_t now_s,
                   struct sl_buf *out)
{
    SL_AUTO(str) char *id = sl_hex(mail->id, sizeof mail->id);
    const char *domain = strchr(from, '@');

    put_date(out, now_s);
    sl_buf_put_str(out, "From: ");
    put_name(out, council);
    sl_buf_putf(out, " <%s>\r\nTo: <%s>\r\nSubject: ", from, mail->to);
    put_words(out, mail->subject);
    /* The same name however often it is sent, so that mail programs show it once. */
    sl_buf_putf(
        out,
        "\r\nMessage-ID: <%s%s>\r\nAuto-Submitted: auto-generated\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n\r\n",
        id, domain == NULL ? "@localhost" : domain, id);
    put_part(out, id, "plain", mail->text);
    put_part(out, id, "html", mail->html);
    sl_buf_putf(out, "--%s--\r\n", id);
}
