/** Bad starts: the server refuses, says why and what to do, and changes nothing. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
    chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync,
    symlinkSync, writeFileSync,
} from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { makeCertificates } from '../support/echo.mjs';
import { program, Service } from '../support/service.mjs';

/** Run it to its end, which has to come soon. */
async function run(args, env = {}) {
    const child = spawn(program('server/sendlined'), args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let words = '';
    child.stdout.on('data', (data) => {
        out += data;
    });
    child.stderr.on('data', (data) => {
        words += data;
    });
    const late = setTimeout(() => child.kill('SIGKILL'), 20000);
    const [code, signal] = await new Promise((done) => child.once('close', (...result) => done(result)));
    clearTimeout(late);
    return { code, signal, out, words };
}

/** Every file below a folder, with its content and mode; a database's empty log is nothing. */
function everything(folder) {
    const names = readdirSync(folder, { recursive: true }).filter((name) =>
        !name.endsWith('-shm') && !(name.endsWith('-wal') && statSync(join(folder, name)).size === 0));
    return names.sort().map((name) => {
        const path = join(folder, name);
        const state = statSync(path);
        const content = state.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : '';
        return `${name} ${(state.mode & 0o777).toString(8)} ${content}`;
    });
}

const FAILURE = 1;
const USAGE = 2;

test('what is wrong with a service', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'sendline-start-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const certs = makeCertificates(join(folder, 'certs'));
    const config = join(folder, 'sendlined.conf');
    const data = join(folder, 'data');
    const settings = {
        data_dir: data,
        tls_cert_file: join(certs, 'server.crt'),
        tls_key_file: join(certs, 'server.key'),
        public_listen: '127.0.0.1:0',
        staff_listen: '127.0.0.1:0',
    };
    const configure = (changes = {}) => writeFileSync(config,
        Object.entries({ ...settings, ...changes }).map(([key, value]) => `${key} = ${value}\n`).join(''));
    configure();
    execFileSync(program('server/sendlined'), ['init', '--config', config], { stdio: 'pipe' });
    const kept = join(folder, 'kept');
    cpSync(data, kept, { recursive: true });
    t.beforeEach(() => {
        rmSync(data, { recursive: true, force: true });
        cpSync(kept, data, { recursive: true });
        configure();
    });

    /** It refuses with these words, once and for people, and leaves the data as it was. */
    const refuses = async (pattern, { code = FAILURE, args = ['--config', config], env } = {}) => {
        const before = everything(data);
        const result = await run(args, env);
        assert.equal(result.signal, null, result.words);
        assert.match(result.words, pattern);
        assert.match(result.words, /^sendlined: .*\n(Try: sendlined --help\n)?$/m);
        assert.equal(result.code, code, result.words);
        assert.ok(!result.words.includes(' info ready '), result.words);
        assert.deepEqual(everything(data), before, 'nothing was changed');
        return result;
    };

    await t.test('without a fault it starts', async () => {
        const ports = join(folder, 'ports.json');
        const child = spawn(program('server/sendlined'), ['--config', config, '--port-file', ports], { stdio: 'ignore' });
        const ended = new Promise((done) => child.once('exit', (code) => done(code)));
        for (let i = 0; !existsSync(ports); i++) {
            assert.ok(i < 800 && child.exitCode === null, 'it does not start');
            await new Promise((done) => setTimeout(done, 25));
        }
        child.kill('SIGTERM');
        assert.equal(await ended, 0);
    });

    await t.test('a database newer than the program', async () => {
        const database = join(data, 'sendline.db');
        const bytes = readFileSync(database);
        bytes.writeUInt32BE(9999, 60); // SQLite's user_version
        writeFileSync(database, bytes);
        await refuses(/database has version 9999.*run the newer program/);
        for (const command of [['check'], ['init']]) {
            await refuses(/version 9999/, { args: [...command, '--config', config] });
        }
    });

    await t.test('a file that is no database of ours', async () => {
        const database = join(data, 'sendline.db');
        for (const content of ['this is a letter, and no database\n'.repeat(40), readFileSync(database).subarray(0, 900)]) {
            writeFileSync(database, content);
            await refuses(/sendline\.db|database/);
        }
        rmSync(database);
        await refuses(/there is no database .*sendlined init/);
    });

    await t.test('the outside key is missing', async () => {
        const key = join(data, 'outside.key');
        rmSync(key);
        await refuses(/outside key .*outside\.key is missing; put it back/);
        // And no new one is made beside a database that only the old one opens.
        await refuses(/outside key .* is missing: put it back/, { args: ['init', '--config', config] });
        assert.ok(!existsSync(key));
    });

    await t.test('the outside key can be read by others', async () => {
        const key = join(data, 'outside.key');
        for (const mode of [0o604, 0o644, 0o640, 0o660]) {
            chmodSync(key, mode);
            await refuses(/outside\.key.*chmod 600/);
        }
        chmodSync(key, 0o600);
        const whole = readFileSync(key);
        writeFileSync(key, whole.subarray(0, whole.length - 3));
        await refuses(/outside\.key/);
    });

    await t.test('certificate or its key missing, loose or of another', async () => {
        const other = makeCertificates(join(folder, 'other'));
        const loose = join(folder, 'loose.key');
        copyFileSync(join(certs, 'server.key'), loose);
        chmodSync(loose, 0o644);
        const nothing = join(folder, 'nothing.crt');
        writeFileSync(nothing, 'nothing\n');
        const cases = [
            [{ tls_cert_file: '' }, /tls_cert_file is not set/],
            [{ tls_key_file: '' }, /tls_key_file is not set/],
            [{ tls_cert_file: join(folder, 'missing.crt') }, /tls_cert_file .*missing\.crt is missing/],
            [{ tls_key_file: join(folder, 'missing.key') }, /tls_key_file .*missing\.key is missing/],
            [{ tls_key_file: loose }, /tls_key_file .*can be read by everybody.*chmod 600/],
            [{ tls_key_file: join(other, 'server.key') }, /tls_key_file is not the key of the first certificate/],
            [{ tls_cert_file: nothing }, /tls_cert_file .*nothing\.crt/],
            [{ staff_client_ca_file: join(folder, 'missing-ca.crt') }, /staff_client_ca_file .*missing-ca\.crt/],
            [{ staff_client_ca_file: join(certs, 'ca.crt'), staff_client_crl_file: nothing }, /staff_client_crl_file/],
        ];
        for (const [changes, pattern] of cases) {
            configure(changes);
            await refuses(pattern);
            await refuses(pattern, { args: ['--check-config', '--config', config] });
        }
    });

    await t.test('a port that is taken', async () => {
        for (const [setting, loops] of [['public_listen', 1], ['staff_listen', 1], ['public_listen', 2]]) {
            const holder = net.createServer().listen(0, '127.0.0.1');
            await new Promise((done) => holder.once('listening', done));
            const { port } = holder.address();
            configure({ [setting]: `127.0.0.1:${port}`, loops });
            await refuses(new RegExp(`${setting}: 127\\.0\\.0\\.1:${port} is in use by another program`));
            holder.close();
        }
        configure({ public_listen: '192.0.2.1:8443' });
        await refuses(/public_listen: 192\.0\.2\.1:8443: /);
    });

    await t.test('a folder that is not there, or no folder', async () => {
        configure({ data_dir: join(folder, 'elsewhere') });
        await refuses(/data folder .*elsewhere is not there.*sendlined init/);
        writeFileSync(join(folder, 'a-file'), '');
        configure({ data_dir: join(folder, 'a-file') });
        await refuses(/a-file/);
    });

    await t.test('a web app that is not whole', async () => {
        const web = join(folder, 'web');
        configure({ web_dir: web });
        await refuses(/web_dir .*web cannot be opened/);
        mkdirSync(web);
        await refuses(/manifest\.json is missing/);
        writeFileSync(join(web, 'manifest.json'), '[{"path":"/","file":"index.html","type":"text/html","template":true}]');
        await refuses(/web file index\.html is missing/);
        writeFileSync(join(web, 'index.html'), '{{council_nam}}');
        await refuses(/no page variable is called "council_nam"/, { code: USAGE });
    });

    await t.test('settings that are none: file, line, key and what was meant', async () => {
        const cases = [
            ['public_lisen = 127.0.0.1:1', /sendlined\.conf:6: .*public_lisen.*public_listen/],
            ['frobnicate = 1', /sendlined\.conf:6: .*frobnicate/],
            ['readers = many', /sendlined\.conf:6: readers.*0.*64/],
            ['readers = 65', /readers.*64/],
            ['readers = -1', /readers/],
            ['ping_seconds = 10s', /ping_seconds/],
            ['no equals sign', /sendlined\.conf:6: /],
            [`data_dir = ${data}`, /sendlined\.conf:6: .*data_dir.*(twice|again|already)/],
            ['log_level = loud', /sendlined\.conf:6: log_level: write error, warn, info or debug/],
            ['public_listen2 = 1', /sendlined\.conf:6: .*public_listen/],
        ];
        for (const [line, pattern] of cases) {
            configure();
            writeFileSync(config, `${readFileSync(config, 'utf8')}${line}\n`);
            await refuses(pattern, { code: USAGE });
        }
        for (const [changes, pattern] of [
            [{ public_listen: 'localhost:8443' }, /write 127\.0\.0\.1:8443/],
            [{ public_url: 'http://localhost:8443' }, /public_url: write https:\/\/name/],
            [{ staff_url: 'https://localhost/path' }, /staff_url: write https:\/\/name/],
            [{ trusted_proxies: 'proxy.example' }, /trusted_proxies: "proxy\.example"/],
            [{ connections: 1000000 }, /connections = 1000000 needs/],
        ]) {
            configure(changes);
            await refuses(pattern, { code: USAGE });
        }
        configure();
        await refuses(/pubic_listen.*public/, { code: USAGE, args: ['--config', config, '--pubic-listen', '127.0.0.1:0'] });
        await refuses(/SENDLINE_PUBLIC_LISEN: .*did you mean public_listen/, { code: USAGE, env: { SENDLINE_PUBLIC_LISEN: '127.0.0.1:0' } });
        await refuses(/SENDLINE_READERS/, { code: USAGE, env: { SENDLINE_READERS: 'x' } });
        await refuses(/missing\.conf/, { code: USAGE, args: ['--config', join(folder, 'missing.conf')] });
        await refuses(/--config needs a file/, { code: USAGE, args: ['--config'] });
        await refuses(/bakup.*backup/, { code: USAGE, args: ['bakup'] });
        await refuses(/one word too many/, { code: USAGE, args: ['check', 'now', '--config', config] });
        await refuses(/needs a FILE/, { code: USAGE, args: ['backup', '--config', config] });
    });

    await t.test('what it says holds no secrets', async () => {
        configure({ readers: 65 });
        const { words } = await refuses(/readers/, { code: USAGE });
        const secret = readFileSync(join(data, 'setup-token'), 'utf8').trim();
        assert.ok(!words.includes(secret));
    });

    await t.test('a database under another name is followed, and nobody else\'s folder is taken', async () => {
        const link = join(folder, 'link');
        symlinkSync(data, link);
        configure({ data_dir: link });
        const { out, code } = await run(['check', '--config', config]);
        assert.equal(code, 0);
        assert.match(out, /The database is whole/);
    });
});

test('the data folder of a running server', async (t) => {
    const service = await Service.start();
    t.after(() => service.stop());
    const { code, words } = await run(['--config', service.config, '--public-listen', '127.0.0.1:0', '--staff-listen', '127.0.0.1:0']);
    assert.equal(code, FAILURE);
    assert.match(words, /another server uses data folder/);
    // Checks and copies are fine beside it.
    assert.match(service.check(), /The database is whole/);
    const copy = join(service.folder, 'copy.db');
    assert.equal((await run(['backup', copy, '--config', service.config])).code, 0);
    const again = await run(['backup', copy, '--config', service.config]);
    assert.equal(again.code, FAILURE);
    assert.match(again.words, /copy\.db/);
    assert.equal(statSync(copy).mode & 0o777, 0o600);
});

test('a second signal ends a stop that takes long', async (t) => {
    const many = 1000000;
    const service = await Service.start({ settings: { stop_seconds: 60, calls_per_second: many, calls_burst: many,
        send_queue_bytes: 64 << 20 } });
    t.after(() => service.stop());
    const client = await service.connect();
    client.pause();
    // More answers than the kernel holds for somebody who does not read, and no flood.
    for (let wave = 0; wave < 300; wave++) {
        for (let i = 0; i < 20; i++) {
            client.call('service.info', {}).catch(() => {});
        }
        await new Promise((done) => setTimeout(done, 10));
    }
    service.process.kill('SIGTERM');
    await new Promise((done) => setTimeout(done, 1500));
    assert.equal(service.process.exitCode, null, 'it waits');
    service.process.kill('SIGTERM');
    assert.deepEqual(await service.ended, { code: null, signal: 'SIGTERM' });
    client.end();
});
