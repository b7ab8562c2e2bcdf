// @ts-check
/**
 * Parts that several pages share, as GOV.UK and MOJ components have them.
 *
 * @module
 */
import { html, nothing } from 'lit/html.js';
import { alertIcons } from './icons.js';
import { telHref } from './say.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {{ id: string, text: string }} FieldError */

/** @param {App} app @param {FieldError[]} errors @param {unknown} [lead] */
export function errorSummary(app, errors, lead = nothing) {
  if (errors.length === 0) {
    return nothing;
  }
  return html`<div class="govuk-error-summary" id="error-summary" tabindex="-1">
    <div role="alert">
      <h2 class="govuk-error-summary__title">${app.t.common.problemTitle}</h2>
      <div class="govuk-error-summary__body">
        ${lead}
        <ul class="govuk-list govuk-error-summary__list">
          ${errors.map(
            ({ id, text }) => html`<li>
              ${id === ''
                ? html`<strong class="sl-error-text">${text}</strong>`
                : html`<a href="#${id}" @click=${(/** @type {Event} */ event) => jump(event, id)}>${text}</a>`}
            </li>`,
          )}
        </ul>
      </div>
    </div>
  </div>`;
}

/** A link within the page moves focus too, and leaves the address as it is. @param {Event} event @param {string} id */
export function jump(event, id) {
  event.preventDefault();
  const target = document.getElementById(id);
  target?.scrollIntoView({ block: 'start' });
  target?.focus({ preventScroll: true });
}

/** @param {App} app @param {string} id @param {FieldError[]} errors */
export function errorMessage(app, id, errors) {
  const found = errors.find((error) => error.id === id);
  return found === undefined
    ? nothing
    : html`<p id="${id}-error" class="govuk-error-message"><span class="govuk-visually-hidden">${app.t.common.error}</span> ${found.text}</p>`;
}

/** @param {FieldError[]} errors @param {string} id */
export function hasError(errors, id) {
  return errors.some((error) => error.id === id);
}

/** @param {FieldError[]} errors @param {string} id */
export function groupClass(errors, id) {
  return `govuk-form-group${hasError(errors, id) ? ' govuk-form-group--error' : ''}`;
}

/**
 * @param {App} app
 * @param {object} field
 * @param {string} field.label
 * @param {string} field.size of the label: s or m
 * @param {string} [field.hint]
 * @param {string} field.autocomplete
 * @param {string} [field.described]
 * @param {boolean} field.visible
 * @param {() => void} field.onToggle
 * @param {(value: string) => void} [field.onInput]
 * @param {FieldError[]} errors
 */
export function passwordInput(app, field, errors) {
  const { t } = app;
  const wrong = hasError(errors, 'password');
  const described = [field.described, field.hint ? 'password-hint' : '', wrong ? 'password-error' : ''].filter(Boolean).join(' ');
  return html`<div class="${groupClass(errors, 'password')} govuk-password-input">
    <label class="govuk-label govuk-label--${field.size}" for="password">${field.label}</label>
    ${field.hint ? html`<div id="password-hint" class="govuk-hint">${field.hint}</div>` : nothing}
    ${errorMessage(app, 'password', errors)}
    <div class="govuk-input__wrapper govuk-password-input__wrapper">
      <input
        class="govuk-input govuk-password-input__input ${wrong ? 'govuk-input--error' : ''}"
        id="password"
        name="password"
        type=${field.visible ? 'text' : 'password'}
        spellcheck="false"
        autocomplete=${field.autocomplete}
        autocapitalize="none"
        aria-describedby=${described === '' ? nothing : described}
        @input=${(/** @type {Event} */ event) => field.onInput?.(/** @type {HTMLInputElement} */ (event.target).value)}
      />
      <button
        type="button"
        class="govuk-button govuk-button--secondary govuk-password-input__toggle"
        aria-controls="password"
        aria-label=${field.visible ? t.common.hidePassword : t.common.showPassword}
        @click=${() => {
          field.onToggle();
          app.announce(field.visible ? t.common.passwordHidden : t.common.passwordShown);
        }}
      >${field.visible ? t.common.hide : t.common.show}</button>
    </div>
  </div>`;
}

/** Something takes long: words, and a bar that moves. @param {string} text */
export function working(text) {
  return html`<div class="sl-working" id="working" tabindex="-1">
    <label for="working-bar">${text}</label>
    <progress class="sl-progress" id="working-bar"></progress>
  </div>`;
}

/**
 * @param {'warning' | 'error' | 'information' | 'success'} kind
 * @param {string} title
 * @param {unknown} body
 * @param {{ role?: string, id?: string }} [more]
 */
export function alert(kind, title, body, { role = 'status', id } = {}) {
  return html`<div class="moj-alert moj-alert--${kind}" role=${role} id=${id ?? nothing} aria-label=${role === 'region' ? title : nothing}>
    <div>${alertIcons[kind]}</div>
    <div class="moj-alert__content"><h2 class="moj-alert__heading">${title}</h2>${body}</div>
  </div>`;
}

/** @param {App} app */
export function helpPanel({ t, settings: s }) {
  const h = t.help;
  /** @param {string} what @param {string} number @param {string} note */
  const line = (what, number, note) => html`<li>
    <span class="sl-help__what">${what}</span><a class="govuk-link sl-help__number" href=${telHref(number)}>${number}</a><span class="sl-help__note">${note}</span>
  </li>`;
  return html`<section class="sl-help" id="urgent-help" aria-labelledby="urgent-help-title" tabindex="-1">
    <h2 class="govuk-heading-m" id="urgent-help-title">${h.title}</h2>
    <p class="govuk-body">${h.when}</p>
    <ul class="sl-help__list">
      ${line(h.team, s.contact_phone, h.hours)} ${line(h.cope, '111', h.copeNote)} ${line(h.danger, '999', h.dangerNote)}
    </ul>
  </section>`;
}

/** @param {App} app */
export function sendiass(app) {
  const { t, settings: s } = app;
  if (s.sendiass_name === '') {
    return nothing;
  }
  return html`<section class="sl-side" aria-labelledby="sendiass-title">
    <h2 class="govuk-heading-m" id="sendiass-title">${t.sendiass.title}</h2>
    <p class="govuk-body govuk-!-margin-bottom-2">${t.sendiass.text}</p>
    <p class="govuk-body govuk-!-margin-bottom-2">${app.say(t.sendiass.call)}</p>
    ${/^https:\/\//.test(s.sendiass_url) ? html`<p class="govuk-body"><a class="govuk-link" href=${s.sendiass_url} rel="noreferrer">${t.sendiass.visit}</a></p>` : nothing}
  </section>`;
}

/** @param {string} title @param {string} heading @param {unknown} text */
export function successBanner(title, heading, text) {
  return html`<div class="govuk-notification-banner govuk-notification-banner--success" role="alert" aria-labelledby="banner-title">
    <div class="govuk-notification-banner__header"><h2 class="govuk-notification-banner__title" id="banner-title">${title}</h2></div>
    <div class="govuk-notification-banner__content">
      <h3 class="govuk-notification-banner__heading">${heading}</h3>
      <p class="govuk-body">${text}</p>
    </div>
  </div>`;
}

/** One column of two thirds. @param {unknown} content */
export function twoThirds(content) {
  return html`<div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">${content}</div></div>`;
}

/** @param {unknown} text */
export function h1(text) {
  return html`<h1 class="govuk-heading-l" tabindex="-1">${text}</h1>`;
}

/** @param {string[]} items */
export function bullets(items) {
  return html`<ul class="govuk-list govuk-list--bullet">${items.map((item) => html`<li>${item}</li>`)}</ul>`;
}

/** @param {[string, unknown][]} rows */
export function summaryList(rows) {
  return html`<dl class="govuk-summary-list">
    ${rows.map(
      ([key, value]) => html`<div class="govuk-summary-list__row"><dt class="govuk-summary-list__key">${key}</dt><dd class="govuk-summary-list__value">${value}</dd></div>`,
    )}
  </dl>`;
}

/** The conversations could not be opened: why, whom to call, and another try. @param {App} app */
export function notOpened(app) {
  const { t, mailbox } = app;
  const problem = mailbox?.problem ?? '';
  const why = problem.startsWith('roster-') ? t.messages.stopped.roster : `${errorText(t, problem)}.`;
  return html`<p class="govuk-body">${why} ${app.say(t.problem.call)}</p>
    <p class="sl-hint">${t.problem.code(problem)}</p>
    <button type="button" class="govuk-button" @click=${() => mailbox?.load()}>${t.common.tryAgain}</button>`;
}

/** What went wrong between here and the server, in words. @param {App["t"]} t @param {string} code @param {Record<string, any>} [extra] */
export function errorText(t, code, extra = {}) {
  const e = t.errors;
  switch (code) {
    case 'offline':
      return e.offline;
    case 'rate_limited':
      return e.rate_limited(Math.max(1, Math.ceil((Number(extra.retry_after_s) || 60) / 60)));
    case 'busy':
    case 'too_many':
      return e.busy;
    case 'storage_full':
      return e.storage_full;
    case 'stopping':
      return e.stopping;
    default:
      return e.problem;
  }
}
