// @ts-check
/**
 * Fifteen bytes as a person types or reads them out: Crockford base32 in six groups of four, each
 * with a check symbol of its own, so that a slip is found in its group.
 *
 * @module
 */
import { E2eeError } from './errors.js';

const SYMBOLS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const GROUPS = 6;

/**
 * @param {number[]} four
 * @param {number} group from 0
 */
function check(four, group) {
    return (four[0] + 3 * four[1] + 5 * four[2] + 7 * four[3] + group) % 32;
}

/**
 * @param {Uint8Array} bytes 15 of them
 * @returns {string} six groups of five symbols with hyphens between
 */
export function toTyped(bytes) {
    if (bytes.length !== 15) {
        throw new E2eeError('length', 'typed form');
    }
    const values = [];
    for (let i = 0; i < bytes.length; i += 5) {
        // 40 bits are eight symbols; a shift would stop at 32.
        let word = bytes.slice(i, i + 5).reduce((sum, byte) => sum * 256 + byte, 0);
        const eight = [];
        for (let j = 0; j < 8; j++) {
            eight.unshift(word % 32);
            word = Math.floor(word / 32);
        }
        values.push(...eight);
    }
    const out = [];
    for (let group = 0; group < GROUPS; group++) {
        const four = values.slice(4 * group, 4 * group + 4);
        out.push([...four, check(four, group)].map((v) => SYMBOLS[v]).join(''));
    }
    return out.join('-');
}

/**
 * Takes what people make of it: small letters, spaces or none, O for 0, I and L for 1.
 * @param {string} text
 * @returns {{ ok: true, bytes: Uint8Array } | { ok: false, group: number }} group 0 to 5: the first
 *   that cannot be right; -1: too many or too few symbols
 */
export function fromTyped(text) {
    const plain = text
        .toUpperCase()
        .replace(/[\s\u2010-\u2015-]/g, '')
        .replace(/O/g, '0')
        .replace(/[IL]/g, '1');
    const symbols = [...plain];
    /** @type {number[]} */
    const values = [];
    for (let group = 0; group < GROUPS; group++) {
        const five = symbols.slice(5 * group, 5 * group + 5).map((c) => SYMBOLS.indexOf(c));
        if (five.length < 5) {
            return { ok: false, group: -1 };
        }
        if (five.includes(-1) || check(five, group) !== five[4]) {
            return { ok: false, group };
        }
        values.push(...five.slice(0, 4));
    }
    if (symbols.length !== 5 * GROUPS) {
        return { ok: false, group: -1 };
    }
    const bytes = new Uint8Array(15);
    for (let i = 0; i < 3; i++) {
        let word = values.slice(8 * i, 8 * i + 8).reduce((sum, v) => sum * 32 + v, 0);
        for (let j = 4; j >= 0; j--) {
            bytes[5 * i + j] = word % 256;
            word = Math.floor(word / 256);
        }
    }
    return { ok: true, bytes };
}
