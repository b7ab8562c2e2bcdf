/**
 * Cases and invitations with the real command line: what is made for a family opens with link and code, and with
 * nothing less; lost passwords; second children; what became of invitations.
 */
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';

import { clerks } from '../support/clerk.mjs';
import { Household } from '../support/household.mjs';
import { Meddler } from '../support/meddler.mjs';
import { Service } from '../support/service.mjs';

const ESC = '\u001b';
const DAY = 86400e3;

let service;
let jordan;
let morgan;
let next = 2040;

before(async () => {
    service = await Service.start();
    [jordan, morgan] = await clerks(service, ['Jordan Ellis', 'Morgan Reed']);
    await jordan.run(['unlock']);
});
after(() => service.stop());

/** A reference that no other test has. */
const ref = () => `EHC-${++next}`;

function household(t) {
    const family = new Household(service);
    t.after(() => family.close());
    return family;
}

const details = (email) => JSON.stringify({ email });

test('a case', { timeout: 120000 }, async () => {
    const name = ref();
    const about = { case: name, child: 'R.C.', parent: 'Zoë O\u2019Carter' };
    const added = await jordan.json('cases add --from -', JSON.stringify(about));
    assert.equal(added.case, name);

    const mine = (await jordan.json('cases')).find((one) => one.case === name);
    assert.deepEqual({ family: mine.family, invited: mine.invited, accepted: mine.accepted, thread: mine.thread },
        { family: about.parent, invited: false, accepted: false, thread: added.thread });
    const line = (await jordan.does('cases --plain')).out.split('\n').find((one) => one.startsWith(`${name}\t`));
    assert.match(line, /^EHC-\d+\tZoë O’Carter\tnot invited\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.doesNotMatch((await jordan.does('cases')).out, /R\.C\./, 'no child on this page');

    const again = await jordan.run(['cases', 'add', '--from', '-'], { input: JSON.stringify({ ...about, case: name.toLowerCase() }) });
    assert.equal(again.code, 7);
    assert.match(again.err, /there is a case ehc-\d+ already\. Nothing was changed\./);
    // A colleague of the team is told whose it is.
    const other = await morgan.run(['who', name]);
    assert.equal(other.code, 4);
    assert.match(other.err, /is not one of your cases\. Its caseworker is Jordan Ellis\./);
});

test('details that will not do', { timeout: 120000 }, async () => {
    const wrong = [
        [{ child: 'R.C.', parent: 'Sam' }, 6, /has no "case"/],
        [{ case: 'EHC 1', child: 'R.C.', parent: 'Sam' }, 6, /no spaces, colons or slashes/],
        [{ case: 'EHC:1', child: 'R.C.', parent: 'Sam' }, 6, /no spaces, colons or slashes/],
        [{ case: 'E'.repeat(41), child: 'R.C.', parent: 'Sam' }, 6, /at most 40/],
        [{ case: `EHC-1${ESC}[2J`, child: 'R.C.', parent: 'Sam' }, 6, /control characters/],
        [{ case: 'EHC-1', child: 'R.C.', parent: `${ESC}]0;mine\u0007` }, 6, /control characters/],
        [{ case: 'EHC-1', child: '', parent: 'Sam' }, 6, /'child' must be given/],
    ];
    for (const [about, code, said] of wrong) {
        const result = await jordan.run(['cases', 'add', '--from', '-'], { input: JSON.stringify(about) });
        assert.equal(result.code, code, JSON.stringify(about));
        assert.match(result.err, said);
        assert.ok(!result.err.includes(ESC));
    }
    const nobody = await jordan.run(['cases', 'add']);
    assert.equal(nobody.code, 2);
    assert.match(nobody.err, /nobody to ask\.\nGive the answers in a file: --from FILE/);
    const flags = await jordan.run(['cases', 'add', '--name', 'Sam Carter']);
    assert.equal(flags.code, 2);
    assert.match(flags.err, /there is no --name option/);
});

test('link and code, and nothing less', { timeout: 120000 }, async (t) => {
    const name = ref();
    await jordan.newCase(name);
    const made = Date.now();
    const invitation = await jordan.invite(name, 'sam@families.example');

    assert.equal(invitation.case, name);
    assert.equal(invitation.parent, 'Sam Carter');
    assert.match(invitation.link, new RegExp(`^${service.publicUrl}/#i=[A-Za-z0-9_-]{20}$`));
    assert.match(invitation.typed, /^([0-9A-HJKMNP-TV-Z]{5}-){5}[0-9A-HJKMNP-TV-Z]{5}$/);
    assert.match(invitation.code, /^\d{12}$/);
    const ends = Date.parse(invitation.expires);
    assert.ok(ends > made + 26.9 * DAY && ends <= made + 28 * DAY, invitation.expires);
    const waits = () => jordan.json(`invites ${name}`);
    assert.deepEqual((await waits()).map(({ state, tries_left: left, parent, cases }) => ({ state, left, parent, cases })),
        [{ state: 'open', left: 5, parent: 'Sam Carter', cases: [name] }]);

    // The code of somebody else's letter.
    const stranger = household(t);
    const wrong = invitation.code.replace(/^./, (digit) => (digit === '9' ? '0' : '9'));
    await assert.rejects(stranger.accept({ link: invitation.link, code: wrong }), { code: 'invite_wrong_code' });
    assert.equal((await waits())[0].tries_left, 4);
    assert.match((await jordan.does(`invites ${name}`)).out, /1 wrong code/);

    // The typed form does as well as the link, and so does the code in groups.
    const sam = household(t);
    await sam.accept({ link: invitation.typed, code: invitation.code });
    assert.equal(sam.address, 'sam@families.example');
    assert.equal(sam.thread.card.parent, 'Sam Carter');
    assert.deepEqual(await waits(), []);
    const [used] = await jordan.json(`invites ${name} --ended`);
    assert.equal(used.state, 'used');
    assert.match(used.used, /^\d{4}-/);
    assert.equal((await jordan.json('cases')).find((one) => one.case === name).accepted, true);
    await assert.rejects(household(t).accept(invitation), { code: 'invite_ended' });
});

test('a forgotten password: the same person, with all that was written', { timeout: 120000 }, async (t) => {
    const name = ref();
    await jordan.newCase(name);
    const first = household(t);
    await first.accept(await jordan.invite(name));
    await jordan.does(`reply ${name} --file - --yes`, 'Hello Sam\n');
    await first.write('Hello Jordan');

    const plain = await jordan.run(['invite', name, '--from', '-', '--yes'], { input: details('sam@families.example') });
    assert.equal(plain.code, 6);
    assert.match(plain.err, /Sam Carter has accepted the invitation to EHC-\d+ already\.\nA forgotten password\? sendline invite EHC-\d+ --again/);
    const unsure = await jordan.run(['invite', name, '--again', '--from', '-'], { input: details('sam@families.example') });
    assert.equal(unsure.code, 2, 'a person has to say yes');
    assert.match(unsure.err, /Check who they are, then add --yes\./);

    const second = household(t);
    await second.accept(await jordan.invite(name, undefined, ' --again'));
    assert.deepEqual(second.id, first.id);
    assert.deepEqual(await second.words(), ['Hello Sam', 'Hello Jordan']);
    // What is written now is locked for the new keys, without a question: Jordan invited.
    await jordan.does(`reply ${name} --file - --yes`, 'Welcome back\n');
    assert.deepEqual((await second.words()).at(-1), 'Welcome back');
    assert.equal(second.thread.inviter.name, 'Jordan Ellis');
});

test('a new invitation ends the one before; and one can be ended', { timeout: 120000 }, async (t) => {
    const name = ref();
    await jordan.newCase(name);
    const lost = await jordan.invite(name);
    const refused = await jordan.run(['invite', name, '--from', '-', '--yes'], { input: details('sam@families.example') });
    assert.equal(refused.code, 6);
    assert.match(refused.err, /has an invitation to EHC-\d+ that is good until .* A new one ends it\./);
    const found = await jordan.invite(name, undefined, ' --again');
    await assert.rejects(household(t).accept(lost), { code: 'invite_ended' });
    assert.equal((await jordan.json(`invites ${name}`)).length, 1);

    const asked = await jordan.run(['invites', 'end', name]);
    assert.equal(asked.code, 2);
    assert.match(asked.err, /Add --yes to end it without asking\./);
    assert.match((await jordan.does(`invites end ${name} --yes`)).out, /^Ended: the invitation of Sam Carter to EHC-/);
    await assert.rejects(household(t).accept(found), { code: 'invite_ended' });
    const [{ invite }] = (await jordan.json(`invites ${name} --ended`)).filter(({ state }) => state === 'ended');
    assert.match(invite, /^[A-Za-z0-9_-]{22}$/);
    const none = await jordan.run(['invites', 'end', name, '--yes']);
    assert.equal(none.code, 3);
    assert.match((await jordan.does('invites')).out, /\d+ more (is|are) used or ended: sendline invites --ended/);
    // Nothing is spoilt by that.
    const third = await jordan.invite(name);
    assert.deepEqual(await jordan.json(`invites end ${name} --yes`), { ended: [third.invite] });
    await household(t).accept(await jordan.invite(name));
});

test('five wrong codes end it', { timeout: 120000 }, async (t) => {
    const name = ref();
    await jordan.newCase(name);
    const invitation = await jordan.invite(name);
    const wrong = invitation.code.replace(/^./, (digit) => (digit === '9' ? '0' : '9'));

    for (let tries = 0; tries < 5; tries++) {
        await assert.rejects(household(t).accept({ ...invitation, code: wrong }), { code: 'invite_wrong_code' });
    }
    await assert.rejects(household(t).accept(invitation), { code: 'invite_ended' });
    assert.match((await jordan.does(`invites ${name} --ended`)).out, /ended: five wrong codes/);
    await household(t).accept(await jordan.invite(name));
});

test('a second child of the same parent', { timeout: 120000 }, async (t) => {
    const [one, two, three] = [ref(), ref(), ref()];
    for (const name of [one, two, three]) {
        await jordan.newCase(name);
    }
    const early = await jordan.run(['invite', two, '--same-as', one, '--from', '-', '--yes'], { input: details('s@families.example') });
    assert.equal(early.code, 6);
    assert.match(early.err, /nobody was invited to EHC-\d+ yet/);

    const first = household(t);
    await first.accept(await jordan.invite(one));
    const both = household(t);
    await both.accept(await jordan.invite(two, undefined, ` --same-as ${one}`));
    assert.deepEqual(both.id, first.id);
    assert.equal(both.threads.length, 2);

    await household(t).accept(await jordan.invite(three));
    const other = await jordan.run(['invite', three, '--same-as', one, '--again', '--from', '-', '--yes'],
        { input: details('s@families.example') });
    assert.equal(other.code, 7);
    assert.match(other.err, /was begun with somebody else than the parent of/);
});

test('somebody wrote in between: the invitation is made again for where the conversation is now', { timeout: 120000 }, async (t) => {
    const name = ref();
    await jordan.newCase(name);
    const sam = household(t);
    await sam.accept(await jordan.invite(name));
    await jordan.does(`read ${name}`);
    const meddler = await Meddler.start(service);
    t.after(() => meddler.stop());
    const there = jordan.atAnotherComputer(`meddled-${name}`);
    there.set('server', meddler.url);
    let writes = 3;
    meddler.onCall = (call, frame, near) => {
        if (call !== 'invite.make' || writes === 0) {
            return frame;
        }
        writes--;
        void sam.write('One more thing').then(() => near.send(JSON.stringify({ id: frame.id,
            error: { code: 'entry_stale', message: 'Something newer came first.' } })));
        return undefined;
    };
    const again = await there.run(['invite', name, '--again', '--from', '-', '--yes', '--json'],
        { input: details(sam.address) });
    assert.equal(again.code, 0, again.err);
    assert.equal(meddler.count('invite.make'), 4);
    await household(t).accept(JSON.parse(again.out));
});

test('a letter, and nothing of the code in it', { timeout: 120000 }, async () => {
    const name = ref();
    await jordan.newCase(name);
    const file = join(service.folder, `${name}.pdf`);
    const said = await jordan.does(`invite ${name} --from - --yes --letter ${file}`, details('sam@families.example'));

    assert.match(said.out, /Letter {4}.*\.pdf \(1 page, large print\)/);
    assert.equal(readFileSync(file, 'latin1').slice(0, 5), '%PDF-');
    assert.equal(statSync(file).mode & 0o077, 0);
    const plain = await jordan.does(`invite ${name} --again --from - --yes --plain --letter /nowhere/letter.pdf`,
        details('sam@families.example'));
    assert.match(plain.err, /no letter: cannot write \/nowhere\/letter\.pdf/);
    assert.match(plain.out, /^link\thttps:.*\ntyped\t.*\ncode\t\d{12}\nexpires\t.*Z\n$/, 'it is shown all the same');
});

test('at a terminal: the code comes after a key, apart from the link', { timeout: 120000 }, async () => {
    const name = ref();
    await jordan.newCase(name);
    for (const [term, color, columns] of [['xterm', true, 80], ['dumb', false, 100]]) {
        const terminal = jordan.terminal(['invite', name, '--again'], { env: { TERM: term }, columns, rows: 60 });
        await terminal.says('Parent\'s name          [Sam Carter]: ');
        terminal.type('\r');
        await terminal.says('E-mail, to sign in     ');
        terminal.type('sam@families.example\r');
        await terminal.says('Have you checked who they are, against the case record? [y/N]: ');
        terminal.type('y\r');
        await terminal.says('[l]etter to print, [S]how only: ');
        terminal.type('\r');
        await terminal.says('Press Enter to see the code');
        assert.match(terminal.screen, /▄▄▄▄▄/, 'a QR code');
        assert.equal(terminal.screen.includes(`${ESC}[`), color);
        assert.doesNotMatch(terminal.screen, /\d{4} \d{4} \d{4}/);
        terminal.type('\r');
        await terminal.says('Code      ');
        assert.equal(await terminal.ended, 0);
        assert.match(terminal.screen, /\d{4} \d{4} \d{4}/);
        for (const line of terminal.screen.replaceAll(/\u001b\[[0-9;]*m/g, '').split(/\r?\n/)) {
            assert.ok([...line].length <= columns, line);
        }
    }
    const no = jordan.terminal(['invite', name, '--again']);
    await no.says('[Sam Carter]: ');
    no.type('\r');
    await no.says('E-mail, to sign in');
    no.type('sam@families.example\r');
    await no.says('[y/N]: ');
    no.type('\r');
    assert.equal(await no.ended, 0);
    assert.match(no.screen, /Nothing was changed\./);
});

test('what a person is called now', { timeout: 120000 }, async (t) => {
    const name = ref();
    await jordan.newCase(name);
    const { out } = await jordan.does(`invite ${name} --from - --yes --json`,
        JSON.stringify({ email: 'lee@families.example', name: 'Lee Marsh' }));
    const lee = household(t);
    await lee.accept(JSON.parse(out));
    assert.equal(lee.thread.card.parent, 'Lee Marsh');
    assert.equal((await jordan.json('cases')).find((one) => one.case === name).family, 'Lee Marsh');
    for (const email of ['', 'lee', 'Lee <lee@families.example>']) {
        const wrong = await jordan.run(['invite', name, '--again', '--from', '-', '--yes'], { input: details(email) });
        assert.equal(wrong.code, 6);
    }
});

test('nothing that is secret or personal is with the service', { timeout: 120000 }, async (t) => {
    const name = ref();
    const marks = { child: 'Quincy Markchild', parent: 'Harper Markparent', email: 'harper.mark@families.example' };
    await jordan.newCase(name, marks);
    const invitation = await jordan.invite(name, marks.email);
    const harper = household(t);
    await harper.accept(invitation);
    await harper.write('Words that carry a Markmessage');
    await jordan.does(`reply ${name} --file - --yes`, 'An answer with a Markreply\n');
    await service.terminate();

    const secrets = [marks.child, marks.parent, marks.email, invitation.code, invitation.link.split('#i=')[1],
        invitation.typed, 'Markmessage', 'Markreply', 'Jordan Ellis', readFileSync(join(jordan.folder, '../../passphrase'), 'utf8').trim()];
    const haystacks = [service.log, ...['sendline.db', 'sendline.db-wal'].map((file) => {
        try {
            return readFileSync(join(service.data, file), 'latin1');
        } catch {
            return '';
        }
    })];
    assert.ok(haystacks[1].length > 0);
    for (const secret of secrets) {
        for (const form of [secret, Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64url'),
            Buffer.from(secret).toString('latin1')]) {
            haystacks.forEach((text, i) => assert.ok(!text.includes(form), `'${secret}' in ${['the log', 'the database', 'the database'][i]}`));
        }
    }
    await service.restart();
});

test('nothing secret is in arguments or environment of a command that runs', { timeout: 120000 }, async () => {
    const name = ref();
    await jordan.newCase(name);
    const file = join(service.folder, 'details.json');
    writeFileSync(file, details('marked@families.example'));
    const child = jordan.start(['invite', name, '--from', file, '--yes', '--json']);
    const seen = [];
    let out = '';
    child.stdout.on('data', (data) => {
        out += data;
    });
    for (;;) {
        try {
            seen.push(readFileSync(`/proc/${child.pid}/cmdline`, 'latin1') + readFileSync(`/proc/${child.pid}/environ`, 'latin1'));
        } catch {
            break;
        }
        if (child.exitCode !== null) {
            break;
        }
        await new Promise((soon) => setTimeout(soon, 2));
    }
    assert.ok(seen.some((text) => text.includes('--from')));
    const { code, link } = JSON.parse(out);
    const passphrase = readFileSync(join(jordan.folder, '../../passphrase'), 'utf8').trim();
    for (const secret of ['marked@', code, link.split('#i=')[1], passphrase]) {
        assert.ok(!seen.join('').includes(secret), secret);
    }
});
