// @ts-check
/**
 * The conversation: what was written, live, and where to write.
 *
 * @module
 */
import { html, nothing } from 'lit/html.js';
import { live } from 'lit/directives/live.js';
import { MAX_MESSAGE_CHARS } from '../proto.js';
import { civil } from '../time.js';
import { timeline } from '../timeline.js';
import { alert, errorMessage, errorSummary, groupClass, hasError, helpPanel, jump, notOpened, working } from '../ui/pieces.js';
import { caseworkerPanel, children } from '../ui/people.js';
import { icons } from '../ui/icons.js';
import { firstName, promiseSentence } from '../when.js';
import { makeRows, whyNotSent } from './rows.js';

/** @typedef {import('../conversation.js').Conversation} Conversation */

const PAGE = 40;
const SAVE_MS = 400;
/** The counter shows from here on. */
const COUNT_FROM = MAX_MESSAGE_CHARS * 0.75;

/** Characters as people count them. @param {string} text */
const lengthOf = (text) => [...text].length;

/** @type {import('../app.js').MakeView} */
export default (app, route) => {
  const t = app.t.messages;
  /** @type {import('../ui/pieces.js').FieldError[]} */
  let errors = [];
  let limit = PAGE;
  /** Where the line "new messages" stands: what was new when the page was opened. */
  let newAfter = -1;
  /** The log is being filled with what is old: nothing to read out. */
  let quiet = true;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let saveTimer = undefined;
  let counted = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let countTimer = undefined;
  /** @type {IntersectionObserver | null} */
  let observer = null;
  /** @type {Set<Element>} */
  const watched = new Set();

  const current = () => {
    const all = app.mailbox?.conversations ?? [];
    return route.thread === undefined ? all[0] ?? null : app.mailbox?.find(route.thread) ?? null;
  };

  const rows = makeRows(app, {
    conversation: () => /** @type {Conversation} */ (current()),
    takeBackFailed: () => app.announce(t.takeBackFailed),
  });

  /* ---- What was on the screen ---- */

  /** @param {IntersectionObserverEntry[]} entries */
  const saw = (entries) => {
    if (document.visibilityState !== 'visible') {
      return;
    }
    const one = current();
    for (const entry of entries) {
      if (entry.isIntersecting) {
        one?.wasShown(Number(entry.target.getAttribute('data-seq')));
      }
    }
  };

  const watch = () => {
    observer ??= new IntersectionObserver(saw, { threshold: 0 });
    for (const element of document.querySelectorAll('[data-seq]')) {
      if (!watched.has(element)) {
        watched.add(element);
        observer.observe(element);
      }
    }
  };

  const visible = () => {
    if (document.visibilityState === 'visible' && observer !== null) {
      // Observers tell changes only: ask again for what is on the screen now.
      observer.disconnect();
      watched.clear();
      watch();
    }
  };
  document.addEventListener('visibilitychange', visible);

  /* ---- Writing ---- */

  /** @param {Conversation} one */
  const save = (one) => {
    clearTimeout(saveTimer);
    saveTimer = setTimeout(() => {
      one.saveDraft();
      app.update();
    }, SAVE_MS);
  };

  /** @param {Conversation} one @param {string} text */
  const typed = (one, text) => {
    one.typed(text);
    save(one);
    const length = lengthOf(text);
    if (length >= COUNT_FROM || counted) {
      counted = length >= COUNT_FROM;
      app.update();
      clearTimeout(countTimer);
      // Said when the typing pauses, not with every key.
      countTimer = setTimeout(() => counted && app.announce(countText(length)), 1200);
    }
  };

  /** @param {number} length */
  const countText = (length) =>
    length > MAX_MESSAGE_CHARS ? t.over(length - MAX_MESSAGE_CHARS) : t.left(MAX_MESSAGE_CHARS - length);

  /** @param {SubmitEvent} event @param {Conversation} one */
  const submit = (event, one) => {
    event.preventDefault();
    const text = one.draft.trimEnd();
    errors = [];
    if (text.trim() === '') {
      errors = [{ id: 'message', text: t.empty }];
    } else if (lengthOf(text) > MAX_MESSAGE_CHARS) {
      errors = [{ id: 'message', text: t.tooLong }];
    }
    if (errors.length > 0) {
      app.showErrors();
      return;
    }
    clearTimeout(saveTimer);
    // What was new when the page was opened has been read by somebody who answers.
    newAfter = one.thread.head.seq;
    counted = false;
    // Drawn before the new line comes: no other line has to move, and none is read out again.
    app.draw();
    one.send(text);
  };

  /** @param {Conversation} one */
  const composer = (one) => {
    const who = firstName(one.caseworker.name) || app.settings.team_name;
    const length = lengthOf(one.draft);
    const over = length > MAX_MESSAGE_CHARS;
    const wrong = hasError(errors, 'message');
    const kept = one.draftsRefused ? t.draftNot : one.draft !== '' && one.draftSavedAt > 0 ? t.draftSaved(app.t.time(civil(one.draftSavedAt))) : t.draftKept;
    return html`<form class="sl-composer" id="write" novalidate @submit=${(/** @type {SubmitEvent} */ event) => submit(event, one)}>
      <h2 class="govuk-heading-m" id="write-heading">${t.write(who)}</h2>
      ${one.draftLost ? html`<p class="govuk-body">${t.draftOld}</p>` : nothing}
      <div class="${groupClass(errors, 'message')} govuk-character-count">
        <label class="govuk-label govuk-label--s" for="message">${t.label}</label>
        <div id="message-hint" class="govuk-hint">${t.hint}</div>
        ${errorMessage(app, 'message', errors)}
        <textarea
          class="govuk-textarea ${wrong || over ? 'govuk-textarea--error' : ''}"
          id="message"
          name="message"
          rows="4"
          aria-describedby="message-hint message-limit${wrong ? ' message-error' : ''}"
          .value=${live(one.draft)}
          @input=${(/** @type {Event} */ event) => typed(one, /** @type {HTMLTextAreaElement} */ (event.target).value)}
        ></textarea>
        <div id="message-limit" class="govuk-visually-hidden">${t.limit}</div>
        ${length >= COUNT_FROM
          ? html`<div class="govuk-character-count__message ${over ? 'govuk-error-message' : 'govuk-hint'}" aria-hidden="true">${countText(length)}</div>`
          : nothing}
      </div>
      <button type="submit" class="govuk-button govuk-!-margin-bottom-2">${t.button}</button>
      <p class="sl-hint">${app.say(app.t.promise.hurry)}</p>
      <p class="sl-hint govuk-!-margin-bottom-0">${kept}</p>
    </form>`;
  };

  /* ---- What stands above ---- */

  const connection = () => {
    const { state, since } = app.connection;
    if (state === 'lost') {
      return alert('warning', t.offlineTitle, html`<p class="govuk-body">${t.offline} ${since > 0 ? t.offlineSince(app.t.time(civil(since / 1000))) : nothing}</p>`, { role: 'region' });
    }
    return state === 'back' ? alert('success', t.connectedAgain, nothing, { role: 'region' }) : nothing;
  };

  /** What was said of the connection, and of which messages that they were not sent. */
  let said = app.connection.state;
  /** @type {Set<string>} */
  const saidOf = new Set();

  /** Changes that the log does not read out by itself, each once. @param {Conversation} one */
  const tell = (one) => {
    const { state } = app.connection;
    if (state !== said) {
      said = state;
      app.announce({ lost: t.offlineTitle, back: t.connectedAgain, fine: '' }[state]);
    }
    const failed = one.unsent.filter((each) => each.state === 'failed');
    for (const each of failed.filter(({ entryId }) => !saidOf.has(entryId))) {
      saidOf.add(each.entryId);
      app.announce(whyNotSent(app.t, each));
    }
    for (const id of saidOf) {
      if (!failed.some(({ entryId }) => entryId === id)) {
        saidOf.delete(id);
      }
    }
  };

  /** @param {Conversation} one @returns {string} why nothing is sent, or '' */
  const stopName = (one) => {
    if (app.mailbox?.rosterAlarm) {
      return 'roster';
    }
    const state = one.sendState;
    return state.ok ? '' : /** @type {any} */ (state).why;
  };

  /** @param {Conversation} one @param {string} why */
  const stopped = (one, why) => {
    const text = t.stopped[/** @type {keyof typeof t.stopped} */ (why)] ?? t.stopped['key-alarm'];
    const code = why === 'roster' ? `roster-${app.mailbox?.rosterAlarm}` : `${why} ${one.thread.stopped?.seq ?? ''}`.trim();
    return alert('error', t.stoppedTitle, html`<p class="govuk-body">${text}</p>
      <p class="govuk-body">${app.say(t.stoppedDo)}</p>
      <p class="govuk-body">${t.stoppedCode(code)}</p>`, { role: 'alert', id: 'stopped' });
  };

  /** @param {Conversation} one */
  const oldRoster = (one) =>
    alert('warning', t.oldRosterTitle, html`<p class="govuk-body">${t.oldRoster}</p>
      <button type="button" class="govuk-button govuk-button--secondary govuk-!-margin-bottom-0" @click=${() => {
        one.sendAnyway = true;
        app.announce(t.oldRosterOn);
        app.update();
        one.pump();
      }}>${t.oldRosterYes}</button>`, { role: 'region' });

  /** @param {Conversation} one */
  const lock = (one) => {
    const readers = one.thread.canRead;
    if (!readers?.team) {
      return nothing;
    }
    return html`<p class="sl-lock">${icons.lock}<span>${t.lock(one.caseworker.name, readers.team.name, readers.records?.name ?? '')}</span></p>`;
  };

  /** @param {Conversation} one */
  const title = (one) => {
    const { card } = one.thread;
    const ref = String(one.meta.ref ?? '');
    return html`<p class="govuk-body govuk-!-margin-bottom-3">${t.aboutLine(card?.child ?? '', card?.case ?? ref)}</p>
      ${card && ref !== '' && card.case !== ref ? alert('warning', app.t.messages.warning.title, html`<p class="govuk-body">${app.say(t.otherRef)}</p>`, { role: 'region' }) : nothing}`;
  };

  /** @param {Conversation} one */
  const empty = (one) => {
    const who = firstName(one.caseworker.name) || app.settings.team_name;
    return html`<h2 class="govuk-heading-m">${t.noneTitle}</h2>
      <p class="govuk-body">${t.none(who)}</p>
      <p class="govuk-body">${t.ideasTitle(who)}</p>
      <ul class="govuk-list govuk-list--bullet">${t.ideas(one.thread.card?.child ?? '').map((idea) => html`<li>${idea}</li>`)}</ul>`;
  };

  /** @param {Conversation} one */
  const log = (one) => {
    const { rows: lines, older } = timeline(one.items, {
      newAfter: newAfter < 0 ? one.thread.seenBy.parent : newAfter,
      staffSeen: one.thread.seenBy.staff,
      unsent: one.unsent,
      limit,
    });
    const fresh = lines.some((line) => line.t === 'new');
    return html`<ul class="sl-links sl-links--row">
        ${fresh ? html`<li><a class="govuk-link" href="#newest" @click=${(/** @type {Event} */ event) => jump(event, 'newest')}>${t.goNew}</a></li>` : nothing}
        <li><a class="govuk-link" href="#message" @click=${(/** @type {Event} */ event) => jump(event, 'message')}>${t.goWrite}</a></li>
      </ul>
      ${older
        ? html`<p class="govuk-body"><button type="button" class="sl-link-button sl-tap" @click=${() => {
           limit += PAGE;
           quiet = true;
           app.update();
         }}>${t.older}</button></p>`
        : nothing}
      <div class="sl-log" role="log" aria-label=${t.log} aria-live=${quiet ? 'off' : 'polite'}>${rows.draw(lines)}</div>
      ${one.items.some((item) => item.kind === 'text') || one.unsent.length > 0 ? nothing : empty(one)}`;
  };

  /** @param {Conversation} one */
  const promise = (one) => {
    const sentence = promiseSentence(app.t, one.meta.reply, firstName(one.caseworker.name), Date.now() / 1000);
    return sentence === null ? nothing : html`<p class="sl-reply-by"><strong>${app.say(sentence)}</strong></p>`;
  };

  /** @param {Conversation} one */
  const body = (one) => {
    if (one.state !== 'ready') {
      return one.state === 'failed' ? stopped(one, one.problem) : working(t.opening);
    }
    if (newAfter < 0) {
      newAfter = one.thread.seenBy.parent;
    }
    const why = stopName(one);
    const state = one.sendState;
    return html`${why === '' ? nothing : stopped(one, why)} ${'ask' in state ? oldRoster(one) : nothing} ${title(one)} ${lock(one)}
      ${log(one)} ${promise(one)} ${one.meta.closed_at ? html`<p class="govuk-body"><strong>${app.say(t.closed)}</strong></p>` : composer(one)}`;
  };

  const without = () => {
    switch (app.mailbox?.state) {
      case 'loading':
        return working(t.opening);
      case 'failed':
        return notOpened(app);
      default:
        return html`<p class="govuk-body">${app.say(t.notFound)}</p>`;
    }
  };

  const heading = (/** @type {Conversation | null} */ one) => {
    const name = one?.caseworker.name ?? '';
    return name === '' ? t.h1Team : t.h1(name);
  };

  return {
    title: t.title,
    wrong: () => errors.length > 0,
    draw() {
      const one = current();
      app.showing = one?.id ?? '';
      const all = app.mailbox?.conversations ?? [];
      return html`<div class="govuk-grid-row">
        <div class="govuk-grid-column-two-thirds">
          ${errorSummary(app, errors)}
          <h1 class="govuk-heading-l govuk-!-margin-bottom-3" tabindex="-1">${heading(one)}</h1>
          ${children(app, all, one, null)} ${connection()}
          ${one === null ? without() : body(one)}
        </div>
        <div class="govuk-grid-column-one-third sl-aside">${one === null ? nothing : caseworkerPanel(app, one)} ${helpPanel(app)}</div>
      </div>`;
    },
    drawn() {
      watch();
      const one = current();
      if (one?.state === 'ready') {
        one.wasShown(0);
        tell(one);
        if (quiet) {
          quiet = false;
          // After what is there already has been put in.
          setTimeout(app.update, 300);
        }
      }
    },
    leave() {
      document.removeEventListener('visibilitychange', visible);
      observer?.disconnect();
      clearTimeout(saveTimer);
      clearTimeout(countTimer);
      app.showing = '';
      current()?.saveTyped();
    },
  };
};
