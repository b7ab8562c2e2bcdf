// @ts-check
/**
 * An invitation, from link or letter to account: the code first, then who invited, then a password.
 *
 * @module
 */
import { html, nothing } from 'lit/html.js';
import { fourWords, lengthOf, MAX_PASSWORD, MIN_PASSWORD, strength } from '../strength.js';
import { civil } from '../time.js';
import { bullets, errorMessage, errorSummary, errorText, groupClass, h1, hasError, passwordInput, summaryList, twoThirds, working } from '../ui/pieces.js';
import { firstName, maskAddress } from '../when.js';
import { codeOf, Wire, WireError } from '../wire.js';

/** @typedef {import('../ui/pieces.js').FieldError} FieldError */
/** @typedef {import('../session.js').Opened} Opened */
/** @typedef {'typed' | 'code' | 'who' | 'password' | 'add' | 'ended' | 'alarm'} Step */

/** @type {import('../app.js').MakeView} */
export default (app) => {
  const t = app.t.accept;
  const service = app.settings.service_name;
  /** @type {Step} */
  let step = 'typed';
  /** @type {FieldError[]} */
  let errors = [];
  let busy = '';
  let gone = false;
  let reason = 'unknown';
  let alarmName = '';
  /** @type {Uint8Array | null} */
  let secret = null;
  let opened = app.opened;
  /** A connection of its own: whoever is signed in here stays so until the invitation is accepted. */
  const wire = new Wire({ url: app.wire.url });
  /** The socket that has shown the invitation. @type {WebSocket | null} */
  let shownOn = null;
  let visible = false;
  let password = '';
  /** @type {string[]} */
  let wordList = [];
  let offer = '';

  const link = app.invitation;
  if (opened !== null) {
    step = 'who';
  } else if (link !== '') {
    step = 'code';
    app.load().then((core) => {
      secret = core.parseFragment(link);
      if (secret === null) {
        move('typed', [{ id: 'invitation', text: t.badLink }]);
      }
    }, () => {});
  }

  /** @param {Step} next @param {FieldError[]} [found] */
  const move = (next, found = []) => {
    step = next;
    errors = found;
    busy = '';
    if (gone) {
      return;
    }
    if (found.length > 0) {
      app.showErrors();
      return;
    }
    app.draw();
    window.scrollTo(0, 0);
    /** @type {HTMLElement | null} */ (document.querySelector('#main-content h1'))?.focus({ preventScroll: true });
  };

  /** @param {FieldError[]} found */
  const wrong = (found) => {
    errors = found;
    busy = '';
    if (!gone) {
      app.showErrors();
    }
  };

  /** @param {string} text */
  const work = (text) => {
    errors = [];
    busy = text;
    app.update();
    app.announce(text);
  };

  /** @param {Event} event @param {string} name */
  const field = (event, name) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    return /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
  };

  /** @param {unknown} error what is no fault of the one field @param {string} id of the field */
  const explain = (error, id) => {
    const code = codeOf(error);
    const extra = error instanceof WireError ? error.extra : {};
    if (code === 'invite_ended') {
      reason = extra.reason in t.ended ? extra.reason : 'unknown';
      move('ended');
    } else if (code === 'invite_wrong_code' && extra.tries_left > 0) {
      wrong([{ id, text: t.codeWrong(extra.tries_left) }]);
    } else if (code === 'invite_wrong_code') {
      reason = 'wrong_codes';
      move('ended');
    } else if (code === 'alarm') {
      alarmName = /** @type {any} */ (error).alarm;
      move('alarm');
    } else if (code === 'address_used') {
      wrong([{ id: '', text: t.addressUsed }]);
    } else {
      wrong([{ id: '', text: errorText(app.t, code, extra) }]);
    }
  };

  /** @param {SubmitEvent} event */
  const typedSubmit = async (event) => {
    const input = field(event, 'invitation');
    if (input.value.trim() === '') {
      wrong([{ id: 'invitation', text: t.typedNeed }]);
      return;
    }
    let core;
    try {
      core = await app.load();
    } catch (error) {
      explain(error, '');
      return;
    }
    const read = core.readSecret(input.value);
    if (read.ok) {
      secret = read.bytes;
      move('code');
    } else {
      wrong([{ id: 'invitation', text: read.group < 0 ? t.typedLength : t.typedGroup(read.group + 1) }]);
    }
  };

  /** @param {SubmitEvent} event */
  const codeSubmit = async (event) => {
    const input = field(event, 'code');
    if (busy !== '') {
      return;
    }
    if (input.value.trim() === '') {
      wrong([{ id: 'code', text: t.codeNeed }]);
      return;
    }
    try {
      const core = await app.load();
      const code = core.normalCode(input.value);
      if (code === null || secret === null) {
        wrong([{ id: 'code', text: t.codeForm }]);
        return;
      }
      work(t.codeWorking);
      wire.start();
      wire.poke();
      const keys = await core.inviteKeys(secret, code);
      opened = await core.openInvite(wire, keys, service);
      shownOn = wire.socket;
      app.invitation = '';
      move('who');
    } catch (error) {
      explain(error, 'code');
    }
  };

  /** @param {string} typed */
  const checkNew = (typed) => {
    const found = [];
    if (lengthOf(typed) < MIN_PASSWORD) {
      found.push({ id: 'password', text: t.pwShort });
    } else if (typed.length > MAX_PASSWORD) {
      found.push({ id: 'password', text: t.pwLong });
    }
    return found;
  };

  /** @param {SubmitEvent} event */
  const passwordSubmit = async (event) => {
    const input = field(event, 'password');
    const kept = /** @type {HTMLInputElement} */ (/** @type {HTMLFormElement} */ (event.target).elements.namedItem('kept'));
    if (busy !== '') {
      return;
    }
    visible = false;
    const found = checkNew(input.value);
    if (!kept.checked) {
      found.push({ id: 'kept', text: t.keptNeed });
    }
    if (found.length > 0) {
      wrong(found);
      return;
    }
    await finish(input.value, false);
  };

  /** @param {SubmitEvent} event */
  const addSubmit = async (event) => {
    const input = field(event, 'password');
    if (busy !== '') {
      return;
    }
    visible = false;
    if (input.value === '') {
      wrong([{ id: 'password', text: app.t.signIn.needPassword }]);
      return;
    }
    await finish(input.value, true);
  };

  /** @param {string} typed @param {boolean} add to the account that is signed in */
  const finish = async (typed, add) => {
    const invitation = /** @type {Opened} */ (opened);
    const session = add ? app.session : null;
    work(t.working);
    try {
      const core = await app.load();
      const keys = await core.passwordKeys({ service, address: invitation.parcel.address, password: typed });
      if (session !== null && keys.vaultKey.some((byte, i) => byte !== session.vaultKey[i])) {
        wrong([{ id: 'password', text: t.addWrong }]);
        return;
      }
      const how = { keys, session, ownDevice: session?.ownDevice ?? false, service };
      const keeper = add ? app.mailbox?.keeper : undefined;
      await keeper?.save();
      const accept = () => {
        if (wire.socket !== null && wire.socket === shownOn) {
          return core.accept(wire, invitation, how);
        }
        // A connection shows one invitation, once.
        wire.restart();
        return core.acceptAgain(wire, invitation, how);
      };
      const next = await accept().catch(async (error) => {
        if (keeper === undefined || codeOf(error) !== 'vault_conflict') {
          throw error;
        }
        // Another tab saved in this moment: with what it knows, once more.
        await keeper.merge();
        delete invitation.made;
        return accept();
      });
      wire.stop();
      app.opened = null;
      app.banner = { heading: t.readyTitle, text: add ? t.readyAdded : t.ready };
      password = '';
      app.wire.restart();
      await app.signedIn(next, '/');
    } catch (error) {
      // However far it had come, the next try begins with asking what became of the invitation.
      wire.stop();
      shownOn = null;
      explain(error, 'password');
    }
  };

  const otherWords = async () => {
    const core = await app.load();
    if (wordList.length === 0) {
      wordList = (await import('../../words/list.en.js')).default;
    }
    offer = fourWords(wordList, core.systemRandom);
    app.update();
  };

  const useWords = () => {
    const input = /** @type {HTMLInputElement | null} */ (document.getElementById('password'));
    if (input !== null) {
      input.value = offer;
      password = offer;
      visible = true;
      app.announce(t.offerUsed);
      app.update();
      input.focus();
    }
  };

  const begin = () => {
    if (app.session === null) {
      otherWords().catch(() => {});
      move('password');
    } else {
      move('add');
    }
  };

  const inviter = () => opened?.inviterName || app.t.messages.staff;

  /* ---- Pages ---- */

  const typedPage = () => html`${errorSummary(app, errors)} ${h1(t.typedH1)}
    <form novalidate @submit=${typedSubmit}>
      <div class=${groupClass(errors, 'invitation')}>
        <label class="govuk-label govuk-label--s" for="invitation">${t.typedLabel}</label>
        <div id="invitation-hint" class="govuk-hint">${t.typedLead} ${t.typedHint}</div>
        ${errorMessage(app, 'invitation', errors)}
        <textarea class="govuk-textarea sl-key ${hasError(errors, 'invitation') ? 'govuk-textarea--error' : ''}" id="invitation" name="invitation" rows="2" spellcheck="false" autocapitalize="characters" autocomplete="off" aria-describedby="invitation-hint${hasError(errors, 'invitation') ? ' invitation-error' : ''}"></textarea>
      </div>
      <button type="submit" class="govuk-button">${t.next}</button>
    </form>`;

  const codePage = () => html`${errorSummary(app, errors)} ${h1(t.codeH1)}
    <p class="govuk-body">${t.codeLead}</p>
    <form novalidate @submit=${codeSubmit}>
      <div class=${groupClass(errors, 'code')}>
        <label class="govuk-label govuk-label--s" for="code">${t.codeLabel}</label>
        <div id="code-hint" class="govuk-hint">${t.codeHint}</div>
        ${errorMessage(app, 'code', errors)}
        <input class="govuk-input govuk-input--width-20 govuk-input--extra-letter-spacing ${hasError(errors, 'code') ? 'govuk-input--error' : ''}" id="code" name="code" type="text" inputmode="numeric" spellcheck="false" autocomplete="one-time-code" aria-describedby="code-hint${hasError(errors, 'code') ? ' code-error' : ''}" />
      </div>
      ${busy === '' ? nothing : working(busy)}
      <button type="submit" class="govuk-button" aria-disabled=${busy === '' ? nothing : 'true'}>${t.next}</button>
    </form>
    <details class="govuk-details">
      <summary class="govuk-details__summary"><span class="govuk-details__summary-text">${t.codeWhyTitle}</span></summary>
      <div class="govuk-details__text"><p class="govuk-body">${t.codeWhy}</p></div>
    </details>
    <p class="govuk-body">${app.say(t.codeLost)}</p>`;

  /** @param {Opened} invitation */
  const whoPage = (invitation) => {
    const name = inviter();
    const foreign = app.session !== null && app.session.parent.some((byte, i) => byte !== invitation.parcel.parent[i]);
    return html`${h1(t.whoH1(name))}
      <p class="govuk-body-l">${t.whoLead(firstName(name))}</p>
      <p class="govuk-body">${t.canTitle}</p>
      ${bullets(t.can)}
      ${summaryList([
        ...(invitation.refs.length === 0 ? [] : [/** @type {[string, string]} */ ([t.about, t.refs(invitation.refs)])]),
        [t.sentTo, maskAddress(invitation.parcel.address)],
        [t.useBy, app.t.date(civil(invitation.expiresAt), 0)],
      ])}
      <h2 class="govuk-heading-m">${t.privateTitle}</h2>
      <p class="govuk-body">${t.private}</p>
      <p class="sl-hint">${t.e2ee}</p>
      ${foreign
        ? html`<p class="govuk-body"><strong>${t.otherAccount}</strong></p>`
        : html`<button type="button" class="govuk-button" @click=${begin}>${app.session === null ? t.accept : t.acceptSignedIn}</button>`}
      ${app.session === null
        ? html`<h2 class="govuk-heading-m">${t.haveTitle}</h2>
           <p class="govuk-body">${app.say(t.have, {
             signIn: html`<a class="govuk-link" href="/sign-in" @click=${() => {
               app.opened = invitation;
             }}>${t.haveLink}</a>`,
           })}</p>`
        : nothing}
      <details class="govuk-details">
        <summary class="govuk-details__summary"><span class="govuk-details__summary-text">${t.shareTitle}</span></summary>
        <div class="govuk-details__text">${t.share.map((text) => html`<p class="govuk-body">${text}</p>`)}</div>
      </details>
      <h2 class="govuk-heading-m">${t.notTitle}</h2>
      <p class="govuk-body">${app.say(t.not)}</p>`;
  };

  const strengthBar = () => {
    const level = strength(password);
    const words = t.strength[level];
    return html`<div class="sl-strength" id="strength" role="status">
      ${password === ''
        ? nothing
        : html`<span class="sl-strength__bar" aria-hidden="true">${[1, 2, 3].map((n) => html`<span class=${n <= level ? 'sl-on' : ''}></span>`)}</span><span><strong>${words.name}</strong> ${words.text}</span>`}
    </div>`;
  };

  /** For the browser, which keeps passwords by the name they belong to. @param {Opened} invitation */
  const username = (invitation) =>
    html`<input class="govuk-visually-hidden" type="text" name="username" autocomplete="username" tabindex="-1" aria-hidden="true" readonly .value=${invitation.parcel.address} />`;

  /** @param {Opened} invitation */
  const passwordPage = (invitation) => html`${errorSummary(app, errors)} ${h1(t.pwTitle)}
    <form novalidate @submit=${passwordSubmit}>
      <p class="govuk-body">${app.say(t.pwAddress, { address: html`<strong>${invitation.parcel.address}</strong>` })}</p>
      ${username(invitation)}
      <h2 class="govuk-heading-m">${t.pwHow}</h2>
      ${bullets(t.pwRules)}
      <div class="sl-offer">
        <h3 class="govuk-heading-s govuk-!-margin-bottom-1">${t.offerTitle}</h3>
        <p class="sl-key" id="offer" aria-live="polite">${offer === '' ? app.t.common.loading : offer}</p>
        <p class="sl-hint">${t.offerText}</p>
        <div class="govuk-button-group">
          <button type="button" class="govuk-button govuk-button--secondary" @click=${useWords}>${t.offerUse}</button>
          <button type="button" class="sl-link-button sl-tap" @click=${otherWords}>${t.offerOther}</button>
        </div>
      </div>
      ${passwordInput(app, {
        label: app.t.signIn.password,
        size: 'm',
        hint: t.pwHint,
        autocomplete: 'new-password',
        described: 'strength',
        visible,
        onToggle: () => {
          visible = !visible;
          app.update();
        },
        onInput: (value) => {
          password = value;
          app.update();
        },
      }, errors)}
      ${strengthBar()}
      <h2 class="govuk-heading-m">${t.keepTitle}</h2>
      <div class="govuk-warning-text sl-warn">
        <span class="govuk-warning-text__icon" aria-hidden="true">!</span>
        <strong class="govuk-warning-text__text"><span class="govuk-visually-hidden">${app.t.common.important}</span> ${t.keepWarning}</strong>
      </div>
      ${bullets(t.keep)}
      <p class="govuk-body">${t.keepForgot(firstName(inviter()))}</p>
      <div class=${groupClass(errors, 'kept')}>
        <fieldset class="govuk-fieldset" aria-describedby=${hasError(errors, 'kept') ? 'kept-error' : nothing}>
          <legend class="govuk-fieldset__legend govuk-fieldset__legend--s">${t.keptLegend}</legend>
          ${errorMessage(app, 'kept', errors)}
          <div class="govuk-checkboxes"><div class="govuk-checkboxes__item">
            <input class="govuk-checkboxes__input" id="kept" name="kept" type="checkbox" value="yes" />
            <label class="govuk-label govuk-checkboxes__label" for="kept">${t.kept}</label>
          </div></div>
        </fieldset>
      </div>
      ${busy === '' ? nothing : working(busy)}
      <button type="submit" class="govuk-button" aria-disabled=${busy === '' ? nothing : 'true'}>${t.create}</button>
    </form>`;

  /** @param {Opened} invitation */
  const addPage = (invitation) => html`${errorSummary(app, errors)} ${h1(t.addH1)}
    <p class="govuk-body">${t.addLead}</p>
    <form novalidate @submit=${addSubmit}>
      ${username(invitation)}
      ${passwordInput(app, {
        label: app.t.signIn.password,
        size: 's',
        autocomplete: 'current-password',
        visible,
        onToggle: () => {
          visible = !visible;
          app.update();
        },
      }, errors)}
      ${busy === '' ? nothing : working(busy)}
      <button type="submit" class="govuk-button" aria-disabled=${busy === '' ? nothing : 'true'}>${t.addButton}</button>
    </form>`;

  const endedPage = () => html`${h1(t.endedH1)}
    <p class="govuk-body">${t.ended[/** @type {keyof typeof t.ended} */ (reason)]}</p>
    <h2 class="govuk-heading-m">${t.endedHaveTitle}</h2>
    <a href="/sign-in" class="govuk-button govuk-!-margin-bottom-6">${app.t.signIn.button}</a>
    <h2 class="govuk-heading-m">${t.endedNotTitle}</h2>
    <p class="govuk-body">${app.say(t.endedNot)}</p>
    <p class="govuk-body">${t.endedNothing}</p>
    ${reason === 'used' ? html`<p class="govuk-body">${t.endedUsedNotYou}</p>` : nothing}`;

  const alarmPage = () => html`${h1(t.alarmH1)}
    <p class="govuk-body">${app.say(t.alarm)}</p>
    <p class="govuk-body">${t.alarmCode(alarmName)}</p>`;

  const page = () => {
    switch (step) {
      case 'code':
        return codePage();
      case 'who':
        return whoPage(/** @type {Opened} */ (opened));
      case 'password':
        return passwordPage(/** @type {Opened} */ (opened));
      case 'add':
        return addPage(/** @type {Opened} */ (opened));
      case 'ended':
        return endedPage();
      case 'alarm':
        return alarmPage();
      default:
        return typedPage();
    }
  };

  /** @type {import('../app.js').View} */
  const view = {
    get title() {
      return { typed: t.typedTitle, code: t.title, who: t.whoTitle, password: t.pwTitle, add: t.addH1, ended: t.endedH1, alarm: t.alarmH1 }[step];
    },
    wrong: () => errors.length > 0,
    draw: () => twoThirds(page()),
    leave() {
      gone = true;
      password = '';
      wire.stop();
    },
  };
  return view;
};
