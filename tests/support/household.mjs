/**
 * A parent who does in Node what the web app does: accept an invitation with link and code, read, write, say what was
 * read, take back. Real keys and a real parcel; the password alone is left out, for a server never sees one.
 *
 *   const sam = new Household(service);
 *   await sam.accept({ link, code });
 *   await sam.write('Hello');
 *   (await sam.read()).map((item) => item.body);
 *
 * @module
 */
import { changeExtra, sealVault, signAuth } from '../../web/js/e2ee/account.js';
import { fromB64, toB64 } from '../../web/js/e2ee/bytes.js';
import { keysEntry, message, seen } from '../../web/js/e2ee/compose.js';
import { identity } from '../../web/js/e2ee/identity.js';
import { inviteKeys, openParcel, readSecret } from '../../web/js/e2ee/invite.js';
import { signPair } from '../../web/js/e2ee/primitives.js';
import { walkRosters } from '../../web/js/e2ee/roster.js';
import { ready, systemRandom } from '../../web/js/e2ee/sodium.js';
import { Thread } from '../../web/js/e2ee/thread.js';
import { HOST } from './service.mjs';

const now = () => Math.floor(Date.now() / 1000);
const means = (entryId) => ({ now: now(), random: systemRandom, ...(entryId ? { entryId } : {}) });

export class Household {
    /** @param {import('./service.mjs').Service} service */
    constructor(service) {
        this.service = service;
    }

    /** Accept, and stay signed in. @param {{ link: string, code: string }} invitation */
    async accept({ link, code }) {
        await ready();
        const secret = readSecret(link);
        const keys = inviteKeys(secret.bytes, code);
        this.client = await this.service.connect('public');
        const { service } = await this.client.call('service.info', {});
        let { challenge } = await this.client.call('auth.challenge', {});
        const opened = await this.client.call('invite.open', { invite: toB64(keys.inviteId), challenge,
            signature: toB64(signAuth(keys.accept.sk, { purpose: 3, host: HOST, challenge: fromB64(challenge) })) });
        const parcel = openParcel(keys.wrap, keys.inviteId, fromB64(opened.parcel), service);
        this.id = parcel.parent;
        this.address = parcel.address;
        this.me = identity(systemRandom(32));
        this.auth = signPair(systemRandom(32));
        await this.#walk({ roots: parcel.roots, serial: parcel.serial });
        this.threads = parcel.threads.map((known) => new Thread({ threadId: known.id, roster: this.roster, now,
            held: [{ generation: known.generation, key: known.key }],
            checkpoint: { seq: known.seq, link: known.link },
            reader: { side: 'parent', id: this.id, identities: [this.me] } }));
        [this.thread] = this.threads;
        const entries = [];
        for (const thread of this.threads) {
            await this.read(thread);
            entries.push({ thread: toB64(thread.threadId), entry: toB64(keysEntry(thread, this.id, this.me,
                { by: thread.invite.seq, prove: keys.accept }, means()).entry) });
        }
        const vault = sealVault(systemRandom(32), this.id, { seed: systemRandom(32), service, roots: parcel.roots,
            serial: parcel.serial, threads: parcel.threads }, systemRandom);
        ({ challenge } = await this.client.call('auth.challenge', {}));
        await this.client.call('invite.accept', { address: this.address, auth_pk: toB64(this.auth.pk),
            vault: toB64(vault), challenge, entries,
            signature: toB64(signAuth(keys.accept.sk, { purpose: 4, host: HOST, challenge: fromB64(challenge),
                extra: changeExtra(this.auth.pk, vault) })) });
        await this.read();
    }

    /** After a lost connection, or a server that was restarted. */
    async signIn() {
        this.client?.end();
        this.client = await this.service.connect('public');
        await this.client.signInParent(this.address, this.auth);
    }

    async #walk(trust) {
        const answer = await this.client.call('roster.since', { serial: Math.max(0, trust.serial - 1) });
        const walked = walkRosters(trust, answer.rosters.map((one) => fromB64(one)),
            answer.holders.map((one) => fromB64(one)));
        if (walked.roster === null || walked.alarms.length > 0) {
            throw new Error(`the roster does not hold: ${walked.alarms[0]?.name}`);
        }
        this.roster = walked.roster;
        this.trust = walked.trust;
    }

    /** What is new, judged as the web app judges it; all items. */
    async read(thread = this.thread) {
        for (let last = Infinity; thread.head.seq < last;) {
            const page = await this.client.call('thread.entries',
                { thread: toB64(thread.threadId), from: thread.head.seq + 1 });
            for (const { seq, at, entry, header, body_hash: withheld } of page.entries) {
                thread.takeInput(entry === undefined
                    ? { seq, storedAt: at, header: fromB64(header), bodyHash: fromB64(withheld) }
                    : { seq, storedAt: at, entry: fromB64(entry) });
            }
            last = page.last_seq;
        }
        thread.complete();
        if (thread.wantsRoster || thread.waiting) {
            await this.#walk(this.trust);
            this.threads.forEach((one) => one.setRoster(this.roster));
        }
        return thread.items;
    }

    /** Make and post an entry; again when something newer came first. */
    async #post(thread, make, more = {}) {
        const entryId = systemRandom(16);
        for (let tries = 0; ; tries++) {
            await this.read(thread);
            const { entry } = make(thread, means(entryId));
            try {
                const answer = await this.client.call('entry.post',
                    { thread: toB64(thread.threadId), entry: toB64(entry), ...more });
                await this.read(thread);
                return answer;
            } catch (error) {
                if (error.code !== 'entry_stale' || tries > 20) {
                    throw error;
                }
            }
        }
    }

    get #writer() {
        return { id: this.id, sign: this.me.sign };
    }

    write(body, thread = this.thread) {
        return this.#post(thread, (place, how) => message(place, this.#writer, { kind: 'text', body }, how),
            { act: 'text' });
    }

    /** "I have read everything up to here." */
    look(thread = this.thread) {
        return this.#post(thread, (place, how) => seen(place, this.#writer, place.head, how));
    }

    takeBack(seq, thread = this.thread) {
        return this.#post(thread, (place, how) => message(place, this.#writer, { kind: 'retract', seq }, how),
            { act: 'retract', drop: seq });
    }

    /** The words that are here to read, in order. */
    async words(thread = this.thread) {
        return (await this.read(thread)).filter((item) => item.kind === 'text').map((item) => item.body.body);
    }

    close() {
        this.client?.close();
    }
}
