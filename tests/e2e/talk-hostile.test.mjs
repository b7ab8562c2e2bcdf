/**
 * A server that lies: entries changed, swapped, repeated, withheld, made up. Warnings stand in place of what is refused,
 * alarms say so and stop all sending in that conversation, and nothing that arrives brings the command line down.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** A conversation with two messages of the family, read up to there. */
async function family(t) {
    const ref = `EHC-${9100 + cases++}`;
    const sam = new Household(service);
    t.after(() => sam.close());
    await jordan.newCase(ref);
    await sam.accept(await jordan.invite(ref));
    await jordan.does(`read ${ref}`);
    const first = await sam.write('The first message');
    const second = await sam.write('The second message');
    return { ref, sam, first: first.seq, second: second.seq };
}

/** Change what the service says of one conversation's entries. */
function forge(change) {
    meddler.onAnswer = (call, frame) => {
        if (call === 'thread.entries' && frame.ok?.entries.length > 0) {
            change(frame.ok);
        }
        return frame;
    };
}

const reply = (ref, words = 'An answer') => jordan.run(['reply', ref, '--file', '-', '--yes'], { input: words });
/** Where lines end is the page's business. */
const flat = (text) => text.replace(/\s+/g, ' ');
const peek = async (ref) => flat((await jordan.does(`read ${ref} --peek`)).out);
const at = (ok, seq) => ok.entries.find((entry) => entry.seq === seq);

/** Nothing leaves, whatever was typed is not lost, and the reader is told what to do. */
async function stopped(ref, why) {
    const posts = meddler.count('entry.post');
    const screen = await peek(ref);
    assert.equal(screen.split(`ALARM: ${why}`).length, 3, 'over everything, and under it');
    assert.match(screen, /Tell the service manager/);
    assert.doesNotMatch(screen, /Next: sendline reply/);
    const read = await jordan.does(`read ${ref}`);
    assert.doesNotMatch(read.out, /Marked as read/);
    const refused = await reply(ref);
    assert.equal(refused.code, 4);
    assert.ok(flat(refused.err).includes(`${ref}: ${why}`), refused.err);
    assert.match(flat(refused.err), /Your draft is kept\./);
    assert.equal(meddler.count('entry.post'), posts, 'nothing was posted');
    return screen;
}

test('a message that was altered', { timeout: 120000 }, async (t) => {
    const { ref, second } = await family(t);

    forge((ok) => {
        const entry = Buffer.from(at(ok, second).entry, 'base64url');
        entry[150] ^= 1;
        at(ok, second).entry = entry.toString('base64url');
    });
    const screen = await peek(ref);
    assert.match(screen, /The first message/);
    assert.doesNotMatch(screen, /The second message/);
    assert.match(screen, /\d\d:\d\d WARNING: an entry was refused here \(rule 4, signature\)\. Its author did not sign it, or it was altered\. Tell the service manager\./);
    const { entries } = await jordan.json(`read ${ref} --peek`);
    const { what, rule, reason, body } = entries.find((one) => one.seq === second);
    assert.deepEqual({ what, rule, reason, body }, { what: 'warning', rule: 4, reason: 'signature', body: undefined });
    assert.match((await jordan.does(`read ${ref} --peek --plain`)).out, /^\d+\t\S+\t-\t-\tWARNING: /m);
});

test('entries in another order', { timeout: 120000 }, async (t) => {
    const { ref, first, second } = await family(t);

    forge((ok) => {
        const [a, b] = [at(ok, first), at(ok, second)];
        [a.entry, b.entry] = [b.entry, a.entry];
    });
    const screen = await stopped(ref, 'You and somebody else were shown different histories');
    assert.match(screen, /WARNING: an entry was refused here \(rule 2, prev-(link|seq)\)/);
    const thread = await jordan.json(`read ${ref} --peek`);
    assert.equal(thread.can_send, 'histories-differ');
    // The evidence is remembered: the honest order is not what this computer has seen.
    meddler.honest();
    await stopped(ref, 'The service gives another history');
});

test('an entry given twice', { timeout: 120000 }, async (t) => {
    const { ref, second } = await family(t);

    forge((ok) => {
        ok.entries.push({ ...at(ok, second), seq: ++ok.last_seq });
    });
    const screen = await peek(ref);
    assert.match(screen, /\(rule 1, entry-id-used\)/);
    assert.equal(screen.match(/The second message/g).length, 1);
});

test('what was there before is not there any more', { timeout: 120000 }, async (t) => {
    const { ref, sam, second } = await family(t);

    await jordan.does(`read ${ref}`);
    forge((ok) => {
        ok.entries = ok.entries.filter((entry) => entry.seq < second);
        ok.last_seq = second - 1;
    });
    await stopped(ref, 'The service gives another history of this conversation than you have seen before');
    // Its own word for it in a script, and a word in passing while nothing of it is looked at.
    assert.equal((await jordan.json(`read ${ref} --peek`)).can_send, 'another-history');
    const { err } = await jordan.run(['read', ref, '--peek', '--plain']);
    assert.match(err, /another history/);
    // It was only withheld: with everything there again, all is well.
    meddler.honest();
    assert.equal((await reply(ref, 'All is well')).code, 0);
    assert.equal((await sam.words()).at(-1), 'All is well');
});

test('a body that was not taken back is missing', { timeout: 120000 }, async (t) => {
    const { ref, first } = await family(t);

    forge((ok) => {
        const entry = Buffer.from(at(ok, first).entry, 'base64url');
        const replaced = { seq: first, at: at(ok, first).at, header: entry.subarray(0, 98).toString('base64url'),
            body_hash: Buffer.alloc(32).toString('base64url') };
        ok.entries[ok.entries.indexOf(at(ok, first))] = replaced;
    });
    assert.match(await peek(ref), /\(rule 1, body-withheld\)\. Its words are missing, and its author did not take them back\./);
});

test('entries of another conversation, and a conversation under another case', { timeout: 120000 }, async (t) => {
    const { ref, second } = await family(t);
    const other = await family(t);
    let theirs;

    forge((ok) => {
        theirs ??= ok.entries.map((entry) => entry.entry);
    });
    await peek(other.ref);
    forge((ok) => {
        at(ok, second).entry = theirs[second - 1];
    });
    assert.match(await peek(ref), /\(rule 1, thread\)\. It belongs to another conversation\./);
    meddler.onAnswer = (call, frame) => {
        for (const thread of call === 'thread.list' ? frame.ok.threads : []) {
            thread.ref = thread.ref === ref ? other.ref : thread.ref === other.ref ? ref : thread.ref;
        }
        return frame;
    };
    const { out, err } = await jordan.run(['read', ref, '--peek']);
    assert.match(err, /its own card (names another case|says EHC-\d+)/);
    assert.match(out, new RegExp(`^${other.ref}  Sam Carter`, 'm'), 'the card is the title');
});

test('an acceptance that the family never made', { timeout: 120000 }, async (t) => {
    const ref = `EHC-${9100 + cases++}`;
    await jordan.newCase(ref);
    await jordan.invite(ref);
    const other = await family(t);
    let keys;

    forge((ok) => {
        keys ??= ok.entries.find((entry) => Buffer.from(entry.entry, 'base64url')[1] === 4).entry;
    });
    await peek(other.ref);
    meddler.onAnswer = (call, frame) => {
        if (call === 'thread.entries') {
            frame.ok.entries.push({ seq: ++frame.ok.last_seq, at: 1, entry: keys });
        }
        for (const thread of call === 'thread.list' ? frame.ok.threads : []) {
            thread.accepted = true;
        }
        return frame;
    };
    assert.match(await peek(ref), /WARNING.*Sam Carter has not accepted|Sam Carter has not accepted.*WARNING/s);
    const refused = await reply(ref);
    assert.equal(refused.code, 6);
    assert.match(refused.err, /has not accepted/);
});

test('a team key and rosters that are not the list\'s', { timeout: 120000 }, async (t) => {
    const { ref } = await family(t);
    const posts = meddler.count('entry.post');

    meddler.onAnswer = (call, frame) => {
        for (const team of call === 'team.keys' ? frame.ok.teams : []) {
            team.sealed = Buffer.alloc(80, 1).toString('base64url');
        }
        return frame;
    };
    let { code, err } = await reply(ref);
    assert.equal(code, 4);
    assert.match(err, /the key of your team from the service is not the one in the list of colleagues/);
    assert.match(err, /nothing is sent while the list of colleagues is in doubt/);

    for (const change of [
        (ok) => { ok.rosters[0] = `${ok.rosters[0].slice(0, 40)}AAAA${ok.rosters[0].slice(44)}`; },
        (ok) => { ok.rosters = []; },
        (ok) => { ok.holders = ok.holders.slice(1).map((one) => `${one.slice(0, -4)}AAAA`); },
    ]) {
        meddler.onAnswer = (call, frame) => {
            if (call === 'roster.since') {
                change(frame.ok);
            }
            return frame;
        };
        ({ code, err } = await reply(ref));
        assert.ok(code === 4 || code === 6, `${code} ${err}`);
        assert.notEqual(err, '');
    }
    assert.equal(meddler.count('entry.post'), posts, 'nothing was posted');
    meddler.honest();
    assert.equal((await reply(ref)).code, 0);
});

test('a service that says it has a message and has not', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await family(t);

    meddler.onCall = (call, frame, near) => {
        if (call !== 'entry.post') {
            return frame;
        }
        near.send(JSON.stringify({ id: frame.id, ok: { seq: 99, at: 1, link: Buffer.alloc(32).toString('base64url') } }));
        return undefined;
    };
    const { code, err, out } = await reply(ref, 'Where is it?');
    assert.equal(code, 1);
    assert.equal(out, '');
    assert.match(err, /says that it has your message, but it does not stand in/);
    assert.match(err, /kept in your outbox/);
    meddler.honest();
    await jordan.does('outbox send');
    assert.equal((await sam.words()).at(-1), 'Where is it?');
});

test('what this computer remembers was altered', { timeout: 120000 }, async (t) => {
    const { ref } = await family(t);

    await jordan.does(`read ${ref}`);
    const state = join(jordan.folder, 'state');
    const folder = join(state, readdirSync(state, { withFileTypes: true }).find((one) => one.isDirectory()).name);
    const thread = Buffer.from((await jordan.json(`read ${ref} --peek`)).thread, 'base64url').toString('hex');
    const file = join(folder, `thread-${thread}`);
    const good = readFileSync(file);
    const bad = Buffer.from(good);
    bad[60] ^= 1;
    writeFileSync(file, bad);
    for (const command of [['read', ref], ['reply', ref, '--file', '-', '--yes']]) {
        const { code, err } = await jordan.run(command, { input: 'Words that are kept' });
        assert.equal(code, 4);
        assert.match(flat(err), /what this computer remembers of a conversation was altered/);
    }
    writeFileSync(file, good);
    assert.equal((await reply(ref)).code, 0);
});

test('watching a server that lies', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await family(t);
    const child = jordan.start(['watch', '--json']);
    let out = '';
    let err = '';
    child.stdout.on('data', (data) => {
        out += data;
    });
    child.stderr.on('data', (data) => {
        err += data;
    });
    t.after(() => child.kill('SIGKILL'));
    const until = async (holds) => {
        for (const end = Date.now() + 20000; !holds();) {
            assert.ok(Date.now() < end && child.exitCode === null, `${out}\n${err}`);
            await new Promise((later) => setTimeout(later, 20));
        }
    };
    await until(() => /Watching/.test(err));
    meddler.onEvent = (frame) => {
        const entry = Buffer.from(frame.data.entry, 'base64url');
        entry[160] ^= 1;
        frame.data.entry = entry.toString('base64url');
        return frame;
    };
    forge((ok) => {
        const last = Buffer.from(ok.entries.at(-1).entry, 'base64url');
        last[160] ^= 1;
        ok.entries.at(-1).entry = last.toString('base64url');
    });
    await sam.write('Altered on its way');
    await until(() => /"what":"warning"/.test(out));
    meddler.onEvent = (frame) => frame;
    await sam.write('Goes on from what was meant');
    await until(() => /different histories of this\s+conversation/.test(err));
    assert.doesNotMatch(out, /on its way/);
    assert.equal((await jordan.run(['reply', ref, '--file', '-', '--yes'], { input: 'x' })).code, 4);
    child.kill('SIGINT');
});

/** Everything that a value could be instead. */
const OTHERS = [null, true, -1, 2 ** 40, 1.5, '', 'AAAA', 'x'.repeat(70000), [], [null], [[]], {}, { a: 1 }];

/** The paths to every value in an object. */
function* paths(value, path = []) {
    if (value !== null && typeof value === 'object') {
        for (const key of Object.keys(value)) {
            yield [...path, key];
            yield* paths(value[key], [...path, key]);
        }
    }
}

test('answers that are no answers: told, and nothing worse', { timeout: 300000 }, async (t) => {
    const { ref } = await family(t);
    let dice = 11;
    const roll = (n) => {
        dice = (dice * 1103515245 + 12345) % 2147483648;
        return Math.floor(dice / 65536) % n;
    };

    for (const [call, command] of [['auth.resume', ['inbox']], ['roster.since', ['inbox']], ['team.keys', ['inbox']],
        ['thread.list', ['inbox']], ['thread.entries', ['read', ref, '--peek']],
        ['entry.post', ['reply', ref, '--file', '-', '--yes']]]) {
        for (let i = 0; i < 12; i++) {
            meddler.onAnswer = (name, frame) => {
                if (name !== call || frame.ok === undefined) {
                    return frame;
                }
                const all = [...paths(frame.ok)];
                const path = i === 0 || all.length === 0 ? [] : all[roll(all.length)];
                const holder = path.slice(0, -1).reduce((object, key) => object[key], frame.ok);
                const other = OTHERS[roll(OTHERS.length)];
                if (path.length === 0) {
                    frame.ok = other;
                } else {
                    holder[path.at(-1)] = other;
                }
                return frame;
            };
            const { code, signal, err } = await jordan.run(command, { input: `Words ${i}` });
            assert.equal(signal, null, `${call} ${i}: ${signal}\n${err}`);
            assert.ok(code >= 0 && code <= 7, `${call} ${i}: ${code}\n${err}`);
            assert.ok(code === 0 || /^sendline: /m.test(err), `${call} ${i}: ${code}\n${err}`);
        }
    }
    for (const junk of ['', 'x', '{', '[]', '{"id":1}', '{"event":1}', '{"id":"a"}', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`]) {
        meddler.onAnswer = (call, frame, near) => {
            near.send(junk);
            return frame;
        };
        const { code, signal, err } = await jordan.run(['inbox']);
        assert.equal(signal, null, `${junk}: ${err}`);
        assert.ok(code >= 0 && code <= 7, `${junk}: ${code} ${err}`);
    }
});
