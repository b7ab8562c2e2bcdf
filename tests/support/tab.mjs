/**
 * The web app's own modules as a page has them, without a page: its connection, its session, its mailbox, and its
 * cookie over HTTPS. For what is quicker to do in Node than in a browser, and for tests of the modules together.
 *
 * One at a time signs in (the modules ask `fetch` and `location`, of which there is one).
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import WebSocket from 'ws';

import { passwordKeys } from '../../web/js/e2ee/account.js';
import { Mailbox } from '../../web/js/mailbox.js';
import { accept, openInvite, resumeAgain, signIn } from '../../web/js/session.js';
import { Wire } from '../../web/js/wire.js';
import { HOST } from './service.mjs';

const SERVICE_NAME = 'sendline.example';

export class Tab {
    /** @param {import('./service.mjs').Service} service @param {{ answerMs?: number }} [how] */
    constructor(service, { answerMs = 5000 } = {}) {
        this.service = service;
        this.ca = readFileSync(service.ca);
        this.cookie = '';
        /** Every frame that came, as text. @type {string[]} */
        this.heard = [];
        this.wire = new Wire({ url: `wss://${HOST}:${service.ports.public}/ws`, answerMs, random: () => 0, open: (url, protocol) => this.#open(url, protocol) });
        this.wire.greet = async () => {
            if (this.session) {
                await resumeAgain(this.wire, this.session);
            }
        };
    }

    #open(url, protocol) {
        const socket = new WebSocket(url, protocol, { ca: this.ca, origin: this.service.publicUrl, perMessageDeflate: false,
            headers: this.cookie === '' ? {} : { Cookie: this.cookie },
            lookup: (_, options, found) => (options.all ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4)) });
        socket.on('error', () => {
            // The close that follows says it to the wire.
        });
        socket.on('message', (data) => this.heard.push(String(data)));
        this.socket = socket;
        return /** @type {any} */ (socket);
    }

    /** What the modules find around them while they sign in. */
    async #within(work) {
        const before = { fetch: globalThis.fetch, location: globalThis.location };
        Object.assign(globalThis, { fetch: (path, options) => this.#fetch(path, options), location: { hostname: HOST } });
        try {
            return await work();
        } finally {
            Object.assign(globalThis, before);
        }
    }

    #fetch(path, { method, headers, body }) {
        return new Promise((resolve, reject) => {
            const sent = request(`${this.service.publicUrl}${path}`, { method, ca: this.ca, family: 4,
                headers: { ...headers, Origin: this.service.publicUrl, 'Content-Length': Buffer.byteLength(body), ...(this.cookie === '' ? {} : { Cookie: this.cookie }) } }, (answer) => {
                const [cookie = ''] = answer.headers['set-cookie'] ?? [];
                this.cookie = cookie.split(';')[0] || this.cookie;
                answer.resume();
                answer.on('end', () => resolve({ ok: answer.statusCode < 300, status: answer.statusCode }));
            });
            sent.on('error', reject);
            sent.end(body);
        });
    }

    /** @param {{ secret: Uint8Array, address: string, keys: any }} invitation @param {string} password */
    async accept(invitation, password) {
        this.wire.start();
        const opened = await this.#within(() => openInvite(this.wire, invitation.keys, SERVICE_NAME));
        const keys = passwordKeys({ service: SERVICE_NAME, address: invitation.address, password });
        this.session = await this.#within(() => accept(this.wire, opened, { keys, session: null, ownDevice: false }));
        return this;
    }

    /** @param {string} address @param {string} password */
    async signIn(address, password) {
        this.wire.start();
        const keys = passwordKeys({ service: SERVICE_NAME, address, password });
        this.session = await this.#within(() => signIn(this.wire, { address, ownDevice: false, service: SERVICE_NAME, keys }));
        return this;
    }

    /** The mailbox as the page has it. */
    async open() {
        this.changes = 0;
        this.messages = [];
        this.mailbox = new Mailbox({ wire: this.wire, session: this.session,
            onChange: () => {
                this.changes++;
            },
            onMessage: (conversation, name) => this.messages.push(name) });
        this.wire.onEvent = (event) => this.mailbox.pushed(event);
        this.wire.onState = (state) => {
            if (state === 'open') {
                void this.mailbox.reconnected();
            }
        };
        await this.mailbox.load();
        return this;
    }

    /** Gone without a word, and it comes back by itself. */
    cut() {
        this.socket.terminate();
    }

    close() {
        this.mailbox?.end();
        this.wire.stop();
    }
}
