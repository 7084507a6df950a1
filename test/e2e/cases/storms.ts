/** A Service that follows is applied by force each second, while the primary moves and everything around is restarted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_FOLLOWER } from '../../../contract/names.ts';
import { siteLabel } from '../../../contract/routing.ts';
import { Applier } from '../support/applier.ts';
import { RELEASE_NAMESPACE } from '../support/helm.ts';
import { service } from '../support/manifests.ts';
import { REJOIN_MS, type Suite } from '../support/suite.ts';
import { APP_NAMESPACE, WAYS } from '../support/workload.ts';

const READY_MS = 120_000;

interface Trouble {
  readonly title: string;
  readonly cause: (suite: Suite) => Promise<unknown>;
}

const NONE: Trouble = { title: 'nothing else', cause: () => Promise.resolve() };

const TROUBLES: readonly Trouble[] = [
  NONE,
  NONE,
  { title: 'the leader killed', cause: killLeader },
  { title: 'a webhook killed', cause: killWebhook },
  {
    title: 'kubelet restarted on the old site',
    cause: (suite) => restartKubelet(suite, suite.recorder.activeSite),
  },
  {
    title: 'kubelet restarted on the new site',
    cause: (suite) => restartKubelet(suite, suite.standbySite()),
  },
  { title: 'API server restarted', cause: ({ cluster }) => cluster.restartApiServer() },
];

export function stormCase(suite: () => Suite): void {
  test('a followed Service is applied by force each second, through moves and restarts', async (context) => {
    if (!suite().isAt(context, 'workload')) return;
    const { cluster, recorder, results, release } = suite();
    const troubles = TROUBLES.filter(({ title }) => cluster.canRestartApiServer || !title.startsWith('API'));
    await suite().settled(REJOIN_MS);
    const from = Date.now();
    const first = recorder.moves.length;
    const applier = new Applier(cluster, service(APP_NAMESPACE, 'followed', WAYS.followed.serviceLabels));
    try {
      for (const { title, cause } of cluster.canLoseSites ? troubles : troubles.slice(0, 4)) {
        await suite().moves(`applied by force, ${title}`, async () => {
          await Promise.all([cluster.switchoverInTheEnd(REJOIN_MS), cause(suite())]);
        });
        await release.ready('controller', READY_MS);
        await release.ready('webhook', READY_MS);
        await suite().settled(REJOIN_MS);
      }
    } finally {
      await applier.stop();
    }
    const to = Date.now();
    const moves = recorder.moves.slice(first);
    results.times(
      'applied by force each second, through restarts: currentPrimary → endpoints, follow',
      moves.map(({ at, routedAt: { followed = Number.POSITIVE_INFINITY } }) => followed - at),
      moves.map(({ event }) => event.replace('applied by force, ', '')).join(', '),
    );
    const refused = applier.answers.filter(({ error }) => error !== undefined);
    results.row(
      '… applied',
      `${applier.answers.length} times, ${refused.length} of them refused`,
      'refused: no API server, or no webhook that answers',
    );
    results.keep('applied by force', { moves, refused });
    // Between the write of one move and the next move, what applies it must not bring a standby back.
    const leaks = moves.map(({ from: standby, routedAt: { followed = to } }, index) =>
      suite().leak('followed', standby, followed, moves[index + 1]?.at ?? to),
    );
    assert.deepEqual(
      leaks.map(({ ms }) => ms),
      moves.map(() => 0),
      'a standby site was an endpoint after the write',
    );
    assert.ok(applier.answers.length > refused.length, 'it was never applied');
    const { spec } = JSON.parse(
      await cluster.kubectl(['-n', APP_NAMESPACE, 'get', 'service', 'followed', '-o', 'json']),
    ) as { readonly spec: { readonly selector: Readonly<Record<string, string>> } };
    assert.deepEqual(spec.selector, { app: 'followed', [siteLabel(DEFAULT_FOLLOWER)]: recorder.activeSite });
    // A kubelet that is restarted tells of probed pods what is not so; that has its own case.
    const windows = [
      { way: 'web', from, to, sites: [...suite().sites.keys()], why: 'kubelets restarted' },
    ] as const;
    await suite().told({ title: 'Applied by force, through restarts', from, windows });
  });
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
