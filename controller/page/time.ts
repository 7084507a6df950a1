import { type Html, html } from './html.ts';

/** RFC 3339 as people read it, in UTC as the logs have it; anything else as it is. */
export function timeOf(text: string): Html {
  const time = Date.parse(text);
  if (Number.isNaN(time)) return html`${text}`;
  const iso = new Date(time).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC</time>`;
}
