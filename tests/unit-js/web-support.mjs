/** What the tests of the web app's modules share. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';


/** Settings as a council might have them. */
export const sampleSettings = {
    council_name: 'Anyshire Council',
    team_name: 'SEND team',
    caseworker_title: 'caseworker',
    contact_phone: '01632 960 150',
    contact_hours: 'Monday to Friday, 9am to 5pm',
    contact_email: 'send@anyshire.example',
    sendiass_name: 'SENDIASS',
    sendiass_phone: '0808 157 0123',
    sendiass_url: 'https://sendiass.anyshire.example/',
    exit_url: 'https://weather.example/',
    accessibility_prepared_on: '2026-11-21',
    service_name: 'sendline.example',
    public_url: 'https://sendline.example',
};

const js = new URL('../../web/js/', import.meta.url);

/** Every module of the app itself, the encryption apart. @returns {{ name: string, text: string }[]} */
export function appSources(folder = js) {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const at = new URL(entry.name + (entry.isDirectory() ? '/' : ''), folder);
        if (entry.isDirectory()) {
            return entry.name === 'e2ee' ? [] : appSources(at);
        }
        return entry.name.endsWith('.js') ? [{ name: fileURLToPath(at), text: readFileSync(at, 'utf8') }] : [];
    });
}

/**
 * Timers that go when they are told to. (Node's own mock of them is not in every version that runs these tests.)
 *
 *   const clock = fakeTimers();   clock.tick(1000);   clock.restore();
 */
export function fakeTimers() {
    const real = { setTimeout, clearTimeout };
    let now = 0;
    let next = 1;
    /** @type {Map<number, { at: number, run: () => void }>} */
    const planned = new Map();
    globalThis.setTimeout = /** @type {any} */ ((run, ms = 0) => {
        planned.set(next, { at: now + ms, run });
        return next++;
    });
    globalThis.clearTimeout = /** @type {any} */ ((id) => planned.delete(id));
    return {
        tick(ms) {
            const end = now + ms;
            for (;;) {
                const due = [...planned].filter(([, one]) => one.at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
                if (due === undefined) {
                    now = end;
                    return;
                }
                now = due[1].at;
                planned.delete(due[0]);
                due[1].run();
            }
        },
        restore: () => Object.assign(globalThis, real),
    };
}
