/*
 * `sendlined check`: does every thread's chain still follow from its entries? Thread: one; a
 * connection of its own.
 */
#ifndef SENDLINE_RPC_CHAIN_CHECK_H
#define SENDLINE_RPC_CHAIN_CHECK_H

#include <stdio.h>

#include "common/err.h"
#include "store/db.h"

/**
 * Compute every link anew (taken-back messages from header and body hash), compare it with what is
 * stored and with the end that each thread remembers, and see that each account's events are
 * numbered 1, 2, 3 …. Prints one line of totals.
 * @return SL_OK; SL_CORRUPT: err names the first thread or account and what is wrong there.
 */
SL_MUST_USE enum sl_code chain_check(struct db *db, FILE *out, struct sl_err *err);

#endif
