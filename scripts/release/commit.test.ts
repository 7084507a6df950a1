import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { commitOf } from './commit.ts';

let folder: string;
const git = (...args: readonly string[]) =>
  execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8' });
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commit-'));
  git('init', '--quiet');
  await writeFile(join(folder, 'a'), 'one');
  git('add', 'a');
  const author = ['-c', 'user.name=A', '-c', 'user.email=a@example.com'];
  git(...author, 'commit', '--quiet', '--message', 'One', '--date', '2030-01-01T00:00:00Z');
});
after(() => rm(folder, { recursive: true }));

test('a release names the commit that is checked out', async () => {
  const { revision, time } = await commitOf(folder, true);
  assert.equal(revision, git('rev-parse', 'HEAD').trim());
  assert.ok(time > 1_700_000_000);
});

test('files that are not those of the commit are not pushed, but a release may be tried with them', async () => {
  await writeFile(join(folder, 'a'), 'two');
  await writeFile(join(folder, 'cosign.key'), '');
  await mkdir(join(folder, 'charts'));
  await writeFile(join(folder, 'charts/b.yaml'), '');
  await assert.rejects(
    commitOf(folder, true),
    /^Error: a, charts\/b\.yaml: not as in the commit .* set PUSH=0 for a try$/,
  );
  assert.equal((await commitOf(folder, false)).revision, git('rev-parse', 'HEAD').trim());
});
