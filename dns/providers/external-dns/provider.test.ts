import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LABELS, PROGRAM } from '../../../contract/names.ts';
import type { KubeApi } from '../../../kubernetes/api.ts';
import type { DnsEndpoint } from './dns-endpoint.ts';
import { ExternalDnsProvider } from './provider.ts';

const NAME = 'app.example.com';
const { signal: abort } = new AbortController();
const ask = () => Promise.resolve([{ server: 'ns1', values: ['203.0.113.9'] }]);

/** What is known of the record when the object has these settings of a provider, and ExternalDNS has read generation 2. */
function lookup(providerSpecific: readonly { name: string; value: string }[], generation = 2) {
  const object: DnsEndpoint = {
    metadata: { name: 'zone', namespace: 'dns', generation, labels: { [LABELS.managedBy]: PROGRAM } },
    spec: { endpoints: [{ dnsName: NAME, recordType: 'A', targets: ['192.0.2.1'], providerSpecific }] },
    status: { observedGeneration: 2 },
  };
  const api: Partial<KubeApi> = { get: <T>() => Promise.resolve(object as T) };
  const provider = new ExternalDnsProvider(api as KubeApi, 'dns', 'default', 'own');
  return provider.lookup({ zone: 'example.com', name: NAME, type: 'A', abort }, ask);
}

const proxied = [{ name: 'external-dns.alpha.kubernetes.io/cloudflare-proxied', value: 'true' }];

test('of a proxied record the name servers say nothing', async () => {
  assert.deepEqual(await lookup(proxied), [
    { server: 'ExternalDNS (proxied)', values: ['192.0.2.1'], hidden: 'proxied' },
  ]);
});

test('what ExternalDNS has not read yet is not seen, proxied or not', async () => {
  const [first] = await lookup(proxied, 3);
  assert.deepEqual(first, { server: 'ExternalDNS (has not read it)', values: undefined });
});

test('any other record is asked of the name servers', async () => {
  assert.deepEqual(await lookup([{ ...proxied[0], name: 'a/weight', value: '5' }]), await ask());
});
