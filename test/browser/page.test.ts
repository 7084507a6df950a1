import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { describe, test } from 'node:test';
import { accessibilityFaults, takePicture } from '../support/browser.ts';
import { serveOnLoopback } from '../support/loopback.ts';
import { pageInBrowser } from '../support/page-in-browser.ts';
import { held, history, movedNow, settled, status, topology, viewOf } from '../support/page-states.ts';
import { until } from '../support/until.ts';

const LIVE = '#link[data-state=live]';
const LOST = '#link[data-state=lost]';

const { server, open } = pageInBrowser();

/** The page, connected. */
async function watch(options: NonNullable<Parameters<typeof open>[0]> = {}) {
  const opened = await open(options);
  await opened.page.goto(server.url);
  if (options.javaScriptEnabled !== false) await opened.page.waitForSelector(LIVE);
  return opened;
}

test('a failover shows within a second, in heading, title, sites and timeline, and is announced', async () => {
  const { page, troubles } = await watch();
  assert.match(await page.locator('.active').innerText(), /^us-east\s+Settled$/);
  server.show(viewOf(movedNow()));
  await page.locator('.active', { hasText: 'eu-west' }).waitFor({ timeout: 1_000 });
  assert.match(await page.title(), /^eu-west Settled/);
  assert.match(await page.locator('.site.is-active').innerText(), /^eu-west[\s\S]*pg-cluster-3/);
  assert.match(
    await page.locator('tbody tr', { hasText: 'pg-cluster-3' }).first().innerText(),
    /^10\s+eu-west from us-east/,
  );
  assert.match(await page.getByRole('status').innerText(), /^eu-west Settled/);
  assert.deepEqual(troubles, []);
  await page.context().close();
});

test('ages go on counting without the server', async () => {
  const since = new Date().toISOString();
  server.show(viewOf(settled({ status: status({ since }) })));
  const { page } = await watch();
  await page.locator('.facts [data-since]', { hasText: /^2 s$/ }).waitFor({ timeout: 5_000 });
  await page.context().close();
});

test('the loss of the connection and its return are shown, and the state is the newest then', async () => {
  const { page } = await watch();
  await server.stop();
  await page.waitForSelector(LOST, { timeout: 5_000 });
  assert.match(
    await page.locator('#lost').innerText(),
    /does not answer\. Last state, at \d\d:\d\d:\d\d UTC/,
  );
  assert.match(await page.getByRole('status').innerText(), /does not answer/);
  assert.deepEqual(await accessibilityFaults(page), []);
  await takePicture(page, 'lost');
  server.show(viewOf(movedNow()));
  await server.start();
  await page.waitForSelector(LIVE, { timeout: 10_000 });
  assert.equal(await page.locator('#lost').isVisible(), false);
  await page.locator('.active', { hasText: 'eu-west' }).waitFor({ timeout: 1_000 });
  await page.context().close();
});

test('everything comes from the controller, and nothing goes wrong', async () => {
  const { page, troubles, requests } = await watch();
  for (const view of [
    viewOf(movedNow()),
    viewOf(held(), settled({}, 'mongo')),
    viewOf(settled({ report: {} })),
  ]) {
    server.show(view);
    await page
      .locator('.follower')
      .nth(view.followers.length - 1)
      .waitFor();
  }
  assert.deepEqual(troubles, []);
  assert.deepEqual(
    requests.filter((url) => !url.startsWith(server.url)),
    [],
  );
  await page.context().close();
});

describe('for everybody', () => {
  const states = {
    settled: viewOf(settled()),
    moved: viewOf(movedNow()),
    held: { ...viewOf(held()), leader: false, dryRun: true },
    several: viewOf(
      settled({ report: { history: history(50) } }),
      settled({ status: undefined, pods: undefined }, 'mongo'),
    ),
    topology: topology(),
    twice: topology({
      activeSite: 'eu-west',
      claim: { owner: 'pg-east', timeline: 7 },
      phase: 'Held',
      reason: 'ClaimedElsewhere: pg-east in us-east has claimed the records on timeline 7',
    }),
  };
  for (const colorScheme of ['dark', 'light'] as const) {
    for (const width of [1200, 400]) {
      test(`axe finds nothing in ${colorScheme} at ${width} pixels, and nothing is cut off`, async () => {
        const { page, troubles } = await watch({ colorScheme, viewport: { width, height: 900 } });
        for (const [name, view] of Object.entries(states)) {
          server.show(view);
          await page.reload();
          await page.waitForSelector(LIVE);
          assert.deepEqual(await accessibilityFaults(page), [], name);
          const widest = await page.evaluate<number>('document.documentElement.scrollWidth');
          assert.ok(widest <= width, `${name}: ${widest} pixels wide`);
          await takePicture(page, `${name}-${colorScheme}-${width}`);
        }
        assert.deepEqual(troubles, []);
        await page.context().close();
      });
    }
  }

  test('the theme can be chosen by the keyboard, and is remembered', async () => {
    const { page } = await watch({ colorScheme: 'light' });
    const background = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    const light = await background();
    await page.keyboard.press('Tab');
    assert.equal(await page.locator(':focus').innerText(), 'Theme: system');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Space');
    assert.equal(await page.locator(':focus').innerText(), 'Theme: dark');
    const dark = await background();
    assert.notEqual(dark, light);
    assert.deepEqual(await accessibilityFaults(page), []);
    await page.reload();
    await page.waitForSelector(LIVE);
    assert.equal(await background(), dark);
    await page.context().close();
  });

  test('who scrolls through the moves by keyboard keeps focus and place when something changes', async () => {
    const moves = history(50);
    server.show(viewOf(settled({ report: { history: moves } })));
    const { page } = await watch();
    const region = page.getByRole('region', { name: 'Changes of the active site, newest first' });
    await region.focus();
    await page.keyboard.press('End');
    const bottom = () => region.evaluate((element: { scrollTop: number }) => element.scrollTop);
    // The browser scrolls smoothly: until it has arrived.
    const place = await until(
      'the end of the list',
      async () => {
        const before = await bottom();
        return before > 100 && before === (await bottom()) ? before : undefined;
      },
      { timeoutMs: 10_000 },
    );
    server.show(viewOf(settled({ report: { history: moves.slice(1) } })));
    await page.getByRole('heading', { name: 'The last 49 changes' }).waitFor();
    assert.equal(await page.evaluate<string>('document.activeElement.id'), 'f0-moves');
    assert.ok(Math.abs((await bottom()) - place) < 60);
    await page.context().close();
  });

  test('the second of several followers is not far below the first, also on a narrow screen', async () => {
    server.show(viewOf(settled({ report: { history: history(50) } }), settled({}, 'mongo')));
    const { page } = await watch({ viewport: { width: 400, height: 900 } });
    const place = await page.getByRole('heading', { name: 'mongo' }).boundingBox();
    assert.ok(place && place.y < 1_500, `it begins at ${place?.y}`);
    await page.context().close();
  });

  test('a screen reader has the tables as tables, also on a narrow screen', async () => {
    const { page } = await watch({ viewport: { width: 400, height: 900 } });
    assert.equal(await page.getByRole('table').count(), 2);
    assert.equal(await page.getByRole('rowheader', { name: 'app.example.com A' }).count(), 1);
    assert.equal(await page.getByRole('columnheader', { name: 'Seen at the name servers' }).count(), 1);
    await page.context().close();
  });
});

test('without JavaScript the plain state is there, reads on its own, and renews itself', async () => {
  server.show(viewOf(held()));
  const { page } = await watch({ javaScriptEnabled: false });
  const text = await page.locator('body').innerText();
  for (const words of [
    'us-east',
    'Held',
    'PodWithoutNode',
    '24 of 24 pods ready',
    'app.example.com',
    'pg-cluster-1',
  ]) {
    assert.ok(text.includes(words), words);
  }
  assert.equal(await page.locator('button').isVisible(), false);
  assert.equal(await page.locator('meta[http-equiv=refresh]').getAttribute('content'), '15');
  await takePicture(page, 'without-script');
  await page.context().close();
});

test('names that hold HTML do nothing, at the first load and when they come later', async () => {
  const evil = '"><img src=x onerror=alert(1)><script>alert(2)</script>\'';
  const sites = { [evil]: [evil, evil.repeat(5)] };
  const bad = viewOf(
    settled(
      { status: status({ activeSite: evil, activeNode: evil, primary: evil, sites }), problem: evil },
      evil,
    ),
    settled({}, evil),
  );
  const { page, troubles, requests } = await watch({ viewport: { width: 400, height: 900 } });
  server.show(bad);
  await page.locator('.active', { hasText: 'onerror' }).waitFor();
  await page.reload();
  await page.waitForSelector(LIVE);
  assert.equal(await page.locator('img, main script').count(), 0);
  assert.ok((await page.title()).includes(evil));
  assert.deepEqual(troubles, []);
  assert.deepEqual(
    requests.filter((url) => url.endsWith('/x')),
    [],
  );
  assert.ok((await page.evaluate<number>('document.documentElement.scrollWidth')) <= 400);
  await page.context().close();
});

test('behind a proxy that adds a path it works the same', async (t) => {
  const proxy = createServer((incoming, outgoing) => {
    const path = incoming.url?.replace(/^\/api\/v1\/proxy\//, '/') ?? '';
    const onward = request(new URL(path, server.url), { method: incoming.method, headers: incoming.headers });
    onward.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  const port = await serveOnLoopback(t, proxy);
  const { page, troubles } = await open();
  await page.goto(`http://127.0.0.1:${port}/api/v1/proxy/`);
  await page.waitForSelector(LIVE);
  server.show(viewOf(movedNow()));
  await page.locator('.active', { hasText: 'eu-west' }).waitFor({ timeout: 1_000 });
  assert.deepEqual(troubles, []);
  await page.context().close();
});
