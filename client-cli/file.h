/*
 * Files: read whole with a bound, written whole or not at all. Blocks on disk. Thread: any.
 */
#ifndef SENDLINE_CLI_FILE_H
#define SENDLINE_CLI_FILE_H

#include "common/buf.h"
#include "fault.h"

/**
 * A whole file; "-" is standard input.
 * @return CLI_OK with the bytes appended; CLI_MISSING, or CLI_NOT_READY when it is longer than max.
 */
SL_MUST_USE int file_read(const char *path, size_t max, struct sl_buf *out, struct fault *fault);
/** Replace a file in one step, mode 0600, flushed to disk. At any moment the old one is there, or
 * the new. */
SL_MUST_USE int file_write(const char *path, const void *data, size_t len, struct fault *fault);
/** Make a folder and those above it, mode 0700. */
SL_MUST_USE int file_make_dir(const char *path, struct fault *fault);
/** Overwrite with zeros and remove. For files in memory (XDG_RUNTIME_DIR); on a disk it is only a
 * removal. */
void file_wipe(const char *path);
bool file_exists(const char *path);
/** "dir/name", or name itself when it begins with a slash. Owned. */
char *file_join(const char *dir, const char *name);
/** The folder of a path; "." when it has none. Owned. */
char *file_dir(const char *path);

#endif
