/** HTTP beside the socket: what every answer carries, what is served and how, what is refused and how. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

import { Echo } from '../support/echo.mjs';
import { request } from '../support/raw.mjs';

const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'; " +
    "style-src 'self'; img-src 'self' blob:; font-src 'self'; form-action 'self'; base-uri 'none'; " +
    "frame-ancestors 'none'; require-trusted-types-for 'script'";

/** On every answer, whoever made it. */
function assertSecure(headers, what) {
    const { 'content-security-policy': policy } = headers;
    assert.ok(policy?.startsWith(`${POLICY}; trusted-types `), `${what}: ${policy}`);
    assert.ok(!policy.includes('unsafe-inline') && !policy.includes("'allow-duplicates'"), what);
    assert.match(headers['strict-transport-security'] ?? '', /^max-age=\d{8}$/, what);
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin', what);
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin', what);
    assert.equal(headers['referrer-policy'], 'no-referrer', what);
    assert.equal(headers['x-content-type-options'], 'nosniff', what);
    assert.match(headers['permissions-policy'] ?? '', /camera=\(\), .*microphone=\(\)/, what);
}

const json = (ticket) => {
    const body = JSON.stringify({ ticket });
    return [{ 'Content-Type': 'application/json', 'Content-Length': body.length }, { body }];
};

test('HTTP', async (t) => {
    const echo = await Echo.start(t, { own_device_idle_days: 14 });
    const origin = { Origin: `https://${echo.authority()}` };
    const post = (path, headers, options) => echo.ask('POST', path, { ...origin, ...headers }, options);

    await t.test('every answer has all the security headers, errors and refusals included', async () => {
        const cases = [
            ['200', 200, request('GET', '/', { Host: echo.authority() })],
            ['HEAD', 200, request('HEAD', '/', { Host: echo.authority() })],
            ['304', 304, request('GET', '/', { Host: echo.authority(), 'If-None-Match': '*' })],
            ['404', 404, request('GET', '/nothing.js', { Host: echo.authority() })],
            ['405', 405, request('PUT', '/', { Host: echo.authority() })],
            ['405 of /session', 405, request('GET', '/session', { Host: echo.authority() })],
            ['400', 400, request('GET', '/%00a', { Host: echo.authority() })],
            ['411', 411, request('POST', '/session', { Host: echo.authority(), ...origin })],
            ['413', 413, request('POST', '/session', { Host: echo.authority(), ...origin, 'Content-Length': 1e6 })],
            ['414', 414, request('GET', `/${'a'.repeat(3000)}`, { Host: echo.authority() })],
            ['415', 415, request('POST', '/session', { Host: echo.authority(), ...origin, 'Content-Length': 2 }, '{}')],
            ['421', 421, request('GET', '/', { Host: 'elsewhere.example' })],
            ['426', 426, request('GET', '/ws', { Host: echo.authority() })],
            ['431', 431, request('GET', '/', { Host: echo.authority(), Cookie: 'a'.repeat(9000) })],
            ['/healthz', 200, request('GET', '/healthz', { Host: echo.authority() })],
            ['/metrics', 200, request('GET', '/metrics', { Host: echo.authority() })],
            ['/metrics, refused', 403, request('GET', '/metrics', { 'X-Forwarded-For': '192.0.2.1' })],
            ['POST /session', 204, request('POST', '/session', { Host: echo.authority(), ...origin, ...json('good')[0] },
                json('good')[1].body)],
            ['POST /session, refused', 403, request('POST', '/session', { Host: echo.authority(), ...origin,
                ...json('bad')[0] }, json('bad')[1].body)],
            ['upgrade', 101, request('GET', '/ws', echo.upgrade())],
            ['upgrade, refused', 403, request('GET', '/ws', echo.upgrade('public', { Origin: 'https://x.example' }))],
            ['upgrade to h2c', 403, request('GET', '/', { Host: echo.authority(), Upgrade: 'h2c', Connection: 'Upgrade' })],
        ];
        for (const [what, status, text] of cases) {
            const raw = await echo.raw();
            raw.write(text);
            const answer = await raw.answer({ head: text.startsWith('HEAD') });
            raw.end();
            assert.equal(answer.status, status, what);
            assertSecure(answer.headers, what);
            assert.notEqual(answer.headers.server, 'libwebsockets', what);
        }
        // Those that libwebsockets answers by itself, before anybody is asked.
        for (const text of ['nonsense\r\n\r\n', request('TRACE', '/', {}), request('GET', 'https://localhost/', {}),
            request('GET', '/', { Host: echo.authority(), Upgrade: 'telnet', Connection: 'Upgrade' })]) {
            const raw = await echo.raw();
            raw.write(text);
            await raw.closed();
            const [head] = raw.received.toString('latin1').split('\r\n\r\n');
            const headers = Object.fromEntries(head.split('\r\n').slice(1)
                .map((line) => line.split(/: (.*)/).slice(0, 2)).map(([name, value]) => [name.toLowerCase(), value]));
            assert.match(head, /^HTTP\/1\.[01] 403 /);
            assertSecure(headers, text);
        }
    });

    await t.test('a page is filled in and escaped, and asked for again each time', async () => {
        const page = await echo.ask('GET', '/');
        assert.equal(page.status, 200);
        assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
        assert.equal(page.headers['cache-control'], 'no-cache');
        assert.match(page.body.toString(), /^<title>Anyshire &lt;Council&gt;<\/title>/);
    });

    await t.test('what is hashed is kept for ever', async () => {
        const script = await echo.ask('GET', '/assets/app-1234.js');
        assert.equal(script.headers['cache-control'], 'public, max-age=31536000, immutable');
        assert.equal(script.headers['content-type'], 'text/javascript; charset=utf-8');
        assert.equal(script.body.toString(), echo.web.script);
    });

    await t.test('the smallest coding that the browser takes', async () => {
        const cases = [
            ['gzip, deflate, br', 'br', brotliDecompressSync],
            ['gzip', 'gzip', gunzipSync],
            ['GZIP', 'gzip', gunzipSync],
            ['br;q=0, gzip;q=0.5', 'gzip', gunzipSync],
            ['br;q=0.0, gzip;q=0', undefined, (bytes) => bytes],
            ['deflate, brotli, xgzip', undefined, (bytes) => bytes],
            ['', undefined, (bytes) => bytes],
        ];
        for (const [accepted, coding, open] of cases) {
            const { headers, body } = await echo.ask('GET', '/assets/app-1234.js', { 'Accept-Encoding': accepted });
            assert.equal(headers['content-encoding'], coding, accepted);
            assert.equal(headers.vary, 'accept-encoding', accepted);
            assert.equal(open(body).toString(), echo.web.script, accepted);
        }
        const page = await echo.ask('GET', '/', { 'Accept-Encoding': 'gzip, br' });
        assert.equal(page.headers['content-encoding'], 'gzip', 'a page is filled at the start, so compressed then');
        assert.match(gunzipSync(page.body).toString(), /^<title>Anyshire/);
        const picture = await echo.ask('GET', '/assets/dot-1.png', { 'Accept-Encoding': 'gzip, br' });
        assert.equal(picture.headers['content-encoding'], undefined);
    });

    await t.test('what the browser has is not sent again', async () => {
        for (const accepted of ['identity', 'gzip', 'br']) {
            const headers = { 'Accept-Encoding': accepted };
            const { headers: { etag } } = await echo.ask('GET', '/assets/app-1234.js', headers);
            for (const known of [etag, `"other", ${etag}`, `W/${etag}`, '*']) {
                const again = await echo.ask('GET', '/assets/app-1234.js', { ...headers, 'If-None-Match': known });
                assert.equal(again.status, 304, known);
                assert.equal(again.headers.etag, etag);
                assert.equal(again.headers.vary, 'accept-encoding');
                assert.equal(again.headers['cache-control'], 'public, max-age=31536000, immutable');
            }
            const changed = await echo.ask('GET', '/assets/app-1234.js', { ...headers, 'If-None-Match': '"old"' });
            assert.equal(changed.status, 200);
        }
        const tags = await Promise.all(['', 'gzip', 'br'].map(async (accepted) =>
            (await echo.ask('GET', '/assets/app-1234.js', { 'Accept-Encoding': accepted })).headers.etag));
        assert.equal(new Set(tags).size, 3, 'each coding has a tag of its own');
    });

    await t.test('HEAD is the same without the body, and the connection goes on', async () => {
        const raw = await echo.raw();
        const host = { Host: echo.authority() };
        for (const path of ['/', '/assets/app-1234.js', '/nothing', '/healthz']) {
            raw.write(request('HEAD', path, host));
            const head = await raw.answer({ head: true });
            raw.write(request('GET', path, host));
            const get = await raw.answer();
            assert.equal(head.status, get.status, path);
            assert.deepEqual(head.headers, get.headers, path);
            assert.equal(get.body.length, Number(head.headers['content-length']), path);
        }
        raw.end();
    });

    await t.test('pipelined requests are answered in order', async () => {
        const raw = await echo.raw();
        const host = { Host: echo.authority() };
        raw.write(request('GET', '/healthz', host) + request('GET', '/nothing.js', host) + request('GET', '/', host));
        assert.deepEqual([(await raw.answer()).status, (await raw.answer()).status, (await raw.answer()).status],
            [200, 404, 200]);
        raw.end();
    });

    await t.test('routes of the app get its page, and what has a dot is a file or missing', async () => {
        for (const path of ['/messages', '/messages/AAECAwQF', '/messages/a?b=c']) {
            const page = await echo.ask('GET', path);
            assert.equal(page.status, 200, path);
            assert.match(page.body.toString(), /^<title>Anyshire/, path);
        }
        for (const path of ['/messages/', '/messages/app.js', '/nothing', '/manifest.json', '/index.html',
            '/assets/app.js', '/assets/app-1234.js.gz', '/assets/', '/Assets/app-1234.js']) {
            const missing = await echo.ask('GET', path);
            assert.equal(missing.status, 404, path);
            assert.match(missing.body.toString(), /^<title>Not found/, path);
            assert.equal(missing.headers.etag, undefined);
            assert.equal(missing.headers['cache-control'], 'no-cache');
        }
    });

    await t.test('no path leads out of the table', async () => {
        for (const path of ['/../etc/passwd', '/..%2f..%2fetc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/assets/..%5c..',
            '/assets/../../etc/passwd', '//etc/passwd', '/./manifest.json', '/assets/%252e%252e/manifest.json',
            '/assets/app-1234.js/', '/assets/app-1234.js%00.html', '/%', '/%zz', '/%c0%ae%c0%ae/', '/\xff']) {
            const raw = await echo.raw();
            raw.write(request('GET', path, { Host: echo.authority() }));
            // What is no address at all is hung up on.
            await raw.until(() => (raw.received.includes('\r\n\r\n') || raw.ended ? true : undefined));
            raw.end();
            assert.match(raw.received.toString('latin1'), /^(HTTP\/1\.[01] (400|403|404) |$)/, path);
        }
    });

    await t.test('other methods are refused, and a body where none belongs', async () => {
        for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
            const answer = await echo.ask(method, '/');
            assert.equal(answer.status, 405, method);
            assert.equal(answer.headers.allow, 'GET, HEAD', method);
        }
        assert.equal((await post('/', { 'Content-Length': 0 })).status, 405);
        const session = await echo.ask('GET', '/session');
        assert.equal(session.status, 405);
        assert.equal(session.headers.allow, 'POST');
        assert.equal((await echo.ask('GET', '/', { 'Content-Length': 3 }, { body: 'abc' })).status, 400);
        assert.equal((await echo.ask('GET', '/', { 'Transfer-Encoding': 'chunked' })).status, 400);
        assert.equal((await echo.ask('GET', '/', { 'Content-Length': ['3', '3'] })).status, 400);
        assert.equal((await echo.ask('GET', '/', { 'Content-Length': '-1' })).status, 400);
    });

    await t.test('CONNECT is hung up on, and holds nothing', async () => {
        const raw = await echo.raw();
        raw.write(request('CONNECT', 'localhost:443', { Host: echo.authority() }));
        assert.ok(await raw.closed() < 2000);
        assert.equal(await echo.metric('sendline_connections_open'), 1);
    });

    await t.test('heads over 4 KB are taken, over 8 KB refused, over 16 KB cut off and logged once', async () => {
        const cookie = (n) => ({ Cookie: `a=${'x'.repeat(n)}` });
        assert.equal((await echo.ask('GET', '/', cookie(6000))).status, 200);
        const socket = await echo.socket('public', { Cookie: `a=${'x'.repeat(6000)}; __Host-sendline=AbC-_123` });
        assert.equal(await socket.say('cookie'), 'AbC-_123');
        socket.end();
        assert.equal((await echo.ask('GET', '/', cookie(9000))).status, 431);
        assert.equal((await echo.ask('POST', '/session', { ...origin, ...cookie(9000), 'Content-Length': 2 },
            { body: '{}' })).status, 431);
        await assert.rejects(echo.socket('public', cookie(9000)), { status: 431 });
        assert.equal((await echo.ask('GET', `/?${'a'.repeat(3000)}`)).status, 414);
        for (let i = 0; i < 20; i++) {
            const raw = await echo.raw();
            raw.write(request('GET', '/', { Host: echo.authority(), 'X-Long': 'a'.repeat(30000) }));
            await raw.closed();
            assert.equal(raw.received.length, 0);
        }
        assert.ok(echo.logged('libwebsockets').length <= 1, echo.log);
        assert.equal((await echo.ask('GET', '/')).status, 200);
    });

    await t.test('a request for another host is misdirected', async () => {
        for (const host of ['elsewhere.example', 'localhost', `localhost:${echo.ports.staff}`, `localhost.:${echo.ports.public}`,
            `${echo.authority()}, ${echo.authority()}`, '', undefined]) {
            assert.equal((await echo.ask('GET', '/', { Host: host })).status, 421, host);
            assert.equal((await post('/session', { Host: host, ...json('good')[0] }, json('good')[1])).status, 421, host);
        }
        assert.equal((await echo.ask('GET', '/', { Host: [echo.authority(), echo.authority()] })).status, 421);
        assert.equal((await echo.ask('GET', '/', { Host: `LOCALHOST:${echo.ports.public}` })).status, 200);
        assert.equal((await echo.ask('GET', '/', { Host: `127.0.0.1:${echo.ports.public}` })).status, 200);
    });

    await t.test('the staff listener has no pages and takes no session', async () => {
        const staff = { listener: 'staff' };
        assert.equal((await echo.ask('GET', '/', {}, staff)).status, 404);
        assert.equal((await echo.ask('GET', '/assets/app-1234.js', {}, staff)).status, 404);
        assert.equal((await echo.ask('GET', '/healthz', {}, staff)).status, 200);
        assert.equal((await echo.ask('POST', '/session', { Origin: `https://${echo.authority('staff')}`, ...json('good')[0] },
            { ...staff, ...json('good')[1] })).status, 405);
    });

    await t.test('/metrics is for this machine alone', async () => {
        const { status, headers, body } = await echo.ask('GET', '/metrics', { Host: 'anything' });
        assert.equal(status, 200);
        assert.match(headers['content-type'], /^text\/plain; version=0\.0\.4/);
        for (const line of body.toString().trimEnd().split('\n')) {
            assert.match(line, /^(# TYPE [a-z_]+ (counter|gauge)|[a-z_]+(\{[a-z]+="[a-z0-9]+"\})? \d+)$/);
        }
        assert.match(body.toString(), /^sendline_websockets_open\{listener="public"\} \d+$/m);
        for (const header of ['X-Forwarded-For', 'Forwarded']) {
            assert.equal((await echo.ask('GET', '/metrics', { [header]: 'for=127.0.0.1' })).status, 403, header);
        }
    });

    await t.test('/healthz says when the store does not work', async () => {
        const socket = await echo.socket();
        assert.deepEqual(JSON.parse((await echo.ask('GET', '/healthz')).body), { ok: true });
        await socket.say('store down');
        const down = await echo.ask('GET', '/healthz');
        assert.equal(down.status, 503);
        assert.deepEqual(JSON.parse(down.body), { ok: false, why: 'storage' });
        await socket.say('store up');
        assert.equal((await echo.ask('GET', '/healthz', { Host: 'probe' })).status, 200);
        socket.end();
    });

    await t.test('a ticket becomes a cookie that no script and no other site can use', async () => {
        const good = await post('/session', ...json('good'));
        assert.equal(good.status, 204);
        assert.equal(good.headers['set-cookie'], '__Host-sendline=AbC-_123; Path=/; Secure; HttpOnly; SameSite=Strict');
        assert.equal(good.headers['cache-control'], 'no-store');
        const own = await post('/session', ...json('own'));
        assert.equal(own.headers['set-cookie'],
            '__Host-sendline=AbC-_123; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=1209600');
        const end = await post('/session/end', { 'Content-Length': 0 });
        assert.equal(end.status, 204);
        assert.equal(end.headers['set-cookie'], '__Host-sendline=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0');
    });

    await t.test('what is no ticket gets no cookie', async () => {
        const bad = await post('/session', ...json('bad'));
        assert.equal(bad.status, 403);
        assert.equal(JSON.parse(bad.body).error.code, 'ticket_wrong');
        assert.equal(bad.headers['cache-control'], 'no-store');
        for (const body of ['', '{', '[]', '{"ticket":1}', '{"ticket":""}', `{"ticket":"${'x'.repeat(65)}"}`, '{"ticket":null}',
            '{"ticket":"good","ticket":"good"}', '{"a":{"b":{}},"ticket":"good"}', '{"ticket":"\\u0000"}', '\xff']) {
            const answer = await post('/session', { ...json('')[0], 'Content-Length': Buffer.byteLength(body) }, { body });
            assert.equal(answer.status, 400, body);
            assert.equal(answer.headers['set-cookie'], undefined, body);
            assert.equal(JSON.parse(answer.body).error.code, 'bad_request', body);
        }
    });

    await t.test('only our own page may post', async () => {
        const [headers, options] = json('good');
        for (const foreign of ['https://elsewhere.example', `http://${echo.authority()}`, 'null', undefined,
            `https://${echo.authority('staff')}`, `https://${echo.authority()}.example`]) {
            const answer = await post('/session', { ...headers, Origin: foreign }, options);
            assert.equal(answer.status, 403, foreign);
            assert.equal(answer.headers['set-cookie'], undefined, foreign);
            assert.equal((await post('/session/end', { Origin: foreign, 'Content-Length': 0 })).status, 403, foreign);
        }
        for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', undefined]) {
            assert.equal((await post('/session', { ...headers, 'Content-Type': type }, options)).status, 415, type);
        }
        assert.equal((await post('/session', { ...headers, 'Content-Type': 'application/json; charset=utf-8' }, options)).status,
            204);
    });

    await t.test('bodies are bounded', async () => {
        const [{ 'Content-Type': type }] = json('');
        for (const length of [1e5, 1e9, 1e14]) {
            assert.equal((await post('/session', { 'Content-Type': type, 'Content-Length': length })).status, 413);
        }
        const longest = `{"ticket":"good"}`.padEnd(4096);
        assert.equal((await post('/session', { 'Content-Type': type, 'Content-Length': 4096 }, { body: longest })).status, 204);
        assert.equal((await post('/session', { 'Content-Type': type })).status, 411);
        assert.equal((await post('/session', { 'Content-Type': type, 'Transfer-Encoding': 'chunked' },
            { body: '5\r\nabcde\r\n0\r\n\r\n' })).status, 411);
        // A refused body of moderate length is read, so that the refusal arrives.
        for (const length of [4097, 60000]) {
            assert.equal((await post('/session', { 'Content-Type': type, 'Content-Length': length },
                { body: 'x'.repeat(length) })).status, 413);
        }
        assert.equal((await post('/session', { 'Content-Type': type, 'Content-Length': '5x' }, { body: 'abcde' })).status, 400);
    });

    await t.test('a body may come in pieces, and what comes behind it is another request', async () => {
        const raw = await echo.raw();
        const [headers, { body }] = json('good');
        const text = request('POST', '/session', { Host: echo.authority(), ...origin, ...headers }, body);
        await raw.dribble(text, 7, 0);
        assert.equal((await raw.answer()).status, 204);
        raw.write(text);
        assert.equal((await raw.answer()).status, 204, 'the connection goes on');
        raw.write(request('GET', '/healthz', { Host: echo.authority() }));
        assert.equal((await raw.answer()).status, 200);
        raw.end();
    });

    await t.test('a client that goes away in the middle of its call leaves nothing', async () => {
        const [headers, { body }] = json('good');
        for (let i = 0; i < 20; i++) {
            const raw = await echo.raw();
            raw.write(request('POST', '/session', { Host: echo.authority(), ...origin, ...headers }, body));
            raw.end();
        }
        await sleep(300);
        assert.equal(await echo.metric('sendline_connections_open'), 1);
    });
});
