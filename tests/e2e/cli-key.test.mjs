/**
 * The key of a caseworker, and what goes wrong around a command: unlocking and locking, with a kernel that keeps keys
 * and without; passwords, key files, settings and connections that will not do; answers made to deceive a terminal.
 * Each has its exit code, says what happened and what to do, and shows nothing else.
 */
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';

import { clerks } from '../support/clerk.mjs';
import { Household } from '../support/household.mjs';
import { Meddler } from '../support/meddler.mjs';
import { program, Service } from '../support/service.mjs';

const ESC = '\u001b';
const NO_KEYRING = { LD_PRELOAD: program('tests/preload/no_keyring.so'),
    ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0` };

let service;
let office;
let next = 0;

before(async () => {
    service = await Service.start();
    office = await clerks(service, ['Jordan Ellis', 'Morgan Reed', 'Ash Bell', 'Drew Hart', 'Kim Lane', 'Lee Ford']);
});
after(() => service.stop());

/** A caseworker with a case of their own. */
async function desk() {
    const clerk = office[next++];
    const ref = `EHC-${1900 + next}`;
    await clerk.newCase(ref);
    return { clerk, ref };
}

const passwordFile = () => join(service.folder, 'office/passphrase');

/** Somebody who has to type the password. */
function forgetful(clerk, name) {
    const other = clerk.atAnotherComputer(name);
    writeFileSync(other.config, readFileSync(other.config, 'utf8').replace(/^password_file.*\n/m, ''), { mode: 0o600 });
    return other;
}

function expect(result, code, said) {
    assert.equal(result.code, code, `${result.code}: ${result.out}${result.err}`);
    assert.match(result.err, said);
    assert.match(result.err, /^sendline: [^\n]+\n/);
    assert.ok(!result.err.includes(ESC));
}

test('without a kernel that keeps keys', { timeout: 120000 }, async () => {
    const { clerk, ref } = await desk();

    expect(await clerk.run(['unlock'], { env: NO_KEYRING }), 6, /no kernel keyring for you \(Function not implemented\)/);
    const cases = await clerk.run(['cases', '--plain'], { env: NO_KEYRING });
    assert.equal(cases.code, 0, cases.err);
    assert.match(cases.out, new RegExp(`^${ref}\t`));
    assert.match((await clerk.run(['lock'], { env: NO_KEYRING })).out, /Your key was locked already\./);
    const typed = forgetful(clerk, 'typed').terminal(['cases'], { env: NO_KEYRING });
    await typed.says('Password for your key: ');
    typed.type(`${readFileSync(passwordFile(), 'utf8').trim()}\r`);
    assert.equal(await typed.ended, 0);
    assert.match(typed.screen, new RegExp(ref));
    assert.doesNotMatch(typed.screen, /sample passphrase/);
});

test('unlocked for a while, then locked', { timeout: 120000 }, async () => {
    const { clerk, ref } = await desk();
    const typist = forgetful(clerk, 'unlocked');
    const unlocked = await typist.run(['unlock', '--for', '5m', '--password-file', passwordFile()]);

    if (unlocked.code === 6) {
        // Where the machine's kernel has none: the words are those of the test above, and nothing else is to be seen.
        expect(unlocked, 6, /no kernel keyring for you/);
        return;
    }
    assert.equal(unlocked.code, 0, unlocked.err);
    assert.match(unlocked.out, /^Your key is unlocked until \d\d:\d\d, on this computer only\./);
    assert.match((await typist.does('cases --plain --no-input')).out, new RegExp(`^${ref}\t`));
    // What the Tab key offers, and the rest of the words that a shell may be given.
    assert.equal((await typist.does('completion cases')).out, `${ref}\n`);
    const [id] = readdirSync(join(typist.folder, 'state'));
    assert.ok(existsSync(join(typist.folder, 'state', id, 'session')));

    assert.match((await typist.does('lock')).out, /^Locked\. Your password is asked for next time\./);
    assert.ok(!existsSync(join(typist.folder, 'state', id, 'session')), 'the session ends with it');
    expect(await typist.run(['cases', '--no-input']), 2, /nobody to ask\.\nUse --password-file FILE, or run 'sendline unlock' first\./);
    assert.equal((await typist.does('completion cases')).out, '');
    const until = Date.parse(JSON.parse((await typist.run(['unlock', '--json', '--for', '30m', '--password-file', passwordFile()])).out).until);
    assert.ok(Math.abs(until - Date.now() - 30 * 60000) < 60000);
    assert.deepEqual(await typist.json('lock'), { unlocked: false });
    for (const time of ['25h', '0m', '4', 'soon']) {
        expect(await typist.run(['unlock', '--for', time]), 2, /--for takes a time up to 24h/);
    }
});

test('passwords and key files that will not do', { timeout: 120000 }, async () => {
    const { clerk } = await desk();
    const typist = forgetful(clerk, 'locked-out');
    await typist.run(['lock']);
    const file = (name, text) => {
        const path = join(typist.folder, name);
        writeFileSync(path, text, { mode: 0o600 });
        return path;
    };
    const key = join(typist.folder, 'key');

    expect(await typist.run(['inbox', '--password-file', file('wrong', 'not the password\n')]), 4, /that password does not open your key\./);
    expect(await typist.run(['inbox', '--password-file', file('empty', '\n')]), 6, /there is no password in/);
    expect(await typist.run(['inbox', '--password-file', '/nowhere']), 3, /cannot open \/nowhere/);
    expect(await typist.run(['inbox', '--password', 'x']), 2, /there is no --password option: it would stay in your shell history/);
    // By standard input it can be piped.
    assert.equal((await typist.run(['cases', '--password-file', '-'], { input: readFileSync(passwordFile()) })).code, 0);

    chmodSync(key, 0o644);
    expect(await typist.run(['inbox', '--password-file', passwordFile()]), 4, /your key is not safe: .*\nMake it yours alone: chmod 600 /);
    chmodSync(key, 0o600);
    copyFileSync(key, join(typist.folder, 'kept'));
    writeFileSync(key, 'not a key');
    expect(await typist.run(['inbox', '--password-file', passwordFile()]), 6, /is not a key file/);
    const [root] = readdirSync(join(typist.folder, '..')).filter((name) => name.startsWith('root-'));
    copyFileSync(join(typist.folder, '..', root), key);
    expect(await typist.run(['inbox', '--password-file', passwordFile()]), 6, /is not the key of a member of staff/);
    typist.set('key_file', '/nowhere/key');
    expect(await typist.run(['inbox', '--password-file', passwordFile()]), 3, /there is no key in \/nowhere\/key/);
});

test('the password is never shown, and Ctrl-C leaves the terminal as it was', { timeout: 120000 }, async () => {
    const { clerk } = await desk();
    const typist = forgetful(clerk, 'interrupted');
    await typist.run(['lock']);
    const terminal = typist.terminal(['inbox']);

    await terminal.says('Password for your key: ');
    terminal.type('half a pass\u0003');
    terminal.type('\r');
    assert.equal(await terminal.ended, 2);
    assert.match(terminal.screen, /stopped\. Nothing was changed\./);
    assert.doesNotMatch(terminal.screen, /half a pass/);
});

test('settings and connections that will not do', { timeout: 120000 }, async (t) => {
    const { clerk } = await desk();
    const other = clerk.atAnotherComputer('settings');
    await clerk.run(['unlock']);

    expect(await clerk.run(['--config', '/nowhere/config', 'inbox']), 3, /cannot open \/nowhere\/config/);
    const wrong = clerk.atAnotherComputer('wrong');
    writeFileSync(wrong.config, 'sever = x\n');
    expect(await wrong.run(['inbox']), 2, /config, line 1: there is no setting 'sever'\. Did you mean 'server'\?/);
    other.set('server', 'localhost');
    expect(await other.run(['cases']), 2, /'localhost' is not the address of a service\./);
    other.set('server', 'https://localhost:1');
    expect(await other.run(['cases']), 5, /cannot reach localhost, port 1\. You may be offline\.\nNothing was changed\./);
    other.set('server', service.publicUrl);
    expect(await other.run(['cases']), 4, /answers, but not as a Sendline service for staff\.\nCheck the setting 'server'/);
    other.set('server', service.staffUrl);
    writeFileSync(join(other.folder, 'ca.crt'), '');
    expect(await other.run(['cases']), 1, /cannot use the certificate authority in/);
    other.set('ca_file', '/etc/ssl/certs/ca-certificates.crt');
    expect(await other.run(['cases']), 4, /did not show a certificate that this computer trusts/);
    other.set('ca_file', service.ca);
    const roots = /^roots = (.*)$/m.exec(readFileSync(other.config, 'utf8'))[1];
    other.set('roots', Buffer.alloc(32, 7).toString('base64url'));
    expect(await other.run(['cases']), 4, /a roster that no trusted manager has signed/);
    other.set('roots', '');
    expect(await other.run(['cases']), 2, /this computer does not know whom to trust/);
    other.set('roots', roots);
    assert.equal((await other.run(['cases'])).code, 0);

    const meddler = await Meddler.start(service);
    t.after(() => meddler.stop());
    other.set('server', meddler.url);
    meddler.onCall = (call, frame, near) => (call === 'thread.list' ? near.terminate() : frame);
    expect(await other.run(['cases']), 5, /the connection to localhost was lost\.\nRun the command again/);
    meddler.honest();
    meddler.onAnswer = (call, frame) => (call === 'thread.list' ? { id: frame.id, error: { code: 'busy', message: '' } } : frame);
    expect(await other.run(['cases']), 5, /The service is busy\./);
    meddler.onAnswer = (call, frame) => (call === 'thread.list' ? { id: frame.id, error: { code: 'internal', message: `${ESC}[2J` } } : frame);
    expect(await other.run(['cases']), 1, /Something went wrong on our side\..*\nA report is in .*report-\d{8}-\d{4}\.txt\n/);
    meddler.onAnswer = (call, frame) => (call === 'thread.list' ? 'no object' : frame);
    assert.notEqual((await other.run(['cases'])).code, 0);
});

test('a report has no messages and no names in it', { timeout: 120000 }, async (t) => {
    const { clerk, ref } = await desk();
    const meddler = await Meddler.start(service);
    t.after(() => meddler.stop());
    const other = clerk.atAnotherComputer('reported');
    other.set('server', meddler.url);
    meddler.onAnswer = (call, frame) => (call === 'thread.entries' ? { id: frame.id, error: { code: 'internal', message: 'Markwords' } } : frame);

    expect(await other.run(['who', ref]), 1, /A report is in/);
    const state = join(other.folder, 'state');
    const [name] = readdirSync(state).filter((one) => one.startsWith('report-'));
    const text = readFileSync(join(state, name), 'utf8');
    assert.match(text, /^sendline \d+\.\d+\.\d+\ntime \S+Z\ncommand who\ncode internal\n$/);
    assert.doesNotMatch(text, /Markwords|EHC|Sam|Jordan/);
});

test('commands and words that are none', { timeout: 120000 }, async () => {
    const [clerk] = office;
    const wrong = [
        [['inbx'], /'inbx' is not a command\. Did you mean 'inbox'\?\nSee 'sendline --help'\./],
        [['service', 'begin'], /'service begin' is not a command\.\nSee 'sendline service'\./],
        [['read'], /'read' needs CASE: sendline read CASE/],
        [['cases', 'EHC-2041'], /'EHC-2041' is one word too many/],
        [['reply', 'EHC-1', '--message', 'Hello'], /there is no --message option: words here would stay in your shell history/],
        [['inbox', '--jsn'], /there is no option --jsn here\. Did you mean --json\?/],
        [['inbox', '--js'], /there is no option --js here/],
        [['completion', 'zsh'], /completion for bash only/],
        [[`${ESC}[2J`], /is not a command/],
        [['inbox', `--${ESC}[2J`], /there is no option/],
    ];
    for (const [args, said] of wrong) {
        expect(await clerk.run(args), 2, said);
    }
    const help = await clerk.run([]);
    assert.equal(help.code, 0);
    assert.match(help.out, /^\nSendline: private messages.*Start here\n {2}inbox /s);
    assert.match((await clerk.run(['service'])).out, /service init/);
    assert.match((await clerk.does('--version')).out, /^sendline \d+\.\d+\.\d+\n$/);
    for (const words of [['help', 'cases', 'add'], ['cases', 'add', '--help'], ['cases', 'add', '-h']]) {
        assert.match((await clerk.run(words)).out, /Add a case, with its conversation\..*Usage: sendline cases add/s);
    }
    assert.equal((await clerk.run(['completion', 'bash'])).out, readFileSync(program('client-cli/sendline.bash'), 'utf8'));
});

test('who: the list of colleagues, and who can read a case', { timeout: 120000 }, async (t) => {
    const clerk = office[0];
    const ref = 'EHC-1999';
    await clerk.run(['unlock']);
    await clerk.newCase(ref);
    const first = await clerk.json(`who ${ref}`);
    assert.deepEqual(first, { case: ref, team: 'SEND team', records: 'Records office' });
    const sam = new Household(service);
    t.after(() => sam.close());
    await sam.accept(await clerk.invite(ref));
    await clerk.does(`read ${ref}`);
    assert.deepEqual(await clerk.json(`who ${ref}`), { ...first, parent: 'Sam Carter' });
    assert.equal((await clerk.does(`who ${ref} --plain`)).out, 'team\tSEND team\nrecords\tRecords office\nparent\tSam Carter\n');
    assert.match((await clerk.does(`who ${ref}`)).out, /can be unlocked by\n {2}Sam Carter\n {2}colleagues of SEND team\n {2}Records office, with both officers' keys together/);

    const list = (await clerk.does('who')).out;
    assert.match(list, /Colleagues: list 1, good until \w+ \d+ \w+ \d{4}/);
    assert.match(list, /^ {2}Jordan Ellis {2}caseworker {2}SEND team {2}([0-9A-Z]{5}-){5}[0-9A-Z]{5}$/m);
    const notes = readFileSync(join(clerk.folder, '../what-is-what.txt'), 'utf8');
    const [, rootPrint] = /^ {2}(\S+) {2}root key of Alex Morgan$/m.exec(notes);
    assert.ok(list.includes(rootPrint), 'the print of the root key is for comparing');
});

test('a service that writes to the terminal', { timeout: 120000 }, async (t) => {
    const [clerk] = office;
    await clerk.run(['unlock']);
    const meddler = await Meddler.start(service);
    t.after(() => meddler.stop());
    const other = clerk.atAnotherComputer('deceived');
    other.set('server', meddler.url);
    const evil = `${ESC}]0;owned\u0007${ESC}[31mEHC\u202e-6\u009b2J\nsendline: all is well`;
    meddler.onAnswer = (call, frame) => {
        if (call === 'thread.list') {
            frame.ok.threads.forEach((one) => {
                one.ref = evil.slice(0, 30);
                one.reply = { state: evil, due_on: evil, waiting_since_at: 1, seq: 1 };
            });
        }
        if (call === 'invite.list') {
            frame.ok.invites.forEach((one) => {
                one.refs = one.refs.map(() => evil);
                one.state = one.state === 'open' ? 'open' : evil;
            });
        }
        if (call === 'staff.list') {
            frame.ok.staff.forEach((one) => {
                one.role = evil;
            });
        }
        return frame;
    };
    for (const line of ['cases', 'cases --plain', 'cases --json', 'inbox --all', 'inbox --all --plain', 'inbox --all --json',
        'invites --ended', 'invites --ended --plain', 'invites --ended --json', 'who', 'who --json', 'completion cases']) {
        const { out, err } = await other.does(line);
        assert.doesNotMatch(out + err, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/, line);
        assert.doesNotMatch(out, /^sendline: all is well/m, line);
    }
    const terminal = other.terminal(['invites', 'end', 'x'], { columns: 80 });
    await terminal.ended;
    assert.ok(!terminal.screen.includes('owned\u0007'));
});

test('a full disk and a folder that others can look into', { timeout: 120000 }, async () => {
    const [clerk] = office;
    const other = clerk.atAnotherComputer('open-door');
    mkdirSync(join(other.folder, 'shared'), { mode: 0o755 });
    const [id] = readdirSync(join(clerk.folder, 'state'));
    mkdirSync(join(other.folder, 'shared', id), { mode: 0o755 });
    other.set('state_dir', 'shared');
    expect(await other.run(['cases']), 4, /others can look into .*shared/);

    const full = await clerk.run(['cases', '--json'], {});
    assert.equal(full.code, 0);
    const dev = clerk.start(['cases', '--json']);
    dev.stdout.destroy();
    const code = await new Promise((done) => dev.once('close', done));
    assert.equal(code, 0, 'a reader that has seen enough is no failure');
});
