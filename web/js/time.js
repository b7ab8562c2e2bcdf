// @ts-check
/**
 * Instants as civil time in England, whatever the device's own zone is. Pure; the words are the
 * catalogue's.
 *
 * @module
 */

/**
 * @typedef {object} Civil
 * @property {number} year
 * @property {number} month    1 to 12
 * @property {number} day
 * @property {number} weekday  0 Sunday to 6 Saturday
 * @property {number} hour
 * @property {number} minute
 * @property {string} on       YYYY-MM-DD
 */

const london = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/London',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

/** @param {number} year @param {number} month @param {number} day */
function weekdayOf(year, month, day) {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay();
}

/** @param {number} seconds Unix time @returns {Civil} */
export function civil(seconds) {
  /** @type {Record<string, number>} */
  const part = {};
  for (const { type, value } of london.formatToParts(new Date(seconds * 1000))) {
    part[type] = Number(value);
  }
  const { year, month, day, hour, minute } = part;
  return { year, month, day, weekday: weekdayOf(year, month, day), hour, minute, on: onOf(year, month, day) };
}

/** @param {string} on YYYY-MM-DD @returns {Civil} at midnight; null parts never: a bad date throws */
export function civilOn(on) {
  const found = /^(\d{4})-(\d\d)-(\d\d)$/.exec(on);
  if (found === null) {
    throw new RangeError('not a date');
  }
  const [year, month, day] = found.slice(1).map(Number);
  return { year, month, day, weekday: weekdayOf(year, month, day), hour: 0, minute: 0, on };
}

/** @param {number} year @param {number} month @param {number} day */
function onOf(year, month, day) {
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/** Whole days from one date to another. @param {string} from @param {string} to both YYYY-MM-DD */
export function daysBetween(from, to) {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86400000);
}

/** For the datetime attribute of a <time>. @param {number} seconds */
export function isoUtc(seconds) {
  return new Date(seconds * 1000).toISOString().slice(0, 16) + 'Z';
}
