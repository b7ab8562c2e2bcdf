// @ts-check
/**
 * Argon2id, off the page's own thread: half a second on a good phone, several on an old one.
 *
 * @module
 */
import { passwordKeys } from '../e2ee/account.js';
import { inviteKeys } from '../e2ee/invite.js';
import { ready } from '../e2ee/sodium.js';

/** @param {any} task */
function result(task) {
  if (task.what === 'password') {
    const { auth, vaultKey } = passwordKeys(task);
    return { auth, vaultKey };
  }
  const { inviteId, accept, wrap } = inviteKeys(task.secret, task.code);
  return { inviteId, accept, wrap };
}

self.onmessage = async ({ data }) => {
  try {
    await ready();
    if (data.what !== 'warm') {
      self.postMessage({ done: data.what, ok: result(data) });
    }
  } catch (error) {
    if (data.what !== 'warm') {
      self.postMessage({ done: data.what, error: error instanceof Error ? error.message : 'worker' });
    }
  }
};
