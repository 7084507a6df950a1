/**
 * Services that follow are applied by force each second and upgraded by Helm, in both of its ways, while the primary
 * moves and everything around is restarted.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEFAULT_FOLLOWER } from '../../../contract/names.ts';
import { siteLabel } from '../../../contract/routing.ts';
import { explain } from '../../../runtime/explain.ts';
import { until } from '../../support/until.ts';
import type { RealCluster } from '../support/cluster.ts';
import { RELEASE_NAMESPACE } from '../support/helm.ts';
import { REJOIN_MS } from '../support/limits.ts';
import { service } from '../support/manifests.ts';
import type { Move } from '../support/recorder.ts';
import { COMPONENTS } from '../support/release.ts';
import { Repeated } from '../support/repeated.ts';
import { SmallChart } from '../support/small-chart.ts';
import type { Suite } from '../support/suite.ts';
import { APP_NAMESPACE, WAYS } from '../support/workload.ts';

const READY_MS = 120_000;
const APPLY_MS = 1_000;
const HELM_MS = 5_000;
const UPGRADE_MS = 30_000;

/** Helm 4’s own way, and the three-way merge of Helm 3, each with a release and a Service of its own. */
const HELM_WAYS = { 'helm-apply': '--server-side=true', 'helm-merge': '--server-side=false' } as const;
const SERVICES = ['followed', ...Object.keys(HELM_WAYS)];

interface Trouble {
  readonly title: string;
  readonly isPossible?: (cluster: RealCluster) => boolean;
  readonly cause: (suite: Suite) => Promise<unknown>;
}

const NONE: Trouble = { title: 'nothing else', cause: () => Promise.resolve() };

const canLoseSites = (cluster: RealCluster) => cluster.canLoseSites;

const TROUBLES: readonly Trouble[] = [
  NONE,
  NONE,
  { title: 'the leader killed', cause: killLeader },
  { title: 'a webhook killed', cause: killWebhook },
  { title: 'all controllers and webhooks killed', cause: killAll },
  {
    title: 'kubelet restarted on the old site',
    isPossible: canLoseSites,
    cause: (suite) => restartKubelet(suite, suite.recorder.activeSite),
  },
  {
    title: 'kubelet restarted on the new site',
    isPossible: canLoseSites,
    cause: (suite) => restartKubelet(suite, suite.standbySite()),
  },
  {
    title: 'API server restarted',
    isPossible: (cluster) => cluster.canRestartApiServer,
    cause: ({ cluster }) => cluster.restartApiServer(),
  },
];

export function stormCase(suite: () => Suite): void {
  test('a followed Service is applied by force each second, through moves and restarts', async (context) => {
    if (!suite().isAt(context, 'workload')) return;
    const { cluster, recorder, results, release } = suite();
    const troubles = TROUBLES.filter(({ isPossible = () => true }) => isPossible(cluster));
    await suite().settled(REJOIN_MS);
    const from = Date.now();
    const first = recorder.moves.length;
    const folder = await mkdtemp(join(tmpdir(), 'e2e-storm-'));
    const charts = await helmReleases(suite(), folder);
    const manifest = JSON.stringify(service(APP_NAMESPACE, 'followed', WAYS.followed.serviceLabels));
    const force = ['apply', '--server-side', '--force-conflicts', '--field-manager=gitops', '-f', '-'];
    const tools = {
      'applied by force': new Repeated(() => cluster.kubectl(force, manifest), APPLY_MS),
      ...Object.fromEntries(
        charts.map(({ name, upgrade }) => [name, new Repeated((round) => upgrade(round + 1), HELM_MS)]),
      ),
    };
    try {
      for (const { title, cause } of troubles) {
        await suite().moves(`applied by force, ${title}`, async () => {
          await Promise.all([cluster.switchoverInTheEnd(REJOIN_MS), cause(suite())]);
        });
        const move = recorder.moves.at(-1);
        const all = () => SERVICES.every((name) => move?.routedAt[name]) || undefined;
        await recorder.until(`every Service follows: ${title}`, all, READY_MS);
        await release.ready('controller', READY_MS);
        await release.ready('webhook', READY_MS);
        await suite().settled(REJOIN_MS);
      }
    } finally {
      await Promise.all(Object.values(tools).map((tool) => tool.stop()));
    }
    const to = Date.now();
    const moves = recorder.moves.slice(first);
    for (const name of SERVICES) judgeMoves(suite(), name, moves, to);
    for (const [name, { answers, refused }] of Object.entries(tools)) {
      results.row(
        `… ${name}`,
        `${answers.length} times, ${refused.length} of them refused`,
        'refused: no API server, no webhook that answers, or just after a move without force',
      );
      results.keep(`${name}, refused`, refused);
      assert.ok(answers.length > refused.length, `${name}: it was never done`);
    }
    results.keep('applied by force', moves);
    for (const { name, upgrade } of charts) {
      // Free again some seconds after the last move, and with nothing left that it would have to fight for.
      const next = tools[name as keyof typeof tools].answers.length + 2;
      const last = () => upgrade(next).then(() => true as const);
      await until(`${name} is upgraded once all is quiet`, last, { timeoutMs: READY_MS });
    }
    const wanted = { app: 'followed', [siteLabel(DEFAULT_FOLLOWER)]: recorder.activeSite };
    for (const name of SERVICES) assert.deepEqual(await selectorOf(suite(), name), wanted, name);
    await Promise.all(charts.map(({ uninstall }) => uninstall()));
    await rm(folder, { recursive: true });
    // A kubelet that is restarted tells of probed pods what is not so; that has its own case.
    const windows = [
      { way: 'web', from, to, sites: [...suite().sites.keys()], why: 'kubelets restarted' },
    ] as const;
    await suite().incidents.told({ title: 'Applied by force, through restarts', from, windows });
  });
}

/** A release for each way of Helm, with a Service that follows. */
function helmReleases(suite: Suite, folder: string) {
  return Promise.all(
    Object.entries(HELM_WAYS).map(async ([name, way]) => {
      const options = { name, namespace: APP_NAMESPACE, timeoutMs: UPGRADE_MS };
      const chart = new SmallChart(suite.settings, folder, options);
      const annotations = { round: '{{ .Values.round }}' };
      const plain = service(APP_NAMESPACE, name, WAYS.followed.serviceLabels, 'followed');
      const { metadata, ...rest } = plain as { readonly metadata: object };
      await chart.install([{ ...rest, metadata: { ...metadata, annotations } }], [way]);
      return {
        name,
        upgrade: (round: number) =>
          chart.upgrade(round, [way]).catch(async (error: unknown) => {
            // Helm lost the API server in the middle of one, and refuses all others until it is told to go back.
            if (explain(error).includes('another operation')) await chart.rollback([way]);
            throw error;
          }),
        uninstall: () => chart.uninstall(),
      };
    }),
  );
}

async function selectorOf({ cluster }: Suite, name: string): Promise<object> {
  const output = ['-o', 'jsonpath={.spec.selector}'];
  return JSON.parse(
    await cluster.kubectl(['-n', APP_NAMESPACE, 'get', 'service', name, ...output]),
  ) as object;
}

/** Between the write of one move and the next move, nobody must bring a standby back. */
function judgeMoves(suite: Suite, name: string, moves: readonly Move[], to: number): void {
  suite.results.times(
    `applied, upgraded, restarted: currentPrimary → endpoints of ${name}`,
    moves.map(({ at, routedAt }) => (routedAt[name] ?? Number.POSITIVE_INFINITY) - at),
    moves.map(({ event }) => event.replace('applied by force, ', '')).join(', '),
  );
  const leaks = moves.map(({ from: standby, routedAt: { [name]: routed = to } }, index) =>
    suite.incidents.leak(name, standby, routed, moves[index + 1]?.at ?? to),
  );
  assert.deepEqual(
    leaks.map(({ ms }) => ms),
    moves.map(() => 0),
    `a standby site was an endpoint of ${name} after the write`,
  );
}

/** As when both nodes of a site go that had all replicas of both. */
async function killAll({ cluster, release }: Suite): Promise<void> {
  const pods = (await Promise.all(COMPONENTS.map((component) => release.pods(component)))).flat();
  await Promise.all(pods.map(({ metadata }) => cluster.killPod(RELEASE_NAMESPACE, metadata.name)));
}

async function killLeader({ cluster, release }: Suite): Promise<void> {
  await cluster.killPod(RELEASE_NAMESPACE, (await release.leader()).name);
}

async function killWebhook({ cluster, release }: Suite): Promise<void> {
  const [pod] = await release.pods('webhook');
  await cluster.killPod(RELEASE_NAMESPACE, pod?.metadata.name ?? '');
}

async function restartKubelet({ cluster, sites }: Suite, site = ''): Promise<void> {
  for (const node of sites.get(site) ?? []) await cluster.site('restart-kubelet', node);
}
