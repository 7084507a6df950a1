/** `check` where the chart is installed and its pods do not start: the registry, the digest, a policy of the cluster. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli } from '../../cli/testing/terminal.ts';
import { PODS, type Pod } from '../../kubernetes/resources.ts';
import { IMAGE, installController } from '../support/chart/install-controller.ts';
import { bind, sayStatus, unpulled } from '../support/kubelet-says.ts';
import { refusePods, UNSIGNED } from '../support/refusing-policy.ts';
import { createNamespace, createNodes } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';

const plane = await sharedControlPlane();
const { api } = plane;
const WAIT = { timeoutMs: 60_000 };

/** What the command says, as soon as that has `wanted`. */
function says(namespace: string, wanted: RegExp): Promise<{ readonly code: number; readonly text: string }> {
  return until(
    `check says ${wanted}`,
    async () => {
      const { code, out, err } = await runCli(['check', '-n', namespace], {
        env: { KUBECONFIG: plane.kubeconfig },
      });
      const text = `${out}${err}`.replaceAll(/\s+/g, ' ');
      if (!wanted.test(text)) throw new Error(`it says ${text}`);
      return { code, text };
    },
    WAIT,
  );
}

test('an image that the registry does not have, in the words of the kubelet', {
  timeout: 120_000,
}, async () => {
  const namespace = await createNamespace(plane, 'no-image');
  await createNodes(api, [{ name: namespace, labels: {} }]);
  await installController(plane, namespace);
  const pod = await until(
    'there is a pod',
    async (abort): Promise<Pod | undefined> => (await api.list(PODS, { namespace, abort })).items[0],
    WAIT,
  );
  // Until then nothing is known to be wrong.
  const { code, err } = await runCli(['check', '-n', namespace], { env: { KUBECONFIG: plane.kubeconfig } });
  assert.deepEqual([code, /has published no status yet: pod /.test(err)], [3, true]);

  await bind(plane, pod, namespace);
  await sayStatus(plane, pod, { phase: 'Pending', containerStatuses: [unpulled('controller', IMAGE)] });
  const said = await says(namespace, /this pod does not start/);
  assert.equal(said.code, 1);
  assert.match(
    said.text,
    /Image registry\.example\.com\/kube-site-follower@sha256:0+: \S+ cannot pull it \(ImagePullBackOff: manifest unknown\), so this pod does not start: \S+ → Compare image\.repository, image\.tag and image\.digest/,
  );
});

test('an image that a policy of the cluster refuses, in the words of the policy', {
  timeout: 120_000,
}, async () => {
  const namespace = await createNamespace(plane, 'unsigned');
  await refusePods(plane, namespace);
  await installController(plane, namespace);
  const said = await says(namespace, /its pods are refused/);
  assert.equal(said.code, 1);
  assert.match(said.text, new RegExp(`Deployment .*-controller: its pods are refused: .*${UNSIGNED}`));
});
