// @ts-check
/**
 * The one door to libsodium. It is loaded on the first `ready()` and not before, so that a page
 * that only shows the sign-in form does not fetch the WebAssembly; no other module here imports it.
 *
 * @module
 */
import { E2eeError } from './errors.js';

/** @typedef {typeof import('libsodium-wrappers-sumo')} Sodium */

/** @type {Sodium | null} */
let instance = null;
/** @type {Promise<Sodium> | null} */
let loading = null;

/**
 * Load libsodium once. Call and await it before anything else in this folder.
 * @param {Sodium} [given] an instance that is already loaded, used instead of loading one
 * @returns {Promise<Sodium>}
 */
export async function ready(given) {
    if (given) {
        await given.ready;
        instance = given;
        return given;
    }
    if (instance) {
        return instance;
    }
    if (!loading) {
        loading = load();
        // A lost connection must not be remembered for ever: the next call tries again.
        loading.catch(() => {
            loading = null;
        });
    }
    instance = await loading;
    return instance;
}

/** @returns {Promise<Sodium>} */
async function load() {
    const module = await import('libsodium-wrappers-sumo');
    const found = /** @type {Sodium} */ (
        /** @type {{ default?: unknown }} */ (module).default ?? module
    );
    await found.ready;
    return found;
}

/**
 * @returns {Sodium}
 * @throws {E2eeError} not-ready
 */
export function sodium() {
    if (!instance) {
        throw new E2eeError('not-ready');
    }
    return instance;
}

/**
 * The system's randomness; everything that needs some takes a function like this as an argument.
 * @param {number} n
 * @returns {Uint8Array}
 */
export function systemRandom(n) {
    return sodium().randombytes_buf(n);
}
