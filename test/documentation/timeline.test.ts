import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Timeline, timelineOf, timelineSvg } from '../../demo/timeline.ts';

const PICTURE = readFileSync(new URL('../../docs/failover.svg', import.meta.url), 'utf8');
const MOVE: Timeline = { from: 'a', to: 'b', statusMs: 40, podsMs: 90, serviceMs: 990, dnsMs: 1_800 };

test('the picture of the README is what the demo draws of its figures', () => {
  assert.equal(PICTURE, timelineSvg(timelineOf(PICTURE)));
});

test('the later a part follows, the further right it changes its colour', () => {
  const starts = switchesOf(timelineSvg(MOVE));
  assert.equal(starts.length, 5);
  assert.deepEqual(
    starts,
    starts.toSorted((one, other) => one - other),
  );
  assert.equal(new Set(starts).size, 5);
});

test('what follows at once or very late stays within the picture', () => {
  const starts = switchesOf(timelineSvg({ ...MOVE, statusMs: 0.2, podsMs: 1, dnsMs: 60_000 }));
  const [promoted = 0, status = 0, pods = 0, , dns = 0] = starts;
  assert.ok(promoted < status && status === pods && dns <= 736, String(starts));
});

/** Where each row begins to lead to the new site. */
function switchesOf(svg: string): number[] {
  const [, rows = ''] = svg.split('>promoted in ');
  const [before = ''] = svg.split('>promoted in ');
  const bars = /<rect class="new" x="(\d+)" y="\d+" width="\d+" height="22"\/>/g;
  return [...before.matchAll(bars), ...rows.matchAll(bars)].map(([, x]) => Number(x));
}
