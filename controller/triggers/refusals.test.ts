/** What is wrong in a trigger's settings is reported in one message, which begins with the key; and what all of them promise. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { followedPods, WITHOUT_PODS } from '../../contract/followed.ts';
import { choiceOf } from '../../settings/schema.ts';
import { loadConfig } from '../config.ts';
import { subjectOfTrigger, TRIGGERS, type TriggerConfig } from './registry.ts';

type Kind = TriggerConfig['kind'];
type Settings = Readonly<Record<string, unknown>>;

interface Examples {
  /** Settings with which it works; all that it knows are in one of them. */
  readonly right: readonly Settings[];
  /** Each contradicts itself, and is wrong in this one key. */
  readonly contradictions: readonly (readonly [key: string, settings: Settings])[];
}

const LEASE = { namespace: 'app', name: 'leader' };
const SET = { namespace: 'db', replicaSet: 'rs0' };
const PSMDB = { ...SET, source: 'psmdb', clusterName: 'main' };
const HELLO = { ...SET, source: 'hello', members: ['db-0.db:27017', 'db-1.db'] };
const PATRONI = { namespace: 'db', preset: 'patroni', cluster: 'main' };
const DATABASE = {
  apiVersion: 'example.com/v1',
  resource: 'databases',
  name: 'main',
  path: '.status.primary',
};

const EXAMPLES: Readonly<Record<Kind, Examples>> = {
  cnpg: {
    right: [{ namespace: 'db', clusterName: 'main', preferredPrimaryNode: 'node-1' }, {}],
    contradictions: [['preferredPrimaryNode', { preferredPrimaryNode: 'node-nowhere' }]],
  },
  'cnpg-topology': {
    right: [{ namespace: 'db', clusterName: 'main', self: 'pg-east' }, { clusterName: 'pg-west' }],
    contradictions: [
      ['self', { clusterName: 'main' }],
      ['self', { clusterName: 'pg-east', self: 'pg-nowhere' }],
    ],
  },
  mongodb: {
    right: [PSMDB, { ...HELLO, credentialsSecret: 'login', tlsSecret: 'tls' }],
    contradictions: [
      ['members', { ...PSMDB, members: ['db-0'] }],
      ['credentialsSecret', { ...PSMDB, credentialsSecret: 'login' }],
      ['tlsSecret', { ...PSMDB, tlsSecret: 'tls' }],
      ['clusterName', { ...HELLO, clusterName: 'main' }],
      ['clusterName', { ...SET, source: 'psmdb' }],
      ['members', { ...SET, source: 'hello' }],
      ['members', { ...HELLO, members: [] }],
      ['members', { ...HELLO, members: ['db-0', 'mongodb://db-1'] }],
      ['members', { ...HELLO, members: ['db-0:27017', 'db-0:27017'] }],
      ['members', { ...HELLO, members: ['db-0:99999'] }],
      ['source', SET],
    ],
  },
  'node-status': {
    right: [
      { order: ['west', 'east'], minReadyNodes: 1, unreadyAfter: 0, failback: 'auto', stableFor: 10 },
      {},
    ],
    contradictions: [
      ['stableFor', { failback: 'manual', stableFor: 10 }],
      ['order', { order: ['east', 'east'] }],
      ['order', { order: ['atlantis'] }],
      ['order', { order: [] }],
      ['minReadyNodes', { minReadyNodes: 3 }],
    ],
  },
  'pod-label': {
    right: [PATRONI, { namespace: 'db', selector: 'role=primary' }],
    contradictions: [
      ['selector', { ...PATRONI, selector: 'role=primary' }],
      ['cluster', { namespace: 'db', preset: 'patroni' }],
      ['cluster', { namespace: 'db', cluster: 'main', selector: 'role=primary' }],
      ['selector', { namespace: 'db' }],
      ['selector', { namespace: 'db', selector: 'role=a b' }],
    ],
  },
  lease: {
    right: [LEASE],
    contradictions: [
      ['name', { namespace: 'app' }],
      ['namespace', { ...LEASE, namespace: 'App' }],
    ],
  },
  resource: {
    right: [
      { ...DATABASE, namespace: 'db', names: 'pod', podNamespace: 'pods' },
      { ...DATABASE, names: 'node' },
    ],
    contradictions: [
      ['podNamespace', { ...DATABASE, names: 'node', podNamespace: 'pods' }],
      ['podNamespace', DATABASE],
      ['path', { ...DATABASE, names: 'node', path: '$.status[' }],
      ['apiVersion', { ...DATABASE, names: 'node', apiVersion: 'Example/one' }],
      ['resource', { ...DATABASE, apiVersion: 'v1', resource: 'secrets', namespace: 'db' }],
    ],
  },
  manual: { right: [{}], contradictions: [] },
};

const SITES = ['east', 'west'].map((name, index) => ({ name, nodeNames: [`node-${index + 1}`] }));

const CLUSTERS = ['east', 'west'].map((name) => ({ name, cluster: `pg-${name}` }));

/** One line for each problem, as it is printed. */
function problemsOf(
  trigger: Settings,
  sites: readonly object[] = trigger.kind === 'cnpg-topology' ? CLUSTERS : SITES,
): { readonly key: string; readonly problem: string }[] {
  const file = JSON.stringify({ followers: [{ sites, trigger }] });
  const loaded = loadConfig({ CONFIG_FILE: 'x.yaml' }, () => file);
  return loaded.ok ? [] : [...loaded.problems];
}

function assertRefused(trigger: Settings, key: string): void {
  const problems = problemsOf(trigger);
  assert.deepEqual(
    // Of a list, its item is to blame.
    problems.map((each) => each.key.replace(/\[\d+\]$/, '')),
    [`CONFIG_FILE: followers[0].trigger.${key}`],
    JSON.stringify(problems),
  );
  assert.ok((problems[0]?.problem.length ?? 0) > 10);
}

const examples: Readonly<Record<string, Examples | undefined>> = EXAMPLES;
for (const { name: kind, own } of choiceOf(TRIGGERS).options) {
  const { right, contradictions } = examples[kind] ?? assert.fail(`${kind} has no examples`);
  describe(`the settings of ${kind}`, () => {
    test('are taken when they are right', () => {
      for (const each of right) assert.deepEqual(problemsOf({ kind, ...each }), []);
    });

    for (const key of Object.keys(own)) {
      test(`${key} of a wrong type`, () => {
        const example = right.find((each) => key in each);
        assert.ok(example !== undefined, `no example has ${key}`);
        for (const wrong of [{ a: 1 }, true, [[]], -1])
          assertRefused({ kind, ...example, [key]: wrong }, key);
      });
    }

    test('one that does not exist, or is of another kind', () => {
      const [example = {}] = right;
      assertRefused({ kind, ...example, nonsense: 1 }, 'nonsense');
      const [foreign] = kind === 'lease' ? ['clusterName'] : ['leaseName'];
      assertRefused({ kind, ...example, [foreign ?? '']: 'x' }, foreign ?? '');
    });

    for (const [key, each] of contradictions) {
      test(`${key} in ${JSON.stringify(each)}`, () => assertRefused({ kind, ...each }, key));
    }
  });
}

for (const { name: kind } of choiceOf(TRIGGERS).options) {
  const { right } = examples[kind] ?? assert.fail(`${kind} has no examples`);
  const follows = right
    .map((each) => followedPods(subjectOfTrigger(TRIGGERS.parse({ kind, ...each })), 'main-0'))
    .some((pods) => pods !== undefined);
  test(`${kind} ${WITHOUT_PODS.includes(kind) ? 'follows no pods by itself' : 'says whose pods get no sidecar'}`, () =>
    assert.equal(follows, !WITHOUT_PODS.includes(kind)));
}

describe('sites that are Kubernetes clusters', () => {
  const topology = { kind: 'cnpg-topology', clusterName: 'pg-east' };
  const [east, west] = CLUSTERS;
  const cases: [what: string, trigger: Settings, sites: readonly object[], problem: RegExp][] = [
    ['with another trigger', { kind: 'manual' }, CLUSTERS, /must have no "cluster"/],
    ['beside one that is none', topology, [{ ...east }, SITES[1] ?? {}], /must each have a "cluster"/],
    ['twice the same', topology, [{ ...east }, { ...west, cluster: 'pg-east' }], /"cluster" of its own/],
    ['with nodes', topology, [{ ...east, nodeName: 'node-1' }, { ...west }], /either "cluster" or nodes/],
    ['of no name', topology, [{ ...east }, { ...west, cluster: 'Ünsinn' }], /name that a Cluster has/],
  ];
  for (const [what, trigger, sites, problem] of cases) {
    test(`are refused ${what}`, () => {
      const [first, ...others] = problemsOf(trigger, sites);
      assert.match(first?.problem ?? '', problem);
      assert.deepEqual(others, []);
    });
  }
});
