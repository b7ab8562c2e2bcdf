#include "support/disk.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct disk_file {
    sqlite3_file base;
    sqlite3_file *real; /* right behind this */
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs disk_vfs;
static _Atomic int disk_mode;
static _Atomic unsigned flush_ms;
static _Atomic uint64_t flushes;

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct disk_file *)(void *)file)->real;
}

static int disk_close(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);

    return real->pMethods->xClose(real);
}

static int disk_read(sqlite3_file *file, void *out, int len, sqlite3_int64 at)
{
    sqlite3_file *real = real_of(file);

    return real->pMethods->xRead(real, out, len, at);
}

static int disk_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 at)
{
    sqlite3_file *real = real_of(file);
    sqlite3_int64 size = 0;

    switch (atomic_load(&disk_mode)) {
    case DISK_NO_GROWTH:
        if (real->pMethods->xFileSize(real, &size) != SQLITE_OK || at + len > size) {
            return SQLITE_FULL;
        }
        break;
    case DISK_NO_WRITES:
        return SQLITE_FULL;
    case DISK_QUOTA:
        errno = EDQUOT;
        return SQLITE_IOERR_WRITE;
    default:
        break;
    }
    return real->pMethods->xWrite(real, data, len, at);
}

static int disk_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    sqlite3_file *real = real_of(file);

    return real->pMethods->xTruncate(real, size);
}

static int disk_sync(sqlite3_file *file, int flags)
{
    sqlite3_file *real = real_of(file);
    unsigned ms = atomic_load(&flush_ms);

    if (atomic_load(&disk_mode) == DISK_NO_FLUSH) {
        errno = EIO;
        return SQLITE_IOERR_FSYNC;
    }
    int result = real->pMethods->xSync(real, flags);
    if (ms > 0) {
        struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000L};
        (void)nanosleep(&wait, NULL);
    }
    if (result == SQLITE_OK) {
        (void)atomic_fetch_add(&flushes, 1);
    }
    return result;
}

static int disk_size(sqlite3_file *file, sqlite3_int64 *out)
{
    sqlite3_file *real = real_of(file);

    return real->pMethods->xFileSize(real, out);
}

static int disk_lock(sqlite3_file *file, int how)
{
    sqlite3_file *real = real_of(file);

    return real->pMethods->xLock(real, how);
}

static int disk_unlock(sqlite3_file *file, int how)
{
    sqlite3_file *real = real_of(file);

    return real->pMethods->xUnlock(real, how);
}

static int disk_check_lock(sqlite3_file *file, int *out)
{
    sqlite3_file *real = real_of(file);

    return real->pMethods->xCheckReservedLock(real, out);
}

static int disk_control(sqlite3_file *file, int op, void *arg)
{
    sqlite3_file *real = real_of(file);

    return real->pMethods->xFileControl(real, op, arg);
}

static int disk_sector(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);

    return real->pMethods->xSectorSize(real);
}

static int disk_traits(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);

    return real->pMethods->xDeviceCharacteristics(real);
}

static int disk_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    sqlite3_file *real = real_of(file);

    return real->pMethods->xShmMap(real, page, size, extend, out);
}

static int disk_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    sqlite3_file *real = real_of(file);

    return real->pMethods->xShmLock(real, offset, n, flags);
}

static void disk_shm_barrier(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);

    real->pMethods->xShmBarrier(real);
}

static int disk_shm_unmap(sqlite3_file *file, int remove)
{
    sqlite3_file *real = real_of(file);

    return real->pMethods->xShmUnmap(real, remove);
}

/* Version 2: without mapping the file into memory, so that every read and write comes by here. */
static const sqlite3_io_methods disk_methods = {
    .iVersion = 2,
    .xClose = disk_close,
    .xRead = disk_read,
    .xWrite = disk_write,
    .xTruncate = disk_truncate,
    .xSync = disk_sync,
    .xFileSize = disk_size,
    .xLock = disk_lock,
    .xUnlock = disk_unlock,
    .xCheckReservedLock = disk_check_lock,
    .xFileControl = disk_control,
    .xSectorSize = disk_sector,
    .xDeviceCharacteristics = disk_traits,
    .xShmMap = disk_shm_map,
    .xShmLock = disk_shm_lock,
    .xShmBarrier = disk_shm_barrier,
    .xShmUnmap = disk_shm_unmap,
};

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *out, int flags,
                     int *out_flags)
{
    struct disk_file *file = (struct disk_file *)(void *)out;

    (void)vfs;
    file->real = (sqlite3_file *)(void *)(file + 1);
    int result = real_vfs->xOpen(real_vfs, name, file->real, flags, out_flags);
    file->base.pMethods = file->real->pMethods == NULL ? NULL : &disk_methods;
    return result;
}

void disk_install(void)
{
    disk_set_mode(DISK_GOOD);
    disk_set_flush_ms(0);
    if (real_vfs != NULL) {
        return;
    }
    real_vfs = sqlite3_vfs_find(NULL);
    if (real_vfs == NULL) {
        abort();
    }
    /* All but opening is the real one's: it looks at its own fields only. */
    disk_vfs = *real_vfs;
    disk_vfs.pNext = NULL;
    disk_vfs.zName = "sendline-test-disk";
    disk_vfs.szOsFile = (int)sizeof(struct disk_file) + real_vfs->szOsFile;
    disk_vfs.xOpen = disk_open;
    if (sqlite3_vfs_register(&disk_vfs, 1) != SQLITE_OK) {
        abort();
    }
}

void disk_set_mode(enum disk_mode mode)
{
    atomic_store(&disk_mode, (int)mode);
}

void disk_set_flush_ms(unsigned ms)
{
    atomic_store(&flush_ms, ms);
}

uint64_t disk_flushes(void)
{
    return atomic_load(&flushes);
}
