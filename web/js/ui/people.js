// @ts-check
import { html, nothing } from 'lit/html.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../conversation.js').Conversation} Conversation */

/** @param {App} app @param {Conversation} one */
export function caseworkerPanel({ t }, one) {
  const { name, ended } = one.caseworker;
  if (name === '') {
    return nothing;
  }
  return html`<section class="sl-side" aria-labelledby="cw-title">
    <h2 class="govuk-heading-m" id="cw-title">${t.caseworker.title}</h2>
    <p class="govuk-body"><strong>${name}</strong><br />${ended ? t.caseworker.left : t.caseworker.role}</p>
  </section>`;
}

/**
 * Which child, where there is more than one.
 * @param {App} app
 * @param {Conversation[]} all
 * @param {Conversation | null} current
 * @param {((id: string) => void) | null} choose null: links to each conversation
 */
export function children({ t }, all, current, choose) {
  if (all.length < 2) {
    return nothing;
  }
  return html`<nav class="moj-sub-navigation" aria-label=${t.nav.children}>
    <ul class="moj-sub-navigation__list">
      ${all.map((one) => {
        const here = one === current;
        const { card } = one.thread;
        const unread = one.unread;
        return html`<li class="moj-sub-navigation__item">
          <a class="moj-sub-navigation__link" href=${choose === null ? `/messages/${one.id}` : '/'} aria-current=${here ? 'page' : nothing} @click=${(/** @type {Event} */ event) => {
            if (choose !== null) {
              event.preventDefault();
              choose(one.id);
            }
          }}>${card?.child || card?.case || one.meta.ref}${unread === 0 ? nothing : html`<span class="moj-notification-badge"><span aria-hidden="true">${unread}</span><span class="govuk-visually-hidden">${t.nav.newMessages(unread)}</span></span>`}</a>
        </li>`;
      })}
    </ul>
  </nav>`;
}
