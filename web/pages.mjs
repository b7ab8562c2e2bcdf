// @ts-check
// The pages as HTML: the frame of the app, and those that are read without JavaScript. All words come
// from the catalogue; the settings in them stay {{name}}, for the server to fill when it starts.

import { lang, pages as pageWords, product } from "./words/en.js";
import { APP_PATHS } from "./js/router.js";

/** @typedef {{ address: string, name: string, html: string, routes?: string[] }} Page */

const KEYS = /** @type {const} */ ([
  "accessibility_prepared_on", "caseworker_title", "contact_email", "contact_hours", "contact_phone",
  "council_name", "exit_url", "public_url", "sendiass_name", "sendiass_phone", "sendiass_url",
  "service_name", "team_name",
]);
const settings = /** @type {import("./words/en.js").Settings} */ (
  Object.fromEntries(KEYS.map((key) => [key, `{{${key}}}`]))
);
const words = pageWords(settings);

/** @param {string} text */
function escape(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** @param {string} className */
function phone(className) {
  return `<strong><a class="${className} sl-nowrap" href="tel:{{contact_phone}}">{{contact_phone}}</a></strong>`;
}

/** A sentence of the catalogue: {phone}, {email}, {date}, {b}…{/b}, {a URL}…{/a}, {tel N}. @param {string} text */
function sentence(text, linkClass = "govuk-link") {
  return escape(text).replace(/(?<!\{)\{(\/?[a-z]+)(?: ([^{}]+))?\}(?!\})/g, (whole, name, argument) => {
    switch (name) {
      case "phone":
        return phone(linkClass);
      case "email":
        return `<a class="${linkClass}" href="mailto:{{contact_email}}">{{contact_email}}</a>`;
      case "date":
        return '<time datetime="{{accessibility_prepared_on}}">{{accessibility_prepared_on}}</time>';
      case "b":
        return "<strong>";
      case "/b":
        return "</strong>";
      case "a":
        return `<a class="${linkClass}" href="${argument}"${argument.startsWith("/") ? "" : ' rel="noreferrer"'}>`;
      case "/a":
        return "</a>";
      case "tel":
        return `<strong><a class="${linkClass} sl-nowrap" href="tel:${argument}">${argument}</a></strong>`;
      default:
        throw new Error(`the catalogue has ${whole} in: ${text}`);
    }
  });
}

/** @param {Record<string, any>} part */
function block(part) {
  if (part.h2) {
    return `<h2 class="govuk-heading-m">${sentence(part.h2)}</h2>`;
  }
  if (part.ul) {
    const items = part.ul.map((/** @type {string} */ item) => `<li>${sentence(item)}</li>`).join("\n            ");
    return `<ul class="govuk-list govuk-list--bullet">\n            ${items}\n          </ul>`;
  }
  return `<p class="govuk-body">${sentence(part.p)}</p>`;
}

/**
 * @param {object} page
 * @param {string} page.title
 * @param {string} page.script
 * @param {string} page.head
 * @param {string} page.main
 * @param {string} [page.extra]
 */
function frame({ title, script, head, main, extra = "" }) {
  const f = words.frame;
  const links = Object.entries(f.links)
    .map(([name, text]) => `<li class="govuk-footer__inline-list-item"><a class="govuk-footer__link" href="/${name}">${text}</a></li>`)
    .join("\n          ");
  return `<!DOCTYPE html>
<html lang="${lang}" class="govuk-template">
<head>
  <meta charset="utf-8">
  <title>${title}</title>
  <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
  <meta name="theme-color" content="#0b5563">
  <meta name="robots" content="noindex, nofollow">
  <meta name="referrer" content="no-referrer">
${head}  <link rel="icon" href="/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="{{asset:css/app.css}}">
  <script type="module" src="{{asset:${script}}}"></script>
  {{preload:${script}}}
</head>
<body class="govuk-template__body">
  <a href="#main-content" class="govuk-skip-link" data-module="govuk-skip-link">${f.skip}</a>
  <header class="govuk-template__header">
    <a href="{{exit_url}}" class="govuk-skip-link govuk-js-exit-this-page-skiplink" rel="nofollow noreferrer">${f.exit}</a>
    <div class="govuk-generic-header sl-header">
      <div class="govuk-generic-header__container govuk-width-container">
        <div class="govuk-generic-header__logo"><a href="/" class="govuk-generic-header__homepage-link">{{council_name}}</a></div>
      </div>
    </div>
    <section aria-label="${f.service}" id="app-nav">
      <div class="govuk-service-navigation"><div class="govuk-width-container"><div class="govuk-service-navigation__container">
        <span class="govuk-service-navigation__service-name"><a href="/" class="govuk-service-navigation__link">${product}</a></span>
      </div></div></div>
    </section>
  </header>
  <div class="govuk-width-container">
    <div class="govuk-exit-this-page sl-exit" data-module="govuk-exit-this-page" data-i18n.activated="${f.exitActivated}" data-i18n.timed-out="${f.exitTimedOut}" data-i18n.press-two-more-times="${f.exitTwice}" data-i18n.press-one-more-time="${f.exitOnce}">
      <a href="{{exit_url}}" role="button" draggable="false" class="govuk-button govuk-button--warning govuk-exit-this-page__button govuk-js-exit-this-page-button" rel="nofollow noreferrer"><span class="govuk-visually-hidden">${f.emergency} </span>${f.exit}</a>
    </div>
    <main class="govuk-main-wrapper" id="main-content" tabindex="-1">
${main}
    </main>
  </div>
  <footer class="govuk-template__footer">
    <div class="govuk-footer sl-footer">
      <div class="govuk-width-container">
        <p class="sl-footer__help">${sentence(f.footerHelp, "govuk-footer__link")}</p>
        <h2 class="govuk-visually-hidden">${f.support}</h2>
        <ul class="govuk-footer__inline-list">
          ${links}
        </ul>
        <p class="sl-footer__owner">${escape(f.run)}</p>
      </div>
    </div>
  </footer>
${extra}</body>
</html>
`;
}

/** @param {string} inner */
function column(inner) {
  return `      <div class="govuk-grid-row">
        <div class="govuk-grid-column-two-thirds">
          ${inner}
        </div>
      </div>`;
}

/** The app: one page for all its addresses. */
function appPage() {
  const f = words.frame;
  return frame({
    title: product,
    script: "js/main.js",
    head: KEYS.map((key) => `  <meta name="sendline:${key}" content="{{${key}}}">\n`).join(""),
    main: column(`<h1 class="govuk-heading-l">${product}</h1>
          <noscript><p class="govuk-body">${sentence(f.noscript)}</p></noscript>
          <p class="govuk-body" id="loading">${f.loading}</p>`),
    extra: `  <div id="app-dialog"></div>
  <div id="announce" class="govuk-visually-hidden" role="status" aria-live="polite"></div>
`,
  });
}

/** @returns {Page[]} */
export function makePages() {
  const plain = /** @type {const} */ (["accessibility", "privacy", "cookies", "safety", "not-found"]);
  return [
    { address: "/", name: "index", html: appPage(), routes: [...APP_PATHS.filter((path) => path !== "/"), "/messages/*"] },
    ...plain.map((name) => {
      const { title, body } = words[name];
      const inner = [`<h1 class="govuk-heading-l">${escape(title)}</h1>`, ...body.map(block)].join("\n          ");
      return {
        address: name === "not-found" ? "/404" : `/${name}`,
        name,
        html: frame({ title: `${escape(title)} – ${product}`, script: "js/page.js", head: "", main: column(inner) }),
      };
    }),
  ];
}
