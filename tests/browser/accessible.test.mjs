/** Every screen and state, for everybody: axe, narrow and wide, large text, wide spacing, other colours, keyboard alone. */
import assert from 'node:assert/strict';

import { Site } from '../support/browser.mjs';

const site = new Site();

/** WCAG 1.4.12, and text twice as large. */
const SPACING = '* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-bottom: 2em !important }';
const LARGE = 'html { font-size: 200% !important } * { -webkit-text-size-adjust: 200% }';

const look = (page, css) => page.evaluate((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    document.adoptedStyleSheets = [sheet];
}, css);

/** One screen in every way. */
async function check(visitor, what) {
    const { page } = visitor;
    assert.doesNotMatch(await page.title(), /Sam|Robin|Jordan|Alex|AN-/, `${what}: the title names nobody`);
    assert.match(await page.title(), / – Sendline$/);
    assert.equal(await page.locator('h1').count(), 1, what);
    await visitor.checkWords(what);
    for (const [width, height] of [[1280, 900], [320, 800]]) {
        await page.setViewportSize({ width, height });
        await visitor.checkAccessible(`${what} at ${width} px`);
        await visitor.checkWidth(what);
    }
    await look(page, SPACING);
    await visitor.checkWidth(`${what}, widely spaced`);
    await page.setViewportSize({ width: 640, height: 800 });
    await look(page, LARGE);
    await visitor.checkWidth(`${what}, with large text`);
    await look(page, '');
    await page.setViewportSize({ width: 390, height: 844 });
}

site.test('before there is an account', async ({ visitor, page }) => {
    const { desk, family, address, invitation } = await site.invited();
    await page.goto('/sign-in');
    await visitor.heading('Sign in to Sendline').waitFor();
    await check(visitor, 'sign in');
    await visitor.press('Sign in');
    await page.locator('#error-summary').waitFor();
    await check(visitor, 'sign in, errors');
    await page.getByRole('link', { name: 'I have forgotten my password' }).click();
    await visitor.heading('If you have forgotten your password').waitFor();
    await check(visitor, 'forgotten');
    await page.goto('/accept');
    await visitor.heading('Type in your invitation').waitFor();
    await visitor.press('Continue');
    await page.locator('#error-summary').waitFor();
    await check(visitor, 'typed invitation, errors');
    await page.goto(`/${invitation.fragment}`);
    await page.getByText('Why do I need a code?').click();
    await check(visitor, 'code');
    await page.getByLabel('12-digit code').fill('000000000000');
    await visitor.press('Continue');
    await page.locator('#code-error').waitFor();
    await check(visitor, 'wrong code');
    await page.getByLabel('12-digit code').fill(invitation.code);
    await visitor.press('Continue');
    await page.getByText('When we may have to share something').click();
    await check(visitor, 'who invited');
    await visitor.press('Accept and set a password');
    await visitor.press('Create my account');
    await page.locator('#kept-error').waitFor();
    await visitor.press('Use these words');
    await check(visitor, 'password, errors, words');
    await page.getByLabel('Yes, I have a safe way').check();
    await visitor.press('Create my account');
    await visitor.heading('Welcome').waitFor();
    await page.getByRole('link', { name: 'Write to Jordan' }).waitFor();
    await check(visitor, 'home, welcome');
    const over = await desk.invite([family], { address });
    await page.goto(`/${invitation.fragment}`);
    await page.getByLabel('12-digit code').fill(invitation.code);
    await visitor.press('Continue');
    await visitor.heading('This invitation has ended').waitFor();
    await check(visitor, 'invitation ended');
    assert.ok(over);
});

site.test('home, conversation, account', async ({ visitor, page }) => {
    const { desk, family } = await site.signedIn(visitor);
    await check(visitor, 'nothing written yet');
    await visitor.write('Hello');
    await page.getByText('Delivered').waitFor();
    await desk.seen(family);
    await desk.write(family, 'Hello Alex\n\nSee you soon');
    await desk.sendNonsense(family);
    await page.getByText('Details for the helpline').click();
    await page.getByRole('button', { name: /^Take back/ }).click();
    await check(visitor, 'conversation with a question and a warning');
    await visitor.press('No, keep it');
    await page.getByLabel('Your message', { exact: true }).fill('x'.repeat(2100));
    await visitor.press('Send message');
    await page.locator('#message-error').waitFor();
    await check(visitor, 'conversation, too long');
    await page.getByLabel('Your message', { exact: true }).fill('');
    await page.getByRole('button', { name: /^Menu/ }).click();
    await page.getByRole('link', { name: 'Home' }).waitFor();
    await visitor.checkAccessible('menu');
    await visitor.checkWidth('menu');
    await page.getByRole('link', { name: 'Home' }).click();
    await visitor.heading('Hello, Alex').waitFor();
    await desk.write(family, 'News');
    await page.getByText('You have').waitFor();
    await check(visitor, 'home, news');
    await page.goto('/account');
    await page.getByText('parent-').waitFor();
    await check(visitor, 'account');
    await page.goto('/messages/AAAAAAAAAAAAAAAAAAAAAA');
    await page.getByText('There is no such conversation').waitFor();
    await check(visitor, 'no such conversation');
    await page.getByRole('button', { name: /^Menu/ }).click();
    await visitor.press('Sign out');
    await visitor.heading('You are signed out').waitFor();
    await check(visitor, 'signed out');
    await page.goto('/session-ended');
    await visitor.heading('We signed you out').waitFor();
    await check(visitor, 'session ended');
});

site.test('two children, a lost connection, an alarm, a page that does not come', async ({ visitor, page }) => {
    const { desk, family, address, password } = await site.member();
    const second = await desk.newCase({ ref: 'AN-3001', child: 'Robin', parent: 'Alex Carter', parentId: family.parentId });
    const invitation = await desk.invite([family, second], { address });
    let honest = true;
    visitor.expected.push(/WebSocket connection|Failed to load|net::ERR_FAILED/);
    await visitor.tamper({ toPage: (frame, call) => {
        if (!honest && call === 'thread.entries') {
            frame.ok.entries = frame.ok.entries.slice(0, 3);
            frame.ok.last_seq = 3;
        }
        return frame;
    } });
    await visitor.accept(invitation, password);
    await page.getByRole('navigation', { name: 'Children' }).waitFor();
    await check(visitor, 'home, two children');
    await page.getByRole('link', { name: 'Write to Jordan' }).click();
    await page.getByRole('navigation', { name: 'Children' }).waitFor();
    visitor.goDown();
    await page.getByRole('region', { name: 'You are not connected' }).waitFor();
    await visitor.write('Waiting');
    await check(visitor, 'conversation, two children, not connected');
    visitor.down = false;
    await page.getByText('Delivered').waitFor();
    honest = false;
    await page.reload();
    await page.getByRole('heading', { name: 'We stopped sending' }).waitFor();
    await check(visitor, 'alarm');
    await page.goto('/account');
    await page.getByText('parent-').waitFor();
    await page.route(/\/assets\/messages-/, (route) => route.abort());
    await page.getByRole('button', { name: /^Menu/ }).click();
    await page.getByRole('link', { name: 'Messages' }).click();
    await visitor.heading('Sorry, there is a problem with Sendline').waitFor();
    await check(visitor, 'a page that does not come');
    await page.unroute(/\/assets\/messages-/);
});

site.test('pages that are read without an account', async ({ visitor, page }) => {
    visitor.expected.push(/404/);
    for (const [path, heading] of [['/accessibility', 'Accessibility statement'], ['/privacy', 'Privacy: who can see what'], ['/cookies', 'Cookies'],
        ['/safety', 'How this website keeps you safe'], ['/no/such/page', 'Page not found']]) {
        await page.goto(path);
        await visitor.heading(heading, { level: 1 }).waitFor();
        await check(visitor, path);
    }
    await page.goto('/accessibility');
    await page.getByText('We last wrote this on 21 November 2026.').waitFor();
});
