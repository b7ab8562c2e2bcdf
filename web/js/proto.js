// @ts-check
/**
 * What the app has of the protocol's table, server/common/proto.def. A test holds the two together.
 *
 * @module
 */

export const SUBPROTOCOL = 'sendline.v1';

/** What a person types in one message. */
export const MAX_MESSAGE_CHARS = 2000;

/** What kind of message an entry of ours is, said in clear for the reply promise. */
export const ACTS = Object.freeze({ TEXT: 'text', RETRACT: 'retract' });

/** Codes after which the same request may simply be made again a little later. */
export const TRY_LATER = Object.freeze([
  'busy', 'internal', 'rate_limited', 'stopping', 'storage_full', 'too_many',
]);
