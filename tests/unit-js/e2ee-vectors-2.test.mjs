// @ts-check
/**
 * tests/vectors/vectors-2.json: it is what its generator makes, and every refusal and sequence comes
 * out as it says when nothing but the file is used.
 */
import assert from 'node:assert/strict';
import { before, describe, it as test } from 'node:test';

import { identity } from '../../web/js/e2ee/identity.js';
import { walkRosters } from '../../web/js/e2ee/roster.js';
import { ready } from '../../web/js/e2ee/sodium.js';
import { Thread } from '../../web/js/e2ee/thread.js';
import { checkTombstone } from '../../web/js/e2ee/tombstone.js';
import { make } from '../vectors/make-vectors-2.mjs';
import { fromHex, readVectors } from './e2ee-support.mjs';

const file = readVectors('vectors-2.json');
/** @type {(name: string) => Uint8Array} */
const input = (name) => fromHex(file.inputs[name]);
/** @type {(name: string) => Uint8Array} */
const vector = (name) => fromHex(file.vectors[name]);
const NOW = 1790003600;

before(() => ready());

/** @param {number} serial */
function roster(serial) {
    const holders = Object.keys(file.vectors).filter((name) => name.startsWith('holder.')).map(vector);
    const list = Array.from({ length: serial }, (_, i) => vector(`roster.${i + 1}`));
    const walk = walkRosters({ roots: [identity(input('root.seed')).sign.pk], serial: 1 }, list, holders);
    assert.deepEqual(walk.alarms, []);
    assert.ok(walk.roster);
    return walk.roster;
}

/**
 * @param {{ thread?: string, roster: number, reader: string, held?: [number, string] }} given
 */
function threadOf({ thread = 'main', roster: serial, reader, held }) {
    const side = reader.startsWith('parent') ? 'parent' : reader === 'records' ? 'records' : 'staff';
    const seeds = reader === 'team2' ? ['team2', 'team1'] : [reader];
    return new Thread({
        threadId: thread === 'notes' ? vector('notes.thread_id') : input('thread.id'),
        notes: thread === 'notes',
        roster: roster(serial),
        reader: {
            side, id: side === 'parent' ? input('parent.id') : input('jane.id'),
            identities: seeds.map((name) => identity(input(`${name}.seed`))),
        },
        held: held ? [{ generation: held[0], key: fromHex(held[1]) }] : [],
        now: () => NOW,
    });
}

/** @param {Thread} thread @param {number} seq */
function verdict(thread, seq) {
    const item = thread.items[seq - 1];
    return item ? String(item.rule ?? 'ok') : 'wait';
}

test('the file is what its generator makes', async () => {
    assert.deepEqual(JSON.parse(JSON.stringify(await make())), file);
});

describe('refusals', () => {
    for (const [name, line] of Object.entries(file.refuse)) {
        test(name, () => {
            const [serial, after, reader, rule, ...more] = /** @type {string} */ (line).split(' ');
            const thread = threadOf({ roster: Number(serial), reader });
            for (let seq = 1; seq <= Number(after); seq++) {
                assert.ok(thread.take(seq, vector(`entry.${seq}`)).ok, `entry ${seq}`);
            }
            const verdicts = more.map((hex, i) => {
                thread.take(Number(after) + 1 + i, fromHex(hex));
                return verdict(thread, Number(after) + 1 + i);
            });
            assert.deepEqual(verdicts, [...more.slice(1).map(() => 'ok'), rule]);
        });
    }
});

describe('sequences', () => {
    for (const [name, given] of /** @type {[string, any][]} */ (Object.entries(file.judge))) {
        test(name, () => {
            const prefix = given.thread === 'notes' ? 'notes.' : '';
            const inputs = [
                ...Array.from({ length: given.after }, (_, i) =>
                    ({ seq: i + 1, entry: vector(`${prefix}entry.${i + 1}`) })),
                ...given.entries.map((/** @type {string[]} */ [, first, second], /** @type {number} */ i) => ({
                    seq: given.after + 1 + i,
                    ...(second ? { header: fromHex(first), bodyHash: fromHex(second) } : { entry: fromHex(first) }),
                })),
            ];
            const whole = threadOf(given);
            whole.load(inputs);
            const live = threadOf(given);
            inputs.forEach((one) => live.takeInput(one));
            for (const thread of [whole, live]) {
                assert.deepEqual(inputs.map(({ seq }) => verdict(thread, seq)), [
                    ...Array.from({ length: given.after }, () => 'ok'),
                    ...given.entries.map((/** @type {string[]} */ step) => step[0]),
                ]);
                assert.equal(thread.stopped !== null, given.alarm);
            }
        });
    }
});

test('the tombstone is one', () => {
    const last = { seq: 16, link: vector('link.16') };
    assert.equal(checkTombstone(vector('tombstone'), {
        threadId: input('thread.id'), remembered: last, authorId: input('jane.id'), roster: roster(3),
    })?.deletedAt, NOW);
});
