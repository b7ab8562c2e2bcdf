// @ts-check
// The web app's rules, and its installation of eslint.
import shared, { globals } from '../web/eslint.config.js';

export default [
    ...shared,
    {
        files: ['**/*.js', '**/*.mjs'],
        languageOptions: { globals: globals.node },
        rules: { 'no-restricted-properties': 'off' },
    },
    // What a test hands to a page runs in the browser.
    { files: ['browser/**'], languageOptions: { globals: globals.browser } },
];
