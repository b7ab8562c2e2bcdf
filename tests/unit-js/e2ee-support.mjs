// @ts-check
/**
 * What the tests of web/js/e2ee share: vectors, seeded randomness, and a small made world of people
 * who write to each other.
 */
import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { concat, fromHex, toHex } from '../../web/js/e2ee/bytes.js';
import { hash } from '../../web/js/e2ee/primitives.js';

// Node 18 has it under another name alone, and libsodium asks for this one when it is loaded.
if (!globalThis.crypto) {
    Object.defineProperty(globalThis, 'crypto', { value: webcrypto });
}

/** @param {string} name @returns {any} */
export function readVectors(name) {
    return JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8'));
}

/**
 * Randomness that gives these bytes in this order, and complains when asked for others.
 * @param {...Uint8Array} values
 */
export function fixed(...values) {
    const left = [...values];
    return (/** @type {number} */ n) => {
        const next = left.shift();
        if (!next || next.length !== n) {
            throw new Error(`no ${n} bytes of randomness were foreseen here`);
        }
        return next;
    };
}

/**
 * Repeatable randomness: BLAKE2b of a name and a counter. Needs libsodium to be ready.
 * @param {string} name
 * @returns {(n: number) => Uint8Array}
 */
export function seeded(name) {
    let counter = 0;
    return (n) => {
        /** @type {Uint8Array} */
        let out = new Uint8Array(0);
        while (out.length < n) {
            counter += 1;
            out = concat(out, hash(64, new TextEncoder().encode(`${name}\0${counter}`)));
        }
        return out.slice(0, n);
    };
}

/**
 * @param {(n: number) => Uint8Array} random
 * @param {number} below
 */
export function pick(random, below) {
    return random(4).reduce((sum, byte) => sum * 256 + byte, 0) % below;
}

export { fromHex, toHex };
