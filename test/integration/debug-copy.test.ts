import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { PODS, type Pod } from '../../kubernetes/resources.ts';
import { run } from '../support/binaries/command.ts';
import { isInjected, podIn } from '../support/pod-stream.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { findTools } from '../support/tools.ts';
import { createWebhookScene } from '../support/webhook-process.ts';

const plane = await sharedControlPlane();
const { kubectl } = await findTools();
const LIMIT_MS = 60_000;

test('kubectl debug copies an injected pod in a namespace that asks', async (t) => {
  const webhook = await createWebhookScene(t, plane);
  await webhook.start(1);
  await webhook.ready(1);
  const namespace = await webhook.createAskingNamespace();
  for (const gate of ['readiness', 'condition']) {
    const pod = podIn(namespace);
    const web = await plane.api.create<Pod>(PODS, {
      ...pod,
      metadata: { ...pod.metadata, annotations: { [ANNOTATIONS.gate]: gate } },
    });
    assert.ok(isInjected(web));
    const { name } = web.metadata;
    for (const [index, more] of [
      [],
      ['--keep-labels'],
      ['--keep-annotations'],
      ['--keep-init-containers=false'],
    ].entries()) {
      const copy = `${name}-copy-${index}`;
      const args = [
        'debug',
        name,
        `--copy-to=${copy}`,
        '--image=app:1',
        '--profile=general',
        '--attach=false',
        ...more,
      ];
      await run(kubectl, ['--kubeconfig', plane.kubeconfig, '-n', namespace, ...args], {
        abort: AbortSignal.timeout(LIMIT_MS),
      });
      const { spec, metadata } = await plane.api.get(PODS, { namespace, name: copy });
      const sidecars = spec?.initContainers?.map((container) => container.name) ?? [];
      assert.deepEqual(
        sidecars,
        more[0] === '--keep-init-containers=false' ? [] : ['site-follower'],
        more.join(),
      );
      // What kubectl leaves out is not put in again: a debugger is no pod of the workload.
      if (more[0] !== '--keep-labels') assert.equal(metadata.labels?.[LABELS.inject], undefined);
    }
  }
});
