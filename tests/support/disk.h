/*
 * A disk that is full, fails or is slow when a test says so: a layer under SQLite. It also counts
 * flushes. Thread: any; one for the process.
 */
#ifndef TESTS_SUPPORT_DISK_H
#define TESTS_SUPPORT_DISK_H

#include <stdint.h>

enum disk_mode {
    DISK_GOOD,
    DISK_NO_GROWTH, /**< what is allocated can be written, as on a real full disk */
    DISK_NO_WRITES, /**< every write: no space */
    DISK_QUOTA,     /**< every write fails, and errno says that the quota is used up */
    DISK_NO_FLUSH   /**< writes pass, flushes fail */
};

/** Put it under every database opened from now on. Once or often. */
void disk_install(void);
void disk_set_mode(enum disk_mode mode);
/** Let every flush take so long. */
void disk_set_flush_ms(unsigned ms);
/** Flushes that have succeeded, of all files. */
uint64_t disk_flushes(void);

#endif
