/**
 * One caseworker at two computers, each with a memory of its own, and both at once in one conversation with a family
 * that writes too.
 */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { clerks } from '../support/clerk.mjs';
import { Household } from '../support/household.mjs';
import { Meddler } from '../support/meddler.mjs';
import { Service } from '../support/service.mjs';

let service;
let office;
let home;
let cases = 0;

before(async () => {
    service = await Service.start();
    [office] = await clerks(service, ['Jordan Ellis']);
    await office.run(['unlock']);
    home = office.atAnotherComputer('home');
});
after(() => service.stop());

async function family(t) {
    const ref = `EHC-${8100 + cases++}`;
    const sam = new Household(service);
    t.after(() => sam.close());
    await office.newCase(ref);
    await sam.accept(await office.invite(ref));
    await office.does(`read ${ref}`);
    return { ref, sam };
}

const reply = (clerk, ref, words) => clerk.run(['reply', ref, '--file', '-', '--yes'], { input: words });

test('what one did, the other sees', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await family(t);

    await sam.write('Hello');
    assert.equal((await home.json('inbox')).find((one) => one.case === ref).new, 1);
    // The office has said a moment ago how far it had read, and the family is told every ten seconds at most.
    assert.match((await home.does(`read ${ref}`)).out, /Not marked as read yet/);
    assert.equal((await reply(office, ref, 'From the office')).code, 0);
    assert.equal((await home.json('inbox')).find((one) => one.case === ref), undefined);
    assert.match((await home.does(`read ${ref}`)).out, /^ {2}You +\d\d:\d\d\n {4}From the office$/m);
    assert.equal((await reply(home, ref, 'From home')).code, 0);
    assert.deepEqual(await sam.words(), ['Hello', 'From the office', 'From home']);
    // A draft stays where it was typed.
    await home.does(`reply ${ref} --file - --draft`, 'Half a thought');
    assert.deepEqual([home.remembers('draft-').length, office.remembers('draft-').length], [1, 0]);
});

test('both write at once, and the family too: everything arrives, once', { timeout: 240000 }, async (t) => {
    const { ref, sam } = await family(t);
    const wanted = [];
    const writing = [];

    for (let i = 0; i < 8; i++) {
        for (const [clerk, name] of [[office, 'office'], [home, 'home']]) {
            wanted.push(`${name} ${i}`);
            writing.push(reply(clerk, ref, `${name} ${i}`));
        }
        wanted.push(`family ${i}`);
        writing.push(sam.write(`family ${i}`).then(() => ({ code: 0 })));
        await Promise.all(writing);
    }
    const results = await Promise.all(writing);
    assert.deepEqual(results.filter(({ code }) => code !== 0), []);
    assert.deepEqual((await sam.words()).sort(), wanted.sort());
    assert.equal(sam.thread.stopped, null);
    assert.ok(sam.thread.items.every((item) => item.kind !== 'warning'));
    const { entries, can_send: canSend } = await office.json(`read ${ref} --all`);
    assert.equal(canSend, 'yes');
    assert.ok(entries.every((one) => one.what !== 'warning'));
    service.check();
});

test('both make the key for a family that came in: one does', { timeout: 120000 }, async (t) => {
    for (let i = 0; i < 3; i++) {
        const ref = `EHC-${8100 + cases++}`;
        const sam = new Household(service);
        t.after(() => sam.close());
        await office.newCase(ref);
        await sam.accept(await office.invite(ref));
        const read = await Promise.all([office.run(['read', ref]), home.run(['read', ref])]);
        assert.deepEqual(read.map(({ code, err }) => [code, err]), [[0, ''], [0, '']]);
        await sam.read();
        assert.equal(sam.thread.generation, 2);
        assert.equal(sam.thread.items.filter((item) => item.kind === 'key').length, 2);
        assert.ok(sam.thread.items.every((item) => item.kind !== 'warning'));
    }
});

test('a computer that was shown another history knows, whatever the other knows', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await family(t);
    const meddler = await Meddler.start(service);

    t.after(() => {
        home.set('server', service.staffUrl);
        meddler.stop();
    });
    await sam.write('One');
    await office.does(`read ${ref}`);
    // At home, the server withholds what the office has seen: nothing to notice there yet.
    home.set('server', meddler.url);
    meddler.onAnswer = (call, frame) => {
        if (call === 'thread.entries') {
            frame.ok.entries = frame.ok.entries.filter((entry) => entry.seq < 7);
            frame.ok.last_seq = Math.min(frame.ok.last_seq, 6);
        }
        return frame;
    };
    assert.doesNotMatch((await home.does(`read ${ref} --peek`)).out, /ALARM/);
    meddler.honest();
    assert.doesNotMatch((await home.does(`read ${ref} --peek`)).out, /ALARM/);
    meddler.onAnswer = (call, frame) => {
        if (call === 'thread.entries') {
            frame.ok.entries = frame.ok.entries.filter((entry) => entry.seq < 7);
            frame.ok.last_seq = Math.min(frame.ok.last_seq, 6);
        }
        return frame;
    };
    assert.match((await home.does(`read ${ref} --peek`)).out, /ALARM/);
    assert.doesNotMatch((await office.does(`read ${ref} --peek`)).out, /ALARM/);
    assert.equal((await reply(home, ref, 'x')).code, 4);
    assert.equal((await reply(office, ref, 'Fine here')).code, 0);
});
