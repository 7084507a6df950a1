import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { withRun } from './performance-docs.ts';
import { MACHINE } from './testing/machine.ts';

const PAGE = readFileSync(new URL('../docs/performance.md', import.meta.url), 'utf8');
const RUN = {
  machine: MACHINE,
  summary: [
    {
      what: 'primary → status, controller',
      figures: '     24     31     44     50 ms  n=150',
      target: { text: 'p99 ≤ 100 ms', met: true },
    },
    { what: '… bare client', figures: '     17     20     30     41 ms  n=150' },
    { what: '… p50 of both', figures: '× 2.41', target: { text: '≤ 2 ×', met: false } },
  ],
  watched: 'more, which the page does not have',
};

test('a run is in the page with its machine, its ratios, and which targets it met', () => {
  const page = withRun(PAGE, JSON.stringify(RUN));
  for (const line of [
    'Commit abc1234, 2030-01-02, node v24.0.0, 2 × Some CPU, load before the run 0.1.',
    '| primary → status, controller | 24 · 31 · 44 · 50 ms · n=150 | p99 ≤ 100 ms, met |',
    '| … bare client | 17 · 20 · 30 · 41 ms · n=150 | – |',
    '| … p50 of both | × 2.41 | ≤ 2 ×, **missed** |',
  ])
    assert.ok(page.includes(`\n${line}\n`), line);
});

test('a second run takes the place of the first, and the rest of the page stays', () => {
  const once = withRun(PAGE, JSON.stringify(RUN));
  assert.equal(withRun(once, JSON.stringify(RUN)), once);
  const [before] = PAGE.split('## A run');
  const [, after] = PAGE.split('## Routing');
  assert.ok(before && after && once.startsWith(before) && once.endsWith(after));
});

test('what is no run is refused', () => {
  assert.throws(() => withRun(PAGE, '{"summary":[]}'));
  assert.throws(() => withRun('# another page', JSON.stringify(RUN)), /lacks/);
});
