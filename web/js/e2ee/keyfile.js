// @ts-check
/**
 * The key file of a staff member, a root or a records officer. The web app has none; tests and tools
 * read and write them. Slow, and needs 256 MiB.
 *
 * @module
 */
import { concat, Cursor, label, u8 } from './bytes.js';
import { E2eeError } from './errors.js';
import { aead, aeadOpen, argon2idFile } from './primitives.js';

/** @typedef {import('./types.js').Random} Random */

const FILE_LABEL = 'sendline-file-v1';

/**
 * @param {Uint8Array} passphrase
 * @param {{ kind: 1 | 2 | 3, id: Uint8Array, seed: Uint8Array }} content 1 staff, 2 root (id zero), 3 half
 * @param {Random} random salt first, then the nonce
 */
export function sealKeyFile(passphrase, { kind, id, seed }, random) {
    const salt = random(16);
    const head = concat(label(FILE_LABEL), u8(kind), id, salt);
    return concat(head, aead(argon2idFile(passphrase, salt), head, seed, random));
}

/**
 * @param {Uint8Array} passphrase
 * @param {Uint8Array} file
 * @returns {{ kind: number, id: Uint8Array, seed: Uint8Array }}
 * @throws {E2eeError} label, length, does-not-open
 */
export function openKeyFile(passphrase, file) {
    const c = new Cursor(file);
    c.label(FILE_LABEL);
    const kind = c.u8();
    const id = c.take(16);
    const salt = c.take(16);
    const head = file.slice(0, c.at);
    const seed = aeadOpen(argon2idFile(passphrase, salt), head, file.slice(c.at));
    if (!seed || seed.length !== 32) {
        throw new E2eeError('does-not-open');
    }
    return { kind, id, seed };
}
