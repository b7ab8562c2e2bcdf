// @ts-check
import { html } from 'lit/html.js';
import { h1, twoThirds } from '../ui/pieces.js';

/** @type {import('../app.js').MakeView} */
export default (app) => {
  const t = app.t.signedOut;
  return {
    title: t.title,
    draw: () =>
      twoThirds(html`${h1(t.title)}
        <p class="govuk-body">${t.text}</p>
        <a href="/sign-in" class="govuk-button">${t.button}</a>
        <h2 class="govuk-heading-m">${t.sharedTitle}</h2>
        <p class="govuk-body">${t.shared}</p>`),
  };
};
