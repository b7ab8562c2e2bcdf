// @ts-check
/**
 * Coming in: signing in, coming back after a reload, opening and accepting an invitation. What these
 * give is a Session: who the parent is, and the secrets that the page holds while they are here.
 *
 * @module
 */
import { changeExtra, normalAddress, openTab, openVault, PURPOSE, sealTab, sealVault, signAuth, vaultHash } from './e2ee/account.js';
import { equal, fromB64, toB64, toHex } from './e2ee/bytes.js';
import { keysEntry } from './e2ee/compose.js';
import { E2eeError } from './e2ee/errors.js';
import { identity, newSeed } from './e2ee/identity.js';
import { openParcel } from './e2ee/invite.js';
import { walkRosters } from './e2ee/roster.js';
import { ready, systemRandom } from './e2ee/sodium.js';
import { Thread } from './e2ee/thread.js';
import { readTab, writeTab } from './storage.js';
import { mergeVaults } from './vaults.js';
import { codeOf, WireError } from './wire.js';

/** @typedef {import('./e2ee/types.js').Vault} Vault */
/** @typedef {import('./e2ee/types.js').Parcel} Parcel */
/** @typedef {import('./e2ee/types.js').KeyPair} KeyPair */
/** @typedef {import('./e2ee/types.js').Identity} Identity */
/** @typedef {import('./e2ee/roster.js').TrustedRoster} TrustedRoster */
/** @typedef {import('./wire.js').Wire} Wire */

/**
 * @typedef {object} Session
 * @property {Uint8Array} parent
 * @property {string} parentText base64url
 * @property {Vault} vault
 * @property {Uint8Array} vaultKey
 * @property {string} vaultHash  of the one on the server
 * @property {Identity} me
 * @property {boolean} ownDevice
 * @property {number} idleS
 */

/** @typedef {{ auth: KeyPair, vaultKey: Uint8Array }} PasswordKeys */
/** @typedef {{ inviteId: Uint8Array, accept: KeyPair, wrap: Uint8Array }} InviteKeys */

/** Something that must not be is: the page stops and says so, with this name for the helpline. */
export class Alarm extends Error {
  /** @param {string} name */
  constructor(name) {
    super(name);
    this.code = 'alarm';
    this.alarm = name;
  }
}

const now = () => Math.floor(Date.now() / 1000);

/** What signatures to the server name: where this page came from, which a look-alike's is not. */
const host = () => location.hostname;

/** @param {Wire} wire */
async function challenge(wire) {
  const { challenge: given } = await wire.call('auth.challenge', {});
  return { text: given, bytes: fromB64(given, 32) };
}

/**
 * The single-use ticket becomes the session's cookie, which no script can read.
 * @param {string} ticket
 */
async function takeCookie(ticket) {
  let answer;
  try {
    answer = await fetch('/session', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ticket }),
      credentials: 'same-origin',
    });
  } catch {
    throw new WireError('offline');
  }
  if (!answer.ok) {
    throw new WireError('ticket_wrong');
  }
}

/**
 * Leave half of a key with the server and the other half here, so that a reload needs no password.
 * @param {Wire} wire
 * @param {Session} session
 */
async function keepTab(wire, session) {
  const tabKey = systemRandom(32);
  await wire.call('session.tab', { tab_key: toB64(tabKey) });
  storeTab(session, tabKey);
}

/** @param {Session} session @param {Uint8Array} tabKey */
function storeTab(session, tabKey) {
  const sealed = sealTab(tabKey, session.parent, session, systemRandom);
  writeTab(`${session.parentText}.${toB64(sealed)}`, session.ownDevice);
}

/**
 * @param {Wire} wire
 * @param {{ address: string, ownDevice: boolean, service: string, keys: PasswordKeys }} who
 * @returns {Promise<Session>}
 */
export async function signIn(wire, { address, ownDevice, service, keys }) {
  await ready();
  const { text, bytes } = await challenge(wire);
  const signature = signAuth(keys.auth.sk, { purpose: PURPOSE.parent, host: host(), challenge: bytes });
  const answer = await wire.call('auth.parent', {
    address: normalAddress(address),
    challenge: text,
    signature: toB64(signature),
    own_device: ownDevice,
  });
  const parent = fromB64(answer.parent, 16);
  const sealed = fromB64(answer.vault);
  let vault;
  try {
    vault = openVault(keys.vaultKey, parent, sealed, service);
  } catch (error) {
    throw new Alarm(`vault-${codeOf(error)}`);
  }
  return begin(wire, {
    parent,
    parentText: answer.parent,
    vault,
    vaultKey: keys.vaultKey,
    vaultHash: toB64(vaultHash(sealed)),
    me: identity(vault.seed),
    ownDevice,
    idleS: answer.idle_s,
  }, answer.ticket);
}

/** @param {Wire} wire @param {Session} session @param {string} ticket */
async function begin(wire, session, ticket) {
  await takeCookie(ticket);
  await keepTab(wire, session);
  return session;
}

/**
 * After a reload: `answer` is what the server said to auth.resume.
 * @param {any} answer
 * @param {string} service
 * @returns {Promise<Session | null>} null: the halves do not fit; sign in
 */
export async function resume(answer, service) {
  await ready();
  const stored = readTab()?.split('.') ?? [];
  if (stored.length !== 2 || stored[0] !== answer.parent || typeof answer.tab_key !== 'string') {
    return null;
  }
  try {
    const parent = fromB64(answer.parent, 16);
    const tab = openTab(fromB64(answer.tab_key, 32), parent, fromB64(stored[1]));
    const sealed = fromB64(answer.vault);
    // What this tab last knew counts too: a server that gives an old vault takes no memory away.
    const vault = mergeVaults(tab.vault, openVault(tab.vaultKey, parent, sealed, service));
    return vault && {
      parent,
      parentText: answer.parent,
      vault,
      vaultKey: tab.vaultKey,
      vaultHash: toB64(vaultHash(sealed)),
      me: identity(vault.seed),
      ownDevice: answer.own_device === true,
      idleS: answer.idle_s,
    };
  } catch (error) {
    if (error instanceof E2eeError) {
      return null;
    }
    throw error;
  }
}

/**
 * On each later connection of a page that is signed in.
 * @param {Wire} wire
 * @param {Session} session
 * @returns {Promise<boolean>} false: the server says that this is somebody else now
 */
export async function resumeAgain(wire, session) {
  const answer = await wire.call('auth.resume', {}, { first: true });
  if (answer.parent !== session.parentText) {
    return false;
  }
  if (typeof answer.tab_key === 'string') {
    storeTab(session, fromB64(answer.tab_key, 32));
  }
  return true;
}

/* ---- Rosters ---- */

/**
 * @param {Wire} wire
 * @param {import('./e2ee/types.js').Trust} trust
 */
export async function fetchRoster(wire, trust) {
  // From the one we know on: it is needed itself, and its holders may have been missing.
  const answer = await wire.call('roster.since', { serial: Math.max(0, trust.serial - 1) });
  return walkRosters(
    trust,
    answer.rosters.map((/** @type {string} */ one) => fromB64(one)),
    answer.holders.map((/** @type {string} */ one) => fromB64(one)),
  );
}

/** @param {Vault} vault @returns {import('./e2ee/types.js').Trust} */
export function trustOf(vault) {
  return vault.rosterHash
    ? { roots: vault.roots, serial: vault.serial, hash: vault.rosterHash }
    : { roots: vault.roots, serial: vault.serial };
}

/* ---- Invitations ---- */

/**
 * @typedef {object} Opened An invitation that was opened and holds.
 * @property {InviteKeys} keys
 * @property {Parcel} parcel
 * @property {number} expiresAt
 * @property {TrustedRoster} roster
 * @property {import('./e2ee/types.js').Trust} trust
 * @property {Thread[]} threads
 * @property {string} inviterName
 * @property {string[]} refs
 * @property {Made} [made] what was made to accept it, kept so that a second try sends the same
 */

/** @typedef {{ me: Identity, vault: Vault, sealed: Uint8Array, entries: {thread: string, entry: string}[], auth: KeyPair, vaultKey: Uint8Array }} Made */

/**
 * Every entry of a thread from the one after `from`.
 * @param {Wire} wire
 * @param {string} thread base64url
 * @param {number} from seq
 */
export async function fetchEntries(wire, thread, from) {
  /** @type {import('./e2ee/thread.js').NumberedInput[]} */
  const inputs = [];
  let next = from;
  let lastSeq = 0;
  do {
    const page = await wire.call('thread.entries', { thread, from: next });
    for (const one of page.entries) {
      if (one.seq !== next) {
        throw new Alarm('entries-missing');
      }
      inputs.push(inputOf(one));
      next++;
    }
    lastSeq = page.last_seq;
    if (page.entries.length === 0 && next <= lastSeq) {
      throw new Alarm('entries-missing');
    }
  } while (next <= lastSeq);
  return { inputs, lastSeq };
}

/** @param {any} one as the protocol has it @returns {import('./e2ee/thread.js').NumberedInput} */
export function inputOf(one) {
  const { seq, at } = one;
  return one.entry === undefined
    ? /** @type {any} */ ({ seq, storedAt: at, header: fromB64(one.header), bodyHash: fromB64(one.body_hash, 32) })
    : { seq, storedAt: at, entry: fromB64(one.entry) };
}

/** @param {Wire} wire @param {InviteKeys} keys */
export async function showInvite(wire, keys) {
  const { text, bytes } = await challenge(wire);
  return wire.call('invite.open', {
    invite: toB64(keys.inviteId),
    challenge: text,
    signature: toB64(signAuth(keys.accept.sk, { purpose: PURPOSE.invitee, host: host(), challenge: bytes })),
  });
}

/**
 * @param {Wire} wire
 * @param {InviteKeys} keys
 * @param {string} service
 * @returns {Promise<Opened>}
 */
export async function openInvite(wire, keys, service) {
  await ready();
  const answer = await showInvite(wire, keys);
  let parcel;
  try {
    parcel = openParcel(keys.wrap, keys.inviteId, fromB64(answer.parcel), service);
  } catch (error) {
    throw new Alarm(`parcel-${codeOf(error)}`);
  }
  const { roster, trust, alarms } = await fetchRoster(wire, { roots: parcel.roots, serial: parcel.serial });
  if (roster === null || alarms.length > 0) {
    throw new Alarm(`roster-${alarms[0]?.name ?? 'none'}`);
  }
  const threads = [];
  for (const known of parcel.threads) {
    threads.push(await openThread(wire, known, parcel.parent, roster, keys.inviteId));
  }
  if (threads.length === 0) {
    throw new Alarm('no-thread');
  }
  const inviter = roster.staff(/** @type {any} */ (threads[0].invite).authorId)?.holder.name ?? '';
  return {
    keys,
    parcel,
    expiresAt: answer.expires_at,
    roster,
    trust,
    threads,
    inviterName: inviter,
    refs: [...new Set(threads.map((thread) => thread.card?.case ?? '').filter((ref) => ref !== ''))],
  };
}

/**
 * @param {Wire} wire
 * @param {import('./e2ee/types.js').KnownThread} known
 * @param {Uint8Array} parent
 * @param {TrustedRoster} roster
 * @param {Uint8Array} inviteId
 */
async function openThread(wire, known, parent, roster, inviteId) {
  const thread = new Thread({
    threadId: known.id,
    roster,
    reader: { side: 'parent', id: parent, identities: [] },
    held: [{ generation: known.generation, key: known.key }],
    checkpoint: { seq: known.seq, link: known.link },
    now,
  });
  const { inputs, lastSeq } = await fetchEntries(wire, toB64(known.id), 1);
  thread.load(inputs);
  const stop = thread.complete(lastSeq);
  if (stop) {
    throw new Alarm(stop.alarm);
  }
  // The parcel's key counts only for a key entry that it fits, and the invitation only if it is signed there.
  if (!thread.key) {
    throw new Alarm('key');
  }
  if (!thread.invite || !equal(thread.invite.inviteId, inviteId) || !thread.parentId || !equal(thread.parentId, parent)) {
    throw new Alarm('invite');
  }
  return thread;
}

/**
 * What acceptance posts, made once.
 * @param {Opened} opened
 * @param {PasswordKeys} keys
 * @param {Session | null} session signed in: identity and the other threads stay
 * @returns {Made}
 */
function make(opened, keys, session) {
  const { parcel, trust } = opened;
  const me = session ? session.me : identity(newSeed(systemRandom));
  const entries = opened.threads.map((thread) => {
    const by = /** @type {any} */ (thread.invite).seq;
    const { entry } = keysEntry(thread, parcel.parent, me, { by, prove: opened.keys.accept }, { now: now(), random: systemRandom });
    return { thread: toB64(thread.threadId), entry: toB64(entry) };
  });
  const added = opened.threads.map((thread) => /** @type {any} */ (thread.known()));
  const ids = new Set(added.map((one) => toHex(one.id)));
  const others = session ? session.vault.threads.filter((one) => !ids.has(toHex(one.id))) : [];
  /** @type {Vault} */
  const vault = {
    seed: me.seed,
    service: parcel.service,
    roots: trust.roots,
    serial: trust.serial,
    threads: [...others, ...added],
  };
  if (trust.hash) {
    vault.rosterHash = trust.hash;
  }
  const sealed = sealVault(keys.vaultKey, parcel.parent, vault, systemRandom);
  return { me, vault, sealed, entries, auth: keys.auth, vaultKey: keys.vaultKey };
}

/**
 * @param {Wire} wire a connection that has shown the invitation
 * @param {Opened} opened
 * @param {{ keys: PasswordKeys, session: Session | null, ownDevice: boolean }} how
 * @returns {Promise<Session>}
 */
export async function accept(wire, opened, { keys, session, ownDevice }) {
  const { parcel } = opened;
  if (!opened.made || !equal(opened.made.auth.pk, keys.auth.pk)) {
    opened.made = make(opened, keys, session);
  }
  const { made } = opened;
  const { text, bytes } = await challenge(wire);
  const signature = signAuth(opened.keys.accept.sk, {
    purpose: PURPOSE.newPassword,
    host: host(),
    challenge: bytes,
    extra: changeExtra(made.auth.pk, made.sealed),
  });
  const answer = await wire.call('invite.accept', {
    challenge: text,
    signature: toB64(signature),
    address: normalAddress(parcel.address),
    auth_pk: toB64(made.auth.pk),
    vault: toB64(made.sealed),
    entries: made.entries,
    own_device: ownDevice,
    // Added to an account: password, keys and sessions stay, and no vault that is newer than ours is lost.
    ...(session === null ? {} : { replaces: session.vaultHash }),
  });
  return begin(wire, {
    parent: parcel.parent,
    parentText: answer.parent,
    vault: made.vault,
    vaultKey: made.vaultKey,
    vaultHash: toB64(vaultHash(made.sealed)),
    me: made.me,
    ownDevice,
    idleS: answer.idle_s,
  }, answer.ticket);
}

/**
 * The connection was lost while accepting: did it work? The invitation says so when it is shown again. If
 * it is used, the new password signs in; if not, the same is sent once more.
 * @param {Wire} wire
 * @param {Opened} opened
 * @param {{ keys: PasswordKeys, session: Session | null, ownDevice: boolean, service: string }} how
 * @returns {Promise<Session>}
 */
export async function acceptAgain(wire, opened, how) {
  try {
    await showInvite(wire, opened.keys);
  } catch (error) {
    const used = error instanceof WireError && error.code === 'invite_ended' && error.extra.reason === 'used';
    if (!used || !opened.made) {
      throw error;
    }
    const { address } = opened.parcel;
    const { auth, vaultKey } = opened.made;
    return signIn(wire, { address, ownDevice: how.ownDevice, service: how.service, keys: { auth, vaultKey } });
  }
  return accept(wire, opened, how);
}
