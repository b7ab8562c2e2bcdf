// @ts-check
/**
 * Addresses of the app. None of them says anything about a child: a conversation's is its random id.
 *
 * @module
 */

/** @typedef {'home' | 'sign-in' | 'accept' | 'messages' | 'account' | 'forgotten' | 'signed-out' | 'session-ended' | 'not-found'} RouteName */
/** @typedef {{ name: RouteName, thread?: string }} Route */

/** @type {Record<string, RouteName>} */
const FIXED = {
  '/': 'home',
  '/sign-in': 'sign-in',
  '/accept': 'accept',
  '/messages': 'messages',
  '/account': 'account',
  '/forgotten': 'forgotten',
  '/signed-out': 'signed-out',
  '/session-ended': 'session-ended',
};

const PRIVATE = new Set(['home', 'messages', 'account']);

/** @param {string} path @returns {Route} */
export function routeOf(path) {
  const plain = path.length > 1 ? path.replace(/\/$/, '') : path;
  const name = FIXED[plain];
  if (name !== undefined) {
    return { name };
  }
  const thread = /^\/messages\/([A-Za-z0-9_-]{22})$/.exec(plain);
  return thread === null ? { name: 'not-found' } : { name: 'messages', thread: thread[1] };
}

/** Whether only somebody signed in may see it. @param {Route} route */
export function isPrivate(route) {
  return PRIVATE.has(route.name);
}

/** Every address that the server answers with the app's page; `/messages/` and what is under it beside. */
export const APP_PATHS = Object.keys(FIXED);
