// @ts-check
/**
 * One entry at a time: which of the eight rules refuses it, if any, and what it changes if none
 * does. A refused entry changes nothing but the chain, which the thread keeps, and the count of
 * generations.
 *
 * @module
 */
import { equal, toHex } from './bytes.js';
import {
    bodyFits, entrySigned, HEADER_BYTES, INVITE, KEY, KEYS, MESSAGE, parseEntry, parseHeader,
    parseInviteBody, parseKeyBody, parseKeysBody, SEEN,
} from './entry.js';
import { judgeInvite, judgeKey, judgeKeys, judgeMessage, proofHolds } from './rules.js';
import { RECORDS } from './roster.js';

/** @typedef {import('./types.js').Header} Header */
/** @typedef {import('./types.js').Item} Item */
/** @typedef {import('./types.js').KeyBody} KeyBody */
/** @typedef {import('./types.js').KeysBody} KeysBody */
/** @typedef {import('./types.js').InviteBody} InviteBody */
/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Setting} Setting */

/**
 * An entry as the server gave it: whole, or of a taken-back message header and body hash alone.
 * @typedef {{ entry: Uint8Array, header?: undefined, bodyHash?: undefined, storedAt?: number }
 *   | { entry?: undefined, header: Uint8Array, bodyHash: Uint8Array, storedAt?: number }} Input
 */

/** @typedef {{ side: 'parent' | 'staff', hex: string, signPk: Uint8Array | null }} Who */
/** @typedef {{ rule: number, reason: string }} Refusal */
/** @typedef {{ taken: true, item: Item } | { taken: false, item: Item } & Refusal | { waiting: 'newer-roster' | 'roster-expired', serial: number }} Outcome */

/**
 * An entry cut up, with what the rules ask of it again and again.
 * @typedef {object} Parsed
 * @property {number} seq
 * @property {Header} header
 * @property {Uint8Array} headerBytes
 * @property {Uint8Array | null} body   null: withheld
 * @property {Uint8Array} signature
 * @property {string} authorHex
 */

/** @param {number} rule @param {string} reason @returns {Refusal} */
const refuse = (rule, reason) => ({ rule, reason });

/**
 * @param {number} seq
 * @param {Input} input
 * @returns {Parsed | null}
 */
function cut(seq, input) {
    try {
        if (input.entry) {
            const parsed = parseEntry(input.entry);
            return { seq, ...parsed, authorHex: toHex(parsed.header.authorId) };
        }
        const header = parseHeader(input.header);
        return {
            seq, header, headerBytes: input.header, body: null, signature: new Uint8Array(64),
            authorHex: toHex(header.authorId),
        };
    } catch {
        return null;
    }
}

/**
 * Rule 1: form.
 * @param {Setting} setting
 * @param {State} state
 * @param {Parsed | null} e
 * @returns {Refusal | null}
 */
function ruleForm(setting, state, e) {
    if (!e || e.headerBytes.length !== HEADER_BYTES) {
        return refuse(1, 'length');
    }
    const { version, type, threadId, entryId } = e.header;
    if (version !== 1) {
        return refuse(1, 'version');
    }
    if (type < MESSAGE || type > SEEN || (setting.notes && (type === INVITE || type === KEYS))) {
        return refuse(1, 'type');
    }
    if (!equal(threadId, setting.threadId)) {
        return refuse(1, 'thread');
    }
    if (e.body ? !bodyFits(type, e.body) : type !== MESSAGE || setting.unbacked.has(e.seq)) {
        return refuse(1, e.body ? 'length' : 'body-withheld');
    }
    return state.entryIds.has(toHex(entryId)) ? refuse(1, 'entry-id-used') : null;
}

/**
 * Rule 2: place.
 * @param {State} state
 * @param {Uint8Array[]} links
 * @param {Parsed} e
 * @returns {Refusal | null}
 */
function rulePlace(state, links, e) {
    const { type, prevSeq, prevLink } = e.header;
    if (prevSeq >= e.seq) {
        return refuse(2, 'prev-seq');
    }
    if (!equal(prevLink, links[prevSeq])) {
        return refuse(2, 'prev-link');
    }
    if (prevSeq < (state.lastTaken.get(e.authorHex) ?? 0)) {
        return refuse(2, 'own-order');
    }
    const alone = type === KEY || type === INVITE || type === KEYS;
    return alone && prevSeq !== e.seq - 1 ? refuse(2, 'not-next') : null;
}

/**
 * Rule 3: author.
 * @param {Setting} setting
 * @param {State} state
 * @param {Parsed} e
 * @param {KeyBody | null} keyBody
 * @returns {Who | Refusal}
 */
function ruleAuthor(setting, state, e, keyBody) {
    const staff = setting.roster.staff(e.header.authorId);
    if (staff) {
        const endedHere = keyBody && staff.ended !== 0 && keyBody.rosterSerial >= staff.ended;
        if (!state.counts(staff) || endedHere) {
            return refuse(3, 'left');
        }
        return { side: 'staff', hex: e.authorHex, signPk: staff.holder.signPk };
    }
    if (state.parentId && e.authorHex === state.parentHex) {
        return { side: 'parent', hex: e.authorHex, signPk: state.parentKeys?.signPk ?? null };
    }
    return refuse(3, 'unknown-author');
}

/**
 * Rule 4: signature. A taken-back message has none any more: its author's retract, whose signed
 * prev_link covers the header, stands for it.
 * @param {Parsed} e
 * @param {Who} who
 * @param {KeysBody | null} keysBody
 * @returns {Refusal | null}
 */
function ruleSignature(e, who, keysBody) {
    if (!e.body) {
        return null;
    }
    const pk = keysBody ? keysBody.signPk : who.signPk;
    if (!pk) {
        return refuse(4, 'no-keys');
    }
    return entrySigned(pk, e.headerBytes, e.body, e.signature) ? null : refuse(4, 'signature');
}

/**
 * Rule 5: side and generation.
 * @param {State} state
 * @param {Parsed} e
 * @param {Who} who
 * @returns {Refusal | null}
 */
function ruleSide(state, e, who) {
    const { type, generation } = e.header;
    if (e.seq === 1 && type !== KEY) {
        return refuse(5, 'not-key-first');
    }
    if ((type === KEY || type === INVITE) && who.side !== 'staff') {
        return refuse(5, 'side');
    }
    if (type === KEYS && who.side !== 'parent') {
        return refuse(5, 'side');
    }
    if (type === KEY) {
        return generation === state.counted + 1 ? null : refuse(5, 'generation');
    }
    return state.current && generation === state.generation ? null : refuse(5, 'generation');
}

/**
 * An empty line of the thread.
 * @param {number} seq
 * @param {Item['kind']} kind
 * @param {Parsed | null} e
 * @param {Input} input
 * @returns {Item}
 */
function newItem(seq, kind, e, input) {
    return {
        seq,
        kind,
        entryId: e ? e.header.entryId : null,
        author: null,
        sentAt: e ? e.header.sentAt : 0,
        storedAt: input.storedAt ?? 0,
        body: {},
    };
}

/**
 * @param {Setting} setting
 * @param {State} state
 * @param {Parsed} e
 * @param {Who} who
 * @param {Item} item
 */
function putAuthor(setting, state, e, who, item) {
    const { reader, roster } = setting;
    item.author = {
        id: e.header.authorId,
        idHex: who.hex,
        side: who.side,
        name: who.side === 'staff' ? roster.staff(e.header.authorId)?.holder.name ?? '' : '',
        confirmed: true,
        mine: reader.id !== undefined && equal(reader.id, e.header.authorId),
    };
}

/**
 * What every taken entry changes.
 * @param {State} state
 * @param {Parsed} e
 * @param {Who} who
 */
function takeAny(state, e, who) {
    state.entryIds.add(toHex(e.header.entryId));
    state.lastTaken.set(e.authorHex, e.seq);
    if (e.header.type === MESSAGE || e.header.type === SEEN) {
        state.seenBy[who.side] = Math.max(state.seenBy[who.side], e.header.prevSeq);
    }
}

/**
 * @param {Setting} setting
 * @param {State} state
 * @param {Parsed} e
 * @param {KeyBody} body
 * @param {import('./state.js').SeenKey} entry
 * @param {Item} item
 */
function takeKey(setting, state, e, body, entry, item) {
    entry.taken = true;
    state.current = entry;
    state.lastNamed = body.rosterSerial;
    state.shown = new Set([e.authorHex]);
    // What a leaver adds, with a server that lets it in late, settles nothing.
    if (setting.roster.staff(e.header.authorId)?.ended === 0) {
        state.settled = body.rosterSerial;
        if (state.parentKeys) {
            state.parentKeys.granted = true;
        }
    }
    item.body = { generation: entry.generation, ...readersOf(setting, body) };
}

/**
 * Who a key entry lets read, by name.
 * @param {Setting} setting
 * @param {KeyBody} body
 */
export function readersOf(setting, body) {
    /** @param {number} kind @returns {import('./types.js').ReaderName | null} */
    const named = (kind) => {
        const grant = body.grants.find((one) => one.kind === kind);
        const row = grant && setting.roster.find(kind, grant.holderId, grant.holderGeneration);
        return row ? {
            id: row.holder.id,
            idHex: toHex(row.holder.id),
            name: row.holder.name,
            generation: row.holder.generation,
            ended: row.ended !== 0,
        } : null;
    };
    return {
        rosterSerial: body.rosterSerial,
        team: named(2),
        records: named(RECORDS),
        parent: body.grants.length === 3,
    };
}

/**
 * @param {State} state
 * @param {Parsed} e
 * @param {InviteBody} body
 * @param {Item} item
 */
function takeInvite(state, e, body, item) {
    endInvites(state);
    state.parentId = body.parentId;
    state.parentHex = toHex(body.parentId);
    item.body = { inviteId: body.inviteId, expiresAt: body.expiresAt, state: 'open' };
    state.invites.set(e.seq, {
        seq: e.seq,
        authorHex: e.authorHex,
        authorId: e.header.authorId,
        sentAt: e.header.sentAt,
        inviteId: body.inviteId,
        acceptPk: body.acceptPk,
        expiresAt: body.expiresAt,
        state: 'open',
        item,
    });
}

/** @param {State} state */
function endInvites(state) {
    const open = state.openInvite;
    if (open) {
        open.state = 'ended';
        open.item.body.state = 'ended';
    }
}

/**
 * @param {Setting} setting
 * @param {State} state
 * @param {Parsed} e
 * @param {KeysBody} body
 * @param {Item} item
 */
function takeKeys(setting, state, e, body, item) {
    const before = state.parentKeys;
    const invite = state.invites.get(body.by);
    if (invite) {
        invite.state = 'used';
        invite.item.body.state = 'used';
    }
    // By the old keys: nobody invited anew, so the inviter on record stays, and so does the question
    // whether keys of that invitation were ever let in.
    endInvites(state);
    state.parentKeys = {
        seq: e.seq,
        signPk: body.signPk,
        boxPk: body.boxPk,
        inviteSeq: invite ? invite.seq : before?.inviteSeq ?? 0,
        acceptedAt: invite ? e.header.sentAt : before?.acceptedAt ?? 0,
        granted: invite ? false : before?.granted ?? false,
    };
    const record = state.invites.get(state.parentKeys.inviteSeq);
    item.body = {
        by: body.by,
        inviterId: record?.authorId ?? null,
        inviterName: record ? setting.roster.staff(record.authorId)?.holder.name ?? '' : '',
        again: before !== null,
    };
}

/**
 * A message that was taken back is not shown any more, whether or not the server still has it.
 * @param {State} state
 * @param {number} target
 * @param {number} by
 */
function takeBack(state, target, by) {
    const item = state.items[target - 1];
    item.kind = 'taken-back';
    item.body = {};
    item.retractedBy = by;
}

/**
 * Judge the next entry. `links` has every link up to and including this entry's.
 * @param {Setting} setting
 * @param {State} state
 * @param {Uint8Array[]} links
 * @param {Input} input
 * @returns {Outcome}
 */
export function judge(setting, state, links, input) {
    const seq = state.seq + 1;
    const e = cut(seq, input);
    const form = ruleForm(setting, state, e);
    if (form || !e) {
        return finish(state, input, e, form ?? refuse(1, 'length'));
    }
    const { type } = e.header;
    const bytes = e.body ?? new Uint8Array(0);
    const keyBody = type === KEY ? parseKeyBody(bytes) : null;
    const keysBody = type === KEYS ? parseKeysBody(bytes) : null;

    const place = rulePlace(state, links, e);
    const who = ruleAuthor(setting, state, e, keyBody);
    const unknown = 'rule' in who;
    const signature = unknown ? who : ruleSignature(e, who, keysBody);
    if (unknown && who.reason === 'unknown-author') {
        state.wantsRoster = true;
    }
    // A keys entry vouches for its own signature, so only the proof in it shows whose it is.
    const proper = !signature && (!keysBody
        || (e.authorHex === state.parentHex && proofHolds(setting, state, keysBody)));
    if (place && proper && e.body && (place.reason === 'prev-link' || place.reason === 'prev-seq')) {
        state.stop ??= { alarm: 'histories-differ', seq };
    }
    const refused = place ?? (unknown ? who : signature ?? ruleSide(state, e, who));
    if (keyBody && !place && (!refused || (unknown && who.reason === 'unknown-author'))) {
        if (keyBody.rosterSerial > setting.roster.serial) {
            return { waiting: 'newer-roster', serial: keyBody.rosterSerial };
        }
        if (!refused && seq > setting.frozenAfter) {
            return { waiting: 'roster-expired', serial: setting.roster.serial };
        }
    }
    /** @type {import('./state.js').SeenKey | null} */
    let entry = null;
    if (keyBody && !signature) {
        // Counted from here on, whatever else is wrong with it: a bad one costs a number only.
        state.counted = Math.max(state.counted, e.header.generation);
        entry = { seq, generation: e.header.generation, body: keyBody, taken: false, key: null };
    }
    if (refused || unknown) {
        keepKey(state, entry);
        return finish(state, input, e, refused ?? /** @type {Refusal} */ (who));
    }
    return judgeContent(setting, state, input, e, who, { keyBody, keysBody, entry });
}

/**
 * @param {State} state
 * @param {import('./state.js').SeenKey | null} entry
 */
function keepKey(state, entry) {
    if (entry) {
        state.keyEntries.push(entry);
    }
}

/**
 * Rules 6 to 8, for an entry that is in its place and signed.
 * @param {Setting} setting
 * @param {State} state
 * @param {Input} input
 * @param {Parsed} e
 * @param {Who} who
 * @param {{ keyBody: KeyBody | null, keysBody: KeysBody | null, entry: import('./state.js').SeenKey | null }} parts
 * @returns {Outcome}
 */
function judgeContent(setting, state, input, e, who, { keyBody, keysBody, entry }) {
    const item = newItem(e.seq, 'warning', e, input);
    const inviter = () => state.invites.get(state.parentKeys?.inviteSeq ?? 0);
    if (keyBody && entry) {
        const found = judgeKey(setting, state, e.seq, e.header, keyBody);
        keepKey(state, entry);
        if (found.reason !== null) {
            const out = finish(state, input, e, refuse(6, found.reason));
            if (found.reason === 'team-changed' && 'item' in out) {
                out.item.body = readersOf(setting, keyBody);
            }
            return out;
        }
        entry.key = found.key;
        item.kind = 'key';
        takeKey(setting, state, e, keyBody, entry, item);
    } else if (e.header.type === INVITE) {
        const body = parseInviteBody(/** @type {Uint8Array} */ (e.body));
        const reason = judgeInvite(setting, state, e.authorHex, body);
        if (reason) {
            return finish(state, input, e, refuse(7, reason));
        }
        item.kind = 'invite';
        takeInvite(state, e, body, item);
    } else if (keysBody) {
        const reason = judgeKeys(setting, state, keysBody);
        if (reason) {
            return finish(state, input, e, refuse(7, reason));
        }
        item.kind = 'keys';
        takeKeys(setting, state, e, keysBody, item);
    } else if (e.header.type === SEEN) {
        item.kind = 'seen';
        item.body = { upTo: e.header.prevSeq };
    } else if (!e.body) {
        item.kind = 'taken-back';
        state.messages.set(e.seq, e.authorHex);
    } else {
        const found = judgeMessage(setting, state, {
            headerBytes: e.headerBytes, body: e.body, authorHex: e.authorHex, side: who.side,
        });
        if (found.reason !== null) {
            return finish(state, input, e, refuse(8, found.reason));
        }
        item.kind = found.kind;
        item.body = { kind: found.kind, ...found.fields };
        state.shown.add(e.authorHex);
        state.messages.set(e.seq, e.authorHex);
        if (found.kind === 'retract') {
            takeBack(state, found.fields.seq, e.seq);
        }
    }
    putAuthor(setting, state, e, who, item);
    takeAny(state, e, who);
    if (who.side === 'parent') {
        state.inviters.set(e.seq, inviter()?.authorHex ?? '');
    }
    state.seq = e.seq;
    state.items.push(item);
    return { taken: true, item };
}

/**
 * A warning in its place.
 * @param {State} state
 * @param {Input} input
 * @param {Parsed | null} e
 * @param {Refusal} why
 * @returns {Outcome}
 */
function finish(state, input, e, why) {
    const item = newItem(state.seq + 1, 'warning', e, input);
    item.rule = why.rule;
    item.reason = why.reason;
    item.claimed = e ? e.authorHex : '';
    state.seq += 1;
    state.items.push(item);
    return { taken: false, item, ...why };
}
