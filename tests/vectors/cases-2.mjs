// @ts-check
/** The threads of vectors-2.json; see make-vectors-2.mjs. */
import { concat, toHex } from '../../web/js/e2ee/bytes.js';
import { parseEntry, parseHeader, signEntry } from '../../web/js/e2ee/entry.js';
import { brief } from '../unit-js/e2ee-view.mjs';
import { Chain, DAY, recipient, T0 } from '../unit-js/e2ee-world.mjs';

/** @typedef {import('../unit-js/e2ee-world.mjs').World} World */
/** @typedef {{ world: World, main: Chain, notes: Chain }} Built */

/**
 * How a thread is read; what is left out is as here.
 * @typedef {object} Given
 * @property {number} [roster]   newest roster: 1
 * @property {string} [reader]   team1
 * @property {number} [after]    entries of the main chain that come first, and are all taken: 5
 * @property {number[]} [without] entries given without their bodies: none
 * @property {'notes'} [thread]  the chain of staff notes instead of the main one
 * @property {[number, string]} [held] a key that the reader has: generation, hex
 * @property {string} [me]       who of the staff reads: jane
 * @property {string} [team]     a team that a person agreed to
 * @property {{ seq: number, link: string }} [checkpoint] remembered: nothing
 * @property {number} [now]      clock: T0 + 3600
 */

/**
 * Name, how it is read, what is added to the chain, and what must become of that: verdicts as
 * `verdictOf` in e2ee-view.mjs says them, 'wait' where a newer roster must be fetched first.
 * @typedef {[string, Given, (c: Chain, w: World) => Chain | void, string[], string?]} Case the last: why nothing can be sent
 */

const text = (body = 'A word') => ({ kind: 'text', body });
const card = (child = 'Ada') => ({ kind: 'card', case: 'SEND-1', child, parent: 'A. Hopper' });

/** The last entry instead of what it is. @param {Chain} c @param {Uint8Array} entry */
function instead(c, entry) {
    c.entries.pop();
    c.links.pop();
    return c.store(entry);
}

/** The last entry with a bit of one byte turned. @param {Chain} c @param {number} at from its end if negative */
function spoilt(c, at) {
    const entry = c.entries[c.entries.length - 1].slice();
    entry[at < 0 ? entry.length + at : at] ^= 1;
    return instead(c, entry);
}

/** The last entry with another byte in it. @param {Chain} c @param {number} at @param {number} byte */
function altered(c, at, byte) {
    const entry = c.entries[c.entries.length - 1].slice();
    entry[at] = byte;
    return instead(c, entry);
}

/** The last entry with another body, signed by jane. @param {Chain} c @param {World} w @param {(body: Uint8Array) => Uint8Array} change */
function rebody(c, w, change) {
    const { headerBytes, body } = parseEntry(c.entries[c.entries.length - 1]);
    return instead(c, signEntry(w.jane.sign.sk, parseHeader(headerBytes), change(body)));
}

/** @param {Chain} c @param {World} w */
const parentGrant = (c, w) =>
    ({ kind: 4, holderId: w.parent.id, holderGeneration: c.keysSeq, boxPk: w.parent.me.box.pk });
/** @param {World} w @param {string} team */
const toStaff = (w, team) => [recipient(w.holder[team]), recipient(w.holder.records)];

/** A keys entry in the name of staff. @param {Chain} c @param {World} w @param {() => void} add */
function asJane(c, w, add) {
    const real = w.parent.id;
    w.parent.id = w.jane.id;
    add();
    w.parent.id = real;
}

/** A chain of its own under the same id, from nothing. @param {World} w */
const afresh = (w) => new Chain(w);
/** What is read when a leaver is still in the chain, or has been settled there. @type {Given} */
const LEFT = { roster: 2, reader: 'team2', after: 8 };
/** The next rotation after that roster. @param {Chain} c */
const settle = (c) => { c.rotate('jane', { serial: 2, team: 'team2', parent: 'parent2' }); };
const NOTHING = { pk: new Uint8Array(32), sk: new Uint8Array(32) };

/** @type {Case[]} */
const ONE_ENTRY = [
    // Rule 1
    ['another version', {}, (c) => { c.say('jane', text()); altered(c, 0, 2); }, ['1 version']],
    ['a type that does not exist', {}, (c) => { c.say('jane', text()); altered(c, 1, 6); }, ['1 type']],
    ['type nought', {}, (c) => { c.say('jane', text()); altered(c, 1, 0); }, ['1 type']],
    ['an entry of another thread', {}, (c, w) => { const o = new Chain(w, w.random(16)); o.rotate('jane'); c.store(o.entries[0]); }, ['1 thread']],
    ['a message one byte short of the shortest', {}, (c, w) => { c.say('jane', text()); rebody(c, w, (b) => b.slice(0, -1)); }, ['1 length']],
    ['a message one byte beyond the longest', {}, (c, w) => { c.say('jane', text()); rebody(c, w, () => new Uint8Array(16681)); }, ['1 length']],
    ['a key entry of fewer grants than it says', {}, (c, w) => { c.rotate('jane', { keep: false }); rebody(c, w, (b) => b.slice(0, -133)); }, ['1 length']],
    ['a key entry without a body', {}, (c, w) => { c.rotate('jane', { keep: false }); rebody(c, w, () => new Uint8Array(0)); }, ['1 length']],
    ['an invite with a byte too many', {}, (c, w) => { c.invite('jane'); rebody(c, w, (b) => concat(b, new Uint8Array(1))); }, ['1 length']],
    ['a seen entry with a body', {}, (c, w) => { c.see('jane', 5); rebody(c, w, () => new Uint8Array(1)); }, ['1 length']],
    ['an entry again', {}, (c) => { c.store(c.entries[1]); }, ['1 entry-id-used']],
    ['a used entry id on other words', {}, (c) => { c.say('jane', text(), { entryId: c.entries[1].slice(34, 50) }); }, ['1 entry-id-used']],
    // Rule 2
    ['prev_seq of itself', {}, (c) => { c.say('jane', text(), { head: { seq: 6, link: c.head.link } }); }, ['2 prev-seq'], 'histories-differ'],
    ['another link', {}, (c, w) => { c.say('jane', text(), { head: { seq: 5, link: w.random(32) } }); }, ['2 prev-link'], 'histories-differ'],
    ['older than the own last one', {}, (c) => { c.say('parent', text(), { head: c.point(3) }); }, ['2 own-order']],
    ['a message that did not wait for the newest', {}, (c) => { c.say('jane', text(), { head: c.point(4) }); }, ['text']],
    ['a key entry that did not', { after: 7 }, (c) => { c.rotate('jane', { head: c.point(6), keep: false }); }, ['2 own-order']],
    ['a key entry by somebody else that did not', {}, (c) => { c.rotate('adam', { head: c.point(4), keep: false }); }, ['2 not-next']],
    ['an invite that did not', {}, (c) => { c.invite('jane', { head: c.point(4) }); }, ['2 not-next']],
    ['keys that did not', { after: 3 }, (c) => { c.say('jane', text()); c.acceptAs('parent', { head: c.point(3) }); }, ['text', '2 not-next']],
    // Rule 3
    ['somebody unknown', {}, (c) => { c.say('stranger', text()); }, ['3 unknown-author']],
    ['the parent before anybody invited them', { after: 2 }, (c) => { c.say('parent', text()); }, ['3 unknown-author']],
    ['a leaver before anybody settled it', LEFT, (c) => { c.say('adam', text()); }, ['text?']],
    ['a leaver after a key entry that names it', LEFT, (c) => { settle(c); c.say('adam', text()); }, ['key', '3 left']],
    ['a leaver names their own end', LEFT, (c) => { c.rotate('adam', { serial: 2, team: 'team2', parent: 'parent2', keep: false }); }, ['3 left']],
    ['a leaver rotates by the old roster', LEFT, (c) => { c.rotate('adam', { parent: 'parent2' }); }, ['key?']],
    // Rule 4
    ['invited, but no keys yet', { after: 3 }, (c) => { c.say('parent', text()); }, ['4 no-keys']],
    ['a signature with one bit turned', {}, (c) => { c.say('jane', text()); spoilt(c, -1); }, ['4 signature']],
    ['a word with one bit turned', {}, (c) => { c.say('jane', text()); spoilt(c, 200); }, ['4 signature']],
    ['the parent by replaced keys', { after: 8 }, (c) => { c.say('parent', text()); }, ['4 signature']],
    ['the parent by new keys', { after: 8 }, (c) => { c.say('parent2', text()); }, ['text']],
    // Rule 5
    ['a message first', { after: 0 }, (_c, w) => { const c = afresh(w); c.say('jane', text(), { key: w.random(32) }); return c; }, ['5 not-key-first'], 'no-key'],
    ['an old generation', {}, (c) => { const { key } = c; c.rotate('jane'); c.say('parent', text(), { generation: 1, key }); }, ['key', '5 generation']],
    ['a generation too far', {}, (c) => { c.rotate('jane', { generation: 3, keep: false }); }, ['5 generation']],
    ['a message of a generation to come', {}, (c) => { c.say('jane', text(), { generation: 2 }); }, ['5 generation']],
    ['seen in a generation to come', {}, (c) => { c.see('jane', 5, { generation: 2 }); }, ['5 generation']],
    ['keys by staff', {}, (c, w) => asJane(c, w, () => c.acceptAs('parent2', { by: 0, prove: w.parent.sign })), ['5 side']],
    ['an invite by the parent', {}, (c) => { c.invite('parent'); }, ['5 side']],
    ['a key entry by the parent', {}, (c) => { c.rotate('parent', { keep: false }); }, ['5 side']],
    // Rule 6
    ['a roster older than the last named', { roster: 3, reader: 'team2', after: 14 }, (c) => { c.rotate('jane', { serial: 2, team: 'team2', parent: 'parent3', keep: false }); }, ['6 roster-older']],
    ['another roster of our serial', {}, (c, w) => { c.rotate('jane', { hash: w.random(32), keep: false }); }, ['6 roster-differs']],
    ['two team grants', {}, (c, w) => { c.rotate('jane', { keep: false, recipients: [...toStaff(w, 'team1'), recipient(w.holder.other), parentGrant(c, w)] }); }, ['6 grants']],
    ['two team grants and no parent', {}, (c, w) => { c.rotate('jane', { keep: false, recipients: [...toStaff(w, 'team1'), recipient(w.holder.other)] }); }, ['6 grants']],
    ['no records', {}, (c, w) => { c.rotate('jane', { keep: false, recipients: [recipient(w.holder.team1), parentGrant(c, w)] }); }, ['6 grants']],
    ['no parent', {}, (c) => { c.rotate('jane', { parent: null, keep: false }); }, ['6 grants']],
    ['a parent before there is one', { after: 2 }, (c, w) => { c.rotate('jane', { keep: false, recipients: [...toStaff(w, 'team1'), parentGrant(c, w)] }); }, ['6 grants']],
    ['a grant to staff themselves', {}, (c, w) => { c.rotate('jane', { keep: false, recipients: [...toStaff(w, 'team1'), recipient(w.holder.jane)] }); }, ['6 grants']],
    ['no grants at all', {}, (c) => { c.rotate('jane', { keep: false, recipients: [] }); }, ['6 grants']],
    ['nine grants', {}, (c, w) => { c.rotate('jane', { keep: false, recipients: Array(9).fill(recipient(w.holder.team1)) }); }, ['6 grants']],
    ['a team key of its own', {}, (c, w) => { c.rotate('jane', { keep: false, recipients: [{ ...recipient(w.holder.team1), boxPk: w.stranger.me.box.pk }, recipient(w.holder.records), parentGrant(c, w)] }); }, ['6 grant-holder']],
    ['a records key of its own', {}, (c, w) => { c.rotate('jane', { keep: false, recipients: [recipient(w.holder.team1), { ...recipient(w.holder.records), boxPk: w.stranger.me.box.pk }, parentGrant(c, w)] }); }, ['6 grant-holder']],
    ['a team generation that has ended', LEFT, (c) => { c.rotate('jane', { serial: 2, team: 'team1', parent: 'parent2', keep: false }); }, ['6 grant-holder']],
    ['a team generation to come', {}, (c) => { c.rotate('jane', { team: 'team2', keep: false }); }, ['6 grant-holder']],
    ['replaced keys of the parent', { after: 8 }, (c) => { c.rotate('jane', { parent: 'parent', keep: false }); }, ['6 grant-holder']],
    ['the parent by another seq', {}, (c) => { c.rotate('jane', { keysSeq: 3, keep: false }); }, ['6 grant-holder']],
    ['another team', {}, (c) => { c.rotate('jane', { team: 'other', keep: false }); }, ['6 team-changed']],
    ['a grant that does not open', {}, (c, w) => { c.rotate('jane', { keep: false }); rebody(c, w, (b) => { const out = b.slice(); out[141 + 60] ^= 1; return out; }); }, ['6 own-grant']],
    ['holders are given different keys', {}, (c, w) => { c.rotate('jane', { keep: false }); const one = parseEntry(c.entries[c.entries.length - 1]).body; c.entries.pop(); c.links.pop(); c.rotate('jane', { keep: false }); rebody(c, w, (b) => concat(b.slice(0, 141), one.slice(141, 141 + 133), b.slice(141 + 133))); }, ['6 own-grant']],
    ['previous of another key', {}, (c, w) => { c.rotate('jane', { oldKey: w.random(32), keep: false }); }, ['6 previous']],
    ['no previous', {}, (c) => { c.rotate('jane', { oldKey: null, keep: false }); }, ['6 previous']],
    ['a previous in the first generation', { after: 0 }, (_c, w) => { const c = afresh(w); c.rotate('jane', { oldKey: w.random(32) }); return c; }, ['6 previous'], 'no-key'],
    // Rule 7
    ['an invite by somebody who has not shown the key', {}, (c) => { c.invite('adam'); }, ['7 key-not-shown']],
    ['an invite after a word under the key', {}, (c) => { c.say('adam', text()); c.invite('adam'); }, ['text', 'invite']],
    ['a seen entry does not show the key', {}, (c) => { c.see('adam', 5); c.invite('adam'); }, ['seen', '7 key-not-shown']],
    ['a word in the last generation does not show this one', {}, (c) => { c.say('adam', text()); c.rotate('jane'); c.invite('adam'); }, ['text', 'key', '7 key-not-shown']],
    ['an invite of another parent', {}, (c, w) => { c.invite('jane', { parentId: w.stranger.id }); }, ['7 parent-id']],
    ['an invite of a team as the parent', { after: 2 }, (c, w) => { c.invite('jane', { parentId: w.team1.id }); }, ['7 parent-id']],
    ['an invite of a colleague as the parent', { after: 2 }, (c, w) => { c.invite('jane', { parentId: w.adam.id }); }, ['7 parent-id']],
    ['keys by an invite that a later one ended', {}, (c) => { c.invite('jane'); c.invite('jane'); c.acceptAs('parent2', { by: 6 }); }, ['invite', 'invite', '7 invite-ended']],
    ['keys by an invite that new keys ended', {}, (c, w) => { c.invite('jane'); c.acceptAs('parent2', { by: 0, prove: w.parent.sign }); c.acceptAs('parent', { by: 6 }); }, ['invite', 'keys', '7 invite-ended']],
    ['keys by an invite that was used', {}, (c) => { c.acceptAs('parent2', { by: 3 }); }, ['7 invite-used']],
    ['keys by something else', {}, (c) => { c.acceptAs('parent2', { by: 2 }); }, ['7 invite-unknown']],
    ['keys with another proof', {}, (c, w) => { c.invite('jane'); c.acceptAs('parent2', { prove: w.stranger.sign }); }, ['invite', '7 proof']],
    ['keys by old keys that there are not', { after: 3 }, (c, w) => { c.acceptAs('parent', { by: 0, prove: w.parent.sign }); }, ['7 proof']],
    ['keys of no use for sealing', { after: 3 }, (c, w) => { c.acceptAs('parent', { me: { ...w.parent.me, box: NOTHING } }); }, ['7 box-key']],
    ['keys by the invite of a leaver, settled', LEFT, (c) => { c.say('adam', text()); c.invite('adam'); settle(c); c.acceptAs('parent3'); }, ['text', 'invite', 'key', '7 inviter-left']],
    ['the parent comes back by a new invitation', {}, (c) => { c.invite('jane'); c.acceptAs('parent2'); }, ['invite', 'keys']],
    // Rule 8
    ['words under another key', {}, (c, w) => { c.say('jane', text(), { key: w.random(32) }); }, ['8 does-not-open']],
    ['a card by the parent', {}, (c) => { c.say('parent', card()); }, ['8 may-not-send']],
    ['a form by staff', {}, (c) => { c.say('jane', { kind: 'form', form: 'x', version: 1, answers: [] }); }, ['8 may-not-send']],
    ['a note in a parent\'s thread', {}, (c) => { c.say('jane', { kind: 'note', body: 'x' }); }, ['8 may-not-send']],
    ['somebody else\'s words taken back', {}, (c) => { c.say('jane', { kind: 'retract', seq: 5 }); }, ['8 retract']],
    ['an invite taken back', {}, (c) => { c.say('jane', { kind: 'retract', seq: 3 }); }, ['8 retract']],
    ['what comes later taken back', {}, (c) => { c.say('jane', { kind: 'retract', seq: 6 }); }, ['8 retract']],
    ['nothing taken back', {}, (c) => { c.say('jane', { kind: 'retract', seq: 0 }); }, ['8 retract']],
    ['a kind of tomorrow', {}, (c) => { c.sayJson('jane', '{"kind":"poll","q":"?"}'); }, ['unknown']],
];

/** JSON that is refused as a message. @type {[string, string][]} */
const JSON_REFUSED = [
    ['no JSON', '{"kind":"text",'],
    ['no object', '["kind","text"]'],
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
];

/** @param {Chain} main @returns {Case[]} */
const sequences = (main) => {
    const all = ['key', 'card', 'invite', 'keys', 'taken-back', 'retract', 'seen', 'keys', 'key', 'text', 'invite', 'invite', 'keys', 'key', 'call', 'seen'];
    /** @type {(n: number) => Given['checkpoint']} */
    const point = (seq) => ({ seq, link: toHex(main.links[seq]) });
    const elsewhere = { seq: 4, link: '11'.repeat(32) };
    /** @type {[number, string]} */
    const first = [1, toHex(main.keys[0])];
    return [
        ['the whole thread, to a team', { roster: 3, reader: 'team2', after: 16 }, () => {}, []],
        ['the whole thread, to the records officers', { roster: 3, reader: 'records', after: 16 }, () => {}, []],
        ['the whole thread, to a parent with the newest grant alone', { roster: 3, reader: 'parent3', after: 16 }, () => {}, []],
        ['the whole thread, to a parent whose keys were replaced', { roster: 3, reader: 'parent', after: 0, held: first }, whole(main), [...all.slice(0, 9), '8 no-key', ...all.slice(10, 14), '8 no-key', 'seen'], 'keys-replaced'],
        ['the whole thread, with what was taken back left out', { roster: 3, reader: 'team2', after: 0, without: [5] }, whole(main), all],
        ['notes', { thread: 'notes', after: 2 }, () => {}, []],
        ['notes with an invitation', { thread: 'notes', after: 2 }, (c) => { c.invite('jane'); }, ['1 type']],
        // Taken back, and bodies left out
        ['taken back', {}, (c) => { c.say('jane', text()); c.say('parent', { kind: 'retract', seq: 5 }); c.say('jane', { kind: 'retract', seq: 6 }); }, ['taken-back', 'retract', 'retract']],
        ['a message taken back twice, and its retract', {}, (c) => { c.say('parent', { kind: 'retract', seq: 5 }); c.say('parent', { kind: 'retract', seq: 5 }); c.say('parent', { kind: 'retract', seq: 6 }); }, ['taken-back', 'retract', 'retract']],
        ['a card taken back is no title', {}, (c) => { c.say('jane', card('Another')); c.say('jane', { kind: 'retract', seq: 6 }); }, ['taken-back', 'retract']],
        ['body left out, and nobody took it back', { after: 4, without: [5] }, (c) => { c.say('parent', text()); c.say('jane', text()); }, ['1 body-withheld', 'text']],
        ['body left out, and somebody else took it back', { after: 4, without: [5] }, (c) => { c.say('parent', text()); c.say('jane', { kind: 'retract', seq: 5 }); }, ['1 body-withheld', '8 retract']],
        ['a word left out and taken back shows no key', { after: 2, without: [3] }, (c) => { c.say('adam', text()); c.invite('adam'); c.say('adam', { kind: 'retract', seq: 3 }); }, ['taken-back', '7 key-not-shown', 'retract']],
        ['taking a word back shows it', { after: 2, without: [3] }, (c) => { c.say('adam', text()); c.say('adam', { kind: 'retract', seq: 3 }); c.invite('adam'); }, ['taken-back', 'retract', 'invite']],
        ['a retract left out vouches for nothing', { after: 4, without: [5, 6] }, (c) => { c.say('parent', text()); c.say('parent', { kind: 'retract', seq: 5 }); c.say('parent', { kind: 'retract', seq: 6 }); }, ['1 body-withheld', 'taken-back', 'retract']],
        ['keys given without their body', { after: 3, without: [4] }, (c) => { c.acceptAs('parent'); c.say('parent', text()); }, ['1 body-withheld', '4 no-keys']],
        ['an invite given without its body', { after: 2, without: [3] }, (c) => { c.invite('jane'); c.acceptAs('parent'); }, ['1 body-withheld', '3 unknown-author']],
        // Keys
        ['a kind of tomorrow shows the key', { after: 2 }, (c) => { c.sayJson('adam', '{"kind":"poll","more":[1.5,9223372036854775807]}'); c.invite('adam'); }, ['unknown', 'invite']],
        ['a bad key entry costs a number, the next one repairs', {}, (c, w) => { c.rotate('jane', { oldKey: w.random(32), keep: false }); c.rotate('jane', { generation: 3 }); c.say('parent', text()); }, ['6 previous', 'key', 'text']],
        ['a replayed key entry does not set the count back', {}, (c) => { c.rotate('jane'); c.store(c.entries[0]); c.rotate('jane'); }, ['key', '1 entry-id-used', 'key']],
        ['a key entry of the wrong generation counts all the same', {}, (c) => { c.rotate('jane', { generation: 7, keep: false }); c.rotate('jane', { generation: 2, keep: false }); c.rotate('jane', { generation: 8 }); }, ['5 generation', '5 generation', 'key']],
        ['a key entry by somebody unknown counts for nothing', {}, (c) => { c.rotate('stranger', { generation: 9, keep: false }); c.rotate('jane'); }, ['3 unknown-author', 'key']],
        ['two rotate at once', {}, (c) => { const loser = c.fork(); c.rotate('jane'); loser.rotate('adam'); c.store(loser.entries[5]); c.rotate('adam', { generation: 3 }); }, ['key', '2 not-next', 'key']],
        ['first key entry of no use', { after: 0 }, (_c, w) => {
            const c = afresh(w);
            c.rotate('jane', { recipients: [recipient(w.holder.team1)], keep: false });
            c.say('jane', text(), { generation: 1, key: w.random(32) });
            c.rotate('jane', { generation: 2, oldKey: null });
            c.say('jane', text());
            return c;
        }, ['6 grants', '5 generation', 'key', 'text']],
        ['a grant that does not open: to the team', {}, (c, w) => splitGrant(c, w), ['key', 'text', 'key', 'text']],
        ['a grant that does not open: to the parent', { reader: 'parent', held: first }, (c, w) => splitGrant(c, w), ['6 own-grant', '5 generation', 'key', 'text']],
        ['the way back goes through entries refused here', { reader: 'parent', held: first }, (c, w) => { splitGrant(c, w); c.rotate('jane', { keep: false, oldKey: w.random(32) }); c.rotate('jane', { generation: c.generation + 2 }); }, ['6 own-grant', '5 generation', 'key', 'text', '6 previous', 'key']],
        ['previous that goes round in a ring', {}, (c, w) => {
            const key = w.random(32);
            for (let i = 0; i < 12; i++) {
                c.rotate('jane', { generation: 9, key, oldKey: key, keep: false });
            }
            c.rotate('jane', { generation: 10, oldKey: key, keep: false });
            c.rotate('jane', { generation: 11 });
        }, [...Array(12).fill('5 generation'), '6 previous', 'key']],
        ['a parent without a grant reads by the key they hold', { reader: 'parent', after: 0, held: first }, whole(main, 5), ['key', 'card', 'invite', 'keys', 'text']],
        ['a parent with nothing yet', { reader: 'parent', after: 0 }, whole(main, 5), ['key', '8 no-key', 'invite', 'keys', '8 no-key'], 'no-key'],
        ['a held key counts only for its key_id', { reader: 'parent', after: 0, held: [1, '22'.repeat(32)] }, whole(main, 2), ['key', '8 no-key'], 'keys-replaced'],
        ['a parent reads what was rotated before they came, once granted', { reader: 'parent', after: 3, held: first }, (c) => {
            c.rotate('jane');
            c.say('jane', text());
            c.acceptAs('parent');
            c.rotate('jane');
        }, ['key', 'text', 'keys', 'key']],
        ['a team without its older generation', { roster: 3, reader: 'other', after: 0 }, whole(main, 3), ['key', '8 no-key', 'invite'], 'no-key'],
        ['another team that nobody named', { reader: 'parent', held: first }, (c) => { c.rotate('jane', { team: 'other' }); c.say('jane', text()); }, ['6 team-changed', '5 generation']],
        ['another team that a person named', { reader: 'parent', held: first, team: 'other' }, (c) => { c.rotate('jane', { team: 'other' }); c.say('jane', text()); }, ['key', 'text']],
        ['the other team reads the history', { reader: 'other', after: 0, team: 'other' }, (c, w) => { const o = whole(main, 5)(c, w); o.rotate('jane', { team: 'other' }); return o; }, ['key', 'card', 'invite', 'keys', 'text', 'key']],
        ['keys of tomorrow for a reader of today', { after: 8 }, (c) => { settle(c); c.say('jane', text()); }, ['wait', 'wait'], 'newer-roster'],
        ['nobody unknown can make us wait', {}, (c) => { c.rotate('jane', { serial: 2, team: 'team2', keep: false }); spoilt(c, -1); }, ['4 signature']],
        ['a key entry by a colleague of tomorrow waits', {}, (c) => { c.rotate('stranger', { serial: 9, keep: false }); c.say('jane', text()); }, ['wait', 'wait'], 'newer-roster'],
        // People
        ['a leaver until a key entry names it', LEFT, (c) => { c.say('adam', text()); settle(c); c.say('adam', text()); }, ['text', 'key', '3 left']],
        ['a leaver\'s invitation and parent stay marked', LEFT, (c) => { c.say('adam', text()); c.invite('adam'); c.acceptAs('parent3'); c.say('parent3', text()); }, ['text?', 'invite?', 'keys?', 'text?']],
        ['a leaver lets in a parent of their own', LEFT, (c) => { c.say('adam', text()); c.invite('adam'); c.acceptAs('parent3'); c.rotate('adam', { parent: 'parent3' }); }, ['text?', 'invite?', 'keys?', 'key?']],
        ['a key entry that names a roster of the leaving settles it', LEFT, (c) => { c.say('adam', text()); c.invite('adam'); c.acceptAs('parent3'); c.rotate('jane', { serial: 2, team: 'team2', parent: 'parent3' }); c.say('parent3', text()); }, ['text', 'invite', 'keys', 'key', 'text']],
        ['granted before its inviter left: asked again', { ...LEFT, after: 8 }, (c) => { c.say('adam', text()); c.invite('adam'); c.acceptAs('parent3'); c.rotate('jane', { parent: 'parent3' }); }, ['text?', 'invite?', 'keys?', 'key']],
        ['the first grant is asked for once', { after: 4 }, (c) => { c.say('adam', text()); c.invite('adam'); c.acceptAs('parent2'); }, ['text', 'invite', 'keys']],
        ['the first grant is made', { after: 4 }, (c) => { c.say('adam', text()); c.invite('adam'); c.acceptAs('parent2'); c.rotate('adam', { parent: 'parent2' }); }, ['text', 'invite', 'keys', 'key']],
        ['a second invitation asks again', {}, (c) => { c.rotate('jane'); c.say('adam', text()); c.invite('adam'); c.acceptAs('parent2'); }, ['key', 'text', 'invite', 'keys']],
        ['a change of password keeps the question', { after: 4 }, (c, w) => { c.say('adam', text()); c.invite('adam'); c.acceptAs('parent2'); c.acceptAs('parent3', { by: 0, prove: w.parent2.sign }); }, ['text', 'invite', 'keys', 'keys']],
        // Histories
        ['two histories meet', {}, (c) => { const o = c.fork(); o.say('parent', text('Elsewhere')); o.say('jane', text()); c.say('parent', text('Here')); c.store(o.entries[6]); }, ['text', '2 prev-link'], 'histories-differ'],
        ['rolled back under a later entry', {}, (c) => { const o = c.fork(); o.say('parent', text()); o.say('jane', text()); c.store(o.entries[6]); }, ['2 prev-seq'], 'histories-differ'],
        ['keys from another history', {}, (c, w) => { const o = c.fork(); o.links[5] = w.random(32); o.acceptAs('parent2', { by: 0, prove: w.parent.sign }); c.store(o.entries[5]); }, ['2 prev-link'], 'histories-differ'],
        ['keys that nobody vouches for, from elsewhere', {}, (c, w) => { const o = c.fork(); o.links[5] = w.random(32); o.acceptAs('stranger', { by: 0, prove: w.stranger.sign }); c.store(o.entries[5]); }, ['2 prev-link']],
        ['the parent\'s proof in the name of staff, from elsewhere', {}, (c, w) => {
            const o = c.fork();
            o.links[5] = w.random(32);
            o.acceptAs('parent2', { by: 0, prove: w.parent.sign });
            const { headerBytes, body } = parseEntry(o.entries[5]);
            const header = { ...parseHeader(headerBytes), authorId: w.jane.id };
            c.store(signEntry(w.parent2.sign.sk, header, body));
        }, ['2 prev-link']],
        ['no signature, no alarm', {}, (c) => { c.say('jane', text(), { head: { seq: 5, link: new Uint8Array(32) } }); spoilt(c, -1); }, ['2 prev-link']],
        ['a settled leaver raises no alarm', LEFT, (c, w) => { settle(c); c.say('adam', text(), { head: { seq: 9, link: w.random(32) } }); }, ['key', '2 prev-link']],
        ['a short entry has its place in the chain', {}, (c) => { c.say('jane', text()); instead(c, c.entries[5].slice(0, 161)); c.say('parent', text()); }, ['1 length', 'text']],
        ['what is remembered is here', { checkpoint: point(4) }, (c) => { c.say('jane', text()); }, ['text']],
        ['what is remembered is another', { checkpoint: elsewhere }, () => {}, [], 'another-history'],
        ['what is remembered is missing', { checkpoint: { seq: 9, link: '11'.repeat(32) } }, () => {}, [], 'another-history'],
        // Time
        ['a roster past its end, to staff', { now: T0 + 93 * DAY }, () => {}, [], 'roster-expired'],
        ['a roster past its end, to a parent: new keys wait', { reader: 'parent', held: first, checkpoint: point(5), now: T0 + 93 * DAY }, (c) => { c.say('jane', text()); c.rotate('jane'); }, ['text', 'wait'], 'roster-expired'],
        ['somebody whom the roster has ended cannot send', { roster: 2, reader: 'team1', after: 8, me: 'adam' }, () => {}, [], 'not-in-roster'],
        // Seen
        ['who has seen what', {}, (c) => { c.see('jane', 5); c.rotate('jane'); c.see('parent', 7); c.see('parent', 6); }, ['seen', 'key', 'seen', '2 own-order']],
    ];
};

/** All of a chain, or its beginning, instead of what is there. @param {Chain} main @param {number} [n] @returns {(c: Chain, w: World) => Chain} */
function whole(main, n = main.entries.length) {
    return () => upTo(main, n);
}

/** A key entry whose grant to the parent does not open: nobody else can see that. @param {Chain} c @param {World} w */
function splitGrant(c, w) {
    c.rotate('jane');
    rebody(c, w, (b) => {
        const out = b.slice();
        out[141 + 2 * 133 + 60] ^= 1;
        return out;
    });
    c.say('jane', text());
    c.rotate('jane');
    c.say('jane', text());
}

/** The main chain as it stood after n entries. @param {Chain} main @param {number} n */
function upTo(main, n) {
    const chain = main.fork();
    chain.entries.length = n;
    chain.links.length = n + 1;
    chain.generation = n >= 14 ? 3 : n >= 9 ? 2 : 1;
    chain.key = main.keys[chain.generation - 1];
    chain.keysSeq = n >= 13 ? 13 : n >= 8 ? 8 : n >= 4 ? 4 : 0;
    chain.inviteSeq = n >= 12 ? 12 : n >= 11 ? 11 : 3;
    return chain;
}

/**
 * What JavaScript says of each, in the form of the file; what is written above must be what it says.
 * @param {Built} built
 * @param {(given: Given, inputs: import('../../web/js/e2ee/thread.js').NumberedInput[]) => ReturnType<typeof import('../unit-js/e2ee-view.mjs').view>} judge
 */
export function judgeCases({ world, main, notes }, judge) {
    const json = JSON_REFUSED.map(([name, words]) => /** @type {Case} */ (
        [`JSON: ${name}`, {}, (c) => { c.sayJson('jane', words); }, ['8 plaintext']]));
    /** @type {Record<string, any>} */
    const out = {};
    const wrong = [];
    for (const [name, given, add, verdicts, send = 'yes'] of [...ONE_ENTRY, ...json, ...sequences(main)]) {
        const { after = 5, without = [] } = given;
        const start = given.thread === 'notes' ? notes.fork() : upTo(main, after);
        const chain = add(start, world) ?? start;
        const found = brief(judge(given, chain.inputs(without)));
        const wanted = verdicts.filter((verdict) => verdict !== 'wait');
        const first = found.items.slice(0, after);
        if (found.items.slice(after).join() !== wanted.join() || first.some((is) => /^[0-9]/.test(is))
            || found.send !== send || chain.entries.length !== after + verdicts.length) {
            wrong.push(`${name}: ${JSON.stringify(found)}`);
        }
        const { team, ...rest } = given;
        out[name] = {
            roster: 1, reader: 'team1', me: 'jane', now: T0 + 3600, ...rest, after,
            ...(team ? { team: toHex(world.person(team).id) } : {}),
            entries: chain.inputs(without).slice(after).map((input) =>
                ('entry' in input ? [input.entry] : [input.header, input.bodyHash]).map(toHex)),
            want: found,
        };
        delete out[name].without;
    }
    if (wrong.length > 0) {
        throw new Error(wrong.join('\n'));
    }
    return out;
}
