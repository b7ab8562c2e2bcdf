/* What people type: taken, or the group to look at again; what was taken has one spelling. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "e2ee/prints.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(str) char *text = sl_strndup((const char *)data, size);
    uint8_t raw[E2_TYPED_RAW] = {0};
    uint8_t again[E2_TYPED_RAW] = {0};
    char typed[E2_TYPED_CHARS + 1];

    const int group = e2_typed_read(text, raw);
    assert(group >= -1 && group <= 6);
    if (group == -1) {
        e2_typed(raw, typed);
        assert(e2_typed_read(typed, again) == -1 && memcmp(raw, again, sizeof(raw)) == 0);
    }
    if (size >= E2_TYPED_RAW) {
        e2_typed(data, typed);
        assert(e2_typed_read(typed, again) == -1 && memcmp(data, again, sizeof(again)) == 0);
    }
    return 0;
}
