/**
 * Chromium as families have it, and what every page is held to: no word on the console, no breach of the page's
 * policy, nothing that axe finds.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

import { Office } from './office.mjs';
import { build, Service } from './service.mjs';
import { Tab } from './tab.mjs';

export const webFolder = process.env.SENDLINE_WEB ?? join(build, 'web');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A server for browsers: with the pages, and with bounds that tests of other things do not meet. */
export function webService(settings = {}) {
    return Service.start({ settings: { web_dir: webFolder, exit_url: 'https://weather.example/', log_level: 'info',
        sign_ins_per_5_minutes: 1000, sign_ins_per_address_per_5_minutes: 1000, calls_per_second: 10000, calls_burst: 10000, ...settings } });
}

/** @returns {Promise<import('playwright-core').Browser>} */
export function launch() {
    return chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
}

/** A person with a browser of their own: a context, a page, and everything that went wrong in it. */
export class Visitor {
    /**
     * @param {import('playwright-core').Browser} browser
     * @param {Service} service
     * @param {import('playwright-core').BrowserContextOptions} [options]
     */
    static async come(browser, service, options = {}) {
        const visitor = new Visitor();
        visitor.service = service;
        visitor.context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 390, height: 844 }, locale: 'en-GB',
            baseURL: service.publicUrl, ...options });
        visitor.context.setDefaultTimeout(10000);
        /** What went wrong, in words. @type {string[]} */
        visitor.problems = [];
        /** Words on the console that belong to what is tested. What a browser does not have is forbidden all the same. @type {RegExp[]} */
        visitor.expected = [/Permissions-Policy header: Unrecognized feature/];
        await visitor.context.addInitScript(() => {
            document.addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
        });
        await visitor.context.route('https://weather.example/**', (route) => route.fulfill({ contentType: 'text/html', body: '<!DOCTYPE html><html lang="en"><title>Weather</title><h1>Weather</h1></html>' }));
        visitor.page = await visitor.newPage();
        return visitor;
    }

    async newPage() {
        const page = await this.context.newPage();
        page.on('console', (message) => {
            const text = `${message.type()}: ${message.text()}`;
            if (!this.expected.some((one) => one.test(text))) {
                this.problems.push(text);
            }
        });
        page.on('pageerror', (error) => this.problems.push(`error: ${error.stack}`));
        return page;
    }

    /**
     * Stand between the page and the server, as a server that lies might, or a bad line.
     * @param {object} how
     * @param {(frame: any, call: string | undefined) => any} [how.toPage] each frame for the page, and the name of the
     *   call that it answers; null: it does not arrive
     * @param {(frame: any) => any} [how.toServer] each call; an answer to it instead of the server's, or null: it does
     *   not arrive; undefined: it goes on
     * While `down` is set there is no connection, see `goDown`. To be called before the page is opened.
     */
    async tamper({ toPage = (frame) => frame, toServer = () => undefined }) {
        /** Calls that the page made. @type {{ id: number, call: string, args: any }[]} */
        this.calls = [];
        this.sockets = new Set();
        this.down = false;
        await this.page.routeWebSocket(/\/ws$/, (socket) => {
            this.sockets.add(socket);
            if (this.down) {
                socket.close();
                return;
            }
            const server = socket.connectToServer();
            const asked = new Map();
            socket.onMessage((text) => {
                const frame = JSON.parse(String(text));
                asked.set(frame.id, frame.call);
                this.calls.push(frame);
                const answer = toServer(frame);
                if (answer === undefined) {
                    server.send(text);
                } else if (answer !== null) {
                    socket.send(JSON.stringify({ id: frame.id, ...answer }));
                }
            });
            server.onMessage((text) => {
                const frame = JSON.parse(String(text));
                const changed = toPage(frame, asked.get(frame.id));
                if (changed !== null) {
                    socket.send(JSON.stringify(changed));
                }
            });
        });
    }

    /** The line that is tampered with goes, until `down` is unset. */
    goDown() {
        this.down = true;
        this.sockets.forEach((socket) => socket.close());
        this.sockets.clear();
    }

    /** How often the page made a call. @param {string} name */
    called(name) {
        return this.calls.filter((one) => one.call === name).length;
    }

    /** Nothing went wrong so far, or the server's log says more. */
    checkProblems() {
        assert.deepEqual(this.problems, []);
    }

    async leave() {
        await this.context.close();
    }

    /** @param {string} name @param {{ level?: number, exact?: boolean }} [more] */
    heading(name, more = {}) {
        return this.page.getByRole('heading', { name, ...more });
    }

    /** @param {string} name */
    button(name) {
        return this.page.getByRole('button', { name, exact: true });
    }

    async press(name) {
        await this.button(name).click();
    }

    /** Accept an invitation as a person does, up to the account. @param {{ fragment: string, code: string }} invitation @param {string} password */
    async accept({ fragment, code }, password) {
        const { page } = this;
        await page.goto(`/${fragment}`);
        await page.getByLabel('12-digit code').fill(code);
        await this.press('Continue');
        await this.press('Accept and set a password');
        await page.getByLabel('Password', { exact: true }).fill(password);
        await page.getByLabel('Yes, I have a safe way').check();
        await this.press('Create my account');
        await this.heading('Welcome', { level: 1 }).waitFor();
    }

    /** @param {string} address @param {string} password */
    async signIn(address, password, { ownDevice = false } = {}) {
        const { page } = this;
        if (!page.url().endsWith('/sign-in')) {
            await page.goto('/sign-in');
        }
        await page.getByLabel('Email address').fill(address);
        await page.getByLabel('Password', { exact: true }).fill(password);
        if (ownDevice) {
            await page.getByLabel('This is my own phone').check();
        }
        await this.press('Sign in');
        await page.locator('#navigation').waitFor({ state: 'attached' });
    }

    async openConversation() {
        await this.page.getByRole('link', { name: /^(Read your messages|Open your messages|Write to)/ }).click();
        await this.page.getByLabel('Your message', { exact: true }).waitFor();
    }

    /** @param {string} text */
    async write(text) {
        await this.page.getByLabel('Your message', { exact: true }).fill(text);
        await this.press('Send message');
    }

    /** The messages and what happened, one line each, as they stand. */
    async lines() {
        return this.page.locator('.sl-log > *').evaluateAll((all) => all.map((one) => one.innerText.replace(/\s+/g, ' ').trim()));
    }

    /** A message by its words. @param {string} text */
    message(text) {
        return this.page.locator('.sl-msg').filter({ hasText: text });
    }

    /**
     * What axe finds: must be nothing, best practice and the size of targets included.
     * @param {string} what for the message
     */
    async checkAccessible(what) {
        const { page } = this;
        if (!(await page.evaluate(() => 'axe' in window))) {
            await page.evaluate(axe);
        }
        const found = await page.evaluate(() => /** @type {any} */ (window).axe.run(document, {
            resultTypes: ['violations'],
            runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
            rules: { 'target-size': { enabled: true } },
        }));
        assert.deepEqual(found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.html} ${node.failureSummary}`).join(' | ')}`), [], what);
        assert.ok(found.passes.length > 10, `${what}: axe looked`);
    }

    /** Words that only a program would say, and words for a person that have holes. @param {string} what */
    async checkWords(what) {
        const text = await this.page.evaluate(() => document.body.innerText);
        assert.doesNotMatch(text, /undefined|\bnull\b|\bNaN\b|\[object|[{}]/, what);
    }

    /** No wider than the screen. @param {string} what */
    async checkWidth(what) {
        const wide = await this.page.evaluate(() => {
            const { clientWidth, scrollWidth } = document.documentElement;
            return scrollWidth <= clientWidth ? [] : [...document.querySelectorAll('body *')]
                .filter((one) => one.getBoundingClientRect().right > clientWidth + 1).map((one) => one.outerHTML.slice(0, 80));
        });
        assert.deepEqual(wide, [], `${what} at ${this.page.viewportSize()?.width} px`);
    }
}

/**
 * A server, an office and a browser for the tests of one file.
 *
 *   const site = new Site();
 *   site.test('the caseworker writes, the parent reads', async ({ visitor, page }) => {
 *       const { desk, family } = await site.signedIn(visitor);
 *
 * A test that fails shows the server's log and leaves a picture of the page.
 */
export class Site {
    /** @param {Record<string, string | number | boolean>} [settings] of the server */
    constructor(settings) {
        this.families = 0;
        before(async () => {
            this.service = await webService(settings);
            this.office = await Office.open(this.service);
            this.browser = await launch();
        });
        after(async () => {
            await this.browser?.close();
            await this.service?.stop();
        });
    }

    /**
     * @param {string} name
     * @param {(given: { visitor: Visitor, page: import('playwright-core').Page, t: import('node:test').TestContext }) => Promise<void>} story
     * @param {import('playwright-core').BrowserContextOptions} [options]
     */
    test(name, story, options) {
        test(name, { timeout: 60000 }, async (t) => {
            const visitor = await Visitor.come(this.browser, this.service, options);
            const logFrom = this.service.log.length;
            try {
                await story({ visitor, page: visitor.page, t });
                visitor.checkProblems();
            } catch (error) {
                const picture = join(tmpdir(), `sendline-${process.pid}-${name.replace(/\W+/g, '-').slice(0, 60)}.png`);
                await visitor.page.screenshot({ path: picture, fullPage: true }).catch(() => {});
                t.diagnostic(`the page: ${picture}\nproblems: ${visitor.problems.join('\n')}\nthe server said:\n${this.service.log.slice(logFrom)}`);
                throw error;
            } finally {
                await visitor.leave();
            }
        });
    }

    /** A desk with a new family: a child, a parent, an address. */
    async family({ child = 'Sam', parent = 'Alex Carter', staff = 0 } = {}) {
        const n = ++this.families;
        const desk = await this.office.desk(staff);
        return { desk, family: await desk.newCase({ ref: `AN-${1000 + n}`, child, parent }), address: `parent-${n}@family.example` };
    }

    /** The same with an invitation that nobody has used yet. */
    async invited(about) {
        const made = await this.family(about);
        return { ...made, invitation: await made.desk.invite([made.family], { address: made.address }) };
    }

    /** The same with an account, made in Node. */
    async member(about) {
        const made = await this.invited(about);
        const password = 'river candle monkey tractor';
        const tab = await new Tab(this.service).accept(made.invitation, password);
        tab.close();
        await made.desk.changeLock(made.family);
        return { ...made, password };
    }

    /** A member signed in, on the page with the conversation. @param {Visitor} visitor */
    async signedIn(visitor, about = {}) {
        const made = await this.member(about);
        await visitor.signIn(made.address, made.password, about);
        await visitor.openConversation();
        return made;
    }
}
