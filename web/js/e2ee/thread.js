// @ts-check
/**
 * A thread as one reader sees it: every entry judged in order, from the first.
 *
 * Judging is a pure function of the entries, the roster and the keys held, so when one of these
 * turns out differently (a newer roster, a person's yes to another team, a key that opens older
 * ones) everything is judged again from the start instead of being patched up.
 *
 * @module
 */
import { equal, toHex } from './bytes.js';
import { bodyFits, bodyHash, digest, HEADER_BYTES, KEY, keyId, link, linkZero, parseEntry, parseKeyBody } from './entry.js';
import { E2eeError } from './errors.js';
import { judge, readersOf } from './judge.js';
import { openGrant, openPrevious } from './rules.js';
import { keyFits, State } from './state.js';

/** @typedef {import('./types.js').Item} Item */
/** @typedef {import('./types.js').Point} Point */
/** @typedef {import('./types.js').Stop} Stop */
/** @typedef {import('./types.js').Verdict} Verdict */
/** @typedef {import('./types.js').Inviter} Inviter */
/** @typedef {import('./types.js').Reader} Reader */
/** @typedef {import('./types.js').KnownThread} KnownThread */
/** @typedef {import('./roster.js').TrustedRoster} TrustedRoster */
/** @typedef {import('./state.js').Setting} Setting */
/** @typedef {import('./judge.js').Input} Input */
/** @typedef {Input & { seq: number }} NumberedInput */

/**
 * @typedef {object} ThreadOptions
 * @property {Uint8Array} threadId
 * @property {TrustedRoster} roster
 * @property {Reader} reader
 * @property {{ generation: number, key: Uint8Array }[]} [held]
 * @property {Point | null} [checkpoint]
 * @property {Uint8Array[]} [teams]
 * @property {boolean} [notes]
 * @property {() => number} now
 */

/** @typedef {{ ok: true, ask?: 'roster-expired' } | { ok: false, why: string }} SendState */

/**
 * Links are computed for whatever the server gave, judged or not.
 * @param {Uint8Array} threadId
 * @param {number} seq
 * @param {Uint8Array} before
 * @param {Input} input
 */
function nextLink(threadId, seq, before, input) {
    const { entry } = input;
    // Too short to have a body and a signature, it still has a place in the chain.
    const found = entry
        ? digest(entry.slice(0, HEADER_BYTES),
            bodyHash(entry.slice(HEADER_BYTES), new Uint8Array(0)))
        : digest(input.header, input.bodyHash);
    return link(threadId, seq, before, found);
}

/**
 * @param {Input} input
 * @returns {{ generation: number, body: import('./types.js').KeyBody } | null}
 */
function keyEntryIn(input) {
    if (!input.entry || input.entry[0] !== 1 || input.entry[1] !== KEY) {
        return null;
    }
    try {
        const { header, body } = parseEntry(input.entry);
        return bodyFits(KEY, body)
            ? { generation: header.generation, body: parseKeyBody(body) } : null;
    } catch {
        return null;
    }
}

/**
 * Every thread key that the reader can get at, newest first: by a grant, from what it held, or out of
 * the `previous` of a newer one. A key counts only for the key_id that it gives, so nothing is
 * believed here; the rules judge each entry afterwards.
 * @param {Uint8Array} threadId
 * @param {Reader} reader
 * @param {{ generation: number, key: Uint8Array }[]} held
 * @param {Input[]} inputs
 */
function reachableKeys(threadId, reader, held, inputs) {
    /** @type {Map<string, Uint8Array>} */
    const keys = new Map(held.map(({ generation, key }) =>
        [toHex(keyId(threadId, generation, key)), key]));
    const entries = inputs.map(keyEntryIn).filter((one) => one !== null);
    for (let i = entries.length - 1; i >= 0; i--) {
        const entry = entries[i];
        const id = toHex(entry.body.keyId);
        if (!keys.has(id)) {
            const grant = openGrant(reader, entry.body.grants);
            if (grant.own && grant.key && keyFits(threadId, entry, grant.key)) {
                keys.set(id, grant.key);
            }
        }
        const key = keys.get(id);
        const old = key && openPrevious(threadId, entry, key);
        if (old) {
            for (const older of entries.slice(0, i)) {
                if (keyFits(threadId, older, old)) {
                    keys.set(toHex(older.body.keyId), old);
                }
            }
        }
    }
    return keys;
}

export class Thread {
    /** @param {ThreadOptions} options */
    constructor(options) {
        this.threadId = options.threadId;
        this.roster = options.roster;
        this.reader = options.reader;
        this.held = options.held ?? [];
        this.checkpoint = options.checkpoint && options.checkpoint.seq > 0
            ? options.checkpoint : null;
        this.teams = new Set((options.teams ?? []).map(toHex));
        this.notes = options.notes ?? false;
        this.now = options.now;
        /** @type {Input[]} */
        this.inputs = [];
        /** @type {Uint8Array[]} */
        this.links = [linkZero(this.threadId)];
        /** @type {Stop | null} */
        this.lost = null;
        /** @type {Set<number>} */
        this.unbacked = new Set();
        /** @type {{ why: 'newer-roster' | 'roster-expired', serial: number } | null} */
        this.waiting = null;
        this.state = new State();
        /** @type {Setting} */
        this.setting = this.newSetting();
    }

    /** @returns {Setting} */
    newSetting() {
        const expired = this.roster.expired(this.now());
        return {
            threadId: this.threadId,
            roster: this.roster,
            reader: this.reader,
            notes: this.notes,
            teams: this.teams,
            keys: reachableKeys(this.threadId, this.reader, this.held, this.inputs),
            // What was checked under a roster in force stays readable; nothing new comes to it.
            frozenAfter: expired && this.reader.side === 'parent'
                ? this.checkpoint?.seq ?? 0 : Infinity,
            unbacked: this.unbacked,
        };
    }

    /**
     * All entries that the server has, in order, from the one after `head`.
     * @param {NumberedInput[]} inputs
     */
    load(inputs) {
        inputs.forEach((input) => this.append(input.seq, input));
        this.judgeAll();
    }

    /**
     * The server has no more than `lastSeq`: is what we remember among it?
     * @param {number} [lastSeq]
     * @returns {Stop | null}
     */
    complete(lastSeq = this.inputs.length) {
        if (lastSeq > this.inputs.length) {
            throw new E2eeError('gap');
        }
        if (this.checkpoint && this.checkpoint.seq > this.inputs.length) {
            this.lost ??= { alarm: 'another-history', seq: this.checkpoint.seq };
        }
        return this.stopped;
    }

    /**
     * One more entry.
     * @param {number} seq
     * @param {Uint8Array} entry
     * @param {{ storedAt?: number }} [more]
     * @returns {Verdict}
     * @throws {E2eeError} gap: fetch what lies between first
     */
    take(seq, entry, more = {}) {
        return this.takeInput({ seq, entry, storedAt: more.storedAt });
    }

    /**
     * The same, also for a message that was taken back before we came.
     * @param {NumberedInput} input
     * @returns {Verdict}
     */
    takeInput(input) {
        const { seq } = input;
        if (!this.append(seq, input)) {
            return this.verdict(seq);
        }
        const { waiting, state: { current } } = this;
        if (!waiting) {
            this.step(input);
        }
        // A retract may vouch for a message without a body.
        const vouches = !waiting && (this.unbacked.size > 0 || !input.entry);
        if (vouches || this.opensOlder(input)) {
            this.judgeAll();
        } else {
            this.mark(this.state.current !== current ? 0 : seq - 1);
        }
        return this.verdict(seq);
    }

    /**
     * Whether a key entry, taken or not, leads to the key of an older one that could not be opened.
     * @param {Input} input
     */
    opensOlder(input) {
        const unread = this.state.keyEntries.filter((entry) => entry.taken && !entry.key);
        if (unread.length === 0 || !keyEntryIn(input)) {
            return false;
        }
        const keys = reachableKeys(this.threadId, this.reader, this.held, this.inputs);
        return unread.some((entry) => keys.has(toHex(entry.body.keyId)));
    }

    /** @param {TrustedRoster} roster */
    setRoster(roster) {
        this.roster = roster;
        this.judgeAll();
    }

    /**
     * A person said that this other team may have the thread.
     * @param {Uint8Array} teamId
     */
    nameTeam(teamId) {
        this.teams.add(toHex(teamId));
        this.judgeAll();
    }

    /**
     * @param {number} seq
     * @param {Input} input
     * @returns {boolean} false: we have it
     */
    append(seq, input) {
        if (seq > this.inputs.length + 1 || seq < 1) {
            throw new E2eeError('gap');
        }
        const found = nextLink(this.threadId, seq, this.links[seq - 1], input);
        if (seq <= this.inputs.length) {
            if (!equal(found, this.links[seq])) {
                this.lost ??= { alarm: 'another-history', seq };
            }
            return false;
        }
        this.inputs.push(input);
        this.links.push(found);
        if (this.checkpoint?.seq === seq && !equal(this.checkpoint.link, found)) {
            this.lost ??= { alarm: 'another-history', seq };
        }
        return true;
    }

    /** @param {Input} input */
    step(input) {
        const out = judge(this.setting, this.state, this.links, input);
        if ('waiting' in out) {
            this.waiting = { why: out.waiting, serial: out.serial };
            return false;
        }
        return true;
    }

    /** Judge everything again, until every message without a body has its retract or is refused. */
    judgeAll() {
        this.unbacked = new Set();
        for (;;) {
            this.state = new State();
            this.waiting = null;
            this.setting = this.newSetting();
            for (const input of this.inputs) {
                if (!this.step(input)) {
                    break;
                }
            }
            const without = this.state.items.filter((item) =>
                item.kind === 'taken-back' && item.retractedBy === undefined);
            if (without.length === 0) {
                break;
            }
            without.forEach((item) => this.unbacked.add(item.seq));
        }
        this.mark(0);
    }

    /**
     * Say of each author whether they, or the one who invited them, still stand confirmed.
     * @param {number} from
     */
    mark(from) {
        /** @type {Map<string, boolean>} */
        const known = new Map();
        for (const item of this.state.items.slice(from)) {
            if (!item.author) {
                continue;
            }
            const hex = item.author.side === 'staff'
                ? item.author.idHex : this.state.inviters.get(item.seq) ?? '';
            let confirmed = known.get(hex);
            if (confirmed === undefined) {
                confirmed = this.isConfirmed(hex);
                known.set(hex, confirmed);
            }
            item.author.confirmed = confirmed;
        }
    }

    /** @param {string} staffHex */
    isConfirmed(staffHex) {
        const person = this.roster.people.find((p) =>
            p.holder.kind === 1 && toHex(p.holder.id) === staffHex);
        return person !== undefined && this.state.confirmed(this.roster, person.holder.id);
    }

    /**
     * @param {number} seq
     * @returns {Verdict}
     */
    verdict(seq) {
        const item = this.state.items[seq - 1];
        if (!item) {
            const { why, serial } = this.waiting ?? { why: 'newer-roster', serial: 0 };
            return { ok: false, waiting: why, serial };
        }
        return item.rule === undefined
            ? { ok: true, item }
            : { ok: false, rule: item.rule, reason: item.reason ?? '', item };
    }

    /** @returns {Item[]} */
    get items() {
        return this.state.items;
    }

    /** @returns {Point} where the next entry goes on from */
    get head() {
        return { seq: this.inputs.length, link: this.links[this.inputs.length] };
    }

    get generation() {
        return this.state.generation;
    }

    /** What the next key entry must have. */
    get nextGeneration() {
        return this.state.counted + 1;
    }

    /** @returns {Uint8Array | null} */
    get key() {
        return this.state.current?.key ?? null;
    }

    /** Title of the thread: body of the newest card. */
    get card() {
        for (let i = this.state.items.length - 1; i >= 0; i--) {
            if (this.state.items[i].kind === 'card') {
                return this.state.items[i].body;
            }
        }
        return null;
    }

    /** Who can read what is written now, by name; null before the first key entry. */
    get canRead() {
        return this.state.current ? readersOf(this.setting, this.state.current.body) : null;
    }

    /** @returns {Inviter | null} who invited the parent whose keys are in force */
    get inviter() {
        const { parentKeys } = this.state;
        const invite = this.state.invites.get(parentKeys?.inviteSeq ?? 0);
        if (!parentKeys || !invite) {
            return null;
        }
        return {
            id: invite.authorId,
            idHex: invite.authorHex,
            name: this.roster.staff(invite.authorId)?.holder.name ?? '',
            invitedAt: invite.sentAt,
            acceptedAt: parentKeys.acceptedAt,
            seq: invite.seq,
            confirmed: this.isConfirmed(invite.authorHex),
        };
    }

    /**
     * For a writer of key entries: keys of an invitation were accepted and nobody has granted to them
     * yet. A person must say yes to the inviter by name, unless that is themselves. For an inviter who
     * has left (`confirmed` false) it stands open until a key entry has settled it, whoever granted
     * before.
     * @returns {{ inviter: Inviter } | null}
     */
    get firstGrant() {
        const { inviter } = this;
        return inviter && !(this.state.parentKeys?.granted && inviter.confirmed)
            ? { inviter } : null;
    }

    /** The invitation that can still be accepted, or null. */
    get invite() {
        return this.state.openInvite;
    }

    get parentId() {
        return this.state.parentId;
    }

    get parentKeys() {
        return this.state.parentKeys;
    }

    get seenBy() {
        return this.state.seenBy;
    }

    get wantsRoster() {
        return this.state.wantsRoster;
    }

    /** @returns {Stop | null} */
    get stopped() {
        return this.lost ?? this.state.stop;
    }

    /** @returns {SendState} */
    sendState() {
        if (this.stopped) {
            return { ok: false, why: this.stopped.alarm };
        }
        if (this.waiting) {
            return { ok: false, why: this.waiting.why };
        }
        const why = this.reader.side === 'parent' ? this.parentMayNot() : this.staffMayNot();
        if (why) {
            return { ok: false, why };
        }
        return this.roster.expired(this.now()) ? { ok: true, ask: 'roster-expired' } : { ok: true };
    }

    parentMayNot() {
        const keys = this.state.parentKeys;
        if (!keys || !this.reader.identities.some((me) => equal(me.sign.pk, keys.signPk))) {
            return 'keys-replaced';
        }
        return this.key ? null : 'no-key';
    }

    staffMayNot() {
        const me = this.reader.id && this.roster.staff(this.reader.id);
        if (!me || me.ended !== 0) {
            return 'not-in-roster';
        }
        if (this.roster.expired(this.now())) {
            return 'roster-expired';
        }
        return this.key ? null : 'no-key';
    }

    /**
     * What to remember: the last place that was judged, and the key there. After an alarm it is what
     * was remembered before, so that the alarm is not forgotten at the next sign-in.
     * @returns {KnownThread | null} null while there is no key
     */
    known() {
        const { key, generation } = this;
        if (!key) {
            return null;
        }
        const seq = this.lost ? this.checkpoint?.seq ?? 0 : this.state.seq;
        const remembered = this.lost && this.checkpoint ? this.checkpoint.link : this.links[seq];
        return { id: this.threadId, generation, key, seq, link: remembered };
    }
}
