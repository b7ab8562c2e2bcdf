/**
 * The web app's mailbox against a real server, in Node: every message once and in order, however often the connection
 * goes; the vault that several tabs keep together; and a thread that is as the caseworker sees it.
 */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { toB64, toHex } from '../../web/js/e2ee/bytes.js';
import { Office } from '../support/office.mjs';
import { Service } from '../support/service.mjs';
import { Tab } from '../support/tab.mjs';
import { until } from '../support/wait.mjs';

const PASSWORD = 'river candle monkey tractor';
let service;
let office;
let families = 0;

before(async () => {
    service = await Service.start({ settings: { calls_per_second: 100000, calls_burst: 100000,
        sign_ins_per_5_minutes: 1000, sign_ins_per_address_per_5_minutes: 1000 } });
    office = await Office.open(service);
});
after(() => service?.stop());

/** A family with an account. */
async function member() {
    const address = `parent-${++families}@family.example`;
    const desk = await office.desk(0);
    const family = await desk.newCase({ ref: `AN-${families}`, child: 'Sam', parent: 'Alex Carter' });
    const invitation = await desk.invite([family], { address });
    const tab = await new Tab(service).accept(invitation, PASSWORD);
    await tab.open();
    return { address, desk, family, tab, conversation: tab.mailbox.conversations[0] };
}

const texts = (items) => items.filter((item) => item.kind === 'text').map((item) => item.body.body);
/** A story of which the server's log is shown when it fails. */
const story = (name, tell) => test(name, { timeout: 60000 }, async (t) => {
    const from = service.log.length;
    try {
        await tell();
    } catch (error) {
        t.diagnostic(`the server said:\n${service.log.slice(from)}`);
        throw error;
    }
});

story('a connection that is cut again and again: every message of both sides, once and in order', async () => {
    const { desk, family, tab, conversation } = await member();
    const cutting = setInterval(() => tab.cut(), 60);
    const mine = [];
    const theirs = [];
    try {
        for (let i = 0; i < 60; i++) {
            mine.push(`mine ${i}`);
            conversation.send(`mine ${i}`);
            theirs.push(`theirs ${i}`);
            await desk.write(family, `theirs ${i}`);
            if (i % 20 === 10) {
                await desk.changeLock(family);
            }
        }
    } finally {
        clearInterval(cutting);
    }
    await until(() => conversation.unsent.length === 0 && texts(conversation.items).length === 120, 'all messages', 30000);
    const items = await desk.read(family);
    assert.deepEqual(conversation.items.map((item) => [item.seq, item.kind, item.body.body]), items.map((item) => [item.seq, item.kind, item.body.body]));
    assert.deepEqual(texts(items).filter((text) => text.startsWith('mine')), mine);
    assert.deepEqual(texts(items).filter((text) => text.startsWith('theirs')), theirs);
    assert.equal(items.filter((item) => item.kind === 'warning').length, 0);
    assert.equal(toHex(conversation.thread.head.link), toHex(family.thread.head.link), 'the same chain');
    assert.equal(tab.messages.length, 60, 'each of theirs was told once');
    tab.close();
});

story('the server is killed under both, again and again: nothing is lost, nothing is there twice', async () => {
    const { family, tab, conversation } = await member();
    let n = 0;
    for (let kill = 0; kill < 5; kill++) {
        for (let i = 0; i < 4; i++) {
            conversation.send(`${n++}`);
        }
        await sleep(5 * kill);
        await service.kill();
        await service.restart();
    }
    await until(() => conversation.unsent.length === 0, 'all to be sent', 30000);
    const desk = await office.desk(0);
    const there = await desk.takeOver(family);
    assert.deepEqual(texts(await desk.read(there)), Array.from({ length: n }, (_, i) => `${i}`));
    await desk.write(there, 'still live');
    await until(() => texts(conversation.items).at(-1) === 'still live');
    tab.close();
});

story('several tabs and devices: one vault, which forgets nothing that any of them knew', async () => {
    const { address, desk, family, tab } = await member();
    const others = [];
    for (let i = 0; i < 3; i++) {
        others.push(await (await new Tab(service).signIn(address, PASSWORD)).open());
    }
    const all = [tab, ...others];
    for (let i = 0; i < 5; i++) {
        await desk.write(family, `news ${i}`);
        all[i % all.length].mailbox.conversations[0].send(`answer ${i}`);
    }
    await desk.changeLock(family);
    const { seq } = (await desk.read(family)).at(-1);
    for (const one of all) {
        await until(() => one.mailbox.conversations[0].thread.head.seq >= seq && one.mailbox.conversations[0].unsent.length === 0);
    }
    await Promise.all(all.map((one) => one.mailbox.keeper.save()));
    const late = await (await new Tab(service).signIn(address, PASSWORD)).open();
    const [known] = late.session.vault.threads;
    const { thread } = late.mailbox.conversations[0];
    assert.equal(known.generation, thread.generation);
    assert.ok(known.seq >= seq);
    assert.equal(toHex(known.link), toHex(thread.links[known.seq]));
    for (const one of [...all, late]) {
        assert.deepEqual(texts(one.mailbox.conversations[0].items), texts(await desk.read(family)));
        one.close();
    }
});

story('a tab that was away: what was missed comes as events, what came meanwhile is not told twice', async () => {
    const { desk, family, tab, conversation } = await member();
    await desk.write(family, 'one');
    await until(() => tab.messages.length === 1);
    tab.wire.stop();
    for (let i = 0; i < 250; i++) {
        await desk.write(family, `while away ${i}`);
    }
    tab.wire.start();
    await until(() => texts(conversation.items).length === 251, 'what was missed', 20000);
    assert.equal(tab.messages.length, 251);
    assert.equal(conversation.unread, 251);
    const rest = await tab.wire.call('sync', { after: tab.mailbox.order.known });
    assert.deepEqual([rest.events.length, rest.more, rest.cursor], [0, false, tab.mailbox.order.known]);
    tab.close();
});

story('“seen” is said for what was shown, at most every ten seconds, and never over what was not', async () => {
    const { desk, family, tab, conversation } = await member();
    await desk.write(family, 'first');
    await desk.write(family, 'second');
    await until(() => conversation.unread === 2);
    const first = conversation.items.find((item) => item.body.body === 'first').seq;
    conversation.wasShown(first);
    await until(() => conversation.unread === 1);
    conversation.wasShown(first + 1);
    await sleep(1000);
    const seen = (await desk.read(family)).filter((item) => item.kind === 'seen' && item.author.side === 'parent');
    assert.deepEqual(seen.map((item) => item.body.upTo), [first]);
    tab.close();
});

story('a message of ours that is taken back is gone at the server, and its place stays', async () => {
    const { desk, family, tab, conversation } = await member();
    conversation.send('said too soon');
    await until(() => conversation.unsent.length === 0);
    const { seq } = conversation.items.find((item) => item.kind === 'text');
    await conversation.takeBack(seq);
    const page = await tab.wire.call('thread.entries', { thread: toB64(family.threadId), from: seq, limit: 1 });
    assert.equal(page.entries[0].entry, undefined);
    assert.ok(page.entries[0].body_hash);
    const again = await desk.takeOver(family);
    assert.deepEqual((await desk.read(again)).map((item) => item.kind).slice(seq - 1), ['taken-back', 'retract']);
    tab.close();
});
