/*
 * Everything that a thread says, as JSON: what the two halves of the encryption are compared by.
 * tests/unit-js/e2ee-view.mjs makes the same of a thread in JavaScript. Thread: the thread's owner.
 */
#ifndef TESTS_SUPPORT_VIEW_H
#define TESTS_SUPPORT_VIEW_H

#include "e2ee/thread.h"

/** Owned. The thread should be complete. */
json_t *view_of(const struct e2_thread *t);
/** What an entry came to: its kind, with a question mark while its author is not confirmed; or the
 * number of the rule that refused it, and why. Owned. */
char *view_verdict(const struct e2_item *item);

#endif
