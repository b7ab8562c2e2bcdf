// @ts-check
/** Accounts, invitations, files and new entries: the boxes open for whom they should, and nobody else. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { before, describe, it as test } from 'node:test';

import * as account from '../../web/js/e2ee/account.js';
import { toB64, utf8 } from '../../web/js/e2ee/bytes.js';
import * as compose from '../../web/js/e2ee/compose.js';
import { notesThreadId } from '../../web/js/e2ee/entry.js';
import * as files from '../../web/js/e2ee/file.js';
import { identity, joinHalves, newSeed, splitSeed } from '../../web/js/e2ee/identity.js';
import * as invites from '../../web/js/e2ee/invite.js';
import { seal, sealOpen, sign, verify } from '../../web/js/e2ee/primitives.js';
import { ready, sodium, systemRandom } from '../../web/js/e2ee/sodium.js';
import { seeded, toHex } from './e2ee-support.mjs';
import { Chain, T0, World } from './e2ee-world.mjs';

const folder = new URL('../../web/js/e2ee/', import.meta.url);

test('one module imports libsodium, and it is not loaded before it is asked for', () => {
    const sources = readdirSync(folder).filter((name) => name.endsWith('.js'));
    const importing = sources.filter((name) =>
        /import\(?\s*['"]libsodium|from ['"]libsodium/.test(readFileSync(new URL(name, folder), 'utf8').replace(/\/\*\*[\s\S]*?\*\//g, '')));
    assert.deepEqual(importing, ['sodium.js']);
    assert.throws(() => sodium(), { code: 'not-ready' });
});

describe('with libsodium', () => {
    /** @type {(n: number) => Uint8Array} */
    let random;
    /** @type {import('../../web/js/e2ee/types.js').Vault} */
    let vault;
    /** @type {Uint8Array} */
    let parentId;

    before(async () => {
        const given = await ready();
        assert.equal(await ready(), given);
        assert.equal(await ready(given), given);
        random = seeded('account');
        parentId = random(16);
        vault = {
            seed: random(32), service: 'send.example.gov.uk', roots: [random(32), random(32)], serial: 3,
            threads: [{ id: random(16), generation: 2, key: random(32), seq: 7, link: random(32) }],
        };
    });

    test('randomness differs', () => assert.notDeepEqual(systemRandom(32), systemRandom(32)));

    test('sealing opens as libsodium\'s own does, both ways', () => {
        const me = identity(newSeed(random));
        const message = random(32);
        assert.deepEqual(sodium().crypto_box_seal_open(seal(me.box.pk, message, random), me.box.pk, me.box.sk), message);
        assert.deepEqual(sealOpen(me.box, sodium().crypto_box_seal(message, me.box.pk)), message);
        assert.equal(sealOpen(identity(random(32)).box, seal(me.box.pk, message, random)), null);
        assert.throws(() => seal(new Uint8Array(32), message, random), { code: 'box-key' });
        assert.equal(verify(me.sign.pk, sign(me.sign.sk, message), random(32)), false);
    });
    test('a seed in two halves', () => {
        const seed = random(32);
        const [a, b] = splitSeed(seed, random);
        assert.notDeepEqual(a, seed);
        assert.deepEqual(joinHalves(a, b), seed);
        assert.throws(() => joinHalves(a, b.slice(1)), { code: 'length' });
        assert.throws(() => identity(a.slice(1)), { code: 'length' });
    });
    test('addresses: one spelling', () => {
        for (const [typed, normal] of [
            ['  A.Parent@Example.ORG\u00a0', 'a.parent@example.org'],
            ['\ufeffa@b.org\u3000', 'a@b.org'],
            ['\uff21@b.org', 'a@b.org'],
            // Only A to Z: other letters mean what their mail server says they mean.
            ['\u00c9lan@b.org', '\u00c9lan@b.org'],
            ['e\u0301@b.org', '\u00e9@b.org'],
        ]) {
            assert.equal(account.normalAddress(typed), normal);
        }
    });
    test('passwords are counted as they are hashed', () => {
        assert.equal(account.passwordLongEnough('elevenchars'), false);
        assert.equal(account.passwordLongEnough('twelve chars'), true);
        assert.equal(account.passwordLongEnough('\ud83d\ude00'.repeat(11)), false);
        assert.equal(account.passwordLongEnough('e\u0301'.repeat(11)), false);
    });
    test('vault, tab and draft open for one person alone', () => {
        const key = random(32);
        const sealed = account.sealVault(key, parentId, vault, random);
        assert.equal((sealed.length - 40) % 1024, 0);
        assert.deepEqual(account.openVault(key, parentId, sealed, vault.service), vault);
        assert.throws(() => account.openVault(key, random(16), sealed, vault.service), { code: 'does-not-open' });
        assert.throws(() => account.openVault(random(32), parentId, sealed, vault.service), { code: 'does-not-open' });
        assert.throws(() => account.openVault(key, parentId, sealed, 'other.example'), { code: 'service' });
        assert.throws(() => account.openVault(key, parentId, sealed.slice(0, 30), vault.service), { code: 'does-not-open' });
        const more = { ...vault, rosterHash: random(32), threads: [{ ...vault.threads[0], team: random(16) }] };
        assert.deepEqual(account.openVault(key, parentId, account.sealVault(key, parentId, more, random), vault.service), more);

        const tabKey = random(32);
        const tab = account.sealTab(tabKey, parentId, { vaultKey: key, vault }, random);
        assert.deepEqual(account.openTab(tabKey, parentId, tab), { vaultKey: key, vault });
        // After a sign-out the server's half is gone, and with another one it stays shut.
        assert.throws(() => account.openTab(random(32), parentId, tab), { code: 'does-not-open' });
        // Nor is a tab a vault, even under the same key.
        assert.throws(() => account.openVault(tabKey, parentId, tab, vault.service), { code: 'does-not-open' });

        const me = identity(vault.seed);
        const thread = vault.threads[0].id;
        const draft = account.sealDraft(me.drafts, parentId, thread, { body: 'Half a sent' }, random);
        assert.deepEqual(account.openDraft(me.drafts, parentId, thread, draft), { body: 'Half a sent' });
        assert.equal(account.openDraft(me.drafts, parentId, random(16), draft), null);
        assert.equal(account.openDraft(identity(random(32)).drafts, parentId, thread, draft), null);
    });
    test('answers to challenges are good for one purpose, host and content', () => {
        const me = identity(random(32));
        const base = { purpose: account.PURPOSE.parent, host: 'send.example.gov.uk', challenge: random(32) };
        const all = [base, { ...base, purpose: 4 }, { ...base, host: 'other.example' }, { ...base, challenge: random(32) },
            { ...base, extra: account.changeExtra(random(32), random(50)) }].map((one) => toHex(account.signAuth(me.sign.sk, one)));
        assert.equal(new Set(all).size, all.length);
        for (const wrong of [{ host: 'Send.example' }, { host: 'a:1' }, { host: '' }, { host: 'x'.repeat(256) }, { challenge: random(31) }, { extra: random(31) }]) {
            assert.throws(() => account.signAuth(me.sign.sk, { ...base, ...wrong }), { code: 'auth' });
        }
    });

    test('invitations: link, code, typed form', () => {
        const { secret, code } = invites.newInvite(systemRandom);
        assert.match(code, /^[0-9]{12}$/);
        const fragment = invites.linkFragment(secret);
        assert.deepEqual(invites.parseFragment(fragment), secret);
        assert.deepEqual(invites.readSecret(`https://send.example.gov.uk/${fragment} `), { ok: true, bytes: secret });
        for (const wrong of ['', '#', '#i=', `${fragment}A`, fragment.replace('#i', '#x'), `${fragment.slice(0, -1)}+`]) {
            assert.equal(invites.parseFragment(wrong), null);
        }
        assert.equal(invites.normalCode(' 1234 5678-9012 '), '123456789012');
        assert.equal(invites.normalCode('12345678901'), null);
        assert.equal(invites.normalCode('12345678901a'), null);
        assert.throws(() => invites.inviteKeys(secret, '1'), { code: 'invite' });
        assert.throws(() => invites.inviteKeys(secret.slice(1), code), { code: 'invite' });
    });
    test('codes lean to no digit', () => {
        // The bytes 250 to 255 are thrown away.
        const bytes = [250, 255, 249, 0, 10, 19];
        let at = 0;
        const made = invites.newInvite((n) => Uint8Array.from({ length: n }, () => bytes[at++ % bytes.length]));
        assert.equal(made.code, '900990099009'.slice(0, 12));
    });
    test('parcels', () => {
        const wrap = random(32);
        const inviteId = random(16);
        const parcel = { service: 'send.example.gov.uk', roots: vault.roots, serial: 1, address: 'a@b.org', parent: parentId, threads: vault.threads };
        const sealed = invites.sealParcel(wrap, inviteId, parcel, random);
        assert.deepEqual(invites.openParcel(wrap, inviteId, sealed, parcel.service), parcel);
        assert.throws(() => invites.openParcel(random(32), inviteId, sealed, parcel.service), { code: 'does-not-open' });
        assert.throws(() => invites.openParcel(wrap, random(16), sealed, parcel.service), { code: 'does-not-open' });
        assert.throws(() => invites.openParcel(wrap, inviteId, sealed, 'other.example'), { code: 'service' });
        const one = invites.sealParcelBytes(wrap, inviteId, utf8(JSON.stringify({
            service: parcel.service, roots: [toB64(random(32))], serial: 1, address: '', parent: toB64(parentId), threads: {},
        })), random);
        assert.throws(() => invites.openParcel(wrap, inviteId, one, parcel.service), { code: 'fields' });
    });

    describe('files', () => {
        for (const size of [0, 1, 65535, 65536, 65537, 131072, 200000]) {
            test(`${size} bytes, there and back`, () => {
                const key = random(32);
                const content = Uint8Array.from({ length: size }, (_, i) => i % 251);
                const { blob, hash } = files.sealFile(key, content, random);
                assert.equal(blob.length, files.blobSize(size));
                assert.deepEqual(files.openFile({ key, size, hash }, blob), content);
            });
        }
        test('cut, reordered, swapped, resized, flipped: nothing comes out', () => {
            const key = random(32);
            const content = Uint8Array.from({ length: 150000 }, (_, i) => i % 251);
            const size = content.length;
            const { blob, hash } = files.sealFile(key, content, random);
            const other = files.sealFile(random(32), content, random);
            const chunk = 65553;
            /** @type {(start: number) => Uint8Array} */
            const part = (start) => blob.slice(24 + start * chunk, 24 + (start + 1) * chunk);
            const swapped = new Uint8Array([...blob.slice(0, 24), ...part(1), ...part(0), ...part(2)]);
            const cut = blob.slice(0, -chunk);
            const flipped = blob.slice();
            flipped[90000] ^= 1;
            const open = (/** @type {any} */ change, given = blob) => () => files.openFile({ key, size, hash, ...change }, given);
            assert.throws(open({}, swapped), { code: 'file' });
            assert.throws(open({}, cut), { code: 'length' });
            // The message may lie about the size as well: the tags still tell.
            assert.throws(open({ size: 131072, hash: files.blobHash(cut) }, cut), { code: 'file' });
            assert.throws(open({}, flipped), { code: 'file' });
            assert.throws(open({}, other.blob), { code: 'file' });
            assert.throws(open({ key: random(32) }), { code: 'file' });
            assert.throws(open({ hash: random(32) }), { code: 'hash' });
            assert.throws(open({ size: size - 1 }), { code: 'file' }, 'what is behind the end is zeros');
            assert.throws(open({ size: 131071 }), { code: 'length' });
            assert.throws(open({ size: 26 * 1024 * 1024 }), { code: 'length' });
        });
        test('at most 25 MiB', () => {
            assert.throws(() => new files.Sealer(random(32), files.FILE_LIMIT + 1, random), { code: 'too-long' });
        });
    });

    describe('new entries', () => {
        test('go in where they are made for, again under the same id after a stale one', () => {
            const world = new World('compose');
            const chain = new Chain(world).begin();
            const thread = world.thread('team1', 1);
            thread.load(chain.inputs());
            const means = { now: T0, random: world.random };
            const stale = compose.message(thread, world.jane, { kind: 'text', body: 'One' }, means);
            chain.say('parent', { kind: 'text', body: 'First' });
            assert.ok(thread.take(6, chain.entries[5]).ok);
            const again = compose.message(thread, world.jane, { kind: 'text', body: 'One' }, { ...means, entryId: stale.entryId });
            assert.deepEqual(again.entryId, stale.entryId);
            assert.notDeepEqual(again.entry.slice(98, 122), stale.entry.slice(98, 122), 'a fresh nonce');
            assert.ok(thread.take(7, again.entry).ok);
            const read = compose.seen(thread, world.jane, thread.head, means);
            assert.ok(thread.take(8, read.entry).ok);
            assert.equal(thread.seenBy.staff, 7);
        });
        test('a rotation asks who invited, and grants to what is current', () => {
            const world = new World('rotate');
            const chain = new Chain(world).begin();
            const thread = world.thread('team1', 1);
            thread.load(chain.inputs());
            const to = { team: world.holder.team1, records: world.holder.records };
            const means = { now: T0, random: world.random };
            assert.throws(() => compose.rotate(thread, world.adam, to, means), { code: 'ask-first' });
            const { entry } = compose.rotate(thread, world.adam, { ...to, agreed: true }, means);
            assert.ok(thread.take(6, entry).ok);
            assert.equal(thread.generation, 2);
            assert.equal(thread.canRead?.parent, true);
            const parent = world.thread('parent', 1, { held: [{ generation: 1, key: chain.firstKey ?? new Uint8Array(32) }] });
            parent.load([...chain.inputs(), { seq: 6, entry }]);
            assert.deepEqual(parent.key, thread.key);
        });
        test('the inviter needs not ask themselves; of one who left everybody asks again', () => {
            const world = new World('rotate 2');
            const chain = new Chain(world);
            chain.rotate('adam');
            chain.invite('adam');
            chain.acceptAs('parent');
            const to = { team: world.holder.team1, records: world.holder.records };
            const means = { now: T0, random: world.random };
            const now = world.thread('team1', 1);
            now.load(chain.inputs());
            assert.ok(now.take(4, compose.rotate(now, world.adam, to, means).entry).ok);
            assert.ok(now.take(5, compose.rotate(now, world.jane, to, means).entry).ok);
            const later = world.thread('team2', 2);
            later.load(now.inputs.map((input, i) => ({ ...input, seq: i + 1 })));
            const next = { team: world.holder.team2, records: world.holder.records };
            assert.throws(() => compose.rotate(later, world.jane, next, means), { code: 'ask-first' });
            assert.ok(later.take(6, compose.rotate(later, world.jane, { ...next, agreed: true }, means).entry).ok);
            assert.ok(later.take(7, compose.rotate(later, world.jane, next, means).entry).ok);
        });
        test('nothing is written without a key', () => {
            const world = new World('no key');
            assert.throws(() => compose.message(world.thread('team1', 1), world.jane, { kind: 'text', body: '' }, { now: T0, random }), { code: 'no-key' });
        });
        test('notes have an id of their own', () => {
            const caseId = random(16);
            assert.equal(notesThreadId(caseId).length, 16);
            assert.notDeepEqual(notesThreadId(caseId), notesThreadId(random(16)));
        });
    });
});
