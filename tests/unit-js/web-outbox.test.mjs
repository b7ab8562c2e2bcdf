/** What was written and is not confirmed yet: nothing in it is ever lost, and its bytes stay the same. */
import assert from 'node:assert/strict';
import { describe, it as test } from 'node:test';

import { MAX_TRIES, nextToSend, outbox, restore } from '../../web/js/outbox.js';

const run = (...acts) => acts.reduce(outbox, []);
const add = (entryId, body = entryId) => ({ do: 'add', entryId, body, at: 1 });

describe('the outbox', () => {
    test('keeps the order written, and sends one at a time', () => {
        const list = run(add('a'), add('b'));
        assert.equal(nextToSend(list)?.entryId, 'a');
        const sending = outbox(list, { do: 'signed', entryId: 'a', entry: 'AAAA' });
        assert.equal(nextToSend(sending), null);
        assert.equal(nextToSend(outbox(sending, { do: 'stored', entryId: 'a' }))?.entryId, 'b');
    });
    test('the same bytes are sent again after a lost connection', () => {
        const list = run(add('a'), { do: 'signed', entryId: 'a', entry: 'AAAA' }, { do: 'lost', entryId: 'a' });
        assert.deepEqual([nextToSend(list)?.entryId, nextToSend(list)?.entry], ['a', 'AAAA']);
    });
    test('an entry out of date is signed anew under the same id', () => {
        const list = run(add('a'), { do: 'signed', entryId: 'a', entry: 'AAAA' }, { do: 'stale', entryId: 'a' });
        assert.deepEqual([nextToSend(list)?.entryId, nextToSend(list)?.entry], ['a', '']);
    });
    test('after some tries the person decides, and the next one goes on meanwhile', () => {
        let list = run(add('a'), add('b'));
        for (let i = 1; i <= MAX_TRIES; i++) {
            assert.equal(nextToSend(list)?.entryId, 'a');
            list = outbox(outbox(list, { do: 'signed', entryId: 'a', entry: 'AAAA' }), { do: 'later', entryId: 'a' });
        }
        assert.deepEqual([list[0].state, list[0].why, list[0].tries], ['failed', 'later', MAX_TRIES]);
        assert.equal(nextToSend(list)?.entryId, 'b');
        list = outbox(list, { do: 'retry', entryId: 'a' });
        assert.deepEqual([nextToSend(list)?.entryId, list[0].entry, list[0].tries, list[0].why], ['a', 'AAAA', 0, '']);
    });
    test('bytes that were refused are not sent again', () => {
        const list = run(add('a'), { do: 'signed', entryId: 'a', entry: 'AAAA' },
            { do: 'refused', entryId: 'a', why: 'refused' });
        assert.deepEqual([list[0].state, list[0].entry, list[0].why, list[0].body], ['failed', '', 'refused', 'a']);
    });
    test('what is under way is not deleted, everything else may be', () => {
        const sending = run(add('a'), { do: 'signed', entryId: 'a', entry: 'AAAA' });
        assert.deepEqual(outbox(sending, { do: 'remove', entryId: 'a' }), sending);
        assert.deepEqual(outbox(run(add('a')), { do: 'remove', entryId: 'a' }), []);
    });
    test('only what failed is tried again by hand', () => {
        const list = run(add('a'), { do: 'signed', entryId: 'a', entry: 'AAAA' });
        assert.deepEqual(outbox(list, { do: 'retry', entryId: 'a' }), list);
    });
    test('acts about others change nothing', () => {
        const list = run(add('a'));
        for (const what of ['signed', 'lost', 'later', 'stale', 'refused', 'stored', 'retry', 'remove']) {
            assert.deepEqual(outbox(list, { do: what, entryId: 'x', entry: '' }), list);
        }
    });
    test('lists that were given are left as they were', () => {
        const list = Object.freeze([Object.freeze(run(add('a'))[0])]);
        outbox(list, { do: 'signed', entryId: 'a', entry: 'AAAA' });
        assert.equal(list[0].entry, '');
    });
});

describe('what was stored on the device', () => {
    test('goes on where it was, and nothing is under way after a reload', () => {
        const stored = run(add('a'), add('b'), add('c'), { do: 'signed', entryId: 'a', entry: 'AAAA' },
            { do: 'refused', entryId: 'b', why: 'closed' });
        const back = restore(JSON.parse(JSON.stringify(stored)));
        assert.deepEqual(back.map((one) => one.state), ['waiting', 'failed', 'waiting']);
        assert.deepEqual(back.map((one) => one.entry), ['AAAA', '', '']);
        assert.equal(back[1].why, 'closed');
        assert.equal(nextToSend(back)?.entryId, 'a');
    });
    test('nonsense is left out', () => {
        assert.deepEqual(restore(undefined), []);
        assert.deepEqual(restore('[]'), []);
        assert.deepEqual(restore([null, 5, {}, { entryId: 'a' }, { entryId: 1, body: 'b' }]), []);
        assert.deepEqual(restore([{ entryId: 'a', body: 'b', at: 'x', entry: 7, tries: 'x' }]),
            [{ entryId: 'a', body: 'b', at: 0, entry: '', state: 'waiting', tries: 0, why: '' }]);
    });
});
