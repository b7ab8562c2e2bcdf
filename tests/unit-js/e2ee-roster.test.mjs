// @ts-check
/** Rosters: what a server that may serve anything can do with them, which is nothing. */
import assert from 'node:assert/strict';
import { before, describe, it as test } from 'node:test';

import { concat } from '../../web/js/e2ee/bytes.js';
import {
    currentAt, encodeHolder, holderPrint, parseHolder, parseRoster, rootPrint, walkRosters,
} from '../../web/js/e2ee/roster.js';
import { ready } from '../../web/js/e2ee/sodium.js';
import { signTombstone, checkTombstone } from '../../web/js/e2ee/tombstone.js';
import { DAY, T0, World } from './e2ee-world.mjs';

/** @type {World} */
let w;
/** @type {import('../../web/js/e2ee/types.js').Trust} */
let trust;

before(async () => {
    await ready();
    w = new World('rosters');
    trust = { roots: [w.root.sign.pk], serial: 1 };
});

/** @param {Uint8Array[]} list @param {Partial<import('../../web/js/e2ee/types.js').Trust>} [from] */
const walk = (list, from = {}) => walkRosters({ ...trust, ...from }, list, w.holderRecords);

describe('walking', () => {
    test('in order, and what to remember', () => {
        const found = walk([w.roster(1), w.roster(2)]);
        assert.deepEqual(found.alarms, []);
        assert.equal(found.roster?.serial, 2);
        assert.deepEqual(found.trust, { roots: [w.root.sign.pk], serial: 2, hash: parseRoster(w.roster(2)).hash });
        assert.equal(found.roster?.staff(w.adam.id)?.ended, 2);
        assert.equal(found.roster?.staff(w.jane.id)?.holder.name, 'Jane Okafor');
        assert.equal(found.roster?.staff(w.team1.id), null);
        assert.equal(found.roster?.hasId(w.team1.id), true);
        assert.equal(found.roster?.missing, 0);
    });
    test('roots hand over, by the way and from memory', () => {
        const both = w.roster(2, { roots: [w.root2.sign.pk] });
        const later = w.roster(3, { roots: [w.root2.sign.pk], signer: w.root2 });
        const found = walk([w.roster(1), both, later]);
        assert.deepEqual(found.alarms, []);
        assert.deepEqual(found.trust.roots, [w.root2.sign.pk]);
        assert.equal(walk([w.roster(1), later]).alarms[0].name, 'not-signed');
        assert.equal(walk([w.roster(1), both, w.roster(3)]).alarms[0].name, 'not-signed');
        // The roster that handed over is signed by the old root; its hash is what we know it by.
        const memory = walk([w.roster(1), both]).trust;
        assert.equal(walk([both, later], memory).roster?.serial, 3);
        assert.equal(walk([both], { roots: memory.roots, serial: 2 }).alarms[0].name, 'not-signed');
    });
    test('the same again is no alarm', () => {
        assert.deepEqual(walk([w.roster(1), w.roster(1), w.roster(2)]).alarms, []);
    });
    /** @type {[string, () => Uint8Array[], string][]} */
    const alarms = [
        ['an older one', () => [w.roster(1)], 'older'],
        ['two of one serial', () => [w.roster(2), w.roster(3), w.roster(3, { issuedAt: T0 + 77 })], 'two-of-one-serial'],
        ['a foreign root', () => [w.roster(2), w.roster(3, { signer: w.root2 })], 'not-signed'],
        ['an altered one', () => [w.roster(2), flip(w.roster(3), 40)], 'not-signed'],
        ['a cut one', () => [w.roster(2), w.roster(3).slice(0, -1)], 'malformed'],
        ['a longer one', () => [w.roster(2), concat(w.roster(3), new Uint8Array(1))], 'malformed'],
        ['somebody removed', () => [w.roster(2), w.roster(3, { rows: { jane: 0, adam: 2, team1: 2, records: 0, team2: 0 } })], 'rows-lost'],
        ['an end undone', () => [w.roster(2), w.roster(3, { rows: { jane: 0, adam: 0, team1: 2, records: 0, team2: 0, other: 0 } })], 'rows-lost'],
        ['an end set back', () => [w.roster(2), w.roster(3, { rows: { jane: 1, adam: 2, team1: 2, records: 0, team2: 0, other: 0 } })], 'rows-lost'],
        ['93 days', () => [w.roster(2), w.roster(3, { days: 93 })], 'too-long'],
        ['an end before the beginning', () => [w.roster(2), w.roster(3, { days: -1 })], 'too-long'],
        ['no roster', () => [], 'none'],
    ];
    alarms.forEach(([name, list, want]) => test(name, () => {
        const found = walk(list(), { serial: 2 });
        assert.equal(found.alarms[0]?.name, want);
        assert.equal(found.roster?.serial ?? 2, name === 'two of one serial' ? 3 : 2);
        if (!found.roster) {
            assert.deepEqual(found.trust, { ...trust, serial: 2 });
        }
    }));
    test('another roster than the one remembered', () => {
        const hash = parseRoster(w.roster(2)).hash;
        assert.equal(walk([w.roster(2, { issuedAt: T0 + 5 })], { serial: 2, hash }).alarms[0].name, 'two-of-one-serial');
        assert.equal(walk([w.roster(2)], { serial: 2, hash }).roster?.serial, 2);
    });
    test('expiry is for the last alone', () => {
        const found = walk([w.roster(1, { issuedAt: T0 - 400 * DAY }), w.roster(2)]);
        assert.deepEqual(found.alarms, []);
        assert.equal(found.roster?.expired(T0 + DAY), false);
        assert.equal(found.roster?.expired(T0 + 2 + 92 * DAY), true);
    });
});

describe('holders', () => {
    test('one whose hash is not in the roster is nobody, and a missing one is counted', () => {
        const records = [encodeHolder({ ...w.holder.jane, name: 'Jane Okafor, head' }), ...w.holderRecords.slice(1)];
        const found = walkRosters(trust, [w.roster(1)], records);
        assert.equal(found.roster?.staff(w.jane.id), null);
        assert.equal(found.roster?.missing, 1);
    });
    test('two of one name are both nobody', () => {
        w.holder.jane2 = { ...w.holder.jane, name: 'Jane Okafor, again' };
        const found = walkRosters(trust, [w.roster(1, { rows: { jane: 0, jane2: 0 } })], w.holderRecords);
        delete w.holder.jane2;
        assert.equal(found.alarms[0].name, 'holders-clash');
        assert.equal(found.roster?.staff(w.jane.id), null);
    });
    test('kinds keep their keys apart', () => {
        const wrong = (/** @type {any} */ change) => () => parseHolder(encodeHolder({ ...w.holder.jane, ...change }));
        assert.throws(wrong({ kind: 4 }), { code: 'holder' });
        assert.throws(wrong({ generation: 2 }), { code: 'holder' });
        assert.throws(wrong({ signPk: new Uint8Array(32) }), { code: 'holder' });
        assert.throws(() => parseHolder(encodeHolder({ ...w.holder.team1, signPk: w.jane.sign.pk })), { code: 'holder' });
        assert.throws(() => parseHolder(encodeHolder(w.holder.jane).slice(0, -1)), { code: 'length' });
        assert.throws(() => encodeHolder({ ...w.holder.jane, name: 'x'.repeat(256) }), { code: 'out-of-range' });
    });
    test('names are made safe to show', () => {
        w.holder.sly = { ...w.holder.jane, id: w.stranger.id, name: 'Jane\u202E rofakO\u001b[0m' };
        const found = walkRosters(trust, [w.roster(1, { rows: { sly: 0 } })], w.holderRecords);
        delete w.holder.sly;
        assert.equal(found.roster?.staff(w.stranger.id)?.holder.name, 'Jane rofakO[0m');
    });
    test('current at a serial', () => {
        assert.equal(currentAt({ ended: 0 }, 5), true);
        assert.equal(currentAt({ ended: 6 }, 5), true);
        assert.equal(currentAt({ ended: 5 }, 5), false);
    });
    test('prints differ by who they are of', () => {
        const prints = [holderPrint(w.holderRecords[0]), holderPrint(w.holderRecords[1]), rootPrint(w.root.sign.pk)];
        assert.equal(new Set(prints).size, 3);
        prints.forEach((print) => assert.match(print, /^([0-9A-HJKMNP-TV-Z]{5}-){5}[0-9A-HJKMNP-TV-Z]{5}$/));
    });
});

describe('tombstones', () => {
    test('only about this thread, by staff, and not about less than we have seen', () => {
        const roster = w.trusted(1);
        const last = { seq: 9, link: w.random(32) };
        const bytes = signTombstone(w.jane.sign.sk, { threadId: w.threadId, last, deletedAt: T0 });
        const check = (/** @type {any} */ change = {}, given = bytes) => checkTombstone(given, {
            threadId: w.threadId, remembered: last, authorId: w.jane.id, roster, ...change,
        });
        assert.equal(check()?.deletedAt, T0);
        assert.equal(check({ remembered: { seq: 5, link: w.random(32) } })?.last.seq, 9);
        assert.equal(check({ remembered: null })?.last.seq, 9);
        assert.equal(check({ remembered: { seq: 10, link: last.link } }), null);
        assert.equal(check({ remembered: { seq: 9, link: w.random(32) } }), null);
        assert.equal(check({ threadId: w.random(16) }), null);
        assert.equal(check({ authorId: w.adam.id }), null);
        assert.equal(check({ authorId: w.parent.id }), null);
        assert.equal(check({}, flip(bytes, 60)), null);
        assert.equal(check({}, bytes.slice(1)), null);
    });
});

/** @param {Uint8Array} bytes @param {number} at */
function flip(bytes, at) {
    const out = bytes.slice();
    out[at] ^= 1;
    return out;
}
