/*
 * A wall clock that a test moves: preloaded under a program. The monotonic clock is left alone.
 *
 *   SHIFT_CLOCK_FILE  holds, as eight bytes in the machine's order, how many seconds to add
 *
 *   LD_PRELOAD=shift_clock.so SHIFT_CLOCK_FILE=/tmp/shift sendlined …
 */
#include <dlfcn.h>
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

typedef int clock_function(clockid_t which, struct timespec *out);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static clock_function *real_clock;
static const _Atomic int64_t *shift_s;

static void give_up(const char *what)
{
    perror(what);
    abort();
}

static void prepare(void)
{
    const char *path = getenv("SHIFT_CLOCK_FILE");
    void *symbol = dlsym(RTLD_NEXT, "clock_gettime");

    /* ISO C has no cast from a data pointer to a function. */
    memcpy(&real_clock, &symbol, sizeof real_clock);
    int fd = open(path == NULL ? "" : path, O_RDONLY | O_CLOEXEC);
    if (real_clock == NULL || fd < 0) {
        give_up("SHIFT_CLOCK_FILE");
    }
    void *at = mmap(NULL, sizeof *shift_s, PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        give_up(path);
    }
    (void)close(fd);
    shift_s = at;
}

int clock_gettime(clockid_t which, struct timespec *out)
{
    (void)pthread_once(&once, prepare);
    int code = real_clock(which, out);
    if (code == 0 && which == CLOCK_REALTIME) {
        out->tv_sec += (time_t)atomic_load(shift_s);
    }
    return code;
}
