import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeApi, KubeObject } from '../../kubernetes/api.ts';
import { KubeError } from '../../kubernetes/errors.ts';
import { runChecks } from '../checks/run.ts';
import { World } from '../checks/world.ts';
import { Planned } from './planned.ts';
import { RELEASE } from './release.ts';

const RBAC = 'rbac.authorization.k8s.io/v1';
const labels = { 'app.kubernetes.io/instance': 'follower' };
const PLANNED = new Planned([
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'c', namespace: 'ops', labels: { 'app.kubernetes.io/component': 'controller' } },
  },
  { apiVersion: RBAC, kind: 'ClusterRole', metadata: { name: 'c', labels } },
  {
    apiVersion: RBAC,
    kind: 'ClusterRole',
    metadata: { name: 'hook', labels, annotations: { 'helm.sh/hook': 'post-delete' } },
  },
]);

const ownedBy = (name: string, namespace: string) => ({
  'meta.helm.sh/release-name': name,
  'meta.helm.sh/release-namespace': namespace,
});

/** The outcome, and what is told, where each ClusterRole is there with these annotations. */
async function look(annotations: Readonly<Record<string, string>> | undefined): Promise<string> {
  const get = async (_: unknown, { name }: { name: string }): Promise<KubeObject> => {
    if (annotations === undefined) throw new KubeError('not there', { status: 404, reason: 'NotFound' });
    return { metadata: { name, annotations } };
  };
  const world = new World({
    api: { get } as unknown as KubeApi,
    clock: { now: () => 0, elapsed: () => 0, after: () => () => undefined },
    abort: new AbortController().signal,
    followers: [],
    namespace: 'ops',
  });
  const read = async (path: string) =>
    path.endsWith(RBAC)
      ? { resources: [{ name: 'clusterroles', kind: 'ClusterRole', namespaced: false }] }
      : { resources: [{ name: 'deployments', kind: 'Deployment', namespaced: true }] };
  const { checks } = await runChecks([RELEASE], Object.assign(world, { planned: PLANNED, read, env: {} }));
  return checks
    .map(({ outcome, findings }) =>
      [outcome, ...findings.map(({ about, text }) => `${about}: ${text}`)].join(' '),
    )
    .join();
}

test('a first release, and the same release again, need nothing of others', async () => {
  assert.equal(await look(undefined), 'ok');
  assert.equal(await look(ownedBy('follower', 'ops')), 'ok');
});

test('a release of the same name in another namespace is told before Helm refuses, but no hook', async () => {
  assert.equal(
    await look(ownedBy('follower', 'elsewhere')),
    'problem ClusterRole c: it belongs to the release follower in namespace elsewhere, and Helm refuses a second one of this name',
  );
});

test('what another tool than Helm has made is no release', async () => {
  assert.equal(await look({}), 'ok');
});
