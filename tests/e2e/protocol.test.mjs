/**
 * server/PROTOCOL.md is true: its tables are the program's own, and its examples, played from top to bottom against a
 * real server, get the answers that it says, with exactly the fields that it says.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { changeExtra, signAuth } from '../../web/js/e2ee/account.js';
import { fromB64, toB64 } from '../../web/js/e2ee/bytes.js';
import { inviteEntry, keyEntry, keysEntry, message } from '../../web/js/e2ee/compose.js';
import { bodyHash, digest, link, linkZero, parseEntry } from '../../web/js/e2ee/entry.js';
import { identity } from '../../web/js/e2ee/identity.js';
import { hash, seal, signPair } from '../../web/js/e2ee/primitives.js';
import { encodeHolder, RECORDS, signRoster, STAFF, TEAM } from '../../web/js/e2ee/roster.js';
import { ready, systemRandom } from '../../web/js/e2ee/sodium.js';
import { HOST, root, Service } from '../support/service.mjs';

const read = (path) => readFileSync(join(root, path), 'utf8');
const page = read('server/PROTOCOL.md');
const proto = read('server/common/proto.def');

/* ---- The page, taken apart ---- */

/** Rows of the table that begins at or after a line; cells without backquotes. */
function tableAfter(lines, from) {
    const rows = [];
    let at = from;
    while (at < lines.length && !lines[at].startsWith('|')) {
        at++;
    }
    for (; at < lines.length && lines[at].startsWith('|'); at++) {
        rows.push(lines[at].slice(1).split('|').map((cell) => cell.trim()));
    }
    return rows.slice(2);
}

const bare = (cell) => cell.replaceAll('`', '');
const field = ([name, type]) => ({ name: bare(name), type: type.replace(/\?$/, ''), optional: type.endsWith('?') });

/** Sections by heading, of one level and all above it. */
function sections(level) {
    const found = [];
    for (const line of page.split('\n')) {
        const heading = /^(#+) (.*)$/.exec(line);
        if (heading && heading[1].length <= level) {
            found.push({ level: heading[1].length, title: bare(heading[2]), lines: [] });
        } else {
            found.at(-1)?.lines.push(line);
        }
    }
    return found;
}

/** Everything under a ## heading, by ### heading. */
function under(title) {
    const all = sections(3);
    const start = all.findIndex((s) => s.level === 2 && s.title === title);
    const rest = all.slice(start + 1);
    const end = rest.findIndex((s) => s.level <= 2);
    return end < 0 ? rest : rest.slice(0, end);
}

const part = (title) => sections(2).find((s) => s.title === title).lines;
const fieldsOf = (section) => tableAfter(section.lines, 0).map(field);
const events = Object.fromEntries(under('Events').map((s) => [s.title, fieldsOf(s)]));
const objects = Object.fromEntries(under('Objects').map((s) => [s.title, fieldsOf(s)]));

const blockAfter = (lines, mark) => {
    const at = lines.findIndex((line) => line.startsWith(mark));
    assert.ok(at >= 0, `${mark} is missing`);
    return lines[at].includes('nothing') ? [] : tableAfter(lines, at).map(field);
};

/** Pairs of request and answer, in order. */
function examplesOf(lines) {
    const blocks = [...lines.join('\n').matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => JSON.parse(text));
    const pairs = [];
    for (let i = 0; i < blocks.length; i += 2) {
        assert.ok(blocks[i].call, `a request: ${JSON.stringify(blocks[i])}`);
        assert.equal(blocks[i].id, blocks[i + 1].id);
        pairs.push({ request: blocks[i], answer: blocks[i + 1] });
    }
    return pairs;
}

const calls = sections(3).filter((s) => s.level === 3 && s.lines.some((line) => line.startsWith('**Takes**')))
    .map((s) => ({
        name: s.title,
        who: s.lines.find((line) => line.includes('· cost')),
        takes: blockAfter(s.lines, '**Takes**'),
        answers: blockAfter(s.lines, '**Answers**'),
        refused: [...(/\*\*Refused with\*\*([\s\S]*?)\n\n/.exec(`${s.lines.join('\n')}\n\n`)?.[1] ?? '')
            .matchAll(/`(\w+)`/g)].map(([, code]) => code),
    }));
const callOf = (name) => calls.find((call) => call.name === name);

/* ---- The program's tables ---- */

const rowsOf = (macro, text) => [...text.matchAll(new RegExp(`^${macro}\\((.*)\\)$`, 'gm'))].map(([, row]) => row);

const programCalls = rowsOf('SL_CALL', proto).map((row) => {
    const [handler, name, who, mode, cost] = row.split(', ');
    return { handler, name: JSON.parse(name), who: who.split(' | '), mode, cost: Number(cost) };
});
const programArgs = Object.fromEntries(rowsOf('RPC_ARGS', read('server/rpc/args.def')).map((row) => {
    const [, handler, spec] = /^(\w+), "(.*)"$/.exec(row);
    return [handler, spec.split(' ').filter(Boolean).map((one) => {
        const [name, type] = one.split(':');
        return { name, type: type.replace('?', ''), optional: type.endsWith('?') };
    })];
}));
const programErrors = rowsOf('SL_ERROR', proto).map((row) => {
    const [, code, sentence] = /^\w+, "(\w+)", "(.*)"$/.exec(row);
    return [code, sentence];
}).filter(([code]) => code !== 'ok');

/* What the page calls it, and what the program does. */
const ROLES = { R_ANON: 'not signed in', R_INVITEE: 'invitees', R_PARENT: 'parents', R_STAFF: 'staff', R_ANYONE: 'anyone',
    R_HTTP: 'the HTTP side of the server itself' };
const programType = (type) => {
    const plain = { at: 'int', on: 'str', '[posted]': 'entries' }[type] ?? type;
    return plain.startsWith('[') ? 'list' : plain;
};

test('the page has every call, with its callers, cost and arguments', () => {
    assert.deepEqual(calls.map((c) => c.name).sort(), programCalls.map((c) => c.name).sort());
    for (const program of programCalls) {
        const documented = callOf(program.name);
        const [who, cost] = documented.who.split(' · ');
        const roles = who.replace(/, (staff|public) address$/, '').split(', ');
        assert.deepEqual(roles, program.who.map((role) => ROLES[role]), program.name);
        assert.equal(cost, `cost ${program.cost}`, program.name);
        const byName = (a, b) => a.name.localeCompare(b.name);
        assert.deepEqual(
            documented.takes.map((arg) => ({ ...arg, type: programType(arg.type) })).sort(byName),
            [...programArgs[program.handler]].sort(byName), program.name);
    }
});

test('its errors, limits, events and acts are the program\'s', () => {
    const errors = tableAfter(part('Errors'), 0).map(([code, sentence]) => [bare(code), sentence]);
    assert.deepEqual(errors, programErrors);
    const codes = new Set(errors.map(([code]) => code));
    for (const call of calls) {
        call.refused.forEach((code) => assert.ok(codes.has(code) || callOf(code), `${call.name}: ${code}`));
    }
    const limits = tableAfter(part('Limits'), 0).map(([name, value, what]) => `${bare(name)}, ${value}, "${what}"`);
    assert.deepEqual(limits, rowsOf('SL_LIMIT', proto));
    assert.deepEqual(Object.keys(events), rowsOf('SL_EVENT', proto).map((row) => JSON.parse(row.split(', ')[1])));
    const acts = tableAfter(part('Acts'), 0).map(([act, who, what]) => [bare(act), who,
        Number(/asks for a reply/.test(what)), Number(/answers/.test(what))]);
    const programActs = rowsOf('SL_ACT', proto).map((row) => {
        const [, name, who, starts, ends] = row.split(', ');
        return [JSON.parse(name), who.split(' | ').map((role) => ROLES[role]).join(', '), Number(starts), Number(ends)];
    });
    assert.deepEqual(acts, programActs);
});

/* ---- Values against types ---- */

const BYTES = /^[A-Za-z0-9_-]*$/;
const isInt = (value) => Number.isSafeInteger(value);
const SIMPLE = {
    str: (v) => typeof v === 'string',
    word: (v) => typeof v === 'string' && /^[a-z_.]+$/.test(v),
    int: isInt,
    at: (v) => isInt(v) && v > 1.7e9 && v < 3e9,
    on: (v) => typeof v === 'string' && /^\d{4}-\d\d-\d\d$/.test(v),
    bool: (v) => typeof v === 'boolean',
    bytes: (v) => typeof v === 'string' && BYTES.test(v),
};
const placeholder = (value) => typeof value === 'string' && /^<.*>$/.test(value);

/** @param {boolean} example of the page, where anything may be a placeholder */
function fits(value, type, where, example, event) {
    if (example && placeholder(value)) {
        return;
    }
    if (type.startsWith('[')) {
        assert.ok(Array.isArray(value), `${where} is an array`);
        value.forEach((one, i) => fits(one, type.slice(1, -1), `${where}[${i}]`, example));
    } else if (SIMPLE[type]) {
        assert.ok(SIMPLE[type](value), `${where} is ${type}: ${JSON.stringify(value)}`);
    } else if (/^b\d+$/.test(type)) {
        assert.ok(SIMPLE.bytes(value) && fromB64(value).length === Number(type.slice(1)), `${where} is ${type}`);
    } else if (type === 'event data') {
        fitsFields(value, event === 'thread.new' ? threadNew(value) : events[event], where, example);
    } else {
        assert.ok(objects[type], `${where}: there is no type ${type}`);
        fitsFields(value, objects[type], where, example);
    }
}

const threadNew = (value) => (value.gone ? events['thread.changed'] : objects.thread);

function fitsFields(value, fields, where, example) {
    assert.ok(value !== null && typeof value === 'object' && !Array.isArray(value), `${where} is an object`);
    for (const name of Object.keys(value)) {
        const known = fields.find((f) => f.name === name);
        assert.ok(known, `${where}.${name} is not documented`);
        fits(value[name], known.type, `${where}.${name}`, example, value.event);
    }
    for (const { name, optional } of fields) {
        assert.ok(optional || name in value, `${where}.${name} is missing`);
    }
}

/* ---- Names of examples ---- */

class Names {
    #values = new Map();

    set(name, value) {
        this.#values.set(name, typeof value === 'string' || isInt(value) ? value : toB64(value));
    }

    get(name) {
        assert.ok(this.#values.has(name), `<${name}> is nothing that this test makes`);
        return this.#values.get(name);
    }

    fill(value) {
        if (placeholder(value)) {
            return this.get(value.slice(1, -1));
        }
        if (Array.isArray(value)) {
            return value.map((one) => this.fill(one));
        }
        return value !== null && typeof value === 'object'
            ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, this.fill(v)])) : value;
    }

    /** Is this what the example says? Times are only times; a new name takes the value on. */
    match(value, example, where) {
        if (placeholder(example)) {
            const name = example.slice(1, -1);
            if (!this.#values.has(name)) {
                this.set(name, value);
            }
            assert.equal(value, this.get(name), where);
        } else if (Array.isArray(example)) {
            assert.equal(value.length, example.length, where);
            example.forEach((one, i) => this.match(value[i], one, `${where}[${i}]`));
        } else if (example !== null && typeof example === 'object') {
            assert.deepEqual(Object.keys(value).sort(), Object.keys(example).sort(), where);
            Object.keys(example).forEach((k) => this.match(value[k], example[k], `${where}.${k}`));
        } else if (!/\.(\w+_)?at$/.test(where)) {
            assert.equal(value, example, where);
        }
    }
}

/* ---- The people of the examples ---- */

const now = () => Math.floor(Date.now() / 1000);
const means = () => ({ now: now(), random: systemRandom });

/** What each call needs before its example is played: names, and whose connection it is. */
function stage(service, names) {
    const rootKeys = identity(systemRandom(32));
    const teamSeed = systemRandom(32);
    const [team, records, worker, parent] = [identity(teamSeed), identity(systemRandom(32)), identity(systemRandom(32)),
        identity(systemRandom(32))];
    const ids = { team: systemRandom(16), records: systemRandom(16), staff: systemRandom(16), parent: systemRandom(16) };
    const zero = new Uint8Array(32);
    const holders = {
        team: { kind: TEAM, id: ids.team, generation: 1, signPk: zero, boxPk: team.box.pk, name: 'A team' },
        records: { kind: RECORDS, id: ids.records, generation: 1, signPk: zero, boxPk: records.box.pk, name: 'Records' },
        staff: { kind: STAFF, id: ids.staff, generation: 1, signPk: worker.sign.pk, boxPk: worker.box.pk,
            name: 'Jordan Ellis' },
    };
    const records_ = Object.fromEntries(Object.entries(holders).map(([k, h]) => [k, encodeHolder(h)]));
    const roster = signRoster(rootKeys.sign.sk, { serial: 1, issuedAt: now(), expiresAt: now() + 90 * 86400,
        roots: [rootKeys.sign.pk], rows: Object.values(records_).map((bytes) => ({ hash: hash(32, bytes), ended: 0 })) });
    const accept = signPair(systemRandom(32));
    const auth = signPair(systemRandom(32));
    const vault = systemRandom(1064);
    const threadId = systemRandom(16);
    const place = { threadId, head: { seq: 0, link: linkZero(threadId) }, generation: 1, key: systemRandom(32) };
    const writer = { id: ids.staff, sign: worker.sign };
    const expiresAt = now() + 14 * 86400;

    const take = (name, { entry }) => {
        const parsed = parseEntry(entry);
        const seq = place.head.seq + 1;
        place.head = { seq, link: link(threadId, seq, place.head.link,
            digest(parsed.headerBytes, bodyHash(parsed.body, parsed.signature))) };
        names.set(name, entry);
    };
    const challenge = async (conn, name, key, purpose, extra) => {
        const { challenge: given } = await conn.call('auth.challenge', {});
        names.set(`challenge_${name}`, given);
        names.set(`signature_${name}`, signAuth(key, { purpose, host: HOST, challenge: fromB64(given), extra }));
    };
    const conns = {};
    const connect = async (name, listener) => {
        conns[name] ??= await service.connect(listener);
        return conns[name];
    };

    names.set('public_url', service.publicUrl);
    names.set('token', service.setupToken);
    names.set('roster', roster);
    for (const [name, bytes] of Object.entries(records_)) {
        names.set(`holder_${name}`, bytes);
    }
    for (const [name, id] of Object.entries(ids)) {
        names.set(name, id);
    }
    names.set('sealed_seed', seal(worker.box.pk, teamSeed, systemRandom));

    const anyone = () => connect('anyone', 'public');
    const desk = () => connect('desk', 'staff');
    const home = () => connect('home', 'public');
    const prepare = {
        'auth.challenge': desk,
        'service.info': anyone,
        'service.init': desk,
        'auth.staff': async () => {
            const conn = await desk();
            // The example before it has asked for the challenge.
            names.set('signature_staff', signAuth(worker.sign.sk, { purpose: 2, host: HOST,
                challenge: fromB64(names.get('challenge_staff')) }));
            return conn;
        },
        'auth.resume': () => connect('resumed', 'staff'),
        'case.add': () => {
            const recipients = [holders.team, holders.records].map((h) => ({ kind: h.kind, holderId: h.id,
                holderGeneration: 1, boxPk: h.boxPk }));
            names.set('case', systemRandom(16));
            names.set('thread', threadId);
            take('entry_key', keyEntry(place, writer, { generation: 1, key: place.key,
                roster: { serial: 1, hash: hash(32, roster.subarray(0, roster.length - 64)) }, recipients }, means()));
            take('entry_card', message(place, writer, { kind: 'card', case: 'EHC-2041', child: 'R. C.', parent: 'Sam' },
                means()));
            return desk();
        },
        'invite.make': () => {
            names.set('invite', systemRandom(16));
            names.set('accept_pk', accept.pk);
            names.set('expires_at', expiresAt);
            names.set('parcel', systemRandom(1064));
            take('entry_invite', inviteEntry(place, writer, { inviteId: fromB64(names.get('invite')),
                parentId: ids.parent, acceptPk: accept.pk, expiresAt }, means()));
            return desk();
        },
        'invite.open': async () => {
            const conn = await home();
            await challenge(conn, 'invitee', accept.sk, 3);
            return conn;
        },
        'invite.accept': async () => {
            const conn = await home();
            await challenge(conn, 'accept', accept.sk, 4, changeExtra(auth.pk, vault));
            names.set('auth_pk', auth.pk);
            names.set('vault', vault);
            take('entry_keys', keysEntry(place, ids.parent, parent, { by: place.head.seq, prove: accept }, means()));
            return conn;
        },
        'auth.parent': async () => {
            const conn = await connect('again', 'public');
            await challenge(conn, 'parent', auth.sk, 1);
            return conn;
        },
        'session.tab': () => {
            names.set('tab_key', systemRandom(32));
            return home();
        },
        'account.get': home,
        'vault.get': home,
        'vault.save': () => {
            names.set('vault_2', systemRandom(1064));
            return home();
        },
        'thread.list': home,
        'thread.entries': home,
        'entry.post': (request) => {
            const author = { id: ids.parent, sign: parent.sign };
            if (request.args.entry === '<entry_message>') {
                take('entry_message', message(place, author, { kind: 'text', body: 'Hello' }, means()));
            } else {
                const behind = { ...place, head: { seq: 4, link: fromB64(names.get('link_4')) } };
                names.set('entry_stale', message(behind, author, { kind: 'text', body: 'Hello' }, means()).entry);
            }
            return home();
        },
        'sync': home,
        'auth.sign_out': home,
    };
    return {
        prepare: (request) => (prepare[request.call] ?? desk)(request),
        conns,
        events: () => Object.values(conns).flatMap((conn) => conn.events),
    };
}

test('every example gets the answer that the page says', { timeout: 60000 }, async (t) => {
    await ready();
    const service = await Service.start();
    t.after(() => service.stop());
    const names = new Names();
    const play = stage(service, names);
    const played = new Set();
    for (const { request, answer } of examplesOf(page.split('\n'))) {
        const where = `example ${request.id}, ${request.call}`;
        const documented = callOf(request.call);
        assert.deepEqual(Object.keys(request).filter((k) => !['id', 'call', 'args'].includes(k)), [], where);
        if (answer.ok) {
            fitsFields(request.args ?? {}, documented.takes, `${where}: args`, true);
            fitsFields(answer.ok, documented.answers, `${where}: documented answer`, true);
        }
        const conn = await play.prepare(request);
        const got = await conn.call(request.call, names.fill(request.args ?? {}))
            .then((ok) => ({ ok }), (error) => ({ error: { ...error, message: error.message } }));
        assert.equal(Boolean(got.ok), Boolean(answer.ok), `${where}: ${JSON.stringify(got)}`);
        if (got.ok) {
            fitsFields(got.ok, documented.answers, `${where}: answer`, false);
            names.match(got.ok, answer.ok, `${where}: ok`);
            played.add(request.call);
        } else {
            names.match(got.error, answer.error, `${where}: error`);
            assert.ok(documented.refused.includes(got.error.code) || got.error.code === 'bad_request', where);
        }
    }
    // The one call that takes nothing but what HTTP gives it, and the one whose example is a refusal.
    const without = programCalls.map((c) => c.name).filter((name) => !played.has(name));
    assert.deepEqual(without, ['invite.end', 'session.cookie']);

    const pushed = play.events();
    assert.ok(pushed.length >= 6, 'events were pushed');
    for (const { event, n, data, ...rest } of pushed) {
        assert.deepEqual(rest, {});
        if (event === 'session.ended') {
            assert.deepEqual(data, {});
            assert.equal(n, undefined);
        } else {
            assert.ok(isInt(n));
            fits(data, 'event data', event, false, event);
        }
    }
    assert.deepEqual([...new Set(pushed.map((one) => one.event))].sort().filter((name) => name !== 'session.ended'),
        Object.keys(events));
});

test('what HTTP answers is what the page says', { timeout: 60000 }, async (t) => {
    const service = await Service.start();
    t.after(() => service.stop());
    await service.world(1, 1);
    const client = await service.parent(0);
    const { request } = await import('node:https');
    const ask = (method, path, { body, headers = {} } = {}) => new Promise((done, fail) => {
        const sent = request({ host: '127.0.0.1', port: service.ports.public, servername: HOST, method, path,
            ca: readFileSync(service.ca), headers: { host: `${HOST}:${service.ports.public}`,
                ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }), ...headers } }, (answer) => {
            let text = '';
            answer.on('data', (data) => {
                text += data;
            });
            answer.on('end', () => done({ status: answer.statusCode, headers: answer.headers, text }));
        });
        sent.on('error', fail);
        sent.end(body);
    });
    const headers = { origin: service.publicUrl, 'content-type': 'application/json' };
    const body = JSON.stringify({ ticket: client.account.ticket });
    const cookie = await ask('POST', '/session', { body, headers });
    assert.equal(cookie.status, 204);
    assert.match(cookie.headers['set-cookie'][0],
        /^__Host-sendline=[A-Za-z0-9_-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/);
    const again = await ask('POST', '/session', { body, headers });
    assert.equal(again.status, 403);
    assert.equal(JSON.parse(again.text).error.code, 'ticket_wrong');
    assert.equal((await ask('POST', '/session/end', { body: '', headers })).status, 204);
    const health = await ask('GET', '/healthz');
    assert.deepEqual([health.status, JSON.parse(health.text)], [200, { ok: true }]);
    const metrics = await ask('GET', '/metrics');
    assert.equal(metrics.status, 200);
    assert.match(metrics.text, /sendline_requests_total\{call="auth.parent",code="ok"\} 1\n/);
    client.close();
});
