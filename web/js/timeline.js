// @ts-check
/**
 * A conversation as lines to show: days, messages with what became of them, events, warnings. Pure, and
 * without words.
 *
 * @module
 */
import { civil } from './time.js';

/** @typedef {import('./e2ee/types.js').Item} Item */
/** @typedef {import('./outbox.js').Unsent} Unsent */

/** Kinds of staff's entries that a person has to read. */
const READABLE = new Set(['text', 'file', 'call', 'agreed', 'reason', 'letter', 'unknown', 'form', 'profile']);

/**
 * @typedef {{ t: 'day', key: string, on: string }
 *   | { t: 'new', key: string, n: number }
 *   | { t: 'message', key: string, item: Item, at: number, mine: boolean, ownClock: boolean, state: MessageState | null }
 *   | { t: 'event', key: string, item: Item, at: number, what: EventKind }
 *   | { t: 'warning', key: string, item: Item, at: number }
 *   | { t: 'unsent', key: string, unsent: Unsent, at: number }} Row
 */
/** @typedef {{ read: boolean, by: string, at: number }} MessageState */
/** @typedef {'keyFirst' | 'keyNew' | 'invite' | 'keys' | 'keysAgain' | 'keysOwn' | 'card'} EventKind */

/** When the server had it; before that, when its author says. @param {Item} item */
export function timeOf(item) {
  return item.storedAt || item.sentAt;
}

/** Something of the other side that a person has to read. @param {Item} item */
export function isTheirs(item) {
  return item.author?.side === 'staff' && READABLE.has(item.kind);
}

/**
 * What the person has not said to have read. @param {Item[]} items @param {number} seen seq
 */
export function unreadOf(items, seen) {
  return items.filter((item) => item.seq > seen && isTheirs(item));
}

/**
 * How far a seen entry may go when everything up to `shown` was on the screen: over what is not there to
 * be read (own entries, keys, the title), but never over a message that was not shown.
 * @param {Item[]} items
 * @param {number} shown seq
 */
export function seenUpTo(items, shown) {
  let upTo = shown;
  while (upTo < items.length && !isTheirs(items[upTo])) {
    upTo++;
  }
  return upTo;
}

/**
 * Who read a message of ours, and when: the first seen entry that covers it says so. A seen entry is
 * not the only way to say it, so there may be a reader without a time.
 * @param {Item[]} items
 * @param {number} seq
 * @param {number} staffSeen
 * @returns {MessageState}
 */
function stateOf(items, seq, staffSeen) {
  if (staffSeen < seq) {
    return { read: false, by: '', at: 0 };
  }
  for (let i = seq; i < items.length; i++) {
    const { kind, author, body } = items[i];
    if (author?.side === 'staff' && kind === 'seen' && body.upTo >= seq) {
      return { read: true, by: author.name, at: timeOf(items[i]) };
    }
  }
  const after = items.slice(seq).find((item) => isTheirs(item));
  return { read: true, by: after?.author?.name ?? '', at: 0 };
}

/** @param {Item} item @param {boolean} cardBefore @returns {EventKind | null} */
function eventOf(item, cardBefore) {
  switch (item.kind) {
    case 'key':
      return item.body.generation === 1 ? 'keyFirst' : 'keyNew';
    case 'invite':
      return 'invite';
    case 'keys':
      if (item.body.by === 0) {
        return 'keysOwn';
      }
      return item.body.again ? 'keysAgain' : 'keys';
    case 'card':
      return cardBefore ? 'card' : null;
    default:
      return null;
  }
}

/**
 * @param {Item[]} items
 * @param {object} view
 * @param {number} view.newAfter  where the line "new messages" goes: seq last seen when the page was opened
 * @param {number} view.staffSeen seq that staff have signed to have read
 * @param {Unsent[]} view.unsent
 * @param {number} view.limit     newest lines to show
 * @returns {{ rows: Row[], older: boolean }}
 */
export function timeline(items, { newAfter, staffSeen, unsent, limit }) {
  /** @type {Exclude<Row, {t: 'day'} | {t: 'new'}>[]} */
  const lines = [];
  let cardBefore = false;
  for (const item of items) {
    const line = lineOf(item, items, staffSeen, cardBefore);
    if (line !== null) {
      lines.push(line);
    }
    cardBefore ||= item.kind === 'card';
  }
  for (const one of unsent) {
    lines.push({ t: 'unsent', key: `u${one.entryId}`, unsent: one, at: one.at });
  }
  const fresh = unreadOf(items, newAfter);
  // What is new is always shown whole.
  const firstNew = fresh.length === 0 ? lines.length : lines.findIndex((l) => 'item' in l && l.item.seq === fresh[0].seq);
  const from = Math.max(0, Math.min(lines.length - limit, firstNew));
  return { rows: withHeadings(lines.slice(from), fresh), older: from > 0 };
}

/**
 * @param {Item} item
 * @param {Item[]} items
 * @param {number} staffSeen
 * @param {boolean} cardBefore
 * @returns {Exclude<Row, {t: 'day'} | {t: 'new'}> | null}
 */
function lineOf(item, items, staffSeen, cardBefore) {
  const at = timeOf(item);
  const key = `e${item.seq}`;
  if (item.kind === 'warning') {
    return { t: 'warning', key, item, at };
  }
  const what = eventOf(item, cardBefore);
  if (what !== null) {
    return { t: 'event', key, item, at, what };
  }
  if (item.kind === 'seen' || item.kind === 'retract' || item.kind === 'card') {
    return null;
  }
  const mine = item.author?.mine === true;
  return {
    t: 'message',
    key,
    item,
    at,
    mine,
    ownClock: item.storedAt > 0 && Math.abs(item.sentAt - item.storedAt) >= 600,
    state: mine && item.kind !== 'taken-back' ? stateOf(items, item.seq, staffSeen) : null,
  };
}

/**
 * @param {Exclude<Row, {t: 'day'} | {t: 'new'}>[]} lines
 * @param {Item[]} fresh
 * @returns {Row[]}
 */
function withHeadings(lines, fresh) {
  /** @type {Row[]} */
  const rows = [];
  let day = '';
  for (const line of lines) {
    const { on } = civil(line.at);
    // The server's clock may have gone back, or an author's be wrong: a day is headed once.
    if (on > day) {
      day = on;
      rows.push({ t: 'day', key: `d${on}`, on });
    }
    if (fresh.length > 0 && 'item' in line && line.item.seq === fresh[0].seq) {
      rows.push({ t: 'new', key: 'new', n: fresh.length });
    }
    rows.push(line);
  }
  return rows;
}
