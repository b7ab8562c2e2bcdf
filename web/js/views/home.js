// @ts-check
import { html, nothing } from 'lit/html.js';
import { timeOf } from '../timeline.js';
import { helpPanel, jump, notOpened, sendiass, successBanner, working } from '../ui/pieces.js';
import { caseworkerPanel, children } from '../ui/people.js';
import { firstName, promiseSentence, whenAt } from '../when.js';

/** @typedef {import('../conversation.js').Conversation} Conversation */

/** @type {import('../app.js').MakeView} */
export default (app) => {
  const t = app.t.home;
  const banner = app.takeBanner();
  let chosen = '';

  /** @param {Conversation} one */
  const newText = (one) => {
    const now = Date.now() / 1000;
    const { last, unread } = one;
    const name = one.caseworker.name || app.t.messages.staff;
    const child = one.thread.card?.child ?? '';
    if (last === null) {
      return html`<p class="govuk-body">${t.none} ${t.noneMore(firstName(name), child)}</p>
        <a href="/messages/${one.id}" class="govuk-button">${t.write(firstName(name))}</a>`;
    }
    const when = whenAt(app.t, timeOf(last), now);
    if (unread > 0) {
      const author = last.author?.side === 'staff' ? last.author.name : name;
      const role = author === one.caseworker.name ? app.t.caseworker.yours : app.t.caseworker.colleague;
      return html`<p class="sl-card__big">${t.newMessages(unread)}</p>
        <p class="govuk-body">${t.from(author, role, when)}</p>
        <a href="/messages/${one.id}" class="govuk-button">${t.read}</a>`;
    }
    return html`<p class="sl-card__big">${t.noNew}</p>
      <p class="govuk-body">${last.author?.mine ? t.lastMine(when) : t.last(when)}</p>
      ${promise(one, now)} ${one.unsent.length > 0 ? html`<p class="govuk-body"><strong>${t.waiting}</strong></p>` : nothing}
      <a href="/messages/${one.id}" class="govuk-button">${t.open}</a>`;
  };

  /** @param {Conversation} one @param {number} now */
  const promise = (one, now) => {
    const sentence = promiseSentence(app.t, one.meta.reply, firstName(one.caseworker.name), now);
    return sentence === null ? nothing : html`<p class="govuk-body">${app.say(sentence)}</p>`;
  };

  /** @param {Conversation} one */
  const card = (one) => html`<section class="sl-card ${one.unread > 0 ? 'sl-card--new' : ''}" aria-labelledby="h-msg">
    <h2 class="sl-card__label" id="h-msg">${t.messages}</h2>
    ${one.state === 'loading' ? working(t.opening) : newText(one)}
  </section>`;

  /** @param {Conversation} one */
  const about = (one) => {
    const { card: title } = one.thread;
    return t.about(title?.child ?? '', title?.case ?? String(one.meta.ref ?? ''));
  };

  const draw = () => {
    const box = app.mailbox;
    const all = box?.conversations ?? [];
    const one = all.find((each) => each.id === chosen) ?? all[0] ?? null;
    const name = firstName(one?.thread.card?.parent ?? '');
    return html`${banner === null ? nothing : successBanner(app.t.common.success, banner.heading, banner.text)}
      <h1 class="govuk-heading-l govuk-!-margin-bottom-2" tabindex="-1">${banner === null ? t.hello(name) : t.welcome(name)}</h1>
      <p class="govuk-body">${one === null ? nothing : about(one)} <a class="govuk-link sl-nowrap" href="#urgent-help" @click=${(/** @type {Event} */ event) => jump(event, 'urgent-help')}>${t.helpLink}</a></p>
      ${children(app, all, one, (id) => {
        chosen = id;
        app.update();
      })}
      <div class="govuk-grid-row">
        <div class="govuk-grid-column-two-thirds">
          ${one !== null ? card(one) : box?.state === 'loading' ? working(t.opening) : nothing}
          ${one === null && box?.state === 'ready' ? html`<p class="govuk-body">${app.say(t.noThreads)}</p>` : nothing}
          ${box?.state === 'failed' ? notOpened(app) : nothing}
        </div>
        <div class="govuk-grid-column-one-third">
          ${helpPanel(app)} ${one === null ? nothing : caseworkerPanel(app, one)} ${sendiass(app)}
        </div>
      </div>`;
  };
  return { title: t.title, draw };
};
