/** Civil time in England, and instants in sentences. */
import assert from 'node:assert/strict';
import { describe, it as test } from 'node:test';

import { civil, civilOn, daysBetween, isoUtc } from '../../web/js/time.js';
import { dayHeading, firstName, maskAddress, promiseSentence, whenAt, whenDay } from '../../web/js/when.js';
import { app as english } from '../../web/words/en.js';
import { sampleSettings } from './web-support.mjs';

const t = english(sampleSettings);
const at = (text) => Date.parse(text) / 1000;
const plain = (text) => text.replaceAll('\u00a0', ' ');

describe('civil time', () => {
    test('is England’s, in winter and in summer', () => {
        assert.deepEqual(civil(at('2027-01-12T09:02:00Z')),
            { year: 2027, month: 1, day: 12, weekday: 2, hour: 9, minute: 2, on: '2027-01-12' });
        assert.equal(civil(at('2027-07-12T23:30:00Z')).on, '2027-07-13');
        assert.equal(civil(at('2027-07-12T23:30:00Z')).hour, 0);
    });
    test('on the nights when the clocks change', () => {
        // 28 March 2027: 1am becomes 2am; 31 October: 2am becomes 1am.
        assert.equal(civil(at('2027-03-28T00:59:00Z')).hour, 0);
        assert.equal(civil(at('2027-03-28T01:00:00Z')).hour, 2);
        assert.equal(civil(at('2027-10-31T00:59:00Z')).hour, 1);
        assert.equal(civil(at('2027-10-31T01:00:00Z')).hour, 1);
    });
    test('dates are read strictly', () => {
        assert.equal(civilOn('2028-02-29').weekday, 2);
        for (const bad of ['2028-2-29', '28-02-29', '2028-02-29T00:00', '']) {
            assert.throws(() => civilOn(bad), RangeError, bad);
        }
    });
    test('days between dates do not mind a change of the clocks', () => {
        assert.equal(daysBetween('2027-03-27', '2027-03-29'), 2);
        assert.equal(daysBetween('2027-10-30', '2027-11-01'), 2);
        assert.equal(daysBetween('2027-01-01', '2026-12-31'), -1);
    });
    test('the datetime attribute', () => assert.equal(isoUtc(at('2027-07-12T23:30:59Z')), '2027-07-12T23:30Z'));
});

describe('words for times', () => {
    const now = at('2027-01-12T10:00:00Z');

    test('clock times', () => {
        for (const [hour, minute, words] of [
            [0, 0, 'midnight'], [0, 1, '12:01am'], [9, 2, '9:02am'], [11, 59, '11:59am'], [12, 0, 'midday'],
            [12, 5, '12:05pm'], [18, 0, '6:00pm'], [23, 59, '11:59pm'],
        ]) {
            assert.equal(t.time({ ...civilOn('2027-01-12'), hour, minute }), words);
        }
    });
    test('today, yesterday, a date, a date of another year', () => {
        assert.equal(plain(whenAt(t, at('2027-01-12T09:02:00Z'), now)), 'today at 9:02am');
        assert.equal(plain(whenAt(t, at('2027-01-11T18:50:00Z'), now)), 'yesterday at 6:50pm');
        assert.equal(plain(whenAt(t, at('2027-01-04T18:50:00Z'), now)), 'on Monday 4 January at 6:50pm');
        assert.equal(plain(whenAt(t, at('2026-12-31T18:50:00Z'), now)), 'on Thursday 31 December 2026 at 6:50pm');
        // A clock that is a little ahead of the server's makes no "tomorrow" out of today.
        assert.equal(plain(whenAt(t, at('2027-01-12T10:01:00Z'), now)), 'today at 10:01am');
    });
    test('days alone', () => {
        assert.equal(whenDay(t, now, now), 'today');
        assert.equal(whenDay(t, now - 86400, now), 'yesterday');
        assert.equal(plain(whenDay(t, now - 8 * 86400, now)), 'on 4 January');
    });
    test('headings of days', () => {
        assert.equal(plain(dayHeading(t, '2027-01-12', now)), 'Today, Tuesday 12 January');
        assert.equal(plain(dayHeading(t, '2027-01-11', now)), 'Yesterday, Monday 11 January');
        assert.equal(plain(dayHeading(t, '2026-12-31', now)), 'Thursday 31 December 2026');
    });
    test('dates do not break across lines', () => {
        assert.match(whenAt(t, at('2027-01-04T18:50:00Z'), now), /4\u00a0January/);
    });
});

describe('the reply promise', () => {
    const now = at('2027-01-12T10:00:00Z');
    const say = (reply, who = 'Jordan') => {
        const sentence = promiseSentence(t, reply, who, now);
        return sentence === null ? null : plain(sentence);
    };

    test('nothing is promised where nothing waits', () => {
        assert.equal(say(undefined), null);
        assert.equal(say({ state: 'none' }), null);
        assert.equal(say({ state: 'due' }), null);
    });
    test('who and by when', () => {
        assert.equal(say({ state: 'due', due_on: '2027-01-19' }), 'Jordan will answer by Tuesday 19 January.');
        assert.equal(say({ state: 'due', due_on: '2027-01-12' }, ''), 'We will answer by Tuesday 12 January.');
    });
    test('late is said by the server, or by the day itself', () => {
        assert.match(say({ state: 'late', due_on: '2027-01-11' }), /^Jordan should have answered by Monday 11 January\. We are sorry\./);
        assert.match(say({ state: 'due', due_on: '2027-01-11' }), /should have answered/);
    });
    test('no reply needed', () => assert.match(say({ state: 'not_needed' }), /needs no reply/));
});

describe('names and addresses', () => {
    test('first names', () => {
        assert.equal(firstName('  Jordan   Ellis '), 'Jordan');
        assert.equal(firstName(''), '');
    });
    test('an address is shown to its owner and hidden from others', () => {
        assert.equal(maskAddress('sam.carter@mail.example'), 's…r@mail.example');
        assert.equal(maskAddress('s@mail.example'), 's…@mail.example');
        assert.equal(maskAddress('nonsense'), '…');
        assert.equal(maskAddress('🦊🐢🦊@mail.example'), '🦊…🦊@mail.example');
    });
});
