// @ts-check
import { html } from 'lit/html.js';
import { h1, twoThirds } from '../ui/pieces.js';

/** @type {import('../app.js').MakeView} */
export default (app) => {
  const t = app.t.notFound;
  return {
    title: t.title,
    draw: () =>
      twoThirds(html`${h1(t.title)}
        <p class="govuk-body">${t.typed}</p>
        <p class="govuk-body">${t.invited}</p>
        <p class="govuk-body">${app.say(t.home, { home: html`<a class="govuk-link" href="/">${t.homeLink}</a>` })}</p>`),
  };
};
