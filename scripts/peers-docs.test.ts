import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { pictureOf, withPeers } from './peers-docs.ts';
import { duration, peersOf, peersSvg } from './peers-svg.ts';
import { MACHINE } from './testing/machine.ts';

const read = (path: string) => readFileSync(new URL(`../docs/${path}`, import.meta.url), 'utf8');
const PAGE = read('performance.md');
const PICTURE = read('peers.svg');
const RUN = JSON.stringify({
  machine: MACHINE,
  comparisons: [
    {
      what: 'Until it is so',
      ways: [
        { name: 'ours', samples: [20, 40.2, 30] },
        { name: 'another', samples: [600, 1_250, 615] },
        {
          name: 'a third',
          samples: [],
          documented: { upToMs: 90_000, source: 'https://docs.example.org/it' },
        },
      ],
    },
  ],
});

test('the picture and the tables of the page are of one run', () => {
  const picture = peersOf(PICTURE);
  assert.equal(PICTURE, peersSvg(picture));
  assert.equal(PAGE, withPeers(PAGE, picture));
});

test('a run is in the page with its machine and its ratios, and what was not measured says so', () => {
  const page = withPeers(PAGE, pictureOf(RUN));
  for (const line of [
    'One run: 2030-01-02, 2 × Some CPU, node v24.0.0, load before the run 0.1.',
    '| Until it is so | p50 | p99 | max | n | p50 beside ours |',
    '| ours | 30 ms | 40 ms | 40 ms | 3 | × 1.0 |',
    '| another | 615 ms | 1.3 s | 1.3 s | 3 | × 20.5 |',
    '| a third | not measured; up to 90 s by [its documentation](https://docs.example.org/it) | – | – | – | – |',
    '![Until it is so](peers.svg)',
  ])
    assert.ok(page.includes(`\n${line}\n`), line);
  assert.equal(withPeers(page, peersOf(PICTURE)), PAGE, 'and the rest of the page stays');
});

test('in the picture what takes longer is further right, and what was not measured has no dot', () => {
  const svg = peersSvg(pictureOf(RUN));
  const dots = [...svg.matchAll(/<circle class="(\w+)" cx="(\d+)"/g)].map(([, kind, at]) => [
    kind,
    Number(at),
  ]);
  assert.deepEqual(
    dots.map(([kind]) => kind),
    ['ours', 'peer'],
  );
  assert.ok(Number(dots[0]?.[1]) < Number(dots[1]?.[1]));
  assert.match(svg, /a third.*not measured; up to 90 s by its documentation.*class="peer told"/);
});

test('times are short', () => {
  assert.deepEqual([0.4, 999, 1_000, 1_260, 12_600].map(duration), [
    '0 ms',
    '999 ms',
    '1 s',
    '1.3 s',
    '13 s',
  ]);
});

test('what is no run is refused', () => {
  assert.throws(() => pictureOf('{"comparisons":[]}'));
});
