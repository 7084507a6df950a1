import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadKube } from './kube-config.ts';

function file(name: string, namespace = '', current = name): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: `https://${name}.example` } }],
    users: [{ name, user: { token: 'abc' } }],
    contexts: [{ name, context: { cluster: name, user: name, ...(namespace === '' ? {} : { namespace }) } }],
    'current-context': current,
  });
}

describe('loading the Kubernetes configuration', () => {
  let folder: string;
  const path = (name: string) => join(folder, name);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kube-config-test-'));
    await mkdir(path('.kube'));
    await writeFile(path('.kube/config'), file('home'));
    await writeFile(path('one'), file('one', 'ns-of-one'));
    await writeFile(path('two'), file('two'));
    await writeFile(path('lost'), file('lost', '', 'gone'));
    await writeFile(path('broken'), '{ this is: [no yaml');
  });
  after(() => rm(folder, { recursive: true }));

  it('takes KUBECONFIG before anything else, with the namespace of the context', () => {
    const { kubeConfig, namespace } = loadKube({ KUBECONFIG: path('one'), HOME: folder });
    assert.equal(kubeConfig.getCurrentCluster()?.server, 'https://one.example');
    assert.equal(namespace, 'ns-of-one');
  });

  it('merges several files; the first that names a context decides', () => {
    const { kubeConfig } = loadKube({ KUBECONFIG: [path('two'), path('one')].join(delimiter) });
    assert.equal(kubeConfig.getCurrentContext(), 'two');
    assert.equal(kubeConfig.getClusters().length, 2);
  });

  it('ignores a missing file of several, as kubectl does', () => {
    const files = [path('none'), path('one'), path('other')];
    const { kubeConfig, source } = loadKube({ KUBECONFIG: files.join(delimiter) });
    assert.equal(kubeConfig.getCurrentContext(), 'one');
    assert.equal(source, `KUBECONFIG (${path('one')})`);
  });

  it('falls back to the file in the home folder, without a namespace', () => {
    const { kubeConfig, namespace } = loadKube({ HOME: folder });
    assert.equal(kubeConfig.getCurrentContext(), 'home');
    assert.equal(namespace, undefined);
  });

  for (const { name, env, message } of [
    {
      name: 'nothing is there',
      env: () => ({}),
      message: /No Kubernetes configuration found: KUBECONFIG is not set/,
    },
    {
      name: 'a file is missing',
      env: () => ({ KUBECONFIG: path('none') }),
      message: /Cannot use .*none: ENOENT/,
    },
    {
      name: 'all of several files are missing',
      env: () => ({ KUBECONFIG: [path('none'), path('other')].join(delimiter) }),
      message: /None of the files of KUBECONFIG exists: .*none, .*other\./,
    },
    {
      name: 'one of several files is broken',
      env: () => ({ KUBECONFIG: [path('one'), path('broken')].join(delimiter) }),
      message: /Cannot use .*broken: /,
    },
    {
      name: 'a file is broken',
      env: () => ({ KUBECONFIG: path('broken') }),
      message: /Cannot use .*broken: /,
    },
    {
      name: 'the context does not exist',
      env: () => ({ KUBECONFIG: path('lost') }),
      message: /KUBECONFIG \(.*lost\) has no usable current-context/,
    },
  ]) {
    it(`says what to do when ${name}`, () => {
      assert.throws(() => loadKube(env()), message);
    });
  }
});
