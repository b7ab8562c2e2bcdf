// @ts-check
/**
 * The rules of a thread beyond the vectors, which have every rule with its attack: what a thread says
 * between one entry and the next, and what must hold whatever the server does.
 */
import assert from 'node:assert/strict';
import { before, describe, it as test } from 'node:test';

import { signEntry, parseHeader } from '../../web/js/e2ee/entry.js';
import { canSealTo } from '../../web/js/e2ee/primitives.js';
import { ready } from '../../web/js/e2ee/sodium.js';
import { pick, seeded, toHex } from './e2ee-support.mjs';
import { Chain, DAY, recipient, ruleOf, T0, World } from './e2ee-world.mjs';

before(() => ready());

/** @param {string} name */
function begin(name) {
    const world = new World(name);
    return { world, chain: new Chain(world).begin() };
}

/**
 * @param {World} world @param {Chain} chain @param {string} reader
 * @param {{ serial?: number, without?: number[] } & Record<string, any>} [more]
 */
function read(world, chain, reader, { serial = 1, without = [], ...more } = {}) {
    // The parcel's key: what the parent came in with.
    const held = reader.startsWith('parent') && chain.firstKey
        ? [{ generation: 1, key: chain.firstKey }] : [];
    const thread = world.thread(reader, serial, { held, ...more });
    thread.load(chain.inputs(without));
    thread.complete();
    return thread;
}

/** The verdict on the last entry. @param {ReturnType<typeof read>} thread */
function last(thread) {
    const item = thread.items[thread.items.length - 1];
    return item.rule ? `${item.rule} ${item.reason}` : item.kind;
}

const text = () => ({ kind: 'text', body: 'A word' });
/** @param {Chain} c @param {World} w */
const parentGrant = (c, w) => ({ kind: 4, holderId: w.parent.id, holderGeneration: c.keysSeq, boxPk: w.parent.me.box.pk });

describe('alarms', () => {
    test('two histories meet: sending stops', () => {
        const { world, chain } = begin('meet');
        const fork = chain.fork();
        fork.say('jane', text());
        fork.say('jane', text());
        chain.say('parent', text());
        chain.store(fork.entries[6]);
        const thread = read(world, chain, 'team1');
        assert.deepEqual(thread.stopped, { alarm: 'histories-differ', seq: 7 });
        assert.deepEqual(thread.sendState(), { ok: false, why: 'histories-differ' });
        assert.equal(last(thread), '2 prev-link');
    });
    test('a chain rolled back under a later entry: sending stops', () => {
        const { world, chain } = begin('rolled');
        const fork = chain.fork();
        fork.say('jane', text());
        fork.say('jane', text());
        chain.store(fork.entries[6]);
        assert.deepEqual(read(world, chain, 'parent').stopped, { alarm: 'histories-differ', seq: 6 });
    });
    test('nobody can stop it without a signature', () => {
        const { world, chain } = begin('unsigned');
        const entry = chain.fork().say('jane', text(), { head: { seq: 5, link: world.random(32) } }).slice();
        entry[entry.length - 1] ^= 1;
        chain.store(entry);
        assert.equal(read(world, chain, 'team1').stopped, null);
    });
    test('a keys entry that nobody vouches for stops nothing', () => {
        const { world, chain } = begin('self-signed');
        const fork = chain.fork();
        fork.links[5] = world.random(32);
        fork.acceptAs('stranger', { by: 0, prove: world.stranger.sign });
        chain.store(fork.entries[5]);
        const thread = read(world, chain, 'team1');
        assert.equal(last(thread), '2 prev-link');
        assert.equal(thread.stopped, null);
    });
    test('the remembered place is missing, or another', () => {
        const { world, chain } = begin('remembered');
        const ok = read(world, chain, 'parent', { checkpoint: chain.point(4) });
        assert.equal(ok.stopped, null);
        const other = { seq: 4, link: world.random(32) };
        assert.deepEqual(read(world, chain, 'parent', { checkpoint: other }).stopped, { alarm: 'another-history', seq: 4 });
        const more = { seq: 9, link: world.random(32) };
        const short = read(world, chain, 'parent', { checkpoint: more });
        assert.deepEqual(short.stopped, { alarm: 'another-history', seq: 9 });
        assert.equal(short.known()?.seq, 9, 'the alarm is remembered');
    });
    test('other bytes under a seq that we have', () => {
        const { world, chain } = begin('swapped');
        const thread = read(world, chain, 'parent');
        assert.ok(thread.take(5, chain.entries[4]).ok);
        assert.equal(thread.stopped, null);
        thread.take(5, chain.entries[1]);
        assert.deepEqual(thread.stopped, { alarm: 'another-history', seq: 5 });
        assert.throws(() => thread.take(9, chain.entries[1]), { code: 'gap' });
    });
});

describe('taken back', () => {
    test('with the body and without it', () => {
        const { world, chain } = begin('taken back');
        chain.say('jane', text());
        chain.say('parent', { kind: 'retract', seq: 5 });
        for (const without of [[], [5]]) {
            const thread = read(world, chain, 'team1', { without });
            const item = thread.items[4];
            assert.equal(item.kind, 'taken-back');
            assert.deepEqual(item.body, {});
            assert.equal(item.retractedBy, 7);
            assert.deepEqual(thread.head, chain.head);
        }
    });
    test('only if its author says so', () => {
        const { world, chain } = begin('not taken back');
        chain.say('jane', { kind: 'retract', seq: 5 });
        const thread = read(world, chain, 'team1', { without: [5] });
        assert.deepEqual(thread.items.map(ruleOf), [0, 0, 0, 0, 1, 8]);
        assert.equal(thread.items[4].reason, 'body-withheld');
    });
    test('never a key, an invite or keys', () => {
        for (const [seq, rules] of /** @type {[number, number[]][]} */ ([[3, [0, 0, 1, 3, 3]], [4, [0, 0, 0, 1, 4]]])) {
            const { world, chain } = begin(`withheld ${seq}`);
            assert.deepEqual(read(world, chain, 'team1', { without: [seq] }).items.map(ruleOf), rules);
        }
    });
    test('live: the retract comes after it', () => {
        const { world, chain } = begin('live');
        chain.say('parent', { kind: 'retract', seq: 5 });
        const thread = world.thread('team1', 1);
        chain.entries.slice(0, 4).forEach((entry, i) => thread.take(i + 1, entry));
        assert.equal(thread.takeInput(chain.withheld(5)).ok, false);
        assert.ok(thread.take(6, chain.entries[5]).ok);
        assert.equal(thread.items[4].kind, 'taken-back');
    });
    test('a card taken back is no title', () => {
        const { world, chain } = begin('card back');
        chain.say('jane', { kind: 'card', case: 'SEND-2031', child: 'Ada B.', parent: 'M. Byron' });
        chain.say('jane', { kind: 'retract', seq: 6 });
        assert.equal(read(world, chain, 'parent').card?.child, 'Ada');
    });
});

describe('rosters and people', () => {
    test('a newer roster is fetched first; nothing is judged until then', () => {
        const { world, chain } = begin('newer');
        chain.rotate('jane', { serial: 2, team: 'team2' });
        chain.say('jane', text());
        const thread = read(world, chain, 'parent');
        assert.deepEqual(thread.waiting, { why: 'newer-roster', serial: 2 });
        assert.equal(thread.items.length, 5);
        assert.equal(thread.known()?.seq, 5);
        assert.deepEqual(thread.sendState(), { ok: false, why: 'newer-roster' });
        chain.say('jane', text());
        assert.deepEqual(thread.take(8, chain.entries[7]), { ok: false, waiting: 'newer-roster', serial: 2 });
        thread.setRoster(world.trusted(2));
        assert.equal(thread.items.length, 8);
        assert.deepEqual(thread.items.map(ruleOf), [0, 0, 0, 0, 0, 0, 0, 0]);
        assert.deepEqual(thread.sendState(), { ok: true });
    });
    test('an unsigned entry cannot make us wait', () => {
        const { world, chain } = begin('no wait');
        const entry = chain.fork().rotate('jane', { serial: 9, hash: world.random(32) }).slice();
        entry[entry.length - 1] ^= 1;
        chain.store(entry);
        const thread = read(world, chain, 'parent');
        assert.equal(thread.waiting, null);
        assert.equal(last(thread), '4 signature');
    });
    test('marks: a leaver, and the parent whom they invited, until a key entry settles it', () => {
        const world = new World('marks');
        const chain = new Chain(world);
        chain.rotate('adam');
        chain.invite('adam');
        chain.acceptAs('parent');
        chain.say('parent', text());
        chain.say('jane', text());
        const confirmed = (/** @type {ReturnType<typeof read>} */ t) => t.items.map((i) => i.author?.confirmed);
        const thread = read(world, chain, 'team2');
        assert.deepEqual(confirmed(thread), [true, true, true, true, true]);
        thread.setRoster(world.trusted(2));
        assert.deepEqual(confirmed(thread), [false, false, false, false, true]);
        assert.equal(thread.inviter?.confirmed, false);
        assert.equal(thread.firstGrant?.inviter.confirmed, false);
        chain.rotate('jane', { serial: 2, team: 'team2' });
        assert.ok(thread.take(6, chain.entries[5]).ok);
        assert.deepEqual(confirmed(thread), [true, true, true, true, true, true]);
        assert.equal(thread.firstGrant, null);
    });
    test('the first grant is asked once, also over a change of password', () => {
        const { world, chain } = begin('first grant');
        const first = read(world, chain, 'team1');
        assert.equal(first.firstGrant?.inviter.name, 'Jane Okafor');
        chain.acceptAs('parent2', { by: 0, prove: world.parent.sign });
        assert.equal(read(world, chain, 'team1').firstGrant?.inviter.seq, 3);
        chain.rotate('jane', { parent: 'parent2' });
        assert.equal(read(world, chain, 'team1').firstGrant, null);
        chain.acceptAs('parent', { by: 0, prove: world.parent2.sign });
        assert.equal(read(world, chain, 'team1').firstGrant, null);
    });
    test('a leaver who lets in a parent of their own settles nothing', () => {
        const world = new World('own parent');
        const chain = new Chain(world);
        chain.rotate('jane');
        chain.say('adam', text());
        chain.invite('adam');
        chain.acceptAs('parent');
        chain.rotate('adam');
        assert.equal(read(world, chain, 'team1').firstGrant, null);
        const later = read(world, chain, 'team2', { serial: 2 });
        assert.equal(later.firstGrant?.inviter.confirmed, false);
        assert.deepEqual(later.items.map((i) => i.author?.confirmed), [true, false, false, false, false]);
    });
    test('two leavers cannot clear each other', () => {
        const world = new World('two leavers');
        const both = { jane: 3, adam: 2, team1: 2, records: 0, team2: 0, other: 0, eve: 0 };
        world.holder.eve = { ...world.holder.jane, id: world.stranger.id, name: 'Eve Marsh', signPk: world.stranger.sign.pk };
        const plain = world.roster.bind(world);
        world.roster = (serial, more = {}) => plain(serial, { rows: both, ...more });
        const chain = new Chain(world);
        chain.rotate('adam');
        chain.say('adam', text());
        chain.rotate('jane', { serial: 2, team: 'team2' });
        const marks = () => read(world, chain, 'team2', { serial: 3 }).items.map((i) => i.author?.confirmed);
        assert.deepEqual(marks(), [false, false, false]);
        chain.rotate('stranger', { serial: 3, team: 'team2' });
        assert.deepEqual(marks(), [true, true, true, true]);
    });
    test('an ended roster: a parent takes no new key entry and is asked; staff send nothing', () => {
        const { world, chain } = begin('ended');
        const checkpoint = chain.head;
        chain.say('jane', text());
        chain.rotate('jane');
        world.now = T0 + 93 * DAY;
        const parent = read(world, chain, 'parent', { checkpoint });
        assert.deepEqual(parent.waiting, { why: 'roster-expired', serial: 1 });
        assert.equal(parent.items.length, 6);
        const shorter = begin('ended');
        shorter.world.now = T0 + 93 * DAY;
        const at = read(shorter.world, shorter.chain, 'parent', { checkpoint });
        assert.deepEqual(at.sendState(), { ok: true, ask: 'roster-expired' });
        const staff = read(shorter.world, shorter.chain, 'team1');
        assert.deepEqual(staff.sendState(), { ok: false, why: 'roster-expired' });
    });
    test('another team, once a person has named it', () => {
        const { world, chain } = begin('team');
        chain.rotate('jane', { team: 'other' });
        chain.say('jane', text());
        const thread = read(world, chain, 'parent');
        assert.equal(thread.items[5].reason, 'team-changed');
        assert.equal(thread.items[5].body.team.name, 'SEND team, south');
        assert.equal(last(thread), '5 generation');
        thread.nameTeam(world.other.id);
        assert.equal(last(thread), 'text');
        const south = read(world, chain, 'other', { teams: [world.other.id] });
        assert.equal(south.items[4].body.body, 'Hello', 'the new team reads the history');
    });
    test('somebody unknown asks for a newer roster', () => {
        const { world, chain } = begin('wants');
        chain.say('stranger', text());
        assert.equal(read(world, chain, 'parent').wantsRoster, true);
    });
});

describe('keys', () => {
    test('a key entry that no one can use costs a number, and the next one repairs the thread', () => {
        const { world, chain } = begin('repair');
        chain.rotate('jane', { oldKey: world.random(32), keep: false });
        chain.rotate('jane', { generation: 3 });
        chain.say('parent', text());
        for (const reader of ['team1', 'parent', 'records']) {
            assert.deepEqual(read(world, chain, reader).items.map(ruleOf), [0, 0, 0, 0, 0, 6, 0, 0]);
        }
    });
    test('good for some, refused by others: the next one is taken by all', () => {
        const { world, chain } = begin('good for some');
        const good = chain.fork();
        good.rotate('jane');
        // The parent's grant alone does not open: nobody else can see that.
        const entry = good.entries[5].slice();
        const bad = chain.fork();
        const key = good.key ?? new Uint8Array();
        bad.rotate('jane', { key, recipients: [recipient(world.holder.team1), recipient(world.holder.records),
            { ...parentGrant(chain, world) }] });
        assert.notDeepEqual(entry, bad.entries[5]);
        const spoilt = spoilGrant(bad, world, 2);
        chain.store(spoilt);
        chain.generation = 2;
        chain.key = key;
        assert.deepEqual(read(world, chain, 'team1').items.map(ruleOf), [0, 0, 0, 0, 0, 0]);
        assert.equal(last(read(world, chain, 'parent')), '6 own-grant');
        chain.say('jane', text());
        chain.rotate('jane');
        chain.say('jane', text());
        const parent = read(world, chain, 'parent');
        assert.deepEqual(parent.items.map(ruleOf), [0, 0, 0, 0, 0, 6, 5, 0, 0]);
        assert.deepEqual(read(world, chain, 'team1').items.map(ruleOf), [0, 0, 0, 0, 0, 0, 0, 0, 0]);
    });
    test('a parent who came by a parcel reads what was rotated before the acceptance, once granted', () => {
        const world = new World('parcel');
        const chain = new Chain(world);
        chain.rotate('jane');
        chain.say('jane', { kind: 'card', case: '1', child: '2', parent: '3' });
        const held = [{ generation: 1, key: /** @type {Uint8Array} */ (chain.key) }];
        chain.invite('jane');
        chain.rotate('jane');
        chain.say('jane', text());
        const early = read(world, chain, 'parent', { held });
        assert.deepEqual(early.items.map(ruleOf), [0, 0, 0, 0, 8]);
        assert.equal(early.items[4].reason, 'no-key');
        assert.equal(early.generation, 2);
        assert.equal(early.key, null);
        chain.acceptAs('parent');
        chain.rotate('jane');
        chain.entries.slice(5).forEach((entry, i) => assert.ok(early.take(6 + i, entry).ok));
        assert.deepEqual(early.items.map(ruleOf), [0, 0, 0, 0, 0, 0, 0]);
    });
    test('held keys count only for their key_id', () => {
        const { world, chain } = begin('held');
        const thread = read(world, chain, 'parent', { held: [{ generation: 1, key: world.random(32) }] });
        assert.equal(thread.key, null);
        assert.equal(thread.known(), null);
    });
    test('a replayed key entry does not set the count back', () => {
        const { world, chain } = begin('count');
        chain.rotate('jane');
        chain.store(chain.entries[0]);
        chain.rotate('jane');
        const thread = read(world, chain, 'team1');
        assert.equal(last(thread), 'key');
        assert.equal(thread.nextGeneration, 4);
    });
    test('two at once: the second loses', () => {
        const { world, chain } = begin('at once');
        const fork = chain.fork();
        chain.rotate('jane');
        fork.rotate('adam');
        chain.store(fork.entries[5]);
        const thread = read(world, chain, 'team1');
        assert.equal(thread.items[6].rule, 2);
        assert.equal(thread.nextGeneration, 3);
    });
    test('keys that nothing can be sealed to', () => {
        assert.equal(canSealTo(new Uint8Array(32)), false);
        assert.equal(canSealTo(Uint8Array.from([1, ...new Uint8Array(31)])), false);
        assert.equal(canSealTo(begin('seal').world.jane.me.box.pk), true);
    });
});

/** The entry again with one grant that does not open, signed by its author. @param {Chain} c @param {World} w @param {number} grant */
function spoilGrant(c, w, grant) {
    const entry = c.entries[c.entries.length - 1].slice(0, -64);
    entry[98 + 141 + grant * 133 + 60] ^= 1;
    const body = entry.slice(98);
    return signEntry(w.jane.sign.sk, parseHeader(entry), body);
}

describe('what a view needs', () => {
    test('who can read, who invited, who has seen what', () => {
        const { world, chain } = begin('view');
        chain.see('jane', 5);
        chain.rotate('jane');
        chain.say('jane', text());
        chain.see('parent', 8);
        const thread = read(world, chain, 'parent');
        assert.equal(thread.canRead?.team?.name, 'SEND team, north');
        assert.equal(thread.canRead?.records?.name, 'Records office');
        assert.equal(thread.canRead?.parent, true);
        assert.equal(thread.inviter?.name, 'Jane Okafor');
        assert.equal(thread.inviter?.invitedAt, T0 + 180);
        assert.deepEqual(thread.seenBy, { parent: 8, staff: 7 });
        assert.equal(thread.items[4].author?.mine, true);
        assert.equal(thread.items[7].author?.name, 'Jane Okafor');
        assert.equal(thread.items[2].body.state, 'used');
        assert.deepEqual(thread.known(), {
            id: world.threadId, generation: 2, key: chain.key, seq: 9, link: chain.head.link,
        });
    });
    test('a rotation is no receipt', () => {
        const { world, chain } = begin('no receipt');
        chain.rotate('jane');
        assert.equal(read(world, chain, 'parent').seenBy.staff, 1);
    });
    test('replaced keys cannot send', () => {
        const { world, chain } = begin('replaced');
        chain.invite('jane');
        chain.acceptAs('parent2');
        assert.deepEqual(read(world, chain, 'parent').sendState(),
            { ok: false, why: 'keys-replaced' });
    });
    test('terminal escapes and marks that turn text are gone', () => {
        const { world, chain } = begin('clean');
        chain.say('parent', { kind: 'text', body: 'a\u001b[2Jb\u202Ec\u2066d\u009be\tf\ng\r\n' });
        assert.equal(read(world, chain, 'team1').items[5].body.body, 'a[2Jbcde\tf\ng\n');
    });
    test('notes: no parent comes in', () => {
        const world = new World('notes');
        const chain = new Chain(world);
        chain.rotate('jane');
        chain.say('jane', { kind: 'note', body: 'Rang the school' });
        chain.invite('jane');
        assert.deepEqual(read(world, chain, 'team1', { notes: true }).items.map(ruleOf), [0, 0, 1]);
    });
});

describe('whatever the server does', () => {
    test('shuffled, repeated, cut and spoilt entries never become words that were not written', () => {
        const random = seeded('chaos');
        const { world, chain } = begin('chaos');
        chain.say('jane', text());
        chain.rotate('jane');
        chain.say('parent', text());
        chain.see('jane', 8);
        const honest = new Set(read(world, chain, 'team1').items.map((i) => `${i.kind} ${toHex(i.entryId ?? new Uint8Array())}`));
        for (let round = 0; round < 60; round++) {
            const thread = world.thread('team1', 1);
            for (let seq = 1; seq <= 12; seq++) {
                const entry = chain.entries[pick(random, chain.entries.length)].slice();
                const turn = pick(random, 4);
                if (turn === 0) {
                    entry[pick(random, entry.length)] ^= 1 << pick(random, 8);
                }
                thread.take(seq, turn === 1 ? entry.slice(0, pick(random, entry.length + 1)) : entry);
            }
            for (const item of thread.items.filter((i) => i.kind !== 'warning')) {
                assert.ok(honest.has(`${item.kind} ${toHex(item.entryId ?? new Uint8Array())}`));
            }
        }
    });
    test('2,000 entries in good time', () => {
        const { world, chain } = begin('long');
        while (chain.entries.length < 2000) {
            chain.say(chain.entries.length % 2 ? 'jane' : 'parent', text());
        }
        const start = process.hrtime.bigint();
        assert.equal(read(world, chain, 'team1').items.length, 2000);
        const ms = Number(process.hrtime.bigint() - start) / 1e6;
        // Half a second on a desk; a bound that only a mistake can reach on a busy machine.
        assert.ok(ms < 10000, `${ms} ms`);
    });
});
