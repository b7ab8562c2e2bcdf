// @ts-check
/**
 * Who may be trusted today. The server stores and serves all of this and can change none of it:
 * every roster is signed by a root that the one before it named.
 *
 * @module
 */
import { concat, Cursor, equal, fromUtf8, isZero, label, toHex, u16, u32, u64, u8, utf8 } from './bytes.js';
import { E2eeError } from './errors.js';
import { clean } from './plaintext.js';
import { hash, sign, verify } from './primitives.js';
import { toTyped } from './typed.js';

/** @typedef {import('./types.js').Holder} Holder */
/** @typedef {import('./types.js').Roster} Roster */
/** @typedef {import('./types.js').RosterRow} RosterRow */
/** @typedef {import('./types.js').RosterAlarm} RosterAlarm */
/** @typedef {import('./types.js').Trust} Trust */

export const STAFF = 1;
export const TEAM = 2;
export const RECORDS = 3;
const MAX_ROOTS = 8;
const MAX_ROWS = 2000;
/** The longest time that a roster may be valid. */
export const VALIDITY_S = 92 * 24 * 60 * 60;

const HOLDER_LABEL = 'sendline-holder-v1';
const ROSTER_LABEL = 'sendline-roster-v1';
const PRINT_LABEL = 'sendline-print-v1';

/** @param {Holder} h */
export function encodeHolder(h) {
    const name = utf8(h.name);
    return concat(
        label(HOLDER_LABEL), u8(h.kind), h.id, u32(h.generation), h.signPk, h.boxPk,
        u8(name.length), name);
}

/**
 * @param {Uint8Array} bytes
 * @returns {Holder}
 * @throws {E2eeError} label, length, text, holder
 */
export function parseHolder(bytes) {
    const c = new Cursor(bytes);
    c.label(HOLDER_LABEL);
    const kind = c.u8();
    const id = c.take(16);
    const generation = c.u32();
    const signPk = c.take(32);
    const boxPk = c.take(32);
    const name = fromUtf8(c.take(c.u8()));
    c.end();
    const staff = kind === STAFF;
    if (kind < STAFF || kind > RECORDS || staff === isZero(signPk) || (staff && generation !== 1)) {
        throw new E2eeError('holder');
    }
    return { kind: /** @type {1 | 2 | 3} */ (kind), id, generation, signPk, boxPk, name };
}

/** What a new colleague reads out. @param {Uint8Array} holder encoded */
export function holderPrint(holder) {
    return toTyped(hash(32, label(PRINT_LABEL), holder).slice(0, 15));
}

/** What a new colleague hears. @param {Uint8Array} rootPk */
export function rootPrint(rootPk) {
    return toTyped(hash(32, label(PRINT_LABEL), rootPk).slice(0, 15));
}

/**
 * @param {{ serial: number, issuedAt: number, expiresAt: number, roots: Uint8Array[], rows: RosterRow[] }} r
 * @returns {Uint8Array} the part that is signed
 */
export function encodeRoster(r) {
    return concat(
        label(ROSTER_LABEL), u32(r.serial), u64(r.issuedAt), u64(r.expiresAt),
        u8(r.roots.length), ...r.roots,
        u16(r.rows.length), ...r.rows.map((row) => concat(row.hash, u32(row.ended))));
}

/**
 * For tests and tools: in earnest, the manager's command line signs.
 * @param {Uint8Array} rootSk
 * @param {Parameters<typeof encodeRoster>[0]} roster
 */
export function signRoster(rootSk, roster) {
    const bytes = encodeRoster(roster);
    return concat(bytes, sign(rootSk, bytes));
}

/**
 * @param {Uint8Array} bytes roster and signature
 * @returns {Roster} nobody has checked the signature yet
 * @throws {E2eeError} label, length, out-of-range, roster
 */
export function parseRoster(bytes) {
    const c = new Cursor(bytes);
    c.label(ROSTER_LABEL);
    const serial = c.u32();
    const issuedAt = c.clock();
    const expiresAt = c.clock();
    const roots = Array.from({ length: c.u8() }, () => c.take(32));
    const rows = Array.from({ length: c.u16() }, () => ({ hash: c.take(32), ended: c.u32() }));
    const signed = bytes.slice(0, c.at);
    const signature = c.take(64);
    c.end();
    const distinct = new Set(rows.map((row) => toHex(row.hash)));
    if (serial === 0 || roots.length === 0 || roots.length > MAX_ROOTS
        || rows.length > MAX_ROWS || distinct.size !== rows.length
        || rows.some((row) => row.ended > serial)) {
        throw new E2eeError('roster');
    }
    return { serial, issuedAt, expiresAt, roots, rows, signature, signed, hash: hash(32, signed) };
}

/** @param {number} kind @param {Uint8Array} id @param {number} generation */
function nameOf(kind, id, generation) {
    return `${kind}/${toHex(id)}/${generation}`;
}

/** A roster whose signature was followed back to a trusted root, with the people in it. */
export class TrustedRoster {
    /**
     * @param {Roster} roster
     * @param {{ holder: Holder, ended: number }[]} people
     */
    constructor(roster, people) {
        this.serial = roster.serial;
        this.hash = roster.hash;
        this.issuedAt = roster.issuedAt;
        this.expiresAt = roster.expiresAt;
        this.roots = roster.roots;
        this.people = people;
        /** Rows whose holder record the server did not give: they are nobody until it does. */
        this.missing = roster.rows.length - people.length;
        this.byName = new Map(people.map((p) =>
            [nameOf(p.holder.kind, p.holder.id, p.holder.generation), p]));
        this.ids = new Set(people.map((p) => toHex(p.holder.id)));
    }

    /**
     * @param {number} kind
     * @param {Uint8Array} id
     * @param {number} generation
     */
    find(kind, id, generation) {
        return this.byName.get(nameOf(kind, id, generation)) ?? null;
    }

    /** @param {Uint8Array} id */
    staff(id) {
        return this.find(STAFF, id, 1);
    }

    /** Whether any holder, current or not, has this id. @param {Uint8Array} id */
    hasId(id) {
        return this.ids.has(toHex(id));
    }

    /** @param {number} now */
    expired(now) {
        return now >= this.expiresAt;
    }
}

/**
 * @param {{ ended: number }} row
 * @param {number} serial
 */
export function currentAt(row, serial) {
    return row.ended === 0 || row.ended > serial;
}

/**
 * Rows are never removed, and an end once set stays as it is.
 * @param {Roster} before
 * @param {Roster} after
 */
function rowsPersist(before, after) {
    const rows = new Map(after.rows.map((row) => [toHex(row.hash), row.ended]));
    return before.rows.every((row) => {
        const ended = rows.get(toHex(row.hash));
        if (ended === undefined || row.ended !== 0) {
            return ended === row.ended;
        }
        return ended === 0 || ended > before.serial;
    });
}

/**
 * @param {Roster} roster
 * @param {Uint8Array[]} roots
 */
function signedByOne(roster, roots) {
    return roots.some((root) => verify(root, roster.signature, roster.signed));
}

/**
 * One step of the walk.
 * @param {Trust} trust
 * @param {Roster | null} last the roster taken before in this walk
 * @param {Roster} next
 * @returns {RosterAlarm['name'] | 'same' | null} null: take it
 */
function judgeRoster(trust, last, next) {
    if (next.serial < trust.serial) {
        return 'older';
    }
    if (next.serial === trust.serial && trust.hash) {
        if (equal(next.hash, trust.hash)) {
            // Checked when it was first taken; the roots it hands over to need not be its signers.
            return last ? 'same' : null;
        }
        return signedByOne(next, trust.roots) ? 'two-of-one-serial' : 'not-signed';
    }
    if (!signedByOne(next, trust.roots)) {
        return 'not-signed';
    }
    if (next.expiresAt < next.issuedAt || next.expiresAt - next.issuedAt > VALIDITY_S) {
        return 'too-long';
    }
    return last && !rowsPersist(last, next) ? 'rows-lost' : null;
}

/**
 * @param {Roster} roster
 * @param {Uint8Array[]} records
 * @returns {{ people: { holder: Holder, ended: number }[], clash: boolean }}
 */
function findPeople(roster, records) {
    const rows = new Map(roster.rows.map((row) => [toHex(row.hash), row]));
    /** @type {Map<string, { holder: Holder, ended: number }>} */
    const people = new Map();
    /** @type {Set<string>} */
    const clashes = new Set();
    for (const record of records) {
        const row = rows.get(toHex(hash(32, record)));
        if (!row) {
            continue;
        }
        rows.delete(toHex(row.hash));
        let holder;
        try {
            holder = parseHolder(record);
        } catch {
            continue;
        }
        const name = nameOf(holder.kind, holder.id, holder.generation);
        if (people.has(name)) {
            clashes.add(name);
        }
        // In one line, so that a name cannot write a second one.
        const shown = clean(holder.name).replace(/[\n\t]/g, ' ');
        people.set(name, { holder: { ...holder, name: shown }, ended: row.ended });
    }
    // Two records of one name cannot both be right, so neither is anybody.
    clashes.forEach((name) => people.delete(name));
    return { people: [...people.values()], clash: clashes.size > 0 };
}

/**
 * Walk the rosters that the server gave, in its order, from a remembered state of trust. It stops at
 * the first that is not right: what was taken until then stays, and the alarm says why.
 * @param {Trust} trust
 * @param {Uint8Array[]} rosters from `trust.serial` on, each with its signature
 * @param {Uint8Array[]} holders records, in any order; those not in the roster are ignored
 * @returns {{ roster: TrustedRoster | null, trust: Trust, alarms: RosterAlarm[] }} the trust to
 *   remember from now on; expiry is applied by whoever uses the roster
 */
export function walkRosters(trust, rosters, holders) {
    /** @type {RosterAlarm[]} */
    const alarms = [];
    /** @type {Roster | null} */
    let last = null;
    let state = trust;
    for (const bytes of rosters) {
        let next;
        try {
            next = parseRoster(bytes);
        } catch {
            alarms.push({ name: 'malformed', serial: 0 });
            break;
        }
        const verdict = judgeRoster(state, last, next);
        if (verdict === 'same') {
            continue;
        }
        if (verdict) {
            alarms.push({ name: verdict, serial: next.serial });
            break;
        }
        last = next;
        state = { roots: next.roots, serial: next.serial, hash: next.hash };
    }
    if (!last) {
        if (alarms.length === 0) {
            alarms.push({ name: 'none', serial: trust.serial });
        }
        return { roster: null, trust, alarms };
    }
    const { people, clash } = findPeople(last, holders);
    if (clash) {
        alarms.push({ name: 'holders-clash', serial: last.serial });
    }
    return { roster: new TrustedRoster(last, people), trust: state, alarms };
}
