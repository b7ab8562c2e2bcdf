#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "net/web.h"

/* What a page may show. Everything else in the settings is nobody's business. */
static const struct web_variable {
    const char *name;
    size_t offset;
    bool number;
} web_variables[] = {
#define TEXT(key)                                                                                  \
    {                                                                                              \
#key, offsetof(struct config, key), false                                                  \
    }
#define NUMBER(key)                                                                                \
    {                                                                                              \
#key, offsetof(struct config, key), true                                                   \
    }
    TEXT(accessibility_prepared_on),
    TEXT(caseworker_title),
    TEXT(contact_email),
    TEXT(contact_hours),
    TEXT(contact_phone),
    TEXT(council_name),
    TEXT(exit_url),
    NUMBER(own_device_idle_days),
    TEXT(public_url),
    NUMBER(reply_working_days),
    TEXT(sendiass_name),
    TEXT(sendiass_phone),
    TEXT(sendiass_url),
    TEXT(service_name),
    NUMBER(session_idle_minutes),
    TEXT(team_name),
#undef TEXT
#undef NUMBER
};

static enum sl_code put_variable(const char *name, size_t len, const struct config *config,
                                 struct sl_buf *out, struct sl_err *err)
{
    for (size_t i = 0; i < sizeof web_variables / sizeof *web_variables; i++) {
        const struct web_variable *v = &web_variables[i];
        const char *at = (const char *)config + v->offset;
        if (strlen(v->name) != len || memcmp(v->name, name, len) != 0) {
            continue;
        }
        if (v->number) {
            int64_t number = 0;
            memcpy(&number, at, sizeof number);
            sl_buf_putf(out, "%" PRId64, number);
        } else {
            const char *text = NULL;
            memcpy(&text, at, sizeof text);
            sl_html_put(out, text);
        }
        return SL_OK;
    }
    return sl_fail(err, SL_BAD_REQUEST, "no page variable is called \"%.*s\"",
                   (int)(len < 60 ? len : 60), name);
}

enum sl_code web_fill(const char *page, size_t len, const struct config *config, struct sl_buf *out,
                      struct sl_err *err)
{
    const char *end = page + len;

    for (;;) {
        const char *open = memmem(page, (size_t)(end - page), "{{", 2);
        if (open == NULL) {
            sl_buf_put(out, page, (size_t)(end - page));
            return SL_OK;
        }
        const char *close = memmem(open, (size_t)(end - open), "}}", 2);
        if (close == NULL) {
            return sl_fail(err, SL_BAD_REQUEST, "a page variable is not closed: \"%.*s\"",
                           (int)(end - open < 40 ? end - open : 40), open);
        }
        sl_buf_put(out, page, (size_t)(open - page));
        enum sl_code rc = put_variable(open + 2, (size_t)(close - open - 2), config, out, err);
        if (rc != SL_OK) {
            return rc;
        }
        page = close + 2;
    }
}
