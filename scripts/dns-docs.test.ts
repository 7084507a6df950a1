import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { TRAITS } from '../dns/registry.ts';
import { PROMISES, withTables } from './dns-docs.ts';
import { ERRORS } from './dns-errors.ts';

test('each promise of a DNS provider names a test that is there', async () => {
  const named = [...PROMISES.values()].flatMap((cells) =>
    Object.values(cells).flatMap(({ test: shown }) => [shown ?? []]),
  );
  for (const [file, name] of named) {
    if (file === undefined || name === undefined) continue;
    const text = await readFile(`${import.meta.dirname}/../${file}`, 'utf8');
    assert.ok(text.includes(name), `${file} has no test "${name}"`);
  }
});

test('each DNS provider is in the table', () => {
  const names = Object.keys(TRAITS).filter((name) => name !== 'none');
  assert.deepEqual([...PROMISES.keys()].toSorted(), names.toSorted());
});

test('each DNS provider has its errors in the documentation', () => {
  const names = Object.keys(TRAITS).filter((name) => name !== 'none');
  assert.deepEqual([...ERRORS.keys()].toSorted(), names.toSorted());
  for (const rows of ERRORS.values()) assert.ok(rows.length > 0);
});

test('a table takes the place of an older one, and a page without its place is refused', async () => {
  const page = await readFile(`${import.meta.dirname}/../docs/dns.md`, 'utf8');
  const older = page.replace(/^\| 81044 .*\n/m, '').replace('| 971 | rate |', '| 972 | rate |');
  assert.notEqual(older, page);
  assert.equal(withTables(older), page);
  assert.throws(() => withTables(page.replace('from dns/providers/route53/errors.ts', '')), /lacks/);
});
