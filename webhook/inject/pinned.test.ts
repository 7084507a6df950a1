import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Nodes, pinnedBy } from './pinned.ts';

const ZONE = 'topology.kubernetes.io/zone';

const one = (key: string, ...values: string[]) => ({ key, operator: 'In', values });
const affinity = (...terms: object[]): Nodes => ({
  affinity: {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
  },
});
const expressions = (...matchExpressions: object[]) => ({ matchExpressions });

const cases: [name: string, nodes: Nodes | null, by: ReturnType<typeof pinnedBy>][] = [
  ['a zone', { nodeSelector: { [ZONE]: 'eu-west' } }, 'nodeSelector'],
  ['a node', { nodeSelector: { 'kubernetes.io/hostname': 'a' } }, 'nodeSelector'],
  ['a label of the user', { nodeSelector: { site: 'a', 'kubernetes.io/os': 'linux' } }, 'nodeSelector'],
  [
    'a system',
    { nodeSelector: { 'kubernetes.io/os': 'linux', 'beta.kubernetes.io/arch': 'arm64' } },
    undefined,
  ],
  ['a role', { nodeSelector: { 'node-role.kubernetes.io/worker': '' } }, undefined],
  ['a kind of machine', { nodeSelector: { 'node.kubernetes.io/instance-type': 'm1' } }, undefined],
  ['a zone by affinity', affinity(expressions(one('disk', 'a', 'b'), one(ZONE, 'a'))), 'nodeAffinity'],
  ['a node by its name', affinity({ matchFields: [one('metadata.name', 'a')] }), 'nodeAffinity'],
  ['one of two zones', affinity(expressions(one(ZONE, 'a', 'b'))), undefined],
  ['one zone or another', affinity(expressions(one(ZONE, 'a')), expressions(one(ZONE, 'b'))), undefined],
  [
    'one zone in either case',
    affinity(expressions(one(ZONE, 'a')), expressions(one(ZONE, 'a'))),
    'nodeAffinity',
  ],
  ['any zone but one', affinity(expressions({ ...one(ZONE, 'a'), operator: 'NotIn' })), undefined],
  ['a system by affinity', affinity(expressions(one('kubernetes.io/os', 'linux'))), undefined],
  ['nothing', { nodeSelector: null, affinity: null }, undefined],
  ['no term', affinity(), undefined],
  ['no template', null, undefined],
];
for (const [name, nodes, by] of cases) {
  test(`${name}: ${by ?? 'on any site'}`, () => assert.equal(pinnedBy(nodes), by));
}
