/*
 * Scope clean-up: SL_AUTO(fd) int fd = -1; closes at the end of the scope, sl_steal hands over.
 * A type `foo` takes part by having `void sl_auto_foo(T *)`.
 */
#ifndef SENDLINE_COMMON_AUTO_H
#define SENDLINE_COMMON_AUTO_H

#include <jansson.h>
#include <stdio.h>

#define SL_AUTO(type) __attribute__((cleanup(sl_auto_##type)))

/** The value of `*at`, which is NULL afterwards: hands ownership to the caller. */
#define sl_steal(at)                                                                               \
    (__extension__({                                                                               \
        __typeof__(*(at)) sl_taken_ = *(at);                                                       \
        *(at) = NULL;                                                                              \
        sl_taken_;                                                                                 \
    }))

void sl_auto_str(char **at);    /**< free() */
void sl_auto_fd(int *at);       /**< close() unless negative */
void sl_auto_file(FILE **at);   /**< fclose() */
void sl_auto_json(json_t **at); /**< json_decref() */

#endif
