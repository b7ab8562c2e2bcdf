// @ts-check
/**
 * tests/vectors/vectors.json: 74 exact outputs, made again from the inputs, and 28 entries that must
 * be refused. The C half is held to the same file.
 */
import assert from 'node:assert/strict';
import { before, describe, it as test } from 'node:test';

import * as account from '../../web/js/e2ee/account.js';
import { fromUtf8, utf8 } from '../../web/js/e2ee/bytes.js';
import * as compose from '../../web/js/e2ee/compose.js';
import * as entries from '../../web/js/e2ee/entry.js';
import * as files from '../../web/js/e2ee/file.js';
import { identity, joinHalves, splitSeed } from '../../web/js/e2ee/identity.js';
import * as invites from '../../web/js/e2ee/invite.js';
import { openKeyFile, sealKeyFile } from '../../web/js/e2ee/keyfile.js';
import { aead, aeadOpen, hash, seal, sealOpen } from '../../web/js/e2ee/primitives.js';
import * as rosters from '../../web/js/e2ee/roster.js';
import { ready } from '../../web/js/e2ee/sodium.js';
import { Thread } from '../../web/js/e2ee/thread.js';
import { fromTyped, toTyped } from '../../web/js/e2ee/typed.js';
import { fixed, fromHex, readVectors, toHex } from './e2ee-support.mjs';

const file = readVectors('vectors.json');
const T0 = 1790000000;
/** @type {Record<string, Uint8Array>} */
const input = {};
/** @type {Record<string, string>} what this code makes of the inputs */
const made = {};
/** @type {Record<string, import('../../web/js/e2ee/types.js').Identity>} */
const who = {};
/** @type {Record<number, Uint8Array>} */
const roster = {};
/** @type {Uint8Array[]} */
const holders = [];

/** @param {string} name @param {Uint8Array} bytes */
function put(name, bytes) {
    made[name] = toHex(bytes);
    return bytes;
}

/** @param {string} name */
const text = (name) => fromUtf8(input[name]);

function makeIdentities() {
    const joined = joinHalves(input['records.half_a'], input['records.half_b']);
    assert.deepEqual(splitSeed(joined, fixed(input['records.half_a']))[1], input['records.half_b']);
    put('records.seed', joined);
    for (const name of ['root', 'jane', 'adam', 'parent', 'parent2', 'team1', 'team2', 'records']) {
        const me = identity(name === 'records' ? joined : input[`${name}.seed`]);
        who[name] = me;
        put(`${name}.sign_pk`, me.sign.pk);
        put(`${name}.box_pk`, me.box.pk);
        put(`${name}.lock`, me.lock);
    }
}

function makeRosters() {
    const zero = new Uint8Array(32);
    for (const [name, kind, id, generation, label] of /** @type {[string, 1 | 2 | 3, string, number, string][]} */ ([
        ['jane', 1, 'jane', 1, 'jane'], ['adam', 1, 'adam', 1, 'adam'],
        ['team1', 2, 'team', 1, 'team'], ['team2', 2, 'team', 2, 'team'],
        ['records', 3, 'records', 1, 'records'],
    ])) {
        const bytes = put(`holder.${name}`, rosters.encodeHolder({
            kind, id: input[`${id}.id`], generation, name: text(`${label}.name`),
            signPk: kind === 1 ? who[name].sign.pk : zero, boxPk: who[name].box.pk,
        }));
        holders.push(bytes);
    }
    const [jane, adam, team1, team2, records] = holders.map((h) => hash(32, h));
    put('print.jane', utf8(rosters.holderPrint(holders[0])));
    const day = 24 * 60 * 60;
    const roots = [who.root.sign.pk];
    roster[1] = put('roster.1', rosters.signRoster(who.root.sign.sk, {
        serial: 1, issuedAt: T0, expiresAt: T0 + 92 * day, roots,
        rows: [jane, adam, team1, records].map((h) => ({ hash: h, ended: 0 })),
    }));
    roster[2] = put('roster.2', rosters.signRoster(who.root.sign.sk, {
        serial: 2, issuedAt: T0 + 900, expiresAt: T0 + 900 + 92 * day, roots,
        rows: [[jane, 0], [adam, 2], [team1, 2], [records, 0], [team2, 0]].map(([h, ended]) =>
            ({ hash: /** @type {Uint8Array} */ (h), ended: /** @type {number} */ (ended) })),
    }));
    put('roster.1.hash', rosters.parseRoster(roster[1]).hash);
    put('roster.2.hash', rosters.parseRoster(roster[2]).hash);
    put('team1.sealed_to_jane', seal(who.jane.box.pk, input['team1.seed'], fixed(input['eph.team1'])));
    put('team2.previous', aead(who.team2.lock, entries.previousAd(input['team.id'], 2),
        input['team1.seed'], fixed(input['nonce.team2'])));
}

function makeAccount() {
    put('address.normal', utf8(account.normalAddress(text('address'))));
    const service = text('service');
    put('password.salt', account.passwordSalt(service, text('address')));
    const keys = account.passwordKeys({
        service, address: text('address'), password: text('password'),
    });
    put('password.master', keys.master);
    put('password.auth_pk', keys.auth.pk);
    put('password.vault_key', keys.vaultKey);
    const secret = input['invite.secret'];
    put('invite.typed', utf8(toTyped(secret)));
    const invite = invites.inviteKeys(secret, text('invite.code'));
    put('invite.id', invite.inviteId);
    put('invite.seed', invite.seed);
    put('invite.accept_pk', invite.accept.pk);
    put('invite.wrap', invite.wrap);
    put('parcel', invites.sealParcelBytes(
        invite.wrap, invite.inviteId, input['parcel.json'], fixed(input['nonce.parcel'])));
    const vault = put('vault', account.sealVaultBytes(
        keys.vaultKey, input['parent.id'], input['vault.json'], fixed(input['nonce.vault'])));
    // Sample text again: the vault alone, where a real tab has its key beside it.
    put('tab', account.sealTabBytes(
        input['tab.key'], input['parent.id'], input['vault.json'], fixed(input['nonce.tab'])));
    const common = { host: text('host'), challenge: input.challenge };
    put('auth.signin', account.signAuth(keys.auth.sk, { ...common, purpose: 1 }));
    put('auth.staff', account.signAuth(who.jane.sign.sk, { ...common, purpose: 2 }));
    put('auth.invitee', account.signAuth(invite.accept.sk, { ...common, purpose: 3 }));
    put('auth.change', account.signAuth(keys.auth.sk, {
        ...common, purpose: 4, extra: account.changeExtra(keys.auth.pk, vault),
    }));
    put('keyfile', sealKeyFile(
        input.passphrase, { kind: 1, id: input['jane.id'], seed: input['jane.seed'] },
        fixed(input['keyfile.salt'], input['nonce.keyfile'])));
    return invite;
}

/** @param {ReturnType<typeof invites.inviteKeys>} invite */
function makeThread(invite) {
    const threadId = input['thread.id'];
    let head = { seq: 0, link: put('link.0', entries.linkZero(threadId)) };
    const jane = { id: input['jane.id'], sign: who.jane.sign };
    const parent = { id: input['parent.id'], sign: who.parent.sign };
    /** @type {(generation: number) => compose.Place} */
    const place = (generation) => ({ threadId, head, generation, key: input[`thread.key${generation}`] });
    /** @type {(...more: string[]) => compose.Means} */
    const means = (...more) => ({
        now: T0 + 60 * (head.seq + 1), entryId: input[`entry${head.seq + 1}.id`],
        random: fixed(...more.map((name) => input[name])),
    });
    const add = (/** @type {compose.Composed} */ { entry }) => {
        const seq = head.seq + 1;
        put(`entry.${seq}`, entry);
        const { headerBytes, body, signature } = entries.parseEntry(entry);
        head = {
            seq,
            link: put(`link.${seq}`, entries.link(threadId, seq, head.link,
                entries.digest(headerBytes, entries.bodyHash(body, signature)))),
        };
    };
    /** @type {(team: 1 | 2, keysSeq: number, person?: string) => compose.Recipient[]} */
    const recipients = (team, keysSeq, person) => [
        { kind: 2, holderId: input['team.id'], holderGeneration: team, boxPk: who[`team${team}`].box.pk },
        { kind: 3, holderId: input['records.id'], holderGeneration: 1, boxPk: who.records.box.pk },
        ...(person ? [{ kind: 4, holderId: input['parent.id'], holderGeneration: keysSeq, boxPk: who[person].box.pk }] : []),
    ];
    /** @type {(generation: number, serial: number, to: compose.Recipient[], random: string[]) => void} */
    const change = (generation, serial, to, random) => add(compose.keyEntry(place(generation), jane, {
        generation, key: input[`thread.key${generation}`],
        roster: rosters.parseRoster(roster[serial]), recipients: to,
        oldKey: generation > 1 ? input[`thread.key${generation - 1}`] : null,
    }, means(...random)));
    const say = (/** @type {compose.Writer} */ me, /** @type {number} */ generation) => add(
        compose.messageBytes(place(generation), me, input[`entry${head.seq + 1}.json`],
            means(`nonce.entry${head.seq + 1}`)));

    for (const generation of [1, 2, 3]) {
        put(`key_id.${generation}`, entries.keyId(threadId, generation, input[`thread.key${generation}`]));
    }
    change(1, 1, recipients(1, 0), ['eph.1a', 'eph.1b']);
    say(jane, 1);
    add(compose.inviteEntry(place(1), jane, {
        inviteId: invite.inviteId, parentId: input['parent.id'], acceptPk: invite.accept.pk,
        // 28 days from the hour of the thread.
        expiresAt: entries.parseInviteBody(entries.parseEntry(fromHex(file.vectors['entry.3'])).body).expiresAt,
    }, means()));
    add(compose.keysEntry(place(1), parent.id, who.parent, { by: 3, prove: invite.accept }, means()));
    say(parent, 1);
    change(2, 1, recipients(1, 4, 'parent'), ['nonce.key2', 'eph.6a', 'eph.6b', 'eph.6c']);
    const content = Uint8Array.from({ length: 70000 }, (_, i) => (7 * i + (i >> 8)) & 255);
    const sealed = files.sealFile(input['file.key'], content, fixed(input['file.head']));
    put('file.hash', sealed.hash);
    put('file.first', sealed.blob.slice(0, 64));
    put('file.last', sealed.blob.slice(-32));
    assert.deepEqual(
        files.openFile({ key: input['file.key'], size: 70000, hash: sealed.hash }, sealed.blob), content);
    say(jane, 2);
    add(compose.keysEntry(place(2), parent.id, who.parent2, { by: 0, prove: who.parent.sign }, means()));
    change(3, 2, recipients(2, 8, 'parent2'), ['nonce.key3', 'eph.9a', 'eph.9b', 'eph.9c']);
    add(compose.seen(place(3), { ...parent, sign: who.parent2.sign }, head, means()));
}

before(async () => {
    await ready();
    for (const [name, hex] of Object.entries(file.inputs)) {
        input[name] = fromHex(hex);
    }
    makeIdentities();
    makeRosters();
    makeThread(makeAccount());
});

describe('vectors', () => {
    test('there are 74', () => assert.equal(Object.keys(file.vectors).length, 74));
    for (const [name, want] of Object.entries(file.vectors)) {
        test(name, () => {
            assert.ok(name in made, 'nothing makes this vector');
            assert.equal(made[name], want);
        });
    }
});

describe('vectors, the other way', () => {
    /** @param {string} name */
    const vector = (name) => fromHex(file.vectors[name]);

    test('holders and rosters', () => {
        assert.deepEqual(rosters.encodeHolder(rosters.parseHolder(vector('holder.jane'))), vector('holder.jane'));
        const parsed = rosters.parseRoster(vector('roster.2'));
        assert.deepEqual(rosters.encodeRoster(parsed), parsed.signed);
    });
    test('team seeds', () => {
        assert.deepEqual(sealOpen(who.jane.box, vector('team1.sealed_to_jane')), input['team1.seed']);
        assert.deepEqual(
            aeadOpen(who.team2.lock, entries.previousAd(input['team.id'], 2), vector('team2.previous')),
            input['team1.seed']);
    });
    test('typed form', () => {
        assert.deepEqual(fromTyped(fromUtf8(vector('invite.typed'))), { ok: true, bytes: input['invite.secret'] });
    });
    test('vault', () => {
        const vault = account.openVault(vector('password.vault_key'), input['parent.id'], vector('vault'), text('service'));
        assert.deepEqual(vault.seed, input['parent.seed']);
        assert.deepEqual(vault.threads[0].link, vector('link.0'));
    });
    test('parcel', () => {
        // Its JSON is sample text without the list of threads, so the reader of fields refuses it.
        const json = invites.openParcelBytes(vector('invite.wrap'), vector('invite.id'), vector('parcel'));
        assert.deepEqual(json, input['parcel.json']);
    });
    test('key file', () => {
        assert.deepEqual(openKeyFile(input.passphrase, vector('keyfile')),
            { kind: 1, id: input['jane.id'], seed: input['jane.seed'] });
    });
});

/** @param {string} reader @param {number} serial @param {number} now */
function threadFor(reader, serial, now) {
    const walk = rosters.walkRosters(
        { roots: [who.root.sign.pk], serial: 1 }, [roster[1], roster[2]].slice(0, serial), holders);
    assert.deepEqual(walk.alarms, []);
    assert.ok(walk.roster);
    /** @type {import('../../web/js/e2ee/types.js').Reader} */
    const me = reader.startsWith('team')
        // A newer seed carries the older ones.
        ? { side: 'staff', id: input['jane.id'], identities: reader === 'team2' ? [who.team2, who.team1] : [who.team1] }
        : { side: 'parent', id: input['parent.id'], identities: [who[reader]] };
    return new Thread({
        threadId: input['thread.id'], roster: walk.roster, reader: me, now: () => now,
    });
}

describe('refusals', () => {
    test('there are 28', () => assert.equal(Object.keys(file.refuse).length, 28));
    for (const [name, line] of Object.entries(file.refuse)) {
        test(name, () => {
            const [serial, after, reader, rule, ...more] = /** @type {string} */ (line).split(' ');
            const thread = threadFor(reader, Number(serial), T0 + 3600);
            for (let seq = 1; seq <= Number(after); seq++) {
                const verdict = thread.take(seq, fromHex(file.vectors[`entry.${seq}`]));
                assert.ok(verdict.ok, `entry ${seq}: ${JSON.stringify(verdict)}`);
            }
            more.forEach((hex, i) => {
                const verdict = thread.take(Number(after) + 1 + i, fromHex(hex));
                if (i + 1 < more.length) {
                    assert.ok(verdict.ok, JSON.stringify(verdict));
                    return;
                }
                assert.ok(!verdict.ok && 'rule' in verdict, 'taken');
                assert.equal(verdict.rule, Number(rule), verdict.reason);
                assert.equal(verdict.item.kind, 'warning');
                assert.equal(verdict.item.author, null);
            });
        });
    }
});

describe('the whole thread', () => {
    /** @param {Thread} thread */
    const all = (thread) => {
        thread.load(Array.from({ length: 10 }, (_, i) =>
            ({ seq: i + 1, entry: fromHex(file.vectors[`entry.${i + 1}`]) })));
        return thread;
    };
    const kinds = ['key', 'card', 'invite', 'keys', 'text', 'key', 'file', 'keys', 'key', 'seen'];

    test('as the team reads it', () => {
        const thread = all(threadFor('team2', 2, T0 + 3600));
        assert.deepEqual(thread.items.map((i) => i.kind), kinds);
        assert.deepEqual(thread.head, { seq: 10, link: fromHex(file.vectors['link.10']) });
        assert.deepEqual(thread.key, input['thread.key3']);
        assert.equal(thread.seenBy.parent, 9);
        assert.deepEqual(thread.sendState(), { ok: true });
    });
    test('as the parent with the newest keys reads it, by previous alone', () => {
        const thread = all(threadFor('parent2', 2, T0 + 3600));
        assert.deepEqual(thread.items.map((i) => i.kind), kinds);
        assert.equal(thread.card?.case, 'SEND-2031');
        assert.equal(thread.canRead?.team?.name, 'SEND team, north');
        assert.equal(thread.inviter?.name, 'Jane Okafor, SEND caseworker');
        assert.deepEqual(thread.sendState(), { ok: true });
    });
});
