/**
 * A client that does exactly what a test tells it: TLS by hand, bytes as they are, frames well formed or not.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';

/** A connection whose bytes are kept until somebody asks. */
export class Raw {
    /** @type {Buffer[]} */
    #pieces = [];
    /** How long is waited for what has to come. */
    patienceMs = 20000;
    /** @type {Error | null} */
    error = null;
    ended = false;
    #changed = () => {};

    /** @param {{ port: number } & tls.ConnectionOptions} options */
    constructor(options) {
        this.socket = tls.connect({ host: '127.0.0.1', servername: 'localhost', ...options });
        this.socket.setNoDelay(true);
        this.socket.on('data', (data) => {
            this.#pieces.push(data);
            this.#changed();
        });
        this.socket.on('error', (error) => {
            this.error = error;
        });
        this.socket.on('close', () => {
            this.ended = true;
            this.#changed();
        });
    }

    /** What came and was not taken. */
    get received() {
        if (this.#pieces.length !== 1) {
            this.#pieces = [Buffer.concat(this.#pieces)];
        }
        return this.#pieces[0];
    }

    /** Connected, and TLS agreed upon. */
    static async open(options) {
        const raw = new Raw(options);
        await new Promise((open, fail) => raw.socket.once('secureConnect', open).once('error', fail));
        return raw;
    }

    write(data) {
        this.socket.write(data);
    }

    /** In pieces of `size` bytes, each a TLS record and a packet of its own. */
    async dribble(data, size, pauseMs = 1) {
        const bytes = Buffer.from(data);
        for (let at = 0; at < bytes.length; at += size) {
            this.write(bytes.subarray(at, at + size));
            await sleep(pauseMs);
        }
    }

    /** Until `found` gives something but undefined; that is returned. */
    async until(found, what = 'what was expected') {
        const late = Date.now() + this.patienceMs;
        for (;;) {
            const result = found();
            if (result !== undefined) {
                return result;
            }
            if (this.ended || Date.now() > late) {
                throw new Error(`${what} did not come: ${this.ended ? 'closed' : 'silence'} after ` +
                    `${JSON.stringify(this.received.toString('latin1').slice(0, 500))} ${this.error ?? ''}`);
            }
            const timer = setTimeout(() => this.#changed(), late - Date.now() + 1);
            await new Promise((resolve) => {
                this.#changed = resolve;
            });
            clearTimeout(timer);
        }
    }

    /** Takes n bytes. */
    async take(n) {
        await this.until(() => (this.#length() >= n ? true : undefined), `${n} bytes`);
        const bytes = this.received;
        this.#pieces = [bytes.subarray(n)];
        return bytes.subarray(0, n);
    }

    #length() {
        return this.#pieces.reduce((sum, piece) => sum + piece.length, 0);
    }

    /** When the other side has closed. @returns {Promise<number>} milliseconds that it took */
    async closed(withinMs = this.patienceMs) {
        const since = Date.now();
        while (!this.ended) {
            if (Date.now() - since > withinMs) {
                throw new Error(`still open after ${withinMs} ms`);
            }
            await sleep(10);
        }
        return Date.now() - since;
    }

    /** Gone without a word. */
    end() {
        this.socket.destroy();
    }

    /** One whole answer to a request that was written. */
    async answer({ head = false } = {}) {
        const end = await this.until(() => {
            const at = this.received.indexOf('\r\n\r\n');
            return at < 0 ? undefined : at + 4;
        }, 'an answer');
        const answer = parseHead((await this.take(end)).toString('latin1'));
        const length = head || answer.status === 204 || answer.status === 304
            ? 0 : Number(answer.headers['content-length'] ?? 0);
        return { ...answer, body: await this.take(length) };
    }
}

function parseHead(text) {
    const [first, ...lines] = text.trimEnd().split('\r\n');
    const headers = {};
    for (const line of lines) {
        const [, name, value] = /^([^:]+): ?(.*)$/.exec(line);
        if (name.toLowerCase() in headers) {
            throw new Error(`the header ${name} came twice`);
        }
        headers[name.toLowerCase()] = value;
    }
    return { status: Number(/^HTTP\/1\.[01] (\d{3}) /.exec(first)[1]), headers };
}

/** The text of a request. A header of undefined is left out, an array comes several times. */
export function request(method, path, headers = {}, body = '') {
    const lines = Object.entries(headers)
        .flatMap(([name, value]) => (value === undefined ? [] : [value].flat().map((one) => `${name}: ${one}\r\n`)));
    return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** One frame as bytes. `length` claims another length than the payload has. */
export function frame(opcode, payload, { fin = true, mask = true, length = undefined } = {}) {
    const bytes = Buffer.from(payload);
    const n = length ?? bytes.length;
    const extended = Buffer.alloc(n < 126 ? 0 : n < 65536 ? 2 : 8);
    if (extended.length === 2) {
        extended.writeUInt16BE(n);
    } else if (extended.length === 8) {
        extended.writeBigUInt64BE(BigInt(n));
    }
    const code = extended.length === 0 ? n : extended.length === 2 ? 126 : 127;
    const head = Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | opcode, (mask ? 0x80 : 0) | code]), extended]);
    if (!mask) {
        return Buffer.concat([head, bytes]);
    }
    const key = randomBytes(4);
    return Buffer.concat([head, key, Buffer.from(bytes.map((byte, i) => byte ^ key[i % 4]))]);
}

/** A WebSocket by hand: nothing is answered by itself, no ping and no close. */
export class RawSocket extends Raw {
    static async open(options, headers) {
        const raw = new RawSocket(options);
        await new Promise((open, fail) => raw.socket.once('secureConnect', open).once('error', fail));
        raw.write(request('GET', '/ws', headers));
        const answer = await raw.answer();
        if (answer.status !== 101) {
            raw.end();
            throw Object.assign(new Error(`the upgrade was refused: ${answer.status}`), answer);
        }
        return Object.assign(raw, { answered: answer });
    }

    send(text) {
        this.write(frame(TEXT, text));
    }

    /** The next frame, whole or not. */
    async next() {
        const [first, second] = await this.take(2);
        let length = second & 0x7f;
        if (length === 126) {
            length = (await this.take(2)).readUInt16BE();
        } else if (length === 127) {
            length = Number((await this.take(8)).readBigUInt64BE());
        }
        return { fin: first >= 0x80, opcode: first & 0x0f, payload: await this.take(length) };
    }

    /** The next message, put together. */
    async message() {
        const parts = [];
        for (;;) {
            const { fin, opcode, payload } = await this.next();
            if (opcode >= CLOSE) {
                throw new Error(`a frame of kind ${opcode} (${payload.toString('hex')}) instead of a message`);
            }
            parts.push(payload);
            if (fin) {
                return Buffer.concat(parts).toString();
            }
        }
    }

    async say(text) {
        this.send(text);
        return this.message();
    }

    /** The code of the close that comes next. */
    async closeCode() {
        for (;;) {
            const { opcode, payload } = await this.next();
            if (opcode === CLOSE) {
                return payload.length >= 2 ? payload.readUInt16BE() : 1005;
            }
        }
    }
}
