/** What a newcomer runs, as far as it can be tried without a cluster; the rest is in test/integration and test/e2e. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandsOf } from './coverage.ts';
import { blocksOf, documents } from './markdown.ts';

const all = documents().map((document) => ({
  path: document.path,
  commands: blocksOf(document).flatMap(({ text }) => commandsOf(text)),
}));

test('no command fetches the operator’s chart in a way that works only once', () => {
  // After the first run there is a Chart.lock, and then `build` wants the repository to have been added.
  const once = all.filter(({ commands }) => commands.some((command) => /^helm dep\w* build/.test(command)));
  assert.deepEqual(
    once.map(({ path }) => path),
    [],
  );
});
