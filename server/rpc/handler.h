/*
 * What handlers share: their prototypes, made from proto.def, and small helpers. Private to rpc/.
 * Thread: as the step.
 */
#ifndef SENDLINE_RPC_HANDLER_H
#define SENDLINE_RPC_HANDLER_H

#include "rpc/rpc.h"

#define RPC_DECLARE_READ(handler) rpc_handler rpc_##handler;
#define RPC_DECLARE_WRITE(handler) rpc_handler rpc_##handler;
#define RPC_DECLARE_CHECKED(handler) rpc_handler rpc_##handler##_check, rpc_##handler;
#define SL_CALL(handler, name, who, mode, cost) RPC_DECLARE_##mode(handler)
#include "common/proto.def"
#undef RPC_DECLARE_READ
#undef RPC_DECLARE_WRITE
#undef RPC_DECLARE_CHECKED

enum {
    HANDLER_HOST_SIZE = 256,
    HANDLER_PAGE_BYTES = 524288 /**< about as much as one answer carries */
};

/** SL_FORBIDDEN on the other listener. */
SL_MUST_USE enum sl_code handler_need_listener(const struct rpc_call *call, enum rpc_listener which,
                                               struct sl_err *err);
/** SL_BAD_REQUEST when obj has a name that is not in args ("name:type …"). */
SL_MUST_USE enum sl_code handler_only(const json_t *obj, const char *args, struct sl_err *err);
/** The same for one member of a list, which must be an object. */
SL_MUST_USE enum sl_code handler_member(const json_t *list, size_t i, const char *args,
                                        struct sl_err *err);
/** The host that signatures on this call's listener name. */
SL_MUST_USE enum sl_code handler_host(const struct rpc_call *call, char out[HANDLER_HOST_SIZE],
                                      struct sl_err *err);
/** An e-mail address as it is looked up: blanks around it gone, A-Z lower. SL_BAD_REQUEST. Owned.
 */
SL_MUST_USE enum sl_code handler_address(const json_t *args, char **out, struct sl_err *err);

/** The newest event of an account. */
SL_MUST_USE enum sl_code handler_cursor(struct db *db, const uint8_t account_id[SL_ID_BYTES],
                                        int64_t *out, struct sl_err *err);
/** Is this id the id of a member of staff, a team or records? */
SL_MUST_USE enum sl_code handler_is_holder(struct db *db, const uint8_t id[SL_ID_BYTES], bool *out,
                                           struct sl_err *err);

/** A holder as grants and signatures need it. */
struct handler_holder {
    bool found;
    uint8_t sign_pk[SL_PK_BYTES];
    uint8_t box_pk[SL_PK_BYTES];
    uint32_t added_serial;
    uint32_t ended_serial;
};
SL_MUST_USE enum sl_code handler_holder(struct db *db, enum sl_holder_kind kind,
                                        const uint8_t id[SL_ID_BYTES], uint32_t generation,
                                        struct handler_holder *out, struct sl_err *err);

/** hash(32, data): the hash of a vault that clients name. */
void handler_hash(const void *data, size_t len, uint8_t out[SL_HASH_BYTES]);
/** Unseal a column and put it into obj as base64url. */
SL_MUST_USE enum sl_code handler_set_unsealed(const struct rpc_call *call, json_t *obj,
                                              const char *field, const char *where,
                                              const uint8_t row_id[SL_ID_BYTES],
                                              struct sl_bytes sealed, struct sl_err *err);

#endif
