/** Signing in and out, staying, and being signed out. */
import assert from 'node:assert/strict';

import { Site } from '../support/browser.mjs';
import { until } from '../support/wait.mjs';

const site = new Site();
const strict = new Site({ sign_ins_per_5_minutes: 3 });

const stored = (page) => page.evaluate(() => ({ session: { ...sessionStorage }, local: { ...localStorage } }));

site.test('what is missing, what is wrong, and in; an unknown address fails like a wrong password', async ({ visitor, page }) => {
    const { address, password } = await site.member();
    await page.goto('/account');
    await visitor.heading('Sign in to Sendline').waitFor();
    assert.equal(new URL(page.url()).pathname, '/sign-in');
    await visitor.press('Sign in');
    await page.locator('#email-error', { hasText: 'Enter your email address' }).waitFor();
    await page.locator('#password-error', { hasText: 'Enter your password' }).waitFor();
    assert.equal(await page.title(), 'Error: Sign in – Sendline');
    await page.getByLabel('Email address').fill('nonsense');
    await visitor.press('Sign in');
    await page.locator('#email-error', { hasText: 'in the right form' }).waitFor();
    const wrong = [];
    for (const [who, what] of [[address, 'not my password at all'], ['nobody@family.example', password]]) {
        await page.getByLabel('Email address').fill(who);
        await page.getByLabel('Password', { exact: true }).fill(what);
        await visitor.press('Sign in');
        await page.getByRole('progressbar').waitFor();
        await page.locator('#email-error', { hasText: 'Your email address or password is not right' }).waitFor();
        assert.equal(await page.evaluate(() => document.activeElement?.id), 'error-summary');
        assert.equal(await page.getByLabel('Email address').inputValue(), who, 'what was typed stays');
        wrong.push((await page.locator('main').innerText()).replaceAll(who, ''));
    }
    assert.equal(wrong[0], wrong[1]);
    await page.getByRole('button', { name: 'Show password' }).click();
    assert.equal(await page.locator('#password').getAttribute('type'), 'text');
    await visitor.signIn(`  ${address.toUpperCase()} `, password);
    // There, where somebody wanted to go.
    await visitor.heading('Your account').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'H1');
    await page.getByText(address).waitFor();
    await page.getByText('We sign you out when you do nothing for 30 minutes.').waitFor();
    assert.equal(await page.evaluate(() => document.body.innerHTML.includes('river candle')), false);
});

strict.test('too many tries: how long to wait, in words', async ({ visitor, page }) => {
    const { address } = await strict.member();
    await page.goto('/sign-in');
    await page.getByLabel('Email address').fill(address);
    await page.getByLabel('Password', { exact: true }).fill('guess after guess');
    for (let i = 0; i < 3; i++) {
        await visitor.press('Sign in');
        await page.getByRole('progressbar').waitFor();
        await page.getByRole('progressbar').waitFor({ state: 'detached' });
    }
    await page.locator('#email-error').waitFor();
    await visitor.press('Sign in');
    await page.locator('.govuk-error-summary', { hasText: /There were too many tries\. Wait \d minutes?, then try again\./ }).waitFor();
    await visitor.checkAccessible('too many tries');
});

site.test('a reload needs no password; another tab does, unless the device is the parent’s own', async ({ visitor, page }) => {
    const { address, password } = await site.signedIn(visitor);
    await page.reload();
    await page.getByLabel('Your message', { exact: true }).waitFor();
    const [cookie] = await visitor.context.cookies();
    assert.deepEqual([cookie.name, cookie.httpOnly, cookie.secure, cookie.sameSite, cookie.expires], ['__Host-sendline', true, true, 'Strict', -1]);
    assert.equal(await page.evaluate(() => document.cookie), '');
    const kept = await stored(page);
    assert.deepEqual([Object.keys(kept.session), Object.keys(kept.local)], [['sendline.tab'], []]);
    const other = await visitor.newPage();
    await other.goto('/messages');
    await other.getByRole('heading', { name: 'Sign in to Sendline' }).waitFor();
    await other.close();

    await page.getByRole('button', { name: 'Menu' }).click();
    await visitor.press('Sign out');
    await visitor.heading('You are signed out').waitFor();
    await visitor.signIn(address, password, { ownDevice: true });
    const own = await stored(page);
    assert.deepEqual([Object.keys(own.session), Object.keys(own.local)], [[], ['sendline.tab']]);
    const [lasting] = await visitor.context.cookies();
    assert.ok(Math.abs(lasting.expires - Date.now() / 1000 - 14 * 86400) < 120);
    const second = await visitor.newPage();
    await second.goto('/account');
    await second.getByText('You stay signed in for 14 days.').waitFor();
    // Signing out in one signs out in all.
    await page.getByRole('button', { name: 'Menu' }).click();
    await visitor.press('Sign out');
    await second.getByRole('heading', { name: 'We signed you out to keep you safe' }).waitFor();
    await second.getByText('Your session has ended.').waitFor();
    assert.deepEqual(await stored(second), { session: {}, local: {} });
});

site.test('two tabs, signed in one after the other: both work, also over a reload of the later one', async ({ visitor, page }) => {
    const { desk, family, address, password } = await site.signedIn(visitor);
    const other = await visitor.newPage();
    await other.goto('/sign-in');
    await other.getByLabel('Email address').fill(address);
    await other.getByLabel('Password', { exact: true }).fill(password);
    await other.getByRole('button', { name: 'Sign in' }).click();
    await other.getByRole('link', { name: 'Write to Jordan' }).click();
    await desk.write(family, 'To both of you');
    for (const one of [page, other]) {
        await one.locator('.sl-msg', { hasText: 'To both of you' }).waitFor();
        await one.getByLabel('Your message', { exact: true }).fill('Answer');
        await one.getByRole('button', { name: 'Send message' }).click();
    }
    for (const one of [page, other]) {
        await until(async () => (await one.locator('.sl-msg--mine', { hasText: 'Answer' }).count()) === 2);
    }
    await other.reload();
    await other.getByLabel('Your message', { exact: true }).waitFor();
});

site.test('signed out: nothing that stayed on the device opens anything', async ({ visitor, page }) => {
    await site.signedIn(visitor);
    const kept = await stored(page);
    const cookies = await visitor.context.cookies();
    await page.getByRole('button', { name: 'Menu' }).click();
    await visitor.press('Sign out');
    await visitor.heading('You are signed out').waitFor();
    await until(async () => (await visitor.context.cookies()).length === 0, 'the cookie to go');
    assert.deepEqual(await stored(page), { session: {}, local: {} });
    assert.equal(await page.evaluate(() => document.body.innerText.includes('Sam')), false);
    // Somebody has a copy of this device: the server's half is gone.
    await visitor.context.addCookies(cookies);
    await page.evaluate((tab) => sessionStorage.setItem('sendline.tab', tab), kept.session['sendline.tab']);
    await page.goto('/messages');
    await visitor.heading('Sign in to Sendline').waitFor();
    assert.deepEqual(await stored(page), { session: {}, local: {} });
    // Nor does the way back.
    await page.goBack();
    await page.goBack().catch(() => {});
    await page.waitForLoadState();
    assert.equal(await page.getByText('Messages with').count(), 0);
});

site.test('nothing done for 28 minutes: a warning; the button stays, 30 minutes end it, and the draft is kept', async ({ visitor, page }) => {
    const { address, password } = await site.member();
    await page.clock.install();
    await visitor.signIn(address, password);
    await visitor.openConversation();
    const field = page.getByLabel('Your message', { exact: true });
    await field.fill('Written before the kettle boiled');
    await page.clock.fastForward('20:00');
    await field.press('ArrowLeft');
    await page.clock.fastForward('27:50');
    assert.equal(await page.getByRole('dialog').count(), 0);
    await page.clock.fastForward('00:20');
    const dialog = page.getByRole('dialog', { name: 'Are you still there?' });
    await dialog.getByText('We will sign you out in 2 minutes').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'DIALOG');
    await visitor.checkAccessible('the warning');
    // Keys elsewhere do not count now, and the keyboard cannot leave the dialog.
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Stay signed in');
    await page.clock.fastForward('01:10');
    await dialog.getByText('in less than 1 minute').waitFor();
    await dialog.getByRole('button', { name: 'Stay signed in' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'message', 'the keyboard is back where it was');
    await page.clock.fastForward('28:10');
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.clock.fastForward('29:00');
    await dialog.waitFor();
    await page.clock.fastForward('01:30');
    await visitor.heading('We signed you out to keep you safe').waitFor();
    await page.getByText('You did not do anything for 30 minutes.').waitFor();
    assert.equal(await page.title(), 'We signed you out – Sendline');
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'H1');
    assert.deepEqual(Object.keys((await stored(page)).session), []);
    await until(async () => (await visitor.context.cookies()).length === 0, 'the cookie to go');
    await page.getByRole('link', { name: 'Sign in again' }).click();
    await visitor.signIn(address, password);
    await until(async () => (await field.inputValue()) === 'Written before the kettle boiled', 'the draft');
});

site.test('a laptop that slept: signed out when it wakes', async ({ visitor, page }) => {
    const { address, password } = await site.member();
    await page.clock.install();
    await visitor.signIn(address, password);
    await page.clock.fastForward('05:00:00');
    await visitor.heading('We signed you out to keep you safe').waitFor();
});

site.test('the server cannot be reached while signing in', async ({ visitor, page }) => {
    const { address, password } = await site.member();
    visitor.expected.push(/WebSocket connection/);
    await visitor.tamper({});
    visitor.down = true;
    await page.goto('/sign-in');
    await page.getByLabel('Email address').fill(address);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await visitor.press('Sign in');
    await page.locator('.govuk-error-summary', { hasText: 'We cannot reach Sendline. Check that you are connected to the internet' }).waitFor();
    await visitor.checkAccessible('no server');
    visitor.down = false;
    await visitor.press('Sign in');
    await page.locator('#navigation').waitFor({ state: 'attached' });
});
