/** The label on the namespace of the database itself: it must not stand in the way of a failover. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LABELS } from '../../../contract/names.ts';
import { SIDECAR_CONTAINER } from '../../../contract/sidecar.ts';
import { ignoreNotFound } from '../../../kubernetes/errors.ts';
import { NAMESPACES, PODS, type Pod } from '../../../kubernetes/resources.ts';
import { until } from '../../support/until.ts';
import { PRIMARY } from '../support/cluster.ts';
import { FAILOVER_MS, REJOIN_MS } from '../support/limits.ts';
import type { Suite } from '../support/suite.ts';

export function databaseCase(suite: () => Suite): void {
  test('a labelled database namespace fails over as without the label', async (context) => {
    if (!suite().isAt(context, 'workload')) return;
    const { cluster, recorder, results } = suite();
    if (!cluster.canLoseSites) {
      context.skip('E2E_SITES names no command that takes sites away');
      return;
    }
    await suite().settled(REJOIN_MS);
    await label('true');
    try {
      const replica = await recreateReplica();
      const sidecars = replica.spec?.initContainers?.filter(({ name }) => name === SIDECAR_CONTAINER);
      assert.deepEqual(sidecars, [], `${replica.metadata.name} has a sidecar`);
      await suite().settled(REJOIN_MS);
      const { node, site } = await cluster.placeOfPrimary();
      const from = Date.now();
      let backAt = Number.NaN;
      try {
        await suite().moves(
          'site cut off, its database namespace labelled',
          () => cluster.site('cut', node),
          FAILOVER_MS,
        );
        const { at } = recorder.moves.at(-1) ?? { at: Number.NaN };
        results.row(
          'Site cut off, the database’s namespace labelled: a new primary after',
          `${((at - from) / 1_000).toFixed(1)} s`,
        );
      } finally {
        await cluster.site('heal', node);
        backAt = Date.now();
      }
      await suite().incidents.returned({
        title: 'Site cut off, database namespace labelled',
        site,
        node,
        from,
        backAt,
      });
    } finally {
      await label(null);
    }
  });

  async function label(value: 'true' | null): Promise<void> {
    const body = { metadata: { labels: { [LABELS.inject]: value } } };
    await suite().api.objects.patch(NAMESPACES, { name: PRIMARY.namespace }, body, { type: 'merge' });
  }

  /** Takes the pod of an instance that stands by away, and gives the one that the operator makes in its place, once it is ready. */
  async function recreateReplica(): Promise<Pod> {
    const { api, cluster } = suite();
    const { status } = await cluster.primary();
    const name =
      status?.instancesStatus?.healthy?.find((instance) => instance !== status.currentPrimary) ?? '';
    const key = { namespace: PRIMARY.namespace, name };
    const before = await api.objects.get(PODS, key);
    await api.objects.delete(PODS, key);
    return await until(
      `${name} is there again, and ready`,
      async (abort) => {
        const pod = await api.objects.get(PODS, key, { abort }).catch(ignoreNotFound);
        if (pod === undefined || pod.metadata.uid === before.metadata.uid) return undefined;
        const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
        return ready === 'True' ? pod : undefined;
      },
      { timeoutMs: REJOIN_MS },
    );
  }
}
