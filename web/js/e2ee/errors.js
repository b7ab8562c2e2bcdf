// @ts-check
/**
 * What this folder throws. The code is fixed and has no secret in it; the page has the words.
 *
 * @module
 */
export class E2eeError extends Error {
    /**
     * @param {string} code   a short fixed name, for instance `does-not-open`
     * @param {string} [detail]  for developers; never shown, never secret
     */
    constructor(code, detail) {
        super(detail ? `${code}: ${detail}` : code);
        this.name = 'E2eeError';
        /** @type {string} */
        this.code = code;
    }
}
