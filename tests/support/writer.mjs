/**
 * A parent of a made world who writes as fast as answers come, and remembers every byte that was acknowledged.
 *
 * @module
 */
import { fromB64, toB64 } from '../../web/js/e2ee/bytes.js';
import { bodyHash, digest, encodeHeader, link, parseEntry, signEntry } from '../../web/js/e2ee/entry.js';
import { signPair } from '../../web/js/e2ee/primitives.js';
import { systemRandom } from '../../web/js/e2ee/sodium.js';

export class Writer {
    constructor(family) {
        this.thread = fromB64(family.thread);
        this.id = fromB64(family.id);
        this.sign = signPair(fromB64(family.sign_seed));
        this.head = { seq: family.seq, link: fromB64(family.link) };
        /** Acknowledged: seq → entry in base64url. */
        this.acknowledged = new Map();
        /** Sent, and no answer seen: to be sent again, the same bytes. */
        this.pending = null;
    }

    /** An entry of random words: the server cannot tell it from sealed ones. */
    #next(bytes) {
        const header = {
            version: 1, type: 1, threadId: this.thread, authorId: this.id, entryId: systemRandom(16),
            sentAt: Math.floor(Date.now() / 1000), generation: 1, prevSeq: this.head.seq, prevLink: this.head.link,
        };
        return signEntry(this.sign.sk, header, bytes);
    }

    #after(entry) {
        const parsed = parseEntry(entry);
        const seq = this.head.seq + 1;
        const of = digest(encodeHeader(parsed.header), bodyHash(parsed.body, parsed.signature));
        return { seq, link: link(this.thread, seq, this.head.link, of) };
    }

    /** Send one entry, or the one that is still without an answer. Throws when the connection goes. */
    async write(client, body = systemRandom(24 + 256 + 16)) {
        this.pending ??= this.#next(body);
        const ok = await client.call('entry.post',
            { thread: toB64(this.thread), act: 'text', entry: toB64(this.pending) });
        const head = this.#after(this.pending);
        if (ok.seq !== head.seq || ok.link !== toB64(head.link)) {
            throw new Error(`acknowledged as ${ok.seq}, expected ${head.seq}`);
        }
        this.acknowledged.set(ok.seq, toB64(this.pending));
        this.head = head;
        this.pending = null;
        return ok;
    }
}
