// @ts-check
/**
 * How good a password is, roughly. It only advises; the one rule is 12 characters (crypto.md).
 *
 * @module
 */

export const MIN_PASSWORD = 12;
/** What a sign-in sends to nobody still has to be stretched: a bound on silly pastes. */
export const MAX_PASSWORD = 1000;

/** What people choose when they are asked for twelve. */
const COMMON = /pass(word|phrase)|qwerty|azerty|letmein|welcome|sendline|iloveyou|abcdef|123456|football|liverpool|arsenal/i;

/** @param {string} text characters as people count them */
export function lengthOf(text) {
  return [...text.normalize('NFKC')].length;
}

/**
 * @param {string} password
 * @returns {0 | 1 | 2 | 3} 0 too short, 1 weak, 2 fair, 3 strong
 */
export function strength(password) {
  const text = password.normalize('NFKC');
  const length = lengthOf(text);
  if (length < MIN_PASSWORD) {
    return 0;
  }
  const different = new Set([...text.toLowerCase()]).size;
  const words = text.split(/[\s_.,-]+/).filter((word) => word.length > 2);
  const distinctWords = new Set(words.map((word) => word.toLowerCase())).size;
  if (different < 6 || COMMON.test(text) || /^(.{1,6})\1+$/.test(text)) {
    return 1;
  }
  if (distinctWords >= 4 || length >= 20 || (distinctWords >= 3 && length >= 16)) {
    return different >= 8 ? 3 : 2;
  }
  return 2;
}

/**
 * Four words by even choice: numbers that would favour the first words are drawn again.
 * @param {string[]} words
 * @param {(n: number) => Uint8Array} random
 */
export function fourWords(words, random) {
  /** @type {string[]} */
  const out = [];
  const even = Math.floor(65536 / words.length) * words.length;
  while (out.length < 4) {
    const [high, low] = random(2);
    const drawn = high * 256 + low;
    if (drawn < even) {
      out.push(words[drawn % words.length]);
    }
  }
  return out.join(' ');
}
