// @ts-check
/**
 * Tables of fields, and the one reader and writer for all of them: messages, parcels, vaults, tabs.
 * A field's type is `s` string, `i` integer from 0 below 2^53, `b16`/`b32` bytes, `bool`; in square
 * brackets a list of it; an object is a nested table. A name that ends in `?` may be missing.
 *
 * @module
 */
import { fromB64, isText, toB64 } from './bytes.js';
import { E2eeError } from './errors.js';

/** @typedef {any} FieldType  a name of a type, a list with one FieldType in it, or a Table; 'any' as it nests */
/** @typedef {{ [name: string]: FieldType }} Table */

/** @returns {never} */
function bad(/** @type {string} */ where) {
    throw new E2eeError('fields', where);
}

/** @param {string} type */
function byteCount(type) {
    return type === 'b16' ? 16 : 32;
}

/**
 * @param {FieldType} type
 * @param {any} value as `parseJson` gives it
 * @param {string} where
 * @returns {any}
 */
function readValue(type, value, where) {
    if (Array.isArray(type)) {
        if (!Array.isArray(value)) {
            bad(where);
        }
        return value.map((/** @type {any} */ one) => readValue(type[0], one, where));
    }
    if (typeof type === 'object') {
        if (!(value instanceof Map)) {
            bad(where);
        }
        return readFields(type, value);
    }
    switch (type) {
    case 's':
        return typeof value === 'string' ? value : bad(where);
    case 'i':
        return typeof value === 'number' && value >= 0 ? value : bad(where);
    case 'bool':
        return typeof value === 'boolean' ? value : bad(where);
    default:
        return typeof value === 'string' ? fromB64(value, byteCount(type)) : bad(where);
    }
}

/**
 * @param {Table} table
 * @param {Map<string, any>} members
 * @returns {Record<string, any>} the fields of the table and no others
 * @throws {E2eeError} fields, base64
 */
export function readFields(table, members) {
    /** @type {Record<string, any>} */
    const out = {};
    for (const [declared, type] of Object.entries(table)) {
        const optional = declared.endsWith('?');
        const name = optional ? declared.slice(0, -1) : declared;
        const value = members.get(name);
        if (value !== undefined) {
            out[name] = readValue(type, value, name);
        } else if (!optional) {
            bad(name);
        }
    }
    return out;
}

/**
 * @param {FieldType} type
 * @param {any} value
 * @param {string} where
 * @returns {any}
 */
function writeValue(type, value, where) {
    if (Array.isArray(type)) {
        if (!Array.isArray(value)) {
            bad(where);
        }
        return value.map((/** @type {any} */ one) => writeValue(type[0], one, where));
    }
    if (typeof type === 'object') {
        return value !== null && typeof value === 'object' ? writeFields(type, value) : bad(where);
    }
    switch (type) {
    case 's':
        return typeof value === 'string' && isText(value) ? value : bad(where);
    case 'i':
        return Number.isSafeInteger(value) && value >= 0 ? value : bad(where);
    case 'bool':
        return typeof value === 'boolean' ? value : bad(where);
    default:
        return value instanceof Uint8Array && value.length === byteCount(type)
            ? toB64(value) : bad(where);
    }
}

/**
 * The same the other way, in the order of the table. What the table does not name is left out, so
 * nothing can slip into a message by accident.
 * @param {Table} table
 * @param {Record<string, any>} fields
 * @returns {Record<string, any>} for `JSON.stringify`
 * @throws {E2eeError} fields
 */
export function writeFields(table, fields) {
    /** @type {Record<string, any>} */
    const out = {};
    for (const [declared, type] of Object.entries(table)) {
        const optional = declared.endsWith('?');
        const name = optional ? declared.slice(0, -1) : declared;
        if (fields[name] !== undefined) {
            out[name] = writeValue(type, fields[name], name);
        } else if (!optional) {
            bad(name);
        }
    }
    return out;
}
