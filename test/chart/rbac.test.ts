import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Document } from 'yaml';
import { isMap, isSeq } from 'yaml';
import { PROGRAM } from '../../contract/names.ts';
import { TRIGGERS } from '../../controller/triggers/registry.ts';
import { chartUnderTest, NAMESPACE, SITES } from '../support/chart/render.ts';
import { EXTERNAL_DNS_RULES, RULES, type Rule } from '../support/rbac.ts';
import { mountedWebhookRules, webhookRules } from '../support/webhook-rbac.ts';

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

const plain = ({ group, resource, name = '', verbs, reason }: Rule): Plain => ({
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

type When = NonNullable<Rule['when']> | undefined;
const VARIANTS: readonly {
  readonly what: string;
  readonly values: object;
  readonly when: readonly When[];
}[] = [
  { what: 'by default', values: SITES, when: [undefined] },
  {
    what: 'with a node selector',
    values: { controller: { sites: { a: { nodeSelector: 'x=y' } } } },
    when: [undefined, 'nodeSelector'],
  },
  {
    what: 'with a preferred node',
    values: { controller: { ...SITES.controller, watch: { preferredPrimaryNode: 'node-1' } } },
    when: [undefined, 'preferredPrimaryNode'],
  },
  {
    what: 'with labelled nodes',
    values: { controller: { ...SITES.controller, routing: { nodeLabel: true } } },
    when: [undefined, 'nodeLabel'],
  },
  {
    what: 'with everything in the file',
    values: {
      controller: {
        config: {
          followers: [
            {
              sites: [{ name: 'a', nodeSelector: 'x=y' }],
              trigger: { preferredPrimaryNode: 'node-1' },
              routing: { nodeLabel: true },
            },
          ],
        },
      },
    },
    when: [undefined, 'nodeSelector', 'preferredPrimaryNode', 'nodeLabel'],
  },
];

for (const { what, values, when } of VARIANTS) {
  test(`the controller may do just what it was proven to need, ${what}`, async () => {
    const found = await roles(values);
    const namespaces = { own: NAMESPACE, service: 'postgres', cluster: undefined };
    for (const [scope, namespace] of Object.entries(namespaces)) {
      const wanted = RULES.filter((rule) => rule.scope === scope && when.includes(rule.when)).map(plain);
      assert.deepEqual(sorted(rulesAt(found, 'controller', namespace)), sorted(wanted), scope);
    }
  });
}

/** The rights that only a way into the cluster needs. */
const OF_ROUTING = { followServices: ['services', 'pods patch'], podConditions: ['pods/status'] };

test('a way into the cluster that is off takes its rights along', async () => {
  const controller = (routing: object) => ({ controller: { ...SITES.controller, routing } });
  const file = (routing: object) => ({
    controller: { config: { followers: [{ sites: [{ name: 'a', nodeName: 'b' }], routing }] } },
  });
  for (const values of [controller, file]) {
    const rights = async (routing: object) =>
      rulesAt(await roles(values(routing)), 'controller', undefined).map(({ resource, verbs }) =>
        resource === 'pods' ? `pods ${verbs.join(' ')}` : resource,
      );
    const all = await rights({});
    for (const [way, own] of Object.entries(OF_ROUTING)) {
      const left = await rights({ [way]: false });
      assert.deepEqual([...left, ...own].sort(), [...all].sort(), way);
    }
  }
});

test('the objects of ExternalDNS may be written just where they are configured to be', async () => {
  const sites = [{ name: 'a', nodeName: 'b' }];
  const at = (namespace: string) => ({ provider: 'external-dns', 'external-dns': { namespace } });
  for (const { controller, namespaces } of [
    { controller: { ...SITES.controller, dns: { provider: 'external-dns' } }, namespaces: [NAMESPACE] },
    { controller: { ...SITES.controller, dns: at('dns') }, namespaces: ['dns'] },
    { controller: { config: { followers: [{ sites, dns: at('dns') }] } }, namespaces: ['dns'] },
    {
      controller: {
        config: { followers: [{ sites, dns: [{ provider: 'external-dns' }, at('dns')] }, { sites }] },
      },
      namespaces: [NAMESPACE, 'dns'],
    },
    { controller: SITES.controller, namespaces: [] },
  ]) {
    const found = (await roles({ controller })).filter(({ name }) => name.endsWith('-external-dns'));
    assert.deepEqual(
      found.map(({ namespace, rules }) => ({ namespace, rules })),
      namespaces.map((namespace) => ({ namespace, rules: EXTERNAL_DNS_RULES.map(plain) })),
    );
  }
});

const trigger = (kind: string, more: object = {}) => ({
  controller: {
    config: {
      followers: [{ sites: [{ name: 'a', nodeName: 'b' }], trigger: { kind, namespace: 'db', ...more } }],
    },
  },
});

for (const { kind, more = {}, wanted } of [
  { kind: 'manual', wanted: {} },
  { kind: 'node-status', wanted: { everywhere: ['nodes list watch'] } },
  { kind: 'pod-label', wanted: { db: ['pods list watch'] } },
  { kind: 'lease', more: { name: 'y' }, wanted: { db: ['leases get list watch y', 'pods get'] } },
  {
    kind: 'mongodb',
    more: { source: 'psmdb', clusterName: 'main' },
    wanted: { db: ['perconaservermongodbs get list watch main', 'pods get'] },
  },
  {
    kind: 'mongodb',
    more: { source: 'hello', members: ['db-0.db'], tlsSecret: 'tls' },
    wanted: { db: ['pods get', 'secrets get tls'] },
  },
  {
    kind: 'resource',
    more: { apiVersion: 'example.com/v1', resource: 'things', name: 'main', podNamespace: 'pods' },
    wanted: { db: ['things get list watch main'], pods: ['pods get'] },
  },
  {
    kind: 'resource',
    more: { apiVersion: 'v1', resource: 'things', name: 'main', names: 'node' },
    wanted: { db: ['things get list watch main'] },
  },
]) {
  test(`the trigger ${kind} may do what its documentation says: ${JSON.stringify(wanted)}`, async () => {
    const found = await roles(trigger(kind, more));
    const base = sorted(rulesAt(await roles(trigger('manual')), 'controller', undefined));
    const shown = ({ resource, verbs, name }: Plain) => [resource, ...verbs, name].join(' ').trim();
    const added = rulesAt(found, 'controller', undefined).filter(
      (rule) => !base.includes(JSON.stringify(rule)),
    );
    const got = {
      ...(added.length > 0 && { everywhere: added.map(shown) }),
      ...Object.fromEntries(
        found
          .filter(({ name }) => name.endsWith('-controller-trigger'))
          .map(({ namespace, rules }) => [namespace, rules.map(shown)]),
      ),
    };
    assert.deepEqual(got, wanted);
  });
}

test('there is a test of each trigger', () => {
  const known = ['cnpg', 'manual', 'node-status', 'pod-label', 'lease', 'mongodb', 'resource'];
  assert.deepEqual(TRIGGERS.map(({ name }) => name).sort(), known.sort());
});

for (const { what, certManager, rules } of [
  { what: 'with certificates of its own', certManager: false, rules: webhookRules },
  { what: 'with those of cert-manager', certManager: true, rules: mountedWebhookRules },
]) {
  test(`the webhook may do just what it was proven to need, ${what}`, async () => {
    const found = await roles({ ...SITES, webhook: { certManager: { enabled: certManager } } });
    const wanted = rules(`${PROGRAM}-webhook`);
    for (const [scope, namespace] of [
      ['own', NAMESPACE],
      ['cluster', undefined],
    ] as const) {
      const ofScope = wanted.filter((rule) => rule.scope === scope).map(plain);
      assert.deepEqual(sorted(rulesAt(found, 'webhook', namespace)), sorted(ofScope), scope);
    }
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
