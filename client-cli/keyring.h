/*
 * The identity's seed, kept for a while in the kernel's keyring of this user, where there is one:
 * never on a disk, gone after its time or a restart. Thread: any.
 */
#ifndef SENDLINE_CLI_KEYRING_H
#define SENDLINE_CLI_KEYRING_H

#include <stdbool.h>
#include <stdint.h>

/** False: this computer has no kernel keyring for us; *why (may be NULL) is then errno. */
bool keyring_put(const uint8_t staff_id[16], const uint8_t seed[32], long seconds, int *why);
/** False: it is not there. */
bool keyring_get(const uint8_t staff_id[16], uint8_t seed[32]);
/** False: nothing was there, or it stays. */
bool keyring_drop(const uint8_t staff_id[16]);

#endif
