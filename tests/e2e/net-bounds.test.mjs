/** What one client, or two thousand, can take: memory, connections, time, and the log. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Echo, makeBigWeb } from '../support/echo.mjs';
import { frame, PING, PONG, Raw, request, TEXT } from '../support/raw.mjs';

const MIB = 1 << 20;

/** What listens on a port: local addresses, as the kernel has them. */
function listening(port) {
    const hex = port.toString(16).toUpperCase().padStart(4, '0');
    return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => readFileSync(file, 'utf8').split('\n'))
        .map((line) => line.trim().split(/\s+/))
        .filter((fields) => fields[3] === '0A' && fields[1].endsWith(`:${hex}`))
        .map((fields) => fields[1].split(':')[0]);
}

test('only the address that was asked for is listened on', async (t) => {
    const echo = await Echo.start(t);
    for (const listener of ['public', 'staff']) {
        assert.deepEqual(listening(echo.ports[listener]), ['0100007F'], '127.0.0.1 and nothing else');
    }
});

test('a slow reader is cut off at a bound, and the others do not notice', async (t) => {
    const echo = await Echo.start(t, { send_queue_bytes: MIB });
    const slow = await echo.socket();
    assert.equal(await slow.say('in a s'), 'in');
    const good = await echo.socket();
    assert.equal(await good.say('in a t'), 'in');
    const pusher = await echo.socket();
    const before = echo.memory();
    slow.socket.pause();

    let longest = 0;
    let pushed = 0;
    while (await echo.metric('sendline_slow_readers_cut_total') === 0) {
        assert.ok(pushed < 64 * MIB, 'it is never cut off');
        pusher.send('push a 16384 16');
        for (let i = 0; i < 16; i++) {
            assert.equal((await good.message()).length, 16384);
        }
        const since = Date.now();
        assert.equal(await pusher.message(), 'pushed');
        assert.equal(await pusher.say('quick'), 'quick');
        longest = Math.max(longest, Date.now() - since);
        pushed += 16 * 16384;
    }
    // The bound, and what the kernel and TLS hold on both sides of the socket.
    assert.ok(pushed < 16 * MIB, `${pushed} bytes`);
    assert.ok(echo.grown(before) < 8 * MIB, `${echo.grown(before)} bytes more`);
    assert.ok(longest < 1000, `the others waited ${longest} ms`);
    slow.socket.resume();
    await slow.closed(10000);
    assert.equal(await good.say('still here'), 'still here');
    await echo.untilLogged('slow reader cut');

    // Many of them are one line in the log.
    for (let i = 0; i < 5; i++) {
        const another = await echo.socket();
        assert.equal(await another.say('in b s'), 'in');
        another.socket.pause();
        for (let j = 0; j < 40; j++) {
            assert.equal(await pusher.say('push b 262144 1'), 'pushed');
        }
        another.end();
    }
    assert.ok(await echo.metric('sendline_slow_readers_cut_total') >= 5);
    assert.equal(echo.logged('slow reader cut').length, 1);
    good.end();
    pusher.end();
});

test('one who asks and does not read the answers is cut off, too', async (t) => {
    const echo = await Echo.start(t, { send_queue_bytes: MIB });
    const greedy = await echo.socket();
    greedy.socket.pause();
    const before = echo.memory();
    greedy.write(Buffer.concat(Array.from({ length: 3000 }, () => frame(TEXT, 'big 262144'))));
    for (let i = 0; await echo.metric('sendline_slow_readers_cut_total') === 0; i++) {
        assert.ok(i < 200, 'it is never cut off');
        await sleep(20);
    }
    assert.ok(echo.grown(before) < 16 * MIB, `${echo.grown(before)} bytes more`);
    greedy.end();
});

test('one answer larger than the bound still goes out', async (t) => {
    const echo = await Echo.start(t, { send_queue_bytes: 65536 });
    const socket = await echo.socket();
    assert.equal((await socket.say('big 1048576')).length, MIB);
    assert.equal(await socket.say('next'), 'next');
    socket.end();
});

test('timers are kept while the loop has always something to do', async (t) => {
    const echo = await Echo.start(t);
    let going = true;
    // Frames that cost the server more than they cost us, without a pause.
    const pongs = Buffer.concat(Array.from({ length: 20000 }, () => frame(PONG, '')));
    const load = Promise.all([1, 2].map(async () => {
        const socket = await echo.socket();
        while (going) {
            if (!socket.socket.write(pongs)) {
                await new Promise((drained) => socket.socket.once('drain', drained));
            }
        }
        socket.end();
    }));
    await sleep(1000);
    const processor = echo.processor();
    const silent = await echo.raw();
    const since = Date.now();
    await silent.closed(25000);
    const took = Date.now() - since;
    const busy = echo.processor() - processor;
    going = false;
    await load;
    assert.ok(took < 13000, `${took} ms`);
    t.diagnostic(`the loop was busy for ${busy.toFixed(1)} of ${(took / 1000).toFixed(1)} seconds`);
});

test('2,000 connections from one address are bounded, and logged once', async (t) => {
    const echo = await Echo.start(t, { connections_per_address: 200 });
    const mine = await echo.socket('public', {}, { localAddress: '127.0.0.2' });
    const before = echo.memory();
    const processor = echo.processor();
    const sockets = [];
    let refused = 0;
    for (let i = 0; i < 2000; i++) {
        const socket = net.connect({ port: echo.ports.public, host: '127.0.0.1', localAddress: '127.0.0.1' });
        socket.on('error', () => {});
        socket.once('close', () => refused++);
        socket.resume();
        sockets.push(socket);
        if (i % 100 === 0) {
            await sleep(5);
        }
    }
    for (let i = 0; refused < 1800; i++) {
        assert.ok(i < 500, `${refused} refused`);
        await sleep(10);
    }
    assert.equal(await mine.say('another address'), 'another address');
    assert.equal(refused, 1800);
    assert.equal(echo.logged('too many connections from one address').length, 1);
    assert.match(echo.logged('too many connections from one address')[0], /limit=200/);
    assert.ok(!echo.log.includes('127.0.0.1'), 'addresses are not logged');
    assert.ok(echo.grown(before) < 16 * MIB);
    assert.ok(echo.processor() - processor < 2);
    sockets.forEach((socket) => socket.destroy());
    await sleep(300);
    // And then they are free again.
    const again = await echo.socket('public', {}, { localAddress: '127.0.0.1' });
    assert.equal(await again.say('room again'), 'room again');
    again.end();
    mine.end();
});

test('connections in all are bounded, and logged once', async (t) => {
    const echo = await Echo.start(t, { connections: 50, connections_per_address: 1000 });
    const sockets = [];
    for (let i = 0; i < 50; i++) {
        sockets.push(await echo.socket(i % 2 === 0 ? 'public' : 'staff'));
    }
    for (let i = 0; i < 20; i++) {
        await assert.rejects(echo.raw());
    }
    assert.equal(echo.logged('too many connections').length, 1);
    for (const [i, socket] of sockets.entries()) {
        assert.equal(await socket.say(`${i}`), `${i}`);
    }
    sockets.pop().end();
    await sleep(200);
    const raw = await echo.raw();
    raw.end();
    sockets.forEach((socket) => socket.end());
});

test('when files run out, accepting pauses calmly and goes on by itself', async (t) => {
    const echo = await Echo.start(t);
    const socket = await echo.socket();
    assert.equal(await socket.say('before'), 'before');
    echo.process.kill('SIGUSR1'); // from now on as few files as that
    await sleep(100);
    const waiting = Array.from({ length: 100 }, () => new Raw({ port: echo.ports.public, ca: echo.ca }));
    waiting.forEach((raw) => raw.socket.on('error', () => {}));
    await echo.untilLogged('cannot accept connections');
    const processor = echo.processor();
    await sleep(4000);
    assert.ok(echo.processor() - processor < 0.5, `${echo.processor() - processor} seconds of processor`);
    assert.equal(echo.logged('cannot accept connections').length, 1);
    assert.equal(await socket.say('meanwhile'), 'meanwhile');
    waiting.forEach((raw) => raw.end());
    const late = await echo.raw();
    late.end();
    socket.end();
});

test('a client that hangs up half in the middle of an answer does not make the loop spin', async (t) => {
    const echo = await Echo.start(t, ({ folder }) => ({ web_dir: makeBigWeb(join(folder, 'big'), 15 * MIB) }));
    const raws = await Promise.all(Array.from({ length: 5 }, async () => {
        const raw = await echo.raw();
        raw.socket.pause();
        raw.write(request('GET', '/assets/big', { Host: echo.authority() }));
        await sleep(100);
        raw.socket.end('what comes behind');
        return raw;
    }));
    await sleep(1500);
    const processor = echo.processor();
    await sleep(3000);
    assert.ok(echo.processor() - processor < 0.5, `${echo.processor() - processor} seconds of processor`);
    raws.forEach((raw) => raw.end());
});

test('what takes its time', { concurrency: true }, async (t) => {
    const running = [
        t.test('a page that nobody reads on is given up, and one that is read slowly is not', async (s) => {
            const echo = await Echo.start(s, ({ folder }) => ({ web_dir: makeBigWeb(join(folder, 'big'), 15 * MIB) }));
            const stuck = await echo.raw();
            stuck.socket.pause();
            stuck.write(request('GET', '/assets/big', { Host: echo.authority() }));
            const slow = await echo.raw();
            slow.write(request('GET', '/assets/big', { Host: echo.authority() }));
            const reading = (async () => {
                for (let i = 0; i < 26; i++) {
                    slow.socket.resume();
                    await sleep(10);
                    slow.socket.pause();
                    await sleep(990);
                }
                slow.socket.resume();
                return slow.answer();
            })();
            await sleep(26000);
            assert.equal((await reading).body.length, 15 * MIB);
            slow.end();
            stuck.socket.resume();
            await stuck.closed(5000);
            assert.ok(stuck.received.length < 15 * MIB);
        }),
        t.test('the silent and the slow are hung up on', { concurrency: true }, async (s) => {
            const echo = await Echo.start(s);
            const idle = { Host: echo.authority() };
            /** How long it lasts, in seconds; the log says nothing of it. */
            const lasts = async (raw, most) => Math.round((await raw.closed(most * 1000)) / 1000);

            await Promise.all([
                s.test('no TLS at all: ten seconds', async () => {
                    const socket = net.connect(echo.ports.public, '127.0.0.1');
                    const since = Date.now();
                    await new Promise((done) => socket.once('close', done).resume());
                    assert.ok(Date.now() - since < 15000);
                }),
                s.test('a handshake that never ends', async () => {
                    const socket = net.connect(echo.ports.public, '127.0.0.1');
                    const since = Date.now();
                    const timer = setInterval(() => socket.write('\x16'), 500);
                    socket.write('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03');
                    socket.on('error', () => {});
                    await new Promise((done) => socket.once('close', done).resume());
                    clearInterval(timer);
                    assert.ok(Date.now() - since < 20000);
                }),
                s.test('TLS and then nothing', async () => {
                    assert.ok(await lasts(await echo.raw(), 15) <= 11);
                }),
                s.test('a request that comes letter by letter', async () => {
                    const raw = await echo.raw();
                    const since = Date.now();
                    const text = request('GET', '/', { ...idle, 'X-Long': 'a'.repeat(1000) });
                    for (let i = 0; !raw.ended; i++) {
                        raw.write(text[i % text.length]);
                        await sleep(300);
                        assert.ok(Date.now() - since < 20000, 'still open');
                    }
                }),
                s.test('a connection that is kept and not used', async () => {
                    const raw = await echo.raw();
                    raw.write(request('GET', '/healthz', idle));
                    await raw.answer();
                    assert.ok(await lasts(raw, 15) <= 11);
                }),
                s.test('a body that does not come', async () => {
                    const raw = await echo.raw();
                    raw.write(request('POST', '/session', { ...idle, Origin: `https://${echo.authority()}`,
                        'Content-Type': 'application/json', 'Content-Length': 100 }));
                    assert.ok(await lasts(raw, 40) <= 32);
                }),
                s.test('a body that comes letter by letter', async () => {
                    const raw = await echo.raw();
                    raw.write(request('POST', '/session', { ...idle, Origin: `https://${echo.authority()}`,
                        'Content-Type': 'application/json', 'Content-Length': 1000 }));
                    const since = Date.now();
                    while (!raw.ended) {
                        raw.write(' ');
                        await sleep(500);
                        assert.ok(Date.now() - since < 40000, 'still open');
                    }
                }),
                s.test('a frame that comes letter by letter: a minute', async () => {
                    const socket = await echo.socket();
                    const since = Date.now();
                    const bytes = frame(TEXT, 'x'.repeat(1000));
                    let at = 0;
                    const timer = setInterval(() => socket.write(bytes.subarray(at, ++at)), 500);
                    s.after(() => clearInterval(timer));
                    socket.patienceMs = 75000;
                    assert.equal(await socket.closeCode(), 1008);
                    assert.ok(Date.now() - since > 55000);
                    socket.end();
                }),
                s.test('and others are served meanwhile', async () => {
                    const socket = await echo.socket();
                    for (let i = 0; i < 100; i++) {
                        const since = Date.now();
                        assert.equal(await socket.say(`${i}`), `${i}`);
                        assert.ok(Date.now() - since < 1000);
                        await sleep(100);
                    }
                    socket.end();
                }),
            ]);
            assert.equal(echo.logged('error').length, 0, echo.log);
        }),
        t.test('pings: who talks is alive, who answers is alive, who does neither is not', { concurrency: true }, async (s) => {
            const echo = await Echo.start(s, { ping_seconds: 2 });

            await Promise.all([
                s.test('silence is tried with a ping and then ended', async () => {
                    const socket = await echo.socket();
                    const since = Date.now();
                    const ping = await socket.next();
                    assert.equal(ping.opcode, PING);
                    assert.ok(Date.now() - since < 4000);
                    await socket.closed(8000);
                    assert.ok(Date.now() - since >= 3000);
                }),
                s.test('one that answers pings lives', async () => {
                    const socket = await echo.socket();
                    for (let i = 0; i < 4; i++) {
                        const ping = await socket.next();
                        assert.equal(ping.opcode, PING);
                        socket.write(frame(PONG, ping.payload));
                    }
                    assert.equal(await socket.say('alive'), 'alive');
                    socket.end();
                }),
                s.test('one that talks and answers no ping lives', async () => {
                    const socket = await echo.socket();
                    for (let i = 0; i < 20; i++) {
                        socket.send(`${i}`);
                        let answer = await socket.next();
                        while (answer.opcode === PING) {
                            answer = await socket.next();
                        }
                        assert.equal(answer.payload.toString(), `${i}`);
                        await sleep(500);
                    }
                    socket.end();
                }),
            ]);
        }),
        t.test('a session that is not used is ended, counting all its connections', async (s) => {
            const echo = await Echo.start(s);
            const [quiet, busy, other] = await Promise.all(Array.from({ length: 3 }, () => echo.socket()));
            assert.equal(await quiet.say('idle 3'), 'in');
            assert.equal(await busy.say('idle 3'), 'in');
            for (let i = 0; i < 10; i++) {
                assert.equal(await busy.say('working'), 'working');
                await sleep(500);
            }
            assert.equal(quiet.received.length, 0, 'the session is in use, elsewhere');
            const since = Date.now();
            assert.equal(await quiet.closeCode(), 1000);
            assert.equal(await busy.closeCode(), 1000);
            assert.ok(Date.now() - since < 6000);
            assert.equal(await other.say('no session'), 'no session');
            other.end();
        }),
    ];
    await Promise.all(running);
});
