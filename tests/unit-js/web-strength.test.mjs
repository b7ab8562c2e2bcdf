/** Advice on passwords. */
import assert from 'node:assert/strict';
import { describe, it as test } from 'node:test';

import { passwordLongEnough } from '../../web/js/e2ee/account.js';
import { fourWords, lengthOf, MIN_PASSWORD, strength } from '../../web/js/strength.js';
import list from '../../web/words/list.en.js';

describe('strength', () => {
    for (const [password, level] of [
        ['', 0], ['short', 0], ['elevenchars', 0],
        ['aaaaaaaaaaaa', 1], ['abababababab', 1], ['abcabcabcabcabc', 1], ['Password1234', 1], ['ilovearsenal1', 1],
        ['1234567890123', 1], ['tK9_vbn2-xQa', 2], ['three words here', 3], ['river candle monkey tractor', 3],
        ['anchor candle', 2], ['a a a a a a a a a a a a', 1],
    ]) {
        test(`“${password}” is ${level}`, () => assert.equal(strength(password), level));
    }
    test('counted as people count, and as it is hashed', () => {
        assert.equal(lengthOf('🦊'.repeat(11)), 11);
        assert.equal(strength('🦊🐢🐙🦉🐝🐞🦋🐌🐛🦗🐜'), 0);
        // e with an accent of its own is one letter.
        assert.equal(lengthOf('e\u0301'.repeat(12)), 12);
        for (const password of ['elevenchars', 'twelve chars', 'e\u0301'.repeat(12), 'ﬃ'.repeat(4)]) {
            assert.equal(lengthOf(password) >= MIN_PASSWORD, passwordLongEnough(password), password);
        }
    });
});

describe('four random words', () => {
    test('the list: at least 2,048, each once, short, plain', () => {
        assert.ok(list.length >= 2048);
        assert.equal(new Set(list).size, list.length);
        for (const word of list) {
            assert.match(word, /^[a-z]{3,9}$/);
        }
    });
    test('from the list, strong, and other ones each time', () => {
        const random = (n) => crypto.getRandomValues(new Uint8Array(n));
        const drawn = Array.from({ length: 200 }, () => fourWords(list, random));
        for (const words of drawn) {
            assert.ok(words.split(' ').length === 4 && words.split(' ').every((word) => list.includes(word)));
            assert.ok(lengthOf(words) >= MIN_PASSWORD);
        }
        assert.equal(new Set(drawn).size, drawn.length);
    });
    test('no word is likelier: numbers beyond the last whole round are drawn again', () => {
        const words = ['a', 'b', 'c'];
        const draws = [[0xff, 0xff], [0, 0], [0, 1], [0, 2], [0xff, 0xfe]];
        assert.equal(fourWords(words, () => Uint8Array.from(draws.shift())), 'a b c c');
    });
});
