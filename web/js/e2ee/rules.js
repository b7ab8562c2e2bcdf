// @ts-check
/**
 * Rules 6 to 8, one function each. They look at the state and change nothing; a string says why an
 * entry is refused.
 *
 * @module
 */
import { equal, isZero, toHex } from './bytes.js';
import { acceptBytes, messageAd, previousAd } from './entry.js';
import { decodePlaintext, maySend, unpadPlaintext } from './plaintext.js';
import { aeadOpen, canSealTo, sealOpen, verify } from './primitives.js';
import { currentAt, RECORDS, TEAM } from './roster.js';
import { keyFits } from './state.js';

/** @typedef {import('./types.js').Grant} Grant */
/** @typedef {import('./types.js').Header} Header */
/** @typedef {import('./types.js').KeyBody} KeyBody */
/** @typedef {import('./types.js').KeysBody} KeysBody */
/** @typedef {import('./types.js').InviteBody} InviteBody */
/** @typedef {import('./types.js').Reader} Reader */
/** @typedef {import('./types.js').PlaintextKind} PlaintextKind */
/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Setting} Setting */

export const PARENT_GRANT = 4;
const READER_KIND = { parent: PARENT_GRANT, staff: TEAM, records: RECORDS };

/**
 * The key in this reader's own grant. A reader may hold several identities (generations of a team)
 * and a thread may go past them, so having no grant is not an error by itself.
 * @param {Reader} reader
 * @param {Grant[]} grants
 * @returns {{ own: false } | { own: true, key: Uint8Array | null }}
 */
export function openGrant(reader, grants) {
    for (const grant of grants) {
        if (grant.kind !== READER_KIND[reader.side]) {
            continue;
        }
        const me = reader.identities.find((one) => equal(one.box.pk, grant.boxPk));
        if (me) {
            return { own: true, key: sealOpen(me.box, grant.sealed) };
        }
    }
    return { own: false };
}

/**
 * The key that `previous` carries.
 * @param {Uint8Array} threadId
 * @param {{ generation: number, body: KeyBody }} entry
 * @param {Uint8Array} key
 */
export function openPrevious(threadId, entry, key) {
    return aeadOpen(key, previousAd(threadId, entry.generation), entry.body.previous);
}

/**
 * Whether an old key leads back to one that was taken. A key entry that was refused here may have
 * been good for others, so its key may stand in between: what matters is that the way goes on. A key
 * fits an entry or does not, so each is looked at once, or one author could keep us busy for ever.
 * @param {Setting} setting
 * @param {State} state
 * @param {Uint8Array} old
 * @param {number} before only key entries below this seq
 * @param {Set<number>} [visited]
 * @returns {boolean}
 */
function leadsBack(setting, state, old, before, visited = new Set()) {
    for (const entry of state.keyEntries) {
        if (entry.seq >= before || visited.has(entry.seq)
            || !keyFits(setting.threadId, entry, old)) {
            continue;
        }
        visited.add(entry.seq);
        if (entry.taken) {
            return true;
        }
        const older = openPrevious(setting.threadId, entry, old);
        if (older && leadsBack(setting, state, older, entry.seq, visited)) {
            return true;
        }
    }
    return false;
}

/**
 * @param {Setting} setting
 * @param {State} state
 * @param {Grant} grant
 * @param {number} serial
 */
function grantFits(setting, state, grant, serial) {
    if (grant.kind === PARENT_GRANT) {
        const keys = state.parentKeys;
        return keys !== null && state.parentId !== null && equal(grant.holderId, state.parentId)
            && grant.holderGeneration === keys.seq && equal(grant.boxPk, keys.boxPk);
    }
    const row = setting.roster.find(grant.kind, grant.holderId, grant.holderGeneration);
    return row !== null && currentAt(row, serial) && equal(grant.boxPk, row.holder.boxPk);
}

/**
 * Rule 6. The caller has seen to it that the roster named is not newer than ours.
 * @param {Setting} setting
 * @param {State} state
 * @param {number} seq
 * @param {Header} header
 * @param {KeyBody} body
 * @returns {{ reason: string } | { reason: null, key: Uint8Array | null }} key null: it cannot be
 *   opened with what this reader has, but nothing is wrong with it
 */
export function judgeKey(setting, state, seq, header, body) {
    const { roster } = setting;
    if (body.rosterSerial < state.lastNamed) {
        return { reason: 'roster-older' };
    }
    if (body.rosterSerial === roster.serial && !equal(body.rosterHash, roster.hash)) {
        return { reason: 'roster-differs' };
    }
    const wanted = state.parentKeys ? [TEAM, RECORDS, PARENT_GRANT] : [TEAM, RECORDS];
    const kinds = body.grants.map((grant) => grant.kind).sort();
    if (kinds.join() !== wanted.join()) {
        return { reason: 'grants' };
    }
    if (!body.grants.every((grant) => grantFits(setting, state, grant, body.rosterSerial))) {
        return { reason: 'grant-holder' };
    }
    const team = teamOf(body);
    if (state.current && !equal(team, teamOf(state.current.body)) && !setting.teams.has(toHex(team))) {
        return { reason: 'team-changed' };
    }
    const entry = { generation: header.generation, body };
    const grant = openGrant(setting.reader, body.grants);
    const key = grant.own ? grant.key : setting.keys.get(toHex(body.keyId)) ?? null;
    if ((grant.own && !key) || (key && !keyFits(setting.threadId, entry, key))) {
        return { reason: 'own-grant' };
    }
    if (header.generation === 1 || !state.current) {
        // Where every key entry so far was refused there is nothing to carry on from.
        return isZero(body.previous) ? { reason: null, key } : { reason: 'previous' };
    }
    if (key) {
        const old = openPrevious(setting.threadId, entry, key);
        if (!old || !leadsBack(setting, state, old, seq)) {
            return { reason: 'previous' };
        }
    }
    return { reason: null, key };
}

/** @param {KeyBody} body with exactly one team grant @returns {Uint8Array} */
export function teamOf(body) {
    return /** @type {Grant} */ (body.grants.find((grant) => grant.kind === TEAM)).holderId;
}

/**
 * Rule 7 for an invite.
 * @param {Setting} setting
 * @param {State} state
 * @param {string} authorHex
 * @param {InviteBody} body
 * @returns {string | null}
 */
export function judgeInvite(setting, state, authorHex, body) {
    if (!state.shown.has(authorHex)) {
        return 'key-not-shown';
    }
    if (setting.roster.hasId(body.parentId)
        || (state.parentId && !equal(state.parentId, body.parentId))) {
        return 'parent-id';
    }
    return null;
}

/**
 * Whether somebody who may speak for the parent vouched for these keys.
 * @param {Setting} setting
 * @param {State} state
 * @param {KeysBody} body
 */
export function proofHolds(setting, state, body) {
    const pk = body.by === 0 ? state.parentKeys?.signPk : state.invites.get(body.by)?.acceptPk;
    return pk !== undefined && state.parentId !== null
        && verify(pk, body.proof, acceptBytes(setting.threadId, state.parentId, body));
}

/**
 * Rule 7 for a keys entry.
 * @param {Setting} setting
 * @param {State} state
 * @param {KeysBody} body
 * @returns {string | null}
 */
export function judgeKeys(setting, state, body) {
    if (body.by !== 0) {
        const invite = state.invites.get(body.by);
        if (!invite) {
            return 'invite-unknown';
        }
        if (invite.state !== 'open') {
            return invite.state === 'used' ? 'invite-used' : 'invite-ended';
        }
        const inviter = setting.roster.staff(invite.authorId);
        if (!inviter || !state.counts(inviter)) {
            return 'inviter-left';
        }
    }
    if (!proofHolds(setting, state, body)) {
        return 'proof';
    }
    return canSealTo(body.boxPk) ? null : 'box-key';
}

/**
 * Rule 8.
 * @param {Setting} setting
 * @param {State} state
 * @param {{ headerBytes: Uint8Array, body: Uint8Array, authorHex: string, side: 'parent' | 'staff' }} m
 * @returns {{ reason: string } | { reason: null, kind: PlaintextKind | 'unknown', fields: Record<string, any> }}
 */
export function judgeMessage(setting, state, m) {
    const key = state.current?.key;
    if (!key) {
        return { reason: 'no-key' };
    }
    const padded = aeadOpen(key, messageAd(m.headerBytes), m.body);
    const bytes = padded && unpadPlaintext(padded);
    if (!bytes) {
        return { reason: 'does-not-open' };
    }
    let plain;
    try {
        plain = decodePlaintext(bytes);
    } catch {
        return { reason: 'plaintext' };
    }
    if (plain.kind === 'unknown') {
        return { reason: null, kind: 'unknown', fields: { name: plain.name } };
    }
    if (!maySend(plain.kind, m.side, setting.notes)) {
        return { reason: 'may-not-send' };
    }
    if (plain.kind === 'retract' && state.messages.get(plain.fields.seq) !== m.authorHex) {
        return { reason: 'retract' };
    }
    return { reason: null, kind: plain.kind, fields: plain.fields };
}
