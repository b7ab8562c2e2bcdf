// @ts-check
import { html } from 'lit/html.js';
import { civil } from '../time.js';
import { h1, summaryList, twoThirds } from '../ui/pieces.js';

/** @type {import('../app.js').MakeView} */
export default (app) => {
  const t = app.t.account;
  /** @type {{ address: string, created_at: number, own_device: boolean } | null} */
  let about = null;
  app.wire.call('account.get', {}).then(
    (answer) => {
      about = answer;
      app.update();
    },
    () => {
      // Not connected: the rest of the page is of use all the same.
    },
  );
  const own = () => about?.own_device ?? app.session?.ownDevice ?? false;
  return {
    title: t.title,
    draw: () => html`${h1(t.title)}
      ${twoThirds(html`<h2 class="govuk-heading-m">${t.signingIn}</h2>
        ${summaryList([
          [t.email, about?.address ?? t.loading],
          [t.password, t.passwordText],
          [t.device, own() ? t.deviceOwn : t.deviceShared(app.idleMinutes)],
          [t.since, about === null ? t.loading : app.t.date(civil(about.created_at), 0)],
        ])}
        <p class="govuk-body">${t.changeNote}</p>
        <h2 class="govuk-heading-m">${t.signOutTitle}</h2>
        <p class="govuk-body">${t.signOutText}</p>
        <button type="button" class="govuk-button govuk-button--secondary" @click=${() => app.signOut()}>${app.t.nav.signOut}</button>
        <h2 class="govuk-heading-m">${t.contactTitle}</h2>
        <p class="govuk-body">${t.contactTeam}</p>
        ${summaryList([
          [t.phone, app.fillers.phone],
          [t.hours, app.settings.contact_hours],
          [t.contactEmail, app.fillers.email],
        ])}
        <p class="govuk-body">${t.emailNote}</p>
        <h2 class="govuk-heading-m">${t.worriedTitle}</h2>
        <p class="govuk-body">${app.say(t.worried)}</p>`)}`,
  };
};
