// @ts-check
import { html } from 'lit/html.js';
import { bullets, h1, twoThirds } from '../ui/pieces.js';

/** @type {import('../app.js').MakeView} */
export default (app) => {
  const t = app.t.forgotten;
  return {
    title: t.title,
    draw: () => html`<a href="/sign-in" class="govuk-back-link">${app.t.common.back}</a>
      ${twoThirds(html`${h1(t.title)}
        <p class="govuk-body-l">${t.lead}</p>
        <h2 class="govuk-heading-m">${t.firstTitle}</h2>
        ${bullets(t.first)}
        <h2 class="govuk-heading-m">${t.thenTitle}</h2>
        <ol class="govuk-list govuk-list--number govuk-list--spaced">
          ${t.steps.map((step) => html`<li>${app.say(step)}</li>`)}
        </ol>
        <p class="govuk-body">${t.shown}</p>
        <h2 class="govuk-heading-m">${t.whyTitle}</h2>
        <p class="govuk-body">${t.why}</p>`)}`,
  };
};
