/* Text from anywhere: what is shown is clean, base64url has one form, nearest words are near. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_clean(const char *text)
{
    size_t len = strlen(text);

    assert(sl_utf8_ok(text, len));
    assert(sl_utf8_count(text, len) <= len);
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;
        assert(c >= 0x20 || c == '\n' || c == '\t');
        assert(c != 0x7f);
        assert(!(c == 0xc2 && (unsigned char)at[1] < 0xa0)); /* C1 */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const words[] = {"inbox", "read", "reply", "public_listen", NULL};
    const char *text = (const char *)data;
    SL_AUTO(buf) struct sl_buf bytes = {NULL, 0, 0};

    SL_AUTO(str) char *clean = sl_clean(text, size);
    check_clean(clean);
    SL_AUTO(str) char *twice = sl_clean(clean, strlen(clean));
    assert(strcmp(clean, twice) == 0);

    SL_AUTO(str) char *coded = sl_b64(data, size);
    assert(sl_b64_get(coded, strlen(coded), &bytes));
    assert(bytes.len == size && (size == 0 || memcmp(bytes.data, data, size) == 0));
    sl_buf_clear(&bytes);
    if (sl_b64_get(text, size, &bytes)) {
        SL_AUTO(str) char *again = sl_b64(bytes.data, bytes.len);
        assert(strlen(again) == size && memcmp(again, text, size) == 0);
    } else {
        assert(bytes.len == 0);
    }

    SL_AUTO(str) char *word = sl_strndup(text, size < 100 ? size : 100);
    (void)sl_nearest(word, words);
    sl_lower(word);
    for (const char *at = word; *at != '\0'; at++) {
        assert(*at < 'A' || *at > 'Z');
    }
    return 0;
}
