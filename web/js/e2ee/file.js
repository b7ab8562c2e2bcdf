// @ts-check
/**
 * Files: 64 KiB chunks of a secretstream, so that a phone never needs the whole of one in memory
 * twice, and no chunk can be cut off, moved or taken from another file.
 *
 * @module
 */
import { concat, equal, label } from './bytes.js';
import { E2eeError } from './errors.js';
import { sodium } from './sodium.js';

/** @typedef {import('./types.js').Random} Random */

export const CHUNK_BYTES = 64 * 1024;
export const FILE_LIMIT = 25 * 1024 * 1024;
const HEAD_BYTES = 24;
const SEALED_BYTES = CHUNK_BYTES + 17;

/** @param {number} size of the file */
export function chunkCount(size) {
    return Math.max(1, Math.ceil(size / CHUNK_BYTES));
}

/** @param {number} size of the file @returns {number} of the blob */
export function blobSize(size) {
    return HEAD_BYTES + chunkCount(size) * SEALED_BYTES;
}

/** Hash of a blob in pieces. */
class BlobHash {
    constructor() {
        this.state = sodium().crypto_generichash_init(null, 32);
        this.add(label('sendline-blob-v1'));
    }

    /** @param {Uint8Array} bytes */
    add(bytes) {
        sodium().crypto_generichash_update(this.state, bytes);
    }

    end() {
        return sodium().crypto_generichash_final(this.state, 32);
    }
}

/** @param {Uint8Array} blob */
export function blobHash(blob) {
    const hash = new BlobHash();
    hash.add(blob);
    return hash.end();
}

/** Seals one file, chunk by chunk. */
export class Sealer {
    /**
     * @param {Uint8Array} key 32 random bytes, for this file only
     * @param {number} size of the file
     * @param {Random} random
     */
    constructor(key, size, random) {
        if (size > FILE_LIMIT) {
            throw new E2eeError('too-long');
        }
        this.left = size;
        this.done = false;
        /** First bytes of the blob. */
        this.head = random(HEAD_BYTES);
        // libsodium picks the header by itself when pushing; pulling with a header of ours makes the
        // same state, and so tests can fix it.
        this.state = sodium().crypto_secretstream_xchacha20poly1305_init_pull(this.head, key);
        this.hashing = new BlobHash();
        this.hashing.add(this.head);
    }

    /**
     * @param {Uint8Array} chunk 64 KiB, the last one what is left
     * @returns {Uint8Array} the next bytes of the blob
     */
    push(chunk) {
        const lib = sodium();
        if (this.done || chunk.length !== Math.min(this.left, CHUNK_BYTES)) {
            throw new E2eeError('length');
        }
        this.left -= chunk.length;
        this.done = this.left === 0;
        const whole = new Uint8Array(CHUNK_BYTES);
        whole.set(chunk);
        const sealed = lib.crypto_secretstream_xchacha20poly1305_push(
            this.state, whole, null,
            this.done
                ? lib.crypto_secretstream_xchacha20poly1305_TAG_FINAL
                : lib.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
        this.hashing.add(sealed);
        return sealed;
    }

    /** Hash of the blob, once the last chunk is through. */
    end() {
        if (!this.done) {
            throw new E2eeError('length');
        }
        return this.hashing.end();
    }
}

/** Opens one file, chunk by chunk. Nothing may be saved before `end()` has said yes. */
export class Opener {
    /**
     * @param {{ key: Uint8Array, size: number, hash: Uint8Array }} file from the message
     * @param {Uint8Array} head first 24 bytes of the blob
     */
    constructor(file, head) {
        if (file.size > FILE_LIMIT || head.length !== HEAD_BYTES) {
            throw new E2eeError('length');
        }
        this.want = file.hash;
        this.left = file.size;
        this.done = false;
        this.state = sodium().crypto_secretstream_xchacha20poly1305_init_pull(head, file.key);
        this.hashing = new BlobHash();
        this.hashing.add(head);
    }

    /**
     * @param {Uint8Array} sealed the next 65,553 bytes
     * @returns {Uint8Array} the next bytes of the file
     * @throws {E2eeError} length, file
     */
    pull(sealed) {
        const lib = sodium();
        if (this.done || sealed.length !== SEALED_BYTES) {
            throw new E2eeError('length');
        }
        this.hashing.add(sealed);
        const found = lib.crypto_secretstream_xchacha20poly1305_pull(this.state, sealed, null);
        const length = Math.min(this.left, CHUNK_BYTES);
        this.left -= length;
        this.done = this.left === 0;
        const tag = this.done
            ? lib.crypto_secretstream_xchacha20poly1305_TAG_FINAL
            : lib.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE;
        if (!found || found.tag !== tag || found.message.subarray(length).some((b) => b !== 0)) {
            throw new E2eeError('file');
        }
        return found.message.subarray(0, length);
    }

    /** @throws {E2eeError} length, hash */
    end() {
        if (!this.done) {
            throw new E2eeError('length');
        }
        if (!equal(this.hashing.end(), this.want)) {
            throw new E2eeError('hash');
        }
    }
}

/**
 * @param {Uint8Array} key
 * @param {Uint8Array} content
 * @param {Random} random
 * @returns {{ blob: Uint8Array, hash: Uint8Array }}
 */
export function sealFile(key, content, random) {
    const sealer = new Sealer(key, content.length, random);
    const parts = [sealer.head];
    for (let i = 0; i < chunkCount(content.length); i++) {
        parts.push(sealer.push(content.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES)));
    }
    return { blob: concat(...parts), hash: sealer.end() };
}

/**
 * @param {{ key: Uint8Array, size: number, hash: Uint8Array }} file
 * @param {Uint8Array} blob
 * @returns {Uint8Array}
 * @throws {E2eeError} length, hash, file
 */
export function openFile(file, blob) {
    if (blob.length !== blobSize(file.size)) {
        throw new E2eeError('length');
    }
    const opener = new Opener(file, blob.subarray(0, HEAD_BYTES));
    const parts = [];
    for (let i = 0; i < chunkCount(file.size); i++) {
        const at = HEAD_BYTES + i * SEALED_BYTES;
        parts.push(opener.pull(blob.subarray(at, at + SEALED_BYTES)));
    }
    opener.end();
    return concat(...parts);
}
