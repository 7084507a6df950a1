/** The contract of DNS providers, with each provider's peer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRAITS } from '../../dns/registry.ts';
import type { StartBench } from '../support/dns/bench.ts';
import { startCloudflareBench, startUnicodeCloudflareBench } from '../support/dns/cloudflare-bench.ts';
import { externalDnsBench } from '../support/dns/external-dns-bench.ts';
import { followContract } from '../support/dns/follow-contract.ts';
import { startMoto } from '../support/dns/moto-bench.ts';
import { nameServerBench } from '../support/dns/name-server-bench.ts';
import { startBind, startKnot, startSignedBind, startSignedKnot } from '../support/dns/name-servers.ts';
import { startNamecheapBench } from '../support/dns/namecheap-bench.ts';
import { startPowerDns, startSignedPowerDns } from '../support/dns/power-dns.ts';
import { providerContract } from '../support/dns/provider-contract.ts';
import { startWebhookBench } from '../support/dns/webhook-bench.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';

const plane = await sharedControlPlane();

/** By the name of the provider, with what follows it for its peer. */
const BENCHES: Readonly<Record<string, StartBench>> = {
  'namecheap, a stand-in': startNamecheapBench,
  'cloudflare, a stand-in': startCloudflareBench,
  'cloudflare, a zone in Unicode': startUnicodeCloudflareBench,
  'route53, moto': startMoto,
  'rfc2136, BIND 9': nameServerBench(startBind, 'hmac-sha256'),
  'rfc2136, Knot': nameServerBench(startKnot, 'hmac-sha512'),
  'rfc2136, Knot that signs': nameServerBench(startSignedKnot, 'hmac-sha256'),
  'rfc2136, BIND 9 that signs': nameServerBench(startSignedBind, 'hmac-sha256'),
  'rfc2136, PowerDNS': nameServerBench(startPowerDns, 'hmac-sha256'),
  'rfc2136, PowerDNS that signs': nameServerBench(startSignedPowerDns, 'hmac-sha256'),
  'webhook, a stand-in': startWebhookBench,
  'external-dns, DNSEndpoint objects': externalDnsBench(plane),
};

test('each provider stands on a bench', () => {
  const benches = new Set(Object.keys(BENCHES).map((name) => name.split(',')[0] ?? ''));
  assert.deepEqual(benches, new Set(Object.keys(TRAITS).filter((name) => name !== 'none')));
});

for (const [name, start] of Object.entries(BENCHES)) {
  providerContract(name, start);
  followContract(name, start);
}
