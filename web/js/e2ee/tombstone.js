// @ts-check
/**
 * What is left of a thread after its retention: a staff signature that says it was deleted. Without
 * it, a thread that a client remembers and cannot find is an alarm.
 *
 * @module
 */
import { concat, Cursor, equal, label, u32, u64 } from './bytes.js';
import { sign, verify } from './primitives.js';

/** @typedef {import('./types.js').Point} Point */
/** @typedef {{ threadId: Uint8Array, last: Point, deletedAt: number }} Tombstone */

const TOMBSTONE_LABEL = 'sendline-tombstone-v1';

/** @param {Tombstone} t */
function encode({ threadId, last, deletedAt }) {
    return concat(label(TOMBSTONE_LABEL), threadId, u32(last.seq), last.link, u64(deletedAt));
}

/**
 * @param {Uint8Array} sk
 * @param {Tombstone} tombstone
 * @returns {Uint8Array} what is signed, then the signature
 */
export function signTombstone(sk, tombstone) {
    const bytes = encode(tombstone);
    return concat(bytes, sign(sk, bytes));
}

/**
 * @param {Uint8Array} bytes
 * @returns {Tombstone & { signed: Uint8Array, signature: Uint8Array }}
 * @throws {import('./errors.js').E2eeError} label, length
 */
export function parseTombstone(bytes) {
    const c = new Cursor(bytes);
    c.label(TOMBSTONE_LABEL);
    const threadId = c.take(16);
    const last = { seq: c.u32(), link: c.take(32) };
    const deletedAt = c.u64();
    const signed = bytes.slice(0, c.at);
    const signature = c.take(64);
    c.end();
    return { threadId, last, deletedAt, signed, signature };
}

/**
 * Whether a thread that we remember was deleted in due form, by somebody who is staff now.
 * @param {Uint8Array} bytes
 * @param {{ threadId: Uint8Array, remembered: Point | null, authorId: Uint8Array, roster: import('./roster.js').TrustedRoster }} given
 *   authorId: who the server says signed it
 * @returns {Tombstone | null} null: no proper tombstone
 */
export function checkTombstone(bytes, { threadId, remembered, authorId, roster }) {
    let found;
    try {
        found = parseTombstone(bytes);
    } catch {
        return null;
    }
    const staff = roster.staff(authorId);
    if (!staff || !equal(found.threadId, threadId)
        || !verify(staff.holder.signPk, found.signature, found.signed)) {
        return null;
    }
    // It must not be about less than we have seen, nor about another history.
    if (remembered && (found.last.seq < remembered.seq
        || (found.last.seq === remembered.seq && !equal(found.last.link, remembered.link)))) {
        return null;
    }
    return found;
}
