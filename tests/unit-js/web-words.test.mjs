/** The catalogue: every word in it is used, nothing else is shown, and it reads easily. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, it as test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { makePages } from '../../web/pages.mjs';
import { app, pages } from '../../web/words/en.js';
import { appSources, sampleSettings } from './web-support.mjs';

const web = new URL('../../web/', import.meta.url);
const catalogue = fileURLToPath(new URL('words/en.js', web));
const ts = createRequire(new URL('package.json', web))('typescript');

/* ---- Used and unused ---- */

/** Every property of the object that `app` or `pages` gives, as [dotted name, node]. */
function* leaves(object, path = []) {
    for (const property of object.properties) {
        const name = [...path, property.name?.text ?? ''];
        const value = property.initializer;
        if (value !== undefined && ts.isObjectLiteralExpression(value)) {
            yield* leaves(value, name);
        } else {
            yield [name.join('.'), property];
        }
    }
}

/** The object literal that the exported arrow function of this name gives. */
function givenBy(source, name) {
    let found;
    ts.forEachChild(source, function look(node) {
        if (ts.isVariableDeclaration(node) && node.name.text === name) {
            found = node.initializer.body;
        }
        ts.forEachChild(node, look);
    });
    return ts.isParenthesizedExpression(found) ? found.expression : found;
}

describe('every word is used', () => {
    const files = [...appSources().map(({ name }) => name), fileURLToPath(new URL('pages.mjs', web)),
        fileURLToPath(new URL('js/build.d.ts', web))];
    const program = ts.createProgram(files, { allowJs: true, checkJs: true, noEmit: true, strict: true, skipLibCheck: true,
        target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
        lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'], types: [] });
    const checker = program.getTypeChecker();
    const used = new Set();

    const ofCatalogue = (symbol) => (symbol?.declarations ?? []).filter((one) => one.getSourceFile().fileName === catalogue);
    /** All of an object: it is handed on, looked through, or asked for a name that is only known later. */
    const useAll = (type) => {
        for (const property of type.getProperties()) {
            for (const declaration of ofCatalogue(property)) {
                if (!used.has(declaration)) {
                    used.add(declaration);
                    useAll(checker.getTypeOfSymbol(property));
                }
            }
        }
    };
    const look = (node) => {
        if (ts.isPropertyAccessExpression(node)) {
            ofCatalogue(checker.getSymbolAtLocation(node.name)).forEach((one) => used.add(one));
        } else if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
            const name = (node.propertyName ?? node.name).getText();
            ofCatalogue(checker.getTypeAtLocation(node.parent).getProperty(name)).forEach((one) => used.add(one));
        } else if (ts.isElementAccessExpression(node)) {
            useAll(checker.getTypeAtLocation(node.expression));
        } else if (ts.isCallExpression(node) && node.expression.getText() === 'Object.entries') {
            useAll(checker.getTypeAtLocation(node.arguments[0]));
        }
        ts.forEachChild(node, look);
    };
    for (const file of program.getSourceFiles()) {
        if (files.includes(file.fileName) && file.fileName.match(/\.m?js$/)) {
            ts.forEachChild(file, look);
        }
    }
    const source = program.getSourceFile(catalogue);

    for (const name of ['app', 'pages']) {
        test(name, () => {
            const all = [...leaves(givenBy(source, name))];
            assert.ok(all.length > 20);
            const dead = all.filter(([, node]) => !used.has(node)).map(([path]) => path);
            assert.deepEqual(dead, []);
        });
    }
    test('and the app says nothing that is not in it', () => {
        // Words between tags of a template: two letters and more, outside of ${…}.
        const stray = [];
        const templates = (node) => {
            if (ts.isTaggedTemplateExpression(node) && node.tag.getText() === 'html') {
                const { template } = node;
                const parts = ts.isNoSubstitutionTemplateLiteral(template) ? [template.text]
                    : [template.head.text, ...template.templateSpans.map((span) => span.literal.text)];
                const text = parts.join('\u0000').replace(/<[^>]*>/gs, ' ').replaceAll('\u0000', ' ');
                stray.push(...(text.match(/\p{L}{2,}/gu) ?? []).map((word) => `${node.getSourceFile().fileName}: ${word}`));
            }
            ts.forEachChild(node, templates);
        };
        for (const file of program.getSourceFiles().filter((one) => files.includes(one.fileName))) {
            templates(file);
        }
        assert.deepEqual(stray, []);
    });
});

/* ---- What it says ---- */

const SAMPLES = { refs: ['AB-1', 'AB-2'], n: 3, left: 2, over: 2, tries: 3, minutes: 3, group: 2, seq: 7, name: 'Jordan',
    child: 'Sam', who: 'Jordan', role: 'your caseworker', ref: 'AB-1', clock: '9:02am', until: 'Friday', day: 'Friday',
    when: 'today', team: 'north team', records: 'records office', code: 'roster', reason: 'signature', page: 'Home',
    wrong: false };

/** Every sentence that the catalogue can say, functions with samples. @returns {Generator<[string, string]>} */
function* sayings(value, path = '') {
    if (typeof value === 'string') {
        yield [path, value];
    } else if (typeof value === 'function') {
        const names = /^\(?([^)=]*)\)?\s*=>/.exec(String(value))?.[1].split(',').map((one) => one.trim()).filter(Boolean);
        if (names !== undefined) {
            const given = names.map((name) => {
                assert.ok(name in SAMPLES, `${path}: a sample for ${name}`);
                return SAMPLES[name];
            });
            yield* sayings(value(...given), path);
        }
    } else if (typeof value === 'object') {
        for (const [name, inner] of Object.entries(value)) {
            yield* sayings(inner, path === '' ? name : `${path}.${name}`);
        }
    }
}

const said = [...sayings(app(sampleSettings)), ...[...sayings(pages(sampleSettings))].map(([path, text]) => [`pages.${path}`, text])];
const plain = (text) => text.replace(/\{\/?(?:a|b|tel)(?: ([^}]*))?\}/g, '').replace(/\{(\w+)\}/g, 'this').replaceAll('\u00a0', ' ');

/** Syllables as they are heard, near enough: groups of vowels, without the e that is silent. */
function syllables(word) {
    const bare = word.toLowerCase().replace(/[^a-z]/g, '');
    const groups = bare.replace(/(?:[^laeiouy]es|[^td]ed|[^laeiouy]e)$/, '').match(/[aeiouy]+/g);
    return Math.max(1, groups?.length ?? 0);
}

describe('what it says', () => {
    test('syllables, near enough', () => {
        for (const [word, n] of [['the', 1], ['message', 2], ['wanted', 2], ['locked', 1], ['little', 2],
            ['invitation', 4], ['people', 2], ['safe', 1], ['you', 1], ['access', 2], ['council', 2], ['places', 1]]) {
            assert.equal(syllables(word), n, word);
        }
    });
    test('reads at 12 years and under: Flesch–Kincaid grade at most 8, over the whole and for each page', () => {
        const grade = (texts) => {
            const sentences = texts.flatMap((text) => plain(text).split(/(?<=[.?!])\s+/)).filter((one) => /\p{L}/u.test(one));
            const words = sentences.flatMap((one) => one.match(/[\p{L}’'-]+/gu) ?? []);
            return 0.39 * (words.length / sentences.length)
                + 11.8 * (words.reduce((sum, word) => sum + syllables(word), 0) / words.length) - 15.59;
        };
        assert.ok(grade(said.map(([, text]) => text)) <= 8);
        for (const [name, body] of Object.entries(pages(sampleSettings)).filter(([, one]) => 'body' in one)) {
            const value = grade([...sayings(body)].map(([, text]) => text));
            assert.ok(value <= 8, `${name}: ${value.toFixed(1)}`);
        }
    });
    test('sentences are under 25 words, and most under 20', () => {
        const lengths = said.flatMap(([path, text]) => plain(text).split(/(?<=[.?!:])\s+/).map((one) => [path, one.split(/\s+/).length, one]));
        assert.deepEqual(lengths.filter(([, n]) => n > 25), []);
        assert.ok(lengths.filter(([, n]) => n > 20).length / lengths.length < 0.03);
    });
    test('no “please”, “simply”, “just”, “failed”; parents are not shown “case” but as a number’s name', () => {
        assert.deepEqual(said.filter(([path, text]) => /\b(please|simply|fail(ed)?|invalid|illegal)\b/i.test(text)
            || (/\bjust\b/i.test(text) && !/\bjust (set|reset)\b/.test(text) && path !== '')), []);
    });
    test('errors begin with a capital, say what to do, and end without a full stop', () => {
        for (const [path, text] of said.filter(([name]) => /^errors\.|\.(need\w*|bad\w*|codeNeed|codeForm|codeWrong|pwShort|pwLong|keptNeed|empty|tooLong|wrong)$/.test(name))) {
            assert.match(text, /^[A-Z“].*[^.]$/, path);
        }
    });
    test('whatever keeps a parent from sending has words of its own', () => {
        const contract = /\| `sendState\(\)` \| (.*) \|/.exec(readFileSync(new URL('js/e2ee/README.md', web), 'utf8'))?.[1] ?? '';
        const reasons = [...contract.matchAll(/`([a-z]+-[a-z-]+)`/g)].map(([, one]) => one);
        assert.ok(reasons.length >= 6);
        const { stopped } = app(sampleSettings).messages;
        assert.deepEqual(reasons.filter((one) => !(one in stopped)), []);
    });
    test('every {name} is one that pages or views fill in', () => {
        const known = ['phone', 'sendiassPhone', 'hours', 'team', 'email', 'signIn', 'home', 'address'];
        const inPages = ['phone', 'email', 'date', 'b', '/b', 'a', '/a', 'tel'];
        for (const [path, text] of said) {
            for (const [, name] of text.matchAll(/\{([^}\s]+)[^}]*\}/g)) {
                assert.ok((path.startsWith('pages.') ? inPages : known).includes(name), `${path}: {${name}}`);
            }
        }
    });
});

describe('pages made by the build', () => {
    const made = makePages();
    test('each has its title, its language and one heading, and asks the server for settings alone', () => {
        for (const { html, name } of made) {
            assert.match(html, /<html lang="en-GB"/, name);
            assert.match(html, /<title>[^<]+<\/title>/, name);
            assert.equal(html.match(/<h1/g)?.length, 1, name);
            const asked = [...html.matchAll(/\{\{([^}]*)\}\}/g)].map(([, one]) => one);
            assert.deepEqual(asked.filter((one) => !/^(asset|preload):/.test(one) && !(one in sampleSettings)), [], name);
            assert.doesNotMatch(html.replace(/\{\{[^}]*\}\}/g, ''), /[{}]|undefined/, name);
        }
    });
    test('nothing is inline, and nothing comes from elsewhere', () => {
        for (const { html, name } of made) {
            assert.doesNotMatch(html, /<style|style="|\son\w+="|<script(?![^>]*\ssrc=)|src="http/, name);
        }
    });
});
