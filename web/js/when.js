// @ts-check
/**
 * Instants and dates in sentences: "today at 9:02am", "on Monday 11 January at 6:50pm". Pure.
 *
 * @module
 */
import { civil, civilOn, daysBetween } from './time.js';

/** @typedef {import('./words.js').Words} Words */

/** @param {Words} t @param {number} at @param {number} now both Unix seconds */
export function whenAt(t, at, now) {
  const then = civil(at);
  const today = civil(now);
  const clock = t.time(then);
  switch (daysBetween(then.on, today.on)) {
    case 0:
      return t.when.today(clock);
    case 1:
      return t.when.yesterday(clock);
    default:
      return t.when.on(t.date(then, today.year), clock);
  }
}

/** The day alone. @param {Words} t @param {number} at @param {number} now */
export function whenDay(t, at, now) {
  const then = civil(at);
  const today = civil(now);
  switch (daysBetween(then.on, today.on)) {
    case 0:
      return t.when.dayToday;
    case 1:
      return t.when.dayYesterday;
    default:
      return t.when.day(t.shortDate(then, today.year));
  }
}

/** A day's heading in the conversation. @param {Words} t @param {string} on @param {number} now */
export function dayHeading(t, on, now) {
  const today = civil(now);
  const day = t.date(civilOn(on), today.year);
  switch (daysBetween(on, today.on)) {
    case 0:
      return t.when.headToday(day);
    case 1:
      return t.when.headYesterday(day);
    default:
      return day;
  }
}

/**
 * The reply promise as one sentence, or null when there is nothing to promise.
 * @param {Words} t
 * @param {{ state: string, due_on?: string } | undefined} reply as the server has it
 * @param {string} who first name, or '' for "we"
 * @param {number} now
 */
export function promiseSentence(t, reply, who, now) {
  const name = who === '' ? t.promise.we : who;
  if (reply?.state === 'not_needed') {
    return t.promise.not_needed(name);
  }
  if ((reply?.state !== 'due' && reply?.state !== 'late') || reply.due_on === undefined) {
    return null;
  }
  const today = civil(now);
  const day = t.date(civilOn(reply.due_on), today.year);
  // The server says "late" at its next look; the day itself says so at once.
  const late = reply.state === 'late' || daysBetween(reply.due_on, today.on) > 0;
  return late ? t.promise.late(name, day) : t.promise.due(name, day);
}

/** What people are called in passing: "Jordan" of "Jordan Ellis". @param {string} name */
export function firstName(name) {
  return name.trim().split(/\s+/)[0] ?? '';
}

/** "s…r@mail.example": enough to know one's own, too little to learn another's. @param {string} address */
export function maskAddress(address) {
  const at = address.lastIndexOf('@');
  if (at < 1) {
    return '…';
  }
  const [first, ...rest] = [...address.slice(0, at)];
  return `${first}…${rest.length > 1 ? rest[rest.length - 1] : ''}${address.slice(at)}`;
}
