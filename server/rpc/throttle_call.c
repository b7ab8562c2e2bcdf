#include "rpc/throttle_call.h"

#include <string.h>

#include "common/json.h"

enum sl_code throttle_call_try(struct rpc_call *call, enum auth_throttle kind, const void *key,
                               size_t key_len, struct sl_err *err)
{
    int64_t retry_after_s = 0;
    enum sl_code rc =
        auth_try(call->env->auth, AUTH_PEER, call->peer, strlen(call->peer), &retry_after_s, err);

    if (rc == SL_OK) {
        rc = auth_try(call->env->auth, kind, key, key_len, &retry_after_s, err);
    }
    if (rc != SL_OK) {
        sl_json_set_int(call->extra, "retry_after_s", retry_after_s);
    }
    return rc;
}

void throttle_call_back(struct rpc_call *call, enum auth_throttle kind, const void *key,
                        size_t key_len)
{
    auth_try_back(call->env->auth, AUTH_PEER, call->peer, strlen(call->peer));
    auth_try_back(call->env->auth, kind, key, key_len);
}
