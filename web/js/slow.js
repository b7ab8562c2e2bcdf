// @ts-check
/**
 * The two stretchings of a password or code, in a worker, so that the page goes on answering.
 *
 * @module
 */
import workerUrl from 'worker:./workers/slow.js';

/** @typedef {{ pk: Uint8Array, sk: Uint8Array }} KeyPair */

/** The policy that allows this one worker, and no other script, to be started. */
const policy = window.trustedTypes?.createPolicy('sendline-worker', {
  createScriptURL(url) {
    if (url !== workerUrl) {
      throw new TypeError('not our worker');
    }
    return url;
  },
});

/** @type {Worker | null} */
let worker = null;

function start() {
  if (worker === null) {
    const url = /** @type {string} */ (policy ? policy.createScriptURL(workerUrl) : workerUrl);
    worker = new Worker(url, { type: 'module' });
  }
  return worker;
}

/** Load the worker while somebody reads or types, so that it is there when it is needed. */
export function warmUp() {
  start().postMessage({ what: 'warm' });
}

/**
 * @param {{ what: string } & Record<string, any>} task
 * @returns {Promise<any>}
 */
function run(task) {
  const mine = start();
  return new Promise((resolve, reject) => {
    mine.onmessage = ({ data }) => {
      if (data.done !== task.what) {
        return;
      }
      // The memory that stretching took (64 MiB) goes with the worker.
      mine.terminate();
      worker = null;
      if (data.ok) {
        resolve(data.ok);
      } else {
        reject(new Error(data.error));
      }
    };
    mine.onerror = (event) => {
      event.preventDefault();
      mine.terminate();
      worker = null;
      reject(new Error('worker'));
    };
    mine.postMessage(task);
  });
}

/**
 * @param {{ service: string, address: string, password: string }} who
 * @returns {Promise<{ auth: KeyPair, vaultKey: Uint8Array }>}
 */
export function passwordKeys(who) {
  return run({ what: 'password', ...who });
}

/**
 * @param {Uint8Array} secret
 * @param {string} code
 * @returns {Promise<{ inviteId: Uint8Array, accept: KeyPair, wrap: Uint8Array }>}
 */
export function inviteKeys(secret, code) {
  return run({ what: 'invite', secret, code });
}
