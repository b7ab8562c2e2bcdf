/**
 * The protocol's client for tests and benchmarks: one WebSocket, calls by id, events in a list.
 *
 * @module
 */
import WebSocket from 'ws';

import { signAuth } from '../../web/js/e2ee/account.js';
import { fromB64, toB64 } from '../../web/js/e2ee/bytes.js';

export class Client {
    #socket;
    #waiting = new Map();
    #next = 1;
    #host;

    /** @param {{ host: string, port: number, ca: Buffer, origin?: string }} at */
    static async open(at) {
        const client = new Client();
        client.#host = at.host;
        client.#socket = new WebSocket(`wss://${at.host}:${at.port}/ws`, 'sendline.v1', {
            ca: at.ca, origin: at.origin, perMessageDeflate: false,
            lookup: (_, options, found) =>
                (options.all ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4)),
        });
        client.events = [];
        client.#socket.on('message', (data) => client.#take(JSON.parse(String(data))));
        client.#socket.on('close', () => client.#end(new Error('the connection closed')));
        await new Promise((open, fail) => client.#socket.once('open', open).once('error', fail));
        client.#socket.on('error', (error) => client.#end(error));
        return client;
    }

    #take(frame) {
        if (frame.event) {
            this.events.push(frame);
            return;
        }
        const [resolve, reject, name] = this.#waiting.get(frame.id) ?? [];
        this.#waiting.delete(frame.id);
        if (frame.error) {
            reject?.(Object.assign(new Error(`${name}: ${JSON.stringify(frame.error)}`), frame.error));
        } else {
            resolve?.(frame.ok);
        }
    }

    #end(error) {
        for (const [, reject] of this.#waiting.values()) {
            reject(error);
        }
        this.#waiting.clear();
    }

    /** @returns {Promise<any>} */
    call(name, args) {
        const id = this.#next++;
        return new Promise((resolve, reject) => {
            this.#waiting.set(id, [resolve, reject, name]);
            this.#socket.send(JSON.stringify({ id, call: name, args }));
        });
    }

    async signInStaff(id, pair) {
        const { challenge } = await this.call('auth.challenge', {});
        return this.call('auth.staff', { staff: toB64(id), challenge,
            signature: toB64(signAuth(pair.sk, { purpose: 2, host: this.#host, challenge: fromB64(challenge) })) });
    }

    async signInParent(address, pair) {
        const { challenge } = await this.call('auth.challenge', {});
        return this.call('auth.parent', { address, challenge,
            signature: toB64(signAuth(pair.sk, { purpose: 1, host: this.#host, challenge: fromB64(challenge) })) });
    }

    /** Read nothing more. */
    pause() {
        this.#socket.pause();
    }

    close() {
        this.#socket.close();
    }

    /** Gone without a word. */
    end() {
        this.#socket.terminate();
    }
}
