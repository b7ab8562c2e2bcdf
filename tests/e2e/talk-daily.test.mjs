/**
 * A caseworker's day with the real command line: inbox, read and reply, with a parent at the other end.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';

import { clerks } from '../support/clerk.mjs';
import { Household } from '../support/household.mjs';
import { Meddler } from '../support/meddler.mjs';
import { Service } from '../support/service.mjs';

/** One service. Who has an inbox to themselves needs a key of their own, and making one takes a second. */
let service;
let office;
let cases = 0;

before(async () => {
    service = await Service.start();
    office = await clerks(service, ['Jordan Ellis', 'Morgan Reed', 'Ash Bell', 'Drew Hart']);
});
after(() => service.stop());

/** A case of clerk number `who`, with a family that was invited. */
async function desk(t, { who = 0, accepted = true } = {}) {
    const clerk = office[who];
    const ref = `EHC-${2040 + cases++}`;
    const sam = new Household(service);
    t.after(() => sam.close());
    await clerk.run(['unlock']);
    await clerk.newCase(ref);
    const invitation = await clerk.invite(ref);
    if (accepted) {
        await sam.accept(invitation);
    }
    return { clerk, sam, ref, invitation };
}

/** A service in between for this test, which does as it is told. */
async function meddle(t, clerk) {
    const meddler = await Meddler.start(service);
    t.after(() => {
        clerk.set('server', service.staffUrl);
        meddler.stop();
    });
    clerk.set('server', meddler.url);
    return meddler;
}

test('before the family has come in', { timeout: 120000 }, async (t) => {
    const { clerk, sam, ref, invitation } = await desk(t, { who: 1, accepted: false });

    assert.match((await clerk.does('inbox')).out, /Nothing new\. Every family has a reply\./);
    assert.deepEqual(await clerk.json('inbox'), []);
    assert.match((await clerk.does(`read ${ref}`)).out, /Sam Carter has not accepted the invitation yet/);

    const early = await clerk.run(['reply', ref, '--file', '-', '--yes'], { input: 'Hello Sam\n' });
    assert.equal(early.code, 6);
    assert.match(early.err, /has not accepted the invitation for EHC-\d{4}.*Your draft is kept\./s);
    assert.match(early.err, /Next: sendline invite EHC-\d{4} --again/);
    assert.equal(early.out, '');
    assert.ok(clerk.remembers('draft-').length > 0);

    await sam.accept(invitation);
    const read = (await clerk.does(`read ${ref.slice(4)}`)).out;
    assert.match(read, /Sam Carter came in, invited by you\./);
    assert.match(read, /This conversation has a new key for Sam Carter\./);
    await sam.read();
    assert.equal(sam.thread.generation, 2);
    const { team, records, parent } = sam.thread.canRead;
    assert.deepEqual([team.name, records.name, parent], ['SEND team', 'Records office', true]);
});

test('a message, an answer, and both see that it was read', { timeout: 120000 }, async (t) => {
    const { clerk, sam, ref } = await desk(t, { who: 2 });

    const { seq } = await sam.write('Thank you!! That photo will really help.');
    const inbox = (await clerk.does('inbox')).out;
    assert.match(inbox, /^ {2}\* {2}EHC-\d{4} {2}Sam Carter {4}1 {2}\w{3} [ \d]\d \w{3} \d\d:\d\d {2}\w{3} [ \d]\d \w{3}$/m);
    assert.match(inbox, /1 conversation with new messages\./);
    assert.match(inbox, /Next: sendline read EHC-\d{4}/);
    assert.doesNotMatch(inbox, /photo|R\.C\./, 'no words and no child on this page');
    const [item] = await clerk.json('inbox');
    assert.deepEqual({ case: item.case, from: item.from, new: item.new, reply: item.reply, accepted: item.accepted },
        { case: ref, from: 'Sam Carter', new: 1, reply: 'due', accepted: true });
    assert.match(item.reply_due, /^\d{4}-\d\d-\d\d$/);
    assert.match(item.waiting_since, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const plain = (await clerk.does('inbox --plain')).out.trim().split('\t');
    assert.deepEqual(plain, ['new', ref, 'Sam Carter', '1', item.waiting_since, item.reply_due]);

    // Looking without telling leaves everything as it was.
    const peek = (await clerk.does(`read ${ref.toLowerCase()} --peek`)).out;
    assert.match(peek, /===== 1 new =+\n/);
    assert.match(peek, /^ {4}Thank you!! That photo will really help\.$/m);
    await sam.read();
    assert.ok(sam.thread.seenBy.staff < seq);
    assert.equal((await clerk.json('inbox'))[0].new, 1);

    const read = (await clerk.does(`read ${ref}`)).out;
    assert.match(read, /EHC-\d{4} {2}Sam Carter, parent of R\.C\./);
    assert.match(read, /Marked as read\. Sam Carter can see that you have read it\./);
    assert.match(read, /Reply due \w+ \d+ \w+\./);
    await sam.read();
    assert.ok(sam.thread.seenBy.staff >= seq);
    assert.equal((await clerk.json('inbox'))[0].new, 0, 'read, and still waiting for a reply');

    const sent = await clerk.does(`reply ${ref} --file - --yes`, '\n\nI am glad it helps.\r\n\r\nBest wishes\n\n');
    assert.match(sent.out, /^Sent to Sam Carter, EHC-\d{4}, at \d\d:\d\d\.$/m);
    assert.deepEqual(await sam.words(), ['Thank you!! That photo will really help.', 'I am glad it helps.\n\nBest wishes']);
    assert.deepEqual(await clerk.json('inbox'), []);
    assert.deepEqual([...clerk.remembers('draft-'), ...clerk.remembers('outbox-')], []);

    assert.doesNotMatch((await clerk.does(`read ${ref}`)).out, /Read \d\d:\d\d/);
    await sam.look();
    assert.match((await clerk.does(`read ${ref}`)).out, /^ {2}You +\d\d:\d\d {3}Read \d\d:\d\d$/m);
    const thread = await clerk.json(`read ${ref}`);
    assert.equal(thread.can_send, 'yes');
    assert.ok(thread.entries.find((one) => one.mine && one.kind === 'text').read_at);

    // To answer is to have read: nobody posts a mark for a mark.
    const entries = thread.entries.length;
    await clerk.does(`read ${ref}`);
    await clerk.does(`read ${ref}`);
    assert.equal((await clerk.json(`read ${ref}`)).entries.length, entries);
});

test('reading marks keep ten seconds between them', { timeout: 120000 }, async (t) => {
    const { clerk, sam, ref } = await desk(t);
    const marks = async () => (await clerk.json(`read ${ref} --peek`)).entries
        .filter((one) => one.what === 'seen' && one.side === 'staff').length;

    await sam.write('One');
    await clerk.does(`read ${ref}`);
    assert.equal(await marks(), 1);
    await sam.write('Two');
    assert.match((await clerk.does(`read ${ref}`)).out, /Not marked as read yet/);
    assert.equal(await marks(), 1);
    await new Promise((later) => setTimeout(later, 10500));
    assert.match((await clerk.does(`read ${ref}`)).out, /Marked as read/);
    assert.equal(await marks(), 2);
});

test('what is taken back leaves a line in its place', { timeout: 120000 }, async (t) => {
    const { clerk, sam, ref } = await desk(t);

    const mistake = await sam.write('Wrong words');
    await sam.write('Right words');
    await sam.takeBack(mistake.seq);
    const theirs = (await clerk.does(`read ${ref}`)).out;
    assert.match(theirs, /\d\d:\d\d {2}Sam Carter took a message back\./);
    assert.doesNotMatch(theirs, /Wrong words/);
    assert.match(theirs, /Right words/);
    assert.match(theirs, /===== 1 new/);

    await clerk.does(`reply ${ref} --file - --yes`, 'Meant for somebody else');
    const all = (await clerk.does(`read ${ref} --all`)).out;
    const number = /Meant for somebody else\n {4}\(message (\d+)\)/.exec(all)[1];
    await clerk.does(`take-back ${ref} ${number} --yes`);
    assert.match((await clerk.does(`read ${ref}`)).out, /You took a message back\./);
    assert.deepEqual(await sam.words(), ['Right words']);
    const kinds = (await clerk.json(`read ${ref} --all`)).entries.map((one) => one.what);
    assert.equal(kinds.filter((one) => one === 'taken_back').length, 2);
    assert.ok(!kinds.includes('warning'));
});

test('nothing that a family types reaches the terminal as a command', { timeout: 120000 }, async (t) => {
    const { clerk, sam, ref } = await desk(t);
    const evil = 'a\u001b[2J\u001b]52;c;aGVsbG8=\u0007b\u009b31m\u202ec\u2066d\b\b\u007f\r\n----- Friday 8 January -----\n  You   10:42';

    await sam.write(evil);
    for (const how of [`read ${ref} --peek`, `read ${ref} --peek --plain`, `read ${ref} --peek --all`]) {
        const { out } = await clerk.does(how);
         
        assert.doesNotMatch(out, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/, how);
    }
    const screen = (await clerk.does(`read ${ref} --peek`)).out;
    assert.match(screen, /^ {4}----- Friday 8 January -----$/m, 'words stay indented, and look like words');
    assert.equal((await clerk.does(`read ${ref} --peek --plain`)).out.trim().split('\n').at(-1).split('\t').length, 5);
    const { out } = await clerk.does(`read ${ref} --peek --json`);
    assert.match(out, /^[\n\u0020-\u007e]*$/, 'JSON is ASCII');
    await clerk.does(`read ${ref}`);
    await clerk.does(`reply ${ref} --file - --yes`, 'bell\u0007 and \u001b[31mred');
    assert.equal((await sam.words()).at(-1), 'bell and [31mred');
});

test('as much as was asked for', { timeout: 120000 }, async (t) => {
    const { clerk, sam, ref } = await desk(t);

    await sam.write('Old words');
    await clerk.does(`read ${ref}`);
    await clerk.does(`reply ${ref} --file - --yes`, 'Old answer');
    // Three weeks pass: what the service says about time is moved back.
    const meddler = await meddle(t, clerk);
    const last = (await sam.read()).length;
    meddler.onAnswer = (call, frame) => {
        for (const entry of call === 'thread.entries' ? frame.ok.entries : []) {
            entry.at -= entry.seq <= last ? 21 * 86400 : 0;
        }
        return frame;
    };
    let out = (await clerk.does(`read ${ref}`)).out;
    assert.match(out, /No messages in this time\./);
    assert.match(out, /There are older messages: sendline read EHC-\d{4} --all/);
    await sam.write('New words');
    out = (await clerk.does(`read ${ref} --peek`)).out;
    assert.match(out, /New words/);
    assert.doesNotMatch(out, /Old words/);
    assert.match((await clerk.does(`read ${ref} --peek --all`)).out, /Old words.*Old answer.*New words/s);
    assert.match((await clerk.does(`read ${ref} --peek --since 30d`)).out, /Old words/);
    assert.doesNotMatch((await clerk.does(`read ${ref} --peek --since today`)).out, /Old words/);
    // The clock of who wrote is told where it is another than the service's.
    assert.match((await clerk.does(`read ${ref} --peek --all`)).out, /their clock: \w{3} [ \d]\d \w{3} \d\d:\d\d/);
    const wrong = await clerk.run(['read', ref, '--since', 'someday']);
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /--since takes a day, and 'someday' is none\./);
});

test('words come from where they are looked for, and are what was meant', { timeout: 120000 }, async (t) => {
    const { clerk, sam, ref } = await desk(t);
    const file = join(service.folder, 'message.txt');
    const reply = (args, input) => clerk.run(['reply', ref, ...args], { input });

    writeFileSync(file, 'From a file');
    assert.equal((await reply(['--file', file, '--yes'])).code, 0);
    assert.equal((await reply(['-', '--yes'], 'From standard input')).code, 0);
    assert.deepEqual(await sam.words(), ['From a file', 'From standard input']);

    const typed = await reply(['Hello Sam']);
    assert.equal(typed.code, 2);
    assert.match(typed.err, /words on the command line stay in your shell history/);
    const option = await reply(['--message', 'Hello Sam']);
    assert.equal(option.code, 2);
    assert.match(option.err, /there is no --message option/);

    const nobody = await reply(['--file', '-'], 'Is anybody there?');
    assert.equal(nobody.code, 2);
    assert.match(nobody.err, /this needs a yes\. Nothing was sent\. Your draft is kept\.\nAdd --yes/);
    assert.ok(clerk.remembers('draft-').length > 0);
    const terminal = await reply([]);
    assert.equal(terminal.code, 2);
    assert.match(terminal.err, /there is nobody to type a message/);

    const long = await reply(['--file', '-', '--yes'], 'x'.repeat(2001));
    assert.equal(long.code, 6);
    assert.match(long.err, /the message has 2001 characters\. The most is 2000\. Nothing was sent\. Your draft is kept\./);
    const bytes = await reply(['--file', '-', '--yes'], Buffer.from([0x48, 0xff, 0x41]));
    assert.equal(bytes.code, 6);
    assert.match(bytes.err, /not text in UTF-8/);
    assert.equal((await reply(['--file', '-', '--yes'], ' \n\n ')).code, 0);
    const huge = await reply(['--file', '-', '--yes'], 'x'.repeat(70000));
    assert.equal(huge.code, 6);
    assert.match(huge.err, /longer than 65536 bytes/);
    assert.equal((await reply(['--file', '/nowhere/message.txt', '--yes'])).code, 3);
    assert.equal((await sam.words()).length, 2);

    // 2,000 characters of four bytes each go through.
    assert.equal((await reply(['--file', '-', '--yes'], '\u{1f600}'.repeat(2000))).code, 0);
    assert.equal((await sam.words()).at(-1), '\u{1f600}'.repeat(2000));
});

test('late replies are told to scripts', { timeout: 120000 }, async (t) => {
    const { clerk, sam, ref } = await desk(t, { who: 3 });

    await sam.write('Hello?');
    assert.equal((await clerk.run(['inbox', '--exit-code'])).code, 0);
    const meddler = await meddle(t, clerk);
    meddler.onAnswer = (call, frame) => {
        for (const thread of call === 'thread.list' ? frame.ok.threads : []) {
            Object.assign(thread.reply, { state: 'late', due_on: '2026-01-05' });
        }
        return frame;
    };
    const late = await clerk.run(['inbox', '--exit-code']);
    assert.equal(late.code, 10);
    assert.match(late.out, /^ {2}! {2}EHC-\d{4}.*Mon {2}5 Jan {2}LATE$/m);
    assert.match(late.out, /1 reply is late\./);
    assert.equal(late.err, '');
    const quiet = await clerk.run(['inbox', '--exit-code', '--quiet']);
    assert.deepEqual({ code: quiet.code, out: quiet.out }, { code: 10, out: '' });
    assert.equal((await clerk.run(['inbox'])).code, 0);
    assert.match((await clerk.does(`read ${ref} --peek`)).out, /Reply was due Monday 5 January\./);
    const [item] = await clerk.json('inbox');
    assert.equal(item.reply, 'late');
});

test('a case that is none', { timeout: 120000 }, async (t) => {
    const { clerk, ref } = await desk(t);

    for (const command of ['read', 'reply', 'watch']) {
        const { code, err } = await clerk.run([command, `${ref}1`, ...(command === 'reply' ? ['-'] : [])], { input: 'x' });
        assert.equal(code, 3, command);
        assert.match(err, /there is no case EHC-\d{5} in your caseload\.\nDid you mean EHC-\d{4} \(Sam Carter\)\?/);
    }
});
