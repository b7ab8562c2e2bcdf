/**
 * Marked secrets go through the whole program, and through every way it may go wrong: afterwards none is in a log, in
 * a byte of the database with its log, or in a byte of a backup, however it is written. And the search finds what is
 * there.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import test from 'node:test';

import { signAuth } from '../../web/js/e2ee/account.js';
import { fromB64, toB64 } from '../../web/js/e2ee/bytes.js';
import { readSecret } from '../../web/js/e2ee/invite.js';
import { systemRandom } from '../../web/js/e2ee/sodium.js';
import { clerks } from '../support/clerk.mjs';
import { Household } from '../support/household.mjs';
import { Marks } from '../support/marks.mjs';
import { frame, Raw, RawSocket, request, TEXT } from '../support/raw.mjs';
import { program, Service } from '../support/service.mjs';

const mark = (words) => `${words}-${randomBytes(9).toString('hex')}`;

/** All bytes below a folder, by name. */
function everything(folder) {
    return readdirSync(folder, { recursive: true }).map((name) => join(folder, name))
        .filter((path) => statSync(path).isFile()).map((path) => ({ path, bytes: readFileSync(path) }));
}

/** POST /session as a page does. @returns {Promise<{ status: number, cookie: string }>} */
function postSession(service, ticket) {
    return new Promise((done, fail) => {
        const body = JSON.stringify({ ticket });
        const call = https.request(`${service.publicUrl}/session`, {
            method: 'POST', ca: readFileSync(service.ca),
            headers: { Origin: service.publicUrl, 'Content-Type': 'application/json', 'Content-Length': body.length },
        }, (answer) => {
            answer.resume();
            const [cookie = ''] = answer.headers['set-cookie'] ?? [];
            answer.once('end', () => done({ status: answer.statusCode, cookie: /=([^;]*)/.exec(cookie)?.[1] ?? '' }));
        });
        call.once('error', fail);
        call.end(body);
    });
}

test('no secret is in a log, the database or a backup', { timeout: 300000 }, async (t) => {
    const service = await Service.start({ settings: { log_level: 'debug', sign_ins_per_5_minutes: 1000 } });
    t.after(() => service.stop());
    const marks = new Marks();
    const staffName = mark('Jordan');
    const said = { parent: mark('words of a parent'), staff: mark('words of staff'), card: mark('A child') };
    const address = `${mark('sam')}@families.example`;
    const passphrase = readFileSync(join(service.data, 'setup-token'), 'utf8').trim();
    for (const [name, secret] of Object.entries({ 'a staff name': staffName, "a parent's message": said.parent,
        'a message of staff': said.staff, "a child's name": said.card, 'an e-mail address': address })) {
        marks.add(name, secret);
    }

    // An office with the real command line, a family, and words in both directions.
    const [jordan] = await clerks(service, [staffName]);
    await jordan.newCase('EHC-7001', { child: said.card, parent: 'Sam Carter' });
    const invitation = await jordan.invite('EHC-7001', address);
    const secret = readSecret(invitation.link).bytes;
    marks.add("an invitation's secret", secret);
    marks.add("an invitation's code", invitation.code.replace(/\D/g, ''));
    marks.add("an invitation's code as it is read out", invitation.code);
    const wrong = new Household(service);
    await assert.rejects(wrong.accept({ link: invitation.link, code: String(randomInt(1e11, 1e12)) }));
    const sam = new Household(service);
    await sam.accept(invitation);
    await sam.write(said.parent);
    await jordan.does('reply EHC-7001 --file - --yes', said.staff);
    assert.ok((await sam.words()).includes(said.staff));
    assert.match((await jordan.does('read EHC-7001')).out, new RegExp(said.parent));
    marks.add('a thread key', sam.thread.key);
    marks.add("a parent's signing key", sam.me.sign.sk.subarray(0, 32));
    marks.add("a parent's sign-in key", sam.auth.sk.subarray(0, 32));

    // A session with its cookie and the half of a tab's key that the server has.
    const signedIn = await service.connect();
    const { ticket } = await signedIn.signInParent(sam.address, sam.auth);
    marks.add('a ticket', fromB64(ticket));
    const { status, cookie } = await postSession(service, ticket);
    assert.equal(status, 204);
    marks.add('a session token', fromB64(cookie));
    const tabKey = systemRandom(32);
    marks.add('a tab key', tabKey);
    await signedIn.call('session.tab', { tab_key: toB64(tabKey) });
    const resumed = await RawSocket.open({ port: service.ports.public, ca: readFileSync(service.ca) }, {
        Host: `localhost:${service.ports.public}`, Upgrade: 'websocket', Connection: 'Upgrade',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Protocol': 'sendline.v1', Origin: service.publicUrl, Cookie: `__Host-sendline=${cookie}`,
    });
    const answer = JSON.parse(await resumed.say(JSON.stringify({ id: 1, call: 'auth.resume', args: {} })));
    assert.equal(answer.ok.tab_key, toB64(tabKey), 'the server has it, and gives it to this session');
    marks.add('the set-up token', fromB64(passphrase));

    await goWrong(service, { address, ticket, cookie, said, secret, sam });

    // While it runs, with what the database has not yet moved out of its log; after a kill; after an orderly stop.
    const copy = join(service.folder, 'backup.db');
    execFileSync(program('server/sendlined'), ['backup', copy, '--config', service.config], { stdio: 'pipe' });
    const look = (when) => {
        // The set-up token lies in a file of its own until it is used; the outside key is what everything is sealed with.
        const files = everything(service.data).filter(({ path }) => !path.endsWith('/setup-token'));
        return [...files.flatMap(({ path, bytes }) => marks.find(`${path} ${when}`, bytes)),
            ...marks.find(`the backup ${when}`, readFileSync(copy)), ...marks.find(`the log ${when}`, Buffer.from(service.log))];
    };
    const files = everything(service.data).map(({ path }) => path.replace(/.*\//, ''));
    assert.ok(files.includes('sendline.db-wal') && statSync(join(service.data, 'sendline.db-wal')).size > 0, files.join());
    assert.deepEqual(look('while it runs'), []);
    await service.kill();
    assert.deepEqual(look('after a kill'), []);
    await service.restart();
    await service.terminate();
    assert.deepEqual(look('after a stop'), []);
    assert.match(service.log, / info stopped /);
    t.diagnostic(`${marks.names.length} secrets, ${everything(service.data).reduce((sum, { bytes }) => sum + bytes.length, 0)} ` +
        `bytes of data, ${service.log.length} of logs`);

    await t.test('the search finds a mark wherever it is', () => {
        // A case reference is in clear by design, and went the same way: into database and backup.
        const clear = new Marks();
        clear.add('a case reference', 'EHC-7001');
        assert.ok(clear.find('the backup', readFileSync(copy)).length > 0);
        assert.ok(everything(service.data).some(({ path, bytes }) => clear.find(path, bytes).length > 0));
        // Each secret, planted into a real database and a real log in each form.
        const planted = join(service.folder, 'planted');
        for (const [i, encode] of [
            (bytes) => bytes, (bytes) => bytes.toString('hex'), (bytes) => bytes.toString('hex').toUpperCase(),
            ...[0, 1, 2].flatMap((before) => ['base64url', 'base64'].map((alphabet) => (bytes) =>
                Buffer.concat([randomBytes(before + 30), bytes, randomBytes(31)]).toString(alphabet))),
        ].entries()) {
            for (const what of [Buffer.from(said.parent), Buffer.from(address), Buffer.from(cookie, 'base64url'),
                Buffer.from(tabKey), Buffer.from(sam.thread.key), Buffer.from(secret)]) {
                copyFileSync(copy, planted);
                writeFileSync(planted, encode(what), { flag: 'a' });
                writeFileSync(planted, 'and more behind it', { flag: 'a' });
                assert.equal(marks.find('planted', readFileSync(planted)).length >= 1, true, `form ${i}`);
                const line = Buffer.from(`${service.log}2026-11-25 info planted value="`);
                assert.ok(marks.find('a log', Buffer.concat([line, Buffer.from(encode(what)), Buffer.from('"\n')])).length >= 1);
            }
        }
        assert.ok(existsSync(planted));
    });
});

/** Every way in which something of a secret may get into an error: calls, frames, heads, addresses. */
async function goWrong(service, { address, ticket, cookie, said, secret, sam }) {
    const client = await service.connect();
    const fails = async (call, args) => {
        await assert.rejects(client.call(call, args), (error) => error.code !== undefined && error.code !== 'internal');
    };
    const { challenge } = await client.call('auth.challenge', {});
    await fails('auth.parent', { address, challenge, signature: toB64(signAuth(sam.me.sign.sk, { purpose: 1, host: 'localhost',
        challenge: fromB64(challenge) })) });
    await fails('auth.parent', { address: said.parent, challenge: cookie, signature: said.parent });
    await fails('auth.resume', { token: cookie.slice(0, -4) });
    await fails('auth.resume', { token: said.parent });
    await fails('auth.resume', { token: ticket });
    await fails('invite.open', { invite: toB64(secret), challenge, signature: toB64(secret) });
    await fails(said.parent, {});
    await fails('account.get', { [said.parent]: address });
    await fails('service.init', { token: said.parent, roster: said.staff, holders: [address], staff: [], team_seeds: [] });
    const signedIn = await service.connect();
    await signedIn.signInParent(sam.address, sam.auth);
    await assert.rejects(signedIn.call('vault.save', { vault: toB64(Buffer.from(said.parent)), replaces: cookie }));
    await assert.rejects(signedIn.call('entry.post', { thread: cookie.slice(0, 22), entry: toB64(Buffer.from(said.staff)), act: 'text' }));
    signedIn.close();

    const origin = service.publicUrl;
    const host = `localhost:${service.ports.public}`;
    const upgrade = { Host: host, Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Protocol': 'sendline.v1', Origin: origin };
    const tls = { port: service.ports.public, ca: readFileSync(service.ca) };
    const texts = [
        request('GET', `/${said.parent}?address=${address}&t=${cookie}`, { Host: host, Cookie: `__Host-sendline=${cookie}` }),
        request('GET', '/', { Host: address, Referer: said.parent, 'User-Agent': said.staff, 'X-Forwarded-For': address }),
        request('GET', '/ws', { ...upgrade, Origin: `https://${said.parent}` }),
        request('GET', '/ws', { ...upgrade, 'Sec-WebSocket-Protocol': cookie }),
        request('GET', '/ws', { ...upgrade, Upgrade: cookie }),
        request(said.parent, '/', { Host: host }),
        request('GET', '/', { Host: host, Cookie: `${said.parent.repeat(800)}` }),
        request('POST', '/session', { Host: host, Origin: origin, 'Content-Type': 'application/json',
            'Content-Length': said.parent.length }, said.parent),
        request('POST', '/session', { Host: host, Origin: origin, 'Content-Type': 'application/json',
            'Content-Length': 12 + cookie.length + 1 }, `{"ticket":"${cookie}"}`),
        request('CONNECT', said.parent, { Host: host }),
    ];
    for (const text of texts) {
        const raw = await Raw.open(tls);
        raw.write(text);
        await raw.until(() => (raw.ended || raw.received.length > 0 ? true : undefined));
        raw.end();
    }
    for (const bytes of [frame(TEXT, said.parent), frame(TEXT, `{"id":1,"call":"${said.parent}","args":"${address}"}`),
        frame(2, said.parent), frame(TEXT, Buffer.concat([Buffer.from(said.parent), Buffer.from([0xff])]))]) {
        const socket = await RawSocket.open(tls, upgrade);
        socket.write(bytes);
        await socket.until(() => (socket.ended || socket.received.length > 0 ? true : undefined));
        socket.end();
    }
    client.close();
}
