// @ts-check
/**
 * Signing in without telling the server a password, and the three boxes a parent's client keeps:
 * vault (on the server), tab (to survive a reload) and drafts. `passwordKeys` is slow; run it in a
 * worker.
 *
 * @module
 */
import { concat, fromUtf8, label, u8, utf8 } from './bytes.js';
import { E2eeError } from './errors.js';
import { readFields, writeFields } from './fields.js';
import { parseJson } from './json.js';
import { aead, aeadOpen, argon2id, hash, kdf, pad, sign, signPair, unpad } from './primitives.js';

/** @typedef {import('./types.js').Random} Random */
/** @typedef {import('./types.js').KeyPair} KeyPair */
/** @typedef {import('./types.js').Vault} Vault */

/** What a signature to the server is for. */
export const PURPOSE = Object.freeze({ parent: 1, staff: 2, invitee: 3, newPassword: 4 });
/** Fewer characters than this are not taken as a password. */
export const PASSWORD_MIN = 12;

const BLOCK = 1024;
/** @type {import('./fields.js').Table} */
const VAULT_FIELDS = {
    seed: 'b32', service: 's', roots: ['b32'], serial: 'i', 'rosterHash?': 'b32',
    threads: [{ id: 'b16', generation: 'i', key: 'b32', seq: 'i', link: 'b32', 'team?': 'b16' }],
};
/** @type {import('./fields.js').Table} */
const TAB_FIELDS = { vault_key: 'b32', vault: VAULT_FIELDS };

/**
 * The spelling of an address that everybody's salt depends on: NFKC, trimmed as ECMAScript does,
 * and only A to Z made small (a locale's idea of small letters must not come into it).
 * @param {string} address
 */
export function normalAddress(address) {
    return address.normalize('NFKC').trim().replace(/[A-Z]/g, (c) => c.toLowerCase());
}

/**
 * @param {string} service
 * @param {string} address
 */
export function passwordSalt(service, address) {
    return hash(16, label('sendline-salt-v1'), utf8(service), u8(0), utf8(normalAddress(address)));
}

/**
 * Slow: all that a password gives.
 * @param {{ service: string, address: string, password: string }} who
 * @returns {{ master: Uint8Array, auth: KeyPair, vaultKey: Uint8Array }}
 */
export function passwordKeys({ service, address, password }) {
    const master = argon2id(utf8(password.normalize('NFKC')), passwordSalt(service, address));
    return {
        master,
        auth: signPair(kdf(master, 1, 'SLpasswd')),
        vaultKey: kdf(master, 2, 'SLpasswd'),
    };
}

/** Characters as people count them, of the form that is hashed. @param {string} password */
export function passwordLongEnough(password) {
    return [...password.normalize('NFKC')].length >= PASSWORD_MIN;
}

/** @param {Uint8Array} parentId */
const vaultAd = (parentId) => concat(label('sendline-vault-v1'), parentId);
/** @param {Uint8Array} parentId */
const tabAd = (parentId) => concat(label('sendline-tab-v1'), parentId);
/** @param {Uint8Array} parentId @param {Uint8Array} threadId */
const draftAd = (parentId, threadId) => concat(label('sendline-draft-v1'), parentId, threadId);

/** @param {any} fields */
const encodeJson = (fields) => utf8(JSON.stringify(fields));

/**
 * @param {Uint8Array | null} json
 * @returns {Map<string, any>}
 */
function decodeJson(json) {
    if (!json) {
        throw new E2eeError('does-not-open');
    }
    return parseJson(fromUtf8(json));
}

/**
 * @param {Uint8Array} vaultKey
 * @param {Uint8Array} parentId
 * @param {Vault} vault
 * @param {Random} random
 */
export function sealVault(vaultKey, parentId, vault, random) {
    return sealVaultBytes(vaultKey, parentId, encodeJson(writeFields(VAULT_FIELDS, vault)), random);
}

/**
 * @param {Uint8Array} vaultKey
 * @param {Uint8Array} parentId
 * @param {Uint8Array} json
 * @param {Random} random
 */
export function sealVaultBytes(vaultKey, parentId, json, random) {
    return aead(vaultKey, vaultAd(parentId), pad(BLOCK, json), random);
}

/**
 * @param {Uint8Array} vaultKey
 * @param {Uint8Array} parentId
 * @param {Uint8Array} sealed
 * @param {string} service the name built into the page
 * @returns {Vault}
 * @throws {E2eeError} does-not-open, json, fields, service
 */
export function openVault(vaultKey, parentId, sealed, service) {
    const padded = aeadOpen(vaultKey, vaultAd(parentId), sealed);
    const members = decodeJson(padded && unpad(BLOCK, padded));
    const vault = /** @type {Vault} */ (readFields(VAULT_FIELDS, members));
    if (vault.service !== service) {
        throw new E2eeError('service');
    }
    return vault;
}

/** What a save names so that two tabs cannot overwrite each other. @param {Uint8Array} sealed */
export function vaultHash(sealed) {
    return hash(32, sealed);
}

/**
 * @param {Uint8Array} tabKey the half that lives on the server
 * @param {Uint8Array} parentId
 * @param {{ vaultKey: Uint8Array, vault: Vault }} tab
 * @param {Random} random
 */
export function sealTab(tabKey, parentId, { vaultKey, vault }, random) {
    const fields = writeFields(TAB_FIELDS, { vault_key: vaultKey, vault });
    return sealTabBytes(tabKey, parentId, encodeJson(fields), random);
}

/**
 * @param {Uint8Array} tabKey
 * @param {Uint8Array} parentId
 * @param {Uint8Array} json
 * @param {Random} random
 */
export function sealTabBytes(tabKey, parentId, json, random) {
    return aead(tabKey, tabAd(parentId), json, random);
}

/**
 * @param {Uint8Array} tabKey
 * @param {Uint8Array} parentId
 * @param {Uint8Array} sealed
 * @returns {{ vaultKey: Uint8Array, vault: Vault }}
 * @throws {E2eeError} does-not-open, json, fields
 */
export function openTab(tabKey, parentId, sealed) {
    const fields = readFields(TAB_FIELDS, decodeJson(aeadOpen(tabKey, tabAd(parentId), sealed)));
    return { vaultKey: fields.vault_key, vault: fields.vault };
}

/**
 * Drafts and unsent entries of one thread. The shape is the caller's; nobody else reads it.
 * @param {Uint8Array} draftsKey `identity.drafts`
 * @param {Uint8Array} parentId
 * @param {Uint8Array} threadId
 * @param {any} value anything that JSON can hold
 * @param {Random} random
 */
export function sealDraft(draftsKey, parentId, threadId, value, random) {
    return aead(draftsKey, draftAd(parentId, threadId), encodeJson(value), random);
}

/**
 * @param {Uint8Array} draftsKey
 * @param {Uint8Array} parentId
 * @param {Uint8Array} threadId
 * @param {Uint8Array} sealed
 * @returns {any} null: it does not open (another person's, or from before a new password)
 */
export function openDraft(draftsKey, parentId, threadId, sealed) {
    const json = aeadOpen(draftsKey, draftAd(parentId, threadId), sealed);
    return json ? JSON.parse(fromUtf8(json)) : null;
}

/**
 * Answer a challenge of the server. What is signed names the purpose and the host, so an answer is of
 * no use anywhere else.
 * @param {Uint8Array} sk
 * @param {{ purpose: number, host: string, challenge: Uint8Array, extra?: Uint8Array }} what host: as
 *   in the address bar, without port
 */
export function signAuth(sk, { purpose, host, challenge, extra = new Uint8Array(32) }) {
    if (!/^[a-z0-9.-]{1,255}$/.test(host) || challenge.length !== 32 || extra.length !== 32) {
        throw new E2eeError('auth');
    }
    const name = utf8(host);
    return sign(
        sk, label('sendline-auth-v1'), u8(purpose), u8(name.length), name, challenge, extra);
}

/**
 * `extra` of purpose 4: the server cannot put another key or vault in place of these.
 * @param {Uint8Array} newAuthPk
 * @param {Uint8Array} newVault sealed
 */
export function changeExtra(newAuthPk, newVault) {
    return hash(32, label('sendline-change-v1'), newAuthPk, newVault);
}
