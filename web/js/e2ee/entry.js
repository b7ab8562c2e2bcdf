// @ts-check
/**
 * Entries byte for byte: header, the five bodies, digest and chain. Whether an entry may be taken
 * is not decided here (see judge.js).
 *
 * @module
 */
import { concat, Cursor, label, u32, u64, u8 } from './bytes.js';
import { E2eeError } from './errors.js';
import { hash, sign, verify } from './primitives.js';

/** @typedef {import('./types.js').Header} Header */
/** @typedef {import('./types.js').KeyBody} KeyBody */
/** @typedef {import('./types.js').InviteBody} InviteBody */
/** @typedef {import('./types.js').KeysBody} KeysBody */
/** @typedef {import('./types.js').Grant} Grant */

export const HEADER_BYTES = 98;
export const SIGNATURE_BYTES = 64;
const GRANT_BYTES = 133;
const KEY_BYTES = 4 + 32 + 32 + 72 + 1;
/** Rule 6 wants two or three. Of an entry with more than these none counts. */
const MAX_GRANTS = 8;

export const MESSAGE = 1;
export const KEY = 2;
export const INVITE = 3;
export const KEYS = 4;
export const SEEN = 5;

const ENTRY_LABEL = label('sendline-entry-v1');
const CHAIN_LABEL = label('sendline-chain-v1');
const DIGEST_LABEL = label('sendline-digest-v1');
const BODY_LABEL = label('sendline-body-v1');
const KEY_LABEL = label('sendline-key-v1');
const MESSAGE_LABEL = label('sendline-message-v1');
const PREVIOUS_LABEL = label('sendline-previous-v1');

/** @param {Header} h */
export function encodeHeader(h) {
    return concat(
        u8(h.version), u8(h.type), h.threadId, h.authorId, h.entryId, u64(h.sentAt),
        u32(h.generation), u32(h.prevSeq), h.prevLink);
}

/**
 * @param {Uint8Array} bytes at least the header
 * @returns {Header}
 * @throws {E2eeError} length
 */
export function parseHeader(bytes) {
    const c = new Cursor(bytes);
    return {
        version: c.u8(),
        type: c.u8(),
        threadId: c.take(16),
        authorId: c.take(16),
        entryId: c.take(16),
        sentAt: c.clock(),
        generation: c.u32(),
        prevSeq: c.u32(),
        prevLink: c.take(32),
    };
}

/**
 * Cut an entry in three. Whether the body fits its type is `bodyFits`.
 * @param {Uint8Array} entry
 * @returns {{ header: Header, headerBytes: Uint8Array, body: Uint8Array, signature: Uint8Array }}
 * @throws {E2eeError} length
 */
export function parseEntry(entry) {
    if (entry.length < HEADER_BYTES + SIGNATURE_BYTES) {
        throw new E2eeError('length');
    }
    const headerBytes = entry.slice(0, HEADER_BYTES);
    return {
        header: parseHeader(headerBytes),
        headerBytes,
        body: entry.slice(HEADER_BYTES, entry.length - SIGNATURE_BYTES),
        signature: entry.slice(entry.length - SIGNATURE_BYTES),
    };
}

/**
 * @param {number} type
 * @param {Uint8Array} body
 */
export function bodyFits(type, body) {
    switch (type) {
    case MESSAGE:
        return body.length >= 296 && body.length <= 16680;
    case KEY:
        return body.length >= KEY_BYTES
            && body.length === KEY_BYTES + GRANT_BYTES * body[KEY_BYTES - 1];
    case INVITE:
        return body.length === 72;
    case KEYS:
        return body.length === 132;
    default:
        return body.length === 0;
    }
}

/** @param {KeyBody} b */
export function encodeKeyBody(b) {
    return concat(
        u32(b.rosterSerial), b.rosterHash, b.keyId, b.previous, u8(b.grants.length),
        ...b.grants.map((g) => concat(
            u8(g.kind), g.holderId, u32(g.holderGeneration), g.boxPk, g.sealed)));
}

/**
 * @param {Uint8Array} body
 * @returns {KeyBody}
 */
export function parseKeyBody(body) {
    const c = new Cursor(body);
    const out = {
        rosterSerial: c.u32(),
        rosterHash: c.take(32),
        keyId: c.take(32),
        previous: c.take(72),
        grants: /** @type {Grant[]} */ ([]),
    };
    const count = c.u8();
    if (count > MAX_GRANTS) {
        return out;
    }
    for (let left = count; left > 0; left--) {
        out.grants.push({
            kind: c.u8(),
            holderId: c.take(16),
            holderGeneration: c.u32(),
            boxPk: c.take(32),
            sealed: c.take(80),
        });
    }
    c.end();
    return out;
}

/** @param {InviteBody} b */
export function encodeInviteBody(b) {
    return concat(b.inviteId, b.parentId, b.acceptPk, u64(b.expiresAt));
}

/**
 * @param {Uint8Array} body
 * @returns {InviteBody}
 */
export function parseInviteBody(body) {
    const c = new Cursor(body);
    return {
        inviteId: c.take(16),
        parentId: c.take(16),
        acceptPk: c.take(32),
        expiresAt: c.clock(),
    };
}

/** @param {KeysBody} b */
export function encodeKeysBody(b) {
    return concat(u32(b.by), b.signPk, b.boxPk, b.proof);
}

/**
 * @param {Uint8Array} body
 * @returns {KeysBody}
 */
export function parseKeysBody(body) {
    const c = new Cursor(body);
    return { by: c.u32(), signPk: c.take(32), boxPk: c.take(32), proof: c.take(64) };
}

/**
 * What the proof in a keys entry signs: the new keys, for this thread and this invitation only.
 * @param {Uint8Array} threadId
 * @param {Uint8Array} parentId
 * @param {{ by: number, signPk: Uint8Array, boxPk: Uint8Array }} keys
 */
export function acceptBytes(threadId, parentId, keys) {
    return concat(
        label('sendline-accept-v1'), threadId, parentId, u32(keys.by), keys.signPk, keys.boxPk);
}

/**
 * @param {Uint8Array} signSk
 * @param {Header} header
 * @param {Uint8Array} body
 * @returns {Uint8Array} the whole entry
 */
export function signEntry(signSk, header, body) {
    const bytes = encodeHeader(header);
    return concat(bytes, body, sign(signSk, ENTRY_LABEL, bytes, body));
}

/**
 * @param {Uint8Array} signPk
 * @param {Uint8Array} headerBytes
 * @param {Uint8Array} body
 * @param {Uint8Array} signature
 */
export function entrySigned(signPk, headerBytes, body, signature) {
    return verify(signPk, signature, ENTRY_LABEL, headerBytes, body);
}

/**
 * @param {Uint8Array} body
 * @param {Uint8Array} signature
 */
export function bodyHash(body, signature) {
    return hash(32, BODY_LABEL, body, signature);
}

/**
 * @param {Uint8Array} headerBytes
 * @param {Uint8Array} hashOfBody
 */
export function digest(headerBytes, hashOfBody) {
    return hash(32, DIGEST_LABEL, headerBytes, hashOfBody);
}

/** @param {Uint8Array} threadId */
export function linkZero(threadId) {
    return hash(32, CHAIN_LABEL, threadId, u32(0), new Uint8Array(64));
}

/**
 * @param {Uint8Array} threadId
 * @param {number} seq
 * @param {Uint8Array} before
 * @param {Uint8Array} digestOfEntry
 */
export function link(threadId, seq, before, digestOfEntry) {
    return hash(32, CHAIN_LABEL, threadId, u32(seq), before, digestOfEntry);
}

/**
 * @param {Uint8Array} threadId
 * @param {number} generation
 * @param {Uint8Array} threadKey
 */
export function keyId(threadId, generation, threadKey) {
    return hash(32, KEY_LABEL, threadId, u32(generation), threadKey);
}

/** The associated data of a message. @param {Uint8Array} headerBytes */
export function messageAd(headerBytes) {
    return concat(MESSAGE_LABEL, headerBytes);
}

/**
 * The associated data of `previous`: id of the thread or team, and the new generation.
 * @param {Uint8Array} id
 * @param {number} generation
 */
export function previousAd(id, generation) {
    return concat(PREVIOUS_LABEL, id, u32(generation));
}

/**
 * Staff notes of a case are a thread whose id anybody with the case id can work out.
 * @param {Uint8Array} caseId
 */
export function notesThreadId(caseId) {
    return hash(16, label('sendline-notes-v1'), caseId);
}
