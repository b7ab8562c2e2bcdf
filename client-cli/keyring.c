#include "keyring.h"

#include <errno.h>
#include <keyutils.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/text.h"

static char *description(const uint8_t staff_id[16])
{
    SL_AUTO(str) char *hex = sl_hex(staff_id, 16);

    return sl_strf("sendline:%s", hex);
}

bool keyring_put(const uint8_t staff_id[16], const uint8_t seed[32], long seconds, int *why)
{
    SL_AUTO(str) char *name = description(staff_id);
    key_serial_t key = add_key("user", name, seed, 32, KEY_SPEC_USER_KEYRING);

    /* Other terminals of this user do not possess the key, so its user needs the right to find and
     * read it. */
    if (key < 0 ||
        keyctl_setperm(key, KEY_POS_ALL | KEY_USR_VIEW | KEY_USR_READ | KEY_USR_SEARCH |
                                KEY_USR_WRITE | KEY_USR_SETATTR) != 0 ||
        keyctl_set_timeout(key, (unsigned)seconds) != 0) {
        if (why != NULL) {
            *why = errno;
        }
        if (key >= 0) {
            (void)keyctl_unlink(key, KEY_SPEC_USER_KEYRING);
        }
        return false;
    }
    return true;
}

static key_serial_t find(const uint8_t staff_id[16])
{
    SL_AUTO(str) char *name = description(staff_id);

    return (key_serial_t)keyctl_search(KEY_SPEC_USER_KEYRING, "user", name, 0);
}

bool keyring_get(const uint8_t staff_id[16], uint8_t seed[32])
{
    key_serial_t key = find(staff_id);
    char value[32];
    bool ok = key >= 0 && keyctl_read(key, value, sizeof(value)) == 32;

    if (ok) {
        memcpy(seed, value, 32);
    }
    explicit_bzero(value, sizeof(value));
    return ok;
}

bool keyring_drop(const uint8_t staff_id[16])
{
    key_serial_t key = find(staff_id);

    if (key < 0) {
        return false;
    }
    /* Each of the two puts an end to it. */
    bool revoked = keyctl_revoke(key) == 0;
    return keyctl_unlink(key, KEY_SPEC_USER_KEYRING) == 0 || revoked;
}
