import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../controller/config.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import { CONTROLLER_NODE_FLAGS, WEBHOOK_NODE_FLAGS } from '../../scripts/node-flags.ts';
import { loadInjectorConfig } from '../../webhook/injector-config.ts';
import { loadWebhookSettings } from '../../webhook/settings.ts';
import { EVERYTHING, layered } from '../support/chart/examples.ts';
import {
  chartUnderTest,
  environment,
  filesWith,
  type Manifest,
  NAMESPACE,
  only,
  podSpec,
  RELEASE,
  SITES,
} from '../support/chart/render.ts';

const chart = await chartUnderTest();
const everything = await chart.render({ values: layered(SITES, EVERYTHING) });
const plain = await chart.render();

const OURS = ['Deployment', 'Job'];
const ofUs = (manifests: readonly Manifest[]) =>
  manifests.filter(
    ({ kind, metadata }) =>
      OURS.includes(kind) && metadata.name.startsWith(RELEASE) && !metadata.name.endsWith('-operator'),
  );

test('all pods pass Pod Security "restricted", with a read-only root', () => {
  const makers = ofUs(everything);
  assert.deepEqual(makers.map(({ metadata }) => metadata.name.slice(RELEASE.length + 1)).sort(), [
    'cleanup',
    'controller',
    'postgres',
    'webhook',
  ]);
  for (const maker of makers) {
    const { securityContext, containers, volumes = [] } = podSpec(maker);
    const { runAsNonRoot, seccompProfile } = securityContext;
    assert.deepEqual(
      { runAsNonRoot, seccompProfile },
      { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    );
    for (const container of containers) {
      assert.deepEqual(container.securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      assert.ok(container.resources.limits.memory, `${container.name} has a limit`);
    }
    // Of those that "restricted" admits, the ones that a read-only configuration needs.
    for (const volume of volumes)
      assert.ok('configMap' in volume || 'secret' in volume, JSON.stringify(volume));
  }
});

test('no pod says what user it is where the platform chooses', async () => {
  const values = layered(SITES, EVERYTHING, { podSecurity: { runAsUser: null } });
  const manifests = await chart.render({ values });
  for (const maker of ofUs(manifests)) assert.doesNotMatch(JSON.stringify(maker), /runAs(User|Group)/);
  const loaded = loadInjectorConfig(
    environment(podSpec(only(manifests, 'Deployment', '-webhook')).containers[0]),
  );
  assert.deepEqual(loaded.ok && loaded.value.runAsUser, undefined);
  for (const maker of ofUs(plain)) {
    const { runAsUser, runAsGroup } = podSpec(maker).securityContext;
    assert.deepEqual([runAsUser, runAsGroup], [65_532, 65_532]);
  }
});

test('all pods run on Linux, and where they are told to', async () => {
  for (const maker of ofUs(everything)) {
    const { os, nodeSelector } = podSpec(maker);
    assert.deepEqual([os, nodeSelector?.['kubernetes.io/os']], [{ name: 'linux' }, 'linux']);
  }
  const nodeSelector = { disk: 'fast' };
  const manifests = await chart.render({ values: layered(SITES, { controller: { nodeSelector } }) });
  for (const maker of ['-controller', '-cleanup']) {
    const [found] = ofUs(manifests).filter(({ metadata }) => metadata.name.endsWith(maker));
    assert.ok(found);
    assert.deepEqual(podSpec(found).nodeSelector, { 'kubernetes.io/os': 'linux', ...nodeSelector });
  }
});

test('the webhook runs in the network of its nodes where it is told to, and a rollout of it ends', async () => {
  const webhook = { hostNetwork: true, port: 9_443, httpPort: 9_081 };
  const deployment = only(
    await chart.render({ values: layered(SITES, { webhook }) }),
    'Deployment',
    '-webhook',
  );
  const { hostNetwork, dnsPolicy, containers } = podSpec(deployment);
  assert.deepEqual([hostNetwork, dnsPolicy], [true, 'ClusterFirstWithHostNet']);
  const ports = containers[0].ports?.map(({ containerPort }) => containerPort);
  const loaded = loadWebhookSettings(environment(containers[0]));
  assert.ok(loaded.ok);
  assert.deepEqual(
    [ports, [loaded.value.port, loaded.value.httpPort]],
    [
      [9_443, 9_081],
      [9_443, 9_081],
    ],
  );
  // With one replica a node there may be no node with free ports for one more.
  assert.deepEqual(deployment.spec?.strategy, { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } });
  const still = podSpec(only(plain, 'Deployment', '-webhook'));
  assert.deepEqual([still.hostNetwork, still.dnsPolicy], [undefined, undefined]);
});

test('node is told what the bundles tell it', () => {
  const flags = (suffix: string) =>
    podSpec(only(plain, 'Deployment', suffix)).containers[0].command.slice(1, -1);
  assert.deepEqual(flags('-controller'), CONTROLLER_NODE_FLAGS);
  assert.deepEqual(flags('-webhook'), WEBHOOK_NODE_FLAGS);
});

test('the controller takes the settings that it is given, and the file', () => {
  const values = layered(SITES, EVERYTHING);
  for (const manifests of [plain, everything]) {
    const env = environment(podSpec(only(manifests, 'Deployment', '-controller')).containers[0], {
      NAMECHEAP_API_USER: 'someone',
      NAMECHEAP_API_KEY: '0123456789abcdef',
    });
    const file = manifests.find(({ metadata }) => metadata.name.endsWith('-config'))?.data?.['config.yaml'];
    const loaded = loadConfig(env, filesWith(file));
    assert.deepEqual(loaded.ok ? [] : loaded.problems, [], JSON.stringify(values));
  }
});

test('numbers and words reach the variables as they were written', async () => {
  const env = { A: 1_000_000, B: 0.5, C: true, D: '007', E: 'a "b" {{ c }}' };
  const manifests = await chart.render({ values: layered(SITES, { controller: { env } }) });
  const found = environment(podSpec(only(manifests, 'Deployment', '-controller')).containers[0]);
  for (const [name, value] of Object.entries(env)) assert.equal(found[name], String(value));
});

test('the webhook takes the settings that it is given', () => {
  for (const manifests of [plain, everything]) {
    const env = environment(podSpec(only(manifests, 'Deployment', '-webhook')).containers[0]);
    const [injector, own] = [loadInjectorConfig(env), loadWebhookSettings(env)];
    assert.ok(injector.ok && own.ok, JSON.stringify([injector, own]));
    assert.equal(own.value.service, only(manifests, 'Service', '-webhook').metadata.name);
    const { name } = only(
      manifests.filter(({ metadata }) => metadata.name.startsWith(RELEASE)),
      'MutatingWebhookConfiguration',
    ).metadata;
    assert.equal(own.value.configuration, name);
    assert.equal(injector.value.namespace, NAMESPACE);
  }
});

test('replicas stand on different nodes, and evict one at a time', () => {
  for (const suffix of ['-controller', '-webhook']) {
    const { topologySpreadConstraints = [] } = podSpec(only(plain, 'Deployment', suffix));
    assert.deepEqual(
      topologySpreadConstraints.map(({ topologyKey }) => topologyKey),
      ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'],
    );
    const { spec } = only(plain, 'PodDisruptionBudget', suffix);
    assert.deepEqual([spec?.maxUnavailable, spec?.unhealthyPodEvictionPolicy], [1, 'AlwaysAllow']);
  }
});

test('the operator that is bundled outlives a site, too', async () => {
  const manifests = await chart.render({ values: layered(SITES, { cloudnativepg: { install: true } }) });
  const operator = only(manifests, 'Deployment', '-operator');
  const { replicas, template } = operator.spec as {
    readonly replicas: number;
    readonly template: KubeObject;
  };
  assert.equal(replicas, 2);
  const { topologySpreadConstraints: spread = [] } = podSpec(operator);
  assert.deepEqual(
    spread.map(({ topologyKey, whenUnsatisfiable }) => [topologyKey, whenUnsatisfiable]),
    [
      ['kubernetes.io/hostname', 'DoNotSchedule'],
      ['topology.kubernetes.io/zone', 'ScheduleAnyway'],
    ],
  );
  for (const { labelSelector } of spread) {
    const selected = Object.entries(labelSelector?.matchLabels ?? {});
    assert.ok(selected.length > 0);
    for (const [label, value] of selected) assert.equal(template.metadata.labels?.[label], value);
  }
});
