import { after, before, beforeEach } from 'node:test';
import type { Browser } from 'playwright-core';
import { open, startBrowser } from './browser.ts';
import { PageServer } from './page-server.ts';
import { settled, viewOf } from './page-states.ts';

/** A browser and the page for all tests of a file, which begin with everything settled. */
export function pageInBrowser() {
  let browser: Browser;
  const server = new PageServer(viewOf(settled()));
  before(async () => {
    [browser] = await Promise.all([startBrowser(), server.start()]);
  });
  after(async () => {
    await browser?.close();
    await server.stop();
  });
  beforeEach(() => server.show(viewOf(settled())));
  return { server, open: (options?: Parameters<typeof open>[1]) => open(browser, options) };
}
