/** Who is behind a proxy: believed only from proxies that were named, and then counted and throttled alone. */
import assert from 'node:assert/strict';
import test from 'node:test';

import { Echo } from '../support/echo.mjs';

/** As the connection knows its client, when it comes from `localAddress` and says this of itself. */
async function peer(echo, localAddress, forwarded) {
    const socket = await echo.socket('public', { 'X-Forwarded-For': forwarded }, { localAddress });
    const text = await socket.say('peer');
    socket.end();
    return text;
}

test('X-Forwarded-For counts only from configured proxies', async (t) => {
    const echo = await Echo.start(t, { trusted_proxies: '127.0.0.5, 192.0.2.77' });

    await t.test('what anybody else writes is not believed', async () => {
        assert.equal(await peer(echo, '127.0.0.1', '203.0.113.9'), '127.0.0.1');
        assert.equal(await peer(echo, '127.0.0.6', '127.0.0.5'), '127.0.0.6');
    });

    await t.test('a proxy names its client, and what stands left of that may be made up', async () => {
        const cases = [
            ['203.0.113.9', '203.0.113.9'],
            ['10.0.0.1, 203.0.113.9', '203.0.113.9'],
            ['203.0.113.9, 192.0.2.77', '203.0.113.9'], // a second proxy of ours
            [['10.0.0.1', '203.0.113.9'], '203.0.113.9'],
            ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'], // one line has its whole /64
            ['::ffff:203.0.113.9', '203.0.113.9'],
        ];
        for (const [header, client] of cases) {
            assert.equal(await peer(echo, '127.0.0.5', header), client, String(header));
        }
    });

    await t.test('what is no address leaves the proxy\'s own', async () => {
        for (const header of [undefined, '', 'unknown', '203.0.113.9:1234', '203.0.113.9, unknown', '1.2.3', '192.0.2.77',
            `${'1.1.1.1, '.repeat(100)}203.0.113.9`]) {
            assert.equal(await peer(echo, '127.0.0.5', header), '127.0.0.5', header);
        }
    });
});

test('connections are counted by who is behind the proxy', async (t) => {
    const echo = await Echo.start(t, { trusted_proxies: '127.0.0.5', connections_per_address: 3 });
    const open = (forwarded, localAddress = '127.0.0.5') =>
        echo.socket('public', { 'X-Forwarded-For': forwarded }, { localAddress });
    const sockets = [];
    for (const client of ['203.0.113.1', '203.0.113.1', '203.0.113.1', '203.0.113.2']) {
        sockets.push(await open(client));
    }
    await assert.rejects(open('203.0.113.1'), { status: 429 });
    sockets.push(await open('203.0.113.2'));
    sockets.push(await open('2001:db8::1'), await open('2001:db8::2'), await open('2001:db8::3'));
    await assert.rejects(open('2001:db8::ffff'), { status: 429 });
    sockets[0].end();
    for (let i = 0; ; i++) {
        const again = await open('203.0.113.1').catch(() => null);
        if (again) {
            again.end();
            break;
        }
        assert.ok(i < 100, 'there is never room again');
    }
    // The proxy's own connections have no such bound, and neither has its next client.
    sockets.push(...await Promise.all(Array.from({ length: 10 }, () => open(undefined))));
    assert.ok(!echo.log.includes('203.0.113'), 'addresses are not logged');
    sockets.forEach((socket) => socket.end());
});
