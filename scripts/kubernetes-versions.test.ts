import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { KUBERNETES_DIFFERENCES, MINORS, TESTED_IN_PART, testedVersions } from './kubernetes-versions.ts';

const ROOT = new URL('../', import.meta.url);
const isThere = (path: string) => existsSync(new URL(path, ROOT));

test('the table is of the versions that the tests run on', () => {
  assert.deepEqual([...MINORS], readdirSync(new URL('test/support/kubernetes', ROOT)).toSorted());
  for (const { minor, kubernetes } of testedVersions()) assert.ok(kubernetes.startsWith(`${minor}.`));
});

test('each row names tests that are there', () => {
  const named = KUBERNETES_DIFFERENCES.flatMap(({ tests }) => tests.map((path) => `test/${path}`));
  const inPart = TESTED_IN_PART.tests.map((name) => `test/integration/${name}.test.ts`);
  assert.deepEqual(
    [...named, ...inPart].filter((path) => !isThere(path)),
    [],
  );
});

test('CI runs the newest version in full, and the oldest in the part that depends on it', () => {
  const text = readFileSync(new URL('.github/workflows/check.yml', ROOT), 'utf8');
  const { jobs } = parse(text) as {
    jobs: {
      kubernetes: { strategy: { matrix: { include: { version: string; part?: string }[] } } };
    };
  };
  const parts = jobs.kubernetes.strategy.matrix.include.map(({ version, part = '' }) => [
    version,
    part.split(/\s+/).filter((path) => path !== ''),
  ]);
  assert.deepEqual(parts, [
    [MINORS.at(-1), []],
    [TESTED_IN_PART.minor, TESTED_IN_PART.tests.map((name) => `test/integration/${name}.test.ts`)],
  ]);
});
