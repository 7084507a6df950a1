import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type FollowedCandidate,
  type FollowedSubject,
  followedPods,
  isFollowed,
  WITHOUT_PODS,
} from './followed.ts';

const owned = (name: string, owner: string, labels: Record<string, string> = {}): FollowedCandidate => ({
  metadata: { name, labels, ownerReferences: [{ name: owner, controller: true }] },
});
const named = (name: string, labels: Record<string, string> = {}): FollowedCandidate => ({
  metadata: { name, labels },
});

describe('a pod is a member of what is followed', () => {
  const lease = { kind: 'lease', namespace: 'db' };
  const cases: [
    why: string,
    subject: FollowedSubject,
    primary: string,
    pod: FollowedCandidate,
    is: boolean,
  ][] = [
    [
      'by the labels of a preset',
      { kind: 'pod-label', namespace: 'db', preset: 'patroni', cluster: 'main' },
      '',
      named('main-1', { 'cluster-name': 'main', role: 'replica' }),
      true,
    ],
    [
      'not by those of another cluster',
      { kind: 'pod-label', namespace: 'db', preset: 'patroni', cluster: 'main' },
      '',
      named('other-1', { 'cluster-name': 'other' }),
      false,
    ],
    [
      'by its name, where the members are listed',
      { kind: 'mongodb', namespace: 'db', members: 'mongo-0.mongo.db.svc:27017, mongo-1.mongo.db.svc' },
      '',
      named('mongo-1'),
      true,
    ],
    ['of a kind that came later', { kind: 'config-map', namespace: 'db' }, 'main-0', named('main-0'), true],
    ['as the primary', lease, 'main-0', named('main-0'), true],
    ['beside the primary in a StatefulSet', lease, 'main-0', owned('main-1', 'main'), true],
    ['not in one whose name only begins alike', lease, 'main-extra-0', owned('main-1', 'main'), false],
    [
      'beside the primary in a ReplicaSet',
      lease,
      'main-abc12-x2v9q',
      owned('main-abc12-8k2lm', 'main-abc12'),
      true,
    ],
    [
      'beside the primary in a Deployment that is updated',
      lease,
      'main-6d4cf56db6-x2v9q',
      owned('main-7f5-8k2lm', 'main-7f5', { 'pod-template-hash': '7f5' }),
      true,
    ],
    ['not in another workload', lease, 'main-0', owned('web-1', 'web'), false],
    ['not while nobody is known to lead', lease, '', owned('main-1', 'main'), false],
    ['not without a name', lease, '', { metadata: null }, false],
  ];
  for (const [why, subject, primary, pod, is] of cases) {
    test(why, () => {
      const pods = followedPods(subject, primary);
      assert.ok(pods !== undefined);
      assert.equal(isFollowed(pod, 'db', pods), is);
      assert.equal(isFollowed(pod, 'shop', pods), false, 'elsewhere');
    });
  }
});

test('no pods are followed where a trigger looks at nodes, or at a human', () => {
  for (const kind of WITHOUT_PODS) {
    assert.equal(followedPods({ kind, namespace: 'db' }, 'x'), undefined);
  }
  assert.equal(followedPods({ kind: 'resource' }, 'x'), undefined);
});
