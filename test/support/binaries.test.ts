import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findCnpgManifest } from './binaries/cnpg.ts';
import { findSum } from './binaries/download.ts';
import { cacheDirectory, requiredVersion } from './binaries/recipe.ts';
import { findBinaries, kubernetesModule } from './binaries.ts';

const folder = mkdtempSync(join(tmpdir(), 'binaries-'));
after(() => rmSync(folder, { recursive: true }));

const silent = () => undefined;
const module = await kubernetesModule();
const kubernetes = requiredVersion(module, 'k8s.io/kubernetes');
const etcd = requiredVersion(module, 'go.etcd.io/etcd/server/v3');

const put = (...path: string[]) => {
  const file = join(folder, ...path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, '', { mode: 0o755 });
  return file;
};

test('the versions come from go.mod', () => {
  assert.match(kubernetes, /^v1\.\d+\.\d+$/);
  assert.match(etcd, /^v3\.\d+\.\d+$/);
  assert.throws(() => requiredVersion(module, 'k8s.io/kube'), /requires no/);
});

test('KUBERNETES chooses the version, and one that is not known is an error that names those that are', async () => {
  const other = requiredVersion(await kubernetesModule('1.37'), 'k8s.io/kubernetes');
  assert.match(other, /^v1\.37\./);
  await assert.rejects(findBinaries({ KUBERNETES: '1.2' }, silent), /KUBERNETES is 1\.2, .* know .*1\.37/);
});

test('CNPG chooses the release of CloudNativePG likewise', async () => {
  const env = { XDG_CACHE_HOME: join(folder, 'cnpg'), CNPG: '1.30' };
  const file = put('cnpg', 'kube-site-follower', 'cnpg-v1.30.0', 'cnpg.yaml');
  assert.deepEqual(await findCnpgManifest(env, assert.fail), { file, version: '1.30.0' });
  await assert.rejects(findCnpgManifest({ CNPG: '1.2' }, silent), /CNPG is 1\.2, .* know .*1\.30/);
});

test('the cache is in XDG_CACHE_HOME or ~/.cache', () => {
  assert.equal(cacheDirectory({ XDG_CACHE_HOME: '/c' }), '/c/kube-site-follower');
  assert.match(cacheDirectory({}), /\/\.cache\/kube-site-follower$/);
});

test('what is in the cache is taken from there, and nothing is said', async () => {
  const env = { XDG_CACHE_HOME: join(folder, 'full') };
  const cached = ['full', 'kube-site-follower'];
  const expected = {
    etcd: put(...cached, `etcd-${etcd}`, 'etcd'),
    'kube-apiserver': put(...cached, `kubernetes-${kubernetes}`, 'kube-apiserver'),
    'kube-controller-manager': put(...cached, `kubernetes-${kubernetes}`, 'kube-controller-manager'),
  };
  assert.deepEqual(await findBinaries(env, assert.fail), expected);
});

test('KUBEBUILDER_ASSETS goes before the cache, which gives what is not there', async () => {
  const cached = put('part', 'kube-site-follower', `kubernetes-${kubernetes}`, 'kube-controller-manager');
  const assets = join(folder, 'assets');
  const expected = {
    etcd: put('assets', 'etcd'),
    'kube-apiserver': put('assets', 'kube-apiserver'),
    'kube-controller-manager': cached,
  };
  const env = { XDG_CACHE_HOME: join(folder, 'part'), KUBEBUILDER_ASSETS: assets };
  assert.deepEqual(await findBinaries(env, assert.fail), expected);
});

test('KUBEBUILDER_ASSETS without the programs is an error that names it', async () => {
  const env = { XDG_CACHE_HOME: folder, KUBEBUILDER_ASSETS: '/nonexistent' };
  await assert.rejects(findBinaries(env, silent), /KUBEBUILDER_ASSETS is \/nonexistent.*etcd/);
});

const A = 'a'.repeat(64);
const B = 'B'.repeat(64);
const sums: readonly [string, string, string | undefined][] = [
  ['the sum alone', `${A}\n`, A],
  ['a list', `${A}  other.tar.gz\n${B}  etcd.tar.gz\n`, B.toLowerCase()],
  ['a list in binary mode', `${A} *etcd.tar.gz`, A],
  ['a list without the file', `${A}  other.tar.gz`, undefined],
  ['an error page', '<html>not found</html>', undefined],
  ['a sum that is too short', 'abc', undefined],
  ['nothing', '', undefined],
];
for (const [what, listing, expected] of sums) {
  test(`the checksum in ${what}`, () => assert.equal(findSum(listing, 'etcd.tar.gz'), expected));
}
