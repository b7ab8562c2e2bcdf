/*
 * The letter that takes an invitation to a family on paper: large print, one page, PDF. It has the
 * link and never the code, and no child's name. Thread: any.
 */
#ifndef SENDLINE_CLI_LETTER_H
#define SENDLINE_CLI_LETTER_H

#include <stdint.h>

#include "common/buf.h"
#include "fault.h"
#include "qr.h"

/** What stands in it; borrowed. */
struct letter {
    const char *council; /**< "" when not known */
    const char *parent;
    const char *caseworker;
    const char *public_url; /**< without a slash at its end */
    const char *link;
    const char *typed;    /**< six groups of five */
    const char *helpline; /**< "" when not known */
    int64_t now_s;
    int64_t expires_at;
};

/** Appends the PDF. @return CLI_OK; CLI_UNPLANNED */
SL_MUST_USE int letter_make(const struct letter *letter, const struct qr *qr, struct sl_buf *pdf,
                            struct fault *fault);

#endif
