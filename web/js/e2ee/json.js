// @ts-check
/**
 * JSON as both clients take it. `JSON.parse` is too friendly for text that somebody else wrote: it
 * keeps the last of two equal names, takes lone surrogates and NULs, and forgets whether a number
 * was written as an integer. Two clients that read one message differently could be played off
 * against each other, so this reader refuses whatever the other one (jansson) refuses.
 *
 * @module
 */
import { isText } from './bytes.js';
import { E2eeError } from './errors.js';

/** A number that no field of ours can have: with a point or exponent, or from 2^53. Not looked at. */
export class Real {}

/** @typedef {any} Json  null, boolean, number (an integer), string, Real, array or Map */

const DEPTH = 2048;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
// eslint-disable-next-line no-control-regex
const PLAIN = /[^"\\\u0000-\u001f]*/y;
/** @type {Record<string, string>} */
const ESCAPES = {
    '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t',
};

/** What the other reader cannot hold it refuses, wherever it stands. @param {string} digits */
function fits64(digits) {
    const value = BigInt(digits);
    return value === BigInt.asIntN(64, value);
}

class Parser {
    /** @param {string} text */
    constructor(text) {
        this.text = text;
        this.at = 0;
        this.depth = 0;
    }

    /** @returns {never} */
    fail() {
        throw new E2eeError('json');
    }

    space() {
        while (/[ \t\n\r]/.test(this.text[this.at] ?? '')) {
            this.at++;
        }
    }

    /** @param {string} c */
    expect(c) {
        if (this.text[this.at] !== c) {
            this.fail();
        }
        this.at++;
    }

    /** @returns {Json} */
    value() {
        this.depth++;
        if (this.depth > DEPTH) {
            this.fail();
        }
        this.space();
        const c = this.text[this.at];
        /** @type {Json} */
        let out;
        if (c === '{') {
            out = this.object();
        } else if (c === '[') {
            out = this.array();
        } else if (c === '"') {
            out = this.string();
        } else if (this.word('true')) {
            out = true;
        } else if (this.word('false')) {
            out = false;
        } else if (this.word('null')) {
            out = null;
        } else {
            out = this.number();
        }
        this.depth--;
        this.space();
        return out;
    }

    /** @param {string} text */
    word(text) {
        if (!this.text.startsWith(text, this.at)) {
            return false;
        }
        this.at += text.length;
        return true;
    }

    object() {
        /** @type {Map<string, Json>} */
        const out = new Map();
        this.expect('{');
        this.space();
        if (this.text[this.at] === '}') {
            this.at++;
            return out;
        }
        for (;;) {
            this.space();
            const name = this.string();
            this.space();
            this.expect(':');
            const value = this.value();
            if (value === null || out.has(name)) {
                this.fail();
            }
            out.set(name, value);
            if (this.text[this.at] === '}') {
                this.at++;
                return out;
            }
            this.expect(',');
        }
    }

    array() {
        /** @type {Json[]} */
        const out = [];
        this.expect('[');
        this.space();
        if (this.text[this.at] === ']') {
            this.at++;
            return out;
        }
        for (;;) {
            out.push(this.value());
            if (this.text[this.at] === ']') {
                this.at++;
                return out;
            }
            this.expect(',');
        }
    }

    string() {
        let out = '';
        this.expect('"');
        for (;;) {
            PLAIN.lastIndex = this.at;
            const run = /** @type {RegExpExecArray} */ (PLAIN.exec(this.text))[0];
            out += run;
            this.at += run.length;
            const c = this.text[this.at++];
            if (c === '"') {
                break;
            }
            if (c !== '\\') {
                this.fail();
            }
            const e = this.text[this.at++] ?? '';
            if (e === 'u') {
                const hex = this.text.slice(this.at, this.at + 4);
                if (!/^[0-9a-fA-F]{4}$/.test(hex)) {
                    this.fail();
                }
                this.at += 4;
                out += String.fromCharCode(Number.parseInt(hex, 16));
            } else if (Object.hasOwn(ESCAPES, e)) {
                out += ESCAPES[e];
            } else {
                this.fail();
            }
        }
        if (!isText(out)) {
            this.fail();
        }
        return out;
    }

    number() {
        NUMBER.lastIndex = this.at;
        const found = NUMBER.exec(this.text);
        if (!found) {
            this.fail();
        }
        this.at += found[0].length;
        const value = Number(found[0]);
        const whole = found[1] === undefined && found[2] === undefined;
        if (whole ? !fits64(found[0]) : !Number.isFinite(value)) {
            this.fail();
        }
        return whole && Number.isSafeInteger(value) ? value + 0 : new Real();
    }
}

/**
 * @param {string} text
 * @returns {Map<string, Json>} the members in the order written
 * @throws {E2eeError} json
 */
export function parseJson(text) {
    const parser = new Parser(text);
    parser.space();
    if (parser.text[parser.at] !== '{') {
        parser.fail();
    }
    const out = parser.value();
    if (parser.at !== text.length) {
        parser.fail();
    }
    return out;
}
