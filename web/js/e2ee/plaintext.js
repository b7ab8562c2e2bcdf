// @ts-check
/**
 * What may stand inside a message, who may say it, and how it is made safe to show.
 *
 * @module
 */
import { fromUtf8, utf8 } from './bytes.js';
import { E2eeError } from './errors.js';
import { readFields, writeFields } from './fields.js';
import { parseJson } from './json.js';
import { pad, unpad } from './primitives.js';

/** @typedef {import('./types.js').PlaintextKind} PlaintextKind */
/** @typedef {{ by: 'parent' | 'staff' | 'either', notes?: boolean, fields: import('./fields.js').Table }} Kind */

/** JSON bytes, before padding. */
export const PLAINTEXT_LIMIT = 16 * 1024;
const BLOCK = 256;

/** @type {Record<PlaintextKind, Kind>} */
export const KINDS = {
    text: { by: 'either', fields: { body: 's', 're?': 'i' } },
    file: {
        by: 'either',
        fields: {
            blob: 'b16', key: 'b32', name: 's', type: 's', size: 'i', hash: 'b32', 'alt?': 's',
        },
    },
    call: {
        by: 'either',
        fields: {
            booking: 'b16', at: 'i', topic: 's', questions: ['s'], phone: 's', safe: 'bool',
            voicemail: 'bool', needs: ['s'], joins: ['s'],
        },
    },
    profile: {
        by: 'parent',
        fields: {
            phone: 's', hours: [{ days: ['i'], from: 's', to: 's' }], voicemail: 'bool',
            wording: 's', confirmed_on: 's',
        },
    },
    form: {
        by: 'parent',
        fields: { form: 's', version: 'i', answers: [{ id: 's', q: 's', a: 's' }] },
    },
    agreed: { by: 'staff', fields: { 'booking?': 'b16', points: ['s'] } },
    confirm: { by: 'parent', fields: { seq: 'i' } },
    card: { by: 'staff', fields: { case: 's', child: 's', parent: 's', 'continues?': 'b16' } },
    reason: { by: 'staff', fields: { about: 's', 'ref?': 'b16', body: 's' } },
    letter: { by: 'staff', fields: { event: 's', body: 's', 'file?': 'i' } },
    note: { by: 'staff', notes: true, fields: { body: 's', 'booking?': 'b16' } },
    retract: { by: 'either', fields: { seq: 'i' } },
};

/**
 * @param {string} name
 * @returns {name is PlaintextKind}
 */
export function isKind(name) {
    return Object.hasOwn(KINDS, name);
}

/**
 * @param {PlaintextKind} kind
 * @param {'parent' | 'staff'} side
 * @param {boolean} notes whether the thread is staff notes
 */
export function maySend(kind, side, notes) {
    const { by, notes: only = false } = KINDS[kind];
    return (by === 'either' || by === side) && (!only || notes);
}

// C0 without tab and line feed, DEL and C1, and the controls that turn text around: a name or a
// sentence must not be able to rewrite what stands beside it, on a page or on a terminal.
const HARMFUL =
    // eslint-disable-next-line no-control-regex
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text that may be shown (as text, never as markup). Every way to end a line becomes a line feed.
 * @param {string} text
 */
export function clean(text) {
    return text.replace(/\r\n?/g, '\n').replace(HARMFUL, '');
}

/**
 * @param {any} value
 * @returns {any}
 */
function cleanAll(value) {
    if (typeof value === 'string') {
        return clean(value);
    }
    if (Array.isArray(value)) {
        return value.map(cleanAll);
    }
    if (value instanceof Uint8Array || typeof value !== 'object') {
        return value;
    }
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, cleanAll(one)]));
}

/**
 * @param {string} kind
 * @param {Record<string, any>} fields
 * @returns {Uint8Array} JSON, not yet padded
 * @throws {E2eeError} kind, fields, too-long
 */
export function encodePlaintext(kind, fields) {
    if (!isKind(kind)) {
        throw new E2eeError('kind');
    }
    const bytes = utf8(JSON.stringify({ kind, ...writeFields(KINDS[kind].fields, fields) }));
    if (bytes.length > PLAINTEXT_LIMIT) {
        throw new E2eeError('too-long');
    }
    return bytes;
}

/**
 * @param {Uint8Array} bytes without padding
 * @returns {{ kind: PlaintextKind, fields: Record<string, any> } | { kind: 'unknown', name: string }}
 *   fields are decoded and cleaned; of an unknown kind only the name is told
 * @throws {E2eeError} text, json, fields, base64, too-long
 */
export function decodePlaintext(bytes) {
    if (bytes.length > PLAINTEXT_LIMIT) {
        throw new E2eeError('too-long');
    }
    const members = parseJson(fromUtf8(bytes));
    const first = members.keys().next().value;
    const kind = members.get('kind');
    if (first !== 'kind' || typeof kind !== 'string') {
        throw new E2eeError('fields', 'kind');
    }
    if (!isKind(kind)) {
        return { kind: 'unknown', name: [...clean(kind)].slice(0, 64).join('') };
    }
    return { kind, fields: cleanAll(readFields(KINDS[kind].fields, members)) };
}

/** @param {Uint8Array} bytes */
export function padPlaintext(bytes) {
    return pad(BLOCK, bytes);
}

/**
 * @param {Uint8Array} padded
 * @returns {Uint8Array | null}
 */
export function unpadPlaintext(padded) {
    return unpad(BLOCK, padded);
}
