// @ts-check
/**
 * Settings that the server wrote into the page, and the catalogue of words filled with them.
 *
 * @module
 */
import { app as english } from '../words/en.js';

/** @typedef {import('../words/en.js').Settings} Settings */
/** @typedef {ReturnType<typeof english>} Words */

/** @returns {Settings} */
export function readSettings() {
  /** @type {Record<string, string>} */
  const found = {};
  for (const meta of document.querySelectorAll('meta[name^="sendline:"]')) {
    found[meta.getAttribute('name')?.slice('sendline:'.length) ?? ''] = meta.getAttribute('content') ?? '';
  }
  return /** @type {Settings} */ (found);
}

/** @param {Settings} settings @returns {Words} */
export function wordsFor(settings) {
  return english(settings);
}
