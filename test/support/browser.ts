import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { run } from './binaries/command.ts';
import { isExecutable } from './binaries/go.ts';
import { sayOnStderr, withProgress } from './binaries/progress.ts';
import { cacheDirectory } from './binaries/recipe.ts';
import { exclusively } from './file-lock.ts';

/** Of one step in a page, on a machine that has other things to do. */
const STEP_LIMIT_MS = 15_000;
const INSTALL_LIMIT_MS = 10 * 60_000;
const USUAL_PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
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

/** `CHROMIUM`, a Chromium that is installed, or Debian's, which is then installed. */
async function findChromium(): Promise<string> {
  const named = process.env.CHROMIUM;
  const places = named === undefined ? USUAL_PLACES : [named];
  const found = async () => {
    for (const place of places) if (await isExecutable(place)) return place;
    return undefined;
  };
  const there = await found();
  if (there !== undefined) return there;
  const isRoot = process.getuid?.() === 0;
  if (named !== undefined || !isRoot || !(await isExecutable('/usr/bin/apt-get'))) {
    throw new Error(
      `The page is tested in Chromium, and none is at ${places.join(', ')}. Install it, or set CHROMIUM to its path.`,
    );
  }
  const signal = AbortSignal.timeout(INSTALL_LIMIT_MS);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const cache = cacheDirectory(process.env);
  mkdirSync(cache, { recursive: true });
  await exclusively(
    join(cache, 'chromium.lock'),
    async () => {
      if ((await found()) !== undefined) return;
      await withProgress(sayOnStderr, 'Installing Chromium from Debian', 'about a minute', async () => {
        await run('apt-get', ['update', '-qq'], { signal, env });
        const packages = ['chromium', 'fonts-dejavu-core'];
        await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
          signal,
          env,
        });
      });
    },
    () => sayOnStderr('Another process is installing Chromium; waiting for it'),
    signal,
  );
  return (await found()) ?? Promise.reject(new Error('apt-get installed no Chromium'));
}

/** The caller closes it. */
export async function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: await findChromium(), args: FLAGS });
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
