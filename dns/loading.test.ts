import assert from 'node:assert/strict';
import { registerHooks } from 'node:module';
import { test } from 'node:test';
import { Agent } from 'undici';
import { formatProblems, loadConfig } from '../controller/config.ts';
import type { KubeApi } from '../kubernetes/api.ts';
import { systemClock } from '../runtime/clock.ts';
import { CallLimiters } from './calls/call-limiter.ts';
import { PROVIDER_EXAMPLES } from './testing/examples.ts';
import { ZoneLocks } from './zones/zone-locks.ts';

const SITES = JSON.stringify([{ name: 'east', nodeName: 'node-1', ip: '192.0.2.1' }]);

/** What the registry knows of a provider. */
const WITHOUT_CODE: readonly string[] = ['kind.ts', 'settings.ts', 'dns-endpoint.ts'];

const PROVIDERS = new URL('./providers', import.meta.url).href;

/** What was loaded since the last call, of the folders of providers and of the libraries that only they use. */
function watchLoading(): () => readonly string[] {
  let loaded: string[] = [];
  registerHooks({
    load: (url, context, next) => {
      const path = url.startsWith(PROVIDERS) ? url.slice(PROVIDERS.length) : '';
      const [, folder, file] = /^\/([a-z0-9-]+)\/([^/]+\.ts)$/.exec(path) ?? [];
      if (folder !== undefined && !WITHOUT_CODE.includes(file ?? '')) loaded.push(folder);
      if (url.includes('/@aws-sdk/') || url.includes('/@smithy/')) loaded.push('route53');
      if (url.includes('/fast-xml-parser/')) loaded.push('namecheap');
      return next(url, context);
    },
  });
  return () => {
    const news = [...new Set(loaded)];
    loaded = [];
    return news;
  };
}

test('a provider is loaded when it is configured, and no other one is', async () => {
  const loaded = watchLoading();
  const { createProvider } = await import('./registry.ts');
  assert.deepEqual(loaded(), [], 'the registry alone loads none');
  const dispatcher = new Agent();
  for (const [name, { right }] of PROVIDER_EXAMPLES) {
    const env = {
      SITES,
      DNS_RECORDS: 'app.example.com',
      DNS_PROVIDER: name,
      ...right,
    };
    const result = loadConfig(env, () => '');
    assert.ok(result.ok, result.ok ? '' : formatProblems(result.problems));
    const [config] = result.value.followers[0].dns;
    assert.ok(config !== undefined);
    const provider = await createProvider(config, {
      clock: systemClock,
      dispatcher,
      snapshots: { save: () => Promise.resolve() },
      locks: new ZoneLocks(),
      limiters: new CallLimiters(systemClock),
      api: {} as KubeApi,
      follower: 'default',
      namespace: 'default',
    });
    assert.equal(provider.name, name);
    assert.deepEqual(loaded(), [name]);
  }
  await dispatcher.destroy();
});
