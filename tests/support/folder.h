/*
 * A folder of a test's own, under TMPDIR. Thread: any.
 */
#ifndef TESTS_SUPPORT_FOLDER_H
#define TESTS_SUPPORT_FOLDER_H

#include <stddef.h>

/** An empty folder, 0700. Owned; folder_remove it. Aborts when it cannot be made. */
char *folder_new(void);
/** The path of a file in it. Owned, free() it. */
char *folder_file(const char *folder, const char *name);
/** Remove it with all that is in it, and free the name. NULL is fine. */
void folder_remove(char *take_folder);
/** A whole file; owned. Aborts when it cannot be read. */
char *folder_read(const char *path, size_t *len);
/** Write a whole file, with this mode. Aborts when it cannot. */
void folder_write(const char *path, const void *data, size_t len, unsigned mode);

#endif
