// @ts-check
/**
 * The two halves of the encryption against each other: what one makes the other opens, and of any thread, however it was
 * tampered with, both say the same. SENDLINE_SEED repeats a run, SENDLINE_ROUNDS makes it longer.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, describe, it as test } from 'node:test';

import * as account from '../../web/js/e2ee/account.js';
import { fromB64, toB64, toHex } from '../../web/js/e2ee/bytes.js';
import { previousAd } from '../../web/js/e2ee/entry.js';
import * as files from '../../web/js/e2ee/file.js';
import { identity } from '../../web/js/e2ee/identity.js';
import { inviteKeys, newInvite, openParcel, sealParcel } from '../../web/js/e2ee/invite.js';
import { openKeyFile, sealKeyFile } from '../../web/js/e2ee/keyfile.js';
import { decodePlaintext, encodePlaintext } from '../../web/js/e2ee/plaintext.js';
import { aead, aeadOpen, seal, sealOpen } from '../../web/js/e2ee/primitives.js';
import * as rosters from '../../web/js/e2ee/roster.js';
import { ready } from '../../web/js/e2ee/sodium.js';
import { fromTyped, toTyped } from '../../web/js/e2ee/typed.js';
import { Peer } from './e2ee-peer.mjs';
import { Story } from './e2ee-story.mjs';
import { pick, seeded } from './e2ee-support.mjs';
import { plain, view } from './e2ee-view.mjs';
import { DAY, T0, World } from './e2ee-world.mjs';

const seed = process.env.SENDLINE_SEED ?? String(randomInt(2 ** 31));
const rounds = Number(process.env.SENDLINE_ROUNDS ?? 150);

/** @type {Peer} */
let peer;

before(async () => {
    await ready();
    peer = new Peer();
});
after(async () => assert.equal(await peer.end(), 0));

describe(`threads at random, seed ${seed}`, () => {
    /** How often each verdict was seen. @type {Map<string, number>} */
    const met = new Map();

    for (let round = 0; round < rounds; round++) {
        test(`thread ${round}`, async () => {
            const story = await new Story(`${seed}/${round}`, peer).write(6 + round % 18);
            const inputs = story.inputs(story.without);
            for (let i = 0; i < 4; i++) {
                const reading = story.reading();
                const thread = story.thread(reading);
                thread.load(inputs);
                thread.complete();
                const { same_again: again, ...theirs } = await peer.ask('judge', story.request(reading, inputs));
                const ours = view(thread);
                const tale = `\n${story.log.join('\n')}\nwithout ${story.without}\n${JSON.stringify(reading)}`;
                assert.deepEqual(theirs, ours, `seed ${seed}/${round}, reading ${i}: the halves differ${tale}`);
                assert.ok(again, `seed ${seed}/${round}, reading ${i}: live and all at once differ${tale}`);
                ours.items.forEach(({ is }) => met.set(is, (met.get(is) ?? 0) + 1));
            }
        });
    }

    test('every rule and every kind was met', (t) => {
        const list = [...met].sort().map(([is, times]) => `${is} ${times}`).join(', ');
        const seen = new Set([...met.keys()].map((is) => (/^[1-8] /.test(is) ? is[0] : is.replace('?', ''))));
        t.diagnostic(list);
        for (const is of ['1', '2', '3', '4', '5', '6', '7', '8', 'key', 'invite', 'keys', 'seen', 'taken-back']) {
            assert.ok(seen.has(is), `${is} was not among ${list}`);
        }
    });
});

/** Bytes with one of them altered, or some of them left out. @param {(n: number) => Uint8Array} random @param {Uint8Array} bytes */
function harm(random, bytes) {
    if (pick(random, 4) === 0) {
        return bytes.slice(0, pick(random, bytes.length));
    }
    const out = bytes.slice();
    out[pick(random, out.length)] ^= 1 << pick(random, 8);
    return out;
}

describe(`made by one, opened by the other, seed ${seed}`, () => {
    const number = () => randomInt(2 ** 31);
    /** @type {(n: number) => Uint8Array} */
    let random;
    before(() => {
        random = seeded(`${seed}/boxes`);
    });

    test('a secret sealed to somebody', async () => {
        const me = identity(random(32));
        const secret = random(32);
        const theirs = await peer.make('seal', { pk: me.box.pk, secret, random: number() });
        assert.deepEqual(sealOpen(me.box, theirs), secret);
        const ours = seal(me.box.pk, secret, random);
        assert.equal((await peer.ask('unseal', { seed: me.seed, bytes: ours })).bytes, toB64(secret));
        assert.equal((await peer.ask('unseal', { seed: random(32), bytes: ours })).opens, false);
        assert.equal((await peer.ask('seal', { pk: new Uint8Array(32), secret, random: 1 })).opens, false);
    });

    test('the seed before', async () => {
        const [key, old, id] = [random(32), random(32), random(16)];
        const theirs = await peer.make('previous', { key, old, id, generation: 7, random: number() });
        assert.deepEqual(aeadOpen(key, previousAd(id, 7), theirs), old);
        const ours = aead(key, previousAd(id, 7), old, random);
        assert.equal((await peer.ask('unprevious', { key, id, generation: 7, bytes: ours })).bytes, toB64(old));
        assert.equal((await peer.ask('unprevious', { key, id, generation: 8, bytes: ours })).opens, false);
    });

    test('holders and rosters made there', async () => {
        const root = identity(random(32));
        const holders = [];
        for (const [kind, name] of /** @type {[number, string][]} */ ([[1, 'Jane Okafor'], [2, 'Süd-Team'], [3, 'Records']])) {
            const answer = await peer.ask('holder', { kind, id: random(16), generation: 1, seed: random(32), name });
            const bytes = fromB64(answer.bytes);
            assert.equal(rosters.holderPrint(bytes), answer.print);
            holders.push(bytes);
        }
        const roster = await peer.make('roster', {
            root: root.seed, serial: 1, issued_at: T0, expires_at: T0 + 92 * DAY, holders, ended: [0, 0, 0],
        });
        const { roster: found, alarms } = rosters.walkRosters({ roots: [root.sign.pk], serial: 1 }, [roster], holders);
        assert.deepEqual(alarms, []);
        assert.deepEqual(found?.people.map((one) => one.holder.name), ['Jane Okafor', 'Süd-Team', 'Records']);
    });

    test('rosters from here, in order and out of it', async () => {
        const world = new World(`${seed}/rosters`);
        const good = [1, 2, 3, 4].map((serial) => world.roster(serial));
        const bad = [
            world.roster(2, { signer: world.root2 }), world.roster(3, { days: 93 }), world.roster(3, { rows: { jane: 0 } }),
            world.roster(2, { issuedAt: T0 + 9 }), world.roster(4, { roots: [world.root2.sign.pk] }),
            world.roster(5, { signer: world.root2, roots: [world.root2.sign.pk] }), new Uint8Array(0),
        ];
        const met = new Set();
        for (let i = 0; i < 200; i++) {
            const count = pick(random, 5);
            const list = Array.from({ length: count }, (_, at) => (pick(random, 3) ? good[at]
                : pick(random, 2) ? bad[pick(random, bad.length)] : harm(random, good[at])));
            const holders = world.holderRecords.filter(() => pick(random, 5) > 0);
            if (pick(random, 10) === 0) {
                world.holder.twice = { ...world.holder.adam, name: 'Adam L.' };
                holders.push(rosters.encodeHolder(world.holder.twice), harm(random, holders[0] ?? new Uint8Array(9)));
                delete world.holder.twice;
            }
            const serial = 1 + pick(random, 3);
            const ours = rosters.walkRosters({ roots: [world.root.sign.pk], serial }, list, holders);
            const theirs = await peer.ask('walk', { roots: [world.root.sign.pk], serial, rosters: list, holders });
            const alarm = ours.alarms[0]?.name ?? 'none-at-all';
            met.add(alarm);
            assert.equal(theirs.alarm, { none: 'no-roster', 'none-at-all': 'none' }[/** @type {'none'} */ (alarm)] ?? alarm);
            assert.equal(theirs.serial, ours.roster?.serial ?? 0);
            assert.equal(theirs.missing, ours.roster?.missing ?? 0);
            assert.deepEqual(theirs.people.sort(), (ours.roster?.people ?? []).map(({ holder, ended }) =>
                `${holder.kind} ${holder.generation} ${ended} ${holder.name}`).sort());
        }
        assert.ok(met.size >= 6, [...met].join());
    });

    test('what people type', async () => {
        for (let i = 0; i < 300; i++) {
            const raw = random(15);
            const typed = toTyped(raw);
            assert.equal((await peer.ask('typed', { raw })).typed, typed);
            const symbols = [...typed];
            for (let turn = pick(random, 3); turn > 0; turn--) {
                const at = pick(random, symbols.length);
                symbols.splice(at, pick(random, 2), ['', 'o', 'i', 'L', '-', '\u2013', ' ', '\u00a0', 'u', 'é', '\u{1f600}', 'A', '0', '\t'][pick(random, 14)]);
            }
            const text = pick(random, 2) ? symbols.join('') : symbols.join('').toLowerCase();
            const ours = fromTyped(text);
            const theirs = await peer.ask('untyped', { typed: text });
            assert.equal(theirs.group, ours.ok ? -1 : ours.group === -1 ? 6 : ours.group, JSON.stringify(text));
            assert.equal(theirs.raw, ours.ok ? toB64(ours.bytes) : undefined, JSON.stringify(text));
        }
    });

    test('the text of a message, however it is made', async () => {
        const story = new Story(`${seed}/text`, peer);
        const bits = ['{', '}', '[', ']', ',', ':', '"', '\\u0000', '\\ud83d', '\\ude00', '\\n', '\\x', 'null', 'true', '-0', '1e3', '1.0',
            '9007199254740991', '9007199254740992', '9223372036854775807', '9223372036854775808', '1e999', ' ', '\n', '\u0001', '\u007f',
            '\ufeff', '\u2028', '\u{1f600}', '\r', '\u202e', '"kind":"text",', '"body":"x",', '"__proto__":1,', '"":0,'];
        let taken = 0;
        for (let i = 0; i < 1500; i++) {
            const { kind, ...fields } = story.plaintext();
            const text = [...new TextDecoder().decode(encodePlaintext(kind, fields))];
            for (let turn = pick(random, 3); turn > 0; turn--) {
                const at = pick(random, text.length + 1);
                text.splice(at, pick(random, 3), pick(random, 3) ? bits[pick(random, bits.length)] : '');
            }
            let bytes = new TextEncoder().encode(text.join(''));
            if (pick(random, 8) === 0) {
                bytes = harm(random, bytes);
            }
            /** @type {any} */
            let ours;
            try {
                const read = /** @type {any} */ (decodePlaintext(bytes));
                ours = { kind: read.kind, body: plain(read.kind === 'unknown' ? { name: read.name } : read.fields) };
                taken += 1;
            } catch {
                ours = { error: 'entry_refused' };
            }
            const theirs = await peer.ask('plain', { text: bytes });
            delete theirs.detail; // words for people, of C alone
            assert.deepEqual(theirs, ours, toHex(bytes));
        }
        assert.ok(taken > 300 && taken < 1400, `${taken} were taken`);
    });

    test('an invitation and its parcel', async () => {
        const { secret, code } = newInvite(random);
        const { inviteId, wrap, accept } = inviteKeys(secret, code);
        const [root, parent, thread, key, link] = [random(32), random(16), random(16), random(32), random(32)];
        const service = 'send.example.gov.uk';
        const theirs = await peer.ask('parcel', {
            secret, code, service, root, serial: 3, address: 'sam@example.org', parent, thread, generation: 2, key, seq: 5, link, random: number(),
        });
        assert.equal(theirs.invite_id, toB64(inviteId));
        assert.equal(theirs.accept_pk, toB64(accept.pk));
        const parcel = openParcel(wrap, inviteId, fromB64(theirs.bytes), service);
        const threads = [{ id: thread, generation: 2, key, seq: 5, link }];
        assert.deepEqual(parcel, { service, roots: [root], serial: 3, address: 'sam@example.org', parent, threads });
        const ours = sealParcel(wrap, inviteId, parcel, random);
        const { threads: [one], ...rest } = await peer.ask('unparcel', { secret, code, bytes: ours });
        assert.deepEqual(rest, plain({ service, roots: [root], serial: 3, address: 'sam@example.org', parent }));
        assert.deepEqual(one, plain(threads[0]));
        const wrong = code.startsWith('0') ? `1${code.slice(1)}` : `0${code.slice(1)}`;
        assert.equal((await peer.ask('unparcel', { secret, code: wrong, bytes: ours })).error, 'signature_wrong');
    });

    test('passwords, and the answer to a challenge', async () => {
        const service = 'send.example.gov.uk';
        for (const address of [' Sam.Ｌee@EXAMPLE.org\u00a0', '\ufeffÅsa@exämple.ORG\n']) {
            const password = 'Ångström ﬁfth\u00a0purple kettle';
            const ours = account.passwordKeys({ service, address, password });
            const theirs = await peer.ask('password', { service, address, password });
            assert.equal(theirs.address, account.normalAddress(address));
            assert.equal(theirs.auth_pk, toB64(ours.auth.pk));
            assert.equal(theirs.vault_key, toB64(ours.vaultKey));
        }
        const me = identity(random(32));
        const challenge = random(32);
        assert.deepEqual(
            await peer.make('auth', { seed: me.seed, challenge, purpose: 2, host: 'Send.Example.gov.uk' }),
            account.signAuth(me.sign.sk, { purpose: 2, host: 'send.example.gov.uk', challenge }));
    });

    test('vaults', async () => {
        const [key, parent] = [random(32), random(16)];
        for (const size of [0, 1, 1023, 1024, 5000]) {
            const text = random(size);
            const theirs = await peer.make('vault', { key, parent, text, random: number() });
            assert.equal(theirs.length, 40 + 1024 * (1 + Math.floor(size / 1024)));
            const ours = account.sealVaultBytes(key, parent, text, random);
            assert.equal((await peer.ask('unvault', { key, parent, bytes: ours })).bytes, toB64(text));
            assert.equal((await peer.ask('unvault', { key, parent, bytes: harm(random, ours) })).opens, false);
            assert.equal((await peer.ask('unvault', { key, parent: random(16), bytes: theirs })).opens, false);
        }
    });

    test('files, whole and harmed', async () => {
        for (const size of [0, 1, 65535, 65536, 65537, 200000]) {
            const [key, content] = [random(32), new Uint8Array(size).map((_, i) => i * 7)];
            const made = await peer.ask('file', { key, content, random: number() });
            const theirs = { blob: fromB64(made.bytes), hash: fromB64(made.hash) };
            assert.deepEqual(files.openFile({ key, size, hash: theirs.hash }, theirs.blob), content);
            const ours = files.sealFile(key, content, random);
            const file = { key, size, hash: ours.hash };
            assert.equal((await peer.ask('unfile', { ...file, bytes: ours.blob })).bytes, toB64(content));
            // In the last chunk a longer file has zeros: it is the signed message that says how long it is.
            const longer = { ...file, size: size + 1 };
            const same = size % files.CHUNK_BYTES === 0 && size > 0
                ? false : toB64(files.openFile(longer, ours.blob));
            const answer = await peer.ask('unfile', { ...longer, bytes: ours.blob });
            assert.equal(answer.opens && answer.bytes, same);
            assert.equal((await peer.ask('unfile', { ...file, hash: theirs.hash, bytes: ours.blob })).opens, false);
            for (let i = 0; i < 5; i++) {
                const bytes = harm(random, ours.blob);
                assert.equal((await peer.ask('unfile', { ...file, bytes })).opens, false);
                assert.throws(() => files.openFile(file, bytes));
            }
        }
    });

    test('a key file', async () => {
        const [id, own] = [random(16), random(32)];
        const passphrase = new TextEncoder().encode('four quiet purple kettles é');
        const theirs = await peer.make('keyfile', { kind: 1, id, seed: own, passphrase, random: number() });
        assert.deepEqual(openKeyFile(passphrase, theirs), { kind: 1, id, seed: own });
        const ours = sealKeyFile(passphrase, { kind: 1, id, seed: own }, random);
        assert.equal((await peer.ask('unkeyfile', { passphrase, bytes: ours })).seed, toB64(own));
        assert.equal((await peer.ask('unkeyfile', { passphrase: own, bytes: ours })).error, 'sign_in_failed');
    });
});
