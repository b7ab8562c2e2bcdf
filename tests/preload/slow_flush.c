/*
 * A disk whose flushes take longer, and a count of them: preloaded under a program.
 *
 *   SLOW_FLUSH_MS          added to every fsync and fdatasync; a fraction is fine, absent adds none
 *   SLOW_FLUSH_COUNT_FILE  how many have returned, as eight bytes in the machine's order; made if
 * it is not there, counted on if it is
 *
 *   LD_PRELOAD=slow_flush.so SLOW_FLUSH_MS=2 SLOW_FLUSH_COUNT_FILE=/tmp/flushes sendlined …
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef int flush_function(int fd);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static flush_function *real_fsync;
static flush_function *real_fdatasync;
static struct timespec delay;
static _Atomic uint64_t *count;

static void give_up(const char *what)
{
    perror(what);
    abort();
}

static flush_function *find(const char *name)
{
    flush_function *found = NULL;
    void *symbol = dlsym(RTLD_NEXT, name);

    /* ISO C has no cast from a data pointer to a function. */
    memcpy(&found, &symbol, sizeof found);
    if (found == NULL) {
        give_up(name);
    }
    return found;
}

static void open_count(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0 || ftruncate(fd, sizeof *count) != 0) {
        give_up(path);
    }
    void *at = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        give_up(path);
    }
    (void)close(fd);
    count = at;
}

static void start(void)
{
    const char *ms = getenv("SLOW_FLUSH_MS");
    const char *path = getenv("SLOW_FLUSH_COUNT_FILE");

    real_fsync = find("fsync");
    real_fdatasync = find("fdatasync");
    if (ms != NULL) {
        double wait = strtod(ms, NULL) / 1000;
        if (wait > 0) {
            delay.tv_sec = (time_t)wait;
            delay.tv_nsec = (long)((wait - (double)delay.tv_sec) * 1e9);
        }
    }
    if (path != NULL) {
        open_count(path);
    }
}

static int flush(flush_function *const *real, int fd)
{
    (void)pthread_once(&once, start);
    int result = (*real)(fd);
    int keep = errno;
    struct timespec left = delay;

    while ((left.tv_sec > 0 || left.tv_nsec > 0) && nanosleep(&left, &left) != 0 &&
           errno == EINTR) {
    }
    if (count != NULL) {
        (void)atomic_fetch_add(count, 1);
    }
    errno = keep;
    return result;
}

int fsync(int fd)
{
    return flush(&real_fsync, fd);
}

int fdatasync(int fd)
{
    return flush(&real_fdatasync, fd);
}
