/* The head of a key file, which is looked at before anybody is asked for a passphrase. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <sodium.h>

#include "e2ee/keyfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t kind = 0;
    uint8_t id[SL_ID_BYTES] = {0};
    struct sl_err err = {.code = SL_OK};

    if (e2_keyfile_head((struct sl_bytes){data, size}, &kind, id, &err) != SL_OK) {
        assert(err.code == SL_CORRUPT && kind == 0 && sodium_is_zero(id, sizeof(id)));
        return 0;
    }
    assert(size == E2_KEYFILE_BYTES && kind >= E2_KEYFILE_STAFF && kind <= E2_KEYFILE_RECORDS_HALF);
    assert((kind == E2_KEYFILE_ROOT) == (sodium_is_zero(id, sizeof(id)) != 0));
    assert(memcmp(data, "sendline-file-v1", 17) == 0 && data[17] == kind);
    return 0;
}
