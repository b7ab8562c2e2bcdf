/*
 * Whom a staff client trusts today: the walk from the roster it remembers to the newest, the
 * holders that the newest names, and what it remembers beside the key file.
 *
 * Thread: one owner. Threads (e2ee/thread.h) borrow it; walk first, then judge.
 *
 *   SL_AUTO(e2_trust) struct e2_trust *trust = NULL;
 *   e2_trust_load(text, len, &trust, &err)            (or e2_trust_new the first time: enrolment,
 * service init) reply = roster.since {serial: e2_trust_since(trust)} e2_trust_walk(trust, rosters,
 * n, holders, m, my_id, &err) e2_trust_save(trust) → write beside the key file
 *
 * Decisions:
 * - Ask with e2_trust_since, one below the remembered serial: the remembered roster itself is
 * needed again, for only its serial, hash and roots are kept. A roster with the remembered serial
 * and hash is taken without a second look at its signature (the roots that it hands over to need
 * not be those that signed it).
 * - The walk stops at the first roster that is not right. What was taken before it stays; the alarm
 * says why, and nothing may be sealed or sent while there is one.
 * - Gaps in serials are no alarm: the rows say everything that a skipped roster said.
 * - Two records for one (kind, id, generation) are both nobody.
 * - A roster that does not name me as current is refused as a whole walk: memory and roster stay as
 * they were.
 */
#ifndef SENDLINE_E2EE_TRUST_H
#define SENDLINE_E2EE_TRUST_H

#include "common/roster.h"
#include "e2ee/identity.h"

enum e2_alarm {
    E2_ALARM_NONE,
    E2_ALARM_MALFORMED,         /**< not a roster at all */
    E2_ALARM_NOT_SIGNED,        /**< by no root that is trusted here */
    E2_ALARM_OLDER,             /**< a lower serial than was seen */
    E2_ALARM_TWO_OF_ONE_SERIAL, /**< a trusted root signed two: the roots' owners must look at this
                                 */
    E2_ALARM_ROWS_LOST,         /**< somebody was removed, or an end undone */
    E2_ALARM_TOO_LONG,          /**< valid for more than 92 days */
    E2_ALARM_HOLDERS_CLASH,     /**< two records for one holder */
    E2_ALARM_NO_ROSTER,         /**< the server gave none */
    E2_ALARM_WITHOUT_ME         /**< I am not in it, or ended */
};

/** "not-signed"; for --json and tests. Static. */
const char *e2_alarm_name(enum e2_alarm alarm);
/** What happened and what to do. Static. */
const char *e2_alarm_sentence(enum e2_alarm alarm);

struct e2_person {
    struct sl_holder holder; /**< the name is cleaned, and may be shown */
    uint32_t ended;          /**< serial of the roster that ended it, or 0 */
    uint8_t hash[SL_HASH_BYTES];
};

struct e2_trust; /* opaque */

/** The first time: the roots that a person vouched for, and the serial they were told. */
struct e2_trust *e2_trust_new(const uint8_t (*roots)[SL_PK_BYTES], size_t root_count,
                              uint32_t serial);
/** From what e2_trust_save gave. @return SL_OK; SL_CORRUPT. */
SL_MUST_USE enum sl_code e2_trust_load(const char *text, size_t len, struct e2_trust **out,
                                       struct sl_err *err);
/** JSON to remember: roots, serial, hash, and the holders known so far (for e2_trust_added). Owned.
 */
char *e2_trust_save(const struct e2_trust *trust, size_t *len);
void e2_trust_free(struct e2_trust *trust);
void sl_auto_e2_trust(struct e2_trust **trust);

/** The serial for roster.since. */
uint32_t e2_trust_since(const struct e2_trust *trust);

/**
 * Take the server's rosters, in its order, and the holders of the newest.
 *
 * @param me  my staff id, or NULL (tests, parents, records officers): then nobody is looked for
 * @return SL_OK: no alarm. SL_ROSTER_REFUSED: e2_trust_alarm says which; err has its words.
 */
SL_MUST_USE enum sl_code e2_trust_walk(struct e2_trust *trust, const struct sl_bytes *rosters,
                                       size_t roster_count, const struct sl_bytes *holders,
                                       size_t holder_count, const uint8_t *me, struct sl_err *err);

enum e2_alarm e2_trust_alarm(const struct e2_trust *trust); /**< of the last walk */
bool e2_trust_has_roster(const struct e2_trust *trust);     /**< a walk has taken one */
/** These are of the newest roster taken; zeros before the first. */
uint32_t e2_trust_serial(const struct e2_trust *trust);
const uint8_t *e2_trust_hash(const struct e2_trust *trust); /**< 32 bytes, borrowed */
/** The roots that it names: for parcels. Borrowed. */
const uint8_t (*e2_trust_roots(const struct e2_trust *trust, size_t *count))[SL_PK_BYTES];
int64_t e2_trust_expires_at(const struct e2_trust *trust);
/** Past its end: staff clients send nothing. */
bool e2_trust_expired(const struct e2_trust *trust, int64_t now_s);
/** Within two weeks of its end. */
bool e2_trust_ends_soon(const struct e2_trust *trust, int64_t now_s);
/** Rows whose record the server did not give: they are nobody until it does. */
size_t e2_trust_missing(const struct e2_trust *trust);

/** Everybody, in no order; borrowed until the next walk. */
const struct e2_person *e2_trust_people(const struct e2_trust *trust, size_t *count);
/** NULL: nobody. */
const struct e2_person *e2_trust_find(const struct e2_trust *trust, uint8_t kind,
                                      const uint8_t id[SL_ID_BYTES], uint32_t generation);
const struct e2_person *e2_trust_staff(const struct e2_trust *trust, const uint8_t id[SL_ID_BYTES]);
/** Is this id any holder's, current or not? */
bool e2_trust_has_id(const struct e2_trust *trust, const uint8_t id[SL_ID_BYTES]);
/** The newest generation of a team that has not ended, or NULL. */
const struct e2_person *e2_trust_team(const struct e2_trust *trust,
                                      const uint8_t team_id[SL_ID_BYTES]);
/** The records holder that has not ended (the newest generation), or NULL. */
const struct e2_person *e2_trust_records(const struct e2_trust *trust);
bool e2_person_current_at(const struct e2_person *person, uint32_t serial);

/** Who is there now and was not when the memory was saved. Tell the person; e2_trust_save then
 * forgets it. Empty on the very first walk. Borrowed until the next walk. */
const struct e2_person *const *e2_trust_added(const struct e2_trust *trust, size_t *count);

#endif
