/** A cluster of three sites with 50 pods and all that can be wrong with them, as the API server would list it. */

import type { Transition } from '../../contract/history.ts';
import { ANNOTATIONS, LABELS, PROGRAM } from '../../contract/names.ts';
import { SIDECAR_CONTAINER } from '../../contract/sidecar.ts';
import { encodeStatus, type Status } from '../../contract/status.ts';
import type { RecordStatus } from '../../dns/follower/record-status.ts';
import type { ConfigMap, Lease } from '../../kubernetes/resources.ts';
import { statusAt } from '../../test/support/status.ts';
import type { PodDetails } from '../cluster/pod-details.ts';

export const NAMESPACE = 'site-follower';
export const NOW = Date.parse('2026-11-25T03:04:05.000Z');
export const SITES = {
  'us-east': ['node-us-east-01', 'node-us-east-02', 'node-us-east-03'],
  'us-west': ['node-us-west-01', 'node-us-west-02', 'node-us-west-03'],
  'eu-central': ['node-eu-central-01'],
} as const;
export type SiteName = keyof typeof SITES;

/** RFC 3339, so many seconds before now. */
export function before(seconds: number): string {
  return new Date(NOW - seconds * 1_000).toISOString();
}

export const STATUS = statusAt('us-east', {
  activeNode: 'node-us-east-01',
  primary: 'pg-cluster-1',
  epoch: 50,
  since: before(5_025),
  lastUpdated: before(5_020),
  sites: SITES,
});

export function statusMap(status: Partial<Status> = {}, follower = 'default'): ConfigMap {
  return configMap('status', follower, encodeStatus({ ...STATUS, ...status }));
}

export function reportMap(sections: Readonly<Record<string, unknown>>, follower = 'default'): ConfigMap {
  const data = Object.entries(sections).map(([name, value]) => [name, JSON.stringify(value)]);
  return configMap('report', follower, Object.fromEntries(data) as Record<string, string>);
}

function configMap(role: string, follower: string, data: Readonly<Record<string, string>>): ConfigMap {
  const labels = { [LABELS.managedBy]: PROGRAM, [LABELS.role]: role, [LABELS.follower]: follower };
  const suffix = follower === 'default' ? '' : `-${follower}`;
  return { metadata: { namespace: NAMESPACE, name: `${PROGRAM}-${role}${suffix}`, labels }, data };
}

export const RECORDS: readonly RecordStatus[] = [
  {
    zone: 'example.com',
    name: 'app.example.com',
    type: 'A',
    wanted: ['192.0.2.10'],
    accepted: { values: ['192.0.2.10'], at: before(5_021) },
    seen: { values: ['192.0.2.10'], servers: ['a', 'b'], silent: [], at: before(4_990) },
  },
  {
    zone: 'example.com',
    name: 'app.example.com',
    type: 'AAAA',
    wanted: ['2001:db8::10'],
    accepted: { values: ['2001:db8::10'], at: before(5_021) },
    seen: {
      values: ['2001:db8:ffff:ffff:ffff:ffff:ffff:10'],
      servers: ['a'],
      silent: ['b'],
      at: before(9_000),
    },
  },
  {
    zone: 'example.co.uk',
    name: 'a-long-name.of-a-service.example.co.uk',
    type: 'CNAME',
    wanted: ['us-east.edge.example.net'],
    accepted: { values: ['us-west.edge.example.net'], at: before(90_000) },
    error: {
      text: 'Namecheap refused the write: "Domain name not found" (2019166)',
      code: '2019166',
      kind: 'config',
      action: 'Check that the domain is in the account of NAMECHEAP_API_USER.',
      since: before(5_000),
    },
  },
];

export interface PodSeed {
  readonly namespace?: string;
  readonly name: string;
  readonly node?: string | undefined;
  readonly ready?: boolean;
  readonly injected?: boolean;
  readonly owner?: { readonly kind: string; readonly name: string };
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly waiting?: { readonly reason: string; readonly message: string };
}

export function pod(seed: PodSeed): PodDetails {
  const { namespace = 'shop', name, node, ready = false, injected = true, owner, annotations, labels } = seed;
  return {
    metadata: {
      namespace,
      name,
      uid: `uid-of-${name}`,
      labels: { [LABELS.inject]: 'true', ...labels },
      annotations: { ...(injected && { [ANNOTATIONS.status]: 'injected' }), ...annotations },
      ...(owner && {
        ownerReferences: [{ apiVersion: 'apps/v1', ...owner, uid: `uid-of-${owner.name}`, controller: true }],
      }),
    },
    spec: {
      ...(node !== undefined && { nodeName: node }),
      initContainers: injected ? [{ name: SIDECAR_CONTAINER }] : [],
      containers: [{ name: 'app' }],
    },
    status: {
      phase: node === undefined ? 'Pending' : 'Running',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: [
        {
          name: 'app',
          ready: seed.waiting === undefined,
          state: seed.waiting ? { waiting: seed.waiting } : {},
        },
      ],
    },
  };
}

/** A Deployment over all sites, whose pods are ready in the active one. */
function deployment(name: string, each: number, seed: Partial<PodSeed> = {}): PodDetails[] {
  const hash = '6d4cf56db6';
  return Object.values(SITES).flatMap((nodes, site) =>
    Array.from({ length: each }, (_, index) =>
      pod({
        name: `${name}-${hash}-${'abc'[site]}${index}`,
        node: nodes[index % nodes.length],
        ready: site === 0,
        owner: { kind: 'ReplicaSet', name: `${name}-${hash}` },
        labels: { 'pod-template-hash': hash },
        ...seed,
      }),
    ),
  );
}

const cache = (index: number, seed: Partial<PodSeed>) =>
  pod({ name: `cache-${index}`, owner: { kind: 'StatefulSet', name: 'cache' }, ...seed });
const agent = (suffix: string, seed: Partial<PodSeed>) =>
  pod({ namespace: 'ops', name: `agent-${suffix}`, owner: { kind: 'DaemonSet', name: 'agent' }, ...seed });

/** 50 pods; a few of them need a look. */
export const PODS: readonly PodDetails[] = [
  ...deployment('web', 6),
  ...deployment('checkout-service-with-a-rather-long-name', 4),
  ...deployment('search', 4, {
    namespace: 'catalogue',
    ready: true,
    annotations: { [ANNOTATIONS.gate]: 'none' },
  }),
  cache(0, { node: 'node-us-east-02', ready: true }),
  cache(1, { node: 'node-us-west-02', ready: true }),
  cache(2, {
    node: 'node-us-east-03',
    waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s restarting failed container=app' },
  }),
  cache(3, {}),
  pod({ name: 'old', node: 'node-us-east-01', injected: false, ready: true }),
  pod({ name: 'lost', node: 'node-ap-south-01', ready: true }),
  agent('x2v9q', { node: 'node-us-east-01', ready: true }),
  agent('8k2lm', { node: 'node-us-west-01' }),
];

export const LEASE: Lease = {
  metadata: { namespace: NAMESPACE, name: PROGRAM },
  spec: {
    holderIdentity: `${PROGRAM}-6c8d7b9f4-q7x2k_1a2b3c4d`,
    leaseDurationSeconds: 15,
    renewTime: before(2),
  },
};

/** 50 moves between the three sites, the last of them an hour and a half ago. */
export const HISTORY: readonly Transition[] = Array.from({ length: 50 }, (_, index) => {
  const names = Object.keys(SITES) as SiteName[];
  // Mostly to and fro between the first two.
  const at = (step: number): number => (step % 9 === 4 ? 2 : step % 2);
  const to = names[at(49 - index)] ?? 'us-east';
  const from = names[at(50 - index)] ?? '';
  const left = 49 - index;
  const seconds = 5_025 + left ** 2 * 1_100 + left * 7;
  return {
    epoch: index + 1,
    from: index === 0 ? '' : from,
    to,
    node: SITES[to][0],
    primary: `pg-cluster-${names.indexOf(to) + 1}`,
    movedAt: index === 0 ? '' : before(seconds + 0.021 + (index % 5) * 0.013),
    writtenAt: before(seconds),
  };
});
