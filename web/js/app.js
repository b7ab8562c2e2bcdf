// @ts-check
/**
 * The app: who is signed in, which view shows, and what all views share (words, focus, announcements, the
 * connection, the clock that signs people out).
 *
 * @module
 */
import { nothing, render } from 'lit/html.js';
import { Idle } from './idle.js';
import { isPrivate, routeOf } from './router.js';
import { forgetTab, readTab } from './storage.js';
import { fill, fillers } from './ui/say.js';
import { nav } from './ui/nav.js';
import { timeoutDialog } from './ui/timeout.js';
import account from './views/account.js';
import ended from './views/ended.js';
import forgotten from './views/forgotten.js';
import home from './views/home.js';
import notFound from './views/not-found.js';
import problem from './views/problem.js';
import signIn from './views/sign-in.js';
import signedOut from './views/signed-out.js';
import wait from './views/wait.js';
import { codeOf, Wire } from './wire.js';
import { readSettings, wordsFor } from './words.js';

/** @typedef {import('./router.js').Route} Route */
/** @typedef {import('./session.js').Session} Session */
/** @typedef {import('./session.js').Opened} Opened */
/** @typedef {import('./mailbox.js').Mailbox} Mailbox */
/** @typedef {typeof import('./core.js')} Core */

/**
 * What a view is: made anew at each visit, and asked to draw itself whenever something changed.
 * @typedef {object} View
 * @property {string} title
 * @property {() => unknown} draw
 * @property {() => boolean} [wrong] has errors: the title says so
 * @property {() => void} [drawn] after each drawing
 * @property {() => void} [leave]
 */
/** @typedef {(app: App, route: Route) => View} MakeView */

/** Views that are not needed to read the first page come when they are. @type {Record<string, () => Promise<{default: MakeView}>>} */
const LATER = {
  accept: () => import('./views/accept.js'),
  messages: () => import('./views/messages.js'),
};

/** @type {Record<string, MakeView>} */
const VIEWS = {
  account, forgotten, home,
  'not-found': notFound,
  'session-ended': ended,
  'sign-in': signIn,
  'signed-out': signedOut,
};

const BACK_ONLINE_MS = 5000;
const LOST_AFTER_MS = 1500;
const TICK_MS = 5000;

const now = () => Math.floor(Date.now() / 1000);

/** @param {string} id */
function element(id) {
  const found = document.getElementById(id);
  if (found === null) {
    throw new Error(`the page has no ${id}`);
  }
  return found;
}

export class App {
  constructor() {
    this.settings = readSettings();
    this.t = wordsFor(this.settings);
    this.fillers = fillers(this.settings);
    this.wire = new Wire({ url: `wss://${location.host}/ws` });
    /** @type {Route} */
    this.route = { name: 'home' };
    /** Where the view on the screen is. */
    this.path = '';
    /** @type {View} */
    this.view = wait(this, this.route);
    /** @type {Session | null} */
    this.session = null;
    /** @type {Mailbox | null} */
    this.mailbox = null;
    /** @type {Idle | null} */
    this.idle = null;
    /** Where somebody wanted to go before signing in. */
    this.wanted = '';
    /** An invitation's link, until it was opened. */
    this.invitation = '';
    /** One that was opened, while its owner signs in first. @type {Opened | null} */
    this.opened = null;
    /** Shown once on the next page. @type {{ heading: string, text: string } | null} */
    this.banner = null;
    /** Why the last session ended. @type {'idle' | 'elsewhere' | ''} */
    this.endedBy = '';
    this.idleMinutes = 30;
    /** @type {{ state: 'fine' | 'lost' | 'back', since: number }} */
    this.connection = { state: 'fine', since: 0 };
    /** @type {Core | null} */
    this.core = null;
    /** @type {Promise<Core> | null} */
    this.coreComing = null;
    this.planned = false;
    this.visit = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.lostTimer = undefined;
  }

  /* ---- Begin ---- */

  /** @param {string} invitation the fragment of the link, or '' */
  async start(invitation) {
    this.invitation = invitation;
    element('main-content').replaceChildren();
    element('app-nav').replaceChildren();
    this.#listen();
    const route = invitation === '' ? routeOf(location.pathname) : { name: /** @type {const} */ ('accept') };
    if (readTab() !== null && (isPrivate(route) || route.name === 'accept')) {
      this.#show({ name: 'home' }, wait(this, route), { focus: false });
      await this.#resume();
    }
    await this.open(route, { focus: false });
    // What is readable stays so; now the rest may load.
    const soon = window.requestIdleCallback ?? ((/** @type {() => void} */ then) => setTimeout(then, 300));
    soon(() => this.load().then((core) => (this.session ? undefined : core.warmUp()), () => {}));
  }

  /** @param {string} invitation the fragment of a link that was opened meanwhile */
  invited(invitation) {
    this.invitation = invitation;
    this.opened = null;
    return this.open({ name: 'accept' });
  }

  #listen() {
    window.addEventListener('popstate', () => {
      // Links within a page (“Skip to main content”) are part of history too, and lead nowhere else.
      if (location.pathname !== this.path) {
        this.open(routeOf(location.pathname));
      }
    });
    document.addEventListener('click', (event) => this.#clicked(event));
    document.addEventListener('sendline:exit', () => this.#wipe());
    for (const name of ['keydown', 'pointerdown', 'scroll', 'touchstart']) {
      document.addEventListener(name, () => this.idle?.touch(now()), { passive: true, capture: true });
    }
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') {
        this.#tick();
        if (this.session) {
          this.wire.poke();
        }
        this.update();
      }
    });
    window.addEventListener('online', () => this.wire.poke());
    window.addEventListener('offline', () => this.wire.drop());
    window.addEventListener('pagehide', () => this.mailbox?.conversations.forEach((one) => one.saveTyped()));
    setInterval(() => this.#tick(), TICK_MS);
    this.wire.greet = () => this.#greet();
    this.wire.onState = (state) => this.#wireState(state);
    this.wire.onEvent = (event) => this.#event(event);
  }

  /** Links between our own pages do not load anew. @param {MouseEvent} event */
  #clicked(event) {
    const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
    if (!(link instanceof HTMLAnchorElement) || event.defaultPrevented || event.button !== 0
      || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey
      || link.target !== '' || link.hasAttribute('download') || link.origin !== location.origin) {
      return;
    }
    if (link.pathname === location.pathname && link.hash !== '') {
      return;
    }
    if (routeOf(link.pathname).name !== 'not-found') {
      event.preventDefault();
      this.go(link.pathname);
    }
  }

  /* ---- Views ---- */

  /** @param {string} path @param {{ replace?: boolean }} [how] */
  go(path, { replace = false } = {}) {
    history[replace ? 'replaceState' : 'pushState'](null, '', path);
    return this.open(routeOf(path));
  }

  /** @param {Route} route @param {{ focus?: boolean }} [how] */
  async open(route, how = {}) {
    const visit = ++this.visit;
    if (isPrivate(route) && this.session === null) {
      this.wanted = route.name === 'home' ? '' : location.pathname;
      history.replaceState(null, '', '/sign-in');
      this.#show({ name: 'sign-in' }, signIn(this, { name: 'sign-in' }), how);
      return;
    }
    if (route.name === 'sign-in' && this.session !== null) {
      await this.go('/', { replace: true });
      return;
    }
    const later = LATER[route.name];
    if (later === undefined) {
      this.#show(route, VIEWS[route.name](this, route), how);
      return;
    }
    try {
      const { default: make } = await later();
      if (visit === this.visit) {
        this.#show(route, make(this, route), how);
      }
    } catch {
      // A part of the page did not come: the next try loads it again.
      if (visit === this.visit) {
        this.#show(route, problem(this, route), how);
      }
    }
  }

  /** @param {string} code for the helpline */
  fail(code) {
    this.#show(this.route, problem(this, this.route, code), {});
  }

  /** @param {Route} route @param {View} view @param {{ focus?: boolean }} how */
  #show(route, view, { focus = true }) {
    this.view.leave?.();
    this.route = route;
    this.path = location.pathname;
    this.view = view;
    element('announce').textContent = '';
    this.draw();
    if (focus) {
      window.scrollTo(0, 0);
      /** @type {HTMLElement | null} */ (document.querySelector('#main-content h1'))?.focus({ preventScroll: true });
    }
  }

  /** Something changed: draw once, soon. */
  update = () => {
    if (!this.planned) {
      this.planned = true;
      queueMicrotask(() => {
        this.planned = false;
        this.draw();
      });
    }
  };

  draw() {
    const { view } = this;
    document.title = this.t.title(view.title, view.wrong?.() ?? false);
    document.documentElement.lang = this.t.lang;
    element('main-content').classList.toggle('sl-main', this.session !== null);
    render(nav(this), element('app-nav'));
    render(view.draw(), element('main-content'));
    render(this.idle === null ? nothing : timeoutDialog(this), element('app-dialog'));
    view.drawn?.();
  }

  /** Errors of a form: the summary is read out, and the keyboard is there. */
  showErrors() {
    this.draw();
    const summary = document.getElementById('error-summary');
    summary?.scrollIntoView({ block: 'start' });
    summary?.focus({ preventScroll: true });
  }

  /** Said once, politely, by screen readers. @param {string} text */
  announce(text) {
    const box = element('announce');
    // The same words twice are news twice.
    box.textContent = '';
    setTimeout(() => {
      box.textContent = text;
    }, 50);
  }

  /** A sentence of the catalogue with its links. @param {string} text @param {Record<string, unknown>} [more] */
  say(text, more = {}) {
    return fill(text, { ...this.fillers, ...more });
  }

  /** The banner of this page, given out once per visit. */
  takeBanner() {
    const { banner } = this;
    this.banner = null;
    return banner;
  }

  /* ---- Session ---- */

  /** The part with the encryption. @returns {Promise<Core>} */
  load() {
    if (this.coreComing === null) {
      this.coreComing = import('./core.js').then(async (core) => {
        await core.ready();
        this.core = core;
        return core;
      });
      this.coreComing.catch(() => {
        this.coreComing = null;
      });
    }
    return this.coreComing;
  }

  /** @param {Session} session @param {string} path where to go */
  async signedIn(session, path) {
    this.#hold(session);
    await this.go(path, { replace: true });
  }

  /** @param {Session} session */
  #hold(session) {
    const core = /** @type {Core} */ (this.core);
    this.mailbox?.end();
    this.session = session;
    this.endedBy = '';
    this.idle = new Idle(session.idleS, now());
    this.idleMinutes = Math.round(session.idleS / 60);
    this.mailbox = new core.Mailbox({
      wire: this.wire,
      session,
      onChange: this.update,
      onMessage: (conversation, name) => this.#messageCame(conversation, name),
    });
    this.mailbox.keeper.onReplaced = () => this.sessionEnded('elsewhere');
    void this.mailbox.load();
  }

  /** @param {import('./conversation.js').Conversation} conversation @param {string} name */
  #messageCame(conversation, name) {
    // In the conversation itself the log says so.
    if (!(this.route.name === 'messages' && this.showing === conversation.id && document.visibilityState === 'visible')) {
      this.announce(this.t.messages.arrived(name === '' ? this.t.messages.staff : name));
    }
  }

  /** The conversation on the screen, base64url. */
  showing = '';

  /** After a reload: ask the server for the other half. */
  async #resume() {
    try {
      const core = await this.load();
      /** @type {any} */
      let answer = null;
      this.wire.greet = async () => {
        try {
          answer = await this.wire.call('auth.resume', {}, { first: true });
        } catch (error) {
          // Anything else may be better at the next try.
          if (codeOf(error) !== 'session_ended') {
            throw error;
          }
        }
      };
      this.wire.start();
      await this.#connected();
      const session = answer && (await core.resume(answer, this.settings.service_name));
      if (session) {
        this.#hold(session);
      } else {
        forgetTab();
        this.wire.stop();
      }
    } catch {
      // What is on the device may still be good; signing in is always a way.
      this.wire.stop();
    } finally {
      this.wire.greet = () => this.#greet();
    }
  }

  /** The first connection, or after half a minute the truth that there is none. @returns {Promise<void>} */
  async #connected() {
    const until = Date.now() + 30000;
    for (;;) {
      try {
        await this.wire.call('service.info', {});
        return;
      } catch (error) {
        if (codeOf(error) !== 'offline' || Date.now() > until) {
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }
  }

  /** On each new connection. */
  async #greet() {
    if (this.session === null) {
      return;
    }
    try {
      const same = await /** @type {Core} */ (this.core).resumeAgain(this.wire, this.session);
      if (!same) {
        this.sessionEnded('elsewhere');
      }
    } catch (error) {
      const code = codeOf(error);
      if (code === 'session_ended' || code === 'not_signed_in') {
        this.sessionEnded('elsewhere');
      }
      throw error;
    }
  }

  /** @param {import('./wire.js').WireState} state */
  #wireState(state) {
    if (state === 'open') {
      this.#forgetLoss();
      if (this.connection.state === 'lost') {
        this.connection = { state: 'back', since: Date.now() };
        setTimeout(() => {
          if (this.connection.state === 'back') {
            this.connection = { state: 'fine', since: 0 };
            this.update();
          }
        }, BACK_ONLINE_MS);
      }
      if (this.session !== null) {
        void this.mailbox?.reconnected();
      }
    } else if (state === 'waiting' && this.session !== null && this.lostTimer === undefined) {
      // From the first loss on: tries that fail meanwhile do not begin the wait anew.
      this.lostTimer = setTimeout(() => {
        if (this.wire.state !== 'open') {
          this.connection = { state: 'lost', since: this.wire.heardAt };
          this.update();
        }
      }, navigator.onLine ? LOST_AFTER_MS : 0);
    }
    this.update();
  }

  #forgetLoss() {
    clearTimeout(this.lostTimer);
    this.lostTimer = undefined;
  }

  /** @param {{ n?: number, event: string, data: any }} event */
  #event(event) {
    if (event.event === 'session.ended') {
      if (this.session !== null) {
        this.sessionEnded('elsewhere');
      }
    } else {
      this.mailbox?.pushed(event);
    }
  }

  /** Everything secret that this page holds goes. @param {{ keepWire?: boolean }} [how] */
  #wipe({ keepWire = false } = {}) {
    this.mailbox?.end();
    this.mailbox = null;
    this.session = null;
    this.idle = null;
    this.opened = null;
    this.invitation = '';
    this.wanted = '';
    this.connection = { state: 'fine', since: 0 };
    this.#forgetLoss();
    forgetTab();
    if (!keepWire) {
      this.wire.stop();
    }
    render(nothing, element('main-content'));
    render(nothing, element('app-dialog'));
  }

  /** The server forgets its half: over the socket, and the cookie over HTTP. */
  async #tellServer() {
    try {
      await this.wire.call('auth.sign_out', {}, { ms: 4000 });
    } catch {
      // It ends by itself after the idle time; this device has nothing left to open it with.
    }
    try {
      await fetch('/session/end', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}', credentials: 'same-origin', keepalive: true });
    } catch {
      // As above.
    }
  }

  async signOut() {
    const { mailbox } = this;
    await Promise.race([mailbox?.keeper.save(), new Promise((resolve) => setTimeout(resolve, 2000))]);
    // The page is empty before the server has answered.
    this.#wipe({ keepWire: true });
    await this.go('/signed-out', { replace: true });
    await this.#tellServer();
    this.#leaveWire();
  }

  /** The connection of a session that is over; unless somebody signed in again meanwhile. */
  #leaveWire() {
    if (this.session === null) {
      this.wire.stop();
    }
  }

  /** @param {'idle' | 'elsewhere'} why */
  sessionEnded(why) {
    if (this.session === null) {
      return;
    }
    const { pathname } = location;
    this.#wipe({ keepWire: why === 'idle' });
    this.endedBy = why;
    this.wanted = pathname;
    void this.go('/session-ended', { replace: true });
    if (why === 'idle') {
      void this.#tellServer().then(() => this.#leaveWire());
    }
  }

  /** The clock: warn at 28 idle minutes, sign out at 30. */
  #tick() {
    const { idle } = this;
    if (idle === null) {
      return;
    }
    const time = now();
    const state = idle.state(time);
    if (state === 'ended') {
      this.sessionEnded('idle');
      return;
    }
    if ((state === 'warn') !== idle.warned) {
      idle.warned = state === 'warn';
    }
    if (idle.warned) {
      this.update();
    }
    if (idle.tell(time) && this.wire.state === 'open') {
      this.wire.call('service.info', {}).catch(() => {});
    }
  }

  /** The warning's button. */
  stay() {
    this.idle?.stay(now());
    this.wire.call('service.info', {}).catch(() => {});
    this.update();
  }
}
