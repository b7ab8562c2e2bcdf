// @ts-check
/**
 * The shapes that cross module borders. No code: importing this file costs nothing.
 *
 * Bytes are always `Uint8Array`, times Unix seconds, ids 16 bytes. What is shown to people has
 * been through `plaintext.clean`, so a view may put it into a text node as it is (never as markup).
 *
 * @module
 */

/** @typedef {(n: number) => Uint8Array} Random  n fresh random bytes; tests pass a seeded one */

/** @typedef {{ pk: Uint8Array, sk: Uint8Array }} KeyPair */

/**
 * @typedef {object} Identity
 * @property {Uint8Array} seed
 * @property {KeyPair} sign
 * @property {KeyPair} box
 * @property {Uint8Array} lock    teams: wraps the seed of the generation before
 * @property {Uint8Array} drafts  parents: seals drafts in local storage
 */

/** @typedef {{ seq: number, link: Uint8Array }} Point  a place in the chain that was checked */

/**
 * What a client remembers about trust, beside its key file or in the vault.
 * @typedef {object} Trust
 * @property {Uint8Array[]} roots
 * @property {number} serial
 * @property {Uint8Array} [hash]  of the roster with that serial, if it was ever seen
 */

/**
 * @typedef {object} Holder
 * @property {1 | 2 | 3} kind     1 staff, 2 team, 3 records
 * @property {Uint8Array} id
 * @property {number} generation
 * @property {Uint8Array} signPk  zeros unless staff
 * @property {Uint8Array} boxPk
 * @property {string} name
 */

/** @typedef {{ hash: Uint8Array, ended: number }} RosterRow */

/**
 * A parsed roster. Parsing proves nothing: only `walkRosters` gives one that may be trusted.
 * @typedef {object} Roster
 * @property {number} serial
 * @property {number} issuedAt
 * @property {number} expiresAt
 * @property {Uint8Array[]} roots
 * @property {RosterRow[]} rows
 * @property {Uint8Array} signature
 * @property {Uint8Array} signed  the bytes under the signature
 * @property {Uint8Array} hash
 */

/**
 * @typedef {object} RosterAlarm
 * @property {'malformed' | 'not-signed' | 'older' | 'two-of-one-serial' | 'rows-lost' | 'too-long'
 *   | 'holders-clash' | 'none'} name
 * @property {number} serial  of the roster that raised it
 */

/**
 * What a vault, a parcel and the thread know of one thread.
 * @typedef {object} KnownThread
 * @property {Uint8Array} id
 * @property {number} generation
 * @property {Uint8Array} key
 * @property {number} seq
 * @property {Uint8Array} link
 * @property {Uint8Array} [team]  a team that the parent agreed to, when the thread changed teams
 */

/**
 * @typedef {object} Vault
 * @property {Uint8Array} seed
 * @property {string} service
 * @property {Uint8Array[]} roots
 * @property {number} serial
 * @property {Uint8Array} [rosterHash]
 * @property {KnownThread[]} threads
 */

/**
 * @typedef {object} Parcel
 * @property {string} service
 * @property {Uint8Array[]} roots
 * @property {number} serial
 * @property {string} address
 * @property {Uint8Array} parent
 * @property {KnownThread[]} threads
 */

/** @typedef {1 | 2 | 3 | 4 | 5} EntryType  message, key, invite, keys, seen */

/**
 * @typedef {object} Header
 * @property {number} version
 * @property {number} type
 * @property {Uint8Array} threadId
 * @property {Uint8Array} authorId
 * @property {Uint8Array} entryId
 * @property {number} sentAt
 * @property {number} generation
 * @property {number} prevSeq
 * @property {Uint8Array} prevLink
 */

/**
 * @typedef {object} Grant
 * @property {number} kind        2 team, 3 records, 4 parent
 * @property {Uint8Array} holderId
 * @property {number} holderGeneration  for the parent: seq of their keys entry
 * @property {Uint8Array} boxPk
 * @property {Uint8Array} sealed  80 bytes
 */

/** @typedef {{ rosterSerial: number, rosterHash: Uint8Array, keyId: Uint8Array, previous: Uint8Array, grants: Grant[] }} KeyBody */
/** @typedef {{ inviteId: Uint8Array, parentId: Uint8Array, acceptPk: Uint8Array, expiresAt: number }} InviteBody */
/** @typedef {{ by: number, signPk: Uint8Array, boxPk: Uint8Array, proof: Uint8Array }} KeysBody */

/**
 * Who reads: the parent, a staff member through the team's seeds, or a records officer.
 * @typedef {object} Reader
 * @property {'parent' | 'staff' | 'records'} side
 * @property {Uint8Array} [id]        parent or staff id: whose entries are "mine"
 * @property {Identity[]} identities  every identity whose box key may open grants, any order:
 *   parent: their own; staff: one for each team generation held; records: theirs
 */

/** @typedef {{ id: Uint8Array, idHex: string, side: 'parent' | 'staff', name: string, confirmed: boolean, mine: boolean }} Author
 *  `name` is empty for the parent (the card has it). `confirmed` false: they, or who invited them, have left since, and no key entry has settled it */

/** @typedef {'text' | 'file' | 'call' | 'profile' | 'form' | 'agreed' | 'confirm' | 'card' | 'reason' | 'letter' | 'note' | 'retract'} PlaintextKind */

/**
 * One line of the thread, in its place.
 * @typedef {object} Item
 * @property {number} seq
 * @property {PlaintextKind | 'unknown' | 'key' | 'invite' | 'keys' | 'seen' | 'taken-back' | 'warning'} kind
 * @property {Uint8Array | null} entryId
 * @property {Author | null} author   null in warnings: nobody's words
 * @property {number} sentAt          by the author's clock; 0 if it cannot be read
 * @property {number} storedAt        by the server's clock, 0 if it was not given
 * @property {Record<string, any>} body  messages: the plaintext, bytes decoded, text cleaned, `kind`
 *   first; key: {generation, rosterSerial, team, records, parent}; invite: {inviteId, expiresAt,
 *   state: 'open'|'used'|'ended'}; keys: {by, inviterName, inviterId, again}; unknown: {name};
 *   seen: {upTo}; taken-back: {}; warning: {}
 * @property {number} [rule]    warnings: the rule (1 to 8) that refused it
 * @property {string} [reason]  warnings: a fixed short name (see README), for the catalogue of words
 * @property {string} [claimed] warnings: hex id of who it claims to be from, for a details line only
 * @property {number} [retractedBy] seq of the retract
 */

/** @typedef {{ ok: true, item: Item } | { ok: false, rule: number, reason: string, item: Item } | { ok: false, waiting: 'newer-roster' | 'roster-expired', serial: number }} Verdict */

/** @typedef {{ alarm: 'another-history' | 'histories-differ', seq: number }} Stop */

/** @typedef {{ id: Uint8Array, idHex: string, name: string, generation: number, ended: boolean }} ReaderName */

/** @typedef {{ id: Uint8Array, idHex: string, name: string, invitedAt: number, acceptedAt: number, seq: number, confirmed: boolean }} Inviter */

export {};
