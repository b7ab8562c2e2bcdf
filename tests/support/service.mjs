/**
 * A real server of its own: own folder, own ports, own certificates; ended by its own process id.
 *
 *   const service = await Service.start();
 *   await service.kill();            // as a power cut would
 *   await service.restart();         // the same folder and the same ports
 *   await service.stop();            // orderly, and the folder goes
 *
 * The build is SENDLINE_BUILD, or build/ in the checkout. What the server says is kept, and shown when a test that
 * uses `service.log` fails.
 *
 * @module
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { fromB64 } from '../../web/js/e2ee/bytes.js';
import { signPair } from '../../web/js/e2ee/primitives.js';
import { ready } from '../../web/js/e2ee/sodium.js';
import { Client } from './client.mjs';
import { makeWorld } from './world.mjs';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const build = resolve(process.env.SENDLINE_BUILD ?? join(root, 'build'));
export const program = (...parts) => join(build, ...parts);
export const HOST = 'localhost';

export class Service {
    /**
     * @param {object} [how]
     * @param {Record<string, string>} [how.env] for the server alone, LD_PRELOAD for example
     * @param {Record<string, string | number | boolean>} [how.settings] over the ones made here
     * @param {string} [how.within] where the folder is made
     */
    static async start({ env = {}, settings = {}, within = tmpdir() } = {}) {
        const service = new Service();
        service.folder = mkdtempSync(join(within, 'sendline-'));
        service.data = join(service.folder, 'data');
        service.ca = join(service.folder, 'certs/ca.crt');
        service.config = join(service.folder, 'config');
        service.env = env;
        service.settings = settings;
        service.log = '';
        execFileSync(join(root, 'certs/dev-ca'), [join(service.folder, 'certs')], { stdio: 'ignore' });
        execFileSync(join(root, 'certs/server-cert'), [join(service.folder, 'certs')], { stdio: 'ignore' });
        service.#configure(0, 0);
        execFileSync(program('server/sendlined'), ['init', '--config', service.config], { stdio: 'pipe' });
        // The addresses that people type have a port, and the system chooses it: started once to learn it.
        await service.#run();
        await service.#end('SIGTERM');
        service.#configure(service.ports.public, service.ports.staff);
        await service.#run();
        return service;
    }

    #configure(publicPort, staffPort) {
        const settings = {
            data_dir: this.data,
            tls_cert_file: join(this.folder, 'certs/server.crt'),
            tls_key_file: join(this.folder, 'certs/server.key'),
            public_listen: `127.0.0.1:${publicPort}`,
            staff_listen: `127.0.0.1:${staffPort}`,
            public_url: `https://${HOST}:${publicPort || 8443}`,
            staff_url: `https://${HOST}:${staffPort || 8444}`,
            ...this.settings,
        };
        writeFileSync(this.config, Object.entries(settings).map(([key, value]) => `${key} = ${value}\n`).join(''));
    }

    async #run() {
        const ports = join(this.folder, 'ports.json');
        rmSync(ports, { force: true });
        this.process = spawn(program('server/sendlined'), ['--config', this.config, '--port-file', ports], {
            // A library to preload comes before the address sanitizer's, which would not have it.
            env: { ...process.env, ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0`, ...this.env },
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
                this.ports = JSON.parse(readFileSync(ports, 'utf8'));
                return;
            } catch {
                if (i > 400 || this.process.exitCode !== null) {
                    throw new Error(`the server does not start:\n${this.log}`);
                }
                await sleep(25);
            }
        }
    }

    async #end(signal) {
        this.process.kill(signal);
        return this.ended;
    }

    get publicUrl() {
        return `https://${HOST}:${this.ports.public}`;
    }

    get staffUrl() {
        return `https://${HOST}:${this.ports.staff}`;
    }

    get setupToken() {
        return readFileSync(join(this.data, 'setup-token'), 'utf8').trim();
    }

    /** No last words: what was acknowledged has to be there all the same. */
    async kill() {
        return this.#end('SIGKILL');
    }

    /** @returns {Promise<{ code: number | null, signal: string | null }>} */
    async terminate() {
        return this.#end('SIGTERM');
    }

    async restart() {
        if (this.process.exitCode === null && this.process.signalCode === null) {
            await this.terminate();
        }
        await this.#run();
    }

    /** What `sendlined check` says; throws with its output when it finds something. */
    check() {
        return execFileSync(program('server/sendlined'), ['check', '--config', this.config], { encoding: 'utf8' });
    }

    /** Staff, families and conversations, see world.mjs. */
    async world(staff, families) {
        this.plan = join(this.folder, 'plan.json');
        await makeWorld({
            host: HOST, publicPort: this.ports.public, staffPort: this.ports.staff, ca: this.ca,
            plan: this.plan, setupToken: this.setupToken, staff, families,
        });
        this.people = JSON.parse(readFileSync(this.plan, 'utf8'));
        return this;
    }

    /** A connection to one of the listeners, not signed in. */
    connect(listener = 'public') {
        const port = this.ports[listener];
        return Client.open({ host: HOST, port, ca: readFileSync(this.ca),
            ...(listener === 'public' ? { origin: `https://${HOST}:${port}` } : {}) });
    }

    /** A member of staff of the world, signed in. */
    async staff(i) {
        await ready();
        const client = await this.connect('staff');
        const person = this.people.staff[i];
        client.account = await client.signInStaff(fromB64(person.id), signPair(fromB64(person.sign_seed)));
        return client;
    }

    /** A parent of the world, signed in. */
    async parent(i) {
        await ready();
        const client = await this.connect('public');
        const person = this.people.parents[i];
        client.account = await client.signInParent(person.address, signPair(fromB64(person.auth_seed)));
        return client;
    }

    /** Resident memory, bytes. */
    memory() {
        const status = readFileSync(`/proc/${this.process.pid}/status`, 'utf8');
        return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) * 1024;
    }

    /** Seconds of processor time so far. */
    processor() {
        const fields = readFileSync(`/proc/${this.process.pid}/stat`, 'utf8').replace(/.*\) /, '').split(' ');
        return (Number(fields[11]) + Number(fields[12])) / 100;
    }

    async stop() {
        if (this.process.exitCode === null && this.process.signalCode === null) {
            await this.terminate();
        }
        rmSync(this.folder, { recursive: true, force: true });
    }
}
