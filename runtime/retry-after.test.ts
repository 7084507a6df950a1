import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryAfterMs } from './retry-after.ts';

const NOW = Date.UTC(1994, 10, 6, 8, 49, 30);
const DAY = 24 * 3_600_000;

for (const [text, expected] of [
  ['7', 7_000],
  ['0', 0],
  ['99999999999999999999', DAY],
  ['Sun, 06 Nov 1994 08:49:37 GMT', 7_000],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 7_000],
  ['Sun Nov  6 08:49:37 1994', 7_000],
  ['Sun, 06 Nov 1994 08:49:00 GMT', 0],
  ['Fri, 31 Dec 1999 23:59:59 GMT', DAY],
  ['-1', undefined],
  ['1e9', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['Sunday, sometime', undefined],
  ['', undefined],
] as const) {
  test(`"${text}" is ${String(expected)} ms`, () => {
    assert.equal(retryAfterMs({ 'retry-after': text }, NOW), expected);
  });
}

test('a date is by the clock of the server, where it tells it', () => {
  const headers = {
    date: 'Sun, 06 Nov 1994 08:49:37 GMT',
    'retry-after': 'Sun, 06 Nov 1994 08:49:44 GMT',
  };
  assert.equal(retryAfterMs(headers, Date.UTC(2026, 0)), 7_000);
  assert.equal(retryAfterMs({ ...headers, date: 'today' }, NOW), 14_000);
});

test('no header, or two, ask for nothing', () => {
  assert.equal(retryAfterMs({}, NOW), undefined);
  assert.equal(retryAfterMs({ 'retry-after': ['1', '2'] }, NOW), undefined);
});
