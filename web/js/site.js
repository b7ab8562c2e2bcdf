// @ts-check
/**
 * What every page has, also those that are read without an account: leaving in a hurry, the menu, the
 * skip link.
 *
 * @module
 */
import { Button } from 'govuk-frontend/dist/govuk/components/button/button.mjs';
import { ExitThisPage } from 'govuk-frontend/dist/govuk/components/exit-this-page/exit-this-page.mjs';
import { SkipLink } from 'govuk-frontend/dist/govuk/components/skip-link/skip-link.mjs';
import { forgetTab } from './storage.js';

/** The other half of the session, taken from the server as far as a page that is leaving can. */
function endSession() {
  // A beacon outlives the page; whether it arrived is not waited for.
  navigator.sendBeacon?.('/session/end', new Blob(['{}'], { type: 'application/json' }));
}

/** GOV.UK's component, and before it leaves: nothing of this session stays behind. */
class Exit extends ExitThisPage {
  exitPage() {
    document.dispatchEvent(new Event('sendline:exit'));
    forgetTab();
    endSession();
    document.title = '';
    super.exitPage();
  }
}

export function startSite() {
  document.body.classList.add('js-enabled', 'govuk-frontend-supported');
  const exit = document.querySelector('[data-module="govuk-exit-this-page"]');
  if (exit) {
    new Exit(exit);
    // A link that says it is a button answers to the space key too.
    new Button(exit.querySelector('.govuk-button'));
  }
  const skip = document.querySelector('[data-module="govuk-skip-link"]');
  if (skip) {
    new SkipLink(skip);
  }
  for (const link of document.querySelectorAll('a[href^="tel:"]')) {
    const number = (link.getAttribute('href') ?? '').slice(4).replace(/[^\d+]/g, '');
    if (number.length > 4 && number.startsWith('0')) {
      link.setAttribute('href', `tel:+44${number.slice(1)}`);
    }
  }
  // A page that the browser kept as it was shows what was on it before leaving: never again.
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) {
      location.reload();
    }
  });
}
