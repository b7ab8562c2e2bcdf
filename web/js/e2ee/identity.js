// @ts-check
/**
 * A seed of 32 bytes gives every key of a person, a team or the records officers.
 *
 * @module
 */
import { E2eeError } from './errors.js';
import { boxPair, kdf, signPair } from './primitives.js';

/** @typedef {import('./types.js').Identity} Identity */
/** @typedef {import('./types.js').Random} Random */

const CONTEXT = 'SLident_';

/**
 * @param {Uint8Array} seed 32 bytes; kept, not copied
 * @returns {Identity}
 */
export function identity(seed) {
    if (seed.length !== 32) {
        throw new E2eeError('length', 'seed');
    }
    return {
        seed,
        sign: signPair(kdf(seed, 1, CONTEXT)),
        box: boxPair(kdf(seed, 2, CONTEXT)),
        lock: kdf(seed, 3, CONTEXT),
        drafts: kdf(seed, 4, CONTEXT),
    };
}

/** @param {Random} random */
export function newSeed(random) {
    return random(32);
}

/**
 * The records seed lies in two officers' hands; neither half says anything about it.
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 */
export function joinHalves(a, b) {
    if (a.length !== 32 || b.length !== 32) {
        throw new E2eeError('length', 'half');
    }
    return a.map((byte, i) => byte ^ b[i]);
}

/**
 * @param {Uint8Array} seed
 * @param {Random} random
 * @returns {[Uint8Array, Uint8Array]}
 */
export function splitSeed(seed, random) {
    const half = random(32);
    return [half, joinHalves(seed, half)];
}
