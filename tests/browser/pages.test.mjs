/** What is sent, how much of it, under which policy, and what stays in the browser's cache. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';

import { Site, webFolder } from '../support/browser.mjs';

const site = new Site();
const KB = 1024;
/** What opens, judges and seals: loaded after the first page is readable. */
const ENCRYPTION = /\/(core|libsodium-wrappers|slow|sodium)-/;

test('the weight of the pages (gzip): HTML 12 KB, style 24 KB, scripts 12 + 25 KB, encryption 200 KB, 160 KB with brotli', (t) => {
    const manifest = JSON.parse(readFileSync(join(webFolder, 'manifest.json'), 'utf8'));
    const size = (entry, kind) => statSync(join(webFolder, `${entry.file}.${kind}`)).size;
    const sum = (entries, kind) => entries.reduce((all, entry) => all + size(entry, kind), 0);
    const pages = manifest.filter((entry) => entry.template);
    const heaviest = Math.max(...pages.map((entry) => gzipSync(readFileSync(join(webFolder, entry.file))).length));
    const style = sum(manifest.filter((entry) => entry.path.endsWith('.css')), 'gz');
    const encryption = manifest.filter((entry) => ENCRYPTION.test(entry.path));
    assert.equal(encryption.length, 4);
    t.diagnostic(`HTML ${heaviest}, style ${style}, encryption ${sum(encryption, 'gz')} gzip, ${sum(encryption, 'br')} brotli`);
    assert.ok(heaviest <= 12 * KB);
    assert.ok(style <= 24 * KB);
    assert.ok(sum(encryption, 'gz') <= 200 * KB);
    assert.ok(sum(encryption, 'br') <= 160 * KB);
    // The catalogue of words is data, and grows with what is said: what a page needs of it comes with the first.
    const index = readFileSync(join(webFolder, 'pages/index.html'), 'utf8');
    const first = manifest.filter((entry) => entry.path.endsWith('.js') && index.includes(entry.path));
    const later = manifest.filter((entry) => entry.path.endsWith('.js') && !first.includes(entry) && !ENCRYPTION.test(entry.path) && !/\/list\./.test(entry.path));
    t.diagnostic(`scripts of the first page ${sum(first, 'gz')}, of all others ${sum(later, 'gz')}`);
    assert.ok(sum(first, 'gz') <= (12 + 25) * KB);
    assert.ok(sum(later, 'gz') <= 12 * KB);
});

site.test('the first page is under 75 KB, and readable before the encryption is asked for', async ({ visitor, page, t }) => {
    const asked = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    let bytes = 0;
    const devtools = await visitor.context.newCDPSession(page);
    await devtools.send('Network.enable');
    devtools.on('Network.loadingFinished', ({ encodedDataLength }) => {
        bytes += encodedDataLength;
    });
    let hold = () => {};
    const held = new Promise((resolve) => {
        hold = resolve;
    });
    await page.route(ENCRYPTION, async (route) => {
        await held;
        await route.continue();
    });
    await page.goto('/sign-in');
    await visitor.heading('Sign in to Sendline').waitFor();
    await page.getByLabel('Email address').fill('typed@family.example');
    t.diagnostic(`${bytes} bytes, ${asked.length} requests`);
    assert.ok(bytes > 20 * KB && bytes < 75 * KB, `${bytes} bytes`);
    assert.ok(asked.every((path) => !/\.(woff2?|png|jpg)$/.test(path)), 'no fonts, no images');
    hold();
    await page.waitForResponse(/sodium-.*\.wasm/);
    assert.equal(await page.getByLabel('Email address').inputValue(), 'typed@family.example');
});

site.test('what has a hash in its name is kept for good, pages are asked for anew', async ({ page }) => {
    const answers = new Map();
    page.on('response', (response) => answers.set(new URL(response.url()).pathname, response.headers()));
    await page.goto('/sign-in');
    await page.waitForResponse(/sodium-.*\.wasm/);
    const hashed = [...answers].filter(([path]) => path.startsWith('/assets/'));
    assert.ok(hashed.length > 8);
    for (const [path, headers] of hashed) {
        assert.match(headers['cache-control'], /max-age=31536000, immutable/, path);
        assert.equal(headers['content-encoding'], 'br', path);
    }
    assert.match(answers.get('/sign-in')['cache-control'], /no-cache|no-store/);
});

site.test('the policy is on, and holds', async ({ visitor, page }) => {
    const answer = await page.goto('/sign-in');
    const headers = answer.headers();
    const policy = headers['content-security-policy'];
    for (const rule of ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "connect-src 'self'", "worker-src 'self'", "style-src 'self'",
        "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"]) {
        assert.ok(policy.split('; ').includes(rule), rule);
    }
    assert.match(policy, /trusted-types lit-html sendline-worker$/);
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    await visitor.heading('Sign in to Sendline').waitFor();
    visitor.checkProblems();
    visitor.expected.push(/./);
    const outcomes = await page.evaluate(async () => {
        const attempt = (work) => {
            try {
                work();
                return 'allowed';
            } catch (error) {
                return error.name;
            }
        };
        const element = document.createElement('div');
        const script = document.createElement('script');
        return {
            markup: attempt(() => {
                element.innerHTML = '<b>x</b>';
            }),
            policy: attempt(() => window.trustedTypes.createPolicy('mine', { createHTML: (text) => text })),
            worker: attempt(() => new Worker('/assets/other.js')),
            script: attempt(() => {
                script.src = URL.createObjectURL(new Blob(['']));
            }),
            words: attempt(() => {
                script.text = 'window.ran = true';
            }),
            elsewhere: await fetch('https://weather.example/').then(() => 'allowed', (error) => error.name),
        };
    });
    assert.deepEqual(outcomes, { markup: 'TypeError', policy: 'TypeError', worker: 'TypeError', script: 'TypeError', words: 'TypeError', elsewhere: 'TypeError' });
});

site.test('nothing of a conversation is left in the page’s addresses, titles or history', async ({ visitor, page }) => {
    const { family } = await site.signedIn(visitor, { child: 'Sam' });
    await visitor.write('A secret that nobody else may see');
    await page.getByText('Delivered').waitFor();
    const seen = await page.evaluate(() => JSON.stringify([location.href, document.title, history.state, { ...localStorage }, { ...sessionStorage }]));
    assert.doesNotMatch(seen, new RegExp(`Sam|secret|${family.ref}`));
});
