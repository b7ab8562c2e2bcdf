// @ts-check
/**
 * tests/vectors/vectors-2.json: it is what its generator makes, and every thread comes out as it says
 * when nothing but the file is used.
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
import { brief, view } from './e2ee-view.mjs';

const file = readVectors('vectors-2.json');
/** @type {(name: string) => Uint8Array} */
const input = (name) => fromHex(file.inputs[name]);
/** @type {(name: string) => Uint8Array} */
const vector = (name) => fromHex(file.vectors[name]);

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

/** @param {any} given */
function threadOf({ thread, roster: serial, reader, me, held, team, checkpoint, now }) {
    const side = reader.startsWith('parent') ? 'parent' : reader === 'records' ? 'records' : 'staff';
    const seeds = reader === 'team2' ? ['team2', 'team1'] : [reader];
    return new Thread({
        threadId: thread === 'notes' ? vector('notes.thread_id') : input('thread.id'),
        notes: thread === 'notes',
        roster: roster(serial),
        reader: {
            side, id: input(`${side === 'parent' ? 'parent' : me}.id`),
            identities: seeds.map((name) => identity(input(`${name}.seed`))),
        },
        held: held ? [{ generation: held[0], key: fromHex(held[1]) }] : [],
        teams: team ? [fromHex(team)] : [],
        checkpoint: checkpoint ? { seq: checkpoint.seq, link: fromHex(checkpoint.link) } : null,
        now: () => now,
    });
}

/** @param {any} given */
function inputsOf(given) {
    const prefix = given.thread === 'notes' ? 'notes.' : '';
    return [
        ...Array.from({ length: given.after }, (_, i) =>
            ({ seq: i + 1, entry: vector(`${prefix}entry.${i + 1}`) })),
        ...given.entries.map((/** @type {string[]} */ [first, second], /** @type {number} */ i) => ({
            seq: given.after + 1 + i,
            ...(second ? { header: fromHex(first), bodyHash: fromHex(second) } : { entry: fromHex(first) }),
        })),
    ];
}

test('the file is what its generator makes', async () => {
    assert.deepEqual(JSON.parse(JSON.stringify(await make())), file);
});

describe('threads', () => {
    for (const [name, given] of /** @type {[string, any][]} */ (Object.entries(file.judge))) {
        test(name, () => {
            const inputs = inputsOf(given);
            const whole = threadOf(given);
            whole.load(inputs);
            whole.complete();
            assert.deepEqual(brief(view(whole)), given.want);
            // Live, one by one, comes to the same.
            const live = threadOf(given);
            inputs.forEach((one) => live.takeInput(one));
            live.complete();
            assert.deepEqual(view(live), view(whole));
            assert.deepEqual(live.items, whole.items);
        });
    }
});

test('the tombstone is one', () => {
    const last = { seq: 16, link: vector('link.16') };
    assert.equal(checkTombstone(vector('tombstone'), {
        threadId: input('thread.id'), remembered: last, authorId: input('jane.id'), roster: roster(3),
    })?.deletedAt, 1790003600);
});
