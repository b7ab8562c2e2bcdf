// @ts-check
/**
 * An invitation: a secret in a link, a code that goes another way, and the parcel that both open
 * together. `inviteKeys` is slow; run it in a worker.
 *
 * @module
 */
import { concat, equal, fromB64, fromUtf8, label, toB64, utf8 } from './bytes.js';
import { E2eeError } from './errors.js';
import { readFields, writeFields } from './fields.js';
import { parseJson } from './json.js';
import { aead, aeadOpen, argon2id, hash, kdf, pad, signPair, unpad } from './primitives.js';
import { fromTyped } from './typed.js';

/** @typedef {import('./types.js').Random} Random */
/** @typedef {import('./types.js').KeyPair} KeyPair */
/** @typedef {import('./types.js').Parcel} Parcel */

export const SECRET_BYTES = 15;
export const CODE_DIGITS = 12;
const BLOCK = 1024;

const THREAD_FIELDS = { id: 'b16', generation: 'i', key: 'b32', seq: 'i', link: 'b32' };
/** @type {import('./fields.js').Table} */
const PARCEL_FIELDS = {
    service: 's', roots: ['b32'], serial: 'i', address: 's', parent: 'b16',
    threads: [THREAD_FIELDS],
};

/**
 * @param {Random} random
 * @returns {{ secret: Uint8Array, code: string }}
 */
export function newInvite(random) {
    let code = '';
    while (code.length < CODE_DIGITS) {
        // 250 and above would make the digits 0 to 5 a little likelier than the rest.
        for (const byte of random(CODE_DIGITS)) {
            if (byte < 250 && code.length < CODE_DIGITS) {
                code += String(byte % 10);
            }
        }
    }
    return { secret: random(SECRET_BYTES), code };
}

/** @param {Uint8Array} secret */
export function inviteId(secret) {
    return hash(16, label('sendline-invite-v1'), secret);
}

/**
 * Digits as people type them, with spaces or hyphens between.
 * @param {string} text
 * @returns {string | null} null: not twelve digits
 */
export function normalCode(text) {
    const code = text.normalize('NFKC').replace(/[\s\u2010-\u2015-]/g, '');
    return /^[0-9]{12}$/.test(code) ? code : null;
}

/**
 * Slow: everything that secret and code give together.
 * @param {Uint8Array} secret
 * @param {string} code twelve digits
 * @returns {{ inviteId: Uint8Array, seed: Uint8Array, accept: KeyPair, wrap: Uint8Array }}
 */
export function inviteKeys(secret, code) {
    if (secret.length !== SECRET_BYTES || !/^[0-9]{12}$/.test(code)) {
        throw new E2eeError('invite');
    }
    const id = inviteId(secret);
    const seed = argon2id(concat(secret, utf8(code)), id);
    return {
        inviteId: id,
        seed,
        accept: signPair(kdf(seed, 1, 'SLinvite')),
        wrap: kdf(seed, 2, 'SLinvite'),
    };
}

/**
 * What goes behind the number sign of the link.
 * @param {Uint8Array} secret
 */
export function linkFragment(secret) {
    return `#i=${toB64(secret)}`;
}

/**
 * @param {string} fragment `location.hash`
 * @returns {Uint8Array | null} the secret; null: no invitation in it
 */
export function parseFragment(fragment) {
    const found = /^#i=([A-Za-z0-9_-]{20})$/.exec(fragment);
    return found ? fromB64(found[1], SECRET_BYTES) : null;
}

/**
 * The secret from whatever the person has: the link, or the typed form from a letter.
 * @param {string} text
 * @returns {{ ok: true, bytes: Uint8Array } | { ok: false, group: number }}
 */
export function readSecret(text) {
    const hashAt = text.indexOf('#');
    const linked = hashAt < 0 ? null : parseFragment(text.slice(hashAt).trim());
    return linked ? { ok: true, bytes: linked } : fromTyped(text);
}

/** @param {Uint8Array} id */
function parcelAd(id) {
    return concat(label('sendline-parcel-v1'), id);
}

/**
 * Staff, and tests.
 * @param {Uint8Array} wrap
 * @param {Uint8Array} id of the invite
 * @param {Parcel} parcel
 * @param {Random} random
 */
export function sealParcel(wrap, id, parcel, random) {
    const json = utf8(JSON.stringify(writeFields(PARCEL_FIELDS, parcel)));
    return sealParcelBytes(wrap, id, json, random);
}

/**
 * @param {Uint8Array} wrap
 * @param {Uint8Array} id
 * @param {Uint8Array} json
 * @param {Random} random
 */
export function sealParcelBytes(wrap, id, json, random) {
    return aead(wrap, parcelAd(id), pad(BLOCK, json), random);
}

/**
 * @param {Uint8Array} wrap
 * @param {Uint8Array} id
 * @param {Uint8Array} sealed
 * @returns {Uint8Array} JSON
 * @throws {E2eeError} does-not-open
 */
export function openParcelBytes(wrap, id, sealed) {
    const padded = aeadOpen(wrap, parcelAd(id), sealed);
    const json = padded && unpad(BLOCK, padded);
    if (!json) {
        throw new E2eeError('does-not-open');
    }
    return json;
}

/**
 * @param {Uint8Array} wrap
 * @param {Uint8Array} id
 * @param {Uint8Array} sealed
 * @param {string} service the name built into the page
 * @returns {Parcel}
 * @throws {E2eeError} does-not-open, json, fields, service: it is for another service
 */
export function openParcel(wrap, id, sealed, service) {
    const members = parseJson(fromUtf8(openParcelBytes(wrap, id, sealed)));
    const parcel = /** @type {Parcel} */ (readFields(PARCEL_FIELDS, members));
    if (!equal(utf8(parcel.service), utf8(service))) {
        throw new E2eeError('service');
    }
    return parcel;
}
