/*
 * New files that are there whole or not at all, and never in the place of another. Thread: any.
 */
#ifndef SENDLINE_STORE_NEWFILE_H
#define SENDLINE_STORE_NEWFILE_H

#include "common/err.h"

/** Give the finished file `part` (same folder) its name, durably. SL_ID_USED when `to` exists. */
SL_MUST_USE enum sl_code newfile_publish(const char *part, const char *to, struct sl_err *err);

/** Flush the folder of `path`, so that a new name in it survives a power cut. */
SL_MUST_USE enum sl_code newfile_flush_folder(const char *path, struct sl_err *err);

#endif
