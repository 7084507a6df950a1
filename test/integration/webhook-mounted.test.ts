import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { STATUS_CONFIGMAP } from '../../contract/names.ts';
import { MUTATING_WEBHOOK_CONFIGURATIONS, PODS, SECRETS } from '../../kubernetes/resources.ts';
import { createAuthority, issueLeaf, type Pair } from '../../webhook/certificates/authority.ts';
import { webhookRights } from '../../webhook/rights.ts';
import { MountedCopy } from '../support/mounted-copy.ts';
import { askingPod, isInjected } from '../support/pod-stream.ts';
import { grant } from '../support/rbac.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';
import { createWebhookScene, type WebhookScene } from '../support/webhook-process.ts';

const plane = await sharedControlPlane();
const { api } = plane;
const DAY_MS = 86_400_000;
/** It looks at the files every five seconds. */
const SEES_MS = 20_000;

/** A webhook that may do no more than the chart lets it, and the parts of cert-manager played by the test. */
async function startMounted(t: TestContext) {
  const name = `webhook-${randomBytes(4).toString('hex')}`;
  const mounted = await MountedCopy.create();
  t.after(() => mounted.remove());
  const env = { WEBHOOK_CERTIFICATE_DIR: mounted.folder };
  const scene = await createWebhookScene(t, plane, { user: { name }, env });
  const { namespace, configuration } = scene;
  const rights = webhookRights({
    namespace,
    configuration: configuration.metadata.name,
    makesCertificates: false,
    statuses: [STATUS_CONFIGMAP],
  });
  await grant(plane, { user: { name }, rights });
  const [replica] = await scene.start(1);
  assert.ok(replica);
  const issue = async (authority: Pair) => {
    const names = [`kube-site-follower-webhook.${scene.namespace}.svc`, '127.0.0.1'];
    const leaf = await issueLeaf(authority, names, Date.now(), DAY_MS);
    await mounted.write({
      'tls.crt': leaf.certificate,
      'tls.key': leaf.key,
      'ca.crt': authority.certificate,
    });
    return leaf;
  };
  const reasons = async () => (await fetch(replica.readyUrl)).text();
  const serving = (count: number) =>
    until(
      `it serves its certificate number ${count}`,
      () =>
        replica.child.lines.filter((line) => line.includes('serving a new certificate')).length === count ||
        undefined,
      { timeoutMs: SEES_MS },
    );
  return { scene, replica, issue, reasons, serving };
}

async function trust(scene: WebhookScene, ...authorities: Pair[]): Promise<void> {
  const value = Buffer.from(authorities.map(({ certificate }) => certificate).join('')).toString('base64');
  const { metadata, webhooks = [] } = await scene.stored();
  const patch = webhooks.map((_, index) => ({
    op: 'add',
    path: `/webhooks/${index}/clientConfig/caBundle`,
    value,
  }));
  await api.patch(MUTATING_WEBHOOK_CONFIGURATIONS, metadata, patch, { type: 'json' });
}

test('serves a mounted certificate when it is trusted, and each new one without a failed call', async (t) => {
  const { scene, replica, issue, reasons, serving } = await startMounted(t);
  await until(
    'it says what is missing',
    async () => (await reasons()).includes('cannot be read') || undefined,
    {
      timeoutMs: SEES_MS,
    },
  );
  const first = await createAuthority(Date.now(), 30 * DAY_MS);
  await issue(first);
  await serving(1);
  assert.match(await reasons(), /does not make the certificate for 127\.0\.0\.1 trusted/);
  await trust(scene, first);
  await scene.ready(1);

  // Pods are created all the while.
  const stop = new AbortController();
  let created = 0;
  const creating = (async () => {
    while (!stop.signal.aborted) {
      assert.ok(isInjected(await api.create(PODS, askingPod(scene.pods))));
      created += 1;
    }
  })();
  await issue(first);
  await serving(2);
  const second = await createAuthority(Date.now(), 30 * DAY_MS);
  await issue(second);
  const before = created;
  await until(
    'pods are created while nobody trusts the newest one',
    () => created > before + 20 || undefined,
    {
      timeoutMs: SEES_MS,
    },
  );
  await trust(scene, first, second);
  await serving(3);
  stop.abort();
  await creating;
  assert.ok(isInjected(await api.create(PODS, askingPod(scene.pods))));

  const log = replica.child.lines.join('\n');
  assert.doesNotMatch(log, /forbidden|PRIVATE KEY/i);
  t.diagnostic(`${created} pods`);
});

test('makes no certificate and leaves the caBundle alone', async (t) => {
  const { scene, issue, serving } = await startMounted(t);
  const authority = await createAuthority(Date.now(), 30 * DAY_MS);
  await issue(authority);
  await serving(1);
  await trust(scene, authority);
  await scene.ready(1);
  await trust(scene);
  await issue(authority);
  await serving(2);
  const { webhooks = [] } = await scene.stored();
  for (const { clientConfig } of webhooks) assert.equal(clientConfig.caBundle ?? '', '');
  assert.deepEqual((await api.list(SECRETS, { namespace: scene.namespace })).items, []);
});
