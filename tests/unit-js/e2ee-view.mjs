// @ts-check
/**
 * Everything that a thread says, as plain JSON: what the two halves of the encryption are compared by.
 * `tests/support/view.c` makes the same of a thread in C.
 */
import { toB64, toHex } from '../../web/js/e2ee/bytes.js';

/** @typedef {import('../../web/js/e2ee/thread.js').Thread} Thread */
/** @typedef {import('../../web/js/e2ee/types.js').Item} Item */

/**
 * What an entry came to: its kind, with a question mark while its author is not confirmed; or the
 * number of the rule that refused it, and why.
 * @param {Item} item
 */
export function verdictOf(item) {
    if (item.kind === 'warning') {
        return `${item.rule} ${item.reason}`;
    }
    return item.author?.confirmed ? item.kind : `${item.kind}?`;
}

/** Bytes as the JSON of a message has them. @param {any} value @returns {any} */
export function plain(value) {
    if (value instanceof Uint8Array) {
        return toB64(value);
    }
    if (Array.isArray(value)) {
        return value.map(plain);
    }
    if (value === null || typeof value !== 'object') {
        return value;
    }
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
}

/** @param {{ team: any, records: any, parent: boolean }} readers */
const names = ({ team, records, parent }) =>
    ({ team: team?.name ?? '', records: records?.name ?? '', parent });

/** @param {Item} item */
function bodyOf({ kind, body }) {
    switch (kind) {
    case 'key':
        return { generation: body.generation, roster_serial: body.rosterSerial, ...names(/** @type {any} */ (body)) };
    case 'invite':
        return plain({ invite_id: body.inviteId, expires_at: body.expiresAt, state: body.state });
    case 'keys':
        return { by: body.by, again: body.again };
    case 'seen':
        return { up_to: body.upTo };
    default:
        return plain(Object.fromEntries(Object.entries(body).filter(([name]) => name !== 'kind')));
    }
}

/** @param {Item} item */
function itemOf(item) {
    const is = verdictOf(item);
    if (!item.author) {
        return { is };
    }
    return {
        is,
        id: toHex(item.entryId ?? new Uint8Array()),
        author: item.author.idHex,
        side: item.author.side,
        name: item.author.name,
        mine: item.author.mine,
        sent_at: item.sentAt,
        at: item.storedAt,
        body: bodyOf(item),
        retracted_by: item.retractedBy ?? 0,
        inviter: item.kind === 'keys' ? item.body.inviterName : '',
    };
}

/** @param {Thread} thread */
function checkpointOf(thread) {
    const point = thread.lost
        ? thread.checkpoint ?? { seq: 0, link: new Uint8Array(0) }
        : { seq: thread.state.seq, link: thread.links[thread.state.seq] };
    return point.seq === 0 ? null : { seq: point.seq, link: toHex(point.link) };
}

/** @param {Thread} thread complete */
export function view(thread) {
    const send = thread.sendState();
    const { inviter, firstGrant, card, canRead } = thread;
    const me = thread.reader.id ? toHex(thread.reader.id) : '';
    return {
        items: thread.items.map(itemOf),
        send: send.ok ? 'yes' : send.why,
        wants_roster: thread.wantsRoster || thread.waiting?.why === 'newer-roster',
        inviter: inviter ? { name: inviter.name, seq: inviter.seq, at: inviter.invitedAt } : null,
        asks: firstGrant !== null && firstGrant.inviter.idHex !== me,
        title: card ? plain({ case: card.case, child: card.child, parent: card.parent, continues: card.continues ?? '' }) : null,
        readers: canRead ? names(canRead) : null,
        seen: { staff: thread.seenBy.staff, parent: thread.seenBy.parent },
        invite: thread.invite?.seq ?? 0,
        parent: thread.parentId ? toHex(thread.parentId) : '',
        parent_keys: thread.parentKeys?.seq ?? 0,
        generation: thread.generation,
        next_generation: thread.nextGeneration,
        key: thread.key ? toHex(thread.key) : '',
        head: { seq: thread.head.seq, link: toHex(thread.head.link) },
        checkpoint: checkpointOf(thread),
    };
}

/** The short form that stands in vectors: verdicts, and what is to be done. @param {ReturnType<typeof view>} whole */
export function brief(whole) {
    const { send, wants_roster, asks, seen, invite, next_generation, title } = whole;
    return {
        items: whole.items.map(({ is }) => is),
        send, wants_roster, asks, seen, invite, next_generation, title: title?.child ?? '',
    };
}
