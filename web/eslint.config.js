// @ts-check
import js from "@eslint/js";
import globals from "globals";

export { globals };

export default [
    { ignores: ["node_modules/", "**/*.d.ts"] },
    js.configs.recommended,
    {
        languageOptions: { ecmaVersion: 2022, sourceType: "module" },
        linterOptions: { reportUnusedDisableDirectives: "error" },
        rules: {
            curly: "error",
            eqeqeq: "error",
            "no-eval": "error",
            "no-implied-eval": "error",
            "no-new-func": "error",
            "no-restricted-properties": [
                "error",
                { property: "innerHTML", message: "Use a lit template: it escapes." },
                { property: "outerHTML", message: "Use a lit template: it escapes." },
                { property: "insertAdjacentHTML", message: "Use a lit template: it escapes." },
                { object: "document", property: "write", message: "Use a lit template: it escapes." },
            ],
            "no-shadow": "error",
            "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
            "no-var": "error",
            "prefer-const": "error",
        },
    },
    {
        files: ["js/**/*.js"],
        languageOptions: { globals: { ...globals.browser, SENDLINE_DEV: "readonly" } },
        // What is written to a shared computer's console stays there.
        rules: { "no-console": "error" },
    },
    { files: ["js/workers/**/*.js"], languageOptions: { globals: globals.worker } },
    { files: ["**/*.mjs", "*.config.js"], languageOptions: { globals: globals.node } },
];
