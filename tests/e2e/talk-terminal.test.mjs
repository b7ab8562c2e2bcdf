/**
 * At a terminal: the editor, the questions, Ctrl-C, a terminal that is closed. Words are never lost without a word.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { clerks } from '../support/clerk.mjs';
import { Household } from '../support/household.mjs';
import { Service } from '../support/service.mjs';

let service;
let jordan;
let morgan;
let runtime;
let cases = 0;

before(async () => {
    service = await Service.start();
    [jordan, morgan] = await clerks(service, ['Jordan Ellis', 'Morgan Reed']);
    await jordan.run(['unlock']);
    await morgan.run(['unlock']);
    runtime = join(service.folder, 'runtime');
    mkdirSync(runtime, { mode: 0o700 });
    jordan.env.XDG_RUNTIME_DIR = runtime;
});
after(() => service.stop());

async function family(t, { clerk = jordan, accepted = true } = {}) {
    const ref = `EHC-${5100 + cases++}`;
    const sam = new Household(service);
    t.after(() => sam.close());
    await clerk.newCase(ref);
    const invitation = await clerk.invite(ref);
    if (accepted) {
        await sam.accept(invitation);
    }
    return { ref, sam };
}

/** An editor that does this, in sh, with the file in $1. */
function editor(script) {
    const path = join(service.folder, `editor-${Math.random().toString(36).slice(2)}`);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return { EDITOR: path };
}

const QUESTION = 'Send to Sam Carter? [y]es, [e]dit, [d]raft, [N]o: ';
const leftovers = () => readdirSync(runtime);

test('words from the editor: yes, edit, draft, no', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await family(t);
    const typed = editor('echo "I am glad it helps. I have told the psychologist that Robin worries about new people, so they will start with a game." >> "$1"');

    let terminal = jordan.terminal(['reply', ref], { env: typed, columns: 80 });
    await terminal.says('Opening your editor. Save and close to go on. An empty message cancels.');
    await terminal.says('23 words. Reading age about ');
    assert.ok(terminal.screen.includes(`To      Sam Carter, ${ref}\r\n${'-'.repeat(80)}\r\nI am glad it helps. I have told the psychologist that Robin worries about new\r\npeople, so they will start with a game.\r\n${'-'.repeat(80)}\r\n`));
    await terminal.says(QUESTION);
    terminal.type('d\n');
    await terminal.says(`Draft saved. Go on with it: sendline reply ${ref}`);
    assert.equal(await terminal.ended, 0);
    assert.deepEqual(await sam.words(), []);

    terminal = jordan.terminal(['reply', ref], { env: editor('echo "More." >> "$1"') });
    await terminal.says('Going on with your draft.');
    await terminal.says('with a game.');
    await terminal.says('More.');
    await terminal.says(QUESTION);
    terminal.type('e\n');
    await terminal.says('\r\nMore.\r\nMore.\r\n');
    await terminal.says(QUESTION);
    terminal.type('x\n');
    await terminal.says(QUESTION, 5);
    terminal.type('\n');
    await terminal.says('Nothing was sent. Your draft is kept.');
    assert.equal(await terminal.ended, 0);
    assert.deepEqual(await sam.words(), []);

    terminal = jordan.terminal(['reply', ref], { env: editor('true') });
    await terminal.says(QUESTION);
    terminal.type('Y\n');
    await terminal.says('Locking and sending ... done');
    await terminal.says(`Sent to Sam Carter, ${ref}, at `);
    assert.equal(await terminal.ended, 0);
    assert.match((await sam.words()).at(-1), /^I am glad it helps\..*with a game\.\nMore\.\nMore\.$/s);
    assert.deepEqual(jordan.remembers('draft-'), []);
    assert.deepEqual(leftovers(), []);
});

test('an empty message cancels, and an emptied draft is gone', { timeout: 120000 }, async (t) => {
    const { ref } = await family(t);

    let terminal = jordan.terminal(['reply', ref], { env: editor('true') });
    await terminal.says('An empty message: nothing was sent.');
    assert.equal(await terminal.ended, 0);
    await jordan.does(`reply ${ref} --file - --draft`, 'Half a thought');
    terminal = jordan.terminal(['reply', ref], { env: editor(': > "$1"') });
    await terminal.says('nothing was sent, and your draft is thrown away.');
    assert.equal(await terminal.ended, 0);
    assert.deepEqual(jordan.remembers('draft-'), []);
});

test('Ctrl-C at the question, and a terminal that is closed in the editor', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await family(t);

    let terminal = jordan.terminal(['reply', ref], { env: editor('echo "Words to keep" > "$1"') });
    await terminal.says(QUESTION);
    terminal.type('\u0003');
    await terminal.says('Stopped. Nothing was sent; your draft is kept.');
    await terminal.ended;

    // What was saved in the editor is kept, though nobody came to close it.
    terminal = jordan.terminal(['reply', ref], { env: editor('echo "and more" >> "$1"; touch "$1.saved"; sleep 60') });
    await terminal.says('Opening your editor.');
    for (let i = 0; i < 200 && !leftovers().some((name) => existsSync(join(runtime, name, 'message.txt.saved'))); i++) {
        await sleep(20);
    }
    terminal.hangUp();
    await terminal.ended;
    for (let i = 0; i < 200 && leftovers().length > 0; i++) {
        await sleep(20);
    }
    assert.deepEqual(leftovers(), [], 'nothing is left in memory');
    terminal = jordan.terminal(['reply', ref], { env: editor('true') });
    await terminal.says('Words to keep\r\nand more');
    await terminal.says(QUESTION);
    terminal.type('y\n');
    assert.equal(await terminal.ended, 0);
    assert.deepEqual(await sam.words(), ['Words to keep\nand more']);
});

test('an editor that ends badly, and one that is not there', { timeout: 120000 }, async (t) => {
    const { ref } = await family(t);

    let terminal = jordan.terminal(['reply', ref], { env: editor('echo "Typed before the crash" > "$1"; kill -SEGV $$') });
    await terminal.says('did not end well. Nothing was sent. Your draft is kept.');
    assert.equal(await terminal.ended, 6);
    terminal = jordan.terminal(['reply', ref], { env: editor('exit 1') });
    await terminal.says('Going on with your draft.');
    assert.equal(await terminal.ended, 6);
    terminal = jordan.terminal(['reply', ref], { env: { EDITOR: '/nowhere/editor' } });
    await terminal.says("the editor '/nowhere/editor' did not end well.");
    assert.equal(await terminal.ended, 6);
    terminal = jordan.terminal(['reply', ref], { env: editor('true') });
    await terminal.says('Typed before the crash');
    await terminal.says(QUESTION);
    terminal.type('n\n');
    assert.equal(await terminal.ended, 0);
    assert.deepEqual(leftovers(), []);
    // Somebody killed us in the editor once: their file goes with the next run.
    const old = join(runtime, 'sendline-edit-999999-abcdef');
    mkdirSync(old);
    writeFileSync(join(old, 'message.txt'), 'left behind');
    terminal = jordan.terminal(['reply', ref], { env: editor('true') });
    await terminal.says(QUESTION);
    assert.ok(!existsSync(old));
    terminal.type('n\n');
    await terminal.ended;
});

test('the file that is edited is nobody else\'s and in memory', { timeout: 120000 }, async (t) => {
    const { ref } = await family(t);
    const look = join(service.folder, 'look');

    const terminal = jordan.terminal(['reply', ref], { env: editor(`stat -c '%a %n' "$1" "$(dirname "$1")" > ${look}; echo x > "$1"`) });
    await terminal.says(QUESTION);
    terminal.type('n\n');
    await terminal.ended;
    const [file, folder] = readFileSync(look, 'utf8').trim().split('\n');
    assert.match(file, new RegExp(`^600 ${runtime}/`));
    assert.match(folder, /^700 /);
});

test('a draft and words from a pipe do not take each other\'s place', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await family(t);
    const pipe = (args, words) => jordan.run(['reply', ref, '--file', '-', ...args], { input: words });

    await pipe(['--draft'], 'An unfinished thought');
    assert.equal((await pipe(['--yes'], 'A quick answer')).code, 0);
    assert.deepEqual(await sam.words(), ['A quick answer']);
    assert.equal((await pipe([], 'A second answer')).code, 2);
    assert.equal((await pipe([], 'A second answer')).code, 2);
    const terminal = jordan.terminal(['reply', ref], { env: editor('true') });
    await terminal.says('An unfinished thought\r\n\r\nA second answer\r\n---');
    await terminal.says(QUESTION);
    terminal.type('y\n');
    assert.equal(await terminal.ended, 0);
    assert.equal((await sam.words()).at(-1), 'An unfinished thought\n\nA second answer');
});

test('the first grant to a family that somebody else invited', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await family(t, { clerk: morgan });

    // The case is handed over, as a later command will do it.
    await service.terminate();
    execFileSync('sqlite3', [join(service.data, 'sendline.db'),
        `UPDATE case_file SET caseworker_id = (SELECT caseworker_id FROM case_file WHERE caseworker_id <>
         (SELECT caseworker_id FROM case_file WHERE ref = '${ref}') LIMIT 1) WHERE ref = '${ref}'`]);
    await service.restart();
    await sam.signIn();
    await sam.write('Is anybody there?');

    const read = (await jordan.does(`read ${ref}`)).out;
    assert.match(read, /Sam Carter came in by an invitation from Morgan Reed\. You are asked about it before you\s+write\./);
    assert.match(read, /Sam Carter came in, invited by Morgan Reed\./);
    await sam.read();
    assert.equal(sam.thread.generation, 1, 'no key without a yes');

    const reply = (args) => jordan.run(['reply', ref, '--file', '-', '--yes', ...args], { input: 'Hello Sam' });
    const nobody = await reply([]);
    assert.equal(nobody.code, 2);
    assert.match(nobody.err, /an invitation from Morgan Reed, and that needs a yes from a person\. Your draft is kept\.\n.*--confirm 'Morgan Reed'/);
    const wrong = await reply(['--confirm', 'Jordan Ellis']);
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /came in by an invitation from Morgan Reed, not from 'Jordan Ellis'/);
    let terminal = jordan.terminal(['reply', ref], { env: editor('true') });
    await terminal.says(QUESTION);
    terminal.type('y\n');
    await terminal.says('Sam Carter came in by an invitation from Morgan Reed,');
    await terminal.says('Is that right, and shall what you write be locked for them? [y/N]: ');
    terminal.type('\n');
    await terminal.says('nobody here has agreed to that. Nothing was sent. Your draft is kept.');
    await terminal.says(`invite the family yourself: sendline invite ${ref} --again`);
    assert.equal(await terminal.ended, 6);
    await sam.read();
    assert.deepEqual([sam.thread.generation, (await sam.words()).length], [1, 1]);

    terminal = jordan.terminal(['reply', ref], { env: editor('true') });
    await terminal.says(QUESTION);
    terminal.type('y\n');
    await terminal.says('[y/N]: ');
    terminal.type('y\n');
    await terminal.says('Locking and sending ... done');
    assert.equal(await terminal.ended, 0);
    assert.deepEqual(await sam.words(), ['Is anybody there?', 'Hello Sam']);
    assert.equal(sam.thread.generation, 2);
    // Asked once, and not again.
    assert.equal((await reply([])).code, 0);
});

test('--confirm with the name is a yes for scripts', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await family(t, { clerk: morgan });

    await service.terminate();
    execFileSync('sqlite3', [join(service.data, 'sendline.db'),
        `UPDATE case_file SET caseworker_id = (SELECT caseworker_id FROM case_file WHERE caseworker_id <>
         (SELECT caseworker_id FROM case_file WHERE ref = '${ref}') LIMIT 1) WHERE ref = '${ref}'`]);
    await service.restart();
    await sam.signIn();
    const { code } = await jordan.run(['reply', ref, '--file', '-', '--yes', '--confirm', 'morgan reed'], { input: 'Hello Sam' });
    assert.equal(code, 0);
    assert.deepEqual(await sam.words(), ['Hello Sam']);
});

test('a long conversation goes through the pager, a short one does not', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await family(t);
    const env = { PAGER: 'sed s/^/PAGER:/' };

    await sam.write('Short');
    let terminal = jordan.terminal(['read', ref, '--peek'], { env, rows: 50 });
    await terminal.says('Short');
    assert.equal(await terminal.ended, 0);
    assert.doesNotMatch(terminal.screen, /PAGER:/);
    terminal = jordan.terminal(['read', ref, '--peek'], { env, rows: 12 });
    await terminal.says('PAGER:');
    await terminal.says('    Short');
    assert.equal(await terminal.ended, 0);
    terminal = jordan.terminal(['read', ref, '--peek'], { env: { PAGER: '/nowhere/pager' }, rows: 12 });
    await terminal.says('Short');
    assert.equal(await terminal.ended, 0);
    for (const columns of [80, 100]) {
        terminal = jordan.terminal(['read', ref, '--peek'], { columns, rows: 50 });
        await terminal.ended;
         
        const lines = terminal.screen.replace(/\u001b\[[0-9;]*m/g, '').split('\r\n');
        const width = Math.max(...lines.map((line) => line.length));
        assert.equal(width, Math.min(columns, 90));
    }
});
