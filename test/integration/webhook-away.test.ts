/** What waits for a webhook that is away, and what does not: each row is tried without one, and with one. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { LABELS } from '../../contract/names.ts';
import { PODS } from '../../kubernetes/resources.ts';
import { blocksOf, documents } from '../documentation/markdown.ts';
import { run } from '../support/binaries/command.ts';
import { send } from '../support/raw-api.ts';
import { createNamespace } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { findTools } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { PODS as POD_ROWS } from '../support/webhook-away/pods.ts';
import {
  asks,
  carried,
  carryOut,
  type Labels,
  named,
  pod,
  type Row,
  refuses,
  seen,
  urlOf,
} from '../support/webhook-away/row.ts';
import { SERVICES } from '../support/webhook-away/services.ts';
import { WORKLOADS, workload } from '../support/webhook-away/workloads.ts';
import { createWebhookScene, type WebhookScene } from '../support/webhook-process.ts';

const plane = await sharedControlPlane();
const WAIT = { timeoutMs: 60_000 };
const TABLES = { 'of a workload': WORKLOADS, 'of a pod': POD_ROWS, 'of a Service': SERVICES };

const ends = new AsyncDisposableStack();
after(() => ends.disposeAsync());
const lifetime = { after: (end: () => Promise<unknown>) => ends.defer(async () => void (await end())) };
const [away, there] = [await createWebhookScene(lifetime, plane), await createWebhookScene(lifetime, plane)];
await there.start(1);
await there.ready(1);

/** A namespace with an object for each row, made before the webhook is asked about any of them. */
async function prepared(scene: WebhookScene, rows: readonly Row[], labels: Labels = {}): Promise<string> {
  const namespace = await createNamespace(plane, 'away');
  for (const [index, { before, path }] of rows.entries()) {
    if (before === undefined) continue;
    const made = await send(plane, 'POST', urlOf(path, namespace), named(path, `row-${index}`, before));
    assert.equal(made.status, 201, made.body.message);
  }
  await scene.admit(namespace, labels);
  const asking = named('pods', 'asks', pod({ labels: asks }));
  const [status, sidecars] = scene === there ? [201, 1] : [500, undefined];
  // The API server takes a moment to know a configuration, or the labels of a namespace.
  await until(
    `the webhook is asked about ${namespace}`,
    async () => {
      const answer = await send(plane, 'POST', `${urlOf('pods', namespace)}?dryRun=All`, asking);
      if (answer.status !== status) return undefined;
      return sidecars === undefined || seen({ path: 'pods' }, answer) === sidecars || undefined;
    },
    WAIT,
  );
  return namespace;
}

async function isGone({ path }: Row, namespace: string, name: string): Promise<void> {
  const type = 'application/merge-patch+json';
  const look = async () =>
    (await send(plane, 'PATCH', urlOf(path, namespace, name), {}, type)).status === 404;
  await until(`${name} is gone`, async () => (await look()) || undefined, WAIT);
}

for (const [title, rows] of Object.entries(TABLES)) {
  describe(`a write ${title} without the webhook`, async () => {
    const namespace = await prepared(away, rows);
    for (const [index, row] of rows.entries()) {
      test(`${row.away}: ${row.what}`, async () => {
        const { status, body } = await carryOut(plane, row, namespace, `row-${index}`);
        if (row.away === 'waits') {
          assert.equal(status, 500, 'it was not held up');
          assert.match(body.message ?? '', /failed calling webhook/);
          return;
        }
        assert.ok(status < 300, body.message);
        if ('remove' in row.write) await isGone(row, namespace, `row-${index}`);
      });
    }
  });

  describe(`a write ${title} with the webhook`, async () => {
    const namespace = await prepared(there, rows);
    for (const [index, row] of rows.entries()) {
      test(row.what, async () => {
        const answer = await carryOut(plane, row, namespace, `row-${index}`);
        const { status, body } = answer;
        if ('remove' in row.write) return isGone(row, namespace, `row-${index}`);
        if (status === 422) return assert.match(body.message ?? '', /must be "true" or "false"/);
        assert.ok(status < 300, body.message);
        // A Scale has no template.
        if ('patch' in row.write && row.write.of === 'scale') return;
        assert.deepEqual(seen(row, answer), row.there);
      });
    }
  });
}

test('a namespace that asks holds up only the pods that get a sidecar', async () => {
  const namespace = await prepared(away, [], asks);
  const wanted = [
    [pod({}), 500],
    [pod({ labels: refuses }), 201],
    [pod({}, { hostNetwork: true }), 201],
    [pod({}, { os: { name: 'windows' } }), 201],
  ] as const;
  for (const [index, [body, status]] of wanted.entries()) {
    const answer = await send(plane, 'POST', urlOf('pods', namespace), named('pods', `pod-${index}`, body));
    assert.equal(answer.status, status, answer.body.message);
  }
});

describe('the runbook of a webhook that is away', async () => {
  const runbook = documents().find(({ path }) => path === 'docs/runbooks/SiteFollowerWebhookDown.md');
  assert.ok(runbook);

  test('says what waits, and nothing else', () => {
    const waiting = Object.fromEntries(
      Object.entries(TABLES).map(([title, rows]) => [
        title,
        rows.flatMap(({ what, away: outcome }) => (outcome === 'waits' ? [what] : [])).toSorted(),
      ]),
    );
    const said = [...runbook.text.matchAll(/^\| (of a \w+) \| (.+) \|$/gm)];
    const table = said.map(([, title = '', cell = '']) => [title, cell.split('; ').toSorted()]);
    assert.deepEqual(Object.fromEntries(table), waiting);
  });

  test('says what lets pods start without it', async () => {
    const { kubectl } = await findTools();
    const namespace = await prepared(away, [], asks);
    const web = named('deployments', 'web', workload({ labels: asks, template: carried('true') }));
    const made = await send(plane, 'POST', urlOf('deployments', namespace), web);
    assert.equal(made.status, 201, made.body.message);
    const [, part = ''] = runbook.text.split('## Let pods start without it');
    const commands = blocksOf({ path: runbook.path, text: part }).map(({ text }) => text);
    const [refuse = '', leave = '', restore = ''] = commands.map((command) =>
      command.replace('namespace default', `namespace ${namespace}`).replace('kubectl', kubectl),
    );
    const env = { ...process.env, KUBECONFIG: await plane.kubeconfigFor('admin') };
    const shell = (command: string) =>
      run('sh', ['-c', `${command} --namespace ${namespace}`], { abort: AbortSignal.timeout(60_000), env });
    const pods = (labelSelector: string) => plane.api.list(PODS, { namespace, labelSelector });
    const started = (labelSelector: string) =>
      until(
        `a pod ${labelSelector} has started`,
        async () => (await pods(labelSelector)).items.length > 0 || undefined,
        WAIT,
      );

    await shell(refuse);
    await started(`${LABELS.inject}=false`);
    await shell(leave);
    const silent = named('deployments', 'silent', workload({}));
    await send(plane, 'POST', urlOf('deployments', namespace), silent);
    await started(`!${LABELS.inject}`);
    // This is for the time when the webhook is back.
    await assert.rejects(shell(restore), /failed calling webhook/);
  });
});
