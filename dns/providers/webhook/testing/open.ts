import type { TestContext } from 'node:test';
import { Agent } from 'undici';
import type { Clock } from '../../../../runtime/clock.ts';
import { FakeWebhookProvider } from '../../../../test/support/dns/fake-webhook-provider.ts';
import { WebhookApi } from '../api.ts';
import { WebhookProvider } from '../provider.ts';

/** A fake provider of these domains, its API, and our side of it. */
export async function openWebhook(t: TestContext, domains: readonly string[], clock: Clock) {
  const fake = new FakeWebhookProvider(...domains);
  const url = await fake.start();
  t.after(() => fake.stop());
  const dispatcher = new Agent();
  t.after(() => dispatcher.destroy());
  const api = new WebhookApi({ url }, { clock, dispatcher });
  return { fake, api, provider: new WebhookProvider(api, clock) };
}
