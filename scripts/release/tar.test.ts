import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { gzip, tar } from './tar.ts';

const TIME = 1_700_000_000;
const long = `${'folder/'.repeat(20)}file`;
const entries = [
  { path: 'b', content: Buffer.from('x'.repeat(1_000)), executable: true },
  { path: long, content: Buffer.from('é') },
  { path: 'a', content: Buffer.alloc(0) },
];

test('an archive is the same in whatever order its files are named', () => {
  assert.deepEqual(gzip(tar(entries, TIME)), gzip(tar(entries.toReversed(), TIME)));
});

test('tar reads it: names, modes, sizes and time', () => {
  const input = gzip(tar(entries, TIME));
  const listed = execFileSync('tar', ['-tvzf', '-', '--numeric-owner'], {
    input,
    env: { ...process.env, TZ: 'UTC' },
  });
  const lines = listed.toString().trim().split('\n');
  assert.deepEqual(
    lines.map((line) => line.replaceAll(/\s+/g, ' ')),
    [
      '-rw-r--r-- 0/0 0 2023-11-14 22:13 a',
      '-rwxr-xr-x 0/0 1000 2023-11-14 22:13 b',
      `-rw-r--r-- 0/0 2 2023-11-14 22:13 ${long}`,
    ],
  );
});

test('a name that has no place in it is refused', () => {
  assert.throws(() => tar([{ path: 'x'.repeat(101), content: Buffer.alloc(0) }], TIME), /too long a name/);
});
