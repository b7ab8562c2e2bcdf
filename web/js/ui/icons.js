// @ts-check
import { html } from 'lit/html.js';

/** @param {string} d */
const icon = (d) => html`<svg class="sl-icon" aria-hidden="true" focusable="false" width="20" height="20" viewBox="0 0 20 20"><path fill="currentColor" fill-rule="evenodd" d=${d} /></svg>`;

/** Signs beside words, never instead of them. */
export const icons = {
  lock: icon('M5 8V6a5 5 0 0 1 10 0v2h1.5v10h-13V8H5Zm2 0h6V6a3 3 0 0 0-6 0v2Z'),
  tick: icon('M7.6 16.2 1.8 10.4l2.1-2.1 3.7 3.7 8.5-8.5 2.1 2.1z'),
  warning: icon('M10 1.5 19.500 18H.5L10 1.500Zm-1.100 5.800.3 5h1.600l.3-5H8.900Zm1.100 8.500a1.100 1.100 0 1 0 0-2.200 1.100 1.100 0 0 0 0 2.200Z'),
  clock: icon('M10 1a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm0 2a7 7 0 1 1 0 14 7 7 0 0 1 0-14Zm-1 2v5.600l3.800 2.500 1.100-1.700-2.900-1.900V5H9Z'),
  person: icon('M10 2a4 4 0 1 1 0 8 4 4 0 0 1 0-8Zm0 9.500c4.400 0 7.500 2.200 7.500 5.200V18h-15v-1.300c0-3 3.100-5.200 7.500-5.200Z'),
};

/** @param {string} d */
const big = (d) => html`<svg class="moj-alert__icon" aria-hidden="true" focusable="false" viewBox="0 0 30 30" height="30" width="30"><path fill="currentColor" fill-rule="evenodd" d=${d} /></svg>`;

export const alertIcons = {
  warning: big('M15 2.450 28.750 26.200H1.250L15 2.450ZM13.510 9.500h2.960l-.23 8.270h-2.500l-.23-8.270ZM15 23.700a1.870 1.870 0 1 0 0-3.740 1.870 1.870 0 0 0 0 3.740Z'),
  error: big('M15 2.450 28.750 26.200H1.250L15 2.450ZM13.510 9.500h2.960l-.23 8.270h-2.500l-.23-8.270ZM15 23.700a1.870 1.870 0 1 0 0-3.740 1.870 1.870 0 0 0 0 3.740Z'),
  information: big('M15 2.500a12.500 12.500 0 1 0 0 25 12.500 12.500 0 0 0 0-25Zm1.360 19.910h-2.700V12.950h2.700v9.460ZM15 10.830a1.620 1.620 0 1 1 0-3.240 1.620 1.620 0 0 1 0 3.240Z'),
  success: big('M11.400 24.300 2.700 15.600l3.200-3.100 5.500 5.500 12.700-12.800 3.200 3.200z'),
};
