/** Leaving in a hurry. */
import assert from 'node:assert/strict';

import { Site } from '../support/browser.mjs';
import { until } from '../support/wait.mjs';

const site = new Site();

for (const [how, exit] of [
    ['the button', (page) => page.getByRole('button', { name: 'Emergency: Exit this page' }).click()],
    ['the space bar on it', async (page) => {
        await page.getByRole('button', { name: 'Emergency: Exit this page' }).focus();
        await page.keyboard.press('Space');
    }],
    ['Shift three times', async (page) => {
        for (let i = 0; i < 3; i++) {
            await page.keyboard.press('Shift');
        }
    }],
]) {
    site.test(`leaving in a hurry, by ${how}: elsewhere, signed out, and no way back`, async ({ visitor, page }) => {
        const { desk, family } = await site.signedIn(visitor);
        await desk.write(family, 'Only for Alex');
        await visitor.message('Only for Alex').waitFor();
        await page.getByLabel('Your message', { exact: true }).fill('Half a thought');
        await page.evaluate(() => document.body.focus());
        await exit(page);
        await page.getByRole('heading', { name: 'Weather' }).waitFor();
        assert.equal(new URL(page.url()).host, 'weather.example');
        await until(async () => (await visitor.context.cookies()).length === 0, 'the cookie to go');
        await page.goBack();
        await visitor.heading('Sign in to Sendline').waitFor();
        assert.equal(await page.evaluate(() => document.body.innerText.includes('Only for Alex')), false);
        assert.deepEqual(await page.evaluate(() => Object.keys(sessionStorage)), []);
    });
}

site.test('leaving by the first link of the page, from a page that needs no account', async ({ visitor, page }) => {
    await page.goto('/cookies');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Exit this page');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Weather' }).waitFor();
    assert.equal(visitor.problems.length, 0);
});
