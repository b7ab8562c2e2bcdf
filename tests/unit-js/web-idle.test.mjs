/** When somebody has done nothing for a while. */
import assert from 'node:assert/strict';
import { describe, it as test } from 'node:test';

import { Idle, TELL_S, WARN_S } from '../../web/js/idle.js';

const HALF_HOUR = 1800;

describe('idle', () => {
    test('warned two minutes before the end, and ended at it', () => {
        const idle = new Idle(HALF_HOUR, 0);
        assert.equal(idle.state(HALF_HOUR - WARN_S - 1), 'active');
        assert.equal(idle.state(HALF_HOUR - WARN_S), 'warn');
        assert.equal(idle.state(HALF_HOUR - 1), 'warn');
        assert.equal(idle.state(HALF_HOUR), 'ended');
        // A laptop that slept for a day.
        assert.equal(idle.state(86400), 'ended');
    });
    test('use puts it off', () => {
        const idle = new Idle(HALF_HOUR, 0);
        idle.touch(1000);
        assert.equal(idle.state(HALF_HOUR), 'active');
        assert.equal(idle.left(HALF_HOUR), 1000);
    });
    test('once warned only the button counts, and after the end nothing', () => {
        const idle = new Idle(HALF_HOUR, 0);
        idle.touch(HALF_HOUR - 60);
        assert.equal(idle.state(HALF_HOUR), 'ended');
        idle.warned = true;
        idle.stay(HALF_HOUR - 60);
        assert.equal(idle.warned, false);
        assert.equal(idle.state(HALF_HOUR), 'active');
        idle.touch(10 * HALF_HOUR);
        assert.equal(idle.state(10 * HALF_HOUR), 'ended');
        assert.equal(idle.left(10 * HALF_HOUR), 0);
    });
    test('the server hears of it, now and then, and only of use', () => {
        const idle = new Idle(HALF_HOUR, 0);
        assert.equal(idle.tell(TELL_S), false);
        idle.touch(10);
        assert.equal(idle.tell(TELL_S - 1), false);
        assert.equal(idle.tell(TELL_S), true);
        assert.equal(idle.tell(TELL_S), false);
        assert.equal(idle.tell(2 * TELL_S), false);
        idle.touch(2 * TELL_S);
        assert.equal(idle.tell(2 * TELL_S), true);
    });
});
