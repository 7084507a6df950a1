import type { SeededRandom } from '../random.ts';
import { BARE, oddText, words } from './scalars.ts';
import { Again, Named, type Tree, type TreeMap, Written } from './tree.ts';

/** Objects as people and programs have them; an API server takes each that is of a kind it knows. */

const INJECT = 'site-follower/inject';

type Draw<T> = (random: SeededRandom) => T;

/** Absent, or drawn. */
function some(random: SeededRandom, key: string, ...choices: readonly Draw<Tree>[]): TreeMap {
  return random.chance(0.5) ? { [key]: random.pick(choices)(random) } : {};
}

const none: Draw<Tree> = (random) => random.pick([() => null, () => []])();
const noMap: Draw<Tree> = (random) => random.pick([() => null, () => ({})])();
const textOf: Draw<string> = (random) => (random.chance(0.5) ? random.pick(BARE) : oddText(random));

export function labels(random: SeededRandom, asks: boolean): TreeMap {
  return {
    app: random.pick(['web', 'api', 'worker']),
    ...some(
      random,
      'version',
      () => '1.2.3',
      () => '2026-01-01',
      () => '',
    ),
    ...(asks && { [INJECT]: 'true' }),
    ...some(random, 'app.kubernetes.io/part-of', () => 'shop'),
  };
}

function annotations(random: SeededRandom): TreeMap {
  return {
    ...some(random, 'example.com/note', textOf),
    ...some(random, 'example.com/long', (from) => words(from, 20, 50)),
    ...(random.chance(0.2) && { 'site-follower/gate': random.pick(['condition', 'none']) }),
  };
}

function container(random: SeededRandom, name: string): TreeMap {
  return {
    name,
    image: random.pick(['example/app:1', 'registry.example/shop/app:1.2', 'example/app']),
    ...some(
      random,
      'command',
      () => ['/bin/sh', '-c', 'echo'],
      () => ['go', 'test', '.'],
    ),
    ...some(
      random,
      'args',
      (from) => [textOf(from), textOf(from)],
      (from) => [oddText(from)],
    ),
    ...some(
      random,
      'workingDir',
      () => '.',
      () => '/srv',
    ),
    ...some(
      random,
      'ports',
      () => [{ name: 'http', containerPort: new Written('0x1F90', 8080) }],
      () => [{ containerPort: 8080, protocol: 'TCP' }],
    ),
    ...some(random, 'env', (from) => [
      { name: 'A', value: textOf(from) },
      { name: 'B', value: oddText(from) },
    ]),
    ...some(
      random,
      'resources',
      () => ({}),
      () => ({ limits: { memory: '64Mi' }, requests: { cpu: '100m' } }),
    ),
    ...some(
      random,
      'tty',
      () => new Written('yes', true),
      () => new Written('off', false),
    ),
  };
}

const volumes: readonly Draw<Tree>[] = [
  none,
  () => [{ name: 'tmp', emptyDir: {} }],
  () => [{ name: 'tmp', emptyDir: null }],
  () => [
    { name: 'c', configMap: { name: 'c', defaultMode: new Written('0o400', 256) } },
    { name: 'tmp', emptyDir: {} },
  ],
  () => [{ name: 's', secret: { secretName: 's', defaultMode: new Written('0400', 256) } }],
];

const prepare: Draw<Tree> = (random) => [container(random, 'prepare')];

export function podSpec(random: SeededRandom, restartPolicy?: string): TreeMap {
  const first: TreeMap = {
    ...some(random, 'initContainers', none, prepare, prepare, prepare),
    ...some(random, 'volumes', ...volumes),
    ...(restartPolicy && { restartPolicy }),
  };
  const containers = {
    containers: [container(random, 'app'), ...(random.chance(0.2) ? [container(random, 'proxy')] : [])],
  };
  const rest: TreeMap = {
    ...some(random, 'nodeSelector', noMap, () => ({ disk: 'ssd' })),
    ...some(random, 'securityContext', noMap),
    ...some(random, 'readinessGates', () => [{ conditionType: 'example.com/ready' }]),
  };
  return random.chance(0.5) ? { ...first, ...containers, ...rest } : { ...containers, ...rest, ...first };
}

function metadata(random: SeededRandom, own: TreeMap): TreeMap {
  return {
    ...own,
    ...some(random, 'creationTimestamp', () => null),
    ...some(random, 'annotations', noMap, annotations, annotations, annotations),
  };
}

export function pod(random: SeededRandom): TreeMap {
  const asks = random.chance(0.8);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: metadata(random, { name: `pod-${random.integer(1, 9999)}`, labels: labels(random, asks) }),
    spec: podSpec(random),
  };
}

export function workload(random: SeededRandom): TreeMap {
  const kind = random.pick(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet']);
  const name = `${kind.toLowerCase()}-${random.integer(1, 9999)}`;
  const selected: TreeMap = { app: 'web', tier: 'front' };
  const shared = random.chance(0.2) ? new Named(`labels-${random.integer(1, 9999)}`, selected) : undefined;
  const asks = random.pick(['template', 'template', 'workload', 'nobody']);
  const canCarry = kind !== 'ReplicaSet' && asks === 'workload';
  const own =
    shared === undefined || asks === 'template'
      ? { ...selected, ...(asks === 'template' && { [INJECT]: 'true' }) }
      : new Again(shared);
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: metadata(random, { name, ...(canCarry && { labels: { [INJECT]: 'true' } }) }),
    spec: {
      ...(kind !== 'DaemonSet' &&
        some(
          random,
          'replicas',
          () => 2,
          () => new Written('0x2', 2),
        )),
      ...(kind === 'StatefulSet' && { serviceName: 'web' }),
      selector: { matchLabels: shared ?? selected },
      template: { metadata: metadata(random, { labels: own }), spec: podSpec(random) },
    },
    ...some(random, 'status', () => ({})),
  };
}

export function job(random: SeededRandom): TreeMap {
  const spec = {
    template: {
      metadata: metadata(random, { labels: labels(random, random.chance(0.8)) }),
      spec: podSpec(random, 'Never'),
    },
  };
  const name = `job-${random.integer(1, 9999)}`;
  if (random.chance(0.5)) return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec };
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name },
    spec: {
      schedule: '*/5 * * * *',
      ...some(random, 'suspend', () => new Written('on', true)),
      jobTemplate: { spec },
    },
  };
}

export function configMap(random: SeededRandom): TreeMap {
  const data = Array.from(
    { length: random.integer(0, 6) },
    (_, index) => [`key-${index}`, textOf(random)] as const,
  );
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadata(random, { name: `config-${random.integer(1, 9999)}` }),
    ...some(random, 'immutable', () => new Written('no', false)),
    data: Object.fromEntries(data),
  };
}

export function definition(random: SeededRandom): TreeMap {
  const field = (type: string): TreeMap => ({ description: words(random, 10, 90), type });
  const properties = Object.fromEntries(
    Array.from({ length: random.integer(2, 9) }, (_, index) => [
      `field${index}`,
      field(random.pick(['string', 'integer', 'boolean'])),
    ]),
  );
  const spec: TreeMap = {
    description: `${words(random, 9, 20)}\n\n${words(random, 9, 20)}`,
    type: 'object',
    properties,
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: metadata(random, { name: 'widgets.example.com' }),
    spec: {
      group: 'example.com',
      names: { kind: 'Widget', plural: 'widgets', singular: 'widget', listKind: 'WidgetList' },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
        },
      ],
    },
  };
}

/** Of a kind that no API server knows, with whatever YAML has. */
export function widget(random: SeededRandom): TreeMap {
  const common = new Named(`common-${random.integer(1, 9999)}`, {
    size: new Written('1_000', 1000),
    text: textOf(random),
  });
  return {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'w' },
    spec: {
      common,
      merged: { '<<': new Again(common), more: 1 },
      again: [new Again(common), new Again(common)],
      numbers: [
        new Written('.5', 0.5),
        new Written('08', 8),
        new Written('0b11', 3),
        new Written('1e3', 1000),
        new Written('-0x1f', -31),
      ],
      words: [new Written('~', null), new Written('Yes', true), new Written('OFF', false), ...BARE],
    },
  };
}

export function list(random: SeededRandom): TreeMap {
  const draw = () => random.pick([pod, workload, configMap, job])(random);
  return {
    apiVersion: 'v1',
    kind: 'List',
    ...some(random, 'metadata', () => ({})),
    items: [draw(), draw(), draw()],
  };
}
