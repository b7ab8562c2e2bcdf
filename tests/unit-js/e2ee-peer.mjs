// @ts-check
/** The other half of the encryption: the C one, in a program that answers requests line by line. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { fromB64, toB64 } from '../../web/js/e2ee/bytes.js';

const build = process.env.SENDLINE_BUILD ?? fileURLToPath(new URL('../../build', import.meta.url));

/** Bytes as base64url, all the way down. @param {any} value @returns {any} */
function encode(value) {
    if (value instanceof Uint8Array) {
        return toB64(value);
    }
    if (Array.isArray(value)) {
        return value.map(encode);
    }
    if (value === null || typeof value !== 'object') {
        return value;
    }
    return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)
        .map(([name, one]) => [name, encode(one)]));
}

export class Peer {
    constructor() {
        this.child = spawn(join(build, 'tests/support/e2ee_peer'), { stdio: ['pipe', 'pipe', 'inherit'] });
        /** @type {{ resolve: (answer: any) => void, reject: (error: Error) => void }[]} */
        this.asked = [];
        createInterface({ input: this.child.stdout }).on('line', (line) =>
            this.asked.shift()?.resolve(JSON.parse(line)));
        this.ended = new Promise((resolve) => {
            const over = (/** @type {any} */ why) => {
                this.asked.forEach(({ reject }) => reject(new Error(`e2ee_peer ended: ${why}`)));
                this.asked = [];
                resolve(why);
            };
            this.child.on('error', over);
            this.child.on('exit', (code, signal) => over(code ?? signal));
        });
    }

    /** @param {string} what @param {Record<string, any>} [fields] @returns {Promise<any>} */
    ask(what, fields = {}) {
        return new Promise((resolve, reject) => {
            this.asked.push({ resolve, reject });
            this.child.stdin.write(`${JSON.stringify({ do: what, ...encode(fields) })}\n`);
        });
    }

    /** The bytes that it makes. @param {string} what @param {Record<string, any>} fields @returns {Promise<Uint8Array>} */
    async make(what, fields) {
        const answer = await this.ask(what, fields);
        if (answer.bytes === undefined) {
            throw new Error(`${what}: ${JSON.stringify(answer)}`);
        }
        return fromB64(answer.bytes);
    }

    async end() {
        this.child.stdin.end();
        return this.ended;
    }
}
