/* The text of a message: taken or refused; what was taken is clean, can be written, and reads back
 * the same. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "common/json.h"
#include "e2ee/plaintext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(json) json_t *body = NULL;
    SL_AUTO(json) json_t *again = NULL;
    SL_AUTO(buf) struct sl_buf text = {0};
    enum e2_plain kind = E2_PLAIN_UNKNOWN;
    enum e2_plain kind_again = E2_PLAIN_UNKNOWN;
    struct sl_err err = {.code = SL_OK};

    const enum sl_code rc = e2_plain_read((struct sl_bytes){data, size}, &kind, &body, &err);
    if (rc != SL_OK) {
        assert(rc == SL_ENTRY_REFUSED && err.code == rc && body == NULL);
        return 0;
    }
    SL_AUTO(str) char *shown = sl_json_text(body, NULL);
    /* jansson writes controls as \u00XX; none but these two are left, and no marks that turn text.
     */
    for (const char *at = shown; (at = strstr(at, "\\u00")) != NULL; at++) {
        assert(at > shown && at[-1] == '\\');
    }
    assert(strstr(shown, "\xe2\x80\xae") == NULL && strchr(shown, 0x7f) == NULL);
    if (kind == E2_PLAIN_UNKNOWN) {
        assert(json_object_size(body) == 1);
        return 0;
    }
    /* Escapes may be longer than what they stand for, so that it does not fit any more. */
    const enum sl_code written = e2_plain_write(kind, body, &text, &err);
    assert(written == SL_OK || (written == SL_TOO_BIG && size > SL_MAX_PLAINTEXT_BYTES / 8));
    if (written == SL_OK) {
        assert(e2_plain_read(sl_buf_bytes(&text), &kind_again, &again, &err) == SL_OK);
        assert(kind == kind_again && json_equal(body, again));
    }
    return 0;
}
