// @ts-check
// Where the app begins.
import { App } from './app.js';
import { startSite } from './site.js';

/** An invitation's secret leaves the address before anything else happens: no history, no screenshot. */
function takeInvitation() {
  const { hash } = location;
  const invited = hash.startsWith('#i=');
  if (hash !== '') {
    history.replaceState(null, '', invited ? '/accept' : location.pathname);
  }
  return invited ? hash : '';
}

const invitation = takeInvitation();
startSite();
const app = new App();
// A link that is opened on top of this page changes the address alone.
window.addEventListener('hashchange', () => {
  const another = takeInvitation();
  if (another !== '') {
    app.invited(another);
  }
});
app.start(invitation);
