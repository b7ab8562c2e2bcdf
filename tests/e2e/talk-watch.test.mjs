/**
 * watch: everything that happens, once and in order, over lost connections and servers that are killed.
 */
import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, afterEach, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

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
});
afterEach(() => meddler.honest());
after(async () => {
    meddler.stop();
    await service.stop();
});

async function family(t, { accepted = true, parent = 'Sam Carter' } = {}) {
    const ref = `EHC-${7100 + cases++}`;
    const sam = new Household(service);
    t.after(() => sam.close());
    await jordan.newCase(ref, { parent });
    const invitation = await jordan.invite(ref);
    if (accepted) {
        await sam.accept(invitation);
        await jordan.does(`read ${ref}`);
        await sam.read();
    }
    return { ref, sam, invitation };
}

/** A watch that runs; its lines as they come. */
class Watch {
    constructor(t, args, clerk = jordan) {
        this.out = '';
        this.err = '';
        this.child = clerk.start(['watch', ...args]);
        this.child.stdout.on('data', (data) => {
            this.out += data;
        });
        this.child.stderr.on('data', (data) => {
            this.err += data;
        });
        this.ended = new Promise((done) => this.child.once('close', (code, signal) => done({ code, signal })));
        t.after(() => this.child.kill('SIGKILL'));
    }

    get lines() {
        return this.out.split('\n').filter((line) => line !== '');
    }

    get json() {
        return this.lines.map((line) => JSON.parse(line));
    }

    async until(what, holds, seconds = 20) {
        for (const end = Date.now() + seconds * 1000; !holds(this);) {
            if (Date.now() > end || this.child.exitCode !== null) {
                assert.fail(`${what}\n${this.out}\n${this.err}`);
            }
            await sleep(20);
        }
    }

    begun() {
        return this.until('it does not begin', () => /^Watching .*Ctrl-C ends it\.$/m.test(this.err));
    }
}

test('a line for each thing that happens, and Ctrl-C ends with 0', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await family(t);
    const other = await family(t, { accepted: false, parent: 'Alex Finch' });
    const watch = new Watch(t, []);

    await watch.begun();
    await sam.write('Words that stay off the screen');
    await watch.until('no line', () => watch.lines.length === 1);
    await other.sam.accept(other.invitation);
    await watch.until('no acceptance', () => watch.lines.length === 2);
    await watch.until('no key', () => /made a key for Alex Finch/.test(watch.err));
    const second = await sam.write('Second');
    await sam.takeBack(second.seq);
    await watch.until('not all', () => watch.lines.length === 4);
    assert.match(watch.lines[0], new RegExp(`^\\d\\d:\\d\\d  ${ref}  Sam Carter wrote\\. 1 new\\. Reply due \\w+ \\d+ \\w+\\.$`));
    assert.match(watch.lines[1], new RegExp(`^\\d\\d:\\d\\d  ${other.ref}  Alex Finch came in, invited by you\\.$`));
    assert.match(watch.lines[2], /Sam Carter wrote\. 2 new\./);
    assert.match(watch.lines[3], /Sam Carter took message \d+ back\.$/);
    assert.doesNotMatch(watch.out, /off the screen/);
    await other.sam.read();
    assert.equal(other.sam.thread.generation, 2, 'the key is made for whom the family accepted');
    await sam.read();
    assert.ok(sam.thread.seenBy.staff < second.seq, 'to watch all is not to have read');
    watch.child.kill('SIGINT');
    assert.deepEqual(await watch.ended, { code: 0, signal: null });
});

test('one conversation, live, and the family sees how far it was shown', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await family(t);
    const elsewhere = await family(t);

    await sam.write('Before you came');
    const watch = new Watch(t, [ref]);
    await watch.begun();
    await watch.until('what is new is not shown', () => /Before you came/.test(watch.out));
    const { seq } = await sam.write('Live words');
    await elsewhere.sam.write('Words of somebody else');
    await watch.until('nothing comes', () => /Live words/.test(watch.out));
    for (let i = 0; i < 30 && sam.thread.seenBy.staff < seq; i++) {
        await sleep(500);
        await sam.read();
    }
    assert.ok(sam.thread.seenBy.staff >= seq);
    // Of their own machinery, nothing.
    await jordan.does(`reply ${ref} --file - --yes`, 'From another terminal');
    await watch.until('own words do not show', () => /From another terminal/.test(watch.out));
    await sam.look();
    await watch.until('that they read it does not show', () => /Sam Carter read up to here\./.test(watch.out));
    assert.doesNotMatch(watch.out, /somebody else/);
    assert.equal(watch.out.match(/Live words/g).length, 1);
    assert.equal(watch.out.match(/Before you came/g).length, 1);
    const marks = sam.thread.items.filter((item) => item.kind === 'seen' && item.author.side === 'staff');
    for (let i = 1; i < marks.length; i++) {
        assert.ok(marks[i].sentAt - marks[i - 1].sentAt >= 10, 'marks keep ten seconds between them');
    }
    watch.child.kill('SIGINT');
    assert.equal((await watch.ended).code, 0);
});

test('--peek tells nobody', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await family(t);
    const watch = new Watch(t, [ref, '--peek']);

    await watch.begun();
    const { seq } = await sam.write('A secret look');
    await watch.until('nothing comes', () => /A secret look/.test(watch.out));
    await sleep(1500);
    await sam.read();
    assert.ok(sam.thread.seenBy.staff < seq);
});

test('lines for scripts', { timeout: 120000 }, async (t) => {
    const { ref, sam } = await family(t);
    const all = new Watch(t, ['--json']);
    const one = new Watch(t, [ref, '--json', '--peek']);
    const plain = new Watch(t, ['--plain']);

    await Promise.all([all.begun(), one.begun(), plain.begun()]);
    await sam.write('Hello');
    await Promise.all([all, one, plain].map((watch) => watch.until('nothing comes', () => watch.lines.length > 0)));
    assert.deepEqual(Object.keys(all.json[0]).sort(), ['at', 'case', 'confirmed', 'from', 'invited_by', 'kind', 'mine',
        'reply_due', 'seq', 'side', 'thread', 'unread', 'what']);
    assert.equal(all.json[0].case, ref);
    assert.equal(all.json[0].what, 'message');
    assert.equal(one.json[0].body.body, 'Hello');
    assert.deepEqual(plain.lines[0].split('\t').slice(1), [ref, `Sam Carter wrote. 1 new. Reply due ${plain.lines[0].split('Reply due ')[1]}`]);
});

test('each once and in order, whatever happens to the connection', { timeout: 240000 }, async (t) => {
    const families = [await family(t), await family(t), await family(t)];
    const told = [];
    let over = false;

    jordan.set('server', meddler.url);
    t.after(() => jordan.set('server', service.staffUrl));
    const watch = new Watch(t, ['--json']);
    await watch.begun();
    // Some events are swallowed, some come twice or late, and the connection is cut again and again.
    let dice = 7;
    const roll = (n) => {
        dice = (dice * 1103515245 + 12345) % 2147483648;
        return dice % n;
    };
    let late;
    meddler.onEvent = (frame, near) => {
        const chance = roll(8);
        if (chance === 0) {
            return undefined;
        }
        if (chance === 1) {
            near.send(JSON.stringify(frame));
        }
        if (chance === 2 && !late) {
            late = frame;
            return undefined;
        }
        if (late && roll(3) === 0) {
            near.send(JSON.stringify(late));
            late = undefined;
        }
        return frame;
    };
    const cutting = (async () => {
        while (!over) {
            await sleep(700 + roll(900));
            meddler.cut();
        }
    })();
    for (let i = 0; i < 60; i++) {
        const { ref, sam } = families[i % families.length];
        const { seq } = await sam.write(`Message ${i}`);
        told.push(`${ref}:${seq}`);
        await sleep(roll(200));
    }
    over = true;
    await cutting;
    meddler.honest();
    // The last one may have been swallowed; one more is a gap to notice.
    const { seq } = await families[0].sam.write('The last');
    told.push(`${families[0].ref}:${seq}`);
    await watch.until('not everything came', () => watch.lines.length >= told.length, 60);
    assert.deepEqual(watch.json.map((line) => `${line.case}:${line.seq}`), told);
    assert.ok(meddler.count('sync') > 5);
});

test('the server is killed and comes back', { timeout: 240000 }, async (t) => {
    const { ref, sam } = await family(t);
    const watch = new Watch(t, ['--json']);
    const told = [];

    await watch.begun();
    for (let i = 0; i < 4; i++) {
        told.push((await sam.write(`Before ${i}`)).seq);
        await service.kill();
        await sleep(i * 300);
        await service.restart();
        await sam.signIn();
        told.push((await sam.write(`After ${i}`)).seq);
    }
    // Somebody who is offline meanwhile has left words: they go out with the first connection.
    await watch.until('not everything came', () => watch.lines.length >= told.length, 60);
    assert.deepEqual(watch.json.map((line) => line.seq), told);
    assert.ok(watch.json.every((line) => line.case === ref));
    assert.match(watch.err, /Trying again: /);
    assert.match(watch.err, /Connected again\./);

    await service.terminate();
    const offline = await jordan.run(['reply', ref, '--file', '-', '--yes'], { input: 'Written offline' });
    assert.equal(offline.code, 5);
    await service.restart();
    await watch.until('the outbox is not sent', () => /Sent from your outbox/.test(watch.err), 60);
    await sam.signIn();
    assert.equal((await sam.words()).at(-1), 'Written offline');
});

test('a case that begins while watching, and a key that is locked', { timeout: 120000 }, async (t) => {
    const watch = new Watch(t, ['--json']);

    await watch.begun();
    const { ref, sam } = await family(t);
    await sam.write('Hello');
    await watch.until('the new case is not watched', () => watch.json.some((line) => line.case === ref && line.kind === 'text'));
    await jordan.does('lock');
    const { code } = await watch.ended;
    assert.equal(code, 4);
    assert.match(watch.err, /your key was locked, so nothing is watched\./);
    await jordan.run(['unlock']);
});

test('whoever reads the lines goes away', { timeout: 120000 }, async (t) => {
    const { sam } = await family(t);
    const watch = new Watch(t, ['--json']);

    await watch.begun();
    await sam.write('The one that is read');
    await watch.until('nothing comes', () => watch.lines.length === 1);
    watch.child.stdout.destroy();
    await sam.write('Into the void');
    assert.deepEqual(await watch.ended, { code: 0, signal: null });
    assert.doesNotMatch(watch.err, /could not be written/);
});

test('a service that was put back from a copy: an alarm where words are lost', { timeout: 120000 }, async (t) => {
    const one = await family(t);
    const other = await family(t);
    const copy = join(service.folder, 'copy');

    await service.terminate();
    cpSync(service.data, copy, { recursive: true });
    await service.restart();
    await one.sam.signIn();
    await other.sam.signIn();
    const watch = new Watch(t, ['--json']);
    await watch.begun();
    await one.sam.write('Lost with the disk');
    await watch.until('nothing comes', () => watch.lines.length === 1);
    await service.terminate();
    rmSync(service.data, { recursive: true });
    cpSync(copy, service.data, { recursive: true });
    await service.restart();
    await watch.until('it does not notice', () => /the service is further back than it was/.test(watch.err), 60);
    await other.sam.signIn();
    await other.sam.write('In good order');
    await watch.until('nothing comes any more', () => watch.lines.length === 2);
    assert.equal(watch.json[1].case, other.ref);
    // What the family wrote is gone, so this conversation has another history than the one that was read.
    assert.match((await jordan.does(`read ${one.ref} --peek`)).out, /ALARM: The service gives another history/);
    assert.equal((await jordan.run(['reply', one.ref, '--file', '-', '--yes'], { input: 'x' })).code, 4);
    assert.equal((await jordan.run(['reply', other.ref, '--file', '-', '--yes'], { input: 'Fine here' })).code, 0);
});
