/**
 * The server is killed in the middle of a flood, again and again: whatever was acknowledged is there, once, byte for
 * byte, and every chain verifies.
 */
import assert from 'node:assert/strict';
import test from 'node:test';

import { toB64 } from '../../web/js/e2ee/bytes.js';
import { Service } from '../support/service.mjs';
import { Writer } from '../support/writer.mjs';

const KILLS = 50;
const ACKNOWLEDGED_BETWEEN = 200;
const FAMILIES = 8;

/** Write until the connection is cut; count what was acknowledged. */
async function flood(client, writer, tally) {
    try {
        for (;;) {
            await writer.write(client);
            tally.acknowledged++;
            tally.enough();
        }
    } catch (error) {
        // A refusal would be a fault; a cut connection is what this test is about.
        assert.equal(error.code, undefined, error.message);
    }
}

async function everything(client, thread) {
    const entries = new Map();
    for (let from = 1; ;) {
        const page = await client.call('thread.entries', { thread: toB64(thread), from, limit: 200 });
        for (const { seq, entry } of page.entries) {
            assert.ok(!entries.has(seq), `entry ${seq} came twice`);
            entries.set(seq, entry);
        }
        from = page.entries.length === 0 ? from : page.entries.at(-1).seq + 1;
        if (from > page.last_seq) {
            return entries;
        }
    }
}

test(`kill -9 in a flood, ${KILLS} times, loses nothing that was acknowledged`, { timeout: 600000 }, async (t) => {
    const service = await Service.start({ settings: { calls_per_second: 100000, calls_burst: 100000,
        sign_ins_per_5_minutes: 100000, sign_ins_per_address_per_5_minutes: 100000, log_level: 'warn' } });
    t.after(() => service.stop());
    await service.world(2, FAMILIES);
    const writers = service.people.parents.map((family) => new Writer(family));
    let total = 0;
    for (let kill = 0; kill < KILLS; kill++) {
        const clients = await Promise.all(writers.map((_, i) => service.parent(i)));
        const enough = new Promise((resolve, reject) => {
            const timer = setTimeout(() => reject(new Error('too few acknowledgements in 30 seconds')), 30000);
            const tally = { acknowledged: 0, enough: () => {
                // A little past the mark, so that the kill falls at another moment of a commit each time.
                if (tally.acknowledged === ACKNOWLEDGED_BETWEEN + kill % 7) {
                    clearTimeout(timer);
                    resolve(tally);
                }
            } };
            tally.floods = Promise.all(clients.map((client, i) => flood(client, writers[i], tally)));
        });
        const tally = await enough;
        await service.kill();
        await tally.floods;
        total += tally.acknowledged;
        assert.ok(tally.acknowledged >= ACKNOWLEDGED_BETWEEN);
        await service.restart();
    }
    // The writes that were under way at the last kill are sent again: the same bytes, once.
    for (const [i, writer] of writers.entries()) {
        const client = await service.parent(i);
        if (writer.pending) {
            await writer.write(client);
        }
        const stored = await everything(client, writer.thread);
        for (const [seq, entry] of writer.acknowledged) {
            assert.equal(stored.get(seq), entry, `entry ${seq} of family ${i}`);
        }
        assert.equal(new Set(stored.values()).size, stored.size, 'no entry is there twice');
        client.close();
    }
    t.diagnostic(`${KILLS} kills, ${total} acknowledged`);
    await service.terminate();
    service.check();
});
