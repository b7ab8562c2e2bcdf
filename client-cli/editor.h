/*
 * Words typed in the person's own editor. The file is in memory ($XDG_RUNTIME_DIR, else /dev/shm),
 * in a folder of its own, readable by nobody else, and wiped with whatever the editor left beside
 * it, also when we are told to stop. Thread: main.
 */
#ifndef SENDLINE_CLI_EDITOR_H
#define SENDLINE_CLI_EDITOR_H

#include "common/buf.h"
#include "fault.h"

/**
 * Edit `text` (in and out). What was saved in the editor is in it afterwards, also when the editor
 * did not end well or we were told to stop (the terminal was closed), so that it can be kept.
 *
 * @param command setting 'editor', or NULL: $VISUAL, $EDITOR, then vi
 * @return CLI_OK; CLI_NOT_READY when there is no editor or no place in memory, or it did not end
 *         well
 */
SL_MUST_USE int editor_run(const char *command, struct sl_buf *text, struct fault *fault);

#endif
