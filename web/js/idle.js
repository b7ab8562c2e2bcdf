// @ts-check
/**
 * When somebody has done nothing for a while. Pure: it is asked, with the time, and has no timer of its
 * own, so that a laptop that slept counts the hours it slept.
 *
 * @module
 */

/** How long before the end the warning comes. */
export const WARN_S = 120;
/** The server hears of somebody who is busy at least this often, so that its session does not end before ours. */
export const TELL_S = 120;

/** @typedef {'active' | 'warn' | 'ended'} IdleState */

export class Idle {
  /**
   * @param {number} idleS seconds without use after which the session ends (the server says)
   * @param {number} now Unix seconds
   */
  constructor(idleS, now) {
    this.idleS = idleS;
    this.usedAt = now;
    this.toldAt = now;
    this.warned = false;
  }

  /** Somebody did something. Once the warning shows, only its button counts. @param {number} now */
  touch(now) {
    if (!this.warned && this.state(now) === 'active') {
      this.usedAt = now;
    }
  }

  /** The warning's button. @param {number} now */
  stay(now) {
    this.warned = false;
    this.usedAt = now;
  }

  /** @param {number} now @returns {IdleState} */
  state(now) {
    const idle = now - this.usedAt;
    if (idle >= this.idleS) {
      return 'ended';
    }
    return idle >= this.idleS - WARN_S ? 'warn' : 'active';
  }

  /** @param {number} now seconds left, never below 0 */
  left(now) {
    return Math.max(0, this.usedAt + this.idleS - now);
  }

  /**
   * Should the server be told that somebody is here? True at most once in TELL_S, and only after use.
   * @param {number} now
   */
  tell(now) {
    if (now - this.toldAt >= TELL_S && this.usedAt > this.toldAt) {
      this.toldAt = now;
      return true;
    }
    return false;
  }
}
