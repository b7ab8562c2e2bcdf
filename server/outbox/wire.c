#include "outbox/wire.h"

#include <stdio.h>

enum {
    CONNECT_SHARE = 2 /* of the whole time, for the connection alone */
};

enum sl_code wire_init(struct wire *wire, const struct carrier_setting *setting, struct sl_err *err)
{
    wire->setting = *setting;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return sl_fail(err, SL_SYSTEM, "libcurl does not start");
    }
    wire->curl = curl_easy_init();
    if (wire->curl == NULL) {
        curl_global_cleanup();
        return sl_fail(err, SL_SYSTEM, "libcurl does not start");
    }
    return SL_OK;
}

void wire_fini(struct wire *wire)
{
    if (wire->curl != NULL) {
        curl_easy_cleanup(wire->curl);
        curl_global_cleanup();
        wire->curl = NULL;
    }
}

/* libcurl asks about once a second, and more often while bytes move. */
static int keep_going(void *ctx, curl_off_t down, curl_off_t downed, curl_off_t up,
                      curl_off_t upped)
{
    const struct wire *wire = ctx;

    (void)down;
    (void)downed;
    (void)up;
    (void)upped;
    return atomic_load(wire->setting.stop) ? 1 : 0;
}

CURL *wire_begin(struct wire *wire, const char *url)
{
    CURL *curl = wire->curl;
    const struct config *config = wire->setting.config;

    curl_easy_reset(curl);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,smtp,smtps");
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)config->notices_timeout_seconds);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                           (long)config->notices_timeout_seconds * 1000L / CONNECT_SHARE);
    (void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (config->notices_ca_file[0] != '\0') {
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, config->notices_ca_file);
    }
    (void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, keep_going);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, wire);
    return curl;
}

CURLcode wire_perform(struct wire *wire, long *status)
{
    CURLcode code = curl_easy_perform(wire->curl);

    *status = 0;
    (void)curl_easy_getinfo(wire->curl, CURLINFO_RESPONSE_CODE, status);
    return code;
}

enum carrier_answer wire_failed(const struct wire *wire, CURLcode code, long status,
                                char reason[CARRIER_REASON_SIZE])
{
    if (atomic_load(wire->setting.stop)) {
        return CARRIER_STOPPED;
    }
    /* libcurl's own sentence for the code; what the other side said may have an address in it. */
    if (status > 0) {
        (void)snprintf(reason, CARRIER_REASON_SIZE, "%ld: %s", status, curl_easy_strerror(code));
    } else {
        (void)snprintf(reason, CARRIER_REASON_SIZE, "%s", curl_easy_strerror(code));
    }
    return CARRIER_DOWN;
}
