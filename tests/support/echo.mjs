/**
 * The network side of the server alone (support/programs/net_echo.c), with certificates, web files and ports of its
 * own; ended by its own process id.
 *
 *   const echo = await Echo.start(t, { connections: 100 });
 *   const socket = await echo.socket();
 *   assert.equal(await socket.say('hello'), 'hello');
 *
 * The test fails if the program does not end in order, a sanitizer's finding included.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';

import { Raw, RawSocket, request } from './raw.mjs';
import { program, root } from './service.mjs';

export const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

/** @returns {string} the folder, with an authority and a server's certificate in it */
export function makeCertificates(folder) {
    execFileSync(join(root, 'certs/dev-ca'), [folder], { stdio: 'ignore' });
    execFileSync(join(root, 'certs/server-cert'), [folder], { stdio: 'ignore' });
    return folder;
}

/** A member of staff's certificate, as options for a TLS connection. */
export function staffCertificate(folder, name) {
    execFileSync(join(root, 'certs/staff-cert'), [folder, name], { stdio: 'ignore' });
    return { cert: readFileSync(join(folder, `staff/${name}.crt`)), key: readFileSync(join(folder, `staff/${name}.key`)) };
}

/** A small web app: a page that is filled in, assets in three codings, one that only loses by them. */
export function makeWeb(folder) {
    const script = `${'// a line that is there often\n'.repeat(2000)}`;
    const files = [
        { path: '/', file: 'index.html', type: 'text/html; charset=utf-8', template: true,
            routes: ['/messages', '/messages/*'] },
        { path: '/404', file: '404.html', type: 'text/html; charset=utf-8', template: true },
        { path: '/assets/app-1234.js', file: 'assets/app.js', type: 'text/javascript; charset=utf-8', immutable: true },
        { path: '/assets/dot-1.png', file: 'assets/dot.png', type: 'image/png', immutable: true },
    ];
    mkdirSync(join(folder, 'assets'), { recursive: true });
    writeFileSync(join(folder, 'index.html'), `<title>{{council_name}}</title>${'<p>words</p>'.repeat(200)}`);
    writeFileSync(join(folder, '404.html'), '<title>Not found</title>');
    writeFileSync(join(folder, 'assets/app.js'), script);
    writeFileSync(join(folder, 'assets/app.js.gz'), gzipSync(script));
    writeFileSync(join(folder, 'assets/app.js.br'), brotliCompressSync(script));
    writeFileSync(join(folder, 'assets/dot.png'), Buffer.alloc(64, 7));
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(files));
    return { folder, script };
}

/** A web app of one file, /assets/big, of so many bytes. */
export function makeBigWeb(folder, bytes) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'big'), Buffer.alloc(bytes));
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify([{ path: '/assets/big', file: 'big', type: 'image/png' }]));
    return folder;
}

export class Echo {
    log = '';
    /** @type {Raw[]} ended with the program, or a failed test would keep its connections */
    #raws = [];

    /**
     * @param {import('node:test').TestContext} t
     * @param {Record<string, string | number> | ((echo: Echo) => Record<string, string | number>)} settings or what
     *     makes them once the folders are there
     * @param {Record<string, string>} env for the program alone
     */
    static async start(t, settings = {}, env = {}) {
        const echo = new Echo();
        echo.folder = mkdtempSync(join(tmpdir(), 'sendline-net-'));
        echo.certs = makeCertificates(join(echo.folder, 'certs'));
        echo.ca = readFileSync(join(echo.certs, 'ca.crt'));
        // Its own copies, which a test may replace.
        for (const file of ['server.crt', 'server.key', 'crl.pem']) {
            copyFileSync(join(echo.certs, file), join(echo.folder, file));
        }
        Object.assign(echo, { web: makeWeb(join(echo.folder, 'web')) });
        t.after(() => echo.stop());
        await echo.#run({
            tls_cert_file: join(echo.folder, 'server.crt'),
            tls_key_file: join(echo.folder, 'server.key'),
            web_dir: echo.web.folder,
            public_listen: '127.0.0.1:0',
            staff_listen: '127.0.0.1:0',
            port_file: join(echo.folder, 'ports.json'),
            council_name: 'Anyshire <Council>',
            ...(typeof settings === 'function' ? settings(echo) : settings),
        }, env);
        return echo;
    }

    async #run(settings, env) {
        const flags = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, String(value)]);
        this.process = spawn(program('tests/support/net_echo'), flags, {
            // The address sanitizer would keep what was freed, and memory is measured here.
            env: { ...process.env, ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:quarantine_size_mb=1`, ...env },
            stdio: ['ignore', 'pipe', 'pipe'],
        });
        for (const stream of [this.process.stdout, this.process.stderr]) {
            stream.on('data', (data) => {
                this.log += data;
            });
        }
        this.ended = new Promise((done) => this.process.once('exit', (code, signal) => done({ code, signal })));
        for (let i = 0; ; i++) {
            try {
                this.ports = JSON.parse(readFileSync(settings.port_file, 'utf8'));
                return;
            } catch {
                assert.ok(i < 1000 && this.running, `net_echo does not start:\n${this.log}`);
                await sleep(20);
            }
        }
    }

    get running() {
        return this.process.exitCode === null && this.process.signalCode === null;
    }

    /** Ask it to end, and wait. */
    async terminate() {
        this.process.kill('SIGTERM');
        return this.ended;
    }

    async stop() {
        this.#raws.forEach((raw) => raw.end());
        if (this.running) {
            await this.terminate();
        }
        const { code, signal } = await this.ended;
        rmSync(this.folder, { recursive: true, force: true });
        assert.deepEqual({ code, signal }, { code: 0, signal: null }, `net_echo did not end well:\n${this.log}`);
    }

    /** Lines of the log that have these words. */
    logged(words) {
        return this.log.split('\n').filter((line) => line.includes(words));
    }

    /** Until the log has these words. */
    async untilLogged(words, times = 1) {
        for (let i = 0; this.logged(words).length < times; i++) {
            assert.ok(i < 1000, `"${words}" is not in the log:\n${this.log}`);
            await sleep(10);
        }
    }

    authority(listener = 'public') {
        return `localhost:${this.ports[listener]}`;
    }

    /** What a good upgrade says; a header of undefined is left out. */
    upgrade(listener = 'public', headers = {}) {
        return {
            Host: this.authority(listener),
            Upgrade: 'websocket',
            Connection: 'Upgrade',
            'Sec-WebSocket-Key': KEY,
            'Sec-WebSocket-Version': '13',
            'Sec-WebSocket-Protocol': 'sendline.v1',
            Origin: listener === 'public' ? `https://${this.authority(listener)}` : undefined,
            ...headers,
        };
    }

    /** A TLS connection that has said nothing yet. */
    async raw(listener = 'public', tls = {}) {
        return this.#keep(await Raw.open({ port: this.ports[listener], ca: this.ca, ...tls }));
    }

    /** A WebSocket. */
    async socket(listener = 'public', headers = {}, tls = {}) {
        return this.#keep(await RawSocket.open({ port: this.ports[listener], ca: this.ca, ...tls },
            this.upgrade(listener, headers)));
    }

    #keep(raw) {
        this.#raws.push(raw);
        return raw;
    }

    /** What one request on a connection of its own is answered. Headers replace the ones made here. */
    async ask(method, path, headers = {}, { body = '', listener = 'public', tls = {} } = {}) {
        const raw = await this.raw(listener, tls);
        raw.write(request(method, path, { Host: this.authority(listener), ...headers }, body));
        const answer = await raw.answer({ head: method === 'HEAD' });
        raw.end();
        return answer;
    }

    /** One number of /metrics. */
    async metric(name) {
        const { body } = await this.ask('GET', '/metrics');
        const line = body.toString().split('\n').find((text) => text.startsWith(`${name} `));
        assert.ok(line, `/metrics has no ${name}`);
        return Number(line.split(' ')[1]);
    }

    /** Resident memory, bytes. */
    memory() {
        return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.process.pid}/status`, 'utf8'))[1]) * 1024;
    }

    /** How much more that is than before; the thread sanitizer needs several bytes for each byte. */
    grown(before) {
        const shadowed = readFileSync(`/proc/${this.process.pid}/maps`, 'utf8').includes('libtsan');
        return (this.memory() - before) / (shadowed ? 8 : 1);
    }

    /** Seconds of processor time so far. */
    processor() {
        const fields = readFileSync(`/proc/${this.process.pid}/stat`, 'utf8').replace(/.*\) /, '').split(' ');
        return (Number(fields[11]) + Number(fields[12])) / 100;
    }
}
