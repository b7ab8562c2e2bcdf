// @ts-check
/**
 * A made world: two caseworkers, a team with two generations, another team, records officers, and a
 * parent with an old and a new identity. `Chain` is a server that stores whatever it is given.
 */
import * as compose from '../../web/js/e2ee/compose.js';
import { bodyHash, digest, link, linkZero, parseEntry } from '../../web/js/e2ee/entry.js';
import { identity } from '../../web/js/e2ee/identity.js';
import { hash, signPair } from '../../web/js/e2ee/primitives.js';
import { encodeHolder, parseRoster, signRoster, walkRosters } from '../../web/js/e2ee/roster.js';
import { Thread } from '../../web/js/e2ee/thread.js';
import { seeded } from './e2ee-support.mjs';

/** @typedef {import('../../web/js/e2ee/types.js').Identity} Identity */
/** @typedef {import('../../web/js/e2ee/types.js').Holder} Holder */
/** @typedef {{ id: Uint8Array, me: Identity, sign: import('../../web/js/e2ee/types.js').KeyPair }} Person */

export const T0 = 1790000000;
export const DAY = 24 * 60 * 60;

/** Which holders stand in which roster, and which roster ends them. */
const ROWS = {
    jane: 0, adam: 2, team1: 2, records: 0, other: 0, team2: 0,
};
/** The team gets a new generation when one of its members leaves. */
const SINCE = /** @type {Record<string, number>} */ ({ team2: 2 });

export class World {
    /**
     * @param {string} name of the seed
     * @param {(what: string, n: number) => Uint8Array} [draw] where ids and seeds come from, by name
     */
    constructor(name, draw) {
        this.random = seeded(name);
        const drawn = draw ?? ((_what, n) => this.random(n));
        const make = (/** @type {string} */ who, id = drawn(`${who}.id`, 16)) => {
            const me = identity(drawn(`${who}.seed`, 32));
            return { id, me, sign: me.sign };
        };
        const noId = new Uint8Array(16);
        this.root = make('root', noId);
        this.root2 = make('root2', noId);
        this.jane = make('jane');
        this.adam = make('adam');
        this.team1 = make('team1', drawn('team.id', 16));
        this.team2 = make('team2', this.team1.id);
        this.other = make('other');
        this.records = make('records');
        this.parent = make('parent');
        this.parent2 = make('parent2', this.parent.id);
        this.parent3 = make('parent3', this.parent.id);
        this.stranger = make('stranger');
        /** @type {Record<string, Holder>} */
        this.holder = {
            jane: this.makeHolder(1, 'jane', 1, 'Jane Okafor'),
            adam: this.makeHolder(1, 'adam', 1, 'Adam Leigh'),
            team1: this.makeHolder(2, 'team1', 1, 'SEND team, north'),
            team2: this.makeHolder(2, 'team2', 2, 'SEND team, north'),
            other: this.makeHolder(2, 'other', 1, 'SEND team, south'),
            records: this.makeHolder(3, 'records', 1, 'Records office'),
        };
        this.threadId = drawn('thread.id', 16);
        this.now = T0 + DAY;
    }

    /** @param {string} name @returns {Person} */
    person(name) {
        return /** @type {any} */ (this)[name];
    }

    /** @param {1 | 2 | 3} kind @param {string} who @param {number} generation @param {string} name @returns {Holder} */
    makeHolder(kind, who, generation, name) {
        const { id, me } = this.person(who);
        return {
            kind, id, generation, name, boxPk: me.box.pk,
            signPk: kind === 1 ? me.sign.pk : new Uint8Array(32),
        };
    }

    get holderRecords() {
        return Object.values(this.holder).map(encodeHolder);
    }

    /**
     * @param {number} serial
     * @param {{ rows?: Record<string, number>, roots?: Uint8Array[], signer?: Person, issuedAt?: number, days?: number }} [more]
     */
    roster(serial, { rows = ROWS, roots = [this.root.sign.pk], signer = this.root, issuedAt = T0 + serial, days = 92 } = {}) {
        return signRoster(signer.sign.sk, {
            serial, issuedAt, expiresAt: issuedAt + days * DAY, roots,
            rows: Object.entries(rows).filter(([name]) => serial >= (SINCE[name] ?? 1)).map(([name, ended]) => ({
                hash: hash(32, encodeHolder(this.holder[name])),
                ended: ended !== 0 && ended <= serial ? ended : 0,
            })),
        });
    }

    /** @param {number} serial */
    trusted(serial) {
        const all = Array.from({ length: serial }, (_, i) => this.roster(i + 1));
        const walk = walkRosters({ roots: [this.root.sign.pk], serial: 1 }, all, this.holderRecords);
        if (!walk.roster) {
            throw new Error(JSON.stringify(walk.alarms));
        }
        return walk.roster;
    }

    /** @param {string} reader team1, team2 (with the seed before), other, records, parent, parent2, none */
    reader(reader) {
        const sides = /** @type {Record<string, 'records' | 'parent'>} */ ({
            records: 'records', parent: 'parent', parent2: 'parent', parent3: 'parent',
        });
        const names = reader === 'team2' ? ['team2', 'team1'] : reader === 'none' ? [] : [reader];
        const side = sides[reader] ?? 'staff';
        return {
            side,
            id: side === 'parent' ? this.parent.id : this.jane.id,
            identities: names.map((name) => this.person(name).me),
        };
    }

    /** @param {string} reader @param {number} serial @param {Partial<import('../../web/js/e2ee/thread.js').ThreadOptions>} [more] */
    thread(reader, serial, more = {}) {
        return new Thread({
            threadId: this.threadId, roster: this.trusted(serial), reader: this.reader(reader),
            now: () => this.now, ...more,
        });
    }
}

/** Writes entries one after another, right ones and wrong ones alike. */
export class Chain {
    /** @param {World} world */
    constructor(world, threadId = world.threadId) {
        this.world = world;
        this.threadId = threadId;
        /** @type {Uint8Array[]} */
        this.entries = [];
        this.links = [linkZero(threadId)];
        this.generation = 0;
        /** @type {Uint8Array | null} */
        this.key = null;
        /** @type {Uint8Array | null} the key of generation 1 */
        this.firstKey = null;
        /** @type {Uint8Array[]} every key that was kept */
        this.keys = [];
        this.keysSeq = 0;
        this.accept = signPair(world.random(32));
        this.inviteSeq = 0;
    }

    get head() {
        return this.point(this.entries.length);
    }

    /** @param {number} seq */
    point(seq) {
        return { seq, link: this.links[seq] };
    }

    /** @param {Partial<compose.Means>} [more] */
    means(more = {}) {
        return { now: T0 + 60 * (this.entries.length + 1), random: this.world.random, ...more };
    }

    /** @param {Uint8Array} entry */
    store(entry) {
        this.entries.push(entry);
        this.links.push(link(this.threadId, this.entries.length, this.links[this.entries.length - 1],
            digest(entry.slice(0, 98), bodyHash(entry.slice(98), new Uint8Array(0)))));
        return entry;
    }

    /** @param {number} seq header and body hash, as a server keeps a taken-back message */
    withheld(seq) {
        const { headerBytes, body, signature } = parseEntry(this.entries[seq - 1]);
        return { seq, header: headerBytes, bodyHash: bodyHash(body, signature) };
    }

    /** The same chain up to here, to go on differently. */
    fork() {
        const other = Object.assign(Object.create(Chain.prototype), this);
        other.entries = [...this.entries];
        other.links = [...this.links];
        other.keys = [...this.keys];
        // What the generator of vectors wraps around one chain is not for its copies.
        for (const method of ['rotate', 'say', 'invite', 'acceptAs', 'see']) {
            delete other[method];
        }
        return /** @type {Chain} */ (other);
    }

    /** @param {string} who @param {{ kind: string } & Record<string, any>} plaintext @param {Partial<compose.Place> & Partial<compose.Means>} [more] */
    say(who, plaintext, more = {}) {
        const place = { threadId: this.threadId, head: this.head, generation: this.generation, key: this.key, ...more };
        return this.store(compose.message(place, this.world.person(who), plaintext, this.means(more)).entry);
    }

    /** @param {string} who @param {string} json */
    sayJson(who, json) {
        return this.store(compose.messageBytes(
            this, this.world.person(who), new TextEncoder().encode(json), this.means()).entry);
    }

    /** @param {string} who @param {number} upTo @param {Partial<compose.Place>} [more] */
    see(who, upTo, more = {}) {
        const place = { threadId: this.threadId, head: this.head, generation: this.generation, key: this.key, ...more };
        return this.store(compose.seen(place, this.world.person(who), this.point(upTo), this.means()).entry);
    }

    /**
     * @param {string} who
     * @param {{ team?: string, serial?: number, hash?: Uint8Array, generation?: number, parent?: string | null,
     *   keysSeq?: number, key?: Uint8Array, oldKey?: Uint8Array | null, recipients?: compose.Recipient[],
     *   wrongFor?: number, keep?: boolean, head?: import('../../web/js/e2ee/types.js').Point }} [change]
     */
    rotate(who, change = {}) {
        const { world } = this;
        const serial = change.serial ?? 1;
        const generation = change.generation ?? this.generation + 1;
        const parent = change.parent === undefined ? (this.keysSeq ? 'parent' : null) : change.parent;
        const recipients = change.recipients ?? [
            recipient(world.holder[change.team ?? 'team1']), recipient(world.holder.records),
            ...(parent ? [{
                kind: 4, holderId: world.parent.id, holderGeneration: change.keysSeq ?? this.keysSeq,
                boxPk: world.person(parent).me.box.pk,
            }] : []),
        ];
        const key = change.key ?? world.random(32);
        const place = { threadId: this.threadId, head: change.head ?? this.head, generation, key };
        const entry = this.store(compose.keyEntry(place, world.person(who), {
            generation, key, recipients,
            roster: { serial, hash: change.hash ?? parseRoster(world.roster(serial)).hash },
            oldKey: change.oldKey === undefined ? this.key : change.oldKey,
        }, this.means()).entry);
        if (change.keep !== false) {
            this.generation = generation;
            this.key = key;
            this.firstKey ??= key;
            this.keys.push(key);
        }
        return entry;
    }

    /** @param {string} who @param {{ parentId?: Uint8Array } & Partial<compose.Place>} [more] */
    invite(who, more = {}) {
        const place = { threadId: this.threadId, head: this.head, key: this.key, generation: this.generation, ...more };
        this.inviteSeq = this.entries.length + 1;
        return this.store(compose.inviteEntry(place, this.world.person(who), {
            inviteId: this.world.random(16), parentId: more.parentId ?? this.world.parent.id,
            acceptPk: this.accept.pk, expiresAt: T0 + 28 * DAY,
        }, this.means()).entry);
    }

    /** @param {string} who @param {{ by?: number, prove?: import('../../web/js/e2ee/types.js').KeyPair, keep?: boolean, me?: Identity } & Partial<compose.Place>} [more] */
    acceptAs(who, { by = this.inviteSeq, prove = this.accept, keep = true, me = this.world.person(who).me, ...more } = {}) {
        const seq = this.entries.length + 1;
        const place = { threadId: this.threadId, head: this.head, key: this.key, generation: this.generation, ...more };
        const entry = this.store(compose.keysEntry(
            place, this.world.parent.id, me, { by, prove }, this.means()).entry);
        if (keep) {
            this.keysSeq = seq;
        }
        return entry;
    }

    /** The usual beginning: key, card, invitation, acceptance, a word from the parent. */
    begin() {
        this.rotate('jane');
        this.say('jane', { kind: 'card', case: 'SEND-2031', child: 'Ada', parent: 'M. Byron' });
        this.invite('jane');
        this.acceptAs('parent');
        this.say('parent', { kind: 'text', body: 'Hello' });
        return this;
    }

    /** All of it, as `Thread.load` takes it. @param {number[]} [without] given without their bodies */
    inputs(without = []) {
        return this.entries.map((entry, i) =>
            without.includes(i + 1) ? this.withheld(i + 1) : { seq: i + 1, entry });
    }
}

/** @param {Holder} holder @returns {compose.Recipient} */
export function recipient(holder) {
    return { kind: holder.kind, holderId: holder.id, holderGeneration: holder.generation, boxPk: holder.boxPk };
}

/** Rule that refused it, or 0. @param {import('../../web/js/e2ee/types.js').Item} item */
export const ruleOf = (item) => item.rule ?? 0;
