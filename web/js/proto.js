// @ts-check
/**
 * The protocol's names, limits and error codes, as server/common/proto.def has them. A test holds
 * the two together.
 *
 * @module
 */

export const SUBPROTOCOL = 'sendline.v1';

export const LIMITS = Object.freeze({
  MAX_FRAME_BYTES: 262144,
  MAX_REPLY_BYTES: 1048576,
  MAX_JSON_DEPTH: 8,
  MAX_ENTRY_BYTES: 16842,
  MAX_PLAINTEXT_BYTES: 16384,
  MAX_MESSAGE_CHARS: 2000,
  MAX_GRANTS: 8,
  MAX_ROSTER_ROWS: 2000,
  MAX_ROOTS: 8,
  MAX_NAME_BYTES: 200,
  MAX_REF_BYTES: 40,
  MAX_ADDRESS_BYTES: 254,
  MAX_VAULT_BYTES: 131072,
  MAX_PARCEL_BYTES: 65536,
  MAX_THREADS_OF_PARENT: 64,
  MAX_ENTRIES_PAGE: 200,
  MAX_EVENTS_PAGE: 200,
  MAX_THREADS_PAGE: 500,
  MAX_OPEN_INVITES: 1000,
  MAX_SESSIONS: 20,
  INVITE_TRIES: 5,
  INVITE_MAX_DAYS: 28,
  CHALLENGE_SECONDS: 60,
  TICKET_SECONDS: 60,
  KEY_HOLD_SECONDS: 5,
});

/** Every code that an answer may carry. */
export const ERRORS = Object.freeze([
  'ok', 'internal', 'internal_data', 'bad_request', 'bad_frame', 'unknown_call', 'too_big',
  'too_many', 'rate_limited', 'busy', 'storage_full', 'not_signed_in', 'session_ended',
  'sign_in_failed', 'challenge_used', 'forbidden', 'not_found', 'id_used', 'ref_used',
  'address_used', 'closed', 'entry_stale', 'entry_id_used', 'entry_refused', 'signature_wrong',
  'invite_ended', 'invite_wrong_code', 'vault_conflict', 'roster_refused', 'set_up_already',
  'not_set_up', 'token_wrong', 'ticket_wrong', 'stopping',
]);

/** The calls that this app makes. */
export const CALLS = Object.freeze([
  'account.get', 'auth.challenge', 'auth.parent', 'auth.resume', 'auth.sign_out', 'entry.post',
  'invite.accept', 'invite.open', 'roster.since', 'service.info', 'session.tab', 'sync',
  'thread.entries', 'thread.list', 'vault.get', 'vault.save',
]);

/** The events that this app hears of. */
export const EVENTS = Object.freeze(['entry.new', 'invite.used', 'thread.changed', 'thread.new']);

/** What kind of message an entry of ours is, said in clear for the reply promise. */
export const ACTS = Object.freeze({ TEXT: 'text', RETRACT: 'retract' });

/** What a signature to the server is for (crypto.md, signing in). */
export const PURPOSE = Object.freeze({ PARENT: 1, INVITEE: 3, CHANGE: 4 });

/** Codes after which the same request may simply be made again a little later. */
export const TRY_LATER = Object.freeze([
  'busy', 'internal', 'rate_limited', 'stopping', 'storage_full', 'too_many',
]);
