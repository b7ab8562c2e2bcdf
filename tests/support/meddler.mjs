/**
 * A service between the command line and the service: it passes frames on, and changes, drops, repeats and makes up
 * what it likes. What the owner of a server could do.
 *
 *   const meddler = await Meddler.start(service);
 *   clerk.set('server', meddler.url);
 *   meddler.onAnswer = (call, frame) => { … change frame.ok …; return frame; };   // undefined: swallow it
 *   meddler.onEvent = (frame) => frame;
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';

import WebSocket, { WebSocketServer } from 'ws';

import { HOST } from './service.mjs';

export class Meddler {
    /** @param {import('./service.mjs').Service} service */
    static async start(service) {
        const meddler = new Meddler();
        meddler.service = service;
        meddler.honest();
        /** Calls in the order in which they came: {call, args}. */
        meddler.calls = [];
        const https = createServer({ cert: readFileSync(join(service.folder, 'certs/server.crt')),
            key: readFileSync(join(service.folder, 'certs/server.key')) });
        const sockets = new WebSocketServer({ server: https, path: '/ws', handleProtocols: () => 'sendline.v1' });
        sockets.on('connection', (near) => meddler.#connect(near));
        await new Promise((done) => https.listen(0, '127.0.0.1', done));
        meddler.https = https;
        meddler.sockets = sockets;
        meddler.url = `https://${HOST}:${https.address().port}`;
        return meddler;
    }

    /** Pass everything on as it is. */
    honest() {
        this.onCall = (call, frame) => frame;
        this.onAnswer = (call, frame) => frame;
        this.onEvent = (frame) => frame;
    }

    #connect(near) {
        const far = new WebSocket(`wss://${HOST}:${this.service.ports.staff}/ws`, 'sendline.v1',
            { ca: readFileSync(this.service.ca), perMessageDeflate: false });
        const names = new Map();
        const early = [];
        const up = (data) => (far.readyState === WebSocket.OPEN ? far.send(data) : early.push(data));
        far.on('open', () => early.splice(0).forEach((data) => far.send(data)));
        near.on('message', (data) => {
            const frame = JSON.parse(String(data));
            names.set(frame.id, frame.call);
            this.calls.push({ call: frame.call, args: frame.args });
            const kept = this.onCall(frame.call, frame, near);
            if (kept !== undefined) {
                up(JSON.stringify(kept));
            }
        });
        far.on('message', (data) => {
            const frame = JSON.parse(String(data));
            const kept = frame.event ? this.onEvent(frame, near) : this.onAnswer(names.get(frame.id), frame, near);
            if (kept !== undefined && near.readyState === WebSocket.OPEN) {
                near.send(JSON.stringify(kept));
            }
        });
        near.on('close', () => far.terminate());
        far.on('close', () => near.terminate());
        near.on('error', () => far.terminate());
        far.on('error', () => near.terminate());
    }

    /** How often a call came. */
    count(call) {
        return this.calls.filter((one) => one.call === call).length;
    }

    /** Cut every connection. */
    cut() {
        this.sockets.clients.forEach((near) => near.terminate());
    }

    stop() {
        this.cut();
        this.sockets.close();
        this.https.close();
    }
}
