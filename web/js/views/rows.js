// @ts-check
/**
 * The lines of a conversation: days, messages, events, warnings.
 *
 * @module
 */
import { html, nothing } from 'lit/html.js';
import { repeat } from 'lit/directives/repeat.js';
import { civil, isoUtc } from '../time.js';
import { icons } from '../ui/icons.js';
import { dayHeading, firstName, whenDay } from '../when.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../conversation.js').Conversation} Conversation */
/** @typedef {import('../timeline.js').Row} Row */
/** @typedef {Extract<Row, {t: 'message'}>} MessageRow */
/** @typedef {Extract<Row, {t: 'event'}>} EventRow */
/** @typedef {Extract<Row, {t: 'warning'}>} WarningRow */
/** @typedef {Extract<Row, {t: 'unsent'}>} UnsentRow */

/**
 * Text as it was typed: an empty line begins a paragraph, others stay lines. Never markup.
 * @param {string} text
 */
export function paragraphs(text) {
  return text.split(/\n[ \t]*\n+/).map((paragraph) => {
    const lines = paragraph.split('\n');
    return html`<p dir="auto">${lines.map((line, i) => (i === 0 ? line : html`<br />${line}`))}</p>`;
  });
}

/** Why a message was not sent. @param {App['t']} t @param {import('../outbox.js').Unsent} one */
export function whyNotSent({ messages: t }, one) {
  if (one.why === 'closed') {
    return t.notSentClosed;
  }
  return one.why === 'refused' ? t.notSentRefused : t.notSent(one.tries);
}

/**
 * @param {App} app
 * @param {{ conversation: () => Conversation, takeBackFailed: () => void }} with_
 */
export function makeRows(app, { conversation, takeBackFailed }) {
  const t = app.t.messages;
  /** The message that the person is asked about. */
  let asking = 0;
  /** @param {number} at */
  const clock = (at) => app.t.time(civil(at));

  /** @param {number} at */
  const time = (at) => html`<time datetime=${isoUtc(at)}>${clock(at)}</time>`;

  /** @param {unknown} icon @param {unknown} text */
  const status = (icon, text) => html`<span class="sl-msg__status">${icon}${text}</span>`;

  /** @param {string} name */
  const called = (name) => (name === '' ? t.staff : name);

  /** @param {string} name @param {boolean} mine */
  const by = (name, mine) => {
    if (mine) {
      return html`<span class="sl-msg__name">${t.you}</span>`;
    }
    const role = name === conversation().caseworker.name ? app.t.caseworker.yours : app.t.caseworker.colleague;
    return html`<span class="sl-msg__name">${called(name)}</span>, <span class="sl-msg__role">${role}</span>`;
  };

  /** @param {import('../e2ee/types.js').Item} item */
  const content = (item) => {
    const { body } = item;
    switch (item.kind) {
      case 'text':
        return paragraphs(String(body.body));
      case 'taken-back':
        return html`<p><em>${item.author?.mine ? t.takenBackMine : t.takenBack(called(item.author?.name ?? ''))}</em></p>`;
      case 'letter':
        return html`<p><strong>${t.letter}</strong></p>${paragraphs(String(body.body))}`;
      case 'reason':
        return html`<p><strong>${t.reason}</strong></p>${paragraphs(String(body.body))}`;
      case 'agreed':
        return html`<p><strong>${t.agreed}</strong></p><ul class="govuk-list govuk-list--bullet">${body.points.map((/** @type {string} */ point) => html`<li>${point}</li>`)}</ul>`;
      case 'confirm':
        return html`<p>${t.confirmed}</p>`;
      case 'call':
        return html`<p>${t.fileCall}</p>`;
      case 'file':
        return html`<p>${t.file}</p>`;
      default:
        return html`<p>${app.say(t.unknown(item.kind === 'unknown' ? String(body.name) : item.kind))}</p>`;
    }
  };

  /** @param {MessageRow} row */
  const statusOf = ({ state }) => {
    if (state === null) {
      return nothing;
    }
    if (!state.read) {
      return status(icons.tick, t.delivered);
    }
    const who = firstName(state.by || conversation().caseworker.name) || t.staff;
    return status(icons.tick, t.readBy(who, state.at === 0 ? '' : whenDay(app.t, state.at, Date.now() / 1000)));
  };

  /** @param {number} seq */
  const takeBack = async (seq) => {
    asking = 0;
    app.update();
    try {
      await conversation().takeBack(seq);
    } catch {
      takeBackFailed();
    }
  };

  /** @param {MessageRow} row */
  const takeBackLink = ({ item, at, mine }) => {
    if (!mine || item.kind !== 'text' || !conversation().sendState.ok) {
      return nothing;
    }
    if (asking === item.seq) {
      return html`<div class="sl-ask" role="group" aria-labelledby="ask-${item.seq}">
        <p id="ask-${item.seq}">${t.takeBackAsk}</p>
        <div class="sl-msg__actions">
          <button type="button" class="govuk-button govuk-button--secondary" @click=${() => takeBack(item.seq)}>${t.takeBackYes}</button>
          <button type="button" class="sl-link-button" @click=${() => {
            asking = 0;
            app.update();
          }}>${t.takeBackNo}</button>
        </div>
      </div>`;
    }
    return html`<div class="sl-msg__actions sl-msg__actions--quiet"><button type="button" class="sl-link-button" @click=${() => {
      asking = item.seq;
      app.draw();
      document.querySelector('.sl-ask button')?.scrollIntoView({ block: 'nearest' });
      /** @type {HTMLElement | null} */ (document.querySelector('.sl-ask button'))?.focus();
    }}>${t.takeBack}<span class="govuk-visually-hidden">${t.takeBackWhich(clock(at))}</span></button></div>`;
  };

  /** @param {MessageRow} row */
  const message = (row) => {
    const { item, at, mine, key } = row;
    return html`<article class="sl-msg ${mine ? 'sl-msg--mine' : 'sl-msg--theirs'}" aria-labelledby="${key}-by">
      <h3 class="sl-msg__by" id="${key}-by">${by(item.author?.name ?? '', mine)}</h3>
      <div class="sl-msg__text">${content(item)}</div>
      ${item.author && !item.author.confirmed ? html`<p class="sl-msg__meta"><span class="sl-msg__status">${icons.warning}${mine ? t.event.inviterLeft(called(conversation().thread.inviter?.name ?? '')) : t.notConfirmed}</span></p>` : nothing}
      <p class="sl-msg__meta" data-seq=${item.seq}>${time(at)}${statusOf(row)}${row.ownClock ? html`<span>${t.writtenAt(whenDay(app.t, item.sentAt, Date.now() / 1000), clock(item.sentAt))}</span>` : nothing}</p>
      ${takeBackLink(row)}
    </article>`;
  };

  /** Not read out by the log: that reads it once, when it was sent. @param {UnsentRow} row */
  const unsent = ({ unsent: one, at, key }) => {
    const failed = one.state === 'failed';
    const when = clock(at);
    const offline = app.connection.state === 'lost';
    return html`<article class="sl-msg sl-msg--mine ${failed ? 'sl-msg--failed' : ''}" aria-labelledby="${key}-by" aria-live="off">
      <h3 class="sl-msg__by" id="${key}-by"><span class="sl-msg__name">${t.you}</span></h3>
      <div class="sl-msg__text">${paragraphs(one.body)}</div>
      <p class="sl-msg__meta">${time(at)}${failed ? status(icons.warning, whyNotSent(app.t, one)) : status(icons.clock, one.state === 'sending' && !offline ? t.sending : t.waiting)}</p>
      ${one.state === 'sending' && !offline
        ? nothing
        : html`<div class="sl-msg__actions">
           ${failed && one.why !== 'closed' ? html`<button type="button" class="govuk-button govuk-button--secondary" @click=${() => conversation().retry(one.entryId)}>${t.retry}<span class="govuk-visually-hidden">${t.retryWhich(when)}</span></button>` : nothing}
           <button type="button" class="sl-link-button" @click=${() => {
             conversation().remove(one.entryId);
             app.announce(t.removed);
             document.getElementById('message')?.focus();
           }}>${t.remove}<span class="govuk-visually-hidden">${t.removeWhich(when)}</span></button>
         </div>`}
    </article>`;
  };

  /** @param {EventRow} row */
  const eventText = ({ item, at, what }) => {
    const e = t.event;
    const name = called(item.author?.name ?? '');
    const inviter = called(item.body.inviterName ?? '');
    switch (what) {
      case 'keyFirst':
        return e.keyFirst(name, clock(at));
      case 'keyNew':
        return e.keyNew(name, clock(at));
      case 'invite':
        return e.invite(name, clock(at), app.t.date(civil(item.body.expiresAt), civil(at).year));
      case 'keys':
        return e.keys(inviter, clock(at));
      case 'keysAgain':
        return app.say(e.keysAgain(inviter, clock(at)));
      case 'keysOwn':
        return e.keysOwn(clock(at));
      default:
        return e.card(name, clock(at));
    }
  };

  /** @param {EventRow} row */
  const event = (row) => html`<div class="sl-event">${row.what.startsWith('key') && !row.what.startsWith('keys') ? icons.lock : icons.person}<p>${eventText(row)}</p></div>`;

  /** @param {WarningRow} row */
  const warning = ({ item }) => html`<div class="sl-event sl-event--warning">${icons.warning}
    <div>
      <p><strong>${t.warning.title}</strong></p>
      <p>${t.warning[/** @type {1} */ (item.rule ?? 8)]} ${app.say(t.warning.body)}</p>
      <details class="govuk-details govuk-!-margin-bottom-0">
        <summary class="govuk-details__summary"><span class="govuk-details__summary-text">${t.warning.details}</span></summary>
        <div class="govuk-details__text">${t.warning.code(item.seq, item.reason ?? '')}</div>
      </details>
    </div>
  </div>`;

  /** @param {Row} row */
  const one = (row) => {
    switch (row.t) {
      case 'day':
        return html`<h2 class="sl-day"><span>${dayHeading(app.t, row.on, Date.now() / 1000)}</span></h2>`;
      case 'new':
        return html`<p class="sl-new" id="newest" tabindex="-1"><span>${t.newLine(row.n)}</span></p>`;
      case 'message':
        return message(row);
      case 'event':
        return event(row);
      case 'warning':
        return warning(row);
      default:
        return unsent(row);
    }
  };

  return {
    /** @param {Row[]} lines */
    draw: (lines) => repeat(lines, (row) => row.key, one),
  };
}

