/*
 * A thread of entries, judged. Nobody can guess a signature, so the input is a tale instead: who
 * writes what where, with which mistakes; it is made of that here, signed, and perhaps spoilt
 * afterwards. Whatever comes of it, one by one and all at once come to the same, and what is
 * composed as the rules want is taken.
 */
#include <assert.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "e2ee/compose.h"
#include "e2ee/manage.h"
#include "e2ee/memory.h"
#include "support/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    MOST_ENTRIES = 24,
    NOW = 1790000000
};

/* ---- People who are there from the start ---- */

enum who {
    JANE,
    ADAM,
    STRANGER,
    PARENT,
    PARENT2,
    TEAM1,
    TEAM2,
    OTHER,
    RECORDS,
    ROOT,
    ACCEPT,
    PEOPLE
};

static struct e2_identity *people[PEOPLE];
static uint8_t ids[PEOPLE][SL_ID_BYTES];
static struct e2_trust *trusts[2]; /* with the first roster, and with both */
static struct sl_fake_clock now;

static void hold(enum who who, uint8_t kind, uint32_t generation, struct sl_buf *record)
{
    struct sl_holder holder;

    assert(e2_holder_make(&holder, kind, ids[who], generation, people[who], "Somebody", NULL) ==
           SL_OK);
    sl_holder_put(record, &holder);
}

/* Adam leaves with the second roster, and the team has a second generation. */
static void make_trust(void)
{
    struct sl_buf records[6] = {{0}};
    struct sl_bytes list[6];
    struct sl_buf rosters[2] = {{0}};
    struct sl_bytes both[2];

    hold(JANE, SL_HOLDER_STAFF, 1, &records[0]);
    hold(ADAM, SL_HOLDER_STAFF, 1, &records[1]);
    hold(TEAM1, SL_HOLDER_TEAM, 1, &records[2]);
    hold(OTHER, SL_HOLDER_TEAM, 1, &records[3]);
    hold(RECORDS, SL_HOLDER_RECORDS, 1, &records[4]);
    hold(TEAM2, SL_HOLDER_TEAM, 2, &records[5]);
    for (uint32_t serial = 1; serial <= 2; serial++) {
        struct sl_roster_row made[6] = {{{0}, 0}};
        struct sl_roster roster = {.serial = serial,
                                   .issued_at = NOW,
                                   .expires_at = NOW + 1000,
                                   .root_count = 1,
                                   .rows = made,
                                   .row_count = serial == 1 ? 5 : 6};
        for (size_t i = 0; i < 6; i++) {
            sl_holder_hash(records[i].data, records[i].len, made[i].holder_hash);
            list[i] = sl_buf_bytes(&records[i]);
        }
        made[1].ended = serial == 1 ? 0 : 2;
        made[2].ended = serial == 1 ? 0 : 2;
        memcpy(roster.roots[0], people[ROOT]->sign_pk, SL_PK_BYTES);
        assert(e2_roster_sign(&roster, people[ROOT], &rosters[serial - 1], NULL) == SL_OK);
        both[serial - 1] = sl_buf_bytes(&rosters[serial - 1]);
        trusts[serial - 1] =
            e2_trust_new((const uint8_t(*)[SL_PK_BYTES])people[ROOT]->sign_pk, 1, 1);
        assert(e2_trust_walk(trusts[serial - 1], both, serial, list, 6, NULL, NULL) == SL_OK);
    }
    for (size_t i = 0; i < 6; i++) {
        sl_buf_free(&records[i]);
    }
    sl_buf_free(&rosters[0]);
    sl_buf_free(&rosters[1]);
}

static void make_people(void)
{
    struct sl_fake_rand fake;

    assert(e2_ready(NULL) == SL_OK);
    sl_fake_rand_init(&fake, 1);
    for (size_t i = 0; i < PEOPLE; i++) {
        people[i] = e2_identity_new(&fake.rand);
        sl_rand_fill(&fake.rand, ids[i], SL_ID_BYTES);
    }
    memcpy(ids[PARENT2], ids[PARENT], SL_ID_BYTES);
    memcpy(ids[TEAM2], ids[TEAM1], SL_ID_BYTES);
    sl_fake_clock_init(&now, NOW + 60);
    make_trust();
}

/* ---- A tale ---- */

struct tale {
    struct sl_reader in;
    const struct e2_trust *trust;
    struct e2_seeds seeds;
    struct sl_fake_rand fake;
    struct e2_thread *thread;
    struct sl_buf entries[MOST_ENTRIES];
    uint32_t count;
    /* What an honest writer would know. */
    uint32_t generation;
    uint8_t key[E2_KEY_BYTES], old[E2_KEY_BYTES];
    uint32_t invite_seq, keys_seq;
    enum who parent;
};

/* Mistakes, a bit each; none set: as it should be. */
enum {
    ELSEWHERE = 1,    /* another place in the chain */
    WRONG_NUMBER = 2, /* another generation */
    WRONG_PERSON = 4, /* another author than most would be */
    WRONG_PART = 8,   /* something of the body's own */
    SPOILT = 16,      /* a byte altered before it is signed */
    UNSIGNED = 32,    /* a byte altered afterwards */
    CUT = 64,
    NO_BODY = 128
};

static struct sl_header header_of(struct tale *t, uint8_t type, uint8_t mistakes, enum who author)
{
    struct sl_header header = {.version = 1, .type = type, .sent_at = NOW + t->count};
    struct e2_point head;

    e2_thread_head(t->thread, &head);
    memcpy(header.thread_id, ids[STRANGER], SL_ID_BYTES);
    memcpy(header.author_id, ids[author], SL_ID_BYTES);
    header.entry_id[0] = (uint8_t)t->count;
    header.generation = type == SL_ENTRY_KEY ? t->generation + 1 : t->generation;
    header.prev_seq = head.seq;
    memcpy(header.prev_link, head.link, SL_HASH_BYTES);
    if ((mistakes & WRONG_NUMBER) != 0) {
        header.generation = sl_read_u8(&t->in);
    }
    if ((mistakes & ELSEWHERE) != 0) {
        const uint8_t at = sl_read_u8(&t->in);
        header.prev_seq = at % (t->count + 2);
        if (!e2_thread_link(t->thread, header.prev_seq, header.prev_link)) {
            header.prev_link[0] ^= 1;
        }
        header.entry_id[0] = (uint8_t)(at >= 128 ? header.prev_seq : t->count);
    }
    return header;
}

static enum who author_of(struct tale *t, uint8_t mistakes, enum who usual)
{
    return (mistakes & WRONG_PERSON) != 0 ? (enum who)(sl_read_u8(&t->in) % (PARENT2 + 1)) : usual;
}

static enum who put_message(struct tale *t, uint8_t mistakes, struct sl_header *header,
                            struct sl_buf *body)
{
    static const char *const texts[] = {
        "{\"kind\":\"text\",\"body\":\"x\"}",
        "{\"kind\":\"card\",\"case\":\"1\",\"child\":\"2\",\"parent\":\"3\"}",
        "{\"kind\":\"retract\",\"seq\":2}",
        "{\"kind\":\"retract\",\"seq\":3}",
        "{\"kind\":\"retract\",\"seq\":5}",
        "{\"kind\":\"poll\"}",
        "{\"kind\":\"note\",\"body\":\"x\"}",
        "{\"kind\":\"confirm\",\"seq\":1}",
        "{}"};
    const uint8_t which = sl_read_u8(&t->in);
    const enum who author = author_of(t, mistakes, which >= 128 ? t->parent : JANE);
    const char *text = texts[which % 9];

    *header = header_of(t, SL_ENTRY_MESSAGE, mistakes, author);
    e2_compose_seal(header, (mistakes & WRONG_PART) != 0 ? t->old : t->key,
                    (struct sl_bytes){(const uint8_t *)text, strlen(text)}, &t->fake.rand, body);
    return author;
}

static void put_grant(struct sl_key_body *body, uint8_t kind, enum who who, uint32_t generation,
                      const uint8_t *key, const struct sl_rand *rand)
{
    struct sl_grant *grant = &body->grants[body->grant_count++];

    grant->kind = kind;
    memcpy(grant->holder_id, ids[who], SL_ID_BYTES);
    grant->holder_generation = generation;
    memcpy(grant->box_pk, people[who]->box_pk, SL_PK_BYTES);
    assert(e2_seal(grant->sealed, grant->box_pk, key, rand));
}

static enum who put_key(struct tale *t, uint8_t mistakes, struct sl_header *header,
                        struct sl_buf *out)
{
    /* Low bit: the roster; next two: the team; then what is left out or put in too much. */
    const uint8_t choice = sl_read_u8(&t->in);
    const enum who author = author_of(t, mistakes, JANE);
    struct sl_key_body body = {.roster_serial = 1U + (choice & 1U)};
    uint8_t key[E2_KEY_BYTES];
    const enum who teams[] = {(choice & 1U) != 0 ? TEAM2 : TEAM1, TEAM1, OTHER, TEAM2};
    const enum who team = teams[(choice >> 1) & 3U];

    *header = header_of(t, SL_ENTRY_KEY, mistakes, author);
    sl_rand_fill(&t->fake.rand, key, sizeof(key));
    memcpy(body.roster_hash, e2_trust_hash(trusts[choice & 1U]), SL_HASH_BYTES);
    e2_key_id(body.key_id, header->thread_id, header->generation, key);
    if (t->generation != 0 && (choice & 8U) == 0) {
        e2_previous(body.previous, key, header->thread_id, header->generation,
                    (mistakes & WRONG_PART) != 0 ? t->old : t->key, &t->fake.rand);
    }
    if ((choice & 16U) == 0) {
        put_grant(&body, SL_HOLDER_TEAM, team, team == TEAM2 ? 2 : 1, key, &t->fake.rand);
    }
    put_grant(&body, SL_HOLDER_RECORDS, RECORDS, 1, key, &t->fake.rand);
    if ((t->keys_seq != 0) != ((choice & 32U) != 0)) {
        put_grant(&body, SL_HOLDER_PARENT, t->parent, t->keys_seq, key, &t->fake.rand);
    }
    for (uint8_t more = choice >> 6; more > 0; more--) {
        put_grant(&body, SL_HOLDER_TEAM, OTHER, 1, key, &t->fake.rand);
    }
    sl_key_body_put(out, &body);
    if (mistakes == 0) {
        memcpy(t->old, t->key, E2_KEY_BYTES);
        memcpy(t->key, key, E2_KEY_BYTES);
        t->generation = header->generation;
    }
    return author;
}

static enum who put_invite(struct tale *t, uint8_t mistakes, struct sl_header *header,
                           struct sl_buf *out)
{
    const enum who author = author_of(t, mistakes, JANE);
    struct sl_invite_body body = {.expires_at = NOW + 99};

    *header = header_of(t, SL_ENTRY_INVITE, mistakes, author);
    memcpy(body.parent_id, ids[(mistakes & WRONG_PART) != 0 ? ADAM : PARENT], SL_ID_BYTES);
    memcpy(body.accept_pk, people[ACCEPT]->sign_pk, SL_PK_BYTES);
    sl_invite_body_put(out, &body);
    t->invite_seq = t->count + 1;
    return author;
}

static enum who put_keys(struct tale *t, uint8_t mistakes, struct sl_header *header,
                         struct sl_buf *out)
{
    const uint8_t choice = sl_read_u8(&t->in);
    const enum who author = author_of(t, mistakes, PARENT);
    const enum who next = (choice & 1U) != 0 ? PARENT2 : PARENT;
    struct sl_keys_body body = {.by = (choice & 2U) != 0 ? 0 : t->invite_seq};
    SL_AUTO(buf) struct sl_buf text = {0};

    *header = header_of(t, SL_ENTRY_KEYS, mistakes, author);
    if ((mistakes & WRONG_PART) != 0) {
        body.by = sl_read_u8(&t->in);
    }
    memcpy(body.sign_pk, people[next]->sign_pk, SL_PK_BYTES);
    if ((choice & 4U) == 0) {
        memcpy(body.box_pk, people[next]->box_pk, SL_PK_BYTES);
    }
    sl_keys_proof_put(&text, header->thread_id, header->author_id, &body);
    (void)crypto_sign_detached(body.proof, NULL, text.data, text.len,
                               people[body.by == 0 ? t->parent : ACCEPT]->sign_sk);
    sl_keys_body_put(out, &body);
    if (mistakes == 0) {
        t->keys_seq = t->count + 1;
        t->parent = next;
    }
    return next;
}

static enum who put_seen(struct tale *t, uint8_t mistakes, struct sl_header *header,
                         struct sl_buf *out)
{
    const enum who author = author_of(t, mistakes, (mistakes & WRONG_PART) != 0 ? t->parent : JANE);

    (void)out;
    *header = header_of(t, SL_ENTRY_SEEN, mistakes, author);
    return author;
}

static enum who (*const puts_body[])(struct tale *t, uint8_t mistakes, struct sl_header *header,
                                     struct sl_buf *body) = {put_message, put_key, put_invite,
                                                             put_keys, put_seen};

static void spoil(struct tale *t, uint8_t *data, size_t len)
{
    const size_t at = sl_read_u16(&t->in);
    const uint8_t by = sl_read_u8(&t->in);

    if (len != 0) {
        data[at % len] ^= by;
    }
}

/* The next entry, into the tale's list. False: the tale is told. */
static bool tell(struct tale *t, bool *whole)
{
    const uint8_t what = sl_read_u8(&t->in);
    const uint8_t mistakes = sl_read_u8(&t->in);
    struct sl_buf *entry = &t->entries[t->count];
    SL_AUTO(buf) struct sl_buf body = {0};
    struct sl_header header;

    if (t->in.bad || t->count == MOST_ENTRIES) {
        return false;
    }
    *whole = true;
    if (what >= 250) { /* any bytes */
        const size_t n = sl_read_u8(&t->in);
        const uint8_t *raw = sl_read_bytes(&t->in, n);
        sl_buf_put(entry, raw, raw == NULL ? 0 : n);
        return true;
    }
    if (what >= 240 && t->count > 0) { /* one that is there already */
        const struct sl_buf *again = &t->entries[mistakes % t->count];
        sl_buf_put(entry, again->data, again->len);
        return true;
    }
    const enum who author = puts_body[what % 5](t, mistakes, &header, &body);
    if ((mistakes & SPOILT) != 0) {
        spoil(t, body.data, body.len);
    }
    e2_compose_sign(&header, sl_buf_bytes(&body), people[author]->sign_sk, entry);
    if ((mistakes & UNSIGNED) != 0) {
        spoil(t, entry->data, entry->len);
    }
    if ((mistakes & CUT) != 0) {
        entry->len -= sl_read_u8(&t->in) % (entry->len + 1);
    }
    *whole = (mistakes & NO_BODY) == 0 || entry->len < SL_HEADER_BYTES + (size_t)SL_SIG_BYTES;
    return true;
}

static enum e2_verdict give(struct tale *t, struct e2_thread *thread, uint32_t seq, bool whole)
{
    const struct sl_buf *bytes = &t->entries[seq - 1];
    struct sl_entry entry = {.signature = NULL};
    uint8_t hash[SL_HASH_BYTES];

    if (whole) {
        return e2_thread_take(thread, seq, NOW, sl_buf_bytes(bytes));
    }
    entry.body.data = bytes->data + SL_HEADER_BYTES;
    entry.body.len = bytes->len - SL_HEADER_BYTES - SL_SIG_BYTES;
    entry.signature = entry.body.data + entry.body.len;
    sl_body_hash(&entry, hash);
    return e2_thread_take_header(thread, seq, NOW, bytes->data, hash);
}

static void begin(struct tale *t)
{
    static const enum who readers[] = {TEAM1,  TEAM2,   OTHER,    RECORDS,
                                       PARENT, PARENT2, STRANGER, TEAM2};
    const uint8_t how = sl_read_u8(&t->in);
    const uint8_t more = sl_read_u8(&t->in);
    const enum who reader = readers[how & 7U];
    struct e2_thread_setup setup = {.thread_id = ids[STRANGER],
                                    .seeds = &t->seeds,
                                    .me = ids[JANE],
                                    .notes = (how & 64U) != 0,
                                    .clock = &now.clock};

    t->trust = trusts[(how >> 3) & 1U];
    t->parent = PARENT;
    setup.trust = t->trust;
    e2_seeds_add(&t->seeds, e2_identity_of(people[reader]->seed));
    if (reader == TEAM2) {
        e2_seeds_add(&t->seeds, e2_identity_of(people[TEAM1]->seed));
    }
    setup.reader = reader == PARENT || reader == PARENT2 ? E2_READ_AS_PARENT
                   : reader == RECORDS                   ? E2_READ_AS_RECORDS
                                                         : E2_READ_AS_STAFF;
    if ((how & 16U) != 0) {
        setup.teams = (const uint8_t(*)[SL_ID_BYTES])ids[OTHER];
        setup.team_count = 1;
    }
    if ((how & 32U) != 0) {
        setup.checkpoint.seq = more;
    }
    sl_fake_rand_init(&t->fake, 2);
    t->thread = e2_thread_new(&setup);
}

/* What the rules allow to be written now is taken. */
static void write_by_the_rules(struct tale *t)
{
    const struct e2_writer me = {
        .id = ids[JANE], .identity = people[JANE], .rand = &t->fake.rand, .clock = &now.clock};
    const struct e2_invite invite = {.invite_id = {1}};
    SL_AUTO(json) json_t *body = sl_json_new();
    struct e2_key_need need;
    struct e2_point head;

    sl_json_set_str(body, "body", "x");
    e2_thread_head(t->thread, &head);
    for (int i = 0; i < 5; i++) {
        SL_AUTO(buf) struct sl_buf out = {0};
        enum sl_code rc = SL_FORBIDDEN;
        e2_thread_key_need(t->thread, &need);
        if (i == 0) {
            rc = e2_compose_seen(t->thread, &me, head.seq, &out, NULL);
        } else if (i == 1) {
            rc = e2_compose_message(t->thread, &me, E2_TEXT, body, &out, NULL);
        } else if (i == 2) {
            rc = e2_compose_retract(t->thread, &me, 3, &out, NULL);
        } else if (i == 3) {
            rc = e2_compose_invite(t->thread, &me, &invite, ids[PARENT], 9, &out, NULL);
        } else {
            rc = e2_compose_key(t->thread, &me, ids[TEAM1], need.inviter_id, &out, NULL);
        }
        if (rc == SL_OK) {
            assert(e2_thread_take(t->thread, head.seq + 1, 0, sl_buf_bytes(&out)) == E2_TAKEN);
            e2_thread_rewind(t->thread, head.seq);
        }
    }
}

static void remember(const struct tale *t)
{
    SL_AUTO(e2_memory) struct e2_memory memory = {0};
    SL_AUTO(e2_memory) struct e2_memory again = {0};
    SL_AUTO(buf) struct sl_buf sealed = {0};

    e2_memory_of(t->thread, &memory);
    e2_memory_seal(&memory, people[JANE], ids[JANE], ids[STRANGER], &t->fake.rand, &sealed);
    assert(e2_memory_open(sl_buf_bytes(&sealed), people[JANE], ids[JANE], ids[STRANGER], &again,
                          NULL) == SL_OK);
    assert(memory.checkpoint.seq == again.checkpoint.seq && memory.has_key == again.has_key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tale t = {.in = sl_reader_of(data, size)};
    bool whole = true;

    if (people[0] == NULL) {
        make_people();
    }
    begin(&t);
    while (tell(&t, &whole)) {
        t.count++;
        const enum e2_verdict verdict = give(&t, t.thread, t.count, whole);
        assert(verdict == E2_TAKEN || verdict == E2_REFUSED || verdict == E2_WAITING);
    }
    (void)!e2_thread_complete(t.thread, t.count, NULL);
    assert(e2_thread_count(t.thread) <= t.count);
    SL_AUTO(json) json_t *live = view_of(t.thread);
    e2_thread_judge_again(t.thread);
    SL_AUTO(json) json_t *again = view_of(t.thread);
    assert(json_equal(live, again));
    write_by_the_rules(&t);
    SL_AUTO(json) json_t *unchanged = view_of(t.thread);
    assert(json_equal(live, unchanged));
    remember(&t);
    e2_thread_free(t.thread);
    e2_seeds_free(&t.seeds);
    for (uint32_t i = 0; i < MOST_ENTRIES; i++) {
        sl_buf_free(&t.entries[i]);
    }
    return 0;
}
