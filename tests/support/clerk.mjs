/**
 * Caseworkers with the real command line: a service set up by `sendline service init`, and for each of its staff a
 * folder with key, settings and what their computer remembers.
 *
 *   const [jordan, morgan] = await clerks(service, ['Jordan Ellis', 'Morgan Reed']);
 *   await jordan.does('inbox');                       // { code, out, err }; throws unless the code is 0
 *   await jordan.run(['read', 'EHC-2041']);           // whatever the code
 *   const terminal = jordan.terminal(['reply', 'EHC-2041'], { columns: 80 });
 *   await terminal.says('[N]o: ');
 *   terminal.type('y\r');
 *   await terminal.ended;
 *
 * @module
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { program } from './service.mjs';

const PASSPHRASE = 'a sample passphrase';
const SENDLINE = program('client-cli/sendline');

/** Collect what a program says, and how it ends. */
function collect(child, input) {
    const result = { out: '', err: '' };
    child.stdout.on('data', (data) => {
        result.out += data;
    });
    child.stderr.on('data', (data) => {
        result.err += data;
    });
    child.stdin.on('error', () => {});
    if (input !== undefined) {
        child.stdin.end(input);
    }
    return new Promise((done, fail) => {
        child.once('error', fail);
        child.once('close', (code, signal) => done({ code, signal, ...result }));
    });
}

/** Terminals that a failed test left open would keep its file from ending. */
const open = new Set();
after(() => open.forEach((child) => child.kill('SIGKILL')));

/** A program at a terminal of its own, by way of script(1). */
class Terminal {
    constructor(command, { env, columns, rows }) {
        this.screen = '';
        this.read = 0;
        const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
        this.child = spawn('script', ['-qfec', `stty rows ${rows} cols ${columns}; exec ${quoted}`, '/dev/null'],
            { env, stdio: ['pipe', 'pipe', 'pipe'] });
        this.child.stdout.on('data', (data) => {
            this.screen += data;
        });
        this.child.stdin.on('error', () => {});
        open.add(this.child);
        this.child.once('close', () => open.delete(this.child));
        this.ended = new Promise((done) => this.child.once('close', (code) => done(code)));
    }

    /** Wait for these words, after those waited for before. A blank may be any blank, or the end of a line. */
    async says(words, seconds = 20) {
        const wanted = new RegExp(words.split(/\s+/)
            .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('\\s+'), 'g');
        for (const until = Date.now() + seconds * 1000; ;) {
            wanted.lastIndex = this.read;
            if (wanted.test(this.screen)) {
                this.read = wanted.lastIndex;
                return;
            }
            if (Date.now() > until || this.child.exitCode !== null) {
                assert.fail(`the terminal does not say '${words}':\n${this.screen}`);
            }
            await sleep(20);
        }
    }

    type(keys) {
        this.child.stdin.write(keys);
    }

    /** The terminal is closed. */
    hangUp() {
        this.child.kill('SIGTERM');
    }
}

export class Clerk {
    constructor(name, folder, service) {
        this.name = name;
        this.folder = folder;
        this.service = service;
        this.config = join(folder, 'config');
        this.env = { ...process.env, HOME: folder, XDG_RUNTIME_DIR: '', TERM: 'xterm', NO_COLOR: '', PAGER: 'cat',
            VISUAL: '', EDITOR: '' };
    }

    set(key, value) {
        const lines = readFileSync(this.config, 'utf8').split('\n').filter((line) => line && !line.startsWith(`${key} =`));
        writeFileSync(this.config, `${[...lines, `${key} = ${value}`].join('\n')}\n`, { mode: 0o600 });
    }

    /** The same person at another computer, which remembers nothing yet. */
    atAnotherComputer(name) {
        const folder = join(this.folder, '..', name);
        cpSync(this.folder, folder, { recursive: true });
        rmSync(join(folder, 'state'), { recursive: true, force: true });
        return new Clerk(this.name, folder, this.service);
    }

    /** Without a terminal, so that nothing can be asked. */
    start(args, env = {}) {
        return spawn(SENDLINE, ['--config', this.config, ...args],
            { env: { ...this.env, ...env }, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    }

    run(args, { input = '', env = {} } = {}) {
        return collect(this.start(args, env), input);
    }

    /** A command that has to work. @param {string} line words, with blanks between */
    async does(line, input = '') {
        const result = await this.run(line.split(' '), { input });
        assert.equal(result.code, 0, `${line}: ${result.code} ${result.signal}\n${result.out}${result.err}`);
        return result;
    }

    async json(line, input = '') {
        return JSON.parse((await this.does(`${line} --json`, input)).out);
    }

    terminal(args, { env = {}, columns = 100, rows = 40 } = {}) {
        return new Terminal([SENDLINE, '--config', this.config, ...args],
            { env: { ...this.env, ...env }, columns, rows });
    }

    async newCase(ref, { child = 'R.C.', parent = 'Sam Carter' } = {}) {
        await this.does('cases add --from -', JSON.stringify({ case: ref, child, parent }));
    }

    /** @returns {Promise<{ link: string, code: string }>} */
    async invite(ref, email = `${ref.toLowerCase()}@families.example`, more = '') {
        return this.json(`invite ${ref} --from - --yes${more}`, JSON.stringify({ email }));
    }

    /** Names of what this computer remembers that begin like this. */
    remembers(prefix) {
        const state = join(this.folder, 'state');
        return readdirSync(state, { withFileTypes: true }).filter((one) => one.isDirectory())
            .flatMap(({ name }) => readdirSync(join(state, name))).filter((name) => name.startsWith(prefix)).sort();
    }
}

/**
 * Set the service up, with a manager, these caseworkers in one team, and a records office.
 * @param {import('./service.mjs').Service} service
 * @param {string[]} names
 * @returns {Promise<Clerk[]>}
 */
export async function clerks(service, names) {
    const folder = join(service.folder, 'office');
    mkdirSync(folder);
    writeFileSync(join(folder, 'passphrase'), `${PASSPHRASE}\n`, { mode: 0o600 });
    const person = (name, more = {}) => ({ name, passphrase_file: 'passphrase', ...more });
    writeFileSync(join(folder, 'plan.json'), JSON.stringify({
        manager: person('Alex Morgan'), team: { name: 'SEND team' },
        staff: [person('Alex Morgan', { role: 'manager' }), ...names.map((name) => person(name))],
        records: [person('Robin Field'), person('Toni Hale')],
    }));
    const made = await collect(spawn(SENDLINE, ['service', 'init', '--quiet', '--server', service.staffUrl,
        '--ca-file', service.ca, '--token-file', join(service.data, 'setup-token'),
        '--plan', join(folder, 'plan.json'), '--out', join(folder, 'keys')], { detached: true }), '');
    assert.equal(made.code, 0, made.err);
    const found = readdirSync(join(folder, 'keys'));
    return names.map((name) => {
        const dashed = name.toLowerCase().replaceAll(' ', '-');
        const keys = found.find((one) => one.startsWith('staff-') && one.endsWith(dashed));
        const clerk = new Clerk(name, join(folder, 'keys', keys), service);
        clerk.set('password_file', join(folder, 'passphrase'));
        return clerk;
    });
}
