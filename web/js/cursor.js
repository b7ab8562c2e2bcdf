// @ts-check
/**
 * The account's event cursor: each event once and in order, whatever mixture of pushes and answers to
 * `sync` brings them.
 *
 * @module
 */

/** @typedef {{ n: number, event: string, data: any }} AccountEvent */

export class EventOrder {
  /**
   * @param {(after: number) => Promise<{events: AccountEvent[], cursor: number, more: boolean}>} fetchAfter
   * @param {(event: AccountEvent) => Promise<void>} take
   */
  constructor(fetchAfter, take) {
    this.fetchAfter = fetchAfter;
    this.take = take;
    this.known = 0;
    /** One thing at a time: an event is taken whole before the next is looked at. */
    this.chain = Promise.resolve();
  }

  /** @param {number} cursor everything up to here is known, from a snapshot */
  begin(cursor) {
    this.known = cursor;
  }

  /** @param {AccountEvent} event as it was pushed */
  pushed(event) {
    return this.#then(async () => {
      if (event.n > this.known + 1) {
        await this.#sync();
      }
      await this.#one(event);
    });
  }

  /** After a connection was lost: ask for what was missed. */
  catchUp() {
    return this.#then(() => this.#sync());
  }

  async #sync() {
    let more = true;
    while (more) {
      const page = await this.fetchAfter(this.known);
      for (const event of page.events) {
        // The server may no longer keep the oldest; what comes is in order all the same.
        this.known = Math.max(this.known, event.n - 1);
        await this.#one(event);
      }
      if (page.cursor > this.known && !page.more) {
        this.known = page.cursor;
      }
      more = page.more && page.events.length > 0;
    }
  }

  /** @param {AccountEvent} event */
  async #one(event) {
    if (event.n === this.known + 1) {
      await this.take(event);
      // Only now: one that could not be taken (the connection went) comes again.
      this.known = event.n;
    }
  }

  /** @param {() => Promise<void>} step */
  #then(step) {
    const next = this.chain.then(step);
    // A failed step (offline) is its caller's to know; the next one starts clean.
    this.chain = next.catch(() => {});
    return next;
  }
}
