// @ts-check
/**
 * Entries to post. Everything is made for one place in the chain: when the server answers
 * `entry_stale`, take what is new and make the entry again with the same `entryId`.
 *
 * @module
 */
import {
    acceptBytes, encodeHeader, encodeInviteBody, encodeKeyBody, encodeKeysBody, INVITE, KEY, keyId,
    KEYS, MESSAGE, messageAd, previousAd, SEEN, signEntry,
} from './entry.js';
import { E2eeError } from './errors.js';
import { encodePlaintext, padPlaintext } from './plaintext.js';
import { aead, seal, sign } from './primitives.js';
import { PARENT_GRANT } from './rules.js';

/** @typedef {import('./types.js').Header} Header */
/** @typedef {import('./types.js').Identity} Identity */
/** @typedef {import('./types.js').KeyPair} KeyPair */
/** @typedef {import('./types.js').Random} Random */

/**
 * Where an entry is to stand. A `Thread` is one.
 * @typedef {object} Place
 * @property {Uint8Array} threadId
 * @property {import('./types.js').Point} head
 * @property {number} generation
 * @property {Uint8Array | null} key
 */

/** @typedef {{ id: Uint8Array, sign: KeyPair }} Writer */
/** @typedef {{ now: number, random: Random, entryId?: Uint8Array }} Means */
/** @typedef {{ entryId: Uint8Array, entry: Uint8Array, header: Header }} Composed */
/** @typedef {{ kind: number, holderId: Uint8Array, holderGeneration: number, boxPk: Uint8Array }} Recipient */

/**
 * @param {Place} place
 * @param {Uint8Array} authorId
 * @param {number} type
 * @param {Means} means
 * @param {Partial<Header>} [other]
 * @returns {Header}
 */
function newHeader(place, authorId, type, means, other = {}) {
    return {
        version: 1,
        type,
        threadId: place.threadId,
        authorId,
        entryId: means.entryId ?? means.random(16),
        sentAt: means.now,
        generation: place.generation,
        prevSeq: place.head.seq,
        prevLink: place.head.link,
        ...other,
    };
}

/**
 * @param {KeyPair} pair
 * @param {Header} header
 * @param {Uint8Array} body
 * @returns {Composed}
 */
function signed(pair, header, body) {
    return { entryId: header.entryId, entry: signEntry(pair.sk, header, body), header };
}

/**
 * @param {Place} place
 * @param {Writer} me
 * @param {{ kind: string } & Record<string, any>} plaintext
 * @param {Means} means
 * @returns {Composed}
 * @throws {E2eeError} kind, fields, too-long, no-key
 */
export function message(place, me, plaintext, means) {
    return messageBytes(place, me, encodePlaintext(plaintext.kind, plaintext), means);
}

/**
 * The same with the JSON ready-made: for vectors, and for tests that say what nobody may.
 * @param {Place} place
 * @param {Writer} me
 * @param {Uint8Array} json
 * @param {Means} means
 * @returns {Composed}
 */
export function messageBytes(place, me, json, means) {
    if (!place.key) {
        throw new E2eeError('no-key');
    }
    const header = newHeader(place, me.id, MESSAGE, means);
    const body = aead(
        place.key, messageAd(encodeHeader(header)), padPlaintext(json), means.random);
    return signed(me.sign, header, body);
}

/**
 * "I have read everything up to here." To be posted only after the person has looked.
 * @param {Place} place
 * @param {Writer} me
 * @param {import('./types.js').Point} upTo the last entry shown
 * @param {Means} means
 * @returns {Composed}
 */
export function seen(place, me, upTo, means) {
    const header = newHeader(place, me.id, SEEN, means, { prevSeq: upTo.seq, prevLink: upTo.link });
    return signed(me.sign, header, new Uint8Array(0));
}

/**
 * A parent's new keys, signed with themselves.
 * @param {Place} place
 * @param {Uint8Array} parentId
 * @param {Identity} identity the new one
 * @param {{ by: number, prove: KeyPair }} proof `by`: seq of the invite, `prove`: its accept pair; or
 *   0 and the old sign pair
 * @param {Means} means
 * @returns {Composed}
 */
export function keysEntry(place, parentId, identity, { by, prove }, means) {
    const keys = { by, signPk: identity.sign.pk, boxPk: identity.box.pk };
    const proof = sign(prove.sk, acceptBytes(place.threadId, parentId, keys));
    const header = newHeader(place, parentId, KEYS, means);
    return signed(identity.sign, header, encodeKeysBody({ ...keys, proof }));
}

/**
 * Staff: a new key for the thread.
 * @param {Place} place
 * @param {Writer} me
 * @param {{ generation: number, key: Uint8Array, roster: { serial: number, hash: Uint8Array },
 *   recipients: Recipient[], oldKey?: Uint8Array | null }} change `generation`: one more than the
 *   newest signed one; `oldKey` absent: nothing to carry on
 * @param {Means} means randomness is used for the nonce of `previous`, then for each grant in order
 * @returns {Composed}
 */
export function keyEntry(place, me, change, means) {
    const { generation, key, roster, recipients, oldKey } = change;
    const header = newHeader(place, me.id, KEY, means, { generation });
    const previous = oldKey
        ? aead(key, previousAd(place.threadId, generation), oldKey, means.random)
        : new Uint8Array(72);
    const body = encodeKeyBody({
        rosterSerial: roster.serial,
        rosterHash: roster.hash,
        keyId: keyId(place.threadId, generation, key),
        previous,
        grants: recipients.map((to) => ({ ...to, sealed: seal(to.boxPk, key, means.random) })),
    });
    return signed(me.sign, header, body);
}

/**
 * Staff: the next generation of a thread, for its team, the records officers and its parent.
 * @param {import('./thread.js').Thread} thread
 * @param {Writer} me
 * @param {{ team: import('./types.js').Holder, records: import('./types.js').Holder, agreed?: boolean }} to
 *   `agreed`: the person said yes to the inviter whom `thread.firstGrant` names
 * @param {Means} means
 * @returns {Composed}
 * @throws {E2eeError} ask-first
 */
export function rotate(thread, me, { team, records, agreed = false }, means) {
    const question = thread.firstGrant;
    if (question && !agreed && !question.inviter.id.every((byte, i) => byte === me.id[i])) {
        throw new E2eeError('ask-first');
    }
    /** @type {Recipient[]} */
    const recipients = [team, records].map((holder) => ({
        kind: holder.kind,
        holderId: holder.id,
        holderGeneration: holder.generation,
        boxPk: holder.boxPk,
    }));
    if (thread.parentKeys && thread.parentId) {
        recipients.push({
            kind: PARENT_GRANT,
            holderId: thread.parentId,
            holderGeneration: thread.parentKeys.seq,
            boxPk: thread.parentKeys.boxPk,
        });
    }
    return keyEntry(thread, me, {
        generation: thread.nextGeneration,
        key: means.random(32),
        roster: thread.roster,
        recipients,
        oldKey: thread.key,
    }, means);
}

/**
 * Staff: invite the parent.
 * @param {Place} place
 * @param {Writer} me
 * @param {import('./types.js').InviteBody} invite
 * @param {Means} means
 * @returns {Composed}
 */
export function inviteEntry(place, me, invite, means) {
    return signed(me.sign, newHeader(place, me.id, INVITE, means), encodeInviteBody(invite));
}
