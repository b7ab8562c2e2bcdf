// @ts-check
/**
 * The little that stays on the device: half of a key for this tab, and sealed drafts. A browser may
 * refuse any of it; then the page works, and says what it cannot keep.
 *
 * @module
 */

const TAB = 'sendline.tab';
const DRAFT = 'sendline.draft.';

/** @param {'sessionStorage' | 'localStorage'} which @returns {Storage | null} */
function box(which) {
  try {
    return window[which];
  } catch {
    return null;
  }
}

/** @param {Storage | null} storage @param {string} name @param {string | null} value */
function put(storage, name, value) {
  try {
    if (value === null) {
      storage?.removeItem(name);
    } else {
      storage?.setItem(name, value);
    }
    return storage !== null;
  } catch {
    return false;
  }
}

/** @param {Storage | null} storage @param {string} name */
function get(storage, name) {
  try {
    return storage?.getItem(name) ?? null;
  } catch {
    return null;
  }
}

/** This device's half of the session, on this tab or (the parent's own device) in every tab. */
export function readTab() {
  return get(box('sessionStorage'), TAB) ?? get(box('localStorage'), TAB);
}

/** @param {string} value @param {boolean} ownDevice */
export function writeTab(value, ownDevice) {
  put(box(ownDevice ? 'sessionStorage' : 'localStorage'), TAB, null);
  return put(box(ownDevice ? 'localStorage' : 'sessionStorage'), TAB, value);
}

export function forgetTab() {
  put(box('sessionStorage'), TAB, null);
  put(box('localStorage'), TAB, null);
}

/** @param {string} parent @param {string} thread */
export function readDraft(parent, thread) {
  return get(box('localStorage'), `${DRAFT}${parent}.${thread}`);
}

/** @param {string} parent @param {string} thread @param {string | null} sealed null: nothing to keep @returns {boolean} kept */
export function writeDraft(parent, thread, sealed) {
  return put(box('localStorage'), `${DRAFT}${parent}.${thread}`, sealed);
}
