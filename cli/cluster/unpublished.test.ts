import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeObject } from '../../kubernetes/api.ts';
import { ListedApi } from '../testing/listed-api.ts';
import { whyUnpublished } from './unpublished.ts';
import type { Workload } from './workloads.ts';

const NAME = 'kube-site-follower-controller';
const deployment = (namespace: string, more: Omit<Workload, 'metadata'> = {}): Workload => ({
  metadata: { namespace, name: NAME },
  ...more,
});
const pod = (status: object, nodeName = 'a'): KubeObject =>
  Object.assign({ metadata: { namespace: 'ops', name: 'one' } }, { spec: { nodeName }, status });
const IMAGE = 'registry.example.com/kube-site-follower:1';
const waiting = (reason: string, message: string): KubeObject =>
  Object.assign(
    { metadata: { namespace: 'ops', name: 'one' } },
    {
      spec: { nodeName: 'a', containers: [{ name: 'controller', image: IMAGE }] },
      status: {
        phase: 'Pending',
        containerStatuses: [{ name: 'controller', ready: false, state: { waiting: { reason, message } } }],
      },
    },
  );
const ready = pod({ phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] });

const why = (objects: ConstructorParameters<typeof ListedApi>[0], namespace?: string) =>
  whyUnpublished(new ListedApi(objects), namespace);

describe('without a status', () => {
  test('nothing is installed, or it is elsewhere', async () => {
    assert.match(
      await why({}),
      /^The controller is not installed in any namespace: .* kubectl site-follower check --pre$/,
    );
    assert.match(
      await why({ deployments: [deployment('ops')] }, 'shop'),
      /^The controller is not installed in namespace shop: it is in ops\. Say that with -n\.$/,
    );
  });

  test('who may not see it is told nothing that may be wrong', async () => {
    assert.match(
      await why({ deployments: 'forbidden' }),
      /^No status ConfigMap .* you may not list the Deploy/,
    );
    assert.match(
      await why({ deployments: [deployment('ops')], pods: 'forbidden' }),
      /^The controller is installed in namespace ops, but has published no status yet, as it has no pod yet\./,
    );
  });

  const said = /^The controller is installed in namespace ops, but has published no status yet/;
  for (const [name, spec, status, pods, rest] of [
    ['is scaled to nothing', { replicas: 0 }, {}, [], /: it is scaled to 0\. .*scale deployment kube-site/],
    [
      'is refused',
      {},
      { conditions: [{ type: 'ReplicaFailure', status: 'True', message: 'no signature' }] },
      [],
      /, as its pods are refused: no signature\. .*kubectl site-follower check -n ops$/,
    ],
    ['has no pod', {}, {}, [], /, as it has no pod yet\. .*describe deployment kube-site/],
    [
      'has no image',
      {},
      {},
      [
        waiting(
          'ErrImagePull',
          `Back-off pulling image "${IMAGE}": failed to resolve reference "${IMAGE}": not found`,
        ),
      ],
      /^: pod one is not ready, container controller has no image: \S+ cannot be pulled \(ErrImagePull: not found\)\. See what to do about it: kubectl site-follower check -n ops$/,
    ],
    [
      'crashes',
      {},
      {},
      [waiting('CrashLoopBackOff', 'back-off 5m0s')],
      /^: pod one is not ready, container controller: CrashLoopBackOff: back-off 5m0s\. .* check -n ops$/,
    ],
    [
      'is starting',
      {},
      {},
      [waiting('ContainerCreating', '')],
      /^: pod one is not ready, container controller: ContainerCreating\. Wait for it: kubectl -n ops rollout status deployment kube-site-follower-controller$/,
    ],
    ['is on no node yet', {}, {}, [pod({ phase: 'Pending' }, '')], /it has no node\. Wait for it: /],
    [
      'fits on no node',
      {},
      {},
      [
        pod(
          { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', message: '0/2' }] },
          '',
        ),
      ],
      /it has no node: 0\/2\. See what to do about it: /,
    ],
    ['runs', {}, {}, [ready], /, though 1 pod of it is ready\. .*kubectl -n ops logs deployment\/kube-site/],
    [
      'only tries',
      {
        template: {
          spec: { containers: [{ name: 'controller', env: [{ name: 'DRY_RUN', value: 'true' }] }] },
        },
      },
      {},
      [ready],
      /, and will not: controller\.dryRun is set\. /,
    ],
  ] as const) {
    test(`one that ${name}`, async () => {
      const text = await why({ deployments: [deployment('ops', { spec, status })], pods });
      assert.match(text, said);
      assert.match(text.replace(said, ''), rest);
    });
  }

  test('a Deployment that somebody else has labelled comes after one of an installation', async () => {
    const binding = Object.assign(
      { metadata: { name: 'x' } },
      { subjects: [{ kind: 'ServiceAccount', name: NAME, namespace: 'ops' }] },
    );
    const text = await why({
      deployments: [deployment('aaa'), deployment('ops')],
      clusterrolebindings: [binding],
    });
    assert.match(text, said);
  });
});
