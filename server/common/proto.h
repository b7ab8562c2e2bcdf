/*
 * The protocol's names as C: limits, calls, events, acts. The table is proto.def. Thread: any;
 * constants.
 */
#ifndef SENDLINE_COMMON_PROTO_H
#define SENDLINE_COMMON_PROTO_H

#include <stddef.h>
#include <stdint.h>

#define SL_SUBPROTOCOL "sendline.v1"

enum { /* limits */
#define SL_LIMIT(symbol, value, what) symbol = (value),
#include "common/proto.def"
};

/** Who may call or act; bits. */
enum sl_role {
    R_ANON = 1,    /**< a connection that has not signed in */
    R_INVITEE = 2, /**< has shown an invitation's key, and may accept it */
    R_PARENT = 4,
    R_STAFF = 8,
    R_HTTP = 16, /**< made by the HTTP side of the server itself, never from a frame */
    R_ANYONE = 15
};

enum sl_call_mode {
    SL_CALL_READ,
    SL_CALL_WRITE,
    SL_CALL_CHECKED
};

enum sl_event_kind {
#define SL_EVENT(symbol, name) symbol,
#include "common/proto.def"
    SL_EVENT_COUNT
};

enum sl_act {
#define SL_ACT(symbol, name, who, starts, ends) symbol,
#include "common/proto.def"
    SL_ACT_COUNT
};

struct sl_act_row {
    const char *name;
    unsigned who;    /**< sl_role bits */
    unsigned starts; /**< by a parent it starts the reply promise */
    unsigned ends;   /**< by staff it ends it */
};

const char *sl_event_name(enum sl_event_kind kind);
const struct sl_act_row *sl_act_row(enum sl_act act);
/** The act of a wire name, or SL_ACT_COUNT. */
enum sl_act sl_act_of(const char *name);

#endif
