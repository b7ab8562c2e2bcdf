/**
 * Notices by the whole server, over a mail server and over days: what is told, to whom, how often, and what becomes of
 * it when the mail is down or the server is killed. The server's wall clock is moved (preload/shift_clock.c).
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { fromB64, toB64 } from '../../web/js/e2ee/bytes.js';
import { changeExtra, signAuth } from '../../web/js/e2ee/account.js';
import { inviteEntry, keysEntry } from '../../web/js/e2ee/compose.js';
import { identity } from '../../web/js/e2ee/identity.js';
import { signPair } from '../../web/js/e2ee/primitives.js';
import { ready, systemRandom } from '../../web/js/e2ee/sodium.js';
import { API_KEY, EMAIL_TEMPLATE, Notify } from '../support/notify.mjs';
import { HOST, program, root, Service } from '../support/service.mjs';
import { Post, read } from '../support/smtp.mjs';
import { Writer } from '../support/writer.mjs';

const MINUTE = 60;
const DAY = 86400;
/** The worker looks every 2 seconds: in this time it would have sent what it should not, milliseconds. */
const TWO_LOOKS = 4500;

/** A port that nobody has. */
async function freePort() {
    const server = createServer();
    await new Promise((up) => server.listen(0, '127.0.0.1', up));
    const { port } = server.address();
    await new Promise((closed) => server.close(closed));
    return port;
}

/** What the server's wall clock is ahead of ours. */
class Clock {
    constructor(file) {
        this.file = file;
        this.shift = 0;
        writeFileSync(file, Buffer.alloc(8));
    }

    advance(seconds) {
        this.shift += seconds;
        const bytes = Buffer.alloc(8);
        bytes.writeBigInt64LE(BigInt(this.shift));
        // In place: the server has this very file in its memory.
        writeFileSync(this.file, bytes, { flag: 'r+' });
    }
}

/** A service with one caseworker and one family, notices set up as given, and a clock to move. */
async function serve(t, settings) {
    const folder = mkdtempSync(join(tmpdir(), 'sendline-outbox-'));
    const clock = new Clock(join(folder, 'shift'));
    const service = await Service.start({
        env: { LD_PRELOAD: preload(), SHIFT_CLOCK_FILE: clock.file },
        settings: { quiet_from_hour: 0, quiet_to_hour: 0, message_notice_minutes: 0, notices_timeout_seconds: 5,
            mail_from: 'notices@council.example', ...settings(folder) },
    });
    t.after(async () => {
        await service.stop();
        rmSync(folder, { recursive: true });
    });
    await service.world(1, 1);
    service.clock = clock;
    return service;
}

/** A sanitizer's library has to come first. */
function preload() {
    const libraries = execFileSync('ldd', [program('server/sendlined')], { encoding: 'utf8' });
    const sanitizers = [...libraries.matchAll(/=> (\S*lib[at]san\.so\S*)/g)].map(([, path]) => path);
    return [...sanitizers, program('tests/preload/shift_clock.so')].join(' ');
}

/** The caseworker and the parent, each of whom can write. */
async function people(service) {
    const [family] = service.people.parents;
    const [person] = service.people.staff;
    const desk = await service.staff(0);
    const home = await service.parent(0);
    const caseworker = new Writer({ ...family, id: person.id, sign_seed: person.sign_seed });
    const parent = new Writer(family);
    return {
        close: () => [desk, home].forEach((client) => client.close()),
        fromStaff: async () => {
            await caseworker.write(desk);
            parent.head = caseworker.head;
        },
        // Whoever writes has seen what was there.
        fromParent: async () => {
            await parent.write(home);
            caseworker.head = parent.head;
        },
        head: () => caseworker.head,
        address: family.address,
    };
}

async function logged(service, what) {
    for (let i = 0; !what.test(service.log); i++) {
        assert.ok(i < 600, `never logged: ${what}\n${service.log}`);
        await sleep(50);
    }
}

const counter = async (service, name) => {
    const text = execFileSync('curl', ['--silent', '--fail', '--cacert', service.ca, `${service.staffUrl}/metrics`],
        { encoding: 'utf8' });
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
};

async function counted(service, name, want) {
    for (let i = 0; await counter(service, name) < want; i++) {
        assert.ok(i < 300, `${name} stays under ${want}\n${service.log}`);
        await sleep(100);
    }
}

const smtp = (port, more = {}) => ({ email_by: 'smtp', smtp_url: `smtp://localhost:${port}`, smtp_tls: 'no', ...more });

test('nothing is set up: nothing is kept, and the log says so once', async (t) => {
    const service = await serve(t, () => ({}));
    const { fromStaff, close } = await people(service);
    await fromStaff();
    close();
    await service.terminate();
    assert.equal([...service.log.matchAll(/notices_off/g)].length, 2, 'once for each start');
    const rows = execFileSync('sqlite3', [join(service.data, 'sendline.db'), 'SELECT count(*) FROM outbox'],
        { encoding: 'utf8' });
    assert.equal(rows.trim(), '0');
});

test('a new message is told once until the parent has looked', async (t) => {
    const post = await Post.start();
    t.after(() => post.stop());
    const service = await serve(t, () => smtp(post.port));
    const { fromStaff, fromParent, address, close } = await people(service);

    await fromStaff();
    const mail = await post.mail(0);
    assert.deepEqual(mail.to, [address]);
    const { headers, plain, html } = read(mail);
    assert.equal(headers.subject, 'You have a new message');
    for (const text of [mail.content, plain, html]) {
        // Neither names nor what it is about, and no way in.
        assert.doesNotMatch(text, /https?:|www\.|BENCH|Caseworker|child|SEND/);
    }
    await fromStaff();
    await fromStaff();
    await sleep(TWO_LOOKS);
    assert.equal(post.mails.length, 1);
    // A parent's own message is no news to them.
    await fromParent();
    await sleep(TWO_LOOKS);
    assert.equal(post.mails.length, 1);
    await fromStaff();
    await post.mail(1);
    assert.equal(await counter(service, 'sendline_notices_sent_total'), 2);
    close();
    assert.ok(!service.log.includes(address), 'no address is in the log');
});

test('what is read within the minutes of grace is not told', async (t) => {
    const post = await Post.start();
    t.after(() => post.stop());
    const service = await serve(t, () => smtp(post.port, { message_notice_minutes: 2 }));
    const { fromStaff, fromParent, close } = await people(service);
    await fromStaff();
    await fromParent();
    service.clock.advance(3 * MINUTE);
    await sleep(TWO_LOOKS);
    assert.equal(post.mails.length, 0);
    await fromStaff();
    await sleep(TWO_LOOKS);
    assert.equal(post.mails.length, 0);
    service.clock.advance(2 * MINUTE);
    await post.mail(0);
    close();
});

test('the mail server is down, then up: tried again after a pause, also over a kill', async (t) => {
    const port = await freePort();
    const service = await serve(t, () => smtp(port));
    const { fromStaff, close } = await people(service);
    await fromStaff();
    await logged(service, /notices_do_not_go_out carrier=smtp reason="Couldn't connect to server"/);
    close();
    await service.kill();
    const post = await Post.start({ port });
    t.after(() => post.stop());
    await service.restart();
    await sleep(TWO_LOOKS);
    assert.equal(post.mails.length, 0, 'not before its pause is over');
    service.clock.advance(MINUTE);
    await post.mail(0);
    await sleep(TWO_LOOKS);
    assert.equal(post.mails.length, 1);
    service.check();
});

test('given up after 24 hours', async (t) => {
    const port = await freePort();
    const service = await serve(t, () => smtp(port));
    const { fromStaff, close } = await people(service);
    await fromStaff();
    await counted(service, 'sendline_notices_failed_total', 1);
    for (let tries = 1; tries <= 5; tries++) {
        service.clock.advance(60 * MINUTE);
        await counted(service, 'sendline_notices_failed_total', tries + 1);
    }
    service.clock.advance(DAY);
    await logged(service, /notice_given_up kind=new_message tries=6 reason=""/);
    assert.equal(await counter(service, 'sendline_notices_given_up_total'), 1);
    const rows = execFileSync('sqlite3', [join(service.data, 'sendline.db'),
        "SELECT kind, state, tries, reason FROM outbox"], { encoding: 'utf8' });
    assert.equal(rows.trim(), "new_message|given_up|6|Couldn't connect to server");
    close();
});

test('a mailbox that is not there is given up at once', async (t) => {
    const post = await Post.start({ answers: { 'parent-0': '550 5.1.1 <parent-0@families.example>: no such person' } });
    t.after(() => post.stop());
    const service = await serve(t, () => smtp(post.port));
    const { fromStaff, close } = await people(service);
    await fromStaff();
    await logged(service, /notice_given_up kind=new_message tries=1 reason="smtp 550"/);
    assert.ok(!service.log.includes('families.example'));
    close();
});

test('stopping breaks off what hangs, and it goes out after the start', async (t) => {
    const silent = createServer(() => {});
    await new Promise((up) => silent.listen(0, '127.0.0.1', up));
    const { port } = silent.address();
    const service = await serve(t, () => smtp(port, { notices_timeout_seconds: 300 }));
    const { fromStaff, close } = await people(service);
    const reached = new Promise((there) => silent.once('connection', there));
    await fromStaff();
    await reached;
    close();
    const began = Date.now();
    assert.deepEqual(await service.terminate(), { code: 0, signal: null });
    assert.ok(Date.now() - began < 5000, `${Date.now() - began} ms`);
    await new Promise((closed) => silent.close(closed));
    const post = await Post.start({ port });
    t.after(() => post.stop());
    service.clock.advance(MINUTE);
    await service.restart();
    await post.mail(0);
});

test('quiet hours', async (t) => {
    const post = await Post.start();
    t.after(() => post.stop());
    // From the hour before this one to the hour after: quiet now, whenever now is.
    const hour = Number(new Intl.DateTimeFormat('en-GB', { hour: '2-digit', hourCycle: 'h23', timeZone: 'Europe/London' })
        .format(new Date()));
    const service = await serve(t, () => smtp(post.port,
        { quiet_from_hour: (hour + 23) % 24, quiet_to_hour: (hour + 2) % 24 }));
    const { fromStaff, close } = await people(service);
    await fromStaff();
    await sleep(TWO_LOOKS);
    assert.equal(post.mails.length, 0);
    service.clock.advance(121 * MINUTE);
    await post.mail(0);
    close();
});

test('by Notify: refused for a while, then taken, with a token for each try', async (t) => {
    let service = null;
    let notify = null;
    t.after(() => notify?.stop());
    const settings = (folder) => {
        writeFileSync(join(folder, 'key'), API_KEY, { mode: 0o600 });
        return { email_by: 'notify', notify_url: notify.url, notify_key_file: join(folder, 'key'),
            notify_email_template: EMAIL_TEMPLATE, notices_ca_file: join(certs, 'ca.crt') };
    };
    const certs = mkdtempSync(join(tmpdir(), 'sendline-outbox-'));
    t.after(() => rmSync(certs, { recursive: true }));
    for (const script of ['dev-ca', 'server-cert']) {
        execFileSync(join(root, 'certs', script), [certs], { stdio: 'ignore' });
    }
    notify = await Notify.start({ cert: join(certs, 'server.crt'), key: join(certs, 'server.key'),
        shift: () => service.clock.shift });
    notify.answers.push(429, 503);
    service = await serve(t, settings);
    const { fromStaff, address, close } = await people(service);
    await fromStaff();
    await logged(service, /notices_do_not_go_out carrier=notify reason="notify 429"/);
    service.clock.advance(MINUTE);
    await logged(service, /notices_do_not_go_out carrier=notify reason="notify 503"/);
    service.clock.advance(2 * MINUTE);
    const { body } = await notify.request(0);
    assert.equal(body.email_address, address);
    assert.match(body.reference, /^[0-9a-f]{32}$/);
    assert.deepEqual(notify.refused, []);
    close();
});

test('in a folder, and a renewed account is told to the address it had before', async (t) => {
    await ready();
    let mails = null;
    const service = await serve(t, (folder) => {
        mails = join(folder, 'mails');
        return { email_by: 'folder', notices_folder: mails };
    });
    const { fromStaff, head, close } = await people(service);
    const there = async (count) => {
        for (let i = 0; readdirSync(mails).length < count; i++) {
            assert.ok(i < 300, service.log);
            await sleep(50);
        }
        return readdirSync(mails).sort();
    };
    await fromStaff();
    const [first] = await there(1);
    assert.match(first, /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-new_message-[0-9a-f]{8}\.eml$/);
    close();

    await renew(service, head(), 'another@families.example');
    const second = (await there(2)).find((name) => name.includes('account_renewed'));
    const { headers, plain } = read({ content: readFileSync(join(mails, second), 'utf8') });
    assert.equal(headers.to, '<parent-0@families.example>');
    assert.match(plain, /Your account was set up again with a new invitation\./);
});

/** The caseworker invites the parent again, who accepts with a new address and password. */
async function renew(service, head, address) {
    const [family] = service.people.parents;
    const [person] = service.people.staff;
    const threadId = fromB64(family.thread);
    const accept = signPair(systemRandom(32));
    const inviteId = systemRandom(16);
    const expiresAt = Math.floor(Date.now() / 1000) + DAY;
    const means = () => ({ now: Math.floor(Date.now() / 1000), random: systemRandom });
    const desk = await service.staff(0);
    const place = { threadId, head, generation: 1 };
    const invite = inviteEntry(place, { id: fromB64(person.id), sign: signPair(fromB64(person.sign_seed)) },
        { inviteId, parentId: fromB64(family.id), acceptPk: accept.pk, expiresAt }, means());
    const { results: [{ seq, link }] } = await desk.call('invite.make', { invite: toB64(inviteId), parent: family.id, accept_pk: toB64(accept.pk),
        expires_at: expiresAt, parcel: toB64(systemRandom(1064)),
        entries: [{ thread: family.thread, entry: toB64(invite.entry) }] });
    place.head = { seq, link: fromB64(link) };
    desk.close();

    const guest = await service.connect('public');
    const sign = async (purpose, extra) => {
        const { challenge } = await guest.call('auth.challenge', {});
        return { challenge,
            signature: toB64(signAuth(accept.sk, { purpose, host: HOST, challenge: fromB64(challenge), extra })) };
    };
    await guest.call('invite.open', { invite: toB64(inviteId), ...await sign(3) });
    const auth = signPair(systemRandom(32));
    const vault = systemRandom(1064);
    const keys = keysEntry(place, fromB64(family.id), identity(systemRandom(32)),
        { by: place.head.seq, prove: accept }, means());
    await guest.call('invite.accept', { address, auth_pk: toB64(auth.pk), vault: toB64(vault),
        ...await sign(4, changeExtra(auth.pk, vault)),
        entries: [{ thread: family.thread, entry: toB64(keys.entry) }] });
    guest.close();
}

test('settings that cannot work stop the server before it starts', async (t) => {
    const service = await serve(t, () => ({}));
    await service.terminate();
    const refused = (setting, value, words) => {
        for (const flags of [[], ['--check-config']]) {
            assert.throws(() => execFileSync(program('server/sendlined'),
                ['--config', service.config, `--${setting}`, value, ...flags], { stdio: 'pipe' }),
            (error) => words.test(error.stderr.toString()) && error.status !== 0);
        }
    };
    refused('email-by', 'pigeon', /email_by: write none, folder, smtp or notify, not 'pigeon'/);
    refused('email-by', 'smtp', /smtp_url: write smtp:\/\/name:port/);
    refused('email-by', 'folder', /notices_folder: which folder/);
    refused('text-by', 'notify', /notify_text_template/);
});
