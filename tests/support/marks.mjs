/**
 * Secrets that are looked for where they must not be: as they are, in base64 wherever they may stand in it, in hex.
 *
 *   const marks = new Marks();
 *   marks.add('the message', 'a sentence that is there once');
 *   marks.find('the log', bytes);             // ['the message, in base64url (2), in the log'], or []
 *
 * @module
 */

/** A secret within longer base64: what does not depend on the bytes around it, for each place it may begin at. */
function alignments(bytes, alphabet) {
    return [0, 1, 2].map((before) => {
        const text = Buffer.concat([Buffer.alloc(before), bytes]).toString(alphabet).replace(/=+$/, '');
        const first = Math.ceil((before * 8) / 6);
        const last = Math.floor(((before + bytes.length) * 8) / 6);
        return text.slice(first, last);
    });
}

export class Marks {
    /** @type {{ name: string, forms: { how: string, bytes: Buffer }[] }[]} */
    #marks = [];

    /** @param {string} name @param {string | Uint8Array} secret at least 8 bytes, or it would be found by chance */
    add(name, secret) {
        const raw = Buffer.from(secret);
        if (raw.length < 8) {
            throw new Error(`${name} is too short to be looked for`);
        }
        const hex = raw.toString('hex');
        const forms = [
            ['raw', raw],
            ['in hex', hex],
            ['in capital hex', hex.toUpperCase()],
            ...['base64url', 'base64'].flatMap((alphabet) =>
                alignments(raw, alphabet).map((text, i) => [`in ${alphabet} (${i})`, text])),
        ].map(([how, bytes]) => ({ how, bytes: Buffer.from(bytes) }));
        this.#marks.push({ name, forms });
    }

    get names() {
        return this.#marks.map(({ name }) => name);
    }

    /** Every way in which one of them is in these bytes. */
    find(where, bytes) {
        return this.#marks.flatMap(({ name, forms }) => forms
            .filter((form) => bytes.includes(form.bytes))
            .map(({ how }) => `${name}, ${how}, in ${where}`));
    }
}
