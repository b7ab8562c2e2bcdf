// @ts-check
import { html, nothing } from 'lit/html.js';
import { h1, twoThirds } from '../ui/pieces.js';

/** @param {import('../app.js').App} app @param {import('../router.js').Route} route @param {string} [code] @returns {import('../app.js').View} */
export default (app, route, code = '') => {
  const t = app.t.problem;
  return {
    title: t.title,
    draw: () =>
      twoThirds(html`${h1(t.h1)}
        <p class="govuk-body">${t.again}</p>
        <p class="govuk-body">${t.saved}</p>
        <p class="govuk-body">${app.say(t.call)}</p>
        ${code === '' ? nothing : html`<p class="sl-hint">${t.code(code)}</p>`}
        <button type="button" class="govuk-button" @click=${() => app.open(route)}>${t.button}</button>`),
  };
};
