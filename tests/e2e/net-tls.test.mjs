/** TLS: who may connect, with what, and certificates that change while the program runs. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import tls from 'node:tls';

import { Echo, makeCertificates, staffCertificate } from '../support/echo.mjs';
import { request } from '../support/raw.mjs';
import { root } from '../support/service.mjs';

/** Connect, ask, and say what came of it: the status, or null for a connection that was refused. */
async function reaches(echo, listener, options) {
    try {
        const { status } = await echo.ask('GET', '/healthz', {}, { listener, tls: options });
        return status;
    } catch {
        return null;
    }
}

const serial = (socket) => socket.getPeerCertificate().serialNumber;

test('versions, ciphers and protocols', async (t) => {
    const echo = await Echo.start(t);

    await t.test('TLS 1.2 and 1.3, nothing older', async () => {
        for (const version of ['TLSv1.2', 'TLSv1.3']) {
            const raw = await echo.raw('public', { minVersion: version, maxVersion: version });
            assert.equal(raw.socket.getProtocol(), version);
            raw.end();
        }
        for (const version of ['TLSv1', 'TLSv1.1']) {
            await assert.rejects(echo.raw('public', { minVersion: version, maxVersion: version, ciphers: 'ALL@SECLEVEL=0' }),
                /alert protocol version/, version);
        }
    });

    await t.test('TLS 1.2 only with forward secrecy and AEAD', async () => {
        const taken = [];
        for (const cipher of tls.getCiphers().map((name) => name.toUpperCase()).filter((name) => !name.startsWith('TLS_'))) {
            const options = { maxVersion: 'TLSv1.2', ciphers: `${cipher}:@SECLEVEL=0` };
            const raw = await echo.raw('public', options).catch(() => null);
            if (raw) {
                assert.equal(raw.socket.getCipher().name, cipher);
                taken.push(cipher);
                raw.end();
            }
        }
        assert.ok(taken.length >= 3, taken.join());
        assert.deepEqual(taken.filter((name) => !/^ECDHE-ECDSA-(AES(128|256)-GCM-SHA(256|384)|CHACHA20-POLY1305)$/.test(name)), []);
    });

    await t.test('only http/1.1 is agreed upon, whatever is offered', async () => {
        for (const offered of [['h2', 'http/1.1'], ['http/1.1'], ['http/1.1', 'h2']]) {
            const raw = await echo.raw('public', { ALPNProtocols: offered });
            assert.equal(raw.socket.alpnProtocol, 'http/1.1');
            raw.end();
        }
        const raw = await echo.raw('public', { ALPNProtocols: ['h2'] }).catch(() => null);
        assert.notEqual(raw?.socket.alpnProtocol, 'h2');
        raw?.end();
    });

    await t.test('a client cannot renegotiate', async () => {
        const raw = await echo.raw('public', { maxVersion: 'TLSv1.2' });
        const refused = await new Promise((done) => {
            raw.socket.renegotiate({}, (error) => done(error ?? 'renegotiated'));
            raw.socket.once('error', done);
        });
        assert.match(String(refused), /no renegotiation/i);
        raw.end();
        assert.equal(await reaches(echo, 'public'), 200);
    });

    await t.test('a name that is asked for does not pick the other listener', async () => {
        for (const servername of ['staff', 'public', 'elsewhere.example', '']) {
            const raw = await echo.raw('public', { servername, checkServerIdentity: () => undefined });
            raw.write(request('GET', '/', { Host: echo.authority() }));
            assert.equal((await raw.answer()).status, 200, servername);
            raw.end();
        }
    });

    await t.test('sessions are resumed on their own listener, and on no other', async () => {
        const session = await new Promise((resolve) => {
            echo.raw('public').then((raw) => {
                raw.socket.once('session', resolve);
                raw.write(request('GET', '/healthz', { Host: echo.authority() }));
            });
        });
        const again = await echo.raw('public', { session });
        assert.equal(again.socket.isSessionReused(), true);
        again.end();
        const other = await echo.raw('staff', { session });
        assert.equal(other.socket.isSessionReused(), false);
        other.end();
    });

    await t.test('what is no TLS is hung up on', async () => {
        const { connect } = await import('node:net');
        for (const bytes of ['GET / HTTP/1.1\r\n\r\n', Buffer.alloc(2000, 0x16), '\x16\x03\x01\xff\xff']) {
            const socket = connect(echo.ports.public, '127.0.0.1');
            socket.on('error', () => {});
            socket.write(bytes);
            await new Promise((done) => socket.once('close', done).resume());
        }
        assert.ok(echo.logged('libwebsockets').length <= 1, echo.log);
    });
});

test('client certificates of staff', async (t) => {
    const echo = await Echo.start(t, ({ certs, folder }) => ({
        staff_client_ca_file: join(certs, 'ca.crt'),
        staff_client_crl_file: join(folder, 'crl.pem'),
    }));
    const amira = staffCertificate(echo.certs, 'amira');
    const bryn = staffCertificate(echo.certs, 'bryn');
    const foreign = makeCertificates(join(echo.folder, 'foreign'));

    await t.test('one of the authority is let in, and the parents\' listener asks for none', async () => {
        assert.equal(await reaches(echo, 'staff', amira), 200);
        assert.equal(await reaches(echo, 'public', {}), 200);
        const socket = await echo.socket('staff', {}, amira);
        assert.equal(await socket.say('hello'), 'hello');
        socket.end();
    });

    await t.test('none, or one of another authority, is not', async () => {
        assert.equal(await reaches(echo, 'staff', {}), null);
        assert.equal(await reaches(echo, 'staff', staffCertificate(foreign, 'amira')), null);
        const selfSigned = join(echo.folder, 'self');
        execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
            '-subj', '/CN=amira', '-keyout', `${selfSigned}.key`, '-out', `${selfSigned}.crt`], { stdio: 'ignore' });
        assert.equal(await reaches(echo, 'staff', { cert: readFileSync(`${selfSigned}.crt`), key: readFileSync(`${selfSigned}.key`) }),
            null);
        // A certificate for servers is none for clients.
        assert.equal(await reaches(echo, 'staff', { cert: readFileSync(join(echo.certs, 'server.crt')),
            key: readFileSync(join(echo.certs, 'server.key')) }), null);
    });

    await t.test('a revoked one is refused after SIGHUP, its old session too, and others go on', async () => {
        const session = await new Promise((resolve) => {
            echo.raw('staff', bryn).then((raw) => {
                raw.socket.once('session', resolve);
                raw.write(request('GET', '/healthz', {}));
            });
        });
        const resumed = await echo.raw('staff', { ...bryn, session });
        assert.equal(resumed.socket.isSessionReused(), true);
        resumed.end();

        execFileSync(join(root, 'certs/staff-cert'), ['--revoke', echo.certs, 'bryn'], { stdio: 'ignore' });
        assert.equal(await reaches(echo, 'staff', bryn), 200, 'the list is read at SIGHUP');
        copyFileSync(join(echo.certs, 'crl.pem'), join(echo.folder, 'crl.pem'));
        echo.process.kill('SIGHUP');
        await echo.untilLogged('certificate reloaded');
        assert.equal(await reaches(echo, 'staff', bryn), null);
        assert.equal(await reaches(echo, 'staff', { ...bryn, session }), null, 'not by an old session either');
        assert.equal(await reaches(echo, 'staff', amira), 200);
    });
});

test('a certificate is replaced while the program runs', async (t) => {
    const echo = await Echo.start(t, { loops: 2 });
    const socket = await echo.socket();
    const first = serial(socket.socket);
    const replace = (folder) => {
        for (const file of ['server.crt', 'server.key']) {
            copyFileSync(join(folder, file), join(echo.folder, file));
        }
    };
    const served = async () => {
        const serials = new Set();
        // Enough for every loop to be asked.
        for (let i = 0; i < 16; i++) {
            const raw = await echo.raw('public', { rejectUnauthorized: false });
            serials.add(serial(raw.socket));
            raw.end();
        }
        return [...serials];
    };

    const second = makeCertificates(join(echo.folder, 'second'));
    replace(second);
    echo.process.kill('SIGHUP');
    await echo.untilLogged('certificate reloaded');
    const [renewed, ...others] = await served();
    assert.deepEqual(others, []);
    assert.notEqual(renewed, first);
    assert.equal(await socket.say('open since before'), 'open since before');

    const broken = [
        ['of another key', () => copyFileSync(join(echo.certs, 'server.key'), join(echo.folder, 'server.key'))],
        ['no certificate', () => writeFileSync(join(echo.folder, 'server.crt'), 'nothing')],
        ['a chain that breaks off', () => {
            const text = readFileSync(join(second, 'server.crt'), 'utf8');
            writeFileSync(join(echo.folder, 'server.crt'), text.slice(0, -200));
        }],
        ['no key', () => writeFileSync(join(echo.folder, 'server.key'), '')],
    ];
    for (const [i, [what, spoil]] of broken.entries()) {
        replace(second);
        spoil();
        echo.process.kill('SIGHUP');
        await echo.untilLogged('certificate not reloaded', i + 1);
        assert.deepEqual(await served(), [renewed], what);
        assert.equal(await socket.say(what), what);
    }
    assert.equal(echo.logged('PRIVATE KEY').length, 0);
    socket.end();
});
