// @ts-check
/** The refusals and sequences of vectors-2.json; see make-vectors-2.mjs. */
import { concat, toHex } from '../../web/js/e2ee/bytes.js';
import { bodyHash, parseEntry, parseHeader, signEntry } from '../../web/js/e2ee/entry.js';
import { Chain, recipient } from '../unit-js/e2ee-world.mjs';

/** @typedef {import('../unit-js/e2ee-world.mjs').World} World */
/** @typedef {{ world: World, main: Chain, notes: Chain }} Built */
/** @typedef {[string, string] | [string, string, string]} Step */
/** @typedef {{ thread: string, roster: number, reader: string, after: number, held?: [number, string], entries: Step[], alarm: boolean }} Case */

const text = (body = 'A word') => ({ kind: 'text', body });

/**
 * The main chain as it stood after n entries.
 * @param {Built} built @param {number} n
 */
function at({ main }, n) {
    const chain = main.fork();
    chain.entries.length = n;
    chain.links.length = n + 1;
    chain.generation = n >= 14 ? 3 : n >= 9 ? 2 : 1;
    chain.key = main.keys[chain.generation - 1];
    chain.keysSeq = n >= 13 ? 13 : n >= 8 ? 8 : n >= 4 ? 4 : 0;
    chain.inviteSeq = n >= 12 ? 12 : n >= 11 ? 11 : 3;
    return chain;
}

/** The last entry instead of what it is. @param {Chain} c @param {Uint8Array} entry */
function instead(c, entry) {
    c.entries.pop();
    c.links.pop();
    return c.store(entry);
}

/** @type {[string, number, number, string, number, (c: Chain, w: World, b: Built) => void][]} name, roster, after, reader, rule, last entry */
const REFUSALS = [
    ['another version', 1, 5, 'team1', 1, (c) => { const e = c.say('jane', text()).slice(); e[0] = 2; instead(c, e); }],
    ['type six', 1, 5, 'team1', 1, (c) => { const e = c.say('jane', text()).slice(); e[1] = 6; instead(c, e); }],
    ['entry of another thread', 1, 5, 'team1', 1, (c, _w, b) => { c.store(b.notes.entries[1]); }],
    ['body one byte short of the shortest', 1, 5, 'team1', 1, (c, w) => { const e = c.say('jane', text()); instead(c, resign(e.slice(0, 98), e.slice(98, -65), w.jane.sign.sk)); }],
    ['prev_seq of itself', 1, 5, 'team1', 2, (c) => { c.say('jane', text(), { head: { seq: 6, link: c.head.link } }); }],
    ['key entry that did not wait for the newest', 1, 7, 'team1', 2, (c) => { c.rotate('jane', { head: c.point(6) }); }],
    ['somebody unknown', 1, 5, 'team1', 3, (c) => { c.say('stranger', text()); }],
    ['leaver names their own end', 2, 8, 'team2', 3, (c) => { c.rotate('adam', { serial: 2, team: 'team2', parent: 'parent2' }); }],
    ['invited, but no keys yet', 1, 3, 'team1', 4, (c) => { c.say('parent', text()); }],
    ['parent by replaced keys', 1, 8, 'team1', 4, (c) => { c.say('parent', text()); }],
    ['keys by staff', 1, 7, 'team1', 5, (c, w) => { const real = w.parent.id; w.parent.id = w.jane.id; c.acceptAs('parent2', { by: 0, prove: w.parent.sign }); w.parent.id = real; }],
    ['generation too far', 1, 5, 'team1', 5, (c) => { c.rotate('jane', { generation: 3 }); }],
    ['message of a generation to come', 1, 5, 'team1', 5, (c) => { c.say('jane', text(), { generation: 2 }); }],
    ['older roster than the last named', 3, 14, 'team2', 6, (c) => { c.rotate('jane', { serial: 2, team: 'team2', parent: 'parent3' }); }],
    ['another roster of the same serial', 1, 5, 'team1', 6, (c, w) => { c.rotate('jane', { hash: w.random(32) }); }],
    ['no records officer', 1, 5, 'team1', 6, (c, w) => { c.rotate('jane', { recipients: [recipient(w.holder.team1), parentGrant(c, w)] }); }],
    ['two team grants', 1, 5, 'team1', 6, (c, w) => { c.rotate('jane', { recipients: [recipient(w.holder.team1), recipient(w.holder.other), recipient(w.holder.records), parentGrant(c, w)] }); }],
    ['grant to a person', 1, 5, 'team1', 6, (c, w) => { c.rotate('jane', { recipients: [recipient(w.holder.team1), recipient(w.holder.records), recipient(w.holder.jane)] }); }],
    ['parent before there is one', 1, 2, 'team1', 6, (c, w) => { c.rotate('jane', { recipients: [recipient(w.holder.team1), recipient(w.holder.records), parentGrant(c, w)] }); }],
    ['parent by another seq', 1, 5, 'team1', 6, (c) => { c.rotate('jane', { keysSeq: 3 }); }],
    ['team generation that has ended', 2, 8, 'team2', 6, (c) => { c.rotate('jane', { serial: 2, team: 'team1', parent: 'parent2' }); }],
    ['another team', 1, 5, 'team1', 6, (c) => { c.rotate('jane', { team: 'other' }); }],
    ['no previous', 1, 5, 'team1', 6, (c) => { c.rotate('jane', { oldKey: null }); }],
    ['invitation of another parent', 1, 5, 'team1', 7, (c, w) => { c.invite('jane', { parentId: w.stranger.id }); }],
    ['invitation of a team as the parent', 1, 2, 'team1', 7, (c, w) => { c.invite('jane', { parentId: w.team1.id }); }],
    ['invitation by staff who showed only the key before', 1, 7, 'team1', 7, (c, w) => { c.say('adam', text()); c.rotate('jane', { parent: 'parent' }); c.invite('adam'); void w; }],
    ['keys by an invitation that a later one ended', 2, 12, 'team2', 7, (c) => { c.acceptAs('parent3', { by: 11 }); }],
    ['keys by an invitation that new keys ended', 2, 12, 'team2', 7, (c, w) => { c.acceptAs('parent', { by: 0, prove: w.parent2.sign }); c.acceptAs('parent3', { by: 12 }); }],
    ['keys that nothing can be sealed to', 1, 3, 'team1', 7, (c, w) => { c.acceptAs('parent', { me: { ...w.parent.me, box: { pk: new Uint8Array(32), sk: new Uint8Array(32) } } }); }],
    ['note where a parent reads', 1, 5, 'team1', 8, (c) => { c.say('jane', { kind: 'note', body: 'x' }); }],
    ['card by the parent', 1, 5, 'team1', 8, (c) => { c.say('parent', { kind: 'card', case: '1', child: '2', parent: '3' }); }],
    ['form by staff', 1, 5, 'team1', 8, (c) => { c.say('jane', { kind: 'form', form: 'x', version: 1, answers: [] }); }],
    ['words of somebody else taken back', 1, 5, 'team1', 8, (c) => { c.say('jane', { kind: 'retract', seq: 5 }); }],
    ['invitation taken back', 1, 5, 'team1', 8, (c) => { c.say('jane', { kind: 'retract', seq: 3 }); }],
    ['entry to come taken back', 1, 5, 'team1', 8, (c) => { c.say('jane', { kind: 'retract', seq: 6 }); }],
    ...(/** @type {[string, string][]} */ ([
        ['kind not first', '{"body":"x","kind":"text"}'],
        ['name twice', '{"kind":"text","body":"x","body":"y"}'],
        ['null in an object', '{"kind":"text","body":"x","more":{"a":null}}'],
        ['field of another type', '{"kind":"text","body":1}'],
        ['field missing', '{"kind":"text"}'],
        ['integer written with a point', '{"kind":"text","body":"x","re":1.0}'],
        ['integer below zero', '{"kind":"text","body":"x","re":-1}'],
        ['integer of 2 to the 53rd', '{"kind":"text","body":"x","re":9007199254740992}'],
        ['integer beyond 64 bits where nobody looks', '{"kind":"text","body":"x","more":9223372036854775808}'],
        ['number beyond all bounds where nobody looks', '{"kind":"text","body":"x","more":1e999}'],
        ['NUL', '{"kind":"text","body":"\\u0000"}'],
        ['lone surrogate', '{"kind":"text","body":"\\ud800"}'],
        ['control character as it is', '{"kind":"text","body":"\u0001"}'],
        ['byte order mark', '\ufeff{"kind":"text","body":"x"}'],
        ['something behind the end', '{"kind":"text","body":"x"} {}'],
        ['bytes with spare bits', '{"kind":"agreed","points":[],"booking":"AAAAAAAAAAAAAAAAAAAAAB"}'],
        ['bytes with padding', '{"kind":"agreed","points":[],"booking":"AAAAAAAAAAAAAAAAAAAAAA=="}'],
    ]).map(([name, json]) => /** @type {any} */ ([`JSON: ${name}`, 1, 5, 'team1', 8, (/** @type {Chain} */ c) => { c.sayJson('jane', json); }]))),
];

/** @param {Chain} c @param {World} w */
function parentGrant(c, w) {
    return { kind: 4, holderId: w.parent.id, holderGeneration: c.keysSeq, boxPk: w.parent.me.box.pk };
}

/** @param {Uint8Array} header @param {Uint8Array} body @param {Uint8Array} sk */
function resign(header, body, sk) {
    return signEntry(sk, parseHeader(header), body);
}

/** @param {Built} built */
export function refuseCases(built) {
    /** @type {Record<string, string>} */
    const out = {};
    for (const [name, roster, after, reader, rule, add] of REFUSALS) {
        const chain = at(built, after);
        add(chain, built.world, built);
        out[name] = [roster, after, reader, rule, ...chain.entries.slice(after).map(toHex)].join(' ');
    }
    return out;
}

/** @param {Chain} c @param {number} seq @returns {[string, string]} */
function withheld(c, seq) {
    const { headerBytes, body, signature } = parseEntry(c.entries[seq - 1]);
    return [toHex(headerBytes), toHex(bodyHash(body, signature))];
}

/** @param {Built} built */
export function judgeCases(built) {
    const { world, main, notes } = built;
    /** @type {Record<string, Case>} */
    const out = {};
    /**
     * @param {string} name
     * @param {{ roster?: number, reader?: string, after?: number, verdicts: string[], without?: number[], alarm?: boolean, thread?: string, held?: [number, string] }} given
     * @param {Chain} chain
     */
    const add = (name, { roster = 1, reader = 'team1', after = 5, verdicts, without = [], alarm = false, thread = 'main', held }, chain) => {
        const rest = chain.entries.slice(after);
        if (rest.length !== verdicts.length) {
            throw new Error(`${name}: ${rest.length} entries`);
        }
        out[name] = {
            thread, roster, reader, after, ...(held ? { held } : {}),
            entries: rest.map((entry, i) => /** @type {Step} */ (
                without.includes(after + 1 + i)
                    ? [verdicts[i], ...withheld(chain, after + 1 + i)] : [verdicts[i], toHex(entry)])),
            alarm,
        };
    };
    /** @param {number} n @param {(c: Chain) => void} [more] */
    const from = (n, more = () => {}) => {
        const chain = at(built, n);
        more(chain);
        return chain;
    };

    add('the whole thread, to a team', { roster: 3, reader: 'team2', after: 0, verdicts: main.entries.map(() => 'ok') }, main);
    add('the whole thread, to the records officers', { roster: 3, reader: 'records', after: 0, verdicts: main.entries.map(() => 'ok') }, main);
    add('the whole thread, to a parent with the newest grant alone', { roster: 3, reader: 'parent3', after: 0, verdicts: main.entries.map(() => 'ok') }, main);
    add('the whole thread, with what was taken back left out', { roster: 3, reader: 'team2', after: 0, without: [5], verdicts: main.entries.map(() => 'ok') }, main);
    add('notes', { thread: 'notes', after: 0, verdicts: ['ok', 'ok'] }, notes);
    const invited = notes.fork();
    invited.invite('jane');
    add('notes with an invitation', { thread: 'notes', after: 2, verdicts: ['1'] }, invited);
    add('body left out, and nobody took it back', { after: 4, without: [5], verdicts: ['1', 'ok'] }, from(5, (c) => { c.say('jane', text()); }));
    add('body left out, and somebody else took it back', { after: 4, without: [5], verdicts: ['1', '8'] }, from(5, (c) => { c.say('jane', { kind: 'retract', seq: 5 }); }));
    add('keys given without their body', { after: 3, without: [4], verdicts: ['1', '4'] }, from(5));
    add('a kind of tomorrow shows the key', { after: 2, verdicts: ['ok', 'ok'] }, from(2, (c) => { c.sayJson('adam', '{"kind":"poll","more":[1.5,9223372036854775807]}'); c.invite('adam'); }));
    add('a bad key entry costs a number, the next one repairs', { verdicts: ['6', 'ok', 'ok'] }, from(5, (c) => {
        c.rotate('jane', { oldKey: world.random(32), keep: false });
        c.rotate('jane', { generation: 3 });
        c.say('parent', text());
    }));
    add('a replayed key entry does not set the count back', { verdicts: ['ok', '1', 'ok'] }, from(5, (c) => {
        c.rotate('jane');
        c.store(c.entries[0]);
        c.rotate('jane');
    }));
    add('a key entry of the wrong generation counts all the same', { verdicts: ['5', '5', 'ok'] }, from(5, (c) => {
        c.rotate('jane', { generation: 7, keep: false });
        c.rotate('jane', { generation: 2, keep: false });
        c.rotate('jane', { generation: 8 });
    }));
    const race = from(5);
    const loser = race.fork();
    race.rotate('jane');
    loser.rotate('adam');
    race.store(loser.entries[5]);
    race.rotate('adam');
    add('two rotate at once', { verdicts: ['ok', '2', 'ok'] }, race);
    add('first key entry of no use', { thread: 'main', after: 0, verdicts: ['6', '5', 'ok', 'ok'] }, own(built, (c) => {
        c.rotate('jane', { recipients: [recipient(world.holder.team1)], keep: false });
        c.say('jane', text(), { generation: 1, key: world.random(32) });
        c.rotate('jane', { generation: 2, oldKey: null });
        c.say('jane', text());
    }));
    const split = from(5);
    split.rotate('jane');
    const spoilt = split.entries[5].slice(0, -64);
    spoilt[98 + 141 + 2 * 133 + 60] ^= 1;
    instead(split, resign(spoilt.slice(0, 98), spoilt.slice(98), world.jane.sign.sk));
    split.say('jane', text());
    split.rotate('jane');
    split.say('jane', text());
    add('a grant that does not open: to the team', { verdicts: ['ok', 'ok', 'ok', 'ok'] }, split);
    add('a grant that does not open: to the parent', { reader: 'parent', held: [1, toHex(main.keys[0])], verdicts: ['6', '5', 'ok', 'ok'] }, split);
    add('a parent without a grant reads by the key they hold', { reader: 'parent', after: 0, held: [1, toHex(main.keys[0])], verdicts: ['ok', 'ok', 'ok', 'ok', 'ok'] }, from(5));
    add('a parent with nothing yet', { reader: 'parent', after: 0, verdicts: ['ok', '8', 'ok', 'ok', '8'] }, from(5));
    add('a team without its older generation', { roster: 3, reader: 'other', after: 0, verdicts: ['ok', '8', 'ok'] }, from(3));
    add('another team that nobody named', { reader: 'parent', held: [1, toHex(main.keys[0])], verdicts: ['6', '5'] }, from(5, (c) => { c.rotate('jane', { team: 'other' }); c.say('jane', text()); }));
    add('a leaver until a key entry names it', { roster: 2, reader: 'team2', after: 8, verdicts: ['ok', 'ok', '3'] }, from(8, (c) => {
        c.say('adam', text());
        c.rotate('jane', { serial: 2, team: 'team2', parent: 'parent2' });
        c.say('adam', text());
    }));
    add('an invitation of a leaver, settled', { roster: 2, reader: 'team2', after: 8, verdicts: ['ok', 'ok', 'ok', '7'] }, from(8, (c) => {
        c.say('adam', text());
        c.invite('adam');
        c.rotate('jane', { serial: 2, team: 'team2', parent: 'parent2' });
        c.acceptAs('parent3');
    }));
    add('a newer roster first', { after: 8, verdicts: ['wait', 'wait'] }, from(8, (c) => { c.rotate('jane', { serial: 2, team: 'team2', parent: 'parent2' }); c.say('jane', text()); }));
    const forked = from(5);
    const other = forked.fork();
    other.say('parent', text('Elsewhere'));
    other.say('jane', text());
    forked.say('parent', text('Here'));
    forked.store(other.entries[6]);
    add('two histories meet', { verdicts: ['ok', '2'], alarm: true }, forked);
    const rolled = from(5);
    rolled.store(other.entries[6]);
    add('rolled back under a later entry', { verdicts: ['2'], alarm: true }, rolled);
    add('older than the own last one', { verdicts: ['2'] }, from(5, (c) => { c.say('parent', text(), { head: c.point(3) }); }));
    const vouched = from(5);
    const strange = vouched.fork();
    strange.links[5] = world.random(32);
    strange.acceptAs('stranger', { by: 0, prove: world.stranger.sign });
    vouched.store(strange.entries[5]);
    add('keys that nobody vouches for, from elsewhere', { verdicts: ['2'] }, vouched);
    add('no signature, no alarm', { verdicts: ['2'] }, from(5, (c) => {
        const entry = c.say('jane', text(), { head: { seq: 5, link: world.random(32) } }).slice();
        entry[entry.length - 1] ^= 1;
        instead(c, entry);
    }));
    add('a short entry has its place in the chain', { verdicts: ['1', 'ok'] }, short(from(5)));
    return out;
}

/** A thread of its own under the same id. @param {Built} built @param {(c: Chain) => void} more */
function own({ world }, more) {
    const chain = new Chain(world);
    more(chain);
    return chain;
}

/** @param {Chain} c */
function short(c) {
    const entry = c.say('jane', text());
    instead(c, concat(entry.slice(0, 150), new Uint8Array(20)));
    c.say('parent', text());
    return c;
}
