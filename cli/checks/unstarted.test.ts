import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodDetails } from '../cluster/pod-details.ts';
import { unstarted } from './unstarted.ts';

const IMAGE = 'registry.example.com:5000/team/kube-site-follower@sha256:00';
const ADVICE = { image: 'Correct the image.', node: 'Look at the nodes.' };

function waiting(name: string, reason: string, message: string): PodDetails {
  return {
    metadata: { namespace: 'ops', name },
    spec: { nodeName: `node-${name}`, containers: [{ name: 'main', image: IMAGE }] },
    status: {
      phase: 'Pending',
      containerStatuses: [{ name: 'main', ready: false, state: { waiting: { reason, message } } }],
    },
  };
}

// As containerd 1.6 and the kubelet of 1.34 say it.
const pulling = `rpc error: code = NotFound desc = failed to pull and unpack image "${IMAGE}": failed to resolve reference "${IMAGE}": ${IMAGE}: not found`;
const backingOff = `Back-off pulling image "${IMAGE}": ErrImagePull: ${pulling}`;

test('an image that no node finds is one finding, whatever each kubelet is at', () => {
  const pods = [waiting('b', 'ErrImagePull', pulling), waiting('a', 'ImagePullBackOff', backingOff)];
  const [finding, ...more] = unstarted(pods, ADVICE);
  assert.deepEqual(more, []);
  assert.deepEqual(finding, {
    severity: 'problem',
    about: `Image ${IMAGE}`,
    text: 'node-a, node-b cannot pull it (ErrImagePull: not found), so these pods do not start: ops/b, ops/a',
    action: ADVICE.image,
  });
});

test('a node that does not reach the registry is told apart', () => {
  const cause = 'failed to do request: Head "http://registry.example.com:5000/v2/": connection refused';
  const unreached = `failed to resolve reference "${IMAGE}": ${cause}`;
  const pods = [waiting('a', 'ErrImagePull', unreached), waiting('b', 'ErrImagePull', pulling)];
  assert.deepEqual(
    unstarted(pods, ADVICE).map(({ text }) => text),
    [
      `node-a cannot pull it (ErrImagePull: ${cause}), so this pod does not start: ops/a`,
      'node-b cannot pull it (ErrImagePull: not found), so this pod does not start: ops/b',
    ],
  );
});

test('an older kubelet, which backs off without a word, and words without the image', () => {
  const quiet = waiting('a', 'ImagePullBackOff', `Back-off pulling image "${IMAGE}"`);
  const strange = waiting('b', 'ErrImagePull', 'no space left on device');
  assert.deepEqual(
    unstarted([quiet, strange], ADVICE).map(({ text }) => text),
    [
      'node-a cannot pull it (ImagePullBackOff), so this pod does not start: ops/a',
      'node-b cannot pull it (ErrImagePull: no space left on device), so this pod does not start: ops/b',
    ],
  );
});

const message = "0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind.";
const unschedulable: PodDetails = {
  metadata: { namespace: 'postgres', name: 'pg-cluster-1-initdb' },
  spec: {},
  status: {
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
  },
};

test('a pod that no node takes is told in the words of the scheduler', () => {
  assert.deepEqual(unstarted([unschedulable], ADVICE), [
    {
      severity: 'problem',
      about: 'Pod postgres/pg-cluster-1-initdb',
      text: `it has no node: ${message}`,
      action: ADVICE.node,
    },
  ]);
});

test('beside a pod that serves it is no more than a warning', () => {
  const ready: PodDetails = {
    metadata: { namespace: 'postgres', name: 'pg-cluster-2' },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  };
  const [finding, ...more] = unstarted([ready, unschedulable], ADVICE);
  assert.deepEqual([finding?.severity, more], ['warning', []]);
});

test('what is on its way, or runs, is not told', () => {
  const starting = waiting('a', 'ContainerCreating', '');
  const unscheduled: PodDetails = {
    metadata: { namespace: 'ops', name: 'new' },
    status: { phase: 'Pending' },
  };
  assert.deepEqual(unstarted([starting, unscheduled], ADVICE), []);
});
