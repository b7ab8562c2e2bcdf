/** The orderly stop: nothing new, everything that was taken is answered, and then a close that says why. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Echo } from '../support/echo.mjs';
import { frame, request, TEXT } from '../support/raw.mjs';

test('answers that are under way arrive, then the close with 1001', async (t) => {
    for (const loops of [1, 2]) {
        const echo = await Echo.start(t, { loops });
        const sockets = await Promise.all(Array.from({ length: 10 }, () => echo.socket()));
        sockets.forEach((socket, i) => socket.write(frame(TEXT, `later ${300 + i * 20} answer ${i}`)));
        await sleep(100);
        const ended = echo.terminate();
        await sleep(100);
        // Nothing new is let in meanwhile.
        await assert.rejects(echo.raw());
        for (const [i, socket] of sockets.entries()) {
            assert.equal(await socket.message(), `answer ${i}`);
            assert.equal(await socket.closeCode(), 1001);
            socket.end();
        }
        assert.deepEqual(await ended, { code: 0, signal: null });
    }
});

test('a long answer is sent to its end', async (t) => {
    const echo = await Echo.start(t);
    const socket = await echo.socket();
    socket.socket.pause();
    socket.send('big 1000000');
    await sleep(200);
    const ended = echo.terminate();
    await sleep(300);
    socket.socket.resume();
    assert.equal((await socket.message()).length, 1000000);
    assert.equal(await socket.closeCode(), 1001);
    assert.deepEqual(await ended, { code: 0, signal: null });
});

test('frames that come during the stop are not obeyed, and requests hear that it stops', async (t) => {
    const echo = await Echo.start(t);
    const socket = await echo.socket();
    const kept = await echo.raw();
    kept.write(request('GET', '/healthz', { Host: echo.authority() }));
    assert.equal((await kept.answer()).status, 200);
    socket.send('later 800 the last answer');
    await sleep(100);
    const ended = echo.terminate();
    await sleep(200);
    socket.send('too late');
    kept.write(request('GET', '/healthz', { Host: echo.authority() }));
    const health = await kept.answer();
    assert.equal(health.status, 503);
    assert.deepEqual(JSON.parse(health.body), { ok: false, why: 'stopping' });
    await kept.closed();
    assert.equal(await socket.message(), 'the last answer');
    assert.equal(await socket.closeCode(), 1001);
    await ended;
});

test('no page and no measure is served while it stops', async (t) => {
    const echo = await Echo.start(t);
    const socket = await echo.socket();
    const raws = await Promise.all(['/', '/metrics', '/ws'].map(async (path) => [path, await echo.raw()]));
    socket.send('later 800 done');
    await sleep(100);
    const ended = echo.terminate();
    await sleep(200);
    for (const [path, raw] of raws) {
        raw.write(path === '/ws' ? request('GET', path, echo.upgrade()) : request('GET', path, { Host: echo.authority() }));
        assert.equal((await raw.answer()).status, 503, path);
        await raw.closed();
    }
    await ended;
});

test('whoever does not read is not waited for longer than the stop may take', async (t) => {
    const echo = await Echo.start(t, { stop_seconds: 2 });
    const stuck = await echo.socket();
    stuck.socket.pause();
    stuck.send('big 1048576');
    const good = await echo.socket();
    await sleep(200);
    const since = Date.now();
    const ended = echo.terminate();
    assert.equal(await good.closeCode(), 1001);
    assert.ok(Date.now() - since < 1000, 'the others are told at once');
    good.end();
    assert.deepEqual(await ended, { code: 0, signal: null });
    assert.ok(Date.now() - since < 4000, `${Date.now() - since} ms`);
    assert.equal(echo.logged('connections cut at the stop').length, 1);
    stuck.end();
});

test('clients that do not answer the close are not waited for', async (t) => {
    const echo = await Echo.start(t, { stop_seconds: 10 });
    const sockets = await Promise.all(Array.from({ length: 5 }, () => echo.socket()));
    const silent = await echo.raw();
    const since = Date.now();
    assert.deepEqual(await echo.terminate(), { code: 0, signal: null });
    assert.ok(Date.now() - since < 2000, `${Date.now() - since} ms`);
    for (const socket of sockets) {
        assert.equal(await socket.closeCode(), 1001);
    }
    silent.end();
});

test('the port is free at once', async (t) => {
    const first = await Echo.start(t);
    const socket = await first.socket();
    assert.equal(await socket.say('hello'), 'hello');
    await first.terminate();
    const second = await Echo.start(t, { public_listen: `127.0.0.1:${first.ports.public}` });
    assert.equal(second.ports.public, first.ports.public);
});
