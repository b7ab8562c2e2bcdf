/** From a link or a letter to an account. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { Site, Visitor } from '../support/browser.mjs';
import { Tab } from '../support/tab.mjs';
import { until } from '../support/wait.mjs';

const site = new Site();
const now = () => Math.floor(Date.now() / 1000);

site.test('the code typed wrong, then right; four words taken; the conversation is there', async ({ visitor, page }) => {
    const { desk, family, invitation } = await site.invited();
    await page.goto(`/${invitation.fragment}`);
    await visitor.heading('Enter your code').waitFor();
    assert.equal(new URL(page.url()).hash, '', 'the secret is out of the address');
    assert.equal(await page.title(), 'Your invitation – Sendline');

    await visitor.press('Continue');
    await page.locator('#code-error', { hasText: 'Enter your code' }).waitFor();
    await page.getByLabel('12-digit code').fill('12345');
    await visitor.press('Continue');
    await page.locator('#code-error', { hasText: 'Your code is 12 digits' }).waitFor();

    for (const left of ['4 tries', '3 tries']) {
        await page.getByLabel('12-digit code').fill('0000 0000 0000');
        await visitor.press('Continue');
        await page.locator('#code-error', { hasText: `You have ${left} left` }).waitFor();
        assert.equal(await page.evaluate(() => document.activeElement?.id), 'error-summary');
        assert.match(await page.title(), /^Error: /);
    }
    // As people write it down.
    await page.getByLabel('12-digit code').fill(invitation.code.replace(/(\d{4})/g, '$1 '));
    await visitor.press('Continue');
    await visitor.heading('Jordan Ellis has invited you to use Sendline').waitFor();
    assert.equal(await page.title(), 'You have been invited – Sendline');
    assert.ok(await page.getByText(family.ref).isVisible());
    // Somebody who looks over the shoulder learns neither the address nor the child.
    assert.doesNotMatch(await page.innerText('main'), new RegExp(`${invitation.address}|Sam`));

    await visitor.press('Accept and set a password');
    await visitor.heading('Set your password').waitFor();
    const offered = await until(async () => {
        const text = await page.locator('#offer').innerText();
        return /^(\w+ ){3}\w+$/.test(text) && text;
    });
    await visitor.press('Show other words');
    await until(async () => (await page.locator('#offer').innerText()) !== offered);

    const password = page.getByLabel('Password', { exact: true });
    const strength = page.locator('#strength');
    for (const [typed, words] of [['short', 'Too short.'], ['aaaaaaaaaaaaa', 'Weak.'], ['tK9_vbn2-xQa', 'Fair.'], ['river candle monkey tractor', 'Strong.']]) {
        await password.fill(typed);
        await strength.getByText(words).waitFor();
    }
    await password.fill('elevenchars');
    await visitor.press('Create my account');
    await page.locator('#password-error', { hasText: '12 characters or more' }).waitFor();
    await page.locator('#kept-error').waitFor();
    assert.equal(await page.locator('.govuk-error-summary__list a').count(), 2);
    await page.locator('.govuk-error-summary__list a').first().click();
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'password');

    await visitor.press('Use these words');
    assert.equal(await password.inputValue(), await page.locator('#offer').innerText());
    assert.equal(await password.getAttribute('type'), 'text', 'words are shown, to be written down');
    await visitor.press('Hide password');
    assert.equal(await password.getAttribute('type'), 'password');
    await page.getByLabel('Yes, I have a safe way').check();
    await visitor.press('Create my account');
    await visitor.heading('Welcome, Alex').waitFor();
    assert.ok(await page.getByText('Your account is ready').isVisible());
    assert.equal(new URL(page.url()).pathname, '/');

    await visitor.openConversation();
    assert.deepEqual((await visitor.lines()).map((line) => line.replace(/\d+:\d+[ap]m/, 'now').replace(/until .*/, 'until then')), [
        (await visitor.lines())[0],
        'Jordan Ellis opened this conversation at now. From here on, everything is locked.',
        'Jordan Ellis invited you at now. The invitation was good until then',
        'You joined at now, with the invitation from Jordan Ellis.',
    ]);
    // The caseworker hears of it, and what the page sends opens at their desk.
    await until(() => desk.client.events.some((event) => event.event === 'invite.used'));
    await visitor.write('Hello Jordan');
    await page.getByText('Delivered').waitFor();
    assert.equal((await desk.read(family)).at(-1).body.body, 'Hello Jordan');
});

site.test('stretching takes its time in a worker, says so, and the page goes on answering', async ({ visitor, page }) => {
    const { invitation } = await site.invited();
    await page.goto(`/${invitation.fragment}`);
    await page.getByLabel('12-digit code').fill(invitation.code);
    const workers = [];
    page.on('worker', (worker) => workers.push(worker.url()));
    await page.evaluate(() => {
        window.bars = [];
        new MutationObserver(() => {
            const bar = document.querySelector('progress');
            window.bars.push(...(bar ? [[bar.labels[0].textContent, bar.getAttribute('value')]] : []));
        }).observe(document.body, { childList: true, subtree: true });
        // Timers that come late while the page is busy with something else.
        let last = performance.now();
        window.longest = 0;
        setInterval(() => {
            const time = performance.now();
            window.longest = Math.max(window.longest, time - last - 10);
            last = time;
        }, 10);
    });
    await visitor.press('Continue');
    await until(() => page.locator('#announce').innerText().then((text) => text.includes('Checking your code')), 'the announcement');
    await page.getByRole('heading', { name: 'has invited you' }).waitFor();
    assert.deepEqual((await page.evaluate(() => window.bars))[0], ['Checking your code. This can take a few seconds.', null], 'a bar that moves, with a name');
    assert.ok((await page.evaluate(() => window.longest)) < 400, 'the page answered all the time');
    assert.ok(workers.every((url) => new URL(url).origin === site.service.publicUrl));
    assert.equal(page.workers().length, 0, 'its memory goes with it');
});

site.test('typed from a letter', async ({ visitor, page }) => {
    const { invitation } = await site.invited();
    await page.goto('/sign-in');
    await page.getByRole('link', { name: 'I have an invitation on paper' }).click();
    await visitor.heading('Type in your invitation').waitFor();
    const field = page.getByLabel('Invitation', { exact: true });
    await visitor.press('Continue');
    await page.locator('#invitation-error', { hasText: 'Type in the invitation' }).waitFor();
    await field.fill(invitation.typed.slice(0, 20));
    await visitor.press('Continue');
    await page.locator('#invitation-error', { hasText: '6 groups of 5' }).waitFor();
    const groups = invitation.typed.split('-');
    groups[2] = (groups[2][0] === 'A' ? 'B' : 'A') + groups[2].slice(1);
    await field.fill(groups.join('-'));
    await visitor.press('Continue');
    await page.locator('#invitation-error', { hasText: 'Check group 3' }).waitFor();
    assert.equal(await field.inputValue(), groups.join('-'), 'what was typed stays');
    await field.fill(invitation.typed.toLowerCase().replaceAll('-', ' '));
    await visitor.press('Continue');
    await visitor.heading('Enter your code').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Enter your code');
    // The whole link does as well.
    await page.goto('/accept');
    await field.fill(` ${invitation.link} `);
    await visitor.press('Continue');
    await page.getByLabel('12-digit code').fill(invitation.code);
    await visitor.press('Continue');
    await page.getByRole('heading', { name: 'has invited you' }).waitFor();
});

site.test('a link that was cut off', async ({ page }) => {
    await page.goto('/#i=AAAAAAAAAAAAAAAAAAA');
    await page.locator('#invitation-error', { hasText: 'This link is not complete' }).waitFor();
});

site.test('five wrong codes end it, and so do use, time and a newer one; a wrong one is unknown', async ({ visitor, page }) => {
    const { desk, family, address, invitation } = await site.invited();
    const open = async (one, code = one.code) => {
        await page.goto(`/${one.fragment}`);
        await page.getByLabel('12-digit code').fill(code);
        await visitor.press('Continue');
    };
    const ended = async (words) => {
        await visitor.heading('This invitation has ended').waitFor();
        await page.getByText(words).waitFor();
        await page.getByRole('link', { name: 'Sign in' }).waitFor();
        assert.ok(await page.locator('main').getByText('01632 960 150').first().isVisible());
    };
    await open(invitation, '000000000000');
    for (const left of ['4 tries', '3 tries', '2 tries', '1 try']) {
        await page.locator('#code-error', { hasText: `You have ${left} left` }).waitFor();
        await visitor.press('Continue');
    }
    await ended('There were 5 wrong codes');
    // Now the right code is of no use either.
    await open(invitation);
    await ended('There were 5 wrong codes');

    const older = await desk.invite([family], { address });
    const newer = await desk.invite([family], { address });
    await open(older);
    await ended('made you a newer one');
    await visitor.accept(newer, 'river candle monkey tractor');
    await page.getByRole('button', { name: 'Menu' }).click();
    await visitor.press('Sign out');
    await visitor.heading('You are signed out').waitFor();
    await open(newer);
    await ended('It has been used already');
    await page.getByText('If it was not you who used it').waitFor();

    await page.goto('/#i=AAAAAAAAAAAAAAAAAAAA');
    await page.getByLabel('12-digit code').fill('123456789012');
    await visitor.press('Continue');
    await ended('We do not know this invitation');
});

site.test('one that has run out', async ({ visitor, page }) => {
    const { desk, family, address } = await site.family();
    const brief = await desk.invite([family], { address, expiresAt: now() + 2 });
    await page.goto(`/${brief.fragment}`);
    await page.getByLabel('12-digit code').fill(brief.code);
    await sleep(2200);
    await visitor.press('Continue');
    await page.getByText('Each invitation works for 28 days').waitFor();
});

site.test('a second child: added to the account of who is signed in, and both conversations are there', async ({ visitor, page }) => {
    const { desk, family, address, password } = await site.member();
    const second = await desk.newCase({ ref: 'AN-2001', child: 'Robin', parent: 'Alex Carter', parentId: family.parentId });
    const invitation = await desk.invite([second], { address });
    const phone = await (await new Tab(site.service).signIn(address, password)).open();
    // The first try meets a vault that another tab has just saved.
    let conflict = { error: { code: 'vault_conflict', message: '' } };
    await visitor.tamper({ toServer: ({ call }) => {
        const answer = call === 'invite.accept' ? conflict : undefined;
        conflict = answer === undefined ? conflict : undefined;
        return answer;
    } });
    await page.goto(`/${invitation.fragment}`);
    await page.getByLabel('12-digit code').fill(invitation.code);
    await visitor.press('Continue');
    await page.getByRole('heading', { name: 'has invited you' }).waitFor();
    await page.getByRole('link', { name: 'sign in' }).click();
    await visitor.signIn(address, password);
    await page.getByRole('heading', { name: 'has invited you' }).waitFor();
    await visitor.press('Add to my account');
    await page.getByLabel('Password', { exact: true }).fill('not my password at all');
    await visitor.press('Add to my account');
    await page.locator('#password-error', { hasText: 'not the password of the account' }).waitFor();
    await page.getByLabel('Password', { exact: true }).fill(password);
    await visitor.press('Add to my account');
    await page.getByText('The new conversation is in your account now.').waitFor();
    const children = page.getByRole('navigation', { name: 'Children' });
    await until(async () => (await children.getByRole('link').allInnerTexts()).sort().join() === 'Robin,Sam');
    await children.getByRole('link', { name: 'Robin' }).click();
    await page.getByText('About Robin, AN-2001.').waitFor();
    await visitor.openConversation();
    await visitor.write('About Robin');
    await page.getByText('Delivered').waitFor();
    assert.equal((await desk.read(second)).at(-1).body.body, 'About Robin');
    await page.getByRole('navigation', { name: 'Children' }).getByRole('link', { name: 'Sam' }).click();
    await page.getByText('Sam, AN-').waitFor();
    assert.equal(await visitor.message('About Robin').count(), 0);
    // Other devices stay signed in, and have it too.
    await until(() => phone.mailbox.conversations.length === 2 && phone.mailbox.conversations[1].items.some((item) => item.body.body === 'About Robin'));
    assert.equal(phone.mailbox.conversations[1].sendState.ok, true);
    assert.equal(visitor.called('invite.accept'), 2);
    phone.close();
});

site.test('an invitation of somebody else, while signed in', async ({ visitor, page }) => {
    const { address, password } = await site.member();
    const other = await site.invited();
    await visitor.signIn(address, password);
    await page.goto(`/${other.invitation.fragment}`);
    await page.getByLabel('12-digit code').fill(other.invitation.code);
    await visitor.press('Continue');
    await page.getByText('This invitation is for another account.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Add to my account' }).count(), 0);
});

site.test('a forgotten password: the new invitation brings the old messages back, and ends the session that was', async ({ visitor, page }) => {
    const { desk, family, address, password } = await site.member();
    await desk.write(family, 'From before');
    const elsewhere = await Visitor.come(site.browser, site.service);
    await elsewhere.signIn(address, password);
    const invitation = await desk.invite([family], { address });
    await visitor.accept(invitation, 'anchor velvet pepper window');
    await elsewhere.heading('We signed you out').waitFor();
    await visitor.openConversation();
    await visitor.message('From before').waitFor();
    await page.getByText(/You set a new password at .* with a new invitation from Jordan Ellis\. If this was not you, call/).waitFor();
    await elsewhere.leave();
    // The old password is of no use, the new one is.
    const later = await Visitor.come(site.browser, site.service);
    await later.page.goto('/sign-in');
    await later.page.getByLabel('Email address').fill(address);
    await later.page.getByLabel('Password', { exact: true }).fill(password);
    await later.press('Sign in');
    await later.page.locator('#email-error').waitFor();
    await later.signIn(address, 'anchor velvet pepper window');
    await later.leave();
});

site.test('the connection goes while the account is made: it is made once, and the person is in', async ({ visitor, page }) => {
    const { desk, family, invitation } = await site.invited();
    visitor.expected.push(/WebSocket connection/);
    let cut = true;
    await visitor.tamper({ toPage: (frame, call) => {
        // It arrived there, and its answer does not arrive here.
        if (cut && call === 'invite.accept') {
            cut = false;
            visitor.goDown();
            visitor.down = false;
            return null;
        }
        return frame;
    } });
    await page.goto(`/${invitation.fragment}`);
    await page.getByLabel('12-digit code').fill(invitation.code);
    await visitor.press('Continue');
    await visitor.press('Accept and set a password');
    await page.getByLabel('Password', { exact: true }).fill('river candle monkey tractor');
    await page.getByLabel('Yes, I have a safe way').check();
    await visitor.press('Create my account');
    await page.locator('.govuk-error-summary', { hasText: 'We cannot reach Sendline' }).waitFor();
    assert.equal(await page.getByLabel('Password', { exact: true }).inputValue(), 'river candle monkey tractor', 'nothing typed is lost');
    await visitor.press('Create my account');
    await visitor.heading('Welcome, Alex').waitFor();
    assert.equal((await desk.read(family)).filter((item) => item.kind === 'keys').length, 1);
});
