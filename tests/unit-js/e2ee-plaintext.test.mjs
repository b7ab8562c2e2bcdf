// @ts-check
/** What may stand in a message, how strictly it is read, and the text forms around it. */
import assert from 'node:assert/strict';
import { before, describe, it as test } from 'node:test';

import { fromB64, fromHex, fromUtf8, isText, toB64, u32, u64, u8, utf8 } from '../../web/js/e2ee/bytes.js';
import { parseJson, Real } from '../../web/js/e2ee/json.js';
import {
    clean, decodePlaintext, encodePlaintext, KINDS, maySend, padPlaintext, PLAINTEXT_LIMIT, unpadPlaintext,
} from '../../web/js/e2ee/plaintext.js';
import { ready } from '../../web/js/e2ee/sodium.js';
import { fromTyped, toTyped } from '../../web/js/e2ee/typed.js';
import { pick, seeded } from './e2ee-support.mjs';

before(() => ready());

const id = new Uint8Array(16).fill(7);
const key = new Uint8Array(32).fill(8);

/** @type {Record<string, Record<string, any>>} one of each, with every field */
const FULL = {
    text: { body: 'Hello', re: 3 },
    file: { blob: id, key, name: 'plan.pdf', type: 'application/pdf', size: 1, hash: key, alt: 'A plan' },
    call: { booking: id, at: 1, topic: 't', questions: ['a', 'b'], phone: '0', safe: true, voicemail: false, needs: [], joins: ['x'] },
    profile: { phone: '0', hours: [{ days: [1, 2], from: '09:00', to: '10:00' }], voicemail: true, wording: 'w', confirmed_on: '2026-11-21' },
    form: { form: 'views', version: 1, answers: [{ id: 'a', q: 'q', a: 'a' }] },
    agreed: { booking: id, points: ['one'] },
    confirm: { seq: 4 },
    card: { case: 'c', child: 'd', parent: 'p', continues: id },
    reason: { about: 'a', ref: id, body: 'b' },
    letter: { event: 'e', body: 'b', file: 5 },
    note: { body: 'b', booking: id },
    retract: { seq: 1 },
};
const OPTIONAL = { text: ['re'], file: ['alt'], agreed: ['booking'], card: ['continues'], reason: ['ref'], letter: ['file'], note: ['booking'] };
const WHO = {
    text: 'ps', file: 'ps', call: 'ps', retract: 'ps', profile: 'p', form: 'p', confirm: 'p',
    agreed: 's', card: 's', reason: 's', letter: 's', note: 'S',
};

describe('the table of plaintexts', () => {
    test('is complete', () => assert.deepEqual(Object.keys(KINDS).sort(), Object.keys(FULL).sort()));

    for (const [kind, fields] of Object.entries(FULL)) {
        test(kind, () => {
            const bytes = encodePlaintext(kind, { ...fields, extra: 'left out' });
            assert.ok(fromUtf8(bytes).startsWith(`{"kind":"${kind}"`));
            assert.ok(!fromUtf8(bytes).includes('extra'));
            assert.deepEqual(decodePlaintext(bytes), { kind, fields });
            const optional = /** @type {Record<string, string[]>} */ (OPTIONAL)[kind] ?? [];
            for (const name of Object.keys(fields)) {
                const rest = { ...fields };
                delete rest[name];
                if (optional.includes(name)) {
                    assert.deepEqual(decodePlaintext(encodePlaintext(kind, rest)), { kind, fields: rest });
                } else {
                    assert.throws(() => encodePlaintext(kind, rest), { code: 'fields' }, name);
                    const json = JSON.parse(fromUtf8(bytes));
                    delete json[name];
                    assert.throws(() => decodePlaintext(utf8(JSON.stringify(json))), { code: 'fields' });
                }
                for (const wrong of [null, -1, 1.5, 2 ** 53, 'A', [[]], {}, [null]]) {
                    const json = { ...JSON.parse(fromUtf8(bytes)), [name]: wrong };
                    const string = typeof fields[name] === 'string' && typeof wrong === 'string';
                    if (!string) {
                        assert.throws(() => decodePlaintext(utf8(JSON.stringify(json))), `${name} ${wrong}`);
                    }
                }
            }
            const may = [maySend(/** @type {any} */ (kind), 'parent', false), maySend(/** @type {any} */ (kind), 'staff', false),
                maySend(/** @type {any} */ (kind), 'parent', true), maySend(/** @type {any} */ (kind), 'staff', true)];
            const who = /** @type {Record<string, string>} */ (WHO)[kind];
            assert.deepEqual(may, [who.includes('p'), who.includes('s'), who.includes('p'), /s/i.test(who)]);
        });
    }
    test('an unknown kind is named', () => {
        assert.deepEqual(decodePlaintext(utf8('{"kind":"poll\\u001b","x":1}')), { kind: 'unknown', name: 'poll' });
        assert.deepEqual(decodePlaintext(utf8('{"kind":"constructor"}')), { kind: 'unknown', name: 'constructor' });
        assert.throws(() => encodePlaintext('poll', {}), { code: 'kind' });
    });
    test('16 KiB and no more', () => {
        const room = PLAINTEXT_LIMIT - '{"kind":"text","body":""}'.length;
        const most = encodePlaintext('text', { body: 'x'.repeat(room) });
        assert.equal(most.length, PLAINTEXT_LIMIT);
        assert.equal(padPlaintext(most).length, 16640);
        assert.deepEqual(unpadPlaintext(padPlaintext(most)), most);
        assert.throws(() => encodePlaintext('text', { body: 'x'.repeat(room + 1) }), { code: 'too-long' });
        assert.throws(() => decodePlaintext(utf8(`{"kind":"text","body":"${'x'.repeat(room + 1)}"}`)), { code: 'too-long' });
    });
    test('what is sent is text', () => {
        assert.throws(() => encodePlaintext('text', { body: 'a\0' }), { code: 'fields' });
        assert.throws(() => encodePlaintext('text', { body: 'a\ud800' }), { code: 'fields' });
    });
    test('padding that is none', () => {
        assert.equal(unpadPlaintext(new Uint8Array(256)), null);
        assert.equal(unpadPlaintext(new Uint8Array(10)), null);
    });
});

describe('JSON as both clients take it', () => {
    const good = ['{"kind":"text","body":"x"}', ' {"kind":"text","body":"\\ud83d\\ude00\\n"}\n', '{"kind":"text","body":"x","new":[1.5,1e3,null,9007199254740993,-9223372036854775808]}',
        '{"kind":"text","body":"x","re":-0}'];
    const bad = ['', '[]', '"x"', '{}', '{"body":"x","kind":"text"}', '{"kind":"text","body":"x",}', '{"kind":"text","body":"x"} x',
        '{"kind":"text","body":"x","body":"y"}', '{"kind":"text","body":"x","a":null}', '{"kind":"text","body":"x","a":{"b":null}}',
        '{"kind":"text","body":"x","a":{"b":1,"\\u0062":2}}', '{"kind":"text","body":"\\u0000"}', '{"kind":"text","body":"\\ud800"}',
        '{"kind":"text","body":"\\ude00\\ud83d"}', '{"kind":"text","body":"\u0001"}', '{"kind":"text","body":"a\nb"}', '{"kind":"text","body":"\\x"}',
        "{'kind':'text','body':'x'}", '{"kind":"text","body":"x","new":9223372036854775808}', '{"kind":"text","body":"x","new":1e999}', '{"kind":"text","body":"x","re":1.0}', '{"kind":"text","body":"x","re":1e2}', '{"kind":"text","body":"x","re":01}',
        '{"kind":"text","body":"x","re":+1}', '{"kind":"text","body":"x","re":-1}', '{"kind":"text","body":"x","re":9007199254740992}', '{"kind":"text","body":"x","re":NaN}',
        '\ufeff{"kind":"text","body":"x"}', '{"kind":1,"body":"x"}', '{"kind":"text","body":"x"', '{"kind":"text" "body":"x"}', '{"kind":"text","body":tru}',
        `{"kind":"text","body":"x","a":${'['.repeat(2100)}${']'.repeat(2100)}}`, '{"kind":"text","body":"x","a":\u00a01}'];
    good.forEach((json) => test(`takes ${json.slice(0, 60)}`, () => {
        assert.equal(decodePlaintext(utf8(json)).kind, 'text');
    }));
    bad.forEach((json) => test(`refuses ${JSON.stringify(json.slice(0, 60))}`, () => {
        assert.throws(() => decodePlaintext(utf8(json)));
    }));
    test('refuses what is not UTF-8', () => {
        for (const hex of ['ff', 'c080', 'eda080', 'f4908080', 'e28']) {
            const bytes = new Uint8Array([...utf8('{"kind":"text","body":"'), ...fromHex(hex.padEnd(hex.length + hex.length % 2, '0')), ...utf8('"}')]);
            assert.throws(() => decodePlaintext(bytes), { code: 'text' });
        }
    });
    test('agrees with JSON.parse wherever both take a text', () => {
        const random = seeded('json');
        const tokens = ['{', '}', '[', ']', ',', ':', '"a"', '"b"', '1', '-2', '0.5', 'true', 'null', ' '];
        let both = 0;
        for (let i = 0; i < 20000; i++) {
            let text = '{"a":';
            for (let n = pick(random, 6) + 1; n > 0; n--) {
                text += tokens[pick(random, tokens.length)];
            }
            text += '}';
            let mine;
            try {
                mine = parseJson(text);
            } catch {
                continue;
            }
            both++;
            assert.deepEqual(plain(mine), plain(JSON.parse(text)), text);
        }
        assert.ok(both > 500);
    });
});

/** @param {any} v @returns {any} */
function plain(v) {
    if (v instanceof Map) {
        return [...v].map(([k, one]) => [k, plain(one)]);
    }
    if (Array.isArray(v)) {
        return v.map(plain);
    }
    if (v instanceof Real || (typeof v === 'number' && !Number.isInteger(v))) {
        return 'real';
    }
    return v !== null && typeof v === 'object' ? Object.entries(v).map(([k, one]) => [k, plain(one)]) : v;
}

describe('text and bytes', () => {
    test('controls go, words stay', () => {
        let all = '';
        for (let i = 0; i < 0x250; i++) {
            all += String.fromCharCode(i);
        }
        const kept = clean(all);
        assert.ok(kept.includes('\t') && kept.includes('\n') && !kept.includes('\r') && !kept.includes('\x7f'));
        // One of the 30 is a carriage return, which ends a line too.
        assert.equal(kept.length, 0x250 - 29 - 33);
        assert.equal(clean('a\rb\r\nc\r\u0001\nd'), 'a\nb\nc\n\nd');
        assert.equal(clean('\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069'), '');
        assert.equal(clean('\u0645\u0631\u062d\u0628\u0627 caf\u00e9 \u200f \ud83d\ude00'), '\u0645\u0631\u062d\u0628\u0627 caf\u00e9 \u200f \ud83d\ude00');
    });
    test('base64url has one spelling', () => {
        const random = seeded('base64');
        for (let n = 0; n < 70; n++) {
            const bytes = random(n + 1).slice(1);
            assert.equal(toB64(bytes), Buffer.from(bytes).toString('base64url'));
            assert.deepEqual(fromB64(toB64(bytes), n), bytes);
        }
        for (const wrong of ['A', 'AB', 'AAB', 'AA==', 'A+AA', 'A/AA', 'AA A', 'AAA\n']) {
            assert.throws(() => fromB64(wrong), { code: 'base64' }, wrong);
        }
        assert.throws(() => fromB64('AAAA', 2), { code: 'base64' });
    });
    test('integers have their width', () => {
        assert.deepEqual([...u32(0x01020304)], [1, 2, 3, 4]);
        assert.deepEqual([...u64(2 ** 40 + 1)], [0, 0, 1, 0, 0, 0, 0, 1]);
        for (const wrong of [-1, 256, 1.5, Number.NaN]) {
            assert.throws(() => u8(wrong), { code: 'out-of-range' });
        }
    });
    test('what text is', () => {
        assert.equal(isText('caf\u00e9 \ud83d\ude00'), true);
        assert.equal(isText('\ud83d'), false);
        assert.equal(isText('\0'), false);
    });
});

describe('typed form', () => {
    test('goes there and back, however it is typed', () => {
        const random = seeded('typed');
        for (let i = 0; i < 200; i++) {
            const bytes = random(15);
            const typed = toTyped(bytes);
            for (const form of [typed, typed.toLowerCase(), typed.replace(/-/g, ' '), typed.replace(/-/g, ''),
                ` ${typed.replace(/0/g, 'O').replace(/1/g, 'l')}\n`, typed.replace(/-/g, '\u2013')]) {
                assert.deepEqual(fromTyped(form), { ok: true, bytes });
            }
        }
    });
    test('one wrong symbol, or two neighbours swapped, is found in its group', () => {
        const random = seeded('slips');
        const symbols = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
        for (let i = 0; i < 300; i++) {
            const typed = toTyped(random(15)).split('');
            const at = pick(random, 35);
            if (typed[at] === '-') {
                continue;
            }
            const group = Math.floor(at / 6);
            const swapped = [...typed];
            if (at + 1 < 35 && at % 6 < 3 && typed[at] !== typed[at + 1]) {
                [swapped[at], swapped[at + 1]] = [swapped[at + 1], swapped[at]];
                // Sixteen apart, a swap leaves the weighted sum as it is: 2 times 16 is 0 mod 32.
                const apart = Math.abs(symbols.indexOf(typed[at]) - symbols.indexOf(typed[at + 1]));
                assert.deepEqual(fromTyped(swapped.join('')).ok, apart === 16);
            }
            const other = symbols[(symbols.indexOf(typed[at]) + 1 + pick(random, 31)) % 32];
            typed[at] = other;
            assert.deepEqual(fromTyped(typed.join('')), { ok: false, group });
        }
    });
    test('too short, too long, and no symbol at all', () => {
        const typed = toTyped(new Uint8Array(15));
        assert.deepEqual(fromTyped(typed.slice(0, -1)), { ok: false, group: -1 });
        assert.deepEqual(fromTyped(`${typed}0`), { ok: false, group: -1 });
        assert.deepEqual(fromTyped(typed.replace('0', 'U')), { ok: false, group: 0 });
        assert.deepEqual(fromTyped(''), { ok: false, group: -1 });
        assert.throws(() => toTyped(new Uint8Array(14)), { code: 'length' });
    });
    test('groups cannot change places', () => {
        const groups = toTyped(seeded('groups')(15)).split('-');
        [groups[1], groups[2]] = [groups[2], groups[1]];
        assert.deepEqual(fromTyped(groups.join('-')), { ok: false, group: 1 });
    });
});
