#include "store/newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"

static int rename_new(const char *part, const char *to)
{
    struct stat there;

    if (renameat2(AT_FDCWD, part, AT_FDCWD, to, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return -1;
    }
    /* Some network file systems have no such rename. */
    if (lstat(to, &there) == 0) {
        errno = EEXIST;
        return -1;
    }
    return rename(part, to);
}

enum sl_code newfile_publish(const char *part, const char *to, struct sl_err *err)
{
    if (rename_new(part, to) != 0) {
        if (errno == EEXIST) {
            return sl_fail(err, SL_ID_USED, "%s exists already", to);
        }
        return sl_fail_errno(err, "name %s", to);
    }
    return newfile_flush_folder(to, err);
}

enum sl_code newfile_flush_folder(const char *path, struct sl_err *err)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    SL_AUTO(str) char *folder = NULL;
    SL_AUTO(fd) int fd = -1;

    if (slash == NULL) {
        folder = sl_strdup(".");
    } else {
        folder = sl_strndup(path, len == 0 ? 1 : len);
    }
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return sl_fail_errno(err, "open folder %s", folder);
    }
    /* EINVAL: a file system that cannot flush folders. */
    if (fsync(fd) != 0 && errno != EINVAL) {
        return sl_fail_errno(err, "flush folder %s", folder);
    }
    return SL_OK;
}
