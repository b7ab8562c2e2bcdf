#include "e2ee/trust.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "e2ee/fields.h"

enum {
    ENDS_SOON_S = 14 * 24 * 3600,
    VALIDITY_S = 92 * 24 * 3600
};

/** What is remembered between runs. */
struct memory {
    uint8_t roots[SL_MAX_ROOTS][SL_PK_BYTES];
    size_t root_count;
    uint32_t serial;
    bool has_hash;
    uint8_t hash[SL_HASH_BYTES];     /**< of the roster with that serial */
    uint8_t (*known)[SL_HASH_BYTES]; /**< owned: rows of that roster */
    size_t known_count;
};

struct e2_trust {
    struct memory memory;
    bool first; /**< nobody was known before, so nobody was added */
    enum e2_alarm alarm;
    bool has_roster;
    struct sl_roster roster;  /**< owned */
    struct e2_person *people; /**< owned */
    size_t people_count;
    const struct e2_person **added; /**< owned */
    size_t added_count;
};

static const struct {
    const char *name, *sentence;
} alarms[] = {
    [E2_ALARM_NONE] = {"none", "The roster is in order."},
    [E2_ALARM_MALFORMED] = {"malformed",
                            "The server sent something that is not a roster. Send nothing, "
                            "and tell the service manager."},
    [E2_ALARM_NOT_SIGNED] = {"not-signed",
                             "The server sent a roster that no trusted manager has signed. "
                             "Send nothing, and tell the service manager."},
    [E2_ALARM_OLDER] = {"older", "The server sent an older roster than you have seen before. Send "
                                 "nothing, and tell the service manager."},
    [E2_ALARM_TWO_OF_ONE_SERIAL] =
        {"two-of-one-serial", "There are two different rosters with one number, both signed. Send "
                              "nothing, and tell the service manager by telephone."},
    [E2_ALARM_ROWS_LOST] = {"rows-lost",
                            "The new roster leaves out somebody, or undoes an ending. Send "
                            "nothing, and tell the service manager."},
    [E2_ALARM_TOO_LONG] = {"too-long", "The new roster would be valid for more than 92 days. Send "
                                       "nothing, and tell the service manager."},
    [E2_ALARM_HOLDERS_CLASH] = {"holders-clash",
                                "The roster has two different records for one person or "
                                "team. Send nothing, and tell the service manager."},
    [E2_ALARM_NO_ROSTER] = {"no-roster",
                            "The server sent no roster. Try again; if it stays so, tell the "
                            "service manager."},
    [E2_ALARM_WITHOUT_ME] = {"without-me",
                             "The newest roster does not name you as a member of staff. If "
                             "that is a mistake, tell the service manager."},
};

const char *e2_alarm_name(enum e2_alarm alarm)
{
    return alarms[alarm].name;
}

const char *e2_alarm_sentence(enum e2_alarm alarm)
{
    return alarms[alarm].sentence;
}

struct e2_trust *e2_trust_new(const uint8_t (*roots)[SL_PK_BYTES], size_t root_count,
                              uint32_t serial)
{
    struct e2_trust *trust = sl_alloc(sizeof(*trust));

    trust->memory.root_count = root_count < SL_MAX_ROOTS ? root_count : SL_MAX_ROOTS;
    memcpy(trust->memory.roots, roots, trust->memory.root_count * SL_PK_BYTES);
    trust->memory.serial = serial;
    trust->first = true;
    return trust;
}

static void drop_people(struct e2_trust *trust)
{
    free(trust->people);
    free(trust->added);
    trust->people = NULL;
    trust->added = NULL;
    trust->people_count = 0;
    trust->added_count = 0;
}

void e2_trust_free(struct e2_trust *trust)
{
    if (trust == NULL) {
        return;
    }
    drop_people(trust);
    free(trust->memory.known);
    sl_roster_free(&trust->roster);
    free(trust);
}

void sl_auto_e2_trust(struct e2_trust **trust)
{
    e2_trust_free(*trust);
}

static const struct e2_field memory_fields[] = {{"roots", E2_T_B32, false, true, NULL},
                                                {"serial", E2_T_I, false, false, NULL},
                                                {"hash", E2_T_B32, true, false, NULL},
                                                {"known", E2_T_B32, true, true, NULL},
                                                {NULL, E2_T_S, false, false, NULL}};

static void read_b32(const json_t *list, size_t i, uint8_t out[32])
{
    const json_t *one = json_array_get(list, i);

    /* e2_fields has checked it. */
    if (!sl_b64_fixed(json_string_value(one), json_string_length(one), out, 32)) {
        abort();
    }
}

enum sl_code e2_trust_load(const char *text, size_t len, struct e2_trust **out, struct sl_err *err)
{
    const char *where = "";
    SL_AUTO(json) json_t *json = e2_json_read((struct sl_bytes){(const uint8_t *)text, len});
    SL_AUTO(json)
    json_t *fields = json == NULL ? NULL : e2_fields(memory_fields, json, false, &where);

    if (fields == NULL) {
        return sl_fail(err, SL_CORRUPT, "what is remembered of the roster is damaged: %s", where);
    }
    const json_t *roots = json_object_get(fields, "roots");
    const json_t *known = json_object_get(fields, "known");
    const json_int_t serial = json_integer_value(json_object_get(fields, "serial"));
    if (json_array_size(roots) == 0 || json_array_size(roots) > SL_MAX_ROOTS ||
        serial > UINT32_MAX || json_array_size(known) > SL_MAX_ROSTER_ROWS) {
        return sl_fail(err, SL_CORRUPT, "what is remembered of the roster is damaged");
    }
    struct e2_trust *trust = sl_alloc(sizeof(*trust));
    struct memory *memory = &trust->memory;
    memory->root_count = json_array_size(roots);
    for (size_t i = 0; i < memory->root_count; i++) {
        read_b32(roots, i, memory->roots[i]);
    }
    memory->serial = (uint32_t)serial;
    memory->has_hash = sl_json_has(fields, "hash");
    if (memory->has_hash && sl_json_fixed(fields, "hash", memory->hash, SL_HASH_BYTES, err)) {
        e2_trust_free(trust);
        return SL_CORRUPT;
    }
    trust->first = known == NULL;
    memory->known_count = json_array_size(known);
    memory->known = sl_alloc(memory->known_count * SL_HASH_BYTES + 1);
    for (size_t i = 0; i < memory->known_count; i++) {
        read_b32(known, i, memory->known[i]);
    }
    *out = trust;
    return SL_OK;
}

static json_t *b32_list(const uint8_t *items, size_t count)
{
    json_t *list = sl_json_new_array();

    for (size_t i = 0; i < count; i++) {
        SL_AUTO(str) char *text = sl_b64(items + i * 32, 32);
        sl_json_append(list, json_string(text));
    }
    return list;
}

char *e2_trust_save(const struct e2_trust *trust, size_t *len)
{
    SL_AUTO(json) json_t *json = sl_json_new();
    const struct memory *memory = &trust->memory;
    size_t n = 0;

    sl_json_set(json, "roots", b32_list(memory->roots[0], memory->root_count));
    sl_json_set_int(json, "serial", memory->serial);
    if (memory->has_hash) {
        sl_json_set_bytes(json, "hash", memory->hash, SL_HASH_BYTES);
    }
    if (trust->has_roster) {
        json_t *list = sl_json_new_array();
        for (size_t i = 0; i < trust->roster.row_count; i++) {
            SL_AUTO(str) char *text = sl_b64(trust->roster.rows[i].holder_hash, SL_HASH_BYTES);
            sl_json_append(list, json_string(text));
        }
        sl_json_set(json, "known", list);
    } else if (!trust->first) {
        sl_json_set(json, "known", b32_list(memory->known[0], memory->known_count));
    }
    char *text = sl_json_text(json, &n);
    if (len != NULL) {
        *len = n;
    }
    return text;
}

uint32_t e2_trust_since(const struct e2_trust *trust)
{
    return trust->memory.serial == 0 ? 0 : trust->memory.serial - 1;
}

/* One walk's state, so that a walk that is refused leaves everything as it was. */
struct walk {
    uint8_t roots[SL_MAX_ROOTS][SL_PK_BYTES];
    size_t root_count;
    uint32_t serial;
    bool has_hash;
    uint8_t hash[SL_HASH_BYTES];
    bool has_last;
    struct sl_roster last; /**< owned */
};

enum step {
    STEP_TAKE,
    STEP_SAME,
    STEP_ALARM
};

static bool rows_persist(const struct sl_roster *before, const struct sl_roster *next)
{
    for (size_t i = 0; i < before->row_count; i++) {
        const struct sl_roster_row *old = &before->rows[i];
        const struct sl_roster_row *row = sl_roster_row_of(next, old->holder_hash);
        if (row == NULL) {
            return false;
        }
        if (row->ended != old->ended && (old->ended != 0 || row->ended <= before->serial)) {
            return false;
        }
    }
    return true;
}

static enum step judge_roster(const struct walk *w, struct sl_bytes bytes,
                              const struct sl_roster *next, enum e2_alarm *alarm)
{
    const bool is_signed = sl_roster_signed_by(bytes.data, bytes.len, w->roots, w->root_count);

    *alarm = E2_ALARM_NONE;
    if (next->serial < w->serial) {
        *alarm = E2_ALARM_OLDER;
    } else if (next->serial == w->serial && w->has_hash) {
        if (memcmp(next->hash, w->hash, SL_HASH_BYTES) == 0) {
            return w->has_last ? STEP_SAME : STEP_TAKE;
        }
        *alarm = is_signed ? E2_ALARM_TWO_OF_ONE_SERIAL : E2_ALARM_NOT_SIGNED;
    } else if (!is_signed) {
        *alarm = E2_ALARM_NOT_SIGNED;
    } else if (next->expires_at < next->issued_at ||
               next->expires_at - next->issued_at > VALIDITY_S) {
        *alarm = E2_ALARM_TOO_LONG;
    } else if (w->has_last && !rows_persist(&w->last, next)) {
        *alarm = E2_ALARM_ROWS_LOST;
    }
    return *alarm == E2_ALARM_NONE ? STEP_TAKE : STEP_ALARM;
}

static enum e2_alarm walk_one(struct walk *w, struct sl_bytes bytes)
{
    SL_AUTO(roster) struct sl_roster next = {0};
    enum e2_alarm alarm = E2_ALARM_NONE;

    if (sl_roster_parse(bytes.data, bytes.len, &next, NULL) != SL_OK) {
        return E2_ALARM_MALFORMED;
    }
    if (judge_roster(w, bytes, &next, &alarm) != STEP_TAKE) {
        return alarm;
    }
    memcpy(w->roots, next.roots, sizeof(w->roots));
    w->root_count = next.root_count;
    w->serial = next.serial;
    w->has_hash = true;
    memcpy(w->hash, next.hash, SL_HASH_BYTES);
    sl_roster_free(&w->last);
    w->last = next;
    w->has_last = true;
    memset(&next, 0, sizeof(next));
    return E2_ALARM_NONE;
}

static bool same_name(const struct sl_holder *a, const struct sl_holder *b)
{
    return a->kind == b->kind && a->generation == b->generation &&
           memcmp(a->id, b->id, SL_ID_BYTES) == 0;
}

struct people {
    struct e2_person *items; /**< owned */
    size_t count;
    bool clash;
};

static bool have_record(const struct people *people, const uint8_t hash[SL_HASH_BYTES])
{
    for (size_t i = 0; i < people->count; i++) {
        if (memcmp(people->items[i].hash, hash, SL_HASH_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

/* Two records of one name cannot both be right, so neither is anybody. */
static void drop_clashes(struct people *people)
{
    bool *clashes = sl_alloc(people->count + 1);
    size_t kept = 0;

    for (size_t i = 0; i < people->count; i++) {
        for (size_t j = i + 1; j < people->count; j++) {
            if (same_name(&people->items[i].holder, &people->items[j].holder)) {
                clashes[i] = true;
                clashes[j] = true;
                people->clash = true;
            }
        }
    }
    for (size_t i = 0; i < people->count; i++) {
        if (!clashes[i]) {
            people->items[kept++] = people->items[i];
        }
    }
    people->count = kept;
    free(clashes);
}

/* In one line, so that a name cannot write a second one. Cleaning valid text never makes it longer.
 */
static void clean_name(char *name, size_t size)
{
    SL_AUTO(str) char *safe = sl_clean(name, strlen(name));

    memset(name, 0, size);
    for (size_t i = 0; safe[i] != '\0' && i + 1 < size; i++) {
        name[i] = safe[i] == '\n' || safe[i] == '\t' ? ' ' : safe[i];
    }
}

static void find_people(struct people *out, const struct sl_roster *roster,
                        const struct sl_bytes *holders, size_t count)
{
    out->items = sl_alloc((roster->row_count + 1) * sizeof(*out->items));
    for (size_t i = 0; i < count; i++) {
        struct e2_person person = {0};
        sl_holder_hash(holders[i].data, holders[i].len, person.hash);
        const struct sl_roster_row *row = sl_roster_row_of(roster, person.hash);
        if (row == NULL || have_record(out, person.hash) ||
            sl_holder_parse(holders[i].data, holders[i].len, &person.holder, NULL) != SL_OK) {
            continue;
        }
        clean_name(person.holder.name, sizeof(person.holder.name));
        person.ended = row->ended;
        out->items[out->count++] = person;
    }
    drop_clashes(out);
}

static bool names_me(const struct people *people, const uint8_t me[SL_ID_BYTES])
{
    for (size_t i = 0; i < people->count; i++) {
        const struct e2_person *person = &people->items[i];
        if (person->holder.kind == SL_HOLDER_STAFF && person->ended == 0 &&
            memcmp(person->holder.id, me, SL_ID_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static void find_added(struct e2_trust *trust)
{
    trust->added = sl_alloc((trust->people_count + 1) * sizeof(const struct e2_person *));
    for (size_t i = 0; i < trust->people_count && !trust->first; i++) {
        bool known = false;
        for (size_t j = 0; j < trust->memory.known_count && !known; j++) {
            known = memcmp(trust->memory.known[j], trust->people[i].hash, SL_HASH_BYTES) == 0;
        }
        if (!known) {
            trust->added[trust->added_count++] = &trust->people[i];
        }
    }
}

/* Take over what a walk has found. */
static void settle(struct e2_trust *trust, struct walk *w, struct people *people)
{
    memcpy(trust->memory.roots, w->roots, sizeof(w->roots));
    trust->memory.root_count = w->root_count;
    trust->memory.serial = w->serial;
    trust->memory.has_hash = true;
    memcpy(trust->memory.hash, w->hash, SL_HASH_BYTES);
    drop_people(trust);
    sl_roster_free(&trust->roster);
    trust->roster = w->last;
    memset(&w->last, 0, sizeof(w->last));
    trust->has_roster = true;
    trust->people = people->items;
    trust->people_count = people->count;
    find_added(trust);
}

static enum sl_code alarm_of(struct e2_trust *trust, enum e2_alarm alarm, struct sl_err *err)
{
    trust->alarm = alarm;
    if (alarm == E2_ALARM_NONE) {
        return SL_OK;
    }
    return sl_fail(err, SL_ROSTER_REFUSED, "%s", alarms[alarm].name);
}

enum sl_code e2_trust_walk(struct e2_trust *trust, const struct sl_bytes *rosters,
                           size_t roster_count, const struct sl_bytes *holders, size_t holder_count,
                           const uint8_t *me, struct sl_err *err)
{
    enum e2_alarm alarm = E2_ALARM_NONE;
    struct people people = {0};
    struct walk w = {.root_count = trust->memory.root_count,
                     .serial = trust->memory.serial,
                     .has_hash = trust->memory.has_hash};

    memcpy(w.roots, trust->memory.roots, sizeof(w.roots));
    memcpy(w.hash, trust->memory.hash, sizeof(w.hash));
    for (size_t i = 0; i < roster_count && alarm == E2_ALARM_NONE; i++) {
        alarm = walk_one(&w, rosters[i]);
    }
    if (!w.has_last) {
        return alarm_of(trust, alarm == E2_ALARM_NONE ? E2_ALARM_NO_ROSTER : alarm, err);
    }
    find_people(&people, &w.last, holders, holder_count);
    if (me != NULL && !names_me(&people, me)) {
        free(people.items);
        sl_roster_free(&w.last);
        return alarm_of(trust, alarm == E2_ALARM_NONE ? E2_ALARM_WITHOUT_ME : alarm, err);
    }
    if (alarm == E2_ALARM_NONE && people.clash) {
        alarm = E2_ALARM_HOLDERS_CLASH;
    }
    settle(trust, &w, &people);
    return alarm_of(trust, alarm, err);
}

enum e2_alarm e2_trust_alarm(const struct e2_trust *trust)
{
    return trust->alarm;
}

bool e2_trust_has_roster(const struct e2_trust *trust)
{
    return trust->has_roster;
}

uint32_t e2_trust_serial(const struct e2_trust *trust)
{
    return trust->roster.serial;
}

const uint8_t *e2_trust_hash(const struct e2_trust *trust)
{
    return trust->roster.hash;
}

const uint8_t (*e2_trust_roots(const struct e2_trust *trust, size_t *count))[SL_PK_BYTES]
{
    *count = trust->memory.root_count;
    return trust->memory.roots;
}

int64_t e2_trust_expires_at(const struct e2_trust *trust)
{
    const uint64_t at = trust->roster.expires_at;

    return at > INT64_MAX ? INT64_MAX : (int64_t)at;
}

bool e2_trust_expired(const struct e2_trust *trust, int64_t now_s)
{
    return now_s >= e2_trust_expires_at(trust);
}

bool e2_trust_ends_soon(const struct e2_trust *trust, int64_t now_s)
{
    return now_s >= e2_trust_expires_at(trust) - ENDS_SOON_S;
}

size_t e2_trust_missing(const struct e2_trust *trust)
{
    return trust->roster.row_count - trust->people_count;
}

const struct e2_person *e2_trust_people(const struct e2_trust *trust, size_t *count)
{
    *count = trust->people_count;
    return trust->people;
}

const struct e2_person *e2_trust_find(const struct e2_trust *trust, uint8_t kind,
                                      const uint8_t id[SL_ID_BYTES], uint32_t generation)
{
    for (size_t i = 0; i < trust->people_count; i++) {
        const struct sl_holder *holder = &trust->people[i].holder;
        if (holder->kind == kind && holder->generation == generation &&
            memcmp(holder->id, id, SL_ID_BYTES) == 0) {
            return &trust->people[i];
        }
    }
    return NULL;
}

const struct e2_person *e2_trust_staff(const struct e2_trust *trust, const uint8_t id[SL_ID_BYTES])
{
    return e2_trust_find(trust, SL_HOLDER_STAFF, id, 1);
}

bool e2_trust_has_id(const struct e2_trust *trust, const uint8_t id[SL_ID_BYTES])
{
    for (size_t i = 0; i < trust->people_count; i++) {
        if (memcmp(trust->people[i].holder.id, id, SL_ID_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

/* id NULL: of any id. */
static const struct e2_person *newest(const struct e2_trust *trust, uint8_t kind, const uint8_t *id)
{
    const struct e2_person *best = NULL;

    for (size_t i = 0; i < trust->people_count; i++) {
        const struct e2_person *person = &trust->people[i];
        if (person->holder.kind != kind || person->ended != 0 ||
            (id != NULL && memcmp(person->holder.id, id, SL_ID_BYTES) != 0)) {
            continue;
        }
        if (best == NULL || person->holder.generation > best->holder.generation) {
            best = person;
        }
    }
    return best;
}

const struct e2_person *e2_trust_team(const struct e2_trust *trust,
                                      const uint8_t team_id[SL_ID_BYTES])
{
    return newest(trust, SL_HOLDER_TEAM, team_id);
}

const struct e2_person *e2_trust_records(const struct e2_trust *trust)
{
    return newest(trust, SL_HOLDER_RECORDS, NULL);
}

bool e2_person_current_at(const struct e2_person *person, uint32_t serial)
{
    return person->ended == 0 || person->ended > serial;
}

const struct e2_person *const *e2_trust_added(const struct e2_trust *trust, size_t *count)
{
    *count = trust->added_count;
    return trust->added;
}
