// @ts-check
/**
 * Everything that needs the encryption, in one chunk that is loaded after the first page is readable.
 *
 * @module
 */
export { normalCode, parseFragment, readSecret } from './e2ee/invite.js';
export { ready, systemRandom } from './e2ee/sodium.js';
export { Mailbox } from './mailbox.js';
export { accept, acceptAgain, openInvite, resume, resumeAgain, showInvite, signIn } from './session.js';
export { inviteKeys, passwordKeys, warmUp } from './slow.js';
