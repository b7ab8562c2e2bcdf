/** What the real server says of itself: healthy, unable to save, able again though nobody writes; and measures. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { systemRandom } from '../../web/js/e2ee/sodium.js';
import { program, Service } from '../support/service.mjs';
import { Writer } from '../support/writer.mjs';

function get(service, path, listener = 'public') {
    return new Promise((done, fail) => {
        https.get({ host: '127.0.0.1', port: service.ports[listener], path, ca: readFileSync(service.ca) }, (answer) => {
            let body = '';
            answer.on('data', (data) => {
                body += data;
            });
            answer.once('end', () => done({ status: answer.statusCode, body }));
        }).once('error', fail);
    });
}

const health = async (service, listener) => {
    const { status, body } = await get(service, '/healthz', listener);
    return { status, ...JSON.parse(body) };
};

test('/healthz tells of a disk that is full, and by itself when it no longer is', { timeout: 120000 }, async (t) => {
    const flag = join(tmpdir(), `sendline-health-${process.pid}`);
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
    await writer.write(client);
    const well = { status: 200, ok: true };
    const unable = { status: 503, ok: false, why: 'storage' };
    assert.deepEqual(await health(service), well);
    assert.deepEqual(await health(service, 'staff'), well);

    writeFileSync(flag, '');
    assert.deepEqual(await health(service), well, 'nothing has failed as yet');
    let refused;
    for (let i = 0; i < 2000 && !refused; i++) {
        refused = await writer.write(client, systemRandom(24 + 8192 + 16)).then(() => null, (error) => error);
    }
    assert.equal(refused?.code, 'storage_full');
    for (let i = 0; i < 10; i++) {
        assert.deepEqual(await health(service), unable, 'however often it is asked');
        await sleep(20);
    }
    assert.equal(service.log.match(/ error commit_failed /g).length, 1, 'the log tells of it once');

    rmSync(flag);
    for (let i = 0; (await health(service)).status !== 200; i++) {
        assert.ok(i < 200, 'it never recovers');
        await sleep(20);
    }
    assert.match(service.log, / warn saving_again /);
    await writer.write(client);
    assert.deepEqual(await health(service), well);
});

test('/metrics of the real server', async (t) => {
    const service = await Service.start();
    t.after(() => service.stop());
    await service.world(1, 1);
    const client = await service.parent(0);
    await client.call('account.get', {});
    await assert.rejects(client.call('vault.save', {}), { code: 'bad_request' });
    const { status, body } = await get(service, '/metrics');
    assert.equal(status, 200);
    const value = (name) => Number(body.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ')[1]);
    assert.ok(value('sendline_store_commits_total') > 0);
    assert.equal(value('sendline_websockets_open{listener="public"}'), 1);
    assert.match(body, /^sendline_requests_total\{.*call="account\.get".*\} 1$/m);
    assert.match(body, /^sendline_requests_total\{.*bad_request.*\} 1$/m);
    assert.ok(value('sendline_resident_bytes') > 1 << 20);
    for (const line of body.trimEnd().split('\n')) {
        assert.match(line, /^(# TYPE [a-z_]+ (counter|gauge)|[a-z_]+(\{[a-z]+="[a-z0-9_.]+"(,[a-z]+="[a-z0-9_.]+")*\})? -?\d+)$/);
    }
    const names = body.match(/^# TYPE \S+/gm);
    assert.equal(new Set(names).size, names.length, 'each kind is told of once');
    client.close();
});
