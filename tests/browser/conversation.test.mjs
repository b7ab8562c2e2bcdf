/** A parent and a caseworker write to each other; what becomes of each message; what does not pass the checks. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { Site } from '../support/browser.mjs';
import { Tab } from '../support/tab.mjs';
import { until } from '../support/wait.mjs';

const site = new Site();

site.test('written here, opened there, answered live, and read by name', async ({ visitor, page }) => {
    const { desk, family } = await site.signedIn(visitor);
    await page.getByText('No messages yet').waitFor();
    await visitor.write('Hello Jordan.\n\nSam had a hard week.\nTuesdays are best. <b>Not bold</b>');
    await page.getByText('Delivered').waitFor();
    assert.equal(await page.getByLabel('Your message', { exact: true }).inputValue(), '');
    assert.equal((await desk.read(family)).at(-1).body.body, 'Hello Jordan.\n\nSam had a hard week.\nTuesdays are best. <b>Not bold</b>');
    assert.equal(await visitor.message('Hello Jordan.').locator('p', { hasText: 'Sam had' }).evaluate((one) => one.innerText), 'Sam had a hard week.\nTuesdays are best. <b>Not bold</b>');

    // The promise is the same day on both sides.
    const promise = await page.locator('.sl-reply-by').innerText();
    const { threads } = await desk.client.call('thread.list', {});
    const { reply } = threads.find((one) => one.ref === family.ref);
    assert.equal(reply.state, 'due');
    const day = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'Europe/London' }).format(new Date(`${reply.due_on}T12:00:00Z`));
    assert.match(promise.replaceAll('\u00a0', ' '), new RegExp(`^Jordan will answer by ${day.replace(',', '')}`));

    await desk.seen(family);
    await page.getByText('Read by Jordan today').waitFor();
    await desk.write(family, 'Thank you Alex. I will ring the school.');
    await visitor.message('I will ring the school').waitFor();
    await page.locator('.sl-reply-by').waitFor({ state: 'detached' });
    // It is on the screen, so the caseworker learns that it was read.
    await until(async () => (await desk.read(family)).some((item) => item.kind === 'seen' && item.author.side === 'parent' && item.body.upTo >= 8), 'the seen entry');

    await visitor.write('One more thing');
    await page.locator('.sl-reply-by', { hasText: 'Jordan will answer by' }).waitFor();
    await desk.noReplyNeeded(family);
    await page.locator('.sl-reply-by', { hasText: 'needs no reply' }).waitFor();
    assert.equal(await page.title(), 'Messages – Sendline');
});

site.test('new messages are told on every page, counted, and led to', async ({ visitor, page }) => {
    const { desk, family } = await site.signedIn(visitor);
    await page.getByRole('link', { name: 'Sendline' }).click();
    await visitor.heading('Hello, Alex').waitFor();
    await desk.write(family, 'First news');
    await page.getByText('You have 1 new message').waitFor();
    await until(async () => (await page.locator('#announce').textContent()) === 'New message from Jordan Ellis', 'the announcement');
    await desk.write(family, 'Second news');
    await page.getByText('You have 2 new messages').waitFor();
    await page.getByText(/From Jordan Ellis, your caseworker\. The last one came today at \d+:\d\d[ap]m\./).waitFor();
    assert.ok(await page.locator('.sl-menu-badge', { hasText: '2' }).isVisible());
    // Not read on the home page.
    assert.equal((await desk.read(family)).some((item) => item.kind === 'seen' && item.author.side === 'parent'), false);
    await page.getByRole('link', { name: 'Read your messages' }).click();
    await page.locator('.sl-new', { hasText: '2 new messages' }).waitFor();
    await page.getByRole('link', { name: 'Go to new messages' }).click();
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'newest');
    await page.locator('.moj-notification-badge').first().waitFor({ state: 'detached' });
    // The line stays where it is while the page is open.
    assert.ok(await page.locator('.sl-new').isVisible());
});

site.test('a message in a page that nobody looks at is not “read”', async ({ visitor, page }) => {
    const { desk, family } = await site.signedIn(visitor);
    await page.evaluate(() => {
        Object.defineProperty(document, 'visibilityState', { get: () => window.looks ?? 'hidden', configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
    });
    await desk.write(family, 'While you were out');
    await visitor.message('While you were out').waitFor({ state: 'attached' });
    await sleep(1500);
    const seen = async () => {
        const items = await desk.read(family);
        const { seq } = items.find((item) => item.body.body === 'While you were out');
        return items.some((item) => item.kind === 'seen' && item.author.side === 'parent' && item.body.upTo >= seq);
    };
    assert.equal(await seen(), false);
    await page.evaluate(() => {
        window.looks = 'visible';
        document.dispatchEvent(new Event('visibilitychange'));
    });
    await visitor.message('While you were out').scrollIntoViewIfNeeded();
    await until(seen, 'the seen entry');
});

site.test('taken back, by either side', async ({ visitor, page }) => {
    const { desk, family } = await site.signedIn(visitor);
    await visitor.write('Said in anger');
    await page.getByText('Delivered').waitFor();
    const message = visitor.message('Said in anger');
    await message.getByRole('button', { name: /^Take back message from/ }).click();
    await message.getByText('Take this message back?').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Yes, take it back');
    await visitor.press('No, keep it');
    await message.getByText('Take this message back?').waitFor({ state: 'detached' });
    await message.getByRole('button', { name: /^Take back/ }).click();
    await visitor.press('Yes, take it back');
    await page.getByText('You took this message back.').waitFor();
    assert.equal(await message.count(), 0);
    assert.equal((await desk.read(family)).filter((item) => item.kind === 'taken-back').length, 1);

    await desk.write(family, 'Sent to the wrong family');
    await visitor.message('wrong family').waitFor();
    const seq = (await desk.read(family)).find((item) => item.body.body === 'Sent to the wrong family').seq;
    await desk.takeBack(family, seq);
    await page.getByText('Jordan Ellis took this message back.').waitFor();
    // And it is gone for good: a page that is loaded anew never had it.
    await page.reload();
    await page.getByText('Jordan Ellis took this message back.').waitFor();
    assert.equal(await visitor.message('wrong family').count(), 0);
});

site.test('what does not pass the checks is a warning in its place, never words', async ({ visitor, page }) => {
    const { desk, family } = await site.signedIn(visitor);
    await desk.write(family, 'Before');
    await desk.sendNonsense(family);
    await desk.write(family, 'After');
    await visitor.message('After').waitFor();
    const lines = await visitor.lines();
    const at = lines.findIndex((line) => line.startsWith('Something here did not pass our checks'));
    assert.match(lines[at - 1], /Before/);
    assert.match(lines[at], /It cannot be unlocked or understood\. So we do not show it\. If you see this more than once, call 01632 960 150\./);
    assert.match(lines[at + 1], /After/);
    await page.getByText('Details for the helpline').click();
    await page.getByText(/Entry \d+, may-not-send/).waitFor();
    // It changes nothing: the conversation goes on.
    await visitor.write('Still here');
    await page.getByText('Delivered').waitFor();
});

site.test('kinds of message that come from elsewhere', async ({ visitor, page }) => {
    const { desk, family } = await site.signedIn(visitor);
    await desk.send(family, { kind: 'letter', event: 'step', body: 'We will assess Sam.' });
    await desk.send(family, { kind: 'reason', about: 'step', body: 'The advice is late.' });
    await desk.send(family, { kind: 'agreed', points: ['Ring the school', 'Write again in May'] });
    await desk.send(family, { kind: 'card', case: family.ref, child: 'Samantha', parent: 'Alex Carter' });
    await page.getByText('changed the title of this conversation').waitFor();
    await page.getByText(`Samantha, ${family.ref}`).waitFor();
    assert.match((await visitor.lines()).join('\n'), /Letter We will assess Sam\.[\s\S]*Reason The advice is late\.[\s\S]*What we agreed Ring the school Write again in May/);
    // The other side's words may hold anything.
    await desk.write(family, 'a\u202Eb\u0007c\u001b[31m <img src=x onerror=alert(1)>');
    await visitor.message('<img src=x onerror=alert(1)>').waitFor();
    assert.doesNotMatch(await visitor.message('<img').innerText(), /[\u0007\u001b\u202e]/);
});

site.test('a server that withholds what was seen before: nothing is sent, and the page says why', async ({ visitor, page }) => {
    const { desk, family, address, password } = await site.member();
    let honest = true;
    await visitor.tamper({ toPage: (frame, call) => {
        if (!honest && call === 'thread.entries') {
            frame.ok.entries = frame.ok.entries.filter((one) => one.seq <= 5);
            frame.ok.last_seq = 5;
        }
        return frame;
    } });
    await visitor.signIn(address, password);
    await visitor.openConversation();
    // How far it was checked goes into the vault.
    const saves = visitor.called('vault.save');
    await desk.write(family, 'Seen once');
    await visitor.message('Seen once').waitFor();
    await until(() => visitor.called('vault.save') > saves, 'the vault to be saved');
    honest = false;
    await page.reload();
    await page.getByRole('heading', { name: 'We stopped sending, to keep you safe' }).waitFor();
    await page.getByText('This conversation is not the one that you saw before.').waitFor();
    await page.getByText(/Tell them this: another-history \d+\./).waitFor();
    await visitor.write('I am still writing');
    await page.getByText('Waiting to send').waitFor();
    await sleep(500);
    assert.equal((await desk.read(family)).some((item) => item.author?.side === 'parent' && item.kind === 'text'), false);
    // It is not forgotten with the page either.
    await page.reload();
    await page.getByRole('heading', { name: 'We stopped sending, to keep you safe' }).waitFor();
    await visitor.message('I am still writing').waitFor();
    // The truth comes back, and what waited is sent.
    honest = true;
    await page.reload();
    await visitor.message('Seen once').waitFor();
    await page.getByText('Delivered').waitFor();
    assert.equal((await desk.read(family)).at(-1).body.body, 'I am still writing');
});

site.test('a server that alters what a caseworker wrote: a warning, and then the alarm', async ({ visitor, page }) => {
    const { desk, family, address, password } = await site.member();
    let alter = false;
    await visitor.tamper({ toPage: (frame) => {
        if (alter && frame.event === 'entry.new' && frame.data.entry.length > 200) {
            alter = false;
            const bytes = Buffer.from(frame.data.entry, 'base64url');
            bytes[150] ^= 1;
            frame.data.entry = bytes.toString('base64url');
        }
        return frame;
    } });
    await visitor.signIn(address, password);
    await visitor.openConversation();
    alter = true;
    await desk.write(family, 'Come on Monday');
    await page.getByText('It says that it is from somebody it is not from.').waitFor();
    assert.equal(await visitor.message('Come on Monday').count(), 0);
    await desk.write(family, 'Is Monday good for you?');
    const alarm = page.getByRole('alert').filter({ hasText: 'We stopped sending, to keep you safe' });
    await alarm.getByText('You and the council may not be seeing the same messages here.').waitFor();
    await visitor.write('Yes');
    await page.getByText('Waiting to send').waitFor();
    await sleep(500);
    assert.equal((await desk.read(family)).some((item) => item.author?.side === 'parent' && item.kind === 'text'), false);
});

site.test('a server with a list of staff of its own: nothing opens, nothing is sent', async ({ visitor, page }) => {
    const { address, password } = await site.member();
    await visitor.tamper({ toPage: (frame, call) => {
        if (call === 'roster.since') {
            const bytes = Buffer.from(frame.ok.rosters[0], 'base64url');
            bytes[bytes.length - 100] ^= 1;
            frame.ok.rosters[0] = bytes.toString('base64url');
        }
        return frame;
    } });
    await visitor.signIn(address, password);
    await page.getByText('The list of council staff did not pass our checks.').waitFor();
    await page.getByText(/roster-/).waitFor();
});

site.test('many messages: the newest, and older ones at the press of a button', async ({ visitor, page }) => {
    const { address, password } = await site.member();
    const tab = await (await new Tab(site.service).signIn(address, password)).open();
    const [conversation] = tab.mailbox.conversations;
    for (let i = 1; i <= 60; i++) {
        conversation.send(`Message number ${i}.`);
    }
    await until(() => conversation.unsent.length === 0, 'all to be sent');
    tab.close();
    await visitor.signIn(address, password);
    await visitor.openConversation();
    assert.equal(await page.locator('.sl-msg').count(), 40);
    assert.equal(await page.getByText('Message number 20.').count(), 0);
    await visitor.press('Show older messages');
    await page.getByText('Message number 1.', { exact: true }).waitFor();
    assert.equal(await page.locator('.sl-msg').count(), 60);
    await page.getByRole('button', { name: 'Show older messages' }).waitFor({ state: 'detached' });
});

site.test('up to 2,000 characters: counted, refused, kept', async ({ visitor, page }) => {
    const { desk, family } = await site.signedIn(visitor);
    const field = page.getByLabel('Your message', { exact: true });
    await visitor.press('Send message');
    await page.locator('#message-error', { hasText: 'Write a message first' }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'error-summary');
    await page.getByRole('link', { name: 'Write a message first' }).click();
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'message');
    await field.fill('ä'.repeat(1499));
    assert.equal(await page.getByText(/characters? left/).count(), 0);
    await field.fill('ä'.repeat(1999));
    await page.getByText('You have 1 character left').first().waitFor();
    await field.fill('🦊'.repeat(2001));
    await page.getByText('You have 1 character too many').first().waitFor();
    await visitor.press('Send message');
    await page.locator('#message-error', { hasText: 'Your message is too long' }).waitFor();
    assert.equal((await field.inputValue()).length, 4002);
    await field.fill('🦊'.repeat(2000));
    await visitor.press('Send message');
    await page.getByText('Delivered').waitFor();
    assert.equal((await desk.read(family)).at(-1).body.body, '🦊'.repeat(2000));
    assert.equal(await page.locator('#error-summary').count(), 0);
    // Enter makes a new line; only the button sends.
    await field.fill('One');
    await field.press('Enter');
    await field.pressSequentially('Two');
    assert.equal(await field.inputValue(), 'One\nTwo');
    assert.equal(await page.locator('.sl-msg').count(), 1);
});
