#include "e2ee/auth.h"

#include <sodium.h>
#include <string.h>

#include "common/text.h"

enum sl_code e2_auth_sign(const uint8_t sign_sk[64], enum e2_purpose purpose, const char *host,
                          const uint8_t challenge[32], const uint8_t *extra,
                          uint8_t out[SL_SIG_BYTES], struct sl_err *err)
{
    SL_AUTO(buf) struct sl_buf text = {0};
    SL_AUTO(str) char *name = sl_strdup(host);
    const size_t len = strlen(name);

    sl_lower(name);
    if (len == 0 || len > 255 || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") != len) {
        return sl_fail(err, SL_BAD_REQUEST, "not the name of a host");
    }
    sl_auth_signed_put(&text, (uint8_t)purpose, name, challenge, extra);
    (void)crypto_sign_detached(out, NULL, text.data, text.len, sign_sk);
    return SL_OK;
}
