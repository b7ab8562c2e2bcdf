/**
 * `sendline service init` with the real programs: from a plan and asked at a terminal, what it leaves on the disk, and
 * what happens when it is run again, with the wrong token, or without an answer.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { Clerk } from '../support/clerk.mjs';
import { Meddler } from '../support/meddler.mjs';
import { program, Service } from '../support/service.mjs';

const PEOPLE = { alex: 'Alex Morgan', blake: 'Blake Lowe', jordan: 'Jordan Ellis', morgan: 'Morgan Reed',
    robin: 'Robin Field', toni: 'Toni Hale' };
const passphrase = (who) => `secret words of ${who}`;

/** A service that is not set up, and the folder of whoever is to do it. */
async function begin(t) {
    const service = await Service.start();
    const folder = mkdtempSync(join(tmpdir(), 'sendline-setup-'));
    t.after(async () => {
        await service.stop();
        rmSync(folder, { recursive: true, force: true });
    });
    mkdirSync(join(folder, 'words'));
    for (const who of Object.keys(PEOPLE)) {
        writeFileSync(join(folder, 'words', who), `${passphrase(who)}\n`);
    }
    const person = (who, more = {}) => ({ name: PEOPLE[who], passphrase_file: `words/${who}`, ...more });
    writeFileSync(join(folder, 'plan.json'), JSON.stringify({
        manager: person('alex'), deputy: person('blake'), team: { name: 'SEND team' },
        staff: [person('alex', { role: 'manager' }), person('jordan'), person('morgan')],
        records: [person('robin'), person('toni')],
    }));
    writeFileSync(join(folder, 'config'), '');
    return { service, folder, keys: join(folder, 'keys'), plan: join(folder, 'plan.json'),
        manager: new Clerk('Alex Morgan', folder, service) };
}

function words({ service, keys }, more = []) {
    return ['service', 'init', '--server', service.staffUrl, '--ca-file', service.ca,
        '--token-file', join(service.data, 'setup-token'), '--out', keys, ...more];
}

const files = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true });
/** Node 18 lists folders without what is in them. */
function allFiles(folder) {
    return files(folder).flatMap((entry) => (entry.isDirectory() && entry.parentPath === undefined
        ? allFiles(join(folder, entry.name))
        : entry.isFile() ? [join(entry.parentPath ?? folder, entry.name)] : []));
}

test('from a plan: keys for everybody, and a folder for each colleague', { timeout: 120000 }, async (t) => {
    const place = await begin(t);
    const { manager, keys, plan } = place;
    const made = await manager.run(words(place, ['--plan', plan, '--json']));

    assert.equal(made.code, 0, made.err);
    const result = JSON.parse(made.out);
    assert.deepEqual(result.roots.map(({ name }) => name), ['Alex Morgan', 'Blake Lowe']);
    assert.deepEqual(result.staff.map(({ name, role }) => [name, role]),
        [['Alex Morgan', 'manager'], ['Jordan Ellis', 'caseworker'], ['Morgan Reed', 'caseworker']]);
    assert.deepEqual(result.records.map(({ name }) => name), ['Robin Field', 'Toni Hale']);
    assert.equal(result.serial, 1);
    for (const { print } of [...result.roots, ...result.staff, ...result.teams]) {
        assert.match(print, /^([0-9A-HJKMNP-TV-Z]{5}-){5}[0-9A-HJKMNP-TV-Z]{5}$/);
    }

    // Seven key files and nothing that a neighbour could read.
    const keyFiles = [...result.roots, ...result.records].map(({ file }) => file);
    keyFiles.push(...result.staff.map(({ config }) => join(config, '../key')));
    assert.equal(new Set(keyFiles).size, 7);
    for (const file of keyFiles) {
        assert.equal(statSync(file).size, 122, file);
    }
    for (const file of allFiles(keys)) {
        assert.equal(statSync(file).mode & 0o077, 0, file);
        assert.doesNotMatch(readFileSync(file, 'latin1'), /secret words/, file);
    }
    assert.ok(!existsSync(join(keys, 'set-up.json')));
    const notes = readFileSync(join(keys, 'what-is-what.txt'), 'utf8');
    for (const { print, name } of [...result.roots, ...result.staff]) {
        assert.match(notes, new RegExp(`${print} .*${name}`));
    }

    // Each colleague's folder works as it is, and shows the same prints.
    for (const [i, who] of ['alex', 'jordan', 'morgan'].entries()) {
        const clerk = new Clerk(PEOPLE[who], join(result.staff[i].config, '..'), place.service);
        const list = await clerk.run(['who', '--json', '--password-file', join(place.folder, 'words', who)]);
        assert.equal(list.code, 0, list.err);
        assert.deepEqual(Object.fromEntries(JSON.parse(list.out).map((one) => [one.name, one.print])),
            Object.fromEntries(result.staff.map((one) => [one.name, one.print])));
    }

    // Once is enough.
    const again = await manager.run(words({ ...place, keys: join(place.folder, 'others') }, ['--plan', plan]));
    assert.equal(again.code, 7);
    assert.match(again.err, /this service is set up already\. Nothing was changed\./);
});

test('a wrong token, then the right one: the same keys', { timeout: 120000 }, async (t) => {
    const place = await begin(t);
    const { manager, keys, plan, folder } = place;
    writeFileSync(join(folder, 'token'), 'A'.repeat(43));
    const args = words(place, ['--plan', plan]);
    const wrong = [...args];
    wrong[wrong.indexOf('--token-file') + 1] = join(folder, 'token');

    const refused = await manager.run(wrong);
    assert.equal(refused.code, 4);
    assert.match(refused.err, /The set-up token is not right\.\n.*run this again with the right one/);
    assert.equal(refused.out, '');
    const notes = readFileSync(join(keys, 'what-is-what.txt'), 'utf8');

    const right = await manager.run(args);
    assert.equal(right.code, 0, right.err);
    assert.match(right.err, /Going on with the keys that are in/);
    assert.equal(readFileSync(join(keys, 'what-is-what.txt'), 'utf8'), notes);
    assert.ok(right.out.includes(notes.trim()));
});

test('an answer that is lost: the same command finds that it worked', { timeout: 120000 }, async (t) => {
    const place = await begin(t);
    const { manager, plan, service } = place;
    const meddler = await Meddler.start(service);
    t.after(() => meddler.stop());
    meddler.onAnswer = (call, frame, near) => (call === 'service.init' ? near.terminate() : frame);

    const lost = await manager.run(words({ ...place, service: { ...service, data: service.data, ca: service.ca,
        staffUrl: meddler.url } }, ['--plan', plan]));
    assert.equal(lost.code, 5, lost.err);
    const again = await manager.run(words(place, ['--plan', plan]));
    assert.equal(again.code, 0, again.err);
    assert.match(again.out, /^The service is set up\./m);
});

test('asked at a terminal', { timeout: 120000 }, async (t) => {
    const place = await begin(t);
    const terminal = place.manager.terminal(words(place), { columns: 80 });
    const answers = [
        ['Service manager\'s name: ', 'Alex Morgan'],
        ['root key, at least 12 characters: ', 'too short'],
        ['That is shorter than 12 characters.', null],
        ['root key, at least 12 characters: ', passphrase('alex')],
        ['The same again: ', 'something else that is long'],
        ['These two are not the same.', null],
        ['root key, at least 12 characters: ', passphrase('alex')],
        ['The same again: ', passphrase('alex')],
        ['Deputy\'s name (empty: none): ', ''],
        ['Alex Morgan\'s everyday key, at least 12 characters: ', passphrase('alex')],
        ['The same again: ', passphrase('alex')],
        ['Name of the team [SEND team]: ', 'North team'],
        ['Caseworker\'s name (empty: that is all): ', 'Jordan Ellis'],
        ['Jordan Ellis\'s key, at least 12 characters: ', passphrase('jordan')],
        ['The same again: ', passphrase('jordan')],
        ['Caseworker\'s name (empty: that is all): ', ''],
        ['First records officer\'s name: ', 'Robin Field'],
        ['half of the records key, at least 12', passphrase('robin')],
        ['The same again: ', passphrase('robin')],
        ['Second one\'s name: ', 'Toni Hale'],
        ['half of the records key, at least 12', passphrase('toni')],
        ['The same again: ', passphrase('toni')],
        ['Make these keys and set the service up? That is done once. [y/N]: ', 'y'],
    ];
    for (const [question, answer] of answers) {
        await terminal.says(question);
        if (answer !== null) {
            terminal.type(`${answer}\r`);
        }
    }
    assert.equal(await terminal.ended, 0, terminal.screen);
    assert.match(terminal.screen, /The service is set up\./);
    assert.doesNotMatch(terminal.screen, /secret words/, 'no passphrase was shown');
    const jordan = new Clerk('Jordan Ellis', join(place.keys, 'staff-2-jordan-ellis'), place.service);
    const list = await jordan.run(['who', '--plain', '--password-file', join(place.folder, 'words/jordan')]);
    assert.equal(list.code, 0, list.err);
    assert.match(list.out, /^Jordan Ellis\tcaseworker\tNorth team\t/m);
});

test('what it refuses, before any key is made', { timeout: 120000 }, async (t) => {
    const place = await begin(t);
    const { manager, folder, keys, plan } = place;
    const full = join(folder, 'full');
    mkdirSync(full);
    writeFileSync(join(full, 'something'), '');
    const refusals = [
        [words({ ...place, keys: full }, ['--plan', plan]), 7, /there is something in .*full already/],
        [words(place), 2, /nobody to ask\.\nGive the answers in a file: --plan FILE/],
        [words(place, ['--plan', join(folder, 'gone')]), 3, /cannot open .*gone/],
        [words(place, ['--plan', place.service.ca]), 6, /is not a JSON object/],
        [['service', 'init', '--server', place.service.staffUrl, '--ca-file', place.service.ca], 2, /one-time token/],
        [['service', 'init', '--token-file', plan], 2, /the address of the service is not set/],
        [['service', 'init', '--token-file', plan, '--server', 'https://localhost:1'], 5, /cannot reach localhost, port 1/],
        [['service', 'init', '--token-file', plan, '--server', place.service.staffUrl], 4, /a certificate that this computer trusts/],
    ];
    for (const [args, code, said] of refusals) {
        const result = await manager.run(args);
        assert.equal(result.code, code, `${args.join(' ')}: ${result.err}`);
        assert.match(result.err, said);
        assert.equal(result.out, '');
    }
    assert.deepEqual(existsSync(keys) ? readdirSync(keys) : [], []);
});

test('stopped in the middle: no half-made service', { timeout: 120000 }, async (t) => {
    const place = await begin(t);
    const child = spawn(program('client-cli/sendline'), words(place, ['--plan', place.plan]), { detached: true });
    let said = '';
    child.stderr.on('data', (data) => {
        said += data;
        if (said.includes('Locking key 3')) {
            child.kill('SIGINT');
        }
    });
    await new Promise((done) => child.once('close', done));
    assert.match(said, /Locking key 3/);
    assert.doesNotMatch(said, /Locking key 7/);
    const other = { ...place, keys: join(place.folder, 'others') };
    const again = await place.manager.run(words(other, ['--plan', place.plan, '--quiet']));
    assert.equal(again.code, 0, again.err);
    assert.equal(again.out + again.err, '');
});
