import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Agent } from 'undici';
import { systemClock as clock } from '../../runtime/clock.ts';
import { FakeWebhookProvider } from '../../test/support/dns/fake-webhook-provider.ts';
import { WebhookApi } from './api.ts';
import { WebhookProvider } from './provider.ts';

const { signal: abort } = new AbortController();
const ZONES = Array.from({ length: 20 }, (_, index) => `zone-${index}.example`);

test('many zones ask once which domains are served, and all have a call left for their records', async (t) => {
  const fake = new FakeWebhookProvider(...ZONES);
  const url = await fake.start();
  t.after(() => fake.stop());
  const dispatcher = new Agent();
  t.after(() => dispatcher.destroy());
  const provider = new WebhookProvider(new WebhookApi({ url }, { clock, dispatcher }), clock);
  const readAll = () =>
    Promise.allSettled(ZONES.map((zone) => provider.read({ zone, names: [`app.${zone}`], abort })));
  fake.answerOnce({ status: 503, body: 'starting' });
  const states = async () => [...new Set((await readAll()).map(({ status }) => status))];
  assert.deepEqual(await states(), ['rejected'], 'all hear that it does not answer');
  assert.deepEqual(await states(), ['fulfilled'], 'and ask again');
});
