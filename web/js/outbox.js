// @ts-check
/**
 * What a person wrote and the server has not confirmed yet. Pure: a list and what can happen to it.
 *
 * @module
 */

/** After so many refusals of the kind "later" it is the person who decides. */
export const MAX_TRIES = 3;

/**
 * @typedef {object} Unsent
 * @property {string} entryId base64url; stays the same however often it is signed again
 * @property {string} entry   base64url bytes as they were (or will be) posted; '' before the first signing
 * @property {string} body
 * @property {number} at      Unix seconds, when the person pressed the button
 * @property {'waiting' | 'sending' | 'failed'} state
 * @property {number} tries
 * @property {'' | 'later' | 'closed' | 'refused'} why of a failure
 */

/**
 * @typedef {{ do: 'add', entryId: string, body: string, at: number }
 *   | { do: 'signed', entryId: string, entry: string }
 *   | { do: 'lost', entryId: string }
 *   | { do: 'later', entryId: string }
 *   | { do: 'stale', entryId: string }
 *   | { do: 'refused', entryId: string, why: 'closed' | 'refused' }
 *   | { do: 'stored', entryId: string }
 *   | { do: 'retry', entryId: string }
 *   | { do: 'remove', entryId: string }} OutboxAct
 */

/**
 * @param {Unsent[]} list
 * @param {OutboxAct} act
 * @returns {Unsent[]}
 */
export function outbox(list, act) {
  if (act.do === 'add') {
    const { entryId, body, at } = act;
    return [...list, { entryId, entry: '', body, at, state: 'waiting', tries: 0, why: '' }];
  }
  if (act.do === 'stored') {
    return list.filter((one) => one.entryId !== act.entryId);
  }
  return list.flatMap((one) => (one.entryId === act.entryId ? change(one, act) : [one]));
}

/**
 * @param {Unsent} one
 * @param {OutboxAct} act
 * @returns {Unsent[]}
 */
function change(one, act) {
  switch (act.do) {
    case 'signed':
      return [{ ...one, entry: act.entry, state: 'sending' }];
    case 'lost':
      // Perhaps it arrived: the same bytes are sent again, and the server answers as it did.
      return [{ ...one, state: 'waiting' }];
    case 'later': {
      const tries = one.tries + 1;
      return tries >= MAX_TRIES
        ? [{ ...one, tries, state: 'failed', why: 'later' }]
        : [{ ...one, tries, state: 'waiting' }];
    }
    case 'stale':
      return [{ ...one, entry: '', state: 'waiting' }];
    case 'refused':
      // Bytes that were refused are of no use again.
      return [{ ...one, entry: '', state: 'failed', why: act.why, tries: one.tries + 1 }];
    case 'retry':
      return one.state === 'failed' ? [{ ...one, state: 'waiting', tries: 0, why: '' }] : [one];
    case 'remove':
      return one.state === 'sending' ? [one] : [];
    default:
      return [one];
  }
}

/** The next to send: strictly in the order written, so one that failed holds up those after it only while it waits. @param {Unsent[]} list */
export function nextToSend(list) {
  if (list.some((one) => one.state === 'sending')) {
    return null;
  }
  return list.find((one) => one.state === 'waiting') ?? null;
}

/**
 * What was stored on the device, made safe to go on with: nothing is under way after a reload.
 * @param {unknown} stored
 * @returns {Unsent[]}
 */
export function restore(stored) {
  if (!Array.isArray(stored)) {
    return [];
  }
  return stored
    .filter((one) => typeof one?.entryId === 'string' && typeof one.body === 'string')
    .map((one) => ({
      entryId: one.entryId,
      entry: typeof one.entry === 'string' ? one.entry : '',
      body: one.body,
      at: Number(one.at) || 0,
      state: one.state === 'failed' ? 'failed' : 'waiting',
      tries: Number(one.tries) || 0,
      why: one.why ?? '',
    }));
}
