/** A conversation as lines to show. */
import assert from 'node:assert/strict';
import { describe, it as test } from 'node:test';

import { isTheirs, seenUpTo, timeline, timeOf, unreadOf } from '../../web/js/timeline.js';

const DAY = 86400;
const T0 = Date.parse('2027-01-12T09:00:00Z') / 1000;
const staff = { side: 'staff', name: 'Jordan Ellis', idHex: 'aa', mine: false, confirmed: true };
const cover = { ...staff, name: 'Amina Rahman', idHex: 'bb' };
const me = { side: 'parent', name: '', idHex: 'cc', mine: true, confirmed: true };

/** Items in order, from [kind, author, body, more]. */
function items(...rows) {
    return rows.map(([kind, author, body = {}, more = {}], i) => ({
        seq: i + 1, kind, author, body, entryId: null, sentAt: T0 + i, storedAt: T0 + i, ...more,
    }));
}
const begun = [
    ['key', staff, { generation: 1 }],
    ['card', staff, { case: 'A-1' }],
    ['invite', staff, { expiresAt: T0 + DAY }],
    ['keys', me, { by: 3, again: false }],
];
const show = (list, view = {}) => timeline(list, { newAfter: 0, staffSeen: 0, unsent: [], limit: 100, ...view });
const brief = ({ rows }) => rows.map((row) => row.t + ('what' in row ? `:${row.what}` : ''));

describe('the lines of a conversation', () => {
    test('what happened is said; what only machines need is not', () => {
        const list = items(...begun, ['key', staff, { generation: 2 }], ['text', staff, { body: 'Hello' }],
            ['seen', me, { upTo: 6 }], ['card', staff, { case: 'A-2' }], ['keys', me, { by: 0, again: true }],
            ['keys', me, { by: 3, again: true }], ['retract', staff, { seq: 6 }]);
        assert.deepEqual(brief(show(list, { newAfter: 11 })),
            ['day', 'event:keyFirst', 'event:invite', 'event:keys', 'event:keyNew', 'message', 'event:card',
                'event:keysOwn', 'event:keysAgain']);
    });
    test('a warning stands where it was refused', () => {
        const list = items(...begun, ['warning', null, {}, { rule: 4, reason: 'signature' }], ['text', staff]);
        const { rows } = show(list);
        const at = rows.findIndex((row) => row.t === 'warning');
        assert.equal(rows[at].item.seq, 5);
        assert.equal(rows.at(-1).item.seq, 6);
    });
    test('a heading for each day, and none twice when a clock goes back', () => {
        const list = items(...begun, ['text', staff, {}, { storedAt: T0 + DAY }], ['text', staff, {}, { storedAt: T0 + 5 }],
            ['text', me, {}, { storedAt: T0 + DAY + 1 }]);
        assert.deepEqual(show(list, { newAfter: 99 }).rows.filter((row) => row.t === 'day').map((row) => row.on),
            ['2027-01-12', '2027-01-13']);
    });
    test('the line “new messages” stands before the first, with how many', () => {
        const list = items(...begun, ['text', staff], ['text', me], ['text', staff], ['seen', staff, { upTo: 6 }]);
        const { rows } = show(list, { newAfter: 4 });
        const at = rows.findIndex((row) => row.t === 'new');
        assert.equal(rows[at].n, 2);
        assert.equal(rows[at + 1].item.seq, 5);
        assert.equal(show(list, { newAfter: 7 }).rows.some((row) => row.t === 'new'), false);
    });
    test('older lines wait, new ones are always whole', () => {
        const list = items(...begun, ...Array.from({ length: 100 }, () => ['text', staff]));
        const some = show(list, { newAfter: 104, limit: 40 });
        assert.equal(some.older, true);
        assert.equal(some.rows.filter((row) => row.t === 'message').length, 40);
        const all = show(list, { newAfter: 10, limit: 40 });
        assert.equal(all.rows.filter((row) => row.t === 'message').length, 94);
        assert.equal(show(list, { newAfter: 104, limit: 400 }).older, false);
    });
    test('what waits to be sent comes last, in order', () => {
        const unsent = ['a', 'b'].map((entryId) => ({ entryId, entry: '', body: entryId, at: T0 + 9, state: 'waiting', tries: 0, why: '' }));
        const { rows } = show(items(...begun, ['text', staff]), { unsent });
        assert.deepEqual(rows.slice(-2).map((row) => row.key), ['ua', 'ub']);
    });
    test('keys of lines stay the same while lines come and go', () => {
        const list = items(...begun, ['text', staff], ['text', me]);
        const keys = (all) => show(all, { newAfter: 99 }).rows.map((row) => row.key);
        assert.deepEqual(keys(list).slice(0, -1), keys(list.slice(0, -1)));
        assert.equal(new Set(keys(list)).size, keys(list).length);
    });
});

describe('what became of a message of ours', () => {
    const list = items(...begun, ['text', me], ['text', me], ['seen', cover, { upTo: 5 }], ['text', staff]);
    const states = (staffSeen) => show(list, { staffSeen }).rows.filter((row) => row.t === 'message' && row.mine).map((row) => row.state);

    test('delivered, until the other side signs to have read it', () => {
        assert.deepEqual(states(4), [{ read: false, by: '', at: 0 }, { read: false, by: '', at: 0 }]);
    });
    test('read: by whom, and when they said so', () => {
        assert.deepEqual(states(5)[0], { read: true, by: 'Amina Rahman', at: T0 + 6 });
        // No seen entry covers the second; whoever wrote after it has read it.
        assert.deepEqual(states(6)[1], { read: true, by: 'Jordan Ellis', at: 0 });
    });
    test('theirs and taken-back ones have no state', () => {
        const { rows } = show(items(...begun, ['text', staff], ['taken-back', me]), { staffSeen: 9 });
        assert.deepEqual(rows.filter((row) => row.t === 'message').map((row) => row.state), [null, null]);
    });
    test('the author’s own clock is shown when it is ten minutes away', () => {
        const own = (away) => show(items(['text', staff, {}, { sentAt: T0 + away }])).rows.at(-1).ownClock;
        assert.deepEqual([own(599), own(600), own(-600), own(-599)], [false, true, true, false]);
    });
});

describe('read and unread', () => {
    const list = items(...begun, ['text', staff], ['seen', staff, { upTo: 4 }], ['text', me], ['text', staff], ['key', staff, { generation: 2 }]);

    test('only what staff wrote to be read', () => {
        assert.deepEqual(list.filter(isTheirs).map((item) => item.seq), [5, 8]);
        assert.deepEqual(unreadOf(list, 4).map((item) => item.seq), [5, 8]);
        assert.deepEqual(unreadOf(list, 5).map((item) => item.seq), [8]);
        assert.equal(isTheirs({ ...list[4], kind: 'taken-back' }), false);
    });
    test('“seen” goes over what is not to be read, never over a message that was not shown', () => {
        assert.equal(seenUpTo(list, 0), 4);
        assert.equal(seenUpTo(list, 5), 7);
        assert.equal(seenUpTo(list, 8), 9);
        assert.equal(seenUpTo([], 0), 0);
    });
    test('the server’s time, or the author’s where there is none', () => {
        assert.equal(timeOf({ ...list[0], storedAt: 0 }), T0);
        assert.equal(timeOf({ ...list[0], sentAt: 1 }), T0);
    });
});
