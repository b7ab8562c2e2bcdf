#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int file_read(const char *path, size_t max, struct sl_buf *out, struct fault *fault)
{
    bool standard = strcmp(path, "-") == 0;
    SL_AUTO(fd) int fd = standard ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    uint8_t piece[65536];
    int rc = CLI_OK;

    if (fd < 0) {
        return fault_set(fault, CLI_MISSING, "cannot open %.400s: %s.", path, strerror(errno));
    }
    for (;;) {
        ssize_t n = read(fd, piece, sizeof(piece));

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            rc = fault_set(fault, CLI_MISSING, "cannot read %.400s: %s.", path, strerror(errno));
            break;
        }
        if (n == 0) {
            break;
        }
        if (out->len + (size_t)n > max) {
            rc = fault_set(fault, CLI_NOT_READY, "%.400s is longer than %zu bytes.",
                           standard ? "standard input" : path, max);
            break;
        }
        sl_buf_put(out, piece, (size_t)n);
    }
    explicit_bzero(piece, sizeof(piece));
    return rc;
}

static bool write_all(int fd, const void *data, size_t len)
{
    const uint8_t *at = data;

    while (len > 0) {
        ssize_t n = write(fd, at, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        at += n;
        len -= (size_t)n;
    }
    return true;
}

int file_write(const char *path, const void *data, size_t len, struct fault *fault)
{
    SL_AUTO(str) char *part = sl_strf("%s.%d.part", path, (int)getpid());
    SL_AUTO(str) char *dir = file_dir(path);
    SL_AUTO(fd) int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    SL_AUTO(fd) int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || dir_fd < 0) {
        return fault_set(fault, CLI_UNPLANNED, "cannot write %.400s: %s.", path, strerror(errno));
    }
    if (!write_all(fd, data, len) || fsync(fd) != 0 || rename(part, path) != 0 ||
        fsync(dir_fd) != 0) {
        int why = errno;

        (void)unlink(part);
        return fault_set(fault, CLI_UNPLANNED, "cannot write %.400s: %s.", path, strerror(why));
    }
    return CLI_OK;
}

int file_make_dir(const char *path, struct fault *fault)
{
    SL_AUTO(str) char *copy = sl_strdup(path);

    for (char *c = copy + 1;; c++) {
        if (*c == '/' || *c == '\0') {
            char was = *c;

            *c = '\0';
            if (mkdir(copy, 0700) != 0 && errno != EEXIST) {
                return fault_set(fault, CLI_UNPLANNED, "cannot make the folder %.400s: %s.", copy,
                                 strerror(errno));
            }
            *c = was;
            if (was == '\0') {
                return CLI_OK;
            }
        }
    }
}

void file_wipe(const char *path)
{
    SL_AUTO(fd) int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat about;
    char zeros[4096] = {0};

    if (fd >= 0 && fstat(fd, &about) == 0) {
        for (off_t left = about.st_size; left > 0; left -= (off_t)sizeof(zeros)) {
            if (!write_all(fd, zeros, left < (off_t)sizeof(zeros) ? (size_t)left : sizeof(zeros))) {
                break;
            }
        }
    }
    (void)unlink(path);
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

char *file_join(const char *dir, const char *name)
{
    return name[0] == '/' ? sl_strdup(name) : sl_strf("%s/%s", dir, name);
}

char *file_dir(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL) {
        return sl_strdup(".");
    }
    return slash == path ? sl_strdup("/") : sl_strndup(path, (size_t)(slash - path));
}
