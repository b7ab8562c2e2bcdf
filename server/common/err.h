/*
 * Errors: one code for each kind, and a detail for whoever has to mend it.
 *
 * Fallible functions return enum sl_code and take a struct sl_err * last (it may be NULL).
 * Libraries return; the boundary logs once. Clients are told the code and its sentence, never the
 * detail. Thread: any; no state.
 */
#ifndef SENDLINE_COMMON_ERR_H
#define SENDLINE_COMMON_ERR_H

#include <stddef.h>

#define SL_MUST_USE __attribute__((warn_unused_result))
#define SL_PRINTF(fmt_at, args_at) __attribute__((format(printf, fmt_at, args_at)))

enum sl_code {
#define SL_ERROR(symbol, code, sentence) symbol,
#include "common/proto.def"
    SL_CODE_COUNT
};

/** What went wrong. `detail` is for logs and operators: no personal data, no secrets. */
struct sl_err {
    enum sl_code code;
    int sys; /**< errno, or 0 */
    char detail[160];
};

/** Fill err (may be NULL) with code and a printf detail. @return code, so that `return sl_fail(…)`
 * reads. */
enum sl_code sl_fail(struct sl_err *err, enum sl_code code, const char *fmt, ...) SL_PRINTF(3, 4);

/** As sl_fail, with SL_SYSTEM (SL_STORAGE_FULL for ENOSPC and EDQUOT), errno and its text. */
enum sl_code sl_fail_errno(struct sl_err *err, const char *fmt, ...) SL_PRINTF(2, 3);

/** The wire name of a code, "entry_stale". Static. */
const char *sl_code_name(enum sl_code code);

/** The sentence of a code that users are shown. Static. */
const char *sl_code_sentence(enum sl_code code);

/** The code of a wire name; SL_SYSTEM for an unknown one. */
enum sl_code sl_code_of(const char *name);

#endif
