/** Labelled workloads are changed, opted out and deleted while no replica of the webhook runs; then it comes back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LABELS } from '../../../contract/names.ts';
import { SIDECAR_CONTAINER } from '../../../contract/sidecar.ts';
import { PODS, type Pod } from '../../../kubernetes/resources.ts';
import { explain } from '../../../runtime/explain.ts';
import { until } from '../../support/until.ts';
import { RELEASE_NAMESPACE } from '../support/helm.ts';
import { REJOIN_MS } from '../support/limits.ts';
import { deployment } from '../support/manifests.ts';
import type { Suite } from '../support/suite.ts';
import { APP_NAMESPACE } from '../support/workload.ts';

const READY_MS = 120_000;
const NAMES = ['away-kept', 'away-gone'] as const;
const WEBHOOKS = ['-n', RELEASE_NAMESPACE, 'deployment', '--selector=app.kubernetes.io/component=webhook'];

const inTemplate = (value: string | null) =>
  JSON.stringify({ spec: { template: { metadata: { labels: { [LABELS.inject]: value } } } } });
const hasSidecar = ({ spec }: Pod) =>
  spec?.initContainers?.some(({ name }) => name === SIDECAR_CONTAINER) === true;

export function webhookAwayCase(suite: () => Suite): void {
  test('workloads are changed while the webhook is away', async (context) => {
    if (!suite().isAt(context, 'workload')) return;
    await suite().settled(REJOIN_MS);
    const { cluster, release, results, settings, workload, api } = suite();
    const kubectl = (...args: readonly string[]) => cluster.kubectl(['-n', APP_NAMESPACE, ...args]);
    const pods = (name: string, are: (pod: Pod) => boolean) =>
      until(
        `the pods of ${name} run as they should`,
        async () => {
          const { items } = await api.objects.list(PODS, {
            namespace: APP_NAMESPACE,
            labelSelector: `app=${name}`,
          });
          const live = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
          const right = live.filter((pod) => pod.status?.phase === 'Running' && are(pod));
          return (live.length === workload.replicas && right.length === live.length) || undefined;
        },
        { timeoutMs: READY_MS },
      );
    const objects = NAMES.map((name) =>
      deployment(settings.image, {
        namespace: APP_NAMESPACE,
        name,
        program: 'app',
        replicas: workload.replicas,
      }),
    );
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    const [kept, gone] = NAMES;
    try {
      await cluster.kubectl(['apply', '--server-side', '-f', '-'], list);
      for (const name of NAMES) await kubectl('label', 'deployment', name, `${LABELS.inject}=true`);
      for (const name of NAMES) await pods(name, hasSidecar);

      const from = Date.now();
      await cluster.kubectl(['scale', ...WEBHOOKS, '--replicas=0']);
      await release.gone('webhook', READY_MS);
      const refused = await kubectl('run', 'away-pod', '--image=none', `--labels=${LABELS.inject}=true`).then(
        () => 'it was created',
        explain,
      );
      assert.match(refused, /failed calling webhook/, 'a pod that asks waits');

      const finalizers = (value: readonly string[] | null) =>
        JSON.stringify({ metadata: { finalizers: value } });
      for (const steps of [
        ['set', 'image', `deployment/${kept}`, 'app=none:1'],
        ['set', 'image', `deployment/${kept}`, `app=${settings.image}`],
        ['label', 'deployment', kept, 'x=y'],
        ['scale', 'deployment', kept, `--replicas=${workload.replicas}`],
        ['patch', 'deployment', gone, '--type=merge', '--patch', finalizers(['example.com/mine'])],
        ['patch', 'deployment', gone, '--type=merge', '--patch', finalizers(null)],
        ['delete', 'deployment', gone, '--cascade=foreground', `--timeout=${READY_MS / 1_000}s`],
        ['annotate', 'service', 'followed', 'x=y'],
        ['annotate', 'service', 'followed', 'x-'],
        // The advice of the runbook: on the template it reaches the pods at once.
        ['patch', 'deployment', kept, '--patch', inTemplate('false')],
      ]) {
        await kubectl(...steps);
      }
      await pods(kept, (pod) => !hasSidecar(pod));
      for (const label of [`${LABELS.inject}=false`, `${LABELS.inject}-`]) {
        await kubectl('label', 'deployment', kept, label, '--overwrite');
      }
      const seconds = ((Date.now() - from) / 1_000).toFixed(0);
      results.row(
        'Webhook away: labelled workloads changed, opted out and deleted',
        `all of it, in ${seconds} s`,
      );

      await cluster.kubectl(['scale', ...WEBHOOKS, '--replicas=2']);
      await release.ready('webhook', READY_MS);
      await kubectl('patch', 'deployment', kept, '--patch', inTemplate(null));
      await kubectl('label', 'deployment', kept, `${LABELS.inject}=true`);
      await pods(kept, hasSidecar);
    } finally {
      await cluster.kubectl(['scale', ...WEBHOOKS, '--replicas=2']);
      await kubectl('delete', 'deployment', ...NAMES, '--ignore-not-found', '--wait');
      await release.ready('webhook', READY_MS);
    }
  });
}
