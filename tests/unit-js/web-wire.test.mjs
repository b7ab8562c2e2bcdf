/** The connection, over a socket that the test holds in its hand. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it as test } from 'node:test';

import { backoffMs, codeOf, Wire, WireError } from '../../web/js/wire.js';
import { fakeTimers } from './web-support.mjs';

class Socket {
    readyState = 0;
    sent = [];
    open() {
        this.readyState = 1;
        this.onopen();
    }
    send(text) {
        this.sent.push(JSON.parse(text));
    }
    hear(frame) {
        this.onmessage({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) });
    }
    answer(ok, i = -1) {
        this.hear({ id: this.sent.at(i).id, ok });
    }
    close() {
        if (this.readyState < 3) {
            this.readyState = 3;
            this.onclose?.();
        }
    }
}

/** Lets promises that are settled go on. */
const settle = async () => {
    for (let i = 0; i < 10; i++) {
        await Promise.resolve();
    }
};

describe('the wire', () => {
    /** @type {Socket[]} */
    let sockets;
    let wire;
    let states;
    let clock;
    beforeEach(() => {
        clock = fakeTimers();
        sockets = [];
        states = [];
        wire = new Wire({ url: 'wss://sendline.example/ws', random: () => 0, open: (url, protocol) => {
            assert.deepEqual([url, protocol], ['wss://sendline.example/ws', 'sendline.v1']);
            sockets.push(new Socket());
            return sockets.at(-1);
        } });
        wire.onState = (state) => states.push(state);
    });
    afterEach(() => {
        wire.stop();
        clock.restore();
    });
    const last = () => sockets.at(-1);
    const opened = async () => {
        wire.start();
        last().open();
        await settle();
    };

    test('a call and its answer', async () => {
        await opened();
        const call = wire.call('service.info', { a: 1 });
        await settle();
        assert.deepEqual(last().sent, [{ id: 1, call: 'service.info', args: { a: 1 } }]);
        last().answer({ now: 5 });
        assert.deepEqual(await call, { now: 5 });
        assert.deepEqual(states, ['connecting', 'greeting', 'open']);
    });
    test('answers may cross', async () => {
        await opened();
        const calls = [wire.call('a', {}), wire.call('b', {})];
        await settle();
        last().answer('b');
        last().answer('a', 0);
        assert.deepEqual(await Promise.all(calls), ['a', 'b']);
    });
    test('a refusal keeps what the server said beside it', async () => {
        await opened();
        const call = wire.call('invite.open', {});
        await settle();
        last().hear({ id: 1, error: { code: 'invite_wrong_code', message: 'No.', tries_left: 3 } });
        await assert.rejects(call, (error) => error instanceof WireError && error.code === 'invite_wrong_code' && error.extra.tries_left === 3);
        const odd = wire.call('invite.open', {});
        await settle();
        last().hear({ id: 2 });
        await assert.rejects(odd, { code: 'internal' });
    });
    test('calls wait for the greeting, and the greeting does not wait for itself', async () => {
        wire.greet = async () => {
            await wire.call('auth.resume', {}, { first: true });
        };
        wire.start();
        const early = wire.call('thread.list', {});
        last().open();
        await settle();
        assert.deepEqual(last().sent.map((frame) => frame.call), ['auth.resume']);
        last().answer({});
        await settle();
        assert.deepEqual(last().sent.map((frame) => frame.call), ['auth.resume', 'thread.list']);
        last().answer({ threads: [] });
        assert.deepEqual(await early, { threads: [] });
    });
    test('a greeting that fails is a connection that failed', async () => {
        wire.greet = async () => {
            throw new WireError('offline');
        };
        wire.start();
        const early = assert.rejects(wire.call('thread.list', {}), { code: 'offline' });
        last().open();
        await early;
        assert.equal(wire.state, 'waiting');
        assert.equal(last().readyState, 3);
    });
    test('lost: what waits for an answer learns that none will come, and it comes back by itself', async () => {
        await opened();
        const call = assert.rejects(wire.call('entry.post', {}), { code: 'offline' });
        await settle();
        last().close();
        await call;
        assert.equal(wire.state, 'waiting');
        await assert.rejects(wire.call('entry.post', {}), { code: 'offline' });
        clock.tick(249);
        assert.equal(sockets.length, 1);
        clock.tick(1);
        assert.equal(sockets.length, 2);
        last().open();
        await settle();
        assert.equal(wire.state, 'open');
    });
    test('it waits longer after each try that failed, and begins anew after one that worked', async () => {
        wire.start();
        const waits = [];
        for (let i = 0; i < 8; i++) {
            last().close();
            const before = sockets.length;
            let waited = 0;
            while (sockets.length === before) {
                clock.tick(50);
                waited += 50;
            }
            waits.push(waited);
        }
        assert.deepEqual(waits, [250, 500, 1000, 2000, 4000, 8000, 15000, 15000]);
        last().open();
        await settle();
        last().close();
        clock.tick(250);
        assert.equal(last().readyState, 0);
    });
    test('an answer that never comes ends the connection', async () => {
        await opened();
        const first = last();
        const call = assert.rejects(wire.call('entry.post', {}), { code: 'offline' });
        await settle();
        clock.tick(20000);
        await call;
        assert.equal(first.readyState, 3);
        assert.equal(wire.state, 'waiting');
    });
    test('so does a handshake that never ends', async () => {
        wire.start();
        clock.tick(20000);
        assert.equal(sockets[0].readyState, 3);
        assert.equal(wire.state, 'waiting');
    });
    test('poked: tries at once, or checks a connection that looks open', async () => {
        await opened();
        last().close();
        wire.poke();
        assert.equal(sockets.length, 2);
        last().open();
        await settle();
        wire.poke();
        await settle();
        assert.equal(last().sent.at(-1).call, 'service.info');
        clock.tick(5000);
        await settle();
        assert.equal(wire.state, 'waiting');
    });
    test('no network, says the device: lost at once, and tried again', async () => {
        await opened();
        wire.drop();
        assert.equal(wire.state, 'waiting');
        wire.drop();
        clock.tick(250);
        assert.equal(sockets.length, 2);
    });
    test('events go to their owner; frames that nobody asked for go nowhere', async () => {
        const events = [];
        wire.onEvent = (event) => events.push(event);
        await opened();
        last().hear({ event: 'entry.new', n: 4, data: { thread: 'x' } });
        last().hear({ id: 99, ok: {} });
        assert.deepEqual(events, [{ event: 'entry.new', n: 4, data: { thread: 'x' } }]);
        assert.equal(wire.state, 'open');
    });
    test('a frame that is not JSON ends the connection', async () => {
        await opened();
        last().hear('{');
        assert.equal(wire.state, 'waiting');
    });
    test('stopped is stopped: nothing comes of a socket that was left', async () => {
        await opened();
        const old = last();
        const events = [];
        wire.onEvent = (event) => events.push(event);
        const call = assert.rejects(wire.call('sync', {}), { code: 'offline' });
        await settle();
        wire.stop();
        await call;
        old.hear({ event: 'entry.new', n: 1, data: {} });
        clock.tick(100000);
        assert.deepEqual([wire.state, sockets.length, events], ['stopped', 1, []]);
        wire.start();
        assert.equal(sockets.length, 2);
    });
    test('a browser that opens no sockets is one without a connection', () => {
        const none = new Wire({ url: 'wss://sendline.example/ws', random: () => 0, open: () => {
            throw new DOMException('no', 'SecurityError');
        } });
        none.start();
        assert.equal(none.state, 'waiting');
        none.stop();
    });
});

describe('waiting', () => {
    test('between half and the whole of a span that doubles, never beyond half a minute', () => {
        for (let n = 0; n < 20; n++) {
            const whole = Math.min(30000, 500 * 2 ** n);
            assert.equal(backoffMs(n, 0), whole / 2);
            assert.equal(backoffMs(n, 1), whole);
        }
    });
    test('codes of errors of any kind', () => {
        assert.equal(codeOf(new WireError('busy')), 'busy');
        assert.equal(codeOf(new Error('x')), 'problem');
        assert.equal(codeOf('x'), 'problem');
        assert.equal(codeOf(Object.assign(new Error('x'), { code: 7 })), 'problem');
    });
});
