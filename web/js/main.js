// @ts-check
// Where the app begins.
import { App } from './app.js';
import { startSite } from './site.js';

// An invitation's secret leaves the address before anything else happens: no history, no screenshot.
const { hash } = location;
if (hash !== '') {
  const path = hash.startsWith('#i=') ? '/accept' : location.pathname;
  history.replaceState(null, '', path);
}

startSite();
new App().start(hash.startsWith('#i=') ? hash : '');
