import type { TestContext } from 'node:test';
import { Agent } from 'undici';
import type { Clock } from '../../../../runtime/clock.ts';
import { Secret } from '../../../../settings/secret.ts';
import { FakeCloudflare } from '../../../../test/support/dns/fake-cloudflare.ts';
import { CallLimiters } from '../../../calls/call-limiter.ts';
import { CloudflareApi } from '../api.ts';
import { CloudflareProvider } from '../provider.ts';

const TOKEN = 'Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Z';

/** A fake API, and a provider that asks it. */
export async function openCloudflare(t: TestContext, clock: Clock, dispatcher = new Agent()) {
  const fake = new FakeCloudflare(TOKEN);
  const apiUrl = await fake.start();
  t.after(() => fake.stop());
  t.after(() => dispatcher.destroy());
  const ports = { clock, dispatcher, limiters: new CallLimiters(clock) };
  const api = new CloudflareApi({ apiToken: new Secret(TOKEN), apiUrl }, ports);
  return { fake, provider: new CloudflareProvider(api, clock) };
}
