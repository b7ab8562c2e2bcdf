// @ts-check
/**
 * "Are you still there?", two minutes before the session ends.
 *
 * @module
 */
import { html, nothing } from 'lit/html.js';
import { ref } from 'lit/directives/ref.js';
import { whenShown } from './shown.js';

/** @typedef {import('../app.js').App} App */

const open = whenShown((dialog) => {
  if (dialog instanceof HTMLDialogElement && !dialog.open) {
    dialog.showModal();
    dialog.focus();
  }
});

/** @param {App} app */
export function timeoutDialog(app) {
  const { t, idle } = app;
  if (idle === null || !idle.warned) {
    return nothing;
  }
  /** Closed before it goes, so that the keyboard is where it was. @param {Event} event */
  const stay = (event) => {
    event.preventDefault();
    /** @type {HTMLElement} */ (event.target).closest('dialog')?.close();
    app.stay();
  };
  const left = idle.left(Math.floor(Date.now() / 1000));
  return html`<dialog
    class="sl-dialog"
    aria-labelledby="timeout-title"
    aria-describedby="timeout-text"
    tabindex="-1"
    ${ref(open)}
    @cancel=${stay}
  >
    <h2 class="govuk-heading-m" id="timeout-title">${t.timeout.title}</h2>
    <div id="timeout-text">
      <p class="govuk-body">${t.timeout.text(Math.ceil(left / 60))}</p>
      <p class="govuk-body">${t.timeout.saved}</p>
    </div>
    <div class="govuk-button-group">
      <button type="button" class="govuk-button" @click=${stay}>${t.timeout.stay}</button>
      <button type="button" class="sl-link-button sl-tap" @click=${() => app.signOut()}>${t.timeout.out}</button>
    </div>
  </dialog>`;
}
