import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Means, obtain } from './obtain.ts';
import type { Recipe } from './recipe.ts';

const root = mkdtempSync(join(tmpdir(), 'obtain-'));
after(() => rmSync(root, { recursive: true }));

let caches = 0;
const freshCache = () => join(root, String(++caches));

const recipe = (cache: string, name: string, host: string | undefined): Recipe => ({
  what: name,
  path: join(cache, name),
  download: host === undefined ? undefined : { url: `https://${host}/${name}`, sha256: '', megabytes: 1 },
  build: { kind: 'go-build', folder: '', package: name, ldflags: '', expected: 'a while' },
});

/** Notes what was done; every download from `refusing` fails. */
const fakeMeans = (refusing: string, go: string | undefined, log: string[]): Means => ({
  fetchRelease: (download, path) => {
    log.push(`fetch ${download.url}`);
    if (download.url.includes(refusing)) return Promise.reject(new Error('refused by the network'));
    writeFileSync(path, 'fetched');
    return Promise.resolve();
  },
  findGo: () => Promise.resolve(go),
  makeWithGo: (_go, build, path) => {
    log.push(`make ${build.kind === 'go-build' ? build.package : build.module}`);
    writeFileSync(path, 'made');
    return Promise.resolve();
  },
});

test('downloads first, and makes with Go what one host refused, without asking it again', async () => {
  const cache = freshCache();
  const log: string[] = [];
  const recipes = [
    recipe(cache, 'a', 'no.test'),
    recipe(cache, 'b', 'no.test'),
    recipe(cache, 'c', 'yes.test'),
  ];
  await obtain(recipes, cache, () => undefined, fakeMeans('no.test', '/go', log));
  assert.deepEqual(log, ['fetch https://no.test/a', 'make a', 'make b', 'fetch https://yes.test/c']);
});

test('makes with Go where there is no download', async () => {
  const cache = freshCache();
  const log: string[] = [];
  await obtain([recipe(cache, 'a', undefined)], cache, () => undefined, fakeMeans('no.test', '/go', log));
  assert.deepEqual(log, ['make a']);
});

test('makes once what two want at the same time, and one of them says that it waits', async () => {
  const cache = freshCache();
  const log: string[] = [];
  const said: string[] = [];
  const means = fakeMeans('no.test', '/go', log);
  const want = () => obtain([recipe(cache, 'a', 'yes.test')], cache, (line) => said.push(line), means);
  await Promise.all([want(), want()]);
  assert.deepEqual(log, ['fetch https://yes.test/a']);
  assert.equal(said.filter((line) => line.startsWith('Another process')).length, 1);
});

test('without download and Go, one error says what to do', async () => {
  const cache = freshCache();
  const means = fakeMeans('no.test', undefined, []);
  const wanted = recipe(cache, 'etcd', 'no.test');
  await assert.rejects(
    obtain([wanted], cache, () => undefined, means),
    /etcd is needed.*refused by the network.*Install Go.*KUBEBUILDER_ASSETS/,
  );
  await assert.rejects(
    obtain([recipe(cache, 'etcd', undefined)], cache, () => undefined, means),
    /no download for this platform/,
  );
  assert.equal(existsSync(wanted.path), false);
});
