// @ts-check
/**
 * The connection to the server: one WebSocket that comes back by itself, calls with their answers,
 * and events. It knows nothing of what the calls mean.
 *
 * States: `idle` (not started), `connecting`, `greeting` (open; the greeting is under way, other calls
 * wait for it), `open`, `waiting` (lost; another try is planned), `stopped`.
 *
 * @module
 */
import { SUBPROTOCOL } from './proto.js';

/** @typedef {'idle' | 'connecting' | 'greeting' | 'open' | 'waiting' | 'stopped'} WireState */

/** Why a call did not work: `code` is one of proto.def's, or `offline` when no answer came. */
export class WireError extends Error {
  /**
   * @param {string} code
   * @param {Record<string, any>} [extra] what the server said beside the code
   */
  constructor(code, extra = {}) {
    super(code);
    this.code = code;
    this.extra = extra;
  }
}

/** @param {unknown} error @returns {string} its code, or `problem` for anything unforeseen */
export function codeOf(error) {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'problem';
}

/**
 * How long to wait before try n (from 0): doubles from half a second to half a minute; the random half
 * keeps a thousand browsers from coming back in the same second after a restart.
 * @param {number} tries
 * @param {number} random 0 to 1
 */
export function backoffMs(tries, random) {
  const whole = Math.min(30000, 500 * 2 ** Math.min(tries, 10));
  return Math.round(whole / 2 + (whole / 2) * random);
}

/**
 * @typedef {object} WireOptions
 * @property {string} url
 * @property {(url: string, protocol: string) => WebSocket} [open]
 * @property {() => number} [random]
 * @property {number} [answerMs] how long a call may take before the connection counts as dead
 */

export class Wire {
  /** @param {WireOptions} options */
  constructor({ url, open, random = Math.random, answerMs = 20000 }) {
    this.url = url;
    this.openSocket = open ?? ((address, protocol) => new WebSocket(address, protocol));
    this.random = random;
    this.answerMs = answerMs;
    /** @type {WireState} */
    this.state = 'idle';
    /** Unix ms of the last sign of life from the server, 0 if there was none. */
    this.heardAt = 0;
    /** @type {(event: {event: string, n?: number, data: any}) => void} */
    this.onEvent = () => {};
    /** @type {(state: WireState) => void} */
    this.onState = () => {};
    /** Called on each new connection before anything else is sent. @type {() => Promise<void>} */
    this.greet = async () => {};
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {Map<number, {resolve: (ok: any) => void, reject: (e: WireError) => void, timer: ReturnType<typeof setTimeout>}>} */
    this.calls = new Map();
    /** @type {Array<{resolve: () => void, reject: (e: WireError) => void}>} */
    this.waiters = [];
    this.nextId = 1;
    this.tries = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** Connect, and stay connected until `stop`. */
  start() {
    if (this.state === 'idle' || this.state === 'stopped') {
      this.tries = 0;
      this.#connect();
    }
  }

  /** Close for good; `start` begins anew. */
  stop() {
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    this.#fail();
    this.#setState('stopped');
    socket?.close();
  }

  /** Close and connect anew: after signing in or out, so that the handshake carries the new cookie. */
  restart() {
    this.stop();
    this.start();
  }

  /** The network may be back: try now instead of when it was planned; check a connection that looks open. */
  poke() {
    if (this.state === 'waiting') {
      clearTimeout(this.timer);
      this.#connect();
    } else if (this.state === 'open') {
      this.call('service.info', {}, { ms: 5000 }).catch(() => {});
    }
  }

  /** The device says that it has no network: nothing will come over this connection. */
  drop() {
    if (this.state === 'open' || this.state === 'greeting') {
      this.#lost(this.socket);
    }
  }

  /**
   * @param {string} name
   * @param {Record<string, any>} args
   * @param {{ms?: number, first?: boolean}} [how] first: part of the greeting, does not wait for it
   * @returns {Promise<any>} what is under `ok`
   * @throws {WireError}
   */
  async call(name, args, { ms = this.answerMs, first = false } = {}) {
    if (!first) {
      await this.#ready();
    }
    const { socket } = this;
    if (socket === null || socket.readyState !== 1) {
      throw new WireError('offline');
    }
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      const timer = setTimeout(() => {
        this.calls.delete(id);
        reject(new WireError('offline'));
        // No answer for so long: a connection that looks open is not.
        this.#lost(socket);
      }, ms);
      this.calls.set(id, { resolve, reject, timer });
      socket.send(JSON.stringify({ id, call: name, args }));
    });
  }

  /** Resolves when calls may be made; rejects with `offline` when the present try fails. */
  #ready() {
    if (this.state === 'open') {
      return Promise.resolve();
    }
    if (this.state === 'connecting' || this.state === 'greeting') {
      return /** @type {Promise<void>} */ (
        new Promise((resolve, reject) => this.waiters.push({ resolve, reject }))
      );
    }
    return Promise.reject(new WireError('offline'));
  }

  #connect() {
    this.#setState('connecting');
    /** @type {WebSocket} */
    let socket;
    try {
      socket = this.openSocket(this.url, SUBPROTOCOL);
    } catch {
      this.#lost(null);
      return;
    }
    this.socket = socket;
    const giveUp = setTimeout(() => this.#lost(socket), this.answerMs);
    socket.onopen = () => {
      clearTimeout(giveUp);
      this.#opened(socket);
    };
    socket.onmessage = ({ data }) => this.#heard(socket, data);
    socket.onclose = () => {
      clearTimeout(giveUp);
      this.#lost(socket);
    };
  }

  /** @param {WebSocket} socket */
  async #opened(socket) {
    if (socket !== this.socket) {
      return;
    }
    this.heardAt = Date.now();
    this.#setState('greeting');
    try {
      await this.greet();
    } catch {
      // The greeting tells its owner itself; without it the connection is of no use.
      this.#lost(socket);
      return;
    }
    if (socket === this.socket) {
      this.tries = 0;
      this.#setState('open');
      for (const waiter of this.waiters.splice(0)) {
        waiter.resolve();
      }
    }
  }

  /**
   * @param {WebSocket} socket
   * @param {unknown} data
   */
  #heard(socket, data) {
    if (socket !== this.socket) {
      return;
    }
    this.heardAt = Date.now();
    let frame;
    try {
      frame = JSON.parse(String(data));
    } catch {
      this.#lost(socket);
      return;
    }
    if (typeof frame.event === 'string') {
      this.onEvent(frame);
      return;
    }
    const call = this.calls.get(frame.id);
    if (call === undefined) {
      return;
    }
    this.calls.delete(frame.id);
    clearTimeout(call.timer);
    if (frame.ok !== undefined) {
      call.resolve(frame.ok);
    } else {
      const { code = 'internal', ...extra } = frame.error ?? {};
      call.reject(new WireError(String(code), extra));
    }
  }

  /** @param {WebSocket | null} socket */
  #lost(socket) {
    if (socket !== this.socket) {
      return;
    }
    this.socket = null;
    socket?.close();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#connect(), backoffMs(this.tries++, this.random()));
    this.#fail();
    this.#setState('waiting');
  }

  /** Everything that waits for an answer learns that none will come. */
  #fail() {
    const calls = [...this.calls.values()];
    this.calls.clear();
    for (const call of calls) {
      clearTimeout(call.timer);
      call.reject(new WireError('offline'));
    }
    for (const waiter of this.waiters.splice(0)) {
      waiter.reject(new WireError('offline'));
    }
  }

  /** @param {WireState} state */
  #setState(state) {
    if (this.state !== state) {
      this.state = state;
      this.onState(state);
    }
  }
}
