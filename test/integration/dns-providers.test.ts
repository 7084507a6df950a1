/** The contract of DNS providers, with each provider's peer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRAITS } from '../../dns/registry.ts';
import { startCloudflareHarness, startUnicodeCloudflareHarness } from '../support/dns/cloudflare-harness.ts';
import { externalDnsHarness } from '../support/dns/external-dns-harness.ts';
import { followContract } from '../support/dns/follow-contract.ts';
import type { StartHarness } from '../support/dns/harness.ts';
import { lostLeaderContract } from '../support/dns/lost-leader-contract.ts';
import { startMoto } from '../support/dns/moto-harness.ts';
import { nameServerHarness, RARE_AND_PRIVATE } from '../support/dns/name-server-harness.ts';
import {
  startBind,
  startKnot,
  startNsec3Knot,
  startSignedBind,
  startSignedKnot,
} from '../support/dns/name-servers.ts';
import { startNamecheapHarness } from '../support/dns/namecheap-harness.ts';
import { startPowerDns, startSignedPowerDns } from '../support/dns/power-dns.ts';
import { providerContract } from '../support/dns/provider-contract.ts';
import { startWebhookHarness } from '../support/dns/webhook-harness.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';

const plane = await sharedControlPlane();

/** By the name of the provider, with what follows it for its peer. */
const HARNESSES: Readonly<Record<string, StartHarness>> = {
  'namecheap, a fake': startNamecheapHarness,
  'cloudflare, a fake': startCloudflareHarness,
  'cloudflare, a zone in Unicode': startUnicodeCloudflareHarness,
  'route53, moto': startMoto,
  'rfc2136, BIND 9': nameServerHarness(startBind, 'hmac-sha256', RARE_AND_PRIVATE),
  'rfc2136, Knot': nameServerHarness(startKnot, 'hmac-sha512', RARE_AND_PRIVATE),
  'rfc2136, Knot that signs': nameServerHarness(startSignedKnot, 'hmac-sha256', RARE_AND_PRIVATE),
  'rfc2136, Knot that signs with NSEC3': nameServerHarness(startNsec3Knot, 'hmac-sha256', RARE_AND_PRIVATE),
  'rfc2136, BIND 9 that signs': nameServerHarness(startSignedBind, 'hmac-sha256', RARE_AND_PRIVATE),
  'rfc2136, PowerDNS': nameServerHarness(startPowerDns, 'hmac-sha256'),
  'rfc2136, PowerDNS that signs': nameServerHarness(startSignedPowerDns, 'hmac-sha256'),
  'webhook, a fake': startWebhookHarness,
  'external-dns, DNSEndpoint objects': externalDnsHarness(plane),
};

test('each provider has a harness', () => {
  const harnesses = new Set(Object.keys(HARNESSES).map((name) => name.split(',')[0] ?? ''));
  assert.deepEqual(harnesses, new Set(Object.keys(TRAITS).filter((name) => name !== 'none')));
});

for (const [name, start] of Object.entries(HARNESSES)) {
  providerContract(name, start);
  followContract(name, start);
  lostLeaderContract(name, start);
}
