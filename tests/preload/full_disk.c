/*
 * A disk that is full for as long as a file exists: preloaded into the server, every call that
 * would take new space below FULL_DISK_UNDER fails with ENOSPC while FULL_DISK_FLAG exists.
 * Overwriting what is there still works, as on a real disk. Needs no privileges and no file system
 * of its own.
 *
 *   LD_PRELOAD=full_disk.so FULL_DISK_UNDER=/data FULL_DISK_FLAG=/tmp/full sendlined …
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static bool is_full(int fd)
{
    const char *under = getenv("FULL_DISK_UNDER");
    const char *flag = getenv("FULL_DISK_FLAG");
    char link[64];
    char path[PATH_MAX];

    if (under == NULL || flag == NULL || access(flag, F_OK) != 0) {
        return false;
    }
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    return n > 0 && strncmp(path, under, strlen(under)) == 0;
}

static bool grows(int fd, off_t end)
{
    struct stat now;
    return fstat(fd, &now) == 0 && S_ISREG(now.st_mode) && end > now.st_size;
}

/* dlsym gives an object pointer; C has no cast from it to a function, POSIX promises that the bytes
 * are right. */
static void real(const char *name, void *function)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(function, &found, sizeof found);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off_t at)
{
    ssize_t (*next)(int, const void *, size_t, off_t) = NULL;

    if (is_full(fd) && grows(fd, at + (off_t)n)) {
        errno = ENOSPC;
        return -1;
    }
    real("pwrite64", &next);
    return next(fd, data, n, at);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
    return pwrite64(fd, data, n, at);
}

ssize_t write(int fd, const void *data, size_t n)
{
    ssize_t (*next)(int, const void *, size_t) = NULL;

    if (is_full(fd) && grows(fd, lseek(fd, 0, SEEK_CUR) + (off_t)n)) {
        errno = ENOSPC;
        return -1;
    }
    real("write", &next);
    return next(fd, data, n);
}

int ftruncate64(int fd, off_t size)
{
    int (*next)(int, off_t) = NULL;

    if (is_full(fd) && grows(fd, size)) {
        errno = ENOSPC;
        return -1;
    }
    real("ftruncate64", &next);
    return next(fd, size);
}

int ftruncate(int fd, off_t size)
{
    return ftruncate64(fd, size);
}

int posix_fallocate64(int fd, off_t at, off_t n)
{
    int (*next)(int, off_t, off_t) = NULL;

    if (is_full(fd) && grows(fd, at + n)) {
        return ENOSPC;
    }
    real("posix_fallocate64", &next);
    return next(fd, at, n);
}

int posix_fallocate(int fd, off_t at, off_t n)
{
    return posix_fallocate64(fd, at, n);
}
