// Loaded before each test: Node 18 keeps its Web Crypto out of the global object, where browsers and
// later versions have it and libsodium looks for it.
import { webcrypto } from 'node:crypto';

if (globalThis.crypto === undefined) {
    Object.defineProperty(globalThis, 'crypto', { value: webcrypto, configurable: true });
}
