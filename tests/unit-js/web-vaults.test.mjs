/** Two copies of a vault become one, and nothing that either knew is forgotten. */
import assert from 'node:assert/strict';
import { describe, it as test } from 'node:test';

import { mergeVaults, sameVault } from '../../web/js/vaults.js';

const bytes = (n, value) => new Uint8Array(n).fill(value);
const thread = (id, generation, seq, more = {}) => ({
    id: bytes(16, id), generation, key: bytes(32, 10 * id + generation), seq, link: bytes(32, seq), ...more,
});
const vault = (threads, more = {}) => ({
    seed: bytes(32, 1), service: 'sendline.example', roots: [bytes(32, 9)], serial: 1, threads, ...more,
});

describe('merging', () => {
    test('the newest key and the furthest place, whoever has them', () => {
        const mine = vault([thread(1, 2, 5)]);
        const theirs = vault([thread(1, 1, 8)]);
        for (const merged of [mergeVaults(mine, theirs), mergeVaults(theirs, mine)]) {
            assert.deepEqual(merged.threads, [{ ...thread(1, 2, 8) }]);
        }
    });
    test('threads that only one of them has', () => {
        const merged = mergeVaults(vault([thread(1, 1, 1)]), vault([thread(2, 1, 1)]));
        assert.deepEqual(new Set(merged.threads.map((one) => one.id[0])), new Set([1, 2]));
    });
    test('the newer trust, with its roots and its hash', () => {
        const old = vault([], { rosterHash: bytes(32, 3) });
        const newer = vault([], { serial: 4, roots: [bytes(32, 8)], rosterHash: bytes(32, 4) });
        for (const merged of [mergeVaults(old, newer), mergeVaults(newer, old)]) {
            assert.deepEqual([merged.serial, merged.roots, merged.rosterHash], [4, newer.roots, newer.rosterHash]);
        }
        // Nobody's hash is put beside somebody else's serial.
        assert.equal('rosterHash' in mergeVaults(old, vault([], { serial: 2 })), false);
    });
    test('a team that the parent agreed to stays agreed', () => {
        const agreed = vault([thread(1, 1, 1, { team: bytes(16, 7) })]);
        for (const merged of [mergeVaults(agreed, vault([thread(1, 2, 3)])), mergeVaults(vault([thread(1, 2, 3)]), agreed)]) {
            assert.deepEqual(merged.threads[0].team, bytes(16, 7));
        }
    });
    test('another seed or service is another account', () => {
        assert.equal(mergeVaults(vault([]), vault([], { seed: bytes(32, 2) })), null);
        assert.equal(mergeVaults(vault([]), vault([], { service: 'other.example' })), null);
    });
    test('what was given is left as it was', () => {
        const mine = vault([thread(1, 2, 5)]);
        const copy = structuredClone(mine);
        mergeVaults(mine, vault([thread(1, 1, 8)]));
        assert.deepEqual(mine, copy);
    });
});

describe('is there anything to save', () => {
    const one = vault([thread(1, 1, 1), thread(2, 1, 1)]);
    test('not when only the order differs', () => {
        assert.ok(sameVault(one, vault([thread(2, 1, 1), thread(1, 1, 1)])));
    });
    for (const [what, other] of Object.entries({
        place: vault([thread(1, 1, 2), thread(2, 1, 1)]),
        key: vault([thread(1, 2, 1), thread(2, 1, 1)]),
        team: vault([thread(1, 1, 1, { team: bytes(16, 7) }), thread(2, 1, 1)]),
        serial: vault(one.threads, { serial: 2 }),
        hash: vault(one.threads, { rosterHash: bytes(32, 3) }),
        roots: vault(one.threads, { roots: [bytes(32, 3)] }),
        'a thread less': vault([thread(1, 1, 1)]),
    })) {
        test(`another ${what}`, () => assert.equal(sameVault(one, other), false));
    }
});
