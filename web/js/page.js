// @ts-check
// The script of the pages that are read without an account.
import { startSite } from './site.js';

startSite();
// The server writes dates as it has them in its settings; people read them in words.
for (const time of document.querySelectorAll('time[datetime]')) {
  const date = new Date(`${time.getAttribute('datetime')}T12:00:00Z`);
  if (!Number.isNaN(date.getTime())) {
    time.textContent = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(date);
  }
}
