// @ts-check
/**
 * Two copies of a vault become one: another tab or device saved first. Pure.
 *
 * @module
 */
import { equal, toHex } from './e2ee/bytes.js';

/** @typedef {import('./e2ee/types.js').Vault} Vault */
/** @typedef {import('./e2ee/types.js').KnownThread} KnownThread */

/**
 * Of each thread the newest key and the furthest place that was checked; of trust the newer.
 * @param {Vault} mine
 * @param {Vault} theirs
 * @returns {Vault | null} null: the other has another seed, so this session's keys are no longer the account's
 */
export function mergeVaults(mine, theirs) {
  if (!equal(mine.seed, theirs.seed) || mine.service !== theirs.service) {
    return null;
  }
  /** @type {Map<string, KnownThread>} */
  const threads = new Map(theirs.threads.map((thread) => [toHex(thread.id), thread]));
  for (const thread of mine.threads) {
    const other = threads.get(toHex(thread.id));
    threads.set(toHex(thread.id), other === undefined ? thread : mergeThread(thread, other));
  }
  const newer = mine.serial >= theirs.serial ? mine : theirs;
  /** @type {Vault} */
  const merged = { ...theirs, roots: newer.roots, serial: newer.serial, threads: [...threads.values()] };
  delete merged.rosterHash;
  if (newer.rosterHash) {
    merged.rosterHash = newer.rosterHash;
  }
  return merged;
}

/** @param {KnownThread} a @param {KnownThread} b @returns {KnownThread} */
function mergeThread(a, b) {
  const key = a.generation >= b.generation ? a : b;
  const place = a.seq >= b.seq ? a : b;
  /** @type {KnownThread} */
  const merged = { id: a.id, generation: key.generation, key: key.key, seq: place.seq, link: place.link };
  const team = a.team ?? b.team;
  if (team) {
    merged.team = team;
  }
  return merged;
}

/** Whether saving `next` over `now` would change anything. @param {Vault} now @param {Vault} next */
export function sameVault(now, next) {
  return fingerprint(now) === fingerprint(next);
}

/** @param {Vault} vault */
function fingerprint(vault) {
  const threads = vault.threads
    .map((t) => [toHex(t.id), t.generation, toHex(t.key), t.seq, toHex(t.link), t.team ? toHex(t.team) : ''].join(' '))
    .sort();
  return [toHex(vault.seed), vault.serial, vault.rosterHash ? toHex(vault.rosterHash) : '', ...vault.roots.map(toHex), ...threads].join('\n');
}
