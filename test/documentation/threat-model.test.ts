import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const ROOT = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/threat-model.md', ROOT), 'utf8');
/** The last cell of each row of each table. */
const shownBy = page
  .split('\n')
  .filter(
    (line) => /^\| .* \| .* \| /.test(line) && !line.startsWith('| ---') && !line.includes('| shown by |'),
  )
  .map((line) => line.split(' | ').at(-1)?.replace(/ \|$/, '') ?? '');

test('each test that the threat model names is there', () => {
  const files = shownBy.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file));
  assert.ok(files.length > 15, String(files.length));
  for (const file of files) assert.ok(existsSync(new URL(file, ROOT)), file);
});

test('what no test shows is said to be so', () => {
  for (const cell of shownBy) assert.match(cell, /^(–|(`[\w./-]+`(, )?)+)$/, cell);
});
