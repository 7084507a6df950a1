import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Ledger } from '../../notify/ledger.ts';
import type { Environment } from '../support/controller-process.ts';
import { createScene, EAST, WEST } from '../support/scene.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';

const plane = await sharedControlPlane();

const SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;

async function receive(t: TestContext): Promise<{ receiver: WebhookReceiver; env: Environment }> {
  const receiver = await new WebhookReceiver().start(t, SECRET);
  const targets = [{ name: 'on-call', url: { env: 'HOOK' }, secrets: [{ env: 'HOOK_SECRET' }] }];
  return { receiver, env: { NOTIFY: JSON.stringify(targets), HOOK: receiver.url, HOOK_SECRET: SECRET } };
}

interface Told {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly epoch: number; readonly activeSite: string };
}

/** What was received so far, as the reference implementation believes it. */
function told(receiver: WebhookReceiver): Told[] {
  return receiver.received.map(({ verified }) => {
    if (verified instanceof Error) throw verified;
    return verified as Told;
  });
}

function untilTold(receiver: WebhookReceiver, count: number): Promise<Told[]> {
  const look = () => (receiver.received.length >= count ? told(receiver) : undefined);
  return until(`${count} notifications have come`, look, { timeoutMs: 15_000 });
}

test('a move is told once, signed, also when another replica leads by then', async (t) => {
  const { receiver, env } = await receive(t);
  const scene = await createScene(t, plane);
  const first = await scene.startAndSettle(env);
  const [hello] = await untilTold(receiver, 1);
  assert.deepEqual([hello?.type, hello?.data.activeSite], ['site-follower.connected', EAST]);

  // The first attempt meets an error, and its successor goes on with what was not delivered.
  receiver.answers.push({ status: 503, headers: { 'retry-after': '900' } });
  await scene.moveTo(WEST);
  const [, failed] = await untilTold(receiver, 2);
  assert.deepEqual([failed?.type, failed?.data.epoch], ['site-follower.site-changed', 2]);
  await scene.report.until('the failure is in the report', ({ data }) =>
    /answered 503/.test(data.notify ?? ''),
  );
  await first.stop();
  const second = await scene.start(env);
  const [, , again] = await untilTold(receiver, 3);
  assert.equal(again?.id, failed?.id);

  await scene.report.until('this delivery is in the report', ({ data }) => {
    const { targets } = JSON.parse(data.notify ?? '{"targets":{}}') as Ledger;
    return targets['on-call']?.last?.id === failed?.id;
  });
  await second.stop();
  await scene.start(env);
  await scene.moveTo(EAST);
  const all = await untilTold(receiver, 4);
  assert.deepEqual(
    all.map(({ data }) => data.epoch),
    [1, 2, 2, 3],
  );
});

test('no log line, object or answer of the controller shows the address of a hook or its secret', async (t) => {
  const { receiver, env } = await receive(t);
  const scene = await createScene(t, plane);
  receiver.answers.push({ status: 404 });
  const controller = await scene.startAndSettle({ ...env, LOG_LEVEL: 'trace' });
  await scene.report.until('the failure is in the report', ({ data }) =>
    /answered 404/.test(data.notify ?? ''),
  );
  await scene.event('NotificationFailed');
  const answers = await Promise.all(
    ['', 'api/status', 'metrics'].map(async (path) => (await fetch(`${controller.url}/${path}`)).text()),
  );
  const shown = [
    ...controller.child.lines,
    ...answers,
    JSON.stringify(scene.report.last),
    JSON.stringify(await scene.events()),
  ].join('\n');
  assert.match(shown, /on-call/);
  assert.doesNotMatch(shown, new RegExp(`s3cret-path|${SECRET.slice(6, 20)}`));
});
