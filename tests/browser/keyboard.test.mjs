/** The keyboard alone, screen readers, other colours, less motion, and no JavaScript. */
import assert from 'node:assert/strict';

import { Site } from '../support/browser.mjs';
import { until } from '../support/wait.mjs';

const site = new Site();

/** Press Tab until this is where the keyboard is; every stop on the way can be seen. */
async function tabTo(page, name, most = 40) {
    for (let i = 0; i < most; i++) {
        await page.keyboard.press('Tab');
        const at = await page.evaluate(() => {
            const one = document.activeElement;
            const { outlineStyle, boxShadow } = getComputedStyle(one);
            const { left, top, width, height } = one.getBoundingClientRect();
            const over = document.elementFromPoint(left + width / 2, top + height / 2);
            const words = one.getAttribute('aria-label') || (one.labels?.length ? one.labels[0].textContent : one.textContent);
            return { words: words.trim().replace(/\s+/g, ' '), tag: one.tagName, seen: outlineStyle !== 'none' || boxShadow !== 'none',
                covered: over !== null && !one.contains(over) && !over.contains(one) && over.closest('.govuk-exit-this-page') !== null };
        });
        if (at.tag !== 'BODY') {
            assert.ok(at.seen, `focus on “${at.words}” can be seen`);
            assert.ok(!at.covered, `“${at.words}” is not under the exit button`);
        }
        if (at.words.startsWith(name)) {
            return at;
        }
    }
    throw new Error(`Tab never came to “${name}”`);
}

site.test('from the letter to the first message, by keyboard alone', async ({ visitor, page }) => {
    const { desk, family, invitation } = await site.invited();
    await page.goto(`/${invitation.fragment}`);
    await visitor.heading('Enter your code').waitFor();
    await tabTo(page, '12-digit code');
    await page.keyboard.type(invitation.code);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'has invited you' }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'H1');
    await tabTo(page, 'Accept and set a password');
    await page.keyboard.press('Enter');
    await visitor.heading('Set your password').waitFor();
    await page.locator('#offer', { hasText: / / }).waitFor();
    await tabTo(page, 'Use these words');
    await page.keyboard.press('Space');
    await tabTo(page, 'Yes, I have a safe way');
    await page.keyboard.press('Space');
    await tabTo(page, 'Create my account');
    await page.keyboard.press('Enter');
    await visitor.heading('Welcome').waitFor();
    await tabTo(page, 'Write to Jordan');
    await page.keyboard.press('Enter');
    await visitor.heading('Messages with Jordan Ellis').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'H1');
    await tabTo(page, 'Write a message');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'message');
    await page.keyboard.type('Hello');
    await tabTo(page, 'Send message', 2);
    await page.keyboard.press('Enter');
    await page.getByText('Delivered').waitFor();
    assert.equal((await desk.read(family)).at(-1).body.body, 'Hello');
    // The menu, as on a phone.
    await page.keyboard.press('Control+Home');
    await page.evaluate(() => document.querySelector('.govuk-service-navigation__link').focus());
    await tabTo(page, 'Menu', 2);
    await page.keyboard.press('Enter');
    await tabTo(page, 'Sign out', 6);
    await page.keyboard.press('Enter');
    await visitor.heading('You are signed out').waitFor();
});

site.test('“Skip to main content” leads there and leaves the page as it is', async ({ visitor, page }) => {
    await page.goto('/sign-in');
    await visitor.press('Sign in');
    await page.locator('#email-error').waitFor();
    await page.getByLabel('Email address').fill('half an address');
    await page.evaluate(() => document.querySelector('.govuk-skip-link').focus());
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'main-content');
    assert.equal(await page.getByLabel('Email address').inputValue(), 'half an address');
    assert.ok(await page.locator('#email-error').isVisible());
    assert.equal(new URL(page.url()).hash, '');
});

site.test('a page change: the title, the heading, and back again', async ({ visitor, page }) => {
    await site.signedIn(visitor);
    const titles = [];
    for (const [link, heading] of [['Account', 'Your account'], ['Home', 'Hello, Alex'], ['Messages', 'Messages with Jordan Ellis']]) {
        await page.getByRole('button', { name: /^Menu/ }).click();
        await page.locator('#navigation').getByRole('link', { name: link }).click();
        await visitor.heading(heading).waitFor();
        titles.push(await page.title());
        assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'H1');
        assert.equal(await page.evaluate(() => window.scrollY), 0);
        assert.equal(await page.locator('[aria-current="page"]').first().textContent().then((text) => text.trim()), link);
        assert.equal(await page.getByRole('button', { name: /^Menu/ }).getAttribute('aria-expanded'), 'false');
    }
    assert.deepEqual(titles, ['Your account – Sendline', 'Home – Sendline', 'Messages – Sendline']);
    await page.goBack();
    await visitor.heading('Hello, Alex').waitFor();
    await page.goBack();
    await visitor.heading('Your account').waitFor();
    await page.goForward();
    await visitor.heading('Hello, Alex').waitFor();
});

site.test('a screen reader hears each message once, politely, and nothing that was there before', async ({ visitor, page }) => {
    const { desk, family } = await site.signedIn(visitor);
    const log = page.getByRole('log', { name: 'Messages, oldest first' });
    await until(async () => (await log.getAttribute('aria-live')) === 'polite');
    await page.evaluate(() => {
        window.heard = [];
        // What live regions would say: nodes that are added where nothing nearer says “off”.
        new MutationObserver((changes) => {
            for (const node of changes.flatMap((change) => [...change.addedNodes])) {
                const element = node instanceof Element ? node : node.parentElement;
                const live = element?.closest('[aria-live]');
                const words = node.textContent.trim().replace(/\s+/g, ' ');
                if (live && live.getAttribute('aria-live') !== 'off' && words !== '') {
                    window.heard.push(words);
                }
            }
        }).observe(document.body, { childList: true, subtree: true });
    });
    const heard = () => page.evaluate(() => window.heard);
    await desk.write(family, 'From the office');
    await visitor.message('From the office').waitFor();
    await visitor.write('From home');
    await page.getByText('Delivered').waitFor();
    await until(async () => (await heard()).length >= 2);
    const said = await heard();
    assert.equal(said.filter((words) => words.includes('From the office')).length, 1, said.join('\n'));
    assert.equal(said.filter((words) => words.includes('From home')).length, 1, said.join('\n'));
    assert.ok(said.every((words) => /Jordan Ellis, your caseworker From the office|You From home \d+:\d\d[ap]m ?Delivered|Delivered|new message/.test(words)), said.join('\n'));
    assert.equal(await page.locator('[aria-live="assertive"]').count(), 0);
    // Headings lead through it: days, and who wrote.
    assert.deepEqual(await log.getByRole('heading', { level: 3 }).allInnerTexts(), ['Jordan Ellis, your caseworker', 'You']);
    assert.equal(await log.getByRole('heading', { level: 2 }).count(), 1);
});

site.test('colours of the system’s own, and less motion', async ({ visitor, page }) => {
    await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' });
    const { desk, family } = await site.signedIn(visitor);
    await desk.sendNonsense(family);
    await page.getByText('did not pass our checks').waitFor();
    await visitor.write('Hello');
    await page.getByText('Delivered').waitFor();
    // What is set apart by its ground alone has an edge then.
    for (const part of ['.sl-msg--mine', '.sl-event--warning', '.sl-composer', '.govuk-button', '#message']) {
        const edge = await page.locator(part).first().evaluate((one) => {
            const { borderTopWidth, borderBottomWidth, outlineStyle } = getComputedStyle(one);
            return parseFloat(borderTopWidth) + parseFloat(borderBottomWidth) > 0 || outlineStyle !== 'none';
        });
        assert.ok(edge, `${part} has an edge`);
    }
    await page.getByLabel('Your message', { exact: true }).focus();
    assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), 'none');
    await visitor.checkAccessible('forced colours');
    const moving = await page.evaluate(() => [...document.querySelectorAll('*')].filter((one) => {
        const { transitionDuration, animationName } = getComputedStyle(one);
        return transitionDuration.split(',').some((time) => parseFloat(time) > 0) || animationName !== 'none';
    }).length);
    assert.equal(moving, 0);
});

site.test('without JavaScript the pages are read, and say what needs it and whom to call', async ({ visitor, page }) => {
    for (const [path, words] of [['/accessibility', 'Accessibility statement'], ['/privacy', 'Who can read your messages'], ['/cookies', '__Host-sendline'],
        ['/safety', 'Leave in a hurry']]) {
        await page.goto(path);
        assert.match(await page.locator('main').innerText(), new RegExp(words));
    }
    for (const path of ['/', '/sign-in', '/messages']) {
        await page.goto(path);
        const words = await page.locator('main').innerText();
        assert.match(words, /Your browser has JavaScript turned off\. .* call the SEND team on 01632 960 150/s);
        assert.doesNotMatch(words, /Loading/);
        assert.ok(await page.getByRole('button', { name: 'Exit this page' }).isVisible());
    }
    assert.equal(visitor.problems.length, 0);
}, { javaScriptEnabled: false });
