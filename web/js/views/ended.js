// @ts-check
import { html } from 'lit/html.js';
import { h1, twoThirds } from '../ui/pieces.js';

/** @type {import('../app.js').MakeView} */
export default (app) => {
  const t = app.t.ended;
  return {
    title: t.title,
    draw: () =>
      twoThirds(html`${h1(t.h1)}
        <p class="govuk-body">${app.endedBy === 'idle' ? t.idle(app.idleMinutes) : t.elsewhere}</p>
        <p class="govuk-body">${t.saved}</p>
        <a href="/sign-in" class="govuk-button">${t.button}</a>`),
  };
};
