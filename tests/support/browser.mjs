/**
 * Chromium as families have it, and what every page is held to: no word on the console, no breach of the page's
 * policy, nothing that axe finds.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

import { build, Service } from './service.mjs';

export const webFolder = process.env.SENDLINE_WEB ?? join(build, 'web');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A server for browsers: with the pages, and with bounds that tests of other things do not meet. */
export function webService(settings = {}) {
    return Service.start({ settings: { web_dir: webFolder, exit_url: 'https://weather.example/', log_level: 'info',
        sign_ins_per_5_minutes: 1000, sign_ins_per_address_per_5_minutes: 1000, ...settings } });
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
        /** Words on the console that belong to what is tested. @type {RegExp[]} */
        visitor.expected = [];
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
            if (/Permissions-Policy/.test(message.text())) return;
            const text = `${message.type()}: ${message.text()}`;
            if (!this.expected.some((one) => one.test(text))) {
                this.problems.push(text);
            }
        });
        page.on('pageerror', (error) => this.problems.push(`error: ${error.stack}`));
        return page;
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
