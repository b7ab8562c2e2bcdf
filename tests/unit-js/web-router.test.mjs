/** Addresses. */
import assert from 'node:assert/strict';
import { describe, it as test } from 'node:test';

import { APP_PATHS, isPrivate, routeOf } from '../../web/js/router.js';

describe('addresses', () => {
    test('each leads somewhere, with or without a slash at the end', () => {
        for (const path of APP_PATHS) {
            assert.notEqual(routeOf(path).name, 'not-found');
            assert.deepEqual(routeOf(path === '/' ? path : `${path}/`), routeOf(path));
        }
    });
    test('a conversation’s is its id', () => {
        assert.deepEqual(routeOf('/messages/AAAAAAAAAAAAAAAAAAAAAA'), { name: 'messages', thread: 'AAAAAAAAAAAAAAAAAAAAAA' });
        for (const bad of ['/messages/short', '/messages/AAAAAAAAAAAAAAAAAAAAAAA', '/messages/AAAAAAAAAAAAAAAAAAAAA%', '/nothing']) {
            assert.equal(routeOf(bad).name, 'not-found', bad);
        }
    });
    test('what needs a session', () => {
        assert.deepEqual(APP_PATHS.filter((path) => isPrivate(routeOf(path))), ['/', '/messages', '/account']);
        assert.ok(isPrivate(routeOf('/messages/AAAAAAAAAAAAAAAAAAAAAA')));
        assert.ok(!isPrivate({ name: 'not-found' }));
    });
});
