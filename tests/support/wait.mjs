import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until it is so, without counting on how long anything takes.
 * @template T
 * @param {() => T | Promise<T>} so
 * @param {string} [what] for the message when it never is
 * @returns {Promise<T>} what was so
 */
export async function until(so, what = 'it to be so', ms = 8000) {
    for (const end = Date.now() + ms; ;) {
        const value = await so();
        if (value) {
            return value;
        }
        if (Date.now() > end) {
            throw new Error(`waited ${ms} ms in vain for ${what}`);
        }
        await sleep(20);
    }
}
