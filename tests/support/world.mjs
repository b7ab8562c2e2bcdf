/**
 * A made service to try and to measure: staff, families and conversations, through the same calls as everybody's.
 *
 * No passwords: a server never sees one, so any key pair signs in as well as a stretched one, and what is
 * measured is the service. The world is handed to the load generator as a file; it holds keys of made people.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs';

import { changeExtra, signAuth } from '../../web/js/e2ee/account.js';
import { fromB64, toB64 } from '../../web/js/e2ee/bytes.js';
import { inviteEntry, keyEntry, keysEntry, message } from '../../web/js/e2ee/compose.js';
import { bodyHash, digest, link, linkZero, parseEntry } from '../../web/js/e2ee/entry.js';
import { identity } from '../../web/js/e2ee/identity.js';
import { hash, seal, signPair } from '../../web/js/e2ee/primitives.js';
import { encodeHolder, RECORDS, signRoster, STAFF, TEAM } from '../../web/js/e2ee/roster.js';
import { ready, systemRandom } from '../../web/js/e2ee/sodium.js';
import { Client } from './client.mjs';

const now = () => Math.floor(Date.now() / 1000);

/** The end of a chain after one more entry. */
function after(place, entry) {
    const parsed = parseEntry(entry);
    const seq = place.head.seq + 1;
    const of = digest(parsed.headerBytes, bodyHash(parsed.body, parsed.signature));
    return { seq, link: link(place.threadId, seq, place.head.link, of) };
}

async function pool(n, work) {
    let next = 0;
    await Promise.all(Array.from({ length: 8 }, async () => {
        while (next < n) {
            const mine = next++;
            await work(mine);
        }
    }));
}

/**
 * @param {object} at
 * @param {string} at.host @param {number} at.publicPort @param {number} at.staffPort
 * @param {string} at.ca file of the certificate authority
 * @param {string} at.setupToken
 * @param {number} at.staff how many caseworkers
 * @param {number} at.families one for each of the first caseworkers, then round again
 * @param {string} at.plan file to write
 */
export async function makeWorld(at) {
    await ready();
    const ca = readFileSync(at.ca);
    const root = identity(systemRandom(32));
    const team = { id: systemRandom(16), seed: systemRandom(32) };
    const teamKeys = identity(team.seed);
    const records = { id: systemRandom(16), keys: identity(systemRandom(32)) };
    const people = Array.from({ length: at.staff }, (_, i) => {
        const seed = systemRandom(32);
        return { id: systemRandom(16), seed, keys: identity(seed), name: `Caseworker ${i + 1}` };
    });
    const zero = new Uint8Array(32);
    const holders = [
        { kind: TEAM, id: team.id, generation: 1, signPk: zero, boxPk: teamKeys.box.pk, name: 'Bench team' },
        { kind: RECORDS, id: records.id, generation: 1, signPk: zero, boxPk: records.keys.box.pk, name: 'Records' },
        ...people.map((p) => ({ kind: STAFF, id: p.id, generation: 1, signPk: p.keys.sign.pk, boxPk: p.keys.box.pk,
            name: p.name })),
    ];
    const holderBytes = holders.map(encodeHolder);
    const issuedAt = now();
    const roster = signRoster(root.sign.sk, {
        serial: 1, issuedAt, expiresAt: issuedAt + 90 * 86400, roots: [root.sign.pk],
        rows: holderBytes.map((bytes) => ({ hash: hash(32, bytes), ended: 0 })),
    });
    const rosterHash = hash(32, roster.subarray(0, roster.length - 64));

    const staffAt = { host: at.host, port: at.staffPort, ca };
    const publicAt = { host: at.host, port: at.publicPort, ca, origin: `https://${at.host}:${at.publicPort}` };
    const first = await Client.open(staffAt);
    await first.call('service.init', {
        token: at.setupToken,
        roster: toB64(roster),
        holders: holderBytes.map(toB64),
        staff: people.map((p) => ({ staff: toB64(p.id), role: 'caseworker', team: toB64(team.id) })),
        team_seeds: people.map((p) => ({ team: toB64(team.id), generation: 1, staff: toB64(p.id),
            sealed: toB64(seal(p.keys.box.pk, team.seed, systemRandom)) })),
    });
    first.close();

    const families = [];
    await pool(at.families, async (i) => {
        const person = people[i % people.length];
        const desk = await Client.open(staffAt);
        await desk.signInStaff(person.id, person.keys.sign);
        const writer = { id: person.id, sign: person.keys.sign };
        const means = () => ({ now: now(), random: systemRandom });
        const threadId = systemRandom(16);
        const place = { threadId, head: { seq: 0, link: linkZero(threadId) }, generation: 1, key: systemRandom(32) };
        const recipients = holders.slice(0, 2).map((h) => ({ kind: h.kind, holderId: h.id, holderGeneration: 1,
            boxPk: h.boxPk }));
        const key = keyEntry(place, writer, { generation: 1, key: place.key, roster: { serial: 1, hash: rosterHash },
            recipients }, means());
        place.head = after(place, key.entry);
        const card = message(place, writer, { kind: 'card', case: `BENCH-${i}`, child: 'A child', parent: 'A parent' },
            means());
        place.head = after(place, card.entry);
        const post = (list) => list.map((e) => ({ thread: toB64(threadId), entry: toB64(e.entry) }));
        await desk.call('case.add', { case: toB64(systemRandom(16)), ref: `BENCH-${i}`, thread: toB64(threadId),
            entries: post([key, card]) });

        const accept = signPair(systemRandom(32));
        const inviteId = systemRandom(16);
        const parentId = systemRandom(16);
        const expiresAt = now() + 86400;
        const invite = inviteEntry(place, writer, { inviteId, parentId, acceptPk: accept.pk, expiresAt }, means());
        place.head = after(place, invite.entry);
        await desk.call('invite.make', { invite: toB64(inviteId), parent: toB64(parentId),
            accept_pk: toB64(accept.pk), expires_at: expiresAt, parcel: toB64(systemRandom(1064)),
            entries: post([invite]) });
        desk.close();

        const seed = systemRandom(32);
        const me = identity(seed);
        const authSeed = systemRandom(32);
        const auth = signPair(authSeed);
        const address = `parent-${i}@families.example`;
        const vault = systemRandom(1064);
        const guest = await Client.open(publicAt);
        let { challenge } = await guest.call('auth.challenge', {});
        await guest.call('invite.open', { invite: toB64(inviteId), challenge,
            signature: toB64(signAuth(accept.sk, { purpose: 3, host: at.host, challenge: fromB64(challenge) })) });
        const keys = keysEntry(place, parentId, me, { by: place.head.seq, prove: accept }, means());
        place.head = after(place, keys.entry);
        ({ challenge } = await guest.call('auth.challenge', {}));
        await guest.call('invite.accept', { address, auth_pk: toB64(auth.pk), vault: toB64(vault), challenge,
            signature: toB64(signAuth(accept.sk, { purpose: 4, host: at.host, challenge: fromB64(challenge),
                extra: changeExtra(auth.pk, vault) })),
            entries: post([keys]) });
        guest.close();
        families[i] = { id: toB64(parentId), thread: toB64(threadId), link: toB64(place.head.link),
            seq: place.head.seq, address, auth_seed: toB64(authSeed), sign_seed: toB64(signSeed(seed)) };
    });
    writeFileSync(at.plan, JSON.stringify({
        host: at.host, ca: at.ca, public_port: at.publicPort, staff_port: at.staffPort, parents: families,
        staff: people.map((p) => ({ id: toB64(p.id), sign_seed: toB64(signSeed(p.seed)) })),
    }), { mode: 0o600 });
}

/** The seed of an identity's signing pair, for a program that has libsodium and not our derivation. */
function signSeed(seed) {
    return identity(seed).sign.sk.subarray(0, 32);
}

