/** What the web app has of the protocol's table is what the table says. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it as test } from 'node:test';

import { ACTS, MAX_MESSAGE_CHARS, TRY_LATER } from '../../web/js/proto.js';
import { appSources } from './web-support.mjs';

const def = readFileSync(new URL('../../server/common/proto.def', import.meta.url), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
/** The rows of a kind by their wire name, or by symbol where they have none. */
const rows = (macro, name = 1) => new Map(
    [...def.matchAll(new RegExp(`^${macro}\\((.*)\\)$`, 'gm'))].map(([, inside]) => {
        const parts = inside.split(/, (?=[\w"])/).map((part) => part.replaceAll('"', ''));
        return [parts[name], parts];
    }));
const code = appSources().map(({ text }) => text).join('\n');
const said = (pattern) => [...new Set([...code.matchAll(pattern)].map(([, word]) => word))];

describe('the protocol', () => {
    test('calls that the app makes are there, for people without an account or for parents', () => {
        const table = rows('SL_CALL');
        const made = said(/\.call\('([a-z_.]+)'/g);
        assert.ok(made.length > 12);
        for (const name of made) {
            assert.match(table.get(name)?.[2] ?? 'no such call', /R_(ANYONE|ANON|PARENT|INVITEE)/, name);
        }
    });
    test('events that the app hears of are sent', () => {
        const heard = said(/event === '([a-z]+\.[a-z]+)'/g);
        assert.ok(heard.length > 2);
        // Of a session that ends the network side speaks, which has no number for it.
        assert.deepEqual(heard.filter((name) => !rows('SL_EVENT').has(name)), ['session.ended']);
    });
    test('codes that the app tells apart are given', () => {
        const told = [...said(/(?<!typeof )\b[cC]ode(?:Of\(error\))? === '([a-z_]+)'/g), ...TRY_LATER];
        assert.ok(told.length > 15);
        const own = ['offline', 'alarm'];
        assert.deepEqual(told.filter((one) => !rows('SL_ERROR').has(one) && !own.includes(one)), []);
    });
    test('acts are ones that a parent may say', () => {
        for (const act of Object.values(ACTS)) {
            assert.match(rows('SL_ACT').get(act)?.[2] ?? 'no such act', /R_PARENT/, act);
        }
    });
    test('the longest message', () => assert.equal(MAX_MESSAGE_CHARS, Number(rows('SL_LIMIT', 0).get('SL_MAX_MESSAGE_CHARS')?.[1])));
});
