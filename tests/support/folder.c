#include "support/folder.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"

static void must(bool ok, const char *what, const char *path)
{
    if (!ok) {
        (void)fprintf(stderr, "%s ", what);
        perror(path);
        abort();
    }
}

char *folder_new(void)
{
    const char *base = getenv("TMPDIR");
    char *path = sl_strf("%s/sendline-XXXXXX", base == NULL || *base == '\0' ? "/tmp" : base);

    must(mkdtemp(path) != NULL, "make", path);
    return path;
}

char *folder_file(const char *folder, const char *name)
{
    return sl_strf("%s/%s", folder, name);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

void folder_remove(char *take_folder)
{
    if (take_folder != NULL) {
        (void)nftw(take_folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        free(take_folder);
    }
}

char *folder_read(const char *path, size_t *len)
{
    SL_AUTO(file) FILE *file = fopen(path, "re");
    SL_AUTO(buf) struct sl_buf all = {0};
    char part[4096];
    size_t n = 0;

    must(file != NULL, "open", path);
    while ((n = fread(part, 1, sizeof part, file)) > 0) {
        sl_buf_put(&all, part, n);
    }
    must(ferror(file) == 0, "read", path);
    if (len != NULL) {
        *len = all.len;
    }
    sl_buf_put_u8(&all, 0);
    return (char *)sl_steal(&all.data);
}

void folder_write(const char *path, const void *data, size_t len, unsigned mode)
{
    SL_AUTO(fd) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    must(fd >= 0, "make", path);
    must(write(fd, data, len) == (ssize_t)len, "write", path);
    must(fchmod(fd, mode) == 0, "chmod", path);
}
