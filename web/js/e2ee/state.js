// @ts-check
/**
 * What one pass over a thread has learnt so far. The rules read it, `judge.js` alone changes it.
 *
 * @module
 */
import { toHex } from './bytes.js';
import { keyId } from './entry.js';

/** @typedef {import('./types.js').KeyBody} KeyBody */
/** @typedef {import('./types.js').Item} Item */
/** @typedef {import('./types.js').Stop} Stop */
/** @typedef {import('./types.js').Reader} Reader */
/** @typedef {import('./roster.js').TrustedRoster} TrustedRoster */

/**
 * A key entry whose signature held, taken or refused.
 * @typedef {object} SeenKey
 * @property {number} seq
 * @property {number} generation
 * @property {KeyBody} body
 * @property {boolean} taken
 * @property {Uint8Array | null} key  null: none of this reader's keys opens it (yet)
 */

/**
 * @typedef {object} SeenInvite
 * @property {number} seq
 * @property {string} authorHex
 * @property {Uint8Array} authorId
 * @property {number} sentAt
 * @property {Uint8Array} inviteId
 * @property {Uint8Array} acceptPk
 * @property {number} expiresAt
 * @property {'open' | 'used' | 'ended'} state
 * @property {Item} item
 */

/**
 * @typedef {object} ParentKeys
 * @property {number} seq
 * @property {Uint8Array} signPk
 * @property {Uint8Array} boxPk
 * @property {number} inviteSeq     the invitation on record
 * @property {number} acceptedAt    by the clock of the entry that used that invitation
 * @property {boolean} granted      whether somebody who has not left granted to keys of that invitation
 */

/**
 * What stays the same during a pass.
 * @typedef {object} Setting
 * @property {Uint8Array} threadId
 * @property {TrustedRoster} roster
 * @property {Reader} reader
 * @property {boolean} notes
 * @property {Set<string>} teams        hex ids of teams that a person named
 * @property {Map<string, Uint8Array>} keys  by hex key_id: what can be had without an own grant
 * @property {number} frozenAfter       key entries after this seq wait (Infinity: none do)
 * @property {Set<number>} unbacked     entries without a body that no retract names
 */

export class State {
    constructor() {
        this.seq = 0;
        /** @type {Set<string>} */
        this.entryIds = new Set();
        /** @type {Map<string, number>} author → last taken entry */
        this.lastTaken = new Map();
        /** Serial of the roster that the last taken key entry named. */
        this.lastNamed = 0;
        /**
         * The same for key entries by somebody who has not left: two leavers must not be able to clear
         * each other.
         */
        this.settled = 0;
        /** Highest generation of a key entry whose signature held. */
        this.counted = 0;
        /** @type {SeenKey[]} */
        this.keyEntries = [];
        /** @type {SeenKey | null} */
        this.current = null;
        /** @type {Set<string>} who has shown the key of the current generation */
        this.shown = new Set();
        /** @type {Uint8Array | null} */
        this.parentId = null;
        this.parentHex = '';
        /** @type {ParentKeys | null} */
        this.parentKeys = null;
        /** @type {Map<number, SeenInvite>} */
        this.invites = new Map();
        /** @type {Map<number, string>} taken messages → author */
        this.messages = new Map();
        this.seenBy = { parent: 0, staff: 0 };
        /** @type {Stop | null} */
        this.stop = null;
        this.wantsRoster = false;
        /** @type {Item[]} */
        this.items = [];
        /** @type {Map<number, string>} parent's entries → who had invited them */
        this.inviters = new Map();
    }

    get generation() {
        return this.current ? this.current.generation : 0;
    }

    /** @returns {SeenInvite | null} */
    get openInvite() {
        for (const invite of this.invites.values()) {
            if (invite.state === 'open') {
                return invite;
            }
        }
        return null;
    }

    /**
     * Somebody who has left counts until a taken key entry names a roster that knows it.
     * @param {{ ended: number }} person
     */
    counts(person) {
        return person.ended === 0 || this.lastNamed < person.ended;
    }

    /**
     * Whether nothing is left to settle about a staff member.
     * @param {TrustedRoster} roster
     * @param {Uint8Array} id
     */
    confirmed(roster, id) {
        const person = roster.staff(id);
        return person !== null && (person.ended === 0 || this.settled >= person.ended);
    }
}

/**
 * Which key, if any, has this key_id in this thread?
 * @param {Uint8Array} threadId
 * @param {{ generation: number, body: KeyBody }} entry
 * @param {Uint8Array} key
 */
export function keyFits(threadId, entry, key) {
    return toHex(keyId(threadId, entry.generation, key)) === toHex(entry.body.keyId);
}
