/** The scripts that make certificates: what they make holds, what is there stays, keys are nobody else's. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { root } from '../support/service.mjs';

test('certificates', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'sendline certs-')); // a blank in its name
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const script = (name, ...args) => spawnSync(join(root, 'certs', name), args, { encoding: 'utf8' });
    const runs = (name, ...args) => {
        const { status, stdout, stderr } = script(name, ...args);
        assert.equal(status, 0, `${name}: ${stderr}`);
        return stdout.trim();
    };
    const read = (name) => readFileSync(join(folder, name), 'utf8');
    const certificate = (name) => new X509Certificate(read(name));
    const verify = (name, ...more) => spawnSync('openssl', ['verify', '-CAfile', join(folder, 'ca.crt'), ...more,
        join(folder, name)], { encoding: 'utf8' }).status;
    const days = (name) => (Date.parse(certificate(name).validTo) - Date.now()) / 86400000;

    await t.test('an authority, made once', () => {
        assert.equal(runs('dev-ca', folder), join(folder, 'ca.crt'));
        const [key, first] = [read('ca.key'), read('ca.crt')];
        assert.equal(certificate('ca.crt').ca, true);
        runs('dev-ca', folder);
        assert.deepEqual([read('ca.key'), read('ca.crt')], [key, first]);
    });

    await t.test('a server\'s, renewed when its names change, with the same key', () => {
        runs('server-cert', folder);
        const [key, first] = [read('server.key'), read('server.crt')];
        assert.equal(certificate('server.crt').subjectAltName, 'DNS:localhost, IP Address:127.0.0.1');
        assert.equal(verify('server.crt', '-purpose', 'sslserver'), 0);
        assert.notEqual(verify('server.crt', '-purpose', 'sslclient'), 0);
        assert.ok(days('server.crt') > 390 && days('server.crt') < 398, 'browsers take no longer one');
        assert.match(read('server.crt'), /END CERTIFICATE-----\n-----BEGIN CERTIFICATE/, 'the authority stands behind it');
        runs('server-cert', folder);
        assert.equal(read('server.crt'), first);
        runs('server-cert', folder, 'send.anyshire.example', '192.0.2.7', '2001:db8::7');
        const names = certificate('server.crt').subjectAltName;
        assert.match(names, /DNS:send\.anyshire\.example, IP Address:192\.0\.2\.7, IP Address:2001:DB8/);
        assert.equal(read('server.key'), key);
    });

    await t.test('staff\'s, and revoked ones', () => {
        runs('staff-cert', folder, 'jordan');
        runs('staff-cert', folder, 'morgan');
        const first = read('staff/jordan.crt');
        runs('staff-cert', folder, 'jordan');
        assert.equal(read('staff/jordan.crt'), first);
        assert.equal(verify('staff/jordan.crt', '-purpose', 'sslclient'), 0);
        assert.notEqual(verify('staff/jordan.crt', '-purpose', 'sslserver'), 0);
        writeFileSync(join(folder, 'kept.crt'), first);
        runs('staff-cert', '--revoke', folder, 'jordan');
        const checked = ['-crl_check', '-CRLfile', join(folder, 'crl.pem')];
        assert.notEqual(verify('kept.crt', ...checked), 0);
        assert.equal(verify('staff/morgan.crt', ...checked), 0);
        // The next of that name has a key of its own, and is not revoked with the first.
        runs('staff-cert', folder, 'jordan');
        assert.equal(verify('staff/jordan.crt', ...checked), 0);
        assert.notEqual(certificate('staff/jordan.crt').serialNumber, new X509Certificate(first).serialNumber);
    });

    await t.test('keys are nobody else\'s', () => {
        for (const name of readdirSync(folder, { recursive: true }).filter((one) => one.endsWith('.key'))) {
            assert.equal(statSync(join(folder, name)).mode & 0o077, 0, name);
            execFileSync('openssl', ['pkey', '-in', join(folder, name), '-noout'], { stdio: 'pipe' });
        }
    });

    await t.test('what makes no sense is refused', () => {
        const empty = mkdtempSync(join(tmpdir(), 'sendline-certs-'));
        t.after(() => rmSync(empty, { recursive: true, force: true }));
        for (const [status, pattern, ...args] of [
            [2, /usage/, 'dev-ca'],
            [2, /usage/, 'server-cert'],
            [2, /usage/, 'staff-cert', folder],
            [1, /no authority in .*certs\/dev-ca/, 'server-cert', empty],
            [1, /no authority in .*certs\/dev-ca/, 'staff-cert', empty, 'jordan'],
            [1, /not a host/, 'server-cert', folder, 'a name'],
            [1, /not a host|not an address/, 'server-cert', folder, 'evil.example,IP:10.0.0.1'],
            [1, /without its port/, 'server-cert', folder, 'send.example:8443'],
            [1, /a name is letters/, 'staff-cert', folder, '../ca'],
            [1, /a name is letters/, 'staff-cert', folder, '-x'],
            [1, /has no certificate/, 'staff-cert', '--revoke', folder, 'nobody'],
            [1, /quotation marks/, 'dev-ca', join(empty, 'a"b')],
        ]) {
            const result = script(...args);
            assert.equal(result.status, status, args.join(' '));
            assert.match(result.stderr, pattern, args.join(' '));
        }
    });
});
