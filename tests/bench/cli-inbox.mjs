/**
 * How long a caseworker waits for `sendline inbox` with 200 conversations, from start to answer.
 *
 *   node --import ./tests/support/node.mjs tests/bench/cli-inbox.mjs [--conversations 200] [--rounds 25] [--json FILE]
 *
 * The passphrase is measured apart: stretching it is meant to be slow. What a program on these libraries takes to
 * start and to do nothing is measured beside, for it is the floor.
 *
 * @module
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { clerks } from '../support/clerk.mjs';
import { Household } from '../support/household.mjs';
import { Service } from '../support/service.mjs';

const { values: options } = parseArgs({
    options: {
        conversations: { type: 'string', default: '200' },
        accepted: { type: 'string', default: '20' },
        rounds: { type: 'string', default: '25' },
        json: { type: 'string' },
    },
});
const conversations = Number(options.conversations);
const accepted = Number(options.accepted);
const rounds = Number(options.rounds);

const service = await Service.start({ settings: { calls_per_second: 1000000, calls_burst: 1000000,
    connections_per_address: 100000, sign_ins_per_5_minutes: 1000000, sign_ins_per_address_per_5_minutes: 1000000,
    log_level: 'error' } });

async function took(clerk, line) {
    const since = process.hrtime.bigint();
    await clerk.does(line);
    return Number(process.hrtime.bigint() - since) / 1e6;
}

function spread(list) {
    const sorted = [...list].sort((a, b) => a - b);
    const at = (share) => Number(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(1));
    return { median_ms: at(0.5), p90_ms: at(0.9), most_ms: at(1) };
}

try {
    const [jordan] = await clerks(service, ['Jordan Ellis']);
    const unlocked = (await jordan.run(['unlock'])).code === 0;
    for (let i = 0; i < conversations; i++) {
        await jordan.newCase(`EHC-${1000 + i}`, { parent: `Parent Number ${i}` });
    }
    for (let i = 0; i < accepted; i++) {
        const sam = new Household(service);
        await sam.accept(await jordan.invite(`EHC-${1000 + i}`));
        await sam.write(`Message ${i}`);
        sam.close();
    }
    const first = await took(jordan.atAnotherComputer('fresh'), 'inbox --all');
    const figures = { first: [], inbox: [], json: [], read: [], start: [], locked: [] };
    for (let i = 0; i < rounds; i++) {
        figures.start.push(await took(jordan, '--version'));
        figures.inbox.push(await took(jordan, 'inbox'));
        figures.json.push(await took(jordan, 'inbox --all --json'));
        figures.read.push(await took(jordan, 'read EHC-1000 --peek'));
    }
    await jordan.run(['lock']);
    for (let i = 0; i < 5; i++) {
        figures.locked.push(await took(jordan, 'inbox'));
    }
    const result = {
        conversations, accepted, unlocked,
        'inbox, key unlocked': spread(figures.inbox),
        'inbox --all --json': spread(figures.json),
        'read of one conversation': spread(figures.read),
        'the program starts and does nothing': spread(figures.start),
        'first inbox on a new computer': Number(first.toFixed(1)),
        'inbox with a passphrase from a file': spread(figures.locked),
        goal: 'under 300 ms, stretching apart',
    };
    console.log('\ncli-inbox');
    for (const [key, value] of Object.entries(result)) {
        console.log(`  ${key.padEnd(38)} ${typeof value === 'object' ? JSON.stringify(value) : value}`);
    }
    if (options.json) {
        writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
    }
} finally {
    await service.stop();
}
