// @ts-check
/**
 * Keeps the vault on the server up to date: keys as they come, and how far each thread was checked. Saves
 * gather for a moment, and one that lost a race with another tab is merged and made again.
 *
 * @module
 */
import { openVault, sealVault, vaultHash } from './e2ee/account.js';
import { fromB64, toB64 } from './e2ee/bytes.js';
import { systemRandom } from './e2ee/sodium.js';
import { mergeVaults, sameVault } from './vaults.js';
import { codeOf } from './wire.js';

/** @typedef {import('./e2ee/types.js').Vault} Vault */

const GATHER_MS = 1500;
const MAX_RACES = 8;

export class Keeper {
  /**
   * @param {import('./wire.js').Wire} wire
   * @param {import('./session.js').Session} session
   */
  constructor(wire, session) {
    this.wire = wire;
    this.session = session;
    /** What the server has. @type {Vault} */
    this.saved = session.vault;
    /** The account has other keys now: this session is over. */
    this.onReplaced = () => {};
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {Promise<void> | null} */
    this.saving = null;
    this.stopped = false;
  }

  /** @param {Vault} vault what should be kept from now on */
  update(vault) {
    this.session.vault = vault;
    if (!sameVault(this.saved, vault)) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), GATHER_MS);
    }
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** Save now. @returns {Promise<void>} settles when done or put off; never rejects */
  save() {
    clearTimeout(this.timer);
    if (this.saving === null) {
      this.saving = this.#saveOnce().finally(() => {
        this.saving = null;
      });
    }
    return this.saving;
  }

  async #saveOnce() {
    try {
      for (let race = 0; race < MAX_RACES && !this.stopped && !sameVault(this.saved, this.session.vault); race++) {
        await this.#try();
      }
    } catch (error) {
      // Offline, or the server cannot now: after the next connection or change.
      if (codeOf(error) !== 'offline' && !this.stopped) {
        this.timer = setTimeout(() => this.save(), 30000);
      }
    }
  }

  async #try() {
    const { session } = this;
    const { vault } = session;
    const sealed = sealVault(session.vaultKey, session.parent, vault, systemRandom);
    try {
      const answer = await this.wire.call('vault.save', { vault: toB64(sealed), replaces: session.vaultHash });
      session.vaultHash = answer.vault_hash;
      this.saved = vault;
    } catch (error) {
      if (codeOf(error) !== 'vault_conflict') {
        throw error;
      }
      await this.merge();
    }
  }

  /** What another tab or device has saved is taken in. */
  async merge() {
    const { session } = this;
    const sealed = fromB64((await this.wire.call('vault.get', {})).vault);
    let theirs;
    try {
      theirs = openVault(session.vaultKey, session.parent, sealed, session.vault.service);
    } catch {
      theirs = null;
    }
    const merged = theirs && mergeVaults(session.vault, theirs);
    if (!merged || !theirs) {
      this.stop();
      this.onReplaced();
      return;
    }
    this.saved = theirs;
    session.vault = merged;
    session.vaultHash = toB64(vaultHash(sealed));
  }
}
