/**
 * The carriers alone, against a real mail server and a stand-in for GOV.UK Notify: what goes over the wire, and what
 * they make of every answer.
 */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { promisify } from 'node:util';

import { API_KEY, EMAIL_TEMPLATE, Notify, SERVICE, TEXT_TEMPLATE } from '../support/notify.mjs';
import { program, root } from '../support/service.mjs';
import { Post, read } from '../support/smtp.mjs';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'sendline-carriers-'));
const file = (...name) => join(folder, ...name);
/** Of the authority that the settings trust, and of another one. */
const ours = { cert: file('ours/server.crt'), key: file('ours/server.key') };
const others = { cert: file('others/server.crt'), key: file('others/server.key') };

before(() => {
    for (const authority of ['ours', 'others']) {
        execFileSync(join(root, 'certs/dev-ca'), [file(authority)], { stdio: 'ignore' });
        execFileSync(join(root, 'certs/server-cert'), [file(authority)], { stdio: 'ignore' });
    }
    writeFileSync(file('password'), 'a password\n', { mode: 0o600 });
    writeFileSync(file('key'), `${API_KEY}\n`, { mode: 0o600 });
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** @returns the answer and the reason */
async function send(settings, to, how = 'email') {
    const all = {
        council_name: 'Cyngor Sir Fôn', mail_from: 'notices@council.example', notices_ca_file: file('ours/ca.crt'),
        notices_timeout_seconds: 2, ...settings,
    };
    writeFileSync(file('config'), Object.entries(all).map(([key, value]) => `${key} = ${value}\n`).join(''));
    const { stdout } = await run(program('tests/support/carrier_send'), [file('config'), how, to]);
    const [answer, ...reason] = stdout.trim().split(' ');
    // Nobody's address is in what goes to the log and to staff.
    assert.ok(!stdout.includes('@'), stdout);
    return { answer, reason: reason.join(' ') };
}

const smtp = (post, more = {}) => ({ email_by: 'smtp', smtp_url: `smtp://localhost:${post.port}`, ...more });
const signedIn = { smtp_user: 'council', smtp_password_file: file('password') };

async function withPost(how, body) {
    const post = await Post.start(how);
    try {
        await body(post);
    } finally {
        await post.stop();
    }
}

test('a mail, with TLS and a sign-in', async () => {
    await withPost({ ...ours, user: 'council', password: 'a password' }, async (post) => {
        const sent = await send(smtp(post, signedIn), 'sam@mail.example');
        assert.deepEqual(sent, { answer: 'sent', reason: '' });
        const mail = await post.mail(0);
        assert.equal(mail.from, 'notices@council.example');
        assert.deepEqual(mail.to, ['sam@mail.example']);
        assert.equal(mail.tls, true);
        const { headers, plain, html } = read(mail);
        assert.equal(headers.to, '<sam@mail.example>');
        assert.equal(headers.subject, 'You have a new message');
        assert.match(headers.from, /^=\?utf-8\?b\?.*\?= <notices@council.example>$/);
        assert.ok(Math.abs(Date.parse(headers.date) - Date.now()) < 60000, headers.date);
        assert.match(plain, /^You have a new message\. Sign in as usual to read it\.\r\n/);
        assert.match(plain, /Cyngor Sir Fôn/);
        assert.match(html, /<p>You have a new message\. Sign in as usual to read it\.<\/p>/);
        assert.match(html, /^<!doctype html>/);
    });
});

test('TLS from the first byte', async () => {
    await withPost({ ...ours, implicit: true, user: 'council', password: 'a password' }, async (post) => {
        const settings = { ...smtp(post, signedIn), smtp_url: `smtps://localhost:${post.port}` };
        assert.equal((await send(settings, 'sam@mail.example')).answer, 'sent');
        assert.equal((await post.mail(0)).tls, true);
    });
});

test('without TLS only where the settings say so', async () => {
    await withPost({}, async (post) => {
        assert.deepEqual(await send(smtp(post), 'sam@mail.example'),
            { answer: 'down', reason: '250: Requested SSL level failed' });
        assert.equal(post.mails.length, 0);
        assert.equal((await send(smtp(post, { smtp_tls: 'no' }), 'sam@mail.example')).answer, 'sent');
        assert.equal((await post.mail(0)).tls, false);
    });
});

test('a certificate of somebody else', async () => {
    for (const implicit of [false, true]) {
        await withPost({ ...others, implicit }, async (post) => {
            const settings = { ...smtp(post), smtp_url: `smtp${implicit ? 's' : ''}://localhost:${post.port}` };
            const { answer, reason } = await send(settings, 'sam@mail.example');
            assert.equal(answer, 'down');
            assert.match(reason, /SSL peer certificate/);
            assert.equal(post.mails.length, 0);
        });
    }
});

test('a wrong password', async () => {
    await withPost({ ...ours, user: 'council', password: 'another one' }, async (post) => {
        assert.deepEqual(await send(smtp(post, signedIn), 'sam@mail.example'),
            { answer: 'down', reason: '535: Login denied' });
        assert.deepEqual(post.logins.map(({ login, good }) => [login, good]), [['council', false]]);
        // Without a name and password at all: it wants one.
        const { answer, reason } = await send(smtp(post), 'sam@mail.example');
        assert.deepEqual({ answer, reason }, { answer: 'down', reason: 'smtp 530' });
    });
});

test('what a mail server may answer', async () => {
    const rows = [
        ['nobody', 'never', /^smtp 550$/],
        ['unwanted', 'never', /^smtp 554$/],
        ['busy', 'later', /^smtp 451$/],
        ['closing', 'down', /^smtp 421$/],
        ['relay', 'down', /^smtp 530$/],
        ['hang', 'down', /^\d+: Timeout was reached$/],
        ['drop', 'down', /./],
    ];
    await withPost(ours, async (post) => {
        for (const [name, answer, reason] of rows) {
            const got = await send(smtp(post), `${name}@mail.example`);
            assert.equal(got.answer, answer, `${name}: ${got.reason}`);
            assert.match(got.reason, reason, name);
        }
        assert.equal(post.mails.length, 0);
    });
});

test('no mail server, and one that says nothing', async () => {
    const silent = createServer(() => {});
    await new Promise((up) => silent.listen(0, '127.0.0.1', up));
    const port = silent.address().port;
    const began = Date.now();
    assert.deepEqual(await send(smtp({ port }), 'sam@mail.example'), { answer: 'down', reason: 'Timeout was reached' });
    assert.ok(Date.now() - began < 10000);
    await new Promise((closed) => silent.close(closed));
    assert.deepEqual(await send(smtp({ port }), 'sam@mail.example'),
        { answer: 'down', reason: "Couldn't connect to server" });
});

// ---- GOV.UK Notify ----

const byNotify = (notify, more = {}) => ({
    email_by: 'notify', text_by: 'notify', notify_url: notify.url, notify_key_file: file('key'),
    notify_email_template: EMAIL_TEMPLATE, notify_text_template: TEXT_TEMPLATE, ...more,
});

async function withNotify(how, body) {
    const notify = await Notify.start(how);
    try {
        await body(notify);
    } finally {
        await notify.stop();
    }
}

test('an e-mail and a text by Notify', async () => {
    await withNotify(ours, async (notify) => {
        assert.equal((await send(byNotify(notify), 'sam@mail.example')).answer, 'sent');
        const email = await notify.request(0);
        assert.equal(email.path, '/v2/notifications/email');
        assert.equal(email.body.email_address, 'sam@mail.example');
        assert.equal(email.body.personalisation.subject, 'You have a new message');
        assert.match(email.body.personalisation.body, /^You have a new message\. Sign in as usual/);
        assert.equal(email.body.reference, '01020300000000000000000000000000');
        assert.equal(email.body.email_reply_to_id, undefined);

        const more = { notify_sender_id: SERVICE, notify_reply_to_id: SERVICE };
        assert.equal((await send(byNotify(notify, more), '07700 900143', 'text')).answer, 'sent');
        const text = await notify.request(1);
        assert.equal(text.path, '/v2/notifications/sms');
        assert.equal(text.body.phone_number, '07700 900143');
        assert.equal(text.body.sms_sender_id, SERVICE);
        assert.equal(text.body.email_reply_to_id, undefined);
        assert.deepEqual(text.body.personalisation,
            { body: 'Cyngor Sir Fôn: You have a new message. Sign in as usual to read it. Please do not reply to this text.' });
        assert.deepEqual(notify.refused, []);
    });
});

test('what Notify may answer', async () => {
    const rows = [
        [400, 'never', 'notify 400'],
        [403, 'never', 'notify 403'],
        [429, 'down', 'notify 429'],
        [500, 'down', 'notify 500'],
        [503, 'down', 'notify 503'],
        ['redirect', 'never', 'notify 307'],
        ['hang', 'down', 'Timeout was reached'],
        [201, 'sent', ''],
    ];
    await withNotify(ours, async (notify) => {
        for (const [status, answer, reason] of rows) {
            notify.answers.push(status);
            assert.deepEqual(await send(byNotify(notify), 'sam@mail.example'), { answer, reason }, String(status));
        }
        assert.equal(notify.requests.length, 1);
    });
});

test('tokens that Notify refuses', async () => {
    let shift = 0;
    await withNotify({ ...ours, shift: () => shift }, async (notify) => {
        shift = 31;
        assert.equal((await send(byNotify(notify), 'sam@mail.example')).reason, 'notify 403');
        shift = -29;
        assert.equal((await send(byNotify(notify), 'sam@mail.example')).answer, 'sent');
        writeFileSync(file('other-key'), `k-${SERVICE}-${SERVICE}\n`, { mode: 0o600 });
        chmodSync(file('other-key'), 0o600);
        assert.equal((await send(byNotify(notify, { notify_key_file: file('other-key') }), 'sam@mail.example')).reason,
            'notify 403');
        assert.deepEqual(notify.refused, ['clock', 'signature']);
    });
});

test('a Notify of somebody else', async () => {
    await withNotify(others, async (notify) => {
        const { answer, reason } = await send(byNotify(notify), 'sam@mail.example');
        assert.equal(answer, 'down');
        assert.match(reason, /SSL peer certificate/);
        assert.equal(notify.requests.length, 0);
    });
});
