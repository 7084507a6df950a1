import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide, isInjected } from './decision.ts';
import type { Pod } from './shape.ts';

const MARKER = { 'site-follower/status': 'injected' };
const SIDECAR = { name: 'site-follower' };
const INSTANCE = { 'cnpg.io/podRole': 'instance' };

interface Parts {
  readonly labels?: Record<string, string>;
  readonly label?: string;
  readonly annotations?: Record<string, string>;
  readonly spec?: object;
  readonly namespace?: string;
  readonly namespaceAsks?: boolean;
}

function pod({ label, labels: others, annotations = {}, spec }: Parts): Pod {
  const labels = { ...others, ...(label !== undefined && { 'site-follower/inject': label }) };
  return { metadata: { labels, annotations }, spec: { containers: [{ name: 'app' }], ...spec } };
}

function decided(parts: Parts): string {
  const { namespace = 'shop', namespaceAsks = false } = parts;
  const decision = decide(pod(parts), { namespace, namespaceAsks }, 'ops');
  if (decision.kind === 'inject') return `asked by ${decision.askedBy}`;
  return decision.kind === 'skip' ? decision.reason : 'denied';
}

describe('whether a pod gets the sidecar', () => {
  const cases: [name: string, parts: Parts, decision: string][] = [
    ['nobody asks', {}, 'not-asked'],
    ['the pod asks', { label: 'true' }, 'asked by pod'],
    ['the namespace asks', { namespaceAsks: true }, 'asked by namespace'],
    ['both ask', { label: 'true', namespaceAsks: true }, 'asked by pod'],
    ['the pod refuses', { label: 'false', namespaceAsks: true }, 'disabled'],
    ['the label is unclear', { label: 'True' }, 'denied'],
    ['the label is empty', { label: '', namespaceAsks: true }, 'denied'],
    ['it is in kube-system', { label: 'true', namespace: 'kube-system' }, 'excluded-namespace'],
    ['an unclear label is in kube-system', { label: 'on', namespace: 'kube-system' }, 'excluded-namespace'],
    ['it is beside the controller', { label: 'true', namespace: 'ops' }, 'excluded-namespace'],
    ['it uses the network of its node', { label: 'true', spec: { hostNetwork: true } }, 'host-network'],
    ['it says that it does not', { label: 'true', spec: { hostNetwork: false } }, 'asked by pod'],
    [
      'it is of a database, and its namespace asks',
      { labels: INSTANCE, namespaceAsks: true },
      'database-member',
    ],
    ['it is of a database, and asks', { labels: INSTANCE, label: 'true' }, 'database-member'],
    ['it is of a database, and asks unclearly', { labels: INSTANCE, label: 'on' }, 'database-member'],
    ['it is of a database, and refuses', { labels: INSTANCE, label: 'false' }, 'disabled'],
    [
      'it is of a database, and injected already',
      { labels: INSTANCE, label: 'true', annotations: MARKER, spec: { initContainers: [SIDECAR] } },
      'database-member',
    ],
    [
      'it is a static pod',
      { label: 'true', annotations: { 'kubernetes.io/config.mirror': 'x' } },
      'mirror-pod',
    ],
    ['it runs on Windows', { label: 'true', spec: { os: { name: 'windows' } } }, 'windows'],
    ['it says that it runs on Linux', { label: 'true', spec: { os: { name: 'linux' } } }, 'asked by pod'],
    [
      'its node has Windows',
      { label: 'true', spec: { nodeSelector: { 'kubernetes.io/os': 'windows' } } },
      'windows',
    ],
    [
      'it is injected already',
      { label: 'true', annotations: MARKER, spec: { initContainers: [{ name: 'x' }, SIDECAR] } },
      'already-injected',
    ],
    ['only the marker is there', { label: 'true', annotations: MARKER }, 'asked by pod'],
    [
      'it is a copy without labels and annotations, as kubectl debug makes it',
      {
        namespaceAsks: true,
        spec: { initContainers: [{ ...SIDECAR, env: [{ name: 'SITE_FOLLOWER_CONFIGMAP' }] }] },
      },
      'already-injected',
    ],
    [
      'it is such a copy without the init containers',
      {
        namespaceAsks: true,
        spec: { volumes: ['token', 'status'].map((name) => ({ name: `site-follower-${name}` })) },
      },
      'already-injected',
    ],
    [
      'only one volume is named so',
      { namespaceAsks: true, spec: { volumes: [{ name: 'site-follower-token' }] } },
      'asked by namespace',
    ],
    ['only the container is there', { label: 'true', spec: { initContainers: [SIDECAR] } }, 'asked by pod'],
  ];
  for (const [name, parts, decision] of cases) {
    test(`${name}: ${decision}`, () => assert.equal(decided(parts), decision));
  }
});

test('an application of the same name is not the sidecar', () => {
  assert.equal(isInjected(pod({ annotations: MARKER, spec: { containers: [SIDECAR] } })), false);
});
