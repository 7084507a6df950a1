import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Document } from 'yaml';
import { isMap, isSeq } from 'yaml';
import { PROGRAM, STATUS_CONFIGMAP } from '../../contract/names.ts';
import { loadConfig } from '../../controller/config.ts';
import { rightsOf } from '../../controller/rights.ts';
import { TRIGGERS } from '../../controller/triggers/registry.ts';
import type { Permission } from '../../runtime/rights.ts';
import { choiceOf } from '../../settings/schema.ts';
import { webhookRights } from '../../webhook/rights.ts';
import {
  chartUnderTest,
  environment,
  filesWith,
  NAMESPACE,
  only,
  podSpec,
  SITES,
} from '../support/chart/render.ts';

const chart = await chartUnderTest();

/** A rule as both sides can be brought to. */
interface Plain {
  readonly group: string;
  readonly resource: string;
  readonly name: string;
  readonly verbs: readonly string[];
  readonly reason: string;
}

interface Role {
  readonly name: string;
  /** Undefined for a ClusterRole. */
  readonly namespace: string | undefined;
  readonly rules: readonly Plain[];
}

async function roles(values: object): Promise<readonly Role[]> {
  return (await chart.documents({ values })).flatMap((document) => {
    const { kind, metadata } = document.toJS() as {
      kind: string;
      metadata: { name: string; namespace?: string };
    };
    if (kind !== 'Role' && kind !== 'ClusterRole') return [];
    return { name: metadata.name, namespace: metadata.namespace, rules: rulesOf(document) };
  });
}

function rulesOf(document: Document.Parsed): readonly Plain[] {
  const rules = document.get('rules', true);
  assert.ok(isSeq(rules));
  return rules.items.map((item, index) => {
    assert.ok(isMap(item));
    const {
      apiGroups,
      resources,
      verbs,
      resourceNames = [],
    } = item.toJSON() as {
      apiGroups: string[];
      resources: string[];
      verbs: string[];
      resourceNames?: string[];
    };
    assert.equal(apiGroups.length * resources.length, 1, 'each rule has its own reason');
    const comment = (index === 0 ? rules.commentBefore : item.commentBefore) ?? item.commentBefore;
    return {
      group: apiGroups[0] ?? '',
      resource: resources[0] ?? '',
      name: resourceNames.join(','),
      verbs,
      reason: (comment ?? '').trim(),
    };
  });
}

const plain = ({ group, resource, name = '', verbs, reason }: Permission): Plain => ({
  group,
  resource,
  name,
  verbs,
  reason,
});

function sorted(rules: readonly Plain[]): readonly string[] {
  return rules.map((rule) => JSON.stringify(rule)).sort();
}

/** `component` as the end of the role's name. */
function rulesAt(found: readonly Role[], component: string, namespace: string | undefined): readonly Plain[] {
  const role = found.filter(
    (one) => one.name.startsWith(`${PROGRAM}-${component}`) && one.namespace === namespace,
  );
  assert.ok(role.length <= 1, `more than one role of ${component} in ${namespace}`);
  return role[0]?.rules ?? [];
}

/** What the controller needs with the configuration that the chart gives it. */
async function neededWith(values: object): Promise<readonly Permission[]> {
  const manifests = await chart.render({ values });
  const { data } =
    manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.endsWith('-config')) ?? {};
  const env = environment(podSpec(only(manifests, 'Deployment', '-controller')).containers[0], {
    NAMECHEAP_API_USER: 'someone',
    NAMECHEAP_API_KEY: 'key',
  });
  const loaded = loadConfig(env, filesWith(data?.['config.yaml']));
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const { followers, configMapName } = loaded.value;
  return followers.flatMap((follower) => rightsOf(follower, { namespace: NAMESPACE, configMapName }));
}

/** All roles of a component grant just these, each in its namespace. */
function assertGranted(found: readonly Role[], component: string, needed: readonly Permission[]): void {
  const roles = found.filter(({ name }) => name.startsWith(`${PROGRAM}-${component}`));
  const places = new Set([...roles, ...needed].map(({ namespace }) => namespace));
  for (const namespace of places) {
    const granted = roles.filter((role) => role.namespace === namespace).flatMap(({ rules }) => rules);
    const wanted = needed.filter((right) => right.namespace === namespace).map(plain);
    assert.deepEqual(new Set(sorted(granted)), new Set(sorted(wanted)), namespace ?? 'everywhere');
  }
}

const SITE = { name: 'a', nodeName: 'b' };
const following = (...followers: readonly object[]) => ({
  controller: { config: { followers: followers.map((follower) => ({ sites: [SITE], ...follower })) } },
});
const trigger = (kind: string, more: object = {}, sites: readonly object[] = [SITE]) =>
  following({ dns: { provider: 'none' }, sites, trigger: { kind, ...more } });

const externalDns = (namespace?: string) => ({
  provider: 'external-dns',
  records: ['app.example.com'],
  ...(namespace !== undefined && { 'external-dns': { namespace } }),
});
const ADDRESSED = { name: 'a', nodeName: 'b', ip: '192.0.2.1' };
const OBJECT = {
  namespace: 'db',
  apiVersion: 'example.com/v1',
  resource: 'things',
  name: 'main',
  path: '.x',
};

const VARIANTS: Readonly<Record<string, object>> = {
  'by default': SITES,
  'with a node selector': { controller: { sites: { a: { nodeSelector: 'x=y' } } } },
  'with a preferred node': {
    controller: { sites: { a: { nodeName: 'node-1' } }, watch: { preferredPrimaryNode: 'node-1' } },
  },
  'with labelled nodes': { controller: { ...SITES.controller, routing: { nodeLabel: true } } },
  'without Services that follow': {
    controller: { ...SITES.controller, routing: { followServices: false } },
  },
  'without conditions': { controller: { ...SITES.controller, routing: { podConditions: false } } },
  'with everything in the file': following({
    sites: [{ name: 'a', nodeSelector: 'x=y' }],
    trigger: { preferredPrimaryNode: 'node-1' },
    routing: { nodeLabel: true },
  }),
  'with two followers': following(
    { name: 'one', trigger: { namespace: 'db' } },
    {
      name: 'two',
      trigger: { kind: 'lease', namespace: 'db', name: 'y' },
      routing: { followServices: false },
    },
  ),

  'with zones that are written as a whole': {
    controller: {
      sites: { a: { nodeName: 'b', ip: '192.0.2.1' } },
      dns: {
        records: ['app.example.co.uk', '*.Example.com.', 'deep.app.internal@app.internal'],
        namecheap: { existingSecret: 'dns' },
      },
    },
  },
  'with ExternalDNS': {
    controller: { sites: { a: { nodeName: 'b', ip: '192.0.2.1' } }, dns: externalDns() },
  },
  'with ExternalDNS in namespaces that the file says': following(
    {
      sites: [ADDRESSED],
      dns: [externalDns(), { ...externalDns('dns'), name: 'www', records: ['www.example.com'] }],
    },
    { name: 'other', sites: [ADDRESSED] },
  ),
};
for (const [what, values] of Object.entries(VARIANTS)) {
  test(`the controller may do just what it was proven to need, ${what}`, async () => {
    assertGranted(await roles(values), 'controller', await neededWith(values));
  });
}

/** The triggers with what makes a difference to the chart; cnpg is in the variants above. */
const OF_TRIGGERS: readonly (readonly [kind: string, more?: object, sites?: readonly object[]])[] = [
  ['manual'],
  ['cnpg-topology', { namespace: 'db', clusterName: 'main' }, [{ name: 'a', cluster: 'main' }]],
  ['node-status'],
  ['pod-label', { namespace: 'db', selector: 'x=y' }],
  ['lease', { namespace: 'db', name: 'y' }],
  ['mongodb', { namespace: 'db', source: 'psmdb', replicaSet: 'rs0', clusterName: 'main' }],
  [
    'mongodb',
    {
      namespace: 'db',
      source: 'hello',
      replicaSet: 'rs0',
      members: ['db-0.db'],
      credentialsSecret: 'login',
      tlsSecret: 'tls',
    },
  ],
  ['resource', { ...OBJECT, podNamespace: 'pods' }],
  ['resource', { ...OBJECT, apiVersion: 'v1', names: 'node' }],
];
for (const [kind, more, sites] of OF_TRIGGERS) {
  test(`the trigger ${kind} may do just what it needs: ${JSON.stringify(more)}`, async () => {
    const values = trigger(kind, more, sites);
    assertGranted(await roles(values), 'controller', await neededWith(values));
  });
}

test('what a trigger needs for its role is asked for', async () => {
  const { name: _, ...nameless } = OBJECT;
  const psmdb = { namespace: 'db', source: 'psmdb', replicaSet: 'rs0' };
  for (const [kind, more, key] of [
    ['resource', nameless, 'name'],
    ['mongodb', psmdb, 'clusterName'],
  ] as const) {
    await assert.rejects(roles(trigger(kind, more)), new RegExp(`a ${kind} trigger needs ${key}`));
  }
});

test('there is a test of each trigger', () => {
  const known = new Set(['cnpg', ...OF_TRIGGERS.map(([kind]) => kind)]);
  assert.deepEqual(new Set(choiceOf(TRIGGERS).options.map(({ name }) => name)), known);
});

for (const makesCertificates of [true, false]) {
  const how = makesCertificates ? 'its own certificates' : 'those of cert-manager';
  test(`the webhook may do just what it was proven to need with ${how}`, async () => {
    const found = await roles({ ...SITES, webhook: { certManager: { enabled: !makesCertificates } } });
    const statuses = [STATUS_CONFIGMAP];
    const options = {
      namespace: NAMESPACE,
      configuration: `${PROGRAM}-webhook`,
      makesCertificates,
      statuses,
    };
    assertGranted(found, 'webhook', webhookRights(options));
  });
}

test('every rule of every role says why it is there', async () => {
  const values = {
    ...SITES,
    postgres: { create: true },
    webhook: { certManager: { enabled: true } },
  };
  const found = await roles(values);
  const own = found.filter(({ name }) => name.startsWith(PROGRAM));
  assert.ok(own.length >= 7, own.map(({ name }) => name).join(', '));
  for (const { name, rules } of own) {
    for (const { reason, verbs, resource } of rules) {
      assert.match(reason, /^[A-Z].*\.$/s, `${name}: ${verbs.join(', ')} of ${resource}`);
      assert.ok(!verbs.includes('*') && resource !== '*', name);
    }
  }
});

test('sidecars may read the status of every follower, and nothing else', async () => {
  const followers = [{ name: 'default' }, { name: 'mail', trigger: { namespace: 'mail-db' } }];
  const found = await roles({ controller: { config: { followers } } });
  const rules = rulesAt(found, 'sidecar', NAMESPACE);
  assert.deepEqual(
    rules.map(({ resource, name, verbs }) => ({ resource, name, verbs })),
    [
      {
        resource: 'configmaps',
        name: 'kube-site-follower-status,kube-site-follower-status-mail',
        verbs: ['get', 'list', 'watch'],
      },
    ],
  );
  assert.notDeepEqual(rulesAt(found, 'controller', 'mail-db'), []);
  assert.notDeepEqual(rulesAt(found, 'controller', 'postgres'), []);
});
