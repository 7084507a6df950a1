import type { Express } from 'express';
import { ICON, SCRIPT, STYLE } from './assets.ts';
import { formatDuration } from './duration.ts';

/** Nothing from elsewhere, nothing inline: what an escaped name might still smuggle in would not run. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const FILES = [
  { path: '/page.css', type: 'text/css', text: STYLE },
  {
    path: '/page.js',
    type: 'text/javascript',
    text: `const formatDuration = ${formatDuration.toString()};\n${SCRIPT}`,
  },
  { path: '/page.svg', type: 'image/svg+xml', text: ICON },
];

/** The page at `/` and its files. All addresses in it are relative, so that it works behind `kubectl proxy`. */
export function addPage(app: Express, page: () => Promise<Buffer>): void {
  app.get('/', async (_request, response) => {
    response
      .set('content-security-policy', POLICY)
      .type('html')
      .send(await page());
  });
  for (const { path, type, text } of FILES) {
    const body = Buffer.from(text);
    app.get(path, (_request, response) => {
      response.type(type).send(body);
    });
  }
}
