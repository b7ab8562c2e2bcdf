/*
 * Who takes a finished notice away. Private to outbox/. Thread: the worker's; made by main.
 */
#ifndef SENDLINE_OUTBOX_CARRIER_H
#define SENDLINE_OUTBOX_CARRIER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "config/config.h"
#include "outbox/words.h"

enum {
    CARRIER_REASON_SIZE = 64
};

enum carrier_answer {
    CARRIER_SENT,
    CARRIER_LATER,  /**< not this one now */
    CARRIER_DOWN,   /**< none now: another one would fare no better */
    CARRIER_NEVER,  /**< not this one ever */
    CARRIER_STOPPED /**< broken off, because the server stops */
};

struct carrier;

struct carrier_kind {
    const char *name;
    /** @param reason unless sent: why, in a few words of our own; never an address */
    enum carrier_answer (*send)(struct carrier *carrier, const struct mail *mail,
                                char reason[CARRIER_REASON_SIZE]);
    void (*free)(struct carrier *carrier);
};

/** First member of every carrier. */
struct carrier {
    const struct carrier_kind *kind;
};

/** What they are made of; borrowed for their life. */
struct carrier_setting {
    const struct config *config;
    const struct sl_clock *clock;
    const atomic_bool *stop; /**< break off */
};

/**
 * Make the carrier that email_by (text: text_by) names; *out is NULL for none.
 * @return SL_BAD_REQUEST and what SL_NOT_FOUND, SL_FORBIDDEN files are named by the settings.
 */
SL_MUST_USE enum sl_code carrier_new(const struct carrier_setting *setting, bool text,
                                     struct carrier **out, struct sl_err *err);
void carrier_free(struct carrier *carrier); /**< NULL is fine */

typedef enum sl_code carrier_maker(const struct carrier_setting *setting, bool text,
                                   struct carrier **out, struct sl_err *err);
carrier_maker carrier_folder_new, carrier_notify_new, carrier_smtp_new;

/** A secret on one line of a file that nobody else can read; a line end is cut off. Appends.
 * SL_NOT_FOUND, SL_FORBIDDEN, SL_BAD_REQUEST name the setting. */
SL_MUST_USE enum sl_code carrier_secret(const char *setting, const char *path, struct sl_buf *out,
                                        struct sl_err *err);

#endif
