// @ts-check
import { html, nothing } from 'lit/html.js';
import { errorMessage, errorSummary, errorText, groupClass, h1, hasError, passwordInput, twoThirds, working } from '../ui/pieces.js';
import { codeOf, WireError } from '../wire.js';
import { MAX_PASSWORD } from '../strength.js';

/** @type {import('../app.js').MakeView} */
export default (app) => {
  const t = app.t.signIn;
  /** @type {import('../ui/pieces.js').FieldError[]} */
  let errors = [];
  let visible = false;
  let busy = false;
  let gone = false;

  /** @param {HTMLFormElement} form */
  const read = (form) => ({
    address: /** @type {HTMLInputElement} */ (form.elements.namedItem('email')).value,
    password: /** @type {HTMLInputElement} */ (form.elements.namedItem('password')).value,
    ownDevice: /** @type {HTMLInputElement} */ (form.elements.namedItem('own')).checked,
  });

  /** @param {{ address: string, password: string }} typed */
  const check = ({ address, password }) => {
    const found = [];
    if (address.trim() === '') {
      found.push({ id: 'email', text: t.needEmail });
    } else if (!/^\s*[^\s@]+@[^\s@]+\s*$/.test(address)) {
      found.push({ id: 'email', text: t.badEmail });
    }
    if (password === '') {
      found.push({ id: 'password', text: t.needPassword });
    } else if (password.length > MAX_PASSWORD) {
      found.push({ id: 'email', text: t.wrong });
    }
    return found;
  };

  /** @param {unknown} error */
  const explain = (error) => {
    const code = codeOf(error);
    if (code === 'sign_in_failed') {
      return { id: 'email', text: t.wrong };
    }
    if (code === 'alarm') {
      return { id: '', text: t.vault };
    }
    return { id: '', text: errorText(app.t, code, error instanceof WireError ? error.extra : {}) };
  };

  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    if (busy) {
      return;
    }
    const form = /** @type {HTMLFormElement} */ (event.target);
    const typed = read(form);
    visible = false;
    errors = check(typed);
    if (errors.length > 0) {
      app.showErrors();
      return;
    }
    busy = true;
    app.update();
    app.announce(t.working);
    try {
      const core = await app.load();
      app.wire.start();
      app.wire.poke();
      const service = app.settings.service_name;
      const keys = await core.passwordKeys({ service, address: typed.address, password: typed.password });
      const session = await core.signIn(app.wire, { address: typed.address, ownDevice: typed.ownDevice, service, keys });
      form.reset();
      const path = app.opened === null ? app.wanted || '/' : '/accept';
      app.wanted = '';
      busy = false;
      if (!gone) {
        await app.signedIn(session, path);
      }
    } catch (error) {
      // However far the connection had come, the next try begins anew.
      app.wire.stop();
      busy = false;
      errors = [explain(error)];
      if (!gone) {
        app.showErrors();
      }
    }
  };

  return {
    title: t.title,
    wrong: () => errors.length > 0,
    leave() {
      gone = true;
    },
    draw: () =>
      twoThirds(html`${errorSummary(app, errors)} ${h1(t.h1)}
        ${app.wanted === '' ? nothing : html`<p class="govuk-body">${t.again}</p>`}
        <form novalidate @submit=${submit}>
          <div class=${groupClass(errors, 'email')}>
            <label class="govuk-label govuk-label--s" for="email">${t.email}</label>
            ${errorMessage(app, 'email', errors)}
            <input class="govuk-input govuk-!-width-full ${hasError(errors, 'email') ? 'govuk-input--error' : ''}" id="email" name="email" type="email" spellcheck="false" autocapitalize="none" autocomplete="username" aria-describedby=${hasError(errors, 'email') ? 'email-error' : nothing} />
          </div>
          ${passwordInput(app, { label: t.password, size: 's', autocomplete: 'current-password', visible, onToggle: () => { visible = !visible; app.update(); } }, errors)}
          <div class="govuk-form-group">
            <div class="govuk-checkboxes">
              <div class="govuk-checkboxes__item">
                <input class="govuk-checkboxes__input" id="own" name="own" type="checkbox" value="yes" aria-describedby="own-hint" />
                <label class="govuk-label govuk-checkboxes__label" for="own">${t.ownDevice}</label>
                <div id="own-hint" class="govuk-hint govuk-checkboxes__hint">${t.ownDeviceHint}</div>
              </div>
            </div>
          </div>
          ${busy ? working(t.working) : nothing}
          <button type="submit" class="govuk-button" aria-disabled=${busy ? 'true' : nothing}>${t.button}</button>
        </form>
        <p class="govuk-body"><a class="govuk-link" href="/forgotten">${t.forgotten}</a></p>
        <h2 class="govuk-heading-m">${t.noAccountTitle}</h2>
        <p class="govuk-body">${app.say(t.noAccount)}</p>
        <p class="govuk-body"><a class="govuk-link" href="/accept">${t.haveInvite}</a></p>`),
  };
};
