// @ts-check
/**
 * One conversation: its chain of entries as judged, what waits to be sent, what is being typed.
 *
 * Everything that touches the chain is done one step after another (`#then`), so two answers that cross
 * cannot take entries out of order.
 *
 * @module
 */
import { openDraft, sealDraft } from './e2ee/account.js';
import { fromB64, toB64 } from './e2ee/bytes.js';
import { message, seen } from './e2ee/compose.js';
import { systemRandom } from './e2ee/sodium.js';
import { Thread } from './e2ee/thread.js';
import { nextToSend, outbox, restore } from './outbox.js';
import { ACTS, TRY_LATER } from './proto.js';
import { fetchEntries, inputOf } from './session.js';
import { readDraft, writeDraft } from './storage.js';
import { seenUpTo, timeOf, unreadOf, isTheirs } from './timeline.js';
import { codeOf, WireError } from './wire.js';

/** @typedef {import('./e2ee/types.js').Item} Item */
/** @typedef {import('./outbox.js').Unsent} Unsent */
/** @typedef {import('./outbox.js').OutboxAct} OutboxAct */

/** Not oftener than this does one conversation say "seen". */
export const SEEN_EVERY_MS = 10000;
const MAX_STALE = 10;

const now = () => Math.floor(Date.now() / 1000);
/** @param {number} ms */
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {Item | Unsent} one @returns {string} base64url, '' where there is none */
const idOf = ({ entryId }) => (typeof entryId === 'string' ? entryId : entryId === null ? '' : toB64(entryId));

export class Conversation {
  /**
   * @param {object} with_
   * @param {import('./wire.js').Wire} with_.wire
   * @param {import('./session.js').Session} with_.session
   * @param {import('./e2ee/roster.js').TrustedRoster} with_.roster
   * @param {any} with_.meta the item of thread.list
   * @param {() => void} with_.onChange
   * @param {(conversation: Conversation) => void} with_.onTaken the chain has grown
   */
  constructor({ wire, session, roster, meta, onChange, onTaken }) {
    this.wire = wire;
    this.session = session;
    this.meta = meta;
    this.onChange = onChange;
    this.onTaken = onTaken;
    /** base64url */
    this.id = String(meta.thread);
    const id = fromB64(this.id, 16);
    const known = session.vault.threads.find((one) => toB64(one.id) === this.id);
    this.thread = new Thread({
      threadId: id,
      roster,
      reader: { side: 'parent', id: session.parent, identities: [session.me] },
      held: known ? [{ generation: known.generation, key: known.key }] : [],
      checkpoint: known ? { seq: known.seq, link: known.link } : null,
      teams: known?.team ? [known.team] : [],
      now,
    });
    /** @type {'loading' | 'ready' | 'failed'} */
    this.state = 'loading';
    /** Why it failed, or what the alarm is called. */
    this.problem = '';
    /** @type {Unsent[]} */
    this.unsent = [];
    this.draft = '';
    /** The draft was changed here, and not saved yet. */
    this.draftIsOurs = false;
    /** Entries that the person deleted here. @type {Set<string>} */
    this.removed = new Set();
    this.draftSavedAt = 0;
    /** The browser refuses to keep drafts. */
    this.draftsRefused = false;
    /** A draft of before a new password does not open. */
    this.draftLost = false;
    /** The person said yes to sending under a roster that is out of date. */
    this.sendAnyway = false;
    /** Highest seq that was on the screen. */
    this.shown = 0;
    this.seenAt = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.seenTimer = undefined;
    /** @type {Promise<void>} */
    this.chain = Promise.resolve();
    this.pumping = false;
    this.over = false;
    this.#restoreDraft();
  }

  /** The items in order, as judged. */
  get items() {
    return this.thread.items;
  }

  get unread() {
    return unreadOf(this.items, this.thread.seenBy.parent).length;
  }

  /** The caseworker: who the server says, if the roster knows them, else who wrote last. */
  get caseworker() {
    const { roster } = this.thread;
    const named = this.meta.caseworker ? roster.staff(fromB64(this.meta.caseworker, 16)) : null;
    if (named !== null) {
      return { name: named.holder.name, idHex: '', ended: named.ended !== 0 };
    }
    const last = [...this.items].reverse().find((item) => isTheirs(item));
    return { name: last?.author?.name ?? '', idHex: '', ended: false };
  }

  /** The last thing that somebody wrote, for the home page. @returns {Item | null} */
  get last() {
    return [...this.items].reverse().find((item) => isTheirs(item) || (item.author?.mine && item.kind === 'text')) ?? null;
  }

  get lastAt() {
    return this.last ? timeOf(this.last) : 0;
  }

  /** What keeps this conversation from sending, or asks first. */
  get sendState() {
    if (this.problem !== '') {
      return { ok: false, why: this.problem };
    }
    const state = this.thread.sendState();
    return state.ok && this.sendAnyway ? { ok: true } : state;
  }

  /* ---- Taking entries ---- */

  /** Everything from the first entry on. */
  load() {
    return this.#then(async () => {
      const { inputs, lastSeq } = await fetchEntries(this.wire, this.id, 1);
      this.thread.load(inputs);
      this.thread.complete(lastSeq);
      this.state = 'ready';
      this.#taken();
    });
  }

  /** @param {any} data of the event entry.new */
  entryCame(data) {
    return this.#then(async () => {
      if (this.state !== 'ready') {
        return;
      }
      if (data.seq === this.thread.head.seq + 1) {
        this.thread.takeInput(inputOf(data));
      } else if (data.seq > this.thread.head.seq) {
        await this.#fetchNew();
      } else {
        // Known already; if it says otherwise now, the chain notices.
        this.thread.takeInput(inputOf(data));
      }
      this.#taken();
    });
  }

  /** After a gap of any kind. */
  refresh() {
    return this.#then(async () => {
      await this.#fetchNew();
      this.#taken();
    });
  }

  async #fetchNew() {
    const { inputs, lastSeq } = await fetchEntries(this.wire, this.id, this.thread.head.seq + 1);
    if (lastSeq < this.thread.head.seq) {
      this.problem = 'another-history';
      return;
    }
    for (const input of inputs) {
      this.thread.takeInput(input);
    }
  }

  #taken() {
    const mine = new Set(this.items.filter((item) => item.author?.mine).map(idOf));
    for (const one of this.unsent) {
      if (mine.has(one.entryId)) {
        this.#act({ do: 'stored', entryId: one.entryId });
      }
    }
    this.onTaken(this);
    this.onChange();
  }

  /** @param {() => Promise<void>} step @returns {Promise<void>} */
  #then(step) {
    const next = this.chain.then(() => (this.over ? undefined : step()));
    this.chain = next.catch(() => {});
    return next;
  }

  /* ---- Sending ---- */

  /** @param {string} body */
  send(body) {
    this.#act({ do: 'add', entryId: toB64(systemRandom(16)), body, at: now() });
    this.typed('');
    this.saveDraft();
    this.pump();
  }

  /** @param {string} entryId */
  retry(entryId) {
    this.#act({ do: 'retry', entryId });
    this.pump();
  }

  /** @param {string} entryId */
  remove(entryId) {
    this.removed.add(entryId);
    this.#act({ do: 'remove', entryId });
  }

  /** Send what waits, one after another, while there is a connection. */
  async pump() {
    if (this.pumping) {
      return;
    }
    this.pumping = true;
    try {
      let stale = 0;
      for (let next = nextToSend(this.unsent); next !== null; next = nextToSend(this.unsent)) {
        const state = this.sendState;
        if (this.over || this.state !== 'ready' || this.wire.state !== 'open' || !state.ok || 'ask' in state) {
          break;
        }
        const how = await this.#sendOne(next);
        stale = how === 'stale' ? stale + 1 : 0;
        if (how === 'stop' || stale >= MAX_STALE) {
          break;
        }
      }
    } finally {
      this.pumping = false;
    }
  }

  /** @param {Unsent} one @returns {Promise<'go on' | 'stale' | 'stop'>} */
  async #sendOne(one) {
    const { entryId } = one;
    // The same bytes as before, if there are any: the server then answers as it did then.
    const entry = one.entry || this.#sign(one);
    this.#act({ do: 'signed', entryId, entry });
    try {
      const answer = await this.wire.call('entry.post', { thread: this.id, entry, act: ACTS.TEXT });
      await this.#posted(answer, entry);
      this.#act({ do: 'stored', entryId });
      return 'go on';
    } catch (error) {
      return this.#notPosted(entryId, error);
    }
  }

  /** @param {Unsent} one */
  #sign(one) {
    const { entry } = message(
      this.thread,
      { id: this.session.parent, sign: this.session.me.sign },
      { kind: 'text', body: one.body },
      { now: now(), random: systemRandom, entryId: fromB64(one.entryId, 16) },
    );
    return toB64(entry);
  }

  /** @param {{seq: number, at: number}} answer @param {string} entry */
  #posted(answer, entry) {
    return this.entryCame({ seq: answer.seq, at: answer.at, entry });
  }

  /** @param {string} entryId @param {unknown} error @returns {Promise<'go on' | 'stale' | 'stop'>} */
  async #notPosted(entryId, error) {
    const code = codeOf(error);
    const extra = error instanceof WireError ? error.extra : {};
    if (code === 'entry_stale') {
      if (extra.retry_after_ms > 0) {
        await sleep(Math.min(5000, extra.retry_after_ms));
      }
      return this.#again(entryId, 'stale');
    }
    if (code === 'entry_id_used') {
      // An earlier signing of it did arrive; it is fetched, and then counts as sent.
      return this.#again(entryId, 'refused');
    }
    if (TRY_LATER.includes(code)) {
      this.#act({ do: 'later', entryId });
      await sleep(extra.retry_after_s > 0 ? Math.min(60, extra.retry_after_s) * 1000 : 1500);
      return 'go on';
    }
    if (code === 'closed' || code === 'entry_refused' || code === 'signature_wrong' || code === 'bad_request' || code === 'forbidden') {
      this.#act({ do: 'refused', entryId, why: code === 'closed' ? 'closed' : 'refused' });
      return 'go on';
    }
    // Offline, or the session is over: it waits as it is.
    this.#act({ do: 'lost', entryId });
    return 'stop';
  }

  /** @param {string} entryId @param {'stale' | 'refused'} otherwise @returns {Promise<'go on' | 'stale' | 'stop'>} */
  async #again(entryId, otherwise) {
    try {
      await this.refresh();
    } catch {
      this.#act({ do: 'lost', entryId });
      return 'stop';
    }
    this.#act(otherwise === 'stale' ? { do: 'stale', entryId } : { do: 'refused', entryId, why: 'refused' });
    return 'stale';
  }

  /**
   * Take back a message of one's own: the other side sees that it was, and the server erases it.
   * @param {number} seq
   */
  async takeBack(seq) {
    for (let tries = 0; tries < MAX_STALE; tries++) {
      const { entry } = message(
        this.thread,
        { id: this.session.parent, sign: this.session.me.sign },
        { kind: 'retract', seq },
        { now: now(), random: systemRandom },
      );
      try {
        const answer = await this.wire.call('entry.post', {
          thread: this.id, entry: toB64(entry), act: ACTS.RETRACT, drop: seq,
        });
        await this.#posted(answer, toB64(entry));
        return;
      } catch (error) {
        if (codeOf(error) !== 'entry_stale') {
          throw error;
        }
        await this.refresh();
      }
    }
    throw new WireError('busy');
  }

  /* ---- Seen ---- */

  /** The person had this on the screen, in a page that is visible. @param {number} seq */
  wasShown(seq) {
    if (seq > this.shown) {
      this.shown = seq;
      this.#planSeen();
    }
  }

  #planSeen() {
    const { parent } = this.thread.seenBy;
    const upTo = seenUpTo(this.items, this.shown);
    const owed = this.items.slice(parent, upTo).some(isTheirs);
    if (!owed || this.seenTimer !== undefined || this.over) {
      return;
    }
    const wait = Math.max(0, this.seenAt + SEEN_EVERY_MS - Date.now());
    this.seenTimer = setTimeout(() => this.#postSeen(), wait);
  }

  async #postSeen() {
    const upTo = seenUpTo(this.items, this.shown);
    this.seenAt = Date.now();
    try {
      if (this.wire.state === 'open' && this.thread.sendState().ok && upTo > this.thread.seenBy.parent) {
        const { entry } = seen(
          this.thread,
          { id: this.session.parent, sign: this.session.me.sign },
          { seq: upTo, link: this.thread.links[upTo] },
          { now: now(), random: systemRandom },
        );
        const answer = await this.wire.call('entry.post', { thread: this.id, entry: toB64(entry) });
        await this.#posted(answer, toB64(entry));
      }
    } catch (error) {
      // Nothing is lost: the next look says it again.
      if (codeOf(error) === 'entry_stale') {
        await this.refresh().catch(() => {});
      }
    } finally {
      this.seenTimer = undefined;
      if (this.wire.state === 'open') {
        this.#planSeen();
      }
    }
  }

  /** A connection is there again. */
  reconnected() {
    this.pump();
    this.#planSeen();
  }

  /* ---- Drafts ---- */

  /** @param {string} text as typed */
  typed(text) {
    this.draft = text;
    this.draftIsOurs = true;
  }

  /** What was typed since it was last saved. */
  saveTyped() {
    if (this.draftIsOurs) {
      this.saveDraft();
    }
  }

  /** Draft and unsent entries, sealed, to the device. What is another tab's there stays. */
  saveDraft() {
    if (this.over) {
      return;
    }
    const { parent, parentText, me } = this.session;
    const kept = this.#kept();
    const ours = new Set([...this.unsent, ...this.items].map((one) => idOf(one)));
    const draft = this.draftIsOurs ? this.draft : kept.draft;
    const unsent = [...this.unsent, ...kept.unsent.filter((one) => !ours.has(one.entryId) && !this.removed.has(one.entryId))];
    const empty = draft === '' && unsent.length === 0;
    const sealed = empty ? null : toB64(sealDraft(me.drafts, parent, this.thread.threadId, { draft, unsent }, systemRandom));
    this.draftsRefused = !writeDraft(parentText, this.id, sealed);
    this.draftIsOurs = this.draftsRefused;
    this.draftSavedAt = empty || this.draftsRefused ? 0 : now();
    this.draftLost = false;
  }

  /** What is on the device. */
  #kept() {
    const { parent, parentText, me } = this.session;
    const stored = readDraft(parentText, this.id);
    let opened = null;
    try {
      opened = stored === null ? {} : openDraft(me.drafts, parent, this.thread.threadId, fromB64(stored));
    } catch {
      opened = null;
    }
    return { opens: opened !== null, draft: typeof opened?.draft === 'string' ? opened.draft : '', unsent: restore(opened?.unsent) };
  }

  #restoreDraft() {
    const { opens, draft, unsent } = this.#kept();
    this.draftLost = !opens;
    this.draft = draft;
    this.unsent = unsent;
  }

  /** Signed out: nothing more is taken, sent or stored. */
  end() {
    this.saveTyped();
    this.over = true;
    clearTimeout(this.seenTimer);
  }

  /** @param {OutboxAct} act */
  #act(act) {
    this.unsent = outbox(this.unsent, act);
    this.saveDraft();
    this.onChange();
  }
}
