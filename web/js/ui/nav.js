// @ts-check
/**
 * The menu under the council's name. Before signing in it has the service's name alone.
 *
 * @module
 */
import { html, nothing } from 'lit/html.js';
import { ref } from 'lit/directives/ref.js';
import { ServiceNavigation } from 'govuk-frontend/dist/govuk/components/service-navigation/service-navigation.mjs';
import { whenShown } from './shown.js';

/** @typedef {import('../app.js').App} App */

/** @param {App} app @param {number} n @param {string} [more] */
function badge({ t }, n, more = '') {
  return n === 0
    ? nothing
    : html`<span class="moj-notification-badge ${more}"><span aria-hidden="true">${n}</span><span class="govuk-visually-hidden">${t.nav.newMessages(n)}</span></span>`;
}

const enhance = whenShown((section) => {
  if (!section.hasAttribute('data-govuk-service-navigation-init')) {
    new ServiceNavigation(section);
  }
});

/** On a phone the open menu covers the page that was just chosen. */
function closeMenu() {
  const toggle = document.querySelector('.govuk-js-service-navigation-toggle[aria-expanded="true"]');
  if (toggle instanceof HTMLElement && !toggle.hidden) {
    toggle.click();
  }
}

/** @param {App} app */
export function nav(app) {
  const { t, route, session } = app;
  const unread = app.mailbox?.unread ?? 0;
  if (session === null) {
    return html`<div class="govuk-service-navigation"><div class="govuk-width-container"><div class="govuk-service-navigation__container">
      <span class="govuk-service-navigation__service-name"><a href="/" class="govuk-service-navigation__link">${t.product}</a></span>
    </div></div></div>`;
  }
  /** @param {string} name @param {string} href @param {string} text @param {unknown} [extra] */
  const item = (name, href, text, extra = nothing) => {
    const here = route.name === name;
    return html`<li class="govuk-service-navigation__item ${here ? 'govuk-service-navigation__item--active' : ''}">
      <a class="govuk-service-navigation__link" href=${href} aria-current=${here ? 'page' : nothing} @click=${closeMenu}>${here ? html`<strong class="govuk-service-navigation__active-fallback">${text}</strong>` : text}${extra}</a>
    </li>`;
  };
  return html`<div class="govuk-service-navigation" data-module="govuk-service-navigation" ${ref(enhance)}>
    <div class="govuk-width-container"><div class="govuk-service-navigation__container">
      <span class="govuk-service-navigation__service-name"><a href="/" class="govuk-service-navigation__link">${t.product}</a></span>
      <nav aria-label=${t.nav.menu} class="govuk-service-navigation__wrapper">
        <button type="button" class="govuk-service-navigation__toggle govuk-js-service-navigation-toggle" aria-controls="navigation" hidden aria-hidden="true">${t.nav.menu}${badge(app, unread, 'sl-menu-badge')}</button>
        <ul class="govuk-service-navigation__list" id="navigation">
          ${item('home', '/', t.nav.home)}
          ${item('messages', '/messages', t.nav.messages, badge(app, unread))}
          ${item('account', '/account', t.nav.account)}
          <li class="govuk-service-navigation__item sl-signout"><button type="button" class="sl-link-button" @click=${() => app.signOut()}>${t.nav.signOut}</button></li>
        </ul>
      </nav>
    </div></div>
  </div>`;
}
