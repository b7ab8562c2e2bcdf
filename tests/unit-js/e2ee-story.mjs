// @ts-check
/**
 * Threads that nobody thought of: written at random by people who keep to the rules, people who do not, and a server
 * that repeats, cuts, swaps and leaves out.
 */
import * as compose from '../../web/js/e2ee/compose.js';
import { parseEntry, parseHeader, signEntry } from '../../web/js/e2ee/entry.js';
import { identity } from '../../web/js/e2ee/identity.js';
import { signPair } from '../../web/js/e2ee/primitives.js';
import { encodeHolder } from '../../web/js/e2ee/roster.js';
import { Thread } from '../../web/js/e2ee/thread.js';
import { pick, seeded, toHex } from './e2ee-support.mjs';
import { Chain, DAY, recipient, T0, World } from './e2ee-world.mjs';

/** @typedef {import('./e2ee-peer.mjs').Peer} Peer */

const ROWS = { jane: 0, adam: 2, team1: 2, records: 0, other: 0, eve: 3, team2: 0 };
const STAFF = ['jane', 'adam', 'eve'];
const MESSAGES = ['text', 'note', 'card', 'confirm', 'reason', 'agreed', 'letter', 'form', 'profile', 'call', 'file', 'retract'];
const PARENTS = ['parent', 'parent2', 'parent3'];
const READERS = ['team1', 'team2', 'other', 'records', 'none', ...PARENTS];

/** A world with three rosters: adam leaves with the second, eve with the third. @param {string} name */
function crossWorld(name) {
    const world = /** @type {World & { eve: import('./e2ee-world.mjs').Person }} */ (new World(name));
    const me = identity(world.random(32));
    world.eve = { id: world.random(16), me, sign: me.sign };
    world.holder.eve = world.makeHolder(1, 'eve', 1, 'Eve\tMarsh');
    const plain = world.roster.bind(world);
    world.roster = (serial, more = {}) => plain(serial, { rows: ROWS, ...more });
    return world;
}

/**
 * How somebody reads a thread.
 * @typedef {object} Reading
 * @property {string} reader
 * @property {string} me          of the staff
 * @property {number} serial
 * @property {{ generation: number, key: Uint8Array }[]} held
 * @property {boolean} otherTeam  whether a person named it
 * @property {{ seq: number, link: Uint8Array } | null} checkpoint
 * @property {number} now
 */

export class Story {
    /** @param {string} seed @param {Peer} peer */
    constructor(seed, peer) {
        this.peer = peer;
        this.world = crossWorld(seed);
        this.random = seeded(`${seed} choices`);
        this.chain = new Chain(this.world);
        this.notes = this.one(12);
        /** @type {string[]} what was done, for who has to find out what went wrong */
        this.log = [];
        /** @type {{ generation: number, key: Uint8Array }[]} */
        this.keys = [];
        /** @type {Map<number, import('../../web/js/e2ee/types.js').KeyPair>} accept pairs by the seq of the invite */
        this.accepts = new Map();
        /** Knows every key and roster, and every team was agreed to. */
        this.oracle = this.thread({
            reader: 'all', me: 'jane', serial: 3, held: [], otherTeam: true, checkpoint: null, now: T0 + DAY,
        });
    }

    /** One time in n. @param {number} n */
    one(n) {
        return pick(this.random, n) === 0;
    }

    /** @template T @param {T[]} from @returns {T} */
    any(from) {
        return from[pick(this.random, from.length)];
    }

    /** @param {Reading} r */
    reader({ reader, me }) {
        const { world } = this;
        const found = reader === 'all'
            ? { side: /** @type {'staff'} */ ('staff'), identities: ['team1', 'team2', 'other'].map((name) => world.person(name).me) }
            : world.reader(reader);
        return { ...found, id: found.side === 'parent' ? world.parent.id : world.person(me).id };
    }

    /** @param {Reading} r */
    thread(r) {
        return new Thread({
            threadId: this.world.threadId, roster: this.world.trusted(r.serial), reader: this.reader(r), notes: this.notes,
            held: r.held, teams: r.otherTeam ? [this.world.other.id] : [], checkpoint: r.checkpoint, now: () => r.now,
        });
    }

    /** The same for the other half. @param {Reading} r @param {any[]} inputs */
    request(r, inputs) {
        const { world } = this;
        const { side, id, identities } = this.reader(r);
        return {
            thread: world.threadId, notes: this.notes, reader: side, me: id, seeds: identities.map((one) => one.seed),
            roots: [world.root.sign.pk], serial: 1, now: r.now, held: r.held,
            rosters: Array.from({ length: r.serial }, (_, i) => world.roster(i + 1)),
            holders: Object.values(world.holder).map(encodeHolder),
            teams: r.otherTeam ? [world.other.id] : [],
            checkpoint: r.checkpoint ?? undefined,
            entries: inputs.map(({ entry, header, bodyHash, storedAt }) =>
                entry ? { entry, at: storedAt } : { header, body_hash: bodyHash, at: storedAt }),
        };
    }

    /** The parent's identity whose keys hold now, or the first. */
    get current() {
        const pk = this.oracle.parentKeys?.boxPk;
        return PARENTS.find((name) => pk && toHex(this.world.person(name).me.box.pk) === toHex(pk)) ?? 'parent';
    }

    /** @returns {compose.Place} */
    get place() {
        const { threadId, head, generation, key } = this.oracle;
        return { threadId, head, generation, key: key ?? this.random(32) };
    }

    /** Where somebody might stand who is behind, or somewhere else. @returns {compose.Place} */
    get anywhere() {
        const { place, chain } = this;
        switch (pick(this.random, 4)) {
        case 0: return { ...place, head: chain.point(pick(this.random, chain.entries.length + 1)) };
        case 1: return { ...place, head: { seq: place.head.seq, link: this.random(32) } };
        case 2: return { ...place, generation: pick(this.random, 4), ...this.any([...this.keys, {}]) };
        default: return { ...place, key: this.random(32) };
        }
    }

    means() {
        return { now: T0 + 60 * (this.chain.entries.length + 1), random: this.random };
    }

    /** @param {Uint8Array} entry @param {string} note */
    store(entry, note) {
        this.chain.store(entry);
        this.log.push(`${this.chain.entries.length} ${note}`);
        this.oracle.take(this.chain.entries.length, entry);
        const { generation, key } = this.oracle;
        if (key && !this.keys.some((one) => one.generation === generation)) {
            this.keys.push({ generation, key });
        }
    }

    // ---- Entries ----

    /** Somebody of the staff who counts by the last roster named, or once in a while anybody. */
    staff() {
        const named = this.oracle.state.lastNamed;
        const counts = STAFF.filter((name) => this.one(6) || ROWS[/** @type {'jane'} */ (name)] === 0
            || ROWS[/** @type {'jane'} */ (name)] > named);
        return this.any(counts);
    }

    author() {
        if (this.one(10)) {
            return this.any([...STAFF, ...PARENTS, 'stranger']);
        }
        return this.oracle.parentKeys && this.one(2) ? this.current : this.staff();
    }

    words() {
        return this.any(['A word', 'Ünïcode \u{1f600}', 'a\u001b[31mb\rc\r\n\u202ed', '', '"\\/\u007f', 'x'.repeat(300)]);
    }

    /** @returns {{ kind: string } & Record<string, any>} */
    plaintext() {
        const n = pick(this.random, this.chain.entries.length + 2);
        const body = this.words();
        return this.any([
            { kind: 'text', body }, { kind: 'text', body, re: n }, { kind: 'note', body, booking: this.random(16) },
            { kind: 'card', case: 'SEND-1', child: body, parent: 'P', ...(this.one(2) ? { continues: this.random(16) } : {}) },
            { kind: 'confirm', seq: n }, { kind: 'reason', about: 'late', body }, { kind: 'agreed', points: [body, body] },
            { kind: 'letter', event: 'plan', body, file: n },
            { kind: 'form', form: 'views', version: 1, answers: [{ id: '1', q: body, a: 'yes' }] },
            { kind: 'profile', phone: '01632 960001', hours: [{ days: [1, 2], from: '09:00', to: '12:00' }], voicemail: true, wording: body, confirmed_on: '2026-09-01' },
            { kind: 'call', booking: this.random(16), at: T0, topic: body, questions: [body], phone: '', safe: true, voicemail: false, needs: [], joins: [] },
            { kind: 'file', blob: this.random(16), key: this.random(32), name: body, type: 'text/plain', size: n, hash: this.random(32) },
            { kind: 'retract', seq: n },
        ]);
    }

    /** Something that is there is taken back by whoever wrote it. */
    retract(place = this.place) {
        const said = this.oracle.items.filter((item) => MESSAGES.includes(item.kind));
        if (said.length === 0) {
            return this.message(place);
        }
        const { seq, author } = this.any(said);
        const who = author?.side === 'parent' ? this.current
            : STAFF.find((name) => toHex(this.world.person(name).id) === author?.idHex) ?? 'jane';
        const { entry } = compose.message(place, this.world.person(who), { kind: 'retract', seq }, this.means());
        return { entry, note: `${who} takes ${seq} back` };
    }

    message(place = this.place) {
        const who = this.author();
        const json = this.one(12) ? this.any(['{}', '{"kind":"poll","x":1}', '{"kind":"text","body":"a","body":"b"}', '[]', '{"kind":"text","body":null}']) : null;
        const plain = this.plaintext();
        const { entry } = json
            ? compose.messageBytes(place, this.world.person(who), new TextEncoder().encode(json), this.means())
            : compose.message(place, this.world.person(who), plain, this.means());
        return { entry, note: `${who} says ${json ?? plain.kind} ${plain.seq ?? ''}` };
    }

    key(place = this.place) {
        const { world, oracle } = this;
        const who = this.one(12) ? this.author() : this.staff();
        const least = Math.max(1, oracle.state.lastNamed);
        const most = (ROWS[/** @type {'jane'} */ (who)] || 4) - 1;
        const serial = this.one(10) || most < least ? 1 + pick(this.random, 3) : least + pick(this.random, most - least + 1);
        const team = this.one(8) ? 'other' : serial === 1 ? 'team1' : 'team2';
        const generation = this.one(12) ? 1 + pick(this.random, 6) : oracle.nextGeneration;
        const key = this.one(12) ? this.any([...this.keys, { key: this.random(32) }]).key : this.random(32);
        const parent = oracle.parentKeys && {
            kind: 4, holderId: world.parent.id, holderGeneration: this.one(15) ? pick(this.random, 9) : oracle.parentKeys.seq,
            boxPk: this.one(15) ? world.person(this.any(PARENTS)).me.box.pk : oracle.parentKeys.boxPk,
        };
        let recipients = [recipient(world.holder[team]), recipient(world.holder.records), ...(parent ? [parent] : [])];
        if (this.one(12)) {
            recipients = recipients.filter(() => !this.one(3));
        }
        if (this.one(12)) {
            recipients.push(recipient(world.holder[this.any(Object.keys(world.holder))]));
        }
        const oldKey = this.one(12) ? this.any([null, this.random(32), ...this.keys.map((one) => one.key)]) : oracle.key;
        let { entry } = compose.keyEntry({ ...place, generation }, world.person(who), {
            generation, key, recipients, oldKey, roster: { serial, hash: this.one(15) ? this.random(32) : world.trusted(serial).hash },
        }, this.means());
        let spoilt = '';
        if (this.one(8) && recipients.length > 0) {
            const at = pick(this.random, recipients.length);
            entry = this.resign(entry, who, 141 + at * 133 + 60);
            spoilt = `, grant ${at} spoilt`;
        }
        return { entry, note: `${who} makes key ${generation} by roster ${serial} for ${team}${spoilt}` };
    }

    /** A byte of the body altered, and signed again. @param {Uint8Array} entry @param {string} who @param {number} at */
    resign(entry, who, at) {
        const { headerBytes, body } = parseEntry(entry);
        const changed = body.slice();
        changed[at] ^= 1;
        return signEntry(this.world.person(who).sign.sk, parseHeader(headerBytes), changed);
    }

    invite(place = this.place) {
        const { oracle } = this;
        const shown = STAFF.filter((name) => oracle.state.shown.has(toHex(this.world.person(name).id)));
        const who = this.one(8) || shown.length === 0 ? this.author() : this.any(shown);
        const accept = signPair(this.random(32));
        this.accepts.set(this.chain.entries.length + 1, accept);
        const parentId = this.one(15) ? this.any([this.random(16), this.world.jane.id, this.world.team1.id]) : this.world.parent.id;
        const { entry } = compose.inviteEntry(place, this.world.person(who), {
            inviteId: this.random(16), parentId, acceptPk: accept.pk, expiresAt: T0 + 28 * DAY,
        }, this.means());
        return { entry, note: `${who} invites` };
    }

    accept(place = this.place) {
        const { world } = this;
        const who = this.any(PARENTS);
        const open = this.oracle.invite?.seq ?? 0;
        const by = this.one(6) ? 0 : this.one(4) ? this.any([0, ...this.accepts.keys()])
            : this.one(20) ? pick(this.random, this.chain.entries.length + 2) : open;
        const prove = this.one(12) ? world.stranger.sign
            : by === 0 ? world.person(this.current).sign : this.accepts.get(by) ?? world.stranger.sign;
        const me = this.one(20) ? { ...world.person(who).me, box: { pk: new Uint8Array(32), sk: new Uint8Array(32) } } : world.person(who).me;
        const author = this.one(20) ? world.person(this.any(STAFF)).id : world.parent.id;
        const { entry } = compose.keysEntry(place, author, me, { by, prove }, this.means());
        return { entry, note: `${who} comes in by ${by}` };
    }

    see(place = this.place) {
        const who = this.author();
        const up = this.one(4) ? pick(this.random, this.chain.entries.length + 1) : this.chain.entries.length;
        const { entry } = compose.seen(place, this.world.person(who), this.chain.point(up), this.means());
        return { entry, note: `${who} has seen ${up}` };
    }

    /** @param {compose.Place} [place] @returns {{ entry: Uint8Array, note: string }} */
    entry(place) {
        const { oracle } = this;
        const times = /** @type {[(place?: compose.Place) => { entry: Uint8Array, note: string }, number][]} */ ([
            [this.message, 6], [this.retract, 2], [this.key, 4], [this.see, 2],
            [this.invite, this.notes ? 1 : oracle.invite ? 2 : 4],
            [this.accept, this.notes ? 1 : oracle.invite ? 10 : oracle.parentKeys ? 3 : 1],
        ]);
        return this.any(times.flatMap(([make, n]) => Array(n).fill(make))).call(this, place);
    }

    // ---- The other half writes ----

    /** What somebody who keeps to the rules might write now. @param {string} who */
    wish(who) {
        const n = pick(this.random, this.chain.entries.length + 1);
        const text = { what: 'message', kind: 'text', body: { body: this.words() } };
        const own = [text, { what: 'seen', up_to: this.chain.entries.length }, { what: 'message', kind: 'retract', body: { seq: n } }];
        if (PARENTS.includes(who)) {
            const me = this.world.person(this.current).sign.sk;
            return this.any([...own, { what: 'keys', by: 0, prove: me }]);
        }
        return this.any([...own, { what: 'key', yes: true }, { what: 'key', team: this.world.team1.id, yes: true }, {
            what: 'message', kind: 'card', body: { case: 'SEND-1', child: this.words(), parent: 'P' },
        }, {
            what: 'invite', invite_id: this.random(16), accept_pk: this.world.stranger.sign.pk, parent_id: this.world.parent.id,
            expires_at: T0 + 28 * DAY,
        }]);
    }

    /**
     * The other half writes the next entry as somebody who reads the thread; if it does, this half must take it.
     * @returns {Promise<{ entry: Uint8Array, note: string } | null>}
     */
    async byPeer() {
        const who = this.any([...STAFF, 'jane', this.current]);
        const parent = PARENTS.includes(who);
        const reading = {
            reader: parent ? who : this.any(['team1', 'team2', 'other']), me: parent ? 'jane' : who, serial: 1 + pick(this.random, 3),
            held: parent ? this.keys : [], otherTeam: true, checkpoint: null, now: this.means().now,
        };
        const wish = this.wish(who);
        const inputs = this.inputs();
        // New keys are signed with themselves.
        const pen = wish.what === 'keys' ? this.any(PARENTS) : who;
        const answer = await this.peer.ask('write', {
            ...this.request(reading, inputs), ...wish, author: this.world.person(pen).me.seed, random: pick(this.random, 2 ** 31),
        });
        if (answer.error) {
            return null;
        }
        const entry = Uint8Array.from(Buffer.from(answer.bytes, 'base64url'));
        const thread = this.thread(reading);
        thread.load(inputs);
        const verdict = thread.take(inputs.length + 1, entry);
        if (!verdict.ok) {
            throw new Error(`written by the other half, refused here: ${who} ${JSON.stringify(wish)} ${JSON.stringify(verdict)}`);
        }
        return { entry, note: `${who}: ${wish.what} by the other half` };
    }

    // ---- What happens ----

    /** Honest, mistaken, or the server's doing. */
    async step() {
        const { chain } = this;
        const { entry, note } = (this.one(4) && await this.byPeer()) || this.entry(this.one(16) ? this.anywhere : undefined);
        switch (pick(this.random, 40)) {
        case 0:
            this.store(chain.entries[pick(this.random, chain.entries.length)], 'a repeat');
            break;
        case 1: {
            const bad = entry.slice();
            bad[pick(this.random, bad.length)] ^= 1 << pick(this.random, 8);
            this.store(bad, `${note}, with a bit turned`);
            break;
        }
        case 2:
            this.store(entry.slice(0, pick(this.random, entry.length)), `${note}, cut`);
            break;
        case 3: {
            // Somebody was shown another history, and what they went on to write comes back here.
            const elsewhere = chain.fork();
            elsewhere.store(entry);
            const next = this.entry({ ...this.place, head: elsewhere.head });
            this.store(next.entry, `${next.note}, after something that is not here`);
            break;
        }
        case 4: {
            const second = this.entry();
            this.store(second.entry, `${second.note}, before`);
            this.store(entry, `${note}, after`);
            break;
        }
        case 5:
            break; // left out
        default:
            this.store(entry, note);
        }
    }

    /** @param {number} length */
    async write(length) {
        const { entry, note } = this.one(12) ? this.entry() : this.key();
        this.store(entry, note);
        while (this.chain.entries.length < length) {
            await this.step();
        }
        /** Given without their bodies: some of what was taken back, and once in a while something else. */
        this.without = this.oracle.items.filter((item) => (item.kind === 'taken-back' ? this.one(2) : this.one(40)))
            .map((item) => item.seq);
        return this;
    }

    /** @param {number[]} [without] @returns {import('../../web/js/e2ee/thread.js').NumberedInput[]} */
    inputs(without = []) {
        return this.chain.entries.map((entry, i) => {
            const seq = i + 1;
            const storedAt = T0 + 60 * seq + (seq % 5 === 0 ? 1000 : 0);
            return without.includes(seq) && entry.length >= 162
                ? { ...this.chain.withheld(seq), storedAt } : { seq, entry, storedAt };
        });
    }

    /** @returns {Reading} */
    reading() {
        const { chain } = this;
        const reader = this.any(READERS);
        const seq = 1 + pick(this.random, chain.entries.length);
        return {
            reader, me: this.any(STAFF), serial: this.any([1, 2, 3, 3]),
            held: this.keys.filter(() => this.one(3)).concat(this.one(10) ? [{ generation: 1, key: this.random(32) }] : []),
            otherTeam: this.one(2),
            checkpoint: this.one(2) ? null : this.one(8) ? { seq, link: this.random(32) } : chain.point(seq),
            now: this.one(10) ? T0 + 100 * DAY : T0 + DAY,
        };
    }
}
