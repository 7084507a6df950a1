/** What waits for ready pods, with half of the pods on a standby site: it ends where standbys are ready, else never. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { explain } from '../../../runtime/explain.ts';
import { REJOIN_MS } from '../support/limits.ts';
import { MetricsApi } from '../support/metrics-api.ts';
import { Rollouts } from '../support/rollouts.ts';
import type { Suite } from '../support/suite.ts';
import { APP_NAMESPACE, WAYS } from '../support/workload.ts';

/** How long the tools wait. With the probe it would be for ever; the others need some seconds. */
const SECONDS = { web: 15, followed: 120 } as const;

type Step = (work: Rollouts) => Promise<void>;

export function rolloutCases(suite: () => Suite): void {
  test('rollouts, drains and scaling end with a Service that follows, and do not with the probe', async (context) => {
    if (!suite().isAt(context, 'workload')) return;
    await suite().settled(REJOIN_MS);
    const { cluster, settings, sites } = suite();
    const folder = await mkdtemp(join(tmpdir(), 'e2e-work-'));
    const make = (sort: keyof typeof SECONDS) => new Rollouts(sort, SECONDS[sort], folder, cluster, settings);
    const works = { web: make('web'), followed: make('followed') };
    const both = async (what: string, step: Step) => {
      const [stuck, took] = await Promise.all([
        limit(() => step(works.web)),
        limit(() => step(works.followed)),
      ]);
      tell(suite(), what, { stuck, took });
    };
    const node = sites.get(suite().standbySite())?.[0] ?? '';
    try {
      await both('helm install --wait', (work) => work.helmInstall());
      // Before any rollout: one that has stopped in the middle leaves old pods, and with them a budget.
      await both('drain of a standby node, with a disruption budget', (work) => work.drain(node));
      await cluster.kubectl(['uncordon', node]);
      await both('helm upgrade --wait', (work) => work.helmUpgrade());
      await both('kubectl rollout restart of a Deployment', (work) => work.rollout('deployment'));
      await both('update of a StatefulSet', (work) => work.rollout('statefulset'));
      await using ends = new AsyncDisposableStack();
      const { hostAddress } = settings;
      const metrics = hostAddress && (await MetricsApi.start(suite(), APP_NAMESPACE, hostAddress));
      if (metrics) {
        ends.defer(() => metrics.stop());
        await both('scale-up by an autoscaler: four pods have twice the load', (work) => work.scaleByLoad());
        const [probe, follow] = await Promise.all([works.web.wanted(), works.followed.wanted()]);
        const wanted = `${WAYS.followed.title}: ${follow}, ${WAYS.web.title}: ${probe}`;
        suite().results.row('… pods that the autoscaler wanted in the end', wanted);
      } else {
        await both('scale-up by an autoscaler’s minimum', (work) => work.scaleByMinimum());
      }
    } finally {
      await cluster.kubectl(['uncordon', node]);
      await Promise.all(Object.values(works).map((work) => work.delete()));
      await rm(folder, { recursive: true });
    }
  });
}

interface Ending {
  readonly seconds: number;
  /** What the tool said that gave up. */
  readonly error?: string;
}

async function limit(step: () => Promise<void>): Promise<Ending> {
  const began = Date.now();
  const error = await step().then(
    () => undefined,
    (reason: unknown) => explain(reason),
  );
  return { seconds: (Date.now() - began) / 1_000, ...(error !== undefined && { error }) };
}

function tell(
  { results }: Suite,
  what: string,
  ends: { readonly stuck: Ending; readonly took: Ending },
): void {
  const { stuck, took } = ends;
  results.row(
    what,
    `${WAYS.followed.title}: ${took.seconds.toFixed(1)} s, ${WAYS.web.title}: ${stuck.error === undefined ? `${stuck.seconds.toFixed(1)} s` : `not in ${stuck.seconds.toFixed(0)} s`}`,
  );
  results.keep(what, ends);
  assert.equal(took.error, undefined, `${what}, with a Service that follows`);
  assert.match(stuck.error ?? 'it ended', /timed out|deadline|timeout|not ready/i, `${what}, with the probe`);
}
