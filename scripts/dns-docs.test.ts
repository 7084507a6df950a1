import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { DNS_PROVIDERS } from '../dns/registry.ts';
import { PROMISES } from './dns-docs.ts';

test('each promise of a DNS provider names a test that is there', async () => {
  const named = Object.values(PROMISES).flatMap((cells) =>
    Object.values(cells).flatMap(({ test: shown }) => [shown ?? []]),
  );
  for (const [file, name] of named) {
    if (file === undefined || name === undefined) continue;
    const text = await readFile(`${import.meta.dirname}/../${file}`, 'utf8');
    assert.ok(text.includes(name), `${file} has no test "${name}"`);
  }
});

test('each DNS provider is in the table', () => {
  const names = DNS_PROVIDERS.map(({ name }) => name).filter((name) => name !== 'none');
  assert.deepEqual(Object.keys(PROMISES).toSorted(), names.toSorted());
});
