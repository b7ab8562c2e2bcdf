// @ts-check
/**
 * libsodium under the names that the design uses: hash, kdf, aead, seal, sign, argon2id, pad.
 * The constants of version 1 are here and nowhere else; nothing takes one as a parameter.
 *
 * @module
 */
import { concat } from './bytes.js';
import { E2eeError } from './errors.js';
import { sodium } from './sodium.js';

/** @typedef {import('./types.js').Random} Random */
/** @typedef {import('./types.js').KeyPair} KeyPair */

export const NONCE_BYTES = 24;
/** What `aead` adds: the nonce and the tag. */
export const AEAD_BYTES = 40;

/**
 * BLAKE2b without a key.
 * @param {number} n bytes out
 * @param {...Uint8Array} parts
 */
export function hash(n, ...parts) {
    return sodium().crypto_generichash(n, concat(...parts), null);
}

/**
 * @param {Uint8Array} key 32 bytes
 * @param {number} index
 * @param {string} context exactly 8 ASCII characters
 */
export function kdf(key, index, context) {
    return sodium().crypto_kdf_derive_from_key(32, index, context, key);
}

/**
 * @param {Uint8Array} key 32 bytes
 * @param {Uint8Array} ad
 * @param {Uint8Array} message
 * @param {Random} random gives the nonce; tests give a fixed one
 * @returns {Uint8Array} nonce and ciphertext
 */
export function aead(key, ad, message, random) {
    const nonce = random(NONCE_BYTES);
    return concat(
        nonce,
        sodium().crypto_aead_xchacha20poly1305_ietf_encrypt(message, ad, null, nonce, key),
    );
}

/**
 * @param {Uint8Array} key
 * @param {Uint8Array} ad
 * @param {Uint8Array} sealed
 * @returns {Uint8Array | null} null: it does not open
 */
export function aeadOpen(key, ad, sealed) {
    if (sealed.length < AEAD_BYTES) {
        return null;
    }
    try {
        return sodium().crypto_aead_xchacha20poly1305_ietf_decrypt(
            null, sealed.subarray(NONCE_BYTES), ad, sealed.subarray(0, NONCE_BYTES), key);
    } catch {
        return null;
    }
}

/**
 * crypto_box_seal, spelled out so that its ephemeral pair comes from the given randomness.
 * @param {Uint8Array} pk
 * @param {Uint8Array} message
 * @param {Random} random
 * @throws {E2eeError} box-key: nothing can be sealed to this key
 */
export function seal(pk, message, random) {
    const lib = sodium();
    const pair = lib.crypto_box_seed_keypair(random(32));
    const nonce = hash(NONCE_BYTES, pair.publicKey, pk);
    try {
        return concat(pair.publicKey, lib.crypto_box_easy(message, nonce, pk, pair.privateKey));
    } catch {
        throw new E2eeError('box-key');
    } finally {
        lib.memzero(pair.privateKey);
    }
}

/**
 * @param {KeyPair} pair
 * @param {Uint8Array} sealed
 * @returns {Uint8Array | null}
 */
export function sealOpen(pair, sealed) {
    try {
        return sodium().crypto_box_seal_open(sealed, pair.pk, pair.sk);
    } catch {
        return null;
    }
}

/**
 * Whether anything can be sealed to this key: libsodium refuses the few points of small order,
 * whichever the other half is, so any fixed one will do to ask.
 * @param {Uint8Array} pk
 */
export function canSealTo(pk) {
    try {
        sodium().crypto_box_beforenm(pk, new Uint8Array(32).fill(1));
        return true;
    } catch {
        return false;
    }
}

/**
 * @param {Uint8Array} sk
 * @param {...Uint8Array} parts
 */
export function sign(sk, ...parts) {
    return sodium().crypto_sign_detached(concat(...parts), sk);
}

/**
 * @param {Uint8Array} pk
 * @param {Uint8Array} signature
 * @param {...Uint8Array} parts
 */
export function verify(pk, signature, ...parts) {
    try {
        return sodium().crypto_sign_verify_detached(signature, concat(...parts), pk);
    } catch {
        return false;
    }
}

/**
 * @param {Uint8Array} seed
 * @returns {KeyPair}
 */
export function signPair(seed) {
    const pair = sodium().crypto_sign_seed_keypair(seed);
    return { pk: pair.publicKey, sk: pair.privateKey };
}

/**
 * @param {Uint8Array} seed
 * @returns {KeyPair}
 */
export function boxPair(seed) {
    const pair = sodium().crypto_box_seed_keypair(seed);
    return { pk: pair.publicKey, sk: pair.privateKey };
}

/**
 * Slow (three passes over 64 MiB): run it in a worker.
 * @param {Uint8Array} password
 * @param {Uint8Array} salt 16 bytes
 */
export function argon2id(password, salt) {
    return pwhash(password, salt, 64);
}

/**
 * The stronger form for key files, which lie about on disks.
 * @param {Uint8Array} password
 * @param {Uint8Array} salt 16 bytes
 */
export function argon2idFile(password, salt) {
    return pwhash(password, salt, 256);
}

/**
 * @param {Uint8Array} password
 * @param {Uint8Array} salt
 * @param {number} mebibytes
 */
function pwhash(password, salt, mebibytes) {
    const lib = sodium();
    return lib.crypto_pwhash(
        32, password, salt, 3, mebibytes * 1024 * 1024, lib.crypto_pwhash_ALG_ARGON2ID13);
}

/**
 * @param {number} block
 * @param {Uint8Array} bytes
 */
export function pad(block, bytes) {
    return sodium().pad(bytes, block);
}

/**
 * @param {number} block
 * @param {Uint8Array} bytes
 * @returns {Uint8Array | null}
 */
export function unpad(block, bytes) {
    try {
        return sodium().unpad(bytes, block);
    } catch {
        return null;
    }
}
