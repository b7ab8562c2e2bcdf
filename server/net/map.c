#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/buf.h"
#include "net/loop.h"

_Static_assert(sizeof(((struct net_map *)0)->hash_key) == crypto_shorthash_KEYBYTES, "hash key");

static const uint8_t nobody[SL_ID_BYTES];

void net_map_init(struct net_map *map, size_t most)
{
    size_t buckets = 64;

    while (buckets < most && buckets < (1U << 20)) {
        buckets *= 2;
    }
    map->buckets = sl_alloc(buckets * sizeof(struct net_conn *));
    map->mask = buckets - 1;
    crypto_shorthash_keygen(map->hash_key);
}

void net_map_fini(struct net_map *map)
{
    free(map->buckets);
    map->buckets = NULL;
}

/* Clients choose some ids, so the hash has a key that nobody knows. */
static struct net_conn **bucket_of(struct net_map *map, const void *id, size_t len)
{
    uint8_t out[crypto_shorthash_BYTES];
    uint64_t hash = 0;

    crypto_shorthash(out, id, len, map->hash_key);
    memcpy(&hash, out, sizeof hash);
    return &map->buckets[hash & map->mask];
}

#define LINK_IN(bucket, conn, field)                                                               \
    do {                                                                                           \
        (conn)->field.next = *(bucket);                                                            \
        (conn)->field.at = (bucket);                                                               \
        if (*(bucket) != NULL) {                                                                   \
            (*(bucket))->field.at = &(conn)->field.next;                                           \
        }                                                                                          \
        *(bucket) = (conn);                                                                        \
    } while (0)

#define LINK_OUT(conn, field)                                                                      \
    do {                                                                                           \
        if ((conn)->field.at != NULL) {                                                            \
            *(conn)->field.at = (conn)->field.next;                                                \
            if ((conn)->field.next != NULL) {                                                      \
                (conn)->field.next->field.at = (conn)->field.at;                                   \
            }                                                                                      \
            (conn)->field.next = NULL;                                                             \
            (conn)->field.at = NULL;                                                               \
        }                                                                                          \
    } while (0)

void net_index(struct net_conn *conn)
{
    struct net_conn **bucket = bucket_of(&conn->loop->by_id, &conn->rpc.id, sizeof conn->rpc.id);
    LINK_IN(bucket, conn, by_id);
}

void net_unindex(struct net_conn *conn)
{
    LINK_OUT(conn, by_id);
    LINK_OUT(conn, by_account);
    LINK_OUT(conn, by_session);
}

void net_identify(struct net_conn *conn)
{
    struct net_loop *loop = conn->loop;
    const struct rpc_identity *who = &conn->rpc.who;

    LINK_OUT(conn, by_account);
    LINK_OUT(conn, by_session);
    if (memcmp(who->account_id, nobody, sizeof nobody) != 0) {
        struct net_conn **bucket = bucket_of(&loop->by_account, who->account_id, SL_ID_BYTES);
        LINK_IN(bucket, conn, by_account);
    }
    if (memcmp(who->session_id, nobody, sizeof nobody) != 0) {
        struct net_conn **bucket = bucket_of(&loop->by_session, who->session_id, SL_ID_BYTES);
        LINK_IN(bucket, conn, by_session);
    }
}

struct net_conn *net_conn_of(struct net_loop *loop, uint64_t id)
{
    struct net_conn *conn = *bucket_of(&loop->by_id, &id, sizeof id);

    while (conn != NULL && conn->rpc.id != id) {
        conn = conn->by_id.next;
    }
    return conn;
}

struct net_conn *net_first_of_account(struct net_loop *loop, const uint8_t id[SL_ID_BYTES])
{
    return *bucket_of(&loop->by_account, id, SL_ID_BYTES);
}

struct net_conn *net_first_of_session(struct net_loop *loop, const uint8_t id[SL_ID_BYTES])
{
    return *bucket_of(&loop->by_session, id, SL_ID_BYTES);
}
