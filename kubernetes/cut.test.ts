import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { cut } from './cut.ts';

test('what fits stays as it is', () => {
  for (const text of ['', 'a', 'été', '😀', 'x'.repeat(10)]) assert.equal(cut(text, 10), text);
});

test('what does not fit is cut at a whole character, and ends with an ellipsis', () => {
  assert.equal(cut('x'.repeat(11), 10), `${'x'.repeat(7)}…`);
  assert.equal(cut('é'.repeat(6), 10), 'ééé…');
  assert.equal(cut('😀😀😀', 10), '😀…');
  for (let bytes = 3; bytes < 40; bytes += 1) {
    const text = cut(`a😀é${'日本'.repeat(20)}`, bytes);
    assert.ok(Buffer.byteLength(text) <= bytes, `${bytes}: ${text}`);
    assert.doesNotMatch(text, /\uFFFD/);
  }
});

test('what is cut does not keep the whole text in memory', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const kept: string[] = [];
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let count = 0; count < 50; count += 1) {
    const large = JSON.parse(`"${String(count % 10).repeat(1_000_000)}"`) as string;
    kept.push(cut(large, 253), cut(large.slice(0, 100), 253));
  }
  collect();
  const grown = process.memoryUsage().heapUsed - before;
  assert.equal(kept.length, 100);
  assert.ok(grown < 5_000_000, `the heap has grown by ${grown} bytes`);
});
