/**
 * A stand-in for GOV.UK Notify: checks tokens as Notify does, keeps what it takes, and answers as it is told.
 *
 *   const notify = await Notify.start({ cert, key });
 *   notify.answers.push(429);                // the next one; then 201 again
 *   await notify.request(0);                 // { path, body }, once it is there
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

export const SERVICE = '26785a09-ab16-4eb0-8407-a37497a57506';
export const SECRET = '3d844edf-8d35-48ac-975b-e847b4f122b0';
export const API_KEY = `a-test-key-${SERVICE}-${SECRET}`;
export const EMAIL_TEMPLATE = '9d751e0e-f929-4891-82a1-a3e1c3c18ee3';
export const TEXT_TEMPLATE = 'c19b8d6f-0d8f-4d9e-8f0b-7d3b1f3f4c11';

const PLACEHOLDERS = { [EMAIL_TEMPLATE]: ['body', 'subject'], [TEXT_TEMPLATE]: ['body'] };

/** What is wrong with a token, or null. */
function wrongWithToken(authorization, now) {
    const [header, claims, signature] = /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(authorization ?? '')?.slice(1) ?? [];
    if (!signature) {
        return 'no token';
    }
    const want = createHmac('sha256', SECRET).update(`${header}.${claims}`).digest();
    const got = Buffer.from(signature, 'base64url');
    if (got.length !== want.length || !timingSafeEqual(got, want)) {
        return 'signature';
    }
    const { typ, alg } = JSON.parse(Buffer.from(header, 'base64url').toString());
    const { iss, iat } = JSON.parse(Buffer.from(claims, 'base64url').toString());
    if (typ !== 'JWT' || alg !== 'HS256' || iss !== SERVICE) {
        return 'claims';
    }
    return Number.isInteger(iat) && Math.abs(iat - now) <= 30 ? null : 'clock';
}

/** What is wrong with a request to this path, or null. */
function wrongWithBody(path, body) {
    const to = path.endsWith('/sms') ? 'phone_number' : 'email_address';
    const known = [to, 'template_id', 'personalisation', 'reference', 'email_reply_to_id', 'sms_sender_id'];
    const placeholders = PLACEHOLDERS[body.template_id];
    if (typeof body[to] !== 'string' || !Object.keys(body).every((name) => known.includes(name))) {
        return 'fields';
    }
    return placeholders && Object.keys(body.personalisation).sort().join() === placeholders.join() ? null : 'template';
}

export class Notify {
    /** @param {{ cert: string, key: string, shift?: () => number }} how shift: seconds that the server's clock is ahead */
    static async start({ cert, key, shift = () => 0 }) {
        const notify = new Notify();
        notify.requests = [];
        notify.refused = [];
        notify.answers = [];
        notify.server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
            const chunks = [];
            request.on('data', (chunk) => chunks.push(chunk));
            request.on('end', () => notify.#answer(request, response, Buffer.concat(chunks).toString(), shift()));
        });
        await new Promise((up) => notify.server.listen(0, '127.0.0.1', up));
        notify.url = `https://localhost:${notify.server.address().port}`;
        return notify;
    }

    #answer(request, response, text, shift) {
        const say = (status, error) => response.writeHead(status, { 'content-type': 'application/json' })
            .end(JSON.stringify(error ? { status_code: status, errors: [{ error, message: text }] } : { id: 'x' }));
        const wrong = wrongWithToken(request.headers.authorization, Date.now() / 1000 + shift);
        if (wrong) {
            this.refused.push(wrong);
            say(403, wrong);
            return;
        }
        const body = JSON.parse(text);
        const form = request.method === 'POST' && /^\/v2\/notifications\/(email|sms)$/.test(request.url)
            ? wrongWithBody(request.url, body) : 'path';
        if (form) {
            this.refused.push(form);
            say(400, form);
            return;
        }
        const status = this.answers.shift() ?? 201;
        if (status === 'hang') {
            return;
        }
        if (status === 'redirect') {
            response.writeHead(307, { location: `${this.url}/elsewhere` }).end();
            return;
        }
        if (status === 201) {
            this.requests.push({ path: request.url, body });
        }
        say(status, status === 201 ? undefined : 'as told');
    }

    /** Request number i that was taken, from 0; waits for it. */
    async request(i, milliseconds = 30000) {
        const until = Date.now() + milliseconds;
        while (this.requests.length <= i) {
            if (Date.now() > until) {
                throw new Error(`request ${i} has not come; there are ${this.requests.length}, refused: ${this.refused}`);
            }
            await sleep(50);
        }
        return this.requests[i];
    }

    async stop() {
        this.server.closeAllConnections();
        await new Promise((closed) => this.server.close(closed));
    }
}
