import { join } from 'node:path';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { debianProgram, type Program } from './debian.ts';

/** Of one step in a page, on a machine that has other things to do. */
const STEP_LIMIT_MS = 15_000;
const CHROMIUM: Program = {
  name: 'Chromium',
  variable: 'CHROMIUM',
  places: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  packages: ['chromium', 'fonts-dejavu-core'],
};
/** Git ignores it: pictures are looked at, not kept. */
const PICTURES = new URL('../browser/pictures/', import.meta.url).pathname;

/**
 * As root in a container Chromium has no sandbox. What it asks of its maker in the background is off, so that all its
 * requests are the page's.
 */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The caller closes it. */
export async function startBrowser(...flags: readonly string[]): Promise<Browser> {
  return chromium.launch({ executablePath: await debianProgram(CHROMIUM), args: [...FLAGS, ...flags] });
}

export interface Opened {
  readonly page: Page;
  /** Whatever went wrong in it: console errors and warnings, exceptions, failed requests. */
  readonly troubles: string[];
  /** The address of each request. */
  readonly requests: string[];
}

/** A page in a context of its own; what goes wrong in it is noted. */
export async function open(browser: Browser, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  context.setDefaultTimeout(STEP_LIMIT_MS);
  const page = await context.newPage();
  const troubles: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) troubles.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => troubles.push(`exception: ${error.message}`));
  page.on('dialog', (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => requests.push(request.url()));
  return { page, troubles, requests };
}

/** What axe-core finds, one line each: rule, element, and why. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<axe.AxeResults>(
    'axe.run(document, { resultTypes: ["violations"] })',
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary ?? ''}`),
  );
}

/** For people to look at. */
export async function takePicture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
}
