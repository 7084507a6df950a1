import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { nodeProblem } from './node-version.ts';

test('an old Node is named, with where it is', () => {
  assert.match(
    String(nodeProblem('v20.19.5', '/usr/bin/node')),
    /needs Node 24 .*\/usr\/bin\/node is v20\.19\.5/,
  );
});

test('the least one is what it is built for', () => {
  const script = readFileSync(new URL('../scripts/build.ts', import.meta.url), 'utf8');
  const least = Number(/target: 'node(\d+)'/.exec(script)?.[1]);
  assert.equal(nodeProblem(`v${least}.0.0`, 'node'), undefined);
  assert.notEqual(nodeProblem(`v${least - 1}.11.0`, 'node'), undefined);
});

test('later ones will do', () => {
  assert.equal(nodeProblem('v100.0.0', 'node'), undefined);
});
