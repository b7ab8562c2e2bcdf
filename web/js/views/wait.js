// @ts-check
import { html } from 'lit/html.js';
import { h1, twoThirds, working } from '../ui/pieces.js';

/** While a session comes back after a reload. @type {import('../app.js').MakeView} */
export default (app) => ({
  title: app.t.nav.home,
  draw: () => twoThirds(html`${h1(app.t.product)}${working(app.t.home.opening)}`),
});
