/**
 * A mail server for tests: Debian's aiosmtpd, which takes every mail, but some recipients get another answer.
 *
 *   const post = await Post.start({ cert, key });           // STARTTLS
 *   post.port; await post.mail(1);                          // the second mail, once it is there
 *   await post.stop();
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Answers to RCPT by the name before the @; `hang` and `drop` are what they say. */
const ANSWERS = {
    nobody: '550 5.1.1 <nobody@mail.example>: no such person here',
    busy: '451 4.3.0 try again later',
    closing: '421 4.3.2 closing for the night',
    relay: '530 5.7.0 sign in first',
    hang: 'hang',
    drop: 'drop',
};

/** The few lines that set aiosmtpd up; all of the protocol is its own. */
const PROGRAM = `
import asyncio, json, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult

how = json.loads(sys.argv[1])
context = None
if how['cert']:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(how['cert'], how['key'])

def say(what):
    print(json.dumps(what), flush=True)

def authenticate(server, session, envelope, mechanism, data):
    good = data.login.decode() == how['user'] and data.password.decode() == how['password']
    say({'login': data.login.decode(), 'good': good})
    return AuthResult(success=good, handled=False)

class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = how['answers'].get(address.split('@')[0])
        if answer == 'hang':
            await asyncio.sleep(60)
        if answer == 'drop':
            server.transport.close()
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return '250 OK'

    async def handle_DATA(self, server, session, envelope):
        if envelope.rcpt_tos[0].startswith('unwanted'):
            return '554 5.7.1 we do not like this'
        say({'mail': {'from': envelope.mail_from, 'to': envelope.rcpt_tos, 'tls': session.ssl is not None or how['implicit'],
            'content': envelope.content.decode('ascii')}})
        return '250 OK'

def session():
    return SMTP(Handler(), hostname='mail.example', tls_context=None if how['implicit'] else context,
        authenticator=authenticate if how['user'] else None, auth_required=bool(how['user']),
        auth_require_tls=not how['implicit'])

async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, '127.0.0.1', how['port'], ssl=context if how['implicit'] else None)
    say({'port': server.sockets[0].getsockname()[1]})
    await server.serve_forever()

asyncio.run(main())
`;

export class Post {
    /**
     * @param {object} [how]
     * @param {string} [how.cert] @param {string} [how.key] without: no TLS at all
     * @param {boolean} [how.implicit] TLS from the first byte
     * @param {string} [how.user] @param {string} [how.password] without: nobody signs in
     * @param {number} [how.port]
     * @param {Record<string, string>} [how.answers] besides those above
     */
    static async start({ cert = '', key = '', implicit = false, user = '', password = '', port = 0, answers = {} } = {}) {
        const post = new Post();
        post.mails = [];
        post.logins = [];
        const how = { cert, key, implicit, user, password, port, answers: { ...ANSWERS, ...answers } };
        post.child = spawn('/usr/bin/python3', ['-c', PROGRAM, JSON.stringify(how)],
            { stdio: ['ignore', 'pipe', 'pipe'] });
        post.log = '';
        post.child.stderr.on('data', (data) => {
            post.log += data;
        });
        post.ended = once(post.child, 'exit');
        const lines = createInterface({ input: post.child.stdout });
        post.port = await new Promise((up, fail) => {
            lines.on('line', (line) => {
                const said = JSON.parse(line);
                if (said.port) {
                    up(said.port);
                } else if (said.mail) {
                    post.mails.push(said.mail);
                } else {
                    post.logins.push(said);
                }
                post.#told?.();
            });
            post.child.once('exit', () => fail(new Error(`the mail server does not start:\n${post.log}`)));
        });
        return post;
    }

    #told = null;

    /** Mail number i, from 0; waits for it. */
    async mail(i, milliseconds = 30000) {
        const until = Date.now() + milliseconds;
        while (this.mails.length <= i) {
            if (Date.now() > until) {
                throw new Error(`mail ${i} has not come; there are ${this.mails.length}`);
            }
            await Promise.race([
                new Promise((told) => {
                    this.#told = told;
                }),
                new Promise((late) => setTimeout(late, 250)),
            ]);
        }
        return this.mails[i];
    }

    async stop() {
        this.child.kill('SIGTERM');
        await this.ended;
    }
}

/** Headers and the two parts of a mail, decoded. */
export function read(mail) {
    const [head, ...rest] = mail.content.split('\r\n\r\n');
    const body = rest.join('\r\n\r\n');
    const headers = Object.fromEntries(head.replaceAll('\r\n ', ' ').split('\r\n').map((line) => {
        const at = line.indexOf(': ');
        return [line.slice(0, at).toLowerCase(), line.slice(at + 2)];
    }));
    const boundary = /boundary="([^"]+)"/.exec(headers['content-type'])[1];
    const parts = Object.fromEntries(body.split(`--${boundary}`).slice(1, -1).map((part) => {
        const [partHead, ...text] = part.split('\r\n\r\n');
        const quoted = text.join('\r\n\r\n').replaceAll('=\r\n', '');
        const bytes = quoted.replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
        return [/text\/(\w+)/.exec(partHead)[1], Buffer.from(bytes, 'latin1').toString('utf8')];
    }));
    return { headers, ...parts };
}
