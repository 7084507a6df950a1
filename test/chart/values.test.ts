import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentedValues } from '../../scripts/chart-values.ts';
import { EVERYTHING, EXAMPLES, layered, nested } from '../support/chart/examples.ts';
import { chartUnderTest, SITES } from '../support/chart/render.ts';

const chart = await chartUnderTest();
const LIMIT = 3;

test('there is an example for each documented value', () => {
  assert.deepEqual(
    Object.keys(EXAMPLES).sort(),
    documentedValues()
      .map(({ key }) => key)
      .sort(),
  );
});

test('it lints clean, with nothing but sites and with every feature', async () => {
  for (const values of [SITES, layered(SITES, EVERYTHING)]) {
    assert.match(await chart.lint(values), /1 chart\(s\) linted, 0 chart\(s\) failed/);
  }
});

test('each documented value makes a difference', { concurrency: LIMIT }, async (t) => {
  const bases = new Map<string, Promise<string>>();
  const rendered = (base: object) => {
    const id = JSON.stringify(base);
    const text = bases.get(id) ?? chart.text({ values: base });
    bases.set(id, text);
    return text;
  };
  await Promise.all(
    Object.entries(EXAMPLES).map(([key, { right, given = {} }]) =>
      t.test(key, async () => {
        const base = layered(SITES, given);
        const text = await chart.text({ values: layered(base, nested(key, right)) });
        assert.notEqual(text, await rendered(base));
      }),
    ),
  );
});

test('each wrong value is refused by its key', { concurrency: LIMIT }, async (t) => {
  await Promise.all(
    Object.entries(EXAMPLES).map(([key, { wrong, given = {} }]) =>
      t.test(key, async () => {
        const values = layered(SITES, given, nested(key, wrong));
        const place = `/${key.replaceAll('.', '/')}`;
        await assert.rejects(chart.text({ values }), (error: Error) => {
          assert.ok(error.message.includes(`at '${place}`), error.message);
          return true;
        });
      }),
    ),
  );
});

for (const { what, values, says } of [
  { what: 'a misspelt key', values: { webhok: {} }, says: /'webhok' not allowed/ },
  {
    what: 'a misspelt key further inside',
    values: { controller: { replica: 2 } },
    says: /at '\/controller'.*'replica' not allowed/,
  },
  {
    what: 'a site without nodes',
    values: { controller: { sites: { mars: { ip: '192.0.2.1' } } } },
    says: /at '\/controller\/sites\/mars'/,
  },
  {
    what: 'a site with two kinds of addresses',
    values: { controller: { sites: { mars: { nodeName: 'a', ip: '192.0.2.1', cname: 'x.example.com' } } } },
    says: /at '\/controller\/sites\/mars/,
  },
  {
    what: 'no site',
    values: { controller: { sites: null } },
    says: /controller\.sites: at least one site is needed/,
  },
  {
    what: 'a node in two sites',
    values: { controller: { sites: { mars: { nodeNames: ['node-1'] } } } },
    says: /controller\.sites\.us-east: node node-1 is in another site as well/,
  },
  {
    what: 'sites beside followers',
    values: { controller: { config: { followers: [{}] } } },
    says: /controller\.sites: must be left out/,
  },
]) {
  test(`refuses ${what}`, async () => {
    await assert.rejects(chart.text({ values: layered(SITES, values) }), says);
  });
}
