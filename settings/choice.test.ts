import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { RawTree } from './raw-tree.ts';
import { settingsOf } from './schema.ts';
import type { Environment } from './variables.ts';

const text = () => z.string('must be text').optional();
const count = z.int('must be whole').default(1);
const TREE = z.object({
  fruit: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('apple'), count, sort: text().meta({ env: 'APPLE_SORT' }) }),
    z.object({ kind: z.literal('pear'), count, shape: text() }),
    z.object({ kind: z.literal('fig'), count, shape: text() }),
  ]),
});

function read(fruit: unknown, env: Environment = {}) {
  const problems: string[] = [];
  const readFile = (path: string) => assert.fail(`no file is expected here, not even ${path}`);
  const tree = new RawTree({
    secrets: { env, readFile, referenced: new Set() },
    report: ({ key, got, problem }) => problems.push(`${key} | ${String(got)} | ${problem}`),
  });
  const raw = tree.read(TREE, { env, isForeign: () => false, file: { fruit }, path: [], at: [] });
  const keyAt = (...path: string[]) => tree.origins.keyOf(path);
  return { values: TREE.safeParse(raw).data, problems, keyAt };
}

test('the first option is the default', () => {
  const { values, problems } = read(undefined, { APPLE_SORT: 'Boskoop' });
  assert.deepEqual(values, { fruit: { kind: 'apple', count: 1, sort: 'Boskoop' } });
  assert.deepEqual(problems, []);
});

test('what is chosen brings its settings', () => {
  assert.deepEqual(read({ kind: 'pear', shape: 'long', count: 3 }).values, {
    fruit: { kind: 'pear', count: 3, shape: 'long' },
  });
});

const cases: [what: string, fruit: unknown, env: Environment, problems: string[]][] = [
  [
    'a setting of another option',
    { kind: 'apple', shape: 'secret' },
    {},
    ['CONFIG_FILE: fruit.shape | *** | is a setting of kind pear and fig, but the kind is apple'],
  ],
  [
    'a variable of another option',
    { kind: 'pear' },
    { APPLE_SORT: 'secret' },
    ['APPLE_SORT | *** | is a setting of kind apple, but the kind is pear'],
  ],
  [
    'a misspelt setting',
    { kind: 'pear', shap: 'x' },
    {},
    ['CONFIG_FILE: fruit.shap | *** | is not a known setting (did you mean shape?)'],
  ],
  [
    'an option that does not exist, and nothing that follows from it',
    { kind: 'plum', shape: 'x', stone: 1 },
    { APPLE_SORT: 'x' },
    ['CONFIG_FILE: fruit.kind | plum | must be one of apple, pear, fig'],
  ],
  ['what is no mapping', 'apple', {}, ['CONFIG_FILE: fruit | apple | must be a mapping of keys to values']],
];
for (const [what, fruit, env, expected] of cases) {
  test(`refused: ${what}`, () => {
    assert.deepEqual(read(fruit, env).problems, expected);
  });
}

test('a setting is known by its variable or by its place in the file', () => {
  assert.equal(read(undefined).keyAt('fruit', 'sort'), 'APPLE_SORT');
  assert.equal(read({ sort: 'x' }).keyAt('fruit', 'sort'), 'CONFIG_FILE: fruit.sort');
  assert.equal(read({ kind: 'fig' }).keyAt('fruit', 'shape'), 'CONFIG_FILE: fruit.shape');
});

test('each setting has its place, and those of an option say of which', () => {
  const places = [...settingsOf(TREE)].map(({ path, when }) =>
    `${path.join('.')} ${when?.value ?? ''}`.trim(),
  );
  assert.deepEqual(places, [
    'fruit.kind',
    'fruit.count',
    'fruit.sort apple',
    'fruit.shape pear',
    'fruit.shape fig',
  ]);
});
