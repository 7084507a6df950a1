import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { type Environment, keyAt, readTree, type Source } from './reading.ts';
import { Choice, Setting, settingsOf } from './settings.ts';

const text = z.string('must be text').optional();
const TREE = {
  fruit: new Choice(
    'kind',
    [
      { name: 'apple', meaning: 'Apples.', settings: { sort: new Setting('APPLE_SORT', 'text', text, 'x') } },
      { name: 'pear', meaning: 'Pears.', settings: { shape: new Setting('', 'text', text, 'x') } },
      { name: 'fig', meaning: 'Figs.', settings: { shape: new Setting('', 'text', text, 'x') } },
    ],
    {
      meaning: 'Which.',
      common: { count: new Setting('', 'number', z.int('must be whole').default(1), 'x') },
    },
  ),
};

function read(fruit: unknown, env: Environment = {}) {
  const problems: string[] = [];
  const source: Source = {
    env,
    isForeign: () => false,
    file: { fruit },
    path: [],
    secrets: {
      env,
      readFile: (path) => {
        throw new Error(`no file is expected here, not even ${path}`);
      },
      referenced: new Set(),
    },
    report: ({ key, got, problem }) => problems.push(`${key} | ${String(got)} | ${problem}`),
  };
  return { values: readTree(TREE, source), problems, source };
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
  assert.equal(keyAt(TREE, read(undefined).source, ['fruit', 'sort']), 'APPLE_SORT');
  assert.equal(keyAt(TREE, read({ sort: 'x' }).source, ['fruit', 'sort']), 'CONFIG_FILE: fruit.sort');
  assert.equal(keyAt(TREE, read({ kind: 'fig' }).source, ['fruit', 'shape']), 'CONFIG_FILE: fruit.shape');
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
