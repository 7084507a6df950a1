/** What stands in objects, reports and answers of others, and who leads a browser here, against the page in a real one. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { PHASES } from '../../contract/status.ts';
import type { ShownView } from '../../controller/peers/peers.ts';
import { open as openIn, startBrowser } from '../support/browser.ts';
import { serveOnLoopback } from '../support/loopback.ts';
import { pageInBrowser } from '../support/page-in-browser.ts';
import { held, movedNow, settled, status, topology, viewOf } from '../support/page-states.ts';

const LIVE = '#link[data-state=live]';
const EVIL =
  `"'><img src=x onerror=alert(1)><script>alert(2)</script></title></main><style>*{display:none}</style>` +
  `<meta http-equiv=refresh content="0;url=x"><a href=javascript:alert(3)>\u0007\u001b]0;x\u0007\u202e\u00ad`;
const UNSEEN = ['\u0007', '\u001b', '\u202e', '\u00ad'];
/** By these names something else is decided on the page. */
const KEPT: readonly string[] = [...PHASES, 'own', 'none'];
const NAMED = ['sites', 'pods', 'targets'];

const { server, open } = pageInBrowser();

/** The same with EVIL behind each text and each name, so that what fits together still does. */
function withEvil(value: unknown, keys = false): unknown {
  if (typeof value === 'string') {
    const isTime = !Number.isNaN(Date.parse(value)) && /^\d{4}-/.test(value);
    return isTime || KEPT.includes(value) ? value : value + EVIL;
  }
  if (Array.isArray(value)) return value.map((item) => withEvil(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      keys ? key + EVIL : key,
      withEvil(inner, NAMED.includes(key)),
    ]),
  );
}

for (const [what, view] of Object.entries({
  'a move': viewOf(movedNow(), settled({}, 'mongo')),
  'a hold': viewOf(held()),
  'nothing published': viewOf(settled({ status: undefined, problem: 'no right to write' })),
  'an unknown time': viewOf(settled({ status: status({ since: 'soon', lastUpdated: 'soon' }) })),
  'clusters of a topology': topology({ reason: 'Held: no answer', claim: { owner: 'pg-east', timeline: 7 } }),
})) {
  test(`HTML in every text of ${what} does nothing, at the first load and when it comes later`, async () => {
    const { page, troubles, requests } = await open({ viewport: { width: 400, height: 900 } });
    await page.goto(server.url);
    await page.waitForSelector(LIVE);
    server.show(withEvil(view) as ShownView);
    await page.locator('main', { hasText: 'onerror=alert(1)' }).waitFor();
    for (const isAnew of [false, true]) {
      if (isAnew) await page.reload();
      await page.waitForSelector(LIVE);
      const made = await page.locator('img, main script, style, main a, main meta, [onerror]').count();
      assert.equal(made, 0);
      const shown = await page.locator('main').innerText();
      assert.ok(!UNSEEN.some((one) => shown.includes(one)), 'what cannot be seen is there');
      assert.equal(await page.locator('footer').isVisible(), true);
      assert.ok((await page.evaluate<number>('document.documentElement.scrollWidth')) <= 400);
    }
    assert.deepEqual(troubles, []);
    assert.deepEqual(
      requests.filter((url) => url.endsWith('/x')),
      [],
    );
    await page.context().close();
  });
}

test('what got into the page all the same would not run, load, be sent or lead elsewhere', async (t) => {
  const asked: string[] = [];
  const other = createServer(({ url = '' }, response) => {
    asked.push(url);
    response.end();
  });
  const origin = `http://127.0.0.1:${await serveOnLoopback(t, other)}`;
  const { page } = await open();
  await page.goto(server.url);
  await page.waitForSelector(LIVE);
  await page.evaluate(`(async () => {
    const main = document.querySelector('main');
    main.insertAdjacentHTML('beforeend', \`<base href="${origin}/base/"><img src="${origin}/img">
      <img src=x onerror="window.ran = true"><iframe src="${origin}/frame"></iframe>
      <link rel=stylesheet href="${origin}/style"><form action="${origin}/form"><input name=a></form>\`);
    const script = document.createElement('script');
    script.textContent = 'window.ran = true';
    main.append(script);
    const far = document.createElement('script');
    far.src = '${origin}/script';
    main.append(far);
    await fetch('${origin}/fetch').catch(() => undefined);
    navigator.sendBeacon('${origin}/beacon');
    document.querySelector('form').requestSubmit();
  })()`);
  // An image of its own shows that what came before it was decided on.
  const loads = `new Promise((done) => { const image = new Image(); image.onload = () => done(true);
    image.onerror = () => done(false); image.src = '/page.svg?last'; })`;
  assert.equal(await page.evaluate(loads), true);
  assert.equal(await page.evaluate('window.ran'), undefined);
  assert.deepEqual(asked, []);
  assert.equal(page.url(), server.url);
  await page.context().close();
});

test('another site has it neither in a frame nor as a script, an image or an answer', async (t) => {
  const { port } = new URL(server.url);
  const ours = `http://localhost:${port}`;
  const other = createServer((_, response) => {
    response.setHeader('content-type', 'text/html').end(`<!doctype html><title>other</title>
      <iframe id=f src="${ours}/"></iframe>`);
  });
  const { page } = await open();
  await page.goto(`http://127.0.0.1:${await serveOnLoopback(t, other)}/`);
  const loads = (tag: string, path: string) =>
    page.evaluate(`new Promise((done) => { const one = document.createElement('${tag}');
      one.onload = () => done('loaded'); one.onerror = () => done('refused'); one.src = '${ours}${path}';
      document.body.append(one); })`);
  assert.equal(await loads('script', '/api/status'), 'refused');
  assert.equal(await loads('img', '/page.svg'), 'refused');
  const read = (path: string) =>
    page.evaluate(`fetch('${ours}${path}').then((answer) => answer.text(), () => 'refused')`);
  for (const path of ['/', '/api/status', '/metrics', '/healthz'])
    assert.equal(await read(path), 'refused', path);
  const frame = page.frames().find((one) => one !== page.mainFrame());
  assert.equal(await frame?.locator('main').count(), 0);
  await page.context().close();
});

test('a browser that was led here under a name of somebody else gets nothing but that it is not served', async (t) => {
  const { port } = new URL(server.url);
  const rebound = await startBrowser('--host-resolver-rules=MAP evil.example.com 127.0.0.1');
  t.after(() => rebound.close());
  const { page } = await openIn(rebound);
  for (const path of ['/', '/api/status', '/api/events', '/metrics', '/page.js']) {
    const answer = await page.goto(`http://evil.example.com:${port}${path}`);
    assert.equal(answer?.status(), 421, path);
    assert.doesNotMatch((await answer?.text()) ?? '', /us-east|pg-cluster/);
  }
  await page.context().close();
});
