/*
 * A notice as a mail or a text: from the words of notices.def, the same ones in plain text and in
 * HTML. Private to outbox/. Thread: any; pure functions.
 */
#ifndef SENDLINE_OUTBOX_WORDS_H
#define SENDLINE_OUTBOX_WORDS_H

#include <stdint.h>

#include "common/buf.h"
#include "common/entry.h"
#include "config/config.h"
#include "outbox/outbox.h"

/** A finished notice. Owned; mail_fini it. */
struct mail {
    uint8_t id[SL_ID_BYTES]; /**< the same each time it is sent */
    enum notice_kind kind;
    int64_t made_at;
    char *to; /**< an address, or a mobile number */
    char *subject;
    char *text;
    char *html; /**< NULL: a text message */
};

void words_mail(const struct config *config, enum notice_kind kind, struct mail *out);
void words_text(const struct config *config, enum notice_kind kind, struct mail *out);
void mail_fini(struct mail *mail); /**< wipes the address */

/**
 * The mail as it goes over the wire (RFC 5322, MIME): lines that end in CRLF, 7 bits. Appends.
 *
 * @param from address of the sender; its name is the council's
 * @param now_s the Date
 */
void words_compose(const struct mail *mail, const char *from, const char *council, int64_t now_s,
                   struct sl_buf *out);

#endif
