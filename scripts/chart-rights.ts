/**
 * The permissions of controller and webhook as the chart has them, made of the tables of the code: each trigger and provider
 * is asked with placeholders such as {name} for what a user configures.
 */
import { Document, isMap, isSeq, visit } from 'yaml';
import { CONTROLLER_RULES } from '../controller/rights.ts';
import { rightsOfTrigger, type TriggerConfig } from '../controller/triggers/registry.ts';
import { externalDnsRights } from '../dns/providers/external-dns/kind.ts';
import { snapshotRights } from '../dns/zones/snapshot-rights.ts';
import type { Permission } from '../runtime/rights.ts';
import { webhookRights } from '../webhook/rights.ts';

/** As the template site-follower.rules takes it. */
interface ChartRule extends Permission {
  /** Only where this value is set. */
  readonly when?: string;
  /** Once for each of the names in this value. */
  readonly of?: string;
}

interface Followed {
  /** With all that asks for permissions. */
  readonly all: TriggerConfig;
  /** The same without what the chart's value of that name stands for. */
  readonly without?: Readonly<Record<string, TriggerConfig>>;
}

const namespace = '{namespace}';
const cluster = { namespace, clusterName: '{clusterName}' };
const cnpg = { kind: 'cnpg', ...cluster } as const;
const members = { kind: 'mongodb', source: 'psmdb', namespace, replicaSet: '{replicaSet}' } as const;
const [clusterName, credentialsSecret, tlsSecret] = ['{clusterName}', '{credentialsSecret}', '{tlsSecret}'];
const object = {
  kind: 'resource',
  apiVersion: '{group}/v1',
  resource: '{resource}',
  name: '{name}',
  namespace,
  path: '{path}',
  names: 'node',
} as const;

/** Every trigger. */
export const FOLLOWED: { readonly [K in TriggerConfig['kind']]: Followed } = {
  cnpg: {
    all: { ...cnpg, preferredPrimaryNode: '{node}' },
    without: { preferred: cnpg },
  },
  'cnpg-topology': { all: { kind: 'cnpg-topology', ...cluster } },
  mongodb: {
    all: { ...members, clusterName, credentialsSecret, tlsSecret },
    without: {
      clusterName: { ...members, credentialsSecret, tlsSecret },
      credentialsSecret: { ...members, clusterName, tlsSecret },
      tlsSecret: { ...members, clusterName, credentialsSecret },
    },
  },
  'node-status': { all: { kind: 'node-status', minReadyNodes: 1, unreadyAfter: 60, failback: 'manual' } },
  'pod-label': { all: { kind: 'pod-label', namespace } },
  lease: { all: { kind: 'lease', namespace, name: '{name}' } },
  resource: {
    all: { ...object, names: 'pod', podNamespace: '{podNamespace}' },
    without: { pod: object },
  },
  manual: { all: { kind: 'manual' } },
};

const same = (a: Permission) => (b: Permission) => JSON.stringify(a) === JSON.stringify(b);

function rulesOfTrigger({ all, without = {} }: Followed): readonly ChartRule[] {
  return rightsOfTrigger(all).map((permission) => {
    const [when] = Object.entries(without).find(
      ([, config]) => !rightsOfTrigger(config).some(same(permission)),
    ) ?? [undefined];
    return when === undefined ? permission : { when, ...permission };
  });
}

const ofOwn = ({ namespace }: Permission) => namespace !== undefined;
const without = (key: 'namespace' | 'name', rule: ChartRule): ChartRule => {
  const { [key]: _, ...rest } = rule;
  return rest;
};
const unplaced = (rule: ChartRule) => without('namespace', rule);
const unnamed = (of: string, rule: Permission): ChartRule => ({ of, ...without('name', rule) });

function rulesOfWebhook(): readonly ChartRule[] {
  const [own, others] = [true, false].map((makesCertificates) =>
    webhookRights({ namespace, configuration: '{webhook}', makesCertificates, statuses: ['{status}'] }),
  ) as [readonly Permission[], readonly Permission[]];
  const rules: readonly ChartRule[] = [
    ...own.map((rule) => (others.some(same(rule)) ? rule : { when: 'ownCertificates', ...rule })),
    ...others.filter((rule) => !own.some(same(rule))).map((rule) => ({ when: 'certManager', ...rule })),
  ];
  return rules.map((rule) => (rule.name === '{status}' ? unnamed('status', rule) : rule));
}

/** The whole file of the chart. */
export function chartRights(): string {
  const controller = CONTROLLER_RULES.map(({ scope, ...rule }) => ({ scope, rule }));
  const rules = (wanted: 'own' | 'cluster') =>
    controller.filter(({ scope }) => scope === wanted).map(({ rule }) => rule);
  const [snapshots] = snapshotRights(namespace, [{ name: 'example.com', zone: 'example.com' }]);
  if (snapshots === undefined) throw new Error('keeping snapshots of a zone needs no permission any more');
  const webhook = rulesOfWebhook();
  const tables = {
    controller: {
      own: [...rules('own'), unplaced(unnamed('snapshots', snapshots))],
      cluster: rules('cluster'),
      externalDns: externalDnsRights(namespace).map(unplaced),
      triggers: Object.fromEntries(
        Object.entries(FOLLOWED).map(([kind, followed]) => [kind, rulesOfTrigger(followed)]),
      ),
    },
    webhook: {
      own: webhook.filter(ofOwn).map(unplaced),
      cluster: webhook.filter((rule) => !ofOwn(rule)),
    },
  };
  const document = new Document(tables, { aliasDuplicateObjects: false });
  document.commentBefore =
    ' Generated by `npm run docs` from controller/rights.ts, webhook/rights.ts, the triggers and the DNS providers.';
  visit(document, {
    Pair(_, { value }) {
      if (isSeq(value)) value.flow = value.items.every((item) => !isMap(item));
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
