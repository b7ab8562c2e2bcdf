// @ts-check
/**
 * Bytes, integers and text as the wire has them: big-endian, base64url without padding, strict
 * UTF-8. Every decoder takes exactly one spelling of a value, so no two byte strings mean the same.
 *
 * @module
 */
import { E2eeError } from './errors.js';

const encoder = new TextEncoder();
// ignoreBOM keeps a byte order mark as a character; by default it would vanish unnoticed.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * @param {...Uint8Array} parts
 * @returns {Uint8Array}
 */
export function concat(...parts) {
    let length = 0;
    for (const part of parts) {
        length += part.length;
    }
    const out = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
        out.set(part, at);
        at += part.length;
    }
    return out;
}

/**
 * @param {number} value
 * @param {number} width bytes
 * @param {number} limit one above the largest value
 */
function integer(value, width, limit) {
    if (!Number.isInteger(value) || value < 0 || value >= limit) {
        throw new E2eeError('out-of-range');
    }
    const out = new Uint8Array(width);
    let rest = value;
    for (let i = width - 1; i >= 0; i--) {
        out[i] = rest % 256;
        rest = Math.floor(rest / 256);
    }
    return out;
}

/** @param {number} value */
export const u8 = (value) => integer(value, 1, 2 ** 8);
/** @param {number} value */
export const u16 = (value) => integer(value, 2, 2 ** 16);
/** @param {number} value */
export const u32 = (value) => integer(value, 4, 2 ** 32);
/** Times: a number holds integers to 2^53 exactly, and no clock gets there. @param {number} value */
export const u64 = (value) => integer(value, 8, 2 ** 53);

/**
 * A label as every signed, hashed or associated string begins with: ASCII and a NUL.
 * @param {string} text
 */
export function label(text) {
    return encoder.encode(`${text}\0`);
}

/**
 * @param {string} text
 * @returns {Uint8Array}
 * @throws {E2eeError} text: a lone surrogate or a NUL
 */
export function utf8(text) {
    if (!isText(text)) {
        throw new E2eeError('text');
    }
    return encoder.encode(text);
}

/**
 * Whether text survives UTF-8 and has no NUL. Without `isWellFormed`, which Node 18 lacks: a lone
 * surrogate comes back as U+FFFD.
 * @param {string} text
 */
export function isText(text) {
    return !text.includes('\0') && decoder.decode(encoder.encode(text)) === text;
}

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 * @throws {E2eeError} text: not valid UTF-8, or a NUL in it
 */
export function fromUtf8(bytes) {
    let text;
    try {
        text = decoder.decode(bytes);
    } catch {
        throw new E2eeError('text');
    }
    if (text.includes('\0')) {
        throw new E2eeError('text');
    }
    return text;
}

/** @param {Uint8Array} bytes */
export function toHex(bytes) {
    let out = '';
    for (const byte of bytes) {
        out += byte.toString(16).padStart(2, '0');
    }
    return out;
}

/** @param {string} text */
export function fromHex(text) {
    if (!/^(?:[0-9a-f]{2})*$/.test(text)) {
        throw new E2eeError('hex');
    }
    const out = new Uint8Array(text.length / 2);
    for (let i = 0; i < out.length; i++) {
        out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
    }
    return out;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const VALUES = new Map([...ALPHABET].map((c, i) => [c, i]));

/**
 * base64url without padding.
 * @param {Uint8Array} bytes
 */
export function toB64(bytes) {
    let out = '';
    for (let i = 0; i < bytes.length; i += 3) {
        const word = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
        const symbols = Math.min(bytes.length - i, 3) + 1;
        for (let j = 0; j < symbols; j++) {
            out += ALPHABET[(word >> (18 - 6 * j)) & 63];
        }
    }
    return out;
}

/**
 * @param {string} text
 * @param {number} [length] how many bytes it must be
 * @returns {Uint8Array}
 * @throws {E2eeError} base64: other symbols, padding, spare bits that are not zero, wrong length
 */
export function fromB64(text, length) {
    const out = new Uint8Array(Math.floor((text.length * 3) / 4));
    if (text.length % 4 === 1 || (length !== undefined && out.length !== length)) {
        throw new E2eeError('base64');
    }
    let held = 0;
    let bits = 0;
    let at = 0;
    for (const c of text) {
        const value = VALUES.get(c);
        if (value === undefined) {
            throw new E2eeError('base64');
        }
        held = ((held << 6) | value) & 0xffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[at++] = (held >> bits) & 255;
        }
    }
    if ((held & ((1 << bits) - 1)) !== 0) {
        throw new E2eeError('base64');
    }
    return out;
}

/**
 * For public values. What is secret is compared inside libsodium.
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 */
export function equal(a, b) {
    if (a.length !== b.length) {
        return false;
    }
    let diff = 0;
    for (let i = 0; i < a.length; i++) {
        diff |= a[i] ^ b[i];
    }
    return diff === 0;
}

/** @param {Uint8Array} bytes */
export function isZero(bytes) {
    return bytes.every((b) => b === 0);
}

/** Reads fields off the front of a byte string; every overrun is the same error. */
export class Cursor {
    /** @param {Uint8Array} bytes */
    constructor(bytes) {
        this.bytes = bytes;
        this.at = 0;
    }

    /** @param {number} n */
    take(n) {
        if (this.at + n > this.bytes.length) {
            throw new E2eeError('length');
        }
        this.at += n;
        return this.bytes.slice(this.at - n, this.at);
    }

    /** @param {number} width */
    integer(width) {
        let value = 0;
        for (const byte of this.take(width)) {
            value = value * 256 + byte;
        }
        if (value > Number.MAX_SAFE_INTEGER) {
            throw new E2eeError('out-of-range');
        }
        return value;
    }

    u8() {
        return this.integer(1);
    }

    u16() {
        return this.integer(2);
    }

    u32() {
        return this.integer(4);
    }

    /**
     * A time. Beyond 2^53 it is nonsense but breaks no rule, so it must not make something unreadable
     * for one client and readable for the other: it counts as the largest number there is.
     */
    clock() {
        const value = this.take(8).reduce((sum, byte) => sum * 256 + byte, 0);
        return Math.min(value, Number.MAX_SAFE_INTEGER);
    }

    u64() {
        return this.integer(8);
    }

    /** @param {string} text */
    label(text) {
        const want = label(text);
        if (!equal(this.take(want.length), want)) {
            throw new E2eeError('label', text);
        }
    }

    end() {
        if (this.at !== this.bytes.length) {
            throw new E2eeError('length');
        }
    }
}
