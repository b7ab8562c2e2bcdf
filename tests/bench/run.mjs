/**
 * Speed and memory of the service, as ratios of one run on one machine.
 *
 *   node tests/bench/run.mjs [--rounds 3] [--json FILE] [NAME...]
 *
 * Each figure is the median of the rounds, in which the things compared take turns, so that a noisy machine is
 * noisy for all of them. Nothing here fails for being slow: figures are claims to look at, not tests. Servers and
 * loads run on 127.0.0.1, each bounded in count and time, and are ended by their own process id.
 *
 * @module
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { program, Service } from '../support/service.mjs';

const { values: options, positionals: wanted } = parseArgs({
    allowPositionals: true,
    options: {
        rounds: { type: 'string', default: '3' },
        json: { type: 'string' },
        folder: { type: 'string', default: tmpdir() },
    },
});
const rounds = Number(options.rounds);

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

/** A server whose bounds on one address do not stop one machine from playing thousands. */
const start = (env = {}) => Service.start({
    env,
    within: options.folder,
    settings: {
        calls_per_second: 1000000, calls_burst: 1000000, connections_per_address: 1000000, connections: 12000,
        sign_ins_per_5_minutes: 1000000, sign_ins_per_address_per_5_minutes: 1000000, log_level: 'error',
    },
});

/** Flushes so far of whatever ran with `slow`, counted by the preloaded library. */
const countFile = join(options.folder, `sendline-flushes-${process.pid}`);
const flushes = () => (existsSync(countFile) ? Number(readFileSync(countFile).readBigUInt64LE(0)) : 0);

/** Run the load generator and take its answer apart. */
async function load(service, ...args) {
    const child = spawn(program('tests/bench/load'), [service.plan, ...args.map(String)],
        { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (data) => {
        out += data;
    });
    const code = await new Promise((done) => child.once('exit', done));
    if (code !== 0) {
        throw new Error(`the load ended with ${code}: ${out}`);
    }
    return JSON.parse(out.trim().split('\n').at(-1));
}

const slow = (ms) => ({ LD_PRELOAD: program('tests/preload/slow_flush.so'), SLOW_FLUSH_MS: String(ms),
    SLOW_FLUSH_COUNT_FILE: countFile });

/** This machine's own SQLite, rows of 1.2 KB, 100 in a commit. */
function floor(env = {}) {
    const out = execFileSync(program('tests/bench/sqlite_commit'), ['--groups', '100'],
        { cwd: options.folder, env: { ...process.env, ...env }, encoding: 'utf8' });
    return Number(/(\d+(?:\.\d+)?)\s*rows\/s/.exec(out)[1]);
}

async function burst(env, each, extra = []) {
    const service = await (await start(env)).world(60, 50);
    try {
        const before = { flushes: flushes(), processor: service.processor() };
        const result = await load(service, 'messages', '--senders', 50, '--window', 4, '--each', each, ...extra);
        result.flushes_per_message = (flushes() - before.flushes) / result.acknowledged;
        result.server_us_per_message = (service.processor() - before.processor) / result.acknowledged * 1e6;
        return result;
    } finally {
        await service.stop();
    }
}

const benches = {
    async messages() {
        const rates = [];
        const floors = [];
        let last;
        for (let i = 0; i < rounds; i++) {
            floors.push(floor());
            last = await burst(slow(0), 400);
            rates.push(last.rate);
        }
        return { what: 'durable messages, 50 senders to 50 receivers', rate_per_s: median(rates),
            sqlite_rows_per_s: median(floors), ratio: median(rates.map((r, i) => r / floors[i])),
            goal: 'ratio at least 0.20, aim 0.35; flushes at most 0.5 a message', flushes_per_message:
            last.flushes_per_message, server_us_per_message: last.server_us_per_message, ack_ms: last.ack_ms,
            delivery_ms: last.delivery_ms };
    },
    async 'messages-slow-disk'() {
        const rates = [];
        const floors = [];
        let last;
        for (let i = 0; i < rounds; i++) {
            floors.push(floor(slow(2)));
            last = await burst(slow(2), 200);
            rates.push(last.rate);
        }
        return { what: 'the same with 2 ms added to every flush', rate_per_s: median(rates),
            sqlite_rows_per_s: median(floors), ratio: median(rates.map((r, i) => r / floors[i])),
            flushes_per_message: last.flushes_per_message, ack_ms: last.ack_ms };
    },
    async 'one-sender'() {
        const acks = [];
        for (let i = 0; i < rounds; i++) {
            const service = await (await start(slow(2))).world(2, 1);
            try {
                acks.push((await load(service, 'messages', '--senders', 1, '--window', 1, '--each', 300)).ack_ms.p50);
            } finally {
                await service.stop();
            }
        }
        const flush = flushTime();
        return { what: 'one sender alone, 2 ms added to a flush', ack_p50_ms: median(acks), flush_ms: flush,
            ratio: median(acks) / flush, goal: 'at most 1.5 times a flush' };
    },
    async idle() {
        const service = await (await start()).world(10, 1);
        try {
            await load(service, 'idle', '--count', 10, '--hold', 1);
            const before = service.memory();
            const child = load(service, 'idle', '--count', 2000, '--hold', 4);
            let most = 0;
            const until = Date.now() + 120000;
            let running = true;
            child.finally(() => {
                running = false;
            });
            while (running && Date.now() < until) {
                most = Math.max(most, service.memory());
                await sleep(200);
            }
            await child;
            return { what: 'memory of 2,000 idle signed-in connections',
                kib_each: (most - before) / 2000 / 1024, goal: 'at most 32, aim 24' };
        } finally {
            await service.stop();
        }
    },
    async 'beside-idle'() {
        const without = [];
        const beside = [];
        for (let i = 0; i < rounds; i++) {
            without.push((await burst({}, 200)).rate);
            beside.push((await burst({}, 200, ['--idle', 5000])).rate);
        }
        return { what: 'message rate with 5,000 idle connections beside', without_per_s: median(without),
            beside_per_s: median(beside), ratio: median(beside.map((r, i) => r / without[i])),
            goal: 'at least 0.6' };
    },
    async 'stuck-readers'() {
        const without = [];
        const beside = [];
        const grown = [];
        for (let i = 0; i < rounds; i++) {
            without.push((await burst({}, 200)).rate);
            const service = await (await start()).world(60, 50);
            try {
                const stuck = [];
                for (let person = 0; person < 10; person++) {
                    // Signed in as a caseworker to whom everything is pushed, and never reads again.
                    stuck.push(await service.staff(person));
                    stuck.at(-1).pause();
                }
                const before = service.memory();
                let most = before;
                const timer = setInterval(() => {
                    most = Math.max(most, service.memory());
                }, 50);
                beside.push((await load(service, 'messages', '--senders', 50, '--window', 4, '--each', 200)).rate);
                clearInterval(timer);
                grown.push((most - before) / 2 ** 20);
                stuck.forEach((client) => client.end());
            } finally {
                await service.stop();
            }
        }
        return { what: 'message rate with 10 stuck readers beside', without_per_s: median(without),
            beside_per_s: median(beside), ratio: median(beside.map((r, i) => r / without[i])),
            server_grown_mib: median(grown) };
    },
};

/** What one flush takes here with 2 ms added: a plain file, 1.2 KB and fdatasync, as the store does. */
function flushTime() {
    const out = execFileSync(program('tests/bench/sqlite_commit'), ['--groups', '1'],
        { cwd: options.folder, env: { ...process.env, ...slow(2) }, encoding: 'utf8' });
    return 1000 / Number(/(\d+(?:\.\d+)?)\s*rows\/s/.exec(out)[1]);
}

const results = { machine: { cores: cpus().length, model: cpus()[0].model, node: process.version } };
for (const name of wanted.length > 0 ? wanted : Object.keys(benches)) {
    if (!benches[name]) {
        throw new Error(`no benchmark is called ${name}; there are ${Object.keys(benches).join(', ')}`);
    }
    results[name] = await benches[name]();
    console.log(`\n${name}`);
    for (const [key, value] of Object.entries(results[name])) {
        console.log(`  ${key.padEnd(24)} ${typeof value === 'number' ? Number(value.toPrecision(4))
            : typeof value === 'string' ? value : JSON.stringify(value)}`);
    }
}
rmSync(countFile, { force: true });
if (options.json) {
    writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
}
