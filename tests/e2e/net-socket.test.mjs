/** Upgrades and frames: what is taken as a WebSocket, and what may be said on one. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Echo } from '../support/echo.mjs';
import { BINARY, CLOSE, frame, PING, PONG, request, TEXT } from '../support/raw.mjs';

const MAX_FRAME = 262144;

test('upgrades', async (t) => {
    const echo = await Echo.start(t);
    const refused = async (status, headers, { listener = 'public', path = '/ws', method = 'GET' } = {}) => {
        const raw = await echo.raw(listener);
        raw.write(request(method, path, echo.upgrade(listener, headers)));
        const answer = await raw.answer();
        assert.equal(answer.status, status, JSON.stringify({ headers, path }));
        await raw.closed();
        return answer;
    };

    await t.test('a good one is taken on both listeners', async () => {
        for (const listener of ['public', 'staff']) {
            const socket = await echo.socket(listener);
            assert.equal(socket.answered.headers['sec-websocket-accept'], 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
            assert.equal(socket.answered.headers['sec-websocket-protocol'], 'sendline.v1');
            assert.equal(socket.answered.headers['sec-websocket-extensions'], undefined);
            assert.equal(await socket.say('hello'), 'hello');
            socket.end();
        }
        const socket = await echo.socket('public', { Connection: 'keep-alive, Upgrade', Upgrade: 'WebSocket',
            'Sec-WebSocket-Extensions': 'permessage-deflate' });
        assert.equal(socket.answered.headers['sec-websocket-extensions'], undefined, 'nothing is compressed');
        socket.end();
    });

    await t.test('the subprotocol has to be ours, and alone', async () => {
        for (const protocol of [undefined, '', 'http', 'sendline.v2', 'SENDLINE.V1', 'sendline.v1, http', 'x, sendline.v1',
            ',sendline.v1', 'sendline.v1,']) {
            await refused(400, { 'Sec-WebSocket-Protocol': protocol });
        }
        await refused(400, { 'Sec-WebSocket-Protocol': ['sendline.v1', 'sendline.v1'] });
    });

    await t.test('pages of other origins are refused', async () => {
        for (const origin of ['https://elsewhere.example', `http://${echo.authority()}`, 'null', undefined, '',
            `https://${echo.authority()}/`, `https://${echo.authority('staff')}`, 'https://localhost',
            `https://${echo.authority()}.elsewhere.example`, `https://elsewhere.example/https://${echo.authority()}`]) {
            await refused(403, { Origin: origin });
        }
        await refused(403, { Origin: [`https://${echo.authority()}`, 'https://elsewhere.example'] });
    });

    await t.test('staff programs name no origin, and browsers at the staff listener only its own', async () => {
        (await echo.socket('staff')).end();
        (await echo.socket('staff', { Origin: `https://${echo.authority('staff')}` })).end();
        for (const origin of ['https://elsewhere.example', `https://${echo.authority()}`, 'null']) {
            await refused(403, { Origin: origin }, { listener: 'staff' });
        }
    });

    await t.test('the host has to be ours', async () => {
        for (const host of ['elsewhere.example', 'localhost', echo.authority('staff'), undefined,
            `elsewhere.example, ${echo.authority()}`]) {
            await refused(421, { Host: host });
        }
        // The listener is where the connection came in, whatever it says about the host.
        await refused(421, { Host: echo.authority('public') }, { listener: 'staff' });
    });

    await t.test('path, key, version and headers have to be right', async () => {
        await refused(404, {}, { path: '/' });
        await refused(404, {}, { path: '/ws/' });
        await refused(404, {}, { path: '/messages' });
        await refused(404, {}, { path: '/ws', method: 'POST' });
        await refused(400, { Connection: 'close' });
        await refused(400, { Connection: undefined });
        for (const key of [undefined, '', 'short', 'x'.repeat(25)]) {
            await refused(400, { 'Sec-WebSocket-Key': key });
        }
        for (const version of [undefined, '8', '14', '13, 14']) {
            const { headers } = await refused(426, { 'Sec-WebSocket-Version': version });
            assert.equal(headers['sec-websocket-version'], '13');
        }
    });

    await t.test('there is no way to HTTP/2 and to nothing else either', async () => {
        for (const upgrade of ['h2c', 'H2C', 'h2', 'TLS/1.2', 'websocket2', 'websocket, h2c', 'h2c, websocket', '']) {
            const raw = await echo.raw();
            raw.write(request('GET', '/ws', echo.upgrade('public', { Upgrade: upgrade,
                Connection: 'Upgrade, HTTP2-Settings', 'HTTP2-Settings': 'AAMAAABkAARAAAAAAAIAAAAA' })));
            const { status } = await raw.answer();
            assert.notEqual(status, 101, upgrade);
            raw.end();
        }
        const raw = await echo.raw('public', { ALPNProtocols: ['h2', 'http/1.1'] });
        assert.equal(raw.socket.alpnProtocol, 'http/1.1');
        raw.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
        await raw.closed();
        assert.ok(!raw.received.includes(Buffer.from([0, 0, 0, 4, 1])), 'no settings frame');
    });

    await t.test('what follows a refused upgrade is not read as another request', async () => {
        const raw = await echo.raw();
        raw.write(request('GET', '/ws', echo.upgrade('public', { Origin: 'https://elsewhere.example' })) +
            request('GET', '/healthz', { Host: echo.authority() }));
        assert.equal((await raw.answer()).status, 403);
        await raw.closed();
        assert.equal(raw.received.length, 0);
    });

    await t.test('the session cookie of the handshake reaches the connection', async () => {
        const cases = [
            ['__Host-sendline=AbC-_123', 'AbC-_123'],
            ['a=b; __Host-sendline=AbC-_123; c=d', 'AbC-_123'],
            ['x__Host-sendline=no; __Host-sendline=yes', 'yes'],
            ['__host-sendline=no', ''],
            ['__Host-sendline=', ''],
            [`__Host-sendline=${'x'.repeat(60)}`, ''],
            ['a="__Host-sendline=no"', ''],
            [undefined, ''],
        ];
        for (const [cookie, expected] of cases) {
            const socket = await echo.socket('public', { Cookie: cookie });
            assert.equal(await socket.say('cookie'), expected, cookie);
            socket.end();
        }
    });
});

test('frames', async (t) => {
    const echo = await Echo.start(t);
    const socketClosed = async (bytes, code, before = async () => {}) => {
        const socket = await echo.socket();
        await before(socket);
        socket.write(bytes);
        assert.equal(await socket.closeCode(), code);
        socket.end();
    };
    /** Nothing that another connection notices. */
    t.afterEach(async () => {
        const socket = await echo.socket();
        assert.equal(await socket.say('still here'), 'still here');
        socket.end();
    });

    await t.test('lengths of one, two and eight bytes, up to the longest frame', async () => {
        const socket = await echo.socket();
        for (const length of [1, 125, 126, 127, 2047, 2048, 4096, 4097, 16384, 65535, 65536, MAX_FRAME]) {
            const text = 'é'.repeat(length / 2).padEnd(length - Math.floor(length / 2), 'x');
            assert.equal(Buffer.byteLength(text), length);
            assert.equal(await socket.say(text), text, `${length} bytes`);
        }
        socket.end();
    });

    await t.test('a frame in pieces down to single bytes is one frame', async () => {
        const socket = await echo.socket();
        await socket.dribble(frame(TEXT, 'a word in single bytes'), 1);
        assert.equal(await socket.message(), 'a word in single bytes');
        const long = 'long '.repeat(3000);
        for (const size of [7, 100, 1500, 2048, 4096]) {
            await socket.dribble(frame(TEXT, long), size === 7 ? 61 : size, 0);
            assert.equal(await socket.message(), long, `pieces of ${size}`);
        }
        socket.end();
    });

    await t.test('many frames in one piece are many frames, in their order', async () => {
        const socket = await echo.socket();
        const texts = Array.from({ length: 300 }, (_, i) => `${i} ${'x'.repeat((i * 37) % 2500)}`);
        socket.write(Buffer.concat(texts.map((text) => frame(TEXT, text))));
        for (const text of texts) {
            assert.equal(await socket.message(), text);
        }
        socket.end();
    });

    await t.test('the first frames may come with the upgrade', async () => {
        const raw = await echo.raw();
        raw.write(Buffer.concat([Buffer.from(request('GET', '/ws', echo.upgrade())), frame(TEXT, 'early')]));
        assert.equal((await raw.answer()).status, 101);
        const bytes = await raw.take(2 + 5);
        assert.equal(bytes.subarray(2).toString(), 'early');
        raw.end();
    });

    await t.test('a message in continuations is put together, with pings in between', async () => {
        const socket = await echo.socket();
        socket.write(Buffer.concat([frame(TEXT, 'one ', { fin: false }), frame(0, 'two ', { fin: false }),
            frame(PING, 'are you there'), frame(0, '', { fin: false }), frame(0, 'three')]));
        const pong = await socket.next();
        assert.equal(pong.opcode, PONG);
        assert.equal(pong.payload.toString(), 'are you there');
        assert.equal(await socket.message(), 'one two three');
        socket.end();
    });

    await t.test('an empty frame is a frame', async () => {
        const socket = await echo.socket();
        assert.equal(await socket.say(''), '');
        assert.equal(await socket.say('next'), 'next');
        socket.end();
    });

    await t.test('binary frames are refused with 1003', async () => {
        await socketClosed(frame(BINARY, 'bytes'), 1003);
        await socketClosed(frame(BINARY, ''), 1003);
        await socketClosed(frame(BINARY, 'x'.repeat(10000), { fin: false }), 1003);
    });

    await t.test('text that is not UTF-8 is refused with 1007, wherever it is cut', async () => {
        for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]]) {
            await socketClosed(frame(TEXT, Buffer.from(bytes)), 1007);
            await socketClosed(frame(TEXT, Buffer.concat([Buffer.alloc(5000, 'x'), Buffer.from(bytes)])), 1007);
        }
        await socketClosed(Buffer.concat([frame(TEXT, Buffer.from([0xe2, 0x82]), { fin: false }),
            frame(0, Buffer.from([0x41]))]), 1007);
        const socket = await echo.socket();
        socket.write(Buffer.concat([frame(TEXT, Buffer.from([0xe2, 0x82]), { fin: false }), frame(0, Buffer.from([0xac]))]));
        assert.equal(await socket.message(), '€', 'a letter may be cut by frames');
        socket.end();
    });

    await t.test('a frame that is too long is refused with 1009 at its head', async () => {
        const before = echo.memory();
        for (const length of [MAX_FRAME + 1, 1e6, 1e9, 2 ** 40]) {
            await socketClosed(frame(TEXT, 'xx', { length }), 1009);
        }
        await socketClosed(frame(TEXT, 'x'.repeat(MAX_FRAME + 1)), 1009);
        // Ten at once that go on sending.
        await Promise.all(Array.from({ length: 10 }, async () => {
            const socket = await echo.socket();
            socket.write(frame(TEXT, 'x'.repeat(100000), { length: 1e9 }));
            assert.equal(await socket.closeCode(), 1009);
            socket.end();
        }));
        assert.ok(echo.grown(before) < 16 << 20, `${echo.grown(before)} bytes more`);
    });

    await t.test('continuations without end are refused with 1009', async () => {
        const socket = await echo.socket();
        socket.write(frame(TEXT, 'x'.repeat(1000), { fin: false }));
        const more = frame(0, 'x'.repeat(1000), { fin: false });
        for (let i = 0; i < 300; i++) {
            socket.write(more);
        }
        assert.equal(await socket.closeCode(), 1009);
        socket.end();
    });

    await t.test('empty continuations without end cost nothing, and the message still has to come in time', async () => {
        const socket = await echo.socket();
        const before = echo.memory();
        socket.write(frame(TEXT, 'x', { fin: false }));
        const empty = Buffer.concat(Array.from({ length: 10000 }, () => frame(0, '', { fin: false })));
        for (let i = 0; i < 10; i++) {
            socket.write(empty);
        }
        socket.write(frame(0, 'y'));
        assert.equal(await socket.message(), 'xy');
        assert.ok(echo.grown(before) < 4 << 20);
        socket.end();
    });

    await t.test('frames without a mask are taken for what they say', async () => {
        // libwebsockets does not look, and masks are against proxies that read along, which TLS keeps out.
        const socket = await echo.socket();
        for (const text of ['no mask', '', 'x'.repeat(300), 'x'.repeat(70000)]) {
            socket.write(frame(TEXT, text, { mask: false }));
            assert.equal(await socket.message(), text);
            assert.equal(await socket.say('with a mask again'), 'with a mask again');
        }
        await socketClosed(frame(TEXT, Buffer.from([0xff]), { mask: false }), 1007);
        await socketClosed(frame(TEXT, 'x'.repeat(300000), { mask: false }), 1009);
        socket.end();
    });

    await t.test('what no frame may be ends the connection', async () => {
        const cases = [
            Buffer.concat([frame(TEXT, 'a', { fin: false }), frame(TEXT, 'b')]), // a message within a message
            frame(0, 'continues nothing'),
            frame(3, 'no such opcode'),
            frame(11, 'no such opcode'),
            Buffer.concat([Buffer.from([0xc1]), frame(TEXT, 'reserved bit').subarray(1)]),
            frame(PING, 'x'.repeat(126)), // control frames are short
            frame(PING, 'x', { fin: false }), // and whole
        ];
        for (const [i, bytes] of cases.entries()) {
            const socket = await echo.socket();
            socket.write(bytes);
            const code = await socket.closeCode().catch(() => 0); // 0: without a word
            assert.ok([0, 1002].includes(code), `case ${i}: ${code}`);
            socket.end();
        }
    });

    await t.test('a close is answered with a close', async () => {
        const socket = await echo.socket();
        socket.write(frame(CLOSE, Buffer.from([0x03, 0xe8])));
        assert.equal(await socket.closeCode(), 1000);
        assert.ok(await socket.closed() < 2000);
    });

    await t.test('what comes after a close is not obeyed', async () => {
        const other = await echo.socket();
        assert.equal(await other.say('in a s'), 'in');
        const socket = await echo.socket();
        socket.write(Buffer.concat([frame(CLOSE, Buffer.from([0x03, 0xe8])), frame(TEXT, 'push a 5 1')]));
        await socket.closed(5000);
        await sleep(100);
        assert.equal(other.received.length, 0);
        other.end();
    });

    await t.test('a program that earns it is closed with 1008, behind its answers', async () => {
        const socket = await echo.socket();
        socket.write(Buffer.concat([frame(TEXT, 'one'), frame(TEXT, 'refuse')]));
        assert.equal(await socket.message(), 'one');
        assert.equal(await socket.message(), 'refuse');
        assert.equal(await socket.closeCode(), 1008);
        socket.end();
    });

    await t.test('answers from other threads find their connection, or nobody', async () => {
        const sockets = await Promise.all(Array.from({ length: 20 }, () => echo.socket()));
        const answers = sockets.map((socket, i) => socket.say(`later ${(20 - i) * 5} to ${i}`));
        assert.deepEqual(await Promise.all(answers), sockets.map((_, i) => `to ${i}`));
        for (const socket of sockets) {
            socket.send('later 50 too late');
        }
        await sleep(10);
        sockets.forEach((socket) => socket.end());
        await sleep(100);
    });

    await t.test('events go to every connection of an account, wherever it is, and to no other', async () => {
        const sockets = await Promise.all(['in a s', 'in a t', 'in b u'].map(async (words) => {
            const socket = await echo.socket();
            assert.equal(await socket.say(words), 'in');
            return socket;
        }));
        const pusher = await echo.socket();
        assert.equal(await pusher.say('push a 10 3'), 'pushed');
        for (const socket of sockets.slice(0, 2)) {
            for (let i = 0; i < 3; i++) {
                assert.equal(await socket.message(), 'x'.repeat(10));
            }
        }
        assert.equal(await sockets[2].say('nothing'), 'nothing');
        // Whoever signs in as somebody else hears of them, and no longer of the first.
        assert.equal(await sockets[0].say('in b u'), 'in');
        assert.equal(await pusher.say('push a 7 1'), 'pushed');
        assert.equal(await sockets[0].say('quiet'), 'quiet');
        assert.equal(await sockets[1].message(), 'x'.repeat(7));
        sockets.forEach((socket) => socket.end());
        pusher.end();
    });

    await t.test('a session that ends closes its other connections, after telling them', async () => {
        const sockets = await Promise.all(['in a s', 'in a s', 'in a t'].map(async (words) => {
            const socket = await echo.socket();
            assert.equal(await socket.say(words), 'in');
            return socket;
        }));
        assert.equal(await sockets[0].say('end s'), 'ended');
        assert.equal(await sockets[1].message(), '{"event":"session.ended","data":{}}');
        assert.equal(await sockets[1].closeCode(), 1000);
        assert.equal(await sockets[0].say('still'), 'still');
        assert.equal(await sockets[2].say('still'), 'still');
        sockets.forEach((socket) => socket.end());
    });
});

test('several loops are one service', async (t) => {
    const echo = await Echo.start(t, { loops: 3 });
    const sockets = await Promise.all(Array.from({ length: 24 }, () => echo.socket()));
    for (const socket of sockets) {
        assert.equal(await socket.say('in a s'), 'in');
    }
    assert.equal(await sockets[0].say('push a 20 1').then((first) => first.length), 20);
    assert.equal(await sockets[0].message(), 'pushed');
    for (const socket of sockets.slice(1)) {
        assert.equal(await socket.message(), 'x'.repeat(20));
    }
    assert.equal(await sockets[0].say('end s'), 'ended');
    for (const socket of sockets.slice(1)) {
        assert.equal(await socket.message(), '{"event":"session.ended","data":{}}');
        assert.equal(await socket.closeCode(), 1000);
        socket.end();
    }
    assert.equal(await sockets[0].say('last'), 'last');
    sockets[0].end();
});
