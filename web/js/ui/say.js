// @ts-check
/**
 * Sentences of the catalogue with links and bold parts put in where it says `{name}`.
 *
 * @module
 */
import { html } from 'lit/html.js';

/** @param {string} number as people write it @returns {string} for href */
export function telHref(number) {
  const digits = number.replace(/[^\d+]/g, '');
  // Three digits (999, 111) have no country.
  return `tel:${digits.length > 4 && digits.startsWith('0') ? `+44${digits.slice(1)}` : digits}`;
}

/** @param {string} number */
export function phone(number) {
  return html`<strong><a class="govuk-link sl-nowrap" href=${telHref(number)}>${number}</a></strong>`;
}

/** @param {import('../../words/en.js').Settings} s @returns {Record<string, unknown>} */
export function fillers(s) {
  return {
    phone: phone(s.contact_phone),
    sendiassPhone: phone(s.sendiass_phone),
    hours: s.contact_hours,
    team: s.team_name,
    email: html`<a class="govuk-link" href="mailto:${s.contact_email}">${s.contact_email}</a>`,
  };
}

/**
 * @param {string} text
 * @param {Record<string, unknown>} parts
 * @returns {unknown[]} for a template
 */
export function fill(text, parts) {
  return text.split(/(\{[a-zA-Z]+\})/).map((piece) => {
    const name = /^\{([a-zA-Z]+)\}$/.exec(piece)?.[1];
    return name === undefined ? piece : parts[name] ?? piece;
  });
}
