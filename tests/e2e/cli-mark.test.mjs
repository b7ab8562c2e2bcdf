/**
 * What a caseworker does to a conversation without a word: no reply needed, and a message taken back.
 */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { clerks } from '../support/clerk.mjs';
import { Household } from '../support/household.mjs';
import { Meddler } from '../support/meddler.mjs';
import { Service } from '../support/service.mjs';

let service;
let jordan;
let next = 1700;

before(async () => {
    service = await Service.start();
    [jordan] = await clerks(service, ['Jordan Ellis']);
    await jordan.run(['unlock']);
});
after(() => service.stop());

async function conversation(t) {
    const ref = `EHC-${++next}`;
    const sam = new Household(service);
    t.after(() => sam.close());
    await jordan.newCase(ref);
    await sam.accept(await jordan.invite(ref));
    await jordan.does(`read ${ref}`);
    return { ref, sam };
}

const row = async (ref) => (await jordan.json('inbox --all')).find((one) => one.case === ref);

test('no reply needed, until the family writes again', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await conversation(t);

    assert.match((await jordan.does(`no-reply-needed ${ref}`)).out, /Nobody waits for a reply in EHC-\d+\. Nothing was changed\./);
    assert.deepEqual(await jordan.json(`no-reply-needed ${ref}`), { case: ref, changed: false });
    await sam.write('Thank you');
    assert.equal((await row(ref)).reply, 'due');
    const marked = await jordan.does(`no-reply-needed ${ref}`);
    assert.match(marked.out, /^Marked: no reply needed in EHC-\d+\. Sam Carter sees that too\./);
    assert.equal((await row(ref)).reply, 'not_needed');
    await sam.write('One more question');
    assert.equal((await row(ref)).reply, 'due');
    assert.deepEqual(await jordan.json(`no-reply-needed ${ref}`), { case: ref, changed: true });
});

test('the family wrote in between: what was not read is not waved away', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await conversation(t);
    const meddler = await Meddler.start(service);
    t.after(() => meddler.stop());
    const slow = jordan.atAnotherComputer(`slow-${ref}`);
    slow.set('server', meddler.url);
    await sam.write('Thank you');
    meddler.onCall = (call, frame, near) => {
        if (call !== 'thread.no_reply_needed') {
            return frame;
        }
        void sam.write('And something that needs an answer').then(() =>
            near.send(JSON.stringify({ id: frame.id, error: { code: 'entry_stale', message: '' } })));
        return undefined;
    };
    const late = await slow.run(['no-reply-needed', ref]);
    assert.equal(late.code, 7);
    assert.match(late.err, /Sam Carter wrote again a moment ago\. Nothing was changed\.\nNext: sendline read EHC-\d+/);
    assert.equal((await row(ref)).reply, 'due');
});

test('a message is taken back', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await conversation(t);

    await jordan.does(`reply ${ref} --file - --yes`, 'A mistake with Markoops in it\n');
    const item = (await sam.read()).at(-1);
    assert.equal(item.body.body, 'A mistake with Markoops in it');
    const asked = await jordan.run(['take-back', ref, String(item.seq)]);
    assert.equal(asked.code, 2);
    assert.match(asked.err, /Add --yes to take it back without asking\./);
    for (const number of ['1', '999', '0', '-1', 'x', '']) {
        const none = await jordan.run(['take-back', '--yes', '--', ref, number]);
        assert.equal(none.code, 3, number);
        assert.match(none.err, /there is no message .*of yours in EHC-\d+\.\nSee the numbers: sendline read EHC-\d+ --all --peek/);
    }
    assert.deepEqual(await jordan.json(`take-back ${ref} ${item.seq} --yes`), { case: ref, taken_back: item.seq });
    assert.ok((await sam.read()).every((one) => !JSON.stringify(one.body ?? {}).includes('Markoops')));
    const { out } = await jordan.does(`read ${ref} --all --peek`);
    assert.doesNotMatch(out, /Markoops/);
    // Twice is no second time.
    assert.equal((await jordan.run(['take-back', ref, String(item.seq), '--yes'])).code, 3);
});
