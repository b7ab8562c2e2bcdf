/** The account's event cursor: each event once and in order, whatever brings it. */
import assert from 'node:assert/strict';
import { describe, it as test } from 'node:test';

import { EventOrder } from '../../web/js/cursor.js';

/** A server that has events 1 to `last`, and gives them in pages. */
function server({ last, page = 2, oldest = 1 }) {
    const all = Array.from({ length: last }, (_, i) => ({ n: i + 1, event: 'entry.new', data: {} }));
    const asked = [];
    const fetchAfter = async (after) => {
        asked.push(after);
        const events = all.filter((one) => one.n > after && one.n >= oldest).slice(0, page);
        const cursor = events.at(-1)?.n ?? Math.min(after, last);
        return { events, cursor: Math.max(cursor, events.length === 0 ? last : 0), more: cursor < last && events.length > 0 };
    };
    return { all, asked, fetchAfter };
}

function order(from, { fetchAfter }, take) {
    const taken = [];
    const one = new EventOrder(fetchAfter, take ?? (async (event) => {
        taken.push(event.n);
    }));
    one.begin(from);
    return { one, taken };
}

describe('events', () => {
    test('as they come', async () => {
        const from = server({ last: 3 });
        const { one, taken } = order(0, from);
        for (const event of from.all) {
            await one.pushed(event);
        }
        assert.deepEqual(taken, [1, 2, 3]);
        assert.deepEqual(from.asked, []);
    });
    test('twice is once', async () => {
        const from = server({ last: 2 });
        const { one, taken } = order(0, from);
        await one.pushed(from.all[0]);
        await one.pushed(from.all[0]);
        await one.pushed(from.all[1]);
        assert.deepEqual(taken, [1, 2]);
    });
    test('a gap is fetched, over several pages', async () => {
        const from = server({ last: 7 });
        const { one, taken } = order(0, from);
        await one.pushed(from.all[6]);
        assert.deepEqual(taken, [1, 2, 3, 4, 5, 6, 7]);
    });
    test('pushed while catching up', async () => {
        const from = server({ last: 5 });
        const { one, taken } = order(0, from);
        await Promise.all([one.catchUp(), one.pushed(from.all[4]), one.pushed(from.all[2]), one.catchUp()]);
        assert.deepEqual(taken, [1, 2, 3, 4, 5]);
    });
    test('one is taken whole before the next is looked at', async () => {
        const from = server({ last: 4 });
        let under = 0;
        const taken = [];
        const { one } = order(0, from, async (event) => {
            assert.equal(under++, 0);
            await new Promise((resolve) => setImmediate(resolve));
            taken.push(event.n);
            under--;
        });
        await Promise.all(from.all.map((event) => one.pushed(event)));
        assert.deepEqual(taken, [1, 2, 3, 4]);
    });
    test('the oldest that the server no longer keeps are passed over', async () => {
        const from = server({ last: 6, oldest: 4 });
        const { one, taken } = order(0, from);
        await one.catchUp();
        assert.deepEqual(taken, [4, 5, 6]);
        assert.equal(one.known, 6);
    });
    test('everything forgotten: the cursor goes on all the same', async () => {
        const from = server({ last: 6, oldest: 7 });
        const { one, taken } = order(2, from);
        await one.catchUp();
        assert.deepEqual(taken, []);
        assert.equal(one.known, 6);
    });
    test('an event that could not be taken comes again', async () => {
        const from = server({ last: 3 });
        let tries = 0;
        const taken = [];
        const { one } = order(0, from, async (event) => {
            if (event.n === 2 && tries++ === 0) {
                throw new Error('offline');
            }
            taken.push(event.n);
        });
        await one.pushed(from.all[0]);
        await assert.rejects(one.pushed(from.all[1]), /offline/);
        await one.pushed(from.all[2]);
        assert.deepEqual(taken, [1, 2, 3]);
    });
    test('a step that failed keeps nobody from the next', async () => {
        const from = server({ last: 3 });
        let fail = true;
        const { one, taken } = order(0, { fetchAfter: async (after) => {
            if (fail) {
                throw new Error('offline');
            }
            return from.fetchAfter(after);
        } });
        await assert.rejects(one.catchUp(), /offline/);
        fail = false;
        await one.catchUp();
        assert.deepEqual(taken, [1, 2, 3]);
    });
});
