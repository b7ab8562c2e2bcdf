#include <stdlib.h>
#include <string.h>

#include "rpc/handler.h"

#define RPC_ARGS(handler, spec) static const char args_of_##handler[] = spec;
#include "rpc/args.def"

#define RPC_CHECK_READ(handler) NULL
#define RPC_CHECK_WRITE(handler) NULL
#define RPC_CHECK_CHECKED(handler) rpc_##handler##_check

const struct rpc_route rpc_routes[] = {
#define SL_CALL(handler, name, who, mode, cost)                                                    \
    {name, who, SL_CALL_##mode, cost, args_of_##handler, RPC_CHECK_##mode(handler), rpc_##handler},
#include "common/proto.def"
};
const size_t rpc_route_count = sizeof(rpc_routes) / sizeof(rpc_routes[0]);

static int name_order(const void *key, const void *row)
{
    return strcmp(key, ((const struct rpc_route *)row)->name);
}

const struct rpc_route *rpc_route_of(const char *name)
{
    return bsearch(name, rpc_routes, rpc_route_count, sizeof(rpc_routes[0]), name_order);
}
