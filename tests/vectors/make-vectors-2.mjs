// @ts-check
/**
 * Makes vectors-2.json: `node tests/vectors/make-vectors-2.mjs > tests/vectors/vectors-2.json`.
 * Nothing in it is random, so a second run gives the same file; a test checks that.
 */
import { fileURLToPath } from 'node:url';

import * as account from '../../web/js/e2ee/account.js';
import { fromHex, label, toB64, toHex, utf8 } from '../../web/js/e2ee/bytes.js';
import { bodyHash, digest, keyId, notesThreadId, parseEntry } from '../../web/js/e2ee/entry.js';
import { sealParcel } from '../../web/js/e2ee/invite.js';
import { hash, signPair } from '../../web/js/e2ee/primitives.js';
import { parseRoster } from '../../web/js/e2ee/roster.js';
import { ready } from '../../web/js/e2ee/sodium.js';
import { signTombstone } from '../../web/js/e2ee/tombstone.js';
import { fixed } from '../unit-js/e2ee-support.mjs';
import { view } from '../unit-js/e2ee-view.mjs';
import { Chain, T0, World } from '../unit-js/e2ee-world.mjs';
import { judgeCases } from './cases-2.mjs';

const ABOUT = [
    'More Sendline test vectors, version 1; same shape as vectors.json, values are hex.',
    'inputs: each random one is the first bytes of BLAKE2b-512("sendline-vectors-2\\0" || its name). NAME.seed is an identity seed, team1 and team2 are',
    'generations 1 and 2 of one team, other is another team (generation 1), parent, parent2 and parent3 are one parent\'s identities, accept.seed is the seed of an Ed25519 pair. The randomness of',
    'entry N is entryN.draw1, draw2, ... in the order of use: message: entry id, nonce; key entry: thread key, entry id, nonce of previous (not in generation 1), seed of the',
    'ephemeral pair for each grant; invite: invite id, entry id; keys and seen: entry id. T0 = 1790000000; entry n has sent_at T0 + 60n, and prev_seq n-1 but in seen entries.',
    'vectors: exact outputs. notes.* is the staff notes thread of case.id. roster.1 and roster.2 are signed by root, roster.2 hands over to root2, which signs roster.3. holder.* are all holder records.',
    'entry.5.body_hash and entry.5.digest: what is left of entry 5 when it is taken back. draft, tab, vault, parcel: with the fields of the table; their JSON is the input NAME.json.',
    'Readers: team1 holds the seed of generation 1, team2 both, other its own, all three as jane; records; parent, parent2, parent3 one identity each.',
    'judge: threads. Under the rosters up to `roster`, as `reader` (staff: as `me`), at the time `now`, with what is given of `held` [generation, key], `team` (another one that a person agreed to) and',
    '`checkpoint` (what is remembered): take entries 1..after (entry.N; of thread notes, notes.entry.N), then `entries`: [entry] or, of a message without its body, [header, body hash].',
    '`want`: what there is to say once all of them are in. items: of each entry the kind, with a question mark while its author is not confirmed, or the rule that refuses it and why; an entry behind',
    'the last item waits for a newer roster. send: yes, or why nothing can be sent. asks: a person has to say yes to the inviter before the next grant (never to themselves). seen: highest seq that',
    'each side has signed to have read. invite: seq of the open invitation, or 0. title: the child on the newest card.',
].join(' ');

/** Everything that goes into the file. */
export async function make() {
    await ready();
    /** @type {Record<string, string>} */
    const inputs = {};
    /** @type {Record<string, string>} */
    const vectors = {};
    const draw = (/** @type {string} */ name, /** @type {number} */ n) => {
        const bytes = hash(64, label('sendline-vectors-2'), utf8(name)).slice(0, n);
        inputs[name] = toHex(bytes);
        return bytes;
    };
    const put = (/** @type {string} */ name, /** @type {Uint8Array} */ bytes) => {
        vectors[name] = toHex(bytes);
        return bytes;
    };
    const say = (/** @type {string} */ name, /** @type {any} */ json) => {
        inputs[name] = toHex(utf8(JSON.stringify(json)));
        return json;
    };

    const world = new World('sendline-vectors-2 cases', draw);
    const plainRoster = world.roster.bind(world);
    world.roster = (serial, more = {}) => plainRoster(serial, {
        roots: [serial === 1 ? world.root.sign.pk : world.root2.sign.pk],
        signer: serial < 3 ? world.root : world.root2, ...more,
    });
    world.holderRecords.forEach((bytes, i) => put(`holder.${Object.keys(world.holder)[i]}`, bytes));
    for (const serial of [1, 2, 3]) {
        put(`roster.${serial}`, world.roster(serial));
        put(`roster.${serial}.hash`, parseRoster(world.roster(serial)).hash);
    }

    const main = record(new Chain(world), 'entry', draw);
    main.accept = signPair(draw('accept.seed', 32));
    main.say = withJson(main, say, 'entry');
    main.rotate('jane');
    main.say('jane', { kind: 'card', case: 'SEND-2032', child: 'Grace', parent: 'A. Hopper' });
    main.invite('jane');
    main.acceptAs('parent');
    main.say('parent', { kind: 'text', body: 'Sent too soon' });
    main.say('parent', { kind: 'retract', seq: 5 });
    main.see('jane', 6);
    main.acceptAs('parent2', { by: 0, prove: world.parent.sign });
    main.rotate('jane', { serial: 2, team: 'team2', parent: 'parent2' });
    main.say('jane', { kind: 'text', body: 'Shall we talk on Tuesday?', re: 5 });
    main.invite('jane');
    main.invite('jane');
    main.acceptAs('parent3');
    main.rotate('jane', { serial: 3, team: 'team2', parent: 'parent3' });
    main.say('parent3', {
        kind: 'call', booking: draw('booking.id', 16), at: T0 + 86400, topic: 'Draft plan',
        questions: ['What happens next?'], phone: '01632 960001', safe: true, voicemail: false, needs: [], joins: [],
    });
    main.see('jane', 15);
    putChain(main, '', put);
    const taken = parseEntry(main.entries[4]);
    const left = put('entry.5.body_hash', bodyHash(taken.body, taken.signature));
    put('entry.5.digest', digest(taken.headerBytes, left));

    const notesId = put('notes.thread_id', notesThreadId(draw('case.id', 16)));
    const notes = record(new Chain(world, notesId), 'notes.entry', draw);
    notes.say = withJson(notes, say, 'notes.entry');
    notes.rotate('jane');
    notes.say('jane', { kind: 'note', body: 'Rang the school: back on Monday.' });
    putChain(notes, 'notes.', put);

    putBoxes(world, main, { draw, put, say });
    const judge = judgeCases({ world, main, notes }, (given, threads) => {
        const thread = world.thread(given.reader ?? 'team1', given.roster ?? 1, {
            threadId: given.thread === 'notes' ? notesId : main.threadId,
            notes: given.thread === 'notes',
            held: given.held ? [{ generation: given.held[0], key: fromHex(given.held[1]) }] : [],
            teams: given.team ? [world.person(given.team).id] : [],
            checkpoint: given.checkpoint
                ? { seq: given.checkpoint.seq, link: fromHex(given.checkpoint.link) } : null,
            now: () => given.now ?? T0 + 3600,
        });
        if (thread.reader.side !== 'parent') {
            thread.reader.id = world.person(given.me ?? 'jane').id;
        }
        thread.load(threads);
        thread.complete();
        return view(thread);
    });
    return { about: ABOUT, inputs, vectors, judge };
}

/**
 * Randomness by the number of the entry, written down as it is used.
 * @param {Chain} chain @param {string} name @param {(name: string, n: number) => Uint8Array} draw
 */
function record(chain, name, draw) {
    const { world } = chain;
    const random = world.random;
    let seq = 0;
    let used = 0;
    const drawing = (/** @type {number} */ n) => {
        if (seq !== chain.entries.length + 1) {
            seq = chain.entries.length + 1;
            used = 0;
        }
        used += 1;
        return draw(`${name}${seq}.draw${used}`, n);
    };
    // The chain draws while it makes an entry, the cases afterwards draw from the world as before.
    for (const method of /** @type {const} */ (['rotate', 'say', 'invite', 'acceptAs', 'see'])) {
        const plain = /** @type {any} */ (chain[method]);
        /** @type {any} */ (chain)[method] = function (/** @type {any[]} */ ...args) {
            world.random = drawing;
            try {
                return plain.apply(this, args);
            } finally {
                world.random = random;
            }
        };
    }
    return chain;
}

/** @param {Chain} chain @param {(name: string, json: any) => any} say @param {string} name @returns {Chain['say']} */
function withJson(chain, say, name) {
    const plain = chain.say;
    return function (who, plaintext, more) {
        const json = Object.fromEntries(Object.entries(plaintext).map(([field, value]) =>
            [field, value instanceof Uint8Array ? toB64(value) : value]));
        say(`${name}${chain.entries.length + 1}.json`, json);
        return plain.call(chain, who, plaintext, more);
    };
}

/** @param {Chain} chain @param {string} prefix @param {(name: string, bytes: Uint8Array) => Uint8Array} put */
function putChain(chain, prefix, put) {
    put(`${prefix}link.0`, chain.links[0]);
    chain.entries.forEach((entry, i) => {
        put(`${prefix}entry.${i + 1}`, entry);
        put(`${prefix}link.${i + 1}`, chain.links[i + 1]);
    });
    chain.keys.forEach((key, i) => put(`${prefix}key_id.${i + 1}`, keyId(chain.threadId, i + 1, key)));
}

/**
 * Parcel, vault, tab, draft and tombstone.
 * @param {World} world @param {Chain} main @param {{ draw: (name: string, n: number) => Uint8Array, put: (name: string, bytes: Uint8Array) => Uint8Array, say: (name: string, json: any) => any }} file
 */
function putBoxes(world, main, { draw, put, say }) {
    const parentId = world.parent.id;
    const thread = { id: main.threadId, generation: 1, key: main.keys[0], seq: 3, link: main.links[3] };
    const roots = [world.root.sign.pk];
    const service = 'send.example.gov.uk';
    const parcel = { service, roots, serial: 1, address: 'a.hopper@example.org', parent: parentId, threads: [thread] };
    const threadJson = { ...thread, id: toB64(thread.id), key: toB64(thread.key), link: toB64(thread.link) };
    say('parcel.json', { ...parcel, roots: roots.map(toB64), parent: toB64(parentId), threads: [threadJson] });
    put('parcel', sealParcel(draw('invite.wrap', 32), draw('invite.id', 16), parcel, fixed(draw('nonce.parcel', 24))));
    const vault = { seed: world.parent.me.seed, service, roots, serial: 1, threads: [thread] };
    const vaultJson = say('vault.json', { ...vault, seed: toB64(vault.seed), roots: roots.map(toB64), threads: [threadJson] });
    const vaultKey = draw('vault.key', 32);
    put('vault', account.sealVault(vaultKey, parentId, vault, fixed(draw('nonce.vault', 24))));
    say('tab.json', { vault_key: toB64(vaultKey), vault: vaultJson });
    put('tab', account.sealTab(draw('tab.key', 32), parentId, { vaultKey, vault }, fixed(draw('nonce.tab', 24))));
    const draft = say('draft.json', { body: 'Half a sentence' });
    put('draft.key', world.parent.me.drafts);
    put('draft', account.sealDraft(world.parent.me.drafts, parentId, main.threadId, draft, fixed(draw('nonce.draft', 24))));
    // By jane, an hour after the last entry.
    const tombstone = signTombstone(world.jane.sign.sk, { threadId: main.threadId, last: main.head, deletedAt: T0 + 3600 });
    put('tombstone.signed', tombstone.slice(0, -64));
    put('tombstone', tombstone);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    process.stdout.write(`${JSON.stringify(await make(), null, 1)}\n`);
}
