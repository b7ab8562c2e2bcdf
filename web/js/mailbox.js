// @ts-check
/**
 * All conversations of a parent who is signed in: the first look at them, and everything that comes after
 * it through the account's one event cursor.
 *
 * @module
 */
import { Conversation } from './conversation.js';
import { EventOrder } from './cursor.js';
import { Keeper } from './keeper.js';
import { fetchRoster, trustOf } from './session.js';
import { codeOf } from './wire.js';

/** @typedef {import('./session.js').Session} Session */
/** @typedef {import('./wire.js').Wire} Wire */

const ROSTER_EVERY_MS = 15000;

export class Mailbox {
  /**
   * @param {object} with_
   * @param {Wire} with_.wire
   * @param {Session} with_.session
   * @param {() => void} with_.onChange
   * @param {(conversation: Conversation, name: string) => void} with_.onMessage live, for the announcement
   */
  constructor({ wire, session, onChange, onMessage }) {
    this.wire = wire;
    this.session = session;
    this.onChange = onChange;
    this.onMessage = onMessage;
    this.keeper = new Keeper(wire, session);
    /** @type {'loading' | 'ready' | 'failed'} */
    this.state = 'loading';
    /** Why it failed. */
    this.problem = '';
    /** The roster did not hold: nothing is sent anywhere. */
    this.rosterAlarm = '';
    /** @type {import('./e2ee/roster.js').TrustedRoster | null} */
    this.roster = null;
    this.rosterAt = 0;
    /** @type {Conversation[]} */
    this.conversations = [];
    this.order = new EventOrder(
      (after) => wire.call('sync', { after }),
      (event) => this.#take(event),
    );
    this.over = false;
  }

  /** @param {string} id base64url */
  find(id) {
    return this.conversations.find((one) => one.id === id) ?? null;
  }

  get unread() {
    return this.conversations.reduce((sum, one) => sum + one.unread, 0);
  }

  /** The first look. Called again after it failed. */
  async load() {
    this.state = 'loading';
    this.problem = '';
    this.onChange();
    try {
      await this.#fetchRoster();
      const { threads, cursor } = await this.#list();
      this.conversations = threads.map((/** @type {any} */ meta) => this.#conversation(meta));
      this.order.begin(cursor);
      this.onChange();
      for (const one of this.conversations) {
        await this.#loadOne(one);
      }
      this.state = 'ready';
      await this.order.catchUp();
      await this.keeper.save();
    } catch (error) {
      if (!this.over) {
        this.state = 'failed';
        this.problem = codeOf(error);
      }
    }
    this.onChange();
    this.conversations.forEach((one) => one.reconnected());
  }

  async #list() {
    const threads = [];
    let cursor = 0;
    /** @type {string | undefined} */
    let after;
    do {
      const page = await this.wire.call('thread.list', after === undefined ? {} : { after });
      threads.push(...page.threads);
      // What happens between two pages comes again as an event.
      cursor = after === undefined ? page.cursor : cursor;
      after = page.more ? page.after : undefined;
    } while (after !== undefined);
    return { threads, cursor };
  }

  /** @param {any} meta */
  #conversation(meta) {
    const { wire, session } = this;
    return new Conversation({
      wire,
      session,
      meta,
      roster: /** @type {import('./e2ee/roster.js').TrustedRoster} */ (this.roster),
      onChange: this.onChange,
      onTaken: (one) => this.#taken(one),
    });
  }

  /** @param {Conversation} one */
  async #loadOne(one) {
    try {
      await one.load();
    } catch (error) {
      if (codeOf(error) !== 'alarm') {
        throw error;
      }
      one.state = 'failed';
      one.problem = 'another-history';
    }
  }

  /* ---- Rosters ---- */

  async #fetchRoster() {
    this.rosterAt = Date.now();
    const { roster, trust, alarms } = await fetchRoster(this.wire, trustOf(this.session.vault));
    this.rosterAlarm = alarms.length > 0 ? alarms[0].name : '';
    if (roster === null) {
      if (this.roster === null) {
        throw Object.assign(new Error('roster'), { code: `roster-${this.rosterAlarm}` });
      }
      return;
    }
    this.roster = roster;
    const { vault } = this.session;
    /** @type {import('./e2ee/types.js').Vault} */
    const next = { ...vault, roots: trust.roots, serial: trust.serial };
    if (trust.hash) {
      next.rosterHash = trust.hash;
    }
    this.keeper.update(next);
    for (const one of this.conversations) {
      if (one.thread.roster.serial !== roster.serial || one.thread.roster.missing !== roster.missing) {
        one.thread.setRoster(roster);
      }
    }
  }

  /** A thread speaks of a roster, or of somebody, that ours does not know. */
  async #maybeFetchRoster() {
    if (this.rosterAt + ROSTER_EVERY_MS > Date.now()) {
      return;
    }
    try {
      await this.#fetchRoster();
      this.onChange();
    } catch (error) {
      if (codeOf(error) !== 'offline') {
        this.rosterAlarm = this.rosterAlarm || codeOf(error);
      }
    }
  }

  /** @param {Conversation} one the chain has grown: keys and the place reached go into the vault */
  #taken(one) {
    if (one.thread.waiting?.why === 'newer-roster' || one.thread.wantsRoster) {
      void this.#maybeFetchRoster();
    }
    const known = one.thread.known();
    if (known === null) {
      return;
    }
    const { vault } = this.session;
    const before = vault.threads.find((each) => each.id.every((byte, i) => byte === known.id[i]));
    const next = before?.team ? { ...known, team: before.team } : known;
    this.keeper.update({ ...vault, threads: [...vault.threads.filter((each) => each !== before), next] });
  }

  /* ---- Events ---- */

  /** @param {{ n?: number, event: string, data: any }} event as it was pushed */
  pushed(event) {
    if (typeof event.n === 'number' && this.state === 'ready') {
      this.order.pushed(/** @type {import('./cursor.js').AccountEvent} */ (event)).catch(() => {
        // The connection went while catching up: the next one begins with that.
      });
    }
  }

  /** The connection is back. */
  async reconnected() {
    if (this.over) {
      return;
    }
    if (this.state === 'failed') {
      await this.load();
      return;
    }
    if (this.state !== 'ready') {
      return;
    }
    try {
      await this.order.catchUp();
      await this.keeper.save();
    } catch (error) {
      if (codeOf(error) !== 'offline') {
        this.problem = codeOf(error);
      }
      return;
    }
    this.conversations.forEach((one) => one.reconnected());
  }

  /** @param {import('./cursor.js').AccountEvent} event */
  async #take({ event, data }) {
    if (this.over) {
      return;
    }
    const one = this.find(String(data.thread ?? ''));
    if (one?.state === 'loading') {
      await this.#loadOne(one);
    }
    if (event === 'entry.new' && one !== null) {
      one.meta = { ...one.meta, reply: data.reply ?? one.meta.reply };
      const before = one.unread;
      await one.entryCame(data);
      const last = one.items[one.items.length - 1];
      if (one.unread > before && last?.author?.side === 'staff') {
        this.onMessage(one, last.author.name);
      }
    } else if (event === 'thread.new' && one === null && this.roster !== null) {
      // Accepted in another tab, which has put the key into the vault.
      await this.keeper.merge();
      const added = this.#conversation(data);
      this.conversations = [...this.conversations, added];
      await this.#loadOne(added);
    } else if ((event === 'thread.changed' || event === 'thread.new') && one !== null) {
      one.meta = { ...one.meta, ...data };
      this.onChange();
    }
  }

  /** Signed out. */
  end() {
    this.over = true;
    this.keeper.stop();
    this.conversations.forEach((one) => one.end());
  }
}
