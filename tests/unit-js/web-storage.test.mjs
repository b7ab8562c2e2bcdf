/** The little that stays on the device, in browsers that keep it and in those that refuse. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it as test } from 'node:test';

import { forgetTab, readDraft, readTab, writeDraft, writeTab } from '../../web/js/storage.js';

class Box {
    constructor({ full = false } = {}) {
        this.map = new Map();
        this.full = full;
    }
    getItem(name) {
        return this.map.get(name) ?? null;
    }
    setItem(name, value) {
        if (this.full) {
            throw new DOMException('full', 'QuotaExceededError');
        }
        this.map.set(name, value);
    }
    removeItem(name) {
        this.map.delete(name);
    }
}

describe('storage', () => {
    let session;
    let local;
    beforeEach(() => {
        session = new Box();
        local = new Box();
        globalThis.window = { sessionStorage: session, localStorage: local };
    });
    afterEach(() => {
        delete globalThis.window;
    });

    test('half of a session: in the tab, or in the device when it is the parent’s own', () => {
        assert.equal(readTab(), null);
        assert.equal(writeTab('one', false), true);
        assert.deepEqual([session.map.size, local.map.size, readTab()], [1, 0, 'one']);
        assert.equal(writeTab('two', true), true);
        assert.deepEqual([session.map.size, local.map.size, readTab()], [0, 1, 'two']);
        writeTab('three', false);
        assert.deepEqual([session.map.size, local.map.size, readTab()], [1, 0, 'three']);
        local.setItem('sendline.tab', 'four');
        forgetTab();
        assert.equal(readTab(), null);
    });
    test('drafts outlive it, one for each conversation', () => {
        writeTab('one', false);
        assert.equal(writeDraft('parent', 'a', 'sealed a'), true);
        assert.equal(writeDraft('parent', 'b', 'sealed b'), true);
        forgetTab();
        assert.equal(readDraft('parent', 'a'), 'sealed a');
        assert.equal(readDraft('other', 'a'), null);
        writeDraft('parent', 'a', null);
        assert.equal(readDraft('parent', 'a'), null);
        assert.equal(readDraft('parent', 'b'), 'sealed b');
    });
    test('a full box says so', () => {
        globalThis.window = { sessionStorage: session, localStorage: new Box({ full: true }) };
        assert.equal(writeDraft('parent', 'a', 'sealed'), false);
        assert.equal(readDraft('parent', 'a'), null);
    });
    test('a browser that allows none: the page works, and knows it', () => {
        globalThis.window = {
            get sessionStorage() {
                throw new DOMException('no', 'SecurityError');
            },
            get localStorage() {
                throw new DOMException('no', 'SecurityError');
            },
        };
        assert.equal(readTab(), null);
        assert.equal(writeTab('one', false), false);
        assert.equal(writeDraft('parent', 'a', 'sealed'), false);
        assert.equal(readDraft('parent', 'a'), null);
        forgetTab();
    });
});
