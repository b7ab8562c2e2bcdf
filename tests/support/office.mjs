/**
 * An office of staff who do in Node what the command line does: open cases, invite with link and code, write, read,
 * change the lock. Real keys and a real parcel, so that a browser can accept.
 *
 *   const office = await Office.open(service, { staff: ['Jordan Ellis'] });
 *   const desk = await office.desk(0);
 *   const family = await desk.newCase({ ref: 'AN-1001', child: 'Sam', parent: 'Alex Carter' });
 *   const { link, code } = await desk.invite([family], { address: 'alex@family.example' });
 *   await desk.write(family, 'Hello Alex');
 *
 * @module
 */
import { fromB64, toB64 } from '../../web/js/e2ee/bytes.js';
import { inviteEntry, keyEntry, message, messageBytes, rotate, seen } from '../../web/js/e2ee/compose.js';
import { bodyHash, digest, encodeHeader, link, linkZero, parseEntry } from '../../web/js/e2ee/entry.js';
import { identity } from '../../web/js/e2ee/identity.js';
import { inviteKeys, linkFragment, newInvite, sealParcel } from '../../web/js/e2ee/invite.js';
import { hash, seal } from '../../web/js/e2ee/primitives.js';
import { encodeHolder, RECORDS, signRoster, STAFF, TEAM, walkRosters } from '../../web/js/e2ee/roster.js';
import { ready, systemRandom } from '../../web/js/e2ee/sodium.js';
import { Thread } from '../../web/js/e2ee/thread.js';
import { toTyped } from '../../web/js/e2ee/typed.js';

const now = () => Math.floor(Date.now() / 1000);
const means = () => ({ now: now(), random: systemRandom });
const DAY = 86400;

/** @typedef {{ ref: string, caseId: Uint8Array, threadId: Uint8Array, parentId: Uint8Array, card: any, thread: Thread }} Family */

export class Office {
    /**
     * @param {import('./service.mjs').Service} service not set up yet
     * @param {{ staff?: string[], team?: string, records?: string, serviceName?: string }} [how]
     */
    static async open(service, { staff = ['Jordan Ellis', 'Amina Rahman'], team = 'North SEND team', records = 'records office', serviceName = 'sendline.example' } = {}) {
        await ready();
        const office = new Office();
        office.service = service;
        office.serviceName = serviceName;
        office.root = identity(systemRandom(32));
        office.teamSeed = systemRandom(32);
        office.people = staff.map((name) => ({ name, id: systemRandom(16), keys: identity(systemRandom(32)), ended: 0 }));
        const none = new Uint8Array(32);
        office.team = { kind: TEAM, id: systemRandom(16), generation: 1, signPk: none, boxPk: identity(office.teamSeed).box.pk, name: team };
        office.records = { kind: RECORDS, id: systemRandom(16), generation: 1, signPk: none, boxPk: identity(systemRandom(32)).box.pk, name: records };
        const client = await service.connect('staff');
        await client.call('service.init', {
            token: service.setupToken,
            roster: toB64(office.#signRoster(1)),
            holders: office.#holders().map(toB64),
            staff: office.people.map((one) => ({ staff: toB64(one.id), role: 'caseworker', team: toB64(office.team.id) })),
            team_seeds: office.people.map((one) => ({ team: toB64(office.team.id), generation: 1, staff: toB64(one.id),
                sealed: toB64(seal(one.keys.box.pk, office.teamSeed, systemRandom)) })),
        });
        client.close();
        return office;
    }

    #holders() {
        const people = this.people.map(({ id, keys, name }) => ({ kind: STAFF, id, generation: 1, signPk: keys.sign.pk, boxPk: keys.box.pk, name }));
        return [this.team, this.records, ...people].map(encodeHolder);
    }

    #signRoster(serial) {
        const issuedAt = now();
        const ended = [0, 0, ...this.people.map((one) => one.ended)];
        return signRoster(this.root.sign.sk, { serial, issuedAt, expiresAt: issuedAt + 90 * DAY, roots: [this.root.sign.pk],
            rows: this.#holders().map((bytes, i) => ({ hash: hash(32, bytes), ended: ended[i] })) });
    }

    /** A member of staff at work. @param {number} i */
    async desk(i) {
        const person = this.people[i];
        const client = await this.service.connect('staff');
        client.account = await client.signInStaff(person.id, person.keys.sign);
        const answer = await client.call('roster.since', { serial: 0 });
        const { roster, alarms } = walkRosters({ roots: [this.root.sign.pk], serial: 0 }, answer.rosters.map((one) => fromB64(one)), answer.holders.map((one) => fromB64(one)));
        if (roster === null || alarms.length > 0) {
            throw new Error(`the roster does not hold: ${alarms[0]?.name}`);
        }
        return new Desk(this, client, { id: person.id, sign: person.keys.sign }, roster);
    }
}

/** The end of a chain after one more entry. */
function after({ threadId, head }, entry) {
    const parsed = parseEntry(entry);
    const seq = head.seq + 1;
    return { seq, link: link(threadId, seq, head.link, digest(encodeHeader(parsed.header), bodyHash(parsed.body, parsed.signature))) };
}

export class Desk {
    /** @param {Office} office @param {import('./client.mjs').Client} client @param {{ id: Uint8Array, sign: any }} me @param {any} roster */
    constructor(office, client, me, roster) {
        this.office = office;
        this.client = client;
        this.me = me;
        this.roster = roster;
    }

    close() {
        this.client.close();
    }

    /** @param {{ ref: string, child: string, parent: string, parentId?: Uint8Array }} about */
    async newCase({ ref, child, parent, parentId = systemRandom(16) }) {
        const caseId = systemRandom(16);
        const threadId = systemRandom(16);
        const place = { threadId, head: { seq: 0, link: linkZero(threadId) }, generation: 1, key: systemRandom(32) };
        const recipients = [this.office.team, this.office.records].map((one) => ({ kind: one.kind, holderId: one.id, holderGeneration: 1, boxPk: one.boxPk }));
        const key = keyEntry(place, this.me, { generation: 1, key: place.key, roster: this.roster, recipients }, means());
        place.head = after(place, key.entry);
        const card = message(place, this.me, { kind: 'card', case: ref, child, parent }, means());
        const thread = toB64(threadId);
        await this.client.call('case.add', { case: toB64(caseId), ref, thread,
            entries: [key, card].map(({ entry }) => ({ thread, entry: toB64(entry) })) });
        const family = { ref, caseId, threadId, parentId, card: { case: ref, child, parent }, thread: this.#reader(threadId) };
        await this.read(family);
        return family;
    }

    #reader(threadId) {
        return new Thread({ threadId, roster: this.roster, now,
            reader: { side: 'staff', id: this.me.id, identities: [identity(this.office.teamSeed)] } });
    }

    /** The family as a colleague at another desk sees it. @param {Family} family */
    async takeOver(family) {
        const mine = { ...family, thread: this.#reader(family.threadId) };
        await this.read(mine);
        return mine;
    }

    /** What is new, as the command line judges it; all lines. @param {Family} family */
    async read({ threadId, thread }) {
        for (let last = Infinity; thread.head.seq < last;) {
            const page = await this.client.call('thread.entries', { thread: toB64(threadId), from: thread.head.seq + 1 });
            for (const { seq, at, entry, header, body_hash: withheld } of page.entries) {
                thread.takeInput(entry === undefined
                    ? { seq, storedAt: at, header: fromB64(header), bodyHash: fromB64(withheld) }
                    : { seq, storedAt: at, entry: fromB64(entry) });
            }
            last = page.last_seq;
        }
        return thread.items;
    }

    /** Post what `make` makes for the end of the chain; again when something newer came first. */
    async #post(family, make, more = {}) {
        for (let tries = 0; ; tries++) {
            await this.read(family);
            const { entry } = make(family.thread);
            try {
                const answer = await this.client.call('entry.post', { thread: toB64(family.threadId), entry: toB64(entry), ...more });
                await this.read(family);
                return answer;
            } catch (error) {
                if (error.code !== 'entry_stale' || tries > 20) {
                    throw error;
                }
            }
        }
    }

    /** @param {Family} family @param {string} body */
    write(family, body) {
        return this.send(family, { kind: 'text', body });
    }

    /** Any plaintext. @param {Family} family @param {any} plaintext @param {any} [more] of the call */
    send(family, plaintext, more = {}) {
        return this.#post(family, (thread) => message(thread, this.me, plaintext, means()), { act: plaintext.kind, ...more });
    }

    /** A signed entry whose inside nobody may send: the server cannot tell, the other side refuses it. */
    sendNonsense(family) {
        return this.#post(family, (thread) => messageBytes(thread, this.me, new TextEncoder().encode('{"kind":"confirm","seq":1}'), means()), { act: 'text' });
    }

    /** @param {Family} family @param {number} seq */
    takeBack(family, seq) {
        return this.send(family, { kind: 'retract', seq }, { drop: seq });
    }

    /** "I have read everything up to here." @param {Family} family */
    seen(family) {
        return this.#post(family, (thread) => seen(thread, this.me, thread.head, means()));
    }

    /** A new lock, which the parent's newest keys open. @param {Family} family */
    changeLock(family) {
        const { team, records } = this.office;
        return this.#post(family, (thread) => rotate(thread, this.me, { team, records, agreed: true }, means()));
    }

    /** @param {Family} family */
    async noReplyNeeded(family) {
        const items = await this.read(family);
        const seq = items.findLast((item) => item.kind === 'text' && item.author?.side === 'parent')?.seq;
        return this.client.call('thread.no_reply_needed', { thread: toB64(family.threadId), seq });
    }

    /**
     * @param {Family[]} families of one parent
     * @param {{ address: string, expiresAt?: number }} to
     */
    async invite(families, { address, expiresAt = now() + 28 * DAY }) {
        const { secret, code } = newInvite(systemRandom);
        const keys = inviteKeys(secret, code);
        const [{ parentId }] = families;
        for (const family of families) {
            await this.read(family);
        }
        const known = families.map(({ threadId, thread }) => ({ id: threadId, generation: thread.generation, key: thread.key, ...thread.head }));
        const parcel = sealParcel(keys.wrap, keys.inviteId, { service: this.office.serviceName, roots: this.roster.roots, serial: this.roster.serial,
            address, parent: parentId, threads: known }, systemRandom);
        await this.client.call('invite.make', { invite: toB64(keys.inviteId), parent: toB64(parentId), accept_pk: toB64(keys.accept.pk),
            expires_at: expiresAt, parcel: toB64(parcel),
            entries: families.map(({ threadId, thread }) => ({ thread: toB64(threadId), entry: toB64(inviteEntry(thread, this.me,
                { inviteId: keys.inviteId, parentId, acceptPk: keys.accept.pk, expiresAt }, means()).entry) })) });
        return { secret, code, address, keys, id: toB64(keys.inviteId), fragment: linkFragment(secret),
            link: `${this.office.service.publicUrl}/${linkFragment(secret)}`, typed: toTyped(secret) };
    }
}
