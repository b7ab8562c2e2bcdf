/** A full disk: writes are refused and say so, nothing acknowledged is lost, reading works, and it recovers. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { toB64 } from '../../web/js/e2ee/bytes.js';
import { systemRandom } from '../../web/js/e2ee/sodium.js';
import { program, Service } from '../support/service.mjs';
import { Writer } from '../support/writer.mjs';

test('a full disk refuses writes, loses nothing, and recovers by itself', { timeout: 120000 }, async (t) => {
    const flag = join(tmpdir(), `sendline-full-${process.pid}`);
    const service = await Service.start({
        env: { LD_PRELOAD: program('tests/preload/full_disk.so'), FULL_DISK_UNDER: tmpdir(), FULL_DISK_FLAG: flag },
        settings: { calls_per_second: 100000, calls_burst: 100000 },
    });
    t.after(() => {
        rmSync(flag, { force: true });
        return service.stop();
    });
    await service.world(1, 1);
    const writer = new Writer(service.people.parents[0]);
    const client = await service.parent(0);
    for (let i = 0; i < 20; i++) {
        await writer.write(client);
    }

    writeFileSync(flag, '');
    const big = () => systemRandom(24 + 8192 + 16);
    let refused;
    for (let i = 0; i < 2000 && !refused; i++) {
        refused = await writer.write(client, big()).then(() => null, (error) => error);
    }
    assert.equal(refused?.code, 'storage_full', refused?.message);
    for (let i = 0; i < 5; i++) {
        await assert.rejects(writer.write(client), { code: 'storage_full' });
    }
    const page = await client.call('thread.entries', { thread: toB64(writer.thread), last: 10 });
    assert.equal(page.last_seq, writer.head.seq, 'reading still works, and shows what was acknowledged');
    const other = await service.staff(0).catch((error) => error);
    assert.ok(!(other instanceof Error) || other.code === 'storage_full',
        'signing in is refused by name while nothing can be saved');

    rmSync(flag);
    await writer.write(client);
    await writer.write(client);
    for (const [seq, entry] of writer.acknowledged) {
        const { entries } = await client.call('thread.entries', { thread: toB64(writer.thread), from: seq, limit: 1 });
        assert.equal(entries[0].entry, entry, `entry ${seq}`);
    }
    await service.terminate();
    service.check();
});
