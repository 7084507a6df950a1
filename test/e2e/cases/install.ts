/** An empty cluster, one command, a labelled Deployment: a Service that routes to the active site alone. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { LABELS, STATUS_CONFIGMAP } from '../../../contract/names.ts';
import { SIDECAR_CONTAINER } from '../../../contract/sidecar.ts';
import { isNotFound } from '../../../kubernetes/errors.ts';
import { CONFIG_MAPS, type Pod } from '../../../kubernetes/resources.ts';
import { until } from '../../support/until.ts';
import { isHealthy } from '../support/cluster.ts';
import { RELEASE_NAMESPACE } from '../support/helm.ts';
import { inventory } from '../support/inventory.ts';
import { isReady } from '../support/release.ts';
import type { Suite } from '../support/suite.ts';

/** Images are on the nodes; what takes time is PostgreSQL's own beginning, and the copy of it. */
const INSTALL_MS = 300_000;
const RUN_MS = 120_000;
const COPY_MS = 15_000;

export function installCases(suite: () => Suite): void {
  test('one helm install on an empty cluster gives a working system', async () => {
    const { cluster, helm, results, recorder, api } = suite();
    const bundled = !(await cluster.hasOperator());
    suite().bundled = bundled;
    suite().inventory = await inventory(api);
    const began = Date.now();
    const since = () => `${((Date.now() - began) / 1_000).toFixed(1)} s`;
    await helm.install(suite().values({}), 'server-side');
    results.row(
      'helm install: the command',
      since(),
      bundled ? 'operator and database in it' : 'CloudNativePG was there',
    );
    recorder.start();
    await Promise.all([
      suite()
        .release.ready('controller', INSTALL_MS)
        .then(() => results.row('… controller ready', since())),
      suite()
        .release.ready('webhook', INSTALL_MS)
        .then(() => results.row('… webhook ready', since())),
      recorder
        .until(
          'the database is healthy',
          () => (recorder.cluster && isHealthy(recorder.cluster)) || undefined,
          INSTALL_MS,
        )
        .then(() => results.row('… database healthy on all sites', since())),
    ]);
    const status = await recorder.until(
      'the status is settled',
      () => (recorder.status?.phase === 'Settled' ? recorder.status : undefined),
      RUN_MS,
    );
    results.row('… status settled', since());
    assert.equal(status.activeSite, (await cluster.placeOfPrimary()).site);
    await suite().registrar?.follows(status.activeSite);
    await suite().release.noteGrants();
    suite().reached('installed');
  });

  test('helm test finds that it works', async (context: TestContext) => {
    if (!suite().isAt(context, 'installed')) return;
    await suite().helm.test();
  });

  test('replicas stand on different sites', async (context: TestContext) => {
    if (!suite().isAt(context, 'installed')) return;
    const { release, bundled } = suite();
    const replicas = {
      controller: await release.pods('controller'),
      webhook: await release.pods('webhook'),
      // Without it a lost site would be left by nobody's decision.
      ...(bundled && { operator: await release.operatorPods() }),
    };
    for (const [component, pods] of Object.entries(replicas)) {
      const sites = pods.map(({ spec }) => suite().recorder.siteOfNode(spec?.nodeName ?? ''));
      assert.equal(
        new Set(sites).size,
        pods.length,
        `${component} in ${RELEASE_NAMESPACE}: ${sites.join(', ')}`,
      );
    }
  });

  test('a labelled Deployment gets its sidecars, and its Service routes to the active site alone', async (context) => {
    if (!suite().isAt(context, 'installed')) return;
    const { workload, recorder, results } = suite();
    await workload.createApp();
    await workload.runs('web', RUN_MS);
    await recorder.until('the Service routes to all sites', () => all(suite()) || undefined, RUN_MS);
    const began = Date.now();
    await workload.label();
    await workload.runs('web', RUN_MS, isInjected);
    const site = recorder.activeSite ?? '';
    await recorder.until(
      'the Service routes to the active site',
      () => recorder.routesOnlyTo('web', site, suite().podsInSite) || undefined,
      RUN_MS,
    );
    results.row(
      'label on a Deployment → all pods injected and routed',
      `${((Date.now() - began) / 1_000).toFixed(1)} s`,
    );
    suite().reached('labelled');
  });

  test('the other two ways route to the active site as well, and their standbys stay ready where they should', async (context) => {
    if (!suite().isAt(context, 'labelled')) return;
    const { workload, recorder } = suite();
    await workload.createWays();
    const [, followed] = await Promise.all([
      workload.runs('gated', RUN_MS, isInjected),
      workload.runs('followed', RUN_MS, isReady),
    ]);
    assert.ok(
      followed.every((pod) => !isInjected(pod)),
      'a Service that follows needs no sidecar',
    );
    const site = recorder.activeSite ?? '';
    await recorder.until(
      'all Services route to the active site',
      () => suite().routesTo(site) || undefined,
      RUN_MS,
    );
    suite().reached('routed');
  });

  test('a namespace that asks for a copy of the status gets it, and loses it', async (context) => {
    if (!suite().isAt(context, 'installed')) return;
    const { cluster, api } = suite();
    const name = 'e2e-copy';
    const copy = { namespace: name, name: STATUS_CONFIGMAP };
    const isThere = () => api.objects.get(CONFIG_MAPS, copy).then(() => true, isNotFoundElseThrow);
    await cluster.kubectl(['create', 'namespace', name]);
    try {
      await cluster.kubectl(['label', 'namespace', name, `${LABELS.status}=true`]);
      await until('the copy is there', async () => (await isThere()) || undefined, { timeoutMs: COPY_MS });
      await cluster.kubectl(['label', 'namespace', name, `${LABELS.status}-`]);
      await until('the copy is gone', async () => !(await isThere()) || undefined, { timeoutMs: COPY_MS });
    } finally {
      await cluster.kubectl(['delete', 'namespace', name]);
    }
  });
}

function isNotFoundElseThrow(error: unknown): false {
  if (isNotFound(error)) return false;
  throw error;
}

function all({ recorder, sites, podsInSite }: Suite): boolean {
  const ready = recorder.ready('web');
  return [...sites.keys()].every((site) => ready.get(site) === podsInSite);
}

function isInjected(pod: Pod): boolean {
  const { initContainers = [] } = (pod.spec ?? {}) as {
    readonly initContainers?: readonly { readonly name: string }[];
  };
  return initContainers.some(({ name }) => name === SIDECAR_CONTAINER);
}
