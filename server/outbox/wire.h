/*
 * libcurl as the carriers use it: one handle, kept for its connection; bounded in time, broken off
 * when the server stops, and never without checking who answers. Private to outbox/. Thread: the
 * worker's.
 */
#ifndef SENDLINE_OUTBOX_WIRE_H
#define SENDLINE_OUTBOX_WIRE_H

#include <curl/curl.h>

#include "outbox/carrier.h"

struct wire {
    CURL *curl;
    struct carrier_setting setting;
};

SL_MUST_USE enum sl_code wire_init(struct wire *wire, const struct carrier_setting *setting,
                                   struct sl_err *err);
void wire_fini(struct wire *wire);

/** A new request to this address on the kept connection, with the bounds set. */
CURL *wire_begin(struct wire *wire, const char *url);

/** Make it. @param status the other side's code, 0: none came */
CURLcode wire_perform(struct wire *wire, long *status);

/** When it is not about the mail: CARRIER_DOWN, or CARRIER_STOPPED. status: 0 for none. */
enum carrier_answer wire_failed(const struct wire *wire, CURLcode code, long status,
                                char reason[CARRIER_REASON_SIZE]);

#endif
