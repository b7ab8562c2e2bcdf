// @ts-check
// The web app's rules, and its installation of eslint.
import shared, { globals } from '../web/eslint.config.js';

export default [
    ...shared,
    {
        files: ['**/*.js', '**/*.mjs'],
        languageOptions: { globals: globals.node },
        // What terminals are told is full of control characters.
        rules: { 'no-restricted-properties': 'off', 'no-control-regex': 'off' },
    },
    // What a test hands to a page runs in the browser.
    { files: ['browser/**', 'support/browser.mjs'], languageOptions: { globals: globals.browser } },
];
