/**
 * Messages that a caseworker said yes to: whatever happens to the connection, the server or the command line, each
 * arrives once and in order, or is still there to be sent.
 */
import assert from 'node:assert/strict';
import test, { after, afterEach, before } from 'node:test';

import { clerks } from '../support/clerk.mjs';
import { Household } from '../support/household.mjs';
import { Meddler } from '../support/meddler.mjs';
import { Service } from '../support/service.mjs';

let service;
let meddler;
let jordan;
let cases = 0;

before(async () => {
    service = await Service.start();
    [jordan] = await clerks(service, ['Jordan Ellis']);
    await jordan.run(['unlock']);
    meddler = await Meddler.start(service);
    jordan.set('server', meddler.url);
});
afterEach(() => meddler.honest());
after(async () => {
    meddler.stop();
    await service.stop();
});

/** A family that has come in and has its key. */
async function family(t) {
    const ref = `EHC-${3100 + cases++}`;
    const sam = new Household(service);
    t.after(() => sam.close());
    await jordan.newCase(ref);
    await sam.accept(await jordan.invite(ref));
    await jordan.does(`read ${ref}`);
    return { ref, sam };
}

const reply = (ref, words) => jordan.run(['reply', ref, '--file', '-', '--yes'], { input: words });
const waiting = async () => (await jordan.json('outbox')).map((one) => one.case);

test('without a connection', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await family(t);
    await sam.write('Are you there?');
    await jordan.does('inbox');

    await service.terminate();
    const inbox = await jordan.run(['inbox']);
    assert.equal(inbox.code, 5);
    assert.match(inbox.err, /^sendline: .*\nThis is what we had at \d\d:\d\d\. Messages you send are kept in your outbox/);
    assert.match(inbox.out, new RegExp(`${ref}  Sam Carter    1`));
    const read = await jordan.run(['read', ref]);
    assert.equal(read.code, 5);

    const first = await reply(ref, 'First');
    assert.equal(first.code, 5);
    assert.equal(first.out, '');
    assert.match(first.err, /You are offline\. What you write is kept, and sent when you are next online\./);
    assert.match(first.err, /Your message is kept in your outbox\. It is locked, and is sent when you are next online\.\nNext: sendline outbox/);
    assert.equal((await reply(ref, 'Second')).code, 5);
    assert.equal((await reply(ref, 'Third')).code, 5);
    const list = await jordan.json('outbox');
    assert.deepEqual(list.map(({ number, case: of, to, kind }) => ({ number, of, to, kind })),
        [1, 2, 3].map((number) => ({ number, of: ref, to: 'Sam Carter', kind: 'text' })));
    assert.match((await jordan.does('outbox')).out, new RegExp(`1 {2}${ref} {2}Sam Carter {2}\\w{3} .*\n.*Next: sendline outbox send`, 's'));
    const nobody = await jordan.run(['outbox', 'cancel', '2']);
    assert.equal(nobody.code, 2);
    assert.equal((await jordan.run(['outbox', 'cancel', '9', '--yes'])).code, 3);
    assert.equal((await jordan.run(['outbox', 'cancel', 'x', '--yes'])).code, 3);
    await jordan.does('outbox cancel 2 --yes');
    assert.deepEqual((await jordan.json('outbox')).map((one) => one.number), [1, 3], 'a number stays a message\'s');
    assert.equal((await jordan.run(['outbox', 'send'])).code, 5);

    await service.restart();
    await sam.signIn();
    const next = await jordan.does('inbox');
    assert.match(next.err, /Sent from your outbox at \d\d:\d\d: 2 messages to Sam Carter/);
    assert.deepEqual(await sam.words(), ['Are you there?', 'First', 'Third']);
    assert.deepEqual(await waiting(), []);
    assert.match((await jordan.does('outbox')).out, /Nothing is waiting\. Everything you sent has arrived\./);
    assert.match((await jordan.does('outbox send')).out, /Nothing was waiting\./);
    service.check();
});

test('the answer is lost after the message was stored', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await family(t);
    const sent = [];

    meddler.onCall = (call, frame) => {
        if (call === 'entry.post') {
            sent.push(frame.args.entry);
        }
        return frame;
    };
    meddler.onAnswer = (call, frame, near) => (call === 'entry.post' ? near.terminate() : frame);
    const lost = await reply(ref, 'Only once');
    assert.equal(lost.code, 5);
    assert.match(lost.err, /Your message is kept in your outbox/);
    assert.deepEqual(await waiting(), [ref]);
    assert.deepEqual(await sam.words(), ['Only once'], 'it has arrived');

    meddler.onAnswer = (call, frame) => frame;
    assert.match((await jordan.does('outbox send')).out, /Nothing is waiting any more\./);
    assert.deepEqual(await sam.words(), ['Only once']);
    assert.deepEqual(await waiting(), []);
    assert.equal(sent.length, 1, 'what is in the conversation is not sent again');
});

test('the message is lost before it was stored: the same bytes again', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await family(t);
    const sent = [];

    meddler.onCall = (call, frame, near) => {
        if (call === 'entry.post') {
            sent.push(frame.args.entry);
            near.terminate();
            return undefined;
        }
        return frame;
    };
    assert.equal((await reply(ref, 'Once more')).code, 5);
    assert.equal((await jordan.run(['inbox'])).code, 0, 'that nothing can be sent is no reason not to look');
    assert.deepEqual(await sam.words(), []);
    meddler.onCall = (call, frame) => {
        if (call === 'entry.post') {
            sent.push(frame.args.entry);
        }
        return frame;
    };
    await jordan.does('inbox');
    assert.deepEqual(await sam.words(), ['Once more']);
    assert.equal(sent.length, 3);
    assert.equal(new Set(sent).size, 1);
});

test('kill -9 of the server between the commit and the answer', { timeout: 180000 }, async (t) => {
    const { ref, sam } = await family(t);
    const words = [];

    for (let i = 0; i < 5; i++) {
        meddler.onAnswer = (call, frame, near) => {
            if (call !== 'entry.post') {
                return frame;
            }
            // It was committed, or there would be no answer.
            service.process.kill('SIGKILL');
            near.terminate();
            return undefined;
        };
        words.push(`Message ${i}`);
        assert.equal((await reply(ref, words.at(-1))).code, 5);
        await service.ended;
        meddler.honest();
        await service.restart();
        await jordan.does('outbox send');
        assert.deepEqual(await waiting(), []);
    }
    await sam.signIn();
    assert.deepEqual(await sam.words(), words);
    service.check();
});

test('kill -9 of the command line at any moment', { timeout: 180000 }, async (t) => {
    const { ref, sam } = await family(t);
    const words = [];

    for (let i = 0; i < 12; i++) {
        words.push(`Message ${i}`);
        const child = jordan.start(['reply', ref, '--file', '-', '--yes']);
        child.stdin.end(words.at(-1));
        const ended = new Promise((done) => child.once('close', done));
        const timer = setTimeout(() => child.kill('SIGKILL'), 4 * i);
        await ended;
        clearTimeout(timer);
        // What was in the outbox goes now; what was a draft, or not even that, the caseworker types again.
        await jordan.does('outbox send');
        if (!(await sam.words()).includes(words.at(-1))) {
            assert.equal((await reply(ref, words.at(-1))).code, 0);
        }
    }
    assert.deepEqual(await sam.words(), words);
    // A draft of what went, left by a kill at the wrong moment, is not offered again.
    assert.equal((await reply(ref, '')).code, 0);
    assert.deepEqual(jordan.remembers('draft-'), []);
});

test('Ctrl-C while it is being sent: said where the message is', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await family(t);
    let arrived;
    const sending = new Promise((done) => {
        arrived = done;
    });

    // The service is slow to answer.
    meddler.onCall = (call, frame) => {
        if (call === 'entry.post') {
            arrived();
            return undefined;
        }
        return frame;
    };
    const child = jordan.start(['reply', ref, '--file', '-', '--yes']);
    let err = '';
    child.stderr.on('data', (data) => {
        err += data;
    });
    child.stdin.end('Sent in the end');
    const ended = new Promise((done) => child.once('close', (_, signal) => done(signal)));
    await sending;
    child.kill('SIGINT');
    assert.equal(await ended, 'SIGINT');
    assert.match(err, /Stopped while sending\. The message is in your outbox; your next command sends it, once\./);
    meddler.honest();
    await jordan.does('inbox');
    assert.deepEqual(await sam.words(), ['Sent in the end']);
});

test('what comes later waits behind what could not be sent', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await family(t);
    let refuse = true;

    meddler.onCall = (call, frame, near) => {
        if (call === 'entry.post' && refuse) {
            near.terminate();
            return undefined;
        }
        return frame;
    };
    assert.equal((await reply(ref, 'Before')).code, 5);
    refuse = false;
    const second = await reply(ref, 'After');
    assert.equal(second.code, 0);
    assert.deepEqual(await sam.words(), ['Before', 'After']);
});

test('two commands at once send what waits once', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await family(t);

    await service.terminate();
    for (const words of ['One', 'Two', 'Three']) {
        assert.equal((await reply(ref, words)).code, 5);
    }
    await service.restart();
    const results = await Promise.all(Array.from({ length: 4 }, () => jordan.run(['outbox', 'send'])));
    assert.ok(results.every(({ code }) => code === 0 || code === 6), JSON.stringify(results));
    await jordan.does('outbox send');
    await sam.signIn();
    assert.deepEqual(await sam.words(), ['One', 'Two', 'Three']);
    assert.deepEqual(await waiting(), []);
});

test('what the service says no to is a draft again', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await family(t);
    const drafts = jordan.remembers('draft-');

    meddler.onCall = (call, frame) => {
        if (call === 'entry.post') {
            frame.args.act = 'nonsense';
        }
        return frame;
    };
    const refused = await reply(ref, 'Careful words');
    assert.equal(refused.code, 1);
    assert.match(refused.err, /Your draft is kept\./);
    assert.deepEqual(await waiting(), []);
    assert.equal(jordan.remembers('draft-').length, drafts.length + 1);
    meddler.honest();
    assert.equal((await reply(ref, 'Careful words')).code, 0);
    assert.deepEqual(await sam.words(), ['Careful words']);
    assert.deepEqual(jordan.remembers('draft-'), drafts, 'words that went are no draft any more');
});

test('a busy conversation: signed again for each place, with one entry id', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await family(t);
    const sent = [];
    let times = 3;

    meddler.onCall = (call, frame) => {
        if (call === 'entry.post' && times > 0) {
            times--;
            sent.push(frame.args.entry);
            return { ...frame, args: { ...frame.args, entry: stale(frame.args.entry) } };
        }
        if (call === 'entry.post') {
            sent.push(frame.args.entry);
        }
        return frame;
    };
    const { code, err } = await reply(ref, 'In the end');
    assert.equal(code, 0, err);
    assert.equal(sent.length, 4);
    assert.equal(new Set(sent.map(entryId)).size, 1);
    assert.deepEqual(await sam.words(), ['In the end']);
});

const bytes = (entry) => Buffer.from(entry, 'base64url');
const entryId = (entry) => bytes(entry).subarray(34, 50).toString('hex');

/** The same entry for a chain that is not this one: prev_link in it is wrong. */
function stale(entry) {
    const made = bytes(entry);
    made[97] ^= 1;
    return made.toString('base64url');
}
