/** Lost connections, servers that stop and start, sessions that end: nothing typed is lost, nothing is sent twice. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { Site } from '../support/browser.mjs';
import { Tab } from '../support/tab.mjs';
import { until } from '../support/wait.mjs';

const site = new Site();
const DAY_MS = 86400000;
const texts = (items) => items.filter((item) => item.kind === 'text').map((item) => item.body.body);

site.test('the network goes and comes back', async ({ visitor, page }) => {
    const { desk, family } = await site.signedIn(visitor);
    visitor.expected.push(/WebSocket connection|Failed to load resource/);
    await visitor.context.setOffline(true);
    const lost = page.getByRole('region', { name: 'You are not connected' });
    await lost.waitFor();
    await until(async () => (await page.locator('#announce').textContent()) === 'You are not connected', 'the announcement');
    await lost.getByText(/We keep trying\. You can still read and write here\. .* Last connected at \d+:\d\d[ap]m\./).waitFor();
    await visitor.write('Written in a tunnel');
    await visitor.message('Written in a tunnel').getByText('Waiting to send').waitFor();
    await visitor.write('And another');
    await visitor.write('Not this one');
    await visitor.message('Not this one').getByRole('button', { name: /^Delete message from/ }).click();
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'message');
    await desk.write(family, 'Meanwhile, at the office');
    await visitor.context.setOffline(false);
    await page.getByRole('region', { name: 'You are back online' }).waitFor();
    await until(async () => (await page.getByText('Delivered').count()) === 2, 'both to be delivered');
    await visitor.message('Meanwhile').waitFor();
    assert.deepEqual(texts(await desk.read(family)), ['Meanwhile, at the office', 'Written in a tunnel', 'And another']);
    await page.getByRole('region', { name: 'You are back online' }).waitFor({ state: 'detached' });
});

site.test('the server is killed while a message is under way, and starts again: the same bytes, once', async ({ visitor, page }) => {
    const { family, address, password } = await site.member();
    visitor.expected.push(/WebSocket connection/);
    let deaf = true;
    let mute = false;
    await visitor.tamper({
        toPage: (frame, call) => (deaf && (call === 'entry.post' || frame.event) ? null : frame),
        toServer: ({ call }) => (mute && call === 'entry.post' ? null : undefined),
    });
    await visitor.signIn(address, password);
    await visitor.openConversation();
    // This one arrives, and its answer does not.
    await visitor.write('Once and only once');
    await page.getByText('Sending…').waitFor();
    await until(() => visitor.called('entry.post') === 1);
    await sleep(300);
    await site.service.kill();
    await page.getByRole('region', { name: 'You are not connected' }).waitFor();
    await page.getByText('Waiting to send').waitFor();
    deaf = false;
    await site.service.restart();
    await page.getByText('Delivered').waitFor({ timeout: 20000 });

    // This one does not even arrive.
    mute = true;
    await visitor.write('The same bytes again');
    await until(() => visitor.called('entry.post') >= 2);
    await page.getByLabel('Your message', { exact: true }).fill('A draft meanwhile');
    await site.service.kill();
    await page.getByText('Waiting to send').waitFor();
    mute = false;
    await site.service.restart();
    await until(async () => (await page.getByText('Delivered').count()) === 2, 'both to be delivered', 20000);
    const posts = visitor.calls.filter((one) => one.call === 'entry.post');
    assert.equal(posts.length, 3);
    assert.equal(posts[1].args.entry, posts[2].args.entry);
    const desk = await site.office.desk(0);
    const again = await desk.takeOver(family);
    assert.deepEqual(texts(await desk.read(again)), ['Once and only once', 'The same bytes again']);
    assert.equal(await page.getByLabel('Your message', { exact: true }).inputValue(), 'A draft meanwhile');
    // Nobody had to sign in or reload: live again.
    await desk.write(again, 'Here I am');
    await visitor.message('Here I am').waitFor();
});

site.test('a lock that was changed meanwhile: signed anew under the same id', async ({ visitor, page }) => {
    const { desk, family, address, password } = await site.member();
    let deaf = false;
    await visitor.tamper({ toPage: (frame) => (deaf && frame.event ? null : frame) });
    await visitor.signIn(address, password);
    await visitor.openConversation();
    deaf = true;
    await desk.changeLock(family);
    await visitor.write('With the new lock');
    await page.getByText('Delivered').waitFor();
    const posts = visitor.calls.filter((one) => one.call === 'entry.post' && one.args.act === 'text').map((one) => Buffer.from(one.args.entry, 'base64url'));
    assert.equal(posts.length, 2);
    assert.deepEqual(posts[0].subarray(34, 50), posts[1].subarray(34, 50), 'the id of the entry');
    const last = (await desk.read(family)).at(-1);
    assert.deepEqual([last.kind, last.body.body], ['text', 'With the new lock']);
});

site.test('a server that cannot save: tried three times, then it is the person’s to decide', async ({ visitor, page }) => {
    const { desk, family, address, password } = await site.member();
    let answer = { error: { code: 'storage_full', message: '' } };
    await visitor.tamper({ toServer: ({ call, args }) => (call === 'entry.post' && args.act === 'text' ? answer : undefined) });
    await visitor.signIn(address, password);
    await visitor.openConversation();
    await visitor.write('Not yet');
    const message = visitor.message('Not yet');
    await message.getByText('Not sent. We tried 3 times.').waitFor();
    assert.equal(visitor.calls.filter((one) => one.args.act === 'text').length, 3);
    await until(async () => (await page.locator('#announce').textContent()) === 'Not sent. We tried 3 times.', 'the announcement');
    await visitor.checkAccessible('a message that was not sent');
    answer = { error: { code: 'entry_refused', message: '', rule: 8 } };
    await message.getByRole('button', { name: /^Try again to send message from/ }).click();
    await message.getByText('Not sent. Our checks stopped it.').waitFor();
    answer = { error: { code: 'closed', message: '' } };
    await message.getByRole('button', { name: /^Try again/ }).click();
    await message.getByText('Not sent. This conversation is closed.').waitFor();
    assert.equal(await message.getByRole('button', { name: /^Try again/ }).count(), 0);
    await message.getByRole('button', { name: /^Delete/ }).click();
    assert.equal(await message.count(), 0);
    answer = undefined;
    await visitor.write('Now');
    await page.getByText('Delivered').waitFor();
    assert.deepEqual(texts(await desk.read(family)), ['Now']);
});

site.test('what is being written outlives a reload, a page change and the session', async ({ visitor, page }) => {
    const { address, password } = await site.signedIn(visitor);
    const field = page.getByLabel('Your message', { exact: true });
    await field.fill('Half a sentence, then');
    await page.getByText(/We saved what you wrote on this device at \d+:\d\d[ap]m\./).waitFor();
    await page.reload();
    await until(async () => (await field.inputValue()) === 'Half a sentence, then', 'the draft after a reload');
    // Typed a moment before leaving, sooner than any timer.
    await field.fill('Half a sentence, then more');
    await page.getByRole('link', { name: 'Sendline' }).click();
    await visitor.openConversation();
    assert.equal(await field.inputValue(), 'Half a sentence, then more');
    await field.fill('Half a sentence, then still more');
    await page.reload();
    await until(async () => (await field.inputValue()) === 'Half a sentence, then still more', 'the last keys before a reload');
    // Nothing of it can be read on the device.
    const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
    assert.doesNotMatch(stored, /Half|still more/);
    assert.match(stored, /sendline\.draft\./);

    // The session ends at the server: another device signs out everywhere by a new password, say; here its cookie goes.
    await visitor.context.clearCookies();
    await field.fill('Half a sentence, then the end');
    await page.reload();
    await visitor.heading('Sign in to Sendline').waitFor();
    await page.getByText('Sign in again to go on. What you were writing is safe.').waitFor();
    await visitor.signIn(address, password);
    await until(async () => (await field.inputValue()) === 'Half a sentence, then the end', 'the draft after signing in again');
    await visitor.press('Send message');
    await page.getByText('Delivered').waitFor();
    assert.equal(await page.evaluate(() => Object.keys(localStorage).filter((name) => name.startsWith('sendline.draft')).length), 0);
});

site.test('two tabs write in one conversation: neither loses what the other keeps', async ({ visitor, page }) => {
    const { desk, family, address, password } = await site.member();
    visitor.expected.push(/WebSocket connection/);
    await visitor.tamper({});
    await visitor.signIn(address, password, { ownDevice: true });
    await visitor.openConversation();
    visitor.goDown();
    await visitor.write('Waiting in the first');
    await page.getByText('Waiting to send').waitFor();
    const second = await visitor.newPage();
    await second.goto('/messages');
    const field = second.getByLabel('Your message', { exact: true });
    // The second tab has a connection, and finds what waits.
    await second.locator('.sl-msg', { hasText: 'Waiting in the first' }).getByText('Delivered').waitFor();
    await visitor.write('Also in the first');
    await field.fill('A draft in the second');
    await second.getByText(/We saved what you wrote/).waitFor();
    await page.close();
    await second.reload();
    await until(async () => (await field.inputValue()) === 'A draft in the second', 'the draft');
    await second.locator('.sl-msg', { hasText: 'Also in the first' }).getByText('Delivered').waitFor();
    assert.deepEqual(texts(await desk.read(family)), ['Waiting in the first', 'Also in the first']);
});

site.test('a browser that keeps nothing says so, and works', async ({ visitor, page }) => {
    const { address, password } = await site.member();
    await visitor.context.addInitScript(() => {
        for (const name of ['localStorage', 'sessionStorage']) {
            Object.defineProperty(window, name, { get() {
                throw new DOMException('no', 'SecurityError');
            } });
        }
    });
    await visitor.signIn(address, password);
    await visitor.openConversation();
    await page.getByLabel('Your message', { exact: true }).fill('Hello');
    await page.getByText('This browser does not let us save what you write.').waitFor();
    await visitor.press('Send message');
    await page.getByText('Delivered').waitFor();
    await page.reload();
    await visitor.heading('Sign in to Sendline').waitFor();
});

site.test('the same parent on two devices: both see everything, and what one has read the other knows', async ({ visitor }) => {
    const { desk, family, address, password } = await site.signedIn(visitor);
    const phone = await (await new Tab(site.service).signIn(address, password)).open();
    const [there] = phone.mailbox.conversations;
    await visitor.write('From the computer');
    await until(() => texts(there.items).includes('From the computer'));
    there.send('From the phone');
    await visitor.message('From the phone').getByText('You', { exact: true }).waitFor();
    await desk.write(family, 'I see both');
    await visitor.message('I see both').scrollIntoViewIfNeeded();
    await until(() => there.unread === 0 && texts(there.items).includes('I see both'), 'read on the phone too');
    assert.equal(there.items.filter((item) => item.kind === 'warning').length, 0);
    phone.close();
});

site.test('a list of staff that has run out: reading goes on, and sending asks first', async ({ visitor, page }) => {
    const { desk, family, address, password } = await site.member();
    // All that is there was checked while the list was good.
    const before = await (await new Tab(site.service).signIn(address, password)).open();
    await before.mailbox.keeper.save();
    before.close();
    await page.clock.install({ time: Date.now() + 91 * DAY_MS });
    await visitor.signIn(address, password);
    await visitor.openConversation();
    const warning = page.getByRole('region', { name: 'The council’s list of staff is out of date' });
    await warning.waitFor();
    await visitor.write('It cannot wait');
    await page.getByText('Waiting to send').waitFor();
    await sleep(300);
    assert.deepEqual(texts(await desk.read(family)), []);
    await visitor.checkAccessible('a list of staff that has run out');
    await warning.getByRole('button', { name: 'Send anyway' }).click();
    await page.getByText('Delivered').waitFor();
    await warning.waitFor({ state: 'detached' });
    assert.deepEqual(texts(await desk.read(family)), ['It cannot wait']);
});

site.test('a page that is opened while the server restarts comes up by itself', async ({ visitor, page }) => {
    await site.signedIn(visitor);
    visitor.expected.push(/WebSocket connection/);
    await visitor.tamper({});
    visitor.down = true;
    await page.reload();
    await page.getByText('We are unlocking your messages.').waitFor();
    await sleep(500);
    visitor.down = false;
    await page.getByLabel('Your message', { exact: true }).waitFor();
});
